"""Markers made by hand that have rules of cloth: one with every rule at once, in two lengths, and one of 300 pieces.

They are laid on shelves, a garment behind the other, and not meant to be good: what they show is drawn, not judged.
"""

from __future__ import annotations

from dataclasses import replace

from sample_markers import drafts, marker_of, shelve
from shapely.geometry import Polygon, box

from cutkit.model import (
    Defect,
    Fabric,
    Mark,
    Marker,
    Match,
    NestSettings,
    OrderedPiece,
    Placement,
    Repeat,
    Tie,
    Zone,
)

HALF = Polygon([(0, 0), (0, 260), (430, 250), (520, 180), (640, 190), (600, 90), (590, 0)])
"""The half of a back: its fold side is the low one."""
SPLICES = {3: ((610.0, 700.0), (1480.0, 1480.0), (2400.0, 2560.0), (4100.0, 4180.0)), 1: ((640.0, 720.0),)}
GAP_MM = 26.0


def ruled_fabric(garments: int) -> Fabric:
    """Folded checked cloth with flaws of three kinds, the last of them over the end of the marker."""
    end = 1290.0 * garments
    return Fabric(
        1500.0,
        nap="per-bundle",
        name="Flannel check",
        material="Shell",
        max_length_mm=6000.0,
        defects=(
            Defect((500.0, 1200.0, 560.0, 1330.0)),
            Defect((900.0, 300.0, 1060.0, 420.0), ("B", "C")),
            Defect((300.0, 700.0, 380.0, 760.0), ("C",)),
            Defect((end - 150.0, 1350.0, end + 900.0, 1700.0)),
        ),
        high_selvedge_mm=22.0,
        start_margin_mm=30.0,
        end_margin_mm=45.0,
        spread="folded",
        has_face=False,
        zones=(Zone("by the fold", 0.0, 480.0), Zone("middle", 480.0, 1000.0), Zone("outer edge", 940.0, 1478.0)),
        repeat=Repeat(80.0, 60.0, 15.0, 10.0),
        shrinkage=(0.02, 0.015),
    )


def ruled_piece(piece: OrderedPiece) -> OrderedPiece:
    """A piece with the rules that suit it."""
    tilts = {"tilt_deg": 3.0, "allowed_angles_deg": (0.0, 180.0)}
    x1, y1 = piece.outline.bounds[2:]
    more: dict[str, object] = {
        "Front": {
            "matches": (Match("chest", (320.0, 0.0), "front to sleeve"), Match("hem", (0.0, 100.0), "side")),
            "block": piece.outline.buffer(9.0, join_style="mitre"),
            "buffer_mm": 9.0,
            "marks": (*piece.marks, Mark("match", ((320.0, 0.0),))),
        },
        "Back": {"fold": "low", "matches": (Match("hem", (0.0, 100.0), "side"), Match("yoke", (430.0, 250.0)))},
        "Sleeve": {"matches": (Match("cap", (420.0, 150.0), "front to sleeve"),), "zones": ("middle", "outer edge")},
        "Collar": {"quality": "B", "ties": (Tie((0.0, 170.0), x_mm=None, y_mm=880.0),)},
        "Cuff": {**tilts, "may_mirror": True, "block": box(-5.0, -5.0, x1 + 5.0, y1 + 5.0), "buffer_mm": 5.0},
        "Pocket bag upper": {**tilts, "quality": "C", "ignores_nap": True},
    }.get(piece.name, {})
    return replace(piece, **more)  # type: ignore[arg-type]


def ruled_marker(garments: int) -> Marker:
    """Shirts on folded cloth with every rule at once: three garments take five metres, one takes one and a half."""
    fabric = ruled_fabric(garments)
    pieces: dict[str, OrderedPiece] = {}
    placements: list[Placement] = []
    end = 0.0
    for bundle in range(1, garments + 1):
        size = "M" if bundle % 2 else "L"
        copies = []
        for name, outline, drawn, mirrored, marks in drafts():
            shape, marks = (HALF, ()) if name == "Back" else (outline, marks)
            id_, times = f"{name}-{size}", len(range(bundle, garments + 1, 2))
            ordered = OrderedPiece(id_, name, size, shape, drawn * times, mirrored * times, marks, style="Shirt 1207")
            piece = pieces.setdefault(id_, ruled_piece(ordered))
            copies += [(piece, bundle, index >= drawn) for index in range(drawn + mirrored)]
        # The half back comes first on its shelf: on the fold.
        copies.sort(key=lambda copy: copy[0].name != "Back")
        laid = [moved(p, end) for p in shelve(copies, fabric, GAP_MM)]
        placements += [tilted(p, pieces[p.piece], index) for index, p in enumerate(laid)]
        end = max(p.polygon(pieces[p.piece].outline).bounds[2] for p in placements) + GAP_MM
    settings = NestSettings(gap_mm=2.0, bundle_span_mm=1500.0, bundling="sections", seed=7, rounds=3)
    return Marker(fabric, tuple(pieces.values()), tuple(placements), settings)


def moved(placement: Placement, along_mm: float) -> Placement:
    """A placement further along the cloth; the collars of the first garment are locked."""
    locked = placement.bundle == 1 and placement.piece.startswith(("Collar", "Yoke"))
    return replace(placement, x_mm=placement.x_mm + along_mm, locked=locked)


def tilted(placement: Placement, piece: OrderedPiece, number: int) -> Placement:
    """Pieces that may tilt do, by another angle each."""
    off = (0.0, 1.5, -2.2, 3.0)[number % 4] if piece.tilt_deg else 0.0
    return replace(placement, angle_deg=placement.angle_deg + off)


def crowded_marker() -> Marker:
    """Three hundred pieces of sixteen garments with match points, mirrored and tilted, on a small repeat."""
    marker = marker_of(["S", "M", "L", "XL"] * 4, pieces=300, scale=0.6, nap="one-way")
    groups = {
        "Front": ("cf", "side"),
        "Sleeve": ("cf",),
        "Back": ("side",),
        "Pocket bag upper": ("pocket",),
        "Yoke": ("pocket",),
    }

    def matched(piece: OrderedPiece) -> OrderedPiece:
        at = piece.outline.representative_point()
        points = [Match(f"m{k}", (at.x + 40.0 * k, at.y), g) for k, g in enumerate(groups.get(piece.name, ()))]
        return replace(piece, matches=tuple(points), may_mirror=piece.name == "Cuff")

    fabric = replace(marker.fabric, repeat=Repeat(12.0, 18.0, angle_deg=45.0), high_selvedge_mm=30.0)
    placements = tuple(
        replace(p, angle_deg=p.angle_deg + (0.4 if k % 7 == 0 else 0.0)) for k, p in enumerate(marker.placements)
    )
    return replace(marker, fabric=fabric, pieces=tuple(map(matched, marker.pieces)), placements=placements)
