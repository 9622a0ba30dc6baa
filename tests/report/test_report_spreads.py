"""What a report makes of every spread: garments, cloth for each, weight and money worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import make_pattern, make_piece
from shapely.geometry import box

from cutkit.model import AS_LAID, Fabric, Marker, NestSettings, Order, OrderedPiece, OrderLine, Placement, Planned
from cutkit.nest import nest
from cutkit.plan.demand import make_plan
from cutkit.plan.terms import Terms as PlanTerms
from cutkit.report.balance import Spread
from cutkit.report.figures import marker_figures, total_figures
from cutkit.report.summary import Cut, Terms, summarize
from cutkit.report.tables import report_json

TERMS = Terms(price_per_m=8.0, currency="EUR", weight_g_m2=200.0)
HALF = Planned(2, "half")


def laid(spread: str, width_mm: float, planned: Planned = AS_LAID, *, fold: bool = False) -> Marker:
    """Two garments of one piece of 1000 x 400 each, one behind the other: 2 m of cloth."""
    fabric = Fabric(width_mm, spread=spread)
    piece = OrderedPiece(
        "P",
        "P",
        "M",
        box(0, 0, 1000, 400),
        2,
        may_mirror=True,
        per_copy=1 if fold else fabric.layers,
        fold="low" if fold else None,
    )
    places = tuple(Placement("P", k + 1, 1000.0 * k, 0.0, 0.0) for k in range(2))
    return Marker(fabric, (piece,), places, NestSettings(), planned=planned)


@pytest.mark.parametrize(
    ("marker", "plies", "garments", "metres", "square_metres", "pieces_m2"),
    [
        # 2 garments a ply; 2 m of cloth 1 m wide
        (laid("face-up", 1000.0), 3, 6, 6.0, 6.0, 3 * 0.8),
        # a ply of 2 m is 1 m wide when it is opened, and its two layers give a pair from each of the 2 copies
        (laid("folded", 500.0), 3, 6, 6.0, 6.0, 3 * 2 * 0.8),
        (laid("folded", 500.0, fold=True), 3, 6, 6.0, 6.0, 3 * 2 * 0.8),
        (laid("tubular", 500.0), 5, 10, 10.0, 10.0, 5 * 2 * 0.8),
        # full sets: a pair of plies gives two of each garment
        (laid("face-to-face", 1000.0), 4, 8, 8.0, 8.0, 4 * 0.8),
        # half sets: it gives one
        (laid("face-to-face", 1000.0, HALF), 4, 4, 8.0, 8.0, 4 * 0.8),
    ],
    ids=["face-up", "folded", "halves on the fold", "tubular", "full sets", "half sets"],
)
def test_garments_cloth_weight_and_money_of_a_spread(marker, plies, garments, metres, square_metres, pieces_m2):
    summary = summarize([Cut(marker=marker, spread=Spread(plies=plies), terms=TERMS)])
    (row,) = summary.rows
    assert row.garments == garments
    assert row.issued_mm == pytest.approx(1000 * metres)
    assert row.balance.issued_mm2 == pytest.approx(1e6 * square_metres)
    assert row.balance.parts["pieces"] == pytest.approx(1e6 * pieces_m2)
    assert row.balance.closes
    assert row.costs.issued_kg == pytest.approx(0.2 * square_metres)
    assert row.costs.money == pytest.approx(8.0 * metres)
    told = report_json(summary)
    assert told["markers"][0]["garments_by_size"] == {"M": garments}
    assert told["markers"][0]["issued_per_garment_mm"] == pytest.approx(1000 * metres / garments)
    assert told["markers"][0]["costs"]["money_per_garment"] == pytest.approx(8.0 * metres / garments)
    assert (told["total"]["garments"], told["orders"][0]["garments"]) == (garments, garments)


def test_a_garment_of_half_sets_takes_the_cloth_of_two_plies():
    full, half = (marker_figures(laid("face-to-face", 1000.0, planned)) for planned in (Planned(2), HALF))
    assert (full.garments, full.garments_per_ply, full.length_per_garment_mm) == (2, 2.0, 1000.0)
    assert (half.garments, half.garments_per_ply, half.length_per_garment_mm) == (2, 1.0, 2000.0)
    assert total_figures([full, half]).length_per_garment_mm == pytest.approx(4000 / 3)


def nested(spread: str, count: int, **terms) -> Marker:
    """The marker of an order of a garment with one piece that is alike on both sides."""
    pattern = make_pattern(make_piece("P", "M"))
    plan_terms = PlanTerms(Fabric(110.0, spread=spread), **terms)
    (demand,) = make_plan([pattern], Order((OrderLine("M", count),)), terms=plan_terms).demands
    return nest(plan_terms.fabric, demand, NestSettings(rounds=1, workers=1))


@pytest.mark.parametrize(("spread", "copies", "plies"), [("folded", 2, 1), ("tubular", 2, 1), ("face-to-face", 2, 2)])
def test_garments_that_share_a_copy_are_all_counted(spread, copies, plies):
    marker = nested(spread, 3, **({"sets": "half"} if spread == "face-to-face" else {}))
    assert len(marker.placements) == copies
    assert marker.planned.plies == plies
    assert sum(count for _, count in marker.planned.sharing) == 3 - copies
    (row,) = summarize([Cut(marker=marker, spread=Spread(plies=marker.planned.plies))]).rows
    assert row.garments == 3
    assert row.figures.garments_by_size == (("M", 3),)


def test_an_order_of_several_plies_comes_back_whole():
    marker = nested("folded", 60, plies=20)  # three garments in the marker, in two copies
    assert (len(marker.placements), marker.planned.plies) == (2, 20)
    (row,) = summarize([Cut(marker=marker, spread=Spread(plies=20))]).rows
    assert row.garments == 60
    two_copies = replace(marker, planned=Planned(20))
    assert summarize([Cut(marker=two_copies, spread=Spread(plies=20))]).rows[0].garments == 40
