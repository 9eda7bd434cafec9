"""Items shown with the names that another file has for them."""

from __future__ import annotations

import argparse
from typing import Any

from penchant.cli._parser import Command, words


def add_names(command: Command) -> None:
    """Add a file of names."""
    group = command.add_argument_group("names of items")
    text = "a table with what items are called, such as artists.dat; their names stand beside them"
    group.add_argument("--names", metavar="FILE", help=text)
    text = "its columns of items and of names (default: the first two)"
    group.add_argument("--names-columns", metavar="ITEM,NAME", type=words(), help=text)


def names_of(options: argparse.Namespace) -> dict[str, str] | None:
    """Return the names of items by their labels, if there is a file of them."""
    if options.names is None:
        if options.names_columns:
            options.error("--names-columns goes with --names")
        return None
    from penchant._tables import columns_of_table

    columns = columns_of_table(options.names)
    chosen = options.names_columns or list(columns)[:2]
    if len(chosen) != 2:
        msg = f"{options.names} must have a column of items and one of names, got {', '.join(chosen)}"
        raise ValueError(msg)
    for name in chosen:
        if name not in columns:
            msg = f"{options.names} has no column {name!r}: it has {', '.join(map(repr, columns))}"
            raise ValueError(msg)
    labels, names = (columns[name] for name in chosen)
    found: dict[str, str] = {}
    for label, name in zip(labels, names, strict=True):
        if label is None or name is None:
            continue
        if found.setdefault(str(label), str(name)) != str(name):
            msg = f"{options.names} has several names of {label}: {found[str(label)]!r} and {str(name)!r}"
            raise ValueError(msg)
    return found


def with_names(frame: Any, column: str, names: dict[str, str] | None) -> Any:
    """Return an answer with the names of the items in a column beside them."""
    if names is None:
        return frame
    from penchant.cli._output import columns_of

    shown: dict[str, Any] = {}
    for name, values in columns_of(frame).items():
        shown[name] = values
        if name == column:
            shown["name"] = [names.get(str(label), "") for label in values]
    return shown
