"""The nouns of the cutting machine: strokes, tool paths and the profile that describes a cutter as plain data.

Glossary
    stroke      one tool-down path: a notch, a cut-out, a boundary, a label
    tool path   the strokes of a marker in the order in which they are made
    tip         where the blade (or pen) touches the cloth; what ``Stroke.points`` describes
    holder      the axis that the machine moves; a drag knife's tip trails it by the blade offset
    window      a part of a marker that is cut without moving the cloth; between two lies a feed of the cloth
    bite        the fixed way of the cloth on a machine that knows only one
    registration  how a print that is to be cut lies on the table, as its printed marks tell
    heading     the direction from the tip of a drag knife to its holder: where the blade is cutting towards
    profile     a cutter as data: table, numbers, command texts, knife, kinematics
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import atan2, degrees
from typing import Literal

from shapely.affinity import affine_transform
from shapely.geometry import Polygon

from cutkit.model import Notice, Point

StrokeKind = Literal["align", "label", "internal", "notch", "drill", "cutout", "boundary"]
DialectName = Literal["hpgl", "gcode", "gpgl", "dmpl", "gerber"]
ControllerName = Literal["grbl", "grblhal", "linuxcnc", "marlin"]
KnifeKind = Literal["none", "drag", "tangential", "rotary"]
LiftKind = Literal["pen", "spindle", "z"]
LineEnd = Literal["lf", "etx", "none"]
CutTool = Literal["knife", "fine", "pen", "punch"]
"""The tools of a machine: those of a marker's marks, and a second, finer knife for what the first cannot make."""
NotchTime = Literal["before", "with", "after"]
OrderStyle = Literal["shortest", "piece", "column"]
BlockCut = Literal["ruled", "cut", "outline"]
FlowControl = Literal["count", "wait", "xonxoff", "hardware", "query", "none"]


@dataclass(frozen=True, slots=True)
class Stroke:
    """One tool-down path on the table, in mm, as the tool's *tip* must go.

    A contour ("cutout", "boundary") ends where it began, or runs on along its own line by the knife's overcut. A single
    point is a punch. ``holder`` is what the machine must be told so that the tip goes there; None means the same as
    ``points``. ``angles_deg`` is the angle of a blade that the machine turns, one for every point, counted on beyond
    360. ``placement`` is the index of the placement in the marker that the stroke belongs to; -1 for "align",
    which turns a drag knife of unknown heading in the waste, clear of every piece.
    """

    tool: CutTool
    kind: StrokeKind
    points: tuple[Point, ...]
    placement: int
    holder: tuple[Point, ...] | None = None
    angles_deg: tuple[float, ...] | None = None

    @property
    def path(self) -> tuple[Point, ...]:
        """What the machine is told to follow."""
        return self.points if self.holder is None else self.holder


@dataclass(frozen=True, slots=True)
class RegistrationMark:
    """A printed mark: its name, where the marker has it, where it was measured on the table, the line that says so."""

    name: str
    at_mm: Point
    measured_mm: Point
    line: int = 0


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the points of a marker lie on the table once it is printed: turned, shifted, shrunk, sheared.

    ``matrix`` is (a, b, d, e, x, y) as a placement's: x' = a x + b y + x, y' = d x + e y + y.
    """

    matrix: tuple[float, float, float, float, float, float]

    def points(self, points: Iterable[Point]) -> tuple[Point, ...]:
        """Points of the marker as they lie on the table."""
        a, b, d, e, x, y = self.matrix
        return tuple((a * px + b * py + x, d * px + e * py + y) for px, py in points)

    def outline(self, polygon: Polygon) -> Polygon:
        """An outline of the marker as it lies on the table."""
        laid: Polygon = affine_transform(polygon, self.matrix)
        return laid

    @property
    def inverse(self) -> Registration:
        """From the table back to the marker."""
        a, b, d, e, x, y = self.matrix
        det = a * e - b * d
        return Registration((e / det, -b / det, -d / det, a / det, (b * y - e * x) / det, (d * x - a * y) / det))

    @property
    def turn_deg(self) -> float:
        """By how much the marker's x axis is turned, counter-clockwise."""
        return degrees(atan2(self.matrix[2], self.matrix[0]))


@dataclass(frozen=True, slots=True)
class PathWindow:
    """A part of a tool path that is made without moving the cloth: strokes ``first`` to ``end`` (exclusive).

    The machine's zero then lies at ``start_mm`` along the marker.
    """

    start_mm: float
    first: int
    end: int


@dataclass(frozen=True)
class ToolPath:
    """The strokes of one program in the order in which they are made, and what had to be done otherwise than drawn.

    ``names`` are the pieces' names for people, by placement; a program's comments use them. Strokes are in the marker's
    coordinates, or lie where its print lies by ``registration``. Where it is cut in several ``windows``, there is a
    program for each, or one that moves the cloth on between. ``common_mm`` are spared, because lines that neighbours
    have in common are cut once.
    """

    strokes: tuple[Stroke, ...]
    notices: tuple[Notice, ...] = ()
    names: tuple[str, ...] = ()
    windows: tuple[PathWindow, ...] = ()
    registration: Registration | None = None
    common_mm: float = 0.0

    @property
    def all_windows(self) -> tuple[PathWindow, ...]:
        """The windows; one from the marker's start where it is not parted."""
        return self.windows or (PathWindow(0.0, 0, len(self.strokes)),)

    @property
    def advances_mm(self) -> tuple[float, ...]:
        """How far the cloth is moved on before each of ``all_windows``; 0 before the first that begins the marker."""
        starts = [window.start_mm for window in self.all_windows]
        return tuple(start - before for before, start in pairwise([0.0, *starts]))


@dataclass(frozen=True, slots=True)
class Table:
    """Where a tool may cut: x runs along the fabric. ``length_mm`` None: a roll, without end.

    The holder may go ``margin_mm`` beyond on every side (also below zero), as that of a drag knife must at an edge.
    """

    length_mm: float | None
    width_mm: float
    margin_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Coordinates:
    """How positions are written: device units per mm, digits after the point, and the range the device takes."""

    units_per_mm: float
    decimals: int
    lowest_units: float | None = None
    highest_units: float | None = None

    @property
    def grid_mm(self) -> float:
        """How far apart two positions are that differ by the least that can be written."""
        return float(10.0**-self.decimals / self.units_per_mm)


@dataclass(frozen=True, slots=True)
class Knife:
    """The blade. A drag blade's tip trails the holder by ``offset_mm``.

    At corners above ``swivel_above_deg`` the holder is led in an arc about the tip, below it in one step.

    A tangential knife and a rotary blade are turned by the machine: at corners above ``lift_above_deg`` they are
    lifted, turned and let down again. ``length_mm`` is the cut that they make where they stand, their axis in its
    middle: they come down so far ahead, and what is shorter they cannot cut. ``corner_overcut_mm`` is how far they cut
    on beyond a corner at which they are lifted, where waste lies there. Curves of a smaller radius than
    ``least_radius_mm`` a rotary blade cannot follow.

    Closed contours begin ``lead_in_mm`` before and end ``overcut_mm`` after their start point, along their own line.
    ``start_deg`` is the heading of the blade when a program starts, as the operator sets it; None: unknown.
    """

    kind: KnifeKind = "none"
    offset_mm: float = 0.0
    swivel_above_deg: float = 10.0
    overcut_mm: float = 0.0
    lead_in_mm: float = 0.0
    start_deg: float | None = 0.0
    lift_above_deg: float = 30.0
    length_mm: float = 0.0
    corner_overcut_mm: float = 0.0
    least_radius_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Plunge:
    """How a tool on a Z axis goes up and down. Heights are those of the program, upwards.

    Below ``touch_mm`` it touches the cloth; at ``through_mm`` and below it cuts through all plies.
    """

    touch_mm: float
    through_mm: float
    speed_mm_s: float
    acceleration_mm_s2: float


@dataclass(frozen=True, slots=True)
class Windows:
    """That a marker longer than the table may be cut in windows, the cloth being moved on between by hand or a belt.

    Lines of a piece longer than the table are split; both parts overlap by ``overlap_mm``. ``feed`` is the text that
    moves the cloth on, with {advance} in device units or {advance_mm}, at ``feed_mm_s``; with it all windows are in one
    program, without it there is a program for each. ``zero`` makes the machine's zero anew at the start of every
    window. ``bite_mm``: the cloth moves by just so much every time; None: as far as the next window needs.
    """

    overlap_mm: float = 6.0
    feed: str | None = None
    zero: str | None = None
    bite_mm: float | None = None
    feed_mm_s: float = 100.0


@dataclass(frozen=True, slots=True)
class StrokeRules:
    """The operator's choices of what is cut when.

    ``notches`` are cut before the contour of their piece, with it where it passes them, or after it (on a table that
    holds loose pieces). ``order``: the shortest way, all of a piece before the next piece, or column after column of
    ``column_mm`` along the cloth. ``common_lines``: where pieces lie flush the line between them is cut once.
    ``bridges`` places of a boundary, ``bridge_mm`` long, are left uncut and hold the piece in the cloth. Of a piece
    with a block, ``blocks`` says whether that is cut: where the piece's rules have it cut again, always, or never.
    """

    notches: NotchTime = "with"
    order: OrderStyle = "shortest"
    column_mm: float = 500.0
    common_lines: bool = False
    bridges: int = 0
    bridge_mm: float = 1.0
    blocks: BlockCut = "ruled"


@dataclass(frozen=True, slots=True)
class Link:
    """How a program is streamed to the machine and what keeps its receive buffer from running over.

    ``flow``: "count" the bytes that are not yet answered by ok (Grbl); "wait" for the answer to every line; "xonxoff"
    or "hardware" of the serial line; "query" the free bytes by ESC . B; "none": only the network's own. ``barrier`` is
    a text that the machine answers when all before it is done: only then a cut counts as made. None: it cannot tell.
    """

    flow: FlowControl = "none"
    buffer_bytes: int = 128
    baud: int = 115200
    barrier: str | None = None


@dataclass(frozen=True, slots=True)
class Motion:
    """Kinematics, for time estimates and the emulator. ``feed_per_mm_s`` turns mm/s into the machine's own feed
    numbers (60: mm per minute; 0.1: cm per second). ``turn_deg_s`` is how fast a blade is turned;
    ``steps_per_mm`` of the motors, where known: it counts on very short moves, as does ``line_s``, what the controller
    takes to read a line."""

    travel_mm_s: float
    cut_mm_s: float
    acceleration_mm_s2: float
    junction_deviation_mm: float = 0.01
    tool_down_s: float = 0.1
    tool_up_s: float = 0.1
    feed_per_mm_s: float = 60.0
    turn_deg_s: float = 720.0
    steps_per_mm: float | None = None
    line_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ToolTexts:
    """The command texts of one tool: how it is chosen, lowered and raised; they take {number} and {feed}.

    ``number`` is the tool's own on the machine (the pen of ``SP``); ``cut_mm_s`` None: the machine's.
    """

    select: str
    down: str
    up: str
    number: int | None = None
    cut_mm_s: float | None = None


@dataclass(frozen=True, slots=True)
class ProgramTexts:
    """The command texts around the strokes, one command a line.

    ``travel``, ``cut`` and ``first_cut`` (the first cutting move of a stroke; None: as ``cut``) take {x} and {y} in
    device units; the latter two also {feed} in the machine's own unit. ``comment`` takes {text}; None: the machine
    knows no comments. ``turn`` turns a lifted blade and takes {angle}, as ``cut`` and ``travel`` may. Lines are ASCII,
    at most ``longest_line`` characters, and end with ``line_end``: LF, ETX (0x03) or nothing. ``piece`` stands before
    the strokes of a piece and takes {number}, counted from 1 through the program. A cut longer than ``longest_cut_mm``
    is written in several.
    """

    header: str
    footer: str
    travel: str
    cut: str
    first_cut: str | None = None
    comment: str | None = None
    longest_line: int | None = None
    turn: str | None = None
    line_end: LineEnd = "lf"
    piece: str | None = None
    longest_cut_mm: float | None = None


@dataclass(frozen=True)
class CutterProfile:
    """One cutter as plain data, read from a TOML file by ``formats/profile``.

    ``lift`` says how the tool goes up and down: "pen" by commands of its own (PU, PD), "spindle" by M3 S and M5, "z" on
    an axis of its own, which ``plunge`` describes. ``controller`` is whose rules hold for the dialect "gcode".
    ``fine_knife`` is the blade of the tool "fine", which makes what a tangential knife or a rotary blade cannot.
    A machine without the tool "knife" draws every line with its pen.
    """

    name: str
    title: str
    dialect: DialectName
    table: Table
    coordinates: Coordinates
    motion: Motion
    program: ProgramTexts
    tools: Mapping[CutTool, ToolTexts] = field(default_factory=dict)
    knife: Knife = field(default_factory=Knife)
    fine_knife: Knife = field(default_factory=Knife)
    plunge: Plunge | None = None
    windows: Windows | None = None
    strokes: StrokeRules = field(default_factory=StrokeRules)
    link: Link = field(default_factory=Link)
    controller: ControllerName = "grbl"
    lift: LiftKind = "pen"
    tried_on_hardware: bool = False
    sources: tuple[str, ...] = ()

    @property
    def feeds_cloth(self) -> bool:
        """Whether a program itself moves the cloth on, so that all windows are in one."""
        return self.windows is not None and self.windows.feed is not None
