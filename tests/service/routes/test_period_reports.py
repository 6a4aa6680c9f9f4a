"""Reports by periods over HTTP: asked for, fetched, refused, shared, on schedule; and stores by name and attribute."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from store_uptime.pipeline import Format, Options, Period, PeriodReport, Selection, build_periods, build_report, select
from store_uptime.service.testing import Service
from tests.support.feeds import called
from tests.support.named_stores import ALPHA, BETA, GAMMA, NOW, named_database
from tests.support.postgres import eventually
from tests.support.running import complete, finished, joined, problem, running, trigger

BODY = {"period": "last-week", "by": "day", "group_by": "city", "now": NOW}
OPTIONS = Options(now=NOW, period=Period("last-week", by="day"), group_by=("city",))


@pytest.fixture(scope="module")
def polled(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with named_database(server, tmp_path_factory.mktemp("named") / "feed") as url:
        yield url


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def service(polled: str, archive: Path) -> Iterator[Service]:
    with running(polled, "--destination", f"archive={archive}") as service:
        yield service


@pytest.fixture(scope="module")
def expected(polled: str) -> PeriodReport:
    """The same report without a service."""
    assert OPTIONS.period is not None
    return build_periods(polled, OPTIONS.period, OPTIONS, tables=("profile", "outages"))


@pytest.fixture(scope="module")
def report(service: Service) -> str:
    """A report by periods."""
    with service.client() as client:
        return complete(client, **BODY)


@pytest.fixture(scope="module")
def of_windows(service: Service) -> str:
    """A report of the last hour, day and week."""
    with service.client() as client:
        return complete(client, now=NOW)


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of an answer in CSV."""
    head, *found = (line.split(",") for line in answer.raise_for_status().text.splitlines())
    return [dict(zip(head, row, strict=True)) for row in found]


# Asked for ------------------------------------------------------------------------------------------------------------


def test_it_says_what_was_asked_for(client: httpx.Client, report: str) -> None:
    status = client.get(f"/reports/{report}/status").json()
    assert (status["status"], status["stores"]) == ("Complete", 3)
    assert status["options"].items() >= {"period": "last-week", "by": "day", "group_by": ["city"]}.items()
    assert "from" not in status["options"]
    about = client.get(f"/reports/{report}").json()
    assert about["provenance"]["periods"]["number"] == 7
    assert [each["group"] for each in about["coverage"]] == [["Berlin"], ["Paris"]]
    assert report in [each["report_id"] for each in client.get("/reports").json()["reports"]]


@dataclass(frozen=True)
class Refused:
    """A body, and what the sentence about it has."""

    body: dict[str, object]
    sentence: str


@pytest.mark.parametrize(
    "refused",
    [
        Refused({"period": "last-fortnight"}, "period: 'last-fortnight' is none: write today, yesterday"),
        Refused({"from": "2026-03-01T12:00"}, "from: '2026-03-01T12:00' is neither a date nor an instant"),
        Refused({"from": "2026-03-01", "to": "soon"}, "to: 'soon' is neither a date nor an instant"),
        Refused({"to": "2026-03-01"}, "to: it is of a report by periods, give period or from."),
        Refused({"by": "day"}, "by: it is of a report by periods"),
        Refused({"period": "7d", "from": "2026-03-01"}, "period: give it, or from and to, not both."),
        Refused({"period": "7d", "by": "year"}, "by must be day, hour, month or week"),
        Refused({"period": "7d", "on": "Mars/Olympus"}, "on: 'Mars/Olympus' is no time zone"),
        Refused({"group_by": "city"}, "group_by: it is of a report by periods"),
        Refused({"period": "7d", "lookback": "1h"}, "lookback: in a report by periods max_gap says"),
        Refused({"only": {"city": 3}}, "only must be an object, each value text or a list"),
        Refused({"only": {"city": "\0"}}, "only: the values of 'city' must be text without zero bytes."),
        Refused({"only": {"brand": "A", "city": []}}, "only: 'city' has an empty list: give a value, or leave it out."),
        Refused({"from": "2026-02-20", "to": "2026-02-10"}, "to: 2026-02-10 is not after the start"),
        Refused({"period": "2026-02-20/2026-02-10"}, "to: 2026-02-10 is not after the start"),
        Refused({"period": "7d", "columns": "extended"}, "columns: a report by periods has the same columns always"),
        Refused({"only": ["city=Berlin"]}, "only must be an object"),
    ],
    ids=str,
)
def test_what_is_none_is_refused(client: httpx.Client, refused: Refused) -> None:
    schedule = {"name": "x", "cron": "0 6 * * *"}
    for address, body in (("/trigger_report", refused.body), ("/schedules", refused.body | schedule)):
        answer = client.post(address, json=body)
        assert refused.sentence in problem(answer, 400)
        assert answer.json()["field"] == re.split("[: ]", refused.sentence)[0]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"period": "last-week", "group_by": ["country"]}, "stores have no attribute 'country'"),
        ({"period": "last-week", "only": {"city": "Rome"}}, "no store has 'Rome' as its city"),
        ({"only": {"planet": "Mars"}}, "stores have no attribute 'planet'"),
    ],
)
def test_what_only_the_tables_tell_ends_the_report(
    client: httpx.Client, body: dict[str, object], sentence: str
) -> None:
    ended = finished(client, trigger(client, now=NOW, **body))
    assert ended["status"] == "Error"
    assert sentence in str(ended["error"])


def test_what_no_later_try_can_mend_is_not_tried_again(client: httpx.Client) -> None:
    schedule = {"name": "never", "cron": "0 0 1 1 *", "period": "yesterday", "group_by": ["country", "", "country"]}
    client.post("/schedules", json=schedule).raise_for_status()
    ended = finished(client, client.post("/schedules/never/run").json()["report_id"])
    assert (ended["status"], ended["options"]["group_by"]) == ("Error", ["country"])


def test_equal_triggers_share_it(client: httpx.Client) -> None:
    body = {"period": "2026-03-08/2026-03-09", "only": {"city": ["Paris", "Berlin"]}}
    shared = joined(client, **body)
    same = {"from": "2026-03-08", "to": "2026-03-09", "only": {"city": ["Berlin", "Paris"]}}
    assert joined(client, **same) == shared
    assert trigger(client, **same | {"by": "hour"}) != shared


# Fetched --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["csv", "json", "parquet"])
def test_its_files_are_those_of_python(client: httpx.Client, report: str, expected: PeriodReport, name: Format) -> None:
    def fetched(address: str) -> bytes:
        mark = "&" if "?" in address else "?"
        return client.get(f"{address}{mark}format={name}").raise_for_status().content

    berlin = expected.select({"city": "Berlin"})
    assert fetched(f"/get_report/{report}") == expected.render("stores", name)
    assert fetched(f"/get_report/{report}?only=city=Berlin") == berlin.render("stores", name)
    assert fetched(f"/get_report/{report}?search=aLPHA") == expected.select(search="aLPHA").render("stores", name)
    assert fetched(f"/reports/{report}/rollup") == expected.render("groups", name)
    assert fetched(f"/reports/{report}/outages") == expected.render("outages", name)
    assert fetched(f"/reports/{report}/outages?longest=true") == expected.render("longest-outages", name)
    assert fetched(f"/reports/{report}/outages?only=city=Berlin") == berlin.render("outages", name)
    assert fetched(f"/reports/{report}/profile") == expected.render("profile", name)
    assert fetched(f"/reports/{report}/profile?only=city=Berlin") == berlin.render("profile", name)


def test_its_files_are_safe_for_spreadsheets_where_that_is_wanted(
    client: httpx.Client, report: str, expected: PeriodReport
) -> None:
    def fetched(address: str) -> bytes:
        return client.get(address, params={"format": "csv", "csv_safe": "true"}).raise_for_status().content

    outages = fetched(f"/reports/{report}/outages")
    assert outages == expected.csv_safe("outages") != expected.render("outages", "csv")
    assert b"'=Gamma" in outages
    assert b"'=Gamma" in client.get(f"/reports/{report}/rollup?by=name&format=csv&csv_safe=true").content
    assert fetched(f"/reports/{report}/profile") == expected.csv_safe("profile")


def test_its_figures_are_those_of_the_polls(client: httpx.Client, report: str) -> None:
    found = {row["store_id"]: row for row in rows(client.get(f"/get_report/{report}")) if row["period"] == "2026-03-08"}
    assert {store: row["downtime(hours)"] for store, row in found.items()} == {
        ALPHA: "2.00",
        BETA: "0.00",
        GAMMA: "8.00",
    }
    (berlin,) = [
        row
        for row in rows(client.get(f"/reports/{report}/rollup?by=city&format=csv&only=city=Berlin"))
        if row["period"] == "2026-03-08"
    ]
    assert (berlin["city"], berlin["downtime(hours)"], berlin["business(hours)"]) == ("Berlin", "2.00", "16.00")
    by_both = rows(client.get(f"/reports/{report}/rollup?by=city,brand&format=csv"))
    assert {(row["city"], row["brand"]) for row in by_both} == {
        ("Berlin", "North"),
        ("Berlin", "South"),
        ("Paris", "(none)"),
    }


def test_its_workbook_and_its_parts_are_sent_as_they_are_wanted(client: httpx.Client, report: str) -> None:
    assert client.get(f"/get_report/{report}?format=xlsx").content.startswith(b"PK")
    address = f"/reports/{report}/rollup"
    usual = client.get(address)
    assert usual.headers["Content-Type"] == "application/json"
    assert usual.json()["groups"][0]["city"] == "Berlin"
    assert client.get(address, headers={"Accept": "text/csv"}).headers["Content-Type"].startswith("text/csv")
    problem(client.get(address, headers={"Accept": "image/png"}), 406)
    assert client.get(address, headers={"If-None-Match": usual.headers["ETag"]}).status_code == 304
    assert client.get(f"{address}?by=brand", headers={"If-None-Match": usual.headers["ETag"]}).status_code == 200


def test_one_kind_of_report_has_not_what_the_other_has(client: httpx.Client, report: str, of_windows: str) -> None:
    for part in ("rollup", "outages", "profile"):
        assert "Trigger one with a period." in problem(client.get(f"/reports/{of_windows}/{part}"), 409)
    for query in ("window=day", "columns=extended"):
        sentence = problem(client.get(f"/get_report/{report}?{query}"), 400)
        assert sentence.startswith(f"{query.partition('=')[0]}: a report by periods has")
    elsewhere = {"to": "archive", "columns": "extended"}
    assert "same columns" in problem(client.post(f"/reports/{report}/deliveries", json=elsewhere), 400)
    sentence = problem(client.get(f"/reports/{report}/profile?search=alpha"), 409)
    assert "has no profile of these stores. It is summed up by group_by" in sentence
    for address in (f"/timeline?store_id={ALPHA}&report_id={report}", f"/get_report/{report}?down_now=true"):
        assert "by periods" in problem(client.get(address), 409 if "timeline" in address else 400)


def test_an_attribute_that_stores_do_not_have_is_refused_with_those_that_they_have(
    client: httpx.Client, report: str, of_windows: str
) -> None:
    for address in (
        f"/get_report/{report}?only=planet=Mars",
        f"/get_report/{of_windows}?only=planet=Mars",
        f"/reports/{report}/rollup?by=planet",
        "/stores?only=planet=Mars",
    ):
        sentence = problem(client.get(address), 400)
        assert "no attribute 'planet'" in sentence
        assert "'city'" in sentence
    assert "write city=Berlin" in problem(client.get(f"/get_report/{report}?only=city"), 400)


def test_files_of_the_three_windows_are_of_some_stores_too(client: httpx.Client, polled: str, of_windows: str) -> None:
    whole = build_report(polled, Options(now=NOW))
    chosen = select(whole, Selection(only=(("city", ("Berlin",)), ("name", ("", "Alpha")))))
    address = f"/get_report/{of_windows}?format=json&only=city=Berlin&only=name=&only=name=Alpha"
    answer = client.get(address).raise_for_status()
    assert answer.json()["stores"] == json.loads(chosen.json())["stores"]
    assert [row["name"] for row in answer.json()["stores"]] == ["Alpha", None]


# Stores ---------------------------------------------------------------------------------------------------------------


def test_stores_are_found_by_name_and_attribute(client: httpx.Client, of_windows: str) -> None:
    assert of_windows  # names are those of the newest report

    def found(query: str) -> list[str]:
        return client.get(f"/stores?{query}").raise_for_status().json()["stores"]

    assert client.get("/stores").json()["names"] == {ALPHA: "Alpha", GAMMA: "=Gamma"}
    assert found("search=gAmM") == [GAMMA]
    assert found("search=STORE B") == [BETA]
    assert found("only=city=Berlin") == [ALPHA, BETA]
    assert found("only=brand=") == [GAMMA]
    assert found("only=city=Berlin&only=brand=North&only=brand=") == [ALPHA]
    page = client.get("/stores?only=city=Berlin&limit=1").json()
    assert page["stores"] == [ALPHA]
    assert client.get(page["next"]).json() == {"stores": [BETA], "next": None}


# On schedule ----------------------------------------------------------------------------------------------------------


def test_a_schedule_makes_and_delivers_them(client: httpx.Client, polled: str, archive: Path) -> None:
    body = {
        "name": "days",
        "cron": "0 6 * * *",
        "period": "yesterday",
        "only": {"city": "Paris"},
        "deliver_to": ["archive"],
    }
    client.post("/schedules", json=body).raise_for_status()
    report_id = client.post("/schedules/days/run").json()["report_id"]
    assert finished(client, report_id)["status"] == "Complete"
    eventually(lambda: list(archive.glob("days-*.csv")), 30)
    (path,) = archive.glob("days-*.csv")
    assert path.read_bytes() == client.get(f"/get_report/{report_id}").content
    assert [row.split(",")[:2] for row in path.read_text().splitlines()[1:]] == [[GAMMA, "2026-03-08"]]
    change = {"cron": "0 6 * * *", "from": "2026-03-01", "on": "UTC", "by": "week"}
    client.put("/schedules/days", json=change).raise_for_status()
    periods = ("--period", "today", "--by", "hour", "--group-by", "city", "--only", "city=Paris")
    done = called("schedule", "add", "hours", "--cron", "0 * * * *", *periods, "--database", polled)
    assert done.returncode == 0, done.stderr
    listed = {each["name"]: each["options"] for each in client.get("/schedules").json()["schedules"]}
    assert listed["days"].items() >= {"from": "2026-03-01", "on": "UTC", "by": "week"}.items()
    assert listed["hours"].items() >= {"period": "today", "by": "hour", "only": {"city": ["Paris"]}}.items()
