"""``cutkit batch`` as a shop uses it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import REPOSITORY
from jobs_for_tests import write_instance, write_jobs

from cutkit.batch.store import Store
from cutkit.cli.batch import _until
from cutkit.errors import CutkitError, UsageError
from cutkit.kernels import cache


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CUTKIT_STORE", raising=False)
    return tmp_path


def states(ran):
    return {job["name"]: job["state"] for job in json.loads(ran.out)["jobs"]}


def test_a_night_from_files_to_files(folder, cutkit):
    write_jobs(folder, 3)
    ran = cutkit("batch", "run", "night.toml", "--workers", 2, "--json", "--junit", "night.xml")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["schema"] == "cutkit.batch/1"
    assert told["counts"] == {"done": 3}
    for job in told["jobs"]:
        (marker,) = job["markers"]
        written = json.loads(Path(job["outputs"][0]).read_text())
        assert (written["length_mm"], written["efficiency"]) == pytest.approx(
            (marker["length_mm"], marker["efficiency"]), abs=1e-8
        )
        assert cutkit("check", job["outputs"][0]).code == 0
    suite = ElementTree.parse("night.xml").getroot()
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
    }
    assert "j00: done: " in ran.err


def test_what_is_done_is_not_done_again_unless_forced(folder, cutkit):
    write_jobs(folder, 2)
    cutkit("batch", "run", "night.toml")
    before = {path: path.stat().st_mtime_ns for path in (folder / "out").iterdir()}
    write_instance(folder / "j01.json", seed=77)
    ran = cutkit("batch", "run", "night.toml")
    assert "1 unchanged, 1 changed" in ran.err
    after = {path: path.stat().st_mtime_ns for path in (folder / "out").iterdir()}
    assert [path.name for path in before if before[path] != after[path]] == ["j01.marker.json"]
    assert "2 again" in cutkit("batch", "run", "night.toml", "--force").err


def test_all_faults_at_once_and_nothing_is_run(folder, cutkit):
    path = write_jobs(folder, 3)
    text = path.read_text().replace('"j01.json"', '"nix.json"').replace('name = "j02"', 'name = "j02"\ngap = "2"')
    path.write_text(text)
    ran = cutkit("batch", "run", "night.toml")
    assert (ran.code, ran.out) == (3, "")
    assert "2 faults in the jobs" in ran.err
    assert "night.toml, job j01, key 'patterns'" in ran.err
    assert "night.toml, job j02, key 'gap': '2' has no unit" in ran.err
    assert sorted(p.name for p in folder.iterdir()) == ["j00.json", "j01.json", "j02.json", "night.toml"]


def test_keep_going_runs_the_others_and_the_store_knows_why_not(folder, cutkit):
    path = write_jobs(folder, 2)
    path.write_text(path.read_text().replace('"j01.json"', '"nix.json"'))
    ran = cutkit("batch", "run", "night.toml", "--keep-going", "--json", "--junit", "night.xml")
    assert ran.code == 5
    assert states(ran) == {"j00": "done", "j01": "failed"}
    assert ElementTree.parse("night.xml").getroot().get("failures") == "1"
    shown = cutkit("batch", "status", "--failed")
    assert "failed: j01: night.toml, job j01, key 'patterns'" in shown.out
    assert "no such file" in shown.out


def test_a_job_that_clashes_with_one_still_to_be_done_is_refused_and_known(folder, cutkit, checked):
    first = write_jobs(folder, 1)
    with Store(folder / "cutkit-batch.sqlite") as store:
        store.add(checked(first))
    other = first.read_text().replace('name = "j00"', 'name = "new"\ndue = 2031-12-01')
    (folder / "other.toml").write_text(other.replace("{name}", "j00"))
    ran = cutkit("batch", "run", "other.toml", "--keep-going", "--json")
    assert (ran.code, states(ran)) == (5, {"new": "failed"})
    (told,) = cutkit_left(cutkit)
    assert (told["job"], told["due"][:10]) == ("new", "2031-12-01")
    assert "is written by job j00" in told["reason"]
    assert states(cutkit("batch", "status", "--json")) == {"j00": "done", "new": "failed"}


def cutkit_left(cutkit):
    """What the morning tells of jobs that gave nothing to cut."""
    return json.loads(cutkit("report", "--store", "cutkit-batch.sqlite", "--night", "--json").out)["night"]["left"]


def test_a_faulty_job_does_not_take_the_place_of_one_still_to_be_done(folder, cutkit, checked):
    first = write_jobs(folder, 1)
    with Store(folder / "cutkit-batch.sqlite") as store:
        store.add(checked(first))
    (folder / "other.toml").write_text('name = "j00"\npatterns = "nix.json"\n')
    ran = cutkit("batch", "run", "other.toml", "--keep-going")
    assert ran.code == 5
    assert "no such file" in ran.both
    assert states(cutkit("batch", "status", "--json")) == {"j00": "done"}
    assert "a job of this name in" in cutkit("batch", "log", "j00").out


def test_a_dry_run_says_what_would_be_written(folder, cutkit):
    write_jobs(folder, 2)
    (folder / "out").mkdir()
    (folder / "out" / "j00.marker.json").write_text("old")
    ran = cutkit("batch", "run", "night.toml", "--dry-run")
    assert ran.code == 0
    assert f"{folder}/out/j00.marker.json  (replaced)" in ran.out
    assert "2 jobs, 2 files; nothing was run" in ran.out
    plan = json.loads(cutkit("batch", "run", "night.toml", "--dry-run", "--json").out)
    assert [job["writes"] for job in plan["jobs"]] == [[f"{folder}/out/j0{n}.marker.json"] for n in (0, 1)]
    assert (folder / "out" / "j00.marker.json").read_text() == "old"
    assert not (folder / "cutkit-batch.sqlite").exists()


def test_a_job_that_cannot_be_done_fails_alone(folder, cutkit):
    path = write_jobs(folder, 2)
    text = path.read_text().replace('name = "j01"', 'name = "j01"\nmin_efficiency = 100')
    path.write_text(text)
    ran = cutkit("batch", "run", "night.toml")
    assert ran.code == 5
    assert "failed: j01: below the wanted efficiency of 100 %" in ran.out
    assert "j01: failed before, and unchanged" in cutkit("batch", "run", "night.toml").err
    assert cutkit("batch", "retry").out == "queued again: j01\n"
    assert cutkit("batch", "cancel", "j01").out == "cancelled: j01\n"
    log = cutkit("batch", "log", "j01").out
    assert "queued again by hand" in log
    assert "below the wanted efficiency" in log
    assert cutkit("batch", "log", "j02").code == 2


def test_status_of_a_long_queue(folder, cutkit, store, checked):
    (folder / "jobs").mkdir()
    store.add(checked(write_jobs(folder / "jobs", 40)))
    ran = cutkit("batch", "status", "--store", store.path)
    assert "40 jobs: 40 queued" in ran.out
    assert "the first 30 in each state; --all shows all" in ran.out
    assert [name in ran.out for name in ("j29", "j30")] == [True, False]
    assert "j39" in cutkit("batch", "status", "--store", store.path, "--all").out
    assert len(states(cutkit("batch", "status", "--store", store.path, "--json"))) == 40
    assert list(states(cutkit("batch", "status", "j33", "--store", store.path, "--json"))) == ["j33"]


def test_a_store_that_is_not_there(folder, cutkit):
    for command in (["status"], ["retry"], ["cancel", "a"], ["log", "a"]):
        ran = cutkit("batch", *command)
        assert (ran.code, ran.out) == (3, "")
        assert "no such store" in ran.err


def test_the_environment_names_the_store(folder, cutkit, monkeypatch):
    monkeypatch.setenv("CUTKIT_STORE", str(folder / "shop.sqlite"))
    write_jobs(folder, 1)
    assert cutkit("batch", "run", "night.toml").code == 0
    assert "1 done" in cutkit("batch", "status").out
    assert (folder / "shop.sqlite").exists()


def test_the_end_of_the_night():
    now = datetime.now()
    for hours in (-1, 1):
        clock = now + timedelta(hours=hours)
        end = datetime.fromtimestamp(_until(clock.strftime("%H:%M")))
        assert now < end <= now + timedelta(days=1)
        assert (end.hour, end.minute) == (clock.hour, clock.minute)
    assert _until("8h") == pytest.approx(time.time() + 8 * 3600, abs=60)
    assert _until(None) is None
    for wrong in ("25:00", "6", "-1h", "0s"):
        with pytest.raises(UsageError, match="--until"):
            _until(wrong)


def test_two_runs_begun_at_once_share_a_store_that_neither_has_made_before(folder, cutkit):
    write_jobs(folder, 8)
    runs = [start(folder, "run", "night.toml", "--workers", "1") for _ in range(2)]
    told = [run.communicate(timeout=100)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    jobs = json.loads(cutkit("batch", "status", "--json").out)["jobs"]
    assert {(job["state"], job["attempts"]) for job in jobs} == {("done", 1)}
    done = [line for text in told for line in text.splitlines() if ": done: " in line]
    assert len(done) == 8


# --- interruptions


def start(folder, *args, **more):
    command = [sys.executable, "-m", "cutkit", "batch", *args]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def wait_until(true, what):
    end = time.monotonic() + 100
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_best_so_far(folder, cutkit, number):
    write_jobs(folder, 2, more='time = "10m"\n')
    process = start(folder, "run", "night.toml", "--workers", "1")
    path = folder / "cutkit-batch.sqlite"
    wait_until(lambda: path.exists() and _count(path, "running"), "no job was begun")
    process.send_signal(number)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert [p.name for p in (folder / "out").iterdir()] == ["j00.marker.json"]
    assert cutkit("check", "out/j00.marker.json").code == 0
    assert states(cutkit("batch", "status", "--json")) == {"j00": "queued", "j01": "queued"}


def _count(path, state):
    try:
        with Store(path, create=False) as store:
            return store.counts()[state]
    except CutkitError:
        return 0


def test_a_hot_folder(folder, cutkit):
    hot = folder / "hot"
    hot.mkdir()
    process = start(folder, "watch", "hot", "--workers", "1")
    try:
        (hot / "bad.toml").write_text('name = "bad"\npatterns = "a.json"\nwidth = "3"\n')
        write_instance(hot / "a.json", 1)
        (hot / "a.toml").write_text('patterns = "a.json"\nrounds = 1\n')
        path = folder / "cutkit-batch.sqlite"
        wait_until(lambda: path.exists() and _count(path, "done") and _count(path, "failed"), "nothing was done")
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "refused: hot/bad.toml, job bad, key 'width'" in err
    assert (hot / "a.marker.json").exists()
    assert states(cutkit("batch", "status", "--json")) == {"a": "done", "bad": "failed"}


# --- disks


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="it looks which file is written")
def test_a_disk_full_for_outputs_is_a_clear_state_and_the_next_run_needs_no_search(folder, cutkit, monkeypatch):
    write_jobs(folder, 2)
    real = os.fsync

    def full(handle):
        if b"marker" in os.readlink(f"/proc/self/fd/{handle}").encode():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    ran = cutkit("batch", "run", "night.toml")
    assert ran.code == 5
    assert "No space left on device" in ran.out
    assert list((folder / "out").iterdir()) == []
    assert states(cutkit("batch", "status", "--json")) == {"j00": "failed", "j01": "failed"}
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    ran = cutkit("batch", "run", "night.toml", "--json")
    assert "2 again" in ran.err
    assert states(ran) == {"j00": "done", "j01": "done"}
    assert [job["attempts"] for job in json.loads(ran.out)["jobs"]] == [2, 2]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 kB of its own, and what mounts it anew with other rights; only root may do that."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
        return done.returncode == 0

    if not sys.platform.startswith("linux") or not mount("size=64k"):
        pytest.skip("no disk may be mounted here")
    yield place, lambda: mount("remount,ro")
    subprocess.run(["umount", "-l", place], check=False)


def test_a_disk_that_is_full(folder, cutkit, small_disk):
    disk, _ = small_disk
    path = write_jobs(folder, 2)
    path.write_text(path.read_text().replace('"out/{name}', '"disk/{name}'))
    with open(disk / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(bytes(4096)):
            pass
    ran = cutkit("batch", "run", "night.toml", "--json")
    assert ran.code == 5
    assert states(ran) == {"j00": "failed", "j01": "failed"}
    assert ran.out.count("No space left on device") == 2
    assert [file.name for file in disk.iterdir()] == ["filler"]
    (disk / "filler").unlink()
    assert states(cutkit("batch", "run", "night.toml", "--json")) == {"j00": "done", "j01": "done"}


def test_a_disk_full_for_the_store(folder, cutkit, small_disk):
    disk, _ = small_disk
    write_jobs(folder, 3)
    ran = cutkit("batch", "run", "night.toml", "--store", "disk/s.sqlite")
    assert ran.code == 6
    assert "the store cannot be used" in ran.err
    subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
    assert set(states(cutkit("batch", "run", "night.toml", "--store", "disk/s.sqlite", "--json")).values()) == {"done"}


def test_a_disk_that_is_read_only(folder, cutkit, small_disk):
    _, make_read_only = small_disk
    path = write_jobs(folder, 2)
    path.write_text(path.read_text().replace('"out/{name}', '"disk/{name}'))
    assert make_read_only()
    ran = cutkit("batch", "run", "night.toml")
    assert ran.code == 3
    assert ran.err.count("cannot be written: Read-only file system") == 2


def test_a_store_that_cannot_grow_is_a_clear_end(folder, cutkit):
    """A limit on the size of files stands for a full disk: everything fails that writes more than 20 kB to one."""
    write_jobs(folder, 3)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = start(folder, "run", "night.toml", preexec_fn=limit)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 6
    assert "the store cannot be used" in err
    assert "Traceback" not in err
    ran = cutkit("batch", "run", "night.toml", "--json")
    assert states(ran) == {"j00": "done", "j01": "done", "j02": "done"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_fault_before_anything_runs(folder, cutkit):
    write_jobs(folder, 2)
    (folder / "out").mkdir(mode=0o500)
    ran = cutkit("batch", "run", "night.toml")
    assert ran.code == 3
    assert "cannot be written: Permission denied" in ran.err


def test_a_folder_that_cannot_be_written_is_a_fault_before_anything_runs(folder, cutkit):
    path = write_jobs(folder, 2)
    path.write_text(path.read_text().replace('"out/{name}', '"/proc/{name}'))
    ran = cutkit("batch", "run", "night.toml")
    assert ran.code == 3
    assert ran.err.count("cannot be written") == 2


def test_a_folder_that_becomes_read_only_fails_its_jobs_alone(folder, cutkit, monkeypatch):
    write_jobs(folder, 2)
    from cutkit.batch import publish

    real = publish.stage

    def read_only(path, data, *, tag):
        if "j00" in path:
            raise publish.MachineError("cannot be written: Read-only file system", where=path)
        return real(path, data, tag=tag)

    monkeypatch.setattr(publish, "stage", read_only)
    ran = cutkit("batch", "run", "night.toml", "--json")
    assert ran.code == 5
    assert states(ran) == {"j00": "failed", "j01": "done"}


def test_an_output_over_the_store_or_an_input_is_refused(folder, cutkit):
    write_jobs(folder, 1)
    assert cutkit("batch", "run", "night.toml", "--store", "j00.json").code == 2
    assert cutkit("batch", "run", "night.toml", "--junit", "night.toml").code == 2
    assert json.loads((folder / "j00.json").read_text())["name"] == "j00"


# --- what the README promises


@pytest.fixture
def home(tmp_path):
    """A home as the README has it: jobs in ~/jobs, and cutkit in ~/cutkit/.venv."""
    (tmp_path / "jobs").mkdir()
    write_jobs(tmp_path / "jobs", 2)
    program = tmp_path / "cutkit" / ".venv" / "bin" / "cutkit"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cutkit "$@"\n')
    program.chmod(0o755)
    return tmp_path


def readme_line(beginning):
    """A line of the README, but for the time of day at which the night ends: a test must not know the time."""
    lines = (REPOSITORY / "README.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(beginning)]
    assert "--until 06:00" in line
    return line.replace("--until 06:00", "--until 8h")


def test_the_cron_line_of_the_readme_works_as_pasted(home):
    command = readme_line("0 22 * * * ").removeprefix("0 22 * * * ")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY), "HOME": str(home)}
    environment["CUTKIT_CACHE_DIR"] = str(cache.FOLDER.parent)  # the kernels are compiled already
    done = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    log = (home / "jobs" / "night.log").read_text()
    assert "j01: done: " in log
    assert (home / "jobs" / "night.sqlite").exists()
    assert len(list((home / "jobs" / "out").iterdir())) == 2


def test_the_systemd_units_of_the_readme_work_as_pasted(home, cutkit, monkeypatch):
    command = readme_line("ExecStart=").removeprefix("ExecStart=").replace("%h", str(home))
    program, *arguments = command.split()
    assert Path(program).exists()
    monkeypatch.chdir(home / "jobs")  # as WorkingDirectory has it
    ran = cutkit(*arguments)
    assert (ran.code, len(list((home / "jobs" / "out").iterdir()))) == (0, 2)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here to judge its units")
def test_systemd_finds_no_fault_in_the_units(home):
    units = re.findall(r"```ini\n# (\S+)\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.S)
    assert [name for name, _ in units] == ["cutkit-night.service", "cutkit-night.timer"]
    for name, text in units:
        (home / name).write_text(text.replace("%h", str(home)))
    paths = [str(home / name) for name, _ in units]
    done = subprocess.run(["systemd-analyze", "verify", "--user", *paths], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "cutkit-night" in line] == []
