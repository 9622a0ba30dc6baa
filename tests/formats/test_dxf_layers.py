"""Layers and colours: what is cut, drawn or not read, by the file's own look and as the user says."""

from __future__ import annotations

import pytest
from dxf_builder import BOX, file_of, line, piece, polyline, save, tags, text

from cutkit.errors import InputError
from cutkit.formats.dxf.layers import LayerRoles
from cutkit.formats.patterns import read_pattern

HOLE = [(100, 100), (150, 100), (150, 150), (100, 150)]
INSET = [(10, 10), (390, 10), (390, 290), (10, 290)]
WHOLE, HOLE_AREA, INSET_AREA = 120_000, 2_500, 380 * 280


def moved(points, dx, dy=0.0):
    return [(x + dx, y + dy) for x, y in points]


def coloured(points, layer, colour):
    head = tags(0, "POLYLINE", 8, layer)
    return polyline(points, layer).replace(head, head + tags(62, colour))


def read(tmp_path, *entities, **roles):
    given = LayerRoles(**{role: tuple(names) for role, names in roles.items()})
    return read_pattern(save(tmp_path, file_of(style=(), entities="".join(entities))), layers=given)


def kinds(pattern, number=0):
    return sorted(mark.kind for mark in pattern.pieces[number].marks)


def said(pattern, code):
    return [notice.message for notice in pattern.notices if notice.code == code]


def test_a_closed_line_in_another_colour_is_drawn(tmp_path):
    pattern = read(tmp_path, coloured(BOX, "0", 1), coloured(HOLE, "0", 3), coloured(moved(HOLE, 100), "0", 1))
    assert pattern.pieces[0].outline.area == WHOLE - HOLE_AREA
    assert kinds(pattern) == ["internal"]
    (rule,) = said(pattern, "plain-drawing")
    assert "0 (1 outlines, 1 cut out, 1 drawn)" in rule
    assert "--cut-layer" in rule


def test_the_layer_s_own_colour_is_no_colour(tmp_path):
    pattern = read(tmp_path, coloured(BOX, "0", 256), polyline(HOLE, "0"))
    assert pattern.pieces[0].outline.area == WHOLE - HOLE_AREA


def test_layers_to_be_cut_are_cut_and_all_others_drawn(tmp_path):
    entities = (
        polyline(BOX, "ENGRAVING"),
        polyline(INSET, "KNIFE"),
        polyline(HOLE, "KNIFE"),
        polyline(moved(HOLE, 100), "0"),
        line((20, 200), (90, 200), "0"),
    )
    before = read(tmp_path, *entities)
    assert before.pieces[0].outline.area == INSET_AREA - HOLE_AREA
    pattern = read(tmp_path, *entities, cut=["knife"])
    assert [p.outline.area for p in pattern.pieces] == [INSET_AREA - HOLE_AREA]
    assert kinds(pattern) == ["internal", "internal"]
    both = read(tmp_path, *entities, cut=["kni*", "ENGRAVING"])
    assert [p.outline.area for p in both.pieces] == [WHOLE - INSET_AREA, HOLE_AREA]  # in a cut-out, a piece again
    assert kinds(both) == ["internal", "internal"]


def test_layers_to_be_marked_are_drawn_and_make_no_piece(tmp_path):
    entities = polyline(BOX, "0"), polyline(HOLE, "0"), polyline(moved(BOX, 500), "FRAME 2")
    assert len(read(tmp_path, *entities, cut=["*"]).pieces) == 2
    pattern = read(tmp_path, *entities, mark=["FRAME*", "0?"])
    assert len(pattern.pieces) == 1
    assert pattern.pieces[0].outline.area == WHOLE - HOLE_AREA
    assert "outside-pieces" in [notice.code for notice in pattern.notices]
    assert said(pattern, "layer-not-found") == ["--mark-layer 0?: nothing there; the file has 0, FRAME 2"]


def test_what_is_ignored_is_not_there(tmp_path):
    entities = polyline(BOX, "0"), polyline(HOLE, "JUNK"), text("NAME", (50, 50), "JUNK")
    pattern = read(tmp_path, *entities, ignore=["junk"])
    assert pattern.pieces[0].name == "piece 1"
    assert kinds(pattern) == []


def test_ignore_goes_before_mark_and_mark_before_cut():
    roles = LayerRoles(cut=("*",), mark=("M*",), ignore=("MX",))
    assert [roles.of(name, None) for name in ("A", "M1", "mx")] == ["cut", "mark", "ignore"]


@pytest.mark.parametrize("name", ["colour:red", "COLOR:1", "colour: 1"])
def test_colours_stand_for_layers(tmp_path, name):
    entities = coloured(BOX, "0", 1), coloured(HOLE, "0", 5), coloured(moved(HOLE, 100), "0", 1)
    pattern = read(tmp_path, *entities, ignore=["colour:blue"], cut=[name])
    assert pattern.pieces[0].outline.area == WHOLE - HOLE_AREA
    assert kinds(pattern) == []
    missing = read(tmp_path, *entities, ignore=["colour:green"])
    assert said(missing, "layer-not-found") == [
        "--ignore-layer colour:green: nothing there; the file has colour 1, colour 5"
    ]


def test_a_line_without_a_colour_has_its_layer_s(tmp_path):
    layers = tags(0, "SECTION", 2, "TABLES", 0, "TABLE", 2, "LAYER")
    for name, colour in (("KNIFE", 1), ("PEN", -5)):
        layers += tags(0, "LAYER", 2, name, 70, 0, 62, colour)
    layers += tags(0, "ENDTAB", 0, "ENDSEC")
    entities = polyline(BOX, "KNIFE") + polyline(HOLE, "PEN") + coloured(moved(HOLE, 100), "PEN", 1)
    path = save(tmp_path, layers + file_of(style=(), entities=entities))
    pattern = read_pattern(path, layers=LayerRoles(cut=("colour:red",), ignore=("colour:blue",)))
    assert pattern.pieces[0].outline.area == WHOLE - HOLE_AREA
    assert kinds(pattern) == []


@pytest.mark.parametrize("name", ["colour:0", "color:256", "colour:pink", "colour:"])
def test_what_is_no_colour_is_refused(name):
    with pytest.raises(ValueError, match="is no colour; give 1 to 255, #rrggbb or one of red"):
        LayerRoles(mark=(name,))


def test_garment_layers_are_turned_too(tmp_path):
    inside = polyline(HOLE, 11) + polyline(moved(HOLE, 100), 8) + polyline(moved(HOLE, 200), "41")
    path = save(tmp_path, file_of([piece("FRONT", inside)]))
    plain = read_pattern(path)
    assert plain.pieces[0].outline.area == WHOLE - HOLE_AREA
    assert said(plain, "layer-ignored") == ["layers without a meaning here are not used: 41 (1) (size M)"]
    turned = read_pattern(path, layers=LayerRoles(cut=("8", "1"), mark=("11", "41")))
    assert turned.pieces[0].outline.area == WHOLE - HOLE_AREA
    assert kinds(turned).count("internal") == 2
    assert said(turned, "layer-ignored") == []
    none = read_pattern(path, layers=LayerRoles(ignore=("8", "11", "41")))
    assert none.pieces[0].outline.area == WHOLE
    assert "internal" not in kinds(none)


def test_nothing_left_to_cut_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="no piece found") as refused:
        read(tmp_path, polyline(BOX, "0"), mark=["0"])
    assert "Name other layers" in refused.value.hint
