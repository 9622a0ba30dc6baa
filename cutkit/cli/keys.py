"""Single keys from the terminal while a job runs; where there is none, no key ever comes."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

MEANING = {" ": "p", "p": "p", "r": "r", "q": "q"}


class Keys:
    """A context in which ``pressed`` tells the keys one by one, without Enter: p pause, r go on, q stop."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and sys.stdin is not None and sys.stdin.isatty()
        self._before: list[Any] | None = None

    def __enter__(self) -> Keys:
        if self._wanted:
            try:
                import termios
                import tty
            except ImportError:  # not on Windows
                return self
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    @property
    def listening(self) -> bool:
        """Whether keys are heard."""
        return self._before is not None

    def pressed(self) -> str | None:
        """``p``, ``r`` or ``q``; None where none of them was pressed."""
        import os
        import select

        if self._before is None or not select.select([sys.stdin], [], [], 0)[0]:
            return None
        return MEANING.get(os.read(sys.stdin.fileno(), 1).decode("latin-1").lower())
