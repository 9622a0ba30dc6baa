"""Each rule of cloth relaxed in markers that keep it: made by hand at random, and nested for one rule at a time."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from conftest import REPOSITORY
from shapely.geometry import box

from cutkit.check import check_marker
from cutkit.explain.prices import Effort, price_rules
from cutkit.explain.rules import RULES, relaxed, rules_of
from cutkit.model import Defect, Fabric, Marker, Match, NestSettings, OrderedPiece, Placement, Repeat, Tie, Zone
from cutkit.nest import nest
from cutkit.plan.again import demand_of

sys.path.insert(0, str(REPOSITORY / "tests" / "nest"))

from nest_demands import blobs
from rule_markers import rule_marker

BY_NAME = {rule.name: rule for rule in RULES}
BREAKS = {
    "edges": {"outside-fabric", "block-outside"},
    "blocks": {"block", "block-outside", "gap"},
    "zones": {"zone"},
    "flaws": {"defect"},
    "match": {"match"},
    "tie": {"tie"},
    "span": {"span"},
    "sections": {"section"},
    "fold": {"fold"},
    "length": {"too-long"},
}
"""What the referee may find broken of a rule where a marker without it is judged by all."""


def with_pieces(marker: Marker, *names: str, **rule: object) -> Marker:
    return replace(marker, pieces=tuple(replace(p, **rule) if p.id in names else p for p in marker.pieces))


def plain() -> Marker:
    """Three garments of two blobs and a box, nothing laid yet: all is unplaced."""
    demand = blobs(7, types=2, each=3, size=80.0)
    strip = OrderedPiece("strip", "strip", "M", box(0, 0, 150, 40), 3)
    return Marker(Fabric(400.0), (*demand.pieces, strip), (), NestSettings(rounds=1, workers=1))


def ruled(name: str) -> Marker:
    """``plain`` under one rule more, so hard that a search without it cannot but break it."""
    marker = plain()
    fabric, settings = marker.fabric, marker.settings
    if name == "edges":
        return replace(marker, fabric=replace(fabric, selvedge_mm=40.0, start_margin_mm=10.0))
    if name == "blocks":
        return with_pieces(marker, "strip", block=box(-20, -60, 170, 100))
    if name == "zones":
        return with_pieces(
            replace(marker, fabric=replace(fabric, zones=(Zone("low", 0.0, 60.0),))), "strip", zones=("low",)
        )
    if name == "flaws":
        flaws = tuple(Defect((x, 100.0, x + 30.0, 300.0)) for x in (40.0, 160.0, 290.0))
        return replace(marker, fabric=replace(fabric, defects=flaws))
    if name == "match":
        cloth = replace(fabric, repeat=Repeat(170.0, 130.0))
        return with_pieces(replace(marker, fabric=cloth), "strip", matches=(Match("end", (0.0, 0.0)),))
    if name == "tie":
        return with_pieces(marker, "strip", ties=(Tie((0.0, 0.0), y_mm=180.0),))
    if name == "span":
        return replace(marker, settings=replace(settings, bundle_span_mm=260.0))
    raise KeyError(name)


def nested(marker: Marker, *, seed: int = 0, start: Marker | None = None) -> Marker:
    found = nest(marker.fabric, demand_of(marker), replace(marker.settings, seed=seed), start=start)
    assert not found.unplaced
    assert check_marker(found) == []
    return found


@pytest.mark.parametrize("name", ["edges", "blocks", "zones", "flaws", "match", "tie", "span"])
def test_a_search_without_a_rule_breaks_that_rule_alone(name):
    with_rule = nested(ruled(name))
    assert name in {rule.name for rule in rules_of(with_rule)}
    without = relaxed(with_rule, [name])
    found = nested(without, seed=1)
    up = with_rule.fabric.selvedge_mm if name == "edges" else 0.0
    lying = tuple(replace(p, y_mm=p.y_mm - up) for p in found.placements)
    settings = replace(with_rule.settings, seed=1)
    judged = replace(found, fabric=with_rule.fabric, pieces=with_rule.pieces, settings=settings, placements=lying)
    broken = {fault.code for fault in check_marker(judged)}
    assert broken
    assert broken <= BREAKS[name]


@pytest.mark.parametrize("name", ["flaws", "blocks", "match"])
def test_a_hard_rule_costs(name):
    marker = nested(ruled(name))
    (price,) = price_rules(marker, [BY_NAME[name]], Effort((1, 2), rounds=1, workers=1)).rules
    assert min(price.saved_mm) > 0
    assert price.verdict in ("costs", "within the noise")


@pytest.mark.parametrize("seed", range(60))
def test_a_marker_keeps_every_rule_that_is_left_and_may_be_begun_from(seed):
    marker = rule_marker(seed)
    for rule in rules_of(marker):
        without = rule.relax(marker)
        assert rule not in rules_of(without), rule.name
        assert check_marker(without) == [], rule.name
        assert len(demand_of(without).copies) == len(marker.placements) + sum(u.count for u in marker.unplaced)
    assert check_marker(relaxed(marker, RULES)) == []


@pytest.mark.parametrize("seed", [0, 4])
def test_every_rule_of_a_marker_made_by_hand_can_be_priced(seed):
    marker = rule_marker(seed)
    found = price_rules(marker, rules_of(marker), Effort((1,), rounds=1, workers=1))
    for price in found.rules:
        (without,) = price.without
        held = relaxed(marker, [price.rule])
        ends = held.fabric.start_margin_mm + held.fabric.end_margin_mm
        assert without.cloth_mm <= held.length_mm + ends + 1e-6, price.rule.name


def test_locked_pieces_stay_in_every_search_but_the_one_without_locks():
    marker = nested(plain())
    first = replace(marker.placements[0], locked=True)
    locked = replace(marker, placements=(first, *marker.placements[1:]))
    for rule in rules_of(locked):
        without = rule.relax(locked)
        for start in (None, without):
            found = nested(without, seed=4, start=start)
            assert (first in found.placements) == (rule.name != "locked"), rule.name


def test_a_copy_that_is_tied_to_others_keeps_the_angle_at_which_it_was_laid():
    piece = OrderedPiece("a", "a", "M", box(0, 0, 50, 50), 2, matches=(Match("m", (5.0, 5.0), "g"),), may_mirror=True)
    laid = (Placement("a", 1, 50.0, 50.0, 180.0, True), Placement("a", 2, 100.0, 0.0, 0.0))
    marker = Marker(Fabric(200.0, repeat=Repeat(60.0, 60.0)), (piece,), laid, NestSettings())
    assert [(c.angles_deg, c.mirrored) for c in demand_of(marker).copies] == [((180.0,), True), ((0.0,), False)]
    free = demand_of(relaxed(marker, ["match"]))
    assert {(c.angles_deg, c.mirrored) for c in free.copies} == {((0.0, 180.0), None)}
