"""A small feed whose stores have names and attributes, in a database; its figures can be reckoned by hand."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.postgres import fresh_database, insert, run
from tests.support.running import loaded

NOW = "2026-03-09T16:00:00Z"
ALPHA, BETA, GAMMA = "store a", "store b", "store c"
STORES = (
    {"store_id": ALPHA, "name": "Alpha", "city": "Berlin", "brand": "North"},
    {"store_id": BETA, "name": None, "city": "Berlin", "brand": "South"},
    {"store_id": GAMMA, "name": "=Gamma", "city": "Paris", "brand": None},
)
"""All are open from 09:00 to 17:00 UTC. On the 8th the first is down from 12:00 to 14:00, the last all day."""
ACTIVE = ("09:00", "11:59", "14:00", "16:00")


def named_feed(folder: Path) -> Path:
    """The polls, hours and zones as CSV files."""
    days = ("2026-03-07", "2026-03-08", "2026-03-09")
    polls = [f"{store},{day} {time}:00,active" for store in (ALPHA, BETA) for day in days for time in ACTIVE]
    polls += [f"{GAMMA},{day} {time}:00,{'in' * (day == days[1])}active" for day in days for time in ACTIVE]
    polls += [f"{ALPHA},2026-03-08 {time}:00,inactive" for time in ("12:00", "13:59")]
    stores = [str(store["store_id"]) for store in STORES]
    return written_feed(
        folder,
        polls=lines(POLLS, *polls),
        hours=lines(HOURS, *(f"{store},{day},09:00:00,17:00:00" for store in stores for day in range(7))),
        zones=lines(ZONES, *(f"{store},UTC" for store in stores)),
    )


@contextmanager
def named_database(server: str, folder: Path) -> Generator[str]:
    """The URL of a database with these tables."""
    with fresh_database(server) as url:
        loaded(url, named_feed(folder))
        run(url, "create table if not exists stores (store_id text, name text, city text, brand text)")
        insert(url, "stores", STORES)
        yield url
