"""Programs as ``cut`` writes them, run and judged; and the same programs spoilt, for each profile."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders import make_marker
from machine_samples import WINDOWED, codes
from machines import PROFILES, WORST_MM
from shapely.geometry import Polygon, box

from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.dialects import line_count, parse_program
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.model import Fabric, Mark, OrderedPiece, Placement
from cutkit.toolpath import StrokeRules, ToolPath

COMMAND_ENDS = {"gpgl": r"[^\x03]*\x03", "dmpl": r"[^ ]* |[^ ]+$", "gerber": r"[^*]*\*"}
COORDINATES = {
    "hpgl": r"((?<=PU)|(?<=PD)|,)(-?\d+)",
    "gpgl": r"((?<=M)|(?<=D)|,)(-?\d+)",
    "dmpl": r"((?<=U)|(?<=D)|,)(-?\d+)",
    "gerber": r"([XY])(-?\d+)",
    "gcode": r"([XY])(-?[\d.]+)",
}


def shirt_like():
    """Curved, straight and pierced pieces, turned and mirrored, two of them flush, with marks of every kind."""
    shapes = ("slit", "v", "t", "castle", "u", "check")
    notches = tuple(
        Mark("notch", ((40.0 + 45.0 * k, 0.0),), "knife", 6.0, 4.0, 90.0, shape)  # type: ignore[arg-type]
        for k, shape in enumerate(shapes)
    )
    marks = (*notches, Mark("drill", ((150.0, 60.0),), "punch"), Mark("internal", ((20.0, 80.0), (90.0, 80.0)), "pen"))
    round_piece = shapely_round(90.0)
    pieces = [
        OrderedPiece("A", "Front", "M", box(0, 0, 300, 120), 2, marks=marks),
        OrderedPiece("B", "Facing", "M", WINDOWED, 1, 1, marks=(Mark("notch", ((0.0, 60.0),), "knife", 5.0),)),
        OrderedPiece("C", "Round", "M", round_piece, 1),
        OrderedPiece("D", "Flap", "M", Polygon([(0, 0), (150, 0), (75, 25)]), 1),
    ]
    places = [
        Placement("A", 1, 0.0, 0.0, 0.0),
        Placement("A", 2, 600.0, 120.0, 180.0),
        Placement("B", 1, 0.0, 130.0, 0.0),
        Placement("B", 1, 210.0, 250.0, 0.0, True),
        Placement("C", 1, 520.0, 230.0, 0.0),
        Placement("D", 1, 0.0, 260.0, 0.0),
    ]
    return make_marker(pieces, places, fabric=Fabric(400.0))


def desk_sized():
    """The same pieces, the round one smaller, as they fit on the table of hpgl-7475."""
    pieces = [piece for piece in shirt_like().pieces if piece.id != "C"]
    pieces += [OrderedPiece("C", "Round", "M", shapely_round(40.0), 1)]
    pieces = [replace(piece, ordered=1) if piece.id == "A" else piece for piece in pieces]
    pieces = [replace(piece, ordered=2) if piece.id == "D" else piece for piece in pieces]
    places = [
        Placement("A", 1, 0.0, 0.0, 0.0),
        Placement("B", 1, 0.0, 120.0, 0.0),
        Placement("B", 1, 201.0, 240.0, 0.0, True),
        Placement("C", 1, 345.0, 50.0, 0.0),
        Placement("D", 1, 0.0, 245.0, 0.0),
        Placement("D", 2, 200.0, 245.0, 0.0),
    ]
    return make_marker(pieces, places, fabric=Fabric(272.0))


def rich_marker(profile):
    """The richest marker that the machine has room for."""
    return desk_sized() if profile.table.width_mm < 320 else shirt_like()


def shapely_round(radius: float) -> Polygon:
    from shapely.geometry import Point as ShapelyPoint

    return ShapelyPoint(0, 0).buffer(radius, quad_segs=25)


@pytest.fixture(scope="module", params=PROFILES)
def job(request):
    """A profile, the marker, and the strokes that cut it; every contour in one (else see ``test_choices``)."""
    profile = replace(load_profile(request.param), strokes=StrokeRules(notches="before"))
    marker = rich_marker(profile)
    return profile, marker, plan_cut(marker, profile)


def commands_of(text, profile):
    """The program part by part, each with its end."""
    return re.findall(COMMAND_ENDS.get(profile.dialect, r"[^\n]*\n"), text)


def found(job, strokes=None, change=lambda text: text):
    profile, marker, path = job
    text = change(program_text(replace(path, strokes=tuple(strokes)) if strokes else path, profile, "test"))
    run = run_program(text.encode("ascii"), profile)
    verdict = judge(run, marker)
    return run, verdict, codes(run.violations) | codes(verdict.violations)


def index_of(path: ToolPath, kind: str) -> int:
    return next(k for k, stroke in enumerate(path.strokes) if stroke.kind == kind)


def test_every_piece_is_cut_once_and_closely(job):
    run, verdict, faults = found(job)
    assert faults == set()
    assert (verdict.expected, verdict.cut_once) == (6, 6)
    assert verdict.worst_deviation_mm <= WORST_MM[job[0].name]
    assert run.time_s > 1


def test_lines_are_counted_as_the_parsers_count_them(job):
    profile, _, path = job
    data = program_text(path, profile, "test").encode("ascii")
    last = max(action.line for action in parse_program(data, profile).actions)
    assert last <= line_count(data, profile) <= last + 3


@pytest.mark.parametrize("kind", ["notch", "cutout", "boundary"])
def test_a_stroke_dropped(job, kind):
    path = job[2]
    k = index_of(path, kind)
    # Without a stroke the blade comes to the next one with another heading; at its start it then leaves the line.
    _, verdict, faults = found(job, path.strokes[:k] + path.strokes[k + 1 :])
    # A blade that is lifted at corners makes a contour in several strokes.
    turned = job[0].knife.kind in ("tangential", "rotary")
    assert faults & ({"notch-missed"} if kind == "notch" else {"missed", "unclosed"} if turned else {"missed"})
    assert verdict.cut_once == (6 if kind == "notch" else 5)


@pytest.mark.parametrize("kind", ["notch", "cutout", "boundary"])
def test_a_stroke_doubled(job, kind):
    path = job[2]
    k = index_of(path, kind)
    assert "cut-twice" in found(job, [*path.strokes[: k + 1], path.strokes[k], *path.strokes[k + 1 :]])[2]


@pytest.mark.parametrize("kind", ["notch", "cutout", "boundary"])
def test_a_stroke_moved(job, kind):
    path = job[2]
    k = index_of(path, kind)
    stroke = path.strokes[k]
    moved = tuple((x + 0.2, y) for x, y in stroke.points)
    holder = stroke.holder and tuple((x + 0.2, y) for x, y in stroke.holder)
    strokes = [*path.strokes[:k], replace(stroke, points=moved, holder=holder), *path.strokes[k + 1 :]]
    faults = found(job, strokes)[2]
    if "knife" not in job[0].tools and kind == "notch":
        # What a pen draws within a piece may be a label: that the notch is not where it should be is found.
        assert "notch-missed" in faults
    else:
        assert "off-outline" in faults


@pytest.mark.parametrize("kind", ["label", "internal"])
@pytest.mark.parametrize("spoil", ["dropped", "doubled", "moved", "joined"])
def test_a_pen_stroke_spoilt(job, kind, spoil):
    profile, _, path = job
    if "pen" not in profile.tools:
        return
    k = index_of(path, kind)
    stroke = path.strokes[k]
    before, after = path.strokes[:k], path.strokes[k + 1 :]
    moved = replace(stroke, points=tuple((x + 0.1, y + 0.17) for x, y in stroke.points))
    joined = replace(stroke, points=(*stroke.points, *after[0].points))
    changed = {
        "dropped": [*before, *after],
        "doubled": [*before, stroke, stroke, *after],
        "moved": [*before, moved, *after],
        "joined": [*before, joined, *after[1:]],
    }
    _, verdict, faults = found(job, changed[spoil])
    assert faults & {"ink-missed", "drawn-twice"} == ({"drawn-twice"} if spoil == "doubled" else {"ink-missed"})
    if spoil in ("moved", "joined"):
        assert faults & {"stray-ink", "off-outline"}
    assert verdict.cut_once == 6


def test_a_program_without_labels_is_sound_but_its_drawing_is_not_judged(job):
    path = job[2]
    bare = [s for s in path.strokes if s.kind != "label"]
    _, verdict, faults = found(job, bare)
    assert faults == set()
    assert not verdict.judges_ink


def without_a_lift(text, profile):
    """The program without the lift after its last cut but one; where moves lift, with the next move as a cut."""
    parts = commands_of(text, profile)
    lifts = {"PU;\n", "M5\n", "G0 Z10\n", "G0 Z10 F1200\n", "U ", "M15*"}
    ups = [k for k, part in enumerate(parts) if part in lifts] or [
        k for k, part in enumerate(parts) if re.match(r"M\d", part)
    ]
    k = ups[-3] if "M5\n" in parts else ups[-2]
    cut, stays = {"hpgl": ("PD", 2), "dmpl": ("D", 1), "gpgl": ("D", 0)}.get(profile.dialect, ("", 0))
    if cut:
        after = next(j for j in range(k + (stays > 0), len(parts)) if re.match(r"(PU|U|M)-?\d", parts[j]))
        parts[after] = cut + parts[after].lstrip("PUM")
    if profile.dialect != "gpgl":
        del parts[k]
    return "".join(parts)


def test_a_tool_up_taken_out(job):
    # Where the next stroke begins along a line that is cut already, the lowered blade cuts that again.
    assert {"off-outline", "down-rapid", "cut-twice"} & found(job, change=lambda text: without_a_lift(text, job[0]))[2]


def test_units_of_another_device(job):
    profile = job[0]
    digits = profile.coordinates.decimals

    def change(text):
        scaled = lambda match: f"{match[1]}{float(match[2]) * 1021 / 1016:.{digits}f}"  # noqa: E731
        parts = commands_of(text, profile)
        return "".join(p if p[0] in "JP!" and p[1] not in "UD" else _scaled(p, profile, scaled) for p in parts)

    faults = found(job, change=change)[2]
    assert "missed" in faults
    assert {"off-outline", "corner-missed"} & faults


def _scaled(part, profile, scaled):
    return re.sub(COORDINATES[profile.dialect], scaled, part)


@pytest.mark.parametrize("name", [name for name in PROFILES if load_profile(name).knife.kind == "drag"])
def test_the_blade_offset_left_out(name):
    profile = load_profile(name)
    marker = shirt_like()
    path = plan_cut(marker, profile)
    bare = [replace(stroke, holder=None) for stroke in path.strokes]
    _, verdict, faults = found((profile, marker, path), bare)
    assert {"off-outline", "corner-missed"} <= faults
    assert verdict.worst_deviation_mm > profile.knife.offset_mm / 3


def test_every_machine_turns_or_compensates_its_blade():
    assert {n for n in PROFILES if load_profile(n).knife.kind == "drag"} == {
        "grbl-servo",
        "grbl-z",
        "hpgl-redsail",
        "marlin",
    }


@pytest.mark.parametrize("offset_mm", [0.25, 0.6, 0.9])
@pytest.mark.parametrize("heading_deg", [0.0, 135.0, None])
def test_blades_of_other_offsets_and_headings(offset_mm, heading_deg):
    base = load_profile("grbl-servo")
    profile = replace(base, knife=replace(base.knife, offset_mm=offset_mm, start_deg=heading_deg))
    marker = shirt_like()
    _, verdict, faults = found((profile, marker, plan_cut(marker, profile)))
    assert faults == set()
    assert verdict.worst_deviation_mm <= 0.05


@pytest.mark.parametrize("shape", ["slit", "v", "t", "castle", "u", "check"])
@pytest.mark.parametrize("angle_deg", [45.0, 0.0, -45.0, None])
def test_notches_at_a_corner_are_judged_as_they_are_cut(shape, angle_deg):
    """At 45 degrees a notch as wide as deep touches both edges; at 0 it would run along one, at -45 leave the piece."""
    notch = Mark("notch", ((0.0, 0.0),), "knife", 3.0, 3.0, angle_deg, shape)
    piece = OrderedPiece("A", "Front", "M", box(0, 0, 100, 80), 1, marks=(notch,))
    marker = make_marker([piece], [Placement("A", 1, 11.3, 7.7, 0.0)])
    for name in ("hpgl-generic", "grbl-servo"):
        profile = load_profile(name)
        assert found((profile, marker, plan_cut(marker, profile)))[2] == set()


def test_the_wrong_heading_at_the_start_is_found():
    base = load_profile("grbl-servo")
    marker = shirt_like()
    known = replace(base, knife=replace(base.knife, start_deg=0.0))
    data = program_text(plan_cut(marker, known), known, "test").encode()
    assert judge(run_program(data, known), marker).violations == ()
    assert "off-outline" in codes(judge(run_program(data, known, start_deg=180.0), marker).violations)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("G0 Z10\nG0 X", "G0 X", "down-rapid"),
        ("G1 Z-0.5 F600", "G1 Z1 F600", "not-through"),
        ("G1 Z-0.5 F600", "G1 Z4 F600", "missed"),
        ("G0 Z10\nG0 X0 Y0\nM2", "M2", "down-at-end"),
        ("G1 Z-0.5 F600", "G1 X1 Y1 Z-0.5 F600", "slanted"),
    ],
)
def test_a_knife_on_a_z_axis_that_is_not_let_down_or_lifted_is_found(old, new, code):
    profile, marker = load_profile("grbl-z"), shirt_like()
    job = profile, marker, plan_cut(marker, profile)
    assert found(job)[2] == set()
    text = program_text(job[2], profile, "test")
    at = text.rindex(old) if code == "down-at-end" else text.index(old, len(text) // 2 if code == "down-rapid" else 0)
    assert (
        code
        in found(job, change=lambda t: t[:at] + new + t[at + len(old) :] if code != "missed" else t.replace(old, new))[
            2
        ]
    )


def test_a_z_axis_takes_its_time():
    profile, marker = load_profile("grbl-z"), shirt_like()
    job = profile, marker, plan_cut(marker, profile)
    run = found(job)[0]
    slow = replace(profile, plunge=replace(profile.plunge, speed_mm_s=5.0))
    late = found((slow, marker, job[2]))[0]
    downs = run.tool_downs
    # 10.5 mm down and up at 10 and 20 mm/s, and at 5 mm/s
    assert late.time_s - run.time_s == pytest.approx(downs * (2 * 10.5 / 5 - 10.5 / 10 - 10.5 / 20), rel=0.06)
