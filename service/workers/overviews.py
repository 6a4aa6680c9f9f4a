"""What is counted of a report of the three windows, in a worker process: plain values and files.

make_summary, make_overview                      what is kept beside it: of all its stores
fleet_overview, fleet_incidents                  what is kept, or where nothing is the same counted anew
render_overview                                  the overview as JSON
render_now, render_incidents, render_group_days  tables of it, as JSON or CSV
render_summaries                                 the summaries of many reports as JSON
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from store_uptime import pipeline
from store_uptime.pipeline import Options, Selection, UnknownAttribute, duration_text
from store_uptime.service.registry.reports import StoredFleet, StoredOverview, SummaryRow
from store_uptime.service.registry.rows import utc

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Overview, Report

TableFormat = Literal["json", "csv", "csv-safe"]
"""How a table is written; csv-safe: as CSV that no spreadsheet runs as formulas."""
Members = dict[str, msgspec.Raw]
TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


@dataclass(frozen=True)
class FleetIncident:
    """When many of all stores went down together: a row of `pipeline.incidents`. start, end: in UTC."""

    start: datetime
    end: datetime
    stores: int
    open: int
    share_percent: float


@dataclass(frozen=True)
class FleetOverview:
    """What is counted of all stores of a report. overview: the week before is that of no other report; incidents: of
    all stores, the largest share first."""

    overview: "Overview"
    incidents: list[FleetIncident]


class Grouped(msgspec.Struct):
    """The groups of a summary, by attribute."""

    groups: Members


class KeptOverview(msgspec.Struct):
    """A `FleetOverview` as it is kept. overview: read by itself, since its class comes with Polars, which a server does
    not load."""

    overview: msgspec.Raw
    incidents: list[FleetIncident]


def make_summary(stored: StoredFleet) -> bytes:
    """What trends show of a report that was made before there were summaries."""
    return pipeline.summary(restored_with_lanes(stored))


def make_overview(report: "Report") -> bytes:
    """What is kept of `counted_overview`: JSON."""
    return msgspec.json.encode(counted_overview(report))


def counted_overview(report: "Report") -> FleetOverview:
    """What is counted of all stores of a report that has lanes."""
    return FleetOverview(pipeline.overview(report), counted_incidents(report))


def counted_incidents(report: "Report") -> list[FleetIncident]:
    """The incidents of all stores of a report that has lanes."""
    rows = pipeline.incidents(report).iter_rows(named=True)
    return [
        FleetIncident(row["start_utc"], row["end_utc"], row["stores"], row["open"], float(row["share_percent"]))
        for row in rows
    ]


def fleet_overview(kept: bytes | None, report: "Report") -> FleetOverview:
    """What was kept with a report that has lanes; counted anew where an earlier version has made it."""
    if kept is None:
        return counted_overview(report)
    return FleetOverview(kept_overview(kept), fleet_incidents(kept, report))


def fleet_incidents(kept: bytes | None, report: "Report") -> list[FleetIncident]:
    """The incidents of the same, alone."""
    return counted_incidents(report) if kept is None else msgspec.json.decode(kept, type=KeptOverview).incidents


def kept_overview(kept: bytes) -> "Overview":
    return msgspec.json.decode(msgspec.json.decode(kept, type=KeptOverview).overview, type=pipeline.Overview)


def render_overview(stored: StoredOverview, week_before_percent: float | None) -> bytes:
    """The overview of a report as JSON. week_before_percent: the uptime of the week before, of another report."""
    found = overview_of(stored)
    return msgspec.json.encode(replace(found, week=replace(found.week, before_percent=week_before_percent)))


def overview_of(stored: StoredOverview) -> "Overview":
    if stored.overview is not None:
        return kept_overview(stored.overview)
    if stored.figures is None:
        raise ValueError("neither an overview nor what it is counted from is stored")
    return pipeline.overview(pipeline.restore(stored.figures, lanes=stored.lanes))


def render_now(stored: StoredFleet, selection: Selection, table_format: TableFormat) -> bytes:
    """How the stores of a report, or some of them, were at its now. Raises UnknownAttribute."""
    report = pipeline.select(restored_with_lanes(stored), selection)
    return rendered_table(report, "stores", pipeline.stores_at_now(report), table_format)


def render_incidents(stored: StoredFleet, by: Sequence[str], table_format: TableFormat) -> bytes:
    """When many stores of a report went down together. Raises UnknownAttribute."""
    report = restored_with_lanes(stored)
    return rendered_table(report, "incidents", pipeline.incidents(report, tuple(by)), table_format)


def render_group_days(stored: StoredFleet, by: Sequence[str], table_format: TableFormat) -> bytes:
    """The days of the groups of a report. Raises UnknownAttribute."""
    report = restored_with_lanes(stored)
    return rendered_table(report, "groups", pipeline.group_days(report, tuple(by)), table_format)


def render_summaries(rows: Sequence[SummaryRow], by: Sequence[str]) -> bytes:
    """Reports with their summaries as JSON, in the same order. by: the attributes whose groups they have; else all.

    Raises UnknownAttribute where no report has groups of one of them.
    """
    check_groups(rows, by)
    return msgspec.json.encode({"reports": [plain_summary(row, by) for row in rows]})


def check_groups(rows: Sequence[SummaryRow], by: Sequence[str]) -> None:
    found: dict[str, None] = {}
    for row in rows if by else ():
        if row.summary is not None:
            found |= dict.fromkeys(msgspec.json.decode(row.summary, type=Grouped).groups)
    unknown = next((name for name in by if found and name not in found), None)
    if unknown is not None:
        raise UnknownAttribute(unknown, list(found), "One with more than 200 values has no groups here.")


def plain_summary(row: SummaryRow, by: Sequence[str]) -> dict[str, Any]:
    """A report, the options that its figures follow from, and what its summary holds beside its now."""
    options = Options.from_dict(row.options)
    # Its members are passed on as they are: with many groups there are thousands of them.
    found: dict[str, Any] = {} if row.summary is None else msgspec.json.decode(row.summary, type=Members)
    if by and "groups" in found:
        groups = msgspec.json.decode(found["groups"], type=Members)
        found["groups"] = {name: groups[name] for name in by if name in groups}
    return {
        "report_id": row.id,
        "as_of": utc(row.as_of),
        "finished_at": utc(row.finished_at),
        "schedule": row.schedule,
        "warning_codes": row.warning_codes,
        "max_gap": None if options.max_gap is None else duration_text(options.max_gap),
        "lookback": duration_text(options.lookback),
        **{name: value for name, value in found.items() if name != "now"},
    }


def restored_with_lanes(stored: StoredFleet) -> "Report":
    """The report, as far as anything is counted of it."""
    return pipeline.restore(stored.figures, lanes=stored.lanes, attributes=stored.attributes)


def rendered_table(report: "Report", name: str, table: "pl.DataFrame", table_format: TableFormat) -> bytes:
    """A table of a report; as JSON with the report's now."""
    match table_format:
        case "csv":
            return pipeline.csv_bytes(table)
        case "csv-safe":
            return pipeline.csv_bytes(pipeline.guarded_table(table))
        case "json":
            return json_table(report, name, table)


def json_table(report: "Report", name: str, table: "pl.DataFrame") -> bytes:
    import polars as pl

    numbers = table.with_columns(pl.col(pl.Decimal).cast(pl.Float64), pl.col(pl.Datetime).dt.strftime(TIME))
    # Polars writes the rows, without a Python object for each of them.
    return f'{{"now": "{report.provenance["now"]}", "{name}": {numbers.write_json()}}}\n'.encode()
