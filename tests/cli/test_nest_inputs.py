"""What ``nest`` reads, and that the marker names every file it was made of."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY
from line_tools import nest

PATTERNS = REPOSITORY / "patterns"


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="no such device here")
def test_a_pattern_may_come_through_a_pipe(tmp_path):
    output = tmp_path / "tote.marker.json"
    words = ["nest", "/dev/stdin", "--units", "mm", "--width", "150cm", "--rounds", "1", "-o", str(output)]
    data = (PATTERNS / "tote.dxf").read_bytes()
    ran = subprocess.run([sys.executable, "-m", "cutkit", *words], input=data, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(output.read_text())["inputs"] == [{"path": "/dev/stdin", "sha256": sha256(data)}]


def test_a_rule_table_is_an_input_given_or_found(tmp_path):
    pattern, table = tmp_path / "style.dxf", tmp_path / "style.rul"
    (graded,) = PATTERNS.glob("*.rul")
    shutil.copy(graded.with_suffix(".dxf"), pattern)
    shutil.copy(graded, table)
    wanted = [{"path": str(path), "sha256": sha256(path.read_bytes())} for path in (pattern, table)]
    for options in ((), ("--rul", table)):
        output = tmp_path / "style.marker.json"
        assert nest(pattern, None, output, *options).code == 0
        assert json.loads(output.read_text())["inputs"] == wanted


def sha256(data):
    return hashlib.sha256(data).hexdigest()
