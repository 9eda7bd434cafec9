"""Recommenders as models of MLflow, in a folder of their own: nothing connects to anything."""

import warnings

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from service import fitted

from penchant import AlternatingLeastSquares, Interactions, NotFittedError, Recommender

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own

with warnings.catch_warnings(action="ignore"):  # as it is imported
    import mlflow

    import penchant.mlflow


@pytest.fixture(scope="module")
def recommender():
    return fitted()


@pytest.fixture(autouse=True)
def tracking(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())


def test_what_is_saved_is_asked_through_pyfunc(recommender, tmp_path):
    penchant.mlflow.save_model(recommender, tmp_path / "model")
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    users = recommender.data.users[:3].tolist()
    answer = model.predict(pd.DataFrame({"user": users}), params={"n": 4})
    pd.testing.assert_frame_equal(answer, recommender.recommend(users, 4))
    everything = model.predict(pd.DataFrame({"user": users}), params={"n": 4, "filter_liked": False})
    pd.testing.assert_frame_equal(everything, recommender.recommend(users, 4, filter_liked=False))
    assert model.metadata.flavors["penchant"]["users"] == recommender.data.shape[0]
    assert "penchant==" in (tmp_path / "model" / "requirements.txt").read_text()


@pytest.mark.parametrize("frame", [pl.DataFrame, pa.table], ids=["polars", "pyarrow"])
def test_answers_are_of_pandas_whatever_the_events_came_in(tmp_path, frame):
    data = Interactions.from_frame(frame({"user": ["ann", "ann", "bob"], "item": ["dub", "ska", "dub"]}))
    model = AlternatingLeastSquares(factors=2, random_state=0)
    penchant.mlflow.save_model(Recommender(model).fit(data, show_progress=False), tmp_path / "model")
    answer = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(pd.DataFrame({"user": ["bob"]}))
    assert isinstance(answer, pd.DataFrame)
    assert answer["item"].tolist() == ["ska"]


def test_its_environment_is_one_that_mlflow_can_make(recommender, tmp_path):
    from mlflow.utils.virtualenv import _get_python_env

    penchant.mlflow.save_model(recommender, tmp_path / "model", pip_requirements=[])
    assert _get_python_env(tmp_path / "model").dependencies == ["-r requirements.txt"]
    assert (tmp_path / "model" / "requirements.txt").read_text() == ""


def test_what_is_logged_comes_back_whole(recommender):
    with mlflow.start_run():
        logged = penchant.mlflow.log_model(recommender, "artists", metadata={"of": "artists"})
    back = penchant.mlflow.load_model(logged.model_uri)
    assert back.recommend("listener 1", 3).equals(recommender.recommend("listener 1", 3))
    back.update({"user": ["zoe"], "artist": [recommender.data.items[0]], "plays": [2]}, show_progress=False)
    assert isinstance(mlflow.pyfunc.load_model(logged.model_uri).get_raw_model(), Recommender)


def test_labels_that_are_integers(tmp_path):
    data = Interactions.from_frame({"user": [1, 1, 2], "item": [7, 8, 7]})
    model = AlternatingLeastSquares(factors=2, random_state=0)
    penchant.mlflow.save_model(Recommender(model).fit(data, show_progress=False), tmp_path / "model")
    answer = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(pd.DataFrame({"user": [2]}))
    assert answer["item"].tolist() == [8]


def test_mistakes(recommender, tmp_path):
    with pytest.raises(TypeError, match="must be a Recommender"):
        penchant.mlflow.save_model(recommender.model, tmp_path / "model")
    with pytest.raises(NotFittedError):
        penchant.mlflow.save_model(Recommender(AlternatingLeastSquares()), tmp_path / "model")
    assert not (tmp_path / "model").exists()
    penchant.mlflow.save_model(recommender, tmp_path / "model")
    with pytest.raises(FileExistsError):
        penchant.mlflow.save_model(recommender, tmp_path / "model")
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    with pytest.raises(Exception, match="user"):
        model.predict(pd.DataFrame({"who": ["listener 1"]}))
