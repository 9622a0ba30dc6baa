"""From a marker back to a layout that a search may go on from."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from cutkit.model import Marker, Placement
from cutkit.nest.problem import Found
from cutkit.nest.shapes import Choice


def layout_of(marker: Marker, choice: Choice) -> Found | None:
    """The layout of ``marker`` in the numbers of ``choice``; None where it does not hold every copy of the choice, or
    holds one at an angle that is not among the copy's options."""
    lying: dict[tuple[str, int], list[Placement]] = defaultdict(list)
    for placement in marker.placements:
        lying[placement.piece, placement.bundle].append(placement)
    place = np.zeros((len(choice.copies), 2))
    shape = np.zeros(len(choice.copies), dtype=np.int32)
    for i, copy in enumerate(choice.copies):
        candidates = lying[copy.piece, copy.bundle]
        fits = ((p, s) for p in candidates if (s := _shape_of(choice, i, p)) is not None)
        found, number = next(fits, (None, -1))
        if found is None:
            return None
        candidates.remove(found)
        shape[i] = number
        pose = choice.shapes.taken[found.piece, found.mirrored, found.angle_deg][1]
        place[i] = found.x_mm + pose.centre_mm[0], found.y_mm + pose.centre_mm[1]
    length = float((place[:, 0] + choice.half_mm[shape, 0]).max(initial=0.0))
    return Found(place, shape, length)


def _shape_of(choice: Choice, i: int, placement: Placement) -> int | None:
    """The shape in which copy ``i`` may lie as ``placement`` does; None where it may not."""
    if choice.copies[i].mirrored not in (None, placement.mirrored):
        return None
    taken = choice.shapes.taken.get((placement.piece, placement.mirrored, placement.angle_deg))
    return taken[0] if taken is not None and taken[0] in choice.options[i] else None
