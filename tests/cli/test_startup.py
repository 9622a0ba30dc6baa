"""What ``cutkit --help`` costs, judged by what it imports: a clock would be wrong on a busy machine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import cutkit as package
from cutkit.cli import COMMANDS

HEAVY = {"numpy", "shapely", "numba", "ezdxf", "rich", "msgspec", "svgwrite", "platformdirs"}


def imported_by(*args: str) -> set[str]:
    """The top-level modules that a run of cutkit imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cutkit", *args], capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert len(lines) > 20
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_nothing_heavy_is_imported_for_help(option):
    imported = imported_by(option)
    assert "click" in imported
    assert imported & HEAVY == set()


@pytest.mark.parametrize("name", [*COMMANDS, "batch run", "batch watch"])
def test_nothing_heavy_is_imported_for_the_help_of_a_command(name):
    assert imported_by(*name.split(), "--help") & HEAVY == set()


def test_the_state_of_a_batch_is_told_without_what_is_slow(tmp_path):
    from cutkit.batch.store import Store

    Store(tmp_path / "s").close()
    assert imported_by("batch", "status", "--json", "--store", str(tmp_path / "s")) & HEAVY == set()


def test_nesting_an_instance_imports_no_reader_of_pattern_files(tmp_path):
    item = {"id": 1, "demand": 2, "shape": {"type": "simple_polygon", "data": [[0, 0], [4, 0], [4, 5], [0, 5]]}}
    instance = tmp_path / "two.json"
    instance.write_text(json.dumps({"name": "two", "strip_height": 10, "items": [item]}))
    imported = imported_by("nest", str(instance), "--rounds", "1", "-o", str(tmp_path / "two.marker.json"))
    assert "numba" in imported
    assert imported & {"ezdxf", "svgelements", "svgwrite", "fontTools"} == set()


def test_the_version(cutkit_process):
    ran = cutkit_process("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"cutkit, version {package.__version__}\n", "")


def test_help_names_every_command(cutkit_process):
    ran = cutkit_process("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)


def test_a_command_that_does_not_exist(cutkit_process):
    ran = cutkit_process("nets")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean 'nest'?" in ran.err
