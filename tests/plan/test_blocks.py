"""The block that a piece reserves, against areas and boxes computed by hand."""

from __future__ import annotations

import pytest
from builders import make_piece
from shapely.geometry import Polygon, box

from cutkit.errors import InputError
from cutkit.model import Mark, Piece, Repeat
from cutkit.plan.blocks import block_of
from cutkit.rules import BlockRule, EdgeBuffer, PieceRules, parse_edge

SQUARE = make_piece("SQUARE", "M")  # 100 x 50
TRIANGLE = make_piece("TRIANGLE", "M", outline=Polygon([(0, 0), (30, 0), (0, 40)]))


def other(name: str) -> Piece:
    return {
        "CARD": make_piece("CARD", "M", outline=box(0, 0, 120, 80)),
        "TAB": make_piece("TAB", outline=box(0, 0, 9, 9)),
    }[name]


def block(piece: Piece, rules: PieceRules, repeat: Repeat | None = None) -> Polygon:
    found = block_of(piece, rules, repeat, other)
    assert found is not None
    assert found.buffer(1e-6).contains(piece.outline)
    return found


def edges(**mm: float) -> PieceRules:
    return PieceRules(edge_buffers=tuple(EdgeBuffer(parse_edge(side), width) for side, width in mm.items()))


def test_no_rule_no_block():
    assert block_of(SQUARE, PieceRules(), None, other) is None
    assert block_of(SQUARE, PieceRules(buffer_mm=0.0, edge_buffers=()), None, other) is None


def test_an_offset_has_mitred_corners():
    assert block(SQUARE, PieceRules(block=BlockRule(offset_mm=5.0))).equals(box(-5, -5, 105, 55))
    assert block(SQUARE, PieceRules(buffer_mm=3.0)).equals(box(-3, -3, 103, 53))
    # the inner radius of the 3-4-5 triangle is 10, so an offset of 5 makes it 1.5 times as large
    assert block(TRIANGLE, PieceRules(buffer_mm=5.0)).area == pytest.approx(600 * 1.5**2)


def test_a_buffer_goes_round_the_block():
    rules = PieceRules(block=BlockRule(offset_mm=5.0), buffer_mm=3.0)
    assert block(SQUARE, rules).equals(box(-8, -8, 108, 58))


def test_a_box_and_another_piece_and_a_drawn_line():
    assert block(TRIANGLE, PieceRules(block=BlockRule(box=True))).equals(box(0, 0, 30, 40))
    assert block(SQUARE, PieceRules(block=BlockRule(piece="CARD"))).equals(box(-10, -15, 110, 65))
    ring = ((-4.0, -2.0), (110.0, -2.0), (110.0, 60.0), (-4.0, 60.0), (-4.0, -2.0))
    drawn = make_piece("SQUARE", marks=(Mark("internal", ring, layer="B"), Mark("internal", ring[:3], layer="B")))
    assert block(drawn, PieceRules(block=BlockRule(layer="B"))).equals(box(-4, -2, 110, 60))


def test_a_block_that_does_not_contain_the_piece_is_refused():
    with pytest.raises(InputError, match=r"piece TAB is to be its block, and its outline reaches 49.9 mm out of that"):
        # the tab's box begins at (45.5, 20.5)
        block_of(SQUARE, PieceRules(block=BlockRule(piece="TAB")), None, other)
    with pytest.raises(InputError, match="layer B, which holds no closed line"):
        block_of(SQUARE, PieceRules(block=BlockRule(layer="B")), None, other)


def test_cut_outs_become_smaller():
    frame = make_piece("FRAME", outline=box(0, 0, 100, 80).difference(box(20, 20, 70, 60)))
    assert block(frame, PieceRules(buffer_mm=5.0)).area == pytest.approx(110 * 90 - 40 * 30)
    assert not block(frame, PieceRules(buffer_mm=20.0)).interiors


@pytest.mark.parametrize(
    ("repeat", "size"),
    [
        (None, (120, 70)),
        (Repeat(60.0, 80.0), (120, 70)),
        (Repeat(60.0, None), (120, 50)),
        (Repeat(None, 80.0), (100, 70)),
        (Repeat(60.0, None, angle_deg=45.0), (120, 70)),
    ],
)
def test_the_allowance_is_along_and_across_the_repeat(repeat, size):
    x0, y0, x1, y1 = block(SQUARE, PieceRules(allowance_mm=10.0), repeat).bounds
    assert (x1 - x0, y1 - y0) == size


def test_the_allowance_sweeps_the_whole_outline():
    # moved by 10 along x, the slanting side sweeps 20 x 40; by 10 along y, the shape (now 50 wide) 20 x 50 more
    assert block(TRIANGLE, PieceRules(allowance_mm=10.0)).area == pytest.approx(600 + 20 * 40 + 20 * 50)


def test_buffers_along_sides():
    assert block(SQUARE, edges(top=5.0)).equals(box(0, 0, 100, 55))
    assert block(SQUARE, edges(left=2.0, right=3.0)).equals(box(-2, 0, 103, 50))
    assert block(SQUARE, edges(top=5.0, right=3.0)).equals(box(0, 0, 103, 55))  # the corner between them too
    assert block(SQUARE, edges(top=5.0, bottom=5.0, left=5.0, right=5.0)).equals(box(-5, -5, 105, 55))


def test_the_mitre_of_two_buffers_on_a_slanting_corner():
    # at the right angle of the triangle: 2 below, 3 to the left, and the rectangle of 3 x 2 between them
    assert block(TRIANGLE, edges(bottom=2.0, left=3.0)).area == pytest.approx(600 + 30 * 2 + 40 * 3 + 3 * 2)


def test_a_buffer_from_notch_to_notch_and_general_ones_with_it():
    marks = tuple(Mark("notch", ((x, 0.0),)) for x in (20.0, 60.0))
    piece = make_piece("A", marks=marks)
    rules = PieceRules(buffer_mm=1.0, edge_buffers=(EdgeBuffer(parse_edge("notch:1-notch:2"), 8.0),))
    assert block(piece, rules).area == pytest.approx(102 * 52 + 40 * 7)


def test_inner_corners_are_covered_once():
    bent = make_piece("L", outline=Polygon([(0, 0), (60, 0), (60, 20), (20, 20), (20, 50), (0, 50)]))
    right, top, mitres = 5 * (20 + 30), 4 * (40 + 20), 2 * 5 * 4
    assert block(bent, edges(right=5.0, top=4.0)).area == pytest.approx(1800 + right + top + mitres - 5 * 4)
