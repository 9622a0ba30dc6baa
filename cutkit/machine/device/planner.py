"""A planner that is fed while it runs: blocks come in at the back while the machine drives along the front one.

The rules are those of ``kinematics`` (trapezoids of speed, junction deviation, a finite look-ahead). New here is time:
each block added may let the machine go faster through those before it, from where it is and as fast as it is at
that moment; a feed hold brakes it on its way; and it may be stopped dead. On a stream that keeps the planner full, the
times are those of ``kinematics.plan_ramps``.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from cutkit.machine.actions import MoveTo
from cutkit.machine.kinematics import STRAIGHT_COSINE, Limits, Ramp
from cutkit.model import Point

USABLE_BLOCKS = 15
"""Grbl 1.1: a ring of 16 blocks, one of which always stays free."""
_NEAR_MM = 1e-9
_NEAR_S = 1e-12


@dataclass(slots=True)
class Course:
    """How one block is driven: ramps one after the other, with pauses between them where the machine was held.

    It is a timing as ``Ramp`` is: of the ``length_mm`` driven so far and planned.
    """

    entry_mm_s: float
    pieces: list[tuple[float, float, Ramp]] = field(default_factory=list)
    """Each ramp with the time and the way at which it begins, counted from the block's start."""

    @property
    def length_mm(self) -> float:
        """The way that the ramps cover."""
        return self.pieces[-1][1] + self.pieces[-1][2].length_mm if self.pieces else 0.0

    @property
    def time_s(self) -> float:
        """The time until the last ramp is done."""
        return self.pieces[-1][0] + self.pieces[-1][2].time_s if self.pieces else 0.0

    @property
    def exit_mm_s(self) -> float:
        """The speed after the last ramp."""
        return self.pieces[-1][2].exit_mm_s if self.pieces else self.entry_mm_s

    def time_at_s(self, distance_mm: float) -> float:
        """The time from the block's start until ``distance_mm`` of it are done."""
        for start_s, start_mm, ramp in reversed(self.pieces):
            if start_mm < distance_mm - _NEAR_MM or start_mm == 0:
                return start_s + ramp.time_at_s(distance_mm - start_mm)
        return 0.0

    def at(self, time_s: float) -> Point:
        """The way done and the speed, ``time_s`` after the block's start."""
        for start_s, start_mm, ramp in reversed(self.pieces):
            if start_s <= time_s:
                if time_s - start_s >= ramp.time_s - _NEAR_S:
                    return start_mm + ramp.length_mm, ramp.exit_mm_s
                done, speed = ramp.at(time_s - start_s)
                return start_mm + done, speed
        return 0.0, self.entry_mm_s

    def cut(self, time_s: float) -> Point:
        """Forget what is planned after ``time_s``; the way done until then, and the speed."""
        done, speed = self.at(time_s)
        while self.pieces and self.pieces[-1][0] >= time_s:
            self.pieces.pop()
        if self.pieces:
            start_s, start_mm, ramp = self.pieces[-1]
            if time_s - start_s < ramp.time_s - _NEAR_S:
                self.pieces[-1] = (start_s, start_mm, _first_part(ramp, done - start_mm, speed))
        return done, speed

    def add(self, time_s: float, start_mm: float, ramp: Ramp) -> None:
        """Go on by a ramp."""
        self.pieces.append((time_s, start_mm, ramp))


def _first_part(ramp: Ramp, length_mm: float, speed_mm_s: float) -> Ramp:
    """The ramp broken off after ``length_mm``, where it has this speed."""
    a = ramp.acceleration_mm_s2
    rise = (ramp.top_mm_s**2 - ramp.entry_mm_s**2) / (2 * a)
    top = max(speed_mm_s, ramp.entry_mm_s) if length_mm <= rise else ramp.top_mm_s
    return Ramp(length_mm, ramp.entry_mm_s, top, min(speed_mm_s, top), a)


@dataclass(slots=True)
class Block:
    """A straight move in the planner. ``junction_2`` is the squared speed at which the junction before it may be
    passed, ``reach_2`` that from which the machine can still do all that it knows of behind it."""

    move: MoveTo
    unit: Point
    length_mm: float
    asked_mm_s: float
    top_mm_s: float
    acceleration_mm_s2: float
    junction_2: float = 0.0
    reach_2: float = 0.0
    course: Course = field(default_factory=lambda: Course(0.0))

    @property
    def gain_2(self) -> float:
        """By how much the squared speed can change along it."""
        return 2 * self.acceleration_mm_s2 * self.length_mm


class Planner:
    """The blocks between two stops, the first of them being driven. Times are the caller's, in seconds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.blocks: deque[Block] = deque()
        self.began_s = 0.0
        self.holding = False
        self.scale_feed = 1.0
        self.scale_rapid = 1.0

    def ends_block(self) -> bool:
        """Whether the first block is planned to its end; False where it is to come to rest before."""
        return self.blocks[0].course.length_mm >= self.blocks[0].length_mm - _NEAR_MM

    def next_s(self) -> float:
        """When the first block ends, or the machine comes to rest on it; inf where neither will be."""
        if not self.blocks or not self.blocks[0].course.pieces:
            return math.inf
        return self.began_s + self.blocks[0].course.time_s

    def add(self, move: MoveTo, start: Point, speed_mm_s: float, now_s: float) -> bool:
        """Take a move from ``start`` (a block's end, or where the machine rests); False where it has no length."""
        block = self._block(move, start, speed_mm_s)
        if block is None:
            return False
        if self.blocks:
            block.junction_2 = junction_squared(self.blocks[-1], block, self.limits)
        self.blocks.append(block)
        if len(self.blocks) == 1:
            self._begin(now_s, 0.0)
        elif self._look_ahead():
            self._plan(now_s)
        return True

    def finish(self, now_s: float) -> Block:
        """Take out the first block, which is done, and begin the next at the speed of the junction."""
        block = self.blocks.popleft()
        self._begin(now_s, block.course.exit_mm_s)
        return block

    def hold(self, now_s: float) -> None:
        """Brake to rest along the path."""
        self.holding = True
        self._plan(now_s)

    def resume(self, now_s: float) -> None:
        """Go on."""
        self.holding = False
        if self.blocks and not self.blocks[0].course.pieces:
            self.began_s = now_s
        self._plan(now_s)

    def override(self, feed: float, rapid: float, now_s: float) -> None:
        """Change the share of their speed at which moves are made, also that of the move being made."""
        self.scale_feed, self.scale_rapid = feed, rapid
        before: Block | None = None
        for block in self.blocks:
            block.top_mm_s = self._top(block.move, block.unit, block.asked_mm_s)
            if before is not None:
                block.junction_2 = junction_squared(before, block, self.limits)
            before = block
        self._look_ahead(all_of_them=True)
        self._plan(now_s)

    def split(self, now_s: float) -> tuple[Block, float] | None:
        """Part the first block where the machine is: the part done, and what share of the block that is.

        The rest stays, to be driven on from there at the same speed.
        """
        if not self.blocks:
            return None
        block = self.blocks[0]
        done, speed = block.course.cut(now_s - self.began_s)
        share = min(done / block.length_mm, 1.0)
        part = Block(block.move, block.unit, done, 0, 0, block.acceleration_mm_s2, course=block.course)
        block.length_mm = max(block.length_mm - done, 0.0)
        block.course = Course(speed)
        self.began_s = now_s
        self._plan(now_s)
        return part, share

    def where(self, now_s: float) -> Point:
        """The share of the first block that is done, and the speed."""
        if not self.blocks:
            return 0.0, 0.0
        done, speed = self.blocks[0].course.at(now_s - self.began_s)
        return done / self.blocks[0].length_mm if self.blocks[0].length_mm > 0 else 1.0, speed

    def _block(self, move: MoveTo, start: Point, speed_mm_s: float) -> Block | None:
        a, b = self._stepped(start), self._stepped((move.x_mm, move.y_mm))
        length = math.dist(a, b)
        if length == 0:
            return None
        unit = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
        acceleration = self.limits.acceleration_mm_s2 / self._share(unit)
        return Block(move, unit, length, speed_mm_s, self._top(move, unit, speed_mm_s), acceleration)

    def _top(self, move: MoveTo, unit: Point, speed_mm_s: float) -> float:
        most = self.limits.top_speed_mm_s / self._share(unit)
        return min(speed_mm_s, most) * self.scale_rapid if move.rapid else min(speed_mm_s * self.scale_feed, most)

    def _stepped(self, point: Point) -> Point:
        """Rounded to whole steps of the motors (halves away from zero) where they are known."""
        steps = self.limits.steps_per_mm
        if steps is None:
            return point
        x, y = (math.copysign(math.floor(abs(v * steps) + 0.5), v) / steps for v in point)
        return x, y

    def _share(self, unit: Point) -> float:
        return max(abs(unit[0]), abs(unit[1])) if self.limits.per_axis else 1.0

    def _look_ahead(self, *, all_of_them: bool = False) -> bool:
        """Work out from behind how fast each block may be entered; True where that changes what the first may do."""
        behind_2 = 0.0
        for index in range(len(self.blocks) - 1, 0, -1):
            block = self.blocks[index]
            reach_2 = min(block.junction_2, behind_2 + block.gain_2)
            if reach_2 == block.reach_2 and not all_of_them and index < len(self.blocks) - 1:
                return False
            changed, block.reach_2, behind_2 = reach_2 != block.reach_2, reach_2, reach_2
        return len(self.blocks) > 1 and changed

    def _begin(self, now_s: float, speed_mm_s: float) -> None:
        self.began_s = now_s
        if self.blocks:
            self.blocks[0].course = Course(speed_mm_s)
            self._plan(now_s)

    def _plan(self, now_s: float) -> None:
        """Plan the rest of the first block anew, from where the machine is."""
        if not self.blocks:
            return
        block = self.blocks[0]
        now = now_s - self.began_s
        done, speed = block.course.cut(now)
        rest, a = block.length_mm - done, block.acceleration_mm_s2
        if rest <= _NEAR_MM:
            if not block.course.pieces:
                block.course.add(now, done, Ramp(0.0, speed, max(speed, 1.0), speed, a))
            return
        if self.holding:
            if speed > 0:
                block.course.add(now, done, _braked(speed, 0.0, rest, a))
            return
        if speed > block.top_mm_s * (1 + 1e-9):
            brake = _braked(speed, block.top_mm_s, rest, a)
            block.course.add(now, done, brake)
            now, done, speed = now + brake.time_s, done + brake.length_mm, brake.exit_mm_s
            rest = block.length_mm - done
            if rest <= _NEAR_MM:
                return
        reach_2 = self.blocks[1].reach_2 if len(self.blocks) > 1 else 0.0
        leave_2 = max(min(reach_2, speed**2 + 2 * a * rest), speed**2 - 2 * a * rest, 0.0)
        leave = math.sqrt(leave_2)
        peak = max(min(block.top_mm_s, math.sqrt((2 * a * rest + speed**2 + leave_2) / 2)), speed, leave)
        block.course.add(now, done, Ramp(rest, speed, peak, leave, a))


def _braked(speed: float, wanted: float, room_mm: float, a: float) -> Ramp:
    """Braking from one speed to another, as far as there is room."""
    way = (speed**2 - wanted**2) / (2 * a)
    if way <= room_mm:
        return Ramp(way, speed, speed, wanted, a)
    return Ramp(room_mm, speed, speed, math.sqrt(max(speed**2 - 2 * a * room_mm, 0.0)), a)


def junction_squared(before: Block, block: Block, limits: Limits) -> float:
    """The squared speed through the junction of two blocks: junction deviation, as ``kinematics`` tells it."""
    slower = min(before.top_mm_s, block.top_mm_s) ** 2
    cosine = before.unit[0] * block.unit[0] + before.unit[1] * block.unit[1]
    if cosine > STRAIGHT_COSINE:
        return slower
    if cosine < -STRAIGHT_COSINE:
        return 0.0
    sine = math.sqrt(0.5 * (1.0 + cosine))
    turn = (block.unit[0] - before.unit[0], block.unit[1] - before.unit[1])
    share = max(abs(turn[0]), abs(turn[1])) / math.hypot(*turn) if limits.per_axis else 1.0
    return min(limits.acceleration_mm_s2 / share * limits.junction_deviation_mm * sine / (1.0 - sine), slower)
