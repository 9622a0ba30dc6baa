"""A Dask scheduler and workers, as processes of their own."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

NONE = subprocess.DEVNULL


@dataclass
class Cluster:
    """``dask scheduler`` and ``dask worker`` on loopback, in a folder that has nothing of the jobs."""

    folder: Path
    port: int = 0
    scheduler: subprocess.Popen | None = None
    workers: list[subprocess.Popen] = field(default_factory=list)

    @property
    def address(self):
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, workers=1, *more):
        """Start what is not running."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        where = ["--host", "127.0.0.1", "--no-dashboard"]
        if self.scheduler is None or self.scheduler.poll() is not None:
            bare = self.folder / "bare.py"
            bare.write_text("import sys\n\nsys.modules['cutkit'] = None  # a scheduler needs none\n")
            self.scheduler = self._process("scheduler", *where, "--port", str(self.port), "--preload", str(bare))
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < workers:
            self.workers.append(self._process("worker", self.address, *where, "--no-nanny", "--nthreads", "1", *more))

    def _process(self, what, *arguments):
        command = [sys.executable, "-m", "dask", what, *arguments]
        return subprocess.Popen(command, cwd=self.folder, stdin=NONE, stdout=NONE, stderr=NONE)

    def kill(self):
        for process in [self.scheduler, *self.workers]:
            if process is not None:
                process.kill()
                process.wait()
        self.workers = []
