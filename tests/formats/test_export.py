"""Patterns as DXF: what is written is read back, and it is what strict garment readers take."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import ezdxf
import pytest
import shapely
from shapely.geometry import Polygon, box

from cutkit.formats.dxf.export import pattern_dxf
from cutkit.formats.dxf.marker import marker_dxf
from cutkit.formats.patterns import read_pattern
from cutkit.model import Mark, Pattern, Piece

FOLDER = Path(__file__).resolve().parents[2] / "patterns"
SHARED = FOLDER.parents[1] / "shared" / "dxf"
OWN = sorted(FOLDER.glob("*.dxf"))
GIVEN = sorted(path for path in SHARED.rglob("*") if path.suffix.lower() == ".dxf") if SHARED.is_dir() else []
DIALECTS = ("ASTM D6673", "AAMA-292")


def written(tmp_path, pattern, dialect="ASTM D6673"):
    text, lost = pattern_dxf(pattern, dialect)
    path = tmp_path / "out.dxf"
    path.write_text(text, encoding="ascii")
    return read_pattern(path), [notice.code for notice in lost]


def kinds(piece: Piece):
    """The marks that count; a fold line comes back as a line that is drawn, and texts may be left out."""
    return sorted("internal" if m.kind == "fold" else m.kind for m in piece.marks if m.kind != "label")


def notches(piece: Piece):
    marks = [mark for mark in piece.marks if mark.kind == "notch"]
    return sorted((m.points[0], m.depth_mm, m.width_mm, round(m.angle_deg % 360, 3) % 360, m.shape) for m in marks)


def labels(piece: Piece):
    return sorted(mark.text for mark in piece.marks if mark.kind == "label" and mark.text)


def assert_same(one: Pattern, other: Pattern) -> None:
    assert (one.style, one.sizes, one.sample_size) == (other.style, other.sizes, other.sample_size)
    assert [(p.name, p.size) for p in one.pieces] == [(p.name, p.size) for p in other.pieces]
    for a, b in zip(one.pieces, other.pieces, strict=True):
        assert (a.as_drawn, a.mirrored, a.material, a.category) == (b.as_drawn, b.mirrored, b.material, b.category)
        assert shapely.hausdorff_distance(a.outline, b.outline) < 3e-4
        assert len(a.outline.interiors) == len(b.outline.interiors)
        assert kinds(a) == kinds(b)
        for mine, its in zip(notches(a), notches(b), strict=True):
            assert mine[0] == pytest.approx(its[0], abs=3e-4)
            assert mine[1:3] == pytest.approx(its[1:3], abs=3e-4)
            assert mine[4] == its[4]
        if not a.unfolded:
            assert labels(a) == labels(b)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_patterns_of_our_own_come_back_the_same(path, tmp_path):
    pattern = read_pattern(path)
    again, _ = written(tmp_path, pattern)
    assert_same(pattern, again)
    assert again.dialect == "ASTM D6673"
    assert again.units_from == "text"


@pytest.mark.skipif(not GIVEN, reason="no shared files here")
@pytest.mark.parametrize("path", GIVEN, ids=lambda path: path.stem)
def test_patterns_of_every_cad_come_back_the_same(path, tmp_path):
    pattern = read_pattern(path)
    again, _ = written(tmp_path, pattern)
    assert_same(pattern, again)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_aama_keeps_all_but_the_copies_it_has_no_words_for(path, tmp_path):
    pattern = read_pattern(path)
    again, lost = written(tmp_path, pattern, "AAMA-292")
    assert again.dialect == "AAMA-292"
    odd = [p for p in pattern.pieces if abs(p.as_drawn - p.mirrored) > (p.per_garment % 2)]
    assert ("quantity-not-told" in lost) == bool(odd)
    copies = {(p.name, p.size): (p.as_drawn, p.mirrored) for p in pattern.pieces}
    assert all(p.per_garment == sum(copies[p.name, p.size]) for p in again.pieces)
    pieces = tuple(
        replace(p, as_drawn=copies[p.name, p.size][0], mirrored=copies[p.name, p.size][1]) for p in again.pieces
    )
    assert_same(pattern, replace(again, pieces=pieces))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_strict_readers_find_only_what_they_know(dialect):
    text, _ = pattern_dxf(read_pattern(FOLDER / "tshirt.dxf"), dialect)
    lines = text.splitlines()
    assert lines[:6] == ["  0", "SECTION", "  2", "HEADER", "  0", "ENDSEC"]
    assert text.isascii()
    assert not re.search(r"TABLES|MODEL_SPACE|PAPER_SPACE|\$", text)
    assert "e-" not in text.lower().replace("line-", "")
    kinds_of = {lines[i + 1] for i in range(0, len(lines) - 1, 2) if lines[i].strip() == "0"}
    known = {
        "SECTION",
        "ENDSEC",
        "EOF",
        "BLOCK",
        "ENDBLK",
        "INSERT",
        "POLYLINE",
        "VERTEX",
        "SEQEND",
        "LINE",
        "POINT",
        "TEXT",
    }
    assert kinds_of <= known
    layers = {lines[i + 1] for i in range(0, len(lines) - 1, 2) if lines[i].strip() == "8"}
    assert all(layer.isdigit() for layer in layers)
    document = ezdxf.read(StringIO(text))
    assert not document.audit().errors
    names = [insert.dxf.name for insert in document.modelspace().query("INSERT")]
    assert len(set(names)) == len(names) == 35


def test_corners_are_turn_points_and_other_points_are_curve_points():
    text, _ = pattern_dxf(read_pattern(FOLDER / "tshirt.dxf"), "ASTM D6673")
    block = ezdxf.read(StringIO(text)).blocks["FRONT_M"]
    turns, curves = (block.query(f'POINT[layer=="{layer}"]') for layer in "23")
    outline = block.query('POLYLINE[layer=="1"]').first
    assert len(turns) + len(curves) == len(outline.vertices)
    assert 6 <= len(turns) < len(curves)


def test_names_that_r12_has_no_room_for_stay_apart(tmp_path):
    long = "Vorderteil, linke Seite, mit Übertritt und Beleg"
    pieces = tuple(Piece(name, size, box(0, 0, 300, 200)) for name in (long, long + "!", "÷") for size in ("S", "M"))
    again, _ = written(tmp_path, Pattern("x", "Stil 7", ("S", "M"), "M", pieces))
    assert [(p.name, p.size) for p in again.pieces] == [(p.name, p.size) for p in pieces]


def test_a_whole_piece_does_not_say_that_it_is_cut_on_the_fold(tmp_path):
    half = Mark("label", ((150.0, 100.0),), text="CUT 1 ON FOLD")
    other = Mark("label", ((150.0, 50.0),), text="FRONT 7")
    piece = Piece("FRONT", "M", box(0, 0, 300, 200), marks=(half, other), unfolded=True, annotation="CUT 1 ON FOLD")
    again, lost = written(tmp_path, Pattern("x", "S", ("M",), "M", (piece,)))
    assert lost == ["fold-text-left-out"]
    assert labels(again.pieces[0]) == ["FRONT 7"]
    assert "fold" not in again.pieces[0].annotation.lower()
    assert "fold-in-text" not in [notice.code for notice in again.notices]


def test_a_picture_becomes_a_pattern_file(tmp_path):
    svg = tmp_path / "demo.svg"
    path = '<path d="M0 0h400v300h-400z m100 100 h50 v50 h-50 z"/>'
    svg.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="1m" viewBox="0 0 1000 1000">{path}</svg>')
    pattern = read_pattern(svg, units="mm")
    again, _ = written(tmp_path, pattern)
    assert again.pieces[0].outline.area == pytest.approx(120_000 - 2_500, rel=1e-5)
    assert isinstance(again.pieces[0].outline, Polygon)


def test_a_marker_for_strict_readers_has_an_empty_header():
    from sample_markers import marker_of

    marker = marker_of(["M"])
    assert "HEADER\n  0\nENDSEC" in marker_dxf(marker, strict=True)
    assert "$INSUNITS" in marker_dxf(marker)
