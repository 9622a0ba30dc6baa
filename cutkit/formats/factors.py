"""Footprint factors of cloth, as the user gives them in a small TOML file, each with its citation::

    [co2e]
    value = 12.5
    unit = "kg/kg"          # kg of CO2e per kg of cloth, or kg/m2
    citation = "Supplier's EPD no. 1234, 2025, cradle to gate"

    [water]
    value = 0.9
    unit = "m3/kg"          # or l/kg, l/m2, m3/m2
    citation = "..."

cutkit brings none along: a figure without its source is no figure.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from cutkit.errors import InputError
from cutkit.formats.files import read_bytes


class Co2eFactor(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Kilograms of CO2e for each kilogram or square metre of cloth."""

    value: float
    unit: Literal["kg/kg", "kg/m2"]
    citation: str


class WaterFactor(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Water for each kilogram or square metre of cloth."""

    value: float
    unit: Literal["l/kg", "l/m2", "m3/kg", "m3/m2"]
    citation: str


class _FactorsForm(msgspec.Struct, forbid_unknown_fields=True):
    co2e: Co2eFactor | None = None
    water: WaterFactor | None = None


@dataclass(frozen=True, slots=True)
class Factors:
    """What a file of factors holds."""

    co2e: Co2eFactor | None
    water: WaterFactor | None


def read_factors(path: str | Path) -> Factors:
    """The factors in a file; InputError (exit 3) where it is no TOML, has another key, a negative value, no
    citation."""
    where = str(path)
    try:
        form = msgspec.convert(tomllib.loads(read_bytes(path).decode("utf-8-sig")), _FactorsForm)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, RecursionError) as error:
        hint = 'A factor reads: [co2e] value = 12.5, unit = "kg/kg", citation = "who says so"'
        raise InputError(f"not a file of factors: {error}", where=where, hint=hint) from error
    for name, factor in (("co2e", form.co2e), ("water", form.water)):
        if factor is None:
            continue
        if not 0 <= factor.value < 1e9:
            raise InputError(f"{name}: the value {factor.value:g} is no footprint", where=where)
        if not factor.citation.strip():
            raise InputError(f"{name}: the citation is empty", where=where, hint="Say who says so, and where.")
    return Factors(form.co2e, form.water)
