"""Marlin as a device: a line, an ok; numbered lines with checksums, asked for again where they come in wrong.

Written from Marlin's public documentation (G-code reference, the pages on host communication). Lines wait in a queue of
four; ``echo:busy`` is said every two seconds while a command takes its time.
"""

from __future__ import annotations

import math
import re

from cutkit.machine.actions import Lift, Program, Violation
from cutkit.machine.device.base import Device, Step
from cutkit.machine.device.link import take_line
from cutkit.machine.dialects import servo_down_deg
from cutkit.machine.gcode_marlin import LineReader, checksum

BUSY_EVERY_S = 2.0
_NUMBERED = re.compile(r"N(-?\d+)\s*")


class MarlinDevice(Device):
    """A Marlin 2."""

    def _switch_on(self) -> None:
        spindle = self.profile.lift == "spindle"
        servo = servo_down_deg(self.profile) if spindle else None
        self.reader = LineReader(self.profile.motion.feed_per_mm_s, spindle, servo)
        self.line_count = 0
        self.raw_line = bytearray()
        self.last_number = 0
        self.busy_s = math.inf
        self.paused = self.killed = False
        self.say("start\necho:Marlin 2.1.2\n")

    def _arrive(self, data: bytes) -> bytes:
        """M108 goes on after M0, wherever it stands in what has come (the emergency parser)."""
        if self.paused and b"M108" in self.ring.data + data:
            self._press_start()
        return data

    def _blocked(self) -> bool:
        return self.paused or self.killed

    def _next_command(self) -> bool:
        taken = take_line(self.ring.data, self.raw_line)
        if taken is None:
            return False
        raw, last = taken
        self.line_count += last == 0x0A
        line = raw.decode("latin-1").split(";", 1)[0].strip()
        if not line:
            return self._next_command()
        self.busy_s = self.now_s + BUSY_EVERY_S
        self.steps.append(self.then(lambda: self._obey(line)))
        return True

    def _obey(self, line: str) -> None:
        body = self._checked(line)
        if body is None:
            return
        taken = self.reader.take(body, self.line_count)
        steps: list[Step] = []
        for action in taken.actions:
            steps += self.queue_with_rest(action)
        if taken.pauses:
            steps += [self.rest, self.then(self._press_hold)]
        if taken.unknown:
            self.say(f'echo:Unknown command: "{body}"\n')
        code = body.split()[0] if body.split() else ""
        self._put_first(*steps, *self._reports(code), self.then(self._done))

    def _reports(self, code: str) -> list[Step]:
        if code == "M114":
            return [self.then(self._say_place)]
        if code == "M115":
            text = f"FIRMWARE_NAME:Marlin 2.1.2 (emulated) MACHINE_TYPE:{self.profile.name} EXTRUDER_COUNT:0\n"
            return [self.then(lambda: self.say(text))]
        if code == "M112":
            return [self.then(self._kill)]
        if code == "M410":
            return [self.then(lambda: self.mechanics.halt(self.now_s))]
        return []

    def _put_first(self, *steps: Step) -> None:
        first = self.steps.popleft()
        self.steps.extendleft(reversed(steps))
        self.steps.appendleft(first)

    def _done(self) -> None:
        self.busy_s = math.inf
        if not self.killed:
            self.say_ok("ok\n")

    def _say_place(self) -> None:
        """M114 tells where the last move that was taken up leads."""
        x, y, z = self.reader.place
        self.say(f"X:{x:.2f} Y:{y:.2f} Z:{z:.2f} E:0.00 Count X:{x:.0f} Y:{y:.0f} Z:{z:.0f}\n")

    # ---- numbered lines

    def _checked(self, line: str) -> str | None:
        """The command without number and checksum; None where it was asked for again."""
        numbered = _NUMBERED.match(line)
        body, star, check = line.rpartition("*")
        if numbered is None and not star:
            self._set_number(line, self.last_number)
            return line
        if not star:
            self._ask_again("No Checksum with line number")
            return None
        if not check.strip().isdigit() or int(check) != checksum(body):
            self._ask_again("checksum mismatch")
            return None
        if numbered is None:
            self._ask_again("No Line Number with checksum")
            return None
        rest, number = body[numbered.end() :].strip(), int(numbered[1])
        if rest.startswith("M110"):
            self._set_number(rest, number)
            return rest
        if number != self.last_number + 1:
            self._ask_again("Line Number is not Last Line Number+1")
            return None
        self.last_number = number
        return rest

    def _set_number(self, command: str, number: int) -> None:
        """M110 says which number the last line is to have had."""
        if command.startswith("M110"):
            given = re.search(r"N(-?\d+)", command)
            self.last_number = int(given[1]) if given else number

    def _ask_again(self, why: str) -> None:
        """What has come after the bad line is thrown away: the host sends it anew."""
        self.ring.data.clear()
        self.raw_line.clear()
        self.busy_s = math.inf
        self.say(f"Error:{why}, Last Line: {self.last_number}\nResend: {self.last_number + 1}\n")
        self.say_ok("ok\n")
        self.remarks.append(Violation("resend", f"{why}: line {self.last_number + 1} is asked for again"))

    # ---- people and mishaps

    def _hit_limit(self) -> None:
        self.mechanics.halt(self.now_s)
        self._kill()

    def _kill(self) -> None:
        """All off, and silence until a reset."""
        self.mechanics.halt(self.now_s)
        if self.mechanics.machine.down and self.profile.lift == "spindle":
            self.mechanics.do_now(Lift(self.line_count, waits=False), self.now_s)
        self.steps.clear()
        self.say("Error:Printer halted. kill() called!\n")
        self.killed = True
        self.remarks.append(Violation("alarm", "the machine has stopped itself", self.line_count or None))

    def _own_event_s(self) -> float:
        return math.inf if self.killed else self.busy_s

    def _own_event(self) -> None:
        if self.now_s >= self.busy_s:
            self.busy_s = self.now_s + BUSY_EVERY_S
            self.say(f"echo:busy: {'paused for user' if self.paused else 'processing'}\n")

    def _reading_s(self) -> float:
        return self.profile.motion.line_s

    def _own_findings(self) -> Program:
        return self.reader.found

    def _line(self) -> int:
        return self.line_count
