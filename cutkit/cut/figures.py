"""What a tool path costs: lengths, tool downs and an estimate of the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, hypot, sqrt

from cutkit.model import Point
from cutkit.toolpath import CutterProfile, Motion, Stroke, ToolPath

STOP_DEG = 20.0
"""At a corner above this the estimate lets the machine come to rest; in truth it slows down, the more the sharper."""


@dataclass(frozen=True, slots=True)
class CutFigures:
    """Figures of one tool path. ``time_s`` is an estimate: the emulated cutter knows better.

    ``bounds_mm`` (x0, y0, x1, y1) encloses all that the machine is sent to with a tool down: its axis, not the tip.
    """

    strokes: int
    cut_mm: float
    drawn_mm: float
    travel_mm: float
    tool_downs: int
    time_s: float
    bounds_mm: tuple[float, float, float, float]


def cut_figures(path: ToolPath, profile: CutterProfile) -> CutFigures:
    """Lengths at the tip, the way with the tool up at the holder, and the time by trapezoids of speed."""
    cut = drawn = travel = time = 0.0
    here: Point = (0.0, 0.0)
    motion = profile.motion
    for stroke in path.strokes:
        way = hypot(stroke.path[0][0] - here[0], stroke.path[0][1] - here[1])
        speed = profile.tools[stroke.tool].cut_mm_s or motion.cut_mm_s
        travel += way
        time += _trapezoid_s(way, motion.travel_mm_s, motion.acceleration_mm_s2)
        time += motion.tool_down_s + motion.tool_up_s + _stroke_s(stroke, speed, motion)
        length = sum(_length(a, b) for a, b in pairwise(stroke.points))
        cut, drawn = (cut, drawn + length) if stroke.tool == "pen" else (cut + length, drawn)
        here = stroke.path[-1]
    xs, ys = zip(*([point for stroke in path.strokes for point in stroke.path] or [(0.0, 0.0)]), strict=True)
    bounds = (min(xs), min(ys), max(xs), max(ys))
    return CutFigures(len(path.strokes), cut, drawn, travel, len(path.strokes), time, bounds)


def _stroke_s(stroke: Stroke, speed: float, motion: Motion) -> float:
    return sum(_trapezoid_s(run, speed, motion.acceleration_mm_s2) for run in _runs_mm(stroke.path))


def _runs_mm(points: tuple[Point, ...]) -> Iterator[float]:
    """The lengths between sharp corners."""
    run = 0.0
    for k, (a, b) in enumerate(pairwise(points)):
        if k and _turn_deg(points[k - 1], a, b) > STOP_DEG:
            yield run
            run = 0.0
        run += _length(a, b)
    yield run


def _trapezoid_s(length: float, speed: float, acceleration: float) -> float:
    """The time from rest to rest."""
    if length * acceleration < speed * speed:
        return 2 * sqrt(length / acceleration)
    return length / speed + speed / acceleration


def _turn_deg(a: Point, b: Point, c: Point) -> float:
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], c[0] - b[0], c[1] - b[1]
    return abs(degrees(atan2(ux * vy - uy * vx, ux * vx + uy * vy)))


def _length(a: Point, b: Point) -> float:
    return hypot(b[0] - a[0], b[1] - a[1])
