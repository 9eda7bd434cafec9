"""The parameters of models as text, and models made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._files import not_a_model


def model_with(cls: Any, parameters: dict[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Return an unfitted model with parameters, of which those that it does not know are ignored."""
    known = cls._parameter_names()
    try:
        parameters = cls._amended(dict(parameters), arrays)
        model = cls(**{name: value for name, value in parameters.items() if name in known})
        model._check_parameters()
    except (KeyError, TypeError, ValueError) as error:
        raise not_a_model(f"its parameters are wrong: {error}") from None
    return model


def parsed(text: str) -> dict[str, Any]:
    """Return parameters of JSON."""
    try:
        parameters = json.loads(text)
    except ValueError as error:
        raise not_a_model(f"its parameters cannot be read: {error}") from None
    if not isinstance(parameters, dict):
        raise not_a_model("its parameters are not a dictionary")
    return parameters


def parameters_of(model: Any) -> dict[str, Any]:
    """Return the parameters of a model as JSON has them."""
    plain: dict[str, Any] = {name: _plain(value) for name, value in model.get_params().items()}
    plain |= model._plain_parameters()
    return plain


def _plain(value: Any) -> Any:
    """Return a parameter as JSON has it; a source of random numbers cannot be kept."""
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | str) else None
