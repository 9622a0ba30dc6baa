"""The parser of G-code for Marlin: commands, line numbers with checksums, and what Marlin would lose in silence."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_programs_of_cut import shirt_like

from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.actions import Dwell, Lift, Lower, MoveTo
from cutkit.machine.emulator import run_program
from cutkit.machine.gcode_marlin import LONGEST_LINE, checksum, parse_marlin
from cutkit.machine.judge import judge
from cutkit.toolpath import ToolTexts


def points_of(text: str) -> list[tuple[float, float]]:
    """The targets of all moves; the program must be sound."""
    program = parse_marlin(text.encode())
    assert program.violations == ()
    return [(a.x_mm, a.y_mm) for a in program.actions if isinstance(a, MoveTo)]


def numbered(*lines: str) -> str:
    """The lines with numbers and checksums, as a sender writes them."""
    bodies = [f"N{number} {line}" for number, line in enumerate(lines, 1)]
    return "\n".join(f"{body}*{checksum(body)}" for body in bodies)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("G0 X1 Y2\nG1 X3 ; comment", [(1, 2), (3, 2)]),
        ("G91\nG0 X1 Y1\nG0 X1\nG90\nG0 X1", [(1, 1), (2, 1), (1, 1)]),
        ("G20\nG0 X1\nG21\nG0 X1", [(25.4, 0), (1, 0)]),
        ("G0 X10 Y10\nG92 X0 Y0\nG1 X1 Y1", [(10, 10), (11, 11)]),
        ("G0 X10 Y10\nG28 X Y", [(10, 10), (0, 0)]),
        ("G0X7Y-.5\n\n  \n; only a comment\nG1 Y8", [(7, -0.5), (7, 8)]),
        ("M114\nM400\nM117 Piece: (no 1)! X9\nG0 X1 F3000", [(1, 0)]),
        (numbered("G0 X1", "G1 X2 F600"), [(1, 0), (2, 0)]),
    ],
)
def test_where_lines_lead(text, points):
    assert points_of(text) == points


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("X10", "unknown-command"),
        ("g0 x10", "unknown-command"),
        ("G17", "unknown-command"),
        ("M2", "unknown-command"),
        ("(a comment)", "unknown-command"),
        ("%", "unknown-command"),
        ("$X", "unknown-command"),
        ("M30", "unknown-command"),
        ("G90 G1 X1", "wrong-parameters"),
        ("G1 X1 A5", "wrong-parameters"),
        ("G1 X1 #", "wrong-parameters"),
        ("G2 X10", "refused"),
        ("G2 X10 R1", "refused"),
        ("N1 G0 X1", "refused"),
        ("G0 X1*5", "refused"),
        ("N1 G0 X1*5", "refused"),
        ("G0 X" + "0" * LONGEST_LINE, "cut-off"),
        ("M280 P0 S90", "not-emulated"),
        ("M204 T500", "not-emulated"),
        ("G28", "not-emulated"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, code):
    found = parse_marlin(f"G21\n{text}\n".encode()).violations
    assert [(v.code, v.line) for v in found] == [(code, 2)]


def test_a_line_number_out_of_turn_is_refused_and_m110_sets_it():
    body = "N7 G0 X1"
    text = f"{numbered('G21')}\n{body}*{checksum(body)}\n"
    assert [(v.code, v.line) for v in parse_marlin(text.encode()).violations] == [("refused", 2)]
    start = "N6 M110 N6"
    assert points_of(f"{start}*{checksum(start)}\n{body}*{checksum(body)}") == [(1, 0)]


def test_a_feed_holds_for_rapids_too():
    program = parse_marlin(b"G1 X1\nG0 X2 F6000\nG1 X3\n")
    assert [a.feed_mm_s for a in program.actions] == [25.0, 100.0, 100.0]
    assert [a.rapid for a in program.actions] == [False, True, False]


def test_waiting_in_milliseconds_and_seconds():
    program = parse_marlin(b"G4 P250\nG4 S2\nM400\n")
    assert program.actions == (Dwell(1, 0.25), Dwell(2, 2.0), Dwell(3, 0.0))


def test_the_spindle_lowers_the_knife():
    kinds = [(type(a), a.line) for a in parse_marlin(b"M3 S255\nG4 P9\nM5\nM3\nM3 S0\n").actions]
    assert kinds == [(Lower, 1), (Dwell, 2), (Lift, 3), (Lower, 4), (Lift, 5)]
    assert parse_marlin(b"M3 S255\nM5\n", knife_on_spindle=False).actions == ()


def test_a_servo_lowers_the_knife_by_the_angle_that_the_profile_says():
    text = b"M280 P0 S40\nG4 P9\nM280 P0 S90\nM280 P0 S40\n"
    kinds = [(type(a), a.line) for a in parse_marlin(text, servo_down_deg=40.0).actions]
    assert kinds == [(Lower, 1), (Dwell, 2), (Lift, 3), (Lower, 4)]


def test_a_whole_program_for_a_servo_is_cut_right():
    base = load_profile("marlin")
    knife = ToolTexts("", "M280 P0 S40\nG4 P200", "M280 P0 S90\nG4 P200")
    texts = replace(base.program, header="G21\nG90\nM280 P0 S90\nG4 P200", footer="G0 X0 Y0 F9000\nM400")
    motion = replace(base.motion, tool_down_s=0.2, tool_up_s=0.2)
    profile = replace(base, lift="spindle", plunge=None, tools={"knife": knife}, program=texts, motion=motion)
    marker = shirt_like()
    run = run_program(program_text(plan_cut(marker, profile), profile, "t").encode(), profile)
    assert run.violations == judge(run, marker).violations == ()


def test_arcs_keep_their_radius():
    points = points_of("G0 X10 Y0\nG3 X0 Y10 I-10 J0 F1000")
    assert points[-1] == (0, 10)
    assert all(math.hypot(*p) == pytest.approx(10, abs=1e-9) for p in points)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_to_finite_places(data):
    moves = [a for a in parse_marlin(data).actions if isinstance(a, MoveTo)]
    assert all(math.isfinite(a.x_mm) and math.isfinite(a.y_mm) for a in moves)
