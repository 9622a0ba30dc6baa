"""Pieces that are cut again by hand: the machine cuts their block, a pen draws what is in it, and that is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import make_marker
from machine_samples import codes
from machines import PROFILES, WORST_MM
from shapely.geometry import LineString, MultiLineString, Polygon, box

from cutkit.check import check_marker
from cutkit.cut.picklist import pick_list
from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_texts
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.machine.trace import join_runs
from cutkit.model import Fabric, Mark, Marker, OrderedPiece, Placement
from cutkit.recut import as_cut
from cutkit.toolpath import StrokeRules

FRONT = Polygon([(10, 10), (150, 10), (150, 70), (90, 90), (10, 70)], [[(60, 30), (100, 30), (80, 50)]])
BLOCK = Polygon([(0, 10), (160, 10), (160, 100), (0, 100)])
"""Its lower side is the outline's own."""
MARKS = (
    Mark("notch", ((150.0, 40.0),), "knife", 6.0, None, 180.0),
    Mark("notch", ((10.0, 40.0),), "knife"),
    Mark("drill", ((30.0, 40.0),), "punch"),
    Mark("internal", ((20.0, 20.0), (50.0, 20.0)), "knife"),
)


def blocked(*, cut_block: bool = True, fold: bool = False) -> Marker:
    """A piece in its block twice, the second upside down beside the first, and a plain piece on top."""
    moved = [(x, y - 10) for x, y in FRONT.exterior.coords]
    piece = OrderedPiece("f", "FRONT", "M", FRONT, 2, marks=MARKS, block=BLOCK, cut_block=cut_block, may_mirror=True)
    places = [Placement("f", 1, 0.0, 0.0, 0.0), Placement("f", 1, 322.0, 110.0, 180.0)]
    spread = "face-up"
    if fold:
        piece = replace(
            piece,
            outline=Polygon(moved, [[(x, y - 10) for x, y in FRONT.interiors[0].coords]]),
            block=box(0, 0, 160, 90),
            marks=(),
            ordered=1,
            fold="low",
        )
        places, spread = [Placement("f", 1, 0.0, 0.0, 0.0)], "folded"
    plain = OrderedPiece("p", "PLAIN", "M", box(0, 0, 150, 50), 1, may_mirror=True)
    places.append(Placement("p", 1, 0.0, 120.0, 0.0))
    return make_marker([piece, plain], places, fabric=Fabric(200.0, spread=spread))


def cut_and_judge(marker, profile):
    path = plan_cut(marker, profile)
    runs = [run_program(text.encode(), profile) for text in program_texts(path, profile, "test")]
    run = join_runs(runs, [1000 * k for k in range(len(runs))], None)
    return path, run, judge(run, marker)


@pytest.mark.parametrize("fold", [False, True], ids=["open", "on the fold"])
@pytest.mark.parametrize("blocks", ["ruled", "cut", "outline"])
@pytest.mark.parametrize("name", PROFILES)
def test_every_machine_cuts_blocks_or_outlines_and_is_judged_by_that(name, blocks, fold):
    marker = blocked(fold=fold)
    assert check_marker(marker) == []
    profile = replace(load_profile(name), strokes=StrokeRules(blocks=blocks))
    path, run, verdict = cut_and_judge(marker, profile)
    assert (run.violations, verdict.violations) == ((), ())
    assert verdict.cut_once == verdict.expected == len(marker.placements)
    assert verdict.worst_deviation_mm <= WORST_MM[name]
    boundary = MultiLineString([s.points for s in path.strokes if s.kind == "boundary" and s.placement == 0])
    wanted = marker.by_id["f"].outline if blocks == "outline" else marker.by_id["f"].block
    assert boundary.bounds == pytest.approx(wanted.bounds, abs=7.0)
    assert ("block-cut" in {notice.code for notice in path.notices}) == (blocks != "outline")


def test_only_what_its_rules_have_cut_again_is_cut_as_its_block():
    marker, profile = blocked(cut_block=False), load_profile("hpgl-7475")
    assert as_cut(marker, "ruled") is marker
    assert as_cut(marker, "outline") is marker
    assert as_cut(marker, "cut").by_id["f"].outline == BLOCK
    ruled = plan_cut(marker, profile)
    assert ruled == plan_cut(marker, replace(profile, strokes=StrokeRules(blocks="outline")))
    assert [s.kind for s in ruled.strokes if s.placement == 0].count("cutout") == 1


def test_within_a_block_the_pen_draws_what_people_cut():
    path = plan_cut(blocked(), load_profile("hpgl-generic"))
    knife = [s for s in path.strokes if s.placement == 0 and s.tool == "knife"]
    assert [s.kind for s in knife] == ["boundary"]
    assert LineString(knife[0].points).length >= BLOCK.length
    drawn = [LineString(s.points).length for s in path.strokes if s.placement == 0 and s.kind == "internal"]
    side = FRONT.exterior.length - 140.0  # its lower side lies on the block's
    crosses = 2 * [4.0] + 2 * [4.0]  # the drill hole, and the notch that says no direction
    hole = LineString(FRONT.interiors[0].coords).length
    assert sorted(drawn) == pytest.approx(sorted([side, hole, 6.0, 30.0, *crosses]), abs=0.2)


def test_a_machine_without_a_pen_says_what_it_leaves_out():
    path = plan_cut(blocked(), load_profile("grbl-servo"))
    assert {s.kind for s in path.strokes if s.placement == 0} == {"boundary"}
    assert {"block-cut", "no-tool"} <= {notice.code for notice in path.notices}


def test_a_program_that_cuts_the_outline_of_a_block_is_found_out():
    profile = replace(load_profile("hpgl-generic"), strokes=StrokeRules(blocks="outline"))
    path = plan_cut(blocked(), profile)
    (text,) = program_texts(path, profile, "test")
    run = run_program(text.encode(), replace(profile, strokes=StrokeRules()))
    assert {"missed", "off-outline"} <= codes(judge(run, blocked()).violations)


def test_the_pick_list_tells_of_the_block_and_of_the_pieces_of_a_copy():
    profile = load_profile("grbl-servo")
    marker = blocked()
    area = {pick.placement: pick.area_mm2 for pick in pick_list(marker, plan_cut(marker, profile), profile)}
    assert area == pytest.approx({0: BLOCK.area, 1: BLOCK.area, 2: 7500.0})
    twins = replace(marker, pieces=tuple(replace(piece, per_copy=2) for piece in marker.pieces))
    twins = replace(twins, fabric=Fabric(200.0, spread="folded"))
    assert {pick.pieces for pick in pick_list(twins, plan_cut(twins, profile), profile)} == {2}
