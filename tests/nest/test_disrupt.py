"""Disruptions keep a layout whole, and experience turns to what pays."""

import numpy as np
import pytest
from nest_demands import TWO_WAY, blobs

from cutkit.kernels import state
from cutkit.nest.disrupt import (
    MILD,
    Experience,
    Shaken,
    relocate_some,
    split_anew,
    swap_alike,
    swap_large,
    swap_neighbours,
    turn_some,
    turn_window,
)
from cutkit.nest.problem import Problem, new_layout
from cutkit.nest.shapes import shapes_of
from cutkit.nest.start import first_layout, shelf_layout
from cutkit.nest.tables import build_tables

WIDTH = 500.0
DISRUPTIONS = (*MILD, turn_window, swap_large)


def shaken(types, each, seed, angles=TWO_WAY):
    """A first layout in hand, and the shapes it began with."""
    job = blobs(3, types, each, angles=angles)
    shapes = shapes_of(job, 0.0)
    tables = build_tables(shapes, WIDTH, 0.0, 1, lambda: False)
    options = [shapes.options(copy) for copy in job.copies]
    half_turn = {k: t for k in range(len(shapes.shapes)) if (t := shapes.half_turn_of(k)) is not None}
    problem = Problem(tables, options, half_turn, 1.0)
    found = first_layout(problem, shelf_layout(tables.half, options, WIDTH, 0.0))
    layout, _ = new_layout(problem, found.length_mm, seed=1)
    layout.place[:], layout.shape[:] = found.place, found.shape
    layout.number[state.LENGTH] = found.length_mm
    return Shaken(layout, problem, np.random.default_rng(seed))


@pytest.mark.parametrize("disrupt", DISRUPTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("types", "each"), [(1, 1), (1, 2), (2, 1), (4, 5)])
def test_pieces_stay_inside_in_an_orientation_they_may_take(disrupt, types, each):
    for seed in range(10):
        hand = shaken(types, each, seed)
        disrupt(hand)
        hand.keep_inside()
        layout, problem = hand.layout, hand.problem
        half = problem.tables.half[layout.shape]
        assert (layout.place >= half - 1e-9).all()
        assert (layout.place <= np.array(hand.size_mm) - half + 1e-9).all()
        assert all(s in o for s, o in zip(layout.shape, problem.options, strict=True))


@pytest.mark.parametrize("disrupt", [d for d in DISRUPTIONS if d is not split_anew], ids=lambda f: f.__name__)
def test_something_changes(disrupt):
    changed = 0
    for seed in range(10):
        hand = shaken(4, 5, seed)
        before = hand.layout.place.copy(), hand.layout.shape.copy()
        disrupt(hand)
        changed += not (np.array_equal(before[0], hand.layout.place) and np.array_equal(before[1], hand.layout.shape))
    assert changed >= 5


def test_without_a_choice_no_piece_is_turned():
    hand = shaken(4, 5, 1, angles=(0.0,))
    before = hand.layout.shape.copy()
    for disrupt in (turn_some, turn_window, relocate_some):
        disrupt(hand)
    assert np.array_equal(before, hand.layout.shape)


def test_a_window_that_may_not_be_turned_gives_way_to_a_swap():
    hand = shaken(4, 5, 1, angles=(0.0,))
    before = hand.layout.place.copy()
    turn_window(hand)
    assert (before != hand.layout.place).any()


@pytest.mark.parametrize("swap", [swap_alike, swap_neighbours])
def test_swapped_pieces_take_each_others_places(swap):
    hand = shaken(4, 5, 2)
    before = hand.layout.place.copy()
    swap(hand)
    moved = np.flatnonzero((before != hand.layout.place).any(axis=1))
    assert len(moved) == 2
    assert np.array_equal(hand.layout.place[moved], before[moved[::-1]])
    assert hand.layout.shape[moved[0]] != hand.layout.shape[moved[1]]


def test_large_pieces_are_the_largest_and_of_two_shapes():
    hand = shaken(4, 5, 3)
    large = hand.large()
    size = hand.problem.tables.hull[hand.layout.shape]
    assert size[large].min() >= np.delete(size, large).max()
    before = hand.layout.place.copy()
    swap_large(hand)
    assert (before[large] != hand.layout.place[large]).any()


def test_experience_turns_to_what_pays_and_forgets():
    experience = Experience(np.random.default_rng(5))
    picked = np.zeros(len(MILD))
    for paying in (3, 7):
        picked[:] = 0
        for _ in range(600):
            choice = experience.pick()
            picked[choice] += 1
            experience.learn(choice, choice == paying, 1000)
        assert picked.argmax() == paying
        assert picked.min() > 0


def test_dear_disruptions_are_tried_less():
    experience = Experience(np.random.default_rng(6))
    picked = np.zeros(len(MILD))
    for _ in range(500):
        choice = experience.pick()
        picked[choice] += 1
        experience.learn(choice, False, 10_000 if choice == 0 else 1000)
    assert picked[0] < 0.5 * picked[1:].mean()
