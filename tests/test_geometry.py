"""Outlines joined, mended, unfolded and turned."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon

from cutkit.geometry import (
    fold_line_of,
    inward_angle,
    join_chains,
    mend,
    mirror_points,
    move_points,
    nearest_place,
    signed_area,
    transform,
    turn_matrix,
    unfold,
    unfold_area,
    union_with_holes,
    without_repeats,
)

SQUARE = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]


@st.composite
def star_rings(draw: st.DrawFn, least: int = 4, most: int = 40) -> list[tuple[float, float]]:
    """Simple rings: points round a centre in order of their angle, at least a millimetre apart."""
    n = draw(st.integers(least, most))
    radii = draw(st.lists(st.floats(20, 300), min_size=n, max_size=n))
    return [(r * math.cos(2 * math.pi * k / n), r * math.sin(2 * math.pi * k / n)) for k, r in enumerate(radii)]


@given(star_rings(), st.integers(0, 10**6), st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_chains_in_any_order_and_direction_join_to_the_ring(ring, seed, cuts):
    rng = random.Random(seed)
    at = sorted(rng.sample(range(len(ring)), min(cuts, len(ring))))
    whole = [*ring, *ring]
    paths = [whole[a : (b if b > a else b + len(ring)) + 1] for a, b in zip(at, [*at[1:], at[0]], strict=True)]
    paths = [path[::-1] if rng.random() < 0.5 else path for path in paths]
    rng.shuffle(paths)
    chains = join_chains(paths, gap_mm=0.5)
    assert len(chains) == 1
    assert chains[0].closed
    assert not chains[0].gaps
    assert Polygon(chains[0].points).equals(Polygon(ring))


def test_a_gap_is_bridged_and_told():
    paths = [[(0, 0), (10, 0), (10, 10)], [(10.3, 10), (0, 10), (0, 0)]]
    (chain,) = join_chains(paths, gap_mm=0.5)
    assert chain.closed
    assert [round(gap, 3) for _, gap in chain.gaps] == [0.3]
    (*_, last) = join_chains(paths, gap_mm=0.2)
    assert not last.closed


def test_a_far_end_stays_open():
    (chain,) = join_chains([[(0, 0), (10, 0), (10, 10)]], gap_mm=2)
    assert not chain.closed


def test_two_rings_stay_two():
    shifted = [(x + 50, y) for x, y in SQUARE]
    paths = [[*ring, ring[0]][i : i + 2] for ring in (SQUARE, shifted) for i in range(4)]
    random.Random(3).shuffle(paths)
    assert sorted(abs(signed_area(c.points)) for c in join_chains(paths, gap_mm=1)) == [100.0, 100.0]


def test_repeats_are_dropped():
    points = [(0, 0), (0, 0), (5, 0), (5, 5), (5, 5.0004), (0, 0)]
    assert without_repeats(points, closed=True) == [(0, 0), (5, 0), (5, 5)]
    assert without_repeats(points)[-1] == (0, 0)


@given(star_rings(), st.floats(-720, 720))
@settings(max_examples=60, deadline=None)
def test_turning_keeps_area_and_lengths(ring, angle):
    polygon = Polygon(ring)
    turned = transform(polygon, turn_matrix(angle))
    assert turned.area == pytest.approx(polygon.area, rel=1e-9)
    assert turned.length == pytest.approx(polygon.length, rel=1e-9)


@pytest.mark.parametrize("turns", range(-4, 5))
def test_quarter_turns_are_exact(turns):
    (point,) = move_points([(3.0, 7.0)], turn_matrix(90.0 * turns))
    assert point in [(3.0, 7.0), (-7.0, 3.0), (-3.0, -7.0), (7.0, -3.0)]


@st.composite
def half_pieces(draw: st.DrawFn):
    """A half piece above a line through the origin, in a random direction: its ring and its mirror line."""
    n = draw(st.integers(3, 25))
    radii = draw(st.lists(st.floats(30, 300), min_size=n, max_size=n))
    upper = [(r * math.cos(math.pi * k / (n - 1)), r * math.sin(math.pi * k / (n - 1))) for k, r in enumerate(radii)]
    upper[0], upper[-1] = (radii[0], 0.0), (-radii[-1], 0.0)
    extra = draw(st.lists(st.floats(-0.9, 0.9), max_size=3, unique=True))
    on_fold = [(x * 29, 0.0) for x in sorted(extra)]
    matrix = turn_matrix(draw(st.floats(0, 360)))
    return move_points([*upper, *on_fold], matrix), tuple(move_points([(-25.0, 0.0), (25.0, 0.0)], matrix))


@given(half_pieces())
@settings(max_examples=80, deadline=None)
def test_unfolding_doubles_the_area_and_makes_it_symmetric(half):
    ring, line = half
    assume(Polygon(ring).is_valid)
    assert fold_line_of(ring, line) is not None
    whole = Polygon(unfold(ring, line))
    assert whole.is_valid
    assert whole.area == pytest.approx(2 * Polygon(ring).area, rel=1e-9)
    assert whole.symmetric_difference(Polygon(mirror_points(unfold(ring, line), line))).area < 1e-3


def test_a_whole_piece_is_not_a_half():
    assert fold_line_of(SQUARE, ((0, 5), (10, 5))) is None


def test_a_line_beside_the_edge_folds_at_the_edge():
    big = [(x * 30, y * 30) for x, y in SQUARE]
    assert fold_line_of(big, ((10, -2.0), (290, -2.0))) == ((0, 0), (300, 0))
    assert fold_line_of(big, ((10, -20.0), (290, -20.0))) is None


def test_a_half_with_a_slit_in_its_fold_unfolds_by_area():
    half = [(0, 0), (40, 0), (40, 5), (60, 5), (60, 0), (100, 0), (100, 50), (0, 50)]
    line = ((0, 0), (100, 0))
    with pytest.raises(ValueError, match="one stretch"):
        unfold(half, line)
    union = unfold_area(Polygon(half), line)
    assert union.area == pytest.approx(2 * Polygon(half).area)
    assert len(union.interiors) == 1


def test_a_good_ring_is_left_alone():
    mended = mend(SQUARE)
    assert not mended.faults
    assert list(mended.polygon.exterior.coords)[:-1] == SQUARE


def test_a_spike_vanishes_and_its_place_is_told():
    mended = mend([(0, 0), (10, 0), (10, 5), (15, 5), (10, 5), (10, 10), (0, 10)])
    assert mended.polygon.area == pytest.approx(100)
    assert mended.lost_mm2 == 0
    assert mended.faults


def test_a_small_loop_is_cut_off_and_measured():
    mended = mend([(0, 0), (100, 0), (100, 100), (49, 100), (50, 101), (49, 101), (50, 100), (0, 100)])
    assert mended.polygon.is_valid
    assert mended.polygon.area == pytest.approx(10_000, abs=1)
    assert 0 < mended.lost_mm2 < 1
    assert any(abs(x - 49.5) < 0.01 and abs(y - 100.5) < 0.01 for x, y in mended.faults)


def test_a_line_is_no_piece():
    assert mend([(0, 0), (5, 0), (10, 0)]) is None


def test_a_cut_out_reached_by_a_slit_is_told_apart_from_a_loop():
    frame = [(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (2, 2), (2, 7), (7, 7), (7, 2), (2, 2)]
    mended = mend(frame)
    assert mended.polygon.area == 81
    assert [hole.area for hole in mended.enclosed] == [25]
    loop = [(0, 0), (9, 0), (9, 9), (5, 9), (5, 4), (6, 4), (6, 6), (4, 6), (4, 9), (0, 9)]
    assert mend(loop).enclosed == ()


@given(star_rings(), st.floats(0, 1), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_inward_points_into_the_piece(ring, share, pick):
    edge = pick % len(ring)
    a, b = ring[edge], ring[(edge + 1) % len(ring)]
    assume(0.05 < share < 0.95)
    at = (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
    place = nearest_place(ring, at)
    angle = math.radians(inward_angle(ring, place))
    tip = (at[0] + 1e-3 * math.cos(angle), at[1] + 1e-3 * math.sin(angle))
    assert Polygon(ring).covers(LineString([place.point, tip]).interpolate(1.0, normalized=True))


def test_cut_outs_are_taken_off_where_they_lie_inside():
    shell = Polygon([(x * 10, y * 10) for x, y in SQUARE])
    inside = [(20, 20), (30, 20), (30, 30), (20, 30)]
    across = [(90, 40), (120, 40), (120, 50), (90, 50)]
    polygon, left = union_with_holes(shell, [inside, across, inside])
    assert polygon.area == pytest.approx(10_000 - 100)
    assert left == [1, 2]
