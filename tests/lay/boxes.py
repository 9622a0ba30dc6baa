"""Orders of garments made of boxes, and a slow, obvious nester of boxes, so that tests of lays are quick and exact."""

from __future__ import annotations

from shapely.geometry import box

from cutkit.model import Copy, Demand, Fabric, Marker, NestSettings, OrderedPiece, Placement, SearchRecord, Unplaced

Box = tuple[float, float, float, float]


def order(sizes: dict[str, list[tuple[float, float]]], counts: dict[str, int], angles=(0.0, 180.0)) -> Demand:
    """Garments of boxes (length, height) by size, numbered from 1 in the order of ``counts``."""
    pieces: list[OrderedPiece] = []
    copies: list[Copy] = []
    number = 0
    for size, count in counts.items():
        ids = [f"{size}{k}" for k in range(len(sizes[size]))]
        for name, (length, height) in zip(ids, sizes[size], strict=True):
            pieces.append(OrderedPiece(name, name, size, box(0, 0, length, height), count, allowed_angles_deg=angles))
        for _ in range(count):
            number += 1
            copies += [Copy(name, number, False, angles) for name in ids]
    return Demand("", tuple(pieces), tuple(copies))


class BoxNester:
    """Lays boxes one by one, longest first, where they come to lie first: x before y. It counts its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Demand, NestSettings]] = []

    def __call__(self, fabric: Fabric, demand: Demand, settings: NestSettings, start: Marker | None) -> Marker:
        self.calls.append((demand, settings))
        outlines = {piece.id: piece.outline.bounds for piece in demand.pieces}
        taken: list[Box] = [flaw.box_mm for flaw in fabric.defects]
        placements: list[Placement] = []
        unplaced: list[Unplaced] = []
        for copy in sorted(demand.copies, key=lambda c: (-outlines[c.piece][2], -outlines[c.piece][3], c.bundle)):
            _, _, length, height = outlines[copy.piece]
            if height > fabric.usable_width_mm:
                unplaced.append(Unplaced(copy.piece, 1, "too wide"))
                continue
            x, y = _first_place(taken, length, height, fabric.usable_width_mm, settings.gap_mm)
            taken.append((x, y, x + length, y + height))
            placements.append(Placement(copy.piece, copy.bundle, x, y, 0.0, bool(copy.mirrored)))
        record = SearchRecord(None, settings.rounds or 9, None)
        return Marker(fabric, demand.pieces, tuple(placements), settings, tuple(unplaced), search=record)


def _first_place(taken: list[Box], length: float, height: float, width: float, gap: float) -> tuple[float, float]:
    xs = sorted({0.0, *(b[2] + gap for b in taken if b[2] > 0)})
    ys = sorted({0.0, *(b[3] + gap for b in taken if b[3] > 0)})
    for x in xs:
        for y in ys:
            if y + height <= width and not any(
                x < b[2] + gap and b[0] < x + length + gap and y < b[3] + gap and b[1] < y + height + gap for b in taken
            ):
                return x, y
    raise AssertionError("behind all others there is room")


def copies_of(markers) -> list[tuple[str, int, bool]]:
    """All that is placed: pieces with their garments, sorted."""
    return sorted((p.piece, p.bundle, p.mirrored) for marker in markers for p in marker.placements)


def wanted_of(demand: Demand) -> list[tuple[str, int, bool]]:
    """All that is to be placed, in the same form."""
    return sorted((copy.piece, copy.bundle, bool(copy.mirrored)) for copy in demand.copies)
