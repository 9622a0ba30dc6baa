"""The machines that tests of programs run through, and what each is held to."""

from __future__ import annotations

from cutkit.formats.profile import profile_names

NOT_PLANNED_YET = {"grblhal-tangential", "linuxcnc-tangential"}
"""Their blades are turned by the program: to be emptied when ``cut`` plans that."""
PROFILES = [name for name in profile_names() if name not in NOT_PLANNED_YET]
WORST_MM = dict.fromkeys(PROFILES, 0.05) | {"gerber-cut": 0.1}
"""How far the tip may be off at worst; the grid of the cutter code asks for more than all others keep."""
