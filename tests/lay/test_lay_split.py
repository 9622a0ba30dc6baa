"""Orders over several markers: within the limit, whole garments, and with little cloth."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement, product

import pytest
from boxes import BoxNester, copies_of, order, wanted_of

import cutkit.lay.work
from cutkit.check import check_marker
from cutkit.errors import UsageError
from cutkit.lay import LayRules, lay
from cutkit.lay.garments import stock_of
from cutkit.lay.judge import Effort, Judge
from cutkit.lay.split import Bounds, Splitter
from cutkit.model import Fabric, NestSettings

SIZES = {"S": [(100.0, 50.0), (60.0, 50.0)], "M": [(120.0, 60.0), (70.0, 40.0)], "L": [(150.0, 90.0), (80.0, 90.0)]}
ROUNDS = NestSettings(rounds=4, workers=1)


@pytest.fixture
def nester(monkeypatch):
    """Boxes are nested by the tests' own nester wherever a lay nests."""
    boxes = BoxNester()

    def nest(fabric, demand, settings, *, start=None, **_more):
        return boxes(fabric, demand, settings, start)

    monkeypatch.setattr(cutkit.lay.work, "nest", nest)
    return boxes


def split(demand, longest_mm=None, garments=None):
    judge = Judge(Fabric(100.0), stock_of(demand), Effort(ROUNDS), BoxNester())
    return judge, Splitter(judge, Bounds(longest_mm, garments), judge.effort).split()


def test_every_marker_is_within_the_limit_and_no_garment_is_torn_apart(nester):
    demand = order(SIZES, {"S": 5, "M": 4, "L": 3})
    fabric = Fabric(100.0, max_length_mm=420.0)
    markers = lay(fabric, demand, ROUNDS, LayRules()).markers
    assert len(markers) > 1
    assert copies_of(markers) == wanted_of(demand)
    assert all(marker.length_mm <= 420.0 and not check_marker(marker) for marker in markers)
    assert all(marker.fabric == fabric for marker in markers)
    bundles = [bundle for marker in markers for bundle in marker.bundles]
    assert len(bundles) == len(set(bundles)) == 12


def test_margins_belong_to_the_limit(nester):
    demand = order(SIZES, {"S": 4})
    fabric = Fabric(100.0, max_length_mm=200.0, start_margin_mm=20.0, end_margin_mm=30.0)
    markers = lay(fabric, demand, ROUNDS, LayRules()).markers
    # A garment takes 100 mm alone, and two 200: with both margins only one is within the table.
    assert [len(marker.bundles) for marker in markers] == [1, 1, 1, 1]


def test_an_order_within_the_limit_is_one_marker(nester):
    demand = order(SIZES, {"S": 2, "L": 1})
    (marker,) = lay(Fabric(100.0, max_length_mm=5000.0), demand, ROUNDS, LayRules()).markers
    assert copies_of([marker]) == wanted_of(demand)
    assert len(nester.calls) == 1


def test_no_more_garments_than_told(nester):
    demand = order(SIZES, {"S": 5, "M": 2})
    markers = lay(Fabric(100.0), demand, ROUNDS, LayRules(garments_per_marker=3)).markers
    assert sorted(len(marker.bundles) for marker in markers) == [2, 2, 3]
    assert copies_of(markers) == wanted_of(demand)


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_no_deal_has_more_garments_than_told(nester, most):
    demand = order(SIZES, {"S": 4, "M": 3, "L": 4})
    markers = lay(Fabric(100.0), demand, ROUNDS, LayRules(garments_per_marker=most)).markers
    assert max(len(marker.bundles) for marker in markers) <= most
    assert len(markers) == -(-11 // most)
    assert copies_of(markers) == wanted_of(demand)


def test_markers_of_the_same_garments_are_nested_once(nester):
    demand = order(SIZES, {"M": 12})
    markers = lay(Fabric(100.0), demand, ROUNDS, LayRules(garments_per_marker=3)).markers
    assert len(markers) == 4
    assert len({tuple((p.piece, p.x_mm, p.y_mm) for p in marker.placements) for marker in markers}) == 1
    # The short nest and the full one of the only lot there is.
    assert [len(demand.copies) for demand, _ in nester.calls] == [6, 6]
    assert [settings.rounds for _, settings in nester.calls] == [1, 4]


def least_cloth(judge: Judge, wanted: tuple[int, ...], longest_mm: float, markers: int) -> float:
    """The least length of all distributions over so many markers, each of them tried."""
    lots = [lot for lot in product(*(range(n + 1) for n in wanted)) if any(lot)]
    fitting = [lot for lot in lots if judge.judged_mm(lot) <= longest_mm]
    best = float("inf")
    for some in combinations_with_replacement(fitting, markers):
        if tuple(map(sum, zip(*some, strict=True))) == wanted:
            best = min(best, sum(judge.judged_mm(lot) for lot in some))
    return best


@pytest.mark.parametrize("counts", [{"S": 3, "M": 2}, {"S": 2, "L": 3}, {"M": 3, "L": 2}, {"S": 4, "M": 1, "L": 1}])
def test_the_fewest_markers_and_nearly_the_least_cloth(counts):
    demand, longest = order(SIZES, counts), 330.0
    judge, found = split(demand, longest)
    every = Judge(judge.cloth, judge.stock, judge.effort, BoxNester())
    wanted = judge.stock.everything
    best = [least_cloth(every, wanted, longest, k) for k in range(1, len(found.lots))]
    assert min(best, default=float("inf")) == float("inf"), "fewer markers would have done"
    length = sum(judge.length_mm(lot) for lot in found.lots)
    assert length <= 1.05 * least_cloth(every, wanted, longest, len(found.lots))


def test_a_garment_too_long_for_a_marker_is_named_and_the_others_are_laid(nester):
    sizes = {"S": SIZES["S"], "XL": [(150.0, 90.0)] * 3}
    demand = order(sizes, {"S": 2, "XL": 1})
    markers = lay(Fabric(100.0, max_length_mm=320.0), demand, ROUNDS, LayRules()).markers
    assert copies_of(markers[:-1]) == [c for c in wanted_of(demand) if c[0].startswith("S")]
    assert all(not marker.unplaced for marker in markers[:-1])


def test_a_garment_that_fits_no_marker_whole_is_cut_off_with_a_reason_or_parted():
    # Three boxes of 150 that cannot lie beside one another, and room for two: here with the true search.
    demand = order({"XL": [(150.0, 90.0)] * 3, "S": [(100.0, 50.0)]}, {"XL": 1, "S": 2})
    fabric = Fabric(100.0, max_length_mm=320.0)
    markers = lay(fabric, demand, ROUNDS, LayRules()).markers
    (left,) = [entry for marker in markers for entry in marker.unplaced]
    assert left.count == 1
    assert "garment 1 is too long for one marker" in left.reason
    assert all(not check_marker(marker) for marker in markers)
    parted = lay(fabric, demand, ROUNDS, LayRules(parts_garments=True)).markers
    assert copies_of(parted) == wanted_of(demand)
    assert all(not marker.unplaced and marker.length_mm <= 320.0 and not check_marker(marker) for marker in parted)


def test_a_piece_that_fits_no_marker_is_named_and_the_rest_of_its_garment_is_laid():
    demand = order({"S": [(400.0, 50.0), (100.0, 40.0)], "M": [(90.0, 40.0)]}, {"S": 2, "M": 3})
    markers = lay(Fabric(100.0, max_length_mm=150.0), demand, ROUNDS, LayRules()).markers
    assert copies_of(markers) == [c for c in wanted_of(demand) if c[0] != "S0"]
    assert sum(entry.count for marker in markers for entry in marker.unplaced) == 2
    assert {entry.piece for marker in markers for entry in marker.unplaced} == {"S0"}
    assert all(not check_marker(marker) for marker in markers)


def test_nothing_that_fits_is_one_empty_marker():
    demand = order({"S": [(400.0, 50.0)]}, {"S": 2})
    (marker,) = lay(Fabric(100.0, max_length_mm=150.0), demand, ROUNDS, LayRules()).markers
    assert not marker.placements
    assert [(entry.piece, entry.count) for entry in marker.unplaced] == [("S0", 2)]


def test_the_true_search_by_rounds_gives_the_same_markers_again():
    demand = order(SIZES, {"S": 4, "M": 3})
    fabric = Fabric(100.0, max_length_mm=420.0)
    one, other = (lay(fabric, demand, ROUNDS, LayRules()).markers for _ in range(2))
    assert [marker.placements for marker in one] == [marker.placements for marker in other]
    assert copies_of(one) == wanted_of(demand)


def test_a_stop_ends_it_with_whole_markers():
    demand = order(SIZES, {"S": 6, "M": 6})
    fabric = Fabric(100.0, max_length_mm=420.0)
    markers = lay(fabric, demand, NestSettings(time_s=600.0), LayRules(), stop=lambda: True).markers
    assert all(not check_marker(marker) for marker in markers)
    named = sum(entry.count for marker in markers for entry in marker.unplaced)
    assert len(copies_of(markers)) + named == len(demand.copies)


def test_a_stop_names_what_a_garment_has_beyond_the_limit(monkeypatch):
    """A garment of two rows that a stop leaves one behind the other."""
    demand = order({"S": [(100.0, 50.0), (100.0, 50.0)]}, {"S": 1})

    def in_a_row(fabric, demand, settings, *, start=None, **_more):
        marker = BoxNester()(fabric, demand, settings, None)
        placements = tuple(replace(p, x_mm=110.0 * k, y_mm=0.0) for k, p in enumerate(marker.placements))
        return replace(marker, placements=placements)

    monkeypatch.setattr(cutkit.lay.work, "nest", in_a_row)
    by_time = NestSettings(time_s=60.0)
    (marker,) = lay(Fabric(100.0, max_length_mm=120.0), demand, by_time, LayRules(garments_per_marker=1)).markers
    assert check_marker(marker) == []
    assert len(marker.placements) == 1
    assert sum(entry.count for entry in marker.unplaced) == 1


def test_what_cannot_be_meant():
    demand = order(SIZES, {"S": 1})
    with pytest.raises(UsageError, match="a garment at least"):
        lay(Fabric(100.0), demand, ROUNDS, LayRules(garments_per_marker=0))
    with pytest.raises(UsageError, match="cannot be counted"):
        lay(Fabric(100.0), demand, ROUNDS, LayRules(garments_per_marker=2, parts_garments=True))
    with pytest.raises(UsageError, match="no room between the margins"):
        lay(Fabric(100.0, max_length_mm=50.0, start_margin_mm=60.0), demand, ROUNDS, LayRules())
    (start,) = lay(Fabric(100.0), demand, ROUNDS, LayRules()).markers
    with pytest.raises(UsageError, match="one marker"):
        lay(Fabric(100.0), demand, ROUNDS, LayRules(garments_per_marker=1), start=start)


def test_what_a_lay_begins_with_by_itself_is_not_told_as_a_start():
    """Markers that were nested in short go on from there; that is nobody's ``--start``. With the true search."""
    demand, told = order({"S": [(100.0, 50.0)]}, {"S": 6}), []
    lay(Fabric(100.0, max_length_mm=220.0), demand, ROUNDS, LayRules(), tell=told.append)
    assert not told


def test_a_limit_is_one_of_blocks_too():
    """A piece of 300 mm with 20 mm round it takes 340 mm; none is dropped that a marker of its own holds."""
    demand = order({"S": [(300.0, 500.0)]}, {"S": 2})
    blocks = tuple(replace(p, block=p.outline.buffer(20.0, join_style="mitre")) for p in demand.pieces)
    held = lay(Fabric(600.0, max_length_mm=345.0), replace(demand, pieces=blocks), ROUNDS, LayRules())
    assert [len(marker.placements) for marker in held.markers] == [1, 1]
    short = lay(Fabric(600.0, max_length_mm=330.0), replace(demand, pieces=blocks), ROUNDS, LayRules())
    assert not any(marker.placements for marker in short.markers)
    both = lay(Fabric(600.0, max_length_mm=670.0), replace(demand, pieces=blocks), ROUNDS, LayRules())
    assert [len(marker.placements) for marker in both.markers] == [1, 1]
