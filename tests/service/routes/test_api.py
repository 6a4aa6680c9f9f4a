"""The API over HTTP: what older clients rely on, what a trigger may say, and what an Idempotency-Key does."""

import re
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx
import pytest

from store_uptime.service.front.authentication import COOKIE
from store_uptime.service.testing import Service
from tests.support.postgres import fresh_database, run
from tests.support.running import (
    CLASSIC_HEADER,
    NUMBERS,
    PULLING,
    WAITING,
    complete,
    finished,
    held_up,
    occupied,
    problem,
    running,
    touch,
    trigger,
)

ID = re.compile("[0-9a-f]{32}")


# The classic contract -------------------------------------------------------------------------------------------------


def test_a_report_is_triggered_watched_and_fetched_as_ever(client: httpx.Client) -> None:
    answer = client.post("/trigger_report")
    assert answer.status_code == 202
    report_id = answer.json()["report_id"]
    assert finished(client, report_id)["status"] == "Complete"
    file = client.get(f"/get_report/{report_id}")
    assert file.headers["X-Report-Status"] == "Complete"
    assert file.headers["Content-Disposition"] == f'attachment; filename="{report_id}.csv"'
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.text.splitlines()[0] == CLASSIC_HEADER
    assert len(file.text.splitlines()) == 41


BODIES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "nothing, called JSON": {"headers": {"Content-Type": "application/json"}},
    "nothing, called a form": {"headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "an empty object": {"json": {}},
    "null": {"content": "null", "headers": {"Content-Type": "application/json"}},
    "an object of no type": {"content": "{}"},
    "an object called a form": {"content": "{}", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "an object called text": {"content": "{}", "headers": {"Content-Type": "text/plain;charset=UTF-8"}},
    "an object called parts": {"content": "{}", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    "an object called bytes": {"content": "{}", "headers": {"Content-Type": "application/octet-stream"}},
    "an object called MessagePack": {"content": "{}", "headers": {"Content-Type": "application/x-msgpack"}},
    "an object of a type that is none": {"content": "{}", "headers": {"Content-Type": "whatever"}},
    "nulls": {"json": dict.fromkeys(("store_id", "now", "max_gap", "lookback"))},
    "an empty store": {"json": {"store_id": ""}},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_trigger_needs_no_body_and_takes_any_content_type(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post("/trigger_report", **body)
    assert answer.status_code == 202
    assert list(answer.json()) == ["report_id"]
    report_id = answer.json()["report_id"]
    assert ID.fullmatch(report_id)
    assert answer.headers["Location"] == f"/get_report/{report_id}"
    assert finished(client, report_id)["options"]["store_id"] is None


@pytest.mark.parametrize("query", ["", "?status_only=true", "?format=xlsx"])
def test_while_a_report_runs_its_status_is_json(client: httpx.Client, polled: str, query: str) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        answer = client.get(f"/get_report/{report_id}{query}")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Report-Status"] == answer.json()["status"] == "Running"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Content-Disposition" not in answer.headers
        assert answer.json()["progress"].keys() == {"step", "stage", "seconds", "ahead"}
    finished(client, report_id)


def test_where_a_report_stands_is_always_json(client: httpx.Client, polled: str) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        answer = client.get(f"/reports/{report_id}/status", headers={"Accept": "text/csv"})
        assert answer.json()["progress"].keys() == {"step", "stage", "seconds", "ahead"}
    finished(client, report_id)
    answer = client.get(f"/reports/{report_id}/status", headers={"Accept": "text/csv"})
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/json", "no-store")
    assert answer.json() == client.get(f"/get_report/{report_id}?status_only=true").json()


def test_a_number_for_a_store_is_its_digits(client: httpx.Client) -> None:
    for number in (8419537941919820732, 10**30, -7, 0):
        answer = client.post("/trigger_report", content=f'{{"store_id": {number}}}')
        assert f"has the store id '{number}'" in problem(answer, 404)


def test_only_the_oldest_addresses_call_a_problem_plain_json(client: httpx.Client) -> None:
    plain, named = "application/json", "application/problem+json"
    paths = {"/get_report/none": plain, "/get_report": plain, "/trigger_report": plain, "/reports/none": named}
    answers = {path: client.get(path) for path in paths}
    assert {path: answer.headers["Content-Type"] for path, answer in answers.items()} == paths
    assert {frozenset(answer.json().keys() - {"field"}) for answer in answers.values()} == {
        frozenset(("type", "status", "title", "detail", "error"))
    }


def test_an_address_that_leads_nowhere_is_a_page_for_browsers_only(client: httpx.Client) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert '<a href="/">Back to now</a>' in page.text
    for accept in ("*/*", "application/json", ""):
        problem(client.get("/nothing", headers={"Accept": accept}), 404)


def test_progress_tells_the_step_its_time_and_who_comes_first(client: httpx.Client, polled: str) -> None:
    with occupied(polled, client) as under_way:
        waiting = [trigger(client, lookback=f"{next(NUMBERS)}s") for _ in range(3)]
        told = [progress(client, report_id) for report_id in (*under_way, *waiting)]
        assert [(each["step"], each["stage"], each["ahead"]) for each in told] == [
            (PULLING, "reading", 0),
            (WAITING, "waiting", 0),
            (WAITING, "waiting", 1),
            (WAITING, "waiting", 2),
        ]
        again = [progress(client, report_id)["seconds"] for report_id in (*under_way, *waiting)]
        assert all(before["seconds"] < after for before, after in zip(told, again, strict=True))
    assert [finished(client, report_id)["status"] for report_id in waiting] == ["Complete"] * 3


def progress(client: httpx.Client, report_id: str) -> dict[str, Any]:
    return client.get(f"/get_report/{report_id}").json()["progress"]


def test_both_ways_to_name_a_report_give_the_same(client: httpx.Client) -> None:
    report_id = complete(client)
    by_query = client.get("/get_report", params={"report_id": report_id})
    by_path = client.get(f"/get_report/{report_id}")
    assert by_query.content == by_path.content
    for header in ("X-Report-Status", "Content-Disposition", "Content-Type", "ETag"):
        assert by_query.headers[header] == by_path.headers[header]


@pytest.mark.parametrize("query", ["", "&format=csv", "&format=parquet"])
def test_status_only_never_sends_the_file(client: httpx.Client, query: str) -> None:
    report_id = complete(client)
    answer = client.get(f"/get_report/{report_id}?status_only=true{query}")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Report-Status"] == answer.json()["status"] == "Complete"
    assert "Content-Disposition" not in answer.headers
    told = answer.json()
    assert (told["report_id"], told["stores"]) == (report_id, 40)
    assert told["requested_at"] <= told["started_at"] <= told["finished_at"]
    assert "error" not in told
    assert "progress" not in told


def test_a_report_that_fails_says_why_in_a_sentence(client: httpx.Client) -> None:
    report_id = trigger(client, now="2000-01-01T00:00:00Z")
    finished(client, report_id)
    answer = client.get(f"/get_report/{report_id}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["X-Report-Status"] == answer.json()["status"] == "Error"
    assert answer.json()["error"].startswith(
        "the database has no accepted poll from 1999-12-24T00:00:00Z to 2000-01-01T00:00:00Z: its oldest is "
    )


def test_the_options_of_a_report_stand_in_its_status(client: httpx.Client) -> None:
    asked = {"store_id": None, "now": "2026-03-09T01:00:00+01:00", "max_gap": "90m", "lookback": "36h"}
    assert finished(client, trigger(client, **asked, columns="extended"))["options"] == {
        "store_id": None,
        "now": "2026-03-09T00:00:00Z",
        "columns": "extended",
        "max_gap": "1h30m",
        "lookback": "1d12h",
    }


Get = Callable[[str], tuple[str, bytes]]


def by_library(url: str) -> tuple[str, bytes]:
    """As with `requests`: it sends an Accept of its own, and takes gzip."""
    answer = httpx.get(url)
    return answer.headers["content-type"], answer.content


def by_hand(url: str) -> tuple[str, bytes]:
    """With what comes with Python: neither Accept nor gzip."""
    with urllib.request.urlopen(url) as answer:
        return answer.headers["Content-Type"], answer.read()


@pytest.mark.parametrize("address", ["/get_report/{}", "/get_report?report_id={}"])
@pytest.mark.parametrize("get", [by_library, by_hand])
def test_a_script_of_old_works_unchanged(service: Service, polled: str, get: Get, address: str) -> None:
    touch(polled)
    looks = 0
    with ExitStack() as hold:
        hold.enter_context(held_up(polled))
        report_id = httpx.post(f"{service.url}/trigger_report").json()["report_id"]
        while True:
            content_type, content = get(service.url + address.format(report_id))
            if "text/csv" in content_type:
                break
            assert b'"status":"Running"' in content
            looks += 1
            hold.close()
            time.sleep(0.05)
    assert looks
    assert content.decode().splitlines()[0] == CLASSIC_HEADER


def test_a_cookie_of_another_server_keeps_nobody_out_where_no_key_is_asked_for(service: Service) -> None:
    with service.client(cookies={COOKIE: "x" * 43}) as client:
        assert client.get("/reports").status_code == 200
        assert client.post("/trigger_report").status_code == 202


# One store, or none ---------------------------------------------------------------------------------------------------


def test_a_report_of_one_store_has_its_row_of_the_report_of_all(client: httpx.Client) -> None:
    everyone = client.get(f"/get_report/{complete(client)}").text.splitlines()
    store = everyone[7].partition(",")[0]
    assert client.get(f"/get_report/{complete(client, store_id=store)}").text.splitlines() == [everyone[0], everyone[7]]


def test_what_is_missing_is_said_until_it_is_there(server: str) -> None:
    with fresh_database(server) as bare, running(bare) as service, service.client() as client:
        missing = problem(client.post("/trigger_report"), 503)
        assert missing.startswith("the database: there is no table store_status; a report needs store_status (store_id")
        assert problem(client.get("/stores"), 503) == missing
        run(
            bare,
            "create table store_status (store_id text, timestamp_utc timestamptz, status text)",
            "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
            "create table timezones (store_id text, timezone_str text)",
        )
        nothing = "the database has no accepted poll. Load some with `store-uptime load DIR`."
        assert problem(client.post("/trigger_report"), 404) == nothing
        assert problem(client.post("/trigger_report", json={"now": "2024-05-06T12:00:00Z"}), 404) == nothing
        assert problem(client.get("/stores"), 404) == nothing
        unknown = "no poll in the database has the store id 'a'. Ids are compared as written, case included."
        assert problem(client.post("/trigger_report", json={"store_id": "a"}), 404) == unknown
        assert problem(client.get("/timeline", params={"store_id": "a"}), 404) == unknown
        run(bare, "insert into store_status values ('a', '2024-05-06 12:00Z', 'active')")
        assert client.get(f"/get_report/{complete(client)}").text.splitlines()[1].startswith("a,60.00,24.00,168.00,")


# Idempotency-Key ------------------------------------------------------------------------------------------------------


def asked(client: httpx.Client, key: str, **body: object) -> httpx.Response:
    """The answer to a trigger with a key."""
    return client.post("/trigger_report", json=body, headers={"Idempotency-Key": key})


def test_the_same_key_gives_the_same_report_whatever_has_changed(client: httpx.Client, polled: str) -> None:
    first = asked(client, "k1").json()["report_id"]
    assert asked(client, "k1").json()["report_id"] == first
    finished(client, first)
    touch(polled)
    again = asked(client, "k1")
    assert again.status_code == 202
    assert again.json()["report_id"] == first
    assert again.headers["Location"] == f"/get_report/{first}"
    assert asked(client, "k2").json()["report_id"] != first


SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another offset": ({"now": "2026-03-09T12:00:00Z"}, {"now": "2026-03-09T14:00:00+02:00"}),
    "no offset": ({"now": "2026-03-09T12:00:00Z"}, {"now": "2026-03-09T12:00:00"}),
    "minutes for an hour": ({"max_gap": "60m"}, {"max_gap": "1h"}),
    "hours for a day": ({"lookback": "1d12h"}, {"lookback": "36h"}),
    "a default written out": ({}, {"lookback": "24h", "columns": "plain"}),
    "no store": ({"store_id": ""}, {"store_id": None}),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_means_the_same_is_the_same_body(
    client: httpx.Client, polled: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    key = f"same {next(NUMBERS)}"
    first = asked(client, key, **one).json()["report_id"]
    touch(polled)
    assert asked(client, key, **other).json() == {"report_id": first}


OTHERS: dict[str, dict[str, Any]] = {
    "now": {"now": "2026-03-09T12:00:00.000001Z"},
    "columns": {"columns": "extended"},
    "max_gap": {"max_gap": "2h"},
    "lookback": {"lookback": "25h"},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_the_same_key_with_another_body_is_refused(client: httpx.Client, other: dict[str, Any]) -> None:
    key = f"other {next(NUMBERS)}"
    first = asked(client, key).json()["report_id"]
    newest = client.get("/reports").json()["reports"][0]["report_id"]
    assert problem(asked(client, key, **other), 422) == (
        "This Idempotency-Key was used with another body. Use a new key for a new request."
    )
    assert client.get("/reports").json()["reports"][0]["report_id"] == newest
    assert asked(client, key).json()["report_id"] == first


def test_twenty_at_once_with_the_same_key_get_one_report(service: Service, polled: str) -> None:
    touch(polled)
    with service.client() as client, ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(partial(asked, client, lookback="17h"), ["all at once"] * 20))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["report_id"] for answer in answers}) == 1


def test_a_key_is_forgotten_with_its_report(client: httpx.Client) -> None:
    first = asked(client, "forgotten", lookback="18h").json()["report_id"]
    finished(client, first)
    client.delete(f"/reports/{first}")
    assert asked(client, "forgotten").json()["report_id"] != first


def test_a_key_has_up_to_255_characters(client: httpx.Client) -> None:
    assert asked(client, "k" * 255).status_code == 202
    assert problem(asked(client, "k" * 256), 400).startswith("Idempotency-Key must be text of at most 255")
