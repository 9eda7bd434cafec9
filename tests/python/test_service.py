"""What the service answers: the same as the Recommender does."""

import json
import logging

import numpy as np
import pytest
from service import fitted, plays
from starlette.testclient import TestClient

from penchant import EASE, AlternatingLeastSquares, Features, Interactions, Recommender
from penchant.service import Settings, create_app

# The service turns them off when it starts; each test turns them on again.
pytestmark = pytest.mark.filterwarnings("ignore::penchant.exceptions.DataWarning")


@pytest.fixture(scope="module")
def recommender():
    return fitted()


@pytest.fixture(scope="module")
def model_file(recommender, tmp_path_factory):
    path = tmp_path_factory.mktemp("service") / "model.safetensors"
    recommender.save(path)
    return path


@pytest.fixture(scope="module")
def client(model_file):
    with TestClient(create_app(Settings(str(model_file)))) as client:
        yield client


def rows(frame, *columns, names=None):
    lists = [frame[column].tolist() for column in columns]
    return [dict(zip(names or columns, row, strict=True)) for row in zip(*lists, strict=True)]


def test_a_list(client, recommender):
    answer = client.get("/recommend", params={"user": "listener 7", "n": 5})
    assert answer.status_code == 200
    assert answer.json() == {
        "user": "listener 7",
        "items": rows(recommender.recommend("listener 7", 5), "item", "score"),
    }
    again = client.get("/recommend", params={"user": "listener 7", "n": 5, "filter_liked": False}).json()
    everything = recommender.recommend("listener 7", 5, filter_liked=False)
    assert again["items"] == rows(everything, "item", "score")


def test_lists(client, recommender):
    users = ["listener 9", "listener 2", "listener 9"]
    items = recommender.data.items[:30].tolist()
    asked = {
        "users": users,
        "n": 4,
        "items": items,
        "exclude": items[:5],
        "min_score": 0.0,
        "filter_liked": False,
    }
    lists = client.post("/recommend", json=asked).json()["lists"]
    assert [each["user"] for each in lists] == users[:2]
    for each in lists:
        own = recommender.recommend(
            each["user"], 4, items=items, exclude=items[:5], min_score=0.0, filter_liked=False
        )
        assert each["items"] == rows(own, "item", "score")
    some = client.post("/recommend", json={"users": ["listener 1", "nobody"], "unknown": "skip"}).json()[
        "lists"
    ]
    assert [(each["user"], len(each["items"])) for each in some] == [("listener 1", 10), ("nobody", 0)]


@pytest.mark.parametrize("as_dict", [False, True])
def test_lists_by_what_somebody_likes(client, recommender, as_dict):
    liked = recommender.data.items[[3, 8]].tolist()
    items = dict(zip(liked, [5.0, 2.0], strict=True)) if as_dict else liked
    answer = client.post("/recommend_for", json={"items": items, "n": 3}).json()
    assert answer["items"] == rows(recommender.recommend_for(items, 3), "item", "score")


def test_neighbours_reasons_and_history(client, recommender):
    item, user = recommender.data.items[5], "listener 3"
    answer = client.get("/similar_items", params={"item": item, "n": 3}).json()
    similar = recommender.similar_items(item, 3)
    assert answer == {"item": item, "items": rows(similar, "similar_item", "score", names=("item", "score"))}
    answer = client.get("/similar_users", params={"user": user, "n": 3}).json()
    similar = recommender.similar_users(user, 3)
    assert answer["users"] == rows(similar, "similar_user", "score", names=("user", "score"))
    answer = client.get("/explain", params={"user": user, "item": item, "n": 4}).json()
    assert answer["items"] == rows(recommender.explain(user, item, 4), "item", "weight", "contribution")
    answer = client.get("/history", params={"user": user, "n": 2}).json()
    assert answer["items"] == rows(recommender.history(user), "item", "weight")[:2]


def test_integers_and_names(tmp_path):
    events = {"user": [1, 1, 2, 2, 3], "item": [70, 80, 70, 90, 80]}
    data = Interactions.from_frame(events)
    recommender = Recommender(AlternatingLeastSquares(factors=2, random_state=0)).fit(
        data, show_progress=False
    )
    recommender.save(tmp_path / "model")
    app = create_app(Settings(str(tmp_path / "model"), names={"70": "Dub", "80": "Ska"}))
    with TestClient(app) as client:
        answer = client.get("/recommend?user=1").json()
        assert answer["user"] == 1
        assert {item["item"]: item["name"] for item in answer["items"]} == {90: None}
        by_number = [
            client.post("/recommend_for", json={"items": items}).json() for items in ({"70": 1.0}, [70])
        ]
        assert by_number[0] == by_number[1]
        assert by_number[0]["items"]
        assert client.get("/history?user=1").json()["items"][0]["name"] == "Dub"
        assert client.get("/recommend?user=one").json() == {
            "error": "there is no user 'one': labels are integers here",
            "field": "user",
        }


def test_features(tmp_path):
    events = plays()
    who = sorted(set(events["user"]))
    known = Features.from_frame({"user": who, "age": [len(name) for name in who]}, id="user")
    data = Interactions.from_frame(events, item="artist", weight="plays")
    model = AlternatingLeastSquares(factors=4, iterations=2, random_state=0)
    recommender = Recommender(model).fit(data, user_features=known, show_progress=False)
    recommender.save(tmp_path / "model")
    with TestClient(create_app(Settings(str(tmp_path / "model")))) as client:
        answer = client.post("/recommend_for", json={"features": {"age": 11}, "n": 2}).json()
        assert answer["items"] == rows(recommender.recommend_for(features={"age": 11}, n=2), "item", "score")
        wrong = client.post("/recommend_for", json={"features": {"size": 11}})
        assert wrong.status_code == 422
        assert "size" in wrong.json()["error"]


def test_models_that_cannot_explain(tmp_path):
    data = Interactions.from_frame(plays(60, 20), item="artist", weight="plays")
    Recommender(EASE()).fit(data, show_progress=False).save(tmp_path / "model")
    with TestClient(create_app(Settings(str(tmp_path / "model")))) as client:
        user = data.users[0]
        assert len(client.get("/recommend", params={"user": user, "n": 3}).json()["items"]) == 3
        answer = client.get("/similar_users", params={"user": user})
        assert answer.status_code == 422
        assert "EASE" in answer.json()["error"]


def test_what_is_told_of_the_service(client, recommender):
    health = client.get("/health").json()
    users, items = recommender.data.shape
    assert (
        health.items()
        >= {"status": "ok", "users": users, "items": items, "events": 0, "problem": None}.items()
    )
    client.get("/recommend?user=listener 1")
    counted = client.get("/metrics").text
    assert 'penchant_requests_total{method="GET",route="/recommend",status="200"}' in counted
    assert "penchant_request_seconds_bucket" in counted
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) == {
        "/recommend", "/recommend_for", "/similar_items", "/similar_users", "/explain", "/history", "/events",
        "/health", "/metrics",
    }  # fmt: skip
    assert described["paths"]["/recommend"]["get"]["responses"]["404"]["content"]


def test_logs_name_nobody(client, caplog):
    with caplog.at_level(logging.INFO):
        client.get("/recommend?user=listener 1")
        client.get("/recommend?user=Rumpelstiltskin")
        client.post("/recommend_for", json={"items": {"Rumpelstiltskin": 1}})
    ours = [record.getMessage() for record in caplog.records if record.name == "penchant.service"]
    assert len(ours) == 3
    assert not any("listener" in line or "Rumpel" in line for line in ours)


def test_answers_are_finite_json(client):
    content = client.post("/recommend", json={"users": ["listener 1"], "n": 100}).content
    json.loads(content, parse_constant=lambda name: pytest.fail(name))


def test_many_who_ask_at_once_get_what_each_gets_alone(client, recommender):
    from concurrent.futures import ThreadPoolExecutor

    users = recommender.data.users[:200].tolist()
    counts = [1 + place % 3 for place in range(len(users))]
    with ThreadPoolExecutor(16) as threads:
        ask = lambda user, n: client.get("/recommend", params={"user": user, "n": n}).json()  # noqa: E731
        answers = list(threads.map(ask, users, counts))
    for user, n, answer in zip(users, counts, answers, strict=True):
        assert answer["user"] == user
        assert answer["items"] == rows(recommender.recommend(user, n), "item", "score")


def test_a_mapped_recommender_answers_alike_and_takes_updates(model_file, recommender):
    mapped = Recommender.load(model_file, mmap=True)
    assert not mapped.data.matrix.data.flags.owndata
    assert not mapped.model.item_factors.flags.owndata
    assert mapped.recommend(n=3).equals(recommender.recommend(n=3))
    events = {"user": ["zoe"], "artist": [recommender.data.items[0]], "plays": [3.0]}
    assert np.array_equal(
        mapped.update(events, show_progress=False).model.user_factors,
        Recommender.load(model_file).update(events, show_progress=False).model.user_factors,
    )
    with model_file.open("rb") as file, pytest.raises(TypeError, match="must be a path"):
        Recommender.load(file, mmap=True)
