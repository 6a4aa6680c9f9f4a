"""An open source and options in; the periods of a run, and the horizon that their figures follow from, out.

find_periods     what is decided before anything is read: docs/semantics.md, "Periods"
likely_periods   about the same, before the source is opened
period_windows   the periods of each clock, as windows
week_cells       the hours of the week of each clock, as windows
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from store_uptime.pipeline.calendar.clocks import Clock, days_of
from store_uptime.pipeline.calendar.offsets import DEFAULT_ZONE
from store_uptime.pipeline.calendar.periods import Whole, all_us, hour_cells, period_parts, whole_period
from store_uptime.pipeline.calendar.tzdata import known_zones
from store_uptime.pipeline.clean.ids import with_text_id
from store_uptime.pipeline.clean.rules import judged_zones
from store_uptime.pipeline.clean.split import clean_zones
from store_uptime.pipeline.durations import DAY_US, HOUR_US, WEEK_US, microseconds
from store_uptime.pipeline.errors import BadPeriod, NoSuchZone, PeriodOutOfRange
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.periods import RELATIVE, By, Period
from store_uptime.pipeline.plan.horizon import CALENDAR_END_US, CALENDAR_START_US, Now, find_now
from store_uptime.pipeline.plan.windows import Windows
from store_uptime.pipeline.plan.zones import zone_pieces, zones_at

if TYPE_CHECKING:
    from store_uptime.pipeline.source.protocol import Source

Found = TypeVar("Found")
DEFAULT_CLOCK = Clock(((None, DEFAULT_ZONE),))
EDGES_OF_EARTH = (Clock(((None, "Pacific/Kiritimati"),)), Clock(((None, "Etc/GMT+12"),)))
"""Where dates begin first, and last."""
LENGTH_US: dict[By, int] = {"hour": HOUR_US, "day": DAY_US, "week": WEEK_US, "month": 28 * DAY_US}
MOST_PERIODS = 100_000
"""Of a store: the hours of eleven years."""


@dataclass(frozen=True)
class PeriodRun:
    """The periods of a run. horizon: from max_gap before the first one to max_gap after the last one, or to now."""

    period: Period
    whole: Whole
    now_us: int
    horizon: Horizon


def find_periods(source: "Source", options: Options, period: Period) -> PeriodRun:
    """The periods of a run, on whatever clocks its stores have. Raises NoPolls where there is no now, NoSuchZone,
    BadPeriod, PeriodOutOfRange."""
    now, max_gap_us = find_now(source, options), microseconds(options.far or timedelta(0))
    if period.on is not None:
        clocks = [given_clock(period.on)]
        return run_of(period, whole_of(period, now.us, clocks), clocks, now, max_gap_us)
    if period.name not in RELATIVE:
        # The same dates or instants on any clock: from the first to the last of all zones that occur.
        every = [*zones_that_occur(source), DEFAULT_CLOCK]
        return run_of(period, whole_of(period, now.us, every), every, now, max_gap_us)
    zoned, codes = zoned_stores(source, now.us)
    known = [Clock.of_text(text) for text in zoned["clock"].unique().sort()]
    every = [*known, DEFAULT_CLOCK]
    runs = [
        run_of(period, whole_of(period, now.us, clocks), every, now, max_gap_us) for clocks in (known or every, every)
    ]
    # Whether the clock of stores without a zone counts matters for a few hours a day, to names such as `yesterday`.
    if runs[0].whole == runs[1].whole:
        return runs[0]
    ids = zoned.join(codes.table, on="code")["store_id"]
    return runs[has_store_without_zone(source, ids, [run.horizon for run in runs])]


def likely_periods(options: Options, period: Period, now: Now) -> PeriodRun:
    """The same where the clocks of the stores are not known, from the first one on Earth to the last one.

    Raises BadPeriod, PeriodOutOfRange.
    """
    whole = whole_of(period, now.us, EDGES_OF_EARTH)
    return run_of(period, whole, EDGES_OF_EARTH, now, microseconds(options.far or timedelta(0)))


def given_clock(zone: str) -> Clock:
    if zone not in known_zones():
        raise NoSuchZone(zone)
    return Clock(((None, zone),))


def whole_of(period: Period, now_us: int, clocks: Sequence[Clock]) -> Whole:
    try:
        return whole_period(period, now_us, clocks)
    except ValueError as error:
        raise BadPeriod(str(error)) from None
    except OverflowError:
        raise PeriodOutOfRange(str(period)) from None


def run_of(period: Period, whole: Whole, clocks: Sequence[Clock], now: Now, max_gap_us: int) -> PeriodRun:
    check_length(period, whole)
    try:
        start_us, end_us = all_us(whole, clocks)
    except (ValueError, OverflowError):  # a date beside the calendar
        raise PeriodOutOfRange(str(period)) from None
    first_us, last_us = start_us - max_gap_us, min(now.us, end_us + max_gap_us)
    if first_us < CALENDAR_START_US or last_us > CALENDAR_END_US:
        raise PeriodOutOfRange(str(period))
    # A period that has not begun at now has no time that counts.
    horizon = Horizon(
        min(first_us, last_us), last_us, now.ahead_us, now.clock_us, None if last_us == now.us else now.us
    )
    return PeriodRun(period, whole, now.us, horizon)


def check_length(period: Period, whole: Whole) -> None:
    """Raises BadPeriod where a period is cut into more parts than anybody can read."""
    first, last = (us if isinstance(us, int) else days_of(us) * DAY_US for us in (whole.start, whole.end))
    parts = (last - first) // LENGTH_US[period.by] if period.by else 1
    if parts > MOST_PERIODS:
        raise BadPeriod(
            f"{period} is {parts:,} periods for each store, and {MOST_PERIODS:,} are the most: choose a longer "
            "unit, or a shorter time"
        )


def zones_that_occur(source: "Source") -> list[Clock]:
    """A clock for each zone in the table of zones."""
    zones = pl.concat(judged_zones(frame).select("zone") for frame in source.zones(None)).unique().collect()
    return [Clock(((None, zone),)) for zone in sorted(known_zones().intersection(zones["zone"]))]


def zoned_stores(source: "Source", now_us: int) -> tuple[pl.DataFrame, StoreCodes]:
    """code, clock of the stores that have a zone, and their codes, which are not those of the run."""
    codes = StoreCodes()
    zones = clean_zones(source.zones(None), codes)
    return zones_at(zone_pieces(zones.accepted.lazy()), now_us).collect().select("code", "clock"), codes


def has_store_without_zone(source: "Source", zoned: pl.Series, horizons: Sequence[Horizon]) -> bool:
    """Whether hours, `stores`, or the polls of some horizons have a store that has no zone."""
    frames = [*source.hours(None), *source.stores_table()]
    ids = [with_text_id(frame, frame.collect_schema()).select("store_id") for frame in frames]
    hull = Horizon(min(one.start_us for one in horizons), max(one.now_us for one in horizons))
    polled = pl.LazyFrame({"store_id": source.stores(hull)}, schema={"store_id": pl.String})
    every = pl.concat([*ids, polled]).filter(pl.col("store_id").is_not_null())
    return not every.join(zoned.to_frame().lazy(), on="store_id", how="anti").head(1).collect().is_empty()


def period_windows(run: PeriodRun, clocks: Iterable[str]) -> tuple[Windows, pl.DataFrame]:
    """The periods as windows, and clock, number, period, start_us, end_us of each. clocks: those of the stores, as
    text; with a zone for all there is one, and clock is empty."""
    found = by_clock(run, clocks, lambda clock: period_parts(run.whole, run.period.by, clock))
    periods = pl.concat(parts.with_columns(clock=pl.lit(text)) for text, (parts, _) in found)
    stretches = pl.concat(some.with_columns(clock=pl.lit(text)) for text, (_, some) in found)
    return windows_of(run, stretches.rename({"number": "window_id"})), periods.select("clock", pl.exclude("clock"))


def week_cells(run: PeriodRun, clocks: Iterable[str]) -> Windows:
    """The hours of the week as windows: 24 * weekday + hour."""

    def cells(clock: Clock) -> pl.DataFrame:
        return hour_cells(*all_us(run.whole, [clock]), clock)

    found = by_clock(run, clocks, cells)
    window_id = (24 * pl.col("weekday").cast(pl.UInt32) + pl.col("hour").cast(pl.UInt32)).alias("window_id")
    stretches = pl.concat(hours.select(window_id, "from_us", "until_us", clock=pl.lit(text)) for text, hours in found)
    return windows_of(run, stretches)


def by_clock(run: PeriodRun, clocks: Iterable[str], found: Callable[[Clock], Found]) -> list[tuple[str, Found]]:
    if run.period.on is not None:
        return [("", found(given_clock(run.period.on)))]
    return [(text, found(Clock.of_text(text))) for text in sorted({*clocks} or {DEFAULT_CLOCK.text})]


def windows_of(run: PeriodRun, stretches: pl.DataFrame) -> Windows:
    if run.period.on is not None:
        return Windows(None, stretches.drop("clock"))
    return Windows.for_clocks(stretches)
