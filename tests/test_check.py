"""The referee: each fault by its code, and nothing said about a marker that is right."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest
from builders import make_marker, rectangle
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate, translate
from shapely.geometry import Polygon

from cutkit.check import OVERLAP_TOLERANCE_MM, check_marker, match_residuals, overlap_of, rule_figures
from cutkit.model import (
    Defect,
    Fabric,
    Match,
    NestSettings,
    OrderedPiece,
    Placement,
    Repeat,
    Stated,
    Tie,
    Unplaced,
    Zone,
)


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


@pytest.mark.parametrize("odd", [nan, inf, -inf])
def test_an_allowed_angle_that_is_none(odd):
    marker = make_marker([piece(allowed_angles_deg=(odd,))], [at(0, 0)], fabric=Fabric(200.0, nap="one-way"))
    assert codes(marker) == ["angle"]
    assert [figure.rule for figure in rule_figures(marker)] == ["grain", "nap"]


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


# --- rules of cloth: one way to keep each, and ways to miss it by a known amount -----------------------------------


def only(marker) -> str:
    """The message of the one fault of a marker."""
    (fault,) = check_marker(marker)
    return f"{fault.code}: {fault.message}"


def figures(marker) -> dict:
    return {figure.rule: figure for figure in rule_figures(marker)}


def test_selvedges_of_their_own():
    fabric = Fabric(200.0, 10.0, high_selvedge_mm=30.0)
    assert codes(make_marker([piece()], [at(0, 110)], fabric=fabric)) == []
    assert "y 110.500 to 160.500" in only(make_marker([piece()], [at(0, 110.5)], fabric=fabric))
    assert "fabric-width" in codes(
        make_marker([piece()], [at(0, 0)], fabric=Fabric(200.0, 10.0, high_selvedge_mm=-5.0))
    )


def test_margins_take_from_the_length_limit():
    fabric = Fabric(200.0, max_length_mm=150.0, start_margin_mm=20.0, end_margin_mm=10.0)
    assert codes(make_marker([piece()], [at(20, 0)], fabric=fabric)) == []
    said = only(make_marker([piece()], [at(20.5, 0)], fabric=fabric))
    assert said == "too-long: the marker is 120.500 mm long, the limit is 150.000 mm with margins of 30.000 mm"
    odd = replace(fabric, end_margin_mm=-1.0)
    assert codes(make_marker([piece()], [at(0, 0)], fabric=odd)) == ["margin"]


BLOCK = translate(rectangle(120, 60), -10, -5)
"""10 mm around the rectangle's ends, 5 mm along its sides."""


@pytest.mark.parametrize(
    ("first", "second", "gap", "found"),
    [
        ((10, 5), (130, 5), 0.0, None),
        (
            (10, 5),
            (129, 5),
            0.0,
            "the blocks of A (placement 0, bundle 1) and A (placement 1, bundle 1) overlap, about 0.99",
        ),
        ((10, 5), (133, 5), 3.0, None),
        ((10, 5), (132, 5), 3.0, "are 2.000 mm apart, the gap is 3.0 mm"),
        ((10, 5), (10, 65), 0.0, None),
        ((9, 5), (129, 5), 0.0, "the block of A (placement 0, bundle 1) lies outside the usable fabric"),
        (
            (10, 5),
            (10, 145.5),
            0.0,
            "lies outside the usable fabric (width 200.0 mm): x 0.000 to 120.000, y 140.500 to 200.5",
        ),
    ],
)
def test_blocks_keep_apart_and_within_the_cloth(first, second, gap, found):
    marker = make_marker([piece(ordered=2, block=BLOCK)], [at(*first), at(*second)], gap_mm=gap)
    assert codes(marker) == [] if found is None else found in only(marker)
    assert codes(replace(marker, pieces=(piece(ordered=2),))) == []


def test_a_block_holds_its_outline_and_reaches_to_the_end_of_the_table():
    short = translate(rectangle(98, 60), 0, -5)
    assert "reaches out of the block, about 1.98" in only(make_marker([piece(block=short)], [at(0, 5)]))
    pierced = Polygon(BLOCK.exterior, [translate(rectangle(4, 4), 20, 20).exterior])
    assert codes(make_marker([piece(block=pierced)], [at(10, 5)])) == ["block-outline"]
    fabric = Fabric(200.0, max_length_mm=120.0)
    assert codes(make_marker([piece(block=BLOCK)], [at(10, 5)], fabric=fabric)) == []
    assert "reaches to x 121.000 mm" in only(make_marker([piece(block=BLOCK)], [at(11, 5)], fabric=fabric))


def test_a_piece_in_a_block_s_hole():
    frame = Polygon(BLOCK.exterior, [translate(rectangle(60, 30), 20, 10).exterior])
    outline = Polygon(rectangle(100, 50).exterior, [translate(rectangle(80, 40), 10, 5).exterior])
    inner = piece("B", outline=rectangle(60, 30))
    places = [at(10, 5), at(30, 15, "B")]
    assert codes(make_marker([piece(outline=outline, block=frame), inner], places)) == []
    moved = [places[0], at(31, 15, "B")]
    assert codes(make_marker([piece(outline=outline, block=frame), inner], moved)) == ["block"]
    assert codes(make_marker([piece(outline=outline), inner], moved)) == []


def test_a_flaw_bears_the_classes_it_allows():
    fabric = Fabric(200.0, defects=(Defect((95, 0, 120, 60), ("B", "C")),))
    assert codes(make_marker([piece(quality="B")], [at(0, 0)], fabric=fabric)) == []
    for quality, has in (("A", "A"), ("", "none")):
        said = only(make_marker([piece(quality=quality)], [at(0, 0)], fabric=fabric))
        assert said.startswith("defect: A (placement 0, bundle 1) lies on a defect at [95, 0, 120, 60], about 4.9")
        assert said.endswith(f"it allows quality B, C, the piece has {has}")


def test_nobody_has_the_class_without_a_name():
    fabric = Fabric(200.0, defects=(Defect((95, 0, 120, 60), ("",)),))
    assert codes(make_marker([piece()], [at(0, 0)], fabric=fabric)) == ["defect"]


ZONES = (Zone("left", 0.0, 60.0), Zone("middle", 60.0, 140.0), Zone("right", 140.0, 200.0))


@pytest.mark.parametrize(
    ("zones", "y", "spare", "found"),
    [
        (("left",), 10.0, 0.0, None),
        (("left",), 10.25, -0.25, "reaches 0.250 mm out of zone left: y 10.250 to 60.250"),
        (("left", "middle"), 64.0, 4.0, None),
        (("left", "middle"), 40.0, -20.0, "reaches 20.000 mm out of zone left or middle: y 40.000 to 90.000"),
        (("right",), 148.0, 2.0, None),
    ],
)
def test_zones_across_the_width(zones, y, spare, found):
    marker = make_marker([piece(zones=zones)], [at(0, y)], fabric=Fabric(200.0, zones=ZONES))
    assert codes(marker) == [] if found is None else found in only(marker)
    assert figures(marker)["zones"].worst == spare


def test_zones_that_are_none():
    marker = make_marker([piece(zones=("left",))], [at(0, 0)])
    assert only(marker) == "unknown-zone: piece A: no zone 'left' on this cloth (it has: none)"
    odd = Fabric(200.0, zones=(Zone("left", 60.0, 10.0),))
    assert "zone" in codes(make_marker([piece()], [at(0, 0)], fabric=odd))


HALF = Polygon([(0, 0), (100, 0), (80, 50), (20, 50)])


@pytest.mark.parametrize(
    ("spread", "fold", "place", "found"),
    [
        ("folded", "low", at(0, 0), None),
        ("folded", "low", at(100, 0, angle=180, mirrored=True), None),
        ("folded", "high", at(100, 50, angle=180), None),
        ("folded", "high", at(0, 0), "its high side lies 50.000 mm off the fold at y 0.000 mm"),
        ("folded", "low", at(0, 0.4), "its low side lies 0.400 mm off the fold at y 0.000 mm"),
        ("folded", "low", at(100, 200, angle=180), "its low side lies 200.000 mm off"),
        ("tubular", "low", at(100, 200, angle=180), None),
        ("tubular", "low", at(100, 199, angle=180), "lies 1.000 mm off the fold at y 0.000 or y 200.000 mm"),
        (
            "face-up",
            "low",
            at(0, 0),
            "A (placement 0, bundle 1) must lie on a fold; the cloth is spread face-up and has none",
        ),
    ],
)
def test_half_pieces_on_the_fold(spread, fold, place, found):
    half = piece(outline=HALF, fold=fold, may_mirror=True)
    marker = make_marker([half], [place], fabric=Fabric(200.0, spread=spread))
    assert codes(marker) == [] if found is None else found in only(marker)


def test_a_tilted_fold_is_off_at_its_end():
    half = piece(outline=HALF, fold="low", tilt_deg=5.0)
    marker = make_marker([half], [at(0, 0, angle=0.5)], fabric=Fabric(200.0, spread="folded"))
    assert "lies 0.873 mm off the fold" in only(marker)


@pytest.mark.parametrize(
    ("fabric", "more", "found"),
    [
        (Fabric(200.0, spread="folded"), {"per_copy": 2}, None),
        (Fabric(200.0, spread="face-to-face"), {"per_copy": 2}, None),
        (Fabric(200.0), {"per_copy": 2}, "a copy stands for 2 pieces of a ply on face-up cloth"),
        (Fabric(200.0), {"per_copy": 0}, "a copy stands for 0 pieces"),
        (Fabric(200.0, spread="folded"), {"per_copy": 2, "fold": "low"}, "a copy is one piece, not 2"),
        (Fabric(220.0, 10.0, spread="folded"), {}, "folded cloth has a selvedge where it is folded"),
        (Fabric(220.0, 0.0, high_selvedge_mm=20.0, spread="folded"), {}, None),
        (Fabric(220.0, 0.0, high_selvedge_mm=20.0, spread="tubular"), {}, "tubular cloth has a selvedge"),
    ],
)
def test_spreads(fabric, more, found):
    marker = make_marker([piece(**more)], [at(0, 0)], fabric=fabric)
    assert codes(marker) == [] if found is None else only(marker).startswith("spread:") and found in only(marker)


@pytest.mark.parametrize(
    ("tie", "place", "found"),
    [
        (Tie((100.0, 50.0), 110.0, 60.0), at(10, 10), None),
        (Tie((100.0, 50.0), 110.0), at(10, 33), None),
        (
            Tie((100.0, 50.0), None, 60.0),
            at(10, 10.25),
            "its point (100, 50) is 0.250 mm off its place on the cloth, y 60.000 mm",
        ),
        (Tie((100.0, 50.0), 110.0, 60.0), at(13, 14), "is 5.000 mm off its place on the cloth, x 110.000, y 60.000 mm"),
        (Tie((100.0, 50.0), 10.0, 10.0), at(110, 60, angle=180), None),
    ],
)
def test_ties(tie, place, found):
    marker = make_marker([piece(ties=(tie,))], [place])
    assert codes(marker) == [] if found is None else found in only(marker)


CHECKS = Fabric(300.0, repeat=Repeat(60.0, 80.0, 5.0, -10.0))


@pytest.mark.parametrize(
    ("match", "place", "along", "across"),
    [
        (Match("m", (0.0, 0.0), "", (0.0, 0.0)), (65, 70), 0.0, 0.0),
        (Match("m", (0.0, 0.0), "", (0.0, 0.0)), (65.4, 70.3), 0.4, 0.3),
        (Match("m", (0.0, 0.0), "", (0.0, 0.0)), (64.6, 69.7), -0.4, -0.3),
        (Match("m", (10.0, 20.0), "", (59.9, 79.9)), (115.1, 50.1), 0.2, 0.2),
        (Match("m", (0.0, 0.0), "", (0.0, 0.0), across=False), (65, 100), 0.0, None),
        (Match("m", (0.0, 0.0), "", (0.0, 0.0), along=False), (77, 71), None, 1.0),
        (Match("m", (0.0, 0.0), "", (0.0, 0.0)), (94, 70), 29.0, 0.0),
        (Match("m", (0.0, 0.0), "", (0.0, 0.0)), (96, 70), -29.0, 0.0),
    ],
)
def test_a_match_to_the_cloth(match, place, along, across):
    marker = make_marker([piece(matches=(match,))], [at(*place)], fabric=CHECKS)
    (residual,) = match_residuals(marker)
    ways = [way for way in (along, across) if way is not None]
    assert [way for way in (residual.along_mm, residual.across_mm) if way is not None] == pytest.approx(ways, abs=1e-9)
    assert (residual.along_mm is None, residual.across_mm is None) == (along is None, across is None)
    assert figures(marker)["match"].worst == pytest.approx(residual.distance_mm)
    if sum(way**2 for way in ways) <= 0.5**2 + 1e-9:
        assert codes(marker) == []
    else:
        assert f"match m is {residual.distance_mm:.3f} mm off the cloth's repeat: " in only(marker)


def test_a_repeat_that_is_turned():
    """Lines at 30 degrees, 50 mm apart: 50 mm square to them is one repeat, 50 mm along the cloth is half of one."""
    fabric = Fabric(300.0, repeat=Repeat(None, 50.0, angle_deg=30.0))
    striped = piece(matches=(Match("m", (0.0, 0.0)),))
    for spot, across in (((100, 57.735027), 0.0), ((75, 43.30127 + 57.735027), 0.0), ((50, 0), 25.0), ((10, 0), 5.0)):
        (residual,) = match_residuals(make_marker([striped], [at(*spot)], fabric=fabric))
        assert residual.along_mm is None
        assert abs(residual.across_mm) == pytest.approx(across, abs=1e-5)


def group(name: str, along: bool = True, across: bool = True) -> OrderedPiece:
    return piece(name, matches=(Match(f"{name} notch", (0.0, 0.0), "side", along=along, across=across),))


@pytest.mark.parametrize(
    ("second", "bundle", "found"),
    [
        (at(120, 80, "B"), 1, None),
        (at(120.3, 80.4, "B"), 1, None),
        (
            at(120.4, 80.4, "B"),
            1,
            "B (placement 1, bundle 1): match B notch is 0.566 mm off A (placement 0, bundle 1) ",
        ),
        (at(130, 80, "B"), 1, "(group side): +10.000 mm along, +0.000 mm across"),
        (at(130, 80, "B"), 2, None),
        (
            at(220, 130, "B", angle=180),
            1,
            "+20.000 mm along" if False else "mm off A (placement 0, bundle 1) (group side)",
        ),
    ],
)
def test_points_of_a_group_lie_alike_in_a_garment(second, bundle, found):
    places = [at(0, 0), replace(second, bundle=bundle)]
    marker = make_marker([group("A"), group("B")], places, fabric=CHECKS)
    assert codes(marker) == [] if found is None else found in only(marker)
    assert codes(replace(marker, fabric=Fabric(300.0))) == []


def test_a_group_asks_for_what_all_of_it_ask_for():
    places = [at(0, 0), at(120, 111, "B")]
    assert codes(make_marker([group("A"), group("B")], places, fabric=CHECKS)) == ["match"]
    assert codes(make_marker([group("A"), group("B", across=False)], places, fabric=CHECKS)) == []
    assert codes(make_marker([group("A", along=False), group("B", across=False)], places, fabric=CHECKS)) == []
    askew = [at(0, 0), at(131, 80, "B")]
    assert codes(make_marker([group("A"), group("B")], askew, fabric=CHECKS)) == ["match"]
    marker = make_marker([group("A"), group("B", along=False)], askew, fabric=CHECKS)
    assert codes(marker) == []
    assert [(r.along_mm, r.across_mm) for r in match_residuals(marker)] == [(None, 0.0), (None, 0.0)]


def test_every_point_of_a_group_has_its_residual_to_the_farthest():
    places = [at(0, 0), at(120.2, 0, "B"), at(239.9, 0, "C"), at(0, 80, "D", bundle=2)]
    marker = make_marker([group(name) for name in "ABCD"], places, fabric=CHECKS)
    residuals = match_residuals(marker)
    assert [(r.piece, r.partner) for r in residuals] == [("A", 1), ("B", 2), ("C", 1), ("D", None)]
    assert [r.along_mm for r in residuals] == pytest.approx([-0.2, 0.3, -0.3, 0.0])
    assert [r.across_mm for r in residuals] == [0.0] * 4
    assert figures(marker)["match"].placements == (1, 2)


@pytest.mark.parametrize("repeat", [Repeat(0.0, 80.0), Repeat(60.0, -80.0), Repeat(nan, 80.0), Repeat(60.0, 80.0, inf)])
def test_a_repeat_without_a_size(repeat):
    marker = make_marker([group("A")], [at(0, 0)], fabric=replace(CHECKS, repeat=repeat))
    assert codes(marker) == ["repeat"]


@pytest.mark.parametrize("rule", [{"matches": (Match("m", (nan, 0.0)),)}, {"ties": (Tie((0.0, 0.0), inf),)}])
def test_points_are_finite(rule):
    assert codes(make_marker([piece(**rule)], [at(0, 0)])) == ["not-finite"]


def garments(xs: list[float], **settings) -> object:
    """Two rectangles a garment, at the given x."""
    places = [at(x, 0 if k % 2 else 60, bundle=k // 2 + 1) for k, x in enumerate(xs)]
    marker = make_marker([piece(ordered=len(xs))], places)
    return replace(marker, settings=NestSettings(**settings))


def test_the_pieces_of_a_garment_lie_within_its_span():
    marker = garments([0, 150, 300, 410], bundle_span_mm=250.0)
    assert codes(marker) == []
    assert (figures(marker)["span"].worst, figures(marker)["span"].placements) == (250.0, (0, 1))
    assert only(garments([0, 150.5, 300, 410], bundle_span_mm=250.0)) == (
        "span: bundle 1 spans 250.500 mm, 0.500 mm more than 250 mm"
    )
    assert "settings" in codes(garments([0, 0], bundle_span_mm=0.0))


def test_sections_keep_garments_apart():
    assert codes(garments([0, 150, 200, 410], bundling="mixed")) == []
    assert only(garments([0, 150, 200, 410], bundling="sections")) == (
        "section: the sections of bundles 1 and 2 share 50.000 mm, from x 200.000 mm"
    )
    marker = garments([0, 150, 250, 410, 522, 522], bundling="sections")
    assert codes(marker) == []
    assert figures(marker)["sections"].worst == 0.0


def test_a_section_within_another_is_told_whole():
    assert "share 110.000 mm" in only(garments([0, 500, 110, 120], bundling="sections"))
    assert [fault.message for fault in check_marker(garments([0, 500, 110, 120, 300, 310], bundling="sections"))] == [
        "the sections of bundles 1 and 2 share 110.000 mm, from x 110.000 mm",
        "the sections of bundles 1 and 3 share 110.000 mm, from x 300.000 mm",
    ]


def test_every_garment_has_as_many_lefts_as_rights():
    pair_piece = piece(ordered=2, ordered_mirrored=2)
    spots = [(0, False), (100, True), (200, False), (300, True)]

    def laid(bundles):
        places = [at(x, 50 if m else 0, mirrored=m, bundle=b) for (x, m), b in zip(spots, bundles, strict=True)]
        return make_marker([pair_piece], places)

    assert codes(laid([1, 1, 2, 2])) == []
    assert [f.message for f in check_marker(laid([1, 2, 1, 2]))] == [
        "piece A, bundle 1: 2 more as drawn than the other way",
        "piece A, bundle 2: 2 more mirrored than the other way",
    ]
    assert codes(laid([1, 2, 3, 4])) == []  # nobody has two


@pytest.mark.parametrize(
    ("tilts", "angles", "found"),
    [
        ((8.0, 0.0), (8.0, 0.0), []),
        ((0.0, 8.0), (0.0, -8.0), []),
        ((8.0, 8.0, 0.0), (8.0, -8.0, 0.0), []),
        ((8.0, 0.0, 0.0), (0.0, 8.0, -8.0), ["nap"]),
        ((8.0, 0.0), (8.1, 0.0), ["nap"]),
    ],
)
def test_the_nap_leaves_every_piece_its_own_tilt(tilts, angles, found):
    names = "ABC"[: len(tilts)]
    pieces = [
        piece(name, tilt_deg=tilt, allowed_angles_deg=(angle,))
        for name, tilt, angle in zip(names, tilts, angles, strict=True)
    ]
    places = [at(150 * k + 20, 60, name, angle) for k, (name, angle) in enumerate(zip(names, angles, strict=True))]
    assert codes(make_marker(pieces, places, fabric=Fabric(250.0, nap="one-way"))) == found


def test_every_code_is_explained():
    """docs/marker.md has a row for each code that the referee may give, and for no other."""
    root = Path(__file__).parents[1]
    sources = "".join(path.read_text() for path in (root / "cutkit/check").glob("*.py"))
    given = set(re.findall(r'Fault\(\s*"([a-z-]+)"', sources))
    table = (root / "docs/marker.md").read_text().partition("| code |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    explained = {code for row in rows for code in re.findall("`([a-z-]+)`", row)}
    assert len(given) > 20
    assert explained == given


@pytest.mark.parametrize(("angle", "found"), [(2.0, []), (358.0, []), (180.0, ["nap"]), (182.0, ["nap"])])
def test_steps_off_the_grain_do_not_turn_a_piece_against_the_nap(angle, found):
    stepped = piece("B", allowed_angles_deg=(0.0, 2.0, 358.0, 180.0, 182.0, 178.0))
    fabric = Fabric(300.0, nap="one-way")
    places = [at(0, 0), at(220, 130, "B", angle)]
    marker = make_marker([piece("A"), stepped], places, fabric=fabric)
    assert codes(marker) == found
    grain = figures(marker)["grain"]
    assert (grain.holds, grain.worst, grain.limit) == ("0, 180 deg, up to 2 deg off", angle % 180 and 2.0, 2.0)


def test_locked_pieces_are_judged_like_others():
    places = [replace(at(0, 0), locked=True), replace(at(90, 0), locked=True)]
    marker = make_marker([piece(ordered=2)], places)
    assert codes(marker) == ["overlap"]
    assert figures(marker)["locked"].holds == "2 pieces locked in place"


def test_plain_cloth_has_no_rules_to_show():
    assert rule_figures(pair(at(100, 0))) == []
    assert rule_figures(make_marker([piece()], [], unplaced=(Unplaced("A", 1, "too wide"),))) == []


def test_the_figures_name_the_nearest():
    fabric = Fabric(220.0, 10.0, defects=(Defect((150, 120, 160, 130)),), max_length_mm=400.0, nap="one-way")
    places = [at(5, 3), at(108, 3), at(300, 140)]
    marker = make_marker([piece(ordered=3, tilt_deg=2.0)], places, fabric=fabric, gap_mm=3.0)
    found = figures(marker)
    assert codes(marker) == []
    shown = {rule: (f.worst, f.limit, f.placements) for rule, f in found.items()}
    assert shown == {
        "edges": (3.0, 0.0, (0,)),
        "length": (400.0, 400.0, ()),
        "gap": (3.0, 3.0, (0, 1)),
        "grain": (0.0, 2.0, (0,)),
        "nap": (None, None, ()),
        "flaws": (67.0, 0.0, (1,)),
    }
    assert found["edges"].holds == "selvedges 10 mm"


def test_the_figures_are_of_the_farthest():
    tied = piece(ordered=3, tilt_deg=5.0, ties=(Tie((0.0, 0.0), None, 60.0),), fold="low")
    places = [at(0, 60), at(150, 63, angle=1.5), at(300, 61, angle=1.0)]
    found = figures(make_marker([tied], places, fabric=Fabric(200.0, spread="folded")))
    assert (found["grain"].worst, found["grain"].placements) == (1.5, (1,))
    assert (found["tie"].worst, found["tie"].placements) == (3.0, (1,))
    assert (found["fold"].worst, found["fold"].placements) == (pytest.approx(63 + 2.6177, abs=1e-3), (1,))


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


def test_pieces_that_may_lie_at_any_angle_do_not_widen_the_grain_of_others():
    free = piece("F", allowed_angles_deg=(0.0,), tilt_deg=180.0)
    stiff = piece("A", allowed_angles_deg=(0.0,), tilt_deg=2.0)
    places = [at(0, 0, "A", 1.0), at(220, 130, "F", 70.0)]
    grain = figures(make_marker([stiff, free], places, fabric=Fabric(500.0)))["grain"]
    assert (grain.holds, grain.worst, grain.limit) == ("0 deg, up to 2 deg off; 1 piece at any angle", 1.0, 2.0)
    (alone,) = figures(make_marker([free], places[1:], fabric=Fabric(500.0))).values()
    assert (alone.rule, alone.holds, alone.worst) == ("grain", "0 deg; 1 piece at any angle", None)
