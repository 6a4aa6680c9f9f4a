"""What a source is: three tables as they are met, whatever they are kept in."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.tables import COLUMNS, Table

if TYPE_CHECKING:
    from store_uptime.pipeline.clean.raw import RawFrames, RawPolls, RawTables

POLLS_ALONE: tuple[Table, ...] = ("store_status",)
ALL_TABLES: tuple[Table, ...] = tuple(COLUMNS)


class Source(Protocol):
    """Three tables of raw rows, which `clean` judges. It is opened, read, and left; what reads needs it open.

    A table comes as one or more frames, because its parts may be typed differently.
    """

    name: str
    """Where it is, for people; never with a password."""
    counts_outside_horizon: bool
    """Whether it also gives the polls outside the horizon, so that they can be counted."""
    files: Sequence[Path]
    """The files that are read, none of which may be written; a database has none."""
    warnings: list[DataWarning]
    """What the user should know about reading it, filled while it is read."""
    mapping: SourceMapping
    """What it calls things."""
    version: str | None
    """Once open, what is read: sources of one version hold the same rows. None where it is not known exactly."""

    def opened(self, tables: Sequence[Table] = ALL_TABLES) -> AbstractContextManager[Self]:
        """The source while its tables stay as they are. tables: those that are going to be read.

        What Polars raises within the block, as it reads, leaves it as SourceMismatch.
        """
        ...

    def read(self, horizon: Horizon, store: str | None) -> "RawTables":
        """The three tables, of one store or of all, all of them on their way at once."""
        ...

    def polls(self, horizon: Horizon, store: str | None) -> "RawPolls":
        """store_id, timestamp_utc, status."""
        ...

    def hours(self, store: str | None) -> "RawFrames":
        """store_id, day_of_week, start_time_local, end_time_local."""
        ...

    def zones(self, store: str | None) -> "RawFrames":
        """store_id, timezone_str."""
        ...

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """The newest acceptable poll up to an instant, of all stores."""
        ...

    def has_polled(self, store: str) -> bool:
        """Whether any poll, whenever it was, has this store id."""
        ...

    def stores(self, horizon: Horizon) -> list[str]:
        """The ids with a poll in a horizon, in byte order, by a quicker look than a report's."""
        ...

    def poll_span_us(self) -> tuple[int, int] | None:
        """The oldest and the newest readable timestamp, for an error message."""
        ...

    newest_limit: float
    """How many polls `newest_polls` gives at most; infinity: all."""

    def newest_polls(self) -> "RawFrames":
        """store_id, timestamp_utc, status, to see why none is accepted; of many the newest, where that is cheap."""
        ...
