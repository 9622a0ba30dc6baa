"""Pieces at steps off their grain, and pieces of unlike tilt, on cloth with a nap: every reader of the file judges it
alike."""

from __future__ import annotations

import json

import pytest
from conftest import REPOSITORY
from line_tools import assert_referee_agrees, markers_of, nest, run

from cutkit.formats.marker import read_marker

TSHIRT = REPOSITORY / "patterns" / "tshirt.dxf"
RULES = """
[nest]
tilt = "0deg"

[piece."*FRONT*"]
tilt_steps = ["0deg", "1deg", "2deg"]

[piece."*SLEEVE*"]
tilt = "3deg"

[piece."*BACK*"]
tilt_steps = ["1deg"]
"""


@pytest.mark.parametrize("nap", ["one-way", "per-bundle", "two-way"])
def test_steps_and_tilts_of_any_size_pass_every_referee(nap, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    ran = nest(TSHIRT, "M=2", tmp_path / "m.marker.json", "--nap", nap, "--rules", rules, "--rounds", 8)
    assert ran.code == 0, ran.err
    exact = {}
    for path, marker in markers_of(ran):
        assert_referee_agrees(path)
        assert run("check", path).code == 0
        backs = {p["angle_deg"] % 180 for p in marker["placements"] if "BACK" in p["piece"]}
        assert backs <= {1.0, 179.0}
        exact |= {piece["name"]: (piece.get("tilt_steps_deg"), piece["tilt_deg"]) for piece in marker["pieces"]}
        assert {piece.tilt_deg for piece in read_marker(path).pieces} <= {0.0, 3.0}
    for name, told in {"FRONT": ([0, 1, 2], 2.0), "BACK": ([1], 1.0), "SLEEVE": (None, 3.0)}.items():
        assert [value for key, value in exact.items() if name in key] == [told]


def test_an_angle_between_the_steps_is_a_fault(tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    ran = nest(TSHIRT, "M=1", tmp_path / "m.marker.json", "--rules", rules)
    (path, marker), *_ = markers_of(ran)
    back = next(p for p in marker["placements"] if "BACK" in p["piece"])
    back["angle_deg"] += 0.25 if back["angle_deg"] % 180 < 90 else -0.25
    path.write_text(json.dumps(marker))
    checked = run("check", path, "--json")
    assert "angle" in {fault["code"] for fault in json.loads(checked.out)["faults"]}
