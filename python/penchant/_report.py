"""What was read and what was not, for people."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


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
        Events of a kind whose weight is 0.
    merged_rows : int
        Events that became one entry with another.
    dropped_users, dropped_items, dropped_entries : int
        What was left out because it had too few items or users.
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

    def _table(self) -> list[tuple[str, str]]:
        lines = [
            ("users", f"{self.users:,}"),
            ("items", f"{self.items:,}"),
            ("entries", f"{self.entries:,}"),
            ("density", f"{self.density:.3g}" if self.density >= 0.01 else f"{100 * self.density:.3g} %"),
            ("rows read", f"{self.rows:,}"),
        ]
        counts = [
            ("  bad, skipped", self.bad_rows),
            ("  of no weight, ignored", self.ignored_rows),
            ("  merged with others", self.merged_rows),
            ("users dropped", self.dropped_users),
            ("items dropped", self.dropped_items),
            ("entries dropped", self.dropped_entries),
        ]
        return lines + [(name, f"{count:,}") for name, count in counts if count]

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
