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
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, TypeVar, TypeVarTuple

import psycopg
import stamina

import pipeline
from pipeline import AS_NAMED, Columns, Format, Limits, Options, Selection, SourceMapping, StoreUptimeError
from service.errors import told
from service.sealed import Vault
from service.statements import statements

if TYPE_CHECKING:
    from pipeline import Frames, Report, Source

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

AHEAD = "ahead of the clock"
PARENT_LOOK_S = 0.5
LESS_URGENT = 10  # who asks where a report stands is answered first
REGISTRY_PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Place:
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
    place: Place
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


@cache
def begin(memory: int, spill: str) -> None:
    """Make a fresh process ready: what it needs is imported, it ends with its parent, and memory has an end.

    The first run of DuckDB, Polars and ConnectorX in a process costs half a second; here nobody waits for it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # those are for the server, which sees to its workers
        signal.signal(number, signal.SIG_IGN)
    sys.modules.setdefault("__main__", ModuleType("__main__"))  # DuckDB looks for it; anyio knows only one with a file
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # native libraries write there, and nobody reads: it would fill up
    limit_memory(memory)
    pipeline.open_source("postgresql://localhost/none")  # imports the driver; connects to nothing
    pipeline.saved(pipeline.build_report(tiny(), limits=Limits(spill=spill)))
    os.nice(LESS_URGENT)  # only now: on a busy machine a start at this rank takes ten times as long, and is waited for


def called(memory: int, spill: str, function: Callable[[*Arguments], Result], arguments: tuple[*Arguments]) -> Result:
    """A function's result, in a process that has begun."""
    begin(memory, spill)
    with pipeline.panics_told("a worker"):  # a panic cannot be pickled
        return function(*arguments)


def end_with(parent: int) -> None:
    """End this process when its parent has ended, whatever it is doing."""
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK_S)
    os._exit(1)


def limit_memory(amount: int) -> None:
    """A run that needs more memory than its share ends alone, before the system ends something else."""
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        amount = amount if most == resource.RLIM_INFINITY else min(amount, most)
        resource.setrlimit(resource.RLIMIT_DATA, (amount, amount))


def tiny() -> "Frames":
    """The smallest source that goes through every step."""
    import polars as pl

    polls = pl.DataFrame({"store_id": ["1"], "timestamp_utc": ["2024-01-01 12:00:00 UTC"], "status": ["active"]})
    hours = pl.DataFrame(
        schema=dict.fromkeys(("store_id", "day_of_week", "start_time_local", "end_time_local"), pl.String)
    )
    return pipeline.Frames(polls, hours, pl.DataFrame(schema=dict.fromkeys(("store_id", "timezone_str"), pl.String)))


def opened(place: Place) -> "Source":
    """The source at a place. Raises what `open_source` raises."""
    return pipeline.open_source(place.database, place.schema, place.application, place.mapping)


def options_of(stored: dict[str, Any], due_at: datetime | None = None) -> Options:
    """The options of a report as the registry keeps them, and of its due time, if it has one."""
    return Options(
        now=stored["now"] and datetime.fromisoformat(stored["now"]),
        store=stored["store_id"],
        max_gap=stored["max_gap"] and timedelta(seconds=stored["max_gap"]),
        lookback=timedelta(seconds=stored["lookback"]),
        until=due_at,
    )


def make_report(task: Task) -> Outcome:
    """Run the pipeline and write its result, or why there is none, into the registry."""
    vault = Vault(task.recipients)
    with Ledger(task) as ledger:
        try:
            source = opened(task.place)
            report = pipeline.build_report(
                source,
                options_of(task.options, task.due_at),
                task.limits,
                lambda step: ledger.note(step, source.version),
                lanes=True,
            )
            ledger.note(f"writing (rows: {report.exact.height:,})", source.version)
            saved = asdict(pipeline.saved(report)).items()
            kept = {name: content and vault.sealed(content) for name, content in saved}
            file = going_out(report, task.outgoing, vault)
        except BaseException as error:  # whatever it is, a panic too, it ends this run alone
            outcome = Outcome(error=sentence(error, task.run), cause=str(error), trace=trace(error))
            is_written = ledger.written("fail", error=outcome.error)
            if is_of_memory(error):
                os._exit(1)  # what such a run leaves behind would be missing in the next one
            return outcome if is_written else Outcome(kept=False)
        stores, ahead = report.exact.height, report.quality.tables["polls"].rejected.get(AHEAD, 0)
        facts = {"stores": stores, "polls_ahead": ahead, **plausibility(report, vault)}
        is_written = ledger.written("complete", **facts, **kept, **file)
        return Outcome(stores=stores, kept=is_written)


def plausibility(report: "Report", vault: Vault) -> dict[str, Any]:
    """How new the data of a report is, and what is probably wrong with it.

    Where reports are encrypted, sentences are not kept beside them: they hold values of the data.
    """
    has_own_now = report.provenance["data_age_seconds"] is not None
    return {
        "data_now": datetime.fromisoformat(report.provenance["now"]) if has_own_now else None,
        "warnings": [] if vault.recipients else report.quality.warnings,
        "warning_codes": report.quality.warning_codes,
    }


def going_out(report: "Report", outgoing: Outgoing | None, vault: Vault) -> dict[str, Any]:
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
        return told(error)
    if is_of_memory(error):
        return "It needed more memory than a worker may use. Fewer workers get more each: --workers."
    return f"It ended in an unexpected error. The server's log has the details under run {run}."


def is_of_memory(error: BaseException) -> bool:
    """Whether a run has failed for want of memory."""
    return isinstance(error, MemoryError) or "Out of Memory" in str(error)


def trace(error: BaseException) -> str | None:
    """The trace of an error that nobody expected."""
    return None if isinstance(error, StoreUptimeError) else "".join(traceback.format_exception(error))


class Ledger:
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
        with suppress(psycopg.Error):
            self._execute("progress", step=step, data_version=version)

    def written(self, statement: str, **values: object) -> bool:
        """Write how the run ended; False where it is somebody else's by now, or was cancelled.

        A registry that is away is waited for: the result took longer to make than that.
        """
        for attempt in stamina.retry_context(
            on=psycopg.OperationalError, attempts=None, timeout=REGISTRY_PATIENCE, wait_max=2.0
        ):
            with attempt:
                return self._execute(statement, **values)
        return False

    def _execute(self, statement: str, **values: object) -> bool:
        if self._connection is None or self._connection.closed:
            name = f"store-uptime worker {os.getpid()}"
            self._connection = psycopg.connect(
                self._task.registry, autocommit=True, connect_timeout=4, application_name=name
            )
        ours = {"id": self._task.report_id, "run": self._task.run}
        return self._connection.execute(statements()[statement], ours | values).rowcount == 1


def about(figures: bytes) -> dict[str, Any]:
    """The provenance and the quality of a report."""
    return pipeline.restored(figures).about


def delivered(figures: bytes, outgoing: Outgoing, recipients: tuple[str, ...]) -> dict[str, Any]:
    """What is handed over to be delivered of a stored report."""
    return going_out(pipeline.restored(figures), outgoing, Vault(recipients))


def rendered(figures: bytes, selection: Selection, file_format: Format, columns: Columns) -> bytes:
    """A report, or what is selected of it, in a format, from its stored figures."""
    return pipeline.selected(pipeline.restored(figures), selection).render(file_format, columns)


def rejected_rows(figures: bytes, rejects: bytes, table: str) -> bytes:
    """The rejected rows of a table as CSV."""
    return pipeline.restored(figures, rejects=rejects).rejected_csv(table)


def timeline(place: Place, store: str, limits: Limits, figures: bytes | None, plan: bytes | None) -> dict[str, bytes]:
    """One store's week as JSON and CSV: of a stored report, or as of now."""
    source = opened(place)
    if figures is None or plan is None:
        result = pipeline.build_timeline(source, store, limits=limits)
    else:
        result = pipeline.explain(source, pipeline.restored(figures, plan, store=store), store, limits)
    return {"json": result.json(), "csv": result.csv()}
