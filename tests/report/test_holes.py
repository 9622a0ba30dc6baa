"""Waste hole by hole: worked out by hand, adding up to the waste of the balance, and shared as points see it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
import shapely
from random_markers import random_marker
from shapely.geometry import Point, Polygon, box
from test_places import laid

from cutkit.model import Defect, Fabric, Marker, NestSettings
from cutkit.report.balance import ONE_PLY, balance_of
from cutkit.report.holes import Neighbour, WasteMap, waste_map
from cutkit.report.places import PLACES

BARS = [
    (box(0, 0, 100, 20), 0, 0),
    (box(0, 0, 100, 20), 0, 80),
    (box(0, 0, 20, 60), 0, 20),
    (box(0, 0, 20, 60), 80, 20),
]
"""Four bars around a yard of 60 x 60, on cloth of 100 that they fill."""


def around(waste: WasteMap, number: int = 0) -> dict[int | str, float]:
    """The parts of a hole, by the number of the piece or what else lies there."""
    hole = waste.holes[number]
    return {n.placement if n.kind == "piece" else n.kind: area for n, area in hole.around}


def test_a_yard_is_one_hole_shared_by_the_bars_around_it():
    waste = waste_map(laid(BARS, width=100))
    (hole,) = waste.holes
    assert (hole.place, hole.area_mm2) == ("between", pytest.approx(3600, abs=0.1))
    assert hole.disc == (pytest.approx((50, 50), abs=1), pytest.approx(60, abs=0.5))
    assert set(around(waste)) == {0, 1, 2, 3}
    assert sum(around(waste).values()) == pytest.approx(hole.area_mm2)


@pytest.mark.parametrize(("channel", "holes"), [(0.2, 2), (0.5, 1)])
def test_a_narrow_neck_parts_two_holes(channel, holes):
    # Two chambers of 40 x 60 on cloth of 60, where a disc of 0.3 is rolled; a channel between two plugs joins them.
    plug = box(0, 0, 20, (60 - channel) / 2)
    wall = box(0, 0, 1, 60)
    waste = waste_map(laid([(plug, 41, 0), (plug, 41, (60 + channel) / 2), (wall, 0, 0), (wall, 101, 0)], width=60))
    assert waste.neck_mm == pytest.approx(0.3)
    assert [hole.area_mm2 for hole in waste.holes] == pytest.approx([4800 / holes] * holes, rel=0.01)


def test_cut_outs_and_flaws_are_holes_of_their_own():
    frame = Polygon([(0, 0), (100, 0), (100, 100), (0, 100)], [[(20, 20), (80, 20), (80, 80), (20, 80)]])
    marker = laid(
        [(frame, 0, 0), (box(0, 0, 50, 100), 150, 0)], width=100, defects=(Defect((110.0, 0.0, 140.0, 100.0)),)
    )
    waste = waste_map(marker)
    assert [(h.place, round(h.area_mm2)) for h in waste.holes[:2]] == [("cutouts", 3600), ("flaws", 3000)]
    assert around(waste, 0) == {0: pytest.approx(3600)}
    assert around(waste, 1) == {"flaw": pytest.approx(3000)}
    assert "flaw" in around(waste, 2)


def test_an_empty_marker_has_no_holes():
    waste = waste_map(Marker(Fabric(1000.0), (), (), NestSettings()))
    assert (waste.holes, waste.area_mm2, waste.pairs) == ((), 0, {})


@pytest.mark.parametrize("number", range(40))
def test_holes_and_pairs_add_up_to_the_waste_of_the_balance(number):
    marker = random_marker(number)
    waste = waste_map(marker)
    parts = balance_of(marker, ONE_PLY).parts
    wanted = sum(parts[name] for name in ("between", "cutouts", "edges", "marker_ends", "flaws"))
    adds_up = pytest.approx(wanted, abs=1.0, rel=1e-8)  # some of these markers are a kilometre wide
    assert waste.area_mm2 == adds_up
    assert sum(waste.pairs.values()) == adds_up
    assert sum(area for hole in waste.holes for _, area in hole.around) + float(waste.seams.area) == adds_up
    regions = [hole.region for hole in waste.holes]
    assert shapely.union_all(regions).area == pytest.approx(sum(r.area for r in regions), abs=0.1), "they overlap"


def naive_neighbours(marker: Marker, region: Polygon, points: int) -> dict[Neighbour, float]:
    """The parts of a hole by what is nearest to points of a grid in it."""
    x0, y0, x1, y1 = region.bounds
    step = float(np.sqrt(region.area / points))
    seen: defaultdict[Neighbour, float] = defaultdict(float)
    grid = [Point(x, y) for x in np.arange(x0, x1, step) for y in np.arange(y0, y1, step)]
    length, width = marker.length_mm, marker.fabric.usable_width_mm
    sides = [(Neighbour("piece", k), p) for k, p in enumerate(marker.polygons)]
    sides += [(Neighbour("edge"), shapely.LineString([(0, y), (length, y)])) for y in (0, width)]
    sides += [(Neighbour("end"), shapely.LineString([(x, 0), (x, width)])) for x in (0, length)]
    sides += [(Neighbour("flaw"), box(*d.box_mm)) for d in marker.fabric.defects]
    inside = [point for point in grid if region.contains(point)]
    for point in inside:
        seen[min(sides, key=lambda side: side[1].distance(point))[0]] += region.area / len(inside)
    return seen


@pytest.mark.parametrize("number", range(8))
def test_what_is_nearest_to_much_of_a_hole_lies_around_it(number):
    marker = random_marker(number)
    for hole in waste_map(marker).holes[:3]:
        if hole.place in ("cutouts", "flaws"):
            continue
        told = dict(hole.around)
        for neighbour, area in naive_neighbours(marker, hole.region, 400).items():
            if area > 0.15 * hole.area_mm2:
                assert told.get(neighbour, 0) > 0.03 * hole.area_mm2


def test_every_place_is_one_of_the_report():
    assert {hole.place for n in range(12) for hole in waste_map(random_marker(n)).holes} <= set(PLACES)
