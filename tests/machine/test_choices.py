"""Every choice of ``[strokes]``: programs as ``cut`` writes them are found right, and spoilt ones wrong."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from builders import make_marker
from machine_samples import WINDOWED, codes
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon, box
from test_tilings import PROFILES as TILED
from test_tilings import tiling

from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.model import Fabric, Mark, OrderedPiece, Placement
from cutkit.toolpath import StrokeRules

PROFILES = [load_profile(name) for name in ("hpgl-generic", "grbl-servo")]
OVERCUT = TILED[1]
RULES = {
    "with": StrokeRules("with"),
    "after": StrokeRules("after"),
    "piece": StrokeRules("before", "piece"),
    "column": StrokeRules("with", "column", 200.0),
    "common": StrokeRules("before", common_lines=True),
    "common-with": StrokeRules("with", common_lines=True),
    "common-after": StrokeRules("after", common_lines=True),
    "bridges": StrokeRules("before", bridges=3),
    "bridges-with": StrokeRules("with", bridges=2, bridge_mm=1.5),
    "all": StrokeRules("with", "piece", common_lines=True, bridges=2, bridge_mm=0.8),
}
SHIFT_MM = 0.3
"""More than what the judge grants the length of a bridge."""


def flush_garments():
    """Curved, straight and pierced pieces with marks, some flush side by side, one flush in another's cut-out."""
    shapes = ("slit", "v", "t", "castle", "u", "check")
    notches = tuple(
        Mark("notch", ((40.0 + 45.0 * k, 0.0),), "knife", 6.0, 4.0, 90.0, shape)  # type: ignore[arg-type]
        for k, shape in enumerate(shapes)
    )
    side = Mark("notch", ((300.0, 60.0),), "knife", 5.0, 4.0, 180.0, "v")
    inner = Mark("notch", ((100.0, 30.0),), "knife", 5.0, angle_deg=-90.0)
    marks = (*notches, side, Mark("drill", ((150.0, 60.0),), "punch"))
    pieces = [
        OrderedPiece("A", "Front", "M", box(0, 0, 300, 120), 3, marks=marks),
        OrderedPiece("B", "Facing", "M", WINDOWED, 1, 1, marks=(Mark("notch", ((0.0, 60.0),), "knife", 5.0), inner)),
        OrderedPiece("C", "Round", "M", ShapelyPoint(0, 0).buffer(90.0, quad_segs=25), 1),
        OrderedPiece("D", "Flap", "M", Polygon([(0, 0), (150, 0), (75, 25)]), 1),
        OrderedPiece("E", "Inlay", "M", box(0, 0, 80, 60), 1, marks=(Mark("drill", ((40.0, 30.0),), "punch"),)),
    ]
    places = [
        Placement("A", 1, 0.0, 0.0, 0.0),
        Placement("A", 2, 600.0, 120.0, 180.0),
        Placement("A", 3, 300.0, 120.0, 0.0),
        Placement("B", 1, 0.0, 120.0, 0.0),
        Placement("B", 1, 0.0, 360.0, 0.0, True),
        Placement("C", 1, 520.0, 340.0, 0.0),
        Placement("D", 1, 210.0, 260.0, 0.0),
        Placement("E", 1, 60.0, 150.0, 0.0),
    ]
    return make_marker(pieces, places, fabric=Fabric(440.0))


MARKER = flush_garments()


@pytest.fixture(scope="module", params=RULES, ids=str)
def rules(request):
    return RULES[request.param]


@pytest.fixture(scope="module", params=PROFILES, ids=lambda p: p.name)
def job(request, rules):
    """A profile with the choice, and the strokes that cut the marker."""
    profile = replace(request.param, strokes=rules)
    return profile, plan_cut(MARKER, profile)


def judged(profile, strokes, path, marker=MARKER):
    text = program_text(replace(path, strokes=tuple(strokes)), profile, "test")
    run = run_program(text.encode("ascii"), profile)
    verdict = judge(run, marker)
    return codes(run.violations) | codes(verdict.violations), verdict


def some(path, kind, count=4):
    """A few strokes of a kind, by their index; of contours those that are long."""
    found = [k for k, s in enumerate(path.strokes) if s.kind == kind and (kind == "notch" or length(s) > 12)]
    return random.Random(1).sample(found, min(count, len(found)))


def length(stroke):
    return sum(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in pairwise(stroke.points))


def test_every_piece_is_cut_once_and_closely(job):
    profile, path = job
    faults, verdict = judged(profile, path.strokes, path)
    assert faults == set()
    assert verdict.cut_once == len(MARKER.placements)
    assert verdict.worst_deviation_mm <= 0.05


@pytest.mark.parametrize("kind", ["notch", "cutout", "boundary"])
def test_a_stroke_dropped(job, kind):
    profile, path = job
    for k in some(path, kind):
        faults, _ = judged(profile, path.strokes[:k] + path.strokes[k + 1 :], path)
        assert ({"notch-missed"} if kind == "notch" else {"missed", "unclosed"}) & faults, path.strokes[k]


@pytest.mark.parametrize("kind", ["notch", "cutout", "boundary"])
def test_a_stroke_doubled(job, kind):
    profile, path = job
    for k in some(path, kind):
        if profile.strokes.common_lines and kind != "notch" and is_common(path.strokes[k]):
            continue  # a line that two pieces have may be cut twice
        strokes = [*path.strokes[: k + 1], path.strokes[k], *path.strokes[k + 1 :]]
        assert "cut-twice" in judged(profile, strokes, path)[0], path.strokes[k]


def is_common(stroke):
    """Whether a stroke runs along two pieces' lines nearly all the way."""
    from shapely.geometry import LineString

    line = LineString(stroke.points)
    rings = [ring for p in MARKER.polygons for ring in (p.exterior, *p.interiors)]
    return sum(line.intersection(ring.buffer(0.05)).length for ring in rings) > 1.9 * line.length


@pytest.mark.parametrize("kind", ["notch", "cutout", "boundary"])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_stroke_moved(job, kind, axis):
    profile, path = job
    for k in some(path, kind):
        stroke = path.strokes[k]
        along = all(abs(a[1 - axis] - b[1 - axis]) < 1e-6 for a, b in pairwise(stroke.points))
        by = SHIFT_MM + (profile.knife.overcut_mm if along else 0.0)
        shift = (by, 0.0) if axis == 0 else (0.0, by)
        points, holder = (
            way and tuple((x + shift[0], y + shift[1]) for x, y in way) for way in (stroke.points, stroke.holder)
        )
        moved = replace(stroke, points=points, holder=holder)
        faults, _ = judged(profile, [*path.strokes[:k], moved, *path.strokes[k + 1 :]], path)
        # A straight stroke moved along itself stays on its line, but leaves some of it uncut.
        assert ({"off-outline", "unclosed", "cut-twice", "notch-missed"} if along else {"off-outline"}) & faults, stroke


@pytest.mark.parametrize("profile", [OVERCUT, PROFILES[1]], ids=lambda p: p.name)
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 12, 21, 30])
@pytest.mark.parametrize("name", ["with", "after", "column", "common", "common-with", "all"])
def test_an_exact_tiling_is_cut_right(seed, profile, name):
    marker, chosen = tiling(seed), replace(profile, strokes=RULES[name])
    path = plan_cut(marker, chosen)
    faults, verdict = judged(chosen, path.strokes, path, marker)
    assert faults == set()
    assert verdict.cut_once == len(marker.placements)
    assert verdict.worst_deviation_mm <= 0.05


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_with_common_lines_a_line_is_cut_once_and_only_that_rule_takes_it(profile):
    chosen = replace(profile, strokes=RULES["common"])
    path, plain = plan_cut(MARKER, chosen), plan_cut(MARKER, replace(profile, strokes=StrokeRules("before")))
    cut, all_cut = (sum(length(s) for s in p.strokes if s.kind in ("boundary", "cutout")) for p in (path, plain))
    assert path.common_mm > 900
    assert all_cut - cut == pytest.approx(path.common_mm, abs=20.0)  # the overcuts
    assert {"missed", "unclosed"} & judged(profile, path.strokes, path)[0]
    assert judged(chosen, plain.strokes, plain)[0] == set()


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_notches_in_passing_are_made_before_neighbours_and_contour_together_free_a_piece(profile):
    chosen = replace(profile, strokes=RULES["with"])
    path = plan_cut(MARKER, chosen)
    jointly = replace(profile, strokes=RULES["common-with"])  # which takes a piece as free, whoever cut it loose
    assert judged(jointly, path.strokes, path)[0] == set()
    mine = [k for k, s in enumerate(path.strokes) if s.placement == 2 and s.kind == "notch"]
    late = [s for k, s in enumerate(path.strokes) if k not in mine] + [path.strokes[k] for k in mine]
    assert "cut-after-freed" in judged(jointly, late, path)[0]


def middle_of_nine():
    """Nine panels without gaps: the middle one, which has a drill hole, comes free by its neighbours' cuts alone."""
    panel = OrderedPiece("P", "Panel", "", box(0, 0, 120, 80), 8)
    middle = OrderedPiece("M", "Middle", "", box(0, 0, 120, 80), 1, marks=(Mark("drill", ((60.0, 40.0),), "knife"),))
    spots = [(120.0 * i, 80.0 * j) for i in range(3) for j in range(3)]
    places = [Placement("M" if spot == (120.0, 80.0) else "P", 1, *spot, 0.0) for spot in spots]
    return make_marker([panel, middle], places, fabric=Fabric(240.0))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_what_is_in_a_piece_comes_before_the_neighbours_cut_that_frees_it(profile):
    marker, chosen = middle_of_nine(), replace(profile, strokes=RULES["common"])
    path = plan_cut(marker, chosen)
    assert judged(chosen, path.strokes, path, marker)[0] == set()
    drills = [s for s in path.strokes if s.kind == "drill"]
    late = [*(s for s in path.strokes if s.kind != "drill"), *drills]
    assert "cut-after-freed" in judged(chosen, late, path, marker)[0]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
@pytest.mark.parametrize("name", ["with", "after", "bridges-with"])
def test_only_notches_may_come_late_and_only_where_the_operator_wants_them_so(profile, name):
    """Bridges leave a piece in the cloth, where nothing comes too late."""
    chosen = replace(profile, strokes=RULES[name])
    path = plan_cut(MARKER, chosen)
    for kind in ("notch", "drill"):
        last = [s for s in path.strokes if (s.kind, s.placement) == (kind, 2)]
        rest = [s for s in path.strokes if s not in last]
        # A drag blade comes to the rest of a contour with another heading when a notch is not before it: it stays open.
        faults = judged(chosen, [*rest, *last], path)[0]
        found = "cut-after-freed" in faults or (name == "with" and "unclosed" in faults)
        assert found == (name == "with" or (name == "after" and kind == "drill"))


def bridged_square(width_mm, count):
    """The strokes of a square of 400 mm with bridges in the middle of ``count`` of its sides."""
    corners = [(0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (0.0, 400.0), (0.0, 0.0)]
    lines = []
    for k in range(4):
        (ax, ay), (bx, by) = corners[k], corners[k + 1]
        half = width_mm / 800
        if k < count:
            near, far = (((ax + (bx - ax) * t), (ay + (by - ay) * t)) for t in (0.5 - half, 0.5 + half))
            lines += [[(ax, ay), near], [far, (bx, by)]]
        else:
            lines.append([(ax, ay), (bx, by)])
    return lines


@pytest.mark.parametrize(
    ("width_mm", "count", "found"),
    [
        (1.0, 2, set()),
        (1.0, 1, set()),
        (1.0, 0, set()),
        (1.0, 3, {"unclosed"}),
        (1.6, 2, {"unclosed"}),
        (1.6, 1, {"unclosed"}),
    ],
)
def test_bridges_are_as_many_and_as_long_as_the_rules_say(width_mm, count, found):
    from machine_samples import HPGL, hpgl_program

    piece = OrderedPiece("A", "Square", "", box(0, 0, 400, 400), 1)
    marker = make_marker([piece], [Placement("A", 1, 0.0, 0.0, 0.0)])
    profile = replace(HPGL, strokes=StrokeRules(bridges=2, bridge_mm=1.0))
    program = hpgl_program([("knife", line) for line in bridged_square(width_mm, count)])
    assert codes(judge(run_program(program, profile), marker).violations) == found
    if count:
        assert "unclosed" in codes(judge(run_program(program, HPGL), marker).violations)
