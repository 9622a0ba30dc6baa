"""The shapes of pieces as the cloth needs them: halves that lie on its fold, and larger ones for cloth that shrinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.affinity import affine_transform
from shapely.geometry import LineString, Polygon, box

from cutkit.geometry import Affine, angle_of, distance, move_points, transform, without_repeats
from cutkit.model import Mark, Piece, Point, cos_sin_deg

ALIKE_MM = 0.05
"""Two outlines are one where they are no further apart than this on average."""
MARK_ALIKE_MM = 0.5
ALONG_GRAIN_MM = 0.1
"""A mirror line runs along the grain where its ends are no further apart across it than this."""
SNAP_MM = 1e-4


@dataclass(frozen=True)
class Shaped:
    """A piece's outline, marks and block as they are to be laid, and where its own points have gone (``moved``)."""

    outline: Polygon
    marks: tuple[Mark, ...]
    block: Polygon | None
    moved: Callable[[Point], Point]


def whole(piece: Piece, block: Polygon | None) -> Shaped:
    """The piece as it is."""
    return Shaped(piece.outline, piece.marks, block, lambda point: point)


def fold_mm(piece: Piece) -> float | None:
    """Where across the piece its mirror line lies; None where it has none, or not along the grain.

    Such a piece can lie as a half with that line on a fold of the cloth.
    """
    for mark in piece.marks if piece.unfolded else ():
        ys = [y for _, y in mark.points]
        if mark.kind == "fold" and max(ys) - min(ys) <= ALONG_GRAIN_MM:
            return sum(ys) / len(ys)
    return None


def half(piece: Piece, block: Polygon | None) -> Shaped | None:
    """The half of a piece above its mirror line, which lies at y = 0; None where it cannot be halved in one part.

    What lies below the line has its mirror image above it: points go there, and marks that have no twin.
    """
    line = fold_mm(piece)
    outline = None if line is None else _upper(piece.outline, line)
    if line is None or outline is None or not is_mirrored(piece.outline, (1.0, 0.0, 0.0, -1.0, 0.0, 2 * line)):
        return None
    upper_block = None if block is None else _upper(block, line)
    marks = tuple(part for mark in piece.marks for part in _marks_above(mark, line))
    return Shaped(outline, marks, upper_block, lambda point: (point[0], abs(point[1] - line)))


def _upper(shape: Polygon, line: float) -> Polygon | None:
    """What of a shape lies above a line along x, moved so that the line is y = 0."""
    x0, _, x1, y1 = shape.bounds
    part = shape.intersection(box(x0 - 1, line, x1 + 1, y1 + 1))
    if not isinstance(part, Polygon) or part.is_empty:
        return None
    moved = shapely.transform(part, lambda xy: np.column_stack([xy[:, 0], _snapped(xy[:, 1] - line)]))
    shell = without_repeats(moved.exterior.coords, closed=True)
    return Polygon(shell, [ring.coords for ring in moved.interiors])


def _snapped(y: np.ndarray) -> np.ndarray:
    return np.where(np.abs(y) <= SNAP_MM, 0.0, y)


def _marks_above(mark: Mark, line: float) -> Iterator[Mark]:
    """What of a mark lies on the upper half; a label, the grain and the like, which have no twin, mirrored there."""
    if mark.kind in ("label", "grain", "fold"):
        yield replace(mark, points=tuple((x, abs(y - line)) for x, y in mark.points))
    elif len(mark.points) == 1:
        (x, y) = mark.points[0]
        if y >= line - SNAP_MM:
            yield replace(mark, points=((x, max(0.0, y - line)),))
    else:
        for points in _lines_above(mark.points, line):
            yield replace(mark, points=points)


def _lines_above(points: Sequence[Point], line: float) -> Iterator[tuple[Point, ...]]:
    """The parts of a line that lie above another one; what lies on that goes with them."""
    drawn = LineString(points)
    x0, _, x1, y1 = drawn.bounds
    above = drawn.intersection(box(x0 - 1, line - SNAP_MM, x1 + 1, max(y1, line) + 1))
    merged = shapely.line_merge(above) if above.geom_type == "MultiLineString" else above
    for part in shapely.get_parts(merged).tolist():
        moved = tuple((x, max(0.0, y - line)) for x, y in part.coords) if part.geom_type == "LineString" else ()
        if moved and LineString(moved).length > SNAP_MM:
            yield moved


# --- shrinkage


def before_shrinking(shape: Shaped, shrinkage: tuple[float, float]) -> Shaped:
    """The shape larger, about the origin, by what the cloth will shrink: parts of its length and of its width."""
    if not any(shrinkage):
        return shape
    sx, sy = (1.0 / (1.0 - part) for part in shrinkage)
    matrix = (sx, 0.0, 0.0, sy, 0.0, 0.0)
    outline = transform(shape.outline, matrix)
    return Shaped(
        outline,
        tuple(_scaled(mark, matrix) for mark in shape.marks),
        None if shape.block is None else transform(shape.block, matrix),
        lambda point: move_points([shape.moved(point)], matrix)[0],
    )


def _scaled(mark: Mark, matrix: Affine) -> Mark:
    """A mark with its points farther apart; a notch turns with the cloth and keeps its depth, which the knife has."""
    points = tuple(move_points(mark.points, matrix))
    if mark.angle_deg is None:
        return replace(mark, points=points)
    c, s = cos_sin_deg(mark.angle_deg)
    return replace(mark, points=points, angle_deg=angle_of((0.0, 0.0), (c * matrix[0], s * matrix[3])))


# --- symmetry


def is_mirrored(outline: Polygon, matrix: Affine) -> bool:
    """Whether a map lays an outline on itself."""
    other = affine_transform(outline, matrix)
    return bool(outline.symmetric_difference(other).area <= ALIKE_MM * outline.length)


def is_symmetric(piece: Piece, *, may_turn: bool) -> bool:
    """Whether a mirrored copy of a piece is the piece itself, its notches and drill holes with it.

    Where it ``may_turn`` upside down, it is enough that the mirrored copy is so when it is turned by half a turn.
    """
    x0, y0, x1, y1 = piece.outline.bounds
    ways: list[Affine] = [(1.0, 0.0, 0.0, -1.0, 0.0, y0 + y1)]
    if may_turn:
        ways.append((-1.0, 0.0, 0.0, 1.0, x0 + x1, 0.0))
    return any(is_mirrored(piece.outline, way) and _has_twins(piece.marks, way) for way in ways)


def _has_twins(marks: Sequence[Mark], matrix: Affine) -> bool:
    """Whether a map lays every notch and drill hole on one of its kind."""
    for kind in ("notch", "drill"):
        points = [mark.points[0] for mark in marks if mark.kind == kind]
        for twin in move_points(points, matrix):
            if min(distance(twin, point) for point in points) > MARK_ALIKE_MM:
                return False
    return True
