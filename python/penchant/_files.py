"""A path or a file object: written as a whole or not at all, and read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._validation import describe
from penchant.exceptions import ModelFormatError

Parsed = TypeVar("Parsed")


def write(file: Any, content: bytes | Callable[[Path | None], bytes]) -> None:
    """Write to a path or a binary file object what may depend on the path."""
    path = None if hasattr(file, "write") else _path(file)
    made = content(path) if callable(content) else content
    if path is None:
        file.write(made)
    else:
        _core.io.write_atomically(path, made)


def read(file: Any, understand: Callable[[Any], Parsed], *, mmap: bool = False) -> Parsed:
    """Read a path or a binary file object, or map a path into an array, and make something of its bytes."""
    content: Any
    if mmap and hasattr(file, "read"):
        msg = f"file must be a path to be mapped, got {describe(file)}"
        raise TypeError(msg)
    if hasattr(file, "read"):
        name, content = "the file", file.read()
        if not isinstance(content, bytes):
            msg = f"the file must be opened in binary mode, it gave {describe(content)}"
            raise TypeError(msg)
    else:
        path = _path(file)
        if not path.exists() and path.with_name(path.name + ".npz").exists():
            path = path.with_name(path.name + ".npz")  # the name that numpy.savez makes of it
        name, content = str(path), _mapped(path) if mmap else path.read_bytes()
    try:
        return understand(content)
    except ModelFormatError as error:
        msg = f"{name} is {error}"
        raise ModelFormatError(msg) from None


def _mapped(path: Path) -> npt.NDArray[np.uint8]:
    """Return the bytes of a file where they lie."""
    if path.stat().st_size == 0:
        return np.zeros(0, np.uint8)  # which nothing can map
    return np.asarray(np.memmap(path, np.uint8, mode="r"))


def _path(file: Any) -> Path:
    if not isinstance(file, str | os.PathLike):
        msg = f"file must be a path or a binary file object, got {describe(file)}"
        raise TypeError(msg)
    return Path(os.fsdecode(file)).expanduser()


def not_a_model(reason: str) -> ModelFormatError:
    """Return the error for a file that cannot be opened."""
    return ModelFormatError(f"not a model that can be opened: {reason}")
