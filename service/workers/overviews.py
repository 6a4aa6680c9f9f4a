"""What is counted of a stored report of the three windows, in a worker process: plain values and files.

make_summary, report_overview, render_overview  of all its stores
render_now, render_incidents, render_group_days tables of it, as JSON or CSV
render_summaries                                the summaries of many reports as JSON
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from store_uptime import pipeline
from store_uptime.pipeline import Options, Selection, duration_text
from store_uptime.service.registry.reports import StoredFleet, SummaryRow
from store_uptime.service.registry.rows import utc

if TYPE_CHECKING:
    import polars as pl

    from store_uptime.pipeline import Overview, Report

TableFormat = Literal["json", "csv", "csv-safe"]
"""How a table is written; csv-safe: as CSV that no spreadsheet runs as formulas."""
Members = dict[str, msgspec.Raw]
TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


def make_summary(stored: StoredFleet) -> bytes:
    """What trends show of a report that was made before there were summaries."""
    return pipeline.summary(restored_with_lanes(stored))


def report_overview(stored: StoredFleet, week_before_percent: float | None) -> "Overview":
    """The figures of all stores of a report. week_before_percent: the uptime of the week before, of another report."""
    found = pipeline.overview(restored_with_lanes(stored))
    return replace(found, week=replace(found.week, before_percent=week_before_percent))


def render_overview(stored: StoredFleet, week_before_percent: float | None) -> bytes:
    """The same as JSON."""
    return msgspec.json.encode(report_overview(stored, week_before_percent))


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
    """Reports with their summaries as JSON, in the same order. by: the attributes whose groups they have; else all."""
    return msgspec.json.encode({"reports": [plain_summary(row, by) for row in rows]})


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
