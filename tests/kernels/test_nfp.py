"""No-fit polygons against the union of Minkowski sums that shapely makes: depths, areas, holes, signs, exact fits."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import boundary_area, no_fit_area, rings_of, signed_distance
from outlines import FRAME, L_SHAPE, SAMPLES, U_SHAPE, blocks, comb, garment, ragged, star
from shapely.affinity import rotate, scale, translate
from shapely.geometry import Polygon, box

from cutkit.kernels import nfp
from cutkit.kernels.convex import convex_parts


def no_fit(a: Polygon, b: Polygon) -> np.ndarray:
    rows, status = nfp.no_fit_edges(*convex_parts(*rings_of(a)), *convex_parts(*rings_of(b)))
    assert status == nfp.EXACT
    return rows


def size_of(area: Polygon) -> float:
    x0, y0, x1, y1 = area.bounds
    return max(x1 - x0, y1 - y0)


def probes(rows: np.ndarray, seed: int = 0) -> np.ndarray:
    """Points all over the boundary's box, near its edges, and straight beside its vertices."""
    rng = np.random.default_rng(seed)
    low, high = rows[:, :2].min(axis=0), rows[:, :2].max(axis=0)
    edge = rng.integers(0, len(rows), 40)
    near = rows[edge, :2] + rows[edge, 2:4] * (rng.random(40) * rows[edge, 4])[:, None]
    near += rng.normal(0, 1e-3 * (high - low).max(), near.shape)
    shift = 0.01 * (high - low).max() * rng.normal(size=(len(rows), 2))
    return np.concatenate([rng.uniform(low, high, (60, 2)), near, rows[:, :2] + shift])


def assert_same_depths(rows: np.ndarray, area: Polygon, tolerance: float = 1e-9) -> None:
    size = size_of(area)
    assert boundary_area(rows) == pytest.approx(area.area, rel=1e-8)
    for x, y in probes(rows):
        assert nfp.signed_distance(rows, x, y) == pytest.approx(signed_distance(area, x, y), abs=tolerance * size)


def assert_closed(rows: np.ndarray) -> None:
    """Every end is some other row's start, and the interior turns with the signs."""
    grid = 1e-9 * np.abs(rows[:, :2]).max()
    ends = rows[:, :2] + rows[:, 2:4] * rows[:, 4:5]
    starts = Counter(map(tuple, np.round(rows[:, :2] / grid / 10).tolist()))
    assert starts == Counter(map(tuple, np.round(ends / grid / 10).tolist())) or _nearly(rows[:, :2], ends, grid)
    assert np.allclose(np.hypot(rows[:, 2], rows[:, 3]), 1)
    assert set(rows[:, 5]) | set(rows[:, 6]) <= {-1.0, 1.0}


def _nearly(starts: np.ndarray, ends: np.ndarray, grid: float) -> bool:
    gaps = np.abs(starts[:, None] - ends[None]).max(axis=2)
    return bool((gaps.min(axis=0) <= grid).all() and (gaps.min(axis=1) <= grid).all())


PAIRS = [(a, b) for a in SAMPLES for b in ("square", "L", "comb", "turned comb", "star", "frame", "garment 20")]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_depths_are_those_of_the_minkowski_sum(a, b):
    size = size_of(SAMPLES[a])
    other = scale(SAMPLES[b], 0.7 * size / size_of(SAMPLES[b]), 0.7 * size / size_of(SAMPLES[b]), origin=(0, 0))
    rows = no_fit(SAMPLES[a], other)
    far = 1e-5 if a == "far away" else 1.0
    assert_closed(rows if far == 1.0 else rows - [*SAMPLES[a].centroid.coords[0], 0, 0, 0, 0, 0])
    assert_same_depths(rows, no_fit_area(SAMPLES[a], other), 1e-9 / far)


@settings(max_examples=60, deadline=None)
@given(ragged(), ragged(), st.sampled_from([0.0, 90.0, 180.0, 1e-6, 45.0]))
def test_depths_of_any_two_ragged_outlines(a, b, angle_deg):
    turned = rotate(b, angle_deg, origin=(0, 0))
    rows = no_fit(a, turned)
    assert_closed(rows)
    assert_same_depths(rows, no_fit_area(a, turned))


@settings(max_examples=60, deadline=None)
@given(blocks(), blocks(), st.sampled_from([0.0, 30.0]))
def test_depths_of_any_two_rectilinear_outlines(a, b, angle_deg):
    """Whole-number corners: coincident edges, exact fits and loops that meet in a point are the rule."""
    area = no_fit_area(a, b)
    rows = no_fit(rotate(a, angle_deg, origin=(0, 0)), rotate(b, angle_deg, origin=(0, 0)))
    assert_closed(rows)
    assert_same_depths(rows, rotate(area, angle_deg, origin=(0, 0)), 1e-8)


@pytest.mark.uncompiled
def test_two_rectangles_give_a_rectangle():
    rows = no_fit(box(0, 0, 4, 5), box(1, 1, 3, 2))
    assert len(rows) == 4
    assert (rows[:, 5:] == -1).all()
    assert sorted(rows[:, 4]) == [6, 6, 6, 6]
    assert rows[:, :2].min(axis=0).tolist() == [-3, -2]
    assert nfp.signed_distance(rows, -3.0, 0.0) == 0
    assert nfp.signed_distance(rows, -2.0, 0.0) == 1
    assert nfp.signed_distance(rows, -6.0, 8.0) == -5


@pytest.mark.uncompiled
def test_a_reflex_vertex_is_nearest_from_inside():
    rows = no_fit(L_SHAPE, box(0, 0, 1, 1))
    assert sorted(rows[:, 5]) == [-1, -1, -1, -1, -1, 1]
    assert nfp.signed_distance(rows, 1.5, 1.25) == pytest.approx(np.hypot(0.5, 0.75))


@pytest.mark.uncompiled
def test_a_piece_inside_a_cut_out_is_free():
    rows = no_fit(FRAME, box(0, 0, 10, 10))
    assert len(rows) == 8
    assert nfp.signed_distance(rows, 20.0, 20.0) == pytest.approx(0)
    assert nfp.signed_distance(rows, 40.0, 35.0) == pytest.approx(-15)
    assert nfp.signed_distance(rows, 10.0, 35.0) > 0


def test_a_hole_narrower_than_the_sliver_is_dropped():
    loose, tight = box(0, 0, 49.9, 10), box(0, 0, 50, 40)
    frame, parts = convex_parts(*rings_of(FRAME)), convex_parts(*rings_of(loose))
    assert len(nfp.no_fit_edges(*frame, *parts)[0]) == 8
    assert len(nfp.no_fit_edges(*frame, *parts, 1e-2)[0]) == 4
    assert len(no_fit(FRAME, tight)) == 4


@pytest.mark.uncompiled
@pytest.mark.parametrize("angle_deg", [0.0, 90.0, 33.3])
def test_combs_that_fit_exactly(angle_deg):
    """The gaps of the sum have no width: they count as overlap, and the outer boundary is exact."""
    one = rotate(comb(4), angle_deg, origin=(0, 0))
    rows = no_fit(one, rotate(one, 180, origin=(0, 0)))
    hull = no_fit_area(one.convex_hull, rotate(one, 180, origin=(0, 0)).convex_hull)
    assert boundary_area(rows) <= hull.area * (1 + 1e-9)
    assert_closed(rows)


@pytest.mark.uncompiled
def test_loops_that_meet_in_a_point_have_the_right_signs():
    """A square in a square frame with notched corners: holes of the sum touch the outside in points."""
    a = U_SHAPE.union(box(2, 5, 4, 6))
    rows = no_fit(a, box(0, 0, 1, 1))
    area = no_fit_area(a, box(0, 0, 1, 1))
    for x in np.arange(-2, 9, 0.25):
        for y in np.arange(-2, 8, 0.25):
            assert nfp.signed_distance(rows, x, y) == pytest.approx(signed_distance(area, x, y), abs=1e-9)


@pytest.mark.parametrize("noise", [1e-13, 1e-11, 1e-9, 1e-7, 1e-5])
def test_almost_parallel_edges(noise):
    rng = np.random.default_rng(3)
    for k in range(6):
        a = garment(24, k)
        xy, _ = rings_of(a)
        b = Polygon(xy + rng.normal(0, noise * 600, xy.shape))
        for angle_deg in (0.0, 180.0):
            turned = rotate(b, angle_deg, origin=(0, 0))
            assert_same_depths(no_fit(a, turned), no_fit_area(a, turned))


def test_a_batch_is_the_same_as_pair_by_pair():
    outlines = [L_SHAPE, U_SHAPE, FRAME, star(5, 30.0), translate(garment(30, 2), 50, 900)]
    parts = [convex_parts(*rings_of(outline)) for outline in outlines]
    xy = np.concatenate([vertices for vertices, _ in parts])
    part_offsets = np.cumsum(np.concatenate([[0], *(np.diff(offsets) for _, offsets in parts)]))
    shape_offsets = np.cumsum([0] + [len(offsets) - 1 for _, offsets in parts])
    pairs = np.array([(a, b) for a in range(5) for b in range(5)])
    rows, starts, status = nfp.no_fit_batch(xy, part_offsets, shape_offsets, pairs, nfp.SLIVER)
    assert (status == nfp.EXACT).all()
    for k, (a, b) in enumerate(pairs):
        single, _ = nfp.no_fit_edges(*parts[a], *parts[b])
        assert np.array_equal(rows[starts[k] : starts[k + 1]], single)


def test_a_shape_without_parts_fails_and_has_no_rows():
    square, nothing = convex_parts(*rings_of(box(0, 0, 1, 1))), (np.empty((0, 2)), np.zeros(1, dtype=np.int64))
    for pair in ((*square, *nothing), (*nothing, *square)):
        rows, status = nfp.no_fit_edges(*pair)
        assert status == nfp.FAILED
        assert len(rows) == 0


def test_the_negated_pair_is_the_negated_boundary():
    a, b = garment(20, 1), garment(24, 2)
    one, two = no_fit(a, b), no_fit(b, a)
    for x, y in probes(one):
        assert nfp.signed_distance(one, x, y) == pytest.approx(nfp.signed_distance(two, -x, -y), abs=1e-9 * 1200)
