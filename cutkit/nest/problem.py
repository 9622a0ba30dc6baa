"""What a search works on: the problem that its chains share, a layout that was found, and room to work in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import first, moves
from cutkit.kernels.moves import Layout, Scratch, Tables

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Found:
    """A layout: centres (n, 2), shapes (n,), and the length it takes."""

    place: Floats
    shape: Ints
    length_mm: float


@dataclass(frozen=True)
class Problem:
    """What every chain of a search shares: the tables, and which shapes each copy may take."""

    tables: Tables
    options: list[list[int]]
    half_turn: dict[int, int]
    """The shape that a shape becomes when turned by 180 degrees, where it is among the shapes."""
    least_length_mm: float
    """No layout can be shorter: the area's length, and the longest piece's."""


def new_layout(problem: Problem, longest_mm: float, seed: int) -> tuple[Layout, Scratch]:
    """Room for one layout on strips of up to ``longest_mm``, and to work on it."""
    tables, options = problem.tables, problem.options
    n = len(options)
    step = float(tables.number[moves.STEP])
    width = float(tables.number[moves.BUCKET])
    rows = int(tables.number[moves.HEIGHT] / step) + 2
    columns = int(2 * float(tables.number[moves.WINDOW]) / step) + 2
    layout = Layout(
        place=np.zeros((n, 2)),
        shape=np.array([o[0] for o in options], dtype=np.int32),
        option=np.array([s for o in options for s in o], dtype=np.int32),
        option_start=np.cumsum([0] + [len(o) for o in options]).astype(np.int64),
        loss=np.zeros((n, n), dtype=np.float32),
        weight=np.ones((n, n), dtype=np.float32),
        clashes=np.zeros(n, dtype=np.int32),
        active=np.zeros((min(n * (n - 1) // 2, 200 * n) + 1, 2), dtype=np.int32),
        is_active=np.zeros((n, n), dtype=np.bool_),
        head=np.full(first.bucket_count(longest_mm, width), -1, dtype=np.int32),
        after=np.full(n, -1, dtype=np.int32),
        before=np.full(n, -1, dtype=np.int32),
        number=np.array([np.inf]),
        tally=np.zeros(4, dtype=np.int64),
        random=np.array([seed], dtype=np.uint64),
    )
    scratch = Scratch(
        sums=np.zeros(rows * columns, dtype=np.float32),
        row_least=np.zeros(rows, dtype=np.int32),
        near=np.zeros(n, dtype=np.int64),
        near_number=np.zeros((n, 7)),
        near_shape=np.zeros((n, 3), dtype=np.int32),
        candidate=np.zeros((moves.CANDIDATES, 2)),
        order=np.zeros(n, dtype=np.int64),
    )
    return layout, scratch
