"""A search that goes on from a marker."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from nest_demands import QUARTERS, blobs, demand
from shapely import affinity
from shapely.geometry import box

from cutkit.check import check_marker
from cutkit.errors import InfeasibleError, InputError
from cutkit.formats.marker import marker_text, parse_marker
from cutkit.model import Defect, Demand, Fabric, Marker, NestSettings, Placement
from cutkit.nest import angles, nest, run
from cutkit.nest.resume import share_out

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


def test_a_start_that_lacks_a_copy_makes_room_for_it():
    job = blobs(5, 2, 3)
    whole = nest(FABRIC, job, NestSettings(rounds=1, workers=1))
    told, marker = _told(job, replace(whole, placements=whole.placements[1:]))
    assert told["start-lacks"] == "not in the start, and laid anew: P0"
    assert "made sound" in told["start-mended"]
    assert marker.length_mm < whole.length_mm + 150.0
    assert check_marker(marker) == []


def _told(job, start, fabric=FABRIC, stop=None, **settings):
    """What is told of a start, by code, and the marker."""
    heard = []
    settings = NestSettings(**{"rounds": 1, "workers": 1} | settings)
    marker = nest(fabric, job, settings, start=start, tell=heard.append, stop=stop)
    assert len({notice.code for notice in heard}) == len(heard)
    return {notice.code: notice.message for notice in heard}, marker


@pytest.fixture(scope="module")
def found():
    """A job, and a marker of it."""
    job = blobs(7, 3, 3)
    return job, nest(FABRIC, job, NestSettings(rounds=2, workers=1))


def test_a_sound_start_is_used_as_it_is(found):
    job, start = found
    told, marker = _told(job, start)
    assert list(told) == ["start-used"]
    assert marker.length_mm <= start.length_mm


def test_angles_below_zero_and_foreign_bundles_are_no_obstacle(found):
    job, start = found
    odd = replace(start, placements=tuple(replace(p, bundle=77, angle_deg=p.angle_deg - 360) for p in start.placements))
    told, marker = _told(job, odd)
    assert list(told) == ["start-used"]
    assert {p.angle_deg for p in marker.placements} <= {0.0, 180.0}
    assert sorted(marker.bundles) == [1, 2, 3]


def test_pieces_that_look_alike_when_turned_keep_their_places():
    """A rectangle turned by half is itself: each angle is another placement of one shape."""
    square = box(0, 0, 100, 100)
    job = demand((square, 4), (box(0, 0, 100, 50), 4), angles=QUARTERS)
    rows = [Placement("P0", k + 1, 100.0 * k + 100, 100.0, 180.0) for k in range(4)]
    rows += [Placement("P1", k + 1, 50.0 * k + 50, 100.0, 90.0) for k in range(4)]
    start = Marker(Fabric(200.0), job.pieces, tuple(rows), NestSettings())
    told, marker = _told(job, start, Fabric(200.0), stop=lambda: True)
    assert list(told) == ["start-used"]
    assert marker.length_mm == pytest.approx(400.0)


@pytest.mark.parametrize(
    ("fabric", "settings", "fault"),
    [
        (Fabric(480.0), {}, "outside the usable fabric"),
        (FABRIC, {"gap_mm": 3.0}, "apart"),
        (replace(FABRIC, defects=(Defect((0, 0, 60, 60)),)), {}, "efect"),
    ],
)
def test_a_start_with_faults_on_this_cloth_is_mended_and_they_are_told(found, fabric, settings, fault):
    job, start = found
    told, marker = _told(job, start, fabric, **settings)
    assert fault in told["start-mended"]
    assert f"was {start.length_mm:.2f} mm" in told["start-mended"]
    assert ("start-longer" in told) == (marker.length_mm > start.length_mm + 1e-3)
    assert check_marker(marker) == []


def test_overlaps_of_a_hair_cost_no_more_than_a_hair(found):
    job, start = found
    rng = np.random.default_rng(1)
    moved = [replace(p, x_mm=p.x_mm + rng.normal(0, 0.01), y_mm=p.y_mm + rng.normal(0, 0.01)) for p in start.placements]
    told, marker = _told(job, replace(start, placements=tuple(moved), stated=None))
    assert "overlap" in told["start-mended"] or "outside" in told["start-mended"]
    assert marker.length_mm <= start.length_mm + 0.5


def test_a_start_longer_than_its_time_is_not_used_and_that_is_told(found):
    job, start = found
    told, _ = _told(job, replace(start, placements=tuple(replace(p, x_mm=0.9 * p.x_mm) for p in start.placements)))
    assert "start-mended" in told
    squeezed = replace(start, placements=tuple(replace(p, x_mm=0.9 * p.x_mm) for p in start.placements))
    told, marker = _told(job, squeezed, stop=lambda: True)
    assert list(told) == ["start-not-used"]
    assert "time was over" in told["start-not-used"]
    assert check_marker(marker) == []


def test_a_start_at_other_angles_is_turned():
    turned = nest(FABRIC, blobs(6, 2, 3, angles=(90.0,)), NestSettings(rounds=1, workers=1))
    told, marker = _told(blobs(6, 2, 3), turned)
    assert "allowed: 0, 180" in told["start-mended"]
    assert check_marker(marker) == []


def test_tilted_pieces_keep_their_tilt():
    job = blobs(8, 3, 2)
    tilted = replace(job, pieces=tuple(replace(piece, tilt_deg=4.0) for piece in job.pieces))
    start = nest(FABRIC, tilted, NestSettings(rounds=6, workers=1))
    assert any(p.angle_deg not in (0.0, 180.0) for p in start.placements)
    told, marker = _told(tilted, start)
    assert list(told) == ["start-used"]
    assert marker.length_mm <= start.length_mm


def test_a_sound_start_comes_back_where_the_search_cannot_take_it_up(found, monkeypatch):
    """More angles than tables are made for: the search has to turn pieces, but the start is not lost."""
    monkeypatch.setattr(angles, "MOST_PAIRS_BY_ROUNDS", 0)
    job = blobs(8, 3, 2)
    tilted = replace(job, pieces=tuple(replace(piece, tilt_deg=4.0) for piece in job.pieces))
    row, x = [], 0.0
    for copy in tilted.copies:
        outline = tilted.pieces[int(copy.piece[1])].outline
        x0, y0, x1, _ = Placement(copy.piece, copy.bundle, 0, 0, 1.3).polygon(outline).bounds
        row.append(Placement(copy.piece, copy.bundle, x - x0, -y0, 1.3))
        x += x1 - x0
    start = Marker(FABRIC, tilted.pieces, tuple(row), NestSettings())
    monkeypatch.setattr(run, "repaired", lambda *_: None)
    monkeypatch.setattr(run, "first_layout", lambda _problem, shelf, _over: replace(shelf, length_mm=1e6))
    assert check_marker(start) == []
    told, marker = _told(tilted, start, stop=lambda: True)
    assert "start-not-used" in told
    assert marker.length_mm <= start.length_mm


def test_left_over_pieces_are_named(found):
    job, start = found
    (first, *others) = job.copies
    pieces = tuple(replace(p, ordered=p.ordered - (p.id == first.piece)) for p in job.pieces)
    told, marker = _told(Demand("", pieces, tuple(others)), start)
    assert told["start-left-out"] == f"in the start, but not ordered, and left out: {first.piece}"
    assert "start-used" in told
    assert len(marker.placements) == len(start.placements) - 1


def test_a_start_of_nothing_that_is_ordered_is_not_used(found):
    _, start = found
    other = blobs(9, 1, 2)
    other = Demand(
        "", (replace(other.pieces[0], id="X", name="X"),), tuple(replace(c, piece="X") for c in other.copies)
    )
    told, marker = _told(other, start)
    assert "none of its pieces is ordered" in told["start-not-used"]
    assert marker.placements == nest(FABRIC, other, NestSettings(rounds=1, workers=1)).placements


def test_an_outline_that_has_changed_is_told(found):
    job, start = found
    (grown, *others) = job.pieces
    grown = replace(grown, outline=grown.outline.buffer(2.0))
    told, marker = _told(replace(job, pieces=(grown, *others)), start)
    assert told["start-reshaped"] == "the outline is another now than in the start: P0 (3)"
    assert "on this cloth" in told["start-mended"]
    assert check_marker(marker) == []


def test_a_start_with_an_unknown_piece_is_refused(found):
    job, start = found
    with pytest.raises(InputError, match="placement 9: unknown piece 'NO-ONE'"):
        _told(job, replace(start, placements=(*start.placements, Placement("NO-ONE", 1, 0, 0, 0))))


# --- other sizes


def sized(job, factor, size):
    """The job with every piece larger, under another id, and of the same name."""
    pieces = tuple(
        replace(p, id=f"{p.name}-{size}", size=size, outline=affinity.scale(p.outline, factor, factor, origin=(0, 0)))
        for p in job.pieces
    )
    return Demand("", pieces, tuple(replace(c, piece=f"{c.piece}-{size}") for c in job.copies))


@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_other_sizes_take_the_places_of_a_start(found, factor):
    """The layout is stretched or shortened as the areas are, and hardly more, before anything is searched."""
    job, start = found
    told, marker = _told(sized(job, factor, "L"), start)
    assert told["start-substituted"].startswith("9 copies take the places of others of the start: P0-L for P0 (3)")
    mended = float(re.search(r"made sound it is ([0-9.]+) mm", told["start-mended"])[1])
    assert 0.9 < mended / (start.length_mm * factor**2) < 1.15
    assert marker.length_mm <= mended + 1e-6
    assert "start-longer" not in told
    assert check_marker(marker) == []


def test_a_size_that_is_in_both_stays_and_the_nearest_takes_the_place_of_another(found):
    job, _ = found
    small, large, huge = sized(job, 0.8, "S"), sized(job, 1.0, "L"), sized(job, 1.1, "XL")
    both = Demand("", (*small.pieces, *large.pieces), (*small.copies, *large.copies))
    start = nest(FABRIC, both, NestSettings(rounds=1, workers=1))
    wanted = Demand("", (*large.pieces, *huge.pieces), (*large.copies, *huge.copies))
    taken = share_out(start, wanted, wanted.copies)
    pairs = {(copy.piece, p.piece) for copy, p in zip(wanted.copies, taken.lying, strict=True)}
    assert pairs == {(f"P{k}-{a}", f"P{k}-{b}") for k in range(3) for a, b in (("L", "L"), ("XL", "S"))}
    assert taken.left == ()


# --- locked


def locked_start(found, *numbers):
    job, start = found
    return job, replace(
        start, placements=tuple(replace(p, locked=k in numbers) for k, p in enumerate(start.placements)), stated=None
    )


def test_locked_pieces_that_overlap_are_named_both(found):
    job, start = locked_start(found, 0, 1)
    a, b, *others = start.placements
    squeezed = replace(start, placements=(a, replace(b, x_mm=a.x_mm + 5, y_mm=a.y_mm), *others))
    with pytest.raises(InfeasibleError) as told:
        _told(job, squeezed)
    assert "placement 0, bundle" in told.value.hint
    assert "placement 1, bundle" in told.value.hint
    assert "overlap" in told.value.hint


def test_a_locked_piece_outside_of_the_cloth_is_named(found):
    job, start = locked_start(found, 2)
    *some, last = start.placements
    start = replace(start, placements=(*some[:2], replace(some[2], y_mm=700.0), *some[3:], last))
    with pytest.raises(InfeasibleError) as told:
        _told(job, start)
    assert "placement 2" in told.value.hint


def test_a_locked_piece_that_is_not_ordered_is_named(found):
    job, start = locked_start(found, 0, 1, 2)
    pieces = tuple(replace(p, ordered=p.ordered - (p.id == "P0")) for p in job.pieces)
    less = Demand("", pieces, tuple(c for c in job.copies if (c.piece, c.bundle) != ("P0", 1)))
    with pytest.raises(InfeasibleError, match=r"P0 .* is locked in the marker to start from, but not ordered"):
        _told(less, start)


def test_a_locked_piece_at_an_angle_that_is_not_allowed_is_named(found):
    job, start = locked_start(found, 0)
    (first, *others) = start.placements
    start = replace(start, placements=(replace(first, angle_deg=90.0), *others))
    with pytest.raises(InfeasibleError, match=r"locked at 90 degrees; it may lie as drawn, at 0, 180 degrees"):
        _told(job, start)


def test_a_lock_of_a_foreign_garment_holds_for_one_of_the_order(found):
    job, start = locked_start(found, 0, 4)
    start = replace(start, placements=tuple(replace(p, bundle=p.bundle + 40) for p in start.placements))
    _, marker = _told(job, start, seed=4)
    kept = {(p.piece, p.x_mm, p.y_mm, p.angle_deg) for p in marker.placements if p.locked}
    assert kept == {(p.piece, p.x_mm, p.y_mm, p.angle_deg) for p in start.placements if p.locked}
