"""Matching on the cloth's repeat: which copies are tied to the cloth or to one another, and at which phases they lie.

In each of the repeat's two directions the copies of a garment that share groups of match points, directly or over
others, are tied: their points keep fixed distances but for whole repeats. Tied to the cloth, their phases are known;
otherwise they move together, and a search may choose the phase of each such ``knot`` anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from cutkit.model import Copy, Fabric, Match, OrderedPiece, Placement
from cutkit.nest.stands import first_match, repeat_axes

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

RESIDUAL_MM = 0.4
"""So far off two matches of a piece may be that cannot both hold exactly; the referee allows 0.5 mm."""
SLIGHT = 1e-9
"""A direction's part that is no more is rounding."""
NONE, CLOTH = -1, 0
"""Knots of copies that nothing ties, and of those tied to the cloth."""


@dataclass(frozen=True)
class Matching:
    """The ties of ``n`` copies: for each the ``knot`` along and across, and the ``shift`` of its anchor's phase from
    its knot's (n, 2); ``repeat_mm`` in both directions (1 where there is none) and the axes' unit vectors."""

    knot: Longs
    shift: Floats
    repeat_mm: Floats
    axes: Floats

    def padded(self, count: int) -> Matching:
        """The same with ``count`` pieces more that nothing ties."""
        none = np.full((count, 2), NONE, dtype=np.int64)
        return replace(self, knot=np.vstack([self.knot, none]), shift=np.vstack([self.shift, np.zeros((count, 2))]))

    @property
    def is_needed(self) -> bool:
        """Whether anything is tied."""
        return bool((self.knot != NONE).any())

    @property
    def free_knots(self) -> list[tuple[int, int]]:
        """The knots whose phase a search may choose, each with its axis."""
        return [(axis, int(k)) for axis in (0, 1) for k in np.unique(self.knot[:, axis]) if k > CLOTH]

    def leaders(self) -> dict[tuple[int, int], int]:
        """The first copy of every free knot."""
        return {(axis, k): int(np.flatnonzero(self.knot[:, axis] == k)[0]) for axis, k in self.free_knots}

    def phases(self, known: dict[tuple[int, int], float]) -> Floats:
        """The phase that each copy's anchor must have, (n, 2), from those of the knots; inf where it may have any."""
        found = np.full(self.knot.shape, inf)
        for axis in (0, 1):
            at_cloth = self.knot[:, axis] == CLOTH
            found[at_cloth, axis] = self.shift[at_cloth, axis]
        for (axis, k), phase in known.items():
            tied = self.knot[:, axis] == k
            found[tied, axis] = phase + self.shift[tied, axis]
        return found

    def phase_of(self, axis: int, i: int, centre: Floats, anchor: Floats) -> float:
        """The phase of a knot whose copy ``i`` lies with its centre there."""
        return float(self.axes[axis] @ centre + anchor[axis] - self.shift[i, axis])


@dataclass(frozen=True)
class Conflict:
    """Why a copy cannot be laid: two of its matches contradict each other."""

    copy: int
    reason: str


@dataclass
class _Knots:
    """Copies tied in one direction: a forest in which every copy knows its shift from its root (union-find)."""

    root: list[int]
    shift: list[float] = field(default_factory=list)

    @staticmethod
    def of(count: int) -> _Knots:
        return _Knots(list(range(count)), [0.0] * count)

    def find(self, i: int) -> tuple[int, float]:
        """The root of ``i``, and its shift from there."""
        shift = 0.0
        while self.root[i] != i:
            shift += self.shift[i]
            i = self.root[i]
        return i, shift

    def tie(self, a: int, b: int, shift: float) -> float:
        """Let ``b`` be ``shift`` from ``a``; by how much that contradicts what is known already."""
        (root_a, shift_a), (root_b, shift_b) = self.find(a), self.find(b)
        if root_a == root_b:
            return shift_b - shift_a - shift
        self.root[root_b], self.shift[root_b] = root_a, shift_a + shift - shift_b
        return 0.0


def matching_of(
    fabric: Fabric, pieces: dict[str, OrderedPiece], copies: Sequence[Copy]
) -> tuple[Matching, list[Conflict]]:
    """How ``copies`` are tied, and which cannot be. Those with several matches have one angle (see ``tied_ways``)."""
    repeat = fabric.repeat
    sides = (None, None) if repeat is None else (repeat.x_mm, repeat.y_mm)
    knot = np.full((len(copies), 2), NONE, dtype=np.int64)
    shift = np.zeros((len(copies), 2))
    conflicts: dict[int, Conflict] = {}
    for axis, side in enumerate(sides):
        if side is not None:
            _tie_axis(fabric, pieces, copies, axis, side, (knot, shift), conflicts)
    sizes = np.array([side or 1.0 for side in sides])
    return Matching(knot, shift, sizes, repeat_axes(fabric)), list(conflicts.values())


def _tie_axis(
    fabric: Fabric,
    pieces: dict[str, OrderedPiece],
    copies: Sequence[Copy],
    axis: int,
    side_mm: float,
    out: tuple[Longs, Floats],
    conflicts: dict[int, Conflict],
) -> None:
    """Write the knots and shifts of one direction. The cloth is the node behind the copies."""
    cloth = len(copies)
    knots = _Knots.of(cloth + 1)
    groups: dict[tuple[int, str], tuple[int, float]] = {}
    for i, copy in enumerate(copies):
        held = _held_at(fabric, pieces[copy.piece], copy, axis)
        if held is not None:
            knots.tie(cloth, i, held)
    for i, copy in enumerate(copies):
        piece = pieces[copy.piece]
        anchor = first_match(piece, axis)
        for match in piece.matches if anchor is not None else ():
            if not (match.along, match.across)[axis]:
                continue
            assert anchor is not None
            # phase of this match's point = phase of the anchor + off
            off = _apart(fabric, copy, axis, anchor, match)
            if match.group == "":
                wrong = knots.tie(cloth, i, _cloth_phase(fabric, axis, match) - off)
            else:
                other = groups.setdefault((copy.bundle, match.group), (i, off))
                wrong = knots.tie(other[0], i, other[1] - off) if other[0] != i else other[1] - off
            wrong = abs(wrong - side_mm * round(wrong / side_mm))
            if wrong > RESIDUAL_MM and i not in conflicts:
                conflicts[i] = Conflict(i, _contradiction(piece, match, axis, wrong, side_mm))
    numbers: dict[int, int] = {knots.find(cloth)[0]: CLOTH}
    zero = knots.find(cloth)[1]
    for i, copy in enumerate(copies):
        if first_match(pieces[copy.piece], axis) is None:
            continue
        root, shift = knots.find(i)
        number = numbers.setdefault(root, len(numbers))
        out[0][i, axis] = number
        out[1][i, axis] = shift - zero if number == CLOTH else shift


def _held_at(fabric: Fabric, piece: OrderedPiece, copy: Copy, axis: int) -> float | None:
    """The coordinate along an axis of the repeat that the anchor of a copy has, where it is locked or tied to its place
    that way; else None."""
    anchor = first_match(piece, axis)
    if anchor is None:
        return None
    direction = repeat_axes(fabric)[axis]
    if copy.locked is not None:
        return float(direction @ np.array(copy.locked.points((anchor.point,))[0]))
    lying = Placement(copy.piece, 0, 0.0, 0.0, copy.angles_deg[0], bool(copy.mirrored))
    for tie in piece.ties:
        here, there = np.array(lying.points((tie.point, anchor.point)))
        place = np.array([np.nan if at is None else at for at in (tie.x_mm, tie.y_mm)])
        known = np.abs(direction) > SLIGHT
        if np.isfinite(place[known]).all():
            return float(direction[known] @ (place + there - here)[known])
    return None


def _apart(fabric: Fabric, copy: Copy, axis: int, a: Match, b: Match) -> float:
    """How far match ``b`` of a copy is from match ``a``, along an axis of the repeat, as the copy lies."""
    lying = Placement(copy.piece, 0, 0.0, 0.0, copy.angles_deg[0], bool(copy.mirrored))
    first, second = lying.points((a.point, b.point))
    return float(repeat_axes(fabric)[axis] @ (np.array(second) - first))


def _cloth_phase(fabric: Fabric, axis: int, match: Match) -> float:
    """The coordinate along an axis of the repeat, but for whole repeats, that a match tied to the cloth asks for."""
    assert fabric.repeat is not None
    offset = np.array([fabric.repeat.offset_x_mm, fabric.repeat.offset_y_mm])
    return float(repeat_axes(fabric)[axis] @ offset + match.at_mm[axis])


def _contradiction(piece: OrderedPiece, match: Match, axis: int, wrong: float, side_mm: float) -> str:
    way = ("along", "across")[axis]
    return (
        f"its match {match.name!r} cannot hold together with its others: {wrong:.1f} mm off {way} the repeat of "
        f"{side_mm:g} mm"
    )


def tied_ways(fabric: Fabric, pieces: dict[str, OrderedPiece], copies: Sequence[Copy]) -> list[Copy]:
    """The copies, those with several matches or tied to others at one angle: the same in a garment where they may.

    A match point's distance from another one depends on how the pieces lie; so what is tied lies alike.
    """
    if fabric.repeat is None:
        return list(copies)
    turned: dict[int, float] = {}
    found: list[Copy] = []
    numbers: dict[int, int] = defaultdict(lambda: len(numbers))
    for copy in copies:
        piece = pieces[copy.piece]
        is_tied = len(piece.matches) > 1 or any(match.group for match in piece.matches)
        if not is_tied or (len(copy.angles_deg) == 1 and copy.mirrored is not None):
            found.append(copy)
            continue
        wanted = turned.setdefault(copy.bundle, copy.angles_deg[numbers[copy.bundle] % len(copy.angles_deg)])
        angle = wanted if wanted in copy.angles_deg else copy.angles_deg[0]
        found.append(Copy(copy.piece, copy.bundle, bool(copy.mirrored), (angle,)))
    return found
