"""The machine's body: where it is, what time it is, which tool, up or down; what it does leaves a trace.

Whole programs (``emulator``) and the emulated device (``device/``) move the same one.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from cutkit.machine.actions import (
    Action,
    DrawText,
    Dwell,
    Feed,
    Lift,
    Lower,
    MoveTo,
    Program,
    SelectTool,
    Violation,
)
from cutkit.machine.kinematics import LOOK_AHEAD_BLOCKS, Limits, Ramp, plan_ramps
from cutkit.machine.physics import Blade
from cutkit.machine.trace import Run, Trace, along_cloth
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, CutTool, Knife, Plunge

TIP_TOLERANCE_MM = 0.05
ACROSS_DEG = 2.0
"""How much farther off its way than half of what it may be turned in the cloth a blade may point."""
NO_TOOL, UNKNOWN_TOOL = -1, -2
_SETTLED_S = 1e-6


class Timing(Protocol):
    """When along a move the machine is where: a ``Ramp``, or what the emulated device made of it as it went."""

    @property
    def length_mm(self) -> float: ...
    @property
    def time_s(self) -> float: ...
    def time_at_s(self, distance_mm: float) -> float: ...


@dataclass
class Samples:
    """The growing trace, as bare numbers: a long marker has millions of them."""

    numbers: array[float] = field(default_factory=lambda: array("d"))
    last_line: int = 0
    count: int = 0

    def add(self, t_s: float, tip: Point, holder: Point, blade_deg: float, down: bool, tool: int, line: int) -> None:
        self.numbers.extend((t_s, tip[0], tip[1], holder[0], holder[1], blade_deg, down, tool, line))
        self.last_line = line
        self.count += 1

    def trace(self, tools: tuple[CutTool, ...]) -> Trace:
        columns = np.frombuffer(self.numbers, dtype=float).reshape(-1, 9)
        return Trace(
            columns[:, 0].copy(),
            columns[:, 1:3].copy(),
            columns[:, 3:5].copy(),
            columns[:, 5].copy(),
            columns[:, 6] > 0,
            columns[:, 7].astype(np.int64),
            columns[:, 8].astype(np.int64),
            tools,
        )


class Body:
    """The machine's state: where it is, what time it is, which tool, up or down. Motions wait in a queue until a stop
    so that the planner can look ahead through them."""

    def __init__(self, profile: CutterProfile, blade: Blade) -> None:
        self.profile = profile
        self.blade = blade
        self.tools: tuple[CutTool, ...] = tuple(profile.tools)
        self.tool = self._tool_at_start()
        self.here: Point = (0.0, 0.0)
        self.now_s = 0.0
        self.down = False
        self.settled_s = 0.0
        self.tool_downs = 0
        self.height_mm = 0.0
        self.angle_deg = 0.0
        self.across = False
        self.outside = False
        self.broken_at_s = math.inf
        self.queue: list[MoveTo] = []
        self.violations: list[Violation] = []
        self.remarks: list[Violation] = []
        self.samples = Samples()
        self.limits = limits_of(profile)
        self.starts, self.zeros_mm = [0], [0.0]
        self._sample(self.here, 0)

    def take(self, action: Action) -> None:
        """Carry out one action."""
        if isinstance(action, MoveTo):
            self._queue_move(action)
            return
        self._drain()
        if isinstance(action, Lower):
            self._lower(action)
        elif isinstance(action, Lift):
            self._lift(action)
        elif isinstance(action, SelectTool):
            self._select(action)
        elif isinstance(action, Dwell):
            self.now_s += action.seconds
            self._sample(self.here, action.line)
        elif isinstance(action, Feed):
            self._feed(action)
        else:
            self._draw_text(action)

    def finish(self) -> None:
        """The program is over."""
        self._drain()
        last = self.samples.last_line or None
        if self.down:
            self._fault("down-at-end", "the program ends with the tool down", last)
        if self.tool_downs == 0:
            self._fault("nothing-done", "the program never puts a tool down", None)

    def _plunge(self, move: MoveTo, plunge: Plunge) -> None:
        """Move the Z axis, and then along the table what else the block asks for."""
        self._drain()
        if move.angle_deg is not None:
            self._turn(move)
        height = self.height_mm if move.z_mm is None else move.z_mm
        along = (move.x_mm, move.y_mm) != self.here
        deep = height < plunge.touch_mm
        if along and (deep or self.down):
            self._fault("slanted", "the tool goes along while it goes up or down in the cloth", move.line, self.here)
        if plunge.through_mm < height < plunge.touch_mm:
            message = f"the tool is let down to {height:g} mm; it cuts through all plies at {plunge.through_mm:g} mm"
            self._fault("not-through", message, move.line, self.here)
        self.now_s += self._rise(move, plunge).time_s
        self.height_mm = height
        if self.down and not deep:
            self._edge_forward(move.line)
        if deep and not self.down:
            self.tool_downs += 1
        self.down = deep
        self._come_to_rest(move.line)
        if along:
            self.queue.append(replace(move, z_mm=None, angle_deg=None))

    def _rise(self, move: MoveTo, plunge: Plunge) -> Ramp:
        """The course of the Z axis, from rest to rest, up or down."""
        speed = plunge.speed_mm_s if move.feed_mm_s is None else min(move.feed_mm_s, plunge.speed_mm_s)
        height = self.height_mm if move.z_mm is None else move.z_mm
        return Ramp.from_rest(abs(height - self.height_mm), speed, plunge.acceleration_mm_s2)

    def _queue_move(self, move: MoveTo) -> None:
        if move.z_mm is not None and self.profile.plunge is not None:
            self._plunge(move, self.profile.plunge)
            return
        self._check(move, at_rest=not self.queue)
        if move.angle_deg is not None and move.end == (self.queue[-1].end if self.queue else self.here):
            self._drain()
            self._turn(move)
            return
        self.queue.append(move)

    def _check(self, move: MoveTo, *, at_rest: bool) -> None:
        """Note what is wrong with a move in the state in which the machine takes it up."""
        if at_rest and self.now_s < self.settled_s - _SETTLED_S:
            short = self.settled_s - self.now_s
            self._fault(
                "no-dwell", f"motion {short:.2f} s before the tool is {'down' if self.down else 'up'}", move.line
            )
            self.settled_s = 0.0
        if move.rapid and self.down:
            self._fault("down-rapid", "a rapid move with the tool down", move.line, (move.x_mm, move.y_mm))
        if move.z_mm is not None:
            self._fault("no-axis", "the program moves Z; this machine lifts its tool otherwise", move.line)
        if move.angle_deg is not None and self.profile.program.turn is None:
            self._fault("no-axis", "the program turns A; this machine has no such axis", move.line)

    def _drain(self) -> None:
        """Carry out the queued motions and come to rest."""
        if not self.queue:
            return
        speeds = [min(self._speed(m), most) for m, most in zip(self.queue, self._turning_speeds(), strict=True)]
        ramps = plan_ramps(self.here, [(m.x_mm, m.y_mm) for m in self.queue], speeds, self.limits)
        read_s = self._times_read()
        self.now_s = read_s[min(len(read_s), LOOK_AHEAD_BLOCKS + 1) - 1]
        for move, ramp, ready_s in zip(self.queue, ramps, read_s, strict=True):
            self.now_s = max(self.now_s, ready_s)
            self._go(move, ramp)
        self.queue.clear()

    def _speed(self, move: MoveTo) -> float:
        """The speed asked for; a rapid move is as fast as the limits let it be, on each axis or along the path."""
        if not move.rapid:
            return self._cut_speed(move)
        return math.inf if self.limits.per_axis else self.profile.motion.travel_mm_s

    def _times_read(self) -> list[float]:
        """When the controller has read the line of each queued move, from now on.

        Grbl begins to move when its planner is full, or when it has to wait for what comes next (a dwell, a tool).
        """
        times, last_line, now = [], None, self.now_s
        for move in self.queue:
            now += self.profile.motion.line_s if move.line != last_line else 0.0
            last_line = move.line
            times.append(now)
        return times

    def _cut_speed(self, move: MoveTo) -> float:
        motion = self.profile.motion
        own = self.profile.tools[self.tools[self.tool]].cut_mm_s if self.tool >= 0 else None
        return min(move.feed_mm_s or own or motion.cut_mm_s, motion.travel_mm_s)

    def _go(self, move: MoveTo, ramp: Timing) -> None:
        end = move.end
        self._turn_along(move)
        if self.down and self._drags():
            factor = ramp.length_mm / length if (length := math.dist(self.here, end)) > 0 else 0.0
            for way_mm, holder, tip in self.blade.drag(self.here, end):
                self._watch(move, holder, tip)
                self._sample(holder, move.line, self.now_s + ramp.time_at_s(way_mm * factor), tip)
        else:
            self._watch(move, end, self._tip(end))
            self._sample(end, move.line, self.now_s + ramp.time_s)
        self.now_s += ramp.time_s
        self.here = end

    def _lower(self, action: Lower) -> None:
        if self.tool == NO_TOOL:
            self._fault("no-tool", "the tool goes down with none selected", action.line)
        self.tool_downs += 1
        self._change(action, down=True, takes_s=self.profile.motion.tool_down_s)

    def _lift(self, action: Lift) -> None:
        self._change(action, down=False, takes_s=self.profile.motion.tool_up_s)

    def _change(self, action: Lower | Lift, *, down: bool, takes_s: float) -> None:
        """Up or down; the machine waits for it, or it goes on by itself until ``settled_s``."""
        if self.down and not down:
            self._edge_forward(action.line)
        if action.waits:
            self.now_s += takes_s
        else:
            self.settled_s = self.now_s + takes_s
        self.down = down
        self._come_to_rest(action.line)

    def _come_to_rest(self, line: int) -> None:
        """Note where the tool stands after it went up or down."""
        if self.down:
            self._stand(line)
        self._sample(self.here, line)

    def _stand(self, line: int) -> None:
        """A blade that has a length makes its cut where it stands in the cloth, from its heel to its edge."""
        knife = self._turned_knife()
        if knife is not None and knife.length_mm > 0:
            for end in (-0.5, 0.5):
                self._sample(self.here, line, tip=_ahead(self.here, self.angle_deg, end * knife.length_mm))

    def _edge_forward(self, line: int) -> None:
        """A wheel cuts below its axis on the way, and up to its edge where it is lifted."""
        knife = self._turned_knife()
        if knife is not None and knife.kind == "rotary":
            self._sample(self.here, line, tip=_ahead(self.here, self.angle_deg, knife.length_mm / 2))

    def _turn(self, move: MoveTo) -> None:
        """Turn the blade where it stands."""
        angle = self.angle_deg if move.angle_deg is None else move.angle_deg
        turn = abs(angle - self.angle_deg)
        knife = self._turned_knife()
        if self.down and knife is not None and turn > knife.lift_above_deg + ACROSS_DEG:
            message = f"the blade is turned by {turn:.0f} degrees in the cloth; it may be by {knife.lift_above_deg:g}"
            self._fault("turned-in-cloth", message, move.line)
        self.now_s += turn / self.profile.motion.turn_deg_s
        self.angle_deg = angle
        self._sample(self.here, move.line)

    def _turn_along(self, move: MoveTo) -> None:
        """Turn the blade on a way, and see whether it points along it; one fault for each time that it does not."""
        before = self.angle_deg
        self.angle_deg = before if move.angle_deg is None else move.angle_deg
        knife = self._turned_knife()
        if not self.down or knife is None or move.end == self.here:
            return
        way = math.degrees(math.atan2(move.y_mm - self.here[1], move.x_mm - self.here[0]))
        off = max(abs(math.remainder(angle - way, 360.0)) for angle in (before, self.angle_deg))
        across = off > knife.lift_above_deg / 2 + ACROSS_DEG
        if across and not self.across:
            message = f"the blade goes sideways: it points {off:.0f} degrees off the way that it cuts"
            self._fault("blade-across", message, move.line)
        self.across = across

    def _turning_speeds(self) -> list[float]:
        """For every queued move how fast it may go for the blade to turn in time."""
        speeds: list[float] = []
        here, angle = self.here, self.angle_deg
        for move in self.queue:
            speeds.append(self._turning_speed(here, angle, move))
            here, angle = move.end, angle if move.angle_deg is None else move.angle_deg
        return speeds

    def _turning_speed(self, here: Point, angle_deg: float, move: MoveTo) -> float:
        """How fast a move from this place and angle may go for the blade to turn in time."""
        turn = 0.0 if move.angle_deg is None else abs(move.angle_deg - angle_deg)
        return math.dist(here, move.end) * self.profile.motion.turn_deg_s / turn if turn > 0 else math.inf

    def _feed(self, action: Feed) -> None:
        """Move the cloth on: the machine stands, and its zero lies farther along the cloth."""
        if self.down:
            self._fault("feed-down", f"the cloth is moved on by {action.mm:.1f} mm with the tool down", action.line)
        elif self.now_s < self.settled_s - _SETTLED_S:
            short = self.settled_s - self.now_s
            self._fault("no-dwell", f"the cloth is moved on {short:.2f} s before the tool is up", action.line)
        speed = self.profile.windows.feed_mm_s if self.profile.windows else self.profile.motion.travel_mm_s
        self.now_s += abs(action.mm) / speed
        self.starts.append(self.samples.count)
        self.zeros_mm.append(self.zeros_mm[-1] + action.mm)
        self._sample(self.here, action.line)

    def _select(self, action: SelectTool) -> None:
        if self.down:
            self._fault("tool-change-down", "the tool is changed while it is down", action.line)
        numbers = [self.profile.tools[name].number for name in self.tools]
        if action.number == 0:
            self.tool = NO_TOOL
        elif action.number in numbers:
            self.tool = numbers.index(action.number)
        elif any(number is not None for number in numbers):
            known = ", ".join(str(number) for number in numbers if number is not None)
            self._fault("unknown-tool", f"tool {action.number} is selected; the machine has {known}", action.line)
            self.tool = UNKNOWN_TOOL

    def _draw_text(self, action: DrawText) -> None:
        if self.tool >= 0 and self.tools[self.tool] == "pen":
            remark = "the machine writes text in letters of its own: not drawn here, and not in the time"
            self.remarks.append(Violation("label-not-drawn", remark, action.line))
        else:
            self._fault("label-with-knife", "text is written with no pen in use", action.line)

    def _tool_at_start(self) -> int:
        """The tool in use before any is selected: the only one, or the knife where tools have no numbers."""
        numbered = any(texts.number is not None for texts in self.profile.tools.values())
        if numbered or not self.tools:
            return NO_TOOL
        return self.tools.index("knife") if "knife" in self.tools else 0

    def _drags(self) -> bool:
        return self.blade.offset_mm > 0 and self.tool >= 0 and self.tools[self.tool] == "knife"

    def _turned_knife(self) -> Knife | None:
        """The blade in use where the machine turns it."""
        name = self.tools[self.tool] if self.tool >= 0 else None
        knife = {"knife": self.profile.knife, "fine": self.profile.fine_knife}.get(name or "")
        return knife if knife is not None and knife.kind in ("tangential", "rotary") else None

    def _tip(self, holder: Point) -> Point:
        """Where the tool touches the cloth: of a blade that has a length, its edge in front."""
        knife = self._turned_knife()
        if knife is not None:
            knifes = self.down and knife.kind == "tangential"
            return _ahead(holder, self.angle_deg, knife.length_mm / 2) if knifes else holder
        return self.blade.tip(holder) if self._drags() else holder

    def _sample(self, holder: Point, line: int, t_s: float | None = None, tip: Point | None = None) -> None:
        turned = self._turned_knife() is not None
        degrees = self.angle_deg % 360 if turned else math.degrees(self.blade.heading_rad) % 360
        time = self.now_s if t_s is None else t_s
        down = self.down and time < self.broken_at_s
        at, axis = self._on_cloth(tip or self._tip(holder)), self._on_cloth(holder)
        self.samples.add(time, at, axis, degrees, down, self.tool, line)

    def _on_cloth(self, point: Point) -> Point:
        return (point[0] + self.zeros_mm[-1], point[1])

    def _watch(self, move: MoveTo, holder: Point, tip: Point) -> None:
        """Note where the tool cuts off the table, or the holder goes beyond its reach; once for each time out."""
        table = self.profile.table
        unit = 0.5 / self.profile.coordinates.units_per_mm * 10.0**-self.profile.coordinates.decimals
        over_mm = _beyond(holder, table.length_mm, table.width_mm) - table.margin_mm - unit
        if self.down:
            over_mm = max(over_mm, _beyond(tip, table.length_mm, table.width_mm) - TIP_TOLERANCE_MM)
        if over_mm > 1e-6 and not self.outside:
            where = f"x {tip[0]:.2f} mm, y {tip[1]:.2f} mm"
            self._fault("outside-table", f"{'cut' if self.down else 'move'} off the table at {where}", move.line, tip)
        self.outside = over_mm > 1e-6

    def _fault(self, code: str, message: str, line: int | None, at: Point | None = None) -> None:
        self.violations.append(Violation(code, message, line, self._on_cloth(at or self.here)))


def _ahead(point: Point, angle_deg: float, by_mm: float) -> Point:
    angle = math.radians(angle_deg)
    return (point[0] + by_mm * math.cos(angle), point[1] + by_mm * math.sin(angle))


def _beyond(point: Point, length_mm: float | None, width_mm: float) -> float:
    """How far a point is outside the table; negative inside."""
    x, y = point
    along = max(-x, x - length_mm) if length_mm is not None else -x
    return max(along, -y, y - width_mm)


def limits_of(profile: CutterProfile) -> Limits:
    motion = profile.motion
    return Limits(
        motion.acceleration_mm_s2,
        motion.junction_deviation_mm,
        per_axis=profile.dialect == "gcode",
        top_speed_mm_s=motion.travel_mm_s,
        steps_per_mm=motion.steps_per_mm,
    )


def run_of(machine: Body, program: Program) -> Run:
    trace = machine.samples.trace(machine.tools)
    cutting = trace.down[1:] & trace.down[:-1]
    pen = machine.tools.index("pen") if "pen" in machine.tools else None
    drawing = cutting & (trace.tool[1:] == pen) if pen is not None else np.zeros(len(cutting), dtype=bool)
    tip_mm = np.hypot(*np.diff(trace.tip_mm, axis=0).T)
    carried = np.isin(np.arange(1, len(trace.t_s)), machine.starts)
    travel_mm = np.hypot(*np.diff(trace.holder_mm, axis=0).T)[~cutting & ~carried].sum()
    touched = trace.tip_mm[trace.down]
    low, high = (touched.min(axis=0), touched.max(axis=0)) if len(touched) else (np.zeros(2), np.zeros(2))
    feeds = [action for action in program.actions if isinstance(action, Feed)]
    of_program = [_after_feeds(violation, feeds) for violation in program.violations]
    violations = sorted((*of_program, *machine.violations), key=lambda v: (v.line is None, v.line or 0))
    return Run(
        machine.profile,
        trace,
        tuple(violations),
        (*program.remarks, *machine.remarks),
        machine.now_s,
        float(tip_mm[cutting & ~drawing].sum()),
        float(tip_mm[drawing].sum()),
        float(travel_mm),
        machine.tool_downs,
        (float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        tuple(machine.starts),
        tuple(machine.zeros_mm),
    )


def _after_feeds(violation: Violation, feeds: list[Feed]) -> Violation:
    """What a parser found, laid where the cloth was by then; the parser knows only where the machine stood."""
    by_mm = sum(feed.mm for feed in feeds if violation.line is not None and feed.line < violation.line)
    return along_cloth(violation, by_mm)
