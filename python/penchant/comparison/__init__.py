"""Several models on the same data: one table with intervals, seconds and sizes, and pictures of it."""

from penchant.comparison._compare import compare
from penchant.comparison._plots import plot_activity, plot_curves
from penchant.comparison._table import ComparisonTable

__all__ = ["ComparisonTable", "compare", "plot_activity", "plot_curves"]
