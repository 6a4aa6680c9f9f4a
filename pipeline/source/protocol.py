"""What every source has: tables of raw rows, and what is known about them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.storage.addresses import ObjectAddress
from store_uptime.pipeline.tables import NEEDED_COLUMNS, Table

if TYPE_CHECKING:
    from store_uptime.pipeline.clean.raw import PollRows, RawFrames, RawTables
    from store_uptime.pipeline.packing import StoreCodes

POLLS_ALONE: tuple[Table, ...] = ("store_status",)
ALL_TABLES: tuple[Table, ...] = tuple(NEEDED_COLUMNS)


class Source(Protocol):
    """Tables of raw rows, which `clean` judges. All methods but `opened` need the source to be open."""

    # A table comes as several frames: the columns of its files, or of its partitions, may be typed differently.

    name: str
    """Its address for people, without a password."""
    counts_outside_horizon: bool
    """Whether `read` and `polls` also give the polls outside the horizon, so that they can be counted."""
    is_of_files: bool
    """Whether its tables are files, of a folder or a bucket: then it is a `Folder`."""
    files: Sequence[Path | ObjectAddress]
    """The files and objects that are read, which must not be overwritten; a database has none."""
    files_not_opened: int
    """How many files of polls the last look passed by unopened, since they are older than what was asked for."""
    warnings: list[DataWarning]
    """Warnings about the source itself, filled while it is read."""
    mapping: SourceMapping
    """Its names of tables, columns and statuses."""
    version: str | None
    """The version of the data, once it is open: equal versions hold the same rows. None: not known exactly."""

    @property
    def codes(self) -> "StoreCodes":
        """The numbers of its stores, once it is open: each time it is opened they begin anew."""
        ...

    def opened(self, tables: Sequence[Table] = ALL_TABLES) -> AbstractContextManager[Self]:
        """The source, open, with tables that do not change until the block ends. tables: those that will be read.

        It may be another object than this one: frames and files can be read by several threads at once.
        Errors of Polars within the block, which reads lazily, become SourceMismatch.
        """
        ...

    def read(self, horizon: Horizon, store: str | None) -> "RawTables":
        """The tables, of one store or of all; those that every source has are pulled at the same time."""
        ...

    def polls(self, horizon: Horizon, store: str | None) -> "Sequence[PollRows]":
        """The polls of one store or of all, in parts."""
        ...

    def hours(self, store: str | None) -> "RawFrames":
        """store_id, day_of_week, start_time_local, end_time_local; valid_from, valid_to where it has them."""
        ...

    def zones(self, store: str | None) -> "RawFrames":
        """store_id, timezone_str; valid_from, valid_to where it has them."""
        ...

    def stores_table(self) -> "RawFrames":
        """store_id, name where it has it, and each attribute; no frame where there is no such table."""
        ...

    def reasons(self, horizon: Horizon, store: str | None) -> "RawFrames":
        """store_id, timestamp_utc, status, reason of the polls of a horizon, perhaps among others; no frame where no
        poll has a column for a reason."""
        ...

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """The newest poll of any store up to an instant that would be accepted."""
        ...

    def has_polled(self, store: str) -> bool:
        """Whether any poll, at whatever time, has this store id."""
        ...

    def stores(self, horizon: Horizon) -> list[str]:
        """The ids with a poll in a horizon, in byte order; quicker than `read`."""
        ...

    def poll_span_us(self) -> tuple[int, int] | None:
        """The oldest and the newest readable timestamp, for an error message."""
        ...

    newest_limit: float
    """The most polls that `newest_polls` gives; infinity: all."""

    def newest_polls(self) -> "RawFrames":
        """store_id, timestamp_utc, status of `newest_limit` polls, the newest ones where the source can sort them."""
        ...
