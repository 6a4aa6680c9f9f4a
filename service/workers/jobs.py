"""The work of a run: make a report, and write it into the registry.

It runs in a worker process, which may be killed at any moment; so the result is written in one statement, as the holder
of the run. What the server gets back is only how it has ended.
"""

import traceback
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from store_uptime import pipeline
from store_uptime.pipeline import Options, StoreUptimeError
from store_uptime.service.encryption import Encryption
from store_uptime.service.errors import NeedsMoreMemory, public_message
from store_uptime.service.workers import condition
from store_uptime.service.workers.run_recorder import RunRecorder
from store_uptime.service.workers.tasks import FileToDeliver, Outcome, Task

if TYPE_CHECKING:
    from store_uptime.pipeline import Report

AHEAD = "ahead of the clock"
PARQUET = b"PAR1"


def make_report(task: Task) -> Outcome:
    """Make a report and write it, or why there is none, into the registry.

    Raises an error of a starved process: then nothing is written, and the run is started again in a fresh process.
    """
    encryption = Encryption(task.recipients)
    with RunRecorder(task) as recorder:
        try:
            report = build(task, recorder)
            row = report_row(report, task, encryption)
        except BaseException as error:  # whatever it is, panics of native libraries too: it ends this run alone
            return fail(error, task, recorder)
        is_written = recorder.record_end("complete", **row)
        return Outcome(stores=report.exact.height, kept=is_written)


def build(task: Task, recorder: RunRecorder) -> "Report":
    source = task.source.open()
    report = pipeline.build_report(
        source,
        restore_options(task.options, task.due_at),
        task.limits,
        lambda step: recorder.record_step(step, source.version),
        lanes=True,
    )
    report = with_warnings_since_newest(report, recorder)
    recorder.record_step(f"writing (rows: {report.exact.height:,})", source.version)
    return report


def fail(error: BaseException, task: Task, recorder: RunRecorder) -> Outcome:
    if condition.is_starved_by(error):
        raise error
    condition.record_failure(error)
    outcome = Outcome(error=failure_message(error, task.run), cause=str(error), trace=unexpected_trace(error))
    is_written = recorder.record_end("fail", error=outcome.error)
    return outcome if is_written else Outcome(kept=False)


def report_row(report: "Report", task: Task, encryption: Encryption) -> dict[str, Any]:
    """What the registry keeps of a report."""
    archived = asdict(pipeline.archive(report)).items()
    return {
        "stores": report.exact.height,
        "polls_ahead": report.quality.tables["polls"].rejected.get(AHEAD, 0),
        **plausibility(report, encryption),
        **{name: content and encryption.encrypt(content) for name, content in archived},
        **deliverable(report, task.file, encryption),
    }


def restore_options(stored: dict[str, Any], due_at: datetime | None = None) -> Options:
    """The options of a report as the registry keeps them, and of its due time, if it has one."""
    return Options(
        now=stored["now"] and datetime.fromisoformat(stored["now"]),
        store=stored["store_id"],
        max_gap=stored["max_gap"] and timedelta(seconds=stored["max_gap"]),
        lookback=timedelta(seconds=stored["lookback"]),
        until=due_at,
    )


def with_warnings_since_newest(report: "Report", recorder: RunRecorder) -> "Report":
    """The report, with a warning where hours or zones have no row and the newest report before it had some."""
    if all(report.quality.tables[table].read for table in ("hours", "zones")):
        return report
    figures = recorder.newest_figures()
    if figures is None or not figures.startswith(PARQUET):  # encrypted: a worker has no identity to read it with
        return report
    return pipeline.since_earlier(report, pipeline.restore(figures))


def plausibility(report: "Report", encryption: Encryption) -> dict[str, Any]:
    """How new the data of a report is, and what is probably wrong with it."""
    has_own_now = report.provenance["data_age_seconds"] is not None
    return {
        "data_now": datetime.fromisoformat(report.provenance["now"]) if has_own_now else None,
        # The sentences hold values of the data, and this column is not encrypted.
        "warnings": [] if encryption.recipients else report.quality.warnings,
        "warning_codes": report.quality.warning_codes,
    }


def deliverable(report: "Report", file: FileToDeliver | None, encryption: Encryption) -> dict[str, Any]:
    """What the registry keeps of a report to be delivered: destinations, name and content of the file."""
    if file is None:
        return {"deliver_to": [], "file_name": None, "file": None}
    return {
        "deliver_to": file.destinations,
        "file_name": encryption.encrypted_name(f"{file.name}.{file.file_format}"),
        "file": encryption.encrypt(report.render(file.file_format, file.columns)),
    }


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
