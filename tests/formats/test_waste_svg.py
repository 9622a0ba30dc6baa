"""The picture of the waste: every hole is there, in the colour of its size, and no number lies over another."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from sample_markers import marker_of
from shapely.geometry import Point, Polygon, box

from cutkit.formats.svg.waste import (
    SIZES,
    DrawnHole,
    WastePicture,
    _round_below,
    _Sizes,
    area_text,
    waste_svg,
    width_units,
)

SVG = "{http://www.w3.org/2000/svg}"


def picture(holes: list[DrawnHole], title: str = "Waste") -> WastePicture:
    marker = marker_of(["M"])
    return WastePicture(marker, title, (("Length", "1 m"),), tuple(holes), Polygon())


def drawn(holes: list[DrawnHole], title: str = "Waste") -> ElementTree.Element:
    return ElementTree.fromstring(waste_svg(picture(holes, title)))


def numbered(count: int, apart: float, size: float = 20.0) -> list[DrawnHole]:
    """Small holes in a row, so near to one another that their numbers would overlap."""
    row = [box(apart * k, 0, apart * k + size, size) for k in range(count)]
    return [
        DrawnHole(hole, k + 1, (apart * k + size / 2, size / 2), size, ("4.0 cm²", "between", "A, B"))
        for k, hole in enumerate(row)
    ]


@pytest.mark.parametrize("apart", [5.0, 21.0, 300.0])
def test_no_number_lies_over_another(apart):
    circles = [
        (float(c.get("cx")), float(c.get("cy")), float(c.get("r")))
        for c in drawn(numbered(9, apart)).iter(f"{SVG}circle")
    ]
    assert len(circles) == 9
    for k, (x, y, r) in enumerate(circles):
        assert all(Point(x, y).distance(Point(a, b)) > r + other for a, b, other in circles[:k])


def test_a_number_beside_its_hole_is_joined_to_it_by_a_line():
    near = drawn(numbered(9, 5.0))
    group = next(c for c in near.iter(f"{SVG}g") if c.find(f"{SVG}circle") is not None)
    assert len(group.findall(f"{SVG}line")) == 8
    far = drawn(numbered(4, 300.0))
    group = next(c for c in far.iter(f"{SVG}g") if c.find(f"{SVG}circle") is not None)
    assert group.findall(f"{SVG}line") == []


def test_colours_tell_the_size():
    sizes = _Sizes(60_000.0)
    assert sizes.limits == [5_000.0, 10_000.0, 20_000.0, 50_000.0]
    assert [sizes.fill(a) for a in (60_000, 50_000, 49_999, 20_000, 10_000, 5_000, 4_999, 1)] == [
        *(SIZES[4], SIZES[4], SIZES[3], SIZES[3], SIZES[2], SIZES[1], SIZES[0], SIZES[0]),
    ]
    legend = list(sizes.legend(True))
    assert [text for _, text in legend] == [
        "from 500 cm²",
        "from 200 cm²",
        "from 100 cm²",
        "from 50 cm²",
        "below 50 cm²",
    ]
    assert [fill for fill, _ in legend] == list(SIZES[::-1])


@pytest.mark.parametrize("largest", [1e-3, 0.7, 1.0, 9.99, 10.0, 123.4, 5e6])
def test_limits_are_round_and_below_the_largest(largest):
    limits = _round_below(largest, 4)
    assert len(limits) == 4
    assert limits[-1] < largest <= 2.6 * limits[-1]
    assert all(1.9 < b / a < 2.6 for a, b in pairwise(limits))


def test_every_hole_is_filled_with_its_colour():
    holes = [DrawnHole(box(0, 0, 100, 100)), DrawnHole(box(200, 0, 210, 10))]
    groups = {g.get("fill"): g for g in drawn(holes).iter(f"{SVG}g") if g.get("class") == "holes"}
    assert len(groups[SIZES[4]].findall(f"{SVG}path")) == 1
    assert len(groups[SIZES[0]].findall(f"{SVG}path")) == 1
    assert sum(len(g.findall(f"{SVG}path")) for g in groups.values()) == 2


def test_what_is_not_a_letter_is_escaped_and_a_marker_without_holes_has_a_picture():
    root = drawn([], 'A < B & "C"')
    assert root.find(f"{SVG}text").text == 'A < B & "C"'


def test_areas_for_people():
    assert [area_text(mm2) for mm2 in (123_456, 1_234, 456, 12, 0.5)] == [
        *("1235 cm²", "12 cm²", "4.6 cm²", "0.12 cm²", "0.005 cm²"),
    ]


def test_the_width_is_that_of_the_view():
    holes = numbered(2, 300.0)
    view = drawn(holes).get("viewBox").split(",")
    shown = picture(holes)
    unit = (max(shown.marker.length_mm, 1.5 * shown.marker.fabric.width_mm)) / 110
    unit = min(unit, shown.marker.fabric.width_mm / 36)
    assert float(view[2]) / unit == pytest.approx(width_units(shown), rel=1e-3)
