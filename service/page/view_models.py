"""What the page shows of stored reports: plain values, made in a worker process from the bytes that are kept.

fleet_head    the summary of a fleet, and its worst stores
fleet_rows    every row of a fleet, with its lane, for the page's own table
store_week    one store: its days, pieces, outages and polls
comparison    which stores got worse between two reports
"""

import io
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from store_uptime import pipeline
from store_uptime.pipeline import Limits, Selection
from store_uptime.service.page.drawing import drawn_days, poll_times
from store_uptime.service.page.humanize import when_down
from store_uptime.service.registry.reports import StoredExplanation
from store_uptime.service.workers.tasks import SourceConfig

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Report, Timeline

FIRST_ROWS = 40  # as many as a tall window shows before the script has come
COMPARED_ROWS = 1000
OF_A_REJECT = ("file", "line", "reason")  # what is told of a rejected row beside the row itself
SECOND_US = 1_000_000
WINDOWS = ("hour", "day", "week")
FIGURES = tuple(f"{kind}_last_{window}" for kind in ("uptime", "downtime") for window in WINDOWS)
SECONDS = (*FIGURES, *(f"business_last_{window}" for window in WINDOWS))
UNKNOWN = tuple(f"unknown_last_{window}" for window in WINDOWS)
SHARES = tuple(f"uptime_percent_last_{window}" for window in WINDOWS)


def fleet_head(figures: bytes, selection: Selection) -> dict[str, Any]:
    """now, age, behind, down_word: see `freshness`; summary: counts and hours of all stores; zones; matched: how many
    are selected; rows: the worst of them; warnings: sentences."""
    report = pipeline.restore(figures)
    chosen = pipeline.select(report, selection)
    return {
        **freshness(report, figures),
        "summary": summary(report),
        "zones": report.exact["zone"].unique().sort().to_list(),
        "matched": chosen.exact.height,
        "rows": worst_first(chosen).head(FIRST_ROWS).to_dicts(),
        "warnings": report.quality.warnings,
    }


def freshness(report: "Report", figures: bytes) -> dict[str, Any]:
    """now; age: seconds since then, None where it was given; behind: where it was given, seconds that the newest poll
    of the whole report is before it, else None; down_word: when stores are down that were down then."""
    horizon, is_given = report.plan.horizon, report.plan.options.now is not None
    age = None if is_given else max(0, time.time_ns() // 1_000 - horizon.now_us) / SECOND_US
    behind = horizon.seconds_since(newest_poll_us(figures)) if is_given else None
    return {
        "now": report.provenance["now"],
        "age": age,
        "behind": behind,
        "down_word": when_down(behind if is_given else age),
    }


def newest_poll_us(figures: bytes) -> int | None:
    """The newest poll of all stores of a report; None where it has no row."""
    import polars as pl

    return pl.scan_parquet(io.BytesIO(figures)).select(pl.col("last_poll_us").max()).collect().item()


def summary(report: "Report") -> dict[str, Any]:
    """What is said of a fleet in one line; lengths in seconds."""
    import polars as pl

    down_day, down_week = pl.col("downtime_last_day_us"), pl.col("downtime_last_week_us")
    is_up = (down_week == 0) & (pl.col("unknown_last_week_us") == 0) & (pl.col("uptime_last_week_us") > 0)
    counts = report.exact.select(
        stores=pl.len(),
        fully_up=is_up.sum(),
        down_now=pl.col("down_now").sum(),
        down_day=down_day.sum() / SECOND_US,
        down_week=down_week.sum() / SECOND_US,
        unknown=down_week.is_null().sum(),
    ).row(0, named=True)
    return counts | {"not_observed": len(report.quality.stores["not_observed"])}


def worst_first(report: "Report") -> "pl.DataFrame":
    """The rows of the page: by the share of uptime of the week, then by hours down, then by id; unknown ones last.

    store: the row of `Report.exact`; lengths in whole seconds, shares in percent, last_poll in seconds since 1970.
    """
    import polars as pl

    share = pl.col("uptime_last_week_us") / (pl.col("uptime_last_week_us") + pl.col("downtime_last_week_us"))
    written = report.extended.select(pl.col(SHARES).cast(pl.Float64))
    return (
        report.exact.with_row_index("store")
        .hstack(written)
        .with_columns(share=pl.when(share.is_finite()).then(share))
        .sort("share", "downtime_last_week_us", "store_id", descending=[False, True, False], nulls_last=True)
        .select(
            "store",
            "store_id",
            *(((pl.col(f"{name}_us") + SECOND_US // 2) // SECOND_US).alias(name) for name in SECONDS),
            *(((pl.col(f"{name}_us") + SECOND_US - 1) // SECOND_US).alias(name) for name in UNKNOWN),  # never hidden
            *SHARES,
            "down_now",
            "last_active",
            "zone",
            "hours_unknown",
            "always_open",
            last_poll=pl.col("last_poll_us") // SECOND_US,
        )
    )


def fleet_rows(figures: bytes, lanes: bytes | None) -> bytes:
    """JSON: columns by name, each a list with a value for each store, the worst first.

    lanes: for each store 4 * minute + status for every change, minutes counted from 168 h before now.
    """
    import polars as pl

    report = pipeline.restore(figures, lanes=lanes)
    rows = worst_first(report)
    changes = report.lanes
    if changes is not None:
        code = 4 * pl.col("minute").cast(pl.UInt32) + pl.col("status")
        lists = changes.group_by("store").agg(lanes=code.sort_by("minute"))
        rows = rows.join(lists, on="store", how="left", maintain_order="left")
    columns = {name: rows[name].to_list() for name in rows.columns if name != "store"}
    return msgspec.json.encode(columns)


def store_week(place: SourceConfig, store: str, limits: Limits, stored: StoredExplanation) -> dict[str, Any]:
    """One store of a report: figures by window, days as they are drawn, outages, polls, and what is odd about it.

    Raises UnknownStore, and what the source raises.
    """
    report = pipeline.restore(stored.figures, stored.plan, stored.rejects, store=store)
    source = place.open()
    timeline = pipeline.explain(source, report, store, limits)
    row = worst_first(report).row(0, named=True)
    polls = report.exact.row(0, named=True)
    return {
        "row": row,
        "windows": [
            {
                "name": window,
                **{kind: row[f"{kind}_last_{window}"] for kind in ("uptime", "downtime", "unknown", "business")},
                "share": row[f"uptime_percent_last_{window}"],
                "polls": polls[f"polls_last_{window}"],
            }
            for window in WINDOWS
        ],
        "agrees": timeline.agrees,
        "days": drawn_days(timeline),
        "outages": outages(timeline),
        "polls": timeline.polls.to_dicts(),
        **freshness(report, stored.figures),
        "warnings": report.quality.warnings,
        "lists": [(name, report.quality.meaning(name)) for name, ids in report.quality.stores.items() if store in ids],
        "rejected": rejected_of(report, store),
    }


def outages(timeline: "Timeline") -> list[dict[str, Any]]:
    """The stretches of business time without a break in which the store was down, the newest first.

    first, last: their pieces' numbers; polls: those that they rest on, and first_poll when the first of these was, in
    words; because: why the first piece is down.
    """
    found: list[dict[str, Any]] = []
    when = poll_times(timeline)
    for number, piece in enumerate(timeline.pieces.iter_rows(named=True)):
        if piece["status"] != "down":
            continue
        if found and found[-1]["last"] == number - 1 and found[-1]["end_utc"] == piece["start_utc"]:
            found[-1] |= {"last": number, "end_utc": piece["end_utc"], "end_local": piece["end_local"]}
            found[-1]["polls"].append(piece["poll_utc"])
        else:
            found.append(
                {name: piece[name] for name in ("start_utc", "end_utc", "start_local", "end_local", "because")}
                | {"first": number, "last": number, "polls": [piece["poll_utc"]]}
            )
    for outage in found:
        outage["first_poll"] = when[outage["polls"][0]]
        outage["seconds"] = (outage["end_utc"] - outage["start_utc"]).total_seconds()
    return found[::-1]


def rejected_of(report: "Report", store: str) -> list[dict[str, Any]]:
    """The rejected rows with a store's id, of all three tables: table, line, reason, and the row as it was."""
    import polars as pl

    return [
        {"table": table, "line": row["line"], "reason": row["reason"], "values": list(row_as_it_was(row))}
        for table, rows in report.rejects.items()
        for row in rows.filter(pl.col("store_id") == store).iter_rows(named=True)
    ]


def row_as_it_was(row: dict[str, Any]) -> Iterator[Any]:
    """The values of a rejected row, and what it has beyond its header where there is something."""
    for name, value in row.items():
        if name not in OF_A_REJECT and (name != "surplus" or value is not None):
            yield value


def comparison(old: bytes, new: bytes) -> dict[str, Any]:
    """counts: stores by what became of them; rows: those that differ, the worst first; left: how many are not shown;
    fresh_old, fresh_new: see `freshness`."""
    import polars as pl

    before, after = pipeline.restore(old), pipeline.restore(new)
    rows = pipeline.comparison(before, after)
    differing = rows.filter(pl.col("change") != "same")
    return {
        "fresh_old": freshness(before, old),
        "fresh_new": freshness(after, new),
        "counts": dict(rows.group_by("change").len().iter_rows()),
        "rows": differing.head(COMPARED_ROWS).to_dicts(),
        "left": max(0, differing.height - COMPARED_ROWS),
    }
