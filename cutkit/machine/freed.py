"""Judges the order of cuts: nothing may be cut in cloth that a closed line has already freed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon

from cutkit.machine.actions import Violation
from cutkit.machine.coverage import Indices
from cutkit.machine.tip_path import TipPath
from cutkit.machine.trace import Run
from cutkit.machine.wanted import Wanted

WITHIN_MM = 0.15
"""A cut so far within a closed line lies in what that line frees; what is nearer runs along the line itself."""


@dataclass(frozen=True, eq=False)
class Closed:
    """When the lines of a marker were closed: ``at`` is, for every wanted line, the sample of the trace at which it was
    whole, -1 if never. The strokes ``may_be_late`` may come after that."""

    wanted: list[Wanted]
    at: Indices
    may_be_late: Indices


def freed_faults(
    run: Run, closed: Closed, paths: tuple[TipPath, TipPath], names: dict[int, str]
) -> Iterator[Violation]:
    """The first cut or punch within each outline or cut-out after it was closed.

    ``paths`` are those of the cutting tool and of the punch. A piece in the cut-out of another counts as within both.
    """
    cut, punched = paths
    wanted, closed_at = closed.wanted, closed.at
    rings = [k for k, line in enumerate(wanted) if line.closed and closed_at[k] >= 0]
    zones = shapely.buffer(np.array([Polygon(wanted[k].points) for k in rings], dtype=object), -WITHIN_MM)
    places = np.concatenate([(cut.segments[:, :2] + cut.segments[:, 2:]) / 2, punched.points])
    samples = np.concatenate([cut.sample, punched.point_sample])
    in_time = np.append(~np.isin(cut.run, closed.may_be_late), np.ones(len(punched.points), dtype=bool))
    zone, place = shapely.STRtree(shapely.points(places)).query(zones, predicate="contains")
    late = (samples[place] > closed_at[rings][zone]) & in_time[place]
    for which in np.unique(zone[late]):
        inside = place[late & (zone == which)]
        first = inside[np.argmin(samples[inside])]
        ring = wanted[rings[which]]
        what = "the piece is" if ring.kind == "boundary" else "the cloth of its cut-out is"
        at = (float(places[first, 0]), float(places[first, 1]))
        message = f"something in {names[ring.placement]} is cut after {what} freed"
        yield Violation("cut-after-freed", message, int(run.trace.line[samples[first]]), at)
