"""The service as a whole: its model, its addresses and what stands before them."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
import warnings
from collections.abc import AsyncIterator, Callable

from anyio import to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from penchant._core import __version__
from penchant.exceptions import DataWarning, ParameterWarning
from penchant.service import _metrics as metrics
from penchant.service._answers import Answers
from penchant.service._current import LOG, CurrentModel
from penchant.service._guard import Guard
from penchant.service._look import Look
from penchant.service._map import Map
from penchant.service._page import page
from penchant.service._problem import on_failure, on_http_error, on_invalid
from penchant.service._routes import routes
from penchant.service._settings import Settings
from penchant.service._threads import Threads

# How often a worker looks for events that others have taken.
_EVENTS_EVERY = 0.1

_DESCRIPTION = """
Recommendations from implicit feedback. Labels are texts or integers, as in the data of the model; in
addresses integers are written as such. What cannot be answered gets a sentence, and the field of the
request that it is about.
"""


def create_app(settings: Settings) -> Guard:
    """Return an ASGI application that answers from a model.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    ASGI application
        Where it is mounted in another, enter its ``lifespan()`` in that of the other.

    Raises
    ------
    ModelFormatError, OSError
        If the model, or the file of events, cannot be opened.
    """
    current, answers, threads = CurrentModel(settings), Answers(settings.names), Threads()

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watching = [asyncio.create_task(_watch(current, settings)), asyncio.create_task(_follow(current))]
        yield
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    app = FastAPI(
        title="Penchant",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # pages that fetch what they are made of from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(routes(current, answers, threads))
    if settings.page:
        app.include_router(page(current, Look(answers), Map(answers), threads))
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_failure)
    return Guard(app, settings, lambda: lifespan(app))


def app_from_environment() -> ASGIApp:
    """Return the application of a worker, which has a process of its own."""
    # Requests ask for what they get; nobody reads warnings of each.
    warnings.simplefilter("ignore", DataWarning)
    warnings.simplefilter("ignore", ParameterWarning)
    return create_app(Settings.from_environment())


async def _watch(current: CurrentModel, settings: Settings) -> None:
    """Look for newer models, forever."""
    metrics.WRITTEN.set(current.now().written)
    while True:
        await asyncio.sleep(settings.poll)
        before = current.problem
        if await _looked(current, current.take_newer):
            metrics.WRITTEN.set(current.now().written)
            metrics.MODELS.labels("taken").inc()
        elif current.problem is not None and current.problem != before:
            metrics.MODELS.labels("refused").inc()


async def _follow(current: CurrentModel) -> None:
    """Take in the events that other workers have taken, forever."""
    while current.takes_events:
        await asyncio.sleep(_EVENTS_EVERY)
        await _looked(current, current.catch_up)


async def _looked(current: CurrentModel, look: Callable[[], bool]) -> bool:
    """Look for something newer; whatever goes wrong, the next look is tried."""
    try:
        return await to_thread.run_sync(look)
    except Exception as error:
        before = current.problem
        current.failed(error)
        if current.problem != before:
            place = traceback.extract_tb(error.__traceback__)[-1]
            LOG.error("%s at %s:%s in %s", type(error).__name__, place.filename, place.lineno, place.name)
        return False
