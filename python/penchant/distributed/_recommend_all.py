"""Recommendations for everyone, written by the workers of a cluster into a folder of Parquet files."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from penchant._validation import describe, integer
from penchant.distributed import _ray
from penchant.distributed._folder import Folder
from penchant.distributed._scoring import recommend_batches
from penchant.recommender import Recommender

#: How often a part is tried again whose worker died.
_RETRIES = 5
_ABOUT = "_recommendations.json"  # readers of folders pass over names that begin so


class _Scorer:
    """A worker that fetches the recommender when it is first needed."""

    def __init__(self, n: int, options: dict[str, Any], threads: int) -> None:
        self._n, self._options, self._threads = n, options, threads
        self._data: Any = None
        self._score: Any = None

    def _fetch(self, shared: list[Any]) -> None:
        recommender = _ray.import_ray().get(shared[0])
        recommender.model.num_threads = self._threads
        self._data = recommender.data
        self._score = recommend_batches(recommender, self._n, **self._options)

    def write(self, shared: list[Any], folder: Folder, name: str, first: int, end: int) -> int:
        """Write the recommendations for some users, by their numbers, and return how many users these are."""
        import pyarrow as pa  # noqa: PLC0415 - it is optional
        import pyarrow.parquet as pq  # noqa: PLC0415

        if self._data is None:
            self._fetch(shared)
        users = self._data.user_labels(np.arange(first, end, dtype=np.int32))
        found = self._score(pa.table({"user": users}))
        file = io.BytesIO()
        pq.write_table(found, file)
        folder.write(name, file.getvalue())
        return end - first


def recommend_all(
    recommender: Recommender,
    folder: Any,
    n: int = 10,
    *,
    workers: int = 2,
    threads_per_worker: int = 1,
    users_per_file: int = 100_000,
    filter_liked: bool = True,
    min_score: float | None = None,
    show_progress: bool = True,
) -> list[str]:
    """Recommend to all users on the workers of a Ray cluster, and write a folder of Parquet files.

    A second call goes on where one has ended that was interrupted: files that are there are left as they are.

    Parameters
    ----------
    recommender : Recommender
        A fitted one.
    folder : path, URI or pyarrow.fs.FileSystem
        Where all nodes can write. Each file is there as a whole or not at all.
    n : int, default 10
        How many items for each user.
    workers : int, default 2
        How many workers; each needs memory for the recommender.
    threads_per_worker : int, default 1
        How many threads each has; so many CPUs it asks Ray for.
    users_per_file : int, default 100_000
    filter_liked, min_score
        As in `Recommender.recommend`.
    show_progress : bool, default True
        Show a progress bar.

    Returns
    -------
    list of str
        The names of the files, in the order of users, with the columns ``user``, ``item``, ``score`` and
        ``rank``.

    Raises
    ------
    TypeError
        If `recommender` is none.
    NotFittedError
        If it is not fitted.
    ValueError
        If the folder has recommendations of another model or for other arguments, or the cluster too few
        CPUs.
    """
    if not isinstance(recommender, Recommender):
        msg = f"recommender must be a Recommender, got {describe(recommender)}"
        raise TypeError(msg)
    n, step = integer(n, "n", 1), integer(users_per_file, "users_per_file", 1)
    workers, threads = integer(workers, "workers", 1), integer(threads_per_worker, "threads_per_worker", 1)
    options = {"filter_liked": filter_liked, "min_score": min_score}
    users = recommender.data.shape[0]
    _ray.import_ray()
    place = Folder(folder, "folder")
    _claim(place, {"n": n, "users_per_file": step, **options, "users": users, "model": _digest(recommender)})
    parts = {
        f"part-{at:06d}.parquet": (first, min(first + step, users))
        for at, first in enumerate(range(0, users, step))
    }
    there = set(place.names())
    with (
        _ray.cluster(workers * threads) as ray,
        tqdm(
            total=users, unit="user", unit_scale=True, disable=not show_progress, desc="recommending"
        ) as bar,
    ):
        _ray.check_room(ray, workers, threads, 1)
        shared = [ray.put(recommender)]  # in a list, so that it is not fetched for each part
        actor = ray.remote(_Scorer).options(
            num_cpus=threads, max_restarts=_RETRIES, max_task_retries=_RETRIES
        )
        scorers = [actor.remote(n, options, threads) for _ in range(workers)]
        try:
            pool = ray.util.ActorPool(scorers)
            for name, (first, end) in parts.items():
                if name in there:
                    bar.update(end - first)
                else:
                    pool.submit(
                        lambda scorer, part: scorer.write.remote(shared, place, *part), (name, first, end)
                    )
            while pool.has_next():
                bar.update(pool.get_next_unordered())
        finally:
            for scorer in scorers:
                ray.kill(scorer)
    return list(parts)


def _claim(folder: Folder, about: dict[str, Any]) -> None:
    """Say whose recommendations are in the folder, or raise if it has others."""
    if folder.has(_ABOUT):
        there = json.loads(folder.read(_ABOUT))
        for name, value in about.items():
            if there.get(name) != value:
                what = (
                    "of another model"
                    if name == "model"
                    else f"with {name}={there.get(name)!r}, not {value!r}"
                )
                msg = f"{folder} has recommendations {what}: remove it, or write to another folder"
                raise ValueError(msg)
        return
    if folder.names():
        msg = f"{folder} has other files in it: recommendations need a folder of their own"
        raise ValueError(msg)
    folder.make()
    folder.write(_ABOUT, json.dumps(about).encode())


def _digest(recommender: Recommender) -> str:
    digest = hashlib.blake2b(repr(recommender).encode(), digest_size=16)
    for labels in (recommender.data.users, recommender.data.items):
        digest.update("\x00".join(map(str, labels.tolist())).encode())
    for name, tensor in sorted(recommender.model._tensors().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor).tobytes())
    matrix = recommender.data.matrix
    for array in (matrix.indptr, matrix.indices, matrix.data):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
