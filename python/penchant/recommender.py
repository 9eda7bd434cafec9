"""A model that is spoken to in the caller's own labels."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from penchant import _arguments, _files, _recommender_file
from penchant._arguments import Ids
from penchant._explains import Explains
from penchant._frames import plain_label
from penchant._labels import Unknown, warn_of_strangers
from penchant._updates import changed_rows, fading
from penchant.als import AlternatingLeastSquares
from penchant.interactions import Interactions

__all__ = ["Recommender"]


class Recommender(Explains):
    """Recommends in the caller's own labels and kind of DataFrame.

    Parameters
    ----------
    model : AlternatingLeastSquares, optional
        By default one with its default parameters.

    Attributes
    ----------
    model : AlternatingLeastSquares
    data : Interactions
        What the model was fitted to, and updated with.

    Notes
    -----
    Answers are frames of the kind that the events came in: pandas, Polars or PyArrow. If they came from a
    file, a dict or a matrix, it is the first of these that is installed, or a dict of columns.

    Examples
    --------
    >>> import polars as pl
    >>> import penchant
    >>> plays = pl.DataFrame({"user": ["ann", "ann", "bob", "bob", "cid"], "item": ["a", "b", "a", "b", "a"]})
    >>> data = penchant.Interactions.from_frame(plays)
    >>> model = penchant.AlternatingLeastSquares(factors=2, random_state=0)
    >>> recommender = penchant.Recommender(model).fit(data, show_progress=False)
    >>> recommender.recommend("cid", n=1)["item"].to_list()
    ['b']
    """

    def __init__(self, model: AlternatingLeastSquares | None = None) -> None:
        if model is None:
            model = AlternatingLeastSquares()
        if not isinstance(model, AlternatingLeastSquares):
            msg = f"model must be an AlternatingLeastSquares, got {_arguments.describe(model)}"
            raise TypeError(msg)
        self.model = model
        self._data = None

    def __repr__(self) -> str:
        return f"Recommender({self.model!r})"

    def fit(
        self,
        data: Interactions,
        *,
        show_progress: bool = True,
        callback: Callable[[int, float, float], object] | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        data : Interactions
            Not changed by `update`. The recommender shares its matrix, so leave that alone as well.
        show_progress : bool, default True
            Show a progress bar with the loss.
        callback : callable, optional
            As in `AlternatingLeastSquares.fit`.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is not an Interactions.
        ValueError, ModelFitError, KeyboardInterrupt
            As in `AlternatingLeastSquares.fit`.
        """
        if not isinstance(data, Interactions):
            msg = (
                f"data must be an Interactions, got {_arguments.describe(data)}; "
                "Interactions.from_frame, from_file and from_matrix make one"
            )
            raise TypeError(msg)
        self.model.fit(data.matrix, show_progress=show_progress, callback=callback)
        self._data = copy.copy(data)
        return self

    @classmethod
    def from_model(
        cls, model: AlternatingLeastSquares, users: Any = None, items: Any = None, data: Any = None
    ) -> Self:
        """Put labels around a model that is fitted already, by whomever.

        Parameters
        ----------
        model : AlternatingLeastSquares
            With factors, such as those of a file that `implicit` wrote:
            ``AlternatingLeastSquares.load(path)``.
        users, items : sequence of labels, optional
            What the rows of the factors are called, by id. By default their numbers.
        data : scipy.sparse matrix or array, shape [n_users, n_items], or Interactions, optional
            What users have already: needed to leave that out, for `explain` and for `history`. Without it
            nothing is left out. Interactions bring their own labels.

        Returns
        -------
        Recommender
            It shares the model.

        Raises
        ------
        TypeError, ValueError
            If `model` is none, labels are not as many as there are factors or repeat, or `data` has another
            shape.
        NotFittedError
            If the model has no factors.

        Examples
        --------
        >>> import numpy as np, penchant
        >>> model = penchant.AlternatingLeastSquares(factors=2)
        >>> model.user_factors = np.array([[1.0, 0.0]], np.float32)
        >>> model.item_factors = np.array([[0.5, 0.1], [1.0, 0.2]], np.float32)
        >>> recommender = penchant.Recommender.from_model(model, users=["ann"], items=["dub", "ska"])
        >>> recommender.recommend("ann", n=1)["item"].to_list()
        ['ska']
        """
        self = cls(model)
        shape = tuple(len(side) for side in model._fitted_pair())
        if isinstance(data, Interactions):
            if users is not None or items is not None:
                msg = "users and items must be left out where data is an Interactions, which has labels"
                raise ValueError(msg)
        else:
            data = Interactions.from_matrix(
                sp.csr_array(shape, dtype=np.float32) if data is None else data, users, items
            )
        if data.shape != shape:
            msg = f"labels and data must be of {shape[0]} users and {shape[1]} items, got {data.shape}"
            raise ValueError(msg)
        self._data = copy.copy(data)
        return self

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

        Users about whom the model knows nothing, as all of their factors are 0, get no recommendations: any
        list for them would only follow the order of the data. A `DataWarning` says how many there are.

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
        data = self.data
        codes = self._known(self._users(users, unknown))
        among = self._candidates(items, exclude, unknown)
        ids, scores = self.model.recommend(
            codes,
            data.matrix[codes],
            N=self._count(n, data.shape[1]),
            filter_already_liked_items=filter_liked,
            min_score=min_score,
            **among,
        )
        return self._ranked({"user": (self._events.users, codes)}, "item", ids, scores)

    def _known(self, codes: Ids) -> Ids:
        """Return those of users about whom the model knows something, and warn of the others."""
        knows: npt.NDArray[np.bool_] = self.model._fitted("user_factors")[codes].any(axis=1)
        if not knows.all():
            warn_of_strangers(self._events.users, codes[~knows])
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
        data = self.data
        if isinstance(items, str | bytes | int | np.integer):
            items = [items]
        if hasattr(items, "keys") and hasattr(items, "items"):
            items = dict(items.items())  # a Series as well
        labels = list(items)
        weights = list(items.values()) if isinstance(items, Mapping) else [1.0] * len(labels)
        values = [_weight(weight, label) for label, weight in zip(labels, weights, strict=True)]
        codes = self._items(labels, unknown)
        if len(codes) < len(labels):
            known = [label for label in labels if self._events.items.codes([plain_label(label)])[0] >= 0]
            values = [value for label, value in zip(labels, values, strict=True) if label in known]
        if not len(codes):
            msg = "items must name at least one item that is known, as there is nothing else to go by"
            raise ValueError(msg)
        row = sp.csr_array(
            (np.array(values, np.float32), (np.zeros_like(codes), codes)), shape=(1, data.shape[1])
        )
        ids, scores = self.model.recommend(
            np.zeros(1, np.int32),
            row,
            N=self._count(n, data.shape[1]),
            filter_already_liked_items=filter_liked,
            recalculate_user=True,
            min_score=min_score,
            **self._candidates(None, exclude, unknown),
        )
        return self._ranked({}, "item", ids, scores)

    def update(self, events: Any, *, show_progress: bool = True, **columns: Any) -> Self:
        """Add more events, and solve for the users they are about and for new items.

        Everyone else's factors stay as they are, also where all their weights have faded alike with a
        half-life; a fit every now and then makes up for that. New users who
        only have new items that nobody else has are told from nobody: their scores are 0 until a fit.

        Parameters
        ----------
        events, show_progress, **columns
            As in `Interactions.update`.

        Returns
        -------
        self
            Unchanged if anything goes wrong.
        """
        old = self.data
        before = old.matrix
        data = copy.copy(old).update(events, show_progress=show_progress, **columns)
        model = copy.copy(self.model)
        users = changed_rows(before, data.matrix, fading(old, data))
        items = np.arange(before.shape[1], data.shape[1], dtype=np.int32)
        # New items have no factors yet that users could be solved with, so users come again after them.
        model.partial_fit_users(users, data.matrix[users][:, : before.shape[1]])
        if items.size:
            model.partial_fit_items(items, data.matrix[:, items].T.tocsr())
            model.partial_fit_users(users, data.matrix[users])
        self.model._take_factors(*model._sides)
        self._data = data
        return self

    def save(self, file: str | os.PathLike[str] | BinaryIO) -> None:
        """Save model, labels and data in one file.

        Parameters
        ----------
        file : path or binary file object
            In the format of safetensors, whatever the name. `AlternatingLeastSquares.load` and the Rust crate
            open the model in it. The file is replaced as a whole or not at all.

        Raises
        ------
        OSError
            If it cannot be written.
        NotFittedError
            Before a fit.
        """
        _files.write(file, _recommender_file.to_bytes(self.model, self.data))

    @classmethod
    def load(cls, file: str | os.PathLike[str] | BinaryIO) -> Self:
        """Load what `save` wrote.

        Raises
        ------
        ModelFormatError
            If this is not the file of a recommender, cut short, or of a newer version.
        OSError
            If it cannot be read.
        """
        model, data = _files.read(file, _recommender_file.from_bytes)
        self = cls(model)
        self._data = data
        return self


def _weight(value: Any, label: Any) -> float:
    weight = _arguments.number(value, f"the weight of {label!r}")
    if abs(weight) > float(np.finfo(np.float32).max):
        msg = f"the weight of {label!r} must be finite and below 3.4e38, got {weight}"
        raise ValueError(msg)
    return weight
