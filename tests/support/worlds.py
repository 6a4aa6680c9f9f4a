"""Made-up worlds: a few stores, a few dozen polls, and everything that is awkward about them.

Instants are drawn from the edges of the world itself: openings and closings of its stores, the starts of the windows
and of the horizon, now, and clock changes, each also a microsecond and a minute away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import strategies as st

from tests.support.reference import (
    DAY,
    DEFAULT_ZONE,
    EPOCH,
    HOUR,
    MINUTE,
    WINDOWS,
    Hours,
    RawRow,
    business_intervals,
    hours_of,
    known_zones,
    micros,
    trouble_with_hours,
    zone_of,
)

ODD_ZONES = [
    "Africa/Casablanca",
    "America/Chicago",
    "America/New_York",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
]
FROM, UNTIL = datetime(2022, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
HORIZON_POLLS = 12


@dataclass(frozen=True)
class World:
    """Three tables of text, as they would stand in CSV files, and the options of a report on them."""

    polls: list[RawRow]
    hours: list[RawRow]
    zones: list[RawRow]
    now: datetime | None
    lookback: timedelta
    max_gap: timedelta | None

    def __repr__(self) -> str:
        tables = {"polls": self.polls, "hours": self.hours, "zones": self.zones}
        lines = [f"World(now={self.now}, lookback={self.lookback}, max_gap={self.max_gap})"]
        for name, rows in tables.items():
            lines += [f"  {name}:", *("    " + ", ".join(repr(value) for value in row.values()) for row in rows)]
        return "\n".join(lines)


# Instants -------------------------------------------------------------------------------------------------------------


def moment(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


@cache
def changes(zone: str) -> list[int]:
    """The instants, to the second, at which the clocks of a zone change."""

    def offset(second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, zone_of(zone)).utcoffset()

    found = []
    for day in range(int(FROM.timestamp()), int(UNTIL.timestamp()), 24 * 60 * 60):
        before, after = day, day + 24 * 60 * 60
        if offset(before) == offset(after):
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == offset(before) else (before, middle)
        found.append(after * 1_000_000)
    return found


@cache
def anchors() -> list[int]:
    """Two ordinary days and all clock changes."""
    ordinary = [micros(datetime(2023, 1, 25, 18, 13, 22, 479220, UTC)), micros(datetime(2025, 7, 2, tzinfo=UTC))]
    return ordinary + sorted({change for zone in ODD_ZONES for change in changes(zone)})


HALVES = [300_000, 18_000_000, 54_000_000]  # 0.005 minutes; 0.005 and 0.015 hours
NUDGES = st.sampled_from([0, 0, 0, -1, 1, -1, 1, MINUTE, -MINUTE, MINUTE + 1, 30 * MINUTE, -30 * MINUTE, *HALVES])


def edges(stores: Iterable[tuple[list[Hours], str]], first: int, last: int) -> list[int]:
    """Openings, closings and the middle between them, of all stores."""
    found = {first, last}
    for hours, zone in stores:
        for open_us, close_us in business_intervals(hours, zone, first, last):
            found |= {open_us, close_us, (open_us + close_us) // 2}
    return sorted(found)


# Text -----------------------------------------------------------------------------------------------------------------


def stamp(at: int, offset: int, ending: str, between: str, tail: str) -> str:
    """An instant as text; `offset` is in minutes, and `ending` its text."""
    local = moment(at + offset * MINUTE)
    fraction = f".{local.microsecond:06d}{tail}" if local.microsecond or tail else ""
    return f"{local:%Y-%m-%d}{between}{local:%H:%M:%S}{fraction}{ending}"


ENDINGS = [
    (0, " UTC"),
    (0, " UTC"),
    (0, "UTC"),
    (0, "Z"),
    (0, ""),
    (0, "+00"),
    (0, "-00:00"),
    (330, " +05:30"),
    (-210, "-0330"),
    (23 * 60 + 59, "+23:59"),
]
OTHER_STAMPS = [
    "2023-01-22 10:00 UTC",
    "2023-01-22T10:01",
    "2023-01-22 10:02+05:30",
    "2023-01-22 10:03 -0330",
    "2023-01-22T10:04Z",
    " 2023-01-22 10:05:00 UTC",
    "2023-01-22 10:06:00 UTC\n",
    "\t2023-01-22 10:07:00.5 ",
]
BAD_STAMPS = [
    None,
    "",
    "now",
    "infinity",
    "2023-01-22",
    "2023-02-30 10:00:00 UTC",
    "2023-01-22 24:00:00 UTC",
    "2023-01-22 10:00:60 UTC",
    " ",
    "2023-01-22 9:00 UTC",
    "2023-01-22 10 UTC",
    "2023-01-22 10:00: UTC",
    "2023-01-22 10:00.5 UTC",
    "2023-01-22 10:00:00 EST",
    "2023-01-22 10:00:00. UTC",
    "2023-01-22 10:00:00+24",
    "2023-01-22 10:00:00  UTC",
    "0000-01-22 10:00:00 UTC",
    "\u0662023-01-22 10:00:00 UTC",
    "22023-01-22 10:00:00 UTC",
]
FAR_STAMPS = [
    "9999-12-31 23:59:59.999999 UTC",
    "2925-01-22 12:09:39 UTC",
    "0001-01-01 00:00:00+14",
    "1969-12-31 00:00:00",
]
STATUSES = st.sampled_from(["active", "inactive"] * 8 + [" Active ", "INACTIVE\r", "\tinactive", "aCTIVE"])
BAD_STATUSES = [None, "", " ", "up", "act ive", "\u0130nactive", "\u00a0active", "active\0", "inactive active"]
BAD_IDS = [None, "", "\0a", "a\ufffd"]
IDS = ["a", "A", " a", "007", "7", "-1", "\u00e9", "\U0001f3ea", "\uffee", "8139926242460185114", "NULL", '"x",y']

TIMES = [
    "00:00",
    "00:00:00.000001",
    "00:00:59.9999999",
    "00:01",
    "00:01:00.000001",
    "01:30",
    "02:00",
    "02:15:00",
    "02:30",
    "03:00:00",
    "09:00",
    "9:00",
    " 09:00\t",
    " 9:00:00.5 ",
    "09:00:00.000001",
    "11:59:59.999999",
    "12:00",
    "12:01:00",
    "12:01:00.000001",
    "17:00",
    "22:00",
    "23:58:59.999999",
    "23:59",
    "23:59:00.000",
    "23:59:59",
    "23:59:59.999999",
]
SHIFTS = [
    [("09:00", "12:00"), ("12:01:00", "17:00")],
    [("09:00", "12:00"), ("12:01:00.000001", "17:00")],
    [("09:00", "13:00"), ("12:00", "17:00")],
    [("09:00", "17:00"), ("10:00", "11:00"), ("09:00:00", "17:00:00")],
    [("09:00", "12:00"), ("12:00", "17:00")],
    [("22:00", "02:00")],
    [("18:00", "03:00"), ("09:00", "11:00")],
    [("00:00", "00:00")],
    [("00:00", "24:00")],
    [("09:00", "09:00")],
    [("00:00", "23:59")],
    [("00:00:00", "23:59:59")],
    [("09:00", "23:59"), ("00:00", "02:30")],
    [("00:01", "24:00:00.0000009")],
    [("00:00:00.000001", "23:59")],
    [("09:00", "23:59")],
    [("09:00", "09:00:00.000001")],
    [("01:30", "02:30"), ("02:30", "03:15")],
    [("1:30", "2:30"), (" 02:30", "3:15 ")],
]
BAD_WEEKDAYS = [None, "", " ", "7", "-1", "1.0", "1 2", "Monday", "\u0661", "00"]
BAD_TIMES = [
    None,
    "",
    " ",
    "9:0",
    "009:00",
    "9:00 PM",
    "09:60",
    "25:00",
    "24:00:00.000001",
    ":60",
    "09:00Z",
    "09:00:00.",
    "09 :00",
    "noon",
]
UNKNOWN_ZONES = [
    "Factory",
    "localtime",
    "america/new_york",
    "EDT",
    "Mars/Olympus",
    "America/New York",
    "UTC+3",
    "\u00a0UTC",
]
EMPTY_ZONES = [None, "", " ", "\t\r\n"]


# Rows -----------------------------------------------------------------------------------------------------------------


@st.composite
def shifts(draw: st.DrawFn) -> list[tuple[str, str]]:
    """The hours of one day."""
    if draw(st.integers(0, 3)):
        return draw(st.sampled_from(SHIFTS))
    ends = [*TIMES, "24:00"]
    return draw(st.lists(st.tuples(st.sampled_from(TIMES), st.sampled_from(ends)), min_size=1, max_size=3))


def hours_row(store_id: str | None, weekday: str | None, start: str | None, end: str | None) -> RawRow:
    return {"store_id": store_id, "day_of_week": weekday, "start_time_local": start, "end_time_local": end}


@st.composite
def hours_of_store(draw: st.DrawFn, store_id: str) -> list[RawRow]:
    """None, on every day the same, each day its own, some of them or all of them rejected."""
    kind = draw(st.sampled_from(["none", "same", "same", "own", "own", "partly rejected", "all rejected"]))
    if kind == "none":
        return []
    weekdays = draw(st.one_of(st.just(range(7)), st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True)))
    same = draw(shifts())
    rows = [
        hours_row(store_id, str(weekday), start, end)
        for weekday in weekdays
        for start, end in (draw(shifts()) if kind == "own" else same)
    ]
    bad_row = st.one_of(
        st.builds(hours_row, st.just(store_id), st.sampled_from(BAD_WEEKDAYS), st.just("09:00"), st.just("17:00")),
        st.builds(hours_row, st.just(store_id), st.just("3"), st.sampled_from([*BAD_TIMES, "24:00"]), st.just("17:00")),
        st.builds(hours_row, st.just(store_id), st.just("3"), st.just("09:00"), st.sampled_from(BAD_TIMES)),
        st.just(hours_row(store_id, "7", "25:00", None)),
    )
    if kind in ("partly rejected", "all rejected"):
        bad = draw(st.lists(bad_row, min_size=1, max_size=3))
        return bad if kind == "all rejected" else rows + bad
    return rows


@st.composite
def zones_of_store(draw: st.DrawFn, store_id: str) -> list[RawRow]:
    """Mostly one; or none, an empty one, an unknown one, several."""
    known = st.sampled_from([*ODD_ZONES, *ODD_ZONES, "UTC", "US/Central", " Asia/Kolkata\n"])
    other = st.sampled_from([*UNKNOWN_ZONES, *EMPTY_ZONES])
    kind = draw(st.sampled_from(["one", "one", "one", "several", "none known"]))
    if kind == "one":
        names = [draw(known)]
    else:
        names = draw(st.lists(st.one_of(known, other) if kind == "several" else other, max_size=3))
    return [{"store_id": store_id, "timezone_str": name} for name in names]


def seen_by(rows: Iterable[RawRow], zones: Iterable[RawRow]) -> tuple[list[Hours], str]:
    """About the hours and zone that a store has; only for the choice of instants."""
    names = [name for row in zones if (name := (row["timezone_str"] or "").strip()) in known_zones()]
    return [hours_of(row) for row in rows if trouble_with_hours(row) is None], min(names, default=DEFAULT_ZONE)


def poll_row(store_id: str | None, at: str | None, status: str | None) -> RawRow:
    return {"store_id": store_id, "timestamp_utc": at, "status": status}


@st.composite
def polls_of_store(draw: st.DrawFn, store_id: str, instants: Sequence[int]) -> list[RawRow]:
    """At the edges or anywhere, written in any of the allowed forms; some rows are bad, repeated or contradicted."""
    rows: list[RawRow] = []
    first, last = min(instants), max(instants)
    for _ in range(draw(st.integers(0, HORIZON_POLLS))):
        anywhere = st.integers(first - HOUR, last + HOUR)
        at = draw(st.one_of(st.sampled_from(instants), st.sampled_from(instants), anywhere)) + draw(NUDGES)
        offset, ending = draw(st.sampled_from(ENDINGS))
        text = stamp(at, offset, ending, draw(st.sampled_from(" T")), draw(st.sampled_from(["", "", "", "999"])))
        text = draw(st.sampled_from(["{}", "{}", "{}", " {}", "{}\t"])).format(text)
        rows.append(poll_row(store_id, text, draw(STATUSES)))
    for row in draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []:
        rows.append({**row, "status": draw(st.sampled_from([row["status"], "active", "inactive"]))})
    if draw(st.integers(0, 4)) == 4 and rows:
        spoiled = draw(st.sampled_from(rows))
        rows += [
            {**spoiled, "timestamp_utc": draw(st.sampled_from(BAD_STAMPS + FAR_STAMPS))},
            {**spoiled, "status": draw(st.sampled_from(BAD_STATUSES))},
            {**spoiled, "store_id": draw(st.sampled_from(BAD_IDS))},
            {**spoiled, "store_id": None, "timestamp_utc": draw(st.sampled_from(BAD_STAMPS + FAR_STAMPS))},
            {**spoiled, "status": "up", "timestamp_utc": draw(st.sampled_from(BAD_STAMPS + FAR_STAMPS))},
        ]
    return rows


# The whole ------------------------------------------------------------------------------------------------------------

LOOKBACKS = st.sampled_from(
    [timedelta(hours=24), timedelta(hours=24), timedelta(0), timedelta(hours=1), timedelta(days=3)]
)
GAPS = st.sampled_from(
    [None, None, timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=400)]
)
SHIFTED = [0, 1, -1, 30_000_000, HOUR, 5 * HOUR, DAY, 36 * HOUR, 100 * HOUR, WINDOWS["week"]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world with a few stores."""
    lookback, max_gap = draw(LOOKBACKS), draw(GAPS)
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True))
    hours = {store_id: draw(hours_of_store(store_id)) for store_id in ids}
    zones = {store_id: draw(zones_of_store(store_id)) for store_id in ids}
    stores = [seen_by(hours[store_id], zones[store_id]) for store_id in ids]

    anchor = draw(st.sampled_from(anchors()))
    base = draw(st.sampled_from([anchor, *edges(stores, anchor - DAY, anchor + DAY)]))
    now = base + draw(st.sampled_from([*SHIFTED, WINDOWS["week"] + micros(lookback)])) + draw(NUDGES)
    first = now - WINDOWS["week"] - micros(lookback)
    marks = [first, now, anchor, *(now - length for length in WINDOWS.values())]
    instants = [*marks, *edges(stores, first - DAY, now + HOUR)]

    polls = [row for store_id in ids for row in draw(polls_of_store(store_id, instants))]
    if draw(st.integers(0, 9)):
        polls.append(poll_row(ids[0], stamp(now, 0, " UTC", " ", ""), draw(STATUSES)))
    strays = draw(st.lists(st.sampled_from(BAD_IDS), max_size=1))
    return World(
        polls=draw(st.permutations(polls)),
        hours=[row for rows in hours.values() for row in rows] + [hours_row(i, "1", "09:00", "10:00") for i in strays],
        zones=[row for rows in zones.values() for row in rows]
        + [{"store_id": i, "timezone_str": "UTC"} for i in strays],
        now=draw(st.sampled_from([moment(now), moment(now), None])),
        lookback=lookback,
        max_gap=max_gap,
    )


LONG_OPENINGS = [("00:00", "07:30"), ("08:00", "15:00"), ("15:30", "16:00"), ("16:30", "23:30")]
HALF_HOUR = 30 * MINUTE
UTC_ZONE: list[RawRow] = [{"store_id": "s", "timezone_str": "UTC"}]


@st.composite
def sparse_worlds(draw: st.DrawFn) -> World:
    """One store with some openings each day, a few polls in the last two days, and a max_gap of hours."""
    shifts = draw(st.lists(st.sampled_from(LONG_OPENINGS), min_size=2, max_size=4, unique=True))
    hours = [hours_row("s", str(weekday), *shift) for weekday in range(7) for shift in shifts]
    now = micros(datetime(2025, 7, 3, tzinfo=UTC)) + draw(st.integers(0, 48)) * HALF_HOUR
    openings = business_intervals(*seen_by(hours, UTC_ZONE), now - 2 * DAY, now)
    instants = [at for open_us, close_us in openings for at in range(open_us, min(close_us, now) + 1, HALF_HOUR)]
    at = st.builds(int.__add__, st.sampled_from(instants), st.sampled_from([0, 0, 1, -1]))
    polls = draw(st.lists(st.tuples(at, st.sampled_from(["active", "inactive"])), min_size=4, max_size=12))
    return World(
        polls=[poll_row("s", stamp(at, 0, " UTC", " ", ""), status) for at, status in polls],
        hours=hours,
        zones=UTC_ZONE,
        now=moment(now),
        lookback=timedelta(hours=24),
        max_gap=timedelta(
            microseconds=draw(st.integers(1, 36)) * HALF_HOUR // 3 + draw(st.sampled_from([0, 0, 1, -1]))
        ),
    )


@st.composite
def shuffled(draw: st.DrawFn, world: World) -> World:
    """The same rows in another order."""
    polls, hours, zones = (draw(st.permutations(rows)) for rows in (world.polls, world.hours, world.zones))
    return replace(world, polls=polls, hours=hours, zones=zones)


# Every text at once ---------------------------------------------------------------------------------------------------


EVERY_TEXT_AT = datetime(2023, 1, 25, 18, 13, 22, 479220, UTC)


def every_text(now: datetime | None) -> World:
    """Each good and bad text of these lists once, in a store of its own beside a row that is good."""
    at, good = stamp(micros(EVERY_TEXT_AT), 0, " UTC", " ", ""), hours_row("", "2", "09:00", "17:00")
    ends = [{"end_time_local": text} for text in [*TIMES, "24:00", "24:00:00.0000009", *BAD_TIMES]]
    starts = [{"start_time_local": text} for text in [*TIMES, "24:00", *BAD_TIMES]]
    spoiled = [*starts, *ends, *({"day_of_week": text} for text in [" 2\t", *BAD_WEEKDAYS])]
    names = [*UNKNOWN_ZONES, *EMPTY_ZONES]
    hours = {f"hours {number}": {**good, **changed} for number, changed in enumerate(spoiled)}
    zones = {f"zone {number}": [name] for number, name in enumerate([*names, *ODD_ZONES])}
    zones |= {f"two zones {number}": [name, "Europe/Dublin", "Asia/Kolkata"] for number, name in enumerate(names)}
    stamps = [
        *BAD_STAMPS,
        *OTHER_STAMPS,
        *FAR_STAMPS,
        *(stamp(micros(EVERY_TEXT_AT), *ending, " ", "") for ending in ENDINGS),
    ]
    polls = [poll_row(store_id, at, "active") for store_id in [*hours, *zones, *IDS, *BAD_IDS]]
    polls += [poll_row(f"stamp {number}", text, "inactive") for number, text in enumerate(stamps)]
    polls += [poll_row("status", at, text) for text in [*BAD_STATUSES, " Active ", "INACTIVE\r"]]
    return World(
        polls=polls,
        hours=[{**row, "store_id": store_id} for store_id, row in hours.items()]
        + [{**good, "store_id": store_id} for store_id in BAD_IDS],
        zones=[{"store_id": store_id, "timezone_str": name} for store_id in zones for name in zones[store_id]]
        + [{"store_id": store_id, "timezone_str": "UTC"} for store_id in BAD_IDS],
        now=now,
        lookback=timedelta(hours=24),
        max_gap=None,
    )
