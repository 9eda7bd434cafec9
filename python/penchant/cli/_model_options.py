"""The options of the model, which its class says, and models in files."""

from __future__ import annotations

import argparse
import inspect
import re
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant._base.registry import MODELS, model_class
from penchant.cli._parser import Command, given, natural

if TYPE_CHECKING:
    from penchant._base.recommender import RecommenderBase
    from penchant.interactions import Interactions
    from penchant.recommender import Recommender

# Models that are made of other models have no options that fit into a line.
_COMPOSED = ("blend", "fallback", "reserved")
NAMES = tuple(name for name in MODELS if name not in _COMPOSED)


def add_parameters(command: Command) -> None:
    """Add ``--model``, and, as soon as it is known which, the parameters of that model."""
    text = f"which model: {', '.join(NAMES)} (default als); --help after it shows its own options"
    group = command.add_argument_group("the model")
    group.add_argument("--model", choices=NAMES, default="als", metavar="NAME", help=text)
    command.late = lambda arguments: _add_parameters_of(_named(arguments), group)


def _named(arguments: Sequence[str]) -> str:
    """Return the model that arguments name, before they are parsed."""
    scout = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    scout.add_argument("--model", default="als")
    try:
        name: str = scout.parse_known_args(arguments)[0].model
    except SystemExit:
        return "als"  # whoever parses them will say why
    return name if name in NAMES else "als"


def _add_parameters_of(name: str, group: argparse._ArgumentGroup) -> None:
    for parameter, (kind, default, what) in parameters_of(model_class(name)).items():
        option = f"--{parameter.replace('_', '-')}"
        text = what if default is None else f"{what} (default {default})"
        settings: dict[str, Any] = {"type": kind, "metavar": "N"}
        if isinstance(kind, tuple):
            settings = {"choices": kind}
        elif kind is bool:
            settings = {"action": argparse.BooleanOptionalAction}
        group.add_argument(option, default=argparse.SUPPRESS, help=text.replace("%", "%%"), **settings)


def parameters_of(cls: Any) -> dict[str, tuple[Any, object, str]]:
    """Return of each parameter of a model the type or the choices, the default, and what it is."""
    hints = typing.get_type_hints(cls.__init__)
    found: dict[str, tuple[Any, object, str]] = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        text = _described(cls, name)
        if name in cls._only_in_python or text.startswith("accepted for"):
            continue
        kind, default = _kind(name, hints.get(name)), parameter.default
        if kind is not None:
            shown = default if isinstance(default, int | float | str) else None
            found[name] = (kind, "float32" if name == "dtype" else shown, text)
    return found


def _kind(name: str, hint: Any) -> Any:
    """Return a type of arguments, or choices, for a type of parameters; None for what fits into no line."""
    if name == "dtype":
        return ("float32", "float64")
    if name == "random_state":
        return natural
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    kinds = [kind for kind in typing.get_args(hint) or (hint,) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 and kinds[0] in (int, float, bool, str) else None


def _described(cls: Any, name: str) -> str:
    """Return the first sentence about a parameter from the documentation of a class or its bases."""
    for each in cls.__mro__:
        text = inspect.cleandoc(each.__doc__ or "")
        section = text.partition("Parameters\n----------\n")[2]
        for names, body in re.findall(r"^(\w[\w, ]*)(?: : .*)?\n((?:    .*\n|\n)+)", section + "\n", re.M):
            words = " ".join(body.split())
            if name in names.split(", ") and not words.startswith("As for"):
                sentence = re.split(r"(?<=\w)[.;] (?=[A-Z`])|\.$|; ", words)[0]
                plain = sentence.replace("`", "")
                return plain[:1].lower() + plain[1:] if plain[1:2].islower() else plain
    return name.replace("_", " ")


def model_of(options: argparse.Namespace) -> RecommenderBase:
    """Return a model with the parameters that were given, after a look at them."""
    cls = model_class(options.model)
    model: RecommenderBase = cls(**given(options, parameters_of(cls)))
    model._check_parameters()  # before a long reading, not after it
    return model


def add_model(command: Command) -> None:
    """Add the file of a model."""
    command.add_argument("file", metavar="MODEL", help="a file that 'penchant fit' wrote")


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
