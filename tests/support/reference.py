"""The figures of docs/semantics.md once more: slow, in the most obvious way, with nothing but the standard library.

    read      text of the three tables  ->  polls, hours, zones; each row that does not fit has a reason
    business  hours and a zone          ->  intervals of one store, one after the other
    pieces    intervals and evidence    ->  who speaks for which time
    report    pieces and windows        ->  microseconds, and the text that is written

It shares no line with `pipeline`, which is compared with it on made-up worlds.
Times are whole microseconds since 1970 UTC; intervals are half-open, [open, close).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

RawRow = Mapping[str, str | None]
RawRows = Sequence[RawRow]
Interval = tuple[int, int]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LENGTHS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
"""How a duration is written."""
WINDOWS = {"hour": HOUR, "day": DAY, "week": 7 * DAY}
UNITS = {"hour": MINUTE, "day": HOUR, "week": HOUR}
DEFAULT_ZONE = "America/Chicago"
LOOKBACK = timedelta(hours=24)
ONE_DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHITE = " \t\n\r\v\f"

TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(?: ?(?:UTC|Z|([+-])([0-9]{2})(?::?([0-9]{2}))?))?"
)
TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?")


# What is reported -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """The figures of one store in one window, in microseconds; None where there is no figure."""

    up: int | None
    down: int | None
    unknown: int | None
    business: int | None
    polls: int

    @property
    def percent(self) -> str:
        if self.up is None or self.down is None or self.up + self.down == 0:
            return ""
        hundredths = round(Fraction(100 * 100 * self.up, self.up + self.down))
        if self.down > 0:
            hundredths = min(hundredths, 99_99)
        if self.up > 0:
            hundredths = max(hundredths, 1)
        return two_decimals(hundredths)


@dataclass(frozen=True)
class Row:
    """One store of the report.

    down_since_us: since when a store is down that is down now. lane: (minute of the week before now, status) of each
    minute whose status differs from that of the one before; 4 and 5 are up and down that are carried.
    """

    store_id: str
    windows: dict[str, Window]
    last_poll_us: int
    last_status: str
    timezone: str
    always_open: bool
    down_now: bool
    down_since_us: int | None
    lane: list[tuple[int, int]]

    def cells(self) -> list[str]:
        """The seven columns of the plain report, as text."""
        up = [written(window.up, UNITS[name]) for name, window in self.windows.items()]
        down = [written(window.down, UNITS[name]) for name, window in self.windows.items()]
        return [self.store_id, *up, *down]


@dataclass(frozen=True)
class Counts:
    """The rows of one table: read = accepted + rejected; the rows outside the horizon are not read."""

    read: int
    accepted: int
    rejected: dict[str, int]
    outside: int = 0


@dataclass(frozen=True)
class Quality:
    """What a report says about its source."""

    tables: dict[str, Counts]
    duplicates: int
    contradictory: int
    stores: dict[str, list[str]]
    warnings: set[str]


@dataclass(frozen=True)
class Answer:
    """A whole report. Without an accepted poll in the horizon it has no rows; without any, no now either."""

    now_us: int | None
    cases: list["Worked"]
    quality: Quality

    @property
    def rows(self) -> list[Row]:
        return [case.row for case in self.cases]


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Poll:
    store_id: str
    at: int
    active: bool


@dataclass(frozen=True)
class Dates:
    """From a date on, until another, which is excluded; None is open."""

    first: date | None = None
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.until is None or day < self.until)


ALWAYS = Dates()


@dataclass(frozen=True)
class Hours:
    weekday: int
    start: int
    end: int
    dates: Dates = ALWAYS


def micros(moment: datetime | timedelta) -> int:
    """Microseconds since 1970 UTC, or of a length of time."""
    length = moment if isinstance(moment, timedelta) else moment - EPOCH
    return length // timedelta(microseconds=1)


def cut_to_micros(fraction: str | None) -> int:
    return int((fraction or "").ljust(6, "0")[:6])


def instant(text: str) -> int | None:
    """A timestamp as microseconds since 1970 UTC; None if it is none."""
    match = TIMESTAMP.fullmatch(text.strip(WHITE))
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, offset_hour, offset_minute = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None
    if int(offset_hour or 0) > 23 or int(offset_minute or 0) > 59:
        return None
    offset = int(offset_hour or 0) * HOUR + int(offset_minute or 0) * MINUTE
    local = days * DAY + int(hour) * HOUR + int(minute) * MINUTE + int(second or 0) * SECOND + cut_to_micros(fraction)
    utc = local + offset if sign == "-" else local - offset
    first, last = (date(year, 1, 1).toordinal() - date(1970, 1, 1).toordinal() for year in (1, 9999))
    return utc if first * DAY <= utc < (last + 365) * DAY else None


def time_of_day(text: str | None) -> int | None:
    """A wall-clock time as microseconds since midnight, 24:00 included; None if it is none."""
    match = TIME.fullmatch((text or "").strip(WHITE))
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()
    if int(minute) > 59 or int(second or 0) > 59:
        return None
    value = int(hour) * HOUR + int(minute) * MINUTE + int(second or 0) * SECOND + cut_to_micros(fraction)
    return value if value <= DAY else None


def status_of(text: str | None) -> str | None:
    word = (text or "").strip(WHITE)
    for status in ("active", "inactive"):
        if len(word) == len(status) and all(a in (b, b.upper()) for a, b in zip(word, status, strict=True)):
            return status
    return None


def trouble_with_id(store_id: str | None) -> str | None:
    if not store_id:
        return "missing store id"
    if "\0" in store_id or "\ufffd" in store_id:
        return "bad store id"
    return None


def trouble_with_poll(row: RawRow, latest: int | None) -> str | None:
    """Why this row is no poll; `latest` is the last microsecond that is not ahead of the clock."""
    text = (row["timestamp_utc"] or "").strip(WHITE)
    at = instant(text)
    if trouble := trouble_with_id(row["store_id"]):
        return trouble
    if not text:
        return "missing timestamp"
    if at is None:
        return "bad timestamp"
    if status_of(row["status"]) is None:
        return "bad status"
    if latest is not None and at > latest:
        return "ahead of the clock"
    return None


def date_of(text: str) -> date | None:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def trouble_with_dates(row: RawRow) -> str | None:
    texts = [(row.get(column) or "").strip(WHITE) for column in ("valid_from", "valid_to")]
    found = [date_of(text) for text in texts]
    if any(text and day is None for text, day in zip(texts, found, strict=True)):
        return "bad date"
    first, until = found
    return "bad date" if first is not None and until is not None and until <= first else None


def dates_of(row: RawRow) -> Dates:
    return Dates(*(date_of((row.get(column) or "").strip(WHITE)) for column in ("valid_from", "valid_to")))


def trouble_with_hours(row: RawRow) -> str | None:
    start, end = time_of_day(row["start_time_local"]), time_of_day(row["end_time_local"])
    if trouble := trouble_with_id(row["store_id"]):
        return trouble
    if (row["day_of_week"] or "").strip(WHITE) not in list("0123456"):
        return "bad weekday"
    if start is None or end is None or start == DAY:
        return "bad time"
    return trouble_with_dates(row)


def trouble_with_zone(row: RawRow) -> str | None:
    return trouble_with_id(row["store_id"]) or trouble_with_dates(row)


def poll_of(row: RawRow) -> Poll:
    at = instant(row["timestamp_utc"] or "")
    if at is None:
        raise ValueError(row)
    return Poll(row["store_id"] or "", at, status_of(row["status"]) == "active")


def hours_of(row: RawRow) -> Hours:
    start, end = time_of_day(row["start_time_local"]), time_of_day(row["end_time_local"])
    if start is None or end is None:
        raise ValueError(row)
    return Hours(int(row["day_of_week"] or ""), start, end, dates_of(row))


# Zones and business time ----------------------------------------------------------------------------------------------


@cache
def known_zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


@cache
def zone_of(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def local_to_utc(day: date, time: int, zone: str) -> int:
    """Microseconds since 1970 UTC of a wall-clock time, which may be 24:00 or more.

    With fold=0, zoneinfo takes the first of two, and for a skipped time the offset from before the gap.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(microseconds=time)
    return micros(wall.replace(tzinfo=zone_of(zone), fold=0))


def dated_intervals(hours: Iterable[Hours], zone_on: Callable[[date], str], first: int, last: int) -> list[Interval]:
    """What the rows mean on each local date from some days before `first` to some days after `last`."""
    intervals = []
    day = (EPOCH + timedelta(microseconds=first)).date() - timedelta(days=4)
    while day <= (EPOCH + timedelta(microseconds=last)).date() + timedelta(days=4):
        for row in hours:
            if row.weekday == day.weekday() and day in row.dates:
                zone = zone_on(day)
                end = row.end if row.end > row.start else row.end + DAY
                open_us, close_us = local_to_utc(day, row.start, zone), local_to_utc(day, end, zone)
                if close_us > open_us:
                    intervals.append((open_us, close_us))
        day += timedelta(days=1)
    return intervals


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Intervals that overlap, touch, or leave at most 60 s are one."""
    result: list[Interval] = []
    for open_us, close_us in sorted(intervals):
        if result and open_us - result[-1][1] <= MINUTE:
            before = result.pop()
            result.append((before[0], max(before[1], close_us)))
        else:
            result.append((open_us, close_us))
    return result


def business_intervals(hours: Iterable[Hours], zone: "str | Clock", first: int, now: int) -> list[Interval]:
    """The business time of a store with hours: clipped at `first`, and going on past `now`."""
    intervals = merged(dated_intervals(hours, zone.zone if isinstance(zone, Clock) else lambda _: zone, first, now))
    return [(max(open_us, first), close_us) for open_us, close_us in intervals if close_us > first]


# Clocks ---------------------------------------------------------------------------------------------------------------


def midnight(day: date) -> int:
    """The midnight of a date as microseconds since 1970, on a clock of no place."""
    return (day.toordinal() - EPOCH.date().toordinal()) * DAY


def offset_at(zone: str, at: int) -> int:
    offset = (EPOCH + timedelta(microseconds=at)).astimezone(zone_of(zone)).utcoffset()
    return micros(offset or timedelta(0))


@cache
def stretches(zone: str, day: date) -> list[tuple[int, int, int]]:
    """(start, end, offset) of the time around a date, cut where the offset changes."""
    first, last = midnight(day) - 2 * DAY, midnight(day) + 4 * DAY
    found = []
    start = first
    for hour in range(first, last, HOUR):
        if offset_at(zone, hour) != offset_at(zone, hour + HOUR):
            before, after = hour, hour + HOUR
            while after - before > 1:
                middle = (before + after) // 2
                same = offset_at(zone, middle) == offset_at(zone, before)
                before, after = (middle, after) if same else (before, middle)
            found.append((start, after, offset_at(zone, before)))
            start = after
    return [*found, (start, last, offset_at(zone, last))]


@cache
def first_instant(zone: str, day: date) -> int:
    """The first instant at which a zone has this date, or a later one."""
    for start, end, offset in stretches(zone, day):
        at = max(start, midnight(day) - offset)
        if at < end:
            return at
    raise ValueError(day)


@dataclass(frozen=True)
class Clock:
    """The dates of a store whose zone may change with a date."""

    zones: tuple[tuple[str, Dates], ...] = ()

    def zone(self, day: date) -> str:
        of_the_date = {name for name, dates in self.zones if day in dates}
        return min(of_the_date & known_zones(), key=str.encode, default=DEFAULT_ZONE)

    def start(self, day: date) -> int:
        """Where a date begins. One that a change of zone leaves no time begins and ends with the next."""
        return min(first_instant(self.zone(later), later) for later in (day, day + ONE_DAY, day + 2 * ONE_DAY))

    def date_at(self, at: int) -> date:
        day = (EPOCH + timedelta(microseconds=at)).date() + 2 * ONE_DAY
        while self.start(day) > at:
            day -= ONE_DAY
        return day

    def date_begun_at(self, at: int) -> date | None:
        day = self.date_at(at)
        return day if self.start(day) == at else None

    def hours(self, day: date) -> dict[int, list[Interval]]:
        """The stretches of each hour of the wall clock of a date."""
        first, last = self.start(day), self.start(day + ONE_DAY)
        found: dict[int, list[Interval]] = {}
        for start, end, offset in stretches(self.zone(day), day):
            at, until = max(start, first), min(end, last)
            while at < until:
                local = at + offset - midnight(day)
                # what a change of zone makes the date longer belongs to its hour 23
                hour, following = (23, until) if local >= DAY else (local % DAY // HOUR, at + HOUR - local % HOUR)
                found.setdefault(hour, []).append((at, min(following, until)))
                at = following
        return {hour: joined(pieces) for hour, pieces in found.items()}


def joined(pieces: Iterable[Interval]) -> list[Interval]:
    """Pieces in order, those that touch as one."""
    result: list[Interval] = []
    for start, end in pieces:
        if result and result[-1][1] == start:
            result[-1] = result[-1][0], end
        else:
            result.append((start, end))
    return result


# Evidence -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    start: int
    end: int
    active: bool


def status_at(polls: Iterable[Poll]) -> dict[int, bool]:
    """Instant to active, in order of time. At one microsecond a store is inactive if any poll says so."""
    result: dict[int, bool] = {}
    for poll in sorted(polls, key=lambda poll: poll.at):
        result[poll.at] = result.get(poll.at, True) and poll.active
    return result


def near(poll: int | None, at: Fraction, max_gap: int | None) -> bool:
    """Whether there is such a poll, and it is not too far."""
    return poll is not None and (max_gap is None or abs(at - poll) <= max_gap)


def poll_for(at: Fraction, interval: Interval, evidence: Iterable[int], max_gap: int | None) -> int | None:
    """The poll whose status an instant of an interval takes: the first that is near enough; None: it is unknown."""
    open_us, close_us = interval
    own = [poll for poll in evidence if open_us <= poll < close_us]
    in_order = [
        max((poll for poll in own if poll <= at), default=None),
        min((poll for poll in own if poll > at), default=None),
        max((poll for poll in evidence if poll < open_us), default=None),
        min((poll for poll in evidence if poll >= close_us), default=None),
    ]
    return next((poll for poll in in_order if near(poll, at, max_gap)), None)


def marks(interval: Interval, evidence: Iterable[int], max_gap: int | None) -> list[int]:
    """Where the status may change within an interval, and its ends: at a poll, and where one becomes too far."""
    open_us, close_us = interval
    away = [0] if max_gap is None else [-max_gap, 0, max_gap]
    inside = {poll + by for poll in evidence for by in away if open_us < poll + by < close_us}
    return [open_us, *sorted(inside), close_us]


def known_pieces(intervals: Iterable[Interval], evidence: Mapping[int, bool], max_gap: int | None) -> list[Piece]:
    """The business time whose status is known: between two marks that is the status of their middle."""
    pieces = []
    for interval in intervals:
        for start, end in pairwise(marks(interval, evidence, max_gap)):
            poll = poll_for(Fraction(start + end, 2), interval, evidence, max_gap)
            if poll is not None:
                pieces.append(Piece(start, end, evidence[poll]))
    return pieces


CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED = range(6)
NEAR = 2 * HOUR


def status_then(at: int, intervals: Iterable[Interval], pieces: Iterable[Piece]) -> int:
    """What is known of a store at one microsecond."""
    for piece in pieces:
        if piece.start <= at < piece.end:
            return UP if piece.active else DOWN
    return UNKNOWN if any(open_us <= at < close_us for open_us, close_us in intervals) else CLOSED


def drawn_status(at: int, intervals: Iterable[Interval], pieces: Iterable[Piece], evidence: Iterable[int]) -> int:
    """The same, where what is known without a poll within two hours is carried."""
    status = status_then(at, intervals, pieces)
    if any(near(poll, at + Fraction(1, 2), NEAR) for poll in evidence):
        return status
    return {UP: UP_CARRIED, DOWN: DOWN_CARRIED}.get(status, status)


def lane_of(now: int, intervals: list[Interval], pieces: list[Piece], evidence: Iterable[int]) -> list[tuple[int, int]]:
    """The status of each minute of the week is that of its last microsecond; before the first a store is closed.

    It can only differ from the minute before where something begins or ends, where a poll gets near or far, or in the
    first minute.
    """
    start = now - WINDOWS["week"]
    edges = {edge for interval in intervals for edge in interval}
    edges |= {edge for piece in pieces for edge in (piece.start, piece.end)}
    edges |= {poll + away for poll in evidence for away in (-NEAR, NEAR)}
    minutes = {0} | {(edge - start) // MINUTE for edge in edges if start <= edge < now}
    lane = []
    before = CLOSED
    for minute in sorted(minutes):
        status = drawn_status(start + (minute + 1) * MINUTE - 1, intervals, pieces, evidence)
        if status != before:
            lane.append((minute, status))
        before = status
    return lane


def down_since(now: int, intervals: list[Interval], pieces: list[Piece]) -> int | None:
    """Since when a store is down, going back from now until it is up or unknown; closed time is passed over."""
    edges = {edge for interval in intervals for edge in interval}
    edges |= {edge for piece in pieces for edge in (piece.start, piece.end)}
    since = None
    for edge in sorted((edge for edge in edges if edge < now), reverse=True):
        status = status_then(edge, intervals, pieces)
        if status in (UP, UNKNOWN):
            break
        if status == DOWN:
            since = edge
    return since


def overlap(start: int, end: int, window_start: int, window_end: int) -> int:
    return max(0, min(end, window_end) - max(start, window_start))


def window_of(
    length: int, now: int, intervals: list[Interval], pieces: list[Piece], evidence: Mapping[int, bool]
) -> Window:
    start = now - length
    business = sum(overlap(open_us, close_us, start, now) for open_us, close_us in intervals)
    up = sum(overlap(piece.start, piece.end, start, now) for piece in pieces if piece.active)
    down = sum(overlap(piece.start, piece.end, start, now) for piece in pieces if not piece.active)
    polls = sum(start <= at <= now for at in evidence)
    if business > 0 and up + down == 0:
        return Window(None, None, business, business, polls)
    return Window(up, down, business - up - down, business, polls)


# The report -----------------------------------------------------------------------------------------------------------


def two_decimals(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def written(value: int | None, unit: int) -> str:
    """In minutes or hours, half-even to two decimals; Python rounds a fraction half-even."""
    return "" if value is None else two_decimals(round(Fraction(100 * value, unit)))


@dataclass
class Store:
    """All that the tables say of one store id."""

    store_id: str
    polls: list[Poll] = field(default_factory=list)
    hours: list[Hours] = field(default_factory=list)
    rejected_hours: int = 0
    dated_zones: list[tuple[str, Dates]] = field(default_factory=list)
    reasons: dict[int, set[str]] = field(default_factory=dict)

    @property
    def always_open(self) -> bool:
        return not self.hours and not self.rejected_hours

    @property
    def unknown_hours(self) -> bool:
        return not self.hours and self.rejected_hours > 0

    @property
    def zones(self) -> set[str]:
        """All that the table says, whatever the date."""
        return {name for name, _ in self.dated_zones} - {""}

    @property
    def clock(self) -> Clock:
        return Clock(tuple(self.dated_zones))


@dataclass(frozen=True)
class Worked:
    """One store, worked out."""

    store: Store
    row: Row
    evidence: dict[int, bool]
    intervals: list[Interval]
    pieces: list[Piece]


def amounts(case: Worked, stretches: Iterable[Interval], now: int) -> tuple[int, int, int, int]:
    """Business, active and inactive time, and evidence, in the union of some stretches: each instant counts once."""
    edges = sorted({edge for stretch in stretches for edge in stretch})
    parts = [part for part in pairwise(edges) if any(start <= part[0] < end for start, end in stretches)]

    def within(intervals: Iterable[Interval]) -> int:
        return sum(overlap(*interval, start, min(end, now)) for interval in intervals for start, end in parts)

    business = within(case.intervals)
    up, down = (within((p.start, p.end) for p in case.pieces if p.active is active) for active in (True, False))
    return business, up, down, sum(start <= at < end for at in case.evidence for start, end in parts)


def work_out(store: Store, first: int, now: int, max_gap: int | None) -> Worked:
    intervals = [(first, now + 1)] if store.always_open else business_intervals(store.hours, store.clock, first, now)
    polls = status_at(store.polls)
    evidence = {
        at: active for at, active in polls.items() if any(open_us <= at < close_us for open_us, close_us in intervals)
    }
    pieces = known_pieces(intervals, evidence, max_gap)
    windows = {name: window_of(length, now, intervals, pieces, evidence) for name, length in WINDOWS.items()}
    if store.unknown_hours:
        windows = {name: Window(None, None, None, None, 0) for name in WINDOWS}
    last = max(polls)
    status = "active" if polls[last] else "inactive"
    down_now = status_then(now - 1, intervals, pieces) == DOWN
    since = down_since(now, intervals, pieces) if down_now else None
    lane = lane_of(now, intervals, pieces, evidence)
    zone = store.clock.zone(store.clock.date_at(now))
    row = Row(store.store_id, windows, last, status, zone, store.always_open, down_now, since, lane)
    return Worked(store, row, evidence, intervals, pieces)


def newest(polls: RawRows, latest: int | None) -> int | None:
    return max((poll_of(row).at for row in polls if trouble_with_poll(row, latest) is None), default=None)


def counted(troubles: list[str | None], outside: int = 0) -> Counts:
    rejected = Counter(trouble for trouble in troubles if trouble is not None)
    return Counts(len(troubles), len(troubles) - rejected.total(), dict(rejected), outside)


def is_read(row: RawRow, first: int, now: int, latest: int | None) -> bool:
    """A poll is read if it lies in the horizon, is ahead of the clock, or has no time that can be read."""
    at = instant(row["timestamp_utc"] or "")
    return at is None or first <= at <= now or (latest is not None and at > latest)


def gathered(polls: list[Poll], hours: RawRows, zones: RawRows) -> list[Store]:
    """Every store that any table names, in byte order."""
    stores: dict[str, Store] = {}
    for poll in polls:
        stores.setdefault(poll.store_id, Store(poll.store_id)).polls.append(poll)
    for row in hours:
        store_id = row["store_id"]
        if store_id and trouble_with_id(store_id) is None:
            store = stores.setdefault(store_id, Store(store_id))
            if trouble_with_hours(row) is None:
                store.hours.append(hours_of(row))
            else:
                store.rejected_hours += 1
    for row in zones:
        store_id = row["store_id"]
        if store_id and trouble_with_zone(row) is None:
            store = stores.setdefault(store_id, Store(store_id))
            store.dated_zones.append(((row["timezone_str"] or "").strip(WHITE), dates_of(row)))
    return [stores[store_id] for store_id in sorted(stores, key=str.encode)]


def lists(stores: list[Store], cases: list[Worked], now: int) -> dict[str, list[str]]:
    def reported(condition: Iterable[bool]) -> list[str]:
        return [case.store.store_id for case, yes in zip(cases, condition, strict=True) if yes]

    def known(case: Worked) -> bool:
        return bool(case.store.zones & known_zones())

    def evidence_today(case: Worked) -> bool:
        return any(now - DAY <= at <= now for at in case.evidence)

    return {
        "not_observed": [store.store_id for store in stores if not store.polls],
        "no_hours": reported(case.store.always_open for case in cases),
        "no_zone": reported(not case.store.zones for case in cases),
        "unknown_zone": reported(bool(case.store.zones) and not known(case) for case in cases),
        "several_zones": reported(len(case.store.zones) > 1 for case in cases),
        "unknown_hours": reported(case.store.unknown_hours for case in cases),
        "partly_rejected_hours": reported(bool(case.store.hours and case.store.rejected_hours) for case in cases),
        "no_known_status": reported(not case.evidence for case in cases),
        "carried": reported(bool(case.evidence) and not evidence_today(case) for case in cases),
    }


SPREADSHEET = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+[0-9]{2,}|[0-9]+\.0")


def implausible(
    cases: list[Worked], tables: Mapping[str, Counts], listed: dict[str, list[str]], hours: RawRows, zones: RawRows
) -> set[str]:
    """The codes of the warnings that need no clock."""
    codes = set()
    ids = {
        "polls": {case.store.store_id for case in cases},
        "hours": {row["store_id"] or "" for row in hours if trouble_with_hours(row) is None},
        "zones": {row["store_id"] or "" for row in zones if trouble_with_zone(row) is None},
    }
    for counts in tables.values():
        if 100 * (counts.read - counts.accepted) > counts.read:
            codes.add("rejected-rows")
    for name, code in (("unknown_hours", "unknown-hours"), ("unknown_zone", "unknown-zones")):
        if 100 * len(listed[name]) > len(cases):
            codes.add(code)
    for table in ("hours", "zones"):
        if 2 * len(ids[table] & ids["polls"]) < len(ids[table]):
            codes.add("foreign-ids")
    if any(SPREADSHEET.fullmatch(store_id) for of_table in ids.values() for store_id in of_table):
        codes.add("spreadsheet-ids")
    days = {(row["day_of_week"] or "").strip(WHITE) for row in hours}
    bad_days = {(row["day_of_week"] or "").strip(WHITE) for row in hours if trouble_with_hours(row) == "bad weekday"}
    if "7" in bad_days and "0" not in days:
        codes.add("weekdays-from-one")
    return codes


def reference_answer(
    polls: RawRows,
    hours: RawRows,
    zones: RawRows,
    *,
    now: datetime | None = None,
    lookback: timedelta = LOOKBACK,
    max_gap: timedelta | None = None,
    clock: datetime | None = None,
) -> Answer:
    """The whole report of three tables of text."""
    latest = None if now else micros((clock or datetime.now(UTC)) + timedelta(hours=24))
    now_us = micros(now) if now else newest(polls, latest)
    first = (now_us or 0) - WINDOWS["week"] - micros(lookback)
    end = first - 1 if now_us is None else now_us  # without a now, nothing lies in the horizon

    read = [row for row in polls if is_read(row, first, end, latest)]
    accepted = [poll_of(row) for row in read if trouble_with_poll(row, latest) is None]
    stores = gathered(accepted, hours, zones)
    gap = None if max_gap is None else micros(max_gap)
    cases = [work_out(store, first, end, gap) for store in stores if store.polls]
    tables = {
        "polls": counted([trouble_with_poll(row, latest) for row in read], outside=len(polls) - len(read)),
        "hours": counted([trouble_with_hours(row) for row in hours]),
        "zones": counted([trouble_with_zone(row) for row in zones]),
    }
    both = {(poll.store_id, poll.at) for poll in accepted if poll.active} & {
        (poll.store_id, poll.at) for poll in accepted if not poll.active
    }
    listed = lists(stores, cases, end)
    repeats = len(accepted) - len(set(accepted))
    codes = implausible(cases, tables, listed, hours, zones)
    recent = [case for case in cases if case.row.last_poll_us >= end - DAY]
    if 2 * len(recent) < len(cases):
        codes.add("few-recent-polls")
    if now_us is not None and not micros(datetime(1980, 1, 1, tzinfo=UTC)) <= now_us < micros(
        datetime(2100, 1, 1, tzinfo=UTC)
    ):
        codes.add("unlikely-times")
    if now is None and now_us is not None and micros(clock or datetime.now(UTC)) - now_us > 2 * HOUR:
        codes.add("old-data")
    quality = Quality(tables, repeats, len(both), listed, codes)
    return Answer(now_us, cases, quality)


def reference_report(
    polls: RawRows,
    hours: RawRows,
    zones: RawRows,
    *,
    now: datetime | None = None,
    lookback: timedelta = LOOKBACK,
    max_gap: timedelta | None = None,
    clock: datetime | None = None,
) -> list[Row]:
    """One row per store with an accepted poll in the horizon, sorted by the bytes of its id."""
    return reference_answer(polls, hours, zones, now=now, lookback=lookback, max_gap=max_gap, clock=clock).rows


def reference_quality(
    polls: RawRows,
    hours: RawRows,
    zones: RawRows,
    *,
    now: datetime | None = None,
    lookback: timedelta = LOOKBACK,
    max_gap: timedelta | None = None,
    clock: datetime | None = None,
) -> Quality:
    """What the report says about its source."""
    return reference_answer(polls, hours, zones, now=now, lookback=lookback, max_gap=max_gap, clock=clock).quality
