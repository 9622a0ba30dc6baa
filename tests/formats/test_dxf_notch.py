"""Notches: by point, by line, on the sew line; depth, width, direction and shape; always on the outline, inwards."""

from __future__ import annotations

import math

import pytest
from dxf_builder import BOX, file_of, line, piece, point, polyline, save
from shapely.geometry import Point

from cutkit.formats.patterns import read_pattern

INSET = [(15, 15), (385, 15), (385, 285), (15, 285)]


def read_notches(tmp_path, *entities, **more):
    pattern = read_pattern(save(tmp_path, file_of([piece("A", *entities, **more)])))
    (a,) = pattern.pieces
    notches = [mark for mark in a.marks if mark.kind == "notch"]
    for notch in notches:
        assert a.outline.exterior.distance(Point(notch.points[0])) < 1e-5
        tip = math.radians(notch.angle_deg)
        x, y = notch.points[0]
        assert a.outline.contains(Point(x + 0.1 * math.cos(tip), y + 0.1 * math.sin(tip)))
        assert notch.depth_mm > 0
        assert notch.tool == "knife"
    return notches, [notice.code for notice in pattern.notices]


def test_a_slit(tmp_path):
    (notch,), said = read_notches(tmp_path, point((100, 0), 4, 30, 6, 39, 0))
    assert (notch.points, notch.depth_mm, notch.width_mm, notch.angle_deg) == (((100, 0),), 6, 0, 90)
    assert (notch.shape, notch.layer, said) == ("slit", "4", [])


@pytest.mark.parametrize(
    ("layer", "width", "shape"), [(4, 3, "v"), (80, 0, "t"), (81, 3, "castle"), (82, 3, "check"), (83, 3, "u")]
)
def test_shapes(tmp_path, layer, width, shape):
    (notch,), _ = read_notches(tmp_path, point((100, 0), layer, 30, 6, 39, width))
    assert (notch.shape, notch.width_mm) == (shape, width)


@pytest.mark.parametrize(("given", "expected"), [(70, 70), (250, 70), (-110, 70), (0, 90), (None, 90)])
def test_the_direction_is_inward_whatever_the_file_says(tmp_path, given, expected):
    angle = () if given is None else (50, given)
    (notch,), _ = read_notches(tmp_path, point((100, 0), 4, 30, 6, *angle))
    assert notch.angle_deg == pytest.approx(expected)


def test_a_clockwise_outline_has_the_same_inside(tmp_path):
    (notch,), _ = read_notches(tmp_path, point((100, 0), 4, 30, 6), outline=BOX[::-1])
    assert notch.angle_deg == 90


def test_at_a_corner_the_notch_halves_it(tmp_path):
    (notch,), _ = read_notches(tmp_path, point((0, 0), 4, 30, 6))
    assert notch.angle_deg == pytest.approx(45)


def test_a_negative_depth_counts_by_its_amount_and_is_told(tmp_path):
    (notch,), said = read_notches(tmp_path, point((100, 0), 4, 30, -3.998))
    assert (notch.depth_mm, said) == (3.998, ["notch-depth-negative"])


@pytest.mark.parametrize("depth", [(), (30, 0)])
def test_no_depth_is_five_millimetres_and_told(tmp_path, depth):
    (notch,), said = read_notches(tmp_path, point((100, 0), 4, *depth))
    assert (notch.depth_mm, said) == (5, ["notch-depth-default"])


def test_a_notch_on_the_sew_line_moves_to_the_cut_line(tmp_path):
    (notch,), said = read_notches(tmp_path, polyline(INSET, 14), point((200, 15), 4, 30, 6))
    assert (notch.points[0], said) == ((200, 0), ["notch-on-sew-line"])


def test_a_notch_a_little_off_moves_and_one_far_off_is_left_out(tmp_path):
    notches, said = read_notches(tmp_path, point((200, 3), 4, 30, 6), point((200, 100), 4, 30, 6))
    assert [n.points[0] for n in notches] == [(200, 0)]
    assert said == ["notch-moved", "notch-dropped"]


def test_notches_drawn_as_lines(tmp_path):
    slit = line((100, 0), (100, 7), 4)
    v = line((197, 0), (200, 6), 4) + line((200, 6), (203, 0), 4)
    t = line((300, 0), (300, 8), 4) + line((296, 8), (304, 8), 4)
    notches, said = read_notches(tmp_path, slit, v, t)
    assert [(n.shape, n.points[0], n.depth_mm) for n in sorted(notches, key=lambda n: n.points[0])] == [
        ("slit", (100, 0), 7),
        ("v", (200, 0), 6),
        ("t", (300, 0), pytest.approx(8, abs=1)),
    ]
    assert next(n for n in notches if n.shape == "v").width_mm == 6
    assert said == []


def test_a_notch_given_twice_is_told(tmp_path):
    notches, said = read_notches(tmp_path, *[point((100, 0), 4, 30, 6)] * 2)
    assert len(notches) == 2
    assert said == ["notch-twice"]


def test_depth_and_width_are_in_the_units_of_the_file(tmp_path):
    style = ("Units: ENGLISH",)
    box = [(x / 25.4, y / 25.4) for x, y in BOX]
    content = file_of([piece("A", point((1, 0), 4, 30, 0.25, 39, 0.125), outline=box)], style=style)
    (a,) = read_pattern(save(tmp_path, content)).pieces
    (notch,) = [mark for mark in a.marks if mark.kind == "notch"]
    assert notch.depth_mm == pytest.approx(6.35)
    assert notch.width_mm == pytest.approx(3.175)
