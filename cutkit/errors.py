"""Every error that cutkit raises on purpose. Each knows its exit code, so a script can tell them apart.

::

    CutkitError                 1   a fault of cutkit itself
    ├── UsageError              2   a wrong option, an unknown profile
    ├── InputError              3   a file that is missing or cannot be understood
    ├── InfeasibleError         4   pieces that cannot be placed
    │   └── LimitError          4   beyond what a machine can take
    ├── CheckError              5   a check that failed: an invalid marker, below --min-efficiency
    └── MachineError            6   a device, a disk, a port

An error reads as *where: message*, then, on a line of its own, the *hint* that says what to do.
"""

from __future__ import annotations

from collections.abc import Iterable


class CutkitError(Exception):
    """A failure that is explained to the user: ``message``, ``where`` (file, block, line) and ``hint`` (what to do)."""

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n{self.hint}" if self.hint else head


class UsageError(CutkitError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class InputError(CutkitError):
    """An input file is missing, unreadable, or says something that cannot be right."""

    exit_code = 3


class InfeasibleError(CutkitError):
    """What was asked cannot be done with this cloth: a piece that is too large, a limit that is too short."""

    exit_code = 4


class LimitError(InfeasibleError):
    """A machine cannot do it: its table is too small, its numbers too short. Never clamped, never cropped."""


class CheckError(CutkitError):
    """A check said no: an invalid marker, a program that would cut wrong, an efficiency below the wanted one."""

    exit_code = 5


class MachineError(CutkitError):
    """A device, a port or a disk failed."""

    exit_code = 6


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``Did you mean 'X'?`` for the name in ``known`` that is nearest to ``name``, else an empty text."""
    from difflib import get_close_matches

    folded = {k.casefold(): k for k in known}
    near = get_close_matches(name.strip().casefold(), folded, 1)
    return f"Did you mean {folded[near[0]]!r}?" if near else ""
