"""A program in the smallest parts that can be sent by themselves: lines of G-code, instructions of HP-GL.

HP-GL is often one endless line. Parts are therefore cut at its instructions, and ``numbered`` gives the parsers a copy
in which every part is a line, so that the line numbers of actions and violations are those of parts. The parsers of the
other plotter languages count commands as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cutkit.toolpath import DialectName

_SKIPPED = re.compile(rb"[\s;,!]*")
_NUMBERS = re.compile(rb"[^;A-Za-z\n\x1b!]*")
_DEVICE_CONTROL = re.compile(rb"\x1b(?:\.[A-Za-z@()](?:[\d;]*:)?|%-?\d*[ABX]|E)")
_COMMANDS: dict[DialectName, re.Pattern[bytes]] = {
    "gpgl": re.compile(rb"[^\x03\n]*[\x03\n]|[^\x03\n]+"),
    "dmpl": re.compile(
        rb"[\s,;]*(?:;:|@|EC(?=[15MN])|BP|FS|AS|EH|EF|EI|CA|CC|CE|CR|CU|[A-Z])(?:[15MN](?![\d.])|[^A-Z;@]*)|[^A-Z;@]+"
    ),
    "gerber": re.compile(rb"(?:/[^/]*/)*[^*]*\*|[^*]+"),
}
"""Languages whose parsers count commands instead of lines."""
_COMMENT = re.compile(rb"\([^)]*(?:\)|$)|;.*")


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a program as it is sent; G-code without its line end. ``number`` is the line of the file in which it
    stands (in languages without lines the command), from 1; None: the sender put it in."""

    raw: bytes
    number: int | None = None

    @property
    def text(self) -> bytes:
        """The part without comments and without blanks around it: for G-code only."""
        return _COMMENT.sub(b"", self.raw).strip()

    @property
    def words(self) -> bytes:
        """The part without comments and blanks, in capitals: for G-code only."""
        return re.sub(rb"\s", b"", _COMMENT.sub(b"", self.raw)).upper()


def program_lines(data: bytes, dialect: DialectName) -> list[Line]:
    """The parts of a program, in order; put together again they are the program (but for G-code's line ends)."""
    if dialect == "gcode":
        return [Line(raw, number) for number, raw in enumerate(re.split(rb"\r\n|\n|\r", data), 1)]
    if dialect in _COMMANDS:
        return [Line(raw, number) for number, raw in enumerate(_COMMANDS[dialect].findall(data), 1)]
    lines, number = [], 1
    for part in _instructions(data):
        lead = len(part) - len(part.lstrip())
        lines.append(Line(part, number + part.count(b"\n", 0, lead)))
        number += part.count(b"\n")
    return lines


def numbered(lines: Sequence[Line], dialect: DialectName) -> bytes:
    """The program for the parsers, which then count parts as lines: it is never sent."""
    if dialect in _COMMANDS:
        return b"".join(line.raw for line in lines)
    return b"".join(line.raw.strip().replace(b"\n", b" ") + b"\n" for line in lines)


def _instructions(data: bytes) -> Iterator[bytes]:
    position, label_end = 0, b"\x03"
    while position < len(data):
        start = position
        position = _end(_SKIPPED, data, position)
        name = data[position : position + 2].upper()
        control = _DEVICE_CONTROL.match(data, position)
        if control:
            end = control.end()
        elif name in (b"LB", b"PE", b"CO"):
            found = data.find(label_end if name == b"LB" else b";", position)
            end = len(data) if found < 0 else found + 1
        elif name == b"DT":
            label_end = data[position + 2 : position + 3].strip(b";") or b"\x03"
            end = position + 2 + (label_end == data[position + 2 : position + 3])
        else:
            end = _end(_NUMBERS, data, min(position + 2, len(data)))
        position = _end(_SKIPPED, data, min(end, len(data)))
        yield data[start:position]


def _end(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    match = pattern.match(data, position)
    return match.end() if match else position
