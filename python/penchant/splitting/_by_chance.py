"""Splits by chance. Pairs of user and item stay whole: all events of a pair go to one part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant._validation import describe, integer, number
from penchant.splitting._source import Mask, Source
from penchant.splitting._split import Cut, Splitter
from penchant.utils import RandomState, check_random_state


@dataclass(frozen=True)
class RandomSplit(Splitter):
    """Put random pairs of user and item aside.

    Parameters
    ----------
    test : float, default 0.2
        Which part, above 0 and below 1.
    per_user : bool, default False
        Whether it is that part of each user's items, rounded, of which at least one stays; otherwise each
        pair goes by chance, whosever it is.
    random_state : int, numpy.random.Generator or numpy.random.RandomState, default 0
    """

    test: float = 0.2
    per_user: bool = False
    random_state: RandomState = 0

    def _cuts(self, source: Source) -> Iterator[Cut]:
        share = _share(self.test, "test")
        users, pairs = _users_of_pairs(source)
        random = check_random_state(self.random_state).random(len(users))
        if self.per_user:
            place, counts = _places(users, random)
            aside = place < np.minimum(np.rint(counts * share), counts - 1)[users]
        else:
            aside = random < share
        yield Cut(~aside[pairs], aside[pairs], name=f"{100 * share:.3g} % by chance")


@dataclass(frozen=True)
class LeaveKOut(Splitter):
    """Put random items of each user aside who has more.

    Parameters
    ----------
    k : int, default 1
        How many of each.
    random_state : int, numpy.random.Generator or numpy.random.RandomState, default 0
    """

    k: int = 1
    random_state: RandomState = 0

    def _cuts(self, source: Source) -> Iterator[Cut]:
        k = integer(self.k, "k", 1)
        users, pairs = _users_of_pairs(source)
        place, counts = _places(users, check_random_state(self.random_state).random(len(users)))
        aside = (place < k) & (counts > k)[users]
        yield Cut(~aside[pairs], aside[pairs], name=f"{k} of each user by chance")


@dataclass(frozen=True)
class HeldOutUsers(Splitter):
    """Hold random users out: nothing of them is learned from (strong generalization).

    Of their items a part is folded in, `Split.history`, and the rest is to be predicted.

    Parameters
    ----------
    users : float or int, default 0.1
        Which part of the users with at least two items, above 0 and below 1; or how many.
    test : float, default 0.2
        Which part of their items is to be predicted, rounded; at least one, and one is folded in.
    random_state : int, numpy.random.Generator or numpy.random.RandomState, default 0

    References
    ----------
    Marlin, "Collaborative Filtering: A Machine Learning Perspective", 2004. Liang, Krishnan, Hoffman and
    Jebara, "Variational Autoencoders for Collaborative Filtering", 2018.
    """

    users: float = 0.1
    test: float = 0.2
    random_state: RandomState = 0

    def _cuts(self, source: Source) -> Iterator[Cut]:
        share = _share(self.test, "test")
        users, pairs = _users_of_pairs(source)
        generator = check_random_state(self.random_state)
        random = generator.random(len(users))
        place, counts = _places(users, random)
        eligible = np.flatnonzero(counts > 1)
        if isinstance(self.users, int | np.integer) and not isinstance(self.users, bool):
            count = integer(self.users, "users", 1)
        else:
            count = round(_share(self.users, "users") * len(eligible))
        if not 0 < count < max(len(eligible), 1):
            some = f"some of the {len(eligible)} users with two items"
            msg = f"users must leave {some} on either side, got {self.users}"
            raise ValueError(msg)
        held = np.zeros(source.shape[0], bool)
        held[generator.choice(eligible, size=count, replace=False)] = True
        wanted = np.clip(np.rint(counts * share), 1, np.maximum(counts - 1, 1))
        of_held, aside = held[users][pairs], ((place < wanted[users]) & held[users])[pairs]
        yield Cut(~of_held, aside, of_held & ~aside, name=f"{count:,} users held out")


@dataclass(frozen=True)
class HeldOutItems(Splitter):
    """Hold random items out: nobody who has them is learned from (cold start of items).

    They keep their columns, which are empty in the train part, and are ranked among each other:
    `Split.items`.

    Parameters
    ----------
    items : float or int, default 0.1
        Which part of the items that somebody has, above 0 and below 1; or how many.
    random_state : int, numpy.random.Generator or numpy.random.RandomState, default 0
    """

    items: float = 0.1
    random_state: RandomState = 0

    def _cuts(self, source: Source) -> Iterator[Cut]:
        there = np.unique(source.items)
        if isinstance(self.items, int | np.integer) and not isinstance(self.items, bool):
            count = integer(self.items, "items", 1)
        else:
            count = round(_share(self.items, "items") * len(there))
        if not 0 < count < len(there):
            msg = f"items must leave some of the {len(there)} items on either side, got {self.items}"
            raise ValueError(msg)
        held = np.zeros(source.shape[1], bool)
        held[check_random_state(self.random_state).choice(there, size=count, replace=False)] = True
        aside: Mask = held[source.items]
        yield Cut(~aside, aside, name=f"{count:,} items held out", of_items=True)


@dataclass(frozen=True)
class KFold(Splitter):
    """Deal the pairs of user and item out to folds, each of which is the test part once.

    Parameters
    ----------
    folds : int, default 5
        How many, at least 2.
    random_state : int, numpy.random.Generator or numpy.random.RandomState, default 0
    """

    folds: int = 5
    random_state: RandomState = 0

    def _cuts(self, source: Source) -> Iterator[Cut]:
        folds = integer(self.folds, "folds", 2)
        users, pairs = _users_of_pairs(source)
        order = check_random_state(self.random_state).permutation(len(users))
        fold = np.empty(len(users), np.int64)
        fold[order] = np.arange(len(users)) * folds // max(len(users), 1)
        for each in range(folds):
            aside: Mask = (fold == each)[pairs]
            yield Cut(~aside, aside, name=f"fold {each + 1} of {folds}")


def _share(value: object, name: str) -> float:
    if isinstance(value, bool):
        msg = f"{name} must be a number between 0 and 1, got {describe(value)}"
        raise TypeError(msg)
    share = number(value, name)
    if not 0.0 < share < 1.0:
        msg = f"{name} must be above 0 and below 1, got {value}"
        raise ValueError(msg)
    return share


def _users_of_pairs(source: Source) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the user of each pair, and the pair of each event."""
    pairs = source.pairs()
    users = np.zeros(int(pairs.max(initial=-1)) + 1, np.int32)
    users[pairs] = source.users
    return users, pairs


def _places(
    users: npt.NDArray[np.int32], keys: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the place of each pair among its user's in the order of keys, and how many each user has."""
    counts = np.bincount(users).astype(np.int64)
    order = np.lexsort((keys, users))
    place = np.empty(len(users), np.int64)
    place[order] = np.arange(len(users)) - np.repeat(np.cumsum(counts) - counts, counts)
    return place, counts
