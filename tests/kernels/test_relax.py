"""Joint relaxation: pieces pushed apart by the shortest way, exact fits among them, or nothing changed at all."""

import numba
import numpy as np
import pytest
import ways_in
from naive_layout import depth, no_fit_polygon, overlaps
from shapely.geometry import Point, box
from test_field import ARROW, L_SHAPE, TRIANGLE, solid, tables_of

from cutkit.kernels import separate as kernels
from cutkit.kernels import state
from cutkit.nest.problem import Problem, new_layout

pytestmark = [
    pytest.mark.uncompiled,
    pytest.mark.skipif(
        not numba.config.DISABLE_JIT,
        reason="inner kernels can be called without the compiler only: see test_uncompiled.py",
    ),
]


def layout_of(outline, places, height, length, gap=0.0):
    shapes, tables = tables_of(outline, gap=gap, height=height)
    layout, scratch = new_layout(Problem(tables, [[0]] * len(places), {}, 1.0), 10 * length, seed=1)
    layout.place[:] = places
    layout.number[state.LENGTH] = length
    kernels.reset(layout, tables, scratch)
    return shapes, tables, layout, scratch


@pytest.mark.parametrize(("a", "b"), [(L_SHAPE, ARROW), (ARROW, TRIANGLE), (L_SHAPE, L_SHAPE)])
def test_the_way_out_leads_to_the_nearest_boundary_point(a, b):
    shapes, tables = tables_of(a, b)
    last = len(shapes.shapes) - 1
    outlines = solid(shapes, 0), solid(shapes, last)
    boundary = no_fit_polygon(*outlines).boundary
    sign, x0, y0, per_cell = tables.pair_grid[0, last]
    columns, _, first = tables.pair_shape[0, last, :3]
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(200):
        v = rng.uniform(-1, 1, 2) * (tables.half[0] + tables.half[last])
        x, y = sign * v
        cell = first + int((y - y0) * per_cell) * columns + int((x - x0) * per_cell)
        begin, end = tables.cell_start[cell], tables.cell_start[cell + 1]
        if begin == end:
            continue
        distance, out_x, out_y = ways_in.way_out(tables.edges, tables.listed, begin, end, x, y)
        assert distance == pytest.approx(depth(*outlines, v), abs=1e-9)
        assert np.hypot(out_x, out_y) == pytest.approx(1.0)
        assert boundary.distance(Point(v + distance * sign * np.array([out_x, out_y]))) < 1e-9
        inside += distance > 0
    assert inside > 30


def test_a_row_with_room_comes_to_rest_without_overlaps():
    places = [(5.0, 5.0), (14.0, 5.0), (23.0, 5.0), (33.5, 5.0)]
    shapes, tables, layout, scratch = layout_of(box(0, 0, 10, 10), places, height=10.0, length=41.0)
    assert layout.clashes.sum() == 4
    assert ways_in.relax(layout, tables, scratch, np.array(places))
    assert overlaps([shapes.shapes[0].outline] * 4, layout.place) == []
    assert (layout.place[:, 0] >= 5.0).all()
    assert (layout.place[:, 0] <= 36.0).all()
    assert kernels.total_loss(layout) == 0.0
    assert layout.clashes.sum() == 0


@pytest.mark.parametrize("gap", [0.0, 2.0])
def test_an_exact_fit_is_found_from_close_by(gap):
    side = 20.0 + gap
    exact = np.array([(5.0 + i * (10 + gap), 5.0 + j * (10 + gap)) for i in (0, 1) for j in (0, 1)])
    moved = np.clip(exact + [(0.2, 0.1), (0.0, -0.3), (-0.2, 0.1), (-0.1, -0.2)], 5.0, side - 5.0)
    _, tables, layout, scratch = layout_of(box(0, 0, 10, 10), moved, height=side, length=side, gap=gap)
    assert ways_in.relax(layout, tables, scratch, moved.copy())
    assert layout.place == pytest.approx(exact, abs=1e-5)


def test_without_room_every_piece_is_back_where_it_was():
    places = np.array([(5.0, 5.0), (14.0, 5.0), (23.0, 5.0)])
    _, tables, layout, scratch = layout_of(box(0, 0, 10, 10), places, height=10.0, length=29.0)
    losses = layout.loss.copy()
    assert not ways_in.relax(layout, tables, scratch, places.copy())
    assert np.array_equal(layout.place, places)
    assert np.array_equal(layout.loss, losses)
    kernels.sweep(layout, tables, scratch)  # the lists by x are whole again
    assert kernels.total_loss(layout) >= 0.0


def test_a_crowd_is_left_to_the_moves():
    places = np.array([(5.0 + 2 * k, 5.0) for k in range(12)])
    _, tables, layout, scratch = layout_of(box(0, 0, 10, 10), places, height=10.0, length=200.0)
    assert not ways_in.relax(layout, tables, scratch, places.copy())
    assert np.array_equal(layout.place, places)
