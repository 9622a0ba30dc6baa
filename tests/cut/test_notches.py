"""Notches: what each kind is, and that none leaves the piece."""

from __future__ import annotations

from math import cos, pi, sin

import pytest
from garment_markers import front
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box
from shapely.geometry import Point as ShapelyPoint

from cutkit.cut.notches import Notch, notch_lines

SQUARE = box(0, 0, 100, 100)
UP = (0.0, 1.0)


def lines_of(shape, outline=SQUARE, at=(50.0, 0.0), inward=UP, depth=6.0, width=4.0):
    return notch_lines(Notch(at, inward, depth, width, shape), outline)


def test_a_slit_is_one_cut_from_the_outline_inward():
    assert lines_of("slit") == ([((50.0, 0.0), (50.0, 6.0))], [])


def test_a_v_has_two_edges_that_open_at_the_outline():
    (line,), said = lines_of("v")
    assert [pytest.approx(p) for p in line] == [(48, 0), (50, 6), (52, 0)]
    assert not said


def test_a_t_is_a_slit_with_a_bar():
    (slit, bar), said = lines_of("t")
    assert slit == ((50.0, 0.0), (50.0, 6.0))
    assert [pytest.approx(p) for p in bar] == [(52, 6), (48, 6)]
    assert not said


def test_a_castle_has_three_edges():
    (line,), _ = lines_of("castle")
    assert [pytest.approx(p) for p in line] == [(48, 0), (48, 6), (52, 6), (52, 0)]


def test_a_u_has_a_round_floor_of_its_depth():
    (line,), _ = lines_of("u")
    assert line[0] == pytest.approx((48, 0))
    assert line[-1] == pytest.approx((52, 0))
    assert max(y for _, y in line) == pytest.approx(6.0, abs=0.02)
    assert all(ShapelyPoint(p).distance(ShapelyPoint(50, 4)) == pytest.approx(2.0) for p in line[1:-1])


def test_a_check_is_square_on_one_side():
    (line,), _ = lines_of("check")
    assert [pytest.approx(p) for p in line] == [(50, 0), (50, 6), (54, 0)]


def test_without_an_angle_it_is_square_to_the_outline():
    (line,), said = lines_of("slit", inward=None)
    assert line[1] == pytest.approx((50, 6), abs=1e-6)
    assert not said


def test_an_angle_out_of_the_piece_is_set_right_and_said():
    (line,), said = lines_of("slit", inward=(0.0, -1.0))
    assert line[1] == pytest.approx((50, 6), abs=1e-6)
    assert "points out of the piece" in said[0]


def test_a_notch_deeper_than_the_cloth_does_not_sever_it():
    strip = box(0, 0, 100, 8)
    (line,), said = lines_of("slit", strip, depth=10.0)
    assert line[1] == pytest.approx((50, 7.0))
    assert "would cut through" in said[0]


def test_a_notch_near_the_outline_is_moved_onto_it_and_said():
    (line,), said = lines_of("slit", at=(50.0, -1.0))
    assert line[0] == pytest.approx((50, 0))
    assert "1.00 mm off the outline" in said[0]


def test_a_notch_far_off_is_not_cut_and_said():
    lines, said = lines_of("slit", at=(50.0, -20.0))
    assert lines == []
    assert "not cut" in said[0]


def test_a_notch_on_a_cut_out_goes_into_the_cloth():
    frame = Polygon(SQUARE.exterior.coords, [[(40, 40), (60, 40), (60, 60), (40, 60)]])
    (line,), _ = lines_of("slit", frame, at=(50.0, 40.0), inward=(0.0, -1.0))
    assert line[1] == pytest.approx((50, 34))


def test_a_shape_too_wide_for_its_place_becomes_a_slit_and_says_so():
    finger = box(0, 0, 3, 40)
    (line,), said = lines_of("castle", finger, at=(1.5, 0.0), width=8.0)
    assert len(line) == 2
    assert "as a slit" in said[0]


@given(
    share=st.floats(0, 1, exclude_max=True),
    swing=st.floats(-1.2, 1.2),
    depth=st.floats(1, 40),
    width=st.floats(0.5, 15),
    shape=st.sampled_from(["slit", "v", "t", "castle", "u", "check"]),
)
@settings(max_examples=150, deadline=None)
def test_no_notch_leaves_its_piece_or_severs_it(share, swing, depth, width, shape):
    outline = front()
    spot = outline.exterior.interpolate(share, normalized=True)
    ahead = outline.exterior.interpolate(min(share + 1e-6, 1.0), normalized=True)
    back = outline.exterior.interpolate(max(share - 1e-6, 0.0), normalized=True)
    left = pi / 2 if outline.exterior.is_ccw else -pi / 2
    dx, dy = ahead.x - back.x, ahead.y - back.y
    c, s = cos(left + swing), sin(left + swing)
    length = (dx * dx + dy * dy) ** 0.5
    inward = ((dx * c - dy * s) / length, (dx * s + dy * c) / length)
    lines, _ = notch_lines(Notch((spot.x, spot.y), inward, depth, width, shape), outline)
    assert lines
    grown = outline.buffer(1e-3)
    for line in lines:
        assert grown.covers(LineString(line))
    if shape == "slit":
        assert lines[0][0] == pytest.approx((spot.x, spot.y), abs=1e-6)
        assert LineString(lines[0]).length <= depth + 1e-6
        assert outline.exterior.distance(ShapelyPoint(lines[0][-1])) > 0
