"""The work of a run: make a report, and write it into the registry.

It runs in a worker process, which may be killed at any moment; so the result is written in one statement, as the holder
of the run. What the server gets back is only how it has ended.
"""

import traceback
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import Options, Step, StoreUptimeError
from store_uptime.service.encryption import Encryption
from store_uptime.service.errors import NeedsMoreMemory, public_message
from store_uptime.service.registry.deliveries import OutgoingFile
from store_uptime.service.registry.queue import RunFacts, complete_run, fail_run
from store_uptime.service.registry.reports import StoredReport
from store_uptime.service.registry.rows import ReportId, StoredOptions
from store_uptime.service.registry.statements import Statement
from store_uptime.service.workers import condition
from store_uptime.service.workers.run_recorder import RunRecorder
from store_uptime.service.workers.tasks import FileToDeliver, Outcome, Task

if TYPE_CHECKING:
    from store_uptime.pipeline import Report

PARQUET = b"PAR1"


def make_report(task: Task) -> Outcome:
    """Make a report and write it, or why there is none, into the registry.

    Raises an error of a starved process: then nothing is written, and the run is started again in a fresh process.
    """
    encryption = Encryption(task.recipients)
    with RunRecorder(task) as recorder:
        try:
            report = build(task, recorder)
            end = run_end(report, task, encryption)
        except BaseException as error:  # whatever it is, panics of native libraries too: it ends this run alone
            return fail(error, task, recorder)
        is_written = recorder.record_end(end)
        return Outcome(stores=report.exact.height, kept=is_written)


def build(task: Task, recorder: RunRecorder) -> "Report":
    source = task.source.open()
    report = pipeline.build_report_with_lanes(
        source,
        restore_options(task.options, task.due_at),
        task.limits,
        lambda step: recorder.record_step(step_for_callers(step), source.version),
        task.cluster,
    )
    report = with_warnings_since_newest(report, recorder)
    recorder.record_step(Step.WRITING.with_counts(rows=report.exact.height), source.version)
    return report


def step_for_callers(step: str) -> str:
    """A step as the registry has it, from where anybody may read it who has the report."""
    return step.for_callers if isinstance(step, pipeline.StepText) else step


def fail(error: BaseException, task: Task, recorder: RunRecorder) -> Outcome:
    if condition.is_starved_by(error):
        raise error
    condition.record_failure(error)
    message = failure_message(error, task.run)
    is_written = recorder.record_end(fail_run(task.report_id, task.run, message))
    if not is_written:
        return Outcome(kept=False)
    return Outcome(error=message, cause=str(error), trace=unexpected_trace(error))


def run_end(report: "Report", task: Task, encryption: Encryption) -> Statement[ReportId]:
    """The statement that writes a report and its deliveries, and marks it as complete."""
    archived = vars(pipeline.archive(report)).items()
    stored = StoredReport(**{name: content and encryption.encrypt(content) for name, content in archived})
    file = deliverable(report, task.file, encryption)
    return complete_run(task.report_id, task.run, run_facts(report, encryption), stored, file)


def restore_options(stored: StoredOptions, due_at: datetime | None = None) -> Options:
    """The options of a report from the registry, with its due time, if it has one."""
    return replace(Options.from_dict(stored), until=due_at)


def with_warnings_since_newest(report: "Report", recorder: RunRecorder) -> "Report":
    """The report, with a warning where hours or zones have no row and the newest report before it had some."""
    if all(report.quality.tables[table].read for table in ("hours", "zones")):
        return report
    figures = recorder.newest_figures()
    if figures is None or not figures.startswith(PARQUET):  # encrypted: a worker has no identity to read it with
        return report
    return pipeline.since_earlier(report, pipeline.restore(figures))


def run_facts(report: "Report", encryption: Encryption) -> RunFacts:
    has_own_now = report.provenance["data_age_seconds"] is not None
    return RunFacts(
        stores=report.exact.height,
        polls_ahead=report.quality.tables["polls"].rejected.get(pipeline.Reason.AHEAD_OF_THE_CLOCK, 0),
        data_now=datetime.fromisoformat(report.provenance["now"]) if has_own_now else None,
        # The sentences hold values of the data, and this column is not encrypted.
        warnings=[] if encryption.recipients else report.quality.warnings,
        warning_codes=report.quality.warning_codes,
    )


def deliverable(report: "Report", file: FileToDeliver | None, encryption: Encryption) -> OutgoingFile:
    """The file of a report to be delivered, as the registry stores it: destinations, name and content."""
    if file is None:
        return OutgoingFile([], None, None)
    return OutgoingFile(
        deliver_to=file.destinations,
        file_name=encryption.encrypted_name(f"{file.name}.{file.file_format}"),
        file=encryption.encrypt(report.render(file.file_format, file.columns)),
    )


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
