"""Reports by periods, and names and attributes of stores, in a browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from store_uptime.service.testing import Service
from tests.support.browsing import faults, opened, overflow, ready, shown_stores
from tests.support.named_stores import ALPHA, BETA, GAMMA, named_database
from tests.support.running import complete, served

pytestmark = pytest.mark.long  # a browser

LOOKS = {
    "light": {"viewport": {"width": 1400, "height": 900}},
    "dark phone": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "color_scheme": "dark",
    },
}


@pytest.fixture(scope="module")
def polled(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with named_database(server, tmp_path_factory.mktemp("named") / "feed") as url:
        yield url


service = pytest.fixture(served, scope="module")


@pytest.fixture(scope="module")
def reports(service: Service) -> dict[str, str]:
    """The ids of a report by periods, and of two of the three windows."""
    with service.client() as client:
        return {
            "periods": complete(client, period="last-week", by="day", group_by="city"),
            "earlier": complete(client, now="2026-03-08T16:00:00Z"),
            "fleet": complete(client),
        }


def test_one_is_made_by_the_form_and_stands_in_the_history_in_words(page: Page) -> None:
    page.goto("/history")
    page.get_by_text("More options").click()
    expect(page.get_by_label("Cut by")).to_be_disabled()
    page.get_by_label("Polls from before the week").fill("2h")
    page.get_by_label("Period").select_option("yesterday")
    expect(page.get_by_label("Polls from before the week")).to_be_disabled()
    expect(page.get_by_label("A poll counts for at most")).to_have_attribute("placeholder", "24h")
    page.get_by_label("Cut by").select_option("hour")
    page.get_by_role("button", name="Make the report").click()
    expect(page.locator("h1")).to_have_text("All stores, yesterday by hour")
    assert page.get_by_label("All stores by period").locator("tbody tr").count() == 24
    page.goto("/history")
    row = page.get_by_role("row").filter(has_text="yesterday by hour")
    expect(row).to_have_count(1)
    assert row.get_by_role("checkbox").count() == 0  # only reports of the three windows are compared


def test_a_store_may_be_given_by_its_name(page: Page, reports: dict[str, str]) -> None:
    page.goto("/history")
    page.get_by_label("Store").fill("Alpha")
    page.get_by_role("button", name="Make the report").click()
    expect(page.locator("h1")).to_have_text(re.compile(f"^Alpha {ALPHA}"))


def test_its_page_has_totals_groups_worst_stores_outages_and_files(
    chromium: Browser, service: Service, reports: dict[str, str]
) -> None:
    with opened(chromium, service.url, java_script_enabled=False) as page:
        page.goto(f"/view/{reports['periods']}")
        assert page.get_by_label("All stores by period").locator("tbody tr").count() == 7
        groups = page.get_by_label("Groups by period").locator("tbody tr")
        assert groups.filter(has_text="Paris").filter(has_text="Sun 8 Mar").inner_text().split("\t")[2] == "0.00 %"
        worst = page.get_by_label("Stores, the worst first").locator("tbody th").all_inner_texts()
        assert worst[0] == f"=Gamma {GAMMA}"
        assert BETA in worst[-1]
        outages = page.get_by_label("Outages by start").locator("tbody tr")
        assert [row.split("\t")[0] for row in outages.all_inner_texts()] == [f"=Gamma {GAMMA}", f"Alpha {ALPHA}"]
        links = [link.get_attribute("href") or "" for link in page.locator(".files a").all()]
        assert len(links) == 16
        assert {page.request.get(link).status for link in links} == {200}
        page.get_by_text("Choose stores").click()
        page.locator(".values summary", has_text="brand").click()
        expect(page.get_by_label("(none)")).to_have_attribute("value", "brand=")
        page.locator(".values summary", has_text="city").click()
        page.get_by_label("Berlin").check()
        page.get_by_role("button", name="Show these stores").click()
        expect(page.get_by_text("2 stores", exact=True)).to_be_visible()
        assert GAMMA not in page.inner_text("main")
        assert "only=city%3DBerlin" in (page.locator(".files a").first.get_attribute("href") or "")
        page.get_by_role("link", name="Remove city Berlin").click()
        expect(page.get_by_text("3 stores", exact=True)).to_be_visible()


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_its_page_can_be_read_by_everybody(
    chromium: Browser, service: Service, reports: dict[str, str], look: dict[str, object]
) -> None:
    with opened(chromium, service.url, **look) as page:
        for address in (f"/view/{reports['periods']}", f"/view/{reports['fleet']}/store?store_id={ALPHA}"):
            page.goto(address)
            assert faults(page) == [], address
            assert overflow(page) == 0, address


def test_a_long_name_leaves_room_for_the_figures(page: Page, reports: dict[str, str]) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"/view/{reports['periods']}")
    table = page.get_by_label("Outages by start")
    table.locator("bdi").first.evaluate("name => name.textContent = 'L'.repeat(500)")
    assert table.evaluate("region => region.scrollWidth <= region.clientWidth")
    assert table.locator("tbody tr").first.evaluate("row => row.offsetHeight") < 120


def test_stores_have_their_names_and_are_found_by_them_and_by_attributes(page: Page, reports: dict[str, str]) -> None:
    page.goto(f"/view/{reports['fleet']}")
    assert page.locator("#fleet tbody th a").first.inner_text() == f"=Gamma {GAMMA}"  # as the server writes it
    ready(page)
    names = page.locator("#fleet tbody tr[aria-rowindex] th a").all_inner_texts()
    assert names == [f"=Gamma {GAMMA}", f"Alpha {ALPHA}", BETA]
    page.get_by_label("Find a store").fill("ALPH")
    assert shown_stores(page) == [ALPHA]
    page.get_by_role("link", name="Show all").click()
    page.get_by_text("+ Filter").click()
    page.locator(".values summary", has_text="city").click()
    page.get_by_label("Paris").check()
    assert shown_stores(page) == [GAMMA]
    assert GAMMA in page.request.get(page.locator("[data-format=csv]").get_attribute("href") or "").text()
    page.reload()
    ready(page)
    assert shown_stores(page) == [GAMMA]
    page.get_by_text("+ Filter").click()
    other = page.get_by_label("Another value")
    other.fill("planet=Mars")
    assert other.evaluate("field => field.validationMessage") == "There is no attribute planet."
    page.goto(f"/view/{reports['fleet']}/store?store_id={ALPHA}")
    expect(page.locator("h1")).to_have_text(re.compile(f"^Alpha {ALPHA}"))
    expect(page.locator(".facts").first).to_contain_text("Berlin")
    page.goto(f"/compare?old={reports['earlier']}&new={reports['fleet']}&only=city=Paris")
    expect(page.locator(".counts")).to_contain_text("Worse")
    assert ALPHA not in page.inner_text("main")


def test_a_schedule_is_added_with_a_period(page: Page) -> None:
    page.goto("/timetable")
    page.get_by_label("Name").fill("days")
    page.get_by_label("Period").select_option("last month")
    page.get_by_label("Cut by").select_option("day")
    page.get_by_role("button", name="Add the schedule").click()
    expect(page.locator("#timetable")).to_contain_text("All stores, last month by day")
