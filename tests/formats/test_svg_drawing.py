"""Patterns drawn in SVG: sizes and units, transforms, layers, names, curves, and what a damaged picture says."""

from __future__ import annotations

import math

import pytest

from cutkit.errors import InputError, UsageError
from cutkit.formats.dxf.layers import LayerRoles
from cutkit.formats.patterns import read_pattern

A_METRE = 'width="1000mm" height="1000mm" viewBox="0 0 1000 1000"'
BOX = '<path d="M0 0 h400 v300 h-400 z"/>'
INKSCAPE = 'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"'


def read(tmp_path, *elements, size=A_METRE, name="demo.svg", **options):
    path = tmp_path / name
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {INKSCAPE} {size}>{"".join(elements)}</svg>')
    return read_pattern(path, **options)


def codes(pattern):
    return [notice.code for notice in pattern.notices]


def layer(label, *elements, more=""):
    return f'<g inkscape:groupmode="layer" inkscape:label="{label}" {more}>{"".join(elements)}</g>'


@pytest.mark.parametrize(
    ("size", "box", "units", "said"),
    [
        (A_METRE, (400, 300), "mm", "text"),
        ('width="100cm" height="100cm" viewBox="0 0 1000 1000"', (400, 300), "cm", "text"),
        ('width="50cm" height="50cm" viewBox="0 0 1000 1000"', (200, 150), "cm", "text"),
        ('width="40in" height="40in" viewBox="0 0 2000 2000"', (203.2, 152.4), "in", "text"),
        ('width="2160pt" height="2160pt" viewBox="0 0 1080 1080"', (282.2222, 211.6667), "in", "text"),
        ('width="180pc" height="180pc" viewBox="0 0 1080 1080"', (282.2222, 211.6667), "in", "text"),
        ('width="2000mm" height="1000mm" viewBox="0 0 1000 1000"', (400, 300), "mm", "text"),
        ('width="1920" height="1920"', (105.8333, 79.375), "in", "assumed"),
        ("", (105.8333, 79.375), "in", "assumed"),
    ],
)
def test_a_picture_s_size_is_its_unit(tmp_path, size, box, units, said):
    pattern = read(tmp_path, BOX, size=size)
    x0, y0, x1, y1 = pattern.pieces[0].outline.bounds
    assert (x1 - x0, y1 - y0) == pytest.approx(box, abs=1e-3)
    assert (pattern.units, pattern.units_from) == (units, said)
    assert ("units-assumed" in codes(pattern)) == (said == "assumed")


def test_an_option_says_what_a_unit_of_the_viewbox_is(tmp_path):
    pattern = read(tmp_path, BOX, size='width="100px" height="100px" viewBox="0 0 1000 1000"', units="mm")
    assert pattern.pieces[0].outline.area == pytest.approx(120_000, rel=1e-9)
    assert (pattern.units, pattern.units_from) == ("mm", "option")


def test_a_size_that_is_no_garment_s_is_a_question(tmp_path):
    tiny = '<path d="M0 0 h40 v30 h-40 z"/><path d="M50 0 h40 v30 h-40 z"/><path d="M100 0 h40 v30 h-40 z"/>'
    with pytest.raises(InputError, match=r"1\.1 cm in pixels of 1/96 in, 4\.0 cm in mm, 40\.0 cm in cm") as refused:
        read(tmp_path, tiny, size="")
    assert "--units cm" in refused.value.hint


def test_transforms_are_carried_out_and_y_points_upward(tmp_path):
    corner = '<path d="M0 0 h400 l-100 300 h-300 z" transform="translate(200 100) rotate(90)"/>'
    (piece,) = read(tmp_path, f'<g transform="scale(0.5)">{corner}</g>').pieces
    assert piece.outline.area == pytest.approx(105_000 / 4, rel=1e-6)
    x0, y0, x1, y1 = piece.outline.bounds
    assert (x1 - x0, y1 - y0) == pytest.approx((150, 200), abs=1e-4)
    # As seen on the screen: the long edge on the right, from the top; the slanted one below on the left.
    corners = {(round(x - x0), round(y - y0)) for x, y in piece.outline.exterior.coords}
    assert corners == {(150, 200), (150, 0), (0, 50), (0, 200)}


def test_one_path_may_hold_an_outline_and_its_cut_outs(tmp_path):
    (piece,) = read(tmp_path, '<path d="M0 0h400v300h-400z m100 100 h50 v50 h-50 z M10 290 l20 0"/>').pieces
    assert piece.outline.area == pytest.approx(120_000 - 2_500, rel=1e-6)
    assert [mark.kind for mark in piece.marks] == ["internal"]


def test_curves_are_flattened_finely(tmp_path):
    round_ones = '<circle cx="200" cy="200" r="150"/><ellipse cx="700" cy="200" rx="100" ry="150"/>'
    quadratic = '<path d="M0 600 Q 200 300 400 600 Z"/>'
    circle, ellipse, bow = (piece.outline for piece in read(tmp_path, round_ones, quadratic).pieces)
    assert circle.area == pytest.approx(math.pi * 150**2, rel=1e-3)
    assert ellipse.area == pytest.approx(math.pi * 100 * 150, rel=1e-3)
    assert bow.area == pytest.approx(2 / 3 * 400 * 150, rel=1e-3)


def test_shapes_and_copies_are_lines_too(tmp_path):
    shapes = (
        '<defs><rect id="r" width="100" height="200"/></defs>',
        '<rect x="0" y="0" width="100" height="200"/>',
        '<polygon points="200,0 300,0 300,200 200,200"/>',
        '<use href="#r" x="400" y="0"/>',
        '<polyline points="600,0 700,0 700,200 600,200 600,0"/>',
    )
    assert [p.outline.area for p in read(tmp_path, *shapes).pieces] == pytest.approx([20_000] * 4)


def test_layers_names_texts_and_colours(tmp_path):
    path = '<path id="path12" inkscape:label="COLLAR" d="M500 0 h200 v100 h-200 z" stroke="#ff0000" fill="none"/>'
    text = '<text x="50" y="200">FRONT <tspan x="50" y="250">Cut 2</tspan></text>'
    grain = '<path id="grainline" d="M50 100 v180 l-5 -10"/>'
    pattern = read(
        tmp_path,
        layer("Cut", BOX, path, text),
        layer("Pen", '<path d="M100 100 h50 v50 h-50 z"/>', grain),
        layer("Old", BOX, more='style="display:none"'),
        '<image href="x.png" width="10" height="10"/>',
    )
    front, collar = pattern.pieces
    assert (front.name, collar.name) == ("FRONT", "COLLAR")
    assert front.grain_deg == 90
    assert {mark.kind for mark in front.marks} >= {"internal", "grain"}
    rule = next(n.message for n in pattern.notices if n.code == "plain-drawing")
    assert "Cut (2 outlines), Pen (1 drawn)" in rule
    assert next(n.message for n in pattern.notices if n.code == "entity-ignored").endswith("image (1)")
    red = read(tmp_path, layer("Cut", BOX, path, text), layers=LayerRoles(ignore=("colour:#FF0000",)))
    assert [piece.name for piece in red.pieces] == ["FRONT"]


@pytest.mark.parametrize(
    "unseen",
    [
        '<path visibility="hidden" d="M500 0 h400 v300 h-400 z"/>',
        '<g style="fill:none;visibility:hidden"><path d="M500 0 h400 v300 h-400 z"/></g>',
        '<clipPath id="c"><path d="M-10 -10 h900 v900 h-900 z"/></clipPath>',
        '<mask id="m"><rect x="-10" y="-10" width="900" height="900"/></mask>',
    ],
)
def test_what_nobody_sees_is_no_piece(tmp_path, unseen):
    pattern = read(tmp_path, layer("Cut", unseen, BOX))
    assert [p.outline.area for p in pattern.pieces] == [pytest.approx(120_000)]
    assert "Cut (1 outlines)" in next(n.message for n in pattern.notices if n.code == "plain-drawing")


def test_a_class_stands_for_a_layer(tmp_path):
    seam = '<path class="fabric" d="M10 10 h380 v280 h-380 z"/>'
    allowance = '<path class="fabric sa" d="M0 0 h400 v300 h-400 z"/>'
    note = '<path class="note dashed" d="M50 50 h50"/>'
    grain = '<path class="note" marker-start="url(#grainlineFrom)" d="M60 60 V 250"/>'
    (piece,) = read(tmp_path, seam, allowance, note, grain).pieces
    assert piece.grain_deg == 90
    assert piece.outline.area == pytest.approx(120_000)
    assert sorted(mark.kind for mark in piece.marks) == ["grain", "internal", "sew"]


def doubled(levels):
    """A path, and groups of two copies of the group before: 2^levels paths."""
    groups = "".join(f'<g id="a{k}"><use href="#a{k - 1}"/><use href="#a{k - 1}" x="9"/></g>' for k in range(1, levels))
    drawn = f'<defs><g id="a0">{BOX}</g>{groups}</defs><use href="#a{levels - 1}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'


def chained(levels):
    """A copy of a copy of a copy ... of a path."""
    groups = "".join(f'<g id="a{k}"><use href="#a{k - 1}"/></g>' for k in range(levels - 1, 0, -1))
    return f'<svg xmlns="http://www.w3.org/2000/svg">{groups}<g id="a0">{BOX}</g></svg>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 h4', "damaged SVG: "),
        (doubled(30), "more than 500000 elements, copies"),
        (doubled(3).replace("#a0", "#a2"), "is a copy .use. of itself"),
        (chained(80), "nested too deep"),
        ('<svg xmlns="http://www.w3.org/2000/svg"></svg>', "no piece found: no line closes"),
        (
            '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 h1e300 v1e300 z"/></svg>',
            "is no coordinate of a pattern",
        ),
        ('<svg xmlns="http://www.w3.org/2000/svg">' + "<g>" * 5000 + "</g>" * 5000 + "</svg>", "nested too deep"),
    ],
    ids=["cut off", "endless copies", "its own copy", "deep copies", "empty", "far away", "deep"],
)
def test_what_is_no_pattern_is_refused(tmp_path, content, message):
    path = tmp_path / "demo.svg"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as refused:
        read_pattern(path)
    assert str(path) in str(refused.value)


def test_the_content_counts_not_the_name(tmp_path):
    assert read(tmp_path, BOX, name="demo.dxf").pieces[0].name == "piece 1"


def test_a_rule_table_does_not_go_with_a_picture(tmp_path):
    with pytest.raises(UsageError, match="--rul does not go with an SVG"):
        read(tmp_path, BOX, rul="demo.rul")
