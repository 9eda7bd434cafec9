"""From the rows of a frame to one row for each id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from penchant import _core
from penchant._labels import labels_array, labels_of
from penchant.features._encoders import entries_of
from penchant.features._kinds import Category, Kind, Tags


def check_lengths(values: Mapping[str, Any]) -> None:
    """Raise unless all columns have one length."""
    lengths = {column: len(given) for column, given in values.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} of {column!r}" for column, length in lengths.items())
        msg = f"columns must have one length, got {found}"
        raise ValueError(msg)


def grouped(ids: Any, name: str) -> tuple[_core.interactions.Labels, Any]:
    """Return the different labels in order of first appearance, and the label of each row if some repeat."""
    values = labels_of(ids, name)
    array = np.array(values, dtype=object) if isinstance(values, list) else values
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.rint(array)).all():
        array = array.astype(np.int64)  # whole numbers that are written as floats
    if (isinstance(values, list) and (None in values or "" in values)) or array.dtype.kind == "f":
        msg = f"column {name!r} must name every row: some are missing, or are no integers"
        raise ValueError(msg)
    seen: dict[Any, int] = {}
    rows = np.array([seen.setdefault(label, len(seen)) for label in array.tolist()], np.int64)
    different = list(seen) if isinstance(values, list) else np.array(list(seen), dtype=array.dtype)
    return labels_array(different, name), None if len(seen) == len(rows) else rows


def put_together(
    values: Mapping[str, Any], kinds: Mapping[str, Kind], rows: Any, count: int, id_: str
) -> dict[str, Any]:
    """Return for each id the list of what its rows have."""
    others = [column for column, kind in kinds.items() if not isinstance(kind, Category | Tags)]
    if others:
        first = int(np.flatnonzero(np.bincount(rows) > 1)[0])
        at = np.flatnonzero(rows == first)[:2].tolist()
        msg = (
            f"column {id_!r} must name every row once, as {others[0]!r} is neither a category nor tags: "
            f"rows {at[0]} and {at[1]} are of the same"
        )
        raise ValueError(msg)
    together: dict[str, Any] = {}
    for column, kind in kinds.items():
        lists: list[list[str]] = [[] for _ in range(count)]
        for row, entries in zip(rows.tolist(), entries_of(values[column], kind), strict=True):
            lists[row].extend(entries or [])
        together[column] = lists
    return together
