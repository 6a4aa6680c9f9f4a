"""Columns of microseconds since 1970 in, times and texts out.

utc_time     a column of times in UTC
local_text   a text with the offset of its zone
"""

import polars as pl


def utc_time(column: str) -> pl.Expr:
    """An instant as a time in UTC."""
    return pl.from_epoch(pl.col(column), "us").dt.replace_time_zone("UTC")


def local_text(column: str) -> pl.Expr:
    """An instant in local time, as ISO 8601 with the offset; that is in the column `…_offset`, in microseconds."""
    # Text, since a column of times has one zone. The offset distinguishes the hours that occur twice.
    offset = pl.col(f"{column}_offset")
    wall = pl.from_epoch(pl.col(column) + offset, "us").dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
    sign = pl.when(offset < 0).then(pl.lit("-")).otherwise(pl.lit("+"))
    minutes = offset.abs() // 60_000_000
    hours_text, minutes_text = ((part.cast(pl.String).str.zfill(2)) for part in (minutes // 60, minutes % 60))
    return pl.format("{}{}{}:{}", wall, sign, hours_text, minutes_text)
