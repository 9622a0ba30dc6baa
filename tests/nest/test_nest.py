"""The nest as a whole: every marker valid, every copy accounted for, the same bytes for the same seed."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nest_demands import QUARTERS, TWO_WAY, blobs, demand
from shapely.geometry import Polygon, box

from cutkit.check import check_marker
from cutkit.formats.marker import marker_text
from cutkit.model import Copy, Demand, Fabric, NestSettings, OrderedPiece
from cutkit.nest import default_time_s, nest

ROUNDS = NestSettings(rounds=2, seed=1, workers=1)


def nested(job, width=500.0, **more):
    fabric = more.pop("fabric", Fabric(width))
    return nest(fabric, job, NestSettings(**{"rounds": 2, "seed": 1, "workers": 1, **more}))


@given(
    seed=st.integers(0, 10_000),
    types=st.integers(1, 4),
    each=st.integers(1, 4),
    gap=st.sampled_from([0.0, 0.5, 4.0]),
    mirrored=st.integers(0, 2),
    angles=st.sampled_from([TWO_WAY, QUARTERS, (0.0,), (0.0, 37.0)]),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_marker_is_valid(seed, types, each, gap, mirrored, angles):
    marker = nested(blobs(seed, types, each, mirrored=mirrored, angles=angles), gap_mm=gap, rounds=1)
    assert check_marker(marker) == []
    assert len(marker.placements) + sum(u.count for u in marker.unplaced) == types * (each + mirrored)


def test_the_search_improves_the_first_layout():
    job = blobs(3, 5, 6)
    start = nest(Fabric(500.0), job, NestSettings(rounds=1, workers=1), stop=lambda: True)
    better = nested(job, rounds=6)
    assert check_marker(start) == []
    assert better.efficiency > start.efficiency + 0.05


def test_same_seed_same_bytes_whatever_the_workers():
    job = blobs(5, 4, 4)
    texts = {marker_text(nested(job, rounds=2, workers=workers)) for workers in (1, 2, 4)}
    assert len(texts) == 1
    assert marker_text(nested(job, rounds=2, seed=2)) not in texts


def test_record_of_a_run_by_rounds_names_neither_time_nor_workers():
    record = json.loads(marker_text(nested(blobs(5, 4, 4))))["search"]
    assert record == {"time_s": None, "rounds": 2, "workers": None}


def test_time_ends_the_search():
    marker = nest(Fabric(500.0), blobs(6, 3, 3), NestSettings(time_s=0.6, workers=2))
    assert check_marker(marker) == []
    assert marker.search.time_s == pytest.approx(0.6, abs=0.5)


def test_stop_ends_the_search_with_a_valid_marker():
    asked = iter(range(1000))
    marker = nest(Fabric(500.0), blobs(7, 3, 5), NestSettings(time_s=60.0), stop=lambda: next(asked) > 20)
    assert check_marker(marker) == []
    assert len(marker.placements) == 15


def test_listener_hears_of_efficiency_length_and_what_is_left():
    heard = []
    marker = nest(Fabric(500.0), blobs(8, 3, 3), NestSettings(rounds=3), listener=heard.append)
    assert [p.stage for p in heard if p.stage != "searching"] == ["preparing"]
    last = heard[-1]
    assert (last.rounds, last.rounds_left) == (3, 0)
    assert last.length_mm == pytest.approx(marker.length_mm, rel=1e-3)
    assert last.efficiency == pytest.approx(marker.efficiency, rel=1e-3)


@pytest.mark.uncompiled
@pytest.mark.parametrize(
    ("width", "items", "angles", "length"),
    [
        (10.0, [(box(0, 0, 4, 5), 4)], TWO_WAY, 8.0),
        (10.0, [(box(0, 0, 3, 10), 4)], TWO_WAY, 12.0),
        (10.0, [(box(0, 0, 10, 3), 4)], QUARTERS, 12.0),
        (100.0, [(box(0, 0, 50, 50), 8)], QUARTERS, 200.0),
        (4.0, [(Polygon([(0, 0), (4, 0), (4, 2), (2, 2), (2, 4), (0, 4)]), 2), (box(0, 0, 2, 2), 2)], QUARTERS, 8.0),
    ],
)
def test_exact_fits_succeed(width, items, angles, length):
    marker = nested(demand(*items, angles=angles), width, rounds=10)
    assert check_marker(marker) == []
    assert marker.length_mm == pytest.approx(length, abs=1e-3)


def test_gap_is_kept_and_used():
    marker = nested(demand((box(0, 0, 50, 50), 8)), 102.0, gap_mm=2.0, rounds=3)
    assert check_marker(marker) == []
    assert marker.length_mm == pytest.approx(206.0, abs=0.01)
    nearest = min(a.distance(b) for i, a in enumerate(marker.polygons) for b in marker.polygons[:i])
    assert nearest == pytest.approx(2.0, abs=0.01)


def test_a_piece_too_large_is_named_and_the_rest_is_nested():
    marker = nested(demand((box(0, 0, 700, 600), 2), (box(0, 0, 100, 50), 3)))
    assert [(u.piece, u.count) for u in marker.unplaced] == [("P0", 2)]
    reason = marker.unplaced[0].reason
    assert reason == "it is 600.0 mm across, the usable width is 500.0 mm; it is 700.0 mm along the grain"
    assert len(marker.placements) == 3
    assert check_marker(marker) == []


def test_what_lies_beyond_the_length_limit_is_named():
    marker = nested(demand((box(0, 0, 100, 100), 12)), fabric=Fabric(200.0, max_length_mm=450.0))
    assert marker.length_mm <= 450.0
    assert len(marker.placements) == 8
    assert [u.count for u in marker.unplaced] == [4]
    assert "450.0 mm" in marker.unplaced[0].reason
    assert check_marker(marker) == []


@pytest.mark.parametrize("length", [333.3, 77.7, 1000 / 3])
@pytest.mark.parametrize("origin", [0.0, 7.77, 1e4 / 3])
def test_pieces_exactly_as_long_as_the_limit(length, origin):
    job = demand((box(origin, origin, origin + length, origin + 50), 2))
    marker = nested(job, fabric=Fabric(100.0, max_length_mm=length), rounds=1)
    assert check_marker(marker) == []
    assert len(marker.placements) == 2


def test_nothing_to_nest_is_an_empty_marker():
    marker = nested(Demand("", (), ()))
    assert marker.placements == ()
    assert marker.length_mm == 0.0


def test_copies_of_one_bundle_keep_its_direction():
    outline = Polygon([(0, 0), (90, 0), (60, 40), (0, 50)])
    piece = OrderedPiece("P", "P", "M", outline, 6)
    copies = tuple(Copy("P", n + 1, False, (180.0 * (n % 2),)) for n in range(6))
    fabric = Fabric(200.0, nap="per-bundle")
    marker = nested(Demand("", (piece,), copies), fabric=fabric)
    assert check_marker(marker) == []
    assert sorted(p.bundle for p in marker.placements) == [1, 2, 3, 4, 5, 6]
    assert all(p.angle_deg == 180.0 * ((p.bundle + 1) % 2) for p in marker.placements)


def test_a_free_mirror_is_used_where_it_helps():
    triangle = Polygon([(0, 0), (100, 0), (0, 60)])
    piece = OrderedPiece("P", "P", "M", triangle, 8, may_mirror=True)
    free = tuple(Copy("P", 1, None, TWO_WAY) for _ in range(8))
    marker = nested(Demand("", (piece,), free), 60.0, rounds=4)
    assert check_marker(marker) == []
    assert len(marker.placements) == 8


def test_small_pieces_lie_in_cut_outs():
    frame = Polygon(box(0, 0, 100, 100).exterior, [box(20, 20, 80, 80).exterior])
    marker = nested(demand((frame, 2), (box(0, 0, 29, 29), 8)), 100.0, rounds=3)
    assert check_marker(marker) == []
    assert marker.length_mm == pytest.approx(200.0, abs=1e-3)


def test_far_coordinates_and_dense_outlines():
    t = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    disc = Polygon(np.c_[1e6 + 50 * np.cos(t), -2e6 + 50 * np.sin(t)])
    marker = nested(demand((disc, 6)), 250.0)
    assert check_marker(marker) == []
    assert marker.length_mm < 320.0


@pytest.mark.parametrize(
    "outline",
    [
        Polygon([(0, 0), (100, 0), (100, 0), (100, 50), (50, 50), (0, 50)]),
        Polygon([(0, 0), (200, 0), (200, 0.02), (0, 0.02)]),
        Polygon([(0, 0), (100, 0), (100, 50), (50.001, 50), (50, 80), (49.999, 50), (0, 50)]),
        Polygon([(0, 0), (50, 0), (100, 0), (100, 25), (100, 50), (0, 50), (0, 49.9999999)]),
    ],
    ids=["duplicate point", "sliver", "spike", "collinear points"],
)
def test_odd_outlines_nest(outline):
    marker = nested(demand((outline, 4), (box(0, 0, 60, 40), 3)), 220.0)
    assert check_marker(marker) == []
    assert len(marker.placements) == 7


def test_default_time_grows_with_the_order():
    assert default_time_s(5) < default_time_s(60) < default_time_s(300) == default_time_s(3000)
