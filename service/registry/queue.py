"""The queue of reports, and their runs.

The row of a report is also its entry in the queue. A server takes the next one with `claim`, keeps it with
`renew_leases`, and takes over the runs of a server that has stopped with `requeue_stalled`. Only the holder of a run's
token can write its result.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store_uptime.pipeline import Format
from store_uptime.service.registry.deliveries import OutgoingFile
from store_uptime.service.registry.reports import StoredReport
from store_uptime.service.registry.rows import Found, NoRow, ReportId, Row, StoredOptions
from store_uptime.service.registry.statements import Statement
from store_uptime.service.registry.states import ReportState


@dataclass(frozen=True)
class ClaimedRun(Row):
    """A report that is to run now. deliver_to, format: of its file; waited_s: seconds in the queue."""

    id: str
    options: StoredOptions
    schedule: str | None
    due_at: datetime | None
    requested_at: datetime
    deliver_to: list[str]
    format: Format
    waited_s: float


@dataclass(frozen=True)
class OwnedRun(Row):
    """The token of a run."""

    run: str


@dataclass(frozen=True)
class StalledRun(Row):
    """The token of a run whose server has fallen silent, and what its report is now: queued, or an error."""

    run: str
    status: ReportState


@dataclass(frozen=True)
class RunError(Row):
    """Why a run has no result: a sentence for callers."""

    error: str


@dataclass(frozen=True)
class RunFacts:
    """The facts about a complete report beside its figures.

    polls_ahead: polls ahead of the clock; data_now: the newest poll, None where now was given;
    warnings: sentences, none where reports are encrypted.
    """

    stores: int
    polls_ahead: int
    data_now: datetime | None
    warnings: list[str]
    warning_codes: list[str]


def any_waiting() -> Statement[Found]:
    """Whether there is anything to claim."""
    return Statement("any_waiting", Found)


def claim(run: str, lease: timedelta, made_by: str) -> Statement[ClaimedRun]:
    """Take the next report of the queue; no row where none waits."""
    return Statement("claim", ClaimedRun, {"run": run, "lease": lease, "made_by": made_by})


def renew_leases(runs: list[str], lease: timedelta) -> Statement[NoRow]:
    """Say that these runs are alive."""
    # Those that are not ours any more are left alone by the statement: it renews what is running under these tokens.
    return Statement("renew_leases", NoRow, {"runs": runs, "lease": lease})


def owned_runs(runs: list[str]) -> Statement[OwnedRun]:
    """Those of these runs that were neither cancelled nor taken over."""
    return Statement("owned_runs", OwnedRun, {"runs": runs})


def requeue_stalled() -> Statement[StalledRun]:
    """Queue the runs again whose lease has run out."""
    # Any server may see this first; rows that another one is just taking over are skipped.
    return Statement("requeue_stalled", StalledRun)


def release(runs: list[str]) -> Statement[NoRow]:
    """Queue these runs again, as if they had not started."""
    return Statement("release", NoRow, {"runs": runs})


def record_progress(report_id: str, run: str, step: str, data_version: str | None) -> Statement[NoRow]:
    """Record what a run is doing."""
    values = {"id": report_id, "run": run, "step": step, "data_version": data_version}
    return Statement("record_progress", NoRow, values)


def complete_run(
    report_id: str, run: str, facts: RunFacts, stored: StoredReport, file: OutgoingFile
) -> Statement[ReportId]:
    """Write the result of a run; no row where another server has taken it over, or it was cancelled."""
    # One statement, and so one transaction: there is no report without its file, nor a file without its report.
    result = {**vars(facts), **vars(stored), **vars(file)}
    return Statement("complete_run", ReportId, {"id": report_id, "run": run, **result})


def fail_run(report_id: str, run: str, error: str, may_pass: bool = True) -> Statement[RunError]:
    """Write why a run has no result; no row where another server has taken it over, or it was cancelled.

    may_pass: whether a later try may succeed.
    """
    return Statement("fail_run", RunError, {"id": report_id, "run": run, "error": error, "may_pass": may_pass})
