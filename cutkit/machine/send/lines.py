"""A program in the smallest parts that can be sent by themselves: lines of G-code, instructions of HP-GL.

HP-GL is often one endless line. Parts are therefore cut at its instructions, and ``numbered`` gives the parsers a copy
in which every part is a line, so that the line numbers of actions and violations are those of parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cutkit.toolpath import DialectName

_SKIPPED = re.compile(rb"[\s;,!]*")
_NUMBERS = re.compile(rb"[^;A-Za-z\n\x1b!]*")
_DEVICE_CONTROL = re.compile(rb"\x1b(?:\.[A-Za-z@()](?:[\d;]*:)?|%-?\d*[ABX]|E)")
_ENDS: dict[DialectName, re.Pattern[bytes]] = {
    "gpgl": re.compile(rb"[^\x03\n]*[\x03\n]*"),
    "dmpl": re.compile(rb"[^\n]*\n*"),
    "gerber": re.compile(rb"[^*\n]*[*\n]*"),
}
_COMMENT = re.compile(rb"\([^)]*(?:\)|$)|;.*")


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a program as it is sent; G-code without its line end. ``number`` is the line of the file in which it
    stands, from 1; None: the sender put it in."""

    raw: bytes
    number: int | None = None

    @property
    def words(self) -> bytes:
        """The part without comments and blanks, in capitals: for G-code only."""
        return re.sub(rb"\s", b"", _COMMENT.sub(b"", self.raw)).upper()


def program_lines(data: bytes, dialect: DialectName) -> list[Line]:
    """The parts of a program, in order; put together again they are the program (but for G-code's line ends)."""
    if dialect == "gcode":
        return [Line(raw, number) for number, raw in enumerate(re.split(rb"\r\n|\n|\r", data), 1)]
    parts = _instructions(data) if dialect == "hpgl" else _ENDS[dialect].findall(data)
    lines, number = [], 1
    for part in parts:
        if part:
            lead = len(part) - len(part.lstrip())
            lines.append(Line(part, number + part.count(b"\n", 0, lead)))
            number += part.count(b"\n")
    return lines


def numbered(lines: Sequence[Line]) -> bytes:
    """The program with every part on a line of its own, for the parsers only: it is never sent."""
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
