"""Sorted polls and the cuts of business time in; what lies between neighbouring cuts out.

slices        business time between cuts: how much of it is known and active, and how many polls
sure_slices   the same, and how much is surely active or inactive
inside        the polls inside business time
lossy_polls   those of them beside an inactive one, or far from a neighbour
changes       those at which the status may change
far_gaps      neighbouring polls that are far from each other
"""

# The active time up to each poll is a running sum over all polls, whatever store and interval they belong to. What the
# sum gains between two polls of one interval is that interval's, and no other difference is ever taken. So no poll is
# joined with an interval: only the cuts, which are far fewer, are looked up among the polls.

import polars as pl

from store_uptime.pipeline.packing import AFTER, BEFORE

OPEN, CLOSE, COUNTED = pl.col("open_at"), pl.col("close_at"), pl.col("counted_at")
POLL, NEXT = pl.col("poll"), pl.col("after")
GAINS, SURE_GAINS = ("business", "known", "up", "polls"), ("sure_up", "sure_down")


def slices(cuts: pl.DataFrame, polls: pl.Series) -> pl.DataFrame:
    """One row per slice: open_at, close_at, band, from_at, until_at, business, known, up (all in steps), polls.

    known and up are what the interval's own polls say, as if each spoke until the next, the first one from the opening
    on, and the last one until the closing: what max_gap takes from that is small, see `adjusted.sql`. poll, after: the
    last poll before the slice and the next one; last: the last one before its end (packed).
    cuts: open_at, close_at, cut_at, counted_at, band (see `cuts.sql`), in order.
    """
    return between_cuts(totals_at_cuts(cuts, polls), GAINS)


def sure_slices(cuts: pl.DataFrame, polls: pl.Series, lossy: pl.DataFrame, max_gap: int) -> pl.DataFrame:
    """The same with sure_up, sure_down: docs/semantics.md, "How sure a figure is". lossy: see `lossy_polls`."""
    return between_cuts(with_sure_totals(totals_at_cuts(cuts, polls), lossy, max_gap), (*GAINS, *SURE_GAINS))


def totals_at_cuts(cuts: pl.DataFrame, polls: pl.Series) -> pl.LazyFrame:
    """The cuts with the polls around them, and sums up to them of which only differences mean something."""
    found = cuts.lazy().join_asof(
        running_sums(polls), left_on="cut_at", right_on="poll", allow_exact_matches=False, coalesce=False
    )
    since, until, gap = COUNTED - time_of(POLL), time_of(NEXT) - COUNTED, time_of(NEXT) - time_of(POLL)
    # Before the first poll of an interval it is the sum at that poll less what the poll reaches back over. So the
    # difference between two cuts of one interval is always what lies between them.
    reaching_back = pl.col("up") + gap * active_bit(POLL) - until * active_bit(NEXT)
    up = pl.when(POLL >= OPEN).then(pl.col("up") + since * active_bit(POLL)).otherwise(reaching_back)
    is_bare = (POLL < OPEN) & (NEXT >= CLOSE)
    return found.with_columns(
        business=COUNTED,
        # All business time of an interval is known, or none.
        known=pl.when(~is_bare).then(COUNTED).otherwise(0),
        up=pl.when(~is_bare).then(up).otherwise(0),
        polls=pl.col("number").cast(pl.Int64),
    )


def running_sums(polls: pl.Series) -> pl.LazyFrame:
    """poll, after, number, up of every poll; a row before all of them stands for none.

    up: the active time up to the poll; number: how many polls there are up to it.
    """
    gained = (time_of(NEXT) - time_of(POLL)) * active_bit(POLL)
    return (
        pl.concat([pl.Series([BEFORE]), polls, pl.Series([AFTER])])
        .to_frame("poll")
        .lazy()
        .with_columns(after=POLL.shift(-1))
        .select("poll", "after", up=gained.cum_sum().shift(1, fill_value=0))
        .with_row_index("number")
        .set_sorted("poll")
    )


def with_sure_totals(totals: pl.LazyFrame, lossy: pl.DataFrame, max_gap: int) -> pl.LazyFrame:
    """The cuts with the sums of what is sure. Between its first poll and its last all of an interval is surely up but
    for the gaps beside an inactive poll, and those that are too long: these few are summed."""
    is_near, both_active, any_active = gap_after() <= max_gap, (POLL & NEXT & 1) == 1, ((POLL | NEXT) & 1) == 1
    is_down, is_unsure = is_near & ~any_active, ~is_near | (any_active & ~both_active)
    gaps = (
        lossy.lazy()
        .filter(NEXT < CLOSE)
        .select(
            gap_at=time_of(POLL), gap=gap_after(), is_down=is_down.cast(pl.Int64), is_unsure=is_unsure.cast(pl.Int64)
        )
        .with_columns(
            (pl.col(kind) * pl.col("gap")).cum_sum().shift(1, fill_value=0).alias(f"before_{kind}")
            for kind in ("is_down", "is_unsure")
        )
        .set_sorted("gap_at")
    )
    found = totals.join_asof(gaps, left_on="cut_at", right_on="gap_at", allow_exact_matches=False, coalesce=False)
    within = pl.min_horizontal(COUNTED - pl.col("gap_at"), "gap")
    down, unsure = (
        (pl.col(f"before_{kind}") + pl.col(kind) * within).fill_null(0) for kind in ("is_down", "is_unsure")
    )
    after_last = pl.when(NEXT >= CLOSE).then(time_of(POLL)).otherwise(COUNTED)
    before_first = pl.when(NEXT < CLOSE).then(time_of(NEXT)).otherwise(0)
    between_polls = pl.when(POLL >= OPEN).then(after_last).otherwise(before_first)
    return found.with_columns(sure_down=down, sure_up=between_polls - down - unsure)


def between_cuts(totals: pl.LazyFrame, gains: tuple[str, ...]) -> pl.DataFrame:
    """The slices. gains: the columns whose differences are wanted."""
    # The cuts of an interval are neighbours, so each begins the slice that the next one ends.
    return (
        totals.rename({"cut_at": "from_at"})
        .with_columns(
            pl.col(gains).shift(-1) - pl.col(gains), last=POLL.shift(-1), until_at=pl.col("from_at").shift(-1)
        )
        .filter(pl.col("band").is_not_null())
        .select("open_at", "close_at", "band", "from_at", "until_at", *gains, "poll", "after", "last")
        .collect(engine="streaming")
    )


def time_of(poll: pl.Expr) -> pl.Expr:
    """The position of a packed poll."""
    return poll & -2


def active_bit(poll: pl.Expr) -> pl.Expr:
    return poll & 1


def inside(intervals: pl.DataFrame, polls: pl.Series) -> pl.LazyFrame:
    """The polls inside business time: poll, before, after (packed), and open_at, close_at of its interval."""
    return in_intervals(intervals, with_neighbours(polls))


def lossy_polls(intervals: pl.DataFrame, polls: pl.Series, max_gap: int) -> pl.DataFrame:
    """Those of them that are not active between two active neighbours, or are far from one: the same columns."""
    is_lossy = ((POLL & NEXT & pl.col("before") & 1) == 0) | is_far(max_gap)
    return in_intervals(intervals, with_neighbours(polls).filter(is_lossy)).collect(engine="streaming")


def changes(intervals: pl.DataFrame, polls: pl.Series, max_gap: int) -> pl.DataFrame:
    """Those of them at which the status may change: of another status than the poll before, or far from a neighbour."""
    return in_intervals(intervals, with_neighbours(polls).filter(may_change(max_gap))).collect(engine="streaming")


def far_gaps(intervals: pl.DataFrame, polls: pl.Series, max_gap: int) -> pl.DataFrame:
    """open_at, poll, after (packed) of neighbouring polls of one interval that are more than max_gap apart."""
    return far_among(in_intervals(intervals, with_neighbours(polls).filter(gap_after() > max_gap)).collect(), max_gap)


def far_among(polls: pl.DataFrame, max_gap: int) -> pl.DataFrame:
    """The same, of polls that have them among others."""
    return polls.filter(gap_after() > max_gap, NEXT < CLOSE).select("open_at", "poll", "after")


def may_change(max_gap: int) -> pl.Expr:
    """Whether the status may change at a poll."""
    return ((POLL ^ pl.col("before")) & 1 == 1) | is_far(max_gap)


def is_far(max_gap: int) -> pl.Expr:
    """Whether a poll is far from a neighbour."""
    return (time_of(POLL) - time_of(pl.col("before")) > max_gap) | (gap_after() > max_gap)


def gap_after() -> pl.Expr:
    return time_of(NEXT) - time_of(POLL)


def with_neighbours(polls: pl.Series) -> pl.LazyFrame:
    before, after = POLL.shift(1, fill_value=BEFORE), POLL.shift(-1, fill_value=AFTER)
    return polls.to_frame("poll").lazy().with_columns(before=before, after=after)


def in_intervals(intervals: pl.DataFrame, polls: pl.LazyFrame) -> pl.LazyFrame:
    return (
        polls.set_sorted("poll")
        .join_asof(intervals.lazy().set_sorted("open_at"), left_on="poll", right_on="open_at", coalesce=False)
        .filter(POLL < CLOSE)
    )
