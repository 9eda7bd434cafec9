"""Alternating least squares for implicit feedback."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from penchant import _arguments, _core, _factors
from penchant._arguments import Floats
from penchant._factor_model import FactorModel
from penchant._files import Saved
from penchant._fold_in import FoldsIn
from penchant._parameters import Parameters
from penchant.interactions import Interactions
from penchant.utils import RandomState, check_random_state

__all__ = ["AlternatingLeastSquares"]

_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


_INTEGERS = ("factors", "iterations", "num_threads", "cg_steps")
_NUMBERS = (
    "regularization", "alpha", "relaxation", "epsilon", "unobserved_weight", "regularization_exponent",
)  # fmt: skip


class AlternatingLeastSquares(Parameters, Saved, FactorModel, FoldsIn):
    """Matrix factorization for implicit feedback by alternating least squares.

    Minimizes, over user factors ``x`` and item factors ``y``, ::

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
    relaxation : float, default 1.5
        Between 0 and 2. How far past its solution each row goes on the way to the next epoch, as in
        successive over-relaxation: ``start + relaxation (solution - start)``. A fit then reaches the same
        loss in about half as many epochs. With 1 the epochs are those of plain alternating least squares.
        Above 1 and with ``solver="auto"``, the same rows as for `cg_steps` go further: half of the way to 2.
    confidence : {"alpha", "linear", "log"}, default "alpha"
        ``c = alpha |r|``, ``1 + alpha |r|`` or ``1 + alpha ln(1 + |r| / epsilon)``.
    epsilon : float, default 1.0
        See `confidence`.
    unobserved_weight : float, default 1.0
        w0, the weight of the pairs that nobody touched.
    regularization_exponent : float, default 0.0
        nu in ``l_u = regularization (n_u + w0 n_items)^nu``, likewise for items. 0 gives every row the same
        regularization; 1 scales it by how much there is to fit.
    tolerance : float, optional
        Stop when an epoch improves the loss by less than this part of it.
    warm_start : bool, default False
        Start a second fit from the factors of the first if the shape is the same.

    use_gpu : bool, default False
        Accepted for compatibility. There is no code for GPUs: True gets a `ParameterWarning` from `fit`.

    Attributes
    ----------
    user_factors : numpy.ndarray, shape [n_users, factors]
    item_factors : numpy.ndarray, shape [n_items, factors]
        None before a fit. Both can be set; a fit of the same shape then starts from them.
    loss_history : list of float
        After each epoch of the last fit, the objective divided by the total weight of all pairs.

    References
    ----------
    Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008.
    Takacs, Pilaszy and Tikk, "Applications of the Conjugate Gradient Method for Implicit Feedback
    Collaborative Filtering", 2011.
    Young, "Iterative Methods for Solving Partial Difference Equations of Elliptic Type", 1954
    (over-relaxation).
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
        relaxation: float = 1.5,
        confidence: Literal["alpha", "linear", "log"] = "alpha",
        epsilon: float = 1.0,
        unobserved_weight: float = 1.0,
        regularization_exponent: float = 0.0,
        tolerance: float | None = None,
        warm_start: bool = False,
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
        self.tolerance = tolerance
        self.warm_start = warm_start
        self.use_gpu = use_gpu
        self.loss_history: list[float] = []

    def __repr__(self) -> str:
        shape = "unfitted"
        users, items = self._sides
        if users is not None and items is not None:
            shape = f"{len(users)} users x {len(items)} items"
        return (
            f"{type(self).__name__}(factors={self.factors}, regularization={self.regularization}, "
            f"alpha={self.alpha}, iterations={self.iterations}, dtype={self.dtype}) <{shape}>"
        )

    def fit(
        self,
        user_items: Any,
        show_progress: bool = True,
        callback: Callable[[int, float, float], object] | None = None,
    ) -> Self:
        """Learn the factors of users and items.

        Parameters
        ----------
        user_items : scipy.sparse matrix or array, shape [n_users, n_items], or Interactions
            Positive values mean liked, negative ones disliked, their size how sure that is. CSR is used as it
            is; another format is converted with a `ParameterWarning`. Never changed.
        show_progress : bool, default True
            Show a progress bar with the loss.
        callback : callable, optional
            ``callback(epoch, seconds, loss)`` after every epoch, counted from 0. Returning True ends the fit
            and keeps the factors.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `user_items` is not sparse, or a parameter has an impossible type.
        ValueError
            If a parameter is out of range, or `user_items` is empty, broken, or not finite.
        ModelFitError
            If the fit diverged. The factors are what they were before.
        KeyboardInterrupt
            On Ctrl-C, within a second. The factors are what they were before.
        """
        if self.dtype not in _DTYPES:
            msg = f"dtype must be float32 or float64, got {self.dtype}"
            raise TypeError(msg)
        if callback is not None and not callable(callback):
            msg = f"callback must be callable, got {_arguments.describe(callback)}"
            raise TypeError(msg)
        if self.use_gpu:
            _arguments.warn("use_gpu means nothing here: the fit runs on the CPU")
        params = self._params()
        _core.check_parameters(params)
        # A few squares of this size are worked with.
        _arguments.check_memory(4 * 8 * self.factors**2, f"systems of {self.factors} factors")
        if isinstance(user_items, Interactions):
            user_items = user_items.matrix
        matrix = _arguments.sparse_rows(user_items, "user_items", self.dtype)
        csr = _arguments.csr(matrix, "user_items", self.dtype)
        users, items = self._first_factors(matrix.shape)
        with tqdm(total=self.iterations, disable=not show_progress, unit="epoch") as bar:
            started = time.perf_counter()

            def after_epoch(epoch: int, loss: float) -> object:
                nonlocal started
                now = time.perf_counter()
                seconds, started = now - started, now
                bar.set_postfix(loss=f"{loss:.5g}", refresh=False)
                bar.update()
                # True and nothing else: others' callbacks return all kinds of things.
                answer = callback(epoch - 1, seconds, loss) if callback is not None else False
                return isinstance(answer, bool | np.bool_) and bool(answer)

            loss_history = _core.fit(csr, users, items, params, after_epoch)
        with _factors.WRITING:
            self._take_factors(users, items)
        self._factors_were_set = False
        self.loss_history = loss_history
        return self

    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""
        integers = {name: _arguments.integer(getattr(self, name), name) for name in _INTEGERS}
        numbers = {name: _arguments.number(getattr(self, name), name) for name in _NUMBERS}
        texts = {"solver": self.solver if self.use_cg else "cholesky", "confidence": self.confidence}
        for name, value in texts.items():
            if not isinstance(value, str):
                msg = f"{name} must be a string, got {_arguments.describe(value)}"
                raise TypeError(msg)
        tolerance = None if self.tolerance is None else _arguments.number(self.tolerance, "tolerance")
        return integers | numbers | texts | {"tolerance": tolerance}

    def _first_factors(self, shape: tuple[int, int]) -> tuple[Floats, Floats]:
        """Copy the factors that were set or kept on purpose, or draw new ones."""
        sides = self._sides
        wanted = [(count, self.factors) for count in shape]
        if not (self.warm_start or self._factors_were_set) or any(
            side is not None and side.shape != shape for side, shape in zip(sides, wanted, strict=True)
        ):
            sides = None, None
        generator = check_random_state(self.random_state)
        first = []
        for side, shape in zip(sides, wanted, strict=True):
            if side is None:
                # Drawn as implicit draws them, users before items.
                first.append(generator.random(shape, dtype=self.dtype) * self.dtype.type(0.01))
            else:
                first.append(side.astype(self.dtype))
        users, items = first
        return users, items
