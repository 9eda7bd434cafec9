"""What a recommender knows of the features of its users and items, by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._base.feature_rows import check_learns_from
from penchant._validation import describe
from penchant.features import Features
from penchant.interactions import Interactions

_SIDES = ("users", "items")


@dataclass(frozen=True)
class Described:
    """Features of users, of items, of both or of none. Never changed."""

    users: Features | None = None
    items: Features | None = None

    def _sides(self) -> list[tuple[str, Features | None]]:
        return [("users", self.users), ("items", self.items)]

    def check(self, model: Any) -> None:
        """Raise unless they are features, and the model learns from them."""
        for side, features in self._sides():
            if features is None:
                continue
            if not isinstance(features, Features):
                msg = (
                    f"{side[:-1]}_features must be Features, got {describe(features)}; "
                    "Features.from_frame and from_matrix make them"
                )
                raise TypeError(msg)
            check_learns_from(model, [f"{side[:-1]}_features"])

    def widened(self, data: Interactions) -> Interactions:
        """Return data in which everyone who has features has a place."""
        new = {side: _new(features, getattr(data, side)) for side, features in self._sides()}
        return data.with_labels(**new) if any(len(labels) for labels in new.values()) else data

    def check_overlap(self, data: Interactions) -> None:
        """Raise if nobody in some data has features."""
        for side, features in self._sides():
            if features is not None:
                features.check_overlap(getattr(data, side), side)

    def of_fit(self) -> dict[str, Any]:
        """Return the features as a fit takes them."""
        return {f"{side[:-1]}_features": features for side, features in self._sides() if features is not None}

    def more(self, users: Any, items: Any) -> tuple[Described, Described]:
        """Return everything with what frames say besides, and that alone."""
        every: dict[str, Features | None] = dict(self._sides())
        alone: dict[str, Features | None] = {}
        for side, frame in zip(_SIDES, (users, items), strict=True):
            known = every[side]
            if frame is None:
                continue
            if known is None:
                msg = f"the recommender was fitted without {side[:-1]}_features: {side} say nothing to it"
                raise ValueError(msg)
            more = frame if isinstance(frame, Features) else known.transform(frame)
            alone[side], every[side] = more, known.with_rows(more)
        return Described(**every), Described(**alone)

    def add_new(self, model: Any, before: Interactions, widened: Interactions) -> None:
        """Add those to the model who have features and no place in the data so far, in their order there."""
        for side, features in self._sides():
            if features is None:
                continue
            new = getattr(widened, side)[len(getattr(before, side)) :]
            if len(new):
                add = model.add_users if side == "users" else model.add_items
                add(features.aligned_with(new))

    def solve_known(self, model: Any, before: Interactions, data: Interactions) -> None:
        """Solve again for those who had a place before."""
        for side, features in self._sides():
            if features is None:
                continue
            new = set(_new(features, getattr(before, side)).tolist())
            known = features.ids[[label not in new for label in features.ids.tolist()]]
            if not len(known):
                continue
            rows = features.aligned_with(known)
            codes = np.atleast_1d(before.user_codes(known) if side == "users" else before.item_codes(known))
            users, items = model.shape
            if side == "users":
                model.partial_fit_users(codes, data.matrix[codes][:, :items], rows)
            else:
                model.partial_fit_items(codes, data.matrix[:users, codes].T.tocsr(), rows)

    def to_arrays(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Take everything apart, for a file: arrays by name, and what JSON can say."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        about: dict[str, Any] = {}
        for side, features in self._sides():
            if features is not None:
                own, about[side] = features.to_arrays()
                arrays |= {f"{side}.{name}": values for name, values in own.items()}
        return arrays, about

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, Any]) -> Described:
        """Put together what `to_arrays` took apart."""
        sides: dict[str, Features] = {}
        for side in _SIDES:
            if side in about:
                prefix = f"{side}."
                own = {n.removeprefix(prefix): v for n, v in arrays.items() if n.startswith(prefix)}
                sides[side] = Features.from_arrays(own, about[side])
        return cls(**sides)


def _new(features: Features | None, labels: Any) -> npt.NDArray[Any]:
    """Return the ids that have features but are none of the labels."""
    return np.zeros(0, np.int64) if features is None else features.without(labels)
