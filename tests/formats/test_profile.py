"""Machine profiles: those that ship, and what a wrong one is told."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from cutkit.errors import InputError, UsageError
from cutkit.formats.profile import load_profile, parse_profile, profile_names
from cutkit.toolpath import (
    Coordinates,
    CutterProfile,
    Knife,
    Link,
    Motion,
    Plunge,
    ProgramTexts,
    StrokeRules,
    Table,
    ToolTexts,
    Windows,
)

FOLDER = Path(__file__).parents[2] / "cutkit" / "profiles"
GRBL = (FOLDER / "grbl-servo.toml").read_text()


def test_the_profiles_that_ship():
    assert set(profile_names()) == {
        *("dmpl", "gerber-cut", "gpgl-graphtec", "marlin", "pen-plotter"),
        *("grbl-servo", "grbl-z", "grblhal-tangential", "linuxcnc-rotary", "linuxcnc-tangential"),
        *(f"hpgl-{name}" for name in ("7475", "flatbed", "generic", "redsail", "roland", "summa")),
    }


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_says_where_it_comes_from(name):
    profile = load_profile(name)
    assert profile.name == name
    assert profile.sources
    assert profile.tried_on_hardware is False
    assert all(c == "\n" or " " <= c <= "~" for c in (FOLDER / f"{name}.toml").read_text())


def test_what_the_machines_are():
    hpgl, grbl, old = (load_profile(n) for n in ("hpgl-generic", "grbl-servo", "hpgl-7475"))
    assert (hpgl.table, set(hpgl.tools), hpgl.knife.kind) == (Table(10_000, 1800), {"knife", "pen"}, "none")
    assert (grbl.knife.kind, grbl.knife.offset_mm, grbl.program.longest_line) == ("drag", 0.6, 80)
    assert 1 / old.coordinates.units_per_mm == pytest.approx(0.02488, abs=1e-9)
    assert (old.coordinates.lowest_units, old.coordinates.highest_units) == (-32767, 32767)
    assert load_profile("pen-plotter").table.length_mm is None


def test_who_compensates_and_how_programs_are_sent():
    tangential = load_profile("linuxcnc-tangential")
    assert (tangential.controller, tangential.knife.kind, tangential.program.turn) == (
        "linuxcnc",
        "tangential",
        "G0 A{angle}",
    )
    assert (tangential.link.flow, tangential.link.barrier) == ("none", None)
    flows = {name: load_profile(name).link.flow for name in profile_names()}
    assert {name for name, flow in flows.items() if flow == "count"} == {
        "grbl-servo",
        "grbl-z",
        "grblhal-tangential",
    }
    assert flows["marlin"] == "wait"
    assert (load_profile("marlin").link.barrier, load_profile("grbl-z").link.barrier) == ("M400", "G4 P0.01")
    gerber = load_profile("gerber-cut")
    assert gerber.coordinates.grid_mm == pytest.approx(0.1)
    assert set(load_profile("hpgl-flatbed").tools) == {"knife", "pen", "punch"}


def test_a_file_of_ones_own_is_named_after_it(tmp_path):
    path = tmp_path / "my-table.toml"
    path.write_text(GRBL.replace("offset_mm = 0.6", "offset_mm = 0.9"))
    profile = load_profile(str(path))
    assert (profile.name, profile.knife.offset_mm) == ("my-table", 0.9)


def test_a_file_may_begin_from_a_profile(tmp_path):
    path = tmp_path / "back-room.toml"
    path.write_text('base = "grbl-servo"\ntitle = "Ours"\n[table]\nlength_mm = 2400\n[knife]\noffset_mm = 0.9\n')
    mine, base = load_profile(str(path)), load_profile("grbl-servo")
    assert (mine.name, mine.title) == ("back-room", "Ours")
    assert mine.table == Table(2400, base.table.width_mm, base.table.margin_mm)
    assert mine.knife == replace(base.knife, offset_mm=0.9)
    assert (mine.program, mine.motion, dict(mine.tools)) == (base.program, base.motion, dict(base.tools))
    assert (mine.sources, mine.tried_on_hardware) == ((), False)  # those are of the other machine


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('base = "grbl-sevo"', "'grbl-sevo' is unknown; did you mean 'grbl-servo'?"),
        ("base = 3", "key 'base': 3 is unknown"),
        ('base = "grbl-servo"\n[knife]\noffset = 0.9', "key 'knife.offset' is unknown; did you mean 'offset_mm'?"),
        ('base = "grbl-servo"\nknife = 3', "key 'knife'"),
    ],
)
def test_a_wrong_base_or_a_wrong_key_above_it_is_refused(text, told):
    with pytest.raises(InputError, match=re.escape(told)):
        parse_profile(text.encode(), "mine", "mine.toml")


def test_every_key_is_explained():
    text = (FOLDER / "README.md").read_text()
    nouns = (
        CutterProfile,
        Table,
        Coordinates,
        Motion,
        Knife,
        ProgramTexts,
        ToolTexts,
        Link,
        Windows,
        StrokeRules,
        Plunge,
    )
    for noun in nouns:
        for key in (f.name for f in fields(noun)):
            assert key == "name" or re.search(rf"[`.\[]{key}[`.\]]", text), key
    for name in profile_names():
        assert f"`{name}`" in text


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=re.escape("'grbl-sevo'; did you mean 'grbl-servo'?")):
        load_profile("grbl-sevo")
    with pytest.raises(UsageError, match=r"Known are .*grbl-servo"):
        load_profile("zzz")


def test_a_missing_file_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_profile(str(tmp_path / "none.toml"))


BAD = [
    ("width_mm = 1800", "widht_mm = 1800", "'table.widht_mm' is unknown; did you mean 'width_mm'?"),
    ("width_mm = 1800", "", "'table.width_mm' is missing"),
    ("decimals = 3", "", "'coordinates.decimals' is missing"),
    ("width_mm = 1800", 'width_mm = "wide"', "'table.width_mm': expected `float`"),
    ("width_mm = 1800", "width_mm = 0", "'table.width_mm': 0 must be above 0"),
    ("length_mm = 10000", "length_mm = nan", "'table.length_mm': nan must be above 0"),
    ("length_mm = 10000", "length_mm = inf", "'table.length_mm': inf must be above 0"),
    ("offset_mm = 0.6", "offset_mm = -1", "'knife.offset_mm': -1 must not be below 0"),
    ("offset_mm = 0.6", "offset_mm = 0", "a drag knife has an offset"),
    ('start_deg = "unknown"', "start_deg = nan", "'knife.start_deg'"),
    ("decimals = 3", "decimals = 3.5", "'coordinates.decimals': expected `int`"),
    ("decimals = 3", "decimals = 9", "'coordinates.decimals': at most 6"),
    ('kind = "drag"', 'kind = "darg"', "'knife.kind': 'darg' is unknown; did you mean 'drag'?"),
    ('dialect = "gcode"', 'dialect = "g-code"', "'dialect': 'g-code' is unknown; did you mean 'gcode'?"),
    ("[tools.knife]", "[tools.knive]", "'tools.knive': 'knive' is unknown; did you mean 'knife'?"),
    ('travel = "G0 X{x} Y{y}"', 'travel = "G0 X{x} Y{Y}"', "unknown field {Y}; did you mean {y}?"),
    ('travel = "G0 X{x} Y{y}"', 'travel = "G0 X{x}"', "'program.travel': the field {y} is missing"),
    ('travel = "G0 X{x} Y{y}"', 'travel = "G0 X{x:.1f} Y{y}"', "a field takes no format"),
    ('travel = "G0 X{x} Y{y}"', 'travel = "G0 X{x Y{y}"', "'program.travel'"),
    ('select = ""', 'select = "T{number}"', "'tools.knife.number' is missing"),
    ('select = ""', 'select = "Ä"', "only printable ASCII"),
    ('dialect = "gcode"', 'dialect = "gcode"\nname = "x"', "named after its file"),
    ("tried_on_hardware = false", "tried_on_hardware = 0", "'tried_on_hardware': expected `bool`"),
    ("[motion]", "[motion", "not TOML"),
    ("steps_per_mm = 250", "steps_per_mm = 0", "'motion.steps_per_mm': 0 must be above 0"),
    ("longest_line = 80", 'longest_line = 80\nline_end = "etx"', "'program.line_end': lines of G-code end with"),
    ("longest_line = 80", 'longest_line = 80\npiece = "(next)"', "'program.piece': the field {number} is missing"),
    ('lift = "spindle"', "", '\'lift\': "spindle" (M3 S, M5) and "z" go with the dialect gcode'),
    ("overlap_mm = 6", "overlap_mm = 6\nbite_mm = 0", "'windows.bite_mm': 0 must be above 0"),
    ("overlap_mm = 6", "overlap_mm = 6\nbite_mm = 9995", "'windows.bite_mm': it must leave the overlap"),
    ("overlap_mm = 6", 'feed = "M101"', "'windows.bite_mm' is missing"),
    ("overlap_mm = 6", 'feed = ""', "'windows.feed': one line of it moves the cloth"),
    ("overlap_mm = 6", 'feed = "M5\\nM101"', "'windows.feed': one line of it moves the cloth"),
    ("overlap_mm = 6", 'feed = "M1 P{advance}\\nM2 P{advance}"', "'windows.feed': one line of it moves the cloth"),
    ("overlap_mm = 6", 'feed = "M1 P{advance} Q{advance_mm}"', "'windows.feed': it says once how far"),
    ("overlap_mm = 6", 'feed = "M1 P{advanced}"', "unknown field {advanced}; did you mean {advance}?"),
]


HPGL_BAD = [
    ("number = 2", "number = 1", "two tools have the same number"),
    ("number = 2", "number = 0", "'tools.pen.number': SP0 puts the tool away"),
    ("highest_units = 8388607", "highest_units = nan", "leave out what has no limit"),
    ("highest_units = 8388607", "highest_units = -8388609", "it must lie below highest_units"),
    (
        'dialect = "hpgl"',
        'dialect = "hpgl"\nlift = "spindle"',
        '\'lift\': "spindle" (M3 S, M5) and "z" go with the dialect gcode',
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), HPGL_BAD, ids=[told for _, _, told in HPGL_BAD])
def test_what_is_wrong_for_hpgl_is_refused(old, new, told):
    text = (FOLDER / "hpgl-generic.toml").read_text()
    assert old in text
    with pytest.raises(InputError, match=re.escape(told)):
        parse_profile(text.replace(old, new, 1).encode(), "x", "my/x.toml")


@pytest.mark.parametrize(("old", "new", "told"), BAD, ids=[told for _, _, told in BAD])
def test_what_is_wrong_is_refused_with_file_and_key(old, new, told):
    assert old in GRBL
    with pytest.raises(InputError, match=re.escape(told)) as caught:
        parse_profile(GRBL.replace(old, new, 1).encode(), "x", "my/x.toml")
    assert caught.value.where == "my/x.toml"


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(InputError, match="not UTF-8"):
        parse_profile(b"\xff\xfe\x00", "x", "x.toml")


def test_a_profile_without_a_tool_is_refused():
    text = GRBL[: GRBL.index("[tools.knife]")] + "[tools]\n"
    with pytest.raises(InputError, match="a knife or a pen"):
        parse_profile(text.encode(), "x", "x.toml")


def test_a_byte_order_mark_does_not_matter(tmp_path):
    path = tmp_path / "notepad.toml"
    path.write_bytes(b'\xef\xbb\xbfbase = "grbl-servo"\r\n[table]\r\nlength_mm = 2400\r\n')
    assert load_profile(str(path)).table.length_mm == 2400
