"""An order over several markers, none longer than the limit, with the least cloth.

The garments are first dealt out evenly by area, which gives markers of about one length: mixed, size by size, and
exchanged as long as the guessed lengths fall. Then short nests judge: which of these deals is the best, which markers
are too long, and whether further exchanges save cloth. What is left of the time goes into the markers of the best
distribution. Markers of the same lot are nested once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, inf

import numpy as np

from cutkit.lay.garments import Lot
from cutkit.lay.judge import Effort, Judge

SAFE = 1.1
"""A garment alone whose guessed length is below the limit by this factor needs no nest to tell that it fits."""
NEARLY = 1.04
"""A short nest beyond the limit by less than this factor may come within it with all its effort."""
WITHIN_MM = 1e-4
"""A marker may exceed the limit by this: rounding, not cloth."""
GUESSES_PER_MARKER, MOST_GUESSES = 40, 400
"""Exchanges that are tried by guessed lengths."""
GUESSING_SHARE = 1 / 10
"""The part of the time in which exchanges are guessed."""
CANDIDATES = 60
"""Exchanges among which the one that promises most is nested."""
TRIES_PER_MARKER = 2
"""Exchanges that are nested in a search by rounds, for each marker."""
DECIDING_SHARE = 1 / 3
"""The part of the time in which exchanges are nested."""
OVER_WEIGHT = 1000.0
"""How much more what is beyond the limit counts than cloth."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a marker may hold: up to ``longest_mm``, and up to so many ``garments``; None: any."""

    longest_mm: float | None = None
    garments: int | None = None

    @property
    def length_mm(self) -> float:
        """The longest length, infinite where there is no limit."""
        return inf if self.longest_mm is None else self.longest_mm

    @property
    def count(self) -> float:
        """The most garments, infinite where there is no limit."""
        return inf if self.garments is None else self.garments

    def holds(self, length_mm: float) -> bool:
        """Whether a marker of this length is within the limit."""
        return length_mm <= self.length_mm + WITHIN_MM


@dataclass(frozen=True)
class Lots:
    """A distribution: a lot for each marker, and the kinds that fit no marker whole."""

    lots: tuple[Lot, ...]
    too_long: Lot


@dataclass
class Splitter:
    """Deals the garments of a judge's stock out to markers within ``bounds``."""

    judge: Judge
    bounds: Bounds
    effort: Effort
    _rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.effort.settings.seed, 7])

    def split(self) -> Lots:
        """The distribution with the least cloth that was found, each of its lots nested with all its effort.

        Garments that fit no marker whole are not in it: ``too_long`` has them.
        """
        everything = self.judge.stock.everything
        too_long = self._too_long()
        wanted = tuple(n - long for n, long in zip(everything, too_long, strict=True))
        if not any(wanted):
            return Lots((), too_long)
        count = self._fewest(wanted)
        while (lots := self._with(wanted, count)) is None:
            count += 1
        return Lots(tuple(sorted(lots, key=lambda lot: [-n for n in lot])), too_long)

    def _too_long(self) -> Lot:
        """All garments of the kinds that are beyond the limit already alone."""
        everything = self.judge.stock.everything
        long = []
        for kind, count in enumerate(everything):
            alone = tuple(int(k == kind) for k in range(len(everything)))
            long.append(count if self._may_be_too_long(alone) and not self._fits_after_all(alone) else 0)
        return tuple(long)

    def _may_be_too_long(self, lot: Lot) -> bool:
        """Whether a lot is guessed to come near the limit; guesses know nothing of blocks."""
        blocks = any(piece.block is not None for piece in self.judge.stock.part(lot).pieces)
        near = self.judge.guess_mm(lot) * SAFE > self.bounds.length_mm
        return self.bounds.longest_mm is not None and (blocks or near)

    def _fits_after_all(self, lot: Lot) -> bool:
        """Whether a nest finds the lot within the limit: a short one, or, where that comes near, a full one."""
        length = self.judge.judged_mm(lot)
        if not self.bounds.holds(length) and length <= NEARLY * self.bounds.length_mm:
            length = self.judge.nested(lot, self.effort.settings).reach_mm
        return self.bounds.holds(length)

    def _fewest(self, wanted: Lot) -> int:
        """Fewer markers than these cannot hold the garments."""
        cloth = self.bounds.length_mm * self.judge.cloth.usable_width_mm
        by_area = ceil(self.judge.stock.area_mm2(wanted) / cloth - 1e-9)
        return max(1, by_area, ceil(sum(wanted) / self.bounds.count))

    def _with(self, wanted: Lot, count: int) -> list[Lot] | None:
        """A distribution over so many markers, nested; None where one of them would be too long."""
        alone, even = count >= sum(wanted), self._evenly(wanted, count)
        deals = {
            tuple(sorted(lots)): lots for lots in (self._exchanged_by_guess(even), even, self._by_kind(wanted, count))
        }
        counted = [lots for lots in deals.values() if max(map(sum, lots)) <= self.bounds.count]
        starts = [lots for lots in counted if alone or self._may_fit(lots)]
        if not starts:
            return None
        lots = self._exchanged_by_nests(starts)
        if not alone and not all(self._fits_after_all(lot) for lot in set(lots)):
            return None
        self._finish(lots)
        return lots

    def _may_fit(self, lots: Sequence[Lot]) -> bool:
        """Whether a cautious guess has every marker within the limit."""
        return self.bounds.holds(max(map(self.judge.least_mm, lots)))

    def _evenly(self, wanted: Lot, count: int) -> list[Lot]:
        """Lots of about the same area, and of no more garments than allowed: largest first, each to the emptiest."""
        areas = self.judge.stock.areas_mm2
        lots = np.zeros((count, len(wanted)), dtype=int)
        filled = np.zeros(count)
        for kind in sorted(range(len(wanted)), key=lambda k: -areas[k]):
            for _ in range(wanted[kind]):
                room = np.where(lots.sum(axis=1) < self.bounds.count, filled, inf)
                lot = int(room.argmin())
                lots[lot, kind] += 1
                filled[lot] += areas[kind]
        return [tuple(lot) for lot in lots.tolist() if any(lot)]

    def _by_kind(self, wanted: Lot, count: int) -> list[Lot]:
        """Lots of about the same area, kind after kind: garments of one size lie well with one another."""
        areas, most = self.judge.stock.areas_mm2, self.bounds.count
        part = self.judge.stock.area_mm2(wanted) / count
        lots, filled = [[0] * len(wanted)], 0.0
        for kind in sorted(range(len(wanted)), key=lambda k: -areas[k]):
            for _ in range(wanted[kind]):
                full = filled + areas[kind] / 2 > part * len(lots) or sum(lots[-1]) >= most
                if full and len(lots) < count:
                    lots.append([0] * len(wanted))
                lots[-1][kind] += 1
                filled += areas[kind]
        return [tuple(lot) for lot in lots]

    # --- exchanges

    def _exchanges(self, lots: Sequence[Lot], number: int) -> Iterator[list[Lot]]:
        """Random distributions that differ from ``lots`` by a garment that goes from one marker to another one, or by
        two that change places."""
        kinds = len(self.judge.stock.kinds)
        for _ in range(number if len(lots) > 1 else 0):
            i, j = self._rng.choice(len(lots), 2, replace=False).tolist()
            there = [k for k in range(kinds) if lots[i][k]]
            back = [k for k in range(kinds) if lots[j][k]] + [None]
            a, b = self._rng.choice(there), back[self._rng.integers(len(back))]
            if a == b:
                continue
            one, other = list(lots[i]), list(lots[j])
            one[a], other[a] = one[a] - 1, other[a] + 1
            if b is not None:
                one[b], other[b] = one[b] + 1, other[b] - 1
            if any(one) and max(sum(one), sum(other)) <= self.bounds.count:
                new = list(lots)
                new[i], new[j] = tuple(one), tuple(other)
                yield new

    def _cost(self, lots: Sequence[Lot], *, guess: bool) -> float:
        """The cloth that markers take, with what is beyond the limit counted more: far beyond more than little."""
        lengths = [self.judge.guess_mm(lot) if guess else self.judge.length_mm(lot) for lot in lots]
        over = [max(0.0, length / self.bounds.length_mm - 1.0) for length in lengths]
        return sum(lengths) + OVER_WEIGHT * sum(lengths) * sum(share + 100.0 * share**2 for share in over)

    def _exchanged_by_guess(self, lots: list[Lot]) -> list[Lot]:
        cost, count = self._cost(lots, guess=True), len(lots)
        reserve = (1 - GUESSING_SHARE) * self.effort.left_s(count)
        for _ in range(min(MOST_GUESSES, GUESSES_PER_MARKER * count)):
            if self.effort.left_s(count) < reserve:
                break
            for new in self._exchanges(lots, 1):
                if (now := self._cost(new, guess=True)) < cost - 1e-6:
                    lots, cost = new, now
        return lots

    def _exchanged_by_nests(self, starts: Sequence[list[Lot]]) -> list[Lot]:
        """The best of some distributions, their lots nested for a short time, and then exchanges in it, as long as
        there is time to decide; the first one is nested in any case."""
        lots, count = starts[0], len(starts[0])
        reserve = (1 - DECIDING_SHARE) * self.effort.left_s(count)
        self._judge(lots)
        for other in starts[1:]:
            if self.effort.left_s(count) > reserve:
                self._judge(other)
                lots = min(lots, other, key=lambda each: self._cost(each, guess=False))
        tries = TRIES_PER_MARKER * count if self.effort.by_rounds else MOST_GUESSES
        tried = {tuple(sorted(lots)) for lots in starts}
        while tries > 0 and self.effort.left_s(count) > reserve:
            if sum(map(self.judge.length_mm, lots)) > count * self.bounds.length_mm:
                break  # no exchange makes room
            new = self._most_promising(lots, tried)
            if new is None:
                break
            tries -= 1
            tried.add(tuple(sorted(new)))
            self._judge(new)
            if self._cost(new, guess=False) < self._cost(lots, guess=False) - WITHIN_MM:
                lots = new
        return lots

    def _most_promising(self, lots: list[Lot], tried: set[tuple[Lot, ...]]) -> list[Lot] | None:
        """The exchange that gains most by the guesses; None where none does, and all markers are within the limit."""
        fresh = [new for new in self._exchanges(lots, CANDIDATES) if tuple(sorted(new)) not in tried]
        if not fresh:
            return None
        best = min(fresh, key=lambda new: self._cost(new, guess=True))
        over = any(not self.bounds.holds(self.judge.length_mm(lot)) for lot in lots)
        gains = self._cost(best, guess=True) < self._cost(lots, guess=True)
        return best if gains or over else None

    def _judge(self, lots: Sequence[Lot]) -> None:
        for lot in dict.fromkeys(lots):
            self.judge.judged_mm(lot)

    def _finish(self, lots: Sequence[Lot]) -> None:
        """Nest every lot once more, with its part of the effort that is left."""
        distinct = list(dict.fromkeys(lots))
        for number, lot in enumerate(distinct):
            self.judge.nested(lot, self.effort.of_seconds(self.effort.left_s(len(lots)) / (len(distinct) - number)))
