"""Plotters and cutters that take instructions without answering them: HP-GL and its kin.

What keeps their buffer from running over is the profile's ``flow``:

==========  =========================================================================================================
xonxoff     they stop us with 0x13 and start us with 0x11. A serial driver sees to that itself; here it is done too,
            for sockets. Never more than a few bytes are handed over ahead of the line's speed, so that a stop takes
            effect within what every such machine keeps in reserve
hardware    the serial driver's business
query       the free bytes of the buffer are asked for (``ESC . B``), and no more than these are sent
none        TCP stops us by itself
==========  =========================================================================================================

With a ``barrier`` (a question that is answered in its turn, as ``OA;``) the machine tells when a cut is made. An answer
that is a position (x, y, pen) must be where the cut ends.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from cutkit.machine.send.lines import Line
from cutkit.machine.send.link import TURN_S, Fault, Greeting, MachineLink, Mark
from cutkit.model import Point

XON, XOFF = 0x11, 0x13
CHUNK_BYTES = 32
"""So much is handed over at a time under XON/XOFF; HP's plotters stop their host 80 bytes before the end."""
BITS_A_BYTE = 10
QUERY = b"\x1b.B"
ABORT = b"\x1b.K"
ANSWER_S = 10.0
ASK_AGAIN_S = 0.05
UNITS_OFF = 2.5
NEAR_S = 1e-6
_ANSWER = re.compile(r"-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?)*")


@dataclass
class PlotterLink(MachineLink):
    """A machine without answers, but to questions."""

    units_per_mm: float = 40.0
    _stopped: bool = False
    _free: int = 0
    _asked_s: float | None = None
    _line_free_s: float = 0.0
    _marks: list[tuple[Mark, Point | None]] = field(default_factory=list)
    _greeted: bool = False
    _quiet_since_s: float = 0.0

    def __post_init__(self) -> None:
        self.confirms = self.link.barrier is not None
        self.reports_fill = False

    def greet(self, greeting: Greeting) -> None:
        """Where the machine answers questions, see that it does, and throw away the rest of a broken instruction."""
        if greeting.home or greeting.unlock or greeting.reset:
            self.note("this machine is homed and reset at its own panel, not from here")
        self._quiet_since_s = self.port.clock()
        if self.confirms or self.link.flow == "query":
            self.put(ABORT)
        if self.confirms:
            mark = self.mark(synced=False, at_mm=None)
            until = self.port.clock() + ANSWER_S
            while mark is not None and not mark.reached:
                self.pump()
                if self.port.clock() > until:
                    raise Fault(
                        "silent",
                        f"the machine does not answer {self.link.barrier}",
                        f"Is it this port, {self.link.baud} baud, and is the machine switched on and on line?",
                    )
        self._greeted = True

    def send(self, line: Line, index: int = -1, at_mm: Point | None = None) -> None:
        """Hand over an instruction as the machine makes room for it."""
        self._began(0)
        data = line.raw
        while data:
            chunk, data = data[: self._chunk()], data[self._chunk() :]
            self._wait_for_room(len(chunk))
            self.put(chunk)
            self.figures.bytes += len(chunk)
            self._free -= len(chunk)
        self.answered = max(self.answered, index)

    def _chunk(self) -> int:
        return min(CHUNK_BYTES, max(1, self.link.buffer_bytes // 2))

    def _wait_for_room(self, size: int) -> None:
        self.pump(0.0)
        if self.link.flow == "query":
            while self._free < size:
                self._ask_for_room()
        elif self.link.flow == "xonxoff":
            self._wait_for_the_wire()
        elif self.link.flow == "hardware":
            self._wait_for_the_wire()
            while not getattr(self.port, "clear_to_send", True):
                self.pump()
        self._line_free_s = max(self._line_free_s, self.port.clock()) + size * BITS_A_BYTE / self.link.baud

    def _wait_for_the_wire(self) -> None:
        """Until the bytes before have left, and the machine does not hold us off."""
        while self._stopped or (early_s := self._line_free_s - self.port.clock()) > NEAR_S:
            self.pump(TURN_S if self._stopped else early_s)

    def _tick(self) -> None:
        """Machines of this kind are silent by nature; but not for longer than a cut can last."""
        if not (self._marks or self._stopped) or self.paused:
            self._quiet_since_s = self.port.clock()
        elif self.port.clock() - self._quiet_since_s > self.patience_s:
            what = f"does not answer {self.link.barrier}" if self._marks else "takes no more bytes"
            raise Fault("silent", f"the machine {what} for {self.patience_s:.0f} s", "Is it on line, and does it move?")

    def _is_asking(self) -> bool:
        return self._asked_s is not None

    def _ask_for_room(self) -> None:
        """Ask for the free bytes and wait for the answer; Fault where none comes."""
        asked_s = self._asked_s = self.port.clock()
        self.put(QUERY)
        while self._is_asking():
            self.pump()
            if self._is_asking() and self.port.clock() - asked_s > ANSWER_S:
                raise Fault(
                    "silent", "the machine does not answer ESC . B", "Is it switched on, on line, out of paper?"
                )
        if self._free < CHUNK_BYTES:
            self.pump(ASK_AGAIN_S)

    def mark(self, *, synced: bool, at_mm: Point | None) -> Mark | None:
        """Ask the profile's question; None without one."""
        if self.link.barrier is None:
            return None
        mark = Mark()
        self._marks.append((mark, at_mm))
        self.send(Line(self.link.barrier.encode("ascii") + b"\n"))
        if self.link.flow == "query":
            self.wait_for(mark)  # else nobody could tell its answer from that to ESC . B
        return mark

    def drain(self) -> None:
        """Wait until the bytes have left, and the buffer is empty, where it can be asked."""
        if self.link.flow in ("xonxoff", "hardware"):
            self._wait_for_the_wire()
        while self.link.flow == "query" and self._free < self.link.buffer_bytes:
            before = self._free
            self._ask_for_room()
            if self._free == before:
                self.pump(ASK_AGAIN_S)
            if self._free >= self.link.buffer_bytes - 1:
                return

    def _hear_bytes(self, data: bytes) -> None:
        for byte in data:
            if byte in (XON, XOFF):
                self._quiet_since_s = self.port.clock()
                self._stopped = byte == XOFF
        super()._hear_bytes(bytes(byte for byte in data if byte not in (XON, XOFF)))

    def _hear(self, text: str) -> None:
        if not _ANSWER.fullmatch(text):
            return
        if self._asked_s is not None and "," not in text:
            self._free, self._asked_s = int(float(text)), None
        elif self._marks:
            mark, at_mm = self._marks.pop(0)
            self._compare(text, at_mm)
            self._quiet_since_s = self.port.clock()
            mark.reached = True

    def _compare(self, text: str, at_mm: Point | None) -> None:
        numbers = [float(number) for number in text.split(",")]
        if at_mm is None or len(numbers) < 2:
            return
        meant = (at_mm[0] * self.units_per_mm, at_mm[1] * self.units_per_mm)
        if math.dist(meant, numbers[:2]) > UNITS_OFF:
            x, y = (value / self.units_per_mm for value in numbers[:2])
            raise Fault(
                "astray",
                f"the machine stands at x {x:.1f}, y {y:.1f} mm instead of x {at_mm[0]:.1f}, y {at_mm[1]:.1f} mm: "
                "bytes were damaged or lost on the way to it",
                "Look at the cloth, and see to the cable.",
            )
