"""``cutkit export`` and ``cutkit inspect --fix``: what they write and what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cutkit.formats.marker import marker_text
from cutkit.formats.patterns import read_pattern

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))
from sample_markers import marker_of

PATTERNS = Path(__file__).parents[2] / "patterns"


@pytest.fixture
def marker_path(tmp_path):
    path = tmp_path / "m.marker.json"
    path.write_text(marker_text(marker_of(["M"])))
    return path


def test_a_pattern_is_exported_and_read_back(cutkit, tmp_path):
    out = tmp_path / "out.dxf"
    result = cutkit("export", PATTERNS / "trousers.dxf", "-o", out, "--json")
    assert result.code == 0
    report = json.loads(result.out)
    there, back = read_pattern(PATTERNS / "trousers.dxf"), read_pattern(out)
    assert report == {
        "schema": "cutkit.export/1",
        "path": str(out),
        "kind": "pattern",
        "dialect": "ASTM D6673",
        "blocks": len(there.pieces),
    }
    assert [(p.name, p.size) for p in back.pieces] == [(p.name, p.size) for p in there.pieces]


def test_aama_says_which_copies_it_cannot_tell(cutkit, tmp_path):
    result = cutkit("export", PATTERNS / "shirt.dxf", "--dialect", "aama", "-o", tmp_path / "out.dxf")
    assert result.code == 0
    assert "AAMA has one number for the copies" in result.err
    assert "pieces as AAMA-292" in result.err
    assert result.out == ""


def test_a_marker_is_exported_as_it_lies(cutkit, tmp_path, marker_path):
    out = tmp_path / "m.dxf"
    result = cutkit("export", marker_path, "-o", out)
    assert result.code == 0
    assert "pieces as ASTM D6673" in result.err
    assert "HEADER\n  0\nENDSEC" in out.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--dialect", "aama"), "--dialect does not go with a marker"),
        (("--units", "mm"), "--units does not go with a marker"),
        (("--mark-layer", "8"), "--mark-layer does not go with a marker"),
    ],
)
def test_a_marker_has_no_such_choice(cutkit, tmp_path, marker_path, words, said):
    result = cutkit("export", marker_path, "-o", tmp_path / "m.dxf", *words)
    assert result.code == 2
    assert said in result.err
    assert not (tmp_path / "m.dxf").exists()


def test_an_input_is_not_replaced(cutkit, marker_path):
    result = cutkit("export", marker_path, "-o", marker_path)
    assert result.code == 2


def test_what_is_no_pattern_is_bad_input(cutkit, tmp_path):
    bad = tmp_path / "bad.dxf"
    bad.write_text("hello")
    assert cutkit("export", bad, "-o", tmp_path / "out.dxf").code == 3


def test_fix_writes_the_pattern_as_understood(cutkit, tmp_path):
    out = tmp_path / "fixed.dxf"
    result = cutkit("inspect", PATTERNS / "tote.dxf", "--units", "cm", "--fix", out)
    assert result.code == 0
    assert f"written: {out}" in result.err
    fixed, there = read_pattern(out), read_pattern(PATTERNS / "tote.dxf", units="cm")
    assert [p.outline.area for p in fixed.pieces] == pytest.approx([p.outline.area for p in there.pieces], rel=1e-6)
    assert fixed.units == "mm"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((PATTERNS / "tote.dxf", PATTERNS / "shirt.dxf", "--fix", "OUT"), "--fix goes with one file"),
        ((PATTERNS / "tote.dxf", "--fix", "OUT", "--svg", "OUT"), "two outputs have this name"),
    ],
)
def test_fix_is_for_one_file(cutkit, tmp_path, words, said):
    out = tmp_path / "out.dxf"
    result = cutkit("inspect", *(out if word == "OUT" else word for word in words))
    assert result.code == 2
    assert said in result.err
    assert not out.exists()


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="no such device here")
@pytest.mark.parametrize("words", [("inspect", "/dev/stdin"), ("export", "/dev/stdin", "-o", "OUT")])
def test_a_pattern_may_come_through_a_pipe(tmp_path, words):
    """So it is read once only."""
    command = [sys.executable, "-m", "cutkit", *(str(tmp_path / "out.dxf") if w == "OUT" else w for w in words)]
    data = (PATTERNS / "tote.dxf").read_bytes()
    ran = subprocess.run([*command, "--units", "cm"], input=data, capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
