"""``read_pattern`` on hand-made files: every rule of the reader has its smallest case."""

from __future__ import annotations

import math

import pytest
from dxf_builder import BOX, block, file_of, grain, insert, line, piece, point, polyline, save, section, tags, text
from shapely.geometry import Polygon

from cutkit.errors import InputError
from cutkit.formats.patterns import read_pattern


def codes(pattern):
    return [notice.code for notice in pattern.notices]


def read_one(tmp_path, *entities, **more):
    pattern = read_pattern(save(tmp_path, file_of([piece("FRONT", *entities, **more)])))
    assert len(pattern.pieces) == 1
    return pattern, pattern.pieces[0]


def marks_of(piece, kind):
    return [mark for mark in piece.marks if mark.kind == kind]


# --- outline ---------------------------------------------------------------------------------------------------


def test_a_plain_piece(tmp_path):
    pattern, front = read_one(tmp_path)
    assert (pattern.style, pattern.dialect, pattern.units, pattern.units_from) == ("DEMO", "AAMA-292", "mm", "text")
    assert (pattern.sizes, pattern.sample_size, pattern.notices) == (("M",), "M", ())
    assert (front.name, front.size, front.as_drawn, front.mirrored) == ("FRONT", "M", 1, 0)
    assert front.outline.equals(Polygon(BOX))
    assert (front.grain_deg, front.turned_deg, front.unfolded) == (0.0, 0.0, False)


def test_a_chain_of_open_polylines_is_one_outline(tmp_path):
    chain = polyline(BOX[:2], closed=False) + polyline(BOX[3:1:-1], closed=False)
    chain += polyline([BOX[1], BOX[2]], closed=False) + polyline([BOX[0], BOX[3]], closed=False)
    pattern, front = read_one(tmp_path, chain, outline=())
    assert front.outline.area == 120_000
    assert pattern.notices == ()


def test_a_repeated_first_vertex_counts_once(tmp_path):
    _, front = read_one(tmp_path, polyline([*BOX, BOX[0]], closed=False), outline=())
    assert len(front.outline.exterior.coords) == 5


def test_a_small_gap_is_bridged_with_a_word(tmp_path):
    pattern, front = read_one(tmp_path, polyline([*BOX, (0, 1.5)], closed=False), outline=())
    assert codes(pattern) == ["outline-gap"]
    assert "1.50 mm" in pattern.notices[0].message
    assert front.outline.area == pytest.approx(120_000)


def test_an_open_outline_is_refused_with_block_layer_line_and_gap(tmp_path):
    path = save(tmp_path, file_of([piece("FRONT", polyline(BOX, closed=False), outline=())]))
    with pytest.raises(InputError, match=r"layer 1.*300.0 mm are missing") as caught:
        read_pattern(path)
    assert "block 'FRONT_M'" in caught.value.where
    number = int(caught.value.where.rsplit("line ", 1)[1])
    assert path.read_text().splitlines()[number].strip() == "POLYLINE"


def test_bulges_make_arcs(tmp_path):
    _, bulged = read_one(tmp_path, polyline(BOX, bulges={1: math.tan(math.radians(90) / 4)}), outline=())
    radius = 150 * math.sqrt(2)
    assert bulged.outline.area == pytest.approx(120_000 + radius**2 * (math.pi / 4 - 0.5), rel=1e-3)


def test_lwpolyline_lines_arc_and_circle(tmp_path):
    vertices = [pair for x, y in BOX for pair in (10, x, 20, y)]
    _, front = read_one(tmp_path, tags(0, "LWPOLYLINE", 8, 1, 90, 4, 70, 1, *vertices), outline=())
    assert front.outline.area == 120_000
    soup = line((0, 0), (200, 0)) + line((0, 0), (0, 0)) + tags(0, "ARC", 8, 1, 10, 100, 20, 0, 40, 100, 50, 0, 51, 180)
    _, half = read_one(tmp_path, soup, outline=())
    assert half.outline.area == pytest.approx(math.pi * 100**2 / 2, rel=1e-3)
    _, disc = read_one(tmp_path, tags(0, "CIRCLE", 8, 1, 10, 0, 20, 0, 40, 200), outline=())
    assert disc.outline.area == pytest.approx(math.pi * 200**2, rel=1e-3)
    assert disc.outline.exterior.hausdorff_distance(disc.outline.centroid.buffer(200, 400).exterior) <= 0.051


def test_ellipse_and_spline(tmp_path):
    ellipse = tags(0, "ELLIPSE", 8, 1, 10, 0, 20, 0, 11, 300, 21, 0, 40, 0.5, 41, 0, 42, 2 * math.pi)
    _, oval = read_one(tmp_path, ellipse, outline=())
    assert oval.outline.area == pytest.approx(math.pi * 300 * 150, rel=1e-3)
    knots = [pair for k in (0, 0, 0, 0, 1, 1, 1, 1) for pair in (40, k)]
    points = [pair for x, y in ((0, 0), (0, 200), (300, 200), (300, 0)) for pair in (10, x, 20, y)]
    spline = tags(0, "SPLINE", 8, 1, 70, 8, 71, 3, 72, 8, 73, 4, *knots, *points) + line((300, 0), (0, 0))
    _, arch = read_one(tmp_path, spline, outline=())
    assert arch.outline.area == pytest.approx(0.6 * 300 * 200, rel=1e-3)


def test_the_copy_on_layer_84_is_never_a_second_piece(tmp_path):
    smaller = [(x, y * 0.98) for x, y in BOX]
    pattern, front = read_one(tmp_path, polyline(smaller, 84))
    assert front.outline.area == 120_000
    assert codes(pattern) == ["copy-differs"]
    pattern, front = read_one(tmp_path, polyline(BOX, 84), outline=())
    assert front.outline.area == 120_000
    assert codes(pattern) == ["outline-from-copy"]


def test_a_sew_line_alone_is_cut_with_a_warning(tmp_path):
    pattern, front = read_one(tmp_path, polyline(BOX, 14), outline=())
    assert codes(pattern) == ["outline-from-sew-line"]
    assert not marks_of(front, "sew")


def test_a_spike_is_mended_and_told_with_its_place(tmp_path):
    outline = [(0, 0), (400, 0), (400, 150), (440, 150), (400, 150), (400, 300), (0, 300)]
    pattern, front = read_one(tmp_path, outline=outline)
    assert codes(pattern) == ["outline-mended"]
    assert "(440.0, 150.0)" in pattern.notices[0].message or "(400.0, 150.0)" in pattern.notices[0].message
    assert front.outline.equals(Polygon(BOX))


def test_a_figure_of_eight_is_refused(tmp_path):
    path = save(tmp_path, file_of([piece("FRONT", outline=[(0, 0), (400, 300), (400, 0), (0, 300)])]))
    with pytest.raises(InputError, match=r"crosses itself at \(200.0, 150.0\)"):
        read_pattern(path)


def test_outlines_side_by_side_in_one_block_are_pieces(tmp_path):
    shifted = [(x + 500, y) for x, y in BOX]
    pattern = read_pattern(save(tmp_path, file_of([piece("CUFF", polyline(shifted))])))
    assert [p.name for p in pattern.pieces] == ["CUFF", "CUFF (2)"]
    assert "several-outlines" in codes(pattern)


def test_cut_outs(tmp_path):
    hole = [(100, 100), (150, 100), (150, 150), (100, 150)]
    pattern, front = read_one(tmp_path, polyline(hole, 11), polyline(hole, 86), line((200, 10), (200, 90), 11))
    assert front.outline.area == 120_000 - 2500
    slit = next(m for m in front.marks if m.tool == "knife")
    assert (slit.kind, slit.points) == ("internal", ((200.0, 10.0), (200.0, 90.0)))
    assert codes(pattern) == ["cutout-open"]


# --- axes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 13, 45, 90, 120, 170, 179.999])
def test_the_grain_is_laid_along_x(tmp_path, degrees):
    turn = math.radians(degrees)
    c, s = math.cos(turn), math.sin(turn)

    def turned(x, y):
        return (c * x - s * y + 50, s * x + c * y - 700)

    entities = text("Piece Name: A") + text("Size: M") + text("Quantity: 1") + polyline([turned(*p) for p in BOX])
    entities += line(turned(100, 100), turned(300, 100), 7) + point(turned(10, 20), 13)
    pattern = read_pattern(save(tmp_path, file_of([block("A", entities)])))
    (a,) = pattern.pieces
    assert a.grain_deg == pytest.approx(degrees % 180, abs=1e-6)
    assert a.outline.bounds == pytest.approx((0, 0, 400, 300), abs=0.02)
    assert a.outline.bounds[:2] == (0, 0)
    (drill,) = marks_of(a, "drill")
    assert min(math.dist(drill.points[0], p) for p in [(10, 20), (390, 280)]) < 0.02


def test_a_piece_without_grain_takes_that_of_all_others(tmp_path):
    bare = block("B", text("Piece Name: B"), text("Size: M"), text("Quantity: 1"), polyline(BOX))
    upright = block(
        "A", text("Piece Name: A"), text("Size: M"), text("Quantity: 1"), polyline(BOX), grain((9, 9), (9, 99))
    )
    pattern = read_pattern(save(tmp_path, file_of([upright, bare])))
    assert [(p.grain_deg, p.turned_deg) for p in pattern.pieces] == [(90.0, -90.0), (None, -90.0)]
    assert [(n.code, n.piece) for n in pattern.notices] == [("grain-missing", "B")]
    pattern = read_pattern(save(tmp_path, file_of([bare])))
    assert (pattern.pieces[0].turned_deg, codes(pattern)) == (0.0, ["grain-missing"])


# --- unfolding -------------------------------------------------------------------------------------------------


def test_a_half_piece_is_unfolded_with_its_marks(tmp_path):
    fold = line((0, 300), (400, 300), 6)
    inner = line((100, 300), (100, 250), 8) + line((200, 300), (220, 300), 8) + point((50, 50), 13)
    inner += polyline([(300, 200), (320, 200), (320, 220), (300, 220)], 11)
    notch = point((200, 0), 4, 30, 6) + point((400, 300), 4, 30, 6)
    pattern, front = read_one(tmp_path, fold, inner, notch)
    assert pattern.notices == ()
    assert front.unfolded
    assert front.outline.bounds == (0, 0, 400, 600)
    assert front.outline.area == 2 * (120_000 - 400)
    assert {m.points[0] for m in marks_of(front, "drill")} == {(50, 50), (50, 550)}
    assert len(marks_of(front, "internal")) == 3
    notches = {(m.points[0], m.angle_deg) for m in marks_of(front, "notch")}
    assert notches == {((200, 0), 90), ((200, 600), 270), ((400, 300), 180)}


def test_a_mirror_line_through_the_middle_leaves_the_piece_whole(tmp_path):
    pattern, front = read_one(tmp_path, line((0, 150), (400, 150), 6))
    assert not front.unfolded
    assert front.outline.area == 120_000
    assert pattern.notices == ()


def test_a_mirror_line_beside_the_edge_unfolds_about_the_edge(tmp_path):
    pattern, front = read_one(tmp_path, line((0, 302), (400, 302), 6))
    assert front.outline.area == 240_000
    assert codes(pattern) == ["fold-off-edge"]


def test_a_mirror_line_far_off_is_told(tmp_path):
    pattern, front = read_one(tmp_path, line((0, 330), (400, 330), 6))
    assert not front.unfolded
    assert codes(pattern) == ["fold-ignored"]


HALF = [(0, 0), (300, 0), (300, 400), (0, 400)]
"""Half a piece without its edge at x = 0, where the mirror line lies."""


def test_a_half_piece_that_is_open_along_its_mirror_line_is_closed_by_it(tmp_path):
    half = block("A", text("Piece Name: A"), polyline(HALF, closed=False), line((0, -1), (0, 401), 6), grain())
    pattern = read_pattern(save(tmp_path, file_of([half])))
    assert (pattern.pieces[0].outline.area, pattern.pieces[0].unfolded) == (240_000, True)
    assert "outline-closed-on-fold" in codes(pattern)


@pytest.mark.parametrize("fold", [line((5, 0), (5, 400), 6), line((0, 0), (0, 300), 6), ""])
def test_an_open_outline_beside_its_mirror_line_is_refused(tmp_path, fold):
    half = block("A", text("Piece Name: A"), polyline(HALF, closed=False), fold, grain())
    assert "does not close" in error_of(tmp_path, file_of([half])).message


def test_a_fold_named_in_a_text_alone_is_told_not_done(tmp_path):
    pattern, front = read_one(tmp_path, text("Fabric, Cut 1 on fold", layer=15), quantity=None)
    assert not front.unfolded
    assert {"fold-in-text", "quantity-from-label"} <= set(codes(pattern))
    assert front.material == "Fabric"


# --- sizes, names, inheritance ---------------------------------------------------------------------------------


def test_other_sizes_inherit_from_the_sample_size(tmp_path):
    sample = piece(
        "A", text("Fabric: WOOL"), text("Category: FRONT"), text("Annotation: X"), point((100, 0), 4), quantity="1,1"
    )
    bigger = [(x * 1.1, y) for x, y in BOX]
    pattern = read_pattern(save(tmp_path, file_of([piece("A", size="L", quantity=None, outline=bigger), sample])))
    large, medium = pattern.pieces
    assert pattern.sizes == ("L", "M")
    assert (large.as_drawn, large.mirrored, large.material, large.category, large.annotation) == (
        1,
        1,
        "WOOL",
        "FRONT",
        "X",
    )
    (notch,) = marks_of(large, "notch")
    assert notch.points[0] == pytest.approx((110, 0))
    assert marks_of(medium, "notch")[0].points[0] == (100, 0)
    assert ("notches-inherited", "A") in [(n.code, n.piece) for n in pattern.notices]


def test_notches_are_not_inherited_by_an_outline_of_other_points(tmp_path):
    other = [*BOX[:2], (400, 200), *BOX[2:]]
    blocks = [piece("A", point((100, 0), 4)), piece("A", size="L", outline=other)]
    pattern = read_pattern(save(tmp_path, file_of(blocks)))
    assert not marks_of(pattern.pieces[1], "notch")
    assert "notches-missing" in codes(pattern)


def test_sizes_stand_in_the_order_of_the_file(tmp_path):
    blocks = [piece("A", size=s) for s in ("XS", "M", "XL")] + [piece("B", size=s) for s in ("XS", "S", "M", "L", "XL")]
    pattern = read_pattern(save(tmp_path, file_of(blocks)))
    assert pattern.sizes == ("XS", "S", "M", "L", "XL")
    assert [(n.code, n.piece, n.message) for n in pattern.notices] == [
        ("size-missing", "A", "the file has it in no size S, L")
    ]


def test_names_come_from_texts_then_from_blocks(tmp_path):
    nameless = block("SLEEVE_M", text("SIZE:M"), text("QUANTITY:2"), polyline(BOX), grain())
    pattern = read_pattern(save(tmp_path, file_of([piece("FRONT"), nameless])))
    assert [(p.name, p.size) for p in pattern.pieces] == [("FRONT", "M"), ("SLEEVE", "M")]


def test_blocks_of_one_name_stay_apart(tmp_path):
    pattern = read_pattern(save(tmp_path, file_of([piece("A"), piece("A"), piece("A")])))
    assert [p.name for p in pattern.pieces] == ["A", "A (2)", "A (3)"]
    assert codes(pattern) == ["name-twice"]


@pytest.mark.parametrize("name", ["FRONT/LEFT", "??????", "a*b|c", "前片"])
def test_block_names_that_other_readers_refuse(tmp_path, name):
    content = file_of([block(name, text("Quantity: 1"), polyline(BOX), grain())])
    assert read_pattern(save(tmp_path, content)).pieces[0].name == name


# --- quantity --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [("1", (1, 0)), ("1,0", (1, 0)), ("1,1", (1, 1)), ("0,2", (0, 2)), ("2", (1, 1)), ("3", (2, 1)), ("0", (0, 0))],
)
def test_quantities(tmp_path, words, expected):
    pattern, front = read_one(tmp_path, quantity=words)
    assert (front.as_drawn, front.mirrored) == expected
    assert ("quantity-pair-assumed" in codes(pattern)) == (words in ("2", "3"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("SHL(L*1-R*1)", (1, 1)),
        ("SHL*2", (1, 1)),
        ("CUT X02", (1, 1)),
        ("SL X2", (1, 1)),
        ("2X FABRIC", (1, 1)),
        ("Fabric, Cut 1", (1, 0)),
    ],
)
def test_quantities_in_labels(tmp_path, words, expected):
    pattern, front = read_one(tmp_path, text(f"Annotation: {words}"), quantity=None)
    assert (front.as_drawn, front.mirrored) == expected
    assert "quantity-from-label" in codes(pattern)


def test_no_quantity_is_one_and_told(tmp_path):
    pattern, front = read_one(tmp_path, quantity=None)
    assert (front.as_drawn, front.mirrored) == (1, 0)
    assert codes(pattern) == ["quantity-missing"]


def test_quantity_zero_is_told_and_so_is_an_empty_job(tmp_path):
    pattern, front = read_one(tmp_path, text("Annotation: 2X RIB"), quantity="0")
    assert front.per_garment == 0
    assert codes(pattern) == ["quantity-zero", "nothing-to-cut"]


def test_a_label_that_contradicts_the_quantity_is_told(tmp_path):
    pattern, front = read_one(tmp_path, text("CUT X02", layer=15), quantity="1")
    assert front.per_garment == 1
    assert codes(pattern) == ["quantity-contradiction"]


# --- container and inserts -------------------------------------------------------------------------------------


def test_an_insert_turns_scales_and_mirrors(tmp_path):
    entities = insert("FRONT_M", 41, -0.5, 42, 0.5, 50, 90)
    pattern = read_pattern(save(tmp_path, file_of([piece("FRONT", point((10, 0), 4, 30, 6))], entities=entities)))
    (front,) = pattern.pieces
    assert front.outline.area == 120_000 / 4
    assert front.grain_deg == pytest.approx(90)
    (notch,) = marks_of(front, "notch")
    assert notch.depth_mm == 3
    assert min(abs(notch.points[0][0] - x) for x in (5, 195)) < 1e-6


def test_a_nested_block_is_part_of_its_outer_one(tmp_path):
    inner = block("SHAPE", polyline(BOX))
    outer = block("FRONT", text("Piece Name: FRONT"), text("Quantity: 1"), insert("SHAPE", 41, 2, 42, 2), grain())
    pattern = read_pattern(save(tmp_path, file_of([inner, outer], entities=insert("FRONT"))))
    assert [(p.name, p.outline.area) for p in pattern.pieces] == [("FRONT", 480_000)]


def test_a_block_inside_itself_is_refused(tmp_path):
    path = save(tmp_path, file_of([block("A", polyline(BOX), insert("A"))], entities=insert("A")))
    with pytest.raises(InputError, match="inserted in itself"):
        read_pattern(path)


def test_inserts_say_how_often_a_piece_is_cut_where_no_text_does(tmp_path):
    inserts = insert("A_M") + insert("A_M", 41, -1) + insert("A_M", 50, 90)
    untold = read_pattern(save(tmp_path, file_of([piece("A", quantity=None)], entities=inserts)))
    assert (untold.pieces[0].as_drawn, untold.pieces[0].mirrored) == (2, 1)
    assert codes(untold) == ["quantity-from-inserts"]
    told = read_pattern(save(tmp_path, file_of([piece("A", quantity="1")], entities=inserts)))
    assert (told.pieces[0].as_drawn, told.pieces[0].mirrored) == (1, 0)
    assert codes(told) == ["block-inserted-often"]


def test_points_among_the_annotations_are_drill_holes(tmp_path):
    pattern = read_pattern(save(tmp_path, file_of([piece("A", point((100, 100), 13), point((200, 100), 15))])))
    assert [m.kind for m in pattern.pieces[0].marks].count("drill") == 2
    assert codes(pattern) == ["drill-on-layer-15"]


def test_blocks_that_are_not_inserted_are_read_and_told(tmp_path):
    pattern = read_pattern(save(tmp_path, file_of([piece("A"), piece("B")], entities=insert("A_M"))))
    assert len(pattern.pieces) == 2
    assert codes(pattern) == ["block-not-inserted"]


def test_a_file_of_blocks_alone(tmp_path):
    content = section("BLOCKS", piece("A")) + tags(0, "EOF")
    assert len(read_pattern(save(tmp_path, content)).pieces) == 1


def test_line_ends_and_no_end_mark(tmp_path):
    content = file_of([piece("A")])
    assert read_pattern(save(tmp_path, content.replace("\n", "\r\n"))).pieces[0].name == "A"
    assert read_pattern(save(tmp_path, content.rstrip("\n"))).notices == ()
    without = content.removesuffix(tags(0, "EOF"))
    assert codes(read_pattern(save(tmp_path, without))) == ["file-without-end"]


def test_encodings(tmp_path):
    content = file_of([piece("RÜCKEN")])
    assert read_pattern(save(tmp_path, content.encode("utf-8"))).pieces[0].name == "RÜCKEN"
    latin = read_pattern(save(tmp_path, content.encode("cp1252")))
    assert (latin.pieces[0].name, codes(latin)) == ("RÜCKEN", ["encoding-assumed"])
    chinese = read_pattern(save(tmp_path, file_of([piece("后片")]).encode("gbk")))
    assert chinese.pieces[0].name == "后片"
    escaped = read_pattern(save(tmp_path, file_of([piece(r"R\U+00DCCKEN")])))
    assert escaped.pieces[0].name == "RÜCKEN"


def test_blank_lines_before_the_first_group_code(tmp_path):
    bad = file_of([piece("A")]).replace("20\n300\n", "20\nnan\n", 1)
    assert read_pattern(save(tmp_path, "\n\n" + file_of([piece("A")]))).pieces[0].name == "A"
    first, second = (error_of(tmp_path, content).where for content in (bad, "\r\n\n" + bad))
    number = int(first.rpartition("line ")[2])
    assert second.endswith(f"line {number + 2}")


def error_of(tmp_path, content):
    with pytest.raises(InputError) as caught:
        read_pattern(save(tmp_path, content))
    return caught.value


def test_what_lies_in_paper_space_is_not_used(tmp_path):
    frame = polyline([(-50, -50), (900, -50), (900, 700), (-50, 700)], 0).replace("POLYLINE\n", "POLYLINE\n67\n1\n", 1)
    pattern = read_pattern(save(tmp_path, file_of(style=(), entities=frame + polyline(BOX, 0))))
    assert [p.outline.area for p in pattern.pieces] == [120_000]
    assert "paper-space" in codes(pattern)


def test_dialects(tmp_path):
    astm = ("ASTM/D13Proposal 1 Version: D 6673-04", "Author: GERBER TECHNOLOGY ; ACCUMARK ; 10.0.1", "Units: METRIC")
    pattern = read_pattern(save(tmp_path, file_of([piece("A")], style=astm)))
    assert (pattern.dialect, pattern.cad) == ("ASTM D6673", "GERBER TECHNOLOGY ACCUMARK 10.0.1")
    silent = file_of([block("A", polyline(BOX), polyline(BOX, 84))], style=())
    assert read_pattern(save(tmp_path, silent)).dialect == "ASTM D6673"


def test_what_lies_outside_the_blocks_is_told(tmp_path):
    entities = insert("A_M") + line((0, 0), (5, 5), "Extras")
    pattern = read_pattern(save(tmp_path, file_of([piece("A")], entities=entities)))
    assert codes(pattern) == ["outside-blocks"]


def test_unknown_layers_and_entities_are_told(tmp_path):
    pattern, _ = read_one(tmp_path, line((0, 0), (5, 5), 33), tags(0, "SOLID", 8, 1, 10, 0, 20, 0))
    assert set(codes(pattern)) == {"layer-ignored", "entity-ignored"}


# --- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02garbage" * 50, "not a DXF"),
        (b"hello\nworld\n", "not a DXF"),
        (b"%PDF-1.4 ...", "PDF"),
        (b"AC1027\0\0\0\0", "DWG"),
        (b"PK\x03\x04....", "ZIP"),
        (file_of([]).encode(), "no piece found"),
        (file_of([block("A", text("Quantity: 1"))]).encode(), "no piece found"),
    ],
)
def test_files_that_are_no_pattern(tmp_path, content, message):
    path = save(tmp_path, content)
    with pytest.raises(InputError, match=message) as caught:
        read_pattern(path)
    assert str(path) in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_pattern(tmp_path / "none.dxf")


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.8, 0.95])
def test_a_file_that_is_cut_off(tmp_path, cut):
    content = file_of([piece("A"), piece("B")], entities=insert("A_M") + insert("B_M"))
    path = save(tmp_path, content[: int(len(content) * cut)])
    with pytest.raises(InputError, match=r"cut off|group code|damaged") as caught:
        read_pattern(path)
    assert "line" in caught.value.where


def test_a_lost_line_is_found(tmp_path):
    lines = file_of([piece("A")]).splitlines()
    index = lines.index("VERTEX")
    path = save(tmp_path, "\n".join([*lines[: index + 3], *lines[index + 4 :]]))
    with pytest.raises(InputError) as caught:
        read_pattern(path)
    assert "block 'A_M', line" in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("value", ["nan", "inf", "1e300", "abc", ""])
def test_a_damaged_coordinate_names_block_layer_and_line(tmp_path, value):
    content = file_of([piece("A"), piece("B")])
    damaged = content.replace("VERTEX\n8\n1\n10\n400", f"VERTEX\n8\n1\n10\n{value}", 1)
    assert damaged != content
    with pytest.raises(InputError, match=r"POLYLINE on layer 1.*vertex at line") as caught:
        read_pattern(save(tmp_path, damaged))
    assert "block 'A_M'" in caught.value.where


def test_a_block_with_an_open_outline_is_not_left_out(tmp_path):
    path = save(tmp_path, file_of([piece("A"), block("B", text("Piece Name: B"), line((0, 0), (9, 9), 1))]))
    with pytest.raises(InputError, match="does not close") as caught:
        read_pattern(path)
    assert "block 'B'" in caught.value.where


def test_entities_that_belong_to_no_block_are_told(tmp_path):
    content = file_of([piece("FRONT"), piece("BACK")])
    start = content.rindex("0\nBLOCK\n")
    damaged = content[:start] + "0\nBLOCKED\n" + content[start + len("0\nBLOCK\n") :]
    pattern = read_pattern(save(tmp_path, damaged))
    assert [p.name for p in pattern.pieces] == ["FRONT"]
    message = next(n.message for n in pattern.notices if n.code == "outside-blocks")
    assert "belong to none" in message
    assert "a piece may be missing" in message
