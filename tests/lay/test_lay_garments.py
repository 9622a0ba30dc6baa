"""Garments by kind, parts of a demand, and whose pieces a marker has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from boxes import BoxNester, copies_of, order, wanted_of

from cutkit.lay.garments import handed_on, part_of, stock_of, with_unplaced
from cutkit.model import Copy, Demand, Fabric, Match, NestSettings

SIZES = {"S": [(100.0, 50.0), (60.0, 50.0)], "M": [(120.0, 60.0), (70.0, 50.0)]}


def test_garments_of_one_size_are_alike_and_of_another_are_not():
    stock = stock_of(order(SIZES, {"S": 3, "M": 2}))
    assert stock.everything == (3, 2)
    assert stock.areas_mm2 == (8000.0, 10700.0)
    assert stock.area_mm2((1, 2)) == 29400.0


def test_garments_that_must_lie_the_other_way_round_are_not_alike():
    demand = order(SIZES, {"S": 4}, angles=(0.0,))
    turned = tuple(replace(c, angles_deg=(180.0,)) if c.bundle % 2 else c for c in demand.copies)
    assert stock_of(replace(demand, copies=turned)).everything == (2, 2)


def test_a_part_orders_what_its_copies_are():
    demand = order(SIZES, {"S": 2, "M": 1})
    copies = [Copy("S0", 1, True, (0.0,)), Copy("S0", 2, False, (0.0,)), Copy("M1", 3, None, (0.0,))]
    part = part_of(replace(demand, surplus=(("S0", 4), ("M0", 3))), copies)
    assert [(p.id, p.ordered, p.ordered_mirrored) for p in part.pieces] == [("S0", 1, 1), ("M1", 1, 0)]
    assert part.copies == tuple(copies)
    assert part.surplus == (("S0", 4),)


def test_every_garment_is_dealt_once():
    stock = stock_of(order(SIZES, {"S": 3, "M": 2}))
    dealt = [{copy.bundle for garment in lot for copy in garment} for lot in stock.deal([(1, 1), (2, 0), (0, 1)])]
    assert dealt == [{1, 4}, {2, 3}, {5}]
    with pytest.raises(ValueError, match="more garments"):
        list(stock.deal([(2, 0), (2, 0)]))


def test_a_marker_of_some_garments_is_one_of_others_that_are_alike():
    demand = order(SIZES, {"S": 2, "M": 2})
    stock = stock_of(demand)
    sample = stock.sample((1, 1))
    marker = BoxNester()(Fabric(200.0), stock.part((1, 1)), NestSettings(rounds=1), None)
    first, second = stock.deal([(1, 1), (1, 1)])
    other = handed_on(marker, sample, second)
    assert copies_of([handed_on(marker, sample, first), other]) == wanted_of(demand)
    assert other.bundles == (2, 4)
    assert [(p.x_mm, p.y_mm) for p in other.placements] == [(p.x_mm, p.y_mm) for p in marker.placements]


def test_pieces_on_their_own_stay_together_where_they_must_match():
    demand = order(SIZES, {"S": 2})
    assert stock_of(demand, apart=True).everything == (2, 2)
    front = replace(demand.pieces[0], matches=(Match("centre", (0.0, 0.0), group="cf"),))
    other = replace(demand.pieces[1], matches=(Match("centre", (0.0, 0.0), group="cf"),))
    tied = replace(demand, pieces=(front, other))
    assert stock_of(tied, apart=True).everything == (2,)


def test_copies_of_one_garment_on_several_markers_keep_its_number():
    demand = order({"S": [(50.0, 20.0)] * 2}, {"S": 2})
    twice = Demand("", demand.pieces, (*demand.copies, *demand.copies))
    stock = stock_of(twice, apart=True)
    markers = []
    for garments in stock.deal([(2, 2), (2, 2)]):
        marker = BoxNester()(Fabric(100.0), stock.part((2, 2)), NestSettings(rounds=1), None)
        markers.append(handed_on(marker, stock.sample((2, 2)), garments))
    assert copies_of(markers) == wanted_of(twice)


def test_what_found_no_place_is_ordered_and_named():
    demand = order(SIZES, {"S": 1, "M": 1})
    stock = stock_of(demand)
    marker = BoxNester()(Fabric(200.0), stock.part((1, 0)), NestSettings(rounds=1), None)
    left = [copy for copy in demand.copies if copy.piece in ("S0", "M0")]
    whole = with_unplaced(marker, demand, left, {"S0": "too wide", "M0": "too long"})
    assert {p.id: p.total for p in whole.pieces} == {"S0": 2, "S1": 1, "M0": 1}
    assert {(u.piece, u.count, u.reason) for u in whole.unplaced} == {("S0", 1, "too wide"), ("M0", 1, "too long")}
