"""What goes wrong with machines, as text and on cue: ``power@12.5s``, ``drop@byte:1000``, ``hold@5s:2s``.

===================  ================================================================================================
power@T              the power fails at time T: the motion ends where it is, all memory but the settings is lost
cable@T, byte:N      the cable is pulled, at time T or at the N-th byte: the machine runs on with what it has
drop@byte:N          the N-th byte is lost on the line
corrupt@byte:N       one bit of the N-th byte is turned round
reset@T              somebody presses reset
limit@T              a limit switch is hit: the machine stops dead and is silent until it is reset
hold@T:D             somebody presses feed hold at T, and goes on D later
knife@T              the blade breaks: from then on it goes up and down and cuts nothing
lost-ok@N            the N-th ok never reaches the host
slow@D               every line or instruction takes D longer to be taken up
===================  ================================================================================================

Times are with a unit (``12.5s``, ``2m``) and count from when the device is switched on; bytes and ok count from 1.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, get_args

from cutkit.errors import UsageError, did_you_mean
from cutkit.units import parse_duration as parse_any_duration

FaultKind = Literal["power", "cable", "drop", "corrupt", "reset", "limit", "hold", "knife", "lost-ok", "slow"]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
_FORMS: dict[FaultKind, str] = {
    "power": "power@12.5s",
    "cable": "cable@20s or cable@byte:500",
    "drop": "drop@byte:1000",
    "corrupt": "corrupt@byte:1000",
    "reset": "reset@3s",
    "limit": "limit@8s",
    "hold": "hold@5s:2s",
    "knife": "knife@9s",
    "lost-ok": "lost-ok@40",
    "slow": "slow@0.2s",
}


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault: when it strikes (``at_s``, or at ``count``: a byte, an ok), and how long it lasts if it does."""

    kind: FaultKind
    at_s: float | None = None
    count: int | None = None
    lasts_s: float = 0.0

    def __str__(self) -> str:
        if self.kind == "slow":
            return f"slow@{self.lasts_s:g}s"
        if self.count is not None:
            return f"{self.kind}@{'' if self.kind == 'lost-ok' else 'byte:'}{self.count}"
        return f"{self.kind}@{self.at_s:g}s" + (f":{self.lasts_s:g}s" if self.kind == "hold" else "")


def parse_fault(text: str) -> FaultSpec:
    """The fault that a text describes; UsageError, with the right form, where it is none."""
    name, _, rest = text.strip().partition("@")
    kind = next((known for known in KINDS if known == name), None)
    if kind is None:
        hint = did_you_mean(name, KINDS) or f"Known: {', '.join(_FORMS.values())}."
        raise UsageError(f"{text!r} is no fault of a machine", hint=hint)
    try:
        return _parse(kind, rest)
    except ValueError as error:
        raise UsageError(f"fault {text!r}: {error}", hint=f"Write it as {_FORMS[kind]}.") from error


def _parse(kind: FaultKind, rest: str) -> FaultSpec:
    if kind in ("drop", "corrupt") or (kind == "cable" and rest.startswith("byte:")):
        word, _, number = rest.partition(":")
        if word != "byte":
            raise ValueError("it strikes at a byte")
        return FaultSpec(kind, count=_count(number))
    if kind == "lost-ok":
        return FaultSpec(kind, count=_count(rest))
    if kind == "slow":
        return FaultSpec(kind, lasts_s=_duration(rest))
    if kind == "hold":
        at, colon, lasts = rest.partition(":")
        if not colon:
            raise ValueError("how long is missing")
        return FaultSpec(kind, at_s=_duration(at), lasts_s=_duration(lasts))
    return FaultSpec(kind, at_s=_duration(rest))


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{text!r} is no number from 1 on")
    return int(text)


def _duration(text: str) -> float:
    seconds = parse_any_duration(text)
    if seconds < 0:
        raise ValueError(f"{text!r} is before the start")
    return seconds


def draw_fault(
    rng: random.Random, time_s: float, size_bytes: int, lines: int, kinds: tuple[FaultKind, ...] = KINDS
) -> FaultSpec:
    """A fault somewhere in a job of this time, size and number of lines; the same for the same state of ``rng``."""
    kind = rng.choice(kinds)
    if kind in ("drop", "corrupt") or (kind == "cable" and rng.random() < 0.5):
        return FaultSpec(kind, count=rng.randint(1, max(size_bytes, 1)))
    if kind == "lost-ok":
        return FaultSpec(kind, count=rng.randint(1, max(lines, 1)))
    if kind == "slow":
        return FaultSpec(kind, lasts_s=round(rng.uniform(0.01, 0.2), 3))
    at_s = round(rng.uniform(0.0, time_s), 3)
    return FaultSpec(kind, at_s=at_s, lasts_s=round(rng.uniform(0.1, 5.0), 3) if kind == "hold" else 0.0)
