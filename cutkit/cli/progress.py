"""The line on stderr that says how far a nest is: efficiency, length and time left; on no terminal, only words."""

from __future__ import annotations

import shutil
import sys
import time

import click

from cutkit.cli.common import PROCESS_BEGAN, is_plain, say
from cutkit.nest import Progress
from cutkit.units import format_duration

BAR = 20


class ProgressLine:
    """A listener for ``nest``. ``search_began`` (time.monotonic) and ``start_s`` say when the search began."""

    def __init__(self, material: str, *, quiet: bool) -> None:
        self.search_began: float | None = None
        self.start_s: float | None = None
        self._material = material
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty() and not is_plain(sys.stderr)
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        """Show ``progress``."""
        if progress.stage == "compiling":
            self._say_once("compiling the search for this machine; this happens once and takes up to a minute or two")
            return
        if progress.stage == "searching" and self.search_began is None:
            self.search_began = time.monotonic()
            self.start_s = round(self.search_began - PROCESS_BEGAN, 3)
        if self._live:
            self._show(_text(progress, self._material))

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            self._show("")
            click.echo("\r", nl=False, err=True)
            self._shown = False

    def _say_once(self, text: str) -> None:
        say(text, quiet=self._quiet)

    def _show(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        click.echo("\r" + text[:width].ljust(width), nl=False, err=True)
        self._shown = True


class ProgressLines:
    """Shows the nests of a lay one after the other, each with a few words about it."""

    def __init__(self, material: str, *, quiet: bool) -> None:
        self._material, self._quiet = material, quiet
        self._lines: list[ProgressLine] = []

    def listening(self, what: str) -> ProgressLine:
        """The listener of the next nest."""
        self.close()
        self._lines.append(ProgressLine(", ".join(filter(None, (self._material, what))), quiet=self._quiet))
        return self._lines[-1]

    def close(self) -> None:
        """Take the line away."""
        if self._lines:
            self._lines[-1].close()

    @property
    def search_began(self) -> float:
        """When the first search began (time.monotonic); now, where none did."""
        return next((line.search_began for line in self._lines if line.search_began is not None), time.monotonic())

    @property
    def start_s(self) -> float | None:
        """The seconds from the start of the process to the first search."""
        return next((line.start_s for line in self._lines if line.start_s is not None), None)


def _text(progress: Progress, material: str) -> str:
    name = f"{material}: " if material else ""
    if progress.stage == "preparing" or progress.length_mm is None:
        return f"{name}preparing {progress.copies} pieces; {_left(progress)}"
    efficiency = 100 * (progress.efficiency or 0.0)
    return f"{name}{_bar(progress)} {efficiency:6.2f} %   {progress.length_mm / 1000:.3f} m   {_left(progress)}"


def _left(progress: Progress) -> str:
    if progress.rounds_left is not None:
        return f"{progress.rounds_left} rounds left"
    return f"{format_duration(progress.left_s or 0.0)} left"


def _bar(progress: Progress) -> str:
    if progress.rounds_left is not None:
        done = progress.rounds / max(1, progress.rounds + progress.rounds_left)
    else:
        done = progress.elapsed_s / max(1e-9, progress.elapsed_s + (progress.left_s or 0.0))
    full = min(BAR, int(BAR * done))
    return "[" + "#" * full + "." * (BAR - full) + "]"
