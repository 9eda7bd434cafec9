"""The fit against dense NumPy, entry for entry."""

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import random_ratings
from oracle import Oracle

from penchant import _core
from penchant.als import AlternatingLeastSquares

OBJECTIVES = {
    "defaults": {},
    "confidences below 1": {"alpha": 0.3},
    "linear": {"confidence": "linear", "alpha": 4.0},
    "log": {"confidence": "log", "alpha": 10.0, "epsilon": 0.1},
    "little weight for the unobserved": {"unobserved_weight": 0.05},
    "scaled regularization": {"regularization": 0.01, "regularization_exponent": 1.0},
    "everything at once": {
        "confidence": "log", "alpha": 3.0, "epsilon": 0.5, "unobserved_weight": 0.2, "regularization_exponent": 0.5,
    },
    "no weight for the unobserved, scaled regularization": {"unobserved_weight": 0.0, "regularization_exponent": 1.0},
    "no regularization, more factors than rank": {"regularization": 0.0, "factors": 24},
    "more factors than items": {"factors": 40},
    "one factor": {"factors": 1},
}  # fmt: skip
CONVERGED = {"cg_steps": 60}
SOLVERS = {
    "cg": {"solver": "cg", **CONVERGED},
    "dual": {"solver": "dual"},
    "cholesky": {"solver": "cholesky"},
    "auto": CONVERGED,
}


def oracle_for(model, ratings):
    return Oracle(
        ratings.toarray(), model.regularization, model.alpha, model.confidence, model.epsilon,
        model.unobserved_weight, model.regularization_exponent,
    )  # fmt: skip


def start(model, ratings, seed=1):
    random = np.random.default_rng(seed)
    X, Y = (random.normal(size=(n, model.factors)) for n in ratings.shape)
    model.user_factors, model.item_factors = X, Y
    return X, Y


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_epochs_equal_exact_epochs_in_dense_numpy(solver, objective):
    ratings = random_ratings()
    arguments = {"factors": 5, "regularization": 0.1, **OBJECTIVES[objective], **SOLVERS[solver]}
    model = AlternatingLeastSquares(**arguments, iterations=3, dtype=np.float64)
    oracle = oracle_for(model, ratings)
    expected_losses = []
    for X, Y in oracle.epochs(*start(model, ratings), 3, model.relaxation):
        expected_losses.append(oracle.loss(X, Y))
    model.fit(ratings, show_progress=False)
    np.testing.assert_allclose(model.user_factors @ model.item_factors.T, X @ Y.T, rtol=0, atol=1e-7)
    np.testing.assert_allclose(model.loss_history, expected_losses, rtol=1e-7, atol=1e-14)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_loss_is_the_dense_objective_also_where_cg_has_not_converged(objective):
    ratings = random_ratings()
    arguments = {"factors": 5, "regularization": 0.1, **OBJECTIVES[objective]}
    model = AlternatingLeastSquares(**arguments, iterations=2, dtype=np.float64, solver="cg", cg_steps=1)
    start(model, ratings)
    model.fit(ratings, show_progress=False)
    expected = oracle_for(model, ratings).loss(model.user_factors, model.item_factors)
    assert model.loss_history[-1] == pytest.approx(expected, rel=1e-9)
    csr = (15, ratings.indptr.astype(np.int64), ratings.indices.astype(np.int32), ratings.data)
    slow = _core.als.training_loss(csr, model.user_factors, model.item_factors, model._params())
    assert slow == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_float32_learns_every_objective_as_well_as_float64(objective, solver):
    ratings = random_ratings()
    arguments = {"factors": 5, "regularization": 0.1, **OBJECTIVES[objective], **SOLVERS[solver]}
    losses = []
    for dtype in (np.float32, np.float64):
        model = AlternatingLeastSquares(**arguments, iterations=4, dtype=dtype)
        start(model, ratings)
        model.fit(ratings, show_progress=False)
        oracle = oracle_for(model, ratings)
        losses.append(oracle.loss(model.user_factors.astype(float), model.item_factors.astype(float)))
    assert losses[0] == pytest.approx(losses[1], rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("regularization", [0.0, 1e-16, 1e-12, 1e-8, 1e-5])
def test_hardly_any_regularization_with_more_factors_than_rank_is_no_failure(regularization, dtype):
    for solver in SOLVERS.values():
        model = AlternatingLeastSquares(
            factors=40, regularization=regularization, dtype=dtype, random_state=0, **solver
        )
        model.fit(random_ratings(), show_progress=False)
        assert model.loss_history[-1] < 0.01


def test_users_who_only_dislike_get_zeros_however_long_the_fit():
    ratings = random_ratings(users=300, items=200)
    ratings = sp.vstack([ratings, sp.csr_array(-np.eye(2, 200))]).tocsr()
    for dtype in (np.float32, np.float64):
        model = AlternatingLeastSquares(factors=64, iterations=60, random_state=3, dtype=dtype)
        model.fit(ratings, show_progress=False)
        assert not model.user_factors[-2:].any()
        assert np.isfinite(model.user_factors).all()


def test_float32_agrees_with_float64_to_its_precision():
    ratings = random_ratings(users=60, items=40)
    losses = {}
    for dtype in (np.float32, np.float64):
        model = AlternatingLeastSquares(factors=8, regularization=0.1, dtype=dtype)
        start(model, ratings)
        losses[dtype] = model.fit(ratings, show_progress=False).loss_history
        assert model.user_factors.dtype == dtype
    # Where the CPU can, float32 gathers from halves: each of 2,400 pairs is rounded in the fourth digit, and what
    # is left of that in their sum is below it. On full-size data it is below the sixth.
    np.testing.assert_allclose(losses[np.float32], losses[np.float64], rtol=3e-4)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("factors", [1, 15, 16, 17, 40, 64, 100, 128, 130])
def test_any_number_of_factors_and_any_length_of_row_is_solved_exactly(factors, solver):
    # Rows of 0, 1, 2, f and 10 f entries, with confidences on both sides of the unobserved weight.
    random = np.random.default_rng(factors)
    lengths = [0, 1, 2, factors, 10 * factors, 65, 63]
    rows = np.zeros((len(lengths), max(lengths) + 5))
    for row, length in zip(rows, lengths, strict=True):
        row[random.choice(row.size, length, replace=False)] = random.lognormal(0.0, 1.5, length)
    ratings = sp.csr_array(rows)
    arguments = {**SOLVERS[solver], "cg_steps": 400}
    model = AlternatingLeastSquares(
        factors=factors, regularization=0.3, iterations=1, dtype=np.float64, **arguments
    )
    oracle = oracle_for(model, ratings)
    [(X, Y)] = oracle.epochs(*start(model, ratings), 1, model.relaxation)
    model.fit(ratings, show_progress=False)
    scores = X @ Y.T
    found = model.user_factors @ model.item_factors.T
    np.testing.assert_allclose(found, scores, rtol=0, atol=1e-6 * np.abs(scores).max())
    assert model.loss_history[0] == pytest.approx(oracle.loss(X, Y), rel=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_in_float32_all_solvers_end_at_the_same_loss(solver):
    ratings = random_ratings(users=300, items=200, density=0.1)
    arguments = {"factors": 24, "regularization": 0.1, "iterations": 8}
    exact = AlternatingLeastSquares(**arguments, dtype=np.float64, solver="cholesky")
    model = AlternatingLeastSquares(**arguments, **SOLVERS[solver])
    losses = []
    for each in (exact, model):
        start(each, ratings)
        each.fit(ratings, show_progress=False)
        losses.append(oracle_for(each, ratings).loss(each.user_factors, each.item_factors))
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


@pytest.mark.parametrize("solver", ["cg", "cholesky"])
def test_a_row_shared_by_all_threads_is_solved_like_any_other(solver):
    # 40,000 users of one item: more entries than a thread solves alone.
    users = 40_000
    random = np.random.default_rng(0)
    values = np.column_stack([random.lognormal(0, 1, users), random.random((users, 2)) < 0.5])
    ratings = sp.csr_array(values)
    fits = []
    for threads in (1, 2, 5):
        model = AlternatingLeastSquares(
            factors=3,
            iterations=2,
            dtype=np.float64,
            num_threads=threads,
            solver=solver,
            cg_steps=30,
        )
        begin = start(model, ratings)
        model.fit(ratings, show_progress=False)
        fits.append(model)
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0].item_factors, other.item_factors)
        assert fits[0].loss_history == other.loss_history
    oracle = oracle_for(model, ratings)
    *_, (X, Y) = oracle.epochs(*begin, 2, model.relaxation)
    np.testing.assert_allclose(model.user_factors[:100] @ model.item_factors.T, X[:100] @ Y.T, atol=1e-6)


def test_a_row_without_entries_gets_zeros():
    model = AlternatingLeastSquares(factors=4, random_state=0).fit(random_ratings(), show_progress=False)
    assert not model.user_factors[3].any()
    assert not model.item_factors[2].any()


def test_recalculated_rows_are_the_exact_solutions():
    ratings = random_ratings()
    model = AlternatingLeastSquares(factors=5, regularization=0.1, dtype=np.float64, random_state=0)
    model.fit(ratings, show_progress=False)
    oracle = oracle_for(model, ratings)
    users = oracle.solve_side(oracle.C, oracle.P, model.item_factors, oracle.user_lambda)
    items = oracle.solve_side(oracle.C.T, oracle.P.T, model.user_factors, oracle.item_lambda)
    np.testing.assert_allclose(model.recalculate_user(np.arange(20), ratings), users, atol=1e-9)
    np.testing.assert_allclose(model.recalculate_item(np.arange(15), ratings.T.tocsr()), items, atol=1e-9)
    np.testing.assert_allclose(model.recalculate_user(5, ratings[[5]]), users[5], atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_of_threads_does_not_change_a_bit(dtype):
    ratings = random_ratings(users=700, items=300)
    fits = []
    for threads in (1, 2, 3):
        model = AlternatingLeastSquares(
            factors=17, iterations=4, random_state=5, dtype=dtype, num_threads=threads
        )
        model.fit(ratings, show_progress=False)
        found = model.recommend(np.arange(700), ratings)
        alike = model.similar_items(np.arange(300))
        fits.append([model.user_factors, model.item_factors, model.loss_history, *found, *alike])
    for other in fits[1:]:
        for ours, theirs in zip(fits[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)
