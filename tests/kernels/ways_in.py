"""Ways into inner kernels, which only kernels can call: each as the kernel of the same name."""

import numpy as np

from cutkit.kernels import field, kernel, moves, near, scan
from cutkit.kernels import relax as relax_kernels
from cutkit.kernels import state as layout_state


@kernel
def signed_distance(where, grid, tables):
    return field.signed_distance(*where, *grid, tables.cell_start, tables.listed, tables.edges)


@kernel
def next_random(state):
    return layout_state.next_random(state)


@kernel
def gather(layout, tables, scratch, i, s, x, y, reach):
    return near.gather(layout, tables, scratch, i, s, x, y, reach)


@kernel
def descend(layout, tables, scratch, i, s, start, steps):
    return moves.descend(layout, tables, scratch, i, s, start, steps)


@kernel
def sum_stamps(layout, tables, scratch, i, s, origin, columns, rows):
    scan.sum_stamps(layout, tables, scratch, i, s, origin, columns, rows)


@kernel
def pick(sums, columns, rows, lattice, candidate):
    return scan._pick(sums, columns, rows, lattice, np.zeros(rows, dtype=np.int32), candidate)


@kernel
def way_out(edges, listed, first, last, x, y):
    return relax_kernels.way_out(edges, listed, first, last, x, y)


@kernel
def relax(layout, tables, scratch, place):
    return relax_kernels.relax(layout, tables, scratch, place)
