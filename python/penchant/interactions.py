"""From raw events, in the caller's own labels, to the matrix that models learn from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _arguments, _core, _frames, _interactions_file, _sources
from penchant._arguments import Ids
from penchant._frames import Column
from penchant._labels import codes_of, labels_array
from penchant._report import Report
from penchant._settings import (
    DEFAULTS,
    LINES,
    NOTHING_HIDDEN,
    Duplicates,
    HalfLife,
    OnBadRows,
    Wanted,
    lines_of,
)
from penchant.exceptions import DataWarning

__all__ = ["Interactions", "Report"]


class Interactions:
    """Who did what and how much: a sparse matrix, and the labels of its rows and columns.

    Made by `from_frame`, `from_file` or `from_matrix`. Users and items are numbered in order of first
    appearance.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of float32, shape [n_users, n_items]
    users, items : numpy.ndarray, shape [n_users] and [n_items]
        Labels by code: strings (of dtype object) or int64.
    shape : tuple of int
    nnz : int
        The number of stored entries.
    report : Report
        What was read, and what was not.

    Examples
    --------
    >>> import penchant
    >>> plays = {"user": ["ann", "bob", "ann"], "artist": ["dub inc", "ska-p", "dub inc"], "plays": [3, 1, 2]}
    >>> data = penchant.Interactions.from_frame(plays, item="artist", weight="plays")
    >>> data
    Interactions(2 users x 2 items, 2 entries)
    >>> data.matrix.toarray()
    array([[5., 0.],
           [0., 1.]], dtype=float32)
    >>> data.item_codes(["ska-p", "dub inc"])
    array([1, 0], dtype=int32)
    """

    _wanted: Wanted
    _columns: _frames.Columns
    _lines: dict[str, Any]
    _backend: str | None
    _state: tuple[_core.Events, Any, Report]
    _labels: dict[str, npt.NDArray[Any]]

    def __init__(self) -> None:
        msg = "use Interactions.from_frame, Interactions.from_file or Interactions.from_matrix"
        raise TypeError(msg)

    @classmethod
    def _new(
        cls, wanted: Wanted, columns: _frames.Columns, lines: Mapping[str, Any], backend: str | None
    ) -> Self:
        self = object.__new__(cls)
        self._wanted = wanted
        self._columns = columns
        self._lines = dict(lines)
        self._backend = backend
        return self

    @classmethod
    def from_frame(
        cls,
        df: Any,
        user: Column = "user",
        item: Column = "item",
        weight: Column | None = None,
        time: Column | None = None,
        *,
        kind: Column | None = None,
        kind_weights: Mapping[str, float] | None = None,
        duplicates: Duplicates = "sum",
        half_life: HalfLife | None = None,
        min_items_per_user: int = 1,
        min_users_per_item: int = 1,
        on_bad_rows: OnBadRows = "warn",
        num_threads: int = 0,
    ) -> Self:
        """Read events from a table.

        Parameters
        ----------
        df : DataFrame
            Of pandas, Polars, PyArrow or DuckDB, anything else with an Arrow stream (``__arrow_c_stream__``),
            or a dict of columns.
        user, item : str or int
            The columns of labels, by name or position: strings, integers, or categories of these.
        weight : str or int, optional
            The column that says how much. Without one every event weighs 1.
        time : str or int, optional
            The column that says when: times, dates, ISO 8601 strings, or numbers.
        kind : str or int, optional
            The column that says what kind of event it was.
        kind_weights : dict of str to float, optional
            The weight of each kind, such as ``{"view": 1, "cart": 3, "buy": 10}``; multiplies `weight` if
            there is one. Events of a kind with weight 0 are ignored, those of a kind that is not named are
            bad rows.
        duplicates : {"sum", "count", "last", "max"}, default "sum"
            What several events of the same user and item become: the sum of their weights, their number,
            the weight of the latest (by time if there are times, otherwise by order), or the largest weight.
        half_life : float or timedelta, optional
            The age at which a weight has halved; the latest event has age 0. A number is in the unit of the
            times: seconds where they are times or dates. A timedelta counts seconds, also where times are
            numbers, which must be seconds then.
        min_items_per_user, min_users_per_item : int, default 1
            Users with fewer items and items with fewer users are left out, until nothing changes any more.
        on_bad_rows : {"warn", "skip", "raise"}, default "warn"
            What to do about rows with a missing or malformed field: skip them with a `DataWarning`, skip them
            silently (they are in the report), or raise a ValueError.
        num_threads : int, default 0
            0 for all that the process may use. The result does not depend on it.

        Returns
        -------
        Interactions

        Raises
        ------
        TypeError
            If a column has a type that cannot be used.
        ValueError
            If a column is missing, a number is out of range, or no row can be used.

        Examples
        --------
        >>> import penchant
        >>> events = {"user": [7, 7, 9], "item": ["a", "a", "b"], "event": ["view", "buy", "view"]}
        >>> data = penchant.Interactions.from_frame(events, kind="event", kind_weights={"view": 1, "buy": 10})
        >>> data.matrix.toarray()
        array([[11.,  0.],
               [ 0.,  1.]], dtype=float32)
        """
        columns = _frames.columns_of(user=user, item=item, weight=weight, time=time, kind=kind)
        wanted = Wanted(
            columns, kind_weights, duplicates, half_life, min_items_per_user, min_users_per_item, on_bad_rows,
            num_threads,
        )  # fmt: skip
        self = cls._new(wanted, columns, LINES, None if isinstance(df, Mapping) else _frames.backend_of(df))
        self._take(_sources.read_frame(df, wanted.used(columns), wanted.options(), None))
        return self

    @classmethod
    def from_file(
        cls,
        files: str | os.PathLike[str] | list[str | os.PathLike[str]],
        sep: str | None = None,
        header: bool = True,
        user: Column = "user",
        item: Column = "item",
        weight: Column | None = None,
        time: Column | None = None,
        *,
        kind: Column | None = None,
        kind_weights: Mapping[str, float] | None = None,
        duplicates: Duplicates = "sum",
        half_life: HalfLife | None = None,
        min_items_per_user: int = 1,
        min_users_per_item: int = 1,
        on_bad_rows: OnBadRows = "warn",
        quote: str | None = None,
        labels: Literal["auto", "string"] = "auto",
        show_progress: bool = True,
        num_threads: int = 0,
    ) -> Self:
        r"""Read events from files: CSV, TSV and the like, gzipped or not, and Parquet.

        Memory is needed for the events, about 25 bytes each and 45 with times, and for the labels, but not
        for the files.

        Parameters
        ----------
        files : path, pattern or list of either
            Such as ``"plays.tsv"`` or ``"plays-*.parquet"``. Names that end in ``.parquet`` or ``.pq`` are
            read by PyArrow, ``pip install 'penchant[parquet]'``; everything else is UTF-8 text, one event a
            line.
        sep : str, optional
            What separates fields, one character or more, such as ``"::"``. By default a tab in ``.tsv`` and
            ``.tab``, a comma in ``.csv``, elsewhere a tab if the first line has one, otherwise a comma.
        header : bool, default True
            Whether the first line names the columns. If not, give `user`, `item` and the others by position.
        quote : str, optional
            The character that encloses fields with separators or line breaks in them; ``""`` for none. By
            default double quotes, but none where fields are separated by tabs: such files rarely quote, while
            titles may well begin with a quote.
        labels : {"auto", "string"}, default "auto"
            In text files, labels are integers if all of them in a column are, otherwise strings; or always
            strings.
        show_progress : bool, default True
            Show a progress bar.
        user, item, weight, time, kind, kind_weights, duplicates, half_life
            As in `from_frame`.
        min_items_per_user, min_users_per_item, on_bad_rows, num_threads
            As in `from_frame`. An empty field is a missing one. A line with more or fewer fields than the
            first one is a bad row.

        Returns
        -------
        Interactions

        Raises
        ------
        OSError
            If a file cannot be read.
        ValueError
            If a column is missing, a number is out of range, or no row can be used; it names file and line.

        Examples
        --------
        >>> import pathlib, tempfile, penchant
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "plays.csv"
        >>> _ = path.write_text("who,what,often\nann,dub,3\nbob,ska,1\n")
        >>> columns = {"user": "who", "item": "what", "weight": "often"}
        >>> data = penchant.Interactions.from_file(path, **columns, show_progress=False)
        >>> data.users
        array(['ann', 'bob'], dtype=object)
        """
        columns = _frames.columns_of(user=user, item=item, weight=weight, time=time, kind=kind)
        wanted = Wanted(
            columns, kind_weights, duplicates, half_life, min_items_per_user, min_users_per_item, on_bad_rows,
            num_threads,
        )  # fmt: skip
        self = cls._new(wanted, columns, lines_of(sep, header, quote, labels), None)
        self._take(self._read_files(files, columns, self._lines, None, show_progress))
        return self

    @classmethod
    def from_matrix(cls, matrix: Any, users: Any = None, items: Any = None) -> Self:
        """Give names to the rows and columns of a SciPy matrix.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array, shape [n_users, n_items]
            Copied to float32.
        users, items : sequence of str or int, optional
            The labels, all different; by default 0, 1, 2 and so on.

        Returns
        -------
        Interactions

        Raises
        ------
        ValueError
            If the number of labels is not that of rows or columns, a label stands twice, or the matrix is
            broken or not finite.
        TypeError
            If `matrix` is not sparse, or labels are neither strings nor integers.
        """
        width, indptr, indices, data = _arguments.csr(
            _arguments.sparse(matrix, "matrix").tocsr(copy=True), "matrix", np.float32
        )
        shape = matrix.shape
        users_named, items_named = (
            labels_array(range(count) if labels is None else labels, name)
            for labels, count, name in zip((users, items), shape, ("users", "items"), strict=True)
        )
        columns = _frames.columns_of(user="user", item="item")
        self = cls._new(Wanted(columns, *DEFAULTS), columns, LINES, None)
        besides = {"rows": len(data)} | NOTHING_HIDDEN
        self._take(
            _core.restore(
                users_named, items_named, (width, indptr, indices, data), besides, self._wanted.options()
            )
        )
        return self

    def update(self, events: Any, *, show_progress: bool = True, **columns: Column) -> Self:
        """Add more events. Users and items keep their codes, new ones get the next.

        Parameters
        ----------
        events : DataFrame, dict, path, pattern or list of paths
            As in `from_frame` or `from_file`, and read with the same settings.
        show_progress : bool, default True
            Show a progress bar where files are read.
        **columns : str or int
            `user`, `item`, `weight`, `time` or `kind`, where the columns differ from those before.

        Returns
        -------
        self
            Unchanged if anything goes wrong.

        Raises
        ------
        TypeError, ValueError, OSError
            As in `from_frame` and `from_file`; also if labels of a frame are integers where they were strings
            so far, or the other way round. In a text file, labels that are no integers where all others are
            make bad rows.

        Examples
        --------
        >>> import penchant
        >>> data = penchant.Interactions.from_frame({"user": ["ann"], "item": ["dub"]})
        >>> data.update({"user": ["bob", "ann"], "item": ["dub", "ska"]})
        Interactions(2 users x 2 items, 3 entries)
        """
        unknown = set(columns) - set(self._columns)
        if unknown:
            msg = (
                f"update takes {', '.join(self._columns)} and show_progress, got {', '.join(sorted(unknown))}"
            )
            raise TypeError(msg)
        changed = {name: column for name, column in self._columns.items() if column is not None} | columns
        places = _frames.columns_of(**changed)
        if places["kind"] is not None and self._columns["kind"] is None:
            msg = "kind must be None, as the events so far have no kinds and so no kind has a weight"
            raise ValueError(msg)
        before = (self._events, self._csr())
        if isinstance(events, str | os.PathLike | list | tuple):
            read = self._read_files(events, places, self._lines, before, show_progress)
        else:
            read = _sources.read_frame(events, self._wanted.used(places), self._wanted.options(), before)
        self._take(read, self.report.rows, self.report.bad_rows)
        return self

    def _read_files(
        self, files: Any, columns: _frames.Columns, lines: dict[str, Any], before: Any, show_progress: bool
    ) -> Any:
        wanted = self._wanted
        paths = _sources.paths_of(files)
        return _sources.read_files(
            paths, wanted.used(columns), lines, wanted.options(), before, show_progress
        )

    def _take(self, read: Any, known_rows: int = 0, known_bad: int = 0) -> None:
        """Take what was read, all at once, and warn about what was not; some of both was known before."""
        (indptr, indices, data), events = read
        shape = (len(events.users), len(events.items))
        report = events.report()
        bad, first = report["bad_rows"] - known_bad, report["first_bad_rows"]
        rows = report["rows"] - known_rows
        if bad and bad == rows and not known_rows:
            msg = f"none of the {rows:,} rows can be used; {first[0]}"
            raise ValueError(msg)
        # SciPy's constructor would look through everything once more.
        matrix = sp.csr_array(shape, dtype=np.float32)
        narrow = np.int32 if len(data) <= np.iinfo(np.int32).max else np.int64
        matrix.data, matrix.indices, matrix.indptr = (
            data,
            indices.astype(narrow, copy=False),
            indptr.astype(narrow),
        )
        matrix.has_canonical_format = True
        report = Report(
            users=shape[0],
            items=shape[1],
            entries=len(data),
            density=len(data) / max(shape[0] * shape[1], 1),
            **report | {"first_bad_rows": tuple(first)},
        )
        self._state = events, matrix, report
        self._labels = {}
        if bad and self._wanted.on_bad_rows == "warn":
            more = f"; and {bad - len(first):,} more" if bad > len(first) else ""
            what = "1 bad row was" if bad == 1 else f"{bad:,} bad rows were"
            _arguments.warn(f"{what} skipped: {'; '.join(first)}{more}", DataWarning)

    @property
    def _events(self) -> _core.Events:
        return self._state[0]

    @property
    def matrix(self) -> Any:
        """The weights, users x items, float32."""
        return self._state[1]

    @property
    def report(self) -> Report:
        """What was read, and what was not."""
        return self._state[2]

    @property
    def users(self) -> npt.NDArray[Any]:
        """Labels of the rows."""
        return self._names("users")

    @property
    def items(self) -> npt.NDArray[Any]:
        """Labels of the columns."""
        return self._names("items")

    def _names(self, side: str) -> npt.NDArray[Any]:
        labels = self._labels
        if side not in labels:
            names = getattr(self._events, side)
            array = np.asarray(names.all(), dtype=np.int64 if names.are_integers else object)
            array.flags.writeable = False
            labels[side] = array
        return labels[side]

    @property
    def shape(self) -> tuple[int, int]:
        """The number of users and of items."""
        rows, columns = self.matrix.shape
        return rows, columns

    @property
    def nnz(self) -> int:
        """The number of stored entries."""
        return int(self.matrix.nnz)

    def user_codes(self, labels: Any) -> Ids:
        """Return the rows of users.

        Parameters
        ----------
        labels : str, int or sequence of these

        Returns
        -------
        numpy.ndarray of int32, or int for a single label

        Raises
        ------
        KeyError
            For a label that is not there; it names close ones.
        """
        codes: Ids = codes_of(self._events.users, labels, "user")
        return codes

    def item_codes(self, labels: Any) -> Ids:
        """Return the columns of items, as `user_codes` does the rows of users."""
        codes: Ids = codes_of(self._events.items, labels, "item")
        return codes

    def __reduce__(self) -> tuple[Any, ...]:
        return _interactions_file.together, (type(self), *_interactions_file.apart(self))

    def __copy__(self) -> Self:
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__
        return other

    def _csr(self) -> Any:
        return _arguments.csr(self.matrix, "matrix", np.float32)

    def __repr__(self) -> str:
        users, items = self.shape
        return f"Interactions({users} users x {items} items, {self.nnz} entries)"

    def _repr_html_(self) -> str:
        return self.report._repr_html_()
