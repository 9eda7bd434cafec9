"""What models made of models have in common."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._base.model_state import model_with, parameters_of
from penchant._base.progress import Progress
from penchant._base.rank_options import RankOptions
from penchant._base.recommender import RecommenderBase
from penchant._base.registry import class_called
from penchant._sparse import Rows, quiet_rows, scipy_csr
from penchant._validation import Floats, Ids, describe


class Composed(RecommenderBase):
    """A model that hands everything on to others."""

    _unit = "model"
    models: Sequence[RecommenderBase]

    def _parts(self) -> list[RecommenderBase]:
        if isinstance(self.models, RecommenderBase) or not isinstance(self.models, Sequence):
            msg = f"models must be a list of models, got {describe(self.models)}"
            raise TypeError(msg)
        for model in self.models:
            if not isinstance(model, RecommenderBase):
                msg = f"models must be Penchant's models, got {describe(model)}"
                raise TypeError(msg)
        if not self.models:
            msg = "models must name at least one model, got none"
            raise ValueError(msg)
        return list(self.models)

    @property
    def _by_rows(self) -> bool:  # type: ignore[override]
        return any(model._by_rows for model in self._parts())

    @property
    def _by_users(self) -> bool:  # type: ignore[override]
        return any(model._by_users for model in self._parts())

    def _check_parameters(self) -> None:
        self._threads()
        for model in self._parts():
            model._check_parameters()

    def _fit(self, rows: Rows, progress: Progress) -> None:
        parts = self._parts()
        progress.total(len(parts))
        user_items = scipy_csr((rows.columns, rows.indptr, rows.indices, rows.values))
        with _all_or_none(self):
            for model in parts:
                model.fit(user_items, show_progress=False)
                progress.step(1)
            self._look_at(rows)

    def _look_at(self, rows: Rows) -> None:
        """Learn what is not for one of the models to learn, from everything that is known of everyone."""

    def _shape(self) -> tuple[int, int] | None:
        shapes = [model._shape() for model in self._parts()]
        known = [shape for shape in shapes if shape is not None]
        if len(known) < len(shapes) or not known:
            return None
        if len({items for _, items in known}) > 1:
            msg = f"models must have equally many items, got {', '.join(str(items) for _, items in known)}"
            raise ValueError(msg)
        return max(users for users, _ in known), known[0][1]

    def _knows(self, userids: Ids, rows: Rows) -> npt.NDArray[np.bool_]:
        knows = [model._knows(userids, rows) for model in self.models]
        anyone: npt.NDArray[np.bool_] = np.logical_or.reduce(knows)
        return anyone

    def _similar(self, itemids: Ids, options: RankOptions) -> tuple[Ids, Floats]:
        for model in self.models:
            try:
                return model._similar(itemids, options)
            except NotImplementedError:
                continue
        msg = f"none of the models of this {type(self).__name__} compares items"
        raise NotImplementedError(msg)

    def update(self, user_items: Any, userids: Any, itemids: Any) -> None:
        """Take in what has changed, in every model.

        Parameters
        ----------
        user_items : scipy.sparse CSR matrix or array, shape [n_users, n_items]
            Everything that is known of everyone.
        userids, itemids : array of int
            The users that are not what they were, and the items that are new.

        Raises
        ------
        TypeError, ValueError, MemoryError
            As the models do. All of them are then what they were.
        """
        with _all_or_none(self):
            for model in self.models:
                model.update(user_items, userids, itemids)
            self._look_at(quiet_rows(user_items, "user_items"))

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        return {
            f"{place}.{name}": values
            for place, model in enumerate(self.models)
            for name, values in model._tensors().items()
        }

    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        for place, model in enumerate(self.models):
            prefix = f"{place}."
            model._restore(
                {name.removeprefix(prefix): v for name, v in tensors.items() if name.startswith(prefix)}
            )

    @classmethod
    def _amended(cls, parameters: dict[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
        """Make models of what a file says about them."""
        made = []
        for place, about in enumerate(parameters["models"]):
            kind = class_called(about["class"])
            if kind is None:
                msg = f"it has a {about['class']} in it, which is not known here"
                raise ValueError(msg)
            prefix = f"{place}."
            own = {name.removeprefix(prefix): v for name, v in tensors.items() if name.startswith(prefix)}
            made.append(model_with(kind, dict(about["parameters"]), own))
        return parameters | {"models": made}

    def _plain_parameters(self) -> dict[str, Any]:
        return {
            "models": [{"class": model._KIND, "parameters": parameters_of(model)} for model in self.models]
        }

    def __repr__(self) -> str:
        inner = ", ".join(f"{type(model).__name__}" for model in self.models)
        try:
            shape = self._shape()
        except ValueError:
            shape = None
        fitted = "unfitted" if shape is None else f"{shape[0]} users x {shape[1]} items"
        others = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if name not in ("model", "models", "num_threads") and value is not None
        ]
        shown = ", ".join([f"[{inner}]", *others])
        return f"{type(self).__name__}({shown}) <{fitted}>"


@contextmanager
def _all_or_none(composed: Composed) -> Iterator[None]:
    """Let models learn; where the block fails, all of them are what they were before."""
    before = [(model, copy.copy(model)) for model in _with_parts(composed)]
    try:
        yield
    except BaseException:
        for model, old in before:
            model.__dict__ = old.__dict__
        raise


def _with_parts(model: RecommenderBase) -> Iterator[RecommenderBase]:
    yield model
    if isinstance(model, Composed):
        for part in model._parts():
            yield from _with_parts(part)
