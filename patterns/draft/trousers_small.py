"""The small pieces of the trousers: pocket scoop, facing and bag, coin and back pocket, fly, waistband, loops."""

from __future__ import annotations

from dataclasses import dataclass

from patterns.draft.geometry import Path, Point, at, closed, curve, join, length, line, mirrored, pt, split, unit
from patterns.draft.piece import Edge, Internal, Notch, Piece
from patterns.draft.shapes import Strip, grain_along, strip

SEAM_MM = 12.0
WAIST_SEAM_MM = 10.0
BAG_SEAM_MM = 12.0
OPENING_SIDE_MM = 80.0
OPENING_WAIST_MM = 98.0
UNDERLAY_MM = 42.0
BAG_MORE_MM = 8.0
BAG_SIDE_MM = 165.0
BAG_DEPTH_MM = 275.0
BAND_MM = 42.0
SHIELD_MM = 42.0

POCKET = line(pt(-76.0, 0.0), pt(-69.0, -142.0), pt(0.0, -162.0), pt(69.0, -142.0), pt(76.0, 0.0))


@dataclass(frozen=True, eq=False)
class Scoop:
    """The front pocket's opening: on the outside leg at ``side_mm`` from the hem, on the waist at ``on_waist``."""

    outside: Path
    side_mm: float
    on_waist: Point
    along_waist: Point
    opening: Path

    @staticmethod
    def on(outside: Path, centre: Point) -> Scoop:
        """The scoop of a front with this outside leg and this end of the waist at the centre front."""
        top = outside[-1]
        along = unit(centre - top)
        side_mm = length(outside) - OPENING_SIDE_MM
        on_waist = top + along * OPENING_WAIST_MM
        opening = curve(at(outside, side_mm), pt(-1.0, -0.12), on_waist, pt(0.05, 1.0), (0.52, 0.5))
        return Scoop(outside, side_mm, on_waist, along, opening)

    def side_part(self, below_mm: float, to_mm: float) -> Path:
        """The outside leg between two distances from the waist, upwards."""
        whole = length(self.outside)
        upper = split(self.outside, whole - below_mm)[1]
        return split(upper, below_mm - to_mm)[0] if to_mm > 0 else upper


def facing(scoop: Scoop) -> Piece:
    """The piece seen in the pocket's opening: it completes the front up to the side waist."""
    low = scoop.side_part(OPENING_SIDE_MM + UNDERLAY_MM, OPENING_SIDE_MM)
    side = scoop.side_part(OPENING_SIDE_MM, 0.0)
    inner_top = scoop.on_waist + scoop.along_waist * UNDERLAY_MM
    inner = curve(inner_top, pt(-0.05, -1.0), low[0], pt(1.0, 0.05), (0.5, 0.5))
    edges = (
        Edge("side_low", low, SEAM_MM),
        Edge("side", side, SEAM_MM),
        Edge("waist", line(side[-1], scoop.on_waist), WAIST_SEAM_MM),
        Edge("waist_low", line(scoop.on_waist, inner_top), WAIST_SEAM_MM),
        Edge("inner", inner, 6.0),
    )
    middle = side[-1] + scoop.along_waist * 70
    coin = moved_coin(middle + pt(0.0, -36.0))
    grain = (middle + pt(30.0, -85.0), middle + pt(30.0, -15.0))
    inner_lines = (Internal("COIN POCKET", closed(coin)),)
    return Piece("POCKET_FACING", "FACING", edges, grain, copies=(1, 1), internals=inner_lines)


COIN = line(pt(-36.0, 0.0), pt(-34.0, -62.0), pt(34.0, -62.0), pt(36.0, 0.0))


def moved_coin(top: Point) -> Path:
    """The coin pocket's sew line with the middle of its opening at a point."""
    return COIN + top


def coin_pocket() -> Piece:
    """The small pocket on the right facing."""
    return _patch("COIN_POCKET", COIN, 12.0, (1, 0))


def back_pocket() -> Piece:
    """The patch pocket of the back, five-cornered."""
    return _patch("BACK_POCKET", POCKET, 20.0, (1, 1))


def _patch(name: str, shape: Path, hem_mm: float, copies: tuple[int, int]) -> Piece:
    edges = (
        Edge("left", shape[:2], 10.0),
        Edge("bottom", shape[1:-1], 10.0),
        Edge("right", shape[-2:], 10.0),
        Edge("top", line(shape[-1], shape[0]), hem_mm, turn_up=True),
    )
    fold = Internal("FOLD", line(shape[0], shape[-1]))
    low = float(shape[:, 1].min())
    return Piece(name, "POCKET", edges, (pt(0.0, 0.85 * low), pt(0.0, 0.15 * low)), copies=copies, internals=(fold,))


def fly_facing(seam: Path) -> Piece:
    """The facing of the fly: along the centre front from the waist down, rounded to its foot."""
    top, foot = seam[0], seam[-1]
    corner = top + pt(SHIELD_MM, 1.0)
    turn = corner + pt(-6.0, -100.0)
    outer = join(curve(foot, pt(1.0, 0.25), turn, pt(0.06, 1.0), (0.5, 0.4)), line(turn, corner))
    edges = (
        Edge("seam", seam, SEAM_MM, (Notch("fly", length(seam)),)),
        Edge("outer", outer, 6.0),
        Edge("waist", line(corner, top), WAIST_SEAM_MM),
    )
    grain = (top + pt(20.0, -95.0), top + pt(20.0, -15.0))
    return Piece("FLY_FACING", "FLY", edges, grain)


def fly_shield(size: float) -> Piece:
    """The shield behind the zip, folded along its middle."""
    fold = Internal("FOLD", line(pt(0.0, SHIELD_MM), pt(size, SHIELD_MM)))
    notch = (Notch("fly", size),)
    return strip(Strip("FLY_SHIELD", size, 2 * SHIELD_MM, SEAM_MM, WAIST_SEAM_MM, lower=notch, internals=(fold,)))


def waistband(front_mm: float, back_mm: float) -> Piece:
    """A straight waistband for the whole waist, with the shield's width more at one end; folded along its middle."""
    size = 2 * (front_mm + back_mm)
    start, end = pt(-SHIELD_MM, 0.0), pt(size, 0.0)
    height = pt(0.0, 2 * BAND_MM)
    marks = (("side", front_mm), ("centre back", size / 2), ("side", size - front_mm))
    notches = tuple(Notch(name, place) for name, place in marks)
    edges = (
        Edge("shield", line(start, pt(0.0, 0.0)), WAIST_SEAM_MM),
        Edge("lower", line(pt(0.0, 0.0), end), WAIST_SEAM_MM, notches),
        Edge("end", line(end, end + height), WAIST_SEAM_MM),
        Edge("upper", line(end + height, start + height), WAIST_SEAM_MM),
        Edge("start", line(start + height, start), WAIST_SEAM_MM),
    )
    fold = Internal("FOLD", line(start + height / 2, end + height / 2))
    return Piece("WAISTBAND", "WAISTBAND", edges, grain_along(size, 2 * BAND_MM), internals=(fold,))


def belt_loops() -> Piece:
    """One strip for seven belt loops."""
    return strip(Strip("BELT_LOOPS", 7 * 85.0, 14.0, 8.0, 5.0))


def bag(scoop: Scoop) -> Piece:
    """The pocket bag, in one piece: the half behind the facing, folded over to the half with the opening."""
    side = scoop.side_part(BAG_SIDE_MM, 0.0)
    top = side[-1]
    fold_top = scoop.on_waist + scoop.along_waist * (UNDERLAY_MM + BAG_MORE_MM)
    foot = pt(float(fold_top[0]), float(top[1]) - BAG_DEPTH_MM)
    bottom = curve(foot, pt(1.0, 0.0), side[0], side[1] - side[0], (0.5, 0.5))

    def over(path: Path) -> Path:
        return mirrored(path, foot, fold_top)

    opening = over(scoop.opening)[::-1]
    edges = (
        Edge("bottom", bottom, BAG_SEAM_MM),
        Edge("side", side, SEAM_MM),
        Edge("waist", line(top, fold_top), WAIST_SEAM_MM),
        Edge("waist_front", line(fold_top, opening[0]), WAIST_SEAM_MM),
        Edge("opening", opening, WAIST_SEAM_MM),
        Edge("side_front", over(scoop.side_part(BAG_SIDE_MM, OPENING_SIDE_MM))[::-1], SEAM_MM),
        Edge("bottom_front", over(bottom)[::-1], BAG_SEAM_MM),
    )
    fold = Internal("FOLD", line(foot, fold_top))
    grain = (foot + pt(20.0, 40.0), foot + pt(20.0, 200.0))
    return Piece("POCKET_BAG", "POCKET BAG", edges, grain, (1, 1), "POCKETING", internals=(fold,))
