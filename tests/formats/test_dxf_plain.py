"""Plain drawings: closed lines become pieces; what lies inside them is cut out, sewn, drawn or a name."""

from __future__ import annotations

import pytest
from dxf_builder import BOX, block, file_of, insert, line, point, polyline, save, tags, text

from cutkit.errors import InputError
from cutkit.formats.dxf.layers import LayerRoles
from cutkit.formats.patterns import read_pattern


def moved(points, dx, dy=0.0):
    return [(x + dx, y + dy) for x, y in points]


def read_plain(tmp_path, *entities):
    return read_pattern(save(tmp_path, file_of(style=(), entities="".join(entities))))


def said(pattern):
    return [notice.code for notice in pattern.notices]


HOLE = [(100, 100), (150, 100), (150, 150), (100, 150)]
INSET = [(10, 10), (390, 10), (390, 290), (10, 290)]


def test_every_outermost_closed_line_is_a_piece(tmp_path):
    pattern = read_plain(tmp_path, polyline(BOX, "cut"), polyline(moved(BOX, 500), "cut"), text("BACK", (600, 50), "0"))
    assert pattern.dialect == "plain"
    assert [(p.name, p.outline.area) for p in pattern.pieces] == [("piece 1", 120_000), ("BACK", 120_000)]
    assert "plain-drawing" in said(pattern)


def test_line_soup_with_empty_lines(tmp_path):
    soup = [line(a, b, "0") for a, b in zip(BOX, [*BOX[1:], BOX[0]], strict=True)]
    pattern = read_plain(tmp_path, line((0, 0), (0, 0), "0"), *soup[::-1])
    assert [p.outline.area for p in pattern.pieces] == [120_000]


def test_lines_without_length_are_nothing(tmp_path):
    pattern = read_plain(
        tmp_path, *(line(a, b, 0) + line(a, a, 0) for a, b in zip(BOX, (*BOX[1:], BOX[0]), strict=True))
    )
    assert [p.outline.area for p in pattern.pieces] == [120_000]
    assert "outline-branches" not in said(pattern)


def test_lines_inside_are_cut_out_sewn_or_drawn(tmp_path):
    pattern = read_plain(
        tmp_path,
        polyline(BOX, "0"),
        polyline(INSET, "0"),
        polyline(HOLE, "0"),
        polyline(moved(HOLE, 100), "MARKS"),
        line((50, 200), (90, 200), "MARKS"),
        line((900, 0), (950, 0), "MARKS"),
    )
    (piece,) = pattern.pieces
    assert piece.outline.area == 120_000 - 2500
    kinds = sorted(mark.kind for mark in piece.marks)
    assert kinds == ["internal", "internal", "sew"]
    assert "outside-pieces" in said(pattern)
    rule = next(n.message for n in pattern.notices if n.code == "plain-drawing")
    assert "cut out" in rule
    assert "sew lines" in rule


def test_a_closed_line_on_a_drawing_layer_is_no_piece(tmp_path):
    pattern = read_plain(tmp_path, polyline(BOX, "0"), polyline(moved(BOX, 500), "Construction Lines"))
    assert len(pattern.pieces) == 1


def test_sizes_at_the_ends_of_names(tmp_path):
    pattern = read_plain(
        tmp_path,
        *(polyline(moved(BOX, 500 * i), "0") for i in range(4)),
        *(text(name, (500 * i + 50, 50), "0") for i, name in enumerate(("BODY S", "BODY M", "HANDLE S", "HANDLE M"))),
    )
    assert [(p.name, p.size) for p in pattern.pieces] == [
        ("BODY", "S"),
        ("BODY", "M"),
        ("HANDLE", "S"),
        ("HANDLE", "M"),
    ]
    assert pattern.sizes == ("S", "M")
    assert "sizes-from-names" in said(pattern)


def test_garment_layers_without_blocks(tmp_path):
    pattern = read_plain(
        tmp_path,
        polyline(BOX, 1),
        polyline(INSET, 14),
        line((50, 100), (50, 250), 7),
        point((100, 0), 4, 30, 6),
        polyline(moved(BOX, 0, 500), 1),
        text("Piece Name: BACK", (50, 600)),
        text("Quantity: 1,1", (50, 620)),
    )
    first, back = pattern.pieces
    assert (back.name, back.as_drawn, back.mirrored) == ("BACK", 1, 1)
    assert first.grain_deg == 90
    assert {mark.kind for mark in first.marks} == {"notch", "sew", "grain"}
    assert "no-blocks" in said(pattern)


def test_inserted_blocks_of_a_plain_drawing_are_drawn_where_they_lie(tmp_path):
    content = file_of(
        [block("SHAPE", polyline(BOX, "0"))], style=(), entities=insert("SHAPE") + insert("SHAPE", 50, 90, 210, 0)
    )
    pattern = read_pattern(save(tmp_path, content))
    assert [p.outline.area for p in pattern.pieces] == [120_000, 120_000]


def test_blocks_of_a_plain_drawing_name_its_pieces(tmp_path):
    far = [(x + 500, y) for x, y in BOX]
    blocks = [
        block("FRONT", polyline(BOX, "CUT")),
        block("BACK", polyline(far, "CUT")),
        block("*U1", line(*BOX[:2], 0)),
    ]
    pattern = read_pattern(save(tmp_path, file_of(blocks, style=(), entities=insert("FRONT") + insert("BACK"))))
    assert [p.name for p in pattern.pieces] == ["FRONT", "BACK"]
    assert told(pattern, "block-not-inserted").endswith("not used: *U1")


def test_blocks_of_a_plain_drawing_that_nothing_inserts_are_read_each_by_itself(tmp_path):
    blocks = [block("FRONT", polyline(BOX, "CUT")), block("BACK", polyline(BOX, "CUT"))]
    pattern = read_pattern(save(tmp_path, file_of(blocks, style=())))
    assert [(p.name, p.outline.area) for p in pattern.pieces] == [("FRONT", 120_000), ("BACK", 120_000)]
    assert "by itself" in told(pattern, "block-not-inserted")


def test_what_lies_on_layer_0_of_a_block_lies_where_its_insert_does(tmp_path):
    inner = [(100, 100), (150, 100), (150, 150), (100, 150)]
    blocks = [block("FRONT", polyline(BOX, "0"), polyline(inner, "PEN"))]
    content = file_of(blocks, style=(), entities=insert("FRONT").replace("8\n1\n", "8\nCUT\n"))
    pattern = read_pattern(save(tmp_path, content), layers=LayerRoles(cut=("cut",)))
    assert [p.outline.area for p in pattern.pieces] == [120_000]
    assert [m.layer for m in pattern.pieces[0].marks] == ["PEN"]


def test_an_outline_that_does_not_close_is_named_beside_those_that_do(tmp_path):
    opened = [(500, 0), (900, 0), (900, 300), (500, 300), (500, 20)]
    pattern = read_plain(tmp_path, polyline(BOX, "0"), polyline(opened, "CUT", closed=False))
    assert len(pattern.pieces) == 1
    assert "20.0 mm from (500.0, 0.0) to (500.0, 20.0)" in told(pattern, "outline-open")


def told(pattern, code):
    """The message of the one notice with a code."""
    (message,) = [notice.message for notice in pattern.notices if notice.code == code]
    return message


def test_a_drawing_without_a_closed_line_is_no_pattern(tmp_path):
    with pytest.raises(InputError, match="no line outside the blocks closes"):
        read_plain(tmp_path, line((0, 0), (10, 0), "0"), tags(0, "CIRCLE", 8, 0, 10, 0, 20, 0, 40, 0.5))
