"""Fits that the workers of a Ray cluster share, and scoring wherever users are."""

from penchant.distributed._fit import fit
from penchant.distributed._recommend_all import recommend_all
from penchant.distributed._scoring import RecommendBatches, recommend_batches
from penchant.distributed._tune import tune

__all__ = ["RecommendBatches", "fit", "recommend_all", "recommend_batches", "tune"]
