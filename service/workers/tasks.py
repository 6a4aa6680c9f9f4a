"""What a server hands to its workers for a report, and what it gets back; all of it is pickled."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import AS_NAMED, Columns, Format, Limits, SourceMapping
from store_uptime.service.registry.rows import StoredOptions

if TYPE_CHECKING:
    from store_uptime.pipeline import Cluster, Source


@dataclass(frozen=True)
class SourceConfig:
    """The address and the mapping of the tables.

    application: the name of its connections in PostgreSQL. Each run has one of its own, since whatever is left of a
    killed worker is ended by that name.
    """

    database: str
    schema: str | None
    application: str | None = None
    mapping: SourceMapping = AS_NAMED

    def open(self) -> "Source":
        """The source. Raises what `open_source` raises."""
        return pipeline.open_source(self.database, self.schema, self.application, self.mapping)


@dataclass(frozen=True)
class FileToDeliver:
    """A file of a report: the destinations, its name without an ending, format and columns."""

    destinations: list[str]
    name: str
    file_format: Format
    columns: Columns


@dataclass(frozen=True)
class Task:
    """A run of a report: which one, with which options, from where, and where the result goes.

    run: its token. recipients: to whom it is encrypted. due_at: of one on schedule, until when polls are looked for.
    cluster: where it is made if it is large; None: in the worker.
    """

    report_id: str
    run: str
    options: StoredOptions
    source: SourceConfig
    registry: str
    limits: Limits
    recipients: tuple[str, ...] = ()
    due_at: datetime | None = None
    file: FileToDeliver | None = None
    cluster: "Cluster | None" = None


@dataclass(frozen=True)
class Outcome:
    """How a run has ended.

    stores: None where there is no result. error: why, a sentence for callers. cause: the same for the log, with all
    that is known. trace: of an error that nobody expected. kept: the registry has it; False where the run was somebody
    else's by then.
    """

    stores: int | None = None
    error: str | None = None
    cause: str | None = None
    trace: str | None = None
    kept: bool = True
