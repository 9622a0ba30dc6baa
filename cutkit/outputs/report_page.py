"""The page of a report, put together from its figures: what HTML and PDF show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace

from cutkit import __version__
from cutkit.formats.report_page import (
    BalanceLine,
    Headline,
    MarkerSheet,
    PageAnswer,
    PageCell,
    PageColumn,
    PageList,
    PageTable,
    ReportPage,
)
from cutkit.outputs.names import marker_title
from cutkit.report.balance import PARTS, Balance
from cutkit.report.places import Place
from cutkit.report.rules import rule_texts
from cutkit.report.summary import Costs, MarkerRow, Summary, Terms, Totals, per_garment
from cutkit.units import format_duration

REGIONS: dict[str, Place] = {
    "between": "between",
    "cutouts": "cutouts",
    "edges": "edges",
    "marker_ends": "ends",
    "flaws": "flaws",
}
"""The parts of the balance that are places in a marker."""
MEANINGS = (
    "Cloth issued: the length that came off the roll times its full width. All areas are of single layers of cloth.",
    "Efficiency: area of the pieces over usable width times marker length. It judges the marker alone.",
    "Utilisation: area of the pieces over all cloth issued, selvedges, ends, splices, flaws and remnants too.",
    "Waste: cloth issued that is neither in a piece nor left as a remnant.",
    "Between pieces: enclosed by pieces. Along the edges, at the marker's ends: from there nothing lies between it and "
    "the edge or end. Each is measured by itself, so that their sum is a check.",
)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a page about more than its markers has besides: a title, what comes first, and further tables."""

    title: str
    subtitle: str
    answers: tuple[PageAnswer, ...]
    first: tuple[PageTable | PageList, ...]
    tables: tuple[PageTable, ...]
    notes: tuple[str, ...]


def report_page(summary: Summary, *, date: str, frame: Frame | None = None) -> ReportPage:
    """The page of ``summary``; ``date`` is shown as it is given."""
    total = summary.total
    several = len(summary.orders) > 1
    return ReportPage(
        title=frame.title if frame else _title(summary),
        subtitle=_subtitle(summary, date, frame),
        headlines=tuple(_headlines(total)),
        balance=_balance_lines(total.balance, total.costs),
        currency=(total.currency or "cost") if total.costs.money is not None else "",
        check=_check(total.balance),
        tables=(
            *((_order_table(summary),) if several else ()),
            *((_marker_table(summary),) if summary.rows else ()),
            *_rule_tables(summary),
            *(frame.tables if frame else ()),
        ),
        sheets=tuple(_sheet(index, row) for index, row in enumerate(summary.rows, 1)),
        notes=(*MEANINGS, *(frame.notes if frame else ()), *_citations([row.cut.terms for row in summary.rows])),
        first=frame.first if frame else (),
        answers=frame.answers if frame else (),
    )


def _title(summary: Summary) -> str:
    return summary.orders[0].name if len(summary.orders) == 1 else f"{len(summary.orders)} orders"


def _subtitle(summary: Summary, date: str, frame: Frame | None) -> str:
    total = summary.total
    markers = _count(total.markers, "marker")
    due = f"due {total.due}" if total.due and not frame else ""
    return " · ".join(
        filter(
            None, [frame.subtitle if frame else "Cloth report", due, markers, f"made {date} by cutkit {__version__}"]
        )
    )


def _headlines(total: Totals) -> Iterator[Headline]:
    balance, costs, money = total.balance, total.costs, total.currency
    yield Headline("Cloth issued", f"{total.issued_mm / 1000:.2f} m", _weighed(balance.issued_mm2, costs.issued_kg))
    yield Headline(
        "Utilisation", f"{100 * balance.utilisation:.2f} %", f"efficiency {100 * total.figures.efficiency:.2f} %"
    )
    yield Headline("Waste", f"{balance.waste_mm2 / 1e6:.2f} m²", _waste_note(balance, costs, money))
    cloth = per_garment(total.issued_mm / 1000, total.garments)
    yield Headline("Garments", str(total.garments), f"{cloth:.3f} m each" if cloth is not None else "")
    if costs.money is not None:
        each = per_garment(costs.money, total.garments)
        yield Headline("Cloth costs", _money(costs.money, money), f"{_money(each, money)} a garment" if each else "")
    if costs.co2e_kg is not None:
        yield Headline(
            "CO2e of the cloth", f"{costs.co2e_kg:.1f} kg", f"of its waste {costs.waste_co2e_kg or 0:.1f} kg"
        )
    if costs.water_l is not None:
        yield Headline("Water of the cloth", _water(costs.water_l), f"of its waste {_water(costs.waste_water_l or 0)}")
    if total.cut_s is not None:
        yield Headline("Cutting", format_duration(total.cut_s), f"{total.figures.placed} pieces a ply")
    if total.figures.unplaced:
        yield Headline("Not placed", _count(total.figures.unplaced, "piece"), "named at their markers")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _weighed(mm2: float, kg: float | None) -> str:
    return f"{mm2 / 1e6:.2f} m²" + (f", {kg:.2f} kg" if kg is not None else "")


def _waste_note(balance: Balance, costs: Costs, currency: str) -> str:
    parts = [f"{100 * balance.waste_mm2 / balance.issued_mm2:.1f} % of the cloth" if balance.issued_mm2 else ""]
    parts.append(f"{costs.waste_kg:.2f} kg" if costs.waste_kg is not None else "")
    parts.append(_money(costs.waste_money, currency) if costs.waste_money is not None else "")
    return ", ".join(filter(None, parts))


def _money(value: float | None, currency: str) -> str:
    return "-" if value is None else f"{value:,.2f} {currency}".strip()


def _water(litres: float) -> str:
    return f"{litres / 1000:.2f} m³" if litres >= 1000 else f"{litres:.0f} l"


def _check(balance: Balance) -> str:
    issued = f"Cloth issued: {balance.issued_mm2 / 1e6:.4f} m²."
    return f"{issued} The parts are measured each by itself; their sum is off by {abs(balance.error_mm2):.3f} mm²."


def _balance_lines(balance: Balance, costs: Costs) -> tuple[BalanceLine, ...]:
    def cost(share: float) -> str:
        return _money(costs.money * share, "") if costs.money is not None else ""

    return tuple(
        BalanceLine(part, name, balance.parts[part], balance.share(part), cost(balance.share(part)))
        for part, name in PARTS.items()
        if balance.parts[part]
    )


# ---------------------------------------------------------------------------------------------------------- tables


def _columns(name: str, currency: str) -> tuple[PageColumn, ...]:
    return (
        PageColumn(name, numeric=False),
        PageColumn("Due", numeric=False),
        PageColumn("Length", "m"),
        PageColumn("Plies"),
        PageColumn("Garments"),
        PageColumn("Efficiency", "%"),
        PageColumn("Utilisation", "%"),
        PageColumn("Issued", "m"),
        PageColumn("A garment", "m"),
        PageColumn("A garment", currency or "cost"),
        PageColumn("Waste", "kg"),
        PageColumn("Waste CO2e", "kg"),
        PageColumn("Cutting", "min"),
    )


def _marker_table(summary: Summary) -> PageTable:
    rows = [
        (PageCell(_name(row), anchor=anchor_of(index)), *_marker_cells(row))
        for index, row in enumerate(summary.rows, 1)
    ]
    total = (PageCell("Total"), *_totals_cells(summary.total)) if len(rows) > 1 else ()
    return without_empty(PageTable("Markers", _columns("Marker", summary.total.currency), tuple(rows), total))


def _order_table(summary: Summary) -> PageTable:
    rows = tuple((PageCell(order.name), *_totals_cells(order)) for order in summary.orders)
    return without_empty(PageTable("Orders", _columns("Order", summary.total.currency), rows))


def _rule_tables(summary: Summary) -> Iterator[PageTable]:
    """The rules of cloth that hold in the markers, each with its worst figure; none on plain cloth."""
    columns = ("Marker", "Rule", "Holds", "Figure", "Worst", "Limit", "Pieces (garment)")
    rows = [
        (PageCell(_name(row), anchor=anchor_of(index)), *map(PageCell, astuple(texts)))
        for index, row in enumerate(summary.rows, 1)
        for texts in rule_texts(row.cut.marker)
    ]
    if rows:
        lead = "What holds in each marker, with the figure that comes nearest to breaking it."
        heads = tuple(PageColumn(title, numeric=False) for title in columns)
        yield PageTable("Rules of cloth", heads, tuple(rows), lead=lead)


def without_empty(table: PageTable) -> PageTable:
    """The table without columns that nobody knows anything for."""
    kept = [k for k in range(len(table.columns)) if any(row[k].text for row in table.rows)]

    def pick(row: tuple[PageCell, ...]) -> tuple[PageCell, ...]:
        return tuple(row[k] for k in kept) if row else ()

    columns = tuple(table.columns[k] for k in kept)
    return replace(table, columns=columns, rows=tuple(map(pick, table.rows)), total=pick(table.total))


def _marker_cells(row: MarkerRow) -> tuple[PageCell, ...]:
    return (
        PageCell(row.cut.due),
        number_cell(row.figures.length_mm / 1000, 3),
        number_cell(row.cut.spread.plies, 0),
        *_cloth_cells(row.garments, row.figures.efficiency, row.balance, row.issued_mm, row.costs),
        number_cell(row.cut.cut_s / 60 if row.cut.cut_s is not None else None, 1),
    )


def _totals_cells(totals: Totals) -> tuple[PageCell, ...]:
    return (
        PageCell(totals.due),
        number_cell(totals.figures.length_mm / 1000, 3),
        PageCell(""),
        *_cloth_cells(totals.garments, totals.figures.efficiency, totals.balance, totals.issued_mm, totals.costs),
        number_cell(totals.cut_s / 60 if totals.cut_s is not None else None, 1),
    )


def _cloth_cells(
    garments: int, efficiency: float, balance: Balance, issued_mm: float, costs: Costs
) -> tuple[PageCell, ...]:
    return (
        number_cell(garments, 0),
        number_cell(100 * efficiency, 2),
        number_cell(100 * balance.utilisation, 2),
        number_cell(issued_mm / 1000, 3),
        number_cell(per_garment(issued_mm / 1000, garments), 3),
        number_cell(per_garment(costs.money, garments), 2),
        number_cell(costs.waste_kg, 2),
        number_cell(costs.waste_co2e_kg, 2),
    )


def number_cell(value: float | None, digits: int) -> PageCell:
    """A number to be sorted by; empty where it is not known."""
    return PageCell("") if value is None else PageCell(f"{value:.{digits}f}", float(value))


# --------------------------------------------------------------------------------------------------------- markers


def anchor_of(index: int) -> str:
    """The section of the page that the marker with this number has, from 1."""
    return f"marker-{index}"


def _name(row: MarkerRow) -> str:
    return marker_title(row.figures.path) or " + ".join(row.figures.styles) or "marker"


def _sheet(index: int, row: MarkerRow) -> MarkerSheet:
    regions = {part: row.places.regions[place] for part, place in REGIONS.items()}
    return MarkerSheet(
        anchor=anchor_of(index),
        title=_name(row),
        subtitle=_cloth_text(row),
        figures=tuple(_sheet_figures(row)),
        balance=_balance_lines(row.balance, row.costs),
        marker=row.cut.marker,
        regions=regions,
        warning=_warning(row),
    )


def _cloth_text(row: MarkerRow) -> str:
    figures = row.figures
    sizes = ", ".join(f"{count} × {size}" for size, count in figures.garments_by_size if size)
    cloth = " / ".join(dict.fromkeys(filter(None, (figures.material, figures.fabric))))
    width = f"{figures.width_mm / 10:.1f} cm wide, {figures.usable_width_mm / 10:.1f} cm usable"
    return " · ".join(filter(None, [cloth, width, f"{sizes} a ply" if sizes else ""]))


def _sheet_figures(row: MarkerRow) -> Iterator[Headline]:
    figures, spread = row.figures, row.cut.spread
    yield Headline(
        "Length", f"{figures.length_mm / 1000:.3f} m", f"{spread.plies} plies" if spread.plies > 1 else "1 ply"
    )
    yield Headline("Cloth issued", f"{row.issued_mm / 1000:.3f} m")
    yield Headline("Efficiency", f"{100 * figures.efficiency:.2f} %")
    yield Headline("Utilisation", f"{100 * row.balance.utilisation:.2f} %")
    yield Headline("Pieces a ply", f"{figures.placed} of {figures.ordered}")
    each = per_garment(row.issued_mm / 1000, row.garments)
    if each is not None:
        yield Headline("A garment", f"{each:.3f} m", f"{row.garments} garment{'s' * (row.garments != 1)}")
    if row.cut.cut_s is not None:
        yield Headline("Cutting", format_duration(row.cut.cut_s))


def _warning(row: MarkerRow) -> str:
    if not row.sound:
        off, overlap = row.balance.error_mm2, row.places.overlap_mm2
        return f"The balance is off by {off:.1f} mm2, pieces overlap by {overlap:.1f} mm2."
    left = [f"{u.count} × {u.piece}: {u.reason}" for u in row.cut.marker.unplaced]
    return "Not placed: " + "; ".join(left) if left else ""


def _citations(terms: Sequence[Terms]) -> Iterator[str]:
    said = []
    for each in terms:
        for name, factor in (("CO2e", each.co2e), ("Water", each.water)):
            if factor is not None:
                said.append(f"{name}: {factor.value:g} {factor.unit} of cloth, by: {factor.citation}")
    yield from dict.fromkeys(said)
