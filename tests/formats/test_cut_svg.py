"""The picture of a cut: everything within the sheet, numbers apart, faults in sight."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest
from shapely.geometry import LineString

from cutkit.formats.svg.cut import CutLine, CutPicture, FaultMark, Play, cut_svg, width_units
from cutkit.formats.svg.text import text_width_em

NS = {"s": "http://www.w3.org/2000/svg"}
FIGURES = tuple(f"figure number {k} of some length" for k in range(9))


def square(x: float, y: float, size: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y))


def drawn(picture: CutPicture) -> ET.Element:
    return ET.fromstring(cut_svg(picture).encode())


def boxes(root: ET.Element, wanted) -> list[tuple[float, float, float, float]]:
    """Where texts stand, by upper bounds of their widths."""
    found = []
    for element in root.iterfind(".//s:text", NS):
        if wanted(element.text) and not element.get("aria-hidden"):
            x, y, size = (float(element.get(name)) for name in ("x", "y", "font-size"))
            found.append((x, y - 0.75 * size, x + text_width_em(element.text, bold=False) * size, y))
    return found


def test_a_long_header_goes_on_in_further_rows():
    root = drawn(CutPicture("narrow", FIGURES, (CutLine("knife", square(0, 0, 200)),)))
    left, _, width, _ = map(float, root.get("viewBox").split(","))
    found = boxes(root, lambda text: text in FIGURES)
    assert len(found) == 9
    assert max(x1 for _, _, x1, _ in found) <= left + width
    assert len({y for *_, y in found}) > 1
    assert max(y for *_, y in found) < -200


def test_numbers_of_cuts_do_not_overlap():
    cuts = [CutLine("knife", square(1000.0 * k, 40.0 * k, 600)) for k in range(4)]
    crowd = [CutLine("knife", square(200.0 + 3 * k, 5000.0, 600)) for k in range(30)]
    root = drawn(CutPicture("crowd", (), (*cuts, *crowd)))
    found = boxes(root, lambda text: text.isdigit())
    assert 5 <= len(found) < 34
    for a, b in combinations(found, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    assert len(root.findall(".//s:polygon", NS)) == 34


def test_an_arrow_points_the_way_a_cut_goes():
    root = drawn(CutPicture("up", (), (CutLine("knife", ((0.0, 0.0), (0.0, 400.0), (5.0, 400.0))),)))
    (arrow,) = root.findall(".//s:polygon", NS)
    tip, *corners = [tuple(map(float, pair.split(","))) for pair in arrow.get("points").split()]
    assert tip[0] == 0
    assert tip[1] < 0 < min(y for _, y in corners)


def test_faults_are_named_in_the_header_and_on_the_spot():
    cuts = (CutLine("knife", square(0, 0, 200)), CutLine("punch", ((50.0, 50.0),)))
    root = drawn(CutPicture("bad", (), cuts, faults=(FaultMark((30.0, 40.0), "off-outline"),)))
    texts = [element.text for element in root.iterfind(".//s:text", NS)]
    assert "1 violation: off-outline" in texts
    assert "off-outline" in texts
    assert [c for c in root.iterfind(".//s:circle", NS) if (c.get("cx"), c.get("cy")) == ("30", "-40")]


def test_a_run_that_did_nothing_is_an_empty_sheet():
    assert drawn(CutPicture("nothing", (), ())).get("viewBox")


def apart(found):
    """Whether no two boxes overlap."""
    return all(a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for a, b in combinations(found, 2))


def test_labels_of_windows_faults_and_cuts_do_not_overlap():
    cuts = tuple(CutLine("knife", square(700.0 * k, 100.0, 600)) for k in range(12))
    faults = [
        FaultMark((220.0 * k, 100.0 + 16 * k), code) for k in range(40) for code in ("off-outline", "corner-missed")
    ]
    windows = (0.0, 60.0, 120.0, 700.0, 1500.0)
    root = drawn(CutPicture("crowd", (), cuts, faults=tuple(faults), windows=windows))
    found = boxes(
        root, lambda text: text.isdigit() or text.startswith("window") or text in ("off-outline", "corner-missed")
    )
    assert apart(found)
    left, top, width, height = map(float, root.get("viewBox").split(","))
    assert all(left <= x0 and x1 <= left + width and top <= y0 and y1 <= top + height for x0, y0, x1, y1 in found)
    texts = [element.text for element in root.iterfind(".//s:text", NS)]
    assert {"window 1", "window 4", "window 5", "off-outline", "corner-missed"} <= set(texts)
    assert sum(text.isdigit() for text in texts) >= 6


def test_a_long_marker_is_drawn_larger_so_that_its_pieces_are_told_apart():
    def picture(length):
        return CutPicture("long", (), tuple(CutLine("knife", square(x, 0, 1400)) for x in range(0, length, 1500)))

    assert width_units(picture(4500)) == 136
    long = drawn(picture(18000))
    _, _, width, _ = map(float, long.get("viewBox").split(","))
    (size,) = {float(element.get("font-size")) for element in long.iterfind(".//s:text", NS) if element.text == "1"}
    assert 1400 / size >= 35.99
    assert width / size == pytest.approx(width_units(picture(18000)), rel=1e-4)
    assert width_units(CutPicture("a line", (), (CutLine("knife", ((0, 0), (18000, 0))),))) == 136


def styled(root):
    """The animations of the lines: the class of element, when it begins and how long it takes, in seconds."""
    found = []
    for element in root.iter():
        match = re.fullmatch(r"animation:d ([\d.]+)s linear ([\d.]+)s backwards", element.get("style", ""))
        if match:
            assert element.get("pathLength") == "1"
            found.append((element.tag.rpartition("}")[2], float(match[2]), float(match[1])))
    return found


def test_a_run_is_played_in_time():
    cuts = (
        CutLine("knife", square(0, 0, 200), (10.0, 40.0)),
        CutLine("punch", ((50.0, 50.0),), (50.0, 50.5)),
        CutLine("knife", square(300, 0, 200), (80.0, 100.0)),
    )
    root = drawn(CutPicture("run", (), cuts, play=Play(120.0, 30.0)))
    assert sorted(styled(root)) == [("circle", 12.5, 0.125), ("path", 2.5, 7.5), ("path", 20.0, 5.0)]
    (rules,) = root.iterfind(".//s:style", NS)
    assert "@keyframes d" in rules.text
    assert "prefers-reduced-motion" in rules.text
    assert "plays in 30 s what takes 120 s; loaded anew it plays again" in [
        t.text for t in root.iterfind(".//s:text", NS)
    ]
    still = cut_svg(CutPicture("run", (), cuts))
    assert "animation" not in still
    assert "keyframes" not in still
    assert "stroke-dashoffset" not in re.sub(
        r"<style.*?</style>", "", cut_svg(CutPicture("run", (), cuts, play=Play(9, 3)))
    )


def test_pictures_of_many_strokes_stay_small():
    circle = [(5 * np.cos(t), 5 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 200)]
    cuts = [
        CutLine("knife", tuple((x + 20 * (k % 500), y + 20 * (k // 500)) for x, y in circle), (0.5 * k, 0.5 * k + 0.4))
        for k in range(5000)
    ]
    still, played = (cut_svg(CutPicture("many", (), tuple(cuts), play=play)) for play in (None, Play(2500.0, 30.0)))
    assert len(still) / 5000 < 600
    assert (len(played) - len(still)) / 5000 < 80


def test_no_line_of_the_picture_is_off_by_what_can_be_seen():
    points = tuple((5.0 * k, 300 * np.sin(k / 40)) for k in range(1000))
    root = drawn(CutPicture("wave", (), (CutLine("knife", points),)))
    (path,) = (p.get("d") for p in root.iterfind(".//s:path", NS))
    shown = LineString([tuple(map(float, pair.split(","))) for pair in path[1:].split("L")])
    assert len(shown.coords) < 700
    assert shown.hausdorff_distance(LineString([(x, -y) for x, y in points])) < 0.004 * 5000 / 130 + 0.001
