"""What a model with factors can do, however they were learned."""

from penchant._neighbours import FindsNeighbours
from penchant._recommend import Recommends


class FactorModel(Recommends, FindsNeighbours):
    """Scores a user and an item by the product of their factors."""
