"""The pictures of README.md and docs/page.md, taken of the page over sample data with a history: `just pictures`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from docs.daytime_sample import write_daytime_sample
from store_uptime.pipeline import load_files, throwaway_server
from store_uptime.service.testing import complete_report, serving
from store_uptime.service.testing.browser import launched, open_page, wait_for_rows

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parent / "pictures"
WINDOW = {"width": 1280, "height": 800}
STORES, DAYS = 400, 30
EARLIER = tuple(range(DAYS - 9, 0, -1))
"""Days before now, of each of which there is a report: the week and the day before it have polls."""


def now_view(page: "Page") -> None:
    """The fleet as it is now."""
    page.goto("/")
    wait_for_rows(page)


def store_view(page: "Page") -> None:
    """A store with outages, and what a stretch of one rests on."""
    now_view(page)
    page.locator("#fleet tbody a").nth(4).click()
    page.locator(".piece.down").first.hover()


def trends_view(page: "Page") -> None:
    """What has become of the fleet in three weeks."""
    page.goto("/trends")


PICTURES: dict[str, tuple[str, Callable[["Page"], None]]] = {
    "now": ("light", now_view),
    "store": ("dark", store_view),
    "trends": ("light", trends_view),
}


def main() -> None:
    """A sample, a server, a report a day, a picture of each view."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as name, throwaway_server() as database:
        feed, now = Path(name) / "feed", datetime.now(UTC)
        write_daytime_sample(feed, STORES, DAYS, now)
        load_files(feed, database, Path(name) / "rejects")
        with serving("--database", database) as service, launched() as browser, service.client() as client:
            for days in EARLIER:
                complete_report(client, now=(now - timedelta(days=days)).isoformat())
            complete_report(client)
            for picture, (colors, view) in PICTURES.items():
                with open_page(browser, service.url, viewport=WINDOW, color_scheme=colors) as page:
                    view(page)
                    page.screenshot(path=FOLDER / f"{picture}.png", animations="disabled")


if __name__ == "__main__":
    main()
