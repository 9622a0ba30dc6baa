"""Knife compensation, proved by a trailing blade: how far the tip leaves the line, and how far it misses the corner.

A program is written for a drag knife and run on the emulated machine, whose blade trails by the tractrix: its parser
and its physics share no code with the compensation. Every figure is of two sides of 40 mm with one corner between, or
of a circle; "without" is the same line with the holder sent along it as if there were no offset.

    python benchmarks/bench_blade.py
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from math import cos, pi, radians, sin

import numpy as np
import shapely
from rich.console import Console
from rich.table import Table as RichTable
from shapely.geometry import LineString

from cutkit.cut.blade import lead_blade
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.emulator import run_program
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, Stroke, Table, ToolPath

OFFSETS_MM = (0.25, 0.6, 0.9, 1.0, 3.0)
CORNERS_DEG = (5, 20, 45, 90, 135, 170)
RADII_MM = (2.0, 5.0, 20.0, 100.0)
AT: Point = (500.0, 500.0)


def machine(offset_mm: float) -> CutterProfile:
    """The table of grbl-servo with a blade of this offset that points along +x at the start."""
    base = load_profile("grbl-servo")
    knife = replace(base.knife, offset_mm=offset_mm, start_deg=0.0, overcut_mm=0.0)
    return replace(base, knife=knife, table=Table(2000.0, 1800.0, 10.0))


def tip_trace(line: Sequence[Point], profile: CutterProfile, compensated: bool) -> np.ndarray:
    """Where the tip cuts when the line is cut on the emulated machine: points, shape (n, 2)."""
    stroke = Stroke("knife", "internal", tuple(line), 0)
    led = list(lead_blade([stroke], profile.knife, 0.0)) if compensated else [stroke]
    run = run_program(program_text(ToolPath(tuple(led)), profile, "blade").encode(), profile)
    return run.trace.tip_mm[run.trace.down]


def deviations_mm(
    line: Sequence[Point], corner: Point, profile: CutterProfile, compensated: bool
) -> tuple[float, float]:
    """How far the tip leaves the line, and how far from the corner it passes."""
    trace = tip_trace(line, profile, compensated)
    wanted = LineString(line)
    off = float(shapely.distance(shapely.points(trace), wanted).max())
    return off, float(LineString(trace).distance(shapely.Point(corner)))


def corner_line(degrees_: float) -> tuple[tuple[Point, Point, Point], Point]:
    """Two sides of 40 mm that turn by so much."""
    start = (AT[0] - 40.0, AT[1])
    end = (AT[0] + 40.0 * cos(radians(degrees_)), AT[1] + 40.0 * sin(radians(degrees_)))
    return (start, AT, end), AT


def circle(radius_mm: float) -> tuple[Point, ...]:
    """A circle in chords that stay within a hundredth of it, from its lowest point towards +x."""
    count = max(24, int(pi / (2 * 0.01 / radius_mm) ** 0.5) + 1)
    turns = [2 * pi * k / count - pi / 2 for k in range(count + 1)]
    return tuple((AT[0] + radius_mm * cos(t), AT[1] + radius_mm * sin(t)) for t in turns)


def corner_table(compensated: bool) -> RichTable:
    """Offset by corner: how far the tip passes from the corner, and how far it leaves the line."""
    how = "with" if compensated else "without"
    table = RichTable(title=f"Corners, {how} compensation: corner missed / farthest off the line, mm")
    table.add_column("offset, mm", justify="right", no_wrap=True)
    for corner in CORNERS_DEG:
        table.add_column(f"{corner} deg", justify="right", no_wrap=True)
    worst = 0.0
    for offset in OFFSETS_MM:
        profile, cells = machine(offset), []
        for degrees_ in CORNERS_DEG:
            line, corner = corner_line(degrees_)
            off, missed = deviations_mm(line, corner, profile, compensated)
            worst = max(worst, off, missed) if offset <= 1.0 else worst
            cells.append(f"{missed:.4f} / {off:.4f}" if compensated else f"{missed:.2f} / {off:.2f}")
        table.add_row(f"{offset:g}", *cells)
    table.caption = f"the worst with offsets up to 1 mm: {worst:.4f} mm; the limit is 0.05 mm"
    return table


def circle_table() -> RichTable:
    """Offset by radius: off the circle, and the radius on which the holder runs."""
    table = RichTable(title="Circles: farthest off the line / the holder's radius less sqrt(r2 + d2), mm")
    table.add_column("offset, mm", justify="right", no_wrap=True)
    for radius in RADII_MM:
        table.add_column(f"r {radius:g} mm", justify="right", no_wrap=True)
    for offset in OFFSETS_MM:
        profile, cells = machine(offset), []
        for radius in RADII_MM:
            line = circle(radius)
            off, _ = deviations_mm(line, line[0], profile, compensated=True)
            (led,) = lead_blade([Stroke("knife", "internal", line, 0)], profile.knife, 0.0)
            holder = np.hypot(*(np.array(led.path) - AT).T)
            cells.append(f"{off:.4f} / {np.median(holder) - (radius**2 + offset**2) ** 0.5:+.4f}")
        table.add_row(f"{offset:g}", *cells)
    return table


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    console = Console(width=140)
    console.print(corner_table(True))
    console.print(corner_table(False))
    console.print(circle_table())


if __name__ == "__main__":
    main()
