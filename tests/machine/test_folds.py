"""Pieces on a fold of the cloth: cut but for their fold side on every machine, and what the judge says of programs that
cut otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import make_marker
from machine_samples import HPGL, codes, hpgl_program
from machines import PROFILES, WORST_MM
from shapely.geometry import LineString, Polygon, box

from cutkit.check import check_marker
from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_texts
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.machine.trace import join_runs
from cutkit.model import Fabric, Mark, Marker, OrderedPiece, Placement
from cutkit.toolpath import CutterProfile, Registration, StrokeRules, Table, Windows

WIDTH_MM = 260.0
BODICE = Polygon([(0, 0), (180, 0), (200, 30), (196, 90), (120, 96), (60, 120), (0, 118)])
"""Half of a piece, its fold side below; its ends are not square to the fold."""
ARCH = Polygon([(0, 0), (30, 0), (30, 25), (70, 25), (70, 0), (100, 0), (100, 60), (0, 60)])
"""Half of a piece with a hole across the fold, or of one that lies on the fold in two stretches."""
HIGH = Polygon([(0, 100), (0, 20), (150, 0), (160, 100)])
MARKS = (
    Mark("notch", ((0.0, 60.0),), "knife", 5.0, None, 0.0),
    Mark("notch", ((60.0, 120.0),), "knife", 4.0, None, 270.0),
    Mark("drill", ((100.0, 50.0),), "punch"),
)


def folded(spread: str = "tubular", marks: tuple[Mark, ...] = MARKS, gap_mm: float = 1.0) -> Marker:
    """A tube with a piece on either fold, one with an arch on a fold, one that is turned, and one without a fold."""
    pieces = [
        OrderedPiece("bodice", "BODICE", "M", BODICE, 2, marks=marks, may_mirror=True, fold="low"),
        OrderedPiece("arch", "ARCH", "M", ARCH, 1, may_mirror=True, fold="low"),
        OrderedPiece("high", "HIGH", "M", HIGH, 1, may_mirror=True, fold="high"),
        OrderedPiece("cuff", "CUFF", "M", box(0, 0, 90, 40), 2, may_mirror=True, per_copy=2),
    ]
    low = [
        Placement("bodice", 1, 0.0, 0.0, 0.0),
        Placement("arch", 1, 200.0 + gap_mm, 0.0, 0.0),
        Placement("cuff", 1, 300.0 + 2 * gap_mm, 0.0, 0.0),
        Placement("cuff", 1, 200.0 + gap_mm, 60.0 + gap_mm, 0.0),
    ]
    high = [
        Placement("bodice", 2, 200.0, WIDTH_MM, 180.0)
        if spread == "tubular"
        else Placement("bodice", 2, 400.0, 0.0, 0.0),
        Placement("high", 2, 220.0, WIDTH_MM - 100.0, 0.0)
        if spread == "tubular"
        else Placement("high", 2, 620.0, 100.0, 0.0, mirrored=True),
    ]
    return make_marker(pieces, [*low, *high], fabric=Fabric(WIDTH_MM, spread=spread), gap_mm=0.0)


def run_of(marker: Marker, profile: CutterProfile, path=None):
    path = path or plan_cut(marker, profile)
    runs = [run_program(text.encode(), profile) for text in program_texts(path, profile, "test")]
    zeros = [window.start_mm for window in path.all_windows]
    lines = [1000 * k for k in range(len(runs))]
    return path, join_runs(runs, lines, zeros if len(zeros) > 1 and not profile.feeds_cloth else None)


def assert_cut_right(marker: Marker, profile: CutterProfile):
    assert check_marker(marker) == []
    path, run = run_of(marker, profile)
    verdict = judge(run, marker)
    assert (run.violations, verdict.violations) == ((), ())
    assert (verdict.cut_once, verdict.expected) == (len(marker.placements),) * 2
    assert verdict.worst_deviation_mm <= WORST_MM[profile.name]
    return path


@pytest.mark.parametrize("spread", ["folded", "tubular"])
@pytest.mark.parametrize("name", PROFILES)
def test_every_machine_cuts_pieces_on_a_fold_but_for_their_fold_side(name, spread):
    marker = folded(spread)
    path = assert_cut_right(marker, load_profile(name))
    for stroke in path.strokes:
        fold = marker.by_id[marker.placements[stroke.placement].piece].fold if stroke.placement >= 0 else None
        if fold is None or (stroke.tool == "pen" and "knife" in load_profile(name).tools):
            continue
        line = LineString(stroke.points) if len(stroke.points) > 1 else None
        for y in marker.fabric.folds_mm:
            side = LineString([(-10, y), (1000, y)]).buffer(0.05)
            assert line is None or line.intersection(side).length < 1.0


@pytest.mark.parametrize(
    "rules",
    [
        StrokeRules(bridges=2, bridge_mm=2.0),
        StrokeRules(common_lines=True),
        StrokeRules(common_lines=True, notches="before"),
        StrokeRules(notches="after", order="piece"),
        StrokeRules(notches="before", order="column", column_mm=150.0),
    ],
)
@pytest.mark.parametrize("name", ["hpgl-generic", "grbl-servo", "linuxcnc-tangential", "gerber-cut"])
def test_the_choices_of_the_operator_hold_on_a_fold(name, rules):
    marker = folded(gap_mm=0.0 if rules.common_lines else 1.0)
    assert_cut_right(marker, replace(load_profile(name), strokes=rules))


def test_common_lines_beside_a_fold_are_cut_once():
    flush = folded("folded", marks=(), gap_mm=0.0)
    path = assert_cut_right(flush, replace(load_profile("hpgl-generic"), strokes=StrokeRules(common_lines=True)))
    assert path.common_mm == pytest.approx(40 + 90, abs=1.0)  # the arch and the cuffs behind it and above it


@pytest.mark.parametrize("name", ["hpgl-flatbed", "hpgl-generic", "grbl-servo"])
def test_pieces_on_a_fold_are_cut_in_windows(name):
    profile = load_profile(name)
    short = replace(profile, table=Table(150.0, profile.table.width_mm, 20.0), windows=Windows(6.0))
    path = assert_cut_right(folded("folded"), short)
    assert len(path.windows) > 3


def test_a_print_that_lies_askew_is_cut_on_its_fold():
    marker, profile = folded("folded"), load_profile("hpgl-generic")
    to = Registration((1.001, -0.002, 0.002, 0.999, 3.0, 4.0))
    _, run = run_of(marker, profile, plan_cut(marker, profile, registration=to))
    from cutkit.machine.registered import laid_back

    assert judge(laid_back(run, to), marker).violations == ()


def test_the_outline_is_an_open_line_from_one_end_of_the_fold_side_to_the_other():
    path = plan_cut(folded(marks=()), replace(load_profile("hpgl-7475")))
    (outline,) = (s for s in path.strokes if s.kind == "boundary" and s.placement == 0)
    assert {outline.points[0], outline.points[-1]} == {(0.0, 0.0), (180.0, 0.0)}
    assert LineString(outline.points).length == pytest.approx(BODICE.length - 180.0)
    (arch,) = (s for s in path.strokes if s.kind == "cutout" and s.placement == 1)
    assert LineString(arch.points).length == pytest.approx(90.0)


def test_a_notch_where_the_outline_meets_the_fold_snips_the_corner():
    at_the_fold = Mark("notch", ((0.0, 0.0),), "knife", 6.0, 4.0, 0.0, "v")
    marker = folded("folded", marks=(at_the_fold,))
    path = assert_cut_right(marker, load_profile("hpgl-generic"))
    snip = next(s for s in path.strokes if s.kind == "notch" and s.placement == 0)
    assert snip.points == ((0.0, 2.0), (6.0, 0.0))
    assert not [n for n in path.notices if n.code == "notch"]
    slit = replace(at_the_fold, shape="slit")
    path = assert_cut_right(folded("folded", marks=(slit,)), load_profile("hpgl-generic"))
    assert [n.message for n in path.notices] == [
        "a slit notch where the outline meets the fold is cut as a snip of the corner"
    ]


def test_nothing_is_cut_along_the_fold_nor_into_it():
    marks = (
        Mark("internal", ((20.0, 0.0), (160.0, 0.0)), "knife"),
        Mark("internal", ((20.0, 40.0), (20.0, 0.0), (60.0, 0.0)), "knife"),
        Mark("notch", ((90.0, 0.0),), "knife", 5.0, None, 90.0),
        Mark("drill", ((120.0, 0.0),), "punch"),
    )
    marker = folded("folded", marks=marks)
    path = assert_cut_right(marker, load_profile("hpgl-generic"))
    inner = [s for s in path.strokes if s.placement == 0 and s.kind in ("internal", "notch", "drill")]
    assert [s.kind for s in inner] == ["internal"]
    assert LineString(inner[0].points).length == pytest.approx(40.0, abs=0.06)
    assert {n.code for n in path.notices} == {"fold", "notch", "drill"}
    assert any("on the fold" in n.message for n in path.notices if n.code == "drill")


# ---- the judge --------------------------------------------------------------------------------------------------

RING = ((0.0, 0.0), (100.0, 0.0), (100.0, 60.0), (0.0, 60.0), (0.0, 0.0))
OPEN = ((100.0, 0.0), (100.0, 60.0), (0.0, 60.0), (0.0, 0.0))


def verdict_on(*lines, shape=None):
    piece = OrderedPiece("half", "HALF", "M", shape or box(0, 0, 100, 60), 1, may_mirror=True, fold="low")
    marker = make_marker([piece], [Placement("half", 1, 0, 0, 0)], fabric=Fabric(200.0, spread="folded"))
    return judge(run_program(hpgl_program(lines), HPGL), marker)


def test_an_open_outline_is_whole_without_the_fold_side():
    verdict = verdict_on(("knife", OPEN))
    assert (codes(verdict.violations), verdict.cut_once) == (set(), 1)
    assert codes(verdict_on(("knife", OPEN[::-1])).violations) == set()


def test_a_cut_along_the_fold_is_a_violation():
    (violation,) = verdict_on(("knife", RING)).violations
    assert violation.code == "fold-cut"
    assert "along the fold of half" in violation.message
    assert codes(verdict_on(("knife", OPEN), ("knife", ((40.0, 0.0), (60.0, 0.0)))).violations) >= {"fold-cut"}


def test_an_outline_that_stops_short_of_the_fold_is_not_closed():
    short = ((100.0, 3.0), *OPEN[1:])
    verdict = verdict_on(("knife", short))
    assert "unclosed" in codes(verdict.violations)
    assert verdict.cut_once == 0


def test_what_is_cut_in_a_half_after_it_came_free_is_found():
    piece = OrderedPiece(
        "half",
        "HALF",
        "M",
        box(0, 0, 100, 60),
        1,
        may_mirror=True,
        fold="low",
        marks=(Mark("internal", ((20.0, 30.0), (60.0, 30.0)), "knife"),),
    )
    marker = make_marker([piece], [Placement("half", 1, 0, 0, 0)], fabric=Fabric(200.0, spread="folded"))
    inner, outer = ("knife", ((20.0, 30.0), (60.0, 30.0))), ("knife", OPEN)
    assert codes(judge(run_program(hpgl_program([inner, outer]), HPGL), marker).violations) == set()
    assert codes(judge(run_program(hpgl_program([outer, inner]), HPGL), marker).violations) == {"cut-after-freed"}


def test_the_arch_of_a_piece_is_wanted_before_its_outer_line():
    arch = ("knife", ((30.0, 0.0), (30.0, 25.0), (70.0, 25.0), (70.0, 0.0)))
    outer = ("knife", ((0.0, 0.0), (0.0, 60.0), (100.0, 60.0), (100.0, 0.0)))
    assert codes(verdict_on(arch, outer, shape=ARCH).violations) == set()
    assert codes(verdict_on(outer, arch, shape=ARCH).violations) == {"cut-after-freed"}
    assert codes(verdict_on(outer, shape=ARCH).violations) == {"missed"}
