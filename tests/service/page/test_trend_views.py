"""/trends and /changes over a service: every number is the API's; and in a browser, by keyboard."""

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape

import httpx
import pytest
from playwright.sync_api import Browser, expect

from store_uptime.service.page.humanize import format_points
from store_uptime.service.testing import Service
from tests.support.browsing import faults, opened, overflow
from tests.support.running import complete, served
from tests.support.trend_stores import BETTER, IDS, NOW, TOGETHER, WORSE, trend_database

pytestmark = pytest.mark.long  # a browser

NOWS = ("2026-03-10T00:00:00Z", "2026-03-15T00:00:00Z", "2026-03-16T00:00:00Z", NOW)
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def polled(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with trend_database(server, tmp_path_factory.mktemp("trends") / "feed") as url:
        yield url


service = pytest.fixture(served, scope="module")


@pytest.fixture(scope="module")
def reports(service: Service) -> list[str]:
    """The ids of a report for each of NOWS."""
    with service.client() as client:
        return [complete(client, now=now) for now in NOWS]


def rows(page: str, table: str) -> list[list[str]]:
    """The text of each cell of a table's body; table: what stands in its tag."""
    body = re.search(rf"<table[^>]*{table}.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert body
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body[1].split("</tr>")[:-1]]
    return [[unescape(" ".join(re.sub("<[^>]*>", " ", cell).split())) for cell in row] for row in cells]


def percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f} %"


# Numbers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", ["day", "week"])
def test_points_and_groups_are_those_of_the_summaries(client: httpx.Client, reports: list[str], window: str) -> None:
    page = client.get("/trends", params={"window": window, "by": "city"}).raise_for_status().text
    summaries = client.get("/reports/summaries").json()["reports"]
    found = {"uptime": "uptime_percent_" + window, "known": "coverage_percent_week"}
    for word, name in found.items():
        said = re.findall(rf'href="/view/(\w+)"[^>]*aria-label="[^"]*: {word} ([^"]*?)(?:, with warnings)?"', page)
        assert said == [(each["report_id"], percent(each[name])) for each in reversed(summaries)]
    down = re.findall(r'aria-label="[^"]*: (\d+) of (\d+) open stores down', page)
    assert down == [(str(each["down"]), str(each["open"])) for each in reversed(summaries)]
    newest, before = summaries[0]["groups"]["city"], summaries[-1]["groups"]["city"]
    expected = [
        [
            city,
            str(group["stores"]),
            f"{group['down']} of {group['open']}",
            "",
            percent(group[found["uptime"]]),
            percent(before[city][found["uptime"]]),
            format_points(group[found["uptime"]] - before[city][found["uptime"]]),
        ]
        for city, group in newest.items()
    ]
    assert rows(page, 'class="groups"') == sorted(expected, key=lambda row: (float(row[4].split()[0]), row[0]))


def test_days_and_incidents_of_groups_are_those_of_the_report(client: httpx.Client, reports: list[str]) -> None:
    page = client.get("/trends", params={"by": ["brand", "city"]}).raise_for_status().text
    tree = page.partition('<table id="tree">')[2]
    for by in ("", "brand", "brand,city"):
        for row in client.get(f"/reports/{reports[-1]}/groups", params={"by": by}).json()["groups"]:
            day = datetime.fromisoformat(row["date"])
            label = f"{day:%a} {day.day} {day:%b}: uptime {percent(row['uptime_percent'])}, down"
            name = ", ".join(row[attribute] for attribute in by.split(",") if attribute) or "all stores"
            strip = re.search(rf'aria-label="Days of {name}".*?</svg>', tree, re.DOTALL)
            assert strip
            assert (label in strip[0]) == (row["open_minutes"] > 0)
    incidents = client.get(f"/reports/{reports[-1]}/incidents", params={"by": "brand,city"}).json()["incidents"]
    listed = re.findall(r"<li><a href=\"/\?([^\"]*)\">(\d+) of (\d+) open stores.*?\(([\d.]+ %)\)", page, re.DOTALL)
    assert [row[1:] for row in listed] == [
        (str(each["stores"]), str(each["open"]), percent(each["share_percent"])) for each in incidents
    ]
    assert listed[0] == ("only=city%3DBerlin", "6", "6", "100.00 %")
    assert datetime.fromisoformat(incidents[0]["start_utc"]).replace(minute=0) == TOGETHER


def test_changes_since_yesterday_are_those_of_the_report(client: httpx.Client, reports: list[str]) -> None:
    stores = {row["store_id"]: row for row in client.get(f"/reports/{reports[-1]}/now").json()["stores"]}
    for kind, store in (("worse", WORSE), ("better", BETTER)):
        page = client.get("/changes", params={"change": kind}).raise_for_status().text
        ((name, change, *_, before, after, _, _),) = rows(page, 'id="changes"')
        found = stores[store]
        assert name.endswith(store)
        assert change == format_points(found["change_day"])
        assert (before, after) == (
            percent(found["uptime_percent_day_before"]),
            percent(found["uptime_percent_day_before"] + found["change_day"]),
        )


def test_changes_since_last_week_are_those_of_both_reports(client: httpx.Client, reports: list[str]) -> None:
    weeks = [
        {row["store_id"]: row for row in client.get(f"/get_report/{report}?format=json").json()["stores"]}
        for report in (reports[0], reports[-1])
    ]
    page = client.get("/changes?since=last-week&only=city%3DParis").raise_for_status().text
    found = rows(page, 'id="changes"')
    assert [row[0].split(" ", 2)[2] for row in found] == sorted((WORSE, BETTER))
    for row in found:
        store = row[0].split(" ", 2)[2]
        assert row[4:8] == [
            *(percent(uptime_percent(week[store])) for week in weeks),
            *("0 min" if not week[store]["downtime_last_week"] else "5 h" for week in weeks),
        ]
    assert f'href="/view/{reports[0]}"' in page
    assert "Since last week" not in page  # the data is older than that


def test_a_choice_that_no_store_fits_says_so(client: httpx.Client, reports: list[str]) -> None:
    for address in ("/changes?", f"/compare?old={reports[0]}&new={reports[-1]}&"):
        assert (
            "There is no store of this choice." in client.get(f"{address}only=city%3DNowhere").raise_for_status().text
        )


def uptime_percent(row: dict[str, float]) -> float:
    up, down = row["uptime_last_week"], row["downtime_last_week"]
    return 100 * up / (up + down)


def test_without_a_report_of_the_week_before_the_page_says_what_to_do(client: httpx.Client, reports: list[str]) -> None:
    extra = complete(client, now="2026-03-19T00:00:00Z")
    try:
        page = client.get("/trends").raise_for_status().text
        assert "Stores down when last seen" in page
        assert "There is no uptime report from a week before" in page
        assert "No uptime report is kept from a week before" in client.get("/changes?since=last-week").text
    finally:
        client.delete(f"/reports/{extra}").raise_for_status()
    assert reports[0] in client.get("/changes?since=last-week").text


# In a browser ---------------------------------------------------------------------------------------------------------


def test_all_of_trends_can_be_read_by_keyboard(chromium: Browser, service: Service, reports: list[str]) -> None:
    with opened(chromium, service.url, viewport={"width": 1280, "height": 800}) as page:
        page.goto("/trends?by=brand&by=city")
        assert faults(page) == []
        page.locator(".uptime [data-point][tabindex='0']").focus()
        expect(page.locator("#point")).to_contain_text("Tue 17 Mar 00:00")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#point")).to_contain_text("Mon 16 Mar 00:00")
        expect(page.locator("#point")).to_contain_text(re.compile("uptime .* open stores down.* known"))
        page.keyboard.press("Home")
        page.keyboard.press("Tab")
        expect(page.locator(".down [data-point='3']")).to_be_focused()  # each chart has one place in the order
        assert page.locator("#tree tbody tr:visible").count() == 3
        fold = page.get_by_role("button", name="North")
        fold.press("Enter")
        assert page.locator("#tree tbody tr:visible").count() == 5
        assert fold.get_attribute("aria-expanded") == "true"
        page.locator("#tree [data-day][tabindex='0']").focus()
        expect(page.locator("#day")).to_contain_text("All stores · Tue 10 Mar: uptime 100.00 %")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#day")).to_contain_text(re.compile("^North · Wed 11 Mar"))
        page.locator(".uptime [data-point='0']").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"/view/{reports[0]}"))


@pytest.mark.nightly
def test_both_fit_on_a_phone_and_need_no_script(chromium: Browser, service: Service, reports: list[str]) -> None:
    assert reports
    with opened(chromium, service.url, **PHONE) as page:
        for address in ("/trends?by=city", "/changes", "/changes?since=last-week"):
            page.goto(address)
            assert (faults(page), overflow(page)) == ([], 0), address
        expect(page.get_by_role("link", name=re.compile(IDS[0]))).to_be_visible()
    with opened(chromium, service.url, java_script_enabled=False) as page:
        page.goto("/trends?by=brand&by=city")
        assert page.locator("#tree tbody tr:visible").count() == 7
