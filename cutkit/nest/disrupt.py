"""Disruptions: what a layout that will not become shorter is shaken by before it is tried again.

Strong ones, to explore: two large pieces swapped with all that lies in them, a window of the strip turned round. Mild
ones, to compress: a piece turned, a piece taken elsewhere. Which of the mild ones pays differs from order to order and
changes as the strip fills, so a chain learns it from what each attempt led to and what it cost.
Sources: sparrow (arXiv 2509.13329, algorithm 8) for the swap of two large pieces; Thompson's sampling (1933) for the
choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import lattice, state
from cutkit.kernels.state import Layout
from cutkit.nest.problem import Problem

Indices = NDArray[np.int64]

LARGE_SHARE = 0.75
"""The largest pieces that make up this part of all hulls' area are large."""
WINDOW_SHARE = (0.15, 0.6)
"""How much of the strip a turned window takes."""
CLUSTER = 4
"""Pieces that lie together and change places."""
SCATTERED_SHARE = 0.1
"""Part of the small pieces that are scattered."""
ALIKE_SHARE = 1 / 6
"""Pieces are of like size when they are no farther apart, by size, than this part of all pieces."""
MOST_AT_ONCE = 3
"""Pieces that are turned or relocated at once, at the most."""
MEMORY = 0.99
"""What an attempt's outcome counts after the next one."""
TRIES = 10


@dataclass(frozen=True, slots=True)
class Shaken:
    """A layout to disrupt in place, with the problem it belongs to."""

    layout: Layout
    problem: Problem
    rng: np.random.Generator

    @property
    def size_mm(self) -> tuple[float, float]:
        """The strip's length and height."""
        return float(self.layout.number[state.LENGTH]), float(self.problem.tables.number[state.HEIGHT])

    def by_size(self) -> Indices:
        """The pieces from the largest to the smallest."""
        return np.argsort(-self.problem.tables.hull[self.layout.shape], kind="stable")

    def large(self) -> Indices:
        """The large pieces, largest first."""
        order = self.by_size()
        area = self.problem.tables.hull[self.layout.shape[order]] ** 4  # hull weights go by the root of the side
        return order[: int(np.searchsorted(np.cumsum(area) / area.sum(), LARGE_SHARE)) + 1]

    def scatter(self, pieces: Indices) -> None:
        """Put pieces anywhere, in any of their orientations."""
        self.layout.place[pieces] = self.rng.uniform((0.0, 0.0), self.size_mm, (len(pieces), 2))
        for i in pieces:
            self.layout.shape[i] = self.rng.choice(self.problem.options[i])

    def swap(self, a: int, b: int) -> None:
        """Let two pieces change places."""
        self.layout.place[[a, b]] = self.layout.place[[b, a]]

    def keep_inside(self) -> None:
        """Move every piece to the nearest place where it may lie."""
        lattice.seat_all(self.layout, self.problem.tables)


def split_anew(shaken: Shaken) -> None:
    """Nothing but what every attempt begins with: the strip shortened at another place, and fresh weights."""


def turn_some(shaken: Shaken) -> None:
    """Turn one to three pieces where they lie."""
    for i in _some(shaken, np.arange(len(shaken.layout.shape))):
        others = [s for s in shaken.problem.options[i] if s != shaken.layout.shape[i]]
        if others:
            shaken.layout.shape[i] = shaken.rng.choice(others)


def relocate_some(shaken: Shaken) -> None:
    """Take one to three pieces elsewhere."""
    shaken.scatter(_some(shaken, np.arange(len(shaken.layout.shape))))


def relocate_large(shaken: Shaken) -> None:
    """Take a large piece elsewhere."""
    shaken.scatter(shaken.rng.choice(shaken.large(), 1))


def scatter_small(shaken: Shaken) -> None:
    """Scatter some of the small pieces."""
    small = np.setdiff1d(np.arange(len(shaken.layout.shape)), shaken.large())
    shaken.scatter(small[shaken.rng.random(len(small)) < SCATTERED_SHARE])


def swap_alike(shaken: Shaken) -> None:
    """Swap two pieces of like size and different shape."""
    order, shape = shaken.by_size(), shaken.layout.shape
    reach = max(2, round(ALIKE_SHARE * len(order)))
    for _ in range(TRIES):
        rank = int(shaken.rng.integers(len(order)))
        other = int(np.clip(rank + shaken.rng.integers(-reach, reach + 1), 0, len(order) - 1))
        if shape[order[rank]] != shape[order[other]]:
            shaken.swap(order[rank], order[other])
            return


def swap_neighbours(shaken: Shaken) -> None:
    """Swap two pieces of different shape that lie side by side."""
    place, shape = shaken.layout.place, shaken.layout.shape
    half = shaken.problem.tables.half[shape]
    for _ in range(TRIES):
        a = int(shaken.rng.integers(len(shape)))
        beside = (np.abs(place - place[a]) < half + half[a]).all(axis=1) & (shape != shape[a])
        if beside.any():
            shaken.swap(a, int(shaken.rng.choice(np.flatnonzero(beside))))
            return


def shuffle_cluster(shaken: Shaken) -> None:
    """Let a piece and those nearest to it change places at random."""
    place = shaken.layout.place
    centre = place[int(shaken.rng.integers(len(place)))]
    near = np.argsort(np.hypot(*(place - centre).T), kind="stable")[:CLUSTER]
    place[near] = place[shaken.rng.permutation(near)]


def turn_window(shaken: Shaken) -> None:
    """Turn a window of the strip by 180 degrees; where some piece in it may not be turned, swap two large ones."""
    layout, problem = shaken.layout, shaken.problem
    length, height = shaken.size_mm
    width = shaken.rng.uniform(*WINDOW_SHARE) * length
    left = shaken.rng.uniform(0, length - width)
    inside = np.flatnonzero((layout.place[:, 0] > left) & (layout.place[:, 0] < left + width))
    turned = [problem.half_turn.get(int(layout.shape[i]), -1) for i in inside]
    if all(s in problem.options[i] for s, i in zip(turned, inside, strict=True)):
        layout.place[inside, 0] = 2 * left + width - layout.place[inside, 0]
        layout.place[inside, 1] = height - layout.place[inside, 1]
        layout.shape[inside] = turned
    else:
        swap_large(shaken)


def swap_large(shaken: Shaken) -> None:
    """Swap two large pieces of different shape; what lies inside either goes along."""
    half, place, shape = shaken.problem.tables.half, shaken.layout.place, shaken.layout.shape
    large = shaken.large()
    a = int(shaken.rng.choice(large))
    others = [i for i in large if shape[i] != shape[a]]
    if not others:
        return
    b = int(shaken.rng.choice(others))
    shift = place[b] - place[a]
    small = np.ones(len(place), dtype=bool)
    small[[a, b]] = False
    in_a = small & (np.abs(place - place[a]) < half[shape[a]] / 2).all(axis=1)
    in_b = small & (np.abs(place - place[b]) < half[shape[b]] / 2).all(axis=1) & ~in_a
    place[in_a] += shift
    place[in_b] -= shift
    place[a] += shift
    place[b] -= shift


def _some(shaken: Shaken, pieces: Indices) -> Indices:
    count = min(len(pieces), int(shaken.rng.integers(1, MOST_AT_ONCE + 1)))
    return shaken.rng.choice(pieces, count, replace=False)


Disruption = Callable[[Shaken], None]
MILD: tuple[Disruption, ...] = (
    split_anew,
    turn_some,
    relocate_some,
    relocate_large,
    scatter_small,
    swap_alike,
    swap_neighbours,
    shuffle_cluster,
)
"""What most of the layout survives."""


@dataclass
class Experience:
    """What mild disruptions have led to: how often to a shorter strip, and the work that it took.

    ``pick`` draws a rate of success from what is known of each and takes the highest, so that what pays is used most
    and what is little known is tried now and then. Old outcomes fade.
    """

    rng: np.random.Generator
    attempts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(MILD)))
    successes: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(MILD)))
    work: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(MILD)))

    def pick(self) -> int:
        """The number of the disruption to try next."""
        typical = max(1.0, self.work.sum()) / max(1.0, self.attempts.sum())
        rates = self.rng.gamma(self.successes + 0.5) / (self.work + 0.5 * typical)
        return int(np.argmax(rates))

    def learn(self, disruption: int, success: bool, work: int) -> None:
        """Take in how an attempt ended."""
        for record, amount in ((self.attempts, 1.0), (self.successes, float(success)), (self.work, float(work))):
            record *= MEMORY
            record[disruption] += amount
