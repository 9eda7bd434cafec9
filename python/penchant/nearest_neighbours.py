"""Weights of counts under the name of the module in which `implicit` has them."""

from penchant.weighting import bm25_weight, normalize, tfidf_weight

__all__ = ["bm25_weight", "normalize", "tfidf_weight"]
