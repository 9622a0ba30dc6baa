"""``cutkit cut``: the program, the table, and every way in which it refuses."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from garment_markers import garments
from machines import PROFILES, WORST_MM
from shapely.geometry import box

from cutkit.formats.marker import marker_text, write_marker
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement


@pytest.fixture
def marker_file(tmp_path):
    path = tmp_path / "m.marker.json"
    write_marker(path, garments())
    return path


def one_box(tmp_path, length, width, at=(0.0, 0.0)):
    piece = OrderedPiece("sheet-M", "Sheet", "M", box(0, 0, length, width), 1)
    path = tmp_path / "long.marker.json"
    fabric = Fabric(max(width + at[1], 1.0))
    write_marker(path, Marker(fabric, (piece,), (Placement("sheet-M", 3, *at, 0),), NestSettings()))
    return path


@pytest.mark.parametrize(("cutter", "first", "last"), [("hpgl-generic", "IN;", "SP0;"), ("grbl-servo", "G21", "M2")])
def test_a_marker_becomes_a_program(cutkit, marker_file, tmp_path, cutter, first, last):
    out = tmp_path / "m.cut"
    ran = cutkit("cut", marker_file, "--cutter", cutter, "-o", out)
    assert ran.code == 0
    data = out.read_bytes()
    assert data.isascii()
    assert b"\r" not in data
    lines = data.decode().splitlines()
    assert (lines[0], lines[-1]) == (first, last)
    for word in ("strokes", "cut ", "travel", "tool downs", "time"):
        assert word in ran.out


def test_json_is_one_object_and_nothing_else(cutkit, marker_file, tmp_path):
    ran = cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", tmp_path / "m.gcode", "--json", "--quiet")
    told = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert told["schema"] == "cutkit.cut/1"
    assert told["pieces"] == 8
    assert told["strokes"] == told["tool_downs"] > 8
    perimeters = sum(p.length for p in garments().polygons)
    assert perimeters < told["cut_mm"] < perimeters + 400
    assert any(n["code"] == "no-tool" for n in told["notices"])
    assert not any(n["code"] == "turned-behind" for n in told["notices"])
    assert all(low > -0.61 for low in told["bounds_mm"][:2])


def test_stages_make_the_whole(cutkit, marker_file, tmp_path):
    out = tmp_path / "m.plt"
    told = json.loads(cutkit("cut", marker_file, "--cutter", "hpgl-generic", "-o", out, "--json", "--quiet").out)
    stages = told["stages"]
    assert [stage["name"] for stage in stages] == [
        "labels", "inner lines", "notches", "drill holes", "cut-outs", "outlines"
    ]  # fmt: skip
    assert sum(stage["strokes"] for stage in stages) == told["strokes"]
    for key, whole in (("length_mm", told["cut_mm"] + told["drawn_mm"]), ("travel_mm", told["travel_mm"])):
        assert sum(stage[key] for stage in stages) == pytest.approx(whole, abs=1)
    assert sum(stage["time_s"] for stage in stages) == pytest.approx(told["time_s"], abs=1)


def test_the_pick_list_says_which_piece_comes_free_when_and_where(cutkit, marker_file, tmp_path):
    picks = tmp_path / "picks.json"
    options = ("--cutter", "grbl-servo", "-o", tmp_path / "m.gcode", "--picklist", picks, "--json", "--quiet")
    ran = cutkit("cut", marker_file, *options)
    told, listed = json.loads(ran.out), json.loads(picks.read_text())
    marker = garments()
    assert (listed["schema"], listed["cutter"]) == ("cutkit.picklist/1", "grbl-servo")
    assert sorted(pick["placement"] for pick in listed["pieces"]) == list(range(len(marker.placements)))
    for pick in listed["pieces"]:
        polygon, placement = marker.polygons[pick["placement"]], marker.placements[pick["placement"]]
        assert pick["centre_mm"] == pytest.approx(polygon.centroid.coords[0], abs=1e-3)
        assert (pick["piece"], pick["bundle"]) == (placement.piece, placement.bundle)
        assert (pick["angle_deg"], pick["mirrored"]) == (placement.angle_deg, placement.mirrored)
        assert 0 < pick["cut_s"] <= pick["free_s"]
    free = [pick["free_s"] for pick in listed["pieces"]]
    assert free == sorted(free)
    assert free[-1] == pytest.approx(told["time_s"], abs=0.2)
    assert sum(pick["cut_s"] for pick in listed["pieces"]) < told["time_s"] + 0.2


def test_the_picture_of_the_plan_shows_every_stroke_and_the_ways_between(cutkit, marker_file, tmp_path):
    svg = tmp_path / "plan.svg"
    ran = cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", tmp_path / "m.gcode", "--svg", svg, "--json")
    root = ET.fromstring(svg.read_text())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "m.gcode as planned for grbl-servo" in texts
    assert any(text and text.startswith("travel ") for text in texts)
    paths = len(list(root.iter("{http://www.w3.org/2000/svg}path")))
    strokes = json.loads(ran.out)["strokes"]
    assert strokes < paths <= 2 * strokes + len(garments().placements)


def test_outputs_of_one_name_are_refused(cutkit, marker_file, tmp_path):
    out = tmp_path / "m.gcode"
    ran = cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", out, "--svg", out)
    assert (ran.code, out.exists()) == (2, False)
    ran = cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", out, "--picklist", marker_file)
    assert ran.code == 2
    assert json.loads(marker_file.read_text())["schema"] == "cutkit.marker/1"


def test_what_is_left_out_is_said_unless_quiet(cutkit, marker_file, tmp_path):
    loud = cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", tmp_path / "a.gcode")
    quiet = cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", tmp_path / "b.gcode", "--quiet")
    assert "the cutter has no pen: internal marks are left out" in loud.err
    assert quiet.err == ""
    assert (tmp_path / "a.gcode").read_bytes() == (tmp_path / "b.gcode").read_bytes()


def test_a_profile_of_ones_own(cutkit, marker_file, tmp_path):
    from importlib import resources

    text = (resources.files("cutkit") / "profiles" / "hpgl-generic.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace("IN;", "IN;PA;"))
    ran = cutkit("cut", marker_file, "--cutter", tmp_path / "mine.toml", "-o", tmp_path / "m.plt")
    assert ran.code == 0
    assert (tmp_path / "m.plt").read_text().startswith("IN;PA;\n")


def test_an_unknown_cutter_is_a_usage_error(cutkit, marker_file, tmp_path):
    ran = cutkit("cut", marker_file, "--cutter", "hpgl-genric", "-o", tmp_path / "m.plt")
    assert ran.code == 2
    assert "did you mean 'hpgl-generic'?" in ran.err
    assert not (tmp_path / "m.plt").exists()


def test_a_wrong_profile_is_bad_input(cutkit, marker_file, tmp_path):
    (tmp_path / "mine.toml").write_text("title = 3\n")
    ran = cutkit("cut", marker_file, "--cutter", tmp_path / "mine.toml", "-o", tmp_path / "m.plt")
    assert ran.code == 3
    assert "mine.toml: key" in ran.err


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff", b"{", b'{"schema": "cutkit.marker/9"}'])
def test_a_marker_that_cannot_be_read_is_bad_input(cutkit, tmp_path, content):
    path = tmp_path / "m.marker.json"
    if content is not None:
        path.write_bytes(content)
    ran = cutkit("cut", path, "--cutter", "hpgl-generic", "-o", tmp_path / "m.plt")
    assert ran.code == 3
    assert "m.marker.json" in ran.err
    assert not (tmp_path / "m.plt").exists()


def test_an_invalid_marker_is_refused_and_its_fault_named(cutkit, tmp_path):
    marker = garments()
    moved = replace(marker.placements[1], y_mm=marker.placements[1].y_mm - 100)
    bad = replace(marker, placements=(marker.placements[0], moved, *marker.placements[2:]))
    (tmp_path / "m.marker.json").write_text(marker_text(bad))
    ran = cutkit("cut", tmp_path / "m.marker.json", "--cutter", "hpgl-generic", "-o", tmp_path / "m.plt")
    assert ran.code == 5
    assert "overlap: front-M (placement 0, bundle 1) and front-M (placement 1, bundle 2)" in ran.err
    assert not (tmp_path / "m.plt").exists()


def test_a_marker_longer_than_the_table_is_refused_without_windows(cutkit, tmp_path):
    path = one_box(tmp_path, 500, 100, (9600.0, 0.0))
    ran = cutkit("cut", path, "--cutter", "grbl-servo", "--windows", "off", "-o", tmp_path / "m.gcode")
    assert ran.code == 4
    assert "piece sheet-M (placement 0, bundle 3) reaches 10.100 m" in ran.err
    assert "--windows auto" in ran.err
    assert "--max-length 1000cm" in ran.err
    (tmp_path / "mine.toml").write_text(fixed_table())
    ran = cutkit("cut", path, "--cutter", tmp_path / "mine.toml", "-o", tmp_path / "m.gcode")
    assert ran.code == 4
    assert "has no windows" in ran.err
    assert not list(tmp_path.glob("*.gcode"))


def fixed_table():
    """grbl-servo without windows."""
    from importlib import resources

    text = (resources.files("cutkit") / "profiles" / "grbl-servo.toml").read_text()
    return text.replace("[windows]\noverlap_mm = 6\n", "")


def test_a_long_marker_is_cut_in_windows_a_program_each(cutkit, tmp_path):
    (tmp_path / "short.toml").write_text('base = "grbl-servo"\ntitle = "short"\n[table]\nlength_mm = 1600\n')
    pieces = tuple(OrderedPiece(f"p{k}", f"P{k}", "M", box(0, 0, 700, 400), 1) for k in range(8))
    places = tuple(Placement(f"p{k}", 1, 720.0 * (k // 2), 420.0 * (k % 2), 0) for k in range(8))
    marker = tmp_path / "long.marker.json"
    write_marker(marker, Marker(Fabric(900), pieces, places, NestSettings()))
    out, svg, picks = tmp_path / "long.gcode", tmp_path / "long.svg", tmp_path / "picks.json"
    options = ("--cutter", tmp_path / "short.toml", "-o", out, "--svg", svg, "--picklist", picks)
    told = json.loads(cutkit("cut", marker, *options, "--json", "--quiet").out)
    programs = [tmp_path / "long-1.gcode", tmp_path / "long-2.gcode"]
    assert told["programs"] == [str(path) for path in programs]
    assert [w["advance_mm"] for w in told["windows"]] == [0.0, 1440.0]
    assert not out.exists()
    assert "window 2" in svg.read_text()
    listed = json.loads(picks.read_text())["pieces"]
    assert [(p["window"], p["placement"] // 4) for p in listed] == [(1, 0)] * 4 + [(2, 1)] * 4
    assert all(0 < p["centre_mm"][0] < 1600 for p in listed)
    table = cutkit("cut", marker, *options, "--quiet").out
    assert "long-1.gcode to long-2.gcode" in table
    assert "1440.0" in table
    ran = cutkit("simulate", *programs, "--cutter", tmp_path / "short.toml", "--marker", marker, "--json")
    judged = json.loads(ran.out)
    assert (ran.code, judged["violations"], judged["pieces"]["cut_once"]) == (0, [], 8)
    swapped = cutkit("simulate", *programs[::-1], "--cutter", tmp_path / "short.toml", "--marker", marker, "--json")
    assert swapped.code == 0  # both windows hold the same pieces here
    alone = cutkit("simulate", programs[0], "--cutter", tmp_path / "short.toml", "--marker", marker)
    assert alone.code == 2
    assert "cut in 2 windows, and 1 programs are given" in alone.err
    assert not (tmp_path / "m.gcode").exists()


FEEDING = """base = "hpgl-7475"
title = "A roll through a small plotter"
[table]
length_mm = 1600
width_mm = 800
[windows]
feed = "FR{advance};"
"""


def test_a_marker_of_twelve_metres_is_one_program_where_that_moves_the_cloth(cutkit, tmp_path):
    (tmp_path / "roll.toml").write_text(FEEDING)
    (tmp_path / "hand.toml").write_text(FEEDING.replace('feed = "FR{advance};"', ""))
    pieces = (OrderedPiece("p", "P", "M", box(0, 0, 390, 400), 30), OrderedPiece("q", "Q", "", box(0, 0, 150, 300), 60))
    places = [Placement("p", k, 410.0 * k, 20.0, 0) for k in range(30)]
    places += [Placement("q", k, 205.0 * k, 430.0, 0) for k in range(60)]
    marker, out, picks = tmp_path / "long.marker.json", tmp_path / "long.plt", tmp_path / "picks.json"
    write_marker(marker, Marker(Fabric(800), pieces, tuple(places), NestSettings()))
    options = ("--cutter", tmp_path / "roll.toml", "-o", out)
    assert cutkit("cut", marker, *options, "--windows", "off").code == 4
    told = json.loads(cutkit("cut", marker, *options, "--picklist", picks, "--json", "--quiet").out)
    assert told["programs"] == [str(out)]
    assert [w["program"] for w in told["windows"]] == [str(out)] * len(told["windows"])
    assert told["windows"][-1]["start_mm"] > 11_000
    moved = sum(w["advance_mm"] for w in told["windows"]) / 100
    assert {s["name"]: s["time_s"] for s in told["stages"]}["move the cloth"] == pytest.approx(moved, abs=0.1)
    assert sum(s["time_s"] for s in told["stages"]) == pytest.approx(told["time_s"], abs=0.5)
    free = [pick["free_s"] for pick in json.loads(picks.read_text())["pieces"]]
    assert free == sorted(free)
    assert free[-1] == pytest.approx(told["time_s"], abs=0.2)
    assert "The program moves the cloth on by itself" in cutkit("cut", marker, *options, "--quiet").out
    judged = [out, "--cutter", tmp_path / "roll.toml"]
    assert cutkit("check", marker, *judged).code == 0
    ran = cutkit("simulate", *judged, "--marker", marker, "--json")
    assert (ran.code, json.loads(ran.out)["pieces"]["cut_once"], json.loads(ran.out)["remarks"]) == (0, 90, [])
    assert json.loads(ran.out)["windows_mm"] == pytest.approx([w["start_mm"] for w in told["windows"]], abs=0.002)
    assert json.loads(ran.out)["time_s"] == pytest.approx(told["time_s"], rel=0.1)
    options = ("--cutter", tmp_path / "hand.toml", "-o", out)
    programs = json.loads(cutkit("cut", marker, *options, "--json", "--quiet").out)["programs"]
    assert len(programs) == len(told["windows"])
    assert cutkit("check", marker, *programs, "--cutter", tmp_path / "hand.toml").code == 0
    ran = cutkit("check", marker, *programs[:-1], "--cutter", tmp_path / "hand.toml")
    assert (ran.code, "windows, and" in ran.err) == (2, True)


def test_feeds_that_are_not_those_of_the_marker_are_told(cutkit, tmp_path):
    (tmp_path / "roll.toml").write_text(FEEDING)
    pieces = (OrderedPiece("p", "P", "M", box(0, 0, 390, 400), 8),)
    marker, out = tmp_path / "long.marker.json", tmp_path / "long.plt"
    places = tuple(Placement("p", k, 410.0 * k, 20.0, 0) for k in range(8))
    write_marker(marker, Marker(Fabric(800), pieces, places, NestSettings()))
    options = ("--cutter", tmp_path / "roll.toml")
    assert cutkit("cut", marker, *options, "-o", out).code == 0
    text = out.read_text()
    first = next(line for line in text.splitlines() if line.startswith("FR"))
    out.write_text(text.replace(first, "FR65000;", 1))
    ran = cutkit("simulate", out, *options, "--marker", marker)
    assert (ran.code, "off-outline" in ran.out) == (5, True)
    assert "note [other-windows]" in ran.err
    assert "cut in windows from 0.0, 1617.2" in ran.err
    checked = cutkit("check", marker, out, *options, "--json")
    assert checked.code == 5
    assert json.loads(checked.out)["program"]["remarks"][0]["code"] == "other-windows"


def write_marks(path, *marks):
    """Marks of a print that lies 30 mm along, 20 mm across and turned by a degree, some measured otherwise."""
    from math import cos, radians, sin

    c, s = cos(radians(1)), sin(radians(1))
    lines = ["mark,x_mm,y_mm,measured_x_mm,measured_y_mm"]
    for name, x, y, off in marks:
        lines.append(f"{name},{x},{y},{c * x - s * y + 30 + off:.4f},{s * x + c * y + 20:.4f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_print_and_cut(cutkit, marker_file, tmp_path):
    marks = write_marks(
        tmp_path / "marks.csv", ("A", 0, 0, 0), ("B", 1200, 0, 0), ("C", 1200, 1400, 0), ("D", 0, 1400, 0.1)
    )
    out, options = tmp_path / "m.gcode", ("--cutter", "grbl-servo")
    ran = cutkit("cut", marker_file, *options, "-o", out, "--registration", marks, "--json", "--quiet")
    fit = json.loads(ran.out)["registration"]
    assert (ran.code, fit["kind"]) == (0, "affine")
    assert fit["turn_deg"] == pytest.approx(1, abs=0.01)
    assert fit["shift_mm"] == pytest.approx([30, 20], abs=0.1)
    assert fit["scale"] == pytest.approx([1, 1], abs=1e-4)
    assert [mark["mark"] for mark in fit["marks"]] == ["A", "B", "C", "D"]
    assert all(mark["residual_mm"] == pytest.approx(0.025, abs=0.001) for mark in fit["marks"])
    told = cutkit("cut", marker_file, *options, "-o", out, "--registration", marks, "--quiet").out
    assert "print       turned by 1.00" in told
    assert "affine fit of 4 marks, 0.025 mm off (RMS), at most 0.025 mm" in " ".join(told.split())
    assert cutkit("simulate", out, *options, "--marker", marker_file).code == 5
    judged = cutkit(
        "simulate", out, *options, "--marker", marker_file, "--registration", marks, "--svg", tmp_path / "m.svg"
    )
    assert judged.code == 0, judged.both
    assert "print" in judged.out
    assert cutkit("check", marker_file, out, *options, "--registration", marks).code == 0
    aside = write_marks(
        tmp_path / "aside.csv", ("A", 0, 0, 2), ("B", 1200, 0, 2), ("C", 1200, 1400, 2), ("D", 0, 1400, 2)
    )
    ran = cutkit("simulate", out, *options, "--marker", marker_file, "--registration", aside, "--json")
    assert ran.code == 5
    assert "off-outline" in {v["code"] for v in json.loads(ran.out)["violations"]}


def test_marks_that_contradict_one_another_are_refused(cutkit, marker_file, tmp_path):
    marks = write_marks(
        tmp_path / "marks.csv", ("A", 0, 0, 0), ("B", 1200, 0, 0), ("C", 1200, 1400, 5), ("D", 0, 1400, 0)
    )
    options = ("--cutter", "grbl-servo", "-o", tmp_path / "m.gcode", "--registration", marks)
    ran = cutkit("cut", marker_file, *options)
    assert (ran.code, (tmp_path / "m.gcode").exists()) == (3, False)
    assert "marks.csv, line 4: the marks contradict one another" in ran.err
    assert "without mark C the others agree" in ran.err
    assert cutkit("cut", marker_file, *options, "--registration-tolerance", "2mm").code == 0
    assert cutkit("cut", marker_file, *options, "--registration-tolerance", "2").code == 2
    assert cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", marks, "--registration", marks).code == 2


def test_a_marker_wider_than_the_table_is_refused(cutkit, tmp_path):
    path = one_box(tmp_path, 100, 300)
    ran = cutkit("cut", path, "--cutter", "hpgl-7475", "-o", tmp_path / "m.plt")
    assert ran.code == 4
    assert "along the width of the table, which takes 27.5 cm" in ran.err


def test_numbers_too_short_for_the_marker_are_refused(cutkit, tmp_path):
    from importlib import resources

    text = (resources.files("cutkit") / "profiles" / "hpgl-7475.toml").read_text()
    (tmp_path / "long7475.toml").write_text(text.replace("length_mm = 402.0", "length_mm = 4000"))
    path = one_box(tmp_path, 816, 100)
    options = ("--cutter", tmp_path / "long7475.toml", "-o", tmp_path / "m.plt")
    ran = cutkit("cut", path, *options, "--windows", "off")
    assert ran.code == 4
    assert "x = 816.0 mm, 32797 units; the machine's numbers end at 32767 units" in ran.err
    assert cutkit("cut", path, *options).code == 0
    assert [file.name for file in sorted(tmp_path.glob("*.plt"))] == ["m-1.plt", "m-2.plt"]
    assert cutkit("cut", one_box(tmp_path, 815, 100), *options).code == 0
    assert (tmp_path / "m.plt").exists()


def test_an_empty_marker_is_refused(cutkit, tmp_path):
    path = tmp_path / "m.marker.json"
    path.write_text(marker_text(Marker(Fabric(100), (), (), NestSettings())))
    ran = cutkit("cut", path, "--cutter", "hpgl-generic", "-o", tmp_path / "m.plt")
    assert ran.code == 5
    assert not (tmp_path / "m.plt").exists()


def test_the_output_never_replaces_the_marker(cutkit, marker_file):
    before = marker_file.read_bytes()
    ran = cutkit("cut", marker_file, "--cutter", "hpgl-generic", "-o", marker_file)
    assert ran.code == 2
    assert marker_file.read_bytes() == before


def test_the_output_never_replaces_a_profile_of_ones_own(cutkit, marker_file, tmp_path):
    from importlib import resources

    profile = tmp_path / "mine"
    profile.write_text((resources.files("cutkit") / "profiles" / "hpgl-generic.toml").read_text())
    before = profile.read_bytes()
    assert cutkit("cut", marker_file, "--cutter", profile, "-o", profile).code == 2
    assert profile.read_bytes() == before


def test_a_missing_folder_is_an_io_error(cutkit, marker_file, tmp_path):
    ran = cutkit("cut", marker_file, "--cutter", "hpgl-generic", "-o", tmp_path / "none" / "m.plt")
    assert ran.code == 6
    assert "Traceback" not in ran.both


def test_missing_options_are_usage_errors(cutkit, marker_file, tmp_path):
    assert cutkit("cut", marker_file, "-o", tmp_path / "m.plt").code == 2
    assert cutkit("cut", marker_file, "--cutter", "hpgl-generic").code == 2
    ran = cutkit("cut", marker_file, "--cutter", "hpgl-generic", "--windows", "on", "-o", tmp_path / "m.plt")
    assert ran.code == 2


@pytest.mark.parametrize("cutter", PROFILES)
def test_a_small_marker_goes_through_every_profile_and_its_emulated_cutter(cutkit, tmp_path, cutter):
    path = tmp_path / "small.marker.json"
    star, pocket = (p for p in garments().pieces if p.id in ("star", "pocket-M"))
    places = (Placement("star", 1, 5, 5, 0), Placement("star", 1, 130, 5, 0), Placement("pocket-M", 1, 5, 200, 0, True))
    pieces = (star, replace(pocket, ordered_mirrored=1))
    write_marker(path, Marker(Fabric(270), pieces, places, NestSettings()))
    out = tmp_path / "small.cut"
    assert cutkit("cut", path, "--cutter", cutter, "-o", out).code == 0
    ran = cutkit("simulate", out, "--cutter", cutter, "--marker", path, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["violations"]) == (0, [])
    assert told["pieces"]["cut_once"] == 3
    assert told["worst_deviation_mm"] <= WORST_MM[cutter]


def test_a_marker_without_waste_is_cut_with_the_blade_turned_behind_it(cutkit, tmp_path):
    path = one_box(tmp_path, 300, 200)
    ran = cutkit("cut", path, "--cutter", "grbl-servo", "-o", tmp_path / "m.gcode")
    assert ran.code == 0
    assert "the cloth must reach to x = 309 mm" in " ".join(ran.err.split())
    assert "axis goes   x -0.6 to 307.8 mm, y -0.6 to 200.6 mm" in ran.out
    ran = cutkit("simulate", tmp_path / "m.gcode", "--cutter", "grbl-servo", "--marker", path)
    assert ran.code == 0, ran.both


@pytest.mark.parametrize(
    ("options", "judged"),
    [
        (("--notches", "after"), ("--notches", "after")),
        (("--bridges", "2", "--bridge", "2mm"), ("--bridges", "2", "--bridge", "2mm")),
        (("--order", "column"), ()),
        (("--order", "piece", "--notches", "with"), ("--notches", "with")),
    ],
)
def test_the_operators_choices_hold_for_cut_simulate_and_check(cutkit, marker_file, tmp_path, options, judged):
    out, plain = tmp_path / "m.gcode", tmp_path / "plain.gcode"
    machine = ("--cutter", "grbl-servo")
    assert cutkit("cut", marker_file, *machine, "-o", plain, "--quiet").code == 0
    assert cutkit("cut", marker_file, *machine, "-o", out, *options, "--quiet").code == 0
    assert out.read_bytes() != plain.read_bytes() or options[-1] == "with"
    assert cutkit("simulate", out, *machine, "--marker", marker_file, *judged).code == 0
    assert cutkit("check", marker_file, out, *machine, *judged).code == 0
    without = cutkit("check", marker_file, out, *machine)
    assert without.code == (5 if {"after", "--bridges"} & set(options) else 0)


def test_common_lines_and_what_they_save(cutkit, tmp_path):
    piece = OrderedPiece("half", "Half", "M", box(0, 0, 200, 100), 2)
    places = (Placement("half", 1, 0, 0, 0), Placement("half", 2, 0, 100, 0))
    path = tmp_path / "two.marker.json"
    write_marker(path, Marker(Fabric(200), (piece,), places, NestSettings()))
    job = (path, "--cutter", "grbl-servo", "--common-lines", "-o", tmp_path / "m.gcode")
    assert "0.20 m of common lines" in cutkit("cut", *job).out
    assert json.loads(cutkit("cut", *job, "--json").out)["common_mm"] == 200
    check = ("check", path, tmp_path / "m.gcode", "--cutter", "grbl-servo")
    assert (cutkit(*check, "--common-lines").code, cutkit(*check).code) == (0, 5)
    assert cutkit("cut", *job, "--no-common-lines", "--json").out.count('"common_mm": 0') == 1


@pytest.mark.parametrize("wrong", [("--bridges", "-1"), ("--bridge", "0mm"), ("--bridge", "2"), ("--notches", "never")])
def test_choices_that_cannot_be(cutkit, marker_file, tmp_path, wrong):
    ran = cutkit("cut", marker_file, "--cutter", "grbl-servo", "-o", tmp_path / "m.gcode", *wrong)
    assert (ran.code, (tmp_path / "m.gcode").exists()) == (2, False)


def test_blocks_are_cut_as_the_options_say(cutkit, tmp_path):
    marker = tmp_path / "m.marker.json"
    piece = OrderedPiece("p", "P", "M", box(10, 10, 110, 60), 1, block=box(0, 0, 120, 70), cut_block=True)
    write_marker(marker, Marker(Fabric(200), (piece,), (Placement("p", 1, 0, 0, 0),), NestSettings()))
    told = {}
    for blocks in ("ruled", "cut", "outline"):
        program = tmp_path / f"{blocks}.hpgl"
        ran = cutkit("cut", marker, "--cutter", "hpgl-7475", "--blocks", blocks, "-o", program, "--json", "--quiet")
        assert ran.code == 0, ran.err
        told[blocks] = json.loads(ran.out)
        same = ("simulate", program, "--cutter", "hpgl-7475", "--marker", marker)
        assert cutkit(*same, "--blocks", blocks).code == 0
        assert cutkit(*same, "--blocks", "outline" if blocks != "outline" else "ruled").code == 5
    x0, y0, x1, y1 = told["outline"]["bounds_mm"]
    assert (x0, y0) == pytest.approx((10, 10), abs=1)
    assert told["ruled"]["bounds_mm"] == told["cut"]["bounds_mm"]
    assert told["ruled"]["bounds_mm"][2:] == pytest.approx([x1 + 10, y1 + 10], abs=1)
