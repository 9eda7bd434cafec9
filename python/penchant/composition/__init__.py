"""Models made of models: scores that are added up, one model after another, and places that are kept free.

They are models as well, for whatever takes one: labels, metrics, files, and each other.
"""

from penchant.composition._blend import Blend
from penchant.composition._fallback import Fallback
from penchant.composition._reserved import Reserved

__all__ = ["Blend", "Fallback", "Reserved"]
