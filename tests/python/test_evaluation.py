"""Splits and metrics against their definitions, written out one user at a time."""

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import random_ratings
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import Recommender
from penchant import evaluation as ev
from penchant.als import AlternatingLeastSquares


class Fixed:
    """Recommends from a table."""

    def __init__(self, ids):
        self.ids = np.asarray(ids)

    def recommend(self, userids, user_items, N):
        assert user_items.shape[0] == len(userids)
        ids = self.ids[userids, :N]
        return ids, np.zeros(ids.shape)


def by_hand(ids, test, K):
    """Every metric from its definition, in plain Python."""
    rows = {name: [] for name in ("hits", "best", "ap", "gain", "ideal", "auc", "relevant", "rr")}
    for user, row in enumerate(ids):
        relevant = set(test[[user]].indices.tolist())
        if not relevant:
            continue
        listed = [i for i in row[:K] if i >= 0]
        places = [p for p, i in enumerate(row[:K], 1) if i in relevant]
        rows["hits"].append(len(places))
        rows["relevant"].append(len(relevant))
        rows["best"].append(min(K, len(relevant)))
        rows["ap"].append(sum((n + 1) / p for n, p in enumerate(places)))
        rows["gain"].append(sum(1 / np.log2(p + 1) for p in places))
        rows["ideal"].append(sum(1 / np.log2(p + 1) for p in range(1, min(K, len(relevant)) + 1)))
        rows["rr"].append(1 / places[0] if places else 0)
        # All items in order: the list, then the rest, of which every order is as likely.
        negatives = set(range(test.shape[1])) - relevant
        if negatives:
            pairs = 0.0
            for i in relevant:
                for j in negatives:
                    if i in listed and j in listed:
                        pairs += listed.index(i) < listed.index(j)
                    elif i in listed or j in listed:
                        pairs += i in listed
                    else:
                        pairs += 0.5
            rows["auc"].append(pairs / (len(relevant) * len(negatives)))
    return {name: np.array(values, dtype=float) for name, values in rows.items()}


@st.composite
def lists(draw):
    users, items = draw(st.integers(1, 6)), draw(st.integers(1, 12))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    test = random.random((users, items)) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    width = draw(st.integers(1, items))
    ids = np.array([random.permutation(items)[:width] for _ in range(users)], dtype=np.int32)
    for row in ids:  # slots at the end that could not be filled
        row[width - random.integers(0, width + 1) :] = -1
    return ids, sp.csr_array(test.astype(np.float32)), draw(st.integers(1, 15))


@settings(max_examples=300, deadline=None)
@given(lists())
def test_metrics_are_their_definitions(drawn):
    ids, test, K = drawn
    train = sp.csr_array(test.shape, dtype=np.float32)
    if test.nnz == 0:
        with pytest.raises(ValueError, match="test_user_items has no stored entries"):
            ev.ranking_metrics_at_k(Fixed(ids), train, test, K, show_progress=False)
        return
    hand = by_hand(ids, test, K)
    found = ev.ranking_metrics_at_k(Fixed(ids), train, test, K, show_progress=False)
    assert found["precision"] == pytest.approx(hand["hits"].sum() / hand["best"].sum())
    assert found["map"] == pytest.approx((hand["ap"] / hand["best"]).mean())
    assert found["ndcg"] == pytest.approx((hand["gain"] / hand["ideal"]).mean())
    assert found["auc"] == pytest.approx(hand["auc"].mean() if len(hand["auc"]) else np.nan, nan_ok=True)
    textbook = ev.evaluate(Fixed(ids), train, test, K, show_progress=False)
    assert textbook["precision"] == pytest.approx((hand["hits"] / K).mean())
    assert textbook["recall"] == pytest.approx((hand["hits"] / hand["relevant"]).mean())
    assert textbook["hit_rate"] == pytest.approx((hand["hits"] > 0).mean())
    assert textbook["reciprocal_rank"] == pytest.approx(hand["rr"].mean())
    assert textbook["map"] == pytest.approx((hand["ap"] / hand["relevant"]).mean())
    assert textbook["ndcg"] == pytest.approx((hand["gain"] / hand["ideal"]).mean())
    shown = ids[np.diff(test.indptr) > 0, :K]
    assert textbook["coverage"] == pytest.approx(len(set(shown[shown >= 0])) / test.shape[1])


def test_the_numbers_are_those_of_implicit():
    # From implicit 0.7.3 on this very list and test data.
    ids = np.array([[3, 1, 4, 0], [0, 2, 5, 1], [5, 4, 3, 2]], dtype=np.int32)
    test = sp.csr_array(np.array([[1, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0], [1, 0, 1, 1, 1, 1]], np.float32))
    found = ev.ranking_metrics_at_k(
        Fixed(ids), sp.csr_array(test.shape), test, K=4, show_progress=False, num_threads=1
    )
    expected = {
        "precision": 0.8571428571428571,
        "map": 0.5833333333333334,
        "ndcg": 0.6257384384460164,
        "auc": 0.5833333333333334,
    }
    assert found == pytest.approx(expected)
    assert ev.precision_at_k(Fixed(ids), test, test, 4, show_progress=False) == pytest.approx(
        expected["precision"]
    )
    assert ev.mean_average_precision_at_k(Fixed(ids), test, test, 4, False) == pytest.approx(expected["map"])
    assert ev.ndcg_at_k(Fixed(ids), test, test, 4, False) == pytest.approx(expected["ndcg"])
    assert ev.AUC_at_k(Fixed(ids), test, test, 4, False) == pytest.approx(expected["auc"])


def factors_with_ties(seed, users=12, items=9):
    """A model whose scores are often equal, with users and items about which it knows nothing."""
    random = np.random.default_rng(seed)
    model = AlternatingLeastSquares(factors=2)
    x = random.integers(0, 3, (users, 2)).astype(np.float32)
    model.user_factors = x * (random.random((users, 1)) < 0.8)
    y = random.integers(-1, 3, (items, 2)).astype(np.float32)
    model.item_factors = y * (random.random((items, 1)) < 0.8)
    train = sp.csr_array((random.random((users, items)) < 0.25).astype(np.float32))
    test = sp.csr_array((random.random((users, items)) < 0.3).astype(np.float32)) - train
    return model, train, sp.csr_array(test.multiply(test > 0))


@pytest.mark.parametrize("K", [1, 3, 20])
@pytest.mark.parametrize("seed", range(20))
def test_how_users_and_items_are_numbered_changes_nothing(seed, K):
    model, train, test = factors_with_ties(seed)
    train, test = sp.csr_array(train), sp.csr_array(test)
    test.eliminate_zeros()
    found = ev.evaluate(model, train, test, K, show_progress=False)
    random = np.random.default_rng(seed)
    users, items = random.permutation(train.shape[0]), random.permutation(train.shape[1])
    other = AlternatingLeastSquares(factors=2)
    other.user_factors, other.item_factors = model.user_factors[users], model.item_factors[items]
    again = ev.evaluate(other, train[users][:, items], test[users][:, items], K, show_progress=False)
    assert again == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_equal_scores_count_as_the_mean_over_all_their_orders(seed):
    model, train, test = factors_with_ties(seed)
    test = sp.csr_array(test)
    test.eliminate_zeros()
    found = ev.evaluate(model, train, test, 3, show_progress=False)
    random = np.random.default_rng(seed)
    sums = []
    for _ in range(400):
        # The model's own order, items being numbered anew each time; a wrapper hides that scores are equal.
        items = random.permutation(train.shape[1])
        other = AlternatingLeastSquares(factors=2)
        other.user_factors, other.item_factors = model.user_factors, model.item_factors[items]

        class Hidden:
            user_factors = model.user_factors
            recommend = other.recommend

        values = ev.evaluate(Hidden(), train[:, items], test[:, items], 3, show_progress=False)
        values.pop("coverage")
        sums.append(list(values.values()))
    found.pop("coverage")
    error = np.std(sums, axis=0) / np.sqrt(len(sums))
    np.testing.assert_array_less(np.abs(np.mean(sums, axis=0) - list(found.values())), 4 * error + 1e-9)


def test_users_about_whom_nothing_is_known_are_left_out_and_counted():
    ratings = random_ratings(users=60, items=30)
    train, test = ev.train_test_split(abs(ratings), random_state=0)
    train = train.tolil()
    train[:20] = 0
    train = sp.csr_array(train)
    train.eliminate_zeros()
    model = AlternatingLeastSquares(factors=4, random_state=0).fit(train, show_progress=False)
    found = ev.evaluate(model, train, test, show_progress=False)
    asked = np.diff(test.indptr) > 0
    known = asked & (np.diff(train.indptr) > 0)
    assert (found["users"], found["cold_users"]) == (known.sum(), (asked & ~known).sum())
    only = sp.csr_array(sp.diags_array(known.astype(np.float32)) @ test)
    only.eliminate_zeros()
    assert found | {"cold_users": 0.0} == pytest.approx(ev.evaluate(model, train, only, show_progress=False))
    missed = ev.evaluate(model, train, test, show_progress=False, cold_as_misses=True)
    assert missed["users"] == asked.sum()
    assert missed["recall"] == pytest.approx(found["recall"] * known.sum() / asked.sum())
    cold = sp.csr_array(sp.diags_array((asked & ~known).astype(np.float32)) @ test)
    cold.eliminate_zeros()
    with pytest.raises(ValueError, match="knows nothing about any of the .* users with test items"):
        ev.evaluate(model, train, cold, show_progress=False)
    assert ev.evaluate(model, train, cold, show_progress=False, cold_as_misses=True)["recall"] == 0


class Always:
    """Answers with the same lists, whatever is asked."""

    def __init__(self, ids):
        self.ids = np.asarray(ids)

    def recommend(self, userids, user_items, N):
        ids = self.ids[userids]
        return ids, np.zeros(ids.shape)


def test_lists_that_repeat_or_are_too_long_are_refused():
    test = sp.csr_array(np.eye(3, 6, dtype=np.float32))
    for measure in (ev.evaluate, ev.ranking_metrics_at_k):
        with pytest.raises(ValueError, match="must list an item once, got item 4 twice in row 1"):
            measure(Always([[0, 1, -1, -1], [4, 2, 4, -1], [1, 2, 3, 4]]), test, test, 4, show_progress=False)
        with pytest.raises(ValueError, match="at most N=3 items for each user, got 4"):
            measure(Always([[0, 1, 2, 3]] * 3), test, test, 3, show_progress=False)
        with pytest.raises(TypeError, match=r"a Recommender: pass its model, recommender\.model"):
            measure(Recommender(), test, test, show_progress=False)


def test_more_places_than_items_is_no_problem():
    ratings = random_ratings()
    train, test = ev.train_test_split(ratings, random_state=0)
    model = AlternatingLeastSquares(factors=3, random_state=0).fit(train, show_progress=False)
    found = ev.ranking_metrics_at_k(model, train, test, K=1000, show_progress=False)
    assert all(0 <= value <= 1 for value in found.values())


def test_the_number_of_threads_changes_nothing():
    ratings = random_ratings(users=300, items=80)
    train, test = ev.train_test_split(ratings, random_state=0)
    model = AlternatingLeastSquares(factors=8, random_state=0).fit(train, show_progress=False)
    one, three = (
        ev.evaluate(model, train, test, show_progress=False, num_threads=threads) for threads in (1, 3)
    )
    assert one == three


@pytest.mark.parametrize("form", [sp.csr_array, sp.csr_matrix, sp.coo_array, sp.csc_matrix])
def test_a_split_keeps_every_entry_once(form):
    ratings = random_ratings(users=100, items=50)
    train, test = ev.train_test_split(form(abs(ratings)), train_percentage=0.7, random_state=3)
    assert (train + test != abs(ratings)).nnz == 0
    assert train.multiply(test).nnz == 0
    assert test.nnz / ratings.nnz == pytest.approx(0.3, abs=0.05)
    assert isinstance(train, sp.sparray) == issubclass(form, sp.sparray)
    assert train.format == "csr"


def test_the_split_of_a_seed_is_that_of_implicit():
    # implicit 0.7.3 draws one number for each entry from default_rng(seed), in the order of a COO matrix.
    ratings = random_ratings()
    train, test = ev.train_test_split(ratings, random_state=5)
    chosen = np.random.default_rng(5).random(ratings.nnz) < 0.8
    coo = ratings.tocoo()
    expected = sp.csr_array((coo.data[chosen], (coo.row[chosen], coo.col[chosen])), shape=ratings.shape)
    assert (train != expected).nnz == 0
    assert test.nnz == (coo.data[~chosen] > 0).sum()
    assert (test.data > 0).all()


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("train_only", [0.0, 0.4])
def test_leave_k_out_takes_k_entries_of_those_with_enough(K, train_only):
    ratings = random_ratings(users=200, items=40, density=0.1)
    train, test = ev.leave_k_out_split(ratings, K=K, train_only_size=train_only, random_state=1)
    assert abs(train + test - ratings).max() == 0
    enough = np.diff(ratings.indptr) > K + 1
    left = np.diff(test.indptr)
    assert set(left) <= {0, K}
    assert not left[~enough].any()
    if train_only == 0.0:
        assert (left[enough] == K).all()
    else:
        assert 0.3 < (left[enough] == 0).mean() < 0.5
    again = ev.leave_k_out_split(ratings, K=K, train_only_size=train_only, random_state=1)
    other = ev.leave_k_out_split(ratings, K=K, train_only_size=train_only, random_state=2)
    assert (again[1] != test).nnz == 0
    assert (other[1] != test).nnz > 0


@pytest.mark.parametrize("form", ["coo", "csr"])
def test_repeats_in_a_narrow_type_do_not_overflow(form):
    entries = np.full(2, 100, np.int8), (np.array([0, 0]), np.array([1, 1]))
    matrix = sp.coo_array(entries, shape=(2, 3))
    if form == "csr":
        matrix = sp.csr_array((entries[0], np.array([1, 1]), np.array([0, 2, 2])), shape=(2, 3))
    train, _ = ev.train_test_split(matrix, train_percentage=1.0)
    assert train.toarray().tolist() == [[0, 200, 0], [0, 0, 0]]


def test_leave_one_out_is_uniform_over_a_users_entries():
    ratings = sp.csr_array(np.ones((4000, 4)))
    _, test = ev.leave_k_out_split(ratings, random_state=0)
    # 1,000 each expected; the standard deviation is 27.
    assert np.abs(test.sum(0) - 1000).max() < 150


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, r: ev.train_test_split(r, 1.5), ValueError, "train_percentage must be between 0 and 1"),
        (lambda m, r: ev.train_test_split(r, "half"), TypeError, "train_percentage must be a number"),
        (lambda m, r: ev.train_test_split(r.toarray()), TypeError, "ratings must be a SciPy sparse"),
        (lambda m, r: ev.leave_k_out_split(r, K=0), ValueError, "K must be at least 1"),
        (lambda m, r: ev.leave_k_out_split(r, K=1.0), TypeError, "K must be an integer"),
        (lambda m, r: ev.leave_k_out_split(r, train_only_size=1.0), ValueError, "train_only_size"),
        (lambda m, r: ev.evaluate(m, r, r[:5], show_progress=False), ValueError, "same shape"),
        (lambda m, r: ev.evaluate(m, r, r, K=0, show_progress=False), ValueError, "K must be at least 1"),
        (lambda m, r: ev.evaluate(m, None, r, show_progress=False), TypeError, "train_user_items"),
        (lambda m, r: ev.evaluate(Fixed([[0.5]] * 20), r, r, show_progress=False), TypeError, "integer ids"),
        (lambda m, r: ev.evaluate(AlternatingLeastSquares(), r, r, show_progress=False), ValueError, "fit first"),
    ],
)  # fmt: skip
def test_mistakes_are_answered(call, error, message):
    ratings = random_ratings()
    model = AlternatingLeastSquares(factors=2, random_state=0).fit(ratings, show_progress=False)
    with pytest.raises(error, match=message):
        call(model, ratings)
