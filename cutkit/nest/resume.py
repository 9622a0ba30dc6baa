"""From a marker back to a layout that a search may go on from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from cutkit.model import Copy, Demand, Marker, Placement
from cutkit.nest.problem import Found
from cutkit.nest.shapes import Choice, Floats


def layout_of(marker: Marker, choice: Choice) -> Found | None:
    """The layout of ``marker`` in the numbers of ``choice``; None where it does not hold every copy of the choice, or
    holds one at an angle that is not among the copy's options."""
    lying: dict[tuple[str, int], list[Placement]] = defaultdict(list)
    for placement in marker.placements:
        lying[placement.piece, placement.bundle].append(placement)
    place = np.zeros((len(choice.copies), 2))
    shape = np.zeros(len(choice.copies), dtype=np.int32)
    for i in sorted(range(len(choice.copies)), key=lambda i: choice.copies[i].locked is None):
        copy = choice.copies[i]
        candidates = [p for p in lying[copy.piece, copy.bundle] if copy.locked in (None, replace(p, locked=True))]
        fits = ((p, seat) for p in candidates if (seat := _seat_of(choice, i, p)) is not None)
        found, seat = next(fits, (None, None))
        if found is None or seat is None:
            return None
        lying[copy.piece, copy.bundle].remove(found)
        shape[i], place[i] = seat
    length = float((place[:, 0] + choice.half_mm[shape, 0]).max(initial=0.0))
    return Found(place, shape, length)


def lock(demand: Demand, start: Marker | None) -> Demand:
    """The demand with those copies locked that are locked in a marker to go on from."""
    lying: dict[tuple[str, int, bool | None], list[Placement]] = defaultdict(list)
    for placement in start.placements if start is not None else ():
        if placement.locked:
            lying[placement.piece, placement.bundle, placement.mirrored].append(placement)
    copies: list[Copy] = []
    for copy in demand.copies:
        ways = [copy.mirrored] if copy.mirrored is not None else [False, True]
        here = next((lying[copy.piece, copy.bundle, m] for m in ways if lying[copy.piece, copy.bundle, m]), None)
        copies.append(replace(copy, locked=here.pop(0)) if here and copy.locked is None else copy)
    return replace(demand, copies=tuple(copies))


def locked_way(copy: Copy) -> Copy:
    """A copy that is locked, with the one way in which it lies."""
    assert copy.locked is not None
    return replace(copy, mirrored=copy.locked.mirrored, angles_deg=(copy.locked.angle_deg,))


def _seat_of(choice: Choice, i: int, placement: Placement) -> tuple[int, Floats] | None:
    """The shape and the centre with which copy ``i`` may lie as ``placement`` does; None where it may not."""
    if choice.copies[i].mirrored not in (None, placement.mirrored):
        return None
    taken = choice.shapes.taken.get((placement.piece, placement.mirrored, placement.angle_deg))
    if taken is None:
        return None
    centre = np.array([placement.x_mm, placement.y_mm]) + taken[1].centre_mm
    shape = choice.shape_at(i, taken[1], centre)
    return None if shape is None else (shape, centre)
