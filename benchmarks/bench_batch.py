"""What a batch costs beside its searches: small jobs on worker processes, and `batch status` of a long queue.

The share is the wall time of `cutkit batch run`, start-up and files included, over the sum of all search times divided
by the number of workers; 1.0 would be free of any cost. It is asked to be at most 1.2 for 40 jobs on two workers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from jobs_for_tests import write_jobs

CUTKIT = [sys.executable, "-m", "cutkit", "batch"]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--time", default="1s", help="search time of each job")
    parser.add_argument("--queued", type=int, default=1000, help="jobs in the store that `batch status` is timed on")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cutkit-bench-") as folder:
        small_jobs(Path(folder), options)
    with tempfile.TemporaryDirectory(prefix="cutkit-bench-") as folder:
        long_queue(Path(folder), options.queued)


def small_jobs(folder: Path, options: argparse.Namespace) -> None:
    """Run the jobs, and hold the wall time against their searches'."""
    write_jobs(folder, options.jobs, more=f'time = "{options.time}"\n')
    begin = time.monotonic()
    run = [*CUTKIT, "run", "night.toml", "--workers", str(options.workers), "--json", "--quiet"]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    wall = time.monotonic() - begin
    searched = sum(job["search_s"] for job in json.loads(done.stdout)["jobs"])
    share = wall / (searched / options.workers)
    print("| jobs | workers | search, s | wall, s | share |\n|---|---|---|---|---|")
    print(f"| {options.jobs} of {options.time} | {options.workers} | {searched:.1f} | {wall:.1f} | {share:.3f} |\n")


def long_queue(folder: Path, count: int) -> None:
    """Time `batch status` on a store with many jobs, and the bare start of the program beside it."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from cutkit.batch.prepare import Checker, check_jobs
    from cutkit.batch.store import Store
    from cutkit.formats.jobs import read_jobs

    checked, faults = check_jobs(read_jobs([write_jobs(folder, count)]).jobs, Checker())
    assert not faults
    with Store(folder / "cutkit-batch.sqlite") as store:
        store.add(checked)
    bare = best_of(3, [sys.executable, "-m", "cutkit", "--version"], folder)
    status = best_of(3, [*CUTKIT, "status", "--json"], folder)
    table = best_of(3, [*CUTKIT, "status"], folder)
    print("| jobs queued | start-up, s | status --json, s | status, s |\n|---|---|---|---|")
    print(f"| {count} | {bare:.2f} | {status:.2f} | {table:.2f} |")


def best_of(times: int, command: list[str], folder: Path) -> float:
    """The least wall time of several runs."""
    taken = []
    for _ in range(times):
        begin = time.monotonic()
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
        taken.append(time.monotonic() - begin)
    return min(taken)


if __name__ == "__main__":
    main()
