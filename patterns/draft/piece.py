"""Pieces, edges, notches and seams: what a drafted garment consists of.

A piece is drafted as its sew line: named edges, end to end, counter-clockwise. Each edge has its own seam allowance.
Notches sit at a distance along an edge and carry a name; a seam names the edges that are sewn together, and notches of
one name on its two sides must meet. That is what the tests check.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from patterns.draft.geometry import Path, Point, area, flipped, join, length


@dataclass(frozen=True)
class Notch:
    """A notch ``at_mm`` along an edge. ``free`` ones mark a fold or a pleat and meet no other notch."""

    name: str
    at_mm: float
    free: bool = False


@dataclass(frozen=True, eq=False)
class Edge:
    """One side of a piece on the sew line. ``turn_up``: a hem, folded back along this edge. ``fold``: mirror line."""

    name: str
    path: Path
    allowance_mm: float
    notches: tuple[Notch, ...] = ()
    turn_up: bool = False
    fold: bool = False


@dataclass(frozen=True, eq=False)
class Internal:
    """A line drawn inside a piece, not cut: a pocket's place, a fold line, a dart leg. ``label`` says which."""

    label: str
    path: Path


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece in one size. ``grain`` runs from the hem end to the top; ``copies`` is (as drawn, mirrored)."""

    name: str
    category: str
    edges: tuple[Edge, ...]
    grain: tuple[Point, Point]
    copies: tuple[int, int] = (1, 0)
    material: str = "SHELL"
    internals: tuple[Internal, ...] = ()
    drills: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        if area(self.sew_line) <= 0:
            raise ValueError(f"{self.name}: the edges must run counter-clockwise")

    @property
    def sew_line(self) -> Path:
        """The closed sew line, first point not repeated. ValueError where edges do not meet."""
        ring = join(*(edge.path for edge in self.edges))
        if math.hypot(*(ring[-1] - ring[0])) > 1e-6:
            raise ValueError(f"{self.name}: the edges do not close")
        return ring[:-1]

    @property
    def on_fold(self) -> bool:
        """Whether the piece is drawn as a half."""
        return any(edge.fold for edge in self.edges)

    def edge(self, name: str) -> Edge:
        """The edge of that name."""
        return next(edge for edge in self.edges if edge.name == name)


@dataclass(frozen=True)
class Seam:
    """Two rows of edges that are sewn together.

    A row lists ``"PIECE.edge"`` in walking order, ``"-PIECE.edge"`` walked backwards, and ``":name"`` for a point
    between two edges that a notch of the other row meets. The second row is ``stretch`` times the first plus
    ``ease_mm``; ``eased_mm`` says how much of the ease lies before a notch (else none).
    """

    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    ease_mm: float = 0.0
    stretch: float = 1.0
    eased_mm: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Garment:
    """All pieces of one size, and how they are sewn."""

    size: str
    pieces: tuple[Piece, ...]
    seams: tuple[Seam, ...]

    def piece(self, name: str) -> Piece:
        """The piece of that name."""
        return next(piece for piece in self.pieces if piece.name == name)


@dataclass(frozen=True)
class Walk:
    """A row of edges walked: its length and the marks on the way, in order."""

    length_mm: float
    marks: tuple[tuple[str, float], ...]
    notches: frozenset[tuple[str, str, str]]


def walk(garment: Garment, row: tuple[str, ...]) -> Walk:
    """Walks a row of a seam. ``notches`` names those met, as (piece, edge, notch)."""
    done = 0.0
    marks: list[tuple[str, float]] = []
    met: set[tuple[str, str, str]] = set()
    for step in row:
        if step.startswith(":"):
            marks.append((step[1:], done))
            continue
        piece_name, edge_name = step.lstrip("-").split(".")
        edge = garment.piece(piece_name).edge(edge_name)
        size = length(edge.path)
        for notch in edge.notches:
            if not notch.free:
                marks.append((notch.name, done + (size - notch.at_mm if step.startswith("-") else notch.at_mm)))
                met.add((piece_name, edge_name, notch.name))
        done += size
    return Walk(done, tuple(_once(sorted(marks, key=lambda mark: mark[1]))), frozenset(met))


def _once(marks: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Marks without those that a fold shows twice."""
    kept: list[tuple[str, float]] = []
    for name, where in marks:
        if not any(name == other and abs(where - place) < 0.01 for other, place in kept):
            kept.append((name, where))
    return kept


def mirror_piece(piece: Piece, name: str, **changes: object) -> Piece:
    """The piece mirrored about the y axis under a new name; edges keep their names and notches their places."""
    edges = []
    for edge in reversed(piece.edges):
        size = length(edge.path)
        notches = tuple(replace(notch, at_mm=size - notch.at_mm) for notch in edge.notches)
        edges.append(replace(edge, path=flipped(edge.path), notches=notches))
    internals = tuple(replace(inner, path=flipped(inner.path)) for inner in piece.internals)
    mirrored = replace(
        piece,
        name=name,
        edges=tuple(edges),
        internals=internals,
        drills=tuple(flipped(point[None, :])[0] for point in piece.drills),
        grain=(flipped(piece.grain[0][None, :])[0], flipped(piece.grain[1][None, :])[0]),
    )
    return replace(mirrored, **changes) if changes else mirrored  # type: ignore[arg-type]
