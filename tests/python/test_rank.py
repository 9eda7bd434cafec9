"""Recommendations and neighbours against a full sort."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant._base import factor_store
from penchant.als import AlternatingLeastSquares


@pytest.fixture(autouse=True, scope="module", params=[1, 10**9], ids=["packed", "scanned"])
def smallest_index(request):
    """Both ways of searching: over packed candidates, and one candidate after the other."""
    before, factor_store._SMALLEST_INDEX = factor_store._SMALLEST_INDEX, request.param
    yield
    factor_store._SMALLEST_INDEX = before


def model_with(users, items, dtype=np.float32):
    model = AlternatingLeastSquares(factors=np.shape(users)[1], dtype=dtype)
    model.user_factors = np.asarray(users, dtype)
    model.item_factors = np.asarray(items, dtype)
    return model


def full_sort(scores, n, removed=(), only=None):
    """Ids and scores by sorting everything: higher score first, then the smaller id."""
    candidates = range(len(scores)) if only is None else sorted(set(only))
    kept = sorted((i for i in candidates if i not in removed), key=lambda i: (-scores[i], i))
    rest = [] if only is None else [i for i in candidates if i in removed]
    ids = kept + rest
    values = [scores[i] for i in kept] + [-np.inf] * len(rest)
    width = min(n, len(candidates))
    padding = max(0, width - len(ids))
    return (ids + [-1] * padding)[:width], (values + [-np.inf] * padding)[:width]


# Small whole numbers: exact products, and ties everywhere.
@st.composite
def problems(draw):
    users, items, f = draw(st.integers(1, 4)), draw(st.integers(1, 40)), draw(st.integers(1, 20))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X, Y = random.integers(-2, 3, (users, f)), random.integers(-2, 3, (items, f))
    liked = random.random((users, items)) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    some = st.none() | st.lists(st.integers(0, items - 1), max_size=items)
    which = draw(st.sampled_from(["plain", "filter", "only"]))
    chosen = draw(some) if which != "plain" else None
    return X, Y, liked, draw(st.integers(1, 45)), chosen, which, draw(st.booleans())


@settings(max_examples=300, deadline=None)
@given(problem=problems(), dtype=st.sampled_from([np.float32, np.float64]))
def test_recommendations_are_what_a_full_sort_gives(problem, dtype):
    X, Y, liked, n, chosen, which, filtering = problem
    model = model_with(X, Y, dtype)
    only, denied = (chosen, None) if which == "only" else (None, chosen)
    matrix = sp.csr_array(liked.astype(np.float32))
    userids = np.arange(len(X))
    ids, scores = model.recommend(
        userids, matrix, N=n, filter_already_liked_items=filtering, filter_items=denied, items=only
    )
    for user in userids:
        removed = set(denied or ()) | (set(np.flatnonzero(liked[user])) if filtering else set())
        expected_ids, expected_scores = full_sort(Y @ X[user], n, removed, only)
        assert ids[user].tolist() == expected_ids
        assert scores[user].tolist() == expected_scores
        one = model.recommend(
            int(user),
            matrix[[user]],
            N=n,
            filter_already_liked_items=filtering,
            filter_items=denied,
            items=only,
        )
        np.testing.assert_array_equal(one[0], ids[user])
        np.testing.assert_array_equal(one[1], scores[user])


@settings(max_examples=200, deadline=None)
@given(problem=problems())
def test_neighbours_are_what_a_full_sort_gives(problem):
    _, Y, _, n, chosen, which, _ = problem
    model = model_with(Y, Y, np.float64)
    only, denied = (chosen, None) if which == "only" else (None, chosen)
    norms = np.linalg.norm(Y, axis=1)
    norms[norms == 0] = 1
    cosines = np.clip((Y @ Y.T) / np.outer(norms, norms), -1, 1)
    itemids = np.arange(len(Y))
    ids, scores = model.similar_items(itemids, N=n, filter_items=denied, items=only)
    by_users = model.similar_users(itemids, N=n, filter_users=denied, users=only)
    np.testing.assert_array_equal(by_users[0], ids)
    for item in itemids:
        cosines[item, item] = 1
        removed = set(denied or ())
        _, expected_scores = full_sort(cosines[item], n, removed, only)
        np.testing.assert_allclose(scores[item], expected_scores, atol=1e-12)
        # Cosines of parallel rows are equal only up to rounding: compare what the ids stand for.
        stand_for = [-np.inf if i == -1 or i in removed else cosines[item, i] for i in ids[item]]
        np.testing.assert_allclose(stand_for, expected_scores, atol=1e-12)
        if item not in removed and (only is None or item in only):
            assert ids[item][0] == item
            assert scores[item][0] == 1


def test_shapes_and_types_follow_the_request():
    model = model_with(np.ones((4, 3)), np.arange(15.0).reshape(5, 3))
    one = model.recommend(2, None, N=3, filter_already_liked_items=False)
    assert [a.shape for a in one] == [(3,), (3,)]
    assert one[0].dtype == np.int32
    assert one[1].dtype == np.float32
    assert model.recommend([2], None, filter_already_liked_items=False)[0].shape == (1, 5)
    assert model.recommend([], None, filter_already_liked_items=False)[0].shape == (0, 5)
    assert model.recommend(np.int64(1), None, filter_already_liked_items=False)[0].shape == (5,)
    assert model.recommend(np.array(1), None, filter_already_liked_items=False)[0].shape == (5,)
    assert model.similar_items(0, N=100)[0].shape == (5,)


def test_the_matrix_may_be_narrower_than_the_model():
    model = model_with(np.ones((1, 1)), [[3.0], [2.0], [1.0]])
    ids, _ = model.recommend(0, sp.csr_array([[1.0, 0.0]]))
    assert ids.tolist() == [1, 2, -1]


def test_recalculating_answers_for_a_history_the_model_has_not_seen():
    plays = sp.csr_array([[9.0, 3.0, 0, 0], [5.0, 8.0, 0, 0], [0, 0, 4.0, 7.0], [0, 0, 6.0, 5.0]])
    model = AlternatingLeastSquares(factors=2, random_state=0).fit(plays, show_progress=False)
    changed = sp.csr_array([[0, 0, 5.0, 0]])
    assert model.recommend(0, changed, N=1, recalculate_user=True)[0].tolist() == [3]
    # What was liked is still the matrix that was given: item 0 scores highest for the user as fitted.
    assert model.recommend(0, changed, N=1)[0].tolist() == [0]
    ids, scores = model.similar_items(
        0, N=3, recalculate_item=True, item_users=sp.csr_array([[0, 0, 5.0, 5.0]])
    )
    assert ids[0] == 0
    assert sorted(ids[1:].tolist()) == [2, 3]
    assert scores.min() > 0.9


def test_no_ids_are_a_request_for_nothing():
    plays = sp.csr_array(np.eye(4, 5))
    model = model_with(np.ones((4, 3)), np.ones((5, 3)))
    model.factors = 3
    assert model.recalculate_user([], plays[:0]).shape == (0, 3)
    assert model.recommend([], plays[:0], recalculate_user=True)[0].shape == (0, 5)
    assert model.similar_items([], recalculate_item=True, item_users=sp.csr_array((0, 4)))[0].shape == (0, 5)
    with pytest.raises(TypeError, match="must be an integer"):
        model.recalculate_user("abc", plays[[0]])


CALLS = {
    "user too large": (
        lambda m, p: m.recommend(4, p[[0]]),
        IndexError,
        "userid 4 is outside the model, which has 4",
    ),
    "user negative": (lambda m, p: m.recommend(-1, p[[0]]), IndexError, "userid -1"),
    "user a string": (lambda m, p: m.recommend("0", p[[0]]), TypeError, "userid"),
    "user a float": (lambda m, p: m.recommend(0.0, p[[0]]), TypeError, "userid"),
    "users in two dimensions": (lambda m, p: m.recommend([[0]], p[[0]]), ValueError, "userid"),
    "item too large": (lambda m, p: m.similar_items(5), IndexError, "itemid 5"),
    "filter too large": (lambda m, p: m.recommend(0, p[[0]], filter_items=[9]), IndexError, "filter_items 9"),
    "listed negative": (lambda m, p: m.recommend(0, p[[0]], items=[-2]), IndexError, "items -2"),
    "list and filter": (
        lambda m, p: m.recommend(0, p[[0]], items=[1], filter_items=[2]),
        ValueError,
        "together",
    ),
    "row counts differ": (lambda m, p: m.recommend([0, 1], p), ValueError, "2 users, got 4"),
    "full matrix for one": (lambda m, p: m.recommend(0, p), ValueError, "1 users, got 4"),
    "no matrix": (lambda m, p: m.recommend(0, None), ValueError, "user_items"),
    "not CSR": (lambda m, p: m.recommend(0, p[[0]].tocsc()), ValueError, "CSR"),
    "too wide": (lambda m, p: m.recommend(0, sp.csr_array((1, 9))), ValueError, "columns of user_items"),
    "N of zero": (lambda m, p: m.recommend(0, p[[0]], N=0), ValueError, "N must be at least 1"),
    "N a float": (lambda m, p: m.recommend(0, p[[0]], N=2.0), TypeError, "N must be an integer, got float"),
    "N negative": (lambda m, p: m.recommend(0, p[[0]], N=-2), ValueError, "N must be at least 1"),
    "item_users missing": (lambda m, p: m.similar_items(0, recalculate_item=True), TypeError, "item_users"),
    "factors of text": (lambda m, p: setattr(m, "user_factors", [["a"]]), TypeError, "user_factors"),
    "factors of one dimension": (
        lambda m, p: setattr(m, "user_factors", np.ones(3)),
        ValueError,
        "user_factors",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_mistakes_are_answered(name):
    call, error, message = CALLS[name]
    plays = sp.csr_array(np.eye(4, 5))
    model = model_with(np.ones((4, 3)), np.ones((5, 3)))
    with pytest.raises(error, match=message):
        call(model, plays)
