"""Rows whose weights are far above those of the pairs that nobody touched."""

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import DATA

from penchant import AlternatingLeastSquares, Interactions
from penchant.evaluation import train_test_split

# implicit 0.7.3, 20 iterations, regularization 0.1, seed 0 to 4, on the split of seed 0: means of its objective.
OF_IMPLICIT = {
    (20, 1): 1.597e6, (20, 5): 2.259e6, (20, 15): 2.734e6, (20, 40): 3.302e6, (20, 100): 3.994e6,
    (64, 1): 0.788e6, (64, 5): 1.102e6, (64, 15): 1.273e6, (64, 40): 1.586e6, (64, 100): 2.132e6,
}  # fmt: skip


def objective(model, rows):
    """The objective in plain NumPy, in float64."""
    x, y = (factors.astype(np.float64) for factors in (model.user_factors, model.item_factors))
    coo = rows.tocoo()
    scores = np.einsum("ij,ij->i", x[coo.row], y[coo.col])
    confidence = model.alpha * coo.data.astype(np.float64)
    everywhere = ((x.T @ x) * (y.T @ y)).sum()
    penalty = model.regularization * ((x**2).sum() + (y**2).sum())
    return float((confidence * (1 - scores) ** 2).sum() + everywhere - (scores**2).sum() + penalty)


@pytest.mark.parametrize(("factors", "alpha"), OF_IMPLICIT)
def test_raw_plays_end_below_what_implicit_reaches(factors, alpha):
    path = DATA / "lastfm-2k" / "user_artists.dat"
    if not path.exists():
        pytest.skip(f"the HetRec Last.fm data is not in {path.parent}")
    plays = Interactions.from_file(path, user="userID", item="artistID", weight="weight", show_progress=False)
    train, _ = train_test_split(plays.matrix, random_state=0)
    model = AlternatingLeastSquares(
        factors=factors, regularization=0.1, alpha=float(alpha), iterations=20, random_state=0
    )
    assert objective(model.fit(train, show_progress=False), train) < OF_IMPLICIT[factors, alpha]


def heavy(weight):
    random = np.random.default_rng(0)
    pattern = sp.random_array((80, 60), density=0.15, format="csr", rng=random, dtype=np.float64)
    pattern.data = weight * np.exp(random.normal(0, 2, pattern.nnz))
    return pattern


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_heavy_rows_come_close_to_their_solutions(dtype):
    rows = heavy(1e4)
    ends = {}
    for solver in ("auto", "cg", "cholesky"):
        model = AlternatingLeastSquares(
            factors=16,
            regularization=0.1,
            iterations=5,
            relaxation=1.0,
            solver=solver,
            dtype=dtype,
            random_state=0,
        )
        ends[solver] = objective(model.fit(rows, show_progress=False), rows)
    assert ends["auto"] == pytest.approx(ends["cholesky"], rel=0.05)
    assert ends["cg"] > 1.2 * ends["cholesky"]


def test_light_rows_are_solved_as_ever():
    rows = heavy(1e-3)
    auto, cg = (
        AlternatingLeastSquares(factors=16, solver=solver, cg_steps=3, random_state=0, iterations=3)
        .fit(abs(rows), show_progress=False)
        .loss_history
        for solver in ("auto", "cg")
    )
    np.testing.assert_allclose(auto, cg, rtol=1e-4)


@pytest.mark.parametrize("threads", [2, 5])
def test_heavy_rows_have_the_same_bits_on_any_number_of_threads(threads):
    rows = heavy(1e4)
    one, many = (
        AlternatingLeastSquares(factors=16, num_threads=count, random_state=0, iterations=4)
        .fit(rows, show_progress=False)
        .item_factors
        for count in (1, threads)
    )
    assert one.tobytes() == many.tobytes()
