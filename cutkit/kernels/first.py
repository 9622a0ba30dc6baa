"""The first layout: pieces one after the other, each as far left and then as low as it goes. Valid from the start."""

from __future__ import annotations

import numpy as np

from cutkit.kernels import inner_kernel, kernel
from cutkit.kernels.field import Longs
from cutkit.kernels.lattice import inside, seat_of
from cutkit.kernels.near import gather, link, unlink, weigh
from cutkit.kernels.scan import sum_stamps
from cutkit.kernels.state import (
    BUCKET,
    FLAW,
    FLOOR,
    FREE,
    GAP,
    HEIGHT,
    REPEAT_X,
    REPEAT_Y,
    STEP,
    TOLERANCE,
    WINDOW,
    Layout,
    Scratch,
    Tables,
    limits,
    on_lattice,
)

MAKES_ARRAYS = False
WORTH_A_LOOK = 0.3
"""Stamped depth, in lattice steps, up to which a lattice position may turn out to be free."""
NOWHERE = 1e300


@kernel
def lay_out(layout: Layout, tables: Tables, scratch: Scratch, order: Longs, begin: int, end: int) -> int:
    """Place ``order[begin:end]`` beside those already placed, at the left-bottom-most free position of each; how many
    were placed. It ends at the first that finds no place within its limits.

    Begin with the fixed pieces in the lists, and no other; the strip has no end.
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
        if best_right >= NOWHERE:
            return k - begin
        layout.place[i, 0] = best_x
        layout.place[i, 1] = best_y
        layout.shape[i] = best_shape
        link(layout, tables, i)
    return end - begin


@kernel
def begin(layout: Layout, tables: Tables) -> None:
    """Empty the lists, and enter what is fixed."""
    layout.head[:] = -1
    for i in range(len(layout.shape)):
        if layout.fixed[i] != FREE:
            link(layout, tables, i)


@kernel
def take_out(layout: Layout, order: Longs, begin: int, end: int) -> None:
    """Take ``order[begin:end]`` out of the lists again."""
    for k in range(begin, end):
        unlink(layout, order[k])


@kernel
def end_of_placed(layout: Layout, tables: Tables) -> float:
    """Where the last of the pieces in the lists ends."""
    end = 0.0
    for b in range(len(layout.head)):
        j = layout.head[b]
        while j >= 0:
            end = max(end, layout.place[j, 0] + tables.half[layout.shape[j], 0])
            j = layout.after[j]
    return end


@inner_kernel
def _leftmost(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, before: float) -> tuple[float, float]:
    """The left-bottom-most free position of piece i as shape s; one that ends beyond ``before`` is as good as none."""
    step = tables.number[STEP]
    half_x = tables.half[s, 0]
    low_x, high_x, low_y, high_y = limits(layout, tables, i, s)
    rows = int(max(0.0, high_y - low_y) / step) + 1
    columns = int(2.0 * tables.number[WINDOW] / step) - 1
    enough = WORTH_A_LOOK * step * tables.hull[s]
    tied = on_lattice(layout, i)
    slack = tables.number[GAP] + 2.0 * tables.number[WINDOW] + 4.0 * tables.number[BUCKET]
    if tied:
        slack += 4.0 * (tables.number[REPEAT_X] + tables.number[REPEAT_Y])
    last = min(high_x, max(low_x, end_of_placed(layout, tables)) + slack)
    from_x = low_x
    while from_x <= last and from_x + half_x < before:
        sum_stamps(layout, tables, scratch, i, s, (from_x, low_y), columns, rows)
        for column in range(columns):
            x = from_x + column * step
            if x > last or x + half_x >= before:
                break
            for row in range(rows):
                y = low_y + row * step
                if tied:
                    px, py = seat_of(layout, tables, i, s, x, y)
                    within = inside(px, py, low_x, high_x, low_y, high_y) and px + half_x < before
                    if within and _is_free(layout, tables, scratch, i, s, px, py):
                        return px, py
                elif scratch.sums[row * columns + column] <= enough and _is_free(layout, tables, scratch, i, s, x, y):
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
    low_x, _, low_y, _ = limits(layout, tables, i, s)
    for _ in range(2):
        move = step
        while move > 1e-4 * step:
            target = max(x - move, low_x)
            if target < x and _is_free(layout, tables, scratch, i, s, target, y):
                x = target
            else:
                move *= 0.5
        move = step
        while move > 1e-4 * step:
            target = max(y - move, low_y)
            if target < y and _is_free(layout, tables, scratch, i, s, x, target):
                y = target
            else:
                move *= 0.5
    return x, y


@kernel
def strip_length(layout: Layout, tables: Tables) -> float:
    """Where the last piece ends; flaws are none."""
    length = 0.0
    for i in range(len(layout.shape)):
        if layout.fixed[i] == FLAW:
            continue
        length = max(length, layout.place[i, 0] + tables.half[layout.shape[i], 0])
    return length


def bucket_count(longest_mm: float, width_mm: float) -> int:
    """How many lists by x a layout on a strip of up to ``longest_mm`` needs."""
    return max(1, int(np.ceil(longest_mm / width_mm)) + 1)
