"""What becomes a stroke, with which tool, and what is said about the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from garment_markers import garments
from shapely.geometry import LineString, box

from cutkit.cut.figures import cut_figures
from cutkit.cut.plan import plan_cut
from cutkit.errors import InfeasibleError
from cutkit.formats.profile import load_profile
from cutkit.model import Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement
from cutkit.toolpath import Stroke, ToolPath, ToolTexts

HPGL = load_profile("hpgl-generic")
GRBL = load_profile("grbl-servo")
PAPER = load_profile("pen-plotter")
PUNCHING = replace(HPGL, tools={**HPGL.tools, "punch": ToolTexts("SP3;", "PD;", "PU;", 3)})


def one_piece(*marks: Mark, place=None, shape=None) -> Marker:
    piece = OrderedPiece("p", "Piece", "M", shape or box(0, 0, 200, 100), 0, 1, marks=marks, may_mirror=True)
    return Marker(Fabric(1800), (piece,), (place or Placement("p", 1, 0, 0, 0),), NestSettings())


def strokes(marker, profile, kind):
    return [s for s in plan_cut(marker, profile).strokes if s.kind == kind]


def test_a_drill_is_punched_where_there_is_a_punch_and_a_cross_elsewhere():
    marker = one_piece(Mark("drill", ((50.0, 50.0),), "punch"))
    assert [(s.tool, s.points) for s in strokes(marker, PUNCHING, "drill")] == [("punch", ((50.0, 50.0),))]
    cross = strokes(marker, HPGL, "drill")
    assert {s.tool for s in cross} == {"knife"}
    assert sorted(LineString(s.points).length for s in cross) == [4.0, 4.0]
    assert {s.tool for s in strokes(marker, PAPER, "drill")} == {"pen"}


def test_a_drill_off_the_piece_is_left_out_and_said():
    path = plan_cut(one_piece(Mark("drill", ((250.0, 50.0),), "punch")), HPGL)
    assert not [s for s in path.strokes if s.kind == "drill"]
    assert any(n.code == "drill" and "lies off the piece" in n.message for n in path.notices)


def test_internal_lines_are_made_with_their_tool():
    drawn = Mark("internal", ((10.0, 10.0), (60.0, 10.0)))
    cut = replace(drawn, tool="knife")
    assert [s.tool for s in strokes(one_piece(drawn), HPGL, "internal")] == ["pen"]
    assert [s.tool for s in strokes(one_piece(cut), HPGL, "internal")] == ["knife"]
    assert strokes(one_piece(drawn), GRBL, "internal") == []
    assert [n.code for n in plan_cut(one_piece(drawn), GRBL).notices] == ["no-tool"]


def test_internal_lines_are_clipped_to_the_piece():
    (line,) = strokes(one_piece(Mark("internal", ((150.0, 50.0), (400.0, 50.0)))), HPGL, "internal")
    assert set(line.points) == {(150.0, 50.0), (200.0, 50.0)}


def test_guides_for_people_are_drawn_on_paper_only():
    kinds = ("grain", "sew", "match", "fold")
    marks = [Mark(kind, ((10.0, 20.0 + k), (60.0, 20.0 + k))) for k, kind in enumerate(kinds)]  # type: ignore[arg-type]
    assert len(strokes(one_piece(*marks), PAPER, "internal")) == 3
    assert strokes(one_piece(*marks), HPGL, "internal") == []
    words = Mark("label", ((20.0, 80.0),), text="CUT 2")
    assert len(strokes(one_piece(words), PAPER, "label")) > len(strokes(one_piece(words), HPGL, "label"))


def test_a_machine_without_a_knife_draws_every_outline():
    tools = {s.tool for s in plan_cut(garments(), PAPER).strokes}
    assert tools == {"pen"}
    assert {s.placement for s in strokes(garments(), PAPER, "boundary")} == set(range(len(garments().placements)))


def test_labels_turn_with_the_piece_and_are_never_mirrored():
    plain = strokes(one_piece(), HPGL, "label")
    turned = strokes(one_piece(place=Placement("p", 1, 500, 500, 90)), HPGL, "label")
    mirrored = strokes(one_piece(place=Placement("p", 1, 0, 500, 0, True)), HPGL, "label")
    for a, b, c in zip(sorted_lines(plain), sorted_lines(turned, 90), sorted_lines(mirrored, 0, -400), strict=True):
        assert a == b == c


def sorted_lines(found, turn=0, down=0):
    """Lines without direction, brought back to where the plain piece lies."""
    back = (lambda x, y: (y - 500, 500 - x)) if turn else (lambda x, y: (x, y + down))
    lines = [[tuple(round(v, 6) + 0.0 for v in back(*p)) for p in s.points] for s in found]
    return sorted(min(line, line[::-1]) for line in lines)


def test_a_mirrored_notch_points_into_its_piece():
    mark = Mark("notch", ((50.0, 0.0),), "knife", depth_mm=5, angle_deg=60.0)
    (slit,) = strokes(one_piece(mark, place=Placement("p", 1, 0, 300, 0, True)), GRBL, "notch")
    assert slit.points[0] == pytest.approx((50, 300))
    assert slit.points[1] == pytest.approx((52.5, 300 - 4.330127))


def test_unplaced_pieces_and_short_notches_are_said_once():
    marks = (Mark("notch", ((50.0, 0.0),), "knife", depth_mm=500, angle_deg=90.0),)
    marker = one_piece(*marks)
    twice = replace(marker, placements=(*marker.placements, Placement("p", 2, 300, 0, 0)))
    codes = [n.code for n in plan_cut(twice, HPGL).notices]
    assert codes.count("notch") == 1


def test_what_is_given_twice_is_made_once_and_said():
    slit = Mark("notch", ((20.0, 0.0),), "knife", 5.0, angle_deg=90.0)
    other = Mark("notch", ((60.0, 0.0),), "knife", 5.0, angle_deg=90.0)
    line = Mark("internal", ((20.0, 20.0), (40.0, 20.0), (50.0, 30.0)), "knife")
    back = Mark("internal", line.points[::-1], "knife")
    drill = Mark("drill", ((30.0, 30.0),), "knife")
    once, twice = one_piece(slit, other, line, drill), one_piece(slit, slit, other, line, back, drill, drill)
    path = plan_cut(twice, HPGL)
    assert path.strokes == plan_cut(once, HPGL).strokes
    assert [n.message.split()[1] for n in path.notices if n.code == "given-twice"] == ["internal", "notch", "drill"]


def test_an_internal_line_along_the_whole_outline_leaves_the_outline():
    outline = one_piece().polygons[0].exterior.coords
    place = one_piece().placements[0]
    own = tuple((x - place.x_mm, y - place.y_mm) for x, y in outline)
    path = plan_cut(one_piece(Mark("internal", own, "knife")), HPGL)
    assert [s.kind for s in path.strokes if s.tool == "knife"] == ["boundary"]


def test_nothing_to_cut_is_refused():
    with pytest.raises(InfeasibleError, match="nothing to cut"):
        plan_cut(Marker(Fabric(100), (), (), NestSettings()), HPGL)


def test_contours_run_over_by_the_overcut_and_hpgl_repeats_the_first_point():
    (contour,) = strokes(one_piece(), HPGL, "boundary")
    assert contour.points[0] == contour.points[-1]
    (led,) = strokes(one_piece(), GRBL, "boundary")
    assert LineString(led.points).length == pytest.approx(601.0)


def test_figures_of_one_square():
    square = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0), (0.0, 0.0))
    path = ToolPath((Stroke("knife", "boundary", square, 0), Stroke("pen", "label", ((0.0, 30.0), (0.0, 40.0)), 0)))
    profile = replace(HPGL, motion=replace(HPGL.motion, cut_mm_s=100, acceleration_mm_s2=500, travel_mm_s=1e9))
    figures = cut_figures(path, profile)
    assert (figures.strokes, figures.tool_downs) == (2, 2)
    assert (figures.cut_mm, figures.drawn_mm, figures.travel_mm) == (400, 10, 30)
    xs, ys = zip(*(p for s in path.strokes for p in s.points), strict=True)
    assert figures.bounds_mm == (min(xs), min(ys), max(xs), max(ys))
    lifts = 2 * (profile.motion.tool_down_s + profile.motion.tool_up_s)
    ways = 2 * (30 / 500) ** 0.5 + 2 * (10 / 500) ** 0.5
    assert figures.time_s == pytest.approx(4 * 1.2 + lifts + ways)
