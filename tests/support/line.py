"""Polls and intervals on the line, as a partition holds them."""

import polars as pl

from store_uptime.pipeline.packing import PollKeys

POLLS = {"code": pl.UInt32, "poll_us": pl.Int64, "active": pl.Boolean}
INTERVALS = {"code": pl.UInt32, "open_us": pl.Int64, "close_us": pl.Int64}


def polls_frame(*polls: tuple[int, int, bool]) -> pl.DataFrame:
    """code, poll_us, active."""
    return pl.DataFrame(polls, schema=POLLS, orient="row")


def packed(keys: PollKeys, *polls: tuple[int, int, bool]) -> pl.Series:
    """Polls of (code, poll_us, active), in order."""
    position = keys.position(pl.col("code"), pl.col("poll_us"))
    return polls_frame(*polls).select(poll=position + pl.col("active")).to_series().sort()


def on_line(keys: PollKeys, *intervals: tuple[int, int, int]) -> pl.DataFrame:
    """open_at, close_at of intervals of (code, open_us, close_us)."""
    ends = {f"{end}_at": keys.position(pl.col("code"), pl.col(f"{end}_us")) for end in ("open", "close")}
    return pl.DataFrame(list(intervals), schema=INTERVALS, orient="row").select(**ends)
