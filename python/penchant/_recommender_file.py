"""Recommenders in files: the file of their model, with labels and data in it."""

from __future__ import annotations

import json

from penchant import _core, _files, _interactions_file
from penchant.als import AlternatingLeastSquares
from penchant.interactions import Interactions

# The text that says how the data was read, and the beginning of the names of its lists.
_DATA = "interactions"


def to_bytes(model: AlternatingLeastSquares, data: Interactions) -> bytes:
    """Return the content of a file."""
    lists, about = _interactions_file.apart(data)
    users, items = model._sides
    texts = _files.about(model) | {_DATA: json.dumps(about)}
    return _core.model_bytes(
        users, items, {f"{_DATA}.{name}": values for name, values in lists.items()}, texts
    )


def from_bytes(content: bytes) -> tuple[AlternatingLeastSquares, Interactions]:
    """Return what `to_bytes` was given."""
    about, users, items, lists = _core.read_model(content)
    if _DATA not in about or users is None or items is None:
        msg = "it has no labels: AlternatingLeastSquares.load opens models without them"
        raise _files.not_a_model(msg)
    model = _files.model_of(AlternatingLeastSquares, about, users, items)
    prefix = f"{_DATA}."
    parts = {name.removeprefix(prefix): values for name, values in lists.items() if name.startswith(prefix)}
    try:
        data = _interactions_file.together(Interactions, parts, json.loads(about[_DATA]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _files.not_a_model(f"its data cannot be read: {error}") from None
    if data.shape != (len(users), len(items)):
        msg = f"it has {data.shape[0]} x {data.shape[1]} labels but {len(users)} x {len(items)} factors"
        raise _files.not_a_model(msg)
    return model, data
