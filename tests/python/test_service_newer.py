"""A newer model takes the place of an older one: without a request that is lost or gets something of both."""

import json
import os
import shutil
import signal
import threading
import time
import urllib.parse

import numpy as np
import pytest
from service import Processes, answer_of, fitted, plays

from penchant import Recommender
from penchant.service import Settings
from penchant.service._current import CurrentModel

pytestmark = pytest.mark.filterwarnings("ignore::penchant.exceptions.DataWarning")


def looked_twice(current):
    return [current.take_newer(), current.take_newer()]


def old(path, seconds=5):
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_newer_file_is_taken_when_it_is_whole(tmp_path):
    path = tmp_path / "model"
    fitted(seed=0).save(path)
    old(path)
    current = CurrentModel(Settings(str(path)))
    first = current.now()
    assert looked_twice(current) == [False, False]
    assert current.now() is first
    newer = fitted(seed=1)
    newer.save(path)
    assert looked_twice(current) == [False, True]
    assert np.array_equal(current.now().recommender.model.user_factors, newer.model.user_factors)
    # What began with the old one ends with it, though its file is gone.
    assert first.recommender.recommend("listener 1", 3)["item"]


def test_writing_in_place_disturbs_nobody(tmp_path):
    path, other = tmp_path / "model", tmp_path / "other"
    fitted(seed=0).save(path)
    fitted(seed=1).save(other)
    old(path)
    current = CurrentModel(Settings(str(path)))
    before = current.now().recommender.recommend("listener 1", 5)["score"]
    with path.open("r+b") as file:
        file.truncate(100)  # where the model is mapped, this would end the process
    assert np.array_equal(current.now().recommender.recommend("listener 1", 5)["score"], before)
    assert looked_twice(current) == [False, False]
    assert "an older one answers" in current.problem
    shutil.copyfile(other, path)
    assert looked_twice(current) == [False, True]
    assert current.problem is None


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_what_is_no_model_changes_nothing(tmp_path, content):
    path = tmp_path / "model"
    fitted().save(path)
    old(path)
    current = CurrentModel(Settings(str(path)))
    served = current.now()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert looked_twice(current) == [False, False]
    assert current.now() is served
    assert current.problem
    fitted(seed=2).save(path)
    assert looked_twice(current) == [False, True]


def test_what_may_pass_is_tried_again(tmp_path, monkeypatch):
    path = tmp_path / "model"
    fitted(seed=0).save(path)
    old(path)
    current = CurrentModel(Settings(str(path)))
    path.rename(tmp_path / "away")
    assert looked_twice(current) == [False, False]
    assert "cannot be read" in current.problem
    (tmp_path / "away").rename(path)
    assert looked_twice(current) == [False, False]
    assert current.problem is None
    fitted(seed=1).save(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(shutil, "copyfile", full)
        assert looked_twice(current) == [False, False]
        assert "OSError" in current.problem
    assert looked_twice(current)[0]
    assert current.problem is None


def test_nothing_is_left_behind_by_a_service_that_is_ended(tmp_path):
    fitted().save(tmp_path / "model")
    (tmp_path / "tmp").mkdir()
    for options in ((), ("--workers", "2")):
        for ending in (signal.SIGINT, signal.SIGTERM):
            with Processes(
                tmp_path / "model", *options, ending=ending, TMPDIR=str(tmp_path / "tmp")
            ) as service:
                assert list((tmp_path / "tmp").glob("penchant-*"))
                service.get("/recommend?user=listener%201")
            assert not list((tmp_path / "tmp").glob("penchant-*")), (options, ending)
            assert "listener" not in service.log


def test_many_names_and_a_token_reach_every_worker(tmp_path):
    recommender = fitted()
    recommender.save(tmp_path / "model")
    first = recommender.data.items[0]
    rows = [f"{first},The First", *(f"other {number},{'long ' * 9}{number}" for number in range(8000))]
    (tmp_path / "names.csv").write_text("item,name\n" + "\n".join(rows))
    names = ["--names", str(tmp_path / "names.csv"), "--workers", "2"]
    with Processes(tmp_path / "model", *names, PENCHANT_TOKEN="s3cret") as service:
        for _ in range(6):
            assert service.get("/recommend?user=listener%201")[0] == 401
            path = f"/similar_items?n=300&item={urllib.parse.quote(recommender.data.items[3])}"
            status, answer = service.get(path, Authorization="Bearer s3cret")
            assert status == 200
            assert {item["name"] for item in answer["items"] if item["item"] == first} == {"The First"}


def test_events_go_on_in_a_newer_model_if_they_are_newer(tmp_path):
    path, events = tmp_path / "model", tmp_path / "events"
    fitted(seed=0).save(path)
    old(path)
    current = CurrentModel(Settings(str(path), events=str(events)))
    event = lambda user: {"user": [user], "item": ["lagos dub 1"], "weight": [1.0]}  # noqa: E731
    current.take([event("before")])
    time.sleep(0.05)
    fitted(seed=1).save(path)
    time.sleep(0.05)
    current.take([event("after")])
    assert looked_twice(current) == [False, True]
    data = current.now().data
    assert (data.has_user("before"), data.has_user("after")) == (False, True)
    assert CurrentModel(Settings(str(path), events=str(events))).now().data.has_user("after")


class Asker(threading.Thread):
    """Asks until it is told to stop, and writes down what came back, or that nothing did."""

    def __init__(self, processes, path, body=None):
        super().__init__()
        self.ask = lambda: answer_of(processes.request(path, body() if body else None))
        self.answers, self.lost, self.done = [], [], threading.Event()

    def run(self):
        while not self.done.is_set() and len(self.answers) < 5000:
            try:
                self.answers.append(self.ask())
            except OSError as error:
                self.lost.append(error)

    def stop(self):
        self.done.set()
        self.join(30)
        return self.answers


def test_no_request_is_lost_while_models_are_swapped(tmp_path):
    path = tmp_path / "model"
    models = [fitted(seed=seed) for seed in (0, 1)]
    for place, model in enumerate(models):
        model.save(tmp_path / str(place))
    shutil.copyfile(tmp_path / "0", path)
    with Processes(path, "--workers", "2") as service:
        known = set()
        for model in models:
            model.save(tmp_path / "again")
            from fastapi.testclient import TestClient

            from penchant.service import create_app

            with TestClient(create_app(Settings(str(tmp_path / "again")))) as client:
                known.add((200, client.get("/recommend?user=listener 1&n=5").content))
        assert len(known) == 2
        askers = [Asker(service, "/recommend?user=listener%201&n=5") for _ in range(3)]
        for asker in askers:
            asker.start()
        for turn in (1, 0, 1):
            shutil.copyfile(tmp_path / str(turn), tmp_path / "new")
            (tmp_path / "new").replace(path)
            time.sleep(2.6)
        answers = [answer for asker in askers for answer in asker.stop()]
    assert [asker.lost for asker in askers] == [[]] * 3
    assert len(answers) > 100
    assert set(answers) == known  # each of one model or of the other


def test_what_was_answered_outlives_a_worker_that_is_killed(tmp_path):
    path, events = tmp_path / "model", tmp_path / "events.jsonl"
    fitted(plays(), seed=0).save(path)
    old(path)
    numbers = iter(range(10**6))

    def body():
        sent.append(f"user {next(numbers)}")
        return {
            "events": [
                {"user": sent[-1], "item": item, "weight": 1} for item in ("lagos dub 1", "lagos dub 2")
            ]
        }

    sent: list[str] = []
    with Processes(path, "--workers", "2", "--events", str(events)) as service:
        workers = service.workers()
        assert len(workers) == 2
        asker = Asker(service, "/events", body)
        asker.start()
        time.sleep(1.0)
        fitted(plays(), seed=1).save(tmp_path / "new")
        (tmp_path / "new").replace(path)
        time.sleep(1.05)  # about when it is taken
        os.kill(workers[0], signal.SIGKILL)
        time.sleep(6.0)
        answers = asker.stop()
        taken = sum(status == 200 for status, _ in answers)
        assert taken > 20
        assert {status for status, _ in answers} == {200}
        assert len(asker.lost) <= 3  # whoever was talking to the one that was killed
        replaced = set(service.workers())
        assert len(replaced) == 2
        assert workers[0] not in replaced
    lines = events.read_text().splitlines()
    kept = [line.split('"')[3] for line in lines]
    assert len(set(kept)) >= taken
    assert len(kept) == 2 * len(set(kept))  # all of a request or nothing
    current = CurrentModel(Settings(str(path), events=str(events)))
    written = path.stat().st_mtime
    for line in map(json.loads, lines):
        assert current.now().data.has_user(line["user"]) == (line["received"] > written)
    assert Recommender.load(path).data.shape[0] < current.now().data.shape[0]
