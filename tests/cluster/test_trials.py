"""A search whose trials are tasks."""

import numpy as np
import pytest

from penchant import distributed, tuning


def test_trials_on_the_cluster_are_those_of_one_machine(nodes, plays):
    settings = {"trials": 3, "factors": 4, "show_progress": False, "users": 200}
    there = distributed.tune(plays, ["als", "rp3beta"], workers=1, **settings)
    here = tuning.tune(plays, ["als", "rp3beta"], num_threads=1, **settings)
    values = [
        [trial.value for trial in found.study.trials if trial.value is not None] for found in (there, here)
    ]
    assert values[0][0] == values[1][0]  # as the others may have been given up here
    assert np.isfinite(there.value)
    assert there.model.recommend(0, plays.matrix[[0]], N=3)[0].shape == (3,)
    several = distributed.tune(plays, "als", workers=3, **settings | {"trials": 4})
    assert len(several.study.trials) >= 4


def test_what_follows_from_workers_is_not_taken(nodes, plays):
    with pytest.raises(TypeError, match="jobs follows from workers"):
        distributed.tune(plays, jobs=3)
    with pytest.raises(ValueError, match="need more than the cluster has"):
        distributed.tune(plays, workers=99)
    with pytest.raises(ValueError, match="metric"):
        distributed.tune(plays, metric="ndgc@20", trials=1, show_progress=False)
