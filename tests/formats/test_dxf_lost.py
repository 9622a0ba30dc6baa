"""Nothing is lost or doubled without a word: blocks, names, lines drawn twice, small lines, absurd numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from dxf_builder import BOX, block, file_of, grain, insert, line, piece, point, polyline, save, tags, text

from cutkit.errors import InputError
from cutkit.formats.dxf import shapes as dxf_shapes
from cutkit.formats.patterns import read_pattern
from cutkit.model import Pattern

SIDES = [line(BOX[i], BOX[(i + 1) % 4]) for i in range(4)]
TURNED_SIDES = [line(BOX[(i + 1) % 4], BOX[i]) for i in range(4)]


def read(folder: Path, *blocks: str, entities: str = "") -> Pattern:
    return read_pattern(save(folder, file_of(blocks, entities=entities)))


def said(pattern: Pattern, code: str) -> dict[str | None, str]:
    """The messages of a code by the piece they are about."""
    return {notice.piece: notice.message for notice in pattern.notices if notice.code == code}


# --- blocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        block("B_M", text("Piece Name: B"), polyline(BOX, layer=0), grain()),
        block("B_M", text("Piece Name: B")),
    ],
)
def test_a_named_block_without_an_outline_is_told_of(tmp_path: Path, other: str) -> None:
    pattern = read(tmp_path, piece("A"), other)
    assert [p.name for p in pattern.pieces] == ["A"]
    assert list(said(pattern, "piece-without-outline")) == ["B"]


def test_an_inserted_block_of_lines_on_other_layers_is_told_of(tmp_path: Path) -> None:
    other = block("SLEEVE", polyline(BOX, layer="CUT"))
    pattern = read(tmp_path, piece("A"), other, entities=insert("A_M") + insert("SLEEVE"))
    assert "CUT" in said(pattern, "piece-without-outline")["SLEEVE"]
    assert not said(read(tmp_path, piece("A"), other), "piece-without-outline"), "a symbol that nobody inserts"


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_an_outline_in_nested_blocks_is_found(tmp_path: Path, depth: int) -> None:
    nested = [block("N0", polyline(BOX))]
    nested += [block(f"N{k}", insert(f"N{k - 1}")) for k in range(1, depth)]
    outer = block("OUTER", text("Piece Name: NEST"), insert(f"N{depth - 1}"))
    pattern = read(tmp_path, piece("A"), *nested, outer)
    assert [p.name for p in pattern.pieces] == ["A", "NEST"]


@pytest.mark.parametrize(
    "blocks",
    [
        [block("A", polyline(BOX), insert("A"))],
        [block("A", polyline(BOX), insert("B")), block("B", polyline(BOX), insert("A"))],
    ],
)
def test_blocks_inside_one_another_are_refused_and_not_lost(tmp_path: Path, blocks: list[str]) -> None:
    with pytest.raises(InputError, match="inserted in itself"):
        read(tmp_path, piece("GOOD"), *blocks)


def test_grids_of_empty_blocks_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dxf_shapes, "MOST_INSERTS", 1000)
    grids = [block("G0")]
    grids += [block(f"G{k}", insert(f"G{k - 1}", 70, 50, 71, 50)) for k in range(1, 5)]
    with pytest.raises(InputError, match="blocks are inserted"):
        read(tmp_path, *grids, block("A", polyline(BOX), insert("G4")))


def test_notices_on_inserts_name_the_piece(tmp_path: Path) -> None:
    pattern = read(tmp_path, piece("A"), piece("B"), entities=insert("A_M") + insert("A_M", 41, -1))
    assert "2 times" in said(pattern, "block-inserted-often")["A"]
    assert "inserted nowhere" in said(pattern, "block-not-inserted")["B"]


# --- names -------------------------------------------------------------------------------------------------------


def test_pieces_of_one_name_keep_their_material_in_every_size(tmp_path: Path) -> None:
    def front(size: str, material: str) -> str:
        return piece("FRONT", text(f"Material: {material}"), size=size)

    pattern = read(
        tmp_path,
        front("S", "SHELL"),
        front("S", "LINING"),
        front("M", "LINING"),
        front("M", "SHELL"),
        front("L", "SHELL"),
    )
    found = {(p.name, p.size): p.material for p in pattern.pieces}
    assert found == {
        ("FRONT", "S"): "SHELL",
        ("FRONT (2)", "S"): "LINING",
        ("FRONT (2)", "M"): "LINING",
        ("FRONT", "M"): "SHELL",
        ("FRONT", "L"): "SHELL",
    }


def test_pieces_of_one_name_are_told_apart_by_their_blocks(tmp_path: Path) -> None:
    def named(stem: str, size: str) -> str:
        return block(f"{stem}_{size}", text("Piece Name: P"), text(f"Size: {size}"), polyline(BOX), grain())

    width = {("P", "S"): "ONE", ("P (2)", "S"): "TWO", ("P (2)", "M"): "TWO", ("P", "M"): "ONE"}
    pattern = read(tmp_path, *(named(stem, size) for (_, size), stem in width.items()))
    assert [(p.name, p.size) for p in pattern.pieces] == list(width)


def test_numbered_names_do_not_meet(tmp_path: Path) -> None:
    two = block(
        "A_M",
        text("Piece Name: A"),
        text("Size: M"),
        polyline(BOX),
        polyline([(1000, 0), (1200, 0), (1200, 100), (1000, 100)]),
    )
    assert [p.name for p in read(tmp_path, two, piece("A")).pieces] == ["A", "A (2)", "A (3)"]


def test_a_piece_without_a_name_gets_one(tmp_path: Path) -> None:
    pattern = read(tmp_path, block("", polyline(BOX)), block("  ", polyline(BOX)))
    assert [p.name for p in pattern.pieces] == ["piece 1", "piece 2"]
    assert set(said(pattern, "name-missing")) == {"piece 1", "piece 2"}


# --- lines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outline",
    [
        [*SIDES, *SIDES],
        [side for side in SIDES for _ in (1, 2)],
        [*SIDES, *TURNED_SIDES],
        [polyline(BOX), polyline(BOX)],
        [polyline(BOX), polyline((*BOX[2:], *BOX[:2])[::-1])],
        [polyline(BOX), *SIDES],
    ],
    ids=["lines", "each line", "turned lines", "polylines", "turned polylines", "both"],
)
def test_an_outline_drawn_twice_is_one_piece(tmp_path: Path, outline: list[str]) -> None:
    pattern = read(tmp_path, block("A", text("Piece Name: A"), *outline))
    assert [p.outline.area for p in pattern.pieces] == pytest.approx([120_000.0])
    assert list(said(pattern, "line-twice")) == ["A"]


def test_a_cut_out_drawn_twice_is_cut_once(tmp_path: Path) -> None:
    hole = polyline([(50, 50), (90, 50), (90, 90)], layer=11)
    (only,) = read(tmp_path, piece("A", hole, hole)).pieces
    assert only.outline.area == pytest.approx(120_000 - 800)
    assert not [mark for mark in only.marks if mark.tool == "knife"]


@pytest.mark.parametrize("pairs", [(10, 0, 20, 0, 10, 9, 10, 9, 20, 9), (10, 0, 20, 0, 20, 9), (10, 0, 20, 0, 10, 9)])
def test_a_vertex_with_one_coordinate_is_refused(tmp_path: Path, pairs: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="vertex 2 has only one coordinate"):
        read(tmp_path, block("A", tags(0, "LWPOLYLINE", 8, 1, 90, 3, 70, 1, *pairs)))


def test_an_outline_without_area_is_refused_with_its_size(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no area: all of it is 0\.4 x 0\.3 mm") as caught:
        read(tmp_path, piece("GOOD"), piece("A", outline=[(x / 1000, y / 1000) for x, y in BOX]))
    assert "--units" in str(caught.value)
    assert "'A_M'" in str(caught.value)


def test_small_circles_of_a_plain_drawing_are_drill_holes(tmp_path: Path) -> None:
    circles = tags(0, "CIRCLE", 8, "CUT", 10, 100, 20, 80, 40, 2) + tags(0, "CIRCLE", 8, "CUT", 10, 200, 20, 100, 40, 9)
    outside = tags(0, "CIRCLE", 8, "CUT", 10, 900, 20, 80, 40, 2)
    content = file_of(style=(), entities=polyline(BOX, layer="CUT") + circles + outside)
    pattern = read_pattern(save(tmp_path, content))
    (only,) = pattern.pieces
    (drill,) = [mark for mark in only.marks if mark.kind == "drill"]
    assert drill.points[0] == pytest.approx((100, 80))
    assert drill.width_mm == pytest.approx(4.0, abs=0.1)
    assert len(only.outline.interiors) == 1
    assert "1 small circles" in said(pattern, "plain-drawing")[None]
    assert said(pattern, "small-lines")


# --- absurd numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(30, 99_999, 39, 0), (30, 4, 39, 1e8)])
def test_a_notch_that_would_cut_the_piece_in_two_is_made_small(tmp_path: Path, size: tuple[float, ...]) -> None:
    pattern = read(tmp_path, piece("A", point((200, 0), 4, *size)))
    (notch,) = [mark for mark in pattern.pieces[0].marks if mark.kind == "notch"]
    assert (notch.depth_mm or 0) <= 5
    assert notch.width_mm == 0
    assert list(said(pattern, "notch-too-large")) == ["A"]


def test_a_curve_scaled_beyond_all_bounds_is_refused_at_once(tmp_path: Path) -> None:
    curve = tags(0, "ELLIPSE", 8, 1, 10, 0, 20, 0, 11, 300, 21, 0, 40, 0.5)
    with pytest.raises(InputError, match="damaged coordinate or a wrong unit"):
        read(tmp_path, block("A", curve), entities=insert("A", 41, 1e8, 42, 1e8))


def test_utf16_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="UTF-16"):
        read_pattern(save(tmp_path, file_of([piece("A")]).encode("utf-16")))


# --- quantities --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "copies"),
    [
        ("Cut 1 pair", (1, 1)),
        ("CUT PAIR", (1, 1)),
        ("2 pairs", (2, 2)),
        ("SL X2", (1, 1)),
        ("2X FABRIC", (1, 1)),
        ('10" x 10"', (1, 0)),
        ("10 x 10 cm", (1, 0)),
        ("4XL", (1, 0)),
        ("Size X2", (1, 0)),
        ("scale 1.5x", (1, 0)),
        ("cut 1.5 cm inside", (1, 0)),
        ("PLUS 3X", (1, 0)),
        ("CUT 2X SELF", (1, 1)),
        ("Cut 2x on fold", (1, 1)),
        ("cut 2 x 3 cm", (1, 0)),
        ("L 32 R 34", (1, 0)),
        ("SLEEVE, 2 x", (1, 1)),
        ("Cut: 2", (1, 1)),
        ("CUT (4)", (2, 2)),
        ("CUT TWO", (1, 1)),
        ("cut onesie", (1, 0)),
        ("QTY 2", (1, 1)),
        ("2 pcs", (1, 1)),
        ("1.5 pieces of tape", (1, 0)),
        ("L*1 R*1", (1, 1)),
        ("L1 R2", (2, 1)),
        ("R1, L2", (1, 2)),
        ("collar L 3 R", (1, 0)),
    ],
)
def test_labels_that_tell_a_quantity_and_labels_that_do_not(
    tmp_path: Path, label: str, copies: tuple[int, int]
) -> None:
    (only,) = read(tmp_path, piece("A", text(label), quantity=None)).pieces
    assert (only.as_drawn, only.mirrored) == copies


@pytest.mark.parametrize(
    ("quantity", "copies"),
    [("2 PCS", (1, 1)), ("1L,1R", (1, 1)), ("(1,1)", (1, 1)), ("L1 R1", (1, 1)), ("1PR", (1, 1)), ("2 PRS", (2, 2))],
)
def test_quantities_in_other_words(tmp_path: Path, quantity: str, copies: tuple[int, int]) -> None:
    (only,) = read(tmp_path, piece("A", quantity=quantity)).pieces
    assert (only.as_drawn, only.mirrored) == copies


@pytest.mark.parametrize("quantity", ["-1", "1,0,0", "abc", "1e9", "1000000"])
def test_an_unreadable_quantity_is_told_once(tmp_path: Path, quantity: str) -> None:
    pattern = read(tmp_path, piece("A", quantity=quantity))
    assert pattern.pieces[0].per_garment == 1
    assert quantity in said(pattern, "quantity-unreadable")["A"]
    assert not said(pattern, "quantity-missing")


# --- characters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"\U+00C4RMEL", "ÄRMEL"),
        (r"E\U+D83D\U+DE00", "E😀"),
        (r"E\U+D83D", "E\ufffd"),
        (r"L\U+000AM", "L M"),
        ("E\x1b[31mX\x9bY", "E [31mX Y"),
    ],
)
def test_names_hold_nothing_that_cannot_be_shown(tmp_path: Path, written: str, name: str) -> None:
    (only,) = read(tmp_path, piece(written)).pieces
    assert only.name == name
    assert only.name.encode("utf-8")
