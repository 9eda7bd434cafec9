"""RecTools and LensKit with our models inside: what they recommend is what the models do."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from penchant import EASE, AlternatingLeastSquares
from penchant.datasets import made_plays

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))


@pytest.fixture(scope="module")
def events():
    plays = made_plays(users=200, artists=160)
    entries = plays.matrix.tocoo()
    return pd.DataFrame(
        {"user_id": plays.users[entries.row], "item_id": plays.artists[entries.col], "weight": entries.data}
    )


def test_rectools(events):
    from rectools.dataset import Dataset
    from rectools_model import PenchantModel

    events = events.assign(datetime=pd.Timestamp("2026-01-01"))
    dataset = Dataset.construct(events)
    for inner in (AlternatingLeastSquares(factors=8, iterations=5, random_state=0), EASE()):
        model = PenchantModel(inner).fit(dataset)
        users = events["user_id"].unique()[:5]
        found = model.recommend(users, dataset, k=4, filter_viewed=True)
        assert found.groupby("user_id").size().tolist() == [4] * 5
        matrix = sp.csr_array(dataset.get_user_item_matrix(include_weights=True))
        ids = dataset.user_id_map.convert_to_internal(users)
        ours, _ = inner.recommend(ids, matrix[ids], N=4)
        assert found["item_id"].tolist() == dataset.item_id_map.convert_to_external(ours.ravel()).tolist()
        some = events["item_id"].unique()[:3]
        alike = model.recommend_to_items(some, dataset, k=3)
        assert len(alike) == 9


def test_rectools_cross_validates_us(events):
    from rectools.dataset import Dataset
    from rectools.metrics import Recall
    from rectools.model_selection import LastNSplitter, cross_validate
    from rectools_model import PenchantModel

    random = np.random.default_rng(0)
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 300, len(events)), "D")
    dataset = Dataset.construct(events.assign(datetime=days))
    found = cross_validate(
        dataset=dataset,
        splitter=LastNSplitter(2, n_splits=1),
        metrics={"recall@10": Recall(k=10)},
        models={"penchant": PenchantModel(AlternatingLeastSquares(factors=16, random_state=0))},
        k=10,
        filter_viewed=True,
    )
    assert found["metrics"][0]["recall@10"] > 0.2


def test_lenskit(events):
    from lenskit.batch import recommend
    from lenskit.data import ItemList, from_interactions_df
    from lenskit.pipeline import topn_pipeline
    from lenskit_scorer import PenchantScorer

    data = from_interactions_df(events[["user_id", "item_id"]])
    pipeline = topn_pipeline(PenchantScorer(factors=8, iterations=5), n=6)
    pipeline.train(data)
    users = events["user_id"].unique()[:4]
    found = recommend(pipeline, list(users), n=6, n_jobs=1)
    scorer = pipeline.node("scorer").component
    for user in users:
        number = data.users.number(user)
        best, _ = scorer.model.recommend(number, scorer.matrix[[number]], N=6, recalculate_user=True)
        listed = found.lookup(user_id=user)
        assert listed.ids().tolist() == data.items.ids()[best].tolist()
    stranger = scorer(ItemList(events["item_id"].unique()[:2]), ItemList(data.items.ids()))
    assert np.isfinite(stranger.scores()).all()
    nobody = scorer("nobody at all", ItemList(data.items.ids()))
    assert np.isnan(nobody.scores()).all()
