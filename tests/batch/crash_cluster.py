"""The kill campaign on a cluster: runners, workers and the scheduler are killed at random instants.

    python tests/batch/crash_cluster.py [COUNT] [SEED]      30 kills, or COUNT

Batches of 40 small jobs go through a scheduler and two workers on loopback; whatever is killed is started again. They
are judged as those of ``crash.py`` are, and by the bytes of a run without any cluster.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cluster_for_tests import NONE, Cluster
from crash import JOBS, LONGEST_S, Batch, Campaign

WHOM = ["runner", "scheduler", "worker", "worker"]


class ClusterCampaign(Campaign):
    """Batches on a cluster, after an undisturbed one without."""

    def __init__(self, folder: Path, jobs: int, seed: int) -> None:
        self.cluster: Cluster | None = None
        super().__init__(folder, jobs, seed)
        self.cluster = Cluster(folder)
        self.cluster.start(2)

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        if self.cluster is None:
            return super()._start(folder)
        command = [sys.executable, "-m", "cutkit", "batch", "run", "night.toml", "--quiet"]
        return subprocess.Popen([*command, "--cluster", self.cluster.address], cwd=folder, stdout=NONE, stderr=NONE)

    def _kill_once(self, runner: subprocess.Popen[bytes], folder: Path, seen: Batch) -> bool:
        """Kill something at a random instant and start it again; False where the batch was over before."""
        whom = self.rng.choice(WHOM)
        instant = time.monotonic() + self.rng.uniform(0.0, 0.7 * self.usual_s)
        while time.monotonic() < instant:
            if runner.poll() is not None:
                return False
            self.cluster.start(2)  # workers end with their scheduler; whoever supervises them starts them again
            time.sleep(0.01)
        victim = runner
        if whom != "runner":
            victim = self.cluster.scheduler if whom == "scheduler" else self.rng.choice(self.cluster.workers)
        victim.kill()
        victim.wait()
        seen.kills[whom] = seen.kills.get(whom, 0) + 1
        self.cluster.start(2)
        self._judge_now(folder, seen)
        return True

    def _end_of(self, runner: subprocess.Popen[bytes]) -> int | None:
        """The cluster is kept whole until then."""
        end = time.monotonic() + LONGEST_S
        while runner.poll() is None and time.monotonic() < end:
            if self.cluster is not None:
                self.cluster.start(2)
            time.sleep(0.05)
        return runner.poll()


def main() -> int:
    count, seed = (int(sys.argv[k]) if len(sys.argv) > k else default for k, default in ((1, 30), (2, 1)))
    faults = kills = 0
    with tempfile.TemporaryDirectory(prefix="cutkit-crash-") as folder:
        runs = ClusterCampaign(Path(folder), JOBS, seed)
        print(f"{JOBS} jobs, without a cluster in {runs.usual_s:.1f} s; seed {seed}")
        try:
            number = 0
            while kills < count:
                one = runs.batch(f"batch-{number}", min(6, count - kills))
                number, kills, faults = number + 1, kills + sum(one.kills.values()), faults + one.faults
                killed = ", ".join(f"{n} {whom}" for whom, n in one.kills.items())
                print(
                    f"{number:>3}: killed {killed}; {one.in_the_midst} in the midst; {one.lost} lost,",
                    f"{one.twice} twice, {one.half_written} half written, {one.left_behind} left behind,",
                    f"{one.dirty} dirty; {one.attempts} attempts, {one.seconds:.1f} s",
                    flush=True,
                )
        finally:
            runs.cluster.kill()
    print(f"{kills} kills: nothing lost, nothing twice, nothing half written" if not faults else f"{faults} FAULTS")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
