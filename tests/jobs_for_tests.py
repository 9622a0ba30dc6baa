"""Small jobs for tests of batches: instances of a few polygons, nested in a fraction of a second."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

OUTCOME_S = 180.0
"""How long a task may take until its outcome is missed."""


def write_instance(path: Path, seed: int, items: int = 4) -> Path:
    """A strip-packing instance of a few random triangles and quadrangles, the same for the same seed."""
    rng = random.Random(seed)
    shapes = []
    for number in range(items):
        width, height = rng.uniform(15, 60), rng.uniform(15, 60)
        corners = [[0, 0], [width, 0], [width * rng.uniform(0.3, 1), height]]
        if rng.random() < 0.5:
            corners.append([0, height * rng.uniform(0.5, 1)])
        shape = {"type": "simple_polygon", "data": [[round(x, 3), round(y, 3)] for x, y in corners]}
        shapes.append({"id": number, "demand": 2, "allowed_orientations": [0, 180], "shape": shape})
    path.write_text(json.dumps({"name": path.stem, "strip_height": 100, "items": shapes}))
    return path


def write_jobs(folder: Path, count: int, more: str = "rounds = 1\n") -> Path:
    """A file of ``count`` jobs, ``j00`` and so on, with their instances; what they write goes to ``out/``."""
    text = '[defaults]\nmarker = "out/{name}.marker.json"\n' + more
    for number in range(count):
        write_instance(folder / f"j{number:02}.json", seed=number)
        text += f'\n[[job]]\nname = "j{number:02}"\npatterns = "j{number:02}.json"\n'
    path = folder / "night.toml"
    path.write_text(text)
    return path


def outcome(executor):
    """What comes next from a task, but for how far it is."""
    from cutkit.batch.workers import Telling

    end = time.monotonic() + OUTCOME_S
    while time.monotonic() < end:
        for event in executor.wait(0.1):
            if not isinstance(event, Telling):
                return event
    raise AssertionError("nothing came back")


class DirectExecutor:
    """Performs each task in this process, at once."""

    def __init__(self):
        from cutkit.prepare.prepare import Preparer

        self._preparer = Preparer()
        self._events = []

    def free(self):
        """One, until a task's result was fetched."""
        return 0 if self._events else 1

    def submit(self, task):
        """Perform the task now."""
        from cutkit.batch.perform import perform

        self._events.append(perform(task, lambda: False, lambda *_: None, self._preparer))

    def wait(self, timeout_s):
        """The result of the task performed last."""
        events, self._events = self._events, []
        if not events:
            time.sleep(min(timeout_s, 0.01))
        return events

    def stop(self, task):
        """Nothing: a task is over as soon as it was submitted."""

    def close(self):
        """Nothing to end."""
