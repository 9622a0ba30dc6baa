"""What a batch says on stderr: one line that lives, on a terminal; plain lines with the time, in a log."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import is_plain, say
from cutkit.units import format_duration

if TYPE_CHECKING:
    from cutkit.batch.runner import News

COUNT_EVERY_S = 1.0


class BatchTalk:
    """A listener for a run."""

    def __init__(self, counts: Callable[[], Mapping[Any, int]], until: float | None, *, quiet: bool) -> None:
        self._counts = counts
        self._until = until
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty() and not is_plain(sys.stderr)
        self._shown = False
        self._counted: Mapping[Any, int] = {}
        self._count_next = 0.0

    def news(self, news: News) -> None:
        """Say what happened, with the time of day."""
        if news.what == "begun" and self._live and not news.message:
            return  # the live line shows it
        self.close()
        say(f"{time.strftime('%H:%M:%S')} {news.job}: {_text(news)}", quiet=self._quiet)

    def note(self, text: str) -> None:
        """Say something about the run, with the time of day."""
        self.close()
        say(f"{time.strftime('%H:%M:%S')} {text}", quiet=self._quiet)

    def tick(self, running: dict[str, float | None]) -> None:
        """Show what is going on, on a terminal."""
        if not self._live:
            return
        if time.monotonic() >= self._count_next:
            self._counted = self._counts()
            self._count_next = time.monotonic() + COUNT_EVERY_S
        parts = [f"{self._counted.get(state, 0)} {state}" for state in ("done", "failed", "queued")]
        jobs = ", ".join(name if e is None else f"{name} {100 * e:.1f} %" for name, e in running.items())
        left = f"   {format_duration(max(0.0, self._until - time.time()))} left" if self._until is not None else ""
        text = f"{', '.join(parts)}   {jobs or 'waiting'}{left}"
        width = shutil.get_terminal_size().columns - 1
        click.echo("\r" + text[:width].ljust(width), nl=False, err=True)
        self._shown = True

    def close(self) -> None:
        """Take the live line away."""
        if self._shown:
            width = shutil.get_terminal_size().columns - 1
            click.echo("\r" + " " * width + "\r", nl=False, err=True)
            self._shown = False


def _text(news: News) -> str:
    words = {
        "improved": "so far",
        "again": "queued again",
        "stopped": "stopped, queued again",
        "dropped": "not ours any more",
    }
    parts = [words.get(news.what, news.what)]
    for one in news.markers:
        figures = one.figures
        name = f"{figures['material']} " if len(news.markers) > 1 else ""
        length, efficiency = figures["length_mm"] / 1000, 100 * figures["efficiency"]
        parts.append(f"{name}{efficiency:.2f} %, {length:.3f} m, {format_duration(one.spent_s)}")
    if news.message and news.what != "stopped":
        parts.append(news.message.splitlines()[0])
    return ": ".join([parts[0], "; ".join(parts[1:])]) if len(parts) > 1 else parts[0]
