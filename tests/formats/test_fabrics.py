"""Fabric files: every key, its unit, and what is refused with file, line and key."""

from __future__ import annotations

import pytest
from conftest import REPOSITORY

from cutkit.errors import InputError
from cutkit.formats.fabrics import FABRIC_KEYS, parse_fabric
from cutkit.model import Defect, Repeat, Zone

WHOLE = """
name = "Denim 12oz"
width = "150cm"
selvedge_low = "1cm"
selvedge_high = "12mm"
margin_start = "2cm"
margin_end = "3cm"
gap = "2mm"
max_length = "6m"
span = "2m"
rolls = "rolls.csv"
tilt = "1.5deg"
nap = "one-way"
spread = "face-to-face"
face = false
repeat = {along = "60mm", across = "8cm", offset = ["5mm", "-1cm"], angle = "2deg"}
zones = [{name = "left", from = "0mm", to = "50cm"}]
flaws = [{from = ["1m", "10cm"], to = ["1.1m", "12cm"], allows = ["B", "C"]}]
qualities = ["A", "B", "C"]
shrinkage = {warp = "3%", weft = "1.5%"}
weight = "400g/m2"
price = "9,80/m"
"""


def said(text):
    return {key: each.value for key, each in parse_fabric(text.encode(), "a.toml").items()}


def test_every_key():
    assert said(WHOLE) == {
        "name": "Denim 12oz",
        "width": 1500.0,
        "selvedge_low": 10.0,
        "selvedge_high": 12.0,
        "margin_start": 20.0,
        "margin_end": 30.0,
        "gap": 2.0,
        "max_length": 6000.0,
        "span": 2000.0,
        "rolls": "rolls.csv",
        "tilt": 1.5,
        "nap": "one-way",
        "spread": "face-to-face",
        "face": False,
        "repeat": Repeat(60.0, 80.0, 5.0, -10.0, 2.0),
        "zones": (Zone("left", 0.0, 500.0),),
        "flaws": (Defect((1000.0, 100.0, 1100.0, 120.0), ("B", "C")),),
        "qualities": ("A", "B", "C"),
        "shrinkage": (0.03, 0.015),
        "weight": 400.0,
        "price": 9.8,
    }


def test_the_lines_of_the_keys():
    found = parse_fabric(WHOLE.encode(), "a.toml")
    assert (found["name"].where, found["price"].where) == ("a.toml, line 2", "a.toml, line 22")


def test_a_selvedge_is_that_of_both_edges_unless_one_has_its_own():
    assert said('selvedge = "1cm"\n') == {"selvedge_low": 10.0, "selvedge_high": 10.0}
    assert said('selvedge_high = "5mm"\nselvedge = "1cm"\n') == {"selvedge_low": 10.0, "selvedge_high": 5.0}


def test_other_units():
    assert said('weight = "10 oz/yd2"')["weight"] == pytest.approx(339.06, abs=0.01)
    assert said('price = "9.144/yd"')["price"] == pytest.approx(10.0)
    assert said("tilt = 2")["tilt"] == 2.0
    assert said('shrinkage = {weft = "-4%"}')["shrinkage"] == (0.0, -0.04)


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ('widht = "150cm"', "widht", "Did you mean 'width'"),
        ('width = "150"', "width", "has no unit"),
        ("width = 150", "width", "expected str, got int"),
        ('width = "0mm"', "width", "must be above 0"),
        ('gap = "-1mm"', "gap", "must not be negative"),
        ('nap = "oneway"', "nap", "Did you mean 'one-way'"),
        ('spread = "tube"', "spread", "known are face-up"),
        ('tilt = "200deg"', "tilt", "not from 0 to 180"),
        ('repeat = {alonk = "1cm"}', "repeat", "alonk: the key is unknown. Did you mean 'along'"),
        ("repeat = {}", "repeat", "neither along nor across"),
        ('repeat = {along = "0.01mm"}', "repeat", "finer than 0.1 mm"),
        ('repeat = {along = "1cm", offset = ["1cm"]}', "repeat", "two lengths"),
        ('zones = [{name = "a", from = "2cm", to = "1cm"}]', "zones", "'a' ends before it begins"),
        ('zones = [{name = "a", to = "1cm"}]', "zones", "from is missing"),
        ('zones = [{name="a",from="0m",to="1m"},{name="A",from="1m",to="2m"}]', "zones", "one name"),
        ('flaws = [{from = ["2cm", "1cm"], to = ["1cm", "2cm"]}]', "flaws", "ends before it begins"),
        ('shrinkage = {warp = "60%"}', "shrinkage", "'60%' is not from"),
        ('shrinkage = {warp = "0.02"}', "shrinkage", "has no unit"),
        ('weight = "180"', "weight", "write it like 180g/m2"),
        ('price = "7.50"', "price", "write it like 7.50/m"),
    ],
)
def test_what_is_refused_names_file_line_and_key(text, key, says):
    with pytest.raises(InputError) as caught:
        parse_fabric(f'name = "x"\n{text}\n'.encode(), "a.toml")
    assert str(caught.value).startswith(f"a.toml, line 2: key '{key}': ")
    assert says in str(caught.value)


def test_every_key_is_explained():
    text = (REPOSITORY / "docs" / "fabrics.md").read_text()
    assert [key for key in FABRIC_KEYS if f"| `{key}` |" not in text] == []


@pytest.mark.parametrize("path", sorted((REPOSITORY / "patterns" / "fabrics").glob("*.toml")), ids=lambda p: p.stem)
def test_every_fabric_in_the_repository_can_be_read(path):
    found = parse_fabric(path.read_bytes(), path.name)
    assert {"name", "width", "nap"} <= found.keys()
