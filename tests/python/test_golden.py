"""The vectors that the Rust tests read too."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from penchant.als import AlternatingLeastSquares

GOLDEN = Path(__file__).parents[1] / "golden"


def read(name):
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("solver", ["auto", "cg", "dual", "cholesky"])
def test_als(solver):
    golden = read("als")
    ratings = sp.csr_array((golden["values"], golden["indices"], golden["indptr"]))
    model = AlternatingLeastSquares(
        **golden["parameters"], iterations=3, solver=solver, cg_steps=50, dtype=np.float64
    )
    model.user_factors = np.reshape(golden["user_factors"], (-1, 4))
    model.item_factors = np.reshape(golden["item_factors"], (-1, 4))
    model.fit(ratings, show_progress=False)
    np.testing.assert_allclose(model.loss_history, golden["losses"], rtol=1e-9)
    scores = model.user_factors @ model.item_factors.T
    np.testing.assert_allclose(scores.ravel(), golden["scores"], atol=1e-8)


def test_a_file_of_version_1_is_opened():
    model = AlternatingLeastSquares.load(GOLDEN / "model.safetensors")
    assert (model.factors, model.alpha, model.random_state) == (2, 3.0, 7)
    assert model.user_factors.tolist() == [[1, 2], [3, -4], [0.5, 0]]
    assert model.recommend(0, None, N=2, filter_already_liked_items=False)[0].tolist() == [2, 3]


def test_rank():
    golden = read("rank")
    model = AlternatingLeastSquares()
    model.user_factors = np.reshape(golden["user_factors"], (-1, 6)).astype(np.float32)
    model.item_factors = np.reshape(golden["item_factors"], (-1, 6)).astype(np.float32)
    ids, scores = model.recommend(np.arange(5), None, N=7, filter_already_liked_items=False)
    assert ids.tolist() == golden["ids"]
    assert scores.tolist() == golden["scores"]
