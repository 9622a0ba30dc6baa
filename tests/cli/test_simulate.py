"""``cutkit simulate``: the report, the exit codes, the files."""

from __future__ import annotations

import json
import math
import sys
import types
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from builders import make_marker
from shapely.geometry import box

from cutkit.formats.marker import write_marker
from cutkit.model import Fabric, Mark, OrderedPiece, Placement

GOOD = b"""IN;
SP1;
PU2000,0;PD;PD2000,240;PU;
PU0,0;PD;
PD4000,0;
PD4000,4000;
PD0,4000;
PD0,0;
PU;
PU0,0;
SP0;
"""


@pytest.fixture
def job(tmp_path):
    """A program and the marker it cuts: a square with a notch."""
    notch = Mark("notch", ((50.0, 0.0),), "knife", 6.0, angle_deg=90.0)
    piece = OrderedPiece("Square", "Square", "M", box(0, 0, 100, 100), 1, marks=(notch,))
    marker = make_marker([piece], [Placement("Square", 1, 0.0, 0.0, 0.0)], fabric=Fabric(100.0))
    write_marker(tmp_path / "m.marker.json", marker)
    (tmp_path / "m.plt").write_bytes(GOOD)
    return tmp_path


def simulate(cutkit, job: Path, *options, program: str = "m.plt"):
    return cutkit("simulate", job / program, "--cutter", "hpgl-generic", *options)


def test_the_report_of_a_right_program(cutkit, job):
    ran = simulate(cutkit, job, "--marker", job / "m.marker.json", "--json")
    report = json.loads(ran.out)
    assert ran.code == 0
    assert report["schema"] == "cutkit.simulate/1"
    assert report["ok"] is True
    assert report["violations"] == []
    assert report["pieces"] == {"expected": 1, "cut_once": 1, "missed": 0, "cut_twice": 0}
    assert report["worst_deviation_mm"] <= 0.0001
    assert report["cut_mm"] == pytest.approx(406)
    assert report["travel_mm"] == pytest.approx(50 + 50.36, abs=0.01)
    assert report["tool_downs"] == 2
    assert report["bounds_mm"] == [0, 0, 100, 100]
    assert 1.5 < report["time_s"] < 5


def test_without_a_marker_there_is_no_word_of_pieces(cutkit, job):
    report = json.loads(simulate(cutkit, job, "--json").out)
    assert "pieces" not in report
    assert "worst_deviation_mm" not in report


def test_the_table_for_people(cutkit, job):
    ran = simulate(cutkit, job, "--marker", job / "m.marker.json")
    assert ran.code == 0
    assert "1 of 1 cut once" in ran.out
    assert "no violation" in ran.out
    assert ran.err == ""


def test_violations_end_in_exit_code_5_with_line_and_advice(cutkit, job):
    (job / "m.plt").write_bytes(GOOD.replace(b"PU2000,0;PD;PD2000,240;PU;\n", b"").replace(b"SP0", b"PD;QQ"))
    ran = simulate(cutkit, job, "--marker", job / "m.marker.json")
    assert ran.code == 5
    for word in ("unknown-command", "down-at-end", "notch-missed", "End the program with the tool up."):
        assert word in ran.out
    report = json.loads(simulate(cutkit, job, "--marker", job / "m.marker.json", "--json").out)
    assert [(v["code"], v["line"]) for v in report["violations"]] == [
        ("unknown-command", 10),
        ("down-at-end", 10),
        ("notch-missed", None),
    ]


def test_many_violations_are_counted_and_not_all_shown(cutkit, job):
    (job / "m.plt").write_bytes(GOOD + b"QQ;\n" * 50)
    ran = simulate(cutkit, job)
    assert ran.code == 5
    assert "and 30 more; --json lists them all" in ran.out
    assert len(json.loads(simulate(cutkit, job, "--json").out)["violations"]) == 50


def test_remarks_are_talk(cutkit, job):
    (job / "m.plt").write_bytes(GOOD + b"IN;\n")
    ran = simulate(cutkit, job)
    assert ran.code == 0
    assert "init-again" in ran.err
    assert simulate(cutkit, job, "--quiet").err == ""
    assert json.loads(simulate(cutkit, job, "--json", "--quiet").out)["remarks"][0]["line"] == 12


def test_the_trace(cutkit, job):
    assert simulate(cutkit, job, "--trace", job / "t.jsonl").code == 0
    rows = [json.loads(line) for line in (job / "t.jsonl").read_text().splitlines()]
    assert {"t_s", "tool", "down", "tip_mm"} == set(rows[0])
    assert rows[0] == {"t_s": 0, "tool": None, "down": False, "tip_mm": [0, 0]}
    assert any(row["down"] and row["tool"] == "knife" and row["tip_mm"] == [100, 100] for row in rows)
    assert [row["t_s"] for row in rows] == sorted(row["t_s"] for row in rows)
    program = job / "m.gcode"
    program.write_text("G21\nG90\nM3 S1000\nG4 P0.15\nG1 X100 F6000\nM5\nG4 P0.15\n")
    cutkit("simulate", program, "--cutter", "grbl-servo", "--trace", job / "g.jsonl")
    assert all("blade_deg" in json.loads(line) for line in (job / "g.jsonl").read_text().splitlines())


def test_the_picture(cutkit, job):
    (job / "m.plt").write_bytes(GOOD.replace(b"PD4000,4000;", b"PD4000,4000;PD5000,5000;"))
    ran = simulate(cutkit, job, "--marker", job / "m.marker.json", "--svg", job / "m.svg")
    assert ran.code == 5
    picture = (job / "m.svg").read_text()
    ElementTree.fromstring(picture)
    assert "off-outline" in picture
    assert "stroke-dasharray" in picture


def test_the_picture_plays(cutkit, job):
    ran = simulate(cutkit, job, "--svg", job / "m.svg", "--animate", "20s")
    assert ran.code == 0
    picture = (job / "m.svg").read_text()
    ElementTree.fromstring(picture)
    assert picture.count("animation:d") == 2
    assert "plays in 20 s" in picture
    assert simulate(cutkit, job, "--animate", "20s").code == 2
    assert simulate(cutkit, job, "--svg", job / "m.svg", "--animate", "20").code == 2


def test_the_picture_as_png(cutkit, job, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", types.SimpleNamespace(svg_to_bytes=lambda **_: b"\x89PNG"))
    ran = simulate(cutkit, job, "--png", job / "m.png")
    assert (ran.code, (job / "m.png").read_bytes()) == (0, b"\x89PNG")
    assert simulate(cutkit, job, "--png", job / "m.plt").code == 2
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    ran = simulate(cutkit, job, "--png", job / "n.png", "--svg", job / "n.svg")
    assert (ran.code, "cutkit[png]" in ran.err) == (2, True)
    assert not [*job.glob("n.*")], "all outputs or none"


def test_several_programs_are_one_job(cutkit, job):
    lines = GOOD.splitlines(keepends=True)
    (job / "a.plt").write_bytes(b"".join([*lines[:3], b"SP0;\n"]))
    (job / "b.plt").write_bytes(b"".join([*lines[:2], *lines[3:-1], b"QQ;\n"]))
    options = ["--cutter", "hpgl-generic", "--marker", job / "m.marker.json"]
    report = json.loads(cutkit("simulate", job / "a.plt", job / "b.plt", *options, "--json").out)
    assert report["pieces"]["cut_once"] == 1
    (violation,) = report["violations"]
    assert (violation["code"], violation["program"], violation["line"]) == ("unknown-command", str(job / "b.plt"), 10)
    assert "b.plt:10" in cutkit("simulate", job / "a.plt", job / "b.plt", *options).out


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda job: (job / "m.plt").unlink(), 3, "no such file"),
        (lambda job: (job / "m.plt").write_bytes(b""), 3, "empty"),
        (lambda job: (job / "m.plt").write_bytes(b"\x89PNG\r\n" + bytes(range(256))), 5, "unknown-command"),
        (lambda job: (job / "m.marker.json").write_text("{"), 3, "m.marker.json"),
    ],
)
def test_bad_input(cutkit, job, change, code, words):
    change(job)
    ran = simulate(cutkit, job, "--marker", job / "m.marker.json")
    assert ran.code == code
    assert words in ran.both
    assert "Traceback" not in ran.both


def test_wrong_use(cutkit, job):
    assert cutkit("simulate", job / "m.plt").code == 2
    assert cutkit("simulate", "--cutter", "hpgl-generic").code == 2
    ran = cutkit("simulate", job / "m.plt", "--cutter", "hpgl-genric")
    assert (ran.code, "hpgl-generic" in ran.err) == (2, True)
    ran = simulate(cutkit, job, "--svg", job / "m.plt")
    assert ran.code == 2
    assert (job / "m.plt").read_bytes() == GOOD


def test_marks_of_a_print_need_its_marker(cutkit, job):
    (job / "marks.csv").write_text("mark,x_mm,y_mm,measured_x_mm,measured_y_mm\nA,0,0,1,2\n")
    ran = simulate(cutkit, job, "--registration", job / "marks.csv")
    assert (ran.code, "--marker" in ran.err) == (2, True)
    ran = cutkit("check", job / "m.marker.json", "--registration", job / "marks.csv")
    assert (ran.code, "PROGRAM" in ran.err) == (2, True)


def test_an_output_that_cannot_be_written(cutkit, job):
    assert simulate(cutkit, job, "--svg", job / "none" / "m.svg").code == 6


def test_picture_and_trace_are_two_files(cutkit, job):
    ran = simulate(cutkit, job, "--svg", job / "out", "--trace", job / "out")
    assert (ran.code, "two outputs have this name" in ran.err) == (2, True)
    assert not (job / "out").exists()


def test_what_a_pen_draws_is_judged_where_it_letters_as_cutkit_does(cutkit, job):
    marker, program = job / "m.marker.json", job / "cut.plt"
    assert cutkit("cut", marker, "--cutter", "hpgl-generic", "-o", program).code == 0
    ran = simulate(cutkit, job, "--marker", marker, "--json", program="cut.plt")
    assert (ran.code, json.loads(ran.out)["ink_judged"]) == (0, True)
    lines = program.read_text().splitlines()
    up = lines.index("PU;")
    program.write_text("\n".join([*lines[:3], *lines[up + 2 :]]))
    ran = simulate(cutkit, job, "--marker", marker, program="cut.plt")
    assert (ran.code, "ink-missed" in ran.out) == (5, True)
    letter = b"SP2;PU800,800;PD;PD1200,1200;PU;"
    program.write_bytes(GOOD.replace(b"SP1;", letter + b"SP1;"))
    ran = simulate(cutkit, job, "--marker", marker, program="cut.plt")
    assert (ran.code, "drawn lines      not judged" in ran.out) == (0, True)


# ---- programs that cutkit did not write, and no marker ---------------------------------------------------------------

INKCUT = (
    b"IN;SP1;VS10;FS80;PU0,0;PU400,400;PD800,400;PD800,800;PD400,800;PD400,400;"
    b"PU1000,400;PD1400,400,1400,800,1000,800,1000,400;PU;PU2000,600;PD;AA1800,600,360;PU0,0;SP0;IN;"
)
LIGHTBURN = b"""; LightBurn 1.4.03
; GRBL device profile, absolute coords
; Bounds: X10 Y10 to X60 Y40
G00 G17 G40 G21 G54
G90
M4
; Cut @ 6000 mm/min, 100% power
M8
G0 X10Y10
; Layer C00
G1 X60S1000F6000
G1 Y40
G1 X10
G1 Y10
G0 X80Y10
G1 X100S1000
G1 S0
M9
M5
G90
; return to user-defined finish pos
G0 X0Y0
M2
"""
ESTLCAM = b"""(Project: knife)
G21 G90 G17
G00 Z5.0000
G00 X10.0000 Y10.0000
G01 Z-0.5000 F300
G01 X60.0000 Y10.0000 F3000
G01 X60.0000 Y40.0000
G02 X50 Y50 I-10 J0
G00 Z5.0000
M05
M30
"""


def foreign(cutkit, tmp_path, data, cutter):
    (tmp_path / "job").write_bytes(data)
    ran = cutkit("simulate", tmp_path / "job", "--cutter", cutter, "--svg", tmp_path / "job.svg", "--json")
    ElementTree.fromstring((tmp_path / "job.svg").read_text())
    report = json.loads(ran.out)
    return report, [(v["code"], v["line"]) for v in report["violations"]]


def test_hpgl_as_inkcut_writes_it(cutkit, tmp_path):
    report, found = foreign(cutkit, tmp_path, INKCUT, "hpgl-generic")
    assert (found, report["ok"], report["tool_downs"]) == ([], True, 3)
    assert [r["code"] for r in report["remarks"]] == ["init-again"]
    assert report["bounds_mm"] == [10, 10, 50, 20]
    assert report["cut_mm"] == pytest.approx(80 + 10 * math.pi, abs=0.05)
    assert report["time_s"] == pytest.approx(report["cut_mm"] / 100 + 1.4, abs=0.5), "VS10 is 100 mm/s"
    assert "pieces" not in report
    told = cutkit("simulate", tmp_path / "job", "--cutter", "hpgl-generic").out
    assert "pieces           not judged: what was to be cut only a marker tells" in told


def test_gcode_as_lightburn_writes_it_leaves_a_knife_down(cutkit, tmp_path):
    """A laser goes out on G0; a knife on the same output stays in the cloth."""
    report, found = foreign(cutkit, tmp_path, LIGHTBURN, "grbl-servo")
    assert found == [("no-dwell", 11), ("down-rapid", 15), ("no-dwell", 22)]
    assert report["tool_downs"] == 1
    assert report["cut_mm"] == pytest.approx(160 + 70 + 20, abs=3)
    assert report["bounds_mm"] == pytest.approx([10, 10, 100, 40], abs=0.7)


def test_gcode_with_a_z_axis_as_estlcam_writes_it(cutkit, tmp_path):
    report, found = foreign(cutkit, tmp_path, ESTLCAM, "grbl-z")
    assert (found, report["tool_downs"]) == ([], 1)
    assert report["cut_mm"] == pytest.approx(80 + 15 * math.pi, abs=3)


@pytest.mark.parametrize(
    ("data", "cutter", "codes"),
    [
        (LIGHTBURN, "hpgl-generic", {"unknown-command", "nothing-done"}),
        (INKCUT, "grbl-servo", {"error:2", "nothing-done"}),
        (ESTLCAM, "grbl-servo", {"no-axis", "nothing-done"}),
    ],
)
def test_the_wrong_cutter_for_a_program(cutkit, tmp_path, data, cutter, codes):
    report, found = foreign(cutkit, tmp_path, data, cutter)
    assert codes <= {code for code, _ in found}
    assert (report["bounds_mm"], report["cut_mm"]) == ([0, 0, 0, 0], 0)
    ran = cutkit("simulate", tmp_path / "job", "--cutter", cutter)
    assert (ran.code, "Is it the right --cutter?" in ran.out) == (5, True)
    assert ran.out.count("unknown-command ") <= 8
    assert "nothing-done" in ran.out
