"""A partition and periods in; their figures, the outages and the profile out: docs/semantics.md, "Periods".

period_figures   the figures of each store in each period, and what else is wanted
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import duckdb
import polars as pl

from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.plan.windows import Windows
from store_uptime.pipeline.uptime.outages import outages_of
from store_uptime.pipeline.uptime.positions import changes, sure_sums
from store_uptime.pipeline.uptime.profile import profile_of
from store_uptime.pipeline.uptime.runs import DOWN, down_runs, in_windows, outage_counts, status_runs
from store_uptime.pipeline.uptime.stage import Stream, in_steps, last_of, stage

PeriodTable = Literal["profile", "outages"]
OutageNumbers = Callable[[pl.DataFrame, PollKeys], pl.DataFrame]
GAINS = ("business", "known", "up", "sure_up", "sure_down", "polls")


@dataclass(frozen=True)
class PeriodFigures:
    """What one partition gives; all have a column code (uint32) but the profile.

    periods: window_id, business_us, uptime_us, downtime_us, sure_up_us, sure_down_us (int64), polls, outages (uint32),
    longest_outage_us: a row for a store and a period in which it has business time. stores: zone, clock, the flags,
    has_evidence: of every store that is known. intervals: open_us, close_us. profile: see `profile_of`. outages: see
    `outages_of`. Both None: not cuts. duplicates, contradictory: see `Partition`.
    """

    periods: pl.DataFrame
    stores: pl.DataFrame
    intervals: pl.DataFrame
    profile: pl.DataFrame | None
    outages: pl.DataFrame | None
    duplicates: int
    contradictory: int


@dataclass(frozen=True)
class PeriodCuts:
    """What partitions are cut into.

    windows: the periods. cells: the hours of the week, as windows whose number is 24 * weekday + hour; None: no profile
    is cuts. groups: code, group (uint32); None: all stores are one. outages: how down runs are numbered as outages,
    `down_runs` or `down_runs_split_at_closing`; None: they are not listed.
    """

    windows: Windows
    cells: Windows | None = None
    groups: pl.DataFrame | None = None
    outages: OutageNumbers | None = None


def period_figures(
    db: duckdb.DuckDBPyConnection, partition: Partition, cuts: PeriodCuts, horizon: Horizon, max_gap_us: int
) -> PeriodFigures:
    """The figures of all stores in a partition, whether they were polled or not. max_gap_us: how far a poll speaks."""
    with stage(db, partition, cuts.windows, horizon, max_gap_us, sure_sums()) as (run, found):
        run.register("changes", Stream(changes(partition.intervals, partition.polls, 2 * max_gap_us)))
        band_windows = last_of(run, ("band_windows",))
        adjusted = last_of(run, ("exposed", "carried", "adjusted"))
        edges = last_of(run, ("edges",))
    keys = partition.keys
    scopes, stretches = cuts.windows.by_scope(partition.stores)
    windows = in_steps(stretches, horizon)
    runs = status_runs(edges, now_at(pl.col("open_at"), keys, horizon))
    down = down_runs(runs, keys).join(scopes, on="code", maintain_order="left")
    sums = sums_by_window(pl.concat([found.lazy(), adjusted.lazy()], how="diagonal"), band_windows, keys)
    counts = outage_counts(in_windows(down, windows, keys))
    evidence = found.lazy().filter(pl.col("polls") > 0).select(code=keys.code(pl.col("open_at"))).unique()
    stores = partition.stores.lazy().join(evidence.with_columns(has_evidence=True), on="code", how="left")
    figures = PeriodFigures(
        periods=sums.join(counts, on=["code", "window_id"], how="left").with_columns(
            pl.col("outages", "longest_outage_us").fill_null(0)
        ),
        stores=stores.with_columns(pl.col("has_evidence").fill_null(False)).collect(),
        intervals=partition.dated_intervals,
        profile=None,
        outages=None,
        duplicates=partition.duplicates,
        contradictory=partition.contradictory,
    )
    whole = whole_windows(windows)
    if cuts.cells is not None:
        cut = in_windows(down, whole, keys).collect()
        figures = replace(figures, profile=profile(partition, cuts.groups, cuts.cells, runs, cut, horizon))
    if cuts.outages is not None:
        numbered = cuts.outages(runs, keys).join(scopes, on="code", maintain_order="left")
        cut_runs, ends = in_windows(numbered, whole, keys), bounds(scopes, whole, keys, horizon)
        figures = replace(figures, outages=outages_of(cut_runs, partition, ends, max_gap_us))
    return figures


def now_at(position: pl.Expr, keys: PollKeys, horizon: Horizon) -> pl.Expr:
    """Now in the stretch of the store that a position belongs to."""
    return keys.position(keys.code(position), pl.lit(horizon.now_us))


def sums_by_window(amounts: pl.LazyFrame, band_windows: pl.DataFrame, keys: PollKeys) -> pl.DataFrame:
    # By Polars, which takes less than half the time of DuckDB where nearly every row is a group of its own.
    halves = (pl.col(name).sum() for name in GAINS)
    return (
        amounts.select(
            pl.col(GAINS).fill_null(0), band=pl.col("band").cast(pl.Int64), code=keys.code(pl.col("open_at"))
        )
        .join(band_windows.lazy().with_columns(pl.col("band").cast(pl.Int64)), on="band")
        .group_by("code", "window_id")
        .agg(halves)
        .select(
            "code",
            "window_id",
            business_us=pl.col("business") // 2,
            uptime_us=pl.col("up") // 2,
            downtime_us=(pl.col("known") - pl.col("up")) // 2,
            sure_up_us=pl.col("sure_up") // 2,
            sure_down_us=pl.col("sure_down") // 2,
            polls=pl.col("polls").cast(pl.UInt32),
        )
        .collect(engine="streaming")
    )


def whole_windows(stretches: pl.DataFrame) -> pl.DataFrame:
    """scope, begin_at, end_at, window_id: one window for each scope, from its first stretch to its last."""
    ends = pl.col("begin_at").min(), pl.col("end_at").max()
    return stretches.group_by("scope").agg(*ends, window_id=pl.lit(0, pl.UInt32))


def bounds(scopes: pl.DataFrame, whole: pl.DataFrame, keys: PollKeys, horizon: Horizon) -> pl.DataFrame:
    """code, begin_at, limit_at: the ends of its window on the line, not after now."""
    begin, now = keys.first_position(pl.col("code")), keys.position(pl.col("code"), pl.lit(horizon.now_us))
    return scopes.join(whole, on="scope").select(
        "code", begin_at=pl.col("begin_at") + begin, limit_at=pl.min_horizontal(pl.col("end_at") + begin, now)
    )


def profile(
    partition: Partition,
    of_store: pl.DataFrame | None,
    cells: Windows,
    runs: pl.DataFrame,
    down: pl.DataFrame,
    horizon: Horizon,
) -> pl.DataFrame:
    """See `profile_of`. of_store: code, group; down: the runs of `whole_windows`, with the number of their outage."""
    keys = partition.keys
    scopes, stretches = cells.by_scope(partition.stores)
    every = scopes.with_columns(group=pl.lit(0, pl.UInt32))
    groups = every if of_store is None else scopes.join(of_store, on="code")
    code = keys.code(pl.col("open_at"))
    end = pl.min_horizontal(pl.col("close_at"), now_at(pl.col("open_at"), keys, horizon))
    intervals = partition.intervals.select(code=code, start_at="open_at", end_at=end).join(groups, on="code")
    grouped_runs = runs.filter(pl.col("status") >= DOWN).with_columns(code=code).join(groups, on="code")
    first_runs = down.lazy().sort("start_at").group_by("outage", maintain_order=True).first().collect()
    begins = first_runs.filter(~pl.col("is_cut_before")).select("code", "start_at").join(groups, on="code")
    return profile_of(intervals, grouped_runs, begins, in_steps(stretches, horizon), keys)
