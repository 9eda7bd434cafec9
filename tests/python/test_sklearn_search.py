"""Grid and random search of scikit-learn."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from penchant import AlternatingLeastSquares, RP3beta
from penchant.datasets import made_plays
from penchant.evaluation import RandomSplit, evaluate, scorer


def test_grid_search_finds_what_evaluate_says():
    plays = made_plays().matrix
    model = AlternatingLeastSquares(iterations=3, random_state=0)
    cut = [(np.arange(2000), np.arange(2000, 4000))]
    search = GridSearchCV(model, {"factors": [2, 16]}, scoring=scorer("recall@20"), cv=cut)
    search.fit(plays, show_progress=False)
    history, test = RandomSplit(0.5, per_user=True).split(plays[2000:])
    for factors, found in zip((2, 16), search.cv_results_["mean_test_score"], strict=True):
        model = AlternatingLeastSquares(factors=factors, iterations=3, random_state=0)
        model.fit(plays[:2000], show_progress=False)
        expected = evaluate(model, history, test, K=20, recalculate_user=True, show_progress=False)["recall"]
        assert found == pytest.approx(expected)
    assert search.best_estimator_.user_factors.shape == (4000, search.best_params_["factors"])


def test_random_search_takes_any_model():
    search = RandomizedSearchCV(
        RP3beta(), {"K": [5, 50], "alpha": [0.5, 1.0]}, n_iter=2, scoring=scorer(), cv=2, random_state=0
    )
    assert search.fit(made_plays().matrix, show_progress=False).best_score_ > 0


def test_less_may_be_better():
    model = RP3beta().fit(made_plays().matrix, show_progress=False)
    assert scorer("gini@5")(model, made_plays().matrix[:500]) < 0
    with pytest.raises(ValueError, match="more or less is better, got 'novelty'"):
        scorer("novelty")
