"""Alternating least squares for implicit feedback."""

from penchant.als._estimator import AlternatingLeastSquares

__all__ = ["AlternatingLeastSquares"]
