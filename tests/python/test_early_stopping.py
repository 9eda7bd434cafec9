"""Fits that look at held-out data while they run."""

import numpy as np
import pytest
import scipy.sparse as sp

from penchant import AlternatingLeastSquares, Interactions
from penchant.datasets import made_plays
from penchant.evaluation import HeldOutUsers, RandomSplit, evaluate

PARAMETERS = {"factors": 12, "regularization": 0.001, "random_state": 0}


@pytest.fixture(scope="module")
def split():
    return RandomSplit().split(made_plays())


@pytest.mark.parametrize("relaxation", [1.0, 1.5])
def test_what_is_measured_is_what_a_fit_of_so_many_epochs_gives(split, relaxation):
    parameters = PARAMETERS | {"relaxation": relaxation}
    model = AlternatingLeastSquares(iterations=6, **parameters)
    model.fit(split.train, show_progress=False, validation=split, patience=9)
    assert [epoch for epoch, _ in model.validation_history] == [1, 2, 3, 4, 5, 6]
    alone = {}
    for epochs, value in model.validation_history:
        alone[epochs] = AlternatingLeastSquares(iterations=epochs, **parameters)
        alone[epochs].fit(split.train, show_progress=False)
        found = evaluate(alone[epochs], split, K=20, metrics="ndcg", show_progress=False)
        assert value == found["ndcg"]
    # A callback that ends a fit leaves the very same bits.
    best = max(model.validation_history, key=lambda each: each[1])[0]
    stopped = AlternatingLeastSquares(iterations=6, **parameters)
    stopped.fit(split.train, show_progress=False, callback=lambda epoch, *_: epoch + 1 == best)
    np.testing.assert_array_equal(model.user_factors, stopped.user_factors)
    np.testing.assert_array_equal(model.item_factors, stopped.item_factors)
    assert evaluate(model, split, K=20, show_progress=False)["ndcg"] == max(
        v for _, v in model.validation_history
    )


def test_a_fit_ends_when_nothing_gets_better(split):
    model = AlternatingLeastSquares(iterations=60, **PARAMETERS)
    model.fit(split.train, show_progress=False, validation=split, patience=2)
    epochs = [epoch for epoch, _ in model.validation_history]
    values = [value for _, value in model.validation_history]
    assert len(epochs) == len(model.loss_history) < 60
    assert int(np.argmax(values)) == len(values) - 3
    again = AlternatingLeastSquares(iterations=60, num_threads=1, **PARAMETERS)
    again.fit(split.train, show_progress=False, validation=split, patience=2)
    assert again.validation_history == model.validation_history
    np.testing.assert_array_equal(again.item_factors, model.item_factors)


def test_it_looks_every_few_epochs_at_a_sample_of_users(split):
    model = AlternatingLeastSquares(iterations=7, **PARAMETERS)
    model.fit(
        split.train,
        show_progress=False,
        validation=split,
        validation_every=3,
        validation_users=20,
        patience=9,
    )
    assert [epoch for epoch, _ in model.validation_history] == [3, 6, 7]
    once = model.validation_history
    model.fit(split.train, show_progress=False, validation=(split.train, split.test), validation_every=3,
              validation_users=20, patience=9)  # fmt: skip
    assert model.validation_history == once
    model.fit(split.train, show_progress=False)
    assert model.validation_history == []


def test_less_of_some_metrics_is_better(split):
    model = AlternatingLeastSquares(iterations=5, **PARAMETERS)
    model.fit(split.train, show_progress=False, validation=split, metric="gini@5", patience=9)
    found = evaluate(model, split, metrics="gini@5", show_progress=False)
    assert found["gini@5"] == min(value for _, value in model.validation_history)


def test_users_who_are_held_out_are_folded_in():
    split = HeldOutUsers(0.3).split(made_plays())
    model = AlternatingLeastSquares(iterations=5, **PARAMETERS)
    model.fit(split.train, show_progress=False, validation=split, patience=9)
    best = max(value for _, value in model.validation_history)
    assert best == pytest.approx(evaluate(model, split, K=20, metrics="ndcg", show_progress=False)["ndcg"])
    assert best > 0.1


def test_the_bar_shows_the_metric(split, capsys):
    model = AlternatingLeastSquares(iterations=2, **PARAMETERS)
    model.fit(split.train, validation=split, metric="recall@5")
    assert "recall@5=0." in capsys.readouterr().err


def test_mistakes_are_named(split):
    data = Interactions.from_matrix(sp.csr_array(np.eye(4)))
    small = data.matrix
    for options, error, message in [
        ({"validation": split.test}, TypeError, "validation must be a Split, or"),
        ({"validation": (small, small)}, ValueError, "validation must have the shape of user_items"),
        ({"validation": (split.train, 3)}, TypeError, "the test part of validation"),
        ({"validation": (split.train, sp.csr_array(split.train.shape))}, ValueError, "nobody to test"),
        ({"validation": split, "metric": "ndgc"}, ValueError, "did you mean 'ndcg'"),
        ({"validation": split, "metric": "novelty"}, ValueError, "more or less is better, got 'novelty'"),
        ({"validation": split, "patience": 0}, ValueError, "patience must be at least 1"),
        ({"validation": split, "validation_every": 0}, ValueError, "validation_every must be at least 1"),
        ({"validation": split, "validation_users": 0}, ValueError, "validation_users must be at least 1"),
    ]:
        with pytest.raises(error, match=message):
            AlternatingLeastSquares(factors=2).fit(split.train, show_progress=False, **options)
