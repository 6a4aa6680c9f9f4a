"""Store ids as text, and the rules that reject a row for its id or its shape.

with_text_id   raw rows with their id as text
id_reasons     the rules that all three tables share
"""

from collections.abc import Sequence

import polars as pl

from store_uptime.pipeline.clean.columns import MISQUOTED, as_text, surplus_fields
from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.errors import SourceMismatch

STORE_ID = pl.col("store_id")
BAD_IDS = (
    (STORE_ID.is_null() | (STORE_ID == ""), Reason.MISSING_STORE_ID),
    # PostgreSQL has no text with NUL. U+FFFD is what unreadable bytes become: two such ids would be one.
    (STORE_ID.str.contains("[\x00\ufffd]"), Reason.BAD_STORE_ID),
)


def with_text_id(raw: pl.LazyFrame, kinds: pl.Schema) -> pl.LazyFrame:
    """The rows with their store id as text: a whole number in a Parquet file is its digits."""
    kind = kinds["store_id"]
    if kind == pl.String:
        return raw
    if kind.is_float():
        # Above 2**53 a float does not hold every whole number: two stores would become one.
        raise SourceMismatch(
            "store_id",
            f"the column is of type {kind}, in which long ids lose digits",
            "write ids as text or whole numbers",
        )
    return raw.with_columns(as_text("store_id", kinds))


def id_reasons(kinds: pl.Schema) -> Sequence[tuple[pl.Expr, Reason]]:
    """The rules for a row of any table, each with its reason: quotes, fields beyond the header, the id."""
    further = [pl.col(name) != "" for name in surplus_fields(kinds)]
    return [
        *([(pl.col(MISQUOTED).is_not_null(), Reason.BAD_QUOTES)] if MISQUOTED in kinds else []),
        *([(pl.any_horizontal(further), Reason.TOO_MANY_FIELDS)] if further else []),
        *BAD_IDS,
    ]


def has_bad_id() -> pl.Expr:
    """Whether the id of a row rejects it; it is text."""
    return pl.any_horizontal(is_bad for is_bad, _ in BAD_IDS)
