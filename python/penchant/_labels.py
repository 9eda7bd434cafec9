"""What callers call their users and items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np

from penchant import _arguments, _core, _frames
from penchant.exceptions import DataWarning

Unknown: TypeAlias = Literal["raise", "skip"]

# How many of the labels that were skipped a warning names.
_NAMED = 5


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


def codes_of(
    labels: _core.Labels,
    wanted: Any,
    what: str,
    unknown: Unknown = "raise",
    left_out: Callable[[Any], str | None] = lambda _label: None,
) -> Any:
    """Return the codes of labels; an unknown one gets a KeyError that names close ones, or is skipped.

    `left_out` says why a label that was in the data is not known, if that is so.
    """
    if unknown not in ("raise", "skip"):
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
        values = [_frames.plain_label(value) for value in values]
    codes = labels.codes(values)
    if codes.ndim != 1:
        msg = f"{what} labels must be one-dimensional"
        raise ValueError(msg)
    missing = np.flatnonzero(codes < 0)
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
    _arguments.warn(f"{count} not known and skipped: {names}{more}{pruned}", DataWarning)


def warn_of_strangers(labels: _core.Labels, codes: Any) -> None:
    """Warn of users who get nothing, as nothing is known about them."""
    names = ", ".join(_shown(label) for label in taken(labels, codes[:_NAMED]))
    more = f" and {len(codes) - _NAMED:,} more" if len(codes) > _NAMED else ""
    users = "1 user gets" if len(codes) == 1 else f"{len(codes):,} users get"
    _arguments.warn(
        f"{users} no recommendations, as the model knows nothing about them: {names}{more}", DataWarning
    )


def _shown(label: Any) -> str:
    return repr(label.item() if isinstance(label, np.generic) else label)


class _Sentence(str):
    """A message that `KeyError` shows as it is, not as the key that it usually has."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _unknown(labels: _core.Labels, label: Any, what: str, count: int, left_out: str | None) -> str:
    sentence = f"there is no {what} {_shown(label)}" + (f" (nor {count - 1} others)" if count > 1 else "")
    if left_out is not None:
        return f"{sentence}: {left_out}"
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
        integers = labels.all()
        return {"unsigned": integers.view(np.int64)} if labels.are_unsigned else {"integers": integers}
    texts, ends = packed
    return {"texts": np.frombuffer(texts, np.uint8), "ends": ends}


def labels_of_parts(lists: dict[str, Any], side: str) -> _core.Labels:
    """Put together what `parts_of` took apart."""
    if f"{side}.integers" in lists:
        return _core.Labels.of_integers(lists[f"{side}.integers"])
    if f"{side}.unsigned" in lists:
        return _core.Labels.of_integers(lists[f"{side}.unsigned"].view(np.uint64))
    return _core.Labels.of_packed(lists[f"{side}.texts"].tobytes(), lists[f"{side}.ends"])
