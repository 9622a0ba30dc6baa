"""G-code, read as Grbl 1.1h reads it: the same blocks accepted, the same ones refused, with the same error numbers.

Written from Grbl's public documentation and its answers (``error:N``); it shares nothing with the writer of programs,
which it is the check on. A refused block moves nothing, as on the machine, and the reading goes on with the next.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cutkit.machine.actions import Action, Dwell, Lift, Lower, MoveTo, Program, Violation
from cutkit.machine.gcode_words import NOT_EMULATED, REFUSALS, Block, Refused, read_block
from cutkit.model import Point

LONGEST_LINE = 79
"""What Grbl 1.1h's line buffer of 80 holds, comments and blanks taken out and the closing zero left room for."""
REAL_TIME = {0x18: "reset", 0x21: "feed hold (!)", 0x3F: "status report (?)", 0x7E: "cycle start (~)"}
ARC_TOLERANCE_MM = 0.002
MM_PER_INCH = 25.4
_FULL_TURN_SLACK = 5e-7
_QUIET_SYSTEM_LINES = re.compile(r"\$(?:\$|#|G|I|N|X)?")


def parse_gcode(data: bytes, *, feed_per_mm_s: float = 60.0, knife_on_spindle: bool = True) -> Program:
    """The actions of a G-code program and everything in it that a Grbl 1.1h would refuse or take for a command.

    ``feed_per_mm_s`` is what F numbers are divided by to give mm/s (60: they are mm per minute). ``knife_on_spindle``:
    M3 S and M5 lower and lift the tool; else they do nothing to it.
    """
    reader = _Reader(feed_per_mm_s, knife_on_spindle)
    for number, raw in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        reader.violations += _real_time_bytes(raw, number)
        _read_line(reader, raw, number)
    return Program(tuple(reader.actions), tuple(reader.violations), tuple(reader.remarks))


def _real_time_bytes(raw: bytes, line: int) -> Iterator[Violation]:
    """Bytes that Grbl takes out of the stream and obeys at once, wherever they stand; one violation a line."""
    found = [b for b in raw if b in REAL_TIME or b >= 0x80]
    if found:
        first = found[0]
        what = REAL_TIME.get(first, "an extended command")
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield Violation("real-time-byte", f"byte 0x{first:02X} is a real-time command: {what}{more}", line)


def _read_line(reader: _Reader, raw: bytes, line: int) -> None:
    text = _without_comments(bytes(b for b in raw if b not in REAL_TIME and b < 0x80).decode("ascii"))
    if not text:
        return
    try:
        if len(text) > LONGEST_LINE:
            raise Refused(11, f"{len(text)} characters")
        if text.startswith("$"):
            _system_line(reader, text, line)
        else:
            reader.obey(read_block(text), line)
    except Refused as refused:
        reader.refuse(refused, line)


def _without_comments(text: str) -> str:
    """The line as Grbl keeps it: no blanks, no comments, no block-delete slash, upper case."""
    kept = re.sub(r"\([^)]*(?:\)|$)|;.*", "", text)
    return re.sub(r"[\x00-\x20/]", "", kept).upper()


def _system_line(reader: _Reader, text: str, line: int) -> None:
    if text.startswith("$J=") or not _QUIET_SYSTEM_LINES.fullmatch(text):
        message = f"{text} belongs to the operator, not in a program; the emulator does not carry it out"
        reader.violations.append(Violation("not-emulated", message, line))


@dataclass
class _Reader:
    """Grbl's modal state; it turns blocks into actions. Positions are in mm on the machine."""

    feed_per_mm_s: float
    knife_on_spindle: bool = True
    actions: list[Action] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    remarks: list[Violation] = field(default_factory=list)
    here: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    offset: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    motion: str = "G0"
    plane: str = "G17"
    inches: bool = False
    relative: bool = False
    inverse_time: bool = False
    feed: float = 0.0
    spindle: str = "M5"
    speed: float = 0.0
    down: bool = False

    def refuse(self, refused: Refused, line: int) -> None:
        """Note Grbl's answer to a block that it does not take."""
        message = f"{REFUSALS[refused.number]}: {refused.detail}"
        code = f"error:{refused.number}" if refused.number else "not-emulated"
        self.violations.append(Violation(code, message, line, (self.here[0], self.here[1])))

    def obey(self, block: Block, line: int) -> None:
        """Check one block whole, then carry it out in Grbl's order; Refused, with nothing changed, if it is wrong."""
        after = self._after(block)
        moves = self._moves(block, after, line)
        self._take_over(after)
        self._run_spindle(line)
        if "G4" in block.codes:
            self.actions.append(Dwell(line, block.words["P"]))
        self._shift_origin(block)
        self.actions += moves
        if moves:
            last = moves[-1]
            self.here = [last.x_mm, last.y_mm, self.here[2] if last.z_mm is None else last.z_mm]
        self._flow(block, line)

    def _after(self, block: Block) -> _Reader:
        """The modal state that the block asks for; Refused where the block contradicts itself or lacks something."""
        after = _Reader(self.feed_per_mm_s, self.knife_on_spindle, here=self.here, offset=self.offset)
        after.motion = block.one_of(("G0", "G1", "G2", "G3", "G80"), self.motion)
        after.plane = block.one_of(("G17", "G18", "G19"), self.plane)
        after.inches = block.one_of(("G20", "G21"), "G20" if self.inches else "G21") == "G20"
        after.relative = block.one_of(("G90", "G91"), "G91" if self.relative else "G90") == "G91"
        after.inverse_time = block.one_of(("G93", "G94"), "G93" if self.inverse_time else "G94") == "G93"
        after.spindle = block.one_of(("M3", "M4", "M5"), self.spindle)
        after.speed = block.words.get("S", self.speed)
        switched = after.inverse_time != self.inverse_time
        scale = MM_PER_INCH if after.inches and not after.inverse_time else 1.0
        after.feed = block.words["F"] * scale if "F" in block.words else (0.0 if switched else self.feed)
        if after.inverse_time and "F" not in block.words and block.moves(after.motion) and after.motion != "G0":
            raise Refused(22, "G93 needs F in every block")
        if "G4" in block.codes and "P" not in block.words:
            raise Refused(28, "G4 needs P")
        if "G53" in block.codes and after.motion not in ("G0", "G1"):
            raise Refused(30, "G53 needs G0 or G1")
        return after

    def _take_over(self, after: _Reader) -> None:
        for name in ("motion", "plane", "inches", "relative", "inverse_time", "spindle", "speed", "feed"):
            setattr(self, name, getattr(after, name))

    def _moves(self, block: Block, after: _Reader, line: int) -> list[MoveTo]:
        """The straight moves of the block: one, none, or the chords of an arc."""
        if "G92" in block.codes and not block.axes:
            raise Refused(26, "G92 without an axis")
        used = set("FNST") | (set("P") if "G4" in block.codes else set())
        moves = block.moves(after.motion)
        if after.motion == "G80" and moves:
            raise Refused(31, "axis words while G80 (no motion) is in force")
        if after.motion in ("G2", "G3") and (moves or block.motion_named):
            points = self._arc(block, after)
            used |= set("XYZIJKR")
        else:
            points = [self._target(block, after)] if moves else []
            used |= set("XYZ") if block.axes else set()
        if points and after.motion != "G0" and after.feed <= 0:
            raise Refused(22, f"{after.motion} without F")
        unused = set(block.words) - used
        if unused:
            raise Refused(36, f"{', '.join(sorted(unused))} has no use in this block")
        return [self._move(points, k, after, line) for k in range(len(points))]

    def _move(self, points: list[list[float]], k: int, after: _Reader, line: int) -> MoveTo:
        target, before = points[k], points[k - 1] if k else self.here
        speed = after.feed / self.feed_per_mm_s
        if after.inverse_time:
            whole = sum(math.dist(a, b) for a, b in zip([self.here, *points], points, strict=False))
            speed = whole * after.feed / 60.0
        z = target[2] if target[2] != before[2] else None
        rapid = after.motion == "G0"
        return MoveTo(line, target[0], target[1], rapid=rapid, feed_mm_s=None if rapid else speed, z_mm=z)

    def _target(self, block: Block, after: _Reader) -> list[float]:
        """Where the block's axis words lead, on the machine."""
        scale = MM_PER_INCH if after.inches else 1.0
        target = list(self.here)
        for axis, letter in enumerate("XYZ"):
            if letter not in block.words:
                continue
            value = block.words[letter] * scale
            if "G53" in block.codes:
                target[axis] = value
            else:
                target[axis] = self.here[axis] + value if after.relative else self.offset[axis] + value
        return target

    def _shift_origin(self, block: Block) -> None:
        """G92 gives the point where the machine is new coordinates; G92.1 forgets that."""
        if "G92.1" in block.codes:
            self.offset = [0.0, 0.0, 0.0]
        if "G92" in block.codes:
            scale = MM_PER_INCH if self.inches else 1.0
            for axis, letter in enumerate("XYZ"):
                if letter in block.words:
                    self.offset[axis] = self.here[axis] - block.words[letter] * scale

    def _arc(self, block: Block, after: _Reader) -> list[list[float]]:
        """The chords of G2 and G3 in the plane of the table, each within Grbl's arc tolerance ($12)."""
        if after.plane != "G17":
            raise Refused(NOT_EMULATED, "arcs off the plane of the table")
        if not block.axes:
            raise Refused(26, f"{after.motion} without an axis")
        if not block.axes & {"X", "Y"}:
            raise Refused(32, f"{after.motion} without X or Y")
        target = self._target(block, after)
        scale = MM_PER_INCH if after.inches else 1.0
        clockwise = after.motion == "G2"
        if "R" in block.words:
            centre = _centre_by_radius(self.here, target, block.words["R"] * scale, clockwise)
        elif block.words.keys() & {"I", "J"}:
            centre = _centre_by_offset(self.here, target, [block.words.get(c, 0.0) * scale for c in "IJ"])
        else:
            raise Refused(35, f"{after.motion} without I, J or R")
        return list(_chords(self.here, target, centre, clockwise))

    def _run_spindle(self, line: int) -> None:
        """The knife hangs on the spindle output: M3 or M4 with S above 0 lowers it, anything else lifts it."""
        down = self.knife_on_spindle and self.spindle != "M5" and self.speed > 0
        if down != self.down:
            self.actions.append(Lower(line, waits=False) if down else Lift(line, waits=False))
        self.down = down

    def _flow(self, block: Block, line: int) -> None:
        if "M0" in block.codes:
            self.remarks.append(Violation("pause", "M0: the machine waits here for the operator", line))
        if block.codes & {"M2", "M30"}:
            self.motion, self.plane, self.relative, self.inverse_time = "G1", "G17", False, False
            self.spindle = "M5"
            self._run_spindle(line)


def _centre_by_radius(here: list[float], target: list[float], radius: float, clockwise: bool) -> Point:
    dx, dy = target[0] - here[0], target[1] - here[1]
    if dx == 0 and dy == 0:
        raise Refused(33, "an arc by radius to where it starts")
    room = 4 * radius * radius - dx * dx - dy * dy
    if room < 0:
        raise Refused(34, f"radius {abs(radius):g} mm does not reach")
    height = -math.sqrt(room) / math.hypot(dx, dy)
    if not clockwise:
        height = -height
    if radius < 0:
        height = -height
    return here[0] + 0.5 * (dx - dy * height), here[1] + 0.5 * (dy + dx * height)


def _centre_by_offset(here: list[float], target: list[float], offset: list[float]) -> Point:
    centre = (here[0] + offset[0], here[1] + offset[1])
    radius, end_radius = math.hypot(*offset), math.dist(centre, target[:2])
    apart = abs(end_radius - radius)
    if apart > 0.5 or (apart > 0.005 and apart > 0.001 * radius):
        raise Refused(33, f"the arc's end is {end_radius:.4f} mm from its centre, its start {radius:.4f} mm")
    return centre


def _chords(here: list[float], target: list[float], centre: Point, clockwise: bool) -> Iterator[list[float]]:
    start = math.atan2(here[1] - centre[1], here[0] - centre[0])
    sweep = math.atan2(target[1] - centre[1], target[0] - centre[0]) - start
    if clockwise:
        sweep -= math.tau if sweep > 0 else 0.0
        sweep -= math.tau if sweep >= -_FULL_TURN_SLACK else 0.0
    else:
        sweep += math.tau if sweep < 0 else 0.0
        sweep += math.tau if sweep <= _FULL_TURN_SLACK else 0.0
    radius = math.dist(here[:2], centre)
    reach = math.sqrt(max(ARC_TOLERANCE_MM * (2 * radius - ARC_TOLERANCE_MM), 1e-12))
    count = max(1, math.floor(abs(0.5 * sweep * radius) / reach))
    for k in range(1, count):
        angle = start + sweep * k / count
        z = here[2] + (target[2] - here[2]) * k / count
        yield [centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle), z]
    yield target


@dataclass(frozen=True, slots=True)
class Taken:
    """What one line brings: actions, the number of its ``error:N`` (0: none), whether it pauses or ends the program."""

    actions: tuple[Action, ...]
    error: int = 0
    pauses: bool = False
    ends: bool = False


class LineReader:
    """Reads line by line, as a machine does that is told them one after the other and answers each."""

    def __init__(self, feed_per_mm_s: float = 60.0, knife_on_spindle: bool = True) -> None:
        self._reader = _Reader(feed_per_mm_s, knife_on_spindle)

    @property
    def state(self) -> _Reader:
        """The modal state after the last line."""
        return self._reader

    @property
    def found(self) -> Program:
        """The violations and remarks of all lines so far."""
        return Program((), tuple(self._reader.violations), tuple(self._reader.remarks))

    def take(self, raw: bytes, line: int) -> Taken:
        """Carry out one line without its end; real-time bytes are left out without a word."""
        reader, faults, remarks = self._reader, len(self._reader.violations), len(self._reader.remarks)
        _read_line(reader, raw, line)
        actions = tuple(reader.actions)
        reader.actions.clear()
        refused = [v.code for v in reader.violations[faults:] if v.code.startswith("error:")]
        pauses = any(remark.code == "pause" for remark in reader.remarks[remarks:])
        ends = not refused and re.search(rb"M0*(?:2|30)(?![0-9.])", without_comments(raw)) is not None
        return Taken(actions, int(refused[0][6:]) if refused else 0, pauses, ends)

    def reset(self, here: tuple[float, float, float], offset: tuple[float, float, float]) -> None:
        """Modal state as after switching on, at this place; what was found stays."""
        old = self._reader
        self._reader = _Reader(old.feed_per_mm_s, old.knife_on_spindle, here=list(here), offset=list(offset))
        self._reader.violations, self._reader.remarks = old.violations, old.remarks


def without_comments(raw: bytes) -> bytes:
    """A line as the machine keeps it: no blanks, comments or real-time bytes, upper case."""
    text = bytes(b for b in raw if b not in REAL_TIME and b < 0x80).decode("ascii")
    return _without_comments(text).encode("ascii")
