"""Fitting as a caller sees it: progress, callbacks, starting points, interruption, mistakes."""

import itertools
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import random_ratings

from penchant import ModelFitError, NotFittedError
from penchant.als import AlternatingLeastSquares
from penchant.utils import ParameterWarning


def test_the_progress_bar_shows_the_loss(capsys):
    model = AlternatingLeastSquares(factors=3, iterations=4, random_state=0).fit(random_ratings())
    shown = capsys.readouterr().err
    assert "4/4" in shown
    assert f"loss={model.loss_history[-1]:.5g}" in shown


def test_without_progress_nothing_is_printed(capsys):
    AlternatingLeastSquares(factors=3, iterations=4).fit(random_ratings(), show_progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_callback_hears_of_every_epoch_and_can_stop():
    heard = []

    def callback(epoch, seconds, loss):
        heard.append((epoch, loss))
        assert seconds > 0
        return epoch == 2

    model = AlternatingLeastSquares(factors=3, iterations=10, random_state=0)
    model.fit(random_ratings(), show_progress=False, callback=callback)
    assert heard == list(enumerate(model.loss_history))
    assert len(heard) == 3
    shorter = AlternatingLeastSquares(factors=3, iterations=3, random_state=0)
    shorter.fit(random_ratings(), show_progress=False)
    np.testing.assert_array_equal(shorter.user_factors, model.user_factors)


def test_only_true_ends_a_fit():
    for answer, epochs in ((0.5, 4), ("stop", 4), (np.True_, 1), (True, 1), (None, 4)):
        model = AlternatingLeastSquares(factors=3, iterations=4, random_state=0)
        model.fit(random_ratings(), show_progress=False, callback=lambda *_, answer=answer: answer)
        assert len(model.loss_history) == epochs
    with pytest.raises(TypeError, match="callback must be callable, got int"):
        model.fit(random_ratings(), show_progress=False, callback=3)


def test_an_exception_in_the_callback_comes_out_and_the_model_stays_as_it_was():
    def callback(epoch, seconds, loss):
        raise RuntimeError("from the callback")

    model = AlternatingLeastSquares(factors=3)
    with pytest.raises(RuntimeError, match="from the callback"):
        model.fit(random_ratings(), show_progress=False, callback=callback)
    assert model.user_factors is None


@pytest.mark.parametrize("solver", ["auto", "cg", "dual", "cholesky"])
def test_relaxation_reaches_the_same_loss_in_fewer_epochs(solver):
    ratings = random_ratings(users=200, items=100)
    plain, relaxed = (
        AlternatingLeastSquares(factors=8, random_state=0, solver=solver, relaxation=relaxation)
        for relaxation in (1.0, 1.65)
    )
    last = plain.fit(ratings, show_progress=False).loss_history[-1]
    assert sum(loss > last for loss in relaxed.fit(ratings, show_progress=False).loss_history) < 12


def test_short_rows_of_many_factors_stay_at_their_exact_solutions():
    # Five entries in each row and column: all rows are short.
    users = np.repeat(np.arange(60), 5)
    ratings = sp.csr_array((np.linspace(2, 3, 300), (users, (users + np.tile([0, 1, 5, 12, 30], 60)) % 60)))
    fits = [
        AlternatingLeastSquares(factors=128, random_state=0, solver=solver, relaxation=relaxation)
        for solver, relaxation in (("auto", 1.65), ("dual", 1.0), ("dual", 1.65))
    ]
    auto, exact, relaxed = (fit.fit(ratings, show_progress=False) for fit in fits)
    assert auto.loss_history == exact.loss_history
    np.testing.assert_array_equal(auto.item_factors, exact.item_factors)
    assert auto.loss_history != relaxed.loss_history


def test_tolerance_stops_the_fit():
    model = AlternatingLeastSquares(factors=3, iterations=200, tolerance=1e-3, random_state=0)
    losses = model.fit(random_ratings(), show_progress=False).loss_history
    assert len(losses) < 100
    gains = [(a - b) / a for a, b in itertools.pairwise(losses)]
    assert all(gain >= 1e-3 for gain in gains[:-1])
    assert gains[-1] < 1e-3


def test_equal_seeds_give_equal_bits_and_different_ones_do_not():
    def fitted(state):
        model = AlternatingLeastSquares(factors=4, random_state=state, iterations=2)
        return model.fit(random_ratings(), show_progress=False).user_factors

    np.testing.assert_array_equal(fitted(3), fitted(3))
    np.testing.assert_array_equal(fitted(3), fitted(np.random.default_rng(3)))
    np.testing.assert_array_equal(fitted(np.random.RandomState(3)), fitted(np.random.RandomState(3)))
    assert (fitted(3) != fitted(4)).any()


def test_without_epochs_the_factors_are_the_documented_draws():
    model = AlternatingLeastSquares(factors=4, random_state=7, iterations=0).fit(
        random_ratings(), show_progress=False
    )
    random = np.random.default_rng(7)
    np.testing.assert_array_equal(model.user_factors, random.random((20, 4), np.float32) * np.float32(0.01))
    np.testing.assert_array_equal(model.item_factors, random.random((15, 4), np.float32) * np.float32(0.01))


def test_a_second_fit_starts_afresh_unless_told_otherwise():
    ratings = random_ratings()
    once = AlternatingLeastSquares(factors=4, random_state=0, iterations=3).fit(ratings, show_progress=False)
    again = AlternatingLeastSquares(factors=4, random_state=0, iterations=3).fit(ratings, show_progress=False)
    again.fit(ratings, show_progress=False)
    np.testing.assert_array_equal(once.user_factors, again.user_factors)

    # Without relaxation, since the first half-step of a fit has none.
    plain = {"factors": 4, "random_state": 0, "relaxation": 1.0}
    once = AlternatingLeastSquares(**plain, iterations=3).fit(ratings, show_progress=False)
    six = AlternatingLeastSquares(**plain, iterations=6).fit(ratings, show_progress=False)
    warm = AlternatingLeastSquares(**plain, iterations=3, warm_start=True)
    warm.fit(ratings, show_progress=False).fit(ratings, show_progress=False)
    # Not to the last digit: the factors of a fit are turned, which rounds them.
    np.testing.assert_allclose(warm.loss_history, six.loss_history[3:], rtol=1e-3)

    given = AlternatingLeastSquares(factors=4, iterations=3, relaxation=1.0)
    given.user_factors, given.item_factors = once.user_factors, once.item_factors
    before = once.user_factors.copy()
    given.fit(ratings, show_progress=False)
    np.testing.assert_allclose(given.loss_history, six.loss_history[3:], rtol=1e-3)
    np.testing.assert_array_equal(once.user_factors, before)


@pytest.mark.parametrize("kind", ["coo", "csc", "lil", "dok"])
def test_other_formats_are_converted_with_a_warning(kind):
    ratings = random_ratings()
    expected = AlternatingLeastSquares(factors=4, random_state=0).fit(ratings, show_progress=False)
    with pytest.warns(ParameterWarning, match=kind.upper()):
        model = AlternatingLeastSquares(factors=4, random_state=0).fit(
            ratings.asformat(kind), show_progress=False
        )
    np.testing.assert_array_equal(model.user_factors, expected.user_factors)


def test_unsorted_and_repeated_columns_are_accepted_and_left_alone():
    matrix = sp.csr_array((np.ones(4), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), shape=(2, 3))
    summed = matrix.copy()
    summed.sum_duplicates()
    model = AlternatingLeastSquares(factors=2, random_state=0).fit(matrix, show_progress=False)
    expected = AlternatingLeastSquares(factors=2, random_state=0).fit(summed, show_progress=False)
    np.testing.assert_array_equal(model.user_factors, expected.user_factors)
    assert matrix.indices.tolist() == [2, 0, 2, 1]


@pytest.mark.parametrize("form", [sp.csr_array, sp.coo_array])
@pytest.mark.filterwarnings("ignore::penchant.utils.ParameterWarning")
def test_repeats_are_summed_without_overflow(form):
    entries = (np.full(3, 100, np.int8), (np.array([0, 0, 1]), np.array([1, 1, 0])))
    repeated = sp.coo_array(entries, shape=(2, 2))
    if form is sp.csr_array:
        repeated = sp.csr_array((entries[0], np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    model = AlternatingLeastSquares(factors=2, random_state=0).fit(repeated, show_progress=False)
    expected = AlternatingLeastSquares(factors=2, random_state=0)
    expected.fit(sp.csr_array([[0.0, 200.0], [100.0, 0.0]]), show_progress=False)
    np.testing.assert_array_equal(model.user_factors, expected.user_factors)


def test_an_enormous_number_of_iterations_is_just_a_long_fit():
    model = AlternatingLeastSquares(factors=3, iterations=10**12, tolerance=1e-2, random_state=0)
    assert len(model.fit(random_ratings(), show_progress=False).loss_history) < 100


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.bool_, np.float16, ">f4", ">i4"])
def test_any_real_dtype_and_64_bit_indices_will_do(dtype):
    matrix = sp.csr_array(np.array([[1.0, 0, 1], [0, 1, 1]]))
    matrix.data = np.ones(4, dtype)  # SciPy itself would refuse some of them
    matrix.indices = matrix.indices.astype(np.int64)
    matrix.indptr = matrix.indptr.astype(np.int64)
    plain = AlternatingLeastSquares(factors=2, random_state=0)
    plain.fit(sp.csr_array([[1.0, 0, 1], [0, 1, 1]]), show_progress=False)
    model = AlternatingLeastSquares(factors=2, random_state=0).fit(matrix, show_progress=False)
    np.testing.assert_array_equal(model.user_factors, plain.user_factors)


@pytest.mark.parametrize(
    ("parameter", "error", "message"),
    [
        ({"factors": 0}, ValueError, "factors must be at least 1, got 0"),
        ({"factors": -3}, ValueError, "factors must be at least 1, got -3"),
        ({"factors": "many"}, TypeError, "factors must be an integer, got str"),
        ({"factors": 3.0}, TypeError, "factors must be an integer, got float"),
        ({"factors": 2**70}, ValueError, "factors must be a number of 64 bits"),
        ({"factors": 10**6}, MemoryError, "systems of 1000000 factors take"),
        ({"iterations": False}, TypeError, "iterations must be an integer, got bool"),
        ({"alpha": None}, TypeError, "alpha must be a number, got NoneType"),
        ({"solver": 3}, TypeError, "solver must be a string, got int"),
        ({"init": 3}, TypeError, "init must be a string, got int"),
        ({"regularization": -0.1}, ValueError, "regularization must be a finite number of at least 0, got -0.1"),
        ({"regularization": np.nan}, ValueError, "regularization"),
        ({"alpha": 0}, ValueError, "alpha must be a finite number above 0, got 0"),
        ({"iterations": -1}, ValueError, "iterations"),
        ({"cg_steps": 0}, ValueError, "cg_steps"),
        ({"relaxation": 0.0}, ValueError, "relaxation must be above 0 and below 2, got 0"),
        ({"relaxation": 2.0}, ValueError, "relaxation"),
        ({"relaxation": np.nan}, ValueError, "relaxation"),
        ({"num_threads": -1}, ValueError, "num_threads"),
        ({"num_threads": 10_000}, ValueError, "num_threads"),
        ({"tolerance": -1.0}, ValueError, "tolerance"),
        ({"epsilon": 0.0}, ValueError, "epsilon"),
        ({"unobserved_weight": -1.0}, ValueError, "unobserved_weight"),
        ({"unobserved_weight": 0.0, "regularization": 0.0}, ValueError, "regularization"),
        ({"solver": "lu"}, ValueError, "solver must be .* got \"lu\""),
        ({"init": "svd"}, ValueError, "init must be 'sketch' or 'uniform', got \"svd\""),
        ({"confidence": "high"}, ValueError, "confidence"),
        ({"dtype": np.float16}, TypeError, "dtype must be float32 or float64, got float16"),
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_named(parameter, error, message):
    with pytest.raises(error, match=message):
        AlternatingLeastSquares(**{"factors": 3, **parameter}).fit(random_ratings(), show_progress=False)


def broken(**changes):
    matrix = sp.csr_array(np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]))
    for name, value in changes.items():
        setattr(matrix, name, np.array(value))
    return matrix


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        (np.eye(3), TypeError, "user_items must be a SciPy sparse matrix or array, got numpy.ndarray"),
        (None, TypeError, "got NoneType"),
        (sp.csr_array((0, 4)), ValueError, "nothing to learn from"),
        (sp.csr_array((4, 0)), ValueError, "nothing to learn from"),
        (sp.csr_array((4, 4)), ValueError, "0 stored entries"),
        (broken(data=[0.0, 0.0, 0.0]), ValueError, "none of them other than 0"),
        (sp.csr_array(np.array([[1j]])), TypeError, "complex"),
        (broken(data=[1.0, np.nan, 2.0]), ValueError, "row 0, column 1 is NaN"),
        (broken(data=[1.0, 1.0, np.inf]), ValueError, "row 1, column 2 is inf"),
        (broken(indices=[0, 5, 1]), ValueError, "indices"),
        (broken(indices=[0, -1, 1]), ValueError, "indices"),
        (broken(indices=np.array([0, 2**32 + 1, 1])), ValueError, "indices"),
        (broken(indptr=[0, 3, 2]), ValueError, "indptr"),
        (broken(indptr=[1, 2, 3]), ValueError, "indptr"),
        (broken(indptr=[0, 2]), ValueError, "indptr"),
        (broken(indptr=[0, 2, 9]), ValueError, "indptr"),
        (broken(data=[1.0]), ValueError, "values"),
    ],
)
def test_data_that_cannot_be_learned_from_is_refused(matrix, error, message):
    with pytest.raises(error, match=message):
        AlternatingLeastSquares(factors=2).fit(matrix, show_progress=False)


def test_a_diverged_fit_leaves_the_factors_as_they_were():
    model = AlternatingLeastSquares(factors=2, random_state=0).fit(random_ratings(), show_progress=False)
    before = model.user_factors.copy()
    huge = random_ratings()
    huge.data[:] = np.finfo(np.float32).max
    with pytest.raises(ModelFitError, match="diverged"):
        model.fit(huge, show_progress=False)
    np.testing.assert_array_equal(model.user_factors, before)


def test_an_unfitted_model_says_so():
    model = AlternatingLeastSquares()
    for call in (
        lambda: model.recommend(0, None),
        lambda: model.similar_items(0),
        lambda: model.similar_users(0),
    ):
        with pytest.raises(NotFittedError, match="call fit first") as caught:
            call()
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, AttributeError)


INTERRUPTED = """
import signal
import numpy as np, scipy.sparse as sp
from penchant.als import AlternatingLeastSquares
signal.signal(signal.SIGINT, signal.default_int_handler)
ratings = sp.random_array((60_000, 5_000), density=0.01, format="csr", dtype=np.float32, rng=0)
model = AlternatingLeastSquares(factors=160, iterations=1000, random_state=0)
print("fitting", flush=True)
try:
    model.fit(ratings, show_progress=False)
except KeyboardInterrupt:
    assert model.user_factors is None
    model.iterations = 1
    model.fit(ratings[:100], show_progress=False)
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_fit_within_a_second():
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "fitting\n"
        time.sleep(1.5)  # well inside an epoch
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        assert process.stdout.readline() == "interrupted\n"
        # A second for the fit, and as much again for the small fit that shows the model to be usable.
        assert time.monotonic() - asked < 2.0
        assert process.wait(timeout=10) == 0
