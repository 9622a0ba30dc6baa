"""The parsers of GP-GL, DM/PL and industry cutter code: ways to write the same lines, and all that is wrong."""

import math
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine_samples import HPGL, codes

from cutkit.machine.actions import Device, DrawText, Lift, Lower, MoveTo, SelectTool
from cutkit.machine.dmpl import command_count, parse_dmpl
from cutkit.machine.gerber import parse_gerber
from cutkit.machine.gpgl import parse_gpgl

GPGL = partial(parse_gpgl, device=Device(20.0, -20000, 20000))
DMPL = partial(parse_dmpl, device=Device(40.0, -40000, 40000))
LANGUAGES = [GPGL, DMPL, parse_gerber]


def lines_of(program) -> list[list[tuple[float, float]]]:
    """The tool-down polylines in mm; the program must be sound."""
    assert program.violations == ()
    lines, here, down = [], (0.0, 0.0), False
    for action in program.actions:
        if isinstance(action, (Lower, Lift)):
            down = isinstance(action, Lower)
            lines += [[here]] if down else []
        elif isinstance(action, MoveTo):
            here = (round(action.x_mm, 6), round(action.y_mm, 6))
            if down:
                lines[-1].append(here)
    return lines


SQUARE = [[(10, 10), (50, 10), (50, 50)]]


@pytest.mark.parametrize(
    "text",
    [
        "M200,200\x03D1000,200\x03D1000,1000\x03M0,0\x03",
        "H\x03J1\x03!30\x03FC18\x03M200,200\x03D1000,200,1000,1000\x03H\x03",
        "M200,200\nD1000,200\nD1000,1000\nM0,0\n",
        "M 200 , 200,\x03O0,0\x03E800,0,0,800\x03O-1000,-1000\x03",
        "\x1b\x04M200,200\x03D1000.0,200.0\x03D1000,1000\x03V\x03M0,0",
    ],
)
def test_ways_to_write_the_same_lines_in_gpgl(text):
    assert lines_of(GPGL(text.encode("latin-1"))) == SQUARE


@pytest.mark.parametrize(
    "text",
    [
        ";:H A L0 ECN U400,400 D D2000,400 D2000,2000 U U0,0 @",
        " ;:ECN A L0 EC1 ECN V30 BP100  U400,400  D2000,400  D2000,2000  U0,0 ",
        ";:HAECN U400,400 D2000,400,2000,2000 U",
        ";:H A ECM U100,100 D500,100 D500,500 U",
        ";:ECN A U 400,400 D R 1600,0 0,1600 U A",
        ";:U400,400\nD2000,400\nD2000,2000\nH",
    ],
)
def test_ways_to_write_the_same_lines_in_dmpl(text):
    assert lines_of(DMPL(text.encode())) == SQUARE


@pytest.mark.parametrize(
    "text",
    [
        "H1*G71*M15*N1*X100Y100*M14*X500Y100*X500Y500*M15*X0Y0*M0*",
        "H1*G71*X100Y100*B*X+500Y100*X500Y0500*A*M00*",
        "H1*M20*Bus-CSM2/L=62.992/W=37.795*G71*/M42*/X100Y100*M14*X500Y100*M19*X500Y500*M15*M0*",
        "H1*G71*X50Y50*M70*X50Y50*M14*X450Y50*X450Y450*M15*M0*",
    ],
)
def test_ways_to_write_the_same_lines_in_cutter_code(text):
    assert lines_of(parse_gerber(text.encode())) == SQUARE


@pytest.mark.parametrize(("code", "unit_mm"), [("", 0.254), ("G91*", 0.254), ("G70*", 0.0254), ("G71*", 0.1)])
def test_cutter_code_says_itself_how_large_a_unit_is(code, unit_mm):
    (line,) = lines_of(parse_gerber(f"H1*{code}X0Y0*M14*X100Y0*M15*M0*".encode()))
    assert line[-1] == (pytest.approx(100 * unit_mm), 0)


@pytest.mark.parametrize(("code", "unit_mm"), [("1", 0.0254), ("5", 0.127), ("M", 0.1), ("N", 0.025)])
def test_dmpl_says_itself_how_large_a_unit_is(code, unit_mm):
    (line,) = lines_of(DMPL(f";:A EC{code} D100,0 U".encode()))
    assert line[-1] == (pytest.approx(100 * unit_mm), 0)


@pytest.mark.parametrize(
    ("parse", "text", "code", "line"),
    [
        (GPGL, "M1,1\x03~2\x03", "unknown-command", 2),
        (GPGL, "M1\x03", "wrong-parameters", 1),
        (GPGL, "M1,1\x03D1,x\x03", "wrong-parameters", 2),
        (GPGL, "J\x03", "wrong-parameters", 1),
        (GPGL, "M20001,0\x03", "out-of-range", 1),
        (GPGL, "L3\x03", "dashed-line", 1),
        (GPGL, "!0\x03", "no-feed", 1),
        (GPGL, "W0,0,1,1,0,900\x03", "not-emulated", 1),
        (GPGL, "^10,10\x03", "not-emulated", 1),
        (DMPL, "U1,1 ", "not-initialised", 1),
        (DMPL, ";:A ?7 U1,1 ", "wrong-parameters", 2),
        (DMPL, "?;:A U1,1 ", "not-initialised", 1),
        (DMPL, ";:A J ", "unknown-command", 3),
        (DMPL, ";:A U1 ", "wrong-parameters", 3),
        (DMPL, ";:A H5 ", "wrong-parameters", 3),
        (DMPL, ";:V ", "wrong-parameters", 2),
        (DMPL, ";:V0 ", "no-feed", 2),
        (DMPL, ";:L2 ", "dashed-line", 2),
        (DMPL, ";:A U40001,0 ", "out-of-range", 3),
        (DMPL, ";:A CC10,10 ", "not-emulated", 3),
        (DMPL, ";:A @ U1,1 ", "not-initialised", 4),
        (parse_gerber, "G71*M0*", "not-initialised", 1),
        (parse_gerber, "H1*M99*M0*", "unknown-command", 2),
        (parse_gerber, "H1*X1*M0*", "wrong-parameters", 2),
        (parse_gerber, "H1*X1.5Y2*M0*", "wrong-parameters", 2),
        (parse_gerber, "H1*x1y2*M0*", "wrong-parameters", 2),
        (parse_gerber, "H1*\nX1Y2*M0*", "wrong-parameters", 2),
        (parse_gerber, "H1*X1000000Y2*M0*", "out-of-range", 2),
        (parse_gerber, "H1*M14X1Y2*M0*", "unknown-command", 2),
        (parse_gerber, "H1*G71*M14*X15300Y0*M15*M0*", "long-move", 4),
        (parse_gerber, "H1*M68*M0*", "not-emulated", 2),
        (parse_gerber, "H1*G02X1Y1I1J0*M0*", "not-emulated", 2),
        (parse_gerber, "H1*F0*M0*", "no-feed", 2),
        (parse_gerber, "H1*M0*X1Y1*", "after-end", 3),
        (parse_gerber, "H1*X1Y1*", "no-end", None),
        (parse_gerber, "H1*M0", "wrong-parameters", 2),
    ],
)
def test_what_is_wrong_is_named_with_its_instruction(parse, text, code, line):
    found = parse(text.encode("latin-1")).violations
    assert (found[0].code, found[0].line) == (code, line)


def test_speeds_are_the_machines_own_numbers():
    feeds = [a.feed_mm_s for a in GPGL(b"!30\x03D1,0\x03").actions if isinstance(a, MoveTo)]
    assert feeds == [300.0]
    assert [a.feed_mm_s for a in DMPL(b";:A V30 D1,0 ").actions if isinstance(a, MoveTo)] == [300.0]
    feeds = [a.feed_mm_s for a in parse_gerber(b"H1*F600*M14*X1Y0*M15*M0*").actions if isinstance(a, MoveTo)]
    assert feeds == [254.0]


def test_tools_are_selected_by_their_numbers():
    assert [a.number for a in GPGL(b"J2\x03").actions] == [2]
    assert [a.number for a in DMPL(b";:P2 ").actions] == [2]
    program = parse_gerber(b"H1*M14*M15*M43*D1*D2*M14*M15*M0*")
    kinds = [a.number if isinstance(a, SelectTool) else type(a) for a in program.actions]
    assert kinds == [14, Lower, Lift, 43, Lower, Lift, 1, Lower, Lift, 14, Lower, Lift]


def test_labels_messages_and_stops_are_remarked():
    program = parse_gerber(b"H1*M31*FRONT M*M20*WAIT*M01*M0*")
    assert [(r.code, r.line) for r in program.remarks] == [("label-not-drawn", 3), ("pause", 4), ("pause", 6)]
    assert GPGL(b"PFront\x03").actions == (DrawText(1, "Front"),)


def test_commands_of_dmpl_are_counted():
    assert command_count(b";:H A L0 ECN U400,400 D2000,400 U0,0 @") == 9


@pytest.mark.parametrize("parse", LANGUAGES)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_to_finite_places(parse, data):
    moves = [a for a in parse(data).actions if isinstance(a, MoveTo)]
    assert all(math.isfinite(a.x_mm) and math.isfinite(a.y_mm) for a in moves)


@pytest.mark.parametrize("parse", LANGUAGES)
def test_a_program_in_another_language_is_full_of_faults(parse):
    assert codes(parse(b"IN;SP1;PU400,400;PD;PD2000,400;PU;SP0;").violations)
    assert HPGL.dialect == "hpgl"
