"""The same sources as plain Python: what numba compiles is what is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def test_the_small_kernel_tests_pass_without_the_compiler():
    """Every test that is marked ``uncompiled``, in a process with the compiler off."""
    where = [str(TESTS / "kernels"), str(TESTS / "nest" / "test_nest.py")]
    options = ["-m", "uncompiled", "-p", "no:xdist", "-p", "no:cacheprovider", "-W", "ignore", "--no-header", "-rN"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *where],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout or "[100%]" in done.stdout
