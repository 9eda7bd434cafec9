"""What callers call their users and items."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np

from penchant import _core
from penchant._validation import describe, warn
from penchant.exceptions import DataWarning

Unknown: TypeAlias = Literal["raise", "skip"]

# How many of the labels that were skipped a warning names.
_NAMED = 5


def labels_array(values: Any, name: str) -> _core.interactions.Labels:
    """Return labels by code of a sequence of different ones."""
    labels = labels_of(values, name)
    if isinstance(labels, list):
        if None in labels or "" in labels:
            at = [not label for label in labels].index(True)
            msg = f"{name} must all have a name, the one at {at} is empty"
            raise ValueError(msg)
        return _core.interactions.Labels.of_texts(labels)
    if labels.dtype.kind == "f":
        msg = f"{name} must be strings or integers, got {labels.dtype}"
        raise TypeError(msg)
    return _core.interactions.Labels.of_integers(labels)


def taken(labels: _core.interactions.Labels, codes: Any) -> Any:
    """Return the labels with these codes: a list of strings or an array of int64."""
    return labels.take(np.ascontiguousarray(codes, dtype=np.int32))


def codes_of(
    labels: _core.interactions.Labels,
    wanted: Any,
    what: str,
    unknown: Unknown | None = "raise",
    left_out: Callable[[Any], str | None] = lambda _label: None,
) -> Any:
    """Return the codes of labels; an unknown one gets a KeyError that names close ones, or is skipped.

    If `unknown` is None, an unknown one gets the code -1.

    `left_out` says why a label that was in the data is not known, if that is so.
    """
    if unknown not in ("raise", "skip", None):
        msg = f"unknown must be 'raise' or 'skip', got {unknown!r}"
        raise ValueError(msg)
    single = (
        isinstance(wanted, str | bytes) or not hasattr(wanted, "__iter__") or getattr(wanted, "ndim", 1) == 0
    )
    if hasattr(wanted, "to_pylist"):
        wanted = wanted.to_pylist()  # of PyArrow
    values = [wanted] if single else wanted
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        wide = np.uint64 if values.dtype == np.uint64 else np.int64
        values = np.ascontiguousarray(values, dtype=wide)
    else:
        values = [plain_label(value) for value in values]
    codes = labels.codes(values)
    if codes.ndim != 1:
        msg = f"{what} labels must be one-dimensional"
        raise ValueError(msg)
    missing = np.flatnonzero(codes < 0) if unknown is not None else np.zeros(0, np.int64)
    if missing.size and unknown == "raise":
        first = values[missing[0]]
        raise KeyError(_Sentence(_unknown(labels, first, what, missing.size, left_out(first))))
    if missing.size:
        _warn_of_skipped([values[at] for at in missing], what, left_out)
        return codes[codes >= 0]
    return int(codes[0]) if single else codes


def _warn_of_skipped(skipped: list[Any], what: str, left_out: Callable[[Any], str | None]) -> None:
    names = ", ".join(_shown(label) for label in skipped[:_NAMED])
    more = f" and {len(skipped) - _NAMED:,} more" if len(skipped) > _NAMED else ""
    few = sum(left_out(label) is not None for label in skipped)
    pruned = f"; {few:,} of them had too few entries and were left out" if few else ""
    count = f"1 {what} is" if len(skipped) == 1 else f"{len(skipped):,} {what}s are"
    warn(f"{count} not known and skipped: {names}{more}{pruned}", DataWarning)


def warn_of_strangers(first: Any, count: int) -> None:
    """Warn of users who get nothing, as nothing is known about them; `first` are some of them."""
    names = ", ".join(_shown(label) for label in first[:_NAMED])
    more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
    users = "1 user gets" if count == 1 else f"{count:,} users get"
    warn(f"{users} no recommendations, as the model knows nothing about them: {names}{more}", DataWarning)


def _shown(label: Any) -> str:
    return repr(label.item() if isinstance(label, np.generic) else label)


class _Sentence(str):
    """A message that `KeyError` shows as it is, not as the key that it usually has."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _unknown(
    labels: _core.interactions.Labels, label: Any, what: str, count: int, left_out: str | None
) -> str:
    sentence = f"there is no {what} {_shown(label)}" + (f" (nor {count - 1} others)" if count > 1 else "")
    if left_out is not None:
        return f"{sentence}: {left_out}"
    if isinstance(label, str) == labels.are_integers:
        kinds = ("integers", "strings") if labels.are_integers else ("strings", "integers")
        sentence += f": labels are {kinds[0]} here"
        if not isinstance(label, str | int | np.integer):
            return f"{sentence}, got {describe(label)}"
    close = labels.close_to(str(label), 3)
    return sentence + (f"; did you mean {' or '.join(map(repr, close))}?" if close else "")


def parts_of(labels: _core.interactions.Labels) -> dict[str, Any]:
    """Take labels apart into arrays."""
    packed = labels.packed()
    if packed is None:
        integers = labels.all()
        return {"unsigned": integers.view(np.int64)} if labels.are_unsigned else {"integers": integers}
    texts, ends = packed
    return {"texts": np.frombuffer(texts, np.uint8), "ends": ends}


def labels_of_parts(lists: dict[str, Any], side: str) -> _core.interactions.Labels:
    """Put together what `parts_of` took apart."""
    if f"{side}.integers" in lists:
        return _core.interactions.Labels.of_integers(lists[f"{side}.integers"])
    if f"{side}.unsigned" in lists:
        return _core.interactions.Labels.of_integers(lists[f"{side}.unsigned"].view(np.uint64))
    return _core.interactions.Labels.of_packed(lists[f"{side}.texts"].tobytes(), lists[f"{side}.ends"])


def labels_of(values: Any, name: str) -> Any:
    """Return a column of labels for the core: int64, uint64, float64, or a list of strings and None."""
    # NumPy would make strings of everything in a list that holds one.
    array = np.asarray(values, dtype=object if isinstance(values, list | tuple) else None)
    if array.ndim != 1:
        msg = f"{name} must be one-dimensional, got {array.ndim} dimensions"
        raise ValueError(msg)
    if array.dtype.kind == "u" and array.dtype.itemsize == np.dtype(np.uint64).itemsize:
        return np.ascontiguousarray(array, dtype=np.uint64)
    if array.dtype.kind in "iu":
        return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind not in "UOTS":
        msg = f"{name} must be strings or integers, got {array.dtype}"
        raise TypeError(msg)
    return _objects(array.tolist() if array.dtype.kind != "O" else list(array), name)


def kinds_of(values: Any, name: str) -> Any:
    """Return a column of kinds: as labels, or booleans as text."""
    objects = (
        [None if is_missing(value) else value for value in values] if hasattr(values, "__iter__") else values
    )
    if isinstance(objects, list):
        flags = [value for value in objects if value is not None]
        if flags and all(isinstance(value, bool | np.bool_) for value in flags):
            return [None if value is None else str(bool(value)).lower() for value in objects]
    return labels_of(values, name)


def _objects(values: list[Any], name: str) -> Any:
    values = [None if is_missing(value) else plain_label(value) for value in values]
    kinds = {type(value) for value in values if value is not None}
    if all(issubclass(kind, str) for kind in kinds):
        _check_unicode([value for value in values if value is not None], name)
        return values
    whole = (int, np.integer)
    if all(issubclass(kind, whole) and kind is not bool for kind in kinds):
        return _integers(values, name)
    if all(issubclass(kind, (*whole, float, np.floating)) and kind is not bool for kind in kinds):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    found = ", ".join(sorted(kind.__name__ for kind in kinds))
    msg = f"{name} must be strings or integers throughout, got {found}"
    raise TypeError(msg)


def plain_label(value: Any) -> Any:
    """Return a label as labels are kept: UUIDs as text, bytes as the text that they are."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            msg = f"labels must be texts, got {value!r}, which is no UTF-8: take its hex() for example"
            raise ValueError(msg) from None
    return value


def is_missing(value: Any) -> bool:
    """Whether a value stands for none."""
    if isinstance(value, float):
        return value != value  # NaN is not itself
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _check_unicode(texts: list[str], name: str) -> None:
    step = 100_000
    for start in range(0, len(texts), step):
        try:
            "".join(texts[start : start + step]).encode()
        except UnicodeEncodeError as error:
            msg = f"{name} must be Unicode: {error}"
            raise ValueError(msg) from None


def _integers(values: list[Any], name: str) -> Any:
    """Return integers of 64 bits as an array, of floats where some are missing."""
    known = [int(value) for value in values if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    if low < -(2**63) or high >= 2**64 or (low < 0 and high >= 2**63):
        msg = f"{name} must be integers of 64 bits, got {max(known, key=abs)}"
        raise ValueError(msg)
    if len(known) == len(values):
        return np.array(known, dtype=np.uint64 if high >= 2**63 else np.int64)
    if max(-low, high) > 2**53:
        msg = f"{name} must not be missing where integers are above 2**53: make strings of them"
        raise ValueError(msg)
    return np.array([np.nan if value is None else float(value) for value in values])
