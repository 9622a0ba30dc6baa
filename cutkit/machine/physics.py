"""Where the blade is: the tip that trails the holder, and the angle it has.

A drag blade swivels about the holder's axis and its tip trails the axis by the offset d. While it cuts, it moves only
along itself, so the angle phi between the blade's heading (from the tip to the axis) and the holder's direction shrinks
along the way s as ``d phi / d s = -sin(phi) / d``, which on a straight stretch has the exact solution
``tan(phi / 2) = tan(phi_0 / 2) exp(-s / d)`` (the tractrix). From exactly 180 degrees it never turns. Lifted out of the
cloth it keeps its angle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cutkit.model import Point

LONGEST_STEP = 0.35
"""In offsets: how far the holder goes between two samples of the tip while the blade is turning."""
LARGEST_TURN_RAD = 0.087
STEADY_MM = 0.002
"""A tip this near to the holder's line counts as on it: the rest of a straight stretch needs no more samples."""


@dataclass(slots=True)
class Blade:
    """A drag blade: its offset and its heading now, in radians counter-clockwise from +x; offset 0: tip is holder."""

    offset_mm: float
    heading_rad: float = 0.0

    def tip(self, holder: Point) -> Point:
        """Where the tip is while the holder is at this point."""
        d = self.offset_mm
        if d == 0:
            return holder
        return holder[0] - d * math.cos(self.heading_rad), holder[1] - d * math.sin(self.heading_rad)

    def drag(self, start: Point, end: Point) -> Iterator[tuple[float, Point, Point]]:
        """Drag the tip through the cloth while the holder goes straight from ``start`` to ``end``.

        Yields (way done in mm, holder, tip) as often as the tip's curve needs it, the end last; afterwards the blade
        has its new heading. Straight lines through the tips stay within a hundredth of the offset of the true curve.
        """
        length = math.dist(start, end)
        if length == 0:
            return
        if self.offset_mm == 0:
            yield length, end, end
            return
        along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
        direction = math.atan2(along[1], along[0])
        done = 0.0
        while done < length:
            phi = math.remainder(self.heading_rad - direction, math.tau)
            step = min(self._step_mm(phi), length - done)
            done = length if length - done - step < 1e-9 else done + step
            self.heading_rad = direction + self._decayed(phi, step)
            holder = end if done == length else (start[0] + along[0] * done, start[1] + along[1] * done)
            yield done, holder, self.tip(holder)

    def _step_mm(self, phi: float) -> float:
        """How far the holder may go until the next sample, the blade being ``phi`` off its direction."""
        turning = abs(math.sin(phi))
        if self.offset_mm * turning < STEADY_MM and abs(phi) < 1:
            return math.inf
        return self.offset_mm * max(min(LONGEST_STEP, LARGEST_TURN_RAD / max(turning, 1e-12)), 1e-3)

    def _decayed(self, phi: float, way_mm: float) -> float:
        """The angle off the direction after a straight way; exact."""
        if abs(phi) >= math.pi:
            return phi
        return 2 * math.atan(math.tan(phi / 2) * math.exp(-way_mm / self.offset_mm))
