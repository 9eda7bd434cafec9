"""From events in many places to the rows of users: read, deal by user, and build."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from penchant.interactions import Interactions
from penchant.interactions.elsewhere import Counts

#: What the columns of events are called between reading and building.
_USER, _ITEM, _WEIGHT, _TIME = "user", "item", "weight", "time"
#: Labels by their kinds, the narrowest first.
_DTYPES: dict[str, Any] = {"i": np.int64, "u": np.uint64, "O": object}


def widest(kinds: Sequence[str]) -> str:
    """Return the kind that labels of all these kinds can be of."""
    return max(kinds, key=list(_DTYPES).index, default="i")


def read(place: Any, reading: dict[str, Any], is_file: bool, buckets: int) -> tuple[Any, ...]:
    """Read a file, or an Arrow table, and deal its events to buckets by user.

    Returns
    -------
    tuple
        A table for each bucket, and a dict of what was read.
    """
    strict = reading["on_bad_rows"] == "raise"
    kept: dict[str, Any] = {"keep_events": True, "on_bad_rows": "raise" if strict else "skip"}
    if is_file:
        data = Interactions.from_file([place], **reading | kept, show_progress=False)
    else:
        data = Interactions.from_frame(place, **reading | kept)
    log = data.events.log()
    assert log is not None
    users, items, weights, times = log
    own = np.array([_bucket(label, buckets) for label in data.users.tolist()], np.int64)
    of_event = own[users]
    order = np.argsort(of_event, kind="stable")
    ends = np.searchsorted(of_event[order], np.arange(1, buckets + 1))
    tables = [_table(data, at, users, items, weights, times) for at in np.split(order, ends[:-1])]
    told = {"counts": Counts.of(data), "kinds": [data.users.dtype.kind, data.items.dtype.kind]}
    return *tables, told


def _bucket(label: Any, buckets: int) -> int:
    """Return the bucket of a user: the same for an integer and its digits, on any machine."""
    return zlib.crc32(str(label).encode()) % buckets


def _table(data: Interactions, at: Any, users: Any, items: Any, weights: Any, times: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - it is optional

    columns = {_WEIGHT: weights[at]} | ({_TIME: times[at]} if len(times) else {})
    for name, codes, labels in ((_USER, users[at], data.users), (_ITEM, items[at], data.items)):
        used, places = np.unique(codes, return_inverse=True)
        own = labels[used]
        dictionary = pa.array(own.tolist(), pa.string()) if own.dtype == object else pa.array(own)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), dictionary)
    return pa.table(columns)


def build(kinds: Sequence[str], duplicates: Any, *tables: Any) -> tuple[Any, Any]:
    """Make the rows of a bucket's users; labels are of these kinds of NumPy in all buckets.

    Returns
    -------
    piece : tuple
        The arrays of a CSR matrix, and the labels of its users and items.
    told : dict
        The numbers of entries of each of its users, the labels of its items and the numbers of their entries,
        how many events became one entry with another, and a digest of everything.
    """
    import pyarrow as pa  # noqa: PLC0415 - it is optional

    columns = [
        pa.chunked_array([_plain(table[side], kind) for table in tables])
        for side, kind in zip((_USER, _ITEM), kinds, strict=True)
    ]
    names = [name for name in tables[0].column_names if name in (_WEIGHT, _TIME)]
    others = {
        name: pa.chunked_array([chunk for table in tables for chunk in table[name].chunks]) for name in names
    }
    frame = pa.table({_USER: columns[0], _ITEM: columns[1]} | others)
    dtypes = [_DTYPES[kind] for kind in kinds]
    if not len(frame):
        empty = (np.zeros(0, dtype) for dtype in dtypes)
        piece = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), *empty)
        return piece, _told(piece, 0)
    data = Interactions.from_frame(
        frame, weight=_WEIGHT, time=_TIME if _TIME in names else None, duplicates=duplicates, num_threads=1
    )
    matrix = data.matrix
    labels = (each.astype(dtype) for each, dtype in zip((data.users, data.items), dtypes, strict=True))
    piece = (matrix.indptr, matrix.indices, matrix.data, *labels)
    return piece, _told(piece, data.report.merged_rows)


def _plain(column: Any, kind: str) -> Any:
    """Return labels as integers or strings."""
    import pyarrow as pa  # noqa: PLC0415 - it is optional
    import pyarrow.compute as pc  # noqa: PLC0415

    column = pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    column = column.cast({"O": pa.string(), "u": pa.uint64()}.get(kind, pa.int64()))
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _told(piece: Any, merged: int) -> dict[str, Any]:
    indptr, indices, values, users, items = piece
    digest = hashlib.blake2b(digest_size=16)
    for array in (indptr, indices, values):
        digest.update(np.ascontiguousarray(array).tobytes())
    for labels in (users, items):
        digest.update("\x00".join(map(str, labels.tolist())).encode())
    return {
        "entries": np.diff(indptr),
        "items": items,
        "counts": np.bincount(indices, minlength=len(items)),
        "merged_rows": merged,
        "digest": digest.hexdigest(),
    }
