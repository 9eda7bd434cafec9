"""Models in files: our own format, which is safetensors, and the `.npz` that `implicit` writes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

import numpy as np

from penchant import _arguments, _core
from penchant.exceptions import ModelFormatError

# The parameters that `implicit` writes into its files.
_NAMES_OF_IMPLICIT = (
    "regularization", "factors", "num_threads", "iterations", "use_native", "use_cg", "cg_steps",
    "calculate_training_loss", "dtype", "random_state", "alpha",
)  # fmt: skip

# The array with all of ours.
_OUR_PARAMETERS = "penchant_parameters"


Parsed = TypeVar("Parsed")


class Saved:
    """Can be saved, and loaded again."""

    # What the class is called in a file; its subclasses as well.
    _KIND: str

    def save(self, file: str | os.PathLike[str] | BinaryIO) -> None:
        """Save the model: parameters and factors.

        Parameters
        ----------
        file : path or binary file object
            A name that ends in ``.npz`` gets the format of `implicit`, which it can load. Everything else is
            safetensors, which the Rust crate and whatever reads that format can open. The file is replaced
            as a whole or not at all.

        Raises
        ------
        OSError
            If it cannot be written.
        TypeError
            If `file` is neither a path nor a file object.
        """
        write(file, lambda path: _arrays(self) if path and path.suffix == ".npz" else _tensors(self))

    @classmethod
    def load(cls, file: str | os.PathLike[str] | BinaryIO) -> Self:
        """Load a saved model, of either format, ours or `implicit`'s.

        Parameters
        ----------
        file : path or binary file object

        Returns
        -------
        model
            Of the class that this is called on. A source of random numbers is not kept in a file; an int is.

        Raises
        ------
        ModelFormatError
            If this is not a model, cut short, or of a newer version.
        OSError
            If it cannot be read.
        TypeError
            If `file` is neither a path nor a file object.

        Examples
        --------
        >>> import io
        >>> from penchant.als import AlternatingLeastSquares
        >>> file = io.BytesIO()
        >>> AlternatingLeastSquares(factors=7).save(file)
        >>> AlternatingLeastSquares.load(io.BytesIO(file.getvalue())).factors
        7
        """
        model: Self = read(
            file, lambda content: (_from_arrays if content[:2] == b"PK" else _from_tensors)(cls, content)
        )
        return model


def write(file: Any, content: bytes | Callable[[Path | None], bytes]) -> None:
    """Write to a path or a binary file object what may depend on the path."""
    path = None if hasattr(file, "write") else _path(file)
    made = content(path) if callable(content) else content
    if path is None:
        file.write(made)
    else:
        _core.write_atomically(path, made)


def read(file: Any, understand: Callable[[bytes], Parsed]) -> Parsed:
    """Read a path or a binary file object and make something of it."""
    if hasattr(file, "read"):
        name, content = "the file", file.read()
        if not isinstance(content, bytes):
            msg = f"the file must be opened in binary mode, it gave {_arguments.describe(content)}"
            raise TypeError(msg)
    else:
        path = _path(file)
        if not path.exists() and path.with_name(path.name + ".npz").exists():
            path = path.with_name(path.name + ".npz")  # the name that numpy.savez makes of it
        name, content = str(path), path.read_bytes()
    try:
        return understand(content)
    except ModelFormatError as error:
        msg = f"{name} is {error}"
        raise ModelFormatError(msg) from None


def _path(file: Any) -> Path:
    if not isinstance(file, str | os.PathLike):
        msg = f"file must be a path or a binary file object, got {_arguments.describe(file)}"
        raise TypeError(msg)
    return Path(os.fsdecode(file)).expanduser()


def _plain(value: Any) -> Any:
    """Return a parameter as JSON has it; a source of random numbers cannot be kept."""
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | str) else None


def _parameters(model: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in model.get_params().items()}


def about(model: Any) -> dict[str, str]:
    """Return what a file says about a model."""
    return {"class": model._KIND, "parameters": json.dumps(_parameters(model))}


def _tensors(model: Any) -> bytes:
    users, items = model._sides
    return _core.model_bytes(users, items, {}, about(model))


def _from_tensors(cls: Any, content: bytes) -> Any:
    texts, users, items, _ = _core.read_model(content)
    return model_of(cls, texts, users, items)


def model_of(cls: Any, texts: dict[str, str], users: Any, items: Any) -> Any:
    """Return the model that a file says something about."""
    kind = cls._KIND
    if texts.get("class", kind) != kind:
        raise not_a_model(f"it is a {texts['class']}, not a {kind}")
    return _made(cls, _from_json(texts.get("parameters", "{}")), users, items)


def _from_json(text: str) -> dict[str, Any]:
    try:
        parameters = json.loads(text)
    except ValueError as error:
        raise not_a_model(f"its parameters cannot be read: {error}") from None
    if not isinstance(parameters, dict):
        raise not_a_model("its parameters are not a dictionary")
    return parameters


def _arrays(model: Any) -> bytes:
    parameters = _parameters(model)
    values = {name: value for name, value in parameters.items() if name in _NAMES_OF_IMPLICIT}
    values |= dict(zip(("user_factors", "item_factors"), model._sides, strict=True))
    # What `implicit` does not know goes into a text, since it makes an attribute of everything it finds.
    values[_OUR_PARAMETERS] = json.dumps(parameters)
    buffer = io.BytesIO()
    # Without what is None, as that would need pickle.
    np.savez(buffer, **{name: value for name, value in values.items() if value is not None})
    return buffer.getvalue()


def _from_arrays(cls: Any, content: bytes) -> Any:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            values = {name: np.asarray(value) for name, value in data.items()}
    except Exception as error:  # an archive can be broken in many ways, with an exception for each
        raise not_a_model(str(error) or type(error).__name__) from None
    sides = []
    for name in ("user_factors", "item_factors"):
        side = values.pop(name, None)
        try:
            sides.append(None if side is None else _arguments.factors(side, name))
        except (TypeError, ValueError) as error:
            raise not_a_model(str(error)) from None
    if all(side is None for side in sides) and "factors" not in values:
        raise not_a_model(f"it has neither the factors nor the parameters of a {cls._KIND}")
    parameters = {name: value.item() for name, value in values.items() if value.shape == ()}
    parameters |= _from_json(str(parameters.get(_OUR_PARAMETERS, "{}")))
    return _made(cls, parameters, *sides)


def _made(cls: Any, parameters: dict[str, Any], users: Any, items: Any) -> Any:
    """Make a model of parameters, of which it ignores those that it does not know, and factors."""
    widths = {side.shape[1] for side in (users, items) if side is not None}
    if len(widths) > 1:
        raise not_a_model(f"its sides have {users.shape[1]} and {items.shape[1]} factors")
    known = cls._parameter_names()
    parameters = {name: value for name, value in parameters.items() if name in known}
    for width in widths:
        parameters["factors"] = width
    try:
        model = cls(**parameters)
        _core.check_parameters(model._params())
    except (TypeError, ValueError) as error:
        raise not_a_model(f"its parameters are wrong: {error}") from None
    model._take_factors(users, items)
    return model


def not_a_model(reason: str) -> ModelFormatError:
    """Return the error for a file that cannot be opened."""
    return ModelFormatError(f"not a model that can be opened: {reason}")
