"""The reader against the truth table of real files; skipped where these are not beside the repository.

Pieces are matched one to one by name and size, so a ghost, a missing or a merged piece fails. The table counts what is
drawn of a half piece; the marks of an unfolded one are checked to be between once and twice as many.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from shapely.geometry import Polygon

from cutkit.formats.patterns import read_pattern
from cutkit.geometry import size_after_turn

FOLDER = Path(__file__).parents[2] / "../shared/dxf"
TABLE = json.loads((FOLDER / "truth.json").read_text()) if (FOLDER / "truth.json").exists() else []
BLOCKS = [entry for entry in TABLE if "rows" in entry]
PLAIN = [entry for entry in TABLE if "plain" in entry]

pytestmark = pytest.mark.skipif(not TABLE, reason="the real files are not here")


def name_of(entry):
    return entry["file"]


def outer_area_cm2(piece):
    return Polygon(piece.outline.exterior).area / 100


@pytest.mark.parametrize("entry", BLOCKS, ids=name_of)
def test_every_row_agrees(entry):
    pattern = read_pattern(FOLDER / entry["file"])
    assert pattern.units == entry["unit"]
    assert list(pattern.sizes) == entry["sizes"]
    assert pattern.sample_size == entry["sample_size"]
    rows = {(row.get("name") or row["block"], row.get("size") or ""): row for row in entry["rows"]}
    pieces = {(piece.name, piece.size): piece for piece in pattern.pieces}
    assert len(pieces) == len(pattern.pieces)
    assert set(pieces) == set(rows)
    wrong = [f"{key}: {what}" for key, row in rows.items() for what in differences(pieces[key], row)]
    assert wrong == []


def differences(piece, row):
    """What of a piece is not as the row says, in words."""
    if "area_cm2" not in row:  # a block with a sew line alone: nothing to compare
        return
    area = row.get("unfolded_area_cm2", row["area_cm2"])
    if abs(outer_area_cm2(piece) - area) > 1e-3 * area:
        yield f"area {outer_area_cm2(piece):.3f}, not {area}"
    if piece.unfolded != bool(row.get("half_piece")):
        yield f"unfolded {piece.unfolded}"
    grain = row.get("grain", [None])[0]
    if not same_direction(piece.grain_deg, grain):
        yield f"grain {piece.grain_deg}, not {grain}"
    yield from box_differences(piece, row)
    yield from count_differences(piece, row)
    yield from text_differences(piece, row)


def same_direction(a, b):
    if a is None or b is None:
        return a is b
    return abs((a - b + 90) % 180 - 90) <= 0.01


def box_differences(piece, row):
    box = size_after_turn(piece.outline, -piece.turned_deg)
    off = [abs(a / 10 - b) for a, b in zip(box, row["bbox_cm"], strict=True)]
    if (min(off) if piece.unfolded else max(off)) > 0.02:
        yield f"box {box}, not {row['bbox_cm']}"


def count_differences(piece, row):
    kinds = Counter(mark.kind for mark in piece.marks)
    slits = sum(1 for mark in piece.marks if mark.kind == "internal" and mark.tool == "knife")
    counts = {
        "drill13": kinds["drill"],
        "sew14": kinds["sew"],
        "internal8": sum(1 for mark in piece.marks if mark.layer == "8"),
        "cutouts11": len(piece.outline.interiors) + slits,
        "vertices": len(piece.outline.exterior.coords) - 1,
    }
    if row["is_sample"]:  # the other sizes inherit their notches; the table counts what their blocks hold
        counts["notches"] = kinds["notch"]
    most = 2 if piece.unfolded else 1
    for key, count in counts.items():
        if not row[key] <= count <= most * row[key]:
            yield f"{key} {count}, not {row[key]}"


def text_differences(piece, row):
    if "quantity" in row:
        quantity = row["quantity"]
        drawn = (quantity.get("first", piece.as_drawn), quantity.get("second", piece.mirrored))
        if (piece.as_drawn, piece.mirrored) != drawn or piece.per_garment != quantity["total"]:
            yield f"quantity {piece.as_drawn},{piece.mirrored}, not {quantity}"
    for key in ("material", "category"):
        if key in row and getattr(piece, key) != row[key]:
            yield f"{key} {getattr(piece, key)!r}, not {row[key]!r}"


@pytest.mark.parametrize("entry", PLAIN, ids=name_of)
def test_plain_drawings_give_their_outer_loops(entry):
    plain = entry["plain"]
    rows = plain["outer"] if "outer" in plain else plain["pieces"].values()
    pattern = read_pattern(FOLDER / entry["file"])
    assert pattern.units == entry["unit"]
    expected = sorted(row["area_cm2"] for row in rows)
    assert sorted(map(outer_area_cm2, pattern.pieces)) == [pytest.approx(area, rel=1e-3) for area in expected]
    assert not any(piece.outline.interiors for piece in pattern.pieces)


@pytest.mark.parametrize("stem", ["ksons_GLX4802S19", "ksons_GMX1016S18", "ksons_ORILEGWB"])
def test_twins_in_both_dialects_are_equal(stem):
    aama, astm = (read_pattern(FOLDER / f"{stem}_{dialect}.DXF") for dialect in ("AAMA", "ASTM"))
    assert (aama.dialect, astm.dialect) == ("AAMA-292", "ASTM D6673")
    assert [(p.name, p.size) for p in aama.pieces] == [(p.name, p.size) for p in astm.pieces]
    for a, b in zip(aama.pieces, astm.pieces, strict=True):
        assert (a.as_drawn, a.mirrored, a.material) == (b.as_drawn, b.mirrored, b.material)
        assert a.outline.equals_exact(b.outline, 0.01), a.name
