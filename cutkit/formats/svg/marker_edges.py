"""What stands at the edges of the cloth in a marker's picture: tapes, the scale bar, the nap, and the names of folds,
zones, sections and splices."""

from __future__ import annotations

from dataclasses import dataclass

from cutkit.formats.svg.page import FAINT, TEXT, Sheet
from cutkit.formats.svg.pieces import number, path_of
from cutkit.formats.svg.rules import SPLICE, RuledCloth
from cutkit.formats.svg.text import clean_text, shorten_to
from cutkit.model import Point

SCALE_BARS = {100.0: "10 cm", 10.0: "1 cm", 1.0: "1 mm"}
_TAG = 0.8
"""The size of texts at the cloth's edges, in text units."""
_SPLICE_ROOM, _SECTION_ROOM = 0.8, 1.2
"""The room above the cloth for splices and for the names of sections, in text units."""
_TOUCH_MM = 1e-6


@dataclass(frozen=True, slots=True)
class ClothFrame:
    """Where the cloth lies on the sheet, whose y runs down: its edges from ``start`` to ``end`` and from ``top`` to
    ``bottom``, selvedges and margins and all; the marker's origin at (``left``, ``base``), and ``high``, the upper edge
    of its usable width."""

    start: float
    end: float
    top: float
    bottom: float
    left: float
    base: float
    high: float
    length: float

    @property
    def transform(self) -> str:
        """What turns the marker's coordinates into the sheet's: within it a millimetre is where the marker has it."""
        return f"matrix(1 0 0 -1 {number(self.left)} {number(self.base)})"


def cloth_frame(cloth: RuledCloth, sheet: Sheet, top_mm: float) -> ClothFrame:
    """The cloth below ``top_mm``, where names of sections and splices find room above it."""
    fabric, start = cloth.marker.fabric, sheet.left_mm
    rooms = (_SPLICE_ROOM if cloth.splices else 0.0) + (_SECTION_ROOM if cloth.sections else 0.0)
    top = top_mm + rooms * sheet.unit_mm
    bottom = top + fabric.width_mm
    base = bottom - fabric.selvedge_mm
    end, left = start + cloth.whole_length_mm, start + fabric.start_margin_mm
    return ClothFrame(start, end, top, bottom, left, base, base - fabric.usable_width_mm, cloth.length_mm)


class ClothEdges:
    """Draws round the cloth, outside of it."""

    def __init__(self, cloth: RuledCloth, sheet: Sheet, frame: ClothFrame) -> None:
        self.ruled, self.marker, self.sheet, self.frame = cloth, cloth.marker, sheet, frame
        self.drawing, self.usable = sheet.drawing, cloth.marker.fabric.usable_width_mm

    def tags(self) -> float:
        """Brackets of splices and the sections' garments above the cloth; folds and zones behind its end. What comes
        back is how far to the right they reach."""
        self._splice_brackets()
        self._section_names()
        return self._zone_names(self._fold_names())

    def _splice_brackets(self) -> None:
        u = self.sheet.unit_mm
        low, high = self.frame.top - 0.35 * u, self.frame.top - 0.7 * u
        for x0, x1 in self.ruled.splices:
            a, b = self.frame.left + max(x0, 0.0), self.frame.left + min(x1, self.frame.length)
            if a <= b:
                bracket = self.drawing.path(d=path_of([(a, low), (a, high), (b, high), (b, low)]), fill="none")
                bracket.update({"stroke": SPLICE, "stroke_width": number(0.08 * u), "class": "rule splice"})
                self.drawing.add(bracket)

    def _section_names(self) -> None:
        """The garments of every section over its middle, as many of them as there is room for."""
        u = self.sheet.unit_mm
        y = self.frame.top - (_SPLICE_ROOM if self.ruled.splices else 0.0) * u - 0.4 * u
        for section in self.ruled.sections:
            room = (section.x1_mm - section.x0_mm) / (_TAG * u)
            name = shorten_to(", ".join(f"#{bundle}" for bundle in section.bundles), room)
            if name != "…":
                middle = self.frame.left + (section.x0_mm + section.x1_mm) / 2
                self.sheet.text(middle, y, name, _TAG, text_anchor="middle", fill=FAINT)

    def _fold_names(self) -> float:
        u = self.sheet.unit_mm
        for y in self.marker.fabric.folds_mm:
            self.sheet.text(self.frame.end + 0.5 * u, self.frame.base - y + 0.3 * u, "fold", _TAG, font_weight="bold")
        folds = bool(self.marker.fabric.folds_mm)
        return self.frame.end + (0.5 * u + self.sheet.text_width_mm("fold", _TAG, bold=True) if folds else 0.0)

    def _zone_names(self, x: float) -> float:
        """The zones as brackets behind the end of the cloth, their names along them; overlapping ones side by side."""
        u, ends = self.sheet.unit_mm, list[float]()
        for zone in sorted(self.marker.fabric.zones, key=lambda zone: (zone.y0_mm, zone.y1_mm)):
            y0, y1 = max(zone.y0_mm, 0.0), min(zone.y1_mm, self.usable)
            if y0 >= y1:
                continue
            column = next((k for k, end in enumerate(ends) if end <= y0 + _TOUCH_MM), len(ends))
            ends[column : column + 1] = [y1]
            self._zone_name(zone.name, x + (0.4 + 1.6 * column) * u, y0, y1)
        return x + (0.4 + 1.6 * len(ends)) * u if ends else x

    def _zone_name(self, name: str, x: float, y0: float, y1: float) -> None:
        sheet, u = self.sheet, self.sheet.unit_mm
        low, high = self.frame.base - y0, self.frame.base - y1
        inset = min(0.1 * u, (low - high) / 4)
        ends = [(x, low - inset), (x + 0.3 * u, low - inset), (x + 0.3 * u, high + inset), (x, high + inset)]
        bracket = self.drawing.path(d=path_of(ends), fill="none", stroke=FAINT, stroke_width=number(0.04 * u))
        bracket["class"] = "rule zone"
        self.drawing.add(bracket)
        shown = shorten_to(clean_text(name), (low - high) / (_TAG * u))
        if shown != "…":
            at = x + 1.2 * u, (low + high) / 2
            turned = f"rotate(-90 {number(at[0])} {number(at[1])})"
            sheet.text(*at, shown, _TAG, fill=FAINT, text_anchor="middle", transform=turned)

    def rulers(self) -> float:
        """A tape along the length with metres and decimetres, one across the width, and the scale bar."""
        self._length_ruler()
        self._width_ruler()
        return self._scale_bar()

    def _length_ruler(self) -> None:
        sheet, u = self.sheet, self.sheet.unit_mm
        y = self.frame.bottom + 0.6 * u
        sheet.line(self.frame.left, y, self.frame.left + self.frame.length, y, 0.04)
        fine = u <= 25
        step = 10 if fine else 100
        numbered = 1.8 * u <= 100.0
        for mm in range(0, int(self.frame.length + 1e-6) + 1, step):
            x = self.frame.left + mm
            tick = 1.0 if mm % 1000 == 0 else 0.75 if mm % 500 == 0 else 0.55 if mm % 100 == 0 else 0.25
            sheet.line(x, y, x, y + tick * u, 0.05 if mm % 1000 == 0 else 0.03)
            if mm % 1000 == 0:
                sheet.text(x, y + 2.0 * u, f"{mm // 1000} m", 0.95, text_anchor="middle", font_weight="bold")
            elif numbered and mm % 100 == 0:
                sheet.text(x, y + 1.5 * u, f"{mm % 1000 // 10}", 0.7, text_anchor="middle", fill=FAINT)

    def _width_ruler(self) -> None:
        sheet, u = self.sheet, self.sheet.unit_mm
        x = self.frame.start - 0.6 * u
        sheet.line(x, self.frame.base, x, self.frame.base - self.usable, 0.04)
        for mm in range(0, int(self.usable + 1e-6) + 1, 100):
            tick = 1.0 if mm % 1000 == 0 else 0.75 if mm % 500 == 0 else 0.5
            sheet.line(x, self.frame.base - mm, x - tick * u, self.frame.base - mm, 0.03)
        text = f"usable {self.usable / 10:.1f} cm"
        if sheet.text_width_mm(text, 0.95) < self.usable:
            middle = (number(x - 1.5 * u), number(self.frame.base - self.usable / 2))
            turned = f"rotate(-90 {middle[0]} {middle[1]})"
            sheet.text(float(middle[0]), float(middle[1]), text, 0.95, text_anchor="middle", transform=turned)

    def _scale_bar(self) -> float:
        """Ten centimetres in two halves, black and white, below the right end of the tape (less where the cloth is
        small); the nap at its left end."""
        sheet, u = self.sheet, self.sheet.unit_mm
        y = self.frame.bottom + 3.4 * u
        room = max(self.frame.end - self.frame.start, sheet.inner_mm)
        taken = {size: size + 0.5 * u + sheet.text_width_mm(text, 0.95) for size, text in SCALE_BARS.items()}
        size = next((size for size in SCALE_BARS if taken[size] <= room), min(SCALE_BARS))
        x = sheet.left_mm + room - size
        group = self.drawing.g(id="scale-bar", stroke=TEXT, stroke_width=number(0.04 * u))
        for index, fill in enumerate((TEXT, "#FFFFFF")):
            at = (number(x + index * size / 2), number(y))
            group.add(self.drawing.rect(at, (number(size / 2), number(0.45 * u)), fill=fill))
        self.drawing.add(group)
        sheet.text(x - 0.5 * u, y + 0.5 * u, SCALE_BARS[size], 0.95, text_anchor="end")
        y += 0.5 * u
        if self.marker.fabric.nap != "two-way":
            y = self._nap(y, sheet.left_mm + room - taken[size])
        return y

    def _nap(self, y: float, taken_mm: float) -> float:
        """An arrow along the nap of the cloth, in a row of its own where the scale bar is near."""
        sheet, u = self.sheet, self.sheet.unit_mm
        text, length = "nap of the cloth", 4.0 * u
        if self.frame.left + length + 1.6 * u + sheet.text_width_mm(text, 0.95) > taken_mm:
            y += 1.4 * u
        lines = [[(self.frame.left + px, y - 0.3 * u + py) for px, py in line] for line in _nap_lines(length, u)]
        arrow = self.drawing.path(d=" ".join(map(path_of, lines)), fill="none", stroke=TEXT, id="nap")
        arrow["stroke-width"] = number(0.08 * u)
        self.drawing.add(arrow)
        sheet.text(self.frame.left + length + 0.6 * u, y, text, 0.95)
        return y


def _nap_lines(length: float, u: float) -> list[list[Point]]:
    head = 0.45 * u
    return [[(0.0, 0.0), (length, 0.0)], [(length - head, -head / 2), (length, 0.0), (length - head, head / 2)]]
