"""Splice bands: by hand, and against asking of every band whether it parts the pieces."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.splices import SpliceBand, mean_splice_mm, splice_bands

sys.path.insert(0, str(Path(__file__).resolve().parent / "report"))

from random_markers import random_marker


def bars(*spans: tuple[float, float]) -> Marker:
    """Bars across a tenth of the cloth each, from and to these places along it."""
    pieces = tuple(OrderedPiece(str(k), str(k), "M", box(0, 0, b - a, 10), 1) for k, (a, b) in enumerate(spans))
    placements = tuple(Placement(str(k), 1, a, 10.0 * k, 0) for k, (a, _) in enumerate(spans))
    return Marker(Fabric(100.0), pieces, placements, NestSettings())


def test_a_straight_line_between_pieces_takes_no_cloth():
    marker = bars((0, 100), (100, 200), (250, 300))
    assert splice_bands(marker) == (SpliceBand(100, 100), SpliceBand(250, 250))


def test_a_piece_that_crosses_makes_the_band_as_long_as_it_needs():
    # The second bar begins at 80 and the first reaches 100: the cloth laps from 80 to 100. A third one begins at 150,
    # and the second reaches 190.
    marker = bars((0, 100), (80, 190), (150, 300))
    assert splice_bands(marker) == (SpliceBand(80, 100), SpliceBand(150, 190))


def test_a_band_that_contains_another_one_is_left_out():
    # Both of the later bars must lap to 200 for the long one; only the later beginning is worth a mark.
    marker = bars((0, 200), (50, 120), (180, 300))
    assert splice_bands(marker) == (SpliceBand(180, 200),)


def test_a_piece_along_the_whole_marker_leaves_no_splice():
    assert splice_bands(bars((0, 300), (100, 200))) == ()
    assert splice_bands(Marker(Fabric(100.0), (), (), NestSettings())) == ()


def test_bands_may_be_thinned_to_the_shortest():
    marker = bars((0, 100), (80, 190), (150, 300), (300, 400))
    assert splice_bands(marker, apart_mm=75) == (SpliceBand(80, 100), SpliceBand(300, 300))


def test_what_a_splice_takes_on_the_mean():
    # One line in the middle of 200: cloth that ends at x loses what it has of the half that it ends in.
    assert mean_splice_mm(bars((0, 100), (100, 200))) == pytest.approx(50)
    # No band at all: the ply is begun anew.
    assert mean_splice_mm(bars((0, 200))) == pytest.approx(100)


def parts_the_pieces(marker: Marker, x0: float, x1: float) -> bool:
    """Whether every piece lies whole before x1 or behind x0."""
    for polygon in marker.polygons:
        xs = [x for x, _ in polygon.exterior.coords]
        if not (max(xs) <= x1 + 1e-6 or min(xs) >= x0 - 1e-6):
            return False
    return True


@pytest.mark.parametrize("number", range(30))
def test_bands_part_the_pieces_and_nothing_shorter_does(number):
    marker = random_marker(number)
    bands = splice_bands(marker)
    step = marker.length_mm / 300
    for band in bands:
        assert 0 < band.x0_mm <= band.x1_mm < marker.length_mm
        assert parts_the_pieces(marker, band.x0_mm, band.x1_mm)
    # Any band on a fine grid that parts the pieces contains one of ours, or one of the marker's ends.
    for a in range(1, 300):
        for b in range(a, 300, 7):
            if parts_the_pieces(marker, a * step, b * step):
                within = [band for band in bands if a * step <= band.x0_mm + 1e-6 and band.x1_mm <= b * step + 1e-6]
                all_before = all(p.bounds[0] >= a * step - 1e-6 for p in marker.polygons)
                all_behind = all(p.bounds[2] <= b * step + 1e-6 for p in marker.polygons)
                # Between two columns of pieces a straight line may be anywhere; ours is where the second one begins.
                ends = [a * step, *(p.bounds[2] for p in marker.polygons if a * step <= p.bounds[2] <= b * step)]
                line = any(parts_the_pieces(marker, end, end) for end in ends) and any(
                    band.length_mm < 1e-6 for band in bands
                )
                assert within or all_before or all_behind or line, (a, b)


@pytest.mark.parametrize("number", [1, 4, 9])
def test_the_mean_is_that_of_many_rolls(number):
    marker = random_marker(number)
    bands = [SpliceBand(0.0, 0.0), *splice_bands(marker)]
    ends = np.random.default_rng(number).uniform(0, marker.length_mm, 40_000)
    lost = [end - max(band.x0_mm for band in bands if band.x1_mm <= end) for end in ends.tolist()]
    assert mean_splice_mm(marker) == pytest.approx(np.mean(lost), rel=0.03)
