"""The referee: each fault by its code, and nothing said about a marker that is right."""

from __future__ import annotations

import warnings
from dataclasses import replace
from math import inf, nan

import pytest
from builders import make_marker, rectangle
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate, translate
from shapely.geometry import Polygon

from cutkit.check import OVERLAP_TOLERANCE_MM, check_marker, overlap_of
from cutkit.model import Defect, Fabric, OrderedPiece, Placement, Stated, Unplaced


def piece(name: str = "A", ordered: int = 1, outline: Polygon | None = None, **more) -> OrderedPiece:
    return OrderedPiece(name, name, "M", outline or rectangle(100, 50), ordered, **more)


def at(x: float, y: float, name: str = "A", angle: float = 0.0, mirrored: bool = False, bundle: int = 1) -> Placement:
    return Placement(name, bundle, x, y, angle, mirrored)


def codes(marker) -> list[str]:
    return [fault.code for fault in check_marker(marker)]


def pair(second: Placement, **more):
    """Two rectangles of 100 x 50 mm, the first at the origin."""
    return make_marker([piece(ordered=2)], [at(0, 0), second], **more)


@pytest.mark.parametrize(
    "second",
    [at(100, 0), at(0, 50), at(100, 50), at(200, 50, angle=180), at(100, 50, mirrored=True), at(99.9995, 0)],
)
def test_touching_is_no_fault(second):
    marker = pair(second)
    if second.mirrored:
        marker = replace(marker, pieces=(piece(ordered=1, ordered_mirrored=1),))
    assert codes(marker) == []


def test_an_overlap_is_named_with_its_place():
    (fault,) = check_marker(pair(at(90, 40)))
    assert (fault.code, fault.placements) == ("overlap", (0, 1))
    assert "A (placement 0, bundle 1) and A (placement 1, bundle 1)" in fault.message
    assert "near x 95 mm, y 45 mm" in fault.message
    assert "about 9.9" in fault.message


def test_a_piece_within_another_overlaps_unless_it_lies_in_a_cut_out():
    frame = Polygon(rectangle(100, 100).exterior, [translate(rectangle(50, 50), 25, 25).exterior])
    small = piece("B", outline=rectangle(40, 40))
    inside = [at(0, 0, "F"), at(30, 30, "B")]
    assert codes(make_marker([piece("F", outline=frame), small], inside)) == []
    assert codes(make_marker([piece("F", outline=rectangle(100, 100)), small], inside)) == ["overlap"]


def test_a_deep_corner_is_found_beside_a_long_seam():
    """The mean depth over everything in common would hide it: 1 mm at one corner, next to metres of rounding."""
    slot = [(0, 0), (3000, 0), (3000, 100), (1, 100), (1, 101), (0, 101)]
    lower = piece("L", outline=Polygon(slot))
    upper = piece("U", outline=rectangle(3000, 50))
    marker = make_marker([lower, upper], [at(0, 0, "L"), at(0, 100 - 1e-7, "U")])
    (fault,) = check_marker(marker)
    assert fault.code == "overlap"
    assert "near x 0 mm, y 100 mm" in fault.message or "near x 1 mm" in fault.message


@given(depth=st.floats(0.0, 40.0))
def test_the_depth_of_two_rectangles(depth):
    overlap = overlap_of(rectangle(100, 50), translate(rectangle(100, 50), 100 - depth, 0))
    if depth <= OVERLAP_TOLERANCE_MM:
        assert overlap is None
    elif depth > 1.01 * OVERLAP_TOLERANCE_MM:
        assert overlap.depth_mm == pytest.approx(depth, rel=0.02, abs=2e-4)
        assert 100 - depth <= overlap.x_mm <= 100


@given(angle=st.floats(0, 360), depth=st.floats(0.002, 5.0))
def test_no_overlap_that_the_plain_measure_sees_is_missed(angle, depth):
    """Area over perimeter is what others judge by; whatever it finds must be found here."""
    a = rectangle(100, 50)
    b = translate(rotate(rectangle(30, 20), angle, origin=(0, 0)), 100 - depth, 25)
    common = a.intersection(b)
    plain = 2 * common.area / common.length if common.area > 0 else 0.0
    if plain > OVERLAP_TOLERANCE_MM:
        assert overlap_of(a, b).depth_mm >= 0.9 * plain


@pytest.mark.parametrize(
    ("second", "gap", "found"),
    [
        (at(105, 0), 5.0, []),
        (at(104.995, 0), 5.0, []),
        (at(104.98, 0), 5.0, ["gap"]),
        (at(100, 0), 5.0, ["gap"]),
        (at(90, 0), 5.0, ["overlap"]),
        (at(103, 54), 5.0, []),
        (at(103, 53), 5.0, ["gap"]),
    ],
)
def test_the_gap_between_pieces(second, gap, found):
    assert codes(pair(second, gap_mm=gap)) == found


@pytest.mark.parametrize("gap", [-5.0, nan, inf])
def test_a_senseless_gap_hides_no_overlap(gap):
    assert codes(pair(at(98, 0), gap_mm=gap)) == ["settings", "overlap"]


@pytest.mark.parametrize(
    "place", [at(-0.01, 0), at(0, -0.01), at(0, 150.01), at(0, 0, angle=180), at(300, 0, mirrored=True)]
)
def test_outside_the_fabric(place):
    marker = make_marker([piece(may_mirror=True)], [place])
    (fault,) = check_marker(marker)
    assert (fault.code, fault.placements) == ("outside-fabric", (0,))
    assert "width 200.0 mm" in fault.message


def test_the_selvedges_are_not_usable():
    fabric = Fabric(200.0, selvedge_mm=10.0)
    assert codes(make_marker([piece()], [at(0, 130)], fabric=fabric)) == []
    assert codes(make_marker([piece()], [at(0, 131)], fabric=fabric)) == ["outside-fabric"]


@pytest.mark.parametrize("fabric", [Fabric(200.0, 100.0), Fabric(200.0, -1.0), Fabric(nan)])
def test_a_fabric_without_a_width(fabric):
    assert "fabric-width" in codes(make_marker([piece()], [at(0, 0)], fabric=fabric))


def test_beyond_the_length_limit():
    fabric = Fabric(200.0, max_length_mm=150.0)
    assert codes(make_marker([piece()], [at(50, 0)], fabric=fabric)) == []
    assert codes(make_marker([piece()], [at(50.01, 0)], fabric=fabric)) == ["too-long"]


def test_on_a_defect():
    fabric = Fabric(200.0, defects=(Defect((100, 0, 120, 60)), Defect((40, 100, 45, 105))))
    assert codes(make_marker([piece()], [at(0, 0)], fabric=fabric)) == []
    marker = make_marker([piece(ordered=2)], [at(10, 0), at(0, 80)], fabric=fabric)
    assert [(f.code, f.placements) for f in check_marker(marker)] == [("defect", (0,)), ("defect", (1,))]


def test_nothing_placed_is_a_fault():
    assert codes(make_marker([piece()], [], unplaced=(Unplaced("A", 1, "too wide"),))) == ["empty"]


def test_pieces_are_known_and_known_once():
    assert codes(make_marker([piece()], [at(0, 0, "B")])) == ["unknown-piece"]
    assert "unknown-piece" in codes(make_marker([piece()], [at(0, 0)], unplaced=(Unplaced("B", 1, ""),)))
    assert "duplicate-piece" in codes(make_marker([piece(), piece()], [at(0, 0)]))


@pytest.mark.parametrize("place", [at(nan, 0), at(0, inf), at(0, 0, angle=nan)])
def test_coordinates_are_finite(place):
    assert codes(make_marker([piece()], [place])) == ["not-finite"]


def test_an_outline_is_finite():
    with warnings.catch_warnings(action="ignore"):
        outline = Polygon([(0, 0), (nan, 0), (10, 10)])
    assert codes(make_marker([piece(outline=outline)], [at(0, 0)])) == ["not-finite"]


def test_an_outline_is_a_simple_polygon():
    bow_tie = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    fabric = Fabric(200.0, defects=(Defect((150, 150, 160, 160)),))
    (fault,) = check_marker(make_marker([piece(outline=bow_tie)], [at(0, 0)], fabric=fabric))
    assert fault.code == "not-simple"
    assert "Self-intersection" in fault.message


def test_an_outline_that_is_not_simple_hides_no_overlap():
    bow_tie = piece("T", outline=Polygon([(0, 0), (100, 100), (100, 0), (0, 100)]))
    for x in (0.0, 80.0):
        marker = make_marker([bow_tie, piece("B", outline=rectangle(20, 20))], [at(0, 0, "T"), at(x, 40, "B")])
        assert codes(marker) == ["not-simple", "overlap"]


@pytest.mark.parametrize(
    ("angle", "tilt", "found"),
    [
        (0.0, 0.0, []),
        (180.0, 0.0, []),
        (-180.0, 0.0, []),
        (360.0, 0.0, []),
        (90.0, 0.0, ["angle"]),
        (0.001, 0.0, ["angle"]),
        (3.0, 3.0, []),
        (177.0, 3.0, []),
        (357.0, 3.0, []),
        (3.1, 3.0, ["angle"]),
        (0.5, nan, ["angle"]),
    ],
)
def test_angles(angle, tilt, found):
    marker = make_marker([piece(tilt_deg=tilt)], [at(150, 100, angle=angle)], fabric=Fabric(300.0))
    assert codes(marker) == found


def test_angles_that_only_one_piece_may_take():
    loose = piece(allowed_angles_deg=(0.0, 90.0, 180.0, 270.0))
    assert codes(make_marker([loose], [at(50, 0, angle=90)])) == []


@pytest.mark.parametrize(
    ("ordered", "placed", "unplaced", "found"),
    [
        (2, 2, 0, []),
        (2, 1, 0, ["count"]),
        (2, 1, 1, []),
        (1, 2, 0, ["count"]),
        (1, 2, -1, ["count", "count"]),
        (-1, 1, 0, ["count"]),
    ],
)
def test_every_piece_as_often_as_ordered(ordered, placed, unplaced, found):
    left = (Unplaced("A", unplaced, "too long"),) if unplaced else ()
    marker = make_marker([piece(ordered=ordered)], [at(100 * i, 0) for i in range(placed)], unplaced=left)
    assert codes(marker) == found


@pytest.mark.parametrize(
    ("mirrored", "unplaced", "may_mirror", "found"),
    [
        ((False, True), 0, False, []),
        ((False, False), 0, False, ["mirrored-count"]),
        ((True, True), 0, False, ["mirrored-count"]),
        ((True, True), 0, True, []),
        ((True,), 1, False, []),
        ((False,), 1, False, []),
    ],
)
def test_left_and_right(mirrored, unplaced, may_mirror, found):
    places = [at(100 * i, 50 if m else 0, mirrored=m) for i, m in enumerate(mirrored)]
    left = (Unplaced("A", unplaced, "too long"),) if unplaced else ()
    pieces = [piece(ordered=1, ordered_mirrored=1, may_mirror=may_mirror)]
    assert codes(make_marker(pieces, places, unplaced=left)) == found


@pytest.mark.parametrize(
    ("nap", "angles", "bundles", "found"),
    [
        ("two-way", (0, 180), (1, 1), []),
        ("one-way", (0, 180), (1, 2), ["nap"]),
        ("one-way", (180, 180), (1, 2), []),
        ("per-bundle", (0, 180), (1, 2), []),
        ("per-bundle", (0, 180), (1, 1), ["nap"]),
    ],
)
def test_the_nap(nap, angles, bundles, found):
    places = [
        at(200 * i + (100 if angle else 0), 50 if angle else 0, angle=float(angle), bundle=bundle)
        for i, (angle, bundle) in enumerate(zip(angles, bundles, strict=True))
    ]
    marker = make_marker([piece(ordered=2)], places, fabric=Fabric(200.0, nap=nap))
    assert codes(marker) == found
    assert codes(replace(marker, pieces=(replace(marker.pieces[0], ignores_nap=True),))) == []


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        (Stated(100.0, 0.25), []),
        (Stated(100.02, 0.25), ["stated-length"]),
        (Stated(100.0, 0.2502), ["stated-efficiency"]),
        (Stated(nan, nan), ["stated-length", "stated-efficiency"]),
    ],
)
def test_what_the_file_states(stated, found):
    assert codes(make_marker([piece()], [at(0, 0)], stated=stated)) == found


@given(
    columns=st.integers(1, 6),
    shift=st.floats(-30, 30),
    index=st.integers(0, 11),
)
def test_a_grid_is_right_until_a_piece_is_moved(columns, shift, index):
    """Rectangles in two rows: valid as they stand; moved along by more than the tolerance, one lies on a neighbour."""
    places = [at(100 * c, 50 * r) for c in range(columns) for r in range(2)]
    pieces = [piece(ordered=len(places))]
    assert codes(make_marker(pieces, places)) == []
    index %= len(places)
    moved = [replace(p, x_mm=p.x_mm + shift) if i == index else p for i, p in enumerate(places)]
    into_left = shift < -0.0011 and index >= 2
    into_right = shift > 0.0011 and index < len(places) - 2
    found = codes(make_marker(pieces, moved))
    assert ("overlap" in found) == (into_left or into_right)
