"""The kinds of DataFrames: which one came in, and answers in that kind."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

import narwhals as nw

#: What answers come in when the events were in no frame, by preference.
BACKENDS = ("pandas", "polars", "pyarrow")


def backend_of(frame: Any) -> str | None:
    """Return the name of the kind of frame that answers should come in; None for the usual one."""
    name = type(frame).__module__.partition(".")[0]
    return name if name in BACKENDS else None


def frame_of(columns: Mapping[str, Any], backend: str | None) -> Any:
    """Return columns as a frame of this kind, or of the first kind that is installed."""
    for name in (backend,) if backend else BACKENDS:
        if importlib.util.find_spec(name):
            return nw.from_dict(columns, backend=importlib.import_module(name)).to_native()
    if backend:
        msg = f"answers come as {backend} frames, but {backend} is not installed"
        raise ImportError(msg)
    return dict(columns)
