"""Models made of models, and the baselines."""

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import random_ratings

import penchant
from penchant import (
    EASE,
    AlternatingLeastSquares,
    Blend,
    Fallback,
    ModelFormatError,
    Popularity,
    Reserved,
    RP3beta,
)
from penchant._base.recommender import RecommenderBase
from penchant.nearest_neighbours import CosineRecommender
from penchant.popularity import Random

PLAYS = sp.csr_array(abs(random_ratings(users=40, items=25)))
PLAYS.resize((42, 25))  # two users have nothing
USERS = np.arange(42)


def als():
    return AlternatingLeastSquares(factors=4, iterations=3, random_state=0)


def made(name):
    return {
        "blend": lambda: Blend([als(), RP3beta(K=5), EASE(10.0)], weights=[1.0, 0.5, 2.0]),
        "ranks": lambda: Blend([als(), Popularity()], method="ranks"),
        "fallback": lambda: Fallback([CosineRecommender(K=5), Popularity()]),
        "reserved": lambda: Reserved(als(), slots=2),
        "nested": lambda: Fallback(
            [Blend([als(), CosineRecommender()]), Reserved(Popularity(), items=[3, 4])]
        ),
        "popularity": lambda: Popularity(by="weight"),
        "groups": lambda: Popularity(user_groups=USERS % 3),
        "random": lambda: Random(random_state=3),
        "ease": lambda: EASE(7.0),
    }[name]()


NAMES = ["blend", "ranks", "fallback", "reserved", "nested", "popularity", "groups", "random", "ease"]


def sorted_in_full(scores, there, n):
    order = np.lexsort((np.arange(len(scores)), -scores))
    return [int(at) for at in order if there[at]][:n]


@pytest.mark.parametrize("name", ["blend", "ranks", "popularity", "groups", "random", "ease"])
@pytest.mark.parametrize("filtering", [True, False])
def test_lists_are_those_of_all_scores_in_order(name, filtering):
    model = made(name).fit(PLAYS, show_progress=False)
    scores = model.score(USERS, PLAYS)
    ids, found = model.recommend(USERS, PLAYS, N=7, filter_already_liked_items=filtering, filter_items=[2])
    for user in USERS.tolist():
        there = np.ones(25, bool)
        # EASE says nothing about those who have nothing.
        there[:] = name != "ease" or PLAYS[[user]].nnz > 0
        there[2] = False
        if filtering:
            there[PLAYS[[user]].indices] = False
        expected = sorted_in_full(scores[user], there, 7)
        got = ids[user][found[user] > -np.inf].tolist()
        np.testing.assert_allclose(scores[user][got], scores[user][expected], rtol=1e-6, atol=1e-9)
        assert len(got) == len(expected)
        assert 2 not in got
        np.testing.assert_allclose(found[user][: len(got)], scores[user][got], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_one_user_and_many_get_the_same_and_files_keep_it(name, tmp_path):
    model = made(name).fit(PLAYS, show_progress=False)
    ids, scores = model.recommend(USERS, PLAYS, N=6)
    for user in (0, 7, 41):
        alone = model.recommend(user, PLAYS[[user]], N=6)
        np.testing.assert_array_equal(alone[0], ids[user])
        np.testing.assert_array_equal(alone[1], scores[user])
    model.save(tmp_path / "model")
    for again in (type(model).load(tmp_path / "model"), RecommenderBase.load(tmp_path / "model")):
        assert type(again) is type(model)
        assert again.shape == model.shape
        found = again.recommend(USERS, PLAYS, N=6)
        np.testing.assert_array_equal(found[0], ids)
        np.testing.assert_array_equal(found[1], scores)
    with pytest.raises((ValueError, ModelFormatError), match="implicit has no"):
        model.save(tmp_path / "model.npz")


def test_a_blend_adds_up_scores_in_deviations():
    parts = [als().fit(PLAYS, show_progress=False), EASE(10.0).fit(PLAYS, show_progress=False)]
    model = Blend(parts, weights=[1.0, -0.5])
    first, second = (part.score(USERS, PLAYS).astype(np.float64) for part in parts)
    spread = [
        np.where(s.std(axis=1, keepdims=True) > 0, s.std(axis=1, keepdims=True), 1) for s in (first, second)
    ]
    np.testing.assert_allclose(
        model.score(USERS, PLAYS), first / spread[0] - 0.5 * second / spread[1], rtol=1e-9
    )
    ranks = Blend(parts, method="ranks").score(3, PLAYS[[3]])
    # Items that score more, and half of those that score the same.
    places = [
        (s[3] > s[3][:, None]).sum(axis=1) + ((s[3] == s[3][:, None]).sum(axis=1) + 1) / 2
        for s in (first, second)
    ]
    np.testing.assert_allclose(ranks, sum(1 / (60 + place) for place in places))


def test_strangers_get_what_the_last_model_says():
    model = Fallback([CosineRecommender(K=5), Popularity()]).fit(PLAYS, show_progress=False)
    alone = CosineRecommender(K=5).fit(PLAYS, show_progress=False)
    popular = Popularity().fit(PLAYS, show_progress=False)
    ids, scores = model.recommend([5, 40], PLAYS[[5, 40]], N=4)
    np.testing.assert_array_equal(ids[0], alone.recommend(5, PLAYS[[5]], N=4)[0])
    np.testing.assert_array_equal(ids[1], popular.recommend(40, PLAYS[[40]], N=4)[0])
    assert model.knows_users(USERS, PLAYS).all()
    new = model.recommend(99, sp.csr_array((1, 25)), N=4, recalculate_user=True)
    np.testing.assert_array_equal(new[0], ids[1])


def test_reserved_places_go_to_reserved_items():
    inner = als().fit(PLAYS, show_progress=False)
    model = Reserved(inner, items=[3, 9, 20], slots=2)
    before, _ = inner.recommend(USERS, PLAYS, N=5)
    ids, scores = model.recommend(USERS, PLAYS, N=5)
    assert (np.diff(scores, axis=1) <= 0).all()
    for user in USERS[:40].tolist():
        free = [item for item in (3, 9, 20) if item not in PLAYS[[user]].indices]
        wanted = max(min(2, len(free)), np.isin(before[user], [3, 9, 20]).sum())
        assert np.isin(ids[user], free).sum() == wanted
        assert len(set(ids[user].tolist())) == 5
        # Those that made room were the last that are not reserved.
        others = [item for item in before[user].tolist() if item not in (3, 9, 20)]
        gone = [item for item in others if item not in ids[user]]
        assert gone == others[len(others) - len(gone) :]
    tail = Reserved(als()).fit(PLAYS, show_progress=False)._reserved()
    counts = np.bincount(PLAYS.indices, minlength=25)
    assert counts[tail].max() <= np.delete(counts, tail).min()
    assert counts[tail].sum() <= counts.sum() / 2


def test_popularity_counts_users_or_weights_in_groups():
    counted = Popularity().fit(PLAYS, show_progress=False)
    np.testing.assert_array_equal(counted.popularity[0], (PLAYS > 0).sum(axis=0))
    weighed = Popularity(by="weight").fit(PLAYS, show_progress=False)
    np.testing.assert_allclose(weighed.popularity[0], PLAYS.sum(axis=0))
    groups = Popularity(user_groups=USERS % 3).fit(PLAYS, show_progress=False)
    own = (PLAYS[USERS % 3 == 1] > 0).sum(axis=0)
    everyone = (PLAYS > 0).sum(axis=0)
    ids, _ = groups.recommend(1, PLAYS[[1]], N=25, filter_already_liked_items=False)
    assert ids.tolist() == np.lexsort((np.arange(25), -everyone, -own)).tolist()
    stranger, _ = groups.recommend(0, sp.csr_array((1, 25)), N=25, recalculate_user=True)
    assert stranger.tolist() == np.lexsort((np.arange(25), -everyone)).tolist()


def test_chance_is_fair_and_the_same_for_whoever_asks():
    model = Random(random_state=5).fit(sp.csr_array(np.ones((2000, 10))), show_progress=False)
    ids, _ = model.recommend(np.arange(2000), None, N=1, filter_already_liked_items=False)
    counts = np.bincount(ids.ravel(), minlength=10)
    assert counts.min() > 140
    assert counts.max() < 260
    assert model.recommend(77, None, N=10, filter_already_liked_items=False)[0][0] == ids[77, 0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Blend([]).fit(PLAYS), ValueError, "at least one model"),
        (lambda: Blend(als()).fit(PLAYS), TypeError, "models must be a list of models"),
        (lambda: Blend([als(), "als"]).fit(PLAYS), TypeError, "models must be Penchant's models, got str"),
        (
            lambda: Blend([als()], weights=[1, 2]).fit(PLAYS),
            ValueError,
            "1 finite numbers, one for each model",
        ),
        (lambda: Blend([als()], weights=[np.inf]).fit(PLAYS), ValueError, "finite numbers"),
        (lambda: Blend([als()], weights=2.0).fit(PLAYS), TypeError, "a number for each model"),
        (lambda: Blend([als()], method="votes").fit(PLAYS), ValueError, "method must be"),
        (lambda: Blend([EASE(-1)]).fit(PLAYS), ValueError, "regularization must be"),
        (lambda: Fallback([als()]).recommend(0, PLAYS[[0]]), penchant.NotFittedError, "call fit first"),
        (lambda: Reserved(als(), slots=0).fit(PLAYS), ValueError, "slots must be at least 1"),
        (lambda: Reserved(als(), items=[99]).fit(PLAYS), IndexError, "items 99 is outside the model"),
        (lambda: Popularity(by="clicks").fit(PLAYS), ValueError, "by must be one of 'users', 'weight'"),
        (lambda: Popularity(user_groups=[1]).fit(PLAYS), ValueError, "one group for each of 42 users"),
        (lambda: Popularity(user_groups=USERS - 1).fit(PLAYS), ValueError, "between 0 and 65535, got -1"),
        (lambda: Popularity(user_groups=USERS * 0.5).fit(PLAYS), TypeError, "user_groups must be integers"),
        (lambda: Random(random_state=-1).fit(PLAYS), ValueError, "random_state must be at least 0"),
        (lambda: Random(random_state=None).fit(PLAYS), TypeError, "random_state must be an integer"),
        (lambda: Popularity().fit(PLAYS).similar_items(0), NotImplementedError, "does not compare items"),
        (
            lambda: Blend([Popularity()]).fit(PLAYS).similar_items(0),
            NotImplementedError,
            "none of the models",
        ),
        (lambda: EASE().recommend(0, PLAYS[[0]]), penchant.NotFittedError, "call fit first"),
    ],
)
def test_mistakes_are_answered(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_long_tail_is_that_of_an_update():
    model = Reserved(als()).fit(PLAYS, show_progress=False)
    wider = sp.hstack([PLAYS, sp.csr_matrix((np.ones(1), ([0], [0])), shape=(PLAYS.shape[0], 1))]).tocsr()
    model.update(wider, np.array([0]), np.array([PLAYS.shape[1]]))
    assert PLAYS.shape[1] in model._reserved()


def test_ranks_of_equal_scores_are_equal_and_equal_scores_have_no_deviation():
    plays = sp.csr_array(np.vstack([np.eye(6), np.zeros((1, 6))]))
    ranks = Blend([Popularity()], method="ranks").fit(plays, show_progress=False)
    assert len(set(ranks.score(6, plays[[6]]).ravel().tolist())) == 1
    equal = sp.csr_array(np.full((3, 7), 0.1))
    blend = Blend([Popularity(by="weight"), als()]).fit(equal, show_progress=False)
    assert (blend.score(0, equal[[0]]) == 0).all()


def test_reserved_items_keep_to_the_limit_of_their_group():
    groups = np.arange(25) % 4
    for most in (1, 2):
        ids, _ = Reserved(als(), items=[3, 9, 20], slots=3).fit(PLAYS, show_progress=False).recommend(
            USERS, PLAYS, N=6, item_groups=groups, max_per_group=most
        )  # fmt: skip
        for listed in ids:
            _, counts = np.unique(groups[listed[listed >= 0]], return_counts=True)
            assert counts.max() <= most


def test_what_is_popular_with_everyone_never_outweighs_a_group():
    plays = sp.csr_array([[0.5, 0.4, 0.0], [0.0, 1000.0, 3.0]])
    model = Popularity(by="weight", user_groups=[0, 1]).fit(plays, show_progress=False)
    ids, _ = model.recommend(0, plays[[0]], N=3, filter_already_liked_items=False)
    assert ids.tolist() == [0, 1, 2]


@pytest.mark.parametrize("learn", ["fit", "update"])
def test_where_one_model_fails_all_are_what_they_were(learn):
    inner = Blend([als(), CosineRecommender(K=5)])
    failing = CosineRecommender(K=5)
    model = Fallback([inner, Reserved(Popularity()), failing]).fit(PLAYS, show_progress=False)
    before = [ids.tolist() for ids in model.recommend(USERS, PLAYS)]
    factors, tail = inner.models[0].user_factors, model.models[1]._tail

    def refuse(*_, **__):
        raise MemoryError

    failing._fit = refuse
    other = PLAYS[::-1][:30]
    with pytest.raises(MemoryError):
        model.fit(other, show_progress=False) if learn == "fit" else model.update(other, [0], [])
    assert model.shape == PLAYS.shape
    assert inner.models[0].user_factors is factors
    assert model.models[1]._tail is tail
    assert [ids.tolist() for ids in model.recommend(USERS, PLAYS)] == before
