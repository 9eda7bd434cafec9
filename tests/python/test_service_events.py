"""Events that services take: kept before they are answered, and the same for all workers."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from service import TABLE, fitted
from starlette.testclient import TestClient

from penchant import Interactions, Recommender
from penchant.service import Settings, _growing, create_app
from penchant.service._current import CurrentModel
from penchant.service._growing import BadEventError, Growing
from penchant.service._journal import JournalError

pytestmark = pytest.mark.filterwarnings("ignore::penchant.exceptions.DataWarning")


@pytest.fixture
def place(tmp_path):
    fitted().save(tmp_path / "model")
    os.utime(tmp_path / "model", (time.time() - 5, time.time() - 5))
    return Settings(str(tmp_path / "model"), events=str(tmp_path / "events.jsonl"))


def events_of(user, items, weight=2.0):
    return {"user": [user] * len(items), "item": list(items), "weight": [weight] * len(items)}


def lines_of(place):
    return Path(place.events).read_text().splitlines()


def state_of(current):
    recommender = current.now().recommender
    return (
        recommender.model.user_factors.tobytes(),
        recommender.model.item_factors.tobytes(),
        recommender.data.nnz,
    )


def test_events_are_known_when_they_are_answered(place):
    with TestClient(create_app(place)) as client:
        users, items = (client.get("/health").json()[side] for side in ("users", "items"))
        what = [*fitted().data.items[:2].tolist(), "never heard of"]
        given = [{"user": "zoe", "item": item, "weight": 4} for item in what]
        answer = client.post("/events", json={"events": given})
        assert answer.json() == {"events": 3, "users": users + 1, "items": items + 1}
        own = client.get("/history?user=zoe").json()["items"]
        assert {item["item"]: item["weight"] for item in own} == dict.fromkeys(what, 4.0)
        found = [item["item"] for item in client.get("/recommend?user=zoe&n=5").json()["items"]]
        assert len(found) == 5
        assert not set(found) & set(what)
        assert client.get("/health").json()["events"] == 3
    lines = [json.loads(line) for line in lines_of(place)]
    assert [(line["user"], line["artist"], line["plays"], line["of"]) for line in lines] == [
        ("zoe", item, 4.0, 3) for item in what
    ]


def test_the_file_can_be_read_as_events(place):
    current = CurrentModel(place)
    assert current.take([events_of("zoe", ["lagos dub 1"]), events_of("max", ["a", "b"])]) == [None, None]
    data = Interactions.from_file(place.events, **TABLE)
    assert (data.users.tolist(), data.items.tolist()) == (["zoe", "max"], ["lagos dub 1", "a", "b"])
    updated = Recommender.load(place.model).update(place.events, show_progress=False)
    assert np.array_equal(updated.data.matrix.toarray(), current.now().data.matrix.toarray())


def test_workers_that_take_in_events_at_other_times_agree_in_every_bit(place, monkeypatch):
    monkeypatch.setattr(_growing, "_STEP", 7)
    first, second = CurrentModel(place), CurrentModel(place)
    random = np.random.default_rng(0)
    for turn in range(12):
        who = first if turn % 3 else second
        given = [
            events_of(
                f"user {random.integers(5)}",
                [f"item {random.integers(9)}" for _ in range(random.integers(1, 4))],
            )
            for _ in range(random.integers(1, 3))
        ]
        assert who.take(given) == [None] * len(given)
        if turn == 6:
            second.catch_up()
            assert not second.catch_up()
    first.catch_up()
    second.catch_up()
    assert state_of(first) == state_of(second) == state_of(CurrentModel(place))
    # In one go it is the same but for items that came after a step.
    whole = Recommender.load(place.model).update(place.events, show_progress=False)
    assert np.array_equal(whole.data.matrix.toarray(), first.now().data.matrix.toarray())


def test_what_was_not_written_whole_never_happened(place):
    current = CurrentModel(place)
    current.take([events_of("zoe", ["a"])])
    with Path(place.events).open("a") as file:
        # One of two events, and a half line: somebody was killed.
        line = {"user": "max", "artist": "b", "plays": 1, "received": time.time(), "of": 2}
        file.write(json.dumps(line) + "\n" + '{"user": "ma')
    again = CurrentModel(place)
    assert not again.now().data.has_user("max")
    assert again.take([events_of("eva", ["c"])]) == [None]
    assert len(lines_of(place)) == 2
    current.catch_up()
    assert state_of(current) == state_of(again) == state_of(CurrentModel(place))
    assert current.now().data.has_user("eva")


def test_bad_events_are_refused_alone_and_leave_nothing(place):
    current = CurrentModel(place)
    before = state_of(current)
    bad = events_of("max", ["b", "c"])
    bad["weight"][1] = float("nan")
    problems = current.take([events_of("zoe", ["a"]), bad])
    assert problems[0] is None
    assert isinstance(problems[1], BadEventError)
    assert problems[1].row == 1
    assert not current.now().data.has_user("max")
    assert len(lines_of(place)) == 1
    assert before != state_of(current) == state_of(CurrentModel(place))


def test_times_and_kinds(tmp_path):
    table = {"user": ["a", "a", "b"], "item": ["x", "y", "x"], "what": ["view", "buy", "view"]}
    table["when"] = ["2026-01-01", "2026-01-02", "2026-01-03"]
    reading = {"kind": "what", "kind_weights": {"view": 1, "buy": 5}, "time": "when", "half_life": "30d"}
    fitted(table, factors=2, **reading).save(tmp_path / "model")
    with TestClient(create_app(Settings(str(tmp_path / "model"), events=str(tmp_path / "events")))) as client:
        post = lambda **event: client.post("/events", json={"events": [{"user": "a", "item": "x"} | event]})  # noqa: E731
        assert post(kind="buy", time="2026-01-03").status_code == 200
        history = {item["item"]: item["weight"] for item in client.get("/history?user=a").json()["items"]}
        assert history["x"] == pytest.approx(5 + 2 ** (-2 / 30), rel=1e-5)
        assert post().json() == {"error": "kind must be one of 'view', 'buy'", "field": "events[0].kind"}
        sold = post(kind="sold")
        assert (sold.status_code, sold.json()["field"]) == (422, "events[0]")
        assert "sold" in sold.json()["error"]
        assert post(kind="view", time="yesterday").status_code == 422
        assert post(kind="view", weight=3).json()["field"] == "events[0].weight"
        # Without a time it happens now, and everything before has faded.
        assert post(kind="view").status_code == 200
        faded = {item["item"]: item["weight"] for item in client.get("/history?user=a").json()["items"]}
        assert faded["y"] < 0.1 * history["y"]


@pytest.mark.parametrize(("unit", "scale"), [("s", 1), ("ms", 1e3)])
def test_times_in_units(tmp_path, unit, scale):
    now = time.time() * scale
    table = {"user": ["a", "a", "b"], "item": ["x", "y", "x"], "t": [now - 100 * scale] * 3}
    fitted(table, factors=2, time="t", half_life="1h", time_unit=unit).save(tmp_path / "model")
    current = CurrentModel(Settings(str(tmp_path / "model"), events=str(tmp_path / "events")))
    with TestClient(create_app(Settings(str(tmp_path / "model"), events=str(tmp_path / "events")))) as client:
        assert client.post("/events", json={"events": [{"user": "c", "item": "x"}]}).status_code == 200
    current.catch_up()
    weights = current.now().data.matrix.toarray()
    assert weights[0, 0] == pytest.approx(0.5 ** (100 / 3600), rel=1e-2)


def test_what_lies_in_the_future_is_refused(tmp_path):
    table = {"user": ["a", "b"], "item": ["x", "y"], "when": ["2026-01-01", "2026-01-02"]}
    fitted(table, factors=2, time="when", half_life="30d").save(tmp_path / "model")
    with TestClient(create_app(Settings(str(tmp_path / "model"), events=str(tmp_path / "events")))) as client:
        event = {"user": "a", "item": "y", "time": "9999-01-01"}
        answer = client.post("/events", json={"events": [event]})
        assert answer.status_code == 422
        assert "future" in answer.json()["error"]
        assert client.get("/history?user=b").json()["items"][0]["weight"] > 0.9


@pytest.mark.parametrize(("first", "next_"), [(1_700_000_000_000, 1_900_000_000_000), (5, 900)])
def test_times_of_which_nobody_knows_what_they_count_have_no_future(tmp_path, first, next_):
    table = {"user": ["a", "b"], "item": ["x", "y"], "when": [first, first + 1]}
    fitted(table, factors=2, time="when").save(tmp_path / "model")
    with TestClient(create_app(Settings(str(tmp_path / "model"), events=str(tmp_path / "events")))) as client:
        post = lambda **event: client.post("/events", json={"events": [{"user": "a", "item": "y"} | event]})  # noqa: E731
        assert post(time=next_).status_code == 200
        assert post().json()["field"] == "events[0].time"


def test_kinds_and_labels_are_taken_as_the_data_have_them(tmp_path):
    table = {"user": [1, 2], "item": [7, 8], "kind": ["1", "2"]}
    fitted(table, factors=2, kind="kind", kind_weights={"1": 1, "2": 2}).save(tmp_path / "model")
    with TestClient(create_app(Settings(str(tmp_path / "model"), events=str(tmp_path / "events")))) as client:
        post = lambda **event: client.post("/events", json={"events": [{"item": 7} | event]})  # noqa: E731
        assert post(user=3, kind=1).status_code == 200
        assert post(user=3, kind="2").status_code == 200
        assert post(user=2**63, kind="2").json()["field"] == "events[0].user"
        assert post(user=-5, kind="2").status_code == 200


def test_a_file_of_events_that_is_cut_is_told_and_not_mended(place):
    current = CurrentModel(place)
    current.take([events_of("zoe", ["a"])])
    Path(place.events).write_bytes(b"")
    with pytest.raises(JournalError, match="shorter"):
        current.take([events_of("max", ["a"])])
    with pytest.raises(JournalError):
        current.catch_up()
    assert Path(place.events).read_bytes() == b""
    assert CurrentModel(place).take([events_of("max", ["a"])]) == [None]
    Path(place.events).write_bytes(b"nonsense\n")
    with pytest.raises(JournalError, match="none of ours"):
        CurrentModel(place)


def test_what_cannot_be_written_is_not_taken(place, monkeypatch):
    with TestClient(create_app(place)) as client:

        def full(_descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        answer = client.post("/events", json={"events": [{"user": "zoe", "item": "a"}]})
        assert (answer.status_code, "No space left" in answer.json()["error"]) == (503, True)
        assert client.get("/history?user=zoe").status_code == 404
        monkeypatch.undo()
        assert client.post("/events", json={"events": [{"user": "eva", "item": "a"}]}).status_code == 200
    assert [json.loads(line)["user"] for line in lines_of(place)] == ["eva"]


def test_events_are_answered_however_long_they_take(place, monkeypatch):
    whole = Growing.with_batches

    def slow(self, batches):
        time.sleep(0.5)
        return whole(self, batches)

    monkeypatch.setattr(Growing, "with_batches", slow)
    settings = Settings(place.model, events=place.events, timeout=0.2)
    with TestClient(create_app(settings)) as client:
        assert client.post("/events", json={"events": [{"user": "zoe", "item": "a"}]}).status_code == 200


def test_one_bad_request_among_many_costs_few_updates(place, monkeypatch):
    current, updates = CurrentModel(place), []
    updated = _growing._updated
    monkeypatch.setattr(_growing, "_updated", lambda *asked: (updates.append(1), updated(*asked))[1])
    bad = events_of("max", ["a"], weight=float("nan"))
    requests = [events_of(f"user {number}", ["a"]) for number in range(63)]
    problems = current.take([*requests[:40], bad, *requests[40:]])
    assert [place for place, problem in enumerate(problems) if problem is not None] == [40]
    assert len(updates) < 20
    assert current.now().growing.events == 63


def test_events_that_do_not_fit_to_a_newer_model_are_told_and_left_out(place):
    current = CurrentModel(place)
    current.take([events_of("zoe", ["a"])])
    table = {"user": ["a", "b"], "item": ["x", "y"], "when": ["2026-01-01", "2026-01-02"]}
    fitted(table, factors=2, time="when").save(place.model)
    os.utime(place.model, (time.time() - 5, time.time() - 5))
    current.take_newer()
    assert current.take_newer()
    assert "1 requests of events do not fit" in current.problem
    assert current.now().data.shape == (2, 2)
    assert CurrentModel(place).problem


def test_growing_leaves_the_state_before_as_it_is():
    from penchant.recommender.plain import PlainRecommender

    plain = PlainRecommender.from_model(fitted().model, data=fitted().data)
    before = Growing(plain)
    factors = plain.model.user_factors.tobytes()
    after = before.with_batches([{"user": ["zoe"], "item": ["lagos dub 1"], "weight": [1.0]}])
    assert (before.events, after.events) == (0, 1)
    assert before.recommender is plain
    assert plain.model.user_factors.tobytes() == factors
    assert after.recommender.data.shape[0] == plain.data.shape[0] + 1
