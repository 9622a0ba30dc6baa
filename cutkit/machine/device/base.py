"""The emulated device: a cutter with a link, a controller, mechanics and a clock of its own, driven by events.

Nothing here knows the time of day. The clock stands until ``advance`` (or the transport, or ``cutkit emulate``) moves
it, and the same bytes at the same times give the same run. What a dialect makes of its bytes is in the subclasses.

A run of a device has the violations of ``emulator`` and ``judge``, and these:

=============  ===================================================================================================
link-overrun   bytes came while the receive buffer was full, or while a setting was written, and were lost
closed-early   the port was closed before the machine was done, though it could have told
soft-limit     a move beyond the machine's travel, with soft limits switched on (Grbl)
=============  ===================================================================================================

Remarks (not violations): ``fault`` (one that was ordered has struck), ``alarm``, ``resend`` (Marlin), ``unfinished``.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from cutkit.machine.actions import Action, Dwell, Feed, Lift, Lower, Program, Violation
from cutkit.machine.body import run_of
from cutkit.machine.device.faults import FaultSpec
from cutkit.machine.device.link import Answers, Ring, RingFigures, Wire
from cutkit.machine.device.mechanics import Mechanics, PlannerFigures
from cutkit.machine.emulator import blade_at_start
from cutkit.machine.physics import Blade
from cutkit.machine.trace import Run, join_runs
from cutkit.model import Point
from cutkit.toolpath import CutterProfile

CLOSING_S = 0.1
"""What a machine may still be busy with when its port is closed: a question that nobody waits for an answer to."""
Step = Callable[[], bool]
"""A part of a command: does its work and says True, or says False where it has to wait."""


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """How the stream went: the receive ring, the planner, and the bytes and ok sent either way."""

    ring: RingFigures
    planner: PlannerFigures
    received: int
    commands: int
    answered: int


class Device(ABC):
    """One cutter, switched on at time 0 with its tool at the table's zero.

    ``start_deg`` is the heading of a drag blade; None: as the profile says. The run ends where ``finish`` is called;
    ``run`` tells what the tool did until now, whatever happened to power and cable in between.
    """

    NOTABLE: ClassVar[re.Pattern[bytes]] = re.compile(rb"[\r\n]")

    def __init__(
        self, profile: CutterProfile, faults: Iterable[FaultSpec] = (), *, start_deg: float | None = None
    ) -> None:
        self.profile = profile
        self.now_s = 0.0
        self.powered = True
        self.connected = True
        self.wire = Wire(profile.link.baud, self.NOTABLE)
        self.answers = Answers(profile.link.baud)
        self.ring = Ring(self._usable_bytes())
        self.mechanics = self._new_mechanics(start_deg)
        self.steps: deque[Step] = deque()
        self.ready_s = 0.0
        self.deaf_until_s = -math.inf
        self.commands = 0
        self.answered = 0
        self.paused = self.dead = False
        self.faults: list[FaultSpec] = list(faults)
        self.slow_s = sum(f.lasts_s for f in self.faults if f.kind == "slow")
        self.violations: list[Violation] = []
        self.remarks: list[Violation] = []
        self._timed = sorted((f.at_s, k) for k, f in enumerate(self.faults) if f.at_s is not None)
        self._resume_s = math.inf
        self._sent = 0
        self._lost_before = 0
        self._ended: list[Run] = []
        self._lines_before: list[int] = [0]
        self._lines_total = 0
        self._switch_on()

    # ---- what a host does

    def receive(self, data: bytes) -> None:
        """Bytes that the host sends: they arrive one after the other at the rate of the line."""
        if not (self.powered and self.connected):
            return
        self.wire.send(self._spoilt(data), self.now_s)

    def take_output(self) -> bytes:
        """What the device has answered and what has reached the host by now."""
        return self.answers.take(self.now_s) if self.connected else b""

    def connect(self) -> None:
        """Open the link (again); OSError where the power is off. Nothing moves by that."""
        if not self.powered:
            raise OSError(f"{self.profile.name}: no answer, the machine is off")
        self.connected = True

    def disconnect(self) -> None:
        """Close the link; the machine runs on with what it has. What is on the wire is gone."""
        self.wire.clear()
        self.answers.clear()
        self.connected = False

    def hang_up(self) -> None:
        """The host closes the link, which first sends what is on the wire, as serial drivers do.

        A violation where the machine is not done yet and could have said so.
        """
        if self.connected and self.powered and not self.done:
            self.advance(self.now_s + self.wire.pending * self.wire.byte_s + CLOSING_S)
        if self.connected and self.profile.link.barrier is not None and self.powered and not self.done:
            message = "the port is closed before the machine is done with what it was sent"
            self.violations.append(Violation("closed-early", message))
        self.disconnect()

    @property
    def clear_to_send(self) -> bool:
        """Whether the device takes bytes without losing any: the hardware line of that name."""
        return self.ring.free > self.wire.pending

    # ---- the clock

    def next_event_s(self) -> float:
        """When something happens next by itself; inf: nothing, until more bytes come."""
        if not self.powered:
            return math.inf
        times = [self.mechanics.next_event_s(), self._wire_next_s(), self._resume_s]
        if self.ready_s > self.now_s:
            times.append(self.ready_s)
        if self._timed:
            times.append(self._timed[0][0])
        times.append(self._own_event_s())
        return max(min(times), self.now_s)

    def next_output_s(self) -> float:
        """When an answer is next with the host; inf: none is on its way."""
        return self.answers.next_s() if self.connected else math.inf

    def advance(self, until_s: float) -> None:
        """Let time pass until then, with all that happens on the way."""
        while self.powered:
            at_s = self.next_event_s()
            if at_s > until_s:
                break
            self._pass_to(at_s)
            self._happen()
        self._pass_to(until_s)

    @property
    def done(self) -> bool:
        """Whether all bytes are read and all motion is made."""
        waiting = self.wire.pending or self.ring.data or self.steps
        return not waiting and self.mechanics.idle(self.now_s)

    @property
    def waits_for_people(self) -> bool:
        """Whether nothing will go on, however long it takes, before somebody does something about it."""
        going = (self.mechanics.next_event_s(), self._resume_s)
        return self._blocked() and not (self._timed or self.wire.pending) and all(map(math.isinf, going))

    # ---- power

    def power_off(self) -> None:
        """The power fails: the motion ends where it is. The device is silent until ``power_on``."""
        if not self.powered:
            return
        self.mechanics.halt(self.now_s)
        self._end_session()
        self.disconnect()
        self.ring.data.clear()
        self.steps.clear()
        self._resume_s = math.inf
        self.powered = False

    def power_on(self, *, zeroed: bool = True) -> None:
        """Switch on again, over the same cloth, with a fresh controller.

        ``zeroed``: the operator has brought the tool to the table's zero by hand before; else the controller takes the
        place where the tool stands for its zero. The blade hangs as it hung; a broken one stays (``change_blade``).
        """
        if self.powered:
            return
        old = self.mechanics
        at = (0.0, 0.0) if zeroed else old.machine.here
        self.mechanics = Mechanics(self.profile, blade=old.machine.blade, began_s=self.now_s, at=at)
        self.mechanics.figures = old.figures
        self.mechanics.heading_known = old.heading_known
        self.mechanics.set_here((0.0, 0.0))
        if math.isfinite(old.machine.broken_at_s):
            self.mechanics.machine.broken_at_s = 0.0
        self.powered, self.connected, self.ready_s = True, True, self.now_s
        self._switch_on()

    def change_blade(self) -> None:
        """A whole blade in place of a broken one, hanging as that did."""
        self.mechanics.machine.broken_at_s = math.inf

    # ---- what it did

    @property
    def figures(self) -> DeviceFigures:
        """The figures of the stream until now."""
        return DeviceFigures(self.ring.figures, self.mechanics.figures, self._sent, self.commands, self.answered)

    def run(self) -> Run:
        """What the tool did until now, in all sessions."""
        runs = [*self._ended, self._session()] if self.powered else list(self._ended)
        return join_runs(runs, self._lines_before[: len(runs)])

    def finish(self) -> Run:
        """No more bytes come: let the machine end what it has, and return what the tool did in all sessions."""
        self._input_ends()
        while math.isfinite(at_s := self.next_event_s()) and not self.waits_for_people:
            self.advance(at_s)
        self._at_the_end()
        return self.run()

    # ---- what the dialects do

    def _usable_bytes(self) -> int:
        return self.profile.link.buffer_bytes

    @abstractmethod
    def _switch_on(self) -> None:
        """Begin as after power on."""

    @abstractmethod
    def _next_command(self) -> bool:
        """Take the next command from the ring and put its steps; False where none is whole."""

    def _arrive(self, data: bytes) -> bytes:
        """Obey what must not wait; what comes back is stored in the ring."""
        return data

    def _blocked(self) -> bool:
        """Whether the controller takes up nothing at present."""
        return False

    def _press_reset(self) -> None:
        """Somebody presses reset: all that was read is forgotten, but not where the machine is."""
        self.mechanics.halt(self.now_s)
        if self.mechanics.machine.down:
            self.mechanics.do_now(Lift(self._line(), waits=False), self.now_s)
        self.steps.clear()
        self.ring.data.clear()
        self._switch_on()

    def _hit_limit(self) -> None:
        """A limit switch is hit: the machine stands, its tool up, until it is reset."""
        self.mechanics.halt(self.now_s)
        if self.mechanics.machine.down:
            self.mechanics.do_now(Lift(self._line(), waits=False), self.now_s)
        self.dead = True
        self.remarks.append(Violation("alarm", "the limit switch is hit: the machine stands until it is reset"))

    def _press_hold(self) -> None:
        """Somebody presses feed hold."""
        self.paused = True
        self.mechanics.hold(self.now_s)

    def _press_start(self) -> None:
        """Somebody presses cycle start."""
        self.paused = False
        self.mechanics.resume(self.now_s)

    def _input_ends(self) -> None:  # noqa: B027  (most need not know)
        """No more bytes will come."""

    def _own_event_s(self) -> float:
        return math.inf

    def _own_event(self) -> None:  # noqa: B027  (most have none)
        """Something of the dialect's own may be due."""

    def _reading_s(self) -> float:
        """What the controller takes to read a command."""
        return 0.0

    def _own_findings(self) -> Program:
        """What the parser found in this session."""
        return Program(())

    def _line(self) -> int:
        """The line of the program that was read last, in this session."""
        return 0

    # ---- tools of the dialects

    def say(self, text: str) -> None:
        """Answer the host, if it listens."""
        if self.powered and self.connected:
            self.answers.say(text.encode("latin-1", "replace"), self.now_s)

    def say_ok(self, text: str = "ok\r\n") -> None:
        """An ok, which a fault may swallow."""
        self.answered += 1
        if not self._strikes("lost-ok", self.answered):
            self.say(text)

    def queue(self, action: Action) -> Step:
        """The step that hands an action to the mechanics once there is room."""

        def step() -> bool:
            if not self.mechanics.room:
                return False
            self.mechanics.add(action, self.now_s)
            return True

        return step

    def rest(self) -> bool:
        """The step that waits until all motion is made."""
        self.mechanics.start(self.now_s)
        return self.mechanics.idle(self.now_s)

    def queue_with_rest(self, action: Action) -> list[Step]:
        """The steps of an action for which the controller first drains its planner, as of Grbl's M3, M5 and G4."""
        if isinstance(action, (Lower, Lift, Dwell, Feed)):
            return [self.rest, self.queue(action), self.rest]
        return [self.queue(action)]

    def then(self, work: Callable[[], None]) -> Step:
        """The step that does something at once."""

        def step() -> bool:
            work()
            return True

        return step

    # ---- within

    def _new_mechanics(self, start_deg: float | None) -> Mechanics:
        knife = self.profile.knife
        offset, heading = blade_at_start(Program(()), self.profile, start_deg)
        mechanics = Mechanics(self.profile, blade=Blade(offset, heading))
        mechanics.heading_known = knife.kind != "drag" or start_deg is not None or knife.start_deg is not None
        return mechanics

    def _wire_next_s(self) -> float:
        return math.inf if self._holds_back() and self.ring.free <= 0 else self.wire.next_s()

    def _holds_back(self) -> bool:
        """Whether the line itself keeps the ring from running over (hardware flow, or a network's own)."""
        return self.profile.link.flow in ("hardware", "none")

    def _pass_to(self, at_s: float) -> None:
        self.ring.count(at_s, in_use=not self.mechanics.idle(self.now_s) or bool(self.ring.data))
        self.now_s = max(self.now_s, at_s)

    def _happen(self) -> None:
        self._take_bytes()
        self.mechanics.advance(self.now_s)
        self._strike_due()
        self._own_event()
        self._pump()

    def _take_bytes(self) -> None:
        most = self.ring.free if self._holds_back() else None
        data = self.wire.arrived(self.now_s, most)
        if data and self.now_s >= self.deaf_until_s:
            self.ring.put(self._arrive(data))
        elif data:
            self.ring.figures.lost += len(data)

    def _pump(self) -> None:
        while self.powered and not self._blocked() and self.now_s >= self.ready_s:
            if self.steps:
                step = self.steps[0]
                if not step():
                    return
                if self.steps and self.steps[0] is step:
                    self.steps.popleft()
            elif self._next_command():
                self.commands += 1
                self.ready_s = self.now_s + self.slow_s + self._reading_s()
            else:
                self.mechanics.start(self.now_s)
                return
            if self._holds_back():
                self.wire.delay(self.now_s - 0.5 * self.wire.byte_s)

    def _spoilt(self, data: bytes) -> bytes:
        """The bytes as they come through the line; a cable that one of them pulls is noted for its time."""
        first, self._sent = self._sent, self._sent + len(data)
        kept = bytearray(data)
        for index, fault in sorted(enumerate(self.faults), key=lambda item: -(item[1].count or 0)):
            at = (fault.count or 0) - 1 - first
            if fault.kind == "lost-ok" or not 0 <= at < len(data):
                continue
            if fault.kind == "cable":
                self._timed = sorted(
                    [*self._timed, (self.wire.free_s(self.now_s) + (at + 1) * self.wire.byte_s, index)]
                )
                continue
            self._note(fault)
            if fault.kind == "drop":
                del kept[at]
            else:
                kept[at] ^= 0x10
        return bytes(kept)

    def _strikes(self, kind: str, count: int) -> bool:
        hit = next((f for f in self.faults if f.kind == kind and f.count == count), None)
        if hit is not None:
            self._note(hit)
        return hit is not None

    def _strike_due(self) -> None:
        while self.powered and self._timed and self._timed[0][0] <= self.now_s:
            self._strike(self.faults[self._timed.pop(0)[1]])
        if self._resume_s <= self.now_s:
            self._resume_s = math.inf
            self._press_start()

    def _strike(self, fault: FaultSpec) -> None:
        self._note(fault)
        if fault.kind == "power":
            self.power_off()
        elif fault.kind == "cable":
            self.disconnect()
        elif fault.kind == "reset":
            self._press_reset()
        elif fault.kind == "limit":
            self._hit_limit()
        elif fault.kind == "hold":
            self._press_hold()
            self._resume_s = self.now_s + fault.lasts_s
        elif fault.kind == "knife":
            self.mechanics.break_knife(self.now_s)

    def _note(self, fault: FaultSpec) -> None:
        self.remarks.append(Violation("fault", f"{fault} at {self.now_s:.3f} s", self._line() or None))

    def _session(self) -> Run:
        own = self._own_findings()
        violations = (*own.violations, *self.violations)
        lost = self.ring.figures.lost - self._lost_before
        if lost:
            message = (
                f"{lost} bytes found no room in the receive buffer of {self.ring.usable_bytes} bytes and were lost"
            )
            violations = (*violations, Violation("link-overrun", message))
        run = run_of(self.mechanics.machine, Program((), violations, (*own.remarks, *self.remarks)))
        return replace(run, time_s=max(run.time_s, float(run.trace.t_s[-1])))

    def _end_session(self) -> None:
        self._ended.append(self._session())
        self._lost_before = self.ring.figures.lost
        self._lines_total += self._line()
        self._lines_before.append(self._lines_total)
        self.violations, self.remarks = [], []

    def _at_the_end(self) -> None:
        """What can be said only of a whole job."""
        if not self.powered:
            return
        machine = self.mechanics.machine
        if machine.down:
            self.violations.append(Violation("down-at-end", "the job ends with the tool down", self._line() or None))
        if machine.tool_downs == 0 and not any(run.tool_downs for run in self._ended):
            self.violations.append(Violation("nothing-done", "the job never puts a tool down"))
        if self._blocked() or not self.done:
            left = len(self.ring.data) + self.wire.pending
            message = f"the machine stands still with {left} bytes unread and {self.mechanics.blocks} blocks not made"
            self.remarks.append(Violation("unfinished", message, self._line() or None))

    @property
    def place(self) -> Point:
        """Where the holder is now, in the controller's coordinates."""
        return self.mechanics.where(self.now_s)[0]
