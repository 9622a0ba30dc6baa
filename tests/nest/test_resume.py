"""A search that goes on from a marker."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nest_demands import QUARTERS, blobs

from cutkit.check import check_marker
from cutkit.formats.marker import marker_text, parse_marker
from cutkit.model import Fabric, NestSettings
from cutkit.nest import nest

FABRIC = Fabric(500.0)


def through_a_file(marker):
    """The marker as a later run reads it."""
    return parse_marker(marker_text(marker).encode(), where="a test")


@pytest.mark.parametrize("more", [{}, {"mirrored": 2}, {"angles": QUARTERS}])
def test_the_end_of_one_search_is_the_start_of_the_next(more):
    job = blobs(3, 3, 3, **more)
    first = nest(FABRIC, job, NestSettings(rounds=3, workers=1))
    again = nest(FABRIC, job, NestSettings(rounds=3, workers=1), stop=lambda: True, start=through_a_file(first))
    assert again.length_mm == pytest.approx(first.length_mm, abs=1e-6)
    assert check_marker(again) == []
    assert _heard(job, first)[0].length_mm == pytest.approx(first.length_mm, abs=1e-6)


def _heard(job, start):
    """What a search from ``start`` tells."""
    heard = []
    nest(FABRIC, job, NestSettings(rounds=1, workers=1), listener=heard.append, start=through_a_file(start))
    return heard


def test_it_only_gets_shorter():
    job = blobs(4, 3, 4)
    first = nest(FABRIC, job, NestSettings(rounds=1, workers=1))
    more = nest(FABRIC, job, NestSettings(rounds=4, seed=9, workers=1), start=through_a_file(first))
    assert more.length_mm <= first.length_mm + 1e-6
    assert check_marker(more) == []


def test_a_start_that_lacks_a_copy_is_not_used():
    job = blobs(5, 2, 3)
    whole = nest(FABRIC, job, NestSettings(rounds=1, workers=1))
    less = replace(whole, placements=whole.placements[1:])
    plain = nest(FABRIC, job, NestSettings(rounds=2, workers=1))
    assert nest(FABRIC, job, NestSettings(rounds=2, workers=1), start=less).placements == plain.placements


@pytest.mark.parametrize("fabric", [Fabric(450.0), Fabric(500.0, selvedge_mm=10.0)])
def test_a_start_with_faults_on_this_cloth_is_not_used(fabric):
    job = blobs(5, 2, 3)
    start = nest(FABRIC, job, NestSettings(rounds=1, workers=1))
    plain = nest(fabric, job, NestSettings(rounds=1, workers=1))
    assert nest(fabric, job, NestSettings(rounds=1, workers=1), start=start).placements == plain.placements
    gap = NestSettings(gap_mm=3.0, rounds=1, workers=1)
    assert check_marker(nest(FABRIC, job, gap, start=start)) == []


def test_a_start_of_other_pieces_is_not_used():
    other = nest(FABRIC, blobs(5, 4, 3), NestSettings(rounds=1, workers=1))
    job = blobs(6, 2, 3)
    plain = nest(FABRIC, job, NestSettings(rounds=1, workers=1))
    assert nest(FABRIC, job, NestSettings(rounds=1, workers=1), start=other).placements == plain.placements


def test_a_start_at_other_angles_is_not_used():
    turned = nest(FABRIC, blobs(6, 2, 3, angles=(90.0,)), NestSettings(rounds=1, workers=1))
    job = blobs(6, 2, 3)
    plain = nest(FABRIC, job, NestSettings(rounds=1, workers=1))
    assert nest(FABRIC, job, NestSettings(rounds=1, workers=1), start=turned).placements == plain.placements
