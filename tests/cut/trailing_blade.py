"""A trailing blade, simulated: the tip can move along the blade only. Knows nothing of ``cutkit.cut``.

On a straight move of the holder the angle between blade and move decays as tan(e/2) = tan(e0/2) exp(-s/d), exactly.
"""

from __future__ import annotations

from itertools import pairwise
from math import atan, atan2, ceil, cos, exp, hypot, pi, radians, sin, tan

import numpy as np
import shapely
from shapely.geometry import LineString


def tip_trace(holder, offset_mm, heading, step_mm=0.05):
    """The tip's path for a holder path, from a heading in radians; and the heading at its end."""
    x, y = holder[0]
    trace = [(x - offset_mm * cos(heading), y - offset_mm * sin(heading))]
    for (ax, ay), (bx, by) in pairwise(holder):
        length = hypot(bx - ax, by - ay)
        if length == 0:
            continue
        way = atan2(by - ay, bx - ax)
        error = (heading - way + pi) % (2 * pi) - pi
        steps = max(1, ceil(length / step_mm)) if abs(error) > 1e-5 else 1
        for k in range(1, steps + 1):
            s = length * k / steps
            now = error if abs(abs(error) - pi) < 1e-12 else 2 * atan(tan(error / 2) * exp(-s / offset_mm))
            hx, hy = ax + cos(way) * s, ay + sin(way) * s
            trace.append((hx - offset_mm * cos(way + now), hy - offset_mm * sin(way + now)))
        heading = way + now
    return trace, heading


def knife_traces(strokes, offset_mm, start_deg):
    """Every knife stroke with the path that the tip really took."""
    heading = radians(start_deg)
    for stroke in strokes:
        if stroke.tool == "knife":
            trace, heading = tip_trace(stroke.path, offset_mm, heading)
            yield stroke, trace


def farthest_mm(points, lines) -> float:
    """How far the farthest of some points lies from the nearest of some lines."""
    tree = shapely.STRtree(np.concatenate([segments(shapely.get_coordinates(line)) for line in lines]))
    found = tree.query_nearest(shapely.points(points), return_distance=True, all_matches=False)[1]
    return float(found.max())


def missed_mm(line, trace) -> float:
    """How far the farthest point of a wanted line lies from what was cut."""
    tree = shapely.STRtree(segments(np.array(trace)))
    wanted = shapely.points(shapely.get_coordinates(LineString(line).segmentize(0.5)))
    return float(tree.query_nearest(wanted, return_distance=True, all_matches=False)[1].max())


def segments(points):
    """The sides of a line, each a line of its own, so that a tree can find the nearest."""
    return shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
