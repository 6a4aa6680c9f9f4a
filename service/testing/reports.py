"""Reports over HTTP as a client makes them: trigger, look at the status, stop looking when it has ended."""

import time
from typing import TYPE_CHECKING

from store_uptime.service.errors import ReportNotMade
from store_uptime.service.testing.server import JsonObject

if TYPE_CHECKING:
    import httpx

REPORT_S, LOOK_S = 60.0, 0.05


def request_report(client: "httpx.Client", **options: object) -> str:
    """The id of the report that POST /trigger_report leads to. options: the members of its body.

    Raises ReportNotMade where the trigger is refused.
    """
    answer = client.post("/trigger_report", json=options)
    if answer.status_code != 202:
        raise ReportNotMade("of this trigger", f"was refused with {answer.status_code}: {answer.text}")
    return str(answer.json()["report_id"])


def await_report(client: "httpx.Client", report_id: str, timeout_s: float = REPORT_S) -> JsonObject:
    """The status of a report, as JSON, once it is Complete or Error. Raises ReportNotMade after the timeout."""
    deadline = time.monotonic() + timeout_s
    while True:
        # Not /reports/ID/events: a stream breaks where the server is restarted, and looks at the status do not.
        status = client.get(f"/get_report/{report_id}", params={"status_only": True}).json()
        if status["status"] != "Running":
            return status
        if time.monotonic() > deadline:
            raise ReportNotMade(report_id, f"has not ended after {timeout_s:g} seconds: {status}")
        time.sleep(LOOK_S)


def complete_report(client: "httpx.Client", **options: object) -> str:
    """The id of a complete report, which this has triggered. Raises ReportNotMade where it ends as an error."""
    report_id = request_report(client, **options)
    status = await_report(client, report_id)
    if status["status"] != "Complete":
        raise ReportNotMade(report_id, f"ended as {status}")
    return report_id
