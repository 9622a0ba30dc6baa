"""Removing the overlaps of a layout at a fixed length: sweeps of guided local search.

Sources: Umetani et al. 2009 (guided local search on weighted overlaps), sparrow (arXiv 2509.13329, algorithm 5) for the
schedule of sweeps, weights and strikes.
"""

from __future__ import annotations

import numpy as np

from cutkit.kernels import inner_kernel, kernel
from cutkit.kernels.field import Floats, Ints
from cutkit.kernels.lattice import seat_all
from cutkit.kernels.moves import enter_losses, move_piece
from cutkit.kernels.near import link
from cutkit.kernels.relax import relax
from cutkit.kernels.state import ACTIVE, EVALUATIONS, FREE, LENGTH, SCANNED, Layout, Scratch, Tables, next_random

MAKES_ARRAYS = False

# What separate returns
FAILED, SOLVED, UNFINISHED = range(3)
# Columns of Best.number
LOSS, STALE, STRIKE_LOSS = range(3)

WEIGHT_LEAST = 1.2
WEIGHT_MOST = 2.0
WEIGHT_DECAY = 0.95
GAIN_THAT_COUNTS = 0.98
SCANNED_PER_EVALUATION = 400
"""Lattice positions added in about the time of one exact evaluation, for counting work."""


@kernel
def reset(layout: Layout, tables: Tables, scratch: Scratch) -> None:
    """Make all of a layout's bookkeeping agree with its places and shapes; every weight becomes 1."""
    n = len(layout.shape)
    layout.loss[:, :] = 0.0
    layout.weight[:, :] = 1.0
    layout.is_active[:, :] = False
    layout.tally[ACTIVE] = 0
    _relink(layout, tables)
    layout.clashes[:] = 0
    for i in range(n):
        enter_losses(layout, tables, scratch, i)


@inner_kernel
def _relink(layout: Layout, tables: Tables) -> None:
    layout.head[:] = -1
    for i in range(len(layout.shape)):
        link(layout, tables, i)


@kernel
def total_loss(layout: Layout) -> float:
    """The unweighted loss of all pairs."""
    total = 0.0
    for k in range(layout.tally[ACTIVE]):
        total += layout.loss[layout.active[k, 0], layout.active[k, 1]]
    return total


@kernel
def update_weights(layout: Layout) -> None:
    """Raise the weights of pairs that overlap, by their share of the worst loss; let the others fade towards 1."""
    worst = np.float32(0.0)
    for k in range(layout.tally[ACTIVE]):
        worst = max(worst, layout.loss[layout.active[k, 0], layout.active[k, 1]])
    kept = 0
    for k in range(layout.tally[ACTIVE]):
        i = layout.active[k, 0]
        j = layout.active[k, 1]
        loss = layout.loss[i, j]
        if loss > 0.0:
            weight = layout.weight[i, j] * (WEIGHT_LEAST + (WEIGHT_MOST - WEIGHT_LEAST) * (loss / worst))
        else:
            weight = max(1.0, layout.weight[i, j] * WEIGHT_DECAY)
        layout.weight[i, j] = weight
        layout.weight[j, i] = weight
        if loss > 0.0 or weight > 1.0:
            layout.active[kept, 0] = i
            layout.active[kept, 1] = j
            kept += 1
        else:
            layout.is_active[i, j] = False
            layout.is_active[j, i] = False
    layout.tally[ACTIVE] = kept


@kernel
def sweep(layout: Layout, tables: Tables, scratch: Scratch) -> None:
    """Move every piece that overlaps another, in random order."""
    n = len(layout.shape)
    order = scratch.order
    count = 0
    for i in range(n):
        if layout.clashes[i] > 0 and layout.fixed[i] == FREE:
            order[count] = i
            count += 1
    for k in range(count - 1, 0, -1):
        other = int(next_random(layout.random) * (k + 1))
        order[k], order[other] = order[other], order[k]
    for k in range(count):
        if layout.clashes[order[k]] > 0:
            move_piece(layout, tables, scratch, order[k])


@kernel
def work_done(layout: Layout) -> int:
    """A count of work that depends on nothing but the work: exact evaluations, and lattice positions at their price."""
    return layout.tally[EVALUATIONS] + layout.tally[SCANNED] // SCANNED_PER_EVALUATION


@kernel
def separate(
    layout: Layout,
    tables: Tables,
    scratch: Scratch,
    best_place: Floats,
    best_shape: Ints,
    best_number: Floats,
    patience: int,
    work: int,
) -> int:
    """Sweep until no pieces overlap (SOLVED), or no new best was seen for ``patience`` sweeps (FAILED: the layout of
    least loss is put back), or the ``work`` is spent (UNFINISHED: call again to go on).

    ``best_number`` carries the search from call to call: the least loss, the sweeps without a gain, the loss when the
    count began; begin with (inf, 0, inf). The least-loss layout is kept in ``best_place`` and ``best_shape``.
    """
    end = work_done(layout) + work
    loss = total_loss(layout)
    if best_number[LOSS] == np.inf:
        _remember(layout, best_place, best_shape, best_number, loss)
        best_number[STRIKE_LOSS] = loss
    while loss > 0.0:
        if best_number[STALE] >= patience:
            _recall(layout, best_place, best_shape)
            _relink(layout, tables)
            return FAILED
        if work_done(layout) >= end:
            return UNFINISHED
        sweep(layout, tables, scratch)
        loss = total_loss(layout)
        if loss < best_number[LOSS]:
            if loss < GAIN_THAT_COUNTS * best_number[STRIKE_LOSS]:
                best_number[STALE] = 0.0
                best_number[STRIKE_LOSS] = loss
            else:
                best_number[STALE] += 1.0
            _remember(layout, best_place, best_shape, best_number, loss)
            if relax(layout, tables, scratch, best_place):
                break
        else:
            best_number[STALE] += 1.0
        update_weights(layout)
    best_number[LOSS] = 0.0
    return SOLVED


@inner_kernel
def _recall(layout: Layout, best_place: Floats, best_shape: Ints) -> None:
    for i in range(len(best_shape)):
        layout.place[i, 0], layout.place[i, 1] = best_place[i, 0], best_place[i, 1]
        layout.shape[i] = best_shape[i]


@inner_kernel
def _remember(layout: Layout, best_place: Floats, best_shape: Ints, best_number: Floats, loss: float) -> None:
    for i in range(len(best_shape)):
        best_place[i, 0], best_place[i, 1] = layout.place[i, 0], layout.place[i, 1]
        best_shape[i] = layout.shape[i]
    best_number[LOSS] = loss


@kernel
def shrink(layout: Layout, tables: Tables, length: float, split_x: float) -> None:
    """Shorten the strip to ``length``: the pieces right of ``split_x`` move left by the difference.

    All that are free then move to the nearest place where they may lie.
    """
    shift = layout.number[LENGTH] - length
    layout.number[LENGTH] = length
    for i in range(len(layout.shape)):
        if layout.place[i, 0] > split_x and layout.fixed[i] == FREE:
            layout.place[i, 0] -= shift
    seat_all(layout, tables)
