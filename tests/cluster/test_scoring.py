"""Scoring where users are: the recommendations that everyone else gets, on each engine."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray

import penchant
from penchant.distributed import recommend_all, recommend_batches
from penchant.exceptions import NotFittedError


@pytest.fixture(scope="module")
def recommender(plays):
    model = penchant.AlternatingLeastSquares(factors=8, iterations=3, random_state=0)
    return penchant.Recommender(model).fit(plays, show_progress=False)


@pytest.fixture(scope="module")
def everyone(recommender):
    """What they get, as a table in the order of users."""
    return pa.table(dict(recommender.recommend(n=5)))


def expected(everyone, found):
    found = found.sort_values(["user", "rank"], kind="stable", ignore_index=True)
    other = everyone.to_pandas().sort_values(["user", "rank"], kind="stable", ignore_index=True)
    assert list(found.columns) == ["user", "item", "score", "rank"]
    for column in ("user", "item", "rank", "score"):
        assert found[column].tolist() == other[column].tolist()


def test_ray_data(nodes, recommender, everyone, plays):
    users = ray.data.from_arrow(pa.table({"user": plays.users.tolist(), "age": np.zeros(plays.shape[0])}))
    score = recommend_batches(recommender, n=5)
    expected(everyone, users.map_batches(score, batch_format="pyarrow", batch_size=700).to_pandas())
    expected(everyone, users.map_batches(score, batch_format="pandas", batch_size=1500).to_pandas())
    expected(everyone, users.map_batches(score, batch_size=1500).to_pandas())


def test_dask(recommender, everyone, plays, tmp_path):
    import dask
    import dask.dataframe as dd

    recommender.save(tmp_path / "model.penchant")
    score = recommend_batches(tmp_path / "model.penchant", n=5)
    frame = dd.from_pandas(pd.DataFrame({"user": plays.users}), npartitions=3)
    with dask.config.set(scheduler="synchronous"):
        expected(everyone, frame.map_partitions(score, meta=score.meta).compute())


@pytest.mark.long
def test_spark(recommender, everyone, plays, tmp_path, monkeypatch):
    from pyspark.sql import SparkSession

    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    recommender.save(tmp_path / "model.penchant")
    score = recommend_batches(tmp_path / "model.penchant", n=5)
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(tmp_path),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        users = session.createDataFrame(pd.DataFrame({"user": plays.users.tolist()}))
        expected(everyone, users.repartition(3).mapInArrow(score, score.spark_schema).toPandas())
    finally:
        session.stop()


def test_other_kinds_of_batches_and_strangers(recommender, everyone, plays):
    score = recommend_batches(recommender, n=5, user="who")
    users = ["u3", "nobody", "u1"]
    rows = pa.RecordBatch.from_pydict({"who": users})
    assert repr(score).startswith("RecommendBatches(Recommender(AlternatingLeastSquares(")
    found = score(rows)
    assert isinstance(found, pa.RecordBatch)
    assert found["user"].to_pylist() == ["u3"] * 5 + ["u1"] * 5
    assert [each.num_rows for each in score(iter([rows, rows.slice(0, 0)]))] == [10, 0]
    assert score(pl.DataFrame({"who": users})).shape == (10, 4)
    assert score(rows.slice(1, 1)).schema == score.schema
    with pytest.raises(KeyError, match="nobody"):
        recommend_batches(recommender, user="who", unknown="raise")(rows)
    with pytest.raises(ValueError, match="no column 'who' in the batch; there are 'user'"):
        score(pa.table({"user": users}))
    with pytest.raises(TypeError, match="must be a Recommender or the path"):
        recommend_batches(recommender.model)
    with pytest.raises(NotFittedError):
        recommend_batches(penchant.Recommender())


def test_everyone_on_the_cluster_and_again_after_an_interruption(nodes, recommender, everyone, tmp_path):
    settings = {"n": 5, "workers": 3, "users_per_file": 900, "show_progress": False}
    files = recommend_all(recommender, tmp_path / "all", **settings)
    assert files == [f"part-{at:06d}.parquet" for at in range(5)]
    expected(everyone, pq.read_table(tmp_path / "all").to_pandas())
    left, gone = tmp_path / "all" / files[0], tmp_path / "all" / files[2]
    before, written = left.stat().st_mtime_ns, gone.read_bytes()
    gone.unlink()
    assert recommend_all(recommender, tmp_path / "all", **settings) == files
    assert left.stat().st_mtime_ns == before
    assert gone.read_bytes() == written
    with pytest.raises(ValueError, match="has recommendations with n=5, not 6"):
        recommend_all(recommender, tmp_path / "all", **settings | {"n": 6})
    other = penchant.Recommender(penchant.Popularity()).fit(recommender.data, show_progress=False)
    with pytest.raises(ValueError, match="of another model"):
        recommend_all(other, tmp_path / "all", **settings)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="need a folder of their own"):
        recommend_all(recommender, tmp_path / "full", **settings)
