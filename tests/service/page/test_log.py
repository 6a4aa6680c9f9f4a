"""The log of reports, as far as no browser is needed: its figures, and the way to a comparison."""

import re
from datetime import datetime, timedelta

import httpx
import pytest

from store_uptime.service.testing import Service
from tests.support.running import complete


@pytest.fixture(scope="module")
def two(service: Service) -> tuple[str, str]:
    """An earlier and a later report."""
    with service.client() as client:
        later = complete(client)
        now = datetime.fromisoformat(client.get(f"/reports/{later}").json()["provenance"]["now"])
        return complete(client, now=(now - timedelta(days=1)).isoformat()), later


def row_of(client: httpx.Client, report_id: str) -> str:
    """The row of a report in the log, as text."""
    rows = re.findall(r"<tr.*?</tr>", client.get("/history").raise_for_status().text, re.DOTALL)
    [row] = [row for row in rows if f"/view/{report_id}" in row]
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_its_figures_are_those_of_the_api(client: httpx.Client, two: tuple[str, str]) -> None:
    for report_id in two:
        overview = client.get(f"/reports/{report_id}/overview").raise_for_status().json()
        row = row_of(client, report_id)
        assert f" {overview['week']['uptime_percent']:.2f} % " in row
        assert f" {overview['down']:,} of {overview['open']:,} " in row


def test_where_the_times_do_not_follow_the_order_it_says_when_each_was_made(
    client: httpx.Client, two: tuple[str, str]
) -> None:
    assert [" made " in row_of(client, report_id) for report_id in two] == [True, True]
    last = complete(client, lookback="25h")
    assert " made " not in row_of(client, last)


def test_two_that_are_checked_are_compared_the_older_one_first(client: httpx.Client, two: tuple[str, str]) -> None:
    for checked in (list(two), list(reversed(two))):
        answer = client.get("/history/compare", params={"report": checked}, follow_redirects=False)
        assert answer.headers["Location"] == f"/compare?old={two[0]}&new={two[1]}"


@pytest.mark.parametrize("number", [0, 1, 3])
def test_others_than_two_are_not_compared(client: httpx.Client, two: tuple[str, str], number: int) -> None:
    answer = client.get("/history/compare", params={"report": [*two, "0" * 32][:number]})
    assert answer.status_code == 400
    assert f"Check two uptime reports to compare, not {number}." in answer.text
