"""A report with lanes and attributes in, when many stores of a group went down together out.

docs/semantics.md, "What the page counts", has the rule.
"""

from collections.abc import Sequence

import polars as pl

from store_uptime.pipeline.durations import WEEK_US
from store_uptime.pipeline.options import names_of
from store_uptime.pipeline.report.figures import uptime_percent
from store_uptime.pipeline.report.lanes import MINUTE_US, WEEK_MINUTES, is_down, open_changes
from store_uptime.pipeline.report.overview.counts import status_steps
from store_uptime.pipeline.report.overview.grouping import attribute_values
from store_uptime.pipeline.report.report import Report
from store_uptime.pipeline.report.times import utc_time

SPAN = 60
"""The minutes within which stores go down together. Polls come hourly, so of one cause each is seen within an hour."""
LEAST = 5
SHARE = 10
"""An incident has at least one of so many open stores."""
TIMES_USUAL = 3
DAY = 24 * 60
ALL = ""
"""The attribute of the group of all stores."""
GROUP, MINUTE, LAST = pl.col("group"), pl.col("minute"), pl.col("last")
COUNT, STORES, OPEN = pl.col("count"), pl.col("stores"), pl.col("open")


def incidents(report: Report, by: str | Sequence[str] = ()) -> pl.DataFrame:
    """The incidents of all stores and of each value of each attribute: docs/semantics.md, "What the page counts".

    attribute ("": all stores), value, start_utc, end_utc (the minutes in which the first and the last store went down),
    stores (that did), open (stores of the group), share_percent (DECIMAL(10,2)); the largest share first, then by start
    and in the order of by. Raises UnknownAttribute, and ValueError where the report has no lanes.
    """
    groups, members = all_groups(report, by)
    onsets = onsets_of(report).join(members, on="store")
    opened = open_counts(report, members)
    merged = merged_spans(unusual_spans(onsets, opened))
    week_us = report.plan.horizon.now_us - WEEK_US
    return (
        with_open(with_stores(merged, onsets), opened)
        .lazy()
        .join(groups.lazy(), on="group")
        .with_columns(
            share_percent=uptime_percent(STORES, OPEN - STORES),
            start_us=week_us + MINUTE_US * MINUTE,
            end_us=week_us + MINUTE_US * LAST,
        )
        .sort("share_percent", "minute", "group", descending=[True, False, False])
        .with_columns(start_utc=utc_time("start_us"), end_utc=utc_time("end_us"))
        .select("attribute", "value", "start_utc", "end_utc", "stores", "open", "share_percent")
        .collect()
    )


def all_groups(report: Report, by: str | Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """group, attribute, value, in order; and store, group of each store of each."""
    names = [ALL, *dict.fromkeys(names_of(by))]
    of_store = pl.concat(
        pl.select(
            store=pl.int_range(report.exact.height, dtype=pl.UInt32),
            order=pl.lit(order),
            attribute=pl.lit(name),
            value=values_of(report, name),
        )
        for order, name in enumerate(names)
    )
    key = ["order", "attribute", "value"]
    groups = of_store.select(key).unique().sort(key).with_row_index("group")
    return groups.drop("order"), of_store.join(groups, on=key).select("store", "group")


def values_of(report: Report, name: str) -> pl.Series:
    """The value of each store; of `ALL` the same one."""
    if name == ALL:
        return pl.repeat("", report.exact.height, dtype=pl.String, eager=True)
    return attribute_values(report, name)


def onsets_of(report: Report) -> pl.DataFrame:
    """store, minute (int64): where a store goes down, and did not within `SPAN` before."""
    # Within a span each store counts once: those of it that count are at least a span apart.
    before, minute, store = pl.col("before"), pl.col("minute").cast(pl.Int64), pl.col("store")
    goes_down = is_down(pl.col("status")) & ~is_down(before)  # null: nothing is known of the time before the week
    is_soon = (store.shift() == store) & (minute - minute.shift() < SPAN)
    return open_changes(report).filter(goes_down).filter(~is_soon.fill_null(False)).select("store", minute)


def open_counts(report: Report, members: pl.DataFrame) -> pl.DataFrame:
    """group, minute, open: how many stores of a group are open from a minute on, by minute."""
    opens = status_steps(report).lazy().select("store", "minute", "open").filter(OPEN != 0)
    return (
        opens.join(members.lazy(), on="store")
        .group_by("group", "minute")
        .agg(OPEN.sum())
        .sort("minute")
        .with_columns(OPEN.cum_sum().over("group"))
        .collect()
    )


def unusual_spans(onsets: pl.DataFrame, opened: pl.DataFrame) -> pl.DataFrame:
    """group, minute, last: the spans of `SPAN` minutes from an onset on that are an incident; last: the minute of the
    last onset in them. onsets: store, minute, group."""
    counted = cumulated(onsets)
    begins = counted.with_columns(before=pl.col("upto") - COUNT, end=MINUTE + SPAN)
    spans = until(begins, counted, "end").with_columns(count=pl.col("found") - pl.col("before"), last=pl.col("at"))
    many = spans.filter(COUNT >= LEAST).select("group", "minute", "last", stores="count")
    shared = with_open(many, opened).filter(SHARE * STORES >= OPEN).join(week_counts(counted, opened), on="group")
    # By whole numbers: usual are 60 * open * week_onsets / week_minutes.
    unusual = TIMES_USUAL * 60 * OPEN * pl.col("week_onsets") <= STORES * pl.col("week_minutes")
    sudden = shared.filter(unusual)
    usual = usual_counts(sudden, counted)
    return sudden.join(usual, on=("group", "minute")).filter(TIMES_USUAL * pl.col("usual") <= STORES)


def week_counts(counted: pl.DataFrame, opened: pl.DataFrame) -> pl.DataFrame:
    """group, week_onsets, week_minutes: how often stores of a group go down in the week, and its business time."""
    until_next = MINUTE.shift(-1).over("group").fill_null(WEEK_MINUTES) - MINUTE
    spans = opened.lazy().with_columns(open_minutes=OPEN * until_next)
    minutes = spans.group_by("group").agg(week_minutes=pl.col("open_minutes").sum())
    onsets = counted.lazy().group_by("group").agg(week_onsets=COUNT.sum())
    return onsets.join(minutes, on="group").collect()


def cumulated(onsets: pl.DataFrame) -> pl.DataFrame:
    """group, minute, count (of stores that go down in it), upto (the same of it and all before), by minute."""
    counts = onsets.lazy().group_by("group", "minute").agg(count=pl.len().cast(pl.Int64)).sort("minute")
    return counts.with_columns(upto=COUNT.cum_sum().over("group")).collect()


def until(rows: pl.DataFrame, counted: pl.DataFrame, end: str) -> pl.DataFrame:
    """The rows with found, how many stores of the group went down before the minute `end`, and at, when the last one
    did. counted: see `cumulated`."""
    return rows.sort(end).join_asof(
        counted.select("group", at="minute", found="upto").sort("at"),
        left_on=end,
        right_on="at",
        by="group",
        allow_exact_matches=False,
        check_sortedness=False,
        coalesce=False,
    )


def usual_counts(spans: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """group, minute, usual: the median of the counts of the same minutes of the other six days of the week."""
    start = pl.col("start")
    others = (
        spans.select("group", "minute", start=pl.int_ranges(MINUTE % DAY, WEEK_MINUTES, DAY))
        .explode("start")
        .filter(start != MINUTE)
        .with_columns(start.cast(pl.Int64), end=start.cast(pl.Int64) + SPAN)
    )
    ended = until(others, counted, "end").rename({"found": "upto"}).drop("at")
    both = until(ended, counted, "start")
    return (
        both.with_columns(count=pl.col("upto").fill_null(0) - pl.col("found").fill_null(0))
        .group_by("group", "minute")
        .agg(usual=COUNT.median())
    )


def merged_spans(spans: pl.DataFrame) -> pl.DataFrame:
    """group, minute, last: those of a group that overlap as one."""
    # Their ends are in the order of their starts.
    begins = (GROUP.shift() != GROUP) | (LAST.shift() < MINUTE)
    return (
        spans.sort("group", "minute")
        .with_columns(incident=begins.fill_null(True).cum_sum())
        .group_by("incident")
        .agg(GROUP.first(), MINUTE.min(), LAST.max())
        .select("group", "minute", "last")
    )


def with_stores(merged: pl.DataFrame, onsets: pl.DataFrame) -> pl.DataFrame:
    """The incidents with the number of different stores that went down in each."""
    start = pl.col("start")
    starts = merged.select("group", "last", start="minute").sort("start")
    inside = (
        onsets.sort("minute")
        .join_asof(starts, left_on="minute", right_on="start", by="group", check_sortedness=False, coalesce=False)
        .filter(MINUTE <= LAST)
    )
    stores = inside.group_by("group", minute=start).agg(stores=pl.col("store").n_unique().cast(pl.Int64))
    return merged.join(stores, on=("group", "minute"))


def with_open(spans: pl.DataFrame, opened: pl.DataFrame) -> pl.DataFrame:
    """The spans with open: the stores of the group that are open at the first or at the last onset, whichever are more,
    and at least those that went down."""
    at_first, at_last = (open_at(spans, opened, name) for name in ("minute", "last"))
    most = pl.max_horizontal(at_first["open"], at_last["open"], at_first["stores"])
    return at_first.with_columns(open=most)


def open_at(spans: pl.DataFrame, opened: pl.DataFrame, minute: str) -> pl.DataFrame:
    """The spans by group and minute with the stores of their group that are open in a minute."""
    right = opened.select("group", "open", since="minute").sort("since")
    found = spans.sort(minute).join_asof(right, left_on=minute, right_on="since", by="group", check_sortedness=False)
    return found.sort("group", "minute").select(*spans.columns, "open")
