"""The drafted garments: what is sewn together fits, notches meet, allowances and proportions are right."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from functools import cache

import drafts  # noqa: F401  (puts the repository's root on the path)
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon

from patterns.draft import dress, hoodie, shirt, sizes, trousers, tshirt
from patterns.draft.allowance import with_allowance
from patterns.draft.files import GARMENTS
from patterns.draft.geometry import length
from patterns.draft.piece import Garment, Seam, walk

CASES = [(name, size) for name, order in GARMENTS.items() for size in order.sizes]


@cache
def drafted(name: str, size: str) -> Garment:
    return GARMENTS[name].draft(size)


def marks_by_name(marks):
    places = defaultdict(list)
    for name, where in marks:
        places[name].append(where)
    return places


def notches_that_meet(garment: Garment, seam: Seam) -> set[str]:
    """The names that both rows of a seam carry; asserts that they lie at the same place but for the stated ease."""
    first, second = walk(garment, seam.first), walk(garment, seam.second)
    ours, theirs = marks_by_name(first.marks), marks_by_name(second.marks)
    for name in ours.keys() & theirs.keys():
        eased = seam.eased_mm.get(name, (0.0,) * len(ours[name]))
        assert len(ours[name]) == len(theirs[name]) == len(eased), (seam.name, name)
        for a, b, ease in zip(ours[name], theirs[name], eased, strict=True):
            assert b == pytest.approx(a * seam.stretch + ease, abs=0.5), (seam.name, name)
    joints = {step[1:] for step in (*seam.first, *seam.second) if step.startswith(":")}
    assert joints <= ours.keys() & theirs.keys(), f"{seam.name}: a joint without its notch"
    return ours.keys() & theirs.keys()


@pytest.mark.parametrize(("name", "size"), CASES)
def test_seams_sewn_together_are_equally_long_but_for_their_stated_ease(name, size):
    garment = drafted(name, size)
    assert garment.seams
    for seam in garment.seams:
        first, second = walk(garment, seam.first).length_mm, walk(garment, seam.second).length_mm
        assert second == pytest.approx(first * seam.stretch + seam.ease_mm, abs=0.1), seam.name


@pytest.mark.parametrize(("name", "size"), CASES)
def test_every_notch_meets_its_partner(name, size):
    garment = drafted(name, size)
    met = set()
    for seam in garment.seams:
        names = notches_that_meet(garment, seam)
        for row in (seam.first, seam.second):
            met |= {notch for notch in walk(garment, row).notches if notch[2] in names}
    for piece in garment.pieces:
        for edge in piece.edges:
            for notch in edge.notches:
                assert notch.free or (piece.name, edge.name, notch.name) in met, (piece.name, edge.name, notch.name)


def test_a_notch_in_the_wrong_place_is_found():
    garment = drafted("tshirt", "M")
    front = garment.piece("FRONT")
    moved = tuple(
        replace(edge, notches=tuple(replace(n, at_mm=n.at_mm + 0.7) for n in edge.notches)) for edge in front.edges[1:2]
    )
    wrong = replace(front, edges=(front.edges[0], *moved, *front.edges[2:]))
    with pytest.raises(AssertionError, match="side"):
        notches_that_meet(replace(garment, pieces=(wrong, *garment.pieces[1:])), garment.seams[0])


@pytest.mark.parametrize(("name", "size"), CASES)
def test_cut_lines_are_simple_and_their_allowances_right(name, size):
    for piece in drafted(name, size).pieces:
        cut = with_allowance(piece)
        outline, sewn = Polygon(cut.outline), Polygon(piece.sew_line)
        assert outline.is_valid
        assert sewn.is_valid
        assert len(outline.interiors) == 0
        assert shapely.covers(outline.buffer(1e-6), sewn), piece.name
        for edge, path in zip(piece.edges, cut.paths, strict=True):
            steps = np.diff(edge.path, axis=0)
            longest = int((steps**2).sum(axis=1).argmax())
            halfway = edge.path[longest] + steps[longest] / 2
            along = steps[longest] / np.hypot(*steps[longest])
            outward = np.array([along[1], -along[0]])
            ray = LineString([halfway - 1e-6 * outward, halfway + 60 * outward])
            reached = shapely.intersection(ray, LineString(path)).distance(shapely.Point(halfway))
            assert reached == pytest.approx(edge.allowance_mm, abs=0.05), (piece.name, edge.name)


@pytest.mark.parametrize(("name", "size"), CASES)
def test_notches_lie_on_the_cut_line_and_point_inside(name, size):
    for piece in drafted(name, size).pieces:
        cut = with_allowance(piece)
        outline = Polygon(cut.outline)
        vertices = cut.outline
        for notch in cut.notches:
            assert np.abs(vertices - notch.point).sum(axis=1).min() < 1e-9, (piece.name, notch.name)
            inside = shapely.Point(notch.point + 0.5 * notch.inward)
            assert outline.buffer(1e-6).covers(inside), (piece.name, notch.name)
            assert 2.0 <= notch.depth_mm <= 4.0
        assert all(outline.contains(shapely.Point(hole)) for hole in piece.drills)
        assert all(outline.covers(shapely.Point(end)) for end in piece.grain)


@pytest.mark.parametrize("name", GARMENTS)
def test_a_larger_size_has_larger_pieces(name):
    order = GARMENTS[name]
    areas = [sum(Polygon(with_allowance(p).outline).area for p in drafted(name, s).pieces) for s in order.sizes]
    assert all(small < large for small, large in itertools.pairwise(areas))
    assert len(order.sizes) >= 5
    assert order.sample in order.sizes


@pytest.mark.parametrize("size", tshirt.SIZES)
def test_the_t_shirt_has_the_proportions_of_one(size):
    garment, body = drafted("tshirt", size), sizes.MEN[size]
    front, sleeve = garment.piece("FRONT"), garment.piece("SLEEVE")
    half_chest = 2 * front.edge("armhole").path[0][0]
    assert half_chest == pytest.approx((body.chest_mm + 60) / 2)
    bicep = sleeve.edge("cap_front").path[0][0] - sleeve.edge("cap_back").path[-1][0]
    assert 40 <= bicep - body.upper_arm_mm <= 110
    neckline = 2 * (length(front.edge("neck").path) + length(garment.piece("BACK").edge("neck").path))
    assert neckline > 0.8 * body.head_mm, "the stretched neck must let the head through"


def test_the_t_shirt_in_m_measures_what_shops_sell_as_m():
    front = drafted("tshirt", "M").piece("FRONT")
    assert 2 * front.edge("armhole").path[0][0] == pytest.approx(520, abs=5)
    high_shoulder = front.edge("neck").path[0][1]
    assert high_shoulder - front.edge("hem").path[0][1] == pytest.approx(720, abs=10)


@pytest.mark.parametrize("size", shirt.SIZES)
def test_the_shirt_fits_neck_wrist_and_arm(size):
    garment, body = drafted("shirt", size), sizes.MEN[size]
    stand = garment.piece("STAND").edge("neck")
    assert 2 * (length(stand.path) - shirt.STAND_MM) == pytest.approx(body.neck_mm + shirt.NECK_EASE_MM, abs=0.1)
    assert length(garment.piece("CUFF").edge("sleeve").path) > body.wrist_mm + 40
    sleeve = garment.piece("SLEEVE")
    bicep = sleeve.edge("cap_front").path[0][0] - sleeve.edge("cap_back").path[-1][0]
    assert 70 <= bicep - body.upper_arm_mm <= 140
    assert len(garment.pieces) >= 13


@pytest.mark.parametrize("size", trousers.SIZES)
def test_the_trousers_fit_waist_and_leg(size):
    garment, body = drafted("trousers", size), sizes.MEN_BY_WAIST[size]
    waist = length(garment.piece("WAISTBAND").edge("lower").path)
    assert 10 <= waist - body.waist_mm <= 45
    assert length(garment.piece("FRONT").edge("inseam").path) == pytest.approx(body.inside_leg_mm, abs=12)


@pytest.mark.parametrize("size", dress.SIZES)
def test_the_darts_legs_are_equally_long_and_the_lining_is_shorter(size):
    garment = drafted("dress", size)
    for name in ("FRONT", "LINING_FRONT"):
        dart = next(inner.path for inner in garment.piece(name).internals if inner.label == "DART")
        assert length(dart[:2]) == pytest.approx(length(dart[1:]), abs=0.01)
    hem, lining = garment.piece("FRONT").edge("hem"), garment.piece("LINING_FRONT").edge("hem")
    assert lining.path[0][1] - hem.path[0][1] == pytest.approx(dress.LINING_SHORTER_MM)


@pytest.mark.parametrize("size", hoodie.SIZES)
def test_the_hood_goes_over_the_head(size):
    panel = drafted("hoodie", size).piece("HOOD_SIDE").edge("panel")
    assert length(panel.path) > 0.75 * sizes.MEN[size].head_mm


def test_a_changed_measurement_is_redrafted(monkeypatch):
    before = drafted("tshirt", "M")
    monkeypatch.setitem(sizes.MEN, "M", replace(sizes.MEN["M"], chest_mm=sizes.MEN["M"].chest_mm + 40))
    after = tshirt.draft("M")
    widths = [g.piece("FRONT").edge("armhole").path[0][0] for g in (before, after)]
    assert widths[1] - widths[0] == pytest.approx(10.0)
    for seam in after.seams:
        first, second = walk(after, seam.first).length_mm, walk(after, seam.second).length_mm
        assert second == pytest.approx(first * seam.stretch + seam.ease_mm, abs=0.1)
