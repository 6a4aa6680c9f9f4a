"""Polls and business intervals in, uptime and downtime out: the DuckDB stage.

    instants   the polls, each with its neighbours on the line
    evidence   those inside business time, with their interval and the stretch of it that is theirs without `max_gap`
    reached    the business time that is too far from the poll before it, and not from the next one of its interval
    polled     the intervals that have evidence
    around     the intervals that their own polls do not wholly cover, with the nearest polls of other intervals
    carried    the business time that takes the status of a poll of another interval
    segments   the stretch of business time that each poll speaks for
    stores     each store's newest poll, and whether it is down
    windows    microseconds up and down, per store and window
    pieces     business time cut where the status or the poll behind it changes
    lanes      the minutes of the week in which the status changes

Each is a file of `sql/` and a relation of the same name, run in this order after `macros`. Times are int64 microseconds
since 1970 UTC, intervals are half-open.

uptime              the figures of a partition
uptime_with_lanes   the same, with the lanes
joined_figures      the figures of all partitions as one
segments            the pieces of a partition
database            the database that they are computed in
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from store_uptime.pipeline.options import WINDOWS, Horizon, Limits
from store_uptime.pipeline.plan.packing import PollKeys, neighbours
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.statements import statement

STEPS = (
    *("instants", "evidence", "reached", "polled", "around", "carried", "segments"),
    *("stores", "windows", "pieces", "lanes"),
)
# A caller runs only the steps that it needs; the tables of the others would be filled for nothing.
FIGURES, LANES = STEPS[:-2], STEPS
PIECES = (*STEPS[:7], "pieces")


@dataclass(frozen=True)
class Figures:
    """What one partition gives.

    windows: store, {uptime,downtime,business}_last_{hour,day,week}_us, polls_last_{hour,day,week}; by store.
    stores:  store, last_poll_us, last_active, has_evidence, down_now. Both have a row per store with a poll.
    lanes:   store, minute, status, in no order: `Report.lanes`; None: without lanes.
    """

    windows: pl.DataFrame
    stores: pl.DataFrame
    lanes: pl.DataFrame | None = None


Uptime = Callable[[duckdb.DuckDBPyConnection, Partition, Horizon, int], Figures]
"""`uptime`, or `uptime_with_lanes`."""


def uptime(db: duckdb.DuckDBPyConnection, partition: Partition, horizon: Horizon, max_gap_us: int) -> Figures:
    """The figures of all stores in a partition, in microseconds: docs/semantics.md, "Evidence and extrapolation".

    max_gap_us: how far a poll speaks.
    """
    with stage(db, partition, horizon, max_gap_us, FIGURES) as run:
        return Figures(frame(run, "from windows"), frame(run, "from stores"))


def uptime_with_lanes(
    db: duckdb.DuckDBPyConnection, partition: Partition, horizon: Horizon, max_gap_us: int
) -> Figures:
    """The same, with the lanes: two more steps, which only the page needs."""
    with stage(db, partition, horizon, max_gap_us, LANES) as run:
        return Figures(frame(run, "from windows"), frame(run, "from stores"), frame(run, "from lanes"))


def joined_figures(figures: Iterable[Figures]) -> Figures:
    """The figures of all partitions as one."""
    every = list(figures)
    lanes = [one.lanes for one in every if one.lanes is not None]
    return Figures(
        windows=pl.concat(one.windows for one in every),
        stores=pl.concat(one.stores for one in every),
        lanes=pl.concat(lanes).sort("store", "minute") if lanes else None,
    )


def segments(db: duckdb.DuckDBPyConnection, partition: Partition, horizon: Horizon, max_gap_us: int) -> pl.DataFrame:
    """The pieces of business time up to now: store, open_us, start_us, end_us, active (null: unknown), poll_us.

    They cover the intervals without gap or overlap, in order. `open_us` is where the interval opens; `poll_us` the poll
    that a piece rests on, null where it is unknown.
    """
    with stage(db, partition, horizon, max_gap_us, PIECES) as run:
        return frame(run, "from pieces order by store, start_us")


@contextmanager
def database(limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory, which is closed with the block."""
    # No step needs an extension; DuckDB would fetch one from another host.
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
    }
    if limits.threads:
        config["threads"] = limits.threads
    with (
        # A folder of its own: DuckDB would spill to `.tmp` below the working directory, which may be read-only.
        TemporaryDirectory(prefix="store-uptime-", dir=limits.spill) as spill,
        duckdb.connect(":memory:", config=config | {"temp_directory": spill}) as db,
    ):
        yield db


@contextmanager
def stage(
    db: duckdb.DuckDBPyConnection, partition: Partition, horizon: Horizon, max_gap_us: int, steps: Sequence[str] = STEPS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection on which the steps have been run; its relations exist until the block ends."""
    # Temporary relations belong to one connection: those of another partition have the same names.
    with db.cursor() as run:
        run.execute("set enable_progress_bar = false")  # it would go to stdout, among the figures
        # Variables, since a view cannot have parameters.
        for name, value in variables(partition.keys, horizon, max_gap_us).items():
            run.execute(f"set variable {name} = {value}")
        run.register("polls", neighbours(partition.polls))
        run.register("intervals", partition.intervals)
        for step in ("macros", *steps):
            run.execute(statement(__package__, step))
        yield run


def variables(keys: PollKeys, horizon: Horizon, max_gap_us: int) -> dict[str, int]:
    # Whole numbers only. A value with a time zone would mean what the settings of the session say.
    starts = {f"{window}_start_us": horizon.now_us - length for window, length in WINDOWS.items()}
    return asdict(keys) | {"now_us": horizon.now_us, "max_gap_us": max_gap_us} | starts


def frame(db: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """A relation as a Polars frame, through Arrow without a copy."""
    return pl.DataFrame(db.sql(query).to_arrow_table())
