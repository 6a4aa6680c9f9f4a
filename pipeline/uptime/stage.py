"""A partition and windows in, uptime and downtime out: the DuckDB stage.

    bands          the horizon cut at every edge of a window
    band_windows   the windows that each band is in
    cuts           where business intervals open, are cut at the edges of bands, and close
    slices         the business time between neighbouring cuts, with the polls around both (`positions.py`)
    exposed        the intervals that their own polls do not wholly cover, with the nearest polls of other intervals
    carried        the business time that takes the status of a poll of another interval
    adjusted       what the slices count too much or too little, by band
    windows        microseconds up and down, per store and window
    edges          where the status changes, or the poll that it rests on
    pieces         business time cut there
    down_since     when the present down time of a store began
    statuses       the status at the end of each minute of the week in which an edge lies
    own_statuses   the same, kept while `edges` and `statuses` run once more for polls that speak two hours at most
    lanes          the minutes of the week in which the status changes, or whether a poll is near

But for `slices`, each is a file of `sql/` and a relation of the same name, run in this order. Positions
are int64 on the line of `packing.py`, intervals are half-open.

uptime              the figures of a partition
uptime_with_lanes   the same, with the lanes
pieces              the pieces of a partition
database            where they are computed
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from tempfile import TemporaryDirectory, mkdtemp

import duckdb
import polars as pl

from store_uptime.pipeline.durations import WEEK_US
from store_uptime.pipeline.options import OLD_US, Horizon, Limits
from store_uptime.pipeline.packing import PollKeys, end_of, is_active
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.plan.windows import Windows, last_week
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.uptime.positions import changes, far_among, far_gaps, inside, slices, sure_slices

NEAR_US = OLD_US
"""A poll farther away than this has not seen what it speaks for: that is carried in the lanes."""
SPAN = ("scope", "opens", "closes")
"""A distinct interval, within the stretch of its store."""


@dataclass(frozen=True)
class Figures:
    """What one partition gives; all have a column code (uint32).

    windows: window_id, business_us, uptime_us, downtime_us (int64), polls: a row for a store and a window in which it
    has business time. stores: zone, the flags, last_poll_us, last_active, has_evidence: a row for a store with a poll.
    intervals: open_us, close_us. lanes: minute, status, in no order: see `Report.lanes`; None: without lanes.
    duplicates, contradictory: see `Partition`.
    """

    windows: pl.DataFrame
    stores: pl.DataFrame
    intervals: pl.DataFrame
    lanes: pl.DataFrame | None
    duplicates: int
    contradictory: int


Uptime = Callable[[Partition, Windows, Horizon, int], Figures]
"""`uptime` or `uptime_with_lanes`, on a connection."""


def uptime(
    db: duckdb.DuckDBPyConnection, partition: Partition, windows: Windows, horizon: Horizon, max_gap_us: int
) -> Figures:
    """The figures of all stores in a partition: docs/semantics.md, "Evidence and extrapolation".

    max_gap_us: how far a poll speaks.
    """
    with stage(db, partition, windows, horizon, max_gap_us) as (run, found):
        return figures_of(run, partition, found)


def uptime_with_lanes(
    db: duckdb.DuckDBPyConnection, partition: Partition, windows: Windows, horizon: Horizon, max_gap_us: int
) -> Figures:
    """The same, with the lanes."""
    with stage(db, partition, windows, horizon, max_gap_us) as (run, found):
        near_us = min(max_gap_us, NEAR_US)
        register_edges(run, changes(partition.intervals, partition.polls, 2 * near_us), found, partition.intervals)
        figures = figures_of(run, partition, found)
        since = last_of(run, ("edges", "down_since"))
        last_of(run, ("statuses", "own_statuses"))
        execute(run, f"set variable max_gap = {2 * near_us}")
        stores = figures.stores.drop("down_since_us").join(since, on="code", how="left")
        return replace(figures, stores=stores, lanes=last_of(run, ("exposed", "carried", "edges", "statuses", "lanes")))


def pieces(db: duckdb.DuckDBPyConnection, partition: Partition, horizon: Horizon, max_gap_us: int) -> pl.DataFrame:
    """The pieces of business time up to now: code, open_us, start_us, end_us, active (null: unknown), poll_us.

    They cover the intervals without gap or overlap, in order. `open_us` is where the interval opens; `poll_us` the poll
    that a piece rests on, null where it is unknown.
    """
    with stage(db, partition, last_week(horizon), horizon, max_gap_us) as (run, found):
        register_edges(run, inside(partition.intervals, partition.polls).collect(), found, partition.intervals)
        return last_of(run, ("exposed", "carried", "edges", "pieces"))


def joined_figures(figures: Sequence[Figures]) -> Figures:
    """The figures of all partitions as one."""
    lanes = [one.lanes for one in figures if one.lanes is not None]
    return Figures(
        windows=pl.concat(one.windows for one in figures),
        stores=pl.concat(one.stores for one in figures),
        intervals=pl.concat(one.intervals for one in figures),
        lanes=pl.concat(lanes) if lanes else None,
        duplicates=sum(one.duplicates for one in figures),
        contradictory=sum(one.contradictory for one in figures),
    )


@contextmanager
def database(limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database in memory, closed with the block."""
    if limits.spill is not None:
        # After a fork the threads of a database are gone: the child gets another one.
        with kept_database(limits, os.getpid()).cursor() as db:
            yield db
        return
    # DuckDB would spill to `.tmp` below the working directory, which may be read-only, and let everybody read it.
    with TemporaryDirectory(prefix="store-uptime-") as folder, new_database(limits, folder) as db:
        yield db


@cache
def kept_database(limits: Limits, process: int) -> duckdb.DuckDBPyConnection:
    # Kept where its files have a place until the process ends: to make one takes longer than to compute one store. It
    # holds nothing between two runs, whose relations are temporary and go with their connections.
    return new_database(limits, mkdtemp(prefix=f"{process}-", dir=limits.spill))


def new_database(limits: Limits, folder: str) -> duckdb.DuckDBPyConnection:
    # No step needs an extension; DuckDB would fetch one from another host.
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "temp_directory": folder,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
    }
    if limits.threads:
        config["threads"] = limits.threads
    db = duckdb.connect(":memory:", config=config)
    execute(db, statement(__package__, "macros"))
    return db


@contextmanager
def stage(
    db: duckdb.DuckDBPyConnection,
    partition: Partition,
    windows: Windows,
    horizon: Horizon,
    max_gap_us: int,
    lossy: pl.DataFrame | None = None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, pl.DataFrame]]:
    """A connection with the slices of a partition, and the slices; its relations exist until the block ends.

    lossy: see `lossy_polls`; where they are given the slices have sure_up and sure_down, too.
    """
    scopes, stretches = windows.by_scope(partition.stores)
    # Temporary relations belong to one connection: those of another partition have the same names.
    with db.cursor() as run:
        # The progress bar would go to stdout, among the figures. Variables, since a macro knows no others.
        given = variables(partition.keys, horizon, max_gap_us)
        settings = ["enable_progress_bar = false", *(f"variable {name} = {value}" for name, value in given.items())]
        execute(run, "; ".join(f"set {setting}" for setting in settings))
        run.register("stretches", Stream(in_steps(stretches, horizon)))
        intervals = with_spans(partition, scopes)
        run.register("intervals", Stream(partition.intervals))
        run.register("spans", Stream(intervals.select(SPAN).unique()))
        cuts = placed(last_of(run, ("bands", "cuts")), intervals)
        max_gap = 2 * max_gap_us
        if lossy is None:
            found = slices(cuts, partition.polls)
            # Without a limit no gap is too long.
            is_limited = max_gap_us < horizon.now_us - horizon.start_us
            polls = partition.polls if is_limited else partition.polls.clear()
            far = far_gaps(partition.intervals, polls, max_gap)
        else:
            found, far = sure_slices(cuts, partition.polls, lossy, max_gap), far_among(lossy, max_gap)
        run.register("slices", Stream(found))
        run.register("far_gaps", Stream(far))
        yield run, found


def figures_of(run: duckdb.DuckDBPyConnection, partition: Partition, found: pl.DataFrame) -> Figures:
    keys, last = partition.keys, pl.col("last_poll")
    evidence = found.lazy().filter(pl.col("polls") > 0).select(code=keys.code(pl.col("open_at"))).unique()
    stores = partition.stores.lazy().join(evidence.with_columns(has_evidence=True), on="code", how="left")
    return Figures(
        windows=last_of(run, ("band_windows", "exposed", "carried", "adjusted", "windows")),
        stores=stores.with_columns(
            pl.col("has_evidence").fill_null(False),
            last_poll_us=keys.us(last),
            last_active=is_active(last),
            down_since_us=pl.lit(None, pl.Int64),
        )
        .drop("last_poll")
        .collect(),
        intervals=partition.dated_intervals,
        lanes=None,
        duplicates=partition.duplicates,
        contradictory=partition.contradictory,
    )


def with_spans(partition: Partition, scopes: pl.DataFrame) -> pl.DataFrame:
    """open_at, close_at, begin_at (of the stretch of the store), `SPAN` of every interval, in order."""
    begin_at = pl.col("open_at") // 2**partition.keys.bits * 2**partition.keys.bits
    opens, closes = pl.col("open_at") - begin_at, pl.col("close_at") - begin_at
    return (
        partition.intervals.with_columns(
            code=partition.keys.code(pl.col("open_at")), begin_at=begin_at, opens=opens, closes=closes
        )
        .join(scopes, on="code", how="left", maintain_order="left")
        .drop("code")
    )


def placed(cuts: pl.DataFrame, intervals: pl.DataFrame) -> pl.DataFrame:
    """open_at, close_at, cut_at, counted_at, band: the cuts of every interval, in order. cuts: of each span."""
    begin_at = pl.col("begin_at")
    return intervals.join(cuts, on=SPAN, how="left", maintain_order="left_right").select(
        "open_at", "close_at", pl.col("cut_at") + begin_at, pl.col("counted_at") + begin_at, "band"
    )


def in_steps(stretches: pl.DataFrame, horizon: Horizon) -> pl.DataFrame:
    """scope, window_id, begin_at, end_at: within a store's stretch, cut to the horizon."""
    end = end_of(horizon)
    begin_at, end_at = ((2 * (pl.col(us) - horizon.start_us)).clip(0, end) for us in ("from_us", "until_us"))
    return stretches.select("scope", "window_id", begin_at=begin_at, end_at=end_at).filter(
        pl.col("begin_at") < pl.col("end_at")
    )


def variables(keys: PollKeys, horizon: Horizon, max_gap_us: int) -> dict[str, int]:
    # Whole numbers only. A value with a time zone would mean what the settings of the session say.
    own = {"now_us": horizon.now_us, "max_gap": 2 * max_gap_us, "week": 2 * WEEK_US}
    return asdict(keys) | own


def register_edges(
    run: duckdb.DuckDBPyConnection, changes: pl.DataFrame, found: pl.DataFrame, closings: pl.DataFrame
) -> None:
    """What `edges` needs beside the relations of the stage. found: the slices of the intervals to look at, or more;
    closings: open_at, close_at of these."""
    begins = (pl.col("from_at") == pl.col("open_at")) & (pl.col("after") < pl.col("close_at"))
    run.register("changes", Stream(changes))
    run.register("openings", Stream(found.filter(begins).select("open_at", "after")))
    run.register("closings", Stream(closings))


@dataclass(frozen=True)
class Stream:
    """A frame that DuckDB reads as it lies in memory."""

    # A frame of Polars alone would make DuckDB import pyarrow, which takes a tenth of a second.
    rows: pl.DataFrame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.rows.__arrow_c_stream__(requested_schema)


def last_of(db: duckdb.DuckDBPyConnection, steps: Sequence[str]) -> pl.DataFrame:
    """Run steps; the relation of the last one as a Polars frame, through Arrow without a copy."""
    for step in steps:
        execute(db, statement(__package__, step))
    return pl.DataFrame(db.sql(f"from {steps[-1]}"))


def execute(db: duckdb.DuckDBPyConnection, statements: str) -> None:
    """Run statements. Raises duckdb.Error, KeyboardInterrupt."""
    try:
        db.execute(statements)
    except RuntimeError as error:
        # DuckDB swallows the KeyboardInterrupt of a statement that it ends, and raises this; its own errors are others.
        if type(error) is RuntimeError:
            raise KeyboardInterrupt from None
        raise
