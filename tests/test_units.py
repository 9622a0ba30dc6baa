"""Lengths and times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutkit.units import format_duration, format_length, parse_duration, parse_length


@pytest.mark.parametrize(
    ("text", "mm"),
    [
        ("150cm", 1500.0),
        ("1500mm", 1500.0),
        ("60in", 1524.0),
        ("1.64yd", 1499.616),
        ("1.5m", 1500.0),
        ("1,5 m", 1500.0),
        (".5in", 12.7),
        (" 2 CM ", 20.0),
        ('10"', 254.0),
        ("0mm", 0.0),
        ("-3mm", -3.0),
    ],
)
def test_lengths(text, mm):
    assert parse_length(text) == pytest.approx(mm, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("150", "has no unit"),
        ("150km", "unknown unit 'km'"),
        ("", "is not a length"),
        ("cm", "is not a length"),
        ("1 2cm", "is not a length"),
        ("1.2.3cm", "is not a length"),
        ("nan mm", "is not a length"),
        ("1e3mm", "is not a length"),
        ("9" * 400 + "m", "is not finite"),
    ],
)
def test_what_is_not_a_length(text, says):
    with pytest.raises(ValueError) as caught:
        parse_length(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("1.5min", 90.0)])
def test_times(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(("text", "says"), [("90", "has no unit"), ("2d", "unknown unit 'd'"), ("soon", "not a time")])
def test_what_is_not_a_time(text, says):
    with pytest.raises(ValueError) as caught:
        parse_duration(text)
    assert says in str(caught.value)


@given(st.floats(0.1, 1e5), st.sampled_from(["mm", "cm", "m", "in", "yd"]))
def test_units_are_told_apart(number, unit):
    per = {"mm": 1, "cm": 10, "m": 1000, "in": 25.4, "yd": 914.4}[unit]
    assert parse_length(f"{number:.6f}{unit}") == pytest.approx(float(f"{number:.6f}") * per)


@pytest.mark.parametrize(
    ("mm", "text"), [(2345.6, "2.346 m"), (1000, "1.000 m"), (200, "20.0 cm"), (7.25, "7.2 mm"), (0, "0.0 mm")]
)
def test_lengths_for_people(mm, text):
    assert format_length(mm) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (8.2, "8.2 s"),
        (59.99, "60.0 s"),
        (60, "1 min 00 s"),
        (185.4, "3 min 05 s"),
        (3599.9, "1 h 00 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_times_for_people(seconds, text):
    assert format_duration(seconds) == text
