"""Stores, and why a store has its figures."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, QueryParameter

from store_uptime.service.backend.backend import Backend
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.registry.report_lookup import find_windows
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.openapi import TimelineOperation
from store_uptime.service.routes.problem_responses import TAKES_NOTHING, problems
from store_uptime.service.routes.request_options import StoreChoice
from store_uptime.service.routes.request_schemas import StoreIdInQuery
from store_uptime.service.routes.schemas import StorePage
from store_uptime.service.workers import interactive
from store_uptime.service.workers.sample_data import load_sample

Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
Prefix = Annotated[str, QueryParameter(max_length=1000, description="Only ids that begin like this.")]
After = Annotated[str, QueryParameter(max_length=1000, description="The last id of a page.")]
SAMPLE_STORES, SAMPLE_DAYS = 200, 9
SOURCE = "source"  # the subject in the audit of what is no report
LOADED = {204: ResponseSpec(None, description="Loaded.")}
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}


@get(
    "/stores",
    **needs(Role.READ),
    responses=problems(s404="No polls."),
    tags=["stores"],
    summary="The stores that have polls",
)
async def stores(
    caller: NamedDependency[Caller],
    stores_chosen: NamedDependency[StoreChoice],
    prefix: Prefix = "",
    after: After = "",
    limit: Limit = 100,
) -> StorePage:
    """Stores with a poll in the horizon, in byte order; not older than a minute. Names and attributes are those of the
    newest report."""
    known = await caller.backend.stores.stores()
    search, only = stores_chosen.search, stores_chosen.only
    # In a thread: a text that few stores have is looked for in all of them.
    found = await asyncio.to_thread(known.page, prefix, search, only, after, limit + 1)
    query = {
        "prefix": prefix,
        "search": search,
        "only": [f"{name}={value}" for name, values in only for value in values],
    }
    given = {name: value for name, value in query.items() if value or name == "prefix"}
    more = urlencode({**given, "after": found[limit - 1], "limit": limit}, doseq=True) if len(found) > limit else None
    await caller.note("read", SOURCE, "stores")
    names = {store: known.names[store] for store in found[:limit] if store in known.names}
    return StorePage(found[:limit], more and f"/stores?{more}", names)


@get(
    "/timeline",
    **needs(Role.READ),
    operation_class=TimelineOperation,
    responses=problems(
        s404="No such store, or no such report.",
        s409="The report has no result, or not yet, or is by periods.",
        s410="The report is not kept any more.",
    ),
    tags=["stores"],
    summary="Why a store has its figures",
)
async def timeline(
    backend: NamedDependency[Backend],
    caller: NamedDependency[Caller],
    store_id: StoreIdInQuery,
    report_id: FromQuery[str] = "",
    format: FromQuery[Literal["json", "csv"]] = "json",
) -> Response[bytes]:
    """The pieces of the store's week, each with the poll that it rests on: of a report, or as of the newest poll."""
    if report_id:
        await find_windows(backend.registry, report_id, "timeline")
        content = await caller.explained(interactive.render_timeline, report_id, store_id)
    else:
        content = await backend.workers.run_on_source(
            interactive.render_timeline_now, backend.source_config, store_id, backend.limits
        )
        await caller.note("read", SOURCE, f"explained {caller.store_noted(store_id)}")
    return Response(content[format], media_type=MEDIA_TYPES[format])


@post(
    "/sample_data",
    **needs(Role.ADMIN),
    status_code=204,
    responses=problems(s409="There is data already, or it may not be written.", **TAKES_NOTHING) | LOADED,
    tags=["stores"],
    summary="Load sample data into an empty database",
)
async def sample_data(caller: NamedDependency[Caller]) -> None:
    """Make tables of polls, hours and zones, with 200 made-up stores over 9 days; only where there are no rows yet."""
    backend = caller.backend
    await backend.workers.run_on_source(load_sample, backend.source_config, SAMPLE_STORES, SAMPLE_DAYS)
    await caller.note("loaded", SOURCE, "sample data")
