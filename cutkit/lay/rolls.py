"""An order on the cloth there is: remnants first, then rolls, each with its own width and its flaws where they lie.

Remnants are taken smallest first, rolls in the order in which they are told. On each of them markers are laid one
behind another, from the end that is cut first, each with as many garments as the cloth and the table take; what is then
left is a remnant, with the flaws that lie in it. A marker's share is found by nests: as many garments as are guessed to
fit, then one more or one less, until one more does not fit; then smaller ones into what is left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, inf

from cutkit.errors import InfeasibleError
from cutkit.lay.cloth import cloth_from, cloth_until
from cutkit.lay.garments import Lot, Stock
from cutkit.lay.judge import Effort, Judge, Nester
from cutkit.lay.split import WITHIN_MM
from cutkit.model import Defect, Fabric, Marker, Roll, Stretch

TRIES = 5
"""Shares that are nested to find out how many garments a cloth takes, after the first one."""
FURTHER = 2
"""Smaller garments that are tried in what is left of a cloth."""
HOPEFUL = 1.02
"""A guess beyond the room by this factor is still worth a nest."""
FULL_SHARE = 0.5
"""The part of a marker's effort that is left for it when its share is found."""


@dataclass(frozen=True, slots=True)
class RollUse:
    """What became of a roll: ``used_mm`` of its length were cut off."""

    roll: Roll
    used_mm: float

    @property
    def left_mm(self) -> float:
        """The length that is left."""
        return max(0.0, self.roll.length_mm - self.used_mm)

    @property
    def remnant(self) -> Roll | None:
        """What is left, with its flaws from its own beginning; an untouched roll is one as before. None: nothing."""
        if not self.used_mm:
            return self.roll
        if self.left_mm <= WITHIN_MM:
            return None
        rest = cloth_from(Fabric(self.roll.width_mm, defects=self.roll.flaws), self.used_mm).defects
        flaws = tuple(replace(flaw, box_mm=(max(0.0, flaw.box_mm[0]), *flaw.box_mm[1:])) for flaw in rest)
        return replace(self.roll, length_mm=self.left_mm, kind="remnant", flaws=flaws)


@dataclass(frozen=True)
class Share:
    """A marker on a roll: ``marker`` is one of the first garments of ``lot``."""

    lot: Lot
    marker: Marker


def in_turn(rolls: Sequence[Roll]) -> list[Roll]:
    """The rolls in the order in which they are used: remnants, the smallest first, then the rolls."""
    remnants = [roll for roll in rolls if roll.kind == "remnant"]
    remnants.sort(key=lambda roll: roll.width_mm * roll.length_mm)
    return remnants + [roll for roll in rolls if roll.kind != "remnant"]


def roll_cloth(fabric: Fabric, roll: Roll) -> Fabric:
    """``fabric`` in the width and with the flaws of a roll, x along it from its beginning, without a length limit.

    Where the cloth is folded, the roll has the opened width, and a flaw is one of both layers. InfeasibleError where no
    usable width is left.
    """
    width = roll.width_mm / 2 if fabric.spread == "folded" else roll.width_mm
    cloth = replace(fabric, width_mm=width, max_length_mm=None)
    if cloth.usable_width_mm <= 0:
        raise InfeasibleError(f"no usable width is left of roll {roll.name!r}, which is {roll.width_mm:g} mm wide")
    return replace(cloth, defects=tuple(_laid(flaw, cloth) for flaw in roll.flaws))


def _laid(flaw: Defect, cloth: Fabric) -> Defect:
    """A flaw of a roll in the coordinates of the cloth as it lies: from the usable width's low edge, or the fold."""
    x0, y0, x1, y1 = flaw.box_mm
    if cloth.spread != "folded":
        return replace(flaw, box_mm=(x0, y0 - cloth.selvedge_mm, x1, y1 - cloth.selvedge_mm))
    low, high = sorted((abs(y0 - cloth.width_mm), abs(y1 - cloth.width_mm)))
    return replace(flaw, box_mm=(x0, 0.0 if y0 < cloth.width_mm < y1 else low, x1, high))


@dataclass
class RollCutter:
    """Lays the garments of a stock on rolls. ``fabric`` tells the rest of the cloth: nap, selvedges, margins, table.

    ``misfits`` are the kinds of garments that a width of cloth does not take.
    """

    fabric: Fabric
    rolls: Sequence[Roll]
    garments_per_marker: int | None
    stock: Stock
    misfits: Mapping[float, frozenset[int]]
    effort: Effort
    nester: Nester
    _judges: dict[Fabric, Judge] = field(default_factory=dict)
    _off: list[float] = field(default_factory=list)

    def cut(self) -> tuple[list[Share], list[RollUse], Lot]:
        """The markers in the order in which they are cut, what became of every roll, in the order of ``rolls``, and the
        garments for which no cloth was left."""
        left = self.stock.everything
        shares: list[Share] = []
        used: dict[int, float] = {}
        for roll in in_turn(self.rolls):
            mine = list(self._on_roll(roll, left))
            for share in mine:
                left = _less(left, share.lot)
            end = mine[-1].marker.stretch.to_mm if mine and mine[-1].marker.stretch else 0.0
            used[id(roll)] = end
            shares += mine[:-1] + [_last(share, roll.length_mm - end) for share in mine[-1:]]
        return shares, [RollUse(roll, used[id(roll)]) for roll in self.rolls], left

    def _on_roll(self, roll: Roll, left: Lot) -> Iterator[Share]:
        """Markers on one roll, one behind another, until nothing more fits."""
        cloth, at = roll_cloth(self.fabric, roll), 0.0
        start, end = self.fabric.start_margin_mm, self.fabric.end_margin_mm
        table = inf if self.fabric.longest_mm is None else self.fabric.longest_mm
        while any(left):
            room = min(table, roll.length_mm - at - start - end)
            if room <= 0:
                return
            here = cloth_until(cloth_from(cloth, at + start), room)
            share = self._filled(self._judge(here), room, left, even=room == table)
            if share is None:
                return
            to = at + start + share.marker.length_mm + share.marker.overhang_mm + end
            fabric = replace(cloth_until(here, share.marker.length_mm), max_length_mm=self.fabric.max_length_mm)
            yield replace(share, marker=replace(share.marker, fabric=fabric, stretch=Stretch(roll.name, at, to)))
            left, at = _less(left, share.lot), to

    def _judge(self, cloth: Fabric) -> Judge:
        if cloth not in self._judges:
            self._judges[cloth] = Judge(cloth, self.stock, self.effort, self.nester, off=self._off)
        return self._judges[cloth]

    def _filled(self, judge: Judge, room_mm: float, left: Lot, *, even: bool) -> Share | None:
        """The share of ``left`` that fills the room best; with ``even`` not more than its part, where the rest takes
        several markers as long as the table. None where not a garment fits."""
        barred = self.misfits.get(judge.cloth.width_mm, frozenset())
        usable = tuple(0 if kind in barred else n for kind, n in enumerate(left))
        chain = _chain(usable, self.garments_per_marker)
        if even and chain:
            chain = chain[: self._evenly(judge, usable, chain, room_mm)]
        best = self._longest_that_fits(judge, chain, room_mm)
        if best is None:
            return None
        if chain[-1] != best or not even:
            best = self._topped_up(judge, best, usable, room_mm)
        seconds = FULL_SHARE * (self.effort.settings.time_s or 0.0)
        return Share(best, judge.nested(best, self.effort.of_seconds(seconds)))

    def _evenly(self, judge: Judge, usable: Lot, chain: Sequence[Lot], room_mm: float) -> int:
        """How much of a chain is a marker's part where all that is usable takes several of them."""
        markers = max(1, ceil(judge.guess_mm(usable) / room_mm))
        part = self.stock.area_mm2(usable) / markers
        enough = (n for n, lot in enumerate(chain, 1) if self.stock.area_mm2(lot) >= 0.999 * part)
        return next(enough, len(chain))

    def _longest_that_fits(self, judge: Judge, chain: Sequence[Lot], room_mm: float) -> Lot | None:
        """The last lot of a chain that a nest finds within the room; None where not even the first one is."""
        if not chain or judge.guess_mm(chain[0]) > HOPEFUL**3 * room_mm:
            return None
        n, best = max(0, bisect_right(chain, HOPEFUL * room_mm, key=judge.guess_mm) - 1), None
        low, high = -1, len(chain)  # the last one known to fit, and the first one known not to
        for _ in range(TRIES):
            if self._fits(judge, chain[n], room_mm):
                low, best = n, chain[n]
            else:
                high = n
            if high - low <= 1:
                return best
            # Now that a nest has shown how far guesses are off, fewer may be guessed to fit.
            n = low + 1 if best is not None else max(0, bisect_right(chain, room_mm, hi=n, key=judge.guess_mm) - 1)
        return best if best is not None else self._down(judge, chain[:high], room_mm)

    def _down(self, judge: Judge, chain: Sequence[Lot], room_mm: float) -> Lot | None:
        return next((lot for lot in reversed(chain) if self._fits(judge, lot, room_mm)), None)

    def _topped_up(self, judge: Judge, lot: Lot, usable: Lot, room_mm: float) -> Lot:
        """The lot with further garments, where any fit that are left: those of the largest area first."""
        most = inf if self.garments_per_marker is None else self.garments_per_marker
        tries = FURTHER
        for kind in sorted(range(len(lot)), key=lambda k: -self.stock.areas_mm2[k]):
            while tries > 0 and lot[kind] < usable[kind] and sum(lot) < most:
                more = tuple(n + (k == kind) for k, n in enumerate(lot))
                if more not in judge.known and judge.guess_mm(more) > HOPEFUL * room_mm:
                    break
                tries -= more not in judge.known
                if not self._fits(judge, more, room_mm):
                    break
                lot = more
        return lot

    def _fits(self, judge: Judge, lot: Lot, room_mm: float) -> bool:
        return judge.judged_mm(lot) <= room_mm + WITHIN_MM and not judge.known[lot].unplaced


def _less(lot: Lot, other: Lot) -> Lot:
    return tuple(n - m for n, m in zip(lot, other, strict=True))


def _last(share: Share, left_mm: float) -> Share:
    """The last marker of a roll: what is left of the roll is left behind it."""
    stretch = share.marker.stretch
    left = left_mm if left_mm > WITHIN_MM else 0.0
    return replace(share, marker=replace(share.marker, stretch=stretch and replace(stretch, left_mm=left)))


def _chain(lot: Lot, most: int | None) -> list[Lot]:
    """Ever larger lots, by one garment each, up to ``lot`` or to so many garments; always about as mixed as it is."""
    chain: list[Lot] = []
    taken = [0] * len(lot)
    for _ in range(sum(lot) if most is None else min(most, sum(lot))):
        open_kinds = [k for k in range(len(lot)) if taken[k] < lot[k]]
        kind = min(open_kinds, key=lambda k: ((taken[k] + 0.5) / lot[k], k))
        taken[kind] += 1
        chain.append(tuple(taken))
    return chain
