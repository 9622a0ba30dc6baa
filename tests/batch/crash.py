"""The kill campaign: runners and workers are killed at random instants, and what must never happen is counted.

    python tests/batch/crash.py [COUNT] [SEED]      100 kills, or COUNT

A batch of 40 small jobs is run by ``cutkit batch run`` with two workers; at a random instant the runner or one of its
workers is killed, the runner is started again where it was the one, and so on until the batch is done. Then, and after
every kill, the store and the files are judged: by SQLite's own integrity check, and by the bytes of an undisturbed run.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from jobs_for_tests import write_jobs

JOBS = 40
LONGEST_S = 600.0


@dataclass
class Batch:
    """What one batch has seen."""

    kills: dict[str, int] = field(default_factory=lambda: {"runner": 0, "worker": 0})
    in_the_midst: int = 0
    """Kills while a job was running."""
    lost: int = 0
    twice: int = 0
    half_written: int = 0
    left_behind: int = 0
    dirty: int = 0
    attempts: int = 0
    seconds: float = 0.0

    @property
    def faults(self) -> int:
        return self.lost + self.twice + self.half_written + self.left_behind + self.dirty


class Campaign:
    """Batches of ``jobs`` jobs in folders of their own below ``folder``."""

    def __init__(self, folder: Path, jobs: int, seed: int) -> None:
        self.folder = folder
        self.jobs = jobs
        self.rng = random.Random(seed)
        self.expected, self.usual_s = self._undisturbed()

    def _undisturbed(self) -> tuple[dict[str, str], float]:
        """The hash of every file that the batch writes, and the seconds that it takes."""
        folder = self._new_folder("undisturbed")
        begin = time.monotonic()
        runner = self._start(folder)
        assert runner.wait(LONGEST_S) == 0
        took = time.monotonic() - begin
        hashes = hashes_in(folder)
        assert len(hashes) == self.jobs
        return hashes, took

    def _new_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True)
        write_jobs(folder, self.jobs)
        return folder

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "cutkit", "batch", "run", "night.toml", "--workers", "2", "--quiet"]
        none = subprocess.DEVNULL
        return subprocess.Popen(command, cwd=folder, stdout=none, stderr=none, start_new_session=True)

    def batch(self, name: str, most_kills: int) -> Batch:
        """Run a batch to its end with up to ``most_kills`` kills, and judge it."""
        folder, seen = self._new_folder(name), Batch()
        begin = time.monotonic()
        runner = self._start(folder)
        for _ in range(most_kills):
            if not self._kill_once(runner, folder, seen):
                break
            if runner.poll() is not None:
                runner = self._start(folder)
        seen.lost += self._end_of(runner) != 0
        seen.seconds = time.monotonic() - begin
        self._judge_the_end(folder, seen)
        return seen

    def _end_of(self, runner: subprocess.Popen[bytes]) -> int | None:
        """The exit code of a runner that is not disturbed any more; None where it does not end."""
        return runner.wait(LONGEST_S)

    def _kill_once(self, runner: subprocess.Popen[bytes], folder: Path, seen: Batch) -> bool:
        """Kill the runner or a worker at a random instant; False where the batch was over before."""
        whom = self.rng.choice(["runner", "worker"])
        instant = time.monotonic() + self.rng.uniform(0.0, 0.7 * self.usual_s)
        while time.monotonic() < instant:
            if runner.poll() is not None:
                return False
            time.sleep(0.002)
        victims = [runner.pid] if whom == "runner" else children_of(runner.pid)
        while whom == "worker" and not victims and runner.poll() is None:
            time.sleep(0.002)
            victims = children_of(runner.pid)
        if runner.poll() is not None or not victims:
            return False
        os.kill(self.rng.choice(victims), signal.SIGKILL)
        seen.kills[whom] += 1
        if whom == "runner":
            runner.wait(LONGEST_S)
        self._judge_now(folder, seen)
        return True

    def _judge_now(self, folder: Path, seen: Batch) -> None:
        """After a kill: the store is whole, no job has vanished, and every file that is there is the right one."""
        path = folder / "cutkit-batch.sqlite"
        if path.exists():
            with closing(path) as store:
                seen.dirty += store.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
                seen.dirty += len(store.execute("PRAGMA foreign_key_check").fetchall())
                if store.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                    count = store.execute("SELECT COUNT(*) FROM jobs").fetchone()[0]
                    seen.lost += count not in (0, self.jobs)
                    running = "SELECT COUNT(*) FROM jobs WHERE state = 'running'"
                    seen.in_the_midst += store.execute(running).fetchone()[0] > 0
        seen.half_written += sum(self.expected.get(name) != sha for name, sha in hashes_in(folder).items())

    def _judge_the_end(self, folder: Path, seen: Batch) -> None:
        """At the end: every job is done, once, with the files of the undisturbed run, and nothing else lies there."""
        hashes = hashes_in(folder)
        seen.half_written += sum(self.expected.get(name) != sha for name, sha in hashes.items())
        seen.lost += len(self.expected.keys() - hashes.keys())
        seen.left_behind += len(list((folder / "out").glob(".*")))
        with closing(folder / "cutkit-batch.sqlite") as store:
            seen.dirty += store.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
            seen.lost += self.jobs - store.execute("SELECT COUNT(*) FROM jobs WHERE state = 'done'").fetchone()[0]
            done = "SELECT COUNT(*) FROM events WHERE text = 'done' GROUP BY job"
            seen.twice += sum(count - 1 for (count,) in store.execute(done))
            ended = "SELECT COUNT(*) FROM attempts WHERE outcome = 'done' GROUP BY job HAVING COUNT(*) > 1"
            seen.twice += len(store.execute(ended).fetchall())
            recorded = dict(store.execute("SELECT path, sha256 FROM outputs"))
            seen.half_written += sum(hashes[Path(path).name] != sha for path, sha in recorded.items())
            seen.attempts = store.execute("SELECT SUM(attempts) FROM jobs").fetchone()[0]


class closing:  # noqa: N801 (it is read like contextlib's)
    """A connection to a store, as any tool of SQLite's would open it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> sqlite3.Connection:
        self.store = sqlite3.connect(self.path, timeout=60)
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()


def hashes_in(folder: Path) -> dict[str, str]:
    """The files that a batch has written so far, by name, but for those still under a temporary name."""
    files = [path for path in (folder / "out").glob("*") if not path.name.startswith(".")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *_ = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(parent) == pid and state not in "ZX":
            found.append(int(status.parent.name))
    return found


def campaign(folder: Path, count: int, jobs: int = JOBS, seed: int = 1, kills_a_batch: int = 6) -> list[Batch]:
    """Batches until ``count`` kills were done; prints a row for each."""
    runs = Campaign(folder, jobs, seed)
    print(f"{jobs} jobs, undisturbed in {runs.usual_s:.1f} s; seed {seed}")
    print("batch  kills: runner  worker  midst   lost  twice  half-written  left behind  dirty  attempts      s")
    batches: list[Batch] = []
    while (done := sum(sum(b.kills.values()) for b in batches)) < count:
        one = runs.batch(f"batch-{len(batches)}", min(kills_a_batch, count - done))
        batches.append(one)
        print(_row(str(len(batches)), one), flush=True)
    print(_row("all", total(batches)))
    return batches


def _row(name: str, b: Batch) -> str:
    kills = f"{b.kills['runner']:>13}  {b.kills['worker']:>6}  {b.in_the_midst:>5}"
    faults = f"{b.lost:>6} {b.twice:>6} {b.half_written:>13} {b.left_behind:>12} {b.dirty:>6}"
    return f"{name:>5}  {kills} {faults} {b.attempts:>9} {b.seconds:>6.1f}"


def total(batches: list[Batch]) -> Batch:
    """The sums of several batches."""
    names = ("in_the_midst", "lost", "twice", "half_written", "left_behind", "dirty", "attempts", "seconds")
    whole = Batch(**{name: sum(getattr(b, name) for b in batches) for name in names})
    whole.kills = {whom: sum(b.kills[whom] for b in batches) for whom in whole.kills}
    return whole


def main() -> int:
    count, seed = (int(sys.argv[k]) if len(sys.argv) > k else default for k, default in ((1, 100), (2, 1)))
    with tempfile.TemporaryDirectory(prefix="cutkit-crash-") as folder:
        batches = campaign(Path(folder), count, seed=seed)
    faults = total(batches).faults
    print("nothing lost, nothing twice, nothing half written" if not faults else f"{faults} FAULTS")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
