"""The pictures of docs/page.md, taken of the page over sample data: `just pictures`."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from store_uptime.pipeline import throwaway_server, write_sample
from store_uptime.service.testing import serving
from tests.support.browsing import launched, opened, ready
from tests.support.running import complete, loaded

FOLDER = Path(__file__).parent / "pictures"
WINDOW = {"width": 1280, "height": 800}


def main() -> None:
    """A sample, a server, a report, two pictures."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as name, throwaway_server() as database:
        write_sample(Path(name) / "feed", end=datetime.now(UTC))  # of old data the page says so everywhere
        loaded(database, Path(name) / "feed")
        with serving("--database", database) as service, launched() as browser, service.client() as client:
            complete(client)
            with opened(browser, service.url, viewport=WINDOW) as page:
                page.goto("/")
                ready(page)
                page.screenshot(path=FOLDER / "fleet.png")
            with opened(browser, service.url, viewport=WINDOW, color_scheme="dark") as page:
                page.goto("/")
                ready(page)
                page.locator("#fleet tbody a").nth(1).click()
                page.locator(".piece.down").first.hover()
                page.screenshot(path=FOLDER / "store.png")


if __name__ == "__main__":
    main()
