"""The shortest way through stops: against all orders there are, with what must go before what kept."""

from __future__ import annotations

from itertools import permutations, product
from math import hypot

import numpy as np
import pytest

from cutkit.cut.visits import modes_of, shortest
from cutkit.kernels import route


def random_stops(rng, count):
    """Stops with one to three modes each; some end elsewhere than they begin, with a way within."""
    stops = []
    for _ in range(count):
        at = rng.uniform(0, 100, 2)
        modes = []
        for _ in range(rng.integers(1, 4)):
            entry = at + rng.uniform(-10, 10, 2)
            leaves_elsewhere = rng.random() < 0.5
            end = entry + rng.uniform(-15, 15, 2) if leaves_elsewhere else entry
            modes.append((tuple(entry), tuple(end), float(rng.uniform(0, 20)) if leaves_elsewhere else 0.0))
        stops.append(modes)
    return stops


def random_before(rng, count, share):
    """Some stops go before others, never in a circle."""
    rank = rng.permutation(count)
    return [{j for j in range(count) if rank[j] < rank[k] and rng.random() < share} for k in range(count)]


def length_of(stops, order, mode, start):
    here, total = start, 0.0
    for k in order:
        entry, end, within = stops[k][mode[k]]
        total += hypot(entry[0] - here[0], entry[1] - here[1]) + within
        here = end
    return total


def keeps(order, before):
    place = {k: p for p, k in enumerate(order)}
    return all(place[other] < place[k] for k, those in enumerate(before) for other in those)


def best_of_all(stops, before, start):
    """The shortest way, by trying every order and every choice of modes."""
    choices = list(product(*(range(len(stop)) for stop in stops)))
    orders = [order for order in permutations(range(len(stops))) if keeps(order, before)]
    return min(length_of(stops, order, mode, start) for order in orders for mode in choices)


def routed(stops, before, start, kicks):
    modes = modes_of(stops)
    order, mode = shortest(modes, before, np.zeros(len(stops)), start, kicks)
    return order.tolist(), (mode - modes.first[:-1]).tolist()


def test_few_stops_are_visited_in_the_best_order_there_is_or_nearly_so():
    excess = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(1, 6))
        stops, before = random_stops(rng, count), random_before(rng, count, rng.choice([0.0, 0.4]))
        order, mode = routed(stops, before, (0.0, 0.0), 200)
        assert sorted(order) == list(range(count))
        assert keeps(order, before)
        excess.append(length_of(stops, order, mode, (0.0, 0.0)) / best_of_all(stops, before, (0.0, 0.0)) - 1)
    assert min(excess) > -1e-9
    assert sum(1 for share in excess if share < 1e-9) >= 55
    assert max(excess) < 0.1


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2])
def test_many_stops_keep_their_precedences_and_kicks_shorten_the_way(share):
    rng = np.random.default_rng(7)
    stops, before = random_stops(rng, 150), random_before(rng, 150, share)
    start = (50.0, 50.0)
    lengths = []
    for kicks in (0, 3000):
        order, mode = routed(stops, before, start, kicks)
        assert sorted(order) == list(range(150))
        assert keeps(order, before)
        assert (order, mode) == routed(stops, before, start, kicks)
        lengths.append(length_of(stops, order, mode, start))
    assert lengths[1] < lengths[0]


def test_the_length_that_is_told_is_that_of_the_route():
    rng = np.random.default_rng(3)
    stops, before = random_stops(rng, 40), random_before(rng, 40, 0.05)
    modes = modes_of(stops)
    order, mode = shortest(modes, before, np.zeros(40), (0.0, 0.0), 0)
    near = np.array([[(k + 1) % 40] for k in range(40)])
    none = route.Precedence(*(np.zeros(size, dtype=np.int64) for size in (41, 0, 41, 0)))
    told = route.shorten(order, mode, modes, none, near, np.zeros(2), 50)
    assert told == pytest.approx(length_of(stops, order.tolist(), (mode - modes.first[:-1]).tolist(), (0.0, 0.0)))


def test_a_grid_is_walked_row_by_row():
    """A hundred points a unit apart take 99 units from a corner, and no order is shorter."""
    stops = [[((float(x), float(y)), (float(x), float(y)), 0.0)] for x in range(10) for y in range(10)]
    order, mode = routed(stops, [set() for _ in stops], (0.0, 0.0), 20_000)
    assert length_of(stops, order, mode, (0.0, 0.0)) == pytest.approx(99.0)
