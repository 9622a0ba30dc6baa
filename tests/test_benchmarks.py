"""The benchmarks: their garment-like pieces are what was asked for, and every script says what it does."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import drafts  # noqa: F401  (puts the repository's root on the path)
import numpy as np
import pytest
from builders import make_marker, rectangle
from conftest import REPOSITORY
from shapely.geometry import Polygon

from benchmarks.contest import Job, Lying, judge
from benchmarks.garments import garment_pieces, strip_instance, write_instance
from cutkit.formats.strip_packing import read_instance
from cutkit.model import NestSettings, OrderedPiece, Placement


@pytest.mark.parametrize(("points", "types"), [(8, 25), (44, 18), (400, 4)])
def test_a_seed_gives_simple_outlines_of_the_points_asked_for(points, types):
    pieces = garment_pieces(types, points, seed=points)
    assert len({piece.name for piece in pieces}) == len(pieces) == types
    for piece in pieces:
        assert piece.outline.shape == (points, 2)
        assert Polygon(piece.outline).is_valid
        assert Polygon(piece.outline).exterior.is_ccw
        assert (piece.outline.min(axis=0) == 0).all()
        assert 25 < piece.outline.max(axis=0).min() < piece.outline.max() < 1250


def test_pieces_are_like_those_of_garments():
    pieces = {piece.name: Polygon(piece.outline) for piece in garment_pieces(19, 44, seed=3)}
    for name in ("front-1", "yoke-1", "facing-1", "trouser-back-2"):
        hollow = pieces[name].convex_hull.area / pieces[name].area
        assert hollow > 1.04, name
    assert pieces["front-1"].area == pytest.approx(pieces["front-right-1"].area, rel=1e-6)
    assert pieces["back-1"].area > 1.5 * pieces["front-1"].area


def test_the_seed_alone_decides():
    first, again, other = (garment_pieces(5, 30, seed) for seed in (7, 7, 8))
    assert all(np.array_equal(a.outline, b.outline) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a.outline, b.outline) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("count", [3, 11, 100])
def test_an_instance_has_the_copies_asked_for(count, tmp_path):
    pieces = garment_pieces(11, 20, seed=1)
    path = write_instance(strip_instance(pieces, count, 1500.0, "some"), tmp_path / "some.json")
    instance = read_instance(path)
    assert instance.strip_height_mm == 1500.0
    assert len(instance.demand.copies) == count
    assert {copy.angles_deg for copy in instance.demand.copies} == {(0.0, 180.0)}


def test_points_out_of_range_are_refused():
    with pytest.raises(ValueError, match="8 to 400"):
        garment_pieces(1, 7, seed=1)


@pytest.fixture
def tiles(tmp_path):
    """A job of two tiles of 10 x 20 on a width of 20, 2 mm apart."""
    shape = {"type": "simple_polygon", "data": [[0, 0], [10, 0], [10, 20], [0, 20]]}
    items = [{"id": 0, "demand": 2, "allowed_orientations": [0, 180], "shape": shape}]
    path = write_instance({"name": "tiles", "strip_height": 20, "items": items}, tmp_path / "tiles.json")
    return lambda gap_mm: Job(str(path), 1, gap_mm=gap_mm)


def test_the_judge_passes_what_touches_and_measures_from_the_first_piece_to_the_last(tiles):
    flush = [Lying("0", False, 0.0, 5.0, 0.0), Lying("0", False, 180.0, 25.0, 20.0)]
    assert judge(tiles(0.0), flush) == (pytest.approx(100.0), [])
    apart = [flush[0], Lying("0", False, 0.0, 17.0, 0.0)]
    assert judge(tiles(2.0), apart) == (pytest.approx(100 * 20 / 22), [])


@pytest.mark.parametrize(
    ("second", "gap_mm", "fault"),
    [
        (Lying("0", False, 0.0, 9.99, 0.0), 0.0, "overlap by 0.0100"),
        (Lying("0", False, 0.0, 10.0, 0.01), 0.0, "0.0100 mm outside"),
        (Lying("0", False, 0.0, 11.9, 0.0), 2.0, "1.9000 mm apart"),
        (Lying("0", False, 90.0, 40.0, 0.0), 0.0, "angle"),
        (Lying("0", True, 0.0, 10.0, 20.0), 0.0, "copies"),
    ],
)
def test_the_judge_finds_what_is_wrong(tiles, second, gap_mm, fault):
    _, faults = judge(tiles(gap_mm), [Lying("0", False, 0.0, 0.0, 0.0), second])
    assert len(faults) == 1
    assert fault in faults[0]


@pytest.fixture
def scripts(monkeypatch):
    """The scripts find one another as they do when they are run."""
    monkeypatch.syspath_prepend(REPOSITORY / "benchmarks")


@pytest.mark.usefixtures("scripts")
def test_the_deepest_overlap_is_measured_below_what_the_referee_forgives():
    from bench_start import deepest_mm

    tiles = [Placement("t", 1, x, 0.0, 0.0) for x in (0.0, 9.9996, 30.0)]
    marker = make_marker([OrderedPiece("t", "t", "", rectangle(10, 20), 3)], tiles)
    assert deepest_mm(marker) == pytest.approx(0.0004, rel=1e-3)
    assert deepest_mm(make_marker(list(marker.pieces), tiles[::2])) == 0.0


@pytest.mark.usefixtures("scripts")
def test_every_rule_of_the_benchmark_asks_for_something_that_can_be_nested():
    from bench_rules import RULES, SHIRT, Case

    fabric, demand = SHIRT.load()
    plain = Case(fabric, demand, NestSettings(rounds=1))
    for name in set(RULES) - {"none", "locked"}:
        case = RULES[name](plain)
        assert case != plain, name
        counts = Counter(copy.piece for copy in case.demand.copies)
        assert counts == {piece.id: piece.total for piece in case.demand.pieces}
        known = {zone.name for zone in case.fabric.zones}
        assert all(set(piece.zones) <= known for piece in case.demand.pieces)


@pytest.mark.parametrize("script", sorted(p.name for p in (REPOSITORY / "benchmarks").glob("bench_*.py")))
def test_every_benchmark_explains_itself(script):
    command = [sys.executable, REPOSITORY / "benchmarks" / script, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()
