"""The picture of a marker: read back as XML, measured against the marker, and its labels against the pieces."""

from __future__ import annotations

import itertools
import re
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from math import cos, pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_markers import marker_of
from shapely.geometry import Polygon, box
from svg_reader import (
    DATE,
    NS,
    all_text,
    arrow_points,
    assert_labels_inside,
    drawn,
    label_boxes,
    label_groups,
    matrix_of,
    numbers,
    on_sheet,
    outlines,
    rings,
)

from cutkit.check import check_marker
from cutkit.formats.svg.colours import FILLS
from cutkit.formats.svg.marker import marker_svg
from cutkit.formats.svg.text import abbreviate, shorten_to, text_width_em, two_lines, wrap_text
from cutkit.model import Defect, Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement, Unplaced

SHIRTS = ["S", "M", "L", "M"]


@pytest.mark.parametrize("nap", ["two-way", "one-way"])
def test_every_outline_and_cutout_lies_where_the_marker_has_it(nap):
    marker = marker_of(SHIRTS, nap=nap)
    assert not check_marker(marker)
    found = outlines(drawn(marker))
    assert len(found) == len(marker.placements) == 76
    for shape, polygon in zip(found, marker.polygons, strict=True):
        assert len(shape.interiors) == len(polygon.interiors)
        assert shape.symmetric_difference(polygon).area < 0.01 * polygon.length
        assert shape.hausdorff_distance(polygon) < 0.005


@pytest.mark.parametrize("garments", [["M"], SHIRTS, ["L"] * 12])
def test_labels_lie_inside_their_pieces_and_off_one_another(garments):
    assert_labels_inside(marker_of(garments))


def star(radii: list[float]) -> Polygon:
    count = len(radii)
    return Polygon([(r * cos(2 * pi * i / count), r * sin(2 * pi * i / count)) for i, r in enumerate(radii)])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(10, 400), min_size=3, max_size=14),
    st.text(max_size=30),
    st.sampled_from(["", "M", "XXL long"]),
    st.floats(0, 360),
    st.booleans(),
)
def test_a_label_fits_whatever_the_shape_the_name_and_the_turn(radii, name, size, angle, mirrored):
    piece = OrderedPiece("a", name, size, star(radii), 1)
    at = Placement("a", 1, 0, 0, angle, mirrored)
    x0, y0, *_ = at.polygon(piece.outline).bounds
    at = replace(at, x_mm=-x0, y_mm=-y0)
    assert_labels_inside(Marker(Fabric(900.0), (piece,), (at,), NestSettings()))


def test_a_label_keeps_clear_of_a_hole():
    ring = Polygon([(0, 0), (300, 0), (300, 300), (0, 300)], [[(60, 60), (240, 60), (240, 240), (60, 240)]])
    piece = OrderedPiece("a", "Ring", "M", ring, 1)
    assert_labels_inside(Marker(Fabric(300.0), (piece,), (Placement("a", 1, 0, 0, 0),), NestSettings()))


def test_a_mark_without_length_is_no_fault():
    marker = marker_of(["M"])
    dot = Mark("sew", ((100.0, 0.0), (100.0, 0.0)), "pen")
    dotted = replace(marker, pieces=tuple(replace(piece, marks=(*piece.marks, dot)) for piece in marker.pieces))
    assert marker_svg(dotted, date=DATE).count("<path") >= marker_svg(marker, date=DATE).count("<path")


def test_a_label_keeps_off_marks_where_there_is_room():
    lines = tuple(Mark("internal", ((x, 0.0), (x, 300.0))) for x in (150.0, 160.0))
    piece = OrderedPiece("a", "Panel", "M", box(0, 0, 400, 300), 1, marks=lines)
    root = drawn(Marker(Fabric(300.0), (piece,), (Placement("a", 1, 0, 0, 0),), NestSettings()))
    band = on_sheet(box(150, 0, 160, 300), root)
    assert not any(line.intersects(band) for line in label_boxes(label_groups(root)[0]))


def turns(marker: Marker) -> list[float]:
    return [numbers(group.get("transform"))[2] for group in label_groups(drawn(marker))]


def test_labels_are_turned_with_their_pieces_and_never_mirrored():
    outline = Polygon([(0, 0), (300, 0), (300, 40), (0, 60)])
    piece = OrderedPiece("a", "Band", "M", outline, 4, 4, allowed_angles_deg=(0.0, 90.0, 180.0, 270.0))
    where = [(0, 60), (360, 0), (660, 100), (700, 300)]
    spots = [Placement("a", 1, x, y, angle, False) for (x, y), angle in zip(where, (0, 90, 180, 270), strict=True)]
    spots += [replace(spot, x_mm=spot.x_mm + 800, mirrored=True) for spot in spots]
    marker = Marker(Fabric(600.0), (piece,), tuple(spots), NestSettings())
    # A turn to the left on the cloth is one to the right on the sheet, whose y runs down.
    assert turns(marker) == [0, 270, 180, 90] * 2
    for group in label_groups(drawn(marker)):
        assert re.fullmatch(r"translate\(\S+ \S+\) rotate\(\S+\)", group.get("transform"))


def test_a_slanted_band_is_labelled_along_its_length():
    band = Polygon([(0, 0), (300, 300), (280, 320), (-20, 20)])
    piece = OrderedPiece("a", "Bias strip", "M", band, 1, 1)
    spots = (Placement("a", 1, 20, 0, 0), Placement("a", 1, 400, 320, 0, True))
    assert turns(Marker(Fabric(600.0), (piece,), spots, NestSettings())) == pytest.approx([315, 45], abs=0.01)


def test_the_header_says_what_an_engineer_asks():
    marker = marker_of(["S", "M", "M"])
    text = all_text(drawn(marker))
    figures = [
        "Shirt 1207 — Poplin, Shell",
        "150.0 cm",
        "147.0 cm",
        f"{marker.length_mm / 1000:.3f} m",
        f"{100 * marker.efficiency:.2f} %",
        f"{100 - 100 * marker.efficiency:.2f} %",
        "57 of 57",
        "3 (1 × S, 2 × M)",
        "Seed | 7",
        DATE,
        "two-way",
        "S: 1 garment, 19 pieces",
        "M: 2 garments, 38 pieces",
    ]
    assert [figure for figure in figures if figure not in text] == []


def test_names_are_escaped_and_nothing_is_fetched():
    marker = marker_of(["M"])
    name = 'Ärmel <1> & "x"'
    pieces = tuple(replace(piece, name=name if piece.name == "Sleeve" else piece.name) for piece in marker.pieces)
    nasty = replace(pieces[0], name="a\x00b\x1b\ud800\ufffe\tc")
    root = drawn(replace(marker, pieces=(nasty, *pieces[1:])))
    titles = [title.text for title in root.iterfind(".//s:use/s:title", NS)]
    assert f"{name} M #1, 180°" in titles
    assert "Ärmel <1>" in all_text(root)
    assert "a\ufffdb\ufffd\ufffd\ufffd c" in all_text(root)
    for element in root.iter():
        for key, value in element.attrib.items():
            assert "//" not in value
            assert "url(" not in value
            assert not key.endswith("href") or value.startswith("#")
        assert element.tag.rpartition("}")[2] not in ("script", "image", "style", "foreignObject")


def test_the_same_marker_gives_the_same_bytes():
    marker = marker_of(SHIRTS)
    assert marker_svg(marker, date=DATE) == marker_svg(marker_of(SHIRTS), date=DATE)
    assert marker_svg(marker, date="2031-02-04") != marker_svg(marker, date=DATE)


def fills(marker: Marker) -> list[str]:
    return [use.get("fill") for use in drawn(marker).iterfind(".//s:g[@id='placements']/s:use", NS)]


def test_pieces_are_coloured_by_size_or_in_one_size_by_bundle():
    by_size = marker_of(SHIRTS)
    pairs = {(by_size.by_id[p.piece].size, fill) for p, fill in zip(by_size.placements, fills(by_size), strict=True)}
    assert len(pairs) == len({fill for _, fill in pairs}) == 3
    by_bundle = marker_of(["M", "M", "M"])
    pairs = {(p.bundle, fill) for p, fill in zip(by_bundle.placements, fills(by_bundle), strict=True)}
    assert len(pairs) == len({fill for _, fill in pairs}) == 3


def test_many_bundles_share_fills_and_the_legend_stays_short():
    marker = marker_of(["M"] * 40)
    text = all_text(drawn(marker))
    assert "#1, #17, #33: 57 pieces" in text
    assert len(re.findall(r"#\d+: \d+ pieces", text)) == len(FILLS)


# The linear RGB that people without red, green or blue cones see: Machado, Oliveira and Fernandes (2009), severity 1.
SIGHT = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(colour: str, sight: list[list[float]]) -> np.ndarray:
    """CIE L*a*b* of an sRGB colour as it is seen."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.clip(
        np.array(sight) @ np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4), 0, 1
    )
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    f = np.cbrt(to_xyz @ linear / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_the_first_eight_fills_differ_for_every_kind_of_sight(sight):
    seen = [lab(fill, SIGHT[sight]) for fill in FILLS[:8]]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 11.5
    assert min(colour[0] for colour in seen) > 50, "black text needs a light ground"


@pytest.mark.parametrize(("nap", "heads"), [("two-way", 2), ("one-way", 1), ("per-bundle", 1)])
def test_grain_arrows_have_a_head_at_the_end_the_nap_points_to(nap, heads):
    marker = marker_of(["M"], nap=nap)
    for group in label_groups(drawn(marker)):
        assert len(rings(group.find("s:g/s:path", NS).get("d"))) == 1 + heads


def test_a_one_way_arrow_turns_with_its_piece():
    piece = OrderedPiece("a", "Panel", "M", box(0, 0, 300, 200), 2)
    spots = (Placement("a", 1, 0, 0, 0), Placement("a", 1, 700, 200, 180))
    marker = Marker(Fabric(200.0, nap="one-way"), (piece,), spots, NestSettings())
    ahead, back = (np.asarray([p.coords[0] for p in arrow_points(g).geoms]) for g in label_groups(drawn(marker)))
    tip, tail = 1, 0
    assert ahead[tip, 0] > ahead[tail, 0] + 10
    assert back[tip, 0] < back[tail, 0] - 10


def test_small_pieces_get_a_number_and_a_key():
    marker = marker_of(["S", "M", "L", "XL"] * 3)
    text = all_text(drawn(marker))
    assert re.search(r"Small pieces:.*\((\d)\) Belt loop", text)
    index = re.search(r"\((\d)\) Belt loop", text).group(1)
    assert f"({index}) M #2" in text or f"({index}) | M #2" in text


def test_marks_are_drawn_in_their_true_place():
    marker = marker_of(["M"], pieces=1)
    symbol = drawn(marker).find(".//s:defs/s:g", NS)
    paths = [path.get("d") for path in symbol.iterfind("s:g//s:path", NS)]
    assert "M0,100 L6,100" in paths, "a slit, 6 mm deep"
    assert any(p == "M197.5,255.3 L200,249.3 L202.5,255.3" for p in paths), "a V, 5 mm wide"
    assert len(symbol.findall(".//s:circle", NS)) == 2
    assert any("stroke-dasharray" in path.attrib for path in symbol.iter()), "the sew line is dashed"


def test_the_tape_and_the_scale_bar_are_true():
    marker = marker_of(SHIRTS)
    root = drawn(marker)
    left = matrix_of(root.find(".//s:g[@id='placements']", NS))[4]
    metres = {
        t.text: float(t.get("x")) - left for t in root.iterfind(".//s:text", NS) if re.fullmatch(r"\d+ m", t.text)
    }
    assert metres == pytest.approx({f"{m} m": 1000 * m for m in range(int(marker.length_mm / 1000) + 1)}, abs=0.01)
    halves = root.findall(".//s:g[@id='scale-bar']/s:rect", NS)
    assert sum(float(half.get("width")) for half in halves) == pytest.approx(100)


def test_the_drawing_holds_everything_and_keeps_proportions():
    marker = marker_of(SHIRTS)
    root = drawn(marker)
    x0, y0, width, height = numbers(root.get("viewBox"))
    sheet = box(x0, y0, x0 + width, y0 + height)
    assert all(sheet.contains(on_sheet(polygon, root)) for polygon in marker.polygons)
    assert width > marker.length_mm
    assert height > marker.fabric.width_mm
    for text in root.iterfind("s:text", NS):
        if text.get("text-anchor") is None:
            wide = text_width_em(text.text, bold=text.get("font-weight") == "bold")
            assert float(text.get("x")) + wide * float(text.get("font-size")) < width


def test_unplaced_pieces_stand_below_in_red():
    marker = marker_of(["M"])
    huge = OrderedPiece("huge", "Curtain", "M", box(0, 0, 9000, 2000), 2)
    reason = "2000 mm across the grain, the usable width is 1470 mm; " * 4
    root = drawn(replace(marker, pieces=(*marker.pieces, huge), unplaced=(Unplaced("huge", 2, reason),)))
    red = [text for text in root.iterfind(".//s:text", NS) if text.get("fill") == "#B00020"]
    assert red[0].text == "Not placed: 2 pieces"
    assert " ".join(text.text for text in red[1:]) == f"2 × Curtain M: {reason.strip()}"
    assert "60 of 62" not in all_text(root)
    assert f"{len(marker.placements)} of {len(marker.placements) + 2}" in all_text(root)


def test_an_empty_marker_is_bare_cloth():
    piece = OrderedPiece("a", "A", "M", box(0, 0, 10, 10), 1)
    root = drawn(Marker(Fabric(1500.0), (piece,), (), NestSettings(), (Unplaced("a", 1, "too wide"),)))
    assert "0 of 1" in all_text(root)
    assert "nan" not in ET.tostring(root).decode()


def test_defects_are_marked_and_a_strip_packing_instance_has_no_garments():
    piece = OrderedPiece("7", "7", "", box(0, 0, 6, 8), 2)
    spots = (Placement("7", 1, 0, 0, 0), Placement("7", 1, 10, 0, 0))
    marker = Marker(Fabric(40.0, defects=(Defect((6, 10, 9, 12)),)), (piece,), spots, NestSettings())
    root = drawn(marker)
    assert "Garments" not in all_text(root)
    assert "Defects | 1" in all_text(root)
    frame = root.findall(".//s:g[@id='rules-above']/s:path[@class='rule flaw']", NS)[-1]
    assert (frame.get("stroke"), rings(frame.get("d"))) == ("#B00020", [[(6, 10), (9, 10), (9, 12), (6, 12)]])


def test_three_hundred_pieces_take_less_than_two_seconds():
    marker = marker_of(["S", "M", "L", "XL"] * 4, pieces=300, scale=0.6)
    marker_svg(marker_of(["M"]), date=DATE)
    start = time.perf_counter()
    text = marker_svg(marker, date=DATE)
    assert time.perf_counter() - start < 2.0
    assert len(text) < 1_000_000


# Widths of DejaVu Sans, regular and bold, the widest usual sans serif, measured with its font files.
MEASURED_EM = [
    ("Front placket left", 8.411, 9.74),
    ("COLLAR STAND", 7.689, 8.516),
    ("M #12", 3.291, 3.573),
    ("Ärmel links", 5.552, 6.336),
    ("WAISTBAND FACING", 10.031, 11.264),
    ("Tasche 38/40 & Co.", 9.604, 10.672),
]


@pytest.mark.parametrize(("text", "regular", "bold"), MEASURED_EM)
def test_widths_of_text_are_an_upper_bound_and_a_near_one(text, regular, bold):
    assert regular <= text_width_em(text) < 1.2 * regular
    assert bold <= text_width_em(text, bold=True) < 1.2 * bold


def test_texts_are_broken_and_shortened_to_fit():
    assert wrap_text("one two three", text_width_em("one two")) == ["one two", "three"]
    assert wrap_text("", 5) == []
    assert shorten_to("Waistband", 4.0).endswith("…")
    assert text_width_em(shorten_to("Waistband", 4.0)) <= 4.0
    assert two_lines("Pocket bag upper") in (("Pocket", "bag upper"), ("Pocket bag", "upper"))
    assert two_lines("Sleeve") is None
    assert abbreviate("Pocket bag_upper 12") == "Poc. bag upp. 12"
