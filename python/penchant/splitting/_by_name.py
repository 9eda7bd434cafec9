"""Splitters by their names, for `Interactions.split`, `compare`, `tune` and the command line."""

from __future__ import annotations

import difflib
import inspect
from typing import Any

from penchant._validation import describe
from penchant.splitting._by_chance import HeldOutItems, HeldOutUsers, KFold, LeaveKOut, RandomSplit
from penchant.splitting._by_time import LastDays, LeaveLastOut, RollingWindows, TimeSplit
from penchant.splitting._split import Splitter

#: What each kind of split is called.
NAMES: dict[str, type[Splitter]] = {
    "random": RandomSplit,
    "leave_k_out": LeaveKOut,
    "leave_last_out": LeaveLastOut,
    "time": TimeSplit,
    "last_days": LastDays,
    "users": HeldOutUsers,
    "items": HeldOutItems,
    "k_fold": KFold,
    "rolling": RollingWindows,
}


def splitter(by: str | Splitter, **settings: Any) -> Splitter:
    """Return the splitter of this name with these settings, or the one that is given.

    Raises
    ------
    TypeError, ValueError
        If there is none of this name, or it has no such setting.
    """
    if isinstance(by, Splitter):
        if settings:
            msg = f"settings go with a name, got {type(by).__name__} and {', '.join(settings)}"
            raise TypeError(msg)
        return by
    if not isinstance(by, str):
        msg = f"a split must be one of {', '.join(map(repr, NAMES))} or a Splitter, got {describe(by)}"
        raise TypeError(msg)
    if by not in NAMES:
        close = difflib.get_close_matches(by, NAMES, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(map(repr, NAMES))}"
        msg = f"there is no split {by!r}; {hint}"
        raise ValueError(msg)
    made = NAMES[by]
    known = inspect.signature(made).parameters
    unknown = [name for name in settings if name not in known]
    if unknown:
        msg = f"the split {by!r} takes {', '.join(known)}, got {', '.join(unknown)}"
        raise TypeError(msg)
    missing = [n for n, p in known.items() if p.default is inspect.Parameter.empty and n not in settings]
    if missing:
        msg = f"the split {by!r} needs {', '.join(missing)}"
        raise TypeError(msg)
    return made(**settings)
