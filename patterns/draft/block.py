"""The body block and the sleeve that the tops share, by direct drafting.

The method: the widths of the block are proportions of the body measurements plus the garment's ease, laid out from the
nape (0, 0) on a horizontal chest line; points are joined with curves that leave the seams square. The sleeve is fitted
to the armhole it is sewn to: its cap height is a share of the armhole, and each half of the cap is then made as wide as
it must be for its curve to be as long as its half of the armhole with the ease that the garment asks for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from patterns.draft.geometry import Path, Point, back, bezier, curve, direction, join, length, line, pt, solve


@dataclass(frozen=True)
class BlockRule:
    """What a style asks of the block: finished widths and drops, in millimetres and degrees.

    ``neck_width_mm`` and the depths are of the half neck; ``scye_mm`` is the chest line below the nape;
    ``across_mm`` is the half width over the back, front and back differ by ``front_hollow_mm``.
    """

    chest_quarter_mm: float
    neck_width_mm: float
    back_neck_mm: float
    front_neck_mm: float
    shoulder_x_mm: float
    slope_deg: float
    scye_mm: float
    across_mm: float
    front_hollow_mm: float


@dataclass(frozen=True, eq=False)
class Block:
    """Half a front or a back, drawn to the right of its centre line, down to the chest line."""

    neck: Path
    shoulder: Path
    armhole: Path

    @property
    def neck_point(self) -> Point:
        """Where neck and shoulder meet."""
        return self.neck[0]

    @property
    def shoulder_point(self) -> Point:
        """Where shoulder and armhole meet."""
        return self.armhole[-1]

    @property
    def underarm(self) -> Point:
        """Where the armhole meets the side."""
        return self.armhole[0]


def body_block(rule: BlockRule, front: bool) -> Block:
    """The upper half of a front or back: neck, shoulder, armhole, each in counter-clockwise order."""
    neck_point = pt(rule.neck_width_mm, rule.back_neck_mm)
    run = rule.shoulder_x_mm - rule.neck_width_mm
    shoulder_point = neck_point + pt(run, -run * math.tan(math.radians(rule.slope_deg)))
    centre = pt(0.0, rule.back_neck_mm - rule.front_neck_mm) if front else pt(0.0, 0.0)
    neck = _neck(neck_point, centre, rule.slope_deg, front)
    armhole = _armhole(rule, shoulder_point, front)
    return Block(neck, line(shoulder_point, neck_point), armhole)


def _neck(neck_point: Point, centre: Point, slope_deg: float, front: bool) -> Path:
    """Reaches the centre square; front and back together leave the shoulder straight, the front 8 degrees outwards."""
    if front:
        return curve(neck_point, direction(278 - slope_deg), centre, pt(-1.0, 0.0), (0.44, 0.50))
    return curve(neck_point, direction(262 - slope_deg), centre, pt(-1.0, 0.0), (0.16, 0.58))


def _armhole(rule: BlockRule, shoulder_point: Point, front: bool) -> Path:
    """From the underarm up: out of the side square, up the across line, into the shoulder square."""
    underarm = pt(rule.chest_quarter_mm, -rule.scye_mm)
    across = rule.across_mm - (rule.front_hollow_mm if front else 0.0)
    height = shoulder_point[1] - underarm[1]
    pitch = pt(across, underarm[1] + height * (0.40 if front else 0.46))
    low = bezier(
        underarm,
        underarm + pt(-0.66 * (underarm[0] - across), 0.0),
        pitch + pt(0.0, -0.55 * (pitch[1] - underarm[1])),
        pitch,
    )
    high = curve(pitch, pt(0.0, 1.0), shoulder_point, direction(90 - rule.slope_deg), (0.36, 0.36))
    return join(low, high)


@dataclass(frozen=True, eq=False)
class Cap:
    """A sleeve cap on the line y = 0: the front half to the right, the back half to the left, the top at x = 0."""

    front: Path
    back: Path
    height_mm: float

    @property
    def front_width_mm(self) -> float:
        """From the top's plumb line to the front underarm."""
        return float(self.front[0][0])

    @property
    def back_width_mm(self) -> float:
        """From the top's plumb line to the back underarm."""
        return float(-self.back[-1][0])


def sleeve_cap(front_mm: float, back_mm: float, height_mm: float) -> Cap:
    """The cap whose halves are as long as given; front runs underarm to top, back top to underarm."""
    front_width = solve(lambda w: length(_cap_half(w, height_mm, True)) - front_mm, 30.0, front_mm)
    back_width = solve(lambda w: length(_cap_half(w, height_mm, False)) - back_mm, 30.0, back_mm)
    back_half = back(_cap_half(back_width, height_mm, False) * pt(-1.0, 1.0))
    return Cap(_cap_half(front_width, height_mm, True), back_half, height_mm)


def _cap_half(width: float, height: float, front: bool) -> Path:
    """An S from the underarm (width, 0) to the top (0, height); the front is hollowed more than the back."""
    hollow, crown = (0.50, 0.52) if front else (0.40, 0.56)
    return bezier(pt(width, 0.0), pt(width * (1 - hollow), 0.04 * height), pt(width * crown, height), pt(0.0, height))
