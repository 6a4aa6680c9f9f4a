"""Sorted polls and the cuts of business time in; what lies between neighbouring cuts out.

slices       business time between cuts: running sums over it, and how many polls
known_sums   the known and the active time
sure_sums    the time that is surely active, or inactive
far_gaps     neighbouring polls that are far from each other
inside       the polls inside business time
changes      those of them at which the status may change
"""

# The active time up to each poll is a running sum over all polls, whatever store and interval they belong to. What the
# sum gains between two polls of one interval is that interval's, and no other difference is ever taken. So no poll is
# joined with an interval: only the cuts, which are far fewer, are looked up among the polls.

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.packing import AFTER, BEFORE

OPEN, CLOSE, COUNTED = pl.col("open_at"), pl.col("close_at"), pl.col("counted_at")
POLL, NEXT = pl.col("poll"), pl.col("after")


@dataclass(frozen=True)
class RunningSum:
    """A sum over all polls in order. gain: what it gains between a poll and the next one; at_cut: the sum at a cut,
    from the sum up to the last poll before it.

    Before the first poll of an interval it is the sum at that poll less what the poll reaches back over. So the
    difference between two cuts of one interval is always what lies between them.
    """

    gain: pl.Expr
    at_cut: Callable[[pl.Expr], pl.Expr]


Sums = Mapping[str, RunningSum]
"""Running sums by the name of their column."""


def slices(cuts: pl.DataFrame, polls: pl.Series, sums: Sums) -> pl.DataFrame:
    """One row per slice: open_at, close_at, band, from_at, until_at, business, the sums (all in steps), polls.

    The sums are what the interval's own polls say. poll, after: the last poll before the slice and the next one;
    last: the last one before its end (packed).
    cuts: open_at, close_at, cut_at, counted_at, band (see `cuts.sql`), in order.
    """
    found = cuts.lazy().join_asof(
        running_sums(polls, sums), left_on="cut_at", right_on="poll", allow_exact_matches=False, coalesce=False
    )
    is_bare = (POLL < OPEN) & (NEXT >= CLOSE)
    totals = found.with_columns(
        business=COUNTED,
        polls=pl.col("number").cast(pl.Int64),
        **{name: pl.when(~is_bare).then(each.at_cut(pl.col(name))).otherwise(0) for name, each in sums.items()},
    )
    gains = ("business", *sums, "polls")
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


def running_sums(polls: pl.Series, sums: Sums) -> pl.LazyFrame:
    """poll, after, number, and the sums up to every poll; a row before all of them stands for none.

    number: how many polls there are up to it.
    """
    return (
        pl.concat([pl.Series([BEFORE]), polls, pl.Series([AFTER])])
        .to_frame("poll")
        .lazy()
        .with_columns(after=POLL.shift(-1))
        .select("poll", "after", **{name: each.gain.cum_sum().shift(1, fill_value=0) for name, each in sums.items()})
        .with_row_index("number")
        .set_sorted("poll")
    )


def known_sums() -> Sums:
    """known, up: the known and the active time, as if each poll spoke until the next, the first one of an interval from
    its opening on, and the last one until its closing. What max_gap takes from that is small: `adjusted.sql`."""
    # All business time of an interval is known then, or none.
    always = RunningSum(pl.lit(0, pl.Int64), lambda _: COUNTED)
    here = active_bit(POLL)

    def at_cut(total: pl.Expr) -> pl.Expr:
        since, until = COUNTED - time_of(POLL), time_of(NEXT) - COUNTED
        reaching_back = total + gap() * here - until * active_bit(NEXT)
        return pl.when(POLL >= OPEN).then(total + since * here).otherwise(reaching_back)

    return {"known": always, "up": RunningSum(gap() * here, at_cut)}


def sure_sums() -> Sums:
    """sure_up, sure_down: the time between two polls of one status, however far they are from each other:
    docs/semantics.md, "How sure a figure is"."""
    both_active, any_active = active_bit(POLL) & active_bit(NEXT), active_bit(POLL) | active_bit(NEXT)
    return {"sure_up": sure_sum(both_active), "sure_down": sure_sum(1 - any_active)}


def near_sure_down(max_gap: int) -> Sums:
    """sure_down, where polls are at most max_gap apart."""
    any_active = active_bit(POLL) | active_bit(NEXT)
    return {"sure_down": sure_sum((1 - any_active) * (gap() <= max_gap).cast(pl.Int64))}


def sure_sum(counts: pl.Expr) -> RunningSum:
    def at_cut(total: pl.Expr) -> pl.Expr:
        since = pl.when(NEXT < CLOSE).then(COUNTED - time_of(POLL)).otherwise(0)
        return total + pl.when(POLL >= OPEN).then(since).otherwise(gap()) * counts

    return RunningSum(gap() * counts, at_cut)


def far_gaps(intervals: pl.DataFrame, polls: pl.Series, max_gap: int) -> pl.DataFrame:
    """open_at, poll, after (packed) of neighbouring polls of one interval that are more than max_gap apart."""
    far = with_neighbours(polls).filter(gap() > max_gap)
    return in_intervals(intervals, far).filter(NEXT < CLOSE).select("open_at", "poll", "after").collect()


def gap() -> pl.Expr:
    return time_of(NEXT) - time_of(POLL)


def time_of(poll: pl.Expr) -> pl.Expr:
    """The position of a packed poll."""
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


def far_from_next(changes: pl.DataFrame, max_gap: int) -> pl.DataFrame:
    """`far_gaps`, from `changes`, which have them among others."""
    return changes.filter(gap() > max_gap, NEXT < CLOSE).select("open_at", "poll", "after")


def with_neighbours(polls: pl.Series) -> pl.LazyFrame:
    before, after = POLL.shift(1, fill_value=BEFORE), POLL.shift(-1, fill_value=AFTER)
    return polls.to_frame("poll").lazy().with_columns(before=before, after=after)


def in_intervals(intervals: pl.DataFrame, polls: pl.LazyFrame) -> pl.LazyFrame:
    return (
        polls.set_sorted("poll")
        .join_asof(intervals.lazy().set_sorted("open_at"), left_on="poll", right_on="open_at", coalesce=False)
        .filter(POLL < CLOSE)
    )
