"""The way of the tip with a tool down, taken out of a run's trace: segments and points, stroke by stroke."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely

from cutkit.machine.coverage import Array, Indices
from cutkit.machine.trace import Trace
from cutkit.toolpath import CutTool


@dataclass(frozen=True, eq=False)
class TipPath:
    """The segments (rows of x0, y0, x1, y1) of the tip's way with some tools down, in the order of time.

    ``run`` is the number of the stroke that each belongs to, and ``sample`` where in the trace it ends; so too for the
    points. A punch has a point and no segment.
    """

    segments: Array
    run: Indices
    sample: Indices
    points: Array
    point_run: Indices
    point_sample: Indices

    def of_run(self, number: int) -> Array:
        """The segments of one stroke."""
        first, end = np.searchsorted(self.run, [number, number + 1])
        return self.segments[first:end]

    def stroke(self, number: int) -> shapely.Geometry:
        """One stroke as a geometry."""
        return shapely.multilinestrings(shapely.linestrings(self.of_run(number).reshape(-1, 2, 2)))

    def lengths_mm(self, size: int) -> Array:
        """The lengths of the strokes, by their numbers below ``size``."""
        sides = self.segments[:, 2:] - self.segments[:, :2]
        lengths: Array = np.bincount(self.run, np.hypot(sides[:, 0], sides[:, 1]), minlength=size).astype(float)
        return lengths

    def run_points(self, number: int) -> Array:
        """The points of one stroke."""
        first, end = np.searchsorted(self.point_run, [number, number + 1])
        return self.points[first:end]


def tip_path(trace: Trace, tools: Iterable[CutTool]) -> TipPath:
    """The way of the tip with one of the ``tools`` down; a stroke is what lies between down and up."""
    wanted = {k for k, name in enumerate(trace.tools) if name in set(tools)}
    runs = [(n, a, b) for n, (a, b) in enumerate(trace.runs()) if int(trace.tool[a]) in wanted]
    sample = np.concatenate([np.arange(a, b) for _, a, b in runs] or [np.zeros(0, np.int64)])
    run = np.repeat([n for n, _, _ in runs], [b - a for _, a, b in runs]).astype(np.int64)
    points = trace.tip_mm[sample].reshape(-1, 2)
    sides = np.hstack([points[:-1], points[1:]]) if len(points) else np.zeros((0, 4))
    moved = (run[1:] == run[:-1]) & (points[1:] != points[:-1]).any(axis=1) if len(points) else np.zeros(0, bool)
    return TipPath(sides[moved], run[1:][moved], sample[1:][moved], points, run, sample)
