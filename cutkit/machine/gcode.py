"""G-code, read as its controller reads it: the same blocks accepted, the same ones refused, with the same numbers.

Written from the public documentation and the answers of Grbl 1.1h, grblHAL and LinuxCNC; ``gcode_rules`` says in what
they differ. It shares nothing with the writer of programs, which it is the check on. A refused block moves nothing, as
on the machine, and the reading goes on with the next.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cutkit.machine.actions import Action, Dwell, Feed, Lift, Lower, MoveTo, Program, SelectTool, Violation
from cutkit.machine.feeds import FeedForm
from cutkit.machine.gcode_curves import arc_points, centre_by_offset, centre_by_radius, spline_points
from cutkit.machine.gcode_rules import GRBL, Rules
from cutkit.machine.gcode_words import MOTIONS, NOT_EMULATED, REFUSALS, Block, Refused, read_block

REAL_TIME = {0x18: "reset", 0x21: "feed hold (!)", 0x3F: "status report (?)", 0x7E: "cycle start (~)"}
MM_PER_INCH = 25.4
AXES = "XYZA"
LEAST_BLEND_MM = 0.02
"""G64 with a tolerance up to this keeps the path close enough to say nothing of it."""
_QUIET_SYSTEM_LINES = re.compile(r"\$(?:\$|#|G|I|N|X)?")
_SYSTEMS = ("G54", "G55", "G56", "G57", "G58", "G59", "G59.1", "G59.2", "G59.3")
_COMPENSATIONS = ("G40", "G41", "G42", "G41.1", "G42.1")


def parse_gcode(
    data: bytes,
    *,
    feed_per_mm_s: float = 60.0,
    knife_on_spindle: bool = True,
    rules: Rules = GRBL,
    feed: FeedForm | None = None,
) -> Program:
    """The actions of a G-code program and everything in it that the controller would refuse or take for a command.

    ``feed_per_mm_s`` is what F numbers are divided by to give mm/s (60: they are mm per minute). ``knife_on_spindle``:
    M3 S and M5 lower and lift the tool; else they do nothing to it. ``feed`` is the block that moves the cloth on.
    """
    reader = _Reader(feed_per_mm_s, knife_on_spindle, rules)
    for number, raw in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        if reader.ended:
            break
        if rules.real_time:
            reader.violations += _real_time_bytes(raw, number)
        _read_line(reader, raw, number, feed)
    return Program(tuple(reader.actions), tuple(reader.violations), tuple(reader.remarks))


def _real_time_bytes(raw: bytes, line: int) -> Iterator[Violation]:
    """Bytes that Grbl takes out of the stream and obeys at once, wherever they stand; one violation a line."""
    found = [b for b in raw if b in REAL_TIME or b >= 0x80]
    if found:
        first = found[0]
        what = REAL_TIME.get(first, "an extended command")
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield Violation("real-time-byte", f"byte 0x{first:02X} is a real-time command: {what}{more}", line)


def _read_line(reader: _Reader, raw: bytes, line: int, feed: FeedForm | None = None) -> None:
    rules = reader.rules
    kept = bytes(b for b in raw if b not in REAL_TIME and b < 0x80) if rules.real_time else raw
    text = _without_comments(kept.decode("latin-1"))
    length = len(raw) if rules.counts_all else len(text)
    if not text and length <= rules.longest_line:
        return
    fed = feed.match(text) if feed else None
    if fed and fed[1] == len(text):
        reader.actions.append(Feed(line, fed[0]))
        return
    try:
        if length > rules.longest_line:
            raise Refused(11, f"{length} characters")
        if text == "%" and rules.percent != "refused":
            reader.percent(line)
        elif text.startswith("$") and rules.controller != "linuxcnc":
            _system_line(reader, text, line)
        else:
            reader.obey(read_block(text, rules, reader.parameters), line)
    except Refused as refused:
        reader.refuse(refused, line)
    reader.lines_read += 1


def _without_comments(text: str) -> str:
    """The line as the controllers keep it: no blanks, no comments, no block-delete slash, upper case."""
    kept = re.sub(r"\([^)]*(?:\)|$)|;.*", "", text)
    return re.sub(r"[\x00-\x20/]", "", kept).upper()


def _system_line(reader: _Reader, text: str, line: int) -> None:
    if text.startswith("$J=") or not _QUIET_SYSTEM_LINES.fullmatch(text):
        message = f"{text} belongs to the operator, not in a program; the emulator does not carry it out"
        reader.violations.append(Violation("not-emulated", message, line))


@dataclass(frozen=True, slots=True)
class _Modes:
    """The modal state; ``feed`` is in mm, or in moves a minute with inverse time."""

    motion: str
    plane: str = "G17"
    inches: bool = False
    relative: bool = False
    inverse_time: bool = False
    feed: float = 0.0
    spindle: str = "M5"
    speed: float = 0.0
    system: str = "G54"
    compensation: str = "G40"

    @property
    def mm(self) -> float:
        """Millimetres in a unit of the program."""
        return MM_PER_INCH if self.inches else 1.0


@dataclass
class _Reader:
    """The controller's state; it turns blocks into actions. Positions are in mm (and degrees) on the machine."""

    feed_per_mm_s: float
    knife_on_spindle: bool
    rules: Rules
    actions: list[Action] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    remarks: list[Violation] = field(default_factory=list)
    here: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 0.0])
    offset: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 0.0])
    parameters: dict[int, float] = field(default_factory=dict)
    down: bool = False
    tool: int = 0
    lines_read: int = 0
    framed: bool = False
    ended: bool = False
    knows_places: bool = False
    """``offset`` is the zero of whatever system is chosen: a device sees to that."""

    def __post_init__(self) -> None:
        self.modes = _Modes(self.rules.first_motion)

    def refuse(self, refused: Refused, line: int) -> None:
        """Note the answer to a block that the controller does not take."""
        message = f"{REFUSALS[refused.number]}: {refused.detail}"
        code = f"error:{refused.number}" if self.rules.numbered else "refused"
        self._fault(code if refused.number else "not-emulated", message, line)

    def percent(self, line: int) -> None:
        """``%`` frames a program: on LinuxCNC it stands in the first line and then ends it."""
        if self.rules.percent == "ignored":
            return
        if self.lines_read and not self.framed:
            raise Refused(1, "'%' after the first line")
        self.ended = self.framed
        self.framed = True

    def obey(self, block: Block, line: int) -> None:
        """Check one block whole, then carry it out in order; Refused, with nothing changed, if it is wrong."""
        after = self._after(block)
        moves = self._moves(block, after, line)
        self.modes = after
        self.parameters.update(block.settings)
        self._change_tool(block, line)
        self._run_spindle(line)
        if "G4" in block.codes:
            self.actions.append(Dwell(line, block.words["P"]))
        self._shift_origin(block)
        self.actions += moves
        if moves:
            last = moves[-1]
            z = self.here[2] if last.z_mm is None else last.z_mm
            self.here = [last.x_mm, last.y_mm, z, self.here[3] if last.angle_deg is None else last.angle_deg]
        self._flow(block, line)

    def _after(self, block: Block) -> _Modes:
        """The modal state that the block asks for; Refused where the block contradicts itself or lacks something."""
        now = self.modes
        inverse = block.one_of(("G93", "G94"), "G93" if now.inverse_time else "G94") == "G93"
        after = _Modes(
            block.one_of(MOTIONS, now.motion),
            block.one_of(("G17", "G18", "G19"), now.plane),
            block.one_of(("G20", "G21"), "G20" if now.inches else "G21") == "G20",
            block.one_of(("G90", "G91"), "G91" if now.relative else "G90") == "G91",
            inverse,
            0.0 if inverse != now.inverse_time else now.feed,
            block.one_of(("M3", "M4", "M5"), now.spindle),
            block.words.get("S", now.speed),
            block.one_of(_SYSTEMS, now.system),
            block.one_of(_COMPENSATIONS, now.compensation),
        )
        if "F" in block.words:
            after = replace(after, feed=block.words["F"] * (1.0 if inverse else after.mm))
        if inverse and "F" not in block.words and block.moves(after.motion) and after.motion != "G0":
            raise Refused(22, "G93 needs F in every block")
        if "G4" in block.codes and block.words.get("P", -1.0) < 0:
            raise Refused(4, "G4 with a negative P") if "P" in block.words else Refused(28, "G4 needs P")
        if "G53" in block.codes and after.motion not in ("G0", "G1"):
            raise Refused(30, "G53 needs G0 or G1")
        return after

    def _moves(self, block: Block, after: _Modes, line: int) -> list[MoveTo]:
        """The straight moves of the block: one, none, or the chords of a curve."""
        if "G92" in block.codes and not block.axes:
            raise Refused(26, "G92 without an axis")
        moves = block.moves(after.motion)
        if block.axes and "G92" not in block.codes and after.motion in ("", "G80"):
            raise Refused(31, f"axis words {'while G80 is in force' if after.motion else 'before any motion'}")
        if after.motion in ("G2", "G3") and (moves or block.motion_named):
            points = self._arc(block, after)
        elif after.motion == "G5" and moves:
            points = self._spline(block, after)
        elif after.motion == "G5" and block.motion_named and not self.rules.numbered:
            raise Refused(26, "G5 without an axis")
        else:
            points = [self._target(block, after)] if moves else []
        if points and after.motion != "G0" and after.feed <= 0:
            raise Refused(22, f"{after.motion} without F")
        unused = set(block.words) - self._used(block, after)
        if unused:
            raise Refused(36, f"{', '.join(sorted(unused))} has no use in this block")
        if points:
            self._refuse_unknown_places(after)
        return [self._move(points, k, after, line) for k in range(len(points))]

    def _used(self, block: Block, after: _Modes) -> set[str]:
        """The letters that have a use beside the block's codes."""
        used = set("FNST") | block.axes
        for codes, letters in (
            ({"G4"}, "P"),
            ({"G64"}, "PQ"),
            ({"G41", "G42", "G41.1", "G42.1"}, "DL"),
        ):
            used |= set(letters) if block.codes & codes else set()
        if block.moves(after.motion) or block.motion_named:
            used |= {"G2": set("IJKR"), "G3": set("IJKR"), "G5": set("IJPQ")}.get(after.motion, set())
        return used

    def _refuse_unknown_places(self, after: _Modes) -> None:
        """Moves whose places only the machine knows."""
        if after.system != "G54" and not self.knows_places:
            raise Refused(NOT_EMULATED, f"a move in {after.system}, whose zero is stored in the machine")
        if after.compensation != "G40":
            raise Refused(NOT_EMULATED, f"a move with {after.compensation}, beside which the tool goes")

    def _move(self, points: list[list[float]], k: int, after: _Modes, line: int) -> MoveTo:
        target, before = points[k], points[k - 1] if k else self.here
        speed = after.feed / self.feed_per_mm_s
        if after.inverse_time:
            whole = sum(math.dist(a, b) for a, b in zip([self.here, *points], points, strict=False))
            speed = whole * after.feed / 60.0
        z, angle = (target[axis] if target[axis] != before[axis] else None for axis in (2, 3))
        rapid = after.motion == "G0"
        return MoveTo(
            line, target[0], target[1], rapid=rapid, feed_mm_s=None if rapid else speed, z_mm=z, angle_deg=angle
        )

    def _target(self, block: Block, after: _Modes) -> list[float]:
        """Where the block's axis words lead, on the machine."""
        target = list(self.here)
        for axis, letter in enumerate(AXES):
            if letter not in block.axes:
                continue
            value = block.words[letter] * (1.0 if letter == "A" else after.mm)
            if "G53" in block.codes:
                target[axis] = value
            else:
                target[axis] = self.here[axis] + value if after.relative else self.offset[axis] + value
        return target

    def _shift_origin(self, block: Block) -> None:
        """G92 gives the point where the machine is new coordinates; G92.1 forgets that."""
        if "G92.1" in block.codes:
            self.offset = [0.0, 0.0, 0.0, 0.0]
        if "G92" in block.codes:
            for axis, letter in enumerate(AXES):
                if letter in block.axes:
                    unit = 1.0 if letter == "A" else self.modes.mm
                    self.offset[axis] = self.here[axis] - block.words[letter] * unit

    def _arc(self, block: Block, after: _Modes) -> list[list[float]]:
        """The chords of G2 and G3 in the plane of the table, each within Grbl's arc tolerance ($12)."""
        if after.plane != "G17":
            raise Refused(NOT_EMULATED, "arcs off the plane of the table")
        if not block.axes and not self.rules.first_motion:
            return []
        if not block.axes:
            raise Refused(26, f"{after.motion} without an axis")
        if not block.axes & {"X", "Y"}:
            raise Refused(32, f"{after.motion} without X or Y")
        target = self._target(block, after)
        clockwise = after.motion == "G2"
        if "R" in block.words:
            centre = centre_by_radius(self.here, target, block.words["R"] * after.mm, clockwise)
        elif block.words.keys() & {"I", "J"}:
            centre = centre_by_offset(self.here, target, [block.words.get(c, 0.0) * after.mm for c in "IJ"])
        else:
            raise Refused(35, f"{after.motion} without I, J or R")
        return list(arc_points(self.here, target, centre, clockwise))

    def _spline(self, block: Block, after: _Modes) -> list[list[float]]:
        """The chords of G5, a cubic spline in the plane of the table."""
        if after.plane != "G17" or not {"I", "J", "P", "Q"} <= block.words.keys():
            raise Refused(NOT_EMULATED, "G5 off the plane of the table, or without all of I, J, P and Q")
        i, j, p, q = (block.words[letter] * after.mm for letter in "IJPQ")
        return list(spline_points(self.here, self._target(block, after), (i, j), (p, q)))

    def _change_tool(self, block: Block, line: int) -> None:
        self.tool = int(block.words.get("T", self.tool))
        if "M6" in block.codes:
            self.actions.append(SelectTool(line, self.tool))
            self.remarks.append(Violation("pause", f"M6: the machine waits until tool {self.tool} is in", line))

    def _run_spindle(self, line: int) -> None:
        """The knife hangs on the spindle output: M3 or M4 with S above 0 lowers it, anything else lifts it."""
        down = self.knife_on_spindle and self.modes.spindle != "M5" and self.modes.speed > 0
        if down != self.down:
            self.actions.append(Lower(line, waits=False) if down else Lift(line, waits=False))
        self.down = down

    def _flow(self, block: Block, line: int) -> None:
        if block.codes & {"M0", "M60"} or ("M1" in block.codes and self.rules.m1_holds):
            name = next(code for code in ("M0", "M60", "M1") if code in block.codes)
            self.remarks.append(Violation("pause", f"{name}: the machine waits here for the operator", line))
        if "G64" in block.codes:
            self._blend(block, line)
        if block.codes & {"M2", "M30"}:
            motion = "G1" if self.rules.first_motion else ""
            self.modes = replace(
                self.modes, motion=motion, plane="G17", relative=False, inverse_time=False, spindle="M5"
            )
            self._run_spindle(line)
            self.ended = self.rules.ends

    def _blend(self, block: Block, line: int) -> None:
        allowed = block.words.get("P")
        if allowed is None or allowed * self.modes.mm > LEAST_BLEND_MM:
            how = "as far as speed asks for it" if allowed is None else f"by up to {allowed * self.modes.mm:g} mm"
            self.remarks.append(Violation("blended", f"G64: the controller rounds corners {how}", line))

    def _fault(self, code: str, message: str, line: int) -> None:
        self.violations.append(Violation(code, message, line, (self.here[0], self.here[1])))


@dataclass(frozen=True, slots=True)
class Taken:
    """What one line brings: actions, the number of its ``error:N`` (0: none), whether it pauses or ends the program."""

    actions: tuple[Action, ...]
    error: int = 0
    pauses: bool = False
    ends: bool = False


class LineReader:
    """Reads line by line, as a machine does that is told them one after the other and answers each."""

    def __init__(
        self,
        feed_per_mm_s: float = 60.0,
        knife_on_spindle: bool = True,
        rules: Rules = GRBL,
        feed: FeedForm | None = None,
    ) -> None:
        self._feed = feed
        self._reader = _Reader(feed_per_mm_s, knife_on_spindle, rules)

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
        _read_line(reader, raw, line, self._feed)
        actions = tuple(reader.actions)
        reader.actions.clear()
        refused = [v.code for v in reader.violations[faults:] if v.code.startswith("error:")]
        pauses = any(remark.code == "pause" for remark in reader.remarks[remarks:])
        ends = not refused and re.search(rb"M0*(?:2|30)(?![0-9.])", without_comments(raw)) is not None
        return Taken(actions, int(refused[0][6:]) if refused else 0, pauses, ends)

    def reset(self, here: Sequence[float], offset: Sequence[float]) -> None:
        """Modal state as after switching on, at this place (X, Y, Z, A); what was found stays."""
        old = self._reader
        self._reader = _Reader(old.feed_per_mm_s, old.knife_on_spindle, old.rules, here=list(here), offset=list(offset))
        self._reader.violations, self._reader.remarks = old.violations, old.remarks
        self._reader.knows_places = old.knows_places


def without_comments(raw: bytes) -> bytes:
    """A line as the machine keeps it: no blanks, comments or real-time bytes, upper case."""
    text = bytes(b for b in raw if b not in REAL_TIME and b < 0x80).decode("ascii")
    return _without_comments(text).encode("ascii")
