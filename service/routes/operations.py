"""For those who run the service: health, readiness and metrics."""

import prometheus_client
from litestar import HttpMethod, Response, get, route
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from store_uptime.service.backend.backend import Backend
from store_uptime.service.errors.causes import Cause
from store_uptime.service.front.problems import RETRY_AFTER
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.registry.grants import Role, RouteArguments, needs
from store_uptime.service.routes.problem_responses import problems
from store_uptime.service.routes.schemas import Health, Readiness

OPEN: RouteArguments = {"opt": {"exclude_from_auth": True}, "security": [{}]}  # probes have no key
NOT_READY = {503: ResponseSpec(Readiness, description="Not all of it is there.", generate_examples=False)}


@get("/health", **OPEN, responses=problems(), tags=["operations"], summary="Is the process alive")
async def health() -> Health:
    """Answers as long as the process does."""
    return Health()


@get("/ready", **OPEN, responses=problems() | NOT_READY, tags=["operations"], summary="Can reports be run")
async def ready(request: ApiRequest, backend: NamedDependency[Backend]) -> Response[Readiness]:
    """200 where registry, tables, workers and disk are there; else 503, and which of them is not, since when.

    As they were a few seconds ago: whoever asks waits for nothing.
    """
    found = backend.readiness.problems()
    missing, since = {name: lack for name, (lack, _) in found.items()}, {name: at for name, (_, at) in found.items()}
    if missing:
        request.scope["state"]["cause"] = {"cause": Cause.NOT_READY, "reason": ", ".join(missing)}
    if not missing:
        return Response(Readiness(True, missing, since))
    return Response(Readiness(False, missing, since), status_code=503, headers={"Retry-After": RETRY_AFTER})


@get(
    "/metrics",
    **needs(Role.READ),
    media_type="text/plain",
    responses=problems(),
    tags=["operations"],
    summary="For Prometheus",
)
async def metrics() -> Response[object]:
    """How many, how long, how late, how many failed, how full."""
    return Response(prometheus_client.generate_latest(), media_type="text/plain; version=0.0.4")


SHARED = ["/reports/{report_id:str}", "/schedules", "/schedules/{name:str}", "/session"]


@route(SHARED, http_method=HttpMethod.OPTIONS, include_in_schema=False)
async def allowed_methods(request: ApiRequest) -> Response[None]:
    """The methods of an address that has several handlers."""
    # Litestar's own answer to OPTIONS names the methods of one handler only.
    here = (found.methods for found in request.app.routes if found.path_format == request.scope["path_template"])
    return Response(None, status_code=204, headers={"Allow": ", ".join(sorted(next(here)))})
