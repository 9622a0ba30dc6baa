"""What a parser makes of a program: actions in order, each with its line, and the violations it found on the way.

All dialects meet here: everything behind the parsers (kinematics, physics, judge) knows actions only.
"""

from __future__ import annotations

from dataclasses import dataclass

from cutkit.machine.feeds import FeedForm
from cutkit.model import Point


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that a program does wrong. ``code`` is stable (``emulator`` and ``judge`` list them all).

    ``line`` counts the program's lines from 1 (its blocks or instructions, where the language has no lines); None where
    the fault is that something is absent. ``at_mm`` is where on the table, if anywhere.
    """

    code: str
    message: str
    line: int | None = None
    at_mm: Point | None = None


@dataclass(frozen=True, slots=True)
class MoveTo:
    """The holder goes straight to a point on the table. ``rapid``: not meant for cutting, as fast as the machine goes.

    ``feed_mm_s`` None: the machine's own speed. ``z_mm`` is given only where the program moves a third axis,
    ``angle_deg`` (counter-clockwise from +x, counted on beyond 360) where it turns the blade.
    """

    line: int
    x_mm: float
    y_mm: float
    rapid: bool = False
    feed_mm_s: float | None = None
    z_mm: float | None = None
    angle_deg: float | None = None

    @property
    def end(self) -> Point:
        """Where the holder goes."""
        return (self.x_mm, self.y_mm)


@dataclass(frozen=True, slots=True)
class Lower:
    """The tool goes down. ``waits``: the machine itself waits until it is down (else the program must)."""

    line: int
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Lift:
    """The tool goes up. ``waits``: the machine itself waits until it is up (else the program must)."""

    line: int
    waits: bool = True


@dataclass(frozen=True, slots=True)
class SelectTool:
    """Another tool comes into use; 0: none."""

    line: int
    number: int


@dataclass(frozen=True, slots=True)
class Dwell:
    """The machine drains its planner, then stands still."""

    line: int
    seconds: float


@dataclass(frozen=True, slots=True)
class DrawText:
    """The machine writes text with the tool in use, in letters of its own; where they go the emulator cannot know."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Feed:
    """The cloth is moved on under the machine, against x: what lay at ``mm`` lies at 0 then."""

    line: int
    mm: float


Action = MoveTo | Lower | Lift | SelectTool | Dwell | DrawText | Feed


@dataclass(frozen=True, slots=True)
class Device:
    """What the parsers of plotter languages must know of the machine: the unit, the range of numbers, how fast its own
    number of speed makes it, and what moves the cloth on."""

    units_per_mm: float
    lowest_units: float | None = None
    highest_units: float | None = None
    feed_per_mm_s: float = 0.1
    feed: FeedForm | None = None


@dataclass(frozen=True)
class Program:
    """A parsed program: what the machine is told to do, what is wrong with how it is told, and mere remarks."""

    actions: tuple[Action, ...]
    violations: tuple[Violation, ...] = ()
    remarks: tuple[Violation, ...] = ()
