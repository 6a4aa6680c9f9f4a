"""Made-up worlds of reports by periods: a few stores around a clock change, and everything that is awkward about them.

A world is a `Case` without expected figures, so that one that fails can become one with them. Polls are drawn from the
edges of the world itself: openings, closings, the ends of its periods, now, and clock changes, each also nudged.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

from hypothesis import strategies as st

from tests.support.cases import Case
from tests.support.reference import (
    ALWAYS,
    DAY,
    HOUR,
    LENGTHS,
    MINUTE,
    Clock,
    RawRow,
    Store,
    business_intervals,
    gathered,
    micros,
)
from tests.support.reference_periods import Span, Tables, Wanted, instant_text, spans, unit
from tests.support.worlds import changes, moment

ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/New_York",
    "America/Santiago",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
]
"""Clock changes at midnight, before it, after it and by half an hour; none of them goes back by more than an hour."""
SKIPPED_DATE = micros(datetime(2011, 12, 30, 10, tzinfo=UTC))  # Apia moves over the date line
NUDGES = st.sampled_from([0, 0, 0, 0, 1, -1, 30 * MINUTE, -30 * MINUTE, 18_000_000, -MINUTE])
SHIFTS = [
    [("00:00", "24:00")],
    [("09:00", "12:00"), ("13:00", "17:00")],
    [("22:00", "03:00")],
    [("09:00", "12:00"), ("12:01", "17:00")],
    [("00:00", "23:59")],
    [("18:00", "02:00"), ("09:00", "11:00")],
    [("00:30", "01:30"), ("02:15", "04:00")],
    [("23:00", "00:30")],
]
GAPS = [None, None, "1h", "2h", "90m", "30h", "12h"]
CITIES = ["Berlin", "Bonn", ""]
REASONS = ["timeout", " closed by staff", ""]


@cache
def anchors() -> list[int]:
    """All clock changes, the date that was left out, and an ordinary day."""
    every = {change for zone in ZONES for change in changes(zone)}
    return [micros(datetime(2024, 2, 7, tzinfo=UTC)), SKIPPED_DATE, *sorted(every)]


def anchored(zone: str) -> list[int]:
    """The instants around which a world of a zone is interesting."""
    own = changes(zone)
    return [*own, SKIPPED_DATE] if zone == "Pacific/Apia" else (own or anchors())


def day_of(at: int) -> date:
    return moment(at).date()


@st.composite
def dates(draw: st.DrawFn, around: date) -> tuple[str, str]:
    """valid_from and valid_to, about a date; mostly open."""
    first, until = (around + timedelta(days=draw(st.integers(*span))) for span in ((-3, 1), (2, 4)))
    return draw(
        st.sampled_from(
            [
                ("", ""),
                ("", ""),
                (first.isoformat(), ""),
                ("", first.isoformat()),
                (first.isoformat(), until.isoformat()),
            ]
        )
    )


@st.composite
def hours_of_store(draw: st.DrawFn, store_id: str, around: date) -> list[RawRow]:
    """None, the same shifts always, others from a date on, or none that can be read."""
    kind = draw(st.sampled_from(["none", "always", "always", "dated", "dated", "rejected"]))
    if kind == "none":
        return []
    names = ("store_id", "day_of_week", "start_time_local", "end_time_local", "valid_from", "valid_to")
    if kind == "rejected":
        return [dict(zip(names, (store_id, "0", "09:00", "25:00", "", ""), strict=True))]
    weekdays = draw(st.sampled_from(["0123456", "0123456", "0123456", "56", "0"]))
    if kind == "always":
        drawn = [(shifts, ("", "")) for shifts in draw(st.lists(st.sampled_from(SHIFTS), min_size=1, max_size=2))]
    else:
        drawn = [(draw(st.sampled_from(SHIFTS)), draw(dates(around))) for _ in range(draw(st.integers(1, 3)))]
    return [
        dict(zip(names, (store_id, weekday, *shift, *valid), strict=True))
        for shifts, valid in drawn
        for shift in shifts
        for weekday in weekdays
    ]


@st.composite
def zones_of_store(draw: st.DrawFn, store_id: str, zone: str, around: date) -> list[RawRow]:
    """Its zone; another one until a date, or beside it; an unknown one; or none for some dates."""
    other = draw(st.sampled_from([*ZONES, "Mars/Olympus"]))
    since = (around + timedelta(days=draw(st.integers(-2, 2)))).isoformat()
    kind = draw(st.sampled_from(["one", "one", "one", "moved", "moved", "several", "late"]))
    rows = {
        "one": [(zone, "", "")],
        "moved": [(other, "", since), (zone, since, "")],
        "several": [(zone, "", ""), (other, "", "")],
        "late": [(zone, since, "")],
    }[kind]
    return [
        dict(zip(("store_id", "timezone_str", "valid_from", "valid_to"), (store_id, *row), strict=True)) for row in rows
    ]


@st.composite
def periods(draw: st.DrawFn, anchor: int, zone: str) -> dict[str, str]:
    """What is asked for, about an instant, as options of a case."""
    day = day_of(anchor) + timedelta(days=draw(st.integers(-2, 1)))
    later = day + timedelta(days=draw(st.integers(1, 9)))
    first = anchor + draw(st.sampled_from([-30, -5, -1, 0])) * HOUR + draw(NUDGES)
    last = anchor + draw(st.sampled_from([1, 3, 30, 50])) * HOUR + draw(NUDGES)
    week = unit("week", day)[2]
    kind = draw(
        st.sampled_from(
            ["day", "days", "days", "week", "month", "instants", "instants", "mixed", "until now", "relative"]
        )
    )
    period = {
        "day": {"period": day.isoformat()},
        "days": {"period": f"{day.isoformat()}/{later.isoformat()}"},
        "week": {"period": week},
        "month": {"period": f"{day:%Y-%m}"},
        "instants": {"period": f"{instant_text(first)}/{instant_text(last)}"},
        "mixed": {"period": f"{day.isoformat()}/{instant_text(anchor + 60 * HOUR)}"},
        "until now": {"period": draw(st.sampled_from(["36h", "3d", "90m"]))},
        "relative": {"period": draw(st.sampled_from(["today", "yesterday", "this-week", "last-week"]))},
    }[kind]
    short = kind in ("day", "instants", "until now")
    by = draw(st.sampled_from([None, "day", "day", "week", "month", *(["hour", "hour"] if short else [])]))
    on = draw(st.sampled_from([None, None, None, None, zone, "Asia/Kolkata"]))
    return period | ({} if by is None else {"by": by}) | ({} if on is None else {"on": on})


def asked_of(options: dict[str, str], stores: Sequence[Store], now: int) -> list[list[Span]]:
    """The periods of each store."""
    name, on = options["period"], options.get("on")
    start, slash, end = name.partition("/")
    ends = (None, start, end) if slash else (name, None, None)
    clocks = [store.clock if on is None else Clock(((on, ALWAYS),)) for store in stores]
    wanted = Wanted(*ends, on, options.get("by"), moment(now))
    return [spans(wanted, clock, clocks, now) for clock in clocks]


def edges(stores: Sequence[Store], asked: list[list[Span]], now: int) -> list[int]:
    """The ends of some of the periods, openings and closings about them, and now."""
    found = {now}
    for store, periods_of_store in zip(stores, asked, strict=True):
        some = periods_of_store[:4] + periods_of_store[-2:]
        found |= {at for span in some for at in (span.start, span.end)}
        if some and store.hours:
            first, last = some[0].start, min(some[-1].end, some[0].start + 4 * DAY)
            found |= {at for interval in business_intervals(store.hours, store.clock, first, last) for at in interval}
    return sorted(found)


@st.composite
def nows(draw: st.DrawFn, anchor: int, options: dict[str, str], stores: Sequence[Store], gap: int) -> int:
    """Before, within and after the periods: where they end, and where they become final."""
    later = st.sampled_from([-40 * HOUR, 0, 1, -1, HOUR, 5 * HOUR, 30 * HOUR, 60 * HOUR, 12 * DAY, 40 * DAY])
    now = anchor + draw(later) + draw(NUDGES)
    ends = [span.end for span in asked_of(options, stores[:1], now)[0]]
    if ends and draw(st.booleans()):
        return draw(st.sampled_from(ends)) + draw(st.sampled_from([0, gap])) + draw(NUDGES)
    return now


@st.composite
def polls_of_store(draw: st.DrawFn, store_id: str, instants: Sequence[int], gap: int) -> list[RawRow]:
    rows: list[RawRow] = []
    away = st.sampled_from([0, 0, 0, gap, -gap, HOUR, -HOUR, 2 * HOUR])
    for _ in range(draw(st.integers(0, 12))):
        at = draw(st.sampled_from(instants)) + draw(away) + draw(NUDGES)
        status = draw(st.sampled_from(["active", "inactive"]))
        rows.append(
            {
                "store_id": store_id,
                "timestamp_utc": instant_text(at),
                "status": status,
                "reason": draw(st.sampled_from(REASONS)),
            }
        )
    return rows


@st.composite
def period_worlds(draw: st.DrawFn) -> Case:
    """A world with one store to three, and a report by periods on it."""
    zone = draw(st.sampled_from(ZONES))
    anchor = draw(st.sampled_from(anchored(zone)))
    ids = ["a", "b", "c"][: draw(st.integers(1, 3))]
    hours = [row for store_id in ids for row in draw(hours_of_store(store_id, day_of(anchor)))]
    zones = [
        row
        for number, store_id in enumerate(ids)
        for row in draw(zones_of_store(store_id, draw(st.sampled_from(ZONES)) if number else zone, day_of(anchor)))
    ]
    options = draw(periods(anchor, zone))
    gap_text = draw(st.sampled_from(GAPS))
    gap = DAY if gap_text is None else int(gap_text[:-1]) * LENGTHS[gap_text[-1]]
    stores = gathered([], hours, zones)

    now = draw(nows(anchor, options, stores, gap))
    instants = edges(stores, asked_of(options, stores, now), now)
    polls = [row for store_id in ids for row in draw(polls_of_store(store_id, instants, gap))]
    table: list[RawRow] | None = draw(st.sampled_from([None, []]))
    if table is not None:
        table = [
            {"store_id": store_id, "name": store_id.upper(), "city": draw(st.sampled_from(CITIES))} for store_id in ids
        ]
    groups = st.sampled_from([["city"], ["store_id"], ["city", "name"]])
    grouped = {} if table is None else {"group_by": draw(groups)}
    split = draw(st.sampled_from([False, False, True]))
    return Case(
        "a made-up world",
        "",
        "",
        Tables(draw(st.permutations(polls)), hours, zones, table),
        {"now": instant_text(now), **({} if gap_text is None else {"max_gap": gap_text}), **options, **grouped}
        | ({"split_at_closing": True} if split else {}),
        {},
    )


def as_case(case: Case) -> str:
    """The world as docs/cases has it."""
    tables = {
        "store_status": case.tables.polls,
        "menu_hours": case.tables.hours,
        "timezones": case.tables.zones,
        "stores": case.tables.stores or (),
    }
    plain = {
        name: [",".join(row) for row in rows[:1]] + [",".join(map(str, row.values())) for row in rows]
        for name, rows in tables.items()
    }
    return json.dumps(plain | {"options": case.options}, indent=1)
