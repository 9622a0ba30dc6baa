"""GP-GL, the language of Graphtec's cutters: a letter or sign, numbers, ended by ETX (0x03); 20 units a millimetre.

Written from published lists of the language's instructions, and sharing nothing with the writer of programs, which it
is the check on. Instructions are counted from 1. M moves with the tool up, D draws with it down; nothing else lowers or
lifts it, but H, which goes home.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cutkit.machine.actions import Device, DrawText, Program
from cutkit.machine.pen import Pen
from cutkit.model import Point

NO_MOTION = frozenset(
    ["*", "FC", "FD", "FX", "FY", "FE", "FW", "TT", "T", "A", "S", "Q", "R", "I", "LP", "$", "K", ":", '"', "=", "BP"]
)
"""Force, cutter offset and turning of the blade, letters, buzzer, interface: nothing along the table."""
QUERIES = frozenset(["G", "C", "?", "[", "U", "V", "@", "#", "FG"])
BEYOND = frozenset(
    ["MP", "DP", "EP", "OP", "RP", "N", "SP", "(", "(P", "WP", "W", "]", "Y", "_", ")", "BZ", "B", "RC", "^", "^P"]
    + ["\\", "Z", "/", ">", "&", "SO", "F", "X", "FN", "FU", "FM", "FA", "TB", "FQ", "FO"]
)
"""Curves, marks, other origins, axes and scales, and the feed: where they lead the emulator does not know."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_DEVICE_CONTROL = re.compile(r"\x1b(?:[\x04\x05]|\.[A-Za-z@()](?:[\d;]*:)?)")
_NAMES = sorted(NO_MOTION | QUERIES | BEYOND | {"M", "D", "O", "E", "H", "J", "!", "L", "P"}, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class _Instruction:
    name: str
    text: str
    line: int


def parse_gpgl(data: bytes, device: Device) -> Program:
    """The actions of a GP-GL program, and everything in it that the machine would not know or misread."""
    pen = Pen()
    for number, text in enumerate(re.split(r"[\x03\n]", data.decode("latin-1")), 1):
        bare = _DEVICE_CONTROL.sub("", text).strip(" \r\t,")
        if bare:
            name = next((name for name in _NAMES if bare.startswith(name)), "")
            _obey(pen, device, _Instruction(name, bare[len(name) :], number))
    return pen.program()


def _obey(pen: Pen, device: Device, it: _Instruction) -> None:
    if it.name in ("M", "D", "O", "E"):
        _move(pen, device, it)
    elif it.name == "H":
        pen.set_down(it.line, False)
        pen.go(it.line, (0.0, 0.0))
    elif it.name in ("J", "!", "L"):
        _set(pen, device, it)
    elif it.name == "P":
        pen.actions.append(DrawText(it.line, it.text))
    elif it.name in BEYOND:
        pen.fault("not-emulated", f"{it.name}: the emulator does not carry this out", it.line)
    elif it.name in NO_MOTION and it.name != "K":
        _numbers(pen, it)
    elif not it.name:
        pen.fault("unknown-command", f"{it.text[:24]!r} is no instruction", it.line)


def _move(pen: Pen, device: Device, it: _Instruction) -> None:
    """M and D go to points, O and E by steps; D and E with the tool down."""
    numbers = _numbers(pen, it)
    if numbers is None:
        return
    if not numbers or len(numbers) % 2:
        pen.fault("wrong-parameters", f"{it.name} with {len(numbers)} coordinates; it takes pairs", it.line)
        return
    pen.set_down(it.line, it.name in ("D", "E"))
    for units in zip(numbers[::2], numbers[1::2], strict=True):
        x, y = units[0] / device.units_per_mm, units[1] / device.units_per_mm
        _check_range(pen, device, units, it)
        pen.go(it.line, (pen.here[0] + x, pen.here[1] + y) if it.name in ("O", "E") else (x, y))


def _set(pen: Pen, device: Device, it: _Instruction) -> None:
    """J takes a tool, ``!`` sets the speed, L the kind of line."""
    numbers = _numbers(pen, it)
    if numbers is None:
        return
    if not numbers:
        pen.fault("wrong-parameters", f"{it.name} without a number", it.line)
    elif it.name == "J":
        pen.select(it.line, int(numbers[0]))
    elif it.name == "L" and numbers[0] != 0:
        pen.fault("dashed-line", "L asks for dashes: a cut would be left in bridges", it.line)
    elif it.name == "!" and numbers[0] <= 0:
        pen.fault("no-feed", f"!{numbers[0]:g}: no speed to cut with", it.line)
    elif it.name == "!":
        pen.feed_mm_s = numbers[0] / device.feed_per_mm_s


def _numbers(pen: Pen, it: _Instruction) -> list[float] | None:
    """The instruction's numbers; None after a violation."""
    if _NUMBER.sub("", it.text).strip(" ,"):
        pen.fault("wrong-parameters", f"{it.name}{it.text[:24]}: not a list of numbers", it.line)
        return None
    return [float(number) for number in _NUMBER.findall(it.text)]


def _check_range(pen: Pen, device: Device, units: Point, it: _Instruction) -> None:
    low, high = device.lowest_units, device.highest_units
    for value in units:
        if (low is not None and value < low) or (high is not None and value > high):
            pen.fault("out-of-range", f"{value:g} is beyond what the machine takes ({low:g} to {high:g})", it.line)
