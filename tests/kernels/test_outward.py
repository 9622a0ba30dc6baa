"""Outlines simplified outward: never cut into, never farther than the tolerance, far fewer points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import rings_of
from outlines import SAMPLES, blocks, garment, ragged
from shapely.geometry import Polygon, box

from cutkit.kernels.outward import simplify_outward


def simplified(outline: Polygon, tolerance: float) -> Polygon:
    xy, offsets = rings_of(outline)
    rings = [simplify_outward(xy[i:j], tolerance) for i, j in pairwise(offsets)]
    return Polygon(rings[0], rings[1:])


def assert_outward(outline: Polygon, tolerance: float) -> None:
    size = max(outline.bounds[2] - outline.bounds[0], outline.bounds[3] - outline.bounds[1])
    result = simplified(outline, tolerance)
    assert result.is_valid
    assert result.buffer(1e-11 * size).contains(outline)
    assert shapely.hausdorff_distance(result.boundary, outline.boundary, densify=0.1) <= tolerance + 1e-11 * size
    assert np.allclose(result.bounds, outline.bounds, rtol=0, atol=1e-11 * size)
    assert shapely.get_num_coordinates(result) <= shapely.get_num_coordinates(outline)


@pytest.mark.parametrize("share", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("outline", [v for k, v in SAMPLES.items() if k != "far away"])
def test_a_superset_within_the_tolerance(outline, share):
    assert_outward(outline, share * np.sqrt(outline.area))


@settings(max_examples=60, deadline=None)
@given(st.one_of(ragged(), blocks()), st.sampled_from([0.01, 0.1, 0.3]))
def test_a_superset_of_any_outline(outline, share):
    assert_outward(outline, share * min(10.0, np.sqrt(outline.area)))


def test_a_smooth_curve_keeps_as_few_points_as_a_two_sided_simplification():
    curve = garment(400, 5)
    few = shapely.get_num_coordinates(simplified(curve, 0.2))
    assert few <= 1.15 * shapely.get_num_coordinates(curve.simplify(0.2))
    assert few < 140


@pytest.mark.uncompiled
def test_a_narrow_gap_is_not_bridged():
    slit = box(0, 0, 100, 50).difference(box(50, 10, 50.2, 50)).difference(shapely.Point(50, 10).buffer(1))
    assert_outward(slit, 1.0)


@pytest.mark.uncompiled
def test_corners_and_small_rings_stay():
    square = box(0, 0, 10, 10)
    assert simplified(square, 1.0).equals(square)
    triangle = Polygon([(0, 0), (1, 0), (0, 1)])
    assert simplified(triangle, 5.0).equals(triangle)
