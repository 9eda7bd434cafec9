"""Alternating least squares for implicit feedback."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant import _core
from penchant._base import factor_store
from penchant._base.feature_rows import checked_for
from penchant._base.model_state import parameters_of
from penchant._base.progress import Callback, Progress
from penchant._sparse import Rows, rows_on_disk
from penchant._validation import Floats, check_memory, describe, integer, number, warn
from penchant.als._feature_side import FeatureSide
from penchant.als._featured import Featured
from penchant.als._first_factors import first_factors
from penchant.als._validation import Validation
from penchant.utils import RandomState

_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


_INTEGERS = ("factors", "iterations", "num_threads", "cg_steps")
_NUMBERS = (
    "regularization", "alpha", "relaxation", "epsilon", "unobserved_weight", "regularization_exponent",
    "feature_strength", "feature_regularization",
)  # fmt: skip


# The parameters that `implicit` writes into its files.
_NAMES_OF_IMPLICIT = (
    "regularization", "factors", "num_threads", "iterations", "use_native", "use_cg", "cg_steps",
    "calculate_training_loss", "dtype", "random_state", "alpha",
)  # fmt: skip


class AlternatingLeastSquares(Featured):
    """Matrix factorization for implicit feedback by alternating least squares.

    Minimizes, over user factors ``x`` and item factors ``y``,

        sum_stored c (p - x.y)^2 + w0 sum_others (x.y)^2 + sum_u l_u |x_u|^2 + sum_i l_i |y_i|^2

    with preference ``p = 1`` where the stored value ``r`` is positive and 0 where it is negative, and the
    confidence ``c`` that `confidence` says. A stored zero counts as not stored.

    Parameters
    ----------
    factors : int, default 100
        The number of factors, f.
    regularization : float, default 0.01
        The weight of the squared lengths of the factors.
    alpha : float, default 1.0
        How fast confidence grows with the value.
    dtype : numpy.float32 or numpy.float64, default float32
        The precision of the factors and of all work.
    use_native : bool, default True
        Accepted for compatibility; there is no other implementation.
    use_cg : bool, default True
        False selects ``solver="cholesky"``.
    iterations : int, default 15
        The number of epochs. In each, all users and then all items are solved for.
    calculate_training_loss : bool, default False
        Accepted for compatibility: the loss is a by-product of the fit and always known.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.
    random_state : int, None, numpy.random.Generator or numpy.random.RandomState
        Where the first factors come from. With an int, equal fits give equal bits: of the same rows and
        columns in the same order, that is, as each gets the factors of its place.
    solver : {"auto", "cg", "dual", "cholesky"}, default "auto"
        How each row is solved: by a few preconditioned conjugate-gradient steps; exactly, through a system as
        small as the row where it is short; exactly by Cholesky; or by whatever is fastest for the row.
    cg_steps : int, default 3
        Conjugate-gradient steps for a row in an epoch; they start from the last epoch's solution. On large
        sparse data 2 reach the same loss sooner. With ``solver="auto"``, rows whose confidences outweigh by
        far what they share with all others get as many as they need, up to 30; with ``"cg"`` all rows get
        these.
    relaxation : float, default 1.65
        Between 0 and 2. How far past its solution each row goes at most on the way to the next half of an
        epoch, as in successive over-relaxation: ``start + omega (solution - start)``, where omega grows from
        1 by halves of epochs, ``1 + h / (h + 4)``, up to this; a limit below 1 holds throughout. A fit then
        reaches the same loss in about half as many epochs. With 1 the epochs are those of plain alternating
        least squares. With ``solver="auto"``, the same rows as for `cg_steps` go half of the way to 2 if it
        is above 1, and from 128 factors on short rows that are solved exactly stay at their solutions.
    confidence : {"alpha", "linear", "log"}, default "alpha"
        ``c = alpha |r|``, ``1 + alpha |r|`` or ``1 + alpha ln(1 + |r| / epsilon)``.
    epsilon : float, default 1.0
        See `confidence`.
    unobserved_weight : float, default 1.0
        w0, the weight of the pairs that nobody touched.
    regularization_exponent : float, default 0.0
        nu in ``l_u = regularization (n_u + w0 n_items)^nu``, likewise for items. 0 gives every row the same
        regularization; 1 scales it by how much there is to fit.
    init : {"sketch", "uniform"}, default "sketch"
        What the first factors are: items that span what most users have in common, found by a few passes
        over the data (Halko, Martinsson and Tropp 2011), or uniform random numbers as in `implicit`, which
        the sketch leaves several epochs behind. Without iterations they are uniform as well.
    tolerance : float, optional
        Stop when an epoch improves the loss by less than this part of it.
    warm_start : bool, default False
        Start a second fit from the factors of the first if the shape is the same.

    feature_strength : float, default 1.0
        How strongly rows are drawn to what their features say, in a fit with features. With 0 those that have
        entries are solved as without features, which only explain the others; up to 1 features take such a
        part of the regularization, beyond 1 so many times all of it, and in the limit everything goes through
        them.
    feature_regularization : float, default 10.0
        The weight of the squared coefficients of features, counted in rows: a feature that so many users or
        items have is half believed.
    use_gpu : bool, default False
        Accepted for compatibility. There is no code for GPUs: True gets a `ParameterWarning` from `fit`.

    Attributes
    ----------
    user_factors : numpy.ndarray, shape [n_users, factors]
    item_factors : numpy.ndarray, shape [n_items, factors]
        None before a fit. Both can be set; a fit of the same shape then starts from them.
    loss_history : list of float
        After each epoch of the last fit, the objective divided by the total weight of all pairs.
    validation_history : list of (int, float)
        Of a fit with `validation`: after how many epochs it was measured, and the metric.

    References
    ----------
    Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008.
    Takacs, Pilaszy and Tikk, "Applications of the Conjugate Gradient Method for Implicit Feedback
    Collaborative Filtering", 2011.
    Halko, Martinsson and Tropp, "Finding Structure with Randomness: Probabilistic Algorithms for Constructing
    Approximate Matrix Decompositions", 2011.
    Young, "Iterative Methods for Solving Partial Difference Equations of Elliptic Type", 1954
    (over-relaxation).
    Nesterov, "A Method of Solving a Convex Programming Problem with Convergence Rate O(1/k^2)", 1983 (growing
    momentum).
    Rendle, Krichene, Zhang and Koren, "Revisiting the Performance of iALS on Item Recommendation
    Benchmarks", 2021 (the unobserved weight and the scaled regularization).

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[9.0, 3.0, 0.0], [5.0, 8.0, 1.0]])
    >>> model = AlternatingLeastSquares(factors=2, random_state=0).fit(plays, show_progress=False)
    >>> model.user_factors.shape, model.item_factors.shape
    ((2, 2), (3, 2))
    """

    _KIND = "AlternatingLeastSquares"
    _unit = "epoch"
    _only_in_python = ("use_cg", "warm_start")
    dtype: np.dtype[Any]

    def __init__(
        self,
        factors: int = 100,
        regularization: float = 0.01,
        alpha: float = 1.0,
        dtype: npt.DTypeLike = np.float32,
        use_native: bool = True,
        use_cg: bool = True,
        iterations: int = 15,
        calculate_training_loss: bool = False,
        num_threads: int = 0,
        random_state: RandomState = None,
        *,
        solver: Literal["auto", "cg", "dual", "cholesky"] = "auto",
        cg_steps: int = 3,
        relaxation: float = 1.65,
        confidence: Literal["alpha", "linear", "log"] = "alpha",
        epsilon: float = 1.0,
        unobserved_weight: float = 1.0,
        regularization_exponent: float = 0.0,
        init: Literal["sketch", "uniform"] = "sketch",
        tolerance: float | None = None,
        warm_start: bool = False,
        feature_strength: float = 1.0,
        feature_regularization: float = 10.0,
        use_gpu: bool = False,
    ) -> None:
        super().__init__()
        self.factors = factors
        self.regularization = regularization
        self.alpha = alpha
        self.dtype = np.dtype(dtype)
        self.use_native = use_native
        self.use_cg = use_cg
        self.iterations = iterations
        self.calculate_training_loss = calculate_training_loss
        self.num_threads = num_threads
        self.random_state = random_state
        self.solver = solver
        self.cg_steps = cg_steps
        self.relaxation = relaxation
        self.confidence = confidence
        self.epsilon = epsilon
        self.unobserved_weight = unobserved_weight
        self.regularization_exponent = regularization_exponent
        self.init = init
        self.tolerance = tolerance
        self.warm_start = warm_start
        self.feature_strength = feature_strength
        self.feature_regularization = feature_regularization
        self.use_gpu = use_gpu
        self.loss_history: list[float] = []
        self.validation_history: list[tuple[int, float]] = []

    def _shown_parameters(self) -> list[str]:
        return ["factors", "regularization", "alpha", "iterations", "dtype"]

    def _check_parameters(self) -> None:
        if self.dtype not in _DTYPES:
            msg = f"dtype must be float32 or float64, got {self.dtype}"
            raise TypeError(msg)
        _core.als.check_parameters(self._params())

    def fit(
        self,
        user_items: Any,
        show_progress: bool = True,
        callback: Callback | None = None,
        *,
        user_features: Any = None,
        item_features: Any = None,
        validation: Any = None,
        metric: str = "ndcg@20",
        patience: int = 3,
        validation_every: int = 1,
        validation_users: int | None = None,
    ) -> Self:
        """Learn from what users did, and if there is something to validate with, no longer than that is good.

        Parameters
        ----------
        user_items, show_progress, callback
            As for every model, see `RecommenderBase.fit`.
        user_features, item_features : Features, sparse matrix or array, shape [n_rows, n_features], optional
            What is known of users and of items besides, one row for each. `Features` are aligned by the
            labels of an `Interactions`. Users and items without entries then get the factors that their
            features say, and take no part in the fit otherwise: nobody had the chance to like or to ignore
            them.
        validation : Split, or (train_rows, test), optional
            What is known of the users when they are tested, and what they are tested with: both Interactions
            or sparse matrices of the shape of `user_items`. Of a `Split` that holds users out, factors are
            made of their history. The factors of the best epoch are kept.
        metric : str, default "ndcg@20"
            What is measured: one of `penchant.evaluation.METRICS`. Those that go by what is popular take that
            from the users who are measured.
        patience : int, default 3
            The fit ends after so many measurements none of which was better than the best before.
        validation_every : int, default 1
            Measure after every so many epochs, and after the last.
        validation_users : int, optional
            Measure on a random sample of so many users, always the same; by default on all.

        Returns
        -------
        self
            With ``validation_history``.

        Raises
        ------
        TypeError
            If `user_items` or `validation` is not sparse, or a parameter has an impossible type.
        ValueError
            If a parameter is out of range, `user_items` is empty, broken, or not finite, there is no such
            metric, or `validation` has another shape or nobody to test.
        ModelFitError
            If the fit diverges.
        MemoryError
            If what is to be learned would outgrow this machine. It says how large that is.
        KeyboardInterrupt
            On Ctrl-C, within a second. The model is what it was before.

        Examples
        --------
        >>> from penchant.datasets import made_plays
        >>> from penchant.evaluation import RandomSplit
        >>> split = RandomSplit().split(made_plays())
        >>> model = AlternatingLeastSquares(factors=16, iterations=99, random_state=0)
        >>> model = model.fit(split.train, show_progress=False, validation=split, patience=2)
        >>> len(model.validation_history) < 99
        True
        """
        judge = None
        if validation is not None:
            judge = Validation(validation, metric, patience, validation_every, validation_users)
        before = self.validation_history
        # Callbacks may look at it.
        self.validation_history = [] if judge is None else judge.history
        try:
            by_item = getattr(user_items, "by_item", None)
            features = (
                checked_for(user_features, "user_features", user_items, 0),
                checked_for(item_features, "item_features", user_items, 1),
            )
            self._learn(
                user_items, show_progress, callback, validation=judge, by_item=by_item, features=features
            )
        except BaseException:
            self.validation_history = before
            raise
        return self

    def _fit(
        self,
        rows: Rows,
        progress: Progress,
        validation: Validation | None = None,
        by_item: Any = None,
        features: tuple[Any, Any] = (None, None),
    ) -> None:
        if self.use_gpu:
            warn("use_gpu means nothing here: the fit runs on the CPU")
        if validation is not None:
            validation.check_shape(rows.shape)
        # A few squares of this size are worked with.
        check_memory(4 * 8 * self.factors**2, f"systems of {self.factors} factors")
        csr = rows.csr(self.dtype)
        users, items, seed = self._first(rows.shape)
        progress.total(self.iterations)
        of_users, of_items = sides = self._begin_features(features, rows, self.dtype)
        of_both = [None if side is None else side.coefficients for side in sides]
        coefficients = of_both[0], of_both[1]

        def after_epoch(epoch: int, loss: float, turn: Any) -> bool:
            if validation is None:
                return progress.epoch(epoch, loss)
            known = self._known_now(sides, turn, validation.users_looked_at)
            value, stop = validation.look(
                epoch, epoch == self.iterations, users, items, turn, coefficients, self._threads(),
                lambda users, items, before: self._with_factors(users, items, before, known),
            )  # fmt: skip
            measured = {} if value is None else {validation.name: value}
            return progress.epoch(epoch, loss, **measured) or stop

        transpose = None if by_item is None else rows_on_disk(by_item, "by_item").csr(self.dtype)
        known = [None if side is None else side.core() for side in sides]
        loss_history = _core.als.fit(csr, users, items, self._params(), seed, after_epoch, transpose, *known)
        best = None if validation is None else validation.best(self._threads())
        if best is not None:
            users, items, (a, b), turn = best
            if of_users is not None and a is not None:
                of_users = of_users.with_coefficients(_core.als.turned(a, turn, self._threads()))
            if of_items is not None and b is not None:
                of_items = of_items.with_coefficients(b)
        self._take(users, items, loss_history, (of_users, of_items))

    def _first(self, shape: tuple[int, int]) -> tuple[Floats, Floats, int | None]:
        """Return what a fit of this shape begins with; see `first_factors`."""
        return first_factors(self, shape)

    def _take(
        self,
        users: Floats,
        items: Floats,
        loss_history: list[float],
        known: tuple[FeatureSide | None, FeatureSide | None] = (None, None),
    ) -> None:
        """Take what a fit has found."""
        with factor_store.WRITING:
            self._store.replace(users, items, known)
        self._store.were_set = False
        self.loss_history = loss_history

    def _with_factors(
        self,
        users: Floats,
        items: Floats,
        before: AlternatingLeastSquares | None,
        known: tuple[FeatureSide | None, FeatureSide | None],
    ) -> Self:
        """Return a model with these factors, which packs items as an earlier model of the fit did."""
        other = copy.copy(self)
        other._store.replace(users, items, known)
        if before is not None:
            other._store.pack_moved_items(before._store, self._threads())
        return other

    @classmethod
    def _amended(cls, parameters: dict[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
        for name in ("user_factors", "item_factors"):
            if name in tensors and tensors[name].ndim == 2:
                parameters["factors"] = tensors[name].shape[1]
        return parameters

    def _npz(self) -> Mapping[str, Any]:
        parameters = parameters_of(self)
        return {name: parameters[name] for name in _NAMES_OF_IMPLICIT} | dict(self._tensors())

    def _restore_npz(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if not {"user_factors", "item_factors", "factors"} & set(arrays):
            msg = f"it has neither the factors nor the parameters of a {self._KIND}"
            raise ValueError(msg)
        self._restore(arrays)

    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""
        integers = {name: integer(getattr(self, name), name) for name in _INTEGERS}
        numbers = {name: number(getattr(self, name), name) for name in _NUMBERS}
        texts = {
            "solver": self.solver if self.use_cg else "cholesky",
            "confidence": self.confidence,
            "init": self.init,
        }
        for name, value in texts.items():
            if not isinstance(value, str):
                msg = f"{name} must be a string, got {describe(value)}"
                raise TypeError(msg)
        tolerance = None if self.tolerance is None else number(self.tolerance, "tolerance")
        return integers | numbers | texts | {"tolerance": tolerance}
