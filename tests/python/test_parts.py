"""A fit that several workers share, all of them in this process."""

import numpy as np
import pytest
import scipy.sparse as sp
from crew import crew_of
from pyarrow import fs

from penchant import _core
from penchant.als import AlternatingLeastSquares
from penchant.datasets import made_plays
from penchant.distributed._checkpoint import Checkpoints
from penchant.distributed._folder import Folder
from penchant.distributed._worker import Layout, Worker, dealt, leaves_of
from penchant.exceptions import DataWarning, ModelFormatError


def fit(model, plays, count, first, users_travel):
    """Fit together, and return factors and losses."""
    crew, epochs, layout = crew_of(model, plays, count, users_travel=users_travel)
    if first is None:
        epochs.sketch(7)
    else:
        crew.all("restore", layout, first)
    losses = [epochs.epoch(epoch, lambda: None) for epoch in range(1, model.iterations + 1)]
    return *epochs.factors(), losses


def uniform(plays, factors, dtype):
    random = np.random.default_rng(0)
    return [(random.random((count, factors)) / 100).astype(dtype) for count in plays.shape]


either = pytest.mark.parametrize("users_travel", [True, False])


@either
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [0.0, 0.8])
def test_workers_together_do_what_a_fit_does_whatever_their_number(dtype, exponent, users_travel):
    plays = sp.csr_matrix(made_plays().matrix[:900], dtype=dtype)
    model = AlternatingLeastSquares(
        factors=12, iterations=3, regularization=0.05, dtype=dtype, num_threads=2, init="uniform",
        regularization_exponent=exponent,
    )  # fmt: skip
    first = uniform(plays, 12, dtype)
    x, y, losses = fit(model, plays, 1, first, users_travel)
    for count in (2, 3, 5):
        other = fit(model, plays, count, first, users_travel)
        assert np.array_equal(other[0], x)
        assert np.array_equal(other[1], y)
        assert other[2] == losses
    alone = AlternatingLeastSquares(**model.get_params())
    alone.user_factors, alone.item_factors = first
    alone.fit(plays, show_progress=False)
    # Short rows are solved exactly by a fit alone, but not where sums travel, and rows of f32 are stored as halves, which
    # shows in the first epochs.
    exact = users_travel and dtype == np.float64
    assert np.allclose(losses, alone.loss_history, rtol=1e-9 if exact else 1e-4)
    assert np.allclose(x @ y.T, alone.user_factors @ alone.item_factors.T, atol=1e-6 if exact else 0.05)


def test_what_travels_is_what_the_formula_says():
    plays = sp.csr_matrix(made_plays().matrix, dtype=np.float32)
    model = AlternatingLeastSquares(factors=16, iterations=1, num_threads=1)
    _, epochs, layout = crew_of(model, plays, 3)
    epochs.sketch(7)
    epochs.epoch(1, lambda: None)
    rows = 0
    for owner in range(3):
        for other in range(3):
            part = plays[slice(*layout.users_of(owner))][:, slice(*layout.items_of(other))]
            rows += (owner != other) * (len(np.unique(part.indices)) + np.count_nonzero(np.diff(part.indptr)))
    size = 2 if _core.als.has_fast_halves() else 4
    assert epochs.sent == rows * 16 * size


@either
def test_a_sketch_is_that_of_a_fit_alone_whatever_the_number_of_workers(users_travel):
    plays = sp.csr_matrix(made_plays().matrix, dtype=np.float32)
    model = AlternatingLeastSquares(factors=6, iterations=4, num_threads=1)
    x, y, losses = fit(model, plays, 1, None, users_travel)
    other = fit(model, plays, 3, None, users_travel)
    assert np.array_equal(other[0], x)
    assert np.array_equal(other[1], y)
    users, items = (np.empty((count, 6), np.float32) for count in plays.shape)
    csr = (plays.shape[1], plays.indptr.astype(np.int64), plays.indices.astype(np.int32), plays.data)
    alone = _core.als.fit(csr, users, items, model._params(), 7, lambda *_: False)
    assert np.allclose(losses, alone, rtol=1e-5)


@either
def test_a_fit_goes_on_from_a_checkpoint_with_another_number_of_workers(tmp_path, users_travel):
    plays = sp.csr_matrix(made_plays().matrix[:700], dtype=np.float32)
    model = AlternatingLeastSquares(factors=8, iterations=5, num_threads=1, relaxation=1.8)
    x, y, losses = fit(model, plays, 2, None, users_travel)
    checkpoints = Checkpoints(Folder(tmp_path / "fit", "checkpoint"), {"seed": 7})
    assert checkpoints.open(resume=False) is None
    crew, epochs, layout = crew_of(model, plays, 3, users_travel=users_travel)
    epochs.sketch(7)
    found = []
    for epoch in (1, 2, 3):
        found.append(epochs.epoch(epoch, lambda: None))
        folder = checkpoints.epoch(epoch)
        files = [file for own in crew.all("save", layout, folder) for file in own]
        checkpoints.done(folder, epoch, found, files)
    assert [path.name for path in sorted((tmp_path / "fit").iterdir())] == [
        "epoch-000002", "epoch-000003", "fit.json",
    ]  # fmt: skip
    (tmp_path / "fit/epoch-000003/done.json").unlink()
    saved = checkpoints.open(resume=True)
    assert (saved.epoch, saved.losses) == (2, losses[:2])
    for count in (1, 4):
        crew, epochs, layout = crew_of(model, plays, count, users_travel=users_travel)
        crew.all("restore", layout, saved)
        assert [epochs.epoch(epoch, lambda: None) for epoch in (3, 4, 5)] == losses[2:]
        again = epochs.factors()
        assert np.array_equal(again[0], x)
        assert np.array_equal(again[1], y)
    with pytest.raises(ValueError, match="resume=True goes on"):
        checkpoints.open(resume=False)
    with pytest.raises(ValueError, match="of another fit: seed is 7 there and 8 here"):
        Checkpoints(checkpoints.folder, {"seed": 8}).open(resume=True)
    path = next((tmp_path / "fit/epoch-000002").glob("users-*"))
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ModelFormatError, match="changed or cut short"):
        crew.all("restore", layout, saved)


@pytest.mark.parametrize("kind", ["path", "URI", "file system"])
def test_folders_are_whatever_pyarrow_knows(tmp_path, kind):
    place = {
        "path": tmp_path,
        "URI": f"file://{tmp_path}/deep/down",
        "file system": fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()),
    }[kind]
    folder = Folder(place, "checkpoint")
    assert folder.names() == []
    folder.make()
    folder.write("a.json", b"one")
    (folder / "epoch-1").make()
    (folder / "epoch-1").write("b", b"three")
    assert folder.names() == ["a.json", "epoch-1"]
    assert (folder.has("a.json"), folder.has("epoch-1"), folder.has("c")) == (True, False, False)
    assert (folder.size("a.json"), folder.size("c"), folder.read("a.json")) == (3, None, b"one")
    assert (folder / "epoch-1").read("b") == b"three"
    folder.remove("epoch-1")
    assert folder.names() == ["a.json"]
    with pytest.raises(
        TypeError, match="checkpoint must be a path, a URI or a file system of pyarrow, got int"
    ):
        Folder(3, "checkpoint")


def test_a_checkpoint_that_was_cut_short_gives_way_to_the_one_before(tmp_path):
    plays = sp.csr_matrix(made_plays().matrix[:300], dtype=np.float32)
    model = AlternatingLeastSquares(factors=4, iterations=2, num_threads=1)
    checkpoints = Checkpoints(Folder(tmp_path, "checkpoint"), {})
    checkpoints.open(resume=False)
    crew, epochs, layout = crew_of(model, plays, 2)
    epochs.sketch(7)
    for epoch in (1, 2):
        loss = epochs.epoch(epoch, lambda: None)
        folder = checkpoints.epoch(epoch)
        files = [file for own in crew.all("save", layout, folder) for file in own]
        checkpoints.done(folder, epoch, [loss] * epoch, files)
    path = tmp_path / "epoch-000002/users-1.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(DataWarning, match="users-1.npy was cut short; going back to the one before"):
        assert checkpoints.open(resume=True).epoch == 1
    (tmp_path / "epoch-000002/done.json").write_bytes(b"")
    with pytest.warns(DataWarning, match="done.json is not what was written"):
        assert checkpoints.open(resume=True).epoch == 1


def test_sizes_that_do_not_fit_are_errors():
    plays = sp.csr_matrix(made_plays().matrix[:50], dtype=np.float32)
    model = AlternatingLeastSquares(factors=4)
    users = leaves_of(np.diff(plays.indptr), 4)
    items = leaves_of(np.bincount(plays.indices, minlength=plays.shape[1]), 4)
    layout = Layout(users, items, dealt(4, 1))
    piece = (plays.indptr[:8], plays.indices[: plays.indptr[7]], plays.data[: plays.indptr[7]])
    with pytest.raises(ValueError, match="data has changed since it was counted: 7 users, not 50"):
        Worker(0).load(model._params(), "float32", layout, None, piece)
    crew, _, layout = crew_of(model, plays, 2, leaves=4, users_travel=False)
    with pytest.raises(ValueError, match="number of factors of users"):
        crew.all("restore", layout, (np.zeros((3, 4), np.float32), np.zeros((plays.shape[1], 4), np.float32)))
    with pytest.raises(TypeError):
        crew.all("restore", layout, (np.zeros((50, 4)), np.zeros((plays.shape[1], 4))))
    whole, _, _ = crew_of(model, plays, 2, leaves=4)
    with pytest.raises(ValueError, match="number of workers that need"):
        whole.workers[0]._part.meet_needs([])
    with pytest.raises(ValueError, match="row must be one that its owner has"):
        whole.workers[0]._part.meet_needs([(np.array([999], np.uint32), np.array([], np.uint32))] * 2)
    part = crew.workers[0]._part
    for phase, messages in {
        "meet": [], "present": [], "meet_presence": [], "take_sums": [], "pass_": [], "advance": [],
    }.items():  # fmt: skip
        args = (
            (messages, 0) if phase == "take_sums" else (messages, True) if phase == "pass_" else (messages,)
        )
        if phase in ("pass_", "advance"):
            part.begin_epoch(1)
            basis = _core.als.eigendecomposition(np.eye(4).ravel(), 1)
            part.begin_items(basis, 0.1)
        with pytest.raises(ValueError, match="number of"):
            getattr(part, phase)(*args)
