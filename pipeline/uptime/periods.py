"""A partition and periods in; their figures, the outages and the profile out: docs/semantics.md, "Periods".

period_figures   the figures of each store in each period, and what else is wanted
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import duckdb
import polars as pl

from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys, scattered
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.plan.windows import Windows
from store_uptime.pipeline.uptime.outages import outages_of
from store_uptime.pipeline.uptime.positions import far_among, lossy_polls, may_change
from store_uptime.pipeline.uptime.profile import profile_of
from store_uptime.pipeline.uptime.runs import DOWN, down_runs, in_windows, outage_counts, status_runs
from store_uptime.pipeline.uptime.stage import in_steps, last_of, register_edges, stage

PeriodTable = Literal["profile", "outages"]
OutageNumbers = Callable[[pl.DataFrame, PollKeys], pl.DataFrame]
GAINS = ("business", "known", "up", "sure_up", "sure_down", "polls")
ADJUSTED = ("known", "up")
CELLS = 2**24
"""More than the periods of a report."""


@dataclass(frozen=True)
class PeriodFigures:
    """What one partition gives; all have a column code (uint32) but the profile.

    periods: window_id, business_us, uptime_us, downtime_us, sure_up_us, sure_down_us (int64), polls, outages (uint32),
    longest_outage_us: a row for a store and a period in which it has business time. stores: see `known_partition`.
    intervals: open_us, close_us. profile: see `profile_of`; outages: see `outages_of`; None: not wanted. duplicates,
    contradictory: see `Partition`.
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
    is wanted. groups: code, group (uint32); None: all stores are one. outages: how down runs are numbered as outages,
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
    keys = partition.keys
    polls = lossy_polls(partition.intervals, partition.polls, 2 * max_gap_us)
    sums, edges = sums_and_edges(db, partition, cuts.windows, horizon, max_gap_us, polls)
    scopes, stretches = cuts.windows.by_scope(partition.stores)
    windows = in_steps(stretches, horizon)
    whole = whole_windows(windows)
    runs = status_runs(edges, now_at(pl.col("open_at"), keys, horizon))
    down = down_runs(runs, keys).join(scopes, on="code", maintain_order="left")
    figures = PeriodFigures(
        periods=with_outages(sums, outage_counts(in_windows(down, windows, keys))),
        stores=partition.stores,
        intervals=partition.dated_intervals,
        profile=None,
        outages=None,
        duplicates=partition.duplicates,
        contradictory=partition.contradictory,
    )
    if cuts.cells is not None:
        cut = in_windows(down, whole, keys).collect()
        figures = replace(figures, profile=profile(partition, cuts.groups, cuts.cells, runs, cut, horizon))
    if cuts.outages is not None:
        listed = cuts.outages(runs, keys).join(scopes, on="code", maintain_order="left")
        cut_runs, ends = in_windows(listed, whole, keys), bounds(scopes, whole, keys, horizon)
        figures = replace(figures, outages=outages_of(cut_runs, partition, polls, ends, max_gap_us))
    return figures


def sums_and_edges(
    db: duckdb.DuckDBPyConnection,
    partition: Partition,
    windows: Windows,
    horizon: Horizon,
    max_gap_us: int,
    polls: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sums of each store and window, and the edges of status in intervals that are not up from end to end.

    polls: see `lossy_polls`.
    """
    max_gap = 2 * max_gap_us
    with stage(db, partition, windows, horizon, max_gap_us, polls) as (run, found):
        band_windows = last_of(run, ("band_windows",))
        exposed = last_of(run, ("exposed",))
        adjusted = last_of(run, ("carried", "adjusted"))
        lossy = lossy_intervals(found, pl.concat([exposed["open_at"], far_among(polls, max_gap)["open_at"]]))
        closings = lossy.filter("is_lossy").select("open_at", "close_at")
        register_edges(run, polls.filter(may_change(max_gap)), lossy, closings)
        return sums_by_window(found, adjusted, band_windows, partition.keys), last_of(run, ("edges",))


def with_outages(sums: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The sums with outages and longest_outage_us. sums: in order of code and window_id; counts: of some of them."""
    # Looked up, since to join nearly as many rows as there are takes several times as long.
    cell = pl.col("code").cast(pl.Int64) * CELLS + pl.col("window_id")
    places = sums.select(cell).to_series().search_sorted(counts.select(cell).to_series())
    return sums.with_columns(scattered(counts[name], places, sums.height) for name in ("outages", "longest_outage_us"))


def now_at(position: pl.Expr, keys: PollKeys, horizon: Horizon) -> pl.Expr:
    """Now in the stretch of the store that a position belongs to."""
    return keys.position(keys.code(position), pl.lit(horizon.now_us))


def lossy_intervals(found: pl.DataFrame, others: pl.Series) -> pl.DataFrame:
    """The intervals that are not up from end to end, and the one before each: open_at, close_at, from_at, after (of
    their first slice), is_lossy.

    found: slices. others: the openings of further ones. Most intervals are up all the time. Of the one before it is
    known so that no outage goes on from an earlier one.
    """
    lost, begins = (pl.col("up") < pl.col("business")).cast(pl.UInt32), pl.col("from_at") == pl.col("open_at")
    firsts = found.select(
        "open_at", "close_at", "from_at", "after", lost_before=lost.cum_sum().shift(1, fill_value=0)
    ).filter(begins)
    total = found.select(lost.sum()).item()
    lost_after = pl.col("lost_before").shift(-1, fill_value=total)
    is_lossy = (lost_after > pl.col("lost_before")) | pl.col("open_at").is_in(others.implode())
    return firsts.with_columns(is_lossy=is_lossy).filter(
        pl.col("is_lossy") | pl.col("is_lossy").shift(-1, fill_value=False)
    )


def sums_by_window(
    found: pl.DataFrame, adjusted: pl.DataFrame, band_windows: pl.DataFrame, keys: PollKeys
) -> pl.DataFrame:
    """code, window_id, and the sums of slices with what they are adjusted by."""
    bands = pl.concat([found["band"], band_windows["band"]]).to_frame()
    number = bands.select(1 + pl.col("band").max().fill_null(0)).item()
    none = pl.repeat(None, number, dtype=pl.Int64, eager=True)
    windows = none.scatter(band_windows["band"], band_windows["window_id"])
    sums = summed_in_order(with_cells(found, windows, keys).select("cell", *GAINS))
    changes = with_cells(adjusted, windows, keys).group_by("cell").agg(pl.col(ADJUSTED).sum())
    # Each of them lies in a slice, and so its cell is there.
    places = sums["cell"].search_sorted(changes["cell"])
    sums = sums.with_columns(sums[name].scatter(places, sums[name].gather(places) + changes[name]) for name in ADJUSTED)
    return sums.select(
        code=(pl.col("cell") // CELLS).cast(pl.UInt32),
        window_id=(pl.col("cell") % CELLS).cast(pl.UInt32),
        business_us=pl.col("business") // 2,
        uptime_us=pl.col("up") // 2,
        downtime_us=(pl.col("known") - pl.col("up")) // 2,
        sure_up_us=pl.col("sure_up") // 2,
        sure_down_us=pl.col("sure_down") // 2,
        polls=pl.col("polls").cast(pl.UInt32),
    )


def with_cells(rows: pl.DataFrame, windows: pl.Series, keys: PollKeys) -> pl.DataFrame:
    """The rows that are in a window, with cell: a number for each store and window. windows: by band; null: none."""
    cell = keys.code(pl.col("open_at")).cast(pl.Int64) * CELLS + windows.gather(rows["band"])
    return rows.with_columns(cell=cell).filter(pl.col("cell").is_not_null())


def summed_in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """The sums of each cell. rows: cell, and what is summed, nearly always in order of the cells."""
    if not rows["cell"].is_sorted():  # the hours of a date on which clocks go back by two
        return rows.group_by("cell").agg(pl.all().sum()).sort("cell")
    # Nearly every row has a cell of its own, and to group them takes four times as long.
    is_last = (pl.col("cell") != pl.col("cell").shift(-1)).fill_null(True)
    totals = rows.select("cell", pl.exclude("cell").cum_sum()).filter(is_last)
    return totals.select("cell", pl.exclude("cell") - pl.exclude("cell").shift(1, fill_value=0))


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
