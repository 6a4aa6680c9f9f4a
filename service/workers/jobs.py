"""The work of a run: make a report, and write it into the registry.

It runs in a worker process, which may be killed at any moment; so the result is written in one statement, as the holder
of the run. What the server gets back is only how it has ended.
"""

import traceback
from datetime import datetime

from store_uptime import pipeline
from store_uptime.pipeline import StoreUptimeError
from store_uptime.service.encryption import Encryption
from store_uptime.service.errors import NeedsMoreMemory, public_message
from store_uptime.service.registry.deliveries import OutgoingFile
from store_uptime.service.registry.queue import RunFacts, complete_run, fail_run
from store_uptime.service.registry.reports import StoredReport
from store_uptime.service.registry.rows import ReportId
from store_uptime.service.registry.statements import Statement
from store_uptime.service.workers import condition, report_kinds
from store_uptime.service.workers.report_kinds import AnyReport
from store_uptime.service.workers.run_recorder import RunRecorder
from store_uptime.service.workers.tasks import FileToDeliver, Outcome, Task

LASTING = (
    *(pipeline.BadPeriod, pipeline.PeriodOutOfRange, pipeline.NoSuchZone),
    *(pipeline.UnknownAttribute, pipeline.UnknownValue),
)
"""Errors of what was asked for: in a while it is as wrong as now."""


def make_report(task: Task) -> Outcome:
    """Make a report and write it, or why there is none, into the registry.

    Raises an error of a starved process: then nothing is written, and the run is started again in a fresh process.
    """
    encryption = Encryption(task.recipients)
    with RunRecorder(task) as recorder:
        try:
            report = report_kinds.make_report(task, recorder)
            end = run_end(report, task, encryption)
        except BaseException as error:  # whatever it is, panics of native libraries too: it ends this run alone
            return fail(without_values(error, encryption), task, recorder)
        is_written = recorder.record_end(end)
        return Outcome(stores=report.stores, kept=is_written)


def fail(error: BaseException, task: Task, recorder: RunRecorder) -> Outcome:
    if condition.is_starved_by(error):
        raise error
    condition.record_failure(error)
    message = failure_message(error, task.run)
    may_pass = not isinstance(error, LASTING)
    is_written = recorder.record_end(fail_run(task.report_id, task.run, message, may_pass))
    if not is_written:
        return Outcome(kept=False)
    return Outcome(error=message, cause=str(error), trace=unexpected_trace(error))


def run_end(report: AnyReport, task: Task, encryption: Encryption) -> Statement[ReportId]:
    """The statement that writes a report and its deliveries, and marks it as complete."""
    parts = vars(report.archived()) | vars(report.counted())
    stored = StoredReport(**{name: content and encryption.encrypt(content) for name, content in parts.items()})
    file = deliverable(report, task.file, encryption)
    return complete_run(task.report_id, task.run, run_facts(report, encryption), stored, file)


def run_facts(report: AnyReport, encryption: Encryption) -> RunFacts:
    provenance, quality = report.about["provenance"], report.about["quality"]
    return RunFacts(
        stores=report.stores,
        polls_ahead=quality["tables"]["polls"]["rejected"].get(pipeline.Reason.AHEAD_OF_THE_CLOCK, 0),
        data_now=None if provenance["data_age_seconds"] is None else datetime.fromisoformat(provenance["now"]),
        # The sentences hold values of the data, and this column is not encrypted.
        warnings=[] if encryption.recipients else quality["warnings"],
        warning_codes=quality["warning_codes"],
    )


def deliverable(report: AnyReport, file: FileToDeliver | None, encryption: Encryption) -> OutgoingFile:
    """The file of a report to be delivered, as the registry stores it: destinations, name and content."""
    if file is None:
        return OutgoingFile([], None, None)
    return OutgoingFile(
        deliver_to=file.destinations,
        file_name=encryption.encrypted_name(f"{file.name}.{file.file_format}"),
        file=encryption.encrypt(report.render(file.file_format, file.columns)),
    )


def without_values(error: BaseException, encryption: Encryption) -> BaseException:
    """The error; where reports are encrypted without values of stores that were not asked for."""
    # Why a run failed stands in the registry, in announcements and in the log as it is.
    if encryption.recipients and isinstance(error, pipeline.UnknownValue):
        return error.replace(known=None)
    return error


def failure_message(error: BaseException, run: str) -> str:
    """Why a run failed, for callers: nothing of the inside."""
    if isinstance(error, StoreUptimeError):
        return public_message(error)
    if condition.is_out_of_memory(error):
        return str(NeedsMoreMemory())
    return f"It ended in an unexpected error. The server's log has the details under run {run}."


def unexpected_trace(error: BaseException) -> str | None:
    """The trace of an error that nobody expected."""
    return None if isinstance(error, StoreUptimeError) else "".join(traceback.format_exception(error))
