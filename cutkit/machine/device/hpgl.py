"""An HP-GL cutter as a device: a buffer with XON/XOFF or a hardware line, device control by ESC, and queries.

Written from HP's published manuals (HP 7475A Interfacing and Programming Manual, chapter on RS-232-C): ESC . commands
are obeyed at once and never stored; queries (OA, OS, ...) are answered in their turn, after what is before them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import ClassVar

from cutkit.machine.actions import Device as Numbers
from cutkit.machine.actions import Program
from cutkit.machine.device.base import Device, Step
from cutkit.machine.device.faults import FaultSpec
from cutkit.machine.feeds import feed_form
from cutkit.machine.hpgl import StreamReader
from cutkit.toolpath import CutterProfile

XON, XOFF = 17, 19
SPARE_BYTES = 80
"""XOFF is sent where fewer are free."""
BUFFER_EMPTY, PAUSED = 8, 16
OVERFLOWN = 16
"""What ESC . E answers once when bytes found no room."""
_ERRORS = {"unknown-command": 1, "wrong-parameters": 2, "not-emulated": 3, "out-of-range": 6}
"""What OE answers once after an instruction that was wrong; 0: all well."""
_ESC = 0x1B
_SINGLE = re.compile(rb"\x1b\.([ABEJKLORYZ@()])")
_WITH_NUMBERS = re.compile(rb"\x1b\.([HIMNPTQSU@])([0-9;]*):")


class HpglDevice(Device):
    """A cutter that understands HP-GL."""

    NOTABLE: ClassVar[re.Pattern[bytes]] = re.compile(rb"[;,\r\n:\x03]|\x1b\.[A-Z@()]")

    def __init__(
        self, profile: CutterProfile, faults: Iterable[FaultSpec] = (), *, start_deg: float | None = None
    ) -> None:
        at = profile.coordinates
        self._numbers = Numbers(
            at.units_per_mm, at.lowest_units, at.highest_units, profile.motion.feed_per_mm_s, feed_form(profile)
        )
        super().__init__(profile, faults, start_deg=start_deg)

    def _switch_on(self) -> None:
        self.reader = StreamReader(self._numbers)
        self.control = b""
        self.paused = self.dead = self.sent_xoff = False
        self.error = 0
        self._lost_told = self.ring.figures.lost
        self._ended_input = False
        self._default_handshake()

    def _default_handshake(self) -> None:
        uses = self.profile.link.flow == "xonxoff"
        self.xoff_text, self.xon_text = (bytes([XOFF]), bytes([XON])) if uses else (b"", b"")
        self.spare_bytes = SPARE_BYTES

    # ---- device control

    def _arrive(self, data: bytes) -> bytes:
        """Take ESC . commands out; an unfinished one waits for its rest."""
        self.control += data
        stored = b""
        while self.control:
            start = self.control.find(_ESC)
            if start < 0:
                stored, self.control = stored + self.control, b""
                break
            stored, self.control = stored + self.control[:start], self.control[start:]
            whole = _WITH_NUMBERS.match(self.control) or _SINGLE.match(self.control)
            if whole is not None and not (whole.re is _SINGLE and self._has_numbers()):
                self.control = self.control[whole.end() :]
                self._control(whole[1].decode("ascii"), whole[2].decode("ascii") if whole.re is _WITH_NUMBERS else "")
            elif self._unfinished():
                break
            else:
                stored, self.control = stored + self.control[:1], self.control[1:]
        self._look_at_room(len(stored))
        return stored

    def _has_numbers(self) -> bool:
        """ESC.@ comes with and without numbers."""
        return self.control[2:3] == b"@" and self.control[3:4].isdigit()

    def _unfinished(self) -> bool:
        return re.fullmatch(rb"\x1b(?:\.(?:[HIMNPTQSU@][0-9;]*)?)?", self.control) is not None

    def _control(self, letter: str, numbers: str) -> None:
        if letter == "B":
            self.say(f"{self.ring.free}\r")
        elif letter == "L":
            self.say(f"{self.ring.usable_bytes}\r")
        elif letter == "O":
            empty = not self.ring.data and self.mechanics.idle(self.now_s)
            self.say(f"{BUFFER_EMPTY * empty + PAUSED * self.paused}\r")
        elif letter == "E":
            lost, self._lost_told = self.ring.figures.lost - self._lost_told, self.ring.figures.lost
            self.say(f"{OVERFLOWN if lost else 0}\r")
        elif letter == "A":
            self.say(f"{self.profile.name},0\r")
        elif letter == "K":
            self._abort()
        elif letter == "R":
            self._default_handshake()
        elif letter in "IN":
            self._set_handshake(letter, numbers)

    def _abort(self) -> None:
        """ESC . K: what is stored is forgotten; what is under way is made to its end."""
        self.ring.data.clear()
        self.steps.clear()
        self.reader.drop()

    def _set_handshake(self, letter: str, numbers: str) -> None:
        """ESC . I limit;enquiry;XON... and ESC . N delay;XOFF...; no letter given: none is sent."""
        fields = [int(n) if n else 0 for n in numbers.split(";")]
        if letter == "I":
            self.spare_bytes = fields[0] or SPARE_BYTES
            self.xon_text = bytes(n for n in fields[2:] if 0 < n < 128)
        else:
            self.xoff_text = bytes(n for n in fields[1:] if 0 < n < 128)

    def _look_at_room(self, coming: int = 0) -> None:
        if not self.sent_xoff and self.xoff_text and self.ring.free - coming < self.spare_bytes:
            self.sent_xoff = True
            self.say(self.xoff_text.decode("latin-1"))
        elif self.sent_xoff and 2 * len(self.ring.data) <= self.ring.usable_bytes and not coming:
            self.sent_xoff = False
            self.say(self.xon_text.decode("latin-1"))

    # ---- instructions

    def _blocked(self) -> bool:
        return self.paused or self.dead

    def _next_command(self) -> bool:
        data = bytes(self.ring.data)
        last = self._ended_input and not self.wire.pending
        if not data and not last:
            return False
        # One instruction at a time leaves the rest where it counts as stored.
        found = None if last else re.search(rb"[;,\n\x03]", data)
        part = data[: found.end()] if found else data
        del self.ring.data[: len(part)]
        self._ended_input = self._ended_input and not last
        faults = len(self.reader.found.violations)
        items = self.reader.take(part, last=last)
        for fault in self.reader.found.violations[faults:]:
            self.error = _ERRORS.get(fault.code, self.error)
        for item in items:
            self.steps += [self.rest, self._answer(item)] if isinstance(item, str) else [self.queue(item)]
        self._look_at_room()
        return True

    def _answer(self, query: str) -> Step:
        """The answer to a query, ended by CR."""
        if query == "OE":
            return self.then(self._say_error)
        device, state = self.profile, self.reader.state
        x, y = (round(v) for v in state.here)
        width = device.table.width_mm * self._numbers.units_per_mm
        length = (device.table.length_mm or 10000.0) * self._numbers.units_per_mm
        corner = f"0,0,{length:.0f},{width:.0f}"
        p2 = state.p2 or (length, width)
        answers = {
            "OA": f"{x},{y},{state.down:d}",
            "OC": f"{x},{y},{state.down:d}",
            "OD": f"{x},{y},{state.down:d}",
            "OF": "40,40",
            "OH": corner,
            "OI": device.name,
            "OO": "0,1,0,0,1,0,0,0",
            "OP": f"{state.p1[0]:.0f},{state.p1[1]:.0f},{p2[0]:.0f},{p2[1]:.0f}",
            "OS": str(16 + 8 * state.initialised + state.down),
            "OT": "2,0",
            "OW": corner,
        }
        return self.then(lambda: self.say(answers[query] + "\r"))

    def _say_error(self) -> None:
        self.say(f"{self.error}\r")
        self.error = 0

    def _input_ends(self) -> None:
        self._ended_input = True

    def _own_findings(self) -> Program:
        return self.reader.found

    def _line(self) -> int:
        return self.reader.line

    def _own_event_s(self) -> float:
        """When the input has ended, what is left of the last instruction is read."""
        free = not (self.steps or self.wire.pending or self._blocked()) and self.now_s >= self.ready_s
        return self.now_s if self._ended_input and free else math.inf
