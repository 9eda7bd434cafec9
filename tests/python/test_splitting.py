"""Splits, of events with labels and of matrices, against slow and obvious ones."""

import datetime as dt
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import AlternatingLeastSquares, Interactions
from penchant.evaluation import (
    HeldOutUsers,
    KFold,
    LastDays,
    LeaveKOut,
    LeaveLastOut,
    RandomSplit,
    RollingWindows,
    TimeSplit,
    evaluate,
)

DAY = 86400
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC).timestamp()


def events(seed=0, count=400, users=30, items=20):
    random = np.random.default_rng(seed)
    return {
        "user": [f"u{n}" for n in random.integers(users, size=count)],
        "item": [f"i{n}" for n in random.integers(items, size=count)],
        "weight": random.integers(1, 5, count).astype(float),
        "time": START + random.integers(0, 40 * DAY, count),
    }


def read(data, **options):
    return Interactions.from_frame(data, weight="weight", time="time", keep_events=True, **options)


def table(data):
    """The entries by label."""
    coo = data.matrix.tocoo()
    users, items = data.users, data.items
    return {(users[u], items[i]): float(v) for u, i, v in zip(coo.row, coo.col, coo.data, strict=True)}


def sums(rows):
    found = {}
    for user, item, weight, _ in rows:
        found[user, item] = found.get((user, item), 0.0) + weight
    return found


def rows_of(data):
    return list(zip(data["user"], data["item"], data["weight"], data["time"], strict=True))


@given(seed=st.integers(0, 10**6), at=st.integers(1, 39))
@settings(max_examples=25, deadline=None)
def test_a_point_in_time_parts_events_and_not_entries(seed, at):
    made = events(seed)
    when = START + at * DAY
    split = read(made).split("time", at=when)
    before = sums(row for row in rows_of(made) if row[3] < when)
    after = sums(row for row in rows_of(made) if row[3] >= when)
    assert table(split.train) == before
    assert table(split.test) == {pair: weight for pair, weight in after.items() if pair not in before}
    assert split.left_out == len(set(after) & set(before))
    assert split.train.shape == split.test.shape
    assert (split.train.users == split.test.users).all()
    kept = read(made).split("time", at=when, keep_repeats=True)
    assert table(kept.test) == after
    known = {user for user, _ in before}
    assert kept.cold_users == len({user for user, _ in after} - known)


def test_points_in_time_are_written_in_many_ways():
    data = read(events())
    stamp = dt.datetime(2020, 1, 20, tzinfo=dt.UTC)
    expected = table(data.split("time", at=stamp.timestamp()).test)
    for at in ("2020-01-20", stamp, stamp.date(), np.datetime64("2020-01-20"), "2020-01-20T01:00+01:00"):
        assert table(data.split("time", at=at).test) == expected
    with pytest.raises(ValueError, match="at must be a point in time as 2020-01-31"):
        data.split("time", at="January")
    with pytest.raises(ValueError, match="leaves nothing to learn from"):
        data.split("time", at="2019-01-01")
    with pytest.raises(ValueError, match="leaves nobody to test"):
        data.split("time", at="2021-01-01")


def test_weights_fade_as_seen_from_the_latest_event_of_a_part():
    made = events()
    when = START + 20 * DAY
    train = read(made, half_life="5d").split("time", at=when).train
    early = pd.DataFrame(made)
    early = early[early["time"] < when]
    expected = Interactions.from_frame(early, weight="weight", time="time", half_life="5d")
    assert table(train) == pytest.approx(table(expected))


def test_what_is_left_out_of_the_one_part_is_left_out_of_the_other():
    data = read(events(count=150), min_items_per_user=4, min_users_per_item=2)
    split = data.split("last_days", days=10)
    assert (np.diff(split.train.matrix.indptr) >= 4).all()
    assert split.train.shape == split.test.shape
    assert (split.train.users == split.test.users).all()
    assert split.left_out > 0
    assert split.test.report.dropped_entries > 0
    assert set(table(split.test)).isdisjoint(table(split.train))


def test_the_last_items_of_each_user_are_the_last():
    made = events()
    split = read(made).split("leave_last_out", k=2)
    latest = {}
    for user, item, _, time in rows_of(made):
        latest[user, item] = max(latest.get((user, item), -np.inf), time)
    test = set(table(split.test))
    for user in set(made["user"]):
        own = sorted(((time, pair) for pair, time in latest.items() if pair[0] == user), reverse=True)
        if len(own) > 2:
            assert {pair for pair in test if pair[0] == user} == {pair for _, pair in own[:2]}
        else:
            assert not {pair for pair in test if pair[0] == user}
    assert set(table(split.train)) | test == set(latest)


def test_windows_roll_over_time_and_a_week_is_a_week():
    made = events()
    windows = list(read(made).splits("rolling", days=7, windows=3, keep_repeats=True))
    end = max(made["time"])
    for back, split in zip((3, 2, 1), windows, strict=True):
        start = end - back * 7 * DAY
        assert table(split.train) == sums(row for row in rows_of(made) if row[3] <= start)
        assert table(split.test) == sums(row for row in rows_of(made) if start < row[3] <= start + 7 * DAY)
    last = read(made).split("last_days", days=7, keep_repeats=True)
    assert table(last.test) == table(windows[-1].test)
    with pytest.raises(ValueError, match="RollingWindows makes several splits"):
        read(made).split("rolling")


@pytest.mark.parametrize("labelled", [True, False])
def test_every_pair_is_in_one_fold_and_pairs_stay_whole(labelled):
    data = read(events())
    source = data if labelled else data.matrix
    whole = table(data)
    seen = []
    for split in KFold(4, random_state=3).splits(source):
        if not labelled:
            assert (split.train + split.test != data.matrix).nnz == 0
            seen += list(zip(*(axis.tolist() for axis in split.test.nonzero()), strict=True))
            continue
        train, test = table(split.train), table(split.test)
        assert train | test == whole
        assert not set(train) & set(test)
        seen += list(test)
    assert len(seen) == len(set(seen)) == len(whole)


def test_random_parts_are_as_large_as_they_should_be_and_repeat():
    data = read(events(count=3000, users=60, items=90))
    one, two = (data.split("random", test=0.3, random_state=5) for _ in range(2))
    assert table(one.test) == table(two.test)
    assert one.test.nnz / data.nnz == pytest.approx(0.3, abs=0.03)
    each = data.split("random", test=0.25, per_user=True)
    counts, aside = (np.diff(part.matrix.indptr) for part in (data, each.test))
    np.testing.assert_array_equal(aside, np.minimum(np.rint(counts * 0.25), counts - 1))
    left = data.split("leave_k_out", k=3)
    np.testing.assert_array_equal(np.diff(left.test.matrix.indptr), np.where(counts > 3, 3, 0))


def test_of_held_out_users_nothing_is_learned_and_their_history_is_folded_in():
    data = read(events(count=2000, users=80, items=60))
    split = HeldOutUsers(20, test=0.5).split(data)
    held = np.flatnonzero(np.diff(split.test.matrix.indptr))
    assert len(held) == 20
    assert split.held_out
    assert split.train.matrix[held].nnz == 0
    assert table(split.history) | table(split.test) == table(data)
    assert not set(table(split.history)) & set(table(split.test))
    others = np.setdiff1d(np.arange(data.shape[0]), held)
    assert (split.history.matrix[others] != data.matrix[others]).nnz == 0
    model = AlternatingLeastSquares(factors=8, random_state=0).fit(split.train, show_progress=False)
    found = evaluate(
        model, split.history.matrix, split.test.matrix, recalculate_user=True, show_progress=False
    )
    assert found["users"] == 20
    with pytest.raises(ValueError, match="users must leave some of the 80 users"):
        HeldOutUsers(80).split(data)


def test_matrices_have_their_times_beside_them():
    random = np.random.default_rng(0)
    matrix = sp.random_array((20, 30), density=0.3, rng=random, format="csr")
    times = matrix.copy()
    times.data = random.permutation(matrix.nnz).astype(float) * DAY
    for given_times in (times, times.data, times.data.astype("datetime64[s]")):
        train, test = LastDays(30).split(matrix, given_times)
        assert test.nnz == 30
        assert (train + test != matrix).nnz == 0
    assert LeaveLastOut().split(matrix, times).test.nnz == np.count_nonzero(np.diff(matrix.indptr) > 1)
    with pytest.raises(ValueError, match="this split goes by time"):
        LastDays().split(matrix)
    with pytest.raises(ValueError, match=f"a time for each of the {matrix.nnz} entries"):
        LastDays().split(matrix, times.data[1:])
    with pytest.raises(ValueError, match="exactly the entries"):
        LastDays().split(matrix, times[:, ::-1].tocsr())
    with pytest.raises(ValueError, match="times must be finite"):
        LastDays().split(matrix, np.where(times.data > 3, times.data, np.nan))


def test_what_is_disliked_is_not_tested():
    matrix = sp.csr_array(np.array([[1.0, -1.0, 2.0, -3.0], [1.0, 2.0, -1.0, 1.0]]))
    for split in KFold(2).splits(matrix):
        assert (split.test.data > 0).all()


def test_what_is_disliked_in_the_end_is_not_tested():
    events = {
        "user": [1, 1, 1, 2],
        "item": [1, 2, 2, 1],
        "weight": [1.0, 1.0, -5.0, 1.0],
        "time": [1, 8, 9, 9],
    }
    for duplicates in ("sum", "last"):
        data = Interactions.from_frame(
            events, weight="weight", time="time", keep_events=True, duplicates=duplicates
        )
        assert table(data.split("time", at=5).test) == {(2, 1): 1.0}


@pytest.mark.parametrize(
    "options", [{"min_items_per_user": 3}, {"min_users_per_item": 2}, {"max_age": "30d"}]
)
def test_users_are_held_out_of_data_that_leaves_some_out(options):
    split = read(events(count=900), **options).split("users", users=6)
    held = np.flatnonzero(np.diff(split.test.matrix.indptr))
    assert 0 < len(held) <= 6
    assert split.train.matrix[held].nnz == 0
    assert split.history.matrix[held].nnz > 0
    assert split.train.shape == split.history.shape == split.test.shape
    assert (split.train.users == split.test.users).all()


def test_parts_may_be_copied_and_their_times_are_looked_at_after_that():
    data = read(events(), duplicates="last")
    for part in data.split("last_days", days=9):
        assert table(pickle.loads(pickle.dumps(part))) == table(part)
    millis = events()
    millis["time"] = millis["time"] * 1000
    with pytest.raises(ValueError, match='time_unit="ms" would make'):
        pickle.loads(pickle.dumps(read(millis))).split("last_days")
    slim = data.without_events()
    assert table(slim) == table(data)
    with pytest.raises(ValueError, match="with time and keep_events=True"):
        slim.split("last_days")


def test_events_are_kept_by_copies_updates_and_files():
    made = events()
    half = {name: values[:200] for name, values in made.items()}
    rest = {name: values[200:] for name, values in made.items()}
    data = pickle.loads(pickle.dumps(read(half)))
    data.update(rest)
    expected = read(made).split("last_days", days=9)
    found = pickle.loads(pickle.dumps(data)).split("last_days", days=9)
    assert table(found.train) == table(expected.train)
    assert table(found.test) == table(expected.test)
    inner = found.train.split("last_days", days=9)
    assert table(inner.train) == table(expected.train.split("last_days", days=9).train)


def test_a_frame_is_aligned_with_what_was_learned_from():
    made = pd.DataFrame(events())
    train = Interactions.from_frame(made[:200], weight="weight")
    extra = pd.DataFrame({"user": ["new", "u1"], "item": ["i1", "newer"], "weight": [1.0, 1.0]})
    test = Interactions.from_frame(pd.concat([made[200:], extra]), weight="weight", like=train)
    assert test.shape == train.shape
    assert (test.users == train.users).all()
    there = table(Interactions.from_frame(made[200:], weight="weight"))
    known = {p: v for p, v in there.items() if p[0] in set(train.users) and p[1] in set(train.items)}
    assert table(test) == known
    assert test.report.dropped_entries == 2 + len(there) - len(known)
    assert test.report.dropped_users >= 1
    with pytest.raises(ValueError, match="users are integers here, but strings"):
        Interactions.from_frame({"user": [1], "item": ["i1"]}, like=train)
    with pytest.raises(TypeError, match="like must be Interactions, got pandas.DataFrame"):
        Interactions.from_frame(made, like=made)


def test_mistakes_get_a_sentence():
    data = read(events())
    plain = Interactions.from_frame({"user": [1, 1, 2], "item": [1, 2, 1]})
    for call, error, sentence in [
        (lambda: data.split("tine", at=3), ValueError, "there is no split 'tine'; did you mean 'time'?"),
        (lambda: data.split("xyz"), ValueError, "there is no split 'xyz'; there are 'random'"),
        (lambda: data.split(3), TypeError, "or a Splitter, got int"),
        (lambda: data.split("random", share=0.3), TypeError, "the split 'random' takes test, per_user"),
        (lambda: data.split("time"), TypeError, "the split 'time' needs at"),
        (lambda: data.split(RandomSplit(), test=0.3), TypeError, "settings go with a name"),
        (lambda: data.split("random", test=1.0), ValueError, "test must be above 0 and below 1"),
        (lambda: data.split("random", test=True), TypeError, "test must be a number"),
        (lambda: data.split("k_fold", folds=1), ValueError, "folds must be at least 2"),
        (lambda: data.split("last_days", days=0), ValueError, "days must be above 0"),
        (lambda: data.split("leave_k_out", k=0), ValueError, "k must be at least 1"),
        (lambda: plain.split("last_days"), ValueError, "with time and keep_events=True"),
        (lambda: LeaveKOut().split([[1]]), TypeError, "data must be Interactions or a scipy.sparse matrix"),
        (lambda: TimeSplit(3).split(data, times=[1]), ValueError, "times go with a matrix"),
        (lambda: plain.split("leave_k_out", k=5), ValueError, "leaves nobody to test"),
        (lambda: RollingWindows(windows=0).split(data), ValueError, "windows must be at least 1"),
    ]:
        with pytest.raises(error, match=sentence):
            call()
    millis = events()
    millis["time"] = millis["time"] * 1000
    with pytest.raises(ValueError, match='time_unit="ms" would make'):
        read(millis).split("last_days")
    with pytest.raises(TypeError, match="keep_events must be True or False"):
        Interactions.from_frame(millis, keep_events="yes")


def test_splits_say_what_they_are():
    split = read(events()).split("last_days", days=7)
    assert repr(split).startswith("Split(the last 7 days: ")
    assert "entries to learn from" in repr(split)
    assert str(RandomSplit()) == "RandomSplit(test=0.2, per_user=False, random_state=0)"
