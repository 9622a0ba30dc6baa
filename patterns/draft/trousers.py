"""Men's five-pocket trousers: fly, scooped front pockets with bags in pocketing, coin pocket, back yokes, waistband.

The legs are balanced about a crease line x = 0; y = 0 is the crotch line. Hip, waist and crotch widths are shares of
the hip and waist measurements; the back leg is then fitted to the front, inside and outside legs equally long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from patterns.draft import trousers_small as small
from patterns.draft.geometry import (
    Path,
    Point,
    arc,
    at,
    closed,
    curve,
    direction,
    join,
    length,
    line,
    pt,
    solve,
    split,
    turned,
    unit,
)
from patterns.draft.piece import Edge, Garment, Internal, Notch, Piece, Seam
from patterns.draft.sizes import MEN_BY_WAIST, Body

SIZES = tuple(MEN_BY_WAIST)
SAMPLE = "34"

HIP_EASE_MM = 26.0
WAIST_EASE_MM = 20.0
DROP_MM = 25.0
SEAM_MM = 12.0
WAIST_SEAM_MM = 10.0
HEM_MM = 30.0
FLY_MM = 150.0
YOKE_CENTRE_MM = 68.0
YOKE_SIDE_MM = 38.0
YOKE_TURN_DEG = 12.0


@dataclass(frozen=True, eq=False)
class Leg:
    """The net lines of a front or back leg; paths run from the hem or the crotch point upwards."""

    outside: Path
    inside: Path
    rise: Path

    @property
    def waist(self) -> tuple[Point, Point]:
        """The ends of the waist line at the side and at the centre."""
        return self.outside[-1], self.rise[-1]


@dataclass(frozen=True)
class Widths:
    """The level lines of one leg: half knee and hem, hip and crotch at their distances from the crease."""

    knee: float
    hem: float
    side: float
    centre: float
    crotch: float


def draft(size: str) -> Garment:
    """The trousers in one size."""
    body = MEN_BY_WAIST[size]
    front = _front_leg(body)
    rear = _back_leg(body, front)
    scoop = small.Scoop.on(front.outside, front.rise[-1])
    seam, centre, side = _yoke_seam(rear)
    yoke = _yoke(rear, seam, centre, side)
    facing = small.facing(scoop)
    front_waist = length(line(scoop.on_waist, front.rise[-1])) + length(facing.edge("waist").path)
    pieces = (
        _front(body, front, scoop),
        _back(body, rear, seam),
        yoke,
        facing,
        small.coin_pocket(),
        small.back_pocket(),
        small.fly_facing(split_rise(front)[0]),
        small.fly_shield(FLY_MM),
        small.waistband(front_waist, length(yoke.edge("waist").path)),
        small.belt_loops(),
        small.bag(scoop),
    )
    return Garment(size, pieces, _seams())


def _knee_y(body: Body) -> float:
    return -(body.inside_leg_mm / 2 - 50)


def _leg_lines(body: Body, w: Widths, side_waist: Point, crotch_y: float) -> tuple[Path, Path]:
    """The outside and the inside leg, each from the hem up: straight to the knee, then a curve."""
    knee_y, hem_y, hip_y = _knee_y(body), -body.inside_leg_mm, body.rise_mm / 3
    below = pt(w.hem, hem_y), pt(w.knee, knee_y)
    hip = pt(w.side, hip_y)
    thigh = curve(below[1], below[1] - below[0], hip, pt(0.06, 1.0), (0.36, 0.42))
    top = curve(hip, pt(0.06, 1.0), side_waist, side_waist - hip, (0.35, 0.3))
    inner = pt(-w.hem, hem_y), pt(-w.knee, knee_y)
    inside = curve(inner[1], inner[1] - inner[0], pt(-w.crotch, crotch_y), pt(-0.42, 1.0), (0.45, 0.25))
    return join(line(*below), thigh, top), join(line(*inner), inside)


def _front_leg(body: Body) -> Leg:
    """The front: hip a quarter less 1 cm, a small fork, the waist let in at the centre and at the side."""
    hip = (body.hip_mm + HIP_EASE_MM) / 4 - 10
    fork = body.hip_mm / 20 - 4
    side = (hip + fork) / 2
    waist = (body.waist_mm + WAIST_EASE_MM) / 4 - 5
    top = body.rise_mm - DROP_MM
    centre = pt(side - hip + 12, top - 4)
    side_waist = pt(centre[0] + waist, top + 6)
    w = Widths(_knee(body) / 2 - 5, _hem(body) / 2 - 5, side, side - hip, side)
    outside, inside = _leg_lines(body, w, side_waist, 0.0)
    above = pt(side - hip + 3, body.rise_mm * 0.36)
    bend = curve(pt(-side, 0.0), pt(1.0, 0.06), above, centre - above, (0.55, 0.45))
    return Leg(outside, inside, join(bend, line(above, centre)))


def _knee(body: Body) -> float:
    """Half the leg's girth at the knee."""
    return 0.15 * body.hip_mm + 71


def _hem(body: Body) -> float:
    """Half the leg's girth at the hem."""
    return 0.11 * body.hip_mm + 94


def _back_leg(body: Body, front: Leg) -> Leg:
    """The back: a longer fork, a slanted centre; crotch point and side waist move until it fits the front."""
    hip = (body.hip_mm + HIP_EASE_MM) / 4 + 10
    front_side = -front.rise[0][0]
    side = front_side + 20
    centre_hip = pt(side - hip, body.rise_mm / 3)
    crotch = front_side + body.hip_mm / 16
    waist = (body.waist_mm + WAIST_EASE_MM) / 4 + 5 + 12
    centre = pt(centre_hip[0] + 32, body.rise_mm - DROP_MM + 26)
    w = Widths(_knee(body) / 2 + 5, _hem(body) / 2 + 5, side, centre_hip[0], crotch)

    def lines(side_y: float, crotch_y: float) -> tuple[Path, Path]:
        return _leg_lines(body, w, pt(centre[0] + waist, side_y), crotch_y)

    top = body.rise_mm - DROP_MM
    side_y = solve(lambda y: length(lines(y, 0.0)[0]) - length(front.outside), top - 60, top + 60)
    crotch_y = solve(lambda y: length(lines(side_y, y)[1]) - length(front.inside), -60.0, 40.0)
    outside, inside = lines(side_y, crotch_y)
    bend = curve(pt(-crotch, crotch_y), pt(1.0, -0.02), centre_hip, centre - centre_hip, (0.62, 0.42))
    return Leg(outside, inside, join(bend, line(centre_hip, centre)))


def split_rise(front: Leg) -> tuple[Path, Path]:
    """The front's centre seam from the waist down, as far as the fly, and the rest of it to the crotch."""
    return split(front.rise[::-1], FLY_MM)


def _leg_notches(body: Body, path: Path, upwards: bool) -> tuple[Notch, ...]:
    """Knee and thigh, measured from the hem, so that they meet on both legs."""
    places = {"knee": 0.5 * body.inside_leg_mm, "thigh": 0.85 * body.inside_leg_mm}
    whole = length(path)
    return tuple(Notch(name, d if upwards else whole - d) for name, d in places.items())


def _front(body: Body, leg: Leg, scoop: small.Scoop) -> Piece:
    side = split(leg.outside, scoop.side_mm)[0]
    inside = leg.inside[::-1]
    fly, rise = split_rise(leg)
    edges = (
        Edge("hem", line(leg.inside[0], leg.outside[0]), HEM_MM, turn_up=True),
        Edge("side", side, SEAM_MM, _leg_notches(body, side, True)),
        Edge("opening", scoop.opening, WAIST_SEAM_MM),
        Edge("waist", line(scoop.on_waist, leg.rise[-1]), WAIST_SEAM_MM),
        Edge("fly", fly, SEAM_MM, (Notch("fly", FLY_MM),)),
        Edge("rise", rise, SEAM_MM),
        Edge("inseam", inside, SEAM_MM, _leg_notches(body, inside, False)),
    )
    hem_y = -body.inside_leg_mm
    inner = (Internal("HEM", edges[0].path),)
    grain = (pt(0.0, hem_y + 60), pt(0.0, body.rise_mm - 120))
    return Piece("FRONT", "FRONT", edges, grain, copies=(1, 1), internals=inner)


def _yoke_seam(rear: Leg) -> tuple[Path, float, float]:
    """The line that cuts the yoke off the back, from the side to the centre, and its two angles in degrees."""
    side = at(rear.outside, length(rear.outside) - YOKE_SIDE_MM)
    centre = at(rear.rise, length(rear.rise) - YOKE_CENTRE_MM)
    along = unit(side - centre)
    up_centre, up_side = unit(rear.rise[-1] - centre), unit(rear.outside[-1] - side)
    return line(side, centre), _angle(along, up_centre), _angle(along, up_side)


def _angle(start: Point, end: Point) -> float:
    """The angle from one direction to another, counter-clockwise, 0 to 180 degrees here."""
    cross = start[0] * end[1] - start[1] * end[0]
    return math.degrees(math.atan2(cross, start @ end))


def _back(body: Body, leg: Leg, seam: Path) -> Piece:
    """The back leg under the yoke, with the place of its pocket."""
    side = split(leg.outside, length(leg.outside) - YOKE_SIDE_MM)[0]
    rise = split(leg.rise, length(leg.rise) - YOKE_CENTRE_MM)[0][::-1]
    inside = leg.inside[::-1]
    width = length(seam)
    edges = (
        Edge("hem", line(leg.inside[0], leg.outside[0]), HEM_MM, turn_up=True),
        Edge("side", side, SEAM_MM, _leg_notches(body, side, True)),
        Edge("yoke", seam, SEAM_MM, (Notch("yoke", width / 2),)),
        Edge("rise", rise, SEAM_MM, (Notch("seat", 0.5 * length(rise), free=True),)),
        Edge("inseam", inside, SEAM_MM, _leg_notches(body, inside, False)),
    )
    pocket = _pocket_place(seam)
    hem_y = -body.inside_leg_mm
    inner = (Internal("HEM", edges[0].path), Internal("POCKET", closed(pocket)))
    grain = (pt(0.0, hem_y + 60), pt(0.0, body.rise_mm - 160))
    middle = pocket.mean(axis=0)
    drills = tuple(corner + unit(middle - corner) * 6 for corner in (pocket[0], pocket[-1]))
    return Piece("BACK", "BACK", edges, grain, copies=(1, 1), internals=inner, drills=drills)


def _pocket_place(seam: Path) -> Path:
    """The back pocket's sew line where it lies: centred under the yoke seam and parallel to it."""
    along = unit(seam[0] - seam[-1])
    down = pt(along[1], -along[0])
    middle = (seam[0] + seam[-1]) / 2 + down * 30
    return turned(small.POCKET, math.degrees(math.atan2(along[1], along[0]))) + middle


def _yoke(rear: Leg, seam: Path, centre_deg: float, side_deg: float) -> Piece:
    """The yoke: its seam bent up at both ends, which takes a dart's width out of the waist."""
    bottom = arc(pt(0.0, 0.0), -YOKE_TURN_DEG / 2, length(seam), YOKE_TURN_DEG)
    top_centre = bottom[0] + direction(centre_deg - YOKE_TURN_DEG / 2) * YOKE_CENTRE_MM
    top_side = bottom[-1] + direction(side_deg + YOKE_TURN_DEG / 2) * YOKE_SIDE_MM
    run = top_centre - top_side
    level_deg = math.degrees(math.atan2(run[1], run[0]))
    leave, arrive = direction(level_deg + YOKE_TURN_DEG / 2), direction(level_deg - YOKE_TURN_DEG / 2)
    edges = (
        Edge("seam", bottom, SEAM_MM, (Notch("yoke", length(bottom) / 2),)),
        Edge("side", line(bottom[-1], top_side), SEAM_MM),
        Edge("waist", curve(top_side, leave, top_centre, arrive, (0.3, 0.3)), WAIST_SEAM_MM),
        Edge("centre", line(top_centre, bottom[0]), SEAM_MM),
    )
    middle = at(bottom, length(bottom) * 0.45)
    return Piece("BACK_YOKE", "YOKE", edges, (middle + pt(0.0, 10.0), middle + pt(0.0, 46.0)), copies=(1, 1))


def _seams() -> tuple[Seam, ...]:
    return (
        Seam("outside leg", ("FRONT.side", "POCKET_FACING.side"), ("BACK.side", "BACK_YOKE.side")),
        Seam("inside leg", ("FRONT.inseam",), ("BACK.inseam",)),
        Seam("back yoke", ("BACK.yoke",), ("-BACK_YOKE.seam",)),
        Seam("fly", ("FRONT.fly",), ("FLY_FACING.seam",)),
        Seam("fly shield", ("FRONT.fly",), ("FLY_SHIELD.lower",)),
        Seam("pocket opening", ("FRONT.opening",), ("-POCKET_BAG.opening",)),
        Seam("pocket bottom", ("POCKET_BAG.bottom",), ("-POCKET_BAG.bottom_front",)),
        Seam(
            "facing on bag",
            ("POCKET_FACING.waist", "POCKET_FACING.waist_low"),
            ("POCKET_BAG.waist",),
            small.BAG_MORE_MM,
        ),
        Seam(
            "waistband",
            (
                *("-FRONT.waist", "-POCKET_FACING.waist", ":side", "BACK_YOKE.waist", ":centre back"),
                *("-BACK_YOKE.waist", ":side", "POCKET_FACING.waist", "FRONT.waist"),
            ),
            ("WAISTBAND.lower",),
        ),
    )
