"""The page as people see it: in a real Chromium, of which nothing may complain and which may ask no other host."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = f"there is no browser to look at the page with: none of {', '.join(NAMES)} is on the PATH"
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
SERIOUS = ("serious", "critical")
WAIT_MS = 10_000


def found_browser() -> str | None:
    """Where a Chromium is, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium without a window; where there is none, the test is skipped."""
    path = found_browser()
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """A page of a fresh profile, not yet anywhere; relative addresses are of `url`. It is watched."""
    with new_page(browser, url, **options) as page, watched(page, url):
        yield page


@contextmanager
def new_page(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """A page of a fresh profile, not yet anywhere; relative addresses are of `url`."""
    viewport = options.pop("viewport", {"width": 1400, "height": 1000})
    context = browser.new_context(base_url=url, viewport=viewport, **options)
    context.set_default_timeout(WAIT_MS)
    yield context.new_page()
    context.close()


@contextmanager
def watched(page: Page, url: str) -> Iterator[None]:
    """At the end: no error in its console but for answers that a test has asked for, and no request to another host."""
    complaints: list[str] = []
    hosts: set[str] = set()

    def told(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            complaints.append(said.text)

    def failed(error: Error) -> None:
        complaints.append(str(error))

    def asked(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)

    page.on("console", told)
    page.on("pageerror", failed)
    page.on("request", asked)
    yield
    page.remove_listener("console", told)
    page.remove_listener("pageerror", failed)
    page.remove_listener("request", asked)
    assert [said for said in complaints if "the server responded with a status of 4" not in said] == []
    assert hosts - {""} <= {urlsplit(url).netloc}


def faults(page: Page) -> list[str]:
    """What an automated check of accessibility finds, as far as it is serious."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {rule['help']}: {[node['target'] for node in rule['nodes']][:3]}"
        for rule in found
        if rule["impact"] in SERIOUS
    ]


def overflow(page: Page) -> int:
    """How many pixels a page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def ready(page: Page) -> None:
    """Wait until the fleet's table has all its rows."""
    page.wait_for_selector("#fleet[data-ready]")


def shown_stores(page: Page) -> list[str]:
    """The ids of the rows in the document, from the top."""
    return page.locator("#fleet tbody tr[aria-rowindex] th a").all_text_contents()
