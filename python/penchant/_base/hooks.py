"""What a model has to say for itself: hooks that the public verbs of all models are built on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from penchant._base.parameters import Parameters
from penchant._base.progress import Progress
from penchant._base.rank_options import RankOptions
from penchant._sparse import Rows
from penchant._validation import Floats, Ids, integer
from penchant.exceptions import NotFittedError


class ModelHooks(Parameters):
    """How a model learns, answers, and is written down. What reaches a hook has been checked."""

    num_threads: int

    #: What the class is called in a file; its subclasses as well.
    _KIND: ClassVar[str]
    #: Whether recommending takes the rows of users: what they have decides what they get.
    _by_rows: ClassVar[bool] = False
    #: Whether it takes users whom the model knows.
    _by_users: ClassVar[bool] = True
    #: Parameters that make no sense where a file holds one fit.
    _only_in_python: ClassVar[tuple[str, ...]] = ()
    #: The unit of the progress bar of a fit.
    _unit: ClassVar[str] = "row"

    @abstractmethod
    def _fit(self, rows: Rows, progress: Progress) -> None:
        """Learn from the rows of users, all at once or not at all."""

    @abstractmethod
    def _shape(self) -> tuple[int, int] | None:
        """Return the numbers of users and items; None before a fit."""

    @abstractmethod
    def _recommend(
        self, userids: Ids, rows: Rows | None, liked: Rows | None, options: RankOptions, *, recalculate: bool
    ) -> tuple[Ids, Floats]:
        """Return ids and scores for each user; `rows` is what they have, `liked` what to leave out of it."""

    def _similar(self, itemids: Ids, options: RankOptions) -> tuple[Ids, Floats]:
        """Return ids and scores for each item, if the model compares items."""
        del itemids, options
        msg = f"{type(self).__name__} does not compare items"
        raise NotImplementedError(msg)

    def _every_score(self, userids: Ids, rows: Rows | None, *, recalculate: bool) -> Floats:
        """Return the score of every item for each user, which is 0 where nothing speaks for or against it."""
        msg = f"{type(self).__name__} does not say how it scores every item"
        raise NotImplementedError(msg)

    @abstractmethod
    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        """Return what was learned, for a file."""

    @abstractmethod
    def _restore(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what `_tensors` returned; a ValueError or KeyError if that is not possible."""

    def _check_parameters(self) -> None:
        """Raise if a parameter is out of range."""
        self._threads()

    def _knows(self, userids: Ids, rows: Rows) -> npt.NDArray[np.bool_]:
        """Return about which users the model knows something; `rows` is what they have."""
        del userids
        return np.diff(rows.indptr) > 0

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of users and items that the model was fitted to."""
        shape = self._shape()
        if shape is None:
            raise self._not_fitted()
        return shape

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether there has been a fit."""
        return self._shape() is not None

    def _not_fitted(self, lacks: str | None = None) -> NotFittedError:
        """Return what to raise before a fit, which may name what is missing."""
        state = "has not been fitted yet" if lacks is None else f"has no {lacks} yet"
        return NotFittedError(f"this {type(self).__name__} {state}: call fit first")

    def __repr__(self) -> str:
        shape = self._shape()
        shown = ", ".join(f"{name}={_shown(getattr(self, name))}" for name in self._shown_parameters())
        fitted = "unfitted" if shape is None else f"{shape[0]} users x {shape[1]} items"
        return f"{type(self).__name__}({shown}) <{fitted}>"

    def _shown_parameters(self) -> list[str]:
        """Return the parameters that the repr shows: all but the number of threads."""
        return [name for name in self._parameter_names() if name != "num_threads"]

    def _plain_parameters(self) -> dict[str, Any]:
        """Return those parameters as JSON has them which do not say themselves how."""
        return {}

    @classmethod
    def _amended(cls, parameters: dict[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
        """Return the parameters of a file, made to fit what is in it."""
        del tensors
        return parameters

    def _npz(self) -> Mapping[str, Any]:
        """Return what `implicit` has in a file of such a model."""
        msg = f"implicit has no {self._KIND}: give the file another name than one that ends in .npz"
        raise ValueError(msg)

    def _restore_npz(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take what a file of `implicit` has."""
        del arrays
        msg = f"implicit has no {self._KIND}"
        raise ValueError(msg)

    def _threads(self) -> int:
        """Return the number of threads, checked."""
        return integer(self.num_threads, "num_threads", 0)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, np.dtype) else repr(value)
