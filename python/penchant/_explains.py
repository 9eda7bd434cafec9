"""What is like what, and why something was recommended, in the caller's labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant._arguments import Ids
from penchant._asked import Asked
from penchant._labels import Unknown, taken


class Explains(Asked):
    """Finds neighbours and reasons."""

    model: Any

    def similar_items(self, items: Any, n: int = 10, *, unknown: Unknown = "raise") -> Any:
        """Find the items most like others.

        Parameters
        ----------
        items : label or sequence of labels
        n : int, default 10
            How many for each.
        unknown : {"raise", "skip"}, default "raise"
            What to do about labels that are not known: raise, or leave them out with a `DataWarning`.

        Returns
        -------
        frame
            With the columns ``item``, ``similar_item``, ``score`` (the cosine of their factors) and ``rank``.
            The item itself is not among them.

        Raises
        ------
        KeyError
            For an unknown label; it names close ones.
        NotFittedError
            Before a fit.
        """
        labels = self._events.items
        codes = self._items(items, unknown)
        found = self.model.similar_items(codes, N=self._count(n, self.data.shape[1]) + 1)
        return self._ranked({"item": (labels, codes)}, "similar_item", *_without_itself(codes, *found))

    def similar_users(self, users: Any, n: int = 10, *, unknown: Unknown = "raise") -> Any:
        """Find the users most like others, as `similar_items` does items.

        Returns
        -------
        frame
            With the columns ``user``, ``similar_user``, ``score`` and ``rank``.
        """
        labels = self._events.users
        codes = self._users(_named(users), unknown)
        found = self.model.similar_users(codes, N=self._count(n, self.data.shape[0]) + 1)
        return self._ranked(
            {"user": (labels, codes)}, "similar_user", *_without_itself(codes, *found), labels
        )

    def explain(self, user: Any, item: Any, n: int = 10, *, unknown: Unknown = "raise") -> Any:
        """Say which of a user's items speak for another.

        Parameters
        ----------
        user, item : label
        n : int, default 10
            How many of the user's items, at most.
        unknown : {"raise", "skip"}, default "raise"
            What to do if one of them is not known: raise, or return an empty frame with a `DataWarning`.

        Returns
        -------
        frame
            With the columns ``item``, ``weight`` (in the data) and ``contribution`` (to the score), largest
            first.

        Raises
        ------
        KeyError
            For an unknown label; it names close ones.

        References
        ----------
        Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008, section 5.
        """
        users = self._users(_single(user, "user"), unknown)
        items = self._items(_single(item, "item"), unknown)
        row = self.data.matrix[users[:1]]
        contributions: list[tuple[int, float]] = []
        if users.size and items.size:
            count = self._count(n, self.data.shape[1])
            _, contributions, _ = self.model.explain(0, row, int(items[0]), N=count)
        codes = np.array([code for code, _ in contributions], np.int32)
        weights = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        return self._frame(
            {
                "item": taken(self._events.items, codes),
                "weight": np.array([weights[code] for code in codes.tolist()], np.float32),
                "contribution": np.array([share for _, share in contributions], np.float64),
            }
        )

    def history(self, user: Any, *, unknown: Unknown = "raise") -> Any:
        """Return what a user has in the data.

        Parameters
        ----------
        user : label
        unknown : {"raise", "skip"}, default "raise"
            What to do about a user who is not known: raise, or return an empty frame with a `DataWarning`.

        Returns
        -------
        frame
            With the columns ``item``, ``weight`` and ``rank``, largest weight first.

        Raises
        ------
        KeyError
            For an unknown label; it names close ones.
        """
        row = self.data.matrix[self._users(_single(user, "user"), unknown)]
        order = np.argsort(-row.data, kind="stable")
        return self._frame(
            {
                "item": taken(self._events.items, row.indices[order]),
                "weight": row.data[order],
                "rank": np.arange(1, len(order) + 1),
            }
        )


def _named(labels: Any) -> Any:
    """Return labels; None stands for nobody here."""
    return [] if labels is None else labels


def _single(label: Any, what: str) -> Any:
    if np.ndim(label) != 0:
        msg = f"{what} must be a single label, got {np.ndim(label)} dimensions"
        raise ValueError(msg)
    return label


def _without_itself(codes: Ids, ids: Ids, scores: Any) -> tuple[Ids, Any]:
    """Leave out each row's own code, or its last place where others that are equal came before it."""
    own = ids == codes[:, None]
    own[~own.any(axis=1), -1] = True
    shape = (ids.shape[0], ids.shape[1] - 1)
    return ids[~own].reshape(shape), scores[~own].reshape(shape)
