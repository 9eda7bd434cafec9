"""Approximate search: most of what exact search finds, and nothing that must not be found."""

import importlib

import numpy as np
import pytest

from penchant import EASE, AlternatingLeastSquares, approximate_als
from penchant.ann import ApproximateModel, vectors
from penchant.datasets import made_plays
from penchant.exceptions import NotFittedError, ParameterWarning

INDEXES = {
    "faiss": ("penchant.ann.faiss", "FaissModel", {"nlist": 20, "nprobe": 10}),
    "usearch": ("penchant.ann.usearch", "USearchModel", {}),
    "hnswlib": ("penchant.ann.hnswlib", "HNSWModel", {}),
    "nmslib": (
        "penchant.ann.nmslib",
        "NMSLibModel",
        {"index_params": {"M": 16}, "query_params": {"ef": 200}},
    ),
    "annoy": ("penchant.ann.annoy", "AnnoyModel", {}),
}


@pytest.fixture(scope="module")
def plays():
    return made_plays(users=800, artists=1500).matrix


@pytest.fixture(scope="module")
def exact(plays):
    return AlternatingLeastSquares(factors=24, iterations=5, random_state=0).fit(plays, show_progress=False)


@pytest.fixture(params=INDEXES, scope="module")
def model(request, exact):
    module, name, options = INDEXES[request.param]
    return getattr(importlib.import_module(module), name)(exact, **options)


def agreement(found, exact):
    return np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, exact, strict=True)])


def test_vectors_make_the_angle_an_inner_product(exact):
    users, items = vectors(exact)
    assert np.allclose(np.linalg.norm(items, axis=1), 1, atol=1e-5)
    assert (users[:, -1] == 0).all()
    scores = exact.user_factors[:20] @ exact.item_factors.T
    cosines = (users[:20] / np.linalg.norm(users[:20], axis=1, keepdims=True)) @ items.T
    for score, cosine in zip(scores, cosines, strict=True):
        assert np.corrcoef(score, cosine)[0, 1] == pytest.approx(1, abs=1e-5)


def test_lists_are_nearly_those_of_exact_search(model, exact, plays):
    users = np.arange(200)
    ids, scores = model.recommend(users, plays[users], N=10)
    best, _ = exact.recommend(users, plays[users], N=10)
    assert ids.shape == scores.shape == (200, 10)
    assert agreement(ids, best) > 0.9
    own = exact.user_factors[users]
    for user in range(0, 200, 17):
        assert np.allclose(scores[user], own[user] @ exact.item_factors[ids[user]].T, atol=1e-5)
        assert (np.diff(scores[user]) <= 0).all()
        assert not np.isin(ids[user], plays[[user]].indices).any()
    single, value = model.recommend(3, plays[[3]], N=5)
    assert single.tolist() == ids[3][:5].tolist()
    assert value.shape == (5,)


def test_what_is_filtered_is_not_found_and_can_be_kept(model, exact, plays):
    users = np.arange(30)
    best, _ = exact.recommend(users, None, N=5, filter_already_liked_items=False)
    out = np.unique(best[:, 0])
    ids, _ = model.recommend(users, None, N=5, filter_already_liked_items=False, filter_items=out)
    assert not np.isin(ids, out).any()
    ids, _ = model.recommend(users, None, N=5, filter_already_liked_items=False)
    assert agreement(ids, best) > 0.9


def test_similar_items_are_nearly_those_of_exact_search(model, exact):
    which = np.arange(0, 1500, 15)
    ids, scores = model.similar_items(which, N=8)
    best, angles = exact.similar_items(which, N=8)
    assert agreement(ids, best) > 0.9
    assert np.allclose(scores[:, 0], 1, atol=1e-5)
    without, _ = model.similar_items(which, N=8, filter_items=which)
    assert not np.isin(without, which).any()
    one, _ = model.similar_items(15, N=3)
    assert one[0] == 15


def test_what_an_index_cannot_do_is_done_exactly(model, exact, plays):
    some = np.arange(40)
    for found, asked in (
        (model.recommend(2, plays[[2]], N=4, items=some), exact.recommend(2, plays[[2]], N=4, items=some)),
        (model.similar_items(2, N=4, items=some), exact.similar_items(2, N=4, items=some)),
    ):
        assert np.array_equal(found[0], asked[0])
    assert np.array_equal(model.similar_users(3)[0], exact.similar_users(3)[0])
    assert model.factors == 24


def test_users_can_be_recalculated(model, exact, plays):
    found, _ = model.recommend(5, plays[[5]], N=10, recalculate_user=True)
    asked, _ = exact.recommend(5, plays[[5]], N=10, recalculate_user=True)
    assert agreement([found], [asked]) >= 0.8


def test_more_than_there_is_ends_with_none(model):
    ids, scores = model.similar_items(0, N=1600)
    assert ids.shape == scores.shape == (1500,)
    found = ids >= 0
    assert found[:10].all()
    assert (scores[~found] == -np.inf).all()


@pytest.mark.parametrize("name", ["Faiss", "NMSLib", "Annoy"])
def test_names_of_implicit(name, plays):
    model = getattr(approximate_als, f"{name}AlternatingLeastSquares")(
        factors=8, iterations=2, random_state=0, approximate_similar_items=False
    )
    assert isinstance(model, ApproximateModel)
    with pytest.raises(NotFittedError):
        model.recommend(0, plays[[0]])
    assert model.fit(plays, show_progress=False) is model
    assert model.similar_items_index is None
    assert model.recommend_index is not None
    assert len(model.recommend(0, plays[[0]])[0]) == 10
    longest, augmented = approximate_als.augment_inner_product_matrix(model.item_factors)
    assert np.allclose(np.linalg.norm(augmented, axis=1), longest, rtol=1e-5)


def test_an_index_is_made_anew_for_new_factors(exact, plays):
    from penchant.ann.usearch import USearchModel

    model = USearchModel(AlternatingLeastSquares(factors=4, iterations=1, random_state=0))
    model.fit(plays, show_progress=False)
    before = model.recommend_index
    model.model.partial_fit_items([1500], plays[:, [3]].T.tocsr())
    ids, _ = model.similar_items(1500, N=2)
    assert set(ids.tolist()) == {3, 1500} or 1500 in ids
    assert model.recommend_index is not before


def test_items_of_which_nothing_is_known_mislead_nobody(plays):
    wide = plays.tolil()
    wide[:, 700:] = 0
    wide = wide.tocsr()
    exact = AlternatingLeastSquares(factors=24, iterations=5, random_state=0).fit(wide, show_progress=False)
    users = np.arange(100)
    best, _ = exact.recommend(users, wide[users], N=10)
    for module, name, options in INDEXES.values():
        model = getattr(importlib.import_module(module), name)(exact, **options)
        ids, _ = model.recommend(users, wide[users], N=10)
        assert agreement(ids, best) > 0.85, name
        ids, scores = model.recommend(users[:3], wide[users[:3]], N=10**10)
        assert ids.shape == scores.shape == (3, 1500)
        assert ids[0, 0] == best[0, 0]
        assert ids[0, -1] == -1


def test_other_options_are_exact(exact, plays):
    from penchant.ann.faiss import FaissModel

    model = FaissModel(exact)
    best, _ = exact.recommend(4, plays[[4]], N=5, min_score=0.3)
    assert model.recommend(4, plays[[4]], N=5, min_score=0.3)[0].tolist() == best.tolist()
    too_wide = plays[[4]].copy()
    too_wide.resize((1, 1600))
    with pytest.raises(ValueError, match="at most 1500 columns"):
        model.recommend(4, too_wide)


def test_mistakes(exact, plays):
    from penchant.ann.faiss import FaissModel
    from penchant.ann.nmslib import NMSLibModel

    with pytest.raises(TypeError, match="must be one with factors"):
        FaissModel(EASE())
    with pytest.raises(ValueError, match="nlist"):
        FaissModel(exact, nlist=0)
    with pytest.raises(IndexError):
        FaissModel(exact).recommend(10**6, plays[[0]])
    with pytest.raises(ValueError, match="one row for each"):
        FaissModel(exact).recommend([0, 1], plays[[0]])
    with pytest.warns(ParameterWarning, match="HNSW"):
        NMSLibModel(exact, method="sw-graph")
    assert "AlternatingLeastSquares" in repr(FaissModel(exact))
