"""Sorted polls and the cuts of business time in; what lies between neighbouring cuts out.

slices    business time between cuts: how much of it is known and active, and how many polls
inside    the polls inside business time
changes   those of them at which the status may change
"""

# The active time up to each poll is a running sum over all polls, whatever store and interval they belong to. What the
# sum gains between two polls of one interval is that interval's, and no other difference is ever taken. So no poll is
# joined with an interval: only the cuts, which are far fewer, are looked up among the polls.

import polars as pl

from store_uptime.pipeline.packing import AFTER, BEFORE

OPEN, CLOSE, COUNTED = pl.col("open_at"), pl.col("close_at"), pl.col("counted_at")
POLL, NEXT = pl.col("poll"), pl.col("after")
GAINS = ("business", "known", "up", "polls")


def slices(cuts: pl.DataFrame, polls: pl.Series, max_gap: int | None) -> pl.DataFrame:
    """One row per slice: open_at, close_at, band, from_at, until_at, business, known, up (all in steps), polls.

    known and up are what the interval's own polls say. poll, after: the last poll before the slice and the next one;
    last: the last one before its end (packed).
    cuts: open_at, close_at, cut_at, counted_at, band (see `cuts.sql`), in order. max_gap: how far a poll speaks, in
    steps; None: as far as its interval.
    """
    found = cuts.lazy().join_asof(
        running_sums(polls, max_gap), left_on="cut_at", right_on="poll", allow_exact_matches=False, coalesce=False
    )
    up = total_at_cut(pl.col("up"), active_bit(POLL), active_bit(NEXT), max_gap)
    # Without max_gap all business time of an interval is known, or none.
    known = COUNTED if max_gap is None else total_at_cut(pl.col("known"), 1, 1, max_gap)
    is_bare = (POLL < OPEN) & (NEXT >= CLOSE)
    totals = found.with_columns(
        business=COUNTED,
        known=pl.when(~is_bare).then(known).otherwise(0),
        up=pl.when(~is_bare).then(up).otherwise(0),
        polls=pl.col("number").cast(pl.Int64),
    )
    # The cuts of an interval are neighbours, so each begins the slice that the next one ends.
    return (
        totals.rename({"cut_at": "from_at"})
        .with_columns(
            pl.col(GAINS).shift(-1) - pl.col(GAINS), last=POLL.shift(-1), until_at=pl.col("from_at").shift(-1)
        )
        .filter(pl.col("band").is_not_null())
        .select("open_at", "close_at", "band", "from_at", "until_at", *GAINS, "poll", "after", "last")
        .collect(engine="streaming")
    )


def running_sums(polls: pl.Series, max_gap: int | None) -> pl.LazyFrame:
    """poll, after, number, up (and known, with max_gap) of every poll; a row before all of them stands for none.

    up, known: the active and the known time up to the poll; number: how many polls there are up to it.
    """
    gap = time_of(NEXT) - time_of(POLL)
    sums = {"up": gained(gap, active_bit(POLL), active_bit(NEXT), max_gap)}
    if max_gap is not None:
        sums["known"] = gained(gap, 1, 1, max_gap)
    return (
        pl.concat([pl.Series([BEFORE]), polls, pl.Series([AFTER])])
        .to_frame("poll")
        .lazy()
        .with_columns(after=POLL.shift(-1))
        .select("poll", "after", **{name: gain.cum_sum().shift(1, fill_value=0) for name, gain in sums.items()})
        .with_row_index("number")
        .set_sorted("poll")
    )


def gained(gap: pl.Expr, here: pl.Expr | int, then: pl.Expr | int, max_gap: int | None) -> pl.Expr:
    """What a sum gains between two polls: here, then: what a step counts that the first, or the second one, speaks for.

    docs/semantics.md, "Evidence and extrapolation", rule 5: the first poll speaks for max_gap after it, and the next
    one for what is left of that before it, max_gap at most.
    """
    return gap * here if max_gap is None else pl.min_horizontal(gap, max_gap) * here + spoken_back(gap, max_gap) * then


def spoken_back(gap: pl.Expr, max_gap: int) -> pl.Expr:
    return (gap - max_gap).clip(0, max_gap)


def total_at_cut(total: pl.Expr, here: pl.Expr | int, then: pl.Expr | int, max_gap: int | None) -> pl.Expr:
    """The sum at a cut. total: up to the last poll before it.

    Before the first poll of an interval it is the sum at that poll less what the poll reaches back over. So the
    difference between two cuts of one interval is always what lies between them.
    """
    since, until, gap = COUNTED - time_of(POLL), time_of(NEXT) - COUNTED, time_of(NEXT) - time_of(POLL)
    at_next = total + gained(gap, here, then, max_gap)
    if max_gap is None:
        return pl.when(POLL >= OPEN).then(total + since * here).otherwise(at_next - until * then)
    spoken_yet = pl.when(NEXT < CLOSE).then((spoken_back(gap, max_gap) - until).clip(lower_bound=0)).otherwise(0)
    after_poll = total + pl.min_horizontal(since, max_gap) * here + spoken_yet * then
    return pl.when(POLL >= OPEN).then(after_poll).otherwise(at_next - pl.min_horizontal(until, max_gap) * then)


def time_of(poll: pl.Expr) -> pl.Expr:
    return poll & -2


def active_bit(poll: pl.Expr) -> pl.Expr:
    return poll & 1


def inside(intervals: pl.DataFrame, polls: pl.Series) -> pl.LazyFrame:
    """The polls inside business time: poll, before, after (packed), and open_at, close_at of its interval."""
    return in_intervals(intervals, with_neighbours(polls))


def changes(intervals: pl.DataFrame, polls: pl.Series, max_gap: int) -> pl.DataFrame:
    """Those of them at which the status may change: of another status than the poll before, or far from a neighbour."""
    before, time = pl.col("before"), time_of(POLL)
    differs = (POLL ^ before) & 1 == 1
    is_far = (time - time_of(before) > max_gap) | (time_of(NEXT) - time > max_gap)
    return in_intervals(intervals, with_neighbours(polls).filter(differs | is_far)).collect(engine="streaming")


def with_neighbours(polls: pl.Series) -> pl.LazyFrame:
    before, after = POLL.shift(1, fill_value=BEFORE), POLL.shift(-1, fill_value=AFTER)
    return polls.to_frame("poll").lazy().with_columns(before=before, after=after)


def in_intervals(intervals: pl.DataFrame, polls: pl.LazyFrame) -> pl.LazyFrame:
    return (
        polls.set_sorted("poll")
        .join_asof(intervals.lazy().set_sorted("open_at"), left_on="poll", right_on="open_at", coalesce=False)
        .filter(POLL < CLOSE)
    )
