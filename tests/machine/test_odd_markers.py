"""Markers on which the writer of a program and its judge once disagreed: each must be cut right, or be refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import make_marker
from machine_samples import codes
from shapely.geometry import Point, Polygon, box

from cutkit.cut.plan import plan_cut
from cutkit.errors import InfeasibleError, LimitError
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_texts
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.machine.trace import join_runs
from cutkit.model import Fabric, Mark, OrderedPiece, Placement
from cutkit.toolpath import StrokeRules, Table, Windows


def marker_of(*shapes, marks=(), width_mm=200.0):
    """Every shape a piece of its own, where it is drawn; the first has the marks."""
    pieces = [OrderedPiece(f"{k}", f"P{k}", "M", s, 1, marks=() if k else tuple(marks)) for k, s in enumerate(shapes)]
    return make_marker(pieces, [Placement(p.id, 1, 0, 0, 0) for p in pieces], fabric=Fabric(width_mm))


def judged(marker, profile):
    path = plan_cut(marker, profile)
    texts = program_texts(path, profile, "test")
    runs = [run_program(text.encode(), profile) for text in texts]
    zeros = [window.start_mm for window in path.all_windows]
    lines = [1000 * k for k in range(len(runs))]
    run = join_runs(runs, lines, zeros if len(zeros) > 1 and not profile.feeds_cloth else None)
    verdict = judge(run, marker)
    return path, codes(run.violations) | codes(verdict.violations)


def machine(name, rules=None, length_mm=None, overlap_mm=6.0):
    profile = replace(load_profile(name), strokes=rules or StrokeRules())
    if length_mm is None:
        return profile
    return replace(profile, table=Table(length_mm, 1800.0, 20.0), windows=Windows(overlap_mm))


@pytest.mark.parametrize("name", ["hpgl-generic", "grbl-z"])
def test_no_bridge_lies_where_a_round_piece_touches_its_neighbour(name):
    round_piece = Point(50.0, 50.0).buffer(49.99, quad_segs=8)
    marker = marker_of(round_piece, box(100, 0, 150, 100), box(0, 100, 150, 140))
    path, found = judged(marker, machine(name, StrokeRules(bridges=2, bridge_mm=2.0)))
    assert found == set()
    ends = [p for s in path.strokes if s.kind == "boundary" and s.placement == 0 for p in (s.points[0], s.points[-1])]
    touching = [Point(100, 50), Point(50, 100)]
    assert all(Point(end).distance(spot) > 5 for end in ends for spot in touching)


@pytest.mark.parametrize("name", ["linuxcnc-rotary", "grblhal-tangential", "linuxcnc-tangential"])
@pytest.mark.parametrize("rules", [StrokeRules(bridges=3), StrokeRules(common_lines=True), StrokeRules()])
def test_a_turned_blade_makes_no_part_of_a_contour_that_is_shorter_than_itself(name, rules):
    """Bridges, common lines and notches part a contour: a wheel of 12 mm would cut through a bridge."""
    notch = Mark("notch", ((100.0, 35.0),), "knife", 5.0, 3.0, 180.0)
    shapes = [box(0, 0, 100, 37), Polygon([(100, 0.0), (160, 0.3), (160, 26), (100, 26)]), Point(80, 120).buffer(70)]
    _, found = judged(marker_of(*shapes, marks=[notch]), machine(name, rules))
    assert found == set()


def test_what_not_even_the_fine_knife_can_cut_is_refused():
    small = Point(20, 20).buffer(1.5, quad_segs=30)
    frame = Polygon(box(0, 0, 60, 40).exterior.coords, [small.exterior.coords])
    with pytest.raises(InfeasibleError, match=r"a curve of 1\.5 mm radius is tighter than the 1\.8 mm"):
        plan_cut(marker_of(frame), machine("linuxcnc-rotary"))


@pytest.mark.parametrize(("width_mm", "depth_mm"), [(2.0, 6.0), (2.0, 3.0), (3.0, 6.0)])
def test_a_round_too_narrow_for_the_blade_is_refused_however_long_its_legs(width_mm, depth_mm):
    notch = Mark("notch", ((50.0, 0.0),), "knife", depth_mm, width_mm, 90.0, "u")
    with pytest.raises(InfeasibleError, match=r"tighter than the 1\.8 mm"):
        plan_cut(marker_of(box(0, 0, 100, 80), marks=[notch]), machine("grblhal-tangential"))


@pytest.mark.parametrize("at", [0.3, 0.7, 1.1, 2.3])
@pytest.mark.parametrize("name", ["hpgl-generic", "gerber-cut", "grbl-servo"])
@pytest.mark.parametrize("notches", ["before", "with", "after"])
def test_a_u_notch_as_deep_as_half_its_width_is_cut_as_it_is_wanted(at, name, notches):
    """Rounding alone decides there whether its floor is round; and on a coarse grid a fine round was a zigzag."""
    piece = Polygon([(0, 0), (100, 30 + at), (90, 120)])
    x, y = 50.0, 15.0 + at / 2
    marks = [Mark("notch", ((x, y),), "knife", 3.0, 6.0, None, "u")]
    marks += [Mark("notch", ((x - 20, y - 0.4 * y),), "knife", 5.0, 2.0, None, "u")]
    _, found = judged(marker_of(piece, marks=marks), machine(name, StrokeRules(notches=notches)))
    assert found == set()


def test_a_check_notch_in_an_inner_corner_ends_there():
    piece = Polygon([(0, 0), (60, 0), (60, 60), (30, 8), (0, 60)])
    notch = Mark("notch", ((30.0, 8.0),), "knife", 3.0, 3.0, 330.0, "check")
    assert judged(marker_of(piece, marks=[notch]), machine("hpgl-generic"))[1] == set()


@pytest.mark.parametrize("name", ["hpgl-generic", "pen-plotter"])
def test_a_slit_at_a_corner_is_cut_inwards_wherever_the_tool_comes_from(name):
    marks = [Mark("notch", (at,), "knife", 5.0, None, None) for at in ((0.0, 0.0), (0.0, 90.0), (130.0, 0.0))]
    shapes = [box(0, 0, 130, 90), box(130, 0, 200, 90), box(0, 90, 130, 150)]
    path, found = judged(marker_of(*shapes, marks=marks), machine(name))
    assert found == set()
    slits = [s.points for s in path.strokes if s.kind == "notch"]
    assert len(slits) == 3
    assert all(shapes[0].exterior.distance(Point(slit[0])) < 0.01 for slit in slits)


def test_a_blade_is_not_turned_in_a_cut_out_that_an_earlier_window_has_freed():
    """The second window holds the long piece's cut-out too, cut already, and hardly another waste."""
    hole = box(70, 20, 95, 50)
    long_piece = Polygon(box(0, 0, 150, 70).exterior.coords, [hole.exterior.coords])
    marker = marker_of(long_piece, box(62, 70, 150, 99.9), box(0, 70, 62, 99.9), width_mm=99.9)
    _, found = judged(marker, machine("grbl-servo", length_mm=100.0))
    assert found == set()


@pytest.mark.parametrize("offset_mm", [0.02, 0.5, 3.0])
def test_no_part_of_a_split_piece_is_made_that_spares_none(offset_mm):
    """A piece that begins just behind a longer one has a window of its own, in which that need not go on."""
    marker = marker_of(box(0, 0, 130, 60), box(offset_mm, 60, offset_mm + 99.9, 120), width_mm=120.0)
    path, found = judged(marker, machine("hpgl-generic", length_mm=100.0))
    assert found == set()
    mine = [s for s in path.strokes if s.kind == "boundary" and s.placement == 0]
    assert len(mine) == 2


@pytest.mark.parametrize(
    ("name", "feed", "program"),
    [
        ("hpgl-generic", None, "IN;SP{n};PU0,0;PD{n},{n};VS{n};PU;"),
        ("hpgl-generic", "FR{advance};", "IN;SP1;FR{n};PD1,1;PU;"),
        ("grblhal-tangential", "M101 P{advance_mm}", "G21\nG90\nM101 P{n}\nG1 X5 F100\n"),
    ],
)
def test_a_number_that_no_machine_knows_is_a_fault_of_the_program(name, feed, program):
    profile = load_profile(name)
    profile = replace(profile, windows=Windows(feed=feed)) if feed else profile
    assert run_program(program.replace("{n}", "9" * 200).encode(), profile).violations


def test_a_table_a_hair_too_narrow_is_told_to_the_hair():
    profile = replace(load_profile("hpgl-generic"), table=Table(3000.0, 1499.9))
    with pytest.raises(LimitError, match=r"reaches 1500\.000 mm .*, which takes 1499\.900 mm"):
        plan_cut(marker_of(box(0, 0, 100, 1500), width_mm=1500.0), profile)


@pytest.mark.parametrize("order", ["shortest", "piece", "column"])
def test_common_lines_of_pieces_that_two_knives_make(order):
    """The small one must go first, but the fine knife makes the other's hole before it: none waits for the other."""
    hole = Point(150, 50).buffer(8, quad_segs=60)
    small, large = box(0, 0, 60, 60), Polygon(box(60, 0, 200, 100).exterior.coords, [hole.exterior.coords])
    rules = StrokeRules(order=order, common_lines=True)
    path, found = judged(marker_of(small, large), machine("linuxcnc-rotary", rules))
    assert found == set()
    assert {s.tool for s in path.strokes} == {"knife", "fine"}


def test_a_neighbour_cut_in_an_earlier_window_frees_a_piece_too():
    """Behind the last stretch that is its own, the piece's contour meets no notch: they are made before it."""
    long_piece = box(0, 0, 90, 100)
    marks = [Mark("notch", ((90.0, at),), "knife", 4.0, None, 0.0) for at in (20.0, 50.0, 80.0)]
    pieces = [
        OrderedPiece("L", "L", "M", long_piece, 1),
        OrderedPiece("N", "N", "M", box(90, 0, 150, 100), 1, marks=tuple(marks)),
    ]
    marker = make_marker(pieces, [Placement("L", 1, 0, 0, 0), Placement("N", 1, 0, 0, 0)], fabric=Fabric(100.0))
    for start in range(2):
        shifted = replace(marker, placements=marker.placements[::-1] if start else marker.placements)
        assert judged(shifted, machine("hpgl-generic", StrokeRules(common_lines=True), 95.0))[1] == set()
