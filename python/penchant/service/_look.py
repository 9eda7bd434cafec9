"""What the page shows: of one user, one item, a basket, and of the whole."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant._base.protocols import SupportsExplain
from penchant.service._answers import Answers, Json, asked_of
from penchant.service._current import Served
from penchant.service._labels import check_known, plain
from penchant.service._problem import Problem

# Items that speak for another, of each list.
_REASONS = 3
# Users whose lists are counted, to see what is recommended how often.
_ASKED = 2000
_LONG = 10


class Look:
    """Looks at a model; what is known of its whole is made for each file, and when something is new in it.

    Labels are given as texts, as integers of 64 bits are no numbers of JavaScript.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._whole: Whole | None = None
        self._making = threading.Lock()

    def whole(self, served: Served) -> Whole:
        """Return what is known of a model as a whole."""
        with self._making:
            if self._whole is None or not self._whole.is_of(served):
                self._whole = Whole(served, self._answers)
            return self._whole

    def overview(self, served: Served) -> Json:
        """Return what there is, and somebody and something to begin with."""
        whole, data = self.whole(served), served.data
        users, items = data.shape
        parameters = served.recommender.model.get_params()
        simple = {
            name: value for name, value in parameters.items() if isinstance(value, bool | int | float | str)
        }
        typical = np.argsort(
            np.abs(whole.lengths - np.median(whole.lengths[whole.lengths > 0])), kind="stable"
        )[:5]
        return {
            "model": type(served.recommender.model).__name__,
            "parameters": simple,
            "users": users,
            "items": items,
            "entries": data.nnz,
            "explains": isinstance(served.recommender.model, SupportsExplain),
            "popular": self._items(whole, whole.by_popularity[:12]),
            "someone": list(map(str, plain(data.user_labels(typical.astype(np.int32))))),
        }

    def search(self, served: Served, text: str, n: int) -> Json:
        """Return items and users with a text in their names: those that begin with it first."""
        whole = self.whole(served)
        items = [
            {"kind": "item", **self._item(whole, code)}
            for code in _found(whole.item_texts, text, whole.popularity, n)
        ]
        codes = np.array(_found(whole.user_texts, text, whole.lengths, max(n // 3, n - len(items))), np.int32)
        users = [
            {"kind": "user", "label": str(label), "name": None, "count": int(whole.lengths[code])}
            for code, label in zip(codes, plain(served.data.user_labels(codes)), strict=True)
        ]
        return {"hits": items[: n - len(users)] + users}

    def user(self, served: Served, user: Any, n: int) -> Json:
        """Return what a user has and gets, and why."""
        check_known(served.data, "user", [user], "user")
        code = int(served.data.user_codes(user))
        row = served.data.matrix[[code]]
        items = self._answers.list_of(served, user, n)
        return {
            "user": str(user),
            "count": int(row.nnz),
            "history": _as_texts(self._answers.history(served, user, _LONG)["items"]),
            "items": self._with_reasons(served, items, code, row),
        }

    def item(self, served: Served, item: Any, n: int) -> Json:
        """Return what an item is like."""
        found = self._answers.similar_items(served, item, n)
        whole = self.whole(served)
        code = int(served.data.item_codes(item))
        about = {"item": item, "count": int(whole.popularity[code]), "items": _as_texts(found["items"])}
        return _as_texts([self._answers.named(about)])[0]

    def basket(self, served: Served, likes: list[tuple[Any, float]], n: int) -> Json:
        """Return what somebody gets who likes such items, and why."""
        data = served.data
        check_known(data, "item", [item for item, _ in likes], "likes", single=False)
        weights: dict[Any, float] = dict(likes)
        if not weights:
            raise Problem(422, "likes must name at least one item", "likes")
        items = self._answers.scored(asked_of(served.recommender.recommend_for, weights, n), "item")
        codes = np.asarray(data.item_codes(list(weights)), np.int32)
        values = np.array(list(weights.values()), np.float32)
        row = sp.csr_array((values, (np.zeros_like(codes), codes)), shape=(1, data.shape[1]))
        return {"items": self._with_reasons(served, items, data.shape[0], row)}

    def _with_reasons(self, served: Served, items: list[Json], user: int, row: Any) -> list[Json]:
        model, data = served.recommender.model, served.data
        if not isinstance(model, SupportsExplain):
            return _as_texts(items)
        before: Any = None
        for item in items:
            code = int(data.item_codes(item["item"]))
            score, parts, before = model.explain(user, row, code, user_weights=before, N=_REASONS)
            labels = plain(data.item_labels(np.array([part for part, _ in parts], np.int32)))
            item["reasons"] = [
                self._answers.named({"item": label, "share": share / score if score else 0.0})
                for label, (_, share) in zip(labels, parts, strict=True)
                if share > 0
            ]
            _as_texts(item["reasons"])
        return _as_texts(items)

    def _items(self, whole: Whole, codes: Any) -> list[Json]:
        return [self._item(whole, int(code)) for code in codes]

    def _item(self, whole: Whole, code: int) -> Json:
        label = plain(whole.served.data.item_labels(np.array([code], np.int32)))[0]
        name = self._answers.name_of(label)
        return {"label": str(label), "name": name, "count": int(whole.popularity[code])}

    def popularity(self, served: Served, n: int) -> Json:
        """Return, for the items that most users have or get, how many have them and how many get them.

        Both are parts: of all users, and of the lists of some of them.
        """
        whole = self.whole(served)
        asked, times = whole.recommended()
        order = np.argsort(-(whole.popularity / whole.lengths.size + times / max(asked, 1)), kind="stable")[
            :n
        ]
        rows = [
            {**item, "had": item["count"] / whole.lengths.size, "got": float(times[code]) / max(asked, 1)}
            for code, item in zip(order.tolist(), self._items(whole, order), strict=True)
        ]
        never = float(np.mean(times == 0))
        return {"asked": asked, "length": _LONG, "never": never, "items": rows}


class Whole:
    """What is known of the whole of a model.

    Attributes
    ----------
    served : Served
    lengths, popularity : numpy.ndarray of int64
        How many items each user has, and how many users each item.
    by_popularity : numpy.ndarray of int64
        Items, those with the most users first.
    item_texts, user_texts : list of str
        What search compares: names and labels, without regard to capitals.
    """

    def __init__(self, served: Served, answers: Answers) -> None:
        self.served = served
        data = served.data
        users, items = data.shape
        self.lengths: npt.NDArray[np.int64] = np.diff(data.matrix.indptr).astype(np.int64)
        self.popularity: npt.NDArray[np.int64] = np.bincount(data.matrix.indices, minlength=items)
        self.by_popularity = np.argsort(-self.popularity, kind="stable")
        self.user_texts = [str(label).casefold() for label in plain(data.user_labels(np.arange(users)))]
        labels = [str(label) for label in plain(data.item_labels(np.arange(items)))]
        called = [f"{answers.name_of(label) or ''}\n{label}" for label in labels]
        self.item_texts = [text.strip().casefold() for text in called]
        self._recommended: tuple[int, npt.NDArray[np.int64]] | None = None

    def is_of(self, served: Served) -> bool:
        """Whether this is of the same file and the same labels; counts may be those of some events ago."""
        return self.served.identity == served.identity and self.served.data.shape == served.data.shape

    def recommended(self) -> tuple[int, npt.NDArray[np.int64]]:
        """Return how many users were looked at, and in how many of their lists each item is."""
        if self._recommended is None:
            users, items = self.served.data.shape
            step = max(users // _ASKED, 1)
            codes = np.arange(0, users, step, dtype=np.int32)[:_ASKED]
            matrix, model = self.served.data.matrix, self.served.recommender.model
            ids, scores = model.recommend(codes, matrix[codes], N=min(_LONG, items))
            times = np.bincount(ids[(ids >= 0) & (scores > -np.inf)], minlength=items)
            self._recommended = len(codes), times
        return self._recommended


def _found(texts: list[str], wanted: str, counts: npt.NDArray[np.int64], n: int) -> list[int]:
    wanted = wanted.strip().casefold()
    if not wanted:
        return []
    codes = [code for code, text in enumerate(texts) if wanted in text]
    codes.sort(key=lambda code: (not texts[code].startswith(wanted), -counts[code]))
    return codes[:n]


def _as_texts(rows: list[Json]) -> list[Json]:
    """Return rows with their labels as texts."""
    for row in rows:
        row["item"] = str(row["item"])
    return rows
