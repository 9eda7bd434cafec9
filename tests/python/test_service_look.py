"""What the page asks for."""

import time

import numpy as np
import pytest
from service import fitted, plays
from starlette.testclient import TestClient

from penchant import EASE, Interactions, Recommender
from penchant.service import Settings, create_app

pytestmark = pytest.mark.filterwarnings("ignore::penchant.exceptions.DataWarning")


@pytest.fixture(scope="module")
def recommender():
    return fitted()


@pytest.fixture(scope="module")
def client(recommender, tmp_path_factory):
    path = tmp_path_factory.mktemp("look") / "model"
    recommender.save(path)
    names = {item: f"The {item.title()}" for item in recommender.data.items[::2].tolist()}
    with TestClient(create_app(Settings(str(path), names=names))) as client:
        yield client


def test_the_page_and_its_files_fetch_nothing_from_elsewhere(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for name in ("explore.js", "ask.js", "search.js", "scatter.js", "words.js", "explore.css", "icon.svg"):
        answer = client.get(f"/page/{name}")
        assert answer.status_code == 200
        assert "//" not in answer.text.replace("http://www.w3.org/2000/svg", "").replace("// ", "")
    assert "://" not in page.text


def test_search_finds_names_and_labels(client, recommender):
    hits = client.get("/look/search?q=DUB 1").json()["hits"]
    assert hits
    assert all("dub 1" in (hit["name"] or hit["label"]).casefold() for hit in hits)
    users = [hit for hit in client.get("/look/search?q=listener 2").json()["hits"] if hit["kind"] == "user"]
    data = recommender.data
    assert users[0]["count"] == data.matrix[[int(data.user_codes(users[0]["label"]))]].nnz
    assert client.get("/look/search?q=zzzz").json() == {"hits": []}
    assert len(client.get("/look/search?q=e&n=7").json()["hits"]) == 7


def test_a_user_with_reasons(client, recommender):
    found = client.get("/look/user?user=listener 3&n=4").json()
    asked = recommender.recommend("listener 3", 4)
    assert [item["item"] for item in found["items"]] == asked["item"].tolist()
    first = found["items"][0]
    reasons = recommender.explain("listener 3", first["item"], 3)
    whole = recommender.explain("listener 3", first["item"], 1000)["contribution"].sum()
    assert [reason["item"] for reason in first["reasons"]] == reasons["item"].tolist()
    shares = [reason["share"] for reason in first["reasons"]]
    assert np.allclose(shares, reasons["contribution"] / whole, rtol=1e-4)


def test_a_basket_gets_what_recommend_for_gives(client, recommender):
    liked = recommender.data.items[[1, 4]].tolist()
    likes = [{"item": liked[0], "weight": 3}, {"item": liked[1]}]
    found = client.post("/look/basket", json={"likes": likes, "n": 3}).json()["items"]
    asked = recommender.recommend_for({liked[0]: 3.0, liked[1]: 1.0}, 3)
    assert [item["item"] for item in found] == asked["item"].tolist()
    assert {reason["item"] for item in found for reason in item["reasons"]} <= set(liked)


def test_popularity_counts(client, recommender):
    found = client.get("/look/popularity?n=1000").json()
    users, items = recommender.data.shape
    assert found["asked"] == users
    assert len(found["items"]) == items
    lists = recommender.recommend(n=10)
    counts = lists["item"].value_counts()
    had = np.bincount(recommender.data.matrix.indices, minlength=items)
    for item in found["items"]:
        assert item["got"] == pytest.approx(counts.get(item["label"], 0) / users)
        assert item["had"] == pytest.approx(had[int(recommender.data.item_codes(item["label"]))] / users)
    assert found["never"] == pytest.approx(1 - len(counts) / items)


def drawn(client):
    for _ in range(300):
        found = client.get("/look/map").json()
        if found["final"]:
            return found
        time.sleep(0.1)
    raise AssertionError("the map is never drawn")


def test_the_map_is_drawn_twice_and_keeps_neighbours_together(client, recommender):
    first = client.get("/look/map").json()
    assert not first["final"]
    last = drawn(client)
    for found in (first, last):
        places = np.array([[item["x"], item["y"]] for item in found["items"]])
        assert np.abs(places).max() <= 0.5
        assert len(places) == recommender.data.shape[1]
    genres = np.array([str(item["item"]).rsplit(" ", 1)[0] for item in last["items"]])
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    alike = (genres[:, None] == genres[None]) & ~np.eye(len(genres), dtype=bool)
    assert distances[alike].mean() < 0.7 * distances[~alike].mean()


def test_the_map_of_a_model_without_factors_and_of_few_items(tmp_path):
    for artists in (30, 2):
        data = Interactions.from_frame(plays(60, artists), item="artist", weight="plays")
        Recommender(EASE()).fit(data, show_progress=False).save(tmp_path / "model")
        with TestClient(create_app(Settings(str(tmp_path / "model")))) as client:
            assert len(drawn(client)["items"]) == data.shape[1]
            assert client.get("/look/overview").json()["model"] == "EASE"
            assert client.get("/look/popularity").status_code == 200


def test_an_overview(client, recommender):
    overview = client.get("/look/overview").json()
    assert (overview["users"], overview["items"]) == recommender.data.shape
    counts = [item["count"] for item in overview["popular"]]
    assert counts == sorted(counts, reverse=True)
    assert all(recommender.data.has_user(user) for user in overview["someone"])
