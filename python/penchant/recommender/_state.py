"""Recommenders in files: the file of their model, with labels and data in it."""

from __future__ import annotations

import json
from typing import Any

from penchant._base import model_file
from penchant._base.recommender import RecommenderBase
from penchant._files import not_a_model
from penchant.interactions import Interactions
from penchant.recommender._described import Described

# The texts that say how data and features were read, and the beginnings of the names of their arrays.
_DATA = "interactions"
_DESCRIBED = "described"


def to_bytes(model: RecommenderBase, data: Interactions, described: Described) -> bytes:
    """Return the content of a file."""
    named: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for key, (arrays, about) in {_DATA: data.to_arrays(), _DESCRIBED: described.to_arrays()}.items():
        named |= {f"{key}.{name}": values for name, values in arrays.items()}
        texts[key] = json.dumps(about)
    return model_file.to_bytes(model, named, texts)


def from_bytes(content: Any) -> tuple[RecommenderBase, Interactions, Described]:
    """Return what `to_bytes` was given."""
    model, tensors, texts = model_file.from_bytes(content, RecommenderBase)
    if _DATA not in texts:
        msg = f"it has no labels: {type(model).__name__}.load opens models without them"
        raise not_a_model(msg)
    parts: dict[str, dict[str, Any]] = {_DATA: {}, _DESCRIBED: {}}
    for name, values in tensors.items():
        key, _, rest = name.partition(".")
        if key in parts:
            parts[key][rest] = values
    try:
        data = Interactions.from_arrays(parts[_DATA], json.loads(texts[_DATA]))
        described = Described.from_arrays(parts[_DESCRIBED], json.loads(texts.get(_DESCRIBED, "{}")))
        shape = model.shape
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise not_a_model(f"its data cannot be read: {error}") from None
    if data.shape != shape:
        msg = f"it has {data.shape[0]} x {data.shape[1]} labels but {shape[0]} x {shape[1]} factors"
        raise not_a_model(msg)
    return model, data, described
