"""The operator's choices of ``[strokes]``, as properties of the plans."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise
from math import floor

import pytest
from garment_markers import garments, notch
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box
from test_windows import judged, table

from cutkit.cut.bridges import CLEAR_MM, LEAST_APART_MM
from cutkit.cut.figures import finished_in
from cutkit.cut.order import in_columns, predecessors, travel_mm
from cutkit.cut.picklist import pick_list
from cutkit.cut.plan import plan_cut
from cutkit.cut.strokes import all_strokes
from cutkit.formats.profile import load_profile
from cutkit.model import Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement
from cutkit.toolpath import StrokeRules

HPGL = load_profile("hpgl-generic")
GRBL = replace(load_profile("grbl-servo"), knife=replace(load_profile("grbl-servo").knife, start_deg=0.0))
PROFILES = [HPGL, GRBL]


def chosen(profile, **rules):
    return replace(profile, strokes=replace(StrokeRules("before"), **rules))


def one(shape, *marks):
    piece = OrderedPiece("p", "P", "", shape, 1, marks=marks)
    return Marker(Fabric(1800), (piece,), (Placement("p", 1, 0, 0, 0),), NestSettings())


def row_of(sizes, gap=0.0, marks=()):
    x, pieces, places = 0.0, [], []
    for k, (long, wide) in enumerate(sizes):
        pieces.append(OrderedPiece(f"p{k}", "P", "", box(0, 0, long, wide), 1, marks=marks))
        places.append(Placement(f"p{k}", 1, x, 0.0, 0.0))
        x += long + gap
    return Marker(Fabric(1800), tuple(pieces), tuple(places), NestSettings())


# ---- notches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
@pytest.mark.parametrize("shape", ["slit", "v", "t", "castle", "u", "check"])
def test_a_contour_goes_on_exactly_where_it_stopped_for_a_notch(profile, shape):
    marker = one(box(0, 0, 200, 100), notch(50, 0, 90, shape), notch(120, 0, 90), notch(200, 40, 180, shape))
    strokes = plan_cut(marker, chosen(profile, notches="with")).strokes
    cut = [s for s in strokes if s.tool == "knife"]
    parts = [s for s in cut if s.kind == "boundary"]
    assert len(parts) == (3 if cut[0].kind == "notch" else 4)  # begun at a notch or between two
    assert cut[-1].kind == "boundary"
    for a, b in pairwise(parts):
        assert a.points[-1] == b.points[0]
    for before, after in pairwise(cut):
        if after.kind == "notch" and before.kind == "boundary":
            assert before.points[-1] == pytest.approx(after.points[0], abs=1e-6)
    overcut = sum(LineString(s.points).length for s in parts) - 600
    assert overcut == pytest.approx(profile.knife.overcut_mm)
    assert LineString(parts[-1].points).distance(LineString(parts[0].points[:1] * 2)) < 1e-9


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_notches_of_a_cut_out_belong_to_its_ring(profile):
    frame = Polygon(box(0, 0, 300, 200).exterior.coords, [box(100, 50, 200, 150).exterior.coords])
    marker = one(frame, notch(150, 50, -90), notch(150, 0, 90))
    cut = [s for s in plan_cut(marker, chosen(profile, notches="with")).strokes if s.tool == "knife"]
    last_of_ring = max(k for k, s in enumerate(cut) if s.kind == "cutout")
    of_ring, of_outline = ([k for k, s in enumerate(cut) if s.points[0] == at] for at in ((150.0, 50.0), (150.0, 0.0)))
    assert {cut[k].kind for k in of_ring} == {"notch", "cutout"}
    assert {cut[k].kind for k in of_outline} == {"notch", "boundary"}
    assert max(of_ring) <= last_of_ring < min(of_outline)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_behind_a_notch_where_a_neighbour_lies_flush_the_contour_has_something_for_itself(profile):
    marker = row_of([(200, 100), (200, 100)], marks=(notch(200, 50, 180), notch(0, 50, 0), notch(100, 0, 90)))
    cut = [s for s in plan_cut(marker, chosen(profile, notches="with")).strokes if s.tool == "knife"]
    line = LineString([(200, 0), (200, 100)])
    for placement in (0, 1):
        mine = [s for s in cut if s.placement == placement]
        (flush,) = (k for k, s in enumerate(mine) if s.kind == "notch" and s.points[0][0] == pytest.approx(200.0))
        behind = [LineString(s.points) for s in mine[flush:] if s.kind == "boundary"]
        assert sum(part.difference(line.buffer(0.01)).length for part in behind) > 2
        assert sum(1 for s in mine if s.kind == "boundary") > 1


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_notches_in_passing_save_travel_and_lose_nothing(profile):
    before, passing = (plan_cut(garments(), chosen(profile, notches=when)).strokes for when in ("before", "with"))
    assert travel_mm(passing, (0, 0)) < travel_mm(before, (0, 0))
    for kind in ("notch", "drill", "internal"):
        both = [sorted(sorted(s.points) for s in strokes if s.kind == kind) for strokes in (before, passing)]
        assert both[0] == both[1]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_notches_after_the_contour_are_the_last_of_their_piece(profile):
    strokes = [s for s in plan_cut(garments(), chosen(profile, notches="after")).strokes if s.tool == "knife"]
    for placement in range(len(garments().placements)):
        kinds = [s.kind for s in strokes if s.placement == placement]
        late = [kind for kind, _ in groupby(kinds)]
        assert late[-1] == ("notch" if "notch" in kinds else "boundary")
        assert late.count("notch") <= 1


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
@pytest.mark.parametrize("rules", [{"notches": "with"}, {"notches": "with", "bridges": 3}, {"notches": "after"}])
def test_a_piece_longer_than_the_table_keeps_its_notches_in_every_window(profile, rules):
    marks = [notch(100 + 190 * k, 0, 90, "v") for k in range(12)] + [Mark("drill", ((1500, 200),), "punch")]
    marker = one(box(0, 0, 2600, 300), *marks)
    path, verdict, faults = judged(marker, table(chosen(profile, **rules), 1000))
    assert not faults
    assert (verdict.cut_once, len(path.windows)) == (1, 3)
    assert [finished_in(path, window) for window in path.windows] == [0, 0, 1]
    assert sum(1 for s in path.strokes if s.kind == "notch") == 12
    assert pick_list(marker, path, profile)[0].window == 3


# ---- order -----------------------------------------------------------------------------------------------------------

sizes = st.tuples(st.integers(30, 500), st.integers(30, 400))


@st.composite
def markers(draw):
    """Boxes in rows, some with a hole in which another box lies, with notches and a label."""
    pieces, places, x = [], [], 0.0
    for k, (long, wide) in enumerate(draw(st.lists(sizes, min_size=1, max_size=10))):
        shape = box(0, 0, long, wide)
        if min(long, wide) > 120 and draw(st.booleans()):
            shape = Polygon(shape.exterior.coords, [box(40, 40, long - 40, wide - 40).exterior.coords])
            pieces.append(OrderedPiece(f"in{k}", "I", "", box(0, 0, long - 90, wide - 90), 1))
            places.append(Placement(f"in{k}", 1, x + 45, (450.0 if k % 2 else 0.0) + 45, 0.0))
        pieces.append(OrderedPiece(f"p{k}", "P", "", shape, 1, marks=(notch(10, 0, 90),)))
        places.append(Placement(f"p{k}", 1, x, 450.0 if k % 2 else 0.0, 0.0))
        x += draw(st.sampled_from([0, long / 2, long])) if k % 2 else long + 5
    shuffled = draw(st.permutations(places))
    return Marker(Fabric(1000), tuple(pieces), tuple(shuffled), NestSettings())


def last_cuts(strokes):
    """When each piece's last boundary is cut."""
    return {s.placement: k for k, s in enumerate(strokes) if s.kind == "boundary"}


@given(markers(), st.sampled_from(["before", "with"]), st.sampled_from(["shortest", "piece", "column"]))
@settings(max_examples=40, deadline=None)
def test_what_must_go_first_does_whatever_the_order(marker, notches, order):
    strokes = plan_cut(marker, chosen(HPGL, notches=notches, order=order, column_mm=300.0)).strokes
    done = last_cuts(strokes)
    assert sorted(done) == list(range(len(marker.placements)))
    for k, those in enumerate(predecessors(list(marker.polygons))):
        assert all(done[other] < done[k] for other in those)


@given(markers(), st.sampled_from(["before", "with", "after"]))
@settings(max_examples=40, deadline=None)
def test_piece_by_piece_all_of_a_piece_comes_before_the_next(marker, notches):
    strokes = plan_cut(marker, chosen(HPGL, notches=notches, order="piece")).strokes
    runs = [placement for placement, _ in groupby(strokes, key=lambda s: s.placement)]
    assert sorted(runs) == list(range(len(marker.placements)))
    for placement in runs:
        tools = [tool for tool, _ in groupby(s.tool for s in strokes if s.placement == placement)]
        assert tools in (["pen", "knife"], ["knife"])


@given(markers(), st.sampled_from([150.0, 300.0, 500.0]))
@settings(max_examples=40, deadline=None)
def test_column_by_column_none_is_begun_before_the_last_is_done(marker, column_mm):
    profile = chosen(HPGL, notches="with", order="column", column_mm=column_mm)
    strokes = plan_cut(marker, profile).strokes
    pieces = list(all_strokes(marker, profile))
    before = predecessors([piece.outline for piece in pieces])
    columns = in_columns(pieces, before, column_mm)
    column_of = {k: number for number, column in enumerate(columns) for k in column}
    order = [column_of[s.placement] for s in strokes]
    assert order == sorted(order)

    def wanted(k):
        """The column in which a piece ends, or of those that wait for it the first."""
        own = floor((marker.polygons[k].bounds[2] - 1e-3) / column_mm)
        return min([own, *(wanted(other) for other, those in enumerate(before) if k in those)])

    by_column = sorted({wanted(k) for k in column_of})
    assert {k: by_column.index(wanted(k)) for k in column_of} == column_of


def test_a_piece_that_must_go_first_comes_into_the_column_of_the_other():
    marker = row_of([(100, 900), (50, 50)], gap=5)
    pieces = list(all_strokes(marker, HPGL))
    assert in_columns(pieces, [{1}, set()], 110.0) == [[0, 1]]
    assert in_columns(pieces, [set(), set()], 110.0) == [[0], [1]]
    assert in_columns(pieces, [set(), set()], 100.0) == [[0], [1]]


# ---- common lines and bridges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_a_later_piece_leaves_out_the_common_line_and_cuts_into_no_neighbour(profile):
    marker = row_of([(200, 100), (150, 80), (100, 100)])
    path = plan_cut(marker, chosen(profile, common_lines=True))
    cut = [s for s in path.strokes if s.kind == "boundary"]
    assert path.common_mm == pytest.approx(160.0)
    once = sum(p.exterior.length for p in marker.polygons) - 160.0
    runs_on = sum(LineString(s.points).length for s in cut) - once
    assert 0 <= runs_on <= 2 * len(cut) * profile.knife.overcut_mm + 1e-6
    for stroke in cut:
        line = LineString(stroke.points)
        assert all(polygon.buffer(-0.03).intersection(line).is_empty for polygon in marker.polygons)
    assert plan_cut(marker, chosen(profile)).common_mm == 0


def test_short_common_lines_and_lines_that_are_not_quite_common_are_cut_twice():
    short = row_of([(200, 9), (200, 100)])
    apart = row_of([(200, 100), (200, 100)], gap=0.03)
    for marker in (short, apart):
        assert plan_cut(marker, chosen(GRBL, common_lines=True)).common_mm == 0
    assert plan_cut(row_of([(200, 100), (200, 100)], gap=0.015), chosen(GRBL, common_lines=True)).common_mm > 99


@given(st.integers(1, 6), st.floats(0.5, 4.0), st.integers(60, 900), st.integers(60, 400))
@settings(max_examples=60, deadline=None)
def test_bridges_lie_apart_and_clear_of_corners_and_notches(count, bridge_mm, long, wide):
    marker = one(box(0, 0, long, wide), notch(long / 2, 0, 90), notch(0, wide / 3, 0, "v"))
    path = plan_cut(marker, chosen(HPGL, bridges=count, bridge_mm=bridge_mm))
    outline = marker.polygons[0].exterior
    cut = [LineString(s.points) for s in path.strokes if s.kind == "boundary"]
    left = outline.length - sum(line.length for line in cut)
    made = round(left / bridge_mm)
    assert left == pytest.approx(made * bridge_mm, abs=1e-6)
    assert made <= count
    assert ("bridges" in [n.code for n in path.notices]) == (made < count)
    ends = [
        outline.project(LineString([end, end]).centroid) for line in cut for end in (line.coords[0], line.coords[-1])
    ]
    corners = [outline.project(LineString([c, c]).centroid) for c in outline.coords[:-1]]
    if made:
        assert len(cut) == made
        assert all(round_gap(e, c, outline.length) >= CLEAR_MM - 1e-6 for e in ends for c in corners)
        assert all(line.length >= LEAST_APART_MM - bridge_mm - 1e-6 for line in cut)


def round_gap(a, b, length):
    return min(abs(a - b), length - abs(a - b))


def test_a_piece_without_room_gets_no_bridge_and_says_so():
    path = plan_cut(one(box(0, 0, 9, 9)), chosen(GRBL, bridges=2))
    assert [n.message for n in path.notices if n.code == "bridges"] == [
        "no room for 2 bridges clear of corners, notches and neighbours: it gets 0"
    ]
    assert len([s for s in path.strokes if s.kind == "boundary"]) == 1


CHOICES = [
    StrokeRules("with"),
    StrokeRules("after", "piece"),
    StrokeRules("with", "column", 250.0),
    StrokeRules("with", common_lines=True),
    StrokeRules("before", "column", 400.0, common_lines=True, bridges=2),
]


@given(st.lists(sizes, min_size=1, max_size=8), st.integers(300, 900), st.sampled_from(CHOICES), st.booleans())
@settings(max_examples=40, deadline=None)
def test_every_piece_once_whatever_table_and_choice(boxes, length, rules, drag):
    marks = (notch(20, 0, 90, "v"), notch(0, 20, 0), Mark("drill", ((15.0, 15.0),), "punch"))
    row = row_of(boxes, marks=marks)
    places = (*row.placements, *(replace(p, bundle=2, y_mm=400.0) for p in row.placements))
    pieces = tuple(replace(piece, ordered=2) for piece in row.pieces)
    profile = replace(GRBL if drag else HPGL, strokes=rules)
    _, verdict, faults = judged(replace(row, pieces=pieces, placements=places), table(profile, float(length)))
    assert not faults
    assert verdict.cut_once == len(places)
