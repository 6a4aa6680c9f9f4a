"""The two kinds of report in one shape: `WindowsReport` of the three windows, `PeriodsReport` by periods.

make_report   the report of a task, of the kind that its options say
restored      a stored report, of the kind that its figures are
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, Self

from store_uptime import pipeline
from store_uptime.pipeline import About, Columns, Format, Options, Selection, Step
from store_uptime.service.errors import NotByPeriods
from store_uptime.service.registry.rows import StoredOptions
from store_uptime.service.workers import overviews
from store_uptime.service.workers.run_recorder import RunRecorder
from store_uptime.service.workers.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_uptime.pipeline import ArchivedPeriods, ArchivedReport, PeriodAbout, PeriodReport, Report, Source, View

PARQUET = b"PAR1"


@dataclass(frozen=True)
class Counted:
    """By the names of the registry's columns. summary: what trends show of a report; overview: the head of its page."""

    summary: bytes | None
    overview: bytes | None


NOTHING_COUNTED = Counted(None, None)


class AnyReport(Protocol):
    """A report of either kind."""

    @property
    def stores(self) -> int:
        """How many stores it has."""
        ...

    @property
    def about(self) -> "About | PeriodAbout":
        """Where it comes from and what its data was like, as plain values."""
        ...

    def archived(self) -> "ArchivedReport | ArchivedPeriods":
        """All of it as bytes, by the names of the registry's columns."""
        ...

    def counted(self) -> Counted:
        """What is counted of it, once for all who look at it."""
        ...

    def select(self, selection: Selection) -> Self:
        """Some of its stores."""
        ...

    def render(self, file_format: Format, columns: Columns, view: "View" = "stores") -> bytes:
        """A table of it in a format. columns: of one of the three windows; view: which, of one by periods."""
        ...

    def csv_safe(self, columns: Columns) -> bytes:
        """The same as CSV that is safe for spreadsheets."""
        ...

    def rejected_csv(self, table: str) -> bytes:
        """The rejected rows of a table as CSV."""
        ...

    def rejected_csv_safe(self, table: str) -> bytes:
        """The same, safe for spreadsheets."""
        ...


@dataclass(frozen=True)
class WindowsReport:
    """A report of the last hour, day and week: a row for each store."""

    report: "Report"

    @property
    def stores(self) -> int:
        """How many stores it has."""
        return self.report.exact.height

    @property
    def about(self) -> About:
        """Where it comes from and what its data was like, as plain values."""
        return self.report.about

    def archived(self) -> "ArchivedReport":
        """All of it as bytes, by the names of the registry's columns."""
        return pipeline.archive(self.report)

    def counted(self) -> Counted:
        """What is counted of it, once for all who look at it; nothing where its lanes were not kept."""
        if self.report.lanes is None:
            return NOTHING_COUNTED
        return Counted(pipeline.summary(self.report), overviews.make_overview(self.report))

    def select(self, selection: Selection) -> "WindowsReport":
        """Some of its stores."""
        return WindowsReport(pipeline.select(self.report, selection))

    def render(self, file_format: Format, columns: Columns, view: "View" = "stores") -> bytes:
        """Its rows in a format. Raises NotByPeriods for another table."""
        if view != "stores":
            raise NotByPeriods(view)
        return self.report.render(file_format, columns)

    def csv_safe(self, columns: Columns) -> bytes:
        """The same as CSV that is safe for spreadsheets."""
        return self.report.csv_safe(columns)

    def rejected_csv(self, table: str) -> bytes:
        """The rejected rows of a table as CSV."""
        return self.report.rejected_csv(table)

    def rejected_csv_safe(self, table: str) -> bytes:
        """The same, safe for spreadsheets."""
        return self.report.rejected_csv_safe(table)


@dataclass(frozen=True)
class PeriodsReport:
    """A report by periods: a row for each store and period, with its outages and its profile."""

    report: "PeriodReport"

    @property
    def stores(self) -> int:
        """How many stores it has."""
        return self.report.stores.height

    @property
    def about(self) -> "PeriodAbout":
        """Where it comes from and what its data was like, as plain values."""
        return self.report.about

    def archived(self) -> "ArchivedPeriods":
        """All of it as bytes, by the names of the registry's columns."""
        return pipeline.archive_periods(self.report)

    def counted(self) -> Counted:
        """Nothing: trends and overviews are of reports of the three windows alone."""
        return NOTHING_COUNTED

    def select(self, selection: Selection) -> "PeriodsReport":
        """Some of its stores."""
        return PeriodsReport(self.report.select(selection.only, selection.search))

    def render(self, file_format: Format, columns: Columns, view: "View" = "stores") -> bytes:
        """A table of it in a format; each has the same columns always."""
        return self.report.render(view, file_format)

    def csv_safe(self, columns: Columns) -> bytes:
        """The same as CSV that is safe for spreadsheets."""
        return self.report.csv_safe("stores")

    def rejected_csv(self, table: str) -> bytes:
        """The rejected rows of a table as CSV."""
        return self.report.rejected_csv(table)

    def rejected_csv_safe(self, table: str) -> bytes:
        """The same, safe for spreadsheets."""
        return self.report.rejected_csv_safe(table)


def make_report(task: Task, recorder: RunRecorder) -> AnyReport:
    """The report of a task. Raises what the source raises, and what its options may not be for it."""
    source, options = task.source.open(), restore_options(task.options, task.due_at)

    def progress(step: str) -> None:
        recorder.record_step(step_for_callers(step), source.version)

    make = windows_report if options.period is None else periods_report
    report = make(task, source, options, progress, recorder)
    recorder.record_step(Step.WRITING.with_counts(rows=report.stores), source.version)
    return report


def windows_report(
    task: Task, source: "Source", options: Options, progress: "Callable[[str], None]", recorder: RunRecorder
) -> WindowsReport:
    """A report of the last hour, day and week."""
    report = pipeline.build_report_with_lanes(source, options, task.limits, progress, task.cluster)
    return WindowsReport(with_warnings_since_newest(report, recorder))


def periods_report(
    task: Task, source: "Source", options: Options, progress: "Callable[[str], None]", _: RunRecorder
) -> PeriodsReport:
    """A report by periods, with all that its pages show."""
    if options.period is None:
        raise ValueError("it has no periods")
    tables = ("profile", "outages")
    return PeriodsReport(
        pipeline.build_periods(source, options.period, options, task.limits, progress, task.cluster, tables=tables)
    )


def restored(
    figures: bytes,
    attributes: bytes | None = None,
    outages: bytes | None = None,
    profile: bytes | None = None,
    rejects: bytes | None = None,
    lanes: bytes | None = None,
) -> AnyReport:
    """A stored report, with what is given of it."""
    if not pipeline.holds_periods(figures):
        return WindowsReport(pipeline.restore(figures, rejects=rejects, lanes=lanes, attributes=attributes))
    parts = {"rejects": rejects, "attributes": attributes, "outages": outages, "profile": profile}
    return PeriodsReport(pipeline.restore_periods(figures, **parts))


def restore_options(stored: StoredOptions, due_at: datetime | None = None) -> Options:
    """The options of a report from the registry, with its due time, if it has one."""
    return replace(Options.from_dict(stored), until=due_at)


def step_for_callers(step: str) -> str:
    """A step as the registry has it, from where anybody may read it who has the report."""
    return step.for_callers if isinstance(step, pipeline.StepText) else step


def with_warnings_since_newest(report: "Report", recorder: RunRecorder) -> "Report":
    """The report, with a warning where hours or zones have no row and the newest report before it had some."""
    if all(report.quality.tables[table].read for table in ("hours", "zones")):
        return report
    figures = recorder.newest_figures()
    if figures is None or not figures.startswith(PARQUET):  # encrypted: a worker has no identity to read it with
        return report
    return pipeline.since_earlier(report, pipeline.restore(figures))
