"""What `cutkit send` shows while it works: the line of progress, questions to the operator, the words at the end."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from cutkit.cli.common import is_plain, say
from cutkit.cli.keys import Keys
from cutkit.units import format_duration

if TYPE_CHECKING:
    from cutkit.machine.send.job import Job
    from cutkit.machine.send.resume import Rest
    from cutkit.machine.send.sender import Outcome, Progress

BAR = 20
EVERY_S = 0.2


class Watcher:
    """The sender's listener on a command line."""

    def __init__(self, keys: Keys, *, quiet: bool) -> None:
        self._keys = keys
        self._quiet = quiet
        self._live = not quiet and not is_plain(sys.stderr)
        self._shown = False
        self._last_s = 0.0

    def progress(self, progress: Progress) -> None:
        """Show how far it is, a few times a second."""
        now = time.monotonic()
        if self._live and now - self._last_s >= EVERY_S:
            self._last_s = now
            width = shutil.get_terminal_size().columns - 1
            click.echo("\r" + progress_text(progress)[:width].ljust(width), nl=False, err=True)
            self._shown = True

    def note(self, text: str) -> None:
        """A line of talk, above the progress."""
        self.clear()
        say(text, quiet=self._quiet)

    def key(self) -> str | None:
        """The key that was pressed."""
        return self._keys.pressed()

    def clear(self) -> None:
        """Take the line of progress away."""
        if self._shown:
            width = shutil.get_terminal_size().columns - 1
            click.echo("\r" + " " * width + "\r", nl=False, err=True)
            self._shown = False


def progress_text(progress: Progress) -> str:
    """``[#####...............] cut 12 of 57   26 %   3 min 20 s left   buffer 81 %   Run``."""
    full = min(BAR, int(BAR * progress.share))
    name = f", {progress.name}" if progress.name else ""
    parts = [
        f"[{'#' * full}{'.' * (BAR - full)}] cut {progress.cut} of {progress.cuts}{name}",
        f"{100 * progress.share:3.0f} %",
        f"{format_duration(progress.left_s)} left",
    ]
    if progress.fill is not None:
        parts.append(f"buffer {100 * progress.fill:.0f} %")
    if progress.paused:
        parts.append("PAUSED (r goes on)")
    elif progress.state:
        parts.append(progress.state)
    return "   ".join(parts)


def certain_text(job: Job, rest: Rest, outcome: Outcome, already: int) -> str:
    """What is sure about the cloth now: which cuts are made, which is in doubt. ``already``: made in earlier runs."""
    count = len(job.cuts)
    made = already + len(outcome.done)
    told = not outcome.confirmed
    words = [
        f"{made} of {count} cuts are {'handed over; what of it is cut the machine cannot tell' if told else 'made'}."
    ]
    if outcome.doubt is not None and not told:
        cut = job.of(outcome.doubt)
        words.append(f"Cut {cut.number} ({job.file_lines(cut)}) may be made in part, or not at all: look at it.")
        words.append("Nothing behind it was begun.")
    elif not told:
        words.append("No cut is half made.")
    return " ".join(words)


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


def confirmed(question: str) -> bool:
    """A question with yes or no; no is the default."""
    return click.confirm(question, default=False, err=True)
