"""The page to look at a model with, and what it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from penchant.service import _schema as schema
from penchant.service._current import CurrentModel
from penchant.service._labels import label_of
from penchant.service._look import Look
from penchant.service._map import Map
from penchant.service._problem import Problem
from penchant.service._threads import Threads

_FILES = Path(__file__).with_name("page")
# Nothing is fetched from elsewhere, and nobody frames the page.
_HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}

_Text = Annotated[schema.Text, Query()]
_N = Annotated[schema.Count, Query()]


class _Like(BaseModel):
    model_config = ConfigDict(extra="forbid")

    item: schema.Label
    weight: schema.Number = 1.0


class _Likes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    likes: Annotated[list[_Like], Field(min_length=1, max_length=schema.MOST)]
    n: schema.Count = 10


def page(current: CurrentModel, look: Look, drawing: Map, threads: Threads) -> APIRouter:
    """Return the page, and the addresses that it asks, which are nobody else's."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def index() -> Response:
        return FileResponse(_FILES / "index.html", headers=_HEADERS)

    @router.get("/page/{name}")
    async def file(name: str) -> Response:
        if name not in {path.name for path in _FILES.iterdir()}:
            raise Problem(404, "there is nothing at this address")
        return FileResponse(_FILES / name, headers=_HEADERS)

    @router.get("/look/overview")
    async def overview() -> Response:
        served = current.now()
        return await threads.answered(lambda: look.overview(served))

    @router.get("/look/search")
    async def search(q: _Text, n: _N = 12) -> Response:
        served = current.now()
        return await threads.answered(lambda: look.search(served, q, n))

    @router.get("/look/user")
    async def user(user: _Text, n: _N = 10) -> Response:
        served = current.now()
        return await threads.answered(lambda: look.user(served, label_of(served.data, "user", user), n))

    @router.get("/look/item")
    async def item(item: _Text, n: _N = 10) -> Response:
        served = current.now()
        return await threads.answered(lambda: look.item(served, label_of(served.data, "item", item), n))

    @router.post("/look/basket")
    async def basket(asked: _Likes) -> Response:
        served = current.now()
        likes = [(label_of(served.data, "item", str(like.item)), like.weight) for like in asked.likes]
        return await threads.answered(lambda: look.basket(served, likes, asked.n))

    @router.get("/look/map")
    async def whole_map() -> Response:
        served = current.now()
        return await threads.answered(lambda: drawing.drawn(served))

    @router.get("/look/popularity")
    async def popularity(n: _N = 500) -> Response:
        served = current.now()
        return await threads.answered(lambda: look.popularity(served, n))

    return router
