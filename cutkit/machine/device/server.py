"""Serves a device to a sender outside, whose time is the real one.

Two clocks meet here. At a ``speed`` the device's time follows the real time, that many times as fast. Without one it
goes as fast as the processor allows: the device's clock jumps from event to event, but never while the sender may still
be about to answer, and never while the machine has nothing to do, so that faults strike in working time.
"""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable
from dataclasses import dataclass

from cutkit.machine.device.base import Device
from cutkit.machine.device.ports import ServerPort

REACTION_S = 0.02
"""So long a sender is given to react to an answer, in real time, before the device's clock may jump on."""
SHORT_REACTION_S = 0.002
"""The same where the planner has work for a while."""
MANY_BLOCKS = 8
LONGEST_WAIT_S = 0.25
MOST_BYTES_AHEAD = 4096
"""With so many bytes on the wire no more are read: the sender's system then makes the sender wait."""


@dataclass
class Server:
    """A device at a port. ``once``: it ends when the first client goes. ``heard`` is told what is worth a word."""

    device: Device
    port: ServerPort
    speed: float | None = None
    once: bool = False
    heard: Callable[[str], None] = lambda text: None

    def __post_init__(self) -> None:
        self._began_s = time.monotonic()
        self._react_until_s = 0.0
        self._unsent = b""
        self._was_powered = True
        self._in_session = False
        self.over = False

    def run(self) -> None:
        """Serve until the client has gone (``once``), or for ever; KeyboardInterrupt ends it at any time."""
        while not self.over:
            self._wait()
            self._read()
            self._let_time_pass()
            self._write()

    # ---- the parts of a turn

    def _wait(self) -> None:
        """Wait for bytes, for room to write, or until it is time for the device's next event."""
        timeout = self._patience_s()
        reading = [self.port] if self.device.wire.pending < MOST_BYTES_AHEAD else []
        writing = [self.port] if self._unsent and self.port.taken else []
        if not reading and not writing:
            time.sleep(min(timeout, 0.01))
            return
        select.select(reading, writing, [], timeout)

    def _patience_s(self) -> float:
        """How long in real time nothing need be done but listen."""
        device = self.device
        next_s = min(device.next_event_s(), device.next_output_s() if self.port.taken else math.inf)
        if self.speed is not None:
            return min(max((next_s - device.now_s) / self.speed, 0.0), LONGEST_WAIT_S)
        if not self._may_jump(next_s):
            return LONGEST_WAIT_S
        return max(self._react_until_s - time.monotonic(), 0.0)

    def _may_jump(self, next_s: float) -> bool:
        """Whether the clock has somewhere to go: there is work, or an answer on its way."""
        answering = self.port.taken and math.isfinite(self.device.next_output_s())
        working = not self.device.done and not self.device.waits_for_people
        return math.isfinite(next_s) and (answering or working)

    def _read(self) -> None:
        if self.device.wire.pending >= MOST_BYTES_AHEAD:
            return
        data = self.port.read()
        if data is None:
            self._client_gone()
        elif data:
            if self.speed is not None:
                self.device.advance(self._real_s())
            self._begin_session()
            self.device.receive(data)

    def _begin_session(self) -> None:
        """A new client finds the device again, whatever has become of the cable."""
        if not self._in_session and self.device.powered:
            self.device.connect()
        self._in_session = True

    def _client_gone(self) -> None:
        self.heard("the client has closed the port")
        self.device.hang_up()
        self._unsent = b""
        self._in_session = False
        if self.once:
            self.over = True
        elif not self.device.powered:
            self.device.power_on()
            self._was_powered = True
            self.heard("the machine is switched on again, its tool over the table's zero")

    def _let_time_pass(self) -> None:
        device = self.device
        if self.speed is not None:
            device.advance(self._real_s())
        else:
            next_s = min(device.next_event_s(), device.next_output_s() if self.port.taken else math.inf)
            if self._may_jump(next_s) and time.monotonic() >= self._react_until_s:
                device.advance(next_s)
        if self._was_powered and not device.powered:
            self.heard(f"the power has failed at {device.now_s:.3f} s")
            self._was_powered = False
            self._lose_client()
        elif self._in_session and device.powered and not device.connected:
            self.heard(f"the cable is pulled at {device.now_s:.3f} s")
            self._lose_client()

    def _lose_client(self) -> None:
        """A client of TCP is dropped; one of a terminal meets silence, and must close it."""
        if self.once:
            self.over = True
        elif self.port.drop():
            self._client_gone()
        self._in_session = self._in_session and not self.over

    def _real_s(self) -> float:
        return (time.monotonic() - self._began_s) * (self.speed or 1.0)

    def _write(self) -> None:
        if not self.port.taken:
            return
        answer = self.device.take_output()
        self._unsent += answer
        if answer:
            busy = self.device.mechanics.blocks >= MANY_BLOCKS
            self._react_until_s = time.monotonic() + (SHORT_REACTION_S if busy else REACTION_S)
        if self._unsent:
            self._unsent = self._unsent[self.port.write(self._unsent) :]
