"""Which command of a machine's language moves the cloth on, and how far: as its profile says, for every dialect alike.

No two makers agree on it (a page of HP-GL, a bite of the industry's code, an M-code of one's own, a belt as a fourth
axis), so the text ``windows.feed`` of the profile is turned round: the line of it that carries {advance} or
{advance_mm}, or its only line, is the form that a feed has in a program, with a number in place of the field. A parser
asks ``FeedForm.match`` wherever a command may begin, before it reads the command itself. The other lines of the text
are ordinary commands. What has another form is no feed, and the parser's own rules decide what is wrong with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter

from cutkit.toolpath import CutterProfile

_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+))"
_BLANKS = r"[ \t]*"
_NO_MORE = r"(?![\d.,+-])"
"""A feed ends where no further number begins: ``PG`` is not ``PG0``, nor ``M69`` the beginning of ``M690``."""

FARTHEST_MM = 1e7
"""No feed is longer: there is no such roll of cloth, and what asks for it is no feed."""


@dataclass(frozen=True, slots=True)
class FeedForm:
    """How a feed of the cloth looks. ``mm_per_unit`` is what its number counts; without a number it is ``bite_mm``."""

    pattern: re.Pattern[str]
    mm_per_unit: float
    bite_mm: float = 0.0

    def match(self, text: str, position: int = 0) -> tuple[float, int] | None:
        """The feed that begins at ``position`` of a program: by how many mm, and where it ends; None: there is none."""
        found = self.pattern.match(text, position)
        if found is None:
            return None
        by_mm = float(found.group(1)) * self.mm_per_unit if self.pattern.groups else self.bite_mm
        return (by_mm, found.end()) if abs(by_mm) <= FARTHEST_MM else None


def feed_form(profile: CutterProfile) -> FeedForm | None:
    """The form of a feed in programs for the machine of ``profile``; None where programs cannot move the cloth."""
    windows = profile.windows
    if windows is None or windows.feed is None:
        return None
    lines = [list(Formatter().parse(line)) for line in windows.feed.split("\n") if line.strip()]
    parts = next((line for line in lines if any(name is not None for _, name, _, _ in line)), lines[0])
    pattern, mm_per_unit = "", 1.0
    for literal, name, _, _ in parts:
        pattern += "".join(re.escape(c) + _BLANKS for c in literal.rstrip("; \t") if c not in " \t")
        if name is not None:
            pattern += _NUMBER + _BLANKS
            mm_per_unit = 1.0 / profile.coordinates.units_per_mm if name == "advance" else 1.0
    return FeedForm(re.compile(pattern + _NO_MORE, re.IGNORECASE), mm_per_unit, windows.bite_mm or 0.0)
