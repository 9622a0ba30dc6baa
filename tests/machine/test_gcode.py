"""The G-code parser: Grbl 1.1h's answers, modal states, arcs."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine_samples import gcode_program

from cutkit.machine.actions import Dwell, Lift, Lower, MoveTo
from cutkit.machine.gcode import parse_gcode


def points_of(text: str) -> list[tuple[float, float]]:
    """The targets of all moves; the program must be sound."""
    program = parse_gcode(text.encode())
    assert program.violations == ()
    return [(a.x_mm, a.y_mm) for a in program.actions if isinstance(a, MoveTo)]


@pytest.mark.parametrize(
    ("block", "code"),
    [
        # The acceptance matrix: what Grbl 1.1h firmware answered.
        ("%", "error:1"),
        ("M6 T1", "error:20"),
        ("M1", None),
        ("M0", None),
        ("G64", "error:20"),
        ("G41", "error:20"),
        ("G5", "error:20"),
        ("M7", "error:20"),
        ("G59.1", "error:23"),
        ("A10", "error:20"),
        ("#1=5", "error:1"),
        ("G1 X10", "error:22"),
        ("G20 G21", "error:21"),
        ("G0 G1 X1", "error:24"),
        ("X1 X2", "error:25"),
        ("G2 X10 Y0 I4 F100", "error:33"),
        ("G2 X10 Y0 R4 F100", "error:34"),
        ("G2 X10 Y0 F100", "error:35"),
        ("G0 X1" + "0" * 77, "error:11"),
        # And more of its rules.
        ("G0 X", "error:2"),
        ("G1 X1 F-100", "error:4"),
        ("G92", "error:26"),
        ("G2 F100 I5", "error:26"),
        ("G4", "error:28"),
        ("G53 G2 X1 Y1 R5 F100", "error:30"),
        ("G80 X1", "error:31"),
        ("G2 Z1 R5 F100", "error:32"),
        ("G2 X0 Y0 R5 F100", "error:33"),
        ("G1 X1 I1 F100", "error:36"),
        ("M3.5", "error:23"),
        ("G28", "not-emulated"),
        ("G55", None),
        ("G55 G0 X1", "not-emulated"),
        ("$110=100", "not-emulated"),
        ("$X", None),
        ("(comment only)", None),
        ("G1 X1 F100 ; G41", None),
        ("N10 G1 X1 F100", None),
        ("/G1 X1 F100", None),
        ("g1x1f100", None),
        ("G 1 X 1 . 5 F 100", None),
    ],
)
def test_answers_of_grbl(block, code):
    found = parse_gcode(f"G21\n{block}\n".encode()).violations
    assert [(v.code, v.line) for v in found] == ([(code, 2)] if code else [])


def test_a_line_is_as_long_as_what_is_left_of_it():
    assert parse_gcode(b"G0 X1 (" + b"c" * 100 + b")").violations == ()
    assert parse_gcode(b"G0 X" + b" " * 100 + b"1").violations == ()


@pytest.mark.parametrize("comment", ["(Piece: Ärmel)", "(stop!)", "(why?)", "; ~ about", "(\x18)"])
def test_real_time_bytes_in_comments_are_found(comment):
    found = parse_gcode(f"G0 X1\nG0 X2 {comment}\n".encode()).violations
    assert [(v.code, v.line) for v in found] == [("real-time-byte", 2)]


def test_a_refused_block_moves_nothing():
    program = parse_gcode(b"G1 X10\nG1 X20 F600\n")
    assert [a.x_mm for a in program.actions] == [20.0]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("G0 X1 Y2\nX3", [(1, 2), (3, 2)]),
        ("G91\nG0 X1 Y1\nX1\nG90 X1", [(1, 1), (2, 1), (1, 1)]),
        ("G20 G0 X1", [(25.4, 0)]),
        ("G0 X10 Y10\nG92 X0 Y0\nG0 X1\nG92.1\nG0 X1", [(10, 10), (11, 10), (1, 10)]),
        ("G92 X5\nG53 G0 X1", [(1, 0)]),
        ("G0 X5\nG1\nG0 X6", [(5, 0), (6, 0)]),
        ("G0\rX7\r\nX8", [(7, 0), (8, 0)]),
    ],
)
def test_where_blocks_lead(text, points):
    assert points_of(text) == points


def test_feeds():
    program = parse_gcode(b"G1 X10 F600\nG20 X1 F10\nG21 G93 G1 X35.4 F30\nG94 G0 X0")
    feeds = [a.feed_mm_s for a in program.actions]
    assert feeds == [10.0, pytest.approx(254 / 60), pytest.approx(10 * 30 / 60), None]
    assert [a.rapid for a in program.actions] == [False, False, False, True]


def test_lines_are_counted_for_every_kind_of_line_end():
    program = parse_gcode(b"G21\r\n\r\nG41\nG41\rG41")
    assert [v.line for v in program.violations] == [3, 4, 5]


@pytest.mark.parametrize(("word", "centre"), [("I-10 J0", (0, 0)), ("R10", (0, 0))])
def test_arcs_keep_their_radius_and_end_where_they_should(word, centre):
    points = points_of(f"G0 X10\nG3 X0 Y10 {word} F1000")
    assert points[-1] == (0, 10)
    assert all(math.dist(p, centre) == pytest.approx(10, abs=1e-9) for p in points)
    assert all(x >= -1e-9 and y >= -1e-9 for x, y in points)


def test_clockwise_and_whole_circles():
    assert min(y for _, y in points_of("G0 X10\nG2 X-10 Y0 I-10 F1000")) == pytest.approx(-10, abs=0.01)
    whole = points_of("G0 X10\nG3 X10 Y0 I-10 F1000")
    assert max(math.dist(p, (10, 0)) for p in whole) == pytest.approx(20, abs=0.01)
    long_way = points_of("G0 X10\nG3 X0 Y10 R-10 F1000")
    assert max(math.dist(p, (10, 10)) for p in long_way) == pytest.approx(10, abs=1e-6)
    assert max(x for x, _ in long_way) == pytest.approx(20, abs=0.01)


def test_the_spindle_lowers_the_knife_when_it_turns():
    program = parse_gcode(b"M3\nS500\nM3\nG4 P0.2\nS0\nM4 S1\nM5\nM3 S9\nM2")
    kinds = [(type(a), a.line) for a in program.actions]
    expected = [(Lower, 2), (Dwell, 4), (Lift, 5), (Lower, 6), (Lift, 7), (Lower, 8), (Lift, 9)]
    assert kinds == expected


def test_a_pause_is_remarked():
    assert [r.code for r in parse_gcode(b"M0").remarks] == ["pause"]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(0, 1_000_000)), min_size=2, max_size=8, unique=True),
        min_size=1,
        max_size=6,
    )
)
def test_a_written_program_is_read_to_the_same_points(polylines):
    lines = [("knife", [(x / 1000, y / 1000) for x, y in line]) for line in polylines]
    program = parse_gcode(gcode_program(lines))
    assert program.violations == ()
    read = [(a.x_mm, a.y_mm) for a in program.actions if isinstance(a, MoveTo)]
    written = [p for _, line in lines for p in line] + [(0.0, 0.0)]
    assert all(math.dist(a, b) < 0.0051 for a, b in zip(read, written, strict=True))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_to_finite_places(data):
    moves = [a for a in parse_gcode(data).actions if isinstance(a, MoveTo)]
    assert all(math.isfinite(a.x_mm) and math.isfinite(a.y_mm) for a in moves)


def test_pygcode_reads_the_same_moves():
    pygcode = pytest.importorskip("pygcode")
    text = gcode_program([("knife", [(0, 0), (100, 0), (100, 50.5)]), ("knife", [(20.125, 20), (30.25, 41)])]).decode()
    theirs = []
    for line in text.splitlines():
        for code in pygcode.Line(line).block.gcodes:
            if re.fullmatch(r"G0?[01]", str(code.word_key or code.word)):
                theirs.append((code.params["X"].value, code.params["Y"].value))
    assert theirs == points_of(text)
