"""What the page shows of one store of a report: whether it is up and how that is known, its figures, days and outages,
its polls, and what is odd about its data.

store_week     all of it, made in a worker process from the stored report and the source
status_facts   what the sentences at its top are made of
rejected_of    the rejected rows with its id
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from store_uptime import pipeline
from store_uptime.pipeline import Limits
from store_uptime.service.page.drawing import DrawnDay, EvidencePart, Poll, drawn_days, evidence_parts
from store_uptime.service.page.freshness import Freshness, freshness
from store_uptime.service.page.humanize import is_old, visible_name
from store_uptime.service.page.models.fleet import newest_poll_us
from store_uptime.service.page.store_words import Status, StatusFacts, StatusWords, status_words
from store_uptime.service.registry.reports import StoredExplanation
from store_uptime.service.workers.tasks import SourceConfig

if TYPE_CHECKING:
    from store_uptime.pipeline import Report, Timeline

REJECT_COLUMNS = ("file", "line", "reason")  # what a table of rejected rows has beside the row itself
WINDOWS = ("day", "week", "hour")
SECOND_US = 1_000_000
EPOCH = datetime.fromtimestamp(0, UTC)
MINUTE = timedelta(minutes=1)
NOT_AT_END = ("ongoing", "closed")
"""How outages end that nothing has been seen to end."""


@dataclass(frozen=True)
class WindowFigures:
    """The figures of a window: seconds, uptime as a share in percent, polls in business time; None: not known.

    change: by how many points it is better than the window before; None: not known, or there is none to compare with.
    """

    name: str
    uptime: int | None
    downtime: int | None
    unknown: int | None
    business: int | None
    share: Decimal | None
    polls: int
    change: Decimal | None = None


@dataclass(frozen=True)
class Outage:
    """An outage of the week, on the store's clock: docs/semantics.md, "Outages". Lengths are seconds.

    first, last: the parts of the drawing that it begins and ends with; ends, starts_because: words of the semantics;
    polls: those that it rests on, in it.
    """

    start: datetime
    end: datetime
    seconds: float
    least: float
    most: float
    ends: str
    starts_because: str
    polls: list[datetime]
    reason: str | None
    first: int
    last: int


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row. line: None where it is not from a text file; values: the row as it was."""

    table: str
    line: int | None
    reason: str
    values: list[str | None]

    @property
    def is_from_database(self) -> bool:
        """Whether it is not from a file of text."""
        return self.line is None

    @property
    def has_empty(self) -> bool:
        """Whether one of its values is missing."""
        return not all(self.values)


@dataclass(frozen=True)
class ClockOffset:
    """From an instant on the store's clock is so many minutes ahead of UTC."""

    since: datetime
    minutes: int


@dataclass(frozen=True)
class StoreWeek:
    """One store of a report.

    attributes: those that it has a value of; words: whether it is up; windows: its figures of day, week and hour;
    agrees: whether the timeline adds up to the figures; offsets: of its clock in the week; lists: what is odd about it,
    each with its meaning.
    """

    name: str | None
    attributes: dict[str, str]
    zone: str
    hours_unknown: bool
    always_open: bool
    words: StatusWords
    windows: list[WindowFigures]
    agrees: bool
    days: list[DrawnDay]
    outages: list[Outage]
    polls: list[Poll]
    offsets: list[ClockOffset]
    fresh: Freshness
    warnings: list[str]
    lists: list[tuple[str, str]]
    rejected: list[RejectedRow]


def store_week(source: SourceConfig, store: str, limits: Limits, stored: StoredExplanation) -> StoreWeek:
    """One store of a report: whether it is up, figures by window, days as they are drawn, outages, polls, and what is
    odd about it.

    Raises UnknownStore, and what the source raises.
    """
    report = pipeline.restore(stored.figures, stored.plan, stored.rejects, stored.lanes, store, stored.attributes)
    timeline = pipeline.explain_with_outages(source.open(), report, store, limits)
    fresh = freshness(report, newest_poll_us(stored.figures))
    row, at_now = report.exact.row(0, named=True), row_at_now(report)
    outages = outages_shown(timeline)
    attributes = attributes_of(report, store)
    return StoreWeek(
        name=visible_name(attributes.pop("name", None)),
        attributes=attributes,
        zone=row["zone"],
        hours_unknown=row["hours_unknown"],
        always_open=row["always_open"],
        words=status_words(status_facts(report, timeline, outages, fresh)),
        windows=[window_figures(report, window, at_now) for window in WINDOWS],
        agrees=timeline.agrees,
        days=drawn_days(timeline),
        outages=outages[::-1],
        polls=[Poll(**poll) for poll in timeline.polls.iter_rows(named=True)],
        offsets=list(clock_offsets(timeline)),
        fresh=fresh,
        warnings=report.quality.warnings,
        lists=[(name, report.meaning(name)) for name, ids in report.quality.stores.items() if store in ids],
        rejected=rejected_of(report, store),
    )


def row_at_now(report: "Report") -> dict[str, Any] | None:
    """The row of `pipeline.stores_at_now` of a report of one store; None where it is older than lanes."""
    return None if report.lanes is None else pipeline.stores_at_now(report).row(0, named=True)


def status_facts(report: "Report", timeline: "Timeline", outages: list[Outage], fresh: Freshness) -> StatusFacts:
    """What is known of the one store of a report at now. outages: in order."""
    row, at_now, zone = report.exact.row(0, named=True), row_at_now(report), zone_of(timeline)
    now = here(report.plan.horizon.now_us, zone)
    parts = evidence_parts(timeline)
    last_known = cast("Status", parts[-1].piece.status) if parts else None
    # A report that is older than lanes has no status at now but in its pieces.
    drawn: Status = last_known if last_known is not None and parts[-1].end_utc == now else "closed"
    status: Status = drawn if at_now is None else at_now["status"]
    is_down = "down" in (status, status == "closed" and last_known)
    outage = outages[-1] if outages and outages[-1].ends in NOT_AT_END and is_down else None
    age_s = fresh.behind_s if fresh.age_s is None else fresh.age_s
    newest_poll = on_clock(now - timedelta(seconds=fresh.behind_s or 0), zone)
    return StatusFacts(
        now=now,
        status=None if row["hours_unknown"] else status,
        last_poll=here(row["last_poll_us"], zone),
        last_poll_is_active=row["last_active"],
        last_evidence=last_evidence(timeline, parts, zone),
        last_known=last_known if status == "closed" else None,
        is_carried=bool(at_now and at_now["is_carried"]),
        down_since=down_since(at_now, outage, zone),
        is_cut=bool(at_now and at_now["down_since_is_cut"]) or (outage is not None and outage.starts_because == "cut"),
        last_outage_end=None if is_down or not outages else outages[-1].end,
        newest_poll=newest_poll if age_s is not None and is_old(age_s) else None,
        is_given=report.plan.options.now is not None,
        always_open=row["always_open"],
    )


def down_since(at_now: dict[str, Any] | None, outage: Outage | None, zone: tzinfo) -> datetime | None:
    """When the outage began that a store is in: see `pipeline.stores_at_now`."""
    counted = None if at_now is None else at_now["down_since_utc"]
    # That is to the minute: where both are of the same outage, this says what the list of outages says.
    if outage is not None and (counted is None or abs(outage.start - counted) <= MINUTE):
        return outage.start
    return counted and on_clock(counted, zone)


def last_evidence(timeline: "Timeline", parts: list[EvidencePart], zone: tzinfo) -> datetime | None:
    """The newest poll in business hours, of those before the week the one that the first pieces rest on."""
    polls = [
        *timeline.polls.filter("in_business")["poll_utc"],
        *(part.piece.poll_utc for part in parts if part.piece.poll_utc is not None),
    ]
    return on_clock(max(polls), zone) if polls else None


def zone_of(timeline: "Timeline") -> tzinfo:
    return pipeline.zone_rules(timeline.timezone)


def here(us: int, zone: tzinfo) -> datetime:
    """Microseconds since 1970 as an instant on the clock of a zone."""
    return on_clock(EPOCH + timedelta(microseconds=us), zone)


def on_clock(instant: datetime, zone: tzinfo) -> datetime:
    """An instant with the offset that a zone has then."""
    # With the offset alone: a zone of our own rules does not pass from process to process.
    return instant.astimezone(timezone(instant.astimezone(zone).utcoffset() or timedelta()))


def attributes_of(report: "Report", store: str) -> dict[str, str]:
    """The values of a store by attribute, `name` among them, where it has one."""
    import polars as pl

    if report.attributes is None:
        return {}
    found = report.attributes.filter(pl.col("store_id") == store).drop("store_id").to_dicts()
    return {name: value for row in found for name, value in row.items() if value is not None}


def window_figures(report: "Report", window: str, at_now: dict[str, Any] | None) -> WindowFigures:
    """The figures of the one store of a report, as its files have them; at_now: see `row_at_now`."""
    exact, written = report.exact.row(0, named=True), report.extended.row(0, named=True)
    up, down, unknown, business = (
        exact[f"{kind}_last_{window}_us"] for kind in ("uptime", "downtime", "unknown", "business")
    )
    return WindowFigures(
        window,
        rounded(up),
        rounded(down),
        # Rounded up: a store with a tenth of a second unknown must not look as if all were known.
        None if unknown is None else -(-unknown // SECOND_US),
        rounded(business),
        written[f"uptime_percent_last_{window}"],
        written[f"polls_last_{window}"],
        at_now["change_day"] if window == "day" and at_now is not None else None,
    )


def rounded(us: int | None) -> int | None:
    """Whole seconds."""
    return None if us is None else (us + SECOND_US // 2) // SECOND_US


def outages_shown(timeline: "Timeline") -> list[Outage]:
    """The outages of a timeline with outages, in order."""
    assert timeline.outages is not None  # noqa: S101 - it is one with outages
    zone, parts = zone_of(timeline), evidence_parts(timeline)
    return [outage(row, timeline, parts, zone) for row in timeline.outages.iter_rows(named=True)]


def outage(row: dict[str, Any], timeline: "Timeline", parts: list[EvidencePart], zone: tzinfo) -> Outage:
    start, end = here(row["start_us"], zone), here(row["end_us"], zone)
    drawn = [number for number, part in enumerate(parts) if part.start_utc < end and part.end_utc > start]
    # A poll at its very end has ended it, but at now an inactive one belongs to it.
    inactive = timeline.polls.filter("in_business", status="inactive")["poll_utc"]
    return Outage(
        start=start,
        end=end,
        seconds=row["business_us"] / SECOND_US,
        least=row["least_us"] / SECOND_US,
        most=row["most_us"] / SECOND_US,
        ends=row["ends"],
        starts_because=row["starts_because"],
        polls=[poll for poll in inactive if start <= poll <= end],
        reason=row["reason"],
        first=drawn[0],
        last=drawn[-1],
    )


def clock_offsets(timeline: "Timeline") -> Iterator[ClockOffset]:
    """The offsets of a store's clock, from the start of its horizon on."""
    zone, horizon = zone_of(timeline), timeline.plan.horizon
    starts = [here(horizon.start_us, zone), *timeline.days["start_utc"], *timeline.days["change_utc"].drop_nulls()]
    minutes = None
    for since in sorted(starts):
        there = (since.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1)
        if there != minutes:
            yield ClockOffset(since, there)
        minutes = there


def rejected_of(report: "Report", store: str) -> list[RejectedRow]:
    """The rejected rows with a store's id, of all three tables."""
    import polars as pl

    return [
        RejectedRow(table, row["line"], row["reason"], list(original_values(row)))
        for table, rows in report.rejects.items()
        for row in rows.filter(pl.col("store_id") == store).iter_rows(named=True)
    ]


def original_values(row: Mapping[str, str | None]) -> Iterator[str | None]:
    for name, value in row.items():
        # `surplus` is what a line of CSV has beyond its header; most lines have nothing there.
        if name not in REJECT_COLUMNS and (name != "surplus" or value is not None):
            yield value
