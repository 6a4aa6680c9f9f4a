"""Sorted polls and cuts of business time in; where each cut lies among the polls, and the sums up to there, out.

slices    business time between neighbouring cuts, with the polls around both
changes   the polls inside business time at which the status may change
"""

# The active time up to each poll is a running sum over all polls, whatever store and interval they belong to. What the
# sum gains between two polls of one interval is that interval's, and no other difference is ever taken. So no poll is
# joined with an interval: only the cuts, which are far fewer, are looked up among the polls.

import polars as pl

from store_uptime.pipeline.packing import AFTER, BEFORE

AT_CUT = ("poll", "after", "number", "up", "known")


def slices(cuts: pl.DataFrame, polls: pl.Series, max_gap: int) -> pl.DataFrame:
    """One row per slice: open_at, close_at, band, from_at, until_at, and of both ends what `AT_CUT` names.

    poll: the last one before the cut; after: the next one (packed); number: how many polls there are before; up, known:
    the sums at `poll` of active and of known time. Those of the end have `until_` before their name. cuts: open_at, close_at, at,
    band (null where the interval closes), in order. max_gap: in steps, how far a poll speaks.
    """
    found = cuts.lazy().join_asof(
        running_sums(polls, max_gap), left_on="cut_at", right_on="poll", allow_exact_matches=False, coalesce=False
    )
    # The cuts of an interval are neighbours, so each begins the slice that the next one ends.
    ends = (pl.col(name).shift(-1).alias(f"until_{name}") for name in ("cut_at", *AT_CUT))
    return (
        found.with_columns(ends)
        .filter(pl.col("band").is_not_null())
        .rename({"cut_at": "from_at", "until_cut_at": "until_at"})
        .collect(engine="streaming")
    )


def running_sums(polls: pl.Series, max_gap: int) -> pl.LazyFrame:
    """poll, after, number, up, known of every poll; a row before all of them stands for none."""
    poll, after = pl.col("poll"), pl.col("after")
    gap = (after & -2) - (poll & -2)
    # docs/semantics.md, "Evidence and extrapolation", rule 5: a poll speaks for max_gap after it, and the next one for
    # what is left of the gap before that, max_gap at most.
    first, second = pl.min_horizontal(gap, max_gap), (gap - max_gap).clip(0, max_gap)
    return (
        pl.concat([pl.Series([BEFORE]), polls, pl.Series([AFTER])])
        .alias("poll")
        .to_frame()
        .lazy()
        .with_columns(after=poll.shift(-1))
        .with_columns(first=first, second=second)
        .select(
            "poll",
            "after",
            up=(first * (poll & 1) + second * (after & 1)).cum_sum().shift(1, fill_value=0),
            known=(first + second).cum_sum().shift(1, fill_value=0),
        )
        .with_row_index("number")
        .set_sorted("poll")
    )


def inside(intervals: pl.DataFrame, polls: pl.Series) -> pl.LazyFrame:
    """The polls inside business time: poll, before, after (packed), and open_at, close_at of its interval."""
    return in_intervals(intervals, with_neighbours(polls))


def changes(intervals: pl.DataFrame, polls: pl.Series, max_gap: int) -> pl.DataFrame:
    """Those of them at which the status may change: of another status than the poll before, or far from a neighbour."""
    poll, before, after = pl.col("poll"), pl.col("before"), pl.col("after")
    differs = (poll ^ before) & 1 == 1
    is_far = ((poll & -2) - (before & -2) > max_gap) | ((after & -2) - (poll & -2) > max_gap)
    return in_intervals(intervals, with_neighbours(polls).filter(differs | is_far)).collect(engine="streaming")


def with_neighbours(polls: pl.Series) -> pl.LazyFrame:
    poll = pl.col("poll")
    return (
        polls.to_frame("poll")
        .lazy()
        .with_columns(before=poll.shift(1, fill_value=BEFORE), after=poll.shift(-1, fill_value=AFTER))
    )


def in_intervals(intervals: pl.DataFrame, polls: pl.LazyFrame) -> pl.LazyFrame:
    return (
        polls.set_sorted("poll")
        .join_asof(intervals.lazy().set_sorted("open_at"), left_on="poll", right_on="open_at", coalesce=False)
        .filter(pl.col("poll") < pl.col("close_at"))
    )
