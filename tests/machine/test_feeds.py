"""Feeds of the cloth: which commands are some, what the machine does then, and what a wrong one leads to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutkit.formats.profile import load_profile
from cutkit.machine.actions import Feed
from cutkit.machine.dialects import parse_program
from cutkit.machine.emulator import run_program
from cutkit.machine.trace import join_runs
from cutkit.toolpath import Windows

HPGL, GRBL = load_profile("hpgl-generic"), load_profile("grbl-servo")


def feeding(profile, text, bite_mm=None, **more):
    return replace(profile, windows=Windows(6.0, feed=text, bite_mm=bite_mm, **more))


def feeds(profile, program):
    """The feeds of a program, as line and mm, and the codes of what is wrong with it."""
    parsed = parse_program(program.encode(), profile)
    found = [(a.line, round(a.mm, 6)) for a in parsed.actions if isinstance(a, Feed)]
    return found, [v.code for v in parsed.violations]


@pytest.mark.parametrize(
    ("text", "bite", "program", "found"),
    [
        ("FR{advance};", None, "IN;\nFR32000;\n", [(2, 800.0)]),
        ("FR{advance};", None, "IN;FR32000;FR -40PU0,0;", [(1, 800.0), (1, -1.0)]),
        ("fr {advance_mm};", None, "IN;\nFR 800.5\n", [(2, 800.5)]),
        ("PG;", 1300.0, "IN;\nPG;PU0,0;\npg", [(2, 1300.0), (3, 1300.0)]),
        ("PU;\nEF{advance},1;", None, "IN;\nPU;\nEF40,1;", [(3, 1.0)]),
    ],
)
def test_feeds_of_hpgl(text, bite, program, found):
    assert feeds(feeding(HPGL, text, bite), program) == (found, [])


@pytest.mark.parametrize(
    ("text", "bite", "program", "found"),
    [
        ("M101 P{advance_mm}", None, "G21\nM101 P800.25\nm101p1 ; on\n", [(2, 800.25), (3, 1.0)]),
        ("M69", 1300.0, "G21\nM69\n(M69)\n", [(2, 1300.0)]),
        ("G91 G0 A{advance_mm}\nG90", None, "G91 G0 A-12.5\nG90\n", [(1, -12.5)]),
    ],
)
def test_feeds_of_gcode(text, bite, program, found):
    assert feeds(feeding(GRBL, text, bite), program) == (found, [])


@pytest.mark.parametrize(
    ("profile", "program", "code"),
    [
        (feeding(HPGL, "FR{advance};"), "IN;FR32000,5;", "wrong-parameters"),
        (feeding(HPGL, "EF{advance};"), "IN;\nEF;", "unknown-command"),
        (feeding(HPGL, "PG;", 1300.0), "IN;SP1;PD0,40;PG1;PD80,40;PU;", "not-emulated"),
        (HPGL, "IN;SP1;PD0,40;PU;FR;PD80,40;PU;", "not-emulated"),
        (feeding(GRBL, "M101 P{advance_mm}"), "G21\nM101\n", "error:20"),
        (feeding(GRBL, "M69", 1300.0), "G21\nM690\n", "error:20"),
        (feeding(GRBL, "M69", 1300.0), "G21\nM69 P3\n", "error:20"),
        (GRBL, "G21\nM69\n", "error:20"),
    ],
)
def test_what_has_another_form_is_no_feed(profile, program, code):
    assert feeds(profile, program) == ([], [code])


def test_a_page_at_the_end_or_before_a_job_is_no_fault():
    assert feeds(HPGL, "PG;IN;SP1;PD0,40;PU;PG;SP0;") == ([], [])


def test_the_cloth_lies_farther_on_after_a_feed():
    profile = feeding(HPGL, "FR{advance};", feed_mm_s=50.0)
    cut = "PU400,400;PD;PD4000,400;PU;"
    once, twice = (run_program(f"IN;SP1;{text}PU0,0;SP0;".encode(), profile) for text in (cut, f"{cut}FR20000;{cut}"))
    assert twice.violations == ()
    assert once.bounds_mm == (10, 10, 100, 10)
    assert twice.bounds_mm == (10, 10, 600, 10)
    assert twice.cut_mm == pytest.approx(2 * once.cut_mm)
    back_mm = 90.0
    assert twice.travel_mm == pytest.approx(once.travel_mm + back_mm), "a feed is no way of the machine"
    assert twice.zeros_mm == (0.0, 500.0)
    assert twice.trace.t_s[twice.starts[1]] - twice.trace.t_s[twice.starts[1] - 1] == pytest.approx(500 / 50)
    assert tuple(twice.trace.tip_mm[twice.starts[1]]) == (600, 10)
    assert not np.any(np.diff(twice.trace.t_s) < 0)
    assert (once.windows_mm, twice.windows_mm) == ((0.0,), (0.0, 500.0))


def test_a_feed_with_the_tool_down_tears_through_the_cloth():
    profile = feeding(HPGL, "FR{advance};")
    run = run_program(b"IN;\nSP1;\nPU400,400;PD;\nFR4000;\nPU;SP0;", profile)
    (fault,) = run.violations
    assert (fault.code, fault.line, fault.at_mm) == ("feed-down", 4, (10, 10))
    assert run.cut_mm == pytest.approx(100)


def test_a_knife_that_is_still_coming_up_is_not_up():
    profile = feeding(GRBL, "M101 P{advance_mm}")
    cut = "G21\nG90\nG0 X10 Y10\nM3 S1000\nG4 P0.15\nG1 X100 F6000\nM5\n{}M101 P500\n"
    hasty, waiting = (run_program(cut.format(dwell).encode(), profile) for dwell in ("", "G4 P0.15\n"))
    assert [(v.code, v.line) for v in hasty.violations] == [("no-dwell", 8)]
    assert waiting.violations == ()


def test_what_is_wrong_after_a_feed_is_told_where_it_lies_on_the_cloth():
    profile = replace(feeding(HPGL, "FR{advance};"), table=replace(HPGL.table, length_mm=1000.0))
    run = run_program(
        b"IN;SP1;\nPU400,400;PD;PD800,400;PU;\nFR20000;\nPU400,400;PD;PD41000,400;PU;\nQQ;\nSP0;", profile
    )
    assert [(v.code, v.at_mm[0]) for v in run.violations] == [("outside-table", 1525.0), ("unknown-command", 1525.0)]


def test_programs_run_one_after_the_other_find_the_cloth_where_it_was_left():
    profile = feeding(HPGL, "FR{advance};")
    runs = [run_program(b"IN;SP1;PD400,0;PU;FR4000;PU0,0;PD400,0;PU;SP0;", profile) for _ in range(2)]
    assert join_runs(runs, [0, 1]).zeros_mm == (0.0, 100.0, 100.0, 200.0)
    assert join_runs(runs, [0, 1], [0.0, 50.0]).bounds_mm[2] == 160.0
