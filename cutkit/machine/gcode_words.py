"""The words of one G-code block, and the controllers' rules about which may stand together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cutkit.machine.gcode_rules import GRBL, Rules

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
"""Grbl's error numbers that a program can meet, with their meaning; 0: the controller would take it, the emulator not.
LinuxCNC refuses for the same reasons, in words of its own."""

MOTIONS = ("G0", "G1", "G2", "G3", "G5", "G80")
_TAKES_AXES = frozenset({*MOTIONS, "G92"})
_NOT_NEGATIVE = frozenset("FNPST")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_PARAMETER = re.compile(r"#(\d+)")


class Refused(Exception):  # noqa: N818  (a machine's answer, not an error of this program)
    """A block that the machine refuses: the number of its ``error:N`` and what in the block is meant."""

    def __init__(self, number: int, detail: str) -> None:
        super().__init__(f"error:{number} {detail}")
        self.number = number
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its G and M codes as ``"G1"``, the value of every other word, and the parameters that it sets."""

    codes: frozenset[str]
    words: dict[str, float]
    axis_letters: str = "XYZ"
    settings: dict[int, float] = field(default_factory=dict)

    @property
    def axes(self) -> set[str]:
        """The axes that the block names."""
        return self.words.keys() & set(self.axis_letters)

    @property
    def motion_named(self) -> bool:
        """True where the block itself says how to move."""
        return bool(self.codes & {"G0", "G1", "G2", "G3", "G5"})

    def moves(self, motion: str) -> bool:
        """True where its axis words are a motion (and not a new origin)."""
        return bool(self.axes) and "G92" not in self.codes and bool(motion)

    def one_of(self, names: tuple[str, ...], default: str) -> str:
        """The one of a modal group that the block names, else ``default``."""
        return next((name for name in names if name in self.codes), default)


def read_block(text: str, rules: Rules = GRBL, parameters: Mapping[int, float] | None = None) -> Block:
    """The words of a block without blanks and comments; Refused as the controller refuses it.

    ``parameters`` are the values of ``#1`` and so on, where the controller has such.
    """
    codes: set[str] = set()
    words: dict[str, float] = {}
    groups: set[str] = set()
    settings: dict[int, float] = {}
    wants_axes = False
    for letter, value in _words(text, rules, parameters or {}, settings):
        if letter in "GM":
            code, group = _code(letter, value, rules)
            if code in _TAKES_AXES:
                if wants_axes:
                    raise Refused(24, code)
                wants_axes = True
            if group in groups:
                raise Refused(21, code)
            groups.add(group)
            codes.add(code)
        else:
            _take_word(words, letter, value, rules)
    return Block(frozenset(codes), words, rules.axes, settings)


def _words(
    text: str, rules: Rules, parameters: Mapping[int, float], settings: dict[int, float]
) -> Iterator[tuple[str, float]]:
    """The words one by one, so that the first fault of a block is the one that is told."""
    position = 0
    while position < len(text):
        letter = text[position]
        if rules.parameters and letter in "#O":
            if letter == "O":
                raise Refused(NOT_EMULATED, "O words")
            position = _setting(text, position, settings, parameters)
            continue
        if not "A" <= letter <= "Z":
            raise Refused(1, repr(letter))
        value, position = _value(text, position + 1, parameters if rules.parameters else None)
        yield letter, value


def _setting(text: str, position: int, settings: dict[int, float], parameters: Mapping[int, float]) -> int:
    """Note the ``#1=5`` at a position; where it ends."""
    name = _PARAMETER.match(text, position)
    if name is None or text[name.end() : name.end() + 1] != "=":
        raise Refused(NOT_EMULATED, f"{text[position : position + 8]}: a parameter of this kind")
    settings[int(name[1])], position = _value(text, name.end() + 1, parameters)
    return position


def _value(text: str, position: int, parameters: Mapping[int, float] | None) -> tuple[float, int]:
    """The number at a position and where it ends. ``parameters`` None: the controller has none."""
    number = _NUMBER.match(text, position)
    if number is not None:
        return float(number.group()), number.end()
    if parameters is not None and text[position : position + 1] in ("#", "[", "-", "+"):
        name = _PARAMETER.match(text, position)
        if name is None:
            raise Refused(NOT_EMULATED, f"{text[position : position + 8]}: expressions")
        return parameters.get(int(name[1]), 0.0), name.end()
    raise Refused(2, text[position - 1 : position + 7])


def _code(letter: str, value: float, rules: Rules) -> tuple[str, str]:
    """The name of a G or M code and its modal group."""
    code = f"{letter}{value:g}"
    group = rules.group_of(code)
    if group is not None:
        return code, group
    if code in rules.beyond:
        raise Refused(NOT_EMULATED, code)
    if value != int(value) and (letter == "M" or 54 <= value < 60):
        raise Refused(23, code)
    raise Refused(20, code)


def _take_word(words: dict[str, float], letter: str, value: float, rules: Rules) -> None:
    if letter not in rules.letters:
        raise Refused(20, f"{letter}{value:g}")
    if letter in words:
        raise Refused(25, letter)
    if letter in _NOT_NEGATIVE and value < 0 and not (letter == "P" and "Q" in rules.letters):
        raise Refused(4, f"{letter}{value:g}")
    words[letter] = value
