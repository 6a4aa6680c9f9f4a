"""When an expression is due next, for who writes a schedule; and which field is wrong."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from store_uptime.service.queue.cron import in_words, next_dues
from tests.support.running import problem

BERLIN = "Europe/Berlin"


def test_the_next_times_come_as_instants_and_in_words(client: httpx.Client) -> None:
    found = client.get("/schedules/next", params={"cron": " 15  6 * * 1-5", "zone": BERLIN}).raise_for_status().json()
    cron = "15 6 * * 1-5"
    assert found.items() >= {"cron": cron, "zone": BERLIN, "in_words": in_words(cron)}.items()
    dues = [datetime.fromisoformat(due["at"]) for due in found["due"]]
    assert dues == next_dues(cron, BERLIN, datetime.now(UTC), 3)
    for due, shown in zip(dues, found["due"], strict=True):
        local = due.astimezone(ZoneInfo(BERLIN))
        assert datetime.fromisoformat(shown["local"]).isoformat() == local.isoformat()
        assert shown["in_words"].startswith(f"{local:%a} {local.day} {local:%b} ")
        assert shown["in_words"].endswith("06:15")


def test_in_another_year_the_words_have_it(client: httpx.Client) -> None:
    found = client.get("/schedules/next", params={"cron": "0 9 29 2 *", "count": 2}).json()["due"]
    years = [datetime.fromisoformat(due["at"]).year for due in found]
    assert len(years) == 2
    assert f"29 Feb {years[1]}, 09:00" in found[1]["in_words"]


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ({"cron": "61 6 * * *"}, "cron", "'61 6 * * *' is no cron expression: '61' is no minute."),
        ({"cron": "15 6 * *"}, "cron", "has not five fields"),
        ({"cron": ""}, "cron", "cron is missing"),
        ({"cron": "0 0 * * *", "zone": "Mars"}, "zone", "'Mars' is no time zone: write Europe/Berlin, or UTC."),
        ({"cron": "0 0 * * *", "count": "11"}, "count", "count must be a whole number from 1 to 10"),
        ({"cron": "0 0 * * *", "zones": "UTC"}, "zones", 'There is no parameter "zones"'),
    ],
)
def test_an_error_names_its_field(client: httpx.Client, query: dict[str, str], field: str, told: str) -> None:
    answer = client.get("/schedules/next", params=query)
    assert told in problem(answer, 400)
    assert answer.json()["field"] == field


def test_no_schedule_has_the_name_of_this_address(client: httpx.Client) -> None:
    refused = client.post("/schedules", json={"name": "next", "cron": "0 0 * * *"})
    assert "it is an address of the API" in problem(refused, 400)
    assert refused.json()["field"] == "name"


def test_a_problem_of_no_field_names_none(client: httpx.Client) -> None:
    assert "field" not in client.post("/trigger_report", content="{").json()
    assert "field" not in client.get(f"/reports/{'0' * 32}").json()
    assert client.post("/trigger_report", json={"store_id": "nobody"}).json()["field"] == "store_id"
    assert client.post("/trigger_report", json={"now": "9999-12-31T23:59:59Z"}).json()["field"] == "now"
    assert client.post("/trigger_report", json={"lookback": "999999999d"}).json()["field"] == "lookback"
