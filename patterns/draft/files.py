"""Which garment is written to which file, and in which CAD's habits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from patterns.draft import dress, hoodie, shirt, tote, trousers, tshirt
from patterns.draft.dxf import AUTHOR, CREATED, Habit, Style, dxf
from patterns.draft.geometry import flattening
from patterns.draft.piece import Garment, Piece
from patterns.draft.plain import plain_dxf
from patterns.draft.rul import grading, rul
from patterns.draft.sheet import SheetPiece, sheet


@dataclass(frozen=True)
class Order:
    """A garment to draft: its style name, its sizes and sample size, and the function that drafts one size."""

    style: str
    sizes: tuple[str, ...]
    sample: str
    draft: Callable[[str], Garment]

    def garments(self) -> list[Garment]:
        """Every size, drafted."""
        return [self.draft(size) for size in self.sizes]


GARMENTS = {
    "tshirt": Order("CREW NECK T-SHIRT", tshirt.SIZES, tshirt.SAMPLE, tshirt.draft),
    "shirt": Order("MENS SHIRT", shirt.SIZES, shirt.SAMPLE, shirt.draft),
    "trousers": Order("FIVE POCKET TROUSERS", trousers.SIZES, trousers.SAMPLE, trousers.draft),
    "hoodie": Order("HOODED SWEATSHIRT", hoodie.SIZES, hoodie.SAMPLE, hoodie.draft),
    "dress": Order("A-LINE DRESS", dress.SIZES, dress.SAMPLE, dress.draft),
    "tote": Order("TOTE", tote.SIZES, tote.SAMPLE, tote.draft),
}

HABITS = {
    "tshirt": Habit(grain_deg=90.0),
    "shirt": Habit(boundary="chain"),
    "trousers": Habit(boundary="chain", material_key="Fabric", sample_only=True, notch_width_mm=3.0),
    "hoodie": Habit(units="ENGLISH", upper_keys=True, notch_width_mm=3.175),
    "dress": Habit(units="Metric", boundary="repeat", grain_deg=None, separator="-"),
}

AAMA = Habit(dialect="AAMA", boundary="chain", upper_keys=True, tolerance_mm=0.03)
"""Finer than a nest: a graded curve keeps the sample's vertices, which suit another size a little less well."""


def nest(name: str, habit: Habit) -> list[SheetPiece]:
    """The pieces of a garment as its file holds them."""
    with flattening(habit.tolerance_mm):
        return sheet(GARMENTS[name].garments(), habit.grain_deg)


def astm_file(name: str) -> bytes:
    """A garment as a graded nest."""
    order, habit = GARMENTS[name], HABITS[name]
    return dxf(Style(order.style, order.sizes, order.sample), nest(name, habit), habit)


def aama_files(name: str) -> tuple[bytes, bytes]:
    """A garment as its sample size and a rule table."""
    order = GARMENTS[name]
    table_name = name.upper()
    pieces = nest(name, AAMA)
    table = grading(pieces, order.sizes, order.sample)
    style = Style(order.style, order.sizes, order.sample, table_name)
    samples = [piece for piece in pieces if piece.size == order.sample]
    return dxf(style, samples, AAMA, table), rul(table, table_name, AAMA.units, CREATED, AUTHOR)


def plain_file(name: str, rounded_mm: Mapping[str, float]) -> bytes:
    """A garment as a plain drawing: every copy of every piece side by side, grain along x."""
    order = GARMENTS[name]
    copies = [replace(garment, pieces=_each_copy(garment)) for garment in order.garments()]
    return plain_dxf(order.style, sheet(copies, 0.0, nested=False), rounded_mm)


def _each_copy(garment: Garment) -> tuple[Piece, ...]:
    return tuple(piece for piece in garment.pieces for _ in range(sum(piece.copies)))


def drafted_files() -> dict[str, bytes]:
    """Every file of the patterns folder that the program writes, by name."""
    files = {f"{name}.dxf": astm_file(name) for name in HABITS}
    files["tote.dxf"] = plain_file("tote", tote.ROUNDED_MM)
    files["tshirt-aama.dxf"], files["tshirt-aama.rul"] = aama_files("tshirt")
    return files
