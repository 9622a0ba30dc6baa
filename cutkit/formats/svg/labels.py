"""Where a piece's label goes: the largest text that fits inside the piece, along its longest inner direction.

The piece is laid on a grid, once along its grain or its longest side and once across; a summed-area table (Crow 1984)
tells of any box of cells at once whether it lies inside, so the largest font is found by halving. What the grid
proposes is then checked against the outline itself, and shrunk until it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, cos, radians, sin

import numpy as np
import numpy.typing as npt
import shapely
from shapely.affinity import rotate
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from cutkit.formats.svg.text import ASCENT_EM, DESCENT_EM, text_width_em
from cutkit.model import Point

LINE_EM = 1.2
ARROW_EM = 2.2
"""Length of a grain arrow beside its text. Below the text it is as long as the text."""
ARROW_ROOM_EM = 0.7
SIGN_EM = 0.8
"""Room behind the last line of a text for a drawn sign."""
PAD_EM = 0.22
"""Room around a label, so that it does not touch the outline."""
_CELLS = 48
_ORIGIN = (0.0, 0.0)
_NOTHING = Polygon()
_LARGER = 1.25
"""By how much larger a text must become for covering a mark."""


@dataclass(frozen=True, slots=True)
class FontLimits:
    """Font sizes in mm: the largest, the one that reads well, and the one below which a name is given up."""

    largest_mm: float
    good_mm: float
    least_mm: float


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a label; its first ``bold`` lines are bold, and behind the last one there may be a drawn sign.

    ``rank`` 0 has the whole name, 1 an abbreviated one, 2 a number that a key explains.
    """

    lines: tuple[str, ...]
    rank: int
    bold: int = 1
    signed: bool = False

    @property
    def widths_em(self) -> tuple[float, ...]:
        """The width of every line, in font sizes; that of the last one with its sign."""
        widths = [text_width_em(line, bold=index < self.bold) for index, line in enumerate(self.lines)]
        return (*widths[:-1], widths[-1] + self.sign_em)

    @property
    def sign_em(self) -> float:
        """The room of the sign, in font sizes."""
        return SIGN_EM if self.signed else 0.0

    @property
    def width_em(self) -> float:
        """The width of the longest line, in font sizes."""
        return max(self.widths_em)

    @property
    def height_em(self) -> float:
        """From the top of the first line to the bottom of the last, in font sizes."""
        return (len(self.lines) - 1) * LINE_EM + ASCENT_EM + DESCENT_EM


@dataclass(frozen=True, slots=True)
class Label:
    """A label's place in its piece: the box of ``width_mm`` x ``height_mm`` around ``centre`` holds text and arrow.

    ``direction_deg`` is that of the text in the piece as drawn, -90 < a <= 90. ``form`` is an index into the forms that
    were offered. ``arrow_below`` says whether the grain arrow lies below the text, else it stands to its right.
    """

    form: int
    font_mm: float
    centre: Point
    direction_deg: float
    width_mm: float
    height_mm: float
    arrow_below: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """Text and arrow as one box, in font sizes."""

    form: int
    rank: int
    arrow_below: bool
    width_em: float
    height_em: float


class _Room:
    """A piece turned so that text of one direction is level, as a grid of cells that are free or not."""

    def __init__(self, outline: Polygon, obstacles: BaseGeometry, direction_deg: float) -> None:
        self.direction_deg = direction_deg
        self.polygon = rotate(outline, -direction_deg, origin=_ORIGIN)
        self.obstacles = rotate(obstacles, -direction_deg, origin=_ORIGIN)
        self.x0, self.y0, x1, y1 = self.polygon.bounds
        self.cell_x, self.cell_y = (x1 - self.x0) / _CELLS, (y1 - self.y0) / _CELLS
        self.sums = self._summed_areas()

    def _summed_areas(self) -> npt.NDArray[np.int64]:
        xs = self.x0 + self.cell_x * np.arange(_CELLS + 1)
        ys = self.y0 + self.cell_y * np.arange(_CELLS + 1)
        shapely.prepare(self.polygon)
        corner = shapely.contains_xy(self.polygon, *np.meshgrid(xs, ys))
        free = corner[:-1, :-1] & corner[1:, :-1] & corner[:-1, 1:] & corner[1:, 1:]
        if not self.obstacles.is_empty:
            step = min(self.cell_x, self.cell_y) / 2
            parts = shapely.get_parts(self.obstacles)
            drawn = parts[shapely.length(parts) > 0]  # GEOS parts no line without a length
            points = shapely.get_coordinates(shapely.segmentize(drawn, max(step, 1e-9)))
            column = np.clip(((points[:, 0] - self.x0) / self.cell_x).astype(int), 0, _CELLS - 1)
            row = np.clip(((points[:, 1] - self.y0) / self.cell_y).astype(int), 0, _CELLS - 1)
            free[row, column] = False
        sums = np.zeros((_CELLS + 1, _CELLS + 1), dtype=np.int64)
        sums[1:, 1:] = free.cumsum(axis=0).cumsum(axis=1)
        return sums

    def free_boxes(self, width: float, height: float) -> npt.NDArray[np.bool_]:
        """For every cell whether a box of that size with its lower left corner there is free."""
        nx, ny = max(1, ceil(width / self.cell_x)), max(1, ceil(height / self.cell_y))
        if nx > _CELLS or ny > _CELLS:
            return np.zeros((0, 0), dtype=bool)
        s = self.sums
        free: npt.NDArray[np.bool_] = (s[ny:, nx:] - s[:-ny, nx:] - s[ny:, :-nx] + s[:-ny, :-nx]) == nx * ny
        return free

    def largest_font(self, block: _Block, largest_mm: float) -> float:
        """The largest font with which ``block`` fits somewhere, up to ``largest_mm``; 0 where none does."""
        if self.free_boxes(block.width_em * largest_mm, block.height_em * largest_mm).any():
            return largest_mm
        low, high = 0.0, largest_mm
        for _ in range(9):
            middle = (low + high) / 2
            if self.free_boxes(block.width_em * middle, block.height_em * middle).any():
                low = middle
            else:
                high = middle
        return low

    def place(self, block: _Block, font: float) -> tuple[Point, float]:
        """The centre (in the turned piece) for ``block`` nearest to the middle of the piece, and the font it holds."""
        for margin in (1.6, 1.3, 1.1, 1.0):
            width, height = block.width_em * font * margin, block.height_em * font * margin
            rows, columns = np.nonzero(self.free_boxes(width, height))
            if len(rows):
                break
        else:
            middle = self.polygon.representative_point()
            return (middle.x, middle.y), self._held(block, (middle.x, middle.y), font)
        nx, ny = max(1, ceil(width / self.cell_x)), max(1, ceil(height / self.cell_y))
        x = self.x0 + (columns + nx / 2) * self.cell_x
        y = self.y0 + (rows + ny / 2) * self.cell_y
        target = self.polygon.centroid
        best = int(np.argmin((x - target.x) ** 2 + (y - target.y) ** 2))
        centre = (float(x[best]), float(y[best]))
        return centre, self._held(block, centre, font)

    def _held(self, block: _Block, centre: Point, font: float) -> float:
        """``font``, shrunk until the block at ``centre`` lies inside the outline and off the obstacles."""
        for _ in range(60):
            half_w, half_h = block.width_em * font / 2, block.height_em * font / 2
            area = box(centre[0] - half_w, centre[1] - half_h, centre[0] + half_w, centre[1] + half_h)
            if self.polygon.contains(area) and not area.intersects(self.obstacles):
                break
            font *= 0.9
        return font


@dataclass(frozen=True)
class LabelSpace:
    """A piece as a place for its label: its outline, the marks that text should keep off where it can (``obstacles``),
    and those of them that it covers only where it could not be read otherwise (``firm``)."""

    outline: Polygon
    obstacles: BaseGeometry
    firm: BaseGeometry = _NOTHING

    @cached_property
    def directions_deg(self) -> tuple[float, ...]:
        """Directions to write along, the longest first: the grain, across it, and the sides of the narrowest box."""
        x0, y0, x1, y1 = self.outline.bounds
        upright = (0.0, 90.0) if x1 - x0 >= y1 - y0 else (90.0, 0.0)
        narrow = shapely.get_coordinates(shapely.minimum_rotated_rectangle(self.outline))
        if len(narrow) < 4:
            return upright
        sides = narrow[1:3] - narrow[:2]
        lengths = np.hypot(sides[:, 0], sides[:, 1])
        dx, dy = sides[int(lengths.argmax())]
        slanted = readable_deg(float(np.degrees(np.arctan2(dy, dx))))
        off_axis = min(abs(slanted), abs(abs(slanted) - 90))
        tight = lengths.prod() < 0.8 * (x1 - x0) * (y1 - y0)
        return (slanted, *upright) if off_axis > 4 and tight else upright


def fit_label(space: LabelSpace, forms: Sequence[Form], limits: FontLimits) -> Label:
    """The label of a piece: the fullest of ``forms`` that is readable there, as large as it fits.

    ``forms`` run from the whole name to a number. A text that keeps off the marks is preferred; where that leaves no
    readable size it may lie over them, over the firm ones last, but never over the outline.
    """
    modest = replace(limits, good_mm=limits.least_mm)
    label = _fit_beside(space, space.obstacles, forms, limits if space.obstacles.is_empty else modest)
    if space.obstacles.is_empty or (forms[label.form].rank == 0 and label.font_mm >= limits.least_mm):
        return label
    label = _better(label, _fit_beside(space, space.firm, forms, limits), forms)
    if space.firm.is_empty or label.font_mm >= limits.least_mm:
        return label
    return _better(label, _fit_beside(space, _NOTHING, forms, limits), forms)


def _better(label: Label, over: Label, forms: Sequence[Form]) -> Label:
    """The label that lies over more marks where it is fuller or clearly larger, else the other one."""
    fuller = forms[over.form].rank < forms[label.form].rank
    return over if fuller or over.font_mm > _LARGER * label.font_mm else label


def _fit_beside(space: LabelSpace, obstacles: BaseGeometry, forms: Sequence[Form], limits: FontLimits) -> Label:
    rooms = [_Room(space.outline, obstacles, direction) for direction in space.directions_deg]
    return _fit_in(rooms, forms, limits)


def readable_deg(angle_deg: float) -> float:
    """The direction of a line as that of its text: -90 < a <= 90, so that text runs to the right, or upwards."""
    angle = angle_deg % 180
    return angle - 180 if angle > 90 else angle


def _fit_in(rooms: Sequence[_Room], forms: Sequence[Form], limits: FontLimits) -> Label:
    ranks = sorted({form.rank for form in forms})
    wanted = {0: limits.good_mm if 1 in ranks else limits.least_mm, 1: limits.least_mm, 2: 0.0}
    for rank in ranks:
        found = [
            (room.largest_font(block, limits.largest_mm), room, block)
            for room in rooms
            for block in _blocks(forms, rank, room.direction_deg)
        ]
        font, room, block = max(found, key=lambda entry: _merit(entry[0] / limits.largest_mm, entry[1] is rooms[0]))
        if font >= wanted[rank] or rank == forms[-1].rank:
            break
    centre, font = room.place(block, font)
    return _label(room, block, centre, font)


def _merit(size: float, longest: bool) -> int:
    """How good a size is, in steps, so that the first of equals wins; the longest direction wins while it is near."""
    return round(20 * size * (1.0 if longest else 0.75))


def _label(room: _Room, block: _Block, centre: Point, font: float) -> Label:
    turn = radians(room.direction_deg)
    x, y = centre
    return Label(
        form=block.form,
        font_mm=font,
        centre=(x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)),
        direction_deg=room.direction_deg,
        width_mm=block.width_em * font,
        height_mm=block.height_em * font,
        arrow_below=block.arrow_below,
    )


def _blocks(forms: Sequence[Form], rank: int, direction_deg: float) -> list[_Block]:
    """Every way to set the forms of a rank together with the grain arrow, for text of one direction."""
    blocks: list[_Block] = []
    for index, form in enumerate(forms):
        if form.rank != rank:
            continue
        width, height = form.width_em + 2 * PAD_EM, form.height_em + 2 * PAD_EM
        if direction_deg == 0:
            blocks.append(_Block(index, rank, True, width, height + ARROW_ROOM_EM))
        length = beside_arrow_em(form, direction_deg)
        turn = radians(direction_deg)
        side = abs(length * cos(turn)) + ARROW_ROOM_EM
        blocks.append(_Block(index, rank, False, width + side, height))
    return blocks


def beside_arrow_em(form: Form, direction_deg: float) -> float:
    """The length of a grain arrow that stands beside the text: never higher than the text is."""
    rise = abs(sin(radians(direction_deg)))
    return min(ARROW_EM, form.height_em / rise) if rise > 1e-9 else ARROW_EM
