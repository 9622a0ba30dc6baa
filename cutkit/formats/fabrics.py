"""Fabric files: one cloth as plain data, a TOML file. ``docs/fabrics.md`` explains every key.

Reading is strict: an unknown key, a wrong type and a length without a unit are refused, with file, line and key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cutkit.errors import InputError
from cutkit.formats import keys
from cutkit.formats.keys import Key, Keys
from cutkit.formats.marker_forms import SMALLEST_REPEAT_MM
from cutkit.formats.toml_text import TomlText, parse_toml
from cutkit.model import Defect, Nap, Repeat, Spread, Zone
from cutkit.units import parse_percent

MOST_SHRINKAGE, MOST_GROWTH = 0.4, 0.2
_PRICE = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*/\s*(m|yd)\s*")
_WEIGHT = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(g/m2|g/m²|gsm|oz/yd2|oz/yd²)\s*")
_GSM_PER = {"oz/yd2": 28.349523125 / 0.9144**2, "oz/yd²": 28.349523125 / 0.9144**2}


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says for a key, and where: file and line."""

    value: Any
    where: str


def _repeat(value: dict[str, Any]) -> Repeat:
    found = keys.inner(value, _REPEAT_KEYS)
    if not found.keys() & {"x_mm", "y_mm"}:
        raise ValueError("it comes again neither along nor across")
    if min(found.get(side, SMALLEST_REPEAT_MM) for side in ("x_mm", "y_mm")) < SMALLEST_REPEAT_MM:
        raise ValueError(f"it is finer than {SMALLEST_REPEAT_MM:g} mm: no pattern that anybody could match")
    offset_x, offset_y = found.get("offset", (0.0, 0.0))
    return Repeat(found.get("x_mm"), found.get("y_mm"), offset_x, offset_y, found.get("angle_deg", 0.0))


def point(value: list[str]) -> tuple[float, float]:
    """Two lengths, along and across the cloth, in mm."""
    if len(value) != 2:
        raise ValueError("two lengths are meant, along and across the cloth")
    return keys.length(value[0]), keys.length(value[1])


def _zones(value: list[dict[str, Any]]) -> tuple[Zone, ...]:
    found = tuple(Zone(**keys.inner(zone, _ZONE_KEYS, needed=("name", "from", "to"))) for zone in value)
    for zone in found:
        if zone.y0_mm >= zone.y1_mm:
            raise ValueError(f"zone {zone.name!r} ends before it begins")
    names = [zone.name.casefold() for zone in found]
    if len(set(names)) < len(names):
        raise ValueError("two zones have one name")
    return found


def read_flaws(value: list[dict[str, Any]]) -> tuple[Defect, ...]:
    """Flaws as a file tells them: ``{from = [x, y], to = [x, y], allows = [CLASS...]}``; ValueError for a wrong one."""
    flaws = []
    for each in value:
        found = keys.inner(each, _FLAW_KEYS, needed=("from", "to"))
        (x0, y0), (x1, y1) = found["begin"], found["end"]
        if x0 >= x1 or y0 >= y1:
            raise ValueError("a flaw ends before it begins: from is its corner next to the origin, to the one opposite")
        flaws.append(Defect((x0, y0, x1, y1), found.get("allows", ())))
    return tuple(flaws)


def _shrinkage(value: dict[str, Any]) -> tuple[float, float]:
    found = keys.inner(value, _SHRINKAGE_KEYS)
    return found.get("warp", 0.0), found.get("weft", 0.0)


def _share(value: str) -> float:
    share = parse_percent(value)
    if not -MOST_GROWTH <= share <= MOST_SHRINKAGE:
        raise ValueError(f"{value!r} is not from -{MOST_GROWTH:.0%} (it grows) to {MOST_SHRINKAGE:.0%}")
    return share


def _price(value: str) -> float:
    """What a running metre costs."""
    match = _PRICE.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no price of a running metre or yard; write it like 7.50/m")
    return float(match[1].replace(",", ".")) / (1.0 if match[2] == "m" else 0.9144)


def _weight(value: str) -> float:
    """Grams per square metre."""
    match = _WEIGHT.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no weight of cloth; write it like 180g/m2 or 5.3oz/yd2")
    return float(match[1].replace(",", ".")) * _GSM_PER.get(match[2], 1.0)


_REPEAT_KEYS: Keys = {
    "along": Key("x_mm", str, keys.above_zero),
    "across": Key("y_mm", str, keys.above_zero),
    "offset": Key("offset", list[str], point),
    "angle": Key("angle_deg", str | float, keys.angle_within(-90, 90)),
}
_ZONE_KEYS: Keys = {
    "name": Key("name", str),
    "from": Key("y0_mm", str, keys.not_negative),
    "to": Key("y1_mm", str, keys.above_zero),
}
_FLAW_KEYS: Keys = {
    "from": Key("begin", list[str], point),
    "to": Key("end", list[str], point),
    "allows": Key("allows", str | list[str], keys.texts),
}
_SHRINKAGE_KEYS: Keys = {"warp": Key("warp", str, _share), "weft": Key("weft", str, _share)}
CLOTH_KEYS: Keys = {
    "width": Key("width", str, keys.above_zero),
    "selvedge": Key("selvedge", str, keys.not_negative),
    "selvedge_low": Key("selvedge_low", str, keys.not_negative),
    "selvedge_high": Key("selvedge_high", str, keys.not_negative),
    "margin_start": Key("margin_start", str, keys.not_negative),
    "margin_end": Key("margin_end", str, keys.not_negative),
    "gap": Key("gap", str, keys.not_negative),
    "max_length": Key("max_length", str, keys.above_zero),
    "span": Key("span", str, keys.above_zero),
    "tilt": Key("tilt", str | float, keys.angle_within(0, 180)),
    "nap": Key("nap", Nap),
    "spread": Key("spread", Spread),
    "face": Key("face", bool),
    "repeat": Key("repeat", dict[str, Any], _repeat),
    "zones": Key("zones", list[dict[str, Any]], _zones),
    "flaws": Key("flaws", list[dict[str, Any]], read_flaws),
    "rolls": Key("rolls", str),
    "qualities": Key("qualities", list[str], keys.texts),
    "shrinkage": Key("shrinkage", dict[str, Any], _shrinkage),
    "weight": Key("weight", str, _weight),
    "price": Key("price", str, _price),
}
"""What may be said of the cloth, wherever it may be said. Lengths become mm, angles degrees, shares fractions."""
FABRIC_KEYS: Keys = {"name": Key("name", str), **CLOTH_KEYS}
"""The keys of a fabric file."""


def parse_fabric(data: bytes, where: str) -> dict[str, Said]:
    """What a fabric file says, by its keys, with the line of each; InputError where it says anything that it may not.

    ``selvedge`` stands for ``selvedge_low`` and ``selvedge_high`` where these are not said.
    """
    text = parse_toml(data, where)
    return said(text, (), FABRIC_KEYS)


def said(text: TomlText, path: tuple[str, ...], table_keys: Keys) -> dict[str, Said]:
    """What the table at ``path`` of a file says, by its keys; InputError for the first that is unknown or wrong."""
    table: Any = text.values
    for name in path:
        table = table[name]
    fields, faults = keys.read_keys(table, table_keys)
    for fault in faults:
        raise fault_error(text, path, fault)
    return both_selvedges({key: Said(value, text.place(*path, key)) for key, value in fields.items()})


def fault_error(text: TomlText, path: tuple[str, ...], fault: keys.KeyFault) -> InputError:
    """What is wrong with a key of the table at ``path``, naming file, line, table and key."""
    table = f"[{'.'.join(_quoted(name) for name in path)}], " if path else ""
    return InputError(
        f"{table}key '{fault.key}': {fault.message}", where=text.place(*path, fault.key), hint=fault.hint or None
    )


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'


def both_selvedges(values: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a cloth with ``selvedge`` told as ``selvedge_low`` and ``selvedge_high``, where these are not."""
    found = dict(values)
    if "selvedge" in found:
        selvedge = found.pop("selvedge")
        found = {"selvedge_low": selvedge, "selvedge_high": selvedge} | found
    return found
