"""The tabulated signed distance against shapely's."""

import numpy as np
import pytest
from naive_layout import depth
from shapely.affinity import rotate
from shapely.geometry import Polygon, box
from ways_in import signed_distance

from cutkit.kernels import field, nfp
from cutkit.kernels.state import STEP
from cutkit.model import Copy, Demand, OrderedPiece
from cutkit.nest.shapes import shapes_of
from cutkit.nest.tables import _Outlines, build_tables, kept_apart

L_SHAPE = Polygon([(0, 0), (60, 0), (60, 20), (20, 20), (20, 50), (0, 50)])
ARROW = Polygon([(0, 0), (50, 25), (0, 50), (12, 25)])
TRIANGLE = Polygon([(0, 0), (40, 0), (5, 30)])


def tables_of(*outlines, gap=0.0, workers=1, height=300.0):
    pieces = tuple(OrderedPiece(f"P{k}", "", "", outline, 1) for k, outline in enumerate(outlines))
    copies = tuple(Copy(p.id, 1, False, (0.0, 180.0)) for p in pieces)
    shapes = shapes_of(Demand("", pieces, copies), 0.0)
    return shapes, build_tables(shapes, height, gap, workers, lambda: False)


def solid(shapes, k, height=300.0):
    """A shape as the tables on a fabric of that width know it."""
    return kept_apart(shapes.shapes[k].outline, height)


def tabulated(tables, a, b, v):
    sign, x0, y0, per_cell = tables.pair_grid[a, b]
    columns, rows, first = tables.pair_shape[a, b, :3]
    return signed_distance((sign * v[0], sign * v[1]), (x0, y0, per_cell, columns, rows, first), tables)


@pytest.mark.parametrize("gap", [0.0, 7.0])
def test_depth_equals_the_distance_to_the_no_fit_polygon(gap):
    shapes, tables = tables_of(L_SHAPE, ARROW, TRIANGLE, box(0, 0, 30, 10), gap=gap)
    rng = np.random.default_rng(1)
    count = len(shapes.shapes)
    for _ in range(150):
        a, b = rng.integers(count, size=2)
        reach = tables.half[a] + tables.half[b] + gap
        v = rng.uniform(-1, 1, 2) * reach
        want = depth(solid(shapes, a), solid(shapes, b), v)
        have = tabulated(tables, a, b, v)
        if want > -gap:
            assert have == pytest.approx(want, abs=1e-7)
        else:
            assert have <= -gap


@pytest.mark.parametrize("cells", [3, 14])
def test_depth_is_the_same_from_coarser_cells(cells, monkeypatch):
    _, fine = tables_of(L_SHAPE, ARROW, gap=7.0)
    monkeypatch.setattr("cutkit.nest.tables.CELLS_ALONG", ((0, cells), (1000, 99)))
    _, coarse = tables_of(L_SHAPE, ARROW, gap=7.0)
    assert len(coarse.cell_start) < len(fine.cell_start) / 4
    for v in np.random.default_rng(1).uniform(-60, 60, (150, 2)):
        want = tabulated(fine, 0, 2, v)
        have = tabulated(coarse, 0, 2, v)
        assert have == pytest.approx(want) if want > -7 else have <= -7


@pytest.mark.parametrize("angle_deg", [0.0, 45.0, 90.0])
def test_outlines_too_thin_for_an_exact_boundary_are_kept_apart_all_the_same(angle_deg):
    needle = rotate(Polygon([(0, 0), (1000, 0), (600, 4e-5)]), angle_deg, origin=(0, 0))
    shapes, tables = tables_of(needle, L_SHAPE)
    _, _, status = nfp.no_fit_batch(*_Outlines.of([s.outline for s in shapes.shapes]).parts, np.array([[0, 0]]))
    assert status == nfp.FAILED
    along = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    for share in (0.0, 0.5, 0.99):
        assert tabulated(tables, 0, 0, 1000 * share * along) > 0
    assert tabulated(tables, 0, 0, 1.001e3 * along) <= 0
    assert tabulated(tables, 0, 0, 1e-2 * along[::-1] * [-1, 1]) <= 0


def test_far_positions_are_outside():
    _, tables = tables_of(L_SHAPE, ARROW)
    assert tabulated(tables, 0, 1, (500.0, 0.0)) == field.FAR_OUTSIDE


@pytest.mark.uncompiled
def test_stamps_hold_the_depth_on_the_lattice_in_both_directions():
    shapes, tables = tables_of(L_SHAPE, ARROW, TRIANGLE)
    step = tables.number[STEP]
    for a in range(len(shapes.shapes)):
        for b in range(len(shapes.shapes)):
            mx, my, begin = tables.pair_shape[a, b, 3:]
            stamp = tables.stamps[begin : begin + (2 * mx + 1) * (2 * my + 1)].reshape(2 * my + 1, 2 * mx + 1)
            for row, column in ((my, mx), (my + 2, mx - 1), (0, 0), (2 * my, mx)):
                d = tabulated(tables, a, b, ((column - mx) * step, (row - my) * step))
                assert stamp[row, column] == pytest.approx(max(0.0, d), abs=1e-4)


def test_tables_do_not_depend_on_the_number_of_threads():
    outlines = [Polygon([(0, 0), (40 + k, 0), (5, 30 + 2 * k)]) for k in range(10)]
    one, two = tables_of(*outlines, workers=1)[1], tables_of(*outlines, workers=2)[1]
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a, b)


def test_equal_shapes_are_entered_once():
    square, same = box(0, 0, 20, 20), Polygon([(120, 20), (100, 20), (100, 0), (120, 0)])
    shapes, _ = tables_of(square, same, box(0, 0, 21, 20))
    assert len(shapes.shapes) == 2
