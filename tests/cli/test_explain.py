"""``cutkit explain`` on the command line: tables, JSON, the picture, refusals."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from conftest import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests" / "explain"))
sys.path.insert(0, str(REPOSITORY / "tests" / "formats"))

from explain_markers import wedges
from sample_markers import marker_of

from cutkit.formats.marker import write_marker
from cutkit.report.balance import ONE_PLY, balance_of

SHORT = ("--rounds", 1, "--seeds", 2, "--workers", 1)
RULES = ["nap", "grain", "face", "gap", "edges", "length"]


@pytest.fixture
def wedge_file(tmp_path):
    path = tmp_path / "wedges.marker.json"
    marker = wedges()
    write_marker(path, replace(marker, fabric=replace(marker.fabric, price_per_m=8.0)))
    return path


@pytest.fixture
def shirt(tmp_path):
    path = tmp_path / "shirt.marker.json"
    write_marker(path, marker_of(["S", "M"]))
    return path


@pytest.fixture
def no_search(monkeypatch):
    """Every search comes back at once with what it begins with."""
    from cutkit.explain import prices

    monkeypatch.setattr(prices, "nest", lambda *_args, start, **_more: start)


def told(ran) -> dict:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_every_rule_that_holds_has_its_price(cutkit, wedge_file, no_search):
    prices = told(cutkit("explain", wedge_file, *SHORT, "--json", "--quiet"))["prices"]
    assert [price["rule"] for price in prices["rules"]] == RULES
    assert [price["verdict"] for price in prices["rules"]] == [
        "costs" if name == "edges" else "nothing found"
        for name in RULES  # without margins 8 mm less are issued
    ]
    assert prices["rules"][RULES.index("edges")]["saved_mm_by_seed"] == pytest.approx([8.0, 8.0])


def test_what_a_price_is_made_of(cutkit, wedge_file):
    report = told(cutkit("explain", wedge_file, *SHORT, "--rule", "nap", "--rule", "gap", "--json", "--quiet"))
    prices = report["prices"]
    assert report["schema"] == "cutkit.explain/1"
    assert (prices["seeds"], prices["rounds"], prices["begin"]) == ([0, 1], 1, "anew and at the marker")
    nap = prices["rules"][0]
    kept = prices["kept"]["lengths_mm"]
    assert nap["saved_mm_by_seed"] == [pytest.approx(a - b) for a, b in zip(kept, nap["lengths_mm"], strict=True)]
    assert nap["saved_mm"] == pytest.approx(sum(nap["saved_mm_by_seed"]) / 2)
    assert nap["money"] == pytest.approx(8.0 * nap["saved_mm"] / 1000)
    assert nap["verdict"] == "costs"
    assert (nap["holds"], nap["relaxed_to"]) == ("one way", "two-way")
    assert prices["all_off"]["points"] > nap["points"]


def test_the_waste_is_told_whole(cutkit, shirt):
    marker = marker_of(["S", "M"])
    report = told(cutkit("explain", shirt, "--no-prices", "--json", "--holes", 3))
    waste = report["waste"]
    parts = balance_of(marker, ONE_PLY).parts
    wanted = sum(parts[part] for part in ("between", "cutouts", "edges", "marker_ends", "flaws"))
    assert waste["area_mm2"] == pytest.approx(wanted, abs=1.0)
    assert sum(waste["places_mm2"].values()) == pytest.approx(wanted, abs=1.0)
    assert sum(entry["area_mm2"] for entry in waste["between"]) == pytest.approx(wanted, abs=1.0)
    listed = [hole["area_mm2"] for hole in waste["holes"]]
    rest = waste["smaller_holes"]["area_mm2"] + waste["seams"]["area_mm2"]
    assert sum(listed) + rest == pytest.approx(wanted, abs=1.0)
    assert listed == sorted(listed, reverse=True)
    assert [hole["number"] for hole in waste["holes"]] == [1, 2, 3]
    assert sum(n["area_mm2"] for n in waste["holes"][0]["around"]) == pytest.approx(listed[0])
    assert report["prices"] is None


@pytest.mark.parametrize("more", [(), ("--price", 12, "--currency", "EUR")])
def test_the_tables_fit_eighty_columns(cutkit, wedge_file, no_search, monkeypatch, more):
    monkeypatch.setenv("COLUMNS", "80")
    ran = cutkit("explain", wedge_file, *SHORT, *more)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    for title in ("Nap", "Grain", "Not mirrored", "Gap", "Edges", "Length limit", "All off"):
        (row,) = [line for line in lines if line.startswith(title)]
        assert row.split()[-1] in ("costs", "noise", "found")
    assert any(line.startswith("Cloth issued") for line in lines)
    assert any("Waste between" in line for line in lines)
    assert "16 searches of 1 round" in ran.err


def test_only_the_rules_that_are_asked_for(cutkit, wedge_file):
    report = told(cutkit("explain", wedge_file, "--rounds", 1, "--seeds", 1, "--rule", "gap", "--anew", "--json"))
    assert [price["rule"] for price in report["prices"]["rules"]] == ["gap"]
    assert (report["prices"]["all_off"], report["prices"]["begin"]) == (None, "anew")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--rule", "flaws"), 2, "no rule 'flaws' holds"),
        (("--rule", "gasp"), 2, "Did you mean 'gap'?"),
        (("--time", "5s", "--rounds", 1), 2, "exclude each other"),
        (("--time", "0s"), 2, "--time must be above 0"),
        (("--no-prices", "--rounds", 1), 2, "makes no search"),
        (("--no-prices", "--rule", "gap"), 2, "makes no search"),
    ],
)
def test_what_does_not_go_together_is_refused(cutkit, wedge_file, options, code, says):
    ran = cutkit("explain", wedge_file, *options)
    assert (ran.code, says in ran.err) == (code, True), ran.err


def test_a_marker_with_faults_is_not_explained(cutkit, wedge_file):
    text = wedge_file.read_text()
    wedge_file.write_text(text.replace('"x_mm": 101.0', '"x_mm": 50.0'))
    ran = cutkit("explain", wedge_file, "--no-prices")
    assert ran.code == 5
    assert "overlap" in ran.err


def test_the_picture_never_replaces_the_marker(cutkit, wedge_file):
    assert cutkit("explain", wedge_file, "--no-prices", "--svg", wedge_file).code == 2
    assert json.loads(wedge_file.read_text())["schema"] == "cutkit.marker/1"


def test_the_picture_numbers_the_holes_of_the_list(cutkit, shirt, tmp_path):
    picture = tmp_path / "waste.svg"
    report = told(cutkit("explain", shirt, "--no-prices", "--json", "--holes", 5, "--svg", picture))
    root = ElementTree.fromstring(picture.read_text())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    numbers = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text") if e.get("class") == "number"]
    assert numbers == ["1", "2", "3", "4", "5"]
    for hole in report["waste"]["holes"]:
        assert any(text and re.fullmatch(rf"{hole['area_mm2'] / 100:.0f} cm²", text) for text in texts)


def test_an_interrupt_keeps_the_seeds_that_are_done(cutkit, wedge_file, monkeypatch):
    import os
    import signal

    from cutkit.explain import prices

    searches = []

    def nest(*_args, start, **_more):
        searches.append(1)
        if len(searches) == 6:  # with one round a search is one nest: the second of the second seed's four
            os.kill(os.getpid(), signal.SIGINT)
        return start

    monkeypatch.setattr(prices, "nest", nest)
    options = ("--rounds", 1, "--workers", 1, "--rule", "gap", "--rule", "nap", "--seeds", 3, "--json")
    ran = cutkit("explain", wedge_file, *options)
    assert ran.code == 130
    assert json.loads(ran.out)["prices"]["seeds"] == [0]
