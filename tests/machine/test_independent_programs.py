"""Whole programs of ``cut`` before independent software: it must find the tool-down lines that our parsers find."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from itertools import pairwise

import pytest
from independent import ask_hp2xx, ask_rs274, cut_by, ezdxf_segments, hp2xx_polylines, rs274_program
from machines import PROFILES
from test_programs_of_cut import rich_marker

from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.actions import Lift, Lower, MoveTo, Program
from cutkit.machine.dialects import parse_program
from cutkit.toolpath import CutterProfile, StrokeRules

HPGL = [name for name in PROFILES if load_profile(name).dialect == "hpgl"]
ROUNDING_MM = 1e-3
"""What is left of a position in the pictures of hp2xx, in mm."""


def program_of(name: str) -> tuple[CutterProfile, bytes]:
    """A profile and the program that cuts the richest marker on its machine; no line begins where another ends."""
    profile = replace(load_profile(name), strokes=StrokeRules(notches="before"))
    text = program_text(plan_cut(rich_marker(profile), profile), profile, "test")
    return profile, text.encode("ascii")


def lines_of(program: Program, scale: float = 1.0, through_mm: float | None = None) -> list[list[tuple[float, float]]]:
    """The tool-down polylines, in mm times ``scale``, without repeated points and without mere dots."""
    lines, here, down = [], (0.0, 0.0), False
    for action in program.actions:
        if isinstance(action, (Lower, Lift)):
            down = isinstance(action, Lower)
        elif isinstance(action, MoveTo):
            here = (round(action.x_mm * scale, 6), round(action.y_mm * scale, 6))
            if action.z_mm is not None and through_mm is not None:
                down = action.z_mm <= through_mm
        else:
            continue
        if (down and not isinstance(action, MoveTo)) or (down and action.z_mm is not None):
            lines.append([here])
        elif down and here != lines[-1][-1]:
            lines[-1].append(here)
    return [line for line in lines if len(line) > 1]


@pytest.mark.skipif(shutil.which("hp2xx") is None, reason="hp2xx is not installed")
@pytest.mark.parametrize("name", HPGL)
def test_hp2xx_draws_the_lines_that_our_parser_finds(name, tmp_path):
    profile, data = program_of(name)
    ours = lines_of(parse_program(data, profile), profile.coordinates.units_per_mm)
    drawn, _ = ask_hp2xx(data, tmp_path)
    corner = tuple(min(p[axis] for line in ours for p in line) / 40 for axis in (0, 1))
    theirs = [line for line in hp2xx_polylines(drawn, corner) if len(line) > 1]
    assert len(theirs) == len(ours)
    for found, wanted in zip(theirs, ours, strict=True):
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            assert max(abs(a[axis] * 40 - b[axis]) for axis in (0, 1)) < 0.5


@pytest.mark.parametrize("name", HPGL)
def test_ezdxf_reads_the_lines_that_our_parser_finds(name):
    pytest.importorskip("ezdxf.addons.hpgl2")
    profile, data = program_of(name)
    ours = lines_of(parse_program(data, profile), profile.coordinates.units_per_mm)
    segments = [list(pair) for line in ours for pair in pairwise(line)]
    # It moves all lines so that the least coordinates are zero, and draws the dot of a punch as a line of no length.
    x0, y0 = (min(p[axis] for line in ours for p in line) for axis in (0, 1))
    theirs = [line for line in ezdxf_segments(data) if line[0] != line[-1]]
    tx, ty = (min(p[axis] for line in theirs for p in line) for axis in (0, 1))
    assert len(theirs) == len(segments)
    for found, wanted in zip(theirs, segments, strict=True):
        moved = [(x - tx + x0, y - ty + y0) for x, y in found]
        assert all(math.dist(a, b) < 0.5 for a, b in zip(moved, wanted, strict=True))


@pytest.mark.skipif(rs274_program() is None, reason="LinuxCNC's rs274 is not installed")
@pytest.mark.parametrize("name", ["grbl-servo", "grbl-z", "linuxcnc-tangential", "linuxcnc-rotary"])
def test_rs274_interprets_the_lines_that_our_parser_finds(name, tmp_path):
    profile, data = program_of(name)
    answer = ask_rs274(data.decode(), tmp_path)
    assert answer.fault is None
    through = None if profile.plunge is None else profile.plunge.through_mm
    ours = lines_of(parse_program(data, profile), through_mm=through)
    theirs = [line for line in cut_by(answer.calls, through_mm=through) if len(line) > 1]
    assert len(ours) > 20
    assert theirs == ours


@pytest.mark.skipif(rs274_program() is None, reason="LinuxCNC's rs274 is not installed")
def test_rs274_turns_a_tangential_knife_as_our_parser_does(tmp_path):
    """A square cut with the texts of the profile: at each corner the knife is lifted, turned and let down."""
    profile = load_profile("linuxcnc-tangential")
    texts, knife = profile.program, profile.tools["knife"]
    corners = [(10, 10), (110, 10), (110, 60), (10, 60), (10, 10)]
    lines = [texts.header.strip(), texts.comment.format(text="square")]
    for k, ((x, y), (u, v)) in enumerate(pairwise(corners)):
        lines += [texts.travel.format(x=x, y=y, angle=90 * k), texts.turn.format(angle=90 * k), knife.down]
        lines += [texts.first_cut.format(x=u, y=v, angle=90 * k, feed=6000), knife.up]
    text = "\n".join([*lines, texts.footer.strip()]) + "\n"
    answer, program = ask_rs274(text, tmp_path), parse_program(text.encode(), profile)
    assert (answer.fault, program.violations) == (None, ())
    theirs = [(n[0], n[1], n[2], n[3]) for name, n in answer.calls if name in ("STRAIGHT_TRAVERSE", "STRAIGHT_FEED")]
    ours, z, angle = [], 0.0, 0.0
    for move in (action for action in program.actions if isinstance(action, MoveTo)):
        z, angle = z if move.z_mm is None else move.z_mm, angle if move.angle_deg is None else move.angle_deg
        ours.append((move.x_mm, move.y_mm, z, angle))
    assert theirs == ours
    assert [line for line in cut_by(answer.calls, through_mm=0.0) if len(line) > 1] == [
        [(float(x), float(y)) for x, y in pair] for pair in pairwise(corners)
    ]
