"""Rules files: every key, the order of the tables, and what is refused."""

from __future__ import annotations

import pytest
from conftest import REPOSITORY

from cutkit.errors import InputError, UsageError
from cutkit.formats.rules import RULE_KEYS, cell_rules, parse_rule, parse_rules
from cutkit.rules import BlockRule, EdgeBuffer, MatchRule, PieceRules, PointName, Rule, TieRule, parse_edge

WHOLE = """
[nest]
gap = "1mm"
fabric = "denim"

[piece."FRONT*"]
nap = "ignore"
turns = "any"
tilt = "7deg"
tilt_steps = ["0deg", 2]
mirror = "forbidden"
pairs = true
quality = "A"
zones = ["left", "middle"]
buffer = "3mm"
buffer_edges = {"notch:1-notch:3" = "5mm", top = "1mm"}
block = "5mm"
allowance = "1cm"
fold = "never"
match = [
  {name = "cf", at = "layer:9:1", group = "front", along = true, across = false},
  {name = "hem", at = [10, "2cm"], phase = ["10mm", "0mm"]},
]
tie = {at = "corner:2", y = "4cm"}
priority = 3

[style."SHIRT"]
nap = "one-way"
"""


def rules(text):
    return parse_rules(text.encode(), "r.toml")


def test_every_key():
    found = rules(WHOLE)
    assert {key: (said.value, said.where) for key, said in found.cloth.items()} == {
        "gap": (1.0, "r.toml, line 3"),
        "fabric": ("denim", "r.toml, line 4"),
    }
    front = PieceRules(
        nap="ignore",
        turns="any",
        tilt_deg=7.0,
        tilt_steps_deg=(0.0, 2.0),
        mirror="forbidden",
        pairs=True,
        quality="A",
        zones=("left", "middle"),
        buffer_mm=3.0,
        edge_buffers=(EdgeBuffer(parse_edge("notch:1-notch:3"), 5.0), EdgeBuffer(parse_edge("top"), 1.0)),
        block=BlockRule(offset_mm=5.0),
        allowance_mm=10.0,
        fold="never",
        matches=(
            MatchRule("cf", PointName("layer", 1, "9"), "front", along=True, across=False),
            MatchRule("hem", (10.0, 20.0), phase_mm=(10.0, 0.0)),
        ),
        ties=(TieRule(PointName("corner", 2), y_mm=40.0),),
    )
    assert found.rules == (
        Rule("piece", "FRONT*", front, "r.toml, line 6", 3),
        Rule("style", "SHIRT", PieceRules(nap="one-way"), "r.toml, line 27"),
    )


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("12mm", BlockRule(offset_mm=12.0)),
        ("Box", BlockRule(box=True)),
        ("layer: 87", BlockRule(layer="87")),
        ("FRONT BLOCK", BlockRule(piece="FRONT BLOCK")),
    ],
)
def test_blocks(text, block):
    (rule,) = rules(f'[piece.A]\nblock = "{text}"\n').rules
    assert rule.rules.block == block


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('nop = "ignore"', 3, "[piece.\"A B\"], key 'nop': the key is unknown.\nDid you mean 'nap'"),
        ('turns = "quarters"', 3, "Did you mean 'quarter'"),
        ('tilt = "9deg"\nturns = "grain"', 3, "9 degrees off the grain"),
        ('match = {name = "a"}', 3, "at is missing"),
        ('match = {name = "a", at = "notch"}', 3, "'notch' is no point"),
        ('match = {name = "a", at = "notch:1", along = false, across = false}', 3, "neither along nor across"),
        ("tie = {at = [1, 2]}", 3, "along the cloth (x), across it (y), or both"),
        ('buffer_edges = {side = "1mm"}', 3, "'side' is no edge"),
        ('block = "-2mm"', 3, "must be above 0"),
        ('zones = [""]', 3, "an entry is empty"),
    ],
)
def test_what_is_wrong_with_a_rule_names_file_line_table_and_key(text, line, says):
    with pytest.raises(InputError) as caught:
        rules(f'\n[piece."A B"]\n{text}\n')
    assert str(caught.value).startswith(f'r.toml, line {line}: [piece."A B"], key ')
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[peice.A]\ntilt = 1\n", "'peice': the table is unknown\nDid you mean 'piece'"),
        ("gap = '1mm'\n", "r.toml, line 1: 'gap': the table is unknown"),
        ("piece = 3\n", "'piece': a table is meant"),
        ("[piece]\nA = 3\n", "r.toml, line 2: [piece], key 'A': a rule is a table of its own"),
        ("[nest]\ngpa = '1mm'\n", "r.toml, line 2: [nest], key 'gpa': the key is unknown.\nDid you mean 'gap'"),
    ],
)
def test_unknown_tables(text, says):
    with pytest.raises(InputError) as caught:
        rules(text)
    assert says in str(caught.value)


def test_a_piece_at_any_angle_is_not_held_by_the_tilt_of_the_cloth():
    (rule,) = rules('[piece.A]\nturns = "any"\n').rules
    assert rule.rules == PieceRules(turns="any", tilt_deg=180.0)


def test_a_rule_of_the_command_line():
    found = parse_rule('piece."COLLAR*".tilt="1deg"')
    assert found.rules == (Rule("piece", "COLLAR*", PieceRules(tilt_deg=1.0), '--rule piece."COLLAR*".tilt="1deg"'),)
    assert parse_rule('nest.margin_start="2cm"').cloth["margin_start"].value == 20.0


@pytest.mark.parametrize("text", ["tilt=1", 'piece.A.tlit="1deg"', "piece.A.tilt", "piece.A"])
def test_a_wrong_rule_of_the_command_line(text):
    with pytest.raises(UsageError) as caught:
        parse_rule(text)
    assert str(caught.value).startswith(f"--rule {text}: ")


def test_cells_of_an_order():
    cells = {"nap": "one-way", "tilt": "2deg", "pairs": "false", "zones": "left+right", "block": "box"}
    wanted = PieceRules(nap="one-way", tilt_deg=2.0, pairs=False, zones=("left", "right"), block=BlockRule(box=True))
    assert cell_rules("*", cells, "o.csv, line 2") == Rule("style", "*", wanted, "o.csv, line 2")
    with pytest.raises(InputError, match=r"o.csv, line 2: column 'nap': 'up' is unknown"):
        cell_rules("*", {"nap": "up"}, "o.csv, line 2")
    with pytest.raises(InputError, match="column 'pairs': 'perhaps' is neither true nor false"):
        cell_rules("*", {"pairs": "perhaps"}, "o.csv, line 2")


def test_every_key_is_explained():
    text = (REPOSITORY / "docs" / "rules.md").read_text()
    assert [key for key in RULE_KEYS if f"| `{key}` |" not in text] == []


@pytest.mark.parametrize("path", sorted((REPOSITORY / "patterns" / "rules").glob("*.toml")), ids=lambda p: p.stem)
def test_every_rules_file_in_the_repository_can_be_read(path):
    assert parse_rules(path.read_bytes(), path.name).rules
