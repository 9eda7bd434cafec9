"""The options that say how data is split."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from penchant.cli._parser import Command, count, fraction, natural

if TYPE_CHECKING:
    from penchant.splitting import Splitter

#: What each kind of split is called here.
KINDS = ("random", "leave-k-out", "leave-last-out", "time", "items", "users", "k-fold", "rolling")


def add_split(command: Command, *, several: bool = False, files: bool = False) -> None:
    """Add how to split; `several` if more than one split will do, `files` if both parts go into files."""
    group = command.add_argument_group("how to split")
    # What is folded in of users who are held out is in neither part.
    kinds = KINDS if several else KINDS[:5] if files else KINDS[:6]
    text = "at random (the default), so many items of each user, by time, or whole items or users held out"
    group.add_argument("--split", choices=kinds, default="random", help=text)
    part = "the part of the entries to learn from (default 0.8)"
    group.add_argument("--train-fraction", type=fraction, default=0.8, metavar="PART", help=part)
    days = "with --split time, test with the last N days; with rolling, how long a window is (default 7)"
    group.add_argument("--test-days", type=_days, metavar="N", help=days)
    group.add_argument("--at", metavar="TIME", help="with --split time, test with what happened from then on")
    items = "with --split leave-k-out or leave-last-out, how many items of each user (default 1)"
    group.add_argument("-k", "--test-items", type=count, default=1, metavar="N", help=items)
    if several:
        folds = "with --split k-fold, how many folds; with rolling, how many windows (default 3)"
        group.add_argument("--folds", type=count, default=3, metavar="N", help=folds)
    seed = "the seed of the split; equal seeds put the same part aside (default 0)"
    group.add_argument("--split-seed", type=natural, default=0, metavar="N", help=seed)


def split_of(options: argparse.Namespace) -> Splitter:
    """Return the splitter that the options ask for."""
    from penchant import splitting as s

    kind, seed = options.split, options.split_seed
    test = round(1.0 - options.train_fraction, 12)
    if kind == "time":
        if (options.at is None) == (options.test_days is None):
            options.error("--split time needs one of --test-days and --at")
        return s.TimeSplit(_number_or_text(options.at)) if options.at else s.LastDays(options.test_days)
    made: dict[str, Any] = {
        "random": lambda: s.RandomSplit(test, random_state=seed),
        "leave-k-out": lambda: s.LeaveKOut(options.test_items, random_state=seed),
        "leave-last-out": lambda: s.LeaveLastOut(options.test_items),
        "users": lambda: s.HeldOutUsers(test=test, random_state=seed),
        "items": lambda: s.HeldOutItems(items=test, random_state=seed),
        "k-fold": lambda: s.KFold(options.folds, random_state=seed),
        "rolling": lambda: s.RollingWindows(options.test_days or 7.0, options.folds),
    }
    splitter: Splitter = made[kind]()
    return splitter


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < float("inf"):
        msg = f"must be a number above 0, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return value
