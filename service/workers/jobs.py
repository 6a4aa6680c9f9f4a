"""What a worker process does: make a report, explain one, write one in a format.

Everything here runs in a process of its own, which may be killed at any moment. It gets plain values and gives plain
values; what it makes of a report it writes into the registry itself, in one transaction, as the holder of the run.
"""

import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import psycopg
import stamina

from store_uptime import pipeline
from store_uptime.pipeline import (
    AS_NAMED,
    Columns,
    Format,
    Limits,
    Options,
    Reason,
    Selection,
    SourceMapping,
    Step,
    StoreUptimeError,
)
from store_uptime.service.encryption import Encryption
from store_uptime.service.errors import NeedsMoreMemory, public_message
from store_uptime.service.observability.memory import process_memory
from store_uptime.service.registry.connection import cause_of
from store_uptime.service.registry.statements import statements
from store_uptime.service.workers import condition

if TYPE_CHECKING:
    from store_uptime.pipeline import Frames, Report, Source

PARQUET = b"PAR1"
PARENT_LOOK_S = 0.5
LESS_URGENT = 10  # who asks where a report stands is answered first
REGISTRY_PATIENCE = timedelta(minutes=5)
WRITE_PATIENCE = timedelta(seconds=60)  # of one try: a result may be large


@dataclass(frozen=True)
class SourceConfig:
    """Where the tables are, what they call things, and the name under which a run reads them: its own, as all under it
    end at once."""

    database: str
    schema: str | None
    application: str | None = None
    mapping: SourceMapping = AS_NAMED


@dataclass(frozen=True)
class Outgoing:
    """The file that goes out of a report: the destinations, its own name without an ending, what it is like."""

    destinations: list[str]
    name: str
    file_format: Format
    columns: Columns


@dataclass(frozen=True)
class Task:
    """A run of a report: which one, with which options, from where, and where the result goes.

    recipients: to whom it is encrypted; due_at: of one on schedule, until when polls are looked for.
    """

    report_id: str
    run: str
    options: dict[str, Any]
    place: SourceConfig
    registry: str
    limits: Limits
    recipients: tuple[str, ...] = ()
    due_at: datetime | None = None
    outgoing: Outgoing | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a run. stores: None where there is no result; error: why, a sentence for callers; cause: the
    same for the log, with all that is known; trace: where nobody expected it."""

    stores: int | None = None
    error: str | None = None
    cause: str | None = None
    trace: str | None = None
    kept: bool = True


def initialize_worker(memory: int, spill: str, path: list[str]) -> None:
    """Make a fresh process ready: what it needs is imported, it ends with its parent, and memory has an end.

    The first run of DuckDB, Polars and ConnectorX in a process costs half a second; here nobody waits for it.
    """
    sys.path[:] = path
    for number in (signal.SIGINT, signal.SIGTERM):  # those are for the server, which sees to its workers
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    share = min(memory, process_memory() or memory)
    threading.Thread(target=condition.end_beyond, args=[share], daemon=True).start()
    pipeline.open_source("postgresql://localhost/none")  # imports the driver; connects to nothing
    pipeline.archive(pipeline.build_report(tiny(), limits=Limits(spill=spill)))
    condition.begin(share)
    os.nice(LESS_URGENT)  # only now: on a busy machine a start at this rank takes ten times as long, and is waited for


def end_with(parent: int) -> None:
    """End this process when its parent has ended, whatever it is doing."""
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK_S)
    os._exit(1)


def tiny() -> "Frames":
    """The smallest source that goes through every step."""
    import polars as pl

    polls = pl.DataFrame({"store_id": ["1"], "timestamp_utc": ["2024-01-01 12:00:00 UTC"], "status": ["active"]})
    hours = pl.DataFrame(
        schema=dict.fromkeys(("store_id", "day_of_week", "start_time_local", "end_time_local"), pl.String)
    )
    return pipeline.Frames(polls, hours, pl.DataFrame(schema=dict.fromkeys(("store_id", "timezone_str"), pl.String)))


def opened(place: SourceConfig) -> "Source":
    """The source at a place. Raises what `open_source` raises."""
    return pipeline.open_source(place.database, place.schema, place.application, place.mapping)


def options_of(stored: dict[str, Any], due_at: datetime | None = None) -> Options:
    """The options of a report as the registry keeps them, and of its due time, if it has one."""
    return replace(Options.from_dict(stored), until=due_at)


def make_report(task: Task) -> Outcome:
    """Run the pipeline and write its result, or why there is none, into the registry."""
    vault = Encryption(task.recipients)
    with RunRecorder(task) as ledger:
        try:
            source = opened(task.place)
            report = pipeline.build_report_with_lanes(
                source,
                options_of(task.options, task.due_at),
                task.limits,
                lambda step: ledger.note(step, source.version),
            )
            report = since_newest(report, ledger)
            ledger.note(Step.WRITING.with_counts(rows=report.exact.height), source.version)
            saved = asdict(pipeline.archive(report)).items()
            kept = {name: content and vault.sealed(content) for name, content in saved}
            file = going_out(report, task.outgoing, vault)
        except BaseException as error:  # whatever it is, panics of native libraries too: it ends this run alone
            if condition.is_starved_by(error):
                raise  # and nothing is written: it is run again in a fresh process
            condition.note_failure(error)
            outcome = Outcome(error=sentence(error, task.run), cause=str(error), trace=trace(error))
            is_written = ledger.written("fail", error=outcome.error)
            return outcome if is_written else Outcome(kept=False)
        stores, ahead = report.exact.height, report.quality.tables["polls"].rejected.get(Reason.AHEAD_OF_THE_CLOCK, 0)
        facts = {"stores": stores, "polls_ahead": ahead, **plausibility(report, vault)}
        is_written = ledger.written("complete", **facts, **kept, **file)
        return Outcome(stores=stores, kept=is_written)


def since_newest(report: "Report", ledger: "RunRecorder") -> "Report":
    """The report, with a warning where hours or zones have no row and the newest report before it had some.

    A report that is encrypted cannot be read here, and says nothing.
    """
    if all(report.quality.tables[table].read for table in ("hours", "zones")):
        return report
    figures = ledger.newest_figures()
    if figures is None or not figures.startswith(PARQUET):
        return report
    return pipeline.since_earlier(report, pipeline.restore(figures))


def plausibility(report: "Report", vault: Encryption) -> dict[str, Any]:
    """How new the data of a report is, and what is probably wrong with it.

    Where reports are encrypted, sentences are not kept beside them: they hold values of the data.
    """
    has_own_now = report.provenance["data_age_seconds"] is not None
    return {
        "data_now": datetime.fromisoformat(report.provenance["now"]) if has_own_now else None,
        "warnings": [] if vault.recipients else report.quality.warnings,
        "warning_codes": report.quality.warning_codes,
    }


def going_out(report: "Report", outgoing: Outgoing | None, vault: Encryption) -> dict[str, Any]:
    """What is handed over to be delivered."""
    if outgoing is None:
        return {"deliver_to": [], "file_name": None, "file": None}
    return {
        "deliver_to": outgoing.destinations,
        "file_name": vault.named(f"{outgoing.name}.{outgoing.file_format}"),
        "file": vault.sealed(report.render(outgoing.file_format, outgoing.columns)),
    }


def sentence(error: BaseException, run: str) -> str:
    """Why a run failed, for callers: nothing of the inside."""
    if isinstance(error, StoreUptimeError):
        return public_message(error)
    if condition.is_of_memory(error):
        return str(NeedsMoreMemory())
    return f"It ended in an unexpected error. The server's log has the details under run {run}."


def trace(error: BaseException) -> str | None:
    """The trace of an error that nobody expected."""
    return None if isinstance(error, StoreUptimeError) else "".join(traceback.format_exception(error))


class RunRecorder:
    """What a run writes into the registry while it has it."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def note(self, step: str, version: str | None) -> None:
        """Tell the step at hand; if that cannot be told, the run goes on."""
        with suppress(psycopg.Error, StoreUptimeError):
            self._execute("progress", step=step, data_version=version)

    def newest_figures(self) -> bytes | None:
        """The figures of the newest report of all stores; None where there is none, or the registry is away."""
        with suppress(psycopg.Error, StoreUptimeError):
            row = self._cursor("newest_figures").fetchone()
            return None if row is None else row[0]
        return None

    def written(self, statement: str, **values: object) -> bool:
        """Write how the run ended; False where it is somebody else's by now, or was cancelled.

        A registry that is away is waited for: the result took longer to make than that.
        """
        for attempt in stamina.retry_context(on=will_pass, attempts=None, timeout=REGISTRY_PATIENCE, wait_max=2.0):
            with attempt:
                return self._execute(statement, **values)
        return False

    def _execute(self, statement: str, **values: object) -> bool:
        return self._cursor(statement, **values).rowcount == 1

    def _cursor(self, statement: str, **values: object) -> "psycopg.Cursor[tuple[Any, ...]]":
        if self._connection is None:
            name = f"store-uptime worker {os.getpid()}"
            self._connection = pipeline.connect(self._task.registry, name, WRITE_PATIENCE)
        ours = {"id": self._task.report_id, "run": self._task.run}
        try:
            return self._connection.execute(statements()[statement], ours | values)
        except psycopg.Error:
            self._connection.close()  # the next one may be in order, or lead to another server
            self._connection = None
            raise


def will_pass(error: Exception) -> bool:
    """Whether the registry is only away, or cannot do its work just now."""
    match error:
        case psycopg.Error():
            return cause_of(error) is not None
        case _:
            return isinstance(error, pipeline.SourceUnreachable | pipeline.SourceRefused)


def about(figures: bytes) -> dict[str, Any]:
    """The provenance and the quality of a report."""
    return pipeline.restore(figures).about


def delivered(figures: bytes, outgoing: Outgoing, recipients: tuple[str, ...]) -> dict[str, Any]:
    """What is handed over to be delivered of a stored report."""
    return going_out(pipeline.restore(figures), outgoing, Encryption(recipients))


def rendered(figures: bytes, selection: Selection, file_format: Format, columns: Columns) -> bytes:
    """A report, or what is selected of it, in a format, from its stored figures."""
    return pipeline.select(pipeline.restore(figures), selection).render(file_format, columns)


def csv_safe(figures: bytes, selection: Selection, columns: Columns) -> bytes:
    """The same as CSV that is safe for spreadsheets."""
    return pipeline.select(pipeline.restore(figures), selection).csv_safe(columns)


def rejected_rows(figures: bytes, rejects: bytes, table: str) -> bytes:
    """The rejected rows of a table as CSV."""
    return pipeline.restore(figures, rejects=rejects).rejected_csv(table)


def rejected_rows_safe(figures: bytes, rejects: bytes, table: str) -> bytes:
    """The same, safe for spreadsheets."""
    return pipeline.restore(figures, rejects=rejects).rejected_csv_safe(table)


def timeline(
    place: SourceConfig, store: str, limits: Limits, figures: bytes | None, plan: bytes | None
) -> dict[str, bytes]:
    """One store's week as JSON and CSV: of a stored report, or as of now."""
    source = opened(place)
    if figures is None or plan is None:
        result = pipeline.build_timeline(source, store, limits=limits)
    else:
        result = pipeline.explain(source, pipeline.restore(figures, plan, store=store), store, limits)
    return {"json": result.json(), "csv": result.csv()}
