"""The way from a sender to an emulated device in the same process: the protocol that a serial port has, too."""

from __future__ import annotations

import math

from cutkit.machine.device.base import Device

MOST_BYTES_AHEAD = 4096
"""A writer waits while so many bytes are on the wire, as with a serial driver's own buffer."""


class DeviceTransport:
    """Writes to a device and reads its answers; waiting lets the device's time pass, the host's own work takes none."""

    def __init__(self, device: Device) -> None:
        """Open the link; OSError where the machine is off."""
        device.connect()
        self.device = device
        self._open = True

    def write(self, data: bytes) -> None:
        """Put bytes on the wire, and wait where too many are on it already; OSError where the link is gone."""
        self._look()
        self.device.receive(data)
        while self.device.wire.pending > MOST_BYTES_AHEAD and self._alive():
            at_s = self.device.next_event_s()
            if math.isinf(at_s):
                raise OSError("the machine takes no more bytes")
            self.device.advance(at_s)

    def read(self, timeout_s: float) -> bytes:
        """What the device has answered, waiting for it up to ``timeout_s`` of its time; b"" if nothing came.

        OSError where the link is gone.
        """
        device = self.device
        until_s = device.now_s + timeout_s
        while True:
            self._look()
            if answer := device.take_output():
                return answer
            if device.now_s >= until_s:
                return b""
            device.advance(min(device.next_event_s(), device.next_output_s(), until_s))

    def close(self) -> None:
        """Close the link; the machine runs on with what it has."""
        if self._open and self._alive():
            self.device.hang_up()
        self._open = False

    def clock(self) -> float:
        """The device's time in seconds."""
        return self.device.now_s

    @property
    def clear_to_send(self) -> bool:
        """The hardware line of that name."""
        return self.device.clear_to_send

    def _alive(self) -> bool:
        return self.device.powered and self.device.connected

    def _look(self) -> None:
        if not self._open:
            raise OSError("the port is closed")
        if not self._alive():
            raise OSError(f"{self.device.profile.name}: the link is gone")
