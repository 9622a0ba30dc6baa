"""The smallest senders, for the tests of emulated devices."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from machine_samples import GRBL, HPGL

from cutkit.machine.device import DeviceTransport, make_device, parse_fault
from cutkit.toolpath import CutterProfile, Link

GRBL_LINK = replace(
    GRBL,
    motion=replace(GRBL.motion, steps_per_mm=250.0),
    link=Link("count", 128, 115200, "G4 P0.01"),
    table=replace(GRBL.table, margin_mm=500.0),
)
XONXOFF = replace(HPGL, link=Link("xonxoff", 255, 9600, "OA;"))
HARDWARE = replace(HPGL, link=Link("hardware", 255, 9600, "OA;"))


def device_of(profile: CutterProfile, *faults: str):
    """The device of a profile with faults as text."""
    return make_device(profile, [parse_fault(text) for text in faults])


def ask(device, text: str | bytes, wait_s: float = 1.0) -> str:
    """What the device answers within a while of its own time."""
    device.receive(text if isinstance(text, bytes) else text.encode("latin-1"))
    device.advance(device.now_s + wait_s)
    return device.take_output().decode("latin-1")


def started(profile: CutterProfile = GRBL_LINK, *faults: str):
    """A device whose banner has been read."""
    device = device_of(profile, *faults)
    device.advance(0.1)
    device.take_output()
    return device


def count_characters(device, data: bytes, room: int = 127) -> str:
    """Stream line by line, never more unanswered bytes than ``room``; all answers. Ends where none comes any more."""
    port = DeviceTransport(device)
    lines, unanswered, answers, rest = deque(data.splitlines(keepends=True)), deque(), [], ""
    while lines or unanswered:
        while lines and sum(unanswered) + len(lines[0]) <= room:
            unanswered.append(len(lines[0]))
            port.write(lines.popleft())
        answer = port.read(60.0)
        if not answer:
            break
        *whole, rest = (rest + answer.decode("ascii")).split("\n")
        for line in whole:
            if unanswered and line.startswith(("ok", "error:")):
                unanswered.popleft()
        answers += [line + "\n" for line in whole]
    return "".join(answers) + rest
