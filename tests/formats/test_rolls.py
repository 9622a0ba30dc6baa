"""Rolls as files: CSV and TOML say the same, what is wrong is named with its line, what is written is read again."""

from __future__ import annotations

import numpy as np
import pytest

from cutkit.errors import InputError
from cutkit.formats.rolls import parse_rolls, roll_json, rolls_csv
from cutkit.model import Defect, Roll

CSV = b"""roll,width,length,kind,material,x0,y0,x1,y1,allows
R1,150cm,52m,roll,SHELL,3.2m,40cm,3.3m,45cm,
R1,,,,,17.5m,0cm,17.6m,12cm,B C
end bit,1480mm,2.4m,remnant
"""
TOML = b"""
[[roll]]
name = "R1"
width = "150cm"
length = "52m"
material = "SHELL"
flaws = [
  {from = ["3.2m", "40cm"], to = ["3.3m", "45cm"]},
  {from = ["17.5m", "0cm"], to = ["17.6m", "12cm"], allows = ["B", "C"]},
]

[[roll]]
name = "end bit"
width = "1480mm"
length = "2.4m"
kind = "remnant"
"""
ROLLS = (
    Roll(
        "R1",
        1500.0,
        52_000.0,
        flaws=(Defect((3200.0, 400.0, 3300.0, 450.0)), Defect((17_500.0, 0.0, 17_600.0, 120.0), ("B", "C"))),
        material="SHELL",
    ),
    Roll("end bit", 1480.0, 2400.0, "remnant"),
)


def about(roll: Roll) -> Roll:
    flaws = tuple(Defect(tuple(round(v, 6) for v in flaw.box_mm), flaw.allows) for flaw in roll.flaws)
    return Roll(roll.name, round(roll.width_mm, 6), round(roll.length_mm, 6), roll.kind, flaws, roll.material)


def test_both_forms_say_the_same():
    assert tuple(map(about, parse_rolls(CSV, "rolls.csv"))) == ROLLS
    assert tuple(map(about, parse_rolls(TOML, "rolls.toml"))) == ROLLS


def test_what_a_spreadsheet_makes_of_it():
    text = CSV.replace(b",", b";").replace(b"3.2m", b"3,2m").replace(b"\n", b"\r\n")
    assert tuple(map(about, parse_rolls(b"\xef\xbb\xbf" + text, "rolls.csv"))) == ROLLS


def test_what_is_written_is_read_again():
    rng = np.random.default_rng(3)
    rolls = []
    for k in range(40):
        width, length = rng.uniform(100, 3000), rng.uniform(1, 1e6)
        corners = rng.uniform(0, 0.4, 4) * (length, width, length, width)
        box = (*corners[:2], corners[0] + corners[2] + 1, corners[1] + corners[3] + 1)
        allows = tuple(rng.choice(["A", "B", "C"], int(rng.integers(0, 3)), replace=False).tolist())
        flaws = tuple(Defect(tuple(map(float, box)), allows) for _ in range(int(rng.integers(0, 3))))
        kind = "roll" if k % 2 else "remnant"
        rolls.append(about(Roll(f"roll, no. {k}", width, length, kind, flaws, "SHELL" if k % 3 else "")))
    again = parse_rolls(rolls_csv(rolls).encode(), "again.csv")
    assert tuple(map(about, again)) == tuple(rolls)


def test_as_json():
    assert roll_json(ROLLS[1]) == {
        "roll": "end bit",
        "width_mm": 1480.0,
        "length_mm": 2400.0,
        "kind": "remnant",
        "material": "",
        "flaws": [],
    }


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("roll,width\nR,1m\n", "line 1", "length"),
        ("roll,width,lenght\nR,1m,2m\n", "line 1", "length"),
        ("roll,width,length\nR,1m,2m\nQ,150,2m\n", "line 3", "unit"),
        ("roll,width,length\nR,1m\n", "line 2", "length is missing"),
        ("roll,width,length\nR,0m,2m\n", "line 2", "above 0"),
        ("roll,width,length,kind\nR,1m,2m,rol\n", "line 2", "Did you mean 'roll'"),
        ("roll,width,length\n,1m,2m\n", "line 2", "name"),
        ("roll,width,length\nR,1m,2m\nR,1m,3m\n", "line 3", "another length"),
        ("roll,width,length,x0,y0,x1,y1\nR,1m,2m,1cm,1cm,2cm\n", "line 2", "box"),
        ("roll,width,length,x0,y0,x1,y1\nR,1m,2m,3cm,1cm,2cm,2cm\n", "line 2", "before it begins"),
        ("roll,width,length,x0,y0,x1,y1\nR,1m,2m,3m,1cm,4m,2cm\n", "line 2", "beside the cloth"),
        ("roll,width,length,allows\nR,1m,2m,B\n", "line 2", "box"),
        ("roll,width,length\nR,1m,2m,extra\n", "line 2", "more cells"),
        ("roll,width,length\n", "rolls.csv", "no roll"),
        ("\n", "rolls.csv", "no roll"),
    ],
)
def test_what_is_wrong_in_a_table(text, place, word):
    with pytest.raises(InputError) as raised:
        parse_rolls(text.encode(), "rolls.csv")
    assert place in raised.value.where
    assert word in str(raised.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[[roll]]\nname = "R"\nwidth = "1m"\n', "length is missing"),
        ('[[roll]]\nname = "R"\nwidht = "1m"\nlength = "2m"\n', "Did you mean 'width'"),
        ('[[rolls]]\nname = "R"\n', "Did you mean 'roll'"),
        ('roll = "R"\n', "table [[roll]]"),
        ('[[roll]]\nname = "R"\nwidth = "1m"\nlength = "2m"\n' * 2, "told twice"),
        ('[[roll]]\nname = " "\nwidth = "1m"\nlength = "2m"\n', "empty"),
        ('[[roll]]\nname = "R"\nwidth = "1m"\nlength = "2m"\nflaws = [{from = ["1m"], to = ["2m"]}]\n', "two lengths"),
        ('[[roll]]\nname = "Q"\nwidth = "1m"\nlength = "2m"\n[[roll]]\nname = "R"\nwidth = 1\n', "width"),
        ("[[roll]\n", "not TOML"),
        ("", "no roll"),
    ],
)
def test_what_is_wrong_in_toml(text, word):
    with pytest.raises(InputError) as raised:
        parse_rolls(text.encode(), "rolls.toml")
    assert "rolls.toml" in raised.value.where
    assert word in str(raised.value)
