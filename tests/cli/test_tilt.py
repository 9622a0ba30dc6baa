"""`cutkit nest --tilt`: what is taken and refused, and the marker file that it makes."""

import json
from pathlib import Path

import pytest

from cutkit.check import check_marker
from cutkit.formats.marker import read_marker

SHIRT = Path(__file__).resolve().parents[2] / "patterns" / "shirt.dxf"


@pytest.fixture
def instance(tmp_path):
    """A bar that is longer than the strip is high and may not lie along it."""
    shape = {"type": "simple_polygon", "data": [[0, 0], [120, 0], [120, 10], [0, 10]]}
    items = [{"id": 1, "demand": 2, "allowed_orientations": [90], "shape": shape}]
    path = tmp_path / "bars.json"
    path.write_text(json.dumps({"name": "bars", "strip_height": 100, "items": items}))
    return path


@pytest.mark.parametrize("tilt", ["181", "-1", "nan", "some", ""])
def test_what_is_no_tilt_is_refused(cutkit, tmp_path, tilt):
    ran = cutkit("nest", SHIRT, "--width", "150cm", "--tilt", tilt, "-o", tmp_path / "m.marker.json")
    assert ran.code == 2
    assert "--tilt" in ran.err


@pytest.mark.parametrize("nap", ["one-way", "per-bundle"])
def test_a_tilt_that_would_turn_pieces_against_the_nap_is_refused(cutkit, tmp_path, nap):
    ran = cutkit("nest", SHIRT, "--width", "150cm", "--tilt", "120", "--nap", nap, "-o", tmp_path / "m.marker.json")
    assert ran.code == 2
    assert nap in ran.err


def test_a_piece_that_fits_only_when_tilted_lies_in_the_marker(cutkit, instance, tmp_path):
    path = tmp_path / "m.marker.json"
    assert cutkit("nest", instance, "--rounds", 1, "-o", path).code == 4
    ran = cutkit("nest", instance, "--rounds", 2, "--tilt", "40", "-o", path, "--svg", tmp_path / "m.svg")
    assert ran.code == 0
    marker = read_marker(path)
    assert check_marker(marker) == []
    assert marker.pieces[0].tilt_deg == 40.0
    assert all(0 < abs(p.angle_deg % 180 - 90) <= 40.0 for p in marker.placements)
    assert cutkit("check", path).code == 0
    program = tmp_path / "m.gcode"
    assert cutkit("cut", path, "--cutter", "grbl-servo", "-o", program).code == 0
    assert cutkit("simulate", program, "--cutter", "grbl-servo", "--marker", path).code == 0
