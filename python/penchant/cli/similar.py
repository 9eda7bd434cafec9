"""``penchant similar``: the items most like others."""

from __future__ import annotations

import argparse
from typing import Any

from penchant.cli._messages import say
from penchant.cli._model_options import add_model, add_unknown, labels_like, open_model
from penchant.cli._names import add_names, names_of, with_names
from penchant.cli._output import add_output, check_output, put
from penchant.cli._parser import Verbs, add_command, add_quiet, count

_EXAMPLES = """
penchant similar model.safetensors nirvana
penchant similar model.safetensors nirvana "pearl jam" -n 5 --format csv
penchant similar model.safetensors --containing metal
penchant similar model.safetensors 154 --names artists.dat
"""

# As many items are taken for one text; beyond that an answer is a flood.
_MOST = 10


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = "By the angle between their factors: 1 is the same direction."
    command = add_command(verbs, "similar", run, "find the items most like others", text, _EXAMPLES)
    add_model(command)
    command.add_argument("items", nargs="*", metavar="ITEM", help="like what")
    part = f"like items with this in their names, in capitals or not: the {_MOST} with the most users"
    command.add_argument("--containing", metavar="TEXT", help=part)
    command.add_argument("-n", type=count, default=10, help="how many for each (default 10)")
    add_unknown(command)
    add_names(command)
    add_quiet(command)
    add_output(command)


def run(options: argparse.Namespace) -> None:
    """Find similar items."""
    if not options.items and options.containing is None:
        options.error("name items, or give --containing")
    check_output(options)
    names = names_of(options)
    recommender, data = open_model(options.file)
    items = labels_like(data.items, options.items, "item", options.unknown)
    if options.containing is not None:
        matching = _containing(data, options.containing)
        if len(matching) > _MOST and not options.quiet:
            many = f"{len(matching):,} items have {options.containing!r} in their names"
            say(f"{many}; here for the {_MOST} with the most users")
        items += [item for item in matching[:_MOST] if item not in items]
    found = recommender.similar_items(items, options.n, unknown=options.unknown)
    put(with_names(found, "similar_item", names), options)


def _containing(data: Any, text: str) -> list[Any]:
    """Return the items whose names contain a text, those with the most users first."""
    import numpy as np

    wanted = text.casefold()
    found = [code for code, item in enumerate(data.items.tolist()) if wanted in str(item).casefold()]
    if not found:
        msg = f"no item has {text!r} in its name"
        raise LookupError(msg)
    users = np.bincount(data.matrix.indices, minlength=data.shape[1])
    order = sorted(found, key=lambda code: -users[code])
    labels: list[Any] = data.items[order].tolist()
    return labels
