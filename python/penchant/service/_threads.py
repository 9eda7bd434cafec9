"""Questions to the model that take longer than the service may stop for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.responses import Response

from penchant.service._problem import json_response

# So many are answered at a time; others wait, and give up when their time is over.
_AT_ONCE = 4


class Threads:
    """A few threads that answer, whatever becomes of those who asked."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, "penchant-answers")

    async def answered(self, question: Callable[[], dict[str, Any]]) -> Response:
        """Return what a question is answered with."""
        loop = asyncio.get_running_loop()
        return json_response(await loop.run_in_executor(self._threads, question))
