"""A summary for others to read: as the object of ``report --json``, and as rows of a CSV file."""

from __future__ import annotations

from typing import Any

from cutkit.check import match_residuals, rule_figures
from cutkit.report.balance import PARTS, Balance
from cutkit.report.rules import match_json, rule_json
from cutkit.report.summary import COST_NAMES, Costs, Factor, MarkerRow, Summary, Terms, Totals, per_garment

SCHEMA = "cutkit.report/1"


def report_json(summary: Summary) -> dict[str, Any]:
    """The object of ``report --json``: areas in mm2, lengths in mm, shares as fractions, None where not known."""
    return {
        "schema": SCHEMA,
        "markers": [_marker_json(row) for row in summary.rows],
        "orders": [_totals_json(order) for order in summary.orders],
        "total": _totals_json(summary.total),
        "factors": _factors_json([row.cut.terms for row in summary.rows]),
    }


def _marker_json(row: MarkerRow) -> dict[str, Any]:
    figures, spread = row.figures, row.cut.spread
    return {
        "path": figures.path,
        "order": row.cut.order,
        "due": row.cut.due or None,
        "styles": list(figures.styles),
        "fabric": figures.fabric,
        "material": figures.material,
        "width_mm": figures.width_mm,
        "usable_width_mm": figures.usable_width_mm,
        "length_mm": figures.length_mm,
        "efficiency": figures.efficiency,
        "waste_pct": figures.waste_pct,
        "utilisation": row.balance.utilisation,
        "pieces": {"ordered": figures.ordered, "placed": figures.placed, "unplaced": figures.unplaced},
        "plies": spread.plies,
        "garments": row.garments,
        "garments_by_size": {size: row.of_all_plies(count) for size, count in figures.garments_by_size},
        "issued_mm": row.issued_mm,
        "issued_per_garment_mm": per_garment(row.issued_mm, row.garments),
        "balance": _balance_json(row.balance),
        "overlap_mm2": row.places.overlap_mm2,
        "costs": _costs_json(row.costs, row.cut.terms.currency, row.garments),
        "cut_s": row.cut.cut_s,
        "search_s": figures.search_s,
        "seed": figures.seed,
        "rules": [rule_json(figure) for figure in rule_figures(row.cut.marker)],
        "matches": [match_json(residual) for residual in match_residuals(row.cut.marker)],
    }


def _totals_json(totals: Totals) -> dict[str, Any]:
    figures = totals.figures
    return {
        "name": totals.name,
        "due": totals.due or None,
        "markers": totals.markers,
        "length_mm": figures.length_mm,
        "efficiency": figures.efficiency,
        "waste_pct": figures.waste_pct,
        "utilisation": totals.balance.utilisation,
        "pieces": {"ordered": figures.ordered, "placed": figures.placed, "unplaced": figures.unplaced},
        "plies": totals.plies,
        "garments": totals.garments,
        "issued_mm": totals.issued_mm,
        "issued_per_garment_mm": per_garment(totals.issued_mm, totals.garments),
        "balance": _balance_json(totals.balance),
        "costs": _costs_json(totals.costs, totals.currency, totals.garments),
        "cut_s": totals.cut_s,
    }


def _balance_json(balance: Balance) -> dict[str, Any]:
    parts = {f"{part}_mm2": area for part, area in balance.parts.items()}
    return {"issued_mm2": balance.issued_mm2, **parts, "error_mm2": balance.error_mm2, "closes": balance.closes}


def _costs_json(costs: Costs, currency: str, garments: int) -> dict[str, Any]:
    known = {name: getattr(costs, name) for name in COST_NAMES}
    return {**known, "money_per_garment": per_garment(costs.money, garments), "currency": currency or None}


def _factors_json(terms: list[Terms]) -> dict[str, Any]:
    """The factors with their citations; of several, all of them."""
    found: dict[str, list[Factor]] = {"co2e": [], "water": []}
    for each in terms:
        for name, factor in (("co2e", each.co2e), ("water", each.water)):
            if factor is not None and factor not in found[name]:
                found[name].append(factor)
    return {
        name: [{"value": f.value, "unit": f.unit, "citation": f.citation} for f in factors]
        for name, factors in found.items()
    }


CSV_COLUMNS = (
    "row",
    "marker",
    "order",
    "due",
    "material",
    "width_mm",
    "usable_width_mm",
    "length_mm",
    "plies",
    "garments",
    "issued_mm",
    "issued_per_garment_mm",
    "efficiency_pct",
    "utilisation_pct",
    "issued_mm2",
    *(f"{part}_mm2" for part in PARTS),
    *COST_NAMES,
    "currency",
    "cut_s",
)


def csv_rows(summary: Summary) -> list[dict[str, Any]]:
    """A row for every marker, every order and the total, told apart by ``row``; empty where not known."""
    markers = [
        {
            "row": "marker",
            "marker": row.figures.path,
            "order": row.cut.order,
            "due": row.cut.due,
            "material": row.figures.material,
            "width_mm": row.figures.width_mm,
            "usable_width_mm": row.figures.usable_width_mm,
            "length_mm": row.figures.length_mm,
            "plies": row.cut.spread.plies,
            "efficiency_pct": 100 * row.figures.efficiency,
            **_common_cells(row.garments, row.issued_mm, row.balance, row.costs),
            "currency": row.cut.terms.currency,
            "cut_s": row.cut.cut_s,
        }
        for row in summary.rows
    ]
    sums = [
        {
            "row": kind,
            "order": totals.name if kind == "order" else "",
            "due": totals.due,
            "length_mm": totals.figures.length_mm,
            "plies": totals.plies,
            "efficiency_pct": 100 * totals.figures.efficiency,
            **_common_cells(totals.garments, totals.issued_mm, totals.balance, totals.costs),
            "currency": totals.currency,
            "cut_s": totals.cut_s,
        }
        for kind, totals in [*(("order", order) for order in summary.orders), ("total", summary.total)]
    ]
    return [{name: _cell(row.get(name)) for name in CSV_COLUMNS} for row in (*markers, *sums)]


def _common_cells(garments: int, issued_mm: float, balance: Balance, costs: Costs) -> dict[str, Any]:
    return {
        "garments": garments,
        "issued_mm": issued_mm,
        "issued_per_garment_mm": per_garment(issued_mm, garments),
        "utilisation_pct": 100 * balance.utilisation,
        "issued_mm2": balance.issued_mm2,
        **{f"{part}_mm2": area for part, area in balance.parts.items()},
        **{name: getattr(costs, name) for name in COST_NAMES},
    }


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return round(value, 6) if isinstance(value, float) else value
