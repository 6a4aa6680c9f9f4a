"""The page as people see it, in a real Chromium without a window. It needs Playwright: `pip install playwright`.

with launched() as browser, open_page(browser, service.url) as page:
    page.goto("/")
    wait_for_rows(page)
"""

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from store_uptime.service.errors import NoBrowser

if TYPE_CHECKING:
    from collections.abc import Generator

    from playwright.sync_api import Browser, Page

# The first is the same without what draws windows: it takes two thirds of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    # As root, which containers are, Chromium starts without its sandbox or not at all.
    "--no-sandbox",
    # It has no graphics processor to look for, and what it would ask of its maker would count as requests of the page.
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
VIEWPORT = {"width": 1400, "height": 1000}
WAIT_MS = 30_000


@contextmanager
def launched() -> "Generator[Browser]":
    """A Chromium without a window. Raises NoBrowser."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise NoBrowser(", ".join(NAMES))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The Chromium of the machine: Playwright's own would be 170 MB to download, from a host that CI may not reach.
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def open_page(browser: "Browser", url: str, **options: Any) -> "Generator[Page]":
    """A page of a fresh profile, not yet anywhere; relative addresses are of `url`.

    options: those of Playwright's `new_context`, such as `viewport` and `color_scheme`.
    """
    viewport = options.pop("viewport", VIEWPORT)
    context = browser.new_context(base_url=url, viewport=viewport, **options)
    context.set_default_timeout(WAIT_MS)
    yield context.new_page()
    context.close()


def wait_for_rows(page: "Page") -> None:
    """Wait until the table of stores has all its rows."""
    page.wait_for_selector("#fleet[data-ready]")
