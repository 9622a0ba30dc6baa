"""Devices that take bytes and execute them as they come, without an answer: read by the parser of their dialect."""

from __future__ import annotations

import math
import re
from typing import ClassVar

from cutkit.machine.actions import Action, Dwell, Program
from cutkit.machine.device.base import Device
from cutkit.machine.dialects import parse_program

_ENDS = re.compile(rb"[\n\x03*]")
_ENDS_OF_DMPL = re.compile(rb"[ \n]")
_GROWTH = 1.25
_QUIET_S = 0.1


class StreamDevice(Device):
    """A machine that reads a program from its line as from a file.

    The parser of whole programs is asked for ever longer parts of it, each up to the end of a line or block; what an
    earlier part has brought is not executed again.
    """

    NOTABLE: ClassVar[re.Pattern[bytes]] = _ENDS

    def _switch_on(self) -> None:
        if self.profile.dialect == "dmpl":
            self.wire.notable = _ENDS_OF_DMPL
        self.text = bytearray()
        self.parsed_bytes = 0
        self.executed = 0
        self.found = Program(())
        self.last_byte_s = -math.inf
        self.over = self.paused = self.dead = False

    def _blocked(self) -> bool:
        return self.paused or self.dead

    def _next_command(self) -> bool:
        self._read_ring()
        over = self.over and not self.wire.pending
        ends = [found.end() for found in self.wire.notable.finditer(self.text, self.parsed_bytes)]
        ready = len(self.text) if over else (ends[-1] if ends else 0)
        if ready <= self.parsed_bytes:
            return False
        quiet = over or self.now_s >= self.last_byte_s + _QUIET_S
        if not quiet and ready < _GROWTH * self.parsed_bytes:
            return False
        return self._parse(ready)

    def _read_ring(self) -> None:
        """Bytes are taken only while there is little left to do, so that the ring fills as the real one does."""
        if self.ring.data:
            self.last_byte_s = self.now_s
            self.text += self.ring.data
            self.ring.data.clear()

    def _parse(self, ready: int) -> bool:
        self.parsed_bytes = ready
        self.found = parse_program(bytes(self.text[:ready]), self.profile)
        actions = self.found.actions
        fresh: tuple[Action, ...] = actions[self.executed :]
        self.executed = max(len(actions), self.executed)
        for action in fresh:
            self.steps += (
                [self.rest, self.queue(action), self.rest] if isinstance(action, Dwell) else [self.queue(action)]
            )
        return True

    def _own_event_s(self) -> float:
        """Once the line has been quiet for a while, what has come is executed."""
        free = not (self.steps or self.wire.pending or self._blocked()) and self.now_s >= self.ready_s
        if self.over and free and len(self.text) + len(self.ring.data) > self.parsed_bytes:
            return self.now_s
        quiet_s = self.last_byte_s + _QUIET_S
        waiting = bool(self.wire.notable.search(self.text, self.parsed_bytes))
        return quiet_s if waiting and self.now_s < quiet_s else math.inf

    def _input_ends(self) -> None:
        self.over = True

    def _own_findings(self) -> Program:
        return Program((), self.found.violations, self.found.remarks)

    def _line(self) -> int:
        return self.text.count(b"\n") + 1
