"""Ways into inner kernels, which only kernels can call: each as the kernel of the same name."""

import numpy as np

from cutkit.kernels import field, kernel, moves
from cutkit.kernels import relax as relax_kernels


@kernel
def signed_distance(where, grid, tables):
    return field.signed_distance(*where, *grid, tables.cell_start, tables.listed, tables.edges)


@kernel
def next_random(state):
    return moves.next_random(state)


@kernel
def gather(layout, tables, scratch, i, s, x, y, reach):
    return moves.gather(layout, tables, scratch, i, s, x, y, reach)


@kernel
def descend(layout, tables, scratch, i, s, start, steps):
    return moves.descend(layout, tables, scratch, i, s, start, steps)


@kernel
def sum_stamps(layout, tables, scratch, i, s, origin, columns, rows):
    moves.sum_stamps(layout, tables, scratch, i, s, origin, columns, rows)


@kernel
def pick(sums, columns, rows, lattice, candidate):
    return moves._pick(sums, columns, rows, lattice, np.zeros(rows, dtype=np.int32), candidate)


@kernel
def way_out(edges, listed, first, last, x, y):
    return relax_kernels.way_out(edges, listed, first, last, x, y)


@kernel
def relax(layout, tables, scratch, place):
    return relax_kernels.relax(layout, tables, scratch, place)
