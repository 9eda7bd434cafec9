"""The objective and an exact epoch, written as the formulas are: dense, slow and obvious."""

import numpy as np


def confidence(r, kind, alpha, epsilon):
    size = np.abs(r)
    return {
        "alpha": alpha * size,
        "linear": 1 + alpha * size,
        "log": 1 + alpha * np.log1p(size / epsilon),
    }[kind]


class Oracle:
    def __init__(self, R, regularization, alpha, kind="alpha", epsilon=1.0, w0=1.0, exponent=0.0):
        R = np.asarray(R, dtype=np.float64)
        stored = R != 0
        self.P = (R > 0).astype(np.float64)
        self.C = np.where(stored, confidence(R, kind, alpha, epsilon), w0)
        n_users, n_items = R.shape
        self.user_lambda = regularization * (stored.sum(1) + w0 * n_items) ** exponent
        self.item_lambda = regularization * (stored.sum(0) + w0 * n_users) ** exponent

    def objective(self, X, Y):
        errors = (self.C * (self.P - X @ Y.T) ** 2).sum()
        return errors + self.user_lambda @ (X**2).sum(1) + self.item_lambda @ (Y**2).sum(1)

    def loss(self, X, Y):
        return self.objective(X, Y) / self.C.sum()

    @staticmethod
    def solve_side(C, P, Y, lam):
        rows = []
        for c, p, lam_u in zip(C, P, lam, strict=True):
            A = Y.T @ (c[:, None] * Y) + lam_u * np.eye(Y.shape[1])
            # The least-norm solution, which matters where A is singular.
            rows.append(np.linalg.lstsq(A, Y.T @ (c * p), rcond=1e-11)[0])
        return np.array(rows)

    def epochs(self, X, Y, count, relaxation):
        """Yield both sides after each epoch; the first and the last half-step go to their solutions."""
        start = Y
        for epoch in range(count):
            # The items of the epoch before, then the users.
            for_items, for_users = (
                min(relaxation, 1 + h / (h + 4)) if epoch > 0 else 1 for h in (2 * epoch - 1, 2 * epoch)
            )
            Y = self.relaxed(start, Y, for_items)
            X = self.relaxed(X, self.solve_side(self.C, self.P, Y, self.user_lambda), for_users)
            start, Y = Y, self.solve_side(self.C.T, self.P.T, X, self.item_lambda)
            yield X, Y

    @staticmethod
    def relaxed(start, solutions, omega):
        # Rows of which nothing is known are zero and stay so.
        return np.where(solutions.any(1, keepdims=True), start + omega * (solutions - start), 0)
