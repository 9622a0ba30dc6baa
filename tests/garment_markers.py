"""A few garment-like pieces and a marker of them, drawn here, for the tests of tool paths."""

from __future__ import annotations

from math import cos, pi, sin

from shapely.geometry import Polygon, box

from cutkit.model import Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement


def arc(cx, cy, r, a0, a1, steps):
    return [
        (cx + r * cos(a0 + (a1 - a0) * k / steps), cy + r * sin(a0 + (a1 - a0) * k / steps)) for k in range(steps + 1)
    ]


def front() -> Polygon:
    """A T-shirt's front with a true neckline and armholes."""
    neck = arc(640, 0, 80, pi / 2, 3 * pi / 2, 40)
    top = arc(560, 330, 120, -pi / 2 + 0.3, -pi + 0.2, 25)[::-1]
    half = [(0, 250), (430, 250), *top, (640, 170)]
    return Polygon([*[(x, -y) for x, y in half], *neck[::-1], *half[::-1]])


def ring() -> Polygon:
    """A round piece with a round cut-out."""
    return Polygon(arc(100, 100, 100, 0, 2 * pi, 120)[:-1], [arc(100, 100, 45, 0, 2 * pi, 60)[:-1]])


def star() -> Polygon:
    """Nothing but sharp corners."""
    return Polygon(
        [
            (60 + (60 if k % 2 else 22) * cos(pi * k / 7), 60 + (60 if k % 2 else 22) * sin(pi * k / 7))
            for k in range(14)
        ]
    )


def notch(x, y, angle_deg, shape="slit", depth=5.0, width=4.0) -> Mark:
    return Mark("notch", ((x, y),), "knife", depth_mm=depth, width_mm=width, angle_deg=angle_deg, shape=shape)


PIECES = (
    OrderedPiece(
        "front-M",
        "Frönt (a!b)?~",
        "M",
        front(),
        2,
        marks=(
            notch(0, 0, 0),
            notch(200, 250, -90, "v"),
            notch(300, 250, -90, "t"),
            notch(200, -250, 90, "castle"),
            notch(300, -250, 90, "u", 6.0),
            notch(400, -250, 90, "check"),
            Mark("drill", ((200, 60), (200, -60)), "punch"),
            Mark("internal", ((100, 50), (180, 50), (180, 120))),
            Mark("grain", ((50, 0), (400, 0))),
        ),
    ),
    OrderedPiece("facing-M", "Facing", "M", ring(), 2, marks=(notch(0, 100, 0),)),
    OrderedPiece("star", "Star", "", star(), 2),
    OrderedPiece("pocket-M", "Pocket", "M", box(0, 0, 150, 60), 0, 2, marks=(notch(150, 30, 180),)),
)


def garments() -> Marker:
    """Two garments on 1500 mm: mirrored, turned and tilted copies, two pieces flush."""
    places = (
        Placement("front-M", 1, 10, 310, 0),
        Placement("front-M", 2, 660, 930, 180),
        Placement("facing-M", 1, 700, 10, 0),
        Placement("facing-M", 2, 900, 400, 30.0),
        Placement("star", 1, 705, 230, 0),
        Placement("star", 2, 860, 700, 0),
        Placement("pocket-M", 1, 900, 60, 0, True),
        Placement("pocket-M", 2, 1050, 60, 0, True),
    )
    fabric = Fabric(1500)
    pieces = tuple(p if p.id != "facing-M" else _tilted(p) for p in PIECES)
    return Marker(fabric, pieces, places, NestSettings())


def _tilted(piece: OrderedPiece) -> OrderedPiece:
    from dataclasses import replace

    return replace(piece, allowed_angles_deg=(0.0, 30.0))
