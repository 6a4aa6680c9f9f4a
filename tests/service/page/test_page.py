"""The page in a browser, over a running service: everything that a person does there, and that nothing goes wrong."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from store_uptime.pipeline import write_sample
from store_uptime.service.page import templates
from store_uptime.service.page.templates import assets_path
from store_uptime.service.testing import Service
from tests.support.browsing import faults, opened, overflow, ready, shown_stores
from tests.support.feeds import HOURS, POLLS, ZONES, called, lines, written_feed
from tests.support.postgres import fresh_database, run
from tests.support.running import complete, finished, held_up, loaded, served, trigger

pytestmark = pytest.mark.long  # a browser

KNOWN = "corner shop"  # open every day from 09:00 to 17:00; down on Monday from 12:00 to 14:30
ODD = "odd shop"  # one of its rows of hours has a weekday that there is not
SAMPLE = 17
STORES = SAMPLE + 3
FICKLE = "fickle shop"  # loses polls after reports were made
DESK = {"width": 1400, "height": 900}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def polled(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small sample, and with it one store whose week is known to the second, one with a bad row, one that changes."""
    polls = ("10:10:00,active", "12:00:00,inactive", "13:05:00,inactive", "14:30:00,active")
    folder = tmp_path_factory.mktemp("page")
    write_sample(folder / "sample", stores=SAMPLE, days=9)
    feed = written_feed(
        folder / "known",
        polls=lines(POLLS, *(f"{store},2026-03-09 {poll}" for store in (KNOWN, ODD, FICKLE) for poll in polls)),
        hours=lines(HOURS, *(f"{KNOWN},{day},09:00,17:00" for day in range(7)), f"{ODD},0,09:00,17:00", f"{ODD},9,,"),
        zones=lines(ZONES, f"{KNOWN},UTC"),
    )
    with fresh_database(server) as url:
        loaded(url, folder / "sample")
        loaded(url, feed)
        yield url


service = pytest.fixture(served, scope="module")


@pytest.fixture(scope="module")
def reports(service: Service) -> dict[str, str]:
    """The ids of a complete report, of an earlier one with unknown time, and of one that failed."""
    with service.client() as client:
        failed = trigger(client, now="2020-01-01T00:00:00Z")
        finished(client, failed)
        earlier = complete(client, now="2026-03-08T16:00:00Z", max_gap="1h")
        return {"fleet": complete(client), "earlier": earlier, "failed": failed}


@pytest.fixture(scope="module")
def views(reports: dict[str, str]) -> dict[str, str]:
    """The address of every view."""
    fleet, earlier = reports["fleet"], reports["earlier"]
    return {
        "home": "/",
        "fleet": f"/view/{fleet}",
        "unknown": f"/view/{earlier}",
        "store": f"/view/{fleet}/store?store_id={KNOWN}",
        "data": f"/view/{fleet}/data",
        "history": "/history",
        "compare": f"/compare?old={earlier}&new={fleet}",
        "rule": "/rule",
        "failed": f"/view/{reports['failed']}",
        "missing": f"/view/{'0' * 32}",
    }


@pytest.fixture
def fleet(page: Page, reports: dict[str, str]) -> Page:
    """A page that shows the fleet."""
    page.goto(f"/view/{reports['fleet']}")
    ready(page)
    return page


def ids(content: str) -> list[str]:
    return [row["store_id"] for row in csv.DictReader(io.StringIO(content))]


def downloaded(page: Page, name: str) -> bytes:
    """The bytes of a file that a link of the page downloads."""
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize(
    ("picked", "now"),
    [
        ("2026-03-09T12:00", "2026-03-09T12:00:00Z"),
        pytest.param("2026-03-09T16:20:30", "2026-03-09T16:20:30Z", marks=pytest.mark.nightly),
    ],
)
def test_what_is_picked_as_now_is_now(page: Page, service: Service, picked: str, now: str) -> None:
    page.goto("/history")
    page.get_by_text("More options").click()
    page.get_by_label("As of, in UTC").fill(picked)
    page.get_by_role("button", name="Make the report").click()
    page.wait_for_url("**/view/*")
    with service.client() as client:
        report_id = page.url.rpartition("/")[2]
        assert client.get(f"/reports/{report_id}/status").json()["options"]["now"] == now
        finished(client, report_id)


def test_what_is_no_duration_is_not_sent(page: Page) -> None:
    page.goto("/history")
    page.get_by_text("More options").click()
    field = page.get_by_label("A poll counts for at most")
    fits = {}
    for text in ("90m", "1d12h", "0h", "2 hours", "12h1d", "-2h"):
        field.fill(text)
        fits[text] = field.evaluate("field => field.checkValidity()")
    assert fits == {"90m": True, "1d12h": True, "0h": True, "2 hours": False, "12h1d": False, "-2h": False}


ADDRESSES = ("/nothing", "/view/a/b/c", "/reports/x/nothing", "/?utm_source=letter", "/rule?x=1")


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_nothing_goes_by_is_answered_with_a_page(client: httpx.Client, address: str) -> None:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == (400 if "?" in address else 404)
    assert "<h1>This cannot be shown</h1>" in answer.text
    assert "There is no" in answer.text


@pytest.mark.parametrize(
    "address", [ADDRESSES[0], *(pytest.param(each, marks=pytest.mark.nightly) for each in ADDRESSES[1:])]
)
def test_an_address_that_nothing_goes_by_is_a_page_with_a_way_home(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == (400 if "?" in address else 404)
    expect(page.get_by_role("heading", level=1)).to_have_text("This cannot be shown")
    expect(page.locator(".warning").first).to_contain_text(re.compile("^There is no"))
    assert faults(page) == []
    page.get_by_role("link", name="Back to now").click()
    expect(page).to_have_url(re.compile("/$"))


# From a trigger to a file ---------------------------------------------------------------------------------------------


def test_from_a_trigger_to_the_file_with_a_reload_in_the_middle(page: Page, polled: str, tmp_path: Path) -> None:
    page.goto("/history")
    with held_up(polled):
        page.get_by_text("More options").click()
        page.get_by_label("Polls from before the week").fill("25h")  # a report that there is not yet
        page.get_by_role("button", name="Make the report").click()
        page.wait_for_url("**/view/*")
        step = page.locator("[aria-current=step]")
        expect(step).to_have_text("reading polls, hours and zones")
        page.reload()
        expect(step).to_have_text("reading polls, hours and zones")
        seconds = int(page.locator(".elapsed").inner_text().split(".")[0].split()[0])
        expect(page.locator(".elapsed")).to_have_text(re.compile(rf"^{seconds + 2} s$"))
    ready(page)
    assert len(shown_stores(page)) == STORES
    page.get_by_label("Find a store").fill(KNOWN[:6].upper())
    expect(page.locator("#matched")).to_have_text(f"1 of {STORES} stores")
    page.get_by_label("Find a store").fill("")
    made = downloaded(page, "CSV")
    told = called("report", "--source", polled, "--lookback", "25h", "--out", "-", cwd=tmp_path)
    assert told.stdout == made != b""
    page.get_by_role("link", name=KNOWN).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Store {KNOWN}")


def test_progress_is_asked_for_where_events_do_not_come_through(page: Page, polled: str) -> None:
    page.route("**/events", lambda route: route.fulfill(status=404))
    page.goto("/history")
    with held_up(polled):
        page.get_by_text("More options").click()
        page.get_by_label("Polls from before the week").fill("26h")
        page.get_by_role("button", name="Make the report").click()
        expect(page.locator("[aria-current=step]")).to_have_text("reading polls, hours and zones")
    ready(page)


def test_a_report_of_one_store_leads_to_its_week(page: Page) -> None:
    page.goto("/history")
    page.get_by_label("Store", exact=True).press_sequentially(KNOWN[:3])
    expect(page.locator("#stores option")).to_have_count(1)
    assert page.locator("#stores option").evaluate("option => option.value") == KNOWN
    page.get_by_label("Store", exact=True).fill(KNOWN)
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Store {KNOWN}")


def test_a_running_report_is_seen_on_the_first_page_and_can_be_cancelled(
    page: Page, polled: str, client: httpx.Client, reports: dict[str, str]
) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback="27h")
        page.goto("/")
        card = page.locator(f"[data-report='{report_id}'][data-then]")
        expect(card).to_contain_text("polls from up to 1d3h before the week")
        card.get_by_role("button", name="Cancel").click()
        expect(card).to_have_count(0)
    page.goto(f"/view/{report_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("This uptime report was cancelled")


def test_a_report_that_ends_elsewhere_is_offered(
    page: Page, polled: str, client: httpx.Client, reports: dict[str, str]
) -> None:
    with held_up(polled):
        trigger(client, lookback="28h")
        page.goto("/")
        ready(page)
    page.get_by_role("link", name="It is complete: open it").click()
    ready(page)


def test_a_failed_report_says_why_and_can_be_tried_again(page: Page, reports: dict[str, str]) -> None:
    page.goto(f"/view/{reports['failed']}")
    expect(page.locator("#why")).to_contain_text("Choose a now between them")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(lambda url: reports["failed"] not in url)
    expect(page.locator("#why")).to_contain_text("Choose a now between them")


def test_what_the_server_refuses_is_said(page: Page) -> None:
    page.goto("/history")
    page.get_by_label("Store", exact=True).fill("no such store")
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_text("no such store")).to_be_visible()


def test_any_report_opens_by_its_id(page: Page, reports: dict[str, str]) -> None:
    page.goto("/history")
    page.get_by_label("Open one by its id").fill(f" {reports['earlier']} ")
    page.get_by_role("button", name="Open", exact=True).click()
    page.wait_for_url(f"**/view/{reports['earlier']}")


# The fleet ------------------------------------------------------------------------------------------------------------


FILTERS = [
    {"search": "A1"},
    {"down_now": True},
    {"below": "95"},
    {"below": "99.5", "window": "day"},
    {"zone": "America/Chicago"},
    {"unknown": True},
    {"unknown": True, "below": "97", "zone": "America/New_York"},
]


@pytest.mark.parametrize("which", ["fleet", pytest.param("earlier", marks=pytest.mark.nightly)])
def test_what_is_filtered_on_the_page_is_what_is_downloaded(page: Page, reports: dict[str, str], which: str) -> None:
    page.goto(f"/view/{reports[which]}")
    ready(page)
    sizes = set()
    whole = page.locator("#matched").inner_text()
    for number, wanted in enumerate(FILTERS):
        page.get_by_text("+ Filter").click()
        for name, value in wanted.items():
            field = page.locator(f"#filter [name={name}]")
            if name == "down_now":
                page.locator("[data-chip=down_now]").click()
            elif value is True:
                field.check()
            elif name in ("zone", "window"):
                field.select_option(str(value))
            else:
                field.fill(str(value))
        page.keyboard.press("Escape")
        shown = shown_stores(page)
        expect(page.locator("#matched")).to_have_text(re.compile(f"^{len(shown)} of "))
        expect(page.locator("#download-words")).to_have_text(re.compile(f"^{len(shown)} store"))
        answer = page.request.get(page.locator("[data-format=csv]").get_attribute("href") or "")
        assert sorted(ids(answer.text())) == sorted(shown), wanted
        if number % 3 == 0:  # the address holds the filter
            page.reload()
            ready(page)
            assert shown_stores(page) == shown, wanted
        sizes.add(len(shown))
        page.locator("[data-chip='']").click()
        for _ in range(page.locator("#active-filters .chip").count()):
            page.locator("#active-filters .chip").first.click()
        expect(page.locator("#matched")).to_have_text(whole)
    assert len(sizes) > 3  # not always all, or none


def test_a_filter_works_without_a_script(chromium: Browser, service: Service, reports: dict[str, str]) -> None:
    with opened(chromium, service.url, java_script_enabled=False) as page:
        page.goto(f"/view/{reports['fleet']}")
        page.get_by_label("Find a store").fill(KNOWN)
        page.keyboard.press("Enter")
        expect(page.locator("#matched")).to_have_text(f"1 of {STORES} stores")
        assert page.locator("#fleet tbody th a").all_text_contents() == [KNOWN]
        assert "search=corner" in (page.locator("[data-format=csv]").get_attribute("href") or "")
        page.get_by_role("link", name="Remove “corner shop”").click()
        expect(page.locator("#matched")).to_have_text(f"{STORES} of {STORES} stores")


def test_without_a_script_nothing_is_offered_that_needs_one(
    chromium: Browser, service: Service, views: dict[str, str]
) -> None:
    with opened(chromium, service.url, java_script_enabled=False) as page:
        offered = {}
        for view in ("/", "/timetable", views["history"], views["failed"], views["data"]):
            page.goto(view)
            buttons = page.get_by_role("button").all_text_contents()
            offered[view.split("/")[1]] = (
                buttons,
                page.locator("noscript p:visible", has_text="needs JavaScript here").count(),
            )
    works = ["Filter", "Compare the two that are checked"]
    assert [button for buttons, _ in offered.values() for button in buttons if button not in works] == []
    assert (offered["history"][1], offered["timetable"][1]) == (1, 1)


def test_rows_from_the_server_and_from_the_script_are_the_same(
    chromium: Browser, service: Service, fleet: Page, reports: dict[str, str]
) -> None:
    rows, head = drawn_rows(fleet), fleet.locator("#fleet thead th").all_inner_texts()
    with opened(chromium, service.url, java_script_enabled=False) as plain:
        plain.goto(f"/view/{reports['fleet']}")
        assert plain.locator("#fleet thead th").all_inner_texts()[3:] == head[3:]
        first = drawn_rows(plain)
    assert len(first) == STORES
    assert first == rows


def drawn_rows(page: Page) -> list[list[str]]:
    """Every row of the table of stores: its class, and of each cell text, classes, title and drawing."""
    drawn = "[...cell.querySelectorAll('path')].filter(path => !path.matches('.incident')).map(path => path.outerHTML)"
    label = "cell.querySelector('svg')?.getAttribute('aria-label') ?? ''"
    link = "cell.querySelector('a')?.getAttribute('href') ?? ''"
    cell = f"[cell.textContent.trim(), cell.className, cell.title, {label}, {link}, ...{drawn}].join('|')"
    return page.locator("#fleet tbody tr:not(.space)").evaluate_all(
        f"rows => rows.map(row => [row.className, ...[...row.cells].map(cell => {cell})])"
    )


def test_columns_sort_both_ways_and_back(fleet: Page, client: httpx.Client, reports: dict[str, str]) -> None:
    worst = shown_stores(fleet)
    rows = list(csv.DictReader(io.StringIO(client.get(f"/get_report/{reports['fleet']}").text)))
    down = {row["store_id"]: float(row["downtime_last_day(hours)"]) for row in rows}
    head = fleet.locator("[data-sort=downtime_last_day]")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    hours = [down[store] for store in shown_stores(fleet)]
    assert hours == sorted(hours, reverse=True)
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert [down[store] for store in shown_stores(fleet)] == hours[::-1]
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "none")
    assert shown_stores(fleet) == worst


def test_the_worst_come_first(fleet: Page, client: httpx.Client, reports: dict[str, str]) -> None:
    told = client.get(f"/get_report/{reports['fleet']}", params={"columns": "extended"}).text
    share = {row["store_id"]: row["uptime_percent_last_week"] for row in csv.DictReader(io.StringIO(told))}
    fleet.get_by_role("link", name="Worst this week").click()
    shown = [share[store] for store in shown_stores(fleet)]
    assert [float(one) for one in shown if one] == sorted(float(one) for one in shown if one)
    assert shown == [one for one in shown if one] + [one for one in shown if not one]


def test_a_lane_says_what_it_shows(fleet: Page) -> None:
    lane = fleet.get_by_role("row").filter(has_text=KNOWN).get_by_role("img")
    # Business hours of seven days; Monday's first poll is the first evidence of all, Tuesday takes over from Monday.
    expect(lane).to_have_attribute("aria-label", re.compile(r"^In the week: up \d+ h.*, down 2 h 30 min in 1 stretch$"))


def test_back_and_forward_keep_the_filter(fleet: Page) -> None:
    fleet.get_by_label("Find a store").fill("corner")
    fleet.get_by_role("link", name=KNOWN).click()
    expect(fleet.get_by_role("heading", level=1)).to_have_text(f"Store {KNOWN}")
    fleet.go_back()
    expect(fleet.locator("#matched")).to_have_text(f"1 of {STORES} stores")
    expect(fleet.get_by_label("Find a store")).to_have_value("corner")
    fleet.go_forward()
    expect(fleet.get_by_role("heading", level=1)).to_have_text(f"Store {KNOWN}")


@pytest.mark.parametrize("name", ["XLSX", "JSON", "PARQUET"])
def test_other_formats_are_those_of_the_api(
    fleet: Page, client: httpx.Client, reports: dict[str, str], name: str
) -> None:
    fleet.get_by_text("Download").click()
    fleet.get_by_label("all columns").check()
    fleet.keyboard.press("Escape")
    query = {"format": name.lower(), "columns": "extended"}
    told = client.get(f"/get_report/{reports['fleet']}", params=query).content
    content = downloaded(fleet, name)
    assert content[:4] == told[:4]
    assert name == "XLSX" or content == told  # a workbook holds when it was written


# One store ------------------------------------------------------------------------------------------------------------


def test_a_figure_is_traced_to_its_polls_in_two_clicks(fleet: Page) -> None:
    row = fleet.get_by_role("row").filter(has_text=KNOWN)
    expect(row.get_by_role("cell").nth(5)).to_have_text("2 h 30")
    row.get_by_role("link").click()  # one
    outage = fleet.get_by_role("region", name="Outages").get_by_role("row").nth(1)
    cells = outage.get_by_role("cell").all_inner_texts()
    # At least between its two inactive polls, at most between the active ones around it.
    assert cells[:5] == ["Mon 9 Mar 12:00", "Mon 9 Mar 14:30", "2 h 30 min", "1 h 5 min", "4 h 20 min"]
    outage.get_by_role("link", name="2 inactive polls").click()  # two
    polls = fleet.locator("tr.marked")
    expect(polls).to_have_count(2)
    assert [row.split("\t")[1:3] for row in polls.all_inner_texts()] == [
        ["2026-03-09 13:05:00", "inactive"],
        ["2026-03-09 12:00:00", "inactive"],
    ]
    expect(polls.first).to_be_in_viewport()


def test_a_stretch_tells_what_it_rests_on(page: Page, views: dict[str, str]) -> None:
    page.goto(views["store"])
    told = page.locator("#days .tip")
    page.locator(".piece.down").first.hover()
    expect(told).to_have_text(
        re.compile(r"^Down, Mon 9 Mar 12:00 .*, 1 h 5 min\. Rests on the poll of Mon 9 Mar 12:00 ")
    )
    page.get_by_role("link", name="Mon 9 Mar 12:00", exact=True).click()
    expect(told).to_contain_text("Down, Mon 9 Mar 12:00")
    page.keyboard.press("ArrowLeft")
    expect(told).to_have_text(re.compile(r"^Up, Mon 9 Mar 09:00 .* first poll reaches back to the opening\.$"))
    page.keyboard.press("End")
    carried = r"carried from the last poll of an earlier interval\. No poll in business hours within two hours\.$"
    expect(told).to_have_text(re.compile(rf"^Last known status up, Tue 10 Mar 09:00 .* {carried}"))


def test_a_change_of_clocks_is_marked(
    page: Page, views: dict[str, str], client: httpx.Client, reports: dict[str, str]
) -> None:
    told = client.get(f"/get_report/{reports['fleet']}", params={"zone": "America/New_York"}).text
    page.goto(f"/view/{reports['fleet']}/store?store_id={ids(told)[0]}")
    sunday = page.locator(".day").filter(has_text="Sun 8 Mar")
    expect(sunday).to_contain_text("Clocks went forward by 1 h: this day has 23 h")
    expect(sunday.locator("line.change")).to_have_count(1)
    expect(page.locator("line.change")).to_have_count(1)


def test_what_is_odd_about_a_store_is_told(page: Page, client: httpx.Client, reports: dict[str, str]) -> None:
    lists = client.get(f"/reports/{reports['fleet']}").json()["quality"]["stores"]
    page.goto(f"/view/{reports['fleet']}/store?store_id={ODD}")
    expect(page.get_by_text("Some rows of business hours rejected: computed from the rest")).to_be_visible()
    expect(page.get_by_role("region", name="Rejected rows")).to_contain_text("bad weekday")
    page.goto(f"/view/{reports['fleet']}/store?store_id={lists['no_hours'][0]}")
    expect(page.get_by_text("around the clock", exact=True)).to_be_visible()


def test_it_is_told_where_the_polls_have_changed_since(page: Page, polled: str, reports: dict[str, str]) -> None:
    run(polled, f"delete from store_status where store_id = '{FICKLE}' and status = 'inactive'")
    page.goto(f"/view/{reports['fleet']}/store?store_id={FICKLE}")
    expect(page.get_by_text("some have come or gone since")).to_be_visible()
    page.goto(f"/view/{reports['fleet']}/store?store_id={KNOWN}")
    expect(page.get_by_text("some have come or gone since")).to_have_count(0)


# Data, history, comparison --------------------------------------------------------------------------------------------


def test_the_data_view_tells_counts_reasons_and_lists(
    page: Page, views: dict[str, str], client: httpx.Client, reports: dict[str, str]
) -> None:
    about = client.get(f"/reports/{reports['fleet']}").json()
    page.goto(views["data"])
    hours = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="hours"))
    counts = about["quality"]["tables"]["hours"]
    expect(hours).to_contain_text(f"{counts['accepted']:,}")
    for reason, count in counts["rejected"].items():
        expect(hours).to_contain_text(f"{reason}: {count}")
    with page.expect_download() as download:
        hours.get_by_role("link", name="CSV").click()
    content = Path(download.value.path()).read_bytes()
    assert content == client.get(f"/reports/{reports['fleet']}/rejects", params={"table": "hours"}).content
    silent = page.locator("#not_observed")
    silent.locator("summary").click()
    expect(silent).to_contain_text(about["quality"]["stores"]["not_observed"][0])
    assert page.locator("ol.ten li").count() == 10
    page.get_by_role("link", name="All of it, precisely").click()
    expect(page.get_by_role("heading", name="What the figures mean")).to_be_visible()
    expect(page.locator("#evidence-and-extrapolation")).to_have_count(1)


def in_log(page: Page, report_id: str) -> Locator:
    """The row of a report in the log."""
    return page.get_by_role("row").filter(has=page.locator(f"a[href='/view/{report_id}']"))


def test_reports_are_compared_and_deleted_from_the_log(
    page: Page, client: httpx.Client, reports: dict[str, str]
) -> None:
    extra = complete(client, now="2026-03-07T16:00:00Z")
    page.goto("/history")
    row = in_log(page, extra)
    expect(row).to_contain_text("Sat 7 Mar 16:00")
    row.get_by_role("checkbox").check()
    compare = page.get_by_role("button", name="Compare the two that are checked")
    compare.click()
    expect(page.get_by_role("status").first).to_have_text("Check two uptime reports to compare.")
    in_log(page, reports["fleet"]).get_by_role("checkbox").check()
    compare.click()
    page.wait_for_url(f"**/compare?old={extra}&new={reports['fleet']}")  # the older one first
    expect(page.locator(".counts dd").first).to_be_visible()
    counts = [int(text) for text in page.locator(".counts dd").all_inner_texts()]
    assert sum(counts) == STORES
    assert counts[0] > 0
    expect(page.get_by_role("row").nth(1)).to_contain_text("worse")
    page.go_back()
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_label("More about the report as of Sat 7 Mar 2026, 16:00 UTC").click()
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    page.goto(f"/view/{extra}")
    expect(page.get_by_text("This report is not kept any more")).to_be_visible()


def test_a_failure_is_one_line_of_the_log_that_opens(page: Page, reports: dict[str, str]) -> None:
    page.goto("/history")
    row = in_log(page, reports["failed"])
    reason, again = row.locator("summary").first, row.get_by_role("button", name="Try again")
    expect(reason).to_contain_text("Failed: The database has no accepted poll")
    expect(again).to_be_hidden()
    height = row.evaluate("row => row.offsetHeight")
    assert height <= in_log(page, reports["fleet"]).first.evaluate("row => row.offsetHeight") + 2
    reason.press("Enter")
    expect(reason).to_contain_text("Choose a now between them")
    assert row.evaluate("row => row.offsetHeight") > height
    again.click()
    page.wait_for_url("**/view/*")
    expect(page.locator("#why")).to_contain_text("Choose a now between them")


def test_the_log_shows_how_far_a_report_is(page: Page, polled: str, client: httpx.Client) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback="29h")
        page.goto("/history")
        row = in_log(page, report_id)
        expect(row).to_contain_text("reading polls, hours and zones")
        expect(row.get_by_role("button", name="Cancel")).to_be_visible()
    expect(row.get_by_role("checkbox")).to_be_visible()  # by itself, once it is complete
    expect(row).to_contain_text("All stores, polls from up to 1d5h before the week")


# For everybody --------------------------------------------------------------------------------------------------------

VIEWS = ("home", "unknown", "store", "data", "history", "compare", "rule", "failed")


LOOKS = {"light": {"viewport": DESK}, "dark phone": {**PHONE, "color_scheme": "dark"}}


@pytest.fixture(scope="module")
def eyes(request: pytest.FixtureRequest, chromium: Browser, service: Service) -> Iterator[Page]:
    """A page in one of two looks, which differ in size and in colours."""
    with opened(chromium, service.url, **LOOKS[request.param]) as page:
        yield page


@pytest.mark.parametrize(
    ("eyes", "view"),
    [
        pytest.param(look, view, marks=[] if odd == number % 2 else pytest.mark.nightly)  # by day, each in one of them
        for odd, look in enumerate(LOOKS)
        for number, view in enumerate(VIEWS)
    ],
    indirect=["eyes"],
)
def test_every_view_can_be_read_by_everybody(eyes: Page, views: dict[str, str], view: str) -> None:
    eyes.goto(views[view])
    if view in ("home", "unknown"):
        ready(eyes)
    assert faults(eyes) == []
    assert overflow(eyes) == 0
    assert eyes.locator("h1").count() == 1


def test_dark_mode_is_dark(chromium: Browser, service: Service, views: dict[str, str]) -> None:
    with opened(chromium, service.url, color_scheme="dark") as page:
        page.goto(views["fleet"])
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(map(int, re.findall(r"\d+", colour))) < 64


def test_all_of_it_can_be_done_with_the_keyboard(page: Page, reports: dict[str, str]) -> None:
    page.goto("/")
    ready(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#fleet tbody') !== null"):
            break
    stores = shown_stores(page)
    expect(page.get_by_role("link", name=stores[0])).to_be_focused()
    for _ in range(STORES - 1):
        page.keyboard.press("ArrowDown")
    last = page.get_by_role("link", name=stores[-1])
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    chosen = next(number for number in (1, 2) if stores[number] != FICKLE)  # which may have no polls any more
    for _ in range(STORES - 1 - chosen):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(stores[chosen])
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#days') !== null"):
            break
    expect(page.locator("#days .tip")).to_contain_text("Rests on the poll of")
    shown = page.locator("#days .tip").inner_text()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#days .tip")).not_to_have_text(shown)


def test_all_rows_are_printed(fleet: Page) -> None:
    fleet.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(shown_stores(fleet)) == STORES
    fleet.emulate_media(media="print")
    expect(fleet.locator("#filter")).to_be_hidden()
    expect(fleet.locator("#fleet")).to_be_visible()


# How it comes ---------------------------------------------------------------------------------------------------------


def test_style_and_scripts_may_be_kept_for_ever_and_views_may_not(client: httpx.Client, views: dict[str, str]) -> None:
    for name in ("base.css", "page.js", "fleet.js", "rows.js", "icon.svg"):
        assert client.get(f"{assets_path()}/{name}").headers["Cache-Control"] == "max-age=31536000, public, immutable"
    for path in ("/", views["fleet"], views["store"], "/history", views["missing"]):
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_other_files_have_another_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "base.css").write_text("body { color: red; }", encoding="utf-8")
    monkeypatch.setattr(templates, "ASSETS", tmp_path)
    assert templates.assets_path.__wrapped__() not in ("", assets_path())


def test_the_first_load_is_light(page: Page, views: dict[str, str]) -> None:
    page.goto(views["fleet"])
    ready(page)
    weights = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map(entry => [new URL(entry.name).pathname.split('/').pop(), entry.transferSize])"
    )
    assert {"base.css", "page.js", "fleet.js", "fleet.json"} <= {name for name, _ in weights}
    assert sum(size for _, size in weights) < 200_000


def test_rows_that_a_browser_has_are_not_sent_again(client: httpx.Client, reports: dict[str, str]) -> None:
    path = f"/view/{reports['fleet']}/fleet.json"
    first = client.get(path)
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
