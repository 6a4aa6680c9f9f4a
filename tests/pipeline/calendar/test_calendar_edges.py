"""Times at the edges of what can be counted, and what is said beyond them."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from store_uptime.pipeline import Frames, Options, build_report
from store_uptime.pipeline.calendar.intervals import business_intervals
from store_uptime.pipeline.durations import DAY_US, HOUR_US
from store_uptime.pipeline.errors import HorizonOutOfRange
from store_uptime.pipeline.options import Horizon

NO_HOURS = pl.DataFrame(
    schema=dict.fromkeys(("store_id", "day_of_week", "start_time_local", "end_time_local"), pl.String)
)
NO_ZONES = pl.DataFrame(schema=dict.fromkeys(("store_id", "timezone_str"), pl.String))


@pytest.mark.parametrize("now", [datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 9, tzinfo=UTC)])
def test_small_numbers_of_microseconds_are_computed_like_large_ones(now: datetime) -> None:
    polls = pl.DataFrame({"store_id": ["a"], "timestamp_utc": [f"{now:%Y-%m-%d %H:%M:%S}"], "status": ["active"]})
    report = build_report(Frames(polls, NO_HOURS, NO_ZONES), Options(now=now))
    assert report.exact["uptime_last_week_us"].to_list() == [7 * 24 * 3600 * 1_000_000]


@pytest.mark.parametrize(
    "options",
    [Options(lookback=timedelta(days=800_000)), Options(now=datetime(9999, 12, 31, 23, tzinfo=UTC))],
    ids=["lookback", "now"],
)
def test_a_horizon_outside_the_calendar_is_refused_in_a_sentence(options: Options) -> None:
    polls = pl.DataFrame({"store_id": ["a"], "timestamp_utc": ["2024-01-01 00:00:00"], "status": ["active"]})
    with pytest.raises(HorizonOutOfRange, match="years 1 to 9999"):
        build_report(Frames(polls, NO_HOURS, NO_ZONES), options)


def test_intervals_are_each_stores_own_in_order_and_in_the_horizon() -> None:
    """From Monday 12:00 to Wednesday 09:00: one that closes at the first is out, one that opens at the last is in."""
    monday, tuesday, wednesday = (day * DAY_US for day in (-3, -2, -1))  # the last ones of 1969
    stores = pl.DataFrame(
        {"store": [0, 1, 2], "zone": "UTC", "always_open": [False, True, False]}, schema_overrides={"store": pl.UInt32}
    )
    hours = pl.DataFrame(
        [(2, 0, 10, 13), (0, 3, 9, 12), (0, 2, 9, 12), (0, 1, 9, 12), (0, 0, 9, 12)],
        schema={"store": pl.UInt32, "weekday": pl.Int8, "start_us": pl.Int64, "end_us": pl.Int64},
        orient="row",
    ).with_columns(pl.col("start_us", "end_us") * HOUR_US)
    horizon = Horizon(monday + 12 * HOUR_US, wednesday + 9 * HOUR_US)
    assert business_intervals(stores, hours, horizon).rows() == [
        (0, tuesday + 9 * HOUR_US, tuesday + 12 * HOUR_US),
        (0, wednesday + 9 * HOUR_US, wednesday + 12 * HOUR_US),
        (1, monday + 12 * HOUR_US, wednesday + 9 * HOUR_US + 1),
        (2, monday + 12 * HOUR_US, monday + 13 * HOUR_US),
    ]
