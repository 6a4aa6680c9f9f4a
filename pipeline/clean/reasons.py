"""Why rows are rejected: docs/semantics.md, "Rejected rows"."""

from enum import StrEnum

import polars as pl


class Reason(StrEnum):
    """The reason as rejects files, reports and messages have it."""

    BAD_QUOTES = "bad quotes"
    TOO_MANY_FIELDS = "too many fields"
    MISSING_STORE_ID = "missing store id"
    BAD_STORE_ID = "bad store id"
    MISSING_TIMESTAMP = "missing timestamp"
    BAD_TIMESTAMP = "bad timestamp"
    BAD_STATUS = "bad status"
    BAD_WEEKDAY = "bad weekday"
    BAD_TIME = "bad time"
    BAD_DATE = "bad date"
    SEVERAL_ROWS = "several rows"
    AHEAD_OF_THE_CLOCK = "ahead of the clock"


WITHOUT_STORE = (Reason.MISSING_STORE_ID, Reason.BAD_STORE_ID)
"""The reasons of rows that belong to no store."""


def only_accepted(judged: pl.LazyFrame) -> pl.LazyFrame:
    """The rows without a reason against them."""
    return judged.filter(pl.col("reason").is_null())


def only_rejected(judged: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that have a reason: line number where there is one, reason, and the row as it was."""
    return judged.filter(pl.col("reason").is_not_null())


def first_reason(*rules: tuple[pl.Expr, Reason]) -> pl.Expr:
    """The first reason whose rule is true of a row, or null."""
    return pl.coalesce(pl.when(broken).then(pl.lit(reason.value)) for broken, reason in rules)
