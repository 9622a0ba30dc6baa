"""What each rule costs: the order nested again without it, beside the order nested again with all of them.

Every search gets the same time (or rounds): half of it begins anew, for the ways to lie that a rule forbade are not
found from a layout that is packed without them; the other half goes on from the shorter of what was found and the given
marker, which keeps the rules that are left. So without a rule nothing longer comes back than the marker is, and what it
costs is rather told too low than too high. The difference that counts is to the searches that keep all rules, for these
may shorten the marker, too. Where all searches begin anew (``Effort.anew``), the prices are as unsure as the searches
are. One search of each kind is made with a seed before any is made with the next one, each time in another order: a
busy machine slows all alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Literal, Protocol

from cutkit.explain.rules import Rule, relaxed
from cutkit.lay.judge import Nester
from cutkit.lay.sections import SectionNester, Sections
from cutkit.model import Demand, Fabric, Marker, NestSettings
from cutkit.nest import Listener, nest
from cutkit.plan.again import demand_of

Verdict = Literal["costs", "within the noise", "nothing found", "one seed"]

T90 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833)
"""Student's t for an interval that holds nine of ten means, for 1, 2, 3 ... degrees of freedom."""
T90_MANY = 1.8
SAME_MM = 1e-3
"""Lengths that differ by less are equal: that is rounding."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What every search may spend, ``time_s`` or ``rounds``, and the seeds of the searches.

    Half of it is spent on a search of its own, and half on going on from what that has found, or from the marker where
    that is shorter. ``anew``: all of it on a search of its own.
    """

    seeds: tuple[int, ...]
    time_s: float | None = None
    rounds: int | None = None
    workers: int = 1
    anew: bool = False

    @property
    def halves(self) -> tuple[Effort | None, Effort]:
        """The effort in two parts; of a single round nothing is left for the first."""
        if self.rounds is None:
            half = replace(self, time_s=(self.time_s or 0.0) / 2)
            return half, half
        first = self.rounds // 2
        return replace(self, rounds=first) if first else None, replace(self, rounds=self.rounds - first)

    def settings(self, marker: Marker, seed: int) -> NestSettings:
        """The settings of a search under the rules of ``marker``."""
        return replace(marker.settings, seed=seed, time_s=self.time_s, rounds=self.rounds, workers=self.workers)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search came to. ``cloth_mm`` is the length of cloth with the margins at both ends."""

    length_mm: float
    cloth_mm: float
    efficiency: float
    placed_area_mm2: float

    @staticmethod
    def of(marker: Marker) -> Outcome:
        """What ``marker`` comes to."""
        fabric = marker.fabric
        cloth = marker.length_mm + fabric.start_margin_mm + fabric.end_margin_mm
        return Outcome(marker.length_mm, cloth, marker.efficiency, marker.placed_area_mm2)

    def cloth_for(self, area_mm2: float) -> float:
        """The length of cloth that so much of pieces takes at this outcome's rate."""
        return self.cloth_mm * area_mm2 / self.placed_area_mm2 if self.placed_area_mm2 else self.cloth_mm


@dataclass(frozen=True)
class Price:
    """A rule (None: all of them at once) with the searches that keep it and those without it, seed by seed.

    Cloth is that for the pieces of the searches that keep it, where the other ones place more. Points are by how many
    percent of the usable cloth the efficiency would be higher on so much less cloth.
    """

    rule: Rule | None
    kept: tuple[Outcome, ...]
    without: tuple[Outcome, ...]

    @property
    def saved_mm(self) -> tuple[float, ...]:
        """The cloth that is saved without the rule, by seed; below 0 where the search found less without it."""
        saved = [a.cloth_mm - b.cloth_for(a.placed_area_mm2) for a, b in zip(self.kept, self.without, strict=True)]
        return tuple(0.0 if abs(mm) < SAME_MM else mm for mm in saved)

    @property
    def points(self) -> tuple[float, ...]:
        """The same in points of efficiency."""
        pairs = zip(self.kept, self.saved_mm, strict=True)
        return tuple(100 * a.efficiency * saved / (a.cloth_mm - saved) for a, saved in pairs)

    @property
    def noise_mm(self) -> float | None:
        """Half the interval that holds the mean of ``saved_mm`` nine times of ten; None with one seed."""
        return _noise(self.saved_mm)

    @property
    def noise_points(self) -> float | None:
        """The same in points."""
        return _noise(self.points)

    @property
    def verdict(self) -> Verdict:
        """Whether the rule costs anything, as far as these searches can tell. To leave a rule out never takes cloth:
        where they came to more without it, they have not found what is there."""
        if not any(self.saved_mm):
            return "nothing found"
        if self.noise_mm is None:
            return "one seed"
        mean = fmean(self.saved_mm)
        if abs(mean) <= self.noise_mm:
            return "within the noise"
        return "costs" if mean > 0 else "nothing found"


@dataclass(frozen=True)
class Prices:
    """The prices of rules, found by searches with ``seeds``: those that were tried with every rule."""

    seeds: tuple[int, ...]
    kept: tuple[Outcome, ...]
    rules: tuple[Price, ...]
    all_off: Price | None


class Watcher(Protocol):
    """Whoever wants to know which search comes next, of how many; what is returned listens to it."""

    def __call__(self, number: int, count: int, left_out: tuple[Rule, ...], seed: int) -> Listener | None: ...


def price_rules(
    marker: Marker,
    rules: Sequence[Rule],
    effort: Effort,
    watcher: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Prices:
    """The price of each of ``rules`` in ``marker``, and where they are several that of all of them.

    Takes (rules + 2) x seeds searches. Once ``stop`` is true, only the seeds count with which all of them were made.
    """
    kinds = [(), *((rule,) for rule in rules), *([tuple(rules)] if len(rules) > 1 else [])]
    searches = _Searches([_Kind.of(relaxed(marker, left_out), left_out) for left_out in kinds], effort, watcher, stop)
    sweeps = list(searches.sweeps())
    kept, *without = ([sweep[k] for sweep in sweeps] for k in range(len(kinds)))
    prices = [
        Price(left_out[0] if len(left_out) == 1 else None, tuple(kept), tuple(found))
        for left_out, found in zip(kinds[1:], without, strict=True)
    ]
    singles, all_off = prices[: len(rules)], prices[len(rules) :]
    return Prices(effort.seeds[: len(sweeps)], tuple(kept), tuple(singles), all_off[0] if all_off else None)


def searches_needed(rules: Sequence[Rule], seeds: int) -> int:
    """How many searches ``price_rules`` makes."""
    return seeds * (1 + len(rules) + (len(rules) > 1))


@dataclass(frozen=True)
class _Kind:
    """A marker without some rules, and the demand that is nested without them."""

    marker: Marker
    demand: Demand
    left_out: tuple[Rule, ...]

    @staticmethod
    def of(marker: Marker, left_out: tuple[Rule, ...]) -> _Kind:
        return _Kind(marker, demand_of(marker), left_out)


@dataclass(frozen=True)
class _Searches:
    kinds: Sequence[_Kind]
    effort: Effort
    watcher: Watcher | None
    stop: Callable[[], bool]

    def sweeps(self) -> Iterator[list[Outcome]]:
        """With every seed an outcome of each kind; none with a seed that a stop came into."""
        count = len(self.kinds)
        for number, seed in enumerate(self.effort.seeds):
            found: dict[int, Outcome] = {}
            for k in (*range(number % count, count), *range(number % count)):
                if self.stop():
                    return
                listener = None
                if self.watcher is not None:
                    done = number * count + len(found)
                    listener = self.watcher(done + 1, count * len(self.effort.seeds), self.kinds[k].left_out, seed)
                found[k] = self._searched(self.kinds[k], seed, listener)
            if self.stop():  # the last search was cut short
                return
            yield [found[k] for k in range(count)]

    def _searched(self, kind: _Kind, seed: int, listener: Listener | None) -> Outcome:
        marker = kind.marker
        first, second = self.effort.halves
        if marker.settings.bundling == "sections":  # made of nests of their own, which begin anew
            first, second = None, self.effort
        if self.effort.anew:
            return Outcome.of(self._nested(kind, self.effort, seed, listener, None))
        best = marker if first is None else _better(marker, self._nested(kind, first, seed, listener, None))
        return Outcome.of(_better(best, self._nested(kind, second, seed, listener, best)))

    def _nested(
        self, kind: _Kind, effort: Effort, seed: int, listener: Listener | None, start: Marker | None
    ) -> Marker:
        def one(fabric: Fabric, demand: Demand, settings: NestSettings, start: Marker | None) -> Marker:
            return nest(fabric, demand, settings, listener=listener, stop=self.stop, start=start)

        settings = effort.settings(kind.marker, seed)
        nester: Nester = one if settings.bundling == "mixed" else SectionNester(one, Sections(), self.stop)
        return nester(kind.marker.fabric, kind.demand, settings, start)


def _better(one: Marker, other: Marker) -> Marker:
    """The marker that holds more, or the shorter one: a search that cannot use its start may come back with worse."""
    return min(one, other, key=lambda marker: (-len(marker.placements), marker.length_mm))


def _noise(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    freedom = len(values) - 1
    t = T90[freedom - 1] if freedom <= len(T90) else T90_MANY
    return float(t * stdev(values) / len(values) ** 0.5)
