"""Schedules in a browser: added, run and removed there, and what other views say of their reports."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from store_uptime.service.page.templates import assets_path
from store_uptime.service.queue.cron import in_words
from store_uptime.service.testing import Service
from tests.support.browsing import faults, opened, overflow
from tests.support.postgres import eventually, fresh_database, run
from tests.support.running import complete, finished, running

pytestmark = pytest.mark.long  # a browser

HOOK = "https://hooks.example.com/services/T0/very-private"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def registry(server: str) -> Iterator[str]:
    with fresh_database(server) as url:
        yield url


@pytest.fixture(scope="module")
def service(polled: str, registry: str, archive: Path) -> Iterator[Service]:
    """A service that delivers to a folder."""
    with running(polled, "--registry", registry, "--destination", f"archive={archive}") as service:
        yield service


@pytest.fixture
def schedules(client: httpx.Client) -> Iterator[httpx.Client]:
    """A client of it, to add schedules with; they are gone after the test."""
    yield client
    for schedule in client.get("/schedules").json()["schedules"]:
        client.delete(f"/schedules/{schedule['name']}").raise_for_status()


def added(client: httpx.Client, name: str, **more: object) -> None:
    """Add a schedule that does not come while the tests run."""
    client.post("/schedules", json={"name": name, "cron": "15 6 29 2 *", **more}).raise_for_status()


def report_of(client: httpx.Client, name: str) -> str:
    """The id of a report of a schedule, once it is complete."""
    report_id = client.post(f"/schedules/{name}/run").json()["report_id"]
    assert finished(client, report_id)["status"] == "Complete"
    return report_id


def row_of(page: Page, name: str) -> Locator:
    return page.locator("#timetable tbody tr").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def fact(page: Page, name: str) -> Locator:
    return page.locator(".facts div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def in_history(page: Page, report_id: str) -> Locator:
    return page.get_by_role("row").filter(has=page.locator(f"a[href='/view/{report_id}']"))


def delivery(page: Page) -> Locator:
    return page.get_by_role("region", name="Deliveries").locator("tbody tr")


def reloaded_until(page: Page, state: str) -> None:
    """Look at the one delivery of a data view until this has become of it."""

    def is_there() -> bool:
        page.reload()
        return state in delivery(page).inner_text()

    eventually(is_there, 20)


def words(page: Page) -> Locator:
    """What the form says of what is picked: in words, and the next times."""
    return page.locator("#next-times")


def test_a_schedule_is_added_with_the_form(chromium: Browser, service: Service, schedules: httpx.Client) -> None:
    with opened(chromium, service.url, timezone_id="Europe/Berlin") as page:
        page.goto("/timetable")
        expect(page.get_by_text("None yet")).to_be_visible()
        page.get_by_label("Name").fill("leap")
        expect(page.get_by_label("On the clock of")).to_have_value("Europe/Berlin")
        expect(words(page)).to_have_text(
            re.compile(r"^Every day at 06:00 \(Europe/Berlin\)\. Next: (\w{3} \d+ \w{3} (\d{4}, )?06:00(; |\.)){3}$")
        )
        page.get_by_text("Advanced: cron").click()
        page.get_by_label("Cron expression").fill("15 6 29 2 *")
        expect(page.get_by_label("When")).to_be_disabled()
        expect(words(page)).to_contain_text("At 06:15 on February 29 (Europe/Berlin). Next: Tue 29 Feb 2028, 06:15; ")
        page.get_by_text("More options").click()
        page.get_by_label("A poll counts for at most").fill("2h")
        page.get_by_label("Keep its reports for").fill("90d")
        page.get_by_label("Format of files").select_option("XLSX")
        page.get_by_label("archive").check()
        page.get_by_role("button", name="Add the schedule").click()
        row = row_of(page, "leap")
        expect(row).to_contain_text("At 06:15 on February 29")
        expect(row).to_contain_text("Europe/Berlin · 15 6 29 2 *")
        expect(row).to_contain_text("All stores, a poll counts for at most 2h")
        expect(row).to_contain_text("Tue 29 Feb 2028, 05:15")
        expect(row).to_contain_text("none yet")
        expect(row).to_contain_text("archive as XLSX")
        expect(row).to_contain_text("90d")
        expect(page.locator("#secret")).to_be_hidden()
    [made] = schedules.get("/schedules").json()["schedules"]
    assert (made["options"]["columns"], made["options"]["store_id"], made["webhook"]) == ("plain", None, None)


PICKED: list[tuple[dict[str, object], str, str]] = [
    ({"often": "day", "at": "06:05"}, "5 6 * * *", "Every day at 06:05"),
    ({"often": "weekday", "at": "06:15"}, "15 6 * * 1-5", "Every weekday at 06:15"),
    (
        {"often": "week", "at": "23:00", "weekdays": ["1", "6", "0"]},
        "0 23 * * 1,6,0",
        "Every Monday, Saturday and Sunday",
    ),
    ({"often": "week", "at": "23:00", "weekdays": []}, "", ""),
    ({"often": "month", "at": "07:00", "day": "1"}, "0 7 1 * *", "On the 1st of every month at 07:00"),
    ({"often": "month", "at": "07:00", "day": "L"}, "0 7 L * *", "On the last day of every month at 07:00"),
    ({"often": "hours", "hours": "1", "minute": "0"}, "0 * * * *", "Every hour, on the hour"),
    ({"often": "hours", "hours": "4", "minute": "15"}, "15 */4 * * *", "Every 4 hours from 00:15 on"),
    ({"often": "hours", "hours": "4", "minute": ""}, "", ""),
    ({"often": "day", "at": ""}, "", ""),
]


def test_what_is_picked_is_what_its_words_say(page: Page) -> None:
    page.goto("/health")
    cron_of = f"async picked => (await import('{assets_path()}/cron.js')).cronOf(picked)"
    assert [page.evaluate(cron_of, {"at": "", **picked}) for picked, _, _ in PICKED] == [cron for _, cron, _ in PICKED]
    assert [cron for _, cron, said in PICKED if cron and not in_words(cron).startswith(said)] == []


def test_what_is_picked_is_added(page: Page, schedules: httpx.Client) -> None:
    page.goto("/timetable")
    page.get_by_label("Name").fill("late")
    page.get_by_label("When").select_option("some days of the week")
    page.get_by_label("Monday").uncheck()
    page.get_by_role("button", name="Add the schedule").click()
    expect(page.get_by_label("Monday")).to_be_focused()
    expect(page.get_by_label("Monday")).to_have_accessible_description("Pick at least one day of the week.")
    page.get_by_label("Thursday").check()
    expect(page.get_by_label("Monday")).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("At", exact=True).fill("22:30")
    page.get_by_label("On the clock of").fill("Asia/Kolkata")
    expect(words(page)).to_contain_text(
        re.compile(r"Every Thursday at 22:30 \(Asia/Kolkata\)\. Next: Thu \d+ \w{3} (\d{4}, )?22:30; Thu")
    )
    page.get_by_role("button", name="Add the schedule").click()
    expect(row_of(page, "late")).to_contain_text("Every Thursday at 22:30")
    [made] = schedules.get("/schedules").json()["schedules"]
    assert (made["cron"], made["zone"]) == ("30 22 * * 4", "Asia/Kolkata")


def test_an_error_stands_at_its_field_and_what_was_written_stays(page: Page, schedules: httpx.Client) -> None:
    page.goto("/timetable")
    add = page.get_by_role("button", name="Add the schedule")
    name, cron, zone = (page.get_by_label(label) for label in ("Name", "Cron expression", "On the clock of"))
    add.click()
    expect(name).to_have_accessible_description("Please fill out this field.")  # of the browser, at the field as well
    name.fill("wrong")
    page.get_by_text("Advanced: cron").click()
    cron.fill("15 25 * * *")
    page.get_by_text("Advanced: cron").click()
    add.click()
    expect(cron).to_be_focused()  # which opens what it is folded in
    expect(cron).to_have_attribute("aria-invalid", "true")
    expect(cron).to_have_accessible_description(re.compile("is no cron expression: '25' is no hour"))
    expect(name).to_have_value("wrong")
    assert faults(page) == []
    cron.fill("")
    expect(cron).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("When").select_option("every few hours")
    for minute in ("75", "1.5", "-5"):
        page.get_by_label("Minutes past").fill(minute)
        expect(page.get_by_label("Minutes past")).to_have_accessible_description("A whole number from 0 to 59.")
    page.get_by_label("Minutes past").fill("5")
    expect(page.get_by_label("Minutes past")).not_to_have_attribute("aria-invalid", "true")
    zone.fill("Europe/Atlantis")
    expect(zone).to_have_accessible_description(re.compile("is no time zone"))  # before the button is clicked
    with page.expect_request(lambda request: request.method == "POST"):  # the click leaves the field, and is not lost
        add.click()
    expect(zone).to_be_focused()
    expect(zone).to_have_accessible_description(re.compile("is no time zone"))
    assert schedules.get("/schedules").json()["schedules"] == []


def test_run_now_leads_to_a_report_that_says_where_it_was_delivered(
    page: Page, schedules: httpx.Client, archive: Path
) -> None:
    added(schedules, "archived", deliver_to=["archive"])
    page.goto("/timetable")
    row_of(page, "archived").get_by_role("button", name="Run now").click()
    page.wait_for_url("**/view/*")
    report_id = page.url.rpartition("/")[2]
    finished(schedules, report_id)
    page.goto("/timetable")
    expect(row_of(page, "archived")).to_contain_text("complete")
    expect(row_of(page, "archived").get_by_role("link").first).to_have_attribute("href", f"/view/{report_id}")
    page.goto(f"/view/{report_id}/data")
    expect(fact(page, "Schedule")).to_have_text("archived")
    expect(fact(page, "Due")).to_have_text("run at once")
    reloaded_until(page, "delivered ")
    [file] = archive.iterdir()
    expect(delivery(page).get_by_role("rowheader")).to_have_text(file.name)
    assert faults(page) == []


def test_what_went_otherwise_is_told(page: Page, registry: str, schedules: httpx.Client) -> None:
    added(schedules, "missed", webhook=HOOK)
    run(
        registry, "update store_uptime.schedule set webhook = 'http://127.0.0.1:9/very-private'"
    )  # as an older one may be
    report_id = report_of(schedules, "missed")
    run(
        registry,
        "update store_uptime.report"
        f" set due_at = '2026-03-10 05:15Z', is_late = true, passed_over = 2 where id = '{report_id}'",
    )
    page.goto(f"/view/{report_id}/data")
    expect(fact(page, "Due")).to_have_text(
        "Tue 10 Mar 2026, 05:15 UTC; late: no server was there at that time;"
        " 2 due times before it were missed or still waited, and have no report"
    )
    reloaded_until(page, "given up")
    expect(delivery(page)).to_contain_text("given up: 127.0.0.1 is an address of a private network")
    assert "very-private" not in page.content()
    run(
        registry,
        "update store_uptime.delivery set status = 'waiting', error = 'it answered 502',"
        f" next_try_at = '2100-03-10 05:15Z' where report_id = '{report_id}'",
    )
    page.reload()
    expect(delivery(page)).to_have_text(
        re.compile(
            r"^announcement127\.0\.0\.1:9\s+waiting, next try Wed 10 Mar 2100, 05:15 UTC: it answered 502\s+1\s*$"
        )
    )
    page.goto("/history")
    expect(in_history(page, report_id)).to_contain_text("schedule missed, late")


def test_a_report_that_failed_is_told_to_be_tried_again(page: Page, schedules: httpx.Client, registry: str) -> None:
    added(schedules, "lost")
    run(registry, """update store_uptime.schedule set options = options || '{"store_id": "nowhere"}'""")  # it closed
    report_id = schedules.post("/schedules/lost/run").json()["report_id"]
    eventually(lambda: schedules.get("/schedules").json()["schedules"][0]["last"]["error"])
    page.goto("/timetable")
    expect(row_of(page, "lost")).to_contain_text(
        re.compile(r"Waiting, next try \w{3} \d.* UTC: no poll in the database has the store id 'nowhere'")
    )
    row_of(page, "lost").get_by_role("link").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("for the schedule lost")
    expect(page.locator("[aria-current=step]")).to_contain_text("waiting for try 2: no poll")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("lost; tried once")).to_be_visible()
    page.goto("/timetable")
    expect(row_of(page, "lost")).to_contain_text("Cancelled")
    page.goto("/history")
    expect(in_history(page, report_id)).to_contain_text("schedule lost")


def test_a_report_is_delivered_from_its_data(page: Page, client: httpx.Client, archive: Path) -> None:
    report_id = complete(client, lookback="5h")
    page.goto(f"/view/{report_id}/data")
    page.get_by_label("Format of the file").select_option("json")
    page.get_by_role("button", name="Deliver").click()
    expect(delivery(page)).to_have_count(1)
    reloaded_until(page, "delivered")
    assert len(list(archive.glob(f"report-*-{report_id[:8]}.json"))) == 1


def test_a_schedule_is_removed_once_that_is_confirmed(page: Page, schedules: httpx.Client) -> None:
    added(schedules, "short-lived")
    page.goto("/timetable")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Remove short-lived").click()
    assert len(schedules.get("/schedules").json()["schedules"]) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove short-lived").click()
    expect(page.get_by_text("None yet. A schedule")).to_be_visible()  # not the "none yet" of its last report
    assert schedules.get("/schedules").json()["schedules"] == []


def test_a_secret_is_shown_once(page: Page, schedules: httpx.Client) -> None:
    page.goto("/timetable")
    page.get_by_label("Name").fill("announced")
    page.get_by_text("More options").click()
    page.get_by_label("Announce").fill(HOOK)
    page.get_by_role("button", name="Add the schedule").click()
    box = page.locator("#secret")
    expect(box).to_be_focused()
    expect(box).to_contain_text("not shown again")
    secret = box.locator("code").inner_text()
    assert secret.startswith("whsec_")
    assert faults(page) == []
    page.get_by_role("link", name="back to the schedules").click()
    expect(row_of(page, "announced")).to_contain_text("announced at hooks.example.com")
    assert secret not in page.content()
    assert HOOK not in page.content()


@pytest.mark.parametrize("look", [{}, {**PHONE, "color_scheme": "dark"}])
def test_the_timetable_can_be_read_by_everybody(
    chromium: Browser, service: Service, schedules: httpx.Client, look: dict[str, object]
) -> None:
    added(schedules, "morning", deliver_to=["archive"], webhook=HOOK, retention="90d")
    added(schedules, "evening", zone="Asia/Kolkata", max_gap="2h")
    report_of(schedules, "evening")
    with opened(chromium, service.url, **look) as page:
        page.goto("/timetable")
        assert faults(page) == []
        assert overflow(page) == 0
        assert page.locator("h1").count() == 1
