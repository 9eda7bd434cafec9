"""Trials of a search as tasks of a cluster."""

from __future__ import annotations

import threading
from typing import Any

from penchant import tuning
from penchant._validation import integer
from penchant.distributed import _ray


class _Tasks:
    """Makes attempts on a cluster, whose nodes have one copy of the data each."""

    def __init__(self, ray: Any, threads: int) -> None:
        self._ray, self._shared, self._lock = ray, None, threading.Lock()
        self._attempt = ray.remote(_attempt).options(num_cpus=threads)

    def __call__(self, bench: Any, name: str, parameters: dict[str, Any], falls_behind: Any) -> Any:
        with self._lock:  # as trials run side by side
            if self._shared is None:
                self._shared = self._ray.put(bench)
        try:
            attempt = self._ray.get(self._attempt.remote(self._shared, name, parameters))
        except self._ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, Exception) else error) from None
        except (self._ray.exceptions.WorkerCrashedError, self._ray.exceptions.OutOfMemoryError) as error:
            raise MemoryError(str(error)) from error  # which the search passes over
        for epoch, value in enumerate(attempt.attributes.get("history", []) if falls_behind else []):
            falls_behind(epoch, value)  # too late for this trial, but a measure for others
        return attempt


def _attempt(bench: Any, name: str, parameters: dict[str, Any]) -> Any:
    return bench.attempt(name, parameters, None)


def tune(
    data: Any, *args: Any, workers: int = 2, threads_per_worker: int = 1, **settings: Any
) -> tuning.Tuned:
    """Find the model and the parameters that do best, with the trials on the workers of a Ray cluster.

    Parameters
    ----------
    data : Interactions, scipy.sparse matrix or array, or Split
        Each node of the cluster gets one copy.
    *args, **settings
        As for `penchant.tuning.tune`, but for `jobs`, `num_threads` and `runner`.
    workers : int, default 2
        How many trials run at a time. With more than one, what is tried depends on which trial ends first.
    threads_per_worker : int, default 1
        How many threads each has; so many CPUs it asks Ray for.

    Returns
    -------
    Tuned
        The best model was fitted on this machine.

    Raises
    ------
    ImportError
        Without Ray or Optuna: ``pip install 'penchant[ray,tuning]'``.
    ValueError
        If the cluster has too few CPUs, or as in `penchant.tuning.tune`.
    TypeError
        As in `penchant.tuning.tune`.
    """
    for name in ("jobs", "num_threads", "runner"):
        if name in settings:
            msg = f"{name} follows from workers and threads_per_worker here"
            raise TypeError(msg)
    workers, threads = integer(workers, "workers", 1), integer(threads_per_worker, "threads_per_worker", 1)
    with _ray.cluster(workers * threads) as ray:
        _ray.check_room(ray, workers, threads, 1)
        tasks = _Tasks(ray, threads)
        return tuning.tune(data, *args, jobs=workers, num_threads=workers * threads, runner=tasks, **settings)
