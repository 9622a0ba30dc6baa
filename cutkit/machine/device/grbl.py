"""Grbl 1.1h and grblHAL as devices: real-time bytes, a receive ring, answered lines, settings, alarms and hold.

Written from Grbl's public documentation (the wiki's pages on commands, interface, configuration and real-time bytes)
and from the answers of the firmware. Where the emulator is simpler than Grbl:

- an override's new speed also holds for what is in the planner, but braking for it begins at once;
- the Z axis is moved from rest to rest;
- there is no probe: G38 is answered by ok and is a violation;
- an open door does not lift a knife on the spindle output.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from cutkit.machine.actions import Action, Lift, MoveTo, Program, Violation
from cutkit.machine.device.base import Device, Step
from cutkit.machine.device.faults import FaultSpec
from cutkit.machine.device.grbl_settings import REPORT, REPORT_INCHES, SPINDLE_MOST, Settings
from cutkit.machine.device.link import take_line
from cutkit.machine.device.planner import USABLE_BLOCKS
from cutkit.machine.feeds import feed_form
from cutkit.machine.gcode import MM_PER_INCH, LineReader, without_comments
from cutkit.machine.gcode_rules import rules_of
from cutkit.toolpath import CutterProfile

UNLOCK = "[MSG:'$H'|'$X' to unlock]\r\n"
HELP = "[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\n"
WRITE_S = 0.02
"""While a setting is written the receiver is deaf; an AVR's EEPROM takes 3.4 ms a byte."""
HARD_LIMIT, SOFT_LIMIT, RESET_IN_MOTION, RESET_IN_HOMING = 1, 2, 3, 6
_PLACES = ("G54", "G55", "G56", "G57", "G58", "G59", "G28", "G30")
STORED = ("G10", "G28", "G28.1", "G30", "G30.1", "G43.1")
"""What is done here and not by the reader, for it depends on what is stored in the machine."""
_TAKE_AXES = ("G10", "G28", "G30")
_VALUE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_SETTING = re.compile(rf"\$(N?)({_VALUE.pattern})=(.*)")
_NUMBER_AND = re.compile(rf"\$N?{_VALUE.pattern}")
_NO_VALUE = re.compile(rf"\$N?{_VALUE.pattern}=$")
_WORD = re.compile(r"([A-Z])([+-]?(?:\d+\.?\d*|\.\d+))")


@dataclass
class Reports:
    """After how many status reports the work's zero and the overrides are told again: sooner at rest."""

    offset_in: int = 0
    overrides_in: int = 0

    def next(self, *, busy: bool) -> tuple[bool, bool]:
        """Whether this report has the zero, and the overrides; never both, the overrides follow."""
        with_offset = self.offset_in == 0
        if with_offset:
            self.offset_in = 30 if busy else 10
            self.overrides_in = max(self.overrides_in, 1)
        self.offset_in -= 1
        with_overrides = self.overrides_in == 0
        if with_overrides:
            self.overrides_in = 20 if busy else 10
        self.overrides_in -= 1
        return with_offset, with_overrides


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
        self.build_info = ""
        self.places = _no_places()
        self.tool_length = 0.0
        self.rules = rules_of(profile.controller, turning_axis=profile.program.turn is not None)
        super().__init__(profile, faults, start_deg=start_deg)

    def _usable_bytes(self) -> int:
        """Grbl 1.1h has a ring of a byte more than the 128 that it tells of, so that all of them can be used."""
        return self.profile.link.buffer_bytes

    def _switch_on(self) -> None:
        spindle = self.profile.lift == "spindle"
        self.reader = LineReader(self.profile.motion.feed_per_mm_s, spindle, self.rules, feed_form(self.profile))
        self.reader.state.knows_places = True
        self.reader.state.offset = list(self.places["G54"])
        self.tool_length = 0.0
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
        self.reports, self.accessories, self.coolant = Reports(), "", False
        self._greet()

    def _greet(self) -> None:
        """The banner; then the lines that the user has stored for the start, but not while it is locked."""
        self.say(self.BANNER + (UNLOCK if self.locked else ""))
        if not self.locked:
            self.steps.extend(self._start_steps())

    def _start_steps(self) -> list[Step]:
        return [self.then(partial(self._start_with, line)) for line in self.start_lines if line]

    def _start_with(self, line: str) -> None:
        self._block(line.encode("ascii"), lambda error: self.say(f">{line}:{f'error:{error}' if error else 'ok'}\r\n"))

    # ---- real-time bytes

    def _arrive(self, data: bytes) -> bytes:
        stored = bytearray()
        for byte in data:
            work = self._REAL_TIME.get(byte)
            if work is not None:
                # Only a reset reaches a machine that stands still after a limit.
                if byte == 0x18 or not (self.critical or (self.sleeping and byte != ord("?"))):
                    work(self)
            elif byte < 0x80:
                stored.append(byte)
        return bytes(stored)

    def _report_status(self) -> None:
        self.say(self.status() + "\r\n")

    def _press_hold(self) -> None:
        if self.jogging:
            self._cancel_jog()
            return
        if self.locked or self.check or self.homing or self.suspended:
            return
        self.suspended = True
        self.mechanics.hold(self.now_s)

    def _press_start(self) -> None:
        if self.suspended and (self.mechanics.held(self.now_s) or not self.mechanics.moving()) and not self.critical:
            self.suspended = self.door = False
            self.mechanics.resume(self.now_s)

    def _open_door(self) -> None:
        if not (self.locked or self.check or self.homing):
            self.say("[MSG:Check Door]\r\n")
            self._press_hold()
            self.door = self.suspended

    def _cancel_jog(self) -> None:
        if self.jogging:
            self.mechanics.hold(self.now_s)

    def _override(self, name: str, change: Callable[[int], int], least: int, most: int) -> None:
        setattr(self, name, min(max(change(getattr(self, name)), least), most))
        self.mechanics.planner.override(self.feed_share / 100, self.rapid_share / 100, self.now_s)
        self.reports.overrides_in = 0

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
        alarm = RESET_IN_HOMING if self.homing else RESET_IN_MOTION
        locked = self.locked or in_motion or self.sleeping
        self.critical = self.check = self.suspended = self.door = self.homing = self.jogging = self.sleeping = False
        self._forget_overrides()
        self.reports, self.coolant = Reports(), False
        if in_motion:
            self.alarm = alarm
            self.say(f"ALARM:{alarm}\r\n")
            self.remarks.append(Violation("alarm", f"ALARM:{alarm}, reset while moving", self.line_count or None))
        self.locked = locked
        self._greet()

    def _forget_overrides(self) -> None:
        if (self.feed_share, self.rapid_share, self.spindle_share) != (100, 100, 100):
            self.feed_share, self.rapid_share, self.spindle_share = 100, 100, 100
            self.mechanics.planner.override(1.0, 1.0, self.now_s)
            self.reports.overrides_in = 0

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
        self.tool_length = 0.0
        self.reader.reset((x, y, self._height(), self.reader.state.here[3]), self.places["G54"])

    def _height(self) -> float:
        return self.mechanics.height(self.now_s) if self.profile.plunge is not None else self.reader.state.here[2]

    # ---- lines

    def _blocked(self) -> bool:
        return self.critical or self.suspended or self.sleeping

    def _next_command(self) -> bool:
        taken = take_line(self.ring.data, self.raw_line)
        if taken is None:
            return False
        line, last = taken
        second = last == 0x0A and self.after_cr and not line
        self.line_count += not second
        self.after_cr = last == 0x0D
        if second and self.CRLF_IS_ONE_END:
            return bool(self.ring.data) and self._next_command()
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
        else:
            self._block(raw, self._answer)

    def _answer(self, error: int) -> None:
        if error:
            self.say(f"error:{error}\r\n")
        else:
            self.say_ok()

    def _block(self, raw: bytes, answer: Callable[[int], None]) -> None:
        """Carry out a block; ``answer`` is told the number of its error, or 0 when it is taken."""
        text = without_comments(raw).decode("ascii")
        words = [(letter, float(number)) for letter, number in _WORD.findall(text)]
        codes = {f"{letter}{number:g}" for letter, number in words if letter in "GM"}
        state, offset = self.reader.state, list(self.reader.state.offset)
        stored = next((code for code in STORED if code in codes), None)
        if stored is not None:
            self._stored(stored, words, answer)
            return
        self._choose_system(codes)
        taken = self.reader.take(raw, self.line_count)
        if taken.error:
            state.offset = offset
            answer(taken.error)
            return
        if "G92.1" in codes:
            state.offset = self._zero()
        if "G49" in codes and self.tool_length:
            state.offset[2] -= self.tool_length
            self.tool_length = 0.0
        self.coolant = "M8" in codes or (self.coolant and "M9" not in codes)
        if taken.ends:
            self._choose_system({"G54"})
            state.modes = replace(state.modes, system="G54")
            self.coolant = False
        if state.offset != offset:
            self.reports.offset_in = 0
        if self.check:
            answer(0)
            return
        steps: list[Step] = []
        for action in taken.actions:
            steps += self._steps(action)
        if taken.pauses:
            steps += [self.rest, self.then(self._press_hold)]
        if taken.ends:
            steps += [self.rest, self.then(self._forget_overrides), self.then(lambda: self.say("[MSG:Pgm End]\r\n"))]
        self._after_this(*steps, self.then(lambda: answer(0)))

    # ---- what is stored in the machine: places, zeros, the tool's length

    @property
    def _system_now(self) -> str:
        return self.reader.state.modes.system

    def _zero(self) -> list[float]:
        """The work's zero without G92."""
        x, y, z, angle = self.places.get(self._system_now, self.places["G54"])
        return [x, y, z + self.tool_length, angle]

    def _choose_system(self, codes: set[str]) -> None:
        """Another work zero, before the block's axis words are read."""
        chosen = next((code for code in _PLACES[:6] if code in codes), None)
        if chosen is not None:
            old, new, offset = self.places[self._system_now], self.places[chosen], self.reader.state.offset
            self.reader.state.offset = [now + b - a for now, a, b in zip(offset, old, new, strict=True)]

    def _stored(self, code: str, words: list[tuple[str, float]], answer: Callable[[int], None]) -> None:
        """G10, G28, G30 and their kin, G43.1: a block of its own; units and distance mode may stand in it."""
        values = {letter: number for letter, number in words if letter not in "GM"}
        axes = {letter: values[letter] for letter in "XYZ" if letter in values}
        others = [(letter, number) for letter, number in words if f"{letter}{number:g}" != code]
        rest = "".join(f"{letter}{number:.10g}" for letter, number in others if letter in "GMNFST")
        error = 25 if len(values) < sum(letter not in "GM" for letter, _ in words) else 0
        if not error and code in _TAKE_AXES and {f"{a}{n:g}" for a, n in others} & {"G0", "G1", "G2", "G3", "G92"}:
            error = 24
        taken = self.reader.take(rest.encode("ascii"), self.line_count) if rest and not error else None
        error = error or (taken.error if taken else 0)
        error = error or (self._set_place(values, axes) if code == "G10" else 0)
        if not error and code == "G43.1":
            error = self._set_length(axes)
        if error:
            answer(error)
            return
        writes = code in ("G10", "G28.1", "G30.1")
        if code in ("G28.1", "G30.1"):
            self.places[code[:3]] = list(self.reader.state.here)
        steps = self._go_to_place(code, axes) if code in ("G28", "G30") else []
        if self.check:
            answer(0)
        elif writes:
            self._after_this(self.rest, self.then(lambda: self._write(0, answer)))
        else:
            self._after_this(*steps, self.then(lambda: answer(0)))

    def _set_place(self, values: dict[str, float], axes: dict[str, float]) -> int:
        """G10 L2 and L20: where a work zero lies; the error's number."""
        if not axes:
            return 26
        if not {"L", "P"} <= set(values):
            return 28
        if int(values["P"]) > len(_PLACES) - 2:
            return 29
        if values["L"] not in (2, 20) or "R" in values:
            return 20
        state, scale = self.reader.state, self.reader.state.modes.mm
        name = self._system_now if values["P"] < 1 else _PLACES[int(values["P"]) - 1]
        place, zero = list(self.places[name]), self._zero()
        for letter, number in axes.items():
            axis, value = "XYZ".index(letter), number * scale
            shift = state.offset[axis] - zero[axis] + (self.tool_length if axis == 2 else 0.0)
            place[axis] = value if values["L"] == 2 else state.here[axis] - shift - value
        if name == self._system_now:
            old = self.places[name]
            state.offset = [now + new - before for now, new, before in zip(state.offset, place, old, strict=True)]
        self.places[name] = place
        self.reports.offset_in = 0
        return 0

    def _set_length(self, axes: dict[str, float]) -> int:
        """G43.1: the tool's length, along Z alone."""
        if set(axes) != {"Z"}:
            return 37 if axes else 26
        length = axes["Z"] * self.reader.state.modes.mm
        self.reader.state.offset[2] += length - self.tool_length
        self.tool_length = length
        self.reports.offset_in = 0
        return 0

    def _go_to_place(self, code: str, axes: dict[str, float]) -> list[Step]:
        """G28 and G30: at rapid speed by the point named, if any, to the stored place; only the axes named move."""
        state = self.reader.state
        modes, place = state.modes, self.places[code]
        by = "G0" + "".join(f"{letter}{number:.10g}" for letter, number in axes.items())
        to = "G53G0" + "".join(f"{a}{place[k] / modes.mm:.10f}" for k, a in enumerate("XYZ") if not axes or a in axes)
        actions = [
            action
            for text in ([by] if axes else []) + [to]
            for action in self.reader.take(text.encode(), self.line_count).actions
        ]
        state.modes = modes
        return [] if self.check else [step for action in actions for step in self._steps(action)]

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
        name, rest = text[1:2], text[2:]
        if not name:
            self.say(HELP)
            self.say_ok()
        elif name == "J":
            self._jog(rest)
        elif name in "$GCX":
            self._answer(3) if rest else self._ask_at_any_time(name)
        elif self._busy() or self.check or self.jogging:
            self._answer(8)
        elif name in "#HSIRN" and (known := self._known_at_rest(text)) is not None:
            known()
        elif name == "N" and self.locked:
            self._answer(8)
        elif (setting := _SETTING.fullmatch(text)) is None:
            self._answer(3 if _NUMBER_AND.match(text) and not _NO_VALUE.match(text) else 2)
        elif setting[1]:
            self._store_start_line(int(float(setting[2])), setting[3])
        elif (value := _VALUE.fullmatch(setting[3])) is None:
            self._answer(3 if _VALUE.match(setting[3]) else 2)
        else:
            self._write(self.settings.write(int(float(setting[2])), float(value[0])))
            self.mechanics.set_limits(self.settings.limits())

    def _busy(self) -> bool:
        """Neither idle nor merely locked; a jog is another matter."""
        return self.homing or self.suspended or self.sleeping or (self.mechanics.moving() and not self.jogging)

    def _ask_at_any_time(self, name: str) -> None:
        if name == "$" and self._busy():
            self._answer(8)
        elif name == "$":
            self._say_list("$$")
        elif name == "G":
            self.say(f"[GC:{self._modes()}]\r\n")
            self.say_ok()
        elif name == "C":
            self._toggle_check()
        else:
            self._unlock()

    def _known_at_rest(self, text: str) -> Callable[[], None] | None:
        """What is done by a $ line with a letter, that is not the storing of a line; None: it is no such."""
        name, rest = text[1], text[2:]
        if text in ("$#", "$I", "$N"):
            return lambda: self._say_list(text)
        if name == "I" and rest.startswith("="):
            return lambda: self._store_build_info(rest[1:])
        if name == "H" and (not rest or not self.settings.homing):
            return self._home
        if text == "$SLP":
            return self._sleep
        if text in ("$RST=$", "$RST=*", "$RST=#"):
            return lambda: self._restore(text)
        return None if name == "N" else lambda: self._answer(3)

    def _say_list(self, text: str) -> None:
        self.say("".join(line + "\r\n" for line in self._list(text)))
        self.say_ok()

    def _sleep(self) -> None:
        self.say_ok()
        self.say("[MSG:Sleeping]\r\n")
        self._spindle_off()
        self.sleeping = True

    def _store_build_info(self, text: str) -> None:
        self.build_info = text
        self._write(0)

    def _store_start_line(self, number: int, line: str) -> None:
        """$N0=: the block is carried out first, and kept where it is not refused."""
        if number >= len(self.start_lines):
            self._answer(3)
            return
        self._block(line.encode("ascii"), lambda error: self._keep_start_line(number, line, error))

    def _keep_start_line(self, number: int, line: str, error: int) -> None:
        if not error:
            self.start_lines[number] = line
        self._write(error)

    def _restore(self, text: str) -> None:
        if text != "$RST=#":
            self.settings.restore()
            self.mechanics.set_limits(self.settings.limits())
        if text != "$RST=$":
            self.places = _no_places()
        if text == "$RST=*":
            self.start_lines, self.build_info = ["", ""], ""
        self.deaf_until_s = self.now_s + WRITE_S
        self.say("[MSG:Restoring defaults]\r\n")
        self.say_ok()
        self._press_reset()

    def _write(self, error: int, answer: Callable[[int], None] | None = None) -> None:
        """Answer; while memory is written, bytes that arrive are lost."""
        answer = answer or self._answer
        if error:
            answer(error)
            return
        self.deaf_until_s = self.now_s + WRITE_S
        self.ready_s = self.deaf_until_s
        self._after_this(self.then(partial(answer, 0)))

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
        elif self.locked or self.jogging or self._busy():
            self._answer(8)
        else:
            self.check = True
            self.say("[MSG:Enabled]\r\n")
            self.say_ok()

    def _list(self, text: str) -> list[str]:
        if text == "$$":
            return self.settings.lines()
        if text == "$I":
            return [
                f"[VER:{self.VERSION}:{self.build_info}]",
                f"[OPT:V,{USABLE_BLOCKS},{self.profile.link.buffer_bytes}]",
            ]
        if text == "$N":
            return [f"$N{k}={line}" for k, line in enumerate(self.start_lines)]
        shift = [a - b for a, b in zip(self.reader.state.offset, self._zero(), strict=True)]
        axes = len(self.rules.axes)
        lines = [f"[{name}:{self._lengths(values[:axes])}]" for name, values in self.places.items()]
        more = [f"[G92:{self._lengths(shift[:axes])}]", f"[TLO:{self._lengths([self.tool_length])}]"]
        return [*lines, *more, f"[PRB:{self._lengths([0.0] * axes)}:0]"]

    @property
    def _inches(self) -> bool:
        return self.settings[REPORT_INCHES] != 0

    def _lengths(self, values: Iterable[float]) -> str:
        """Positions as they are reported: in mm, or by ``$13`` in inches."""
        if self._inches:
            return ",".join(f"{value / MM_PER_INCH + 0.0:.4f}" for value in values)
        return ",".join(f"{value + 0.0:.3f}" for value in values)

    def _rate(self, value: float) -> str:
        """A speed as it is reported, a half rounded up."""
        return f"{value / MM_PER_INCH:.1f}" if self._inches else f"{math.floor(value + 0.5)}"

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
            "M8" if self.coolant else "M9",
            f"T{self.reader.state.tool % 256}",
            f"F{self._rate(now.feed)}",
            f"S{math.floor(now.speed + 0.5)}",
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
            self.then(lambda: self._after_this(*self._start_steps(), self.then(self.say_ok))),
        )

    def _homed(self) -> None:
        """The tool stands over the table's zero: there the switches are."""
        x, y, z = self.settings.homed_at()
        self.mechanics.set_here((x, y))
        self.reader.reset((x, y, z, 0.0), self.reader.state.offset)
        self.homing = self.locked = False
        self.alarm = 0

    def _jog(self, text: str) -> None:
        if self.locked or self.check or self._busy():
            self._answer(8)
            return
        if not text.startswith("="):
            self._answer(3)
            return
        text = text[1:]
        state = self.reader.state
        modes, before = state.modes, list(state.here)
        words = {letter for letter, _ in _WORD.findall(text)}
        error = 0 if "F" in words else 22
        named = {f"{letter}{float(number):g}" for letter, number in _WORD.findall(text) if letter == "G"}
        if words & set("STIJKLPR"):
            error = error or 36
        if not words & set("XYZ") or words & set("M") or not named <= {"G20", "G21", "G90", "G91", "G53"}:
            error = error or 16
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

    def _spindle_speed(self) -> float:
        """What the spindle turns with, 0 at rest; on many cutters it lowers the knife."""
        machine, modes = self.mechanics.machine, self.reader.state.modes
        on = machine.down if self.profile.lift == "spindle" else modes.spindle != "M5"
        return min(modes.speed * self.spindle_share / 100, self.settings[SPINDLE_MOST]) if on else 0.0

    def status(self) -> str:
        """The status report: ``<Idle|MPos:..|Bf:..|FS:..>``, its fields by ``$10``."""
        (x, y), speed = self.mechanics.where(self.now_s)
        mask, state = int(self.settings[REPORT]), self.reader.state
        at, offset = [x, y, self._height(), state.here[3]][: len(self.rules.axes)], state.offset[: len(self.rules.axes)]
        fields = [self.state]
        if mask & 1:
            fields.append(f"MPos:{self._lengths(at)}")
        else:
            fields.append(f"WPos:{self._lengths([a - b for a, b in zip(at, offset, strict=True)])}")
        if mask & 2:
            fields.append(f"Bf:{max(USABLE_BLOCKS - self.mechanics.blocks, 0)},{self.ring.free}")
        fields.append(f"FS:{self._rate(speed * self.profile.motion.feed_per_mm_s)},{self._spindle_speed():.0f}")
        turns = "" if not self._spindle_speed() else "C" if state.modes.spindle == "M4" else "S"
        accessories = turns + ("F" if self.coolant else "")
        if accessories != self.accessories:
            self.accessories, self.reports.overrides_in = accessories, 0
        with_offset, with_overrides = self.reports.next(busy=fields[0] not in ("Idle", "Alarm", "Check", "Sleep"))
        if with_offset:
            fields.append(f"WCO:{self._lengths(offset)}")
        if with_overrides:
            fields.append(f"Ov:{self.feed_share},{self.rapid_share},{self.spindle_share}")
        if with_overrides and accessories:
            fields.append(f"A:{accessories}")
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

    def _usable_bytes(self) -> int:
        return self.profile.link.buffer_bytes - 1


def _no_places() -> dict[str, list[float]]:
    return {name: [0.0, 0.0, 0.0, 0.0] for name in _PLACES}
