"""What all machines have in common for the sender: bytes out, lines in, and a loop that waits while the world goes on.

A ``MachineLink`` sends one line after another and blocks while the machine has no room. While it waits it reads, asks
for the machine's state, and calls ``turn``, in which the sender looks at the keyboard and shows progress. What goes
wrong is a ``Fault``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from cutkit.machine.send.job import Points
from cutkit.machine.send.lines import Line
from cutkit.machine.send.transport import Transport
from cutkit.model import Point
from cutkit.toolpath import Link

TURN_S = 0.05
"""How long a wait lasts before the sender looks at the keyboard and the clock again."""
FaultKind = Literal["refused", "alarm", "reset", "silent", "gone", "astray", "state"]


class Fault(Exception):  # noqa: N818  (what a machine or a cable does, not an error of this program)
    """The machine or the link does not go on. ``line`` is the line concerned, where there is one; ``remedy`` is what
    to do about it before the job is resumed."""

    def __init__(self, kind: FaultKind, message: str, remedy: str = "", line: Line | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.line = line


@dataclass(slots=True)
class Mark:
    """A place in the stream of lines; ``reached`` once the machine has told that all before it is done."""

    reached: bool = False


@dataclass(slots=True)
class Sent:
    """A line on its way: its bytes, what it is of the job, where the holder stands after it, the mark it carries."""

    size: int
    line: Line
    index: int = -1
    at_mm: Point | None = None
    mark: Mark | None = None


@dataclass(slots=True)
class Greeting:
    """What the operator allows before a job: ``home`` sends a machine home ($H), ``unlock`` takes off its alarm lock
    ($X), ``reset`` throws away what it still holds of an earlier job (0x18). Nothing of it is done by itself.
    ``zero_matters``: the job goes on where another has ended, so that a machine which cannot know its place
    is a fault."""

    home: bool = False
    unlock: bool = False
    reset: bool = False
    zero_matters: bool = False


@dataclass
class Figures:
    """What went over the line. ``fill_bytes_s`` is the integral of the bytes that wait in the machine, by count."""

    bytes: int = 0
    lines: int = 0
    began_s: float | None = None
    ended_s: float = 0.0
    fill_bytes_s: float = 0.0
    most_bytes: int = 0
    lost_answers: int = 0

    @property
    def time_s(self) -> float:
        """From the first line to the last answer."""
        return self.ended_s - self.began_s if self.began_s is not None else 0.0

    @property
    def mean_fill_bytes(self) -> float:
        """How many bytes waited in the machine's buffer, in the mean over the time."""
        return self.fill_bytes_s / self.time_s if self.time_s > 0 else 0.0


@dataclass
class MachineLink(ABC):
    """A machine at the end of a transport. ``turn`` is called while it waits; ``note`` takes what it says unasked."""

    port: Transport
    link: Link
    turn: Callable[[], None]
    note: Callable[[str], None]
    paused: bool = False
    held: bool = False
    patience_s: float = 120.0
    path: tuple[Points, ...] = ()
    in_flight: int = 0
    waiting: deque[Sent] = field(default_factory=deque)
    answered: int = -1
    state: str = ""
    figures: Figures = field(default_factory=Figures)
    _received: bytearray = field(default_factory=bytearray)

    confirms = True
    """Whether the machine can tell when a cut is made."""
    holds = False
    """Whether it can stop in the middle of a motion."""
    reports_fill = True
    """Whether the bytes that wait in it are known."""

    def greet(self, greeting: Greeting) -> None:  # noqa: B027  (not every machine needs it)
        """Make sure that a machine is there and ready; Fault where it is not."""

    @abstractmethod
    def send(self, line: Line, index: int = -1, at_mm: Point | None = None) -> None:
        """Send a line as soon as there is room."""

    @abstractmethod
    def mark(self, *, synced: bool, at_mm: Point | None) -> Mark | None:
        """Set a mark behind all that was sent; None where the machine cannot tell. ``synced``: the last line is one
        that the machine answers only when all before it is done."""

    def pause(self) -> None:
        """Stop feeding."""
        self.paused = True

    def go_on(self) -> None:
        """Feed again."""
        self.paused = False

    def hold(self) -> None:  # noqa: B027  (not every machine needs it)
        """After a fault or an interruption: stop the machine where that can be done without losing its position."""

    def position(self) -> Point | None:
        """Where the machine last said that it stands, in the program's coordinates; None: it does not say."""
        return None

    def settle(self) -> None:  # noqa: B027  (not every machine needs it)
        """Wait until every line that was sent is answered, where lines are answered at all."""

    def drain(self) -> None:  # noqa: B027  (not every machine needs it)
        """Wait until all bytes have been taken, as far as that can be known."""

    def wait_for(self, mark: Mark) -> None:
        """Wait until the mark is reached."""
        while not mark.reached:
            self.pump()

    def pump(self, most_s: float = TURN_S) -> None:
        """Wait a little for the machine, take in what it says, then ``turn``."""
        try:
            data = self.port.read(most_s)
        except OSError as error:
            raise _gone(error) from error
        self._account()
        self._hear_bytes(data)
        self._tick()
        self.turn()

    def put(self, data: bytes) -> None:
        """Bytes on the line, at once."""
        try:
            self.port.write(data)
        except OSError as error:
            raise _gone(error) from error

    def _began(self, size: int) -> None:
        now = self.port.clock()
        if self.figures.began_s is None:
            self.figures.began_s = self.figures.ended_s = now
        self.figures.bytes += size
        self.figures.lines += 1

    def _account(self) -> None:
        now = self.port.clock()
        if self.figures.began_s is not None:
            self.figures.fill_bytes_s += self.in_flight * (now - self.figures.ended_s)
            self.figures.most_bytes = max(self.figures.most_bytes, self.in_flight)
            self.figures.ended_s = now

    def _hear_bytes(self, data: bytes) -> None:
        self._received += data
        *whole, rest = re.split(rb"[\r\n]+", bytes(self._received))
        self._received = bytearray(rest)
        for text in whole:
            if text:
                self._hear(text.decode("latin-1").strip())

    def _hear(self, text: str) -> None:  # noqa: B027  (not every machine needs it)
        """Take in a line from the machine."""

    def _tick(self) -> None:  # noqa: B027  (not every machine needs it)
        """Look at the clock."""


def _gone(error: OSError) -> Fault:
    reason = error.strerror or str(error) or "no connection"
    return Fault(
        "gone",
        f"the connection to the machine is gone: {reason}",
        "See that the machine has power and the cable is in.",
    )
