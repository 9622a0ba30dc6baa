"""The lines of the keys of a TOML file."""

from __future__ import annotations

import pytest

from cutkit.errors import InputError
from cutkit.formats.toml_text import parse_toml

TEXT = '''# a comment with = and [ in it
name = "denim = [1]"   # another
repeat = {along = "60mm", across = "80mm"}

text = """
gap = 3
[x]
"""

[piece."COLLAR = [*]"]
nap = 'ignore'
tie = [
  {at = "notch:1"},  # x = 1
]
[style]
A.tilt = 3
[[flaws]]
from = 1
[[flaws]]
from = 2
[flaws.more]
to = 3
'''


def test_every_key_has_its_line():
    text = parse_toml(TEXT.encode(), "a.toml")
    collar = ("piece", "COLLAR = [*]")
    wanted = {
        ("name",): 2,
        ("repeat",): 3,
        ("text",): 5,
        ("piece",): 10,
        collar: 10,
        (*collar, "nap"): 11,
        (*collar, "tie"): 12,
        ("style",): 15,
        ("style", "A"): 16,
        ("style", "A", "tilt"): 16,
        ("flaws",): 17,
        ("flaws", 0): 17,
        ("flaws", 0, "from"): 18,
        ("flaws", 1): 19,
        ("flaws", 1, "from"): 20,
        ("flaws", 1, "more"): 21,
        ("flaws", 1, "more", "to"): 22,
    }
    assert text.lines == wanted


def test_a_place_is_that_of_the_nearest_table():
    text = parse_toml(TEXT.encode(), "a.toml")
    assert text.place("repeat", "along") == "a.toml, line 3"
    assert text.place("flaws", 1, "none") == "a.toml, line 19"
    assert text.place("none") == "a.toml"


def test_windows_line_ends_and_a_byte_order_mark():
    text = parse_toml(b"\xef\xbb\xbfa = 1\r\n\r\nb = 2\r\n", "a.toml")
    assert text.lines == {("a",): 1, ("b",): 3}


@pytest.mark.parametrize(("data", "says"), [(b"a = \n", "not TOML: .* line 1"), (b"a = '\xff'\n", "not UTF-8")])
def test_what_is_no_toml(data, says):
    with pytest.raises(InputError, match=says):
        parse_toml(data, "a.toml")
