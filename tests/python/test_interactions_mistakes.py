"""Interactions from what cannot be read, and questions about what is not there."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from penchant import DataWarning, Interactions

EVENTS = {
    "user": ["ann", "bob", "ann", "cid", "bob"],
    "artist": ["dub", "ska", "ska", "dub", "ska"],
    "plays": [3.0, 1.0, 2.0, 4.0, 5.0],
}


def test_unknown_labels_get_a_sentence_with_close_ones():
    data = Interactions.from_frame(EVENTS, item="artist", weight="plays")
    assert data.user_codes("bob") == 1
    assert data.item_codes(["ska", "dub"]).tolist() == [1, 0]
    for wrong, sentence in [
        ("bobb", "there is no user 'bobb'; did you mean 'bob'?"),
        (1, "there is no user 1: labels are strings here"),
        (["ann", "x", "y"], r"there is no user 'x' \(nor 1 others\)"),
        (None, "there is no user None: labels are strings here, got NoneType"),
        (True, "there is no user True: labels are strings here"),
    ]:
        with pytest.raises(KeyError, match=sentence):
            data.user_codes(wrong)
    numbers = Interactions.from_frame({"user": [12], "item": [1]})
    with pytest.raises(KeyError, match="there is no user '12': labels are integers here; did you mean 12?"):
        numbers.user_codes("12")


def test_wrong_arguments_are_named():
    for error, sentence, options in [
        (ValueError, "there is no column 'x'; there are 'user', 'artist', 'plays'", {"user": "x"}),
        (ValueError, "there is no column 7", {"user": 7}),
        (TypeError, "user must be a column's name or position, got NoneType", {"user": None}),
        (TypeError, "user must be a column's name or position, got bool", {"user": True}),
        (ValueError, "user must be a column's name or position from 0, got -1", {"user": -1}),
        (
            ValueError,
            'duplicates must be "sum", "count", "last" or "max", got "mean"',
            {"duplicates": "mean"},
        ),
        (ValueError, "half_life needs time", {"half_life": 3}),
        (ValueError, "half_life must be positive", {"half_life": 0, "time": "plays"}),
        (
            ValueError,
            "half_life must be a number, alone or with one of s, min, h, d, w",
            {"half_life": "3y", "time": "plays"},
        ),
        (ValueError, "kind and kind_weights go together", {"kind": "artist"}),
        (TypeError, "kind_weights must be a dict", {"kind": "artist", "kind_weights": {}}),
        (
            ValueError,
            "the weight of a kind must be finite",
            {"kind": "artist", "kind_weights": {"dub": np.inf}},
        ),
        (ValueError, "min_items_per_user must be at least 1", {"min_items_per_user": 0}),
        (ValueError, "on_bad_rows must be one of", {"on_bad_rows": "ignore"}),
        (
            TypeError,
            "the user must be texts or integers, got List",
            {"user": "bits"},
        ),
        (TypeError, "the weight must be numbers, got", {"weight": "artist"}),
    ]:
        frame = (
            pa.table(EVENTS | {"bits": pa.array([[1]] * 5)})
            if "bits" in options.values()
            else pa.table(EVENTS)
        )
        with pytest.raises(error, match=sentence):
            Interactions.from_frame(frame, **{"item": "artist", "weight": "plays"} | options)
    for wrong in ("plays.csv", [1, 2], 3, None):
        with pytest.raises(TypeError, match="df must be a DataFrame"):
            Interactions.from_frame(wrong)
    with pytest.raises(TypeError, match="user must be strings or integers throughout, got int, str"):
        Interactions.from_frame({"user": ["a", 1], "item": [1, 2]})
    with pytest.raises(ValueError, match="columns must have equal lengths, got 2 users and 1 of another"):
        Interactions.from_frame({"user": ["a", "b"], "item": ["x"]})
    with pytest.raises(ValueError, match="none of the 1 rows can be used; row 0: no user"):
        Interactions.from_frame({"user": [None], "item": ["x"]})
    with pytest.raises(ValueError, match="row 1: no user"):
        Interactions.from_frame({"user": ["a", ""], "item": ["x", "y"]}, on_bad_rows="raise")
    with pytest.raises(TypeError, match="use Interactions.from_frame"):
        Interactions()


def test_a_stream_that_breaks_off_is_an_error():
    def batches():
        yield pa.record_batch({"user": ["a"], "item": ["b"]})
        raise OSError("the cable is gone")

    schema = pa.schema({"user": pa.string(), "item": pa.string()})
    with pytest.raises(ValueError, match="the cable is gone"):
        Interactions.from_frame(pa.RecordBatchReader.from_batches(schema, batches()))
    used = pa.table({"user": ["a"], "item": ["b"]}).to_reader()
    used.read_all()
    assert Interactions.from_frame(used).shape == (0, 0)


def test_columns_that_are_broken_inside_are_refused():
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
    )
    with pytest.raises((TypeError, ValueError), match="broken"):
        Interactions.from_frame(pa.table({"user": broken, "item": ["x"]}))


def test_a_matrix_that_was_changed_is_an_error_where_it_no_longer_fits():
    data = Interactions.from_frame(EVENTS, item="artist", weight="plays")
    data.matrix.resize((100, 100))
    with pytest.raises(ValueError, match="the number of rows of the matrix .* must be 3, got 100"):
        data.update(EVENTS)
    timed = Interactions.from_frame(EVENTS, item="artist", weight="plays", time="plays", duplicates="last")
    timed.matrix.data[0] = 0
    timed.matrix.eliminate_zeros()
    with pytest.raises(ValueError, match="the number of entries of the matrix"):
        timed.update(EVENTS)


@pytest.mark.parametrize("nothing", [{"user": [], "item": []}, {"user": [None], "item": ["x"]}])
def test_nothing_is_of_no_kind(nothing):
    frames = [nothing, pd.DataFrame(nothing), pl.DataFrame(nothing), pa.table(nothing)]
    for frame in frames:
        for users in (["a"], [1]):
            data = Interactions.from_frame({"user": users, "item": ["y"]}, on_bad_rows="skip").update(frame)
            assert data.users.tolist() == users
    empty = Interactions.from_frame(pd.DataFrame({"user": [], "item": []}))
    assert empty.update({"user": ["a"], "item": [1]}).users.tolist() == ["a"]


def test_where_everything_is_left_out_nothing_is_said_to_be_bad():
    events = {"user": ["a", "b", None], "item": ["x", "y", "z"]}
    with pytest.warns(DataWarning, match="1 bad row was skipped"):
        data = Interactions.from_frame(events, min_items_per_user=2)
    assert data.shape == (0, 0)


def test_odd_values_are_named():
    for error, sentence, events in [
        (ValueError, "user must be integers of 64 bits", {"user": [2**70, 1], "item": [1, 1]}),
        (ValueError, "user must be integers of 64 bits", {"user": [2**2000, None], "item": [1, 1]}),
        (ValueError, "user must be Unicode", {"user": ["a\ud800"], "item": [1]}),
        (
            TypeError,
            "holds things of several kinds",
            pd.DataFrame({"user": ["a", 1], "item": [1, 1]}, dtype=object),
        ),
    ]:
        with pytest.raises(error, match=sentence):
            Interactions.from_frame(events)
    with pytest.warns(DataWarning, match="row 1: no user"):
        data = Interactions.from_frame({"user": ["a", pd.NA], "item": [1, 1]})
    assert data.users.tolist() == ["a"]
    with pytest.raises(ValueError, match="user must be a column's name or position"):
        Interactions.from_frame(EVENTS, user=2**70)
    with pytest.raises(ValueError, match="half_life must be in a unit of fixed length"):
        Interactions.from_frame(
            {"user": [1], "item": [1], "t": [1.0]}, time="t", half_life=np.timedelta64(1, "M")
        )
    with pytest.raises(ValueError, match="kind must be None"):
        Interactions.from_frame(EVENTS, item="artist", weight="plays").update(EVENTS, kind="artist")
