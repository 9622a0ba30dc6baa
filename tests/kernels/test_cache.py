"""The cache of compiled kernels: never stale, whole or not used, and without old versions."""

import os
import shutil
import time
from pathlib import Path

import numba
import numpy as np
import pytest
from test_field import L_SHAPE, tables_of

from cutkit import kernels
from cutkit.kernels import field

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")

DAY_S = 24 * 3600.0


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder that holds the code of one kernel."""
    folder = tmp_path / "kernels-0123"
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "field.build.nbi").write_bytes(b"index")
    (folder / "sources" / "field.build.1.nbc").write_bytes(b"the code of a kernel")
    monkeypatch.setattr(kernels, "CACHE", folder)
    return folder


@pytest.mark.parametrize("edited", ["field.py", "moves.py", "__init__.py"])
def test_an_edit_of_any_kernel_source_changes_the_folder(tmp_path, edited):
    sources = shutil.copytree(Path(kernels.__file__).parent, tmp_path / "sources")
    before = kernels._folder_name(sources)
    assert kernels._folder_name(sources) == before
    written = (sources / edited).stat()
    with open(sources / edited, "a") as source:
        source.write("# edited\n")
    os.utime(sources / edited, ns=(written.st_atime_ns, written.st_mtime_ns))  # an editor may keep the time
    assert kernels._folder_name(sources) != before


def test_sources_that_numba_takes_for_others_have_a_folder_of_their_own(tmp_path):
    """numba keeps files per source path and time of writing: the same text installed again is compiled again."""
    sources = shutil.copytree(Path(kernels.__file__).parent, tmp_path / "sources")
    copied = shutil.copytree(sources, tmp_path / "copied")
    before = kernels._folder_name(sources)
    assert kernels._folder_name(copied) != before
    os.utime(sources / "field.py", (1.0, 1.0))
    assert kernels._folder_name(sources) != before


def test_another_numba_or_processor_has_a_folder_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "field.py").write_text("")
    names = {kernels._folder_name(tmp_path)}
    monkeypatch.setattr("numba.__version__", "0.0.1")
    names.add(kernels._folder_name(tmp_path))
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_name", lambda: "abacus")
    names.add(kernels._folder_name(tmp_path))
    assert len(names) == 3


def test_a_cache_is_compiled_once_that_is_noted(cache):
    assert not kernels.is_compiled()
    kernels.note_compiled()
    assert kernels.is_compiled()
    with open(cache / "sources" / "field.build.nbi", "ab") as index:
        index.write(b" of one more signature")
    assert kernels.is_compiled()


def test_a_file_that_is_missing_or_cut_short_is_noticed(cache):
    kernels.note_compiled()
    code = cache / "sources" / "field.build.1.nbc"
    code.write_bytes(code.read_bytes()[:7])
    assert not kernels.is_compiled()
    code.unlink()
    assert not kernels.is_compiled()


@pytest.mark.parametrize("stamp", [b"", b"what is this", b"x sources/field.build.nbi\n", b"\xff\xfe"])
def test_a_stamp_that_is_not_ours_counts_for_nothing(cache, stamp):
    (cache / kernels.COMPILED_STAMP).write_bytes(stamp)
    assert not kernels.is_compiled()


def test_a_cache_that_is_forgotten_is_empty(cache):
    kernels.note_compiled()
    kernels.forget_compiled()
    assert not kernels.is_compiled()
    assert [file for file in cache.rglob("*") if file.is_file()] == []


def test_versions_that_nobody_used_for_long_are_deleted(cache):
    other = {}
    for name, days in (("old", kernels.UNUSED_DAYS + 1), ("in-use", kernels.UNUSED_DAYS - 1)):
        other[name] = cache.parent / f"kernels-{name}"
        other[name].mkdir()
        stamp = other[name] / kernels.COMPILED_STAMP
        stamp.write_text("")
        for path in (stamp, other[name]):
            os.utime(path, (time.time() - days * DAY_S,) * 2)
    (cache.parent / "patterns").mkdir()
    kernels.note_compiled()
    assert not other["old"].exists()
    assert other["in-use"].exists()
    assert (cache.parent / "patterns").exists()


def test_a_folder_that_is_used_is_young_again(cache):
    kernels.note_compiled()
    for path in (cache / kernels.COMPILED_STAMP, cache):
        os.utime(path, (1.0, 1.0))
    assert kernels.is_compiled()
    newer = cache.parent / "kernels-newer"
    newer.mkdir()
    kernels.CACHE = newer
    kernels.note_compiled()
    assert cache.exists()


def test_an_inner_kernel_refuses_a_call_from_python():
    _, tables = tables_of(L_SHAPE)  # compiles it: what is called is there then, but for its way in
    box = (0.0, 0.0, 1.0, 1.0)
    with pytest.raises(TypeError, match="from kernels only"):
        field._segment_meets_box(tables.edges, 0, *box)


MAKES_ARRAYS = False


@kernels.kernel
def _makes_an_array(count):
    numbers = np.zeros(count)
    return numbers.sum()


def test_a_kernel_makes_no_array_where_its_module_says_so():
    with pytest.raises(numba.core.errors.NumbaError, match="returning of array"):
        _makes_an_array(3)
