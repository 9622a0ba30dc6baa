"""What controllers say, in words: errors and alarms of Grbl 1.1 by number, its status reports.

The numbers are those of Grbl 1.1h's public documentation; grblHAL keeps them and adds its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cutkit.machine.gcode_words import REFUSALS
from cutkit.model import Point

ERRORS = {
    **{number: text for number, text in REFUSALS.items() if number},
    3: "this $ command is not supported",
    5: "homing is not enabled in the settings",
    6: "the step pulse is too short",
    7: "the settings could not be read and were reset",
    8: "a $ command is only taken when idle",
    9: "locked: alarm or jog state",
    10: "soft limits need homing",
    12: "more steps a second than it can make",
    13: "the safety door is open",
    14: "a start line is too long",
    15: "a jog beyond the machine's travel",
    16: "a jog without or with a forbidden command",
    17: "laser mode needs PWM",
    27: "a line number is out of range",
    29: "too many work coordinate systems",
    37: "G43.1 for another axis than the configured one",
    38: "a tool number beyond the largest",
}
ALARMS = {
    1: "a limit switch was hit: the position is lost",
    2: "the target lies outside the machine's travel: nothing was moved",
    3: "a reset while it moved: the position is lost",
    4: "the probe was not as expected",
    5: "the probe found nothing",
    6: "a reset while homing",
    7: "the door was opened while homing",
    8: "homing could not get off the switch",
    9: "homing did not find the switch",
    10: "homing: the second axis was not squared",
    11: "homing is required",
}
_FIELD = re.compile(r"([A-Za-z0-9]+):([-\d.,]+)")


@dataclass(frozen=True, slots=True)
class Status:
    """A status report ``<State|...>``; ``braking``: on its way to a hold (``Hold:1``, ``Door:2``).

    Positions are in mm, ``work_mm`` in the program's coordinates; ``spindle`` is its speed, with which a knife may be
    lowered; ``blocks_free`` and ``bytes_free`` are of its memory. All of it None where it is not told.
    """

    state: str
    braking: bool = False
    machine_mm: Point | None = None
    work_mm: Point | None = None
    offset_mm: Point | None = None
    spindle: float | None = None
    blocks_free: int | None = None
    bytes_free: int | None = None


def read_status(text: str, offset_mm: Point | None) -> Status | None:
    """The status in a line; None where it is none, or damaged on the way. ``offset_mm`` is the work offset that the
    machine last told: it does not do so every time."""
    if not (text.startswith("<") and text.endswith(">") and text.count("<") == 1):
        return None
    parts = text[1:-1].split("|")
    fields = {m.group(1): m.group(2) for part in parts[1:] if (m := _FIELD.fullmatch(part))}
    machine, work = _point(fields.get("MPos")), _point(fields.get("WPos"))
    offset = _point(fields.get("WCO")) or offset_mm
    if work is None and machine is not None and offset is not None:
        work = (machine[0] - offset[0], machine[1] - offset[1])
    speeds = _point(fields.get("FS"))
    free = fields.get("Bf", "").split(",")
    counts = [int(n) for n in free] if len(free) == 2 and all(n.isdigit() for n in free) else [None, None]
    return Status(
        parts[0].split(":")[0],
        parts[0] in ("Hold:1", "Door:2"),
        machine,
        work,
        offset,
        speeds[1] if speeds else None,
        counts[0],
        counts[1],
    )


def _point(text: str | None) -> Point | None:
    try:
        x, y = [float(number) for number in (text or "").split(",")[:2]]
    except ValueError:
        return None
    return (x, y)


def error_text(number: str) -> str:
    """``error:20 (unsupported command)``."""
    return f"error:{number} ({ERRORS.get(_number(number), 'not known to cutkit')})"


def alarm_text(number: str) -> str:
    """``ALARM:1 (a limit switch was hit: the position is lost)``."""
    return f"ALARM:{number} ({ALARMS.get(_number(number), 'not known to cutkit')})"


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1
