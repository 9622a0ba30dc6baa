"""In what the G-code controllers differ: which codes and words each knows, how long its lines are, what it answers.

A table of data, taken from the answers of real software (Grbl 1.1h in an AVR simulator, grblHAL's simulator, LinuxCNC's
``rs274``) and the projects' documentation. Marlin, whose lines are commands with parameters, has a parser of its own
(``gcode_marlin``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cutkit.toolpath import ControllerName

GRBL_GROUPS: Mapping[str, tuple[str, ...]] = {
    "motion": ("G0", "G1", "G2", "G3", "G80"),
    "other": ("G4", "G53", "G92", "G92.1"),
    "plane": ("G17", "G18", "G19"),
    "units": ("G20", "G21"),
    "cutter": ("G40",),
    "length": ("G49",),
    "coordinates": ("G54", "G55", "G56", "G57", "G58", "G59"),
    "path": ("G61",),
    "distance": ("G90", "G91"),
    "arc distance": ("G91.1",),
    "feed": ("G93", "G94"),
    "flow": ("M0", "M1", "M2", "M30"),
    "spindle": ("M3", "M4", "M5"),
    "coolant": ("M8", "M9"),
}
"""The codes that the emulator carries out as Grbl 1.1h does, by modal group: a block has one of each."""
_MORE = {
    "motion": (*GRBL_GROUPS["motion"], "G5"),
    "coordinates": (*GRBL_GROUPS["coordinates"], "G59.1", "G59.2", "G59.3"),
    "flow": (*GRBL_GROUPS["flow"], "M60"),
    "coolant": ("M7", "M8", "M9"),
    "tool": ("M6",),
    "retract": ("G98", "G99"),
    "spindle mode": ("G97",),
    "overrides": ("M48", "M49"),
}
GRBLHAL_GROUPS: Mapping[str, tuple[str, ...]] = {**GRBL_GROUPS, **_MORE}
LINUXCNC_GROUPS: Mapping[str, tuple[str, ...]] = {
    **GRBL_GROUPS,
    **_MORE,
    "cutter": ("G40", "G41", "G42", "G41.1", "G42.1"),
    "path": ("G61", "G61.1", "G64"),
    "lathe": ("G8",),
}

_STORED = ("G10", "G28", "G28.1", "G30", "G30.1", "G38.2", "G38.3", "G38.4", "G38.5", "G43.1")
_BOTH = ("G5.1", "G7", "G33", "G43", "G43.2", "G73", "G76", *(f"G{n}" for n in range(81, 90)), "G92.2", "G92.3", "G95")
_OUTPUTS = ("M50", "M51", "M52", "M53", "M61", "M62", "M63", "M64", "M65", "M66", "M67", "M68")
GRBL_BEYOND = frozenset(_STORED)
"""What Grbl knows but what depends on values stored in the machine, or on a probe."""
GRBLHAL_BEYOND = frozenset([*_STORED, *_BOTH, *_OUTPUTS, "G8", "G50", "G51", "G65", "G96", "G5.2", "G5.3"])
LINUXCNC_BEYOND = frozenset(
    [*_STORED, *_BOTH, *_OUTPUTS, "G5.2", "G5.3", "G33.1", "G52", "G90.1", "G96", "M19", "M70", "M71", "M72", "M73"]
)

PercentRule = Literal["refused", "ignored", "first line"]


@dataclass(frozen=True)
class Rules:
    """What one controller makes of a block.

    ``beyond`` are codes that it knows and the emulator does not carry out. ``letters`` may carry values, ``axes`` are
    those that the machine has. ``longest_line`` counts what is left without comments and blanks, or with
    ``counts_all`` every character. ``real_time``: some bytes are obeyed at once, wherever they stand. ``first_motion``
    is in force before any is named; "": none. ``numbered``: it answers with error numbers. ``ends``: nothing after M2
    and M30 is read. ``m1_holds``: M1 waits for the operator, always.
    """

    controller: ControllerName
    groups: Mapping[str, tuple[str, ...]]
    beyond: frozenset[str]
    letters: frozenset[str]
    axes: str = "XYZ"
    longest_line: int = 79
    counts_all: bool = False
    real_time: bool = True
    parameters: bool = False
    percent: PercentRule = "refused"
    first_motion: str = "G0"
    numbered: bool = True
    ends: bool = False
    m1_holds: bool = False

    def group_of(self, code: str) -> str | None:
        """The modal group of a code that is carried out; None for any other."""
        return next((group for group, codes in self.groups.items() if code in codes), None)


GRBL = Rules("grbl", GRBL_GROUPS, GRBL_BEYOND, frozenset("FIJKLNPRSTXYZ"))
"""Grbl 1.1h: three axes; a line buffer of 80, which has room for 79 and the closing zero."""
GRBLHAL = Rules(
    "grblhal",
    GRBLHAL_GROUPS,
    GRBLHAL_BEYOND,
    frozenset("ABCDEFHIJKLNPQRSTUVWXYZ"),
    longest_line=256,
    parameters=True,
    percent="ignored",
    m1_holds=True,
)
LINUXCNC = Rules(
    "linuxcnc",
    LINUXCNC_GROUPS,
    LINUXCNC_BEYOND,
    frozenset("ABCDEFHIJKLNPQRSTUVWXYZ"),
    axes="XYZA",
    longest_line=252,
    counts_all=True,
    real_time=False,
    parameters=True,
    percent="first line",
    first_motion="",
    numbered=False,
    ends=True,
)
"""LinuxCNC 2.9 as its ``rs274`` answers: the first fault ends the program. Every axis that it could have is known."""


def rules_of(controller: ControllerName, *, turning_axis: bool = False) -> Rules:
    """The rules of a controller but Marlin. ``turning_axis``: a grblHAL that was built with an A axis."""
    if controller == "grblhal" and turning_axis:
        return Rules(**{**vars(GRBLHAL), "axes": "XYZA"})
    return {"grbl": GRBL, "grblhal": GRBLHAL, "linuxcnc": LINUXCNC}[controller]
