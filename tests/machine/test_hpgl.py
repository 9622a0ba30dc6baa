"""The HP-GL parser, by hand, by property, and beside two readers of others."""

import math
import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine_samples import hpgl_program

from cutkit.machine.actions import Device, DrawText, Lift, Lower, MoveTo, SelectTool
from cutkit.machine.hpgl import parse_hpgl

DEVICE = Device(40.0, -100000, 100000)


def lines_of(data: bytes, device: Device = DEVICE) -> list[list[tuple[float, float]]]:
    """The tool-down polylines in device units; the program must be sound."""
    program = parse_hpgl(data, device)
    assert program.violations == ()
    lines, here, down = [], (0.0, 0.0), False
    for action in program.actions:
        if isinstance(action, Lower):
            lines.append([here])
            down = True
        elif isinstance(action, Lift):
            down = False
        elif isinstance(action, MoveTo):
            here = (round(action.x_mm * 40, 6), round(action.y_mm * 40, 6))
            if down:
                lines[-1].append(here)
    return lines


SQUARE = [[(10, 10), (50, 10), (50, 50)]]


@pytest.mark.parametrize(
    "text",
    [
        "IN;PU10,10;PD50,10,50,50;PU;",
        "IN;PU10 10;PD50 10 50 50;PU;",
        "INPU10,10PD50,10PD50,50PU",
        "IN\nPU 10,10\nPD 50,10\n50,50".replace("\n50,50", ";PA50,50"),
        "in;pu10,10;pd;pa50,10;pr0,40;pu;",
        "IN;PA10,10;PD;PR40,0,0,40;PU",
        "IN;PU+10,+10;PD50.0,10.;PD50,50;!PG;",
        "IN;IP0,0,1000,1000;SC0,100,0,100;PU1,1;PD5,1,5,5;PU;",
        "IN;RO90;PU10,-10;PD10,-50,50,-50;PU;",
        "\x1b.B\x1b.I80;;17:\x1b%0BIN;PU10,10;PD50,10,50,50;PU;\x1bE",
        "IN;DT*;PU10,10;LB;PU9 no*PD50,10,50,50;PU;",
        "IN;LBnames; PD1,1\x03PU10,10;PD50,10,50,50;PU;",
        "IN;CO comment PD1,1;PU10,10;PD50,10,50,50;PU;OE;",
        "IN;SV1;PP40;TR1;QU2;PU10,10;PD50,10,50,50;PU;SV0;!PG;;",
        "\x1b.R\x1b.N10;19:\x1b.@1024;5:\x1b.K\x1b.L\x1b.O\x1b.EIN;PU10,10;PD50,10\x1b.B,50,50;PU;PG;",
        "IN;VS30;FS80;AS2;PU10,10;PD50,10\r\nPD50,50\r\nPU\r\n",
    ],
)
def test_ways_to_write_the_same_lines(text):
    assert lines_of(text.encode("latin-1")) == SQUARE


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("IN;\nXY1,2;", "unknown-command", 2),
        ("IN;PU1,1;\n\n@@;", "unknown-command", 3),
        ("IN;PD1;", "wrong-parameters", 1),
        ("IN;SP1,2;", "wrong-parameters", 1),
        ("IN;\nRO45;", "wrong-parameters", 2),
        ("IN;PD1,?2;", "wrong-parameters", 1),
        ("IN;\nPU100001,0;", "out-of-range", 2),
        ("IN;PU-100001,0;", "out-of-range", 1),
        ("PU1,1;IN;", "not-initialised", 1),
        ("IN;VS0;", "no-feed", 1),
        ("IN;LT2,4;", "dashed-line", 1),
        ("IN;SC0,1,0,1;", "not-emulated", 1),
        ("IN;IW0,0,10,10;PD;PA20,5;", "outside-window", 1),
        ("IN;PE<=\x01;", "wrong-parameters", 1),
        ("IN;\nFF100;", "not-emulated", 2),
        ("IN;EA10,10;", "not-emulated", 1),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, code, line):
    found = parse_hpgl(text.encode("latin-1"), DEVICE).violations
    assert (found[0].code, found[0].line) == (code, line)


def test_nothing_is_skipped_in_silence():
    found = parse_hpgl(b"IN;SPQ;PU1,1;\x01\x02;ZZ;99;", DEVICE).violations
    assert len(found) >= 3


def test_a_second_start_in_the_middle_is_remarked():
    program = parse_hpgl(b"IN;PU1,1;\nIN;", DEVICE)
    assert [(r.code, r.line) for r in program.remarks] == [("init-again", 2)]


def test_speed_is_the_machines_own_number():
    program = parse_hpgl(b"IN;VS30;PD40,0;VS;PD0,0;", Device(40.0, feed_per_mm_s=0.1))
    assert [a.feed_mm_s for a in program.actions if isinstance(a, MoveTo)] == [pytest.approx(300.0), None]


def test_tools_and_texts_are_handed_on():
    program = parse_hpgl(b"IN;SP2;LBFront\x03SP;", DEVICE)
    assert program.actions == (SelectTool(1, 2), DrawText(1, "Front"), SelectTool(1, 0))


def test_an_arc_turns_counter_clockwise_in_chords_of_five_degrees():
    (line,) = lines_of(b"IN;PU100,0;PD;AA0,0,90;PU;")
    assert len(line) == 1 + 18
    assert line[-1] == (pytest.approx(0, abs=1e-5), pytest.approx(100))
    assert line[9] == (pytest.approx(100 * math.cos(math.radians(45))), pytest.approx(100 * math.sin(math.radians(45))))
    (clockwise,) = lines_of(b"IN;PU100,0;PD;AR-100,0,-90,10;PU;")
    assert len(clockwise) == 1 + 9
    assert clockwise[-1] == (pytest.approx(0, abs=1e-5), pytest.approx(-100))


def test_a_circle_begins_and_ends_at_its_centre():
    program = parse_hpgl(b"IN;PU500,500;CI100;", DEVICE)
    moves = [a for a in program.actions if isinstance(a, MoveTo)]
    assert (moves[-1].x_mm, moves[-1].y_mm) == (12.5, 12.5)
    (line,) = lines_of(b"IN;PU500,500;CI100;")
    assert all(math.dist(p, (500, 500)) == pytest.approx(100) for p in line)
    assert len(line) == 73


def encoded(value: int, base: int = 64) -> bytes:
    """A number in PE's digits, written from the description in the language's reference."""
    number = 2 * value if value >= 0 else 2 * -value + 1
    last = 191 if base == 64 else 95
    digits = []
    while number >= base:
        digits.append(63 + number % base)
        number //= base
    return bytes([*digits, last + number])


@given(
    st.lists(st.tuples(st.integers(-50000, 50000), st.integers(-50000, 50000)), min_size=2, max_size=12),
    st.sampled_from([32, 64]),
)
def test_encoded_polylines_lead_to_the_same_points(points, base):
    body = b"7" if base == 32 else b""
    body += b"<=" + encoded(points[0][0], base) + encoded(points[0][1], base)
    for a, b in pairwise(points):
        body += encoded(b[0] - a[0], base) + encoded(b[1] - a[1], base)
    assert lines_of(b"IN;PE" + body + b";PU;") == [[(float(x), float(y)) for x, y in points]]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 80000), st.integers(0, 40000)), min_size=2, max_size=8),
        min_size=1,
        max_size=6,
    )
)
def test_a_written_program_is_read_to_the_same_points(polylines):
    data = hpgl_program([("knife", [(x / 40, y / 40) for x, y in line]) for line in polylines])
    assert lines_of(data) == [[(float(x), float(y)) for x, y in line] for line in polylines]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_to_finite_places(data):
    moves = [a for a in parse_hpgl(data, DEVICE).actions if isinstance(a, MoveTo)]
    assert all(math.isfinite(a.x_mm) and math.isfinite(a.y_mm) for a in moves)


OTHERS_PROGRAM = hpgl_program(
    [("knife", [(0, 0), (100, 0), (100, 50.5), (0, 0)]), ("pen", [(20, 20), (30.25, 41)]), ("knife", [(5, 5), (9, 5)])]
)


def test_ezdxf_reads_the_same_lines():
    backend = pytest.importorskip("ezdxf.addons.hpgl2.backend")
    from ezdxf.addons.hpgl2.interpreter import Interpreter
    from ezdxf.addons.hpgl2.plotter import Plotter
    from ezdxf.addons.hpgl2.tokenizer import hpgl2_commands

    recorder = backend.Recorder()
    interpreter = Interpreter(Plotter(recorder))
    interpreter.run(hpgl2_commands(b"\x1b%1B" + OTHERS_PROGRAM))
    recorded = [(kind, data) for kind, _, data in recorder.player().recordings()]
    assert {kind for kind, _ in recorded} == {backend.RecordType.POLYLINE}
    segments = [[(p.x, p.y) for p in data.vertices()] for _, data in recorded]
    assert segments == [list(pair) for line in lines_of(OTHERS_PROGRAM) for pair in pairwise(line)]


@pytest.mark.skipif(shutil.which("hp2xx") is None, reason="hp2xx is not installed")
def test_hp2xx_draws_the_same_lines(tmp_path):
    (tmp_path / "in.plt").write_bytes(OTHERS_PROGRAM)
    command = ["hp2xx", "-q", "-m", "svg", "-t", "-f", "out.svg", "in.plt"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    drawn = []
    for path in re.findall(r'<path d="([^"]*)"', (tmp_path / "out.svg").read_text()):
        for part in path.split("M")[1:]:
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", part)]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            # hp2xx puts a dot of a thousandth of a point before each line.
            drawn.append(
                [p for k, p in enumerate(points) if k + 1 == len(points) or math.dist(p, points[k + 1]) > 0.01]
            )
    top = max(y for line in drawn for _, y in line)
    units = [[(x / 72 * 1016, (top - y) / 72 * 1016) for x, y in line] for line in drawn]
    ours = lines_of(OTHERS_PROGRAM)
    assert [len(line) for line in units] == [len(line) for line in ours]
    for theirs, mine in zip(units, ours, strict=True):
        assert all(math.dist(a, b) < 0.5 for a, b in zip(theirs, mine, strict=True))
