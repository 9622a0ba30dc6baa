"""Real files of AccuMark, CLO and Valentina through inspect, nest and the contract's referee.

They are other people's patterns: read where they lie beside the repository, skipped where they do not.
"""

from __future__ import annotations

import json
import math

import pytest
from line_tools import SHARED, assert_valid, markers_of, nest, ordered, run

FOLDER = SHARED / "dxf"
TRUTH = FOLDER / "truth.json"
MAKERS = ("Gerber AccuMark", "CLO", "Valentina")
ENTRIES = [
    entry
    for entry in (json.loads(TRUTH.read_text()) if TRUTH.exists() else [])
    if entry["cad"].startswith(MAKERS) and (FOLDER / entry["file"]).exists()
]
WIDTH_MM = 1500.0

pytestmark = pytest.mark.skipif(not ENTRIES, reason="the real files are not here")


@pytest.fixture(scope="module", params=ENTRIES, ids=lambda entry: entry["file"])
def entry(request):
    """What the table of truth says of a file, and what ``inspect`` says of it."""
    ran = run("inspect", FOLDER / request.param["file"], "--json", "--quiet")
    assert (ran.code, ran.err) == (0, ""), ran.err
    (pattern,) = json.loads(ran.out)["files"]
    return request.param, pattern


def test_makers_of_all_three_kinds_are_here():
    assert {maker for maker in MAKERS for entry in ENTRIES if entry["cad"].startswith(maker)} == set(MAKERS)


def test_what_inspect_prints_agrees_with_the_table(entry):
    truth, pattern = entry
    if "plain" in truth:
        areas = sorted(loop["area_cm2"] for loop in truth["plain"]["outer"])
        assert sorted(piece["area_cm2"] for piece in pattern["pieces"]) == pytest.approx(areas, rel=1e-3)
        return
    pieces = {(piece["name"], piece["size"]): piece for piece in pattern["pieces"]}
    rows = {(row.get("name") or row["block"], row.get("size") or ""): row for row in truth["rows"]}
    assert len(pattern["pieces"]) == len(truth["rows"]) == truth["n_blocks"]
    assert set(pieces) == set(rows)
    for key, row in rows.items():
        piece = pieces[key]
        assert piece["unfolded"] == row.get("half_piece", False)
        assert same_direction(piece["grain_deg"], row.get("grain", [None])[0]), key
        if not piece["cutouts"]:  # the table leaves cut-outs in, inspect takes them off
            assert piece["area_cm2"] == pytest.approx(row.get("unfolded_area_cm2", row["area_cm2"]), rel=1e-3), key


def same_direction(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs((a - b + 90) % 180 - 90) < 0.01


def test_every_file_nests_without_a_fault(entry, tmp_path):
    """A garment of each of up to three sizes, on 150 cm or as wide as the widest piece needs."""
    truth, pattern = entry
    sizes = pattern["sizes"]
    sizes = [sizes[0], sizes[len(sizes) // 2], sizes[-1]] if len(sizes) > 2 else sizes
    width_mm = max(WIDTH_MM, *(across_mm(piece) for piece in pattern["pieces"]))
    order = ordered(*sizes) if sizes else None
    ran = nest(FOLDER / truth["file"], order, tmp_path / "m.marker.json", width=f"{width_mm:.3f}mm")
    assert ran.code == 0, ran.err
    markers = markers_of(ran)
    for path, marker in markers:
        assert marker["unplaced"] == []
        assert_valid(path, marker)
    wanted = [piece["quantity"] for piece in pattern["pieces"] if not sizes or piece["size"] in sizes]
    copies = sum(quantity["as_drawn"] + quantity["mirrored"] for quantity in wanted)
    assert sum(len(marker["placements"]) for _, marker in markers) == copies > 0


def across_mm(piece: dict) -> float:
    """How much of the width a piece takes: its height where the grain lies along x, its length where along y."""
    wide, high = piece["bbox_mm"]
    grain = piece["grain_deg"] or 0.0
    if min(grain, 180 - grain) < 0.01:
        return high
    return wide if abs(grain - 90) < 0.01 else math.hypot(wide, high)
