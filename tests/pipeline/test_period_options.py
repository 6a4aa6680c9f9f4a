"""Which periods can be asked for, and what is said of those that cannot."""

from datetime import date, datetime

import polars as pl
import pytest

from store_uptime.pipeline import Frames, Options, Period, build_outages, build_periods
from store_uptime.pipeline.errors import BadPeriod, NoSuchZone, PeriodOutOfRange

POLLS = pl.DataFrame({"store_id": ["a"], "timestamp_utc": ["2024-03-10 12:00:00"], "status": ["active"]})
HOURS = pl.DataFrame(schema=dict.fromkeys(["store_id", "day_of_week", "start_time_local", "end_time_local"], pl.String))
ZONES = pl.DataFrame({"store_id": ["a"], "timezone_str": ["Europe/Berlin"]})
SOURCE = Frames(POLLS, HOURS, ZONES)


@pytest.mark.parametrize(
    "period",
    [
        Period("last-month", by="day"),
        Period("7d"),
        Period(start="2024-02-20", end="2024-03-20", on="Asia/Kolkata"),
        Period(start="2024-02-20T12:00+01:00"),
        Period("2024-02-20/2024-03-20", by="week"),
    ],
)
def test_a_period_is_read_again_as_it_was(period: Period) -> None:
    assert Period.from_dict(period.to_dict()) == period
    assert Options.from_dict(Options(period=period).to_dict()).period == period


def test_dates_may_be_dates_and_instants_are_kept_in_utc() -> None:
    assert Period(start=date(2024, 2, 20)).start == "2024-02-20"
    assert Period(start=datetime.fromisoformat("2024-02-20T12:00+01:00")).start == "2024-02-20T11:00:00Z"


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"name": "lastmonth"}, "lastmonth"),
        ({"name": "2024-13"}, "2024-13"),
        ({"name": "2023-W53"}, "2023-W53"),
        ({}, "give a name"),
        ({"name": "yesterday", "start": "2024-03-10"}, "not both"),
        ({"start": "2024-03-10T12:00"}, "offset"),
        ({"start": "2024-03-10", "end": "2024-03-10"}, "not after the start"),
        ({"start": "2024-03-10T12:00Z", "end": "2024-03-10T11:00Z"}, "not after the start"),
        ({"name": "yesterday", "by": "minute"}, "minute"),
        ({"name": "0h"}, "0h"),
    ],
)
def test_what_is_no_period_is_refused(given: dict[str, str], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        Period(**given)


@pytest.mark.parametrize(
    ("period", "error"),
    [
        (Period("0001-01-01"), PeriodOutOfRange),
        (Period("1900-01-01/2100-01-01", by="hour"), BadPeriod),
        (Period("yesterday", on="Europe/berlin"), NoSuchZone),
        (Period(start="2024-03-20"), BadPeriod),  # until now, which is before
    ],
)
def test_a_period_that_no_report_can_have_is_an_error(period: Period, error: type[Exception]) -> None:
    with pytest.raises(error):
        build_periods(SOURCE, period)


def test_max_gap_too_may_lead_out_of_the_calendar() -> None:
    with pytest.raises(PeriodOutOfRange, match="max_gap"):
        build_periods(SOURCE, "2024-03-09", Options(max_gap="999999d"))


def test_outages_come_by_start_whatever_the_ids_or_the_longest_first() -> None:
    rows = [
        ("a", "2024-03-10 12:00:00", "inactive"),
        ("a", "2024-03-10 13:00:00", "active"),
        ("b", "2024-03-10 09:00:00", "inactive"),
        ("b", "2024-03-10 09:30:00", "active"),
        ("c", "2024-03-10 10:00:00", "inactive"),
        ("c", "2024-03-10 14:00:00", "active"),
    ]
    up = [(store, "2024-03-10 08:00:00", "active") for store in "abc"]
    polls = pl.DataFrame([*up, *rows], schema=["store_id", "timestamp_utc", "status"], orient="row")
    source = Frames(polls, HOURS, ZONES)
    by_start, longest = (build_outages(source, "1d", longest_first=first) for first in (False, True))
    assert by_start["store_id"].to_list() == ["b", "c", "a"]
    assert longest["store_id"].to_list() == ["c", "a", "b"]
