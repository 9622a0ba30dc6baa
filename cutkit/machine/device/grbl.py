"""Grbl 1.1h and grblHAL as devices: real-time bytes, a receive ring, answered lines, settings, alarms and hold.

Written from Grbl's public documentation (the wiki's pages on commands, interface, configuration and real-time bytes)
and from the answers of the firmware. Where the emulator is simpler than Grbl:

- an override's new speed also holds for what is in the planner, but braking for it begins at once;
- the Z axis is moved from rest to rest;
- what Grbl would do but depends on probes or stored positions (G28, G30, G38) is answered by ok and is a violation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import ClassVar

from cutkit.machine.actions import Action, Lift, MoveTo, Program, Violation
from cutkit.machine.device.base import Device, Step
from cutkit.machine.device.faults import FaultSpec
from cutkit.machine.device.grbl_settings import REPORT, Settings
from cutkit.machine.device.planner import USABLE_BLOCKS
from cutkit.machine.feeds import feed_form
from cutkit.machine.gcode import LineReader, without_comments
from cutkit.machine.gcode_rules import rules_of
from cutkit.toolpath import CutterProfile

UNLOCK = "[MSG:'$H'|'$X' to unlock]\r\n"
HELP = "[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\n"
WRITE_S = 0.02
"""While a setting is written the receiver is deaf; an AVR's EEPROM takes 3.4 ms a byte."""
HARD_LIMIT, SOFT_LIMIT, RESET_IN_MOTION = 1, 2, 3
_PLACES = ("G54", "G55", "G56", "G57", "G58", "G59", "G28", "G30")
_SETTING = re.compile(r"\$(\d+)=([+-]?(?:\d+\.?\d*|\.\d+))")
_PLACE = re.compile(r"(?:N\d+)?G10(L2|L20)P([0-6])((?:[XYZ][+-]?(?:\d+\.?\d*|\.\d+))+)")
_WORD = re.compile(r"([A-Z])([+-]?(?:\d+\.?\d*|\.\d+))")
_WCO_EVERY, _OVERRIDES_EVERY = 10, 20


class GrblDevice(Device):
    """A Grbl 1.1h."""

    NOTABLE: ClassVar[re.Pattern[bytes]] = re.compile(rb"[\r\n!?~\x18\x80-\xff]")
    BANNER: ClassVar[str] = "\r\nGrbl 1.1h ['$' for help]\r\n"
    VERSION: ClassVar[str] = "1.1h.20190830"
    CRLF_IS_ONE_END: ClassVar[bool] = False

    def __init__(
        self, profile: CutterProfile, faults: Iterable[FaultSpec] = (), *, start_deg: float | None = None
    ) -> None:
        self.settings = Settings(profile)
        self.start_lines = ["", ""]
        self.places = _no_places()
        self.rules = rules_of(profile.controller, turning_axis=profile.program.turn is not None)
        super().__init__(profile, faults, start_deg=start_deg)

    def _usable_bytes(self) -> int:
        return self.profile.link.buffer_bytes - 1

    def _switch_on(self) -> None:
        spindle = self.profile.lift == "spindle"
        self.reader = LineReader(self.profile.motion.feed_per_mm_s, spindle, self.rules, feed_form(self.profile))
        self.reader.state.offset = list(self.places["G54"])
        self.mechanics.set_limits(self.settings.limits())
        # Grbl sets out when its planner is full, or when it has read all that has come.
        self.mechanics.gathers = self.profile.motion.line_s > 0
        self.line_count = 0
        self.after_cr = False
        self.raw_line = bytearray()
        self.alarm = 0
        self.locked = self.settings.homing
        self.critical = self.check = self.suspended = self.door = self.homing = self.jogging = self.sleeping = False
        self.feed_share, self.rapid_share, self.spindle_share = 100, 100, 100
        self.reports = 0
        self.say(self.BANNER + (UNLOCK if self.locked else ""))

    # ---- real-time bytes

    def _arrive(self, data: bytes) -> bytes:
        stored = bytearray()
        for byte in data:
            work = self._REAL_TIME.get(byte)
            if work is not None:
                # Only a reset reaches a machine that stands still after a limit.
                if byte == 0x18 or not (self.critical or self.sleeping):
                    work(self)
            elif byte < 0x80:
                stored.append(byte)
        return bytes(stored)

    def _report_status(self) -> None:
        self.say(self.status() + "\r\n")

    def _press_hold(self) -> None:
        if self.locked or self.check or self.homing or self.suspended:
            return
        self.suspended = True
        self.mechanics.hold(self.now_s)

    def _press_start(self) -> None:
        if self.suspended and (self.mechanics.held(self.now_s) or not self.mechanics.moving()) and not self.critical:
            self.suspended = self.door = False
            self.mechanics.resume(self.now_s)

    def _open_door(self) -> None:
        if not self.locked:
            self._press_hold()
            self.door = self.suspended

    def _cancel_jog(self) -> None:
        if self.jogging:
            self.mechanics.hold(self.now_s)

    def _override(self, name: str, change: Callable[[int], int], least: int, most: int) -> None:
        setattr(self, name, min(max(change(getattr(self, name)), least), most))
        self.mechanics.planner.override(self.feed_share / 100, self.rapid_share / 100, self.now_s)
        self.reports = 0

    def _press_reset(self) -> None:
        """0x18: stop dead; what was under way is lost, and the machine locks itself if it was moving."""
        moving = self.mechanics.moving() and not self.mechanics.held(self.now_s)
        in_motion = moving or self.homing
        self.mechanics.halt(self.now_s)
        self._spindle_off()
        self.steps.clear()
        self.ring.data.clear()
        self.raw_line.clear()
        self._forget_modes()
        locked = self.locked or in_motion
        self.critical = self.check = self.suspended = self.door = self.homing = self.jogging = self.sleeping = False
        self.feed_share, self.rapid_share, self.spindle_share = 100, 100, 100
        self.mechanics.planner.override(1.0, 1.0, self.now_s)
        self.reports = 0
        if in_motion:
            self.alarm = RESET_IN_MOTION
            self.say(f"ALARM:{RESET_IN_MOTION}\r\n")
            self.remarks.append(Violation("alarm", "ALARM:3, reset while moving", self.line_count or None))
        self.locked = locked
        self.say(self.BANNER + (UNLOCK if locked else ""))

    def _hit_limit(self) -> None:
        self.mechanics.halt(self.now_s)
        self._alarm(HARD_LIMIT)

    def _alarm(self, number: int) -> None:
        """Stop, say so once, and be silent until a reset."""
        self._spindle_off()
        self.steps.clear()
        self._forget_modes()
        self.alarm, self.locked, self.critical = number, True, True
        self.suspended = self.homing = self.jogging = False
        self.say(f"ALARM:{number}\r\n[MSG:Reset to continue]\r\n")

    def _spindle_off(self) -> None:
        state = self.reader.state
        if self.profile.lift == "spindle" and self.mechanics.machine.down:
            self.mechanics.do_now(Lift(self.line_count, waits=False), self.now_s)
        state.down = False

    def _forget_modes(self) -> None:
        (x, y), _ = self.mechanics.where(self.now_s)
        self.reader.reset((x, y, self._height(), self.reader.state.here[3]), self.places["G54"])

    def _height(self) -> float:
        return self.mechanics.height(self.now_s) if self.profile.plunge is not None else self.reader.state.here[2]

    # ---- lines

    def _blocked(self) -> bool:
        return self.critical or self.suspended or self.sleeping

    def _next_command(self) -> bool:
        data = self.ring.data
        ends = [k for k in (data.find(b"\n"), data.find(b"\r")) if k >= 0]
        if not ends:
            self.raw_line += data
            data.clear()
            return False
        end = min(ends)
        self.raw_line += data[:end]
        last = data[end]
        del data[: end + 1]
        second = last == 0x0A and self.after_cr and not self.raw_line
        self.line_count += not second
        self.after_cr = last == 0x0D
        if second and self.CRLF_IS_ONE_END:
            return bool(data) and self._next_command()
        line = bytes(self.raw_line)
        self.raw_line.clear()
        self.steps.append(self.then(lambda: self._obey(line)))
        return True

    def _obey(self, raw: bytes) -> None:
        text = without_comments(raw).decode("ascii")
        if not text:
            self.say_ok()
        elif len(text) > self.rules.longest_line:
            self._answer(11)
        elif text.startswith("$"):
            self._system(text, raw)
        elif self.locked or self.jogging:
            self._answer(9)
        elif (place := _PLACE.fullmatch(text)) is not None:
            self._set_place(place)
        else:
            self._block(raw)

    def _answer(self, error: int) -> None:
        if error:
            self.say(f"error:{error}\r\n")
        else:
            self.say_ok()

    def _block(self, raw: bytes) -> None:
        offset = list(self.reader.state.offset)
        taken = self.reader.take(raw, self.line_count)
        if not taken.error and "G92.1" in without_comments(raw).decode("ascii"):
            self.reader.state.offset = list(self.places["G54"])
        if self.reader.state.offset != offset:
            self.reports = 0
        if taken.error:
            self._answer(taken.error)
            return
        if self.check:
            self.say_ok()
            return
        steps: list[Step] = []
        for action in taken.actions:
            steps += self._steps(action)
        if taken.pauses:
            steps += [self.rest, self.then(self._press_hold)]
        if taken.ends:
            steps += [self.rest, self.then(lambda: self.say("[MSG:Pgm End]\r\n"))]
        self._after_this(*steps, self.then(self.say_ok))

    def _after_this(self, *steps: Step) -> None:
        """Put steps behind the one that is being made."""
        first = self.steps.popleft()
        self.steps.extendleft(reversed(steps))
        self.steps.appendleft(first)

    def _steps(self, action: Action) -> list[Step]:
        if isinstance(action, MoveTo) and self.settings.soft_limits and not self._reachable(action):
            return [self.then(lambda: self.mechanics.hold(self.now_s)), self._soft_limit]
        return self.queue_with_rest(action)

    def _reachable(self, move: MoveTo) -> bool:
        settings = self.settings
        z = move.z_mm is None or settings.within(2, move.z_mm)
        return z and settings.within(0, move.x_mm) and settings.within(1, move.y_mm)

    def _soft_limit(self) -> bool:
        if self.mechanics.moving() and not self.mechanics.held(self.now_s):
            return False
        message = "a move beyond the machine's travel ($130, $131): ALARM:2"
        self.violations.append(Violation("soft-limit", message, self.line_count, self.mechanics.machine.here))
        self.mechanics.halt(self.now_s)
        self._alarm(SOFT_LIMIT)
        return True

    # ---- $ lines

    def _system(self, text: str, raw: bytes) -> None:
        moving = self.mechanics.moving() or self.suspended
        setting = _SETTING.fullmatch(text)
        if text == "$":
            self.say(HELP)
            self.say_ok()
        elif text == "$G":
            self.say(f"[GC:{self._modes()}]\r\n")
            self.say_ok()
        elif text.startswith("$J="):
            self._jog(text[3:])
        elif text == "$X":
            self._unlock()
        elif text == "$C":
            self._toggle_check()
        elif moving:
            self._answer(8)
        elif text in ("$$", "$#", "$I", "$N"):
            self.say("".join(line + "\r\n" for line in self._list(text)))
            self.say_ok()
        elif text == "$H":
            self._home()
        elif text == "$SLP":
            self.say("[MSG:Sleeping]\r\n")
            self._spindle_off()
            self.say_ok()
            self.sleeping = True
        elif setting is not None:
            self._write(self.settings.write(int(setting[1]), float(setting[2])))
            self.mechanics.set_limits(self.settings.limits())
        elif text in ("$RST=$", "$RST=*", "$RST=#"):
            self._restore(text)
        elif text.startswith(("$N0=", "$N1=")):
            self.start_lines[int(text[2])] = text[4:]
            self._write(0)
        else:
            self._answer(3)

    def _restore(self, text: str) -> None:
        if text != "$RST=#":
            self.settings.restore()
            self.mechanics.set_limits(self.settings.limits())
        if text != "$RST=$":
            self.places = _no_places()
        self.say("[MSG:Restoring defaults]\r\n")
        self._write(0)

    def _write(self, error: int) -> None:
        """Answer; while memory is written, bytes that arrive are lost."""
        if error:
            self._answer(error)
            return
        self.deaf_until_s = self.now_s + WRITE_S
        self.ready_s = self.deaf_until_s
        self._after_this(self.then(self.say_ok))

    def _unlock(self) -> None:
        if self.locked:
            self.locked, self.alarm = False, 0
            self.say("[MSG:Caution: Unlocked]\r\n")
        self.say_ok()

    def _toggle_check(self) -> None:
        if self.check:
            self.say("[MSG:Disabled]\r\n")
            self.say_ok()
            self._press_reset()
        elif self.locked or self.mechanics.moving() or self.suspended:
            self._answer(8)
        else:
            self.check = True
            self.say("[MSG:Enabled]\r\n")
            self.say_ok()

    def _list(self, text: str) -> list[str]:
        if text == "$$":
            return self.settings.lines()
        if text == "$I":
            return [f"[VER:{self.VERSION}:]", f"[OPT:V,{USABLE_BLOCKS},{self.profile.link.buffer_bytes}]"]
        if text == "$N":
            return [f"$N{k}={line}" for k, line in enumerate(self.start_lines)]
        shift = [a - b for a, b in zip(self.reader.state.offset, self.places["G54"], strict=True)]
        axes = len(self.rules.axes)
        lines = [f"[{name}:{_three(values[:axes])}]" for name, values in self.places.items()]
        return [*lines, f"[G92:{_three(shift[:axes])}]", "[TLO:0.000]", "[PRB:0.000,0.000,0.000:0]"]

    def _modes(self) -> str:
        now = self.reader.state.modes
        modes = [
            now.motion,
            now.system,
            now.plane,
            "G20" if now.inches else "G21",
            "G91" if now.relative else "G90",
            "G93" if now.inverse_time else "G94",
            now.spindle,
            "M9",
            "T0",
            f"F{now.feed:g}",
            f"S{now.speed:g}",
        ]
        return " ".join(modes)

    def _home(self) -> None:
        if not self.settings.homing:
            self._answer(5)
            return
        self.homing = True
        self._spindle_off()
        self.mechanics.origin = (0.0, 0.0)
        self._after_this(
            self.queue(MoveTo(self.line_count, 0.0, 0.0, rapid=True)),
            self.rest,
            self.then(self._homed),
            self.then(self.say_ok),
        )

    def _homed(self) -> None:
        """The tool stands over the table's zero: there the switches are."""
        x, y, z = self.settings.homed_at()
        self.mechanics.set_here((x, y))
        self.reader.reset((x, y, z, 0.0), self.reader.state.offset)
        self.homing = self.locked = False
        self.alarm = 0

    def _jog(self, text: str) -> None:
        if self.locked or self.check or (self.mechanics.moving() and not self.jogging) or self.suspended:
            self._answer(9 if self.locked else 8)
            return
        state = self.reader.state
        modes, before = state.modes, list(state.here)
        words = {letter for letter, _ in _WORD.findall(text)}
        error = 0 if "F" in words else 22
        error = error if words <= set("FXYZGN") and words & set("XYZ") else 16
        taken = self.reader.take(("G1" + text).encode("ascii"), self.line_count) if not error else None
        state.modes = modes
        if taken is None or taken.error:
            self._answer(taken.error if taken else error)
            return
        moves = [action for action in taken.actions if isinstance(action, MoveTo)]
        if self.settings.soft_limits and not all(self._reachable(move) for move in moves):
            state.here = before
            self._answer(15)
            return
        self.jogging = bool(moves)
        self._after_this(*[self.queue(move) for move in moves], self.then(self.say_ok))

    def _set_place(self, place: re.Match[str]) -> None:
        """G10 L2 and L20: where the work's zero lies, kept in memory."""
        scale = self.reader.state.modes.mm
        state = self.reader.state
        name = "G54" if place[2] in "01" else _PLACES[int(place[2]) - 1]
        old = list(self.places[name])
        for letter, number in _WORD.findall(place[3]):
            axis, value = "XYZ".index(letter), float(number) * scale
            shift = state.offset[axis] - self.places["G54"][axis]
            self.places[name][axis] = value if place[1] == "L2" else state.here[axis] - shift - value
        if name == "G54":
            state.offset = [
                now + new - before for now, new, before in zip(state.offset, self.places[name], old, strict=True)
            ]
        self.reports = 0
        self._after_this(self.rest, self.then(lambda: self._write(0)))

    # ---- events and reports

    def _own_event(self) -> None:
        """A jog ends when its moves are made, or when it has come to rest after it was cancelled."""
        if not self.jogging:
            return
        if self.mechanics.planner.holding and not self.suspended and self.mechanics.held(self.now_s):
            self.mechanics.halt(self.now_s)
            self._take_place()
            self.jogging = False
        elif not self.mechanics.moving() and not self.steps:
            self.jogging = False

    def _take_place(self) -> None:
        (x, y), _ = self.mechanics.where(self.now_s)
        self.reader.state.here[:2] = [x, y]

    @property
    def state(self) -> str:
        """The state that a status report names."""
        if self.sleeping:
            return "Sleep"
        if self.locked:
            return "Home" if self.homing else "Alarm"
        if self.check:
            return "Check"
        if self.suspended:
            done = self.mechanics.held(self.now_s) or not self.mechanics.moving()
            return f"{'Door' if self.door else 'Hold'}:{(0 if done else 2 if self.door else 1)}"
        if self.homing:
            return "Home"
        if self.mechanics.moving():
            return "Jog" if self.jogging else "Run"
        return "Idle"

    def status(self) -> str:
        """The status report: ``<Idle|MPos:..|Bf:..|FS:..>``, its fields by ``$10``."""
        (x, y), speed = self.mechanics.where(self.now_s)
        mask, state = int(self.settings[REPORT]), self.reader.state
        at, offset = [x, y, self._height(), state.here[3]][: len(self.rules.axes)], state.offset[: len(self.rules.axes)]
        fields = [self.state]
        if mask & 1:
            fields.append(f"MPos:{_three(at)}")
        else:
            fields.append(f"WPos:{_three([a - b for a, b in zip(at, offset, strict=True)])}")
        if mask & 2:
            fields.append(f"Bf:{max(USABLE_BLOCKS - self.mechanics.blocks, 0)},{self.ring.free}")
        spindle = state.modes.speed if self.mechanics.machine.down else 0
        fields.append(f"FS:{speed * self.profile.motion.feed_per_mm_s:.0f},{spindle:.0f}")
        if self.reports % _WCO_EVERY == 0:
            fields.append(f"WCO:{_three(offset)}")
        elif self.reports % _OVERRIDES_EVERY == 1:
            fields.append(f"Ov:{self.feed_share},{self.rapid_share},{self.spindle_share}")
        self.reports += 1
        return f"<{'|'.join(fields)}>"

    def _reading_s(self) -> float:
        return self.profile.motion.line_s

    def _own_findings(self) -> Program:
        return self.reader.found

    def _line(self) -> int:
        return self.line_count

    _REAL_TIME: ClassVar[dict[int, Callable[[GrblDevice], None]]] = {
        0x18: lambda self: self._press_reset(),
        ord("?"): lambda self: self._report_status(),
        ord("!"): lambda self: self._press_hold(),
        ord("~"): lambda self: self._press_start(),
        0x84: lambda self: self._open_door(),
        0x85: lambda self: self._cancel_jog(),
        0x90: lambda self: self._override("feed_share", lambda _: 100, 10, 200),
        0x91: lambda self: self._override("feed_share", lambda v: v + 10, 10, 200),
        0x92: lambda self: self._override("feed_share", lambda v: v - 10, 10, 200),
        0x93: lambda self: self._override("feed_share", lambda v: v + 1, 10, 200),
        0x94: lambda self: self._override("feed_share", lambda v: v - 1, 10, 200),
        0x95: lambda self: self._override("rapid_share", lambda _: 100, 25, 100),
        0x96: lambda self: self._override("rapid_share", lambda _: 50, 25, 100),
        0x97: lambda self: self._override("rapid_share", lambda _: 25, 25, 100),
        0x99: lambda self: self._override("spindle_share", lambda _: 100, 10, 200),
        0x9A: lambda self: self._override("spindle_share", lambda v: v + 10, 10, 200),
        0x9B: lambda self: self._override("spindle_share", lambda v: v - 10, 10, 200),
        0x9C: lambda self: self._override("spindle_share", lambda v: v + 1, 10, 200),
        0x9D: lambda self: self._override("spindle_share", lambda v: v - 1, 10, 200),
    }


class GrblHalDevice(GrblDevice):
    """A grblHAL: more codes and longer lines by its table of rules; CR and LF together end one line."""

    BANNER: ClassVar[str] = "\r\nGrblHAL 1.1f ['$' or '$HELP' for help]\r\n"
    VERSION: ClassVar[str] = "1.1f.20240101"
    CRLF_IS_ONE_END: ClassVar[bool] = True


def _no_places() -> dict[str, list[float]]:
    return {name: [0.0, 0.0, 0.0, 0.0] for name in _PLACES}


def _three(values: Iterable[float]) -> str:
    return ",".join(f"{value + 0.0:.3f}" for value in values)
