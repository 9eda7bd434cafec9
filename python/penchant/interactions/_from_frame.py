"""Events from tables: frames of every kind, streams of Arrow tables, dicts of columns."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw

from penchant import _core
from penchant._frames import backend_of
from penchant._labels import kinds_of, labels_of
from penchant._validation import describe
from penchant.interactions._columns import Column, Columns, columns_of, numbers_of, places_of
from penchant.interactions._lines import LINES
from penchant.interactions._options import (
    Age,
    Duplicates,
    KindWeights,
    OnBadRows,
    Reading,
    ReadOptions,
    TimeUnit,
)
from penchant.interactions._parts import aligned, checked_like
from penchant.interactions._times import times_of

if TYPE_CHECKING:
    from penchant.interactions._interactions import Interactions


def from_frame(
    cls: type[Interactions],
    df: Any,
    user: Column = "user",
    item: Column = "item",
    weight: Column | None = None,
    time: Column | None = None,
    *,
    kind: Column | None = None,
    kind_weights: KindWeights | None = None,
    duplicates: Duplicates = "sum",
    half_life: Age | None = None,
    max_age: Age | None = None,
    time_unit: TimeUnit | None = None,
    time_format: str | None = None,
    min_items_per_user: int = 1,
    min_users_per_item: int = 1,
    on_bad_rows: OnBadRows = "warn",
    keep_events: bool = False,
    like: Interactions | None = None,
    num_threads: int = 0,
) -> Interactions:
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
    max_age : float, timedelta or str, optional
        Events that are older, as seen from the latest one, are left out, and with them users and items of
        which nothing else is known; an age as for `half_life`. An update leaves out the old among its own
        events; what was read earlier stays.
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
    keep_events : bool, default False
        Keep the events themselves, as `split` needs them to go by time and to treat the parts alike: 12 bytes
        for each, 20 with times.
    like : Interactions, optional
        Give the result the rows and columns of these, such as a test part those of the part that was learned
        from. What they do not have is left out, and counted in the report as dropped.
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
    if is_series(df):
        df, values = table_of_series(df)
        weight = values if weight is None else weight
    columns = columns_of(user=user, item=item, weight=weight, time=time, kind=kind)
    options = ReadOptions(
        columns, kind_weights, duplicates, half_life, min_items_per_user, min_users_per_item, on_bad_rows,
        num_threads, time_unit, time_format, max_age, keep_events,
    )  # fmt: skip
    backend = None if isinstance(df, Mapping) else backend_of(df)
    data = cls.of_read(Reading(options, columns, LINES, backend), read_frame(df, columns, options, None))
    return data if like is None else aligned(data, checked_like(like, cls))


def read_frame(frame: Any, columns: Columns, options: ReadOptions, before: Any) -> Any:
    """Read a frame, a stream of tables, or a mapping of columns."""
    columns, wanted = options.used(columns), options.core()
    if isinstance(frame, str | bytes) or not (
        isinstance(frame, Mapping) or hasattr(frame, "__arrow_c_stream__") or hasattr(type(frame), "columns")
    ):
        msg = (
            "df must be a DataFrame, a dict of columns, or anything with an Arrow stream, "
            f"got {describe(frame)}"
        )
        raise TypeError(msg)
    if isinstance(frame, Mapping):
        chosen, places = places_of(columns, list(frame))
        values = [frame[list(frame)[place]] for place in chosen]
        taken = {part: None if place is None else values[int(place)] for part, place in places.items()}
        return _read_columns(taken, wanted, before)
    stream, places = _stream_of(frame, columns)
    if isinstance(stream, dict):
        return _read_columns(stream, wanted, before)
    return _core.interactions.read_streams([(None, stream)], places, wanted, before, _unheard)


def _read_columns(columns: Mapping[str, Any], wanted: Any, before: Any) -> Any:
    """Read columns of equal length."""
    labels = {part: labels_of(columns[part], part) for part in ("user", "item")}
    readers: dict[str, Any] = {"weight": numbers_of, "time": times_of, "kind": kinds_of}
    weights, times, kinds = (
        None if columns[part] is None else read(columns[part], part) for part, read in readers.items()
    )
    return _core.interactions.read_columns(
        labels["user"], labels["item"], weights, times, kinds, wanted, before, _unheard
    )


def _unheard(_done: int) -> None:
    """Take no notice of how far the reading is."""


def _stream_of(frame: Any, columns: Columns) -> tuple[Any, Columns]:
    """Return the Arrow stream of a frame, of no more columns than needed, and where in it they are.

    A frame that has no such stream, of pandas without PyArrow, gives a dict of its columns instead.
    """
    if nw.dependencies.is_pandas_dataframe(frame):
        chosen, places = places_of(columns, list(frame.columns))
        # By position, as names may be numbers, or pairs.
        frame = frame.iloc[:, chosen]
        names = list(frame.columns)
        frame.columns = [str(place) for place in range(len(chosen))]
        plain = {name: _plain_series(frame[name]) for name in frame.columns}
        frame = frame.assign(**{name: series for name, series in plain.items() if series is not None})
        try:
            return frame.__arrow_c_stream__(), places
        except ImportError:
            taken = {part: None if place is None else frame.iloc[:, place] for part, place in places.items()}
            return taken, places
        except (TypeError, ValueError, OverflowError) as error:
            name = next(
                (n for n, own in zip(names, frame.columns, strict=True) if _is_mixed(frame[[own]])), None
            )
            what = "a column of df" if name is None else f"the column {name!r} of df"
            msg = f"{what} cannot be read, as it holds things of several kinds or too large: {error}"
            raise TypeError(msg) from None
    if type(frame).__module__.startswith("pyarrow") and hasattr(frame, "select"):
        chosen, places = places_of(columns, frame.schema.names)
        return frame.select(chosen).__arrow_c_stream__(), places
    native = nw.from_native(frame, pass_through=True, allow_series=False)
    if not isinstance(native, nw.DataFrame | nw.LazyFrame):
        return frame.__arrow_c_stream__(), columns  # which knows the names of its columns itself
    schema = native.collect_schema()
    chosen, places = places_of(columns, schema.names())
    names = [schema.names()[place] for place in chosen]
    # A column without a type has nothing in it, and not every reader knows that type.
    unknown = [name for name in names if schema[name] == nw.Unknown()]
    native = native.select(names).with_columns(nw.col(name).cast(nw.String()) for name in unknown)
    if isinstance(native, nw.LazyFrame) and not hasattr(native.to_native(), "__arrow_c_stream__"):
        native = native.collect()
    return native.to_native().__arrow_c_stream__(), places


def _plain_series(series: Any) -> Any:
    """Return a column in a form that Arrow has: periods by their start, UUIDs as text; None to keep it."""
    if str(series.dtype).startswith("period["):
        return series.dt.to_timestamp()
    if series.dtype == object:
        first = series.first_valid_index()
        if first is not None and isinstance(series.loc[[first]].iloc[0], uuid.UUID):
            return series.map(lambda value: str(value) if isinstance(value, uuid.UUID) else value)
    return None


def _is_mixed(frame: Any) -> bool:
    try:
        frame.__arrow_c_stream__()
    except (TypeError, ValueError, OverflowError):
        return True
    return False


def is_series(frame: Any) -> bool:
    """Whether this is a Series of pandas."""
    return bool(nw.dependencies.is_pandas_series(frame))


def table_of_series(series: Any) -> tuple[Any, str]:
    """Return a pandas Series by labels, such as counts by group, as a frame, and the column of its values."""
    if series.index.nlevels < 2:
        msg = (
            "df must have columns of users and items, got a pandas.Series whose index has one level; "
            "a Series works if its index has both, as that of df.groupby(['user', 'item']).size()"
        )
        raise TypeError(msg)
    taken = [name for name in series.index.names if name is not None]
    name = series.name if isinstance(series.name, str) and series.name not in taken else "weight"
    while name in taken:
        name = f"{name}_"
    return series.rename(name).reset_index(), name
