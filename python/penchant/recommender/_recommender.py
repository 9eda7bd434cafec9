"""A model that is fitted, updated and saved with the labels of its data."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from html import escape
from typing import Any, BinaryIO, Self

import numpy as np
import scipy.sparse as sp

from penchant._base.protocols import SupportsFeatures
from penchant._base.recommender import RecommenderBase
from penchant._base.registry import model_class
from penchant._files import read, write
from penchant._validation import describe
from penchant.features import Features
from penchant.interactions import Interactions
from penchant.recommender import _state
from penchant.recommender._described import Described
from penchant.recommender._labelled_model import LabelledModel
from penchant.recommender._update import changed_columns, changed_rows


class Recommender(LabelledModel):
    """Recommends in the caller's own labels and kind of DataFrame.

    Parameters
    ----------
    model : RecommenderBase, optional
        Any of the models; by default an `AlternatingLeastSquares` with its default parameters.

    Attributes
    ----------
    model : RecommenderBase
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

    def __init__(self, model: RecommenderBase | None = None) -> None:
        if model is None:
            model = model_class("als")()
        if not isinstance(model, RecommenderBase):
            msg = f"model must be one of Penchant's models, got {describe(model)}"
            raise TypeError(msg)
        self.model = model
        self._data = None
        self._described = Described()

    def __repr__(self) -> str:
        return f"Recommender({self.model!r})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the model, and what it has learned from."""
        learned = "" if self._data is None else self.data._repr_html_()
        return f"<code>{escape(repr(self.model))}</code>{learned}"

    def fit(
        self,
        data: Interactions,
        *,
        user_features: Features | None = None,
        item_features: Features | None = None,
        show_progress: bool = True,
        callback: Callable[[int, float, float], object] | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        data : Interactions
            Not changed by `update`. The recommender shares its matrix, so leave that alone as well.
        user_features, item_features : Features, optional
            What is known of users and of items besides, by their labels, for models that learn from it. Users
            and items that are not in the data become part of it: items can be recommended, and users be
            recommended to. Those without features get a `DataWarning` that counts them.
        show_progress : bool, default True
            Show a progress bar with the loss.
        callback : callable, optional
            As in `RecommenderBase.fit`.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `data` is not an Interactions, features are not Features, or the model does not learn from
            them.
        ValueError, ModelFitError, KeyboardInterrupt
            As in `RecommenderBase.fit`.
        """
        if not isinstance(data, Interactions):
            msg = (
                f"data must be an Interactions, got {describe(data)}; "
                "Interactions.from_frame, from_file and from_matrix make one"
            )
            raise TypeError(msg)
        described = Described(user_features, item_features)
        described.check(self.model)
        described.check_overlap(data)
        data = described.widened(data)
        self.model.fit(data, show_progress=show_progress, callback=callback, **described.of_fit())
        self._data, self._described = copy.copy(data), described
        return self

    @classmethod
    def from_model(
        cls, model: RecommenderBase, users: Any = None, items: Any = None, data: Any = None
    ) -> Self:
        """Put labels around a model that is fitted already, by whomever.

        Parameters
        ----------
        model : RecommenderBase
            A fitted one, such as that of a file that `implicit` wrote:
            ``AlternatingLeastSquares.load(path)``.
        users, items : sequence of labels, optional
            What users and items are called, by id. By default their numbers.
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
            If `model` is none, labels repeat or are not as many as it has users and items, or `data` has
            another shape.
        NotFittedError
            If the model is not fitted.

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
        shape = model.shape
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

    def update(
        self,
        events: Any = None,
        *,
        users: Any = None,
        items: Any = None,
        show_progress: bool = True,
        **columns: Any,
    ) -> Self:
        """Add more events, and what is newly known of users and items.

        Models with factors are solved for the users that events are about and for new items, and where items
        have features for all that events are about. Other models are fitted anew. Of those with factors
        everyone else's stay as they are, also where all their weights have faded alike with a half-life; a
        fit every now and then makes up for that. New users who only have new items that nobody else has are
        told from nobody: their scores are 0 until a fit, unless they have features.

        Parameters
        ----------
        events : optional
            As in `Interactions.update`.
        users, items : DataFrame, dict of columns, path or Features, optional
            With the columns that the features of the fit were made of. Those that are new can be recommended,
            or recommended to, at once; of others it replaces what was known. Values that the fit did not see
            are ignored and counted in a `DataWarning`.
        show_progress, **columns
            As in `Interactions.update`.

        Returns
        -------
        self
            Unchanged if anything goes wrong.

        Raises
        ------
        TypeError, ValueError, OSError
            As `Interactions.update` and `Features.transform` do, and if the recommender was fitted without
            such features, or there is nothing to add.
        """
        if events is None and users is None and items is None:
            msg = "update needs events, users or items"
            raise TypeError(msg)
        old = self.data
        described, given = self._described.more(users, items)
        data = widened = given.widened(old)
        if events is not None:
            data = copy.copy(data).update(events, show_progress=show_progress, **columns)
        model = self.model
        if described != Described() and not isinstance(model, SupportsFeatures):
            model.fit(data, show_progress=False, **described.of_fit())
            self._data, self._described = data, described
            return self
        if given != Described():
            model = copy.copy(model)
            given.add_new(model, old, widened)
            given.solve_known(model, old, data)
        # Those that had too few of the other side have entries already.
        if events is not None or data.matrix.nnz != old.matrix.nnz:
            faded = data.faded_since(old)
            whose = changed_rows(old.matrix, data.matrix, faded)
            what = np.arange(model.shape[1], data.shape[1], dtype=np.int32)
            if described.items is not None:
                # Half-known items change with every event.
                what = np.union1d(what, changed_columns(old.matrix, data.matrix, faded, whose))
            model.update(data.matrix, whose, what)
        self.model, self._data, self._described = model, data, described
        return self

    @property
    def user_features(self) -> Features | None:
        """What is known of users, updates included; None without any."""
        return self._described.users

    @property
    def item_features(self) -> Features | None:
        """What is known of items, updates included; None without any."""
        return self._described.items

    def save(self, file: str | os.PathLike[str] | BinaryIO) -> None:
        """Save model, labels and data in one file.

        Parameters
        ----------
        file : path or binary file object
            In the format of safetensors, whatever the name. `load` of the model's class and the Rust crate
            open the model in it. The file is replaced as a whole or not at all.

        Raises
        ------
        OSError
            If it cannot be written.
        NotFittedError
            Before a fit.
        """
        write(file, _state.to_bytes(self.model, self.data, self._described))

    @classmethod
    def load(cls, file: str | os.PathLike[str] | BinaryIO, *, mmap: bool = False) -> Self:
        """Load what `save` wrote.

        Parameters
        ----------
        file : path or binary file object
        mmap : bool, default False
            Map a path instead of reading it: factors and the matrix of what users have stay in the file, are
            read when they are looked at, and are shared by all processes that map it. Nobody may change the
            file in place meanwhile; `save` and whoever else renames a new one over it does not.

        Raises
        ------
        ModelFormatError
            If this is not the file of a recommender, cut short, or of a newer version.
        OSError
            If it cannot be read.
        """
        model, data, described = read(file, _state.from_bytes, mmap=mmap)
        self = cls(model)
        self._data, self._described = data, described
        return self
