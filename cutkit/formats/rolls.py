"""The cloth in stock: rolls and remnants with their flaws, as a CSV or a TOML file, and what is left of them.

A CSV has a line for each roll, and further lines of the same roll for further flaws; a line without a box tells of
none. Lengths carry their unit. ``kind`` is ``roll`` (if not given) or ``remnant``, ``allows`` are the quality classes
that a flaw allows, with blanks between them, and ``material`` is what the cloth is for, where an order has several::

    roll,width,length,kind,x0,y0,x1,y1,allows
    R1,150cm,52m,roll,3.2m,40cm,3.3m,45cm,
    R1,,,,17.5m,0cm,17.6m,12cm,B C
    end bit,148cm,2.4m,remnant

A TOML file says the same so::

    [[roll]]
    name = "R1"
    width = "150cm"
    length = "52m"
    flaws = [{from = ["3.2m", "40cm"], to = ["3.3m", "45cm"]}]

Along a roll is measured from the end that is cut first, across it from the low edge of the cloth, selvedge included.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from cutkit.errors import InputError, did_you_mean
from cutkit.formats import keys
from cutkit.formats.csv_table import parse_rows
from cutkit.formats.fabrics import fault_error, read_flaws
from cutkit.formats.keys import Key, Keys
from cutkit.formats.toml_text import parse_toml
from cutkit.model import Defect, Roll, RollKind

BOX = ("x0", "y0", "x1", "y1")
OF_ROLL = ("width", "length", "kind", "material")
COLUMNS = ("roll", *OF_ROLL, *BOX, "allows")


def _name(value: str) -> str:
    if not value.strip():
        raise ValueError("the name is empty")
    return value.strip()


_COMMON: Keys = {
    "width": Key("width_mm", str, keys.above_zero),
    "length": Key("length_mm", str, keys.above_zero),
    "kind": Key("kind", RollKind),
    "material": Key("material", str),
}
_TABLE_KEYS: Keys = {
    "name": Key("name", str, _name),
    **_COMMON,
    "flaws": Key("flaws", list[dict[str, Any]], read_flaws),
}
_ROW_KEYS: Keys = {
    "roll": Key("name", str, _name),
    **_COMMON,
    **{name: Key(name, str, keys.length) for name in BOX},
    "allows": Key("allows", str, lambda text: tuple(text.split())),
}


def parse_rolls(data: bytes, where: str) -> tuple[Roll, ...]:
    """The rolls of a file, TOML where its name ends so, else CSV. InputError (exit 3) names file, line and key.

    There is a roll at least, each has a name of its own, and its flaws lie on it.
    """
    is_toml = PurePath(where).suffix.casefold() == ".toml"
    rolls = _of_toml(data, where) if is_toml else _of_csv(data, where)
    if not rolls:
        raise InputError("no roll is told", where=where, hint="A roll has a name, a width and a length.")
    return tuple(rolls)


def _of_toml(data: bytes, where: str) -> list[Roll]:
    text = parse_toml(data, where)
    tables = text.values.get("roll", [])
    unknown = [key for key in text.values if key != "roll"]
    if unknown or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        key = unknown[0] if unknown else "roll"
        hint = f"Every roll is a table [[roll]]. {did_you_mean(key, ['roll'])}".strip()
        raise InputError(f"key {key!r} is no roll", where=text.place(key), hint=hint)
    rolls: dict[str, Roll] = {}
    for number, table in enumerate(tables):
        at = text.place("roll", number)
        fields, faults = keys.read_keys(table, _TABLE_KEYS)
        for fault in faults:
            raise (
                fault_error(text, ("roll",), fault)
                if len(tables) == 1
                else InputError(f"[[roll]], key {fault.key!r}: {fault.message}", where=at, hint=fault.hint or None)
            )
        roll = _roll(fields, at)
        if roll.name in rolls:
            raise InputError(f"roll {roll.name!r} is told twice", where=at)
        rolls[roll.name] = roll
    return list(rolls.values())


def _of_csv(data: bytes, where: str) -> list[Roll]:
    rows = parse_rows(data, where)
    if not rows:
        return []
    number, head = rows[0]
    columns = _columns([name.casefold() for name in head], f"{where}, line {number}")
    told: dict[str, dict[str, Any]] = {}
    flaws: dict[str, list[Defect]] = {}
    places: dict[str, str] = {}
    for number, row in rows[1:]:
        at = f"{where}, line {number}"
        if len(row) > len(columns):
            raise InputError("more cells than columns", where=at)
        cells = {name: cell for name, cell in zip(columns, row, strict=False) if cell}
        fields, faults = keys.read_keys(cells, _ROW_KEYS)
        for fault in faults:
            raise InputError(f"{fault.key}: {fault.message}", where=at, hint=fault.hint or None)
        if "name" not in fields:
            raise InputError("the roll's name is missing", where=at)
        name = fields.pop("name")
        flaw = _flaw(fields, at)
        _refuse_other_words(told.setdefault(name, fields), fields, name, at)
        places.setdefault(name, at)
        flaws.setdefault(name, []).extend([flaw] if flaw else [])
    return [_roll({"name": n, **fields, "flaws": tuple(flaws[n])}, places[n]) for n, fields in told.items()]


def _columns(names: list[str], where: str) -> list[str]:
    for name in names:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) or f"Known are: {', '.join(COLUMNS)}."
            raise InputError(f"unknown column {name!r}", where=where, hint=hint)
    if len(set(names)) != len(names) or not {"roll", "width", "length"} <= set(names):
        raise InputError("the first line must name each column once, roll, width and length among them", where=where)
    return names


def _flaw(fields: dict[str, Any], where: str) -> Defect | None:
    """The flaw of a row, which is taken out of its fields; None where it tells of none."""
    corners, allows = [fields.pop(name, None) for name in BOX], fields.pop("allows", ())
    if all(corner is None for corner in corners) and not allows:
        return None
    x0, y0, x1, y1 = corners
    if x0 is None or y0 is None or x1 is None or y1 is None:
        raise InputError("a flaw is a box: x0, y0, x1 and y1", where=where)
    if x0 >= x1 or y0 >= y1:
        raise InputError("a flaw ends before it begins: x0 and y0 are the lesser ones", where=where)
    return Defect((x0, y0, x1, y1), allows)


def _refuse_other_words(first: Mapping[str, Any], now: Mapping[str, Any], name: str, where: str) -> None:
    """Further lines of a roll tell what its first one tells, or nothing."""
    for field, value in now.items():
        if first.get(field) != value:
            raise InputError(
                f"roll {name!r} has another {field.removesuffix('_mm')} before", where=where, hint="Leave it empty."
            )


def _roll(fields: dict[str, Any], where: str) -> Roll:
    for key in ("name", "width_mm", "length_mm"):
        if key not in fields:
            raise InputError(f"the roll's {key.removesuffix('_mm')} is missing", where=where)
    roll = Roll(**fields)
    for flaw in roll.flaws:
        x0, y0, x1, y1 = flaw.box_mm
        if x1 <= 0 or y1 <= 0 or x0 >= roll.length_mm or y0 >= roll.width_mm:
            raise InputError(f"a flaw of roll {roll.name!r} lies beside the cloth: {_box(flaw)}", where=where)
    return roll


def _box(flaw: Defect) -> str:
    return " ".join(map(_length, flaw.box_mm))


# --- what is left


def rolls_csv(rolls: Iterable[Roll]) -> str:
    """Rolls as the CSV that ``parse_rolls`` reads; lengths to the millionth of a millimetre."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for roll in rolls:
        own = {"width": _length(roll.width_mm), "length": _length(roll.length_mm), "kind": roll.kind}
        row = {"roll": roll.name, **own, "material": roll.material}
        for flaw in roll.flaws or (None,):
            box = {} if flaw is None else dict(zip(BOX, map(_length, flaw.box_mm), strict=True))
            writer.writerow({**row, **box, "allows": " ".join(flaw.allows) if flaw else ""})
            row = {"roll": roll.name}
    return stream.getvalue()


def roll_json(roll: Roll) -> dict[str, Any]:
    """A roll as JSON."""
    return {
        "roll": roll.name,
        "width_mm": roll.width_mm,
        "length_mm": roll.length_mm,
        "kind": roll.kind,
        "material": roll.material,
        "flaws": [{"box_mm": list(flaw.box_mm), "allows": list(flaw.allows)} for flaw in roll.flaws],
    }


def _length(mm: float) -> str:
    return f"{mm:.6f}".rstrip("0").rstrip(".") + "mm"
