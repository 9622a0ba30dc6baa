"""The rules of cloth as a search keeps them: what is fixed, what is tied to the repeat, and how far garments may reach.

Zones, folds and ties are rooms of shapes (see ``stands``), buffers and blocks are their outlines, and which flaws a
piece may lie on is in the tables; here is what concerns a layout as a whole.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from shapely.geometry import Polygon, box

from cutkit.kernels import state
from cutkit.model import Defect, Demand, Fabric, NestSettings
from cutkit.nest.matching import matching_of
from cutkit.nest.problem import Rules
from cutkit.nest.shapes import Choice

LONGEST_FLAW = 1.0
"""A flaw longer than this part of the usable width is taken as several: the longest shape sets how lists are kept."""


def needs_rules(choice: Choice, fabric: Fabric, settings: NestSettings) -> bool:
    """Whether a layout of the choice has rules to keep that boxes on shelves would not."""
    return (
        bool(fabric.defects)
        or settings.bundle_span_mm is not None
        or any(copy.locked is not None for copy in choice.copies)
        or any(shape.stand.room is not None or shape.stand.matched for shape in choice.shapes.shapes)
    )


def rules_of(choice: Choice, demand: Demand, fabric: Fabric, settings: NestSettings) -> Rules | None:
    """The rules that a layout of the choice must keep, with the flaws as shapes of it; None where there are none."""
    if not needs_rules(choice, fabric, settings):
        return None
    flaws = [part for defect in fabric.defects for part in _parts(defect, fabric)]
    flaw_shapes = [choice.shapes.enter_flaw(part, allows) for part, allows in flaws]
    count = len(choice.copies)
    fixed = np.zeros(count + len(flaws), dtype=np.int32)
    place = np.zeros((count + len(flaws), 2))
    for i, copy in enumerate(choice.copies):
        if copy.locked is not None:
            fixed[i] = state.LOCKED
            pose = choice.pose(i, choice.options[i][0])
            place[i] = copy.locked.x_mm + pose.centre_mm[0], copy.locked.y_mm + pose.centre_mm[1]
    for k, (part, _) in enumerate(flaws):
        fixed[count + k] = state.FLAW
        x0, y0, x1, y1 = part.bounds
        place[count + k] = (x0 + x1) / 2, (y0 + y1) / 2
    matching, _ = matching_of(fabric, {piece.id: piece for piece in demand.pieces}, choice.ways)
    bundle = np.array([copy.bundle for copy in choice.copies] + [-1] * len(flaws), dtype=np.int64)
    return Rules(fixed, place, matching.padded(len(flaws)), bundle, flaw_shapes, settings.bundle_span_mm)


def without_tilt_of_matched(demand: Demand, fabric: Fabric) -> Demand:
    """The demand with no tilt for pieces that must lie on the repeat: its lines would run askew in them."""
    if fabric.repeat is None:
        return demand
    pieces = tuple(replace(piece, tilt_deg=0.0) if piece.matches else piece for piece in demand.pieces)
    return replace(demand, pieces=pieces)


def _parts(defect: Defect, fabric: Fabric) -> list[tuple[Polygon, tuple[str, ...]]]:
    """A flaw within the usable width, in parts that are not too long; none where it lies outside, or has no size."""
    x0, y0, x1, y1 = defect.box_mm
    x0, y0, y1 = max(x0, 0.0), max(y0, 0.0), min(y1, fabric.usable_width_mm)
    if x1 <= x0 or y1 <= y0:
        return []
    count = int(np.ceil((x1 - x0) / (LONGEST_FLAW * fabric.usable_width_mm)))
    ends = np.linspace(x0, x1, count + 1)
    return [(box(a, y0, b, y1), defect.allows) for a, b in pairwise(ends)]
