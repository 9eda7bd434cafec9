"""The objective that every contestant is judged by: NumPy in f64, from factors alone."""

import numpy as np


def objective(matrix, users, items, alpha, regularization, users_at_a_time=20_000):
    """Loss with confidence ``1 + alpha r``, divided by the total weight of all pairs.

    ``sum_stored c (1 - s)^2 - s^2 + sum_all s^2 + regularization (|X|^2 + |Y|^2)`` with scores ``s``.
    """
    users, items = np.asarray(users, np.float64), np.asarray(items, np.float64)
    everyone = ((users.T @ users) * (items.T @ items)).sum()
    stored = weight = 0.0
    for first in range(0, matrix.shape[0], users_at_a_time):
        part = matrix[first : first + users_at_a_time].tocoo()
        for at in range(0, part.nnz, 1_000_000):
            rows, columns = part.row[at : at + 1_000_000], part.col[at : at + 1_000_000]
            scores = np.einsum("ij,ij->i", users[first + rows], items[columns])
            c = 1.0 + alpha * part.data[at : at + 1_000_000].astype(np.float64)
            stored += (c * (1.0 - scores) ** 2 - scores**2).sum()
            weight += (c - 1.0).sum()
    penalty = regularization * ((users**2).sum() + (items**2).sum())
    return float((stored + everyone + penalty) / (weight + matrix.shape[0] * float(matrix.shape[1])))
