"""DM/PL, the language of Houston Instrument's plotters and of cutters after them: letters and coordinates, with blanks.

Written from the language's published commands, and sharing nothing with the writer of programs, which it is the check
on. ``;:`` selects the plotter, which before hears nothing; U and D lift and lower the tool, A and R make coordinates
absolute or relative, EC says how large a unit is. Commands are counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cutkit.machine.actions import Device, Program
from cutkit.machine.pen import Pen

MM_PER_INCH = 25.4
UNITS_PER_MM = {"1": 1000 / MM_PER_INCH, "5": 200 / MM_PER_INCH, "M": 10.0, "N": 40.0}
"""What EC1, EC5, ECM and ECN make a unit: 0.001 inch, 0.005 inch, 0.1 mm, 0.025 mm."""
NO_MOTION = frozenset(["BP", "FS", "AS", "EH", "EI", "E", "I", "N", "T"])
"""Pressure, acceleration, questions: nothing along the table."""
BEYOND = frozenset(["C", "CA", "CC", "CE", "CR", "CU", "F", "EF", "G", "K", "M", "S", "W", "X", "O", "Q", "B", "Y"])
"""Curves, letters, marks, windows and the feed of the medium: where they lead the emulator does not know."""
_COMMAND = re.compile(
    r"(?P<unit>EC)(?P<code>[15MN])|(?P<name>;:|@|BP|FS|AS|EH|EF|EI|CA|CC|CE|CR|CU|[A-Z])(?P<text>[^A-Z;@]*)"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


@dataclass(frozen=True, slots=True)
class _Command:
    name: str
    text: str
    line: int

    @property
    def numbers(self) -> list[float] | None:
        """The command's numbers; None where there is something else."""
        if _NUMBER.sub("", self.text).strip(" ,;\t\r\n"):
            return None
        return [float(number) for number in _NUMBER.findall(self.text)]


def parse_dmpl(data: bytes, device: Device) -> Program:
    """The actions of a DM/PL program, and everything in it that the machine would not know or misread."""
    reader = _Reader(device)
    for command in _commands(data.decode("latin-1")):
        reader.obey(command)
    return reader.pen.program()


def command_count(data: bytes) -> int:
    """How many commands a program has."""
    return sum(1 for _ in _commands(data.decode("latin-1")))


def _commands(text: str) -> Iterator[_Command]:
    """The commands one by one; what is none comes with an empty name, a whole run of it at once."""
    position, number = 0, 0
    while position < len(text):
        match = _COMMAND.search(text, position)
        end = match.start() if match else len(text)
        stray = text[position:end].strip(" ,;\t\r\n")
        if stray:
            number += 1
            yield _Command("", stray, number)
        if match is None:
            return
        number += 1
        yield _Command(match["unit"] or match["name"], match["code"] or match["text"] or "", number)
        position = match.end()


@dataclass
class _Reader:
    """The plotter's state; it turns commands into actions."""

    device: Device
    pen: Pen = field(default_factory=Pen)
    selected: bool = False
    complained: bool = False
    relative: bool = False

    def __post_init__(self) -> None:
        self.units_per_mm = self.device.units_per_mm

    def obey(self, it: _Command) -> None:
        """Carry out one command, or say why not."""
        if it.name in (";:", "@"):
            self.selected = it.name == ";:"
            self._rest(it)
        elif not self.selected:
            if not self.complained:
                self.pen.fault("not-initialised", f"{it.name}{it.text[:12]} before ;: selects the plotter", it.line)
            self.complained = True
        elif it.name in ("U", "D", "A", "R"):
            self._pen_or_mode(it)
        elif it.name in ("H", "Z"):
            self.pen.set_down(it.line, False)
            self.pen.go(it.line, (0.0, 0.0))
            self._rest(it)
        elif it.name in ("EC", "L", "V", "P"):
            self._set(it)
        elif it.name in BEYOND:
            self.pen.fault("not-emulated", f"{it.name}: the emulator does not carry this out", it.line)
        elif it.name not in NO_MOTION:
            self.pen.fault("unknown-command", f"{it.name}{it.text[:24]!r} is no command", it.line)

    def _rest(self, it: _Command) -> None:
        if it.text.strip(" ,;\t\r\n"):
            self.pen.fault("wrong-parameters", f"{it.name} takes no numbers: {it.text[:24]!r}", it.line)

    def _pen_or_mode(self, it: _Command) -> None:
        if it.name in ("U", "D"):
            self.pen.set_down(it.line, it.name == "D")
        else:
            self.relative = it.name == "R"
        numbers = it.numbers
        if numbers is None or len(numbers) % 2:
            self.pen.fault("wrong-parameters", f"{it.name}{it.text[:24]}: not pairs of coordinates", it.line)
            return
        for units in zip(numbers[::2], numbers[1::2], strict=True):
            self._check_range(units, it)
            x, y = units[0] / self.units_per_mm, units[1] / self.units_per_mm
            here = self.pen.here
            self.pen.go(it.line, (here[0] + x, here[1] + y) if self.relative else (x, y))

    def _check_range(self, units: tuple[float, float], it: _Command) -> None:
        low, high = self.device.lowest_units, self.device.highest_units
        for value in units:
            if (low is not None and value < low) or (high is not None and value > high):
                message = f"{value:g} is beyond what the machine takes ({low:g} to {high:g})"
                self.pen.fault("out-of-range", message, it.line)

    def _set(self, it: _Command) -> None:
        """EC sets the unit, L the kind of line, V the speed, P takes a tool."""
        if it.name == "EC":
            self.units_per_mm = UNITS_PER_MM[it.text]
            return
        numbers = it.numbers
        if not numbers:
            self.pen.fault("wrong-parameters", f"{it.name}{it.text[:24]}: a number is missing", it.line)
        elif it.name == "P":
            self.pen.select(it.line, int(numbers[0]))
        elif it.name == "L" and numbers[0] != 0:
            self.pen.fault("dashed-line", "L asks for dashes: a cut would be left in bridges", it.line)
        elif it.name == "V" and numbers[0] <= 0:
            self.pen.fault("no-feed", f"V{numbers[0]:g}: no speed to cut with", it.line)
        elif it.name == "V":
            self.pen.feed_mm_s = numbers[0] / self.device.feed_per_mm_s
