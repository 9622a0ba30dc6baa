"""``nest`` over several markers, on rolls, in sections: files, figures, refusals."""

from __future__ import annotations

import json
import shutil

import pytest
from drafts import PATTERNS
from jobs_for_tests import write_instance

from cutkit.formats.marker import read_valid_marker
from cutkit.formats.rolls import parse_rolls

ROLLS = """roll,width,length,kind,x0,y0,x1,y1
R1,150cm,9m,roll,40cm,30cm,45cm,40cm
R1,,,,2m,1m,2.1m,1.2m
bit,140cm,90cm,remnant,10cm,0mm,12cm,5cm
"""


@pytest.fixture
def nest(tmp_path, cutkit, monkeypatch):
    """Nest totes into m.marker.json, by rounds; what comes back is how it ran, and its JSON where that went well."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(PATTERNS / "tote.dxf", tmp_path)
    (tmp_path / "rolls.csv").write_text(ROLLS)

    def call(*options, order="M=3,L=1", loud=False):
        args = ("--order", order, "--rounds", 1, "--workers", 1, "--json", *options, "-o", "m.marker.json")
        args = args if loud else (*args, "--quiet")
        ran = cutkit("nest", "tote.dxf", *args)
        return ran, json.loads(ran.out) if ran.out else None

    return call


def test_an_order_beyond_the_limit_takes_several_markers(nest, tmp_path):
    ran, found = nest("--width", "150cm", "--max-length", "110cm")
    assert ran.code == 0, ran.err
    paths = [row["path"] for row in found["markers"]]
    assert paths == [f"m-{n}.marker.json" for n in range(1, len(paths) + 1)]
    assert len(paths) == 2
    markers = [read_valid_marker(path) for path in paths]
    assert all(marker.length_mm <= 1100.001 for marker in markers)
    assert sum(row["garments"] for row in found["markers"]) == 4
    assert not (tmp_path / "m.marker.json").exists()
    assert [row["length_mm"] for row in found["markers"]] == [marker.length_mm for marker in markers]


def test_no_start_is_told_where_none_was_given(nest):
    ran = nest("--rolls", "rolls.csv", loud=True)[0]
    assert ran.code == 0, ran.err
    assert "start-" not in ran.err


def test_parted_garments_are_counted_once_in_the_total(nest, cutkit):
    limit = ("--width", "150cm", "--max-length", "100cm", "--part-garments")
    ran, found = nest(*limit, order="M=3")
    assert ran.code == 0, ran.err
    assert sum(row["garments"] for row in found["markers"]) > 3
    table = cutkit("nest", "tote.dxf", *limit, "--order", "M=3", "--rounds", 1, "-o", "m.marker.json").out
    (total,) = [line for line in table.splitlines() if line.startswith("Total")]
    assert " 18/18 " in total
    assert total.split("18/18")[1].split()[0] == "3"


def test_an_order_within_the_limit_keeps_its_name(nest):
    ran, found = nest("--width", "150cm", "--max-length", "9m", order="M=1")
    assert ran.code == 0, ran.err
    assert [row["path"] for row in found["markers"]] == ["m.marker.json"]


def test_rolls_and_what_is_left_of_them(nest, tmp_path, cutkit):
    ran, found = nest("--rolls", "rolls.csv", "--selvedge", "1cm", "--margin-start", "1cm", "--margin-end", "2cm")
    assert ran.code == 0, ran.err
    paths = [row["path"] for row in found["markers"]]
    assert [row["stretch"]["roll"] for row in found["markers"]] == ["bit", "R1"]
    assert [entry["markers"][0]["path"] for entry in found["rolls"]] == [paths[1], paths[0]]
    marker = read_valid_marker(paths[1])
    assert (marker.stretch.roll, marker.stretch.from_mm) == ("R1", 0.0)
    # From the selvedge, and behind the margin: 40 cm along less 1, 30 cm across less 1.
    assert marker.fabric.defects[0].box_mm == pytest.approx((390.0, 290.0, 440.0, 390.0))
    assert [file.path for file in marker.inputs] == ["tote.dxf", "rolls.csv"]
    left = {roll.name: roll for roll in parse_rolls((tmp_path / "m-remnants.csv").read_bytes(), "m-remnants.csv")}
    assert {roll.kind for roll in left.values()} == {"remnant"}
    assert left["R1"].length_mm == pytest.approx(9000 - marker.stretch.to_mm, abs=1e-5)
    told = json.loads((tmp_path / "m-remnants.json").read_text())
    assert told["schema"] == "cutkit.rolls/1"
    assert told["rolls"] == found["rolls"]
    assert [roll["roll"] for roll in told["remnants"]] == list(left)
    report = json.loads(cutkit("report", *paths, "--json").out)["total"]["balance"]
    assert report["closes"]
    assert abs(report["error_mm2"]) <= 1.0
    assert report["issued_mm2"] == pytest.approx(9000 * 1500 + 900 * 1400, abs=1.0)
    assert report["flaws_mm2"] > 0
    remnants = sum(roll.length_mm * roll.width_mm for roll in left.values())
    assert report["remnants_mm2"] == pytest.approx(remnants, abs=1.0)
    again, _ = nest("--rolls", "m-remnants.csv", order="M=1")
    assert again.code == 2, "it would write over what it reads"
    assert "replace an input" in again.err


def test_where_the_cloth_does_not_suffice(nest, tmp_path):
    (tmp_path / "rolls.csv").write_text("roll,width,length\nR,150cm,95cm\n")
    ran, found = nest("--rolls", "rolls.csv", order="M=4")
    assert ran.code == 4
    assert "no cloth is left" in ran.err
    assert found["markers"][0]["pieces"]["unplaced"] > 0
    assert (tmp_path / "m-remnants.csv").exists()


def test_the_rolls_as_a_table(nest, cutkit):
    ran = cutkit("nest", "tote.dxf", "--rolls", "rolls.csv", "--order", "M=1", "--rounds", 1, "-o", "m.marker.json")
    assert ran.code == 0, ran.err
    assert [line.split()[:2] for line in ran.out.splitlines() if "cm" not in line][-2:] == [
        ["R1", "roll"],
        ["bit", "remnant"],
    ]


def test_sections_and_span(nest):
    ran, found = nest("--width", "150cm", "--sections", "straight", "--section-size", "2")
    assert ran.code == 0, ran.err
    marker = read_valid_marker("m.marker.json")
    assert found["markers"][0]["garments"] == 4
    spans = {}
    for placement, polygon in zip(marker.placements, marker.polygons, strict=True):
        a, b = spans.get(placement.bundle, polygon.bounds[::2])
        spans[placement.bundle] = min(a, polygon.bounds[0]), max(b, polygon.bounds[2])
    ends = [b for _, b in spans.values()]
    assert any(
        sum(b <= end + 1e-6 for b in ends) == 2 and all(b <= end + 1e-6 or a >= end - 1e-6 for a, b in spans.values())
        for end in ends
    )
    ran, _ = nest("--width", "150cm", "--span", "80cm", order="M=2")
    assert ran.code == 0, ran.err
    assert read_valid_marker("m.marker.json").settings.bundle_span_mm == 800.0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--width", "150cm", "--section-size", "2"], "--sections"),
        (["--width", "150cm", "--span", "0mm"], "--span"),
        (["--rolls", "rolls.csv", "--order-plies", "3"], "several plies"),
        (["--rolls", "nowhere.csv"], "nowhere.csv"),
        (["--width", "150cm", "--part-garments", "--garments-per-marker", "1"], "whole garments"),
    ],
)
def test_what_does_not_go_together(nest, options, word):
    ran, _ = nest(*options)
    assert ran.code in (2, 3)
    assert word in ran.err


def test_rolls_beside_an_instance(tmp_path, cutkit, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rolls.csv").write_text(ROLLS)
    ran = cutkit("nest", write_instance(tmp_path / "a.json", 3), "--rolls", "rolls.csv", "-o", "m.marker.json")
    assert ran.code == 2
    assert "--rolls does not go" in ran.err


def test_rolls_of_unknown_material_for_an_order_of_several(tmp_path, cutkit, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rolls.csv").write_text(ROLLS)
    ran = cutkit("nest", PATTERNS / "hoodie.dxf", "--rolls", "rolls.csv", "--rounds", 1, "-o", "m.marker.json")
    assert ran.code == 2
    assert "whose are the rolls" in ran.err
