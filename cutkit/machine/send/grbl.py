"""Grbl 1.1 and grblHAL: every line is answered; by counting bytes the receive buffer is kept full and never overrun.

- ``ok`` means that a line was taken, not that it is cut. Answers are matched with lines in order, so the line of an
  ``error:N`` is known exactly. On an error or an alarm nothing more is fed, and the machine is held (``!``), for what
  it has in its memory would still run.
- A dwell (``G4``) is answered when all motion before it is done: that is the barrier behind every cut.
- Status is asked for by ``?`` five times a second. Where it tells the position in the program's coordinates, that
  must lie on the path of what was sent: bytes damaged on the way are not noticed by Grbl, which has no checksums.
- An answer that is lost would leave the sender waiting for ever. Where the machine is idle, the missing answer is one
  only, and it stands where the last line leads, the line is taken for done; else that is a fault.
- A line cut short by a broken connection may lie in the machine's memory. The first bytes that are sent, ``$`` and a
  line end, make any such rest a wrong block, which is refused whole, instead of a motion; alone they ask for help.
  Comments are never sent: in one that is cut short they would be a part of it, and the block before it be carried out.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cutkit.machine.send.answers import Status, alarm_text, error_text, read_status
from cutkit.machine.send.job import Points
from cutkit.machine.send.lines import Line
from cutkit.machine.send.link import Fault, Greeting, MachineLink, Mark, Sent
from cutkit.model import Point

STATUS_EVERY_S = 0.2
SILENT_S = 5.0
"""A Grbl that is alive answers ``?`` within milliseconds, also while it moves, dwells or is held."""
FIRST_ANSWER_S = 8.0
"""An Arduino is reset by opening its port and takes two seconds to start."""
ANSWER_S = 5.0
HOLD_S = 3.0
HOMING_S = 240.0
LOST_ANSWER_S = 2.0
"""So long idle, dwells apart, with an answer missing: it will not come."""
MOST_REPORTS = 3
"""After so many reports a hold is surely in force: one may be on its way, one may be made at that moment."""
STANDS_MM = 0.05
ASTRAY_MM = 0.5
"""How far off the path a reported position may be. The holder follows the path exactly, in steps of the motors."""
BARRIER = Line(b"G4 P0.01")
_DWELL = re.compile(rb"G0?4P([\d.]+)")
_LOWERS = re.compile(rb"M0?[34].*?S([\d.]+)")
_LIFTS = re.compile(rb"M0?5(?!\d)|M0?2(?!\d)|M30|S0+(?![\d.])")
_OTHER_ZERO = re.compile(rb"G(?:92|10|5[2-9]|28|30)")
_BUFFER = re.compile(r"\[OPT:[^,\]]*,\d+,(\d+)")


@dataclass
class GrblLink(MachineLink):
    """A Grbl, or a grblHAL with its larger buffer."""

    status: Status | None = None
    holds = True
    _asking: list[str] | None = None
    _heard_s: float = 0.0
    _asked_s: float = -math.inf
    _idle_since_s: float | None = None
    _held_told: bool = False
    _starts_in: int = 0
    _homing: bool = False
    _lowered: bool = False
    _seen_up: int = 0
    _watched: bool = True
    _settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = self.link.buffer_bytes

    # The job ------------------------------------------------------------------------------------------------------

    def send(self, line: Line, index: int = -1, at_mm: Point | None = None) -> None:
        """Send a line, without its comments, as soon as there is room."""
        if not line.words:
            return
        data = line.text + b"\n"
        if len(data) > self.size - 1:
            raise Fault("refused", f"a line of {len(data)} bytes does not fit the machine's buffer", line=line)
        if _OTHER_ZERO.search(line.words):
            self._watched = False  # positions are told from another zero than the program's from here on
        if _LIFTS.search(line.words):
            self._lowered = False
        while self.paused or not self._room(len(data)):
            self.pump()
        self._began(len(data))
        self.put(data)
        self._idle_since_s = None
        self.in_flight += len(data)
        self.waiting.append(Sent(len(data), line, index, at_mm))

    def _room(self, size: int) -> bool:
        if self.link.flow == "wait":
            return not self.waiting
        return self.in_flight + size <= self.size - 1

    def mark(self, *, synced: bool, at_mm: Point | None) -> Mark | None:
        """A mark on the last line where that is a dwell, else on a dwell of our own (or the profile's barrier)."""
        if not synced or not self.waiting:
            text = self.link.barrier
            self.send(Line(text.encode("ascii")) if text else BARRIER, at_mm=at_mm)
        mark = Mark()
        self.waiting[-1].mark = mark
        return mark

    def settle(self) -> None:
        """Wait until every line is answered: what a lost line end has joined with the next line is found out now."""
        while self.waiting:
            self.pump()

    def pause(self) -> None:
        """Feed hold: the machine brakes on its path and keeps its position."""
        if not self.paused:
            self.put(b"!")
        self.paused = True

    def go_on(self) -> None:
        """Cycle start; also after M0 and after a hold at the machine. While it still brakes, Grbl does not hear it, so
        it is sent when the machine tells that it stands."""
        self._starts_in = MOST_REPORTS

    def _start(self, status: Status) -> None:
        """Cycle start, if it is wanted and the machine stands; or if it does not seem to hold at all."""
        holds = status.state in ("Hold", "Door")
        self._starts_in -= 1
        if (holds and not status.braking) or (not holds and self._starts_in == 0):
            self.put(b"~")
            self.paused = self._held_told = False
            self._starts_in = 0
        elif holds:
            self._starts_in = MOST_REPORTS

    def hold(self) -> None:
        """Feed hold, and wait until it stands; nothing where the link is gone or the machine has stopped itself."""
        self._asking = []
        until = self.port.clock() + HOLD_S
        with contextlib.suppress(Fault, OSError):
            self.put(b"!")
            self.status = None
            while not self._stopped() and self.port.clock() < until:
                self.put(b"?")
                self._hear_bytes(self.port.read(STATUS_EVERY_S))
        self.held = self.state == "Hold"

    def _stopped(self) -> bool:
        return self.status is not None and self.state in ("Hold", "Alarm") and not self.status.braking

    def position(self) -> Point | None:
        """Where it last said that it stands, in the program's coordinates."""
        return self.status.work_mm if self.status else None

    # What it says -------------------------------------------------------------------------------------------------

    def _hear_bytes(self, data: bytes) -> None:
        if data:
            self._heard_s = self.port.clock()
        super()._hear_bytes(data)

    def _hear(self, text: str) -> None:
        if text.startswith("<"):
            self._take_status(text)
        elif text.startswith("ALARM:") and self._asking is None:
            raise Fault("alarm", f"the machine stopped itself: {alarm_text(text[6:])}", _AFTER_ALARM)
        elif self._asking is not None:
            self._asking.append(text)
        elif text == "ok":
            self._answer()
        elif text.startswith("error:"):
            self._refused(text[6:])
        elif text.startswith("Grbl"):
            raise Fault("reset", "the machine was reset, what it had in its memory is lost", _AFTER_RESET)
        elif text.startswith("[MSG:") and "Pgm End" not in text:
            self.note(f"the machine says: {text[5:].rstrip(']')}")

    def _answer(self) -> None:
        self._idle_since_s = None
        if self.waiting:
            sent = self.waiting.popleft()
            self.in_flight -= sent.size
            self.answered = max(self.answered, sent.index)
            lowers = _LOWERS.search(sent.line.words)
            lifts = any(_LIFTS.search(later.line.words) for later in self.waiting)
            self._lowered = self._lowered or (lowers is not None and float(lowers.group(1)) > 0 and not lifts)
            self._seen_up = 0
            if sent.mark is not None:
                sent.mark.reached = True

    def _refused(self, number: str) -> None:
        line = self.waiting[0].line if self.waiting else None
        text = f"the machine refused {_shown(line)}: {error_text(number)}"
        raise Fault("refused", text, _AFTER_REFUSAL, line)

    def _take_status(self, text: str) -> None:
        status = read_status(text, self.status.offset_mm if self.status else None)
        if status is None:
            return
        self.status, self.state = status, status.state
        if self._asking is not None:
            return
        if status.state == "Alarm":
            raise Fault("alarm", "the machine is in alarm: it stopped itself", _AFTER_ALARM)
        if self._starts_in:
            self._start(status)
            return
        if status.state in ("Check", "Sleep"):
            raise Fault("state", f"the machine is in the state {status.state}: {_NOT_READY[status.state]}")
        if status.state in ("Hold", "Door") and not self.paused and not self._held_told:
            what = "its door is open" if status.state == "Door" else "M0 in the program, or hold at the machine"
            self.note(f"the machine waits ({what}): r, or its cycle start, goes on")
            self._held_told = True
        self._watch_idle(status)
        self._watch_path(status)
        self._watch_spindle(status)

    def _watch_spindle(self, status: Status) -> None:
        """A knife on the spindle output must be down between its M3 S, answered, and its M5, not yet sent."""
        up = self._lowered and status.spindle == 0 and status.state in ("Run", "Idle")
        self._seen_up = self._seen_up + 1 if up else 0
        if self._seen_up > 1:
            raise Fault(
                "astray",
                "the machine moves with the tool up where it should cut: bytes were damaged",
                "See to the cable.",
            )

    def _watch_idle(self, status: Status) -> None:
        if status.state != "Idle" or not self.waiting:
            self._idle_since_s = None
        elif self._idle_since_s is None:
            self._idle_since_s = self.port.clock()

    def _watch_path(self, status: Status) -> None:
        if not self.path or status.work_mm is None or not self._watched or self._settings.get("13") == "1":
            return
        off_mm = min(_off_mm(status.work_mm, points) for points in self.path)
        if off_mm > ASTRAY_MM:
            x, y = status.work_mm
            raise Fault(
                "astray",
                f"the machine is at x {x:.1f}, y {y:.1f} mm, {off_mm:.1f} mm off the program's path: bytes were "
                "damaged on the way to it, or its zero was moved",
                "Look at the cloth. A shorter, shielded cable, away from the motors' ones, keeps bytes whole.",
            )

    def _tick(self) -> None:
        now = self.port.clock()
        if now - self._asked_s >= STATUS_EVERY_S:
            self._asked_s = now
            self.put(b"?")
        if now - self._heard_s > SILENT_S and self.status is not None and not self._homing:
            raise Fault("silent", f"the machine has not said a word for {SILENT_S:.0f} s", _AFTER_SILENCE)
        dwells = sum(float(m.group(1)) for sent in self.waiting if (m := _DWELL.search(sent.line.words)))
        if self._idle_since_s is not None and now - self._idle_since_s > LOST_ANSWER_S + dwells:
            self._missing_answer()

    def _missing_answer(self) -> None:
        """One answer did not come and the machine is idle; go on if it surely has done all, else it is a fault."""
        status, last = self.status, self.waiting[-1]
        stands = status.work_mm if status and self._watched else None
        rest = status.bytes_free is not None and status.bytes_free < self.size - 1 if status else False
        if len(self.waiting) == 1 and stands and last.at_mm and math.dist(stands, last.at_mm) < STANDS_MM and not rest:
            self.figures.lost_answers += 1
            self._answer()
            return
        raise Fault(
            "silent",
            f"the machine is idle and has not answered {_shown(self.waiting[0].line)}: bytes were lost on the way",
            "See to the cable.",
            self.waiting[0].line,
        )

    # Before the job -----------------------------------------------------------------------------------------------

    def greet(self, greeting: Greeting) -> None:
        """Wait for the machine, bring it to rest and idle as far as the operator allows, and ask for its buffer."""
        self._asking = []
        if greeting.reset:
            self._reset()  # without a word before: after a limit switch was hit it hears nothing else
        self._wait_for_status()
        started = any(text.startswith("Grbl") for text in self._asking)
        if started and not (greeting.reset or greeting.home):
            self._tell_start(zero_matters=greeting.zero_matters)
        if greeting.home:
            self._need("$H", HOMING_S, "homing")
        elif greeting.unlock and self.state == "Alarm":
            self._need("$X", ANSWER_S, "unlocking")
        self._fresh_status()
        self._refuse_not_ready()
        self._empty_its_memory()
        self._refuse_not_ready()
        self._read_settings()
        self._fresh_status()
        self._asking = None
        self._heard_s = self.port.clock()

    def _tell_start(self, *, zero_matters: bool) -> None:
        """Opening its port restarts an Arduino, which then takes the place where its tool stands for the machine's
        zero. Where a stored zero of the work (G54) lies beside that, it lies anywhere on the cloth."""
        here = self.position()
        if zero_matters and here is not None and math.dist(here, (0.0, 0.0)) > STANDS_MM:
            raise Fault(
                "reset",
                "the machine has just started (opening the port restarts many) and does not know where it stands, "
                f"but its tool is told to be at x {here[0]:.1f}, y {here[1]:.1f} mm by a stored zero",
                "Set the zero on the cloth and resume again: the port is left so that opening it restarts nothing "
                "any more; or --home.",
            )
        self.note("the machine has just started: the place where its tool stands is its zero now")

    def _refuse_not_ready(self) -> None:
        if self.state not in _READY:
            why = _NOT_READY.get(self.state, "see at the machine what it waits for")
            raise Fault("state", f"the machine is in the state {self.state}: {why}")

    def _empty_its_memory(self) -> None:
        """Wait until the lines of an earlier sender are done, and make a wrong block of the rest of a broken one."""
        self._asking = []
        self.put(b"$\n$G\n")  # lines are answered in order: [GC: ...] comes when all before it are taken
        told, stood_s = False, self.port.clock()
        while not _tells_modes(self._asking):
            if self.state == "Run" and not told:
                self.note("the machine is still at work: waiting until it stands")
                told = True
            self._refuse_not_ready()
            self.pump()
            stood_s = stood_s if self.state == "Idle" else self.port.clock()
            if self.port.clock() - stood_s > FIRST_ANSWER_S:
                raise Fault("silent", "the machine tells its state, but does not answer lines", _AFTER_SILENCE)
        self._fresh_status()
        while self.state in ("Run", "Jog", "Home"):
            self.pump()

    def _wait_for_status(self) -> None:
        """Until the machine tells its state; Fault where none answers."""
        until = self.port.clock() + FIRST_ANSWER_S
        while self.status is None:
            self.pump()
            if self.port.clock() > until:
                raise Fault(
                    "silent",
                    "no answer from the machine",
                    f"Is it this port, {self.link.baud} baud, and is the machine switched on? After a limit switch "
                    "was hit Grbl is silent until it is reset.",
                )

    def _fresh_status(self) -> None:
        self.status = None if self.status is None else Status("", offset_mm=self.status.offset_mm)
        until = self.port.clock() + ANSWER_S
        self._asked_s = -math.inf
        while self.status is None or not self.status.state:
            self.pump()
            if self.port.clock() > until:
                raise Fault("silent", "the machine does not tell its state any more", _AFTER_SILENCE)

    def _reset(self) -> None:
        self._asking = []
        self.put(b"\x18")
        until = self.port.clock() + FIRST_ANSWER_S
        while not any(text.startswith("Grbl") for text in self._asking):
            self.pump()
            if self.port.clock() > until:
                raise Fault("silent", "the machine does not answer a reset", _AFTER_SILENCE)
        self.status = None

    def _ask(self, text: str, most_s: float) -> list[str]:
        """Send a line by itself and return what comes, up to ok or error."""
        answers: list[str] = []
        self._asking = answers
        self._homing = text == "$H"
        self.put(text.encode("ascii") + b"\n")
        until = self.port.clock() + most_s
        while not any(answer == "ok" or answer.startswith("error:") for answer in answers):
            self.pump()
            if self.port.clock() > until:
                raise Fault("silent", f"no answer to {text} within {most_s:.0f} s", _AFTER_SILENCE)
        self._homing = False
        return answers

    def _need(self, text: str, most_s: float, what: str) -> None:
        answer = next(a for a in self._ask(text, most_s) if a == "ok" or a.startswith("error:"))
        if answer != "ok":
            raise Fault("state", f"{what} ({text}) was refused: {error_text(answer[6:])}")

    def _read_settings(self) -> None:
        """The buffer that the machine has, if smaller than the profile says; and settings that would spoil a job."""
        for text in self._ask("$I", ANSWER_S):
            found = _BUFFER.search(text)
            if found:
                self.size = min(self.size, int(found.group(1)))
        for text in self._ask("$$", ANSWER_S):
            name, _, value = text.partition("=")
            if name.startswith("$") and value:
                self._settings[name[1:]] = value.split()[0]
        if self._settings.get("32") == "1":
            raise Fault("state", "the machine is in laser mode ($32=1): the knife would not wait", "Set $32=0.")


def _tells_modes(answers: Sequence[str]) -> bool:
    """Whether $G is answered whole; messages may come in between and behind."""
    at = next((k for k, answer in enumerate(answers) if answer.startswith("[GC:")), len(answers))
    return "ok" in answers[at:]


def _shown(line: Line | None) -> str:
    if line is None:
        return "a line"
    where = "" if line.number is None else f"line {line.number}, "
    return where + line.raw.strip().decode("latin-1")


def _off_mm(point: Point, points: Points) -> float:
    """How far a point is from a polyline."""
    starts, ends = (points, points) if len(points) == 1 else (points[:-1], points[1:])
    sides = ends - starts
    squared = np.maximum((sides**2).sum(axis=1), 1e-12)
    along = np.clip(((np.array(point) - starts) * sides).sum(axis=1) / squared, 0, 1)
    off = starts + along[:, None] * sides - np.array(point)
    return float(np.hypot(off[:, 0], off[:, 1]).min())


_AFTER_ALARM = (
    "Free the machine. It must be reset (--reset), and homed (--home), or its zero set again and its lock taken off "
    "(--unlock)."
)
_AFTER_RESET = "See why (its supply, its reset button); then home it or set its zero again."
_AFTER_REFUSAL = "On the emulated machine the line is right: it was damaged on the way, or this machine knows less."
_AFTER_SILENCE = "Is it still switched on? After a limit switch was hit Grbl is silent until it is reset."
_READY = ("", "Idle", "Run", "Jog", "Home")
_NOT_READY = {
    "Alarm": "it is locked. Home it (--home), or set its zero again and unlock it (--unlock)",
    "Hold": "it holds the rest of a job in its memory. Reset it at its button, or by --reset, and set its zero again",
    "Door": "its door is open, or it holds the rest of a job. Close the door, and reset it (--reset)",
    "Check": "it only checks programs ($C). Leave that mode with $C",
    "Sleep": "it sleeps. Reset it",
}
