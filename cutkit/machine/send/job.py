"""A program as a series of cuts: the preamble, then travel and cut, travel and cut, then the ending.

Made from what the emulator's parsers understand, so it works for programs of any origin. A cut is the stretch from the
end of the cut before it to the line that lifts the tool again, with the dwells that belong to the lift. Where one line
both ends a cut and begins the next, both are one: they cannot be told apart on the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cutkit.errors import CheckError
from cutkit.machine.actions import Action, Dwell, Lift, Lower, MoveTo, SelectTool, Violation
from cutkit.machine.dialects import parse_program
from cutkit.machine.emulator import run_program
from cutkit.machine.send.lines import Line, numbered, program_lines
from cutkit.machine.trace import Run, Trace
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, CutTool, Plunge

SHOWN_VIOLATIONS = 3
_PIECE = re.compile(rb"\bpiece \d+ ([^)]+)")
Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cut:
    """One cut, from 1 on as people count. Indices are of the job's lines: [first, down) travels to the cut with the
    tool up, [down, end) lowers the tool, cuts and lifts it.

    ``points`` is where the holder goes, in mm, from where it stood before; the tool goes down at point ``travelled``.
    ``heading_deg`` is the blade's then, by the model of the trailing blade. ``ready_s`` is when the cut is done, after
    the program's start. ``synced``: it ends with a dwell, for which the machine first finishes all motion. ``name`` is
    the piece's, where a comment of the program tells it.
    """

    number: int
    first: int
    down: int
    end: int
    tool: CutTool | None
    points: Points
    travelled: int
    heading_deg: float
    ready_s: float
    synced: bool
    name: str = ""

    @property
    def work(self) -> Points:
        """Where the holder goes with the tool down."""
        return self.points[self.travelled :]

    @property
    def length_mm(self) -> float:
        """How far the holder goes with the tool down."""
        return float(np.hypot(*np.diff(self.work, axis=0).T).sum())

    @property
    def stop(self) -> Point:
        """Where the holder stands afterwards."""
        x, y = self.points[-1].tolist()
        return (x, y)


@dataclass(frozen=True, eq=False)
class Job:
    """A program ready to be sent. Lines [0, preamble) come before everything; after the last cut comes the ending.

    ``stands`` is where the holder stands after every line, in the machine's coordinates; None before it has moved.
    """

    profile: CutterProfile
    lines: tuple[Line, ...]
    preamble: int
    cuts: tuple[Cut, ...]
    stands: tuple[Point | None, ...]
    run: Run

    @property
    def ending(self) -> tuple[Line, ...]:
        """The lines after the last cut."""
        return self.lines[self.cuts[-1].end :]

    def of(self, number: int) -> Cut:
        """The cut with this number."""
        return self.cuts[number - self.cuts[0].number]

    def file_lines(self, cut: Cut) -> str:
        """Which lines of the file a cut is: ``line 12`` or ``lines 12 to 31``."""
        numbers = [line.number for line in self.lines[cut.down : cut.end] if line.number is not None]
        if not numbers:
            return "put in by cutkit"
        return f"line {numbers[0]}" if numbers[0] == numbers[-1] else f"lines {numbers[0]} to {numbers[-1]}"


def read_job(data: bytes, profile: CutterProfile, where: str) -> Job:
    """A program, parted into cuts. CheckError (exit 5) where the emulated machine finds any fault in it: a machine goes
    on with what it has in its memory after a fault, so nothing of such a program may be sent."""
    return job_of(program_lines(data, profile.dialect), profile, where)


def job_of(lines: Sequence[Line], profile: CutterProfile, where: str, start_deg: float | None = None) -> Job:
    """A job of these lines; ``start_deg`` is the blade's heading at the start where it is not as the profile says."""
    text = numbered(lines, profile.dialect)
    run = run_program(text, profile, start_deg=start_deg)
    if run.violations:
        raise _refusal(run.violations, lines, where)
    actions = parse_program(text, profile).actions
    downs = list(_merged(_downs(actions, profile.plunge)))
    reading = _Reading(profile, actions, run)
    cuts = tuple(reading.cuts(downs))
    return Job(profile, tuple(lines), reading.preamble, tuple(_named(cuts, lines)), reading.stands(len(lines)), run)


def _named(cuts: Sequence[Cut], lines: Sequence[Line]) -> Iterator[Cut]:
    """The cuts with the names of their pieces, from the comments that cutkit writes before a piece."""
    name = ""
    for cut in cuts:
        for line in lines[cut.first : cut.down]:
            found = _PIECE.search(line.raw)
            name = found.group(1).decode("ascii", "replace") if found else name
        yield replace(cut, name=name)


def _refusal(violations: Sequence[Violation], lines: Sequence[Line], where: str) -> CheckError:
    shown = []
    for violation in violations[:SHOWN_VIOLATIONS]:
        number = None if violation.line is None else lines[min(violation.line, len(lines)) - 1].number
        shown.append(f"{violation.code}{'' if number is None else f' in line {number}'}: {violation.message}")
    more = len(violations) - len(shown)
    text = "; ".join(shown) + (f"; and {more} more" if more else "")
    return CheckError(
        f"nothing is sent: the emulated machine finds fault with the program: {text}",
        where=where,
        hint="`cutkit simulate` shows every fault and what to do about it. Is it the right --cutter?",
    )


def _downs(actions: Sequence[Action], plunge: Plunge | None) -> Iterator[tuple[int, int]]:
    """The lines (from 0) with which the tool goes down and up again, for every time it does."""
    since: int | None = None
    for action in actions:
        if isinstance(action, (Lower, Lift)):
            lowered = isinstance(action, Lower)
        elif isinstance(action, MoveTo) and action.z_mm is not None and plunge is not None:
            lowered = action.z_mm < plunge.touch_mm
        else:
            continue
        if lowered and since is None:
            since = action.line - 1
        elif not lowered and since is not None:
            yield since, action.line - 1
            since = None


def _merged(downs: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    held: tuple[int, int] | None = None
    for first, last in downs:
        if held is not None and first <= held[1]:
            held = (held[0], last)
            continue
        if held is not None:
            yield held
        held = (first, last)
    if held is not None:
        yield held


@dataclass
class _Reading:
    """What is read out of the actions and the run, line by line."""

    profile: CutterProfile
    actions: Sequence[Action]
    run: Run

    def __post_init__(self) -> None:
        self.dwells = {a.line - 1 for a in self.actions if isinstance(a, Dwell)}
        moves = [a for a in self.actions if isinstance(a, MoveTo)]
        self.move_lines = np.array([m.line - 1 for m in moves], dtype=np.int64)
        self.move_points = np.array([(m.x_mm, m.y_mm) for m in moves], dtype=float).reshape(-1, 2)
        self.preamble = self._preamble()

    def _preamble(self) -> int:
        """The first line with which anything is chosen, lowered or moved along the table."""
        here = (0.0, 0.0)
        for action in self.actions:
            moves = isinstance(action, MoveTo) and (action.x_mm, action.y_mm) != here
            if moves or isinstance(action, (Lower, SelectTool)):
                return action.line - 1
        return 0

    def stands(self, lines: int) -> tuple[Point | None, ...]:
        """Where the holder stands after every line."""
        last = np.searchsorted(self.move_lines, np.arange(lines), side="right") - 1
        points: list[Point] = [(x, y) for x, y in self.move_points.tolist()]
        return tuple(points[move] if move >= 0 else None for move in last.tolist())

    def cuts(self, downs: Sequence[tuple[int, int]]) -> Iterator[Cut]:
        first = self.preamble
        ends = [self._end(up, following) for (_, up), following in self._with_next(downs)]
        for number, ((down, _), end) in enumerate(zip(downs, ends, strict=True), 1):
            yield self._cut(number, first, down, end)
            first = end

    def _with_next(self, downs: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], int | None]]:
        for one, other in pairwise([*downs, None]):
            if one is not None:
                yield one, None if other is None else other[0]

    def _end(self, up: int, following: int | None) -> int:
        end = up + 1
        while end in self.dwells and end != following:
            end += 1
        return end

    def _cut(self, number: int, first: int, down: int, end: int) -> Cut:
        trace = self.run.trace
        lowered = int(np.searchsorted(trace.line, down + 1))
        before = max(0, lowered - 1)
        last = max(0, int(np.searchsorted(trace.line, end, side="right")) - 1)
        begin, at_down, done = np.searchsorted(self.move_lines, [first, down, end])
        start = self.move_points[begin - 1 : begin] if begin > 0 else trace.holder_mm[:1]
        way = _distinct(np.concatenate([start, self.move_points[begin:at_down]]))
        work = _distinct(np.concatenate([way[-1:], self.move_points[at_down:done]]))
        tool = int(trace.tool[_lowered_sample(trace, lowered)])
        return Cut(
            number,
            first,
            down,
            end,
            trace.tools[tool] if tool >= 0 else None,
            np.concatenate([way, work[1:]]),
            len(way) - 1,
            float(trace.blade_deg[before]),
            float(trace.t_s[last]),
            end - 1 in self.dwells,
        )


def _distinct(points: Points) -> Points:
    """The points without those that repeat the one before: where only the Z axis moved."""
    keep = np.ones(len(points), dtype=bool)
    keep[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[keep]


def _lowered_sample(trace: Trace, since: int) -> int:
    """The first sample from ``since`` on with the tool down."""
    return since + int(np.argmax(trace.down[since:])) if since < len(trace.down) else len(trace.down) - 1


def renumbered(job: Job, numbers: Sequence[int]) -> Job:
    """The same job with other numbers for its cuts."""
    return replace(job, cuts=tuple(replace(cut, number=n) for cut, n in zip(job.cuts, numbers, strict=True)))
