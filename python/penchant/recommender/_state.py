"""Recommenders in files: the file of their model, with labels and data in it."""

from __future__ import annotations

import json

from penchant._base import model_file
from penchant._base.recommender import RecommenderBase
from penchant._files import not_a_model
from penchant.interactions import Interactions

# The text that says how the data was read, and the beginning of the names of its arrays.
_DATA = "interactions"


def to_bytes(model: RecommenderBase, data: Interactions) -> bytes:
    """Return the content of a file."""
    arrays, about = data.to_arrays()
    named = {f"{_DATA}.{name}": values for name, values in arrays.items()}
    return model_file.to_bytes(model, named, {_DATA: json.dumps(about)})


def from_bytes(content: bytes) -> tuple[RecommenderBase, Interactions]:
    """Return what `to_bytes` was given."""
    model, tensors, texts = model_file.from_bytes(content, RecommenderBase)
    if _DATA not in texts:
        msg = f"it has no labels: {type(model).__name__}.load opens models without them"
        raise not_a_model(msg)
    prefix = f"{_DATA}."
    arrays = {
        name.removeprefix(prefix): values for name, values in tensors.items() if name.startswith(prefix)
    }
    try:
        data = Interactions.from_arrays(arrays, json.loads(texts[_DATA]))
        shape = model.shape
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise not_a_model(f"its data cannot be read: {error}") from None
    if data.shape != shape:
        msg = f"it has {data.shape[0]} x {data.shape[1]} labels but {shape[0]} x {shape[1]} factors"
        raise not_a_model(msg)
    return model, data
