"""What the model is asked for each kind of request, and its answers as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np

from penchant.exceptions import ModelFitError
from penchant.service import _schema as schema
from penchant.service._current import BAD, Served
from penchant.service._labels import check_known, label_of, plain
from penchant.service._problem import Problem

#: One user's list: of which model, whose, how many, and without what they have or with it.
ListAsked: TypeAlias = tuple[Served, Any, int, bool]
# What the sentences of errors begin with.
_FIELDS = (
    ("features", ("features", "column", "the column")),
    ("items", ("items", "the weight of")),
    ("exclude", ("exclude",)),
)
Json: TypeAlias = dict[str, Any]


class Answers:
    """Answers requests from a model, which each of them brings with it."""

    def __init__(self, names: Mapping[str, str] | None) -> None:
        self._names = names

    def lists(self, asked: list[ListAsked]) -> list[Json | Exception]:
        """Return lists for users who are known, those that are alike in one search."""
        answers: list[Json | Exception] = []
        for (served, n, filter_liked), group in groupby(asked, lambda each: (each[0], each[2], each[3])):
            users = [user for _, user, _, _ in group]
            found = served.recommender.recommend(list(dict.fromkeys(users)), n, filter_liked=filter_liked)
            lists = self._by_user(found)
            answers += [{"user": user, "items": lists.get(user, [])} for user in users]
        return answers

    def list_of(self, served: Served, user: Any, n: int) -> list[Json]:
        """Return the best items of a user who is known."""
        found = served.recommender.recommend(user, n)
        return self.scored(found, "item")

    def recommend(self, served: Served, asked: schema.Recommend) -> Json:
        """Return lists for several users."""
        data, raises = served.data, asked.unknown == "raise"
        if raises:
            check_known(data, "user", asked.users, "users", single=False)
            check_known(data, "item", asked.items or (), "items", single=False)
            check_known(data, "item", asked.exclude or (), "exclude", single=False)
        users = list(dict.fromkeys(asked.users))
        found = asked_of(
            served.recommender.recommend, users, asked.n, filter_liked=asked.filter_liked, items=asked.items,
            exclude=asked.exclude, min_score=asked.min_score, unknown=asked.unknown,
        )  # fmt: skip
        lists = self._by_user(found)
        return {"lists": [{"user": user, "items": lists.get(user, [])} for user in users]}

    def recommend_for(self, served: Served, asked: schema.RecommendFor) -> Json:
        """Return items for somebody by what they like."""
        data = served.data
        items: Any = asked.items
        if isinstance(items, dict):
            items = {label_of(data, "item", label): weight for label, weight in items.items()}
        if items is None and asked.features is None:
            raise Problem(422, "items or features must say who it is", "items")
        if asked.unknown == "raise":
            check_known(data, "item", list(items or ()), "items", single=False)
            check_known(data, "item", asked.exclude or (), "exclude", single=False)
        found = asked_of(
            served.recommender.recommend_for, items, asked.n, features=asked.features,
            filter_liked=asked.filter_liked, exclude=asked.exclude, min_score=asked.min_score,
            unknown=asked.unknown,
        )  # fmt: skip
        return {"items": self.scored(found, "item")}

    def similar_items(self, served: Served, item: Any, n: int) -> Json:
        """Return items like another."""
        check_known(served.data, "item", [item], "item")
        found = asked_of(served.recommender.similar_items, item, n)
        return {"item": item, "items": self.scored(found, "similar_item")}

    def similar_users(self, served: Served, user: Any, n: int) -> Json:
        """Return users like another."""
        check_known(served.data, "user", [user], "user")
        found = asked_of(served.recommender.similar_users, user, n)
        users = zip(plain(found["similar_user"]), plain(found["score"]), strict=True)
        return {"user": user, "users": [{"user": other, "score": score} for other, score in users]}

    def explain(self, served: Served, user: Any, item: Any, n: int) -> Json:
        """Return what of a user's speaks for an item."""
        check_known(served.data, "user", [user], "user")
        check_known(served.data, "item", [item], "item")
        found = asked_of(served.recommender.explain, user, item, n)
        return {"user": user, "item": item, "items": self.rows(found)}

    def history(self, served: Served, user: Any, n: int) -> Json:
        """Return what a user has."""
        check_known(served.data, "user", [user], "user")
        found = served.recommender.history(user)
        most = {name: values[:n] for name, values in found.items() if name != "rank"}
        return {"user": user, "items": self.rows(most)}

    def rows(self, columns: Mapping[str, Any]) -> list[Json]:
        """Return columns as rows, with the names of their items."""
        rows = zip(*(plain(values) for values in columns.values()), strict=True)
        return [self.named(dict(zip(columns, row, strict=True))) for row in rows]

    def named(self, row: Json) -> Json:
        """Return a row with the name of its item, if it has another than its label."""
        if self._names is not None:
            row["name"] = self.name_of(row["item"])
        return row

    def name_of(self, label: Any) -> str | None:
        """Return what an item is called besides its label."""
        return None if self._names is None else self._names.get(str(label))

    def scored(self, found: Mapping[str, Any], column: str) -> list[Json]:
        """Return what was found in a column, with scores."""
        if not np.isfinite(found["score"]).all():
            raise Problem(422, "items must have smaller weights: scores would not be finite", "items")
        return self.rows({"item": found[column], "score": found["score"]})

    def _by_user(self, found: Mapping[str, Any]) -> dict[Any, list[Json]]:
        lists: dict[Any, list[Json]] = {}
        for user, row in zip(plain(found["user"]), self.scored(found, "item"), strict=True):
            lists.setdefault(user, []).append(row)
        return lists


def asked_of(question: Any, *asked: Any, **options: Any) -> Mapping[str, Any]:
    """Return an answer of a `Recommender`; what it cannot answer is the caller's mistake."""
    try:
        found: Mapping[str, Any] = question(*asked, **options)
    except (LookupError, NotImplementedError, *BAD) as error:
        sentence = str(error.args[0] if error.args else error)
        field = next((name for name, beginning in _FIELDS if sentence.startswith(beginning)), None)
        if field is None and isinstance(error, ModelFitError):
            field = "items"  # their weights are too large
        raise Problem(422, sentence, field) from None
    return found
