"""Interactions as arrays and what JSON can say, and back again, for files and copies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from penchant import _core
from penchant._frames import BACKENDS
from penchant._labels import labels_array, labels_of, labels_of_parts, parts_of
from penchant._sparse import Csr
from penchant.interactions._columns import columns_of
from penchant.interactions._lines import lines_of_state
from penchant.interactions._options import NOTHING_HIDDEN, Reading, ReadOptions
from penchant.interactions._report import Report

# What the report says about events.
_COUNTS = ("rows", "bad_rows", "first_bad_rows", "ignored_rows", "merged_rows", "faded_entries")

# The events themselves, where they are kept.
_LOG = ("event_users", "event_items", "event_weights", "event_times")

# What it says about the lines of text files.
_WRITTEN = ("layout", "separator", "quote", "encoding")


def to_arrays(
    events: _core.interactions.Events, matrix: Csr, report: Report, reading: Reading
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take everything apart."""
    state = events.state()
    arrays = {name: state[name] for name in ("times", "kept_users", "kept_items")}
    log = events.log()
    if log is not None:
        arrays |= dict(zip(_LOG, log, strict=True))
    arrays |= dict(zip(("indptr", "indices", "values"), matrix[1:], strict=True))
    arrays |= {name: state[name] for name in ("indptr", "indices", "values") if name in state}
    for side in ("users", "items"):
        arrays |= {f"{side}.{name}": values for name, values in parts_of(state[side]).items()}
    about = {
        "columns": reading.columns,
        "lines": reading.lines,
        "wanted": reading.options.state(),
        "backend": reading.backend,
        "timed": state["timed"],
        "latest": state["latest"] if np.isfinite(state["latest"]) else None,
        **{name: getattr(report, name) for name in (*_COUNTS, *_WRITTEN)},
    }
    return arrays, about


def from_arrays(arrays: dict[str, Any], about: dict[str, Any]) -> tuple[Any, Reading]:
    """Return what was read, as the core gives it, and how."""
    backend = about["backend"]
    if backend is not None and backend not in BACKENDS:
        msg = f"its frames are of {backend!r}"
        raise ValueError(msg)
    about = {"faded_entries": 0} | about  # which older files do not have
    options, columns = ReadOptions.of(about["wanted"]), columns_of(**about["columns"])
    users, items = (labels_of_parts(arrays, side) for side in ("users", "items"))
    csr = (len(items), arrays["indptr"], arrays["indices"], arrays["values"])
    besides = {name: about[name] for name in ("timed", *_COUNTS)}
    besides |= {name: arrays[name] for name in ("times", "kept_users", "kept_items")}
    besides |= {name: arrays.get(name, NOTHING_HIDDEN[name]) for name in _LOG}
    besides["latest"] = -np.inf if about["latest"] is None else about["latest"]
    read = _core.interactions.restore(users, items, csr, besides, options.core())
    if not (arrays["values"].flags.writeable or len(arrays["kept_users"]) or len(arrays["kept_items"])):
        read = csr[1:], read[1]  # where they lie, which may be in a file that is mapped
    return read, Reading(options, columns, lines_of_state(about["lines"]), backend)


def with_labels(arrays: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return arrays with more labels of users and of items, which have no entries.

    Those that are hidden, because they have too few of the other side, are shown.
    """
    changed = dict(arrays)
    hides = len(arrays["kept_users"]) or len(arrays["kept_items"])
    for side, given in more.items():
        if isinstance(given, str | bytes):
            msg = f"{side} must be several labels, got {given!r}"
            raise TypeError(msg)
        new = labels_of(given if hasattr(given, "dtype") else list(given), side)
        if not len(new):
            continue
        old, kept = labels_of_parts(arrays, side), arrays[f"kept_{side}"]
        if not isinstance(new, list) and new.dtype.kind == "f":
            msg = f"{side} must be strings or integers, got {new.dtype}"
            raise TypeError(msg)
        if len(old) and old.are_integers == isinstance(new, list):
            kinds = ("integers", "strings") if old.are_integers else ("strings", "integers")
            msg = f"{side} are {kinds[0]} here, the new ones {kinds[1]}"
            raise TypeError(msg)
        codes = old.codes(new)
        hidden = codes[(codes >= 0) & ~np.isin(codes, kept)] if hides else np.zeros(0, np.int32)
        are_new = ~np.isin(codes, hidden)  # those that are shown already stand twice
        added = [label for label, each in zip(new, are_new, strict=True) if each]
        for name in [name for name in changed if name.startswith(f"{side}.")]:
            del changed[name]
        known = np.asarray(old.all()) if old.are_integers else old.all()
        if isinstance(new, list):
            both: Any = known + added
        else:
            both = np.concatenate([known, np.array(added, new.dtype)]) if len(known) else new
        changed |= {f"{side}.{name}": values for name, values in parts_of(labels_array(both, side)).items()}
        if hides:
            behind = np.arange(len(old), len(old) + len(added), dtype=np.int32)
            changed[f"kept_{side}"] = np.concatenate([kept, hidden, behind]).astype(np.int32)
        if side == "users":
            last = arrays["indptr"][-1:]
            changed["indptr"] = np.concatenate([arrays["indptr"], np.repeat(last, len(added))])
    return changed


def amended(report: Report, about: dict[str, Any]) -> Report:
    """Return a report that says how files were taken, as it did before."""
    written: dict[str, Any] = {name: about.get(name) for name in _WRITTEN}
    return dataclasses.replace(report, **written)
