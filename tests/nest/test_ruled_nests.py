"""The rules of cloth in the search: each on layouts small enough that plain loops can tell whether it is kept."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from nest_demands import blobs
from shapely.geometry import Polygon, box

from cutkit.model import (
    Copy,
    Defect,
    Demand,
    Fabric,
    Marker,
    Match,
    NestSettings,
    OrderedPiece,
    Placement,
    Repeat,
    Tie,
    Zone,
)
from cutkit.nest import nest

CLOTH = Fabric(600.0)
BOX = box(0, 0, 120, 80)


def garments(*outlines: Polygon, count: int = 3, angles=(0.0, 180.0), **more) -> Demand:
    """``count`` garments of a piece of each outline."""
    pieces = tuple(
        OrderedPiece(f"P{k}", f"P{k}", "M", outline, count, allowed_angles_deg=angles, **more)
        for k, outline in enumerate(outlines)
    )
    copies = tuple(Copy(p.id, b, False, angles) for b in range(1, count + 1) for p in pieces)
    return Demand("", pieces, copies)


def with_rule(demand: Demand, piece: str, **rule) -> Demand:
    """The demand with a rule for one of its pieces."""
    return replace(demand, pieces=tuple(replace(p, **rule) if p.id == piece else p for p in demand.pieces))


def laid(fabric: Fabric, demand: Demand, *, rounds: int = 2, start: Marker | None = None, **settings) -> Marker:
    """A marker by rounds in which every copy has found its place, none on another."""
    marker = nest(fabric, demand, NestSettings(rounds=rounds, **settings), start=start)
    assert not marker.unplaced
    assert len(marker.placements) == len(demand.copies)
    for a, b in combinations(marker.polygons, 2):
        assert a.intersection(b).area < 1e-2
    return marker


def lying(marker: Marker, piece: str) -> list[tuple[Placement, Polygon]]:
    """The placements of a piece with their outlines."""
    return [(p, o) for p, o in zip(marker.placements, marker.polygons, strict=True) if p.piece == piece]


def off_phase(repeat: Repeat, point: tuple[float, float], at: tuple[float, float]) -> float:
    """How far, along or across, a point of the cloth is from the nearest place ``at`` of the repeat; by trying all."""
    angle = np.radians(repeat.angle_deg)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    along, across = axes @ (np.array(point) - [repeat.offset_x_mm, repeat.offset_y_mm])
    worst = 0.0
    for value, side, wanted in ((along, repeat.x_mm, at[0]), (across, repeat.y_mm, at[1])):
        if side is not None:
            worst = max(worst, min(abs(value - wanted - k * side) for k in range(-400, 400)))
    return worst


@pytest.fixture
def flaws() -> tuple[Defect, ...]:
    rng = np.random.default_rng(5)
    corners = rng.uniform((0, 0), (900, 580), (14, 2))
    return tuple(Defect((x, y, x + 25.0, y + 12.0)) for x, y in corners.tolist())


def test_no_piece_lies_on_a_flaw(flaws):
    demand = blobs(3, types=4, each=4)
    marker = laid(replace(CLOTH, defects=flaws), demand)
    for outline in marker.polygons:
        for flaw in flaws:
            assert outline.intersection(box(*flaw.box_mm)).area < 1e-3
    assert marker.length_mm > laid(CLOTH, demand).length_mm


def test_a_flaw_is_covered_by_the_classes_that_it_allows_and_no_other(flaws):
    """With a class for half of the pieces they cover flaws, the others keep clear of them."""
    allowing = tuple(replace(flaw, allows=("inside",)) for flaw in flaws)
    demand = blobs(3, types=4, each=4)
    for piece in ("P0", "P2"):
        demand = with_rule(demand, piece, quality="inside")
    marker = laid(replace(CLOTH, defects=allowing), demand)
    covered = 0
    for placement, outline in zip(marker.placements, marker.polygons, strict=True):
        on = sum(outline.intersection(box(*flaw.box_mm)).area > 1e-3 for flaw in flaws)
        covered += on
        assert not on or placement.piece in ("P0", "P2")
    assert covered > 0


def test_a_flaw_along_the_whole_cloth_leaves_two_lanes():
    """A flaw far longer than any piece; also where it reaches beyond the cloth."""
    streak = Defect((-50.0, 290.0, 1e4, 310.0))
    marker = laid(replace(CLOTH, defects=(streak,)), garments(box(0, 0, 100, 200), count=4))
    assert marker.length_mm == pytest.approx(200.0)
    for outline in marker.polygons:
        assert outline.bounds[3] <= 290.001 or outline.bounds[1] >= 309.999


def test_pieces_lie_wholly_in_one_of_their_zones():
    cloth = replace(CLOTH, zones=(Zone("left", 0, 200), Zone("middle", 150, 450), Zone("right", 400, 600)))
    demand = with_rule(blobs(4, types=3, each=4, size=80.0), "P1", zones=("left", "right"))
    marker = laid(cloth, demand)
    reach = [outline.bounds[1::2] for _, outline in lying(marker, "P1")]
    assert all(high <= 200.001 or low >= 399.999 for low, high in reach)
    assert any(high <= 200.001 for _, high in reach)
    assert any(low >= 399.999 for low, _ in reach)


def test_a_piece_wider_than_its_zones_is_unplaced_and_the_reason_names_them():
    cloth = replace(CLOTH, zones=(Zone("left", 0, 70), Zone("right", 540, 600)))
    demand = with_rule(garments(BOX, box(0, 0, 60, 60)), "P0", zones=("left", "right"))
    marker = nest(cloth, demand, NestSettings(rounds=1))
    (unplaced,) = marker.unplaced
    assert (unplaced.piece, unplaced.count) == ("P0", 3)
    assert "left of 70.0 mm" in unplaced.reason
    assert "80.0 mm across" in unplaced.reason
    assert len(marker.placements) == 3


@pytest.mark.parametrize("spread", ["folded", "tubular"])
def test_a_fold_piece_lies_with_its_fold_side_on_a_fold(spread):
    half = Polygon([(0, 0), (200, 0), (160, 120), (40, 90)])
    demand = with_rule(garments(half, BOX, count=4), "P0", fold="low")
    marker = laid(replace(CLOTH, spread=spread), demand)
    sides = []
    for placement, _ in lying(marker, "P0"):
        (_, y0), (_, y1) = placement.points(((0.0, 0.0), (200.0, 0.0)))
        assert y0 == pytest.approx(y1)
        sides.append(round(y0, 6))
    assert set(sides) <= ({0.0} if spread == "folded" else {0.0, 600.0})
    assert spread == "folded" or set(sides) == {0.0, 600.0}


def test_on_cloth_without_a_fold_a_fold_piece_is_unplaced():
    marker = nest(CLOTH, with_rule(garments(BOX, BOX.buffer(5)), "P0", fold="low"), NestSettings(rounds=1))
    assert [u.reason for u in marker.unplaced] == ["it must lie on a fold, and the cloth has none"]


def test_a_tied_point_lies_at_its_place():
    """Across the cloth for every copy, as on a border; along it for one, as on a panel."""
    corner = (0.0, 80.0)
    demand = with_rule(garments(BOX, box(0, 0, 90, 90)), "P0", ties=(Tie(corner, y_mm=555.0),))
    demand = replace(
        demand, pieces=(*demand.pieces, OrderedPiece("Q", "Q", "M", BOX, 1, ties=(Tie((60.0, 40.0), 333.25, 100.5),)))
    )
    demand = replace(demand, copies=(*demand.copies, Copy("Q", 1, False, (0.0, 180.0))))
    marker = laid(CLOTH, demand)
    for placement, _ in lying(marker, "P0"):
        assert placement.points((corner,))[0][1] == pytest.approx(555.0, abs=1e-6)
    ((placement, _),) = lying(marker, "Q")
    assert placement.points(((60.0, 40.0),))[0] == pytest.approx((333.25, 100.5), abs=1e-6)


def test_blocks_keep_neighbours_and_edges_away():
    demand = with_rule(garments(BOX, box(0, 0, 90, 90), count=4), "P0", block=BOX.buffer(7.5, join_style="mitre"))
    marker = laid(CLOTH, demand, gap_mm=1.0)
    for placement, outline in lying(marker, "P0"):
        assert outline.bounds[1] >= 7.499
        assert outline.bounds[3] <= 592.501
        for other in marker.polygons:
            assert other is outline or outline.distance(other) >= 8.49
        assert placement.piece == "P0"


@pytest.mark.parametrize(
    "repeat",
    [
        Repeat(60, 80, 7.0, 3.0),
        Repeat(None, 25.0, 0.0, 11.0),
        Repeat(45.0, None),
        Repeat(60, 80, 5.0, 5.0, 30.0),
        Repeat(3.0, 3.0),
    ],
)
def test_points_tied_to_the_cloth_meet_the_repeat(repeat):
    demand = blobs(6, types=4, each=3)
    points = {p.id: (0.3 * p.outline.bounds[2], 0.2 * p.outline.bounds[3]) for p in demand.pieces}
    for piece, point in points.items():
        demand = with_rule(demand, piece, matches=(Match("m", point, at_mm=(2.0, 9.0)),))
    marker = laid(replace(CLOTH, repeat=repeat), demand)
    for placement in marker.placements:
        assert off_phase(repeat, placement.points((points[placement.piece],))[0], (2.0, 9.0)) < 1e-6


def test_points_of_a_group_meet_the_repeat_at_one_place_in_every_garment():
    """Three pieces: the first is tied to the second along, and to the third across; nothing ties them to the cloth."""
    outlines = [BOX, box(0, 0, 150, 60), Polygon([(0, 0), (90, 10), (60, 110)])]
    demand = garments(*outlines, count=3)
    demand = with_rule(
        demand,
        "P0",
        matches=(Match("side", (10.0, 5.0), "side", across=False), Match("hem", (100.0, 70.0), "hem", along=False)),
    )
    demand = with_rule(demand, "P1", matches=(Match("side", (140.0, 20.0), "side"),))
    demand = with_rule(demand, "P2", matches=(Match("hem", (50.0, 50.0), "hem"),))
    repeat = Repeat(60.0, 80.0)
    marker = laid(replace(CLOTH, repeat=repeat), demand, rounds=3)
    for bundle in marker.bundles:
        here = {p.piece: p for p in marker.placements if p.bundle == bundle}
        phase = {
            key: repeat.phase(*here[piece].points((point,))[0])
            for key, piece, point in (
                ("side 0", "P0", (10.0, 5.0)),
                ("hem 0", "P0", (100.0, 70.0)),
                ("side 1", "P1", (140.0, 20.0)),
                ("hem 2", "P2", (50.0, 50.0)),
            )
        }
        apart = abs(phase["side 0"][0] - phase["side 1"][0])
        assert min(apart, 60 - apart) < 1e-6
        apart = abs(phase["hem 0"][1] - phase["hem 2"][1])
        assert min(apart, 80 - apart) < 1e-6
    leads = {round(repeat.phase(*p.points(((10.0, 5.0),))[0])[0], 3) for p, _ in lying(marker, "P0")}
    assert len(leads) > 1  # the search chose where the garments lie, each on its own


def test_matches_that_contradict_each_other_are_refused_by_name():
    """Two points of one piece, 50 mm apart, both at the same place of a repeat of 60 mm: 10 mm off."""
    matches = (Match("top", (10.0, 10.0)), Match("hem", (60.0, 10.0)))
    demand = with_rule(garments(BOX, box(0, 0, 90, 90)), "P0", matches=matches)
    marker = nest(replace(CLOTH, repeat=Repeat(60.0, None)), demand, NestSettings(rounds=1))
    (unplaced,) = marker.unplaced
    assert unplaced.count == 3
    assert "'hem'" in unplaced.reason
    assert "10.0 mm off along the repeat of 60 mm" in unplaced.reason


def test_the_pieces_of_a_garment_lie_within_their_span():
    demand = blobs(8, types=5, each=7, size=110.0)
    marker = laid(CLOTH, demand, bundle_span_mm=420.0, rounds=3)
    assert marker.length_mm > 600
    for bundle in marker.bundles:
        reach = [o.bounds for p, o in zip(marker.placements, marker.polygons, strict=True) if p.bundle == bundle]
        assert max(r[2] for r in reach) - min(r[0] for r in reach) <= 420.001


def test_a_piece_longer_than_its_garments_span_is_named():
    demand = garments(BOX, box(0, 0, 60, 50), count=2)
    marker = nest(CLOTH, demand, NestSettings(rounds=1, bundle_span_mm=100.0))
    (unplaced,) = marker.unplaced
    assert (unplaced.piece, unplaced.count) == ("P0", 2)
    assert "its garment is to lie within 100.0 mm" in unplaced.reason
    assert len(lying(marker, "P1")) == 2


def test_a_piece_lies_across_where_it_is_longer_than_its_garments_span():
    marker = laid(CLOTH, garments(BOX, count=4, angles=(0.0, 90.0)), bundle_span_mm=100.0)
    assert {p.angle_deg for p in marker.placements} == {90.0}


def test_a_tie_is_named_where_it_leaves_no_room():
    cloth, demand = replace(CLOTH, max_length_mm=200.0), garments(BOX, count=1)
    tied = with_rule(demand, "P0", ties=(Tie((0.0, 0.0), 100.0, None),))
    (unplaced,) = nest(cloth, tied, NestSettings(rounds=1)).unplaced
    assert "where it is tied to" in unplaced.reason


def test_flaws_are_named_where_they_leave_no_room():
    cloth = replace(CLOTH, max_length_mm=200.0, defects=(Defect((0.0, 0.0, 190.0, 600.0)),))
    (unplaced,) = nest(cloth, garments(BOX, count=1), NestSettings(rounds=1)).unplaced
    assert "no room within the length limit of 200.0 mm, clear of the flaws" in unplaced.reason


def test_locked_pieces_stay_where_they_are():
    demand = blobs(9, types=4, each=4)
    start = laid(CLOTH, demand)
    kept = {k for k in range(len(start.placements)) if k % 4 == 0}
    start = replace(
        start, placements=tuple(replace(p, locked=k in kept) for k, p in enumerate(start.placements)), stated=None
    )
    marker = laid(CLOTH, demand, start=start, seed=3)
    assert marker.length_mm <= start.length_mm + 1e-6
    assert {p for p in start.placements if p.locked} == {p for p in marker.placements if p.locked}
    assert {p for p in start.placements if not p.locked} != {p for p in marker.placements if not p.locked}


def test_a_start_whose_pieces_overlap_is_moved_apart():
    demand = blobs(10, types=4, each=4)
    sound = laid(CLOTH, demand)
    squeezed = replace(sound, placements=tuple(replace(p, x_mm=0.96 * p.x_mm) for p in sound.placements))
    marker = laid(CLOTH, demand, start=squeezed, rounds=1)
    moved = [
        min(np.hypot(p.x_mm - q.x_mm, p.y_mm - q.y_mm) for q in squeezed.placements if q.piece == p.piece)
        for p in marker.placements
    ]
    assert np.median(moved) < 80.0  # a tenth of what pieces are apart that lie anywhere


def test_the_next_sizes_take_the_places_of_a_start():
    """Every piece 4 % larger under another id and the same name: the layout stays, stretched as needed."""
    demand = blobs(11, types=4, each=4)
    start = laid(CLOTH, demand)
    scaled = tuple(
        replace(p, id=p.id + "-L", outline=Polygon(np.array(p.outline.exterior.coords) * 1.04)) for p in demand.pieces
    )
    larger = Demand("", scaled, tuple(replace(c, piece=c.piece + "-L") for c in demand.copies))
    marker = laid(CLOTH, larger, start=start, rounds=1)
    assert marker.length_mm < 1.2 * start.length_mm


def test_rules_by_rounds_repeat_whatever_the_workers(flaws):
    demand = with_rule(blobs(12, types=3, each=4), "P1", matches=(Match("m", (10.0, 10.0), "g"),))
    demand = with_rule(demand, "P2", matches=(Match("m", (10.0, 10.0), "g"),))
    cloth = replace(CLOTH, defects=flaws, repeat=Repeat(40.0, 30.0))
    one, two = (laid(cloth, demand, workers=w).placements for w in (1, 3))
    assert one == two


def test_half_of_the_rules_at_once(flaws):
    cloth = replace(
        CLOTH,
        defects=flaws,
        spread="folded",
        repeat=Repeat(None, 20.0),
        zones=(Zone("low", 0, 350), Zone("high", 250, 600)),
    )
    demand = blobs(13, types=5, each=3, size=70.0)
    demand = with_rule(demand, "P0", zones=("low",))
    demand = with_rule(demand, "P1", matches=(Match("m", (0.0, 0.0)),), block=demand.pieces[1].outline.buffer(3))
    half = Polygon([(0, 0), (150, 0), (150, 60), (20, 90)])
    pieces = (*demand.pieces, OrderedPiece("F", "F", "M", half, 2, fold="low"))
    demand = Demand("", pieces, (*demand.copies, Copy("F", 1, False, (0.0,)), Copy("F", 2, False, (0.0,))))
    marker = laid(cloth, demand, gap_mm=2.0, bundle_span_mm=600.0)
    for placement, outline in lying(marker, "F"):
        assert placement.y_mm == pytest.approx(0.0, abs=1e-9)
        assert outline.bounds[1] == pytest.approx(0.0, abs=1e-9)
    assert all(outline.bounds[3] <= 350.001 for _, outline in lying(marker, "P0"))
    for placement, _ in lying(marker, "P1"):
        assert off_phase(cloth.repeat, placement.points(((0.0, 0.0),))[0], (0.0, 0.0)) < 1e-6


def test_where_the_nap_looks_one_way_the_straightest_pieces_come_first():
    """So that whoever takes the first piece for the way of the nap finds no later one farther off than its own tilt."""
    demand = with_rule(garments(BOX, box(0, 0, 90, 60), angles=(0.0,)), "P0", tilt_deg=4.0)
    marker = laid(replace(CLOTH, nap="one-way"), demand)
    assert [p.piece for p in marker.placements] == ["P1"] * 3 + ["P0"] * 3
    assert [p.piece for p in laid(CLOTH, demand).placements] == ["P0", "P1"] * 3


def test_what_is_left_out_for_its_block_is_named():
    """Three boxes of 120 mm in blocks of 200 mm, two of which fit the table: the third one's outline would, too."""
    block = box(0, 0, 200, 80)
    demand = with_rule(garments(BOX, angles=(0.0,)), "P0", block=block)
    marker = nest(Fabric(80.0, max_length_mm=540.0), demand, NestSettings(rounds=2))
    assert len(marker.placements) == 2
    (left,) = marker.unplaced
    assert (left.piece, left.count) == ("P0", 1)


def test_a_piece_that_the_repeat_keeps_from_moving_up_ends_the_search():
    """Its match point lies 100 mm within it and 5 m apart on the cloth: it cannot begin before 4.9 m."""
    demand = with_rule(garments(BOX, box(0, 0, 150, 60), count=1), "P1", matches=(Match("m", (100.0, 10.0)),))
    demand = replace(demand, copies=tuple(replace(copy, angles_deg=(0.0,)) for copy in demand.copies))
    marker = laid(replace(CLOTH, repeat=Repeat(5000.0, None)), demand)
    ((_, outline),) = lying(marker, "P1")
    assert outline.bounds[0] == pytest.approx(4900.0, abs=1e-6)
    assert marker.length_mm == pytest.approx(5050.0, abs=1e-6)


def test_what_is_longer_than_its_garments_span_is_left_out_by_name():
    demand = garments(BOX, box(0, 0, 300, 60), count=2)
    marker = nest(CLOTH, demand, NestSettings(rounds=1, bundle_span_mm=250.0))
    (unplaced,) = marker.unplaced
    assert (unplaced.piece, unplaced.count) == ("P1", 2)
    assert "within 250.0 mm" in unplaced.reason
    assert [p.piece for p in marker.placements] == ["P0", "P0"]


def test_a_group_goes_where_its_tied_or_locked_piece_lies():
    """A piece tied along the cloth and one locked give the phase of their garments; the others of the group follow."""
    demand = garments(BOX, box(0, 0, 90, 90), count=2, angles=(0.0,))
    point = (20.0, 10.0)
    for piece in ("P0", "P1"):
        demand = with_rule(demand, piece, matches=(Match("m", point, "g"),))
    repeat = Repeat(60.0, 80.0)
    cloth = replace(CLOTH, repeat=repeat)
    tied = replace(demand.pieces[0], id="T", ordered=1, ties=(Tie((0.0, 0.0), x_mm=137.0, y_mm=41.0),))
    lying = Placement("P0", 2, 311.0, 205.0, 0.0, locked=True)
    copies = [replace(c, piece="T") if c == Copy("P0", 1, False, (0.0,)) else c for c in demand.copies]
    copies = [replace(c, locked=lying) if c.piece == "P0" else c for c in copies]
    demand = Demand("", (*(replace(p, ordered=1) if p.id == "P0" else p for p in demand.pieces), tied), tuple(copies))
    marker = laid(cloth, demand)
    assert lying in marker.placements
    for bundle, leader in ((1, "T"), (2, "P0")):
        here = {p.piece: repeat.phase(*p.points((point,))[0]) for p in marker.placements if p.bundle == bundle}
        for a, b, side in zip(here[leader], here["P1"], (60.0, 80.0), strict=True):
            assert min(abs(a - b), side - abs(a - b)) < 1e-6


def test_a_tie_beyond_what_the_strip_was_shortened_to_holds():
    """The piece that is tied ends the marker; the search must neither move it nor try for ever."""
    demand = garments(BOX, box(0, 0, 90, 90), count=1, angles=(0.0,))
    demand = with_rule(demand, "P0", ties=(Tie((0.0, 0.0), x_mm=480.0),))
    marker = laid(CLOTH, demand, rounds=2)
    assert marker.length_mm == pytest.approx(600.0, abs=1e-6)


def test_a_garment_stays_within_its_span_of_a_locked_piece():
    """One piece of each garment is locked, far apart and in the wrong order; the others go where theirs lies."""
    demand = garments(BOX, box(0, 0, 90, 90), box(0, 0, 150, 60), count=3, angles=(0.0,))
    at = {1: 900.0, 2: 450.0, 3: 0.0}
    copies = [
        replace(c, locked=Placement("P0", c.bundle, at[c.bundle], 500.0, 0.0, locked=True)) if c.piece == "P0" else c
        for c in demand.copies
    ]
    marker = laid(CLOTH, replace(demand, copies=tuple(copies)), bundle_span_mm=300.0)
    for bundle in marker.bundles:
        reach = [o.bounds for p, o in zip(marker.placements, marker.polygons, strict=True) if p.bundle == bundle]
        assert max(r[2] for r in reach) - min(r[0] for r in reach) <= 300.001
