"""The balance of a spread: every square millimetre of the cloth that was issued, and where it went.

Cloth issued is length off the roll times the full width, of every layer. It went into pieces, into the waste within the
marker by place (``places``), selvedges, what every ply is longer than the marker (ends), overlaps at splices, flaws,
and what is left for another day (remnants). Each part has a source of its own, so the sum is a check: ``error_mm2`` is
0 to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from cutkit.errors import UsageError
from cutkit.model import Marker
from cutkit.report.places import WastePlaces, waste_places

Part = Literal[
    "pieces",
    "between",
    "cutouts",
    "edges",
    "marker_ends",
    "selvedges",
    "end_allowance",
    "splices",
    "flaws",
    "remnants",
    "unaccounted",
]
PARTS: dict[Part, str] = {
    "pieces": "Pieces",
    "between": "Between pieces",
    "cutouts": "Cut-outs",
    "edges": "Along the edges",
    "marker_ends": "At the marker's ends",
    "selvedges": "Selvedges",
    "end_allowance": "End allowance",
    "splices": "Splices",
    "flaws": "Flaws",
    "remnants": "Remnants",
    "unaccounted": "Unaccounted for",
}
"""The parts of the cloth issued, in the order in which they are told."""
WITHIN_THE_MARKER: tuple[Part, ...] = ("between", "cutouts", "edges", "marker_ends")
CLOSES_TO_MM2 = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a marker is spread and cut.

    Every ply is ``end_allowance_mm`` longer than the marker, both ends together. Each of the ``splices`` in the whole
    spread laps two lengths of cloth by ``splice_mm``. ``flaws_mm`` is cloth cut away for flaws while spreading.
    ``issued_mm`` is the length that came off the roll, ``remnants_mm`` what was put back; where only one is known the
    other follows, where none is, nothing was left. What both do not explain is unaccounted for, below 0 where more was
    put back than there can have been.
    """

    plies: int = 1
    end_allowance_mm: float = 0.0
    splices: int = 0
    splice_mm: float = 0.0
    flaws_mm: float = 0.0
    issued_mm: float | None = None
    remnants_mm: float | None = None

    def laid_mm(self, marker_mm: float) -> float:
        """The length of cloth that the spread takes off the roll, remnants left out."""
        return self.plies * (marker_mm + self.end_allowance_mm) + self.splices * self.splice_mm + self.flaws_mm


ONE_PLY = Spread()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Cloth issued, and its parts; areas in mm2 of one layer of cloth. Balances add up."""

    issued_mm2: float
    parts: dict[Part, float]

    @property
    def error_mm2(self) -> float:
        """Cloth issued less the sum of its parts."""
        return self.issued_mm2 - sum(self.parts.values())

    @property
    def closes(self) -> bool:
        """Whether the parts are the whole, to CLOSES_TO_MM2."""
        return abs(self.error_mm2) <= CLOSES_TO_MM2

    @property
    def utilisation(self) -> float:
        """The share of the cloth issued that became pieces, a fraction; 0 where none was issued."""
        return self.parts["pieces"] / self.issued_mm2 if self.issued_mm2 > 0 else 0.0

    @property
    def waste_mm2(self) -> float:
        """Cloth that is neither in a piece nor left for another day."""
        return self.issued_mm2 - self.parts["pieces"] - self.parts["remnants"]

    def share(self, part: Part) -> float:
        """A part of the cloth issued, a fraction."""
        return self.parts[part] / self.issued_mm2 if self.issued_mm2 > 0 else 0.0

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            issued_mm2=self.issued_mm2 + other.issued_mm2,
            parts={part: self.parts[part] + other.parts[part] for part in PARTS},
        )


NOTHING_ISSUED = Balance(issued_mm2=0.0, parts=dict.fromkeys(PARTS, 0.0))


def issued_mm(marker_mm: float, spread: Spread) -> float:
    """The length of cloth that came off the roll. UsageError where that is less than what was laid."""
    laid = spread.laid_mm(marker_mm)
    if spread.issued_mm is None:
        return laid + (spread.remnants_mm or 0.0)
    if spread.issued_mm < laid - 1e-6:
        raise UsageError(
            f"{spread.issued_mm:.0f} mm of cloth were issued, but the spread takes {laid:.0f} mm",
            hint="Look at --issued, --plies and --end-allowance.",
        )
    return spread.issued_mm


def spread_of(marker: Marker, spread: Spread) -> Spread:
    """The spread with what the marker itself says: the margins at its ends, with the blocks that are cut beyond its
    length, and in one ply what is left of the roll that it was laid on, unless the spread tells of cloth issued or put
    back."""
    fabric, left = marker.fabric, spread.remnants_mm
    ends = spread.end_allowance_mm + fabric.start_margin_mm + fabric.end_margin_mm + marker.overhang_mm
    if marker.stretch is not None and spread.plies == 1 and spread.issued_mm is None and left is None:
        left = marker.stretch.left_mm
    return replace(spread, end_allowance_mm=ends, remnants_mm=left)


def balance_of(marker: Marker, spread: Spread, places: WastePlaces | None = None) -> Balance:
    """The balance of ``marker`` cut in ``spread``. UsageError where less cloth was issued than laid."""
    places, spread = places or waste_places(marker), spread_of(marker, spread)
    fabric, length, sheets = marker.fabric, marker.length_mm, spread.plies * marker.fabric.layers
    width = fabric.width_mm * fabric.layers
    issued = issued_mm(length, spread)
    left = (spread.remnants_mm or 0.0) if spread.issued_mm is None else issued - spread.laid_mm(length)
    remnants = left if spread.remnants_mm is None else spread.remnants_mm
    parts: dict[Part, float] = {
        "pieces": sheets * places.pieces_mm2,
        "between": sheets * places.area_mm2("between"),
        "cutouts": sheets * places.area_mm2("cutouts"),
        "edges": sheets * places.area_mm2("edges"),
        "marker_ends": sheets * places.area_mm2("ends"),
        "selvedges": sheets * (fabric.width_mm - fabric.usable_width_mm) * length,
        "end_allowance": spread.plies * spread.end_allowance_mm * width,
        "splices": spread.splices * spread.splice_mm * width,
        "flaws": sheets * places.area_mm2("flaws") + spread.flaws_mm * width,
        "remnants": remnants * width,
        "unaccounted": (left - remnants) * width,
    }
    return Balance(issued_mm2=issued * width, parts=parts)
