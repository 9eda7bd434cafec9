"""EASE and SparseEASE against inverses and regressions by NumPy."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import EASE, SLIM, SparseEASE


def counts(seed, users=30, items=12):
    random = np.random.default_rng(seed)
    X = random.integers(0, 4, (users, items)) * (random.random((users, items)) < 0.4)
    X[:, 4] = 0
    return X.astype(np.float64)


def slow_ease(X, regularization):
    inverse = np.linalg.inv(X.T @ X + regularization * np.eye(X.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def slow_sparse_ease(X, regularization, K):
    gram = X.T @ X
    items = len(gram)
    lengths = np.sqrt(np.diag(gram))
    weights = np.zeros((items, items))
    for j in range(items):
        alike = {i: abs(gram[i, j]) / lengths[i] for i in range(items) if i != j and gram[i, j] != 0}
        near = sorted(alike, key=lambda i: (-alike[i], i))[:K]
        square = gram[np.ix_(near, near)] + regularization * np.eye(len(near))
        weights[near, j] = np.linalg.solve(square, gram[near, j])
    return weights


@given(seed=st.integers(0, 10**6), regularization=st.sampled_from([0.5, 3.0, 50.0]))
@settings(max_examples=20, deadline=None)
def test_ease_is_the_inverse_without_its_diagonal(seed, regularization):
    X = counts(seed)
    found = EASE(regularization).fit(sp.csr_array(X), show_progress=False).weights
    np.testing.assert_allclose(found, slow_ease(X, regularization), atol=1e-9)


@given(seed=st.integers(0, 10**6), regularization=st.sampled_from([0.5, 3.0, 50.0]), K=st.integers(1, 14))
@settings(max_examples=40, deadline=None)
def test_sparse_ease_is_a_regression_on_the_neighbours(seed, regularization, K):
    X = counts(seed)
    found = SparseEASE(regularization, K).fit(sp.csr_array(X), show_progress=False).similarity
    np.testing.assert_allclose(found.toarray(), slow_sparse_ease(X, regularization, K), atol=1e-9)


def test_with_all_neighbours_both_are_the_same():
    X = sp.csr_array(counts(1, users=200))  # every pair of items has a user, but for the one without users
    dense = EASE(20.0).fit(X, show_progress=False)
    sparse = SparseEASE(20.0, K=100).fit(X, show_progress=False)
    np.testing.assert_allclose(sparse.similarity.toarray(), dense.weights, atol=1e-12)
    ids, scores = dense.recommend([0, 1], X[[0, 1]], N=3)
    other_ids, other_scores = sparse.recommend([0, 1], X[[0, 1]], N=3)
    np.testing.assert_array_equal(ids, other_ids)
    np.testing.assert_allclose(scores, other_scores)


def test_bits_do_not_depend_on_threads():
    """Of enough data that several threads have something to do."""
    X = sp.csr_array((np.random.default_rng(0).random((3000, 300)) < 0.1).astype(np.float32))
    one, many = (SparseEASE(5.0, K=20, num_threads=n).fit(X, show_progress=False) for n in (1, 4))
    np.testing.assert_array_equal(one.similarity.data, many.similarity.data)
    np.testing.assert_array_equal(one.similarity.indices, many.similarity.indices)
    one, many = (EASE(5.0, num_threads=n).fit(X, show_progress=False) for n in (1, 4))
    np.testing.assert_array_equal(one.weights, many.weights)
    one, many = (SLIM(num_threads=n).fit(X, show_progress=False) for n in (1, 4))
    np.testing.assert_array_equal(one.similarity.data, many.similarity.data)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (SparseEASE(0.0), "regularization must be a finite number above 0"),
        (SparseEASE(K=0), "K must be at least 1"),
        (SparseEASE(num_threads=-1), "num_threads must be"),
        (EASE(-1.0), "regularization must be a finite number above 0"),
    ],
)
def test_parameters_out_of_range_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong.fit(sp.csr_array(counts(0)), show_progress=False)


def test_small_counts_are_not_lost_beside_large_ones():
    """A float of 32 bits that is 2^26 does not change when 1 is added to it."""
    plays = sp.csr_array(np.vstack([np.full((1, 2), 8192.0), np.ones((50_000, 2))]).astype(np.float32))
    product, regularization = 2.0**26 + 50_000, 2.0**26
    weights = EASE(regularization).fit(plays, show_progress=False).weights
    np.testing.assert_allclose(weights[0, 1], product / (product + regularization), rtol=1e-6)


def test_a_row_without_entries_gets_nothing_and_no_item_is_like_itself():
    X = sp.csr_array(counts(3))
    model = EASE(5.0).fit(X, show_progress=False)
    ids, scores = model.recommend([0, 1], sp.csr_array((2, 12)), N=3)
    assert (ids == -1).all()
    assert (scores == -np.inf).all()
    ids, _ = model.similar_items(np.arange(12), N=11)
    assert not (ids == np.arange(12)[:, None]).any()


def test_scores_of_what_is_not_finite_are_refused():
    X = sp.csr_array(counts(3))
    model = EASE(5.0).fit(X, show_progress=False)
    X.data[0] = np.nan
    with pytest.raises(ValueError, match="user_items must be finite, got nan"):
        model.score(0, X[[0]])


def test_regressions_for_which_there_is_no_memory_are_refused():
    """An item that many users have has very many neighbours, though few pairs of items have users in common."""
    users, own = 4000, 100
    columns = np.hstack([np.zeros((users, 1), int), 1 + np.arange(users * own).reshape(users, own)])
    ones = np.ones(columns.size, np.float32)
    plays = sp.csr_array((ones, (np.repeat(np.arange(users), own + 1), columns.ravel())))
    with pytest.raises(MemoryError, match="regressions on up to 400001 neighbours take .* of this machine"):
        SparseEASE(K=users * own + 1, num_threads=4).fit(plays, show_progress=False)


def test_many_neighbours_may_be_asked_for_where_there_are_none():
    narrow = sp.csr_array((np.ones(1), ([0], [0])), shape=(1, 200_000))
    assert SparseEASE(K=200_000).fit(narrow, show_progress=False).similarity.nnz == 0
