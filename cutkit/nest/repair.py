"""Layouts with faults made sound: pieces that overlap are moved apart, on a strip that grows as far as it must.

That is how a search goes on from a marker made by hand or elsewhere, from one with other pieces in it than before, and
from a first layout that could not keep all rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cutkit.kernels import first, lattice, state
from cutkit.kernels import separate as kernels
from cutkit.model import Marker, Placement
from cutkit.nest.problem import Floats, Found, Ints, Problem, new_layout
from cutkit.nest.resume import Taken, nearest_pose, seat_of
from cutkit.nest.shapes import Choice

_HAIRS = (1.0, 1.0001, 1.0003, 1.001, 1.003)
STRETCHES = (*_HAIRS, 1.01, 1.02, 1.03, 1.045, 1.06, 1.08, 1.1, 1.13, 1.16, 1.2, 1.25, 1.32, 1.4, 1.6, 2.0)
"""How long the strip may be, as parts of the layout's length, one after the other: overlaps of a hair, as the rounding
of another program leaves them, are to cost no more than a hair."""
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
        if outcome == kernels.SOLVED and lattice.all_seated(layout, problem.tables):
            end = float(first.strip_length(layout, problem.tables))
            return Found(layout.place.copy(), layout.shape.copy(), end)
    return None


def rough_layout(start: Marker, choice: Choice, taken: Taken, problem: Problem) -> Found:
    """The layout of a marker whatever its faults: every copy lies as in the marker, or as nearly so as it may.

    Where copies take the places of others that are larger or smaller, all of the layout is stretched along the cloth as
    their areas are. What has no place in it is laid between and behind the others.
    """
    place, shape = np.zeros((len(problem.options), 2)), np.zeros(len(problem.options), dtype=np.int32)
    for i, options in enumerate(problem.options):
        shape[i] = options[0]
    stretch = _growth(start, choice, taken)
    for i, lying in enumerate(taken.lying):
        if lying is not None:
            seat = seat_of(choice, i, lying)
            shape[i], place[i] = seat if seat is not None else _near(start, choice, i, lying)
            place[i, 0] *= stretch
    if problem.rules is not None:
        kept = problem.rules.fixed != state.FREE
        place[kept] = problem.rules.fixed_place[kept]
    missing = [i for i, lying in enumerate(taken.lying) if lying is None]
    found = Found(place, shape, _length(place, shape, choice.half_mm, len(choice.copies)))
    return _with_missing(found, missing, problem, choice) if missing else found


def _growth(start: Marker, choice: Choice, taken: Taken) -> float:
    """The area of the copies that take a place in a marker, as a part of the area of what lay there."""
    here = lay = 0.0
    for copy, lying in zip(choice.copies, taken.lying, strict=True):
        if lying is not None:
            here += choice.shapes.area_mm2[copy.piece]
            lay += (
                start.by_id[lying.piece].outline.area
                if lying.piece != copy.piece
                else choice.shapes.area_mm2[copy.piece]
            )
    return here / lay if lay > 0 else 1.0


def _near(start: Marker, choice: Choice, i: int, lying: Placement) -> tuple[int, Floats]:
    """The shape and the centre in which copy ``i`` lies most like something that it must not lie exactly like."""
    x0, y0, x1, y1 = lying.polygon(start.by_id[lying.piece].reserved).bounds
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    shapes, pose = nearest_pose(choice, i, lying)
    seat = choice.shape_at(i, pose, centre)
    return (shapes[0] if seat is None else seat), centre


def _with_missing(found: Found, missing: list[int], problem: Problem, choice: Choice) -> Found:
    """A layout with the copies ``missing`` in it laid one by one, the large ones first, where they find room."""
    tables = problem.tables
    half = choice.half_mm
    longest = max(found.length_mm, 0.0) + sum(2 * max(half[s, 0] for s in problem.options[i]) for i in missing)
    layout, scratch = new_layout(problem, 2 * longest, seed=1)
    layout.place[:], layout.shape[:] = found.place, found.shape
    order = np.array(sorted(missing, key=lambda i: -tables.hull[problem.options[i][0]]), dtype=np.int64)
    kernels.reset(layout, tables, scratch)
    first.take_out(layout, order, 0, len(order))
    laid = 0
    while laid < len(order):
        laid += first.lay_out(layout, tables, scratch, order, laid, len(order))
        if laid < len(order):  # no place within its limits: the repair has to find one
            layout.place[order[laid]] = found.length_mm, tables.number[state.HEIGHT] / 2
            laid += 1
    return Found(layout.place, layout.shape, _length(layout.place, layout.shape, half, len(choice.copies)))


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


def _length(place: Floats, shape: Ints, half_mm: Floats, count: int) -> float:
    return float((place[:count, 0] + half_mm[shape[:count], 0]).max(initial=0.0))
