"""Where `implicit` has an index of Annoy, which nobody looks after any more: a graph by hnswlib."""

from __future__ import annotations

from typing import Any

from penchant._validation import warn
from penchant.ann.hnswlib import HNSWModel

__all__ = ["AnnoyModel"]


class AnnoyModel(HNSWModel):
    """A model whose items are in an HNSW graph; the parameters of trees mean nothing.

    Parameters
    ----------
    model, approximate_similar_items, approximate_recommend
        As for `ApproximateModel`.
    n_trees, search_k : int
        Accepted for `implicit`'s sake.
    """

    def __init__(
        self,
        model: Any,
        approximate_similar_items: bool = True,
        approximate_recommend: bool = True,
        n_trees: int = 50,
        search_k: int = -1,
    ) -> None:
        super().__init__(model, approximate_similar_items, approximate_recommend)
        if (n_trees, search_k) != (50, -1):
            warn("n_trees and search_k mean nothing here: the index is an HNSW graph of hnswlib")
