"""HP-GL and HP-GL/2, read as a cutter reads it: two letters, numbers, ended by ``;``, a line end or the next mnemonic.

Written from the published language (HP-GL/2 and HP RTL Reference Guide; HP 7475A Interfacing and Programming Manual)
and sharing nothing with the writer of programs, which it is the check on. Whatever it does not know is a violation with
its line, never skipped in silence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from cutkit.machine.actions import Action, Device, DrawText, Feed, Lift, Lower, MoveTo, Program, SelectTool, Violation
from cutkit.machine.feeds import FeedForm
from cutkit.machine.hpgl_encoded import decode_polyline
from cutkit.model import Point

ETX = "\x03"
ESC = "\x1b"
NO_MOTION = frozenset(
    ["CO", "NP", "PW", "WU", "SI", "SR", "DI", "DR", "CS", "CA", "SS", "SA", "SL", "ES", "QL", "TR", "PP", "MC"]
    + ["SV", "QU", "AU", "CR", "BP", "JB", "NR", "MS", "SD", "FL", "FM", "ST", "EC"]
)
"""Instructions about letters, line width and shading; on flatbeds about tool pressure (PP), vacuum (SV), the turning
of the knife by the machine (TR), waiting times and messages: nothing a cutter does with its head along the table."""
BEYOND = frozenset(
    ["EA", "ER", "RA", "RR", "EW", "WG", "EP", "FP", "PM", "CP", "AT", "RT", "BR", "BZ"]
    + ["FF", "FC", "PK", "MA", "MF", "MR", "MW", "PT", "RS", "SZ", "SU", "DH", "TD"]
)
"""Instructions that move or draw, some on flatbeds only (foil feed, park, drill), and that cutkit never writes: where
they lead the emulator does not know."""
QUERIES = frozenset(["OA", "OC", "OD", "OE", "OF", "OH", "OI", "OO", "OP", "OS", "OT", "OW"])
"""Questions to the device: answered, never moving anything."""
CHORD_DEG = 5.0
LARGEST = 2.0**30
"""The largest number of HP-GL/2; none that a machine knows is larger."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_OBEYED_AT_ONCE = re.compile(r"\x1b\.[A-Za-z@()](?:[\d;]*:)?")
"""Device control: taken out of the stream wherever it stands, also within an instruction."""
_DEVICE_CONTROL = re.compile(r"\x1b(?:%-?\d*[ABX]|E)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a program: its mnemonic, its text up to the terminator, and the line it starts in."""

    name: str
    text: str
    line: int


def parse_hpgl(data: bytes, device: Device) -> Program:
    """The actions of an HP-GL program, and everything in it that the machine would refuse or misread."""
    reader = _Reader(device)
    for item in _instructions(_OBEYED_AT_ONCE.sub("", data.decode("latin-1")), device.feed):
        if isinstance(item, Violation):
            reader.violations.append(item)
        elif isinstance(item, Feed):
            reader.actions.append(item)
        else:
            reader.obey(item)
    return Program(tuple(reader.actions), tuple(reader.violations), tuple(reader.remarks))


def _instructions(text: str, feed: FeedForm | None) -> Iterator[Instruction | Feed | Violation]:
    """The instructions one by one; what is none of them comes as a violation, a whole run of it at once."""
    position, line, label_end = 0, 1, ETX
    while position < len(text):
        skipped = re.compile(r"[\s;,!]*").match(text, position)
        end = skipped.end() if skipped else position
        line += text.count("\n", position, end)
        position = end
        if position >= len(text):
            return
        name = text[position : position + 2].upper()
        control = _DEVICE_CONTROL.match(text, position)
        fed = feed.match(text, position) if feed else None
        if fed:
            yield Feed(line, fed[0])
            position = fed[1]
        elif control:
            position = control.end()
        elif not (len(name) == 2 and name.isascii() and name.isalpha()):
            end = _next_boundary(text, position)
            yield Violation("unknown-command", f"{_shown(text[position:end])} is no instruction", line)
            position = end
        else:
            end = _end_of(text, position + 2, name, label_end)
            body = text[position + 2 : end]
            if name == "DT":
                label_end = body[:1] or ETX
            yield Instruction(name, body, line)
            line += text.count("\n", position, end)
            position = end + (1 if name == "LB" else 0)


def _end_of(text: str, start: int, name: str, label_end: str) -> int:
    """Where an instruction's parameters end: labels at their own terminator, all else at ``;``, LF or a letter."""
    if name == "LB":
        found = text.find(label_end, start)
        return len(text) if found < 0 else found
    if name == "DT":
        return min(start + (text[start : start + 1] not in (";", "")), len(text))
    if name in ("PE", "CO"):
        found = text.find(";", start)
        return len(text) if found < 0 else found
    match = re.compile(r"[^;A-Za-z\n\x1b!]*").match(text, start)
    return match.end() if match else start


def _next_boundary(text: str, start: int) -> int:
    match = re.compile(r"[;\n]|(?<=.)[A-Za-z]{2}", re.DOTALL).search(text, start + 1)
    return match.start() if match else len(text)


def _shown(text: str) -> str:
    cut = text if len(text) <= 24 else text[:24] + "..."
    return repr(cut)


@dataclass
class _Reader:
    """The state of the parser: pen, coordinates, scaling; it turns instructions into actions."""

    device: Device
    actions: list[Action] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    remarks: list[Violation] = field(default_factory=list)
    initialised: bool = False
    moved: bool = False
    complained_of_init: bool = False
    down: bool = False
    paged: bool = False
    relative: bool = False
    here: Point = (0.0, 0.0)
    feed_mm_s: float | None = None
    p1: Point = (0.0, 0.0)
    p2: Point | None = None
    scale: tuple[float, float, float, float] | None = None
    turn_deg: int = 0
    window: tuple[float, float, float, float] | None = None

    def obey(self, it: Instruction) -> None:
        """Carry out one instruction."""
        handler = _HANDLERS.get(it.name)
        if handler is not None:
            handler(self, it)
        elif it.name in BEYOND:
            self._fault("not-emulated", f"{it.name}: the emulator does not carry this out", it)
        elif it.name not in NO_MOTION and it.name not in QUERIES:
            self._fault("unknown-command", f"{it.name} is not known to this machine", it)

    def numbers(self, it: Instruction, counts: tuple[int, ...] | None = None) -> list[float] | None:
        """The instruction's numbers; None after a violation where they are no numbers or too few or many of them."""
        rest = _NUMBER.sub(" ", it.text)
        if rest.strip(" ,\t\r"):
            self._fault("wrong-parameters", f"{it.name}{_shown(it.text)[1:-1]}: not a list of numbers", it)
            return None
        found = [float(n) for n in _NUMBER.findall(it.text)]
        if any(abs(number) > LARGEST for number in found):
            self._fault("wrong-parameters", f"{it.name}: a number beyond {LARGEST:g}, the largest of HP-GL/2", it)
            return None
        if counts is not None and len(found) not in counts:
            wanted = " or ".join(str(c) for c in counts)
            self._fault("wrong-parameters", f"{it.name} with {len(found)} numbers; it takes {wanted}", it)
            return None
        return found

    def pairs(self, it: Instruction) -> list[Point]:
        """The instruction's coordinate pairs; none after a violation."""
        found = self.numbers(it) or []
        if len(found) % 2:
            self._fault("wrong-parameters", f"{it.name} with an odd number of coordinates ({len(found)})", it)
            return []
        return list(zip(found[::2], found[1::2], strict=True))

    def go_all(self, it: Instruction, points: list[Point]) -> None:
        """Move through points given in the current mode (absolute or relative) and units."""
        for x, y in points:
            step = self._to_device((x, y), shift=not self.relative)
            self.go(it, (self.here[0] + step[0], self.here[1] + step[1]) if self.relative else step)

    def go(self, it: Instruction, target: Point) -> None:
        """Move straight to a point in device units."""
        self._check_range(it, target)
        if not self.initialised and not self.complained_of_init:
            self._fault("not-initialised", "motion before IN: what the last job left set is still in force", it)
            self.complained_of_init = True
        if self.window and self.down and not _inside(target, self.window):
            self._fault("outside-window", "a cut leaves the window set by IW, where the machine drops it", it)
        self.here = target
        self.moved = True
        x, y = target[0] / self.device.units_per_mm, target[1] / self.device.units_per_mm
        self.actions.append(MoveTo(it.line, x, y, rapid=not self.down, feed_mm_s=self.feed_mm_s))

    def raise_or_lower(self, it: Instruction, down: bool) -> None:
        """Change the pen's state; saying again what it is already does nothing."""
        if down and self.paged:
            self._fault("not-emulated", "the tool goes down after the cloth was moved on, nobody knows how far", it)
            self.paged = False
        if down != self.down:
            self.actions.append(Lower(it.line) if down else Lift(it.line))
        self.down = down

    def _to_device(self, point: Point, *, shift: bool) -> Point:
        """User units to device units: scaling (SC between P1 and P2), then rotation (RO)."""
        x, y = point
        if self.scale is not None and self.p2 is not None:
            x0, x1, y0, y1 = self.scale
            fx, fy = (self.p2[0] - self.p1[0]) / (x1 - x0), (self.p2[1] - self.p1[1]) / (y1 - y0)
            x, y = (x - (x0 if shift else 0)) * fx, (y - (y0 if shift else 0)) * fy
            if shift:
                x, y = x + self.p1[0], y + self.p1[1]
        cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[self.turn_deg]
        return (cosine * x - sine * y, sine * x + cosine * y)

    def _check_range(self, it: Instruction, target: Point) -> None:
        low, high = self.device.lowest_units, self.device.highest_units
        for value in target:
            if (low is not None and value < low) or (high is not None and value > high) or not math.isfinite(value):
                self._fault("out-of-range", f"{value:g} is beyond what the machine takes ({low:g} to {high:g})", it)
                return

    def _fault(self, code: str, message: str, it: Instruction) -> None:
        at = (self.here[0] / self.device.units_per_mm, self.here[1] / self.device.units_per_mm)
        self.violations.append(Violation(code, message, it.line, at))

    def fault(self, code: str, message: str, it: Instruction) -> None:
        """Note a violation at this instruction."""
        self._fault(code, message, it)


def _inside(point: Point, window: tuple[float, float, float, float]) -> bool:
    return window[0] <= point[0] <= window[2] and window[1] <= point[1] <= window[3]


def _initialise(reader: _Reader, it: Instruction) -> None:
    if reader.numbers(it, (0, 1)) is None:
        return
    if reader.moved:
        reader.remarks.append(
            Violation("init-again", "IN after motion: some cutters drop what they have queued", it.line)
        )
    reader.raise_or_lower(it, False)
    _defaults(reader, it)
    reader.initialised = True


def _defaults(reader: _Reader, it: Instruction) -> None:
    reader.relative, reader.scale, reader.window = False, None, None
    if it.name == "IN":
        reader.turn_deg, reader.feed_mm_s, reader.p1, reader.p2 = 0, None, (0.0, 0.0), None


def _pen_up(reader: _Reader, it: Instruction) -> None:
    reader.raise_or_lower(it, False)
    reader.go_all(it, reader.pairs(it))


def _pen_down(reader: _Reader, it: Instruction) -> None:
    reader.raise_or_lower(it, True)
    reader.go_all(it, reader.pairs(it))


def _absolute(reader: _Reader, it: Instruction) -> None:
    reader.relative = False
    reader.go_all(it, reader.pairs(it))


def _relative(reader: _Reader, it: Instruction) -> None:
    reader.relative = True
    reader.go_all(it, reader.pairs(it))


def _select(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (0, 1))
    if found is None:
        return
    reader.actions.append(SelectTool(it.line, int(found[0]) if found else 0))


def _velocity(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (0, 1, 2))
    if not found:
        reader.feed_mm_s = None if found is not None else reader.feed_mm_s
    elif found[0] <= 0:
        reader.fault("no-feed", f"VS{found[0]:g}: no speed to cut with", it)
    else:
        reader.feed_mm_s = found[0] / reader.device.feed_per_mm_s


def _setting(reader: _Reader, it: Instruction) -> None:
    """FS, AS: numbers that change nothing the emulator knows; AS could, but no two makers mean the same by it."""
    reader.numbers(it, (0, 1, 2))


def _page(reader: _Reader, it: Instruction) -> None:
    """PG, AF, AH, FR that are no feed of the profile's: they end a job; before a job there is nothing to move on."""
    if reader.numbers(it, (0, 1)) is not None:
        reader.raise_or_lower(it, False)
        reader.paged = any(isinstance(action, Lower) for action in reader.actions)


def _arc_absolute(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (3, 4))
    if found:
        _arc(reader, it, reader._to_device((found[0], found[1]), shift=True), found)


def _arc_relative(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (3, 4))
    if found:
        dx, dy = reader._to_device((found[0], found[1]), shift=False)
        _arc(reader, it, (reader.here[0] + dx, reader.here[1] + dy), found)


def _arc(reader: _Reader, it: Instruction, centre: Point, found: list[float]) -> None:
    """Counter-clockwise for a positive sweep, in chords of 5 degrees unless the instruction says otherwise."""
    sweep = found[2]
    chord = abs(found[3]) if len(found) > 3 and found[3] else CHORD_DEG
    count = max(1, math.ceil(abs(sweep) / chord - 1e-9))
    radius = math.dist(reader.here, centre)
    first = math.atan2(reader.here[1] - centre[1], reader.here[0] - centre[0])
    for k in range(1, count + 1):
        angle = first + math.radians(sweep) * k / count
        reader.go(it, (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)))


def _circle(reader: _Reader, it: Instruction) -> None:
    """CI: down, around, up to the former state and back to the centre, as the language defines it."""
    found = reader.numbers(it, (1, 2))
    if not found:
        return
    radius = abs(
        reader._to_device((found[0], 0.0), shift=False)[0] or reader._to_device((found[0], 0.0), shift=False)[1]
    )
    chord = abs(found[1]) if len(found) > 1 and found[1] else CHORD_DEG
    centre, was_down = reader.here, reader.down
    count = max(3, math.ceil(360 / chord - 1e-9))
    reader.raise_or_lower(it, False)
    reader.go(it, (centre[0] + radius, centre[1]))
    reader.raise_or_lower(it, True)
    for k in range(1, count + 1):
        angle = math.tau * k / count
        reader.go(it, (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)))
    reader.raise_or_lower(it, False)
    reader.go(it, centre)
    reader.raise_or_lower(it, was_down)


def _corners(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (0, 2, 4))
    if found is None:
        return
    old_p2 = reader.p2
    reader.p1 = (found[0], found[1]) if found else (0.0, 0.0)
    reader.p2 = (found[2], found[3]) if len(found) == 4 else old_p2


def _scaling(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (0, 4, 5, 7))
    if found is None:
        return
    if not found:
        reader.scale = None
        return
    kind = int(found[4]) if len(found) > 4 else 0
    if kind != 0 or found[0] == found[1] or found[2] == found[3]:
        reader.fault("not-emulated", "SC of this kind is not known to the emulator", it)
    elif reader.p2 is None:
        reader.fault("not-emulated", "SC without IP: the size of a unit depends on the sheet in the machine", it)
    else:
        reader.scale = (found[0], found[1], found[2], found[3])


def _rotate(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (0, 1))
    if found is None:
        return
    angle = int(found[0]) if found else 0
    if angle not in (0, 90, 180, 270):
        reader.fault("wrong-parameters", f"RO{angle}: only 0, 90, 180 or 270", it)
        return
    reader.turn_deg = angle


def _window(reader: _Reader, it: Instruction) -> None:
    found = reader.numbers(it, (0, 4))
    if found is None:
        return
    if not found:
        reader.window = None
        return
    a, b = reader._to_device((found[0], found[1]), shift=True), reader._to_device((found[2], found[3]), shift=True)
    reader.window = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))


def _line_type(reader: _Reader, it: Instruction) -> None:
    if it.text.strip(" ,\r"):
        reader.fault("dashed-line", "LT sets a dashed line: a cut would be left in bridges", it)


def _label(reader: _Reader, it: Instruction) -> None:
    if it.text:
        reader.actions.append(DrawText(it.line, it.text))


def _encoded(reader: _Reader, it: Instruction) -> None:
    """PE: moves relative to the last point in the alphabet of HP-GL/2; pen down unless ``<`` is before the point."""
    steps, fault = decode_polyline(it.text)
    for step in steps:
        if step.tool is not None:
            reader.actions.append(SelectTool(it.line, step.tool))
            continue
        reader.raise_or_lower(it, not step.up)
        vector = reader._to_device((step.x, step.y), shift=step.absolute)
        origin = (0.0, 0.0) if step.absolute else reader.here
        reader.go(it, (origin[0] + vector[0], origin[1] + vector[1]))
    if fault:
        reader.fault("wrong-parameters", f"PE: {fault}", it)


_HANDLERS: dict[str, Callable[[_Reader, Instruction], None]] = {
    "IN": _initialise,
    "DF": _defaults,
    "PU": _pen_up,
    "PD": _pen_down,
    "PA": _absolute,
    "PR": _relative,
    "SP": _select,
    "VS": _velocity,
    "FS": _setting,
    "AS": _setting,
    "PS": _setting,
    "PG": _page,
    "AF": _page,
    "AH": _page,
    "FR": _page,
    "AA": _arc_absolute,
    "AR": _arc_relative,
    "CI": _circle,
    "IP": _corners,
    "SC": _scaling,
    "RO": _rotate,
    "IW": _window,
    "LT": _line_type,
    "DT": lambda reader, it: None,
    "LB": _label,
    "PE": _encoded,
}


class StreamReader:
    """Reads as a machine does that is sent the program bit by bit: instruction by instruction, long lists in parts."""

    def __init__(self, device: Device) -> None:
        self._reader = _Reader(device)
        self._feed = device.feed
        self._text = ""
        self._line = 1
        self._label_end = ETX

    @property
    def state(self) -> _Reader:
        """Pen, place and coordinates after the last instruction."""
        return self._reader

    @property
    def found(self) -> Program:
        """The violations and remarks of all instructions so far."""
        return Program((), tuple(self._reader.violations), tuple(self._reader.remarks))

    @property
    def line(self) -> int:
        """The line that is being read."""
        return self._line

    def take(self, data: bytes, *, last: bool = False) -> list[str | Action]:
        """The actions of what is complete with these bytes (``last``: of all), and queries by their mnemonics."""
        self._text += data.decode("latin-1")
        end = len(self._text) if last else self._complete()
        head, self._text = self._text[:end], self._text[end:]
        taken: list[str | Action] = []
        prefix = "" if self._label_end == ETX else f"DT{self._label_end};"
        for item in _instructions(_OBEYED_AT_ONCE.sub("", prefix + head), self._feed):
            placed = replace(item, line=(item.line or 1) + self._line - 1)
            if isinstance(placed, Violation):
                self._reader.violations.append(placed)
                continue
            if isinstance(placed, Feed):
                taken.append(placed)
                continue
            if placed.name == "DT":
                self._label_end = placed.text[:1] or ETX
            self._reader.obey(placed)
            taken += self._reader.actions
            self._reader.actions.clear()
            if placed.name in QUERIES:
                taken.append(placed.name)
        self._line += head.count("\n")
        return taken

    def drop(self) -> None:
        """Forget what is not complete."""
        self._text = ""

    def _complete(self) -> int:
        """Up to where the text can be read without knowing what comes; a long list of points is parted after a pair."""
        text, position = self._text, 0
        while True:
            skipped = re.compile(r"[\s;,!]*").match(text, position)
            start = skipped.end() if skipped else position
            name = text[start : start + 2].upper()
            control = _OBEYED_AT_ONCE.match(text, start) or _DEVICE_CONTROL.match(text, start)
            if control and control.end() < len(text):
                position = control.end()
                continue
            if len(name) < 2 or control or name[0] == ESC:
                return start
            known = name.isascii() and name.isalpha()
            end = _end_of(text, start + 2, name, self._label_end) if known else _next_boundary(text, start)
            if end >= len(text):
                return start + self._part_list(start, name)
            position = end + (name == "LB")

    def _part_list(self, start: int, name: str) -> int:
        """How much of an unfinished list of points can be made now; the rest begins with the mnemonic anew."""
        if name not in ("PU", "PD", "PA", "PR"):
            return 0
        body = self._text[start + 2 :]
        commas = [k for k, letter in enumerate(body) if letter == ","]
        if len(commas) < 4:
            return 0
        at = commas[len(commas) // 2 * 2 - 1]
        self._text = f"{self._text[: start + 2]}{body[:at]};{name}{body[at + 1 :]}"
        return 2 + at + 1
