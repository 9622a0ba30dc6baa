"""Industry cutter code, as Gerber's fabric cutters read it: blocks ended by ``*``, coordinates with implied decimals.

Written from its published lists of codes (Optitex glossary, "GERBER.txt" of the format collections, nctools), and
sharing nothing with the writer of programs, which it is the check on. Blocks are counted from 1. How large a unit is,
the program says itself: 0.01 inch, with G70 0.001 inch, with G71 0.1 mm. Overcut, advance and the turning of the knife
are the machine's own affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cutkit.machine.actions import Program, Violation
from cutkit.machine.feeds import FeedForm
from cutkit.machine.pen import Pen

MM_PER_INCH = 25.4
KNIFE, DRILL, SECOND_DRILL, PEN = 14, 43, 44, 1
"""The tools' numbers: those of the codes that lower them (M14, M43, M44, D1)."""
UNIT_MM = {"": 0.01 * MM_PER_INCH, "G91": 0.01 * MM_PER_INCH, "G70": 0.001 * MM_PER_INCH, "G71": 0.1}
"""A unit in the formats 4.2 (without a code, or by G91), 3.3 and metric 5.1."""
MOST_DIGITS = 6
LONGEST_MOVE_MM = 60 * MM_PER_INCH
"""The knife's longest move in one block."""
QUIET = frozenset(["M17", "M18", "M19", "M30", "M40", "M41", "M42", "M46", "M47", "M48", "M51"])
"""Overcut, advance, lift at corners, sharpening, knife intelligence: not where the knife goes."""
BEYOND = frozenset(["E", "M68", "M69", "G04", "D4", "Q", "M72", "M73"])
"""Notches and bites by the machine, arcs (which older controllers do not know), other origins, the light."""
SPEED_SHARE = {"M25": 0.75, "L": 0.75, "M26": 1.0, "O": 1.0, **{f"M{60 + k}": 0.95 - 0.05 * k for k in range(8)}}
ALIASES = {"B": "M14", "A": "M15", "R": "M43", "M00": "M0"}
TEXT_FOLLOWS = {"M20": "message", "M31": "label"}
_COORDINATES = re.compile(r"X([+-]?\d+)Y([+-]?\d+)")
_NUMBERED = re.compile(r"([HNFZ])(\d+)")


def parse_gerber(data: bytes, feed: FeedForm | None = None) -> Program:
    """The actions of a cutter program, and everything in it that the machine would not know or misread.

    ``feed`` is the block that moves the cloth on, where the machine has one.
    """
    reader = _Reader(feed=feed)
    for number, text in _blocks(data.decode("latin-1")):
        reader.read(text, number)
    reader.finish()
    return reader.pen.program()


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """The blocks with their numbers; ``/.../`` before one is left out, as an operator can have it. What follows the
    last ``*`` comes as a block that ends in a line end, which no block may hold."""
    position, number = 0, 0
    while position < len(text):
        if text[position] == "/":
            end = text.find("/", position + 1)
            position = len(text) if end < 0 else end + 1
            continue
        number += 1
        end = text.find("*", position)
        if end < 0:
            if text[position:].strip():
                yield number, text[position:] + "\n"
            return
        yield number, text[position:end]
        position = end + 1


@dataclass
class _Reader:
    """The cutter's state; it turns blocks into actions."""

    pen: Pen = field(default_factory=Pen)
    feed: FeedForm | None = None
    unit_mm: float = UNIT_MM[""]
    tool: int = 0
    origin: tuple[float, float] = (0.0, 0.0)
    text_follows: str = ""
    begun: bool = False
    ended: bool = False

    def read(self, text: str, line: int) -> None:
        """Check and carry out one block."""
        pen = self.pen
        if self.ended:
            if text.strip():
                pen.fault("after-end", f"{text[:24]!r} stands after M0, which ends the file", line)
            return
        if self.text_follows:
            if self.text_follows == "label":
                pen.remark("label-not-drawn", f"the machine's labeller prints {text[:40]!r}", line)
            self.text_follows = ""
            return
        if not self.begun and not re.fullmatch(r"H\d+", text):
            pen.fault("not-initialised", f"the file begins with {text[:12]!r}, not with H1", line)
        self.begun = True
        if re.search(r"\s|[a-z]", text):
            pen.fault("wrong-parameters", f"{text[:24]!r}: blocks are upper case, end with * and hold no blanks", line)
            return
        self._obey(ALIASES.get(text, text), line)

    def finish(self) -> None:
        """The program is over."""
        if not self.ended:
            self.pen.violations.append(_no_end())

    def _obey(self, code: str, line: int) -> None:
        pen = self.pen
        fed = self.feed.match(f"{code}*") if self.feed else None
        if fed and fed[1] == len(code) + 1:
            pen.feed(line, fed[0])
            return
        numbered = _NUMBERED.fullmatch(code)
        if code.startswith(("X", "Y")):
            self._go(code, line)
        elif code in ("M14", "D1"):
            self._take(KNIFE if code == "M14" else PEN, line)
            pen.set_down(line, True)
        elif code in ("M15", "D2"):
            pen.set_down(line, False)
        elif code in ("M43", "M44"):
            self._take(DRILL if code == "M43" else SECOND_DRILL, line)
            pen.set_down(line, True)
            pen.set_down(line, False)
        elif code == "M0":
            self.ended = True
        elif code in UNIT_MM and code:
            self.unit_mm = UNIT_MM[code]
        elif code in TEXT_FOLLOWS:
            self._announce(code, line)
        elif code == "M70":
            self.origin = pen.here
        elif code == "M01":
            pen.remark("pause", "M01: the machine waits here, where the operator wants it to", line)
        elif numbered and numbered[1] == "F":
            self._feed(int(numbered[2]), line)
        elif code in BEYOND or code.startswith(("G02", "G03")):
            pen.fault("not-emulated", f"{code}: the emulator does not carry this out", line)
        elif code not in QUIET and code not in SPEED_SHARE and not numbered and not code.startswith("ZX"):
            pen.fault("unknown-command", f"{code[:24]!r} is no code; a block holds one", line)

    def _announce(self, code: str, line: int) -> None:
        self.text_follows = TEXT_FOLLOWS[code]
        if code == "M20":
            self.pen.remark("pause", "M20: the machine shows a message, and may wait for the operator", line)

    def _take(self, tool: int, line: int) -> None:
        if tool != self.tool:
            self.pen.select(line, tool)
        self.tool = tool

    def _feed(self, inches_a_minute: int, line: int) -> None:
        if inches_a_minute <= 0:
            self.pen.fault("no-feed", "F0: no speed to cut with", line)
        else:
            self.pen.feed_mm_s = inches_a_minute * MM_PER_INCH / 60

    def _go(self, code: str, line: int) -> None:
        pen = self.pen
        found = _COORDINATES.fullmatch(code)
        if found is None:
            pen.fault("wrong-parameters", f"{code[:24]!r}: a position is X and Y in whole units", line)
            return
        if any(len(number.lstrip("+-")) > MOST_DIGITS for number in found.groups()):
            pen.fault("out-of-range", f"{code[:24]!r}: a coordinate has {MOST_DIGITS} digits at most", line)
            return
        x, y = (int(number) * self.unit_mm + start for number, start in zip(found.groups(), self.origin, strict=True))
        way = ((x - pen.here[0]) ** 2 + (y - pen.here[1]) ** 2) ** 0.5
        if pen.down and way > LONGEST_MOVE_MM:
            pen.fault("long-move", f"{way:.0f} mm in one block; the knife goes {LONGEST_MOVE_MM:.0f} mm", line)
        pen.go(line, (x, y))


def _no_end() -> Violation:
    return Violation("no-end", "the file does not end with M0")
