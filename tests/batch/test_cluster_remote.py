"""What travels to a cluster: every byte of it is looked at again where it arrives. (Needs no distributed.)"""

from __future__ import annotations

import sys
from dataclasses import replace

import msgspec
import pytest
from jobs_for_tests import write_jobs
from test_runner import nested

from cutkit import __version__
from cutkit.batch.cluster import remote
from cutkit.batch.cluster.executor import ClusterExecutor, best_of, parts_of
from cutkit.batch.perform import Done, Search, Task
from cutkit.batch.prepare import gathered_again
from cutkit.errors import UsageError


@pytest.fixture
def task(tmp_path, checked):
    (one,) = checked(write_jobs(tmp_path, 1))
    return Task(1, gathered_again(one.job, one.inputs), (Search(0, None, 1, 0),))


def test_a_task_arrives_as_it_was_sent(task):
    arrived = remote.unpack_task(remote.pack_task(task))
    assert (arrived.bundle.key, arrived.searches) == (task.bundle.key, task.searches)
    assert arrived.bundle.files == task.bundle.files


def test_a_damaged_byte_is_seen_before_anything_is_unpickled(task):
    sha256, data = remote.pack_task(task)
    with pytest.raises(remote.DamagedError):
        remote.unpack((sha256, data[:-9] + b"X" + data[-8:]))
    parcel = (sha256, b"not even a pickle")
    assert remote.perform_parcel(__version__, "k", "t", parcel) == ("damaged", "a parcel of 17 bytes")


def test_an_input_without_its_hash_is_refused(task):
    (file,) = task.bundle.files
    other = replace(task.bundle, files=(replace(file, data=file.data + b" "),))
    with pytest.raises(remote.DamagedError, match=r"input j00\.json"):
        remote.unpack_task(remote.pack_task(replace(task, bundle=other)))


def test_a_bundle_without_its_key_is_refused(task):
    changed = replace(task.bundle, job=msgspec.structs.replace(task.bundle.job, gap_mm=1.0))
    parcel = remote.pack((task.bundle.key, replace(task, bundle=changed)))
    with pytest.raises(remote.DamagedError, match="bundle of job j00"):
        remote.unpack_task(parcel)


def test_another_version_is_answered_before_anything_is_unpacked():
    assert remote.perform_parcel("0.0.1", "k", "t", ("", b"")) == ("version", __version__)


def test_more_threads_are_parts_with_seeds_of_their_own(task):
    timed = replace(task, threads=3, searches=(Search(0, 5.0, None, 7), Search(1, 5.0, None, 7)))
    parts = parts_of(timed, places=8)
    assert [part.threads for part in parts] == [1, 1, 1]
    assert parts[0].searches == timed.searches
    assert len({part.searches[0].seed for part in parts}) == 3
    assert len(parts_of(timed, places=2)) == 2
    assert len(parts_of(timed, places=0)) == 1


@pytest.mark.parametrize("search", [Search(0, None, 3, 0), Search(0, 0.0, None, 0, b"so far")])
def test_what_is_to_be_the_same_is_one_part(task, search):
    assert len(parts_of(replace(task, threads=3, searches=(search,)), places=8)) == 1


def test_the_best_of_each_marker_is_kept(task):
    short, long = nested(task, 900.0), nested(task, 1000.0, cut_short=True)
    fuller = nested(task, 1100.0)
    shorter = nested(task, 1000.0, unplaced=("one",))
    best = best_of([Done(4, (long, fuller)), Done(4, (short, shorter))])
    assert (best.task, best.stopped) == (4, True)
    assert [one.text for one in best.nested] == [short.text, fuller.text]


def test_without_distributed_the_error_says_what_to_install(monkeypatch, cutkit, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'cutkit\[cluster\]'"):
        ClusterExecutor("tcp://127.0.0.1:1")
    ran = cutkit("batch", "run", write_jobs(tmp_path, 1), "--cluster", "local", "--store", tmp_path / "s")
    assert ran.code == 2
    assert "cutkit[cluster]" in ran.err
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("cluster", ["localhost", "local:0", "host:8786", "local:x"])
def test_what_is_no_cluster_is_refused(cluster, cutkit, tmp_path):
    ran = cutkit("batch", "run", "--cluster", cluster, "--store", tmp_path / "s")
    assert ran.code == 2
    assert "tcp://host:8786" in ran.err


def test_workers_are_not_counted_twice(cutkit, tmp_path):
    ran = cutkit("batch", "run", "--cluster", "local", "--workers", "2", "--store", tmp_path / "s")
    assert ran.code == 2
    assert "local:N" in ran.err
