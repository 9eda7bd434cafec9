"""``penchant explain``: why a user gets an item."""

from __future__ import annotations

import argparse

from penchant.cli._model_options import add_model, add_unknown, labels_like, open_model
from penchant.cli._names import add_names, names_of, with_names
from penchant.cli._output import add_output, check_output, put
from penchant.cli._parser import Verbs, add_command, add_quiet, count

_TEXT = """
Lists which of the user's own items speak for an item, and how much each adds to its score, the largest
contribution first.
"""

#: What a score is split into.
BY = ("items", "item-features", "user-features")

_EXAMPLES = """
penchant explain model.safetensors alice nirvana
penchant explain model.safetensors alice "pearl jam" -n 3 --format json
penchant explain model.safetensors alice "new album" --by item-features
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    command = add_command(verbs, "explain", run, "say why a user would like an item", _TEXT, _EXAMPLES)
    add_model(command)
    command.add_argument("user", metavar="USER", help="who")
    command.add_argument("item", metavar="ITEM", help="what")
    command.add_argument("-n", type=count, default=10, help="how many lines at most (default 10)")
    by = "what the score is made of: the user's items (the default), or the features of the item or the user"
    command.add_argument("--by", choices=BY, default="items", help=by)
    add_unknown(command)
    add_names(command)
    add_quiet(command)
    add_output(command)


def run(options: argparse.Namespace) -> None:
    """Explain."""
    check_output(options)
    if options.names and options.by != "items":
        options.error("--names goes with --by items: features have no names there")
    names = names_of(options)
    recommender, data = open_model(options.file)
    (user,) = labels_like(data.users, [options.user], "user", options.unknown)
    (item,) = labels_like(data.items, [options.item], "item", options.unknown)
    by = options.by.replace("-", "_")
    try:
        found = recommender.explain(user, item, options.n, by=by, unknown=options.unknown)
    except NotImplementedError as error:
        raise ValueError(str(error)) from None
    put(with_names(found, "item", names), options)
