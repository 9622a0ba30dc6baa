"""From a marker back to the demand that it was made for, so that the same order can be nested again.

A marker file holds the pieces with their counts, and where each placed copy lies; not which copies a garment has nor
how each of them might have lain. Both follow from the cloth's nap and from what lies where.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count, islice

from cutkit.model import Copy, Demand, Marker, OrderedPiece, Placement

MOST_STEP_DEG = 5.0
"""Allowed angles no farther apart are steps off one grain, and point the same way."""


def demand_of(marker: Marker) -> Demand:
    """Every copy that ``marker`` was to hold, placed or not, each with its garment and with the ways it may lie.

    A copy keeps its garment, and its place where it is locked. Where the cloth has a nap, it keeps to the allowed angle
    that it lies at, up to its tilt, unless its piece ignores the nap; where it is matched to others or at several
    points, to the angle and the side at which these matches were laid. So a search may go on from ``marker``. Copies
    that are not placed belong to the garments of their size that lack them, else to new ones. The placed copies come
    first, in the marker's order. KeyError where it places a piece that it does not have: ask the referee first.
    """
    placed = tuple(_placed(marker, placement) for placement in marker.placements)
    headings, numbers = _Headings(marker), _FreeGarments(marker)
    missing = tuple(
        Copy(piece.id, bundle, mirrored, _angles(marker, piece, headings.of(bundle)))
        for piece in marker.pieces
        for mirrored, lacking in _missing(marker, piece)
        for bundle in islice(numbers.of(piece, mirrored), max(0, lacking))
    )
    planned = marker.planned
    each = planned.plies // planned.plies_per_garment
    return Demand(
        marker.fabric.material, marker.pieces, placed + missing, planned.plies, each, (), planned.sets, planned.sharing
    )


def _placed(marker: Marker, placement: Placement) -> Copy:
    piece = marker.by_id[placement.piece]
    mirrored = None if piece.may_mirror and not _is_tied(marker, piece) else placement.mirrored
    angles = _angles(marker, piece, placement.angle_deg)
    return Copy(piece.id, placement.bundle, mirrored, angles, placement if placement.locked else None)


def _angles(marker: Marker, piece: OrderedPiece, angle_deg: float) -> tuple[float, ...]:
    """The allowed angles that are left to a copy which lies, or whose garment lies, at ``angle_deg``."""
    any_way = marker.fabric.nap == "two-way" or piece.ignores_nap
    if any_way and not _is_tied(marker, piece):
        return piece.allowed_angles_deg
    nearest = min(piece.allowed_angles_deg, key=lambda allowed: abs(_turn(angle_deg, allowed)))
    steps = (a for a in piece.allowed_angles_deg if abs(_turn(a, nearest)) <= MOST_STEP_DEG)
    return (nearest,) if _is_tied(marker, piece) else tuple(steps)


def _turn(angle_deg: float, other_deg: float) -> float:
    """From ``other_deg`` to ``angle_deg``, -180 to below 180."""
    return (angle_deg - other_deg + 180.0) % 360.0 - 180.0


def _is_tied(marker: Marker, piece: OrderedPiece) -> bool:
    """Whether matches of a piece hold together only as it lies: several points, or those of a group."""
    matches = piece.matches if marker.fabric.repeat is not None else ()
    return len(matches) > 1 or any(match.group for match in matches)


class _Headings:
    """The directions of garments: those of their pieces that heed the nap; on cloth with one way, that of all."""

    def __init__(self, marker: Marker) -> None:
        self._all = marker.fabric.nap == "one-way"
        self._found: dict[int, float] = {}
        for placement in marker.placements:
            if not marker.by_id[placement.piece].ignores_nap:
                self._found.setdefault(self._key(placement.bundle), placement.angle_deg)

    def of(self, bundle: int) -> float:
        """The angle at which the pieces of a garment lie; 0 where it has none yet."""
        return self._found.get(self._key(bundle), 0.0)

    def _key(self, bundle: int) -> int:
        return 0 if self._all else bundle


def _missing(marker: Marker, piece: OrderedPiece) -> list[tuple[bool | None, int]]:
    """How many copies are not placed as drawn, and mirrored; None where the search may choose."""
    here = [placement.mirrored for placement in marker.placements if placement.piece == piece.id]
    if piece.may_mirror:
        return [(None, piece.total - len(here))]
    return [(False, piece.ordered - here.count(False)), (True, piece.ordered_mirrored - here.count(True))]


class _FreeGarments:
    """Finds garments for copies that are not placed."""

    def __init__(self, marker: Marker) -> None:
        self._marker = marker
        self._next = max(marker.bundles, default=0)
        self._new: dict[tuple[str, str, int], int] = {}

    def of(self, piece: OrderedPiece, mirrored: bool | None) -> Iterator[int]:
        """The garments that lack a copy of ``piece`` in this way, as often as they lack it; then new ones without end,
        shared by all pieces of one style and size. A garment needs as many as the one that has the most."""
        kind = (piece.style, piece.size)
        laid = [p for p in self._marker.placements if p.piece == piece.id and mirrored in (None, p.mirrored)]
        held = Counter(p.bundle for p in laid)
        each = max(held.values(), default=1)
        for garment in sorted({p.bundle for p in self._marker.placements if self._kind(p) == kind}):
            yield from [garment] * (each - held[garment])
        for number in count():
            yield self._new_garment((*kind, number // each))

    def _kind(self, placement: Placement) -> tuple[str, str]:
        piece = self._marker.by_id[placement.piece]
        return piece.style, piece.size

    def _new_garment(self, key: tuple[str, str, int]) -> int:
        if key not in self._new:
            self._next += 1
            self._new[key] = self._next
        return self._new[key]
