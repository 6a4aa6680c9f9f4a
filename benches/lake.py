"""A report of very many polls: `python -m benches.lake ADDRESS [--polls 1000000000] [--stores 1000000]`.

Writes a lake into a folder or a bucket, unless it is there, makes a report of it in two passes, and looks at how much
memory that takes while it runs. A lake has all polls of a horizon, in unsorted Parquet files below folders by day: all
stores of some minutes are in a file, at random microseconds. It stays: remove it by hand.

--polls N, --stores N   how large it is
--cluster ADDRESS       where the report is made, instead of in one process: of a cluster only the driver is watched
--exchange ADDRESS      what lies between the passes, instead of in a folder of this machine
--write                 the picture in docs/ too
"""

import io
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import polars as pl
import psutil

from benches import curve
from benches.arguments import has, value_of, words
from benches.common import HERE, STORE_UPTIME, Command, Failed, compile_packages, machine
from benches.parts import spread_bytes
from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.parts.exchange import Exchange, exchange_at
from store_uptime.pipeline.parts.executors import LOCAL
from store_uptime.pipeline.sample.hours import hours, zones
from store_uptime.pipeline.sample.polls import in_outage, is_switched_off
from store_uptime.pipeline.sample.random_numbers import next_random, u64
from store_uptime.pipeline.sample.sample import END
from store_uptime.pipeline.sample.stores import Feed, stores_between

POLLS, STORES, DAYS, SEED = 10**9, 10**6, 8, 1
ROWS_OF_A_FILE = 4_000_000
FILES = 32  # at least
SHARE = 0.972
"""How many of the slots have a poll: some polls are missing, and some stores fall silent."""
LOOK_S = 0.5
PICTURE = HERE.parent / "docs" / "pictures" / "lake.svg"
VALUES = ("--polls", "--stores", "--cluster", "--exchange")
LAST = "zones/timezones.parquet"  # written last: where it is, the lake is whole
USED = ("store_id", "store_key", "outage_odds", "off_when_closed", "utc_hours", "opens_hour", "open_hours")


@dataclass(frozen=True)
class Lake:
    """So many stores, each with a poll in every slot of the horizon, but for those that are missing."""

    feed: Feed
    slots: int

    @property
    def slot_us(self) -> int:
        """How long a slot is."""
        return self.feed.hours * HOUR_US // self.slots

    @property
    def slots_of_a_file(self) -> int:
        """How many slots of all stores a file has: some hours at most."""
        return max(1, min(ROWS_OF_A_FILE // self.feed.stores, self.slots // FILES))

    def begin_us(self, slot: int) -> int:
        """When a slot begins."""
        return self.feed.end_us - self.feed.hours * HOUR_US + slot * self.slot_us

    def hour(self, slot: int) -> int:
        """The hour of the feed in which a slot begins."""
        return slot * self.slot_us // HOUR_US


def main() -> None:
    """Write the lake, make its report, print what that took."""
    (address,) = words(VALUES) or sys.exit(__doc__)
    stores = int(value_of("--stores") or STORES)
    slots = ceil(int(value_of("--polls") or POLLS) / stores / SHARE)
    lake = Lake(Feed(stores, DAYS, SEED, instant_us(END)), slots)
    place = exchange_at(address)
    if LAST not in place.names(LAST.partition("/")[0]):
        write_lake(lake, place)
    compile_packages()
    watched = watched_report(address)
    print(f"{machine()}\n\n{watched.words(poll_count(address))}")
    if has("--write"):
        PICTURE.write_text(curve.drawn(watched.mib, watched.second_pass_s), encoding="utf-8")


# --- The lake ---


def write_lake(lake: Lake, place: Exchange) -> None:
    """All three tables; the seconds it takes go to stderr."""
    began = monotonic()
    stores = stores_between(0, lake.feed.stores + lake.feed.never_polled, lake.feed)
    polled = stores.filter("polled").select(*USED, "silent_hours")
    for first in range(0, lake.slots, lake.slots_of_a_file):
        day = datetime.fromtimestamp(lake.begin_us(first) / 1e6, UTC).date()
        place.put(f"date={day}/{first:06}.parquet", parquet(polls(polled, lake, first)))
        print(f"{100 * first // lake.slots} % written, {monotonic() - began:.0f} s", file=sys.stderr)
    place.put("hours/menu_hours.parquet", parquet(hours(stores, lake.feed)))
    place.put(LAST, parquet(zones(stores, lake.feed)))


def polls(stores: pl.DataFrame, lake: Lake, first: int) -> pl.DataFrame:
    """The rows of a file, in no order: some slots of all stores, from a first one on."""
    hour, begin_us = lake.hour(first), lake.begin_us(0)
    # Decided once a file and store, not a poll: that is where the time would go.
    is_out = in_outage() | is_switched_off(pl.lit(begin_us + hour * HOUR_US))
    talking = stores.filter(pl.col("silent_hours").cast(pl.Int64) < lake.feed.hours - hour)
    seen = talking.with_columns(hour=u64(hour)).select("store_id", "store_key", is_out=is_out)
    shuffled = seen.sample(fraction=1.0, shuffle=True, seed=first)
    until = min(first + lake.slots_of_a_file, lake.slots)
    slots = pl.concat(shuffled.with_columns(slot=u64(slot)) for slot in range(first, until))
    # One number a poll: whether it is missing, whether it differs from those around it, and when in its slot it is.
    key, slot_us = pl.col("key"), begin_us + pl.col("slot").cast(pl.Int64) * lake.slot_us
    flickers, jitter = key // 100 % 200 == 0, (key // 20_000 % lake.slot_us).cast(pl.Int64)
    return (
        slots.with_columns(key=next_random(pl.col("store_key") + pl.col("slot")))
        .filter(key % 100 >= 2)
        .select(
            "store_id",
            status=pl.when(pl.col("is_out") | flickers).then(pl.lit("inactive")).otherwise(pl.lit("active")),
            timestamp_utc=(slot_us + jitter).cast(pl.Datetime("us", "UTC")),
        )
    )


def parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=1)
    return buffer.getvalue()


def poll_count(address: str) -> int:
    """How many rows of polls there are."""
    return pl.scan_parquet(f"{address}/date=*/*.parquet").select(pl.len()).collect().item()


# --- The report ---


@dataclass(frozen=True)
class Watched:
    """What a report took. mib: what its process held, by seconds since its start; between: bytes between the passes, 0
    where they were not in a folder."""

    mib: list[tuple[float, float]]
    cpu_s: float
    second_pass_s: float
    between: int

    def words(self, polls: int) -> str:
        """All of it."""
        (seconds, _), peak = self.mib[-1], max(mib for _, mib in self.mib)
        between = f", {self.between / polls:.2f} bytes a poll between the passes" if self.between else ""
        return (
            f"{polls:,} polls: {seconds:.0f} s, {self.second_pass_s:.0f} s of them in the first pass, "
            f"{self.cpu_s:.0f} s of processor, at most {peak:.0f} MiB{between}"
        )


def watched_report(address: str) -> Watched:
    """Make the report of a lake. Raises Failed."""
    with TemporaryDirectory() as folder:
        exchange = value_of("--exchange") or f"{folder}/exchange"
        command = (STORE_UPTIME, "report", "--source", address, "--out", f"{folder}/report.csv")
        where = ("--cluster", value_of("--cluster") or LOCAL, "--exchange", exchange)
        return watched((*command, *where), Path(exchange))


def watched(command: Command, exchange: Path) -> Watched:
    """Run a command, and look at it and at its exchange now and then. Raises Failed."""
    began, mib, between, second_pass_s = monotonic(), [(0.0, 0.0)], 0, 0.0
    process = psutil.Popen(command)
    while process.poll() is None:
        with suppress(psutil.Error):  # it may just have ended
            mib.append((monotonic() - began, process.memory_info().rss / 2**20))
        between = max(between, spread_bytes(exchange))
        if not second_pass_s and any(exchange.glob("run-*/index")):
            second_pass_s = monotonic() - began
        sleep(LOOK_S)
    if process.returncode:
        raise Failed(f"{command[0]} ended with {process.returncode}")
    used = getrusage(RUSAGE_CHILDREN)  # there were no others
    return Watched(mib, used.ru_utime + used.ru_stime, second_pass_s, between)


if __name__ == "__main__":
    main()
