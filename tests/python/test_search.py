"""Searches over many candidates: limits, blocks, audiences, and packed candidates that must not go stale."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from test_rank import full_sort, model_with


@pytest.fixture
def model():
    random = np.random.default_rng(0)
    # Small whole numbers: exact scores and many ties.
    return model_with(random.integers(-3, 4, (60, 6)), random.integers(-3, 4, (3000, 6)))


def scores_of(model):
    return model.user_factors @ model.item_factors.T


def test_a_least_score_ends_the_list(model):
    ids, scores = model.recommend([3, 4], None, N=3000, filter_already_liked_items=False, min_score=20)
    expected = scores_of(model)[[3, 4]]
    for row in range(2):
        kept = ids[row] >= 0
        assert kept.sum() == (expected[row] >= 20).sum() > 0
        assert scores[row][kept].min() >= 20
        assert (scores[row][~kept] == -np.inf).all()
        order, _ = full_sort(expected[row], kept.sum())
        assert ids[row][kept].tolist() == order


@pytest.mark.parametrize("most", [1, 2, 10**12])
def test_groups_are_limited_as_if_going_down_the_full_order(model, most):
    groups = np.arange(3000) // 40 * 1000 - 7
    ids, _ = model.recommend(
        range(5), None, N=50, filter_already_liked_items=False, item_groups=groups, max_per_group=most
    )
    for user in range(5):
        order, _ = full_sort(scores_of(model)[user], 3000)
        taken, counts = [], {}
        for item in order:
            if counts.get(groups[item], 0) < most and len(taken) < 50:
                counts[groups[item]] = counts.get(groups[item], 0) + 1
                taken.append(item)
        assert ids[user].tolist() == taken


@pytest.mark.parametrize("size", [None, 1, 7, 60, 1000])
def test_blocks_together_are_one_call(model, size):
    liked = sp.random_array((60, 3000), density=0.01, format="csr", rng=np.random.default_rng(1))
    whole = model.recommend(range(60), liked, N=5)
    blocks = list(model.recommend_all(liked, N=5, users_per_block=size, show_progress=False))
    np.testing.assert_array_equal(np.concatenate([ids for ids, _ in blocks]), whole[0])
    np.testing.assert_array_equal(np.concatenate([scores for _, scores in blocks]), whole[1])


def test_the_progress_of_recommend_all_counts_users(model, capsys):
    for _ in model.recommend_all(N=5, filter_already_liked_items=False):
        pass
    assert "60/60" in capsys.readouterr().err


def test_an_audience_by_score_is_a_column_in_order(model):
    users, scores = model.audience(17, N=60)
    expected, values = full_sort(scores_of(model)[:, 17], 60)
    assert users.tolist() == expected
    assert scores.tolist() == values
    assert len(model.audience(17, N=60, filter_users=expected[:3])[0]) == 57
    assert model.audience(17, users=[5])[0].tolist() == [5]


def test_an_audience_by_rank_is_what_all_orders_say(model):
    item = 17
    scores = scores_of(model)
    ranks = [full_sort(scores[user], 3000)[0].index(item) + 1 for user in range(60)]
    expected = sorted(range(60), key=lambda user: (ranks[user], -scores[user, item], user))
    users, found = model.audience(item, N=25, by="rank")
    assert users.tolist() == expected[:25]
    assert found.tolist() == [ranks[user] for user in expected[:25]]
    assert model.audience(item, by="rank", users=[9, 4])[0].tolist() == sorted([9, 4], key=expected.index)


def test_new_factors_are_searched_at_once(model):
    before = model.recommend(0, None, filter_already_liked_items=False)
    model.similar_items(0), model.audience(0)
    model.item_factors = -np.asarray(model.item_factors)
    after = model.recommend(0, None, filter_already_liked_items=False)
    assert after[1].tolist() == full_sort(scores_of(model)[0], 10)[1] != before[1].tolist()
    model.user_factors = 2 * np.asarray(model.user_factors)
    assert model.recommend(0, None, filter_already_liked_items=False)[1][0] == 2 * after[1][0]


def test_factors_cannot_be_changed_behind_what_is_packed(model):
    mine = np.ones((60, 6), np.float32)
    model.user_factors = mine
    mine[:] = 5
    assert model.user_factors.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        model.item_factors[0] = 0


def test_a_model_that_has_searched_can_be_pickled(model):
    expected = model.recommend([1, 2], None, filter_already_liked_items=False)
    found = pickle.loads(pickle.dumps(model)).recommend([1, 2], None, filter_already_liked_items=False)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_threads_gives_the_same_bits(threads):
    random = np.random.default_rng(2)
    model = model_with(random.standard_normal((40, 9)), random.standard_normal((70_000, 9)))
    expected = model.recommend(range(40), None, filter_already_liked_items=False)
    model.num_threads = threads
    for user in (0, 39):
        one = model.recommend(user, None, filter_already_liked_items=False)
        np.testing.assert_array_equal(one[0], expected[0][user])
        np.testing.assert_array_equal(one[1], expected[1][user])
    np.testing.assert_array_equal(
        model.recommend(range(40), None, filter_already_liked_items=False), expected
    )


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"min_score": "high"}, TypeError, "min_score must be a number, got str"),
        ({"min_score": float("nan")}, ValueError, "min_score must be a number, got nan"),
        ({"item_groups": [1, 2]}, ValueError, r"one group for each of 3000 items, got shape \(2,\)"),
        ({"item_groups": np.zeros(3000)}, TypeError, "item_groups must be integers, got float64"),
        (
            {"item_groups": np.zeros(3000, int), "max_per_group": 0},
            ValueError,
            "max_per_group must be at least 1",
        ),
        (
            {"item_groups": np.zeros(3000, int), "max_per_group": 1.5},
            TypeError,
            "max_per_group must be an integer",
        ),
    ],
)
def test_limits_that_mean_nothing(model, wrong, error, message):
    with pytest.raises(error, match=message):
        model.recommend(0, None, filter_already_liked_items=False, **wrong)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"itemid": 3000}, IndexError, "itemid 3000 is outside the model"),
        ({"itemid": [1]}, ValueError, "itemid must be a single id"),
        ({"itemid": 1, "by": "love"}, ValueError, "by must be 'score' or 'rank', got 'love'"),
        ({"itemid": 1, "N": 0}, ValueError, "N must be at least 1"),
        ({"itemid": 1, "users": [1], "filter_users": [2]}, ValueError, "cannot be used together"),
    ],
)
def test_audiences_that_mean_nothing(model, arguments, error, message):
    with pytest.raises(error, match=message):
        model.audience(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"users_per_block": 0, "filter_already_liked_items": False},
            "users_per_block must be at least 1, got 0",
        ),
        ({"user_items": sp.csr_array((59, 3000))}, "one row for each of 60 users, got 59"),
    ],
)
def test_recommending_to_all_with_the_wrong_blocks_or_rows(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        list(model.recommend_all(**arguments))
