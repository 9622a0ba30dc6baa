"""G-code as Marlin 2 reads it: one command a line, then its parameters; ``N`` and ``*`` guard it on a serial line.

Written from Marlin's public G-code reference, and not tried on the firmware. Where Marlin keeps silent although
something is lost (a word that the command does not use, the end of a line beyond its buffer), that is a violation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from cutkit.machine.actions import Action, Dwell, Lift, Lower, MoveTo, Program, Violation
from cutkit.machine.gcode_curves import arc_points, centre_by_offset, centre_by_radius
from cutkit.machine.gcode_words import Refused

LONGEST_LINE = 95
"""MAX_CMD_SIZE is 96, with the closing zero; what comes after is dropped."""
FIRST_FEED_MM_MIN = 1500.0
"""The feed before any F."""
MM_PER_INCH = 25.4
QUIET = frozenset(
    ["M17", "M18", "M84", "M82", "M83", "M105", "M106", "M107", "M111", "M114", "M115", "M117", "M118", "M119"]
    + ["M155", "M211", "M300", "M43"]
)
"""Known, and nothing that a cutter does with its head: motors, fans, reports, messages."""
BEYOND = frozenset(
    ["G5", "G10", "G11", "G12", "G29", "G30", "G34", "G35", "G38.2", "G53", "G54", "G55", "G60", "G61", "G76"]
    + ["M42", "M92", "M112", "M200", "M201", "M203", "M204", "M205", "M206", "M218", "M220", "M226"]
    + ["M281", "M282", "M410", "M428", "M500", "M501", "M502", "M600", "M999"]
)
"""Known, but what it does depends on the firmware's options and stored values."""
_COMMAND = re.compile(r"([GMT])(\d+(?:\.\d+)?)")
_PARAMETER = re.compile(r"([A-Z])\s*([+-]?(?:\d+\.?\d*|\.\d+))?")
_FREE_TEXT = frozenset(["M117", "M118"])
_AXES = "XYZ"


def parse_marlin(
    data: bytes, *, feed_per_mm_s: float = 60.0, knife_on_spindle: bool = True, servo_down_deg: float | None = None
) -> Program:
    """The actions of a program for Marlin and everything in it that it would not know, drop or misread.

    ``feed_per_mm_s`` is what F numbers are divided by to give mm/s. ``knife_on_spindle``: M3 S and M5 lower and lift
    the tool; else they do nothing to it. ``servo_down_deg``: so does M280, by this angle and by any other.
    """
    reader = _Reader(feed_per_mm_s, knife_on_spindle, servo_down_deg=servo_down_deg)
    for number, raw in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        reader.read_line(raw, number)
    return Program(tuple(reader.actions), tuple(reader.violations), tuple(reader.remarks))


@dataclass(frozen=True, slots=True)
class _Command:
    """One command: its name as ``"G1"``, the values of its parameters (None: without a number), and its line."""

    name: str
    words: dict[str, float | None]
    line: int

    def value(self, letter: str) -> float | None:
        """The number of a parameter; None where it is not given or has none."""
        return self.words.get(letter)


@dataclass
class _Reader:
    """Marlin's state; it turns lines into actions. Positions are in mm on the machine."""

    feed_per_mm_s: float
    knife_on_spindle: bool
    actions: list[Action] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    remarks: list[Violation] = field(default_factory=list)
    here: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    offset: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    mm: float = 1.0
    relative: bool = False
    feed: float = FIRST_FEED_MM_MIN
    down: bool = False
    last_number: int | None = None
    servo_down_deg: float | None = None

    def fault(self, code: str, message: str, line: int) -> None:
        """Note a violation in a line."""
        self.violations.append(Violation(code, message, line, (self.here[0], self.here[1])))

    def read_line(self, raw: bytes, line: int) -> None:
        """Check and carry out one line."""
        text = raw.decode("latin-1").split(";", 1)[0].strip()
        if not text:
            return
        if len(text) > LONGEST_LINE:
            self.fault("cut-off", f"{len(text)} characters: Marlin drops all after the {LONGEST_LINE}th", line)
            text = text[:LONGEST_LINE]
        guarded = self._unguarded(text, line)
        command = self._command(guarded, line) if guarded else None
        if command is None:
            return
        try:
            self._obey(command)
        except Refused as refused:
            self.fault("refused", refused.detail, line)

    def _unguarded(self, text: str, line: int) -> str | None:
        """The line without number and checksum; None after a violation, where Marlin would ask for it again."""
        numbered = re.match(r"N(\d+)\s*", text)
        body, star, check = text.rpartition("*")
        if not numbered and not star:
            return text
        if not numbered or not star:
            self.fault("refused", "a checksum needs a line number, and a line number a checksum", line)
            return None
        if not check.strip().isdigit() or int(check) != checksum(body):
            self.fault("refused", f"the checksum *{check.strip()} is wrong; of this line it is *{checksum(body)}", line)
            return None
        number = int(numbered[1])
        rest = body[numbered.end() :].strip()
        if not rest.startswith("M110") and self.last_number is not None and number != self.last_number + 1:
            self.fault("refused", f"line number {number} does not follow {self.last_number}", line)
            return None
        self.last_number = number
        return rest

    def _command(self, text: str, line: int) -> _Command | None:
        """The command of a line; None after a violation."""
        named = _COMMAND.match(text)
        if named is None:
            self.fault("unknown-command", f"{text[:24]!r} begins with no command", line)
            return None
        name = f"{named[1]}{float(named[2]):g}"
        rest = text[named.end() :]
        if name in _FREE_TEXT:
            return _Command(name, {}, line)
        if _PARAMETER.sub("", rest).strip():
            self.fault("wrong-parameters", f"{name}: {rest.strip()[:24]!r} is no list of parameters", line)
            return None
        words = {letter: None if number == "" else float(number) for letter, number in _PARAMETER.findall(rest)}
        return _Command(name, words, line)

    def _obey(self, command: _Command) -> None:
        if command.name in _HANDLERS:
            handler, letters = _HANDLERS[command.name]
            unused = command.words.keys() - set(letters)
            if unused:
                words = ", ".join(sorted(unused))
                message = f"{words} has no meaning to {command.name}; Marlin takes one command a line"
                self.fault("wrong-parameters", message, command.line)
            handler(self, command)
        elif command.name in BEYOND:
            message = f"{command.name}: what it does depends on how the firmware is built and set"
            self.fault("not-emulated", message, command.line)
        elif command.name not in QUIET and not command.name.startswith("T"):
            self.fault(
                "unknown-command", f"{command.name} is not known to Marlin, which goes on without it", command.line
            )

    def go(self, command: _Command, points: list[list[float]]) -> None:
        """Move through points on the machine at the feed in force, which in Marlin holds for G0 too."""
        for point in points:
            z = point[2] if point[2] != self.here[2] else None
            rapid = command.name == "G0"
            speed = self.feed / self.feed_per_mm_s
            self.actions.append(MoveTo(command.line, point[0], point[1], rapid=rapid, feed_mm_s=speed, z_mm=z))
            self.here = point

    def target(self, command: _Command) -> list[float]:
        """Where the axis words lead; takes the feed along."""
        feed = command.value("F")
        if feed is not None and feed > 0:
            self.feed = feed * self.mm
        found = list(self.here)
        for axis, letter in enumerate(_AXES):
            value = command.value(letter)
            if value is not None:
                origin = self.here[axis] if self.relative else self.offset[axis]
                found[axis] = origin + value * self.mm
        return found

    def raise_or_lower(self, line: int, down: bool) -> None:
        """The knife hangs on the spindle output or on a servo."""
        if down != self.down:
            self.actions.append(Lower(line, waits=False) if down else Lift(line, waits=False))
            self.down = down


def checksum(text: str) -> int:
    """Marlin's checksum of a line: all bytes before the asterisk, combined by exclusive or.

    >>> checksum("N3 T0")
    57
    """
    total = 0
    for byte in text.encode("latin-1"):
        total ^= byte
    return total


def _straight(reader: _Reader, command: _Command) -> None:
    target = reader.target(command)
    if command.words.keys() & set(_AXES):
        reader.go(command, [target])


def _curved(reader: _Reader, command: _Command) -> None:
    target = reader.target(command)
    clockwise = command.name == "G2"
    radius = command.value("R")
    if radius is not None:
        centre = centre_by_radius(reader.here, target, radius * reader.mm, clockwise)
    elif command.words.keys() & {"I", "J"}:
        offset = [(command.value(letter) or 0.0) * reader.mm for letter in "IJ"]
        centre = centre_by_offset(reader.here, target, offset)
    else:
        raise Refused(35, f"{command.name} without I, J or R")
    reader.go(command, list(arc_points(reader.here, target, centre, clockwise)))


def _dwell(reader: _Reader, command: _Command) -> None:
    """P is in milliseconds, S in seconds; S counts where both are given."""
    seconds = command.value("S")
    if seconds is None:
        seconds = (command.value("P") or 0.0) / 1000
    reader.actions.append(Dwell(command.line, max(seconds, 0.0)))


def _finish_moves(reader: _Reader, command: _Command) -> None:
    reader.actions.append(Dwell(command.line, 0.0))


def _home(reader: _Reader, command: _Command) -> None:
    """X and Y go to the machine's zero; how high a homed Z stands, only the machine knows."""
    axes = command.words.keys() & set(_AXES) or set(_AXES)
    if "Z" in axes:
        reader.fault("not-emulated", "G28 of Z: how high it then stands depends on the machine", command.line)
    for axis, letter in enumerate(_AXES):
        if letter in axes:
            reader.offset[axis] = 0.0
    if axes & {"X", "Y"}:
        target = [0.0 if letter in axes and letter != "Z" else reader.here[k] for k, letter in enumerate(_AXES)]
        reader.actions.append(MoveTo(command.line, target[0], target[1], rapid=True))
        reader.here = target


def _set_position(reader: _Reader, command: _Command) -> None:
    for axis, letter in enumerate(_AXES):
        value = command.value(letter)
        if value is not None:
            reader.offset[axis] = reader.here[axis] - value * reader.mm


def _set_units(reader: _Reader, command: _Command) -> None:
    reader.mm = MM_PER_INCH if command.name == "G20" else 1.0


def _set_distance(reader: _Reader, command: _Command) -> None:
    reader.relative = command.name == "G91"


def _set_line_number(reader: _Reader, command: _Command) -> None:
    number = command.value("N")
    if number is not None:
        reader.last_number = int(number)


def _spindle(reader: _Reader, command: _Command) -> None:
    power = command.value("S")
    if reader.knife_on_spindle:
        reader.raise_or_lower(command.line, command.name != "M5" and (power is None or power > 0))


def _servo(reader: _Reader, command: _Command) -> None:
    angle = command.value("S")
    if reader.servo_down_deg is None:
        message = "M280: which angle of the servo lets the tool down, the machine's profile does not say"
        reader.fault("not-emulated", message, command.line)
    elif angle is not None:
        reader.raise_or_lower(command.line, angle == reader.servo_down_deg)


def _pause(reader: _Reader, command: _Command) -> None:
    message = f"{command.name}: the machine waits here for the operator"
    reader.remarks.append(Violation("pause", message, command.line))


_HANDLERS: dict[str, tuple[Callable[[_Reader, _Command], None], str]] = {
    "G0": (_straight, "XYZFES"),
    "G1": (_straight, "XYZFES"),
    "G2": (_curved, "XYZFIJRP"),
    "G3": (_curved, "XYZFIJRP"),
    "G4": (_dwell, "PS"),
    "G20": (_set_units, ""),
    "G21": (_set_units, ""),
    "G28": (_home, "XYZORL"),
    "G90": (_set_distance, ""),
    "G91": (_set_distance, ""),
    "G92": (_set_position, "XYZE"),
    "M0": (_pause, "PS"),
    "M1": (_pause, "PS"),
    "M3": (_spindle, "SOI"),
    "M4": (_spindle, "SOI"),
    "M5": (_spindle, ""),
    "M110": (_set_line_number, "N"),
    "M280": (_servo, "PS"),
    "M400": (_finish_moves, ""),
}
"""What is carried out, and the letters that each may carry."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one line brings: actions, whether it pauses the program, and whether Marlin does not know it."""

    actions: tuple[Action, ...]
    pauses: bool = False
    unknown: bool = False


class LineReader:
    """Reads line by line, as a machine does that is told them one after the other; without numbers and checksums."""

    def __init__(
        self, feed_per_mm_s: float = 60.0, knife_on_spindle: bool = True, servo_down_deg: float | None = None
    ) -> None:
        self._reader = _Reader(feed_per_mm_s, knife_on_spindle, servo_down_deg=servo_down_deg)

    @property
    def found(self) -> Program:
        """The violations and remarks of all lines so far."""
        return Program((), tuple(self._reader.violations), tuple(self._reader.remarks))

    @property
    def place(self) -> tuple[float, float, float]:
        """Where the last move leads, in the program's coordinates, in mm."""
        x, y, z = (here - zero for here, zero in zip(self._reader.here, self._reader.offset, strict=True))
        return x, y, z

    def take(self, text: str, line: int) -> Taken:
        """Carry out one line."""
        reader = self._reader
        faults, remarks = len(reader.violations), len(reader.remarks)
        reader.read_line(text.encode("latin-1"), line)
        actions = tuple(reader.actions)
        reader.actions.clear()
        pauses = any(remark.code == "pause" for remark in reader.remarks[remarks:])
        return Taken(actions, pauses, any(v.code == "unknown-command" for v in reader.violations[faults:]))
