"""docs/semantics.md, "Beyond the three windows", once more: slow, in the most obvious way, without `pipeline`.

    spans      what is asked for, on one clock  ->  periods
    Business   hours, zones and polls           ->  what a store is at each instant, and what of it is sure
    rows, outages, rollup, profile              ->  figures in microseconds, and as they are written

It stands beside tests/support/reference.py, whose rules of hours and evidence it takes.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from tests.support.reference import (
    ALWAYS,
    DOWN,
    EPOCH,
    HOUR,
    LENGTHS,
    ONE_DAY,
    UNKNOWN,
    UP,
    WHITE,
    Clock,
    Interval,
    Piece,
    RawRows,
    Store,
    business_intervals,
    date_of,
    gathered,
    instant,
    known_pieces,
    micros,
    newest,
    offset_at,
    overlap,
    poll_of,
    status_at,
    trouble_with_id,
    trouble_with_poll,
    two_decimals,
    written,
)

DEFAULT_GAP = timedelta(hours=24)
NO_VALUE = "(none)"


# What is asked for ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tables:
    """Four tables of text. stores: None where there is no such table."""

    polls: RawRows
    hours: RawRows = ()
    zones: RawRows = ()
    stores: RawRows | None = None


@dataclass(frozen=True)
class Wanted:
    """The periods, and the options of a report on them. now: None is the newest poll."""

    name: str | None = None
    start: str | None = None
    end: str | None = None
    on: str | None = None
    by: str | None = None
    now: datetime | None = None
    max_gap: timedelta | None = None
    split_at_closing: bool = False


# Stores ---------------------------------------------------------------------------------------------------------------


def known_stores(tables: Tables, latest: int | None, now: int) -> list[Store]:
    """Every store that a table names, in byte order of the ids."""
    rows = [row for row in tables.polls if trouble_with_poll(row, latest) is None and poll_of(row).at <= now]
    stores = {store.store_id: store for store in gathered([poll_of(row) for row in rows], tables.hours, tables.zones)}
    for row in tables.stores or ():
        store_id = row["store_id"]
        if store_id and trouble_with_id(store_id) is None:
            stores.setdefault(store_id, Store(store_id))
    for row in rows:
        if not poll_of(row).active and (reason := (row.get("reason") or "").strip(WHITE)):
            stores[poll_of(row).store_id].reasons.setdefault(poll_of(row).at, set()).add(reason)
    return [stores[store_id] for store_id in sorted(stores, key=str.encode)]


def attributes_of(stores: RawRows) -> dict[str, dict[str, str]]:
    """The attributes of each store, `name` among them; empty ones are not there. The first row counts."""
    found: dict[str, dict[str, str]] = {}
    for row in stores:
        if trouble_with_id(row["store_id"]) is None:
            values = {name: (value or "").strip(WHITE) for name, value in row.items() if name != "store_id"}
            found.setdefault(row["store_id"] or "", {name: value for name, value in values.items() if value})
    return found


# Periods --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A period of one clock: its text, and its stretches, of which there is one but for some hours."""

    period: str
    stretches: tuple[Interval, ...]

    @property
    def start(self) -> int:
        return self.stretches[0][0]

    @property
    def end(self) -> int:
        return self.stretches[-1][1]


@dataclass(frozen=True)
class End:
    """An end of a period: where it is, and the date that begins there."""

    at: int
    day: date | None

    @staticmethod
    def on(clock: Clock, at: int) -> "End":
        return End(at, clock.date_begun_at(at))


def unit(kind: str, day: date) -> tuple[date, date, str]:
    """The first date, the date after the last, and the name of the unit of the calendar in which a date lies."""
    if kind == "day":
        return day, day + ONE_DAY, day.isoformat()
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        year, week, _ = day.isocalendar()
        return monday, monday + 7 * ONE_DAY, f"{year:04d}-W{week:02d}"
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    after = date(first.year + (first.month + months > 12), (first.month + months - 1) % 12 + 1, 1)
    quarter = (first.month + 2) // 3
    names = {"month": f"{first:%Y-%m}", "quarter": f"{first:%Y}-Q{quarter}", "year": f"{first:%Y}"}
    return first, after, names[kind]


NAMED = {
    "day": re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"),
    "week": re.compile(r"(?P<year>\d{4})-W(?P<week>\d\d)"),
    "month": re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)"),
    "quarter": re.compile(r"(?P<year>\d{4})-Q(?P<quarter>\d)"),
    "year": re.compile(r"(?P<year>\d{4})"),
}
RELATIVE = {
    "today": ("this", "day"),
    "yesterday": ("last", "day"),
    **{f"{which}-{kind}": (which, kind) for which in ("this", "last") for kind in ("week", "month", "quarter")},
}


def named_unit(name: str) -> tuple[date, date, str] | None:
    for kind, pattern in NAMED.items():
        if match := pattern.fullmatch(name):
            parts = {key: int(text) for key, text in match.groupdict().items()}
            if kind == "week":
                return unit(kind, date.fromisocalendar(parts["year"], parts["week"], 1))
            month = parts.get("month", 3 * parts.get("quarter", 1) - 2)
            return unit(kind, date(parts["year"], month, parts.get("day", 1)))
    return None


def calendar_unit(name: str, clocks: set[Clock], now: int) -> tuple[date, date, str] | None:
    """The dates of a name of the calendar. What is over for all clocks is before the day, week, … of the latest one."""
    if name not in RELATIVE:
        return named_unit(name)
    which, kind = RELATIVE[name]
    this = unit(kind, min(clock.date_at(now) for clock in clocks))
    return this if which == "this" else unit(kind, this[0] - ONE_DAY)


def end_of(text: str, clock: Clock) -> End:
    day = date_of(text)
    if day is not None:
        return End(clock.start(day), day)
    at = instant(text)
    if at is None:
        raise ValueError(text)
    return End.on(clock, at)


def whole(wanted: Wanted, clock: Clock, clocks: Iterable[Clock], now: int) -> tuple[End, End, str | None]:
    """The ends of all that is asked for, on one clock, and its name, if it has one."""
    until_now = End.on(clock, now)
    if wanted.name is None:
        ends = end_of(wanted.start or "", clock), until_now if wanted.end is None else end_of(wanted.end, clock)
        return *ends, None
    found = calendar_unit(wanted.name, set(clocks), now)
    if found is not None:
        first, after, name = found
        return End(clock.start(first), first), End(clock.start(after), after), name
    start = now - int(wanted.name[:-1]) * LENGTHS[wanted.name[-1]]
    return End.on(clock, start), until_now, None


def instant_text(at: int) -> str:
    text = (EPOCH + timedelta(microseconds=at)).isoformat()
    return text.removesuffix("+00:00") + "Z"


def from_to(start: End, end: End) -> str:
    """A period by its ends; what is exactly a unit of the calendar has its name."""
    if start.day is not None and end.day is not None:
        units = [unit(kind, start.day) for kind in ("day", "week", "month", "quarter", "year")]
        names = [name for first, after, name in units if (first, after) == (start.day, end.day)]
        return names[0] if names else f"{start.day.isoformat()}/{end.day.isoformat()}"
    return f"{instant_text(start.at)}/{instant_text(end.at)}"


def spans(wanted: Wanted, clock: Clock, clocks: Iterable[Clock], now: int) -> list[Span]:
    """The periods on one clock, in order of time."""
    start, end, name = whole(wanted, clock, clocks, now)
    if start.at >= end.at:
        return []
    if wanted.by is None:
        return [Span(name or from_to(start, end), ((start.at, end.at),))]
    return hours_between(clock, start, end) if wanted.by == "hour" else units_between(wanted.by, clock, start, end)


def units_between(kind: str, clock: Clock, start: End, end: End) -> list[Span]:
    found = []
    first, after, name = unit(kind, clock.date_at(start.at))
    while clock.start(first) < end.at:
        begins = End.on(clock, max(start.at, clock.start(first)))
        over = End.on(clock, min(end.at, clock.start(after)))
        is_whole = start.at <= clock.start(first) and clock.start(after) <= end.at
        if begins.at < over.at:
            found.append(Span(name if is_whole else from_to(begins, over), ((begins.at, over.at),)))
        first, after, name = unit(kind, after)
    return found


def hours_between(clock: Clock, start: End, end: End) -> list[Span]:
    found = []
    day = clock.date_at(start.at)
    while clock.start(day) < end.at:
        for hour, pieces in clock.hours(day).items():
            cut = tuple((max(a, start.at), min(b, end.at)) for a, b in pieces if b > start.at and a < end.at)
            if cut:
                ends = [End.on(clock, at) for at in (cut[0][0], cut[-1][1])]
                name = f"{day.isoformat()}T{hour:02d}" if list(cut) == pieces else from_to(*ends)
                found.append(Span(name, cut))
        day += ONE_DAY
    return sorted(found, key=lambda span: span.start)


# One store at each instant --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A stretch of business time of one status, and the interval in which it lies."""

    start: int
    end: int
    status: int
    interval: Interval


@dataclass(frozen=True)
class Business:
    """One store, worked out from `first` to `last`; what comes after `last` is not known yet, or not looked at."""

    store: Store
    intervals: list[Interval]
    evidence: Mapping[int, bool]
    first: int
    last: int
    now: int
    max_gap: int

    @cached_property
    def parts(self) -> list[Part]:
        """All business time up to `last`, in order."""
        known = known_pieces(self.intervals, self.evidence, self.max_gap)
        found = []
        for open_us, close_us in self.intervals:
            end = min(close_us, self.last)
            at = open_us
            for piece in [piece for piece in known if open_us <= piece.start < end]:
                if at < piece.start:
                    found.append(Part(at, piece.start, UNKNOWN, (open_us, close_us)))
                at = min(piece.end, end)
                found.append(Part(piece.start, at, UP if piece.active else DOWN, (open_us, close_us)))
            if at < end:
                found.append(Part(at, end, UNKNOWN, (open_us, close_us)))
        return found

    @cached_property
    def sure(self) -> list[Piece]:
        """Between consecutive polls of one status, in one interval, at most max_gap apart."""
        found = []
        for open_us, close_us in self.intervals:
            inside = [at for at in sorted(self.evidence) if open_us <= at < close_us]
            for at, following in pairwise(inside):
                if self.evidence[at] == self.evidence[following] and following - at <= self.max_gap:
                    found.append(Piece(at, following, self.evidence[at]))
        return found

    def within(self, span: Span) -> list[Part]:
        """The business time of a period, as far as it has come."""
        found = []
        for start, end in span.stretches:
            for part in self.parts:
                begins, over = max(part.start, start), min(part.end, end, self.now)
                if begins < over:
                    found.append(replace(part, start=begins, end=over))
        return found

    def surely(self, active: bool, start: int, end: int) -> int:
        return sum(overlap(piece.start, piece.end, start, end) for piece in self.sure if piece.active is active)

    def status_from(self, at: int, interval: Interval) -> int | None:
        """From an instant of an interval on."""
        return next((p.status for p in self.parts if p.interval == interval and p.start <= at < p.end), None)

    def status_until(self, at: int, interval: Interval) -> int | None:
        """Up to an instant of an interval."""
        return next((p.status for p in self.parts if p.interval == interval and p.start < at <= p.end), None)


def period_business(store: Store, first: int, last: int, now: int, max_gap: int) -> Business:
    if store.unknown_hours or last < first:
        intervals: list[Interval] = []
    elif store.always_open:
        intervals = [(first, last + 1)]
    else:
        intervals = business_intervals(store.hours, store.clock, first, last)
    polls = status_at(poll for poll in store.polls if first <= poll.at <= last)
    evidence = {at: active for at, active in polls.items() if any(a <= at < b for a, b in intervals)}
    return Business(store, intervals, evidence, first, last, now, max_gap)


# Outages --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outage:
    """One row of the list of outages, in microseconds."""

    store_id: str
    start: int
    end: int
    business: int
    ends: str
    starts_because: str
    polls: int
    first_poll: int | None
    last_poll: int | None
    least: int
    most: int
    reason: str | None
    start_local: str
    end_local: str

    @property
    def elapsed(self) -> int:
        return self.end - self.start


def runs(parts: list[Part], split_at_closing: bool) -> list[list[Part]]:
    """Down time that nothing up or unknown interrupts."""
    found: list[list[Part]] = []
    before: Part | None = None
    for part in parts:
        if part.status == DOWN:
            closed = before is not None and before.interval != part.interval
            if before is not None and before.status == DOWN and not (closed and split_at_closing):
                found[-1].append(part)
            else:
                found.append([part])
        before = part
    return found


def how_it_ends(business: Business, end: int, interval: Interval) -> str:
    if end == business.now:
        if end >= interval[1]:
            return "closed"
        return "active poll" if business.evidence.get(end) else "ongoing"
    if end >= interval[1]:
        return "closed"
    statuses = {DOWN: "cut", UP: "active poll", UNKNOWN: "unknown"}
    return statuses[business.status_from(end, interval) or UNKNOWN]


def why_it_starts(business: Business, start: int, interval: Interval) -> str:
    if start == interval[0]:
        return "opening"
    before = business.status_until(start, interval)
    if before == DOWN:
        return "cut"
    return "inactive poll" if start in business.evidence or before == UP else "unknown"


def local_text(zone: str, at: int) -> str:
    offset = offset_at(zone, at)
    return (EPOCH + timedelta(microseconds=at)).astimezone(timezone(timedelta(microseconds=offset))).isoformat()


def outages_of(business: Business, span: Span, zone: str, split_at_closing: bool = False) -> list[Outage]:
    """zone: on whose clock they are shown."""
    found = []
    for run in runs(business.within(span), split_at_closing):
        start, end = run[0].start, run[-1].end
        at_now = {business.now} if end == business.now else set()
        polls = [
            at for at, active in sorted(business.evidence.items()) if not active and (start <= at < end or at in at_now)
        ]
        active = [at for at, active in business.evidence.items() if active]
        earliest = max([at for at in active if at <= start] + [start - business.max_gap])
        latest = min([at for at in active if at >= end] + [end + business.max_gap])
        parts = business.within(span)
        reasons = business.store.reasons.get(polls[0], set()) if polls else set()
        found.append(
            Outage(
                business.store.store_id,
                start,
                end,
                sum(part.end - part.start for part in run),
                how_it_ends(business, end, run[-1].interval),
                why_it_starts(business, start, run[0].interval),
                len(polls),
                min(polls, default=None),
                max(polls, default=None),
                sum(business.surely(False, part.start, part.end) for part in run),
                sum(overlap(part.start, part.end, earliest, latest) for part in parts),
                min(reasons, key=str.encode, default=None),
                local_text(zone, start),
                local_text(zone, end),
            )
        )
    return found


# Rows -----------------------------------------------------------------------------------------------------------------


def percent_text(some: int, rest: int) -> str:
    """What some is of both; 100.00 and 0.00 only where one of them is nothing."""
    if some + rest == 0:
        return ""
    hundredths = round(Fraction(100 * 100 * some, some + rest))
    if rest > 0:
        hundredths = min(hundredths, 99_99)
    if some > 0:
        hundredths = max(hundredths, 1)
    return two_decimals(hundredths)


@dataclass(frozen=True)
class PeriodRow:
    """One store in one period, in microseconds; None where a figure is empty."""

    store_id: str
    period: str
    start: int
    end: int
    state: str
    business: int | None
    uptime: int | None
    downtime: int | None
    unknown: int | None
    excused: int | None
    polls: int
    outages: int
    longest_outage: int | None
    downtime_least: int | None
    downtime_most: int | None

    @property
    def uptime_percent(self) -> str:
        return percent_text(self.uptime or 0, self.downtime or 0)

    @property
    def coverage_percent(self) -> str:
        return percent_text((self.uptime or 0) + (self.downtime or 0), self.unknown or 0)


def state_of(span: Span, now: int, max_gap: int) -> str:
    if now < span.end:
        return "running"
    return "provisional" if now < span.end + max_gap else "final"


def row_of(business: Business, span: Span, outages: Sequence[Outage]) -> PeriodRow:
    head = business.store.store_id, span.period, span.start, span.end, state_of(span, business.now, business.max_gap)
    if business.store.unknown_hours:
        return PeriodRow(*head, None, None, None, None, None, 0, 0, None, None, None)
    parts = business.within(span)
    up, down, unknown = (
        sum(part.end - part.start for part in parts if part.status == status) for status in (UP, DOWN, UNKNOWN)
    )
    is_known = up + down > 0 or unknown == 0
    return PeriodRow(
        *head,
        up + down + unknown,
        up if is_known else None,
        down if is_known else None,
        unknown,
        0,
        sum(start <= at < end for at in business.evidence for start, end in span.stretches),
        len(outages),
        max((outage.business for outage in outages), default=0),
        sum(business.surely(False, start, end) for start, end in span.stretches),
        up + down + unknown - sum(business.surely(True, start, end) for start, end in span.stretches),
    )


# Groups and profile ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupRow:
    """Some stores in one period."""

    values: tuple[str, ...]
    period: str
    stores: int
    stores_open: int
    stores_unknown: int
    business: int
    uptime: int
    downtime: int
    unknown: int
    excused: int
    outages: int
    downtime_least: int
    downtime_most: int
    store_median_percent: str
    worst_store: str | None

    @property
    def uptime_percent(self) -> str:
        return percent_text(self.uptime, self.downtime)

    @property
    def coverage_percent(self) -> str:
        return percent_text(self.uptime + self.downtime, self.unknown)


def hundredths(percent: str) -> int:
    return int(percent.replace(".", ""))


def median_text(percents: list[str]) -> str:
    """The middle one; of two the mean, rounded half to even."""
    if not percents:
        return ""
    ordered = sorted(hundredths(percent) for percent in percents)
    middle = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return two_decimals(round(Fraction(sum(middle), 2)))


def group_row(values: tuple[str, ...], period: str, rows: list[PeriodRow]) -> GroupRow:
    def total(figure: Callable[[PeriodRow], int | None]) -> int:
        return sum(figure(row) or 0 for row in rows)

    with_percent = [row for row in rows if row.uptime_percent]
    worst = min(
        with_percent,
        key=lambda row: (hundredths(row.uptime_percent), -(row.downtime or 0), row.store_id.encode()),
        default=None,
    )
    return GroupRow(
        values,
        period,
        len(rows),
        sum((row.business or 0) > 0 for row in rows),
        sum((row.business or 0) > 0 and row.uptime is None for row in rows),
        total(lambda row: row.business),
        total(lambda row: row.uptime),
        total(lambda row: row.downtime),
        total(lambda row: row.unknown),
        total(lambda row: row.excused),
        total(lambda row: row.outages),
        total(lambda row: row.downtime_least),
        total(lambda row: row.downtime_most),
        median_text([row.uptime_percent for row in with_percent]),
        None if worst is None else worst.store_id,
    )


@dataclass(frozen=True)
class Cell:
    """A weekday and an hour of the clock on the wall, of some stores."""

    business: int = 0
    downtime: int = 0
    unknown: int = 0
    outages_begun: int = 0

    def __add__(self, other: "Cell") -> "Cell":
        return Cell(
            self.business + other.business,
            self.downtime + other.downtime,
            self.unknown + other.unknown,
            self.outages_begun + other.outages_begun,
        )

    @property
    def down_percent(self) -> str:
        return percent_text(self.downtime, self.business - self.downtime - self.unknown)


Cells = dict[tuple[int, int], Cell]


def cells_of(business: Business, clock: Clock, periods: list[Span], outages: list[Outage]) -> Cells:
    """The cells of one store, those without business time too."""
    cells: Cells = {}
    if not periods:
        return cells
    begun = [outage.start for outage in outages if outage.starts_because != "cut"]
    day = clock.date_at(min(span.start for span in periods))
    while clock.start(day) < max(span.end for span in periods):
        for hour, pieces in clock.hours(day).items():
            for span in periods:
                common = [(max(a, c), min(b, d)) for a, b in pieces for c, d in span.stretches if max(a, c) < min(b, d)]
                if common:
                    parts = business.within(Span("", tuple(common)))
                    lengths = {
                        status: sum(part.end - part.start for part in parts if part.status == status)
                        for status in (UP, DOWN, UNKNOWN)
                    }
                    starts = sum(start <= at < end for at in begun for start, end in common)
                    cell = Cell(sum(lengths.values()), lengths[DOWN], lengths[UNKNOWN], starts)
                    key = day.weekday(), hour
                    cells[key] = cells.get(key, Cell()) + cell
        day += ONE_DAY
    return cells


# The whole ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoreAnswer:
    """One store: its periods, rows, outages, and the cells of its profile."""

    business: Business
    clock: Clock
    periods: list[Span]
    rows: list[PeriodRow]
    outages: list[Outage]
    listed: list[Outage]
    zone: str

    @property
    def store_id(self) -> str:
        return self.business.store.store_id


@dataclass(frozen=True)
class PeriodAnswer:
    """A whole report by periods."""

    now: int
    stores: list[StoreAnswer]
    attributes: dict[str, dict[str, str]]

    @property
    def rows(self) -> list[PeriodRow]:
        return [row for store in self.stores for row in store.rows]

    @property
    def outages(self) -> list[Outage]:
        """By start and id."""
        found = [outage for store in self.stores for outage in store.listed]
        return sorted(found, key=lambda outage: (outage.start, outage.store_id.encode()))

    @property
    def longest_first(self) -> list[Outage]:
        return sorted(self.outages, key=lambda outage: -outage.business)

    def values_of(self, store_id: str, by: Sequence[str]) -> tuple[str, ...]:
        values = {**self.attributes.get(store_id, {}), "store_id": store_id}
        return tuple(values.get(name, NO_VALUE) for name in by)

    def rollup(self, by: Sequence[str] = ()) -> list[GroupRow]:
        """A row for each combination of values and period; by nothing, the total of all stores."""
        groups: dict[tuple[tuple[str, ...], str], list[PeriodRow]] = {}
        for row in self.rows:
            groups.setdefault((self.values_of(row.store_id, by), row.period), []).append(row)
        return [group_row(values, period, rows) for (values, period), rows in groups.items()]

    def profile(self, by: Sequence[str] = ()) -> dict[tuple[tuple[str, ...], int, int], Cell]:
        """The cells with business time, by values, weekday and hour."""
        total: dict[tuple[tuple[str, ...], int, int], Cell] = {}
        for store in self.stores:
            values = self.values_of(store.store_id, by)
            for (weekday, hour), cell in cells_of(store.business, store.clock, store.periods, store.outages).items():
                key = values, weekday, hour
                total[key] = total.get(key, Cell()) + cell
        return {key: cell for key, cell in total.items() if cell.business > 0}


def zone_shown(clock: Clock, periods: Sequence[Span], now: int) -> str:
    """That of the last date of the last period, or of now."""
    last = min(now, max((span.end - 1 for span in periods), default=now))
    return clock.zone(clock.date_at(last))


def reference_periods(tables: Tables, wanted: Wanted, clock: datetime | None = None) -> PeriodAnswer:
    """The report of four tables of text. clock: what time it is, where now is not given."""
    latest = None if wanted.now or clock is None else micros(clock + timedelta(hours=24))
    now = micros(wanted.now) if wanted.now else newest(tables.polls, latest)
    if now is None:
        raise ValueError("there is no poll")
    gap = micros(DEFAULT_GAP if wanted.max_gap is None else wanted.max_gap)
    stores = known_stores(tables, latest, now)
    given = None if wanted.on is None else Clock(((wanted.on, ALWAYS),))
    clocks = {store.store_id: given or store.clock for store in stores}
    periods = {store_id: spans(wanted, clock, clocks.values(), now) for store_id, clock in clocks.items()}
    answers = []
    for store in stores:
        asked = periods[store.store_id]
        first = min((span.start for span in asked), default=now) - gap
        last = min(now, max((span.end for span in asked), default=now) + gap)
        business = period_business(store, first, last, now, gap)
        zone = zone_shown(store.clock, asked, now)
        rows = [row_of(business, span, outages_of(business, span, zone)) for span in asked]
        every = Span("", ((asked[0].start, asked[-1].end),)) if asked else None
        # the list has those of all that is asked for, and it alone is split
        outages = [] if every is None else outages_of(business, every, zone)
        listed = [] if every is None else outages_of(business, every, zone, wanted.split_at_closing)
        answers.append(StoreAnswer(business, clocks[store.store_id], asked, rows, outages, listed, zone))
    return PeriodAnswer(now, answers, attributes_of(tables.stores or ()))


def hours_text(value: int | None) -> str:
    """A length as it is written: hours with two decimals."""
    return written(value, HOUR)
