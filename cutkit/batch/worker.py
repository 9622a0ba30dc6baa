"""A worker process: ``python -m cutkit.batch.worker FD``, started by ``workers.LocalExecutor``.

It performs the tasks that come over the connection FD, one after the other. A thread of its own listens, so that a stop
is heard in the midst of a search, and the end of the connection ends the process, whatever it is doing.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection

from cutkit.batch.perform import Task, perform
from cutkit.batch.workers import Stop, Telling
from cutkit.nest import Stage
from cutkit.prepare.prepare import Preparer


def main() -> None:
    """Perform tasks until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    stopped: set[int] = set()
    threading.Thread(target=_listen, args=(connection, tasks, stopped), daemon=True).start()
    _load_what_is_slow()
    preparer = Preparer()
    while True:
        task = tasks.get()
        number = task.id

        def tell(stage: Stage, material: str, efficiency: float | None, number: int = number) -> None:
            connection.send(Telling(number, stage, material, efficiency))

        result = perform(task, lambda number=number: number in stopped, tell, preparer)  # type: ignore[misc]
        try:
            connection.send(result)
        except OSError:
            os._exit(1)


def _listen(connection: Connection, tasks: queue.SimpleQueue[Task], stopped: set[int]) -> None:
    while True:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            os._exit(1)  # the runner is gone: nobody wants what is being made
        if isinstance(message, Task):
            tasks.put(message)
        elif isinstance(message, Stop):
            stopped.add(message.task)


def _load_what_is_slow() -> None:
    """Import what every task needs while the runner is still choosing one."""
    import cutkit.check
    import cutkit.formats.marker
    import cutkit.nest.run
    import cutkit.report  # noqa: F401


if __name__ == "__main__":
    main()
