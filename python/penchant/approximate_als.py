"""Alternating least squares with an approximate search, under the names that `implicit` has for it."""

from __future__ import annotations

from typing import Any

from penchant.als import AlternatingLeastSquares

__all__ = [
    "AnnoyAlternatingLeastSquares",
    "FaissAlternatingLeastSquares",
    "NMSLibAlternatingLeastSquares",
    "augment_inner_product_matrix",
]

from penchant.utils import augment_inner_product_matrix


def FaissAlternatingLeastSquares(  # noqa: N802 - as `implicit` calls it
    *args: Any,
    approximate_similar_items: bool = True,
    approximate_recommend: bool = True,
    nlist: int = 400,
    nprobe: int = 20,
    use_gpu: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a `penchant.ann.faiss.FaissModel` of `AlternatingLeastSquares` with the other arguments."""
    from penchant.ann.faiss import FaissModel  # noqa: PLC0415 - it may not be installed

    model = AlternatingLeastSquares(*args, **kwargs)
    return FaissModel(model, approximate_similar_items, approximate_recommend, nlist, nprobe, use_gpu)


def NMSLibAlternatingLeastSquares(  # noqa: N802 - as `implicit` calls it
    *args: Any,
    approximate_similar_items: bool = True,
    approximate_recommend: bool = True,
    method: str = "hnsw",
    index_params: Any = None,
    query_params: Any = None,
    use_gpu: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a `penchant.ann.nmslib.NMSLibModel` of `AlternatingLeastSquares` with the other arguments."""
    from penchant.ann.nmslib import NMSLibModel  # noqa: PLC0415 - it may not be installed

    model = AlternatingLeastSquares(*args, use_gpu=use_gpu, **kwargs)
    return NMSLibModel(
        model, approximate_similar_items, approximate_recommend, method, index_params, query_params
    )


def AnnoyAlternatingLeastSquares(  # noqa: N802 - as `implicit` calls it
    *args: Any,
    approximate_similar_items: bool = True,
    approximate_recommend: bool = True,
    n_trees: int = 50,
    search_k: int = -1,
    use_gpu: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a `penchant.ann.annoy.AnnoyModel` of `AlternatingLeastSquares` with the other arguments."""
    from penchant.ann.annoy import AnnoyModel  # noqa: PLC0415 - it may not be installed

    model = AlternatingLeastSquares(*args, use_gpu=use_gpu, **kwargs)
    return AnnoyModel(model, approximate_similar_items, approximate_recommend, n_trees, search_k)
