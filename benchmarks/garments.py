"""Outlines like those of garments, by a seed: the pieces of shirts and trousers, each garment with measures of its own.

A piece is drawn as corners with lines and cubic Beziers between them, in mm, its grain along +x, and then thinned to
the number of points that is asked for. Left and right pieces are pieces of their own. From the command line::

    python benchmarks/garments.py --pieces 1000 --types 40 --points 44 -o big.json    an instance to nest
    python benchmarks/garments.py --types 40 --sheet sheet.svg                        a picture of the pieces
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rng = np.random.Generator
Point = tuple[float, float]
Curve = tuple[Point, Point, Point]
"""A cubic Bezier from where the path is: two control points and the end."""
Steps = list["Point | Curve"]
"""Corners that a line leads to, and curves; the path closes itself with a line."""

FEWEST_POINTS, MOST_POINTS = 8, 400
DECIMALS = 3
"""Pattern files know thousandths of a millimetre, no more."""


@dataclass(frozen=True)
class GarmentPiece:
    """A piece: its name, its outline (n, 2) in mm, counter-clockwise, and how many of it one garment needs."""

    name: str
    outline: Floats
    per_garment: int


def garment_pieces(types: int, points: int, seed: int) -> list[GarmentPiece]:
    """The first ``types`` pieces of shirts and trousers in turn, each outline of ``points`` points (8 to 400)."""
    if not FEWEST_POINTS <= points <= MOST_POINTS:
        raise ValueError(f"{points} points; a piece has {FEWEST_POINTS} to {MOST_POINTS}")
    pieces: list[GarmentPiece] = []
    garment = 0
    while len(pieces) < types:
        rng = np.random.default_rng([seed, garment])
        parts = _shirt(rng) if garment % 2 == 0 else _trousers(rng)
        for part in parts:
            for name, outline in part.outlines(points):
                pieces.append(GarmentPiece(f"{name}-{garment + 1}", outline, part.per_garment))
        garment += 1
    return pieces[:types]


def strip_instance(pieces: list[GarmentPiece], count: int, width_mm: float, name: str) -> dict[str, Any]:
    """A strip-packing instance of ``count`` copies of ``pieces``, both directions allowed.

    Each piece is wanted as often as a garment needs it, over and over; where ``count`` is no multiple of that, the last
    round stops early. With fewer copies than pieces, the last pieces are left out.
    """
    round_of = [k for k, piece in enumerate(pieces) for _ in range(piece.per_garment)]
    demand = np.bincount(np.arange(count) % len(round_of), minlength=len(round_of))
    wanted = np.bincount(round_of, weights=demand, minlength=len(pieces)).astype(int)
    items = [
        {
            "id": k,
            "demand": int(wanted[k]),
            "allowed_orientations": [0.0, 180.0],
            "shape": {"type": "simple_polygon", "data": piece.outline.tolist()},
            "name": piece.name,
        }
        for k, piece in enumerate(pieces)
        if wanted[k]
    ]
    return {"name": name, "strip_height": width_mm, "items": items}


def write_instance(instance: dict[str, Any], path: Path) -> Path:
    """Write an instance; ``path`` comes back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(instance))
    return path


# --- garments: the parts that belong together, from one set of measures


@dataclass(frozen=True)
class _Part:
    """A part as drawn; ``paired``: its mirrored twin is needed as well."""

    name: str
    path: Steps
    per_garment: int = 1
    paired: bool = False

    def outlines(self, points: int) -> Iterator[tuple[str, Floats]]:
        """The part, and its twin, as rings of ``points`` points from (0, 0) on."""
        ring = _thinned(_sampled(self.path, points), points)
        yield self.name, _from_origin(ring)
        if self.paired:
            yield f"{self.name}-right", _from_origin(ring * [1, -1])


@dataclass(frozen=True)
class _Shirt:
    """Measures of a shirt, in mm: whole chest, lengths, and what follows from them in the shape functions."""

    chest: float
    length: float
    sleeve: float
    neck: float
    drop: float
    """How much the shoulder falls from neck to tip."""

    @property
    def shoulder(self) -> float:
        """From the middle to the shoulder's tip."""
        return 0.2 * self.chest

    @property
    def armhole(self) -> float:
        """From the shoulder's tip down to the chest line."""
        return 0.1 * self.chest + 90

    @property
    def neck_half_width(self) -> float:
        return 0.19 * self.neck


def _shirt(rng: Rng) -> list[_Part]:
    chest = rng.uniform(960, 1240)
    s = _Shirt(chest, rng.uniform(680, 800), rng.uniform(560, 640), 0.33 * chest + 40, rng.uniform(32, 48))
    return [
        _Part("front", _shirt_front(s, rng), paired=True),
        _Part("back", _shirt_back(s, rng)),
        _Part("sleeve", _sleeve(s, rng), paired=True),
        _Part("yoke", _yoke(s, rng), per_garment=2),
        _Part("collar", _collar(s, rng), per_garment=2),
        _Part("stand", _stand(s, rng), per_garment=2),
        _Part("cuff", _cuff(rng), per_garment=4),
        _Part("pocket", _patch_pocket(rng)),
        _Part("facing", _neck_facing(s, rng)),
    ]


def _trousers(rng: Rng) -> list[_Part]:
    hip = rng.uniform(920, 1180)
    t = _Trousers(hip, hip - rng.uniform(120, 200), rng.uniform(740, 830), rng.uniform(230, 280), rng.uniform(170, 230))
    return [
        _Part("trouser-front", _trouser_front(t, rng), paired=True),
        _Part("trouser-back", _trouser_back(t, rng), paired=True),
        _Part("back-yoke", _back_yoke(t, rng), paired=True),
        _Part("waistband", _waistband(t, rng), per_garment=2),
        _Part("pocket-facing", _pocket_facing(rng), paired=True),
        _Part("back-pocket", _patch_pocket(rng), per_garment=2),
        _Part("fly-facing", _fly_facing(t, rng)),
    ]


def _shirt_front(s: _Shirt, rng: Rng) -> Steps:
    """Half a front with its button stand: neckline, shoulder, armhole, waisted side seam, shaped hem."""
    top, stand = s.length, rng.uniform(15, 60)
    side = s.chest / 4 + rng.uniform(5, 25)
    depth, width = s.neck_half_width * rng.uniform(1.05, 1.3), s.neck_half_width
    line = top - s.drop - s.armhole
    tail = rng.uniform(0, 70)
    waist = rng.uniform(4, 22)
    return [
        (0.0, -stand),
        (top - depth, -stand),
        (top - depth, 0.12 * width),
        ((top - depth, 0.75 * width), (top - 0.55 * depth, width), (top, width)),
        (top - s.drop, s.shoulder),
        *_armhole(top - s.drop, line, s.shoulder, side),
        ((0.75 * line, side - waist), (0.5 * line, side - waist), (tail, side)),
        ((tail - 0.1 * line * (tail > 25), 0.75 * side), (0.0, 0.6 * side), (0.0, 0.35 * side)),
    ]


def _armhole(top: float, line: float, tip: float, side: float) -> list[Curve]:
    """The armhole from the shoulder's tip in to the chest and out to the side: a hollow, deepest low down."""
    middle = (line + 0.42 * (top - line), tip - 0.06 * tip)
    first = ((top - 0.25 * (top - line), tip - 0.03 * tip), (middle[0] + 0.14 * (top - line), middle[1]), middle)
    last = ((line + 0.17 * (top - line), middle[1]), (line, tip + 0.3 * (side - tip)), (line, side))
    return [first, last]


def _shirt_back(s: _Shirt, rng: Rng) -> Steps:
    """A back below the yoke, whole: armholes on both sides, waisted, with a shaped hem."""
    top, side = s.length - 95, s.chest / 4 + rng.uniform(5, 25)
    line = s.length - s.drop - s.armhole
    tail, waist, rise = rng.uniform(0, 80), rng.uniform(2, 18), rng.uniform(2, 10)
    tip = s.shoulder - 6
    half: Steps = [
        ((0.0, 0.2 * side), (0.0, 0.3 * side), (0.0, 0.4 * side)),
        ((0.0, 0.65 * side), (tail - 0.1 * line * (tail > 25), 0.8 * side), (tail, side)),
        ((0.5 * line, side - waist), (0.75 * line, side - waist), (line, side)),
        ((line, tip + 0.35 * (side - tip)), (line + 0.4 * (top - line), tip - 4), (top - rise, tip)),
        ((top, 0.6 * tip), (top, 0.3 * tip), (top, 0.0)),
    ]
    return _unfolded((0.0, 0.0), half)


def _sleeve(s: _Shirt, rng: Rng) -> Steps:
    """A sleeve, whole: hem, underarm seams, and a cap that is hollow at its ends and round on top, more so in front."""
    cap = s.armhole * rng.uniform(0.5, 0.72)
    biceps = 0.16 * s.chest + rng.uniform(25, 55)
    hem = biceps * rng.uniform(0.55, 0.8)
    under = s.sleeve - cap
    front, back = rng.uniform(0.42, 0.55), rng.uniform(0.3, 0.42)
    return [
        (0.0, -hem),
        ((0.35 * under, -hem - 0.25 * (biceps - hem)), (0.7 * under, -hem - 0.6 * (biceps - hem)), (under, -biceps)),
        ((under + 0.04 * cap, -(1 - front) * biceps), (s.sleeve, -0.62 * biceps), (s.sleeve, 0.0)),
        ((s.sleeve, 0.55 * biceps), (under + 0.12 * cap, (1 - back) * biceps), (under, biceps)),
        ((0.7 * under, hem + 0.6 * (biceps - hem)), (0.35 * under, hem + 0.25 * (biceps - hem)), (0.0, hem)),
        ((-4.0, 0.5 * hem), (4.0, -0.5 * hem), (0.0, -hem)),
    ]


def _yoke(s: _Shirt, rng: Rng) -> Steps:
    """A yoke, whole, lying across: the back neckline, both shoulders, short ends of the armholes."""
    depth, width, tip = rng.uniform(85, 115), s.neck_half_width, s.shoulder
    hollow = rng.uniform(18, 26)
    half: Steps = [
        ((0.0, 0.3 * tip), (0.0, 0.6 * tip), (rng.uniform(2, 10), tip - 6)),
        ((0.3 * depth, tip - 8), (0.5 * depth, tip - 5), (depth - s.drop, tip)),
        (depth, width),
        ((depth - 0.75 * hollow, 0.85 * width), (depth - hollow, 0.5 * width), (depth - hollow, 0.0)),
    ]
    return _unfolded((0.0, 0.0), half)


def _collar(s: _Shirt, rng: Rng) -> Steps:
    """A collar along its length: a bowed neck edge and two points."""
    half, height = s.neck / 2, rng.uniform(42, 62)
    bow, reach = rng.uniform(6, 16), rng.uniform(2, 22)
    point = height + rng.uniform(10, 24)
    return [
        (-half, 0.0),
        ((-0.5 * half, bow), (0.5 * half, bow), (half, 0.0)),
        (half + reach, point),
        ((0.5 * half, height + bow - 4), (0.2 * half, height + bow), (0.0, height + bow)),
        ((-0.2 * half, height + bow), (-0.5 * half, height + bow - 4), (-half - reach, point)),
    ]


def _stand(s: _Shirt, rng: Rng) -> Steps:
    """A collar stand: a bowed band with round ends that reach past the neck for the button."""
    half, height, bow = s.neck / 2 + 28, rng.uniform(30, 42), rng.uniform(8, 16)
    neck = s.neck / 2
    return [
        (-neck, 4.0),
        ((-0.5 * neck, -bow), (0.5 * neck, -bow), (neck, 4.0)),
        ((half - 6, 10.0), (half, 14.0), (half, 22.0)),
        ((half, height + 4), (half - 12, height + 6), (neck, height)),
        ((0.5 * neck, height - bow), (-0.5 * neck, height - bow), (-neck, height)),
        ((-half + 12, height + 6), (-half, height + 4), (-half, 22.0)),
        ((-half, 14.0), (-half + 6, 10.0), (-neck, 4.0)),
    ]


def _cuff(rng: Rng) -> Steps:
    """A cuff with two round corners, slightly shaped."""
    length, height, corner = rng.uniform(225, 275), rng.uniform(62, 84), rng.uniform(10, 26)
    bow = rng.uniform(1, 5)
    c = 0.45 * corner
    return [
        (0.0, 0.0),
        ((0.3 * length, -bow), (0.7 * length, -bow), (length, 0.0)),
        (length, height - corner),
        ((length, height - c), (length - c, height), (length - corner, height)),
        ((0.7 * length, height - bow), (0.3 * length, height - bow), (corner, height)),
        ((c, height), (0.0, height - c), (0.0, height - corner)),
    ]


def _patch_pocket(rng: Rng) -> Steps:
    """A patch pocket, its opening at the right: pointed or round at the bottom, its sides hardly bowed."""
    height, half, bow = rng.uniform(130, 185), rng.uniform(52, 82), rng.uniform(0.5, 3)
    bottom = rng.uniform(14, 34)
    sides: Steps = [
        (bottom, -half + 3),
        ((0.4 * height, -half - bow), (0.7 * height, -half - bow), (height, -half)),
        (height, half),
        ((0.7 * height, half + bow), (0.4 * height, half + bow), (bottom, half - 3)),
    ]
    if rng.random() < 0.5:
        return [(0.0, 0.0), *sides]
    return [*sides, ((0.0, half - 6), (0.0, 0.5 * half), (0.0, 0.0)), ((0.0, -0.5 * half), (0.0, -half + 6), sides[0])]


def _neck_facing(s: _Shirt, rng: Rng) -> Steps:
    """A back neck facing, whole: the neckline's hollow and a wide curve around it."""
    width, band, hollow = s.neck_half_width, rng.uniform(52, 75), rng.uniform(20, 34)
    end = 0.75 * band
    half: Steps = [
        ((-band, 0.5 * width), (-band + 0.3 * hollow, width + 0.6 * end), (hollow - 0.35 * s.drop, width + end)),
        (hollow, width),
        ((0.45 * hollow, 0.9 * width), (0.0, 0.6 * width), (0.0, 0.0)),
    ]
    return _unfolded((-band, 0.0), half)


@dataclass(frozen=True)
class _Trousers:
    """Measures of trousers, in mm: hip and waist around, inside leg, rise, and the hem's width."""

    hip: float
    waist: float
    inside: float
    rise: float
    hem: float

    @property
    def knee(self) -> float:
        """Half the width at the knee."""
        return 0.26 * self.hem + 0.057 * self.hip


def _trouser_front(t: _Trousers, rng: Rng) -> Steps:
    """A front leg: hem, inseam, the hollow of the fork, fly, waist, hip, side seam."""
    inseam, top = t.inside, t.inside + t.rise
    hip, fork = t.hip / 4 + 8, t.hip / 22
    inner, hem = -hip / 2, t.hem / 2 - 8
    slope = rng.uniform(6, 14)
    hip_at = inseam + 0.35 * t.rise
    waist = t.waist / 4 + rng.uniform(4, 14)
    return [
        (0.0, -hem),
        ((0.3 * inseam, -0.55 * hem - 0.45 * t.knee), (0.5 * inseam, -t.knee), (0.55 * inseam, -t.knee)),
        ((0.75 * inseam, -t.knee - 6), (0.9 * inseam, inner - 0.45 * fork), (inseam, inner - fork)),
        ((inseam + 6, inner - 0.2 * fork), (inseam + 0.12 * t.rise, inner), (hip_at, inner + 3)),
        (top - slope, inner + 12),
        ((top - slope, inner + 0.4 * waist), (top, inner + 0.7 * waist), (top, inner + 12 + waist)),
        ((top - 0.3 * t.rise, hip / 2 - 6), (inseam + 0.6 * t.rise, hip / 2), (hip_at, hip / 2)),
        ((0.85 * inseam, hip / 2), (0.65 * inseam, t.knee + 6), (0.55 * inseam, t.knee)),
        ((0.5 * inseam, t.knee), (0.3 * inseam, 0.55 * hem + 0.45 * t.knee), (0.0, hem)),
    ]


def _trouser_back(t: _Trousers, rng: Rng) -> Steps:
    """A back leg: a long fork, a slanting seat seam, a raised waist."""
    inseam, top = t.inside, t.inside + t.rise
    hip, fork = t.hip / 4 + 22, t.hip / rng.uniform(9.5, 12)
    inner, hem, knee = -hip / 2, t.hem / 2 + 8, t.knee + 14
    lift, slant = rng.uniform(18, 38), rng.uniform(38, 62)
    hip_at = inseam + 0.35 * t.rise
    waist = t.waist / 4 + rng.uniform(14, 30)
    return [
        (0.0, -hem),
        ((0.3 * inseam, -0.55 * hem - 0.45 * knee), (0.5 * inseam, -knee), (0.55 * inseam, -knee)),
        ((0.75 * inseam, -knee - 10), (0.92 * inseam, inner - 0.6 * fork), (inseam - 8, inner - fork)),
        ((inseam + 4, inner - 0.35 * fork), (inseam + 0.14 * t.rise, inner + 4), (hip_at, inner + 0.3 * slant)),
        (top + lift, inner + slant),
        (
            (top + 0.8 * lift, inner + slant + 0.4 * waist),
            (top, inner + slant + 0.7 * waist),
            (top, inner + slant + waist),
        ),
        ((top - 0.3 * t.rise, hip / 2), (inseam + 0.6 * t.rise, hip / 2 + 2), (hip_at, hip / 2)),
        ((0.85 * inseam, hip / 2), (0.65 * inseam, knee + 8), (0.55 * inseam, knee)),
        ((0.5 * inseam, knee), (0.3 * inseam, 0.55 * hem + 0.45 * knee), (0.0, hem)),
        ((4.0, 0.4 * hem), (4.0, -0.4 * hem), (0.0, -hem)),
    ]


def _back_yoke(t: _Trousers, rng: Rng) -> Steps:
    """A back yoke of jeans, lying across: a bowed wedge, high at the seat seam."""
    width, high, low = t.waist / 4 + 30, rng.uniform(62, 82), rng.uniform(32, 46)
    bow = rng.uniform(3, 9)
    return [
        (0.0, 0.0),
        ((bow, 0.3 * width), (bow, 0.7 * width), (6.0, width)),
        (low + 12, width - 8),
        ((low + 8 + bow, 0.65 * width), (0.7 * high + bow, 0.3 * width), (high, 8.0)),
    ]


def _waistband(t: _Trousers, rng: Rng) -> Steps:
    """Half a shaped waistband along its length: a part of a wide ring."""
    length, height, bow = t.waist / 2 + rng.uniform(30, 60), rng.uniform(38, 52), rng.uniform(14, 44)
    lean = 2 * bow * height / length
    return [
        (0.0, 0.0),
        ((0.3 * length, bow), (0.7 * length, bow), (length, 0.0)),
        (length + lean, height),
        ((0.7 * length, height + bow), (0.3 * length, height + bow), (-lean, height)),
    ]


def _pocket_facing(rng: Rng) -> Steps:
    """The facing of a front pocket: the hollow of the opening, a round bottom."""
    height, width = rng.uniform(130, 170), rng.uniform(95, 125)
    return [
        (0.0, 0.25 * width),
        ((0.0, 0.7 * width), (0.08 * height, width), (0.35 * height, width)),
        (height, 0.94 * width),
        (height, 0.45 * width),
        ((0.7 * height, 0.45 * width), (0.5 * height, 0.3 * width), (0.45 * height, 0.0)),
        ((0.2 * height, 0.0), (0.05 * height, 0.05 * width), (0.0, 0.25 * width)),
    ]


def _fly_facing(t: _Trousers, rng: Rng) -> Steps:
    """A fly facing: straight at the front edge, round at the bottom."""
    length, width = 0.68 * t.rise + rng.uniform(0, 25), rng.uniform(44, 58)
    return [
        (0.0, 0.0),
        ((0.4 * length, 0.0), (0.7 * length, 2.0), (length, 4.0)),
        (length - 2, width),
        (0.3 * length, width - 3),
        ((0.12 * length, width - 4), (0.0, 0.5 * width), (0.0, 0.0)),
    ]


# --- from paths to rings of points


def _unfolded(first: Point, half: Steps) -> Steps:
    """A path from ``first`` on the fold (y = 0) along one half and back along its mirror image."""
    back: Steps = []
    ends = [first, *(_end(step) for step in half)]
    for k in range(len(half) - 1, -1, -1):
        step, end = half[k], (ends[k][0], -ends[k][1])
        if isinstance(step[0], tuple):
            first_control, second_control, _ = step
            back.append(((second_control[0], -second_control[1]), (first_control[0], -first_control[1]), end))
        else:
            back.append(end)
    return [first, *half, *back]


def _end(step: Any) -> Point:
    return step[2] if isinstance(step[0], tuple) else step


def _sampled(path: Steps, points: int) -> Floats:
    """The path as a dense ring: corners, and more points on every curve than ``points``, each place once."""
    steps = max(64, points)
    t = np.linspace(0, 1, steps + 1)[1:, None]
    rows = [np.array([_end(path[0])])]
    for step in path[1:]:
        start = rows[-1][-1]
        if isinstance(step[0], tuple):
            a, b, end = (np.array(p) for p in step)
            rows.append((1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t**2 * b + t**3 * end)
        else:
            rows.append(np.array([step]))
    ring = np.concatenate(rows)
    apart = np.hypot(*(ring - np.roll(ring, 1, axis=0)).T) > 1e-6
    return ring[apart]


def _thinned(ring: Floats, points: int) -> Floats:
    """``points`` points of the ring: those are left out first that change its area least (Visvalingam 1993)."""
    count = len(ring)
    before, after = np.roll(np.arange(count), 1), np.roll(np.arange(count), -1)

    def weight(k: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = ring[before[k]], ring[k], ring[after[k]]
        return abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))

    weights = np.array([weight(k) for k in range(count)])
    for _ in range(count - points):
        k = int(np.argmin(weights))
        weights[k] = np.inf
        after[before[k]], before[after[k]] = after[k], before[k]
        for neighbour in (before[k], after[k]):
            weights[neighbour] = weight(neighbour)
    return ring[np.isfinite(weights)]


def _from_origin(ring: Floats) -> Floats:
    """The ring counter-clockwise, its box from (0, 0) on."""
    x, y = ring.T
    turns_left = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0
    return np.round((ring if turns_left else ring[::-1]) - ring.min(axis=0), DECIMALS) + 0.0


# --- the command line


SHEET_WIDTH_MM = 4600.0
SHEET_GAP_MM = 60.0
NAME_WIDTH_MM = 320.0


def draw_sheet(pieces: list[GarmentPiece], path: Path) -> None:
    """A picture of the pieces with their names, in rows."""
    import svgwrite

    drawing = svgwrite.Drawing(str(path), debug=False)
    x = y = row = SHEET_GAP_MM
    for piece in pieces:
        width, height = piece.outline.max(axis=0)
        if x + width > SHEET_WIDTH_MM:
            x, y, row = SHEET_GAP_MM, y + row + SHEET_GAP_MM, 0.0
        ring = [(round(x + px, 2), round(y + height - py, 2)) for px, py in piece.outline]
        drawing.add(drawing.polygon(ring, fill="#E8EEF4", stroke="#1A1A1A", stroke_width=2))
        drawing.add(drawing.text(piece.name, insert=(x, y + height + 34), font_size=28, font_family="sans-serif"))
        x, row = x + max(width, NAME_WIDTH_MM) + SHEET_GAP_MM, max(row, height + 40)
    drawing.viewbox(0, 0, SHEET_WIDTH_MM, y + row + SHEET_GAP_MM)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.save()


def main() -> None:
    """Write an instance, draw a sheet, or both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, help="copies in the instance (default: one of each type)")
    parser.add_argument("--types", type=int, default=40)
    parser.add_argument("--points", type=int, default=44, help="points of each outline, 8 to 400")
    parser.add_argument("--width", type=float, default=1500.0, help="usable width in mm")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, help="the instance, as strip-packing JSON")
    parser.add_argument("--sheet", type=Path, help="a picture of the pieces, as SVG")
    a = parser.parse_args()
    pieces = garment_pieces(a.types, a.points, a.seed)
    if a.sheet:
        draw_sheet(pieces, a.sheet)
    if a.output:
        name = f"garments-{a.pieces or a.types}-{a.types}-{a.points}-{a.seed}"
        write_instance(strip_instance(pieces, a.pieces or a.types, a.width, name), a.output)


if __name__ == "__main__":
    main()
