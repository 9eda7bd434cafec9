"""From raw events, in the caller's own labels, to the matrix that models learn from."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from penchant import _core
from penchant._labels import labels_array
from penchant._sparse import Csr, csr_rows, quiet_rows, scipy_csr
from penchant.exceptions import DataWarning
from penchant.interactions import _state
from penchant.interactions._columns import Column, columns_of
from penchant.interactions._from_files import from_file, read_files
from penchant.interactions._from_frame import from_frame, is_series, read_frame, table_of_series
from penchant.interactions._labelled_matrix import LabelledMatrix
from penchant.interactions._lines import LINES
from penchant.interactions._on_disk import Opened, folder_of
from penchant.interactions._options import NOTHING_HIDDEN, Reading, ReadOptions
from penchant.interactions._parts import EntrySource, EventSource
from penchant.interactions._report import Report, check_bad_rows, report_of, warn_of_times
from penchant.splitting import Source, Split, Splitter, splitter


class Interactions(LabelledMatrix):
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

    _reading: Reading
    _report: Report
    _by_item: Any = None
    _folder: Path | None = None

    def __init__(self) -> None:
        msg = "use Interactions.from_frame, Interactions.from_file or Interactions.from_matrix"
        raise TypeError(msg)

    @classmethod
    def of_read(cls, reading: Reading, read: Any) -> Self:
        """Make one of what the core has read."""
        self = object.__new__(cls)
        self._reading = reading
        self._take(read)
        return self

    from_frame = classmethod(from_frame)
    from_file = classmethod(from_file)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, verify: bool = False) -> Self:
        """Open what ``from_file(..., folder=folder)`` wrote.

        Parameters
        ----------
        folder : path
        verify : bool, default False
            Read everything and compare it with its checksums, even if no file was touched since.

        Returns
        -------
        Interactions
            Whose matrix and its transpose, `by_item`, are mapped: they are read from the files when they are
            looked at, and what is in memory of them the system gives to others who need it. A fit of
            `AlternatingLeastSquares` in float32 makes no copy. `update` does not change them, and nobody may
            while they are mapped.

        Raises
        ------
        FileNotFoundError
            If there are none in the folder.
        ModelFormatError
            If a file is missing, was changed or cut short, or is of another version.
        """
        place = folder_of(folder)
        opened = Opened(place, verify)
        self = object.__new__(cls)
        self._reading, self._report, self._events = opened.reading, opened.report, opened.events
        self._matrix, self._by_item, self._folder = opened.by_user, opened.by_item, place
        self._arrays = {}
        return self

    @property
    def by_item(self) -> Any:
        """The weights, items x users, where they lie on disk; None where they are in memory."""
        return self._by_item

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
        width, indptr, indices, data = quiet_rows(matrix, "matrix").csr(np.float32)
        shape = matrix.shape
        users_named, items_named = (
            labels_array(range(count) if labels is None else labels, name)
            for labels, count, name in zip((users, items), shape, ("users", "items"), strict=True)
        )
        columns = columns_of(user="user", item="item")
        options = ReadOptions(columns)
        besides = {"rows": len(data)} | NOTHING_HIDDEN
        csr = (width, indptr, indices, data)
        read = _core.interactions.restore(users_named, items_named, csr, besides, options.core())
        return cls.of_read(Reading(options, columns, LINES, None), read)

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
        if self._folder is not None:
            msg = f"what lies in {self._folder} stays as it is: read all events into another folder"
            raise ValueError(msg)
        reading = self._reading
        unknown = set(columns) - set(reading.columns)
        if unknown:
            taken = ", ".join(reading.columns)
            msg = f"update takes {taken} and show_progress, got {', '.join(sorted(unknown))}"
            raise TypeError(msg)
        known = {name: column for name, column in reading.columns.items() if column is not None}
        places = columns_of(**known | columns)
        if places["kind"] is not None and reading.columns["kind"] is None:
            msg = "kind must be None, as the events so far have no kinds and so no kind has a weight"
            raise ValueError(msg)
        before = (self._events, self._csr())
        # A reader of Arrow batches is an iterator as well.
        are_paths = isinstance(events, Iterator) and not hasattr(events, "__arrow_c_stream__")
        if are_paths or isinstance(events, str | os.PathLike | list | tuple):
            read = read_files(events, places, reading.lines, reading.options, before, show_progress)
        else:
            if is_series(events):
                events, values = table_of_series(events)
                places |= {"weight": values} if "weight" not in columns else {}
            read = read_frame(events, places, reading.options, before)
        self._take(read, self.report.rows, self.report.bad_rows)
        return self

    def _take(self, read: Any, known_rows: int = 0, known_bad: int = 0) -> None:
        """Take what was read, all at once, and warn about what was not; some of both was known before."""
        (indptr, indices, data), events = read
        shape = (len(events.users), len(events.items))
        options = self._reading.options
        report = report_of(events, shape, len(data), self._reading.lines)
        bad, rows = report.bad_rows - known_bad, report.rows - known_rows
        check_bad_rows(report, bad, rows, options.on_bad_rows, may_be_none=bool(known_rows))
        matrix = scipy_csr((shape[1], indptr, indices, data))
        # In one step, as other threads may be reading.
        self.__dict__.update(_events=events, _matrix=matrix, _report=report, _arrays={})
        warn_of_times(report, events, options)

    @property
    def report(self) -> Report:
        """What was read, and what was not."""
        return self._report

    @property
    def frame_backend(self) -> str | None:
        """The library of the frame that the data came in, in which answers come as well; None for any."""
        return self._reading.backend

    def faded_since(self, before: Interactions) -> float:
        """Return what all weights have been multiplied by since an earlier state, as time has passed.

        Returns
        -------
        float
            1 where there is no half-life.
        """
        half_life = self._reading.options.half_life
        old, new = (data._events.times()[0] for data in (before, self))
        if half_life is None or not old < new or old == -np.inf:
            return 1.0
        return float(np.exp2((old - new) / half_life))

    def split(self, by: str | Splitter = "random", **settings: Any) -> Split:
        """Split into what is learned from and what is tested.

        Parameters
        ----------
        by : str or Splitter, default "random"
            ``"random"``, ``"leave_k_out"``, ``"leave_last_out"``, ``"time"``, ``"last_days"``, ``"users"``
            (strong generalization), ``"items"`` (cold items), or one of the splitters of
            `penchant.evaluation`, which say what settings there are. Those that go by time need events that
            were read with `time` and ``keep_events=True``.
        **settings
            As the splitter of that name takes them.

        Returns
        -------
        Split
            It unpacks into train and test, both Interactions with the same rows and columns.

        Raises
        ------
        ValueError
            If there is no such split, if nothing would be left to learn from or nobody to test, or if times
            are missing or cannot be seconds.
        TypeError
            If the splitter has no such setting.

        Examples
        --------
        >>> import penchant
        >>> events = {"user": [1, 1, 2, 2], "item": [7, 8, 7, 9], "day": ["2020-01-01", "2020-01-09"] * 2}
        >>> data = penchant.Interactions.from_frame(events, time="day", keep_events=True)
        >>> train, test = data.split("last_days", days=7)
        >>> train, test
        (Interactions(2 users x 3 items, 2 entries), Interactions(2 users x 3 items, 2 entries))
        """
        return splitter(by, **settings).split(self)

    def splits(self, by: str | Splitter, **settings: Any) -> Iterator[Split]:
        """Make all splits of ``"k_fold"`` or ``"rolling"`` windows, one after the other; see `split`."""
        return splitter(by, **settings).splits(self)

    def with_labels(self, users: Any = (), items: Any = ()) -> Self:
        """Return the same with more users and items, who are in no event.

        Parameters
        ----------
        users, items : sequence of str or int
            Labels that are not there yet, all different.

        Returns
        -------
        Interactions

        Raises
        ------
        ValueError, TypeError
            If a label is there, stands twice, or is of the other kind; if the data lies on disk.
        """
        if self._folder is not None:
            more = [*list(users)[:1], *list(items)[:1]]
            stays = f"what lies in {self._folder} stays as it is"
            msg = f"{stays}: it has no place for {more[0]!r}, who is in no event"
            raise ValueError(msg)
        arrays, about = self.to_arrays()
        with warnings.catch_warnings(action="ignore", category=DataWarning):  # they were given before
            return self.from_arrays(_state.with_labels(arrays, {"users": users, "items": items}), about)

    def without_events(self) -> Self:
        """Return the same without the events themselves, if they are kept."""
        arrays, about = self.to_arrays()
        options = about["wanted"]["options"] | {"keep_events": False}
        return self.from_arrays(arrays, about | {"wanted": about["wanted"] | {"options": options}})

    def split_source(self) -> Source:
        """Return what splitters look at: the events if they are kept, else the entries."""
        log = self._events.log()
        return EntrySource(self) if log is None else EventSource(self, log)

    @property
    def events(self) -> _core.interactions.Events:
        """What the core knows besides the matrix."""
        return self._events

    @property
    def reading(self) -> Reading:
        """How the events were read."""
        return self._reading

    def amend_report(self, report: Report) -> None:
        """Say something else of what was read."""
        self._report = report

    def _left_out(self, what: Literal["user", "item"]) -> Callable[[Any], str | None]:
        events, least = self._events, self._reading.options.core()
        other, name = ("items", "min_items_per_user") if what == "user" else ("users", "min_users_per_item")

        def left_out(label: Any) -> str | None:
            if not events.left_out(what == "user", label):
                return None
            why = f"too few {other} are left for it with {name}={least[name]}"
            if least["max_age"] is not None:
                alone = least["min_items_per_user"] == least["min_users_per_item"] == 1
                why = "all of its events are older than max_age" if alone else f"{why} and max_age"
            return f"it was left out, as {why}"

        return left_out

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Take everything apart, for a file: arrays by name, and what JSON can say."""
        return _state.to_arrays(self._events, self._csr(), self.report, self._reading)

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any], about: dict[str, Any]) -> Self:
        """Put together what `to_arrays` took apart."""
        read, reading = _state.from_arrays(arrays, about)
        self = object.__new__(cls)
        self._reading = reading
        self._take(read, about["rows"], about["bad_rows"])
        self._report = _state.amended(self._report, about)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if self._folder is not None:
            return type(self).open, (self._folder,)
        return type(self).from_arrays, self.to_arrays()

    def __copy__(self) -> Self:
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__
        return other

    def _csr(self) -> Csr:
        return csr_rows(self.matrix, "matrix").csr(np.float32)

    def __repr__(self) -> str:
        users, items = self.shape
        place = "" if self._folder is None else f", in {self._folder}"
        return f"Interactions({users} users x {items} items, {self.nnz} entries{place})"

    def _repr_html_(self) -> str:
        return self.report._repr_html_()
