"""Spreads and plies: how many copies a marker needs, what they give, and which garments are left over."""

from __future__ import annotations

import pytest
from builders import make_pattern, make_piece
from drafts import PATTERNS
from shapely.geometry import Polygon

from cutkit.errors import InfeasibleError, InputError, UsageError
from cutkit.formats.patterns import read_pattern
from cutkit.model import Fabric, Mark, Order, OrderLine
from cutkit.plan.demand import make_plan
from cutkit.plan.terms import Terms
from cutkit.rules import PieceRules, Rule, RuleBook

WEDGE = Polygon([(0, 0), (100, 0), (60, 40), (0, 50)])
FOLD = Mark("fold", ((0.0, 25.0), (100.0, 25.0)), layer="6")
BACK = make_piece("BACK", "M", (1, 0), marks=(FOLD,), unfolded=True)


def order(**counts: int) -> Order:
    return Order(tuple(OrderLine(size, count) for size, count in counts.items()))


def plan(*pieces, of: Order | None = None, rules: PieceRules | None = None, cloth: dict | None = None, **terms):
    book = RuleBook((Rule("piece", "*", rules),) if rules else ())
    fabric = Fabric(1500.0, **(cloth or {}))
    return make_plan([make_pattern(*pieces)], of or order(M=1), terms=Terms(fabric, book, **terms))


def demand(*pieces, **more):
    return plan(*pieces, **more).demands[0]


def counts(found) -> dict[str, tuple[int, int]]:
    return {piece.id: (piece.ordered, piece.ordered_mirrored) for piece in found.pieces}


def codes(found) -> list[str]:
    return [notice.code for notice in found.notices]


def one(quantity, outline=WEDGE):
    return make_piece("P", "M", quantity, outline=outline)


PAIRS = {"spread": "face-to-face"}


# --- who may lie mirrored


@pytest.mark.parametrize(
    ("cloth", "rules", "free", "ordered"),
    [
        ({}, None, False, (2, 1)),
        ({"has_face": False}, None, True, (2, 1)),
        ({"has_face": False}, PieceRules(mirror="forced"), False, (2, 1)),
        ({"has_face": False}, PieceRules(mirror="forbidden"), False, (3, 0)),
        ({}, PieceRules(mirror="free"), True, (2, 1)),
        ({}, PieceRules(mirror="forced"), False, (2, 1)),
        ({}, PieceRules(pairs=False), False, (3, 0)),
        ({}, PieceRules(pairs=False, mirror="forbidden"), False, (3, 0)),
        (PAIRS, None, True, (4, 0)),
    ],
)
def test_hands(cloth, rules, free, ordered):
    found = demand(one((2, 1)), cloth=cloth, rules=rules)
    (piece,) = found.pieces
    assert (piece.may_mirror, (piece.ordered, piece.ordered_mirrored)) == (free, ordered)
    hands = [copy.mirrored for copy in found.copies]
    assert hands == [None] * sum(ordered) if free else hands.count(True) == ordered[1]


def test_pairs_make_lefts_and_rights_of_one_number():
    assert counts(demand(one((4, 0)), rules=PieceRules(pairs=True))) == {"P-M": (2, 2)}
    assert counts(demand(one((3, 0)), rules=PieceRules(pairs=True))) == {"P-M": (2, 1)}
    assert counts(demand(one((1, 1)), rules=PieceRules(pairs=False))) == {"P-M": (2, 0)}


def test_mirrored_copies_that_are_forbidden_are_refused_by_name():
    with pytest.raises(InputError, match="piece P, size M: 1 of its 2 copies are mirrored"):
        plan(one((1, 1)), rules=PieceRules(mirror="forbidden"))


def test_lying_mirrored_on_cloth_with_a_face_is_told():
    assert codes(plan(one((1, 0)), rules=PieceRules(mirror="free"))) == ["mirrored-freely"]
    assert codes(plan(one((1, 0)), rules=PieceRules(mirror="free"), cloth={"has_face": False})) == []


# --- copies that give two pieces


@pytest.mark.parametrize(
    ("quantity", "outline", "garments", "folded", "surplus"),
    [
        ((1, 1), WEDGE, 3, 3, 0),
        ((2, 2), WEDGE, 1, 2, 0),
        ((1, 0), WEDGE, 3, 3, 3),  # three lefts more than needed
        ((2, 1), WEDGE, 2, 4, 2),
        ((1, 0), None, 4, 2, 0),  # alike on both sides: two garments share a copy
        ((1, 0), None, 3, 2, 1),
        ((3, 0), None, 2, 3, 0),
        ((2, 0), None, 3, 3, 0),
    ],
)
def test_copies_out_of_two_layers(quantity, outline, garments, folded, surplus):
    piece = one(quantity, *(() if outline is None else (outline,)) or (make_piece("x").outline,))
    for cloth in ({"spread": "folded"}, {"spread": "tubular"}, PAIRS):
        terms = {"sets": "half"} if cloth is PAIRS else {}
        found = demand(piece, of=order(M=garments), cloth=cloth, **terms)
        assert counts(found) == {"P-M": (folded, 0)}
        assert dict(found.surplus) == ({"P-M": surplus} if surplus else {})
        assert found.pieces[0].per_copy == (1 if cloth is PAIRS else 2)
        given = folded * 2
        assert given - surplus == sum(quantity) * garments


def test_a_copy_that_two_garments_share_belongs_to_the_first():
    found = demand(one((1, 0), make_piece("x").outline), of=order(M=5), cloth={"spread": "folded"})
    assert [copy.bundle for copy in found.copies] == [1, 3, 5]


def test_garments_of_different_sizes_share_nothing():
    pieces = [make_piece("P", size, (1, 0)) for size in "SM"]
    found = demand(*pieces, of=order(S=1, M=1), cloth={"spread": "folded"})
    assert counts(found) == {"P-S": (1, 0), "P-M": (1, 0)}
    assert dict(found.surplus) == {"P-S": 1, "P-M": 1}


@pytest.mark.parametrize(
    ("quantity", "copies", "surplus"), [((1, 1), 2, 0), ((2, 0), 4, 4), ((1, 0), 2, 2), ((2, 1), 4, 2)]
)
def test_a_full_set_on_plies_in_pairs_makes_two_garments(quantity, copies, surplus):
    found = demand(one(quantity), cloth=PAIRS)
    assert counts(found) == {"P-M": (copies, 0)}
    assert (found.plies, found.garments_per_bundle) == (2, 2)
    assert dict(found.surplus) == ({"P-M": surplus} if surplus else {})
    assert copies * 2 - surplus == sum(quantity) * 2


def test_cloth_without_a_face_gives_lefts_for_rights():
    found = demand(one((1, 0)), of=order(M=2), cloth={"spread": "folded", "has_face": False})
    assert counts(found) == {"P-M": (1, 0)}
    assert found.surplus == ()


def test_surplus_is_told_once_for_a_piece_and_counts_all_plies():
    pieces = [make_piece("P", size, (1, 0), outline=WEDGE) for size in "SM"]
    found = plan(*pieces, of=order(S=20, M=10), cloth={"spread": "folded"}, plies=10)
    assert found.demands[0].surplus == (("P-S", 20), ("P-M", 10))
    (notice,) = (n for n in found.notices if n.code == "surplus")
    assert (notice.piece, "by 20 of size S, 10 of size M" in notice.message) == ("P", True)


# --- pieces on the fold


def test_a_piece_drawn_as_a_half_lies_on_the_fold():
    found = demand(BACK, of=order(M=3), cloth={"spread": "folded"})
    (piece,) = found.pieces
    assert (piece.fold, piece.per_copy, piece.ordered, piece.may_mirror) == ("low", 1, 3, True)
    assert piece.outline.bounds == (0, 0, 100, 25)
    assert {copy.mirrored for copy in found.copies} == {None}
    assert found.surplus == ()


def test_cut_whole_where_the_rule_says_never():
    found = demand(BACK, of=order(M=3), cloth={"spread": "folded"}, rules=PieceRules(fold="never"))
    (piece,) = found.pieces
    assert (piece.fold, piece.per_copy, piece.ordered) == (None, 2, 2)
    assert dict(found.surplus) == {"BACK-M": 1}


def test_may_puts_only_the_odd_one_on_the_fold():
    found = demand(BACK, of=order(M=3), cloth={"spread": "folded"}, rules=PieceRules(fold="may"))
    assert {piece.id: (piece.fold, piece.ordered) for piece in found.pieces} == {
        "BACK-M": (None, 1),
        "BACK-M/fold": ("low", 1),
    }
    assert found.surplus == ()
    even = demand(BACK, of=order(M=4), cloth={"spread": "tubular"}, rules=PieceRules(fold="may"))
    assert counts(even) == {"BACK-M": (2, 0)}


def test_on_open_cloth_nothing_is_halved():
    assert demand(BACK).pieces[0].outline.bounds == (0, 0, 100, 50)
    assert demand(BACK, cloth=PAIRS).pieces[0].fold is None


@pytest.mark.parametrize(
    ("piece", "cloth", "why"),
    [
        (BACK, {}, "the cloth is spread face-up"),
        (make_piece("BACK", "M"), {"spread": "folded"}, "it is not drawn as a half"),
        (
            make_piece("BACK", "M", marks=(Mark("fold", ((50.0, 0.0), (50.0, 50.0))),), unfolded=True),
            {"spread": "folded"},
            "its mirror line lies across the grain",
        ),
        (
            make_piece("BACK", "M", marks=(FOLD,), unfolded=True, outline=WEDGE),
            {"spread": "folded"},
            "its two halves are not alike",
        ),
    ],
)
def test_what_must_lie_on_the_fold_and_cannot_is_refused(piece, cloth, why):
    with pytest.raises(InfeasibleError, match=f"piece BACK, size M: it must lie on .*{why}"):
        plan(piece, cloth=cloth, rules=PieceRules(fold="must"))


def test_the_tshirt_on_tubular_cloth():
    """Front and back lie on the folds, sleeves give a pair; the neckband's mirror line lies across its grain."""
    tshirt = read_pattern(PATTERNS / "tshirt.dxf")
    found = make_plan([tshirt], order(M=2), terms=Terms(Fabric(900.0, spread="tubular"))).demands[0]
    on_fold = {piece.name: piece for piece in found.pieces if piece.fold}
    assert sorted(on_fold) == ["BACK", "FRONT"]
    halves = {p.name: p.outline.area * 2 for p in tshirt.pieces if p.size == "M" and p.name in on_fold}
    for name, piece in on_fold.items():
        assert piece.outline.area * 4 == pytest.approx(halves[name], abs=1.0)
        assert piece.outline.bounds[1] == 0.0
        assert piece.outline.is_valid
    assert {piece.name: piece.total for piece in found.pieces} == {
        "FRONT": 2,
        "BACK": 2,
        "SLEEVE": 2,
        "NECKBAND": 1,
        "NECK_TAPE": 1,
    }


@pytest.mark.parametrize("fold", ["may", "never"])
def test_two_garments_share_a_copy_and_the_first_of_them_has_it(fold):
    found = demand(BACK, of=order(M=4), cloth={"spread": "folded"}, rules=PieceRules(fold=fold))
    assert [copy.bundle for copy in found.copies] == [1, 3]


# --- plies


def test_without_plies_the_order_is_the_marker_s():
    found = demand(one((1, 1)), of=order(M=3))
    assert (found.plies, found.garments_per_bundle, len(found.copies)) == (1, 1, 6)


def test_plies_divide_the_order_and_what_is_left_over_is_told():
    pieces = [make_piece("P", size) for size in "SML"]
    found = plan(*pieces, of=order(S=41, M=20, L=22), plies=20)
    assert counts(found.demands[0]) == {"P-S": (2, 0), "P-M": (1, 0), "P-L": (1, 0)}
    assert (found.demands[0].plies, found.demands[0].garments_per_bundle) == (20, 20)
    assert found.remainder == ()
    (notice,) = found.notices
    assert (notice.code, notice.message) == (
        "left-over",
        "3 garments are left over (1 of size S, 2 of size L): 20 plies give 20 of a size at a time; they are not cut",
    )


def test_what_is_left_over_can_go_into_a_marker_of_its_own():
    pieces = [make_piece("P", size) for size in "SM"]
    found = plan(*pieces, of=order(S=5, M=4), plies=4, remainder=True)
    assert counts(found.demands[0]) == {"P-S": (1, 0), "P-M": (1, 0)}
    (rest,) = found.remainder
    assert (counts(rest), rest.plies, rest.garments_per_bundle) == ({"P-S": (1, 0)}, 1, 1)
    assert {c.bundle for c in rest.copies} & {c.bundle for c in found.demands[0].copies} == set()
    assert "it is cut in a marker of its own" in found.notices[0].message


def test_fewer_garments_than_plies_are_all_left_over():
    with pytest.raises(InputError, match="no size is ordered often enough for 20 plies"):
        plan(one((1, 0)), of=order(M=19), plies=20)
    found = plan(one((1, 0)), of=order(M=19), plies=20, remainder=True)
    assert (found.demands[0].plies, len(found.demands[0].copies), found.remainder) == (1, 19, ())


def test_plies_in_pairs():
    half = plan(one((1, 1)), of=order(M=11), cloth=PAIRS, sets="half", plies=4, remainder=True)
    assert (counts(half.demands[0]), half.demands[0].garments_per_bundle) == ({"P-M": (5, 0)}, 2)
    assert (counts(half.remainder[0]), half.remainder[0].plies) == ({"P-M": (1, 0)}, 2)
    full = plan(one((1, 1)), of=order(M=11), cloth=PAIRS, plies=4, remainder=True)
    assert (counts(full.demands[0]), full.demands[0].garments_per_bundle) == ({"P-M": (4, 0)}, 4)
    assert counts(full.remainder[0]) == {"P-M": (3, 0)}
    with pytest.raises(UsageError, match="5 plies do not lie face to face"):
        plan(one((1, 1)), cloth=PAIRS, plies=5)


@pytest.mark.parametrize("plies", [0, -2, 1_000_000])
def test_plies_that_no_spread_has(plies):
    with pytest.raises(UsageError, match="a spread has 1 to"):
        plan(one((1, 0)), plies=plies)


def test_half_sets_need_plies_in_pairs():
    with pytest.raises(UsageError, match="needs a face-to-face spread; the cloth lies folded"):
        plan(one((1, 0)), sets="half", cloth={"spread": "folded"})


@pytest.mark.parametrize("spread", ["face-up", "folded", "tubular", "face-to-face"])
@pytest.mark.parametrize("ordered", [{"S": 7, "M": 1}, {"M": 4, "S": 9}, {"S": 8}])
def test_marker_remainder_and_surplus_make_the_order(spread, ordered):
    """All that is cut, less the surplus, is what was ordered: of every piece, on all plies of both markers."""
    quantities = {"A": (1, 1), "B": (1, 0), "C": (2, 1)}
    pieces = [make_piece(n, size, q, outline=WEDGE) for n, q in quantities.items() for size in "SM"]
    for sets in ("full", "half") if spread == "face-to-face" else ("full",):
        found = plan(*pieces, of=order(**ordered), cloth={"spread": spread}, sets=sets, plies=4, remainder=True)
        cut: dict[tuple[str, str], int] = {}
        for part in (*found.demands, *found.remainder):
            over = dict(part.surplus)
            for piece in part.pieces:
                made = piece.total * piece.per_copy * part.plies - over.get(piece.id, 0)
                cut[piece.name, piece.size] = cut.get((piece.name, piece.size), 0) + made
        assert cut == {(n, size): sum(q) * k for size, k in ordered.items() for n, q in quantities.items()}


def test_the_table_of_the_documentation():
    """The copies of three garments in docs/spreads.md are those of the plan."""
    page = (PATTERNS.parent / "docs" / "spreads.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.count("|") == 7]
    names, *table = (row for row in rows if not row[0].startswith("-"))
    assert names == ["spread", "set", "quantity", "alike on both sides", "copies", "pieces too many"]
    assert len(table) == 12
    for spread, sets, quantity, alike, copies, surplus in table:
        drawn, mirrored = map(int, quantity.split(","))
        piece = make_piece("P", "M", (drawn, mirrored), **({} if alike == "yes" else {"outline": WEDGE}))
        found = demand(piece, of=order(M=3), cloth={"spread": spread}, sets=sets)
        assert (len(found.copies), sum(n for _, n in found.surplus)) == (int(copies), int(surplus)), (spread, quantity)
