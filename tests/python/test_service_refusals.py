"""What the service does not answer: a sentence and the field, and never more."""

import asyncio
import contextlib
import json
import socket
import time

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from service import Processes, fitted
from starlette.testclient import TestClient

from penchant.service import Settings, create_app

pytestmark = pytest.mark.filterwarnings("ignore::penchant.exceptions.DataWarning")

TOO_MANY = [f"listener {number}" for number in range(1001)]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("service") / "model.safetensors"
    fitted().save(path)
    return str(path)


@pytest.fixture(scope="module")
def client(model_file, tmp_path_factory):
    events = str(tmp_path_factory.mktemp("events") / "events.jsonl")
    with TestClient(create_app(Settings(model_file, events=events))) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "field", "words"),
    [
        ("/recommend", 422, "user", "required"),
        ("/recommend?user=", 422, "user", "at least 1"),
        ("/recommend?user=nobody", 404, "user", "there is no user 'nobody'"),
        ("/recommend?user=listener 1&n=0", 422, "n", "greater than or equal to 1"),
        ("/recommend?user=listener 1&n=1001", 422, "n", "less than or equal to 1000"),
        ("/recommend?user=listener 1&n=many", 422, "n", "integer"),
        ("/recommend?user=listener 1&filter_liked=perhaps", 422, "filter_liked", "boolean"),
        ("/similar_items?item=nothing", 404, "item", "there is no item"),
        ("/similar_users?user=nobody", 404, "user", "there is no user"),
        ("/explain?user=listener 1&item=nothing", 404, "item", "there is no item"),
        ("/history?user=nobody", 404, "user", "there is no user"),
        ("/nothing", 404, None, "nothing at this address"),
        ("/look/search?q=", 422, "q", "at least 1"),
        ("/look/user?user=nobody", 404, "user", "there is no user"),
        ("/page/..%2f_look.py", 404, None, "nothing at this address"),
    ],
)
def test_bad_addresses(client, path, status, field, words):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["field"] == field
    assert words in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "status", "field", "words"),
    [
        ("/recommend", {}, 422, "users", "required"),
        ("/recommend", {"users": []}, 422, "users", "at least 1"),
        ("/recommend", {"users": TOO_MANY}, 422, "users", "at most 1000"),
        ("/recommend", {"users": "listener 1"}, 422, "users", "list"),
        ("/recommend", {"users": ["listener 1", 1.5]}, 422, "users[1]", "string"),
        ("/recommend", {"users": ["listener 1", 7]}, 404, "users[1]", "labels are strings here"),
        ("/recommend", {"users": ["listener 1"], "exclude": ["x"]}, 404, "exclude[0]", "there is no item"),
        ("/recommend", {"users": ["listener 1"], "unknown": "guess"}, 422, "unknown", "'raise' or 'skip'"),
        ("/recommend", {"users": ["listener 1"], "min_score": 1e39}, 422, "min_score", "less than"),
        ("/recommend", {"users": ["listener 1"], "count": 3}, 422, "count", "not permitted"),
        ("/recommend", ["listener 1"], 422, None, "an object in JSON"),
        ("/recommend_for", {}, 422, "items", "must say who it is"),
        ("/recommend_for", {"items": []}, 422, "items", "at least one item"),
        ("/recommend_for", {"items": {"x": 1}}, 404, "items[0]", "there is no item"),
        ("/recommend_for", {"features": {"age": 3}}, 422, "features", "without user_features"),
        ("/recommend_for", {"items": {"lagos dub 1": 3e38, "lagos blues 1": 3e38}}, 422, "items", ""),
        ("/look/basket", {"likes": [{"item": "lagos dub 1", "weight": 3e38}]}, 422, "items", ""),
        ("/events", {"events": []}, 422, "events", "at least 1"),
        ("/events", {"events": [{"user": "a"}]}, 422, "events[0].item", "required"),
        ("/events", {"events": [{"user": "a", "item": "b"}, {"user": 3, "item": "b"}]}, 422, "events[1].user", "string"),
        ("/events", {"events": [{"user": "a", "item": "b", "time": 3}]}, 422, "events[0].time", "have no time"),
        ("/events", {"events": [{"user": "a", "item": "b", "kind": "buy"}]}, 422, "events[0].kind", "have no kind"),
        ("/events", {"events": [{"user": "\ud800", "item": "b"}]}, 422, None, ""),
        ("/look/basket", {"likes": []}, 422, "likes", "at least 1"),
    ],
)  # fmt: skip
def test_bad_bodies(client, path, body, status, field, words):
    answer = client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]
    if field:
        assert answer.json()["field"] == field


def test_what_is_no_json(client):
    assert (
        client.post("/recommend", content=b"{", headers={"content-type": "application/json"}).status_code
        == 400
    )
    answer = client.post("/recommend", content=b"user=listener 1")
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["error"]
    assert client.put("/recommend", content=b"x").status_code == 405


def test_users_are_not_told_of_others(client):
    assert "did you mean" not in client.get("/recommend?user=listener 1x").json()["error"]
    assert "did you mean" in client.get("/similar_items?item=lagos dub 1x").json()["error"]


def test_events_only_where_they_are_kept(model_file):
    with TestClient(create_app(Settings(model_file))) as client:
        answer = client.post("/events", json={"events": [{"user": "a", "item": "b"}]})
        assert answer.status_code == 403


def test_sizes(model_file):
    with TestClient(create_app(Settings(model_file, max_bytes=200))) as client:
        fits = client.post("/recommend", json={"users": ["listener 1"]})
        assert fits.status_code == 200
        long = {"users": ["listener 1"] * 30}
        for answer in (
            client.post("/recommend", json=long),
            # Without a length that could be looked at before.
            client.post(
                "/recommend",
                content=(b"x" * 50 for _ in range(9)),
                headers={"content-type": "application/json"},
            ),
        ):
            assert answer.status_code == 413
            assert answer.json() == {"error": "the body must have at most 200 bytes", "field": "body"}


def test_rates(model_file):
    with TestClient(create_app(Settings(model_file, rate=5))) as client:
        answers = [client.get("/health") for _ in range(8)]
        assert [answer.status_code for answer in answers[:5]] == [200] * 5
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        time.sleep(0.5)
        assert client.get("/health").status_code == 200


def test_tokens(model_file):
    with TestClient(create_app(Settings(model_file, token="s3cret"))) as client:
        for given in (None, "Bearer wrong", "s3cret", "Bearer s3cret ", "Bearer s3cre", "Bearer é"):
            headers = {} if given is None else {"authorization": given.encode()}
            answer = client.get("/recommend?user=listener 1", headers=headers)
            assert answer.status_code == 401
            assert answer.json()["field"] == "Authorization"
            assert answer.headers["www-authenticate"] == "Bearer"
        assert (
            client.get("/recommend?user=listener 1", headers={"authorization": "Bearer s3cret"}).status_code
            == 200
        )
        assert client.get("/look/overview").status_code == client.get("/metrics").status_code == 401
        assert client.get("/health").status_code == client.get("/").status_code == 200
        assert "s3cret" not in repr(Settings(model_file, token="s3cret"))


def test_hosts_and_no_page(model_file):
    with TestClient(create_app(Settings(model_file, hosts=("127.0.0.1",), page=False))) as client:
        assert client.get("/health", headers={"host": "evil.example"}).status_code == 400
        assert client.get("/health", headers={"host": "127.0.0.1:8000"}).status_code == 200
        assert client.get("/", headers={"host": "127.0.0.1"}).status_code == 404
        assert client.get("/health", headers={"host": "evil.example"}).json()["field"] == "Host"
        assert client.get("/health/", headers={"host": "127.0.0.1"}).status_code == 404


def test_what_takes_too_long_and_too_many(model_file, monkeypatch):
    from penchant.service import _look

    def slow(*_):
        time.sleep(0.6)
        return {}

    monkeypatch.setattr(_look.Look, "overview", slow)
    with TestClient(create_app(Settings(model_file, timeout=0.2, max_requests=1))) as client:
        answer = client.get("/look/overview")
        assert answer.status_code == 503
        assert "longer than 0.2 seconds" in answer.json()["error"]
    app = create_app(Settings(model_file, max_requests=1))

    async def two():
        async def ask(path):
            sent = []
            scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}

            async def receive():
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message):
                sent.append(message)

            await app(scope, receive, send)
            return sent[0]["status"]

        return await asyncio.gather(ask("/look/overview"), ask("/health"))

    assert asyncio.run(two()) == [200, 503]


def test_failures_say_nothing_of_what_is_inside(model_file, monkeypatch, caplog):
    from penchant.service import _look

    def broken(*_):
        raise RuntimeError("listener 1 has a secret")

    monkeypatch.setattr(_look.Look, "overview", broken)
    with TestClient(create_app(Settings(model_file)), raise_server_exceptions=False) as client:
        answer = client.get("/look/overview")
        assert answer.status_code == 500
        assert answer.json() == {"error": "something went wrong here; it has been logged", "field": None}
        assert client.get("/health").status_code == 200
    assert "RuntimeError at" in caplog.text
    assert "secret" not in caplog.text


@pytest.fixture(scope="module")
def processes(model_file):
    with Processes(model_file, "--max-bytes", "1000") as started:
        yield started


def raw(processes, *parts):
    with socket.create_connection(("127.0.0.1", processes.port), timeout=20) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            return connection.recv(10_000)
        except ConnectionError:
            return b""


@pytest.fixture(scope="module")
def large(model_file):
    with Processes(model_file) as started:
        yield started


def test_what_is_no_http(processes, large):
    assert raw(processes, b"nonsense\r\n\r\n").endswith(b'{"error":"this is no HTTP","field":null}')
    long = raw(processes, b"GET /health HTTP/1.1\r\nx: ", b"a" * 10_000_000)
    assert long == b"" or b"headers must have at most" in long
    many = raw(processes, b"GET /health HTTP/1.1\r\n", b"x: a\r\n" * 20_000, b"\r\n")
    assert many == b"" or b"headers must have at most" in many
    assert raw(processes, b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").startswith(b"HTTP/1.1 200")
    twice = raw(
        processes,
        b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /nothing HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    )
    assert twice.startswith(b"HTTP/1.1 200")
    # A body that comes together with its headers is no header.
    body = b'{"users": ["listener 1"]' + b" " * 100_000 + b"}"
    head = f"POST /recommend HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    assert raw(large, head.encode() + body).startswith(b"HTTP/1.1 200")
    assert raw(processes, b"GET /health HTTP/1.1\r\nhost: evil.example\r\n\r\n").startswith(b"HTTP/1.1 400")
    refused = raw(
        processes, b"POST /recommend HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 99999\r\n\r\n", b"x" * 10
    )
    assert refused.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in refused


def name_known(case):
    """Ask for a user and items that there are, so that there is an answer."""
    known = {"user": "listener 1", "item": "lagos dub 1", "users": ["listener 1"], "items": ["lagos dub 1"]}
    for part in (case.query, case.body):
        if isinstance(part, dict):
            part |= {name: label for name, label in known.items() if name in part}
            part.pop("exclude", None)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_whatever_is_asked(client, mode):
    """Requests that are made of the description: as it says, and otherwise; no answer is one that it does not know."""
    described = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    operations = [operation.ok() for operation in described.get_all_operations()]
    assert len(operations) == 10
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def asked(case, known):
            if known and mode == GenerationMode.POSITIVE:
                name_known(case)
            case.call_and_validate(excluded_checks=[schemathesis.checks.positive_data_acceptance])

        # Nothing can be wrong with what takes nothing.
        nothing = mode == GenerationMode.NEGATIVE and operation.path in ("/health", "/metrics")
        with pytest.raises(hypothesis.errors.Unsatisfiable) if nothing else contextlib.nullcontext():
            asked()
