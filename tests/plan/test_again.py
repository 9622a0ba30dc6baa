"""From a marker back to its demand: the copies that were ordered, each with the ways in which it may lie."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace

import pytest
from builders import make_pattern, make_piece, rectangle
from conftest import REPOSITORY

from cutkit.model import Fabric, Marker, NestSettings, Order, OrderedPiece, OrderLine, Placement, Unplaced
from cutkit.nest import nest
from cutkit.plan.again import demand_of
from cutkit.plan.demand import plan_demands

sys.path.insert(0, str(REPOSITORY / "tests" / "nest"))

from random_jobs import random_job

SHIRT = make_pattern(
    *(make_piece("FRONT", size, (1, 1), outline=rectangle(100 + 10 * k, 60)) for k, size in enumerate("SM")),
    *(make_piece("BACK", size, (1, 0), outline=rectangle(120 + 10 * k, 90)) for k, size in enumerate("SM")),
)


@pytest.mark.parametrize("nap", ["two-way", "one-way", "per-bundle"])
@pytest.mark.parametrize("tilt_deg", [0.0, 3.0])
def test_the_demand_of_a_nest_comes_back(nap, tilt_deg):
    order = Order((OrderLine("S", 2), OrderLine("M", 1)))
    (demand,) = plan_demands([SHIRT], order, nap=nap, tilt_deg=tilt_deg)
    marker = nest(Fabric(200.0, nap=nap), demand, NestSettings(rounds=2, workers=1))
    again = demand_of(marker)
    assert again.pieces == demand.pieces
    assert Counter(again.copies) == Counter(demand.copies)


@pytest.mark.parametrize("number", range(12))
def test_a_search_may_go_on_from_the_marker_of_any_job(number):
    job = random_job(number)
    marker = nest(job.fabric, job.demand, replace(job.settings, rounds=1))
    again = demand_of(marker)
    assert len(again.copies) == len(job.demand.copies)
    assert {c.piece: c.mirrored is None for c in again.copies} == {
        c.piece: c.mirrored is None for c in job.demand.copies
    }
    if marker.placements and all(piece.tilt_deg == 0 for piece in marker.pieces):
        gone_on = nest(job.fabric, again, replace(job.settings, rounds=1), start=marker)
        assert gone_on.length_mm <= marker.length_mm + 1e-6


def placed(piece: str, bundle: int, angle: float = 0.0, mirrored: bool = False) -> Placement:
    return Placement(piece, bundle, 0.0, 0.0, angle, mirrored)


def marker_with(nap: str, placements: list[Placement], *pieces: OrderedPiece) -> Marker:
    fabric = Fabric(500.0, nap=nap, material="Shell")  # type: ignore[arg-type]
    unplaced = tuple(Unplaced(p.id, p.total - sum(x.piece == p.id for x in placements), "no room") for p in pieces)
    return Marker(fabric, pieces, tuple(placements), NestSettings(), tuple(u for u in unplaced if u.count))


FRONT = OrderedPiece("F-S", "F", "S", rectangle(100, 60), 3, 3)
BACK = OrderedPiece("B-S", "B", "S", rectangle(100, 60), 3)


def test_copies_that_are_not_placed_belong_to_the_garments_that_lack_them():
    lying = [placed("F-S", 4), placed("F-S", 4, mirrored=True), placed("F-S", 7), placed("B-S", 7), placed("B-S", 4)]
    demand = demand_of(marker_with("two-way", lying, FRONT, BACK))
    missing = demand.copies[len(lying) :]
    # Garment 7 lacks a mirrored front; of the third one nothing is placed.
    ways = [(c.piece, c.bundle, c.mirrored) for c in missing]
    assert ways == [("F-S", 8, False), ("F-S", 7, True), ("F-S", 8, True), ("B-S", 8, False)]
    assert Counter(c.mirrored for c in demand.copies if c.piece == "F-S") == {False: 3, True: 3}
    assert demand.material == "Shell"


def test_a_garment_keeps_its_direction_on_napped_cloth():
    lying = [placed("F-S", 1, 181.0), placed("B-S", 2, 1.0), placed("F-S", 2, 1.0, mirrored=True)]
    pieces = [replace(piece, tilt_deg=2.0) for piece in (FRONT, BACK)]
    per_bundle = demand_of(marker_with("per-bundle", lying, *pieces))
    angles = {(copy.bundle, copy.angles_deg) for copy in per_bundle.copies}
    assert angles == {(1, (180.0,)), (2, (0.0,)), (3, (0.0,))}
    two_way = demand_of(marker_with("two-way", lying, *pieces))
    assert {copy.angles_deg for copy in two_way.copies} == {(0.0, 180.0)}


def test_on_cloth_with_one_way_new_garments_lie_as_all_others():
    demand = demand_of(marker_with("one-way", [placed("F-S", 1, 180.0)], FRONT, BACK))
    assert {copy.angles_deg for copy in demand.copies} == {(180.0,)}


def test_pieces_that_ignore_the_nap_keep_all_their_angles():
    ignoring = replace(BACK, ignores_nap=True, allowed_angles_deg=(0.0, 90.0, 180.0, 270.0))
    demand = demand_of(marker_with("one-way", [placed("B-S", 1, 90.0), placed("F-S", 1)], FRONT, ignoring))
    assert {c.piece: c.angles_deg for c in demand.copies} == {"B-S": (0.0, 90.0, 180.0, 270.0), "F-S": (0.0,)}
