"""HTTP on a connection, with limits to what comes before a request's body."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from penchant.service._problem import Problem

# The most bytes without an end of the headers, and how long they may take.
_LONGEST = 64 * 1024
_SECONDS = 10.0


class Protocol(HttpToolsProtocol):
    """Closes connections whose headers are too long or too slow, and answers what is no HTTP in JSON."""

    _head = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for a request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless too much has come without an end of the headers."""
        super().data_received(data)
        if self._timer is not None and not self.transport.is_closing():
            self._head += len(data)
            if self._head > _LONGEST:
                self.send_400_response(f"the headers must have at most {_LONGEST:,} bytes")

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._timer is None:
            self._expect()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Go on to the body, which others look after."""
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no request, and close the connection."""
        self._stop_waiting()
        sentence = "this is no HTTP" if msg == "Invalid HTTP request received." else msg
        body = bytes(Problem(400, sentence).response().body)
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        )
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def _expect(self) -> None:
        self._head = 0
        self._timer = self.loop.call_later(_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
