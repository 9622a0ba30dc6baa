"""The rules of cloth in a marker's picture: each leads to what it is drawn as and to a word in the legend; where it
lies is measured against the marker; and however many there are, no text lies on another, nothing outside the sheet."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import atan2, degrees

import numpy as np
import pytest
import shapely
from builders import make_marker
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_markers import rule_marker
from ruled_markers import SPLICES, crowded_marker, ruled_marker
from shapely.geometry import LineString, Point, Polygon, box
from svg_reader import (
    DATE,
    NS,
    all_text,
    assert_labels_inside,
    drawn,
    label_boxes,
    label_groups,
    numbers,
    on_page,
    on_sheet,
    rings,
)

from cutkit.formats.svg.lines import grid_lines, hatch_lines, shortest_tree, thinned
from cutkit.formats.svg.marker import marker_svg
from cutkit.formats.svg.rules import RuledCloth, sections_of, tilt_deg
from cutkit.formats.svg.text import text_width_em
from cutkit.model import (
    Defect,
    Fabric,
    Marker,
    Match,
    NestSettings,
    OrderedPiece,
    Placement,
    Repeat,
    Stretch,
    Tie,
    Zone,
)

ANGLES = (0.0, 90.0, 180.0, 270.0)
PANEL = OrderedPiece("p", "Panel", "M", box(0, 0, 400, 300), 1, allowed_angles_deg=ANGLES)
CLOTH = Fabric(1000.0)
SPOTS = (Placement("p", 1, 0.0, 0.0, 0.0), Placement("p", 2, 600.0, 400.0, 0.0))


def plain(**more: object) -> Marker:
    """Two panels on bare cloth, with other fields of fabric, piece, settings or placements where they are given."""
    fabric, piece, settings_, spots = CLOTH, PANEL, NestSettings(), SPOTS
    for name, value in more.items():
        if name in Fabric.__dataclass_fields__:
            fabric = replace(fabric, **{name: value})
        elif name in NestSettings.__dataclass_fields__:
            settings_ = replace(settings_, **{name: value})
        elif name in Placement.__dataclass_fields__:
            spots = (spots[0], replace(spots[1], **{name: value}))
        else:
            piece = replace(piece, **{name: value})
    return Marker(fabric, (replace(piece, ordered=2),), spots, settings_)


def legend(root: ET.Element) -> set[str]:
    """The words beside the samples of the legend."""
    return {text.text or "" for sample, text in pairwise(root) if sample.get("class") == "sample"}


def shapes(root: ET.Element, rule: str, where: str = "") -> list[ET.Element]:
    """What a rule is drawn as on the cloth, below or above the pieces; the legend's samples are none of it."""
    groups = root.iterfind(f".//s:g[@id='rules-{where}']", NS) if where else root.iterfind(".//s:g[@id]", NS)
    return [path for group in groups for path in group.iterfind("s:path", NS) if path.get("class") == f"rule {rule}"]


def lines_of(paths: list[ET.Element]) -> list[list[tuple[float, float]]]:
    return [ring for path in paths for ring in rings(path.get("d"))]


MATCH = (Match("m", (100.0, 50.0), "cf"),)
RULES = {
    "repeat": ({"repeat": Repeat(80.0, 60.0)}, "repeat 80 mm along, 60 mm across"),
    "zone": ({"zones": (Zone("left", 0.0, 400.0),)}, "zones left"),
    "flaw": ({"defects": (Defect((450.0, 10.0, 550.0, 60.0)),)}, "flaw, kept clear"),
    "flaw of a class": ({"defects": (Defect((450.0, 10.0, 550.0, 60.0), ("B",)),)}, "flaw, only for class B"),
    "fold": ({"spread": "folded"}, "fold of the cloth"),
    "block": ({"block": box(-5, -5, 405, 305), "buffer_mm": 5.0}, "block, buffer 5 mm"),
    "match": ({"matches": MATCH}, "match cf"),
    "match on the cloth": ({"matches": (Match("m", (100.0, 50.0)),)}, "match on the repeat"),
    "tie": ({"ties": (Tie((10.0, 10.0), y_mm=10.0),)}, "tied to a place of the cloth"),
    "section": ({"bundling": "sections"}, "between sections"),
}


@pytest.mark.parametrize("name", RULES)
def test_each_rule_is_drawn_and_told_where_it_holds_and_nowhere_else(name):
    fields, words = RULES[name]
    bare, ruled = drawn(plain()), drawn(plain(**fields))
    rule = name.split(" ")[0]
    assert shapes(ruled, rule)
    assert not shapes(bare, rule)
    assert legend(ruled) - legend(bare) == {words}


def test_bare_cloth_has_nothing_in_its_legend_but_the_grain():
    root = drawn(plain())
    assert legend(root) == {"grain"}
    assert not [e for e in root.iter() if e.get("class", "").startswith("rule ") and e.get("class") != "rule grain"]
    assert not root.findall(".//*[@id='nap']")


SIGNS = {
    "mirrored": ({"mirrored": True, "y_mm": 700.0}, "mirrored"),
    "may be mirrored": ({"may_mirror": True}, "may be mirrored"),
    "tilted": ({"angle_deg": 2.5}, "off grain, 2.5° at most"),
    "locked": ({"locked": True}, "locked in its place"),
}


@pytest.mark.parametrize("name", SIGNS)
def test_each_way_to_lie_has_its_sign_in_the_label(name):
    fields, words = SIGNS[name]
    bare, ruled = drawn(plain()), drawn(plain(**fields))
    assert legend(ruled) - legend(bare) == {words}
    first, second = label_groups(ruled)
    before = signs(label_groups(bare)[1])
    assert signs(second) != before
    assert (signs(first) == before) is (name != "may be mirrored"), "what holds for a piece holds for all its copies"


def signs(group: ET.Element) -> tuple[int, int, str]:
    """Paths on the arrow, pins, and what the last line of a label has behind its garment."""
    last = group.findall("s:text", NS)[-1].text
    return len(group.findall("s:g/s:path", NS)), len(group.findall("s:path", NS)), re.sub(r"M #\d", "", last)


@pytest.mark.parametrize(
    ("angle", "words"), [(2.5, "+2.5°"), (178.0, "-2.0°"), (90.4, "+0.4°"), (0.04, None), (270.0, None)]
)
def test_a_tilted_piece_tells_the_degrees_and_its_arrow_lies_at_the_true_angle(angle, words):
    group = label_groups(drawn(plain(angle_deg=angle, x_mm=900.0)))[1]
    last = group.findall("s:text", NS)[-1].text
    assert last == " ".join(filter(None, ("M #2", words)))
    (x0, y0), (x1, y1) = rings(group.find("s:g/s:path", NS).get("d"))[0]
    turn = numbers(group.get("transform"))[2]
    on_sheet_deg = degrees(atan2(y1 - y0, x1 - x0)) + turn
    assert (on_sheet_deg + angle) % 180 == pytest.approx(0, abs=0.05) or (on_sheet_deg + angle) % 180 > 179.95


def test_the_whole_of_a_marker_with_every_rule():
    root = drawn(ruled_marker(3), SPLICES[3])
    drawn_rules = {e.get("class").removeprefix("rule ") for e in root.iter() if e.get("class", "").startswith("rule ")}
    assert drawn_rules == {
        "zone", "repeat", "splice", "tie", "block", "flaw", "link", "match", "section", "fold", "margin", "selvedge",
        "grain", "mirrored", "may-mirror", "tilt", "locked",
    }  # fmt: skip
    told = legend(root)
    off = [words for words in told if re.fullmatch(r"match .*, \d+\.\d\d mm off at most", words)]
    assert len(off) == 3
    assert told - set(off) == {
        "grain, along the nap", "mirrored", "may be mirrored", "off grain, 3° at most", "locked in its place",
        "block, buffer 5 to 9 mm", "tied to a place of the cloth", "repeat 80 mm along, 60 mm across",
        "zones by the fold, middle, outer edge", "flaw, kept clear", "flaw, only for class B or C",
        "flaw, only for class C", "fold of the cloth", "between sections", "splice, 4 bands",
        "margin 30 mm at the start, 45 mm at the end", "selvedge 22 mm high",
    }  # fmt: skip
    text = all_text(root)
    for words in ("folded", "both sides alike", "2 % warp, 1.5 % weft", "6.000 m", "in sections", "1.500 m", "fold"):
        assert words in text
    assert {"by the fold", "middle", "outer edge", "#1", "#2", "#3", "nap of the cloth"} <= set(text.split(" | "))


def test_the_roll_that_it_is_cut_from_is_told():
    root = drawn(replace(plain(), stretch=Stretch("R12", 3200.0, 4300.0)))
    assert "Cut from | R12, 3.200 m to 4.300 m" in all_text(root)
    assert "Cut from" not in all_text(drawn(plain()))


# ------------------------------------------------------------------------------------------------- where it all lies


def test_match_points_are_crosses_at_their_places_linked_within_a_garment():
    piece = replace(PANEL, id="q", matches=(Match("a", (30.0, 40.0), "cf"), Match("b", (350.0, 200.0), "side")))
    spots = [
        Placement("q", 1, 500.0, 0.0, 90.0),
        Placement("q", 1, 600.0, 700.0, 0.0, True),
        Placement("q", 2, 1500.0, 400.0, 180.0),
    ]
    root = drawn(Marker(Fabric(1000.0), (replace(piece, ordered=3),), tuple(spots), NestSettings()))
    wanted = {
        "match cf": [p.points(((30.0, 40.0),))[0] for p in spots],
        "match side": [p.points(((350.0, 200.0),))[0] for p in spots],
    }
    for title, points in wanted.items():
        paths = [p for p in shapes(root, "match") if p.findtext("s:title", namespaces=NS) == title]
        arms = lines_of(paths)
        middles = [np.mean(arm, axis=0) for arm in arms]
        assert len(paths) == 1
        assert sorted(map(tuple, np.round(middles[::2], 3))) == sorted((round(x, 3), round(y, 3)) for x, y in points)
        assert np.allclose(middles[::2], middles[1::2], atol=1e-3)
        # The first two are of one garment, the third is alone.
        links = [p for p in shapes(root, "link") if p.findtext("s:title", namespaces=NS) == title]
        assert np.allclose(lines_of(links), [points[:2]], atol=1e-3)
        assert links[0].get("stroke") == paths[0].get("stroke")
    assert len({p.get("stroke") for p in shapes(root, "link")}) == 2


def test_what_a_match_is_off_is_told_in_the_legend_and_on_its_piece():
    cloth = Repeat(80.0, 60.0, 5.0, 7.0)
    piece = replace(PANEL, ordered=2, matches=(Match("pocket", (100.0, 50.0), "g"), Match("hem", (85.0, 67.0))))
    spots = (Placement("p", 1, 0.0, 0.0, 0.0), Placement("p", 1, 640.3, 420.4, 0.0))
    root = drawn(Marker(Fabric(1000.0, repeat=cloth), (piece,), spots, NestSettings()))
    assert {"match g, 0.50 mm off at most", "match on the repeat, 0.50 mm off at most"} <= legend(root)
    titles = [title.text for title in root.iterfind(".//s:use/s:title", NS)]
    assert "pocket: match g, 0.50 mm off" in titles[0]
    assert "hem: match on the repeat, 0.00 mm off" in titles[0]
    assert "hem: match on the repeat, 0.50 mm off" in titles[1]


def test_flaws_are_frames_by_class_and_end_where_the_cloth_does():
    flaws = (
        Defect((-50.0, 10.0, 60.0, 50.0)),
        Defect((200.0, 900.0, 300.0, 2000.0), ("C", "B")),
        Defect((5000.0, 0.0, 5100.0, 9.0)),
    )
    root = drawn(plain(defects=flaws, selvedge_mm=20.0))
    frames = [path for path in shapes(root, "flaw") if path.get("d").endswith("Z")]
    assert [Polygon(ring).bounds for ring in lines_of(frames)] == [(0, 10, 60, 50), (200, 900, 300, 960)]
    assert len({path.get("stroke") for path in frames}) == 2
    assert [path.findtext("s:title", namespaces=NS) for path in frames] == [
        "flaw, kept clear",
        "flaw, only for class B or C",
    ]
    for frame, hatch in zip(frames, [path for path in shapes(root, "flaw") if path not in frames], strict=True):
        area = Polygon(lines_of([frame])[0])
        assert all(area.buffer(1e-3).contains(LineString(line)) for line in lines_of([hatch]))
        assert len(lines_of([hatch])) > 2


def test_flaws_lie_over_the_pieces_and_zones_and_the_grid_below_them():
    root = drawn(plain(defects=(Defect((0, 0, 50, 50)),), zones=(Zone("a", 0, 9),), repeat=Repeat(50, None)))
    order = [group.get("id") for group in root.iterfind("s:g", NS) if group.get("id")]
    assert order.index("rules-below") < order.index("placements") < order.index("rules-above") < order.index("labels")
    assert shapes(root, "flaw", "above")
    assert shapes(root, "zone", "below")
    assert shapes(root, "repeat", "below")


@pytest.mark.parametrize(("spread", "folds"), [("folded", [0.0]), ("tubular", [0.0, 960.0])])
def test_folds_lie_along_the_whole_cloth_with_a_word_beside_them(spread, folds):
    root = drawn(plain(spread=spread, width_mm=960.0, start_margin_mm=20.0, end_margin_mm=30.0))
    assert [tuple(map(tuple, line)) for line in lines_of(shapes(root, "fold"))] == [
        ((-20.0, y), (1030.0, y)) for y in folds
    ]
    assert all_text(root).split(" | ").count("fold") == len(folds)


def test_selvedges_and_margins_have_their_own_widths():
    root = drawn(
        plain(width_mm=1100.0, selvedge_mm=30.0, high_selvedge_mm=70.0, start_margin_mm=25.0, end_margin_mm=40.0)
    )
    rects = {r.get("fill"): r for r in root.iterfind("s:rect", NS)}
    whole, margin, usable = (rects[fill] for fill in ("#DDD8CC", "#EEEAE0", "#FBFAF6"))
    size = {key: [float(r.get(key)) for r in (whole, margin, usable)] for key in ("x", "y", "width", "height")}
    assert size["width"] == [1065, 1065, 1000]
    assert size["height"] == [1100, 1000, 1000]
    assert np.diff(size["x"]).tolist() == pytest.approx([0, 25])
    assert np.diff(size["y"]).tolist() == pytest.approx([70, 0])
    left = numbers(root.find(".//s:g[@id='placements']", NS).get("transform"))[4]
    assert left == pytest.approx(size["x"][2])
    assert {"selvedge 30 mm low, 70 mm high", "margin 25 mm at the start, 40 mm at the end"} <= legend(root)


def test_blocks_are_drawn_once_with_their_piece():
    ring = Polygon([(-9, -9), (420, -9), (420, 320), (-9, 320)], [[(50, 50), (90, 50), (90, 90)]])
    root = drawn(plain(block=ring, buffer_mm=9.0))
    (block,) = [path for path in root.iterfind(".//s:defs/s:g/s:path", NS) if path.get("class") == "rule block"]
    shell, *holes = rings(block.get("d"))
    assert Polygon(shell, holes).equals(ring)
    assert "stroke-dasharray" in block.attrib
    assert block.get("fill") == "none", "the piece's own colour would cover what lies beside it"


def test_ties_mark_the_point_and_the_place():
    root = drawn(plain(ties=(Tie((100.0, 20.0), x_mm=100.0), Tie((0.0, 300.0), y_mm=300.0))))
    below, above = lines_of(shapes(root, "tie", "below")), lines_of(shapes(root, "tie", "above"))
    assert below == [[(100, 0), (100, 1000)], [(0, 300), (1000, 300)]]
    middles = {tuple(np.mean(diamond, axis=0).round(3).tolist()) for diamond in above}
    assert middles == {(100, 20), (0, 300), (700, 420), (600, 700)}


def test_splices_are_bands_with_their_edges_and_a_bracket_above():
    root = drawn(plain(), [(420.0, 560.0), (700.0, 700.0), (990.0, 1200.0)])
    bands = lines_of(shapes(root, "splice", "below"))
    assert [Polygon(band).bounds for band in bands] == [(420, 0, 560, 1000), (990, 0, 1000, 1000)]
    assert [line[0][0] for line in lines_of(shapes(root, "splice", "above"))] == [420, 560, 700, 990]
    assert "splice, 3 bands" in legend(root)
    left, top = (numbers(root.find(".//s:g[@id='placements']", NS).get("transform"))[k] for k in (4, 5))
    brackets = [rings(p.get("d"))[0] for p in root.iterfind("s:path[@class='rule splice']", NS)]
    ends = [(b[0][0] - left, b[-1][0] - left) for b in brackets]
    assert np.allclose(ends, [(420, 560), (700, 700), (990, 1000)], atol=1e-3)
    assert all(y < top - 1000 for bracket in brackets for _, y in bracket)


def test_long_markers_show_the_shortest_splices_a_metre_apart():
    assert not shapes(drawn(plain()), "splice"), "in a metre nobody splices"
    spots = tuple(Placement("p", 1, 450.0 * k, 0.0, 0.0) for k in range(8))
    marker = make_marker([replace(PANEL, ordered=8)], list(spots), fabric=CLOTH)
    at = [line[0][0] for line in lines_of(shapes(drawn(marker), "splice", "above"))]
    assert at == [450.0, 1800.0, 3150.0], "between the panels, where a splice takes no cloth"
    assert drawn(marker, ()).findall(".//s:path[@class='rule splice']", NS) == []


def test_sections_are_parted_by_lines_that_cross_no_piece():
    marker = ruled_marker(3)
    root = drawn(marker)
    lines = [LineString(line) for line in lines_of(shapes(root, "section"))]
    assert len(lines) == 2
    assert not any(line.intersects(polygon) for line in lines for polygon in marker.polygons)
    assert [section.bundles for section in sections_of(marker)] == [(1,), (2,), (3,)]
    mixed = replace(marker, settings=replace(marker.settings, bundling="mixed"))
    assert shapes(drawn(mixed), "section") == []


def test_garments_that_share_a_stretch_are_one_section():
    spots = (
        Placement("p", 1, 0, 0, 0),
        Placement("p", 2, 300, 400, 0),
        Placement("p", 3, 700, 0, 0),
        Placement("p", 1, 200, 700, 0),
    )
    sections = sections_of(make_marker([PANEL], list(spots), fabric=CLOTH))
    assert [(s.bundles, s.x0_mm, s.x1_mm) for s in sections] == [((1, 2), 0, 700), ((3,), 700, 1100)]


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 137.0])
def test_every_line_of_the_grid_is_where_the_repeat_begins(angle):
    repeat = Repeat(80.0, 55.0, 13.0, -21.0, angle)
    lines = grid_lines(repeat, (0.0, 0.0, 2000.0, 1000.0), 10.0)
    cloth = box(0, 0, 2000, 1000)
    found = Counter()
    for line in lines:
        assert cloth.buffer(1e-6).contains(LineString(line))
        begins = [np.isclose(off_repeat(repeat, point), 0, atol=1e-6) for point in (line[0], line[-1])]
        assert (begins[0] & begins[1]).any()
        found[int(np.argmax(begins[0] & begins[1]))] += 1
    # Every point at which the repeat begins both ways is on two lines.
    tree = shapely.STRtree([LineString(line) for line in lines])
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    for i in range(-40, 60):
        for k in range(-60, 60, 7):
            x, y = c * 80 * i - s * 55 * k + 13, s * 80 * i + c * 55 * k - 21
            if 5 < x < 1995 and 5 < y < 995:
                assert len(tree.query(Point(x, y), "dwithin", 1e-6)) == 2
    assert min(found.values()) > 10


def off_repeat(repeat: Repeat, point: tuple[float, float]) -> np.ndarray:
    """How far a point is from where the repeat begins, along and across."""
    phase = np.array(repeat.phase(*point))
    return np.minimum(phase, np.array([repeat.x_mm, repeat.y_mm]) - phase)


def test_a_dense_grid_is_thinned_out_and_the_legend_says_so():
    assert [thinned(step, 10.0) for step in (10.0, 9.0, 4.0, 1.9, 0.4, 0.01)] == [1, 2, 5, 10, 50, 1000]
    root = drawn(plain(repeat=Repeat(3.0, None)))
    unit = RuledCloth(plain(), 1.0).length_mm * 0 + 1500 / 110
    xs = sorted(line[0][0] for line in lines_of(shapes(root, "repeat")))
    assert np.diff(xs) == pytest.approx(15.0)
    assert 3.0 < 0.9 * unit < 15.0
    assert "repeat 3 mm along, every 5th line drawn" in legend(root)


def test_hatches_rise_or_fall_and_fill_their_box():
    for falling in (0, 1):
        lines = hatch_lines(((10.0, 20.0), (110.0, 20.0), (110.0, 60.0), (10.0, 60.0)), 7.0, falling=falling)
        area = box(10, 20, 110, 60)
        for (x0, y0), (x1, y1) in lines:
            assert (y1 - y0) == pytest.approx((x1 - x0) * (-1 if falling else 1))
            assert area.buffer(1e-9).contains(LineString([(x0, y0), (x1, y1)]))
        left = area.difference(shapely.union_all([LineString(line).buffer(3.6) for line in lines]))
        assert left.area < 0.05 * area.area


def test_the_shortest_tree_joins_all_points_by_the_shortest_lines():
    rng = np.random.default_rng(3)
    points = [tuple(p) for p in rng.uniform(0, 100, (12, 2)).tolist()]
    lines = shortest_tree(points)
    joined = shapely.line_merge(shapely.union_all([LineString(line) for line in lines]))
    assert len(lines) == 11
    assert all(joined.distance(Point(p)) < 1e-9 for p in points)
    # Kruskal's way: every pair in order of length, unless it closes a ring.
    parent = {p: p for p in points}

    def root(p):
        return p if parent[p] == p else root(parent[p])

    total = 0.0
    for a, b in sorted(((a, b) for a in points for b in points), key=lambda pair: np.hypot(*np.subtract(*pair))):
        if root(a) != root(b):
            parent[root(a)] = root(b)
            total += np.hypot(*np.subtract(a, b))
    assert sum(LineString(line).length for line in lines) == pytest.approx(total)
    assert shortest_tree(points[:1]) == []


@pytest.mark.parametrize(
    ("angle", "tilt"), [(0, 0), (3.04, 3), (357, -3), (180, 0), (181.5, 1.5), (90, 0), (44.9, 44.9), (45.1, -44.9)]
)
def test_tilt_is_told_from_the_nearest_quarter_turn(angle, tilt):
    assert tilt_deg(Placement("p", 1, 0, 0, angle)) == pytest.approx(tilt)


# ------------------------------------------------------------------------------------------------------------- calm


RICH = {
    "long": (ruled_marker(3), SPLICES[3]),
    "short": (ruled_marker(1), SPLICES[1]),
    "crowded": (crowded_marker(), ()),
}


@pytest.mark.parametrize("name", RICH)
def test_labels_and_pins_lie_in_their_pieces_and_off_one_another(name):
    assert_labels_inside(RICH[name][0])


@pytest.mark.parametrize("name", RICH)
def test_no_text_lies_on_another_and_nothing_outside_of_the_sheet(name):
    marker, splices = RICH[name]
    assert_calm(drawn(marker, splices))


def assert_calm(root: ET.Element) -> None:
    """Nothing is drawn beyond the sheet's edges, and no text's box lies on another's."""
    x0, y0, width, height = numbers(root.get("viewBox"))
    texts = []
    for element, points in on_page(root):
        low, high = points.min(axis=0), points.max(axis=0)
        assert low[0] >= x0 - 1e-6, ET.tostring(element)
        assert low[1] >= y0 - 1e-6, ET.tostring(element)
        assert high[0] <= x0 + width + 1e-6, ET.tostring(element)
        assert high[1] <= y0 + height + 1e-6, ET.tostring(element)
        if element.tag.endswith("text") and element.text:
            texts.append((element.text, Polygon(points)))
    boxes = [area for _, area in texts]
    tree = shapely.STRtree(boxes)
    for one, other in tree.query(boxes, "intersects").T:
        if one < other:
            shared = boxes[one].intersection(boxes[other]).area
            assert shared < 1e-6 * min(boxes[one].area, boxes[other].area), (texts[one][0], texts[other][0])


near = st.floats(-300.0, 1400.0, allow_nan=False)


@st.composite
def fabrics(draw: st.DrawFn) -> dict[str, object]:
    """Fields of a fabric with rules of any kind, also where there is no cloth."""
    boxes = st.tuples(near, near, st.floats(1.0, 900.0), st.floats(1.0, 900.0))
    classes = st.lists(st.sampled_from("ABCD"), max_size=2).map(tuple)
    size = st.one_of(st.none(), st.floats(0.5, 400.0))
    return {
        "zones": tuple(
            Zone(draw(st.text(max_size=24)), y, y + draw(st.floats(1.0, 700.0)))
            for y in draw(st.lists(near, max_size=5))
        ),
        "defects": tuple(
            Defect((x, y, x + w, y + h), draw(classes)) for x, y, w, h in draw(st.lists(boxes, max_size=5))
        ),
        "repeat": Repeat(draw(size), draw(size), draw(near), draw(near), draw(st.floats(0, 180))),
        "spread": draw(st.sampled_from(["face-up", "face-to-face", "folded", "tubular"])),
        "start_margin_mm": draw(st.floats(0.0, 80.0)),
        "end_margin_mm": draw(st.floats(0.0, 80.0)),
        "nap": draw(st.sampled_from(["two-way", "one-way", "per-bundle"])),
        "bundling": draw(st.sampled_from(["mixed", "sections"])),
        "locked": draw(st.booleans()),
        "ties": tuple(Tie((10.0, 10.0), x, y) for x, y in draw(st.lists(st.tuples(near, near), max_size=2))),
    }


@settings(max_examples=60, deadline=None)
@given(fabrics(), st.lists(st.tuples(near, st.floats(0.0, 300.0)), max_size=5))
def test_whatever_the_rules_the_sheet_stays_calm(fields, bands):
    assert_calm(drawn(plain(**fields), [(x, x + wide) for x, wide in bands]))


@pytest.mark.parametrize("seed", range(40))
def test_markers_that_hold_rules_are_calm(seed):
    marker = rule_marker(seed)
    assert_calm(drawn(marker))
    assert_labels_inside(marker)


def test_a_label_keeps_off_flaws_and_match_points_where_there_is_room():
    flaw = Defect((720.0, 480.0, 880.0, 620.0))
    piece = {"matches": (Match("m", (200.0, 150.0), "cf"),)}
    root = drawn(plain(defects=(flaw,)))
    free, flawed = label_groups(root)
    assert not any(line.intersects(on_sheet(box(*flaw.box_mm), root)) for line in label_boxes(flawed))
    assert numbers(free.get("transform"))[2] == 0
    root = drawn(plain(**piece))
    for group, spot in zip(label_groups(root), SPOTS, strict=True):
        cross = on_sheet(Point(spot.points(((200.0, 150.0),))[0]).buffer(4), root)
        assert not any(line.intersects(cross) for line in label_boxes(group))


def test_a_piece_that_a_flaw_covers_has_its_label_nevertheless():
    root = drawn(plain(defects=(Defect((590.0, 390.0, 1010.0, 710.0)),)))
    fonts = [float(group.find("s:text", NS).get("font-size")) for group in label_groups(root)]
    assert fonts[1] == pytest.approx(fonts[0], rel=0.1)


@pytest.mark.parametrize(("width", "bar"), [(30.0, 10.0), (135.0, 100.0)])
def test_small_cloth_has_a_scale_bar_that_fits_and_the_nap_below_it(width, bar):
    piece = replace(PANEL, outline=box(0, 0, 20, 20))
    root = drawn(make_marker([piece], [SPOTS[0]], fabric=Fabric(width, nap="one-way")))
    assert_calm(root)
    assert sum(float(half.get("width")) for half in root.iterfind(".//s:g[@id='scale-bar']/s:rect", NS)) == bar
    assert f"{bar / 10:g} cm" in all_text(root).split(" | ")


@pytest.mark.parametrize("wide", [9.0, 30.0, 90.0])
def test_names_of_narrow_sections_stay_off_one_another(wide):
    piece = replace(PANEL, outline=box(0, 0, wide, 300), ordered=12)
    spots = [Placement("p", 1000 + k, (wide + 2) * k, 0.0, 0.0) for k in range(12)]
    marker = make_marker([piece], spots, fabric=CLOTH)
    root = drawn(replace(marker, settings=replace(marker.settings, bundling="sections")))
    assert_calm(root)
    assert len(shapes(root, "section")) == 1
    assert ("#1000" in all_text(root).split(" | ")) is (wide == 90.0)


def test_a_pin_stands_behind_its_text_and_both_in_the_middle():
    group = label_groups(drawn(plain(locked=True)))[1]
    last = group.findall("s:text", NS)[-1]
    size, x = float(last.get("font-size")), float(last.get("x"))
    text = text_width_em(last.text) * size
    stem = rings(group.find("s:path", NS).get("d"))[-1][0][0]
    room = stem - (x + text / 2)
    assert room == pytest.approx(0.4 * size, abs=0.01)
    assert (x - text / 2) + (stem + room) == pytest.approx(0, abs=0.01)


def test_the_picture_stays_small_and_the_same():
    marker = crowded_marker()
    text = marker_svg(marker, date=DATE)
    assert len(text) < 300_000
    assert text == marker_svg(crowded_marker(), date=DATE)
    root = ET.fromstring(text.encode())
    assert len(root.findall(".//s:defs/s:g", NS)) == len(marker.pieces) < len(marker.placements)
    assert len(root.findall(".//s:g[@id='placements']/s:use", NS)) == len(marker.placements)
