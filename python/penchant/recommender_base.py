"""What code written for `implicit` imports from there."""

from penchant._base.recommender import RecommenderBase
from penchant.exceptions import ModelFitError

__all__ = ["ModelFitError", "RecommenderBase"]
