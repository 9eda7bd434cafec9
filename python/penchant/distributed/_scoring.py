"""Scoring wherever users are: batches of users in, batches of recommendations out."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from penchant._labels import Unknown
from penchant._validation import describe, integer
from penchant.exceptions import DataWarning
from penchant.recommender import Recommender

# Recommenders that this process has opened, by path and the time of their file.
_OPENED: dict[tuple[str, float], Recommender] = {}
_OPENING = threading.Lock()


class RecommendBatches:
    """What `recommend_batches` returns: a function of a batch, for the engines that hold many.

    Attributes
    ----------
    schema : pyarrow.Schema
        What comes out.
    meta : pandas.DataFrame
        The same without rows, which Dask wants to know.
    spark_schema : str
        The same as Spark writes it.
    """

    def __init__(self, recommender: Any, n: int, user: str, options: dict[str, Any]) -> None:
        self._recommender, self._n, self._user, self._options = recommender, n, user, options
        data = self._opened().data
        self._integers = [data.users.dtype != object, data.items.dtype != object]

    def __repr__(self) -> str:
        return f"RecommendBatches({self._recommender!r}, n={self._n}, user={self._user!r})"

    def _opened(self) -> Recommender:
        if isinstance(self._recommender, Recommender):
            return self._recommender
        key = (self._recommender, Path(self._recommender).stat().st_mtime)
        with _OPENING:
            if key not in _OPENED:
                _OPENED[key] = Recommender.load(self._recommender)
            return _OPENED[key]

    @property
    def schema(self) -> Any:
        """What comes out, as Arrow says it."""
        import pyarrow as pa  # noqa: PLC0415 - it is optional

        labels = [pa.int64() if whole else pa.string() for whole in self._integers]
        kinds = {"user": labels[0], "item": labels[1], "score": pa.float32(), "rank": pa.int32()}
        return pa.schema(list(kinds.items()))

    @property
    def meta(self) -> Any:
        """What comes out, as an empty frame of pandas."""
        return self.schema.empty_table().to_pandas()

    @property
    def spark_schema(self) -> str:
        """What comes out, as Spark says it."""
        kinds = ["bigint" if whole else "string" for whole in self._integers]
        return f"user {kinds[0]}, item {kinds[1]}, score float, rank int"

    def __call__(self, batch: Any) -> Any:
        """Recommend to the users of a batch, and answer in its kind.

        Parameters
        ----------
        batch : pyarrow.Table, pyarrow.RecordBatch, DataFrame, dict of arrays, or iterator of these
        """
        import pyarrow as pa  # noqa: PLC0415 - it is optional

        if isinstance(batch, Iterator):
            return (self(each) for each in batch)
        if isinstance(batch, pa.RecordBatch):
            found = self._of(batch.column(self._place(batch.schema.names)))
            return (
                found.combine_chunks().to_batches()[0]
                if len(found)
                else pa.RecordBatch.from_pylist([], self.schema)
            )
        if isinstance(batch, pa.Table):
            return self._of(batch.column(self._place(batch.column_names)))
        if isinstance(batch, dict):
            found = self._of(batch[list(batch)[self._place(list(batch))]])
            return {name: found[name].to_numpy(zero_copy_only=False) for name in found.column_names}
        frame = nw.from_native(batch, eager_only=True)
        found = self._of(frame[:, self._place(frame.columns)].to_list())
        if frame.implementation.is_pandas():
            return found.to_pandas()
        return nw.from_arrow(found, backend=frame.implementation).to_native()

    def _place(self, names: list[str]) -> int:
        if self._user not in names:
            msg = f"there is no column {self._user!r} in the batch; there are {', '.join(map(repr, names))}"
            raise ValueError(msg)
        return names.index(self._user)

    def _of(self, users: Any) -> Any:
        """Return recommendations for these labels as a table of Arrow."""
        import pyarrow as pa  # noqa: PLC0415 - it is optional

        values = users.to_pylist() if hasattr(users, "to_pylist") else np.asarray(users).tolist()
        if not values:
            return self.schema.empty_table()
        with warnings.catch_warnings():
            # Who is not known, or about whom nothing is, gets nothing; nobody sees warnings of workers.
            if self._options["unknown"] == "skip":
                warnings.simplefilter("ignore", DataWarning)
            found = self._opened().recommend(values, self._n, **self._options)
        table = (
            pa.table(found) if isinstance(found, dict) else nw.from_native(found, eager_only=True).to_arrow()
        )
        return table.select(self.schema.names).cast(self.schema)


def recommend_batches(
    recommender: Recommender | str | os.PathLike[str],
    n: int = 10,
    *,
    user: str = "user",
    filter_liked: bool = True,
    min_score: float | None = None,
    unknown: Unknown = "skip",
) -> RecommendBatches:
    """Return a function from batches of users to batches of recommendations, for any engine.

    Parameters
    ----------
    recommender : Recommender or path
        A fitted one, or the file that `Recommender.save` wrote: large ones travel better as a file that all
        nodes can read, which each process opens once.
    n : int, default 10
        How many items for each user.
    user : str, default "user"
        The column of a batch that has the labels of users; others do not matter.
    filter_liked, min_score
        As in `Recommender.recommend`.
    unknown : {"skip", "raise"}, default "skip"
        What to do about labels that are not known: leave them out, or raise.

    Returns
    -------
    RecommendBatches
        A function with the columns ``user``, ``item``, ``score`` (float32) and ``rank`` (int32, from 1) in
        what it returns.

    Raises
    ------
    TypeError
        If `recommender` is neither.
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> import pyarrow as pa, penchant
    >>> plays = {"user": ["ann", "ann", "bob", "bob", "cid"], "item": ["a", "b", "a", "c", "b"]}
    >>> data = penchant.Interactions.from_frame(plays)
    >>> recommender = penchant.Recommender(penchant.Popularity()).fit(data, show_progress=False)
    >>> score = penchant.distributed.recommend_batches(recommender, n=1)
    >>> score(pa.table({"user": ["ann", "bob"]}))["item"].to_pylist()
    ['c', 'b']

    With Ray, Dask and Spark:

        ray_dataset.map_batches(score, batch_format="pyarrow")
        dask_frame.map_partitions(score, meta=score.meta)
        spark_frame.mapInArrow(score, score.spark_schema)
    """
    if isinstance(recommender, str | os.PathLike):
        recommender = str(Path(recommender).expanduser().absolute())
    elif not isinstance(recommender, Recommender):
        msg = f"recommender must be a Recommender or the path of one, got {describe(recommender)}"
        raise TypeError(msg)
    if unknown not in ("skip", "raise"):
        msg = f"unknown must be 'skip' or 'raise', got {unknown!r}"
        raise ValueError(msg)
    options = {"filter_liked": filter_liked, "min_score": min_score, "unknown": unknown}
    return RecommendBatches(recommender, integer(n, "n", 1), user, options)
