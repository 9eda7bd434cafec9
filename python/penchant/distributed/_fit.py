"""A fit on a cluster."""

from __future__ import annotations

from typing import Any

from penchant._base.progress import Callback, Progress
from penchant._validation import describe, integer
from penchant.als import AlternatingLeastSquares
from penchant.distributed import _ray
from penchant.distributed._checkpoint import Checkpoints
from penchant.distributed._folder import Folder
from penchant.distributed._run import FEWEST_LEAVES, Run
from penchant.distributed._source import rows_of
from penchant.recommender import Recommender

_MOST_SHARDS = 4096


def fit(
    model: AlternatingLeastSquares,
    source: Any,
    *,
    workers: int = 2,
    threads_per_worker: int = 1,
    shards: int = 64,
    checkpoint: Any = None,
    checkpoint_every: int = 1,
    resume: bool = False,
    show_progress: bool = True,
    callback: Callback | None = None,
    **reading: Any,
) -> Recommender:
    """Fit a model on the workers of a Ray cluster: the same bits for any number of them.

    Parameters
    ----------
    model : AlternatingLeastSquares
        What to fit. It is changed when the fit is done, and not before.
    source : Interactions, path, folder, pattern, several of these, or ray.data.Dataset
        The events. Files have to be where all nodes of the cluster can read them: each is read by one of
        them.
    workers : int, default 2
        How many share the fit: one for each quarter of a million entries at most, or eight; and no more than
        there are shards.
    threads_per_worker : int, default 1
        How many threads each has; so many CPUs it asks Ray for.
    shards : int, default 64
        In how many parts users are cut, a power of two from 8 on. Data of another number of shards is another
        fit: this is what the bits depend on, instead of on the workers.
    checkpoint : path, URI or pyarrow.fs.FileSystem, optional
        A folder of this fit alone, which all nodes and a later process can reach. A fit that loses a worker
        goes on from the last checkpoint, or without any from the beginning.
    checkpoint_every : int, default 1
        Write one after so many epochs; the last two are kept.
    resume : bool, default False
        Go on from the last checkpoint in the folder, if there is one, with any number of workers. The result
        is that of a fit that was not interrupted.
    show_progress : bool, default True
        Show a progress bar with the loss.
    callback : callable, optional
        As in `AlternatingLeastSquares.fit`.
    **reading
        How to read events, as in `Interactions.from_file` (files) or `Interactions.from_frame` (a Dataset):
        but for what needs all events at once.

    Returns
    -------
    Recommender
        Around `model`. Of files and Datasets, users are in an order of their own and items sorted.

    Raises
    ------
    ImportError
        Without Ray: ``pip install 'penchant[ray]'``.
    ValueError
        If the cluster has too few CPUs, the source cannot be read, its parts disagree about columns, or
        `checkpoint` has another fit in it.
    MemoryError
        If the nodes have less memory than the fit takes. It says how much that is.
    ModelFitError
        If the fit diverges, or workers are lost again and again.
    KeyboardInterrupt
        On Ctrl-C. What is in `checkpoint` stays.

    Notes
    -----
    The cluster is the one that Ray is connected to, the one that ``RAY_ADDRESS`` names, or else one of this
    machine, which listens on 127.0.0.1 and ends with the fit. Nodes whose CPUs have other vector instructions
    round otherwise.

    Examples
    --------
    >>> import penchant
    >>> model = penchant.AlternatingLeastSquares(random_state=0)
    >>> recommender = penchant.distributed.fit(model, "events/", workers=4)  # doctest: +SKIP
    """
    _check_model(model)
    workers = integer(workers, "workers", 1)
    threads = integer(threads_per_worker, "threads_per_worker", 1)
    every = integer(checkpoint_every, "checkpoint_every", 1)
    if resume and checkpoint is None:
        msg = "resume=True needs checkpoint: the folder of the fit to go on with"
        raise ValueError(msg)
    shards = integer(shards, "shards", FEWEST_LEAVES)
    if shards & (shards - 1) or shards > _MOST_SHARDS:
        msg = f"shards must be a power of two, up to {_MOST_SHARDS}, got {shards}"
        raise ValueError(msg)
    _ray.import_ray()
    folder = None if checkpoint is None else Folder(checkpoint, "checkpoint")
    with _ray.cluster(workers * threads) as ray, Progress(show_progress, "epoch", callback) as progress:
        _ray.check_room(ray, workers, threads, 1)
        rows = rows_of(ray, source, reading, shards)
        run = Run(model, rows, workers, threads)
        run.check_result()
        _ray.check_room(ray, workers, threads, run.memory())
        crew = _ray.RayCrew(ray, workers, threads)
        try:
            checkpoints = None if folder is None else Checkpoints(folder, run.identity())
            run.go(crew, checkpoints, every, resume, progress)
        finally:
            crew.close()
        data = rows.finish()
    run.take()
    return Recommender.from_model(model, data=data)


def _check_model(model: Any) -> None:
    if not isinstance(model, AlternatingLeastSquares):
        msg = f"model must be an AlternatingLeastSquares, got {describe(model)}"
        raise TypeError(msg)
    model._check_parameters()
    if model.solver not in ("auto", "cg") or not model.use_cg:
        msg = f"solver must be 'auto' or 'cg' for a fit that workers share, got {model.solver!r}"
        raise ValueError(msg)
