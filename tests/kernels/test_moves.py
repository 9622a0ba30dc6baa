"""The moves of the search against their naive twins."""

import numpy as np
import pytest
from naive_layout import depth, overlaps
from test_field import ARROW, L_SHAPE, TRIANGLE, tables_of

from cutkit.kernels import first, state
from cutkit.kernels import separate as kernels
from cutkit.nest.problem import Problem, new_layout
from cutkit.nest.start import first_layout, shelf_layout

HEIGHT = 130.0


@pytest.fixture(scope="module")
def problem():
    shapes, tables = tables_of(L_SHAPE, ARROW, TRIANGLE, height=HEIGHT)
    half_turn = {k: shapes.half_turn_of(k) for k in range(len(shapes.shapes))}
    options = [[0, half_turn[0]]] * 3 + [[2, half_turn[2]]] * 3 + [[4, half_turn[4]]] * 3
    return shapes, Problem(tables, options, half_turn, 1.0)


def scattered(problem, seed):
    shapes, given = problem
    layout, scratch = new_layout(given, 400.0, seed=3)
    rng = np.random.default_rng(seed)
    layout.number[state.LENGTH] = 160.0
    for i, option in enumerate(given.options):
        layout.shape[i] = rng.choice(option)
        half = given.tables.half[layout.shape[i]]
        layout.place[i] = rng.uniform(half, np.array([160.0, HEIGHT]) - half)
    kernels.reset(layout, given.tables, scratch)
    return shapes, given, layout, scratch


def naive_loss(shapes, tables, layout, i, j):
    a, b = layout.shape[i], layout.shape[j]
    d = depth(shapes.shapes[a].outline, shapes.shapes[b].outline, layout.place[j] - layout.place[i])
    floor, tolerance = tables.number[state.FLOOR], tables.number[state.TOLERANCE]
    return tables.hull[a] * tables.hull[b] * (d + floor) if d > tolerance else 0.0


def assert_books_are_right(shapes, tables, layout):
    n = len(layout.shape)
    for i in range(n):
        want = [naive_loss(shapes, tables, layout, i, j) if i != j else 0.0 for j in range(n)]
        assert layout.loss[i] == pytest.approx(want, rel=1e-5, abs=1e-5)
        assert layout.clashes[i] == sum(w > 0 for w in want)


@pytest.mark.uncompiled
@pytest.mark.parametrize("seed", [1, 2])
def test_losses_are_the_weighted_depths_of_the_overlaps(problem, seed):
    shapes, given, layout, _ = scattered(problem, seed)
    assert_books_are_right(shapes, given.tables, layout)
    pairs = [(i, j) for i in range(9) for j in range(i)]
    total = sum(naive_loss(shapes, given.tables, layout, i, j) for i, j in pairs)
    assert kernels.total_loss(layout) == pytest.approx(total, rel=1e-5)


@pytest.mark.uncompiled
def test_books_stay_right_while_pieces_move(problem):
    shapes, given, layout, scratch = scattered(problem, 4)
    for _ in range(3):
        kernels.sweep(layout, given.tables, scratch)
        assert_books_are_right(shapes, given.tables, layout)


@pytest.mark.uncompiled
def test_separate_leaves_no_overlap(problem):
    shapes, given, layout, scratch = scattered(problem, 6)
    layout.number[state.LENGTH] = 260.0
    kernels.reset(layout, given.tables, scratch)
    number = np.array([np.inf, 0.0, np.inf])
    args = (layout, given.tables, scratch, layout.place.copy(), layout.shape.copy(), number)
    assert kernels.separate(*args, 200, 10_000_000) == kernels.SOLVED
    assert kernels.total_loss(layout) == 0.0
    assert overlaps([shapes.shapes[s].outline for s in layout.shape], layout.place) == []


@pytest.mark.uncompiled
def test_separate_gives_up_with_the_layout_of_least_loss(problem):
    shapes, given, layout, scratch = scattered(problem, 7)
    layout.number[state.LENGTH] = 62.0
    kernels.shrink(layout, given.tables, 62.0, 31.0)
    kernels.reset(layout, given.tables, scratch)
    number = np.array([np.inf, 0.0, np.inf])
    args = (layout, given.tables, scratch, layout.place.copy(), layout.shape.copy(), number)
    assert kernels.separate(*args, 5, 100_000_000) == kernels.FAILED
    kernels.reset(layout, given.tables, scratch)
    assert kernels.total_loss(layout) == pytest.approx(number[kernels.LOSS], rel=1e-4)
    assert overlaps([shapes.shapes[s].outline for s in layout.shape], layout.place) != []


@pytest.mark.uncompiled
def test_weights_rise_where_pieces_overlap_and_fade_elsewhere(problem):
    _, _, layout, _ = scattered(problem, 8)
    i, j = layout.active[0]
    worst = layout.loss.max()
    share = layout.loss[i, j] / worst
    kernels.update_weights(layout)
    assert layout.weight[i, j] == pytest.approx(1.2 + 0.8 * share, rel=1e-5)
    layout.loss[:] = 0.0
    raised = float(layout.weight[i, j])
    kernels.update_weights(layout)
    assert layout.weight[i, j] == pytest.approx(max(1.0, 0.95 * raised), rel=1e-5)
    for _ in range(40):
        kernels.update_weights(layout)
    assert layout.weight.max() == 1.0
    assert layout.tally[state.ACTIVE] == 0


@pytest.mark.uncompiled
def test_first_layouts_have_no_overlap_and_lie_inside(problem):
    shapes, given = problem
    tables = given.tables
    shelf = shelf_layout(tables.half, given.options, HEIGHT, 0.0)
    better = first_layout(given, shelf)
    assert better.length_mm < shelf.length_mm
    for found in (shelf, better):
        half = tables.half[found.shape]
        assert (found.place - half >= -1e-9).all()
        assert (found.place[:, 1] + half[:, 1] <= HEIGHT + 1e-9).all()
        assert found.length_mm == pytest.approx((found.place[:, 0] + half[:, 0]).max())
        assert overlaps([shapes.shapes[s].outline for s in found.shape], found.place) == []


@pytest.mark.uncompiled
@pytest.mark.parametrize("parts", [0, 1, 3])
def test_an_interrupted_first_layout_has_what_is_left_behind_the_others(problem, parts, monkeypatch):
    shapes, given = problem
    monkeypatch.setattr("cutkit.nest.start.PIECES_AT_A_TIME", 2)
    shelf = shelf_layout(given.tables.half, given.options, HEIGHT, 0.0)
    asked = iter([False] * parts)
    found = first_layout(given, shelf, lambda: next(asked, True))
    half = given.tables.half[found.shape]
    assert (found.place - half >= -1e-9).all()
    assert (found.place[:, 1] + half[:, 1] <= HEIGHT + 1e-9).all()
    assert found.length_mm == pytest.approx((found.place[:, 0] + half[:, 0]).max())
    assert overlaps([shapes.shapes[s].outline for s in found.shape], found.place) == []
    assert found.length_mm <= shelf.length_mm


@pytest.mark.uncompiled
def test_shrink_moves_what_lies_right_of_the_split(problem):
    _, given, layout, _ = scattered(problem, 9)
    before = layout.place.copy()
    kernels.shrink(layout, given.tables, 150.0, 80.0)
    right = before[:, 0] > 80.0
    half = given.tables.half[layout.shape, 0]
    assert np.allclose(layout.place[right, 0], np.clip(before[right, 0] - 10.0, half[right], 150.0 - half[right]))
    assert np.allclose(layout.place[~right, 0], np.minimum(before[~right, 0], 150.0 - half[~right]))
    assert first.strip_length(layout, given.tables) <= 150.0 + 1e-9
