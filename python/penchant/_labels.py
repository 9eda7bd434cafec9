"""What callers call their users and items."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant import _arguments, _core, _frames


def labels_array(values: Any, name: str) -> _core.Labels:
    """Return labels by code of a sequence of different ones."""
    labels = _frames.labels_of(values, name)
    if isinstance(labels, list):
        if None in labels or "" in labels:
            at = [not label for label in labels].index(True)
            msg = f"{name} must all have a name, the one at {at} is empty"
            raise ValueError(msg)
        return _core.Labels.of_texts(labels)
    if labels.dtype.kind == "f":
        msg = f"{name} must be strings or integers, got {labels.dtype}"
        raise TypeError(msg)
    return _core.Labels.of_integers(labels)


def taken(labels: _core.Labels, codes: Any) -> Any:
    """Return the labels with these codes: a list of strings or an array of int64."""
    return labels.take(np.ascontiguousarray(codes, dtype=np.int32))


def codes_of(labels: _core.Labels, wanted: Any, what: str) -> Any:
    """Return the codes of labels; an unknown one gets a KeyError that names close ones."""
    single = (
        isinstance(wanted, str | bytes) or not hasattr(wanted, "__iter__") or getattr(wanted, "ndim", 1) == 0
    )
    if hasattr(wanted, "to_pylist"):
        wanted = wanted.to_pylist()  # of PyArrow
    values = [wanted] if single else wanted
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and values.dtype != np.uint64:
        values = np.ascontiguousarray(values, dtype=np.int64)
    elif not single:
        values = list(values)
    codes = labels.codes(values)
    missing = np.flatnonzero(codes < 0)
    if missing.size:
        raise KeyError(_Sentence(_unknown(labels, values[missing[0]], what, missing.size)))
    if codes.ndim != 1:
        msg = f"{what} labels must be one-dimensional"
        raise ValueError(msg)
    return int(codes[0]) if single else codes


class _Sentence(str):
    """A message that `KeyError` shows as it is, not as the key that it usually has."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _unknown(labels: _core.Labels, label: Any, what: str, count: int) -> str:
    shown = repr(label.item() if isinstance(label, np.generic) else label)
    sentence = f"there is no {what} {shown}" + (f" (nor {count - 1} others)" if count > 1 else "")
    if isinstance(label, str) == labels.are_integers:
        kinds = ("integers", "strings") if labels.are_integers else ("strings", "integers")
        sentence += f": labels are {kinds[0]} here"
        if not isinstance(label, str | int | np.integer):
            return f"{sentence}, got {_arguments.describe(label)}"
    close = labels.close_to(str(label), 3)
    return sentence + (f"; did you mean {' or '.join(map(repr, close))}?" if close else "")


def parts_of(labels: _core.Labels) -> dict[str, Any]:
    """Take labels apart into arrays."""
    packed = labels.packed()
    if packed is None:
        return {"integers": labels.all()}
    texts, ends = packed
    return {"texts": np.frombuffer(texts, np.uint8), "ends": ends}


def labels_of_parts(lists: dict[str, Any], side: str) -> _core.Labels:
    """Put together what `parts_of` took apart."""
    if f"{side}.integers" in lists:
        return _core.Labels.of_integers(lists[f"{side}.integers"])
    return _core.Labels.of_packed(lists[f"{side}.texts"].tobytes(), lists[f"{side}.ends"])
