"""Markers as they were or will be cut: cloth, money, weight, footprint and time, by marker, by order and in total.

A summary is made of a list of ``Cut``: a marker with what the shop knows about cutting it. Whoever has them, a command
line or a store of jobs, makes that list; nothing else is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from cutkit.errors import UsageError
from cutkit.model import Fabric, Marker
from cutkit.report.balance import NOTHING_ISSUED, ONE_PLY, Balance, Spread, balance_of, issued_mm, spread_of
from cutkit.report.figures import MarkerFigures, TotalFigures, marker_figures, total_figures
from cutkit.report.places import WastePlaces, waste_places

FactorUnit = Literal["kg/kg", "kg/m2", "l/kg", "l/m2", "m3/kg", "m3/m2"]
MM2_PER_M2 = 1e6
LARGEST_OVERLAP_MM2 = 1.0
"""Beyond it the pieces of a marker do not cover the cloth that their outlines have: it has faults."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A footprint for each kilogram or square metre of cloth, and who says so. Water comes in litres or m3."""

    value: float
    unit: FactorUnit
    citation: str

    @property
    def by_weight(self) -> bool:
        """Whether it is one of the cloth's weight."""
        return self.unit.endswith("/kg")

    def of(self, kg: float | None, mm2: float) -> float | None:
        """The footprint of cloth, in kg or in litres; None where the weight is needed and not known."""
        value = self.value * (1000.0 if self.unit.startswith("m3") else 1.0)
        if self.by_weight:
            return None if kg is None else value * kg
        return value * mm2 / MM2_PER_M2


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the cloth costs and weighs: None where nobody said."""

    price_per_m: float | None = None
    currency: str = ""
    weight_g_m2: float | None = None
    co2e: Factor | None = None
    water: Factor | None = None

    def or_of(self, fabric: Fabric) -> Terms:
        """The terms, with the cloth's own price and weight where nobody said another one."""
        return replace(
            self,
            price_per_m=fabric.price_per_m if self.price_per_m is None else self.price_per_m,
            weight_g_m2=fabric.weight_gsm if self.weight_g_m2 is None else self.weight_g_m2,
        )

    def refuse_weightless(self) -> None:
        """UsageError where a factor is one of weight, and the weight is not known."""
        for name, factor in (("CO2e", self.co2e), ("water", self.water)):
            if factor is not None and factor.by_weight and self.weight_g_m2 is None:
                raise UsageError(
                    f"the factor of {name} is in {factor.unit}, but the cloth's weight is not known",
                    hint="Give it as --weight 140 (grams per square metre), or a factor per m2.",
                )


NO_TERMS = Terms()


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A marker and its cutting. ``order`` groups markers; ``due`` and ``cut_s`` (the time on the cutter) where
    known."""

    marker: Marker
    path: str = ""
    order: str = ""
    due: str = ""
    spread: Spread = ONE_PLY
    terms: Terms = NO_TERMS
    cut_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What cloth comes to; None where the terms do not tell. ``waste`` is cloth in no piece and not left over."""

    issued_kg: float | None
    waste_kg: float | None
    money: float | None
    waste_money: float | None
    co2e_kg: float | None
    waste_co2e_kg: float | None
    water_l: float | None
    waste_water_l: float | None


COST_NAMES = tuple(Costs.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Several markers together: an order, or all.

    ``garments`` counts garments on all plies, one in several materials once. ``currency`` is empty where they differ,
    and then there is no money.
    """

    name: str
    due: str
    figures: TotalFigures
    balance: Balance
    costs: Costs
    currency: str
    plies: int
    garments: int
    issued_mm: float
    cut_s: float | None

    @property
    def markers(self) -> int:
        """How many markers these are."""
        return self.figures.markers


@dataclass(frozen=True, kw_only=True)
class MarkerRow:
    """One marker of a summary. ``garments`` are those of all plies, ``issued_mm`` the cloth off the roll."""

    cut: Cut
    figures: MarkerFigures
    places: WastePlaces
    balance: Balance
    costs: Costs
    issued_mm: float

    @property
    def garments(self) -> int:
        """Garments in the marker, on all plies."""
        return self.of_all_plies(self.figures.garments)

    def of_all_plies(self, garments: int) -> int:
        """What so many garments of the marker come to: each is cut out of every ply, or out of every pair of plies."""
        return garments * (self.cut.spread.plies // self.cut.marker.planned.plies_per_garment)

    @property
    def sound(self) -> bool:
        """Whether the balance closes, and the pieces cover as much cloth as their outlines have."""
        return self.balance.closes and abs(self.places.overlap_mm2) <= LARGEST_OVERLAP_MM2


@dataclass(frozen=True)
class Summary:
    """Markers with their figures, in the order given; orders and the total are sums of them."""

    rows: tuple[MarkerRow, ...]

    @cached_property
    def total(self) -> Totals:
        """All markers."""
        return _totals("Total", self.rows)

    @cached_property
    def orders(self) -> tuple[Totals, ...]:
        """Markers of one order together: what is due first comes first, then by first appearance.

        Dates are compared as texts, so they must be written year first.
        """
        names = dict.fromkeys(row.cut.order for row in self.rows)
        orders = [_totals(name, [row for row in self.rows if row.cut.order == name]) for name in names]
        return tuple(sorted(orders, key=lambda order: (not order.due, order.due)))


def summarize(cuts: Iterable[Cut]) -> Summary:
    """The summary of these markers. UsageError where a spread takes more cloth than was issued for it, or where a
    factor needs a weight that is not known."""
    return Summary(tuple(_row(cut) for cut in cuts))


def _row(cut: Cut) -> MarkerRow:
    cut = replace(cut, terms=cut.terms.or_of(cut.marker.fabric))
    cut.terms.refuse_weightless()
    figures = marker_figures(cut.marker, path=cut.path)
    places = waste_places(cut.marker)
    balance = balance_of(cut.marker, cut.spread, places)
    issued = issued_mm(cut.marker.length_mm, spread_of(cut.marker, cut.spread))
    return MarkerRow(
        cut=cut,
        figures=figures,
        places=places,
        balance=balance,
        costs=_costs(balance, cut.marker.fabric.width_mm * cut.marker.fabric.layers, cut.terms),
        issued_mm=issued,
    )


def _costs(balance: Balance, width_mm: float, terms: Terms) -> Costs:
    """Money goes by length, weight by area; a running metre has the full width."""

    def kg(mm2: float) -> float | None:
        return None if terms.weight_g_m2 is None else mm2 / MM2_PER_M2 * terms.weight_g_m2 / 1000

    def money(mm2: float) -> float | None:
        return None if terms.price_per_m is None else mm2 / width_mm / 1000 * terms.price_per_m

    def footprint(factor: Factor | None, mm2: float) -> float | None:
        return None if factor is None else factor.of(kg(mm2), mm2)

    issued, waste = balance.issued_mm2, balance.waste_mm2
    return Costs(
        issued_kg=kg(issued),
        waste_kg=kg(waste),
        money=money(issued),
        waste_money=money(waste),
        co2e_kg=footprint(terms.co2e, issued),
        waste_co2e_kg=footprint(terms.co2e, waste),
        water_l=footprint(terms.water, issued),
        waste_water_l=footprint(terms.water, waste),
    )


def _totals(name: str, rows: Sequence[MarkerRow]) -> Totals:
    currencies = {row.cut.terms.currency for row in rows}
    costs = [row.costs for row in rows]
    summed = Costs(**{field: _sum(costs, field) for field in COST_NAMES})
    if len(currencies) > 1:
        summed = Costs(**{f: None if "money" in f else getattr(summed, f) for f in COST_NAMES})
    return Totals(
        name=name,
        due=min((row.cut.due for row in rows if row.cut.due), default=""),
        figures=total_figures(row.figures for row in rows),
        balance=sum((row.balance for row in rows), NOTHING_ISSUED),
        costs=summed,
        currency=currencies.pop() if len(currencies) == 1 else "",
        plies=sum(row.cut.spread.plies for row in rows),
        garments=_garments(rows),
        issued_mm=sum(row.issued_mm for row in rows),
        cut_s=_sum_known([row.cut.cut_s for row in rows]),
    )


def _garments(rows: Sequence[MarkerRow]) -> int:
    """Garments on all plies: those of one order and style in several materials are the same, counted once."""
    by_style: dict[tuple[object, ...], dict[str, int]] = {}
    for row in rows:
        materials = by_style.setdefault((row.cut.order, row.figures.styles), {})
        materials[row.figures.material] = materials.get(row.figures.material, 0) + row.garments
    return sum(max(materials.values()) for materials in by_style.values())


def _sum(costs: Sequence[Costs], field: str) -> float | None:
    return _sum_known([getattr(cost, field) for cost in costs])


def _sum_known(values: Sequence[float | None]) -> float | None:
    """The sum; None where one is not known, for half a sum would pass for a whole one."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def per_garment(value: float | None, garments: int) -> float | None:
    """A share for each garment; None where there is nothing to share, or nobody to share it."""
    return value / garments if value is not None and garments else None


def order_of(marker: Marker) -> str:
    """What a marker's order is called where nobody says: its styles."""
    styles = dict.fromkeys(piece.style for piece in marker.pieces if piece.style)
    return " + ".join(styles) or marker.fabric.name or "no style"
