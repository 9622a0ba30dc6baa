"""The first run on a machine: a stop while the kernels are compiled is a stop at once, with a marker all the same."""

import subprocess
import sys
import time

import pytest
from nest_demands import blobs

from cutkit.check import check_marker
from cutkit.kernels import cache
from cutkit.model import Fabric, NestSettings
from cutkit.nest import compile as compiling
from cutkit.nest import nest


@pytest.fixture
def uncompiled(tmp_path, monkeypatch):
    """As on a new machine, for this process and those that it starts."""
    monkeypatch.setenv("CUTKIT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def no_kernel_called(monkeypatch):
    """Neither half may be compiled in this process, where nothing can stop it."""

    def refuse(*_):
        raise AssertionError("a kernel was called")

    for name in ("compile_outlines", "compile_search"):
        monkeypatch.setattr(compiling, name, refuse)
    monkeypatch.setattr("cutkit.nest.run.build_tables", refuse)
    monkeypatch.setattr("cutkit.kernels.outward._take_all", refuse)


def test_a_stop_while_compiling_gives_a_valid_marker_soon(uncompiled, no_kernel_called):
    end = time.monotonic() + 1.0
    marker = nest(Fabric(500.0), blobs(2, 3, 4), NestSettings(time_s=60.0), stop=lambda: time.monotonic() > end)
    assert time.monotonic() < end + 5.0
    assert check_marker(marker) == []
    assert len(marker.placements) == 12
    assert not cache.is_compiled()


def test_a_stop_while_another_process_compiles(uncompiled, no_kernel_called):
    pytest.importorskip("fcntl")
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    command = [sys.executable, "-c", hold, str(uncompiled / "compiling")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline().strip() == b"1"
        end = time.monotonic() + 0.3
        assert not compiling.compile_kernels(lambda: time.monotonic() > end)
        other.communicate(b"\n")


def test_halves_that_cannot_be_compiled_elsewhere_are_compiled_here(uncompiled, monkeypatch):
    called = []
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    for name in ("compile_outlines", "compile_search"):
        monkeypatch.setattr(compiling, name, lambda name=name: called.append(name))
    (uncompiled / "kernel.nbi").write_bytes(b"index")
    assert compiling.compile_kernels(lambda: False)
    assert sorted(called) == ["compile_outlines", "compile_search"]
    assert cache.is_compiled()


def test_damaged_files_are_compiled_anew(uncompiled, monkeypatch):
    """numba raises whatever unpickling raises; the half that stumbles fails, and all is compiled from nothing."""
    damaged = uncompiled / "kernel.nbi"
    damaged.write_bytes(b"inde")
    monkeypatch.setattr(compiling, "compile_outlines", lambda: None)
    monkeypatch.setattr(compiling, "compile_search", lambda: damaged.exists() or damaged.write_bytes(b"index"))
    monkeypatch.setattr(compiling.sys, "executable", "false")
    assert compiling.compile_kernels(lambda: False)
    assert damaged.read_bytes() == b"index"
    assert cache.is_compiled()
