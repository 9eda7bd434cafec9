"""Items in a graph of hnswlib; needs ``pip install hnswlib``."""

from __future__ import annotations

from typing import Any

import hnswlib
import numpy as np

from penchant._validation import Floats, Ids, integer
from penchant.ann._model import ApproximateModel, Keys, Vectors

__all__ = ["HNSWModel"]


class HNSWModel(ApproximateModel):
    """A model whose items are in a graph that a search walks through.

    Parameters
    ----------
    model, approximate_similar_items, approximate_recommend
        As for `ApproximateModel`.
    M : int, default 16
        The neighbours of each item in the graph.
    ef_construction : int, default 400
        How many candidates are kept while the graph is made.
    ef : int, default 90
        How many are kept in a search, or as many as are asked for.
    num_threads : int, default 0
        0 for all; the graph, and what it finds, depends on how many there are.

    References
    ----------
    Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
    Navigable Small World graphs", 2016.
    """

    def __init__(
        self,
        model: Any,
        approximate_similar_items: bool = True,
        approximate_recommend: bool = True,
        M: int = 16,
        ef_construction: int = 400,
        ef: int = 90,
        num_threads: int = 0,
    ) -> None:
        super().__init__(model, approximate_similar_items, approximate_recommend)
        self.M, self.ef_construction = integer(M, "M", 2), integer(ef_construction, "ef_construction", 1)
        self.ef, self.num_threads = integer(ef, "ef", 1), integer(num_threads, "num_threads", 0)

    def _made(self, items: Vectors, keys: Keys) -> Any:
        index = hnswlib.Index(space="ip", dim=items.shape[1])
        index.init_index(
            max_elements=len(items), M=self.M, ef_construction=self.ef_construction, random_seed=0
        )
        index.add_items(items, keys, num_threads=self.num_threads or -1)
        return index

    def _found(self, index: Any, queries: Vectors, count: int) -> tuple[Ids, Floats]:
        found: Ids = np.full((len(queries), count), -1, np.int64)
        scores: Floats = np.full((len(queries), count), -np.inf, np.float32)
        while count:
            index.set_ef(max(self.ef, count))
            try:
                keys, distances = index.knn_query(queries, k=count, num_threads=self.num_threads or -1)
            except RuntimeError:  # a walk did not come upon so many
                count //= 2
                continue
            found[:, :count], scores[:, :count] = keys, 1.0 - distances
            break
        return found, scores
