"""The service as a part of an application of your own, under /recommendations.

MODEL=model.safetensors uvicorn own_service:app
"""

import contextlib
import os

from fastapi import FastAPI

from penchant.service import Settings, create_app

recommendations = create_app(Settings(os.environ["MODEL"], page=False))


@contextlib.asynccontextmanager
async def lifespan(_app):
    """Let the service look for newer models while this application runs."""
    async with recommendations.lifespan():
        yield


app = FastAPI(title="A shop", lifespan=lifespan)
app.mount("/recommendations", recommendations)


@app.get("/")
async def index():
    """Answer for the shop."""
    return {"shop": "open"}
