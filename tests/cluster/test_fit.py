"""A fit on a cluster: the same bits on any number of workers, and what a fit alone finds."""

import numpy as np
import pytest
from conftest import same

import penchant
from penchant.datasets import lastfm_shaped
from penchant.distributed import _run, fit


@pytest.fixture(params=[True, False], ids=["users travel", "sums travel"])
def either(request, monkeypatch):
    monkeypatch.setattr(_run.Run, "_users_travel", staticmethod(lambda *_: request.param))
    return request.param


def test_any_number_of_workers_gives_the_same_bits(nodes, plays, model, either):
    one = fit(model(), plays, workers=1, show_progress=False)
    for workers in (2, 3, 4, 8):
        assert same(one, fit(model(), plays, workers=workers, show_progress=False))
    assert same(one, fit(model(), plays, workers=2, threads_per_worker=2, show_progress=False))
    alone = penchant.Recommender(model()).fit(plays, show_progress=False)
    assert np.allclose(one.model.loss_history, alone.model.loss_history, rtol=1e-4)
    assert one.data is not plays
    assert np.array_equal(one.data.users, plays.users)
    user = plays.users[5]
    assert set(one.recommend(user)["item"]) == set(alone.recommend(user)["item"])


@pytest.mark.long
def test_the_objective_is_that_of_one_machine(nodes, either):
    data = penchant.Interactions.from_matrix(lastfm_shaped(0.1))
    settings = {"factors": 64, "alpha": 0.01, "iterations": 10, "random_state": 0}
    shared = fit(penchant.AlternatingLeastSquares(**settings), data, workers=3, show_progress=False)
    alone = penchant.AlternatingLeastSquares(**settings).fit(data.matrix, show_progress=False)
    assert abs(shared.model.loss_history[-1] / alone.loss_history[-1] - 1) < 1e-5


def test_factors_that_were_set_a_tolerance_and_a_callback_count_as_in_any_fit(nodes, plays, model):
    first = model(iterations=1, init="uniform", dtype=np.float64).fit(plays.matrix, show_progress=False)
    told = []
    settings = {"iterations": 30, "tolerance": 1e-3, "dtype": np.float64}
    shared, alone = model(**settings), model(**settings)
    for each in (shared, alone):
        each.user_factors, each.item_factors = first.user_factors, first.item_factors
    fit(shared, plays, workers=3, show_progress=False, callback=lambda *each: told.append(each))
    alone.fit(plays.matrix, show_progress=False)
    assert len(alone.loss_history) < 30
    assert np.allclose(shared.loss_history, alone.loss_history, rtol=1e-6)
    assert [epoch for epoch, _, _ in told] == list(range(len(shared.loss_history)))
    assert [loss for _, _, loss in told] == shared.loss_history
    ended = fit(model(), plays, show_progress=False, callback=lambda epoch, *_: epoch == 1)
    assert len(ended.model.loss_history) == 2
