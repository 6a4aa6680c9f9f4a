"""Frames in, a `Source` out.

FrameTables   tables that are frames with the right columns
Frames        any frames that have these columns among others
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Self

import polars as pl

from store_uptime.pipeline.clean.columns import surplus_fields
from store_uptime.pipeline.clean.polls import JudgedPolls, TypedPolls
from store_uptime.pipeline.clean.raw import PollRows, RawFrames, RawTables, SearchablePolls
from store_uptime.pipeline.clean.reasons import only_accepted
from store_uptime.pipeline.clean.rules import JUDGES, judged_polls
from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.panics import is_panic
from store_uptime.pipeline.source.protocol import ALL_TABLES
from store_uptime.pipeline.storage.addresses import ObjectAddress
from store_uptime.pipeline.tables import COLUMNS, NEEDED_COLUMNS, Table

if TYPE_CHECKING:
    from store_uptime.pipeline.data_warnings import DataWarning

REASON = "reason"
REASON_COLUMNS = (*COLUMNS["store_status"], REASON)
READ_ERRORS = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What Polars raises where data cannot be read; the last one is no `Exception`."""


class FrameTables:
    """A source made of frames with the columns of docs/semantics.md, "Input", and those of `clean.columns`.

    Its methods are those of `Source`.
    """

    counts_outside_horizon = True
    is_of_files = False
    newest_limit = math.inf
    version: str | None = None
    files_not_opened = 0
    files: Sequence[Path | ObjectAddress] = ()

    def __init__(self, tables: Mapping[Table, RawFrames], name: str, mapping: SourceMapping) -> None:
        self.name, self.mapping = name, mapping
        self.warnings: list[DataWarning] = []
        self._keep(tables)
        self._begin()

    @contextmanager
    def opened(self, tables: Sequence[Table] = ALL_TABLES) -> Iterator[Self]:
        # Frames need no lock.
        # A copy, since one source may be read by several threads at once, and the numbers of stores are a run's own.
        opened = copy(self)
        opened._begin()
        try:
            yield opened
        except READ_ERRORS as error:
            raise opened._read_error(error) from error
        finally:
            opened._parts = []  # judged rows are kept while the source is open; the codes are needed longer

    def read(self, horizon: Horizon, store: str | None) -> RawTables:
        # Nothing is pulled: lazy frames are read where they are judged.
        return RawTables(
            polls=lambda: self.polls(horizon, store),
            hours=lambda: self.hours(store),
            zones=lambda: self.zones(store),
            stores=self.stores_table,
            reasons=lambda: self.reasons(horizon, store),
        )

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        newest = (part.newest_us(ceiling_us) for part in self._parts)
        return max((us for us in newest if us is not None), default=None)

    def polls(self, horizon: Horizon, store: str | None) -> Sequence[PollRows]:
        if store is None:
            return self._parts
        return [poll_rows(raw, self.codes, self.mapping) for raw in rows_of_store(self._polls, store)]

    def hours(self, store: str | None) -> RawFrames:
        return rows_of_store(self._hours, store)

    def zones(self, store: str | None) -> RawFrames:
        return rows_of_store(self._zones, store)

    def stores_table(self) -> RawFrames:
        return self._stores

    def reasons(self, horizon: Horizon, store: str | None) -> RawFrames:
        within = rows_of_store(self._polls_within(horizon), store)
        return [frame.select(REASON_COLUMNS) for frame in within if REASON in frame.collect_schema()]

    def has_polled(self, store: str) -> bool:
        return any(not frame.head(1).collect().is_empty() for frame in rows_of_store(self._polls, store))

    def stores(self, horizon: Horizon) -> list[str]:
        within = pl.col("poll_us").is_between(horizon.start_us, horizon.now_us)
        polls = accepted_polls(self._polls_within(horizon), self.mapping).filter(within)
        return polls.select(pl.col("store_id").unique()).collect()["store_id"].sort().to_list()

    def poll_span_us(self) -> tuple[int, int] | None:
        oldest, newest = (
            accepted_polls(self._polls, self.mapping)
            .select(pl.min("poll_us"), pl.max("poll_us").alias("newest_us"))
            .collect()
            .row(0)
        )
        return None if oldest is None else (oldest, newest)

    def newest_polls(self) -> RawFrames:
        return self._polls

    def _keep(self, tables: Mapping[Table, RawFrames]) -> None:
        self._polls, self._hours, self._zones = (tables[table] for table in COLUMNS)
        self._stores = tables.get("stores", ())

    def _begin(self) -> None:
        # Frames may be those of files, which may have changed: nothing is kept of an earlier run.
        self.codes = StoreCodes()
        self._parts: Sequence[SearchablePolls] = [poll_rows(raw, self.codes, self.mapping) for raw in self._polls]

    def _read_error(self, error: BaseException) -> SourceMismatch:
        return SourceMismatch(self.name, f"it cannot be read to its end ({first_words(error)})", "look at the frames")

    def _polls_within(self, horizon: Horizon) -> RawFrames:
        """All rows that lie in a horizon, perhaps among others."""
        return self._polls


class Frames(FrameTables):
    """A source made of frames, text or typed, with the columns of docs/semantics.md, "Input"; further ones are ignored.

    stores: the table `stores`, all further columns of which are attributes; None: there is none.

    Raises SourceMismatch where a frame lacks a column of its table, or has one of a type that cannot be read.
    """

    def __init__(
        self,
        polls: RawFrames | pl.LazyFrame | pl.DataFrame,
        hours: RawFrames | pl.LazyFrame | pl.DataFrame,
        zones: RawFrames | pl.LazyFrame | pl.DataFrame,
        name: str = "frames in memory",
        mapping: SourceMapping = AS_NAMED,
        stores: RawFrames | pl.LazyFrame | pl.DataFrame | None = None,
    ) -> None:
        every = (polls, hours, zones, [] if stores is None else stores)
        given = dict(zip(NEEDED_COLUMNS, map(as_lazy, every), strict=True))
        cut = {table: [of_table(frame, table, mapping, name) for frame in frames] for table, frames in given.items()}
        super().__init__(cut, name, mapping)


def accepted_polls(raw: RawFrames, mapping: SourceMapping) -> pl.LazyFrame:
    """store_id, poll_us of the polls that are accepted."""
    judged = (judged_polls(frame, None, mapping) for frame in raw)
    return pl.concat(only_accepted(frame).select("store_id", "poll_us") for frame in judged)


def poll_rows(raw: pl.LazyFrame, codes: StoreCodes, mapping: SourceMapping) -> TypedPolls | JudgedPolls:
    """The polls of a frame, by the type of its times."""
    kinds = raw.collect_schema()
    is_typed = isinstance(kinds["timestamp_utc"], pl.Datetime) and not surplus_fields(kinds)
    return TypedPolls(raw, codes, mapping) if is_typed else JudgedPolls(raw, codes, mapping)


def as_lazy(table: RawFrames | pl.LazyFrame | pl.DataFrame) -> RawFrames:
    if isinstance(table, pl.DataFrame):
        return [table.lazy()]
    return [table] if isinstance(table, pl.LazyFrame) else table


def of_table(frame: pl.LazyFrame, table: Table, mapping: SourceMapping, source: str) -> pl.LazyFrame:
    """The columns of a table, under our names, of a frame that may have others. Raises SourceMismatch."""
    present = frame.collect_schema().names()
    found = mapping.found_columns(table, present)
    if found is None:
        needed = f"it needs {','.join(NEEDED_COLUMNS[table])}, each once"
        raise SourceMismatch(source, f"the columns of {table} are {','.join(present)}", needed)
    cut = frame.select(pl.col(name).alias(column) for column, name in found.items())
    return readable_frame(cut, table, mapping, source)


def readable_frame(frame: pl.LazyFrame, table: Table, mapping: SourceMapping, source: str) -> pl.LazyFrame:
    """A frame whose types can be judged; bytes become text. Raises SourceMismatch, which names the column."""
    kinds = frame.collect_schema()
    # The judges raise for the types of columns when an expression is built: nothing is read here.
    # What is no column of a table (`file` and the like) is text already.
    readable = frame.with_columns(text_of_bytes(name) for name, kind in kinds.items() if kind == pl.Binary)
    try:
        JUDGES[table](readable, mapping)
    except SourceMismatch as error:
        raise SourceMismatch(f"{source}, column {error.source}", error.found, error.needed) from None
    return readable


def text_of_bytes(name: str) -> pl.Expr:
    """Bytes decoded as UTF-8; those that are not UTF-8 become U+FFFD, as in CSV."""
    return pl.col(name).map_batches(lossy_text, return_dtype=pl.String, is_elementwise=True)


def lossy_text(column: pl.Series) -> pl.Series:
    # Polars refuses a whole column for one value: only then is each decoded by itself.
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        texts = (None if value is None else value.decode(errors="replace") for value in column)
        return pl.Series(column.name, texts, dtype=pl.String)


def first_words(error: BaseException) -> str:
    """The first line of a library's message, for a sentence."""
    if is_panic(error):  # its message is written for the authors of the library
        return "the library that reads it fails within itself"
    return str(error).partition("\n")[0].removesuffix(".")


def rows_of_store(frames: RawFrames, store: str | None) -> RawFrames:
    """The rows of one store, or all."""
    return frames if store is None else [frame.filter(pl.col("store_id").cast(pl.String) == store) for frame in frames]
