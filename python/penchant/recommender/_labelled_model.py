"""A fitted model that is asked in the caller's labels, and answers in their kind of frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from penchant._base.protocols import SupportsExplain, SupportsFeatures
from penchant._base.recommender import RecommenderBase
from penchant._labels import Unknown, warn_of_strangers
from penchant._sparse import taken_rows
from penchant._validation import Ids, number
from penchant.exceptions import NotFittedError
from penchant.interactions import LabelledMatrix
from penchant.recommender._answers import Answers
from penchant.recommender._described import Described


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
    _described: Described

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
        codes, rows = self._known(answers.users(users, unknown))
        ids, scores = self.model.recommend(
            codes,
            rows,
            N=answers.count(n, data.shape[1]),
            filter_already_liked_items=filter_liked,
            min_score=min_score,
            **answers.candidates(items, exclude, unknown),
        )
        return answers.ranked({"user": (data.user_labels, codes)}, "item", data.item_labels, ids, scores)

    def _known(self, codes: Ids) -> tuple[Ids, Any]:
        """Return those of users about whom the model knows something, and their rows; warn of the others."""
        rows = taken_rows(self.data.matrix, codes)
        knows = self.model.knows_users(codes, rows)
        if knows.all():
            return codes, rows
        strangers = codes[~knows]
        warn_of_strangers(self.data.user_labels(strangers[:9]), len(strangers))
        return codes[knows], rows[knows]

    def recommend_for(
        self,
        items: Mapping[Any, float] | Any = None,
        n: int = 10,
        *,
        features: Any = None,
        filter_liked: bool = True,
        exclude: Any = None,
        min_score: float | None = None,
        unknown: Unknown = "raise",
    ) -> Any:
        """Recommend to someone the model has never seen, by what they like or what is known of them.

        Parameters
        ----------
        items : dict of label to weight, or sequence of labels, optional
            What they did, in the units of the data; a sequence weighs 1 each.
        features : dict of column to value, frame of one row, or one row of a matrix, optional
            What is known of them, in the columns of the `user_features` of the fit; what is left out is not
            known. An empty dict is a stranger, who gets what the average user gets.
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
            If there are neither items nor features, no item that is known, or a weight is not finite; for
            features, if the recommender was fitted without those of users.
        """
        data, answers = self.data, self._answers
        if items is None and features is None:
            msg = "items or features must say who it is"
            raise ValueError(msg)
        known = None if features is None else self._described_user(features)
        nothing: tuple[Ids, list[float]] = (np.zeros(0, np.int32), [])
        codes, values = (
            nothing if items is None else self._basket(items, unknown, may_be_empty=known is not None)
        )
        entries = (np.array(values, np.float32), (np.zeros_like(codes), codes))
        row = sp.csr_array(entries, shape=(1, data.shape[1]))
        asked: dict[str, Any] = {
            "N": answers.count(n, data.shape[1]),
            "filter_already_liked_items": filter_liked,
            "min_score": min_score,
            **answers.candidates(None, exclude, unknown),
        }
        if known is not None and isinstance(self.model, SupportsFeatures):
            ids, scores = self.model.recommend_for_features(known, row, **asked)
        else:
            # Nobody whom the model knows, whose features it would otherwise take.
            stranger = np.array([data.shape[0]], np.int32)
            ids, scores = self.model.recommend(stranger, row, recalculate_user=True, **asked)
        return answers.ranked({}, "item", data.item_labels, ids, scores)

    def _described_user(self, features: Any) -> Any:
        """Return what is known of someone as the model takes it."""
        known = self._described.users
        if known is None:
            msg = "features say nothing to a recommender that was fitted without user_features"
            raise ValueError(msg)
        return known.row(features)

    def _basket(self, items: Any, unknown: Unknown, *, may_be_empty: bool) -> tuple[Ids, list[float]]:
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
        if not len(codes) and not may_be_empty:
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

    def explain(
        self,
        user: Any,
        item: Any,
        n: int = 10,
        *,
        by: Literal["items", "item_features", "user_features"] = "items",
        unknown: Unknown = "raise",
    ) -> Any:
        """Say which of a user's items speak for another, or what comes from features.

        Parameters
        ----------
        user, item : label
        n : int, default 10
            How many of the user's items, or of the features, at most.
        by : {"items", "item_features", "user_features"}, default "items"
            What the score is split into: the user's items, or the features of the item or of the user.
        unknown : {"raise", "skip"}, default "raise"
            What to do if one of them is not known: raise, or return an empty frame with a `DataWarning`.

        Returns
        -------
        frame
            With the columns ``item``, ``weight`` (in the data) and ``contribution`` (to the score), largest
            first. By features with ``feature`` and ``contribution``, of which the last two lines are what all
            items have in common, or all users, and what comes from what people did: all lines, of which `n`
            may leave some out, add up to the score.

        Raises
        ------
        KeyError
            For an unknown label; it names close ones.
        NotImplementedError
            If the model cannot explain its scores, or has no such features.

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
        if by != "items":
            return self._explained_by_features(users, items, n, by)
        row = data.matrix[users[:1]]
        contributions: list[tuple[int, float]] = []
        if users.size and items.size:
            count = answers.count(n, data.shape[1])
            _, contributions, _ = self.model.explain(int(users[0]), row, int(items[0]), N=count)
        codes = np.array([code for code, _ in contributions], np.int32)
        weights = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        return answers.frame(
            {
                "item": data.item_labels(codes),
                "weight": np.array([weights[code] for code in codes.tolist()], np.float32),
                "contribution": np.array([share for _, share in contributions], np.float64),
            }
        )

    def _explained_by_features(self, users: Ids, items: Ids, n: int, by: str) -> Any:
        sides = {"item_features": self._described.items, "user_features": self._described.users}
        if by not in sides:
            msg = f"by must be 'items', 'item_features' or 'user_features', got {by!r}"
            raise ValueError(msg)
        known = sides[by]
        if known is None or not isinstance(self.model, SupportsFeatures):
            msg = f"the recommender was fitted without {by}"
            raise NotImplementedError(msg)
        names: list[str] = []
        shares: list[float] = []
        if users.size and items.size:
            side = by.removesuffix("_features") + "s"
            found, common, own = self.model.explain_by_features(int(users[0]), int(items[0]), side)
            count = self._answers.count(n, max(len(found), 1))
            names = [known.names[feature] for feature, _ in found[:count]]
            shares = [share for _, share in found[:count]]
            names += [f"(what all {side} have in common)", "(what people did)"]
            shares += [common, own]
        return self._answers.frame({"feature": names, "contribution": np.array(shares, np.float64)})

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
