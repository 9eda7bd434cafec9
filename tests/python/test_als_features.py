"""Fits with features against dense NumPy, and what a model that knows features answers."""

import copy
import io
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import random_ratings
from oracle import FeatureOracle

from penchant import Interactions, NotFittedError, compare, tune
from penchant.als import AlternatingLeastSquares
from penchant.evaluation import HeldOutItems, evaluate

RANDOM = np.random.default_rng(5)
F, G = RANDOM.random((20, 3)) - 0.3, RANDOM.integers(0, 2, (15, 6)).astype(float)


def fitted(ratings=None, **settings):
    defaults = {"factors": 4, "random_state": 0, "dtype": np.float64, "feature_regularization": 2.0}
    model = AlternatingLeastSquares(**defaults | settings)
    ratings = random_ratings() if ratings is None else ratings
    return model.fit(ratings, show_progress=False, user_features=F, item_features=sp.csr_array(G))


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0, 6.0])
@pytest.mark.parametrize("solver", ["cg", "dual", "cholesky", "auto"])
@pytest.mark.parametrize(
    "objective",
    [
        {"alpha": 2.0, "regularization": 0.3},
        {"confidence": "log", "epsilon": 0.5, "unobserved_weight": 0.1, "regularization_exponent": 0.7, "regularization": 0.1},
        {"confidence": "linear", "unobserved_weight": 0.0, "regularization": 0.2},
    ],
)  # fmt: skip
def test_epochs_equal_exact_epochs_in_dense_numpy(strength, solver, objective):
    ratings = random_ratings()
    model = AlternatingLeastSquares(
        4, **objective, solver=solver, cg_steps=60, relaxation=1.0, iterations=3, dtype=np.float64,
        feature_strength=strength, feature_regularization=2.0,
    )  # fmt: skip
    start = [RANDOM.normal(size=(count, 4)) for count in ratings.shape]
    model.user_factors, model.item_factors = start
    oracle = FeatureOracle(ratings.toarray(), F, G, model)
    *_, (X, Y, A, B, loss) = oracle.epochs(*start, 3)
    model.fit(ratings, show_progress=False, user_features=F, item_features=G)
    assert model.loss_history[-1] == pytest.approx(loss, rel=1e-8)
    scale = np.abs(X @ Y.T).max()
    # In another basis: only products mean something.
    for ours, theirs in ((model.user_factors, X), (model.user_feature_factors, A)):
        for others, expected in ((model.item_factors, Y), (model.item_feature_factors, B)):
            np.testing.assert_allclose(ours @ others.T, theirs @ expected.T, atol=1e-7 * scale)


def test_relaxed_fits_reach_what_plain_ones_do_and_strengths_do_what_they_say():
    plain = fitted(relaxation=1.0, iterations=300, regularization=0.3)
    relaxed = fitted(iterations=120, regularization=0.3)
    assert relaxed.loss_history[-1] == pytest.approx(plain.loss_history[-1], rel=1e-4)
    none = fitted(feature_strength=0.0, iterations=60, regularization=0.3)
    alone = AlternatingLeastSquares(4, random_state=0, dtype=np.float64, iterations=60, regularization=0.3)
    alone.fit(random_ratings(), show_progress=False)
    users, items = (factors.any(axis=1) for factors in (alone.user_factors, alone.item_factors))
    scores, expected = (m.user_factors[users] @ m.item_factors[items].T for m in (none, alone))
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    through = fitted(feature_strength=1e6, iterations=60, regularization=0.3)
    np.testing.assert_allclose(through.item_factors, through.embed_items(G), atol=1e-3)


def test_threads_and_precisions_change_nothing():
    one, three = (fitted(num_threads=threads, dtype=np.float32) for threads in (1, 3))
    for name in ("user_factors", "item_factors", "user_feature_factors", "item_feature_factors"):
        assert (getattr(one, name) == getattr(three, name)).all()
    double = fitted()
    assert one.loss_history[-1] == pytest.approx(double.loss_history[-1], rel=1e-3)


def test_the_cold_are_what_their_features_say_and_the_half_known_between():
    ratings = random_ratings()
    model = fitted(iterations=60, regularization=0.5)
    np.testing.assert_allclose(model.item_factors[2], model.embed_items(G[[2]])[0])
    np.testing.assert_allclose(model.user_factors[3], model.embed_users(F[[3]])[0])
    # A fit that has converged is its own fold-in; those whom it did not know have been seen by few.
    again = model.recalculate_user(np.arange(20), ratings)
    np.testing.assert_allclose(again, model.user_factors, atol=2e-3)
    again = model.recalculate_item(np.arange(15), ratings.T.tocsr())
    np.testing.assert_allclose(again, model.item_factors, atol=2e-3)
    unknown = model.recalculate_user(np.arange(90, 110), ratings, F)
    assert np.abs(unknown - model.user_factors).max() > 0.1
    mixed = model.recalculate_user([5, 99], ratings[[5, 6]], F[[5, 6]])
    np.testing.assert_allclose(mixed, [model.recalculate_user(5, ratings[[5]]), unknown[6]])
    # Someone new: nothing, a little, much.
    nobody = model.recalculate_user([99], sp.csr_array((1, 15)))
    np.testing.assert_allclose(nobody[0], model.user_feature_factors[-1])
    stranger = model.recalculate_user([99], sp.csr_array((1, 15)), F[[3]])
    np.testing.assert_allclose(stranger, model.embed_users(F[[3]]))
    distances = []
    for weight in (1e-9, 0.3, 3.0, 300.0):  # the first is but a stranger, though seen by some
        row = sp.csr_array(([weight], ([0], [4])), shape=(1, 15))
        known = model.recalculate_user([99], row, F[[3]])[0]
        distances.append(abs(known @ model.item_factors[4] - 1))
    assert distances == sorted(distances, reverse=True)


def test_the_cold_do_not_count_against_anybody():
    """The Gram matrix of a fold-in is that of the fit, whatever is added."""
    ratings = random_ratings()
    model = fitted()
    before = model.recalculate_user(0, ratings[[0]])
    model.add_items(np.vstack([G[:5]] * 20))
    assert model.shape == (20, 115)
    np.testing.assert_allclose(model.recalculate_user(0, ratings[[0]]), before, rtol=1e-9)
    model.partial_fit_items([20], sp.csr_array(np.ones((1, 20))))
    assert np.abs(model.recalculate_user(0, ratings[[0]]) - before).max() > 1e-6


def test_a_larger_catalogue_of_items_that_nobody_has_changes_no_score():
    ratings, more = random_ratings(), 200
    settings = {
        "regularization": 0.1,
        "regularization_exponent": 1.0,
        "iterations": 200,
        "unobserved_weight": 0.5,
    }
    small = fitted(**settings)
    wide = sp.hstack([ratings, sp.csr_array((20, more))]).tocsr()
    large = AlternatingLeastSquares(
        4, random_state=0, dtype=np.float64, feature_regularization=2.0, **settings
    )
    large.fit(wide, show_progress=False, user_features=F, item_features=np.vstack([G, np.zeros((more, 6))]))
    found = large.user_factors @ large.item_factors[:15].T
    np.testing.assert_allclose(found, small.user_factors @ small.item_factors.T, atol=1e-3)


def test_added_items_are_recommended_compared_and_learned_about():
    ratings = random_ratings()
    model = fitted()
    model.add_items(G[[4]])
    ids, scores = model.similar_items(15, N=2)
    assert ids[0] == 15
    assert scores[0] == pytest.approx(1)
    assert 15 in model.recommend(0, ratings[[0]], N=16)[0]
    wider = sp.hstack([ratings, sp.csr_array((20, 1))]).tolil()
    wider[[1, 5], 15] = 3.0
    before = model.user_factors[[1, 5]] @ model.item_factors[15]
    solved = model.recalculate_item(15, wider.tocsr().T.tocsr()[[15]], G[[4]])
    model.update(wider.tocsr(), np.array([1, 5]), np.array([15]))
    cold = model.embed_items(G[[4]])[0]
    assert np.linalg.norm(model.item_factors[15] - solved) < np.linalg.norm(cold - solved)
    assert (model.user_factors[[1, 5]] @ model.item_factors[15] > before).all()


def test_recommendations_by_features_are_the_best_of_all_scores():
    ratings = random_ratings()
    model = fitted()
    ids, scores = model.recommend_for_features(F[:2], N=4)
    every = model.embed_users(F[:2]) @ model.item_factors.T
    assert ids.tolist() == np.argsort(-every, axis=1, kind="stable")[:, :4].tolist()
    np.testing.assert_allclose(scores, np.sort(-every, axis=1)[:, :4] * -1)
    ids, _ = model.recommend_for_features(F[:2], ratings[:2], N=15)
    for row, user in zip(ids, ratings[:2].tolil().rows, strict=True):
        assert not set(row[row >= 0]) & set(user)
    grouped, _ = model.recommend_for_features(F[:1], N=2, item_groups=[0] * 14 + [1])
    assert set((grouped[0] == 14).tolist()) == {True, False}


def test_explanations_add_up_to_the_score():
    ratings = random_ratings()
    model = fitted()
    for user in (0, 3):
        score, _, _ = model.explain(user, ratings, 4, N=15)
        exact = model.recalculate_user([user], ratings[[user]])[0]
        assert score == pytest.approx(exact @ model.item_factors[4])
    for side, features in (("items", G[4]), ("users", F[7])):
        contributions, common, own = model.explain_by_features(7, 4, side)
        total = sum(share for _, share in contributions) + common + own
        assert total == pytest.approx(model.user_factors[7] @ model.item_factors[4])
        assert {feature for feature, _ in contributions} == set(np.flatnonzero(features))
    assert model.explain_by_features(7, 2)[2] == pytest.approx(0, abs=1e-12)


def test_models_with_features_are_saved_copied_and_pickled(tmp_path):
    ratings = random_ratings()
    model = fitted()
    model.save(tmp_path / "model.safetensors")
    others = [
        AlternatingLeastSquares.load(tmp_path / "model.safetensors"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ]
    row = ratings[[1]]
    for other in others:
        np.testing.assert_array_equal(other.recalculate_user(1, row), model.recalculate_user(1, row))
        np.testing.assert_array_equal(other.embed_items(G), model.embed_items(G))
        other.add_items(G[:1])
    assert model.shape == (20, 15)
    model.item_factors = model.item_factors
    assert model.item_feature_factors is None
    assert model.user_feature_factors is not None


def test_a_few_of_millions_of_columns_are_what_a_model_keeps():
    places = RANDOM.integers(0, 10_000_000, 15)
    wide = sp.csr_array((np.ones(15), (np.arange(15), places)), shape=(15, 10_000_000))
    model = AlternatingLeastSquares(4, random_state=0)
    model.fit(random_ratings(), show_progress=False, item_features=wide)
    assert model.embed_items(wide).shape == (15, 4)
    file = io.BytesIO()
    model.save(file)
    assert len(file.getvalue()) < 20_000


def test_validation_keeps_the_features_of_the_best_epoch():
    rows = sp.random_array((80, 50), density=0.2, rng=np.random.default_rng(1), format="csr")
    features = np.random.default_rng(2).random((50, 4))
    split = HeldOutItems(items=0.2).split(rows)
    model = AlternatingLeastSquares(8, random_state=0, iterations=12)
    model.fit(
        split.train, show_progress=False, user_features=rows[:, :3], item_features=features,
        validation=split, patience=2,
    )  # fmt: skip
    cold = split.items
    assert model.validation_history
    assert len(cold) == 10
    np.testing.assert_allclose(model.item_factors[cold], model.embed_items(features[cold]), atol=1e-6)
    best = max(value for _, value in model.validation_history)
    assert evaluate(model, split, K=20, metrics="ndcg", show_progress=False)["ndcg"] == pytest.approx(
        best, abs=1e-6
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, r: m.fit(r, item_features=G[:5]), ValueError, "item_features must have one row for each item, 15, got 5"),
        (lambda m, r: m.fit(r, user_features=G), ValueError, "user_features must have one row for each user, 20"),
        (lambda m, r: m.fit(r, item_features="genres"), TypeError, "item_features must be Features, a sparse matrix"),
        (lambda m, r: m.fit(r, item_features=G[0]), TypeError, "two dimensions"),
        (lambda m, r: m.fit(r, item_features=G + np.nan), ValueError, "item_features must be finite, got nan"),
        (lambda m, r: m.fit(r, item_features=G * 1e300), ValueError, "features as float32 must be finite"),
        (lambda m, r: m.embed_items(G[:, :2]), ValueError, "item_features must have 6 columns, as in the fit, got 2"),
        (lambda m, r: m.add_users(G), ValueError, "user_features must have 3 columns"),
        (lambda m, r: m.recalculate_user(0, r[[0]], F[:2]), ValueError, "one row for each of 1 ids, got 2"),
        (lambda m, r: m.recommend_for_features(F[:2], r[:1]), ValueError, "one row for each of 2 users"),
        (lambda m, r: m.explain_by_features(0, 99), IndexError, "itemid 99"),
        (lambda m, r: m.explain_by_features(0, 0, "genres"), ValueError, "side must be 'items' or 'users'"),
        (lambda m, r: AlternatingLeastSquares().embed_items(G), NotFittedError, "fit first"),
        (lambda m, r: AlternatingLeastSquares(2).fit(r, show_progress=False).embed_items(G), ValueError, "fitted without item_features"),
        (lambda m, r: AlternatingLeastSquares(2).fit(r, show_progress=False).recalculate_user(0, r[[0]], F[:1]), ValueError, "user_features must be left out"),
        (lambda m, r: AlternatingLeastSquares(2, feature_strength=-1).fit(r), ValueError, "feature_strength"),
        (lambda m, r: AlternatingLeastSquares(2, feature_regularization=0).fit(r), ValueError, "feature_regularization"),
        (lambda m, r: AlternatingLeastSquares(2, regularization=0).fit(r, item_features=G), ValueError, "regularization must be above 0 with features"),
    ],
)  # fmt: skip
def test_mistakes_leave_the_model_as_it_was(call, error, message):
    ratings = random_ratings()
    model = fitted(dtype=np.float32)
    before = model.user_factors, model.item_factors
    with pytest.raises(error, match=message):
        call(model, ratings)
    assert model.user_factors is before[0]
    assert model.item_factors is before[1]


def test_interactions_without_labels_for_features_are_told():
    data = Interactions.from_matrix(random_ratings())
    model = AlternatingLeastSquares(2).fit(data, show_progress=False, item_features=G)
    assert model.item_feature_factors.shape == (7, 2)


def test_models_are_tuned_and_compared_with_features():
    random = np.random.default_rng(1)
    features = np.eye(4)[np.arange(40) % 4]  # four kinds of items, of which each user likes one
    rows = sp.csr_array(features[np.arange(120) % 4] @ features.T * (random.random((120, 40)) < 0.6))
    tuned = tune(rows, "als", trials=3, factors=4, item_features=features, show_progress=False)
    assert {"feature_strength", "feature_regularization"} <= set(tuned.parameters)
    assert tuned.model.item_feature_factors.shape[0] == 5
    with pytest.raises(ValueError, match="item_features must have one row for each item, 40, got 3"):
        tune(rows, "als", trials=1, item_features=features[:3], show_progress=False)
    table = compare(
        ["als", "content", "popularity"],
        rows,
        "items",
        features={"item_features": features},
        show_progress=False,
    )
    assert table.best("ndcg@10") != "popularity"
    with pytest.raises(ValueError, match="features must be 'user_features' and 'item_features', got 'items'"):
        compare(["als"], rows, features={"items": features}, show_progress=False)
