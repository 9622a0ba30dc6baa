"""Sections: garments kept together, straight or moved up to one another; and what may not be moved."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from boxes import BoxNester, copies_of, order, wanted_of
from shapely.affinity import translate
from shapely.geometry import Polygon, box

import cutkit.lay.work
from cutkit.check import check_marker
from cutkit.errors import UsageError
from cutkit.lay import LayRules, Sections, lay
from cutkit.lay.sections import SectionNester
from cutkit.model import Copy, Defect, Demand, Fabric, Match, NestSettings, OrderedPiece, Repeat, Tie
from cutkit.report.places import clearance_mm

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))

from random_markers import random_marker

SIZES = {"S": [(100.0, 50.0), (60.0, 50.0)], "M": [(120.0, 60.0), (70.0, 40.0)]}
ROUNDS = NestSettings(gap_mm=2.0, rounds=4, workers=1)
CLOTH = Fabric(110.0)


def sectioned(demand, sections, fabric=CLOTH, settings=ROUNDS, nester=None):
    nester = nester or BoxNester()
    return SectionNester(nester, sections, lambda: False)(fabric, demand, settings, None)


def stretches(marker) -> dict[int, tuple[float, float]]:
    """From where to where each garment lies."""
    found = {}
    for placement, polygon in zip(marker.placements, marker.polygons, strict=True):
        x0, _, x1, _ = polygon.bounds
        a, b = found.get(placement.bundle, (x0, x1))
        found[placement.bundle] = min(a, x0), max(b, x1)
    return found


def test_garments_lie_one_behind_another_and_equal_ones_are_nested_once():
    nester, demand = BoxNester(), order(SIZES, {"S": 4, "M": 2})
    marker = sectioned(demand, Sections(), nester=nester)
    assert check_marker(marker) == []
    assert copies_of([marker]) == wanted_of(demand)
    assert marker.settings.bundling == "sections"
    ends = sorted(stretches(marker).values())
    assert all(b[0] == pytest.approx(a[1] + 2.0) for a, b in pairwise(ends))
    # Each of the two kinds is nested for a short time and in full.
    assert len(nester.calls) == 4


def test_two_garments_in_a_section():
    demand = order(SIZES, {"S": 3, "M": 2})
    marker = sectioned(demand, Sections(2))
    assert check_marker(marker) == []
    assert copies_of([marker]) == wanted_of(demand)
    spans = sorted(stretches(marker).values())
    lines = [x for _, x in spans if not any(a < x < b for a, b in spans)]
    assert len(lines) >= 3  # two lines between three sections, and the end


def wedges(count: int) -> Demand:
    """Garments of one wedge each, whose point lies in the direction of the cloth."""
    wedge = Polygon([(0, 0), (60, 0), (100, 50), (60, 100), (0, 100)])
    piece = OrderedPiece("W", "W", "M", wedge, count)
    return Demand("", (piece,), tuple(Copy("W", k + 1, False, (0.0, 180.0)) for k in range(count)))


def test_open_sections_are_moved_up_until_they_touch():
    demand, cloth = wedges(4), Fabric(100.0)
    straight = sectioned(demand, Sections(), cloth, replace(ROUNDS, gap_mm=0.0))
    up = sectioned(demand, Sections(1, "open"), cloth, replace(ROUNDS, gap_mm=0.0))
    assert straight.length_mm == pytest.approx(400)
    # Point to point one fits into nothing, but turned by a half turn back lies at back, and points cannot meet.
    assert check_marker(up) == []
    assert copies_of([up]) == wanted_of(demand)
    assert up.length_mm <= straight.length_mm
    assert up.settings.bundling == "mixed"
    arrow = Polygon([(0, 0), (60, 0), (100, 50), (60, 100), (0, 100), (40, 50)])
    arrows = replace(demand, pieces=(replace(demand.pieces[0], outline=arrow),))
    nested = sectioned(arrows, Sections(1, "open"), cloth, replace(ROUNDS, gap_mm=0.0))
    assert nested.length_mm == pytest.approx(100 + 3 * 60, abs=1e-3)
    apart = sectioned(arrows, Sections(1, "open"), cloth, replace(ROUNDS, gap_mm=5.0))
    assert check_marker(apart) == []
    # The slanting sides lie 5 mm apart: along the cloth that is 5 over the sine of their angle.
    assert apart.length_mm == pytest.approx(100 + 3 * (60 + 5 * np.hypot(40, 50) / 50), abs=1e-2)


def test_sections_with_the_true_search_pass_the_referee():
    demand = order(SIZES, {"S": 3, "M": 2})
    for border in ("straight", "open"):
        (marker,) = lay(CLOTH, demand, ROUNDS, LayRules(sections=Sections(1, border))).markers
        assert check_marker(marker) == []
        assert copies_of([marker]) == wanted_of(demand)


def test_sections_within_a_length_limit(monkeypatch):
    boxes = BoxNester()
    monkeypatch.setattr(cutkit.lay.work, "nest", lambda f, d, s, start=None, **_: boxes(f, d, s, start))
    demand, fabric = order(SIZES, {"S": 5, "M": 3}), replace(CLOTH, max_length_mm=400.0)
    markers = lay(fabric, demand, ROUNDS, LayRules(sections=Sections())).markers
    assert len(markers) > 1
    assert copies_of(markers) == wanted_of(demand)
    for marker in markers:
        assert check_marker(marker) == []
        assert marker.settings.bundling == "sections"
    # However the garments are dealt out, each of the two kinds is nested for a short time and in full.
    assert len(boxes.calls) <= 4


def test_on_cloth_with_flaws_every_section_is_nested_where_it_lies():
    demand = order(SIZES, {"S": 4})
    flawed = replace(CLOTH, defects=(Defect((90.0, 0.0, 100.0, 30.0)), Defect((300.0, 60.0, 330.0, 100.0))))
    nester = BoxNester()
    marker = sectioned(demand, Sections(), flawed, nester=nester)
    assert check_marker(marker) == []
    assert copies_of([marker]) == wanted_of(demand)
    assert len(nester.calls) == 4
    with pytest.raises(UsageError, match="has flaws"):
        sectioned(demand, Sections(1, "open"), flawed)


def test_matched_sections_are_moved_by_whole_repeats():
    demand = order(SIZES, {"S": 3})
    front = replace(demand.pieces[0], matches=(Match("centre", (0.0, 0.0)),))
    checked = replace(CLOTH, repeat=Repeat(75.0, None))
    marker = sectioned(replace(demand, pieces=(front, demand.pieces[1])), Sections(), checked)
    starts = [a for a, _ in sorted(stretches(marker).values())]
    assert [x % 75.0 for x in starts] == [0.0, 0.0, 0.0]
    plain = sectioned(demand, Sections(), checked)
    assert plain.length_mm < marker.length_mm


def test_a_piece_tied_to_a_place_along_the_cloth_is_refused():
    demand = order(SIZES, {"S": 2})
    tied = replace(demand.pieces[0], ties=(Tie((0.0, 0.0), x_mm=500.0),))
    with pytest.raises(UsageError, match="'S0' is tied"):
        sectioned(replace(demand, pieces=(tied, demand.pieces[1])), Sections())


def first_touch(before, behind) -> float:
    """How far a row of shapes may be moved to the left, by trying, to a hundredth of what it is away."""
    x0 = min(p.bounds[0] for p in behind)
    reach = x0 - min(p.bounds[0] for p in before) + 1.0
    wall, step = shapely.union_all(before), reach / 2000
    for k in range(2001):
        if shapely.union_all([translate(p, -k * step) for p in behind]).intersection(wall).area > 1e-9 * wall.area:
            return (k - 1) * step
    return float("inf")


@pytest.mark.parametrize("number", range(8))
def test_clearance_is_what_trying_says(number):
    # Needles are left out: trying steps over them.
    rows = [random_marker(n).polygons for n in (number, number + 50)]
    before, behind = ([p for p in row if p.area > 0.02 * p.envelope.area] for row in rows)
    scale = before[0].bounds[3] or 1.0
    behind = [shapely.affinity.scale(p, *[scale / (behind[0].bounds[3] or 1.0)] * 2, origin=(0, 0)) for p in behind]
    gone = max(p.bounds[2] for p in before) - min(p.bounds[0] for p in behind) + scale
    behind = [translate(p, gone, 0) for p in behind]
    tried, found = first_touch(before, behind), clearance_mm(before, behind)
    reach = min(p.bounds[0] for p in behind) - min(p.bounds[0] for p in before) + 1.0
    assert found == pytest.approx(tried, abs=reach / 900)


def test_what_may_pass_by_has_no_end():
    assert clearance_mm([box(0, 0, 10, 10)], [box(20, 10, 30, 20)]) == float("inf")
    assert clearance_mm([box(0, 0, 10, 10)], [box(20, 9, 30, 20)]) == 10
