"""Pieces that many garments share: rectangles, strips and rounded corners."""

from __future__ import annotations

from dataclasses import dataclass, field

from patterns.draft.geometry import Path, Point, bezier, line, pt
from patterns.draft.piece import Edge, Internal, Notch, Piece

QUARTER = 0.5523


@dataclass(frozen=True)
class Strip:
    """A straight piece: ``size`` long, ``height`` wide, with one allowance for its long edges and one for its ends."""

    name: str
    size: float
    height: float
    seam_mm: float
    end_mm: float
    lower: tuple[Notch, ...] = ()
    upper: tuple[Notch, ...] = ()
    copies: tuple[int, int] = (1, 0)
    material: str = "SHELL"
    internals: tuple[Internal, ...] = field(default_factory=tuple)
    grain_across: bool = False
    on_fold: bool = False


def strip(rule: Strip) -> Piece:
    """The piece, lying along x; edges ``lower``, ``end``, ``upper``, ``start`` (``start`` is the fold of a half)."""
    a, b, c, d = pt(0.0, 0.0), pt(rule.size, 0.0), pt(rule.size, rule.height), pt(0.0, rule.height)
    start = Edge("start", line(d, a), 0.0 if rule.on_fold else rule.end_mm, fold=rule.on_fold)
    edges = (
        Edge("lower", line(a, b), rule.seam_mm, rule.lower),
        Edge("end", line(b, c), rule.end_mm),
        Edge("upper", line(c, d), rule.seam_mm, rule.upper),
        start,
    )
    grain = grain_across(rule.size, rule.height) if rule.grain_across else grain_along(rule.size, rule.height)
    return Piece(
        rule.name, rule.name.replace("_", " "), edges, grain, rule.copies, rule.material, internals=rule.internals
    )


def grain_along(size: float, height: float) -> tuple[Point, Point]:
    """A grain line along x in the middle of a box."""
    return pt(0.15 * size, 0.5 * height), pt(0.85 * size, 0.5 * height)


def grain_across(size: float, height: float) -> tuple[Point, Point]:
    """A grain line along y in the middle of a box."""
    return pt(0.5 * size, 0.15 * height), pt(0.5 * size, 0.85 * height)


def rounded(start: Point, corner: Point, end: Point) -> Path:
    """A quarter turn from one leg of a corner to the other."""
    return bezier(start, start + QUARTER * (corner - start), end + QUARTER * (corner - end), end)
