"""What a source is, and the source whose tables are frames already."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import polars as pl

from pipeline.clean import accepted, instant, judged_polls
from pipeline.errors import SourceMismatch
from pipeline.horizon import found_horizon
from pipeline.mapping import AS_NAMED, SourceMapping
from pipeline.options import DEFAULTS, Horizon

RawFrames = Sequence[pl.LazyFrame]


@dataclass(frozen=True)
class RawPolls:
    """What a source gives of the polls.

    usual: store_id (categorical), poll_us, active: polls of the horizon in which nothing can be wrong. others: rows to
    be judged, as they are met. Together they are at least all that is in the horizon, ahead of the clock, or
    unreadable.
    """

    usual: pl.DataFrame
    others: RawFrames


NONE_USUAL = pl.DataFrame(schema={"store_id": pl.Categorical(), "poll_us": pl.Int64, "active": pl.Boolean})


class Source(Protocol):
    """Three tables as they are met: raw rows, that `clean` judges. Entered once, read, left.

    A table comes as one or more frames, because its parts may be typed differently.
    """

    name: str
    """Where it is, for people; never with a password."""
    gives_all: bool
    """Whether `polls` also gives what lies outside the horizon, so that it can be counted."""
    remarks: list[str]
    """What the user should know about reading it, filled while it is read."""
    mapping: SourceMapping
    """What it calls things."""
    files: Sequence[Path]
    """The files that are read, none of which may be written; a database has none."""
    version: str | None
    """Once entered, what is read: sources of one version hold the same rows. None where that cannot be told."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """The newest acceptable poll up to an instant, of all stores."""
        ...

    def polls(self, horizon: Horizon, store: str | None) -> RawPolls:
        """store_id, timestamp_utc, status."""
        ...

    def hours(self, store: str | None) -> RawFrames:
        """store_id, day_of_week, start_time_local, end_time_local."""
        ...

    def zones(self, store: str | None) -> RawFrames:
        """store_id, timezone_str."""
        ...

    def has_polled(self, store: str) -> bool:
        """Whether any poll, whenever it was, has this store id."""
        ...

    def stores(self) -> list[str]:
        """The ids with a poll in the horizon of a report without options, in byte order, by a quicker look.

        Raises NoPolls.
        """
        ...

    def poll_span_us(self) -> tuple[int, int] | None:
        """The oldest and the newest readable timestamp, for an error message."""
        ...


class Frames:
    """A source made of frames, text or typed, with the columns of docs/semantics.md, "Input"."""

    gives_all = True
    version: str | None = None

    def __init__(
        self,
        polls: RawFrames | pl.LazyFrame | pl.DataFrame,
        hours: RawFrames | pl.LazyFrame | pl.DataFrame,
        zones: RawFrames | pl.LazyFrame | pl.DataFrame,
        name: str = "frames in memory",
        mapping: SourceMapping = AS_NAMED,
        files: Sequence[Path] = (),
    ) -> None:
        self.name, self.mapping, self.files = name, mapping, files
        self.remarks: list[str] = []
        self._polls, self._hours, self._zones = (as_lazy(table) for table in (polls, hours, zones))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError | pl.exceptions.ComputeError):
            reason = str(error).partition("\n")[0]
            raise SourceMismatch(
                self.name, f"it cannot be read to its end ({reason})", "a file may be cut off"
            ) from error

    def newest_poll_us(self, ceiling_us: int) -> int | None:
        """See `Source`."""
        newest = (newest_us(raw, ceiling_us, self.mapping) for raw in self._polls)
        return max((us for us in newest if us is not None), default=None)

    def polls(self, horizon: Horizon, store: str | None) -> RawPolls:
        """See `Source`; here it is every row, to be judged."""
        return RawPolls(NONE_USUAL, of_store(self._polls, store))

    def hours(self, store: str | None) -> RawFrames:
        """See `Source`."""
        return of_store(self._hours, store)

    def zones(self, store: str | None) -> RawFrames:
        """See `Source`."""
        return of_store(self._zones, store)

    def has_polled(self, store: str) -> bool:
        """See `Source`."""
        return any(not frame.head(1).collect().is_empty() for frame in of_store(self._polls, store))

    def stores(self) -> list[str]:
        """See `Source`."""
        horizon = found_horizon(self, DEFAULTS)
        polls = self._accepted().filter(pl.col("poll_us").is_between(horizon.start_us, horizon.now_us))
        return polls.select(pl.col("store_id").unique()).collect()["store_id"].sort().to_list()

    def poll_span_us(self) -> tuple[int, int] | None:
        """See `Source`."""
        oldest, newest = (
            self._accepted().select(pl.min("poll_us"), pl.max("poll_us").alias("newest_us")).collect().row(0)
        )
        return None if oldest is None else (oldest, newest)

    def _accepted(self) -> pl.LazyFrame:
        judged = (judged_polls(raw, None, self.mapping) for raw in self._polls)
        return pl.concat(accepted(frame).select("store_id", "poll_us") for frame in judged)


def newest_us(raw: pl.LazyFrame, ceiling_us: int, mapping: SourceMapping) -> int | None:
    """The newest acceptable poll of a frame. Where times are typed, the newest row is nearly always good enough."""
    kinds = raw.collect_schema()
    if isinstance(kinds["timestamp_utc"], pl.Datetime):
        us = instant(kinds)
        newest = raw.filter(us <= ceiling_us).select(us.max()).collect(engine="streaming").item()
        if (
            newest is None
            or not accepted(judged_polls(raw.filter(us == newest), None, mapping)).head(1).collect().is_empty()
        ):
            return newest
    polls = accepted(judged_polls(raw, None, mapping)).filter(pl.col("poll_us") <= ceiling_us)
    return polls.select(pl.max("poll_us")).collect(engine="streaming").item()


def as_lazy(table: RawFrames | pl.LazyFrame | pl.DataFrame) -> RawFrames:
    """One frame or several, lazy or not, as several lazy ones."""
    if isinstance(table, pl.DataFrame):
        return [table.lazy()]
    return [table] if isinstance(table, pl.LazyFrame) else table


def of_store(frames: RawFrames, store: str | None) -> RawFrames:
    """The rows of one store, or all of them."""
    return frames if store is None else [frame.filter(pl.col("store_id").cast(pl.String) == store) for frame in frames]
