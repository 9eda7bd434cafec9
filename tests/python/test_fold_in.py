"""Partial fits and explanations against exact solutions."""

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import random_ratings
from oracle import Oracle

from penchant import NotFittedError
from penchant.als import AlternatingLeastSquares
from penchant.utils import ParameterWarning

OBJECTIVES = [
    {},
    {"alpha": 0.3},
    {
        "confidence": "log",
        "alpha": 3.0,
        "epsilon": 0.5,
        "unobserved_weight": 0.2,
        "regularization_exponent": 0.5,
    },
    {"regularization": 0.0, "factors": 24},
]


def fitted(ratings, **parameters):
    parameters = {"factors": 5, "regularization": 0.1, "dtype": np.float64, "random_state": 0, **parameters}
    return AlternatingLeastSquares(**parameters).fit(ratings, show_progress=False)


def oracle_for(model, ratings):
    return Oracle(
        ratings.toarray(), model.regularization, model.alpha, model.confidence, model.epsilon,
        model.unobserved_weight, model.regularization_exponent,
    )  # fmt: skip


@pytest.mark.parametrize("parameters", OBJECTIVES)
@pytest.mark.parametrize("users", [1, 20])
def test_few_and_many_rows_are_solved_exactly(parameters, users):
    # With many columns the few rows take their own way: over the columns that they have.
    ratings = random_ratings(users=20, items=400, density=0.05)
    model = fitted(ratings, **parameters)
    oracle = oracle_for(model, ratings)
    expected = oracle.solve_side(oracle.C, oracle.P, model.item_factors, oracle.user_lambda)[:users]
    found = model.recalculate_user(np.arange(users), ratings[:users])
    scores = expected @ model.item_factors.T
    np.testing.assert_allclose(found @ model.item_factors.T, scores, atol=1e-7 * np.abs(scores).max())


def test_partial_fit_replaces_rows_and_adds_some():
    ratings = random_ratings(users=40)
    model = fitted(ratings[:20])
    before = model.user_factors
    model.recommend(0, ratings[[0]])
    model.partial_fit_users([25, 3], ratings[[30, 31]])
    assert model.user_factors.shape == (26, 5)
    np.testing.assert_array_equal(
        model.user_factors[[25, 3]], model.recalculate_user([0, 1], ratings[[30, 31]])
    )
    untouched = [u for u in range(20) if u != 3]
    np.testing.assert_array_equal(model.user_factors[untouched], before[untouched])
    assert not model.user_factors[20:25].any()
    ids, scores = model.recommend(25, None, N=15, filter_already_liked_items=False)
    np.testing.assert_allclose(
        scores, np.sort(model.user_factors[25] @ model.item_factors.T)[::-1], atol=1e-12
    )
    assert model.similar_users(25)[0][0] == 25


def test_new_items_are_found_at_once():
    ratings = random_ratings(users=40, items=1500, density=0.02)
    model = fitted(ratings)
    model.recommend(0, ratings[[0]])  # packs the items
    model.similar_items(0)
    best = sp.csr_array(np.full((1, 40), 50.0))
    model.partial_fit_items(1500, best)
    found = model.recommend(0, None, N=20, filter_already_liked_items=False)[0]
    scores = model.item_factors @ model.user_factors[0]
    assert found.tolist() == np.argsort(-scores, kind="stable")[:20].tolist()
    assert 1500 in found
    assert model.similar_items(1500, N=1)[0][0] == 1500
    user = sp.csr_array(([1.0], ([0], [1500])), shape=(1, 1501))
    oracle = Oracle(user.toarray(), 0.1, 1.0)
    expected = oracle.solve_side(oracle.C, oracle.P, model.item_factors, oracle.user_lambda)[0]
    np.testing.assert_allclose(model.recalculate_user(0, user), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, r: m.partial_fit_users([1, 1], r[:2]), ValueError, "userids must name each row once"),
        (lambda m, r: m.partial_fit_users([1], r[:2]), ValueError, "user_items must have one row for each of 1"),
        (lambda m, r: m.partial_fit_users([-1], r[:1]), IndexError, "userids -1"),
        (lambda m, r: m.partial_fit_users([0.5], r[:1]), TypeError, "userids must be an integer"),
        (lambda m, r: m.partial_fit_users([2**31], r[:1]), IndexError, "2147483648"),
        (lambda m, r: m.partial_fit_users([2**31 - 2], r[:1]), MemoryError, "GiB"),
        (lambda m, r: m.partial_fit_items([0], sp.csr_array((1, 21))), ValueError, "columns"),
        (lambda m, r: m.partial_fit_users([0], r[:1].toarray()), TypeError, "user_items must be a SciPy sparse"),
        (lambda m, r: m.explain(0, r, 99), IndexError, "itemid 99"),
        (lambda m, r: m.explain(99, r, 0), IndexError, "userid 99 is not a row"),
        (lambda m, r: m.explain([0], r, 0), ValueError, "userid must be a single id"),
        (lambda m, r: m.explain(0, r, 0, N=0), ValueError, "N must be at least 1"),
        (lambda m, r: m.explain(0, r, 0, user_weights=np.ones((2, 2))), ValueError, "user_weights must have shape"),
        (lambda m, r: m.explain(0, r * np.nan, 0), ValueError, "finite"),
        (lambda m, r: m.explain(0, sp.csr_array((1, 99)), 0), ValueError, "at most 15 columns"),
        (lambda m, r: AlternatingLeastSquares().explain(0, r, 0), NotFittedError, "fit first"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mistakes_leave_the_model_as_it_was(call, error, message):
    ratings = random_ratings(users=40)
    model = fitted(ratings[:20])
    before = model.user_factors, model.item_factors
    with pytest.raises(error, match=message):
        call(model, ratings)
    assert model.user_factors is before[0]
    assert model.item_factors is before[1]


@pytest.mark.parametrize("parameters", OBJECTIVES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_explanation_adds_up_to_the_score(parameters, dtype):
    ratings = random_ratings()
    model = fitted(ratings, **{**parameters, "dtype": dtype})
    for user in (0, 5):
        score, contributions, weights = model.explain(user, ratings, 4, N=100)
        exact = model.recalculate_user(user, ratings[[user]]) @ model.item_factors[4]
        assert score == pytest.approx(exact, rel=1e-3 if dtype == np.float32 else 1e-8, abs=1e-6)
        liked = ratings[[user]].indices[ratings[[user]].data > 0]
        assert sorted(item for item, _ in contributions) == sorted(liked.tolist())
        assert sum(value for _, value in contributions) == pytest.approx(score)
        assert [value for _, value in contributions] == sorted((v for _, v in contributions), reverse=True)
        one_row = model.explain(user, ratings[[user]], 4, user_weights=weights, N=2)
        assert one_row[0] == pytest.approx(score)
        assert one_row[1] == contributions[:2]


def test_other_formats_are_converted_with_a_warning():
    ratings = random_ratings()
    model = fitted(ratings)
    with pytest.warns(ParameterWarning, match="COO"):
        found = model.recalculate_user(0, ratings[[0]].tocoo())
    np.testing.assert_array_equal(found, model.recalculate_user(0, ratings[[0]]))
