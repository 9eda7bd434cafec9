"""Random walks on the graph of users and items: P3alpha and RP3beta."""

from __future__ import annotations

from typing import Any

from penchant import _core
from penchant._base.item_similarity import ItemSimilarityBase, check_neighbours
from penchant._base.progress import Progress
from penchant._sparse import Rows, precision
from penchant._validation import describe, integer, number

__all__ = ["P3alpha", "RP3beta"]


class RP3beta(ItemSimilarityBase):
    """Random walks of three steps, from user to item to user to item, in which popular ends are less likely.

    A step goes along an entry with a probability in proportion to its value, raised to the power `alpha`.
    Each item keeps the items at which a walk over one of its users ends most likely, divided by the sum of
    their values to the power `beta`. A walk never ends where it began.

    Parameters
    ----------
    K : int, default 100
        How many neighbours each item keeps.
    alpha : float, default 0.6
        The power of the probabilities; below 1 makes them more alike.
    beta : float, default 0.4
        How much popularity is discounted; at 0 it is not.
    normalize : bool, default True
        Scale what each item keeps so that it sums to 1: then all items of a user have the same say.
    num_threads : int, default 0
        The number of threads; 0 for all that the process may use. The result does not depend on it.

    Attributes
    ----------
    similarity : scipy.sparse.csr_matrix, shape [n_items, n_items]
        The `K` largest entries of each row, ties to the smaller id: of float64 if the data was, else float32.

    References
    ----------
    Paudel, Christoffel, Newell and Bernstein, "Updatable, Accurate, Diverse, and Scalable Recommendations for
    Interactive Applications", 2017.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    >>> model = RP3beta(K=2, beta=0.5).fit(plays, show_progress=False)
    >>> model.recommend(2, plays[[2]], N=1)[0].tolist()
    [0]
    """

    _KIND = "RP3beta"

    def __init__(
        self,
        K: int = 100,
        alpha: float = 0.6,
        beta: float = 0.4,
        normalize: bool = True,
        num_threads: int = 0,
    ) -> None:
        super().__init__()
        self.K = K
        self.alpha = alpha
        self.beta = beta
        self.normalize = normalize
        self.num_threads = num_threads

    def _params(self) -> dict[str, Any]:
        """Return what the core wants to know; it checks the ranges."""
        if not isinstance(self.normalize, bool):
            msg = f"normalize must be True or False, got {describe(self.normalize)}"
            raise TypeError(msg)
        return {
            "neighbours": integer(self.K, "K", 1),
            "alpha": number(self.alpha, "alpha"),
            "beta": number(self.beta, "beta"),
            "normalize": self.normalize,
            "num_threads": self._threads(),
        }

    def _check_parameters(self) -> None:
        _core.rp3beta.check_parameters(self._params())

    def _fit(self, rows: Rows, progress: Progress) -> None:
        csr = rows.csr(precision(rows))
        params = self._params()
        check_neighbours(csr, params["neighbours"])
        progress.total(rows.columns)
        self._take(len(rows), (rows.columns, *_core.rp3beta.walks(csr, params, progress.step)))


class P3alpha(RP3beta):
    """Random walks of three steps: `RP3beta` without a discount for popularity.

    Parameters
    ----------
    K, alpha, normalize, num_threads
        As for `RP3beta`, but that `normalize` is False by default.

    References
    ----------
    Cooper, Lee, Radzik and Siantos, "Random Walks in Recommender Systems: Exact Computation and Simulations",
    2014.
    """

    _KIND = "P3alpha"

    def __init__(
        self, K: int = 100, alpha: float = 1.0, normalize: bool = False, num_threads: int = 0
    ) -> None:
        super().__init__(K, alpha, 0.0, normalize, num_threads)
