"""What a tool path costs: lengths, tool downs and an estimate of the time, as a whole and stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, hypot, sqrt

from cutkit.model import Point
from cutkit.toolpath import CutterProfile, Motion, PathWindow, Stroke, StrokeKind, ToolPath

STOP_DEG = 20.0
"""At a corner above this the estimate lets the machine come to rest; in truth it slows down, the more the sharper."""
STAGES: dict[StrokeKind, str] = {
    "align": "turn the blade",
    "label": "labels",
    "internal": "inner lines",
    "notch": "notches",
    "drill": "drill holes",
    "cutout": "cut-outs",
    "boundary": "outlines",
}
"""The stages of the work, by the kind of stroke, in the order in which they are told."""
FEEDS = "move the cloth"


@dataclass(frozen=True, slots=True)
class StrokeCost:
    """What one stroke costs: the way with the tool up that leads to it, its own length at the tip, the time of both.

    The time counts lowering and lifting. An estimate: the emulated cutter knows better. ``feed_s`` is what it takes to
    move the cloth on before, where the program does that.
    """

    travel_mm: float
    length_mm: float
    time_s: float
    feed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StageFigures:
    """The strokes of one kind together."""

    name: str
    strokes: int
    length_mm: float
    travel_mm: float
    time_s: float


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
    stages: tuple[StageFigures, ...] = ()


def stroke_costs(path: ToolPath, profile: CutterProfile) -> list[StrokeCost]:
    """The cost of every stroke, in the order of the path; see ``ways_begin`` for the first one of a window."""
    motion = profile.motion
    begins = ways_begin(path, profile)
    feeds = _feeds_s(path, profile)
    here: Point = (0.0, 0.0)
    costs: list[StrokeCost] = []
    for index, stroke in enumerate(path.strokes):
        here = begins.get(index, here)
        way = _length(here, stroke.path[0])
        speed = profile.tools[stroke.tool].cut_mm_s or motion.cut_mm_s
        time = _trapezoid_s(way, motion.travel_mm_s, motion.acceleration_mm_s2)
        time += motion.tool_down_s + motion.tool_up_s + _stroke_s(stroke, speed, motion)
        length = sum(_length(a, b) for a, b in pairwise(stroke.points))
        costs.append(StrokeCost(way, length, time, feeds.get(index, 0.0)))
        here = stroke.path[-1]
    return costs


def ways_begin(path: ToolPath, profile: CutterProfile) -> dict[int, Point]:
    """Where, on the cloth, the machine stands before the first stroke of each window, by the stroke's index.

    At its zero, where each window has a program; where one program moves the cloth on, it stands still meanwhile.
    """
    found: dict[int, Point] = {}
    for window, advance in zip(path.all_windows, path.advances_mm, strict=True):
        stands: Point = (window.start_mm, 0.0)
        if profile.feeds_cloth and window.first > 0:
            x, y = path.strokes[window.first - 1].path[-1]
            stands = (x + advance, y)
        found[window.first] = stands
    return found


def _feeds_s(path: ToolPath, profile: CutterProfile) -> dict[int, float]:
    """How long the program moves the cloth on, by the index of the stroke that follows."""
    if profile.windows is None or not profile.feeds_cloth:
        return {}
    speed = profile.windows.feed_mm_s
    return {w.first: by / speed for w, by in zip(path.all_windows, path.advances_mm, strict=True)}


def cut_figures(path: ToolPath, profile: CutterProfile) -> CutFigures:
    """Lengths at the tip, the way with the tool up at the holder, and the time by trapezoids of speed."""
    costs = stroke_costs(path, profile)
    drawn = sum(cost.length_mm for cost, stroke in zip(costs, path.strokes, strict=True) if stroke.tool == "pen")
    total = sum(cost.length_mm for cost in costs)
    sent = [
        (x - window.start_mm, y)
        for window in path.all_windows
        for stroke in path.strokes[window.first : window.end]
        for x, y in stroke.path
    ]
    xs, ys = zip(*(sent or [(0.0, 0.0)]), strict=True)
    return CutFigures(
        strokes=len(costs),
        cut_mm=total - drawn,
        drawn_mm=drawn,
        travel_mm=sum(cost.travel_mm for cost in costs),
        tool_downs=len(costs),
        time_s=sum(cost.time_s + cost.feed_s for cost in costs),
        bounds_mm=(min(xs), min(ys), max(xs), max(ys)),
        stages=tuple(_stages(path, costs)),
    )


def finished_in(path: ToolPath, window: PathWindow) -> int:
    """How many pieces' boundaries are whole when a window is done, and were not before."""
    last = {stroke.placement: k for k, stroke in enumerate(path.strokes) if stroke.kind == "boundary"}
    return sum(1 for k in last.values() if window.first <= k < window.end)


def _stages(path: ToolPath, costs: list[StrokeCost]) -> Iterator[StageFigures]:
    for kind, name in STAGES.items():
        own = [cost for cost, stroke in zip(costs, path.strokes, strict=True) if stroke.kind == kind]
        if own:
            sums = (sum(c.length_mm for c in own), sum(c.travel_mm for c in own), sum(c.time_s for c in own))
            yield StageFigures(name, len(own), *sums)
    feeds = [cost.feed_s for cost in costs if cost.feed_s]
    if feeds:
        yield StageFigures(FEEDS, 0, 0.0, 0.0, sum(feeds))


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
