"""The pictures of docs/page.md, taken of the page over sample data: `just pictures`."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from store_uptime.pipeline import load_files, throwaway_server, write_sample
from store_uptime.service.testing import complete_report, serving
from store_uptime.service.testing.browser import launched, open_page, wait_for_rows

FOLDER = Path(__file__).parent / "pictures"
WINDOW = {"width": 1280, "height": 800}


def main() -> None:
    """A sample, a server, a report, two pictures."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as name, throwaway_server() as database:
        feed = Path(name) / "feed"
        write_sample(feed, end=datetime.now(UTC))  # the page warns of old data in every picture
        load_files(feed, database, Path(name) / "rejects")
        with serving("--database", database) as service, launched() as browser, service.client() as client:
            complete_report(client)
            with open_page(browser, service.url, viewport=WINDOW) as page:
                page.goto("/")
                wait_for_rows(page)
                page.screenshot(path=FOLDER / "fleet.png")
            with open_page(browser, service.url, viewport=WINDOW, color_scheme="dark") as page:
                page.goto("/")
                wait_for_rows(page)
                page.locator("#fleet tbody a").nth(1).click()
                page.locator(".piece.down").first.hover()
                page.screenshot(path=FOLDER / "store.png")


if __name__ == "__main__":
    main()
