"""The sheet a picture is drawn on: its unit, its texts, and things laid in a row that goes on below when it is full."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cutkit.formats.svg.pieces import INK, number
from cutkit.formats.svg.text import FONT_FAMILY, clean_text, shorten_to, text_width_em

TEXT = "#1A1A1A"
FAINT = "#5F5F5F"
ALARM = "#B00020"


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a flow: its width in mm, and how to draw it with its left end at (x, y) on the text's baseline."""

    width_mm: float
    draw: Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawing in millimetres, y downwards. ``unit_mm`` is the size of its body text: all else is in proportion."""

    drawing: Any
    unit_mm: float
    left_mm: float
    inner_mm: float

    def text(self, x: float, y: float, text: str, size: float = 1.0, **attributes: Any) -> Any:
        """Add a text with its baseline at (x, y); ``size`` is in units of the sheet."""
        shown = clean_text(text)
        element = self.drawing.text(shown, insert=(number(x), number(y)), font_size=number(size * self.unit_mm))
        element.update({"fill": TEXT} | attributes)
        return self.drawing.add(element)

    def text_width_mm(self, text: str, size: float = 1.0, *, bold: bool = False) -> float:
        """An upper bound of the width of a text of that size."""
        return text_width_em(clean_text(text), bold=bold) * size * self.unit_mm

    def line(
        self, x0: float, y0: float, x1: float, y1: float, width: float = 0.05, colour: str = TEXT, **more: str
    ) -> Any:
        """Add a straight line; ``width`` is in units of the sheet, ``more`` are attributes of the element."""
        line = self.drawing.line((number(x0), number(y0)), (number(x1), number(y1)))
        line.update({"stroke": colour, "stroke_width": number(width * self.unit_mm)} | more)
        return self.drawing.add(line)

    def flow(self, items: Iterable[Item], y: float, *, gap: float, row: float) -> float:
        """Draw items side by side, on further rows where one is full; the baseline below the last row comes back.

        ``gap`` and ``row`` are in units of the sheet.
        """
        x = self.left_mm
        for item in items:
            if x > self.left_mm and x + item.width_mm > self.left_mm + self.inner_mm:
                x, y = self.left_mm, y + row * self.unit_mm
            item.draw(x, y)
            x += item.width_mm + gap * self.unit_mm
        return y + row * self.unit_mm


def new_drawing() -> Any:
    """An empty SVG drawing without a size of its own: a viewer fits it into its window."""
    import svgwrite

    # The validator of svgwrite makes it ten times slower; what is written here is tested instead.
    drawing = svgwrite.Drawing(size=("100%", "100%"), debug=False)
    drawing.update({"font_family": FONT_FAMILY})
    return drawing


def figure_item(sheet: Sheet, name: str, value: str) -> Item:
    """A figure under its name; a long one ends in an ellipsis."""
    room = 0.8 * sheet.inner_mm / (1.15 * sheet.unit_mm)
    shown = shorten_to(clean_text(value), room, bold=True)
    width = max(sheet.text_width_mm(name, 0.72), sheet.text_width_mm(shown, 1.15, bold=True))

    def draw(x: float, y: float) -> None:
        sheet.text(x, y - 0.35 * sheet.unit_mm, name, 0.72, fill=FAINT)
        sheet.text(x, y + sheet.unit_mm, shown, 1.15, font_weight="bold")

    return Item(width, draw)


def swatch_item(sheet: Sheet, fill: str, text: str) -> Item:
    """What a fill stands for."""
    u = sheet.unit_mm

    def draw(x: float, y: float) -> None:
        rect = sheet.drawing.rect((number(x), number(y - 0.85 * u)), (number(1.6 * u), number(1.05 * u)), fill=fill)
        rect.update({"stroke": INK, "stroke_width": number(0.03 * u)})
        sheet.drawing.add(rect)
        sheet.text(x + 2.1 * u, y, text, 0.95)

    return Item(2.1 * u + sheet.text_width_mm(text, 0.95), draw)


def plain_item(sheet: Sheet, text: str) -> Item:
    """A remark."""

    def draw(x: float, y: float) -> None:
        sheet.text(x, y, text, 0.95, fill=FAINT)

    return Item(sheet.text_width_mm(text, 0.95), draw)
