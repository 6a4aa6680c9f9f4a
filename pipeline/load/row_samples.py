"""A few rows of what a load has read, and its warnings about them: docs/semantics.md, "Warnings"."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

import polars as pl

from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.clean.stores import unreadable_value
from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.table_plausibility import (
    rejected_rows_warning,
    unlikely_times,
    unreadable_text,
    weekdays_from_one,
)
from store_uptime.pipeline.tables import ROWS_OF, SPACE, Table

if TYPE_CHECKING:
    from store_uptime.pipeline.warning_text import BadValue

SAMPLE_ROWS = 1_000  # of each kind: enough to tell words and units
# Weekday 0 or 7: the only values that tell whether weekdays are counted from 0 or from 1.
TELLS_MONDAY = pl.col("day_of_week").str.strip_chars(SPACE).is_in(["0", "7"])


class RowSamples:
    """A few rejected rows for each reason; of hours also for each weekday that tells how weekdays are counted."""

    def __init__(self, mapping: SourceMapping) -> None:
        self._mapping = mapping
        self._newest_us: int | None = None
        self._rejected: dict[Table, pl.DataFrame] = {}
        self._weekdays: set[int | None] = set()
        self._unreadable: BadValue | None = None

    def add(self, table: Table, judged: pl.DataFrame, rejected: pl.DataFrame) -> None:
        """Look at further rows, judged, and those of them that are rejected, as `as_it_was` gives them."""
        if table == "store_status":
            newest_us = cast("int | None", judged.filter(pl.col("reason").is_null())["poll_us"].max())
            known_us = (us for us in (self._newest_us, newest_us) if us is not None)
            self._newest_us = max(known_us, default=None)
        if table == "menu_hours":
            self._weekdays.update(judged["weekday"].unique())
        if table == "stores":
            self._unreadable = self._unreadable or unreadable_value(judged)
        if not rejected.is_empty():
            known = self._rejected.get(table, rejected.clear())
            weekday = pl.when(TELLS_MONDAY).then("day_of_week") if table == "menu_hours" else pl.lit(None)
            number = pl.int_range(pl.len()).over("reason", weekday)
            self._rejected[table] = pl.concat([known, rejected], how="diagonal").filter(number < SAMPLE_ROWS)

    def warnings(self, counts: Mapping[Table, TableCounts]) -> Iterator[DataWarning]:
        """What is probably wrong, by these rows and by how many were accepted and rejected of each table."""
        if self._newest_us is not None:
            yield from unlikely_times(self._newest_us, self._mapping)
        for table, rejected in self._rejected.items():
            yield from rejected_rows_warning(ROWS_OF[table], counts[table], rejected, self._mapping)
        yield from unreadable_text(self._unreadable)
        if "menu_hours" in self._rejected:
            yield from weekdays_from_one(self._rejected["menu_hours"], 0 in self._weekdays)
