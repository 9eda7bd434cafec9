"""The code of the page about clusters, and of the README's part about them, run as it stands but for sizes and places."""

import re
from pathlib import Path

import pandas as pd
import pytest
import ray

import penchant
from penchant import AlternatingLeastSquares

ROOT = Path(__file__).parents[2]
# What the page takes to be there already, or what would take long.
SMALLER = {
    '"/shared/fit"': '"saved/"',
    "trials=50": "trials=2",
    "workers=8": "workers=2",
    "factors=128": "factors=8",
}


def code_of(page):
    blocks = re.findall(r"```py\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S)
    code = "\n".join(blocks)
    for long, short in SMALLER.items():
        code = code.replace(long, short)
    return code


class Frame:
    """What Spark and Dask would do with the function, on one frame."""

    def __init__(self, frame):
        self.frame, self.answer = frame, None

    def map_partitions(self, score, meta):
        self.answer = score(self.frame)
        assert list(self.answer.columns) == list(meta.columns)

    def mapInArrow(self, score, schema):  # noqa: N802 - as Spark calls it
        import pyarrow as pa

        batches = list(score(iter(pa.Table.from_pandas(self.frame).to_batches())))
        self.answer = pa.Table.from_batches(batches).to_pandas()
        assert all(name in schema for name in self.answer.columns)


@pytest.fixture
def events(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events").mkdir()
    made = penchant.datasets.made_plays(users=120, artists=90)
    entries = made.matrix.tocoo()
    frame = pd.DataFrame(
        {"who": made.users[entries.row], "what": made.artists[entries.col], "plays": entries.data}
    )
    frame.loc[0, "who"] = "ann"
    frame[::2].to_csv("events/a.csv", index=False)
    frame[1::2].to_csv("events/b.csv", index=False)
    return frame


@pytest.mark.long
def test_the_page(nodes, events, tmp_path):
    users = pd.DataFrame({"user": events["who"].unique()[:9]})
    data = penchant.Interactions.from_file("events/", user="who", item="what", weight="plays")
    names = {
        "data": data,
        "ray_dataset": ray.data.from_pandas(users),
        "dask_frame": Frame(users),
        "spark_frame": Frame(users),
    }
    code = code_of("docs/cluster.md")
    before, after = code.split("score = distributed.recommend_batches(", 1)
    exec(before, names)
    names["recommender"].save("model.safetensors")
    exec("score = distributed.recommend_batches(" + after, names)
    assert (tmp_path / "saved").is_dir()
    assert len(pd.read_parquet("everyone")) == 10 * data.shape[0]
    assert names["dask_frame"].answer.equals(names["spark_frame"].answer)
    assert len(names["best"].trials()) >= 2
    assert names["data"].shape == data.shape  # opened from the folder


def test_the_readme(nodes, events):
    names = {"AlternatingLeastSquares": AlternatingLeastSquares}
    exec(code_of("README.md"), names)
    assert len(pd.read_parquet("everyone")) == 10 * events["who"].nunique()
    assert "score" in names
