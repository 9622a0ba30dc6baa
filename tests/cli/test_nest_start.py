"""``nest --start``: to go on from a marker."""

from __future__ import annotations

import json

import pytest
from jobs_for_tests import write_instance


@pytest.fixture
def nest(tmp_path, cutkit, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_instance(tmp_path / "a.json", 3, items=6)

    def call(*args, source="a.json", to="b.marker.json"):
        ran = cutkit("nest", source, "--rounds", 1, *args, "-o", to)
        return ran, json.loads((tmp_path / to).read_text()) if ran.code == 0 else None

    call(to="a.marker.json")
    return call


def test_it_gets_no_longer_and_names_its_start_as_an_input(nest, tmp_path):
    first = json.loads((tmp_path / "a.marker.json").read_text())
    ran, marker = nest("--start", "a.marker.json", "--seed", 5)
    assert "start-not-used" not in ran.err
    assert marker["length_mm"] <= first["length_mm"]
    assert [entry["path"] for entry in marker["inputs"]] == ["a.json", "a.marker.json"]


def test_it_never_replaces_its_start(nest):
    ran, _ = nest("--start", "a.marker.json", to="a.marker.json")
    assert ran.code == 2


def test_a_start_that_cannot_be_used_is_said(nest):
    ran, _ = nest("--start", "a.marker.json", "--gap", "5mm")
    assert "start-not-used" in ran.err


def test_a_start_of_other_pieces_is_refused(nest, tmp_path):
    write_instance(tmp_path / "c.json", 4, items=2)
    ran, _ = nest("--start", "a.marker.json", source="c.json")
    assert ran.code == 2
    assert "other pieces" in ran.err


def test_a_start_that_is_no_marker(nest):
    ran, _ = nest("--start", "a.json")
    assert ran.code == 3
