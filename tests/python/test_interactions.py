"""Interactions from tables, against a slow and obvious reading with dictionaries."""

import copy
import datetime as dt
import pickle

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import AlternatingLeastSquares, DataWarning, Interactions

EVENTS = {
    "user": ["ann", "bob", "ann", "cid", "bob"],
    "artist": ["dub", "ska", "ska", "dub", "ska"],
    "plays": [3.0, 1.0, 2.0, 4.0, 5.0],
}
MATRIX = [[3, 2], [0, 6], [4, 0]]


def frames():
    table = pa.table(EVENTS)
    pandas = pd.DataFrame(EVENTS)
    coded = table.set_column(0, "user", table["user"].dictionary_encode())
    views = table.set_column(0, "user", table["user"].cast(pa.string_view()))
    yield "dict", EVENTS
    yield "pandas", pandas
    yield "pandas objects", pandas.astype({"user": object, "artist": object})
    yield "pandas categories", pandas.astype({"user": "category", "artist": "category"})
    yield "polars", pl.DataFrame(EVENTS)
    yield "polars categories", pl.DataFrame(EVENTS).with_columns(pl.col("user").cast(pl.Categorical))
    yield "polars lazy", pl.LazyFrame(EVENTS)
    yield "pyarrow", table
    yield "pyarrow batch", table.to_batches()[0]
    yield "pyarrow chunks", pa.concat_tables([table[:2], table[2:2], table[2:]])
    yield "pyarrow stream", table.to_reader(max_chunksize=1)
    yield "pyarrow codes", coded
    yield "pyarrow views", views
    yield "duckdb", lambda: duckdb.connect().from_arrow(table)
    yield "arrays", {name: np.array(values) for name, values in EVENTS.items()}


def read(events, **options):
    return Interactions.from_frame(events, item="artist", weight="plays", **options)


@pytest.mark.parametrize(("kind", "frame"), [pytest.param(*pair, id=pair[0]) for pair in frames()])
def test_every_kind_of_table_says_the_same(kind, frame):
    data = read(frame() if callable(frame) else frame)
    assert data.users.tolist() == ["ann", "bob", "cid"]
    assert data.items.tolist() == ["dub", "ska"]
    np.testing.assert_array_equal(data.matrix.toarray(), MATRIX)
    assert data.matrix.dtype == np.float32
    assert (data.shape, data.nnz) == ((3, 2), 4)
    assert repr(data) == "Interactions(3 users x 2 items, 4 entries)"


def test_tables_without_pyarrow_are_read_as_well(monkeypatch):
    monkeypatch.setattr(pd.DataFrame, "__arrow_c_stream__", lambda *_: (_ for _ in ()).throw(ImportError()))
    frame = pd.DataFrame(EVENTS | {"user": ["ann", None, "ann", "cid", "bob"]}, dtype=object)
    with pytest.warns(DataWarning, match="1 bad row was skipped: row 1: no user"):
        data = read(frame.astype({"plays": float}))
    np.testing.assert_array_equal(data.matrix.toarray(), [[3, 2], [4, 0], [0, 5]])


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float64"]
)
@pytest.mark.parametrize("frame", [pa.table, pd.DataFrame, dict])
def test_integers_of_any_type_are_labels(dtype, frame):
    ids = np.array([7, 3, 7, 100], dtype=dtype)
    data = Interactions.from_frame(frame({"user": ids, "item": ids[::-1].copy()}))
    assert data.users.dtype == np.int64
    assert data.users.tolist() == [7, 3, 100]
    assert data.items.tolist() == [100, 7, 3]


def test_integers_with_gaps_are_read_as_pandas_leaves_them():
    frame = pd.DataFrame({"user": [1.0, np.nan, 3.0], "item": [5, 6, 7]})
    with pytest.warns(DataWarning, match="row 1: no user"):
        data = Interactions.from_frame(frame)
    assert data.users.tolist() == [1, 3]
    with pytest.warns(DataWarning, match=r"row 0: the user is 1\.5, not an integer"):
        Interactions.from_frame(pa.table({"user": [1.5, 2.0], "item": [1, 1]}))


labels = st.one_of(st.sampled_from(["a", "b", "é", "🎵", "x y"]), st.text(min_size=1, max_size=3))
table = st.lists(st.tuples(labels, labels, st.integers(0, 9), st.integers(0, 99)), max_size=40)


@given(table, st.sampled_from(["sum", "count", "last", "max"]), st.booleans(), st.integers(1, 3))
@settings(deadline=None)
def test_entries_are_what_dictionaries_make_of_the_events(events, duplicates, timed, threads):
    users, items, weights, times = ([event[part] for event in events] for part in range(4))
    columns = {
        "user": users,
        "item": items,
        "weight": np.array(weights, float),
        "time": np.array(times, float),
    }
    options = {"weight": "weight", "time": "time" if timed else None, "duplicates": duplicates}
    data = Interactions.from_frame(columns, **options, num_threads=threads)
    plain = {}
    order = np.argsort(times, kind="stable") if timed and duplicates == "last" else range(len(events))
    for user, item, weight, _ in (events[at] for at in order):
        before = plain.get((user, item))
        plain[user, item] = {
            "sum": (before or 0) + weight,
            "count": (before or 0) + 1,
            "last": weight,
            "max": max(before or 0, weight),
        }[duplicates]
    assert data.users.tolist() == list(dict.fromkeys(users))
    assert data.items.tolist() == list(dict.fromkeys(items))
    coo = data.matrix.tocoo()
    found = zip(data.users[coo.row].tolist(), data.items[coo.col].tolist(), strict=True)
    assert dict(zip(found, coo.data.tolist(), strict=True)) == plain
    np.testing.assert_array_equal(data.user_codes(data.users), np.arange(data.shape[0]))
    assert data.report.rows == len(events)


def test_weights_fade_with_their_age():
    day = dt.timedelta(days=1)
    times = [dt.datetime(2026, 1, 1) + n * day for n in (0, 1, 2)]
    columns = {"user": ["u"] * 3, "item": ["a", "b", "c"], "when": times}
    half = [[0.25, 0.5, 1]]
    frames = [
        pl.DataFrame(columns),
        pd.DataFrame(columns),
        pa.table(columns),
        {**columns, "when": np.array(times, "M8[s]")},
    ]
    frames.append(pl.DataFrame(columns).with_columns(pl.col("when").dt.strftime("%Y-%m-%dT%H:%M:%S")))
    frames.append(pl.DataFrame(columns).with_columns(pl.col("when").dt.date()))
    for frame in frames:
        for half_life in (day, np.timedelta64(1, "D"), 86400):
            data = Interactions.from_frame(frame, time="when", half_life=half_life)
            np.testing.assert_allclose(data.matrix.toarray(), half)
    numbers = {**columns, "when": [0.0, 1.0, 2.0]}
    np.testing.assert_allclose(
        Interactions.from_frame(numbers, time="when", half_life=1).matrix.toarray(), half
    )


def test_kinds_of_events_have_weights():
    events = pl.DataFrame(
        {"user": [1, 1, 2, 2, 3], "item": [5, 5, 5, 6, 6], "event": ["view", "buy", "bot", "cart", "?"]}
    )
    weights = {"view": 1, "cart": 3, "buy": 10, "bot": 0}
    with pytest.warns(DataWarning, match=r'row 4: the kind is "\?", which has no weight'):
        data = Interactions.from_frame(events, kind="event", kind_weights=weights)
    np.testing.assert_array_equal(data.matrix.toarray(), [[11, 0], [0, 3]])
    assert (data.report.ignored_rows, data.report.bad_rows, data.report.merged_rows) == (1, 1, 1)


def test_what_has_too_few_entries_is_left_out():
    ids = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1], [2, 2], [3, 2]])
    data = Interactions.from_frame(
        {"user": ids[:, 0], "item": ids[:, 1]}, min_items_per_user=2, min_users_per_item=2
    )
    assert (data.users.tolist(), data.items.tolist()) == ([0, 1], [0, 1])
    assert (data.report.dropped_users, data.report.dropped_items, data.report.dropped_entries) == (2, 1, 3)
    data.update(
        {"user": np.array([3]), "item": np.array([0])}
    )  # now 3 has enough, and with it item 2, and with it 2
    assert (data.users.tolist(), data.items.tolist()) == ([0, 1, 2, 3], [0, 1, 2])


def test_an_update_keeps_the_numbers_of_users_and_items():
    data = read(pl.DataFrame(EVENTS))
    before = copy.copy(data)
    assert data.update({"user": ["dan", "ann"], "artist": ["ska", "jazz"], "plays": [7.0, 1.0]}) is data
    np.testing.assert_array_equal(data.matrix.toarray(), [[3, 2, 1], [0, 6, 0], [4, 0, 0], [0, 7, 0]])
    assert data.users.tolist() == ["ann", "bob", "cid", "dan"]
    assert data.report.rows == 7
    np.testing.assert_array_equal(before.matrix.toarray(), MATRIX)
    with pytest.raises(
        ValueError, match="users are called by texts, but the new events call them by integers"
    ):
        data.update({"user": [1], "artist": ["x"], "plays": [1.0]})
    with pytest.raises(
        TypeError, match="update takes user, item, weight, time, kind and show_progress, got wait"
    ):
        data.update(EVENTS, wait="x")
    assert data.shape == (4, 3)
    data.update({"who": ["ann"], "artist": ["dub"], "plays": [1.0]}, user="who")
    assert data.matrix[0, 0] == 4


@pytest.mark.parametrize("options", [{}, {"time": "plays", "duplicates": "last"}, {"min_items_per_user": 2}])
def test_copies_by_pickle_go_on_like_the_original(options):
    data = read(EVENTS, **options)
    same = pickle.loads(pickle.dumps(data))
    assert same.report == data.report
    more = {"user": ["cid", "ann"], "artist": ["ska", "dub"], "plays": [1.0, 2.0]}
    for one in (data, same):
        one.update(more)
    assert same.users.tolist() == data.users.tolist()
    np.testing.assert_array_equal(same.matrix.toarray(), data.matrix.toarray())


def test_a_matrix_gets_labels():
    matrix = sp.coo_matrix(np.array([[1, 0], [2, 3], [0, 0]]))
    plain = Interactions.from_matrix(matrix)
    assert (plain.users.tolist(), plain.items.tolist()) == ([0, 1, 2], [0, 1])
    named = Interactions.from_matrix(matrix.tocsr(), users=["a", "b", "c"], items=pd.Series(["x", "y"]))
    np.testing.assert_array_equal(named.matrix.toarray(), matrix.toarray())
    assert named.update({"user": ["a"], "item": ["y"]}).matrix[0, 1] == 1
    for users in (["a", "b"], ["a", "b", "a"], ["a", None, "b"], ["a", "b", ""]):
        with pytest.raises(ValueError, match="labels|label|name"):
            Interactions.from_matrix(matrix, users=users)
    with pytest.raises(TypeError, match="matrix must be a SciPy sparse matrix"):
        Interactions.from_matrix([[1]])


def test_a_fit_takes_interactions():
    model = AlternatingLeastSquares(factors=2, random_state=0).fit(read(EVENTS), show_progress=False)
    assert model.user_factors.shape == (3, 2)


def test_the_report_says_what_was_read():
    with pytest.warns(DataWarning, match="row 2: no artist|row 2: no item"):
        data = read(pd.DataFrame(EVENTS | {"artist": ["dub", "ska", None, "<b>", "ska"]}))
    text, html = repr(data.report), data.report._repr_html_()
    assert "bad, skipped" in text
    assert "row 2: no item" in text
    assert "<table>" in html
    assert data._repr_html_() == html
    assert data.report.density == data.nnz / 9


def test_columns_may_be_called_by_numbers():
    frame = pd.DataFrame([["ann", "dub", 3], ["bob", "ska", 1]])
    data = Interactions.from_frame(frame, user=0, item=1, weight=2)
    np.testing.assert_array_equal(data.matrix.toarray(), [[3, 0], [0, 1]])
    turned = pd.DataFrame({1: ["ann"], 0: ["dub"]})
    assert Interactions.from_frame(turned, user=1, item=0).users.tolist() == ["ann"]
    pairs = pd.DataFrame([["ann", "dub"]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert Interactions.from_frame(pairs, user=0, item=1).items.tolist() == ["dub"]
    twice = pd.DataFrame([["ann", "dub", "ska"]], columns=["user", "item", "item"])
    assert Interactions.from_frame(twice, item=2).items.tolist() == ["ska"]
    for frame in (twice, pa.Table.from_arrays([["a"], ["b"], ["c"]], names=["user", "item", "item"])):
        with pytest.raises(ValueError, match="several columns are called 'item'"):
            Interactions.from_frame(frame)


def test_times_may_be_anything_that_tells_the_time():
    day = dt.datetime(2026, 1, 1)
    noon = day.replace(hour=12)
    columns = [
        [day, noon],
        ["2026-01-01", "2026-01-01T12:00:00Z"],
        [day.replace(tzinfo=dt.UTC), noon.replace(tzinfo=dt.UTC)],
        pd.Series([day, noon]).dt.tz_localize("UTC"),
        np.array([day, noon], "M8[ms]"),
    ]
    for when in columns:
        data = Interactions.from_frame(
            {"user": ["u", "u"], "item": ["a", "b"], "when": when},
            time="when",
            half_life=dt.timedelta(hours=12),
        )
        np.testing.assert_allclose(data.matrix.toarray(), [[0.5, 1]])
    with pytest.raises(TypeError, match="weight must be numbers, got str"):
        Interactions.from_frame({"user": ["u"], "item": ["a"], "w": ["3"]}, weight="w")


def test_a_count_takes_no_notice_of_weights():
    events = EVENTS | {"plays": [np.nan, 1.0, 2.0, 4.0, 5.0]}
    np.testing.assert_array_equal(read(events, duplicates="count").matrix.toarray(), [[1, 1], [0, 2], [1, 0]])


def test_reports_add_up_over_updates_and_copies():
    with pytest.warns(DataWarning, match="1 bad row was skipped"):
        data = Interactions.from_frame({"user": ["a", None], "item": ["x", "y"]})
    with pytest.warns(DataWarning, match="2 bad rows were skipped: row 0: no item"):
        data.update({"user": ["a", "b"], "item": [None, None]})
    assert (data.report.rows, data.report.bad_rows) == (4, 3)
    assert pickle.loads(pickle.dumps(data)).report == data.report
