"""What lots of garments come to on a cloth: guessed from their areas and shapes, or nested.

A guess takes milliseconds and is off by some percent; what the nests on this cloth have been longer than their guesses,
all further guesses are, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, inf, log
from typing import Protocol

from cutkit.errors import InfeasibleError
from cutkit.lay.garments import Lot, Stock
from cutkit.model import Demand, Fabric, Marker, NestSettings
from cutkit.plan.estimate import LengthModel, features_of, shipped_model

SHORT_SHARE = 1 / 8
"""The part of a marker's effort that a nest takes which only judges a distribution."""
SHORT_AT_LEAST_S = 0.4
ROUNDS_AT_LEAST = 2
"""A short nest by time that has searched for fewer rounds judges nothing."""
BELOW_THE_LOW_END = 1.02
"""A lot is hardly shorter than the low end of its guess by more than this factor."""


class Nester(Protocol):
    """Whoever nests: ``cutkit.nest.nest`` with all that does not change from marker to marker."""

    def __call__(self, fabric: Fabric, demand: Demand, settings: NestSettings, start: Marker | None) -> Marker: ...


@dataclass
class Effort:
    """What the markers of a lay may take: ``settings`` has the effort of one marker. The time counts from when this is
    made; ``stop`` ends it early. ``whole_s``: all of them together take so long, however many there are."""

    settings: NestSettings
    stop: Callable[[], bool] = lambda: False
    whole_s: float | None = None
    begin: float = field(default_factory=time.monotonic)

    @property
    def by_rounds(self) -> bool:
        """Whether the effort is one of rounds, so that everything repeats."""
        return self.settings.rounds is not None

    @property
    def short(self) -> NestSettings:
        """A nest that is only to judge by."""
        if self.settings.rounds is not None:
            return replace(self.settings, rounds=max(1, round(SHORT_SHARE * self.settings.rounds)))
        return self.of_seconds(SHORT_SHARE * (self.settings.time_s or 0.0))

    def of_seconds(self, seconds: float) -> NestSettings:
        """A nest of so many seconds, but at most a marker's and at least what its tables take; in a search by rounds,
        of a marker's rounds."""
        if self.by_rounds:
            return self.settings
        most = self.settings.time_s or 0.0
        return replace(self.settings, time_s=min(most, max(SHORT_AT_LEAST_S, seconds)))

    def left_s(self, markers: int) -> float:
        """The seconds that are left of the time for so many markers, 0 after a stop; endless in a search by rounds."""
        if self.stop():
            return 0.0
        if self.settings.time_s is None:
            return inf
        whole_s = markers * self.settings.time_s if self.whole_s is None else self.whole_s
        return max(0.0, self.begin + whole_s - time.monotonic())


@dataclass
class Judge:
    """Lots of ``stock`` on ``cloth``, which has no length limit here: how long they come to is what is asked.

    ``known`` holds the shortest marker of each lot that was nested; ``off`` how far the guesses were off, as
    logarithms, and may be shared by judges of like cloth.
    """

    cloth: Fabric
    stock: Stock
    effort: Effort
    nester: Nester
    known: dict[Lot, Marker] = field(default_factory=dict)
    off: list[float] = field(default_factory=list)
    _raw: dict[Lot, tuple[float, float, float]] = field(default_factory=dict)

    def guess_mm(self, lot: Lot) -> float:
        """The length of a lot before it is nested; 0 for an empty one."""
        if not any(lot):
            return 0.0
        return self._guess(lot) * self._set_right

    @property
    def _set_right(self) -> float:
        """How much longer nests on this cloth were than their guesses, as a factor."""
        return exp(sum(self.off) / len(self.off)) if self.off else 1.0

    def least_mm(self, lot: Lot) -> float:
        """What a lot is hardly shorter than: its length where it was nested, a cautious guess else."""
        if lot in self.known or not any(lot):
            return self.length_mm(lot)
        return self._guesses(lot)[0] * self._set_right / BELOW_THE_LOW_END

    def length_mm(self, lot: Lot) -> float:
        """The length of a lot, blocks and all: of its marker where there is one, else guessed."""
        return self.known[lot].reach_mm if lot in self.known else self.guess_mm(lot)

    def nested(self, lot: Lot, settings: NestSettings) -> Marker:
        """A marker of the lot's first garments: nested with this effort, from the one that is known, if any. It is
        never longer than that one."""
        before = self.known.get(lot)
        marker = self.nester(self.cloth, self.stock.part(lot), settings, before)
        if before is not None and _rank(before) <= _rank(marker):
            marker = before
        if before is None and marker.length_mm > 0:
            self.off.append(log(marker.reach_mm / self._guess(lot)))
        self.known[lot] = marker
        return marker

    def judged_mm(self, lot: Lot) -> float:
        """The length of the lot's marker, which is nested now for a short time where there is none yet.

        It is long enough that something is searched once the tables are made.
        """
        settings = self.effort.short
        while lot not in self.known or self._hardly_searched(lot, settings):
            self.nested(lot, settings)
            settings = self.effort.of_seconds(2 * (settings.time_s or 0.0))
        return self.known[lot].reach_mm

    def _hardly_searched(self, lot: Lot, settings: NestSettings) -> bool:
        """Whether a nest by time came to little, and a longer one may come to more."""
        full = self.effort.settings.time_s
        if self.effort.by_rounds or self.effort.stop() or self.known[lot].search.rounds >= ROUNDS_AT_LEAST:
            return False
        return full is not None and (settings.time_s or 0.0) < full

    def _guess(self, lot: Lot) -> float:
        return self._guesses(lot)[1]

    def _guesses(self, lot: Lot) -> tuple[float, float, float]:
        """The low end of the guess, the guess, and its high end, by the shipped model alone."""
        if lot not in self._raw:
            try:
                features = features_of(self.stock.part(lot).pieces, self.cloth, self.effort.settings.gap_mm)
                self._raw[lot] = self._model.lengths_mm(features)
            except InfeasibleError:  # wide at every angle but off it: only a nest knows
                least = self.stock.area_mm2(lot) / self.cloth.usable_width_mm
                self._raw[lot] = (least, least, least)
        return self._raw[lot]

    @cached_property
    def _model(self) -> LengthModel:
        return shipped_model()


def _rank(marker: Marker) -> tuple[int, float]:
    """The fewer pieces are left out, and then the shorter, the better."""
    return sum(entry.count for entry in marker.unplaced), marker.length_mm
