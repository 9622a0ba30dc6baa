"""A lay from beginning to end: what fits at all, the markers, and the numbers of their garments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

from cutkit.errors import UsageError
from cutkit.geometry import size_after_turn
from cutkit.lay.garments import Garment, Stock, handed_on, part_of, stock_of, with_unplaced
from cutkit.lay.judge import Effort, Judge, Nester
from cutkit.lay.rolls import RollCutter, RollUse, in_turn, roll_cloth
from cutkit.lay.sections import SectionNester, Sections
from cutkit.lay.split import Bounds, Splitter
from cutkit.model import Copy, Demand, Fabric, InputFile, Marker, NestSettings, Notice, OrderedPiece, Roll
from cutkit.nest import Listener, nest
from cutkit.nest.settle import cut_to_limit
from cutkit.plan.demand import folded_material

SURE = 1.05
"""An order that is guessed to be within the limit by this factor is nested as one marker at once."""
NO_CLOTH = "no cloth is left for its garment on the rolls and remnants"
Listening = Callable[[str], Listener]
"""Makes the listener of a nest from what is nested, in a few words."""


@dataclass(frozen=True)
class LayRules:
    """How an order is dealt out to markers and cloth.

    A marker holds up to ``garments_per_marker`` garments, and is within the fabric's length limit. ``parts_garments``:
    the pieces of one garment may go to several markers. ``sections``: garments are kept together. ``rolls``: the cloth
    there is, used in the order of ``rolls.in_turn``; none: one endless roll without a flaw.
    """

    garments_per_marker: int | None = None
    parts_garments: bool = False
    sections: Sections | None = None
    rolls: tuple[Roll, ...] = ()

    def holds_nothing(self, fabric: Fabric) -> bool:
        """Whether there is nothing to deal out: the order is one marker."""
        limits = (fabric.max_length_mm, self.garments_per_marker, self.sections)
        return not self.rolls and all(limit is None for limit in limits)


@dataclass(frozen=True)
class Lay:
    """The markers of an order, and what became of every roll; no rolls where none were given."""

    markers: tuple[Marker, ...]
    rolls: tuple[RollUse, ...] = ()


def lay(
    fabric: Fabric,
    demand: Demand,
    settings: NestSettings,
    rules: LayRules,
    *,
    inputs: Sequence[InputFile] = (),
    listening: Listening | None = None,
    stop: Callable[[], bool] = lambda: False,
    start: Marker | None = None,
    tell: Callable[[Notice], None] | None = None,
) -> Lay:
    """The markers of ``demand``, free of faults; ``settings`` has the effort of each.

    Pieces that fit in no marker are named as unplaced in the marker that holds their garment; where the cloth of the
    rolls does not suffice, the pieces of the garments that are left in the last one. There is a marker at least.
    ``start`` is of an order that is one marker; ``tell`` hears what became of it. UsageError where rules exclude one
    another.
    """
    _refuse_odd(rules, start, fabric)

    given = start

    def nester(fabric: Fabric, demand: Demand, settings: NestSettings, start: Marker | None) -> Marker:
        listener = listening(f"{len({copy.bundle for copy in demand.copies})} garments") if listening else None
        told = tell if start is given else None  # of the starts that a lay makes itself nobody has to hear
        return nest(fabric, demand, settings, inputs=inputs, listener=listener, stop=stop, start=start, tell=told)

    if rules.holds_nothing(fabric):
        return Lay((nester(fabric, demand, settings, start),))
    return _Work(fabric, demand, Effort(settings, stop), rules, nester).lay(start)


def _refuse_odd(rules: LayRules, start: Marker | None, fabric: Fabric) -> None:
    if start is not None and (rules.rolls or rules.sections or rules.garments_per_marker is not None):
        raise UsageError("a marker to go on from is of an order that is cut in one marker")
    if rules.garments_per_marker is not None and rules.garments_per_marker < 1:
        raise UsageError("a marker holds a garment at least")
    if rules.garments_per_marker is not None and rules.parts_garments:
        raise UsageError("garments that may be parted cannot be counted by the marker")
    if fabric.longest_mm is not None and fabric.longest_mm <= 0:
        raise UsageError("the length limit leaves no room between the margins")


@dataclass
class _Work:
    """What one call of ``lay`` knows."""

    fabric: Fabric
    demand: Demand
    effort: Effort
    rules: LayRules
    plain_nester: Nester

    def lay(self, start: Marker | None) -> Lay:
        if self.rules.rolls:
            return self._on_rolls()
        reasons = self._misfits(self.fabric)
        fitting = [copy for copy in self.demand.copies if copy.piece not in reasons]
        if not fitting:
            return Lay((self.plain_nester(self.fabric, self.demand, self.effort.settings, None),))
        whole = self._in_one(reasons, start)
        markers = [whole] if whole is not None else self._split(part_of(self.demand, fitting))
        return Lay(self._finished(markers, reasons))

    def _in_one(self, reasons: dict[str, str], start: Marker | None) -> Marker | None:
        """The order in one marker, where it is likely to fit and does; None where it must be dealt out."""
        limit = self.fabric.longest_mm
        if self.rules.garments_per_marker is not None or self.rules.sections is not None or limit is None:
            return None
        fitting = part_of(self.demand, [copy for copy in self.demand.copies if copy.piece not in reasons])
        stock = stock_of(fitting)
        judge = self._judge(stock)
        bounds = Bounds(limit)
        if start is None and not bounds.holds(SURE * judge.guess_mm(stock.everything)):
            return None
        marker = self.plain_nester(judge.cloth, fitting, self.effort.settings, start)
        return marker if bounds.holds(marker.reach_mm) else None

    def _judge(self, stock: Stock) -> Judge:
        return Judge(replace(self.fabric, max_length_mm=None), stock, self.effort, self._nester)

    @cached_property
    def _nester(self) -> Nester:
        sections = self.rules.sections
        return self.plain_nester if sections is None else SectionNester(self.plain_nester, sections, self.effort.stop)

    def _split(self, fitting: Demand) -> list[Marker]:
        """The markers of all that fits in a marker, with the garments' own numbers."""
        stock = stock_of(fitting, apart=self.rules.parts_garments)
        judge = self._judge(stock)
        bounds = Bounds(self.fabric.longest_mm, self.rules.garments_per_marker)
        if bounds == Bounds():
            return [self._nester(judge.cloth, fitting, self.effort.settings, None)]
        found = Splitter(judge, bounds, self.effort).split()
        *dealt, long = stock.deal([*found.lots, found.too_long])
        markers = [
            handed_on(judge.known[lot], stock.sample(lot), garments)
            for lot, garments in zip(found.lots, dealt, strict=True)
        ]
        return markers + [self._cut_off(garment) for garment in long]

    def _cut_off(self, garment: Garment) -> Marker:
        """A garment that is longer than a marker may be: what finds no room is named as unplaced."""
        marker = self.plain_nester(self.fabric, part_of(self.demand, garment), self.effort.settings, None)
        reason = f"; garment {garment[0].bundle} is too long for one marker, and may not be parted"
        return replace(marker, unplaced=tuple(replace(u, reason=u.reason + reason) for u in marker.unplaced))

    def _finished(self, markers: Sequence[Marker], reasons: dict[str, str]) -> tuple[Marker, ...]:
        """The markers on the fabric with its limit, the misfits named in the one that holds their garment.

        Where a stop came before a marker was searched to be within the limit, what lies beyond it is named, too.
        """
        left: dict[int, list[Copy]] = defaultdict(list)
        for copy in self.demand.copies:
            if copy.piece in reasons:
                home = (k for k, marker in enumerate(markers) if copy.bundle in marker.bundles)
                left[next(home, 0)].append(copy)
        limit = self.fabric.max_length_mm
        on_table = [replace(m, fabric=replace(m.fabric, max_length_mm=limit)) for m in markers]
        whole = (
            with_unplaced(cut_to_limit(marker), self.demand, left[number], reasons)
            for number, marker in enumerate(on_table)
        )
        planned = self.demand.planned
        return tuple(replace(marker, planned=planned.within(marker.bundles)) for marker in whole)

    # --- rolls

    def _on_rolls(self) -> Lay:
        wanted = [roll for roll in self.rules.rolls if self._is_for(roll)]
        table = self.fabric.max_length_mm
        clean = [replace(roll_cloth(self.fabric, roll), defects=(), max_length_mm=table) for roll in in_turn(wanted)]
        misfits = {cloth.width_mm: self._misfits(cloth) for cloth in dict.fromkeys(clean)}
        reasons = _common(list(misfits.values()))
        fitting = [copy for copy in self.demand.copies if copy.piece not in reasons]
        if not wanted or not fitting:
            reasons |= dict.fromkeys((copy.piece for copy in fitting), NO_CLOTH if wanted else self._no_roll())
            empty = Marker(self.fabric, (), (), self.effort.settings)
            return Lay(self._finished([empty], reasons), tuple(RollUse(roll, 0.0) for roll in self.rules.rolls))
        stock = stock_of(part_of(self.demand, fitting), apart=self.rules.parts_garments)
        barred = {
            width: frozenset(k for k, kind in enumerate(stock.kinds) if any(c.piece in pieces for c in kind[0]))
            for width, pieces in misfits.items()
        }
        most = self.rules.garments_per_marker
        cutter = RollCutter(self.fabric, wanted, most, stock, barred, self.effort, self._nester)
        shares, uses, left = cutter.cut()
        *dealt, short = stock.deal([*(share.lot for share in shares), left])
        markers = [
            handed_on(share.marker, stock.sample(share.lot), garments)
            for share, garments in zip(shares, dealt, strict=True)
        ] or [Marker(self.fabric, (), (), self.effort.settings)]
        missing = [copy for garment in short for copy in garment]
        last = with_unplaced(markers[-1], self.demand, missing, {copy.piece: NO_CLOTH for copy in missing})
        by_roll = {id(use.roll): use for use in uses}
        all_uses = tuple(by_roll.get(id(roll), RollUse(roll, 0.0)) for roll in self.rules.rolls)
        return Lay(self._finished([*markers[:-1], last], reasons), all_uses)

    def _is_for(self, roll: Roll) -> bool:
        """Whether the order's material may be cut from a roll."""
        return roll.material == "" or folded_material(roll.material) == folded_material(self.demand.material)

    def _no_roll(self) -> str:
        """Why nothing is laid where every roll is of another material."""
        others = ", ".join(dict.fromkeys(roll.material for roll in self.rules.rolls))
        return f"no roll or remnant is of its material {self.demand.material!r}: they are of {others}"

    # --- pieces that fit nowhere

    def _misfits(self, cloth: Fabric) -> dict[str, str]:
        """The pieces that fit the cloth in no way, with the reason."""
        reasons: dict[str, str] = {}
        for piece in self.demand.pieces:
            if not _surely_fits(piece, cloth, self.effort.settings.bundle_span_mm):
                copy = next(copy for copy in self.demand.copies if copy.piece == piece.id)
                one = replace(self.effort.settings, rounds=1, time_s=None)
                alone = self.plain_nester(cloth, part_of(self.demand, [copy]), one, None)
                reasons |= {entry.piece: entry.reason for entry in alone.unplaced}
        return reasons


def _common(misfits: Sequence[dict[str, str]]) -> dict[str, str]:
    """The pieces that are in all of these, with the last one's reasons; none where there are none of these."""
    if not misfits:
        return {}
    return {piece: reason for piece, reason in misfits[-1].items() if all(piece in one for one in misfits)}


def _surely_fits(piece: OrderedPiece, cloth: Fabric, span_mm: float | None) -> bool:
    """Whether the piece's box fits at every angle allowed, and nothing else binds it; else a nest is asked."""
    if piece.zones or piece.fold or piece.ties or piece.matches:
        return False
    sizes = [size_after_turn(piece.reserved, angle) for angle in piece.allowed_angles_deg]
    limit = min(inf if cloth.longest_mm is None else cloth.longest_mm, inf if span_mm is None else span_mm)
    across = all(width <= cloth.usable_width_mm for _, width in sizes)
    return across and all(length <= limit for length, _ in sizes)
