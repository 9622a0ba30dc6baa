"""The picture of a marker's waste: pale pieces, and between them every hole in a colour that tells its size.

The largest holes carry a number, and a list below the cloth says of each how large it is and what lies around it. One
unit of the drawing is one millimetre of cloth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, floor, log10, radians, sin
from typing import Any

import shapely
from shapely.geometry import LineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from cutkit.formats.svg.marker_edges import ClothEdges, ClothFrame, cloth_frame
from cutkit.formats.svg.marker_labels import PlacedLabel, fit_labels, placed_labels
from cutkit.formats.svg.page import FAINT, TEXT, Sheet, figure_item, new_drawing, swatch_item
from cutkit.formats.svg.pieces import Pen, number, outline_path
from cutkit.formats.svg.rule_layers import shapes_group
from cutkit.formats.svg.rules import CLOTH, MARGIN, SELVEDGE, RuledCloth
from cutkit.formats.svg.text import ASCENT_EM, DESCENT_EM, shorten_to, text_width_em
from cutkit.model import Marker, Point

PIECE, PIECE_LINE = "#ECEEF0", "#8C949C"
SIZES = ("#FBE3A2", "#F8BC6B", "#EE8A43", "#D9552B", "#A5261B")
"""From the smallest holes to the largest: lighter to darker, so they are told apart without colour too."""
SEAM = "#FDF4DA"
UNITS_ACROSS, LEAST_UNITS_HIGH, MOST_UNITS_LONG = 110, 36, 500
"""The picture's longer side in units of body text; a long marker's is so high at least, and so the longer."""
ROUND_STEPS = (1.0, 2.0, 5.0)
MM2_PER_CM2 = 100.0


@dataclass(frozen=True, slots=True)
class DrawnHole:
    """A hole on the marker, and in which column its number is written (None: it has none); ``texts`` are what the list
    tells: its area, its place, and what lies around it."""

    region: Polygon
    number: int | None = None
    middle: Point = (0.0, 0.0)
    width_mm: float = 0.0
    texts: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True)
class WastePicture:
    """All that is drawn. ``seams`` is the waste that is in no hole; ``figures`` are told above, each by its name."""

    marker: Marker
    title: str
    figures: tuple[tuple[str, str], ...]
    holes: tuple[DrawnHole, ...]
    seams: BaseGeometry

    @property
    def numbered(self) -> tuple[DrawnHole, ...]:
        """The holes that have a number."""
        return tuple(hole for hole in self.holes if hole.number is not None)


def waste_svg(picture: WastePicture) -> str:
    """The picture as SVG text; x to the right along the cloth, y upwards. Valid, self-contained XML."""
    sheet = _sheet(picture)
    u, ruled = sheet.unit_mm, RuledCloth(picture.marker, sheet.unit_mm)
    sheet.text(sheet.left_mm, 2.6 * u, shorten_to(picture.title, sheet.inner_mm / (1.7 * u), bold=True), 1.7)
    y = sheet.flow([figure_item(sheet, *figure) for figure in picture.figures], 4.9 * u, gap=1.8, row=3.0)
    sizes = _Sizes(max((hole.region.area for hole in picture.holes), default=0.0))
    swatches = [swatch_item(sheet, fill, text) for fill, text in sizes.legend(bool(picture.holes))]
    y = sheet.flow([*swatches, swatch_item(sheet, SEAM, "seams")], y + 0.1 * u, gap=1.6, row=1.6)
    frame = cloth_frame(ruled, sheet, y - 0.6 * u)
    _Plan(picture, sheet, frame, ruled).draw(sizes)
    height = _list(picture, sheet, ClothEdges(ruled, sheet, frame).rulers() + 2.2 * u)
    width = sheet.left_mm + sheet.inner_mm + 1.5 * u
    sheet.drawing.viewbox(0, 0, number(width), number(height))
    sheet.drawing.elements.insert(1, sheet.drawing.rect((0, 0), (number(width), number(height)), fill="#FFFFFF"))
    return '<?xml version="1.0" encoding="utf-8" ?>\n' + str(sheet.drawing.tostring()) + "\n"


def width_units(picture: WastePicture) -> float:
    """How wide the picture is, in units of body text."""
    sheet = _sheet(picture)
    return (sheet.left_mm + sheet.inner_mm) / sheet.unit_mm + 1.5


def _sheet(picture: WastePicture) -> Sheet:
    width, length = picture.marker.fabric.width_mm, RuledCloth(picture.marker, 1.0).whole_length_mm
    unit = max(length, 1.5 * width) / UNITS_ACROSS
    unit = max(min(unit, width / LEAST_UNITS_HIGH), length / MOST_UNITS_LONG)
    return Sheet(new_drawing(), unit, 4.2 * unit, max(length, 60 * unit))


class _Sizes:
    """Classes of holes by their area: four round limits below the largest."""

    def __init__(self, largest_mm2: float) -> None:
        self.limits = _round_below(largest_mm2, len(SIZES) - 1)

    def fill(self, area_mm2: float) -> str:
        """The colour of a hole."""
        return SIZES[sum(area_mm2 >= limit for limit in self.limits)]

    def legend(self, any_hole: bool) -> Iterator[tuple[str, str]]:
        """Every colour with its class, the largest first."""
        if not any_hole:
            return
        texts = [area_text(limit) for limit in self.limits]
        yield SIZES[-1], f"from {texts[-1]}"
        for k in range(len(SIZES) - 2, 0, -1):
            yield SIZES[k], f"from {texts[k - 1]}"
        yield SIZES[0], f"below {texts[0]}"


def _round_below(largest: float, count: int) -> list[float]:
    """The ``count`` largest of ... 1, 2, 5, 10, 20, 50 ... below ``largest``, in ascending order."""
    top = floor(log10(largest)) if largest > 0 else 0
    steps = [step * 10.0**power for power in range(top - count, top + 1) for step in ROUND_STEPS]
    return [step for step in steps if step < largest][-count:] or steps[-count:]


def area_text(mm2: float) -> str:
    """An area for people: square centimetres, as precise as that is of use."""
    cm2 = mm2 / MM2_PER_CM2
    return f"{cm2:.0f} cm²" if cm2 >= 10 else f"{cm2:.1f} cm²" if cm2 >= 1 else f"{cm2:.2g} cm²"


class _Plan:
    """The cloth, its pieces and its holes on the sheet."""

    def __init__(self, picture: WastePicture, sheet: Sheet, frame: ClothFrame, ruled: RuledCloth) -> None:
        self.picture, self.marker, self.sheet, self.drawing = picture, picture.marker, sheet, sheet.drawing
        self.frame, self.ruled = frame, ruled
        self.left, self.base = frame.left, frame.base
        self.pen_mm = min(0.03 * sheet.unit_mm, 1.8)

    def draw(self, sizes: _Sizes) -> None:
        """Draw all of it."""
        f = self.frame
        self._rect(f.start, f.top, f.end - f.start, f.bottom - f.top, SELVEDGE)
        self._rect(f.start, f.high, f.end - f.start, f.base - f.high, MARGIN)
        self._rect(f.left, f.high, f.length, f.base - f.high, CLOTH)
        cloth = self.drawing.g(transform=f.transform)
        cloth.add(self._shapes(shapely.get_parts(self.picture.seams), SEAM, "seams"))
        for fill in SIZES:
            holes = [hole.region for hole in self.picture.holes if sizes.fill(hole.region.area) == fill]
            cloth.add(self._shapes(holes, fill, "holes"))
        pieces = self._shapes(self.marker.polygons, PIECE, "pieces")
        pieces.update({"stroke": PIECE_LINE, "stroke_width": number(self.pen_mm)})
        cloth.add(pieces)
        cloth.add(shapes_group(self.drawing, (s for s in self.ruled.above() if s.rule == "flaw"), self.pen_mm))
        self.drawing.add(cloth)
        self.drawing.add(self._numbers(self._names()))

    def _rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        at, size = (number(x), number(y)), (number(width), number(height))
        self.drawing.add(self.drawing.rect(at, size, fill=fill))

    def _shapes(self, shapes: Sequence[BaseGeometry], fill: str, name: str) -> Any:
        group = self.drawing.g(fill=fill, fill_rule="evenodd", stroke="none")
        group["class"] = name
        for shape in shapes:
            if isinstance(shape, Polygon) and not shape.is_empty:
                group.add(self.drawing.path(d=outline_path(shape)))
        return group

    def _names(self) -> list[PlacedLabel]:
        """The name of every piece, faint; without the arrows of a marker's picture."""
        labels = fit_labels(self.marker, self.sheet.unit_mm, Pen(self.pen_mm, self.pen_mm))
        return list(placed_labels(self.marker, labels))

    def _numbers(self, names: list[PlacedLabel]) -> Any:
        """The names of the pieces and over them the numbers of the holes; no name lies under a number."""
        spots = _spots(self.picture.numbered, self.sheet.unit_mm)
        group = self.drawing.g(text_anchor="middle", fill=FAINT)
        discs = shapely.union_all([spot.disc for spot in spots])
        for name in names:
            if not _box_of(name).intersects(discs):
                group.add(self._name(name))
        for spot in spots:
            x, y = self.left + spot.at[0], self.base - spot.at[1]
            if spot.at != spot.hole.middle:
                end = (number(self.left + spot.hole.middle[0]), number(self.base - spot.hole.middle[1]))
                line = self.drawing.line((number(x), number(y)), end)
                line.update({"stroke": TEXT, "stroke_width": number(0.06 * self.sheet.unit_mm)})
                group.add(line)
            circle = self.drawing.circle((number(x), number(y)), number(spot.radius_mm), fill="#FFFFFF")
            circle.update({"stroke": TEXT, "stroke_width": number(0.05 * self.sheet.unit_mm)})
            group.add(circle)
            font = 1.1 * spot.radius_mm
            text = self.drawing.text(
                str(spot.hole.number), (number(x), number(y + ASCENT_EM / 2 * font)), font_size=number(font)
            )
            text.update({"fill": TEXT, "font_weight": "bold", "class": "number"})
            group.add(text)
        return group

    def _name(self, name: PlacedLabel) -> Any:
        x, y = self.left + name.origin[0], self.base - name.origin[1]
        group = self.drawing.g(transform=f"translate({number(x)} {number(y)}) rotate({number(-name.turn_deg % 360)})")
        for line in name.texts:
            at = (number(line.x_mm), number(line.y_mm))
            group.add(self.drawing.text(line.text, insert=at, font_size=number(name.font_mm)))
        return group


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where the number of a hole is written: a disc about ``at``."""

    hole: DrawnHole
    at: Point
    radius_mm: float

    @property
    def disc(self) -> BaseGeometry:
        return shapely.Point(self.at).buffer(self.radius_mm)


def _spots(holes: Sequence[DrawnHole], unit_mm: float) -> list[_Spot]:
    """A spot for every number: in the middle of its hole, or beside it where another number has that place."""
    spots: list[_Spot] = []
    for hole in holes:
        radius = min(max(0.4 * hole.width_mm, 0.75 * unit_mm), 1.3 * unit_mm)
        for at in _around(hole.middle, 2.2 * radius):
            spot = _Spot(hole, at, radius)
            if not any(spot.disc.distance(other.disc) < 0.2 * unit_mm for other in spots):
                spots.append(spot)
                break
    return spots


def _around(middle: Point, step: float) -> Iterator[Point]:
    """Places to write a number: the middle, then on ever wider rings around it."""
    yield middle
    for ring in range(1, 40):
        for k in range(8 * ring):
            turn = radians(360 / (8 * ring) * k)
            yield middle[0] + ring * step * cos(turn), middle[1] + ring * step * sin(turn)


def _box_of(name: PlacedLabel) -> BaseGeometry:
    """Where the texts of a label lie on the marker."""
    font = name.font_mm
    corners: list[Point] = []
    for line in name.texts:
        half = text_width_em(line.text, bold=line.bold) * font / 2
        for x in (line.x_mm - half, line.x_mm + half):
            corners += [(x, line.y_mm - ASCENT_EM * font), (x, line.y_mm + DESCENT_EM * font)]
    turn = radians(name.turn_deg)
    c, s = cos(turn), sin(turn)
    turned = [(name.origin[0] + c * x + s * y, name.origin[1] + s * x - c * y) for x, y in corners]
    return MultiPoint(turned).convex_hull if corners else LineString()


def _list(picture: WastePicture, sheet: Sheet, y: float) -> float:
    """The numbered holes, one a line, below the cloth; where it ends comes back."""
    u = sheet.unit_mm
    columns = [0.0, 2.6 * u]
    for k in (0, 1):
        widest = max((sheet.text_width_mm(hole.texts[k]) for hole in picture.numbered), default=0.0)
        columns.append(columns[-1] + widest + 1.4 * u)
    for hole in picture.numbered:
        sheet.text(sheet.left_mm, y, str(hole.number), 1.0, font_weight="bold")
        room = (sheet.inner_mm - columns[3]) / u
        for x, text in zip(columns[1:], (*hole.texts[:2], shorten_to(hole.texts[2], room)), strict=True):
            sheet.text(sheet.left_mm + x, y, text)
        y += 1.5 * u
    return y
