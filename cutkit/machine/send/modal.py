"""What a program has set on the way: the words that must be said again before it is entered in the middle.

Modes of a skipped part (units, relative moves, feed, speed) hold for all that comes after it. Programs of cutkit set
everything in their preamble and with every cut; others do not, and a machine that was reset knows nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cutkit.errors import CheckError
from cutkit.machine.send.job import Job
from cutkit.machine.send.lines import Line
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, LineEnd

MM_PER_INCH = 25.4
LINE_ENDS: dict[LineEnd, str] = {"lf": "\n", "etx": "\x03", "none": ""}
_WORD = re.compile(rb"([A-Z])([+-]?[\d.]+)")
_GROUPS = {
    **dict.fromkeys(("G17", "G18", "G19"), "plane"),
    **dict.fromkeys(("G20", "G21"), "units"),
    **dict.fromkeys(("G93", "G94"), "feed mode"),
    **dict.fromkeys(("G54", "G55", "G56", "G57", "G58", "G59"), "zero"),
    **dict.fromkeys(("G61", "G64"), "path"),
    **dict.fromkeys(("G90", "G91"), "distance"),
    **dict.fromkeys(("G0", "G1", "G2", "G3"), "motion"),
}
_MOVED_ZERO = frozenset({"G92", "G92.1", "G10", "G28.1", "G30.1", "G52"})
_HPGL_STATE = frozenset([b"VS", b"FS", b"AS", b"SC", b"IP", b"RO", b"IW", b"LT", b"DT", b"PS", b"SP"])
_HPGL_MODES = frozenset([b"PA", b"PR"])


def catch_up(job: Job, first: int, where: str) -> list[Line]:
    """The lines that bring a machine which has done the preamble of ``job``, its tool up, to the state in which cut
    ``first`` finds it in the whole program.

    CheckError where the skipped part moves the machine's zero: only the operator can know where that lies now.
    """
    cut, profile = job.of(first), job.profile
    preamble, skipped = job.lines[: job.preamble], job.lines[job.preamble : cut.first]
    approach, here = job.lines[cut.first : cut.end], job.of(first - 1).stop
    if profile.dialect == "gcode":
        return [Line(text) for text in _gcode(preamble, skipped, approach, here, where)]
    if profile.dialect == "hpgl":
        return [Line(text + b"\n") for text in _hpgl(skipped, approach, here, profile)]
    # The other plotter languages know no modes; where the line that lifts the tool also travels, the way is repeated.
    return [] if cut.travelled else travel(here, profile)


def refuse_own_zero(job: Job, where: str) -> None:
    """CheckError where the preamble makes the place at which the machine stands its zero: after an interruption that
    is another place than at the beginning, and all that is left would be cut beside the line."""
    for line in job.lines[: job.preamble] if job.profile.dialect == "gcode" else ():
        codes = _codes(line)
        if any(code == "G92" or (code == "L" and float(value) == 20) for code, value in codes):
            raise CheckError(
                f"line {line.number} ({line.raw.strip().decode('latin-1')}) takes the place where the machine stands "
                "for its zero; after an interruption it stands elsewhere",
                where=where,
                hint="Take that line out of the file, set the zero at the machine, and go on with a journal of its "
                "own: --journal NEW --resume --from CUT.",
            )


def travel(to: Point, profile: CutterProfile) -> list[Line]:
    """The profile's move to a point with the tool up."""
    form = profile.coordinates
    x, y = (f"{value * form.units_per_mm:.{form.decimals}f}" for value in to)
    return command_lines(profile.program.travel.format(x=x, y=y, angle="0"), profile)


def command_lines(text: str, profile: CutterProfile) -> list[Line]:
    """A command text of the profile as lines to send."""
    end = "" if profile.dialect == "gcode" else LINE_ENDS[profile.program.line_end]
    return [Line((part + end).encode("ascii")) for part in text.split("\n") if part.strip()]


def _codes(line: Line) -> list[tuple[str, str]]:
    """The words of a block: G and M with the code as (``G1``, ""), others as (letter, number)."""
    words = []
    for letter, number in _WORD.findall(line.words):
        value = number.decode()
        if letter in (b"G", b"M"):
            words.append((letter.decode() + (f"{float(value):g}" if value.count(".") < 2 else value), ""))
        else:
            words.append((letter.decode(), value))
    return words


def _set_modes(state: dict[str, str], line: Line) -> None:
    for code, value in _codes(line):
        if code in _GROUPS:
            state[_GROUPS[code]] = code
        elif code in ("F", "S"):
            state[code] = code + value


def _gcode(
    preamble: Sequence[Line], skipped: Sequence[Line], approach: Sequence[Line], here: Point, where: str
) -> list[bytes]:
    at_first: dict[str, str] = {}
    for line in preamble:
        _set_modes(at_first, line)
    state = dict(at_first)
    for line in skipped:
        moved = next((code for code, _ in _codes(line) if code in _MOVED_ZERO), None)
        if moved is not None:
            raise _moved_zero(moved, line, where)
        _set_modes(state, line)
    changed = {name for name, code in state.items() if code != at_first.get(name)}
    modes = [state[group] for group in ("plane", "units", "feed mode", "zero", "path") if group in changed]
    feeds = [state[letter] for letter in ("F", "S") if letter in changed]
    lines = [" ".join([*modes, *feeds])] if modes or feeds else []
    relative = state.get("distance") == "G91"
    motion = state.get("motion", "G0")
    if relative or not _goes_to_both(approach):
        scale = 1 / MM_PER_INCH if state.get("units") == "G20" else 1.0
        lines += ["G90", f"G0 X{here[0] * scale:.4f} Y{here[1] * scale:.4f}"]
    if "distance" in changed or relative:
        lines.append(state["distance"])
    if motion != "G0" and not _names_motion(approach):
        lines.append(motion)
    return [line.encode("ascii") for line in lines]


def _goes_to_both(approach: Sequence[Line]) -> bool:
    """Whether the first motion tells x and y, so that it does not matter from where it starts."""
    for line in approach:
        letters = {code for code, _ in _codes(line)}
        if letters & {"X", "Y"}:
            return {"X", "Y"} <= letters and not letters & {"G2", "G3"}
    return False


def _names_motion(approach: Sequence[Line]) -> bool:
    """Whether the first motion says itself what kind of motion it is."""
    codes = next((found for line in approach if (found := {c for c, _ in _codes(line)}) & {"X", "Y"}), set())
    return any(_GROUPS.get(code) == "motion" for code in codes)


def _moved_zero(code: str, line: Line, where: str) -> CheckError:
    return CheckError(
        f"{code} in line {line.number} moves the zero; a program cannot be entered behind that",
        where=where,
        hint="Cut out of the file what is done, keep its first lines, zero the machine there, and send the rest.",
    )


def _hpgl(skipped: Sequence[Line], approach: Sequence[Line], here: Point, profile: CutterProfile) -> list[bytes]:
    state: dict[bytes, bytes] = {}
    mode = b"PA"
    for line in skipped:
        text = line.raw.strip(b" \t\r\n;,!")
        name = text[:2].upper()
        if name in (b"IN", b"DF"):
            state.clear()
        if name in _HPGL_STATE:
            state.pop(name, None)
            state[name] = text
        mode = name if name in _HPGL_MODES else mode
    lines = [text + b";" for text in state.values()]
    if mode == b"PR" or not _hpgl_goes_there(approach):
        scale = profile.coordinates.units_per_mm
        lines.append(b"PA;PU%d,%d;" % (round(here[0] * scale), round(here[1] * scale)))
    return [*lines, b"PR;"] if mode == b"PR" else lines


def _hpgl_goes_there(approach: Sequence[Line]) -> bool:
    for line in approach:
        text = line.raw.strip(b" \t\r\n;,!").upper()
        if text[:2] in (b"PU", b"PA") and re.search(rb"\d", text):
            return True
        if text[:2] in (b"PD", b"PR", b"AA", b"AR", b"CI", b"PE", b"LB"):
            return False
    return False
