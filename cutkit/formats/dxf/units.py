"""The unit of a pattern file: option, then text, then $INSUNITS, then mm; and whether the result can be a garment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cutkit.errors import InputError
from cutkit.formats.dxf.container import Drawing
from cutkit.formats.dxf.meaning import Style, unit_named
from cutkit.formats.dxf.remarks import Remarks
from cutkit.model import Piece, Units, UnitsFrom
from cutkit.units import MM_PER

UNITS: tuple[Units, ...] = ("mm", "cm", "in")
_INSUNITS: dict[int, Units] = {1: "in", 4: "mm", 5: "cm"}
USUAL_MM = (100.0, 3000.0)
"""The largest piece of a garment lies between these, in mm."""
CERTAIN_MM = (300.0, 1900.0)
"""Between these it lies in nearly every garment: a unit that leads here fits far better than one that leads outside."""
SMALL_MM = 250.0
"""A garment whose largest piece is smaller is rare: a stop where another unit fits far better, for METRIC is written
over centimetres too; worth a word where the program is known to err."""
ABSURD_MM = 5000.0
"""Hardly a piece is longer than this: a stop where another unit makes it one of a garment."""
IMPOSSIBLE_MM = 50_000.0
"""No piece is longer than this, whatever the unit."""


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """The unit chosen for a file and where it came from; ``doubtful`` where the program is known to get it wrong,
    ``certain`` where it is known to be right: we wrote it; ``measured`` where the file gives its own size in it.

    ``mm`` are the millimetres per unit of the file, and ``called`` what that unit is called: a picture's are pixels.
    """

    units: Units
    source: UnitsFrom
    text: str = ""
    doubtful: bool = False
    certain: bool = False
    measured: bool = False
    mm: float = 0.0
    called: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mm", self.mm or MM_PER[self.units])
        object.__setattr__(self, "called", self.called or self.units)


def choose_units(option: Units | None, style: Style, drawing: Drawing, remarks: Remarks) -> UnitChoice:
    """The unit of a file by what is known before its pieces are read. CLO writes METRIC for mm and for cm."""
    text = style.units
    if option is not None:
        return UnitChoice(option, "option")
    if text:
        known = unit_named(text)
        if known:
            cad = style.cad.upper()
            return UnitChoice(
                known, "text", text, doubtful=known == "mm" and cad.startswith("CLO"), certain=cad.startswith("CUTKIT")
            )
        remarks.add("units-unknown", f"the file's unit text {text!r} is not known")
    code = _insunits(drawing)
    if code in _INSUNITS:
        return UnitChoice(_INSUNITS[code], "insunits")
    if code:
        remarks.add("units-unknown", f"the file's $INSUNITS {code} is no unit of patterns")
    remarks.add("units-assumed", "the file does not say its unit: millimetres assumed (turn with --units)")
    return UnitChoice("mm", "assumed")


def _insunits(drawing: Drawing) -> int:
    value = drawing.header.get("$INSUNITS", "0")
    return int(value) if re.fullmatch(r"-?[0-9]{1,6}", value) else 0


def check_units(pieces: tuple[Piece, ...], choice: UnitChoice, where: str, remarks: Remarks) -> None:
    """Say so where the largest piece is no garment's; InputError where another unit fits far better, or none can.

    A unit given as an option is not refused for a better one.
    """
    largest = max(pieces, key=_extent)
    size = _extent(largest)
    others = [u for u in UNITS if u != choice.called]
    better = [u for u in others if CERTAIN_MM[0] <= size / choice.mm * MM_PER[u] <= CERTAIN_MM[1]]
    if (SMALL_MM if better or choice.doubtful else USUAL_MM[0]) <= size <= USUAL_MM[1]:
        return
    if size > IMPOSSIBLE_MM:
        raise InputError(
            f"piece {largest.name} would be {size / 1000:.0f} m long: a damaged coordinate or a wrong unit",
            where=where,
            hint="Look at the file in a CAD, or say its unit with --units.",
        )
    sizes = ((choice.called, size), *((u, size / choice.mm * MM_PER[u]) for u in others))
    table = ", ".join(f"{mm / 10:.1f} cm in {unit}" for unit, mm in sizes)
    name = f"the largest piece, {largest.name}, would be {table}"
    if choice.source != "option" and not choice.certain and better and _stops(pieces, size, choice):
        said = f'"{choice.text}"' if choice.text else choice.called
        named = [*better, *([choice.called] if choice.called in UNITS else [])]
        raise InputError(
            f"the unit ({said}, read as {choice.called}) cannot be right: {name}",
            where=where,
            hint=f"Say which it is: --units {' or --units '.join(named)}.",
        )
    remarks.add("units-implausible", f"{name}; read as {choice.called} (turn with --units)")


def _extent(piece: Piece) -> float:
    x0, y0, x1, y1 = piece.outline.bounds
    return float(max(x1 - x0, y1 - y0))


def _stops(pieces: tuple[Piece, ...], size: float, choice: UnitChoice) -> bool:
    """Whether a wrong size is reason to stop.

    One or two small plain shapes may be what they are: labels, tabs, a trial drawing; below the usual size only where
    there is no word on the unit.
    """
    if size > ABSURD_MM:
        return True
    if size >= SMALL_MM:
        return False
    few_and_plain = len(pieces) <= 2 and all(len(piece.outline.exterior.coords) <= 9 for piece in pieces)
    if size >= USUAL_MM[0]:
        all_plain = all(len(piece.outline.exterior.coords) <= 9 for piece in pieces)
        said = choice.measured or (choice.source == "insunits" and all_plain)
        return not (said or few_and_plain) or choice.doubtful
    return not (few_and_plain and choice.source == "assumed" and not choice.doubtful)
