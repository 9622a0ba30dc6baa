"""Batches: the same calls, many times, by a queue that never loses a job.

::

    prepare   a job with its nest and its machine, and what is wrong with it before anything runs
    bundle    a job with the bytes of its inputs: all that a worker needs
    perform   one task: some searching on a bundle's markers, and the files that come of it
    workers   processes that stay alive and perform tasks; the seam for other executors
    cluster   the same on the workers of a Dask scheduler
    gain      which marker is worth more time
    store     the queue on disk: states, leases, what was written
    database  the file below it: opening, migrations, transactions
    schema    the tables of the store, and its migrations
    runner    jobs from the store to the workers, and files from them to their places
    watch     a folder whose files become jobs once they are whole
    junit     the jobs of a run as JUnit XML
"""
