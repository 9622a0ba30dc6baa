"""How copies may lie: nap, turns, tilt, zones, quality, blocks and shrinkage, as rules and cloth say together."""

from __future__ import annotations

import pytest
from builders import make_pattern, make_piece
from shapely.geometry import box

from cutkit.errors import InputError
from cutkit.model import Defect, Fabric, Mark, Match, Order, OrderLine, Repeat, Tie, Zone
from cutkit.plan.demand import make_plan
from cutkit.plan.terms import Terms
from cutkit.rules import (
    BlockRule,
    EdgeBuffer,
    MatchRule,
    PieceRules,
    PointName,
    Rule,
    RuleBook,
    TieRule,
    parse_edge,
)

HALF_TURNS = (0.0, 180.0)
QUARTERS = (0.0, 90.0, 180.0, 270.0)


def plan(rules: PieceRules | None = None, *others: Rule, garments: int = 2, pieces=None, qualities=(), **cloth):
    book = RuleBook(((Rule("piece", "P", rules, "rules.toml, line 4"),) if rules else ()) + others)
    order = Order((OrderLine("M", garments),))
    pattern = make_pattern(*(pieces or [make_piece("P", "M"), make_piece("Q", "M")]))
    return make_plan([pattern], order, terms=Terms(Fabric(1500.0, **cloth), book, qualities=qualities))


def laid(rules: PieceRules | None = None, *others: Rule, **more):
    """Piece P of the plan, and the angles of its copies, garment by garment."""
    (demand,) = plan(rules, *others, **more).demands
    piece = next(p for p in demand.pieces if p.name == "P")
    return piece, [copy.angles_deg for copy in demand.copies if copy.piece == piece.id]


def codes(found) -> list[str]:
    return [notice.code for notice in found.notices]


# --- nap and turns


@pytest.mark.parametrize(
    ("cloth", "own", "allowed", "copies", "ignores"),
    [
        ("two-way", None, HALF_TURNS, [HALF_TURNS, HALF_TURNS], False),
        ("two-way", "one-way", (0.0,), [(0.0,), (0.0,)], False),
        ("two-way", "per-bundle", HALF_TURNS, [(0.0,), (180.0,)], False),
        ("two-way", "ignore", HALF_TURNS, [HALF_TURNS, HALF_TURNS], False),
        ("one-way", None, (0.0,), [(0.0,), (0.0,)], False),
        ("one-way", "two-way", HALF_TURNS, [HALF_TURNS, HALF_TURNS], True),
        ("one-way", "ignore", HALF_TURNS, [HALF_TURNS, HALF_TURNS], True),
        ("one-way", "per-bundle", (0.0,), [(0.0,), (0.0,)], False),
        ("per-bundle", None, HALF_TURNS, [(0.0,), (180.0,)], False),
        ("per-bundle", "one-way", (0.0,), [(0.0,), (0.0,)], False),
        ("per-bundle", "ignore", HALF_TURNS, [HALF_TURNS, HALF_TURNS], True),
    ],
)
def test_the_stricter_nap_holds_and_a_piece_may_be_free_of_it(cloth, own, allowed, copies, ignores):
    piece, angles = laid(PieceRules(nap=own) if own else None, nap=cloth)
    assert (piece.allowed_angles_deg, angles, piece.ignores_nap) == (allowed, copies, ignores)


def test_a_garment_with_a_one_way_piece_does_not_alternate():
    (demand,) = plan(PieceRules(nap="one-way"), nap="per-bundle", garments=3).demands
    assert {copy.angles_deg for copy in demand.copies} == {(0.0,)}


@pytest.mark.parametrize(
    ("cloth", "rules", "allowed", "tilt", "ignores"),
    [
        ("two-way", PieceRules(turns="quarter"), QUARTERS, 0.0, False),
        ("one-way", PieceRules(turns="quarter"), QUARTERS, 0.0, True),
        ("one-way", PieceRules(turns="any"), HALF_TURNS, 180.0, True),
        ("two-way", PieceRules(turns="any", tilt_deg=30.0), HALF_TURNS, 30.0, False),
        ("one-way", PieceRules(turns="grain"), (0.0,), 0.0, False),
        ("two-way", PieceRules(tilt_deg=2.5), HALF_TURNS, 2.5, False),
        ("one-way", PieceRules(tilt_steps_deg=(0.0, 1.0, 2.0)), (0.0, 1.0, 359.0, 2.0, 358.0), 0.0, False),
        ("two-way", PieceRules(tilt_steps_deg=(3.0,)), (3.0, 357.0, 183.0, 177.0), 0.0, False),
    ],
)
def test_turns_and_tilt(cloth, rules, allowed, tilt, ignores):
    piece, angles = laid(rules, nap=cloth)
    assert (piece.allowed_angles_deg, piece.tilt_deg, piece.ignores_nap) == (allowed, tilt, ignores)
    assert angles == [allowed, allowed]


def test_steps_of_tilt_alternate_with_their_garment():
    _, angles = laid(PieceRules(tilt_steps_deg=(0.0, 2.0)), nap="per-bundle")
    assert angles == [(0.0, 2.0, 358.0), (180.0, 182.0, 178.0)]


@pytest.mark.parametrize("rules", [PieceRules(tilt_deg=5.5), PieceRules(tilt_steps_deg=(1.0, -6.0))])
def test_a_rule_tilts_by_five_degrees_at_most(rules):
    with pytest.raises(InputError, match=r"piece P, size M: a tilt of -?[56].* is not 0 to 5 \(rules.toml, line 4\)"):
        plan(rules)
    assert laid(PieceRules(turns="any").over(rules))[0].name == "P"


def test_the_cloth_s_own_tilt_may_be_wider():
    book = RuleBook((Rule("piece", "P", PieceRules(quality="A")),), default=PieceRules(tilt_deg=20.0))
    order = Order((OrderLine("M", 1),))
    found = make_plan([make_pattern(make_piece("P", "M"))], order, terms=Terms(Fabric(1500.0), book))
    assert found.demands[0].pieces[0].tilt_deg == 20.0


# --- zones, quality, blocks


def test_zones_quality_buffers_and_ties_are_handed_on():
    zones = (Zone("left", 0.0, 500.0), Zone("right", 900.0, 1400.0))
    rules = PieceRules(
        quality="B",
        zones=("left", "right"),
        buffer_mm=3.0,
        ties=(TieRule((10.0, 5.0), x_mm=200.0), TieRule(PointName("corner", 2), y_mm=40.0)),
    )
    piece, _ = laid(rules, zones=zones, qualities=("A", "B"))
    assert (piece.quality, piece.zones, piece.buffer_mm) == ("B", ("left", "right"), 3.0)
    assert piece.block.bounds == (-3, -3, 103, 53)
    assert piece.ties == (Tie((10.0, 5.0), 200.0, None), Tie((100.0, 50.0), None, 40.0))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (PieceRules(zones=("lift",)), "zone 'lift', which the cloth does not have\nIt has left. Did you mean 'left'?"),
        (PieceRules(quality="C"), "quality class 'C', which the cloth does not know\nIt has A, B."),
        (PieceRules(ties=(TieRule((0.0, 0.0)),)), "names no place of the cloth"),
        (PieceRules(ties=(TieRule(PointName("drill", 1), 5.0),)), "a tie needs the point drill:1"),
        (PieceRules(block=BlockRule(piece="QQ")), "piece 'QQ', which is not there\nDid you mean 'Q'?"),
        (PieceRules(block=BlockRule(layer="8")), "layer 8, which holds no closed line"),
        (
            PieceRules(edge_buffers=(EdgeBuffer(parse_edge("notch:1-notch:2"), 2.0),)),
            "the edge notch:1-notch:2 needs the point notch:1",
        ),
    ],
)
def test_what_is_not_there_is_refused_by_the_piece_s_name(rules, message):
    with pytest.raises(InputError) as caught:
        plan(rules, zones=(Zone("left", 0.0, 500.0),), qualities=("A", "B"))
    assert "piece P, size M: " in str(caught.value)
    assert message in str(caught.value)


def test_zones_of_cloth_without_zones_are_refused():
    with pytest.raises(InputError, match="It has no zones"):
        plan(PieceRules(zones=("left",)))


def test_flaws_that_allow_an_unknown_class_are_refused():
    with pytest.raises(InputError, match="a flaw allows the quality class 'D'"):
        plan(qualities=("A", "B"), defects=(Defect((0, 0, 1, 1), ("D",)),))


@pytest.mark.parametrize(
    ("rules", "cut_block", "said"),
    [
        (PieceRules(block=BlockRule(offset_mm=5.0)), True, []),
        (PieceRules(allowance_mm=5.0), True, []),
        (PieceRules(buffer_mm=5.0), False, []),
        (PieceRules(edge_buffers=(EdgeBuffer(parse_edge("top"), 5.0),)), False, []),
        (PieceRules(block=BlockRule(box=True), buffer_mm=5.0), True, ["block-with-buffer"]),
        (None, False, []),
    ],
)
def test_a_block_is_cut_by_the_machine_and_a_buffer_is_not(rules, cut_block, said):
    piece, _ = laid(rules)
    assert piece.cut_block is cut_block
    assert [notice.code for notice in plan(rules).notices if notice.code.startswith("block")] == said


def test_a_block_of_another_piece_is_that_of_the_same_size():
    pieces = [
        make_piece("P", "M"),
        make_piece("CARD", "S", outline=box(0, 0, 300, 300), quantity=(0, 0)),
        make_piece("CARD", "M", outline=box(0, 0, 140, 60), quantity=(0, 0)),
        make_piece("P", "S"),
    ]
    piece, _ = laid(PieceRules(block=BlockRule(piece="card")), pieces=pieces)
    assert piece.block.equals(box(-20, -5, 120, 55))


# --- shrinkage


def test_everything_of_a_piece_is_larger_for_cloth_that_shrinks():
    mark = Mark("notch", ((50.0, 0.0),), depth_mm=4.0)
    rules = PieceRules(
        buffer_mm=5.0,
        matches=(MatchRule("a", PointName("notch", 1), phase_mm=(7.0, 0.0), across=False),),
        ties=(TieRule((20.0, 10.0), y_mm=300.0),),
    )
    found = plan(rules, pieces=[make_piece("P", "M", marks=(mark,))], shrinkage=(0.2, 0.36), repeat=Repeat(60.0, 80.0))
    (piece,) = found.demands[0].pieces
    assert piece.outline.bounds == (0, 0, 125, 78.125)
    assert piece.block.bounds == (-6.25, -7.8125, 131.25, 85.9375)
    assert piece.marks[0].points == ((62.5, 0.0),)
    assert piece.matches == (Match("a", (62.5, 0.0), "", (7.0, 0.0), across=False),)
    assert piece.ties == (Tie((25.0, 15.625), None, 300.0),)
    (notice,) = (n for n in found.notices if n.code == "shrinkage")
    assert notice.message == "pieces are cut 25.00 % longer and 56.25 % wider, for cloth that shrinks by 20 % and 36 %"


def test_after_shrinking_a_piece_is_as_it_was_drawn():
    piece, _ = laid(shrinkage=(0.031, 0.017))
    x0, y0, x1, y1 = piece.outline.bounds
    assert ((x1 - x0) * (1 - 0.031), (y1 - y0) * (1 - 0.017)) == pytest.approx((100, 50))


def test_quarter_turns_need_cloth_that_shrinks_alike_both_ways():
    uneven = plan(PieceRules(turns="quarter"), shrinkage=(0.03, 0.01))
    assert codes(uneven) == ["shrinkage", "grain-for-shrinkage"]
    assert uneven.demands[0].pieces[0].allowed_angles_deg == HALF_TURNS
    alike = plan(PieceRules(turns="quarter"), shrinkage=(0.02, 0.02))
    assert alike.demands[0].pieces[0].allowed_angles_deg == QUARTERS


@pytest.mark.parametrize("part", [0.5, 2.0, -0.6, float("nan")])
def test_cloth_that_shrinks_to_nothing_is_none(part):
    with pytest.raises(InputError, match="is no cloth's"):
        plan(shrinkage=(part, 0.0))
