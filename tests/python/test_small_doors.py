"""Batches that survive their worst member, and the small doors."""

import datetime as dt
import json
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp
from conftest import random_ratings

from penchant import AlternatingLeastSquares, DataWarning, Interactions, Recommender
from penchant.utils import ParameterWarning

EVENTS = {"user": ["ann", "ann", "bob", "bob", "cid", "dan"], "item": ["x", "y", "x", "z", "y", "w"]}


def fitted(**options):
    data = Interactions.from_frame(pd.DataFrame(EVENTS), **options)
    return Recommender(AlternatingLeastSquares(factors=2, random_state=0)).fit(data, show_progress=False)


def test_unknown_labels_are_skipped_where_that_is_wanted():
    rec = fitted()
    with pytest.raises(KeyError, match="there is no user 'new'"):
        rec.recommend(["ann", "new"])
    with pytest.warns(DataWarning, match="2 users are not known and skipped: 'new', 'newer'"):
        found = rec.recommend(["ann", "new", "newer"], unknown="skip")
    pd.testing.assert_frame_equal(found, rec.recommend(["ann"]))
    for ask in (
        lambda: rec.recommend("ann", items=["z", "?"], unknown="skip"),
        lambda: rec.recommend("ann", exclude=["z", "?"], unknown="skip"),
        lambda: rec.recommend_for({"x": 2.0, "?": 3.0}, unknown="skip"),
        lambda: rec.similar_items(["x", "?"], unknown="skip"),
        lambda: rec.explain("ann", "?", unknown="skip"),
        lambda: rec.data.item_codes(["x", "?"], unknown="skip"),
    ):
        with pytest.warns(DataWarning, match=r"1 item is not known and skipped: '\?'"):
            ask()
    for ask in (
        lambda: rec.similar_users(["ann", 3], unknown="skip"),
        lambda: rec.history(3, unknown="skip"),
    ):
        with pytest.warns(DataWarning, match="1 user is not known and skipped: 3"):
            ask()
    with pytest.warns(DataWarning), pytest.raises(ValueError, match="at least one item that is known"):
        rec.recommend_for(["?"], unknown="skip")
    with pytest.warns(DataWarning):
        pd.testing.assert_frame_equal(
            rec.recommend_for({"?": 3.0, "x": 2.0}, unknown="skip"), rec.recommend_for({"x": 2.0})
        )
    with pytest.raises(ValueError, match="unknown must be 'raise' or 'skip', got 'ignore'"):
        rec.recommend("ann", unknown="ignore")


def test_what_was_left_out_says_so():
    rec = fitted(min_items_per_user=2)
    with pytest.raises(KeyError, match="there is no user 'cid': it was left out, .* min_items_per_user=2"):
        rec.recommend(["ann", "cid"])
    with pytest.warns(DataWarning, match="'cid', '.'; 1 of them had too few entries and were left out"):
        rec.recommend(["ann", "cid", "?"], unknown="skip")


def test_codes_index_the_matrix_and_arrays_are_the_callers():
    data = Interactions.from_frame(pd.DataFrame(EVENTS))
    users, items = data.user_codes(["ann", "bob"]), data.item_codes(["x", "z"])
    for matrix in (data.matrix, sp.csr_matrix(data.matrix)):
        assert np.asarray(matrix[users, items]).ravel().tolist() == [1, 1]
    assert users.flags.owndata
    assert users.flags.writeable
    rows = data.matrix.indices[:2]
    assert data.matrix[rows * 0, rows].shape == (2,)
    model = fitted().model
    for array in model.recommend([0, 1], data.matrix[[0, 1]]) + model.similar_items([0, 1]):
        array[...] = 0
        assert array.flags.owndata


@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pa.table])
def test_kinds_are_texts_integers_or_booleans(frame, tmp_path):
    events = {"user": ["a", "b", "c"], "item": ["x", "x", "x"]}
    for values, weights in (
        ([4, 1, 3], {4: 10, 1: 1, 3: 0}),
        ([True, False, False], {True: 10, False: 1}),
        (["buy", "view", "bot"], {"buy": 10, "view": 1, "bot": 0}),
    ):
        data = Interactions.from_frame(frame(events | {"kind": values}), kind="kind", kind_weights=weights)
        assert data.matrix.data[:2].tolist() == [10, 1]
        pd.DataFrame(events | {"kind": values}).to_csv(tmp_path / "kinds.csv", index=False)
        again = Interactions.from_file(
            tmp_path / "kinds.csv", kind="kind", kind_weights=weights, show_progress=False
        )
        assert (again.matrix != data.matrix).nnz == 0
    with pytest.raises(ValueError, match="row 0: the kind is 7, which has no weight"):
        Interactions.from_frame(frame(events | {"kind": [7, 7, 7]}), kind="kind", kind_weights={4: 1})
    with pytest.raises(ValueError, match="kind_weights must name each kind once, got 'true' in two ways"):
        Interactions.from_frame(frame(events), kind="item", kind_weights={True: 1, "true": 2})


def test_categories_may_stand_anywhere():
    frame = pd.DataFrame(EVENTS | {"w": [1, 2, 3, 1, 2, 3]})
    frame["t"] = pd.to_datetime(["2020-01-01", "2020-01-02"] * 3)
    options = {"weight": "w", "time": "t", "half_life": "1d"}
    plain = Interactions.from_frame(frame, **options)
    coded = Interactions.from_frame(frame.astype("category"), **options)
    assert (plain.matrix != coded.matrix).nnz == 0


def test_counts_of_pandas_are_events():
    frame = pd.DataFrame({"user": ["a", "b", "a"], "item": ["x", "x", "x"]})
    data = Interactions.from_frame(frame.groupby(["user", "item"]).size())
    assert data.matrix.toarray().tolist() == [[2], [1]]
    data.update(frame.groupby(["user", "item"]).size())
    assert data.matrix.toarray().tolist() == [[4], [2]]
    with pytest.raises(TypeError, match="a pandas.Series whose index has one level"):
        Interactions.from_frame(frame["user"])


def test_an_update_takes_paths_and_readers(tmp_path):
    data = Interactions.from_frame({"user": ["a"], "item": ["x"]})
    table = pa.table({"user": ["b"], "item": ["x"]})
    data.update(table.to_reader())
    (tmp_path / "more.csv").write_text("user,item\nc,y\n")
    data.update((path for path in [tmp_path / "more.csv"]), show_progress=False)
    assert data.users.tolist() == ["a", "b", "c"]


def test_columns_of_several_kinds_are_named():
    with pytest.raises(TypeError, match="the column 'item' of df .* holds things of several kinds"):
        Interactions.from_frame(pd.DataFrame({"user": [1, 2], "item": ["a", 1]}, dtype=object))


def test_an_update_solves_for_those_whom_it_is_about():
    random = np.random.default_rng(0)
    days = [dt.datetime(2020, 1, 1) + dt.timedelta(days=int(day)) for day in random.integers(0, 50, 2000)]
    events = {
        "user": random.integers(0, 100, 2000),
        "item": random.integers(0, 60, 2000),
        "t": np.array(days, "datetime64[us]"),
    }
    for options in ({}, {"half_life": "30d"}):
        data = Interactions.from_frame(pd.DataFrame(events), time="t", **options)
        rec = Recommender(AlternatingLeastSquares(factors=8, random_state=0)).fit(data, show_progress=False)
        before = rec.model.user_factors
        rec.update(pd.DataFrame({"user": [7], "item": [3], "t": [pd.Timestamp("2020-04-01")]}))
        changed = np.flatnonzero((rec.model.user_factors != before).any(axis=1))
        assert data.users[changed].tolist() == [7]


def test_labels_go_around_a_model_that_exists(tmp_path):
    rec = fitted()
    rec.model.save(tmp_path / "model.npz")
    model = AlternatingLeastSquares.load(tmp_path / "model.npz")
    users, items = rec.data.users.tolist(), rec.data.items.tolist()
    again = Recommender.from_model(model, users, items, rec.data.matrix)
    pd.testing.assert_frame_equal(again.recommend(), rec.recommend())
    pd.testing.assert_frame_equal(Recommender.from_model(model, data=rec.data).recommend(), rec.recommend())
    assert len(Recommender.from_model(model, users, items).recommend("ann", n=9)) == len(items)
    assert Recommender.from_model(model).recommend(0, n=1)["item"].to_list()[0] in range(len(items))
    with pytest.raises(ValueError, match="number of users' labels|users"):
        Recommender.from_model(model, users[1:], items)
    with pytest.raises(ValueError, match="of 4 users and 4 items, got"):
        Recommender.from_model(model, data=sp.csr_array((3, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="fit first"):
        Recommender.from_model(AlternatingLeastSquares())


def test_rows_of_the_transposed_data_are_wondered_about():
    user_items = sp.random_array(
        (30, 12), density=0.3, format="csr", rng=np.random.default_rng(0), dtype=np.float32
    )
    model = AlternatingLeastSquares(factors=4, random_state=0).fit(user_items.T.tocsr(), show_progress=False)
    with pytest.warns(ParameterWarning, match="was it fitted to the transposed matrix, of items x users?"):
        model.recommend([0, 1], user_items[[0, 1]])


def test_scikit_learn_searches_without_being_needed():
    model_selection = pytest.importorskip("sklearn.model_selection")
    from sklearn.base import clone

    matrix = sp.random_array(
        (60, 20), density=0.3, format="csr", rng=np.random.default_rng(0), dtype=np.float32
    )
    model = AlternatingLeastSquares(factors=2, iterations=2, random_state=0)
    assert clone(model).get_params() == model.get_params()
    search = model_selection.GridSearchCV(
        model, {"factors": [2, 3]}, scoring=lambda model, rows: float(model.factors), cv=2, refit=False
    )
    search.fit(matrix, show_progress=False)
    assert search.cv_results_["mean_test_score"].tolist() == [2, 3]
    code = "import sys, penchant; penchant.AlternatingLeastSquares(); sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    fitted().save("~/model.safetensors")
    assert (tmp_path / "model.safetensors").exists()
    assert Recommender.load("~/model.safetensors").data.nnz == len(EVENTS["user"])


@pytest.mark.parametrize("door", ["file", "json", "dict", "table"])
def test_of_an_event_of_a_kind_that_does_not_count_nothing_else_matters(door, tmp_path):
    events = {
        "user": ["ann", "bob", "bot"],
        "item": ["x", "y", "z"],
        "plays": [2.0, 3.0, None],
        "when": ["2026-01-01", "2026-01-02", None],
        "event": ["play", "play", "crawl"],
    }
    settings = {"weight": "plays", "time": "when", "kind": "event", "half_life": "1d"}
    settings["kind_weights"] = {"play": 1, "crawl": 0}
    if door in ("file", "json"):
        path = tmp_path / ("events.csv" if door == "file" else "events.jsonl")
        rows = [dict(zip(events, row, strict=True)) for row in zip(*events.values(), strict=True)]
        lines = [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
        text = "\n".join([",".join(events), *lines] if door == "file" else map(json.dumps, rows))
        path.write_text(text + "\n")
        data = Interactions.from_file(path, show_progress=False, **settings)
    else:
        frame = events if door == "dict" else pa.table(events)
        data = Interactions.from_frame(frame, **settings)
    assert (data.report.rows, data.report.ignored_rows, data.report.bad_rows) == (3, 1, 0)
    np.testing.assert_array_equal(data.matrix.toarray(), [[1, 0], [0, 3]])


def test_an_update_loses_no_partial_fit_of_another_thread(monkeypatch):
    plays = random_ratings(users=30, items=20)
    model = AlternatingLeastSquares(factors=3, random_state=0)
    data = Interactions.from_matrix(abs(plays))
    recommender = Recommender(model).fit(data, show_progress=False)
    row = sp.csr_array(np.eye(1, 20, 7, dtype=np.float32) * 50)
    expected = model.recalculate_user(5, row)
    started, done = threading.Event(), threading.Event()

    def other():
        started.wait()
        model.partial_fit_users([5], row)
        done.set()

    solve = AlternatingLeastSquares.partial_fit_users

    def slow(self, *arguments):
        solve(self, *arguments)
        if threading.current_thread() is threading.main_thread():
            started.set()
            done.wait(0.3)  # in vain, if the update keeps others waiting

    monkeypatch.setattr(AlternatingLeastSquares, "partial_fit_users", slow)
    thread = threading.Thread(target=other)
    thread.start()
    try:
        recommender.update({"user": [3], "item": [4]})
    finally:
        started.set()
        thread.join()
    np.testing.assert_allclose(model.user_factors[5], expected, rtol=1e-5)
