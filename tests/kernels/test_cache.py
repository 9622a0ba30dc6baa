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
from cutkit.kernels import cache, field

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")

DAY_S = 24 * 3600.0
INDEX, CODE = "field.build.nbi", "field.build.1.nbc"


def fill(folder):
    """The code of one kernel."""
    folder.mkdir(parents=True)
    (folder / INDEX).write_bytes(b"index")
    (folder / CODE).write_bytes(b"the code of a kernel")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder that holds the code of one kernel."""
    folder = tmp_path / "kernels-0123"
    fill(folder)
    monkeypatch.setattr(cache, "FOLDER", folder)
    return folder


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A folder as a package brings it along."""
    folder = tmp_path / "package" / "kernels-0123"
    fill(folder)
    with monkeypatch.context() as here:
        here.setattr(cache, "FOLDER", folder)
        cache.note_compiled()
    return folder


@pytest.mark.parametrize("edited", ["field.py", "moves.py", "__init__.py"])
def test_an_edit_of_any_kernel_source_changes_the_folder(tmp_path, edited):
    sources = shutil.copytree(Path(kernels.__file__).parent, tmp_path / "sources")
    before = cache._folder_name(sources)
    assert cache._folder_name(sources) == before
    written = (sources / edited).stat()
    with open(sources / edited, "a") as source:
        source.write("# edited\n")
    os.utime(sources / edited, ns=(written.st_atime_ns, written.st_mtime_ns))  # an editor may keep the time
    assert cache._folder_name(sources) != before


def test_the_same_sources_elsewhere_have_the_same_folder(tmp_path):
    """So what was compiled when a package was built serves where it is installed."""
    sources = shutil.copytree(Path(kernels.__file__).parent, tmp_path / "sources")
    copied = shutil.copytree(sources, tmp_path / "copied")
    os.utime(copied / "field.py", (1.0, 1.0))
    assert cache._folder_name(copied) == cache._folder_name(sources)


def test_another_numba_or_kind_of_machine_has_a_folder_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "field.py").write_text("")
    names = {cache._folder_name(tmp_path)}
    monkeypatch.setattr("numba.__version__", "0.0.1")
    names.add(cache._folder_name(tmp_path))
    monkeypatch.setattr("llvmlite.binding.get_process_triple", lambda: "abacus-unknown-none")
    names.add(cache._folder_name(tmp_path))
    monkeypatch.setattr(numba.config, "CPU_NAME", "skylake")
    names.add(cache._folder_name(tmp_path))
    monkeypatch.setattr(numba.config, "CPU_FEATURES", "+avx2")
    names.add(cache._folder_name(tmp_path))
    assert len(names) == 5


def test_kernels_are_compiled_for_any_processor_of_the_kind():
    for setting in ("CPU_NAME", "CPU_FEATURES"):
        assert getattr(numba.config, setting) == os.environ[f"NUMBA_{setting}"]


def test_numba_finds_the_files_of_kernels_in_our_folder_and_others_in_its_own():
    @numba.njit(cache=True)
    def not_ours():
        return 1

    assert Path(field.build_cells.stats.cache_path) == cache.FOLDER
    assert cache.FOLDER not in (Path(not_ours.stats.cache_path), *Path(not_ours.stats.cache_path).parents)


def test_a_cache_is_compiled_once_that_is_noted(folder):
    assert not cache.is_compiled()
    cache.note_compiled()
    assert cache.is_compiled()
    with open(folder / INDEX, "ab") as index:
        index.write(b" of one more signature")
    assert cache.is_compiled()


def test_a_file_that_is_missing_or_cut_short_is_noticed(folder):
    cache.note_compiled()
    code = folder / CODE
    code.write_bytes(code.read_bytes()[:7])
    assert not cache.is_compiled()
    code.unlink()
    assert not cache.is_compiled()


@pytest.mark.parametrize("stamp", [b"", b"what is this", f"x {INDEX}\n".encode(), b"\xff\xfe"])
def test_a_stamp_that_is_not_ours_counts_for_nothing(folder, stamp):
    (folder / cache.COMPILED_STAMP).write_bytes(stamp)
    assert not cache.is_compiled()


def test_a_cache_that_is_forgotten_is_empty(folder):
    cache.note_compiled()
    cache.forget_compiled()
    assert not cache.is_compiled()
    assert list(folder.iterdir()) == []


def test_versions_that_nobody_used_for_long_are_deleted(folder):
    other = {}
    for name, days in (("old", cache.UNUSED_DAYS + 1), ("in-use", cache.UNUSED_DAYS - 1)):
        other[name] = folder.parent / f"kernels-{name}"
        other[name].mkdir()
        stamp = other[name] / cache.COMPILED_STAMP
        stamp.write_text("")
        for path in (stamp, other[name]):
            os.utime(path, (time.time() - days * DAY_S,) * 2)
    (folder.parent / "patterns").mkdir()
    cache.note_compiled()
    assert not other["old"].exists()
    assert other["in-use"].exists()
    assert (folder.parent / "patterns").exists()


def test_a_folder_that_is_used_is_young_again(folder, monkeypatch):
    cache.note_compiled()
    for path in (folder / cache.COMPILED_STAMP, folder):
        os.utime(path, (1.0, 1.0))
    assert cache.is_compiled()
    newer = folder.parent / "kernels-newer"
    newer.mkdir()
    monkeypatch.setattr(cache, "FOLDER", newer)
    cache.note_compiled()
    assert folder.exists()


def test_what_the_package_brings_along_is_compiled(packaged, tmp_path, monkeypatch):
    users = tmp_path / "home" / packaged.name
    users.mkdir(parents=True)
    monkeypatch.setattr(cache, "FOLDER", users)
    assert not cache.is_compiled()
    cache._unpack(packaged, users)
    assert cache.is_compiled()
    assert {file.name: file.read_bytes() for file in users.iterdir()} == {
        file.name: file.read_bytes() for file in packaged.iterdir()
    }


def test_nothing_is_unpacked_over_what_is_compiled(packaged, folder):
    cache.note_compiled()
    (folder / CODE).write_bytes(b"the code of a kernel, and more")
    cache._unpack(packaged, folder)
    assert (folder / CODE).read_bytes() == b"the code of a kernel, and more"


def test_a_package_that_is_damaged_or_without_kernels_is_left_alone(packaged, tmp_path, monkeypatch):
    users = tmp_path / "home"
    users.mkdir()
    (packaged / CODE).write_bytes(b"the")
    cache._unpack(packaged, users)
    cache._unpack(tmp_path / "package" / "of another version", users)
    assert list(users.iterdir()) == []


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
