"""The G-code parser: the controllers' answers, modal states, arcs."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from independent import ask_rs274, rs274_program
from machine_samples import codes, gcode_program

from cutkit.machine.actions import Dwell, Lift, Lower, MoveTo, SelectTool
from cutkit.machine.gcode import parse_gcode
from cutkit.machine.gcode_rules import GRBL, GRBLHAL, LINUXCNC, Rules, rules_of


def points_of(text: str, rules: Rules = GRBL) -> list[tuple[float, float]]:
    """The targets of all moves; the program must be sound."""
    program = parse_gcode(text.encode(), rules=rules)
    assert program.violations == ()
    return [(a.x_mm, a.y_mm) for a in program.actions if isinstance(a, MoveTo)]


MATRIX = [
    # The acceptance matrix: what Grbl 1.1h, grblHAL and LinuxCNC's rs274 answered to a block. "pause" is a remark.
    # block, Grbl 1.1h, grblHAL with three axes, rs274
    ("%", "error:1", None, None),
    ("M6 T1", "error:20", "pause", "pause"),
    ("M1", None, "pause", None),
    ("M0", "pause", "pause", "pause"),
    ("G64", "error:20", "error:20", "blended"),
    ("G41", "error:20", "error:20", None),
    ("G5 X10 Y0 I3 J3 P-3 Q3 F100", "error:20", None, None),
    ("M7", "error:20", None, None),
    ("G59.1", "error:23", None, None),
    ("G0 A10", "error:20", "error:36", None),
    ("#1=5", "error:1", None, None),
    ("G1 X10", "error:22", "error:22", "refused"),
    ("G20 G21", "error:21", "error:21", "refused"),
    ("G0 G1 X1", "error:24", "error:24", "refused"),
    ("G0 X1 X2", "error:25", "error:25", "refused"),
    ("G2 X10 Y0 I4 F100", "error:33", "error:33", "refused"),
    ("G2 X10 Y0 R4 F100", "error:34", "error:34", "refused"),
    ("G2 X10 Y0 F100", "error:35", "error:35", "refused"),
    ("G0 X1" + "0" * 77, "error:11", None, None),
    ("G0 X1" + "0" * 259, "error:11", "error:11", "refused"),
    # And more of their rules.
    ("A10", "error:20", "error:36", "refused"),
    ("X10", None, None, "refused"),
    ("G5", "error:20", None, "refused"),
    ("G0 X", "error:2", "error:2", "refused"),
    ("G1 X1 F-100", "error:4", "error:4", "refused"),
    ("G92", "error:26", "error:26", "refused"),
    ("G2 F100 I5", "error:26", "error:26", None),
    ("G4", "error:28", "error:28", "refused"),
    ("G4 P-1", "error:4", "error:4", "refused"),
    ("G53 G2 X1 Y1 R5 F100", "error:30", "error:30", "refused"),
    ("G80 X1", "error:31", "error:31", "refused"),
    ("G2 Z1 R5 F100", "error:32", "error:32", "refused"),
    ("G2 X0 Y0 R5 F100", "error:33", "error:33", "refused"),
    ("G1 X1 I1 F100", "error:36", "error:36", "refused"),
    ("G0 X1 P5", "error:36", "error:36", "refused"),
    ("M3.5", "error:23", "error:23", "refused"),
    ("M100", "error:20", "error:20", "refused"),
    ("G28", "not-emulated", "not-emulated", "not-emulated"),
    ("G55", None, None, None),
    ("G55 G0 X1", "not-emulated", "not-emulated", "not-emulated"),
    ("G41 G0 X1", "error:20", "error:20", "not-emulated"),
    ("G0 X[1+1]", "error:2", "not-emulated", "not-emulated"),
    ("O100 if [1]", "error:20", "not-emulated", "not-emulated"),
    ("$110=100", "not-emulated", "not-emulated", "refused"),
    ("$X", None, None, "refused"),
    ("(comment only)", None, None, None),
    ("G1 X1 F100 ; G41", None, None, None),
    ("N10 G1 X1 F100", None, None, None),
    ("/G1 X1 F100", None, None, None),
    ("g1x1f100", None, None, None),
    ("G 1 X 1 . 5 F 100", None, None, None),
    ("G64 P0.01", "error:20", "error:20", None),
    ("(a!b?c~)", "real-time-byte", "real-time-byte", None),
]
CONTROLLERS = [GRBL, GRBLHAL, LINUXCNC]


@pytest.mark.parametrize("column", range(3), ids=[rules.controller for rules in CONTROLLERS])
@pytest.mark.parametrize("row", MATRIX, ids=[row[0][:24] for row in MATRIX])
def test_answers_of_the_controllers(row, column):
    block, answer = row[0], row[1 + column]
    # rs274 takes % in the first line only.
    text, line = (block, 1) if block == "%" else (f"G21\n{block}", 2)
    program = parse_gcode(f"{text}\n".encode(), rules=CONTROLLERS[column])
    found = [(v.code, v.line) for v in (*program.violations, *program.remarks)]
    assert found == ([(answer, line)] if answer else [])


def test_a_grblhal_with_an_a_axis_turns_it_and_nobody_else_does():
    text = b"G21 G90\nG0 A90\nG1 X10 A450 F600\nX20\nG91 A-10\nG20 G90 X1 A180\n"
    for rules in (rules_of("grblhal", turning_axis=True), LINUXCNC):
        program = parse_gcode(text, rules=rules)
        assert program.violations == ()
        assert [a.angle_deg for a in program.actions] == [90.0, 450.0, None, 440.0, 180.0]
        assert program.actions[-1].x_mm == 25.4
    assert codes(parse_gcode(text, rules=GRBL).violations) == {"error:20"}
    assert codes(parse_gcode(text, rules=GRBLHAL).violations) == {"error:36"}


def test_parameters_are_kept():
    assert points_of("#1=5 #2=-1.5\nG0 X#1 Y#2\nX#9", GRBLHAL) == [(5, -1.5), (0, -1.5)]


def test_a_spline_leaves_and_arrives_along_its_control_points():
    points = points_of("G5 X10 Y0 I0 J10 P0 Q10 F100", LINUXCNC)
    assert points[-1] == (10, 0)
    assert max(y for _, y in points) == pytest.approx(7.5)
    assert points[0][0] < 0.2 * points[0][1]


def test_a_frame_of_percent_signs_and_m2_end_a_program_for_linuxcnc():
    assert points_of("%\nG0 X1\n%\nG0 X2", LINUXCNC) == [(1, 0)]
    assert points_of("G0 X1\nM2\nG0 X2", LINUXCNC) == [(1, 0)]
    assert points_of("G0 X1\nM2\nG0 X2") == [(1, 0), (2, 0)]
    assert codes(parse_gcode(b"G21\n%\n", rules=LINUXCNC).violations) == {"refused"}


def test_a_tool_change_selects_and_waits():
    program = parse_gcode(b"T2\nM6\n", rules=LINUXCNC)
    assert program.actions == (SelectTool(2, 2),)


@pytest.mark.skipif(rs274_program() is None, reason="LinuxCNC's rs274 is not installed")
@pytest.mark.parametrize("row", MATRIX, ids=[row[0][:24] for row in MATRIX])
def test_rs274_answers_as_the_matrix_says(row, tmp_path):
    block, answer = row[0], row[3]
    if answer == "not-emulated" or block == "M6 T1":
        return
    answer_of = ask_rs274(f"{block}\n%\n" if block == "%" else f"G21\n{block}\nM2\n", tmp_path)
    assert (answer_of.fault is not None) == (answer == "refused"), answer_of.fault


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
