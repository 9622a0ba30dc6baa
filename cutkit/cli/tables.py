"""Tables on the terminal. They fit its width: columns of less worth are left out, long names end in an ellipsis.

Nothing wraps. Where the stream is no terminal, or NO_COLOR is set, a table is plain: no colour, and lines of ASCII.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal

import click

from cutkit.cli.common import is_plain

if TYPE_CHECKING:
    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    from cutkit.report import MarkerFigures, TotalFigures

Align = Literal["left", "right"]
SEPARATOR = 2
COMFORTABLE_NAME = 16
PLAIN_WIDTH = 100
"""How wide a table is where there is no terminal to ask and COLUMNS is not set."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. ``title`` may have two lines (a name and a unit).

    A column of ``worth`` 0 always stays; of the others the one of least worth goes first when room is short.
    ``shrink_to`` is set for names: so many characters are left of them at the least. ``alarm`` says of a cell's text
    whether it is shown in red.
    """

    title: str
    align: Align = "right"
    worth: int = 0
    shrink_to: int | None = None
    style: str = ""
    alarm: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class TableData:
    """Rows of cell texts under their columns, and, where it is wanted, a last row that sums them up."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None


def waste_table(rows: Sequence[MarkerFigures]) -> TableData:
    """The table at the end of ``nest``: a row for every marker and, from two on, their total."""
    from cutkit.report import total_figures

    several = len(rows) > 1
    return TableData(
        _WASTE_COLUMNS, tuple(_waste_row(r) for r in rows), _total_row(total_figures(rows)) if several else None
    )


def print_table(data: TableData, stream: IO[Any] | None = None) -> None:
    """Print a table on ``stream`` (stdout if none is given), as wide as its terminal is."""
    import sys

    out = stream or sys.stdout
    plain = is_plain(out)
    text = table_text(data, width=_width_of(out), plain=plain)
    encoding = getattr(out, "encoding", None) or "utf-8"
    # A name that the terminal's character set lacks must not end a nest of ten minutes in an error.
    click.echo(text.encode(encoding, "replace").decode(encoding), file=out, nl=False, color=not plain)


def table_text(data: TableData, *, width: int, plain: bool) -> str:
    """The table as text, no line wider than ``width`` as long as its columns of worth 0 allow it."""
    from io import StringIO

    from rich.console import Console

    widths = fit_columns(data, width)
    table = _rich_table(data, widths, plain)
    stream = StringIO()
    needed = sum(widths.values()) + SEPARATOR * len(widths)
    console = Console(
        file=stream,
        width=max(width, needed),
        color_system=None if plain else "standard",
        force_terminal=not plain,
        no_color=plain,
        highlight=False,
        legacy_windows=False,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def fit_columns(data: TableData, width: int) -> dict[int, int]:
    """The columns to show, by index, with the width of each, so that they fit in ``width`` characters.

    First the columns of least worth go, as long as names would have fewer than 16 characters; then names shrink to
    what their column allows; then further columns go.
    """
    natural = [_natural_width(data, index) for index in range(len(data.columns))]
    names = {i: c.shrink_to for i, c in enumerate(data.columns) if c.shrink_to is not None}
    roomy = [min(w, max(COMFORTABLE_NAME, names[i])) if i in names else w for i, w in enumerate(natural)]
    least = [min(w, names[i]) if i in names else w for i, w in enumerate(natural)]
    dispensable = sorted((i for i, c in enumerate(data.columns) if c.worth), key=lambda i: data.columns[i].worth)
    shown = list(range(len(data.columns)))
    extra = [i for i in dispensable if data.columns[i].worth < 10]
    for wanted, droppable in ((roomy, extra), (least, dispensable)):
        for index in droppable:
            if _total(shown, wanted) <= width:
                break
            if index in shown:
                shown.remove(index)
        if _total(shown, wanted) <= width:
            return _give_rest(shown, wanted, natural, width)
    return {i: least[i] for i in shown}


def _total(shown: list[int], widths: list[int]) -> int:
    return sum(widths[i] for i in shown) + SEPARATOR * (len(shown) - 1)


def _give_rest(shown: list[int], wanted: list[int], natural: list[int], width: int) -> dict[int, int]:
    """Room that is left goes to the names that are still cut short, a character each in turn."""
    widths = {i: wanted[i] for i in shown}
    rest = width - _total(shown, wanted)
    while rest > 0 and (short := [i for i in shown if widths[i] < natural[i]]):
        for index in short[:rest]:
            widths[index] += 1
        rest -= len(short[:rest])
    return widths


def _natural_width(data: TableData, index: int) -> int:
    from rich.cells import cell_len

    rows = [*data.rows, *([data.total] if data.total else [])]
    texts = [*data.columns[index].title.split("\n"), *(_one_line(row[index]) for row in rows)]
    return max(cell_len(text) for text in texts)


def _one_line(text: str) -> str:
    """``text`` with blanks for what a terminal would obey instead of showing: a line break, an escape sequence."""
    return "".join(char if char.isprintable() else " " for char in text)


def shorten(text: str, width: int, *, plain: bool) -> str:
    """``text`` on one line of at most ``width`` terminal cells; it ends in an ellipsis where something is cut off."""
    from rich.cells import cell_len, set_cell_size

    text = _one_line(text)
    if cell_len(text) <= width:
        return text
    mark = ".." if plain else "…"
    if width <= len(mark) + 1:
        return set_cell_size(text, width)
    return set_cell_size(text, width - len(mark)).rstrip() + mark


def _rich_table(data: TableData, widths: dict[int, int], plain: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=_box(plain),
        show_edge=False,
        pad_edge=False,
        padding=(0, SEPARATOR - 1, 0, 0),
        show_footer=data.total is not None,
        header_style="bold",
        footer_style="bold",
    )
    for index, width in widths.items():
        column = data.columns[index]
        footer = Text(shorten(data.total[index], width, plain=plain)) if data.total else ""
        table.add_column(
            Text(column.title),
            footer,
            justify=column.align,
            width=width,
            no_wrap=True,
            style=column.style,
            vertical="bottom",
        )
    for row in data.rows:
        table.add_row(*(_cell(data.columns[i], row[i], width, plain) for i, width in widths.items()))
    return table


def _cell(column: Column, text: str, width: int, plain: bool) -> Text:
    from rich.text import Text

    alarmed = column.alarm is not None and column.alarm(text)
    return Text(shorten(text, width, plain=plain), style="bold red" if alarmed else "")


def _box(plain: bool) -> Box:
    from rich.box import Box

    line = "-" if plain else "─"
    blank, rule = "    ", line * 4
    return Box("\n".join([blank, blank, rule, blank, blank, rule, blank, blank]) + "\n", ascii=plain)


def _width_of(stream: IO[Any]) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns)
    return shutil.get_terminal_size().columns if stream.isatty() else PLAIN_WIDTH


def _incomplete(placed_of_ordered: str) -> bool:
    placed, _, ordered = placed_of_ordered.partition("/")
    return placed != ordered


_WASTE_COLUMNS = (
    Column("Style", "left", shrink_to=9, style="bold"),
    Column("Material\n/ fabric", "left", worth=30, shrink_to=7),
    Column("Width\ncm", worth=20),
    Column("Usable\ncm", worth=4),
    Column("Length\nm"),
    Column("Eff.\n%", style="green"),
    Column("Waste\n%"),
    Column("Pieces\nplaced", alarm=_incomplete),
    Column("Gar-\nments", worth=5),
    Column("m per\ngarment", worth=25),
    Column("Time\nmin:s", worth=11),
    Column("Rounds", worth=3),
    Column("Seed", worth=10),
)


def _waste_row(row: MarkerFigures) -> tuple[str, ...]:
    names = [name for name in (row.material, row.fabric) if name and name not in row.styles]
    return (
        " + ".join(row.styles) or "-",
        " / ".join(dict.fromkeys(names)) or "-",
        f"{row.width_mm / 10:.1f}",
        f"{row.usable_width_mm / 10:.1f}",
        f"{row.length_mm / 1000:.3f}",
        f"{100 * row.efficiency:.2f}",
        f"{row.waste_pct:.2f}",
        f"{row.placed}/{row.ordered}",
        str(row.garments),
        _metres(row.length_per_garment_mm),
        clock(row.search_s),
        str(row.rounds),
        str(row.seed),
    )


def _total_row(total: TotalFigures) -> tuple[str, ...]:
    return (
        f"Total of {total.markers}",
        "",
        "",
        "",
        f"{total.length_mm / 1000:.3f}",
        f"{100 * total.efficiency:.2f}",
        f"{total.waste_pct:.2f}",
        f"{total.placed}/{total.ordered}",
        str(total.garments),
        _metres(total.length_per_garment_mm),
        clock(total.search_s),
        "",
        "",
    )


def _metres(length_mm: float | None) -> str:
    return "-" if length_mm is None else f"{length_mm / 1000:.3f}"


def clock(seconds: float | None) -> str:
    """``0:08``, ``3:05``, ``2:10:00``; a dash where no time is known."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{rest // 60}:{rest % 60:02d}"
