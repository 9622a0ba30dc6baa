"""The drafting program's own geometry: curves, allowances, corners, and what it refuses."""

from __future__ import annotations

import drafts  # noqa: F401  (puts the repository's root on the path)
import numpy as np
import pytest
from shapely.geometry import LineString, Polygon

from patterns.draft.allowance import with_allowance
from patterns.draft.geometry import TOLERANCE_MM, arc, at, bezier, length, line, pt, solve, split
from patterns.draft.piece import Edge, Notch, Piece
from patterns.draft.plain import rounded_corners

GRAIN = (pt(10.0, 10.0), pt(10.0, 40.0))


def box(allowances, turn_up=(), width=100.0, height=80.0, taper=0.0):
    """A box (or, tapered to its foot, a trapezoid) with an allowance per edge, from the foot counter-clockwise."""
    corners = [pt(taper, 0.0), pt(width - taper, 0.0), pt(width, height), pt(0.0, height)]
    edges = tuple(
        Edge(str(i), line(corners[i], corners[(i + 1) % 4]), a, turn_up=i in turn_up) for i, a in enumerate(allowances)
    )
    return Piece("BOX", "BOX", edges, GRAIN)


def test_a_curve_stays_within_its_tolerance():
    points = [pt(0, 0), pt(120, 5), pt(80, 200), pt(260, 190)]
    t = np.linspace(0, 1, 2001)[:, None]
    exact = sum(c * t**k * (1 - t) ** (3 - k) * p for k, (c, p) in enumerate(zip((1, 3, 3, 1), points, strict=True)))
    path = LineString(bezier(*points))
    assert max(path.distance(p) for p in map(_point, exact)) <= TOLERANCE_MM
    assert 5 < len(path.coords) < 100


def _point(xy):
    return LineString([xy, xy + 1e-9]).centroid


def test_an_arc_has_its_length_and_turn():
    path = arc(pt(0, 0), 0.0, 100.0, 60.0)
    assert length(path) == pytest.approx(100.0, abs=0.05)
    run = path[-1] - path[-2]
    assert np.degrees(np.arctan2(run[1], run[0])) == pytest.approx(60.0, abs=2.0)


def test_splitting_a_path_keeps_its_length():
    path = bezier(pt(0, 0), pt(50, 0), pt(50, 80), pt(100, 80))
    head, tail = split(path, 40.0)
    assert length(head) == pytest.approx(40.0)
    assert length(head) + length(tail) == pytest.approx(length(path))
    with pytest.raises(ValueError, match="beyond"):
        at(path, 1000.0)


def test_different_allowances_meet_in_mitred_corners():
    cut = with_allowance(box((25.0, 10.0, 5.0, 0.0)))
    assert Polygon(cut.outline).bounds == pytest.approx((0.0, -25.0, 110.0, 85.0))
    assert Polygon(cut.outline).area == pytest.approx(110 * 110)
    assert len(cut.outline) == 4


def test_a_turned_up_hem_is_the_mirror_image_of_the_seams_beside_it():
    cut = with_allowance(box((20.0, 10.0, 10.0, 10.0), turn_up=(0,), taper=15.0))
    outline = Polygon(cut.outline)
    below, above = outline.intersection(_half(-1)), outline.intersection(_half(1))
    folded = Polygon([(x, -y) for x, y in below.exterior.coords])
    assert folded.within(above.buffer(1e-6)), "the hem, turned up, must lie on the piece"
    assert folded.area == pytest.approx(above.intersection(_band(20.0)).area)


def _half(side):
    return Polygon([(-500, 0), (500, 0), (500, side * 500), (-500, side * 500)])


def _band(height):
    return Polygon([(-500, 0), (500, 0), (500, height), (-500, height)])


def test_a_hollow_corner_is_trimmed():
    corners = [pt(0, 0), pt(60, 0), pt(60, 30), pt(100, 30), pt(100, 90), pt(0, 90)]
    edges = tuple(Edge(str(i), line(corners[i], corners[(i + 1) % 6]), 8.0) for i in range(6))
    cut = with_allowance(Piece("L", "L", edges, GRAIN))
    expected = Polygon(corners).buffer(8.0, join_style="mitre")
    assert Polygon(cut.outline).symmetric_difference(expected).area < 1e-6


def test_a_notch_beyond_its_edge_is_refused():
    piece = box((10.0, 10.0, 10.0, 10.0))
    first = Edge("0", piece.edges[0].path, 10.0, (Notch("far", 150.0),))
    with pytest.raises(ValueError, match="notch"):
        with_allowance(Piece("BOX", "BOX", (first, *piece.edges[1:]), GRAIN))


def test_edges_that_do_not_meet_or_run_clockwise_are_refused():
    edges = box((1.0,) * 4).edges
    with pytest.raises(ValueError, match="close"):
        Piece("OPEN", "X", edges[:3], GRAIN)
    with pytest.raises(ValueError, match="meet"):
        Piece("APART", "X", (edges[0], edges[2]), GRAIN)
    backwards = tuple(Edge(e.name, e.path[::-1], 1.0) for e in edges[::-1])
    with pytest.raises(ValueError, match="counter-clockwise"):
        Piece("CLOCKWISE", "X", backwards, GRAIN)


def test_no_solution_is_said():
    assert solve(lambda x: x * x - 2, 0.0, 2.0) == pytest.approx(2**0.5)
    with pytest.raises(ValueError, match="no solution"):
        solve(lambda x: x + 10, 0.0, 1.0)


def test_rounded_corners_are_quarter_turns():
    ring = np.array([[0, 0], [100, 0], [100, 50], [0, 50]], dtype=float)
    vertices = rounded_corners(ring, 10.0)
    assert len(vertices) == 8
    bulges = [bulge for _, bulge in vertices if bulge]
    assert bulges == pytest.approx([np.tan(np.radians(22.5))] * 4)
    assert vertices[0][0] == pytest.approx(np.array([0.0, 10.0]))
