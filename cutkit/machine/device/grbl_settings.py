"""Grbl 1.1's settings (``$$``): numbers, defaults as the profile has them, and how they are written.

Numbers and meaning are those of Grbl's public list of settings; they stay when the power goes.
"""

from __future__ import annotations

from cutkit.machine.body import limits_of
from cutkit.machine.kinematics import Limits
from cutkit.toolpath import CutterProfile

_WHOLE = frozenset({0, 1, 2, 3, 4, 5, 6, 10, 13, 20, 21, 22, 23, 26, 30, 31, 32})
_DEFAULT_STEPS_PER_MM = 250.0
LEAST = 0.001
HOMING_PULLOFF, HOMING_DIRECTIONS, REPORT, REPORT_INCHES, SPINDLE_MOST = 27, 23, 10, 13, 30


class Settings:
    """The numbers by their ``$n``."""

    def __init__(self, profile: CutterProfile) -> None:
        motion, table = profile.motion, profile.table
        reach = ((table.length_mm or 10000.0) + table.margin_mm, table.width_mm + table.margin_mm, 100.0)
        self._profile = profile
        self.values: dict[int, float] = {
            0: 10, 1: 25, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 10: 3, 11: motion.junction_deviation_mm, 12: 0.002, 13: 0,
            20: 0, 21: 0, 22: 0, 23: 3, 24: 25.0, 25: 6000.0, 26: 250, 27: 1.0, 30: 1000, 31: 0, 32: 0,
        }  # fmt: skip
        for axis in range(3):
            self.values[100 + axis] = motion.steps_per_mm or _DEFAULT_STEPS_PER_MM
            self.values[110 + axis] = motion.travel_mm_s * 60.0
            self.values[120 + axis] = motion.acceleration_mm_s2
            self.values[130 + axis] = reach[axis]
        self._at_first = dict(self.values)

    def __getitem__(self, number: int) -> float:
        return self.values[number]

    @property
    def soft_limits(self) -> bool:
        """``$20``."""
        return self.values[20] != 0

    @property
    def homing(self) -> bool:
        """``$22``."""
        return self.values[22] != 0

    def lines(self) -> list[str]:
        """The answer to ``$$``."""
        return [f"${n}={v:.0f}" if n in _WHOLE else f"${n}={v:.3f}" for n, v in sorted(self.values.items())]

    def write(self, number: int, value: float) -> int:
        """Set one; the number of the ``error:N`` that this is answered with, 0 if none."""
        if value < 0:
            return 4
        if number not in self.values:
            return 3
        if number == 0 and value < 3:
            return 6
        if number == 20 and value and not self.homing:
            return 10
        self.values[number] = value
        if number == 22 and not value:
            self.values[20] = 0
        return 0

    def restore(self) -> None:
        """All as at first (``$RST=$``)."""
        self.values = dict(self._at_first)

    def homed_at(self) -> tuple[float, float, float]:
        """The machine's position after homing: at the end of its travel (``$23``: which), pulled off the switch."""
        mask, off = int(self.values[HOMING_DIRECTIONS]), self.values[HOMING_PULLOFF]
        x, y, z = ((off - self.values[130 + axis] if mask >> axis & 1 else -off) for axis in range(3))
        return x, y, z

    def within(self, axis: int, value: float) -> bool:
        """Whether a position lies within the axis's travel, which runs from minus ``$13n`` to 0."""
        return -self.values[130 + axis] - 1e-9 <= value <= 1e-9

    def limits(self) -> Limits:
        """What the settings mean for the motion along the table; a zero makes it next to nothing."""
        ours = limits_of(self._profile)
        steps, rate, acceleration = (
            max(min(self.values[first], self.values[first + 1]), LEAST) for first in (100, 110, 120)
        )
        return Limits(
            acceleration,
            self.values[11],
            per_axis=True,
            top_speed_mm_s=rate / 60.0,
            steps_per_mm=ours.steps_per_mm if steps == self._at_first[100] else steps,
        )
