"""Strip-packing instances that are odd in every way, by the command line: markers without fault, or clear words."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY
from soak import ROUND_WORK, shared_check

from cutkit.check import check_marker
from cutkit.formats.marker import read_marker
from cutkit.nest import search


def rectangle(width, height, x=0.0, y=0.0):
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


def item(number, demand, data, angles=None):
    allowed = {} if angles is None else {"allowed_orientations": angles}
    return {"id": number, "demand": demand, "shape": {"type": "simple_polygon", "data": data}, **allowed}


def gear(points, radius, x=0.0, y=0.0):
    """A wavy closed curve of many points."""
    t = np.linspace(0, 2 * np.pi, points, endpoint=False)
    r = radius * (1 + 0.2 * np.cos(5 * t))
    return np.column_stack([x + r * np.cos(t), y + r * np.sin(t)]).tolist()


ARROW = [[0, 0], [60, 0], [70, 20], [60, 40], [0, 40], [15, 20]]
PLAIN = item("plain", 3, rectangle(60, 40))


@pytest.fixture
def nested(tmp_path, cutkit, monkeypatch):
    """Nest items on a strip by the command line: what was said, and the marker, which both referees pass."""
    monkeypatch.setattr(search, "ROUND_WORK", ROUND_WORK)

    def call(height, *items, options=(), rounds=2, code=0):
        path, output = tmp_path / "odd.json", tmp_path / "odd.marker.json"
        path.write_text(json.dumps({"name": "odd", "strip_height": height, "items": items}))
        ran = cutkit("nest", path, "--rounds", rounds, "--workers", 1, *options, "-o", output)
        assert ran.code == code, ran.both
        assert "Traceback" not in ran.both
        if not output.exists():
            return ran, None
        marker = read_marker(output)
        assert check_marker(marker) == []
        assert shared_check() is None or shared_check()(json.loads(output.read_text()))[0] == []
        return ran, marker

    return call


@pytest.mark.parametrize(
    "data",
    [
        [[0, 0], [100, 0], [100, 0], [100, 50], [100, 50], [0, 50]],
        [[0, 0], [100, 0], [100, 1e-13], [100, 50], [0, 50]],
        [[0, 0], [50, 0], [100, 0], [100, 25], [100, 50], [0, 50], [0, 25]],
        rectangle(100, 1e-5),
        [[0, 0], [90, 1e-9], [100, 0]],
        [[0, 0], [100, 0], [100, 50], [50.0000001, 50], [50, 80], [49.9999999, 50], [0, 50]],
        [[0, 0], [100, 0], [100, 50], [50, 50], [50, 80], [50, 50], [0, 50]],
        [[0, 0], [100, 0], [100, 90], [60, 90], [60, 40], [30, 40], [30, 70], [60, 70], [60, 90], [0, 90]],
        [[0, 0], [100, 0], [100, 90], [60, 90], [80, 40], [50, 20], [20, 40], [60, 90], [0, 90]],
        rectangle(100, 50)[::-1],
        [*rectangle(100, 50), [0, 0]],
        gear(400, 45),
        rectangle(100, 50, 1e6, -1e6),
        gear(40, 45, -1e6, 1e6),
    ],
    ids=[
        "duplicate points",
        "edge of no length",
        "collinear points",
        "sliver",
        "needle",
        "thin spike",
        "spike",
        "bay closed along an edge",
        "cut-out that touches in a point",
        "clockwise",
        "first point repeated",
        "400 points",
        "far away",
        "curve far away",
    ],
)
@pytest.mark.parametrize("gap", ["0mm", "3mm"])
def test_odd_outlines_are_all_placed(nested, data, gap):
    ran, marker = nested(220, item(0, 3, data), PLAIN, options=("--gap", gap))
    assert len(marker.placements) == 6
    assert ("mended" in ran.err) == (data in SELF_TOUCHING)


SELF_TOUCHING = [
    [[0, 0], [100, 0], [100, 50], [50, 50], [50, 80], [50, 50], [0, 50]],
    [[0, 0], [100, 0], [100, 90], [60, 90], [60, 40], [30, 40], [30, 70], [60, 70], [60, 90], [0, 90]],
    [[0, 0], [100, 0], [100, 90], [60, 90], [80, 40], [50, 20], [20, 40], [60, 90], [0, 90]],
]


@pytest.mark.parametrize(
    "angles", [[], [45], [0, 0, 360], [-90], [720, 1e-9], [30 * k for k in range(12)], [0.5, 0.25], [1e300]]
)
def test_any_list_of_orientations(nested, angles):
    _, marker = nested(150, item(0, 3, ARROW, angles), item(1, 2, rectangle(30, 50), angles))
    assert {p.angle_deg for p in marker.placements} <= {angle % 360 for angle in angles or [0]}


@pytest.mark.parametrize("unit", [1e-3, 0.01, 1.0, 100.0, 1000.0])
def test_any_unit_gives_the_same_density(nested, unit):
    """A strip of 0.1 to 100,000; no overlap that would show at the strip's own scale."""
    data = (np.array(ARROW) * unit).tolist()
    _, marker = nested(100 * unit, item(0, 6, data, [0, 180]), rounds=4)
    assert marker.length_mm < 230 * unit
    overlap = max(a.intersection(b).area for i, a in enumerate(marker.polygons) for b in marker.polygons[:i])
    assert overlap < 1e-5 * unit**2 * 100


def test_tiny_items_on_a_strip_of_one(nested):
    _, marker = nested(1, item(0, 30, rectangle(0.01, 0.01)), item(1, 5, [[0, 0], [0.3, 0.01], [0.1, 0.2]]))
    assert len(marker.placements) == 35
    assert marker.length_mm < 0.5


def test_ids_are_whole_numbers_or_text(nested):
    items = [item(number, 1, rectangle(9, 9)) for number in (1, "01", " 1", "", "é\n", 10**30, -3)]
    _, marker = nested(20, *items)
    assert {p.piece for p in marker.placements} == {"1", "01", " 1", "", "é\n", str(10**30), "-3"}


def test_one_item_too_large_is_named_and_the_rest_is_nested(nested):
    ran, marker = nested(50, item("door", 2, rectangle(51, 60)), PLAIN, code=4)
    assert "door: 2 not placed" in ran.err
    assert [p.piece for p in marker.placements] == ["plain"] * 3


def test_all_too_large_leaves_no_marker(nested):
    ran, marker = nested(30, item("door", 2, rectangle(51, 60)), PLAIN, code=4)
    assert marker is None
    assert "door: 2 not placed" in ran.err
    assert "plain: 3 not placed" in ran.err


def test_a_piece_that_fits_only_turned_is_turned(nested):
    _, marker = nested(10, item(0, 4, rectangle(12, 10), [0, 90, 270]), item(1, 2, rectangle(10, 14)))
    assert marker.efficiency == pytest.approx(1)
    _, marker = nested(10, item(0, 4, rectangle(10, 12)))
    assert {p.angle_deg for p in marker.placements} <= {90, 270}
    assert marker.length_mm == pytest.approx(48)


@pytest.mark.parametrize("angle", [45, 30, 10])
def test_a_piece_exactly_as_high_as_the_strip_once_it_is_turned(nested, angle):
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    _, marker = nested(20 * s + 30 * c, item(0, 2, rectangle(20, 30), [angle]))
    assert len(marker.placements) == 2


@pytest.mark.parametrize("count", [1, 1000])
def test_one_item_and_a_thousand_alike(nested, count):
    _, marker = nested(100, item(0, count, rectangle(10, 20)), rounds=1)
    assert len(marker.placements) == count
    assert marker.efficiency == pytest.approx(1 if count > 1 else 0.2 if marker.length_mm < 15 else 0.1)


def test_eighty_types(nested):
    items = [item(k, 1, gear(8, 5 + 0.1 * k), [0, 180]) for k in range(80)]
    _, marker = nested(100, *items, rounds=1)
    assert len(marker.placements) == 80


def test_the_same_bytes_from_other_processes_under_load_with_any_workers(tmp_path):
    """Other numbers of threads, of busy processes beside it, other hash seeds: the same marker, byte for byte."""
    path = tmp_path / "job.json"
    path.write_text(json.dumps({"name": "n", "strip_height": 150, "items": [item(0, 4, ARROW), PLAIN]}))
    texts = set()
    for workers, load in (("1", 0), ("2", 2), ("4", 1)):
        output = tmp_path / f"job-{workers}.marker.json"
        options = ["--rounds", "2", "--seed", "3", "--workers", workers, "--quiet", "-o", str(output)]
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(load)]
        try:
            subprocess.run(
                [sys.executable, "-m", "cutkit", "nest", "job.json", *options],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": workers},
                check=True,
            )
        finally:
            for process in busy:
                process.kill()
                process.wait()
        texts.add(output.read_bytes())
    assert len(texts) == 1
