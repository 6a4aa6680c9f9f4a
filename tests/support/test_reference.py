"""The reference itself, on cases worked out by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.reference import (
    DAY,
    HOUR,
    MINUTE,
    RawRow,
    Row,
    Window,
    instant,
    known_zones,
    local_to_utc,
    micros,
    reference_quality,
    reference_report,
    status_of,
    time_of_day,
    written,
    zone_of,
)
from tests.support.worlds import ODD_ZONES, changes

NOW = datetime(2023, 1, 23, tzinfo=UTC)


def poll(at: str, status: str, store_id: str = "a") -> RawRow:
    return {"store_id": store_id, "timestamp_utc": at, "status": status}


def opening(weekday: str, start: str, end: str, store_id: str = "a") -> RawRow:
    return {"store_id": store_id, "day_of_week": weekday, "start_time_local": start, "end_time_local": end}


def zone(name: str, store_id: str = "a") -> RawRow:
    return {"store_id": store_id, "timezone_str": name}


def only(rows: list[Row]) -> Row:
    (row,) = rows
    return row


WORKED_POLLS = [poll("2023-01-16 10:14:00 UTC", "active"), poll("2023-01-16 11:15:00 UTC", "inactive")]


def test_the_worked_example_is_up_until_the_second_poll_and_down_from_there() -> None:
    row = only(reference_report(WORKED_POLLS, [opening("0", "09:00", "12:00")], [zone("UTC")], now=NOW))
    assert row.windows["week"] == Window(2 * HOUR + 15 * MINUTE, 45 * MINUTE, 0, 3 * HOUR, 2)
    assert row.cells() == ["a", "0.00", "0.00", "2.25", "0.00", "0.00", "0.75"]


def test_the_example_of_max_gap_leaves_unknown_what_is_an_hour_from_both() -> None:
    polls = [poll("2023-01-16T10:00:00Z", "active"), poll("2023-01-16T14:00:00Z", "inactive")]
    hours, gap = [opening("0", "09:00", "17:00")], timedelta(hours=1)
    row = only(reference_report(polls, hours, [zone("UTC")], now=NOW, max_gap=gap))
    assert row.windows["week"] == Window(2 * HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 2)


def test_a_store_without_rows_is_open_around_the_clock_in_chicago() -> None:
    row = only(reference_report([poll("2023-01-20 00:00:00", "inactive")], [], [], now=NOW))
    assert (row.timezone, row.always_open, row.last_status) == ("America/Chicago", True, "inactive")
    assert row.windows["day"] == Window(0, DAY, 0, DAY, 0)


def test_closing_a_minute_before_midnight_and_opening_at_midnight_is_open_all_night() -> None:
    hours = [opening(str(weekday), "00:00", "23:59") for weekday in range(7)]
    row = only(reference_report([poll("2023-01-20 00:00:00", "active")], hours, [zone("UTC")], now=NOW))
    assert row.windows["week"] == Window(7 * DAY, 0, 0, 7 * DAY, 1)


def test_the_newest_poll_that_is_not_ahead_of_the_clock_is_now() -> None:
    polls = [*WORKED_POLLS, poll("2923-01-16 10:00:00", "active")]
    clock = datetime(2023, 1, 16, 12, tzinfo=UTC)
    row = only(reference_report(polls, [], [], clock=clock))
    assert row.last_poll_us == instant("2023-01-16 11:15:00")
    assert reference_quality(polls, [], [], clock=clock).tables["polls"].rejected == {"ahead of the clock": 1}


def test_repeats_and_contradictions_are_counted() -> None:
    polls = [*WORKED_POLLS, *WORKED_POLLS, poll("2023-01-16 10:14:00Z", "inactive")]
    quality = reference_quality(polls, [], [], now=NOW)
    assert (quality.duplicates, quality.contradictory) == (2, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01 00:00:01 UTC", 1_000_000),
        ("1970-01-01T00:00:00.0000019Z", 1),
        ("1970-01-01 00:00:00+01", -HOUR),
        ("1970-01-01 00:00:00 -0130", HOUR + 30 * MINUTE),
        ("1969-12-31 23:59:59.999999", -1),
        ("2023-02-29 00:00:00", None),
        ("1970-01-01 00:00:00 ", 0),
        ("\t1970-01-01T00:01", MINUTE),
        ("1970-01-01 00:01+01:00", MINUTE - HOUR),
        ("1970-01-01 00:01:", None),
        ("1970-01-01 00:00:60", None),
        ("1970-01-01", None),
        ("infinity", None),
        ("now", None),
    ],
)
def test_only_these_forms_are_timestamps(text: str, expected: int | None) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00", 9 * HOUR),
        ("24:00", DAY),
        ("24:00:00.0000009", DAY),
        ("24:00:00.000001", None),
        ("00:00:00.0000019", 1),
        ("9:00", 9 * HOUR),
        (" 9:00:01\t", 9 * HOUR + 1_000_000),
        ("9:0", None),
        ("009:00", None),
        ("9:00 PM", None),
        ("00:60", None),
    ],
)
def test_only_these_forms_are_times(text: str, expected: int | None) -> None:
    assert time_of_day(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" Active\t", "active"), ("INACTIVE", "inactive"), ("\u0130nactive", None), ("\u00a0active", None), ("", None)],
)
def test_a_status_is_trimmed_and_read_without_regard_to_case(text: str, expected: str | None) -> None:
    assert status_of(text) == expected


@pytest.mark.parametrize(
    ("minutes_and_microseconds", "expected"),
    [((60, 0), "60.00"), ((0, 300_000), "0.00"), ((0, 300_001), "0.01"), ((0, 900_000), "0.02"), ((0, 0), "0.00")],
)
def test_figures_are_rounded_half_even(minutes_and_microseconds: tuple[int, int], expected: str) -> None:
    minutes, microseconds = minutes_and_microseconds
    assert written(minutes * MINUTE + microseconds, MINUTE) == expected


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [(1, 10**9, "0.01"), (10**9, 1, "99.99"), (10**9, 0, "100.00"), (0, 5, "0.00"), (0, 0, ""), (1, 2, "33.33")],
)
def test_a_percentage_is_whole_only_where_nothing_was_lost(up: int, down: int, expected: str) -> None:
    assert Window(up, down, 0, up + down, 0).percent == expected


def test_aliases_are_known_and_placeholders_are_not() -> None:
    assert {"US/Central", "Asia/Calcutta", "UTC"} <= known_zones()
    assert not {"Factory", "localtime", "us/central", "CDT"} & known_zones()


def utc_to_local(at: int, name: str) -> int:
    """Wall-clock microseconds since 1970, in the direction that is never in doubt."""
    offset = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone_of(name)).utcoffset()
    assert offset is not None
    return at + micros(offset)


def by_definition(wall: int, name: str, change: int) -> int:
    """RFC 5545: the first instant with this wall-clock time, else the one by the offset before the gap at `change`."""
    offsets = {utc_to_local(at, name) - at for at in (change - 1, change)}
    instants = [wall - offset for offset in offsets if utc_to_local(wall - offset, name) == wall]
    return min(instants, default=wall - (utc_to_local(change - 1, name) - (change - 1)))


@pytest.mark.parametrize("name", [*ODD_ZONES, "Europe/London", "Africa/El_Aaiun"])
def test_wall_clock_times_around_each_change_follow_rfc_5545(name: str) -> None:
    for change in changes(name):
        for minutes in range(-200, 200, 5):
            wall = utc_to_local(change, name) + minutes * MINUTE
            day, time = date(1970, 1, 1) + timedelta(days=wall // DAY), wall % DAY
            assert local_to_utc(day, time, name) == by_definition(wall, name, change)
