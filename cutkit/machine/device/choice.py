"""Which device a profile is."""

from __future__ import annotations

from collections.abc import Iterable

from cutkit.machine.device.base import Device
from cutkit.machine.device.faults import FaultSpec
from cutkit.machine.device.grbl import GrblDevice
from cutkit.machine.device.hpgl import HpglDevice
from cutkit.machine.device.stream import StreamDevice
from cutkit.toolpath import CutterProfile


def make_device(profile: CutterProfile, faults: Iterable[FaultSpec] = (), *, start_deg: float | None = None) -> Device:
    """The emulated machine of a profile, just switched on; ``start_deg``: how its drag blade hangs."""
    if profile.dialect == "hpgl":
        return HpglDevice(profile, faults, start_deg=start_deg)
    if profile.dialect == "gcode" and profile.controller in ("grbl", "grblhal"):
        return GrblDevice(profile, faults, start_deg=start_deg)
    return StreamDevice(profile, faults, start_deg=start_deg)
