"""RP3beta and P3alpha against products of dense matrices of probabilities."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import P3alpha, RP3beta


def plays(seed, dtype=np.float64):
    random = np.random.default_rng(seed)
    X = random.integers(1, 9, (40, 15)) * (random.random((40, 15)) < 0.3)
    X[:, 4] = 0
    X[7] = 0
    return X.astype(dtype)


def slow(X, alpha, beta, K, normalize):
    """Walks from item to user to item, each step to the power of alpha."""
    users, items = X.sum(axis=1, keepdims=True), X.sum(axis=0)
    to_user = np.divide(X.T, items[:, None], out=np.zeros(X.T.shape), where=items[:, None] > 0) ** alpha
    to_item = np.divide(X, users, out=np.zeros(X.shape), where=users > 0) ** alpha
    walks = (to_user * (X.T > 0)) @ (to_item * (X > 0))
    walks = np.divide(walks, items**beta, out=np.zeros(walks.shape), where=items > 0)
    np.fill_diagonal(walks, 0)
    for row in walks:
        row[np.argsort(-row, kind="stable")[K:]] = 0
        if normalize and row.sum() > 0:
            row /= row.sum()
    return walks


@given(
    seed=st.integers(0, 10**6), alpha=st.sampled_from([0.0, 0.57, 1.0, 2.0, 9.0]),
    beta=st.sampled_from([0.0, 0.2, 0.7]), K=st.sampled_from([4, 15]), normalize=st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_walks_are_products_of_probabilities(seed, alpha, beta, K, normalize):
    X = plays(seed)
    model = RP3beta(K=K, alpha=alpha, beta=beta, normalize=normalize)
    found = model.fit(sp.csr_array(X), show_progress=False).similarity.toarray()
    # In sorted order, as equal walks may change places where rounding decides.
    expected = slow(X, alpha, beta, K, normalize)
    np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=1e-9, atol=1e-300)
    if not normalize:
        # And each is where it belongs.
        everything = slow(X, alpha, beta, X.shape[1], normalize)
        np.testing.assert_allclose(found[found > 0], everything[found > 0], rtol=1e-9, atol=1e-300)


def test_without_beta_it_is_p3alpha():
    X = sp.csr_array(plays(3))
    rp3 = RP3beta(K=5, alpha=0.8, beta=0.0, normalize=False).fit(X, show_progress=False).similarity
    p3 = P3alpha(K=5, alpha=0.8, normalize=False).fit(X, show_progress=False).similarity
    np.testing.assert_array_equal(rp3.toarray(), p3.toarray())


@pytest.mark.parametrize("scale", [1.0, 1e12, 1e-12])
def test_steep_walks_over_heavy_edges_stay_finite(scale):
    X = plays(5, np.float32) * np.float32(scale)
    model = P3alpha(K=15, alpha=12.0, normalize=False).fit(sp.csr_array(X), show_progress=False)
    expected = slow(X.astype(np.float64), 12.0, 0.0, 15, False)
    np.testing.assert_allclose(np.sort(model.similarity.toarray()), np.sort(expected), rtol=1e-4, atol=1e-30)
