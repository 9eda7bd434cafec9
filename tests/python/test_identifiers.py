"""Identifiers keep their exact value through every door."""

import decimal
import pickle
import uuid

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import AlternatingLeastSquares, Interactions, Recommender

LARGE = 2**64 - 1


def from_csv(tmp_path, table):
    pd.DataFrame(table).to_csv(tmp_path / "ids.csv", index=False)
    return Interactions.from_file(tmp_path / "ids.csv", show_progress=False)


@pytest.mark.parametrize("door", ["dict", "list", "pandas", "polars", "arrow", "csv"])
def test_unsigned_integers_are_exact(door, tmp_path):
    ids = np.array([LARGE, 5, 2**63], np.uint64)
    table = {"user": ids, "item": [1, 2, 3]}
    if door == "csv":
        data = from_csv(tmp_path, table)
    elif door == "list":
        data = Interactions.from_frame({"user": ids.tolist(), "item": [1, 2, 3]})
    else:
        kinds = {"dict": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}
        data = Interactions.from_frame(kinds[door](table))
    assert data.users.dtype == np.uint64
    assert data.users.tolist() == ids.tolist()
    assert data.user_codes([2**63, LARGE]).tolist() == [2, 0]
    assert data.user_codes(np.array([5, LARGE], np.uint64)).tolist() == [1, 0]
    for stranger in (-1, "5", 2**63 - 1):
        with pytest.raises(KeyError, match="there is no user"):
            data.user_codes([stranger])
    assert pickle.loads(pickle.dumps(data)).users.tolist() == ids.tolist()
    recommender = Recommender(AlternatingLeastSquares(factors=2, random_state=0)).fit(
        data, show_progress=False
    )
    recommender.save(tmp_path / "model.safetensors")
    history = nw.from_native(Recommender.load(tmp_path / "model.safetensors").history(LARGE))
    assert history["item"].to_list() == [1]


@given(st.lists(st.integers(-(2**63), 2**64 - 1), min_size=1, max_size=20))
@settings(deadline=None)
def test_a_column_of_a_file_keeps_every_integer(tmp_path_factory, ids):
    path = tmp_path_factory.mktemp("ids") / "ids.csv"
    path.write_text("user,item\n" + "".join(f"{number},1\n" for number in ids))
    users = Interactions.from_file(path, show_progress=False).users
    fits = min(ids) >= 0 or max(ids) < 2**63
    expected = list(dict.fromkeys(ids if fits else map(str, ids)))
    assert users.tolist() == expected


def test_floats_are_integers_as_long_as_they_can_tell_them_apart(tmp_path):
    gaps = {"user": [17850.0, np.nan, 2.0, 3.0, 4.0], "item": [1, 2, 3, 4, 5]}
    for data in (
        Interactions.from_frame(pd.DataFrame(gaps), on_bad_rows="skip"),
        Interactions.from_frame(gaps, on_bad_rows="skip"),
        Interactions.from_frame(
            {"user": [17850.0, None, 2.0, 3.0, 4], "item": [1, 2, 3, 4, 5]}, on_bad_rows="skip"
        ),
    ):
        assert data.users.tolist() == [17850, 2, 3, 4]
    pd.DataFrame(gaps).to_csv(tmp_path / "gaps.csv", index=False)
    data = Interactions.from_file(tmp_path / "gaps.csv", on_bad_rows="skip", show_progress=False)
    assert data.users.tolist() == [17850, 2, 3, 4]
    data = Interactions.from_file(
        tmp_path / "gaps.csv", on_bad_rows="skip", labels="string", show_progress=False
    )
    assert data.users.tolist() == ["17850.0", "2.0", "3.0", "4.0"]
    table = {"user": np.array([1.0, 1152921504606847000.0]), "item": np.array([1, 2])}
    for frame in (pd.DataFrame, pa.table, dict):
        with pytest.raises(
            ValueError, match="the user is 1152921504606846976 as a float, and floats above 2.53"
        ):
            Interactions.from_frame(frame(table), on_bad_rows="skip")


def test_uuids_bytes_and_decimals_are_labels():
    ids = [uuid.UUID(int=7), uuid.UUID(int=2**100)]
    texts = [str(each) for each in ids]
    items = [b"caf\xc3\xa9", b"x"]
    for frame in (dict, pd.DataFrame):
        data = Interactions.from_frame(frame({"user": ids, "item": items}))
        assert (data.users.tolist(), data.items.tolist()) == (texts, ["café", "x"])
        assert data.user_codes(ids[1]) == 1
        assert data.item_codes([b"x", "café"]).tolist() == [1, 0]
    extension = pa.array([each.bytes for each in ids], pa.binary(16))
    field = pa.field("user", pa.binary(16), metadata={"ARROW:extension:name": "arrow.uuid"})
    table = pa.Table.from_arrays(
        [extension, pa.array(items)], schema=pa.schema([field, pa.field("item", pa.binary())])
    )
    assert Interactions.from_frame(table).users.tolist() == texts
    for frame in (dict, pa.table):
        with pytest.raises(ValueError, match="no UTF-8"):
            Interactions.from_frame(frame({"user": ["a"], "item": [b"\xff"]}), on_bad_rows="skip")
    numbers = pa.array([decimal.Decimal(LARGE), decimal.Decimal(3)], pa.decimal128(38, 0))
    assert Interactions.from_frame(pa.table({"user": numbers, "item": [1, 2]})).users.tolist() == [LARGE, 3]


def test_integers_of_both_signs_that_fit_no_type_are_an_error_in_tables():
    data = Interactions.from_frame({"user": np.array([LARGE], np.uint64), "item": [1]})
    with pytest.raises(ValueError, match="some labels are below 0 and others above"):
        data.update({"user": [-1], "item": [1]})
    with pytest.raises(ValueError, match="user must be integers of 64 bits"):
        Interactions.from_frame({"user": [LARGE, -1], "item": [1, 2]})
