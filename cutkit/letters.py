"""A single-stroke font for a pen, where a label finds room in a piece, and what the label of a placement says.

What is written is written here alone: ``cut`` makes strokes of it, and the judge of a run looks for the same lines.

Capitals, digits and the signs that piece names use, on a grid 4 wide and 6 high; small letters are drawn as capitals,
accents are left off, and a character without a glyph is drawn as a box, so that nobody mistakes it for a space.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import shapely
from shapely.geometry import Polygon, box

from cutkit.model import Mark, OrderedPiece, Placement, Point, cos_sin_deg

GRID_HEIGHT = 6
GRID_WIDTH = 4
ADVANCE = 6
LINE_PITCH = 10
HEIGHTS_MM = (12.0, 9.0, 7.0, 5.0, 4.0, 3.0)
"""The heights a label is tried in; below the last it could not be read."""
EDGE_MM = 2.0
"""What a label keeps from the edge of its piece."""
TEXT_MM = 4.0
"""The height of a pattern's own texts on paper."""

Lines = list[tuple[Point, ...]]

_BOX = "0006464000"
_GLYPHS = {
    " ": "",
    "A": "0004264440 0242",
    "B": "00063645443303 3342413000",
    "C": "4536160501103041",
    "D": "00063645413000",
    "E": "40000646 0333",
    "F": "000646 0333",
    "G": "45361605011030414323",
    "H": "0006 4046 0343",
    "I": "1030 2026 1636",
    "J": "4641301001",
    "K": "0006 4602 1340",
    "L": "060040",
    "M": "0006234640",
    "N": "00064046",
    "O": "100105163645413010",
    "P": "00063645443303",
    "Q": "100105163645413010 2240",
    "R": "00063645443303 2340",
    "S": "453616050413334241301001",
    "T": "0646 2026",
    "U": "060110304146",
    "V": "062046",
    "W": "0610233046",
    "X": "0046 0640",
    "Y": "062346 2320",
    "Z": "06460040",
    "0": "100105163645413010 0145",
    "1": "152620 1030",
    "2": "05163645440040",
    "3": "05163645443313 334241301001",
    "4": "30360242",
    "5": "460603334241301001",
    "6": "453616050110304142331302",
    "7": "064610",
    "8": "13040516364544331302011030414233",
    "9": "011030414536160504133344",
    "-": "1333",
    "_": "0040",
    ".": "2021",
    ",": "2110",
    ":": "2122 2425",
    ";": "2210 2425",
    "/": "0046",
    "\\": "0640",
    "+": "0343 2125",
    "=": "0242 0444",
    "(": "36252130",
    ")": "16252110",
    "#": "1016 3036 0242 0444",
    "*": "0343 1135 1531",
    "'": "2526",
    '"': "1516 3536",
    "&": "4006051625240201102043",
    "%": "0046 0506 4041",
    "!": "2021 2226",
    "?": "051636454322 2021",
}


def placement_label(piece: OrderedPiece, placement: Placement) -> Lines | None:
    """Name, size and bundle as lines on the table, turned with the piece but never mirrored; None: no room for it."""
    size = f"{piece.size}  " if piece.size else ""
    lines = _label_in((piece.name, f"{size}#{placement.bundle}"), piece.outline, placement.mirrored)
    if lines is None:
        return None
    turned = Placement("", 0, placement.x_mm, placement.y_mm, placement.angle_deg)
    return [turned.points(line) for line in lines]


@lru_cache(maxsize=4096)
def _label_in(rows: tuple[str, ...], outline: Polygon, mirrored: bool) -> tuple[tuple[Point, ...], ...] | None:
    """The label's lines in the coordinates of a piece, which lies mirrored already."""
    lying = Placement("", 0, 0.0, 0.0, 0.0, mirrored).polygon(outline) if mirrored else outline
    lines = label_lines(list(rows), lying)
    return None if lines is None else tuple(lines)


def mark_text(mark: Mark, placement: Placement) -> Lines:
    """A pattern's own text as lines on the table, from the mark's point on, along the mark's direction there."""
    a, b, d, e, _, _ = placement.matrix
    u, v = cos_sin_deg(mark.angle_deg or 0.0)
    c, s = a * u + b * v, d * u + e * v
    ((x, y),) = placement.points(mark.points[:1])
    lines = text_lines(mark.text or "", TEXT_MM)
    return [tuple((x + c * px - s * py, y + s * px + c * py) for px, py in line) for line in lines]


def text_lines(text: str, height_mm: float) -> Lines:
    """The pen lines of one line of text, its lower left corner at (0, 0), running along +x."""
    scale = height_mm / GRID_HEIGHT
    lines = []
    for place, sign in enumerate(_drawable(text)):
        for digits in _GLYPHS.get(sign, _BOX).split():
            grid = zip(digits[::2], digits[1::2], strict=True)
            lines.append(tuple(((int(x) + place * ADVANCE) * scale, int(y) * scale) for x, y in grid))
    return lines


def text_width_mm(text: str, height_mm: float) -> float:
    """How long one line of text is, without the space after its last character."""
    count = len(_drawable(text))
    return max(0, count * ADVANCE - (ADVANCE - GRID_WIDTH)) * height_mm / GRID_HEIGHT


def label_lines(rows: list[str], outline: Polygon) -> Lines | None:
    """The pen lines of a label of some rows in the middle of ``outline``, or of its widest spot, running along +x.

    It is drawn as large as fits with ``EDGE_MM`` of cloth around it, all in one row where that is larger; None where
    even the smallest does not fit.
    """
    spots = [outline.centroid.coords[0], shapely.maximum_inscribed_circle(outline, tolerance=1.0).coords[0]]
    room = outline.buffer(-EDGE_MM)
    for height in HEIGHTS_MM:
        for layout in (rows, [" ".join(rows)]):
            width = max(text_width_mm(row, height) for row in layout)
            tall = (GRID_HEIGHT + LINE_PITCH * (len(layout) - 1)) * height / GRID_HEIGHT
            for x, y in spots:
                if room.covers(box(x - width / 2, y - tall / 2, x + width / 2, y + tall / 2)):
                    return _rows_at(layout, (x, y + tall / 2 - height), height)
    return None


def _rows_at(rows: list[str], top: Point, height_mm: float) -> Lines:
    """Rows one below the other, centred on ``top``, which is the middle of the first row's base line."""
    lines: Lines = []
    for number, row in enumerate(rows):
        left = top[0] - text_width_mm(row, height_mm) / 2
        base = top[1] - number * LINE_PITCH * height_mm / GRID_HEIGHT
        lines += [tuple((x + left, y + base) for x, y in line) for line in text_lines(row, height_mm)]
    return lines


def _drawable(text: str) -> str:
    """Capitals without accents, as the font has them."""
    parted = unicodedata.normalize("NFKD", text.upper())
    return "".join(c for c in parted if not unicodedata.combining(c))
