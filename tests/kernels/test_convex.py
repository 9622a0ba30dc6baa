"""The convex decomposition: the parts are strictly convex, few, and together exactly the outline."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import rings_of
from outlines import SAMPLES, blocks, ragged
from shapely.geometry import Polygon

from cutkit.kernels.convex import convex_parts, sorted_order, turn


def parts_of(outline: Polygon) -> list[Polygon]:
    vertices, offsets = convex_parts(*rings_of(outline))
    return [Polygon(vertices[i:j]) for i, j in pairwise(offsets)]


def corner_turns(ring: np.ndarray) -> list[float]:
    return [turn(*ring[k - 2], *ring[k - 1], *ring[k]) for k in range(len(ring))]


def reflex_corners(outline: Polygon) -> int:
    xy, offsets = rings_of(outline)
    return sum(value < 0 for i, j in pairwise(offsets) for value in corner_turns(xy[i:j]))


def assert_decomposes(outline: Polygon) -> None:
    parts = parts_of(outline)
    assert parts
    for part in parts:
        assert min(corner_turns(np.array(part.exterior.coords)[:-1])) > 0
    assert sum(part.area for part in parts) == pytest.approx(outline.area, rel=1e-10)
    assert shapely.union_all(parts).symmetric_difference(outline).area <= 1e-9 * outline.area
    assert len(parts) <= 2 * reflex_corners(outline) + 1


@pytest.mark.parametrize("outline", SAMPLES.values(), ids=SAMPLES.keys())
def test_parts_make_up_the_outline(outline):
    assert_decomposes(outline)


@settings(max_examples=60, deadline=None)
@given(st.one_of(ragged(), blocks()), st.sampled_from([0.0, 0.0, 30.0, 77.7]))
def test_parts_make_up_any_outline(outline, angle_deg):
    assert_decomposes(shapely.affinity.rotate(outline, angle_deg, origin=(0, 0)))


@pytest.mark.uncompiled
@pytest.mark.parametrize(("name", "fewest"), [("square", 1), ("L", 2), ("U", 3), ("comb", 6), ("frame", 4)])
def test_the_parts_are_few(name, fewest):
    assert len(parts_of(SAMPLES[name])) == fewest


@pytest.mark.uncompiled
def test_collinear_and_double_points_and_spikes_are_left_out():
    ring = [(0, 0), (5, 0), (5, 0), (10, 0), (10, 10), (10, 15), (10, 10), (0, 10), (0, 5), (1e-13, 2)]
    vertices, offsets = convex_parts(np.array(ring, dtype=np.float64), np.array([0, len(ring)]))
    assert offsets.tolist() == [0, 4]
    assert sorted(map(tuple, vertices)) == [(0, 0), (0, 10), (10, 0), (10, 10)]


@pytest.mark.uncompiled
@pytest.mark.parametrize(
    "ring",
    [[(0, 0), (10, 10), (10, 0), (0, 11)], [(0, 0), (0, 10), (10, 10), (10, 0)], [(0, 0), (5, 0), (10, 0)], []],
    ids=["crosses itself", "clockwise", "flat", "empty"],
)
def test_what_is_no_outline_has_no_parts(ring):
    xy = np.array(ring, dtype=np.float64).reshape(-1, 2)
    vertices, offsets = convex_parts(xy, np.array([0, len(xy)]))
    assert len(vertices) == 0
    assert offsets.tolist() == [0]


@settings(max_examples=300, deadline=None)
@given(st.tuples(*[st.floats(-1e3, 1e3, allow_subnormal=False)] * 4), st.floats(-1, 2), st.integers(-2, 2))
def test_turns_are_judged_exactly(corners, t, ulps):
    ax, ay, bx, by = (value if abs(value) > 1e-3 else 0.0 for value in corners)
    cx, cy = ax + t * (bx - ax), ay + t * (by - ay)
    cy += ulps * np.spacing(max(abs(cy), 1e-3))
    f = [Fraction(float(v)) for v in (ax, ay, bx, by, cx, cy)]
    exact = (f[0] - f[4]) * (f[3] - f[5]) - (f[1] - f[5]) * (f[2] - f[4])
    assert np.sign(turn(ax, ay, bx, by, cx, cy)) == (exact > 0) - (exact < 0)


@given(st.lists(st.integers(0, 9), max_size=40))
def test_sorted_order_is_that_of_a_stable_sort(keys):
    values = np.array(keys, dtype=np.float64)
    assert sorted_order(values).tolist() == np.argsort(values, kind="stable").tolist()
