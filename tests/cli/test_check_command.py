"""``cutkit check``: what it prints, and its exit codes."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from builders import make_marker, rectangle

from cutkit.formats.marker import marker_to_json, write_marker
from cutkit.model import Fabric, Match, OrderedPiece, Placement, Repeat, Unplaced, Zone

PIECE = OrderedPiece("FRONT-M", "FRONT", "M", rectangle(100, 50), 2)


@pytest.fixture
def marker_file(tmp_path):
    """Write a marker of two rectangles, the second where it is told, past the referee; its JSON may be edited."""

    def write(x: float = 100.0, *, unplaced=(), edit=None):
        places = [Placement("FRONT-M", 1, 0.0, 0.0, 0.0), Placement("FRONT-M", 2, x, 0.0, 0.0)][: 2 - len(unplaced)]
        value = marker_to_json(make_marker([PIECE], places, unplaced=tuple(unplaced)))
        if edit:
            edit(value)
        path = tmp_path / "m.marker.json"
        path.write_text(json.dumps(value))
        return path

    return write


def test_a_valid_marker(cutkit, marker_file):
    path = marker_file()
    ran = cutkit("check", path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{path}: valid; 2 pieces of 2 garments, 20.0 cm long on 20.0 cm, efficiency 25.00 %\n"


def test_pieces_that_overlap(cutkit, marker_file):
    ran = cutkit("check", marker_file(90.0))
    assert (ran.code, ran.err) == (5, "")
    first, last = ran.out.splitlines()
    assert first.startswith("overlap: FRONT-M (placement 0, bundle 1) and FRONT-M (placement 1, bundle 2) overlap")
    assert ": 1 fault; 2 pieces" in last


def test_unplaced_pieces_are_told(cutkit, marker_file):
    ran = cutkit("check", marker_file(unplaced=[Unplaced("FRONT-M", 1, "longer than the limit")]))
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "unplaced: 1 of FRONT-M: longer than the limit"


@pytest.mark.parametrize(("x", "code"), [(100.0, 0), (90.0, 5)])
def test_json(cutkit, marker_file, x, code):
    path = marker_file(x)
    ran = cutkit("check", path, "--json")
    got = json.loads(ran.out)
    assert (ran.code, ran.err, got["ok"]) == (code, "", code == 0)
    assert got["schema"] == "cutkit.check/1"
    assert got["pieces"] == {"ordered": 2, "placed": 2, "unplaced": 0}
    assert [f["code"] for f in got["faults"]] == ([] if code == 0 else ["overlap"])
    assert all(f["placements"] == [0, 1] for f in got["faults"])


def test_a_stated_length_that_is_not_true(cutkit, marker_file):
    ran = cutkit("check", marker_file(edit=lambda value: value.update(length_mm=180.0)))
    assert ran.code == 5
    assert "stated-length" in ran.out


def test_a_marker_from_a_newer_version(cutkit, marker_file):
    ran = cutkit("check", marker_file(edit=lambda value: value.update(schema="cutkit.marker/2")))
    assert (ran.code, ran.out) == (3, "")
    assert "version 2" in ran.err


def test_a_missing_file(cutkit, tmp_path):
    ran = cutkit("check", tmp_path / "none.marker.json")
    assert (ran.code, ran.out) == (3, "")
    assert "no such file" in ran.err


@pytest.fixture
def ruled_file(tmp_path):
    """A marker on checked cloth: a front, and a pocket that matches it but for 0.3 mm along and 0.2 mm across."""
    front = OrderedPiece("FRONT-M", "FRONT", "M", rectangle(100, 50), 1, matches=(Match("hem", (0.0, 0.0), "pocket"),))
    cloth = Match("stripe", (0.0, 0.0), at_mm=(0.0, 0.0), along=False)
    pocket = OrderedPiece(
        "POCKET-M", "POCKET", "M", rectangle(40, 40), 1, matches=(Match("top", (0.0, 0.0), "pocket"), cloth)
    )
    fabric = Fabric(200.0, zones=(Zone("left", 0.0, 160.0),), repeat=Repeat(60.0, 80.0), max_length_mm=180.0)
    pieces = [front, replace(pocket, zones=("left",), tilt_deg=2.0)]
    places = [Placement("FRONT-M", 1, 0.0, 0.0, 0.0), Placement("POCKET-M", 1, 120.3, 80.2, 0.0, locked=True)]
    path = tmp_path / "r.marker.json"
    write_marker(path, make_marker(pieces, places, fabric=fabric, gap_mm=3.0))
    return path


def test_the_rules_that_hold_are_shown_with_their_worst_figures(cutkit, ruled_file):
    ran = cutkit("check", ruled_file)
    assert (ran.code, ran.err) == (0, "")
    *table, blank, last = ran.out.splitlines()
    assert blank == ""
    assert last.startswith(f"{ruled_file}: valid; 2 pieces of 1 garment")
    cells = {line.split()[0]: [cell.strip() for cell in re.split("  +", line)] for line in table[2:]}
    assert cells["length"][:5] == ["length", "at most 180 mm", "length", "160.300 mm", "180"]
    assert cells["gap"] == ["gap", "at least 3 mm", "least distance", "36.389 mm", "3", "FRONT-M (1), POCKET-M (1)"]
    assert cells["grain"][1:4] == ["0, 180 deg, up to 2 deg off", "most off grain", "0.000 deg"]
    assert cells["zones"][1:4] == ["1 piece in zones", "least spare", "39.800 mm"]
    assert cells["match"][1:5] == ["3 points, repeat 60 x 80 mm", "worst residual", "0.361 mm", "0.5"]
    assert cells["locked"] == ["locked", "1 piece locked in place", "-", "-", "-", "POCKET-M (1)"]
    assert set(cells) == {"length", "gap", "grain", "zones", "match", "locked"}


def test_every_match_is_listed_where_it_is_asked_for(cutkit, ruled_file):
    ran = cutkit("check", ruled_file, "--matches")
    assert ran.code == 0
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "hem FRONT 1 pocket -0.300 -0.200" in lines
    assert "top POCKET 1 pocket +0.300 +0.200" in lines
    assert "stripe POCKET 1 the cloth - +0.200" in lines


def test_rules_and_matches_as_json(cutkit, ruled_file):
    got = json.loads(cutkit("check", ruled_file, "--json").out)
    rules = {rule["rule"]: rule for rule in got["rules"]}
    assert rules["gap"]["worst"] == pytest.approx(36.389, abs=1e-3)
    assert (rules["gap"]["limit"], rules["gap"]["unit"], rules["gap"]["placements"]) == (3.0, "mm", [0, 1])
    assert (rules["locked"]["worst"], rules["locked"]["unit"], rules["locked"]["figure"]) == (None, None, None)
    hem, top, stripe = got["matches"]
    assert (hem["match"], hem["group"], hem["partner"], hem["at_mm"]) == ("hem", "pocket", 1, [0.0, 0.0])
    assert top["along_mm"] == pytest.approx(0.3)
    assert (stripe["group"], stripe["along_mm"], stripe["partner"]) == (None, None, None)
    assert stripe["distance_mm"] == pytest.approx(0.2)


def test_the_rules_are_shown_beside_faults(cutkit, ruled_file):
    value = json.loads(ruled_file.read_text())
    value["placements"][1].update(x_mm=121.0, angle_deg=3.0)
    ruled_file.write_text(json.dumps(value))
    ran = cutkit("check", ruled_file)
    assert ran.code == 5
    assert "match: POCKET-M (placement 1, bundle 1): match top is 1.020 mm off FRONT-M (placement 0" in ran.out
    assert "angle: POCKET-M (placement 1, bundle 1) lies at 3 degrees; allowed: 0, 180, up to 2 off" in ran.out
    assert "1.020 mm" in next(line for line in ran.out.splitlines() if line.startswith("match  "))
    value["placements"][1]["piece"] = "LOST"
    ruled_file.write_text(json.dumps(value))
    assert "worst residual" not in cutkit("check", ruled_file).out


@pytest.fixture
def program(cutkit, marker_file):
    """A marker of two rectangles, and the program that cuts it."""
    marker = marker_file(150.0)
    path = marker.with_name("m.plt")
    assert cutkit("cut", marker, "--cutter", "hpgl-generic", "-o", path).code == 0
    return marker, path


def test_a_program_that_cuts_the_marker(cutkit, program):
    marker, path = program
    ran = cutkit("check", marker, path, "--cutter", "hpgl-generic")
    assert ran.code == 0, ran.both
    assert f"{path}: right on hpgl-generic; 2 of 2 pieces cut once, worst deviation 0.0" in ran.out


def test_a_program_with_a_stroke_left_out(cutkit, program):
    marker, path = program
    text = path.read_text()
    first, last = text.index("PD"), text.rindex("PD")
    path.write_text(text[:first] + text[last:] if text.count("PD") > 1 else text[:first])
    ran = cutkit("check", marker, path, "--cutter", "hpgl-generic", "--json")
    got = json.loads(ran.out)
    assert (ran.code, got["ok"], got["faults"]) == (5, False, [])
    assert "missed" in {violation["code"] for violation in got["program"]["violations"]}
    assert got["program"]["pieces"]["cut_once"] < 2
    assert "missed: " in cutkit("check", marker, path, "--cutter", "hpgl-generic").out


def test_a_program_is_not_judged_by_an_invalid_marker(cutkit, program, marker_file):
    _, path = program
    ran = cutkit("check", marker_file(90.0), path, "--cutter", "hpgl-generic")
    assert ran.code == 5
    assert "not judged" in ran.err
    assert cutkit("check", marker_file(90.0), path, "--cutter", "hpgl-generic", "--quiet").err == ""


@pytest.mark.parametrize("words", [["m.plt"], ["--cutter", "hpgl-generic"]])
def test_a_program_and_its_cutter_go_together(cutkit, marker_file, words):
    ran = cutkit("check", marker_file(), *words)
    assert (ran.code, ran.out) == (2, "")
    assert "go together" in ran.err


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_placement_of_no_known_piece(cutkit, marker_file, words):
    ran = cutkit("check", marker_file(edit=lambda v: v["placements"][0].update(piece="SLEEVE")), *words)
    assert (ran.code, ran.err) == (5, "")
    assert "placement 0: unknown piece 'SLEEVE'" in ran.out
