"""The pen's font and the place of labels."""

from __future__ import annotations

import string

from shapely.geometry import LineString, box

from cutkit.letters import _GLYPHS, label_lines, text_lines, text_width_mm


def test_every_capital_and_digit_has_a_glyph_of_its_own():
    drawn = [tuple(text_lines(sign, 6.0)) for sign in string.ascii_uppercase + string.digits]
    assert all(drawn)
    assert len(set(drawn)) == 36


def test_glyphs_stay_on_their_grid():
    for digits in _GLYPHS.values():
        for line in digits.split():
            assert len(line) % 2 == 0
            assert len(line) >= 4
            assert max(line[::2]) <= "4"
            assert max(line[1::2]) <= "6"


def test_small_letters_are_capitals_and_accents_are_left_off():
    assert text_lines("ärmel", 5) == text_lines("ARMEL", 5)


def test_a_sign_without_a_glyph_is_a_box_not_a_space():
    assert len(text_lines("漢", 6)[0]) == 5
    assert text_lines(" ", 6) == []


def test_width_and_height_are_as_told():
    points = [p for line in text_lines("HO", 12.0) for p in line]
    assert max(y for _, y in points) == 12.0
    assert max(x for x, _ in points) == text_width_mm("HO", 12.0) == 20.0


def test_a_label_fits_its_piece_and_shrinks_with_it():
    for width, height in ((300, 200), (120, 60), (70, 18)):
        outline = box(0, 0, width, height)
        lines = label_lines(["BELT LOOP", "M #1"], outline)
        assert lines
        assert all(outline.buffer(-1.9).covers(LineString(line)) for line in lines)


def test_no_label_in_a_piece_too_small_for_one():
    assert label_lines(["BELT LOOP"], box(0, 0, 20, 8)) is None
