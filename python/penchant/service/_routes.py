"""The addresses of the service."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from penchant.service import _metrics as metrics
from penchant.service import _schema as schema
from penchant.service._answers import Answers, Json, ListAsked
from penchant.service._current import BAD, CurrentModel
from penchant.service._events import columns_of_events, problem_of
from penchant.service._guard import LIMIT
from penchant.service._journal import JournalError
from penchant.service._labels import check_known, label_of
from penchant.service._problem import Problem, json_response
from penchant.service._threads import Threads
from penchant.service._together import Together

# Lists in one search: with more, others would wait too long.
_LISTS = 64
# Lists that take longer together, in seconds, are made where others do not wait for them.
_QUICK = 0.02
# Requests whose events are taken in at once.
_POSTS = 1000

_User = Annotated[schema.Text, Query(description="the label of a user")]
_Item = Annotated[schema.Text, Query(description="the label of an item")]
_N = Annotated[schema.Count, Query()]

# What any request may get instead of an answer.
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": schema.Refusal, "description": what}
    for status, what in {
        400: "The request is none.",
        401: "The token is missing or wrong.",
        404: "The model does not know this user or item.",
        413: "The body is too long.",
        422: "A field is not what it must be.",
        429: "Too many requests came from this address.",
        503: "There is too much to do, or this took too long.",
    }.items()
}


def routes(current: CurrentModel, answers: Answers, threads: Threads) -> APIRouter:
    """Return what answers at each address."""
    router = APIRouter(responses=_REFUSALS)
    lists = Together[ListAsked, Json](answers.lists, _LISTS, ThreadPoolExecutor(1, "penchant-lists"), _QUICK)
    posts = Together(current.take, _POSTS, ThreadPoolExecutor(1, "penchant-events"), -1.0)

    @router.get("/recommend", summary="The best items for a user", response_model=schema.UserItems)
    async def recommend(user: _User, n: _N = 10, filter_liked: bool = True) -> Response:
        served = current.now()
        label = label_of(served.data, "user", user)
        if not served.data.has_user(label):
            await to_thread.run_sync(check_known, served.data, "user", [label], "user")
        return json_response(await lists((served, label, n, filter_liked)))

    @router.post("/recommend", summary="The best items for several users", response_model=schema.Lists)
    async def recommend_to_several(asked: schema.Recommend) -> Response:
        served = current.now()
        return await threads.answered(lambda: answers.recommend(served, asked))

    @router.post(
        "/recommend_for", summary="The best items for someone by what they like", response_model=schema.Items
    )
    async def recommend_for(asked: schema.RecommendFor) -> Response:
        served = current.now()
        return await threads.answered(lambda: answers.recommend_for(served, asked))

    @router.get("/similar_items", summary="Items like another", response_model=schema.SimilarItems)
    async def similar_items(item: _Item, n: _N = 10) -> Response:
        served = current.now()
        return await threads.answered(
            lambda: answers.similar_items(served, label_of(served.data, "item", item), n)
        )

    @router.get("/similar_users", summary="Users like another", response_model=schema.SimilarUsers)
    async def similar_users(user: _User, n: _N = 10) -> Response:
        served = current.now()
        return await threads.answered(
            lambda: answers.similar_users(served, label_of(served.data, "user", user), n)
        )

    @router.get("/explain", summary="What of a user's speaks for an item", response_model=schema.Reasons)
    async def explain(user: _User, item: _Item, n: _N = 10) -> Response:
        served = current.now()
        whose, what = label_of(served.data, "user", user), label_of(served.data, "item", item)
        return await threads.answered(lambda: answers.explain(served, whose, what, n))

    @router.get("/history", summary="What a user has", response_model=schema.History)
    async def history(user: _User, n: _N = 100) -> Response:
        served = current.now()
        return await threads.answered(lambda: answers.history(served, label_of(served.data, "user", user), n))

    @router.post(
        "/events", summary="What has happened: from now on the model knows it", response_model=schema.Taken
    )
    async def events(given: schema.Events, request: Request) -> Response:
        if not current.takes_events:
            raise Problem(403, "this service takes no events: it was started without a file to keep them in")
        columns = columns_of_events(current.now().data, given.events)
        request.scope[LIMIT].reschedule(None)  # from here on they are taken, however long that takes
        try:
            await posts(columns)
        except BAD as error:
            raise problem_of(error) from None
        except (OSError, JournalError) as error:
            sentence = error.strerror if isinstance(error, OSError) else str(error)
            raise Problem(503, f"the events cannot be kept: {sentence}") from None
        metrics.EVENTS.inc(len(given.events))
        users, items = current.now().data.shape
        return json_response({"events": len(given.events), "users": users, "items": items})

    @router.get(
        "/health", summary="Whether the service answers, and from which model", response_model=schema.Health
    )
    async def health() -> Response:
        served = current.now()
        users, items = served.data.shape
        return json_response(
            {
                "status": "ok" if current.problem is None else "old",
                "model": type(served.recommender.model).__name__,
                "users": users,
                "items": items,
                "entries": served.data.nnz,
                "events": served.growing.events,
                "written": served.written,
                "problem": current.problem,
            }
        )

    @router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
    async def counters() -> Response:
        return await to_thread.run_sync(metrics.answer)

    return router
