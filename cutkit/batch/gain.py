"""Which marker is worth more time: the cloth that another slice of searching may save, from what the last one saved.

A search gains about as much with every doubling of its time, and a little less each time. So the gain of the last
doubling, which its trace tells, stands for the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DECAY = 0.6
"""Gain of a doubling, as a part of the one before."""
CONVERGED = 2e-4
"""A slice that shortens a marker by less than this part has gained nothing worth having."""
HOPE = 1e-3
"""A doubling may always gain this part of the length, even where the last one gained nothing: chance is in it."""
SLICES_WITHOUT_GAIN = 2
SLICE_AT_LEAST_S = 10.0
SLICE_AT_MOST_S = 600.0


@dataclass
class Improvement:
    """How the length of one marker fell. ``trace``: (seconds of all searching, length in mm), falling."""

    width_mm: float
    trace: list[tuple[float, float]] = field(default_factory=list)
    spent_s: float = 0.0
    idle_slices: int = 0
    finished: bool = False
    slices: int = 0

    def learn(self, trace: tuple[tuple[float, float], ...], spent_s: float, ended_early: bool) -> None:
        """Take in what a slice has shown; ``spent_s`` is the time of all slices."""
        before = self.length_mm
        self.trace += [point for point in trace if before is None or point[1] < before]
        self.spent_s = spent_s
        self.slices += 1
        self.finished = self.finished or ended_early
        after = self.length_mm
        if before is not None and after is not None:
            self.idle_slices = 0 if after < before * (1 - CONVERGED) else self.idle_slices + 1

    @property
    def length_mm(self) -> float | None:
        """The shortest length so far; None before there is any."""
        return self.trace[-1][1] if self.trace else None

    @property
    def converged(self) -> bool:
        """Whether more time would be wasted on it."""
        return self.finished or self.idle_slices >= SLICES_WITHOUT_GAIN

    @property
    def next_slice_s(self) -> float:
        """How long to search next: as long as in all so far, within reason."""
        return min(SLICE_AT_MOST_S, max(SLICE_AT_LEAST_S, self.spent_s))

    def expected_gain(self) -> float:
        """The cloth that the next slice may save, in mm2 a second."""
        if self.length_mm is None or self.converged:
            return 0.0
        last = self._length_at(self.spent_s / 2) - self.length_mm
        doubling = max(last, HOPE * self.length_mm) * DECAY ** (1 + self.idle_slices)
        return self.width_mm * doubling / max(1e-9, self.spent_s)

    def _length_at(self, seconds: float) -> float:
        """The length that was reached by then; the first one known where there was none yet."""
        reached = [length for at, length in self.trace if at <= seconds]
        return reached[-1] if reached else self.trace[0][1]
