"""Splitting what happened into what models learn from and what they are tested with.

Also reachable as `penchant.evaluation`, and by name as `Interactions.split`.
"""

from penchant.splitting._by_chance import HeldOutItems, HeldOutUsers, KFold, LeaveKOut, RandomSplit
from penchant.splitting._by_name import NAMES, splitter
from penchant.splitting._by_time import LastDays, LeaveLastOut, RollingWindows, TimeSplit
from penchant.splitting._source import Mask, MatrixSource, Source
from penchant.splitting._split import Split, Splitter, matrix_of

__all__ = [
    "NAMES",
    "HeldOutItems",
    "HeldOutUsers",
    "KFold",
    "LastDays",
    "LeaveKOut",
    "LeaveLastOut",
    "Mask",
    "MatrixSource",
    "RandomSplit",
    "RollingWindows",
    "Source",
    "Split",
    "Splitter",
    "TimeSplit",
    "matrix_of",
    "splitter",
]
