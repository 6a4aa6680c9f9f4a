"""How soon the page can be read and scrolled with 10 000 stores: `python -m benches.page`.

In headless Chromium, over loopback, each time with an empty cache. Times count from the navigation: the first
contentful paint, and the moment from which every row can be scrolled to. Then the table is scrolled by 100 pixels a
frame, 300 times: at 60 frames a second that is faster than anybody reads. A frame that takes longer than two of 60 in
a second is late; there is no graphics processor here, all is drawn by the same two cores. Last, the time that a jump
to the end takes. Bytes are what the answers took on their way, compressed. `--smoke`: 200 stores, one visit; nothing
timed is printed.
"""

from statistics import median
from typing import Any

from playwright.sync_api import Browser

from benches.arguments import is_smoke, scale
from benches.common import compile_packages, machine
from benches.served import served_sample
from store_uptime.service.testing import complete_report
from store_uptime.service.testing.browser import NoBrowser, launched, open_page, wait_for_rows

STORES, DAYS, VISITS = 10_000, 9, 5
SMOKE = (200, 9, 1)
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
WEIGHT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(entry => [new URL(entry.name).pathname.endsWith('.json'), entry.transferSize])"""
SCROLL = """async () => {
    const frames = [];
    for (let step = 0, last = performance.now(); step <= 300; step++) {
        scrollTo(0, 100 * step);
        const now = await new Promise(requestAnimationFrame);
        if (step) frames.push(now - last);
        last = now;
    }
    return frames;
}"""
# Two frames: in the first the scroll event puts the rows in place, in the second they are painted.
JUMP = """async () => {
    const start = performance.now();
    scrollTo(0, document.documentElement.scrollHeight);
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


def main() -> None:
    """Where there is no browser, say so, and measure nothing."""
    try:
        with launched() as browser:
            measure(browser)
    except NoBrowser as error:
        print(error)


def measure(browser: Browser) -> None:
    stores, days, visits = scale((STORES, DAYS, VISITS), SMOKE)
    compile_packages()
    with served_sample(stores, days) as served, served.service.client() as client:
        complete_report(client)
        seen = [visit(browser, served.service.url) for _ in range(visits)]
    if not is_smoke():
        print(f"{machine()}\n{stores:,} stores, {visits} visits, medians")
        print_table(seen)


def print_table(seen: list[dict[str, Any]]) -> None:
    print(f"first contentful paint   {median(visit['paint_ms'] for visit in seen):6.0f} ms")
    print(f"all rows can be scrolled {median(visit['ready_ms'] for visit in seen):6.0f} ms")
    frames = [frame for visit in seen for frame in visit["frames"]]
    late = sum(frame > 2000 / 60 for frame in frames)
    print(
        f"a frame while scrolling  {median(frames):6.1f} ms, "
        f"the longest {max(frames):.0f}; {late} of {len(frames)} late"
    )
    print(f"a jump to the end        {median(visit['jump_ms'] for visit in seen):6.0f} ms")
    print(f"first load               {seen[0]['page_bytes'] / 1000:6.0f} kB compressed")
    print(f"rows and lanes           {seen[0]['rows_bytes'] / 1000:6.0f} kB compressed")


def visit(browser: Browser, url: str) -> dict[str, Any]:
    """One visit of Now with an empty cache."""
    with open_page(browser, url, viewport={"width": 1400, "height": 900}) as page:
        page.goto("/")
        wait_for_rows(page)
        ready_ms = page.evaluate("performance.getEntriesByName('ready')[0].startTime")
        weights = page.evaluate(WEIGHT)
        return {
            "paint_ms": page.evaluate(PAINT),
            "ready_ms": ready_ms,
            "page_bytes": sum(size for is_rows, size in weights if not is_rows),
            "rows_bytes": sum(size for is_rows, size in weights if is_rows),
            "frames": page.evaluate(SCROLL),
            "jump_ms": page.evaluate(JUMP),
        }


if __name__ == "__main__":
    main()
