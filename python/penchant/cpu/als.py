"""`penchant.als` under the name that `implicit` has for it."""

from penchant.als import AlternatingLeastSquares

__all__ = ["AlternatingLeastSquares"]
