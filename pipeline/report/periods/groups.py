"""Rows of stores and attributes in, roll-ups out: docs/semantics.md, "Groups" and "Profile".

grouped_stores   the group of each store
rollup           microseconds of each group and period
rollup_blocks    the same in pieces
rollup_height    how many rows they have
written_rollup   hours and percents with two decimals
profile_cells    168 cells of each group
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from store_uptime.pipeline.durations import HOUR_US
from store_uptime.pipeline.report.choice import check_attribute, with_attributes
from store_uptime.pipeline.report.figures import SUM, figure_of, half_even, hundredths, uptime_percent, uptime_share
from store_uptime.pipeline.report.periods.period_rows import BOUNDS, LENGTHS, percents, summed_hours, unknown_time

NONE = "(none)"
"""The value of an attribute that a store does not have."""
COUNTS = ("stores", "stores_open", "stores_unknown")
ROLLUP = (
    *("period", *COUNTS, *LENGTHS, "uptime_percent", "coverage_percent", "outages", *BOUNDS),
    *("store_median_percent", "worst_store"),
)
EXACT_ROLLUP = (
    *("period", "start_us", "end_us", *COUNTS),
    *(f"{kind}_us" for kind in LENGTHS),
    "outages",
    *(f"{kind}_us" for kind in BOUNDS),
    *("store_median_percent", "worst_store"),
)
PROFILE = ("weekday", "hour", "business", "downtime", "unknown", "outages_begun", "down_percent")
CELLS = 168
KEY = ("group", "row")
ROWS_AT_ONCE = 500_000
SUMMED = tuple(f"{kind}_us" for kind in (*LENGTHS, *BOUNDS))


@dataclass(frozen=True)
class GroupedStores:
    """Groups in byte order of their values, and the group of each store.

    groups: group (uint32), and a column for each attribute. of_store: store, store_id, scope, group.
    """

    groups: pl.DataFrame
    of_store: pl.DataFrame

    @property
    def columns(self) -> list[str]:
        """The names of the columns of the attributes."""
        return self.groups.columns[1:]

    def between(self, first: int, end: int) -> "GroupedStores":
        """The groups from a first one up to, not including, another."""
        own = pl.col("group").is_between(first, end, closed="left")
        return GroupedStores(self.groups.filter(own), self.of_store.filter(own))


def grouped_stores(stores: pl.DataFrame, attributes: pl.DataFrame | None, by: Sequence[str]) -> GroupedStores:
    """The stores by attributes; without any, one group of all. Raises UnknownAttribute."""
    names = list(dict.fromkeys(by))
    for name in names:
        check_attribute(name, attributes)
    every = stores.select("store", "store_id", "scope")
    if not names:
        return GroupedStores(
            pl.DataFrame({"group": [0]}, schema={"group": pl.UInt32}),
            every.with_columns(group=pl.lit(0, pl.UInt32)),
        )
    found = with_attributes(stores.select("store_id"), attributes)
    values = {name: column_of(name) for name in names}
    valued = every.select("store").hstack(
        found.select(pl.col(name).cast(pl.String).fill_null(NONE).alias(column) for name, column in values.items())
    )
    groups = valued.select(values.values()).unique().sort(values.values()).with_row_index("group")
    of_store = valued.join(groups, on=list(values.values()), maintain_order="left")
    return GroupedStores(groups, every.hstack(of_store.select("group")))


def column_of(attribute: str) -> str:
    """The name of the column of an attribute, which may be called as a figure is, such as `outages`."""
    return f"{attribute} (attribute)" if attribute.removesuffix("(hours)") in RESERVED else attribute


def rollup(rows: pl.DataFrame, periods: pl.DataFrame, grouped: GroupedStores) -> pl.DataFrame:
    """A row for each group and period, groups in order of their values: attributes, then `EXACT_ROLLUP`."""
    return pl.concat(rollup_blocks(rows, periods, grouped)())


def rollup_blocks(
    rows: pl.DataFrame, periods: pl.DataFrame, grouped: GroupedStores
) -> Callable[[], Iterator[pl.DataFrame]]:
    """The same in pieces: of one store in each group there are as many rows as there are of stores."""
    listed = listed_periods(periods)
    groups = max(1, ROWS_AT_ONCE // max(1, listed.height))
    firsts = range(0, max(1, grouped.groups.height), groups)
    return lambda: (rollup_of(rows, periods, listed, grouped.between(first, first + groups)) for first in firsts)


def rollup_height(periods: pl.DataFrame, grouped: GroupedStores) -> int:
    """How many rows a roll-up has."""
    scopes = grouped.of_store.select("group", "scope").unique().lazy()
    named = periods.lazy().select("scope", "period")
    return scopes.join(named, on="scope").select("group", "period").unique().select(pl.len()).collect().item()


def rollup_of(rows: pl.DataFrame, periods: pl.DataFrame, listed: pl.DataFrame, grouped: GroupedStores) -> pl.DataFrame:
    """The rows of some groups. listed: see `listed_periods`."""
    numbered = periods.lazy().join(listed.lazy().select("period", "row"), on="period").select("scope", "number", "row")
    # Some rows at a time: seven sums in 128 bits of a month of 200 000 stores take more than a gigabyte at once.
    sums, shares = [summed(rows.clear(), numbered, grouped)], [shares_of(rows.clear(), numbered, grouped)]
    for piece in rows.iter_slices(ROWS_AT_ONCE):
        sums.append(summed(piece, numbered, grouped))
        shares.append(shares_of(piece, numbered, grouped))
    total = pl.concat(sums).group_by(KEY).agg(pl.col(*COUNTS, *SUMMED, "outages").sum(), pl.col("worst").min())
    # Shares are whole numbers, so that the mean of two of them is exact.
    median = hundredths(half_even((2 * pl.col("share").median()).cast(pl.Int64), 2))
    worst = (pl.col("worst") % 2**32).cast(pl.UInt32)
    return (
        total.lazy()
        .join(pl.concat(shares).group_by(KEY).agg(store_median_percent=median).lazy(), on=KEY, how="left")
        .with_columns(worst_store=worst)
        .join(grouped.of_store.lazy().select(worst_store="store", worst_id="store_id"), on="worst_store", how="left")
        .join(listed.lazy(), on="row")
        .join(grouped.groups.lazy(), on="group")
        .sort(KEY)
        .with_columns(worst_store=pl.col("worst_id"))
        .select(*grouped.columns, *EXACT_ROLLUP)
        .collect()
    )


def summed(rows: pl.DataFrame, numbered: pl.LazyFrame, grouped: GroupedStores) -> pl.DataFrame:
    """group, row, and the counts and sums of some rows; worst: the least `worst_key`."""
    up, down = pl.col("uptime_us"), pl.col("downtime_us")
    is_open = pl.col("business_us") > 0
    return (
        keyed(rows, numbered, grouped)
        .with_columns(unknown_time().alias("unknown_us"), share=uptime_share(up, down))
        .group_by(KEY)
        .agg(
            stores=pl.len(),
            stores_open=is_open.sum(),
            stores_unknown=(is_open & up.is_null()).sum(),
            # In 128 bits: a year of 300 000 stores has more microseconds than 64 hold.
            **{name: pl.col(name).cast(pl.Int128).sum() for name in SUMMED},
            outages=pl.col("outages").cast(pl.Int64).sum(),
            worst=worst_key().min(),
        )
        .collect()
    )


def shares_of(rows: pl.DataFrame, numbered: pl.LazyFrame, grouped: GroupedStores) -> pl.DataFrame:
    """group, row, share (uint16): the percents of stores as they are written, in hundredths."""
    share = uptime_share(pl.col("uptime_us"), pl.col("downtime_us")).cast(pl.UInt16)
    return keyed(rows, numbered, grouped).select(*KEY, share=share).drop_nulls("share").collect()


def keyed(rows: pl.DataFrame, numbered: pl.LazyFrame, grouped: GroupedStores) -> pl.LazyFrame:
    """The rows with their group, and the row of their period among all."""
    groups = grouped.of_store.lazy().select("store", "scope", "group")
    return rows.lazy().join(groups, on="store").join(numbered, on=("scope", "number"))


def listed_periods(periods: pl.DataFrame) -> pl.DataFrame:
    """row (uint32), period, start_us, end_us: the periods of all scopes in order of time, each once."""
    return (
        periods.group_by("period")
        .agg(pl.col("start_us").min(), pl.col("end_us").max())
        .sort("start_us", "end_us", "period")
        .with_row_index("row")
    )


def worst_key() -> pl.Expr:
    """A number that is least for the worst store: of the least percent, with the most down time, of the first id."""
    # One number instead of a sort of each group: percent, down time and store lie behind each other in its bits.
    share, down = pl.col("share").cast(pl.Int128), pl.col("downtime_us").cast(pl.Int128)
    less_down = pl.lit(2**63 - 1, pl.Int128) - down
    return (share * pl.lit(2**63, pl.Int128) + less_down) * 2**32 + pl.col("store").cast(pl.Int128)


def written_rollup(exact: pl.DataFrame) -> pl.DataFrame:
    """A roll-up with hours and percents."""
    groups = exact.columns[: -len(EXACT_ROLLUP)]
    return exact.with_columns(*(summed_hours(kind) for kind in (*LENGTHS, *BOUNDS)), *percents()).select(
        *groups, *ROLLUP
    )


def profile_cells(profile: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """168 rows for each of some groups, by weekday and hour; empty where there is no business time.

    profile: see `PeriodReport`. groups: a column of values for each attribute; without columns: one group of all.
    """
    week = pl.DataFrame({"cell": range(CELLS)}, schema={"cell": pl.Int16})
    cells = week.select(weekday=(pl.col("cell") // 24).cast(pl.Int8), hour=(pl.col("cell") % 24).cast(pl.Int8))
    columns = groups.columns
    grid = groups.join(cells, how="cross", maintain_order="left_right") if columns else cells
    down, unknown = pl.col("downtime_us"), pl.col("unknown_us")
    known = (pl.col("business_us") - unknown).cast(pl.Int128)
    return (
        grid.lazy()
        .join(profile.lazy(), on=[*columns, "weekday", "hour"], how="left", maintain_order="left")
        .select(
            *columns,
            "weekday",
            "hour",
            *(figure_of(pl.col(f"{kind}_us"), HOUR_US, SUM).alias(kind) for kind in PROFILE[2:5]),
            "outages_begun",
            uptime_percent(down.cast(pl.Int128), known - down).alias("down_percent"),
        )
        .collect()
    )


RESERVED = frozenset({*ROLLUP, *EXACT_ROLLUP, *PROFILE, "group", "row", "store"})
