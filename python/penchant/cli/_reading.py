"""The options that say how to read events, and the reading."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from penchant.cli._parser import Command, count, given, number, pair
from penchant.cli._said import say

if TYPE_CHECKING:
    from penchant import Interactions

COLUMNS = """
Events are lines of CSV or TSV files, gzipped or not, or rows of Parquet files. A column is given by
its name or its position; positions are numbers from 0.
"""

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_PARTS = ("user", "item", "weight", "time", "kind")
_NAMES = (
    "sep", "header", *_PARTS, "duplicates", "half_life", "min_items_per_user", "min_users_per_item",
    "on_bad_rows", "quote", "labels", "num_threads",
)  # fmt: skip


def add_reading(command: Command) -> None:
    """Add the files and the options of `Interactions.from_file`."""
    command.add_argument(
        "events", nargs="+", metavar="EVENTS", help="a file, or a pattern such as 'plays-*.tsv'"
    )
    group = command.add_argument_group("how to read events")

    def add(name: str, text: str, **settings: Any) -> None:
        group.add_argument(f"--{name}", help=text, default=argparse.SUPPRESS, **settings)

    column: dict[str, Any] = {"metavar": "COLUMN", "type": _column}
    add("user", "who; by default the column 'user'", **column)
    add("item", "what; by default the column 'item'", **column)
    add("weight", "how much; by default every event weighs 1", **column)
    add("time", "when: times, dates, or numbers", **column)
    add("kind", "what kind of event it was; goes with --kind-weight", **column)
    weights: dict[str, Any] = {
        "metavar": "KIND=WEIGHT",
        "type": pair,
        "action": "append",
        "dest": "kind_weights",
    }
    add("kind-weight", "what a kind weighs, such as buy=10; give it once for each kind", **weights)
    add(
        "sep",
        r"what separates fields; '\t' is a tab; by default as name and first line of a file say",
        type=_sep,
    )
    add(
        "no-header",
        "the first line is an event; give columns by position",
        action="store_false",
        dest="header",
    )
    add("quote", "what encloses fields with separators in them; '' for nothing", metavar="CHARACTER")
    add("labels", "integers where all are integers (auto), or always strings", choices=("auto", "string"))
    several = ("sum", "count", "last", "max")
    add("duplicates", "what events of the same user and item become; by default their sum", choices=several)
    age = (
        "the age at which a weight has halved: 30d, 12h, 90min, 2w; a mere number is in the unit of the times"
    )
    add("half-life", age, metavar="AGE", type=_half_life)
    add("min-items-per-user", "leave out users with fewer items", metavar="N", type=count)
    add("min-users-per-item", "leave out items with fewer users", metavar="N", type=count)
    bad = "what to do about rows with a missing or malformed field; by default skip them and warn"
    add("on-bad-rows", bad, choices=("warn", "skip", "raise"))


def read(options: argparse.Namespace) -> Interactions:
    """Read the events, and report on them."""
    from penchant import Interactions

    settings = given(options, _NAMES)
    if hasattr(options, "kind_weights"):
        settings["kind_weights"] = dict(options.kind_weights)
    try:
        data = Interactions.from_file(options.events, show_progress=not options.quiet, **settings)
    except TypeError as error:  # a column of a type that is of no use
        raise ValueError(str(error)) from None
    if not options.quiet:
        say(repr(data.report))
    return data


def _column(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() else text


def _sep(text: str) -> str:
    return text.replace(r"\t", "\t")


def _half_life(text: str) -> float | dt.timedelta:
    match = re.fullmatch(r"(?P<number>.*\d\.?)\s*(?P<unit>[a-z]*)", text)
    digits, unit = (match["number"], match["unit"]) if match else (text, "")
    if unit not in ("", *_SECONDS):
        msg = f"must be a number, alone or with one of {', '.join(_SECONDS)}, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    age = float(number(float, digits, "a number, or an age such as 30d or 12h"))
    try:
        return dt.timedelta(seconds=age * _SECONDS[unit]) if unit else age
    except OverflowError:
        msg = f"must be an age that the calendar has room for, got {text!r}"
        raise argparse.ArgumentTypeError(msg) from None
