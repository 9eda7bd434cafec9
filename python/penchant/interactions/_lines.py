"""What the lines of files look like, as callers say it and as the core takes it."""

from __future__ import annotations

import codecs
from typing import Any, Literal, TypeAlias

import numpy as np

from penchant._validation import describe, integer

Layout: TypeAlias = Literal["events", "lists", "json"]

_LAYOUTS = ("events", "lists", "json")
_TEXTS = ("sep", "quote", "encoding", "comment", "thousands")


def lines_of(
    sep: Any = None,
    header: Any = None,
    quote: Any = None,
    labels: Any = "auto",
    layout: Any = "events",
    encoding: Any = None,
    decimal: Any = ".",
    thousands: Any = None,
    comment: Any = None,
    skip: Any = 0,
) -> dict[str, Any]:
    """Return what the lines of a file look like, after a look at everything."""
    given = dict(zip(_TEXTS, (sep, quote, encoding, comment, thousands), strict=True))
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            msg = f"{name} must be a string or None, got {describe(value)}"
            raise TypeError(msg)
    for name, value, choices in (("labels", labels, ("auto", "string")), ("layout", layout, _LAYOUTS)):
        if value not in choices:
            msg = f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}"
            raise ValueError(msg)
    if header is not None and not isinstance(header, bool | np.bool_):
        msg = f"header must be True, False or None, got {describe(header)}"
        raise TypeError(msg)
    if not isinstance(decimal, str):
        msg = f"decimal must be a string, got {describe(decimal)}"
        raise TypeError(msg)
    if encoding is not None:
        _codec(encoding)
    return {
        "separator": sep,
        "header": None if header is None else bool(header),
        "quote": quote,
        "texts": labels == "string",
        "layout": layout,
        "encoding": encoding,
        "decimal": decimal,
        "thousands": thousands,
        "comment": comment,
        "skip": integer(skip, "skip", 0),
    }


def lines_of_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the lines that `lines_of` returned once, perhaps with fewer options."""
    state = dict(state)
    sep, labels = state.pop("separator"), "string" if state.pop("texts") else "auto"
    return lines_of(sep, labels=labels, **state)


def _codec(encoding: str) -> codecs.CodecInfo:
    try:
        codec = codecs.lookup(encoding)
    except LookupError:
        msg = f"encoding must be one that Python knows, such as 'latin-1' or 'utf-16', got {encoding!r}"
        raise ValueError(msg) from None
    if codec.incrementaldecoder is None or not getattr(codec, "_is_text_encoding", True):
        msg = f"encoding must be one of text, got {encoding!r}"
        raise ValueError(msg)
    return codec


def decoder_of(encoding: str | None) -> Any:
    """Return what makes decoders of an encoding; None for UTF-8, which the core reads itself."""
    if encoding is None or _codec(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        return None
    return _codec(encoding).incrementaldecoder


LINES = lines_of()
