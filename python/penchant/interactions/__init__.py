"""From raw events, in the caller's own labels, to the matrix that models learn from."""

from penchant.interactions._interactions import Interactions
from penchant.interactions._labelled_matrix import LabelledMatrix
from penchant.interactions._report import Report

__all__ = ["Interactions", "LabelledMatrix", "Report"]
