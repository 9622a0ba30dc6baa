"""The tables of ``report``: markers, orders, and the balance of the cloth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cutkit.cli.tables import Column, TableData, clock
from cutkit.report.balance import PARTS, Balance
from cutkit.report.summary import Costs, MarkerRow, Summary, Totals, per_garment

if TYPE_CHECKING:
    from cutkit.report.figures import ClothFigures


def cloth_table(summary: Summary) -> TableData:
    """A row for every marker, and their total from two on."""
    currency = summary.total.currency
    total = summary.total
    return _without_unknown(
        TableData(
            _columns("Marker", currency),
            tuple(_marker_cells(row) for row in summary.rows),
            _total_cells(total, f"Total of {total.markers}") if total.markers > 1 else None,
        )
    )


def order_table(summary: Summary) -> TableData:
    """A row for every order."""
    name, *columns = _columns("Order", summary.total.currency)
    dates = Column("Due", "left", worth=9)
    rows = [_total_cells(order, order.name) for order in summary.orders]
    dated = tuple((row[0], order.due or "-", *row[1:]) for row, order in zip(rows, summary.orders, strict=True))
    return _without_unknown(TableData((name, dates, *columns), dated))


def balance_table(total: Totals) -> TableData:
    """The cloth issued and its parts, those that are nothing left out."""
    balance = total.balance
    rows = [
        (name, f"{balance.parts[part] / 1e6:.4f}", f"{100 * balance.share(part):.2f}")
        for part, name in PARTS.items()
        if balance.parts[part]
    ]
    columns = (Column("Where the cloth went", "left"), Column("m2"), Column("%"))
    return TableData(columns, tuple(rows), ("Cloth issued", f"{balance.issued_mm2 / 1e6:.4f}", "100.00"))


def _without_unknown(table: TableData) -> TableData:
    """The table without the columns that hold nothing in any row."""
    kept = [k for k in range(len(table.columns)) if any(row[k] not in ("-", "") for row in table.rows)]

    def pick(row: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(row[k] for k in kept)

    columns = tuple(table.columns[k] for k in kept)
    return TableData(columns, tuple(map(pick, table.rows)), pick(table.total) if table.total else None)


def _columns(name: str, currency: str) -> tuple[Column, ...]:
    money = currency or "cost"
    return (
        Column(name, "left", shrink_to=12, style="bold"),
        Column("Length\nm", worth=6),
        Column("Plies", worth=7),
        Column("Gar-\nments"),
        Column("Eff.\n%", style="green"),
        Column("Utili-\nsation %", style="green"),
        Column("Issued\nm"),
        Column("m per\ngarment", worth=12),
        Column(f"{money} per\ngarment", worth=11),
        Column("Waste\nkg", worth=5),
        Column("CO2e\nkg", worth=4),
        Column("Water\nl", worth=3),
        Column("Cutting\nmin:s", worth=8),
    )


def _marker_cells(row: MarkerRow) -> tuple[str, ...]:
    name = Path(row.figures.path).name.removesuffix(".json").removesuffix(".marker")
    plies = str(row.cut.spread.plies)
    return (name, *_cells(row.figures, plies, row.garments, row.balance, row.issued_mm, row.costs, row.cut.cut_s))


def _total_cells(totals: Totals, name: str) -> tuple[str, ...]:
    cells = _cells(totals.figures, "", totals.garments, totals.balance, totals.issued_mm, totals.costs, totals.cut_s)
    return (name, *cells)


def _cells(
    figures: ClothFigures,
    plies: str,
    garments: int,
    balance: Balance,
    issued_mm: float,
    costs: Costs,
    cut_s: float | None,
) -> tuple[str, ...]:
    return (
        f"{figures.length_mm / 1000:.3f}",
        plies,
        str(garments),
        f"{100 * figures.efficiency:.2f}",
        f"{100 * balance.utilisation:.2f}",
        f"{issued_mm / 1000:.3f}",
        _number(per_garment(issued_mm / 1000, garments), 3),
        _number(per_garment(costs.money, garments), 2),
        _number(costs.waste_kg, 2),
        _number(costs.waste_co2e_kg, 2),
        _number(costs.waste_water_l, 0),
        clock(cut_s),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
