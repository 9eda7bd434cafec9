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


class FeatureOracle:
    """Plain epochs with features: rows drawn to what features say, coefficients by the normal equations."""

    def __init__(self, R, F, G, model):
        self.plain = Oracle(
            R, model.regularization, model.alpha, model.confidence, model.epsilon, model.unobserved_weight,
            model.regularization_exponent,
        )  # fmt: skip
        self.s = model.feature_strength
        # Rows without entries take no part.
        self.warm = [(R != 0).any(1), (R != 0).any(0)]
        entries, w0 = R != 0, model.unobserved_weight
        counts = [entries.sum(axis) + w0 * self.warm[axis].sum() for axis in (1, 0)]
        self.features = [np.hstack([features, np.ones((len(features), 1))]) for features in (F, G)]
        lambdas = [model.regularization * count**model.regularization_exponent for count in counts]
        self.lambdas = [np.where(warm, lam, 0) for warm, lam in zip(self.warm, lambdas, strict=True)]
        self.penalties = [
            model.feature_regularization * lam[warm].mean()
            for warm, lam in zip(self.warm, self.lambdas, strict=True)
        ]

    def regress(self, side, X):
        F, lam = self.features[side], self.lambdas[side][:, None]
        return np.linalg.solve(F.T @ (lam * F) + self.penalties[side] * np.eye(F.shape[1]), F.T @ (lam * X))

    def solve_side(self, side, Y, A):
        C, P = (self.plain.C, self.plain.P) if side == 0 else (self.plain.C.T, self.plain.P.T)
        C = C * self.warm[1 - side]  # those who are cold on the other side do not exist
        said, lam, rows = self.features[side] @ A, self.lambdas[side], []
        for u, (c, p) in enumerate(zip(C, P, strict=True)):
            M = Y.T @ (c[:, None] * Y) + max(self.s, 1) * lam[u] * np.eye(Y.shape[1])
            right = Y.T @ (c * p) + self.s * lam[u] * said[u]
            rows.append(np.linalg.solve(M, right) if self.warm[side][u] else np.zeros(Y.shape[1]))
        return np.array(rows)

    def epochs(self, X, Y, count):
        """Yield both sides, with their cold rows, and both coefficients after each epoch."""
        X, Y = (np.where(warm[:, None], rows, 0) for warm, rows in zip(self.warm, (X, Y), strict=True))
        A, B = self.regress(0, X), self.regress(1, Y)
        for _ in range(count):
            X = self.solve_side(0, Y, A)
            A = self.regress(0, X)
            Y = self.solve_side(1, X, B)
            B = self.regress(1, Y)
            said = [features @ a for features, a in zip(self.features, (A, B), strict=True)]
            full = [
                np.where(warm[:, None], rows, cold)
                for warm, rows, cold in zip(self.warm, (X, Y), said, strict=True)
            ]
            yield *full, A, B, self.loss(X, Y, A, B)

    def loss(self, X, Y, A, B):
        C = self.plain.C * self.warm[0][:, None] * self.warm[1]
        total = (C * (self.plain.P - X @ Y.T) ** 2).sum()
        for side, (rows, a) in enumerate(((X, A), (Y, B))):
            away = ((rows - self.features[side] @ a) ** 2).sum(1)
            total += max(1 - self.s, 0) * self.lambdas[side] @ (rows**2).sum(1)
            total += self.s * (self.lambdas[side] @ away + self.penalties[side] * (a**2).sum())
        return total / self.plain.C.sum()
