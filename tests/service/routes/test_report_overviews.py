"""Overviews, tables and summaries of reports over HTTP: the figures of `pipeline`, and who gets none."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

import httpx
import polars as pl
import pytest

from store_uptime import pipeline
from store_uptime.pipeline import Options, Report, Selection
from store_uptime.service.testing import Service
from tests.support.named_stores import ALPHA, BETA, GAMMA, NOW, named_database
from tests.support.postgres import run
from tests.support.running import complete, finished, occupied, problem, running, served, trigger

TABLES = ("now", "incidents?by=city", "groups?by=brand,city")
WEEK_BEFORE = (datetime.fromisoformat(NOW) - timedelta(days=7)).isoformat()
A_DAY_BEFORE = (datetime.fromisoformat(NOW) - timedelta(days=1)).isoformat()


@pytest.fixture(scope="module")
def polled(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with named_database(server, tmp_path_factory.mktemp("named") / "feed") as url:
        run(
            url, "insert into store_status select store_id, timestamp_utc - interval '7 days', status from store_status"
        )
        yield url


service = pytest.fixture(served, scope="module")


@pytest.fixture(scope="module")
def expected(polled: str) -> Report:
    """The report without a service."""
    return pipeline.build_report_with_lanes(pipeline.open_source(polled), Options(now=NOW))


@pytest.fixture(scope="module")
def report(service: Service) -> str:
    """A report of the last hour, day and week."""
    with service.client() as client:
        return complete(client, now=NOW)


def rows(answer: httpx.Response, name: str) -> pl.DataFrame:
    """The table of an answer in JSON."""
    body = answer.raise_for_status().json()
    assert body.keys() == {"now", name}
    assert body["now"] == NOW
    return pl.DataFrame(body[name], infer_schema_length=None)


def plain(table: pl.DataFrame) -> list[dict[str, object]]:
    """The rows of a table as JSON has them."""
    times = pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return table.with_columns(pl.col(pl.Decimal).cast(pl.Float64), times, pl.col(pl.Date).cast(pl.String)).to_dicts()


# Of one report --------------------------------------------------------------------------------------------------------


def test_an_overview_is_that_of_the_pipeline(client: httpx.Client, report: str, expected: Report) -> None:
    answer = client.get(f"/reports/{report}/overview").raise_for_status()
    assert answer.json() == asdict(pipeline.overview(expected))


def test_an_overview_that_was_not_kept_is_the_same(client: httpx.Client, report: str, polled: str) -> None:
    def answers() -> list[bytes]:
        """The overview, and the views that hold it."""
        addresses = (f"/reports/{report}/overview", f"/view/{report}", f"/view/{report}/fleet.json")
        return [client.get(address).raise_for_status().content for address in addresses]

    def keep(overview: bytes) -> None:
        content = f"decode('{overview.hex()}', 'hex')"
        run(polled, f"update store_uptime.report set overview = {content} where id = '{report}'")

    ((kept,),) = run(polled, f"select overview from store_uptime.report where id = '{report}'")
    with_kept = answers()
    run(polled, f"update store_uptime.report set overview = null where id = '{report}'")
    assert answers() == with_kept
    # What is kept is what is read: nothing counts it again.
    keep(kept.replace(b'"down":', b'"down":7', 1))
    assert client.get(f"/reports/{report}/overview").json()["down"] >= 70
    assert answers()[1] != with_kept[1]
    keep(kept)
    assert answers() == with_kept


def test_its_week_is_compared_with_the_report_of_the_week_before(client: httpx.Client, report: str) -> None:
    path = f"/reports/{report}/overview"
    alone = client.get(path)
    earlier = complete(client, now=WEEK_BEFORE)
    percent = client.get(f"/reports/{earlier}/overview").json()["week"]["uptime_percent"]
    compared = client.get(path, headers={"If-None-Match": alone.headers["ETag"]})
    assert (alone.json()["week"]["before_percent"], compared.json()["week"]["before_percent"]) == (None, percent)
    assert compared.json() == alone.json() | {"week": alone.json()["week"] | {"before_percent": percent}}
    client.delete(f"/reports/{earlier}").raise_for_status()
    assert client.get(path).json() == alone.json()


def test_tables_are_those_of_the_pipeline(client: httpx.Client, report: str, expected: Report) -> None:
    now, incidents, groups = (client.get(f"/reports/{report}/{table}") for table in TABLES)
    assert rows(now, "stores").to_dicts() == plain(pipeline.stores_at_now(expected))
    assert rows(incidents, "incidents").to_dicts() == plain(pipeline.incidents(expected, ("city",)))
    assert rows(groups, "groups").to_dicts() == plain(pipeline.group_days(expected, ("brand", "city")))
    assert len(client.get(f"/reports/{report}/groups").json()["groups"]) == 8  # all stores, the dates of the week


def test_some_stores_of_them_are_selected_as_for_a_file(client: httpx.Client, report: str, expected: Report) -> None:
    path = f"/reports/{report}/now"
    berlin = pipeline.select(expected, Selection(only=(("city", ("Berlin",)),)))
    assert rows(client.get(f"{path}?only=city=Berlin"), "stores").to_dicts() == plain(pipeline.stores_at_now(berlin))
    found: dict[str, list[str]] = {"search=gamma": [GAMMA], "zone=UTC": [ALPHA, BETA, GAMMA], "zone=Asia/Tokyo": []}
    for query, stores in found.items():
        assert [row["store_id"] for row in client.get(f"{path}?{query}").json()["stores"]] == stores
    assert "stores have no attribute 'planet'" in problem(client.get(f"{path}?only=planet=Mars"), 400)


def test_as_csv_they_are_files_with_names(client: httpx.Client, report: str, expected: Report) -> None:
    answer = client.get(f"/reports/{report}/now?format=csv&only=city=Berlin")
    assert answer.headers["Content-Type"].startswith("text/csv")
    name = "stores-now-city-Berlin-2026-03-09T1600Z.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert [line.split(",")[0] for line in answer.text.splitlines()] == ["store_id", ALPHA, BETA]
    groups = client.get(f"/reports/{report}/groups?by=city&format=csv")
    assert groups.content == pipeline.csv_bytes(pipeline.group_days(expected, ("city",)))
    assert 'filename="groups-by-city-2026' in groups.headers["Content-Disposition"]


@pytest.mark.parametrize("table", ["overview", *TABLES, "now?format=csv", "now?search=alpha"])
def test_what_the_client_has_is_not_sent_again(client: httpx.Client, report: str, table: str) -> None:
    path = f"/reports/{report}/{table}"
    tag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_each_answer_has_a_tag_of_its_own(client: httpx.Client, report: str) -> None:
    ways = ("overview", *TABLES, "now?format=csv", "now?search=a", "now?format=csv&csv_safe=true", "groups?by=city")
    assert len({client.get(f"/reports/{report}/{way}").headers["ETag"] for way in ways}) == len(ways)


def test_a_report_without_them_says_why(client: httpx.Client, polled: str) -> None:
    by_periods = complete(client, period="last-week", now=NOW)
    old, gone = (complete(client, now=NOW, lookback=hours) for hours in ("2h", "3h"))
    run(polled, f"update store_uptime.report set lanes = null, summary = null, overview = null where id = '{old}'")
    client.delete(f"/reports/{gone}").raise_for_status()
    failed = trigger(client, now="1999-01-01")
    finished(client, failed)
    assert "made by an earlier version" in problem(client.get(f"/get_report/{old}?got_worse=true"), 409)
    for table in ("overview", *TABLES):
        refused = client.get(f"/reports/{old}/{table}")
        assert "made by an earlier version" in problem(refused, 409)
        assert refused.json()["type"] == "/problems/report-too-old"
        assert "is by periods" in problem(client.get(f"/reports/{by_periods}/{table}"), 409)
        assert "has no result" in problem(client.get(f"/reports/{failed}/{table}"), 409)
        assert problem(client.get(f"/reports/{gone}/{table}"), 410)
        assert problem(client.get(f"/reports/{'0' * 32}/{table}"), 404)


# Of many --------------------------------------------------------------------------------------------------------------


def test_summaries_are_those_of_the_pipeline_the_newest_first(
    client: httpx.Client, report: str, expected: Report
) -> None:
    earlier = complete(client, now=A_DAY_BEFORE, max_gap="2h")
    found = client.get("/reports/summaries").raise_for_status().json()["reports"]
    nows = [each["as_of"] for each in found]
    assert nows == sorted(nows, reverse=True)
    of_report = next(each for each in found if each["report_id"] == report)
    summary = json.loads(pipeline.summary(expected))
    assert of_report.items() >= ({"as_of": summary.pop("now")} | summary).items()
    assert of_report.items() >= {"max_gap": None, "lookback": "1d", "schedule": None}.items()
    assert next(each for each in found if each["report_id"] == earlier)["max_gap"] == "2h"
    assert client.get("/reports/summaries?limit=1").json()["reports"] == found[:1]
    by_city = client.get("/reports/summaries?by=city").json()["reports"]
    assert next(each for each in by_city if each["report_id"] == report)["groups"].keys() == {"city"}


def test_old_reports_get_theirs_and_keep_it(client: httpx.Client, polled: str, report: str) -> None:
    def kept() -> list[tuple[object, ...]]:
        return run(polled, f"select summary from store_uptime.report where id = '{report}'")

    made = kept()
    assert made[0][0]
    run(polled, f"update store_uptime.report set summary = null where id = '{report}'")
    answer = client.get("/reports/summaries")
    assert kept() == made
    assert next(each for each in answer.json()["reports"] if each["report_id"] == report)["open"] == 3
    again = client.get("/reports/summaries", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_one_that_is_older_than_lanes_is_there_without_figures(client: httpx.Client, polled: str) -> None:
    old = complete(client, now=NOW, lookback="5h")
    run(polled, f"update store_uptime.report set lanes = null, summary = null, overview = null where id = '{old}'")
    found = {each["report_id"]: each for each in client.get("/reports/summaries").json()["reports"]}
    assert found[old].items() >= {"as_of": NOW, "lookback": "5h"}.items()
    assert "down" not in found[old]


# For every open page --------------------------------------------------------------------------------------------------


def test_the_newest_report_in_numbers(client: httpx.Client, polled: str) -> None:
    newest = complete(client)
    answer = client.get("/newest.json")
    overview = client.get(f"/reports/{newest}/overview").json()
    found = answer.json()
    age_s = found.pop("age_seconds")
    assert found == {
        "report_id": newest,
        "now": overview["now"],
        "down": overview["down"],
        "open": overview["open"],
        "running": False,
        "options": {},
    }
    assert age_s > 0
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/newest.json", headers=known).status_code == 304
    with occupied(polled, client):
        assert client.get("/newest.json", headers=known).json()["running"] is True


def test_nobody_is_noted_for_following_it(client: httpx.Client, polled: str) -> None:
    count = "select count(*) from store_uptime.audit"
    before = run(polled, count)
    client.get("/newest.json").raise_for_status()
    assert run(polled, count) == before


def test_without_a_report_there_is_none(database: str) -> None:
    with running(database) as service, service.client() as client:
        assert client.get("/newest.json").json() == {"report_id": None, "running": False, "options": {}}
        assert client.get("/reports/summaries").json() == {"reports": []}


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/reports/{}/groups?by=city,planet", "by"),
        ("/reports/{}/incidents?by=planet", "by"),
        ("/reports/{}/now?only=planet=Mars", "only"),
        ("/reports/summaries?by=planet", "by"),
    ],
)
def test_an_attribute_that_no_store_has_is_refused_at_its_parameter(
    client: httpx.Client, report: str, address: str, field: str
) -> None:
    answer = client.get(address.format(report))
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/unknown-attribute")
    assert answer.json()["field"] == field
