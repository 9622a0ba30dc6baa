"""Halves that lie on the fold, cloth that shrinks, and what is its own mirror image."""

from __future__ import annotations

import pytest
from builders import make_piece, rectangle
from shapely.geometry import Polygon, box

from cutkit.model import Mark
from cutkit.plan.shaping import before_shrinking, fold_mm, half, is_symmetric, whole

ROOF = Polygon([(0, 0), (60, 0), (80, 25), (60, 50), (0, 50)])
FOLD = Mark("fold", ((0.0, 25.0), (80.0, 25.0)), layer="6")


def folded(*marks: Mark, outline: Polygon = ROOF, fold: Mark = FOLD):
    return make_piece("BACK", outline=outline, marks=(*marks, fold), unfolded=True)


def test_the_half_is_what_lies_above_the_mirror_line():
    shape = half(folded(), None)
    assert shape.outline.equals(Polygon([(0, 0), (80, 0), (60, 25), (0, 25)]))
    assert shape.outline.bounds[1] == 0.0
    assert [shape.moved(p) for p in ((10, 40), (10, 10), (10, 25))] == [(10, 15), (10, 15), (10, 0)]


def test_the_marks_of_the_half_are_those_of_one_side():
    notches = [Mark("notch", ((30.0, y),), "knife", angle_deg=a) for y, a in ((50.0, 270.0), (0.0, 90.0))]
    across = Mark("internal", ((40.0, 10.0), (40.0, 40.0)))
    sides = [Mark("sew", ((5.0, y), (55.0, y))) for y in (5.0, 45.0)]
    label = Mark("label", ((20.0, 10.0),), text="BACK")
    marks = half(folded(*notches, across, *sides, label), None).marks
    assert [(m.kind, m.points) for m in marks] == [
        ("notch", ((30.0, 25.0),)),
        ("internal", ((40.0, 0.0), (40.0, 15.0))),
        ("sew", ((5.0, 20.0), (55.0, 20.0))),
        ("label", ((20.0, 15.0),)),
        ("fold", ((0.0, 0.0), (80.0, 0.0))),
    ]
    assert marks[0].angle_deg == 270.0


def test_of_a_line_that_only_touches_the_mirror_line_nothing_is_left():
    just_over = Mark("sew", ((10.0, 5.0), (10.0, 25.0)))
    marks = half(folded(just_over), None).marks
    assert [mark.kind for mark in marks] == ["fold"]


def test_the_block_is_halved_with_its_piece():
    shape = half(folded(), box(-5, -5, 85, 55))
    assert shape.block.equals(box(-5, 0, 85, 30))


def test_a_mirror_line_across_the_grain_lies_on_no_fold():
    across = folded(outline=rectangle(80, 50), fold=Mark("fold", ((40.0, 0.0), (40.0, 50.0))))
    assert fold_mm(across) is None
    assert half(across, None) is None
    assert fold_mm(make_piece("A", marks=(FOLD,))) is None  # it was not drawn as a half
    assert fold_mm(folded()) == 25.0


def test_a_piece_whose_halves_differ_is_not_halved():
    uneven = Polygon([(0, 0), (60, 0), (80, 25), (70, 50), (0, 50)])
    assert half(folded(outline=uneven), None) is None


def test_a_cut_out_on_the_mirror_line_is_an_inlet_of_the_half():
    shape = half(folded(outline=ROOF.difference(box(20, 15, 40, 35))), None)
    assert shape.outline.area == pytest.approx(ROOF.area / 2 - 20 * 10)
    assert not shape.outline.interiors


def test_pieces_are_larger_by_what_the_cloth_shrinks():
    marks = (Mark("notch", ((100.0, 25.0),), depth_mm=4.0, angle_deg=180.0), Mark("drill", ((10.0, 20.0),)))
    shape = before_shrinking(whole(make_piece("A", marks=marks), box(-5, -5, 105, 55)), (0.2, 0.5))
    assert shape.outline.bounds == (0, 0, 125, 100)
    assert shape.block.bounds == (-6.25, -10, 131.25, 110)
    assert [m.points for m in shape.marks] == [((125.0, 50.0),), ((12.5, 40.0),)]
    assert (shape.marks[0].depth_mm, shape.marks[0].angle_deg) == (4.0, 180.0)
    assert shape.moved((40.0, 10.0)) == (50.0, 20.0)


def test_a_notch_askew_turns_as_the_cloth_does():
    slanted = Mark("notch", ((0.0, 0.0),), angle_deg=45.0)
    shape = before_shrinking(whole(make_piece("A", marks=(slanted,)), None), (0.5, 0.0))
    assert shape.marks[0].angle_deg == pytest.approx(26.565, abs=1e-3)  # atan(1 / 2)


def test_shrinkage_after_halving_keeps_the_fold_where_it_is():
    shape = before_shrinking(half(folded(), None), (0.0, 0.5))
    assert shape.outline.bounds == (0, 0, 80, 50)
    assert shape.moved((10, 10)) == (10, 30)


ARROW = Polygon([(0, 0), (60, 0), (80, 25), (60, 50), (0, 50)])
PENNANT = Polygon([(0, 0), (25, 80), (50, 60), (50, 0)])
TENT = Polygon([(0, 0), (50, 0), (50, 60), (25, 80), (0, 60)])


@pytest.mark.parametrize(
    ("outline", "marks", "along", "turned"),
    [
        (ARROW, (), True, True),
        (TENT, (), False, True),
        (PENNANT, (), False, False),
        (rectangle(80, 50), (), True, True),
        (rectangle(80, 50), ((10.0, 10.0),), False, False),
        (rectangle(80, 50), ((10.0, 10.0), (10.0, 40.0)), True, True),
        (rectangle(80, 50), ((10.0, 10.0), (70.0, 10.0)), False, True),
    ],
)
def test_what_is_its_own_mirror_image(outline, marks, along, turned):
    piece = make_piece("A", outline=outline, marks=tuple(Mark("drill", (point,)) for point in marks))
    assert is_symmetric(piece, may_turn=False) is along
    assert is_symmetric(piece, may_turn=True) is turned
