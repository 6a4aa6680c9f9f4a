"""The table of stores: plain values, made in a worker process from the bytes of a stored report.

fleet_table    what stands on the page before its script has every row: the first rows, counts, choices of the filters
fleet_columns  every row, with its lane, for the script
table_rows     the rows of both: down now first, the longest first, then the worst share of the week
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from store_uptime import pipeline
from store_uptime.pipeline import Selection
from store_uptime.service.page.freshness import SECOND_US
from store_uptime.service.page.humanize import to_datetime
from store_uptime.service.page.lanes import Lane, drawn_lane
from store_uptime.service.page.models.attributes import AttributeCounts, ValueCount, attribute_names, value_counts
from store_uptime.service.page.models.fleet import TableRow, with_names
from store_uptime.service.registry.reports import StoredFleet
from store_uptime.service.workers.overviews import fleet_incidents

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Report

Chip = Literal["", "worst"]
"""A list of stores that is no filter, but an order: the worst of the week first."""
LISTS = ("down_now", "got_worse", "no_recent_poll")
"""The words of a selection that the page offers as lists; the columns of `table_rows` have the same names."""

PAGE_ROWS = 40  # as many as a tall window shows until the script has all of them
INCIDENTS = 12  # more lines across all lanes would hide what they are to explain
WINDOWS = ("hour", "day", "week")
WEEK_US, MINUTE_US = 7 * 24 * 3600 * SECOND_US, 60 * SECOND_US
WEEK, MINUTE = timedelta(days=7), timedelta(minutes=1)
LENGTHS = tuple(f"{kind}_last_{window}" for kind in ("uptime", "downtime", "business") for window in WINDOWS)
UNKNOWN = tuple(f"unknown_last_{window}" for window in WINDOWS)
POLLS = tuple(f"polls_last_{window}" for window in WINDOWS)
NO_COLUMNS = ("store", "name", "down_for_is_cut", "hours_unknown", *LISTS)
"""What the rows have for the cells of other columns."""
USUAL = "usual"
"""The word for the usual columns, in the place of their names."""
PREFIX = "attribute."
"""Of the columns of attributes, which may be called as any other: `zone`, `down_now`."""
SHARES = tuple(f"uptime_percent_last_{window}" for window in WINDOWS)


@dataclass(frozen=True)
class FleetTable:
    """The table as the server writes it.

    now_s: seconds since 1970. rows: the first that are selected, each with its `lane` (None: nothing to draw).
    matched: how many are selected; first: the number of the first row, from 1 on. counts: stores of each list, and of
    `all`, of those that the other filters leave. has_city: whether the last column is the attribute city, and not the
    zone. zones and attributes: what can be chosen, the most frequent first; unfilterable: the attributes by which no
    address can choose. unknown_columns: those that a choice names and that there are not.
    """

    now_s: int
    rows: list[TableRow]
    matched: int
    first: int
    stores: int
    counts: dict[str, int]
    has_city: bool
    zones: list[ValueCount]
    attributes: AttributeCounts
    unfilterable: list[str]
    unknown_columns: list[str]


@dataclass(frozen=True)
class TableChoice:
    """What an address says of the table, besides the selection.

    chip: the order of a list; sort: a column, with a minus where it descends; show: the columns that are shown, empty
    for the usual ones; page: from 1 on.
    """

    chip: Chip = ""
    sort: str = ""
    show: tuple[str, ...] = ()
    page: int = 1


def fleet_table(report: "Report", selection: Selection, choice: TableChoice) -> FleetTable:
    """The table of a report, with the stores that a selection leaves, in the order of a choice."""
    import polars as pl

    rows, names = table_rows(report), attribute_names(report.attributes)
    others = pipeline.select(report, without_lists(selection)).exact.select("store_id")
    left = rows.join(others, on="store_id", how="semi", maintain_order="left")
    # Not by `pipeline.select`, which refuses a report without lanes: in that no store got worse.
    listed = [pl.col(name) for name in LISTS if getattr(selection, name)]
    chosen = in_order(left.filter(listed) if listed else left, selection, choice)
    before = PAGE_ROWS * (choice.page - 1)
    first = chosen.slice(before, PAGE_ROWS)
    return FleetTable(
        now_s=report.plan.horizon.now_us // SECOND_US,
        rows=with_lanes(report, first),
        matched=chosen.height,
        first=before + 1,
        stores=rows.height,
        counts=left.select(pl.len().alias("all"), pl.col(LISTS).sum()).row(0, named=True),
        has_city=f"{PREFIX}city" in rows.columns,
        zones=value_counts(rows["zone"]),
        attributes={name: value_counts(rows[PREFIX + name].fill_null("")) for name in names if "=" not in name},
        unfilterable=[name for name in names if "=" in name],
        unknown_columns=unknown_columns(rows, choice),
    )


def without_lists(selection: Selection) -> Selection:
    """The filters of a selection alone."""
    return replace(selection, down_now=False, got_worse=False, no_recent_poll=False)


def in_order(rows: "pl.DataFrame", selection: Selection, choice: TableChoice) -> "pl.DataFrame":
    """The rows in the order that somebody has chosen, or else in that of their list."""
    import polars as pl

    usual = "uptime_percent_last_week" if choice.chip else "change_day" if selection.got_worse else ""
    sort = choice.sort or usual or ("last_poll" if selection.no_recent_poll else "")
    name, descends = sort.removeprefix("-"), sort.startswith("-")
    if name not in sortable(rows):
        return rows
    # By what is shown in the column: the name of a store that has one.
    key = pl.coalesce("name", "store_id").str.to_lowercase() if name == "store_id" else pl.col(name)
    return rows.sort(key, descending=descends, nulls_last=True, maintain_order=True)


def sortable(rows: "pl.DataFrame") -> list[str]:
    """The columns that somebody can choose, by which rows can be sorted, too."""
    return [name for name in rows.columns if name not in NO_COLUMNS]


def unknown_columns(rows: "pl.DataFrame", choice: TableChoice) -> list[str]:
    """The columns of a choice that there are not, each once."""
    known = {"", USUAL, *sortable(rows)}
    named = [name for name in choice.show if name != "lane"]
    return list(dict.fromkeys(name for name in (choice.sort.removeprefix("-"), *named) if name not in known))


def table_rows(report: "Report") -> "pl.DataFrame":
    """The rows of the table: down now first, the longest first; then the worst share of the week, then hours down.

    store: the row of `Report.exact`; lengths in whole seconds, shares in percent, last_poll in seconds since 1970.
    down_for: how long a store has been down; down_for_is_cut: at least so long, since it began before the week.
    change_day: points of uptime against the day before. A column for each attribute, with `PREFIX` before its name.
    """
    import polars as pl

    now_us = report.plan.horizon.now_us
    # Of microseconds: the share in the report is rounded, and would make ties of stores that differ.
    share = pl.col("uptime_last_week_us") / (pl.col("uptime_last_week_us") + pl.col("downtime_last_week_us"))
    written = pipeline.uptime_percents(report.exact).cast(pl.Float64)
    rows = with_names(report.exact.with_row_index("store"), report.attributes).hstack(written).hstack(at_now(report))
    if names := attribute_names(report.attributes):
        values = report.attributes.rename({name: PREFIX + name for name in names})  # type: ignore[union-attr]
        rows = rows.join(values.drop("name"), on="store_id", how="left", maintain_order="left")
    return (
        rows.with_columns(share=pl.when(share.is_finite()).then(share))  # 0 / 0 where nothing is known: null, and last
        .sort(
            *("down_now", "down_for", "share", "downtime_last_week_us", "store_id"),
            descending=[True, True, False, True, False],
            nulls_last=True,
        )
        .select(
            *("store", "store_id", "name", "down_now", "down_for", "down_for_is_cut"),
            *(((pl.col(f"{name}_us") + SECOND_US // 2) // SECOND_US).alias(name) for name in LENGTHS),
            # Rounded up: a store with a tenth of a second unknown must not look as if all were known.
            *(((pl.col(f"{name}_us") + SECOND_US - 1) // SECOND_US).alias(name) for name in UNKNOWN),
            *SHARES,
            *POLLS,
            *("change_day", "last_active", "zone", "hours_unknown", "always_open"),
            last_poll=pl.col("last_poll_us") // SECOND_US,
            got_worse=(pl.col("change_day") <= pipeline.WORSE_POINTS).fill_null(False),
            no_recent_poll=now_us - pl.col("last_poll_us") > pipeline.OLD_US,
            **{name: pl.col(name) for name in (PREFIX + name for name in names)},
        )
    )


def at_now(report: "Report") -> "pl.DataFrame":
    """down_for in seconds, down_for_is_cut, change_day, in the order of `Report.exact`; nulls without lanes."""
    import polars as pl

    if report.lanes is None:
        nothing = {"down_for": pl.Int64, "down_for_is_cut": pl.Boolean, "change_day": pl.Float64}
        return report.exact.select(pl.repeat(None, pl.len(), dtype=kind).alias(name) for name, kind in nothing.items())
    now = pl.lit(report.plan.horizon.now_us).cast(pl.Datetime("us", "UTC"))
    return pipeline.stores_at_now(report).select(
        down_for=(now - pl.col("down_since_utc")).dt.total_seconds(),
        down_for_is_cut="down_since_is_cut",
        change_day=pl.col("change_day").cast(pl.Float64).round(2),
    )


def lanes_by_store(report: "Report") -> "pl.DataFrame | None":
    """store, lane: 8 * minute + status for every change, minutes counted from 168 h before now."""
    import polars as pl

    if report.lanes is None:
        return None
    code = 8 * pl.col("minute").cast(pl.UInt32) + pl.col("status")
    return report.lanes.select("store", lane=code).group_by("store", maintain_order=True).agg("lane")


def with_lanes(report: "Report", rows: "pl.DataFrame") -> list[TableRow]:
    """The rows, each with its lane as it is drawn."""
    import polars as pl

    lanes = None
    if report.lanes is not None:
        few = replace(report, lanes=report.lanes.filter(pl.col("store").is_in(rows["store"].implode())))
        lanes = dict((lanes_by_store(few)).iter_rows())  # type: ignore[union-attr]
    return [row | {"lane": row_lane(row, lanes)} for row in rows.to_dicts()]


def row_lane(row: dict[str, Any], lanes: dict[int, list[int]] | None) -> Lane | None:
    if lanes is None or row["hours_unknown"]:
        return None
    return drawn_lane(lanes.get(row["store"], []))


def fleet_columns(stored: StoredFleet) -> bytes:
    """JSON: columns by name, each a list with a value for each store, in the order of `table_rows`.

    lanes: see `lanes_by_store`. name, and attributes, the same by attribute, are there where the source has the table
    of stores. offsets: for each zone the UTC offset in minutes from a minute of the week on. incidents: the greatest,
    in minutes of the week.
    """
    import polars as pl
    import polars.selectors as cs

    report = pipeline.restore(stored.figures, lanes=stored.lanes, attributes=stored.attributes)
    rows, names = table_rows(report), attribute_names(report.attributes)
    left_out = ["store", *(PREFIX + name for name in names)] if report.attributes is not None else ["store", "name"]
    plain = rows.drop(left_out).with_columns(cs.boolean().cast(pl.UInt8))  # 0 and 1: a quarter of the bytes to be read
    rest: dict[str, object] = {
        "lanes": None,
        "offsets": zone_offsets(rows["zone"].unique().sort(), report.plan.horizon.now_us),
        "incidents": week_incidents(report, stored.overview),
    }
    if (lanes := lanes_by_store(report)) is not None:
        drawn = rows.select("store").join(lanes, on="store", how="left", maintain_order="left")
        rest["lanes"] = msgspec.Raw(columns_json(drawn.select("lane")).removeprefix(b'{"lane":').removesuffix(b"}"))
    if report.attributes is not None:
        rest["attributes"] = msgspec.Raw(columns_json(rows.select(pl.col(PREFIX + name).alias(name) for name in names)))
    return columns_json(plain).removesuffix(b"}") + b"," + msgspec.json.encode(rest).removeprefix(b"{")


def columns_json(rows: "pl.DataFrame") -> bytes:
    """JSON: the columns by name, each a list. So each name stands there once, and not once a store."""
    import polars as pl

    if not rows.width:
        return b"{}"
    # Polars writes it, without a Python object for each value: as one row of lists.
    return rows.select(pl.all().implode()).write_json().removeprefix("[").removesuffix("]").encode()


def zone_offsets(zones: Iterable[str], now_us: int) -> dict[str, list[tuple[int, int]]]:
    """For each zone the minutes of the week from which an offset holds, and that offset in minutes."""
    start_us = now_us - WEEK_US
    found: dict[str, list[tuple[int, int]]] = {}
    for zone, offset_us, from_us in (
        pipeline.local_offsets(zones, start_us, now_us).select("zone", "offset_us", "from_utc_us").iter_rows()
    ):
        found.setdefault(zone, []).append((max(0, (from_us - start_us) // MINUTE_US), offset_us // MINUTE_US))
    return found


def week_incidents(report: "Report", kept: bytes | None) -> list[dict[str, object]]:
    """start and end: minutes of the week; stores that went down, and their share of those open in percent. kept: see
    `fleet_incidents`."""
    if report.lanes is None:
        return []
    start = to_datetime(report.provenance["now"]) - WEEK
    return [
        {
            "start": (each.start - start) // MINUTE,
            "end": (each.end - start) // MINUTE,
            "stores": each.stores,
            "share": each.share_percent,
        }
        for each in fleet_incidents(kept, report)[:INCIDENTS]
    ]
