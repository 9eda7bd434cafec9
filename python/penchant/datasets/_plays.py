"""The form that every data set here comes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, repr=False)
class Plays:
    """Who played what, and how often.

    Attributes
    ----------
    artists : numpy.ndarray of str, shape [n_artists]
        Names by column.
    users : numpy.ndarray of str, shape [n_users]
        Names by row.
    matrix : scipy.sparse.csr_array of float32, shape [n_users, n_artists]
        Play counts.
    genres : numpy.ndarray of int, shape [n_artists], or None
        The planted genre of each artist, where that is known.
    """

    artists: npt.NDArray[np.str_]
    users: npt.NDArray[np.str_]
    matrix: Any
    genres: npt.NDArray[np.int32] | None = None

    def __repr__(self) -> str:
        users, artists = self.matrix.shape
        return f"Plays({users} users x {artists} artists, {self.matrix.nnz} entries)"
