"""Matches of stripes and checks: points found, garments' directions, conflicts with their figures."""

from __future__ import annotations

import random

import pytest
from builders import make_pattern, make_piece
from drafts import PATTERNS

from cutkit.errors import InfeasibleError, InputError
from cutkit.formats.patterns import read_pattern
from cutkit.model import Fabric, Mark, Match, Order, OrderedPiece, OrderLine, Repeat, cos_sin_deg
from cutkit.plan.demand import make_plan
from cutkit.plan.matching import Member, conflict_of, tied_together
from cutkit.plan.terms import Terms
from cutkit.rules import MatchRule, PieceRules, PointName, Rule, RuleBook, TieRule

CHECKS = Repeat(60.0, 80.0)


def rule(name: str, *matches: MatchRule, **more) -> Rule:
    return Rule("piece", name, PieceRules(matches=matches, **more))


def at(name: str, point, group: str = "", phase=(0.0, 0.0), **ways) -> MatchRule:
    return MatchRule(name, point, group, phase, **ways)


def plan(*rules: Rule, pieces=None, garments: int = 2, repeat: Repeat | None = CHECKS, **cloth):
    pieces = pieces or [make_piece("FRONT", "M", (1, 1)), make_piece("POCKET", "M"), make_piece("FACING", "M")]
    order = Order((OrderLine("M", garments),))
    return make_plan(
        [make_pattern(*pieces)], order, terms=Terms(Fabric(1500.0, repeat=repeat, **cloth), RuleBook(rules))
    )


def angles(found, name: str) -> list[tuple[float, ...]]:
    return [copy.angles_deg for copy in found.demands[0].copies if copy.piece == f"{name}-M"]


def codes(found) -> list[str]:
    return [notice.code for notice in found.notices]


# --- points


def test_the_points_come_from_marks_of_the_pattern_and_from_coordinates():
    marks = (Mark("match", ((30.0, 20.0),), layer="9"), Mark("notch", ((100.0, 10.0),)), Mark("drill", ((7.0, 8.0),)))
    matches = (
        at("layer", PointName("layer", 1, "9"), phase=(1.0, 2.0)),
        at("notch", PointName("notch", 1), "side", across=False),
        at("drill", PointName("drill", 1), "other"),
        at("own", (1.5, 2.5), across=False),
    )
    pieces = [make_piece("FRONT", "M", marks=marks)]
    (piece,) = plan(rule("FRONT", *matches), pieces=pieces, repeat=Repeat(None, 80.0)).demands[0].pieces
    assert piece.matches == (
        Match("layer", (30.0, 20.0), "", (1.0, 2.0)),
        Match("notch", (100.0, 10.0), "side", across=False),
        Match("drill", (7.0, 8.0), "other"),
        Match("own", (1.5, 2.5), across=False),
    )


def test_a_piece_without_a_point_that_it_must_match_is_refused_by_name():
    with pytest.raises(InputError, match="piece POCKET, size M: match 'cf' needs the point notch:1"):
        plan(rule("POCKET", at("cf", PointName("notch", 1), "cf")))


def test_a_match_in_no_direction_is_refused():
    with pytest.raises(InputError, match="match 'cf' holds neither along nor across"):
        plan(rule("POCKET", at("cf", (0.0, 0.0), along=False, across=False)))


def test_on_plain_cloth_matches_are_left_out_and_it_is_said():
    found = plan(rule("FRONT", at("cf", PointName("notch", 9), "cf")), repeat=None)
    assert codes(found) == ["no-repeat"]
    assert found.demands[0].pieces[0].matches == ()


def test_a_repeat_that_nothing_is_matched_to_and_a_group_of_one_are_told():
    assert codes(plan()) == ["repeat-unused"]
    alone = plan(rule("POCKET", at("a", (0.0, 0.0), "pocket")))
    assert codes(alone) == ["match-alone"]
    assert codes(plan(rule("FRONT", at("a", (0.0, 0.0), "cf")))) == []  # left and right


def test_on_the_fold_the_point_of_the_other_half_has_its_twin():
    marks = (Mark("notch", ((40.0, 0.0),)), Mark("notch", ((40.0, 50.0),)), Mark("fold", ((0.0, 25.0), (100.0, 25.0))))
    pieces = [make_piece("FRONT", "M", marks=marks, unfolded=True)]
    found = plan(
        rule("FRONT", at("side", PointName("notch", 1), across=False)), pieces=pieces, repeat=CHECKS, spread="folded"
    )
    (piece,) = found.demands[0].pieces
    assert (piece.fold, piece.matches[0].point) == ("low", (40.0, 25.0))


# --- directions


def test_matched_pieces_of_a_garment_lie_in_one_direction_and_garments_alternate():
    found = plan(rule("FRONT", at("a", (10.0, 5.0), "p")), rule("POCKET", at("a", (2.0, 5.0), "p")), garments=3)
    assert angles(found, "FRONT") == [(0.0,)] * 2 + [(180.0,)] * 2 + [(0.0,)] * 2
    assert angles(found, "POCKET") == [(0.0,), (180.0,), (0.0,)]
    assert angles(found, "FACING") == [(0.0, 180.0)] * 3


def test_matched_pieces_do_not_tilt_turn_or_flip_and_it_is_said():
    group = at("a", (0.0, 0.0), "p")
    found = plan(rule("FRONT", group, turns="quarter"), rule("POCKET", group, tilt_deg=3.0), has_face=False)
    front, pocket, facing = found.demands[0].pieces
    assert (front.allowed_angles_deg, pocket.tilt_deg) == ((0.0, 180.0), 0.0)
    assert (front.may_mirror, facing.may_mirror) == (False, True)
    assert codes(found) == ["matched-on-grain", "matched-straight"]


def test_a_piece_matched_to_the_cloth_alone_may_turn_but_does_not_tilt():
    found = plan(rule("POCKET", at("a", (0.0, 0.0), phase=(5.0, 6.0)), turns="quarter", tilt_steps_deg=(0.0, 2.0)))
    pocket = next(piece for piece in found.demands[0].pieces if piece.name == "POCKET")
    assert (pocket.allowed_angles_deg, pocket.tilt_deg) == ((0.0, 90.0, 180.0, 270.0), 0.0)
    assert codes(found) == ["matched-straight"]


def test_a_group_on_cloth_with_a_nap_lies_with_the_nap():
    group = at("a", (0.0, 0.0), "p")
    found = plan(rule("FRONT", group), rule("POCKET", group, nap="ignore"), nap="one-way")
    assert set(angles(found, "FRONT")) == set(angles(found, "POCKET")) == {(0.0,)}
    assert set(angles(found, "FACING")) == {(0.0,)}


def test_a_garment_takes_the_direction_in_which_its_matches_can_hold():
    """Two points 25 mm apart, tied to places 25 mm apart in one direction and 35 in the other (of 60)."""
    tied = [
        at("a", (10.0, 0.0), phase=(35.0, 0.0), across=False),
        at("b", (35.0, 0.0), phase=(10.0, 0.0), across=False),
    ]
    group = at("g", (0.0, 0.0), "p")
    found = plan(rule("FRONT", *tied, group), rule("POCKET", group), garments=3)
    assert set(angles(found, "FRONT")) == set(angles(found, "POCKET")) == {(180.0,)}
    alone = plan(rule("POCKET", *tied), garments=3)
    assert set(angles(alone, "POCKET")) == {(180.0,)}
    with pytest.raises(InfeasibleError, match=r"piece POCKET-M: .*10.0 mm off along the repeat"):
        plan(rule("POCKET", *tied), nap="one-way")


# --- conflicts


def test_two_groups_that_cannot_both_hold_are_refused_with_the_figures():
    front = rule("FRONT", at("top", (10.0, 0.0), "a"), at("low", (80.0, 0.0), "b"))
    pocket = rule("POCKET", at("top", (0.0, 0.0), "a"), at("low", (65.0, 0.0), "b"))
    with pytest.raises(InfeasibleError) as caught:
        plan(front, pocket, repeat=Repeat(60.0, None))
    text = str(caught.value)
    assert "piece POCKET-M: " in text
    assert "5.0 mm off along the repeat" in text
    assert "the repeat is 60 mm" in text
    for name in ("match 'top' of group 'a'", "match 'low' of group 'b'"):
        assert name in text


@pytest.mark.parametrize(("length", "fits"), [(10.0, True), (10.4, True), (10.6, False), (70.0, True), (69.3, False)])
def test_matches_may_be_half_a_millimetre_off_and_whole_repeats(length, fits):
    front = rule("FRONT", at("top", (10.0, 0.0), "a"), at("low", (80.0, 0.0), "b"))
    pocket = rule("POCKET", at("top", (0.0, 0.0), "a"), at("low", (length, 0.0), "b"))
    if fits:
        assert angles(plan(front, pocket), "POCKET") == [(0.0,), (180.0,)]
    else:
        with pytest.raises(InfeasibleError):
            plan(front, pocket)


def test_left_and_right_differ_across_the_repeat():
    """Mirrored fronts: two points at different heights cannot both be level with those of the other front across."""
    matches = [at("a", (10.0, 5.0), "a"), at("b", (70.0, 30.0), "b")]
    with pytest.raises(InfeasibleError, match=r"30.0 mm off across the repeat at FRONT-M \(the repeat is 80 mm\)"):
        plan(rule("FRONT", *matches))
    along = [at("a", (10.0, 5.0), "a"), at("b", (70.0, 30.0), "b", across=False)]
    assert len(angles(plan(rule("FRONT", *along)), "FRONT")) == 4


def test_ties_that_contradict_one_another_or_the_repeat():
    with pytest.raises(
        InfeasibleError, match=r"the tie to x = 100 mm and the tie to x = 150 mm cannot hold together: 10.0 mm off"
    ):
        plan(
            Rule("piece", "POCKET", PieceRules(ties=(TieRule((0.0, 0.0), 100.0), TieRule((40.0, 0.0), 150.0)))),
            nap="one-way",
        )
    tied = rule("POCKET", at("a", (0.0, 0.0), phase=(45.0, 0.0), across=False), ties=(TieRule((0.0, 0.0), 100.0),))
    with pytest.raises(InfeasibleError, match=r"5.0 mm off along the repeat"):
        plan(tied)
    assert angles(plan(tied, repeat=Repeat(60.0, None, offset_x_mm=55.0)), "POCKET") == [(0.0, 180.0)] * 2


def tied(**places: float) -> Rule:
    """POCKET (100 x 50 mm) with its lower left corner tied to a place."""
    return Rule("piece", "POCKET", PieceRules(ties=(TieRule((0.0, 0.0), **places),)))


def test_a_tie_that_leads_out_of_the_cloth_turns_the_piece_or_is_refused():
    assert angles(plan(tied(x_mm=50.0)), "POCKET") == [(0.0,)] * 2  # turned, it would reach from -50 to 50
    assert angles(plan(tied(x_mm=100.0)), "POCKET") == [(0.0, 180.0)] * 2
    assert angles(plan(tied(y_mm=1480.0)), "POCKET") == [(180.0,)] * 2
    with pytest.raises(
        InfeasibleError, match=r"tied to y = 1480 mm, it reaches 30.0 mm out of the usable width of 1500 mm"
    ):
        plan(tied(y_mm=1480.0), nap="one-way")
    with pytest.raises(InfeasibleError, match=r"tied to x = -1 mm, it reaches 1.0 mm out of the cloth's start"):
        plan(tied(x_mm=-1.0), nap="one-way")


def test_more_copies_than_can_lie_at_one_place_are_refused():
    assert len(angles(plan(tied(x_mm=500.0, y_mm=500.0)), "POCKET")) == 2  # one to either side of the point
    with pytest.raises(InfeasibleError, match="piece POCKET-M: 3 copies are tied to one place"):
        plan(tied(x_mm=500.0, y_mm=500.0), garments=3)
    assert len(angles(plan(tied(x_mm=500.0), garments=3), "POCKET")) == 3


def test_of_a_piece_that_may_tilt_ties_are_left_to_the_search():
    ties = (TieRule((0.0, 0.0), 300.0), TieRule((100.0, 0.0), 399.9))
    with pytest.raises(InfeasibleError, match=r"0.1 mm off along the cloth"):
        plan(Rule("piece", "POCKET", PieceRules(ties=ties)), nap="one-way")
    found = plan(Rule("piece", "POCKET", PieceRules(ties=ties, tilt_deg=3.0)), nap="one-way")
    assert angles(found, "POCKET") == [(0.0,), (0.0,)]


def test_the_hands_of_a_piece_have_each_their_own_angles():
    """Across, the points of a mirrored copy lie the other way up: it holds where its fellow turned does."""
    matches = (
        at("a", (0.0, 10.0), phase=(0.0, 5.0), along=False),
        at("b", (0.0, 30.0), phase=(0.0, 25.0), along=False),
    )
    (demand,) = plan(rule("FRONT", *matches), garments=1).demands
    hands = {copy.mirrored: copy.angles_deg for copy in demand.copies if copy.piece == "FRONT-M"}
    assert hands == {False: (0.0,), True: (180.0,)}


def test_on_the_fold_the_place_across_is_given():
    marks = (Mark("fold", ((0.0, 25.0), (100.0, 25.0))),)
    pieces = [make_piece("BACK", "M", marks=marks, unfolded=True)]
    with pytest.raises(
        InfeasibleError, match=r"match 'side' and the fold cannot hold together: 25.0 mm off across the repeat"
    ):
        plan(rule("BACK", at("side", (40.0, 50.0))), pieces=pieces, spread="folded")
    centred = plan(rule("BACK", at("cb", (40.0, 25.0))), pieces=pieces, spread="folded")
    assert centred.demands[0].pieces[0].matches[0].point == (40.0, 0.0)


# --- the graph against a search by force


def piece_with(name: str, matches: list[Match]) -> OrderedPiece:
    return OrderedPiece(name, name, "M", make_piece(name).outline, 1, matches=tuple(matches))


def possible_by_force(members: list[Member], repeat: int, angle_deg: float) -> bool:
    """Whether some whole-millimetre places of pieces and groups let all matches hold along the repeat exactly."""
    sign = cos_sin_deg(angle_deg)[0]

    def fits(places: list[int]) -> bool:
        seen: dict[str, int] = {}
        for place, member in zip(places, members, strict=True):
            for match in member.piece.matches:
                phase = round(place + sign * match.point[0]) % repeat
                wanted = seen.setdefault(match.group, phase) if match.group else round(match.at_mm[0]) % repeat
                if phase != wanted:
                    return False
        return True

    def search(places: list[int]) -> bool:
        if len(places) == len(members):
            return fits(places)
        return any(search([*places, place]) for place in range(repeat))

    return search([])


def test_conflicts_are_those_that_a_search_by_force_finds():
    rng = random.Random(5)
    outcomes = set()
    for _ in range(150):
        members = []
        for name in "AB"[: rng.randint(1, 2)] + "C":
            matches = [
                Match(f"{k}", (float(rng.randint(0, 9)), 0.0), rng.choice(["", "g", "h"]), (rng.randint(0, 5), 0.0))
                for k in range(rng.randint(0, 3))
            ]
            members.append(Member(piece_with(name, matches), False))
        angle = rng.choice([0.0, 180.0])
        found = conflict_of(members, Repeat(6.0, None), angle)
        assert (found is None) == possible_by_force(members, 6, angle)
        outcomes.add(found is None)
    assert outcomes == {True, False}


def test_what_is_tied_together_over_others():
    a, b, c, d, e = (
        Member(piece_with(name, [Match("m", (0.0, 0.0), group) for group in groups]), False)
        for name, groups in (("A", "x"), ("B", "y"), ("C", "xy"), ("D", ""), ("E", "z"))
    )
    sets = [sorted(m.piece.id for m in held) for held in tied_together([a, b, c, d, e])]
    assert sorted(sets) == [["A", "B", "C"], ["D"], ["E"]]


# --- a real shirt


def test_the_shirt_in_checks():
    """Fronts meet at the centre, the pocket lies on the left front, sleeves are level at the cap."""
    shirt = read_pattern(PATTERNS / "shirt.dxf")
    rules = (
        rule(
            "FRONT_L",
            at("hem", PointName("corner", 1), "front", across=False),
            at("pocket", PointName("drill", 1), "pocket"),
        ),
        rule("FRONT_R", at("hem", PointName("corner", 1), "front", across=False)),
        rule("POCKET", at("corner", PointName("corner", 1), "pocket")),
        rule("SLEEVE", at("cap", PointName("notch", 5), "sleeve", across=False)),
    )
    order = Order((OrderLine("M", 2), OrderLine("L", 1)))
    found = make_plan([shirt], order, terms=Terms(Fabric(1500.0, repeat=CHECKS), RuleBook(rules)))
    (demand,) = found.demands
    by_bundle = {}
    grouped = {piece.id for piece in demand.pieces if piece.matches}
    for copy in demand.copies:
        if copy.piece in grouped:
            by_bundle.setdefault(copy.bundle, set()).add(copy.angles_deg)
    assert by_bundle == {1: {(0.0,)}, 2: {(180.0,)}, 3: {(0.0,)}}
    assert {c.angles_deg for c in demand.copies if c.piece not in grouped} == {(0.0, 180.0)}
    assert codes(found) == []
