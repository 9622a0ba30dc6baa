"""Fabrics and rules of random keys and values: read, or refused with a message that names the file."""

from __future__ import annotations

import random
import re

import pytest

from cutkit.errors import InputError
from cutkit.formats.fabrics import _FLAW_KEYS, _REPEAT_KEYS, _SHRINKAGE_KEYS, _ZONE_KEYS, FABRIC_KEYS, parse_fabric
from cutkit.formats.rules import _MATCH_KEYS, _TIE_KEYS, NEST_KEYS, RULE_KEYS, parse_rules

INNER = sorted({*_FLAW_KEYS, *_REPEAT_KEYS, *_SHRINKAGE_KEYS, *_ZONE_KEYS, *_MATCH_KEYS, *_TIE_KEYS, "top", "x y"})
SCALARS = [
    *(
        "0",
        "1",
        "-3",
        "1e300",
        "nan",
        "inf",
        "-inf",
        "0.5",
        "true",
        "false",
        "2026-11-27",
        "07:30:00",
        "99999999999999",
    ),
    *('""', '" "', '"1cm"', '"-2mm"', '"0mm"', '"1e9km"', '"9999999999999999m"', '"2%"', '"-3%"', '"3deg"', '"400deg"'),
    *(
        '"180g/m2"',
        '"7.5/m"',
        '"one-way"',
        '"any"',
        '"notch:1"',
        '"notch:0"',
        '"top"',
        '"box"',
        '"layer:8"',
        '"é\\u0000"',
    ),
    '"' + "9" * 400 + 'mm"',
]


def value(rng, depth=2):
    kind = rng.random()
    if depth and kind < 0.2:
        return "[" + ", ".join(value(rng, depth - 1) for _ in range(rng.randrange(4))) + "]"
    if depth and kind < 0.5:
        keys = rng.sample(INNER, rng.randrange(4))
        return "{" + ", ".join(f'"{key}" = {value(rng, depth - 1)}' for key in keys) + "}"
    return rng.choice(SCALARS)


def table(rng, keys):
    return "".join(f"{key} = {value(rng)}\n" for key in rng.sample(sorted(keys), rng.randrange(1, 4)))


def outcome(read, text):
    """What is read, in words, or why it is refused."""
    try:
        return "read", repr(read(text.encode(), "a.toml"))
    except InputError as error:
        return "refused", str(error)


@pytest.mark.parametrize("seed", range(300))
def test_random_tables_are_read_or_refused(seed):
    rng = random.Random(seed)
    fabric = table(rng, FABRIC_KEYS)
    rules = f'[nest]\n{table(rng, NEST_KEYS)}\n[piece."A*"]\n{table(rng, RULE_KEYS)}'
    for read, text in ((parse_fabric, fabric), (parse_rules, rules)):
        what, words = outcome(read, text)
        if what == "refused":
            assert words.startswith("a.toml, line "), text
        else:
            assert not re.search(r"\b(nan|inf)\b", words), text


def test_some_are_read_and_some_are_refused():
    texts = [table(random.Random(seed), FABRIC_KEYS) for seed in range(300)]
    assert {outcome(parse_fabric, text)[0] for text in texts} == {"read", "refused"}
