"""The bust dart of the dress, and its small pieces: bias binding and pocket."""

from __future__ import annotations

import math
from dataclasses import dataclass

from patterns.draft.geometry import (
    Path,
    Point,
    at,
    crossings,
    curve,
    join,
    length,
    line,
    mirrored,
    pt,
    solve,
    split,
    unit,
)
from patterns.draft.piece import Edge, Internal, Notch, Piece

BINDING_MM = 30.0
HOLE_MM = 12.0
POINT_SHORT_MM = 25.0


@dataclass(frozen=True, eq=False)
class Dart:
    """A dart in the side seam, between ``low_mm`` and ``high_mm`` from the hem, folded down to one side.

    ``peak`` is where the side seam must stand out so that it is caught when the folded dart is sewn in.
    """

    side: Path
    low_mm: float
    high_mm: float
    tip: Point
    peak: Point

    @staticmethod
    def on(side: Path, bust_x: float, bust_y: float, width_mm: float) -> Dart:
        """A dart whose middle is level with the bust point; its tip stops short of it, its legs are equally long."""
        middle_mm = solve(lambda d: float(at(side, d)[1]) - bust_y, 0.0, length(side))
        low_mm, high_mm = middle_mm - width_mm / 2, middle_mm + width_mm / 2
        low, high = at(side, low_mm), at(side, high_mm)
        along = unit(high - low)
        inward = pt(-along[1], along[0])
        middle = (low + high) / 2
        tip = middle + inward * ((middle[0] - bust_x - POINT_SHORT_MM) / -inward[0])
        below = split(side, low_mm)[0]
        image = mirrored(below[::-1][:12], low, tip)
        out = line(tip, middle + (middle - tip) * 1.0)
        peak = min(crossings(image, out), key=lambda hit: hit[0])[2]
        return Dart(side, low_mm, high_mm, tip, peak)

    def edges(self, side: Path, hem_from: float, notches: tuple[Notch, ...], seam_mm: float) -> tuple[Edge, ...]:
        """The side's edges: up to the dart, over its peak, and on to the underarm."""
        below, rest = split(side, self.low_mm - hem_from)
        above = split(rest, self.high_mm - self.low_mm)[1]
        return (
            Edge("side_low", below, seam_mm, (*notches, Notch("dart", length(below)))),
            Edge("dart", line(below[-1], self.peak, above[0]), seam_mm),
            Edge("side", above, seam_mm, (Notch("dart", 0.0),)),
        )

    @property
    def legs(self) -> tuple[Path, Path]:
        """Both sewn lines, from the seam to the tip."""
        return line(at(self.side, self.low_mm), self.tip), line(at(self.side, self.high_mm), self.tip)

    @property
    def internals(self) -> tuple[Internal, ...]:
        """The dart drawn on the piece."""
        low, high = self.legs
        return (Internal("DART", line(low[0], self.tip, high[0])),)

    @property
    def drill(self) -> Point:
        """The hole that marks the tip, a little inside the dart so that the seam covers it."""
        return self.tip + unit(self.peak - self.tip) * HOLE_MM


def waist_dart(middle: Point) -> Path:
    """A fish-eye dart at the waist as a closed line: upper end, one side, lower end, other side."""
    top, bottom = middle + pt(0.0, 130.0), middle - pt(0.0, 120.0)
    return line(top, middle + pt(-9.0, 0.0), bottom, middle + pt(9.0, 0.0), top)


def dart_holes(dart: Path) -> tuple[Point, ...]:
    """Holes inside both ends of a fish-eye dart and inside its widest place."""
    top, left, bottom, right = dart[0], dart[1], dart[2], dart[3]
    return top - pt(0.0, HOLE_MM), left + pt(3.0, 0.0), bottom + pt(0.0, HOLE_MM), right - pt(3.0, 0.0)


def binding(armhole_mm: float, front_mm: float) -> Piece:
    """A bias strip as long as the armhole; its grain lies at 45 degrees."""
    a, b = pt(0.0, 0.0), pt(armhole_mm, 0.0)
    up = pt(0.0, BINDING_MM)
    notches = (
        Notch("front", 0.4 * front_mm),
        Notch("shoulder", front_mm),
        Notch("back", armhole_mm - 0.4 * (armhole_mm - front_mm)),
    )
    edges = (
        Edge("lower", line(a, b), 6.0, notches),
        Edge("end", line(b, b + up), 10.0),
        Edge("upper", line(b + up, a + up), 6.0),
        Edge("start", line(a + up, a), 10.0),
    )
    reach = 0.6 * BINDING_MM * math.sqrt(0.5)
    middle = pt(armhole_mm / 2, BINDING_MM / 2)
    return Piece("BINDING", "BINDING", edges, (middle - reach, middle + reach), copies=(1, 1))


def pocket(opening_mm: float) -> Piece:
    """The bag in the side seam: two layers a side; the opening lies to the left."""
    foot, head = pt(0.0, -25.0), pt(0.0, opening_mm + 15)
    bag = join(
        curve(foot, pt(0.5, -1.0), pt(90.0, -70.0), pt(1.0, 0.05), (0.4, 0.4)),
        curve(pt(90.0, -70.0), pt(1.0, 0.05), pt(150.0, 20.0), pt(0.0, 1.0), (0.42, 0.42)),
        curve(pt(150.0, 20.0), pt(0.0, 1.0), head, pt(-1.0, 0.25), (0.6, 0.35)),
    )
    opening = line(head, pt(0.0, opening_mm), pt(0.0, 0.0), foot)
    notches = (Notch("pocket", 15.0), Notch("pocket", 15.0 + opening_mm))
    edges = (Edge("bag", bag, 10.0), Edge("opening", opening, 10.0, notches))
    return Piece("POCKET", "POCKET BAG", edges, (pt(60.0, -30.0), pt(60.0, 110.0)), (2, 2), "LINING")
