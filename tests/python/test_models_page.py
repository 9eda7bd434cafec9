"""The model that docs/models.md adds does what every model does."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from penchant import Interactions, Recommender
from penchant._base import registry
from penchant.evaluation import evaluate

PAGE = Path(__file__).parents[2] / "docs/models.md"


@pytest.fixture
def cheapest():
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names = {"__name__": "cheapest"}
    exec(block, names)
    return names["Cheapest"]


def test_the_smallest_model_is_a_model(cheapest, tmp_path):
    plays = sp.csr_array(np.random.default_rng(0).integers(0, 2, (6, 5)).astype(np.float32))
    model = cheapest(prices=[3.0, 1.0, 2.0, 9.0, 4.0]).fit(plays, show_progress=False)
    assert repr(model).startswith("Cheapest(")
    ids, _ = model.recommend(0, plays[[0]], N=3, filter_already_liked_items=False)
    assert ids.tolist() == [1, 2, 0]
    ids, _ = model.recommend([0, 1], plays[[0, 1]], N=5, filter_items=[1])
    assert not np.isin(ids, [1]).any()
    model.save(tmp_path / "model")
    again = cheapest.load(tmp_path / "model")
    np.testing.assert_array_equal(again.recommend(0, plays[[0]])[0], model.recommend(0, plays[[0]])[0])
    data = Interactions.from_frame({"user": ["ann", "bob"], "item": ["x", "y"]})
    recommender = Recommender(cheapest(prices=[2.0, 1.0])).fit(data, show_progress=False)
    assert recommender.recommend("ann")["item"].tolist() == ["y"]
    assert 0 <= evaluate(model, plays, plays, show_progress=False)["recall"] <= 1
    with pytest.raises(IndexError, match="userid 6 is outside"):
        model.recommend(6, plays[[0]])


def test_the_page_names_every_model():
    text = PAGE.read_text(encoding="utf-8")
    for name, (_, cls) in registry.MODELS.items():
        assert f"{cls}`" in text, name
