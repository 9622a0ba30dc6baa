"""Sends a job cut by cut so that after any fault at most one cut is in doubt.

The tool-down of a cut goes out only when the machine has confirmed the cut before it and the journal has that on disk.
The way to the next cut, with the tool up, may go out before: while the machine travels, the confirmation comes, and no
time is lost. Nothing here knows of a terminal; the command line is the ``Listener``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Protocol

import numpy as np

from cutkit.errors import UsageError
from cutkit.machine.send.grbl import GrblLink
from cutkit.machine.send.job import Cut, Points
from cutkit.machine.send.journal import JournalFile
from cutkit.machine.send.link import Fault, Figures, Greeting, MachineLink, Mark
from cutkit.machine.send.marlin import MarlinLink
from cutkit.machine.send.plotter import PlotterLink
from cutkit.machine.send.resume import Rest
from cutkit.machine.send.transport import Transport
from cutkit.toolpath import CutterProfile

Ended = Literal["finished", "operator", "interrupted", "fault"]
PATIENCE_S, PATIENCE = 60.0, 3.0
"""How long a machine that only answers questions may be silent: so many seconds, and times the longest cut."""
LEAST_MEASURED_S = 5.0
"""The time left is corrected by the speed that was measured so far once this much of the job is done."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job is. ``cut`` is the cut in work, from 1, ``name`` its piece's where the program
    tells it; ``fill`` the machine's buffer, 0 to 1, None: unknown."""

    cut: int
    cuts: int
    name: str
    share: float
    left_s: float
    fill: float | None
    state: str
    paused: bool


class Listener(Protocol):
    """Who watches a job."""

    def progress(self, progress: Progress) -> None:
        """Called again and again."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def key(self) -> str | None:
        """The key that was pressed: p pause, r go on, q stop after this cut; None without one."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended. ``done`` are the cuts confirmed (or handed over, on a machine that cannot tell) in this run,
    ``doubt`` is the cut that may be made in part, None: surely none is. ``confirmed``: the machine tells what it has
    made; ``fill_known``: how many bytes wait in it, too. ``held``: it stands in feed hold, with lines in its memory."""

    ended: Ended
    done: tuple[int, ...]
    doubt: int | None
    figures: Figures
    planned_s: float
    confirmed: bool
    fill_known: bool
    held: bool = False
    fault: Fault | None = None


def make_link(port: Transport, profile: CutterProfile, sender: Sender) -> MachineLink:
    """The link that speaks to the machine of a profile; UsageError for one that is not fed line by line."""
    if profile.dialect == "gcode" and profile.controller == "linuxcnc":
        raise UsageError(
            "LinuxCNC reads programs itself, nothing is streamed to it",
            where=f"cutter {profile.name}",
            hint="Open the program in its own screen; there it also starts from any line.",
        )
    turn, note = sender.turn, sender.listener.note
    if profile.dialect == "gcode" and profile.controller == "marlin":
        return MarlinLink(port, profile.link, turn, note)
    if profile.dialect == "gcode" and profile.controller in ("grbl", "grblhal"):  # its lines are answered in any case
        return GrblLink(port, profile.link, turn, note)
    return PlotterLink(port, profile.link, turn, note, units_per_mm=profile.coordinates.units_per_mm)


@dataclass
class Sender:
    """One run of a job over one port."""

    rest: Rest
    port: Transport
    listener: Listener
    stopping: bool = False
    done: list[int] = field(default_factory=list)
    begun: int | None = None
    _pending: tuple[int, Mark] | None = None
    _journal: JournalFile | None = None
    _confirmed: tuple[float, float] = (0.0, 0.0)
    _current: int = 0
    _name: str = ""

    def __post_init__(self) -> None:
        self.link = make_link(self.port, self.rest.job.profile, self)
        self._ready_s = _ready_times(self.rest)
        ready = [0.0, *(cut.ready_s for cut in self.rest.job.cuts)]
        self.link.patience_s = PATIENCE_S + PATIENCE * max(b - a for a, b in pairwise(ready))

    def greet(self, greeting: Greeting) -> None:
        """See that the machine is ready; Fault where it is not. Nothing moves but by what ``greeting`` asks for."""
        self._current = self.rest.first
        self.link.greet(greeting)

    def run(self, journal: JournalFile) -> Outcome:
        """Send the job. Faults do not come as exceptions: the outcome tells, and the journal is right."""
        self._journal = journal
        try:
            ended: Ended = "finished" if self._send_all() else "operator"
            fault = None
        except Fault as found:
            self.link.hold()
            ended, fault = "fault", found
        except KeyboardInterrupt:
            self.link.hold()
            ended, fault = "interrupted", None
        except Exception:  # a full disk, a terminal that is gone: the machine must not end with the tool down
            self.link.hold()
            raise
        self._write_end(journal, ended, fault)
        link, planned_s = self.link, self.rest.job.run.time_s
        done = tuple(self.done)
        told = (link.confirms, link.reports_fill, link.held)
        return Outcome(ended, done, self.begun, link.figures, planned_s, *told, fault)

    def _write_end(self, journal: JournalFile, ended: Ended, fault: Fault | None) -> None:
        if ended == "finished":
            journal.write({"finished": True} if self.rest.to_the_end else {"stopped": "operator"})
        else:
            journal.write({"stopped": ended, **({"message": fault.message} if fault else {})})

    def _send_all(self) -> bool:
        """Everything; False where the operator stopped it after a cut."""
        job = self.rest.job
        self._send(range(job.preamble))
        for cut in job.cuts:
            self._current, self._name = max(cut.number, self.rest.first), cut.name
            while self.link.paused:
                self.link.pump()
            if self.stopping and not self._pending:
                return False
            if not self._cut(cut):
                return False
        self._await_pending()
        self.link.path = ()
        self._send(range(job.cuts[-1].end, len(job.lines)))
        end = self.link.mark(synced=False, at_mm=None)
        if end is not None:
            self.link.wait_for(end)
        self.link.drain()
        return True

    def _cut(self, cut: Cut) -> bool:
        """Travel, wait until the cut before is confirmed, then cut. False where the operator wants to stop before."""
        before, ways = self.link.path, self._ways(cut)
        travels = tuple(way[: len(way) - len(cut.work) + 1] for way in ways)
        self.link.path = (*before, *travels) if before or cut is self.rest.job.cuts[0] else ()
        self._send(range(cut.first, cut.down))
        self._await_pending()
        self.link.path = ways
        self.link.settle()
        if self.stopping:
            return False
        if self.begun is None or self.link.confirms:
            self.begun = cut.number or None
        self._send(range(cut.down, cut.end))
        mark = self.link.mark(synced=cut.synced, at_mm=cut.stop)
        if mark is None:
            self._note_made(cut.number, "sent")
        else:
            self._pending = (cut.number, mark)
        return True

    def _ways(self, cut: Cut) -> tuple[Points, ...]:
        """Where the machine may be from the end of the cut before to the end of this one; none where nobody knows."""
        if cut is not self.rest.job.cuts[0]:
            return (cut.points,)
        here = self.link.position()
        if here is None:
            return ()
        # A preamble may go to the zero before: the emulated machine stands there already, and does not move.
        return np.vstack([[here], cut.points[1:]]), np.vstack([[here], cut.points])

    def _send(self, indices: range) -> None:
        for index in indices:
            self.link.send(self.rest.job.lines[index], index, self.rest.job.stands[index])

    def _await_pending(self) -> None:
        while self._pending is not None:
            self.link.pump()

    def turn(self) -> None:
        """What is done again and again while the link waits."""
        if self._pending is not None and self._pending[1].reached:
            number, self._pending = self._pending[0], None
            cut = next(cut for cut in self.rest.job.cuts if cut.number == number)
            self._confirmed = (cut.ready_s, self.link.figures.time_s)
            self._note_made(number, "done")
        if self._journal is not None:
            self._obey(self.listener.key())
            self.listener.progress(self.progress())

    def _note_made(self, number: int, word: str) -> None:
        if number > 0 and self._journal is not None:
            self._journal.write({"cut": number, word: True})
            self.done.append(number)
        self.begun = None if word == "done" else number

    def _obey(self, key: str | None) -> None:
        if key == "p" and not self.link.paused:
            self.link.pause()
            self.listener.note("paused: r goes on, q stops" if self.link.holds else "paused after this cut: r goes on")
        elif key == "r":
            self.link.go_on()
        elif key == "q":
            self.stopping = True
            if self.link.paused:
                self.link.go_on()
            self.listener.note(f"stopping when cut {self._current} is made")

    def progress(self) -> Progress:
        """How far the job is now."""
        job, figures = self.rest.job, self.link.figures
        planned = job.run.time_s
        made_s = self._made_s()
        ratio = figures.time_s / made_s if made_s > LEAST_MEASURED_S else 1.0
        fill = self.link.in_flight / self.link.link.buffer_bytes if self.link.reports_fill else None
        count = self.rest.last
        share = made_s / planned if planned > 0 else 0.0
        left = max(0.0, planned - made_s) * ratio
        return Progress(self._current, count, self._name, share, left, fill, self.link.state, self.link.paused)

    def _made_s(self) -> float:
        """How much of the planned time is done: lines are answered ahead of their motion, but never is a cut further
        than the time since the one before it was confirmed."""
        if self.link.answered < 0:
            return 0.0
        taken_s = float(self._ready_s[self.link.answered])
        ready_s, at_s = self._confirmed
        return min(taken_s, ready_s + self.link.figures.time_s - at_s) if self.link.confirms else taken_s


def _ready_times(rest: Rest) -> Points:
    """When every line of the job is done, in seconds after its start, by the emulated machine."""
    trace = rest.job.run.trace
    samples = np.searchsorted(trace.line, np.arange(1, len(rest.job.lines) + 1), side="right") - 1
    times: Points = trace.t_s[samples]
    return times
