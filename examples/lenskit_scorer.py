"""Penchant's models in LensKit: a scorer for its pipelines."""

import numpy as np
import scipy.sparse as sp
from lenskit.data import Dataset, ItemList, QueryInput, RecQuery
from lenskit.pipeline import Component
from lenskit.training import Trainable, TrainingOptions
from pydantic import BaseModel

from penchant import AlternatingLeastSquares


class PenchantConfig(BaseModel):
    """What the model is told; more as `AlternatingLeastSquares` takes it."""

    factors: int = 64
    iterations: int = 10
    alpha: float = 1.0
    regularization: float = 0.01
    random_state: int = 0


class PenchantScorer(Component[ItemList], Trainable):
    """Scores items by alternating least squares; users are solved for by their history."""

    config: PenchantConfig

    def train(self, data: Dataset, options: TrainingOptions | None = None) -> None:
        """Fit to the interactions of a data set."""
        if hasattr(self, "model") and options is not None and not options.retrain:
            return
        self.items, self.users = data.items, data.users
        self.matrix = sp.csr_array(data.interactions().matrix().scipy())
        self.model = AlternatingLeastSquares(**self.config.model_dump())
        self.model.fit(self.matrix, show_progress=False)

    def __call__(self, query: QueryInput, items: ItemList) -> ItemList:
        """Return the items with their scores; NaN for what nobody knows."""
        query = RecQuery.create(query)
        scores = np.full(len(items), np.nan, np.float32)
        numbers = items.numbers(vocabulary=self.items, missing="negative")
        row = self._row(query)
        if row is not None and row.nnz:
            factors = self.model.recalculate_user(len(self.users), row)
            scores[numbers >= 0] = self.model.item_factors[numbers[numbers >= 0]] @ factors
        return ItemList(items, scores=scores)

    def _row(self, query: RecQuery):
        """Return what is known of the user."""
        if query.query_items is not None and len(query.query_items):
            numbers = query.query_items.numbers(vocabulary=self.items, missing="negative")
            numbers = np.unique(numbers[numbers >= 0])
            entries = (np.ones(len(numbers), np.float32), (np.zeros_like(numbers), numbers))
            return sp.csr_array(entries, shape=(1, len(self.items)))
        user = self.users.number(query.user_id, missing=None) if query.user_id is not None else None
        return None if user is None else self.matrix[[user]]
