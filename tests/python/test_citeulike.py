"""CiteULike-a, on the split and with the settings of a published comparison."""

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import DATA

from penchant.als import AlternatingLeastSquares

# Ferrari Dacrema, Boglio, Cremonesi and Jannach, "A Troubling Analysis of Reproducibility and Progress in
# Recommender Systems Research", TOIS 2021, appendix: iALS on CiteULike-a, P = 10, Recall@150.
PUBLISHED_RECALL_AT_150 = 0.1834


def read(name):
    path = DATA / "citeulike-a" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; set PENCHANT_DATA to the folder above citeulike-a")
    rows = [[int(token) for token in line.split()][1:] for line in path.read_text().splitlines()]
    indptr = np.cumsum([0] + [len(row) for row in rows])
    indices = np.concatenate([np.array(row, dtype=np.int64) for row in rows])
    return sp.csr_array((np.ones(len(indices), np.float32), indices, indptr), shape=(5551, 16980))


def test_recall_is_the_published_one():
    train, test = read("cf-train-10-users.dat"), read("cf-test-10-users.dat")
    model = AlternatingLeastSquares(
        factors=50,
        iterations=60,
        alpha=50.0,
        confidence="log",
        epsilon=0.001,
        regularization=1e-5,
        random_state=0,
    )
    model.fit(train, show_progress=False)
    users = np.flatnonzero(np.diff(test.indptr))
    assert len(users) == 5139
    ids, _ = model.recommend(users, train[users], N=150)
    wanted = test[users].toarray() > 0
    recall = (np.take_along_axis(wanted, ids, axis=1).sum(1) / wanted.sum(1)).mean()
    assert recall == pytest.approx(PUBLISHED_RECALL_AT_150, abs=0.003)
