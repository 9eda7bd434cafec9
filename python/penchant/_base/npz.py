"""Models in the `.npz` files of `implicit`."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from penchant._base.model_state import model_with, parameters_of, parsed
from penchant._files import not_a_model

# The array with all parameters of ours: `implicit` makes an attribute of everything it finds.
_OUR_PARAMETERS = "penchant_parameters"


def to_bytes(model: Any) -> bytes:
    """Return the content of a file that `implicit` can load."""
    values = {**model._npz(), _OUR_PARAMETERS: json.dumps(parameters_of(model))}
    buffer = io.BytesIO()
    # Without what is None, as that would need pickle.
    np.savez(buffer, **{name: value for name, value in values.items() if value is not None})
    return buffer.getvalue()


def from_bytes(cls: Any, content: bytes) -> Any:
    """Return the model in such a file."""
    if not hasattr(cls, "_KIND"):
        raise not_a_model("files that end in .npz do not say of which class they are: call load on a class")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            arrays = {name: np.asarray(value) for name, value in data.items()}
    except Exception as error:  # an archive can be broken in many ways, with an exception for each
        raise not_a_model(str(error) or type(error).__name__) from None
    parameters = {name: value.item() for name, value in arrays.items() if value.shape == ()}
    parameters |= parsed(str(parameters.get(_OUR_PARAMETERS, "{}")))
    model = model_with(cls, parameters, arrays)
    try:
        model._restore_npz(arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise not_a_model(str(error)) from None
    return model
