"""The small pieces of the shirt: stand, collar, cuff, sleeve plackets, pocket, loop."""

from __future__ import annotations

from patterns.draft.geometry import Path, curve, direction, join, length, line, pt, solve, split, unit
from patterns.draft.piece import Edge, Internal, Notch, Piece
from patterns.draft.shapes import Strip, grain_along, rounded, strip

CUFF_MM = 62.0
TOWER_MM = 20.0
SLIT_MM = 135.0
ROLL_MM = 2.0
POINT_ROLL_MM = 1.9
COLLAR_SEAM_MM = 6.0
NECK_SEAM_MM = 7.0


def stand(neck_mm: float, yoke_mm: float, button_mm: float) -> Piece:
    """Half a collar stand whose lower edge is as long as the half neckline with the button stand."""

    def lower(x: float) -> Path:
        return curve(pt(0.0, 0.0), pt(1.0, 0.0), pt(x, 13.0), direction(9.0), (0.4, 0.4))

    neck = lower(solve(lambda x: length(lower(x)) - neck_mm, 50.0, neck_mm))
    before, beyond = split(neck, neck_mm - button_mm)
    along = unit(beyond[1] - beyond[0])
    up = pt(-along[1], along[0])
    collar_end = before[-1] + up * 28.0
    tip = neck[-1] + up * 10.0 - along * 1.5
    front = join(line(neck[-1], tip), curve(tip, up, collar_end, -along, (0.42, 0.42)))
    collar_edge = curve(collar_end, -along, pt(0.0, 32.0), pt(-1.0, 0.0), (0.35, 0.4))
    half = length(collar_edge)
    notches = (Notch("yoke seam", yoke_mm), Notch("centre front", neck_mm - button_mm))
    edges = (
        Edge("neck", neck, NECK_SEAM_MM, notches),
        Edge("front", front, COLLAR_SEAM_MM),
        Edge("collar", collar_edge, COLLAR_SEAM_MM, (Notch("collar", 0.5 * half),)),
        Edge("fold", line(pt(0.0, 32.0), pt(0.0, 0.0)), 0.0, fold=True),
    )
    return Piece("STAND", "COLLAR STAND", edges, (pt(20.0, 18.0), pt(0.75 * neck_mm, 18.0)), copies=(2, 0))


def collar(name: str, seam_mm: float, height_mm: float) -> Piece:
    """Half a collar whose lower edge is as long as the stand's; the under collar is lower, so that it rolls."""

    def lower(x: float) -> Path:
        return curve(pt(0.0, 0.0), pt(1.0, 0.0), pt(x, 11.0), direction(10.0), (0.45, 0.35))

    seam = lower(solve(lambda x: length(lower(x)) - seam_mm, 50.0, seam_mm))
    tip = seam[-1] + pt(20.0, 14.0 + height_mm)
    outer = curve(tip, direction(194.0), pt(0.0, height_mm + 2.0), pt(-1.0, 0.0), (0.4, 0.45))
    edges = (
        Edge("stand", seam, COLLAR_SEAM_MM, (Notch("collar", 0.5 * seam_mm),)),
        Edge("point", line(seam[-1], tip), COLLAR_SEAM_MM),
        Edge("outer", outer, COLLAR_SEAM_MM),
        Edge("fold", line(outer[-1], seam[0]), 0.0, fold=True),
    )
    return Piece(name, "COLLAR", edges, (pt(20.0, 25.0), pt(0.75 * seam_mm, 25.0)))


def cuff(size: float, underarm_mm: float) -> Piece:
    """A cuff with rounded corners; two layers a side, so four in all."""
    radius = 14.0
    right = rounded(pt(size, CUFF_MM - radius), pt(size, CUFF_MM), pt(size - radius, CUFF_MM))
    left = rounded(pt(radius, CUFF_MM), pt(0.0, CUFF_MM), pt(0.0, CUFF_MM - radius))
    rim = join(line(pt(size, 0.0), right[0]), right, line(right[-1], left[0]), left, line(left[-1], pt(0.0, 0.0)))
    edges = (
        Edge("sleeve", line(pt(0.0, 0.0), pt(size, 0.0)), 10.0, (Notch("underarm", underarm_mm),)),
        Edge("rim", rim, COLLAR_SEAM_MM),
    )
    return Piece("CUFF", "CUFF", edges, grain_along(size, CUFF_MM), copies=(2, 2))


def tower() -> Piece:
    """The upper placket of the sleeve slit: folded along its length, with a pointed top that shows."""
    width, under, tip = TOWER_MM + 5, TOWER_MM, SLIT_MM + 36
    shoulder = SLIT_MM + 18
    outer = under + width
    roof = line(pt(outer, 0.0), pt(outer, shoulder), pt(under + width / 2, tip), pt(under, shoulder))
    step = line(pt(under, shoulder), pt(under, SLIT_MM + 6), pt(0.0, SLIT_MM + 6), pt(0.0, 0.0))
    edges = (
        Edge("cuff", line(pt(0.0, 0.0), pt(outer, 0.0)), 10.0, (Notch("fold", under, free=True),)),
        Edge("roof", roof, COLLAR_SEAM_MM),
        Edge("step", step, COLLAR_SEAM_MM),
    )
    fold = Internal("FOLD", line(pt(under, 0.0), pt(under, SLIT_MM + 6)))
    grain = (pt(outer - 12, 20.0), pt(outer - 12, SLIT_MM - 10))
    return Piece("PLACKET_TOP", "SLEEVE PLACKET", edges, grain, copies=(1, 1), internals=(fold,))


def binding() -> Piece:
    """The lower placket of the sleeve slit: a strip folded along its middle."""
    size, height = SLIT_MM + 5, 20.0
    fold = Internal("FOLD", line(pt(0.0, height / 2), pt(size, height / 2)))
    rule = Strip("PLACKET_UNDER", size, height, COLLAR_SEAM_MM, 10.0, copies=(1, 1), internals=(fold,))
    return strip(rule)


def pocket_shape(width: float) -> Path:
    """The pocket's sew line from its upper left corner, counter-clockwise, not closed: a shield with a blunt point."""
    side, point = 1.02 * width, 1.17 * width
    return line(pt(0.0, 0.0), pt(0.0, -side), pt(width / 2, -point), pt(width, -side), pt(width, 0.0))


def pocket(width: float) -> Piece:
    """The chest pocket; its top is turned to the inside."""
    shape = pocket_shape(width)
    edges = (
        Edge("left", shape[:2], 8.0),
        Edge("point", shape[1:4], 8.0),
        Edge("right", shape[3:], 8.0),
        Edge("top", line(shape[-1], shape[0]), 30.0, (Notch("fold", 0.0, free=True),), turn_up=True),
    )
    fold = Internal("FOLD", line(shape[-1], shape[0]))
    grain = (pt(width / 2, -width), pt(width / 2, -15.0))
    return Piece("POCKET", "POCKET", edges, grain, internals=(fold,))


def loop() -> Piece:
    """The locker loop at the yoke: a strip folded in four."""
    return strip(Strip("LOOP", 80.0, 12.0, COLLAR_SEAM_MM, 10.0))
