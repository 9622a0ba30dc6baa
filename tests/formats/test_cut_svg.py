"""The picture of a cut: everything within the sheet, numbers apart, faults in sight."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

from cutkit.formats.svg.cut import CutLine, CutPicture, FaultMark, cut_svg
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
        if wanted(element.text):
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
