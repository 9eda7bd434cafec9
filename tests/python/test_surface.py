"""Parameters, names and habits that users of `implicit` and scikit-learn bring along."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import random_ratings

import penchant
from penchant import utils
from penchant.als import AlternatingLeastSquares


def test_parameters_can_be_read_and_changed():
    model = AlternatingLeastSquares(factors=3)
    params = model.get_params()
    assert params["factors"] == 3
    assert AlternatingLeastSquares(**params).get_params() == params
    assert model.set_params(alpha=2.0, dtype="float64") is model
    assert (model.alpha, model.dtype, model.factors) == (2.0, np.dtype(np.float64), 3)
    with pytest.raises(ValueError, match="no parameter 'alhpa'; it has factors, "):
        model.set_params(factors=5, alhpa=1)
    assert model.factors == 3


def test_unfitted_models_with_equal_parameters_are_equal():
    assert AlternatingLeastSquares(factors=3).__dict__ == AlternatingLeastSquares(factors=3).__dict__
    assert AlternatingLeastSquares(factors=3).__dict__ != AlternatingLeastSquares(factors=4).__dict__


def test_the_repr_says_what_it_is():
    model = AlternatingLeastSquares(factors=3, random_state=0)
    assert repr(model).startswith("AlternatingLeastSquares(factors=3, ")
    assert "<unfitted>" in repr(model)
    assert "<20 users x 15 items>" in repr(model.fit(random_ratings(), show_progress=False))


def test_rank_items_ranks_a_list_and_warns():
    ratings = random_ratings()
    model = AlternatingLeastSquares(factors=3, random_state=0).fit(ratings, show_progress=False)
    with pytest.warns(DeprecationWarning, match="rank_items"):
        ids, scores = model.rank_items(0, ratings[[0]], [5, 1, 9])
    expected = model.recommend(0, None, filter_already_liked_items=False, items=[5, 1, 9])
    np.testing.assert_array_equal(ids, expected[0])
    np.testing.assert_array_equal(scores, expected[1])


def test_the_import_paths_of_implicit_exist():
    import penchant.cpu.als
    import penchant.recommender_base

    assert penchant.cpu.als.AlternatingLeastSquares is AlternatingLeastSquares
    assert issubclass(AlternatingLeastSquares, penchant.recommender_base.RecommenderBase)
    assert penchant.recommender_base.ModelFitError is penchant.ModelFitError
    utils.check_blas_config()
    matrix = sp.csr_matrix([[0.0, 2.0, 3.0]])
    assert list(utils.nonzeros(matrix, 0)) == [(1, 2.0), (2, 3.0)]
    assert utils.check_csr(matrix) is matrix
    with pytest.warns(utils.ParameterWarning, match="COO"):
        assert utils.check_csr(matrix.tocoo()).format == "csr"


def test_augmented_rows_have_one_length_and_the_old_products():
    rows = np.random.default_rng(0).normal(size=(20, 4))
    longest, augmented = utils.augment_inner_product_matrix(rows)
    np.testing.assert_allclose(np.linalg.norm(augmented, axis=1), longest)
    np.testing.assert_array_equal(augmented[:, :4], rows)


def test_sides_that_do_not_belong_together_are_refused():
    model = AlternatingLeastSquares()
    model.user_factors = np.ones((3, 4), np.float32)
    model.item_factors = np.ones((5, 4), np.float64)
    for call in (
        lambda: model.recommend(0, None, filter_already_liked_items=False),
        lambda: model.audience(0),
    ):
        with pytest.raises(ValueError, match="4 columns of float32 and 4 of float64"):
            call()
    model.item_factors = np.ones((5, 3), np.float32)
    with pytest.raises(ValueError, match="3 of float32"):
        model.recommend(0, None, filter_already_liked_items=False)
    assert len(model.similar_items(0)[0]) == 5


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_factors_must_be_finite(value):
    model = AlternatingLeastSquares()
    with pytest.raises(ValueError, match="user_factors must be finite"):
        model.user_factors = np.full((2, 2), value, np.float32)
    with pytest.raises(ValueError, match="at least one column"):
        model.item_factors = np.empty((2, 0), np.float32)


class Passing(AlternatingLeastSquares):
    """Passes on whatever it gets."""

    def __init__(self, *args, extra=1, **kwargs):
        super().__init__(*args, **kwargs)
        self.extra = extra


def test_a_subclass_that_passes_arguments_on_has_all_parameters(tmp_path):
    model = Passing(factors=3, alpha=7.0, extra=2)
    assert model.get_params() == {**AlternatingLeastSquares(factors=3, alpha=7.0).get_params(), "extra": 2}
    model.save(tmp_path / "model")
    assert Passing.load(tmp_path / "model").get_params() == model.get_params()


def test_who_is_recalculated_need_not_be_in_the_model():
    ratings = random_ratings()
    model = AlternatingLeastSquares(factors=3, random_state=0).fit(ratings, show_progress=False)
    expected = model.recommend(5, ratings[[5]], recalculate_user=True)
    model.user_factors = None
    found = model.recommend(10**6, ratings[[5]], recalculate_user=True)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_one_side_can_be_set_and_the_other_is_drawn():
    ratings = random_ratings()
    items = np.random.default_rng(0).normal(size=(15, 3)).astype(np.float32)
    model = AlternatingLeastSquares(factors=3, iterations=0, random_state=0)
    model.item_factors = items
    model.fit(ratings, show_progress=False)
    np.testing.assert_array_equal(model.item_factors, items)
    drawn = AlternatingLeastSquares(factors=3, iterations=0, random_state=0).fit(ratings, show_progress=False)
    np.testing.assert_array_equal(model.user_factors, drawn.user_factors)


def test_the_factors_stay_read_only_in_copies():
    model = AlternatingLeastSquares(factors=3, random_state=0).fit(random_ratings(), show_progress=False)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        with pytest.raises(ValueError, match="read-only"):
            copied.item_factors[0] = 1


def test_use_gpu_is_accepted_and_means_nothing():
    assert AlternatingLeastSquares(use_gpu=False).use_gpu is False
    with pytest.warns(utils.ParameterWarning, match="use_gpu") as caught:
        AlternatingLeastSquares(factors=2, use_gpu=True).fit(random_ratings(), show_progress=False)
    assert caught[0].filename == __file__


def test_rows_of_sparse_arrays_are_explained():
    ratings = random_ratings()
    model = AlternatingLeastSquares(factors=3, random_state=0).fit(ratings, show_progress=False)
    with pytest.raises(ValueError, match=r"matrix\[\[row\]\]"):
        model.recommend(0, ratings[0])
    with pytest.raises(IndexError, match=f"userid {2**70} is outside the model"):
        model.recommend(2**70, ratings[[0]])


def test_the_tutorial_of_implicit_runs_with_the_import_replaced():
    # The calls of its README and of its documentation, in their order.
    from penchant.evaluation import ranking_metrics_at_k, train_test_split
    from penchant.nearest_neighbours import bm25_weight

    artist_user_plays = sp.csr_matrix(abs(random_ratings(users=60, items=100)))
    artist_user_plays = bm25_weight(artist_user_plays, K1=100, B=0.8)
    user_plays = artist_user_plays.T.tocsr()
    train, test = train_test_split(user_plays, random_state=1)

    model = penchant.als.AlternatingLeastSquares(factors=16, regularization=0.05, alpha=2.0, iterations=4)
    model.fit(train, show_progress=False)
    userid = 12
    ids, scores = model.recommend(userid, user_plays[userid], N=10, filter_already_liked_items=False)
    assert len(ids) == 10
    assert np.isin(ids, user_plays[userid].indices).any()
    ids, scores = model.similar_items(4)
    assert ids[0] == 4
    userids = np.arange(50)
    ids, scores = model.recommend(userids, user_plays[userids])
    assert (ids.shape, scores.shape) == ((50, 10), (50, 10))
    related = model.similar_users(userid)
    assert related[0][0] == userid
    score, contributions, weights = model.explain(userid, user_plays, itemid=3)
    model.explain(userid, user_plays, itemid=5, user_weights=weights)
    model.partial_fit_users([userid], user_plays[userid])
    new = model.recalculate_user(userid, user_plays[userid])
    np.testing.assert_allclose(new, model.user_factors[userid])
    model.recommend(userid, user_plays[userid], recalculate_user=True)
    assert 0 < ranking_metrics_at_k(model, train, test, K=10, show_progress=False)["ndcg"] < 1
