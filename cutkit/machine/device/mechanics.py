"""The body of the emulated device: a planner that is fed as the stream comes, and the machine that it drives.

Actions wait in a queue of as many blocks as the controller has. Moves between two stops are planned together; what is
no move along the table (the tool up or down, a dwell, the Z axis) waits until the machine rests, as in the emulator of
whole programs, whose ``_Machine`` is what moves here, too: both leave the same trace.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

from cutkit.machine.actions import Action, MoveTo
from cutkit.machine.device.planner import USABLE_BLOCKS, Course, Planner
from cutkit.machine.emulator import WORST_HEADING_OFF_DEG, _limits, _Machine
from cutkit.machine.kinematics import Limits
from cutkit.machine.physics import Blade
from cutkit.model import Point
from cutkit.toolpath import CutterProfile

_NEAR_S = 1e-9
_SAMPLE_NUMBERS = 9


@dataclass
class PlannerFigures:
    """How well the planner was kept: the mean number of its blocks while it had work, and how often and for how long
    the machine stood still between two moves that nothing in the program separates."""

    busy_s: float = 0.0
    block_seconds: float = 0.0
    starved: int = 0
    starved_s: float = 0.0

    @property
    def mean_blocks(self) -> float:
        """The mean over the time in which there was anything in it."""
        return self.block_seconds / self.busy_s if self.busy_s > 0 else 0.0


class Mechanics:
    """Positions that go in are the controller's; ``origin`` is where on the table its zero lies."""

    def __init__(self, profile: CutterProfile, *, blade: Blade, began_s: float = 0.0, at: Point = (0.0, 0.0)) -> None:
        self.machine = _Machine(profile, blade)
        if at != (0.0, 0.0):
            self.machine.samples = type(self.machine.samples)()
            self.machine.here = at
            self.machine._sample(at, 0)
        self.planner = Planner(_limits(profile))
        self.origin: Point = (0.0, 0.0)
        self.began_s = began_s
        self.waiting: deque[Action] = deque()
        self.stop_until_s = -math.inf
        self.turning = False
        self.heading_known = True
        self.figures = PlannerFigures()
        self._target, self._angle_deg = at, 0.0
        self.gathers = False
        self._gathering = False
        self._counted_s = began_s
        self._moved_last = False
        self._rest_since_s = began_s

    @property
    def blocks(self) -> int:
        """How many blocks of the planner are taken."""
        return len(self.planner.blocks) + len(self.waiting)

    @property
    def room(self) -> bool:
        """Whether another block can be taken."""
        return self.blocks < USABLE_BLOCKS

    def idle(self, now_s: float) -> bool:
        """Whether all is done and the machine rests."""
        return not self.planner.blocks and not self.waiting and now_s >= self.stop_until_s - _NEAR_S

    def moving(self) -> bool:
        """Whether a move is under way, or held on its way; one of the Z axis or of the blade alone is one, too."""
        return bool(self.planner.blocks) or self.turning

    def set_limits(self, limits: Limits) -> None:
        """Other limits from the next block on."""
        self.planner.limits = limits

    def add(self, action: Action, now_s: float) -> None:
        """Queue an action; the caller has looked for room.

        Where it ``gathers``, a machine that rests does not set out at once, but when its planner is full or at
        ``start``.
        """
        self._count(now_s)
        self._gathering = self._gathering or (self.gathers and self.idle(now_s) and isinstance(action, MoveTo))
        if isinstance(action, MoveTo):
            action = replace(action, x_mm=action.x_mm + self.origin[0], y_mm=action.y_mm + self.origin[1])
            self._look_for_gap(now_s)
        else:
            self._moved_last = False
        self.waiting.append(action)
        if self.room:
            self._take_up(now_s)
        else:
            self.start(now_s)

    def start(self, now_s: float) -> None:
        """Set out with what is queued."""
        self._gathering = False
        self._take_up(now_s)

    def next_event_s(self) -> float:
        """When something ends."""
        if self.stop_until_s > -math.inf:
            return self.stop_until_s
        next_s = self.planner.next_s()
        return math.inf if self._ends_held() and next_s <= self._counted_s + _NEAR_S else next_s

    def advance(self, now_s: float) -> None:
        """Let all end that ends by now."""
        self._count(now_s)
        if now_s >= self.stop_until_s - _NEAR_S:
            self.stop_until_s, self.turning = -math.inf, False
        while self.planner.next_s() <= now_s + _NEAR_S and not self._ends_held():
            end_s, began_s = self.planner.next_s(), self.planner.began_s
            block = self.planner.finish(end_s)
            self._go(block.move, block.course, began_s)
            self._rest_since_s = end_s
        self._take_up(now_s)

    def hold(self, now_s: float) -> None:
        """Brake to rest along the path, and wait."""
        self.planner.hold(now_s)

    def resume(self, now_s: float) -> None:
        """Go on after a hold."""
        self._count(now_s)
        self.planner.resume(now_s)
        self._take_up(now_s)

    def held(self, now_s: float) -> bool:
        """Held, and at rest."""
        at_rest = not self.planner.blocks or (self._ends_held() and now_s >= self.planner.next_s() - _NEAR_S)
        return self.planner.holding and not self.turning and (at_rest or math.isinf(self.planner.next_s()))

    def halt(self, now_s: float) -> None:
        """Stop dead where the machine is, and forget all that is queued."""
        self.flush(now_s)
        self.cut_trace(now_s)
        self.planner.blocks.clear()
        self.planner.holding = False
        self.waiting.clear()
        self._gathering = False
        self.stop_until_s, self.turning = -math.inf, False
        self._target, self._angle_deg = self.machine.here, self.machine.angle_deg
        self._moved_last = False

    def flush(self, now_s: float) -> None:
        """Bring the trace up to now, also within a move."""
        self._count(now_s)
        began_s = self.planner.began_s
        parted = self.planner.split(now_s)
        if parted is None:
            return
        part, share = parted
        here, end = self.machine.here, (part.move.x_mm, part.move.y_mm)
        point = (here[0] + (end[0] - here[0]) * share, here[1] + (end[1] - here[1]) * share)
        self._go(replace(part.move, x_mm=point[0], y_mm=point[1]), part.course, began_s)
        self.machine.now_s = now_s - self.began_s

    def break_knife(self, now_s: float) -> None:
        """From now on (or from when the tool is up or down) it goes up and down and cuts nothing."""
        self.flush(now_s)
        now_s = max(now_s, self.stop_until_s)
        self.machine.now_s = now_s - self.began_s
        self.machine.broken_at_s = self.machine.now_s
        self.machine._sample(self.machine.here, self.machine.samples.last_line)

    def do_now(self, action: Action, now_s: float) -> None:
        """Carry out an action beside the queue, the machine being at rest."""
        self.machine.now_s = now_s - self.began_s
        self.machine.take(action)

    def cut_trace(self, now_s: float) -> None:
        """Take out what the trace says of later times: it did not come to that."""
        numbers = self.machine.samples.numbers
        while len(numbers) > _SAMPLE_NUMBERS and numbers[-_SAMPLE_NUMBERS] > now_s - self.began_s + _NEAR_S:
            del numbers[-_SAMPLE_NUMBERS:]
        while self.machine.starts[-1] >= self.machine.samples.count:
            # The cloth was being moved on; it is taken to lie where it lay.
            self.machine.starts.pop()
            self.machine.zeros_mm.pop()

    def where(self, now_s: float) -> tuple[Point, float]:
        """The holder in the controller's coordinates, and its speed."""
        here = self.machine.here
        share, speed = self.planner.where(now_s)
        if self.planner.blocks:
            end = self.planner.blocks[0].move
            here = (here[0] + (end.x_mm - here[0]) * share, here[1] + (end.y_mm - here[1]) * share)
        return (here[0] - self.origin[0], here[1] - self.origin[1]), speed

    def set_here(self, here: Point) -> None:
        """Give the place where the machine rests other coordinates: the controller's zero moves."""
        at = self.machine.here
        self.origin = (at[0] - here[0], at[1] - here[1])

    def _ends_held(self) -> bool:
        """Whether the machine comes to rest on the first block, held there."""
        planner = self.planner
        return planner.holding and bool(planner.blocks) and not planner.ends_block()

    def _take_up(self, now_s: float) -> None:
        """Hand queued actions on: moves to the planner, others to the machine once it rests."""
        while self.waiting and now_s >= self.stop_until_s - _NEAR_S and not self._gathering:
            action = self.waiting[0]
            if self._plans(action):
                assert isinstance(action, MoveTo)
                self.waiting.popleft()
                self._plan(action, now_s)
            elif self.planner.blocks or self.planner.holding:
                return
            else:
                self.waiting.popleft()
                self._stop(action, now_s)

    def _plans(self, action: Action) -> bool:
        """A move along the table alone; a blade that is turned where it stands is turned at rest."""
        if not isinstance(action, MoveTo):
            return False
        turns = action.angle_deg is not None and (action.x_mm, action.y_mm) == self._target
        return not turns and (action.z_mm is None or self.machine.profile.plunge is None)

    def _plan(self, move: MoveTo, now_s: float) -> None:
        machine = self.machine
        at_rest = not self.planner.blocks
        if at_rest:
            machine.now_s = now_s - self.began_s
        machine._check(move, at_rest=at_rest)
        target = (move.x_mm, move.y_mm)
        if not self.heading_known and machine.down and machine._drags() and target != self._target:
            self._take_heading(self._target, target)
        speed = min(machine._speed(move), machine._turning_speed(self._target, self._angle_deg, move))
        self._angle_deg = self._angle_deg if move.angle_deg is None else move.angle_deg
        if self.planner.add(move, self._target, speed, now_s):
            self._target = target
            self._moved_last = True

    def _stop(self, action: Action, now_s: float) -> None:
        """What is done at rest, and takes its time."""
        machine = self.machine
        machine.now_s = now_s - self.began_s
        machine.take(action)
        if isinstance(action, MoveTo) and action.z_mm is not None:
            while machine.queue:
                self.waiting.appendleft(machine.queue.pop())
        machine._drain()
        self._target, self._angle_deg = machine.here, machine.angle_deg
        until_s = self.began_s + machine.now_s
        if until_s > now_s + _NEAR_S:
            self.stop_until_s, self.turning = until_s, isinstance(action, MoveTo)

    def _go(self, move: MoveTo, course: Course, began_s: float) -> None:
        self.machine.now_s = began_s - self.began_s
        self.machine._go(move, course)

    def _take_heading(self, start: Point, end: Point) -> None:
        """Nobody knows how the blade stands before the first cut: nearly backwards to it is the worst."""
        direction = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
        blade = self.machine.blade
        blade.heading_rad = math.radians(direction + WORST_HEADING_OFF_DEG)
        self.heading_known = True
        numbers = self.machine.samples.numbers
        for first in range(0, len(numbers), _SAMPLE_NUMBERS):
            holder = (numbers[first + 3], numbers[first + 4])
            if numbers[first + 7] >= 0 and self.machine.tools[int(numbers[first + 7])] == "knife":
                numbers[first + 1], numbers[first + 2] = blade.tip(holder)
            numbers[first + 5] = math.degrees(blade.heading_rad) % 360

    def _look_for_gap(self, now_s: float) -> None:
        idle = self.idle(now_s) and not self.planner.holding
        if idle and self._moved_last:
            self.figures.starved += 1
            self.figures.starved_s += now_s - self._rest_since_s

    def _count(self, now_s: float) -> None:
        """Keep the figures up to now."""
        passed = now_s - self._counted_s
        if passed > 0 and self.blocks:
            self.figures.busy_s += passed
            self.figures.block_seconds += passed * self.blocks
        self._counted_s = max(now_s, self._counted_s)
