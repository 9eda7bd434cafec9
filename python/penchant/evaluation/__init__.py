"""Splitting data into training and test, and measuring recommendations.

Two sets of definitions live here. `ranking_metrics_at_k` and the functions named after single metrics give
the numbers that `implicit` gives, so that results can be compared; `evaluate` gives those of the textbooks,
for the users whom the model can know.
"""

from penchant.evaluation._evaluation import Evaluation
from penchant.evaluation.evaluate import evaluate
from penchant.evaluation.metrics import METRICS, Metric, metric_named, sign_of, with_cutoff
from penchant.evaluation.metrics_at_k import (
    AUC_at_k,
    mean_average_precision_at_k,
    ndcg_at_k,
    precision_at_k,
    ranking_metrics_at_k,
)
from penchant.evaluation.scorer import scorer
from penchant.evaluation.significance import Comparison, compare_users
from penchant.evaluation.splits import leave_k_out_split, train_test_split
from penchant.splitting import (
    HeldOutItems,
    HeldOutUsers,
    KFold,
    LastDays,
    LeaveKOut,
    LeaveLastOut,
    RandomSplit,
    RollingWindows,
    Split,
    Splitter,
    TimeSplit,
)

__all__ = [
    "METRICS",
    "AUC_at_k",
    "Comparison",
    "Evaluation",
    "HeldOutItems",
    "HeldOutUsers",
    "KFold",
    "LastDays",
    "LeaveKOut",
    "LeaveLastOut",
    "Metric",
    "RandomSplit",
    "RollingWindows",
    "Split",
    "Splitter",
    "TimeSplit",
    "compare_users",
    "evaluate",
    "leave_k_out_split",
    "mean_average_precision_at_k",
    "metric_named",
    "ndcg_at_k",
    "precision_at_k",
    "ranking_metrics_at_k",
    "scorer",
    "sign_of",
    "train_test_split",
    "with_cutoff",
]
