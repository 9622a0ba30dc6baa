"""Exact fits: tilings reach 100 %, pieces with the gap between them fill the width to the hundredth of a millimetre."""

from __future__ import annotations

import numpy as np
import pytest
from nest_demands import QUARTERS, TWO_WAY, demand
from shapely.affinity import rotate, translate
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from cutkit.check import check_marker
from cutkit.model import Fabric, NestSettings
from cutkit.nest import nest, search


def nested(job, width, monkeypatch, *, rounds=5, selvedge=0.0, **more):
    monkeypatch.setattr(search, "ROUND_WORK", 400_000)
    marker = nest(Fabric(width + 2 * selvedge, selvedge), job, NestSettings(rounds=rounds, seed=1, workers=1, **more))
    assert check_marker(marker) == []
    assert marker.unplaced == ()
    return marker


def guillotine(rng: np.random.Generator, parts: int, length: float, width: float) -> list[BaseGeometry]:
    """A rectangle cut in two, the larger part again, and so on, at odd places."""
    boxes = [(0.0, 0.0, length, width)]
    while len(boxes) < parts:
        boxes.sort(key=lambda b: -(b[2] - b[0]) * (b[3] - b[1]))
        x0, y0, x1, y1 = boxes.pop(0)
        share = rng.uniform(0.25, 0.75)
        if x1 - x0 > y1 - y0:
            cut = x0 + share * (x1 - x0)
            boxes += [(x0, y0, cut, y1), (cut, y0, x1, y1)]
        else:
            cut = y0 + share * (y1 - y0)
            boxes += [(x0, y0, x1, cut), (x0, cut, x1, y1)]
    return [box(*b) for b in boxes]


@pytest.mark.parametrize(("parts", "turned"), [(2, False), (4, True), (5, False), (8, False), (10, False), (12, False)])
def test_a_rectangle_cut_at_odd_places_is_put_together_again(parts, turned, monkeypatch):
    rng = np.random.default_rng(parts)
    pieces = guillotine(rng, parts, 100.0, 60.0)
    if turned:
        pieces = [rotate(piece, 90 * int(rng.integers(4)), origin=(0, 0)) for piece in pieces]
    angles = QUARTERS if turned else (0.0,)
    marker = nested(demand(*((piece, 1) for piece in pieces), angles=angles), 60.0, monkeypatch)
    assert marker.length_mm == pytest.approx(100, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_a_tiling_with_several_copies_of_each(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    pieces = guillotine(rng, 3, 50.0, 60.0)
    marker = nested(demand(*((piece, 2) for piece in pieces), angles=TWO_WAY), 60.0, monkeypatch)
    assert marker.length_mm == pytest.approx(100, abs=1e-3)


PINWHEEL = [box(0, 0, 7, 3), box(7, 0, 10, 7), box(3, 7, 10, 10), box(0, 3, 3, 10), box(3, 3, 7, 7)]
STAIRS = Polygon([(0, 0), (30, 0), (30, 10), (20, 10), (20, 20), (10, 20), (10, 30), (0, 30)])
L_TROMINO = Polygon([(0, 0), (20, 0), (20, 10), (10, 10), (10, 20), (0, 20)])
TRIANGLE = Polygon([(0, 0), (40, 0), (0, 30)])
TRAPEZIUM = Polygon([(0, 0), (30, 0), (20, 20), (0, 20)])
CROSS = box(10, 0, 20, 30).union(box(0, 10, 30, 20))


@pytest.mark.parametrize(
    ("items", "width", "angles", "length"),
    [
        ([(part, 1) for part in PINWHEEL], 10.0, (0.0,), 10.0),
        ([(L_TROMINO, 2)], 20.0, QUARTERS, 30.0),
        ([(L_TROMINO, 4)], 30.0, QUARTERS, 40.0),
        ([(TRIANGLE, 6)], 30.0, TWO_WAY, 120.0),
        ([(TRIANGLE, 6)], 40.0, QUARTERS, 90.0),
        ([(TRAPEZIUM, 4)], 20.0, TWO_WAY, 100.0),
        ([(TRAPEZIUM, 4)], 40.0, TWO_WAY, 50.0),
        ([(STAIRS, 2), (box(0, 0, 10, 10), 3)], 30.0, TWO_WAY, 50.0),
        ([(box(0, 0, 20, 20), 3)], 20 * 2**0.5, (45.0,), 60 * 2**0.5),
    ],
    ids=["pinwheel", "L 2", "L 4", "triangles", "triangles up", "trapezia", "trapezia up", "stairs", "diamonds"],
)
def test_pieces_that_interlock_exactly(items, width, angles, length, monkeypatch):
    marker = nested(demand(*items, angles=angles), width, monkeypatch)
    assert marker.length_mm == pytest.approx(length, abs=1e-3)


@pytest.mark.parametrize("gap", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("selvedge", [0.0, 12.5])
def test_a_grid_of_squares_with_a_gap_fits_exactly(gap, selvedge, monkeypatch):
    """The gap lies between the squares alone: none at the selvedges and none at the ends."""
    width = 5 * 20 + 4 * gap
    marker = nested(demand((box(0, 0, 20, 20), 20)), width, monkeypatch, selvedge=selvedge, gap_mm=gap, rounds=2)
    assert marker.length_mm == pytest.approx(4 * 20 + 3 * gap, abs=0.01)
    across = sorted({round(polygon.bounds[1], 2) for polygon in marker.polygons})
    assert across == pytest.approx([k * (20 + gap) for k in range(5)], abs=0.01)


def test_a_gap_a_hair_too_large_needs_another_column(monkeypatch):
    marker = nested(demand((box(0, 0, 20, 20), 5)), 5 * 20 + 4 * 5.0, monkeypatch, gap_mm=5.01, rounds=2)
    assert 40 < marker.length_mm <= 40 + 5.01 + 0.01


def test_rings_within_rings_with_a_gap(monkeypatch):
    def ring(side):
        return Polygon(box(0, 0, side, side).exterior, [box(5, 5, side - 5, side - 5).exterior])

    job = demand((ring(100), 1), (ring(80), 1), (ring(60), 1), (box(0, 0, 40, 40), 1))
    marker = nested(job, 100.0, monkeypatch, gap_mm=3.0)
    assert marker.length_mm == pytest.approx(100, abs=1e-3)


SLOTTED = box(0, 0, 40, 40).difference(box(15, 20, 25, 40))
FRAME = Polygon(box(0, 0, 40, 40).exterior, [box(10, 10, 30, 30).exterior])
WEDGE = Polygon([(5, 5), (35, 5), (20, 35)])
WITH_A_WEDGE = Polygon(box(0, 0, 40, 40).exterior, [WEDGE.exterior])
STAPLE = box(0, 0, 30, 20).difference(box(10, 10, 20, 20))
H_SHAPE = box(0, 0, 30, 30).difference(box(10, 0, 20, 10)).difference(box(10, 20, 20, 30))


@pytest.mark.parametrize(
    ("items", "width", "angles", "length"),
    [
        ([(SLOTTED, 2), (box(0, 0, 10, 20), 2)], 40.0, TWO_WAY, 80.0),
        ([(FRAME, 2), (box(0, 0, 20, 20), 2)], 40.0, TWO_WAY, 80.0),
        ([(WITH_A_WEDGE, 2), (WEDGE, 2)], 40.0, TWO_WAY, 80.0),
        ([(STAPLE, 4), (box(0, 0, 10, 10), 4)], 40.0, TWO_WAY, 60.0),
        ([(STAPLE, 4), (box(0, 0, 10, 10), 4)], 30.0, QUARTERS, 80.0),
        ([(H_SHAPE, 6), (box(0, 0, 10, 10), 12)], 60.0, TWO_WAY, 90.0),
        ([(rotate(SLOTTED, 30), 2), (rotate(box(0, 0, 10, 20), 30), 2)], 70.0, (0.0,), None),
    ],
    ids=["key", "frame", "wedge", "staples", "staples up", "H", "key askew"],
)
def test_what_fills_a_hole_or_a_slot_exactly_lies_in_it(items, width, angles, length, monkeypatch):
    """Such a place has no width in the exact no-fit polygon: the search must be given a hair of play to see it."""
    marker = nested(demand(*items, angles=angles), width, monkeypatch)
    if length is None:
        length = nested(demand(items[0], angles=angles), width, monkeypatch).length_mm
    assert marker.length_mm == pytest.approx(length, abs=1e-3)


def test_a_key_lies_in_its_slot_with_a_little_play(monkeypatch):
    slot = box(0, 0, 40, 40).difference(box(15, 20, 25, 40))
    job = demand((slot, 2), (translate(box(0, 0, 9, 19), 5, 5), 2), angles=TWO_WAY)
    assert nested(job, 40.0, monkeypatch, rounds=10).length_mm == pytest.approx(80, abs=1e-3)
