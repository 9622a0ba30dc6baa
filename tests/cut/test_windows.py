"""Windows: what is cut in which, that nothing is lost or doubled at a border, and what the emulated machine finds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from garment_markers import garments, notch
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from cutkit.cut.figures import finished_in
from cutkit.cut.plan import plan_cut, window_starts
from cutkit.errors import LimitError
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_texts
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.machine.trace import join_runs
from cutkit.model import Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement
from cutkit.toolpath import StrokeRules, Windows

GRBL, HPGL, HP7475 = (load_profile(name) for name in ("grbl-servo", "hpgl-generic", "hpgl-7475"))
GERBER, TANGENTIAL = load_profile("gerber-cut"), load_profile("linuxcnc-tangential")


def table(profile, length_mm, overlap_mm=6.0):
    return replace(profile, table=replace(profile.table, length_mm=length_mm), windows=Windows(overlap_mm))


def feeding(profile, length_mm, feed="FR{advance};", overlap_mm=6.0, **more):
    """A machine whose programs move the cloth on."""
    return replace(table(profile, length_mm), windows=Windows(overlap_mm, feed=feed, **more))


GRBL_FEED, HPGL_FEED = "M101 P{advance_mm}", "FR{advance};"


def judged(marker, profile, change=lambda texts: texts):
    """The verdict on the programs of all windows, run one after the other."""
    path = plan_cut(marker, profile)
    texts = change(program_texts(path, profile, "test"))
    runs = [run_program(text.encode(), profile) for text in texts]
    lines = [sum(text.count("\n") + 1 for text in texts[:k]) for k in range(len(texts))]
    run = join_runs(runs, lines, None if profile.feeds_cloth else window_starts(marker, profile))
    verdict = judge(run, marker)
    return path, verdict, Counter(v.code for v in (*run.violations, *verdict.violations))


def column_of(shapes, step=420.0, marks=()):
    pieces = tuple(OrderedPiece(f"p{k}", f"P{k}", "", shape, 1, marks=marks) for k, shape in enumerate(shapes))
    places = tuple(Placement(f"p{k}", 1, step * k, 0, 0) for k in range(len(shapes)))
    return Marker(Fabric(1000), pieces, places, NestSettings())


@pytest.mark.parametrize("profile", [GRBL, HPGL], ids=lambda p: p.name)
def test_pieces_that_fit_are_never_split(profile):
    marker = column_of([box(0, 0, 400, 300)] * 9, marks=(notch(0, 100, 0), Mark("drill", ((200, 100),), "punch")))
    path, verdict, faults = judged(marker, table(profile, 1000))
    assert len(path.windows) == 5
    assert [w.start_mm for w in path.windows] == [840.0 * k for k in range(5)]
    assert (faults, verdict.cut_once) == (Counter(), 9)
    windows_of = {k: set() for k in range(9)}
    for number, window in enumerate(path.windows):
        for stroke in path.strokes[window.first : window.end]:
            windows_of[stroke.placement].add(number) if stroke.placement >= 0 else None
    assert all(len(numbers) == 1 for numbers in windows_of.values())
    assert sum(finished_in(path, window) for window in path.windows) == 9


@pytest.mark.parametrize("profile", [GRBL, HPGL], ids=lambda p: p.name)
@pytest.mark.parametrize("overlap", [0.5, 6.0])
def test_a_piece_longer_than_the_table_is_split_with_an_overlap(profile, overlap):
    drawn = Polygon([(0, 0), (2600, 0), (2600, 300), (1300, 340), (0, 300)], [box(900, 100, 1100, 200).exterior.coords])
    marks = (notch(990, 0, 90), notch(2000, 0, 90), Mark("drill", ((1500, 200),), "punch"))
    path, verdict, faults = judged(
        column_of([drawn, box(0, 0, 200, 300)], 2620.0, marks[:0]), table(profile, 1000, overlap)
    )
    assert faults == Counter()
    assert (verdict.cut_once, len(path.windows)) == (2, 3)
    marker = column_of([drawn], marks=marks)
    path, verdict, faults = judged(marker, table(profile, 1000, overlap))
    assert (faults, verdict.cut_once) == (Counter(), 1)
    last = path.windows[-1]
    assert path.strokes[last.end - 1].kind == "boundary"
    inner = [k for k, s in enumerate(path.strokes) if s.kind in ("notch", "drill", "cutout")]
    assert max(inner) < last.end - 1


@pytest.mark.parametrize(
    ("profile", "windows"),
    [
        (table(GRBL, 1600), 7),
        (feeding(GRBL, 1600, GRBL_FEED), 7),
        (feeding(GRBL, 1600, "M69", bite_mm=1400.0), 9),
        (feeding(GERBER, 1600, "M69*", bite_mm=1400.0), 9),
        (table(TANGENTIAL, 1600), 7),
        (feeding(TANGENTIAL, 1600, GRBL_FEED), 7),
    ],
    ids=["by hand", "by the program", "by bites", "cutter code", "turned blade", "turned blade, by the program"],
)
def test_a_twelve_metre_marker_on_a_table_of_a_metre_and_a_half(profile, windows):
    long = twelve_metres()
    assert long.length_mm >= 12_000
    path, verdict, faults = judged(long, profile)
    assert (faults, verdict.cut_once) == (Counter(), len(long.placements))
    assert len(path.windows) == windows
    texts = program_texts(path, profile, "long")
    assert len(texts) == (1 if profile.feeds_cloth else len(path.windows))


def twelve_metres():
    marker = garments()
    copies = [replace(p, x_mm=p.x_mm + shift) for shift in range(0, 11_000, 1800) for p in marker.placements]
    pieces = tuple(replace(p, ordered=p.ordered * 7, ordered_mirrored=p.ordered_mirrored * 7) for p in marker.pieces)
    return replace(marker, pieces=pieces, placements=tuple(copies))


def test_numbers_of_sixteen_bits_end_a_window():
    small = replace(HP7475, table=replace(HP7475.table, length_mm=None, width_mm=2000.0))
    marker = column_of([box(0, 0, 400, 250)] * 6)
    with pytest.raises(LimitError, match="the machine's numbers end at"):
        plan_cut(marker, small, windows=False)
    path, verdict, faults = judged(marker, small)
    assert len(path.windows) == 6
    assert (faults, verdict.cut_once) == (Counter(), 6)


def test_what_is_lost_at_a_border_or_doubled_is_found():
    marker = column_of([box(0, 0, 2600, 300), box(0, 0, 200, 300)], 2620.0)
    profile = table(HPGL, 1000)
    assert judged(marker, profile)[2] == Counter()
    assert judged(marker, profile, lambda texts: [texts[0], "IN;SP1;PU0,0;PD;PU;PU0,0;SP0;", *texts[2:]])[2]
    late = judged(marker, profile, lambda texts: [texts[0], texts[1].replace("PD", "PD;PU;PA;PD", 1), *texts[2:]])
    assert late[1].cut_once <= 2
    twice = [program_texts(plan_cut(marker, profile), profile, "t")[1]]
    assert judged(marker, profile, lambda texts: [texts[0], texts[1][:-12] + twice[0][3:], *texts[2:]])[2]["cut-twice"]
    moved = judged(marker, replace(profile, windows=Windows(0.0)), lambda texts: texts)
    assert moved[2] == Counter()


def test_a_line_that_must_not_be_split_needs_a_table():
    writing = Mark("internal", ((10, 10), (700, 10)))
    marker = column_of([box(0, 0, 300, 300)])
    assert len(plan_cut(marker, table(HPGL, 350)).windows) == 0
    label = replace(marker, pieces=(replace(marker.pieces[0], marks=(writing,)),))
    assert plan_cut(label, table(HPGL, 350)).strokes


boxes = st.tuples(st.integers(60, 900), st.integers(60, 400))


@given(st.lists(boxes, min_size=1, max_size=9), st.integers(300, 1200))
@settings(max_examples=40, deadline=None)
def test_every_piece_once_whatever_the_table(sizes, length):
    x, shapes, places = 0.0, [], []
    for k, (long, wide) in enumerate(sizes):
        shapes.append(OrderedPiece(f"p{k}", "P", "", box(0, 0, long, wide), 1))
        places.append(Placement(f"p{k}", 1, x, 0.0 if k % 2 else 450.0, 0))
        x += long + 5
    marker = Marker(Fabric(1000), tuple(shapes), tuple(places), NestSettings())
    path, verdict, faults = judged(marker, table(HPGL, float(length)))
    assert (faults, verdict.cut_once) == (Counter(), len(sizes))
    for window in path.windows:
        xs = [px - window.start_mm for s in path.strokes[window.first : window.end] for px, _ in s.points]
        assert min(xs) > -0.01
        assert max(xs) < length + 0.01


# ---- programs that move the cloth on -------------------------------------------------------------------------------


def test_one_program_makes_all_windows_and_moves_the_cloth_on_between():
    marker = column_of([box(0, 0, 400, 300)] * 5)
    profile = replace(feeding(HPGL, 1000), windows=Windows(6.0, feed="PU;\nFR{advance};", zero="PU0,0;\nDF;"))
    path = plan_cut(marker, profile)
    (text,) = program_texts(path, profile, "t")
    lines = text.splitlines()
    assert lines[:3] == ["IN;", "PU0,0;", "DF;"]
    feeds = [k for k, line in enumerate(lines) if line.startswith("FR")]
    assert [lines[k - 1 : k + 3] for k in feeds] == [["PU;", "FR33600;", "PU0,0;", "DF;"]] * 2
    assert lines.count("SP1;") == lines.count("SP2;") == 3, "each window has its labels and its cuts"
    assert judged(marker, profile)[2] == Counter()


def test_a_program_a_window_begins_with_the_zero():
    profile = replace(GRBL, table=replace(GRBL.table, length_mm=1000.0), windows=Windows(zero="G0 X0 Y0\nG92 X0 Y0"))
    marker = column_of([box(0, 0, 400, 300)] * 5)
    texts = program_texts(plan_cut(marker, profile), profile, "t")
    assert len(texts) == 3
    header = [line for line in profile.program.header.split("\n") if line]
    for number, text in enumerate(texts, 1):
        begin = [*header, f"(t window {number} of 3)", "G0 X0 Y0", "G92 X0 Y0"]
        assert text.splitlines()[: len(begin)] == begin
    assert judged(marker, profile)[2] == Counter()


def test_a_blade_keeps_its_heading_from_window_to_window():
    marker = column_of([box(0, 0, 400, 300)] * 5)
    path = plan_cut(marker, feeding(GRBL, 1000, GRBL_FEED))
    assert [s.kind for s in path.strokes].count("align") == 1
    assert [s.kind for s in plan_cut(marker, table(GRBL, 1000)).strokes].count("align") == 3


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (("FR33600;", "FR33640;"), {"off-outline"}),
        (("FR33600;", "FR33560;"), {"off-outline"}),
        (("FR33600;", ""), {"cut-twice", "missed"}),
        (("FR33600;", "FR33600;FR33600;"), {"off-outline"}),
        (("PU;\nFR33600;", "FR33600;\nPU;"), {"feed-down", "off-outline"}),
    ],
    ids=["a millimetre too far", "too short", "left out", "twice", "before the tool is up"],
)
def test_a_wrong_feed_is_found(change, codes):
    marker = column_of([box(0, 0, 400, 300)] * 5)
    profile = feeding(HPGL, 1000)
    _, verdict, faults = judged(marker, profile, lambda texts: [texts[0].replace(*change, 1)])
    assert codes <= set(faults)
    assert verdict.cut_once < 5 or "feed-down" in codes


def test_feeds_are_whole_numbers_of_the_machine_and_add_up_to_nothing():
    marker = column_of([box(0, 0, 333.337, 300)] * 30, step=340.01117)
    profile = feeding(HPGL, 700)
    (text,) = program_texts(plan_cut(marker, profile), profile, "t")
    run = run_program(text.encode(), profile)
    verdict = judge(run, marker)
    assert len(run.windows_mm) == 15
    assert (run.violations, verdict.violations) == ((), ())
    assert verdict.worst_deviation_mm <= 0.03


def test_bites_part_what_lies_across_their_ends():
    marker = column_of([box(0, 0, 400, 300)] * 7, marks=(notch(0, 100, 0), Mark("drill", ((300, 100),), "punch")))
    profile = replace(feeding(HPGL, 1000, "PG;", bite_mm=850.0), strokes=StrokeRules(notches="before"))
    path, verdict, faults = judged(marker, profile)
    assert (faults, verdict.cut_once) == (Counter(), 7)
    assert [w.start_mm for w in path.windows] == [0, 850, 1700, 2550]
    parts = Counter(s.placement for s in path.strokes if s.kind == "boundary")
    assert parts == {0: 1, 1: 1, 2: 2, 3: 1, 4: 2, 5: 1, 6: 2}
    assert all(start == 850.0 * k for k, start in enumerate(window_starts(marker, profile)))


def test_a_line_that_bites_would_part_but_must_not_be_is_refused():
    wide = notch(160, 0, 90, "castle", width=30.0)
    marker = column_of([box(0, 0, 400, 300)] * 4, marks=(wide,))
    assert judged(marker, feeding(HPGL, 1000, "PG;", bite_mm=950.0))[2] == Counter()
    with pytest.raises(LimitError, match=r"placement 2 that must not be split .* a bite of 990 mm on"):
        plan_cut(marker, feeding(HPGL, 1000, "PG;", bite_mm=990.0))


shapes = st.tuples(st.integers(60, 900), st.integers(60, 400), st.booleans())
machines = st.tuples(st.sampled_from(["hand", "feed", "bite"]), st.integers(300, 1200), st.sampled_from([1.0, 6.0]))


@given(st.lists(shapes, min_size=1, max_size=7), machines, st.floats(0, 40))
@settings(max_examples=40, deadline=None)
def test_what_holds_for_every_marker_and_table(sizes, machine, at):
    """No cut is lost at a border, parts overlap as told, nothing is finished before its inner cuts, no feed is down."""
    kind, length, overlap = machine
    marker = holed(sizes, at)
    profile = {
        "hand": table(HPGL, float(length), overlap),
        "feed": feeding(HPGL, float(length), overlap_mm=overlap),
        "bite": feeding(HPGL, float(length), "PG;", overlap, bite_mm=length - 60.0),
    }[kind]
    path, verdict, faults = judged(marker, profile)
    assert (faults, verdict.cut_once) == (Counter(), len(sizes))
    for index, polygon in enumerate(marker.polygons):
        own = [s for s in path.strokes if s.placement == index]
        finished = max(k for k, s in enumerate(own) if s.kind == "boundary")
        assert all(k < finished for k, s in enumerate(own) if s.kind != "boundary")
        contours = [s for s in own if s.kind == "boundary"]
        parts = [LineString(s.points) for s in contours]
        borders = len({w.start_mm for w in path.windows for s in path.strokes[w.first : w.end] if s in contours}) - 1
        edges = polygon.exterior.length
        if len(parts) > 1:
            assert sum(part.length for part in parts) == pytest.approx(edges + 2 * overlap * borders, abs=0.01)
        else:
            assert parts[0].length == pytest.approx(edges, abs=0.01)
    if kind != "hand":
        lines = program_texts(path, profile, "t")[0].splitlines()
        moves = [k for k, line in enumerate(lines) if line.startswith(("FR", "PG"))]
        assert len(moves) >= len(path.windows) - 1
        assert all(_is_up(lines[:k]) for k in moves)


def _is_up(lines):
    return next((line for line in reversed(lines) if line[:2] in ("PU", "PD")), "PU").startswith("PU")


def holed(sizes, at):
    """Boxes side by side, those that are told with a cut-out and a drill hole."""
    pieces, places, ends = [], [], [at, at]
    for k, (long, wide, has_hole) in enumerate(sizes):
        hole = [box(20, 20, long - 20, 40).exterior.coords] if has_hole else []
        marks = (Mark("drill", ((long / 2, 50.0),), "punch"),) if has_hole else ()
        pieces.append(OrderedPiece(f"p{k}", "P", "", Polygon(box(0, 0, long, wide).exterior, hole), 1, marks=marks))
        places.append(Placement(f"p{k}", 1, ends[k % 2], 450.0 * (k % 2), 0))
        ends[k % 2] += long + 5
    return Marker(Fabric(1000), tuple(pieces), tuple(places), NestSettings())


# ---- where lines are split ------------------------------------------------------------------------------------------

STEEP = Polygon([(0, 0), (990, 0), (1010, 400), (1500, 400), (1500, 500), (0, 500)])
STEPPED = Polygon([(0, 0), (1500, 0), (1500, 200), (1000, 200), (1000, 500), (0, 500)])


@pytest.mark.parametrize("shape", [STEEP, STEPPED], ids=["a steep edge crosses the border", "an edge lies on it"])
@pytest.mark.parametrize("overlap", [0.0, 6.0, 40.0])
def test_parts_overlap_along_the_line_however_steep_it_is(shape, overlap):
    path, verdict, faults = judged(column_of([shape]), table(HPGL, 1000, overlap))
    assert (faults, verdict.cut_once, len(path.windows)) == (Counter(), 1, 2)
    length = sum(LineString(s.points).length for s in path.strokes if s.kind == "boundary")
    assert length == pytest.approx(shape.exterior.length + 2 * overlap)


def flush_pieces():
    """Two long pieces that lie flush and are split at the same place, and a short one flush with both parts of one."""
    sizes = [(1500, 200), (1500, 200), (60, 100), (440, 100)]
    at = [(0, 0), (0, 200), (980, 400), (1040, 400)]
    pieces = tuple(OrderedPiece(f"p{k}", "P", "", box(0, 0, *size), 1) for k, size in enumerate(sizes))
    places = tuple(Placement(f"p{k}", 1, float(x), float(y), 0) for k, (x, y) in enumerate(at))
    return Marker(Fabric(600), pieces, places, NestSettings())


@pytest.mark.parametrize("kind", ["hand", "bite"])
def test_pieces_that_lie_flush_are_split_side_by_side(kind):
    profile = table(HPGL, 1000) if kind == "hand" else feeding(HPGL, 1000, "PG;", bite_mm=980.0)
    path, verdict, faults = judged(flush_pieces(), profile)
    assert (faults, verdict.cut_once, len(path.windows)) == (Counter(), 4, 2)


def test_a_line_cut_again_at_a_splice_is_found():
    """Within the overlap every window may cut a line once; farther than that a second cut is one too many."""
    marker, profile = column_of([box(0, 0, 1500, 200)]), table(HPGL, 1000)
    again = "PU24000,0;\nPD;\nPD38000,0;\nPU;\n"
    changed = judged(marker, profile, lambda texts: [texts[0].replace("PU0,0;", again + "PU0,0;"), texts[1]])
    assert changed[2]["cut-twice"] == 1


def test_a_piece_hangs_by_the_little_that_the_next_window_cuts():
    """A notch in the last two percent of a split piece, cut before its outline is closed, is not cut in loose cloth."""
    marker = column_of([box(0, 0, 1010, 200)], marks=(notch(1010, 100, 180, depth=3.0),))
    path, _, faults = judged(marker, table(GRBL, 1000))
    assert (faults, len(path.windows)) == (Counter(), 2)
    kinds = [s.kind for s in path.strokes[path.windows[1].first :]]
    assert kinds[-1] == "boundary"
    assert "notch" in kinds


@pytest.mark.parametrize("change", ["none", "left out"])
def test_lines_of_the_pen_are_split_too(change):
    pocket = Mark("internal", ((900, 40), (1100, 40), (1120, 140), (880, 140), (900, 40)), "pen")
    marker = column_of([box(0, 0, 1500, 200)], marks=(pocket,))
    profile = table(HPGL, 1000)
    path = plan_cut(marker, profile)
    drawn = [k for k, s in enumerate(path.strokes) if s.kind == "internal"]
    assert len(drawn) == 2
    if change == "left out":
        last = path.windows[1]
        strokes = tuple(s for k, s in enumerate(path.strokes) if k != drawn[1])
        path = replace(path, strokes=strokes, windows=(path.windows[0], replace(last, end=last.end - 1)))
    runs = [run_program(text.encode(), profile) for text in program_texts(path, profile, "t")]
    found = Counter(v.code for v in judge(join_runs(runs, [0, 0], window_starts(marker, profile)), marker).violations)
    assert found == (Counter() if change == "none" else Counter({"ink-missed": 1, "stray-ink": 1}))


@pytest.mark.parametrize("seed", range(6))
def test_garments_on_tables_of_all_lengths(seed):
    generator = random.Random(seed)
    base, feed = generator.choice([(HPGL, HPGL_FEED), (GRBL, GRBL_FEED)])
    for kind in ("hand", "feed", "bite"):
        length = float(generator.randint(350, 1000))
        bite = length - 60 if kind == "bite" else None
        profile = table(base, length) if kind == "hand" else feeding(base, length, feed, bite_mm=bite)
        path, verdict, faults = judged(garments(), profile)
        assert (faults, verdict.cut_once) == (Counter(), 8), (kind, length)
        assert len(path.windows) >= 2


def test_pieces_longer_than_the_table_do_not_each_begin_a_window():
    shapes = [box(0, 0, 700, 90)] * 5
    pieces = tuple(OrderedPiece(f"p{k}", "P", "", shape, 1) for k, shape in enumerate(shapes))
    places = tuple(Placement(f"p{k}", 1, 40.0 * k, 100.0 * k, 0) for k in range(5))
    path, _, faults = judged(Marker(Fabric(600), pieces, places, NestSettings()), table(HPGL, 600))
    assert (faults, len(path.windows)) == (Counter(), 2)
