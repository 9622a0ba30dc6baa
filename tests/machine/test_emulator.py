"""The emulated machine: each violation by the smallest program that has it, and the figures of a run."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from machine_samples import GRBL, HPGL, PLOTTER, codes, drag, gcode_program, hpgl_program

from cutkit.machine import emulator
from cutkit.machine.emulator import run_program
from cutkit.machine.trace import join_runs
from cutkit.toolpath import Coordinates, Table, ToolTexts

SIXTEEN_BITS = replace(HPGL, coordinates=Coordinates(40.0, 0, -32768, 32767), table=Table(2000, 1000, 1000))
GRBLHAL, LINUXCNC, MARLIN = (replace(GRBL, controller=name) for name in ("grblhal", "linuxcnc", "marlin"))
WIDE = Table(2000.0, 1000.0)
GPGL, DMPL = (replace(HPGL, dialect=name, table=WIDE) for name in ("gpgl", "dmpl"))
GERBER = replace(HPGL, dialect="gerber", table=WIDE, tools={"knife": ToolTexts("", "", "", 14)})
SQUARE = [("knife", [(100, 100), (200, 100), (200, 200), (100, 200), (100, 100)])]


@pytest.mark.parametrize(
    ("profile", "program", "code", "line"),
    [
        (HPGL, "IN;SP1;\nPD400,0;PU;QQ;", "unknown-command", 2),
        (HPGL, "IN;SP1;\nPD400;PU;", "wrong-parameters", 2),
        (GRBL, "M3 S1\nG4 P1\nG1 X1 F100\nG41\nM5\n", "error:20", 4),
        (GRBL, "M3 S1 (!)\nM5\n", "real-time-byte", 1),
        (GRBL, "M3 S1\nG28\nM5\n", "not-emulated", 2),
        (HPGL, "SP1;\nPD400,0;PU;", "not-initialised", 2),
        (SIXTEEN_BITS, "IN;SP1;\nPD400,0;PU32768,0;", "out-of-range", 2),
        (SIXTEEN_BITS, "IN;SP1;\nPD400,0;PU0,-32769;PU0,0;", "out-of-range", 2),
        (HPGL, "IN;SP1;IW0,0,99,99;\nPD400,0;PU;", "outside-window", 2),
        (HPGL, "IN;SP1;LT1;\nPD400,0;PU;", "dashed-line", 1),
        (HPGL, "IN;SP1;VS0;PD400,0;PU;", "no-feed", 1),
        (HPGL, "IN;\nPD400,0;PU;", "no-tool", 2),
        (HPGL, "IN;SP0;\nPD400,0;PU;", "no-tool", 2),
        (HPGL, "IN;\nSP9;PD400,0;PU;", "unknown-tool", 2),
        (HPGL, "IN;SP1;PD400,0;\nSP2;PU;", "tool-change-down", 2),
        (HPGL, "IN;SP1;\nLBno\x03PD400,0;PU;", "label-with-knife", 2),
        (GRBL, "M3 S1\nG4 P1\n\nG0 X10\nM5\n", "down-rapid", 4),
        (GRBL, "M3 S1\nG4 P0.05\nG1 X10 F100\nM5\n", "no-dwell", 3),
        (GRBL, "M3 S1\nG4 P0.1\nG1 X10 F100\nM5\nG0 X20\n", "no-dwell", 5),
        (GRBL, "M3 S1\nG4 P0.1\nG1 X10 Z-1 F100\nM5\n", "no-axis", 3),
        (HPGL, "IN;SP1;\nPD80100,0;PU;", "outside-table", 2),
        (HPGL, "IN;SP1;PD400,0;PU;\nPU-4,0;", "outside-table", 2),
        (GRBL, "M3 S1\nG4 P0.1\nG1 X-1 F100\nM5\n", "outside-table", 3),
        (GRBL, "M3 S1\nG4 P0.1\nG1 X1 F100\nM5\nG4 P1\nG0 X2006\n", "outside-table", 6),
        (HPGL, "IN;SP1;\nPD400,0;", "down-at-end", 2),
        (HPGL, "IN;SP1;PU400,0;", "nothing-done", None),
        (GRBLHAL, "M3 S1\nG4 P1\nG1 X1 F100\nA10\nM5\n", "error:36", 4),
        (LINUXCNC, "M3 S1\nG4 P1\nG1 X1 F100\nG99 X1 X1\nM5\n", "refused", 4),
        (LINUXCNC, "M3 S1\nG4 P1\nG1 X1 F100\nA10\nM5\n", "no-axis", 4),
        (MARLIN, "M3 S1\nG4 S1\nG1 X1 F100\nN1 X2\nM5\n", "refused", 4),
        (MARLIN, "M3 S1\nG4 S1\nG1 X1 F100\nG1 X2 F" + "0" * 90 + "\nM5\n", "cut-off", 4),
        (GERBER, "H1*M14*X10Y0*M15*", "no-end", None),
        (GERBER, "H1*M14*X10Y0*M15*M0*X1Y1*", "after-end", 6),
        (GERBER, "H1*X5000Y0*M14*X7901Y0*M15*M0*", "outside-table", 4),
        (GERBER, "H1*X0Y10*M14*X6001Y10*M15*M0*", "long-move", 4),
        (DMPL, "U400,0 ;:A P1 D400,400 U ", "not-initialised", 1),
        (GPGL, "J1\x03D400,0\x03L3\x03O0,0\x03", "dashed-line", 3),
    ],
)
def test_each_violation(profile, program, code, line):
    found = run_program(program.encode("latin-1"), profile).violations
    assert [(v.code, v.line) for v in found] == [(code, line)]


def test_every_code_is_in_the_table():
    listed = emulator.__doc__ or ""
    marks = test_each_violation.pytestmark[0].args[1]
    for code in {mark[2] for mark in marks}:
        assert re.sub(r"error:\d+", "error:N", code) in listed


@pytest.mark.parametrize("text", [b"", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b"hello world\n" * 5])
@pytest.mark.parametrize("profile", [HPGL, GRBL])
def test_what_is_no_program_does_nothing(profile, text):
    assert "nothing-done" in codes(run_program(text, profile).violations)


def test_times_out_of_the_table_are_counted_once_each():
    run = run_program(b"IN;SP1;PD80100,0,80200,0,400,0,80300,0;PU;", HPGL)
    assert [v.code for v in run.violations] == ["outside-table", "outside-table"]


def test_figures_of_a_square():
    run = run_program(hpgl_program(SQUARE), HPGL)
    assert run.violations == ()
    assert run.cut_mm == pytest.approx(400)
    assert run.travel_mm == pytest.approx(2 * 100 * math.sqrt(2))
    assert run.tool_downs == 1
    assert run.bounds_mm == (100, 100, 200, 200)
    assert run.time_s == pytest.approx(run.trace.t_s[-1])
    travel = 2 * (100 * math.sqrt(2) / 600 + 600 / 3000) if 100 * math.sqrt(2) > 600**2 / 3000 else 0
    travel = travel or 2 * 2 * math.sqrt(100 * math.sqrt(2) / 3000)
    assert run.time_s == pytest.approx(travel + 0.2 + 4 * (100 / 300 + 300 / 3000), rel=0.02)


def test_a_pen_draws_and_does_not_cut():
    run = run_program(hpgl_program([("pen", SQUARE[0][1])]), HPGL)
    assert (run.cut_mm, run.drawn_mm) == (0, pytest.approx(400))


def test_the_machine_waits_for_its_pen_and_a_program_for_its_spindle():
    pen = run_program(b"IN;SP1;PD;PU;", HPGL)
    assert pen.time_s == pytest.approx(0.2)
    spindle = run_program(b"M3 S1\nG4 P0.1\nM5\nG4 P0.25", GRBL)
    assert spindle.time_s == pytest.approx(0.35)


def test_feed_and_tool_speed_are_kept():
    slow = run_program(b"IN;SP1;VS1;PD4000,0;PU;", HPGL)
    assert slow.time_s == pytest.approx(100 / 10 + 10 / 3000 + 0.2)
    own = replace(HPGL, tools={"knife": ToolTexts("", "", "", 1, 50.0)})
    assert run_program(b"IN;SP1;PD4000,0;PU;", own).time_s == pytest.approx(100 / 50 + 50 / 3000 + 0.2)


def test_time_only_goes_on_and_lines_are_those_of_the_program():
    trace = run_program(gcode_program(SQUARE), drag(GRBL)).trace
    assert (np.diff(trace.t_s) >= 0).all()
    assert (np.diff(trace.line) >= 0).all()
    assert set(trace.line.tolist()) <= set(range(len(gcode_program(SQUARE).splitlines()) + 1))


def test_a_drag_blade_trails_while_down_and_keeps_its_angle_while_up():
    program = b"M3 S1\nG4 P.1\nG1 Y100 F6000\nM5\nG4 P.1\nG0 X500\nM3 S1\nG4 P.1\nM5\n"
    run = run_program(program, drag(GRBL, 2.0))
    trace = run.trace
    assert trace.tip_mm[0] == pytest.approx((-2, 0))
    assert trace.blade_deg[trace.line >= 5] == pytest.approx(90, abs=0.01)
    last_down = trace.tip_mm[trace.line == 7][0]
    assert last_down == pytest.approx((500, 98), abs=0.01)


def test_an_unknown_heading_is_taken_as_the_worst():
    run = run_program(gcode_program(SQUARE), drag(GRBL, 0.6, None))
    assert run.trace.blade_deg[0] == pytest.approx(175)
    known = run_program(gcode_program(SQUARE), drag(GRBL, 0.6, None), start_deg=90.0)
    assert known.trace.blade_deg[0] == pytest.approx(90)


def test_only_the_knife_trails():
    run = run_program(hpgl_program([("pen", SQUARE[0][1])]), drag(HPGL))
    assert np.array_equal(run.trace.tip_mm, run.trace.holder_mm)


def test_remarks_are_not_violations():
    run = run_program(b"IN;SP2;LBFront\x03PD400,0;PU;IN;", HPGL)
    assert run.violations == ()
    assert codes(run.remarks) == {"label-not-drawn", "init-again"}


def test_a_machine_without_a_knife_cuts_with_its_pen():
    assert run_program(hpgl_program(SQUARE), PLOTTER).cutting_tool == "pen"
    assert run_program(hpgl_program(SQUARE), HPGL).cutting_tool == "knife"


def test_programs_run_one_after_the_other():
    one, bad = run_program(hpgl_program(SQUARE), HPGL), run_program(b"IN;SP1;\nPD400,0;", HPGL)
    joined = join_runs([one, bad], [0, 100])
    assert [(v.code, v.line) for v in joined.violations] == [("down-at-end", 102)]
    assert joined.time_s == pytest.approx(one.time_s + bad.time_s)
    assert joined.bounds_mm == (0, 0, 200, 200)
    assert len(joined.trace.t_s) == len(one.trace.t_s) + len(bad.trace.t_s)
    assert (np.diff(joined.trace.t_s) >= 0).all()
