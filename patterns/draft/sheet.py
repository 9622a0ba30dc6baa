"""A drafted piece as it will lie in a pattern file: turned to the file's grain and put beside its neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from patterns.draft.allowance import CutNotch, CutPiece, with_allowance
from patterns.draft.geometry import Path, Point, pt, turned
from patterns.draft.piece import Garment, Internal

ROW_MM = 2600.0
ROOM_MM = 60.0


@dataclass(frozen=True, eq=False)
class SheetPiece:
    """Everything a file says about one piece in one size, in the file's place and direction, in millimetres."""

    name: str
    size: str
    category: str
    material: str
    copies: tuple[int, int]
    on_fold: bool
    boundary: tuple[Path, ...]
    sew: tuple[Path, ...]
    mirror: tuple[Point, Point] | None
    grain: tuple[Point, Point]
    notches: tuple[CutNotch, ...]
    internals: tuple[Internal, ...]
    drills: tuple[Point, ...]

    @property
    def outline(self) -> Path:
        """The closed cut line, first point not repeated."""
        return np.concatenate([path[:-1] for path in self.boundary])

    @property
    def sew_line(self) -> Path:
        """The closed sew line, first point not repeated."""
        return np.concatenate([path[:-1] for path in self.sew])


def sheet_piece(cut: CutPiece, size: str) -> SheetPiece:
    """The piece as it was drafted, not yet turned."""
    piece = cut.piece
    return SheetPiece(
        name=piece.name,
        size=size,
        category=piece.category,
        material=piece.material,
        copies=piece.copies,
        on_fold=piece.on_fold,
        boundary=cut.paths,
        sew=tuple(edge.path for edge in piece.edges),
        mirror=cut.mirror,
        grain=piece.grain,
        notches=cut.notches,
        internals=piece.internals,
        drills=piece.drills,
    )


def placed(piece: SheetPiece, angle_deg: float, shift: Point) -> SheetPiece:
    """The piece turned about the draft's origin and shifted."""

    def put(path: Path) -> Path:
        return turned(path, angle_deg) + shift

    def put_point(point: Point) -> Point:
        return put(point[None, :])[0]

    return replace(
        piece,
        boundary=tuple(put(path) for path in piece.boundary),
        sew=tuple(put(path) for path in piece.sew),
        mirror=(put_point(piece.mirror[0]), put_point(piece.mirror[1])) if piece.mirror else None,
        grain=(put_point(piece.grain[0]), put_point(piece.grain[1])),
        notches=tuple(
            replace(n, point=put_point(n.point), inward=turned(n.inward[None, :], angle_deg)[0]) for n in piece.notches
        ),
        internals=tuple(replace(inner, path=put(inner.path)) for inner in piece.internals),
        drills=tuple(put_point(point) for point in piece.drills),
    )


def sheet(garments: list[Garment], grain_deg: float | None, nested: bool = True) -> list[SheetPiece]:
    """All pieces of all sizes in file order: piece by piece, and within a piece size by size.

    ``grain_deg``: the direction every grain line gets in the file, None: as drafted. Sizes of one piece share the
    draft's origin, as a graded nest does, or with ``nested`` false stand side by side.
    """
    laid: list[SheetPiece] = []
    corner = pt(0.0, 0.0)
    row_height = 0.0
    for index in range(len(garments[0].pieces)):
        sizes = [sheet_piece(with_allowance(g.pieces[index]), g.size) for g in garments]
        for group in [sizes] if nested else [[one] for one in sizes]:
            stack = [placed(one, _turn(one, grain_deg), pt(0.0, 0.0)) for one in group]
            low = np.min([one.outline.min(axis=0) for one in stack], axis=0)
            high = np.max([one.outline.max(axis=0) for one in stack], axis=0)
            if corner[0] > 0 and corner[0] + high[0] - low[0] > ROW_MM:
                corner, row_height = pt(0.0, corner[1] + row_height), 0.0
            laid += [placed(one, 0.0, corner - low) for one in stack]
            row_height = max(row_height, float(high[1] - low[1]) + ROOM_MM)
            corner = corner + pt(float(high[0] - low[0]) + ROOM_MM, 0.0)
    return laid


def _turn(piece: SheetPiece, grain_deg: float | None) -> float:
    if grain_deg is None:
        return 0.0
    along = piece.grain[1] - piece.grain[0]
    turn = grain_deg - math.degrees(math.atan2(along[1], along[0]))
    return round(turn / 90.0) * 90.0 if abs(turn / 90.0 - round(turn / 90.0)) < 1e-9 else turn
