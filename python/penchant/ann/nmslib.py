"""Where `implicit` has an index of NMSLIB, which nobody looks after any more: the same graph by hnswlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penchant._validation import warn
from penchant.ann.hnswlib import HNSWModel

__all__ = ["NMSLibModel"]


class NMSLibModel(HNSWModel):
    """A model whose items are in an HNSW graph, with the parameters of `implicit`.

    Parameters
    ----------
    model, approximate_similar_items, approximate_recommend
        As for `ApproximateModel`.
    method : str, default "hnsw"
        The only one.
    index_params : dict, optional
        ``M`` and ``efConstruction``.
    query_params : dict, optional
        ``ef``.
    **kwargs
        Ignored, as `implicit` does.
    """

    def __init__(
        self,
        model: Any,
        approximate_similar_items: bool = True,
        approximate_recommend: bool = True,
        method: str = "hnsw",
        index_params: Mapping[str, Any] | None = None,
        query_params: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        del kwargs
        if method != "hnsw":
            warn(f"method {method!r} means nothing here: the index is an HNSW graph of hnswlib")
        given, asked = index_params or {}, query_params or {}
        super().__init__(
            model,
            approximate_similar_items,
            approximate_recommend,
            M=given.get("M", 16),
            ef_construction=given.get("efConstruction", 400),
            ef=asked.get("ef", 90),
        )
