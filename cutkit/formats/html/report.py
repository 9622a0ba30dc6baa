"""A report as one self-contained HTML page: figures, the balance, sortable tables, and every marker to look into.

``report.html`` beside this is the page without its contents. All texts are escaped; the page's own policy forbids it to
ask anybody for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from importlib import resources

from cutkit.formats.html.marker import marker_picture, rule_chips
from cutkit.formats.report_page import (
    PLACE_COLOURS,
    BalanceLine,
    Headline,
    MarkerSheet,
    PageAnswer,
    PageCell,
    PageColumn,
    PageItem,
    PageList,
    PageTable,
    ReportPage,
    piece_fills,
    section_anchor,
)
from cutkit.formats.svg.text import clean_text

_SLOT = re.compile(r"\{\{(\w+)\}\}")


def report_html(page: ReportPage) -> str:
    """The page as the text of an HTML file; the same page gives the same text."""
    template = resources.files("cutkit.formats.html").joinpath("report.html").read_text(encoding="utf-8")
    slots = {
        "title": _text(page.title),
        "subtitle": _text(page.subtitle),
        "colours": " ".join(f"--{part}: {colour};" for part, colour in PLACE_COLOURS.items()),
        "classes": "\n".join(_colour_rules()),
        "answers": _answers(page.answers),
        "first": "\n".join(_first(page.first)),
        "unknown": "" if page.balance else " hidden",
        "headlines": _headlines(page.headlines),
        "bar": _bar(page.balance),
        "balance": _balance_rows(page.balance),
        "currency": _text(page.currency),
        "check": _text(page.check),
        "tables": "\n".join(_table(table) for table in page.tables),
        "sheets": "\n".join(_sheet(sheet) for sheet in page.sheets),
        "notes": "\n".join(f"<li>{_text(note)}</li>" for note in page.notes),
    }
    return _SLOT.sub(lambda match: slots[match[1]], template)


def _text(text: str) -> str:
    return escape(clean_text(text), quote=True)


def _colour_rules() -> Iterator[str]:
    for part in PLACE_COLOURS:
        yield f".at-{part} {{ stroke: var(--{part}); fill: var(--{part}); background-color: var(--{part}); }}"


def _answers(answers: Iterable[PageAnswer]) -> str:
    """The answers side by side; nothing where there are none."""
    told = "\n".join(map(_answer, answers))
    return f'<div class="answers">\n{told}\n</div>' if told else ""


def _answer(one: PageAnswer) -> str:
    said = f'<a href="#{_text(one.anchor)}">{_text(one.answer)}</a>' if one.anchor else _text(one.answer)
    return (
        f'<div class="answer{" alarm" if one.alarm else ""}"><h2 class="asked">{_text(one.question)}</h2>'
        f'<p class="said">{said}</p>'
        + _lines(one.lines)
        + "".join(f'<div class="item"><h3>{_text(item.name)}</h3>{_told(item)}</div>' for item in one.items)
        + (f'<p class="sub">{_text(one.note)}</p>' if one.note else "")
        + _lines(one.then, "then")
        + "</div>"
    )


def _lines(lines: Iterable[tuple[str, str]], kind: str = "told-of") -> str:
    told = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(text)}</dd></div>" for name, text in lines)
    return f'<dl class="{kind}">{told}</dl>' if told else ""


def _headlines(figures: Iterable[Headline]) -> str:
    return "\n".join(
        f'<div class="figure"><dt>{_text(f.name)}</dt><dd>{_text(f.value)}</dd>'
        + (f"<dd class=note>{_text(f.note)}</dd>" if f.note else "")
        + "</div>"
        for f in figures
    )


def _bar(lines: Iterable[BalanceLine]) -> str:
    """The parts side by side, as long as their shares."""
    return "".join(
        f'<span class="at-{line.part}" style="flex-grow:{line.share:.6f}" '
        f'title="{_text(line.name)}: {100 * line.share:.2f} %"></span>'
        for line in lines
        if line.share > 0
    )


def _balance_rows(lines: Iterable[BalanceLine]) -> str:
    rows = []
    for line in lines:
        cells = (f"{line.area_mm2 / 1e6:.4f}", f"{100 * line.share:.2f}", line.cost)
        numbers = "".join(f'<td class="number">{_text(cell)}</td>' for cell in cells)
        rows.append(f'<tr><th scope="row"><i class="chip at-{line.part}"></i>{_text(line.name)}</th>{numbers}</tr>')
    return "\n".join(rows)


def _first(sections: Iterable[PageTable | PageList]) -> Iterator[str]:
    """What comes before the figures, each to be linked to."""
    for number, one in enumerate(sections, 1):
        anchor = f' id="{section_anchor(number)}"'
        yield _list(one, anchor) if isinstance(one, PageList) else _table(one, anchor)


def _table(table: PageTable, anchor: str = "") -> str:
    if not table.rows:
        return f"<section{anchor}><h2>{_text(table.title)}</h2>\n{_lead(table.lead)}</section>"
    head = "".join(_column(column) for column in table.columns)
    body = "\n".join(f"<tr>{_cells(row, table.columns)}</tr>" for row in table.rows)
    foot = f"<tfoot><tr>{_cells(table.total, table.columns)}</tr></tfoot>" if table.total else ""
    return (
        f"<section{anchor}><h2>{_text(table.title)}</h2>\n{_lead(table.lead)}"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{_text(table.title)}">'
        f'<table class="sortable{" cards" if table.cards else ""}"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>{foot}</table></div></section>"
    )


def _lead(text: str) -> str:
    return f'<p class="sub lead">{_text(text)}</p>\n' if text else ""


def _list(listed: PageList, anchor: str) -> str:
    """Each thing with its state beside its name."""
    items = []
    for item in listed.items:
        alarm = " alarm" if item.alarm else ""
        items.append(
            f'<li class="told{alarm}"><h3>{_text(item.name)} <span class="state">{_text(item.state)}</span></h3>'
            f"{_told(item)}</li>"
        )
    body = "\n".join(items)
    shown = f'<ul class="list">\n{body}\n</ul>' if items else ""
    return f"<section{anchor}><h2>{_text(listed.title)}</h2>\n{_lead(listed.lead)}{shown}</section>"


def _told(item: PageItem) -> str:
    """Why, what must not be done, the facts, and what to do."""
    reasons = "".join(f"<p>{_text(line)}</p>" for line in item.reason.splitlines())
    danger = f'<p class="warning">{_text(item.danger)}</p>' if item.danger else ""
    todo = f'<p class="todo">{_text(item.todo)}</p>' if item.todo else ""
    return f"{reasons}{danger}{_lines(item.facts, 'facts')}{todo}"


def _column(column: PageColumn) -> str:
    kind = ' class="number"' if column.numeric else ""
    unit = f" <small>{_text(column.unit)}</small>" if column.unit else ""
    return f'<th scope="col"{kind}><button type="button">{_text(column.title)}{unit}</button></th>'


def _cells(cells: Iterable[PageCell], columns: tuple[PageColumn, ...]) -> str:
    parts = []
    for cell, column in zip(cells, columns, strict=True):
        names = [("number", column.numeric), ("wraps", column.wraps), ("alarm", cell.alarm)]
        shown_as = " ".join(name for name, holds in names if holds)
        kind = f' class="{shown_as}"' if shown_as else ""
        value = "" if cell.value is None else f' data-value="{cell.value!r}"'
        text = _text(cell.text)
        shown = f'<a href="#{_text(cell.anchor)}">{text}</a>' if cell.anchor else text
        parts.append(f'<td{kind}{value} data-title="{_text(_title_of(column))}">{shown}</td>')
    return "".join(parts)


def _title_of(column: PageColumn) -> str:
    return f"{column.title}, {column.unit}" if column.unit else column.title


def _sheet(sheet: MarkerSheet) -> str:
    warning = f'<p class="warning">{_text(sheet.warning)}</p>' if sheet.warning else ""
    return f"""<section class="sheet" id="{_text(sheet.anchor)}">
<h2>{_text(sheet.title)}</h2>
<p class="sub">{_text(sheet.subtitle)}</p>
{warning}<dl class="figures small">{_headlines(sheet.figures)}</dl>
<figure>
<div class="tools"><button type="button" data-do="in" aria-label="Zoom in">+</button><button type="button"
 data-do="out" aria-label="Zoom out">−</button><button type="button" data-do="fit">Whole</button>
<label><input type="checkbox" data-do="waste" checked> waste by place</label></div>
<div class="view" tabindex="0" aria-label="The marker; plus and minus zoom, arrows move">{marker_picture(sheet)}</div>
<figcaption>{_size_chips(sheet)}{_rule_chips(sheet)}{_place_chips(sheet)}</figcaption>
</figure>
</section>"""


def _size_chips(sheet: MarkerSheet) -> str:
    fills = piece_fills(sheet.marker)
    if not fills.by_size:
        return ""
    return "".join(
        f'<span><i class="chip" style="background:{fill}"></i>{_text(size) or "no size"}</span>'
        for size, fill in fills.fills.items()
    )


def _rule_chips(sheet: MarkerSheet) -> str:
    return "".join(f'<span class="told-by">{sample}{_text(text)}</span>' for sample, text in rule_chips(sheet))


def _place_chips(sheet: MarkerSheet) -> str:
    shown = [line for line in sheet.balance if line.part in sheet.regions and line.area_mm2 > 0]
    return "".join(
        f'<span class="place"><i class="chip at-{line.part}"></i>{_text(line.name)} {100 * line.share:.2f} %</span>'
        for line in shown
    )
