"""Habits of odder files: wrappers, attributes, lines that branch, copies, frames, encodings, spellings."""

from __future__ import annotations

import pytest
from dxf_builder import BOX, block, file_of, grain, insert, line, piece, point, polyline, save, tags, text

from cutkit.errors import InputError
from cutkit.formats.patterns import read_pattern

SMALL = [(50, 50), (200, 50), (200, 120), (50, 120)]
INSET = [(10, 10), (390, 10), (390, 290), (10, 290)]


def read(tmp_path, *blocks, **more):
    return read_pattern(save(tmp_path, file_of(blocks, **more)))


def codes(pattern):
    return [notice.code for notice in pattern.notices]


def told(pattern, code):
    """The messages of a code, joined."""
    return "; ".join(notice.message for notice in pattern.notices if notice.code == code)


# --- blocks ------------------------------------------------------------------------------------------------------


def test_named_blocks_on_layers_of_their_own_are_pieces_by_themselves(tmp_path):
    blocks = [
        block("FRONT", text("Piece Name: FRONT"), polyline(BOX, "BOUNDARY")),
        block("CUFF", text("Piece Name: CUFF"), polyline(SMALL, "BOUNDARY")),
    ]
    pattern = read(tmp_path, *blocks, entities=insert("FRONT") + insert("CUFF"))
    assert [(p.name, p.outline.area) for p in pattern.pieces] == [("FRONT", 120_000), ("CUFF", 10_500)]
    assert "blocks-by-themselves" in codes(pattern)


def test_blocks_that_lie_on_one_another_are_pieces_by_themselves(tmp_path):
    blocks = [
        block("FRONT", polyline(BOX, "CUT"), text("Cut 2", (500, 500), "CUT")),
        block("BACK", polyline(BOX, "CUT")),
    ]
    pattern = read(tmp_path, *blocks, entities=insert("FRONT") + insert("BACK"), style=())
    assert [(p.name, p.as_drawn, p.mirrored) for p in pattern.pieces] == [("FRONT", 1, 1), ("BACK", 1, 0)]


def test_a_block_placed_in_a_piece_is_its_cut_out(tmp_path):
    blocks = [
        block("FRONT", polyline(BOX, "CUT")),
        block("HOLE", polyline([(x - 50, y - 50) for x, y in SMALL], "CUT")),
    ]
    placed = insert("HOLE").replace("10\n0\n20\n0\n", "10\n100\n20\n100\n")
    pattern = read(tmp_path, *blocks, entities=insert("FRONT") + placed, style=())
    assert [p.outline.area for p in pattern.pieces] == [120_000 - 10_500]


def test_a_block_that_only_holds_the_pieces_is_none(tmp_path):
    wrapper = block("STYLE", insert("FRONT_M"), insert("BACK_M").replace("10\n0\n", "10\n1000\n", 1))
    drilled = piece("FRONT", point((100, 100), 13)), piece("BACK", point((200, 200), 13), point((220, 200), 13))
    pattern = read(tmp_path, *drilled, wrapper, entities=insert("STYLE"))
    drills = {p.name: sum(1 for m in p.marks if m.kind == "drill") for p in pattern.pieces}
    assert drills == {"FRONT": 1, "BACK": 2}
    assert codes(pattern) == []


def test_attributes_of_an_insert_speak_for_its_block(tmp_path):
    def attribute(tag, value):
        return tags(0, "ATTRIB", 8, 1, 10, 0, 20, 0, 40, 5, 2, tag, 1, value)

    plain = block("B1", polyline(BOX), grain())
    texts = attribute("X", "Piece Name: FRONT") + attribute("QUANTITY", "1,1") + attribute("Y", "anything")
    (front,) = read(tmp_path, plain, entities=insert("B1") + texts).pieces
    assert (front.name, front.as_drawn, front.mirrored) == ("FRONT", 1, 1)


def test_an_insert_of_a_block_that_is_not_there_is_told(tmp_path):
    pattern = read(tmp_path, piece("A"), entities=insert("A_M") + insert("GONE"))
    assert "'GONE', which the file does not have" in told(pattern, "insert-without-block")


def test_an_insert_that_is_a_grid_counts_as_many(tmp_path):
    pattern = read(tmp_path, piece("A", quantity=None), entities=insert("A_M", 70, 3, 71, 2, 44, 500, 45, 400))
    assert pattern.pieces[0].as_drawn == 6
    assert "inserted 6 times" in told(pattern, "quantity-from-inserts")


# --- outlines ----------------------------------------------------------------------------------------------------

SIDES = [line(a, b) for a, b in zip(BOX, [*BOX[1:], BOX[0]], strict=True)]
DIAGONAL = line(BOX[0], BOX[2])
DART = polyline([BOX[1], (150, 150), BOX[0]], closed=False)


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("inner", [DIAGONAL, DART])
def test_lines_that_join_corners_of_the_outline_never_change_it(tmp_path, first, inner):
    drawn = [*SIDES, inner]
    pattern = read(tmp_path, block("A", text("Piece Name: A"), *drawn[first:], *drawn[:first], grain()))
    assert pattern.pieces[0].outline.area == pytest.approx(120_000)
    assert [m.kind for m in pattern.pieces[0].marks].count("internal") == 1
    assert "three or more lines meet" in told(pattern, "outline-branches")
    plain = read(tmp_path, style=(), entities="".join([*drawn[first:], *drawn[:first]]).replace("8\n1\n", "8\nCUT\n"))
    assert [p.outline.area for p in plain.pieces] == [pytest.approx(120_000)]


def test_panels_edge_to_edge_are_two_where_their_edge_is_drawn_twice(tmp_path):
    left, right = [(0, 0), (200, 0), (200, 400), (0, 400)], [(200, 0), (400, 0), (400, 400), (200, 400)]
    sides = [line(a, b, 0) for ring in (left, right) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
    pattern = read(tmp_path, style=(), entities="".join(sides))
    assert [p.outline.area for p in pattern.pieces] == [pytest.approx(80_000), pytest.approx(80_000)]
    halved = [*sides[:1], line((200, 0), (200, 150), 0), line((200, 150), (200, 400), 0), *sides[2:]]
    assert len(read(tmp_path, style=(), entities="".join(halved)).pieces) == 2
    once = [side for k, side in enumerate(sides) if k != 7]
    assert [p.outline.area for p in read(tmp_path, style=(), entities="".join(once)).pieces] == [pytest.approx(160_000)]


def test_an_open_outline_round_a_closed_pocket_is_refused(tmp_path):
    opened = polyline([*BOX, (0, 10)], closed=False)
    with pytest.raises(InputError, match="does not close"):
        read(tmp_path, block("A", text("Piece Name: A"), opened, polyline(SMALL), grain()))
    half = block("A", polyline(BOX, closed=False), polyline(SMALL), line((0, 0), (0, 300), 6), grain())
    (whole,) = read(tmp_path, half).pieces
    assert whole.unfolded
    assert whole.outline.area == 240_000 - 2 * 10_500


@pytest.mark.parametrize("off", [0.01, -0.01, 0.3])
def test_a_copy_a_little_off_is_no_cut_out_and_no_piece(tmp_path, off):
    copy = [(off, off), (400 - off, off), (400 - off, 300 + off), (off, 300 - off)]
    pattern = read(tmp_path, piece("A", polyline(copy)))
    assert [p.outline.area for p in pattern.pieces] == [pytest.approx(120_000, rel=2e-3)]
    assert "outline-copy" in codes(pattern)


def test_a_line_along_the_outline_on_its_layer_is_sewn_and_a_ring_s_inside_is_cut_out(tmp_path):
    pattern = read(tmp_path, piece("A", polyline(INSET)))
    assert (pattern.pieces[0].outline.area, [m.kind for m in pattern.pieces[0].marks].count("sew")) == (120_000, 1)
    assert "sew-line-on-outline-layer" in codes(pattern)
    facing = [(30, 30), (370, 30), (370, 270), (30, 270)]
    assert read(tmp_path, piece("A", polyline(facing))).pieces[0].outline.area == 120_000 - 340 * 240
    told_apart = read(tmp_path, piece("A", polyline(INSET), polyline(INSET, 14)))
    assert told_apart.pieces[0].outline.area == 120_000 - 380 * 280


@pytest.mark.parametrize("layer", ["SHEET", "0"])
def test_a_frame_round_pieces_is_none(tmp_path, layer):
    frame = [(-50, -50), (950, -50), (950, 400), (-50, 400)]
    other = [(x + 450, y) for x, y in BOX]
    drawn = polyline(frame, layer) + polyline(BOX, "0") + polyline(other, "0")
    words = text("FRONT", (50, 50), 0) + text("BACK", (550, 50), 0)
    pattern = read(tmp_path, style=(), entities=drawn + words)
    assert [(p.name, p.outline.area) for p in pattern.pieces] == [("FRONT", 120_000), ("BACK", 120_000)]
    assert layer == "SHEET" or "100.0 x 45.0 cm" in told(pattern, "frame-ignored")


def test_a_rectangle_with_windows_is_a_piece_and_told(tmp_path):
    windows = [polyline([(x, 60), (x + 120, 60), (x + 120, 240), (x, 240)], "0") for x in (60, 220)]
    (panel,) = (pattern := read(tmp_path, style=(), entities=polyline(BOX, "0") + "".join(windows))).pieces
    assert panel.outline.area == 120_000 - 2 * 120 * 180
    assert "40.0 x 30.0 cm" in told(pattern, "frame-suspected")


@pytest.mark.parametrize("layer", ["marks", "Placement", "pocket"])
def test_a_panel_with_placements_on_another_layer_is_a_panel(tmp_path, layer):
    pockets = [polyline([(x, 60), (x + 120, 60), (x + 120, 210), (x, 210)], layer) for x in (60, 220)]
    words = text("PANEL", (20, 280), 0) + text("pocket", (70, 70), 0) + text("pocket", (230, 70), 0)
    (panel,) = read(tmp_path, style=(), entities=polyline(BOX, "cut") + "".join(pockets) + words).pieces
    assert (panel.name, panel.outline.area) == ("PANEL", 120_000)
    assert [m.kind for m in panel.marks].count("internal") == 2


def test_a_vest_with_armholes_is_a_vest(tmp_path):
    holes = [tags(0, "CIRCLE", 8, 0, 10, x, 20, 150, 40, 60) for x in (100, 300)]
    (vest,) = read(tmp_path, style=(), entities=polyline(BOX, 0) + "".join(holes)).pieces
    assert len(vest.outline.interiors) == 2


def test_a_wide_ring_is_a_ring_and_what_lies_in_it_a_piece(tmp_path):
    opening = [(35, 35), (365, 35), (365, 265), (35, 265)]
    drawn = polyline(BOX, "0") + polyline(opening, "0") + polyline(SMALL, "0")
    pattern = read(tmp_path, style=(), entities=drawn)
    assert [p.outline.area for p in pattern.pieces] == [120_000 - 330 * 230, 10_500]


@pytest.mark.parametrize("name", ["Paper bag", "Background panel", "Pencil skirt", "Drawing", "Seam allowance"])
def test_layers_whose_names_only_hold_such_words_are_read(tmp_path, name):
    pattern = read(tmp_path, style=(), entities=polyline(BOX, name) + polyline([(x + 500, y) for x, y in BOX], "Body"))
    assert len(pattern.pieces) == 2


@pytest.mark.parametrize("name", ["Border", "Paper", "Stitch line", "pen"])
def test_layers_that_are_left_out_by_their_names_are_told_and_taken_where_nothing_else_is(tmp_path, name):
    other = polyline([(x + 500, y) for x, y in BOX], "Body")
    both = read(tmp_path, style=(), entities=polyline(BOX, name) + other)
    assert len(both.pieces) == 1
    assert {"layer-skipped", "outside-pieces"} & set(codes(both))
    assert len(read(tmp_path, style=(), entities=polyline(BOX, name)).pieces) == 1


def test_smaller_sizes_within_a_piece_are_told_of(tmp_path):
    sizes = [
        polyline([(x * k + 5, y * k + 40) for x, y in BOX], layer) for k, layer in ((1, "L"), (0.8, "M"), (0.75, "S"))
    ]
    pattern = read(tmp_path, style=(), entities="".join(sizes))
    assert "are other sizes, read one at a time" in told(pattern, "sizes-nested")


def test_an_outline_on_a_named_layer_round_a_sew_line_is_the_outline(tmp_path):
    pattern = read(tmp_path, block("A", text("Piece Name: A"), polyline(BOX, "CUT"), polyline(INSET, 14), grain()))
    assert [p.outline.area for p in pattern.pieces] == [120_000]
    assert [m.kind for m in pattern.pieces[0].marks].count("sew") == 1
    assert "layer CUT" in told(pattern, "outline-layer-assumed")


def test_a_frame_block_round_blocks_of_pieces_is_none(tmp_path):
    frame = block("A1", polyline([(-50, -50), (900, -50), (900, 700), (-50, 700)], "CUT"))
    blocks = [
        block("FRONT", polyline(BOX, "CUT")),
        block("BACK", polyline([(x + 30, y) for x, y in BOX], "CUT")),
        frame,
    ]
    symbol = block("NOTCH", line((0, 0), (0, 6), "CUT"))
    inserts = "".join(map(insert, ("FRONT", "BACK", "A1"))) + insert("NOTCH").replace("10\n0\n", "10\n9\n", 1)
    pattern = read(tmp_path, *blocks, symbol, entities=inserts, style=())
    assert [p.name for p in pattern.pieces] == ["FRONT", "BACK"]
    assert "'A1' is a rectangle round all others" in told(pattern, "frame-ignored")
    assert sum(len(p.marks) for p in pattern.pieces) == 1


def test_a_block_in_another_at_one_origin_is_its_cut_out(tmp_path):
    blocks = [block("OUT", polyline(BOX, "CUT")), block("HOLE", polyline(SMALL, "CUT"))]
    (piece_with_hole,) = read(tmp_path, *blocks, entities=insert("OUT") + insert("HOLE"), style=()).pieces
    assert piece_with_hole.outline.area == 120_000 - 10_500


def test_a_block_that_attributes_call_by_two_names_is_two_pieces(tmp_path):
    def called(name):
        return tags(0, "ATTRIB", 8, 1, 10, 0, 20, 0, 40, 5, 2, "PIECE_NAME", 1, name)

    inserts = insert("B") + called("FRONT") + insert("B", 41, -1) + called("BACK")
    pattern = read(tmp_path, block("B", polyline(BOX), grain()), entities=inserts)
    assert [p.name for p in pattern.pieces] == ["FRONT", "BACK"]


def test_outlines_on_a_layer_of_their_own_beside_numbered_marks(tmp_path):
    marks = line((0, 0), (0, 300), 6) + grain() + point((200, 0), 4, 30, 6) + point((100, 100), 13)
    blocks = [block(n, text(f"Piece Name: {n}"), polyline(BOX, "CUT"), marks) for n in ("FRONT", "BACK")]
    pattern = read(tmp_path, *blocks, entities=insert("FRONT") + insert("BACK"))
    assert [(p.name, p.unfolded, p.outline.area) for p in pattern.pieces] == [
        ("FRONT", True, 240_000),
        ("BACK", True, 240_000),
    ]
    assert [sorted(m.kind for m in p.marks).count("notch") for p in pattern.pieces] == [2, 2]
    assert "layer CUT" in told(pattern, "outline-layer-assumed")


def test_outlines_on_layer_0_lie_where_their_insert_does(tmp_path):
    blocks = [block(n, text(f"Piece Name: {n}"), polyline(BOX, 0), grain()) for n in ("FRONT", "BACK")]
    pattern = read(tmp_path, *blocks, entities=insert("FRONT") + insert("BACK"))
    assert [(p.name, p.outline.area, p.grain_deg) for p in pattern.pieces] == [
        ("FRONT", 120_000, 0),
        ("BACK", 120_000, 0),
    ]


def test_a_wrapper_of_one_piece_is_opened_too(tmp_path):
    wrapper = block("WRAP", insert("DETAIL"))
    drawn = block("DETAIL", polyline(BOX), grain())
    assert [p.name for p in read(tmp_path, drawn, wrapper, entities=insert("WRAP")).pieces] == ["DETAIL"]


def test_a_rectangle_with_buttonholes_is_no_frame(tmp_path):
    holes = "".join(polyline([(x, 20), (x + 25, 20), (x + 25, 24), (x, 24)], "0") for x in range(50, 350, 60))
    (placket,) = read(tmp_path, style=(), entities=polyline(BOX, "0") + holes).pieces
    assert len(placket.outline.interiors) == 5


# --- marks -------------------------------------------------------------------------------------------------------


def test_drill_holes_drawn_as_crosses(tmp_path):
    both = point((100, 100), 13) + tags(0, "CIRCLE", 8, 13, 10, 100, 20, 100, 40, 2)
    cross = line((95, 100), (105, 100), 13) + line((100, 95), (100, 105), 13)
    once = read(tmp_path, piece("A", both, cross, line((0, 50), (200, 50), 13)))
    assert [m.kind for m in once.pieces[0].marks].count("drill") == 1
    pattern = read(tmp_path, piece("A", cross, line((195, 100), (205, 100), 13)))
    drills = sorted(m.points[0] for m in pattern.pieces[0].marks if m.kind == "drill")
    assert drills == [pytest.approx((100, 100)), pytest.approx((200, 100))]
    assert codes(pattern) == ["drill-drawn-as-lines"]


def match_marks(pattern):
    return [(m.layer, m.points) for m in pattern.pieces[0].marks if m.kind == "match"]


def test_match_points_and_lines(tmp_path):
    pattern = read(tmp_path, piece("A", point((100, 80), 9), line((0, 50), (400, 50), 10), point((300, 20), 10)))
    assert sorted(match_marks(pattern)) == [
        ("10", ((0, 50), (400, 50))),
        ("10", ((300, 20),)),
        ("9", ((100, 80),)),
    ]
    assert codes(pattern) == []


def test_match_points_of_a_half_piece_have_twins(tmp_path):
    fold = line((0, 0), (400, 0), 6)
    pattern = read(tmp_path, piece("A", fold, point((100, 80), 9), point((200, 0), 9)))
    assert sorted(match_marks(pattern)) == [("9", ((100, 220),)), ("9", ((100, 380),)), ("9", ((200, 300),))]


def test_points_that_mean_nothing_are_told(tmp_path):
    pattern = read(tmp_path, piece("A", point((10, 10), 8), point((20, 10), 11)))
    assert told(pattern, "points-not-used").startswith("2 points")


def test_a_second_mirror_line_is_told(tmp_path):
    pattern = read(tmp_path, piece("A", line((0, 0), (400, 0), 6), line((0, 0), (0, 300), 6)))
    assert pattern.pieces[0].outline.area == 240_000
    assert "2 mirror lines" in told(pattern, "fold-doubtful")


def test_marks_far_off_are_left_out_and_told(tmp_path):
    pattern = read(tmp_path, piece("A", point((1e8, 100), 13), line((0, 0), (1e8, 5), 8), point((100, 100), 13)))
    assert sorted(m.kind for m in pattern.pieces[0].marks) == ["drill", "grain"]
    assert told(pattern, "mark-far-off").startswith("2 lines or drill holes")


# --- texts -------------------------------------------------------------------------------------------------------


def test_a_label_that_tells_the_quantity_or_the_fold_is_no_name(tmp_path):
    pattern = read(
        tmp_path, style=(), entities=polyline(BOX, "0") + text("CUT 2 ON FOLD", layer="0") + text("BACK", (9, 50), 0)
    )
    (back,) = pattern.pieces
    assert (back.name, back.per_garment) == ("BACK", 2)
    assert "fold-in-text" in codes(pattern)


def test_sizes_at_the_ends_of_block_names(tmp_path):
    wanted = [(name, size) for name in ("FRONT", "BACK") for size in ("36", "38", "40")]
    outlines = {size: [(x * int(size) / 36, y) for x, y in BOX] for _, size in wanted}
    pattern = read(tmp_path, *(block(f"{n}_{s}", polyline(outlines[s]), grain()) for n, s in wanted))
    assert [(p.name, p.size) for p in pattern.pieces] == wanted


@pytest.mark.parametrize(
    "names",
    [
        ("POCKET_1", "POCKET_2", "BACK_1"),
        ("FRONT-1", "FRONT-2"),
        ("FRONT-1", "FRONT-2", "BACK-1", "BACK-2"),
        ("1045-1", "1045-2", "1045-3"),
        ("SLEEVE L", "BACK S"),
        ("FRONT_36", "BACK_38"),
        ("Front 1", "Front 10", "Back 1", "Back 10"),
        ("Strap 30", "Strap 60", "Loop 30", "Loop 60"),
    ],
)
def test_numbers_and_letters_at_the_ends_of_names_that_are_no_sizes(tmp_path, names):
    blocks = [block(n, polyline([(x * (1 + 0.03 * k), y) for x, y in BOX]), grain()) for k, n in enumerate(names)]
    pattern = read(tmp_path, *blocks)
    assert [(p.name, p.size) for p in pattern.pieces] == [(name, "") for name in names]


def test_names_that_were_made_up_have_no_sizes(tmp_path):
    drawn = "".join(polyline([(x + 500 * k, y * (1 + 0.01 * k)) for x, y in BOX], "0") for k in range(3))
    pattern = read(tmp_path, style=(), entities=drawn)
    assert [(p.name, p.size) for p in pattern.pieces] == [(f"piece {k}", "") for k in (1, 2, 3)]


def test_a_name_that_ends_in_its_size_is_the_name_of_all_sizes(tmp_path):
    pattern = read(tmp_path, *(piece(f"FRONT_{size}", size=size) for size in ("S", "M", "L")))
    assert [(p.name, p.size) for p in pattern.pieces] == [("FRONT", "S"), ("FRONT", "M"), ("FRONT", "L")]


def test_the_sample_size_is_found_whatever_its_case_or_told(tmp_path):
    style = ("Units: METRIC", "Sample Size: m")
    assert read(tmp_path, piece("A", size="S"), piece("A", size="M"), style=style).sample_size == "M"
    style = ("Units: METRIC", "Sample Size: 40")
    odd = read(tmp_path, piece("A", size="S"), piece("A", size="M"), style=style)
    assert "'40' is none of the file's sizes: S M" in told(odd, "sample-size-unknown")


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("前片（左）", "gbk"),
        ("前片、后片", "gbk"),
        ("Перед полочка", "cp1251"),
        ("まえみごろ", "cp932"),
        ("Rücken", "cp1252"),
        ("Größe über", "cp1252"),
        ("DEVANT CÔTÉ", "cp1252"),
    ],
)
def test_names_in_the_code_pages_of_the_trade(tmp_path, words, encoding):
    pattern = read_pattern(save(tmp_path, file_of([piece(words)]).encode(encoding)))
    assert pattern.pieces[0].name == words
    assert encoding in told(pattern, "encoding-assumed")


def test_wide_colons_and_formatted_texts(tmp_path):
    formatted = tags(0, "MTEXT", 8, 1, 10, 9, 20, 9, 40, 5, 1, r"\pxqc;{\fArial|b0;Piece Name: FRONT}\PQuantity: 1,1")
    style = ("Style Name: X", "Units：ENGLISH")
    pattern = read(
        tmp_path, block("B", formatted, polyline([(x / 25.4, y / 25.4) for x, y in BOX]), grain()), style=style
    )
    assert [(p.name, p.mirrored, round(p.outline.area)) for p in pattern.pieces] == [("FRONT", 1, 120_000)]


@pytest.mark.parametrize(
    ("words", "units"),
    [("MILLIMETRE", "mm"), ("Centimetre", "cm"), ("Metric (cm)", "cm"), ("METRIC (MM)", "mm"), ("inch.", "in")],
)
def test_more_words_for_a_unit(tmp_path, words, units):
    factor = {"mm": 1, "cm": 10, "in": 25.4}[units]
    drawn = [(x / factor, y / factor) for x, y in BOX]
    pattern = read(tmp_path, piece("A", outline=drawn), style=(f"Units: {words}",))
    assert (pattern.units, pattern.units_from, round(pattern.pieces[0].outline.area)) == (units, "text", 120_000)
