"""``cutkit cutters``: the list, one profile, and names that are not known."""

from __future__ import annotations

import json

from cutkit.formats.profile import profile_names


def test_the_list_names_every_profile(cutkit):
    ran = cutkit("cutters")
    assert ran.code == 0
    for name in profile_names():
        assert name in ran.out
    lines = ran.out.splitlines()
    assert len(lines) == 1 + len(profile_names())
    assert max(map(len, lines)) <= 80


def test_the_list_as_json(cutkit):
    told = json.loads(cutkit("cutters", "--json").out)
    assert told["schema"] == "cutkit.cutters/1"
    assert [c["name"] for c in told["cutters"]] == list(profile_names())
    by_name = {c["name"]: c for c in told["cutters"]}
    assert set(by_name["hpgl-generic"]) == {"name", "dialect", "title", "table_mm", "tried_on_hardware"}
    assert by_name["hpgl-generic"]["table_mm"] == [10_000, 1800]
    assert by_name["pen-plotter"]["table_mm"] == [None, 1800]
    assert by_name["grbl-servo"]["dialect"] == "gcode"
    assert by_name["grbl-servo"]["tried_on_hardware"] is False


def test_one_profile_with_all_its_keys(cutkit):
    ran = cutkit("cutters", "grbl-servo")
    assert ran.code == 0
    for text in ("knife.offset_mm", "0.6", "M3 S1000 | G4 P0.15", "sources"):
        assert text in ran.out
    told = json.loads(cutkit("cutters", "grbl-servo", "--json").out)
    assert told["cutters"][0]["profile"]["knife"]["offset_mm"] == 0.6


def test_an_unknown_name_is_a_usage_error(cutkit):
    ran = cutkit("cutters", "grbl-serv")
    assert ran.code == 2
    assert "did you mean 'grbl-servo'?" in ran.err


def test_a_missing_file_is_bad_input(cutkit, tmp_path):
    assert cutkit("cutters", tmp_path / "none.toml").code == 3
