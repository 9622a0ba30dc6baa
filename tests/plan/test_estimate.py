"""Length before nesting: what is certain, what the calibration teaches, and what a shop's history adds."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import REPOSITORY
from shapely.geometry import Polygon, box

from cutkit.errors import InfeasibleError
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.plan.estimate import (
    FEATURES,
    FEW,
    SHARE,
    Features,
    LengthModel,
    Observation,
    calibrate,
    estimate_length,
    features_of,
    observation_of,
    shipped_model,
)

CLOTH = Fabric(1000.0)
TRIANGLE = Polygon([(0, 0), (400, 0), (0, 300)])


def ordered(shape: Polygon, count: int, name: str = "P") -> OrderedPiece:
    return OrderedPiece(name, name, "M", shape, count)


def feature(pieces: list[OrderedPiece], name: str, **more: float) -> float:
    return features_of(pieces, CLOTH, more.get("gap_mm", 0.0)).values[FEATURES.index(name)]


def test_features_by_hand():
    features = features_of([ordered(TRIANGLE, 4)], CLOTH, 0.0)
    assert features.least_mm == pytest.approx(4 * 60_000 / 1000)
    assert features.longest_mm == 400
    assert len(features.values) == len(FEATURES)
    assert feature([ordered(TRIANGLE, 4)], "corners") == pytest.approx(0.5)
    assert feature([ordered(TRIANGLE, 4)], "hollows") == pytest.approx(0.0)
    assert feature([ordered(TRIANGLE, 4)], "height") == pytest.approx(0.3)
    assert feature([ordered(TRIANGLE, 4)], "width_fit") == pytest.approx(0.1)
    assert feature([ordered(TRIANGLE, 4)], "few") == pytest.approx(0.5)
    assert feature([ordered(TRIANGLE, 4)], "gap", gap_mm=4.0) == pytest.approx(np.log(1 + 4 * 1200 * 2 / 240_000))
    small = [ordered(TRIANGLE, 4), ordered(box(0, 0, 50, 40), 30, "S")]
    assert feature(small, "small") == pytest.approx(60_000 / 300_000)


def test_boxes_are_packed_as_they_can_be_laid():
    # Three of 300 beside each other on 1000, so four take two columns; with gaps of 60 the third does not fit.
    assert features_of([ordered(TRIANGLE, 4)], CLOTH, 0.0).boxes_mm == pytest.approx(800)
    assert features_of([ordered(TRIANGLE, 4)], CLOTH, 60.0).boxes_mm == pytest.approx(860)


def test_what_is_certain_bounds_the_estimate():
    one = estimate_length([ordered(box(0, 0, 800, 100), 1)], CLOTH, 0.0)
    assert (one.low_mm, one.length_mm, one.high_mm) == (800, 800, 800)
    bricks = estimate_length([ordered(box(0, 0, 250, 500), 40)], CLOTH, 0.0)
    assert 5000 <= bricks.low_mm <= bricks.length_mm <= bricks.high_mm <= 5000.001


def test_a_piece_wider_than_the_cloth_is_named():
    with pytest.raises(InfeasibleError, match="'wide'"):
        estimate_length([ordered(box(0, 0, 100, 1200), 1, "wide")], CLOTH, 0.0)


def test_more_gap_more_length_and_more_garments_less_for_each():
    pieces = [ordered(TRIANGLE, 30), ordered(Polygon([(0, 0), (600, 0), (500, 350), (100, 350)]), 20, "B")]
    lengths = [estimate_length(pieces, CLOTH, gap).length_mm for gap in (0.0, 5.0, 20.0)]
    assert lengths == sorted(lengths)
    twice = [replace(piece, ordered=2 * piece.ordered) for piece in pieces]
    assert estimate_length(twice, CLOTH, 0.0).length_mm < 2 * lengths[0]


def made_up(count: int, rng: np.random.Generator, *, offset: float = 0.0) -> list[Observation]:
    """Orders whose length is a law and a little chance: 20 % and what hollows and ends cost, and an offset."""
    seen = []
    for _ in range(count):
        values = (1.0, *rng.uniform(0, 0.5, len(FEATURES) - 1))
        excess = 0.2 + offset + 0.5 * values[2] + 0.2 * values[4] + rng.normal(0, 0.01)
        seen.append(Observation(Features(tuple(values), 1000.0, 100.0, 9000.0), 1000.0 * float(np.exp(excess))))
    return seen


def errors(model: LengthModel, seen: list[Observation]) -> np.ndarray:
    return np.array([np.log(model.lengths_mm(o.features)[1] / o.length_mm) for o in seen])


def test_a_law_is_found_and_the_interval_holds_nine_of_ten():
    rng = np.random.default_rng(1)
    model = calibrate(made_up(150, rng), [str(k // 3) for k in range(150)])
    held_out = made_up(600, rng)
    assert np.abs(errors(model, held_out)).mean() < 0.015
    intervals = [model.lengths_mm(o.features) for o in held_out]
    held = np.mean([low <= o.length_mm <= high for o, (low, _, high) in zip(held_out, intervals, strict=True)])
    assert 0.87 < held < 0.99


def scattered(sd: float, count: int, few: float, rng: np.random.Generator, at: float = 0.2) -> list[Observation]:
    """Orders alike but for chance, with so much of it."""
    values = [1.0 if k == 0 else 0.3 for k in range(len(FEATURES))]
    values[FEW] = few
    features = Features(tuple(values), 1000.0, 100.0, 9000.0)
    return [Observation(features, 1000.0 * float(np.exp(at + rng.normal(0, sd)))) for _ in range(count)]


def test_the_interval_is_wider_where_pieces_are_few():
    rng = np.random.default_rng(3)
    many, few = scattered(0.02, 80, 0.05, rng), scattered(0.05, 80, 0.4, rng)
    model = calibrate(many + few, [str(k) for k in range(160)])
    wide = [np.log(high / low) for low, _, high in (model.lengths_mm(o.features) for o in (many[0], few[0]))]
    assert wide[1] > 2 * wide[0]
    for seen in (scattered(0.02, 400, 0.05, rng), scattered(0.05, 400, 0.4, rng)):
        low, _, high = model.lengths_mm(seen[0].features)
        assert 0.87 < np.mean([low <= o.length_mm <= high for o in seen]) < 0.99


def test_the_kind_of_goods_that_needs_most_decides_the_reach():
    rng = np.random.default_rng(4)
    tame, wild = scattered(0.01, 100, 0.2, rng), scattered(0.04, 50, 0.2, rng)
    styles = [str(k) for k in range(150)]
    together = calibrate(tame + wild, styles)
    apart = calibrate(tame + wild, styles, ["tame"] * 100 + ["wild"] * 50)
    held = []
    for model in (together, apart):
        low, _, high = model.lengths_mm(wild[0].features)
        held.append(np.mean([low <= o.length_mm <= high for o in scattered(0.04, 400, 0.2, rng)]))
    assert held[0] < 0.85
    assert held[1] > 0.88


def test_a_length_that_was_certain_teaches_nothing_of_waste():
    rng = np.random.default_rng(5)
    seen = made_up(60, rng)
    styles = [str(k) for k in range(60)]
    longest = Observation(Features((1.0, *[0.3] * (len(FEATURES) - 1)), 100.0, 900.0, 900.0), 900.0)
    assert longest.certain
    assert not any(o.certain for o in seen)
    assert calibrate([*seen, longest], [*styles, "one"]).beta == calibrate(seen, styles).beta


def test_history_teaches_what_is_special_about_a_shop():
    rng = np.random.default_rng(2)
    model = calibrate(made_up(150, rng), [str(k) for k in range(150)])
    shop = made_up(60, rng, offset=-0.05)
    before = errors(model, shop[10:])
    after = errors(model.learned(shop[:10]), shop[10:])
    assert before.mean() == pytest.approx(0.05, abs=0.01)
    assert abs(after.mean()) < 0.01
    assert model.learned([]) is model


def test_a_marker_is_an_observation_of_what_was_placed():
    piece = ordered(TRIANGLE, 3)
    placements = (Placement("P", 1, 0, 0, 0), Placement("P", 1, 400, 0, 0))
    marker = Marker(CLOTH, (piece, ordered(TRIANGLE, 2, "unplaced")), placements, NestSettings(2.0))
    seen = observation_of(marker)
    assert seen.length_mm == 800
    assert seen.features == features_of([replace(piece, ordered=2)], CLOTH, 2.0)
    with pytest.raises(ValueError, match="teaches nothing"):
        observation_of(replace(marker, placements=()))


# ------------------------------------------------------------------------------------------- what the package carries


@pytest.fixture(scope="module")
def bench():
    # The scripts import their neighbours by bare names, and the tests have a ``garments`` of their own.
    ours = sys.modules.pop("garments", None)
    sys.path.insert(0, str(REPOSITORY / "benchmarks"))
    try:
        import bench_estimate
    finally:
        sys.path.remove(str(REPOSITORY / "benchmarks"))
        sys.modules.pop("garments", None)
        if ours is not None:
            sys.modules["garments"] = ours
    return bench_estimate


@pytest.fixture(scope="module")
def nests(bench):
    return bench.read_table()


def test_the_table_of_nests_is_of_the_jobs_it_names(bench, nests):
    with (REPOSITORY / "benchmarks" / "estimate_nests.csv").open(newline="") as stream:
        for row, nested in zip(csv.DictReader(stream), nests, strict=True):
            assert len(nested.job.demand.copies) == int(row["copies"])
            assert nested.job.style == row["style"]
            least = nested.observation.features.least_mm
            assert least / nested.length_mm == pytest.approx(float(row["efficiency"]), abs=1e-4)


def test_the_coefficients_are_those_of_the_table(bench, nests):
    model, made = shipped_model(), bench.model_of(nests)
    assert model.beta == pytest.approx(made.beta, rel=1e-6, abs=1e-8)
    assert (model.sd, model.few, model.reach) == pytest.approx((made.sd, made.few, made.reach))


def test_it_beats_area_by_mean_efficiency_on_styles_that_it_has_not_seen(bench, nests):
    scores = bench.left_out(nests)
    plain, estimate = scores["area / mean efficiency"], scores["estimate"]
    assert np.mean(estimate.off_pct) < 0.75 * np.mean(plain.off_pct)
    assert np.mean(estimate.width_pct) < 0.75 * np.mean(plain.width_pct)
    assert np.mean(estimate.within) >= SHARE
    assert np.mean(scores["estimate, garments"].within) >= SHARE
    by_kind = [score.within for name, score in scores.items() if name.startswith("estimate, ")]
    # A kind of n nests may fall short of nine of ten by two deviations of its count.
    assert all(np.mean(held) >= SHARE - 2 * np.sqrt(SHARE * (1 - SHARE) / len(held)) for held in by_kind)
    assert sum(map(len, by_kind)) == len(nests)


# -------------------------------------------------------------------------------------------------- on the command line


def test_a_garment_of_several_materials(cutkit):
    ran = cutkit(
        "estimate", REPOSITORY / "patterns" / "trousers.dxf", "--width", "150cm", "--order", "32=2,34=2", "--json"
    )
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["schema"] == "cutkit.estimate/1"
    assert [marker["material"] for marker in told["markers"]] == ["SHELL", "POCKETING"]
    for marker in told["markers"]:
        low, high = marker["interval_mm"]
        assert marker["area_mm2"] / 1500 < low <= marker["length_mm"] <= high
        assert marker["garments"] == 4
        assert marker["length_per_garment_mm"] == pytest.approx(marker["length_mm"] / 4)


def test_history_on_the_command_line(cutkit, tmp_path):
    from cutkit.formats.marker import write_marker

    piece = ordered(TRIANGLE, 2)
    placements = (Placement("P", 1, 0, 0, 0), Placement("P", 1, 400, 0, 0))
    write_marker(tmp_path / "a.marker.json", Marker(CLOTH, (piece,), placements, NestSettings()))
    words = ("estimate", REPOSITORY / "patterns" / "tshirt.dxf", "--width", "150cm", "--order", "M=4", "--json")
    plain, learned = cutkit(*words), cutkit(*words, "--history", tmp_path)
    assert "learned from 1 marker" in learned.err
    lengths = [json.loads(ran.out)["markers"][0]["length_mm"] for ran in (plain, learned)]
    assert lengths[0] != lengths[1]
    assert cutkit(*words, "--history", tmp_path / "nowhere").code == 3


def test_what_nest_refuses_estimate_refuses(cutkit):
    shirt = REPOSITORY / "patterns" / "shirt.dxf"
    assert cutkit("estimate", shirt).code == 2
    assert cutkit("estimate", shirt, "--width", "30cm").code == 4
    assert cutkit("estimate", shirt, "--width", "150cm", "--order", "XYZ=1").code == 3


def test_an_estimate_starts_no_search(cutkit_process):
    ran = cutkit_process("estimate", REPOSITORY / "patterns" / "tshirt.dxf", "--width", "150cm", "--price", "5")
    assert ran.code == 0
    assert "Cost" in ran.out


def test_an_estimate_imports_no_compiler():
    import subprocess

    words = ["estimate", str(REPOSITORY / "patterns" / "tshirt.dxf"), "--width", "150cm"]
    ends = "import sys; sys.argv = ['cutkit', *sys.argv[1:]]\nimport cutkit.cli as c\ntry:\n c.main()\nfinally:\n "
    script = ends + "print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
