"""A feed that looks real, made from nothing but a seed: four files like those that a platform hands over.

    stores          store_id, name, brand, city, platform                        every store
    timezones       store_id, timezone_str, and dates                            most stores
    menu_hours      store_id, day_of_week, start_time_local, end_time_local, and dates    most stores
    store_status    store_id, status, timestamp_utc, reason                      about one poll an hour, shuffled

The stores come first, then their polls, a group of stores at a time, so that memory does not grow with the feed. The
same seed gives the same bytes on any machine and with any number of cores. A sample also has what is uncommon in a real
feed: outages of hours, exact repeats, contradictions, stores that fall silent, stores never polled, an unknown zone,
hours and a zone that have changed, and in CSV a few rows that are rejected.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Literal

import polars as pl

from store_uptime.pipeline.errors import CannotWrite, writing
from store_uptime.pipeline.files import check_paths, remove_earlier
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.sample.bad_rows import bad_rows
from store_uptime.pipeline.sample.descriptions import descriptions
from store_uptime.pipeline.sample.hours import hours, zones
from store_uptime.pipeline.sample.polls import polls
from store_uptime.pipeline.sample.stores import Feed, store_groups
from store_uptime.pipeline.sample.writing import SAMPLE, WRITERS, Format, sample_file

END = datetime(2026, 3, 10, 16, tzinfo=UTC)  # the week before holds a change of clocks in the United States
TABLES = ("stores", "timezones", "menu_hours", "store_status")


Existing = Literal["refuse", "replace"]
Progress = Callable[[int, int], None]


def write_sample(  # noqa: PLR0913
    folder: Path | str,
    stores: int = 500,
    days: int = 15,
    seed: int = 1,
    file_format: Format = "csv",
    *,
    end: datetime | None = None,
    existing: Existing = "refuse",
    progress: Progress | None = None,
) -> None:
    """Write `stores`, `timezones`, `menu_hours` and `store_status`, each one file, into a folder, made if need be.

    stores       how many are polled; one more in each hundred, and at least one, has hours or a zone but no poll
    days, end    polls lie in the `days` times 24 hours before `end`; without a zone it is UTC; None: always the same
    file_format  `csv` (text, with some rows that are rejected) or `parquet` (typed, none rejected)
    existing     `replace`: files of an earlier sample give way, in either format, each once its successor is whole
    progress     called with how many stores have their polls written, and how many there are

    Raises ValueError for no store or no day; CannotWrite, also where a file of such a name is no sample.
    """
    folder = Path(folder)
    if stores < 1 or days < 1:
        raise ValueError("a sample needs at least one store and one day")
    check_folder_is_free(folder, existing)
    feed = Feed(stores, days, seed, instant_us(end or END))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, frames in table_frames(feed, file_format, progress).items():
        with sample_file(folder / f"{name}.{file_format}") as path:
            WRITERS[file_format](path, frames)
    # Only now: until every file of the new sample is whole, the earlier one in the other format stays.
    for path in sample_paths(folder):
        if path.suffix != f".{file_format}":
            remove_earlier(path, SAMPLE)


def check_folder_is_free(folder: Path, existing: Existing) -> None:
    if existing == "refuse" and any(path.exists() for path in sample_paths(folder)):
        raise CannotWrite(str(folder), "it holds such files already, and --force was not given")
    check_paths(dict.fromkeys(sample_paths(folder), SAMPLE), ())


def sample_paths(folder: Path) -> Iterator[Path]:
    return (folder / f"{name}.{suffix}" for name in TABLES for suffix in WRITERS)


def table_frames(feed: Feed, file_format: Format, progress: Progress | None) -> dict[str, Iterable[pl.DataFrame]]:
    """The rows of each table, a frame for each group of stores; they are made as they are written."""
    polled = store_groups(feed) if progress is None else with_progress(store_groups(feed), feed, progress)
    tables = {
        "stores": (descriptions(group) for group in store_groups(feed)),
        "timezones": (zones(group, feed) for group in store_groups(feed)),
        "menu_hours": (hours(group, feed) for group in store_groups(feed)),
        "store_status": (polls(group, feed) for group in polled),
    }
    rejects = bad_rows(feed) if file_format == "csv" else {}
    return {name: chain(frames, rejects.get(name, ())) for name, frames in tables.items()}


def with_progress(groups: Iterable[pl.DataFrame], feed: Feed, progress: Progress) -> Iterator[pl.DataFrame]:
    """The same groups; `progress` is called whenever the next one is needed, and at the end."""
    done = 0
    for group in groups:
        progress(done, feed.stores)
        yield group
        done = min(done + group.height, feed.stores)
    progress(done, feed.stores)
