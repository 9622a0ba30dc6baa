"""Density over time as a picture: a small panel per instance, a stepped line per run, its colour the side's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from contest import SIDES, Run, Side

COLOURS: dict[Side, str] = {"cutkit": "#0072B2", "sparrow": "#D55E00"}
"""Blue and vermilion of Okabe and Ito (2008), which people with any colour vision can tell apart."""
INK, FAINT, GRID = "#1A1A1A", "#5F5F5F", "#DDDDDD"
COLUMNS = 3
PANEL_X, PANEL_Y = 330.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 58.0, 34.0, 44.0
"""Of a panel, around the plot: room for the ticks' numbers, the end labels, the title, the axis's title."""
HEAD_Y = 64.0
LINE_Y = 15.0
"""Least distance of two labels in a column."""
SHOWN_POINTS = 8.0
"""How far below the best the picture reaches; a line begins where it comes that high."""


@dataclass(frozen=True)
class Panel:
    """One instance: its title, the seconds of a run, and the runs of both sides."""

    title: str
    seconds: float
    runs: list[Run]

    @property
    def shown(self) -> list[Run]:
        """The runs that have a layout without faults."""
        return [run for run in self.runs if run.outcome is not None and run.score > 0]

    def range(self) -> tuple[float, float]:
        """The lowest and the highest density of the plot."""
        best = max((run.density for run in self.shown), default=100.0)
        early = [_at(run, self.seconds / 20) for run in self.shown]
        low = max(best - SHOWN_POINTS, min(early, default=best - 1))
        return math.floor(min(low, best - 1)), math.ceil(best + 0.2)


def draw_race(panels: list[Panel], title: str, path: Path) -> None:
    """Write the picture as SVG."""
    import svgwrite

    columns = min(COLUMNS, max(1, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    width, height = max(columns * PANEL_X, 480), HEAD_Y + rows * PANEL_Y
    drawing = svgwrite.Drawing(str(path), size=(f"{width:g}px", f"{height:g}px"), debug=False)
    drawing.viewbox(0, 0, width, height)
    drawing.update({"font_family": "DejaVu Sans, Verdana, sans-serif"})
    drawing.add(drawing.rect((0, 0), (width, height), fill="white"))
    _text(drawing, 14, 24, title, 15, weight="bold")
    x = 14.0
    for side in SIDES:
        drawing.add(drawing.line((x, 44), (x + 22, 44), stroke=COLOURS[side], stroke_width=2.5))
        _text(drawing, x + 28, 48, side, 12)
        x += 110
    _text(drawing, x, 48, "a line per seed; the number is the mean at the end", 11, fill=FAINT)
    for k, panel in enumerate(panels):
        _draw_panel(drawing, panel, (k % columns) * PANEL_X, HEAD_Y + (k // columns) * PANEL_Y)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.save()


@dataclass(frozen=True)
class _Plot:
    """The plot's corner and size, and what its axes span."""

    x0: float
    y0: float
    seconds: float
    low: float
    high: float
    width: float = PANEL_X - LEFT - RIGHT
    height: float = PANEL_Y - TOP - BOTTOM

    def x(self, seconds: float) -> float:
        return self.x0 + self.width * min(1.0, seconds / self.seconds)

    def y(self, density: float) -> float:
        share = (max(self.low, density) - self.low) / (self.high - self.low)
        return self.y0 + self.height * (1 - share)


def _draw_panel(drawing: Any, panel: Panel, x: float, y: float) -> None:
    low, high = panel.range()
    plot = _Plot(x + LEFT, y + TOP, panel.seconds, low, high)
    _text(drawing, plot.x0, y + 22, panel.title, 12, weight="bold")
    _draw_axes(drawing, plot)
    for run in panel.shown:
        points = _line(run, plot)
        drawing.add(
            drawing.polyline(points, fill="none", stroke=COLOURS[run.side], stroke_width=1.6, stroke_opacity=0.85)
        )
    ends = {}
    for side in SIDES:
        reached = [run.density for run in panel.shown if run.side == side]
        if reached:
            ends[side] = mean(reached)
    labels = _apart({side: plot.y(density) for side, density in ends.items()})
    for side, density in ends.items():
        _text(drawing, plot.x0 + plot.width + 6, labels[side] + 4, f"{density:.2f}", 12, fill=COLOURS[side])


def _draw_axes(drawing: Any, plot: _Plot) -> None:
    for tick in _ticks(plot.low, plot.high, 5):
        at = plot.y(tick)
        drawing.add(drawing.line((plot.x0, at), (plot.x0 + plot.width, at), stroke=GRID, stroke_width=1))
        _text(drawing, plot.x0 - 6, at + 4, f"{tick:g}", 11, fill=FAINT, anchor="end")
    for tick in _ticks(0, plot.seconds, 5):
        at, foot = plot.x(tick), plot.y0 + plot.height
        drawing.add(drawing.line((at, foot), (at, foot + 4), stroke=FAINT, stroke_width=1))
        _text(drawing, at, foot + 17, f"{tick:g}", 11, fill=FAINT, anchor="middle")
    middle = plot.x0 + plot.width / 2
    _text(drawing, middle, plot.y0 + plot.height + 33, "seconds", 11, fill=FAINT, anchor="middle")
    _text(drawing, plot.x0 - 6, plot.y0 - 9, "%", 11, fill=FAINT, anchor="end")


def _line(run: Run, plot: _Plot) -> list[tuple[float, float]]:
    """The run's steps, from the plot's lower edge on: a density holds until the next."""
    points: list[tuple[float, float]] = []
    for seconds, density in _steps(run):
        if density < plot.low:
            continue
        at = plot.x(seconds)
        if points:
            points.append((round(at, 2), points[-1][1]))
        points.append((round(at, 2), round(plot.y(density), 2)))
    first = (points[0][0], round(plot.y(plot.low), 2))
    return [first, *points, (round(plot.x0 + plot.width, 2), points[-1][1])]


def _steps(run: Run) -> list[tuple[float, float]]:
    """The reported steps, the last one by the judge's density."""
    trace = run.outcome.trace if run.outcome else []
    return [*trace[:-1], (trace[-1][0], run.density)]


def _at(run: Run, seconds: float) -> float:
    """The density that a run had after so many seconds, the first one where it had none yet."""
    steps = _steps(run)
    return max((density for at, density in steps if at <= seconds), default=steps[0][1])


def _apart(ys: dict[Side, float]) -> dict[Side, float]:
    """The heights of two labels, moved apart where they would overlap."""
    if len(ys) < 2:
        return ys
    (upper, a), (lower, b) = sorted(ys.items(), key=lambda entry: entry[1])
    push = max(0.0, LINE_Y - (b - a)) / 2
    return {upper: a - push, lower: b + push}


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from ``low`` to ``high``, about so many."""
    raw = (high - low) / about
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= raw)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _text(drawing: Any, x: float, y: float, text: str, size: float, **look: Any) -> None:
    """Add a text with its baseline at (x, y); ``fill``, ``anchor`` (start, middle, end) and ``weight`` if need be."""
    attributes = {"fill": look.get("fill", INK), "text_anchor": look.get("anchor", "start")}
    if "weight" in look:
        attributes["font_weight"] = look["weight"]
    drawing.add(drawing.text(text, (round(x, 2), round(y, 2)), font_size=size, **attributes))
