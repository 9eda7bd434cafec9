"""Many small questions at once: those that come while the last ones are answered are answered together."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Answers questions that have come at the same time together.

    Nobody waits for others to come. Where answers are quick they are made where everything else is done as
    well, as handing them to a thread would take longer; who comes meanwhile is answered next, with all
    others who have come.

    Parameters
    ----------
    answer : callable
        Returns an answer for each of several questions; an Exception is raised where that was asked. What
        it raises itself is raised for all.
    most : int
        How many questions it gets at most.
    threads : concurrent.futures.Executor
        Where it is called if that takes long.
    patience : float
        How long it may take for all of them, in seconds, before others are not to wait for that.
    """

    def __init__(
        self, answer: Callable[[list[Question]], Sequence[Answer | Exception]], most: int, threads: Executor,
        patience: float,
    ) -> None:  # fmt: skip
        self._answer, self._most, self._threads, self._patience = answer, most, threads, patience
        self._took = 0.0
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, question: Question) -> Answer:
        """Return the answer to a question."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = loop.create_task(self._answer_all())
        return await future

    async def _answer_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                await self._answer_some(loop)
                await asyncio.sleep(0)  # others
        finally:
            self._task = None

    async def _answer_some(self, loop: asyncio.AbstractEventLoop) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
        # Who has given up in the meantime is not answered.
        group = [(question, future) for question, future in group if not future.done()]
        if not group:
            return
        questions = [question for question, _ in group]
        answers: Sequence[Answer | Exception]
        try:
            if self._took * len(group) > self._patience:
                answers = await loop.run_in_executor(self._threads, self._timed, questions)
            else:
                answers = self._timed(questions)
        except Exception as error:
            answers = [error] * len(group)
        for (_, future), answer in zip(group, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _timed(self, questions: list[Question]) -> Sequence[Answer | Exception]:
        started = time.perf_counter()
        answers = self._answer(questions)
        self._took = (time.perf_counter() - started) / max(len(questions), 1)
        return answers
