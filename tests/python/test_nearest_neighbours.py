"""Nearest neighbours against dense products that are sorted in full."""

import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import ModelFormatError, NotFittedError, Recommender, RP3beta
from penchant.interactions import Interactions
from penchant.nearest_neighbours import (
    BM25Recommender,
    CosineRecommender,
    ItemItemRecommender,
    TFIDFRecommender,
    all_pairs_knn,
    bm25_weight,
    tfidf_weight,
)
from penchant.user_neighbours import UserUserRecommender
from penchant.utils import ParameterWarning

MODELS = {
    "item-item": lambda **p: ItemItemRecommender(**p),
    "cosine": lambda **p: CosineRecommender(**p),
    "shrunk": lambda **p: CosineRecommender(shrinkage=2.5, **p),
    "tfidf": lambda **p: TFIDFRecommender(**p),
    "bm25": lambda **p: BM25Recommender(K1=1.5, B=0.6, **p),
}


def plays_of(seed, users=30, items=20, dtype=np.float64):
    random = np.random.default_rng(seed)
    matrix = random.integers(1, 9, (users, items)) * (random.random((users, items)) < 0.25)
    matrix[:, 3] = 0  # nobody has it
    matrix[5] = 0  # has nothing
    matrix[:, 7] = matrix[:, 8]  # exactly alike
    return sp.csr_array(matrix.astype(dtype))


def similarity(name, plays):
    """The whole matrix of likeness, and which pairs some user connects."""
    weighted = sp.csr_array(plays.T)
    if name == "tfidf":
        weighted = tfidf_weight(weighted)
    if name == "bm25":
        weighted = bm25_weight(weighted, 1.5, 0.6)
    weighted = weighted.toarray().astype(np.float64)
    products = weighted @ weighted.T
    if name in ("cosine", "shrunk", "tfidf"):
        lengths = np.sqrt(np.diag(weighted @ weighted.T))
        lengths = np.outer(lengths, lengths) + (2.5 if name == "shrunk" else 0)
        products = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return products, (weighted != 0).astype(int) @ (weighted != 0).T.astype(int) > 0


def best(scores, there, n):
    """The best `n` of those that are there, ties to the smaller id."""
    order = np.lexsort((np.arange(len(scores)), -scores))
    return [int(at) for at in order if there[at]][:n]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MODELS)
@given(seed=st.integers(0, 10**6), K=st.integers(1, 25), threads=st.sampled_from([1, 3]))
@settings(max_examples=15, deadline=None)
def test_each_item_keeps_those_most_like_it(name, dtype, seed, K, threads):
    plays = plays_of(seed, dtype=dtype)
    model = MODELS[name](K=K, num_threads=threads).fit(plays, show_progress=False)
    expected, connected = similarity(name, plays)
    kept = model.similarity
    assert kept.dtype == dtype
    rounded = expected.astype(dtype).astype(np.float64)
    for item in range(plays.shape[1]):
        row = kept[item]
        mine = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        np.testing.assert_allclose(list(mine.values()), expected[item, list(mine)], rtol=1e-5, atol=1e-12)
        chosen = best(rounded[item], connected[item], K)
        assert len(mine) == len(chosen)
        # Scores that are equal but for rounding may stand for each other.
        np.testing.assert_allclose(
            sorted(mine.values()), sorted(expected[item, chosen]), rtol=1e-5, atol=1e-12
        )


@pytest.mark.parametrize("name", MODELS)
def test_exact_ties_go_to_the_smaller_item_on_any_number_of_threads(name):
    plays = plays_of(0, users=200, items=300, dtype=np.float32)
    one = MODELS[name](K=20, num_threads=1).fit(plays, show_progress=False).similarity
    for threads in (2, 5):
        many = MODELS[name](K=20, num_threads=threads).fit(plays, show_progress=False).similarity
        np.testing.assert_array_equal(many.data, one.data)
        np.testing.assert_array_equal(many.indices, one.indices)
    ones = sp.csr_array(np.ones((4, 9), np.float32))
    kept = CosineRecommender(K=3).fit(ones, show_progress=False).similarity
    assert kept.indices.reshape(9, 3).tolist() == [[0, 1, 2]] * 9


@pytest.mark.parametrize("name", MODELS)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 25), filtering=st.booleans(), listed=st.booleans())
@settings(max_examples=15, deadline=None)
def test_scores_are_sums_of_rows_and_the_best_are_recommended(name, seed, n, filtering, listed):
    plays = plays_of(seed)
    model = MODELS[name](K=6).fit(plays, show_progress=False)
    matrix = model.similarity.toarray()
    scores = plays.toarray() @ matrix
    reached = (plays.toarray() != 0).astype(int) @ (model.similarity != 0).astype(int).toarray() > 0
    items = np.array([1, 3, 4, 7, 8, 19]) if listed else None
    users = np.arange(plays.shape[0])
    ids, found = model.recommend(users, plays, n, filter_already_liked_items=filtering, items=items)
    for user in users.tolist():
        there = np.isin(np.arange(plays.shape[1]), items) if listed else reached[user]
        liked = plays[[user]].indices if filtering else []
        there[liked] = False
        expected = best(scores[user].round(9), there, n)
        got = ids[user][found[user] > -np.inf]
        assert len(got) == len(expected)
        np.testing.assert_allclose(scores[user][got], scores[user][expected], atol=1e-9)
        np.testing.assert_allclose(found[user][: len(got)], scores[user][got], atol=1e-9)
        rest = ids[user][len(got) :]
        assert set(rest.tolist()) <= ({-1} | set(np.intersect1d(liked, items) if listed else []))
        alone = model.recommend(user, plays[[user]], n, filter_already_liked_items=filtering, items=items)
        np.testing.assert_array_equal(alone[0], ids[user])
        np.testing.assert_array_equal(alone[1], found[user])


def test_similar_items_are_the_rows_in_order_of_likeness():
    plays = plays_of(1)
    model = CosineRecommender(K=5).fit(plays, show_progress=False)
    ids, scores = model.similar_items([0, 3], N=4)
    row = model.similarity[0].toarray()[0]
    assert ids[0].tolist() == best(row, row != 0, 4)
    assert scores[0][0] == pytest.approx(1)
    assert ids[1].tolist() == [-1] * 4
    assert (scores[1] == -np.inf).all()
    assert 0 not in model.similar_items(0, filter_items=[0])[0]
    with pytest.raises(NotImplementedError, match="compares items, not users"):
        model.similar_users(0)
    with pytest.raises(NotImplementedError, match="cannot recalculate an item"):
        model.similar_items(0, recalculate_item=True, item_users=sp.csr_array(plays.T)[[0]])


def test_everything_about_a_score_adds_up():
    plays = plays_of(2)
    model = BM25Recommender(K=8).fit(plays, show_progress=False)
    ids, scores = model.recommend(4, plays[[4]], N=1)
    score, terms, _ = model.explain(4, plays, int(ids[0]), N=100)
    assert score == pytest.approx(scores[0])
    assert sum(term for _, term in terms) == pytest.approx(score)
    assert {item for item, _ in terms} <= set(plays[[4]].indices.tolist())
    assert [term for _, term in terms] == sorted((term for _, term in terms), reverse=True)


def test_all_pairs_are_the_products_of_the_columns():
    plays = plays_of(3)
    found = all_pairs_knn(plays, K=100, show_progress=False)
    np.testing.assert_allclose(found.toarray(), (plays.T @ plays).toarray())
    assert all_pairs_knn(plays, K=2, show_progress=False).tocsr()[0].nnz == 2
    with pytest.warns(ParameterWarning, match="users is COO"):
        all_pairs_knn(plays.tocoo(), show_progress=False)
    with pytest.raises(ValueError, match="K must be at least 1"):
        all_pairs_knn(plays, K=0)


@pytest.mark.parametrize("name", ["model.safetensors", "model.npz"])
@pytest.mark.parametrize("kind", [ItemItemRecommender, CosineRecommender, TFIDFRecommender, BM25Recommender])
def test_models_come_back_from_files(tmp_path, name, kind):
    plays = plays_of(4, dtype=np.float32)
    for model in (kind(K=7), kind(K=7).fit(plays, show_progress=False)):
        model.save(tmp_path / name)
        again = kind.load(tmp_path / name)
        assert again.get_params() == model.get_params()
        if model.similarity is not None:
            assert again.shape == model.shape
            assert (again.similarity != model.similarity).nnz == 0
            np.testing.assert_array_equal(
                again.recommend(0, plays[[0]])[1], model.recommend(0, plays[[0]])[1]
            )
    other = CosineRecommender if kind is not CosineRecommender else BM25Recommender
    if name == "model.safetensors":
        with pytest.raises(ModelFormatError, match=f"it is a {kind.__name__}, not a {other.__name__}"):
            other.load(tmp_path / name)


def test_files_of_implicit_are_read_and_written(tmp_path):
    plays = plays_of(5)
    model = CosineRecommender(K=4).fit(plays, show_progress=False)
    model.save(tmp_path / "ours.npz")
    with np.load(tmp_path / "ours.npz") as arrays:
        assert {"K", "data", "indices", "indptr", "shape"} <= {*arrays}
        parts = {name: arrays[name] for name in ("K", "data", "indices", "indptr", "shape")}
    np.savez(tmp_path / "theirs.npz", **parts)
    theirs = CosineRecommender.load(tmp_path / "theirs.npz")
    assert theirs.K == 4
    assert (theirs.similarity != model.similarity).nnz == 0
    np.savez(tmp_path / "broken.npz", **parts | {"indices": parts["indices"] + 100})
    with pytest.raises(ModelFormatError, match="indices must be between"):
        CosineRecommender.load(tmp_path / "broken.npz")
    np.savez(tmp_path / "other.npz", factors=3)
    with pytest.raises(ModelFormatError, match="it has no K"):
        CosineRecommender.load(tmp_path / "other.npz")


def test_a_similarity_can_be_assigned():
    model = CosineRecommender()
    with pytest.raises(NotFittedError, match="call fit first"):
        model.recommend(0, sp.csr_array((1, 3)))
    model.similarity = sp.csr_array([[0, 2.0, 1.0], [0, 0, 3.0], [0, 0, 0]])
    ids, scores = model.recommend(9, sp.csr_array([[1.0, 1.0, 0]]), N=3, filter_already_liked_items=False)
    assert (ids.tolist(), scores.tolist()) == ([2, 1, -1], [4.0, 2.0, -np.inf])
    for wrong, message in [
        (sp.csr_array(np.ones((2, 3))), "as many rows as columns"),
        (sp.csr_array([[np.nan]]), "must be finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.similarity = wrong
    with pytest.raises(ValueError, match="read-only"):
        model.similarity.data[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        pickle.loads(pickle.dumps(model)).similarity.data[0] = 9


def test_stored_zeros_connect_nothing():
    plays = sp.csr_array(([1.0, 0.0, 2.0], [0, 1, 2], [0, 3]), shape=(1, 3))
    kept = ItemItemRecommender().fit(plays, show_progress=False).similarity
    np.testing.assert_array_equal(kept.toarray(), [[1, 0, 2], [0, 0, 0], [2, 0, 4]])
    assert kept.nnz == 4


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (CosineRecommender(K=0), "K must be at least 1"),
        (CosineRecommender(K=2.5), "K must be an integer"),
        (CosineRecommender(shrinkage=-1), "shrinkage must be a finite number"),
        (CosineRecommender(num_threads=-1), "num_threads must be at least 0"),
        (CosineRecommender(num_threads=5000), "num_threads must be between 0 and 1024"),
        (BM25Recommender(K1=-1), "K1 must be"),
        (BM25Recommender(B=2), "B must be"),
        (BM25Recommender(B="much"), "B must be a number"),
    ],
)
def test_parameters_out_of_range_are_named_before_anything_is_done(model, message):
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(sp.csr_array((0, 0)), show_progress=False)


def test_recommenders_speak_labels_with_any_model(tmp_path):
    events = {"user": ["ann", "ann", "bob", "bob", "cid"], "item": ["x", "y", "x", "z", "x"]}
    data = Interactions.from_frame(events)
    recommender = Recommender(CosineRecommender(K=5)).fit(data, show_progress=False)
    assert recommender.recommend("cid", n=1)["item"].tolist() == ["y"]
    assert recommender.recommend_for(["z"])["item"].tolist() == ["x"]
    assert recommender.explain("cid", "y")["item"].tolist() == ["x"]
    assert recommender.similar_items("y")["similar_item"].tolist() == ["x"]
    recommender.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model")
    assert isinstance(again.model, CosineRecommender)
    assert again.recommend("cid", n=1)["item"].tolist() == ["y"]
    with pytest.raises(NotImplementedError):
        recommender.similar_users("ann")


def test_the_callback_and_the_bar_are_served():
    called = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = CosineRecommender().fit(plays_of(6), callback=lambda *told: called.append(told))
    assert [epoch for epoch, _, _ in called] == [0]
    assert repr(model) == "CosineRecommender(K=20, shrinkage=0.0) <30 users x 20 items>"
    assert repr(CosineRecommender(K=3)) == "CosineRecommender(K=3, shrinkage=0.0) <unfitted>"


@given(seed=st.integers(0, 10**6), K=st.integers(1, 12), n=st.integers(1, 8), stranger=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_nearest_users_say_what_is_recommended(seed, K, n, stranger):
    plays = plays_of(seed)
    model = UserUserRecommender(K=K).fit(plays, show_progress=False)
    dense = plays.toarray()
    lengths = np.linalg.norm(dense, axis=1)
    unit = np.divide(dense, lengths[:, None], out=np.zeros_like(dense), where=lengths[:, None] > 0)
    asked = sp.csr_array(np.round(np.random.default_rng(seed).random((30, 20)) * 2)) if stranger else plays
    own = asked.toarray()
    own = np.divide(
        own, np.linalg.norm(own, axis=1)[:, None], out=np.zeros_like(own), where=own.any(1)[:, None]
    )
    near = (own @ unit.T).round(12)
    if not stranger:
        np.fill_diagonal(near, 0)
    users = np.arange(30)
    ids, scores = model.recommend(users + 70 * stranger, asked, n, recalculate_user=stranger)
    for user in users.tolist():
        falling = np.sort(near[user])[::-1]
        if falling[K - 1] - falling[K] < 1e-9 and falling[K] > 0:
            continue  # rounding decides who is the last neighbour
        neighbours = best(near[user], near[user] > 0, K)
        expected = near[user, neighbours] @ dense[neighbours]
        reached = dense[neighbours].any(axis=0)
        reached[asked[[user]].indices] = False
        got = ids[user][scores[user] > -np.inf]
        chosen = best(expected.round(9), reached, n)
        np.testing.assert_allclose(scores[user][: len(got)], expected[chosen], atol=1e-8)
    if not stranger:
        like, cosines = model.similar_users(users, N=3)
        some = [user for user in users.tolist() if dense[user].any()]
        np.testing.assert_allclose(cosines[some, 0], 1)
        assert like.shape == (30, 3)
        found, listed = model.score(users, plays), ids >= 0
        np.testing.assert_allclose(found[np.nonzero(listed)[0], ids[listed]], scores[listed], atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_models_keep_copies_of_what_callers_may_change(dtype):
    plays = sp.random(30, 20, 0.3, format="csr", random_state=0, dtype=dtype)
    rows = plays[[3]]
    model = UserUserRecommender(K=5).fit(plays, show_progress=False)
    before = model.recommend(3, rows, N=5)
    plays.data[:] = 0.5
    plays.eliminate_zeros()
    np.testing.assert_array_equal(model.recommend(3, rows, N=5), before)
    similarity = sp.random(20, 20, 0.3, format="csr", random_state=1, dtype=dtype)
    items = CosineRecommender(K=5).fit(plays, show_progress=False)
    items.similarity = similarity
    before = items.recommend(3, rows, N=5)
    similarity.data[:] = 7.0
    np.testing.assert_array_equal(items.recommend(3, rows, N=5), before)


def test_the_number_of_neighbours_may_be_a_narrow_integer():
    plays = sp.random(30, 200, 0.3, format="csr", random_state=0)
    for model in (CosineRecommender, RP3beta):
        found = model(K=np.int8(5)).fit(plays, show_progress=False).similarity
        assert (found != model(K=5).fit(plays, show_progress=False).similarity).nnz == 0


def test_bm25_of_negative_values_is_refused():
    plays = sp.csr_matrix([[1.0, -1.0], [2.0, 1.0]])
    for attempt in (lambda: bm25_weight(plays), lambda: BM25Recommender().fit(plays, show_progress=False)):
        with pytest.raises(ValueError, match="a count that is weighed must be at least 0, got -1"):
            attempt()
