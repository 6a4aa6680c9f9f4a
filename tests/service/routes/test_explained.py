"""The stores there are, and why a store has its figures: pages of ids, and timelines, whatever is in an id."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.support.feeds import called
from tests.support.postgres import fresh_database, insert, run
from tests.support.running import complete, finished, problem, served

TABLES = (
    "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
)
ODD = 'a/b c,"d" & é?=#%+'
IDS = ["a", "B", "b", "a b", "a/b", "a,b", 'a"b', "a'b", "é", "e", "%2F", "=1+1", "雪", "𐐷", "\uffee", "../b", ODD]
NEWEST = datetime(2024, 5, 8, 12, 20, tzinfo=UTC)
NOW = "2024-05-07T09:30:00Z"
FEW, MANY = 3, 1_000
MOST_PAGES = 50


@pytest.fixture(scope="module")
def polled(server: str) -> Iterator[str]:
    """A database with a store for each of the ids; each is up and down in a pattern of its own."""
    polls = [
        {
            "store_id": store,
            "timestamp_utc": NEWEST - timedelta(minutes=50 * step + number),
            "status": "inactive" if (step + number) % (number + 2) == 0 else "active",
        }
        for number, store in enumerate(IDS)
        for step in range(250)
    ]
    old = {"store_id": "old", "timestamp_utc": NEWEST - timedelta(days=20), "status": "active"}
    hours = [
        {"store_id": store, "day_of_week": day, "start_time_local": "09:00", "end_time_local": "17:30"}
        for store in IDS[::2]
        for day in range(6)
    ]
    zones = [{"store_id": store, "timezone_str": "Asia/Kathmandu"} for store in IDS[::3]]
    with fresh_database(server) as url:
        run(url, *TABLES)
        insert(url, "store_status", [*polls, old])
        insert(url, "menu_hours", hours)
        insert(url, "timezones", zones)
        yield url


service = pytest.fixture(served, scope="module")


# Stores ---------------------------------------------------------------------------------------------------------------


def test_stores_come_in_the_order_of_their_bytes(client: httpx.Client) -> None:
    assert client.get("/stores").json() == {"stores": sorted(IDS, key=str.encode), "next": None}


PREFIXES = ["a", "a/", "a b", 'a"', "é", "%", "%2", "=", "雪", "𐐷", ODD, "\uffee"]
STRANGE = ["A", f"{ODD}?", "old", "zz", "\uffff", "\U0010ffff"]  # nothing begins with these


@pytest.mark.parametrize("limit", [1, FEW, MANY])
@pytest.mark.parametrize("prefix", ["", *PREFIXES, *STRANGE])
def test_the_pages_of_a_prefix_hold_all_that_begin_with_it(client: httpx.Client, prefix: str, limit: int) -> None:
    pages = list(paged(client, str(httpx.URL("/stores", params={"prefix": prefix, "limit": limit}))))
    found = [store for page in pages for store in page]
    assert found == [store for store in sorted(IDS, key=str.encode) if store.startswith(prefix)]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_a_page_may_begin_after_any_text(client: httpx.Client) -> None:
    in_order = sorted(IDS, key=str.encode)
    for after in ("", *PREFIXES, *STRANGE):
        expected = [store for store in in_order if store.encode() > after.encode()]
        assert client.get("/stores", params={"after": after}).json()["stores"] == expected


def paged(client: httpx.Client, address: str) -> Iterator[list[str]]:
    for _ in range(MOST_PAGES):
        page = client.get(address).json()
        yield page["stores"]
        address = page["next"]
        if address is None:
            return
    pytest.fail("the pages come to no end")


# Timelines ------------------------------------------------------------------------------------------------------------

WINDOWS = {"hour": (timedelta(hours=1), 1), "day": (timedelta(days=1), 60), "week": (timedelta(days=7), 60)}


@pytest.fixture(scope="module")
def report(service: Any) -> str:
    """The id of a report with options of its own, of all stores."""
    with service.client() as client:
        return complete(client, now=NOW, max_gap="20m", lookback="30h")


@pytest.mark.parametrize("store", IDS)
def test_the_pieces_add_up_to_the_figures_of_the_report(client: httpx.Client, report: str, store: str) -> None:
    told = timeline(client, store, report)
    assert (told["store_id"], told["now"], told["agrees"]) == (store, NOW, True)
    figures = row_of(client, report, store)
    for window, (length, minutes) in WINDOWS.items():
        for status, name in (("up", "uptime"), ("down", "downtime")):
            total = within(told["pieces"], status, datetime.fromisoformat(NOW) - length) / minutes
            assert figures[f"{name}_last_{window}"] == pytest.approx(total, abs=0.005 + 1e-9)
    assert {piece["status"] for piece in told["pieces"]} == {"up", "down", "unknown"}


def within(pieces: list[dict[str, Any]], status: str, start: datetime) -> float:
    """The minutes of one status since an instant."""
    spans = (
        datetime.fromisoformat(piece["end_utc"]) - max(start, datetime.fromisoformat(piece["start_utc"]))
        for piece in pieces
        if piece["status"] == status
    )
    return sum(max(span, timedelta(0)) / timedelta(minutes=1) for span in spans)


def row_of(client: httpx.Client, report: str, store: str) -> dict[str, Any]:
    rows = client.get(f"/get_report/{report}", params={"format": "json"}).json()["stores"]
    return next(row for row in rows if row["store_id"] == store)


@pytest.mark.parametrize("store", ["a", ODD, "雪"])
@pytest.mark.parametrize("name", ["json", "csv"])
def test_without_a_report_it_is_that_of_the_command(
    client: httpx.Client, polled: str, tmp_path: Path, store: str, name: str
) -> None:
    answer = client.get("/timeline", params={"store_id": store, "format": name})
    written = called("timeline", store, "--source", polled, "--format", name, "--out", "-", cwd=tmp_path)
    aged = (re.sub(rb'"data_age_seconds": [0-9.]+', b"", content) for content in (answer.content, written.stdout))
    assert next(aged) == next(aged) != b""
    assert answer.headers["Content-Type"].partition(";")[0] == {"json": "application/json", "csv": "text/csv"}[name]


def test_of_a_report_csv_and_json_hold_the_same_pieces(client: httpx.Client, report: str) -> None:
    asked = {"store_id": ODD, "report_id": report}
    rows = list(csv.DictReader(io.StringIO(client.get("/timeline", params={**asked, "format": "csv"}).text)))
    pieces = client.get("/timeline", params=asked).json()["pieces"]
    assert rows == [{name: "" if value is None else str(value) for name, value in piece.items()} for piece in pieces]


VIEWS = (
    "/",
    "/view/{id}",
    "/view/{id}/store?store_id=a",
    "/view/{id}/data",
    "/history",
    "/compare?old={id}&new={id}",
    "/trends",
    "/changes",
)


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_has_every_view_of_a_report(client: httpx.Client, report: str, view: str) -> None:
    answer = client.get(view.format(id=report))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(("later", "says"), [(2, "down then"), (3, "down when last seen")])
def test_long_after_the_newest_poll_nothing_is_down_now(client: httpx.Client, later: int, says: str) -> None:
    fleet = complete(client, now=(NEWEST + timedelta(hours=later)).isoformat())
    store = sorted(IDS, key=str.encode)[0]
    head, week = (
        client.get(address).text
        for address in (f"/view/{fleet}", f"/view/{fleet}/store?{urlencode({'store_id': store})}")
    )
    is_old = says == "down when last seen"
    assert ("newest poll 3 hours before" in head) == is_old
    assert f'data-down-word="{says}"' in head
    assert ("The data is old: the newest poll of all stores is of" in week) == is_old


def test_a_comparison_says_of_both_reports_how_old_their_data_is_and_that_it_warns(client: httpx.Client) -> None:
    given, newest = complete(client, now=(NEWEST + timedelta(hours=3)).isoformat()), complete(client)
    text = client.get("/compare", params={"old": given, "new": newest}).text
    sides = re.findall("the week to <a .*", text)
    assert [re.findall("Wed 8 May 2024", side)[:1] for side in sides] == [["Wed 8 May 2024"]] * 2
    assert "newest poll 3 hours before" in sides[0]
    assert re.search("</a>, [0-9]+ days ago", sides[1])
    assert f'<a class="warned" href="/view/{newest}/data" title="old-data' in text


def test_a_schedule_shows_that_its_newest_report_has_warnings(client: httpx.Client) -> None:
    client.post("/schedules", json={"name": "old", "cron": "0 0 29 2 *"}).raise_for_status()
    report_id = client.post("/schedules/old/run").json()["report_id"]
    told = finished(client, report_id)
    (schedule,) = client.get("/schedules").json()["schedules"]
    page = client.get("/timetable").text
    client.delete("/schedules/old").raise_for_status()
    assert (schedule["last"]["warnings"], schedule["last"]["warning_codes"]) == (told["warnings"], ["old-data"])
    assert f'complete</span>, <a class="warned" href="/view/{report_id}/data" title="old-data">⚠ 1 warning</a>' in page


def test_of_a_report_whose_data_is_old_a_timeline_says_so(client: httpx.Client, report: str) -> None:
    old = complete(client)
    (warning,) = client.get(f"/get_report/{old}?status_only=true").json()["warnings"]
    assert timeline(client, "a", old)["warnings"] == [warning]
    assert timeline(client, "a", report)["warnings"] == []


def test_a_store_that_is_not_in_the_report_has_none(client: httpx.Client, report: str) -> None:
    unknown = "no poll in the database has the store id '{}'. Ids are compared as written, case included."
    of_one = complete(client, now=NOW, store_id="a")
    assert problem(asked_for(client, "B", of_one), 404) == unknown.format("B")
    assert problem(asked_for(client, "old", report), 404) == unknown.format("old")
    assert problem(asked_for(client, "A", report), 404) == unknown.format("A")
    assert timeline(client, "a", of_one)["agrees"]


def test_polls_that_came_later_are_told(client: httpx.Client, polled: str) -> None:
    report_id = complete(client, now=NOW)
    run(polled, "insert into store_status values ('e', '2024-05-07 09:29Z', 'inactive')")
    told = timeline(client, "e", report_id)
    run(polled, "delete from store_status where timestamp_utc = '2024-05-07 09:29Z'")
    assert not told["agrees"]
    assert told["pieces"][-1]["poll_utc"] == "2024-05-07T09:29:00.000000Z"
    assert timeline(client, "e", report_id)["agrees"]


def asked_for(client: httpx.Client, store: str, report: str) -> httpx.Response:
    return client.get("/timeline", params={"store_id": store, "report_id": report})


def timeline(client: httpx.Client, store: str, report: str) -> dict[str, Any]:
    answer = asked_for(client, store, report)
    assert answer.status_code == 200, answer.text
    return answer.json()
