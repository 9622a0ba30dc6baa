"""A report on A4: figures, the balance, tables, and every marker small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cutkit.formats.pdf.marker import draw_small
from cutkit.formats.pdf.paper import ALARM, FAINT, INK, LINE, Paper, words_of
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
)

A4_MM = (210.0, 297.0)
MARGIN_MM = 15.0
INNER_MM = A4_MM[0] - 2 * MARGIN_MM
FIGURE_MM = 19.0
"""How high a figure is, with two lines of note."""
CHIP_MM = 4.0
GAP_MM = 2.0
"""Between the columns of a table whose texts wrap."""
WORD_MM = 22.0
"""A longer word does not make its column wider: it is broken."""
WIDER = 0.35
"""By how much the last of the answers is wider than the others: it has most to tell."""
MARKER_MM = 75.0
"""How high a marker is drawn at most."""


def report_pdf(page: ReportPage) -> bytes:
    """The report as PDF, on as many pages as it takes; the same page gives the same bytes."""
    sheet = _Flow(page.title)
    sheet.title(page.title, page.subtitle)
    sheet.answers(page.answers)
    for one in page.first:
        sheet.heading(one.title, needs=25)
        if one.lead:
            sheet.paragraph(one.lead)
        if isinstance(one, PageList):
            sheet.listing(one)
        elif one.rows:
            sheet.table(one)
    sheet.y -= 4 if page.first else 0
    if page.balance:
        sheet.figures(page.headlines, 4)
        sheet.heading("Where the cloth went")
        sheet.bar(page.balance)
        sheet.table(_balance_table(page), chips=[PLACE_COLOURS[line.part] for line in page.balance])
        sheet.paragraph(page.check)
    for table in page.tables:
        sheet.heading(table.title, needs=25)
        if table.lead:
            sheet.paragraph(table.lead)
        sheet.table(table)
    for marker in page.sheets:
        sheet.marker(marker)
    sheet.heading("What the words mean", needs=30)
    for note in page.notes:
        sheet.paragraph(note)
    return sheet.paper.finish()


def _balance_table(page: ReportPage) -> PageTable:
    columns = [PageColumn("Part of the cloth", numeric=False), PageColumn("m²"), PageColumn("%")]
    rows = []
    for line in page.balance:
        row = [PageCell(line.name), PageCell(f"{line.area_mm2 / 1e6:.4f}"), PageCell(f"{100 * line.share:.2f}")]
        rows.append(tuple(row + ([PageCell(line.cost)] if page.currency else [])))
    if page.currency:
        columns.append(PageColumn(page.currency))
    return PageTable("", tuple(columns), tuple(rows))


class _Flow:
    """Things set below one another, on a further page where one is full. ``y`` is where the next one begins."""

    def __init__(self, title: str) -> None:
        self.paper = Paper(title)
        self._title = title
        self._page = 0
        self.y = 0.0
        self._new_page()

    def _new_page(self) -> None:
        self.paper.new_page(*A4_MM)
        self._page += 1
        self.y = A4_MM[1] - MARGIN_MM
        name = self.paper.fitted(self._title, INNER_MM - 30, 7.5)
        self.paper.text(MARGIN_MM, 8, name, 7.5, colour=FAINT)
        self.paper.text(A4_MM[0] - MARGIN_MM, 8, f"page {self._page}", 7.5, align="right", colour=FAINT)

    def room(self, height: float) -> None:
        """A further page where so much is not left on this one."""
        if self.y - height < MARGIN_MM:
            self._new_page()

    def title(self, title: str, subtitle: str) -> None:
        for line in self.paper.wrapped(title, INNER_MM, 20, bold=True):
            self.y -= 8
            self.paper.text(MARGIN_MM, self.y, line, 20, bold=True)
        self.y -= 1.5
        self.paragraph(subtitle)
        self.y -= 2

    def answers(self, answers: Sequence[PageAnswer]) -> None:
        """Answers side by side; they are at the top of a page, and go down as far as the longest one."""
        x, ends = MARGIN_MM, []
        width = INNER_MM / (len(answers) + WIDER) if answers else 0.0
        for one in answers:
            wide = width * (1 + WIDER) if one is answers[-1] else width
            ends.append(self._answer(one, x, wide - 5))
            x += wide
        self.y = min(ends, default=self.y)

    def _answer(self, one: PageAnswer, x: float, width: float) -> float:
        """One answer in a column; where it ends. A name and what is told of it share a line where both have room."""
        ink = ALARM if one.alarm else INK
        self.paper.lines([[(x, self.y), (x + width, self.y)]], width_mm=0.6, stroke=ink)
        self.paper.text(x, self.y - 4.5, one.question, 8, colour=FAINT)
        self.paper.text(x, self.y - 10, self.paper.fitted(one.answer, width, 12, bold=True), 12, bold=True, colour=ink)
        y = self._answer_lines(one.lines, x, self.y - 11, width)
        for item in one.items:
            y = self._answer_item(item, x, y, width)
        for text in self.paper.wrapped(one.note, width, 7.5):
            y -= 3.8
            self.paper.text(x, y, text, 7.5, colour=FAINT)
        return self._answer_lines(one.then, x, y, width)

    def _answer_item(self, item: PageItem, x: float, y: float, width: float) -> float:
        """One thing of an answer, as ``listing`` tells it; where it ends."""
        told = [(item.name, True, INK), (item.reason, False, INK), (item.danger, True, ALARM)]
        told += [(f"{name}: {text}", False, INK) for name, text in item.facts]
        for text, bold, colour in (*told, (item.todo, False, FAINT)):
            for line in self.paper.wrapped(text, width, 7.5, bold=bold):
                y -= 3.8
                self.paper.text(x, y, line, 7.5, bold=bold, colour=colour)
        return y - 1.0

    def _answer_lines(self, lines: Iterable[tuple[str, str]], x: float, y: float, width: float) -> float:
        for name, told in lines:
            together = sum(self.paper.text_width_mm(text, 7.5, bold=True) for text in (name, told)) + GAP_MM < width
            for colour, text in ((FAINT, name), *(() if together else ((INK, told),))):
                for line in self.paper.wrapped(text, width, 7.5):
                    y -= 3.8
                    self.paper.text(x, y, line, 7.5, colour=colour)
            if together:
                self.paper.text(x + width, y, told, 7.5, bold=True, align="right")
        return y

    def heading(self, text: str, *, needs: float = 12.0) -> None:
        """A heading that does not stand alone at the foot of a page."""
        self.room(needs)
        self.y -= 9
        self.paper.text(MARGIN_MM, self.y, self.paper.fitted(text, INNER_MM, 12, bold=True), 12, bold=True)
        self.y -= 3

    def paragraph(self, text: str, *, colour: str = FAINT) -> None:
        for line in self.paper.wrapped(text, INNER_MM, 8.5):
            self.room(4.5)
            self.y -= 4.2
            self.paper.text(MARGIN_MM, self.y, line, 8.5, colour=colour)

    def listing(self, listed: PageList) -> None:
        """Each thing with its state, why, what must not be done, the facts, and what to do."""
        for item in listed.items:
            self.room(14)
            self.y -= 5
            name = self.paper.fitted(f"{item.name}: {item.state}", INNER_MM, 9.5, bold=True)
            self.paper.text(MARGIN_MM, self.y, name, 9.5, bold=True, colour=ALARM if item.alarm else INK)
            for line in item.reason.splitlines():
                self.paragraph(line, colour=INK)
            if item.danger:
                self.paragraph(item.danger, colour=ALARM)
            for name, text in item.facts:
                self.paragraph(f"{name}: {text}", colour=INK)
            if item.todo:
                self.paragraph(item.todo)
            self.y -= 1.5

    def figures(self, figures: Sequence[Headline], across: int) -> None:
        """Name, value and note of each, so many in a row."""
        width, size_pt = INNER_MM / across, 14.0 if across < 6 else 10.5
        for start in range(0, len(figures), across):
            self.room(FIGURE_MM)
            for index, figure in enumerate(figures[start : start + across]):
                x = MARGIN_MM + index * width
                self.paper.text(x, self.y - 4, figure.name, 8, colour=FAINT)
                value = self.paper.fitted(figure.value, width - 2, size_pt, bold=True)
                self.paper.text(x, self.y - 9.5, value, size_pt, bold=True)
                for line, text in enumerate(self.paper.wrapped(figure.note, width - 3, 7.5)[:2]):
                    self.paper.text(x, self.y - 13.5 - 3.2 * line, text, 7.5, colour=FAINT)
            self.y -= FIGURE_MM

    def bar(self, lines: Iterable[BalanceLine]) -> None:
        """The parts side by side, as long as their shares."""
        self.room(9)
        x = MARGIN_MM
        for line in lines:
            width = max(line.share, 0.0) * INNER_MM
            colour = PLACE_COLOURS[line.part]
            self.paper.rectangle(x, self.y - 6, width, 6, stroke=None, fill=colour)
            x += width
        self.y -= 8

    def table(self, table: PageTable, *, chips: Sequence[str] = ()) -> None:
        """A table as wide as the page, its head again on every further page; with ``chips``, a colour before each
        row."""
        widths = self._widths(table)
        self._head(table, widths)
        for index, row in enumerate(table.rows):
            if self.y - 5 < MARGIN_MM:
                self._new_page()
                self._head(table, widths)
            self._row(row, table.columns, widths)
            if chips:
                self.paper.rectangle(MARGIN_MM - CHIP_MM, self.y + 1, 2.6, 2.6, stroke=None, fill=chips[index])
        if table.total:
            self.room(6)
            self.paper.lines([[(MARGIN_MM, self.y), (MARGIN_MM + INNER_MM, self.y)]], width_mm=0.4, stroke=INK)
            self._row(table.total, table.columns, widths, bold=True)
        self.y -= 1

    def _widths(self, table: PageTable) -> list[float]:
        """What numbers need; the rest of the page is the names', or shared by the columns whose texts wrap."""
        if any(column.wraps for column in table.columns):
            return self._wrapped_widths(table)
        needed = []
        for index, column in enumerate(table.columns):
            rows = [*table.rows, *([table.total] if table.total else [])]
            texts = [column.title, column.unit, *(row[index].text for row in rows)]
            needed.append(max(self.paper.text_width_mm(text, 7.5, bold=True) for text in texts) + 2.5)
        first = max(INNER_MM - sum(needed[1:]), 20.0)
        rest = (INNER_MM - first) / sum(needed[1:]) if len(needed) > 1 else 1.0
        return [first, *(min(rest, 1.0) * width for width in needed[1:])]

    def _wrapped_widths(self, table: PageTable) -> list[float]:
        """No column less wide than its longest word, up to WORD_MM, and those that wrap wider as far as the page
        goes."""
        least, natural = [], []
        for index, column in enumerate(table.columns):
            gap = GAP_MM if column.numeric else 2 * GAP_MM
            texts = [column.title, column.unit, *(row[index].text for row in table.rows)]
            words = [word for text in texts for word in (words_of(text) if column.wraps else [text])]
            longest = max(self.paper.text_width_mm(word, 7.5, bold=True) for word in words)
            least.append((min(longest, WORD_MM) if column.wraps else longest) + gap)
            natural.append(max(self.paper.text_width_mm(text, 7.5, bold=True) for text in texts) + gap)
        spare = INNER_MM - sum(least)
        if spare <= 0:
            return [INNER_MM / sum(least) * width for width in least]
        wishes = [more - width for width, more in zip(least, natural, strict=True)]
        share = spare / sum(wishes) if sum(wishes) else 0.0
        return [width + share * wish for width, wish in zip(least, wishes, strict=True)]

    def _head(self, table: PageTable, widths: list[float]) -> None:
        self.room(16)
        self.y -= 8
        self._cells([PageCell(c.title) for c in table.columns], table.columns, widths, self.y + 3.2, FAINT, bold=True)
        self._cells([PageCell(c.unit) for c in table.columns], table.columns, widths, self.y, FAINT)
        self.y -= 1.6
        self.paper.lines([[(MARGIN_MM, self.y), (MARGIN_MM + INNER_MM, self.y)]], width_mm=0.2, stroke=FAINT)

    def _row(
        self, row: Sequence[PageCell], columns: Sequence[PageColumn], widths: list[float], *, bold: bool = False
    ) -> None:
        lines = [
            (self.paper.wrapped(cell.text, width - 1.5 - GAP_MM, 7.5, bold=True) if column.wraps else [cell.text])
            or [""]
            for cell, column, width in zip(row, columns, widths, strict=True)
        ]
        most = max(map(len, lines))
        self.room(4.8 + 3.4 * (most - 1))
        self.y -= 4.8
        for number in range(most):
            cells = [
                PageCell(text[number] if number < len(text) else "", alarm=c.alarm)
                for text, c in zip(lines, row, strict=True)
            ]
            self.y -= 3.4 if number else 0.0
            self._cells(cells, columns, widths, self.y + 1.3, INK, bold=bold)
        self.paper.lines([[(MARGIN_MM, self.y), (MARGIN_MM + INNER_MM, self.y)]], width_mm=0.1, stroke=LINE)

    def _cells(
        self,
        cells: Sequence[PageCell],
        columns: Sequence[PageColumn],
        widths: list[float],
        y: float,
        colour: str,
        *,
        bold: bool = False,
    ) -> None:
        x = MARGIN_MM
        indent = GAP_MM if any(column.wraps for column in columns) else 0.0
        for cell, column, width in zip(cells, columns, widths, strict=True):
            text = self.paper.fitted(cell.text, width - 1.5, 7.5, bold=bold)
            start = x + indent
            at, align = (x + width, "right") if column.numeric else (start, "left")
            ink = ALARM if cell.alarm else colour
            self.paper.text(at, y, text, 7.5, bold=bold, align=align, colour=ink)  # type: ignore[arg-type]
            x += width

    def marker(self, sheet: MarkerSheet) -> None:
        """A marker with its figures, together on one page."""
        fabric = sheet.marker.fabric
        length = sheet.marker.length_mm or fabric.width_mm / 2
        height = min(MARKER_MM, INNER_MM / length * fabric.width_mm)
        self.room(height + 38 + FIGURE_MM * ((len(sheet.figures) - 1) // 7))
        self.heading(sheet.title)
        self.paragraph(sheet.subtitle)
        if sheet.warning:
            self.paragraph(sheet.warning, colour=ALARM)
        self.y -= 2
        self.figures(sheet.figures, 7)
        draw_small(self.paper, sheet.marker, MARGIN_MM, self.y - height, (INNER_MM, height), sheet.splices)
        self.y -= height + 2
