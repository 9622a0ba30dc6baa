"""Each step of a move against its naive twin: lists, neighbours, scan, pick, descent, weights, the first layout."""

import numba
import numpy as np
import pytest
import ways_in
from naive_layout import depth, lowest, new_weights, overlaps, xorshift64star
from test_moves import HEIGHT, naive_loss, problem, scattered  # noqa: F401 - problem is a fixture

from cutkit.kernels import scan, state
from cutkit.kernels import separate as kernels
from cutkit.nest.start import first_layout, shelf_layout

pytestmark = pytest.mark.uncompiled
calls_inner_kernels = pytest.mark.skipif(
    not numba.config.DISABLE_JIT, reason="inner kernels can be called without the compiler only: see test_uncompiled.py"
)


def lists_of(layout):
    """The pieces in each list by x, walked in both directions."""
    lists = []
    for head in layout.head:
        found, i, last = [], int(head), None
        while i >= 0:
            assert last is None or layout.before[i] == last
            found.append(i)
            i, last = int(layout.after[i]), i
        lists.append(sorted(found))
    return lists


def weighted_loss(shapes, tables, layout, i, s, place):
    """The loss of piece i as shape s at ``place`` against all others, each times its weight."""
    total = 0.0
    for j in range(len(layout.shape)):
        t = layout.shape[j]
        d = depth(shapes.shapes[t].outline, shapes.shapes[s].outline, np.asarray(place) - layout.place[j])
        if j != i and d > tables.number[state.TOLERANCE]:
            pair = tables.hull[s] * tables.hull[t] * layout.weight[i, j]
            total += pair * (d + tables.number[state.FLOOR])
    return total


@calls_inner_kernels
@pytest.mark.parametrize("seed", [1, 987654321, 2**63 + 5])
def test_random_numbers_are_those_of_xorshift(seed):
    state, naive = np.array([seed], dtype=np.uint64), seed
    for _ in range(20):
        naive, want = xorshift64star(naive)
        assert ways_in.next_random(state) == want
        assert int(state[0]) == naive


def test_lists_by_x_hold_every_piece_once(problem):  # noqa: F811
    _, given, layout, scratch = scattered(problem, 21)
    for turn in range(2):
        width, lists = given.tables.number[state.BUCKET], lists_of(layout)
        for b, pieces in enumerate(lists):
            want = np.flatnonzero(np.clip(layout.place[:, 0] // width, 0, len(lists) - 1) == b)
            assert pieces == want.tolist()
        if turn == 0:
            kernels.sweep(layout, given.tables, scratch)


@calls_inner_kernels
@pytest.mark.parametrize("reach", [0.0, 17.0])
def test_neighbours_are_those_whose_boxes_come_near(problem, reach):  # noqa: F811
    _, given, layout, scratch = scattered(problem, 22)
    tables = given.tables
    for i in range(9):
        s = int(layout.shape[i])
        x, y = layout.place[i] + [3.0, -2.0]
        count = ways_in.gather(layout, tables, scratch, i, s, x, y, reach)
        apart = np.abs(layout.place - [x, y]) - tables.half[layout.shape] - tables.half[s]
        want = [j for j in range(9) if j != i and (apart[j] < reach).all()]
        assert sorted(scratch.near[:count].tolist()) == want


@calls_inner_kernels
def test_scan_is_the_sum_of_depths_on_the_lattice(problem):  # noqa: F811
    shapes, given, layout, scratch = scattered(problem, 5)
    tables = given.tables
    step, columns, rows, i, s = tables.number[state.STEP], 5, 4, 0, int(layout.shape[1])
    origin = layout.place[3] - 2.0
    layout.weight[i, 4] = layout.weight[4, i] = 3.0
    ways_in.sum_stamps(layout, tables, scratch, i, s, (origin[0], origin[1]), columns, rows)
    for row in range(rows):
        for column in range(columns):
            want = 0.0
            for j in range(1, 9):
                t = layout.shape[j]
                v = (np.round((origin - layout.place[j]) / step) + [column, row]) * step
                d = depth(shapes.shapes[t].outline, shapes.shapes[s].outline, v)
                want += tables.hull[s] * tables.hull[t] * layout.weight[i, j] * max(0.0, d)
            assert scratch.sums[row * columns + column] == pytest.approx(want, rel=1e-4, abs=1e-3)


@calls_inner_kernels
@pytest.mark.parametrize("length", [65.0, 160.0, 400.0])
def test_candidates_are_the_lowest_lattice_positions_none_beside_another(problem, length):  # noqa: F811
    """On a narrow lattice, on a crowded strip, and on one so long that free positions abound and one is enough."""
    _, given, layout, scratch = scattered(problem, 6)
    tables = given.tables
    step = tables.number[state.STEP]
    kernels.shrink(layout, tables, length, np.inf)
    kernels.reset(layout, tables, scratch)
    for i in range(9):
        s = int(layout.shape[i])
        seed, end = xorshift64star(int(layout.random[0]))
        edge = xorshift64star(seed)[1]
        found = scan.scan(layout, tables, scratch, i, s, 80.0)
        low, high = tables.half[s], [length, HEIGHT] - tables.half[s]
        high[0] = min(high[0], 80.0 + tables.number[state.WINDOW])
        columns, rows = ((high - low) / step).astype(int) + 1
        x = low[0] if end < 0.5 else high[0] - (columns - 1) * step
        y = low[1] if edge < 0.5 else high[1] - (rows - 1) * step
        candidates = scratch.candidate[:found, :2].copy()
        scan.sum_stamps(layout, tables, scratch, i, s, (x, y), columns, rows)
        sums = scratch.sums[: columns * rows].reshape(rows, columns)
        want = [(x + step * column, y + step * row) for row, column in lowest(sums, scan.CANDIDATES)]
        assert candidates == pytest.approx(np.array(want))
        assert length < 400 or found == 1


@calls_inner_kernels
@pytest.mark.parametrize(("length", "step"), [(160.0, 6.0), (160.0, 15.0), (400.0, 50.0)])
def test_a_descent_ends_no_worse_inside_the_strip_and_near(problem, length, step):  # noqa: F811
    """On a crowded strip it stays in trouble, on a long one, with large steps, it gets out of it and stops at once."""
    shapes, given, layout, scratch = scattered(problem, 2)
    tables = given.tables
    layout.number[state.LENGTH] = length
    layout.weight[0], layout.weight[:, 0] = 3.0, 3.0
    losses = []
    for i in range(9):
        s = int(layout.shape[i])
        start = layout.place[i].copy()
        x, y, loss = ways_in.descend(layout, tables, scratch, i, s, (start[0], start[1]), (step, 0.1))
        before = weighted_loss(shapes, tables, layout, i, s, start)
        assert loss == pytest.approx(weighted_loss(shapes, tables, layout, i, s, (x, y)), rel=1e-5, abs=1e-9)
        assert loss <= before * (1 + 1e-6)
        assert (np.abs([x, y] - start) <= 4 * step + 1e-9).all()
        half = tables.half[s]
        assert (np.array([x, y]) >= half - 1e-9).all()
        assert (np.array([x, y]) <= [length + 1e-9, HEIGHT + 1e-9] - half).all()
        losses.append(loss)
        assert before > 0 or (x, y) == tuple(start)
    assert min(losses) == 0 if length > 160 else max(losses) > 0


def test_weights_are_those_of_whole_matrices(problem):  # noqa: F811
    _, given, layout, scratch = scattered(problem, 8)
    weight = layout.weight.astype(float)
    for _ in range(4):
        weight = new_weights(weight, layout.loss.astype(float))
        kernels.update_weights(layout)
        assert layout.weight == pytest.approx(weight, rel=1e-5)
        kernels.sweep(layout, given.tables, scratch)
    assert weight.max() > 1.2


def test_no_piece_of_the_first_layout_has_a_free_place_farther_left(problem):  # noqa: F811
    """Taken in order, each piece ends as far left as any lattice position that is free by more than half a step."""
    shapes, given = problem
    tables = given.tables
    step = tables.number[state.STEP]
    found = first_layout(given, shelf_layout(tables.half, given.options, HEIGHT, 0.0))
    outlines = [shapes.shapes[s].outline for s in found.shape]
    assert overlaps(outlines, found.place) == []
    order = np.argsort(-np.array([tables.hull[o[0]] for o in given.options]), kind="stable")
    for k, i in enumerate(order[:5]):
        end = found.place[i, 0] + tables.half[found.shape[i], 0]
        for s in given.options[i]:
            half = tables.half[s]
            for x in np.arange(half[0], end - half[0] - step, step):
                for y in np.arange(half[1], HEIGHT - half[1], step):
                    inside = [
                        depth(outlines[j], shapes.shapes[s].outline, (x, y) - found.place[j]) > -step for j in order[:k]
                    ]
                    assert any(inside), f"piece {i} could lie at {x:.1f}, {y:.1f}"
