"""Times at the edges of what can be counted, and what is said beyond them."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from store_uptime.pipeline import Frames, Options, build_report
from store_uptime.pipeline.calendar.intervals import pattern_spans
from store_uptime.pipeline.durations import DAY_US, HOUR_US
from store_uptime.pipeline.errors import HorizonOutOfRange
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.plan.partitions import business_intervals
from store_uptime.pipeline.plan.plan import DeclaredStores
from tests.support.line import on_line

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


LONG = pl.lit(1_000_000, pl.Int32)  # before and after all dates


def test_intervals_are_each_stores_own_in_order_and_in_the_horizon() -> None:
    """From Monday 12:00 to Wednesday 09:00: one that closes at the first is out, one that opens at the last is in."""
    monday, tuesday, wednesday = (day * DAY_US for day in (-3, -2, -1))  # the last ones of 1969
    nine, noon, one = (hour * HOUR_US for hour in (9, 12, 13))
    horizon = Horizon(monday + noon, wednesday + nine)
    patterns = pl.DataFrame(
        [(0, 0, 10, 13), (1, 3, 9, 12), (2, 2, 9, 12), (3, 1, 9, 12), (4, 0, 9, 12)],
        schema={"pattern": pl.UInt32, "weekday": pl.Int8, "start_us": pl.Int64, "end_us": pl.Int64},
        orient="row",
    ).with_columns(pl.col("start_us", "end_us") * HOUR_US, zone=pl.lit("UTC"), from_day=-LONG, until_day=LONG)
    weekly = pl.DataFrame(
        {"code": [2, 0, 0, 0, 0], "pattern": [0, 1, 2, 3, 4]}, schema={"code": pl.UInt32, "pattern": pl.UInt32}
    )
    declared = DeclaredStores(pl.DataFrame(), weekly, pattern_spans(patterns, horizon), {})
    stores = pl.DataFrame(
        {"code": [0, 1, 2], "always_open": [False, True, False]}, schema_overrides={"code": pl.UInt32}
    )
    keys = PollKeys.over(horizon)
    expected = on_line(
        keys,
        (0, tuesday + nine, tuesday + noon),
        (0, wednesday + nine, wednesday + nine + 1),
        (1, monday + noon, wednesday + nine + 1),
        (2, monday + noon, monday + one),
    )
    assert business_intervals(stores, keys, declared, horizon).equals(expected)
