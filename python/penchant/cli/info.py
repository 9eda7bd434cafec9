"""``penchant info``: what is in a file with a model."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from penchant.cli._model_options import add_model, open_model
from penchant.cli._output import add_output, check_output, put
from penchant.cli._parser import Verbs, add_command, add_quiet

_EXAMPLES = """
penchant info model.safetensors
penchant info model.safetensors --format json
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = "The class of the model, its parameters, and the size of what it learned from."
    command = add_command(verbs, "info", run, "show what is in a model file", text, _EXAMPLES)
    add_model(command)
    add_quiet(command)
    add_output(command)


def run(options: argparse.Namespace) -> None:
    """Show it."""
    check_output(options)
    facts = _facts(options.file)
    put({"property": list(facts), "value": list(facts.values())}, options)


def _facts(path: str) -> dict[str, Any]:
    from penchant._base.recommender import RecommenderBase
    from penchant.exceptions import ModelFormatError, NotFittedError

    data: Any = None
    try:
        recommender, data = open_model(path)
        model = recommender.model
    except ModelFormatError as error:
        try:
            model = RecommenderBase.load(path)  # a model without labels
        except ModelFormatError:
            raise error from None
    facts: dict[str, Any] = {"class": type(model).__name__, "users": None, "items": None}
    if data is not None:
        users, items = data.shape
        density = data.nnz / max(users * items, 1)
        facts |= {"users": users, "items": items, "entries": data.nnz, "density": density}
    else:
        with contextlib.suppress(NotFittedError):
            facts["users"], facts["items"] = model.shape
    facts["labels"] = "none" if data is None else f"{_kind(data.users)} and {_kind(data.items)}"
    return facts | {name: _plain(value) for name, value in model.get_params().items()}


def _kind(labels: Any) -> str:
    return "integers" if labels.dtype.kind in "iu" else "strings"


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
