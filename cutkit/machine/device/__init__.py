"""The emulated cutter as a device: bytes in, answers out, a clock of its own, and faults on cue.

    device = make_device(profile, [parse_fault("power@12.5s")])
    link = DeviceTransport(device)
    link.write(b"G0 X10\\n"), link.read(1.0)
    run = device.finish()          # a Run, for ``judge``

``link``, ``planner`` and ``mechanics`` are its layers below the dialects, which are ``grbl``, ``hpgl``, ``marlin`` and
``stream`` (all others).
"""

from cutkit.machine.device.base import Device, DeviceFigures
from cutkit.machine.device.choice import make_device
from cutkit.machine.device.faults import FaultSpec, draw_fault, parse_fault
from cutkit.machine.device.transport import DeviceTransport

__all__ = ["Device", "DeviceFigures", "DeviceTransport", "FaultSpec", "draw_fault", "make_device", "parse_fault"]
