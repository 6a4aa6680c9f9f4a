"""A service over a small feed, for the tests that only look."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from store_uptime.pipeline import write_sample
from store_uptime.service.testing import Service
from tests.support.browsing import launched, new_page, watched
from tests.support.postgres import fresh_database
from tests.support.running import IMPATIENT, loaded, running


@pytest.fixture(scope="session")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed of 40 stores over 10 days, as CSV files."""
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder / "feed", stores=40, days=10)
    return folder / "feed"


@pytest.fixture(scope="session")
def polled(server: str, feed: Path) -> Iterator[str]:
    """The URL of a database that the feed was loaded into."""
    with fresh_database(server) as url:
        loaded(url, feed)
        yield url


@pytest.fixture(scope="session")
def service(polled: str) -> Iterator[Service]:
    """A service over it, for all tests that do it no harm; its history has what they have asked for."""
    with running(polled, **IMPATIENT) as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of it."""
    with service.client() as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser. From then on the loop of Playwright runs in this thread: `in_a_loop` has one beside it."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def window(chromium: Browser, service: Service) -> Iterator[Page]:
    """A window on the service, for all tests of the module: a new one costs a second."""
    with new_page(chromium, service.url) as page:
        yield page


@pytest.fixture
def page(window: Page, service: Service) -> Iterator[Page]:
    """The window as if it were new; at the end nothing may have gone wrong in it."""
    window.goto("about:blank")
    with watched(window, service.url):
        yield window
    window.unroute_all()
    window.emulate_media(media="null")
