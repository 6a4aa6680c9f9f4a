"""Exact microseconds in, the written figures out: docs/semantics.md, "Output".

exact_figures    microseconds, one row per store, null where nothing is known
extended         minutes, hours and percent with two decimals, each rounded once, half to even
figure_of        one of these, from microseconds
uptime_share     the percent of one store in whole hundredths
uptime_percent   the same as it is written
fleet_percent    the percent of all stores together
fleet_uptime     the same of the stores of a group, as an expression
fleet_coverage   what is known of their business time
"""

from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.options import WINDOWS
from store_uptime.pipeline.plan.plan import STORE_COLUMNS

FIGURE = pl.Decimal(10, 2)
SUM = pl.Decimal(18, 2)
"""A month of 200 000 stores has more hours than `FIGURE` holds."""
POLLED = ("last_poll_us", "last_active", "has_evidence", "down_now", "down_since_us")
COUNTED = (("uptime", "_us"), ("downtime", "_us"), ("business", "_us"), ("polls", ""))
"""What the stage counts in a window, with the unit in its name."""
UNIT_US = {"hour": HOUR_US // 60, "day": HOUR_US, "week": HOUR_US}
UNIT_NAME = {"hour": "minutes", "day": "hours", "week": "hours"}
PLAIN = ("store_id", *(f"{kind}_last_{window}" for kind in ("uptime", "downtime") for window in WINDOWS))
EXTENDED = (
    *PLAIN,
    *(f"{kind}_last_{window}" for kind in ("unknown", "business", "polls") for window in WINDOWS),
    "last_poll_utc",
    "last_status",
    "timezone",
    "always_open",
    *(f"uptime_percent_last_{window}" for window in WINDOWS),
)
HEADINGS = {
    f"{kind}_last_{window}": f"{kind}_last_{window}({unit})"
    for kind in ("uptime", "downtime", "unknown", "business")
    for window, unit in UNIT_NAME.items()
}


def exact_figures(stores: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    """One row per store, in byte order of store_id, with {uptime,downtime,unknown,business}_last_{hour,day,week}_us.

    Also polls_last_…, last_poll_us, last_active, has_evidence, down_now, down_since_us (when the down time began in
    which it is or closed; null: in none, or there are no lanes), and the plan's columns. uptime and downtime
    are null where a window has business time and none of it is known; with unknown hours all columns but those of the
    polls are null, and down_now is false.
    stores: see `ranked_stores`, with the columns of `Figures.stores`. windows: of `last_week`, see `Figures.windows`.
    """
    rows = stores.lazy()
    # Left joins: every store has a row, also without business time in a window.
    for number, window in enumerate(WINDOWS):
        rows = rows.join(windows_of(windows, number, window), on="code", how="left")
    down = windows.lazy().filter(pl.col("downtime_us") > 0, window_id=len(WINDOWS)).select("code", down_now=True)
    return (
        rows.join(down, on="code", how="left")
        .with_columns(pl.col("down_now").fill_null(False), pl.col("^.*_last_.*$").fill_null(0))
        .with_columns(expr for window in WINDOWS for expr in known_figures(window))
        .sort("store")
        .select(
            *STORE_COLUMNS[1:],
            *POLLED,
            *(f"{kind}_last_{window}{unit}" for window in WINDOWS for kind, unit in COUNTED),
            *(f"unknown_last_{window}_us" for window in WINDOWS),
        )
        .collect()
    )


def windows_of(windows: pl.DataFrame, number: int, name: str) -> pl.LazyFrame:
    """code, {business,uptime,downtime}_last_NAME_us, polls_last_NAME of one window."""
    named = {f"{kind}{unit}": f"{kind}_last_{name}{unit}" for kind, unit in COUNTED}
    return windows.lazy().filter(window_id=number).drop("window_id").rename(named)


def known_figures(window: str) -> Iterator[pl.Expr]:
    """The figures of a window, null where nothing is known."""
    up, down, business = (pl.col(f"{kind}_last_{window}_us") for kind in ("uptime", "downtime", "business"))
    hours_known = ~pl.col("hours_unknown")
    is_known = hours_known & ((business == 0) | (up + down > 0))
    yield pl.when(is_known).then(up).alias(f"uptime_last_{window}_us")
    yield pl.when(is_known).then(down).alias(f"downtime_last_{window}_us")
    yield pl.when(hours_known).then(business - up - down).alias(f"unknown_last_{window}_us")
    yield pl.when(hours_known).then(business).alias(f"business_last_{window}_us")


def extended(exact: pl.DataFrame) -> pl.DataFrame:
    """The columns of the extended report; the plain report is the first seven of them."""
    return exact.with_columns(
        *(
            figure_of(pl.col(f"{kind}_last_{window}_us"), unit).alias(f"{kind}_last_{window}")
            for kind in ("uptime", "downtime", "unknown", "business")
            for window, unit in UNIT_US.items()
        ),
        **percents(),
        last_poll_utc=pl.from_epoch("last_poll_us", "us").dt.replace_time_zone("UTC"),
        last_status=pl.when("last_active").then(pl.lit("active")).otherwise(pl.lit("inactive")),
        timezone=pl.col("zone"),
    ).select(EXTENDED)


def uptime_percents(exact: pl.DataFrame) -> pl.DataFrame:
    """The same columns uptime_percent_last_{hour,day,week} alone, in a fifth of the time."""
    return exact.select(**percents())


def percents() -> dict[str, pl.Expr]:
    return {
        f"uptime_percent_last_{window}": uptime_percent(
            pl.col(f"uptime_last_{window}_us"), pl.col(f"downtime_last_{window}_us")
        )
        for window in WINDOWS
    }


def figure_of(us: pl.Expr, unit_us: int, kind: pl.Decimal = FIGURE) -> pl.Expr:
    """Microseconds in a unit, to two decimals."""
    # From exact microseconds in one step: a figure that is rounded twice may be off by a hundredth.
    return hundredths(half_even(us, unit_us // 100), kind)


def uptime_share(up: pl.Expr, down: pl.Expr) -> pl.Expr:
    """Uptime's share of the known time in whole hundredths of a percent; null where nothing is known."""
    known = up + down
    # Cut to 0.01 and 99.99: one minute of downtime in a week must not read as 100.00.
    share = half_even(up * 10_000, known).clip(
        pl.when(up > 0).then(1).otherwise(0), pl.when(down > 0).then(9_999).otherwise(10_000)
    )
    return pl.when(known > 0).then(share)


def uptime_percent(up: pl.Expr, down: pl.Expr) -> pl.Expr:
    """Uptime's share of the known time; 100.00 and 0.00 only where nothing at all is down or up."""
    return hundredths(uptime_share(up, down))


def fleet_percent(exact: pl.DataFrame, window: str) -> Decimal | None:
    """The share of uptime of all stores: the sum of uptime by the sum of known time. None: nothing is known."""
    return exact.select(fleet_uptime(window)).item()


def fleet_uptime(window: str) -> pl.Expr:
    """The share of uptime of all rows of `exact_figures`, or of a group of them; null: nothing is known."""
    return uptime_percent(summed("uptime", window), summed("downtime", window))


def fleet_coverage(window: str) -> pl.Expr:
    """The known share of their business time; 100.00 and 0.00 only where all or nothing is known."""
    return uptime_percent(summed("uptime", window) + summed("downtime", window), summed("unknown", window))


def summed(kind: str, window: str) -> pl.Expr:
    """A figure of all of them, in microseconds; those that are not known are left out."""
    # In 128 bits: `uptime_percent` multiplies by 10 000, and the weeks of thousands of stores are too large for 64.
    return pl.col(f"{kind}_last_{window}_us").cast(pl.Int128).sum()


def half_even(amount: pl.Expr, unit: pl.Expr | int) -> pl.Expr:
    """The whole number of units nearest to a non-negative amount; of two equally near ones the even one."""
    # In whole numbers: as a float a share may be equal to the tie that it lies beside.
    whole, twice_the_rest = amount // unit, 2 * (amount % unit)
    up = (twice_the_rest > unit) | ((twice_the_rest == unit) & (whole % 2 == 1))
    return whole + up.cast(pl.Int64)


def hundredths(whole: pl.Expr, kind: pl.Decimal = FIGURE) -> pl.Expr:
    """Whole hundredths as a number with two decimals."""
    return (whole.cast(SUM) / 100).cast(kind)
