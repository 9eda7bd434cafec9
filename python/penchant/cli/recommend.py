"""``penchant recommend``: what users, or someone with a given taste, would like."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from penchant.cli._model_options import add_model, add_unknown, labels_like, open_model
from penchant.cli._names import add_names, names_of, with_names
from penchant.cli._output import add_output, check_output, put
from penchant.cli._parser import Verbs, add_command, add_quiet, count

_TEXT = """
For users that the model knows: those named, those in a file, or all of them. Or, with --for, for someone
whom it has never seen, of whom you know some items.
"""

_EXAMPLES = """
penchant recommend model.safetensors alice bob
penchant recommend model.safetensors --users-from customers.txt -n 20 -o letters.csv
penchant recommend model.safetensors --all --exclude "gift card" --min-score 0.2 -o everyone.parquet
penchant recommend model.safetensors --for "nirvana=30" --for "pearl jam"
penchant recommend model.safetensors 12 --names artists.dat
penchant recommend model.safetensors --features country=se --features age=31
penchant recommend model.safetensors alice --format json | jq '.[0].item'
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    command = add_command(verbs, "recommend", run, "recommend items to users", _TEXT, _EXAMPLES)
    add_model(command)
    command.add_argument("users", nargs="*", metavar="USER", help="who gets recommendations")
    command.add_argument(
        "--users-from", metavar="FILE", help="a file with a user in each line; - for the input"
    )
    command.add_argument("--all", action="store_true", help="for all users")
    taste = "for someone who has this item, with this weight (default 1); give it once for each item"
    command.add_argument("--for", dest="basket", action="append", metavar="ITEM[=WEIGHT]", help=taste)
    known = "for someone of whom this is known, in the columns of the user features; alone or with --for"
    command.add_argument("--features", dest="known", action="append", metavar="COLUMN=VALUE", help=known)
    command.add_argument("-n", type=count, default=10, help="how many items for each (default 10)")
    command.add_argument("--keep-liked", action="store_true", help="also items that they have already")
    once: dict[str, Any] = {"action": "append", "metavar": "ITEM"}
    command.add_argument("--items", help="only these; give it once for each item", **once)
    command.add_argument("--exclude", help="not these; give it once for each item", **once)
    command.add_argument("--min-score", type=float, metavar="SCORE", help="leave out items that score less")
    add_unknown(command)
    add_names(command)
    add_quiet(command)
    add_output(command)


def run(options: argparse.Namespace) -> None:
    """Recommend."""
    named = bool(options.users) or options.users_from is not None
    if named + options.all + bool(options.basket or options.known) != 1:
        options.error("name users, or give one of --users-from, --all, --for and --features")
    check_output(options)
    names = names_of(options)
    recommender, data = open_model(options.file)
    settings: dict[str, Any] = {
        "filter_liked": not options.keep_liked,
        "min_score": options.min_score,
        "unknown": options.unknown,
    }
    if options.exclude:
        settings["exclude"] = labels_like(data.items, options.exclude, "item", options.unknown)
    if options.basket or options.known:
        if options.items:
            options.error("--items goes with users, not with --for or --features")
        basket = _weights(data, options.basket, options.unknown) if options.basket else None
        known = _known(options.known) if options.known else None
        found = recommender.recommend_for(basket, options.n, features=known, **settings)
        put(with_names(found, "item", names), options)
        return
    if options.items:
        settings["items"] = labels_like(data.items, options.items, "item", options.unknown)
    users = None
    if named:
        listed = [] if options.users_from is None else _lines(options.users_from)
        users = labels_like(data.users, [*options.users, *listed], "user", options.unknown)
    put(with_names(recommender.recommend(users, options.n, **settings), "item", names), options)


def _lines(file: str) -> list[str]:
    """Return the lines of a file that say something."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{file} is not UTF-8 text: {error.reason} at byte {error.start}"
        raise ValueError(msg) from None
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        msg = f"there are no users in {file}"
        raise ValueError(msg)
    return lines


def _known(pairs: list[str]) -> dict[str, Any]:
    """Return columns and values of ``column=value``."""
    known: dict[str, Any] = {}
    for text in pairs:
        column, sign, value = text.partition("=")
        if not sign or not column:
            msg = f"--features takes COLUMN=VALUE, got {text!r}"
            raise ValueError(msg)
        known[column] = value  # whoever takes it for a number reads it as one
    return known


def _weights(data: Any, basket: list[str], unknown: str) -> dict[Any, float]:
    """Return items and weights of ``item=weight`` and mere items."""
    weights: dict[Any, float] = {}
    for text in basket:
        item, weight = _split(data, text)
        (label,) = labels_like(data.items, [item], "item", unknown)
        weights[label] = weight
    return weights


def _split(data: Any, text: str) -> tuple[str, float]:
    """Take what follows the last ``=`` for a weight if it is a number, unless all of it is an item's name."""
    item, sign, number = text.rpartition("=")
    try:
        weight = float(number)
    except ValueError:
        return text, 1.0
    if not sign or (data.items.dtype.kind not in "iu" and text in set(data.items)):
        return text, 1.0
    return item, weight
