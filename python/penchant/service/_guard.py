"""What stands before every request: limits of size, number and time, the token, what is logged."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penchant.service import _metrics as metrics
from penchant.service._problem import FAILURE, Problem
from penchant.service._settings import Settings

LOG = logging.getLogger("penchant.service")

#: Where a request finds its limit of time, to lift it when it cannot be taken back any more.
LIMIT = "penchant.limit"
# What needs no token: whether the service lives, what it answers, and the page, which asks for the token.
_OPEN = ("/", "/health", "/openapi.json")
_OPEN_FOLDER = "/page/"
# Addresses whose requests are counted at once.
_ADDRESSES = 10_000


class Guard:
    """An ASGI application that lets through what is within the limits, and gives what fails a sentence."""

    def __init__(
        self, app: ASGIApp, settings: Settings, lifespan: Callable[[], AbstractAsyncContextManager[None]]
    ) -> None:
        self._app, self._settings, self._lifespan = app, settings, lifespan
        self._under_way = 0
        self._rates = None if settings.rate is None else Rates(settings.rate)

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Return what has to be entered where this is mounted in another application.

        Meanwhile it looks for newer models, and for events that others have taken. A server that runs this
        application itself sees to that.
        """
        return self._lifespan()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what the server hands over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._under_way += 1
        try:
            problem = await self._handled(scope, receive, watched)
            if problem is not None and not status:
                # The body may not have been read: the connection cannot be used again.
                await problem.response({"connection": "close"})(scope, receive, watched)
        finally:
            self._under_way -= 1
            took = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            metrics.REQUESTS.labels(method, route, str(status)).inc()
            metrics.SECONDS.labels(route).observe(took)
            LOG.info("%s %s %d %.1f ms", method, route, status, 1e3 * took)

    async def _handled(self, scope: Scope, receive: Receive, send: Send) -> Problem | None:
        """Answer, or return why not."""
        try:
            headers = Headers(scope=scope)
            self._check(scope, headers)
            body = _Body(receive, self._settings.max_bytes)
            async with asyncio.timeout(self._settings.timeout) as limit:
                scope[LIMIT] = limit
                await self._app(scope, body, send)
        except Problem as problem:
            return problem
        except TimeoutError:
            return Problem(503, f"this took longer than {self._settings.timeout:g} seconds")
        except Exception as error:
            # The message may name users: the place is enough to find it.
            last = traceback.extract_tb(error.__traceback__)[-1]
            LOG.error("%s at %s:%s in %s", type(error).__name__, last.filename, last.lineno, last.name)
            return FAILURE
        return None

    def _check(self, scope: Scope, headers: Headers) -> None:
        settings = self._settings
        if self._under_way > settings.max_requests:
            raise Problem(503, "too many requests are under way", headers={"retry-after": "1"})
        if settings.hosts is not None and _host(headers.get("host", "")) not in settings.hosts:
            raise Problem(400, f"the header Host must name one of {', '.join(settings.hosts)}", "Host")
        if self._rates is not None:
            wait = self._rates.wait(str((scope.get("client") or ("",))[0]))
            if wait > 0:
                most = f"at most {settings.rate:g} requests a second are answered"
                raise Problem(429, most, headers={"retry-after": str(int(wait) + 1)})
        path = scope["path"].removeprefix(scope.get("root_path", ""))  # where this is mounted in another
        is_open = path in _OPEN or path.startswith(_OPEN_FOLDER)
        if settings.token is not None and not is_open:
            given = headers.get("authorization", "").encode("latin-1")  # as they came
            if not hmac.compare_digest(given, f"Bearer {settings.token}".encode()):
                realm = {"www-authenticate": "Bearer"}
                raise Problem(
                    401, "the header Authorization must be 'Bearer ' and the token", "Authorization", realm
                )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > settings.max_bytes:
            raise _too_long(settings.max_bytes)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class _Body:
    """Receives the body of a request, up to a length."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._length = receive, most, 0

    async def __call__(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request":
            self._length += len(message.get("body", b""))
            if self._length > self._most:
                raise _too_long(self._most)
        return message


def _host(header: str) -> str:
    """Return the name in a header, without the port."""
    name, _, port = header.rpartition(":")
    return name if port.isdecimal() else header


def _too_long(most: int) -> Problem:
    return Problem(413, f"the body must have at most {most:,} bytes", "body")


class Rates:
    """How many requests each address may send: a bucket of a second's worth that fills steadily."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._full = max(rate, 1.0)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Count a request; return for how many seconds the address has none left, or 0."""
        now = time.monotonic()
        level, since = self._buckets.pop(address, (self._full, now))
        level = min(level + (now - since) * self._rate, self._full)
        enough = level >= 1
        self._buckets[address] = (level - 1 if enough else level, now)
        if len(self._buckets) > _ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if enough else (1 - level) / self._rate
