"""Markers without any waste: random exact tilings, cut by every profile, must be found right; and wrong when spoilt."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from builders import make_marker
from machine_samples import codes
from shapely.geometry import Polygon, box

from cutkit.check import check_marker
from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.model import Fabric, Mark, OrderedPiece, Placement
from cutkit.toolpath import Knife, StrokeRules

GENERIC = load_profile("hpgl-generic")
PROFILES = [
    GENERIC,
    replace(GENERIC, name="hpgl-overcut", knife=Knife("none", overcut_mm=2.0, lead_in_mm=1.0)),
    load_profile("grbl-servo"),
    load_profile("pen-plotter"),
]


def cells(rng, x0, y0, x1, y1, depth):
    """A rectangle cut into smaller ones at random."""
    wide = x1 - x0 > y1 - y0
    if depth == 0 or max(x1 - x0, y1 - y0) < 12:
        return [(x0, y0, x1, y1)]
    at = round((x0 + (x1 - x0) * rng.uniform(0.3, 0.7)) if wide else (y0 + (y1 - y0) * rng.uniform(0.3, 0.7)), 3)
    parts = [(x0, y0, at, y1), (at, y0, x1, y1)] if wide else [(x0, y0, x1, at), (x0, at, x1, y1)]
    return [cell for part in parts for cell in cells(rng, *part, depth - 1)]


def shapes(rng, x0, y0, x1, y1):
    """One cell as one to four pieces that fill it: triangles, a wave, a piece in another's cut-out, or itself."""
    a, b, c, d = (x0, y0), (x1, y0), (x1, y1), (x0, y1)
    kind = rng.randrange(5)
    if kind == 0:
        return [Polygon([a, b, c]), Polygon([a, c, d])]
    if kind == 1:
        m = (x0 + (x1 - x0) * rng.uniform(0.2, 0.8), y0 + (y1 - y0) * rng.uniform(0.2, 0.8))
        return [Polygon([p, q, m]) for p, q in ((a, b), (b, c), (c, d), (d, a))]
    if kind == 2:
        n, high = rng.choice([6, 60]), (y1 - y0) * 0.2
        wave = [(x0 + (x1 - x0) * k / n, (y0 + y1) / 2 + high * math.sin(4 * math.pi * k / n)) for k in range(n + 1)]
        return [Polygon([a, b, *wave[::-1]]), Polygon([*wave, c, d])]
    if kind == 3:
        dx, dy = (x1 - x0) * 0.25, (y1 - y0) * 0.25
        hole = box(x0 + dx, y0 + dy, x1 - dx, y1 - dy)
        return [Polygon([a, b, c, d], [hole.exterior.coords]), hole]
    return [Polygon([a, b, c, d])]


def slit(rng, shape):
    """A notch at a random place of an outline, square to it or of no direction."""
    ring = shape.exterior
    s = rng.uniform(0, ring.length - 1e-3)
    p, q = ring.interpolate(s), ring.interpolate(s + 1e-3)
    inward = math.degrees(math.atan2(q.y - p.y, q.x - p.x)) + (90 if ring.is_ccw else -90)
    return Mark("notch", ((p.x, p.y),), "knife", 3.0, 3.0, rng.choice([inward, None]), rng.choice(["slit", "v", "t"]))


def tiling(seed):
    rng = random.Random(seed)
    width, length = rng.choice([60.0, 177.777]), rng.choice([100.0, 400.0])
    found = [s for cell in cells(rng, 0, 0, length, width, rng.choice([1, 3, 4])) for s in shapes(rng, *cell)]
    pieces = [OrderedPiece(f"{k}", f"P{k}", "M", s, 1, marks=(slit(rng, s),)) for k, s in enumerate(found)]
    return make_marker(pieces, [Placement(p.id, 1, 0, 0, 0) for p in pieces], fabric=Fabric(width))


def faults(path, profile, marker):
    run = run_program(program_text(path, profile, "tiling").encode(), profile)
    verdict = judge(run, marker)
    return codes(run.violations) | codes(verdict.violations), verdict


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("seed", range(12))
def test_an_exact_tiling_is_cut_right(seed, profile):
    marker = tiling(seed)
    assert check_marker(marker) == []
    found, verdict = faults(plan_cut(marker, profile), profile, marker)
    assert found == set()
    assert verdict.cut_once == len(marker.placements)
    assert verdict.worst_deviation_mm <= 0.05


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_tiling_is_found(seed, profile):
    marker, profile = tiling(seed), replace(profile, strokes=StrokeRules(notches="before"))
    path = plan_cut(marker, profile)
    k = random.Random(seed).choice([k for k, s in enumerate(path.strokes) if s.kind == "boundary"])
    before, stroke, after = path.strokes[:k], path.strokes[k], path.strokes[k + 1 :]
    shifted = tuple((x + 0.06, y + 0.06) for x, y in stroke.points)
    holder = stroke.holder and tuple((x + 0.06, y + 0.06) for x, y in stroke.holder)
    spoilt = {
        "missed": (*before, *after),
        "cut-twice": (*before, stroke, stroke, *after),
        "off-outline": (*before, replace(stroke, points=shifted, holder=holder), *after),
    }
    for code, strokes in spoilt.items():
        found, _ = faults(replace(path, strokes=strokes), profile, marker)
        assert code in found
