"""``penchant split``: events in two files, one to learn from and one to test with."""

from __future__ import annotations

import argparse
import copy
from typing import Any

from penchant.cli import _event_options
from penchant.cli._messages import say
from penchant.cli._output import check_output, put
from penchant.cli._parser import Verbs, add_command, add_quiet
from penchant.cli._split_options import add_split, split_of

_TEXT = """
Writes two files with the columns user, item and weight: what to learn from, and what to test with. Several
events of the same user and item are one line.
"""

_EXAMPLES = """
penchant split plays.tsv --item artist --weight plays --train train.tsv --test test.tsv
penchant split plays.tsv --time when --split time --test-days 7 --train train.csv --test test.csv
"""


def add(verbs: Verbs) -> None:
    """Describe the arguments."""
    text = _TEXT + _event_options.COLUMNS
    command = add_command(
        verbs, "split", run, "put a part of what users did aside, to test with", text, _EXAMPLES
    )
    command.usage = "penchant split [OPTION ...] EVENTS ... --train FILE --test FILE"
    command.add_argument("--train", required=True, metavar="FILE", help="where to write what to learn from")
    command.add_argument("--test", required=True, metavar="FILE", help="where to write what to test with")
    add_quiet(command)
    add_split(command, files=True)
    _event_options.add_reading(command)


def run(options: argparse.Namespace) -> None:
    """Read, split, write."""
    splitter = split_of(options)
    files = {name: _for_file(options, getattr(options, name)) for name in ("train", "test")}
    for each in files.values():
        check_output(each)
    split = splitter.split(_event_options.read(options))
    if not options.quiet:
        say(repr(split))
    for name, each in files.items():
        put(_entries(getattr(split, name)), each)


def _for_file(options: argparse.Namespace, file: str) -> argparse.Namespace:
    other = copy.copy(options)
    other.output, other.format = file, None
    return other


def _entries(data: Any) -> dict[str, Any]:
    matrix = data.matrix.tocoo()
    users, items = data.users[matrix.row], data.items[matrix.col]
    return {"user": users, "item": items, "weight": matrix.data}
