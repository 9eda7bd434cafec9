"""Approximate search among the items of models with factors: faiss, hnswlib and usearch.

`penchant` searches exactly, in a millisecond or two among 300,000 items. An index is for many millions of
items, or for a database that has one; it finds most of what is best, and does not know what a user has.
"""

from penchant.ann._model import ApproximateModel, vectors

__all__ = ["ApproximateModel", "vectors"]
