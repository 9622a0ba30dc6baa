"""First layouts: one at once, from boxes alone, and a good one from the tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import first, moves
from cutkit.kernels.moves import Layout
from cutkit.nest.problem import Found, Problem, new_layout

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

PIECES_AT_A_TIME = 50
"""Pieces that are placed before it is asked whether to go on."""


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


def first_layout(problem: Problem, start: Found, is_over: Callable[[], bool] = lambda: False) -> Found:
    """Pieces one after the other, large before small, each as far left as it goes; ``start`` where that is shorter.

    Once ``is_over`` is true, the pieces that are left lie behind the others by their boxes.
    """
    tables = problem.tables
    layout, scratch = new_layout(problem, start.length_mm, seed=1)
    size = np.array([tables.hull[options[0]] for options in problem.options])
    order = np.argsort(-size, kind="stable").astype(np.int64)
    placed = 0
    while placed < len(order) and not is_over():
        end = min(placed + PIECES_AT_A_TIME, len(order))
        first.lay_out(layout, tables, scratch, order, placed, end)
        placed = end
    _put_behind(layout, problem, order[:placed], order[placed:])
    length = float(first.strip_length(layout, tables))
    return Found(layout.place, layout.shape, length) if length < start.length_mm else start


def _put_behind(layout: Layout, problem: Problem, placed: Longs, left: Longs) -> None:
    """Lay the pieces that are ``left`` on shelves behind those that are placed."""
    tables = problem.tables
    gap = float(tables.number[moves.GAP])
    options = [problem.options[i] for i in left]
    shelves = shelf_layout(tables.half, options, float(tables.number[moves.HEIGHT]), gap)
    ends = layout.place[placed, 0] + tables.half[layout.shape[placed], 0]
    behind = float(ends.max()) + gap if len(placed) else 0.0
    layout.place[left] = shelves.place + (behind, 0.0)
    layout.shape[left] = shelves.shape
