"""The serial line into the device: bytes that arrive one after the other, and a receive ring that can run over."""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass

BITS_PER_BYTE = 10
"""A start bit, eight of data, a stop bit."""
LONGEST_PORTION = 64
"""So many bytes are handed over at once at most, so that what reads the ring keeps up with them."""


def take_line(data: bytearray, begun: bytearray) -> tuple[bytes, int] | None:
    """The next whole line of what is received, taken out of it, and the byte that ended it (CR or LF).

    None where none is whole: what has come is then moved to ``begun``, which a later line begins with.
    """
    ends = [k for k in (data.find(b"\n"), data.find(b"\r")) if k >= 0]
    end = min(ends, default=len(data))
    begun += data[:end]
    last = data[end] if ends else 0
    del data[: end + 1]
    if not ends:
        return None
    line = bytes(begun)
    begun.clear()
    return line, last


@dataclass
class RingFigures:
    """How full the receive ring was. ``lost`` bytes found no room; shares are of the time while it was in use."""

    lost: int = 0
    used_s: float = 0.0
    byte_seconds: float = 0.0
    over_half_s: float = 0.0

    @property
    def mean_bytes(self) -> float:
        """The mean fill over the time from the first byte to the last action."""
        return self.byte_seconds / self.used_s if self.used_s > 0 else 0.0

    @property
    def over_half(self) -> float:
        """The share of that time in which the ring was more than half full."""
        return self.over_half_s / self.used_s if self.used_s > 0 else 0.0


class Ring:
    """A receive buffer: what does not fit is dropped without a word."""

    def __init__(self, usable_bytes: int) -> None:
        self.usable_bytes = usable_bytes
        self.data = bytearray()
        self.figures = RingFigures()
        self._counted_s: float | None = None

    @property
    def free(self) -> int:
        """How many bytes still fit."""
        return self.usable_bytes - len(self.data)

    def put(self, data: bytes) -> None:
        """Take what fits."""
        taken = data[: max(self.free, 0)]
        self.figures.lost += len(data) - len(taken)
        self.data += taken

    def count(self, now_s: float, *, in_use: bool) -> None:
        """Keep the figures: since the last call the ring was as full as it is now."""
        if self._counted_s is not None and in_use and now_s > self._counted_s:
            passed = now_s - self._counted_s
            self.figures.used_s += passed
            self.figures.byte_seconds += passed * len(self.data)
            self.figures.over_half_s += passed * (2 * len(self.data) > self.usable_bytes)
        self._counted_s = now_s


class Wire:
    """Bytes on their way to the device at the rate of the line. ``notable`` finds those that must not wait for more."""

    def __init__(self, baud: int, notable: re.Pattern[bytes]) -> None:
        self.byte_s = BITS_PER_BYTE / baud
        self.notable = notable
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._last_s = -math.inf

    def send(self, data: bytes, now_s: float) -> None:
        """Put bytes on the wire: the first arrives one byte's time after now, or after those before it."""
        if not data:
            return
        start = max(now_s, self._last_s)
        self._last_s = start + len(data) * self.byte_s
        for first in range(0, len(data), LONGEST_PORTION):
            self._chunks.append((start + first * self.byte_s, data[first : first + LONGEST_PORTION]))

    def free_s(self, now_s: float) -> float:
        """When the wire is free for the next byte."""
        return max(now_s, self._last_s)

    @property
    def pending(self) -> int:
        """How many bytes have not arrived."""
        return sum(len(data) for _, data in self._chunks)

    def next_s(self) -> float:
        """When the next notable byte, or the end of a portion, has arrived; inf where the wire is empty."""
        if not self._chunks:
            return math.inf
        start_s, data = self._chunks[0]
        found = self.notable.search(data)
        return start_s + (found.end() if found else len(data)) * self.byte_s

    def arrived(self, now_s: float, most: int | None = None) -> bytes:
        """Take what has arrived by now, up to the end of a portion or a notable byte, and at most so many bytes."""
        if not self._chunks:
            return b""
        start_s, data = self._chunks[0]
        count = min(len(data), math.floor((now_s - start_s) / self.byte_s + 1e-6))
        found = self.notable.search(data)
        count = min(count, found.end()) if found else count
        count = count if most is None else min(count, most)
        if count <= 0:
            return b""
        if count == len(data):
            self._chunks.popleft()
        else:
            self._chunks[0] = (start_s + count * self.byte_s, data[count:])
        return data[:count]

    def delay(self, until_s: float) -> None:
        """Nothing arrives before: the sender's side of the wire holds back."""
        if self._chunks and self._chunks[0][0] < until_s:
            shift = until_s - self._chunks[0][0]
            self._chunks = deque((start + shift, data) for start, data in self._chunks)
            self._last_s += shift

    def clear(self) -> None:
        """What is on the wire is gone."""
        self._chunks.clear()
        self._last_s = -math.inf


class Answers:
    """Bytes on their way back to the host at the rate of the line."""

    def __init__(self, baud: int) -> None:
        self.byte_s = BITS_PER_BYTE / baud
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._last_s = -math.inf

    def say(self, data: bytes, now_s: float) -> None:
        """Answer."""
        self._last_s = max(now_s, self._last_s) + len(data) * self.byte_s
        self._waiting.append((self._last_s, data))

    def next_s(self) -> float:
        """When the next answer is with the host."""
        return self._waiting[0][0] if self._waiting else math.inf

    def take(self, now_s: float) -> bytes:
        """What has reached the host by now."""
        taken = b""
        while self._waiting and self._waiting[0][0] <= now_s + 1e-12:
            taken += self._waiting.popleft()[1]
        return taken

    def clear(self) -> None:
        """What was not sent is gone."""
        self._waiting.clear()
        self._last_s = -math.inf
