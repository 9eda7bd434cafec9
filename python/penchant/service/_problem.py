"""What callers get who ask for what cannot be: a sentence, and the field that it is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import Request
from starlette.responses import Response

_SENTENCES = {
    400: "the body cannot be read as JSON",
    404: "there is nothing at this address",
    405: "this address does not take this method",
}


class Problem(HTTPException):
    """An answer that says why there is no other."""

    def __init__(
        self, status: int, sentence: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, sentence, dict(headers or {}))
        self.field = field

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """Return what is sent."""
        content = {"error": self.detail, "field": self.field}
        return json_response(content, self.status_code, {**(self.headers or {}), **(headers or {})})


FAILURE = Problem(500, "something went wrong here; it has been logged")


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in JSON; numbers in it are finite."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "backslashreplace"), status, headers, "application/json")


async def on_http_error(_request: Request, error: Exception) -> Response:
    """Answer with what is wrong with a request."""
    assert isinstance(error, AnyHTTPException)
    if isinstance(error, Problem):
        return error.response()
    sentence = _SENTENCES.get(error.status_code, str(error.detail))
    return Problem(error.status_code, sentence, headers=error.headers).response()


async def on_failure(_request: Request, _error: Exception) -> Response:
    """Answer where something went wrong, which is logged by whoever gets the error next."""
    return FAILURE.response()


async def on_invalid(_request: Request, error: Exception) -> Response:
    """Answer a request that is not of the form that it should have: the first thing that is wrong with it."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = _field(first["loc"])
    if first["type"] == "json_invalid":
        return Problem(400, f"the body is no JSON: {first['ctx']['error']}").response()
    if first["loc"] == ("body",) and first["type"] in ("model_attributes_type", "missing"):
        sentence = "the body must be an object in JSON, sent with 'Content-Type: application/json'"
        return Problem(422, sentence).response()
    sentence = first["msg"][:1].lower() + first["msg"][1:]
    return Problem(422, f"{field or 'the body'}: {sentence}", field).response()


def _field(place: Sequence[Any]) -> str | None:
    """Return a place such as ("body", "users", 3) as users[3], without the kind of the value."""
    field = ""
    for part in place[1:]:
        if isinstance(part, int):
            field += f"[{part}]"
        elif part.isidentifier() and part not in _KINDS:
            field += f".{part}" if field else part
    return field or None


# What the framework calls the kinds that a value may have.
_KINDS = ("int", "str", "float", "bool", "constrained")
