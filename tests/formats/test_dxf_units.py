"""Units: option, text, $INSUNITS, assumption; and sizes that no garment has."""

from __future__ import annotations

import pytest
from conftest import REPOSITORY
from dxf_builder import BOX, file_of, piece, save, tags

from cutkit.errors import InputError
from cutkit.formats.patterns import read_pattern

ROUND = [(400, 0), (380, 80), (330, 150), (250, 210), (150, 260), (60, 290), (0, 300), (0, 200), (20, 100), (0, 0)]
"""An outline of more than a few corners, 400 x 300."""


def read(tmp_path, factor=1.0, style=("Style Name: X",), units=None, header="", outline=ROUND):
    scaled = [(x * factor, y * factor) for x, y in outline]
    path = save(tmp_path, file_of([piece("A", outline=scaled)], style=style, header=header))
    return read_pattern(path, units=units)


def said(pattern):
    return [notice.code for notice in pattern.notices]


@pytest.mark.parametrize(
    ("text", "factor", "units"),
    [
        ("METRIC", 1, "mm"),
        ("Metric", 1, "mm"),
        ("ENGLISH", 1 / 25.4, "in"),
        ("CM", 0.1, "cm"),
        ("Inches", 1 / 25.4, "in"),
    ],
)
def test_the_text_names_the_unit(tmp_path, text, factor, units):
    pattern = read(tmp_path, factor, (f"UNITS: {text}",))
    assert (pattern.units, pattern.units_from) == (units, "text")
    assert pattern.pieces[0].outline.bounds == pytest.approx((0, 0, 400, 300))
    assert said(pattern) == []


def test_the_option_overrides_the_text(tmp_path):
    pattern = read(tmp_path, 0.1, ("UNITS: METRIC",), units="cm")
    assert (pattern.units, pattern.units_from) == ("cm", "option")
    assert pattern.pieces[0].outline.bounds == pytest.approx((0, 0, 400, 300))


def test_insunits_counts_where_no_text_does(tmp_path):
    header = tags(9, "$INSUNITS", 70, 1)
    pattern = read(tmp_path, 1 / 25.4, header=header)
    assert (pattern.units, pattern.units_from, said(pattern)) == ("in", "insunits", [])
    pattern = read(tmp_path, 1, ("UNITS: METRIC",), header=header)
    assert (pattern.units, pattern.units_from) == ("mm", "text")


def test_no_unit_is_millimetres_and_told(tmp_path):
    pattern = read(tmp_path)
    assert (pattern.units, pattern.units_from, said(pattern)) == ("mm", "assumed", ["units-assumed"])


def test_insunits_of_metres_is_not_believed(tmp_path):
    pattern = read(tmp_path, header=tags(9, "$INSUNITS", 70, 6))
    assert said(pattern) == ["units-unknown", "units-assumed"]


@pytest.mark.parametrize("style", [("UNITS: METRIC",), ("Style Name: X",)])
def test_centimetres_called_metric_stop_with_the_choice(tmp_path, style):
    with pytest.raises(InputError, match=r"4.0 cm in mm, 40.0 cm in cm") as caught:
        read(tmp_path, 0.1, style)
    assert "--units cm" in caught.value.hint


def test_inches_without_a_word_stop(tmp_path):
    with pytest.raises(InputError, match="cannot be right"):
        read(tmp_path, 1 / 25.4)


def test_a_clo_file_in_centimetres_stops_even_where_it_is_long(tmp_path):
    clo = ("AUTHOR: CLO Virtual Fashion Inc.", "UNITS: METRIC")
    with pytest.raises(InputError, match="cannot be right"):
        read(tmp_path, 0.3, clo)  # 120 units: a piece of 120 cm


@pytest.mark.parametrize(
    ("style", "header"), [(("UNITS: METRIC",), ""), (("Style Name: X",), tags(9, "$INSUNITS", 70, 4)), ((), "")]
)
def test_a_small_garment_is_a_question_where_another_unit_fits_far_better(tmp_path, style, header):
    with pytest.raises(InputError, match=r"12\.0 cm in mm, 120\.0 cm in cm"):
        read(tmp_path, 0.3, style, header=header)
    assert "units-implausible" not in said(read(tmp_path, 0.6, style, header=header))  # 240 cm would be as odd


@pytest.mark.parametrize("name", ["shirt.dxf", "dress.dxf", "trousers.dxf"])
@pytest.mark.parametrize(("units", "factor"), [("cm", 0.1), ("in", 1 / 25.4)])
def test_one_garment_in_other_units_gives_equal_pieces_or_stops(tmp_path, name, units, factor):
    content = (REPOSITORY / "patterns" / name).read_text(encoding="utf-8")
    path = save(tmp_path, rescaled(content, factor))
    with pytest.raises(InputError, match="cannot be right"):  # METRIC, as CLO writes it for both
        read_pattern(path)
    wanted, found = read_pattern(REPOSITORY / "patterns" / name), read_pattern(path, units=units)
    for a, b in zip(wanted.pieces, found.pieces, strict=True):
        assert (a.name, a.size, a.as_drawn, a.mirrored) == (b.name, b.size, b.as_drawn, b.mirrored)
        assert a.outline.equals_exact(b.outline, 1e-3)
        assert [(m.kind, m.shape, m.layer) for m in a.marks] == [(m.kind, m.shape, m.layer) for m in b.marks]
        assert [m.depth_mm for m in b.marks] == pytest.approx([m.depth_mm for m in a.marks], abs=1e-3)


def rescaled(content, factor):
    """A DXF with every coordinate, depth and width times a factor; what says that we wrote it is taken out."""
    lines = content.splitlines()
    for index in range(0, len(lines), 2):
        if 10 <= int(lines[index]) < 40:
            lines[index + 1] = repr(float(lines[index + 1]) * factor)
    return "\n".join(lines).replace("cutkit", "other")


def test_millimetres_called_inches_stop(tmp_path):
    with pytest.raises(InputError, match="--units mm"):
        read(tmp_path, 1, ("UNITS: ENGLISH",))


def test_the_option_is_never_refused_for_a_better_one(tmp_path):
    pattern = read(tmp_path, 0.1, units="mm")
    assert said(pattern) == ["units-implausible"]


def test_a_small_plain_shape_may_be_what_it_is(tmp_path):
    pattern = read(tmp_path, 0.05, outline=BOX)
    assert said(pattern) == ["units-assumed", "units-implausible"]


def test_small_goods_in_a_drawing_that_names_its_unit_are_told_of(tmp_path):
    small = [(x * 0.3, y * 0.3) for x, y in BOX]
    header = tags(9, "$INSUNITS", 70, 4)
    path = save(tmp_path, file_of([piece(n, outline=small) for n in "ABCD"], style=("Style Name: X",), header=header))
    pattern = read_pattern(path)
    assert (len(pattern.pieces), said(pattern)) == (4, ["units-implausible"])


def test_a_piece_of_kilometres_is_refused(tmp_path):
    with pytest.raises(InputError, match="400 m long"):
        read(tmp_path, 1000, units="mm")
