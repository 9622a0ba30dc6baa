"""An order of garments, expanded into the copies of each material."""

from __future__ import annotations

import pytest
from builders import make_pattern, make_piece
from hypothesis import given
from hypothesis import strategies as st

from cutkit.errors import InputError, UsageError
from cutkit.model import Order, OrderLine
from cutkit.plan.demand import make_plan, plan_demands
from cutkit.plan.garments import MOST_COPIES, default_order


def order(**counts: int) -> Order:
    return Order(tuple(OrderLine(size, count) for size, count in counts.items()))


def graded(name: str, quantity=(1, 0), material: str = "", sizes: str = "SML"):
    return [make_piece(name, size, quantity, material) for size in sizes]


SHIRT = make_pattern(*graded("FRONT", (1, 1)), *graded("BACK"))


def codes(plan) -> list[str]:
    return [notice.code for notice in plan.notices]


def test_garments_times_quantities():
    (demand,) = plan_demands([SHIRT], order(S=1, M=2), nap="two-way")
    assert {p.id: (p.ordered, p.ordered_mirrored) for p in demand.pieces} == {
        "FRONT-S": (1, 1),
        "BACK-S": (1, 0),
        "FRONT-M": (2, 2),
        "BACK-M": (2, 0),
    }
    assert [(c.piece, c.bundle, c.mirrored) for c in demand.copies] == [
        ("FRONT-S", 1, False),
        ("FRONT-S", 1, True),
        ("BACK-S", 1, False),
        ("FRONT-M", 2, False),
        ("FRONT-M", 2, True),
        ("BACK-M", 2, False),
        ("FRONT-M", 3, False),
        ("FRONT-M", 3, True),
        ("BACK-M", 3, False),
    ]


def test_the_piece_is_handed_on_whole():
    (demand,) = plan_demands([SHIRT], order(M=1), nap="two-way", tilt_deg=2.0)
    front = demand.pieces[0]
    source = SHIRT.pieces[1]
    assert front.outline is source.outline
    assert (front.name, front.size, front.style, front.tilt_deg) == ("FRONT", "M", "SHIRT", 2.0)


@pytest.mark.parametrize(
    ("nap", "of_piece", "of_copies"),
    [
        ("two-way", (0.0, 180.0), [(0.0, 180.0)] * 3),
        ("one-way", (0.0,), [(0.0,)] * 3),
        ("per-bundle", (0.0, 180.0), [(0.0,), (180.0,), (0.0,)]),
    ],
)
def test_nap_decides_the_angles(nap, of_piece, of_copies):
    (demand,) = plan_demands([make_pattern(*graded("BACK"))], order(M=3), nap=nap)
    assert demand.pieces[0].allowed_angles_deg == of_piece
    assert [copy.angles_deg for copy in demand.copies] == of_copies


def test_per_bundle_all_copies_of_a_garment_lie_alike():
    (demand,) = plan_demands([SHIRT], order(S=2, L=3), nap="per-bundle")
    for bundle in range(1, 6):
        assert len({c.angles_deg for c in demand.copies if c.bundle == bundle}) == 1


def test_materials_apart_whatever_their_case():
    pattern = make_pattern(
        *graded("LEG", material="Denim "), *graded("POCKET", material="Lining"), *graded("FLY", material="DENIM")
    )
    demands = plan_demands([pattern], order(M=1), nap="two-way")
    assert [(d.material, [p.name for p in d.pieces]) for d in demands] == [
        ("Denim", ["LEG", "FLY"]),
        ("Lining", ["POCKET"]),
    ]
    assert {p.material for p in demands[0].pieces} == {"Denim"}
    assert demands[1].copies[0].bundle == demands[0].copies[0].bundle == 1


def test_no_material_is_a_material_of_its_own():
    pattern = make_pattern(*graded("BACK"), *graded("YOKE", material="Contrast"))
    assert [d.material for d in plan_demands([pattern], order(M=1), nap="two-way")] == ["", "Contrast"]
    (only,) = plan_demands([pattern], order(M=1), nap="two-way", material="")
    assert [p.name for p in only.pieces] == ["BACK"]


def test_one_material_selected():
    pattern = make_pattern(*graded("LEG", material="Denim"), *graded("POCKET", material="Lining"))
    (demand,) = plan_demands([pattern], order(M=1), nap="two-way", material=" lining")
    assert demand.material == "Lining"


def test_unknown_material_lists_those_there_are():
    pattern = make_pattern(*graded("LEG", material="Denim"), *graded("POCKET", material="Lining"))
    with pytest.raises(UsageError) as caught:
        plan_demands([pattern], order(M=1), nap="two-way", material="Linning")
    assert "'Linning'" in str(caught.value)
    assert "Denim, Lining" in str(caught.value)
    assert "Did you mean 'Lining'?" in str(caught.value)


def test_no_order_is_one_garment_of_the_sample_size():
    plan = make_plan([SHIRT], None, nap="two-way")
    assert [p.id for p in plan.demands[0].pieces] == ["FRONT-M", "BACK-M"]
    assert plan.notices[0].code == "default-order"
    assert "size M" in plan.notices[0].message
    assert default_order([SHIRT]) == plan.order == Order((OrderLine("M", 1),))


def test_no_order_and_no_sample_size_takes_the_middle_and_says_so():
    plan = make_plan([make_pattern(*graded("BACK", sizes="SMLX"), sample=None)], None, nap="two-way")
    assert plan.order == Order((OrderLine("M", 1),))
    assert "middle size" in plan.notices[0].message


def test_no_order_of_a_pattern_without_sizes():
    plan = make_plan([make_pattern(make_piece("BAG"), sample=None)], None, nap="two-way")
    assert plan.order == Order((OrderLine("", 1),))
    assert [p.id for p in plan.demands[0].pieces] == ["BAG"]


def test_a_number_of_garments_alone_is_for_the_only_size():
    (demand,) = plan_demands([make_pattern(make_piece("BAG"), sample=None)], order(**{"": 3}), nap="two-way")
    assert [copy.bundle for copy in demand.copies] == [1, 2, 3]
    with pytest.raises(InputError, match="names no size"):
        plan_demands([SHIRT], order(**{"": 3}), nap="two-way")


def test_a_size_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(InputError) as caught:
        plan_demands([make_pattern(*graded("BACK", sizes=["38", "40", "42"]))], order(**{"48": 1}), nap="two-way")
    message = str(caught.value)
    assert message.startswith("shirt.dxf: ")
    assert "'48'" in message
    assert "38, 40, 42" in message


def test_a_size_of_a_pattern_without_sizes():
    with pytest.raises(InputError, match="no sizes"):
        plan_demands([make_pattern(make_piece("BAG"), sample=None)], order(M=1), nap="two-way")


def test_sizes_are_found_whatever_their_case():
    (demand,) = plan_demands([SHIRT], order(m=1), nap="two-way")
    assert {p.size for p in demand.pieces} == {"M"}


def test_a_piece_that_misses_the_size_is_named():
    pattern = make_pattern(*graded("FRONT"), *graded("COLLAR", sizes="SM"), *graded("CUFF", sizes="M"))
    with pytest.raises(InputError, match="COLLAR"):
        plan_demands([pattern], order(L=1), nap="two-way")
    assert plan_demands([pattern], order(S=1), nap="two-way")


def test_pieces_of_one_size_are_cut_for_every_size_and_it_says_so():
    pattern = make_pattern(*graded("FRONT"), make_piece("POCKET"), make_piece("LABEL", "M"))
    plan = make_plan([pattern], order(S=1, L=2), nap="two-way")
    ordered = {p.id: p.ordered for p in plan.demands[0].pieces}
    assert ordered == {"FRONT-S": 1, "FRONT-L": 2, "POCKET": 3, "LABEL-M": 3}
    assert [(n.code, n.piece) for n in plan.notices] == [("one-size", "POCKET"), ("one-size", "LABEL")]


def test_a_piece_of_another_single_size_is_not_cut_for_the_others():
    pattern = make_pattern(*graded("FRONT"), make_piece("GUSSET", "L"))
    assert plan_demands([pattern], order(L=1), nap="two-way")
    with pytest.raises(InputError, match="GUSSET"):
        plan_demands([pattern], order(S=1), nap="two-way")


def test_quantity_zero_is_not_cut_and_it_says_so():
    plan = make_plan([make_pattern(*graded("BACK"), *graded("TEMPLATE", (0, 0)))], order(S=1, M=1), nap="two-way")
    assert {p.name for p in plan.demands[0].pieces} == {"BACK"}
    assert [(n.code, n.piece) for n in plan.notices] == [("quantity-zero", "TEMPLATE")]


def test_an_empty_job_is_refused():
    with pytest.raises(InputError, match="quantity 0"):
        plan_demands([make_pattern(*graded("BACK", (0, 0)))], order(M=1), nap="two-way")
    with pytest.raises(InputError, match="order is empty"):
        plan_demands([SHIRT], Order(()), nap="two-way")
    with pytest.raises(UsageError):
        plan_demands([], None, nap="two-way")


def test_pieces_that_share_a_name_stay_apart():
    pattern = make_pattern(make_piece("PART", "M"), make_piece("PART", "M"), make_piece("", "M"))
    (demand,) = plan_demands([pattern], order(M=1), nap="two-way")
    assert [p.id for p in demand.pieces] == ["PART-M", "PART-M#2", "piece-M"]


def test_ids_do_not_depend_on_the_order():
    pattern = make_pattern(make_piece("A-S", "M"), make_piece("A", "S"), make_piece("A-S", "S"), make_piece("A", "M"))
    small, both = (
        {p.id for p in plan_demands([pattern], o, nap="two-way")[0].pieces} for o in (order(S=1), order(M=1, S=1))
    )
    assert small < both


def test_several_styles_get_their_name_in_front():
    trousers = make_pattern(*graded("FRONT"), style="TROUSERS")
    plan = make_plan([SHIRT, trousers], order(M=1), nap="two-way")
    assert [p.id for p in plan.demands[0].pieces] == ["SHIRT-FRONT-M", "SHIRT-BACK-M", "TROUSERS-FRONT-M"]
    assert [c.bundle for c in plan.demands[0].copies] == [1, 1, 1, 2]
    assert codes(plan) == ["every-style"]
    assert "SHIRT, TROUSERS" in plan.notices[0].message


def test_a_line_with_a_style_is_for_that_style():
    trousers = make_pattern(*graded("FRONT"), style="TROUSERS", path="folder/t.dxf")
    lines = Order((OrderLine("M", 1, "trousers"), OrderLine("S", 2, "shirt"), OrderLine("L", 1, "t")))
    (demand,) = plan_demands([SHIRT, trousers], lines, nap="two-way")
    assert {p.id: p.ordered for p in demand.pieces} == {
        "TROUSERS-FRONT-M": 1,
        "SHIRT-FRONT-S": 2,
        "SHIRT-BACK-S": 2,
        "TROUSERS-FRONT-L": 1,
    }
    with pytest.raises(InputError, match="Did you mean 'SHIRT'"):
        plan_demands([SHIRT, trousers], Order((OrderLine("M", 1, "SHRIT"),)), nap="two-way")


def test_styles_of_one_name_go_by_their_files():
    one, two = (make_pattern(*graded("BACK"), path=f"{name}.dxf") for name in ("one", "two"))
    (demand,) = plan_demands([one, two], order(M=1), nap="two-way")
    assert [p.id for p in demand.pieces] == ["one-BACK-M", "two-BACK-M"]
    with pytest.raises(UsageError, match="same style"):
        plan_demands([one, one], order(M=1), nap="two-way")


def test_bundle_numbers_that_are_given():
    lines = Order((OrderLine("S", 2), OrderLine("M", 2, bundle=2), OrderLine("L", 1)))
    (demand,) = plan_demands([make_pattern(*graded("BACK"))], lines, nap="two-way")
    assert [(c.piece, c.bundle) for c in demand.copies] == [
        ("BACK-S", 1),
        ("BACK-S", 4),
        ("BACK-M", 2),
        ("BACK-M", 3),
        ("BACK-L", 5),
    ]
    clash = Order((OrderLine("S", 2, bundle=2), OrderLine("M", 1, bundle=3)))
    with pytest.raises(InputError, match="garment number 3 is given twice"):
        plan_demands([SHIRT], clash, nap="two-way")


@pytest.mark.parametrize("count", [MOST_COPIES + 1, 999_999_999])
def test_an_order_with_zeros_too_many_is_refused_at_once(count):
    with pytest.raises(InputError, match="at most"):
        plan_demands([SHIRT], order(M=count), nap="two-way")


@given(
    quantities=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5),
    counts=st.lists(st.integers(1, 4), min_size=3, max_size=3),
    nap=st.sampled_from(["two-way", "one-way", "per-bundle"]),
)
def test_copies_and_ordered_pieces_say_the_same(quantities, counts, nap):
    pieces = [piece for i, q in enumerate(quantities) for piece in graded(f"P{i}", q, f"cloth {i % 2}")]
    asked = order(**dict(zip("SML", counts, strict=True)))
    if not any(a + b for a, b in quantities):
        with pytest.raises(InputError):
            plan_demands([make_pattern(*pieces)], asked, nap=nap)
        return
    demands = plan_demands([make_pattern(*pieces)], asked, nap=nap)
    for demand in demands:
        for piece in demand.pieces:
            mine = [c for c in demand.copies if c.piece == piece.id]
            assert sum(not c.mirrored for c in mine) == piece.ordered
            assert sum(bool(c.mirrored) for c in mine) == piece.ordered_mirrored
            assert all(set(c.angles_deg) <= set(piece.allowed_angles_deg) for c in mine)
    assert sum(len(d.copies) for d in demands) == sum(counts) * sum(a + b for a, b in quantities)
