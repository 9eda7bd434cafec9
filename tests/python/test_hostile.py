"""Every public function with arguments that nobody should pass.

Each call ends in a right result or in an exception that the documentation names, and a call that fails changes
nothing. ``PENCHANT_FUZZ`` says how many examples each test makes; `make fuzz` makes many.
"""

import io
import os
import warnings

import hostile
import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from penchant import ModelFitError, ModelFormatError, NotFittedError, evaluation
from penchant import nearest_neighbours as nn
from penchant.als import AlternatingLeastSquares

EXAMPLES = int(os.environ.get("PENCHANT_FUZZ", "200"))
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

USERS, ITEMS = 7, 9
NAMED = (ValueError, TypeError, IndexError, NotFittedError, ModelFitError, MemoryError)


def attempt(call, model=None, named=NAMED):
    """The result, or None after an exception that is documented, says something, and has changed nothing."""
    before = model and model._store.sides
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = call()
        except named as error:
            message = str(error)
        else:
            event("answered")
            return found
    event("refused")
    assert message
    assert model is None or model._store.sides is before
    return None


def model_of(dtype=np.float32, factors=3):
    random = np.random.default_rng(0)
    model = AlternatingLeastSquares(factors=factors, dtype=dtype, iterations=2, random_state=0, num_threads=1)
    # Small whole numbers, so that scores are exact and ties are common.
    model.user_factors = random.integers(-2, 3, (USERS, factors)).astype(dtype)
    model.item_factors = random.integers(-2, 3, (ITEMS, factors)).astype(dtype)
    return model


def full_sort(scores, n, filtered):
    kept = sorted((i for i in range(len(scores)) if i not in filtered), key=lambda i: (-scores[i], i))[:n]
    width = min(n, len(scores))
    return kept + [-1] * (width - len(kept))


@fuzzed
@given(
    userid=hostile.ids(USERS), data=st.data(), N=hostile.numbers(st.integers(1, 12)), filtering=hostile.flags(),
    filter_items=st.none() | hostile.ids(ITEMS), items=st.none() | hostile.ids(ITEMS),
    recalculate=st.booleans(), min_score=st.none() | hostile.numbers(st.floats(-3, 3)),
    groups=hostile.mostly(st.sampled_from([None, np.arange(ITEMS) % 3]), hostile.ids(ITEMS)), most=hostile.numbers(st.just(1)),
)  # fmt: skip
def test_recommend(userid, data, N, filtering, filter_items, items, recalculate, min_score, groups, most):
    model = model_of()
    rows = (
        data.draw(hostile.mostly(st.just(np.size(userid)), st.integers(0, 3))) if np.size(userid) < 20 else 1
    )
    matrix = data.draw(hostile.matrices(rows, ITEMS))
    limits = {"min_score": min_score, "item_groups": groups, "max_per_group": most}
    found = attempt(
        lambda: model.recommend(userid, matrix, N, filtering, filter_items, recalculate, items, **limits),
        model,
    )
    if found is None:
        return
    ids, scores = np.atleast_2d(found[0]), np.atleast_2d(found[1])
    assert ids.shape == scores.shape
    assert ((ids >= -1) & (ids < ITEMS)).all()
    if items is None and min_score is None and groups is None and not recalculate:
        removed = set(np.atleast_1d([] if filter_items is None else filter_items).tolist())
        for row, user in enumerate(np.atleast_1d(userid).tolist()):
            liked = (
                set(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist())
                if filtering
                else set()
            )
            expected = full_sort(model.item_factors @ model.user_factors[user], int(N), removed | liked)
            assert ids[row].tolist() == expected


@fuzzed
@given(
    which=st.sampled_from(["items", "users"]), rowid=hostile.ids(ITEMS), N=hostile.numbers(st.integers(1, 12)),
    without=st.none() | hostile.ids(ITEMS), only=st.none() | hostile.ids(ITEMS), data=st.data(),
)  # fmt: skip
def test_similar(which, rowid, N, without, only, data):
    model = model_of()
    if which == "users":
        found = attempt(lambda: model.similar_users(rowid, N, without, only))
        factors = model.user_factors
    else:
        matrix = data.draw(st.none() | hostile.matrices(np.size(rowid) if np.size(rowid) < 20 else 1, USERS))
        recalculate = matrix is not None
        found = attempt(lambda: model.similar_items(rowid, N, recalculate, matrix, without, only))
        factors = model.item_factors
    if found is None:
        return
    ids, scores = np.atleast_2d(found[0]), np.atleast_2d(found[1])
    assert ((ids >= -1) & (ids < len(factors))).all()
    assert (scores <= 1).all()
    if without is None and only is None:
        assert (ids[:, 0] == np.atleast_1d(rowid)).all()


@fuzzed
@given(
    itemid=hostile.ids(ITEMS), N=hostile.numbers(st.integers(1, 9)), by=hostile.mostly(st.sampled_from(["score", "rank"]), st.sampled_from(["x", None])),
    without=st.none() | hostile.ids(USERS), only=st.none() | hostile.ids(USERS),
)  # fmt: skip
def test_audience(itemid, N, by, without, only):
    model = model_of()
    found = attempt(lambda: model.audience(itemid, N, by, without, only))
    if found is not None and without is None and only is None and by == "score":
        scores = model.user_factors @ model.item_factors[int(itemid)]
        assert found[0].tolist() == full_sort(scores, min(int(N), USERS), set())


@fuzzed
@given(
    matrix=hostile.matrices(USERS, ITEMS), N=hostile.numbers(st.integers(1, 9)), filtering=hostile.flags(),
    size=hostile.numbers(st.none() | st.integers(1, 5)), without=st.none() | hostile.ids(ITEMS),
)  # fmt: skip
def test_recommend_all(matrix, N, filtering, size, without):
    model = model_of()

    def call():
        blocks = model.recommend_all(matrix, N, filtering, without, users_per_block=size, show_progress=False)
        return np.concatenate([ids for ids, _ in blocks])

    found = attempt(call)
    if found is not None:
        expected = attempt(lambda: model.recommend(np.arange(USERS), matrix, N, filtering, without))
        np.testing.assert_array_equal(found, expected[0])


@fuzzed
@given(
    rowids=hostile.ids(USERS), data=st.data(), which=st.sampled_from(["user", "item"]), keep=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_folding_in(rowids, data, which, keep, dtype):
    model = model_of(dtype)
    columns = ITEMS if which == "user" else USERS
    rows = (
        data.draw(hostile.mostly(st.just(np.size(rowids)), st.integers(0, 3))) if np.size(rowids) < 20 else 1
    )
    matrix = data.draw(hostile.matrices(rows, columns))
    name = f"partial_fit_{which}s" if keep else f"recalculate_{which}"
    found = attempt(lambda: [getattr(model, name)(rowids, matrix)], model)
    if found is None:
        return
    asked = np.atleast_1d(rowids).astype(int)
    side = getattr(model, f"{which}_factors")[asked] if keep else np.atleast_2d(found[0])
    assert np.isfinite(side).all()
    assert side.shape == (np.size(rowids), 3)


@fuzzed
@given(
    userid=hostile.ids(USERS), matrix=hostile.matrices(USERS, ITEMS), itemid=hostile.ids(ITEMS),
    weights=st.none() | st.sampled_from([np.eye(3), np.eye(4), np.full((3, 3), np.nan), "weights", np.eye(3, dtype=int)]),
    N=hostile.numbers(st.integers(1, 9)),
)  # fmt: skip
def test_explain(userid, matrix, itemid, weights, N):
    model = model_of()
    found = attempt(lambda: model.explain(userid, matrix, itemid, weights, N))
    if found is not None:
        score, contributions, again = found
        assert np.isfinite(score)
        assert len(contributions) <= int(N)
        second = attempt(lambda: model.explain(userid, matrix, itemid, again, N))
        assert second[0] == pytest.approx(score)


PARAMETERS = (
    "factors", "regularization", "alpha", "dtype", "use_native", "use_cg", "iterations", "num_threads", "random_state",
    "solver", "cg_steps", "relaxation", "confidence", "epsilon", "unobserved_weight", "regularization_exponent",
    "tolerance", "warm_start", "calculate_training_loss",
)  # fmt: skip


@fuzzed
@given(
    matrix=hostile.matrices(USERS, ITEMS),
    parameters=st.dictionaries(st.sampled_from(PARAMETERS), hostile.numbers() | st.sampled_from(["cg", "log", "f8"]), max_size=2),
    dtype=st.sampled_from([np.float32, np.float64]), callback=st.sampled_from([None, lambda *_: True, 3]),
)  # fmt: skip
def test_fit(matrix, parameters, dtype, callback):
    def call():
        model = AlternatingLeastSquares(**{"factors": 3, "dtype": dtype, "iterations": 2, **parameters})
        if isinstance(model.iterations, int) and model.iterations > 100:
            model.iterations = 3  # that would just be a long fit
        return model.fit(matrix, show_progress=False, callback=callback)

    model = attempt(call)
    if model is not None:
        assert model.user_factors.shape == (matrix.shape[0], model.factors)
        assert model.item_factors.shape == (matrix.shape[1], model.factors)
        assert np.isfinite(model.user_factors).all()
        assert np.isfinite(model.item_factors).all()
        assert np.isfinite(model.loss_history).all()


@fuzzed
@given(
    content=st.binary(max_size=200) | st.binary(max_size=100).map(lambda rest: b"PK\x03\x04" + rest),
    cut=st.integers(0, 3000), flip=st.integers(0, 3000), npz=st.booleans(), made=st.booleans(),
)  # fmt: skip
def test_load(content, cut, flip, npz, made):
    if made:
        file = io.BytesIO()
        model = model_of()
        if npz:
            sides = {"user_factors": model.user_factors, "item_factors": model.item_factors}
            np.savez(file, **sides, factors=3)
        else:
            model.save(file)
        content = bytearray(file.getvalue()[: cut + 1 if cut % 2 else None])
        content[flip % len(content)] ^= 1 + flip % 255
    loaded = attempt(lambda: AlternatingLeastSquares.load(io.BytesIO(bytes(content))), named=ModelFormatError)
    if loaded is not None:
        for side in (loaded.user_factors, loaded.item_factors):
            assert side is None or np.isfinite(side).all()


@fuzzed
@given(values=hostile.numbers() | hostile.ids(5) | st.sampled_from([np.ones((2, 2)), np.ones((2, 2), "f2"), np.ones((2, 0), "f4")]),
       side=st.sampled_from(["user_factors", "item_factors"]))  # fmt: skip
def test_assigning_factors(values, side):
    model = model_of()
    attempt(lambda: setattr(model, side, values), model)


@fuzzed
@given(
    matrix=hostile.matrices(USERS, ITEMS),
    K1=hostile.numbers(st.just(100)),
    B=hostile.numbers(st.just(0.8)),
)
def test_weighting(matrix, K1, B):
    for call in (
        lambda: nn.bm25_weight(matrix, K1, B),
        lambda: nn.tfidf_weight(matrix),
        lambda: nn.normalize(matrix),
    ):
        found = attempt(call)
        assert found is None or found.shape == matrix.shape


@fuzzed
@given(
    train=hostile.matrices(USERS, ITEMS), test=hostile.matrices(USERS, ITEMS), K=hostile.numbers(st.integers(1, 9)),
    size=hostile.numbers(st.just(0.5)), seed=hostile.numbers(st.integers(0, 9)),
)  # fmt: skip
def test_evaluation(train, test, K, size, seed):
    model = model_of()
    for measure in (evaluation.ranking_metrics_at_k, evaluation.evaluate):
        found = attempt(lambda measure=measure: measure(model, train, test, K, show_progress=False))
        if found is not None:
            counts = ("users", "cold_users")
            values = [value for name, value in found.items() if name not in counts and not np.isnan(value)]
            assert all(0 <= value <= 1 + 1e-12 for value in values)
    for split in (
        lambda: evaluation.train_test_split(train, size, seed),
        lambda: evaluation.leave_k_out_split(train, K, size, seed),
    ):
        found = attempt(split)
        if found is not None:
            assert all(half.shape == train.shape for half in found)
            assert found[0].nnz + found[1].nnz <= train.nnz
