"""The shortest way through stops that can be entered and left in several ways, some of them only after others.

A generalised travelling salesman with precedences, from a start point, without a way back. A *stop* (a stroke, or all
strokes of a piece) has *modes*: where it is entered, where it is left, and the way within. The parts:

* the nearest stop next, as the first route (``nearest_route``);
* for a given order the best mode of every stop, exactly, by dynamic programming (``spread``, ``follow``: Viterbi 1967;
  for clusters of a salesman's cities: Fischetti, Salazar, Toth 1997);
* 2-opt (Croes 1958) and Or-opt (Or 1976) over near neighbours, from a queue of stops whose links changed (Bentley
  1992), with precedences checked by position;
* iterated local search with exchanges of adjacent runs, a double bridge close by (Martin, Otto, Felten 1991).

Ways are in the caller's unit. The same input gives the same route: the random numbers are our own.
"""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel, kernel

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
LONGEST_RUN = 3
"""So many stops in a row are moved together at most."""
LONGEST_EXCHANGE = 8
"""A kick exchanges runs of at most so many stops."""
LEAST_GAIN = 1e-7
"""Changes that save less are rounding."""
MODES_ANEW = 500
"""After so many kicks all modes are chosen anew together."""


class Modes(NamedTuple):
    """The modes of stop k are first[k]:first[k + 1]: where each enters (m, 2), where it leaves, and its way within."""

    first: Longs
    entry: Floats
    exit: Floats
    within: Floats


class Precedence(NamedTuple):
    """What must come before stop k, before[before_first[k]:before_first[k + 1]], and likewise what comes after it."""

    before_first: Longs
    before: Longs
    after_first: Longs
    after: Longs


class Route(NamedTuple):
    """Stops in order, their positions, the mode of every stop; and from which to which position it was changed."""

    order: Longs
    place: Longs
    mode: Longs
    changed: Longs


@kernel
def nearest_route(modes: Modes, precedence: Precedence, lag: Floats, start: Floats, order: Longs) -> None:
    """Fill ``order`` with all stops, the nearest entry next of those that nothing must go before.

    ``lag`` is added to a stop's distance: a pull that leaves none behind.
    """
    n = len(lag)
    waits = np.empty(n, dtype=np.int64)
    for k in range(n):
        waits[k] = precedence.before_first[k + 1] - precedence.before_first[k]
    done = np.zeros(n, dtype=np.bool_)
    x, y = start[0], start[1]
    for position in range(n):
        best, best_mode, nearest = -1, -1, np.inf
        for k in range(n):
            if done[k] or waits[k] > 0:
                continue
            for m in range(modes.first[k], modes.first[k + 1]):
                way = hypot(modes.entry[m, 0] - x, modes.entry[m, 1] - y) + lag[k]
                if way < nearest:
                    best, best_mode, nearest = k, m, way
        order[position] = best
        done[best] = True
        x, y = modes.exit[best_mode, 0], modes.exit[best_mode, 1]
        for q in range(precedence.after_first[best], precedence.after_first[best + 1]):
            waits[precedence.after[q]] -= 1


@kernel
def spread(order: Longs, modes: Modes, start: Floats, way: Floats, came: Longs) -> None:
    """For every mode of every stop of ``order`` the shortest way from ``start`` to its end, and from which mode."""
    for p in range(len(order)):
        k = order[p]
        for m in range(modes.first[k], modes.first[k + 1]):
            x, y = modes.entry[m, 0], modes.entry[m, 1]
            if p == 0:
                way[m] = hypot(x - start[0], y - start[1]) + modes.within[m]
                came[m] = -1
                continue
            last = order[p - 1]
            best, best_from = np.inf, -1
            for f in range(modes.first[last], modes.first[last + 1]):
                total = way[f] + hypot(x - modes.exit[f, 0], y - modes.exit[f, 1])
                if total < best:
                    best, best_from = total, f
            way[m] = best + modes.within[m]
            came[m] = best_from


@kernel
def follow(order: Longs, modes: Modes, way: Floats, came: Longs, last: int, mode: Longs) -> float:
    """Set the mode of every stop for the shortest way that ends in mode ``last``, of -1 in the best; its length."""
    end = order[len(order) - 1]
    if last < 0:
        last = modes.first[end]
        for m in range(modes.first[end], modes.first[end + 1]):
            if way[m] < way[last]:
                last = m
    length = way[last]
    for p in range(len(order) - 1, -1, -1):
        mode[order[p]] = last
        last = came[last]
    return float(length)


@kernel
def shorten(
    order: Longs, mode: Longs, modes: Modes, precedence: Precedence, near: Longs, start: Floats, kicks: int
) -> float:
    """Make the route in ``order`` shorter; ``order`` and ``mode`` become the best found, and its length is returned.

    ``order`` keeps the precedences, which the result keeps too. ``near`` (n, k) are the stops nearest to each.
    """
    n = len(order)
    way = np.empty(len(modes.within))
    came = np.empty(len(modes.within), dtype=np.int64)
    spread(order, modes, start, way, came)
    best_length = follow(order, modes, way, came, -1, mode)
    if n < 2:
        return best_length
    route = Route(order.copy(), np.empty(n, dtype=np.int64), mode.copy(), np.array([0, n - 1]))
    queue = np.empty(n, dtype=np.int64)
    waiting = np.ones(n, dtype=np.bool_)
    for p in range(n):
        queue[p] = order[p]
        route.place[order[p]] = p
    _descend(route, modes, precedence, near, start, queue, waiting, n)
    state = 12345
    for kick in range(1, kicks + 1):
        best_length = _keep_the_better(route, modes, start, order, mode, best_length)
        state, count = _exchange(route, precedence, queue, waiting, state)
        _descend(route, modes, precedence, near, start, queue, waiting, count)
        if kick % MODES_ANEW == 0 or kick == kicks:
            spread(route.order, modes, start, way, came)
            follow(route.order, modes, way, came, -1, route.mode)
            _note(route, 0, n - 1)
    return _keep_the_better(route, modes, start, order, mode, best_length)


@inner_kernel
def _keep_the_better(route: Route, modes: Modes, start: Floats, order: Longs, mode: Longs, best_length: float) -> float:
    """Make ``order`` and ``mode`` and the route the shorter one of both; its length. Only what changed is looked at."""
    low, high = route.changed[0], route.changed[1]
    if low <= high:
        gain = _length_of(order, mode, modes, start, low, high) - _length_of(
            route.order, route.mode, modes, start, low, high
        )
        better = gain > LEAST_GAIN
        for p in range(low, high + 1):
            k = route.order[p] if better else order[p]
            m = route.mode[k] if better else mode[k]
            order[p], route.order[p] = k, k
            mode[k], route.mode[k] = m, m
            route.place[k] = p
        if better:
            best_length -= gain
    route.changed[0], route.changed[1] = len(order), -1
    return best_length


@inner_kernel
def _note(route: Route, low: int, high: int) -> None:
    """Note that positions were changed."""
    route.changed[0] = min(route.changed[0], low)
    route.changed[1] = max(route.changed[1], high)


@inline_kernel
def _link(modes: Modes, a: int, b: int) -> float:
    """The way from the exit of mode a to the entry of mode b."""
    return hypot(modes.entry[b, 0] - modes.exit[a, 0], modes.entry[b, 1] - modes.exit[a, 1])


@inner_kernel
def _between(route: Route, modes: Modes, start: Floats, p: int, m: int) -> float:
    """The way from the stop at position p (-1: the start) to the entry of mode m; 0 to mode -1, behind the end."""
    if m < 0:
        return 0.0
    if p < 0:
        return hypot(modes.entry[m, 0] - start[0], modes.entry[m, 1] - start[1])
    return _link(modes, route.mode[route.order[p]], m)


@inline_kernel
def _mode_at(route: Route, p: int) -> int:
    """The mode of the stop at position p; -1 behind the end."""
    return route.mode[route.order[p]] if p < len(route.order) else -1


@inner_kernel
def _length_of(order: Longs, mode: Longs, modes: Modes, start: Floats, low: int, high: int) -> float:
    """The way to the stops at some positions, through them, and to the one behind them."""
    total = 0.0
    for p in range(low, min(high + 2, len(order))):
        m = mode[order[p]]
        if p == 0:
            total += hypot(modes.entry[m, 0] - start[0], modes.entry[m, 1] - start[1])
        else:
            total += _link(modes, mode[order[p - 1]], m)
        total += modes.within[m]
    return total


@inner_kernel
def _replace(route: Route, low: int, high: int) -> None:
    """Set the positions of the stops in a stretch that was put in another order."""
    for p in range(low, high + 1):
        route.place[route.order[p]] = p


@inner_kernel
def _descend(
    route: Route,
    modes: Modes,
    precedence: Precedence,
    near: Longs,
    start: Floats,
    queue: Longs,
    waiting: NDArray[np.bool_],
    count: int,
) -> None:
    """Improve the route from the ``count`` stops in the queue until no move from any stop whose links changed helps."""
    n = len(route.order)
    head = 0
    while count > 0:
        k = queue[head % n]
        head += 1
        count -= 1
        waiting[k] = False
        while True:
            low, high = _move_stop(route, modes, precedence, near, start, k)
            if low > high:
                low, high = _turn_run(route, modes, precedence, near, start, k)
            if low > high:
                break
            _replace(route, low, high)
            _note(route, max(low - 2, 0), min(high + 2, n - 1))
            for end in (low, high):
                for p in range(max(end - 2, 0), min(end + 3, n)):
                    _choose_mode(route, modes, start, p)
                    other = route.order[p]
                    if not waiting[other]:
                        waiting[other] = True
                        queue[(head + count) % n] = other
                        count += 1
        head %= n


@inner_kernel
def _choose_mode(route: Route, modes: Modes, start: Floats, p: int) -> None:
    """Give the stop at position p its best mode between those beside it."""
    k = route.order[p]
    after = _mode_at(route, p + 1)
    best = np.inf
    for m in range(modes.first[k], modes.first[k + 1]):
        way = _between(route, modes, start, p - 1, m) + modes.within[m]
        if after >= 0:
            way += _link(modes, m, after)
        if way < best - LEAST_GAIN:
            best = way
            route.mode[k] = m


@inner_kernel
def _move_stop(
    route: Route, modes: Modes, precedence: Precedence, near: Longs, start: Floats, k: int
) -> tuple[int, int]:
    """Or-opt: put the run that begins at stop k beside a near stop, if that helps; what changed, else (1, 0)."""
    n = len(route.order)
    p = route.place[k]
    for size in range(1, LONGEST_RUN + 1):
        if p + size > n:
            break
        first, last = route.mode[k], _mode_at(route, p + size - 1)
        after = _mode_at(route, p + size)
        saved = _between(route, modes, start, p - 1, first) - _between(route, modes, start, p - 1, after)
        if after >= 0:
            saved += _link(modes, last, after)
        alone = modes.within[first]
        for c in range(near.shape[1]):
            q = route.place[near[k, c]]
            if p <= q < p + size:
                continue
            for before in (q - 1, q):  # the run goes behind this position
                if p - 1 <= before < p + size:
                    continue
                follower = _mode_at(route, before + 1)
                gap = _between(route, modes, start, before, follower)
                if size == 1:
                    added, chosen = _best_between(route, modes, start, before, k, follower)
                    gain = saved + alone - (added - gap)
                else:
                    chosen = first
                    added = _between(route, modes, start, before, first)
                    if follower >= 0:
                        added += _link(modes, last, follower)
                    gain = saved - (added - gap)
                if gain > LEAST_GAIN and _may_move(route, precedence, p, size, before):
                    _shift(route.order, p, size, before)
                    route.mode[k] = chosen
                    return min(p, before + 1), max(p + size - 1, before)
    return 1, 0


@inner_kernel
def _best_between(route: Route, modes: Modes, start: Floats, before: int, k: int, follower: int) -> tuple[float, int]:
    """The way through stop k behind position ``before`` and to mode ``follower`` with its best mode, and that mode."""
    best, chosen = np.inf, -1
    for m in range(modes.first[k], modes.first[k + 1]):
        way = _between(route, modes, start, before, m) + modes.within[m]
        if follower >= 0:
            way += _link(modes, m, follower)
        if way < best:
            best, chosen = way, m
    return best, chosen


@inner_kernel
def _may_move(route: Route, precedence: Precedence, p: int, size: int, before: int) -> bool:
    """Whether the run of ``size`` stops at position p may go behind position ``before``."""
    for r in range(p, p + size):
        k = route.order[r]
        if before > p:
            for q in range(precedence.after_first[k], precedence.after_first[k + 1]):
                if p + size <= route.place[precedence.after[q]] <= before:
                    return False
        else:
            for q in range(precedence.before_first[k], precedence.before_first[k + 1]):
                if before < route.place[precedence.before[q]] < p:
                    return False
    return True


@inner_kernel
def _shift(order: Longs, p: int, size: int, before: int) -> None:
    """Move the run of ``size`` stops at position p behind position ``before``."""
    if before > p:
        _turn(order, p, p + size - 1)
        _turn(order, p + size, before)
        _turn(order, p, before)
    else:
        _turn(order, before + 1, p - 1)
        _turn(order, p, p + size - 1)
        _turn(order, before + 1, p + size - 1)


@inner_kernel
def _turn(order: Longs, low: int, high: int) -> None:
    """Turn a run of stops round. Two adjacent runs change places when each is turned, and then both together."""
    while low < high:
        order[low], order[high] = order[high], order[low]
        low += 1
        high -= 1


@inner_kernel
def _turn_run(
    route: Route, modes: Modes, precedence: Precedence, near: Longs, start: Floats, k: int
) -> tuple[int, int]:
    """2-opt: visit a run backwards that begins or ends beside stop k, if that helps; its positions, else (1, 0)."""
    p = route.place[k]
    for c in range(near.shape[1]):
        q = route.place[near[k, c]]
        if q > p + 1:
            low, high = p + 1, q
        elif q < p - 1:
            low, high = q, p - 1
        else:
            continue
        first, last = route.mode[route.order[low]], route.mode[route.order[high]]
        after = _mode_at(route, high + 1)
        gain = _between(route, modes, start, low - 1, first) - _between(route, modes, start, low - 1, last)
        if after >= 0:
            gain += _link(modes, last, after) - _link(modes, first, after)
        if gain > LEAST_GAIN:  # else it could only pay by the links within, which hardly differ
            for r in range(low, high):
                a, b = route.mode[route.order[r]], route.mode[route.order[r + 1]]
                gain += _link(modes, a, b) - _link(modes, b, a)
        if gain > LEAST_GAIN and _may_turn(route, precedence, low, high):
            _turn(route.order, low, high)
            return low, high
    return 1, 0


@inner_kernel
def _may_turn(route: Route, precedence: Precedence, low: int, high: int) -> bool:
    """Whether no stop of a run waits for another one of it."""
    for r in range(low, high + 1):
        k = route.order[r]
        for q in range(precedence.after_first[k], precedence.after_first[k + 1]):
            if route.place[precedence.after[q]] <= high:
                return False
    return True


@inner_kernel
def _exchange(
    route: Route,
    precedence: Precedence,
    queue: Longs,
    waiting: NDArray[np.bool_],
    state: int,
) -> tuple[int, int]:
    """Exchange two adjacent runs somewhere and queue the stops at the seams: the random state, and how many.

    None where the precedences forbid it.
    """
    n = len(route.order)
    longest = max(1, min(LONGEST_EXCHANGE, n // 2))
    state = _next(state)
    size = 1 + (state >> 8) % longest
    state = _next(state)
    other = 1 + (state >> 8) % longest
    if size + other > n:
        return state, 0
    state = _next(state)
    p = (state >> 8) % (n - size - other + 1)
    for r in range(p, p + size):
        k = route.order[r]
        for q in range(precedence.after_first[k], precedence.after_first[k + 1]):
            if p + size <= route.place[precedence.after[q]] < p + size + other:
                return state, 0
    end = p + size + other - 1
    _shift(route.order, p, size, end)
    _replace(route, p, end)
    _note(route, p, end)
    count = 0
    for seam in (p, p + other, p + other + size):
        for r in range(max(seam - 1, 0), min(seam + 1, n)):
            k = route.order[r]
            if not waiting[k]:
                waiting[k] = True
                queue[count] = k
                count += 1
    return state, count


@inline_kernel
def _next(state: int) -> int:
    """A linear congruential generator of 31 bits, of which the lowest eight are not random enough to be used."""
    return (state * 1103515245 + 12345) & 0x7FFFFFFF
