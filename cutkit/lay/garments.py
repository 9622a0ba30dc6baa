"""Garments as they are dealt out to markers: which are alike, and what part of a demand some of them are.

Two garments are alike where the same pieces may lie in the same ways; then it is all the same which of them a marker
has. A marker's share of an order is therefore a ``Lot``: how many garments of each kind.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from cutkit.model import Copy, Demand, Marker, OrderedPiece, Placement, Unplaced

Garment = tuple[Copy, ...]
"""What is never torn apart: all copies of a garment; a single copy where garments may be parted."""
Lot = tuple[int, ...]
"""How many garments of each kind of a stock."""


@dataclass(frozen=True)
class Stock:
    """The garments of a demand, by kind: those of one kind are alike, in the order of their numbers."""

    demand: Demand
    kinds: tuple[tuple[Garment, ...], ...]

    @property
    def everything(self) -> Lot:
        """The lot of all garments."""
        return tuple(map(len, self.kinds))

    @cached_property
    def areas_mm2(self) -> tuple[float, ...]:
        """The area of a garment of each kind, cut-outs taken off."""
        area = {piece.id: float(piece.outline.area) for piece in self.demand.pieces}
        return tuple(sum(area[copy.piece] for copy in kind[0]) for kind in self.kinds)

    def area_mm2(self, lot: Lot) -> float:
        """The area of a lot's garments."""
        return sum(count * area for count, area in zip(lot, self.areas_mm2, strict=True))

    def sample(self, lot: Lot) -> list[Garment]:
        """Garments that make up the lot: the first ones of each kind."""
        return [garment for kind, count in zip(self.kinds, lot, strict=True) for garment in kind[:count]]

    def part(self, lot: Lot) -> Demand:
        """The demand of those garments."""
        return part_of(self.demand, [copy for garment in self.sample(lot) for copy in garment])

    def deal(self, lots: Iterable[Lot]) -> Iterator[list[Garment]]:
        """Garments for each of the lots, each garment once; ValueError where the lots want more than there are."""
        left = [iter(kind) for kind in self.kinds]
        for lot in lots:
            dealt = [garment for kind, n in zip(left, lot, strict=True) for garment in islice(kind, n)]
            if len(dealt) != sum(lot):
                raise ValueError("the lots want more garments than there are")
            yield dealt


def stock_of(demand: Demand, *, apart: bool = False) -> Stock:
    """The garments of ``demand``, kinds in the order of their first garments.

    With ``apart`` each piece is dealt out on its own, but those of one garment that must match one another.
    """
    garments: dict[int, list[Copy]] = defaultdict(list)
    for copy in demand.copies:
        garments[copy.bundle].append(copy)
    kinds: dict[object, list[Garment]] = {}
    by_id = {piece.id: piece for piece in demand.pieces}
    for copies in garments.values():
        for garment in _parted(copies, by_id) if apart else [tuple(copies)]:
            kinds.setdefault(signature(garment), []).append(garment)
    return Stock(demand, tuple(map(tuple, kinds.values())))


def _parted(copies: list[Copy], by_id: dict[str, OrderedPiece]) -> list[Garment]:
    tied = tuple(copy for copy in copies if any(match.group for match in by_id[copy.piece].matches))
    single: list[Garment] = [(copy,) for copy in copies if copy not in tied]
    return [tied, *single] if tied else single


def part_of(demand: Demand, copies: Sequence[Copy]) -> Demand:
    """The demand of ``copies`` alone: pieces that none of them is of are left out, the others ordered so often, with
    their part of the surplus."""
    drawn = Counter(copy.piece for copy in copies if not copy.mirrored)
    mirrored = Counter(copy.piece for copy in copies if copy.mirrored)
    pieces = tuple(
        replace(piece, ordered=drawn[piece.id], ordered_mirrored=mirrored[piece.id])
        for piece in demand.pieces
        if drawn[piece.id] or mirrored[piece.id]
    )
    total = {piece.id: piece.total for piece in demand.pieces}
    parts = {piece.id: piece.total / total[piece.id] for piece in pieces}
    surplus = tuple((piece, round(n * parts[piece])) for piece, n in demand.surplus if piece in parts)
    return replace(demand, pieces=pieces, copies=tuple(copies), surplus=surplus)


def handed_on(marker: Marker, sample: Sequence[Garment], garments: Sequence[Garment]) -> Marker:
    """A marker of ``sample`` as one of ``garments``, which are alike in the same order: their numbers change."""
    numbers: dict[tuple[str, int, bool | None], deque[int]] = defaultdict(deque)
    for old, new in zip(sample, garments, strict=True):
        for one, other in zip(_sorted(old), _sorted(new), strict=True):
            numbers[one.piece, one.bundle, one.mirrored].append(other.bundle)

    def numbered(placement: Placement) -> Placement:
        fixed = numbers[placement.piece, placement.bundle, placement.mirrored]
        waiting = fixed or numbers[placement.piece, placement.bundle, None]
        return replace(placement, bundle=waiting.popleft())

    return replace(marker, placements=tuple(map(numbered, marker.placements)))


def signature(garment: Garment) -> tuple[tuple[str, str, tuple[float, ...]], ...]:
    """The same for garments that are alike, and only for these."""
    return tuple(map(_alike, _sorted(garment)))


def _alike(copy: Copy) -> tuple[str, str, tuple[float, ...]]:
    return copy.piece, str(copy.mirrored), copy.angles_deg


def _sorted(garment: Garment) -> list[Copy]:
    return sorted(garment, key=_alike)


def with_unplaced(marker: Marker, demand: Demand, copies: Sequence[Copy], reason: dict[str, str]) -> Marker:
    """The marker with further ``copies`` of the demand that found no place: ordered, and named with the reason, which
    is told by piece."""
    if not copies:
        return marker
    left = part_of(demand, copies)
    more = {piece.id: piece for piece in left.pieces}
    pieces = [
        replace(
            piece,
            ordered=piece.ordered + (more[piece.id].ordered if piece.id in more else 0),
            ordered_mirrored=piece.ordered_mirrored + (more[piece.id].ordered_mirrored if piece.id in more else 0),
        )
        for piece in marker.pieces
    ]
    pieces += [piece for piece in left.pieces if piece.id not in marker.by_id]
    unplaced = tuple(Unplaced(piece.id, piece.total, reason[piece.id]) for piece in left.pieces)
    return replace(marker, pieces=tuple(pieces), unplaced=marker.unplaced + unplaced)
