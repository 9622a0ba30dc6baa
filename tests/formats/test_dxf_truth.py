"""The reader against the truth table of real files; skipped where these are not beside the repository.

Pieces are matched one to one by name and size, so a ghost, a missing or a merged piece fails. The table counts what is
drawn of a half piece; the marks of an unfolded one are checked to be between once and twice as many. One test prints
the table of agreement.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
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


@cache
def pattern_of(file):
    return read_pattern(FOLDER / file)


@pytest.mark.parametrize("entry", BLOCKS, ids=name_of)
def test_every_row_agrees(entry):
    pattern = pattern_of(entry["file"])
    assert pattern.units == entry["unit"]
    assert list(pattern.sizes) == entry["sizes"]
    assert pattern.sample_size == entry["sample_size"]
    rows, pieces = rows_of(entry), pieces_of(pattern)
    assert len(pieces) == len(pattern.pieces) == entry["n_blocks"]
    assert set(pieces) == set(rows)
    assert [fault for key, row in rows.items() for _, fault in comparisons(pieces[key], row) if fault] == []


def rows_of(entry):
    return {(row.get("name") or row["block"], row.get("size") or ""): row for row in entry["rows"]}


def pieces_of(pattern):
    return {(piece.name, piece.size): piece for piece in pattern.pieces}


def test_the_table_of_agreement(capsys):
    """Prints, per file, how many values of each kind agree with the table of truth; all must."""
    lines, faults = [], []
    for entry in BLOCKS:
        found = agreement(entry)
        faults += [f"{entry['file']}: {fault}" for _, fault in found if fault]
        counts = Counter(column for column, _ in found)
        agree = Counter(column for column, fault in found if not fault)
        cells = [f"{agree[c]}/{counts[c]}" if counts[c] else "-" for c in COLUMNS]
        lines.append([entry["file"].removesuffix(".dxf").removesuffix(".DXF")[:36], *cells])
    table = [["file", *COLUMNS], *lines]
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    with capsys.disabled():
        print("\n" + "\n".join("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in table))
    assert faults == []


COLUMNS = ("piece", "area", "unfolded", "box", "grain", "notches", "drills", "inner", "cut-outs", "copies", "material")


def agreement(entry):
    """Every value of a file that the table speaks of: what kind it is, and the difference or nothing."""
    rows, pieces = rows_of(entry), pieces_of(pattern_of(entry["file"]))
    found = [("piece", "" if key in pieces else f"{key} is missing") for key in rows]
    found += [("piece", f"{key} is not in the table") for key in pieces if key not in rows]
    return found + [c for key, row in rows.items() if key in pieces for c in comparisons(pieces[key], row)]


def comparisons(piece, row):
    """What the row says of a piece: the kind of value, and in words how the piece differs, or nothing."""
    key = f"{piece.name} {piece.size}"
    for column, agrees, found, wanted in values(piece, row):
        yield column, "" if agrees else f"{key}: {column} {found}, not {wanted}"


def values(piece, row):
    """Kind of value, whether it agrees, what was found and what was wanted."""
    if "area_cm2" not in row:  # a block with a sew line alone: nothing to compare
        return
    area = row.get("unfolded_area_cm2", row["area_cm2"])
    found = outer_area_cm2(piece)
    yield "area", abs(found - area) <= 1e-3 * area, found, area
    yield "unfolded", piece.unfolded == bool(row.get("half_piece")), piece.unfolded, row.get("half_piece")
    grain = row.get("grain", [None])[0]
    yield "grain", same_direction(piece.grain_deg, grain), piece.grain_deg, grain
    box = size_after_turn(piece.outline, -piece.turned_deg)
    off = [abs(a / 10 - b) for a, b in zip(box, row["bbox_cm"], strict=True)]
    yield "box", (min(off) if piece.unfolded else max(off)) <= 0.02, box, row["bbox_cm"]
    yield from counted(piece, row)
    if "quantity" in row:
        quantity = row["quantity"]
        copies = (piece.as_drawn, piece.mirrored, piece.per_garment)
        wanted = (quantity.get("first", piece.as_drawn), quantity.get("second", piece.mirrored), quantity["total"])
        yield "copies", copies == wanted, copies, wanted
    for key in ("material", "category"):
        if key in row:
            yield "material", getattr(piece, key) == row[key], getattr(piece, key), row[key]


def same_direction(a, b):
    if a is None or b is None:
        return a is b
    return abs((a - b + 90) % 180 - 90) <= 0.01


def counted(piece, row):
    """Numbers of marks; of an unfolded piece between those of the half and twice as many."""
    kinds = Counter(mark.kind for mark in piece.marks)
    slits = sum(1 for mark in piece.marks if mark.kind == "internal" and mark.tool == "knife")
    counts = {
        "drill13": ("drills", kinds["drill"]),
        "sew14": ("inner", kinds["sew"]),
        "internal8": ("inner", sum(1 for mark in piece.marks if mark.layer == "8")),
        "cutouts11": ("cut-outs", len(piece.outline.interiors) + slits),
        "vertices": ("area", len(piece.outline.exterior.coords) - 1),
    }
    if row["is_sample"]:  # the other sizes inherit their notches; the table counts what their blocks hold
        counts["notches"] = ("notches", kinds["notch"])
    most = 2 if piece.unfolded else 1
    for key, (column, count) in counts.items():
        yield column, row[key] <= count <= most * row[key], f"{key} {count}", row[key]


@pytest.mark.parametrize("entry", PLAIN, ids=name_of)
def test_plain_drawings_give_their_outer_loops(entry):
    plain = entry["plain"]
    rows = plain["outer"] if "outer" in plain else plain["pieces"].values()
    pattern = pattern_of(entry["file"])
    assert pattern.units == entry["unit"]
    assert pattern.sizes == ()
    assert len({piece.name for piece in pattern.pieces}) == len(pattern.pieces) == len(rows)
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
