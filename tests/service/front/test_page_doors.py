"""The page without data, behind a key, and with a large fleet."""

import re
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsing import faults, opened, overflow, ready, shown_stores
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.postgres import fresh_database, run
from tests.support.running import complete, loaded, new_key, problem, running

pytestmark = pytest.mark.long  # a browser

MANY = 10_000


def test_an_empty_database_says_what_to_do_and_takes_sample_data(chromium: Browser, database: str) -> None:
    with running(database, "--workers", "1") as server, opened(chromium, server.url) as page:
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_have_text("No data yet")
        expect(page.get_by_text("store-uptime load FOLDER")).to_be_visible()
        assert faults(page) == []
        page.get_by_role("button", name="Load sample data").click()
        ready(page)
        expect(page.locator("#matched")).to_have_text("200 of 200 stores")
        with server.client() as client:
            assert "There is data" in problem(client.post("/sample_data"), 409)
        page.goto("/")
        expect(page.get_by_role("button", name="Load sample data")).to_have_count(0)


def test_sample_data_is_refused_where_it_would_be_mixed_or_may_not_be_written(database: str, tmp_path: Path) -> None:
    run(database, "create role onlooker login; revoke create on schema public from public")
    onlooker = re.sub(r"//[^@/]*@?", "//onlooker@", database, count=1)
    with running(onlooker, "--registry", database, "--workers", "1") as service, service.client() as client:
        assert "could not be loaded" in problem(client.post("/sample_data"), 409)
        feed = written_feed(
            tmp_path / "feed", hours=lines(HOURS, "mine,0,09:00,17:00"), zones=ZONES + "\n", polls=POLLS + "\n"
        )
        loaded(database, feed)
        run(database, "grant select on all tables in schema public to onlooker")
        assert "There is data" in problem(client.post("/sample_data"), 409)
        run(
            database, "insert into store_status (store_id, timestamp_utc, status) values ('a', '2924-01-01Z', 'active')"
        )
        told = problem(client.get("/stores"), 404)
        assert told.startswith("the database: the only poll is rejected for ahead of the clock: timestamp_utc '2924")
        page = client.get("/").text
        assert "No poll can be read" in page
        assert "sample-data" not in page
        assert "the only poll is rejected" in page
    assert run(database, "select count(*) from menu_hours") == [(1,)]


def test_where_keys_are_asked_for_the_page_signs_in_and_out(chromium: Browser, polled: str, database: str) -> None:
    key = new_key(database, "ada")
    with running(polled, "--registry", database, "--workers", "1") as server, opened(chromium, server.url) as page:
        page.goto("/history")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert faults(page) == []
        page.get_by_label("API key").fill("su_00000000_no")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("status")).to_contain_text("There is no such key")
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Uptime reports")  # where it was to go
        page.get_by_role("button", name="Make the report").click()
        ready(page)
        page.goto("/history")
        expect(page.get_by_role("row").nth(1)).to_contain_text("ada")
        page.get_by_role("banner").locator("summary", has_text="ada").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_ten_thousand_stores_scroll_sort_and_filter(chromium: Browser, server: str, tmp_path: Path) -> None:
    one = written_feed(
        tmp_path / "one", polls=lines(POLLS, "0,2026-03-10 12:00:00,active"), hours=HOURS + "\n", zones=ZONES + "\n"
    )
    with fresh_database(server) as url:
        loaded(url, one)
        with psycopg.connect(url) as connection:
            connection.execute(
                "insert into store_status (store_id, timestamp_utc, status)"
                " select lpad(store::text, 5, '0'), now_ - hour * interval '6 hours',"
                "        case when mod(store + hour, 9) = 0 then 'inactive' else 'active' end"
                " from generate_series(1, %s) as store, generate_series(0, 3) as hour,"
                "      (select timestamptz '2026-03-10 12:00:00Z' as now_) as n",
                [MANY - 1],
            )
        with running(url) as service, opened(chromium, service.url, viewport={"width": 1400, "height": 900}) as page:
            with service.client() as client:
                report_id = complete(client)
            page.goto(f"/view/{report_id}")
            ready(page)
            expect(page.locator("#matched")).to_have_text("10,000 of 10,000 stores")
            assert len(shown_stores(page)) < 80
            expect(page.locator("#fleet")).to_have_attribute("aria-rowcount", str(MANY + 1))
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            last = page.locator(f"[aria-rowindex='{MANY + 1}']")
            last.scroll_into_view_if_needed()
            expect(last).to_be_in_viewport()
            assert len(shown_stores(page)) < 80
            page.get_by_role("columnheader", name="Store").get_by_role("button").click()
            expect(page.locator("[aria-rowindex='2'] a")).to_have_text("0")
            page.get_by_label("Find a store").fill("0999")
            expect(page.locator("#matched")).to_have_text("11 of 10,000 stores")
            assert overflow(page) == 0
