"""What there was and what becomes of it: the history, a report's details, cancelling and deleting, and events."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.feeds import HOURS, POLLS, ZONES, called, lines, written_feed
from tests.support.postgres import eventually, fresh_database, run
from tests.support.running import (
    NUMBERS,
    PULLING,
    WAITING,
    complete,
    finished,
    held_up,
    loaded,
    occupied,
    problem,
    served,
    step,
    trigger,
)

NOW = "2024-05-08T12:00:00Z"
ODD = 'a/b c,"d" & é?=#%'
NO_POLLS = "2000-01-01T00:00:00Z"
MOST_PAGES = 50


@pytest.fixture(scope="module")
def polled(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with four stores, where something is wrong in every table."""
    feed = written_feed(
        tmp_path_factory.mktemp("history") / "feed",
        polls=lines(POLLS, *(f"{store},2024-05-0{day} 12:00:00 UTC,active" for store in "abc" for day in range(1, 9))),
        hours=lines(HOURS, "a,0,09:00,17:00", "a,7,09:00,17:00", "a,1,9 am,17:00", "b,2,09:00,late", "c,2,09:00,17:00"),
        zones=lines(ZONES, "a,Europe/Dublin", "b,Europe/Nowhere", "a,Europe/Dublin"),
    )
    with fresh_database(server) as url:
        loaded(url, feed)
        run(
            url,
            "insert into store_status values ('a', now() + interval '3 days', 'active')",
            f"insert into store_status values ('{ODD}', '2024-05-08 11:00Z', 'inactive')",
        )
        yield url


service = pytest.fixture(served, scope="module")


# The history ----------------------------------------------------------------------------------------------------------


def test_the_newest_come_first(client: httpx.Client) -> None:
    mine = [complete(client, lookback=f"{next(NUMBERS)}s") for _ in range(3)]
    newest = client.get("/reports").json()["reports"]
    assert [report["report_id"] for report in newest[:3]] == mine[::-1]
    requested = [report["requested_at"] for report in newest]
    assert requested == sorted(requested, reverse=True)


def test_a_report_stands_there_as_in_its_status(client: httpx.Client, polled: str) -> None:
    complete(client, now=NOW, store_id="a")
    finished(client, trigger(client, now=NO_POLLS))
    for report in client.get("/reports").json()["reports"]:
        assert report == client.get(f"/get_report/{report['report_id']}?status_only=true").json()
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        (newest,) = client.get("/reports?limit=1").json()["reports"]
        assert (newest["report_id"], newest["status"]) == (report_id, "Running")
        assert newest["progress"]["ahead"] == 0
    finished(client, report_id)


def test_next_leads_through_all_of_them(client: httpx.Client, seven: list[str]) -> None:
    for limit in (1, 2, 3, 4, 7):
        pages = list(paged(client, f"/reports?store_id=b&limit={limit}"))
        assert list(chain(*pages)) == seven
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_nothing_is_missed_or_repeated_while_others_come_and_go(client: httpx.Client, seven: list[str]) -> None:
    extra = complete(client, store_id="b", lookback=f"{next(NUMBERS)}s")
    found: list[str] = []
    for page in paged(client, "/reports?store_id=b&limit=2"):
        found += page
        client.delete(f"/reports/{extra}")  # the last of the first page
        trigger(client, store_id="b", lookback=f"{next(NUMBERS)}s")
    assert found == [extra, *seven]


@pytest.fixture
def seven(client: httpx.Client) -> list[str]:
    """The only reports of store b, the newest first."""
    for old in client.get("/reports?store_id=b&limit=200").json()["reports"]:
        finished(client, old["report_id"])
        client.delete(f"/reports/{old['report_id']}")
    reports = [complete(client, store_id="b", lookback=f"{next(NUMBERS)}s") for _ in range(7)]
    return reports[::-1]


def test_it_can_be_narrowed_to_a_status(client: httpx.Client, polled: str) -> None:
    done, failed = complete(client, now=NOW), trigger(client, now=NO_POLLS)
    finished(client, failed)
    with held_up(polled):
        runs = trigger(client, lookback=f"{next(NUMBERS)}s")
        of_status = {status: ids(client, status=status, limit=200) for status in ("Complete", "Error", "Running")}
    assert of_status["Running"] == [runs]
    assert done in of_status["Complete"]
    assert failed in of_status["Error"]
    assert not set(of_status["Complete"]) & set(of_status["Error"])
    finished(client, runs)


def test_it_can_be_narrowed_to_a_store(client: httpx.Client) -> None:
    odd, other = complete(client, store_id=ODD), complete(client, store_id="a")
    assert odd in ids(client, store_id=ODD)
    assert other not in ids(client, store_id=ODD)
    assert ids(client, store_id="nobody") == ids(client, store_id="A") == []


def test_the_narrowing_goes_on_over_the_pages(client: httpx.Client) -> None:
    for lookback in ("3h", "4h", "5h"):
        complete(client, store_id=ODD, lookback=lookback)
    following = client.get("/reports", params={"store_id": ODD, "status": "Complete", "limit": 2}).json()["next"]
    assert parse_qs(urlsplit(following).query).keys() == {"store_id", "status", "limit", "after"}
    assert {report["options"]["store_id"] for report in client.get(following).json()["reports"]} == {ODD}


def test_without_a_limit_a_page_has_fifty(client: httpx.Client, polled: str) -> None:
    model = complete(client, now=NOW)
    run(
        polled,
        "insert into store_uptime.report (id, status, error, client, requested_at, options) "
        "select md5(number::text), 'error', 'It failed.', 'somebody', now() - interval '1 day', "
        f"(select options from store_uptime.report where id = '{model}') from generate_series(1, 60) as number",
    )
    assert len(ids(client)) == 50
    assert len(ids(client, limit=200)) > 60


def test_a_report_that_was_deleted_still_has_a_page_after_it(client: httpx.Client) -> None:
    ids = [complete(client, now=NOW, lookback=f"{hours}h") for hours in (30, 31)]
    client.delete(f"/reports/{ids[1]}").raise_for_status()
    [next_one, *_] = client.get("/reports", params={"after": ids[1]}).json()["reports"]
    assert next_one["report_id"] == ids[0]


def ids(client: httpx.Client, **query: str | int) -> list[str]:
    """The ids on a page of the history."""
    return [report["report_id"] for report in client.get("/reports", params=query).json()["reports"]]


def paged(client: httpx.Client, address: str) -> Iterator[list[str]]:
    """The ids of each page."""
    for _ in range(MOST_PAGES):
        page = client.get(address).json()
        yield [report["report_id"] for report in page["reports"]]
        address = page["next"]
        if address is None:
            return
    pytest.fail("the pages come to no end")


# Details --------------------------------------------------------------------------------------------------------------

BODIES: dict[str, tuple[dict[str, str], list[str]]] = {
    "nothing": ({}, []),
    "everything": (
        {"now": NOW, "max_gap": "2h", "lookback": "2d", "store_id": ODD},
        ["--now", NOW, "--max-gap", "2h", "--lookback", "2d", "--store", ODD],
    ),
}


@pytest.mark.parametrize(("body", "options"), BODIES.values(), ids=BODIES)
def test_provenance_and_quality_are_those_of_the_command(
    client: httpx.Client, polled: str, tmp_path: Path, body: dict[str, str], options: list[str]
) -> None:
    report_id = complete(client, **body)
    written = called("report", "--source", polled, "--format", "json", *options, cwd=tmp_path)
    expected = {name: part for name, part in json.loads(written.stdout).items() if name != "stores"}
    told = client.get(f"/reports/{report_id}").json()
    assert told.pop("report") == client.get(f"/get_report/{report_id}?status_only=true").json()
    ages = [about["provenance"].pop("data_age_seconds") for about in (told, expected)]
    assert [age is None for age in ages] == 2 * ["--now" in options]
    assert told == expected
    assert [*told["quality"]] == [*expected["quality"]]


@pytest.mark.parametrize("table", ["polls", "hours", "zones"])
def test_the_rejected_rows_are_those_of_the_command(
    client: httpx.Client, polled: str, tmp_path: Path, table: str
) -> None:
    report_id = complete(client)
    called("report", "--source", polled, "--rejects", tmp_path / "rejects", cwd=tmp_path)
    answer = client.get(f"/reports/{report_id}/rejects", params={"table": table})
    assert answer.content == (tmp_path / "rejects" / f"{table}.csv").read_bytes()
    assert answer.headers["Content-Type"].startswith("text/csv")
    now = datetime.fromisoformat(client.get(f"/reports/{report_id}").json()["provenance"]["now"])
    name = f"rejected-{table}-{now:%Y-%m-%dT%H%MZ}.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    counted = client.get(f"/reports/{report_id}").json()["quality"]["tables"][table]["rejected"]
    assert len(answer.text.splitlines()) - 1 == sum(counted.values()) == {"polls": 1, "hours": 3, "zones": 0}[table]


def test_a_report_without_result_has_only_its_status(client: httpx.Client, polled: str) -> None:
    failed = trigger(client, now=NO_POLLS)
    finished(client, failed)
    assert client.get(f"/reports/{failed}").json().keys() == {"report"}
    assert client.get(f"/reports/{failed}").json()["report"]["status"] == "Error"
    with held_up(polled):
        runs = trigger(client, lookback=f"{next(NUMBERS)}s")
        assert client.get(f"/reports/{runs}").json().keys() == {"report"}
    finished(client, runs)


# Cancel and delete ----------------------------------------------------------------------------------------------------


def test_a_report_that_runs_is_cancelled(client: httpx.Client, polled: str) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        eventually(lambda: step(client, report_id) == PULLING, 30)
        eventually(lambda: waiting_for_the_table(polled), 30)
        assert client.delete(f"/reports/{report_id}").status_code == 204
        answer = client.get(f"/get_report/{report_id}")
        assert (answer.status_code, answer.headers["X-Report-Status"]) == (200, "Error")
        assert (answer.json()["status"], answer.json()["error"]) == ("Error", "It was cancelled.")
        eventually(lambda: not waiting_for_the_table(polled), 30)
    assert client.get(f"/get_report/{report_id}").json() == answer.json()
    assert report_id in ids(client, status="Error")


def waiting_for_the_table(database: str) -> bool:
    """Whether a session of a run waits."""
    found = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return run(database, f"select exists ({found})") == [(True,)]


def test_one_that_waits_is_cancelled_and_never_begins(client: httpx.Client, polled: str) -> None:
    with occupied(polled, client):
        cancelled, next_one = (trigger(client, lookback=f"{next(NUMBERS)}s") for _ in range(2))
        assert client.get(f"/get_report/{next_one}").json()["progress"]["ahead"] == 1
        assert client.delete(f"/reports/{cancelled}").status_code == 204
        assert client.get(f"/get_report/{next_one}").json()["progress"]["ahead"] == 0
    assert finished(client, next_one)["status"] == "Complete"
    told = client.get(f"/get_report/{cancelled}").json()
    assert (told["status"], told["error"]) == ("Error", "It was cancelled.")
    assert "started_at" not in told


@pytest.mark.parametrize("now", [NOW, NO_POLLS], ids=["complete", "failed"])
def test_one_that_has_finished_is_deleted(client: httpx.Client, now: str) -> None:
    report_id = trigger(client, now=now, lookback=f"{next(NUMBERS)}s")
    finished(client, report_id)
    answer = client.delete(f"/reports/{report_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    problem(client.delete(f"/reports/{report_id}"), 410)
    problem(client.get(f"/get_report/{report_id}"), 410)
    assert report_id not in ids(client, limit=200)


def test_to_delete_twice_is_to_cancel_and_to_delete(client: httpx.Client, polled: str) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        assert [client.delete(f"/reports/{report_id}").status_code for _ in range(3)] == [204, 204, 410]


# Events ---------------------------------------------------------------------------------------------------------------


def test_events_tell_each_step_and_the_end(client: httpx.Client, polled: str) -> None:
    with ExitStack() as hold:
        hold.enter_context(occupied(polled, client))
        before, report_id = (trigger(client, lookback=f"{next(NUMBERS)}s") for _ in range(2))
        with client.stream("GET", f"/reports/{report_id}/events") as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            assert answer.headers["Cache-Control"] == "no-store"
            told = events(answer)
            first = next(told)
            assert first[0] == "progress"
            assert (first[1]["progress"]["step"], first[1]["progress"]["ahead"]) == (WAITING, 1)
            hold.close()
            *others, last = told
    assert {name for name, _ in others} <= {"progress"}
    assert {status["status"] for _, status in others} <= {"Running"}
    assert last == ("complete", client.get(f"/get_report/{report_id}?status_only=true").json())
    finished(client, before)


def test_what_is_cancelled_ends_with_an_error(client: httpx.Client, polled: str) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        with client.stream("GET", f"/reports/{report_id}/events") as answer:
            told = events(answer)
            assert next(told)[0] == "progress"
            client.delete(f"/reports/{report_id}")
            *_, last = told
    assert last == ("error", client.get(f"/get_report/{report_id}").json())
    assert last[1]["error"] == "It was cancelled."


def test_what_is_deleted_meanwhile_ends_in_order(client: httpx.Client, polled: str) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        with client.stream("GET", f"/reports/{report_id}/events") as answer:
            told = events(answer)
            next(told)
            for _ in range(2):
                client.delete(f"/reports/{report_id}")
            assert {name for name, _ in told} <= {"progress", "error"}


@pytest.mark.parametrize("takes", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize(("now", "name"), [(NOW, "complete"), (NO_POLLS, "error")])
def test_a_finished_report_gives_its_end_at_once(client: httpx.Client, now: str, name: str, takes: str) -> None:
    report_id = trigger(client, now=now)
    status = finished(client, report_id)
    with client.stream("GET", f"/reports/{report_id}/events", headers={"Accept-Encoding": takes}) as answer:
        assert "Content-Encoding" not in answer.headers  # compressed, events would wait for each other
        assert list(events(answer)) == [(name, status)]


def events(answer: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a stream, as a browser reads them."""
    name, text = "", ""
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            text += value
        elif not line and text:
            yield name, json.loads(text)
            name, text = "", ""
