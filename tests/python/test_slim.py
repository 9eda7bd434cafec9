"""SLIM against coordinate descent with dense matrices, and against the conditions of a minimum."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant.slim import SLIM
from penchant.sparse_ease import SparseEASE


def slow(X, l1, l2, sweeps):
    gram = X.T @ X
    items = len(gram)
    weights = np.zeros((items, items))
    for j in range(items):
        w = np.zeros(items)
        for _ in range(sweeps):
            for i in range(items):
                if i != j and gram[i, i] > 0:
                    rest = gram[i, j] - (gram[i] @ w - gram[i, i] * w[i])
                    w[i] = max(rest - l1, 0) / (gram[i, i] + l2)
        weights[:, j] = w
    return weights


@given(seed=st.integers(0, 10**6), l1=st.sampled_from([0.0, 0.3, 2.0]), l2=st.sampled_from([0.5, 3.0, 50.0]))
@settings(max_examples=20, deadline=None)
def test_the_weights_are_the_minimum(seed, l1, l2):
    random = np.random.default_rng(seed)
    X = random.integers(0, 4, (25, 9)) * (random.random((25, 9)) < 0.4)
    X[:, 4] = 0
    X = X.astype(np.float64)
    model = SLIM(l1, l2, iterations=3000, tolerance=1e-12).fit(sp.csr_array(X + 0.0), show_progress=False)
    found = model.similarity.toarray()
    np.testing.assert_allclose(found, slow(X, l1, l2, 3000), atol=1e-7)
    assert (np.diag(found) == 0).all()
    # Where a weight is above 0 the gradient vanishes, and where it is 0 it would only grow worse.
    gradient = X.T @ (X @ found - X) + l2 * found + l1
    np.fill_diagonal(gradient, 0)
    np.testing.assert_allclose(gradient[found > 0], 0, atol=1e-6)
    assert (gradient[found == 0] > -1e-6).all()


def test_bits_do_not_depend_on_threads_and_negative_values_are_refused():
    X = sp.csr_array((np.random.default_rng(0).random((200, 90)) < 0.1).astype(np.float32))
    one = SLIM(0.5, 5.0, num_threads=1).fit(X, show_progress=False).similarity
    many = SLIM(0.5, 5.0, num_threads=4).fit(X, show_progress=False).similarity
    np.testing.assert_array_equal(one.data, many.data)
    np.testing.assert_array_equal(one.indices, many.indices)
    with pytest.raises(ValueError, match="a value of user_items must be at least 0"):
        SLIM().fit(-X, show_progress=False)
    for wrong, message in [
        (SLIM(-1), "l1_regularization must be"),
        (SLIM(l2_regularization=np.inf), "l2_regularization must be"),
        (SLIM(iterations=0), "iterations must be at least 1"),
        (SLIM(tolerance=-1.0), "tolerance must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            wrong.fit(X)


@pytest.mark.parametrize("model", [SLIM(), SparseEASE()])
def test_products_that_are_too_large_are_an_error_that_says_so(model):
    X = sp.csr_array(np.full((3, 2), 1e25, np.float32))
    with pytest.raises(
        ValueError, match="products of items are too large .* scale user_items down, or use float64"
    ):
        model.fit(X, show_progress=False)
    model.fit(X.astype(np.float64), show_progress=False)
