"""Pieces that may tilt: which angles are tried, and what the search makes of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nest_demands import TWO_WAY, blobs, demand
from shapely.affinity import rotate
from shapely.geometry import Polygon, box

from cutkit.check import check_marker
from cutkit.formats.marker import marker_text
from cutkit.model import Copy, Demand, Fabric, NestSettings, OrderedPiece
from cutkit.nest import nest
from cutkit.nest.angles import Leeway, TablesCost, finer_ways, first_ways, stages_of
from cutkit.nest.problem import Found
from cutkit.nest.settle import Laid
from cutkit.nest.shapes import Choice, shapes_of

BAR = box(0, 0, 120, 10)
WIDE = Fabric(1000.0)
FIRST = TablesCost(100, 0.01, 10**6)


@pytest.fixture(autouse=True)
def _short_rounds(monkeypatch):
    """A fifth of the work: these tests ask what is found, not how much of it in a second."""
    monkeypatch.setattr("cutkit.nest.search.ROUND_WORK", 400_000)


def tilted(job: Demand, tilt_deg: float) -> Demand:
    return replace(job, pieces=tuple(replace(piece, tilt_deg=tilt_deg) for piece in job.pieces))


def nested(job: Demand, fabric: Fabric, rounds: int = 2, **more):
    marker = nest(fabric, job, NestSettings(**{"rounds": rounds, "seed": 1, "workers": 1, **more}))
    assert check_marker(marker) == []
    return marker


def hull(outline: Polygon) -> np.ndarray:
    return np.array(outline.convex_hull.exterior.coords)[:-1]


def height(outline: Polygon, angle: float) -> float:
    _, y0, _, y1 = rotate(outline, angle, origin=(0, 0)).bounds
    return y1 - y0


# --- stages


def test_without_tilt_there_is_one_stage_with_all_the_effort():
    (stage,) = stages_of(blobs(1, 2, 2), NestSettings(rounds=7), None, FIRST)
    assert (stage.rounds, stage.share_of_rest, stage.seed(5)) == (7, 1.0, 5)


@settings(deadline=None)
@given(rounds=st.integers(1, 200), tilt=st.sampled_from([0.5, 3.0, 45.0, 180.0]))
def test_stages_share_all_rounds_and_each_gets_some(rounds, tilt):
    stages = stages_of(tilted(blobs(1, 2, 2), tilt), NestSettings(rounds=rounds), None, FIRST)
    assert sum(stage.rounds for stage in stages) == rounds
    assert min(stage.rounds for stage in stages) >= 1
    assert [stage.number for stage in stages] == list(range(len(stages)))


def test_steps_of_stages_become_finer():
    steps = [stage.step for stage in stages_of(tilted(blobs(1, 2, 2), 180.0), NestSettings(time_s=60.0), 60.0, FIRST)]
    assert steps[:2] == [0.0, 1.0]
    assert steps[1:] == sorted(steps[1:], reverse=True)
    assert 45 * steps[-1] < 0.5


@pytest.mark.parametrize(
    ("left_s", "tables_s", "stages"), [(0.1, 0.0, 1), (1.0, 0.0, 3), (60.0, 0.0, 7), (60.0, 1.0, 5), (60.0, 30.0, 2)]
)
def test_a_short_search_has_few_stages(left_s, tables_s, stages):
    job = tilted(blobs(1, 2, 2), 180.0)
    assert len(stages_of(job, NestSettings(time_s=left_s), left_s, TablesCost(1, tables_s))) == stages


# --- angles


def test_exact_angles_are_those_allowed_and_quarter_turns_within_the_tilt():
    assert Leeway((0.0, 180.0), 3.0).exact == (0.0, 180.0)
    assert Leeway((37.0,), 3.0).exact == (37.0,)
    assert Leeway((37.0,), 60.0).exact == (37.0, 0.0, 90.0)
    assert Leeway((0.0,), 180.0).exact == (0.0, 90.0, 180.0, 270.0)


def test_allowed_angles_are_normal_and_each_once():
    leeway = Leeway((0.0, 180.0), 10.0)
    assert leeway.allowed([-3.0, 357.0, 360.0, 0.0, 1e-9, 11.0, 169.9, 170.0]) == (357.0, 0.0, 170.0)


def test_pieces_that_fit_begin_with_the_exact_angles():
    job = tilted(demand((BAR, 2)), 3.0)
    assert [copy.angles_deg for copy in first_ways(job, WIDE)] == [TWO_WAY, TWO_WAY]


@settings(max_examples=10, deadline=None)
@given(turn=st.floats(-180, 180), tilt=st.sampled_from([20.0, 180.0]))
def test_the_best_fitting_angle_is_as_good_as_any(turn, tilt):
    outline = rotate(Polygon([(0, 0), (200, 0), (230, 60), (0, 40)]), turn, origin=(0, 0))
    leeway = Leeway((0.0, 180.0), tilt)
    best = leeway.best_fitting(hull(outline), Fabric(100.0))
    assert leeway.allowed([best]) == (best,)
    tried = leeway.allowed(np.arange(0.0, 360.0, 2.0))
    assert height(outline, best) <= min(height(outline, angle) for angle in tried) + 1e-9


def test_between_width_and_length_limit_the_best_angle_is_found():
    best = Leeway((0.0,), 180.0).best_fitting(hull(BAR), Fabric(92.0, max_length_mm=92.0))
    assert best % 90 == pytest.approx(45.0, abs=0.01)


def choice_of(job: Demand) -> Laid:
    ways = first_ways(job, WIDE)
    shapes = shapes_of(replace(job, copies=tuple(ways)), 0.0)
    choice = Choice(shapes, list(job.copies), ways, [shapes.options(way) for way in ways])
    shape = np.array([options[0] for options in choice.options], dtype=np.int32)
    return Laid(Found(np.zeros((len(ways), 2)), shape, 1.0), choice)


def test_copies_that_lie_alike_turn_alike():
    job = tilted(blobs(1, 1, 3), 3.0)
    stage = stages_of(job, NestSettings(rounds=10), None, FIRST)[2]
    ways = finer_ways(job, choice_of(job), stage, 1000, 1)
    assert [set(way.angles_deg) for way in ways] == [{0.0, 1.0, 180.0, 359.0}] * 3


def test_where_tables_would_cost_too_much_some_turn_or_none():
    job = tilted(blobs(1, 6, 1), 3.0)
    stage = stages_of(job, NestSettings(rounds=10), None, FIRST)[2]
    ways = finer_ways(job, choice_of(job), stage, 100, 1)
    assert sorted(len(way.angles_deg) for way in ways) == [2, 2, 2, 2, 4, 4]
    assert finer_ways(job, choice_of(job), stage, 50, 1) is None


def test_a_stage_has_as_many_pairs_as_its_time_and_the_memory_allow():
    assert TablesCost(1000, 1.0, 1000).most_pairs(10.0) == 3500
    assert TablesCost(1000, 1.0, 10**9).most_pairs(10.0) == 200
    assert TablesCost(1000, 1.0).most_pairs(None) == TablesCost(1000, 99.0).most_pairs(None) > 1000
    assert TablesCost(1000, 1.0).most_pairs(0.0) == 0


# --- markers


@given(
    seed=st.integers(0, 10_000),
    gap=st.sampled_from([0.0, 2.0]),
    mirrored=st.integers(0, 1),
    angles=st.sampled_from([TWO_WAY, (0.0,), (0.0, 37.0)]),
    tilt=st.sampled_from([3.0, 60.0, 180.0]),
)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_marker_is_valid(seed, gap, mirrored, angles, tilt):
    job = tilted(blobs(seed, 2, 2, mirrored=mirrored, angles=angles), tilt)
    marker = nested(job, Fabric(300.0), gap_mm=gap)
    assert len(marker.placements) + sum(u.count for u in marker.unplaced) == 2 * (2 + mirrored)


def test_same_seed_same_bytes_whatever_the_workers():
    job = tilted(blobs(5, 2, 3), 30.0)
    texts = {marker_text(nested(job, Fabric(500.0), rounds=4, workers=workers)) for workers in (1, 2, 4)}
    assert len(texts) == 1


def test_time_ends_the_search():
    marker = nested(tilted(blobs(6, 3, 3), 180.0), Fabric(500.0), rounds=None, time_s=1.0)
    assert marker.search.time_s == pytest.approx(1.0, abs=0.5)


def test_a_small_tilt_pays():
    job = blobs(3, 4, 3)
    straight, turned = (
        np.mean([nested(tilted(job, tilt), Fabric(500.0), rounds=5, seed=seed).efficiency for seed in (1, 2)])
        for tilt in (0.0, 3.0)
    )
    assert turned > straight


def test_stages_never_make_a_layout_longer_and_count_their_rounds_on():
    heard = []
    settings = NestSettings(rounds=6, seed=1, workers=2)
    marker = nest(Fabric(500.0), tilted(blobs(8, 3, 3), 20.0), settings, listener=heard.append)
    told = [progress for progress in heard if progress.stage == "searching"]
    lengths = [progress.length_mm for progress in told]
    assert lengths == sorted(lengths, reverse=True)
    assert [progress.rounds for progress in told] == list(range(7))
    assert told[-1].rounds_left == 0
    assert marker.length_mm == pytest.approx(lengths[-1], rel=1e-3)


def test_exact_fits_are_not_lost():
    marker = nested(tilted(demand((box(0, 0, 50, 50), 8)), 3.0), Fabric(100.0), rounds=5)
    assert marker.length_mm == pytest.approx(200.0, abs=1e-3)
    assert {placement.angle_deg for placement in marker.placements} <= {0.0, 180.0}


def test_a_rectangle_drawn_askew_fits_exactly_when_turned():
    askew = rotate(box(0, 0, 50, 100), 29.0, origin=(0, 0))
    marker = nested(tilted(demand((askew, 4)), 180.0), Fabric(100.0), rounds=4)
    assert marker.length_mm == pytest.approx(200.0, abs=1e-3)


def test_triangles_that_interlock_only_when_turned():
    leg = 100.0
    job = demand((Polygon([(0, 0), (leg * 2**0.5, 0), (leg / 2**0.5, leg / 2**0.5)]), 4))
    assert nested(job, Fabric(leg)).length_mm > 250.0
    assert nested(tilted(job, 180.0), Fabric(leg), rounds=5).length_mm == pytest.approx(200.0, abs=0.01)


def test_a_piece_that_fits_the_width_only_when_tilted_is_placed():
    across = demand((BAR, 2), angles=(90.0,))
    assert nest(Fabric(100.0), tilted(across, 20.0), NestSettings(rounds=1)).placements == ()
    marker = nested(tilted(across, 40.0), Fabric(100.0))
    assert len(marker.placements) == 2


def test_a_piece_that_fits_the_length_limit_only_when_tilted_is_placed():
    marker = nested(tilted(demand((BAR, 1)), 180.0), Fabric(92.0, max_length_mm=92.0))
    assert len(marker.placements) == 1


def test_what_fits_at_no_angle_is_named_with_the_tilt():
    marker = nested(tilted(demand((BAR, 1), (box(0, 0, 20, 20), 1), angles=(90.0,)), 20.0), Fabric(100.0))
    assert [u.piece for u in marker.unplaced] == ["P0"]
    assert "20 degrees" in marker.unplaced[0].reason


@pytest.mark.parametrize("nap", ["one-way", "per-bundle"])
def test_a_tilt_keeps_the_nap(nap):
    piece = OrderedPiece("P", "P", "M", Polygon([(0, 0), (90, 0), (60, 40), (0, 50)]), 4, tilt_deg=5.0)
    turned = 180.0 if nap == "per-bundle" else 0.0
    copies = tuple(Copy("P", n + 1, False, (turned * (n % 2),)) for n in range(4))
    marker = nested(Demand("", (piece,), copies), Fabric(120.0, nap=nap), rounds=3)
    assert all(abs((p.angle_deg - turned * ((p.bundle + 1) % 2) + 90) % 360 - 90) <= 5.0 for p in marker.placements)


def test_pieces_that_may_not_tilt_keep_their_angles():
    angles = (-90.0, 400.0)
    straight, turned = demand((BAR, 2), angles=angles), tilted(demand((box(0, 0, 20, 20), 2)), 5.0)
    pieces = (straight.pieces[0], replace(turned.pieces[0], id="Q"))
    copies = straight.copies + tuple(replace(copy, piece="Q") for copy in turned.copies)
    marker = nested(Demand("", pieces, copies), Fabric(130.0), rounds=3)
    assert {p.angle_deg for p in marker.placements if p.piece == "P0"} <= set(angles)


def test_natural_angles_lay_the_longest_edges_along_or_across():
    askew = rotate(Polygon([(0, 0), (200, 0), (200, 60), (0, 100)]), 20.0, origin=(0, 0))
    slope = np.degrees(np.arctan2(40, 200))
    natural = Leeway((0.0,), 180.0).natural(hull(askew))
    expected = [turn + quarter for turn in (slope - 20.0, -20.0) for quarter in (0, 90, 180, 270)]
    assert sorted(natural) == pytest.approx(sorted(angle % 360 for angle in expected))


def test_a_free_mirror_may_tilt():
    piece = OrderedPiece("P", "P", "M", Polygon([(0, 0), (100, 0), (0, 60)]), 4, may_mirror=True, tilt_deg=5.0)
    copies = tuple(Copy("P", 1, None, TWO_WAY) for _ in range(4))
    assert len(nested(Demand("", (piece,), copies), Fabric(60.0), rounds=3).placements) == 4
