"""The segments of one store in, its timeline out: the pieces of its week, each with the poll that it rests on.

timeline_of   the timeline of the store that a plan was made for
compared      the same, compared with the figures of a report
TIMELINE      how to recognise the file of a timeline
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
from duckdb import DuckDBPyConnection

from store_uptime.pipeline.calendar.offsets import DEFAULT_ZONE, local_days, local_offsets
from store_uptime.pipeline.durations import SECOND_US, WEEK_US
from store_uptime.pipeline.files import Purpose, first_bytes_of, header_line
from store_uptime.pipeline.instants import iso
from store_uptime.pipeline.options import OLD_US, Horizon
from store_uptime.pipeline.packing import unpacked_polls
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.report.report import CSV_TIME, csv_bytes
from store_uptime.pipeline.report.times import local_text, utc_time
from store_uptime.pipeline.uptime.positions import inside
from store_uptime.pipeline.uptime.stage import pieces

COLUMNS = ("status", "start_local", "end_local", "start_utc", "end_utc", "minutes", "poll_utc", "because")


@dataclass(frozen=True)
class Timeline:
    """The pieces of a store's business time in the week before now.

    pieces: status (up, down, unknown), start_local, end_local (ISO 8601 text with the zone's offset), start_utc,
    end_utc, minutes, poll_utc (the poll that the piece rests on; null where it is unknown), because.
    In order; they cover the business time of the week without gap or overlap. agrees: whether they add up to the
    week's figures of the report that they explain; polls may have come or gone since it was made.

    polls: the accepted polls of the week, now included, one per instant (of several at once, inactive counts): status
    (active, inactive), poll_local, poll_utc, in_business; in order. days: the local dates that the week touches: date,
    start_utc, end_utc (its midnight and the next; a day has 23 to 25 hours), change_utc (when its clocks change, at
    its very start or end too; null: they do not), shift_minutes (by how much); in order.

    seen: start_utc, end_utc of the time that an accepted poll in business time lies within two hours of, those before
    the week too; in order, disjoint. What is known outside it is carried.

    outages: of `explain_with_outages` alone, those of the week by start, in the columns of `build_outages`:
    docs/semantics.md, "Outages"; None: they were not wanted.

    warnings: what is probably wrong with the data, sentences; a timeline that explains a report has only that the data
    is old.
    """

    store_id: str
    timezone: str
    plan: Plan
    pieces: pl.DataFrame
    polls: pl.DataFrame
    days: pl.DataFrame
    seen: pl.DataFrame
    agrees: bool = True
    warnings: list[str] = field(default_factory=list)
    outages: pl.DataFrame | None = None

    def __repr__(self) -> str:
        pieces, polls = self.pieces.height, self.polls.height
        return f"Timeline of store {self.store_id}, {self.timezone}, now {self.now}: {pieces} pieces, {polls} polls"

    @property
    def now(self) -> str:
        """The end of the week, in ISO 8601."""
        return iso(self.plan.horizon.now_us)

    @property
    def data_age_seconds(self) -> float | None:
        """How old the newest poll was; None where now was given."""
        return self.plan.horizon.age_seconds

    def csv(self) -> bytes:
        """The pieces as RFC 4180."""
        return csv_bytes(self.pieces)

    def json(self) -> bytes:
        """One object: store_id, timezone, now, agrees, data_age_seconds, warnings, the pieces and the polls."""
        pieces, polls = (
            frame.with_columns(pl.col(pl.Datetime).dt.strftime(CSV_TIME)).write_json()
            for frame in (self.pieces, self.polls)
        )
        head = {"store_id": self.store_id, "timezone": self.timezone, "now": self.now, "agrees": self.agrees}
        head |= {"data_age_seconds": self.data_age_seconds, "warnings": self.warnings}
        return f'{json.dumps(head)[:-1]}, "pieces": {pieces}, "polls": {polls}}}\n'.encode()

    def lines(self) -> Iterator[tuple[str, ...]]:
        """The pieces for reading: status, from and to in local time, length, poll, because; times to the second."""
        clock = pl.col("start_local", "end_local").str.replace("T", " ").str.replace(r"\.[0-9]+", "")
        minutes = pl.col("minutes").floor().cast(pl.Int64)
        length = pl.format("{} h {} min", minutes // 60, (minutes % 60).cast(pl.String).str.zfill(2))
        poll = pl.col("poll_utc").dt.strftime("%Y-%m-%d %H:%M:%S").fill_null("none")
        yield from self.pieces.select("status", clock, length, poll, "because").iter_rows()


def timeline_of(db: DuckDBPyConnection, plan: Plan, partition: Partition) -> Timeline:
    """The timeline of the one store that a plan was made for."""
    given = pieces(db, partition, plan.horizon, plan.max_gap_us)
    zone = next(iter(plan.stores["zone"]), DEFAULT_ZONE)
    explained_pieces = explained(in_week(given, plan), zone, plan.horizon, because(given, plan))
    polls = polls_of_week(unpacked_polls(partition.polls, partition.keys), plan, zone)
    days = days_of_week(plan, zone)
    return Timeline(plan.options.store or "", zone, plan, explained_pieces, polls, days, seen_time(partition))


def compared(found: Timeline, figures: Mapping[str, object]) -> Timeline:
    """The timeline, with `agrees`: whether it adds up to the figures of its store's row in `Report.exact`."""
    length = (pl.col("end_utc") - pl.col("start_utc")).dt.total_microseconds()
    up, down = (found.pieces.filter(status=status).select(length.sum()).item() for status in ("up", "down"))
    week = (figures["uptime_last_week_us"] or 0, figures["downtime_last_week_us"] or 0)  # null: nothing is known
    return replace(found, agrees=(up, down) == week)


def in_week(given: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The pieces of the week, cut to it; from_us: their start before the cut."""
    # `because` needs that start: a piece that the cut makes begin at its interval's middle may begin at its opening.
    week_us = plan.horizon.now_us - WEEK_US
    return given.filter(pl.col("end_us") > week_us).with_columns(pl.col("start_us").clip(week_us), from_us="start_us")


def because(given: pl.DataFrame, plan: Plan) -> pl.Expr:
    """The reason for the status of a piece, in words."""
    start, end, opening, poll = (pl.col(name) for name in ("start_us", "end_us", "open_us", "poll_us"))
    unknown = "no poll within max-gap" if given["poll_us"].count() else "no poll in business time"
    limit = pl.lit(None if plan.options.max_gap is None else plan.max_gap_us, pl.Int64)  # null: nothing is equal to it
    return (
        pl.when(poll.is_null()).then(pl.lit(unknown))
        .when(poll < opening).then(pl.lit("carried from the last poll of an earlier interval"))
        .when(poll > end).then(pl.lit("carried back from the first poll of a later interval"))
        .when((poll > start) & (pl.col("from_us") > opening)).then(pl.lit("reaches back over a gap, max-gap at most"))
        .when(poll > start).then(pl.lit("first poll reaches back to the opening"))
        .when(end - poll == limit).then(pl.lit("holds as far as max-gap"))
        .otherwise(pl.lit("holds until the next poll or the closing"))
    )  # fmt: skip


def explained(given: pl.DataFrame, zone: str, horizon: Horizon, because: pl.Expr) -> pl.DataFrame:
    """The pieces as `Timeline` describes them."""
    start, end = pl.col("start_us"), pl.col("end_us")
    return with_offsets(given, zone, horizon, ["start_us", "end_us"]).select(
        status=pl.when("active")
        .then(pl.lit("up"))
        .when(~pl.col("active"))
        .then(pl.lit("down"))
        .otherwise(pl.lit("unknown")),
        start_local=local_text("start_us"),
        end_local=local_text("end_us"),
        start_utc=utc_time("start_us"),
        end_utc=utc_time("end_us"),
        minutes=(end - start) / 60_000_000,
        poll_utc=utc_time("poll_us"),
        because=because,
    )


def polls_of_week(polls: pl.DataFrame, plan: Plan, zone: str) -> pl.DataFrame:
    """The polls as `Timeline` describes them."""
    instants = polls.filter(pl.col("poll_us") >= plan.horizon.now_us - WEEK_US).join_asof(
        plan.intervals.sort("open_us"), left_on="poll_us", right_on="open_us"
    )
    return with_offsets(instants, zone, plan.horizon, ["poll_us"]).select(
        status=pl.when("active").then(pl.lit("active")).otherwise(pl.lit("inactive")),
        poll_local=local_text("poll_us"),
        poll_utc=utc_time("poll_us"),
        in_business=(pl.col("poll_us") < pl.col("close_us")).fill_null(False),
    )


def seen_time(partition: Partition) -> pl.DataFrame:
    """The time near a poll as `Timeline` describes it."""
    poll_us = partition.keys.us(pl.col("poll"))
    near = inside(partition.intervals, partition.polls).select(start_us=poll_us - OLD_US, end_us=poll_us + OLD_US)
    # Sorted by their starts, all are of one length: a stretch goes on where the next one begins before it has ended.
    begins = (pl.col("start_us") > pl.col("end_us").shift()).fill_null(True)
    return (
        near.with_columns(stretch=begins.cum_sum())
        .group_by("stretch", maintain_order=True)
        .agg(pl.col("start_us").first(), pl.col("end_us").last())
        .select(start_utc=utc_time("start_us"), end_utc=utc_time("end_us"))
        .collect()
    )


def days_of_week(plan: Plan, zone: str) -> pl.DataFrame:
    """The days as `Timeline` describes them."""
    now_us = plan.horizon.now_us
    return local_days(zone, now_us - WEEK_US, now_us).select(
        "date",
        start_utc=utc_time("start_us"),
        end_utc=utc_time("end_us"),
        change_utc=utc_time("change_us"),
        shift_minutes=pl.col("shift_us") // (60 * SECOND_US),
    )


def with_offsets(given: pl.DataFrame, zone: str, horizon: Horizon, columns: Iterable[str]) -> pl.DataFrame:
    """The frame, with the zone's UTC offset at the instants of these columns."""
    # An as-of join of sorted columns: pieces and polls are in order, and so are their ends.
    offsets = local_offsets([zone], horizon.start_us, horizon.now_us)
    for column in columns:
        here = offsets.select(pl.col("offset_us").alias(f"{column}_offset"), pl.col("from_utc_us").alias("since_us"))
        given = given.join_asof(here, left_on=column, right_on="since_us").drop("since_us")
    return given


def is_timeline(path: Path) -> bool:
    """Whether a file is a timeline that this program wrote, as CSV or JSON. Raises OSError."""
    header = ",".join(COLUMNS).encode()
    return header_line(path) == header or OBJECT.match(first_bytes_of(path)) is not None


OBJECT = re.compile(rb'\{"store_id": "(?:[^"\\]|\\.)*", "timezone": "')
TIMELINE = Purpose("timeline", is_timeline)
