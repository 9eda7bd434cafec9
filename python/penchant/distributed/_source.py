"""Where the events of a fit are: in memory, in files that all nodes can read, or in a Dataset of Ray."""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant._validation import describe
from penchant.distributed import _shuffle
from penchant.distributed._worker import leaves_of, piece_matrix
from penchant.interactions import Interactions
from penchant.interactions.elsewhere import Counts, Elsewhere, files_of

#: What needs to know all events at once.
_NOT_SHARED = (
    "half_life", "max_age", "min_items_per_user", "min_users_per_item", "keep_events", "like",
    "show_progress", "num_threads", "folder",
)  # fmt: skip


@dataclass
class Rows:
    """The rows of all users, in pieces that workers fetch.

    Attributes
    ----------
    pieces : list
        Handles of pieces: the arrays of CSR matrices, users following each other.
    bounds : list of int
        The first user of each piece, and how many users there are.
    entries : list of int
        How many entries each piece has.
    counts : numpy.ndarray of int64, shape [n_items]
        How many entries each item has.
    items : handle or None
        The labels of all items, sorted, where pieces have numbers of their own.
    digest : str
        Says whether data is the same.
    finish : callable
        Makes Interactions of everything.
    """

    pieces: list[Any]
    bounds: list[int]
    entries: list[int]
    counts: npt.NDArray[np.int64]
    items: Any
    digest: str
    finish: Callable[[], Interactions]

    @property
    def shape(self) -> tuple[int, int]:
        """How many users and items there are."""
        return self.bounds[-1], len(self.counts)


def rows_of(ray: Any, source: Any, reading: dict[str, Any], shards: int) -> Rows:
    """Read a source, and leave its rows where workers can fetch them, in so many pieces."""
    if isinstance(source, Interactions):
        if reading:
            given = ", ".join(sorted(reading))
            msg = f"{given} say how to read events, and source is an Interactions, which has read them"
            raise TypeError(msg)
        return _in_memory(ray, source, shards)
    if hasattr(source, "to_arrow_refs"):
        how = _reading(Interactions.from_frame, reading)
        places, is_file = _of_dataset(source, how), False
    elif isinstance(source, str | os.PathLike | list | tuple):
        how = _reading(Interactions.from_file, reading)
        places, is_file = files_of(source), True
    else:
        msg = (
            "source must be Interactions (from_matrix makes them of a matrix), a folder or pattern of "
            f"files, or a Dataset of Ray, got {describe(source)}"
        )
        raise TypeError(msg)
    return _dealt(ray, places, how, is_file, shards)


def _in_memory(ray: Any, data: Interactions, shards: int) -> Rows:
    matrix = data.matrix
    bounds = leaves_of(np.diff(matrix.indptr), shards)
    pieces, entries, digest = [], [], hashlib.blake2b(digest_size=16)
    for first, end in pairwise(bounds):
        start, stop = matrix.indptr[first], matrix.indptr[end]
        arrays = (matrix.indptr[first : end + 1] - start, matrix.indices[start:stop], matrix.data[start:stop])
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        pieces.append(ray.put(arrays))
        entries.append(int(stop - start))
    counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return Rows(pieces, list(bounds), entries, counts, None, digest.hexdigest(), lambda: data)


def _of_dataset(dataset: Any, how: dict[str, Any]) -> list[Any]:
    columns = {name: how.get(name) for name in ("user", "item", "weight", "time", "kind")}
    wanted = list(dict.fromkeys(column for column in columns.values() if column is not None))
    names = dataset.columns()
    missing = [column for column in wanted if column not in names]
    if missing:
        there = ", ".join(map(repr, names))
        msg = f"there is no column {missing[0]!r} in the dataset; there are {there}"
        raise ValueError(msg)
    chosen = dataset.select_columns(wanted)
    chosen.context.execution_options.preserve_order = True  # which sums and the last of duplicates go by
    refs: list[Any] = chosen.to_arrow_refs()
    return refs


def _reading(reader: Any, reading: dict[str, Any]) -> dict[str, Any]:
    """Return how to read, checked and with all defaults that matter."""
    taken = inspect.signature(reader).parameters
    for name in reading:
        if name in _NOT_SHARED and name in taken:
            msg = (
                f"{name} needs all events at once, which workers who share a fit do not have: "
                "Interactions.from_file and from_frame take it, and their result is a source"
            )
            raise ValueError(msg)
        if name not in taken or name in ("files", "df"):
            msg = f"fit has no argument {name!r}, and neither has Interactions.{reader.__name__}"
            raise TypeError(msg)
    defaults = {
        name: parameter.default
        for name, parameter in taken.items()
        if parameter.default is not inspect.Parameter.empty and name not in _NOT_SHARED
    }
    return defaults | reading


def _dealt(ray: Any, places: Sequence[Any], how: dict[str, Any], is_file: bool, shards: int) -> Rows:
    """Deal events to buckets by user, make rows of each bucket, and number its items among all."""
    elsewhere = Elsewhere(how, is_file)
    # Without a CPU of their own, as workers may have taken all of them when a lost piece is made again.
    light = {"num_cpus": 0, "scheduling_strategy": "SPREAD"}
    at_a_time = max(1, int(ray.cluster_resources().get("CPU", 1)))
    read = ray.remote(_shuffle.read).options(num_returns=shards + 1, **light)
    dealt = _some_at_a_time(
        ray,
        lambda place: read.remote(str(place) if is_file else place, how, is_file, shards),
        places,
        at_a_time,
    )
    told = _results(ray, [own[-1] for own in dealt])
    counts = Counts.total([each["counts"] for each in told])
    kinds = [
        _shuffle.widest([each["kinds"][side] for each in told if each["counts"].rows]) for side in (0, 1)
    ]
    build = ray.remote(_shuffle.build).options(num_returns=2, **light)
    built = _some_at_a_time(
        ray,
        lambda piece: build.remote(kinds, how["duplicates"], *(own[piece] for own in dealt)),
        range(shards),
        at_a_time,
    )
    pieces = [piece for piece, _ in built]
    about = _results(ray, [each for _, each in built])
    entries = [int(each["entries"].sum()) for each in about]
    elsewhere.check(counts, sum(entries))
    items = functools.reduce(np.union1d, (each["items"] for each in about))
    of_items = np.zeros(len(items), np.int64)
    for each in about:
        np.add.at(of_items, np.searchsorted(items, each["items"]), each["counts"])
    bounds = np.cumsum([0, *(len(each["entries"]) for each in about)]).tolist()
    digest = hashlib.blake2b("".join(each["digest"] for each in about).encode(), digest_size=16)

    def finish() -> Interactions:
        found = _results(ray, pieces)
        matrices = [piece_matrix(piece, len(items), items, "float32") for piece in found]
        matrix = sp.vstack(matrices, format="csr")
        users = np.concatenate([piece[3] for piece in found])
        merged = sum(each["merged_rows"] for each in about)
        return elsewhere.together(matrix, users, items, counts, merged)

    return Rows(pieces, bounds, entries, of_items, ray.put(items), digest.hexdigest(), finish)


def _some_at_a_time(ray: Any, start: Any, tasks: Iterable[Any], count: int) -> list[Any]:
    """Start tasks, so many at a time, and return their handles; the last of each says that it is done."""
    handles: list[Any] = []
    running: list[Any] = []
    for task in tasks:
        if len(running) == count:
            _, running = ray.wait(running)
        handles.append(start(task))
        running.append(handles[-1][-1])
    return handles


def _results(ray: Any, handles: list[Any]) -> list[Any]:
    """Wait for tasks; what one raises is raised as it is."""
    try:
        found: list[Any] = ray.get(handles)
    except ray.exceptions.RayTaskError as error:
        raise (error.cause if isinstance(error.cause, Exception) else error) from None
    return found
