"""The shapes of rules as SVG: a path each, of a class that names its rule, and the legend's samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cutkit.formats.svg.pieces import number, path_of
from cutkit.formats.svg.rules import Shape
from cutkit.formats.svg.text import clean_text


def shapes_group(drawing: Any, shapes: Iterable[Shape], pen_mm: float, **attributes: str) -> Any:
    """The shapes as a group, in the order in which they lie on one another; ``pen_mm`` is the width of an outline."""
    group = drawing.g(stroke_linejoin="round", stroke_linecap="round", **attributes)
    for shape in shapes:
        group.add(shape_path(drawing, shape, pen_mm))
    return group


def shape_path(drawing: Any, shape: Shape, pen_mm: float) -> Any:
    """One shape. A pointer on it is told what it means."""
    ink = shape.ink
    data = " ".join(path_of(line, closed=shape.closed) for line in shape.lines)
    path = drawing.path(d=data, fill=ink.fill or "none", stroke=ink.colour)
    path["class"] = f"rule {shape.rule}"
    if ink.width:
        path["stroke-width"] = number(ink.width * pen_mm)
    if ink.dash:
        path["stroke-dasharray"] = " ".join(number(dash * pen_mm) for dash in ink.dash)
    if ink.opacity < 1.0:
        path["opacity"] = f"{ink.opacity:g}"
    if shape.told:
        path.set_desc(title=clean_text(shape.told))
    return path
