"""Reports by periods that are made by hand: two days of four stores in two zones."""

from dataclasses import replace
from typing import Any

import polars as pl

from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.instants import instant_us, parse_instant
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.periods import Period
from store_uptime.pipeline.plan.plan import FLAGS, Plan
from store_uptime.pipeline.report.periods.period_quality import period_lists
from store_uptime.pipeline.report.periods.period_report import CELL, FIGURES, OUTAGE, PeriodReport
from store_uptime.pipeline.report.quality import Quality

DAYS = ("2024-03-10", "2024-03-11")
NOW = "2024-03-11T12:00"
H = HOUR_US
STORES = pl.DataFrame(
    {
        "store": [0, 1, 2, 3],
        "store_id": ["=north", "harbour", "old town", "station"],
        "zone": ["UTC", "Europe/Berlin", "UTC", "UTC"],
        "scope": [0, 1, 0, 0],
        "hours_unknown": [False, False, False, True],
    },
    schema_overrides={"store": pl.UInt32, "scope": pl.UInt32},
)
ATTRIBUTES = pl.DataFrame(
    {
        "store_id": ["=north", "harbour", "old town", "not polled"],
        "name": ["=North", "Harbour Café", None, "Nobody's"],
        "city": ["Berlin", "Berlin", None, "Rome"],
        "zone": ["a", "b", "b", "c"],
    }
)
UNKNOWN = (None, None, None, None, 0, 0, None, None, None)
# business, up, down, excused, polls, outages, longest outage, least, most
ROWS: dict[tuple[int, int], tuple[int | None, ...]] = {
    (0, 0): (8 * H, 6 * H, 2 * H, 0, 16, 1, 2 * H, H, 3 * H),
    (0, 1): (8 * H, None, None, 0, 0, 0, 0, 0, 8 * H),
    (1, 0): (8 * H, 6 * H - 1, 2 * H + 1, 0, 15, 2, H, 0, 4 * H),
    (1, 1): (4 * H, 4 * H, 0, 0, 8, 0, 0, 0, 0),
    (2, 0): (24 * H, 24 * H - 1, 1, 0, 48, 1, 1, 0, H),
    (2, 1): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    (3, 0): UNKNOWN,
    (3, 1): UNKNOWN,
}


def us(text: str) -> int:
    """The microseconds of an instant."""
    return instant_us(parse_instant(text))


def period_rows(scope: int, ahead_hours: int) -> list[tuple[int, int, str, int, int]]:
    """The two days of a scope, on clocks that are so many hours ahead."""
    starts = [us(day) - ahead_hours * H for day in DAYS]
    return [(scope, number, DAYS[number], start, start + 24 * H) for number, start in enumerate(starts)]


PERIODS = pl.DataFrame(
    [*period_rows(0, 0), *period_rows(1, 1)],
    schema={"scope": pl.UInt32, "number": pl.UInt32, "period": pl.String, "start_us": pl.Int64, "end_us": pl.Int64},
    orient="row",
)
OUTAGES = pl.DataFrame(
    [
        (
            *(0, us("2024-03-10T10:00"), us("2024-03-10T12:00"), 2 * H, "active poll", "inactive poll", 2),
            *(us("2024-03-10T10:00"), us("2024-03-10T11:00"), H, 3 * H, 0, "+power"),
        ),
        (
            *(1, us("2024-03-10T09:00"), us("2024-03-10T09:30:00.5"), H // 2, "unknown", "opening", 1),
            *(us("2024-03-10T09:10"), us("2024-03-10T09:10"), 0, H, 0, None),
        ),
        (1, us("2024-03-10T10:00"), us("2024-03-11T09:00"), H, "cut", "cut", 0, None, None, 0, H, 0, None),
    ],
    schema=OUTAGE,
    orient="row",
)


def made(options: Options | None = None, **changes: Any) -> PeriodReport:
    """The report. changes: what is to be different of it."""
    asked = options or Options(period=Period("2024-03-10/2024-03-12", by="day"))
    horizon = Horizon(us("2024-03-09"), us(NOW))
    flags = {*FLAGS, "no_zone", "always_open"} - {"hours_unknown"}
    known = STORES.with_columns(pl.lit(False).alias(name) for name in flags)
    rows = pl.DataFrame(
        [(*key, *figures) for key, figures in ROWS.items()],
        schema={"store": pl.UInt32, "number": pl.UInt32, **FIGURES},
        orient="row",
    )
    plan = Plan(
        source="feed",
        options=asked,
        horizon=horizon,
        stores=known.drop("scope"),
        intervals=pl.DataFrame(
            {"store": [0], "open_us": [us("2024-03-10T08:00")], "close_us": [us("2024-03-10T16:00")]}
        ),
        not_observed=pl.Series("store_id", ["station"]),
        observed_ids={},
        tzdata="2026a",
    )
    quality = Quality({"polls": TableCounts(87)}, 0, 0, period_lists(plan, rows), ["It is odd."], ["source-remark"])
    report = PeriodReport(plan, us(NOW), STORES, PERIODS, rows, None, OUTAGES, ATTRIBUTES, quality, {}, ("Note it.",))
    return replace(report, **changes)


def profile(*groups: tuple[str, ...], columns: tuple[str, ...] = ()) -> pl.DataFrame:
    """A profile of groups, each with one cell: Sunday at 10, two hours and one of them down."""
    cell = (6, 10, 2 * H, H, 0, 1)
    return pl.DataFrame(
        [(*group, *cell) for group in groups], schema={**dict.fromkeys(columns, pl.String()), **CELL}, orient="row"
    )
