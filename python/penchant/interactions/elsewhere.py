"""Interactions of events that others have read, in several places."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._labels import labels_array
from penchant._sparse import csr_rows
from penchant.interactions._columns import Columns, columns_of
from penchant.interactions._interactions import Interactions
from penchant.interactions._lines import LINES, lines_of
from penchant.interactions._options import NOTHING_HIDDEN, Reading, ReadOptions
from penchant.interactions._paths import paths_of
from penchant.interactions._report import check_bad_rows

_PARTS = ("user", "item", "weight", "time", "kind")
_LINES = (
    "sep", "header", "quote", "labels", "layout", "encoding", "decimal", "thousands", "comment", "skip",
)  # fmt: skip
#: How many bad rows are named.
_NAMED = 5


def files_of(source: Any) -> list[Path]:
    """Return the files that a source names, all with their whole paths, without empty ones among others."""
    if source == "-" or (isinstance(source, list | tuple) and "-" in source):
        msg = "source must be files that all nodes can read, and standard input is none"
        raise ValueError(msg)
    paths = [path.absolute() for path in paths_of(source)]
    full = [path for path in paths if not path.is_file() or path.stat().st_size]
    return full or paths[:1]


@dataclasses.dataclass(frozen=True)
class Counts:
    """What became of the rows of one place, as its report says."""

    rows: int
    bad_rows: int
    first_bad_rows: tuple[str, ...]
    ignored_rows: int

    @classmethod
    def of(cls, data: Interactions) -> Counts:
        """Return those of what was read."""
        report = data.report
        return cls(report.rows, report.bad_rows, report.first_bad_rows, report.ignored_rows)

    @classmethod
    def total(cls, all_counts: Sequence[Counts]) -> Counts:
        """Return those of all places."""
        named = tuple(line for each in all_counts for line in each.first_bad_rows)[:_NAMED]
        rows, bad, ignored = (
            sum(getattr(each, name) for each in all_counts) for name in ("rows", "bad_rows", "ignored_rows")
        )
        return cls(rows, bad, named, ignored)

    #: What a report says of lines, of which there are many kinds here.
    layout = None


class Elsewhere:
    """How others read events.

    Parameters
    ----------
    how : dict
        All arguments of `Interactions.from_file`, if events come from files, or of `Interactions.from_frame`.
    are_files : bool
    """

    def __init__(self, how: dict[str, Any], are_files: bool) -> None:
        self.columns: Columns = columns_of(**{name: how[name] for name in _PARTS})
        self.options = ReadOptions(
            self.columns, how["kind_weights"], how["duplicates"], on_bad_rows=how["on_bad_rows"],
            time_unit=how["time_unit"], time_format=how["time_format"],
        )  # fmt: skip
        self._lines = lines_of(*(how[name] for name in _LINES)) if are_files else LINES

    def check(self, counts: Counts, entries: int) -> None:
        """Raise if nothing was read or most of it was bad, and warn if some was."""
        if not entries and not counts.bad_rows:
            msg = f"the source has {counts.rows} rows and nothing to learn from"
            raise ValueError(msg)
        wanted = self.options.on_bad_rows
        check_bad_rows(counts, counts.bad_rows, counts.rows, wanted, may_be_none=False)  # type: ignore[arg-type]

    def together(
        self, matrix: Any, users: npt.NDArray[Any], items: npt.NDArray[Any], counts: Counts, merged: int
    ) -> Interactions:
        """Return Interactions of the whole matrix, with labels for its rows and columns."""
        options = self.options.plain()
        of_users, of_items = (
            labels_array(each.tolist() if each.dtype == object else each, name)
            for each, name in ((users, "users"), (items, "items"))
        )
        besides = {"rows": counts.rows, "ignored_rows": counts.ignored_rows, "merged_rows": merged}
        rows = csr_rows(matrix, "matrix").csr(np.float32)
        read = _core.interactions.restore(of_users, of_items, rows, NOTHING_HIDDEN | besides, options.core())
        data = Interactions.of_read(Reading(options, self.columns, self._lines, None), read)
        report = dataclasses.replace(
            data.report, bad_rows=counts.bad_rows, first_bad_rows=counts.first_bad_rows
        )
        data.amend_report(report)
        return data
