"""Layouts with faults made sound: pieces that overlap are moved apart, on a strip that grows as far as it must.

That is how a search goes on from a marker made by hand or elsewhere, from one with other pieces in it than before, and
from a first layout that could not keep all rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from cutkit.kernels import first, lattice, state
from cutkit.kernels import separate as kernels
from cutkit.model import Marker, Placement
from cutkit.nest.problem import Floats, Found, Ints, Problem, new_layout
from cutkit.nest.shapes import Choice

STRETCHES = (1.0, 1.01, 1.03, 1.06, 1.1, 1.16, 1.25, 1.4, 1.6, 2.0)
"""How long the strip may be, as parts of the layout's length, one after the other."""
PATIENCE = 100
SLICE_WORK = 100_000


def repaired(problem: Problem, rough: Found, seed: int, is_over: Callable[[], bool]) -> Found | None:
    """A layout without overlaps that is near ``rough``, on the shortest strip of those tried; None where there is none,
    or the time was over before."""
    rng = np.random.default_rng([seed, 1])
    length = max(rough.length_mm, problem.least_length_mm)
    layout, scratch = new_layout(problem, STRETCHES[-1] * length, int(rng.integers(1, 2**62)))
    best = (np.zeros_like(rough.place), np.zeros_like(rough.shape), np.zeros(3))
    for stretch in STRETCHES:
        layout.place[:], layout.shape[:] = rough.place * (stretch, 1.0), rough.shape
        layout.number[state.LENGTH] = stretch * length
        if problem.rules is not None:
            problem.rules.restore_fixed(layout)
            problem.rules.prepare(layout, problem, np.inf, 0.0)
            problem.rules.confine(layout, problem, rng)
        lattice.seat_all(layout, problem.tables)
        kernels.reset(layout, problem.tables, scratch)
        best[2][:] = np.inf, 0, np.inf
        outcome = kernels.UNFINISHED
        while outcome == kernels.UNFINISHED:
            if is_over():
                return None
            outcome = kernels.separate(layout, problem.tables, scratch, *best, PATIENCE, SLICE_WORK)
        if outcome == kernels.SOLVED:
            end = float(first.strip_length(layout, problem.tables))
            return Found(layout.place.copy(), layout.shape.copy(), end)
    return None


def rough_layout(marker: Marker, choice: Choice, problem: Problem, names: dict[str, str]) -> Found:
    """The layout of a marker whatever its faults: every copy lies as in the marker, or as nearly so as it may.

    A copy takes the place of its own piece and garment where there is one left, else of its piece, else of a piece of
    the same name in another size (``names`` by id, of all pieces); what is left lies where the marker ends.
    """
    left = _Left(marker.placements, names)
    place, shape = np.zeros((len(problem.options), 2)), np.zeros(len(problem.options), dtype=np.int32)
    for i, taken in enumerate(problem.options):
        shape[i] = taken[0]
    taken_by = left.share_out(choice)
    end = marker.length_mm
    for i in range(len(choice.copies)):
        lying = taken_by.get(i)
        shape[i] = _nearest_shape(choice, i, lying)
        half = choice.half_mm[shape[i]]
        if lying is None:
            place[i] = end - half[0], problem.tables.number[state.HEIGHT] / 2
        else:
            x0, y0, x1, y1 = lying.polygon(marker.by_id[lying.piece].outline).bounds
            place[i] = (x0 + x1) / 2, (y0 + y1) / 2
    if problem.rules is not None:
        kept = problem.rules.fixed != state.FREE
        place[kept] = problem.rules.fixed_place[kept]
    return Found(place, shape, _length(place, shape, choice.half_mm, len(choice.copies)))


def beside_their_garment(found: Found, left_out: Sequence[int], problem: Problem) -> Found:
    """A layout with the copies that found no place put into the middle of what lies of their garments."""
    place = found.place.copy()
    rules = problem.rules
    assert rules is not None
    lying = np.ones(len(place), dtype=bool)
    lying[list(left_out)] = False
    for i in left_out:
        mates = lying & (rules.bundle == rules.bundle[i])
        place[i] = place[mates].mean(axis=0) if mates.any() else (found.length_mm / 2, place[lying, 1].mean())
    return Found(place, found.shape, found.length_mm)


class _Left:
    """The placements of a marker that no copy has taken yet."""

    def __init__(self, placements: Sequence[Placement], names: dict[str, str]) -> None:
        self._free = dict.fromkeys(range(len(placements)))
        self._placements = placements
        self._names = names

    def share_out(self, choice: Choice) -> dict[int, Placement]:
        """A placement for each copy, as far as there are any: the most alike first."""
        found: dict[int, Placement] = {}
        for alike in (self._garment, self._piece, self._name):
            index: dict[object, list[int]] = defaultdict(list)
            for k in self._free:
                index[alike(self._placements[k].piece, self._placements[k].bundle)].append(k)
            for i, copy in enumerate(choice.copies):
                if i in found:
                    continue
                here = [k for k in index[alike(copy.piece, copy.bundle)] if k in self._free]
                here = [k for k in here if copy.mirrored in (None, self._placements[k].mirrored)] or here
                if copy.locked is not None:
                    here = [k for k in here if self._placements[k].locked] or here
                if here:
                    found[i] = self._placements[here[0]]
                    del self._free[here[0]]
        return found

    def _garment(self, piece: str, bundle: int) -> object:
        return piece, bundle

    def _piece(self, piece: str, _bundle: int) -> object:
        return piece

    def _name(self, piece: str, _bundle: int) -> object:
        return self._names.get(piece, piece.rpartition("-")[0])


def _nearest_shape(choice: Choice, i: int, lying: Placement | None) -> int:
    """The shape of copy ``i`` that is turned most like a placement."""
    if lying is None:
        return choice.options[i][0]

    def off(shape: int) -> tuple[bool, float]:
        pose = choice.pose(i, shape)
        apart = abs(pose.angle_deg - lying.angle_deg) % 360.0
        return pose.mirrored != lying.mirrored, min(apart, 360.0 - apart)

    return min(choice.options[i], key=off)


def _length(place: Floats, shape: Ints, half_mm: Floats, count: int) -> float:
    return float((place[:count, 0] + half_mm[shape[:count], 0]).max(initial=0.0))
