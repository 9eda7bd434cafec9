"""Penchant's models in RecTools: wherever RecTools takes a model, such as in its cross-validation.

RecTools 0.19 asks for NumPy 1 on some versions of Python; it works with NumPy 2 as well, installed with
--no-deps.
"""

import numpy as np
from rectools import InternalIds
from rectools.dataset import Dataset
from rectools.models.base import ModelBase, ModelConfig

from penchant import AlternatingLeastSquares


class PenchantModel(ModelBase[ModelConfig]):
    """A model of Penchant, by default alternating least squares, on the ids of a Dataset."""

    recommends_for_warm = False
    recommends_for_cold = False
    config_class = ModelConfig

    def __init__(self, model=None, verbose=0):
        super().__init__(verbose=verbose)
        self.model = AlternatingLeastSquares(random_state=0) if model is None else model

    def _fit(self, dataset: Dataset) -> None:
        self.model.fit(dataset.get_user_item_matrix(include_weights=True), show_progress=self.verbose > 0)

    def _recommend_u2i(self, user_ids, dataset, k, filter_viewed, sorted_item_ids_to_recommend):
        rows = dataset.get_user_item_matrix(include_weights=True)[user_ids]
        found = self.model.recommend(
            np.asarray(user_ids), rows, N=k, filter_already_liked_items=filter_viewed,
            items=sorted_item_ids_to_recommend,
        )  # fmt: skip
        return _triplets(user_ids, *found)

    def _recommend_i2i(self, target_ids, dataset, k, sorted_item_ids_to_recommend):
        return _triplets(
            target_ids, *self.model.similar_items(target_ids, N=k, items=sorted_item_ids_to_recommend)
        )


def _triplets(asked: InternalIds, ids, scores):
    """Return who or what was asked for, what was found, and its score, line by line; -1 is none."""
    told = (ids >= 0) & (scores > -np.inf)
    return np.repeat(np.asarray(asked), told.sum(axis=1)), ids[told], scores[told]
