"""What a PDF page shows, read back with pypdf: every path that is painted and every text, in millimetres on the page.

An interpreter of its own of the few operators that matter: frames, matrices, paths, clips, texts, and shapes used by
name.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ContentStream

MM_PER_POINT = 25.4 / 72
Matrix = tuple[float, float, float, float, float, float]
UNIT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class DrawnPath:
    """The points of a painted path, in mm from the page's lower left corner, and the clips that hold for it."""

    points: tuple[tuple[float, float], ...]
    clips: tuple[tuple[float, float, float, float], ...]


@dataclass
class DrawnPage:
    """A page's size in mm, its paths, and its texts with their places."""

    width_mm: float
    height_mm: float
    user_unit: float
    paths: list[DrawnPath] = field(default_factory=list)
    texts: list[tuple[str, float, float]] = field(default_factory=list)


def read_pages(data: bytes) -> list[DrawnPage]:
    """All pages of a PDF."""
    reader = PdfReader(io.BytesIO(data), strict=True)
    pages = []
    for page in reader.pages:
        box = page.mediabox
        drawn = DrawnPage(
            float(box.width) * MM_PER_POINT, float(box.height) * MM_PER_POINT, float(page.get("/UserUnit", 1.0))
        )
        content = page.get_contents()
        _Interpreter(reader, drawn).run(content.get_data(), page["/Resources"], UNIT, ())
        pages.append(drawn)
    return pages


def texts_of(data: bytes) -> list[str]:
    """The text of every page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


def _after(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    A, B, C, D, E, F = then
    return (a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F)


def _at(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return (a * x + c * y + e) * MM_PER_POINT, (b * x + d * y + f) * MM_PER_POINT


@dataclass
class _Interpreter:
    reader: PdfReader
    page: DrawnPage

    def run(self, data: bytes, resources: Any, matrix: Matrix, clips: tuple[Any, ...]) -> None:
        stream = ContentStream(None, self.reader)
        stream.set_data(data)
        stack: list[tuple[Matrix, tuple[Any, ...]]] = []
        points: list[tuple[float, float]] = []
        clipping = False
        text_at: Matrix = UNIT
        for operands, operator in stream.operations:
            name = operator.decode()
            if name == "q":
                stack.append((matrix, clips))
            elif name == "Q":
                matrix, clips = stack.pop()
            elif name == "cm":
                matrix = _after(tuple(map(float, operands)), matrix)  # type: ignore[arg-type]
            elif name in ("m", "l"):
                points.append(_at(matrix, *map(float, operands)))
            elif name == "c":
                points.append(_at(matrix, *map(float, operands[4:])))
            elif name == "re":
                x, y, w, h = map(float, operands)
                points += [_at(matrix, x, y), _at(matrix, x + w, y), _at(matrix, x + w, y + h), _at(matrix, x, y + h)]
            elif name in ("W", "W*"):
                clipping = True
            elif name in ("S", "s", "f", "f*", "B", "B*", "b", "b*", "n"):
                if clipping:
                    xs, ys = zip(*points, strict=True)
                    clips = (*clips, (min(xs), min(ys), max(xs), max(ys)))
                elif name != "n":
                    self.page.paths.append(DrawnPath(tuple(points), clips))
                points, clipping = [], False
            elif name == "Tm":
                text_at = tuple(map(float, operands))  # type: ignore[assignment]
            elif name == "Tj":
                text = operands[0]
                shown = text if isinstance(text, str) else text.decode("latin-1")
                self.page.texts.append((shown, *_at(matrix, text_at[4], text_at[5])))
            elif name == "Do":
                form = resources["/XObject"][operands[0]].get_object()
                own = tuple(map(float, form.get("/Matrix", UNIT)))
                self.run(form.get_data(), form.get("/Resources", {}), _after(own, matrix), clips)  # type: ignore[arg-type]
