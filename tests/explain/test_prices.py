"""Prices of rules: what must cost does, what cannot does not, and noise is called noise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from explain_markers import wedges
from shapely.geometry import box

from cutkit.explain import prices
from cutkit.explain.prices import Effort, Outcome, Price, price_rules, searches_needed
from cutkit.explain.rules import RULES, rules_of
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement

BY_NAME = {rule.name: rule for rule in RULES}
SHORT = Effort((1, 2), rounds=1, workers=1)


def outcomes(*lengths_mm: float, area_mm2: float = 8000.0, ends_mm: float = 0.0) -> tuple[Outcome, ...]:
    """Searches on cloth of 100 that came to these lengths."""
    return tuple(Outcome(mm, mm + ends_mm, area_mm2 / (100 * mm), area_mm2) for mm in lengths_mm)


@pytest.mark.parametrize("anew", [False, True])
def test_one_way_nap_costs_the_hollows_of_wedges(anew):
    marker = wedges()
    found = price_rules(marker, [BY_NAME["nap"]], replace(SHORT, anew=anew))
    (price,) = found.rules
    # Where one may be turned, two wedges are a square: four take 200, not the 400 of one way, and 100 go to the hooks.
    assert all(mm > 100 for mm in price.saved_mm)
    assert price.verdict == "costs"
    assert all(points > 20 for points in price.points)
    assert found.all_off is None


def test_a_rule_that_binds_nothing_costs_nothing():
    # Squares that fill the cloth: neither to mirror nor to turn them by half a turn is of any use.
    piece = OrderedPiece("a", "a", "M", box(0, 0, 50, 50), 4, 4, allowed_angles_deg=(0.0,))
    laid = [Placement("a", k + 1, 50.0 * (k // 2), 50.0 * (k % 2), 0.0, k % 2 == 1) for k in range(8)]
    fabric = Fabric(100.0, nap="one-way", max_length_mm=5000.0)
    marker = Marker(fabric, (piece,), tuple(laid), NestSettings())
    rules = [rule for rule in rules_of(marker) if rule.name in ("nap", "face", "length")]
    found = price_rules(marker, rules, SHORT)
    assert len(found.rules) == 3
    for price in (*found.rules, found.all_off):
        assert price is not None
        assert price.saved_mm == (0.0, 0.0)
        assert (price.verdict, price.noise_mm) == ("nothing found", 0.0)


def test_nothing_longer_than_the_marker_comes_back_from_any_search():
    marker = wedges()
    rules = [rule for rule in rules_of(marker) if rule.name in ("face", "edges")]
    found = price_rules(marker, rules, Effort((5,), rounds=1, workers=1))
    longest = marker.length_mm + 1e-6
    assert all(o.length_mm <= longest for p in (*found.rules, found.all_off) if p for o in (*p.kept, *p.without))


def test_the_same_seeds_and_rounds_give_the_same_prices():
    marker = wedges()
    effort = Effort((6,), rounds=2, workers=1)
    assert price_rules(marker, [BY_NAME["gap"]], effort) == price_rules(marker, [BY_NAME["gap"]], effort)


def test_kinds_of_searches_take_turns(monkeypatch):
    marker, seen = wedges(), []

    def watch(number, count, left_out, seed):
        seen.append((number, count, "+".join(rule.name for rule in left_out), seed))

    monkeypatch.setattr(prices, "nest", lambda *_args, **_more: marker)
    rules = [BY_NAME["nap"], BY_NAME["gap"]]
    price_rules(marker, rules, Effort((7, 8), rounds=1), watch)
    assert [kind for _, _, kind, seed in seen if seed == 7] == ["", "nap", "gap", "nap+gap"]
    assert [kind for _, _, kind, seed in seen if seed == 8] == ["nap", "gap", "nap+gap", ""]
    assert [number for number, *_ in seen] == list(range(1, 9))
    assert {count for _, count, _, _ in seen} == {8} == {searches_needed(rules, 2)}


def test_a_stop_leaves_the_seeds_that_are_whole(monkeypatch):
    marker, searches = wedges(), []

    def nested(*_args, **_more):
        searches.append(1)
        return marker

    monkeypatch.setattr(prices, "nest", nested)
    # With 1 round a search is one call; the sixth is the second of the second seed's four.
    found = price_rules(
        marker, [BY_NAME["nap"], BY_NAME["gap"]], Effort((3, 4, 5), rounds=1), stop=lambda: len(searches) > 5
    )
    assert (found.seeds, len(found.kept), len(searches)) == ((3,), 1, 6)
    assert [len(price.without) for price in found.rules] == [1, 1]


def test_every_search_has_the_same_effort(monkeypatch):
    marker, spent = wedges(), []

    def nested(_fabric, _demand, settings, *, start, **_more):
        spent.append((settings.time_s, settings.rounds, start is None))
        return marker

    monkeypatch.setattr(prices, "nest", nested)
    price_rules(marker, [BY_NAME["nap"]], Effort((1,), time_s=8.0))
    assert spent == [(4.0, None, True), (4.0, None, False)] * 2
    spent.clear()
    price_rules(marker, [BY_NAME["nap"]], Effort((1,), rounds=5))
    assert spent == [(None, 2, True), (None, 3, False)] * 2
    spent.clear()
    price_rules(marker, [BY_NAME["nap"]], Effort((1,), time_s=8.0, anew=True))
    assert spent == [(8.0, None, True)] * 2


def test_points_are_of_the_marker_s_efficiency():
    price = Price(BY_NAME["gap"], outcomes(100.0), outcomes(90.0))
    assert price.saved_mm == (10.0,)
    assert price.points == (pytest.approx(100 * (8000 / 9000 - 8000 / 10000)),)
    assert (price.noise_mm, price.verdict) == (None, "one seed")


def test_margins_count_as_cloth():
    price = Price(BY_NAME["edges"], outcomes(100.0, ends_mm=20.0), outcomes(100.0))
    assert price.saved_mm == (20.0,)


def test_where_more_pieces_find_room_it_is_the_cloth_for_the_same_pieces_that_counts():
    price = Price(BY_NAME["length"], outcomes(100.0), outcomes(190.0, area_mm2=16000.0))
    assert price.saved_mm == (pytest.approx(5.0),)


@pytest.mark.parametrize(
    ("without", "verdict"),
    [
        ((90.0, 91.0, 89.0), "costs"),
        ((100.0, 100.0, 100.0), "nothing found"),
        ((100.0, 100.0, 99.0), "within the noise"),
        ((120.0, 70.0, 95.0), "within the noise"),
        ((104.0, 105.0, 104.0), "nothing found"),
    ],
)
def test_the_verdict(without, verdict):
    assert Price(BY_NAME["gap"], outcomes(100.0, 100.0, 100.0), outcomes(*without)).verdict == verdict


def test_noise_holds_nine_of_ten_means():
    import numpy as np

    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(2000):
        found = Price(BY_NAME["gap"], outcomes(*[1000.0] * 4), outcomes(*(1000.0 - rng.normal(20, 5, 4)).tolist()))
        assert found.noise_mm is not None
        inside += abs(sum(found.saved_mm) / 4 - 20.0) <= found.noise_mm
    assert 0.87 < inside / 2000 < 0.93
