"""A feed that looks real, made from nothing but a seed: three files like those that a platform hands over.

    timezones       store_id, timezone_str                                       most stores
    menu_hours      store_id, day_of_week, start_time_local, end_time_local      most stores, one or two shifts a day
    store_status    store_id, status, timestamp_utc                              about one poll an hour, shuffled

The work goes from the stores to their polls, a group of stores at a time, so that memory does not grow with the feed.
Every choice is drawn from integers by SplitMix64, never from a library's generator or hash: the same seed gives the
same bytes on any machine and with any number of cores. What is uncommon in a real feed is in here too: outages of
hours, exact repeats, contradictions, stores that fall silent, stores never polled, an unknown zone, and in CSV a few
rows that are rejected.
"""

import hashlib
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Literal

import polars as pl
import pyarrow.parquet as pq

from store_uptime.pipeline.errors import CannotWrite, writing
from store_uptime.pipeline.files import Purpose, check_targets, publish, remove, unfinished
from store_uptime.pipeline.options import HOUR_US, SECOND_US, instant_us, iso

Format = Literal["csv", "parquet"]

END = datetime(2026, 3, 10, 16, tzinfo=UTC)  # the week before holds a change of clocks in the United States
POLLS_AT_ONCE = 500_000
UNKNOWN_ZONE = "America/Springfield"
LIST = ".store-uptime-sample"
"""What a sample consists of: files look alike whoever made them, so only their digests say that they are ours."""
TABLES = ("timezones", "menu_hours", "store_status")


def unseen(done: int, total: int) -> None:
    """Show no progress."""


def write_sample(  # noqa: PLR0913
    folder: Path,
    stores: int = 500,
    days: int = 15,
    seed: int = 1,
    file_format: Format = "csv",
    *,
    end: datetime | None = None,
    replace: bool = False,
    progress: Callable[[int, int], None] = unseen,
) -> None:
    """Write `timezones`, `menu_hours` and `store_status`, each one file, into a folder that is made if need be.

    stores       how many are polled; one more in each hundred, and at least one, has hours or a zone but no poll
    days, end    polls lie in the `days` times 24 hours before `end`; without a zone it is UTC; None: always the same
    file_format  `csv` (text, with some rows that are rejected) or `parquet` (typed, none rejected)
    progress     called with how many stores have their polls written, and how many there are

    replace      whether files of an earlier sample may give way, in either format, each once its successor is whole

    Raises ValueError for no store or no day; CannotWrite, also where a file of such a name is no sample.
    """
    if stores < 1 or days < 1:
        raise ValueError("a sample needs at least one store and one day")
    if not replace and any(place.exists() for place in places(folder)):
        raise CannotWrite(str(folder), "it holds such files already, and --force was not given")
    check_targets(dict.fromkeys(places(folder), SAMPLE), ())
    feed = Feed(stores, days, seed, instant_us(end or END))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "timezones": (zones(group) for group in groups(feed)),
        "menu_hours": (hours(group) for group in groups(feed)),
        "store_status": (polls(group, feed) for group in watched(groups(feed), feed, progress)),
    }
    rejects = bad_rows(feed) if file_format == "csv" else {}
    for name, frames in tables.items():
        with replaced(folder / f"{name}.{file_format}") as path:
            WRITERS[file_format](path, chain(frames, rejects.get(name, ())))
    for place in places(folder):
        if place.suffix != f".{file_format}":
            remove(place, SAMPLE)


def places(folder: Path) -> Iterator[Path]:
    """Where a sample's files can be, in either format."""
    return (folder / f"{name}.{suffix}" for name in TABLES for suffix in WRITERS)


@dataclass(frozen=True)
class Feed:
    """What is to be made: how many stores, over how many days up to when, and from which seed."""

    stores: int
    days: int
    seed: int
    end_us: int

    @property
    def hours(self) -> int:
        """Hours of the feed: as many polls per store, but for those that are missing or repeated."""
        return 24 * self.days

    @property
    def never_polled(self) -> int:
        """How many further stores have hours or a zone but no poll."""
        return -(-self.stores // 100)


# --- Stores ---

# Of each hundred stores so many have this zone, with about so many hours from UTC.
ZONES = pl.DataFrame(
    [
        ("America/New_York", 32, -5),
        ("America/Chicago", 20, -6),
        ("America/Los_Angeles", 18, -8),
        ("America/Denver", 8, -7),
        ("America/Phoenix", 4, -7),
        ("America/Detroit", 2, -5),
        ("America/Boise", 2, -7),
        ("Pacific/Honolulu", 1, -10),
        ("US/Central", 2, -6),
        ("America/Puerto_Rico", 2, -4),
        ("Asia/Beirut", 2, 2),
        ("Europe/London", 1, 0),
        ("Asia/Kolkata", 1, 5),
        (None, 5, -6),
    ],
    schema={"zone": pl.String, "share": pl.UInt32, "utc_hours": pl.Int64},
    orient="row",
)

# Of each hundred stores so many keep these hours: open from about `opens_hour` for `open_hours`, where a store may
# move them (`shifting`) by half hours of its own.
PATTERNS = pl.DataFrame(
    [
        ("day", 41, 9, 12, 1),
        ("long day", 13, 7, 16, 1),
        ("lunch and dinner", 16, 11, 11, 1),
        ("night", 14, 17, 9, 1),
        ("until 23:59", 6, 0, 24, 0),
        ("until 00:00", 5, 0, 24, 0),
        ("not written", 5, 0, 24, 0),
    ],
    schema={
        "pattern": pl.String,
        "share": pl.UInt32,
        "opens_hour": pl.Int64,
        "open_hours": pl.Int64,
        "shifting": pl.Int64,
    },
    orient="row",
)

SHIFTS = pl.DataFrame(
    [
        ("day", "09:00", "21:00"),
        ("long day", "07:00", "23:00"),
        ("lunch and dinner", "11:00", "14:30"),
        ("lunch and dinner", "17:00", "22:00"),
        ("night", "17:00", "02:00"),
        ("until 23:59", "00:00", "23:59"),
        ("until 00:00", "00:00", "00:00"),
    ],
    schema=["pattern", "opens", "closes"],
    orient="row",
)


def groups(feed: Feed) -> Iterator[pl.DataFrame]:
    """The stores, so many at a time that their polls fit in memory; those never polled come last."""
    total = feed.stores + feed.never_polled
    step = max(1, POLLS_AT_ONCE // feed.hours)
    return (stores_between(first, min(first + step, total), feed) for first in range(0, total, step))


def watched(
    all_groups: Iterable[pl.DataFrame], feed: Feed, progress: Callable[[int, int], None]
) -> Iterator[pl.DataFrame]:
    """The same groups; tells how many polled stores lie behind whenever the next one is asked for."""
    done = 0
    for group in all_groups:
        progress(done, feed.stores)
        yield group
        done = min(done + group.height, feed.stores)
    progress(done, feed.stores)


def stores_between(first: int, until: int, feed: Feed) -> pl.DataFrame:
    """The stores of these numbers, one row each, with all that their hours, zone and polls are made from.

    number, store_key (uint64), store_id, zone, utc_hours, pattern, opens_hour, open_hours, shifting, and
    `offset_s` (the second of the hour when it is polled), `outage_odds` (of an outage in a day, per thousand),
    `off_when_closed` (bool), `silent_hours` (without polls before the end), `polled` (bool).
    """
    number = pl.int_range(first, until, dtype=pl.UInt64)
    keyed = pl.select(number=number, store_key=mixed(number + mixed(u64(feed.seed % 2**64))))
    rare = pl.col("number") % 100  # not drawn, so that a hundred stores hold one of each
    return (
        keyed.with_columns(
            store_id=uuid("store_key"),
            zone_lot=drawn("store_key", "zone", 100),
            hours_lot=drawn("store_key", "hours", 100),
        )
        .join(of_each_hundred(ZONES, "zone_lot"), on="zone_lot", maintain_order="left")
        .join(of_each_hundred(PATTERNS, "hours_lot"), on="hours_lot", maintain_order="left")
        .with_columns(
            zone=pl.when(rare == 42).then(pl.lit(UNKNOWN_ZONE)).otherwise("zone"),
            offset_s=drawn("store_key", "second of the hour", 2_880),
            outage_odds=pl.when(drawn("store_key", "troubled", 100) < 8).then(700).otherwise(50),
            off_when_closed=drawn("store_key", "off when closed", 100) < 5,
            silent_hours=pl.when(rare.is_in([7, 77]))
            .then(drawn("store_key", "silent", 4 * 24) + 24)
            .otherwise(0)
            .clip(upper_bound=feed.hours // 2),
            polled=pl.col("number") < feed.stores,
        )
        .drop("zone_lot", "hours_lot")
    )


def of_each_hundred(table: pl.DataFrame, lot: str) -> pl.DataFrame:
    """A table's rows, each as often as its share, numbered from 0 to 99."""
    rows = table.select(pl.exclude("share").repeat_by("share"))
    return rows.explode(rows.columns).with_columns(pl.int_range(pl.len(), dtype=pl.UInt64).alias(lot))


# --- The three tables ---


def zones(stores: pl.DataFrame) -> pl.DataFrame:
    """store_id, timezone_str: one row for each store that has a zone."""
    return stores.drop_nulls("zone").select("store_id", timezone_str="zone")


def hours(stores: pl.DataFrame) -> pl.DataFrame:
    """store_id, day_of_week (int8), start_time_local, end_time_local (time): a store's own version of its pattern."""
    half_hours = drawn("store_key", "half hours", 7).cast(pl.Int64) - 3
    moved = half_hours * 30 * pl.col("shifting")
    late = (drawn("store_key", "late", 3) == 0) & pl.col("day_of_week").is_in([4, 5])
    later = pl.when(late).then(60).otherwise(0) * pl.col("shifting")
    closed_day = drawn("store_key", "closed day", 56)  # one store in eight has one
    week = pl.select(day_of_week=pl.int_range(7, dtype=pl.Int8))
    return (
        stores.join(week, how="cross", maintain_order="left_right")
        .filter(pl.col("day_of_week") != closed_day)
        .join(SHIFTS, on="pattern", maintain_order="left_right")
        .select(
            "store_id",
            "day_of_week",
            start_time_local=time_of_minutes(minutes("opens") + moved),
            end_time_local=time_of_minutes(minutes("closes") + moved + later),
        )
    )


def minutes(clock: str) -> pl.Expr:
    """Minutes since midnight of a text `HH:MM`."""
    hour, minute = (pl.col(clock).str.slice(at, 2).cast(pl.Int64) for at in (0, 3))
    return hour * 60 + minute


def time_of_minutes(since_midnight: pl.Expr) -> pl.Expr:
    """The time of day, on this date or the next."""
    return (since_midnight % (24 * 60) * 60_000_000_000).cast(pl.Time)


def polls(stores: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """store_id, status, timestamp_utc (UTC, microseconds): the polls of these stores, shuffled, some of them twice."""
    once = polls_once(stores, feed)
    repeats = once.filter(drawn("poll_key", "repeat", 1_000) < 3)
    contradictions = once.filter(drawn("poll_key", "contradiction", 20_000) == 0).with_columns(~pl.col("inactive"))
    copies = [rows.with_columns(copy=u64(n)) for n, rows in enumerate((once, repeats, contradictions))]
    return (
        pl.concat(copies)
        .with_columns(place=mixed(pl.col("poll_key") + pl.col("copy")))
        .sort("place", maintain_order=True)
        .select(
            "store_id",
            status=pl.when("inactive").then(pl.lit("inactive")).otherwise(pl.lit("active")),
            timestamp_utc=pl.col("poll_us").cast(pl.Datetime("us", "UTC")),
        )
    )


def polls_once(stores: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """store_id, poll_key (uint64), poll_us (int64), inactive (bool): a poll an hour, but for those that are missing."""
    hour = pl.col("hour").cast(pl.Int64)
    jitter = drawn("poll_key", "jitter", 720 * SECOND_US).cast(pl.Int64)
    hour_us = feed.end_us + (hour - feed.hours) * HOUR_US
    every_hour = pl.LazyFrame().select(hour=pl.int_range(feed.hours, dtype=pl.UInt64))
    return (
        stores.lazy()
        .filter("polled")
        .join(every_hour, how="cross")
        .filter(hour < feed.hours - pl.col("silent_hours").cast(pl.Int64))
        .with_columns(poll_key=mixed(pl.col("store_key") + pl.col("hour")))
        .with_columns(missing=drawn("poll_key", "missing", 100))
        .filter(pl.col("missing") >= 2)
        .select(
            "store_id",
            "poll_key",
            poll_us=hour_us + pl.col("offset_s").cast(pl.Int64) * SECOND_US + jitter,
            inactive=in_outage() | is_switched_off(hour_us) | (drawn("poll_key", "flicker", 200) == 0),
        )
        .collect()
    )


def in_outage() -> pl.Expr:
    """Whether an outage that began in this stretch of 24 hours, or in the one before, is still going on."""
    day, hour = pl.col("hour") // 24 + 1, pl.col("hour") % 24
    return outage_covers(day, hour) | outage_covers(day - 1, hour + 24)


def outage_covers(day: pl.Expr, hour: pl.Expr) -> pl.Expr:
    """Whether that day's outage, if it has one, covers an hour counted from the day's start: it lasts 1 to 20 hours."""
    key = mixed(mixed(pl.col("store_key") + salt("outage")) + day)
    begins, lasts = key // 1_000 % 24, key // 24_000 % 20 + 1
    return (key % 1_000 < pl.col("outage_odds")) & (hour >= begins) & (hour < begins + lasts)


def is_switched_off(hour_us: pl.Expr) -> pl.Expr:
    """Whether the store goes offline when it closes, and is closed by about now."""
    local_hour = hour_us // HOUR_US + pl.col("utc_hours")
    return pl.col("off_when_closed") & ((local_hour - pl.col("opens_hour")) % 24 >= pl.col("open_hours"))


def bad_rows(feed: Feed) -> dict[str, list[pl.DataFrame]]:
    """Rows that a reader rejects, of each kind one per hundred stores, so that a newcomer sees what becomes of them."""
    stores = stores_between(0, feed.stores // 100, feed).select("store_id")
    recent = iso(feed.end_us - 5 * HOUR_US).replace("T", " ").replace("Z", " UTC")
    return {
        "store_status": [
            rows_of(stores, status="offline", timestamp_utc=recent),
            rows_of(stores, status="active", timestamp_utc="2026-02-30 12:00:00 UTC"),
            rows_of(stores, status="inactive", timestamp_utc=recent).with_columns(store_id=pl.lit("")),
        ],
        "menu_hours": [
            rows_of(stores, day_of_week="2", start_time_local="9 AM", end_time_local="21:00"),
            rows_of(stores, day_of_week="7", start_time_local="09:00", end_time_local="21:00"),
        ],
    }


def rows_of(stores: pl.DataFrame, **values: str) -> pl.DataFrame:
    """One row per store, all with the same values."""
    return stores.with_columns(pl.lit(value).alias(name) for name, value in values.items())


# --- Chance ---


def drawn(key: str, purpose: str, sides: int) -> pl.Expr:
    """A number from 0 up to, not including, `sides`: a die for each purpose, cast once for each key."""
    return mixed(pl.col(key) + salt(purpose)) % sides


def salt(purpose: str) -> pl.Expr:
    """A number for a word, far from that of any other."""
    return u64(zlib.crc32(purpose.encode()) << 32)


def mixed(key: pl.Expr) -> pl.Expr:
    """SplitMix64's next number after a state of 64 bits: https://prng.di.unimi.it/splitmix64.c."""
    return key.map_batches(splitmix64, return_dtype=pl.UInt64, is_elementwise=True)


def splitmix64(state: pl.Series) -> pl.Series:
    """Each state's output. Integers wrap around; dividing by a power of two is a shift."""
    z = state + 0x9E3779B97F4A7C15
    z = (z ^ (z // 2**30)) * 0xBF58476D1CE4E5B9
    z = (z ^ (z // 2**27)) * 0x94D049BB133111EB
    return z ^ (z // 2**31)


def u64(number: int) -> pl.Expr:
    """An unsigned number of 64 bits."""
    return pl.lit(number, dtype=pl.UInt64)


HEX = pl.Series([f"{number:04x}" for number in range(2**16)])


def uuid(key: str) -> pl.Expr:
    """An id that looks like a random UUID."""
    high, low = (mixed(pl.col(key) + salt(half)) for half in ("id, high", "id, low"))
    version_4 = high // 2**16 * 2**16 + high % 2**12 + 2**14
    variant_1 = low % 2**62 + 2**63
    digits = [four_digits(half, place) for half in (version_4, variant_1) for place in (48, 32, 16, 0)]
    return pl.concat_str(*digits[:2], pl.lit("-"), *separated(digits[2:6]), *digits[6:])


def separated(parts: Iterable[pl.Expr]) -> list[pl.Expr]:
    """The parts, each but the last one followed by a hyphen."""
    return [piece for part in parts for piece in (part, pl.lit("-"))][:-1]


def four_digits(number: pl.Expr, place: int) -> pl.Expr:
    """Four hexadecimal digits of a number of 64 bits, from a place counted in bits."""
    return pl.lit(HEX).gather(number // 2**place % 2**16)


# --- Files ---


@contextmanager
def replaced(path: Path) -> Generator[Path]:
    """Where to write what takes the path's place if it is written to its end, and is gone if not."""
    with unfinished(path) as partial:
        yield partial
        with path.with_name(LIST).open("a", encoding="utf-8") as samples:
            samples.write(entry(partial, path.name))
        publish(partial, path, SAMPLE)


def is_sample(path: Path) -> bool:
    """Whether a file is as this program has written it: the list beside it has its digest. Raises OSError."""
    samples = path.with_name(LIST)
    return samples.is_file() and entry(path, path.name) in samples.read_text(encoding="utf-8").splitlines(keepends=True)


def entry(path: Path, name: str) -> str:
    """A line of the list of samples, as sha256sum writes it. Raises OSError."""
    with path.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n"


SAMPLE = Purpose("sample", is_sample)


def write_csv(path: Path, frames: Iterable[pl.DataFrame]) -> None:
    """All frames in one CSV file, under the header of the first."""
    with path.open("wb") as file:
        for place, frame in enumerate(frames):
            frame.write_csv(
                file,
                include_header=place == 0,
                datetime_format="%Y-%m-%d %H:%M:%S%.6f UTC",
                time_format="%H:%M:%S",
            )


def write_parquet(path: Path, frames: Iterable[pl.DataFrame]) -> None:
    """All frames in one Parquet file, a row group each."""
    tables = (frame.to_arrow() for frame in frames)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as file:
        for table in chain([first], tables):
            file.write_table(table, row_group_size=max(1, table.num_rows))


WRITERS: dict[Format, Callable[[Path, Iterable[pl.DataFrame]], None]] = {"csv": write_csv, "parquet": write_parquet}
