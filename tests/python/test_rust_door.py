"""What Python saves, Rust opens, and the other way round: the examples of the crate, run as they are."""

import contextlib
import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from service import answer_of, fitted, plays

from penchant import Interactions, Recommender
from penchant.nearest_neighbours import CosineRecommender

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("cargo") is None, reason="there is no cargo")


@pytest.fixture(scope="module")
def examples():
    """The examples as programs; `cargo test` has built them already."""
    command = ["cargo", "build", "--locked", "--examples", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    artifacts = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    return {
        artifact["target"]["name"]: artifact["executable"]
        for artifact in artifacts
        if artifact.get("reason") == "compiler-artifact" and "example" in artifact["target"]["kind"]
    }


def run(*command, check=True):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=check)


def test_what_python_saved_answers_alike_in_rust(examples, tmp_path):
    recommender = fitted()
    recommender.save(tmp_path / "model")
    user = recommender.data.users[7]
    said = run(examples["recommend"], tmp_path / "model", user)
    lines = said.stdout.splitlines()
    named = [re.split(r" {2,}", line.strip()) for line in lines if line.startswith("  ")]
    best = recommender.recommend(user, 5)
    assert [line[0] for line in named[-5:]] == best["item"].tolist()
    assert [line[1] for line in named[-5:]] == [f"{score:.3f}" for score in best["score"]]
    why = recommender.explain(user, best["item"][0], 2)["item"].tolist()
    assert named[-5][2] == f"because of {' and '.join(why)}"
    wrong = run(examples["recommend"], tmp_path / "model", "nobody", check=False)
    assert wrong.returncode != 0
    assert 'what: "user", label: "nobody"' in wrong.stderr


def test_a_model_of_similarities_gives_the_same_reasons(examples, tmp_path):
    data = Interactions.from_frame(plays(60, 40), item="artist", weight="plays")
    recommender = Recommender(CosineRecommender(K=3)).fit(data, show_progress=False)
    recommender.save(tmp_path / "model")
    for user in data.users[:12].tolist():
        said = run(examples["recommend"], tmp_path / "model", user).stdout.splitlines()
        told = [re.split(r" {2,}", line.strip()) for line in said[said.index("and may like") + 1 :]]
        best = recommender.recommend(user, 5)["item"].tolist()
        assert [line[0] for line in told] == best
        for line, item in zip(told, best, strict=True):
            why = recommender.explain(user, item, 2)["item"].tolist()
            assert line[2] == f"because of {' and '.join(why)}"


def test_what_rust_fitted_and_saved_is_updated_in_python(examples, tmp_path):
    events = plays()
    rows = zip(events["user"], events["artist"], events["plays"], strict=True)
    lines = ["user\titem\tweight", *("\t".join(map(str, row)) for row in rows)]
    (tmp_path / "plays.tsv").write_text("\n".join(lines) + "\n")
    run(examples["fit"], tmp_path / "plays.tsv", tmp_path / "model")
    opened = Recommender.load(tmp_path / "model")
    assert opened.model.get_params().items() >= {"factors": 16, "confidence": "log", "iterations": 10}.items()
    data = Interactions.from_file(tmp_path / "plays.tsv", weight="weight")
    assert opened.data.users.tolist() == data.users.tolist()
    assert np.array_equal(opened.data.matrix.toarray(), data.matrix.toarray())
    listed = run(examples["recommend"], tmp_path / "model", "listener 3").stdout.splitlines()[-5:]
    ours = opened.recommend("listener 3", 5)
    assert [re.split(r" {2,}", line.strip())[0] for line in listed] == ours["item"].tolist()
    opened.update({"user": ["zoe"], "item": [data.items[0]], "weight": [2.0]}, show_progress=False)
    assert len(opened.recommend("zoe", 3)) == 3
    opened.save(tmp_path / "again")
    said = run(examples["recommend"], tmp_path / "again", "zoe")
    assert said.stdout.startswith("zoe has\n")


@pytest.fixture
def service(examples, tmp_path):
    recommender = fitted(factors=8)
    recommender.save(tmp_path / "model")
    process = subprocess.Popen(
        [examples["service"], tmp_path / "model", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip(), recommender
    finally:
        process.kill()
        process.communicate(timeout=10)


def asked(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        address + path, data, {"Content-Type": "application/json"} if data else {}
    )
    status, content = answer_of(request)
    return status, json.loads(content) if status == 200 else content.decode()


def test_the_service_in_rust_learns_as_python_does(service):
    address, recommender = service
    user = urllib.parse.quote(recommender.data.users[3])
    status, best = asked(address, f"/recommend?user={user}&n=4")
    ours = recommender.recommend(recommender.data.users[3], 4)
    assert status == 200
    assert [one["item"] for one in best] == ours["item"].tolist()
    assert [np.float32(one["score"]) for one in best] == [np.float32(score) for score in ours["score"]]
    item = recommender.data.items[5]
    _, best = asked(address, "/recommend_for", {"items": [[item, 3.0]], "n": 3})
    assert [one["item"] for one in best] == recommender.recommend_for({item: 3.0}, 3)["item"].tolist()
    events = [
        ("zoe", item, 4.0),
        ("zoe", "something new", 2.0),
        (recommender.data.users[0], "something new", 1.0),
    ]
    sent = [{"user": user, "item": what, "weight": weight} for user, what, weight in events]
    assert asked(address, "/events", sent) == (200, 3)
    columns = dict(zip(("user", "artist", "plays"), map(list, zip(*events, strict=True)), strict=True))
    recommender.update(columns, show_progress=False)
    _, best = asked(address, "/recommend?user=zoe&n=5")
    ours = recommender.recommend("zoe", 5)
    assert [one["item"] for one in best] == ours["item"].tolist()
    assert [np.float32(one["score"]) for one in best] == [np.float32(score) for score in ours["score"]]
    assert asked(address, "/recommend?user=nobody") == (404, 'there is no user "nobody"')
    assert asked(address, "/recommend")[0] == 400


def test_it_goes_on_after_bad_requests(service):
    address, _ = service
    assert asked(address, "/events", [{"user": "a"}])[0] == 422
    with contextlib.suppress(OSError):
        asked(address, "/recommend_for", {"items": [["nothing", 1.0]]})
    time.sleep(0.1)
    assert asked(address, "/recommend?user=listener%201")[0] == 200
