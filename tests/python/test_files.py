"""Saving and loading: round trips, other people's files, broken files, and being killed."""

import io
import json
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import random_ratings

from penchant import ModelFormatError, PenchantError, _core
from penchant.als import AlternatingLeastSquares

PARAMETERS = {
    "factors": 5, "regularization": 0.2, "alpha": 3.0, "iterations": 2, "num_threads": 1, "random_state": 7,
    "use_cg": False, "solver": "dual", "confidence": "log", "epsilon": 0.5, "unobserved_weight": 0.3,
    "regularization_exponent": 0.5, "tolerance": 1e-3, "relaxation": 1.2, "warm_start": True,
}  # fmt: skip


@pytest.fixture(params=[np.float32, np.float64])
def model(request):
    model = AlternatingLeastSquares(**PARAMETERS, dtype=request.param)
    return model.fit(random_ratings(), show_progress=False)


def assert_equal(one, other):
    assert one.get_params() == other.get_params()
    for side in ("user_factors", "item_factors"):
        np.testing.assert_array_equal(getattr(one, side), getattr(other, side))
        assert getattr(one, side).dtype == getattr(other, side).dtype
    ids, scores = one.recommend(np.arange(20), random_ratings())
    other_ids, other_scores = other.recommend(np.arange(20), random_ratings())
    np.testing.assert_array_equal(ids, other_ids)
    np.testing.assert_array_equal(scores, other_scores)


@pytest.mark.parametrize("name", ["model.safetensors", "model", "model.npz"])
def test_what_is_saved_is_loaded(model, tmp_path, name):
    model.save(tmp_path / name)
    assert_equal(AlternatingLeastSquares.load(tmp_path / name), model)
    assert_equal(AlternatingLeastSquares().load(str(tmp_path / name)), model)  # on an instance, as a string
    assert [path.name for path in tmp_path.iterdir()] == [name]
    model.save(tmp_path / name)  # over the old one


def test_equal_models_are_equal_files(model):
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        pickle.loads(pickle.dumps(model)).save(file)
    assert files[0].getvalue() == files[1].getvalue()


def test_files_may_be_objects(model):
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    assert_equal(AlternatingLeastSquares.load(file), model)


def test_pickling_keeps_everything(model):
    model.similar_items(0)
    assert_equal(pickle.loads(pickle.dumps(model)), model)


def test_an_unfitted_model_is_kept_as_well(tmp_path):
    unfitted = AlternatingLeastSquares(factors=3, random_state=np.random.default_rng(0))
    for name in ("model", "model.npz"):
        unfitted.save(tmp_path / name)
        loaded = AlternatingLeastSquares.load(tmp_path / name)
        assert loaded.user_factors is None
        assert loaded.factors == 3
        assert loaded.random_state is None  # a generator is not kept
    fresh = AlternatingLeastSquares(factors=3)
    assert pickle.loads(pickle.dumps(fresh)).__dict__ == fresh.__dict__


def test_a_fit_after_loading_starts_afresh(tmp_path):
    model = AlternatingLeastSquares(factors=4, random_state=0).fit(random_ratings(), show_progress=False)
    model.save(tmp_path / "model")
    again = AlternatingLeastSquares.load(tmp_path / "model").fit(random_ratings(), show_progress=False)
    np.testing.assert_array_equal(again.user_factors, model.user_factors)


def test_a_subclass_loads_itself(tmp_path):
    class Mine(AlternatingLeastSquares):
        pass

    Mine(factors=3).save(tmp_path / "model")
    assert type(Mine.load(tmp_path / "model")) is Mine
    assert type(AlternatingLeastSquares.load(tmp_path / "model")) is AlternatingLeastSquares


def test_files_of_implicit_are_opened_and_ours_have_its_names(model, tmp_path):
    # The names and types that implicit 0.7.3 writes.
    theirs = {
        "user_factors": model.user_factors, "item_factors": model.item_factors, "regularization": 0.2, "factors": 5,
        "num_threads": 0, "iterations": 15, "use_native": True, "use_cg": True, "cg_steps": 3,
        "calculate_training_loss": False, "dtype": model.dtype.name, "random_state": 42, "alpha": 3.0,
    }  # fmt: skip
    np.savez(tmp_path / "theirs", **theirs)
    loaded = AlternatingLeastSquares.load(str(tmp_path / "theirs"))  # without the ending, as implicit allows
    assert (loaded.alpha, loaded.random_state, loaded.dtype) == (3.0, 42, model.dtype)
    np.testing.assert_array_equal(loaded.user_factors, model.user_factors)
    model.save(tmp_path / "ours.npz")
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as ours:
        # It makes attributes of all of them, so there must be no other that it has already.
        assert set(ours.files) == {*theirs, "penchant_parameters"}


@pytest.mark.parametrize("name", ["model", "model.npz"])
def test_a_file_that_is_cut_short_at_any_byte_is_an_error(tmp_path, name):
    model = AlternatingLeastSquares(factors=1, random_state=0).fit(random_ratings()[:3], show_progress=False)
    model.save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    for end in range(len(content)):
        with pytest.raises(ModelFormatError):
            AlternatingLeastSquares.load(io.BytesIO(content[:end]))


def with_factors(*sides):
    return _core.io.to_bytes(dict(zip(("user_factors", "item_factors"), sides, strict=False)), {})


def with_parameters(**about):
    users = np.ones((2, 3), np.float32)
    return _core.io.to_bytes({"user_factors": users, "item_factors": users}, about)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a model"),
        (b"hello, I am a text", "not a model"),
        (b"PK but no archive", "not a model"),
        (with_parameters(**{"class": "SomethingElse"}), "it is a SomethingElse, not a Alternating"),
        (with_parameters(parameters="{"), "its parameters cannot be read"),
        (with_parameters(parameters="[1]"), "not a dictionary"),
        (with_parameters(parameters=json.dumps({"alpha": -1})), "parameters are wrong: alpha must be"),
        (with_parameters(parameters=json.dumps({"alpha": "much"})), "parameters are wrong"),
        (with_parameters(parameters=json.dumps({"dtype": "float128x"})), "parameters are wrong"),
        (with_factors(np.ones((2, 3), "f4"), np.ones((2, 4), "f4")), "3 and 4 factors"),
        (with_factors(np.full((2, 3), np.nan)), "finite"),
        (with_factors(np.ones(3, "f4")), "two dimensions"),
        (with_factors(np.ones((2, 3), "i4")), "float32 or float64"),
    ],
)
def test_what_is_not_a_model_is_refused(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ModelFormatError, match=message) as caught:
        AlternatingLeastSquares.load(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, PenchantError)


def test_archives_that_are_no_models_are_refused(tmp_path):
    for arrays in ({"x": np.ones(3)}, {"user_factors": np.ones(3)}, {"user_factors": np.array(["a"])}):
        np.savez(tmp_path / "file.npz", **arrays)
        with pytest.raises(ModelFormatError):
            AlternatingLeastSquares.load(tmp_path / "file.npz")
    np.savez(tmp_path / "pickled.npz", user_factors=np.array([{}], dtype=object))
    with pytest.raises(ModelFormatError, match="allow_pickle"):
        AlternatingLeastSquares.load(tmp_path / "pickled.npz")


def test_files_that_cannot_be_read_or_written_are_os_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        AlternatingLeastSquares.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        AlternatingLeastSquares().save(tmp_path / "nowhere" / "model")
    with pytest.raises(OSError, match=str(tmp_path)):
        AlternatingLeastSquares().save(tmp_path)
    with pytest.raises(TypeError, match="file must be a path or a binary file object, got int"):
        AlternatingLeastSquares.load(3)
    with pytest.raises(TypeError, match="binary"):
        AlternatingLeastSquares.load(io.StringIO("text"))


KILLED = """
import sys
import numpy as np
from penchant.als import AlternatingLeastSquares
model = AlternatingLeastSquares(factors=64)
model.user_factors = model.item_factors = np.ones((100_000, 64), np.float32)
print("saving", flush=True)
while True:
    model.save(sys.argv[1])
"""


@pytest.mark.parametrize("name", ["model", "model.npz"])
def test_a_killed_save_leaves_a_whole_file(tmp_path, name):
    AlternatingLeastSquares(factors=9).save(tmp_path / name)
    for delay in (0.0, 0.03, 0.1, 0.2):
        command = [sys.executable, "-c", KILLED, str(tmp_path / name)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "saving\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        loaded = AlternatingLeastSquares.load(tmp_path / name)
        assert loaded.factors in (9, 64)
