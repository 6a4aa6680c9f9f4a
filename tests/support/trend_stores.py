"""A feed of twelve stores and sixteen days in which two weeks and two days differ as is known; reckoned by hand."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.postgres import fresh_database, insert, run
from tests.support.running import loaded

NOW = "2026-03-17T00:00:00Z"  # a Tuesday
FIRST_DAY, DAYS = datetime.fromisoformat("2026-02-28T00:00:00Z"), 17
CITIES = ("Berlin", "Paris")
BRANDS = ("North", "South")
IDS = [f"store {number:02}" for number in range(12)]
"""Even ones are in Berlin, odd ones in Paris; the first six are of North. All are open from 10:00 to 20:00 UTC."""
TOGETHER = datetime.fromisoformat("2026-03-13T15:00:00Z")
"""All of Berlin go down, one a minute, for two hours."""
WORSE, BETTER = IDS[1], IDS[3]
"""The first is down from 12:00 to 17:00 on the last day, the other on the day before."""
DOWN_DAYS = {WORSE: (16,), BETTER: (15,)}


def polls_of(number: int, store: str) -> Iterator[str]:
    for day in range(DAYS):
        midnight = FIRST_DAY + timedelta(days=day)
        down = [(12, 17)] if day in DOWN_DAYS.get(store, ()) else []
        for hour in range(10, 20):
            is_down = any(start <= hour < end for start, end in down)
            yield poll(store, midnight + timedelta(hours=hour), is_down)
    if number % 2 == 0:
        yield poll(store, TOGETHER + timedelta(minutes=1 + number), is_down=True)
        yield poll(store, TOGETHER + timedelta(minutes=59), is_down=True)


def poll(store: str, instant: datetime, is_down: bool) -> str:
    return f"{store},{instant:%Y-%m-%d %H:%M:%S} UTC,{'inactive' if is_down else 'active'}"


def trend_feed(folder: Path) -> Path:
    """The polls, hours and zones as CSV files."""
    return written_feed(
        folder,
        polls=lines(POLLS, *(each for number, store in enumerate(IDS) for each in polls_of(number, store))),
        hours=lines(HOURS, *(f"{store},{day},10:00:00,20:00:00" for store in IDS for day in range(7))),
        zones=lines(ZONES, *(f"{store},UTC" for store in IDS)),
    )


@contextmanager
def trend_database(server: str, folder: Path) -> Generator[str]:
    """The URL of a database with these tables."""
    with fresh_database(server) as url:
        loaded(url, trend_feed(folder))
        run(url, "create table if not exists stores (store_id text, name text, city text, brand text)")
        rows = [
            {"store_id": store, "name": f"Name {number}", "city": CITIES[number % 2], "brand": BRANDS[number // 6]}
            for number, store in enumerate(IDS)
        ]
        insert(url, "stores", rows)
        yield url
