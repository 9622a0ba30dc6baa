"""A picture of what a blade did: cuts in their order, travel, where each cut begins, and what was wrong in red.

It may play the run in time: every line is drawn along itself from when its cut began to when it ended (an animation by
CSS). What shows no animations, a printer or an office program, shows the whole run, as does a browser at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import atan2, cos, dist, floor, sin
from typing import Any

from cutkit.formats.svg.page import ALARM, FAINT, Item, Sheet, new_drawing
from cutkit.formats.svg.pieces import number
from cutkit.model import Point
from cutkit.toolpath import CutTool

COLOURS: dict[CutTool, str] = {"knife": "#0072B2", "fine": "#009E73", "pen": "#7A5C00", "punch": "#AA3377"}
TRAVEL = "#5B8F7B"
PIECE_FILL = "#F3EEE2"
UNITS_ACROSS = 130
"""The picture's longer side in units of body text."""
LEAST_UNITS_HIGH, MOST_UNITS_LONG, LONGEST_SHAPE = 36, 500, 40
"""A long marker's picture is so high at least, for its pieces to be told apart, and so the longer: up to so many units,
and not where it is but a line, so many times as long as it is wide."""
SMALLEST_MM = 50.0
"""What is smaller is not drawn larger."""
SIMPLER_UNITS = 0.004
"""So far a line may be off in the picture: its points are fewer then, and no eye sees it."""
CUT_UNITS, WRITING_UNITS = 0.16, 0.06
"""The width of lines; a pen's are thin, or its letters would run together in the picture of a long marker."""
LABELLED_ABOVE_UNITS = 6.0
"""Cuts longer than this carry their number; shorter ones (letters, notches) are counted but would only clutter."""


@dataclass(frozen=True, slots=True)
class CutLine:
    """One stretch with the tool down, as its tip went (mm on the table), and from when to when if that is known."""

    tool: CutTool
    points: tuple[Point, ...]
    time_s: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class FaultMark:
    """Something wrong, and where."""

    at_mm: Point
    code: str


@dataclass(frozen=True)
class CutPicture:
    """All that is drawn. ``travels`` are the ways of the holder with the tool up; ``pieces`` the outlines wanted;
    ``windows`` where along the cloth each begins, if there are several. ``play`` makes the picture play the run."""

    title: str
    figures: tuple[str, ...]
    cuts: tuple[CutLine, ...]
    travels: tuple[tuple[Point, ...], ...] = ()
    faults: tuple[FaultMark, ...] = ()
    pieces: tuple[tuple[tuple[Point, ...], ...], ...] = field(default=())
    windows: tuple[float, ...] = ()
    play: Play | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """A run of ``run_s`` that is played in ``shown_s``."""

    run_s: float
    shown_s: float

    def style(self, begin_s: float, end_s: float) -> str:
        """The CSS that draws a line along itself from ``begin_s`` to ``end_s`` of the run."""
        scale = self.shown_s / max(self.run_s, 1e-9)
        return f"animation:d {number((end_s - begin_s) * scale)}s linear {number(begin_s * scale)}s backwards"

    @property
    def rules(self) -> str:
        """The CSS of the whole picture; readers who asked for less motion see the end at once."""
        line = "stroke-dasharray:1 2;stroke-dashoffset"  # of lines whose length is called 1
        return (
            f"@keyframes d{{from{{{line}:1;visibility:hidden}}to{{{line}:0;visibility:visible}}}}"
            "@keyframes p{from{transform:scaleX(0)}}"
            "@media(prefers-reduced-motion){*{animation:none!important}}"
        )

    @property
    def words(self) -> str:
        """What is to be told about it."""
        return f"plays in {self.shown_s:g} s what takes {self.run_s:.0f} s; loaded anew it plays again"


def cut_svg(picture: CutPicture) -> str:
    """The picture as SVG text; x to the right along the fabric, y upwards, one unit of the drawing a millimetre."""
    x0, y0, x1, y1 = _bounds(picture)
    unit = _unit_mm(picture)
    drawing = new_drawing()
    sheet = Sheet(drawing, unit, x0, max(x1 - x0, 60 * unit))
    head = _header_mm(sheet, picture)
    margin = 3 * unit
    top = -y1 - margin - head
    width, height = sheet.inner_mm + 2 * margin, head + (y1 - y0) + 2 * margin
    drawing.viewbox(number(x0 - margin), number(top), number(width), number(height))
    paper = drawing.rect((number(x0 - margin), number(top)), (number(width), number(height)), fill="#FFFFFF")
    drawing.add(paper)
    _draw_header(sheet, picture, top + margin)
    _draw_pieces(drawing, picture, unit)
    _draw_lines(drawing, picture.travels, TRAVEL, 0.08 * unit, dash=f"{number(0.6 * unit)} {number(0.5 * unit)}")
    if picture.play:
        drawing.defs.add(drawing.style(picture.play.rules))
    for tool, colour in COLOURS.items():
        cuts = [c for c in picture.cuts if c.tool == tool]
        width = (WRITING_UNITS if tool == "pen" else CUT_UNITS) * unit
        _draw_lines(drawing, [c.points for c in cuts], colour, width, styles=[_played(c, picture.play) for c in cuts])
    room = _Room(unit, (x0 - margin, -y1 - margin, x0 - margin + sheet.inner_mm + 2 * margin, -y0 + margin))
    _draw_windows(sheet, picture, (y0, y1), room)
    _draw_faults(sheet, picture, room)
    _draw_starts(sheet, picture, room)
    text: str = drawing.tostring()
    return text


def width_units(picture: CutPicture) -> float:
    """How wide the picture is, in units of body text."""
    x0, _, x1, _ = _bounds(picture)
    unit = _unit_mm(picture)
    return (x1 - x0) / unit + 6


def _unit_mm(picture: CutPicture) -> float:
    """The size of body text."""
    x0, y0, x1, y1 = _bounds(picture)
    along, across = x1 - x0, y1 - y0
    unit = max(along, across * 1.3, SMALLEST_MM) / UNITS_ACROSS
    if across * LONGEST_SHAPE < along or along < SMALLEST_MM:
        return unit
    return max(min(unit, across / LEAST_UNITS_HIGH), along / MOST_UNITS_LONG)


class _Room:
    """Which places are taken by labels, so that none is written over another."""

    def __init__(self, unit_mm: float, page: tuple[float, float, float, float]) -> None:
        self.size = 0.4 * unit_mm
        self.page = page
        self.taken: set[tuple[int, int]] = set()

    def take(self, box: tuple[float, float, float, float]) -> bool:
        """Take a place, if it is free all over and on the page; whether it was."""
        cells = _cells(*box, self.size)
        left, top, right, bottom = self.page
        on_page = left <= box[0] and top <= box[1] and box[2] <= right and box[3] <= bottom
        if cells & self.taken or not on_page:
            return False
        self.taken |= cells
        return True

    def label(self, sheet: Sheet, x: float, y: float, text: str, **attributes: Any) -> bool:
        """Write a text with its baseline at (x, y), if nothing is written there; whether it is."""
        box = (x, y - 0.8 * sheet.unit_mm, x + sheet.text_width_mm(text), y + 0.2 * sheet.unit_mm)
        if not self.take(box):
            return False
        # Its white edge is a text of its own: not every viewer knows an edge that is painted behind its letters.
        edge = sheet.text(x, y, text, **attributes)
        edge.update({"stroke": "#FFFFFF", "stroke_width": number(0.3 * sheet.unit_mm), "aria-hidden": "true"})
        sheet.text(x, y, text, **attributes)
        return True


def _bounds(picture: CutPicture) -> tuple[float, float, float, float]:
    lines = [*(c.points for c in picture.cuts), *picture.travels, *(ring for piece in picture.pieces for ring in piece)]
    points = [p for line in lines for p in line] + [f.at_mm for f in picture.faults]
    if not points:
        return (0.0, 0.0, 100.0, 100.0)
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return (min(xs), min(ys), max(xs), max(ys))


def _header_mm(sheet: Sheet, picture: CutPicture) -> float:
    """How high the header is, with as many rows as its figures take."""
    blank = [Item(item.width_mm, lambda x, y: None) for item in _figures(sheet, picture)]
    rows = sheet.flow(blank, 0.0, gap=2.0, row=1.8)
    legend = [Item(item.width_mm, lambda x, y: None) for item in _legend(sheet, picture)]
    return rows + sheet.flow(legend, 0.0, gap=2.5, row=1.8) + (4.5 + 2.0 * bool(picture.faults)) * sheet.unit_mm


def _draw_header(sheet: Sheet, picture: CutPicture, y: float) -> None:
    unit = sheet.unit_mm
    sheet.text(sheet.left_mm, y + 1.2 * unit, picture.title, 1.6, font_weight="bold")
    below = sheet.flow(_figures(sheet, picture), y + 3.2 * unit, gap=2.0, row=1.8)
    below = sheet.flow(_legend(sheet, picture), below, gap=2.5, row=1.8)
    if picture.faults:
        codes = ", ".join(dict.fromkeys(f.code for f in picture.faults))
        words = f"{len(picture.faults)} violation{'s' * (len(picture.faults) != 1)}: {codes}"
        sheet.text(sheet.left_mm, below, words, 1.2, fill=ALARM, font_weight="bold")


def _figures(sheet: Sheet, picture: CutPicture) -> list[Item]:
    def drawer(words: str) -> Any:
        return lambda x, y: sheet.text(x, y, words, 1.1)

    return [Item(sheet.text_width_mm(words, 1.1), drawer(words)) for words in picture.figures]


def _legend(sheet: Sheet, picture: CutPicture) -> Iterable[Item]:
    used = [tool for tool in COLOURS if any(c.tool == tool for c in picture.cuts)]
    samples = [(tool, COLOURS[tool], None) for tool in used] + [("travel", TRAVEL, "0.6 0.5")]
    for name, colour, dash in samples:
        width = sheet.text_width_mm(name) + 4 * sheet.unit_mm
        yield Item(width, _sample_drawer(sheet, name, colour, dash))
    if picture.play:
        play = picture.play
        yield Item(sheet.text_width_mm(play.words), lambda x, y: _draw_play(sheet, x, y, play))
    words = "arrow: where a cut begins, and its direction; number: its place in the order, where there is room"
    yield Item(sheet.text_width_mm(words), lambda x, y: sheet.text(x, y, words, 1.0, fill=FAINT))


def _draw_play(sheet: Sheet, x: float, y: float, play: Play) -> None:
    """How long the animation takes, and a bar under it that grows while it plays."""
    sheet.text(x, y, play.words)
    width = sheet.text_width_mm(play.words)
    bar = sheet.line(x, y + 0.4 * sheet.unit_mm, x + width, y + 0.4 * sheet.unit_mm, 0.2, FAINT)
    bar.update({"style": f"animation:p {number(play.shown_s)}s linear;transform-origin:{number(x)}px 0"})


def _sample_drawer(sheet: Sheet, name: str, colour: str, dash: str | None) -> Any:
    def draw(x: float, y: float) -> None:
        unit = sheet.unit_mm
        line = sheet.line(x, y - 0.35 * unit, x + 3 * unit, y - 0.35 * unit, 0.16, colour)
        if dash:
            line.update({"stroke_dasharray": " ".join(number(float(part) * unit) for part in dash.split())})
        sheet.text(x + 3.6 * unit, y, name)

    return draw


def _draw_pieces(drawing: Any, picture: CutPicture, unit: float) -> None:
    group = drawing.add(drawing.g(fill=PIECE_FILL, fill_rule="evenodd", stroke="none"))
    for piece in picture.pieces:
        group.add(drawing.path(d=" ".join(f"{_path_data(ring)}Z" for ring in piece)))


def _played(cut: CutLine, play: Play | None) -> str | None:
    return play.style(*cut.time_s) if play and cut.time_s else None


def _draw_lines(
    drawing: Any,
    lines: Sequence[tuple[Point, ...]],
    colour: str,
    width: float,
    dash: str | None = None,
    styles: Sequence[str | None] | None = None,
) -> None:
    """All lines of one look as one group; a punch, a line without length, as a dot. ``styles``: of each its own."""
    look = {"fill": "none", "stroke": colour, "stroke_width": number(width)}
    group = drawing.add(drawing.g(stroke_linecap="round", stroke_linejoin="round"))
    group.update(look)
    if dash:
        group.update({"stroke_dasharray": dash})
    lines = [_simpler(line, SIMPLER_UNITS * width / CUT_UNITS) for line in lines]
    for line, style in zip(lines, styles or [None] * len(lines), strict=True):
        if len(set(line)) > 1:
            element = group.add(drawing.path(d=_path_data(line)))
        elif line:
            x, y = line[0]
            element = group.add(drawing.circle((number(x), number(-y)), number(3 * width)))
        if line and style:
            element.update({"pathLength": "1", "style": style})


def _path_data(points: tuple[Point, ...]) -> str:
    return "M" + "L".join(f"{number(x)},{number(-y)}" for x, y in points)


def _simpler(line: tuple[Point, ...], off_mm: float) -> tuple[Point, ...]:
    """A line with fewer points that is nowhere farther off than so much."""
    if len(line) < 3:
        return line
    from shapely.geometry import LineString

    return tuple((x, y) for x, y in LineString(line).simplify(off_mm, preserve_topology=False).coords)


def _draw_windows(sheet: Sheet, picture: CutPicture, across: tuple[float, float], room: _Room) -> None:
    """A line across the cloth where each window begins, and its number below."""
    unit = sheet.unit_mm
    for index, x in enumerate(picture.windows, 1):
        line = sheet.line(x, -across[1], x, -across[0] + unit, 0.12, ALARM)
        line.update({"stroke_dasharray": f"{number(1.2 * unit)} {number(0.5 * unit)}"})
        at = (x + 0.4 * unit, -across[0] + 1.6 * unit)
        if not room.label(sheet, *at, f"window {index}", fill=ALARM):
            room.label(sheet, *at, str(index), fill=ALARM)


def _draw_starts(sheet: Sheet, picture: CutPicture, room: _Room) -> None:
    """An arrow where each longer cut begins, along it, and beside it its number where that is free to stand."""
    unit = sheet.unit_mm
    labelled = [(n, cut) for n, cut in enumerate(picture.cuts, 1) if _extent(cut) >= LABELLED_ABOVE_UNITS * unit]
    arrows: Counter[tuple[int, int]] = Counter()
    for _, cut in labelled:
        sheet.drawing.add(_arrow(sheet, cut))
        arrows.update(_arrow_cells(cut, unit))
    for order, cut in labelled:
        xs, ys = [p[0] for p in cut.points], [p[1] for p in cut.points]
        x, y = cut.points[0]
        right = x < (min(xs) + max(xs)) / 2
        above = y < (min(ys) + max(ys)) / 2
        step, width = 0.6 * unit, sheet.text_width_mm(str(order))
        left = x + step if right else x - step - width
        base = -y + (-step if above else step + 0.8 * unit)
        cells = _cells(left, base - 0.8 * unit, left + width, base, 0.4 * unit)
        own = _arrow_cells(cut, unit)
        if all(arrows[cell] == (cell in own) for cell in cells):
            room.label(sheet, left, base, str(order))


def _extent(cut: CutLine) -> float:
    xs, ys = [p[0] for p in cut.points], [p[1] for p in cut.points]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _arrow_cells(cut: CutLine, unit: float) -> set[tuple[int, int]]:
    """The squares about the arrow of a cut, which no number of another one may cover."""
    x, y = cut.points[0]
    return _cells(x - 0.5 * unit, -y - 0.5 * unit, x + 0.5 * unit, -y + 0.5 * unit, 0.4 * unit)


def _arrow(sheet: Sheet, cut: CutLine) -> Any:
    """An arrow head at the start of a cut that points the way it goes."""
    (x, y), size = cut.points[0], 0.9 * sheet.unit_mm
    ahead = next((p for p in cut.points[1:] if dist(p, (x, y)) >= size), cut.points[-1])
    turn = atan2(ahead[1] - y, ahead[0] - x)
    corners = [(x + size * cos(turn + k), y + size * sin(turn + k)) for k in (2.6, -2.6)]
    tip = (x + size * cos(turn), y + size * sin(turn))
    points = [(number(px), number(-py)) for px, py in (tip, *corners)]
    return sheet.drawing.polygon(points, fill=COLOURS[cut.tool], stroke="none")


def _cells(x0: float, y0: float, x1: float, y1: float, size: float) -> set[tuple[int, int]]:
    """The squares of a grid that a box touches: two boxes without a common square do not overlap."""
    columns = range(floor(x0 / size), floor(x1 / size) + 1)
    rows = range(floor(y0 / size), floor(y1 / size) + 1)
    return {(i, j) for i in columns for j in rows}


def _draw_faults(sheet: Sheet, picture: CutPicture, room: _Room) -> None:
    """A ring and a cross for every fault; its code beside it, once where several lie together."""
    unit = sheet.unit_mm
    for fault in picture.faults:
        x, y = fault.at_mm[0], -fault.at_mm[1]
        ring = sheet.drawing.circle((number(x), number(y)), number(1.4 * unit), fill="none", stroke=ALARM)
        ring.update({"stroke_width": number(0.3 * unit)})
        sheet.drawing.add(ring)
        sheet.line(x - unit, y - unit, x + unit, y + unit, 0.2, ALARM)
        sheet.line(x - unit, y + unit, x + unit, y - unit, 0.2, ALARM)
    seen: set[tuple[int, int, str]] = set()
    for fault in picture.faults:
        x, y = fault.at_mm[0], -fault.at_mm[1]
        cell = (round(x / (8 * unit)), round(y / (3 * unit)), fault.code)
        if cell not in seen:
            seen.add(cell)
            left = x - 1.8 * unit - sheet.text_width_mm(fault.code)
            places = [(x + 1.8 * unit, y + 0.4 * unit), (left, y + 0.4 * unit), (x, y - 2 * unit), (x, y + 2.6 * unit)]
            next((p for p in places if room.label(sheet, *p, fault.code, fill=ALARM)), None)
