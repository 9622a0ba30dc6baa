"""The emulated cutter: runs a program and says what the tool really did, when, and what was wrong with it.

Four layers, each a module: the parsers (one for each language) make actions of the program's bytes; ``kinematics``
gives them times; ``physics`` drags the blade; ``body`` holds the machine's state between them. They share no code
with the writer of programs. ``judge`` compares what it finds with a marker.

Violations, by their stable codes:

=====================  ===============================================================================================
unknown-command        the machine does not know this instruction, command or code
wrong-parameters       an instruction with too few, too many, broken or meaningless numbers or words
error:N                the block that Grbl 1.1 or grblHAL refuses with this number: nothing in it is carried out
refused                the line that LinuxCNC (which then stops) or Marlin (which asks for it again) refuses
cut-off                a line longer than the machine's buffer, which drops the rest (Marlin)
real-time-byte         a byte that Grbl obeys at once, also inside a comment: ``! ? ~``, 0x18, 0x80 and above
not-emulated           the machine may know it, the emulator does not: what would happen is not known
not-initialised        motion before IN (HP-GL), a command before ;: (DM/PL), a file without H1 (cutter code)
no-end, after-end      a file that does not end with M0; blocks after it (cutter code)
long-move              the knife goes farther in one block than the machine can (cutter code)
out-of-range           a coordinate that the machine's numbers cannot hold
outside-window         a cut outside the window set by IW, which the machine drops (HP-GL)
dashed-line            LT or L asks for dashes (HP-GL, GP-GL, DM/PL)
no-feed                a speed of zero
no-tool, unknown-tool  the tool is lowered with none selected; a tool is selected that the profile does not have
tool-change-down       the tool is changed while it is down
label-with-knife       LB writes text with the knife in use
down-rapid             a rapid move (G0) with the tool down
no-dwell               motion before the tool has had the time to go down or up (``M3`` without enough ``G4``)
no-axis                the program moves an axis that the machine does not have
blade-across           the blade goes sideways: it points elsewhere than the way it cuts
turned-in-cloth        the blade is turned where it stands in the cloth, by more than it may without being lifted
slanted                the tool goes along while it goes up or down in the cloth
not-through            the tool is let down into the cloth, but not through it
outside-table          the tool cuts outside the table, or the holder leaves the table and its margin
feed-down              the cloth is moved on with the tool down
down-at-end            the program ends with the tool down
nothing-done           the program never puts a tool down
=====================  ===============================================================================================

Remarks (not violations): ``init-again``, ``pause``, ``label-not-drawn``, ``blended``.
"""

from __future__ import annotations

import math

from cutkit.machine.actions import Lift, Lower, MoveTo, Program
from cutkit.machine.body import Body, run_of
from cutkit.machine.dialects import parse_program
from cutkit.machine.physics import Blade
from cutkit.machine.trace import Run
from cutkit.toolpath import CutterProfile, Plunge

WORST_HEADING_OFF_DEG = 175.0
"""Where nobody knows how the blade stands when a program starts: nearly backwards to the first cut, the worst case."""


def run_program(data: bytes, profile: CutterProfile, *, start_deg: float | None = None) -> Run:
    """Run a program on the emulated machine and return all that happened; a bad program is no error but violations.

    ``start_deg`` is the blade's heading at the start; None: the profile's, and where that is unknown too, the worst.
    """
    program = parse_program(data, profile)
    machine = Body(profile, Blade(*blade_at_start(program, profile, start_deg)))
    for action in program.actions:
        machine.take(action)
    machine.finish()
    return run_of(machine, program)


def blade_at_start(program: Program, profile: CutterProfile, start_deg: float | None) -> tuple[float, float]:
    knife = profile.knife
    if knife.kind != "drag":
        return 0.0, 0.0
    heading = knife.start_deg if start_deg is None else start_deg
    if heading is None:
        heading = _first_cut_deg(program, profile.plunge) + WORST_HEADING_OFF_DEG
    return knife.offset_mm, math.radians(heading)


def _first_cut_deg(program: Program, plunge: Plunge | None) -> float:
    """The direction of the first motion with the tool down, by a command or on its Z axis."""
    here, down = (0.0, 0.0), False
    for action in program.actions:
        if isinstance(action, MoveTo):
            target = (action.x_mm, action.y_mm)
            if down and target != here:
                return math.degrees(math.atan2(target[1] - here[1], target[0] - here[0]))
            here = target
            if action.z_mm is not None and plunge is not None:
                down = action.z_mm < plunge.touch_mm
        elif isinstance(action, (Lower, Lift)):
            down = isinstance(action, Lower)
    return 0.0
