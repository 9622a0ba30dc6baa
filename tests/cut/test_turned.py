"""Tangential knives and rotary blades: where the blade points, where it is lifted, what it cannot cut."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box
from shapely.geometry import Point as ShapelyPoint

from cutkit.cut.turned import Ground, least_radius_mm, runs_of, trimmed, turn_blade, turn_limit_deg, unfit
from cutkit.formats.profile import load_profile
from cutkit.toolpath import Knife, Stroke

SQUARE = ((0.0, 0.0), (50.0, 0.0), (50.0, 50.0), (0.0, 50.0), (0.0, 0.0))
CIRCLE = tuple(ShapelyPoint(100, 100).buffer(40, quad_segs=64).exterior.coords)


def knife(**keys):
    return Knife(**{"kind": "tangential", "lift_above_deg": 30.0, **keys})


def ground_of(*polygons, width=400.0):
    return Ground(polygons, max(polygon.bounds[2] for polygon in polygons), width)


def turned(points, blade, ground=None):
    return turn_blade([Stroke("knife", "boundary", points, 0)], blade, ground or ground_of(box(0, 0, 60, 60)))


def test_a_square_is_cut_in_four_runs_with_the_blade_along_each():
    runs = turned(SQUARE, knife())
    assert [run.angles_deg for run in runs] == [(0.0, 0.0), (90.0, 90.0), (180.0, 180.0), (270.0, 270.0)]
    assert [run.points for run in runs] == [SQUARE[k : k + 2] for k in range(4)]


def test_a_blade_with_a_length_comes_down_ahead_and_goes_up_before_the_end():
    runs = turned(SQUARE, knife(length_mm=2.0))
    assert runs[0].points == ((1.0, 0.0), (49.0, 0.0))
    assert runs[2].points == ((49.0, 50.0), (1.0, 50.0))


def test_a_circle_is_one_run_that_turns_along_the_way_and_runs_on_over_its_start():
    (run,) = turned(CIRCLE, knife(length_mm=1.0, overcut_mm=2.0))
    length = LineString(CIRCLE).length
    # half the blade's cut less at either end, and on over the start by the blade's cut and the overcut
    assert LineString(run.points).length == pytest.approx(length - 1.0 + 1.0 + 2.0, abs=0.01)
    steps = [b - a for a, b in zip(run.angles_deg, run.angles_deg[1:], strict=False)]
    assert min(steps) <= max(steps) <= 0  # clockwise, and never a step back
    assert run.angles_deg[-1] - run.angles_deg[0] == pytest.approx(-360 - math.degrees(2.0 / 40), abs=1.5)


def test_the_angle_counts_on_and_never_jumps():
    twice = turn_blade([Stroke("knife", "boundary", SQUARE, 0)] * 2, knife(), ground_of(box(0, 0, 60, 60)))
    firsts = [run.angles_deg[0] for run in twice]
    assert firsts == [0.0, 90.0, 180.0, 270.0, 360.0, 450.0, 540.0, 630.0]


def test_a_soft_bend_between_long_sides_is_turned_close_to_it():
    line = ((0.0, 0.0), (100.0, 0.0), (200.0, 20.0))
    (run,) = turned(line, knife())
    bend = math.degrees(math.atan2(20, 100))
    assert run.angles_deg == pytest.approx((0.0, 0.0, bend / 2, bend, bend))
    assert run.points[1] == (99.0, 0.0)
    assert math.dist(run.points[3], line[1]) == pytest.approx(1.0)


def test_other_tools_are_left_alone():
    pen = Stroke("pen", "label", SQUARE, 0)
    assert turn_blade([pen], knife(), ground_of(box(0, 0, 60, 60))) == [pen]


@given(st.floats(0.1, 6.0), st.floats(1.0, 89.0))
def test_the_edge_of_a_blade_stays_near_a_bend_that_is_turned_along_the_way(length, lift):
    limit = turn_limit_deg(knife(length_mm=length, lift_above_deg=lift))
    assert 0 < limit <= lift
    assert length / 2 * math.sin(math.radians(limit) / 2) <= 0.03 + 1e-9


def test_a_wheel_is_limited_by_its_lift_only():
    assert turn_limit_deg(knife(kind="rotary", length_mm=12.0, lift_above_deg=8.0)) == 8.0


@pytest.mark.parametrize(
    ("points", "blade", "word"),
    [
        (SQUARE, knife(length_mm=49.0), None),
        (SQUARE, knife(length_mm=51.0), "shorter"),
        (CIRCLE, knife(kind="rotary", length_mm=3.0, least_radius_mm=39.0), None),
        (CIRCLE, knife(kind="rotary", length_mm=12.0, least_radius_mm=39.0), "not straight"),
        (CIRCLE, knife(kind="rotary", length_mm=12.0, least_radius_mm=41.0), "radius"),
        (CIRCLE, knife(length_mm=3.0), None),
        (CIRCLE, knife(length_mm=4.5), "radius"),
        (((0.0, 0.0), (0.0, 5.0)), knife(length_mm=5.0), None),
        (((0.0, 0.0), (0.0, 5.0)), knife(length_mm=5.1), "shorter"),
    ],
)
def test_what_a_blade_cannot_cut_is_told(points, blade, word):
    reason = unfit(points, blade)
    assert (reason is None) if word is None else (word in reason)


def test_a_contour_that_begins_on_a_straight_side_is_measured_over_its_start():
    begun_midway = ((47.0, 0.0), (50.0, 0.0), (50.0, 50.0), (0.0, 50.0), (0.0, 0.0), (47.0, 0.0))
    assert unfit(begun_midway, knife(length_mm=40.0)) is None
    (first, *_, last) = turned(begun_midway, knife(overcut_mm=1.0))
    assert first.points == ((47.0, 0.0), (50.0, 0.0))
    assert last.points[0] == (0.0, 0.0)
    assert last.points[-1] == pytest.approx((48.0, 0.0))


def test_the_least_radius_of_a_knife_follows_from_its_length():
    edge_off = 3.0**2 / (8 * least_radius_mm(knife(length_mm=3.0)))
    assert edge_off == pytest.approx(0.045)


def test_what_is_as_short_as_the_blade_is_cut_where_it_stands():
    line = ((10.0, 10.0), (10.0, 15.0))
    (run,) = turned(line, knife(length_mm=5.0))
    assert run.points[0] == pytest.approx((10.0, 12.5), abs=1e-5)
    assert run.angles_deg == (90.0, 90.0)


def test_overcut_at_a_corner_goes_into_waste_and_never_into_a_piece_or_off_the_cloth():
    left, right = box(0, 0, 50, 50), box(50.4, 0, 100, 50)
    runs = turned(SQUARE, knife(corner_overcut_mm=1.0), ground_of(left, right, width=300.0))
    ends = [run.points[-1] for run in runs]
    assert ends[0] == pytest.approx((50.4, 0.0), abs=1e-3)  # up to the neighbour
    assert ends[1] == pytest.approx((50.0, 51.0))  # into the waste
    assert ends[2] == (0.0, 50.0)  # the cloth ends there
    assert ends[3] == (0.0, 0.0)


def test_runs_part_at_sharp_corners_only():
    zigzag = ((0.0, 0.0), (10.0, 0.0), (20.0, 2.0), (20.0, 12.0))
    assert runs_of(zigzag, 30.0) == [zigzag[:3], zigzag[2:]]


@given(st.floats(0.0, 4.9))
def test_trimmed_takes_off_both_ends(by):
    assert LineString(trimmed(((0.0, 0.0), (6.0, 0.0), (6.0, 4.0)), by)).length == pytest.approx(10 - 2 * by, abs=1e-5)


def test_a_concave_corner_has_no_overcut():
    ell = Polygon([(0, 0), (100, 0), (100, 40), (40, 40), (40, 100), (0, 100)])
    runs = turned(tuple(ell.exterior.coords), knife(corner_overcut_mm=2.0), ground_of(ell))
    inner = [run for run in runs if ShapelyPoint(run.points[-1]).distance(ShapelyPoint(40, 40)) < 3]
    assert [run.points[-1] for run in inner] == [(40.0, 40.0)]


def test_a_wheel_that_comes_down_before_a_bend_cuts_straight_on():
    """Its axis stands 6 mm along the line, and its edge reaches to 12: farther off a bend between than a chord is."""
    wheel = load_profile("linuxcnc-rotary").knife
    assert wheel.length_mm == 12.0

    def bent(by_deg):
        return (
            (0.0, 0.0),
            (8.0, 0.0),
            (8.0 + 50 * math.cos(math.radians(by_deg)), 50 * math.sin(math.radians(by_deg))),
        )

    assert unfit(bent(0.6), wheel) is None  # 4 mm x sin(0.6 degrees) = 0.042 mm
    assert "0.06 mm off" in unfit(bent(0.8), wheel)
    assert "0.06 mm off" in unfit(bent(0.8)[::-1], wheel)
