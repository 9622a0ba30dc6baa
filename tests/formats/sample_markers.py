"""Markers made by hand for the tests of pictures: garment-like shapes laid on shelves, so that nothing overlaps."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from math import cos, pi, sin

import shapely.affinity
from shapely.geometry import Polygon, box

from cutkit.model import Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement, Point, SearchRecord

SCALE = {"S": 0.94, "M": 1.0, "L": 1.06, "XL": 1.12}


def curve(start: Point, bend: Point, end: Point, steps: int = 12) -> list[Point]:
    """A quadratic curve without its last point."""
    return [
        tuple((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c for a, b, c in zip(start, bend, end, strict=True))
        for t in (i / steps for i in range(steps))
    ]


def body() -> Polygon:
    half = [(0.0, 0.0), (0.0, 260.0), (430.0, 250.0)]
    half += curve((430, 250), (520, 160), (640, 190)) + [(640.0, 190.0)]
    half += curve((660, 75), (560, 70), (555, 0), 8)
    return Polygon(half + [(x, -y) for x, y in half[:0:-1]])


def sleeve() -> Polygon:
    half = [(0.0, 110.0), *curve((420, 210), (480, 160), (510, 90), 8), *curve((510, 90), (550, 40), (555, 0), 8)]
    return Polygon([*half, (555.0, 0.0), *[(x, -y) for x, y in half[::-1]]])


def collar() -> Polygon:
    outer = [(230 * cos(a), 230 * sin(a)) for a in (pi * i / 24 for i in range(3, 22))]
    inner = [(170 * cos(a), 170 * sin(a)) for a in (pi * i / 24 for i in range(21, 2, -1))]
    return Polygon(outer + inner)


def drafts() -> list[tuple[str, Polygon, int, int, tuple[Mark, ...]]]:
    """Name, shape, copies as drawn and mirrored a garment, marks."""
    notches = tuple(
        Mark("notch", (p,), "knife", depth_mm=6, width_mm=w, angle_deg=a, shape=s)
        for p, a, s, w in (((0, 100), 0, "slit", None), ((200, 255.3), -90, "v", 5), ((200, -255.3), 90, "t", 5))
    )
    dart = (
        Mark("drill", ((250, 90),), "punch", width_mm=4),
        Mark("drill", ((250, -90),), "punch", width_mm=4),
        Mark("internal", ((300, 60), (420, 60), (420, 170), (300, 170), (300, 60))),
        Mark("grain", ((50, 0), (500, 0))),
        Mark("sew", ((12, 240), (12, -240))),
    )
    window = Polygon([(0, 0), (300, 0), (300, 200), (0, 200)], [[(200, 60), (260, 60), (260, 140), (200, 140)]])
    return [
        ("Front", body(), 1, 0, notches + dart),
        ("Back", body(), 1, 0, notches),
        ("Sleeve", sleeve(), 1, 1, (Mark("notch", ((0, 50),), "knife", 6, None, 0, "check"),)),
        ("Collar", collar(), 2, 0, ()),
        ("Cuff", box(0, 0, 240, 70), 2, 2, (Mark("notch", ((120, 0),), "knife", 6, 4, 90, "castle"),)),
        ("Pocket bag upper", window, 1, 1, ()),
        ("Yoke", Polygon([(0, 0), (120, 0), (110, 440), (60, 450), (0, 430)]), 1, 0, ()),
        ("Front placket left", box(0, 0, 640, 36), 1, 0, ()),
        ("Belt loop", box(0, 0, 70, 18), 4, 0, ()),
        ("Neck gusset", Polygon([(0, 0), (90, 0), (45, 60)]), 1, 0, ()),
    ]


def marker_of(
    garments: list[str],
    *,
    width_mm: float = 1500.0,
    nap: str = "two-way",
    pieces: int | None = None,
    scale: float = 1.0,
    **more: object,
) -> Marker:
    """A marker of so many garments by size, laid on shelves across the fabric; only the first ``pieces`` of them."""
    fabric = Fabric(width_mm, 15.0, nap, "Poplin", "Shell", **more)  # type: ignore[arg-type]
    ordered: dict[str, OrderedPiece] = {}
    copies: list[tuple[OrderedPiece, int, bool]] = []
    for bundle, size in enumerate(garments, 1):
        for name, shape, drawn, mirrored, marks in drafts():
            id_ = f"{name}-{size}"
            if id_ not in ordered:
                times = garments.count(size)
                ordered[id_] = _ordered(id_, name, size, shape, (drawn * times, mirrored * times), marks, scale)
            copies += [(ordered[id_], bundle, i >= drawn) for i in range(drawn + mirrored)]
    if pieces is not None:
        copies = copies[:pieces]
        ordered = {id_: _counted(piece, copies) for id_, piece in ordered.items() if any(c[0] is piece for c in copies)}
    placements = shelve([(ordered[p.id], bundle, mirrored) for p, bundle, mirrored in copies], fabric)
    search = SearchRecord(12.5, 4321, 2)
    return Marker(
        fabric, tuple(ordered.values()), tuple(placements), NestSettings(2.0, seed=7, time_s=12.5), search=search
    )


def _ordered(id_, name, size, shape, times, marks, scale) -> OrderedPiece:
    k = scale * SCALE.get(size, 1.0)
    outline = shapely.affinity.scale(shape, k, k, origin=(0, 0))
    moved = tuple(replace(mark, points=tuple((k * x, k * y) for x, y in mark.points)) for mark in marks)
    return OrderedPiece(id_, name, size, outline, times[0], times[1], moved, style="Shirt 1207")


def _counted(piece: OrderedPiece, copies: list[tuple[OrderedPiece, int, bool]]) -> OrderedPiece:
    mine = [mirrored for other, _, mirrored in copies if other is piece]
    return replace(piece, ordered=mine.count(False), ordered_mirrored=mine.count(True))


def shelve(copies: list[tuple[OrderedPiece, int, bool]], fabric: Fabric, gap: float = 4.0) -> list[Placement]:
    """Copies in columns across the fabric, each column as long as its longest piece; every second copy is turned."""
    x, y, column = 0.0, 0.0, 0.0
    placements: list[Placement] = []
    turn = count()
    for piece, bundle, mirrored in sorted(copies, key=lambda c: -(c[0].outline.bounds[2] - c[0].outline.bounds[0])):
        angle = 180.0 if fabric.nap == "two-way" and next(turn) % 2 else 0.0
        at_origin = Placement(piece.id, bundle, 0.0, 0.0, angle, mirrored)
        x0, y0, x1, y1 = at_origin.polygon(piece.outline).bounds
        if y + (y1 - y0) > fabric.usable_width_mm:
            x, y, column = x + column + gap, 0.0, 0.0
        placements.append(Placement(piece.id, bundle, x - x0, y - y0, angle, mirrored))
        y += y1 - y0 + gap
        column = max(column, x1 - x0)
    return placements
