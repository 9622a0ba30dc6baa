"""Points and edges of a piece by their names."""

from __future__ import annotations

import pytest
from builders import make_piece, rectangle
from shapely.geometry import Polygon

from cutkit.errors import InputError
from cutkit.model import Mark
from cutkit.plan.points import edges_of, named_points, point_of
from cutkit.rules import parse_edge, parse_point


def notch(x: float, y: float) -> Mark:
    return Mark("notch", ((x, y),), "knife", layer="4")


PIECE = make_piece(
    "FRONT",
    "M",
    outline=Polygon([(0, 0), (100, 0), (100, 50), (0, 50)]),
    marks=(
        notch(20, 50),
        notch(100, 10),
        Mark("drill", ((30, 20),), "punch", layer="13"),
        notch(40, 0),
        Mark("match", ((60, 25),), layer="9"),
        Mark("match", ((70, 10), (70, 30)), layer="9"),
        Mark("label", ((5, 5),), text="FRONT", layer="9"),
    ),
)


def test_notches_and_corners_are_counted_along_the_outline():
    points = named_points(PIECE)
    assert [points[f"notch:{k}"] for k in (1, 2, 3)] == [(40, 0), (100, 10), (20, 50)]
    assert [points[f"corner:{k}"] for k in (1, 2, 3, 4)] == [(0, 0), (100, 0), (100, 50), (0, 50)]


def test_an_outline_that_runs_clockwise_is_counted_the_other_way_round():
    clockwise = make_piece("FRONT", outline=Polygon([(0, 0), (0, 50), (100, 50), (100, 0)]), marks=PIECE.marks)
    assert named_points(clockwise) == named_points(PIECE)


def test_points_of_a_layer_and_the_middles_of_its_lines():
    points = named_points(PIECE)
    assert points["layer:9:1"] == (60, 25)
    assert points["layer:9:2"] == (70, 20)
    assert "layer:9:3" not in points  # a label is no point
    assert points["drill:1"] == points["layer:13:1"] == (30, 20)


def test_points_of_a_curve_are_no_corners():
    rounded = Polygon([(0, 0), (90, 0), (97, 2), (100, 8), (100, 50), (0, 50)])
    assert [name for name in named_points(make_piece("A", outline=rounded)) if "corner" in name] == [
        "corner:1",
        "corner:2",
        "corner:3",
        "corner:4",
    ]
    assert named_points(make_piece("A", outline=rounded))["corner:2"] == (97, 2)


def test_coordinates_are_taken_as_they_are():
    assert point_of(PIECE, (12.0, -3.0), "a tie") == (12.0, -3.0)


def test_a_point_that_is_missing_is_refused_by_the_names_of_piece_and_point():
    with pytest.raises(InputError, match="match 'cf' needs the point notch:4") as caught:
        point_of(PIECE, parse_point("notch:4"), "match 'cf'")
    assert "FRONT, size M" in str(caught.value)
    assert "notch:1 at (40, 0)" in str(caught.value)
    with pytest.raises(InputError, match="It has none with a name"):
        point_of(make_piece("DISC", outline=Polygon(rectangle(1, 1).buffer(40).exterior)), parse_point("drill:1"), "a")


def test_sides_are_those_parts_of_the_outline_that_face_them():
    bent = make_piece("A", outline=Polygon([(0, 0), (100, 0), (130, 20), (100, 40), (60, 50), (0, 50)]))
    assert edges_of(bent, parse_edge("bottom")) == [((0, 0), (100, 0)), ((100, 0), (130, 20))]
    assert edges_of(bent, parse_edge("top")) == [((130, 20), (100, 40)), ((100, 40), (60, 50)), ((60, 50), (0, 50))]
    assert edges_of(bent, parse_edge("left")) == [((0, 50), (0, 0))]
    assert edges_of(bent, parse_edge("right")) == []


def test_an_edge_from_notch_to_notch_runs_counter_clockwise():
    assert edges_of(PIECE, parse_edge("notch:1-notch:2")) == [((40, 0), (100, 0)), ((100, 0), (100, 10))]
    round_the_start = edges_of(PIECE, parse_edge("notch:3-notch:1"))
    assert round_the_start == [((20, 50), (0, 50)), ((0, 50), (0, 0)), ((0, 0), (40, 0))]
    assert edges_of(PIECE, parse_edge("corner:3-corner:4")) == [((100, 50), (0, 50))]


def test_a_point_inside_bounds_no_edge():
    with pytest.raises(InputError, match=r"drill:1 lies 20.0 mm off its outline"):
        edges_of(PIECE, parse_edge("drill:1-notch:1"))
