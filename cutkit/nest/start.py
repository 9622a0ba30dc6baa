"""First layouts: one at once, from boxes alone, and a good one from the tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import first
from cutkit.nest.problem import Found, Problem, new_layout

Floats = NDArray[np.float64]


def shelf_layout(half: Floats, options: list[list[int]], height_mm: float, gap_mm: float) -> Found:
    """Pieces side by side in columns across the fabric, by their boxes: valid, at once, and nothing more.

    The longest boxes come first (next-fit decreasing height, Coffman et al. 1980), each piece in the option whose box
    is shortest along the fabric.
    """
    shape = np.array([min(o, key=lambda s: (half[s, 0], half[s, 1], s)) for o in options], dtype=np.int32)
    place = np.zeros((len(options), 2))
    x = y = column = 0.0
    for i in np.argsort(-half[shape, 0], kind="stable"):
        width, height = 2 * half[shape[i]]
        if y > 0 and y + height > height_mm:
            x, y, column = x + column + gap_mm, 0.0, 0.0
        place[i] = x + width / 2, y + height / 2
        y += height + gap_mm
        column = max(column, width)
    return Found(place, shape, float((place[:, 0] + half[shape, 0]).max(initial=0.0)))


def first_layout(problem: Problem, start: Found) -> Found:
    """Pieces one after the other, large before small, each as far left as it goes; ``start`` where that is shorter."""
    tables = problem.tables
    layout, scratch = new_layout(problem, start.length_mm, seed=1)
    size = np.array([tables.hull[options[0]] for options in problem.options])
    order = np.argsort(-size, kind="stable")
    first.lay_out(layout, tables, scratch, order, 0, len(order))
    length = float(first.strip_length(layout, tables))
    return Found(layout.place, layout.shape, length) if length < start.length_mm else start
