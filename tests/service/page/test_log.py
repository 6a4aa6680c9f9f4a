"""The log of reports: its figures, the states of its reports, and the way to a comparison."""

import re
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect

from store_uptime.service.testing import Service
from tests.support.browsing import new_page
from tests.support.postgres import run
from tests.support.running import complete, held_up, trigger

ENCRYPTED = b"age-encryption.org/v1\n"  # as a file begins that this server has no key for


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


def test_each_says_when_it_was_made(client: httpx.Client, two: tuple[str, str]) -> None:
    for report_id in two:
        made = datetime.fromisoformat(client.get(f"/reports/{report_id}").json()["report"]["requested_at"])
        assert f"{made:%H:%M :%S} " in row_of(client, report_id)


def test_two_that_are_checked_are_compared_the_older_one_first(client: httpx.Client, two: tuple[str, str]) -> None:
    for checked in (list(two), list(reversed(two))):
        answer = client.get("/history/compare", params={"report": checked}, follow_redirects=False)
        assert answer.headers["Location"] == f"/compare?old={two[0]}&new={two[1]}"


@pytest.mark.parametrize("number", [0, 1, 3])
def test_others_than_two_are_not_compared(client: httpx.Client, two: tuple[str, str], number: int) -> None:
    answer = client.get("/history/compare", params={"report": [*two, "0" * 32][:number]})
    assert answer.status_code == 400
    assert f"Check two uptime reports to compare, not {number}." in answer.text


def test_an_older_report_of_one_store_gets_its_figures_too(client: httpx.Client, polled: str) -> None:
    [store, *_] = client.get("/stores").json()["stores"]
    report_id = complete(client, store_id=store)
    run(polled, f"update store_uptime.report set summary = null, data_now = null where id = '{report_id}'")
    made = row_of(client, report_id)
    assert re.search(r"of 1 .*Store ", made)
    assert "newest poll" not in made
    assert run(polled, f"select summary is null from store_uptime.report where id = '{report_id}'") == [(False,)]


def test_one_that_is_encrypted_for_another_key_says_so_and_is_not_compared(client: httpx.Client, polled: str) -> None:
    report_id = complete(client, max_gap="3h")
    run(polled, f"update store_uptime.report set summary = '\\x{ENCRYPTED.hex()}' where id = '{report_id}'")
    assert "encrypted for another key" in row_of(client, report_id)
    assert f'value="{report_id}"' not in client.get("/history").text
    client.delete(f"/reports/{report_id}").raise_for_status()


def test_one_that_was_cancelled_has_not_failed_and_is_as_of_no_time(client: httpx.Client, polled: str) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback="29h")
        client.delete(f"/reports/{report_id}").raise_for_status()
    row = row_of(client, report_id)
    assert "Cancelled" in row
    assert "Failed" not in row
    assert row.startswith("the newest poll ")


def test_each_report_can_be_told_from_the_others(client: httpx.Client, two: tuple[str, str]) -> None:
    labels = re.findall(r'aria-label="(Compare the report [^"]+)"', client.get("/history").text)
    assert len(labels) >= len(two)
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("after", ["zzz", "0" * 32])
def test_no_page_follows_a_report_that_there_never_was(client: httpx.Client, after: str) -> None:
    for address in ("/history", "/reports"):
        assert client.get(address, params={"after": after}).status_code == 404


def test_a_script_that_reads_data_gets_its_problem_as_data(client: httpx.Client) -> None:
    report_id = complete(client, period="7d")
    answer = client.get(f"/view/{report_id}/fleet.json")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-of-windows")


@pytest.mark.long  # a browser
@pytest.mark.nightly
def test_nothing_is_counted_on_while_the_server_does_not_answer(
    chromium: Browser, service: Service, client: httpx.Client, polled: str
) -> None:
    with held_up(polled), new_page(chromium, service.url) as page:
        report_id = trigger(client, lookback="33h")
        page.route(re.compile("/events|/get_report/"), lambda route: route.abort())
        page.goto(f"/view/{report_id}")
        progress = page.locator(f"[data-report='{report_id}']")
        expect(progress).to_contain_text(re.compile(r"no answer from the server since \d\d:\d\d UTC"))
        elapsed = progress.locator(".elapsed").inner_text()
        page.wait_for_timeout(1500)
        assert progress.locator(".elapsed").inner_text() == elapsed
        page.unroute_all()
        expect(progress).not_to_contain_text("no answer")
