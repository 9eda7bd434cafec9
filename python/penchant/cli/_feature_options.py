"""Options that say what is known of users and items besides what they did."""

from __future__ import annotations

import argparse
from typing import Any

from penchant.cli._parser import Command, words

_SIDES = ("item", "user")


def add_features(command: Command) -> None:
    """Add files of features, with a column that says whose they are."""
    group = command.add_argument_group(
        "features",
        "what is known of items and users besides, in files with a header; als and content learn from it",
    )
    for side in _SIDES:
        group.add_argument(f"--{side}-features", metavar="FILE", help=f"a table with a row for each {side}")
        names = ["--id"] if side == "item" else []
        text = f"its column of {side}s (default: that of the events)"
        group.add_argument(f"--{side}-id", *names, dest=f"{side}_id", metavar="COLUMN", help=text)
        names = ["--columns"] if side == "item" else []
        text = (
            "what features are made of (default: all other columns); genres:tags says what kind a column is"
        )
        group.add_argument(
            f"--{side}-columns",
            *names,
            dest=f"{side}_columns",
            type=words(),
            metavar="NAME[:KIND],...",
            help=text,
        )
    group.add_argument(
        "--feature-sep", metavar="SEP", help="what stands between their fields (default: guessed)"
    )
    group.add_argument(
        "--feature-encoding", metavar="NAME", default="utf-8", help="their encoding (default utf-8)"
    )


def features_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the features that are given, by the arguments of `Recommender.fit`."""
    from penchant.features import Features

    found: dict[str, Any] = {}
    for side in _SIDES:
        path = getattr(options, f"{side}_features")
        if path is None:
            if getattr(options, f"{side}_id") or getattr(options, f"{side}_columns"):
                options.error(f"--{side}-id and --{side}-columns go with --{side}-features")
            continue
        id_column = getattr(options, f"{side}_id") or getattr(options, side, side)
        columns = kinds_of(getattr(options, f"{side}_columns"))
        try:
            found[f"{side}_features"] = Features.from_file(
                path, str(id_column), columns, sep=options.feature_sep, encoding=options.feature_encoding
            )
        except TypeError as error:  # a column that does not hold what its kind says
            raise ValueError(str(error)) from None
    return found


def kinds_of(columns: list[str] | None) -> Any:
    """Return columns by name, and of those that say it their kind."""
    if columns is None:
        return None
    pairs = [column.rpartition(":") if ":" in column else (column, "", None) for column in columns]
    return {name: kind for name, _, kind in pairs}
