"""The newest report in some numbers, for every open page: each asks again every half minute."""

from datetime import timedelta
from functools import partial

from litestar import Response, get
from litestar.di import NamedDependency

from store_uptime import pipeline
from store_uptime.pipeline import LOOKBACK, duration_text
from store_uptime.service.backend.backend import Backend
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.page.freshness import seconds_since
from store_uptime.service.registry.reports import NewestSummary, newest_summary
from store_uptime.service.routes.conditional import etag, is_among
from store_uptime.service.routes.summaries import decrypted_summary, figures_of


@get("/newest.json")
async def newest_view(request: ApiRequest, backend: NamedDependency[Backend]) -> Response[dict[str, object] | None]:
    """The report that the page begins with: as of when and how old that is, how many stores are down of those open, and
    whether another report is on its way."""
    # Not noted in the audit: a screen on a wall would fill it, and what it reads are two numbers.
    newest = await backend.registry.only_row(newest_summary())
    # The age is not in the tag: whoever has the answer of before can go on counting.
    headers = {"ETag": etag(newest.report_id, newest.summary is None, newest.is_running, usual_options(newest))}
    if is_among(headers["ETag"], request.headers.get("If-None-Match", "")):
        return Response(None, status_code=304, headers=headers)
    summary = await backend.decrypt(partial(decrypted_summary, backend.settings.encryption), newest.summary)
    return Response(shown_newest(newest, summary), headers=headers)


def shown_newest(newest: NewestSummary, summary: bytes | None) -> dict[str, object]:
    """The numbers of the newest report. age_seconds: None where its now was given; down, open: None without a summary
    that can be read; options: what the next one is made with."""
    if newest.report_id is None:
        return {"report_id": None, "running": newest.is_running, "options": usual_options(newest)}
    figures = None if summary is None else figures_of(summary)
    as_of = newest.as_of if figures is None else figures.now
    return {
        "report_id": newest.report_id,
        "now": pipeline.instant_text(as_of),
        "age_seconds": seconds_since(as_of) if as_of is not None and newest.is_of_newest_poll else None,
        "down": None if figures is None else figures.down,
        "open": None if figures is None else figures.open,
        "running": newest.is_running,
        "options": usual_options(newest),
    }


def usual_options(newest: NewestSummary) -> dict[str, str]:
    """The options that a new report has, as a trigger has them; defaults are left out."""
    options = {} if newest.usual_max_gap is None else {"max_gap": newest.usual_max_gap}
    if newest.usual_lookback != LOOKBACK.total_seconds():
        options["lookback"] = newest.usual_lookback
    return {name: duration_text(timedelta(seconds=seconds)) for name, seconds in options.items()}
