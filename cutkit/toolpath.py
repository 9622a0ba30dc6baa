"""The nouns of the cutting machine: strokes, tool paths and the profile that describes a cutter as plain data.

Glossary
    stroke      one tool-down path: a notch, a cut-out, a boundary, a label
    tool path   the strokes of a marker in the order in which they are made
    tip         where the blade (or pen) touches the cloth; what ``Stroke.points`` describes
    holder      the axis that the machine moves; a drag knife's tip trails it by the blade offset
    profile     a cutter as data: table, numbers, command texts, knife, kinematics
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cutkit.model import Point, Tool

StrokeKind = Literal["label", "internal", "notch", "drill", "cutout", "boundary"]
DialectName = Literal["hpgl", "gcode"]
KnifeKind = Literal["none", "drag"]


@dataclass(frozen=True, slots=True)
class Stroke:
    """One tool-down path on the table, in mm, as the tool's *tip* must go; a closed one repeats its first point.

    ``holder`` is what the machine must be told so that the tip goes there; None means the same as ``points``.
    ``placement`` is the index of the placement in the marker that the stroke belongs to.
    """

    tool: Tool
    kind: StrokeKind
    points: tuple[Point, ...]
    placement: int
    holder: tuple[Point, ...] | None = None

    @property
    def path(self) -> tuple[Point, ...]:
        """What the machine is told to follow."""
        return self.points if self.holder is None else self.holder


@dataclass(frozen=True)
class ToolPath:
    """The strokes of one program in the order in which they are made."""

    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What the machine can reach: x runs along the fabric. ``length_mm`` None: a roll, without end."""

    length_mm: float | None
    width_mm: float


@dataclass(frozen=True, slots=True)
class Coordinates:
    """How positions are written: device units per mm, digits after the point, and the range the device takes."""

    units_per_mm: float
    decimals: int = 0
    lowest_units: float | None = None
    highest_units: float | None = None


@dataclass(frozen=True, slots=True)
class Knife:
    """The blade. A drag blade's tip trails the holder by ``offset_mm`` and swivels above ``swivel_above_deg``."""

    kind: KnifeKind = "none"
    offset_mm: float = 0.0
    swivel_above_deg: float = 10.0
    overcut_mm: float = 0.0
    lead_in_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Motion:
    """Kinematics, for time estimates and the emulator."""

    travel_mm_s: float
    cut_mm_s: float
    acceleration_mm_s2: float
    junction_deviation_mm: float = 0.01
    tool_down_s: float = 0.1
    tool_up_s: float = 0.1


@dataclass(frozen=True, slots=True)
class ToolTexts:
    """The command texts of one tool: how it is chosen, lowered and raised. Fields in braces are filled in."""

    select: str
    down: str
    up: str


@dataclass(frozen=True, slots=True)
class ProgramTexts:
    """The command texts around the strokes. ``travel`` and ``cut`` take {x} and {y} in device units, {feed} in the
    machine's own unit."""

    header: str
    footer: str
    travel: str
    cut: str
    comment: str | None = None
    longest_line: int | None = None


@dataclass(frozen=True)
class CutterProfile:
    """One cutter as plain data, read from a TOML file by ``formats/profile``."""

    name: str
    title: str
    dialect: DialectName
    table: Table
    coordinates: Coordinates
    motion: Motion
    program: ProgramTexts
    tools: Mapping[Tool, ToolTexts] = field(default_factory=dict)
    knife: Knife = field(default_factory=Knife)
    tried_on_hardware: bool = False
    sources: tuple[str, ...] = ()
