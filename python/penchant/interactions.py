"""From raw events, in the caller's own labels, to the matrix that models learn from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _arguments, _core, _frames, _interactions_file, _sources
from penchant._arguments import Ids
from penchant._frames import Column
from penchant._labels import Unknown, codes_of, labels_array
from penchant._lines import LINES, Layout, lines_of
from penchant._report import Report, check_bad_rows, report_of, warn_of_times
from penchant._settings import (
    NOTHING_HIDDEN,
    Duplicates,
    HalfLife,
    KindWeights,
    OnBadRows,
    TimeUnit,
    Wanted,
)

__all__ = ["Interactions", "Report"]


class Interactions:
    """Who did what and how much: a sparse matrix, and the labels of its rows and columns.

    Made by `from_frame`, `from_file` or `from_matrix`. Users and items are numbered in order of first
    appearance.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of float32, shape [n_users, n_items]
    users, items : numpy.ndarray, shape [n_users] and [n_items]
        Labels by code: strings (of dtype object), int64, or uint64 where some are too large for that.
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
        kind_weights: KindWeights | None = None,
        duplicates: Duplicates = "sum",
        half_life: HalfLife | None = None,
        time_unit: TimeUnit | None = None,
        time_format: str | None = None,
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
            a dict of columns, or a pandas Series whose index has users and items, such as
            ``df.groupby(["user", "item"]).size()``; its values are the weights.
        user, item : str or int
            The columns of labels, by name or position: strings, integers, or categories of these. UUIDs and
            bytes in UTF-8 become strings, floats that are whole numbers integers.
        weight : str or int, optional
            The column that says how much: numbers or booleans. Without one every event weighs 1.
        time : str or int, optional
            The column that says when: times, dates, ISO 8601 strings (also with " UTC" or "+hh" behind them),
            or numbers. Without a zone they are UTC. Strings of eight digits are dates if all of them are.
        kind : str or int, optional
            The column that says what kind of event it was: strings, integers or booleans.
        kind_weights : dict of str, int or bool to float, optional
            The weight of each kind, such as ``{"view": 1, "cart": 3, "buy": 10}``; multiplies `weight` if
            there is one. Events of a kind with weight 0 are ignored, those of a kind that is not named are
            bad rows.
        duplicates : {"sum", "count", "last", "max"}, default "sum"
            What several events of the same user and item become: the sum of their weights, their number,
            the weight of the latest (by time if there are times, otherwise by order), or the largest weight.
        half_life : float, timedelta or str, optional
            The age at which a weight has halved; the latest event has age 0. A timedelta, or a string such as
            ``"30d"``, ``"12h"``, ``"90min"`` or ``"2w"``, is an age: times that are numbers must then be
            seconds since 1970, or `time_unit` must say what they are. A number is in the unit of the times:
            seconds where they are times or dates.
        time_unit : {"s", "ms", "us", "ns"}, optional
            What times that are numbers count. Columns of times and dates know it themselves.
        time_format : str, optional
            How times are written that are strings, or integers such as 20200131: in the directives of
            ``strptime``, as ``"%d.%m.%Y %H:%M"``.
        min_items_per_user, min_users_per_item : int, default 1
            Users with fewer items and items with fewer users are left out, until nothing changes any more.
        on_bad_rows : {"warn", "skip", "raise"}, default "warn"
            What to do about rows with a missing or malformed field: skip them with a `DataWarning`, but raise
            a ValueError if they are more than the good ones; skip them silently (they are in the report); or
            raise a ValueError for the first.
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
            If a column is missing, a number is out of range, most rows cannot be used, times that are numbers
            cannot be what `half_life` needs, or floats above 2**53 stand for identifiers, as floats cannot
            tell these apart.

        Notes
        -----
        Codes are numbers in order of first appearance. So the same events in another order give another
        numbering, with it other initial factors, and after a few epochs slightly other lists, as another
        ``random_state`` does. Sort the rows first where that must not happen.

        Examples
        --------
        >>> import penchant
        >>> events = {"user": [7, 7, 9], "item": ["a", "a", "b"], "event": ["view", "buy", "view"]}
        >>> data = penchant.Interactions.from_frame(events, kind="event", kind_weights={"view": 1, "buy": 10})
        >>> data.matrix.toarray()
        array([[11.,  0.],
               [ 0.,  1.]], dtype=float32)
        """
        if _frames.is_series(df):
            df, values = _frames.table_of_series(df)
            weight = values if weight is None else weight
        columns = _frames.columns_of(user=user, item=item, weight=weight, time=time, kind=kind)
        wanted = Wanted(
            columns, kind_weights, duplicates, half_life, min_items_per_user, min_users_per_item, on_bad_rows,
            num_threads, time_unit, time_format,
        )  # fmt: skip
        self = cls._new(wanted, columns, LINES, None if isinstance(df, Mapping) else _frames.backend_of(df))
        self._take(_sources.read_frame(df, wanted.used(columns), wanted.options(), None))
        return self

    @classmethod
    def from_file(
        cls,
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        sep: str | None = None,
        header: bool | None = None,
        user: Column = "user",
        item: Column = "item",
        weight: Column | None = None,
        time: Column | None = None,
        *,
        kind: Column | None = None,
        kind_weights: KindWeights | None = None,
        duplicates: Duplicates = "sum",
        half_life: HalfLife | None = None,
        time_unit: TimeUnit | None = None,
        time_format: str | None = None,
        min_items_per_user: int = 1,
        min_users_per_item: int = 1,
        on_bad_rows: OnBadRows = "warn",
        layout: Layout = "events",
        quote: str | None = None,
        labels: Literal["auto", "string"] = "auto",
        encoding: str | None = None,
        decimal: str = ".",
        thousands: str | None = None,
        comment: str | None = None,
        skip: int = 0,
        show_progress: bool = True,
        num_threads: int = 0,
    ) -> Self:
        r"""Read events from files: CSV, TSV and the like, lists, JSON lines and Parquet, compressed or not.

        Memory is needed for the events, about 25 bytes each and 45 with times, and for the labels, but not
        for the files.

        Parameters
        ----------
        files : path, folder, pattern, or several of these
            Such as ``"plays.tsv"`` or ``"plays-*.parquet"``; ``"-"`` is standard input. Parquet files are
            told by their first bytes and read by PyArrow, ``pip install 'penchant[parquet]'``; everything
            else is text, one event a line, compressed by gzip, bzip2, xz or Zstandard or not. Of a folder all
            files are read but those whose names begin with a dot or an underscore; ``day=2020-01-31`` in the
            name of a folder is a column of what is in it. A file that is named twice is read once. Of several
            files, empty ones are passed over.
        sep : str, optional
            What separates fields, one character or more, such as ``"::"``; ``r"\s+"`` for any number of
            blanks. By default a tab in ``.tsv`` and ``.tab``, a comma in ``.csv``, elsewhere a tab if the
            first line has one, otherwise a comma, or blanks where lines are lists. A first line such as
            ``sep=;`` is believed. Blanks around separators and at the ends of lines do not count.
        header : bool, optional
            Whether the first line names the columns; by default it does, but not where lines are lists. If
            not, give `user`, `item` and the others by position.
        layout : {"events", "lists", "json"}, default "events"
            What a line holds: one event; a user and all of their items; or a JSON object, as in files that
            end in ``.jsonl``, ``.ndjson`` or ``.json`` by default. Of lists that begin with the number of
            their items, every one of them, the users are the numbers of the lines, from 0; that number may
            also stand between user and items.
        quote : str, optional
            The character that encloses fields with separators or line breaks in them; ``""`` for none. By
            default double quotes. Where fields are separated by tabs these count around whole fields only,
            since there titles may begin with a quote; elsewhere a field that begins with one must end with
            one.
        labels : {"auto", "string"}, default "auto"
            In text files, labels are integers if all of them in a column are (all as ``17850``, or all as
            ``17850.0``), otherwise strings; or always strings.
        encoding : str, optional
            The encoding of text files, by any of Python's names for it, such as ``"latin-1"``, ``"cp1252"``
            or ``"utf-16"``; by default UTF-8.
        decimal : str, default "."
            What stands before the decimals of a number.
        thousands : str, optional
            What groups the thousands of a number.
        comment : str, optional
            Lines that begin with this are passed over.
        skip : int, default 0
            How many lines to pass over at the start of each file, before the names of columns.
        show_progress : bool, default True
            Show a progress bar.
        user, item, weight, time, kind, kind_weights, duplicates, half_life, time_unit, time_format
            As in `from_frame`. Weights may also be written as true and false.
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
            As in `from_frame`; it names file and line, and where it may be the wrong one, the separator. Also
            if a file cannot be decoded, or has an event where names of columns should be.

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
            num_threads, time_unit, time_format,
        )  # fmt: skip
        lines = lines_of(sep, header, quote, labels, layout, encoding, decimal, thousands, comment, skip)
        self = cls._new(wanted, columns, lines, None)
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
        self = cls._new(Wanted(columns), columns, LINES, None)
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
        events : DataFrame, dict, Series, path, pattern or several paths
            As in `from_frame` or `from_file`, and read with the same settings. Bad rows get a warning however
            many they are, as updates may be small.
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
        # A reader of Arrow batches is an iterator as well.
        are_paths = isinstance(events, Iterator) and not hasattr(events, "__arrow_c_stream__")
        if are_paths or isinstance(events, str | os.PathLike | list | tuple):
            read = self._read_files(events, places, self._lines, before, show_progress)
        else:
            if _frames.is_series(events):
                events, values = _frames.table_of_series(events)
                places |= {"weight": values} if "weight" not in columns else {}
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
        report = report_of(events, shape, len(data), self._lines)
        bad, rows = report.bad_rows - known_bad, report.rows - known_rows
        check_bad_rows(report, bad, rows, self._wanted.on_bad_rows, may_be_none=bool(known_rows))
        # SciPy's constructor would look through everything once more.
        matrix = sp.csr_array(shape, dtype=np.float32)
        narrow = np.int32 if len(data) <= np.iinfo(np.int32).max else np.int64
        matrix.data, matrix.indices, matrix.indptr = (
            data,
            indices.astype(narrow, copy=False),
            indptr.astype(narrow),
        )
        matrix.has_canonical_format = True
        self._state = events, matrix, report
        self._labels = {}
        warn_of_times(report, events, self._wanted)

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
            array = np.asarray(names.all(), dtype=None if names.are_integers else object)
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

    def user_codes(self, labels: Any, *, unknown: Unknown = "raise") -> Ids:
        """Return the rows of users.

        Parameters
        ----------
        labels : str, int or sequence of these
        unknown : {"raise", "skip"}, default "raise"
            What to do about labels that are not there: raise, or leave them out with a `DataWarning` that
            names them.

        Returns
        -------
        numpy.ndarray of int32, or int for a single label

        Raises
        ------
        KeyError
            For a label that is not there; it names close ones, and says so if it had too few items.
        """
        return self._codes("user", labels, unknown)

    def item_codes(self, labels: Any, *, unknown: Unknown = "raise") -> Ids:
        """Return the columns of items, as `user_codes` does the rows of users."""
        return self._codes("item", labels, unknown)

    def _codes(self, what: Literal["user", "item"], labels: Any, unknown: Unknown = "raise") -> Ids:
        events = self._events

        def left_out(label: Any) -> str | None:
            if not events.left_out(what == "user", label):
                return None
            least = self._wanted.options()
            other, name = (
                ("items", "min_items_per_user") if what == "user" else ("users", "min_users_per_item")
            )
            return f"it was left out, as too few {other} are left for it with {name}={least[name]}"

        among = events.users if what == "user" else events.items
        codes: Ids = codes_of(among, labels, what, unknown, left_out)
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
