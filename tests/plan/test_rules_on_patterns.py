"""Random rules, spreads and orders on the patterns of the repository: what holds for every plan, and no surprises.

Either a plan comes out in which all that was ordered is cut, or an error that names what is wrong.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from drafts import PATTERNS
from random_terms import random_order, random_terms

from cutkit.errors import InfeasibleError, InputError, UsageError
from cutkit.formats.patterns import read_pattern
from cutkit.model import Demand, Order, OrderedPiece, Pattern
from cutkit.plan.demand import Plan, make_plan
from cutkit.plan.points import named_points
from cutkit.plan.terms import Terms

JOBS = 25
GARMENTS = ("tshirt", "hoodie", "shirt", "trousers", "dress", "tote")


def faults_of(demand: Demand) -> list[str]:
    """What of a demand cannot be, piece by piece and copy by copy."""
    faults = []
    pieces = {piece.id: piece for piece in demand.pieces}
    assert len(pieces) == len(demand.pieces)
    for piece in demand.pieces:
        copies = [copy for copy in demand.copies if copy.piece == piece.id]
        mirrored = sum(copy.mirrored is True for copy in copies)
        if len(copies) != piece.total:
            faults.append(f"{piece.id}: {len(copies)} copies, {piece.total} ordered")
        if not piece.may_mirror and (mirrored != piece.ordered_mirrored or None in {c.mirrored for c in copies}):
            faults.append(f"{piece.id}: {mirrored} mirrored, {piece.ordered_mirrored} ordered")
        if any(not copy.angles_deg or not set(copy.angles_deg) <= set(piece.allowed_angles_deg) for copy in copies):
            faults.append(f"{piece.id}: angles that are not allowed")
        faults += [f"{piece.id}: {what}" for what in _shape_faults(piece)]
    return faults


def _shape_faults(piece: OrderedPiece):
    if not piece.outline.is_valid or piece.outline.is_empty:
        yield "its outline is not valid"
    if not piece.reserved.is_valid or not piece.reserved.buffer(1e-4).contains(piece.outline):
        yield "its block is not valid or does not contain it"
    if piece.fold and (piece.outline.bounds[1] != 0.0 or piece.reserved.bounds[1] < 0.0):
        yield "its fold side is not at y = 0"


def cut_of(plan: Plan) -> Counter[tuple[str, str]]:
    """The pieces that the plan's markers give on all plies, less the surplus: by name and size."""
    cut: Counter[tuple[str, str]] = Counter()
    for demand in (*plan.demands, *plan.remainder):
        for piece in demand.pieces:
            cut[piece.name, piece.size] += piece.total * piece.per_copy * demand.plies
        of_id = {piece.id.removesuffix("/fold"): (piece.name, piece.size) for piece in demand.pieces}
        for piece_id, over in demand.surplus:
            cut[of_id[piece_id]] -= over
    return cut


def planned(pattern: Pattern, order: Order, terms: Terms) -> Plan | str:
    """The plan, or what is said against it."""
    try:
        return make_plan([pattern], order, terms=terms)
    except (InputError, UsageError, InfeasibleError) as error:
        return str(error)


@pytest.mark.parametrize("garment", GARMENTS)
def test_random_rules(garment):
    pattern = read_pattern(PATTERNS / f"{garment}.dxf")
    plain_of = {piece.name: piece.per_garment for piece in pattern.pieces}
    outcomes: Counter[str] = Counter()
    for seed in range(JOBS):
        rng = random.Random(f"{garment} {seed}")
        terms, order = random_terms(rng, pattern), random_order(rng, pattern)
        plan = planned(pattern, order, terms)
        if isinstance(plan, str):
            outcomes["refused"] += "piece " in plan or "plies" in plan
            continue
        outcomes["planned"] += 1
        assert [fault for d in (*plan.demands, *plan.remainder) for fault in faults_of(d)] == [], seed
        if terms.plies is None:
            each = terms.spread_plies if terms.sets == "full" else terms.spread_plies // 2
            wanted = {line.size: line.count * each for line in order.lines}
        elif terms.remainder:
            wanted = {line.size: line.count for line in order.lines}
        else:
            wanted = {
                line.size: line.count // terms.garments_per_bundle * terms.garments_per_bundle for line in order.lines
            }
        for (name, size), count in cut_of(plan).items():
            assert count == plain_of[name] * wanted[size], (seed, name, size)
    assert sum(outcomes.values()) == JOBS, outcomes  # all that is refused is named
    assert outcomes["planned"] > 2, outcomes


def test_the_named_points_are_the_same_in_every_size():
    """A rule is written once for all sizes: the K-th notch of a piece is the same notch in each of them."""
    for garment in GARMENTS:
        pattern = read_pattern(PATTERNS / f"{garment}.dxf")
        for name in dict.fromkeys(piece.name for piece in pattern.pieces):
            drawn = [named_points(piece) for piece in pattern.pieces if piece.name == name]
            boxes = [piece.outline.bounds for piece in pattern.pieces if piece.name == name]
            notches = [[key for key in points if key.startswith("notch")] for points in drawn]
            assert all(keys == notches[0] for keys in notches), (garment, name)
            for key in notches[0]:
                shares = [(p[key][0] / b[2], p[key][1] / b[3]) for p, b in zip(drawn, boxes, strict=True)]
                spread = max(abs(a - c) for share in shares for a, c in zip(share, shares[0], strict=True))
                assert spread < 0.12, (garment, name, key, shares)
