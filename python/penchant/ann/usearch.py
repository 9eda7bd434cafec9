"""Items in a graph of usearch; needs ``pip install usearch``."""

from __future__ import annotations

from typing import Any

import numpy as np
from usearch.index import Index

from penchant._validation import Floats, Ids, integer
from penchant.ann._model import ApproximateModel, Keys, Vectors

__all__ = ["USearchModel"]


class USearchModel(ApproximateModel):
    """A model whose items are in a graph that a search walks through, as a file that others can map.

    Parameters
    ----------
    model, approximate_similar_items, approximate_recommend
        As for `ApproximateModel`.
    connectivity : int, default 16
        The neighbours of each item in the graph.
    expansion_add, expansion_search : int, default 128 and 64
        How many candidates are kept while the graph is made, and in a search.
    dtype : str, default "f32"
        How numbers are kept: ``"f32"``, ``"f16"``, ``"bf16"`` or ``"i8"``.

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
        connectivity: int = 16,
        expansion_add: int = 128,
        expansion_search: int = 64,
        dtype: str = "f32",
    ) -> None:
        super().__init__(model, approximate_similar_items, approximate_recommend)
        self.connectivity = integer(connectivity, "connectivity", 2)
        self.expansion_add = integer(expansion_add, "expansion_add", 1)
        self.expansion_search = integer(expansion_search, "expansion_search", 1)
        self.dtype = dtype

    def _made(self, items: Vectors, keys: Keys) -> Any:
        index = Index(
            ndim=items.shape[1],
            metric="ip",
            dtype=self.dtype,
            connectivity=self.connectivity,
            expansion_add=self.expansion_add,
            expansion_search=self.expansion_search,
        )
        index.add(keys, items)
        return index

    def _found(self, index: Any, queries: Vectors, count: int) -> tuple[Ids, Floats]:
        index.expansion_search = max(self.expansion_search, count)
        found: Ids = np.full((len(queries), count), -1, np.int64)
        scores: Floats = np.full((len(queries), count), -np.inf, np.float32)
        matches = index.search(queries, count)
        for row in range(len(queries)):
            one = matches[row] if len(queries) > 1 else matches
            keys = np.ravel(one.keys)
            found[row, : len(keys)] = keys.astype(np.int64)
            scores[row, : len(keys)] = 1.0 - np.ravel(one.distances)
        return found, scores
