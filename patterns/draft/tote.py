"""A tote bag with a boxed foot: body cut twice, two handles, an inside pocket, a foot insert; five sizes.

It is drafted from the bag's finished measures, not from a body.
"""

from __future__ import annotations

from dataclasses import dataclass

from patterns.draft.geometry import Point, line, pt
from patterns.draft.piece import Edge, Garment, Internal, Piece, Seam
from patterns.draft.shapes import grain_across, grain_along

SEAM_MM = 10.0
TOP_HEM_MM = 40.0
STRAP_MM = 25.0


@dataclass(frozen=True)
class Bag:
    """Finished width, height and depth, and the handle's length."""

    width_mm: float
    height_mm: float
    depth_mm: float
    handle_mm: float


BAGS = {
    "S": Bag(260.0, 280.0, 80.0, 420.0),
    "M": Bag(340.0, 360.0, 100.0, 560.0),
    "L": Bag(400.0, 420.0, 120.0, 620.0),
    "XL": Bag(460.0, 460.0, 150.0, 680.0),
    "XXL": Bag(540.0, 520.0, 180.0, 720.0),
}
SIZES = tuple(BAGS)
SAMPLE = "M"
ROUNDED_MM = {"POCKET": 30.0, "FOOT": 25.0}
"""Radius of the lower (pocket) or all (foot) corners of the cut line, drawn as true arcs in the file."""


def draft(size: str) -> Garment:
    """The bag in one size."""
    bag = BAGS[size]
    return Garment(size, (_body(bag), _handle(bag), _pocket(bag), _foot(bag)), _seams())


def _body(bag: Bag) -> Piece:
    """Front and back are alike: half the depth is added at both sides and below, the corners cut out for the box."""
    box = bag.depth_mm / 2
    half, top, low = bag.width_mm / 2 + box, bag.height_mm, -box
    foot_half = half - box
    edges = (
        Edge("foot", line(pt(-foot_half, low), pt(foot_half, low)), SEAM_MM),
        Edge("box_right_up", line(pt(foot_half, low), pt(foot_half, 0.0)), SEAM_MM),
        Edge("box_right_out", line(pt(foot_half, 0.0), pt(half, 0.0)), SEAM_MM),
        Edge("right", line(pt(half, 0.0), pt(half, top)), SEAM_MM),
        Edge("top", line(pt(half, top), pt(-half, top)), TOP_HEM_MM, turn_up=True),
        Edge("left", line(pt(-half, top), pt(-half, 0.0)), SEAM_MM),
        Edge("box_left_in", line(pt(-half, 0.0), pt(-foot_half, 0.0)), SEAM_MM),
        Edge("box_left_down", line(pt(-foot_half, 0.0), pt(-foot_half, low)), SEAM_MM),
    )
    handles = tuple(
        Internal("HANDLE", line(pt(x - STRAP_MM / 2, top - 12), pt(x + STRAP_MM / 2, top - 12)))
        for x in (-bag.width_mm / 4, bag.width_mm / 4)
    )
    inner = (Internal("HEM", line(pt(-half, top), pt(half, top))), *handles)
    grain = (pt(0.0, 0.2 * top), pt(0.0, 0.8 * top))
    return Piece("BODY", "BODY", edges, grain, copies=(2, 0), internals=inner, drills=(pt(0.0, top - 20.0),))


def _handle(bag: Bag) -> Piece:
    """A strip folded in four: twice in, then over."""
    size, height = bag.handle_mm, 2 * STRAP_MM
    corners = _box(size, height)
    edges = (
        Edge("lower", line(corners[0], corners[1]), STRAP_MM),
        Edge("end", line(corners[1], corners[2]), TOP_HEM_MM),
        Edge("upper", line(corners[2], corners[3]), STRAP_MM),
        Edge("start", line(corners[3], corners[0]), TOP_HEM_MM),
    )
    fold = Internal("FOLD", line(pt(0.0, height / 2), pt(size, height / 2)))
    return Piece("HANDLE", "HANDLE", edges, grain_along(size, height), copies=(2, 0), internals=(fold,))


def _pocket(bag: Bag) -> Piece:
    """The inside pocket, sewn on at three sides; its lower corners are rounded in the cut line."""
    width, height = 0.5 * bag.width_mm, 0.48 * bag.width_mm
    corners = _box(width, height)
    edges = (
        Edge("bottom", line(corners[0], corners[1]), SEAM_MM),
        Edge("right", line(corners[1], corners[2]), SEAM_MM),
        Edge("top", line(corners[2], corners[3]), 25.0, turn_up=True),
        Edge("left", line(corners[3], corners[0]), SEAM_MM),
    )
    fold = Internal("HEM", line(corners[3], corners[2]))
    return Piece("POCKET", "POCKET", edges, grain_across(width, height), internals=(fold,))


def _foot(bag: Bag) -> Piece:
    """The insert that stiffens the foot; it lies loose, so it has no allowance but is a little smaller."""
    width, height = bag.width_mm - 6, bag.depth_mm - 6
    corners = _box(width, height)
    names = ("front", "right", "back", "left")
    edges = tuple(Edge(name, line(corners[i], corners[(i + 1) % 4]), 0.0) for i, name in enumerate(names))
    return Piece("FOOT", "FOOT", edges, grain_along(width, height))


def _box(width: float, height: float) -> tuple[Point, Point, Point, Point]:
    return pt(0.0, 0.0), pt(width, 0.0), pt(width, height), pt(0.0, height)


def _seams() -> tuple[Seam, ...]:
    return (
        Seam("side", ("BODY.right",), ("-BODY.left",)),
        Seam("box, right", ("BODY.box_right_up",), ("BODY.box_right_out",)),
        Seam("box, left", ("BODY.box_left_in",), ("BODY.box_left_down",)),
    )
