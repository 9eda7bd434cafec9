"""The place where `implicit` keeps its models for CPUs; the same classes as in `penchant.als`."""

from penchant.cpu import als

__all__ = ["als"]
