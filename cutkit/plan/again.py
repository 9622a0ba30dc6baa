"""From a marker back to the demand that it was made for, so that the same order can be nested again.

A marker file holds the pieces with their counts, and where each placed copy lies; not which copies a garment has nor
how each of them might have lain. Both follow from the cloth's nap and from what lies where.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count, islice

from cutkit.model import Copy, Demand, Marker, OrderedPiece, Placement


def demand_of(marker: Marker) -> Demand:
    """Every copy that ``marker`` was to hold, placed or not, each with its garment and with the angles it may take.

    A copy keeps its garment. Where the cloth has a nap, it keeps to the allowed angle that it lies at, up to its tilt,
    unless its piece ignores the nap: so a garment keeps its direction, and a search may still go on from ``marker``.
    Copies that are not placed belong to the garments of their size that lack them, else to a garment of their own. The
    placed copies come first, in the marker's order. KeyError where the marker places a piece that it does not have;
    ask the referee (``check_marker``) first.
    """
    placed = tuple(_placed(marker, placement) for placement in marker.placements)
    headings, numbers = _Headings(marker), _FreeGarments(marker)
    missing = tuple(
        Copy(piece.id, bundle, mirrored, _angles(marker, piece, headings.of(bundle)))
        for piece in marker.pieces
        for mirrored, lacking in _missing(marker, piece)
        for bundle in islice(numbers.of(piece, mirrored), max(0, lacking))
    )
    return Demand(marker.fabric.material, marker.pieces, placed + missing)


def _placed(marker: Marker, placement: Placement) -> Copy:
    piece = marker.by_id[placement.piece]
    mirrored = None if piece.may_mirror else placement.mirrored
    return Copy(piece.id, placement.bundle, mirrored, _angles(marker, piece, placement.angle_deg))


def _angles(marker: Marker, piece: OrderedPiece, angle_deg: float) -> tuple[float, ...]:
    """The allowed angles that are left to a copy which lies, or whose garment lies, at ``angle_deg``."""
    if marker.fabric.nap == "two-way" or piece.ignores_nap:
        return piece.allowed_angles_deg
    return (min(piece.allowed_angles_deg, key=lambda allowed: abs((angle_deg - allowed + 180) % 360 - 180)),)


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
