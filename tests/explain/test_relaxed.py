"""Rules relaxed one at a time: what holds, what is left, and that the referee finds just that rule broken."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from explain_markers import ruled, wedges
from shapely.geometry import box

from cutkit.check import check_marker
from cutkit.explain.rules import RULES, relaxed, rules_of
from cutkit.model import (
    Fabric,
    Marker,
    NestSettings,
    OrderedPiece,
    Placement,
    Tie,
    Zone,
)
from cutkit.nest import nest
from cutkit.plan.again import demand_of


def test_every_rule_holds_and_has_a_text():
    marker = ruled()
    assert rules_of(marker) == RULES
    assert all(rule.text(marker) and rule.without and rule.title for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_no_rule_holds_where_all_is_relaxed():
    assert rules_of(relaxed(ruled(), RULES)) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_only_that_rule_is_relaxed(rule):
    left = {other.name for other in rules_of(rule.relax(ruled()))}
    assert left == {other.name for other in RULES} - {rule.name}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_to_relax_twice_is_to_relax_once(rule):
    once = relaxed(ruled(), [rule])
    assert relaxed(once, [rule.name]) == once


def test_without_edges_all_stays_where_it_is_on_the_cloth():
    marker = relaxed(ruled(), ["edges"])
    assert (marker.fabric.usable_width_mm, marker.fabric.longest_mm) == (200.0, 900.0)
    assert marker.fabric.defects[0].box_mm == (57.0, 70.0, 77.0, 90.0)
    assert marker.fabric.zones[0] == Zone("left", 10.0, 90.0)
    assert marker.pieces[0].ties == (Tie((0.0, 0.0), 37.0, 50.0),)
    (laid,) = marker.placements
    assert (laid.x_mm, laid.y_mm) == (37.0, 50.0)
    assert marker.fabric.repeat is not None
    before = ruled().fabric.repeat
    assert before is not None
    assert marker.fabric.repeat.phase(37.0, 50.0) == pytest.approx(before.phase(30.0, 40.0))


def test_without_edges_a_marker_begins_at_the_end_of_the_cloth_where_nothing_has_a_place_along_it():
    marker = relaxed(wedges(), ["edges"])
    assert [(p.x_mm, p.y_mm) for p in marker.placements[:2]] == [(0.0, 2.0), (101.0, 2.0)]


def test_a_plain_marker_of_free_pieces_has_no_rules_but_the_grain():
    piece = OrderedPiece("a", "a", "M", box(0, 0, 10, 10), 1, may_mirror=True)
    marker = Marker(Fabric(100.0), (piece,), (Placement("a", 1, 0.0, 0.0, 0.0),), NestSettings())
    assert [rule.name for rule in rules_of(marker)] == ["grain"]


BREAKS = {
    "nap": {"nap", "angle"},
    "grain": {"nap", "angle"},
    "face": {"mirrored-count"},
    "gap": {"gap"},
    "edges": {"outside-fabric"},
    "length": {"too-long"},
}
"""What the referee may find of a marker without a rule, where it judges by the rules of the marker with it."""
MUST_BREAK = {"nap", "gap", "edges"}
"""Those that these searches cannot but make use of."""


@pytest.mark.parametrize("name", BREAKS)
def test_the_referee_finds_the_relaxed_rule_broken_and_no_other(name):
    marker = wedges()
    assert check_marker(marker) == []
    without = relaxed(marker, [name])
    found = nest(without.fabric, demand_of(without), replace(without.settings, seed=3), start=without)
    assert check_marker(found) == []
    up = marker.fabric.selvedge_mm if name == "edges" else 0.0
    lying = tuple(replace(p, y_mm=p.y_mm - up) for p in found.placements)
    judged = replace(found, fabric=marker.fabric, pieces=marker.pieces, settings=marker.settings, placements=lying)
    broken = {fault.code for fault in check_marker(judged)}
    assert broken <= BREAKS[name]
    assert broken or name not in MUST_BREAK


def test_without_a_rule_all_is_allowed_that_was_allowed_with_it():
    marker = wedges()
    for rule in rules_of(marker):
        without = rule.relax(marker)
        assert check_marker(without) == [], rule.name
        for old, new in zip(demand_of(marker).copies, demand_of(without).copies, strict=True):
            assert set(old.angles_deg) <= set(new.angles_deg)
            assert new.mirrored in (None, old.mirrored)


def test_no_rule_of_the_model_is_left_out():
    """Whoever adds a rule to the cloth, to the settings or to a piece looks here, too: does it cost cloth?"""
    known = {
        Fabric: "width_mm selvedge_mm nap name material max_length_mm defects high_selvedge_mm start_margin_mm"
        " end_margin_mm spread has_face zones repeat shrinkage weight_gsm price_per_m",
        NestSettings: "gap_mm bundle_span_mm bundling seed time_s rounds workers",
        OrderedPiece: "id name size outline ordered ordered_mirrored marks allowed_angles_deg tilt_deg may_mirror"
        " ignores_nap material style block buffer_mm quality zones fold matches ties per_copy category cut_block",
    }
    for noun, names in known.items():
        assert {field.name for field in fields(noun)} <= set(names.split()), noun
