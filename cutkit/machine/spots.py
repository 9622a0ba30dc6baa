"""Judges what a marker wants at a point but leaves open how: drill holes, and notches of no certain direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from cutkit.machine.actions import Violation
from cutkit.machine.coverage import Array, Indices
from cutkit.machine.tip_path import TipPath
from cutkit.machine.trace import Trace
from cutkit.machine.wanted import Spot
from cutkit.model import Marker

CROSSING_SINE = 0.7


@dataclass(frozen=True, eq=False)
class SpotJudge:
    """The spots of a marker, the strokes that may make them, and the punches. ``tree`` is over the path's segments.

    ``writing`` are the strokes that certainly only draw or write and so make nothing. ``tolerance_mm`` is how far from
    its point a hole may be made.
    """

    marker: Marker
    spots: list[Spot]
    trace: Trace
    path: TipPath
    tree: shapely.STRtree
    punched: TipPath
    writing: frozenset[int]
    names: dict[int, str]
    tolerance_mm: float

    def faults(self) -> Iterator[Violation]:
        """Drill holes that nothing goes through, and notches of open direction that go too little inward."""
        drills = np.array([s.at for s in self.spots if s.is_drill]).reshape(-1, 2)
        for spot in self.spots:
            if spot.is_drill:
                holes = int((np.hypot(*(drills - spot.at).T) < 2 * spot.radius_mm).sum())
                yield from self._drill_faults(spot, holes)
            elif self._deepest_mm(spot) < spot.least_depth_mm:
                name = self.names[spot.placement]
                yield Violation("notch-missed", f"a notch of {name} is not cut", None, spot.at)
        yield from self._stray_punches(drills)

    def _drill_faults(self, spot: Spot, holes: int) -> Iterator[Violation]:
        """A drill hole is one punch or, where nothing can punch, a cross of two cuts with its point in the middle.

        Where several ``holes`` lie this near, a cut through its point may be another's.
        """
        name = f"a drill hole of {self.names[spot.placement]}"
        near = np.hypot(*(self.punched.points - spot.at).T) <= self.tolerance_mm
        punches = len(np.unique(self.punched.point_run[near]))
        through = self._through(spot)
        ends = [self._ends_mm(int(number), spot) for number in np.unique(self.path.run[through])]
        arms = [e for e in ends if max(np.hypot(*e.T)) <= spot.radius_mm]
        across = len(arms) >= 2 and any(abs(_sine_between(arms[0], arm)) > CROSSING_SINE for arm in arms[1:])
        if punches + len(arms) == 0 or (punches == 0 and not across):
            yield Violation("drill-missed", f"{name} is not made{' whole' if arms else ''}", None, spot.at)
        elif punches > 1 or len(arms) > 2 * holes or (punches and arms and holes == 1):
            line = int(self.trace.line[self.path.sample[through].max(initial=0)]) if arms else None
            yield Violation("cut-twice", f"{name} is made again", line, spot.at)
        elif holes == 1 and any(self._is_off_middle(arm, spot) for arm in arms):
            yield Violation("off-outline", f"{name}: its cross is off its point", None, spot.at)

    def _through(self, spot: Spot) -> Indices:
        """The segments that go through a spot's point, of strokes that cut."""
        found: Indices = self.tree.query(shapely.Point(spot.at), predicate="dwithin", distance=self.tolerance_mm)
        return found[~np.isin(self.path.run[found], list(self.writing))]

    def _ends_mm(self, number: int, spot: Spot) -> Array:
        """Both ends of a stroke as seen from a spot."""
        segments = self.path.of_run(number)
        ends: Array = np.array([segments[0, :2], segments[-1, 2:]]) - spot.at
        return ends

    def _is_off_middle(self, arm: Array, spot: Spot) -> bool:
        """True where a spot is not in the middle of a stroke that does not end at the outline either."""
        far = np.hypot(*arm.T)
        at_edge = shapely.distance(shapely.points(arm + spot.at), self.marker.polygons[spot.placement].boundary)
        return bool(abs(far[0] - far[1]) > 2 * self.tolerance_mm and at_edge.min() > self.tolerance_mm)

    def _deepest_mm(self, spot: Spot) -> float:
        """How far from the outline, inside the piece, a cut near the spot comes."""
        near = self.tree.query(shapely.Point(spot.at), predicate="dwithin", distance=spot.radius_mm)
        outline = self.marker.polygons[spot.placement]
        ends = self.path.segments[near].reshape(-1, 2, 2)
        points = shapely.points(np.concatenate([*ends, ends.mean(axis=1)]) if len(near) else ends.reshape(-1, 2))
        inside = points[shapely.within(points, outline)]
        return float(shapely.distance(inside, outline.boundary).max(initial=0.0)) if len(inside) else 0.0

    def makes_one(self, points: Array, run: Indices) -> NDArray[np.bool_]:
        """For each point of the path, whether it may be where it is because it helps to make a spot."""
        free = np.zeros(len(points), dtype=bool)
        for spot in self.spots if len(points) else ():
            free |= self._makes(points, run, spot)
        return free

    def _makes(self, points: Array, run: Indices, spot: Spot) -> NDArray[np.bool_]:
        """Points about a spot: of a drill hole only those whose whole stroke goes through its point."""
        near: NDArray[np.bool_] = np.hypot(*(points - spot.at).T) <= spot.radius_mm
        if spot.is_drill:
            for number in np.unique(run[near]):
                if self.path.stroke(int(number)).distance(shapely.Point(spot.at)) > self.tolerance_mm:
                    near &= run != number
        return near

    def notch_strokes(self) -> Indices:
        """The strokes that may make a notch of open direction: those that lie whole in its radius."""
        found: set[int] = set()
        for spot in self.spots:
            near = [] if spot.is_drill else self.tree.query(shapely.Point(spot.at), "dwithin", distance=spot.radius_mm)
            for number in np.unique(self.path.run[near]).tolist():
                ends = self.path.of_run(number)[:, 2:] - spot.at
                if np.hypot(ends[:, 0], ends[:, 1]).max(initial=0.0) <= spot.radius_mm:
                    found.add(number)
        return np.array(sorted(found), dtype=np.int64)

    def _stray_punches(self, holes: Array) -> Iterator[Violation]:
        for point, sample in zip(self.punched.points, self.punched.point_sample, strict=True):
            if not (np.hypot(*(holes - point).T) <= self.tolerance_mm).any():
                at = (float(point[0]), float(point[1]))
                yield Violation("off-outline", "a punch where no drill hole is", int(self.trace.line[sample]), at)


def _sine_between(a: Array, b: Array) -> float:
    """The sine of the angle between two strokes, each given by its ends."""
    u, v = a[1] - a[0], b[1] - b[0]
    return float((u[0] * v[1] - u[1] * v[0]) / max(np.hypot(*u) * np.hypot(*v), 1e-12))
