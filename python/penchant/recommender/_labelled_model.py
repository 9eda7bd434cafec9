"""A fitted model that is asked in the caller's labels, and answers in their kind of frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from penchant._base.protocols import SupportsExplain
from penchant._base.recommender import RecommenderBase
from penchant._labels import Unknown, warn_of_strangers
from penchant._validation import Ids, number
from penchant.exceptions import NotFittedError
from penchant.interactions import LabelledMatrix
from penchant.recommender._answers import Answers


class LabelledModel:
    """Answers about the users and items of some data.

    Attributes
    ----------
    model : RecommenderBase
    data : LabelledMatrix
        What the model was fitted to.
    """

    model: RecommenderBase
    _data: LabelledMatrix | None

    @property
    def data(self) -> Any:
        """What the model was fitted to, and updated with."""
        if self._data is None:
            msg = "this Recommender has not been fitted; call fit first"
            raise NotFittedError(msg)
        return self._data

    @property
    def _answers(self) -> Answers:
        return Answers(self.data)

    def recommend(
        self,
        users: Any = None,
        n: int = 10,
        *,
        filter_liked: bool = True,
        items: Any = None,
        exclude: Any = None,
        min_score: float | None = None,
        unknown: Unknown = "raise",
    ) -> Any:
        """Recommend items to users.

        Users about whom the model knows nothing get no recommendations: any list for them would only follow
        the order of the data. A `DataWarning` says how many there are.

        Parameters
        ----------
        users : label or sequence of labels, optional
            Whom to recommend to; by default everyone.
        n : int, default 10
            How many items for each; fewer where fewer are left.
        filter_liked : bool, default True
            Leave out what they have in the data.
        items : sequence of labels, optional
            Recommend only these.
        exclude : sequence of labels, optional
            Leave these out.
        min_score : float, optional
            Leave out items that score less.
        unknown : {"raise", "skip"}, default "raise"
            What to do about labels that are not known: raise, or leave them out with a `DataWarning` that
            names them.

        Returns
        -------
        frame
            With the columns ``user``, ``item``, ``score`` and ``rank`` (from 1): each user's best items, best
            first.

        Raises
        ------
        KeyError
            For an unknown label; it names close ones, and says so if it had too few entries.
        NotFittedError
            Before a fit.
        """
        data, answers = self.data, self._answers
        codes = self._known(answers.users(users, unknown))
        ids, scores = self.model.recommend(
            codes,
            data.matrix[codes],
            N=answers.count(n, data.shape[1]),
            filter_already_liked_items=filter_liked,
            min_score=min_score,
            **answers.candidates(items, exclude, unknown),
        )
        return answers.ranked({"user": (data.user_labels, codes)}, "item", data.item_labels, ids, scores)

    def _known(self, codes: Ids) -> Ids:
        """Return those of users about whom the model knows something, and warn of the others."""
        knows = self.model.knows_users(codes, self.data.matrix[codes])
        if not knows.all():
            strangers = codes[~knows]
            warn_of_strangers(self.data.user_labels(strangers[:9]), len(strangers))
        return codes[knows]

    def recommend_for(
        self,
        items: Mapping[Any, float] | Any,
        n: int = 10,
        *,
        filter_liked: bool = True,
        exclude: Any = None,
        min_score: float | None = None,
        unknown: Unknown = "raise",
    ) -> Any:
        """Recommend to someone the model has never seen, by what they like.

        Parameters
        ----------
        items : dict of label to weight, or sequence of labels
            What they did, in the units of the data; a sequence weighs 1 each.
        n, filter_liked, exclude, min_score, unknown
            As in `recommend`.

        Returns
        -------
        frame
            With the columns ``item``, ``score`` and ``rank``.

        Raises
        ------
        KeyError
            For an unknown label; it names close ones.
        ValueError
            If there are no items, none that is known, or a weight is not finite.
        """
        data, answers = self.data, self._answers
        codes, values = self._basket(items, unknown)
        entries = (np.array(values, np.float32), (np.zeros_like(codes), codes))
        row = sp.csr_array(entries, shape=(1, data.shape[1]))
        ids, scores = self.model.recommend(
            np.zeros(1, np.int32),
            row,
            N=answers.count(n, data.shape[1]),
            filter_already_liked_items=filter_liked,
            recalculate_user=True,
            min_score=min_score,
            **answers.candidates(None, exclude, unknown),
        )
        return answers.ranked({}, "item", data.item_labels, ids, scores)

    def _basket(self, items: Any, unknown: Unknown) -> tuple[Ids, list[float]]:
        """Return the codes and weights of what someone likes."""
        if isinstance(items, str | bytes | int | np.integer):
            items = [items]
        if hasattr(items, "keys") and hasattr(items, "items"):
            items = dict(items.items())  # a Series as well
        labels = list(items)
        weights = list(items.values()) if isinstance(items, Mapping) else [1.0] * len(labels)
        values = [_weight(weight, label) for label, weight in zip(labels, weights, strict=True)]
        codes = self._answers.items(labels, unknown)
        if len(codes) < len(labels):
            known = [self.data.has_item(label) for label in labels]
            values = [value for value, is_known in zip(values, known, strict=True) if is_known]
        if not len(codes):
            msg = "items must name at least one item that is known, as there is nothing else to go by"
            raise ValueError(msg)
        return codes, values

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
            With the columns ``item``, ``similar_item``, ``score`` (how alike they are, for models with
            factors their cosine) and ``rank``.
            The item itself is not among them.

        Raises
        ------
        KeyError
            For an unknown label; it names close ones.
        NotFittedError
            Before a fit.
        """
        data, answers = self.data, self._answers
        codes = answers.items(items, unknown)
        found = self.model.similar_items(codes, N=answers.count(n, data.shape[1]) + 1)
        asked = {"item": (data.item_labels, codes)}
        return answers.ranked(asked, "similar_item", data.item_labels, *_without_itself(codes, *found))

    def similar_users(self, users: Any, n: int = 10, *, unknown: Unknown = "raise") -> Any:
        """Find the users most like others, as `similar_items` does items.

        Returns
        -------
        frame
            With the columns ``user``, ``similar_user``, ``score`` and ``rank``.
        """
        data, answers = self.data, self._answers
        codes = answers.users(_named(users), unknown)
        found = self.model.similar_users(codes, N=answers.count(n, data.shape[0]) + 1)
        asked = {"user": (data.user_labels, codes)}
        return answers.ranked(asked, "similar_user", data.user_labels, *_without_itself(codes, *found))

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
        NotImplementedError
            If the model cannot explain its scores.

        References
        ----------
        Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008, section 5.
        """
        data, answers = self.data, self._answers
        if not isinstance(self.model, SupportsExplain):
            msg = f"{type(self.model).__name__} cannot say where its scores come from"
            raise NotImplementedError(msg)
        users = answers.users(_single(user, "user"), unknown)
        items = answers.items(_single(item, "item"), unknown)
        row = data.matrix[users[:1]]
        contributions: list[tuple[int, float]] = []
        if users.size and items.size:
            count = answers.count(n, data.shape[1])
            _, contributions, _ = self.model.explain(0, row, int(items[0]), N=count)
        codes = np.array([code for code, _ in contributions], np.int32)
        weights = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        return answers.frame(
            {
                "item": data.item_labels(codes),
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
        data, answers = self.data, self._answers
        row = data.matrix[answers.users(_single(user, "user"), unknown)]
        order = np.argsort(-row.data, kind="stable")
        return answers.frame(
            {
                "item": data.item_labels(row.indices[order]),
                "weight": row.data[order],
                "rank": np.arange(1, len(order) + 1),
            }
        )


def _weight(value: Any, label: Any) -> float:
    weight = number(value, f"the weight of {label!r}")
    if abs(weight) > float(np.finfo(np.float32).max):
        msg = f"the weight of {label!r} must be finite and below 3.4e38, got {weight}"
        raise ValueError(msg)
    return weight


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
