"""Where the waste of a marker lies: worked out by hand, and against rays cast one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import shapely
from random_markers import random_marker
from shapely.geometry import LineString, Point, Polygon, box

from cutkit.model import Defect, Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.report.places import PLACES, waste_places


def laid(shapes: list[tuple[Polygon, float, float]], *, width: float, **fabric: object) -> Marker:
    """A marker of these shapes where they are told to lie."""
    pieces = tuple(OrderedPiece(str(k), str(k), "M", shape, 1) for k, (shape, _, _) in enumerate(shapes))
    placements = tuple(Placement(str(k), 1, x, y, 0) for k, (_, x, y) in enumerate(shapes))
    return Marker(Fabric(width, **fabric), pieces, placements, NestSettings())  # type: ignore[arg-type]


def areas(marker: Marker) -> dict[str, float]:
    places = waste_places(marker)
    return {"pieces": places.pieces_mm2} | {place: places.area_mm2(place) for place in PLACES}


def test_a_ring_of_pieces_encloses_what_is_between():
    # Four bars round a yard of 40 x 40 on cloth of 100: nothing lies at the edges but 20 above, nothing at the ends.
    ring = [
        (box(0, 0, 80, 20), 0, 0),
        (box(0, 0, 80, 20), 0, 60),
        (box(0, 0, 20, 40), 0, 20),
        (box(0, 0, 20, 40), 60, 20),
    ]
    wanted = {"pieces": 4800, "between": 1600, "cutouts": 0, "edges": 0, "ends": 1600, "flaws": 0}
    # The free strip above is seen from both ends: it is the ends', who come first.
    assert areas(laid(ring, width=100)) == pytest.approx(wanted)


def test_edges_are_what_lies_between_piece_and_edge():
    # A short piece before a long one: what is above the short one is seen from the start, so it is the ends'.
    towers = [(box(0, 0, 50, 100), 0, 0), (box(0, 0, 50, 60), 50, 0), (box(0, 0, 50, 100), 100, 0)]
    wanted = {"pieces": 13000, "between": 0, "cutouts": 0, "edges": 2000, "ends": 0, "flaws": 0}
    assert areas(laid(towers, width=100)) == pytest.approx(wanted)


def test_a_slope_at_the_end():
    wedge = Polygon([(0, 0), (100, 0), (40, 100), (0, 100)])
    wanted = {"pieces": 7000, "between": 0, "cutouts": 0, "edges": 0, "ends": 3000, "flaws": 0}
    assert areas(laid([(wedge, 0, 0)], width=100)) == pytest.approx(wanted)


def test_a_cut_out_is_a_place_of_its_own_unless_a_piece_lies_in_it():
    frame = Polygon([(0, 0), (100, 0), (100, 100), (0, 100)], [[(20, 20), (80, 20), (80, 80), (20, 80)]])
    assert areas(laid([(frame, 0, 0)], width=100))["cutouts"] == pytest.approx(3600)
    both = areas(laid([(frame, 0, 0), (box(0, 0, 50, 50), 25, 25)], width=100))
    assert (both["cutouts"], both["between"]) == (pytest.approx(1100), 0)


def test_a_flaw_is_a_flaw_wherever_it_lies_and_ends_with_the_cloth():
    marker = laid([(box(0, 0, 50, 100), 0, 0), (box(0, 0, 50, 60), 50, 0)], width=100)
    flawed = replace(marker, fabric=replace(marker.fabric, defects=(Defect((60.0, 70.0, 120.0, 200.0)),)))
    assert areas(flawed)["flaws"] == pytest.approx(40 * 30)
    assert areas(flawed)["ends"] == pytest.approx(2000 - 40 * 30)


def test_an_empty_marker_has_no_cloth():
    places = waste_places(Marker(Fabric(1000.0), (), (), NestSettings()))
    assert (places.usable.area, places.pieces_mm2, places.error_mm2) == (0, 0, 0)


def test_pieces_that_overlap_show_up():
    places = waste_places(laid([(box(0, 0, 50, 50), 0, 0), (box(0, 0, 50, 50), 40, 0)], width=50))
    assert places.overlap_mm2 == pytest.approx(500)
    assert places.error_mm2 == pytest.approx(0, abs=1e-6)


def naive_place(marker: Marker, x: float, y: float) -> str:
    """The place of one point, by asking every piece in turn what a ray from there meets."""
    width, length, point = marker.fabric.usable_width_mm, marker.length_mm, Point(x, y)
    whole = [Polygon(polygon.exterior) for polygon in marker.polygons]
    if any(polygon.contains(point) for polygon in marker.polygons):
        return "pieces"
    if any(box(*defect.box_mm).contains(point) for defect in marker.fabric.defects):
        return "flaws"
    if any(polygon.contains(point) for polygon in whole):
        return "cutouts"

    def free(*end: float) -> bool:
        return not any(polygon.intersects(LineString([(x, y), end])) for polygon in whole)

    if free(-1, y) or free(length + 1, y):
        return "ends"
    return "edges" if free(x, -1) or free(x, width + 1) else "between"


@pytest.mark.parametrize("number", range(12))
def test_places_are_what_rays_say(number):
    marker = random_marker(number)
    places = waste_places(marker)
    regions = {**places.regions, "pieces": shapely.union_all(list(marker.polygons))}
    rng = np.random.default_rng(number)
    wrong = Counter()
    for u, v in rng.uniform(0, 1, (150, 2)).tolist():
        x, y = u * marker.length_mm, v * marker.fabric.usable_width_mm
        place = naive_place(marker, x, y)
        # A ray that grazes a corner may go either way: only points well inside a region count.
        if regions[place].distance(Point(x, y)) > 1e-6 * marker.length_mm:
            wrong[place] += 1
    assert not wrong
