"""Models in files: our own format, which is safetensors, and the `.npz` of `implicit`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base import npz
from penchant._base.model_state import model_with, parameters_of, parsed
from penchant._base.registry import class_called
from penchant._files import not_a_model, read, write


def save(model: Any, file: Any) -> None:
    """Write a model to a path or a file object."""
    write(
        file, lambda path: npz.to_bytes(model) if path and path.suffix == ".npz" else to_bytes(model, {}, {})
    )


def load(cls: Any, file: Any) -> Any:
    """Read a model of a class, or of any class if that is the base of all, from a path or a file object."""
    return read(
        file,
        lambda content: npz.from_bytes(cls, content) if content[:2] == b"PK" else from_bytes(content, cls)[0],
    )


def to_bytes(model: Any, tensors: Mapping[str, npt.NDArray[Any]], texts: Mapping[str, str]) -> bytes:
    """Return the content of a file: the model, and what else goes with it."""
    arrays = {name: np.ascontiguousarray(values) for name, values in {**model._tensors(), **tensors}.items()}
    about = {"class": model._KIND, "parameters": json.dumps(parameters_of(model)), **texts}
    return _core.io.to_bytes(arrays, about)


def from_bytes(
    content: bytes | npt.NDArray[np.uint8], cls: Any
) -> tuple[Any, dict[str, npt.NDArray[Any]], dict[str, str]]:
    """Return a model of this class, or of that which is named if it is the base of all; and all there is.

    Of an array of bytes, which may be mapped, arrays are views; of bytes they are copies.
    """
    texts, arrays = _core.io.from_bytes(content) if isinstance(content, bytes) else _views(content)
    kind = texts.get("class", getattr(cls, "_KIND", "AlternatingLeastSquares"))
    if not hasattr(cls, "_KIND"):
        cls = class_called(kind)
        if cls is None:
            raise not_a_model(f"it is a {kind}, which is not known here")
    if kind != cls._KIND:
        raise not_a_model(f"it is a {kind}, not a {cls._KIND}")
    model = model_with(cls, parsed(texts.get("parameters", "{}")), arrays)
    try:
        model._restore(arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise not_a_model(str(error)) from None
    return model, arrays, texts


def _views(content: npt.NDArray[np.uint8]) -> tuple[dict[str, str], dict[str, npt.NDArray[Any]]]:
    """Return the texts and the arrays of a file as views of its bytes."""
    texts, places = _core.io.layout(content)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, (kind, shape, first, end) in places.items():
        arrays[name] = content[first:end].view(kind).reshape(shape)
    return texts, arrays
