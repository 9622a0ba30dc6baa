"""Lanes: one start after the other while they are alone, then the best chain; and what they hear of each other."""

import numpy as np
import pytest
from shapely.geometry import box

from cutkit.nest import lane as lanes
from cutkit.nest.chain import SearchPlan
from cutkit.nest.lane import Lane
from cutkit.nest.problem import Found, Problem
from cutkit.nest.shapes import ShapeSet
from cutkit.nest.start import first_layout, shelf_layout
from cutkit.nest.tables import build_tables

SIDES = (7.0, 5.0, 4.0, 3.0)


@pytest.fixture
def problem():
    """Twelve rectangles that do not tile the strip, so that no layout is known to be the shortest."""
    shapes = ShapeSet()
    for side in SIDES:
        shapes.enter((f"{side}", False, 0.0), box(0, 0, side, side + 1.3))
    tables = build_tables(shapes, 17.0, 0.0, 1, lambda: False)
    return Problem(tables, [[k % len(SIDES)] for k in range(12)], {}, 1.0)


@pytest.fixture
def start(problem):
    shelf = shelf_layout(problem.tables.half, problem.options, 17.0, 0.0)
    return first_layout(problem, shelf)


@pytest.fixture
def short_rounds(monkeypatch):
    monkeypatch.setattr(lanes, "ROUND_WORK", 100_000)
    monkeypatch.setattr(lanes, "SearchPlan", lambda: SearchPlan(least_work=500_000))


def never():
    return False


def shorter(found, share):
    return Found(found.place, found.shape, found.length_mm * share)


def test_a_chain_at_rest_gives_way_to_another_and_the_best_goes_on(problem, start, short_rounds):
    lane = Lane(problem, start, seed=1, number=0)
    chains = []
    for _ in range(60):
        assert lane.run_round(0.0, never)
        if lane._chain not in chains:
            chains.append(lane._chain)
    assert len(chains) > 2
    assert all(chain.is_at_rest for chain in chains[:-1])
    best = min(chains, key=lambda chain: chain.best.length_mm)
    assert lane.best.length_mm == best.best.length_mm < start.length_mm
    assert min(found.length_mm for found in lane.history) == lane.best.length_mm
    lane.run_round(0.5, never)
    assert lane._chain is best
    begun = lane._starts
    for _ in range(30):
        lane.run_round(0.6, never)
    assert lane._starts == begun


def test_a_chain_that_has_gained_nothing_yet_is_not_at_rest(problem, start, short_rounds):
    """So an order too large for the time has one start."""
    lane = Lane(problem, shorter(start, 0.01), seed=1, number=0)
    first = lane._chain
    lane.run_round(0.0, never)
    assert lane._chain is first
    assert not first.is_at_rest


def test_lanes_of_one_seed_differ(problem, start, short_rounds):
    two = [Lane(problem, start, seed=1, number=k) for k in (0, 1)]
    for lane in two:
        lane.run_round(0.0, never)
    assert not np.array_equal(two[0]._chain.layout.place, two[1]._chain.layout.place)


def test_lanes_hear_of_better_layouts_in_the_second_part_only(problem, start, short_rounds):
    lane = Lane(problem, start, seed=1, number=0)
    lane.run_round(0.0, never)
    better = shorter(lane.best, 0.5)
    lane.hear(better)
    assert lane.best is not better
    lane.run_round(0.5, never)
    lane.hear(better)
    assert lane.best is better
    lane.hear(start)
    assert lane.best is better


def test_the_shortest_layout_that_can_be_ends_every_lane(problem, start, short_rounds):
    lane = Lane(problem, start, seed=1, number=0)
    lane.hear(shorter(start, problem.least_length_mm / start.length_mm))
    while lane.run_round(0.1, never):
        pass
    assert problem.is_shortest(lane.best)
