"""Keys of files that people write (jobs, fabrics, rules), read strictly: each with its type, its range and its unit.

A table of keys says for each the field that it becomes, the type that the file must give it, and how the value is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cutkit.errors import did_you_mean
from cutkit.units import parse_angle, parse_duration, parse_length

MOST_TIME_S = 7 * 24 * 3600.0
FARTHEST_MM = 1e7
LARGE = 10**9


@dataclass(frozen=True, slots=True)
class Key:
    """The field that a key becomes, the type that the file must give it, and how its value is read: a ValueError says
    what is wrong with it."""

    field: str
    kind: Any
    read: Callable[[Any], Any] = lambda value: value


Keys = Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class KeyFault:
    """What is wrong with a key, and what to do about it."""

    key: str
    message: str
    hint: str = ""


def read_keys(values: Mapping[str, Any], keys: Keys, *, texts: bool = False) -> tuple[dict[str, Any], list[KeyFault]]:
    """The fields of what a table says, and a fault for every key that is unknown or wrong.

    ``texts``: all values are texts, as in a CSV, and numbers are read from them.
    """
    fields: dict[str, Any] = {}
    faults: list[KeyFault] = []
    for name, value in values.items():
        if name not in keys:
            faults.append(KeyFault(name, "the key is unknown.", did_you_mean(name.replace("-", "_"), keys)))
            continue
        key = keys[name]
        try:
            fields[key.field] = key.read(msgspec.convert(value, key.kind, strict=not texts))
        except msgspec.ValidationError as error:
            faults.append(KeyFault(name, _meant(str(error), value, key.kind)))
        except ValueError as error:
            faults.append(KeyFault(name, str(error)))
    return fields, faults


def _meant(message: str, value: Any, kind: Any) -> str:
    """msgspec's message, with the word that was probably meant where only a few are allowed."""
    if kind is bool:
        return f"{value!r} is neither true nor false"
    words = getattr(kind, "__args__", ())
    if isinstance(value, str) and words and all(isinstance(word, str) for word in words):
        near = did_you_mean(value, words)
        return f"{value!r} is unknown; known are {', '.join(words)}." + (f" {near}" if near else "")
    return message[:1].lower() + message[1:].replace("`", "")


def inner(value: Mapping[str, Any], keys: Keys, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a table within a value; ValueError for the first thing that is wrong with it."""
    fields, faults = read_keys(value, keys)
    for fault in faults:
        raise ValueError(f"{fault.key}: {fault.message} {fault.hint}".rstrip())
    for name in needed:
        if name not in value:
            raise ValueError(f"{name} is missing")
    return fields


def length(value: str) -> float:
    """A length in mm, of either sign."""
    millimetres = parse_length(value)
    if abs(millimetres) > FARTHEST_MM:
        raise ValueError(f"at most {FARTHEST_MM / 1e6:g} km")
    return millimetres


def above_zero(value: str) -> float:
    """A length above 0, in mm."""
    if (millimetres := length(value)) <= 0:
        raise ValueError(f"{value!r} must be above 0")
    return millimetres


def not_negative(value: str) -> float:
    """A length from 0 on, in mm."""
    if (millimetres := length(value)) < 0:
        raise ValueError(f"{value!r} must not be negative")
    return millimetres


def duration(value: str) -> float:
    """A time above 0 and up to a week, in seconds."""
    seconds = parse_duration(value)
    if not 0 < seconds <= MOST_TIME_S:
        raise ValueError(f"{value!r} must be above 0 and at most a week (168h)")
    return seconds


def angle(value: str | float) -> float:
    """An angle in degrees, with its unit or as a number."""
    return parse_angle(value) if isinstance(value, str) else float(value)


def within(low: float, high: float) -> Callable[[Any], Any]:
    """A number from ``low`` to ``high``."""

    def checked(value: Any) -> Any:
        if not low <= value <= high:
            raise ValueError(f"{value:g} is not from {low:g} to {high:g}")
        return value

    return checked


def angle_within(low: float, high: float) -> Callable[[str | float], float]:
    """An angle from ``low`` to ``high`` degrees."""
    check = within(low, high)

    def checked(value: str | float) -> float:
        degrees: float = check(angle(value))
        return degrees

    return checked


def texts(value: str | list[str]) -> tuple[str, ...]:
    """One text or several, none of them empty."""
    found = (value,) if isinstance(value, str) else tuple(value)
    if not all(text.strip() for text in found):
        raise ValueError("an entry is empty")
    return found


def some_texts(value: str | list[str]) -> tuple[str, ...]:
    """At least one text."""
    if not value:
        raise ValueError("no file is named")
    return texts(value)
