"""What /changes shows: the stores that got worse or better, with both strips; made in a worker from stored reports.

since_yesterday  the last day of a report against the day before it
since_last_week  the week of a report against that of another
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from store_uptime import pipeline
from store_uptime.pipeline import Only, Selection
from store_uptime.service.page.freshness import SECOND_US
from store_uptime.service.page.humanize import MINUTE, to_datetime
from store_uptime.service.page.models.attributes import AttributeCounts, attribute_counts
from store_uptime.service.page.models.fleet import with_names
from store_uptime.service.page.strips import Strip, drawn_strip
from store_uptime.service.registry.reports import StoredFleet

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Report

Kind = Literal["worse", "better", "same", "new", "gone", "unknown"]
Listed = Literal["worse", "better", "new", "gone"]
"""What there is a list of; with the others there is nothing to do."""
LEAST_POINTS = 1.0
"""Less is about the same: a point is a quarter of an hour of a day, or 1 h 41 min of a week."""
MOST_ROWS = 500
DAY_MIN, WEEK_MIN = 24 * 60, 7 * 24 * 60
DAY_BEFORE, LAST_DAY, WEEK = (WEEK_MIN - 2 * DAY_MIN, WEEK_MIN - DAY_MIN), (WEEK_MIN - DAY_MIN, WEEK_MIN), (0, WEEK_MIN)
"""Minutes of the lanes of a report."""


@dataclass(frozen=True)
class ChangedStore:
    """A store in both times: uptime in percent, change in points, time down in seconds; None: not known.

    before, after: what is drawn of it, None where there is nothing.
    """

    store_id: str
    name: str | None
    percent_before: float | None
    percent_after: float | None
    change: float | None
    down_before: float | None
    down_after: float | None
    before: Strip | None
    after: Strip | None


@dataclass(frozen=True)
class Changes:
    """spans: from when to when both times are; choices: what stores can be chosen by; counts: stores by kind, those
    without any left out; rows: the first of the kind that is shown, the greatest change first; left: how
    many of it are not shown."""

    spans: list[tuple[datetime, datetime]]
    choices: AttributeCounts
    counts: dict[Kind, int]
    rows: list[ChangedStore]
    left: int


def since_yesterday(stored: StoredFleet, only: Only, kind: Listed) -> Changes:
    """The last day of a report against the day before it. Raises UnknownAttribute."""
    import polars as pl

    report = restored(stored)
    chosen = pipeline.select(report, Selection(only=only))
    rows = pipeline.stores_at_now(chosen).select(
        "store_id",
        pl.lit(value=True).alias("is_before"),
        pl.lit(value=True).alias("is_after"),
        pl.col("uptime_percent_day_before").cast(pl.Float64).alias("percent_before"),
        chosen.extended["uptime_percent_last_day"].cast(pl.Float64).alias("percent_after"),
        pl.col("change_day").cast(pl.Float64).alias("change"),
        (MINUTE * pl.col("downtime_day_before")).cast(pl.Float64).alias("down_before"),
        (chosen.exact["downtime_last_day_us"] / SECOND_US).alias("down_after"),
    )
    strips = (Lanes(chosen, *DAY_BEFORE), Lanes(chosen, *LAST_DAY))
    return changes(rows, kind, strips, report)


def since_last_week(old: StoredFleet, new: StoredFleet, only: Only, kind: Listed) -> Changes:
    """The week of a report against that of an earlier one. Raises UnknownAttribute."""
    before, after = restored(old), restored(new)
    chosen_before, chosen_after = (pipeline.select(report, Selection(only=only)) for report in (before, after))
    rows = both_weeks(chosen_before, chosen_after)
    strips = (Lanes(chosen_before, *WEEK), Lanes(chosen_after, *WEEK))
    return changes(rows, kind, strips, before if after.attributes is None else after)


def restored(stored: StoredFleet) -> "Report":
    return pipeline.restore(stored.figures, lanes=stored.lanes, attributes=stored.attributes)


def both_weeks(before: "Report", after: "Report") -> "pl.DataFrame":
    """Each store of either report: the columns of `changes`."""
    import polars as pl

    percents = pl.col("percent_before", "percent_after").cast(pl.Float64)
    return pipeline.comparison(before, after).select(
        "store_id",
        (pl.col("change") != "new").alias("is_before"),
        (pl.col("change") != "gone").alias("is_after"),
        percents,
        change=(pl.col("percent_after") - pl.col("percent_before")).cast(pl.Float64),
        down_before=pl.col("downtime_before_us") / SECOND_US,
        down_after=pl.col("downtime_after_us") / SECOND_US,
    )


def changes(rows: "pl.DataFrame", kind: Listed, strips: "tuple[Lanes, Lanes]", every: "Report") -> Changes:
    """The page of rows with store_id, is_before, is_after, percent_…, change and down_…. every: all stores that rows
    may be chosen from, with the attributes that there are."""
    import polars as pl

    rows = rows.with_columns(kind=kind_of_store())
    # Ties by id, so that the same report gives the same page.
    found = rows.filter(pl.col("kind") == kind).sort(pl.col("change").abs(), "store_id", descending=[True, False])
    first = with_names(found.head(MOST_ROWS), every.attributes)
    before, after = (each.strips(first["store_id"]) for each in strips)
    return Changes(
        spans=[each.span for each in strips],
        choices=attribute_counts(every.exact, every.attributes),
        counts=dict(rows.group_by("kind").len().iter_rows()),
        rows=[
            ChangedStore(**row, before=before.get(row["store_id"]), after=after.get(row["store_id"]))
            for row in first.drop("kind", "is_before", "is_after").iter_rows(named=True)
        ],
        left=found.height - first.height,
    )


def kind_of_store() -> "pl.Expr":
    import polars as pl

    change = pl.col("change")
    return (
        pl.when(~pl.col("is_before")).then(pl.lit("new"))
        .when(~pl.col("is_after")).then(pl.lit("gone"))
        .when(change.is_null()).then(pl.lit("unknown"))
        .when(change <= -LEAST_POINTS).then(pl.lit("worse"))
        .when(change >= LEAST_POINTS).then(pl.lit("better"))
        .otherwise(pl.lit("same"))
    )  # fmt: skip


@dataclass(frozen=True)
class Lanes:
    """Some minutes of the lanes of a report."""

    report: "Report"
    first: int
    last: int

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when to when."""
        week = to_datetime(self.report.provenance["now"]) - timedelta(minutes=WEEK_MIN)
        return week + timedelta(minutes=self.first), week + timedelta(minutes=self.last)

    def strips(self, store_ids: "pl.Series") -> dict[str, Strip]:
        """The strips of some stores by id; none where the report is older than lanes, nor of a store it has not."""
        import polars as pl

        lanes = self.report.lanes
        if lanes is None:
            return {}
        stores = self.report.exact.with_row_index("store").select("store", "store_id")
        stores = stores.filter(pl.col("store_id").is_in(store_ids.implode()))
        code = 8 * pl.col("minute").cast(pl.UInt32) + pl.col("status")
        found = stores.join(lanes, on="store", how="left").group_by("store_id").agg(code.drop_nulls().sort())
        return {store_id: drawn_strip(changes, self.first, self.last) for store_id, changes in found.iter_rows()}
