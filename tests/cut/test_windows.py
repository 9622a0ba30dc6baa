"""Windows: what is cut in which, that nothing is lost or doubled at a border, and what the emulated machine finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from garments import garments, notch
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from cutkit.cut.figures import finished_in
from cutkit.cut.plan import plan_cut, window_starts
from cutkit.errors import LimitError
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_texts
from cutkit.machine.emulator import join_runs, run_program
from cutkit.machine.judge import judge
from cutkit.model import Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement
from cutkit.toolpath import Windows

GRBL, HPGL, HP7475 = (load_profile(name) for name in ("grbl-servo", "hpgl-generic", "hpgl-7475"))


def table(profile, length_mm, overlap_mm=6.0):
    return replace(profile, table=replace(profile.table, length_mm=length_mm), windows=Windows(overlap_mm))


def judged(marker, profile, change=lambda texts: texts):
    """The verdict on the programs of all windows, run one after the other."""
    path = plan_cut(marker, profile)
    texts = change(program_texts(path, profile, "test"))
    runs = [run_program(text.encode(), profile) for text in texts]
    lines = [sum(text.count("\n") + 1 for text in texts[:k]) for k in range(len(texts))]
    run = join_runs(runs, lines, window_starts(marker, profile))
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


def test_a_twelve_metre_marker_on_a_table_of_a_metre_and_a_half():
    marker = garments()
    copies = [replace(p, x_mm=p.x_mm + shift) for shift in range(0, 11_000, 1800) for p in marker.placements]
    pieces = tuple(replace(p, ordered=p.ordered * 7, ordered_mirrored=p.ordered_mirrored * 7) for p in marker.pieces)
    long = replace(marker, pieces=pieces, placements=tuple(copies))
    assert long.length_mm >= 12_000
    _, verdict, faults = judged(long, table(GRBL, 1600))
    assert (faults, verdict.cut_once) == (Counter(), len(copies))


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
