"""Items in an index of faiss; needs ``pip install 'penchant[ann]'``."""

from __future__ import annotations

from typing import Any

import faiss

from penchant._validation import Floats, Ids, integer, warn
from penchant.ann._model import ApproximateModel, Keys, Vectors

__all__ = ["FaissModel"]


class FaissModel(ApproximateModel):
    """A model whose items are in cells of faiss, of which a search visits the nearest.

    Parameters
    ----------
    model, approximate_similar_items, approximate_recommend
        As for `ApproximateModel`.
    nlist : int, default 400
        The number of cells; at most one for each 39 items, as faiss wants to train them.
    nprobe : int, default 20
        How many of them a search visits.
    use_gpu : bool, default False
        Accepted for `implicit`'s sake.

    References
    ----------
    Johnson, Douze and Jegou, "Billion-scale similarity search with GPUs", 2017.
    """

    def __init__(
        self,
        model: Any,
        approximate_similar_items: bool = True,
        approximate_recommend: bool = True,
        nlist: int = 400,
        nprobe: int = 20,
        use_gpu: bool = False,
    ) -> None:
        super().__init__(model, approximate_similar_items, approximate_recommend)
        self.nlist, self.nprobe = integer(nlist, "nlist", 1), integer(nprobe, "nprobe", 1)
        if use_gpu:
            warn("use_gpu means nothing here: the index is searched on the CPU")

    def _made(self, items: Vectors, keys: Keys) -> Any:
        width = items.shape[1]
        cells = max(1, min(self.nlist, len(items) // 39))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, cells, faiss.METRIC_INNER_PRODUCT)
        index.train(items)
        index.add_with_ids(items, keys)
        index.nprobe = self.nprobe
        return index

    def _found(self, index: Any, queries: Vectors, count: int) -> tuple[Ids, Floats]:
        scores, found = index.search(queries, count)
        return found, scores
