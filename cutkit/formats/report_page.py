"""A report as a page has it, ready to be set: texts, tables and markers to draw. HTML and PDF are made of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shapely.geometry.base import BaseGeometry

from cutkit.formats.svg.colours import fills_of
from cutkit.model import Marker, OrderedPiece, Placement

PLACE_COLOURS: Mapping[str, str] = {
    "pieces": "#3E8E7E",
    "between": "#D9772B",
    "cutouts": "#B7476B",
    "edges": "#E0B23C",
    "marker_ends": "#7A6BB5",
    "selvedges": "#8C8574",
    "end_allowance": "#5C84B1",
    "splices": "#4FA3B8",
    "flaws": "#B3342D",
    "remnants": "#9DB68C",
    "unaccounted": "#555555",
}
"""What colours the parts of the cloth, in bars and in the markers themselves."""


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the large figures: its name, its value, and in small what explains it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PageColumn:
    """A column of a table; numbers are set to the right and sorted by value."""

    title: str
    unit: str = ""
    numeric: bool = True
    wraps: bool = False
    """Whether its texts may take several lines."""


@dataclass(frozen=True, slots=True)
class PageCell:
    """A cell's text, what it is sorted by (its text if None), the section of the page that it leads to, and whether
    somebody has to look at it."""

    text: str
    value: float | None = None
    anchor: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class PageTable:
    """Rows under their columns, and perhaps a last row that sums them up. ``lead`` is said before them; ``cards``: a
    narrow screen has each row below the other, every cell with its column's title."""

    title: str
    columns: tuple[PageColumn, ...]
    rows: tuple[tuple[PageCell, ...], ...]
    total: tuple[PageCell, ...] = ()
    lead: str = ""
    cards: bool = False


@dataclass(frozen=True, slots=True)
class PageItem:
    """Something to be told: what it is about, its state, why, and what to do. ``facts`` are names with what there is to
    tell of each, a line each; ``danger`` is what must not be done."""

    name: str
    state: str
    reason: str
    todo: str = ""
    alarm: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    danger: str = ""


@dataclass(frozen=True, slots=True)
class PageList:
    """Things to be told, under one title; ``lead`` is said before them."""

    title: str
    items: tuple[PageItem, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What the page answers before all else, in a few lines: the question, the answer, names with what there is to tell
    of each, a last word, and what comes next, which a narrow screen leaves out. ``anchor`` is the section that tells
    more, ``alarm`` whether somebody has to act, ``items`` what has more to it than a line."""

    question: str
    answer: str
    lines: tuple[tuple[str, str], ...] = ()
    note: str = ""
    then: tuple[tuple[str, str], ...] = ()
    anchor: str = ""
    alarm: bool = False
    items: tuple[PageItem, ...] = ()


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A part of the cloth issued: its key in PLACE_COLOURS, its name, area and share (a fraction), and its cost in the
    page's currency."""

    part: str
    name: str
    area_mm2: float
    share: float
    cost: str = ""


@dataclass(frozen=True)
class MarkerSheet:
    """A marker with its own figures. ``regions`` are the places of its waste, by their key in PLACE_COLOURS;
    ``splices`` are the bands (x0, x1) in which a ply may end and the next one begin; None: the usual ones."""

    anchor: str
    title: str
    subtitle: str
    figures: tuple[Headline, ...]
    balance: tuple[BalanceLine, ...]
    marker: Marker
    regions: Mapping[str, BaseGeometry] = field(default_factory=dict)
    warning: str = ""
    splices: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True)
class ReportPage:
    """The whole report. ``check`` says how well the balance closes, ``notes`` what words mean and who says so.

    ``answers`` stand side by side at the top, and ``first`` comes after them, before all else. ``currency`` is empty
    where no cost is known.
    """

    title: str
    subtitle: str
    headlines: tuple[Headline, ...]
    balance: tuple[BalanceLine, ...]
    currency: str
    check: str
    tables: tuple[PageTable, ...]
    sheets: tuple[MarkerSheet, ...]
    notes: tuple[str, ...]
    first: tuple[PageTable | PageList, ...] = ()
    answers: tuple[PageAnswer, ...] = ()


def section_anchor(number: int) -> str:
    """What an answer leads to that is told of in one of the ``first`` sections, from 1."""
    return f"first-{number}"


@dataclass(frozen=True)
class PieceFills:
    """What colours the pieces of a marker: their size where there are several, else their bundle."""

    by_size: bool
    fills: Mapping[str, str]

    def of(self, piece: OrderedPiece, placement: Placement) -> str:
        """The fill of one placement."""
        return self.fills[piece.size if self.by_size else str(placement.bundle)]


def piece_fills(marker: Marker) -> PieceFills:
    """The fills of a marker's pieces; the same that its picture has."""
    sizes = list(dict.fromkeys(piece.size for piece in marker.pieces))
    by_size = len(sizes) > 1
    return PieceFills(by_size, fills_of(sizes if by_size else [str(bundle) for bundle in marker.bundles]))
