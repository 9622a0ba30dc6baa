"""The machines that tests of programs run through, and what each is held to."""

from __future__ import annotations

from cutkit.formats.profile import profile_names

PROFILES = list(profile_names())
WORST_MM = dict.fromkeys(PROFILES, 0.05) | {"gerber-cut": 0.1}
"""How far the tip may be off at worst; the grid of the cutter code asks for more than all others keep."""
