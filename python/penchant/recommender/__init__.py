"""Models that are spoken to in the caller's own labels."""

from penchant.recommender._labelled_model import LabelledModel
from penchant.recommender._recommender import Recommender

__all__ = ["LabelledModel", "Recommender"]
