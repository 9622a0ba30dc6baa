"""Tables on the terminal: what they say, and that they fit."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cutkit.cli.tables import Column, TableData, clock, fit_columns, print_table, shorten, table_text, waste_table
from cutkit.report import MarkerFigures

SHELL = MarkerFigures(
    styles=("Men's shirt classic",),
    fabric="Poplin blue stripe",
    material="SHELL",
    width_mm=1500.0,
    usable_width_mm=1470.0,
    length_mm=9876.5,
    area_mm2=1470 * 9876.5,
    placed_area_mm2=0.8432 * 1470 * 9876.5,
    ordered=300,
    placed=298,
    unplaced=2,
    garments=20,
    garments_per_ply=20.0,
    garments_by_size=(("M", 20),),
    seed=7,
    rounds=1234,
    search_s=185.0,
)
FUSIBLE = replace(
    SHELL, material="FUSIBLE", fabric="", length_mm=1200.0, area_mm2=1e6, placed_area_mm2=7.1e5, ordered=60, placed=60
)


def lines(*rows: MarkerFigures, width: int, plain: bool = True) -> list[str]:
    return table_text(waste_table(rows), width=width, plain=plain).splitlines()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_an_engineer_finds_all_figures_on_one_line(width):
    *_, row = lines(SHELL, width=width)
    for cell in ("150.0", "9.877", "84.32", "15.68", "298/300", "0.494", "3:05", "7"):
        assert cell in row.split()
    assert row.startswith("Men's sh")
    assert "SHELL" in row


@pytest.mark.parametrize("width", range(60, 180, 7))
def test_no_line_is_wider_than_the_terminal(width):
    shown = lines(SHELL, FUSIBLE, width=width)
    assert max(map(cell_len, shown)) <= width
    assert len(shown) == 7, "two lines of titles, two of rules, two markers, a total: nothing wraps"


def test_several_markers_get_a_total_weighted_by_cloth_and_one_gets_none():
    *_, total = lines(SHELL, FUSIBLE, width=100)
    assert total.split()[:3] == ["Total", "of", "2"]
    efficiency = 100 * (SHELL.placed_area_mm2 + FUSIBLE.placed_area_mm2) / (SHELL.area_mm2 + FUSIBLE.area_mm2)
    assert f"{efficiency:.2f}" in total.split()
    assert {"11.076", "358/360", "6:10"} <= set(total.split())
    assert not any("Total" in line for line in lines(SHELL, width=100))


def test_a_wide_terminal_shows_names_in_full_and_more_columns():
    titles = " ".join(lines(SHELL, width=200)[:2])
    row = lines(SHELL, width=200)[-1]
    assert "Men's shirt classic  SHELL / Poplin blue stripe" in row
    assert {"Usable", "Rounds"} <= set(titles.split())
    assert "Rounds" not in " ".join(lines(SHELL, width=80)[:2])


def test_a_plain_table_is_ascii_and_has_no_colour():
    text = table_text(waste_table([SHELL, FUSIBLE]), width=80, plain=True)
    assert text.isascii()
    assert "\x1b" not in text


def test_a_terminal_gets_colour_and_pieces_left_over_in_red():
    coloured = table_text(waste_table([SHELL, FUSIBLE]), width=80, plain=False)
    assert "\x1b[1;31m298/300" in coloured
    assert "\x1b[1;31m  60/60" not in coloured


def test_what_is_unknown_is_a_dash():
    bare = replace(SHELL, styles=(), fabric="", material="", garments=0, garments_per_ply=0.0, search_s=None)
    assert lines(bare, width=80)[-1].split().count("-") == 4


class _Stream(io.StringIO):
    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal, self._encoding = terminal, encoding

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def test_no_color_and_pipes_are_honoured(monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.delenv("NO_COLOR", raising=False)
    pipe, terminal = _Stream(terminal=False), _Stream(terminal=True)
    print_table(waste_table([SHELL]), pipe)
    print_table(waste_table([SHELL]), terminal)
    assert "\x1b" not in pipe.getvalue()
    assert "\x1b" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    muted = _Stream(terminal=True)
    print_table(waste_table([SHELL]), muted)
    assert muted.getvalue() == pipe.getvalue()
    assert max(map(len, muted.getvalue().splitlines())) <= 90


def test_a_name_outside_the_character_set_is_no_error():
    stream = _Stream(terminal=False, encoding="ascii")
    print_table(waste_table([replace(SHELL, styles=("Ärmelkleid",))]), stream)
    assert "?rmelkleid" in stream.getvalue()


def test_markup_in_a_name_is_text():
    assert "[red]x[/red]" in lines(replace(SHELL, styles=("[red]x[/red]",)), width=160)[-1]


def test_a_name_cannot_break_a_line_or_command_the_terminal():
    text = table_text(waste_table([replace(SHELL, styles=("a\nb\x1b[2Jc",))]), width=100, plain=True)
    assert "a b [2Jc" in text
    assert "\x1b" not in text


@given(st.text(max_size=40), st.integers(1, 30), st.booleans())
def test_a_shortened_text_fits(text, width, plain):
    assert cell_len(shorten(text, width, plain=plain)) <= width


@given(st.integers(20, 140), st.lists(st.integers(1, 40), min_size=2, max_size=8))
def test_columns_fit_or_only_those_that_must_stay_are_left(width, sizes):
    columns = (Column("a", shrink_to=5), *(Column("n", worth=i) for i in range(1, len(sizes))))
    data = TableData(columns, (tuple("x" * size for size in sizes),))
    widths = fit_columns(data, width)
    assert 0 in widths
    assert sum(widths.values()) + 2 * (len(widths) - 1) <= width or list(widths) == [0]


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0.4, "0:00"), (8.2, "0:08"), (59.7, "1:00"), (185, "3:05"), (7800, "2:10:00")]
)
def test_a_clock_reads_like_one(seconds, text):
    assert clock(seconds) == text


def test_importing_the_module_loads_nothing_heavy():
    code = "import sys, cutkit.cli.tables; print([m for m in ('rich', 'numpy', 'shapely') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
