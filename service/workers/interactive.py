"""The tasks of a worker that a request waits for: files and views of stored reports, and one store's week.

Each is called in a worker process with plain values, and gives plain values.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from store_uptime import pipeline
from store_uptime.pipeline import About, Columns, Format, Limits, Only, Options, PartMissing, Selection
from store_uptime.service.encryption import Encryption
from store_uptime.service.registry.deliveries import OutgoingFile
from store_uptime.service.registry.reports import StoredExplanation, StoredFigures, StoredFleet, StoredRejects
from store_uptime.service.workers.jobs import deliverable
from store_uptime.service.workers.report_kinds import AnyReport, restored
from store_uptime.service.workers.tasks import FileToDeliver, SourceConfig

if TYPE_CHECKING:
    from store_uptime.pipeline import PeriodAbout, PeriodReport, Timeline, View

PartFormat = Literal[Format, "csv-safe"]
"""How a part of a report by periods is written; csv-safe: as CSV that is safe for spreadsheets."""
PROFILE_OF_GROUPS = (
    "It is summed up by group_by, else over all stores: choose whole groups, or trigger a report with this only."
)


def report_metadata(stored: StoredFigures) -> "About | PeriodAbout":
    """The provenance and the quality of a report."""
    return restored(stored.figures, stored.attributes).about


def render_delivery(stored: StoredFigures, file: FileToDeliver, recipients: tuple[str, ...]) -> OutgoingFile:
    """The file of a stored report to be delivered, as the registry stores it."""
    return deliverable(restored(**vars(stored)), file, Encryption(recipients))


def render_report(
    stored: StoredFigures | StoredFleet, selection: Selection, file_format: Format, columns: Columns
) -> bytes:
    """A report, or a selection of it, in a format."""
    return restored_for_file(stored).select(selection).render(file_format, columns)


def restored_for_file(stored: StoredFigures | StoredFleet) -> AnyReport:
    """A stored report; one with its lanes where stores are selected by what only these know."""
    if isinstance(stored, StoredFleet):
        return restored(stored.figures, stored.attributes, lanes=stored.lanes)
    return restored(**vars(stored))


def render_csv_safe(stored: StoredFigures | StoredFleet, selection: Selection, columns: Columns) -> bytes:
    """The same as CSV that is safe for spreadsheets."""
    return restored_for_file(stored).select(selection).csv_safe(columns)


def render_rejected(stored: StoredRejects, table: str) -> bytes:
    """The rejected rows of a table as CSV."""
    return restored(**vars(stored)).rejected_csv(table)


def render_rejected_safe(stored: StoredRejects, table: str) -> bytes:
    """The same, safe for spreadsheets."""
    return restored(**vars(stored)).rejected_csv_safe(table)


def render_rollup(
    stored: StoredFigures, search: str, only: Only, part_format: PartFormat, by: list[str] | None
) -> bytes:
    """The roll-up of a report by periods by attributes; None: those of the report."""
    # Without its profile, which is of the groups that the report was made for.
    report = restored_periods(StoredFigures(stored.figures, stored.attributes, None, None), search, only)
    return rendered_part(report if by is None else regrouped(report, by), part_format, "groups")


def render_profile(stored: StoredFigures, search: str, only: Only, part_format: PartFormat) -> bytes:
    """The profile of a report by periods. Raises PartMissing where it is wanted of other stores than it has sums of."""
    report = restored_periods(stored, search, only)
    if report.profile is None:
        raise PartMissing("profile of these stores", PROFILE_OF_GROUPS)
    return rendered_part(report, part_format, "profile")


def render_outages(stored: StoredFigures, search: str, only: Only, part_format: PartFormat, view: "View") -> bytes:
    """The outages of a report by periods, in one of their orders."""
    return rendered_part(restored_periods(stored, search, only), part_format, view)


def rendered_part(report: "PeriodReport", part_format: PartFormat, view: "View") -> bytes:
    """A table of a report by periods as it is to be written."""
    return report.csv_safe(view) if part_format == "csv-safe" else report.render(view, part_format)


def restored_periods(stored: StoredFigures, search: str = "", only: Only = ()) -> "PeriodReport":
    """A stored report by periods, or some of its stores."""
    return pipeline.restore_periods(
        stored.figures, attributes=stored.attributes, outages=stored.outages, profile=stored.profile
    ).select(only, search)


def regrouped(report: "PeriodReport", by: list[str]) -> "PeriodReport":
    """A report by periods in other groups."""
    options = replace(report.options, group_by=tuple(by))
    return replace(report, plan=replace(report.plan, options=options))


def values_by_attribute(attributes: bytes) -> dict[str, dict[str, str]]:
    """Of each attribute, `name` among them, the value by store where it has one."""
    import polars as pl

    stores = pl.read_parquet(attributes)
    found = {}
    for name in stores.columns[1:]:
        there = stores.select("store_id", name).drop_nulls(name)
        found[name] = dict(there.iter_rows())
    return found


def render_timeline(config: SourceConfig, store: str, limits: Limits, stored: StoredExplanation) -> dict[str, bytes]:
    """One store's week in a stored report, as JSON and CSV."""
    report = pipeline.restore(stored.figures, stored.plan, store=store)
    return rendered(pipeline.explain(config.open(), report, store, limits))


def render_timeline_now(config: SourceConfig, store: str, limits: Limits) -> dict[str, bytes]:
    """The same as of the newest poll."""
    return rendered(pipeline.build_timeline(config.open(), store, limits=limits))


def data_version(config: SourceConfig, options: Options) -> str | None:
    """The version of the data that a report has now."""
    return pipeline.data_version(config.open(), options)


def polled_stores(config: SourceConfig) -> list[str]:
    """The stores with a poll in the horizon, in byte order."""
    return pipeline.polled_stores(config.open())


def rendered(timeline: "Timeline") -> dict[str, bytes]:
    return {"json": timeline.json(), "csv": timeline.csv()}
