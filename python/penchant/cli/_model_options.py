"""The options of the model, and models in files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.cli._parser import Command, given, natural

if TYPE_CHECKING:
    from penchant.als import AlternatingLeastSquares
    from penchant.interactions import Interactions
    from penchant.recommender import Recommender

#: Of each parameter the type or the choices, the default, and what it is.
PARAMETERS: dict[str, tuple[Any, object, str]] = {
    "factors": (int, 100, "the number of factors"),
    "regularization": (float, 0.01, "the weight of the squared lengths of the factors"),
    "alpha": (float, 1.0, "how fast confidence grows with the weight"),
    "iterations": (int, 15, "the number of epochs"),
    "confidence": (
        ("alpha", "linear", "log"),
        "alpha",
        "how confidence grows: in proportion, from 1 in proportion, or from 1 as the logarithm does",
    ),
    "epsilon": (float, 1.0, "the weight at which the logarithm begins to flatten"),
    "unobserved_weight": (float, 1.0, "the weight of the pairs that nobody touched"),
    "regularization_exponent": (
        float,
        0.0,
        "0: the same regularization for all; 1: more where there is more to fit",
    ),
    "solver": (("auto", "cg", "dual", "cholesky"), "auto", "how each row is solved"),
    "cg_steps": (int, 3, "the most conjugate-gradient steps for a row"),
    "relaxation": (float, 1.5, "between 0 and 2; 1 is plain alternating least squares"),
    "tolerance": (float, None, "stop when an epoch improves the loss by less than this part of it"),
    "dtype": (("float32", "float64"), "float32", "the precision of the factors"),
    "random_state": (natural, None, "the seed; equal seeds give equal models"),
    "num_threads": (int, 0, "the number of threads, also for reading; 0 for all"),
}


def add_parameters(command: Command) -> None:
    """Add the parameters of `AlternatingLeastSquares`."""
    group = command.add_argument_group("the model")
    for name, (kind, default, what) in PARAMETERS.items():
        settings: dict[str, Any] = {"type": kind, "metavar": "N"}
        if isinstance(kind, tuple):
            settings = {"choices": kind}
        text = what if default is None else f"{what} (default {default})"
        group.add_argument(f"--{name.replace('_', '-')}", default=argparse.SUPPRESS, help=text, **settings)


def model_of(options: argparse.Namespace) -> AlternatingLeastSquares:
    """Return a model with the parameters that were given, after a look at them."""
    from penchant.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(**given(options, PARAMETERS))
    model._check_parameters()  # before a long reading, not after it
    return model


def add_model(command: Command) -> None:
    """Add the file of a model."""
    command.add_argument("model", metavar="MODEL", help="a file that 'penchant fit' wrote")


def open_model(path: str) -> tuple[Recommender, Interactions]:
    """Return the model in a file, and the labels that it has learned from."""
    from penchant.recommender import Recommender

    recommender = Recommender.load(Path(path))
    return recommender, recommender.data


def add_unknown(command: Command) -> None:
    """Add what to do about labels that the model does not know."""
    text = "what to do about names that the model does not know; by default stop (raise)"
    command.add_argument("--unknown", choices=("raise", "skip"), default="raise", help=text)


def labels_like(known: Any, texts: Iterable[str], what: str, unknown: str = "raise") -> list[Any]:
    """Return labels as the model has them: integers where its own are integers."""
    if known.dtype.kind not in "iu":
        return list(texts)
    return [_integer(text, what, unknown) for text in texts]


def _integer(text: str, what: str, unknown: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        if unknown == "skip":
            return text  # which the model does not know
        msg = f"there is no {what} {text!r}: in this model {what}s are integers"
        raise LookupError(msg) from None
