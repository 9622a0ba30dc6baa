"""``cutkit report`` and ``nest --pdf`` on the command line: figures, files, refusals."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace

import pytest
from conftest import REPOSITORY
from shapely.geometry import box

sys.path.insert(0, str(REPOSITORY / "tests" / "formats"))

from pdf_reader import read_pages, texts_of
from sample_markers import marker_of

from cutkit.formats.marker import write_marker
from cutkit.model import Fabric, Marker, Match, NestSettings, OrderedPiece, Placement, Repeat
from cutkit.splices import mean_splice_mm

FACTORS = """[co2e]
value = 12.5
unit = "kg/kg"
citation = "EPD 1234"
[water]
value = 40
unit = "l/m2"
citation = "ISO 14046 study"
"""


@pytest.fixture
def shirt(tmp_path):
    path = tmp_path / "shirt.marker.json"
    write_marker(path, marker_of(["S", "M"]))
    return path


@pytest.fixture
def factors(tmp_path):
    path = tmp_path / "factors.toml"
    path.write_text(FACTORS)
    return path


def told(ran) -> dict:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_the_figures_of_a_spread(cutkit, shirt, factors):
    marker = marker_of(["S", "M"])
    report = told(
        cutkit(
            *("report", shirt, "--json", "--plies", 10, "--end-allowance", "4cm", "--price", 6.5, "--currency", "EUR"),
            *("--weight", 140, "--factors", factors),
        )
    )
    (row,) = report["markers"]
    issued = 10 * (marker.length_mm + 40)
    assert report["schema"] == "cutkit.report/1"
    assert row["issued_mm"] == pytest.approx(issued)
    assert row["garments"] == 20
    assert row["issued_per_garment_mm"] == pytest.approx(issued / 20)
    assert row["costs"]["money"] == pytest.approx(issued / 1000 * 6.5)
    assert row["costs"]["money_per_garment"] == pytest.approx(issued / 1000 * 6.5 / 20)
    waste_m2 = (issued * 1500 - 10 * marker.placed_area_mm2) / 1e6
    assert row["costs"]["waste_kg"] == pytest.approx(waste_m2 * 0.14)
    assert row["costs"]["waste_co2e_kg"] == pytest.approx(waste_m2 * 0.14 * 12.5)
    assert row["costs"]["waste_water_l"] == pytest.approx(waste_m2 * 40)
    parts = [
        value
        for key, value in row["balance"].items()
        if key.endswith("_mm2") and key not in ("issued_mm2", "error_mm2")
    ]
    assert sum(parts) == pytest.approx(row["balance"]["issued_mm2"], abs=1.0)
    assert row["utilisation"] == pytest.approx(10 * marker.placed_area_mm2 / (issued * 1500))
    assert row["efficiency"] == pytest.approx(marker.efficiency)
    assert [f["citation"] for f in report["factors"]["co2e"]] == ["EPD 1234"]


def test_orders_are_sums_of_their_markers(cutkit, shirt, tmp_path):
    write_marker(tmp_path / "more.marker.json", marker_of(["L"]))
    report = told(cutkit("report", tmp_path, "--json", "--order", "week 48"))
    assert [order["name"] for order in report["orders"]] == ["week 48"]
    for key in ("issued_mm", "garments"):
        assert report["orders"][0][key] == pytest.approx(sum(row[key] for row in report["markers"]))
    assert report["total"]["balance"]["pieces_mm2"] == pytest.approx(
        sum(row["balance"]["pieces_mm2"] for row in report["markers"])
    )


def test_the_table_keeps_to_80_columns(cutkit, shirt, factors, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ran = cutkit(
        *("report", shirt, "--weight", 140, "--factors", factors, "--price", 6.5, "--currency", "EUR", "--plies", 20)
    )
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "Utili-" in ran.out
    assert "Between pieces" in ran.out


def test_csv_has_a_row_for_each_marker_order_and_the_total(cutkit, shirt, tmp_path):
    out = tmp_path / "report.csv"
    assert cutkit("report", shirt, "--csv", out).code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_bytes().decode())))
    assert [row["row"] for row in rows] == ["marker", "order", "total"]
    for row in rows:
        parts = (
            "pieces",
            "between",
            "cutouts",
            "edges",
            "marker_ends",
            "selvedges",
            "end_allowance",
            "splices",
            "flaws",
        )
        assert sum(float(row[f"{part}_mm2"]) for part in parts) == pytest.approx(float(row["issued_mm2"]), abs=1.0)


def test_html_and_pdf_are_written_and_never_over_the_marker(cutkit, shirt, tmp_path):
    html, pdf = tmp_path / "r.html", tmp_path / "r.pdf"
    assert cutkit("report", shirt, "--html", html, "--pdf", pdf).code == 0
    assert html.read_text().startswith("<!DOCTYPE html>")
    assert "Where the cloth went" in texts_of(pdf.read_bytes())[0]
    before = shirt.read_bytes()
    assert cutkit("report", shirt, "--html", shirt).code == 2
    assert cutkit("report", shirt, "--html", html, "--csv", html).code == 2
    assert shirt.read_bytes() == before


def test_the_rules_that_hold_are_stated(cutkit, shirt, tmp_path):
    """The terminal's table, the JSON and the page say the same; nothing is said of rules on plain cloth."""
    matched = OrderedPiece("F", "F", "M", box(0, 0, 100, 50), 1, matches=(Match("cf", (0.0, 0.0), at_mm=(9.75, 0.0)),))
    fabric = Fabric(200.0, repeat=Repeat(60.0, None))
    marker = Marker(fabric, (matched,), (Placement("F", 1, 10.0, 0.0, 0.0),), NestSettings())
    checked, plain = tmp_path / "checked.marker.json", tmp_path / "plain.marker.json"
    write_marker(checked, marker)
    write_marker(plain, replace(marker, fabric=Fabric(200.0)))
    page = tmp_path / "r.html"
    told_so = cutkit("report", checked, "--html", page).out
    (line,) = [" ".join(line.split()) for line in told_so.splitlines() if line.startswith("match ")]
    assert line == "match 1 point, repeat 60 x plain mm worst residual 0.250 mm 0.5 F (1)"
    assert "Rules of cloth" in page.read_text(encoding="utf-8")
    assert "0.250 mm" in page.read_text(encoding="utf-8")
    (row,) = told(cutkit("report", checked, "--json"))["markers"]
    assert [(rule["rule"], rule["worst"]) for rule in row["rules"]] == [("match", 0.25)]
    assert [(match["match"], match["along_mm"]) for match in row["matches"]] == [("cf", 0.25)]
    assert "Rule" not in cutkit("report", plain, "--html", page).out
    assert "Rules of cloth" not in page.read_text(encoding="utf-8")
    (row,) = told(cutkit("report", plain, "--json"))["markers"]
    assert (row["rules"], row["matches"]) == ([], [])


def test_the_time_on_a_cutter_and_what_is_beyond_it(cutkit, shirt):
    report = told(cutkit("report", shirt, "--json", "--cutter", "hpgl-generic"))
    assert report["markers"][0]["cut_s"] > 60
    assert report["total"]["cut_s"] == report["markers"][0]["cut_s"]
    beyond = cutkit("report", shirt, "--json", "--cutter", "hpgl-redsail")
    assert told(beyond)["markers"][0]["cut_s"] is None
    assert "no time" in beyond.err


def test_a_splice_takes_what_the_pieces_need_unless_it_is_told(cutkit, shirt):
    marker = marker_of(["S", "M"])
    free = told(cutkit("report", shirt, "--json", "--plies", 3, "--splices", 2))["markers"][0]["balance"]
    assert mean_splice_mm(marker) > 0
    assert free["splices_mm2"] == pytest.approx(2 * mean_splice_mm(marker) * marker.fabric.width_mm, rel=1e-6)
    given = told(cutkit("report", shirt, "--json", "--splices", 2, "--splice", "5cm"))["markers"][0]["balance"]
    assert given["splices_mm2"] == pytest.approx(2 * 50 * marker.fabric.width_mm)


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--issued", "10cm"], 2, "issued"),
        (["--price", "nan"], 2, "price"),
        (["--end-allowance", "-1mm"], 2, "end-allowance"),
        (["--cutter", "nobody"], 2, "nobody"),
        (["--factors", "nowhere.toml"], 3, "nowhere.toml"),
    ],
)
def test_refusals(cutkit, shirt, options, code, word):
    ran = cutkit("report", shirt, *options)
    assert ran.code == code
    assert word in ran.err


@pytest.mark.parametrize(
    "text",
    [
        '[co2e]\nvalue = 1\nunit = "kg/kg"\ncitation = " "\n',
        '[co2e]\nvalue = -1\nunit = "kg/kg"\ncitation = "x"\n',
        '[co2e]\nvalue = 1\nunit = "lb/kg"\ncitation = "x"\n',
        '[co2e]\nvalue = 1\nunit = "kg/kg"\n',
        "[energy]\nvalue = 1\n",
        "[co2e",
    ],
)
def test_factors_without_a_source_are_refused(cutkit, shirt, tmp_path, text):
    (tmp_path / "f.toml").write_text(text)
    ran = cutkit("report", shirt, "--weight", "140", "--factors", tmp_path / "f.toml")
    assert ran.code == 3
    assert "f.toml" in ran.err


def test_a_factor_of_weight_needs_a_weight(cutkit, shirt, factors):
    ran = cutkit("report", shirt, "--factors", factors)
    assert ran.code == 2
    assert "--weight" in ran.err


SPREADS = """marker;order;due;plies;end allowance;issued;price
shirt;week 48;2026-12-01;20;4cm;;6.50
more.marker.json;week 49;2026-12-08;;;9m;
gone;;;1;;;
"""


def test_each_marker_has_its_own_spread(cutkit, shirt, tmp_path):
    write_marker(tmp_path / "more.marker.json", marker_of(["L"]))
    (tmp_path / "spreads.csv").write_text(SPREADS)
    ran = cutkit("report", tmp_path, "--json", "--plies", 3, "--price", 5, "--spreads", tmp_path / "spreads.csv")
    more, shirt_row = told(ran)["markers"]
    assert "'gone'" in ran.err
    assert (shirt_row["plies"], shirt_row["order"], shirt_row["due"]) == (20, "week 48", "2026-12-01")
    assert shirt_row["issued_mm"] == pytest.approx(20 * (shirt_row["length_mm"] + 40))
    assert shirt_row["costs"]["money"] == pytest.approx(shirt_row["issued_mm"] / 1000 * 6.5)
    assert (more["plies"], more["order"], more["issued_mm"]) == (3, "week 49", 9000)
    assert more["costs"]["money"] == pytest.approx(9 * 5)
    assert [order["name"] for order in told(ran)["orders"]] == ["week 48", "week 49"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("marker,plys\nshirt,2\n", "plies"),
        ("marker,plies\nshirt,0\n", "line 2"),
        ("marker,issued\nshirt,90\n", "unit"),
        ("marker,price\nshirt,nan\n", "price"),
        ("marker,plies\nshirt,2\nshirt.marker.json,3\n", "twice"),
        ("plies\n2\n", "marker"),
        ("marker,plies\nshirt,2,3\n", "cells"),
    ],
)
def test_a_wrong_table_of_spreads_is_refused_with_its_place(cutkit, shirt, tmp_path, text, word):
    (tmp_path / "s.csv").write_text(text)
    ran = cutkit("report", shirt, "--spreads", tmp_path / "s.csv")
    assert ran.code == 3
    assert word in ran.err
    assert "s.csv" in ran.err


def test_an_invalid_marker_has_no_report(cutkit, shirt):
    text = json.loads(shirt.read_text())
    text["placements"][1] |= {key: text["placements"][0][key] for key in ("x_mm", "y_mm")}
    shirt.write_text(json.dumps(text))
    assert cutkit("report", shirt).code == 5
    assert cutkit("report", shirt.parent / "nothing.marker.json").code == 3
    (shirt.parent / "empty").mkdir()
    assert cutkit("report", shirt.parent / "empty").code == 3


@pytest.mark.parametrize("page", ["roll", "a4", "a0"])
def test_nest_writes_a_pdf_at_full_size(cutkit, tmp_path, page):
    item = {"id": 1, "demand": 2, "shape": {"type": "simple_polygon", "data": [[0, 0], [300, 0], [300, 200], [0, 200]]}}
    instance = tmp_path / "two.json"
    instance.write_text(json.dumps({"name": "two", "strip_height": 420, "items": [item]}))
    out = tmp_path / "m.pdf"
    ran = cutkit(
        *(
            "nest",
            instance,
            "--rounds",
            1,
            "--quiet",
            "--pdf",
            out,
            "--pdf-page",
            page,
            "-o",
            tmp_path / "m.marker.json",
        )
    )
    assert ran.code == 0, ran.err
    pages = read_pages(out.read_bytes())
    if page == "roll":
        assert pages[1].height_mm == pytest.approx(420 + 20, abs=0.1)
    else:
        assert {round(side) for side in (pages[1].width_mm, pages[1].height_mm)} == {
            "a4": {210, 297},
            "a0": {841, 1189},
        }[page]
