"""Nest many small random jobs and let every referee judge each marker: ``python tests/nest/soak.py [COUNT] [FIRST]``.

Prints the figures, and exits 1 where a marker has a fault or a job ends in an error; a job is made from its number
alone, so ``soak.py 1 NUMBER`` repeats it. The referees are cutkit's own and, where it is at hand, the shared one.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from random_jobs import Job, random_job

from cutkit.check import check_marker
from cutkit.formats.marker import marker_text
from cutkit.nest import nest, search

ROUND_WORK = 50_000
"""Far shorter rounds than in earnest: what is tried here is validity, and a job takes a fifth of a second."""
SHARED_REFEREE = Path(__file__).resolve().parents[3] / "shared/tools/check_marker.py"


def shared_check() -> Callable[[dict], tuple[list[str], dict]] | None:
    """``check`` of the shared referee; None where it is not here."""
    if not SHARED_REFEREE.exists():
        return None
    spec = importlib.util.spec_from_file_location("shared_check_marker", SHARED_REFEREE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.check


def faults_of(job: Job) -> list[str]:
    """What any referee finds wrong with the job's marker; a marker without a piece must name every copy instead."""
    marker = nest(job.fabric, job.demand, job.settings)
    left_out = sum(u.count for u in marker.unplaced)
    faults = [] if len(marker.placements) + left_out == len(job.demand.copies) else ["copies are missing"]
    if not marker.placements:
        return faults if left_out else ["nothing is placed"]
    faults += [fault.message for fault in check_marker(marker)]
    check = shared_check()
    return faults + (check(json.loads(marker_text(marker)))[0] if check else [])


def main() -> int:
    """Run the jobs; the number of those that failed, at most 1."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    begin, bad = time.process_time(), 0
    search.ROUND_WORK = ROUND_WORK
    for number in range(first, first + count):
        try:
            faults = faults_of(random_job(number))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            faults = [f"{type(error).__name__}: {error}"]
        if faults:
            bad += 1
            print(f"job {number}: {'; '.join(faults[:3])}", flush=True)
    referees = "two referees" if shared_check() else "cutkit's referee alone: the shared one is not here"
    print(f"{count} jobs from {first} on, {bad} with faults; {time.process_time() - begin:.0f} CPU seconds; {referees}")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
