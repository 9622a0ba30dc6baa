"""What a search works on, as arrays: the tables of the shapes, a layout, room to work in; and the limits to a place.

A piece's centre lies within the room of its shape, within its span of the strip, and within the strip. Where its match
points must lie on the cloth's repeat, it lies on a lattice besides (see ``lattice``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel
from cutkit.kernels.field import Floats, Ints, Longs, Singles

MAKES_ARRAYS = False

# Columns of Tables.number
HEIGHT, STEP, TOLERANCE, FLOOR, GAP, WINDOW, BUCKET, REPEAT_X, REPEAT_Y, REPEAT_COS, REPEAT_SIN = range(11)
# Columns of Layout.number and Layout.tally
LENGTH = 0
ACTIVE, EVALUATIONS, MOVES, SCANNED = range(4)
# Columns of Tables.pair_grid and Tables.pair_shape
SIGN, GRID_X, GRID_Y, PER_CELL = range(4)
COLUMNS, ROWS, FIRST_CELL, STAMP_X, STAMP_Y, STAMP = range(6)

# What Layout.fixed says of a piece
FREE, LOCKED, FLAW = range(3)


class Tables(NamedTuple):
    """All that is known of the shapes before the search; shared by its threads, never written.

    ``half`` (S, 2) half widths and heights of the S shapes' boxes; ``hull`` (S,) weights of their losses; ``pair_grid``
    (S, S, 4) and ``pair_shape`` (S, S, 6) say for a shape B that moves about a fixed shape A where their NFP's cells
    and stamp are; ``room`` (S, 4) from where to where a shape's centre may lie, along (to inf: to the strip's end) and
    across; ``anchor`` (S, 2) the coordinates, along and across the repeat, of its match points from its centre;
    ``number`` the constants above.
    """

    half: Floats
    room: Floats
    anchor: Floats
    hull: Floats
    pair_grid: Floats
    pair_shape: Ints
    cell_start: Ints
    listed: Ints
    edges: Floats
    stamps: Singles
    number: Floats


class Layout(NamedTuple):
    """One layout in work and its GLS weights; owned by one thread.

    ``place`` (n, 2) centres; ``shape`` (n,); ``option`` lists for piece i the shapes it may take in
    ``option[option_start[i]:option_start[i + 1]]``; ``loss`` and ``weight`` (n, n), symmetric; ``clashes`` (n,) how
    many others a piece overlaps; ``active`` the pairs that overlap or whose weight is above 1; ``head``, ``after``,
    ``before`` lists of the pieces by x; ``number`` the strip's length; ``tally`` the work done.
    """

    place: Floats
    shape: Ints
    option: Ints
    option_start: Longs
    loss: Singles
    weight: Singles
    clashes: Ints
    active: Ints
    is_active: NDArray[np.bool_]
    head: Ints
    after: Ints
    before: Ints
    number: Floats
    tally: Longs
    random: NDArray[np.uint64]
    span: Floats
    phase: Floats
    fixed: Ints


class Scratch(NamedTuple):
    """Room to work in, one per thread: the scan's sums and their least by row, the neighbours in hand, candidates, an
    order.

    A piece's number is int64, as a loop's count is: kernels that take it as two types are compiled twice.
    """

    sums: Singles
    row_least: Ints
    near: Longs
    near_number: Floats
    near_shape: Ints
    candidate: Floats
    order: Longs


@inline_kernel
def next_random(state: NDArray[np.uint64]) -> float:
    """A uniform number in [0, 1): xorshift64* (Vigna 2016)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inline_kernel
def limits(layout: Layout, tables: Tables, i: int, s: int) -> tuple[float, float, float, float]:
    """From where to where the centre of piece i may lie as shape s: low and high x, low and high y.

    The high x is below the low one where the strip is too short for it.
    """
    half = tables.half[s, 0]
    low = max(tables.room[s, 0], layout.span[i, 0] + half)
    high = min(tables.room[s, 1], min(layout.number[LENGTH], layout.span[i, 1]) - half)
    return low, high, tables.room[s, 2], tables.room[s, 3]


@inline_kernel
def on_lattice(layout: Layout, i: int) -> bool:
    """Whether piece i is tied to the repeat of the cloth."""
    return layout.phase[i, 0] < np.inf or layout.phase[i, 1] < np.inf
