"""Files are written whole or not at all, and never over an input."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from cutkit.errors import InputError, MachineError, UsageError
from cutkit.formats.files import read_bytes, refuse_unwritable, sha256_of, write_whole


def test_what_is_written_is_there(tmp_path):
    write_whole(tmp_path / "a.txt", "Größe\n")
    write_whole(tmp_path / "a.txt", b"newer")
    assert (tmp_path / "a.txt").read_bytes() == b"newer"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_relative_path_and_usual_permissions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_whole("a.txt", "x")
    Path("b.txt").write_text("x")
    assert stat.S_IMODE(os.stat("a.txt").st_mode) == stat.S_IMODE(os.stat("b.txt").st_mode)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "a.txt")
    write_whole(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "a.txt").read_text() == "x"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_and_keeps_the_old(tmp_path, monkeypatch, failing):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(MachineError, match="No space left"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_folders_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("x")
    for target in (tmp_path / "none" / "a.txt", tmp_path / "file" / "a.txt", tmp_path):
        with pytest.raises(MachineError, match="cannot be written"):
            write_whole(target, "x")
    assert os.listdir(tmp_path) == ["file"]
    assert not [name for name in os.listdir(tmp_path.parent) if name.endswith(".part")]


def test_an_input_is_never_replaced(tmp_path):
    source = tmp_path / "in.txt"
    source.write_text("precious")
    (tmp_path / "other").symlink_to(source)
    for target in (source, tmp_path / "other", tmp_path / "." / "in.txt"):
        with pytest.raises(UsageError, match="replace an input"):
            write_whole(target, "x", inputs=[source])
    assert source.read_text() == "precious"


def test_it_is_known_beforehand_what_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    refuse_unwritable(tmp_path / "new.txt")
    refuse_unwritable(tmp_path / "file")
    for target in (tmp_path / "none" / "a.txt", tmp_path / "file" / "a.txt", tmp_path):
        with pytest.raises(MachineError, match="cannot be written"):
            refuse_unwritable(target)
    assert os.listdir(tmp_path) == ["file"]


def test_reading(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert read_bytes(tmp_path / "a") == b"abc"
    assert sha256_of(b"abc").startswith("ba7816bf")


@pytest.mark.parametrize(
    ("name", "says"), [("none", "no such file"), (".", "folder"), ("empty", "empty"), ("a\0b", "cannot be read")]
)
def test_what_cannot_be_read(tmp_path, name, says):
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match=says):
        read_bytes(f"{tmp_path}/{name}")
