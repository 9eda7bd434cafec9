"""Recommenders in MLflow: saved, logged and loaded as models, and asked through its `pyfunc`.

Needs ``pip install mlflow`` (or ``mlflow-skinny``).

Examples
--------
>>> import penchant.mlflow
>>> from penchant import AlternatingLeastSquares, Interactions, Recommender
>>> events = {"user": ["ann", "ann", "bob"], "item": ["dub", "ska", "dub"]}
>>> model = AlternatingLeastSquares(factors=2, random_state=0)
>>> recommender = Recommender(model).fit(Interactions.from_frame(events), show_progress=False)
>>> penchant.mlflow.save_model(recommender, folder)  # doctest: +SKIP
>>> mlflow.pyfunc.load_model(folder).predict(pd.DataFrame({"user": ["bob"]}))  # doctest: +SKIP
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import add_to_model
from mlflow.tracking.artifact_utils import _download_artifact_from_uri
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.utils.environment import _mlflow_conda_env, _PythonEnv

from penchant._core import __version__
from penchant._validation import describe
from penchant.recommender import Recommender
from penchant.recommender.plain import PlainRecommender

__all__ = ["load_model", "log_model", "save_model"]

_FLAVOR = "penchant"
_FILE = "recommender.safetensors"
_ENVIRONMENT, _CONDA = "python_env.yaml", "conda.yaml"


def save_model(
    recommender: Recommender,
    path: str | os.PathLike[str],
    mlflow_model: Model | None = None,
    signature: ModelSignature | None = None,
    metadata: dict[str, Any] | None = None,
    pip_requirements: list[str] | None = None,
) -> None:
    """Save a fitted recommender as a model of MLflow, in a new folder.

    Parameters
    ----------
    recommender : Recommender
    path : path
        Of the folder, which must not be there.
    mlflow_model : mlflow.models.Model, optional
        What to add the flavour to.
    signature : mlflow.models.ModelSignature, optional
        By default a column ``user``, and the parameters ``n`` and ``filter_liked``.
    metadata : dict, optional
        Whatever MLflow is to keep with it.
    pip_requirements : list of str, optional
        By default these versions of penchant and MLflow, and pandas.

    Raises
    ------
    TypeError
        If it is no Recommender.
    NotFittedError
        Before a fit.
    FileExistsError
        If there is something at `path`.
    """
    if not isinstance(recommender, Recommender):
        msg = f"recommender must be a Recommender, got {describe(recommender)}"
        raise TypeError(msg)
    shape = recommender.data.shape  # raises before anything is written
    folder = Path(path)
    folder.mkdir(parents=True)
    recommender.save(folder / _FILE)
    about = mlflow_model if mlflow_model is not None else Model()
    about.signature = signature or _signature(recommender)
    if metadata is not None:
        about.metadata = metadata
    usual = [f"penchant=={__version__}", "pandas", f"mlflow=={mlflow.__version__}"]
    requirements = usual if pip_requirements is None else pip_requirements
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    _mlflow_conda_env(str(folder / _CONDA), additional_pip_deps=requirements, install_mlflow=False)  # type: ignore[no-untyped-call]
    _PythonEnv.current().to_yaml(str(folder / _ENVIRONMENT))  # type: ignore[no-untyped-call]
    about.add_flavor(
        _FLAVOR,
        penchant_version=__version__,
        data=_FILE,
        model=type(recommender.model).__name__,
        users=shape[0],
        items=shape[1],
    )
    add_to_model(  # type: ignore[no-untyped-call]
        about,
        loader_module="penchant.mlflow",
        data=_FILE,
        conda_env=_CONDA,
        python_env=_ENVIRONMENT,
    )
    about.save(str(folder / "MLmodel"))


def log_model(recommender: Recommender, name: str, **kwargs: Any) -> Any:
    """Log a fitted recommender to the run that is active, or to a new one.

    Parameters
    ----------
    recommender : Recommender
    name : str
        Of the model.
    **kwargs
        As `save_model` takes, and as `mlflow.models.Model.log` does, such as ``registered_model_name``.

    Returns
    -------
    mlflow.models.model.ModelInfo
    """
    flavor = sys.modules[__name__]
    return Model.log(artifact_path=None, name=name, flavor=flavor, recommender=recommender, **kwargs)


def load_model(model_uri: str, dst_path: str | None = None) -> Recommender:
    """Load the recommender itself.

    Parameters
    ----------
    model_uri : str
        Where it is, as MLflow writes it: a path, ``runs:/...`` or ``models:/...``.
    dst_path : str, optional
        Where to download it to.

    Returns
    -------
    Recommender
    """
    folder = _download_artifact_from_uri(artifact_uri=model_uri, output_path=dst_path)
    return Recommender.load(Path(folder) / _FILE)


def _load_pyfunc(path: str) -> _Pyfunc:
    """Load what `mlflow.pyfunc` asks; `path` is that of the file."""
    return _Pyfunc(PlainRecommender.load(path))


class _Pyfunc:
    """Recommends to the users of a frame."""

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender

    def get_raw_model(self) -> Recommender:
        """Return the recommender."""
        return self._recommender

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Return the best items for each user, as a pandas frame of user, item, score and rank."""
        frame = pd.DataFrame(model_input)
        if "user" not in frame.columns:
            msg = f"there must be a column user, got {', '.join(map(repr, frame.columns))}"
            raise ValueError(msg)
        params = params or {}
        best = self._recommender.recommend(
            frame["user"].tolist(),
            n=int(params.get("n", 10)),
            filter_liked=bool(params.get("filter_liked", True)),
        )
        return pd.DataFrame(best)  # whatever the events came in


def _signature(recommender: Recommender) -> ModelSignature:
    kinds = [
        DataType.string if array.dtype == object else DataType.long
        for array in (recommender.data.users, recommender.data.items)
    ]
    outputs = [(kinds[0], "user"), (kinds[1], "item"), (DataType.float, "score"), (DataType.long, "rank")]
    return ModelSignature(
        Schema([ColSpec(kinds[0], "user")]),
        Schema([ColSpec(kind, name) for kind, name in outputs]),
        ParamSchema(
            [ParamSpec("n", DataType.long, 10), ParamSpec("filter_liked", DataType.boolean, default=True)]
        ),
    )
