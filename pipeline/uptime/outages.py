"""Down runs in, the list of outages out: docs/semantics.md, "Outages".

outages_of   the outages of a partition within one stretch of time for each store
"""

import polars as pl

from store_uptime.pipeline.packing import is_active
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.uptime.positions import inside, sure_slices, time_of
from store_uptime.pipeline.uptime.runs import CLOSED, UNKNOWN, UP

ENDS = pl.Enum(["active poll", "unknown", "closed", "ongoing", "cut"])
STARTS_BECAUSE = pl.Enum(["inactive poll", "opening", "unknown", "cut"])
OPEN, CLOSE, START, END = pl.col("open_at"), pl.col("close_at"), pl.col("start_at"), pl.col("end_at")
AT_NOW = pl.col("poll_at_now")


def outages_of(
    cut: pl.LazyFrame, partition: Partition, lossy: pl.DataFrame, bounds: pl.DataFrame, max_gap_us: int
) -> pl.DataFrame:
    """code, start_us, end_us, business_us, ends, starts_because, polls, first_poll_us, last_poll_us, least_us, most_us.

    cut: the down runs of `runs.in_windows`, of one window a store. lossy: see `lossy_polls`. bounds: code, begin_at,
    limit_at (positions): the ends of that window, not after now.
    """
    rows = cut.join(partition.intervals.lazy(), on="open_at").sort("start_at").collect().with_row_index("run")
    known = with_poll_at_now(with_polls(rows, partition, lossy, 2 * max_gap_us), partition)
    outages = (
        known.lazy()
        .with_columns(ends=ends(), starts_because=starts_because())
        .group_by("outage", maintain_order=True)
        .agg(
            pl.col("code").first(),
            START.first(),
            END.last(),
            pl.col("ends").last(),
            pl.col("starts_because").first(),
            pl.col("polls").sum().cast(pl.UInt32),
            pl.col("first_poll").min(),
            pl.col("last_poll").max(),
            business=(END - START).sum(),
            least=pl.col("sure_down").sum(),
        )
        .join(bounds.lazy(), on="code")
        .pipe(with_beyond, partition, 2 * max_gap_us)
        .sort("start_at")
        .collect()
    )
    us, first, last = partition.keys.us, pl.col("first_poll"), pl.col("last_poll")
    return outages.select(
        "code",
        start_us=us(START),
        # Not by the position of the end, which may be behind the stretch of the store.
        end_us=us(START) + (END - START) // 2,
        business_us=pl.col("business") // 2,
        ends="ends",
        starts_because="starts_because",
        polls="polls",
        first_poll_us=us(first),
        last_poll_us=us(last),
        least_us=pl.col("least") // 2,
        most_us=(pl.col("business") + pl.col("beyond")) // 2,
    )


def with_polls(runs: pl.DataFrame, partition: Partition, lossy: pl.DataFrame, max_gap: int) -> pl.DataFrame:
    """The runs with polls, first_poll, last_poll (packed; null: none), sure_down (in steps)."""
    kept = ("open_at", "close_at", "run")
    begins = runs.select(*kept, cut_at=START, counted_at=START, band="run")
    ends = runs.select(*kept, cut_at=END, counted_at=END, band=pl.lit(None, pl.UInt32))
    cuts = pl.concat([begins, ends]).sort("run", "band", nulls_last=True).drop("run")
    has_polls = pl.col("polls") > 0
    found = sure_slices(cuts, partition.polls, lossy, max_gap).select(
        "polls",
        "sure_down",
        run="band",
        first_poll=pl.when(has_polls).then("after"),
        last_poll=pl.when(has_polls).then("last"),
    )
    return runs.join(found, on="run", maintain_order="left")


def with_poll_at_now(runs: pl.DataFrame, partition: Partition) -> pl.DataFrame:
    """The same with poll_at_now (packed) of a run that goes on at now: an inactive one is one of its polls."""
    polls = partition.polls
    goes_on = pl.col("after").is_null() & (CLOSE > END) & ~pl.col("is_cut_after")
    at_now = runs.select(pl.when(goes_on).then(END).otherwise(-1)).to_series()
    place = polls.search_sorted(at_now)
    following = pl.concat([polls, pl.Series([-1], dtype=pl.Int64)]).gather(place)
    found = runs.with_columns(following.alias("following"), goes_on=goes_on).with_columns(
        poll_at_now=pl.when("goes_on", time_of(pl.col("following")) == END).then("following")
    )
    is_one_of_them = AT_NOW.is_not_null() & ~is_active(AT_NOW)
    return found.with_columns(
        polls=pl.col("polls") + is_one_of_them.fill_null(False).cast(pl.Int64),
        first_poll=pl.coalesce("first_poll", pl.when(is_one_of_them).then(AT_NOW)),
        last_poll=pl.when(is_one_of_them).then(AT_NOW).otherwise("last_poll"),
    )


def ends() -> pl.Expr:
    """Why a run ends; the last one of an outage says why that does."""
    return (
        pl.when(pl.col("goes_on") & ~is_active(AT_NOW).fill_null(False))
        .then(pl.lit("ongoing"))
        .when("is_cut_after")
        .then(pl.lit("cut"))
        .when(pl.col("goes_on") | (pl.col("after") == UP))
        .then(pl.lit("active poll"))
        .when(pl.col("after") == UNKNOWN)
        .then(pl.lit("unknown"))
        .otherwise(pl.lit("closed"))
        .cast(ENDS)
    )


def starts_because() -> pl.Expr:
    """Why a run starts; the first one of an outage says why that does."""
    return (
        pl.when("is_cut_before")
        .then(pl.lit("cut"))
        .when(pl.col("before") == CLOSED)
        .then(pl.lit("opening"))
        .when(pl.col("before") == UNKNOWN)
        .then(pl.lit("unknown"))
        .otherwise(pl.lit("inactive poll"))
        .cast(STARTS_BECAUSE)
    )


def with_beyond(outages: pl.LazyFrame, partition: Partition, max_gap: int) -> pl.LazyFrame:
    """The outages with beyond: the business time around each, up to the nearest active evidence and max_gap at most.

    outages: start_at, end_at, begin_at, limit_at (between which it is looked for), and more.
    """
    polls = inside(partition.intervals, partition.polls).filter(is_active(pl.col("poll")))
    active = polls.select(active_at=time_of(pl.col("poll"))).collect(engine="streaming").lazy().set_sorted("active_at")
    # A poll of another store is outside the limits, and so it is passed over.
    around = (
        outages.sort("start_at")
        .join_asof(active, left_on="start_at", right_on="active_at", coalesce=False)
        .rename({"active_at": "earlier_at"})
        .sort("end_at")
        .join_asof(active, left_on="end_at", right_on="active_at", strategy="forward", coalesce=False)
        .with_columns(
            from_at=pl.max_horizontal("begin_at", START - max_gap, "earlier_at"),
            until_at=pl.min_horizontal("limit_at", END + max_gap, "active_at"),
        )
    )
    for at in ("from_at", "start_at", "end_at", "until_at"):
        around = with_business_before(around, at, partition.intervals)
    before = {at: pl.col(f"before_{at}") for at in ("from_at", "start_at", "end_at", "until_at")}
    beyond = before["start_at"] - before["from_at"] + before["until_at"] - before["end_at"]
    return around.with_columns(beyond=beyond)


def with_business_before(rows: pl.LazyFrame, at: str, intervals: pl.DataFrame) -> pl.LazyFrame:
    """The rows with before_…: the business time of all stores on the line before a position."""
    totals = intervals.lazy().select("open_at", "close_at", total=(CLOSE - OPEN).cum_sum() - (CLOSE - OPEN))
    found = rows.sort(at).join_asof(totals.set_sorted("open_at"), left_on=at, right_on="open_at", coalesce=False)
    before = pl.col("total") + pl.min_horizontal(at, "close_at") - OPEN
    return found.with_columns(before.fill_null(0).alias(f"before_{at}")).drop("open_at", "close_at", "total")
