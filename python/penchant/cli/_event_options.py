"""The options that say how to read events, and the reading."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from penchant.cli._messages import say
from penchant.cli._parser import Command, count, given, natural, pair

if TYPE_CHECKING:
    from penchant.interactions import Interactions

COLUMNS = """
Events are lines of CSV, TSV or JSON files, compressed or not, or rows of Parquet files; - is the standard
input, and of a folder all files are read. A column is given by its name or its position; positions are
numbers from 0.
"""

#: The options that are columns.
PARTS = ("user", "item", "weight", "time", "kind")
_NAMES = (
    "sep", "header", *PARTS, "duplicates", "half_life", "max_age", "time_unit", "time_format",
    "min_items_per_user", "min_users_per_item", "on_bad_rows", "layout", "quote", "labels", "encoding",
    "decimal", "thousands", "comment", "skip", "num_threads",
)  # fmt: skip


# Ways to split that need the events themselves.
_BY_TIME = ("time", "leave-last-out", "rolling")


def add_events(command: Command, nargs: str = "+") -> None:
    """Add the files."""
    text = "a file, a folder, or a pattern such as 'plays-*.tsv'; - for the input"
    command.add_argument("events", nargs=nargs, metavar="EVENTS", help=text)


def add_columns(group: argparse._ArgumentGroup) -> None:
    """Add the columns."""
    column: dict[str, Any] = {"metavar": "COLUMN", "type": _column, "default": argparse.SUPPRESS}
    group.add_argument("--user", help="who; by default the column 'user'", **column)
    group.add_argument("--item", help="what; by default the column 'item'", **column)
    group.add_argument("--weight", help="how much; by default every event weighs 1", **column)
    group.add_argument("--time", help="when: times, dates, or numbers", **column)
    group.add_argument("--kind", help="what kind of event it was; goes with --kind-weight", **column)


def add_reading(command: Command) -> None:
    """Add the files and the options of `Interactions.from_file`."""
    add_events(command)
    group = command.add_argument_group("how to read events")
    add_columns(group)

    def add(name: str, text: str, **settings: Any) -> None:
        group.add_argument(f"--{name}", help=text, default=argparse.SUPPRESS, **settings)

    weights: dict[str, Any] = {
        "metavar": "KIND=WEIGHT",
        "type": pair,
        "action": "append",
        "dest": "kind_weights",
    }
    add("kind-weight", "what a kind weighs, such as buy=10; give it once for each kind", **weights)
    add(
        "sep",
        r"what separates fields; '\t' is a tab, '\s+' any blanks; by default as name and first line say",
        type=_sep,
    )
    add(
        "no-header",
        "the first line is an event; give columns by position",
        action="store_false",
        dest="header",
    )
    layouts = "a line is an event (events), a user and all items (lists), or a JSON object (json)"
    add("layout", layouts, choices=("events", "lists", "json"))
    add("quote", "what encloses fields with separators in them; '' for nothing", metavar="CHARACTER")
    add("encoding", "the encoding of text, such as latin-1; by default UTF-8", metavar="NAME")
    add("decimal", "what stands before decimals; by default a point", metavar="CHARACTER")
    add("thousands", "what groups thousands; by default nothing", metavar="CHARACTER")
    add("comment", "lines that begin with this are passed over", metavar="TEXT")
    add("skip", "pass over so many lines at the start of each file", metavar="N", type=natural)
    add("labels", "integers where all are integers (auto), or always strings", choices=("auto", "string"))
    several = ("sum", "count", "last", "max")
    add("duplicates", "what events of the same user and item become; by default their sum", choices=several)
    age = (
        "the age at which a weight has halved: 30d, 12h, 90min, 2w; a mere number is in the unit of the times"
    )
    add("half-life", age, metavar="AGE", type=_age_of("half_life"))
    oldest = "leave out events that are older, as seen from the latest one; as for --half-life"
    add("max-age", oldest, metavar="AGE", type=_age_of("max_age"))
    units = "what times that are numbers count"
    add("time-unit", units, choices=("s", "ms", "us", "ns"))
    add(
        "time-format",
        "how times are written, as '%%d.%%m.%%Y %%H:%%M'; by default ISO 8601",
        metavar="FORMAT",
    )
    add("min-items-per-user", "leave out users with fewer items", metavar="N", type=count)
    add("min-users-per-item", "leave out items with fewer users", metavar="N", type=count)
    bad = "what to do about rows with a missing or malformed field; by default skip them and warn"
    add("on-bad-rows", bad, choices=("warn", "skip", "raise"))


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return how to read the events, as `Interactions.from_file` takes it."""
    settings = given(options, _NAMES)
    if hasattr(options, "kind") != hasattr(options, "kind_weights"):
        msg = "--kind and --kind-weight go together: the column, and what each of its values weighs"
        raise ValueError(msg)
    if hasattr(options, "kind_weights"):
        settings["kind_weights"] = dict(options.kind_weights)
    if getattr(options, "split", None) in _BY_TIME:
        if "time" not in settings:
            options.error(f"--split {options.split} needs --time, the column that says when")
        settings["keep_events"] = True
    return settings


def read(options: argparse.Namespace) -> Interactions:
    """Read the events, and report on them."""
    from penchant.interactions import Interactions

    settings = settings_of(options)
    if getattr(options, "on_disk", None) is not None:
        settings["folder"] = options.on_disk
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


def _age_of(name: str) -> Callable[[str], float | dt.timedelta]:
    def age_of_text(text: str) -> float | dt.timedelta:
        from penchant.interactions._options import age_of

        try:
            age, in_seconds = age_of(text, name)
            return dt.timedelta(seconds=age) if in_seconds else age
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error).removeprefix(f"{name} ")) from None
        except OverflowError:
            msg = f"must be an age that the calendar has room for, got {text!r}"
            raise argparse.ArgumentTypeError(msg) from None

    return age_of_text
