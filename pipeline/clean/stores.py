"""Raw rows of the table `stores` in; one row for each store, and a reason for each row that is left out, out."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from store_uptime.pipeline.clean.columns import FILE, LINE, SURPLUS, UNREADABLE
from store_uptime.pipeline.clean.ids import STORE_ID
from store_uptime.pipeline.clean.raw import RawFrames
from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.clean.rules import judged_stores, trimmed
from store_uptime.pipeline.clean.split import CleanedTable, TableCounts, as_it_was, reason_counts
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.tables import ATTRIBUTE
from store_uptime.pipeline.warning_text import BadValue

OF_REJECTS = ("table", FILE, LINE, "reason", SURPLUS)
"""The columns of rejected rows beside those of the table: an attribute of such a name keeps `ATTRIBUTE` there."""


class JudgedStores(NamedTuple):
    """The rows of the table. first: that of each store, trimmed; accepted: with its repeats, as they were; rejected: as
    they were. All have file, line, store_id, name, and each attribute with `ATTRIBUTE` before its name."""

    first: pl.DataFrame
    accepted: pl.DataFrame
    rejected: pl.DataFrame


def clean_stores(raw: RawFrames, codes: StoreCodes) -> CleanedTable:
    """All rows of the table: of each store the first by file and line counts, and different ones are rejected.

    accepted: store_id (categorical), name, and each attribute under its own name: text, trimmed, null where empty; one
    row a store. counts.accepted: with the repeats, which are left out.
    """
    found = stores_of_rows(raw)
    described = [name for name in found.first.columns if name == "name" or name.startswith(ATTRIBUTE)]
    first = found.first.select(codes.categories_of(STORE_ID), *described).rename(own_name)
    counts = TableCounts(found.accepted.height, reason_counts(found.rejected))
    return CleanedTable(first, found.rejected.rename(rejected_name), counts, unreadable_value(found.first))


def unreadable_value(rows: pl.DataFrame) -> BadValue | None:
    """The first value, by file and line, with a character that could not be read. rows: see `JudgedStores`."""
    described = [name for name in rows.columns if name == "name" or name.startswith(ATTRIBUTE)]
    unread = {name: pl.col(name).str.contains(UNREADABLE, literal=True).fill_null(False) for name in described}
    found = rows.filter(pl.any_horizontal(unread.values()))
    if found.is_empty():
        return None
    row = found.sort(FILE, LINE, nulls_last=True, maintain_order=True).row(0, named=True)
    column = next(name for name in described if UNREADABLE in (row[name] or ""))
    return BadValue(((own_name(column), row[column]),), row[FILE], row[LINE])


def stores_of_rows(raw: RawFrames) -> JudgedStores:
    """The rows of the table, judged, each with those of its store."""
    judged = [judged_stores(frame) for frame in raw]
    columns = store_columns(judged)
    # Frames are of files of one form, and so not in the order of all files.
    rows = pl.concat(as_it_was(frame, columns) for frame in judged).collect().sort(FILE, maintain_order=True)
    values = pl.struct(trimmed(pl.col(name)) for name in columns if name != "store_id")
    good = rows.filter(pl.col("reason").is_null())
    # Few stores have several rows, and to compare those of all would take most of the time.
    is_other = values.ne_missing(values.first().over("store_id"))
    is_alone = ~STORE_ID.is_duplicated()
    repeated = good.filter(~is_alone)
    several = repeated.filter(is_other).with_columns(reason=pl.lit(Reason.SEVERAL_ROWS.value))
    first = good.filter(STORE_ID.is_first_distinct())
    rejected = pl.concat([rows.filter(pl.col("reason").is_not_null()), several]).sort(FILE, LINE, maintain_order=True)
    return JudgedStores(
        first.select(FILE, LINE, "store_id", *(trimmed(pl.col(name)) for name in columns[1:])),
        pl.concat([good.filter(is_alone), repeated.filter(~is_other)]),
        rejected,
    )


def store_columns(judged: Sequence[pl.LazyFrame]) -> list[str]:
    """store_id, name, and the attributes of all frames, in the order in which they first occur."""
    names = [name for frame in judged for name in frame.collect_schema() if name.startswith(ATTRIBUTE)]
    return ["store_id", "name", *dict.fromkeys(names)]


def own_name(column: str) -> str:
    """The name of an attribute; any other name as it is."""
    return column.removeprefix(ATTRIBUTE)


def rejected_name(column: str) -> str:
    """The name of a column in a table of rejected rows."""
    return column if own_name(column) in OF_REJECTS else own_name(column)
