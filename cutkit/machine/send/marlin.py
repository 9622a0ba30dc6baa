"""Marlin: one line at a time, numbered, with a checksum; what arrives damaged is asked for again (``Resend:``).

A line of an earlier sender may lie in the machine, whole but for its end: the first bytes, ``*`` and a line end, make
its checksum wrong. Opening the port restarts many boards, which then swallow what comes for some seconds: the greeting
is said again until it is answered.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from cutkit.machine.send.lines import Line
from cutkit.machine.send.link import Fault, Greeting, MachineLink, Mark, Sent
from cutkit.model import Point

FIRST_ANSWER_S = 12.0
ASK_AGAIN_S = 2.0
SETTLES_S = 0.5
"""So long it has to be quiet before the greeting, and after it: then no answer is on its way any more."""
SILENT_S = 20.0
"""Marlin says ``echo:busy`` every two seconds while a line takes long."""
BARRIER = Line(b"M400")
_RESEND = re.compile(r"(?:Resend|rs)\s*:?\s*N?(\d+)", re.IGNORECASE)
_NOT_FATAL = re.compile(r"checksum|line number|No Line Number|last line", re.IGNORECASE)


@dataclass
class MarlinLink(MachineLink):
    """A Marlin."""

    _number: int = 0
    _texts: dict[int, bytes] = field(default_factory=dict)
    _heard_s: float = 0.0
    _ignored_oks: int = 0
    _greeted: bool = False
    _named: int = 0
    _asked_again: bool = False

    def greet(self, greeting: Greeting) -> None:
        """Begin to count lines; a machine that does not answer is a Fault."""
        if greeting.unlock or greeting.reset:
            self.note("Marlin knows neither --unlock nor --reset: use its own button")
        until = self.port.clock() + FIRST_ANSWER_S
        self.put(b"*\n")
        self._quiet(SETTLES_S)
        asked, asked_s = 0, -math.inf
        while self._named == 0:
            if self.port.clock() - asked_s > ASK_AGAIN_S:
                asked, asked_s = asked + 1, self.port.clock()
                self.put(b"M110 N0\nM115\n")
            self.pump()
            if self.port.clock() > until:
                raise Fault("silent", "no answer from the machine", f"Is it this port, and {self.link.baud} baud?")
        self._quiet(SETTLES_S if self._named == asked else ASK_AGAIN_S)
        self._greeted = True
        if greeting.home:
            self.send(Line(b"G28 X Y"))
            self.settle()

    def _quiet(self, for_s: float) -> None:
        """Wait until it has said nothing for so long: answers to what was asked before are none to what comes."""
        self._heard_s = self.port.clock()
        while self.port.clock() - self._heard_s < for_s:
            self.pump()

    def send(self, line: Line, index: int = -1, at_mm: Point | None = None) -> None:
        """Send a line once the one before is answered; comments are left out, Marlin does not know all of them."""
        text = re.sub(rb"\([^)]*(?:\)|$)|;.*", b"", line.raw).strip()
        if not text:
            return
        while self.paused or self.waiting:
            self.pump()
        self._number += 1
        data = _numbered(self._number, text)
        self._texts = {self._number: data}
        self._heard_s = self.port.clock()
        self._began(len(data))
        self._asked_again = False
        self.in_flight = len(data)
        self.waiting.append(Sent(len(data), line, index, at_mm))
        self.put(data)

    def mark(self, *, synced: bool, at_mm: Point | None) -> Mark | None:
        """M400 is answered when all motion is done."""
        self.send(Line(self.link.barrier.encode("ascii")) if self.link.barrier else BARRIER, at_mm=at_mm)
        mark = Mark()
        self.waiting[-1].mark = mark
        return mark

    def settle(self) -> None:
        """Wait until the line is answered."""
        while self.waiting:
            self.pump()

    def _hear_bytes(self, data: bytes) -> None:
        if data:
            self._heard_s = self.port.clock()
        super()._hear_bytes(data)

    def _hear(self, text: str) -> None:
        resend = _RESEND.match(text)
        if text.startswith("ok"):
            self._answer()
        elif "FIRMWARE_NAME:" in text:
            self._named += 1
        elif resend and self._greeted:
            self._resend(int(resend.group(1)))
        elif text == "start" and self._greeted:
            raise Fault("reset", "the machine was reset, what it had in its memory is lost", "Set its zero again.")
        elif text.startswith("!!") or (text.startswith("Error:") and not _NOT_FATAL.search(text)):
            line = self.waiting[0].line if self.waiting else None
            raise Fault("alarm", f"the machine stopped itself: {text}", "Reset it and set its zero again.", line)
        elif text.startswith("echo:Unknown command") and self._greeted:
            line = self.waiting[0].line if self.waiting else None
            raise Fault("refused", f"the machine does not know a line: {text[5:]}", "", line)

    def _answer(self) -> None:
        if self._ignored_oks:
            self._ignored_oks -= 1
        elif self.waiting and self._greeted:
            sent = self.waiting.popleft()
            self.in_flight = 0
            self.answered = max(self.answered, sent.index)
            if sent.mark is not None:
                sent.mark.reached = True

    def _resend(self, number: int) -> None:
        """Send a line again. The ``ok`` that follows the request is none for the line."""
        self._ignored_oks += 1
        if number == self._number and number in self._texts:
            self.put(self._texts[number])
            self.figures.lost_answers += 1
        elif number == self._number + 1:
            self._ignored_oks -= 1  # it has the line: its answer was lost, and the ok to come stands for it
            self.figures.lost_answers += 1
        else:
            raise Fault("astray", f"the machine asks for line N{number} again, which it had taken before")

    def _tick(self) -> None:
        if not self.waiting or not self._greeted:
            return
        quiet_s = self.port.clock() - self._heard_s
        if quiet_s > SILENT_S / 2 and not self._asked_again:
            self._asked_again = True  # if it has the line, and its answer was lost, it asks for the one after it
            self.put(self._texts[self._number])
        if quiet_s > SILENT_S:
            raise Fault("silent", f"the machine has not said a word for {SILENT_S:.0f} s", "Is it still switched on?")


def _numbered(number: int, text: bytes) -> bytes:
    """``N12 G0 X1*105`` and the line end: the checksum is the exclusive or of all bytes before the star."""
    body = b"N%d %s" % (number, text)
    checksum = 0
    for byte in body:
        checksum ^= byte
    return b"%s*%d\n" % (body, checksum)
