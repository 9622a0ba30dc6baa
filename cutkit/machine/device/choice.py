"""Which device a profile is."""

from __future__ import annotations

from collections.abc import Iterable

from cutkit.machine.device.base import Device
from cutkit.machine.device.faults import FaultSpec
from cutkit.machine.device.grbl import GrblDevice, GrblHalDevice
from cutkit.machine.device.hpgl import HpglDevice
from cutkit.machine.device.marlin import MarlinDevice
from cutkit.machine.device.stream import StreamDevice
from cutkit.toolpath import ControllerName, CutterProfile

_BY_CONTROLLER: dict[ControllerName, type[Device]] = {
    "grbl": GrblDevice,
    "grblhal": GrblHalDevice,
    "marlin": MarlinDevice,
}


def make_device(profile: CutterProfile, faults: Iterable[FaultSpec] = (), *, start_deg: float | None = None) -> Device:
    """The emulated machine of a profile, just switched on; ``start_deg``: how its drag blade hangs."""
    gcode = profile.dialect == "gcode"
    if profile.dialect == "hpgl":
        return HpglDevice(profile, faults, start_deg=start_deg)
    kind: type[Device] = _BY_CONTROLLER.get(profile.controller, StreamDevice) if gcode else StreamDevice
    return kind(profile, faults, start_deg=start_deg)
