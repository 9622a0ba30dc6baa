"""The hot folder: nothing is taken before it is whole."""

from __future__ import annotations

import os

import pytest
from jobs_for_tests import write_instance

from cutkit.batch.watch import HotFolder, _is_being_written

JOB = 'patterns = "a.json"\nrounds = 1\n'


@pytest.fixture
def folder(tmp_path):
    """A hot folder whose clock stands until a test moves it."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    watched = HotFolder(str(tmp_path), settle_s=3.0, clock=Clock())
    watched.ready()
    return watched


def after(folder, seconds):
    """The names of the jobs that are ready after so many seconds more, looked at each second."""
    names = []
    for _ in range(seconds):
        folder.clock.now += 1.0
        names += [job.name for found in folder.ready() for job in found.jobs]
    return names


def test_a_job_is_taken_once_it_and_its_inputs_have_settled(folder, tmp_path):
    (tmp_path / "a.toml").write_text(JOB)
    assert after(folder, 10) == []
    assert folder.waiting == {str(tmp_path / "a.toml"): str(tmp_path / "a.json")}
    write_instance(tmp_path / "a.json", 1)
    assert after(folder, 3) == []
    assert after(folder, 10) == ["a"]
    assert folder.waiting == {}


def test_a_file_that_grows_is_left_alone(folder, tmp_path):
    write_instance(tmp_path / "a.json", 1)
    with open(tmp_path / "a.toml", "a") as file:
        for line in JOB.splitlines(keepends=True):
            file.write(line)
            file.flush()
            assert after(folder, 3) == []
    assert after(folder, 5) == ["a"]


def test_a_file_that_another_program_has_open_for_writing_is_left_alone(folder, tmp_path):
    write_instance(tmp_path / "a.json", 1)
    if not hasattr(__import__("fcntl"), "F_SETLEASE"):
        pytest.skip("this system cannot tell")
    with open(tmp_path / "a.toml", "w") as file:
        file.write(JOB)
        file.flush()
        assert _is_being_written(str(tmp_path / "a.toml"))
        assert after(folder, 10) == []
    assert not _is_being_written(str(tmp_path / "a.toml"))
    assert after(folder, 5) == ["a"]


def test_what_changes_is_taken_again_and_what_does_not_is_not(folder, tmp_path):
    write_instance(tmp_path / "a.json", 1)
    (tmp_path / "a.toml").write_text(JOB)
    assert after(folder, 30) == ["a"]
    os.utime(tmp_path / "a.json", ns=(1, 1))
    assert after(folder, 30) == ["a"]


def test_a_file_with_faults_is_handed_out_once_too(folder, tmp_path):
    (tmp_path / "b.toml").write_text("patterns = ")
    folder.clock.now = 1.0
    folder.ready()
    folder.clock.now = 9.0
    (found,) = folder.ready()
    assert "not TOML" in str(found.faults[0])
    folder.clock.now = 20.0
    assert folder.ready() == []


def test_other_files_and_hidden_ones_are_nothing(folder, tmp_path):
    for name in (".a.toml", "~a.toml", "a.toml.part", "a.dxf"):
        (tmp_path / name).write_text(JOB)
    assert after(folder, 10) == []
