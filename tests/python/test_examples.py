"""The examples in Python, run as they are; those for RecTools and LensKit are in tests/peers."""

import csv
import runpy
import sys
from pathlib import Path

import pytest
from service import fitted, plays
from starlette.testclient import TestClient

from penchant import Recommender

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_every_example_is_run_somewhere():
    tests = "".join(path.read_text() for path in EXAMPLES.parent.glob("tests/*/test_*.py"))
    for example in EXAMPLES.iterdir():
        assert example.stem in tests, example.name


def test_nightly(tmp_path, monkeypatch):
    events = plays(100, 60)
    rows = zip(*events.values(), strict=True)
    lines = ["user,item,weight", *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "events.csv").write_text("\n".join(lines))
    arguments = [str(tmp_path / "events.csv"), str(tmp_path / "out"), "--factors", "4"]
    monkeypatch.setattr(sys, "argv", ["nightly.py", *arguments])
    runpy.run_path(str(EXAMPLES / "nightly.py"), run_name="__main__")
    with (tmp_path / "out" / "lists.csv").open() as file:
        lists = list(csv.DictReader(file))
    recommender = Recommender.load(tmp_path / "out" / "model.safetensors")
    first = recommender.data.users[0]
    assert [row["item"] for row in lists if row["user"] == first] == recommender.recommend(first, 20)[
        "item"
    ].tolist()


@pytest.mark.filterwarnings("ignore::penchant.exceptions.DataWarning")
def test_own_service(tmp_path, monkeypatch):
    fitted().save(tmp_path / "model")
    monkeypatch.setenv("MODEL", str(tmp_path / "model"))
    app = runpy.run_path(str(EXAMPLES / "own_service.py"))["app"]
    with TestClient(app) as client:
        assert client.get("/").json() == {"shop": "open"}
        answer = client.get("/recommendations/recommend?user=listener 1&n=2")
        assert answer.status_code == 200
        assert len(answer.json()["items"]) == 2
        assert client.get("/recommendations/recommend?user=nobody").json()["field"] == "user"
