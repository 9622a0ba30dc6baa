"""How notices are shown: those with one text together, with the pieces they are about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cutkit.cli.common import say

if TYPE_CHECKING:
    from cutkit.model import Notice

PIECES_NAMED = 4
LINES_SAID = 14
TEXT_WIDTH = 100


def notice_lines(notices: Iterable[Notice]) -> list[str]:
    """A line (or a few, wrapped) for each text: code, pieces and message."""
    import textwrap

    groups: dict[tuple[str, str], list[str]] = {}
    for notice in notices:
        pieces = groups.setdefault((notice.code, notice.message), [])
        if notice.piece:
            pieces.append(notice.piece)
    lines: list[str] = []
    for (code, message), pieces in groups.items():
        named = ", ".join(pieces[:PIECES_NAMED])
        more = f" and {len(pieces) - PIECES_NAMED} more" if len(pieces) > PIECES_NAMED else ""
        text = f"{code}: {named}{more}: {message}" if pieces else f"{code}: {message}"
        lines += textwrap.wrap(text, TEXT_WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    return lines


def say_notices(notices: Iterable[Notice], *, quiet: bool, all_of_them: str) -> None:
    """The notices on stderr, the first of many; ``all_of_them`` says where the others are to be seen."""
    lines = notice_lines(notices)
    for line in lines[:LINES_SAID]:
        say(line if line.startswith(" ") else f"note: {line}", quiet=quiet)
    if len(lines) > LINES_SAID:
        say(f"note: and {len(lines) - LINES_SAID} more lines; {all_of_them}", quiet=quiet)
