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


def test_what_became_of_the_start_is_said(nest):
    ran, _ = nest("--start", "a.marker.json")
    assert "note: start-used: " in ran.err
    ran, _ = nest("--start", "a.marker.json", "--gap", "5mm")
    assert "note: start-mended: the start had" in ran.err
    ran, _ = nest("--start", "a.marker.json", "--quiet")
    assert ran.err == ""


def test_other_counts_are_named(nest, tmp_path):
    write_instance(tmp_path / "c.json", 3, items=2)
    ran, marker = nest("--start", "a.marker.json", source="c.json")
    assert "start-left-out: in the start, but not ordered, and left out: 2 (2), 3 (2), 4 (2), 5 (2)" in plain(ran.err)
    assert len(marker["placements"]) == 4


def plain(text):
    """Wrapped lines as one."""
    return " ".join(text.split())


def test_a_start_of_other_pieces_is_refused(nest, tmp_path):
    path = write_instance(tmp_path / "c.json", 4, items=2)
    instance = json.loads(path.read_text())
    for item in instance["items"]:
        item["id"] += 100
    path.write_text(json.dumps(instance))
    ran, _ = nest("--start", "a.marker.json", source="c.json")
    assert ran.code == 2
    assert "other pieces" in ran.err


def test_a_start_that_is_no_marker(nest):
    ran, _ = nest("--start", "a.json")
    assert ran.code == 3


@pytest.mark.parametrize("alone", [False, True])
def test_a_solution_of_another_nester(nest, tmp_path, alone):
    """With its instance, and without: sparrow writes angles from -180 to 180, in single precision."""
    instance, marker = (json.loads((tmp_path / name).read_text()) for name in ("a.json", "a.marker.json"))
    placed = [
        {
            "item_id": int(p["piece"]),
            "transformation": {
                "rotation": -180.00001 if p["angle_deg"] == 180 else 0.0,
                "translation": [p["x_mm"], p["y_mm"]],
            },
        }
        for p in marker["placements"]
    ]
    solution = {"strip_width": marker["length_mm"], "layout": {"container_id": 0, "placed_items": placed}}
    value = solution if alone else {**instance, "solution": solution}
    (tmp_path / "s.json").write_text(json.dumps(value))
    ran, found = nest("--start", "s.json")
    assert "start-used" in ran.err
    assert found["length_mm"] <= marker["length_mm"] + 1e-6
    assert [entry["path"] for entry in found["inputs"]] == ["a.json", "s.json"]


# --- --lock


def test_locked_pieces_stay_and_are_locked_in_the_file(nest, tmp_path):
    first = json.loads((tmp_path / "a.marker.json").read_text())
    ran, marker = nest("--start", "a.marker.json", "--lock", "[01]", "--lock", "4", "--seed", 3)
    locked = [p for p in marker["placements"] if p.get("locked")]
    assert {p["piece"] for p in locked} == {"0", "1", "4"}
    key = ("piece", "x_mm", "y_mm", "angle_deg")
    assert {tuple(p[k] for k in key) for p in locked} <= {tuple(p[k] for k in key) for p in first["placements"]}
    assert ran.code == 0


def test_a_lock_of_a_garment(nest):
    _, marker = nest("--start", "a.marker.json", "--lock", "bundle:1")
    assert all(p["locked"] for p in marker["placements"])
    ran, _ = nest("--start", "a.marker.json", "--lock", "bundle:2")
    assert ran.code == 2
    assert "Its garments are 1." in ran.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--lock", "1"), "--lock is for the pieces of a marker to start from"),
        (("--start", "a.marker.json", "--lock", "SLEEVE*"), "nothing in the marker to start from is called so"),
    ],
)
def test_locks_of_nothing_are_refused(nest, args, said):
    ran, _ = nest(*args)
    assert ran.code == 2
    assert said in ran.err


def test_locked_pieces_that_overlap_are_named(nest, tmp_path):
    path = tmp_path / "a.marker.json"
    marker = json.loads(path.read_text())
    for placement, x in zip(marker["placements"], (50, 52), strict=False):
        placement.update(x_mm=x, y_mm=40, angle_deg=0, locked=True)
    path.write_text(json.dumps(marker))
    ran, _ = nest("--start", "a.marker.json")
    assert ran.code == 4
    assert "(placement 0, bundle 1)" in ran.err
    assert "(placement 1, bundle 1)" in ran.err
