"""The first layout: pieces one after the other, each as far left and then as low as it goes. Valid from the start."""

from __future__ import annotations

import numpy as np

from cutkit.kernels import inner_kernel, kernel
from cutkit.kernels.field import Longs
from cutkit.kernels.moves import (
    FLOOR,
    GAP,
    HEIGHT,
    STEP,
    TOLERANCE,
    WINDOW,
    Layout,
    Scratch,
    Tables,
    gather,
    link,
    sum_stamps,
    weigh,
)

MAKES_ARRAYS = False
WORTH_A_LOOK = 0.3
"""Stamped depth, in lattice steps, up to which a lattice position may turn out to be free."""
NOWHERE = 1e300


@kernel
def lay_out(layout: Layout, tables: Tables, scratch: Scratch, order: Longs, begin: int, end: int) -> None:
    """Place ``order[begin:end]`` behind those already placed, at the left-bottom-most free lattice position of each.

    Every piece fits (its box is not higher than the strip). Begin with empty lists; the strip has no end.
    """
    for k in range(begin, end):
        i = order[k]
        best_right = NOWHERE
        best_x = best_y = 0.0
        best_shape = layout.shape[i]
        for o in range(layout.option_start[i], layout.option_start[i + 1]):
            s = layout.option[o]
            if 2.0 * tables.half[s, 1] > tables.number[HEIGHT] * (1.0 + 1e-12):
                continue
            x, y = _leftmost(layout, tables, scratch, i, s, best_right)
            if x + tables.half[s, 0] < best_right:
                best_x, best_y, best_shape = x, y, s
                best_right = x + tables.half[s, 0]
        layout.place[i, 0] = best_x
        layout.place[i, 1] = best_y
        layout.shape[i] = best_shape
        link(layout, tables, i)


@inner_kernel
def _leftmost(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, before: float) -> tuple[float, float]:
    """The left-bottom-most free position of piece i as shape s; one that ends beyond ``before`` is as good as none."""
    step = tables.number[STEP]
    half_x = tables.half[s, 0]
    half_y = tables.half[s, 1]
    rows = int(max(0.0, tables.number[HEIGHT] - 2.0 * half_y) / step) + 1
    columns = int(2.0 * tables.number[WINDOW] / step) - 1
    enough = WORTH_A_LOOK * step * tables.hull[s]
    from_x = half_x
    while from_x + half_x < before:
        sum_stamps(layout, tables, scratch, i, s, (from_x, half_y), columns, rows)
        for column in range(columns):
            x = from_x + column * step
            if x + half_x >= before:
                break
            for row in range(rows):
                if scratch.sums[row * columns + column] <= enough:
                    y = half_y + row * step
                    if _is_free(layout, tables, scratch, i, s, x, y):
                        return _slide(layout, tables, scratch, i, s, x, y)
        from_x += columns * step
    return NOWHERE, 0.0


@inner_kernel
def _is_free(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, x: float, y: float) -> bool:
    """Whether piece i as shape s at (x, y) overlaps no piece placed so far."""
    count = gather(layout, tables, scratch, i, s, x, y, 0.0)
    loss = weigh(
        x,
        y,
        count,
        scratch.near_number,
        scratch.near_shape,
        tables.cell_start,
        tables.listed,
        tables.edges,
        tables.number[TOLERANCE],
        tables.number[FLOOR],
        tables.number[GAP],
        1e-300,
    )
    return loss <= 0.0


@inner_kernel
def _slide(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, x: float, y: float) -> tuple[float, float]:
    """Slide a free position left and down, by halving steps, as far as it stays free."""
    step = tables.number[STEP]
    for _ in range(2):
        move = step
        while move > 1e-4 * step:
            target = max(x - move, tables.half[s, 0])
            if target < x and _is_free(layout, tables, scratch, i, s, target, y):
                x = target
            else:
                move *= 0.5
        move = step
        while move > 1e-4 * step:
            target = max(y - move, tables.half[s, 1])
            if target < y and _is_free(layout, tables, scratch, i, s, x, target):
                y = target
            else:
                move *= 0.5
    return x, y


@kernel
def strip_length(layout: Layout, tables: Tables) -> float:
    """Where the last piece ends."""
    length = 0.0
    for i in range(len(layout.shape)):
        length = max(length, layout.place[i, 0] + tables.half[layout.shape[i], 0])
    return length


def bucket_count(longest_mm: float, width_mm: float) -> int:
    """How many lists by x a layout on a strip of up to ``longest_mm`` needs."""
    return max(1, int(np.ceil(longest_mm / width_mm)) + 1)
