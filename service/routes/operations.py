"""For those who run the service: is it alive, is it ready, how is it doing."""

from typing import Any

import prometheus_client
from litestar import Response, get
from litestar.di import NamedDependency

from service.backend import Backend
from service.routes.shapes import Health, Readiness, problems

OPEN = {"exclude_from_auth": True}


@get("/health", opt=OPEN, tags=["operations"], summary="Is the process alive")
async def health() -> Health:
    """Answers as long as the process does."""
    return Health()


@get("/ready", opt=OPEN, responses=problems(), tags=["operations"], summary="Can reports be run")
async def ready(backend: NamedDependency[Backend]) -> Response[Readiness]:
    """200 where registry, tables, workers and disk are there; else 503, and which of them is not."""
    missing = await backend.shortcomings()
    return Response(Readiness(not missing, missing), status_code=503 if missing else 200)


@get("/metrics", media_type="text/plain", responses=problems(), tags=["operations"], summary="For Prometheus")
async def metrics() -> Response[Any]:
    """How many, how long, how late, how many failed, how full."""
    return Response(prometheus_client.generate_latest(), media_type="text/plain; version=0.0.4; charset=utf-8")
