"""The judge: right programs pass, and each way to spoil one is found by its own code, in each dialect."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import make_marker
from machine_samples import (
    GRBL,
    HPGL,
    PLOTTER,
    codes,
    drag,
    gcode_program,
    hpgl_program,
    right_lines,
    sample_marker,
)
from shapely.geometry import Polygon, box

from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.machine.wanted import Spot, wanted_lines
from cutkit.model import Fabric, Mark, OrderedPiece, Placement

DIALECTS = [pytest.param(HPGL, hpgl_program, id="hpgl"), pytest.param(GRBL, gcode_program, id="gcode")]
FRONT, FACING_HOLE, FACING, FLAP = 1, 2, 3, 4
"""Where the boundaries are in ``right_lines(sample_marker())``; the notch is 0."""


def verdict_of(lines, profile=HPGL, write=hpgl_program, marker=None, **options):
    return judge(run_program(write(lines, **options), profile), marker or sample_marker())


def counts(verdict):
    return (verdict.expected, verdict.cut_once, verdict.missed, verdict.cut_twice)


@pytest.mark.parametrize(("profile", "write"), DIALECTS)
def test_a_right_program_has_no_fault(profile, write):
    verdict = verdict_of(right_lines(sample_marker()), profile, write)
    assert verdict.violations == ()
    assert counts(verdict) == (3, 3, 0, 0)
    assert verdict.worst_deviation_mm <= 0.02


@pytest.mark.parametrize(("profile", "write"), DIALECTS)
@pytest.mark.parametrize(
    ("index", "code", "missed"),
    [
        (0, "notch-missed", 0),
        (FRONT, "missed", 1),
        (FACING_HOLE, "missed", 1),
        (FACING, "missed", 1),
        (FLAP, "missed", 1),
    ],
)
def test_a_stroke_dropped(profile, write, index, code, missed):
    lines = right_lines(sample_marker())
    verdict = verdict_of(lines[:index] + lines[index + 1 :], profile, write)
    assert codes(verdict.violations) == {code}
    assert counts(verdict) == (3, 3 - missed, missed, 0)


@pytest.mark.parametrize(("profile", "write"), DIALECTS)
@pytest.mark.parametrize(("index", "twice"), [(0, 0), (FRONT, 1), (FACING_HOLE, 1), (FLAP, 1)])
def test_a_stroke_doubled(profile, write, index, twice):
    lines = right_lines(sample_marker())
    verdict = verdict_of([*lines[: index + 1], lines[index], *lines[index + 1 :]], profile, write)
    assert codes(verdict.violations) == {"cut-twice"}
    assert counts(verdict) == (3, 3 - twice, 0, twice)


@pytest.mark.parametrize(("profile", "write"), DIALECTS)
@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("shift", [(0.2, 0.0), (0.0, 0.2), (-0.15, -0.15)])
def test_a_stroke_moved(profile, write, index, shift):
    lines = right_lines(sample_marker())
    tool, points = lines[index]
    lines[index] = (tool, [(x + shift[0], y + shift[1]) for x, y in points])
    verdict = verdict_of(lines, profile, write)
    assert "off-outline" in codes(verdict.violations)
    assert 0.14 < verdict.worst_deviation_mm < 0.23


def without_lift(data: bytes, number: int) -> bytes:
    """The program without its ``number``-th tool up: HP-GL goes on with PD, G-code leaves M5 and its dwell out."""
    lines = data.decode().splitlines()
    lifts = [k for k, line in enumerate(lines) if line in ("PU;", "M5")]
    k = lifts[number]
    if lines[k] == "M5":
        del lines[k : k + 2]
    else:
        lines[k : k + 2] = [lines[k + 1].replace("PU", "PD")]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("lift", [0, 1, 2, 3])
def test_a_tool_up_taken_out_of_hpgl(lift):
    program = without_lift(hpgl_program(right_lines(sample_marker())), lift)
    assert "off-outline" in codes(judge(run_program(program, HPGL), sample_marker()).violations)


@pytest.mark.parametrize("lift", [1, 2, 3])
def test_a_tool_up_taken_out_of_gcode(lift):
    run = run_program(without_lift(gcode_program(right_lines(sample_marker())), lift), GRBL)
    assert codes(run.violations) == {"down-rapid"}
    assert "off-outline" in codes(judge(run, sample_marker()).violations)


def test_units_of_another_device():
    lines = right_lines(sample_marker())
    for verdict in (
        verdict_of(lines, units_per_mm=40 * 1021 / 1016),
        verdict_of(lines, GRBL, gcode_program, scale=1021 / 1016),
    ):
        assert {"off-outline", "missed"} <= codes(verdict.violations)
        assert verdict.worst_deviation_mm > 1


def test_a_knife_offset_left_out():
    verdict = verdict_of(right_lines(sample_marker()), drag(GRBL), gcode_program)
    assert {"off-outline", "corner-missed"} <= codes(verdict.violations)
    assert verdict.worst_deviation_mm > 0.3


def test_a_contour_left_open():
    lines = right_lines(sample_marker())
    tool, points = lines[FRONT]
    x, y = points[-1]
    lines[FRONT] = (tool, [*points[:-1], (x - 5, y) if points[-2][0] != x else (x, y + 5)])
    verdict = verdict_of(lines)
    assert {"unclosed", "corner-missed"} >= codes(verdict.violations) >= {"unclosed"}
    assert counts(verdict) == (3, 2, 1, 0)


def test_an_overcut_is_no_second_cut():
    lines = right_lines(sample_marker())
    tool, points = lines[FRONT]
    (x0, y0), (x1, y1) = points[0], points[1]
    length = abs(x1 - x0) + abs(y1 - y0)
    for overcut, expected in ((5.0, set()), (20.0, {"cut-twice"})):
        end = (x0 + (x1 - x0) * overcut / length, y0 + (y1 - y0) * overcut / length)
        changed = [*lines[:FRONT], (tool, [*points, end]), *lines[FRONT + 1 :]]
        assert codes(verdict_of(changed).violations) == expected


def test_a_notch_after_its_piece_is_freed():
    lines = right_lines(sample_marker())
    lines.append(lines.pop(0))
    verdict = verdict_of(lines)
    assert codes(verdict.violations) == {"cut-after-freed"}
    (violation,) = verdict.violations
    assert violation.line == hpgl_program(lines).decode().splitlines().index("PD4400,640;") + 1


def test_a_cutout_after_its_piece_is_freed():
    lines = right_lines(sample_marker())
    lines[FACING_HOLE], lines[FACING] = lines[FACING], lines[FACING_HOLE]
    assert codes(verdict_of(lines).violations) == {"cut-after-freed"}


def test_nothing_is_freed_before_the_last_part_of_its_boundary_is_cut():
    lines = right_lines(sample_marker())
    notch, (tool, points) = lines[0], lines[FRONT]
    assert verdict_of([(tool, points[:4]), notch, (tool, points[3:]), *lines[2:]]).violations == ()
    assert codes(verdict_of([(tool, points[:4]), (tool, points[3:]), notch, *lines[2:]]).violations) == {
        "cut-after-freed"
    }


def nested_marker():
    """A frame, and in its opening, flush with it all round, a piece with a notch."""
    hole = [(40, 40), (160, 40), (160, 100), (40, 100)]
    frame = Polygon([(0, 0), (200, 0), (200, 140), (0, 140)], [hole])
    slit = Mark("notch", ((60.0, 0.0),), "knife", 6.0, angle_deg=90.0)
    pieces = [
        OrderedPiece("F", "Frame", "", frame, 1),
        OrderedPiece("I", "Inlay", "", box(0, 0, 120, 60), 1, marks=(slit,)),
    ]
    return make_marker(pieces, [Placement("F", 1, 0, 0, 0), Placement("I", 1, 40, 40, 0)])


def test_a_piece_in_a_cut_out_is_cut_before_the_cut_out_frees_it():
    marker = nested_marker()
    frame_hole, frame = (
        ("knife", list(ring.coords)) for ring in (marker.polygons[0].interiors[0], marker.polygons[0].exterior)
    )
    notch, inlay = ("knife", [(100, 40), (100, 46)]), ("knife", list(marker.polygons[1].exterior.coords))
    assert verdict_of([notch, inlay, frame_hole, frame], marker=marker).violations == ()
    for late in (
        [frame_hole, notch, inlay, frame],
        [notch, inlay, frame, frame_hole],
        [frame, notch, inlay, frame_hole],
    ):
        assert "cut-after-freed" in codes(verdict_of(late, marker=marker).violations)


def test_one_arm_of_a_drill_cross_after_the_piece_is_freed():
    x, y = DRILL.points[0][0] + 300, DRILL.points[0][1] + 150
    arms = [("knife", [(x - 2, y), (x + 2, y)]), ("knife", [(x, y - 2), (x, y + 2)])]
    assert verdict_of([*arms, BOUNDARY], marker=marked(DRILL)).violations == ()
    found = codes(verdict_of([arms[0], BOUNDARY, arms[1]], marker=marked(DRILL)).violations)
    assert found == {"cut-after-freed"}


def test_two_drill_holes_side_by_side_are_no_hole_made_twice():
    near = replace(DRILL, points=((DRILL.points[0][0] + 2.0, DRILL.points[0][1]),))
    lines = []
    for mark in (DRILL, near):
        x, y = mark.points[0][0] + 300, mark.points[0][1] + 150
        lines += [("knife", [(x - 2, y), (x + 2, y)]), ("knife", [(x, y - 2), (x, y + 2)])]
    assert verdict_of([*lines, BOUNDARY], marker=marked(DRILL, near)).violations == ()


@pytest.mark.parametrize(("profile", "write"), DIALECTS)
def test_a_gap_of_three_tenths_between_two_halves(profile, write):
    lines = right_lines(sample_marker())
    tool, points = lines[FRONT]
    (ax, ay), (bx, by) = points[2], points[3]
    way = ((bx - ax) / 200, (by - ay) / 200) if ay == by else ((bx - ax) / 100, (by - ay) / 100)
    near, far = ((ax + way[0] * s, ay + way[1] * s) for s in (30.0, 30.3))
    halves = [(tool, [*points[:3], near]), (tool, [far, *points[3:]])]
    verdict = verdict_of([lines[0], *halves, *lines[2:]], profile, write)
    assert "unclosed" in codes(verdict.violations)
    assert counts(verdict) == (3, 2, 1, 0)


def test_a_short_part_of_a_long_contour_cut_again():
    lines = right_lines(sample_marker())
    tool, points = lines[FRONT]
    (ax, ay), (bx, by) = points[1], points[2]
    share = 8.0 / (abs(bx - ax) + abs(by - ay))
    part = (tool, [(ax, ay), (ax + (bx - ax) * share, ay + (by - ay) * share)])
    assert codes(verdict_of([*lines[: FRONT + 1], part, *lines[FRONT + 1 :]]).violations) == {"cut-twice"}


def test_overcuts_of_many_flush_neighbours_are_no_second_cut():
    wide = OrderedPiece("W", "Wide", "", box(0, 0, 400, 50), 1)
    small = OrderedPiece("S", "Small", "", box(0, 0, 20, 20), 20)
    marker = make_marker(
        [wide, small], [Placement("W", 1, 0, 0, 0), *(Placement("S", 1, 20.0 * k, 50, 0) for k in range(20))]
    )
    lines = []
    for polygon in marker.polygons:
        x0, y0, x1, y1 = polygon.bounds
        lines.append(("knife", [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0), (x0 + 2, y0)]))
    assert verdict_of(lines, marker=marker).violations == ()


def test_a_corner_cut_off():
    lines = right_lines(sample_marker())
    tool, points = lines[FRONT]
    (x, y), (ax, ay), (bx, by) = points[1], points[0], points[2]
    near = [(x + (ax - x) * 0.2 / 100, y + (ay - y) * 0.2 / 100), (x + (bx - x) * 0.2 / 100, y + (by - y) * 0.2 / 100)]
    lines[FRONT] = (tool, [points[0], *near, *points[2:]])
    assert "corner-missed" in codes(verdict_of(lines).violations)


def test_no_piece_is_cut_by_an_empty_program():
    verdict = verdict_of([])
    assert counts(verdict) == (3, 0, 3, 0)
    assert codes(verdict.violations) == {"missed", "notch-missed"}


def test_a_marker_without_pieces():
    verdict = verdict_of([], marker=make_marker([], []))
    assert (counts(verdict), verdict.violations) == ((0, 0, 0, 0), ())


def test_a_contour_cut_in_parts_and_backwards_is_whole():
    lines = right_lines(sample_marker())
    tool, points = lines[FRONT]
    lines[FRONT : FRONT + 1] = [(tool, points[2::-1]), (tool, points[2:])]
    assert verdict_of(lines).violations == ()


# ---- pieces that lie flush ------------------------------------------------------------------------------------------


def flush_marker():
    """Nine rectangles in a square without gaps: the middle one has neighbours on all sides."""
    piece = OrderedPiece("P", "Panel", "", box(0, 0, 120, 80), 9)
    places = [Placement("P", 1, 120.0 * i, 80.0 * j, 0.0) for i in range(3) for j in range(3)]
    return make_marker([piece], places, fabric=Fabric(240.0))


@pytest.mark.parametrize(("profile", "write"), DIALECTS)
def test_flush_pieces_are_each_cut_once(profile, write):
    marker = flush_marker()
    verdict = verdict_of(right_lines(marker), profile, write, marker)
    assert verdict.violations == ()
    assert counts(verdict) == (9, 9, 0, 0)


@pytest.mark.parametrize("index", range(9))
def test_a_flush_piece_dropped_is_the_one_that_is_named(index):
    marker = flush_marker()
    lines = right_lines(marker)
    verdict = verdict_of(lines[:index] + lines[index + 1 :], marker=marker)
    assert counts(verdict) == (9, 8, 1, 0)
    assert [v.code for v in verdict.violations] == ["missed"]
    assert f"placement {index}," in verdict.violations[0].message


@pytest.mark.parametrize("index", range(9))
def test_a_flush_piece_doubled_is_the_one_that_is_named(index):
    marker = flush_marker()
    lines = right_lines(marker)
    verdict = verdict_of([*lines, lines[index]], marker=marker)
    assert counts(verdict) == (9, 8, 0, 1)
    assert [v.code for v in verdict.violations] == ["cut-twice"]
    assert f"placement {index}," in verdict.violations[0].message


def test_pieces_a_hair_apart():
    for gap in (0.01, 0.05, 0.1, 0.2, 0.5):
        piece = OrderedPiece("P", "Panel", "", box(0, 0, 120, 80), 2)
        marker = make_marker([piece], [Placement("P", 1, 0, 0, 0), Placement("P", 1, 120 + gap, 0, 0)])
        lines = right_lines(marker)
        assert verdict_of(lines, marker=marker).violations == ()
        assert counts(verdict_of(lines[:1], marker=marker)) == (2, 1, 1, 0)


# ---- marks ----------------------------------------------------------------------------------------------------------


def marked(*marks: Mark, outline: Polygon | None = None, **place):
    piece = OrderedPiece("A", "Front", "M", outline or box(0, 0, 200, 100), 1, marks=marks)
    placement = Placement("A", 1, 300.0, 150.0, place.get("angle_deg", 0.0), place.get("mirrored", False))
    return make_marker([piece], [placement])


BOUNDARY = ("knife", list(box(300, 150, 500, 250).exterior.coords))
CROSS = [("knife", [(348, 200), (352, 200)]), ("knife", [(350, 198), (350, 202)])]
DRILL = Mark("drill", ((50.0, 50.0),), "punch")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([("punch", [(350, 200)])], set()),
        (
            [("punch", [(350, 200)]), ("knife", [(340, 100), (340, 90)]), ("punch", [(350, 200)])],
            {"cut-twice", "off-outline"},
        ),
        ([*CROSS, CROSS[1]], {"cut-twice"}),
        ([CROSS[0]], {"drill-missed"}),
        ([CROSS[0], CROSS[0]], {"drill-missed"}),
        ([CROSS[0], ("knife", [(350, 198.2), (350, 202.2)])], {"off-outline"}),
        ([("punch", [(350.2, 200)])], {"drill-missed", "off-outline"}),
        ([], {"drill-missed"}),
        (CROSS, set()),
        ([("knife", [(348, 200.2), (352, 200.2)])], {"drill-missed", "off-outline"}),
        ([CROSS[0], ("knife", [(350.2, 198), (350.2, 202)])], {"off-outline", "drill-missed"}),
        ([("knife", [(340, 200), (360, 200)])], {"off-outline", "drill-missed"}),
    ],
)
def test_drill_holes(made, expected):
    assert codes(verdict_of([*made, BOUNDARY], marker=marked(DRILL)).violations) == expected


@pytest.mark.parametrize("made", [[("punch", [(350, 200)])], CROSS])
def test_a_drill_hole_after_its_piece_is_freed(made):
    assert codes(verdict_of([BOUNDARY, *made], marker=marked(DRILL)).violations) == {"cut-after-freed"}


@pytest.mark.parametrize(
    ("shape", "lines"),
    [
        ("slit", [[(400, 150), (400, 156)]]),
        ("v", [[(398, 150), (400, 156), (402, 150)]]),
        ("check", [[(400, 150), (400, 156), (404, 150)]]),
        ("castle", [[(402, 150), (402, 156), (398, 156), (398, 150)]]),
        ("t", [[(400, 150), (400, 156)], [(398, 156), (402, 156)]]),
    ],
)
def test_notches_as_what_they_are(shape, lines):
    marker = marked(Mark("notch", ((100.0, 0.0),), "knife", 6.0, 4.0, 90.0, shape))
    strokes = [("knife", line) for line in lines]
    assert codes(verdict_of([*strokes, BOUNDARY], marker=marker).violations) == set()
    assert codes(verdict_of([BOUNDARY], marker=marker).violations) == {"notch-missed"}
    moved = [("knife", [(x + 0.2, y) for x, y in line]) for line in lines]
    assert "off-outline" in codes(verdict_of([*moved, BOUNDARY], marker=marker).violations)
    short = [
        ("knife", line[:-1] + [tuple((a + 2 * b) / 3 for a, b in zip(line[-2], line[-1], strict=True))])
        for line in lines
    ]
    assert "notch-missed" in codes(verdict_of([*short, BOUNDARY], marker=marker).violations)


def test_a_notch_turns_and_mirrors_with_its_piece():
    mark = Mark("notch", ((100.0, 0.0),), "knife", 6.0, angle_deg=60.0)
    lines, _ = wanted_lines(marked(mark, angle_deg=90.0, mirrored=True))
    notch = next(w for w in lines if w.kind == "notch")
    start, end = notch.points
    assert start == pytest.approx((300.0, 250.0))
    assert end - start == pytest.approx((6 * 0.8660254, 6 * 0.5))


def test_a_notch_of_unknown_direction_goes_square_to_the_outline():
    marker = marked(Mark("notch", ((100.0, 0.0),), "knife", 6.0))
    assert verdict_of([("knife", [(400, 150), (400, 156)]), BOUNDARY], marker=marker).violations == ()
    for moved in ([(400, 150), (401, 156)], [(400.2, 150), (400.2, 156)]):
        found = codes(verdict_of([("knife", moved), BOUNDARY], marker=marker).violations)
        assert found == {"notch-missed", "off-outline"}


def test_a_notch_of_unknown_direction_at_a_corner_may_go_any_way_inward():
    marker = marked(Mark("notch", ((0.0, 0.0),), "knife", 6.0))
    assert any(isinstance(s, Spot) and not s.is_drill for s in wanted_lines(marker)[1])
    assert verdict_of([("knife", [(300, 150), (302, 155)]), BOUNDARY], marker=marker).violations == ()
    assert codes(verdict_of([BOUNDARY], marker=marker).violations) == {"notch-missed"}


def test_a_notch_in_a_sharp_tip_may_be_cut_half_as_deep_as_there_is_room():
    slit = Mark("notch", ((15.0, 0.0),), "knife", 8.0, angle_deg=90.0)
    tip = Polygon([(0, 0), (200, 0), (200, 20)])
    marker = marked(slit, outline=tip)
    boundary = ("knife", list(marker.polygons[0].exterior.coords))
    for depth, expected in ((0.75, set()), (0.2, {"notch-missed"})):
        assert (
            codes(verdict_of([("knife", [(315, 150), (315, 150 + depth)]), boundary], marker=marker).violations)
            == expected
        )


def test_what_a_piece_has_twice_is_wanted_once():
    slit = Mark("notch", ((100.0, 0.0),), "knife", 6.0, angle_deg=90.0)
    line = Mark("internal", ((20.0, 20.0), (120.0, 20.0)), "knife")
    marker = marked(slit, slit, line, replace(line, points=line.points[::-1]), DRILL, DRILL)
    lines = [("knife", [(400, 150), (400, 156)]), ("knife", [(320, 170), (420, 170)]), BOUNDARY]
    punch = ("punch", [(DRILL.points[0][0] + 300, DRILL.points[0][1] + 150)])
    assert verdict_of([punch, *lines], marker=marker).violations == ()
    assert codes(verdict_of([punch, lines[0], *lines], marker=marker).violations) == {"cut-twice"}


def test_internal_cuts_are_wanted_and_drawn_lines_are_not():
    cut = marked(Mark("internal", ((20.0, 20.0), (120.0, 20.0)), "knife"))
    line = ("knife", [(320, 170), (420, 170)])
    assert verdict_of([line, BOUNDARY], marker=cut).violations == ()
    assert codes(verdict_of([BOUNDARY], marker=cut).violations) == {"internal-missed"}
    drawn = marked(Mark("internal", ((20.0, 20.0), (120.0, 20.0)), "pen"))
    assert verdict_of([BOUNDARY], marker=drawn).violations == ()
    assert verdict_of([("pen", [(320, 170), (420, 170)]), BOUNDARY], marker=drawn).violations == ()
    assert codes(verdict_of([line, BOUNDARY], marker=drawn).violations) == {"off-outline"}


def test_a_pen_stays_on_the_fabric():
    stray = ("pen", [(320, 170), (320, 260)])
    assert codes(verdict_of([stray, BOUNDARY], marker=marked(DRILL)).violations) == {"drill-missed", "pen-outside"}


def test_a_plotter_draws_outlines_and_writes_inside_pieces():
    marker = sample_marker()
    lines = [("pen", points) for _, points in right_lines(marker)]
    write = {"write": hpgl_program, "tools": {"pen": 1}, "profile": PLOTTER, "marker": marker}
    letter = ("pen", [(20, 20), (40, 40)])
    assert verdict_of([letter, *lines], **write).violations == ()
    assert codes(verdict_of([("pen", [(20, 20), (250, 40)]), *lines], **write).violations) == {"off-outline"}
    assert codes(verdict_of(lines[1:], **write).violations) == {"notch-missed"}


def test_a_plotter_draws_lines_of_marks_also_along_the_outline():
    grain = Mark("grain", ((-5.0, 50.0), (205.0, 50.0)))
    sew = Mark("sew", ((0.0, 0.0), (200.0, 0.0), (200.0, 100.0)))
    lines = [[(300, 200), (500, 200)], [(300, 150), (500, 150), (500, 250)], BOUNDARY[1]]
    write = {"write": hpgl_program, "tools": {"pen": 1}, "profile": PLOTTER}
    piece = OrderedPiece("A", "Front", "M", box(0, 0, 200, 100), 1, marks=(grain, sew))
    marker = make_marker([piece], [Placement("A", 1, 300.0, 150.0, 0.0)])
    assert verdict_of([("pen", line) for line in lines], marker=marker, **write).violations == ()
    again = [("pen", line) for line in [*lines, lines[-1]]]
    assert codes(verdict_of(again, marker=marker, **write).violations) == {"cut-twice"}


def test_a_blade_may_be_aligned_in_the_waste_once():
    marker = marked(Mark("label", ((1.0, 1.0),)))
    knife = replace(drag(GRBL, 0.02, None), table=GRBL.table)
    align = ("knife", [(100, 180), (100, 170), (110, 170)])
    assert codes(verdict_of([align, BOUNDARY], knife, gcode_program, marker).violations) == set()
    assert codes(verdict_of([BOUNDARY, align], knife, gcode_program, marker).violations) == {"off-outline"}
    assert codes(verdict_of([align, BOUNDARY], GRBL, gcode_program, marker).violations) == {"off-outline"}
