"""What all tests share: the command line, run in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
os.environ["CUTKIT_RULES"] = ""  # whoever runs the tests may have rules of his own
os.environ.pop("COLUMNS", None)  # nor shall his terminal's width decide which columns tables have


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def both(self) -> str:
        return self.out + self.err


@pytest.fixture
def cutkit(capfd, monkeypatch):
    """Run ``cutkit ARG...`` in this process, with everything that its entry point does about errors."""
    from cutkit.cli import group
    from cutkit.cli.common import run

    def call(*args: object) -> Ran:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["cutkit", *map(str, args)])
        code = run(group)
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def cutkit_process():
    """Run ``python -m cutkit ARG...`` as a process of its own."""

    def call(*args: object, **options) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "cutkit", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return call


# --- batches (tests/batch, tests/cli)


@pytest.fixture
def checked():
    """The jobs of a file that has no faults."""
    from cutkit.batch.prepare import Checker, check_jobs
    from cutkit.formats.jobs import read_jobs

    def call(path):
        found, faults = check_jobs(read_jobs([path]).jobs, Checker())
        assert faults == []
        return found

    return call


@pytest.fixture
def bundle(tmp_path, checked):
    """One small job, ready to travel to a worker."""
    from jobs_for_tests import write_jobs

    from cutkit.batch.prepare import gathered_again

    (one,) = checked(write_jobs(tmp_path, 1))
    return gathered_again(one.job, one.inputs)


@pytest.fixture
def three_jobs(tmp_path, checked):
    """Three jobs, able to run: j00, j01 and j02."""
    from jobs_for_tests import write_jobs

    return checked(write_jobs(tmp_path, 3))


@pytest.fixture
def store(tmp_path):
    """A store that is open and empty."""
    from cutkit.batch.store import Store

    with Store(tmp_path / "store.sqlite") as opened:
        yield opened
