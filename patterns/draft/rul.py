"""Grade rules: how far every labelled point of the sample size moves to become the other sizes'.

The sizes are drafted, not graded, so the rules are read off the drafts: each edge of a size is given as many vertices
as the sample's edge has, at the same shares of its length between corners and notches, and the movement of a vertex is
its rule. Points that move alike share a rule. Deltas are cumulative from the sample size, along the axes of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from patterns.draft.geometry import Path, Point, stations
from patterns.draft.sheet import SheetPiece

Delta = tuple[float, float]
Key = tuple[str, int, float, float]

BOUNDARY, NOTCH, INTERNAL, DRILL, SEW = 1, 4, 8, 13, 14


@dataclass(frozen=True)
class Grading:
    """``rule_at`` gives the number of the rule at a point of the sample: (piece, layer, x, y)."""

    sizes: tuple[str, ...]
    sample: str
    rules: tuple[tuple[Delta, ...], ...]
    rule_at: dict[Key, int]

    def number(self, piece: str, layer: int, where: Point) -> int:
        """The rule's number, from 1."""
        return self.rule_at[_key(piece, layer, where)]


def _key(piece: str, layer: int, where: Point) -> Key:
    return piece, layer, round(float(where[0]), 4), round(float(where[1]), 4)


def grading(pieces: list[SheetPiece], sizes: tuple[str, ...], sample: str) -> Grading:
    """The rules of a nest that is laid with all sizes of a piece on the draft's origin."""
    numbers: dict[tuple[Delta, ...], int] = {}
    rule_at: dict[Key, int] = {}
    for base in [piece for piece in pieces if piece.size == sample]:
        graded = [matched(piece, base) for piece in pieces if piece.name == base.name]
        rows = zip(*(grade_points(piece) for piece in graded), strict=True)
        for (layer, where), row in zip(grade_points(base), rows, strict=True):
            rule = tuple(_delta(where, point) for _, point in row)
            rule_at[_key(base.name, layer, where)] = numbers.setdefault(rule, len(numbers) + 1)
    return Grading(sizes, sample, tuple(numbers), rule_at)


def _delta(start: Point, end: Point) -> Delta:
    dx, dy = (end - start).tolist()
    return round(round(dx, 7), 3) + 0.0, round(round(dy, 7), 3) + 0.0


def grade_points(piece: SheetPiece) -> Iterator[tuple[int, Point]]:
    """Every point of a piece that a rule moves, with the layer it stands for, in a fixed order."""
    yield from ((BOUNDARY, vertex) for vertex in piece.outline)
    yield from ((NOTCH, notch.point) for notch in piece.notches)
    yield from ((INTERNAL, vertex) for inner in piece.internals for vertex in inner.path)
    yield from ((DRILL, point) for point in piece.drills)
    yield from ((SEW, vertex) for vertex in piece.sew_line)


def matched(piece: SheetPiece, like: SheetPiece) -> SheetPiece:
    """The piece with the vertices of another size of it; each still lies on its own drafted line."""
    boundary = tuple(
        _resampled(path, _keys(path, piece), model, _keys(model, like))
        for path, model in zip(piece.boundary, like.boundary, strict=True)
    )
    sew = tuple(
        _resampled(path, [0, len(path) - 1], model, [0, len(model) - 1])
        for path, model in zip(piece.sew, like.sew, strict=True)
    )
    internals = tuple(
        replace(inner, path=_resampled(inner.path, [0, len(inner.path) - 1], model.path, [0, len(model.path) - 1]))
        for inner, model in zip(piece.internals, like.internals, strict=True)
    )
    return replace(piece, boundary=boundary, sew=sew, internals=internals)


def _keys(path: Path, piece: SheetPiece) -> list[int]:
    """The vertices of an edge that stay themselves through all sizes: its ends, its notches and sharp corners."""
    keys = {0, len(path) - 1}
    for notch in piece.notches:
        apart = ((path - notch.point) ** 2).sum(axis=1)
        if apart.min() < 1e-6:
            keys.add(int(apart.argmin()))
    return sorted(keys | set(corners(path)))


def corners(path: Path, least_deg: float = 30.0) -> list[int]:
    """The inner vertices where the path turns by more than an angle."""
    steps = path[1:] - path[:-1]
    along = np.arctan2(steps[:, 1], steps[:, 0])
    turn = np.abs((np.diff(along) + np.pi) % (2 * np.pi) - np.pi)
    return [int(i) + 1 for i in np.flatnonzero(turn > np.radians(least_deg))]


def _resampled(path: Path, keys: list[int], model: Path, model_keys: list[int]) -> Path:
    """``path`` with as many vertices as ``model``, at the same shares of the length between the key vertices."""
    if len(keys) != len(model_keys):
        raise ValueError("two sizes of an edge have different notches or corners")
    mine, theirs = stations(path), stations(model)
    wanted = np.interp(theirs, theirs[model_keys], mine[keys])
    result = np.column_stack([np.interp(wanted, mine, path[:, 0]), np.interp(wanted, mine, path[:, 1])])
    result[model_keys] = path[keys]
    return result


def rul(table: Grading, name: str, units: str, created: tuple[str, str], author: tuple[str, str, str]) -> bytes:
    """The rule table as a .RUL file, in millimetres, four pairs a line."""
    lines = [
        "ANSI/AAMA VERSION: 1.0.0",
        f"AUTHOR: {author[0]}",
        f"PRODUCT: {author[1]}",
        f"VERSION: {author[2]}",
        f"CREATION DATE: {created[0]}",
        f"CREATION TIME: {created[1]}",
        f"UNITS: {units}",
        f"GRADE RULE TABLE: {name}",
        f"NUMBER OF SIZES: {len(table.sizes)}",
        f"SIZE LIST: {' '.join(table.sizes)}",
        f"SAMPLE SIZE: {table.sample}",
    ]
    for number, rule in enumerate(table.rules, start=1):
        lines.append(f"RULE: DELTA {number}")
        pairs = [f"{dx:.3f}, {dy:.3f}" for dx, dy in rule]
        lines += ["  " + "  ".join(pairs[i : i + 4]) for i in range(0, len(pairs), 4)]
    return ("\n".join([*lines, "END"]) + "\n").encode("ascii")
