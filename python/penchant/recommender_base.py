"""What code written for `implicit` imports from there."""

from penchant._factor_model import FactorModel as RecommenderBase
from penchant.exceptions import ModelFitError

__all__ = ["ModelFitError", "RecommenderBase"]
