"""What a picture of a marker shows, read back as XML: texts, outlines, labels, shapes, and where they lie."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from math import cos, radians, sin

import numpy as np
from shapely.affinity import affine_transform
from shapely.geometry import MultiPoint, Polygon, box

from cutkit.formats.svg.marker import marker_svg
from cutkit.formats.svg.text import text_width_em
from cutkit.model import Marker

NS = {"s": "http://www.w3.org/2000/svg"}
HREF = "{http://www.w3.org/1999/xlink}href"
DATE = "2031-02-03"


def drawn(marker: Marker, splices: Sequence[tuple[float, float]] | None = None) -> ET.Element:
    """The picture of a marker."""
    return ET.fromstring(marker_svg(marker, date=DATE, splices=splices).encode())


def all_text(root: ET.Element) -> str:
    return " | ".join(element.text or "" for element in root.iterfind(".//s:text", NS))


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def rings(data: str) -> list[list[tuple[float, float]]]:
    return [list(zip(v[::2], v[1::2], strict=True)) for v in map(numbers, data.split("M")[1:])]


def matrix_of(element: ET.Element) -> list[float]:
    """The transform as shapely's affine parameters."""
    a, b, c, d, e, f = numbers(element.get("transform", "").removeprefix("matrix"))
    return [a, c, b, d, e, f]


def outlines(root: ET.Element) -> list[Polygon]:
    """Every placement's outline in the marker's coordinates, in the order in which they are drawn."""
    symbols = {
        group.get("id"): rings(group.find("s:path", NS).get("d")) for group in root.iterfind(".//s:defs/s:g", NS)
    }
    shapes = []
    for use in root.iterfind(".//s:g[@id='placements']/s:use", NS):
        shell, *holes = symbols[use.get(HREF).removeprefix("#")]
        shapes.append(affine_transform(Polygon(shell, holes), matrix_of(use)))
    return shapes


def label_boxes(group: ET.Element) -> list[Polygon]:
    """The boxes of a label's lines on the sheet, as wide as text can be at the most."""
    boxes = []
    for text in group.iterfind("s:text", NS):
        size, x, y = (float(text.get(key)) for key in ("font-size", "x", "y"))
        half = text_width_em(text.text, bold=text.get("font-weight") == "bold") * size / 2
        boxes.append(placed(box(x - half, y - 0.76 * size, x + half, y + 0.24 * size), group))
    return boxes


def placed(shape, group: ET.Element):
    x, y, turn = numbers(group.get("transform"))
    c, s = cos(radians(turn)), sin(radians(turn))
    return affine_transform(shape, [c, -s, s, c, x, y])


def on_sheet(polygon: Polygon, root: ET.Element) -> Polygon:
    return affine_transform(polygon, matrix_of(root.find(".//s:g[@id='placements']", NS)))


def label_groups(root: ET.Element) -> list[ET.Element]:
    return root.findall(".//s:g[@id='labels']/s:g", NS)


def arrow_points(group: ET.Element) -> MultiPoint:
    arrow = group.find("s:g", NS)
    x, y = numbers(arrow.get("transform"))
    points = [(px + x, py + y) for ring in rings(arrow.find("s:path", NS).get("d")) for px, py in ring]
    return placed(MultiPoint(points), group)


def assert_labels_inside(marker: Marker) -> None:
    """Every label, arrow and pin lies in its piece, and none on another."""
    root = drawn(marker)
    groups = label_groups(root)
    assert len(groups) == len(marker.placements)
    for group, polygon in zip(groups, marker.polygons, strict=True):
        shape = on_sheet(polygon, root).buffer(2e-3)
        lines = label_boxes(group)
        assert lines
        for line in lines:
            assert shape.contains(line), (ET.tostring(group), shape.bounds)
        for one, other in itertools.combinations(lines, 2):
            assert one.intersection(other).area < 1e-6 * one.area
        arrow = arrow_points(group)
        assert shape.contains(arrow)
        assert not any(line.intersects(arrow) for line in lines)
        for pin in pins(group):
            assert shape.contains(pin)
            assert not any(line.intersects(pin) for line in [*lines, arrow.convex_hull])


def pins(group: ET.Element) -> list[Polygon]:
    """The boxes of a label's pins on the sheet."""
    return [
        placed(MultiPoint([p for ring in rings(path.get("d")) for p in ring]).envelope, group)
        for path in group.iterfind("s:path", NS)
    ]


# --------------------------------------------------------------------------------------------- anything on the sheet

Frame = np.ndarray
"""An affine map as a matrix of 3 x 3."""


def frame_of(transform: str) -> Frame:
    """The map of a transform attribute: matrix, translate, scale and rotate (about the origin or a point)."""
    frame = np.eye(3)
    for name, inside in re.findall(r"(\w+)\(([^)]*)\)", transform):
        v = numbers(inside)
        if name == "matrix":
            own = np.array([[v[0], v[2], v[4]], [v[1], v[3], v[5]], [0, 0, 1]])
        elif name == "translate":
            own = moved_by(*v)
        elif name == "scale":
            own = np.diag([v[0], v[-1], 1.0])
        else:
            c, s = cos(radians(v[0])), sin(radians(v[0]))
            about = v[1:] or [0.0, 0.0]
            turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
            own = moved_by(*about) @ turn @ moved_by(-about[0], -about[1])
        frame = frame @ own
    return frame


def moved_by(x: float, y: float = 0.0) -> Frame:
    """The map that moves."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def on_page(root: ET.Element) -> Iterator[tuple[ET.Element, np.ndarray]]:
    """Every element that is drawn, with the points of its outline (of a text: of the largest box that it can take) on
    the sheet; what is used is drawn where it is used."""
    named = {element.get("id"): element for element in root.iter() if element.get("id")}

    def walk(element: ET.Element, frame: Frame, size: str, anchor: str) -> Iterator[tuple[ET.Element, np.ndarray]]:
        frame = frame @ frame_of(element.get("transform", ""))
        size, anchor = element.get("font-size", size), element.get("text-anchor", anchor)
        kind = element.tag.rpartition("}")[2]
        if kind == "use":
            yield from walk(named[element.get(HREF).removeprefix("#")], frame, size, anchor)
        points = own_points(element, kind, float(size), anchor)
        if points:
            yield element, (np.column_stack([points, np.ones(len(points))]) @ frame.T)[:, :2]
        for child in element:
            if child.tag.rpartition("}")[2] != "defs":
                yield from walk(child, frame, size, anchor)

    yield from walk(root, np.eye(3), "16", "start")


def own_points(element: ET.Element, kind: str, size: float, anchor: str) -> list[tuple[float, float]]:
    """The points of one element in its own frame; none for groups."""
    at = {
        key: float(value)
        for key, value in element.attrib.items()
        if re.fullmatch(r"x\d?|y\d?|width|height|c[xy]|r", key) and re.fullmatch(r"-?[\d.]+", value)
    }
    if kind == "path":
        return [point for ring in rings(element.get("d")) for point in ring]
    if kind == "line":
        return [(at["x1"], at["y1"]), (at["x2"], at["y2"])]
    if kind == "circle":
        return [(at["cx"] - at["r"], at["cy"] - at["r"]), (at["cx"] + at["r"], at["cy"] + at["r"])]
    if kind == "rect":
        x, y = at.get("x", 0.0), at.get("y", 0.0)
        return corners(x, y, x + at["width"], y + at["height"])
    if kind == "text":
        wide = text_width_em(element.text or "", bold=element.get("font-weight") == "bold") * size
        x = at["x"] - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * wide
        return corners(x, at["y"] - 0.76 * size, x + wide, at["y"] + 0.24 * size)
    return []


def corners(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """The corners of a box."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
