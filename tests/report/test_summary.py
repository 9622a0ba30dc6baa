"""Sums over markers: money, weight, footprints, garments; and what is left unsaid where something is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely.geometry import box

from cutkit.errors import UsageError
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.report.balance import Spread
from cutkit.report.summary import Cut, Factor, Terms, order_of, summarize
from cutkit.report.tables import CSV_COLUMNS, csv_rows, report_json


def marker(*, material: str = "Shell", style: str = "Tee", garments: int = 2) -> Marker:
    """So many garments of one piece of half a square metre each, on a metre of usable width."""
    piece = OrderedPiece("P", "P", "M", box(0, 0, 1000, 500), garments, material=material, style=style)
    placements = tuple(Placement("P", n + 1, 1000.0 * (n // 2), 500.0 * (n % 2), 0) for n in range(garments))
    return Marker(Fabric(1100.0, 50.0, material=material), (piece,), placements, NestSettings())


EUROS = Terms(price_per_m=8.0, currency="EUR", weight_g_m2=200.0)


def test_money_goes_by_length_and_weight_by_area():
    (row,) = summarize([Cut(marker=marker(garments=3), terms=EUROS)]).rows
    assert row.issued_mm == 2000
    assert row.costs.money == pytest.approx(16.0)
    assert row.costs.issued_kg == pytest.approx(2.2 * 0.2)
    assert row.costs.waste_kg == pytest.approx(0.7 * 0.2)
    assert row.costs.waste_money == pytest.approx(16 * 0.7 / 2.2)


@pytest.mark.parametrize(
    ("unit", "co2e"), [("kg/kg", 10 * 0.44), ("kg/m2", 10 * 2.2), ("m3/kg", 10_000 * 0.44), ("l/m2", 10 * 2.2)]
)
def test_factors_by_weight_and_by_area(unit, co2e):
    terms = replace(EUROS, co2e=Factor(10.0, unit, "source"))
    assert summarize([Cut(marker=marker(garments=3), terms=terms)]).rows[0].costs.co2e_kg == pytest.approx(co2e)


def test_a_factor_by_area_needs_no_weight_and_one_by_weight_does():
    by_area, by_weight = (Terms(water=Factor(3.0, unit, "source")) for unit in ("l/m2", "l/kg"))
    assert summarize([Cut(marker=marker(), terms=by_area)]).total.costs.water_l == pytest.approx(3.3)
    with pytest.raises(UsageError, match="weight"):
        summarize([Cut(marker=marker(), terms=by_weight)])


def test_a_sum_is_not_known_where_a_part_is_not():
    cuts = [Cut(marker=marker(), terms=EUROS, cut_s=60.0), Cut(marker=marker(), terms=Terms(currency="EUR"))]
    total = summarize(cuts).total
    assert total.costs.money is None
    assert total.cut_s is None
    assert summarize([cuts[0], cuts[0]]).total.cut_s == 120.0


def test_money_of_two_currencies_is_not_added_up():
    other = replace(EUROS, currency="USD")
    total = summarize([Cut(marker=marker(), terms=EUROS), Cut(marker=marker(), terms=other)]).total
    assert (total.costs.money, total.currency) == (None, "")
    assert total.costs.issued_kg == pytest.approx(2 * 1.1 * 0.2)


def test_garments_of_all_plies_and_once_for_several_materials():
    shell = Cut(marker=marker(), order="A", spread=Spread(plies=10))
    lining = Cut(marker=marker(material="Lining"), order="A", spread=Spread(plies=10))
    again = Cut(marker=marker(), order="B", spread=Spread(plies=3))
    summary = summarize([shell, lining, again])
    assert [(order.name, order.garments) for order in summary.orders] == [("A", 20), ("B", 6)]
    assert summary.total.garments == 26
    assert summarize([shell, shell]).total.garments == 40


def test_orders_come_by_their_dates():
    cuts = [
        Cut(marker=marker(), order=name, due=due) for name, due in (("x", ""), ("y", "2026-12-09"), ("z", "2026-11-30"))
    ]
    assert [order.name for order in summarize(cuts).orders] == ["z", "y", "x"]
    assert summarize(cuts).total.due == "2026-11-30"


def test_an_order_without_a_name_is_called_by_its_styles():
    assert order_of(marker()) == "Tee"
    assert order_of(replace(marker(), pieces=(replace(marker().pieces[0], style=""),))) == "no style"


def test_nothing_is_a_report_of_nothing():
    summary = summarize([])
    assert summary.total.balance.issued_mm2 == 0
    assert summary.total.balance.utilisation == 0
    assert report_json(summary)["markers"] == []
    assert [row["row"] for row in csv_rows(summary)] == ["total"]


def test_every_row_of_the_csv_has_every_column():
    for row in csv_rows(summarize([Cut(marker=marker(), path="m.marker.json", order="A")])):
        assert tuple(row) == CSV_COLUMNS
        assert None not in row.values()


def test_the_cloth_itself_has_a_price_and_a_weight_unless_somebody_says_others():
    cloth = replace(marker(garments=3), fabric=Fabric(1100.0, 50.0, price_per_m=5.0, weight_gsm=100.0))
    own, told = summarize([Cut(marker=cloth), Cut(marker=cloth, terms=EUROS)]).rows
    assert (own.costs.money, own.costs.issued_kg) == (pytest.approx(10.0), pytest.approx(2.2 * 0.1))
    assert (told.costs.money, told.costs.issued_kg) == (pytest.approx(16.0), pytest.approx(2.2 * 0.2))
