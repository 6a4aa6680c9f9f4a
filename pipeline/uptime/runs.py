"""Edges of status in; runs of one status, and how many outages they make, out: docs/semantics.md, "Outages".

status_runs       the time of one status within one business interval, as long as it holds
down_runs         those that are down, each with the number of its outage
in_windows        runs cut to the windows that they lie in
outage_counts     how many outages a store has in each window, and the longest

Positions are those of `packing.py`; a run belongs to the store of its interval.
"""

import polars as pl

from store_uptime.pipeline.packing import PollKeys

CLOSED, UP, DOWN, UNKNOWN = range(4)
"""The statuses of `edges.sql`."""
OPEN, START, END = pl.col("open_at"), pl.col("start_at"), pl.col("end_at")
STATUS = pl.col("status")


def status_runs(edges: pl.DataFrame, now_at: pl.Expr) -> pl.DataFrame:
    """open_at, start_at, end_at, status (1 up, 2 down, 3 unknown), before, after (the status of the run before and
    after it in its interval, 0: it opens or closes there, null: now), in order.

    edges: see `edges.sql`; now_at: now in the stretch of `open_at`.
    """
    is_same_interval = OPEN.shift(-1) == OPEN
    is_change = (STATUS.shift() != STATUS) | (OPEN.shift() != OPEN)
    return (
        edges.lazy()
        .select("open_at", "edge_at", "status")
        .sort("edge_at")
        .filter(is_change.fill_null(True))
        .with_columns(
            start_at="edge_at",
            end_at=pl.when(is_same_interval).then(pl.col("edge_at").shift(-1)).otherwise(now_at),
            before=pl.when(OPEN.shift() == OPEN).then(STATUS.shift()).otherwise(CLOSED),
            after=pl.when(is_same_interval).then(STATUS.shift(-1)),
        )
        .filter(STATUS != CLOSED)
        .select("open_at", "start_at", "end_at", "status", "before", "after")
        .collect(engine="streaming")
    )


def down_runs(runs: pl.DataFrame, keys: PollKeys) -> pl.DataFrame:
    """The down ones with code and outage (uint32): closed time does not end an outage, up and unknown time do."""
    code = keys.code(OPEN)
    continues = (STATUS.shift() == DOWN) & (code == code.shift())
    return numbered(runs, keys, continues)


def down_runs_split_at_closing(runs: pl.DataFrame, keys: PollKeys) -> pl.DataFrame:
    """The same where each is an outage of its own."""
    return numbered(runs, keys, pl.lit(False))


def numbered(runs: pl.DataFrame, keys: PollKeys, continues: pl.Expr) -> pl.DataFrame:
    begins = (STATUS == DOWN) & ~continues.fill_null(False)
    return (
        runs.lazy()
        .with_columns(code=keys.code(OPEN), outage=begins.cast(pl.UInt32).cum_sum())
        .filter(STATUS == DOWN)
        .drop("status")
        .collect(engine="streaming")
    )


def in_windows(runs: pl.DataFrame, windows: pl.DataFrame, keys: PollKeys) -> pl.LazyFrame:
    """Runs cut to windows: a row for each window that a run lies in, with window_id.

    runs: code, scope, start_at, end_at, and more. windows: scope, begin_at, end_at, window_id: the stretches of the
    windows of a scope, disjoint, within the stretch of a store.
    """
    # Those of a scope follow each other: the first and the last one that a run touches are looked up, by its ends. Both
    # sides are sorted here, which Polars cannot check within groups.
    ordered = windows.sort("scope", "begin_at").with_row_index("stretch")
    begin = keys.first_position(pl.col("code"))
    ends = ordered.lazy().select("scope", "begin_at", "stretch")
    found = (
        runs.lazy()
        .with_columns(from_at=START - begin, last_at=END - begin - 1)
        .sort("from_at")
        .join_asof(
            ordered.lazy().select("scope", window_end="end_at", first="stretch").sort("window_end"),
            left_on="from_at",
            right_on="window_end",
            by="scope",
            check_sortedness=False,
            strategy="forward",
            allow_exact_matches=False,
        )
        .sort("last_at")
        .join_asof(
            ends.rename({"stretch": "last"}).sort("begin_at"),
            left_on="last_at",
            right_on="begin_at",
            by="scope",
            check_sortedness=False,
            strategy="backward",
        )
        .filter(pl.col("first") <= pl.col("last"))
        .with_columns(stretch=pl.int_ranges("first", pl.col("last") + 1, dtype=pl.UInt32))
        .drop("first", "last", "from_at", "last_at", "window_end", "begin_at")
        .explode("stretch")
    )
    window = ordered.lazy().select("stretch", "window_id", window_begin="begin_at", window_end="end_at")
    return (
        found.join(window, on="stretch")
        .with_columns(
            start_at=pl.max_horizontal(START, pl.col("window_begin") + begin),
            end_at=pl.min_horizontal(END, pl.col("window_end") + begin),
            is_cut_before=pl.col("window_begin") + begin > START,
            is_cut_after=pl.col("window_end") + begin < END,
        )
        .drop("stretch", "window_begin", "window_end")
    )


def outage_counts(cut: pl.LazyFrame) -> pl.DataFrame:
    """code, window_id, outages (uint32), longest_outage_us, of stores and windows that have any. cut: `down_runs` in
    windows."""
    return (
        cut.group_by("code", "window_id", "outage")
        .agg(length=(END - START).sum())
        .group_by("code", "window_id")
        .agg(outages=pl.len(), longest_outage_us=pl.col("length").max() // 2)
        .collect(engine="streaming")
    )
