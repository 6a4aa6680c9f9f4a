"""What the stage is measured against: the `join_asof` of `polars_alone` over the same polls and intervals, and sums.

    from benches.asof import over; over(FOLDER, FILE)

It reads what `benches.stage.packed_feed` writes, and gives microseconds up and down per store and window; a store
without evidence has none. What the stage does and this does not: business time, counts of polls, each store's newest
poll, max-gap, less memory than all polls take at once.
"""

import json
from pathlib import Path

import polars as pl

from benches.peers.polars_alone import pieces

HOUR_US = 3_600_000_000
WINDOWS = {"hour": HOUR_US, "day": 24 * HOUR_US, "week": 168 * HOUR_US}


def over(folder: str, out: str) -> None:
    """Read, join, sum up, write."""
    at = Path(folder)
    facts = json.loads((at / "horizon.json").read_text(encoding="utf-8"))
    start, stretch = facts["horizon"]["start_us"], 2 ** facts["line"]["bits"]
    now = facts["horizon"]["now_us"] - start
    polls = pl.scan_parquet(at / "polls.parquet").select(poll=pl.col("poll") // 2, active=pl.col("poll") % 2 == 1)
    begins = pl.col("store").cast(pl.Int64) * stretch - start
    intervals = pl.scan_parquet(at / "intervals.parquet").select(
        "store", opens=begins + pl.col("open_us"), closes=begins + pl.col("close_us").clip(upper_bound=start + now + 1)
    )
    stores = pl.LazyFrame({"store": pl.int_range(facts["stores"], dtype=pl.UInt32, eager=True)})
    known = pieces(polls.set_sorted("poll"), intervals.set_sorted("opens"))
    sums(known, stores, stretch, now).collect(engine="streaming").write_parquet(out)


def sums(known: pl.LazyFrame, stores: pl.LazyFrame, stretch: int, now: int) -> pl.LazyFrame:
    """store, {uptime,downtime}_last_{hour,day,week}_us; every store has a row."""
    first = pl.col("store").cast(pl.Int64) * stretch
    begins, ends = pl.col("begins") - first, (pl.col("ends") - first).clip(upper_bound=now)
    inside = {window: (ends - begins.clip(now - length)).clip(0) for window, length in WINDOWS.items()}
    shares = {"uptime": pl.col("active"), "downtime": ~pl.col("active")}
    named = [
        pl.col(window).filter(share).sum().alias(f"{what}_last_{window}_us")
        for window in WINDOWS
        for what, share in shares.items()
    ]
    by_store = known.select("store", "active", **inside).group_by("store").agg(named)
    return stores.join(by_store, on="store", how="left").with_columns(pl.exclude("store").fill_null(0)).sort("store")
