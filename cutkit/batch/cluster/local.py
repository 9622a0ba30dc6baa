"""A cluster of this machine's own: scheduler and workers, in processes that a Ctrl-C at the terminal does not reach.

``python -m cutkit.batch.cluster.local COUNT`` writes the scheduler's address, and goes on until its stdin ends: however
the runner goes, nothing stays behind.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

from cutkit.errors import MachineError

STOP_WAIT_S = 15.0
GIVE_UP_S = 3.0
"""How long a cluster that was still starting may take to end."""


class StoppedError(Exception):
    """A stop was asked for before there was a cluster."""


class LocalProcesses:
    """``count`` workers with one thread each, and their scheduler. One that dies is replaced.

    MachineError where they do not start; StoppedError where ``stop`` is true before they have.
    """

    def __init__(self, count: int, stop: Callable[[], bool] = lambda: False) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cutkit.batch.cluster.local", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.address = ""
        reading = threading.Thread(target=self._read_address, daemon=True)
        reading.start()
        while reading.is_alive():
            if stop():
                self.close(GIVE_UP_S)
                raise StoppedError
            reading.join(0.1)
        if not self.address:
            self.close()
            raise MachineError("the local cluster did not start", hint="Try `python -m cutkit.batch.cluster.local 1`.")

    def _read_address(self) -> None:
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().decode().strip()

    def close(self, wait_s: float = STOP_WAIT_S) -> None:
        """End scheduler and workers, by force where they do not hear."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main() -> None:
    """Start a cluster, say where it is, and end it with stdin."""
    from distributed import LocalCluster

    count = int(sys.argv[1])
    cluster = LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    )
    with cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
