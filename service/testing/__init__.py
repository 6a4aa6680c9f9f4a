"""A service for a block of code: for tests, demonstrations, measurements and the pictures of the docs.

server    starts `store-uptime serve` as a process of its own and waits for it
reports   triggers a report over HTTP and waits for its end
browser   opens the page in a Chromium; it needs Playwright, which the package does not require

    with serving("--database", "postgresql://…") as service, service.client() as client:
        report_id = complete_report(client, lookback="48h")
        client.get(f"/get_report/{report_id}").text
"""

from store_uptime.service.testing.reports import (
    ReportNotMade,
    await_report,
    complete_report,
    request_report,
)
from store_uptime.service.testing.server import NotServing, Service, serving, started

__all__ = [
    "NotServing",
    "ReportNotMade",
    "Service",
    "await_report",
    "complete_report",
    "request_report",
    "serving",
    "started",
]
