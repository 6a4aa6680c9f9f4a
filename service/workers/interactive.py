"""The tasks of a worker that a request waits for: files and views of stored reports, and one store's week.

Each is called in a worker process with plain values, and gives plain values.
"""

from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import About, Columns, Format, Limits, Options, Selection
from store_uptime.service.encryption import Encryption
from store_uptime.service.registry.deliveries import OutgoingFile
from store_uptime.service.registry.reports import StoredExplanation
from store_uptime.service.workers.jobs import deliverable
from store_uptime.service.workers.tasks import FileToDeliver, SourceConfig

if TYPE_CHECKING:
    from store_uptime.pipeline import Timeline


def report_metadata(figures: bytes) -> About:
    """The provenance and the quality of a report."""
    return pipeline.restore(figures).about


def render_delivery(figures: bytes, file: FileToDeliver, recipients: tuple[str, ...]) -> OutgoingFile:
    """The file of a stored report to be delivered, as the registry stores it."""
    return deliverable(pipeline.restore(figures), file, Encryption(recipients))


def render_report(figures: bytes, selection: Selection, file_format: Format, columns: Columns) -> bytes:
    """A report, or a selection of it, in a format, from its stored figures."""
    return pipeline.select(pipeline.restore(figures), selection).render(file_format, columns)


def render_csv_safe(figures: bytes, selection: Selection, columns: Columns) -> bytes:
    """The same as CSV that is safe for spreadsheets."""
    return pipeline.select(pipeline.restore(figures), selection).csv_safe(columns)


def render_rejected(figures: bytes, rejects: bytes, table: str) -> bytes:
    """The rejected rows of a table as CSV."""
    return pipeline.restore(figures, rejects=rejects).rejected_csv(table)


def render_rejected_safe(figures: bytes, rejects: bytes, table: str) -> bytes:
    """The same, safe for spreadsheets."""
    return pipeline.restore(figures, rejects=rejects).rejected_csv_safe(table)


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
