"""What was read and what was not, for people."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from penchant._validation import warn
from penchant.exceptions import DataWarning

if TYPE_CHECKING:
    from penchant import _core
    from penchant.interactions._options import ReadOptions

# Half-lives are told from times that are numbers; if all of them pass in this part of one, they were not
# seconds.
_NO_TIME_AT_ALL = 1e-3
# Small numbers may well be seconds, counted from a beginning of their own.
_COUNTED_FROM_ZERO = 1e3


@dataclass(frozen=True, repr=False)
class Report:
    """What became of the events that were read.

    Attributes
    ----------
    users, items, entries : int
        The shape of the matrix, and how many pairs it stores.
    density : float
        The stored part of all pairs, between 0 and 1.
    rows : int
        Events read, everything included.
    bad_rows : int
        Events skipped because a field was missing or malformed, in the last reading.
    first_bad_rows : tuple of str
        Where the first few of them are, and what is wrong.
    ignored_rows : int
        Events of a kind whose weight is 0, and those older than `max_age`.
    merged_rows : int
        Events that became one entry with another.
    dropped_users, dropped_items, dropped_entries : int
        What was left out because it had too few items or users.
    zero_entries : int
        Entries whose weight is 0: they count as known to the user, but nothing is learned from them.
    faded_entries : int
        Those of them whose weight was not 0 before it faded with `half_life`.
    negative_entries : int
        Entries whose weight is below 0: what a user dislikes.
    user_labels, item_labels : str
        ``"strings"``, ``"integers"`` or ``"unsigned integers"``.
    layout, separator, quote, encoding : str or None
        How the lines of text files were taken; None for other sources. A quote of None encloses nothing.
    """

    users: int
    items: int
    entries: int
    density: float
    rows: int
    bad_rows: int
    first_bad_rows: tuple[str, ...]
    ignored_rows: int
    merged_rows: int
    dropped_users: int
    dropped_items: int
    dropped_entries: int
    zero_entries: int
    faded_entries: int
    negative_entries: int
    user_labels: str
    item_labels: str
    layout: str | None
    separator: str | None
    quote: str | None
    encoding: str | None

    def _table(self) -> list[tuple[str, str]]:
        lines = [("users", f"{self.users:,}"), ("items", f"{self.items:,}"), ("entries", f"{self.entries:,}")]
        parts = [
            ("  zero, nothing to learn from", self.zero_entries),
            ("    of these faded to zero", self.faded_entries),
            ("  negative, disliked", self.negative_entries),
        ]
        lines += [(name, f"{count:,}") for name, count in parts if count]
        lines += [
            ("density", f"{100 * self.density:.3g} %"),
            ("rows read", f"{self.rows:,}"),
        ]
        counts = [
            ("  bad, skipped", self.bad_rows),
            ("  of no weight or too old, ignored", self.ignored_rows),
            ("  merged with others", self.merged_rows),
            ("users dropped", self.dropped_users),
            ("items dropped", self.dropped_items),
            ("entries dropped", self.dropped_entries),
        ]
        lines += [(name, f"{count:,}") for name, count in counts if count]
        lines += [("labels of users", self.user_labels), ("labels of items", self.item_labels)]
        if self.layout is not None:
            lines += [("lines", self.layout)]
            if self.layout != "json":
                lines += [("  separator", self.separator or ""), ("  quote", self.quote or "none")]
            lines += [("  encoding", self.encoding or "UTF-8")]
        return lines

    def __repr__(self) -> str:
        table = self._table()
        names = max(len(name) for name, _ in table)
        counts = max(len(count) for _, count in table)
        lines = [f"{name:<{names}}  {count:>{counts}}" for name, count in table]
        return "\n".join([*lines, *(f"    {line}" for line in self.first_bad_rows)])

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: right">'
        rows = [
            f'<tr><td style="text-align: left">{_indented(name)}</td>{cell}{count}</td></tr>'
            for name, count in self._table()
        ]
        notes = "".join(f"<li>{escape(line)}</li>" for line in self.first_bad_rows)
        return f"<table>{''.join(rows)}</table>" + (f"<p>Bad rows:</p><ul>{notes}</ul>" if notes else "")


def _indented(name: str) -> str:
    return escape(name).replace("  ", "&ensp;")


def report_of(
    events: _core.interactions.Events, shape: tuple[int, int], entries: int, lines: dict[str, Any]
) -> Report:
    """Return the report on what was read."""
    counts = events.report()
    written = events.written()
    layout, separator, quote = (None, None, None) if written is None else written
    return Report(
        users=shape[0],
        items=shape[1],
        entries=entries,
        density=entries / max(shape[0] * shape[1], 1),
        user_labels=_kind_of(events.users),
        item_labels=_kind_of(events.items),
        layout=layout,
        separator=separator,
        quote=quote,
        encoding=None if layout is None else lines["encoding"] or "UTF-8",
        **counts | {"first_bad_rows": tuple(counts["first_bad_rows"])},
    )


def _kind_of(labels: _core.interactions.Labels) -> str:
    if not labels.are_integers:
        return "strings"
    return "unsigned integers" if labels.are_unsigned else "integers"


def check_bad_rows(report: Report, bad: int, rows: int, on_bad_rows: str, *, may_be_none: bool) -> None:
    """Raise if too many rows are bad, unless they only add to others, and warn if some are."""
    if not bad:
        return
    first = report.first_bad_rows
    split = "" if report.layout in (None, "json") else f"; fields are separated by {report.separator}"
    if bad == rows and not may_be_none:
        msg = f"none of the {rows:,} rows can be used; {first[0]}{split}"
        raise ValueError(msg)
    more = f"; and {bad - len(first):,} more" if bad > len(first) else ""
    if on_bad_rows != "warn":
        return
    if 2 * bad > rows and not may_be_none:
        what = f"{bad:,} of {rows:,} rows cannot be used: {'; '.join(first)}{more}{split}"
        msg = f"{what}. on_bad_rows='skip' takes the others all the same"
        raise ValueError(msg)
    were = "row was" if bad == 1 else "rows were"
    warn(f"{bad:,} bad {were} skipped: {'; '.join(first)}{more} (of {rows:,} rows)", DataWarning)


def warn_of_times(report: Report, events: _core.interactions.Events, options: ReadOptions) -> None:
    """Warn if a half-life leaves nothing, or does nothing."""
    if options.half_life is None:
        return
    latest, span, are_numbers = events.times()
    if 2 * report.faded_entries > report.entries:
        when = f"{latest:g}" if are_numbers and not options.is_aged else _date(latest)
        what = f"{report.faded_entries:,} of {report.entries:,} entries have faded to 0"
        warn(f"{what}: ages are told from the latest time, which is {when}", DataWarning)
    elif (
        options.is_aged
        and are_numbers
        and 0 < span < _NO_TIME_AT_ALL * options.half_life
        and latest - span > _COUNTED_FROM_ZERO
    ):
        warn(
            f"hardly any weight has faded: as seconds, the times pass in {span:g} s, while half_life is "
            f"{options.half_life:g} s; time_unit says what they count",
            DataWarning,
        )


def _date(seconds: float) -> str:
    try:
        return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)).date().isoformat()
    except OverflowError:
        return f"{seconds:g} s after 1970"
