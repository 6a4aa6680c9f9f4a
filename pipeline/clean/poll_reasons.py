"""Raw polls with a column `reason` in, the reasons of inactive polls out."""

import polars as pl

from store_uptime.pipeline.clean.columns import as_text, typed_instant
from store_uptime.pipeline.clean.raw import RawFrames
from store_uptime.pipeline.clean.reasons import only_accepted
from store_uptime.pipeline.clean.rules import POLL_REASON, judged_polls, trimmed
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import StoreCodes

REASONS = {"code": pl.UInt32(), "poll_us": pl.Int64(), "reason": pl.String()}


def poll_reasons(raw: RawFrames, codes: StoreCodes, horizon: Horizon, mapping: SourceMapping) -> pl.DataFrame:
    """code (uint32), poll_us (int64), reason of the accepted inactive polls of a horizon that have one, in order.

    There is one row for each store and microsecond: of several reasons the least in byte order.
    """
    rows = [pl.LazyFrame(schema=REASONS), *(reasons_of(frame, codes, horizon, mapping) for frame in raw)]
    least = pl.concat(rows).group_by("code", "poll_us").agg(pl.col("reason").min())
    return least.sort("code", "poll_us").collect(engine="streaming")


def reasons_of(raw: pl.LazyFrame, codes: StoreCodes, horizon: Horizon, mapping: SourceMapping) -> pl.LazyFrame:
    kinds = raw.collect_schema()
    # Few polls have a reason, and only their times are parsed.
    some = raw.filter(trimmed(as_text("reason", kinds)).is_not_null())
    if isinstance(kinds["timestamp_utc"], pl.Datetime):
        # Compared as it is typed, so that Polars passes over groups of rows by their statistics.
        some = some.filter(pl.col("timestamp_utc") >= typed_instant(horizon.start_us, kinds["timestamp_utc"]))
    return (
        only_accepted(judged_polls(some, horizon.ahead_us, mapping))
        .filter(~pl.col("active"), pl.col("poll_us").is_between(horizon.start_us, horizon.now_us))
        .select(
            code=codes.of(pl.col("store_id")),
            poll_us="poll_us",
            reason=trimmed(pl.col(POLL_REASON)),
        )
    )
