"""The page as people see it: in a real Chromium, of which nothing may complain and which may ask no other host."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect

from store_uptime.service.testing import browser as chromium
from store_uptime.service.testing.browser import NoBrowser, open_page as new_page, wait_for_rows as ready

__all__ = ["faults", "launched", "new_page", "opened", "overflow", "ready", "shown_stores", "watched"]

expect.set_options(timeout=chromium.WAIT_MS)  # five seconds are little on a machine that runs other tests, too


@contextmanager
def launched() -> Generator[Browser]:
    """A Chromium without a window; where there is none, the test is skipped."""
    try:
        with chromium.launched() as browser:
            yield browser
    except NoBrowser as error:
        pytest.skip(str(error))


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Generator[Page]:
    """A page of a fresh profile, not yet anywhere; relative addresses are of `url`. It is watched."""
    with new_page(browser, url, **options) as page, watched(page, url):
        yield page


@contextmanager
def watched(page: Page, url: str) -> Generator[None]:
    """At the end: no error in its console but for answers that a test has asked for, and no request to another host."""
    complaints: list[str] = []
    hosts: set[str] = set()

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def on_error(error: Error) -> None:
        complaints.append(str(error))

    def on_request(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)

    page.on("console", on_console)
    page.on("pageerror", on_error)
    page.on("request", on_request)
    yield
    page.remove_listener("console", on_console)
    page.remove_listener("pageerror", on_error)
    page.remove_listener("request", on_request)
    assert [each for each in complaints if "the server responded with a status of 4" not in each] == []
    assert hosts - {""} <= {urlsplit(url).netloc}


def faults(page: Page) -> list[str]:
    """What an automated check of accessibility finds."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {[node['target'] for node in rule['nodes']][:3]}"
        for rule in found
    ]


def overflow(page: Page) -> int:
    """How many pixels a page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def shown_stores(page: Page) -> list[str]:
    """The ids of the rows in the document, from the top."""
    return page.locator("#fleet tbody tr[aria-rowindex] th a bdi:last-child").all_text_contents()  # behind a name
