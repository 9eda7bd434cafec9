"""A fit that several workers share, all of them in this process."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from penchant import _core
from penchant.als import AlternatingLeastSquares
from penchant.datasets import made_plays

LEAVES = 16


def csr(matrix):
    matrix = matrix.tocsr()
    matrix.sort_indices()
    indptr, indices = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    return _core.rank.Matrix((matrix.shape[1], indptr, indices, matrix.data))


def bounds(matrix):
    """Rows with about as many entries in each leaf."""
    wanted = np.arange(LEAVES) * matrix.nnz / LEAVES
    return [*np.searchsorted(matrix.indptr, wanted).tolist(), matrix.shape[0]]


def sent(by_sender):
    """What each sender has for each receiver, as each receiver gets it."""
    return [list(received) for received in zip(*by_sender, strict=True)]


def total(by_worker):
    return _core.als.tree_total([node for nodes in by_worker for node in nodes])


def basis(grams, epoch):
    return _core.als.eigendecomposition(total(grams), epoch)


def fit(model, plays, count, first):
    """Fit together, and return factors and the sums of each epoch."""
    users, items = bounds(plays), bounds(plays.T.tocsr())
    ends = [rank * LEAVES // count for rank in range(count + 1)]
    workers = list(pairwise(ends))
    parts = []
    for rank, (a, b) in enumerate(workers):
        own = plays[users[a] : users[b]]
        part = _core.als.Part(model._params(), users, items, workers, rank, True, csr(own), csr(own.T))
        part.set_factors(first[0][users[a] : users[b]], first[1][items[a] : items[b]])
        parts.append(part)
    counts = [part.counts() for part in parts]
    owned = [slice(items[a], items[b]) for a, b in workers]
    shares = [
        part.meet([tuple(one[own] for one in count) for count in counts])
        for part, own in zip(parts, owned, strict=True)
    ]
    presence = [part.present(own) for part, own in zip(parts, sent(shares), strict=True)]
    for part, own in zip(parts, sent(presence), strict=True):
        part.meet_presence(own)
    losses = []
    for epoch in range(1, model.iterations + 1):
        items_basis = basis([part.begin_epoch(epoch) for part in parts], epoch)
        rows = sent([part.whiten(items_basis, model.regularization) for part in parts])
        solved = [part.solve_users(own, epoch) for part, own in zip(parts, rows, strict=True)]
        users_basis = basis([grams for grams, _ in solved], epoch)
        penalty = total([sums for _, sums in solved])[0]
        asks = [part.begin_items(users_basis, model.regularization) for part in parts]
        start = True
        while any(len(ask[0]) for row in asks for ask in row):
            answers = [part.pass_(own, start) for part, own in zip(parts, sent(asks), strict=True)]
            asks = [part.advance(own) for part, own in zip(parts, sent(answers), strict=True)]
            start = False
        losses.append(total([part.end_items(epoch) for part in parts])[0] + penalty)
    x, y = zip(*(part.factors() for part in parts), strict=True)
    return np.concatenate(x).reshape(-1, model.factors), np.concatenate(y).reshape(-1, model.factors), losses


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_workers_together_do_what_a_fit_does_whatever_their_number(dtype):
    plays = sp.csr_matrix(made_plays().matrix[:900], dtype=dtype)
    model = AlternatingLeastSquares(
        factors=12, iterations=3, regularization=0.05, dtype=dtype, num_threads=2, init="uniform"
    )
    random = np.random.default_rng(0)
    first = [(random.random((count, 12)) / 100).astype(dtype) for count in plays.shape]
    x, y, losses = fit(model, plays, 1, first)
    for count in (2, 3, 5):
        other = fit(model, plays, count, first)
        assert np.array_equal(other[0], x)
        assert np.array_equal(other[1], y)
        assert other[2] == losses
    alone = AlternatingLeastSquares(**model.get_params())
    alone.user_factors, alone.item_factors = first
    alone.fit(plays, show_progress=False)
    ratios = np.array(losses) / alone.loss_history
    # They are divided by the weight of all pairs, which the sums are not.
    assert np.allclose(ratios, ratios[0], rtol=1e-5)
    assert np.allclose(x @ y.T, alone.user_factors @ alone.item_factors.T, atol=0.02)


def test_sizes_that_do_not_fit_are_errors():
    plays = sp.csr_matrix(made_plays().matrix[:50], dtype=np.float32)
    params = AlternatingLeastSquares(factors=4)._params()
    users, items = bounds(plays), bounds(plays.T.tocsr())
    with pytest.raises(ValueError, match="number of users of this worker"):
        _core.als.Part(params, users, items, [(0, LEAVES)], 0, True, csr(plays[:7]), csr(plays[:7].T))
    part = _core.als.Part(params, users, items, [(0, LEAVES)], 0, True, csr(plays), csr(plays.T))
    with pytest.raises(ValueError, match="number of factors of users"):
        part.set_factors(np.zeros((3, 4), np.float32), np.zeros((plays.shape[1], 4), np.float32))
    with pytest.raises(TypeError):
        part.set_factors(np.zeros((50, 4)), np.zeros((plays.shape[1], 4)))
