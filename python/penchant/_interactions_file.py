"""Interactions taken apart into arrays and text, and put together again, for files and copies."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from penchant import _core, _frames
from penchant._labels import labels_of_parts, parts_of
from penchant._lines import lines_of_state
from penchant._settings import Wanted

if TYPE_CHECKING:
    from penchant.interactions import Interactions

# What the report says about events.
_COUNTS = ("rows", "bad_rows", "first_bad_rows", "ignored_rows", "merged_rows", "faded_entries")

# What it says about the lines of text files.
_WRITTEN = ("layout", "separator", "quote", "encoding")

Data = TypeVar("Data", bound="Interactions")


def apart(data: Interactions) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take everything apart: arrays, and what JSON can say."""
    events, _, report = data._state
    state = events.state()
    lists = {name: state[name] for name in ("times", "kept_users", "kept_items")}
    _, indptr, indices, values = data._csr()
    lists |= {"indptr": indptr, "indices": indices, "values": values}
    lists |= {name: state[name] for name in ("indptr", "indices", "values") if name in state}
    for side in ("users", "items"):
        lists |= {f"{side}.{name}": values for name, values in parts_of(state[side]).items()}
    about = {
        "columns": data._columns,
        "lines": data._lines,
        "wanted": data._wanted.state(),
        "backend": data._backend,
        "timed": state["timed"],
        "latest": state["latest"] if np.isfinite(state["latest"]) else None,
        **{name: getattr(report, name) for name in (*_COUNTS, *_WRITTEN)},
    }
    return lists, about


def together(cls: type[Data], lists: dict[str, Any], about: dict[str, Any]) -> Data:
    """Put together what `apart` took apart."""
    lines, backend = about["lines"], about["backend"]
    if backend is not None and backend not in _frames.BACKENDS:
        msg = f"its frames are of {backend!r}"
        raise ValueError(msg)
    about = {"faded_entries": 0} | about  # which older files do not have
    lines = lines_of_state(lines)
    data = cls._new(Wanted.of(about["wanted"]), _frames.columns_of(**about["columns"]), lines, backend)
    users, items = (labels_of_parts(lists, side) for side in ("users", "items"))
    csr = (len(items), lists["indptr"], lists["indices"], lists["values"])
    besides = {name: about[name] for name in ("timed", *_COUNTS)}
    besides |= {name: lists[name] for name in ("times", "kept_users", "kept_items")}
    besides["latest"] = -np.inf if about["latest"] is None else about["latest"]
    data._take(
        _core.restore(users, items, csr, besides, data._wanted.options()), about["rows"], about["bad_rows"]
    )
    events, matrix, report = data._state
    written: dict[str, Any] = {name: about.get(name) for name in _WRITTEN}
    data._state = events, matrix, dataclasses.replace(report, **written)
    return data
