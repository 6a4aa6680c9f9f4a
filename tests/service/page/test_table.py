"""The table of stores: its order, lists, filters, columns and lanes; every figure in it is that of the API."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect

from store_uptime.pipeline import Frames, Options, Report, Selection, archive, build_report_with_lanes
from store_uptime.service.page.filters import active_filters, chip_links, page_links
from store_uptime.service.page.freshness import format_near_time
from store_uptime.service.page.humanize import (
    format_down_for,
    format_duration,
    format_hours,
    format_last_poll,
    format_last_poll_time,
    format_span,
)
from store_uptime.service.page.models.table import (
    PAGE_ROWS,
    Chip,
    TableChoice,
    fleet_columns,
    fleet_table,
    table_rows,
    week_incidents,
)
from store_uptime.service.page.templates import assets_path
from store_uptime.service.registry.reports import StoredFleet
from store_uptime.service.testing import Service
from tests.support.browsing import faults, opened, overflow, ready, shown_stores
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, table as csv_table, written_feed
from tests.support.postgres import fresh_database, insert, run
from tests.support.running import complete, loaded, running

NOW = datetime(2026, 3, 10, 16, tzinfo=UTC)
PLACES = {"long": "Berlin", "four": "Berlin", "silent": "Paris", "dipped": None, "fine": "Paris"}
ORDER = ["long", "four", "dipped", "fine", "silent"]
"""The first is down all week, the second for four hours, the next was down for three hours of the last day."""
DOWN = {"long": (0, 300), "four": (0, 4), "dipped": (10, 12)}
"""From how many hours before now to how many each store's polls say that it is down."""
LENGTHS = {"Down": "downtime", "Up": "uptime", "Unknown": "unknown", "Open": "business"}


def polls() -> Iterator[str]:
    for store in PLACES:
        first, last = DOWN.get(store, (1, 0))
        for hours in range(8 * 24):
            if store != "silent" or hours >= 6:
                status = "inactive" if first <= hours <= last else "active"
                yield f"{store},{NOW - timedelta(hours=hours):%Y-%m-%d %H:%M:%S},{status}"


FEED = {
    "polls": lines(POLLS, *polls()),
    "hours": lines(HOURS),
    "zones": lines(ZONES, *(f"{store},{'America/New_York' if store == 'fine' else 'UTC'}" for store in PLACES)),
}


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report_with_lanes(frames(**FEED))


# What the server writes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chip", "selection", "stores"),
    [
        ("", Selection(), ORDER),
        ("", Selection(down_now=True), ["long", "four"]),
        ("worst", Selection(), ["long", "four", "dipped", "fine", "silent"]),
        ("", Selection(got_worse=True), ["four", "dipped"]),
        ("", Selection(got_worse=True, down_now=True), ["four"]),
        ("", Selection(no_recent_poll=True), ["silent"]),
        ("", Selection(no_recent_poll=True, search="f"), []),
    ],
)
def test_a_list_has_its_stores_in_its_order(
    report: Report, chip: Chip, selection: Selection, stores: list[str]
) -> None:
    table = fleet_table(report, selection, TableChoice(chip))
    assert [row["store_id"] for row in table.rows] == stores
    assert table.matched == len(stores)


@pytest.mark.parametrize(
    ("choice", "stores", "unknown"),
    [
        (TableChoice(sort="store_id"), sorted(ORDER), []),
        (TableChoice(sort="-last_poll", chip="worst"), ["long", "four", "dipped", "fine", "silent"], []),
        (TableChoice(sort="-nope", show=("nope", "a,b", "lane")), ORDER, ["nope", "a,b"]),
        (TableChoice(page=2), [], []),
    ],
)
def test_a_choice_orders_the_rows_and_cuts_them_into_pages(
    report: Report, choice: TableChoice, stores: list[str], unknown: list[str]
) -> None:
    table = fleet_table(report, Selection(), choice)
    assert [row["store_id"] for row in table.rows] == stores
    assert (table.matched, table.unknown_columns) == (5, unknown)


def test_each_page_leads_to_the_ones_beside_it() -> None:
    links = page_links(Selection(search="a"), TableChoice(sort="zone", show=("a,b", "zone"), page=2), 81)
    kept = [("search", "a"), ("sort", "zone"), ("show", "a%2Cb,zone")]
    assert links == {"Previous": [*kept, ("page", "1")], "Next": [*kept, ("page", "3")]}
    assert page_links(Selection(), TableChoice(), PAGE_ROWS) == {}


def test_down_now_stands_first_with_how_long(report: Report) -> None:
    rows = table_rows(report)
    assert rows["store_id"].to_list() == ORDER
    assert rows["down_for"].to_list() == [7 * 86_400, 4 * 3600, None, None, None]
    assert rows["down_for_is_cut"].to_list()[:2] == [True, False]


def test_attributes_may_be_called_as_columns(report: Report) -> None:
    names = [*table_rows(report).columns[3:], "lane", "lanes", "attributes", "__proto__", "a,b=c"]
    names = [name for name in names if name not in ("name", "store_id")]
    stores = pl.DataFrame({"store_id": ["four"], "name": ["Four"]} | {name: [f"own {name}"] for name in names})
    polls, hours, zones = (csv_table(FEED[name]) for name in ("polls", "hours", "zones"))
    named = build_report_with_lanes(Frames(polls, hours, zones, stores=stores))
    found = fleet_table(named, Selection(only=(("zone", ("own zone",)),)), TableChoice())
    assert (found.matched, found.rows[0]["zone"]) == (1, "UTC")
    assert {name: values[0].value for name, values in found.attributes.items()} == dict.fromkeys(names[:-1], "")
    assert found.unfilterable == ["a,b=c"]
    sent = json.loads(fleet_columns(stored(named)))
    assert {name: values[1] for name, values in sent["attributes"].items()} == {name: f"own {name}" for name in names}
    assert sent["zone"] == json.loads(fleet_columns(stored(report)))["zone"]


def stored(report: Report) -> StoredFleet:
    files = archive(report)
    return StoredFleet(files.figures, files.attributes, files.lanes, overview=None)


def test_counts_are_of_what_the_other_filters_leave(report: Report) -> None:
    whole = fleet_table(report, Selection(down_now=True), TableChoice()).counts
    assert whole == {"all": 5, "down_now": 2, "got_worse": 2, "no_recent_poll": 1}
    assert fleet_table(report, Selection(search="F", got_worse=True), TableChoice()).counts == {
        "all": 2, "down_now": 1, "got_worse": 1, "no_recent_poll": 0
    }  # fmt: skip


def test_incidents_stand_in_minutes_of_the_week() -> None:
    polls = (
        f"{store},{NOW - timedelta(hours=hours):%Y-%m-%d %H}:{store}0:00,{'in' * (hours == 3)}active"
        for store in range(6)
        for hours in range(1, 48)
    )
    week = build_report_with_lanes(frames(lines(POLLS, *polls)), Options(now=NOW))
    assert week_incidents(week, None) == [{"start": 9900, "end": 9950, "stores": 6, "share": 100.0}]


def test_each_list_and_each_filter_has_an_address() -> None:
    selection = Selection(search="a", below=95.0, only=(("city", ("", "Berlin")),), got_worse=True)
    counts = {"all": 5, "down_now": 2, "got_worse": 1, "no_recent_poll": 1}
    links = {link.name: link for link in chip_links(selection, "", counts, "down now")}
    others = [("search", "a"), ("below", "95"), ("window", "week"), ("only", "city="), ("only", "city=Berlin")]
    assert links["down_now"].query == [("down_now", "true"), *others]
    assert links["no_recent_poll"].query == [("no_recent_poll", "true"), *others]
    assert links["worst"].query == [("chip", "worst"), *others]
    assert [name for name, link in links.items() if link.is_current] == ["got_worse"]
    found = active_filters(selection, "")
    assert [each.words for each in found] == ["“a”", "under 95 % in the week", "city (none)", "city Berlin"]
    assert dict(found[2].query) == dict([*others[:3], others[4], ("got_worse", "true")])


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "unknown"), (0, "0"), (0.2, "1 s"), (59, "59 s"), (90, "2 min"), (3570, "1 h 00"), (304_200, "84 h 30")],
)
def test_lengths_below_each_other_are_short(seconds: float | None, said: str) -> None:
    assert format_hours(seconds) == said


# What the script makes of it ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with fresh_database(server) as url:
        loaded(url, written_feed(tmp_path_factory.mktemp("table"), **FEED))
        run(url, "create table if not exists stores (store_id text, name text, city text)")
        insert(url, "stores", [{"store_id": store, "name": None, "city": city} for store, city in PLACES.items()])
        with running(url) as service:
            yield service


@pytest.fixture(scope="module")
def report_id(service: Service) -> str:
    with service.client() as client:
        return complete(client, now=NOW.isoformat())


@pytest.fixture
def table(page: Page, report_id: str) -> Page:
    page.goto(f"/view/{report_id}")
    ready(page)
    return page


def counts(page: Page) -> dict[str, str]:
    return {
        link.get_attribute("data-chip") or "all": link.locator(".count").inner_text()
        for link in page.locator("[data-chip]:has(.count)").all()
    }


def test_an_address_alone_gives_the_list(service: Service, report_id: str) -> None:
    with service.client() as client:
        text = client.get(f"/view/{report_id}", params={"got_worse": "true", "only": "city=Berlin"}).text
        file = client.get(f"/get_report/{report_id}", params={"got_worse": "true", "only": "city=Berlin"})
        refused = client.get(f"/view/{report_id}", params={"chip": "nicest"})
    assert re.findall(r'<th scope="row"><a href="[^"]*store_id=(\w+)"', text) == ["four"]
    assert re.search(r'data-chip="got_worse"[^>]* aria-current="true"', text)
    assert '<output id="matched" for="filter">1 of 5 stores</output>' in text
    assert [row["store_id"] for row in csv.DictReader(io.StringIO(file.text))] == ["four"]
    assert file.headers["Content-Disposition"].startswith('attachment; filename="stores-got-worse-city-Berlin-')
    assert refused.status_code == 400


@pytest.mark.long  # a browser
def test_lists_and_filters_are_chosen_counted_and_taken_away(table: Page) -> None:
    assert counts(table) == {"down_now": "2", "got_worse": "2", "no_recent_poll": "1", "all": "5"}
    table.get_by_text("+ Filter").click()
    table.locator(".values summary").click()
    expect(table.locator(".values label").filter(has_text="Berlin")).to_have_text(re.compile(r"Berlin\s+2"))
    table.get_by_label("Paris").check()
    assert faults(table) == []
    table.keyboard.press("Escape")
    assert shown_stores(table) == ["fine", "silent"]
    assert counts(table) == {"down_now": "0", "got_worse": "0", "no_recent_poll": "1", "all": "2"}
    table.get_by_role("link", name="No recent poll").click()
    assert shown_stores(table) == ["silent"]
    expect(table.locator("#download-words")).to_have_text("1 store")
    assert "no_recent_poll=true" in (table.locator("[data-format=csv]").get_attribute("href") or "")
    assert table.url.partition("?")[2] == "no_recent_poll=true&only=city%3DParis&show=usual"
    table.go_back()
    assert shown_stores(table) == ["fine", "silent"]
    table.go_forward()
    table.get_by_role("link", name="Down then").click()
    expect(table.locator("#nothing")).to_have_text("No store of these was down then. Show all")
    table.get_by_role("button", name="Remove city Paris").click()
    assert shown_stores(table) == ["long", "four"]
    table.get_by_role("link", name="All", exact=False).first.click()
    table.keyboard.press("/")
    table.keyboard.type(" DIP")
    assert shown_stores(table) == ["dipped"]
    table.keyboard.press("Escape")
    assert shown_stores(table) == ORDER


@pytest.mark.long  # a browser
def test_what_a_field_refuses_leaves_the_others_at_work(table: Page, report_id: str) -> None:
    table.goto(f"/view/{report_id}?only=store_id=four&only=store_id=fine&only=name=")  # no store has a name
    ready(table)
    assert shown_stores(table) == ["four", "fine"]
    table.get_by_role("button", name="Remove store_id fine").click()
    table.get_by_text("+ Filter").click()
    table.get_by_label("Uptime under").fill("150")
    table.get_by_label("Another value").nth(1).fill("constructor=a")
    table.get_by_role("combobox", name="Zone").select_option("UTC")
    expect(table.locator(".field-error")).to_have_count(2)
    assert shown_stores(table) == ["four"]
    assert "150" not in table.url
    assert "constructor" not in table.url


@pytest.mark.long  # a browser
def test_every_figure_is_that_of_the_api(table: Page, client: httpx.Client, report_id: str) -> None:
    told = client.get(f"/get_report/{report_id}", params={"columns": "extended"}).text
    rows = {row["store_id"]: row for row in csv.DictReader(io.StringIO(told))}
    now = {row["store_id"]: row for row in client.get(f"/reports/{report_id}/now").json()["stores"]}
    table.get_by_text("Columns", exact=True).click()
    for key in table.locator("#columns input:not(:checked)").evaluate_all("boxes => boxes.map(box => box.value)"):
        table.locator(f"#columns input[value='{key}']").check()
    assert faults(table) == []
    table.keyboard.press("Escape")
    heads = table.locator("#fleet thead th").all_inner_texts()
    assert len(heads) == len(set(heads)) == 27
    for store, cells in zip(ORDER, shown_cells(table), strict=True):
        shown, figures, there = dict(zip(heads, cells, strict=True)), rows[store], now[store]
        for window in ("hour", "day", "week"):
            assert shown[window.capitalize()] == f"{figures[f'uptime_percent_last_{window}']} %"
            assert shown[f"Polls, {window}"] == figures[f"polls_last_{window}"]
            for word, kind in LENGTHS.items():
                unit = "minutes" if window == "hour" else "hours"
                length = float(figures[f"{kind}_last_{window}({unit})"])
                assert minutes_of(shown[f"{word}, {window}"]) == pytest.approx(
                    length if unit == "minutes" else 60 * length, abs=0.81
                )
        assert shown["Last status"] == figures["last_status"]
        assert (shown["Zone"], shown["city"]) == (figures["timezone"], PLACES[store] or "")
        assert shown["Always open"] == ("yes" if figures["always_open"] == "true" else "no")
        polled = datetime.fromisoformat(figures["last_poll_utc"])
        is_silent = NOW - polled > timedelta(hours=2)
        assert shown["Last seen"] == format_last_poll_time(int(polled.timestamp()), is_silent)
        assert number_of(shown["Change, day"]) == float(there["change_day"])
        since = there["down_since_utc"]
        down_for = None if since is None else (NOW - datetime.fromisoformat(since)).total_seconds()
        assert shown["Down for"] == ("" if since is None else format_down_for(down_for, there["down_since_is_cut"]))
    table.goto(f"/view/{report_id}")  # the choice is kept, and the address has it
    ready(table)
    assert table.locator("#fleet thead th").all_inner_texts() == heads
    expect(table).to_have_url(re.compile("show=store_id"))
    table.get_by_role("columnheader", name="Change, day").get_by_role("button").click()
    assert shown_stores(table)[0] == "four"
    table.get_by_text("Columns", exact=True).click()
    table.get_by_role("button", name="The usual ones").click()
    expect(table.locator("#fleet thead th")).to_have_count(9)


def shown_cells(page: Page) -> list[list[str]]:
    texts = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim()))"
    return page.locator("#fleet tbody tr[aria-rowindex]").evaluate_all(texts)


def minutes_of(text: str) -> float:
    """0, 30 s, 43 min, 84 h 30."""
    found = re.fullmatch(r"(?:(\d+) h (\d+)|(\d+) min|(\d+) s|0)", text)
    assert found, text
    hours, rest, minutes, seconds = (int(part or 0) for part in found.groups())
    return 60 * hours + rest + minutes + seconds / 60


def number_of(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.long  # a browser
def test_a_row_opens_tells_its_stretches_and_can_be_copied_from(table: Page) -> None:
    row = table.locator("tr[aria-rowindex='3']")
    row.get_by_role("link").focus()
    tip = table.locator("#lane-tip")
    for _ in range(2):
        table.keyboard.press("ArrowLeft")
    expect(tip).to_have_text(re.compile(r"^Up, Tue 16:00 to Tue \d\d:\d\d, 6 d \d+ h$"))
    table.keyboard.press("ArrowRight")
    expect(tip).to_have_text("Down, Tue 12:00 to now, 4 h")
    table.locator("#clock").select_option("store")
    lane = table.locator("tr[aria-rowindex='5'] .lane svg")
    box = lane.bounding_box()
    assert box is not None
    table.mouse.move(box["x"] + box["width"] - 3, box["y"] + 15)
    expect(tip).to_have_text("Up, Tue 11:00 to now, 7 d")  # clocks went forward on Sunday
    expect(table.locator("tr[aria-rowindex='5'] td").nth(6)).to_have_attribute(
        "title", "Last poll Tue 10 Mar 12:00 −04:00"
    )
    text = row.locator("td").nth(4).bounding_box()
    assert text is not None
    table.mouse.move(text["x"] + text["width"] - 9, text["y"] + 17)
    table.mouse.down()
    table.mouse.move(text["x"] + 2, text["y"] + 17)
    table.mouse.up()
    assert table.evaluate("getSelection().toString()").strip() != ""
    assert "/store" not in table.url
    table.evaluate("getSelection().empty()")
    with table.context.expect_page() as other:
        row.get_by_text("4 h 00").first.click(modifiers=["ControlOrMeta"])
    other.value.close()
    row.locator("td").nth(3).click()
    expect(table).to_have_url(re.compile("/store.store_id=four$"))


@pytest.mark.long  # a browser
def test_a_view_is_saved_opened_and_deleted_also_where_storage_is_broken(table: Page, report_id: str) -> None:
    table.evaluate("localStorage.views = '{'; localStorage.columns = '[1'")
    table.goto(f"/view/{report_id}?down_now=true&sort=-uptime_percent_last_week")
    ready(table)
    table.get_by_text("Views", exact=True).click()
    table.get_by_role("textbox", name="Name").fill("Mine")
    table.get_by_role("button", name="Save this view").click()
    table.goto(f"/view/{report_id}")
    ready(table)
    table.get_by_text("Views", exact=True).click()
    table.get_by_role("link", name="Mine").click()
    ready(table)
    assert shown_stores(table) == ["four", "long"]
    table.get_by_text("Views", exact=True).click()
    table.get_by_role("button", name="Delete the view Mine").click()
    expect(table.locator("#saved-views li")).to_have_count(0)


@pytest.mark.long  # a browser
def test_scripts_have_the_rules_of_the_server(table: Page) -> None:
    lengths = [0, 0.2, 59, 60, 89, 90, 3569, 3570, 8100, 7200, 7201, 86_399, 172_799, 172_800, 304_200, 604_800]
    said = table.evaluate(
        f"""async lengths => {{
            const words = await import('{assets_path()}/words.js');
            const cut = [false, true].map(isCut => lengths.map(each => words.formatDownFor(each, isCut)));
            const seen = [false, true].map(isSilent => lengths.map(each => words.formatLastPoll(each, isSilent)));
            const at = [false, true].map(isSilent => words.formatLastPollTime(1773158400000, isSilent, 0));
            const rules = [words.formatHours, words.formatSpan, words.formatDuration];
            const times = [0, 1_700_000_000_000, Date.now()];
            const near = times.map(each => words.formatTime(each, 0));
            return [times, near, ...rules.map(rule => lengths.map(each => rule(each))), ...cut, ...seen, at];
        }}""",
        lengths,
    )
    times, near, *said = said
    assert near == [format_near_time(datetime.fromtimestamp(each / 1000, UTC)) for each in times]
    assert said == [
        [format_hours(each) for each in lengths],
        [format_span(each) for each in lengths],
        [format_duration(each) for each in lengths],
        *([format_down_for(each, is_cut) for each in lengths] for is_cut in (False, True)),
        *([format_last_poll(each, is_silent) for each in lengths] for is_silent in (False, True)),
        [format_last_poll_time(1_773_158_400, is_silent) for is_silent in (False, True)],
    ]


@pytest.mark.long  # a browser
def test_an_attribute_may_be_called_as_what_every_object_has(table: Page) -> None:
    sent = '{"store_id": ["a"], "attributes": {"__proto__": ["x"], "constructor": ["y"]}}'
    names = ["__proto__", "constructor", "toString", "store_id", "name"]
    found = table.evaluate(
        f"""async ([sent, names]) => {{
            const {{ withAttributes, attributeValues }} = await import('{assets_path()}/attributes.js');
            const data = withAttributes(JSON.parse(sent));
            return names.map(name => attributeValues(data, name)?.[0] ?? null);
        }}""",
        [sent, names],
    )
    assert found == ["x", "y", None, "a", None]


@pytest.mark.long  # a browser
@pytest.mark.parametrize("width", [320, 820, 1024, 1100, 1280])
def test_at_every_width_the_week_has_room_and_nothing_is_wider_than_the_window(table: Page, width: int) -> None:
    table.set_viewport_size({"width": width, "height": 800})
    assert overflow(table) == 0
    box = table.locator("tr[aria-rowindex='2'] .lane svg").bounding_box()
    assert box is not None
    assert box["width"] > 150


@pytest.mark.long  # a browser
def test_on_a_phone_a_row_is_a_card_of_a_fixed_height(chromium: Browser, service: Service, report_id: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"}
    with opened(chromium, service.url, **phone) as page:
        page.goto(f"/view/{report_id}")
        ready(page)
        rows = page.locator("#fleet tbody tr[aria-rowindex]")
        assert set(rows.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")) == {86}
        assert faults(page) == []
        assert overflow(page) == 0
        page.locator("#downloads > summary").click()
        panel = page.locator("#downloads > .panel").bounding_box()
        assert panel is not None
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= 390
