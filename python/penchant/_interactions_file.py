"""Interactions taken apart into arrays and text, and put together again, for files and copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from penchant import _core
from penchant._labels import labels_of_parts, parts_of
from penchant._settings import Wanted

if TYPE_CHECKING:
    from penchant.interactions import Interactions

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
        "rows": report.rows,
        "ignored_rows": report.ignored_rows,
        "merged_rows": report.merged_rows,
    }
    return lists, about


def together(cls: type[Data], lists: dict[str, Any], about: dict[str, Any]) -> Data:
    """Put together what `apart` took apart."""
    data = cls._new(Wanted.of(about["wanted"]), about["columns"], about["lines"], about["backend"])
    users, items = (labels_of_parts(lists, side) for side in ("users", "items"))
    csr = (len(items), lists["indptr"], lists["indices"], lists["values"])
    besides = {name: about[name] for name in ("timed", "rows", "ignored_rows", "merged_rows")}
    besides |= {name: lists[name] for name in ("times", "kept_users", "kept_items")}
    besides["latest"] = -np.inf if about["latest"] is None else about["latest"]
    data._take(_core.restore(users, items, csr, besides, data._wanted.options()))
    return data
