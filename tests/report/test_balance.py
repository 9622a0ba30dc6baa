"""The balance of the cloth: by hand, and closed to a square millimetre on 200 random markers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from random_markers import random_job, random_marker
from shapely.geometry import box

from cutkit.errors import UsageError
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.nest import nest
from cutkit.report.balance import Spread, balance_of
from cutkit.report.places import waste_places


def square_metre(count: int = 1) -> Marker:
    """Pieces of 1000 x 600 on cloth of 1100, 50 of selvedge on either side, one after the other."""
    piece = OrderedPiece("P", "P", "M", box(0, 0, 1000, 600), count)
    placements = tuple(Placement("P", k + 1, 1000.0 * k, 0.0, 0) for k in range(count))
    return Marker(Fabric(1100.0, 50.0), (piece,), placements, NestSettings())


def test_every_part_by_hand():
    spread = Spread(
        plies=10, end_allowance_mm=40, splices=2, splice_mm=50, flaws_mm=300, issued_mm=12_000, remnants_mm=1000
    )
    balance = balance_of(square_metre(), spread)
    assert balance.issued_mm2 == 12_000 * 1100
    assert balance.parts == {
        "pieces": pytest.approx(10 * 1000 * 600),
        "between": 0,
        "cutouts": 0,
        "edges": 0,
        "marker_ends": pytest.approx(10 * 1000 * 400),
        "selvedges": pytest.approx(10 * 1000 * 100),
        "end_allowance": pytest.approx(10 * 40 * 1100),
        "splices": pytest.approx(2 * 50 * 1100),
        "flaws": pytest.approx(300 * 1100),
        "remnants": pytest.approx(1000 * 1100),
        "unaccounted": pytest.approx((12_000 - 10_800 - 1000) * 1100),
    }
    assert balance.error_mm2 == pytest.approx(0, abs=1e-3)
    assert balance.utilisation == pytest.approx(6_000_000 / 13_200_000)
    assert balance.waste_mm2 == pytest.approx(13_200_000 - 6_000_000 - 1_100_000)


def test_what_is_not_said_follows():
    marker = square_metre()
    assert balance_of(marker, Spread()).issued_mm2 == 1000 * 1100
    assert balance_of(marker, Spread(issued_mm=1500)).parts["remnants"] == pytest.approx(500 * 1100)
    assert balance_of(marker, Spread(remnants_mm=200)).issued_mm2 == pytest.approx(1200 * 1100)
    assert balance_of(marker, Spread(remnants_mm=200)).parts["unaccounted"] == 0


def test_less_issued_than_laid_is_refused():
    with pytest.raises(UsageError, match="2000 mm"):
        balance_of(square_metre(), Spread(plies=2, issued_mm=1900))


def test_balances_add_up():
    one, two = balance_of(square_metre(), Spread(plies=3)), balance_of(square_metre(2), Spread(plies=1))
    both = one + two
    assert both.issued_mm2 == one.issued_mm2 + two.issued_mm2
    assert both.parts["pieces"] == pytest.approx(3_000_000 * 0.6 + 2_000_000 * 0.6)
    assert both.closes


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_200_random_markers_close_to_a_square_millimetre(first):
    spread = Spread(plies=7, end_allowance_mm=33.3, splices=1, splice_mm=47.1, flaws_mm=12.5, remnants_mm=812.0)
    for number in range(first, first + 20):
        balance = balance_of(random_marker(number), spread)
        assert abs(balance.error_mm2) <= 1.0, number
        assert balance.closes
        assert min(balance.parts.values()) >= 0


def test_a_balance_that_does_not_close_says_so():
    balance = balance_of(square_metre(), Spread())
    assert not replace(balance, issued_mm2=balance.issued_mm2 + 2).closes


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_nested_markers_close_too_and_their_pieces_cover_what_they_should(number):
    job = random_job(number)
    marker = nest(job.fabric, job.demand, job.settings)
    places = waste_places(marker)
    assert balance_of(marker, Spread(plies=5), places).closes
    # Outlines that touch may overlap by a rounding error, a thousandth of a millimetre at most, all along their edges.
    assert abs(places.overlap_mm2) <= 1e-3 * sum(polygon.length for polygon in marker.polygons)
