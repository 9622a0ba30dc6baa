"""The words of one G-code block, and Grbl 1.1h's rules about which may stand together."""

from __future__ import annotations

import re
from dataclasses import dataclass

NOT_EMULATED = 0
REFUSALS = {
    NOT_EMULATED: "the emulator does not carry this out",
    1: "a letter was expected",
    2: "not a number",
    4: "a negative value",
    11: "the line is too long",
    20: "unsupported command",
    21: "two commands of one modal group",
    22: "no feed rate",
    23: "a whole number was expected",
    24: "two commands want the axis words",
    25: "a word is repeated",
    26: "axis words are missing",
    28: "a value is missing",
    30: "G53 with this motion",
    31: "axis words without a motion",
    32: "axis words of the plane are missing",
    33: "the arc's end cannot be right",
    34: "the arc's radius cannot be right",
    35: "the arc's centre is missing",
    36: "unused words",
}
"""Grbl 1.1's error numbers that a program can meet, with their meaning; 0: Grbl would take it, the emulator not."""

_GROUPS = {
    "motion": ("G0", "G1", "G2", "G3", "G80"),
    "other": ("G4", "G53", "G92", "G92.1"),
    "plane": ("G17", "G18", "G19"),
    "units": ("G20", "G21"),
    "cutter": ("G40",),
    "length": ("G49",),
    "coordinates": ("G54",),
    "path": ("G61",),
    "distance": ("G90", "G91"),
    "arc distance": ("G91.1",),
    "feed": ("G93", "G94"),
    "flow": ("M0", "M1", "M2", "M30"),
    "spindle": ("M3", "M4", "M5"),
    "coolant": ("M8", "M9"),
}
_BEYOND = frozenset(
    [
        "G10",
        "G28",
        "G28.1",
        "G30",
        "G30.1",
        "G38.2",
        "G38.3",
        "G38.4",
        "G38.5",
        "G43.1",
        "G55",
        "G56",
        "G57",
        "G58",
        "G59",
    ]
)
"""What Grbl knows but what depends on values stored in the machine, or on a probe."""
_GROUP_OF = {code: group for group, codes in _GROUPS.items() for code in codes}
_TAKES_AXES = frozenset({"G0", "G1", "G2", "G3", "G80", "G92"})
_VALUE_LETTERS = frozenset("FIJKLNPRSTXYZ")
_NOT_NEGATIVE = frozenset("FNPST")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


class Refused(Exception):  # noqa: N818  (a machine's answer, not an error of this program)
    """A block that the machine refuses: the number of its ``error:N`` and what in the block is meant."""

    def __init__(self, number: int, detail: str) -> None:
        super().__init__(f"error:{number} {detail}")
        self.number = number
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its G and M codes as ``"G1"``, and the value of every other word."""

    codes: frozenset[str]
    words: dict[str, float]

    @property
    def axes(self) -> set[str]:
        """The axes that the block names."""
        return self.words.keys() & {"X", "Y", "Z"}

    @property
    def motion_named(self) -> bool:
        """True where the block itself says how to move."""
        return bool(self.codes & {"G0", "G1", "G2", "G3"})

    def moves(self, motion: str) -> bool:
        """True where its axis words are a motion (and not a new origin)."""
        return bool(self.axes) and "G92" not in self.codes and bool(motion)

    def one_of(self, names: tuple[str, ...], default: str) -> str:
        """The one of a modal group that the block names, else ``default``."""
        return next((name for name in names if name in self.codes), default)


def read_block(text: str) -> Block:
    """The words of a block without blanks and comments; Refused as Grbl 1.1h refuses it."""
    codes: set[str] = set()
    words: dict[str, float] = {}
    groups: set[str] = set()
    wants_axes = False
    for letter, value in _words(text):
        if letter in "GM":
            code = _code(letter, value)
            if code in _TAKES_AXES:
                if wants_axes:
                    raise Refused(24, code)
                wants_axes = True
            if _GROUP_OF[code] in groups:
                raise Refused(21, code)
            groups.add(_GROUP_OF[code])
            codes.add(code)
        else:
            _take_word(words, letter, value)
    return Block(frozenset(codes), words)


def _words(text: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    position = 0
    while position < len(text):
        letter = text[position]
        if not "A" <= letter <= "Z":
            raise Refused(1, repr(letter))
        number = _NUMBER.match(text, position + 1)
        if number is None:
            raise Refused(2, text[position : position + 8])
        found.append((letter, float(number.group())))
        position = number.end()
    return found


def _code(letter: str, value: float) -> str:
    code = f"{letter}{value:g}"
    if code in _GROUP_OF:
        return code
    if code in _BEYOND:
        raise Refused(NOT_EMULATED, code)
    if value != int(value) and (letter == "M" or 54 <= value < 60):
        raise Refused(23, code)
    raise Refused(20, code)


def _take_word(words: dict[str, float], letter: str, value: float) -> None:
    if letter not in _VALUE_LETTERS:
        raise Refused(20, f"{letter}{value:g}")
    if letter in words:
        raise Refused(25, letter)
    if letter in _NOT_NEGATIVE and value < 0:
        raise Refused(4, f"{letter}{value:g}")
    words[letter] = value
