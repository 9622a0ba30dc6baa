"""Beyond one machine: tasks on a cluster of Dask workers (the extra ``cluster``).

``executor`` is the runner's side, ``remote`` what a worker does, ``local`` a cluster of this machine's own processes.
"""
