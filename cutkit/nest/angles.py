"""The angles among which the search chooses, for pieces that may tilt: in stages, each one finer than the one before.

A search knows every piece at a few angles, for which its tables are made; so a tilt is searched in stages. The first
is the search as it is without tilt. Every later one begins with the best layout so far, in which each copy may now
keep its angle, turn by a step to either side, or go back to an exact angle; and its step is a third of the last one's.
The exact angles are those allowed without tilt, the quarter turns, and in the first of these stages also those at which
a long edge lies along or across the fabric. A stage is made smaller where its tables would cost too much: then some of
the copies, drawn anew for every stage, may not turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import exp

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from cutkit.kernels.state import Tables
from cutkit.model import Copy, Demand, Fabric, NestSettings, OrderedPiece, Placement
from cutkit.nest.settle import Laid

Floats = NDArray[np.float64]
_Turned = tuple[str, bool | None, float]
"""A piece, whether it is mirrored (None: both ways), and its angle."""

WIDEST_STEP_DEG = 45.0
FINEST_STEP_DEG = 0.15
STEP_RATIO = 1 / 3
"""Step of a stage, as a part of the step of the one before."""
FIRST_SHARE = 0.4
"""Part of the effort spent before anything tilts."""
HURRIED_FIRST_SHARE = 0.85
HURRIED_S = 0.5
"""With fewer seconds than this for each copy the first stage is not done yet, and gets a larger part."""
LEAST_STAGE_S = 0.25
TABLES_TO_STAGE = 8.0
"""Stages shorter than this many times the preparation of the first tables are not worth their own."""

DECIMALS = 9
"""Angles are rounded as they are written: 1e-9 degrees are less than 1e-7 mm in ten metres."""
ROUNDING_DEG = 1e-9
ALIKE_DEG = 1e-7
LONG_EDGE = 0.1
"""An edge of the hull that is at least this part of its perimeter gives the piece natural angles."""
NATURAL_EDGES = 2
"""So many directions of edges give natural angles: every angle more makes each move dearer."""
GRID_DEG = 0.5

MOST_MEMORY_BYTES = 200e6
"""What a stage's tables may take."""
MOST_PAIRS_BY_ROUNDS = 3000
"""Pairs of shapes in the tables of a stage by rounds: some 50 MB, a second or so of preparation."""
PREPARATION_SHARE = 0.35
"""Part of a stage's time that its tables may take."""
DEAREST_PAIR_S = 2e-3
"""What a pair is taken to cost at most. The first tables of a process seem dearer: they wait for compiled code."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a search: its number, its step as a part of the widest one (0: nothing tilts), and its effort.

    That is a number of rounds, or a part of the time that is left when it begins.
    """

    number: int
    step: float
    rounds: int | None
    share_of_rest: float

    def seed(self, seed: int) -> int:
        """The seed of the search in this stage; the first stage's is the search's own."""
        return seed + (self.number << 32)


def stages_of(demand: Demand, settings: NestSettings, left_s: float | None, first: TablesCost) -> list[Stage]:
    """The stages of a search with ``left_s`` seconds or by rounds, whose ``first`` tables are made: one alone where
    nothing may tilt, and where the effort is too small to be divided."""
    steps = _steps(min(WIDEST_STEP_DEG, max((piece.tilt_deg for piece in demand.pieces), default=0.0)))
    if settings.rounds is not None:
        most = settings.rounds - 1
    else:
        later_s = (1 - FIRST_SHARE) * (left_s or 0.0)
        most = max(int(later_s > LEAST_STAGE_S), int(later_s / max(LEAST_STAGE_S, TABLES_TO_STAGE * first.time_s)))
    count = min(most, len(steps))
    steps = [0.0] + [steps[int((k + 0.5) * len(steps) / count)] for k in range(count)]
    first_share = FIRST_SHARE
    if settings.rounds is None:
        hurry = exp(-(left_s or 0.0) / (HURRIED_S * max(1, len(demand.copies))))
        first_share += (HURRIED_FIRST_SHARE - FIRST_SHARE) * hurry
    shares = [first_share] + [(1 - first_share) / max(1, count)] * count
    rounds = [None] * len(steps) if settings.rounds is None else _whole_parts(settings.rounds, shares)
    return [Stage(k, step, rounds[k], shares[k] / sum(shares[k:])) for k, step in enumerate(steps)]


def _steps(widest_deg: float) -> list[float]:
    """The steps of as many stages as may be useful, as parts of the widest."""
    count = 0
    while widest_deg * STEP_RATIO**count >= FINEST_STEP_DEG:
        count += 1
    return [STEP_RATIO**k for k in range(count)]


def _whole_parts(total: int, shares: list[float]) -> list[int]:
    """``total`` in parts of at least 1, by ``shares``; there are no more of these than ``total``."""
    ends = [0]
    for k in range(len(shares)):
        wanted = round(total * sum(shares[: k + 1]) / sum(shares))
        ends.append(min(max(wanted, ends[-1] + 1), total - (len(shares) - 1 - k)))
    return [end - begin for begin, end in pairwise(ends)]


def first_ways(demand: Demand, fabric: Fabric) -> list[Copy]:
    """The copies with the angles of the first stage: the exact ones, and where a piece fits at none of these, the angle
    at which it fits best. Copies of pieces that may not tilt stay as they are."""
    if all(piece.tilt_deg <= 0 for piece in demand.pieces):
        return list(demand.copies)
    by_id = {piece.id: piece for piece in demand.pieces}
    found: dict[Copy, Copy] = {}
    for copy in demand.copies:
        alike = replace(copy, bundle=0)
        if alike not in found:
            found[alike] = _first_way(by_id[copy.piece], alike, fabric)
    return [replace(copy, angles_deg=found[replace(copy, bundle=0)].angles_deg) for copy in demand.copies]


def _first_way(piece: OrderedPiece, copy: Copy, fabric: Fabric) -> Copy:
    if piece.tilt_deg <= 0:
        return copy
    leeway = Leeway(copy.angles_deg, piece.tilt_deg)
    angles = list(leeway.exact)
    hulls = _hulls(piece.outline, copy.mirrored)
    if all(_excess(hull, np.array(angles), fabric).min() > 1 for hull in hulls):
        angles += (leeway.best_fitting(hull, fabric) for hull in hulls)
    return replace(copy, angles_deg=leeway.allowed(angles))


def ways_with(
    ways: Sequence[Copy], copies: Sequence[Copy], lying: Sequence[Placement | None], by_id: Mapping[str, OrderedPiece]
) -> list[Copy]:
    """``ways``, those of ``copies`` that may tilt also at the angles at which they lie already, where they may; as many
    as tables can be made for in a moment."""
    shapes = {(way.piece, way.mirrored, angle) for way in ways for angle in way.angles_deg}
    found: list[Copy] = []
    for way, copy, placement in zip(ways, copies, lying, strict=True):
        piece = by_id[copy.piece]
        if placement is not None and piece.tilt_deg > 0:
            allowed = Leeway(copy.angles_deg, piece.tilt_deg).allowed([*way.angles_deg, placement.angle_deg])
            more = shapes | {(way.piece, way.mirrored, angle) for angle in allowed}
            if _pairs(more) <= MOST_PAIRS_BY_ROUNDS:
                shapes, way = more, replace(way, angles_deg=allowed)
        found.append(way)
    return found


@dataclass(frozen=True)
class Leeway:
    """How a copy may lie: at one of ``angles_deg``, up to ``tilt_deg`` off it."""

    angles_deg: tuple[float, ...]
    tilt_deg: float

    @property
    def exact(self) -> tuple[float, ...]:
        """The angles allowed without tilt, and the quarter turns within the tilt."""
        return self.allowed([*self.angles_deg, 0.0, 90.0, 180.0, 270.0])

    def allowed(self, angles: Iterable[float]) -> tuple[float, ...]:
        """Those of ``angles`` that are allowed, from 0 to 360 degrees, each once, in the order given."""
        found: list[float] = []
        for angle in map(_normal, angles):
            if self._is_allowed(angle) and not any(off_deg(angle, other) <= ALIKE_DEG for other in found):
                found.append(angle)
        return tuple(found)

    def best_fitting(self, hull: Floats, fabric: Fabric) -> float:
        """The allowed angle at which a hull fits the fabric best: it takes the least part of the width, or of the
        length where that is limited and the part is larger.

        A box that may turn is lowest where an edge lies along the fabric, or where it may turn no farther; so exact
        fits are found. Between a width and a length limit a grid finds the angle.
        """
        ends = [a + side * self.tilt_deg for a in self.angles_deg for side in (-1, 1)]
        edges = [a for a, _ in _edge_angles(hull)]
        angles = np.array([*self.exact, *ends, *edges, *np.arange(0.0, 360.0, GRID_DEG)])
        best = self._best(angles, hull, fabric)
        for span in (GRID_DEG, GRID_DEG / 10, GRID_DEG / 100):
            best = self._best(np.concatenate([[best], best + np.linspace(-span, span, 21)]), hull, fabric)
        return best

    def _best(self, angles: Floats, hull: Floats, fabric: Fabric) -> float:
        """Which of ``angles``, where it is allowed, lets a hull fit best; the first of equals."""
        angles = np.round(angles % 360.0, DECIMALS)
        off = np.abs((angles[:, None] - self.angles_deg + 180.0) % 360.0 - 180.0).min(axis=1)
        angles = angles[off <= self.tilt_deg + ROUNDING_DEG]
        return _normal(angles[int(np.argmin(_excess(hull, angles, fabric)))])

    def natural(self, hull: Floats) -> list[float]:
        """The allowed angles at which a long edge of a hull lies along or across the fabric; of the longest few."""
        perimeter = float(np.hypot(*(np.roll(hull, -1, axis=0) - hull).T).sum())
        turns: dict[float, list[float]] = {}
        for angle, length in _edge_angles(hull):
            if length >= LONG_EDGE * perimeter:
                turns.setdefault(round(angle % 90.0, 6) % 90.0, []).append(angle)
        return list(self.allowed(angle for alike in list(turns.values())[:NATURAL_EDGES] for angle in alike))

    def _is_allowed(self, angle: float) -> bool:
        return any(off_deg(angle, a) <= self.tilt_deg + ROUNDING_DEG for a in self.angles_deg)


def finer_ways(demand: Demand, best: Laid, stage: Stage, most_pairs: int, seed: int) -> list[Copy] | None:
    """The copies of the best layout, each with its angles of a stage; None where not one may turn without more than
    ``most_pairs`` pairs of shapes.

    Copies that lie alike turn alike, so they share their shapes; who turns where not all may is drawn with ``seed``.
    """
    by_id = {piece.id: piece for piece in demand.pieces}
    lying = [_Lying.of(best, i, by_id) for i in range(len(best.choice.copies))]
    angles = {entry: entry.kept for entry in lying}
    shapes = {shape for entry in angles for shape in entry.shapes(angles[entry])}
    before = len(shapes)
    order = list(angles)
    for k in np.random.default_rng(seed).permutation(len(order)):
        entry = order[k]
        more = shapes.union(entry.shapes(entry.turned(stage)))
        if _pairs(more) <= most_pairs:
            shapes = more
            angles[entry] += entry.turned(stage)
    if len(shapes) == before:
        return None
    return [entry.way(copy, angles[entry]) for copy, entry in zip(best.choice.copies, lying, strict=True)]


def _pairs(shapes: set[_Turned]) -> int:
    """How many pairs of shapes need tables."""
    half_turns = sum((piece, mirrored, _normal(angle + 180.0)) in shapes for piece, mirrored, angle in shapes)
    return _pairs_of(len(shapes), half_turns)


def _pairs_of(count: int, half_turns: int) -> int:
    """The same for ``count`` shapes, of which so many are there turned by 180 degrees as well: two pairs of these are
    the same, turned."""
    return (count * (count + 1) - half_turns * (half_turns + 1)) // 2 + half_turns * (half_turns + 2) // 4


@dataclass(frozen=True)
class _Lying:
    """How a copy lies in the best layout so far; the same for copies that lie alike, whatever their bundle."""

    piece: OrderedPiece = field(compare=False)
    copy: Copy
    angle_deg: float

    @staticmethod
    def of(best: Laid, i: int, by_id: dict[str, OrderedPiece]) -> _Lying:
        copy = best.choice.copies[i]
        return _Lying(by_id[copy.piece], replace(copy, bundle=0), best.pose(i).angle_deg)

    @property
    def leeway(self) -> Leeway:
        return Leeway(self.copy.angles_deg, self.piece.tilt_deg)

    def shapes(self, angles: tuple[float, ...]) -> set[_Turned]:
        """What the tables have to know where a copy that lies like this gets ``angles``."""
        return {(self.copy.piece, self.copy.mirrored, _normal(angle)) for angle in angles}

    def way(self, copy: Copy, angles: tuple[float, ...]) -> Copy:
        """``copy``, which lies like this, with ``angles``; as it is where it may not tilt."""
        return replace(copy, angles_deg=self.leeway.allowed(angles)) if self.piece.tilt_deg > 0 else copy

    @property
    def kept(self) -> tuple[float, ...]:
        """The angle as it is, and the exact ones."""
        return self.leeway.allowed([self.angle_deg, *self.leeway.exact])

    def turned(self, stage: Stage) -> tuple[float, ...]:
        """The angles a step to either side; in the first stage that turns also those natural to the piece."""
        step = stage.step * min(WIDEST_STEP_DEG, self.piece.tilt_deg)
        angles = [self.angle_deg - step, self.angle_deg + step] if step else []
        if step and stage.number == 1:
            angles += (a for hull in _hulls(self.piece.outline, self.copy.mirrored) for a in self.leeway.natural(hull))
        return self.leeway.allowed(angles)


@dataclass(frozen=True, slots=True)
class TablesCost:
    """What tables took: for how many pairs of shapes, how long with all workers, and how much memory."""

    pairs: int = 1
    time_s: float = 0.0
    memory_bytes: int = 0

    @staticmethod
    def of(tables: Tables, forms: int, half_turns: int, time_s: float) -> TablesCost:
        """The cost of ``tables`` of ``forms`` that took ``time_s``; ``half_turns`` of them are there twice, turned."""
        return TablesCost(_pairs_of(forms, half_turns), time_s, sum(array.nbytes for array in tables))

    def most_pairs(self, stage_s: float | None) -> int:
        """How many pairs a stage of ``stage_s`` seconds may have; None: a stage by rounds."""
        most = MOST_MEMORY_BYTES * self.pairs / max(1, self.memory_bytes)
        if stage_s is None:
            return int(min(most, MOST_PAIRS_BY_ROUNDS))
        pair_s = max(1e-9, min(self.time_s / self.pairs, DEAREST_PAIR_S))
        return int(min(most, PREPARATION_SHARE * max(0.0, stage_s) / pair_s))


def _normal(angle: float) -> float:
    """An angle from 0 to below 360 degrees, rounded as it is written."""
    return round(float(angle) % 360.0, DECIMALS) % 360.0


def off_deg(angle: float, other: float) -> float:
    """How far two angles are apart, 0 to 180."""
    apart = abs(angle - other) % 360.0
    return min(apart, 360.0 - apart)


def _hulls(outline: Polygon, mirrored: bool | None) -> list[Floats]:
    """The corners of the outline's convex hull, as drawn, mirrored, or both."""
    hull = shapely.get_coordinates(outline.convex_hull)[:-1]
    return [hull * (1, -1 if flip else 1) for flip in ((False, True) if mirrored is None else (mirrored,))]


def _edge_angles(hull: Floats) -> list[tuple[float, float]]:
    """The angles at which an edge of a hull lies along or across the fabric, with its length, the longest first."""
    edges = np.roll(hull, -1, axis=0) - hull
    length = np.hypot(edges[:, 0], edges[:, 1])
    turn = -np.degrees(np.arctan2(edges[:, 1], edges[:, 0]))
    order = np.argsort(-length, kind="stable")
    return [(float(turn[k]) + quarter, float(length[k])) for k in order for quarter in (0.0, 90.0, 180.0, 270.0)]


def _excess(hull: Floats, angles: Floats, fabric: Fabric) -> Floats:
    """The part of the usable width that a hull takes at each of ``angles``, or of the length limit, if that is more;
    above 1 it does not fit."""
    turn = np.radians(angles)[:, None]
    x, y = hull[:, 0], hull[:, 1]
    part: Floats = np.ptp(np.sin(turn) * x + np.cos(turn) * y, axis=1) / fabric.usable_width_mm
    if fabric.max_length_mm is not None:
        part = np.maximum(part, np.ptp(np.cos(turn) * x - np.sin(turn) * y, axis=1) / fabric.max_length_mm)
    return part
