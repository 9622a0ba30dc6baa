"""Judging a cut on printed cloth: the run is laid back to where the marker has its lines, and told where they lie.

So the marker itself is judged, line by line; deviations are measured in its own millimetres, which differ from those of
the table by the scale of the print alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cutkit.machine.actions import Violation
from cutkit.machine.trace import Run
from cutkit.toolpath import Registration


def laid_back(run: Run, registration: Registration) -> Run:
    """A run with its trace where it would be had the marker not been printed, turned and stretched."""
    back = registration.inverse
    tip_mm, holder_mm = _moved(run.trace.tip_mm, back), _moved(run.trace.holder_mm, back)
    return replace(run, trace=replace(run.trace, tip_mm=tip_mm, holder_mm=holder_mm))


def laid_out(violations: Iterable[Violation], registration: Registration) -> tuple[Violation, ...]:
    """Violations that were found on the marker, where they lie on the table."""
    return tuple(v if v.at_mm is None else replace(v, at_mm=registration.points([v.at_mm])[0]) for v in violations)


def _moved(points: NDArray[np.float64], by: Registration) -> NDArray[np.float64]:
    a, b, d, e, x, y = by.matrix
    moved: NDArray[np.float64] = points @ np.array([[a, d], [b, e]]) + np.array([x, y])
    return moved
