"""Now: the bar, the figures and drawings of its head, which are those of the API, and that it follows new reports."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest
from playwright.sync_api import Browser, expect

from store_uptime.pipeline import HourOfWeek, ProfileCell, WindowOverview, write_sample
from store_uptime.service.page.humanize import age_class, format_data_age
from store_uptime.service.page.models.now import EarlierWeek, day_head, percent_change, week_head
from store_uptime.service.page.templates import assets_path
from store_uptime.service.page.views.errors import sentence_on_page
from store_uptime.service.page.week_drawing import hour_chart, weekday_map
from store_uptime.service.testing import Service
from tests.support.browsing import new_page, opened, overflow, ready
from tests.support.postgres import eventually, fresh_database, run
from tests.support.running import complete, finished, held_up, loaded, running, trigger

AGES = (0, 59, 60, 119, 3599, 3600, 7199, 7200, 7201, 86_400, 86_401, 172_799, 172_800, 5_000_000)
TABLE_TOP = "document.getElementById('fleet').getBoundingClientRect().top"
START = datetime(2026, 3, 3, 16, tzinfo=UTC)


# Words and drawings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (94.0, 94.42, ("better", "▲ 0.4 points")),
        (94.42, 93.0, ("worse", "▼ 1.4 points")),
        (94.0, 94.04, ("same", "no change")),
        (None, 94.0, None),
        (94.0, None, None),
    ],
)
def test_a_change_says_how_many_points_and_which_way(
    before: float | None, now: float | None, said: tuple[str, str] | None
) -> None:
    change = percent_change(before, now)
    assert (change and (change.kind, change.words)) == said


def test_a_week_is_compared_only_with_a_report_that_is_there() -> None:
    week = WindowOverview(94.5, None, 100.0, 3.0)
    assert week_head(week, None).change is None
    compared = week_head(week, EarlierWeek("2026-03-03T15:00:00+00:00", 95.0))
    assert compared.change is not None
    assert (compared.change.words, compared.against) == (
        "▼ 0.5 points",
        "against the week up to Tue 3 Mar 2026, 15:00 UTC",
    )


def test_a_time_in_which_no_store_has_hours_is_closed() -> None:
    assert day_head(WindowOverview(None, None, None, 0.0)).uptime == "closed"
    assert day_head(WindowOverview(None, None, 0.0, 0.0)).uptime == "unknown"


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        (
            'down_now must be true or false, not "perhaps".',
            '“down_now” in the address must be true or false, not "perhaps".',
        ),
        (
            "store_id is missing; it must be text without zero bytes.",
            "“store_id” in the address is missing; it must be text.",
        ),
        (
            "below: 'x' is not a share in percent: write 95.",
            "“below” in the address: 'x' is not a share in percent: write 95.",
        ),
        ("There is no such report.", "There is no such report."),
    ],
)
def test_an_error_of_an_address_names_its_parameter_in_quotes(sentence: str, said: str) -> None:
    assert sentence_on_page(sentence) == said


def hours_of_week() -> list[HourOfWeek]:
    """A week with one store in a hundred down, and in the third hour none open."""
    hours = [HourOfWeek((START + timedelta(hours=n)).isoformat(), 6000, 60, 0, 0, down_percent=1.0) for n in range(168)]
    hours[2] = replace(hours[2], open_minutes=0, down_minutes=0, down_percent=None)
    hours[90] = replace(hours[90], down_minutes=1500, down_percent=25.0)
    return hours


def test_the_line_of_a_week_has_a_gap_where_no_store_is_open() -> None:
    chart = hour_chart(hours_of_week(), [])
    assert chart.gridlines == [(0, "30 %"), (50, "15 %")]
    assert chart.line.startswith("M0 96.67L0.5 96.67L1.5 96.67L2 96.67M3 96.67L")
    assert chart.line.count("M") == chart.area.count("z") == 2
    assert chart.highest is not None
    assert (chart.highest.start, chart.highest.words) == ("2026-03-07T10:00:00+00:00", "25.00 %")
    assert [day.words for day in chart.days] == ["Wed 4", "Thu 5", "Fri 6", "Sat 7", "Sun 8", "Mon 9", "Tue 10"]


def test_one_bad_hour_does_not_make_all_others_of_the_map_alike() -> None:
    cells = [ProfileCell(n // 24, n % 24, 6000, 60, 0, 1.0 + n % 4) for n in range(168)]
    cells[5] = replace(cells[5], down_percent=60.0)
    cells[6] = replace(cells[6], open_minutes=0, down_percent=None)
    cells[7] = replace(cells[7], unknown_minutes=6000, down_percent=None)
    cells[8] = replace(cells[8], down_percent=0.0)
    drawn = weekday_map(cells)
    name, monday = drawn.rows[0]
    assert (name, drawn.top) == ("Mon", "4 % or more")
    assert [cell.level for cell in monday[:9]] == [2, 4, 6, 8, 2, 8, None, None, 0]
    assert [cell.words for cell in monday[5:9]] == ["60.00 %", "no store open", "nothing known", "0.00 %"]


# Over a service -------------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.long  # a service, and a browser


@pytest.fixture(scope="module")
def fresh(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sample whose newest poll is of this minute, and an hour in which most of its stores go down."""
    folder, end = tmp_path_factory.mktemp("now"), datetime.now(UTC)
    write_sample(folder / "sample", stores=60, days=16, end=end)
    with fresh_database(server) as url:
        loaded(url, folder / "sample")
        hour = f"timestamp_utc between '{end - timedelta(hours=41)}' and '{end - timedelta(hours=40)}'"
        run(url, f"update store_status set status = 'inactive' where {hour}")
        yield url


@pytest.fixture(scope="module")
def service(fresh: str) -> Iterator[Service]:
    with running(fresh) as service:
        yield service


@pytest.fixture(scope="module")
def reports(service: Service) -> dict[str, str]:
    """The ids of a report as of a week ago, and of the newest one."""
    with service.client() as client:
        earlier = complete(client, now=(datetime.now(UTC) - timedelta(days=7)).isoformat())
        return {"earlier": earlier, "newest": complete(client)}


def section(html: str) -> str:
    """The markup of the head, without what is hidden in it."""
    found = re.search(r'<section class="now".*?</section>', html, re.DOTALL)
    assert found is not None
    return re.sub(r'<span class="label"[^>]* hidden>.*?(?=<span class="(label|big))', "", found[0], flags=re.DOTALL)


def add_poll(url: str) -> None:
    run(url, f"insert into store_status select store_id, '{datetime.now(UTC)}', status from store_status limit 1")


def newer_report(client: httpx.Client, url: str) -> str:
    add_poll(url)
    return complete(client)


def words_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_every_number_of_the_head_is_that_of_the_api(client: httpx.Client, reports: dict[str, str]) -> None:
    html = client.get("/").text
    told = client.get(f"/reports/{reports['newest']}/overview").json()
    head = words_of(section(html))
    assert f"Down right now {told['down']:,} of {told['open']:,} open stores" in head
    assert f" {told['stores']:,} stores The data" in head
    assert f"<title>({told['down']:,}) Now · store-uptime</title>" in html
    assert ("more: nothing known" in head) == (told["unknown"] > 0)
    assert ("no poll within two hours" in head) == (told["down_carried"] > 0)
    for name, window in (("last 24 h", told["day"]), ("week", told["week"])):
        points = window["uptime_percent"] - window["before_percent"]
        change = f"{'▲' if points > 0 else '▼'} {abs(points):.1f} points" if abs(points) >= 0.05 else "no change"
        assert f"Uptime, {name} {window['uptime_percent']:.2f} % {change} against the " in head


def test_the_drawings_are_of_the_hours_of_the_api(client: httpx.Client, reports: dict[str, str]) -> None:
    head = section(client.get("/").text)
    told = client.get(f"/reports/{reports['newest']}/overview").json()
    names = ("down_percent", "down_minutes", "open_minutes", "unknown_minutes")
    values = re.search(r"data-values='([^']*)'", head)
    assert values is not None
    assert json.loads(values[1]) == [[hour[name] for name in names] for hour in told["hours"]]
    grid = head.partition('id="weekdays"')[2]
    cells = re.findall(r'<td[^>]*tabindex[^>]* aria-label="([^"]*)', grid)
    shares = [cell["down_percent"] for cell in told["profile"]]
    assert [cell for cell in cells if cell.endswith("%")] == [f"{share:.2f} %" for share in shares if share is not None]
    assert len(cells) == 168
    incidents = client.get(f"/reports/{reports['newest']}/incidents").json()["incidents"]
    assert incidents
    for incident in incidents:
        assert f"{incident['stores']} stores went down together" in head
        assert f"{incident['share_percent']:.2f} % of those open" in head


def test_what_is_not_the_newest_report_says_so(client: httpx.Client, reports: dict[str, str]) -> None:
    said = {name: client.get(f"/view/{report}").text for name, report in reports.items()}
    assert re.search(r'<span id="newer">It is not the newest one: <a href="/">', said["earlier"])
    assert '<span id="newer" hidden>' in said["newest"]
    week_ago = datetime.now(UTC) - timedelta(days=7)
    at = f"{week_ago:%a} {week_ago.day} {week_ago:%b} "
    assert re.search(rf"^Down on {at}[0-9:]+ UTC [0-9]+ of ", words_of(section(said["earlier"])))
    assert "Down then" in words_of(said["earlier"])
    assert "right now" not in words_of(section(said["earlier"]))
    bar = words_of(said["earlier"].partition("<header")[2].partition("</header>")[0])
    assert re.search(rf"Report as of {week_ago.day} {week_ago:%b} [0-9:]+ ; newest .* UTC .* ago", bar)
    assert "Down right now" in words_of(section(said["newest"]))


def test_a_report_that_tries_other_options_out_is_not_now(client: httpx.Client, reports: dict[str, str]) -> None:
    tried = complete(client, max_gap="30m", lookback="1h")
    html = client.get("/").text
    assert f'data-report="{reports["newest"]}"' in section(html)
    assert client.get("/newest.json").json()["report_id"] == reports["newest"]
    assert "Not with the usual options" not in html
    assert tried not in html


def test_a_report_that_is_older_than_lanes_shows_what_it_has(
    client: httpx.Client, service: Service, fresh: str, reports: dict[str, str]
) -> None:
    old = complete(client, now=(datetime.now(UTC) - timedelta(days=2)).isoformat())
    run(fresh, f"update store_uptime.report set lanes = null where id = '{old}'")
    html = client.get(f"/view/{old}").text
    assert re.search(r"[0-9]+ of [0-9]+ stores", words_of(section(html)))
    assert "This report is older than the drawing of the week" in html


def test_both_drawings_are_walked_by_keys_and_times_follow_the_clock(
    chromium: Browser, service: Service, reports: dict[str, str]
) -> None:
    with opened(chromium, service.url, timezone_id="Asia/Kolkata") as page:
        page.goto("/")
        ready(page)
        page.locator("#hours").focus()
        page.keyboard.press("Home")
        value = page.locator("#hour-value")
        expect(value).to_contain_text(" UTC · ")
        values = json.loads(page.locator("#hours").get_attribute("data-values") or "")
        expect(value).to_contain_text(f"{values[0][0]:.2f} %, {round(values[0][1] / 60)} of ")
        page.locator("#weekdays td[tabindex='0']").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("End")
        expect(page.locator("#weekday-value")).to_have_text(re.compile(r"^Tue 23:00 · "))
        shown = page.locator("#data-now").inner_text()
        page.locator("#clock").select_option("mine")
        instant = datetime.fromisoformat(page.locator("#data-now").get_attribute("datetime") or "")
        there = instant + timedelta(hours=5, minutes=30)
        expect(page.locator("#data-now")).to_have_text(f"{there.day} {there:%b %H:%M}")
        expect(page.locator("#data-age")).to_contain_text("+05:30")
        page.locator("#clock").select_option("store")
        expect(page.locator("#data-now")).to_have_text(shown)
        words = page.evaluate(
            "async ([path, ages]) => { const { formatDataAge, ageClass } = await import(path);"
            " return ages.map((age) => [formatDataAge(age), ageClass(age)]); }",
            [f"{assets_path()}/words.js", AGES],
        )
        assert words == [[format_data_age(age), age_class(age)] for age in AGES]


def test_now_follows_new_reports_and_says_when_the_server_is_silent(
    chromium: Browser, service: Service, client: httpx.Client, fresh: str, reports: dict[str, str]
) -> None:
    # Not watched: that the server does not answer is an error in the console.
    with new_page(chromium, service.url, viewport={"width": 1280, "height": 500}) as page:
        page.clock.install()
        page.goto("/")
        ready(page)
        with held_up(fresh):
            waiting = trigger(client, max_gap="5h")
            page.clock.fast_forward(31_000)
            expect(page.locator("#making")).to_be_visible()
            page.route("**/trigger_report", lambda route: route.abort())
            page.get_by_role("button", name="Refresh").click()
            expect(page.locator("#bar-news")).to_contain_text("The server does not answer")
        finished(client, waiting)
        page.evaluate("scrollTo(0, 300)")
        newer = newer_report(client, fresh)
        page.clock.fast_forward(31_000)
        expect(page.locator("#making")).to_be_hidden()
        expect(page.locator("#bar-news")).to_have_text("")  # of Refresh
        expect(page.locator("#newer")).to_be_visible()
        page.unroute("**/trigger_report")
        page.route("**/newest.json", lambda route: route.abort())
        page.clock.fast_forward(31_000)
        expect(page.locator("#bar-news")).to_have_text(re.compile(r"^⚠ no answer since \d\d:\d\d UTC$"))
        expect(page.locator("#now")).to_have_attribute("data-report", reports["newest"])
        top = page.evaluate(TABLE_TOP)
        page.unroute("**/newest.json")
        page.clock.fast_forward(31_000)  # nobody has used the page for a minute and a half
        expect(page.locator("#now")).to_have_attribute("data-report", newer)
        expect(page.locator("#bar-news")).to_have_text("")
        ready(page)
        eventually(lambda: abs(page.evaluate(TABLE_TOP) - top) < 1)
        add_poll(fresh)
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("#now")).not_to_have_attribute("data-report", newer)


FORBIDDEN = """for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("forbidden", "SecurityError"); } });
}"""


@pytest.mark.nightly
def test_a_wall_goes_on_without_storage_and_without_the_server(
    chromium: Browser, service: Service, client: httpx.Client, fresh: str, reports: dict[str, str]
) -> None:
    newest = newer_report(client, fresh)
    with new_page(chromium, service.url) as page:
        page.add_init_script(FORBIDDEN)
        page.clock.install()
        page.goto("/?search=a")
        ready(page)
        page.get_by_role("button", name="Remove “a”").click()
        expect(page.locator("#add-filter > summary")).to_be_focused()
        page.locator("#find").focus()  # and leave it there
        expect(page.locator("#now-title")).to_contain_text("Down right now")
        page.route("**/newest.json", lambda route: route.abort())
        page.clock.fast_forward(600_000)
        expect(page.locator("#age")).to_have_text(re.compile(r"^1[0-9] min ago$"))
        page.clock.fast_forward(7_200_000)
        expect(page).to_have_title("(old) Now · store-uptime")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            re.compile("^Down when last seen"), use_inner_text=True
        )
        expect(page.locator("[data-chip=down_now]")).to_contain_text("Down when last seen")
        page.unroute("**/newest.json")
        newer = newer_report(client, fresh)
        page.clock.fast_forward(31_000)
        expect(page.locator("#now")).not_to_have_attribute("data-report", newest)
        expect(page.locator("#now")).to_have_attribute("data-report", newer)


def test_on_a_phone_stores_are_in_sight_and_drawings_and_waiting_reports_open(
    chromium: Browser, service: Service, client: httpx.Client, fresh: str, reports: dict[str, str]
) -> None:
    with held_up(fresh):
        waiting = [trigger(client, max_gap=f"{hours}h") for hours in (6, 7, 8)]
        with opened(chromium, service.url, viewport={"width": 320, "height": 700}) as page:
            page.goto("/")
            ready(page)
            page.locator(".runs summary").get_by_text("3 uptime reports are on their way").click()
            expect(page.get_by_role("button", name="Cancel")).to_have_count(3)
            page.locator(".runs summary").click()
            assert page.evaluate(TABLE_TOP) < 640
            assert overflow(page) == 0
            expect(page.locator("#hours")).to_be_hidden()
            page.get_by_role("button", name="Week by hour").click()
            expect(page.locator("#hours")).to_be_visible()
            expect(page.locator("#hours .days text").first).to_have_text(re.compile("^[A-Z][a-z]{2}$"))
            edge = "(e) => e.getBoundingClientRect().right"
            ends = page.locator("#hours .days text").evaluate_all(f"(all) => all.map({edge})")
            assert max(ends) <= page.locator("#hours").evaluate(edge)
    for report_id in waiting:
        finished(client, report_id)
