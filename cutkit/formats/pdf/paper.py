"""Pages of a PDF in millimetres, y upwards: texts, lines, and shapes that are drawn once and used often.

No page is longer than LONGEST_PAGE_MM. PDF 1.6 knows a way beyond (UserUnit), which readers and plotters ignore too
often: they print at half the size without a word. What is longer is laid on several pages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from cutkit import __version__
from cutkit.formats.svg.text import clean_text
from cutkit.model import Point

POINTS_PER_MM = 72 / 25.4
LONGEST_PAGE_MM = 5080.0
"""14,400 units of 1/72 inch."""
Align = Literal["left", "middle", "right"]
INK, FAINT, LINE, ALARM = "#1A1A1A", "#5F5F5F", "#C9C5BA", "#B00020"
_ENCODING = "cp1252"
"""What the fonts that every reader has can write; other texts need a font of this machine."""
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts/Supplemental")
_FONT_FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "Arial Unicode.ttf",
    "DroidSansFallbackFull.ttf",
    "wqy-zenhei.ttc",
)


def words_of(text: str) -> list[str]:
    """What a line may be broken between: words, and those that a no-break space keeps together as one."""
    return [word.replace("\u00a0", " ") for word in clean_text(text).split(" ") if word]


class Paper:
    """A PDF that is being drawn. Coordinates and sizes are in millimetres, sizes of text in points."""

    def __init__(self, title: str) -> None:
        from reportlab.pdfgen.canvas import Canvas

        self._bytes = BytesIO()
        # invariant: no time and no random id, so that the same marker gives the same bytes.
        self._canvas: Any = Canvas(self._bytes, pageCompression=1, invariant=1)
        self._canvas.setTitle(clean_text(title))
        self._canvas.setCreator(f"cutkit {__version__}")
        self._canvas.setViewerPreference("PrintScaling", "None")
        self._open = False
        self.width_mm = self.height_mm = 0.0

    def new_page(self, width_mm: float, height_mm: float) -> None:
        """Begin a page of this size, at most LONGEST_PAGE_MM either way."""
        if max(width_mm, height_mm) > LONGEST_PAGE_MM + 1e-6:
            raise ValueError(f"a page of {width_mm:g} x {height_mm:g} mm is larger than PDF has them")
        if self._open:
            self._canvas.showPage()
        self._open = True
        self.width_mm, self.height_mm = width_mm, height_mm
        self._canvas.setPageSize((width_mm * POINTS_PER_MM, height_mm * POINTS_PER_MM))
        self._canvas.setLineJoin(1)
        self._canvas.setLineCap(1)

    def finish(self) -> bytes:
        """The file."""
        self._canvas.save()
        return self._bytes.getvalue()

    # ------------------------------------------------------------------------------------------------------ drawing

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size_pt: float = 9.0,
        *,
        bold: bool = False,
        align: Align = "left",
        colour: str = INK,
    ) -> None:
        """A line of text with its baseline at (x, y)."""
        shown, font = _writable(text, bold)
        self._canvas.setFont(font, size_pt)
        self._canvas.setFillColor(colour)
        draw = {"left": "drawString", "middle": "drawCentredString", "right": "drawRightString"}[align]
        getattr(self._canvas, draw)(x * POINTS_PER_MM, y * POINTS_PER_MM, shown)

    def text_width_mm(self, text: str, size_pt: float = 9.0, *, bold: bool = False) -> float:
        """The width that a text takes."""
        shown, font = _writable(text, bold)
        return float(self._canvas.stringWidth(shown, font, size_pt)) / POINTS_PER_MM

    def fitted(self, text: str, width_mm: float, size_pt: float = 9.0, *, bold: bool = False) -> str:
        """The text, cut and ended by dots where it is wider than that."""
        if self.text_width_mm(text, size_pt, bold=bold) <= width_mm:
            return text
        while text and self.text_width_mm(text + "...", size_pt, bold=bold) > width_mm:
            text = text[:-1].rstrip()
        return text + "..."

    def wrapped(self, text: str, width_mm: float, size_pt: float = 9.0, *, bold: bool = False) -> list[str]:
        """The text on lines of that width, broken at blanks (not at those that do not break); a longer word goes on on
        the next line."""
        lines: list[str] = []
        for word in words_of(text):
            joined = f"{lines[-1]} {word}" if lines else word
            if lines and self.text_width_mm(joined, size_pt, bold=bold) <= width_mm:
                lines[-1] = joined
            else:
                lines += self._broken(word, width_mm, size_pt, bold)
        return lines

    def _broken(self, word: str, width_mm: float, size_pt: float, bold: bool) -> list[str]:
        """A word in parts of that width, each as long as it can be, and ending at a hyphen or the like where it has
        one."""
        parts = []
        while self.text_width_mm(word, size_pt, bold=bold) > width_mm and len(word) > 1:
            end = len(word) - 1
            while end > 1 and self.text_width_mm(word[:end], size_pt, bold=bold) > width_mm:
                end -= 1
            at = max(word.rfind(mark, 0, end) for mark in "-_./") + 1
            end = at if at > end // 3 else end
            parts.append(word[:end])
            word = word[end:]
        return [*parts, word]

    def lines(
        self,
        lines: Iterable[Iterable[Point]],
        *,
        width_mm: float = 0.25,
        stroke: str | None = INK,
        fill: str | None = None,
        closed: bool = False,
        dash_mm: tuple[float, ...] = (),
    ) -> None:
        """Lines through points, as one path; closed ones may be filled, by the even-odd rule."""
        path = self._canvas.beginPath()
        for line in lines:
            start, *others = [(x * POINTS_PER_MM, y * POINTS_PER_MM) for x, y in line]
            path.moveTo(*start)
            for point in others:
                path.lineTo(*point)
            if closed:
                path.close()
        self._canvas.setLineWidth(width_mm * POINTS_PER_MM)
        self._canvas.setDash([dash * POINTS_PER_MM for dash in dash_mm])
        if stroke is not None:
            self._canvas.setStrokeColor(stroke)
        if fill is not None:
            self._canvas.setFillColor(fill)
        self._canvas.drawPath(path, stroke=int(stroke is not None), fill=int(fill is not None), fillMode=0)

    def rectangle(self, x: float, y: float, width: float, height: float, **style: Any) -> None:
        """A rectangle from its lower left corner."""
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        self.lines([corners], closed=True, **style)

    # --------------------------------------------------------------------------------- frames, shapes used often

    @contextmanager
    def moved(self, x: float, y: float, *, turn_deg: float = 0.0, scale: float = 1.0) -> Iterator[None]:
        """Within it, the origin is at (x, y), all turned counter-clockwise, then scaled."""
        self._canvas.saveState()
        self._canvas.translate(x * POINTS_PER_MM, y * POINTS_PER_MM)
        if turn_deg:
            self._canvas.rotate(turn_deg)
        if scale != 1.0:
            self._canvas.scale(scale, scale)
        yield
        self._canvas.restoreState()

    @contextmanager
    def clipped(self, x: float, y: float, width: float, height: float) -> Iterator[None]:
        """Within it, nothing is drawn outside of this rectangle."""
        self._canvas.saveState()
        path = self._canvas.beginPath()
        path.rect(*(value * POINTS_PER_MM for value in (x, y, width, height)))
        self._canvas.clipPath(path, stroke=0, fill=0)
        yield
        self._canvas.restoreState()

    @contextmanager
    def shape(self, name: str, bounds: tuple[float, float, float, float]) -> Iterator[None]:
        """What is drawn within it is kept under a name, to be used on any page; it lies within ``bounds``."""
        self._canvas.beginForm(name, *(value * POINTS_PER_MM for value in bounds))
        self._canvas.setLineJoin(1)
        self._canvas.setLineCap(1)
        yield
        self._canvas.endForm()

    def use(self, name: str, matrix: tuple[float, float, float, float, float, float] | None = None) -> None:
        """Draw a shape; by a matrix as ``Placement.matrix`` has it, if one is given."""
        self._canvas.saveState()
        if matrix is not None:
            a, b, d, e, x, y = matrix
            self._canvas.transform(a, d, b, e, x * POINTS_PER_MM, y * POINTS_PER_MM)
        self._canvas.doForm(name)
        self._canvas.restoreState()


def _writable(text: str, bold: bool) -> tuple[str, str]:
    """The text as it can be written, and the font: Helvetica where it has all signs, else a font of this machine that
    has them, else Helvetica with accents left off and question marks for the rest."""
    text = clean_text(text)
    plain = "Helvetica-Bold" if bold else "Helvetica"
    if all(map(_is_plain, text)):
        return text, plain
    other = next((name for name, signs in _other_fonts() if signs.issuperset(map(ord, text))), None)
    return (text, other) if other else (_reduced(text), plain)


def _reduced(text: str) -> str:
    parts = (char if _is_plain(char) else unicodedata.normalize("NFD", char)[0] for char in text)
    return "".join(parts).encode(_ENCODING, "replace").decode(_ENCODING)


def _is_plain(char: str) -> bool:
    try:
        char.encode(_ENCODING)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache
def _other_fonts() -> tuple[tuple[str, frozenset[int]], ...]:
    """Fonts with more signs that this machine has, of those known, with their signs; one is embedded where a name needs
    it."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    fonts = []
    for name in _FONT_FILES:
        for folder in filter(Path.is_dir, map(Path, _FONT_FOLDERS)):
            for path in sorted(folder.rglob(name))[:1]:
                try:
                    font = TTFont(f"cutkit-{path.stem}", str(path))
                    pdfmetrics.registerFont(font)
                except (TTFError, OSError):
                    continue
                fonts.append((font.fontName, frozenset(font.face.charToGlyph)))
    return tuple(fonts)
