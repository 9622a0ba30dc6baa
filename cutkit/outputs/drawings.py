"""A marker as picture, as DXF, as PDF at full size, and as a page with its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cutkit.outputs.names import marker_title

if TYPE_CHECKING:
    from cutkit.formats.pdf.marker import PageKind
    from cutkit.report.summary import Cut

DrawingKind = Literal["svg", "dxf", "pdf", "html"]
DRAWINGS: tuple[DrawingKind, ...] = ("svg", "dxf", "pdf", "html")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What is to be drawn: a marker with its file's path and how it is cut (for the page with its figures), the day to
    be shown, and a PDF's pages."""

    cut: Cut
    date: str
    pdf_page: PageKind = "roll"

    def of(self, kind: DrawingKind) -> bytes:
        """The file; LimitError where a PDF would be too large."""
        return {"svg": self._svg, "dxf": self._dxf, "pdf": self._pdf, "html": self._html}[kind]()

    def _svg(self) -> bytes:
        from cutkit.formats.svg.marker import marker_svg

        return marker_svg(self.cut.marker, date=self.date).encode()

    def _dxf(self) -> bytes:
        from cutkit.formats.dxf.marker import marker_dxf

        return marker_dxf(self.cut.marker).encode()

    def _pdf(self) -> bytes:
        from cutkit.formats.pdf.marker import marker_pdf

        return marker_pdf(self.cut.marker, title=marker_title(self.cut.path), date=self.date, page=self.pdf_page)

    def _html(self) -> bytes:
        from cutkit.formats.html.report import report_html
        from cutkit.outputs.report_page import report_page
        from cutkit.report.summary import summarize

        return report_html(report_page(summarize([self.cut]), date=self.date)).encode()
