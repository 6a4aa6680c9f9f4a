"""Reports: their states, their stored results, and their ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store_uptime.pipeline import LOOKBACK
from store_uptime.service.registry.audit import Actor
from store_uptime.service.registry.grants import Grant, Role
from store_uptime.service.registry.rows import Count, NoRow, ReportId, Row, StoredContent, StoredOptions
from store_uptime.service.registry.statements import Statement
from store_uptime.service.registry.states import CANCELLED, ReportState


@dataclass(frozen=True)
class ReportRow(Row):
    """The row of a report without its large columns.

    stores: how many rows its figures have; is_late: no server was there at the due time; missed_due_times: those before
    it that have no report; tries: how often a run of it has failed; not_before: when it may be tried again; seconds:
    since it was started, or else triggered; as_of: its now, None where it has none yet, or nobody kept it.
    """

    id: str
    status: ReportState
    options: StoredOptions
    requested_by: str | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    step: str | None
    error: str | None
    stores: int | None
    schedule: str | None
    due_at: datetime | None
    is_late: bool
    missed_due_times: int
    tries: int
    not_before: datetime | None
    seconds: float
    warnings: list[str]
    warning_codes: list[str]
    as_of: datetime | None

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody has ended it before it was complete."""
        return self.error == CANCELLED

    @property
    def is_by_periods(self) -> bool:
        """Whether it is by periods, and not of the three windows."""
        return "period" in self.options


@dataclass(frozen=True)
class DatedReport(Row):
    """Which report it is, and the end of its windows; of one by periods, when it was requested."""

    id: str
    now: datetime


@dataclass(frozen=True)
class StoredFigures(StoredContent):
    """What the files of a report are made from; all Parquet, as in the next ones.

    attributes: the stores with their attributes, None where the source has no table of them, or the report is older
    than attributes. outages, profile: of a report by periods.
    """

    audit_word = "figures"
    figures: bytes
    attributes: bytes | None
    outages: bytes | None
    profile: bytes | None


@dataclass(frozen=True)
class StoredAttributes(StoredContent):
    """The stores of a report with their attributes."""

    audit_word = "attributes"
    attributes: bytes | None


@dataclass(frozen=True)
class StoredExplanation(StoredContent):
    """What explains the figures of a store: the plan of the report, its rejected rows, and its lanes (None: the report
    is older than lanes)."""

    audit_word = "explained"
    figures: bytes
    plan: bytes
    rejects: bytes
    attributes: bytes | None
    lanes: bytes | None


@dataclass(frozen=True)
class StoredFleet(StoredContent):
    """The figures of a report, the lanes of its stores (None: the report is older than lanes), and what was counted of
    all of them when it was made (None: an earlier version made it)."""

    audit_word = "fleet"
    figures: bytes
    attributes: bytes | None
    lanes: bytes | None
    overview: bytes | None


@dataclass(frozen=True)
class StoredOverview(StoredContent):
    """What was counted of all stores of a report when it was made; None where nothing was, and only then what it is
    counted from."""

    audit_word = "overview"
    overview: bytes | None
    figures: bytes | None
    lanes: bytes | None


@dataclass(frozen=True)
class StoredRejects(StoredContent):
    """The figures of a report, and its rejected rows."""

    audit_word = "rejects"
    figures: bytes
    rejects: bytes


@dataclass(frozen=True)
class StoredReport(Row):
    """Everything that is stored of a report."""

    figures: bytes
    plan: bytes | None
    rejects: bytes | None
    lanes: bytes | None = None  # None in reports that are older than lanes, and in those by periods
    attributes: bytes | None = None
    outages: bytes | None = None  # None in reports of the three windows, as the next one
    profile: bytes | None = None
    summary: bytes | None = None  # None where there are no lanes, and until somebody has asked for that of an older one
    overview: bytes | None = None  # None where there are no lanes, and in reports of an earlier version


@dataclass(frozen=True)
class SummaryRow(Row):
    """A report of the three windows, as trends and the log show it.

    as_of: its now; None of an old one, until it has a summary. summary: encrypted where the server has a key; None of
    one that was made by an earlier version, until `save_summary`. has_lanes: whether a summary can be made.
    """

    id: str
    as_of: datetime | None
    finished_at: datetime
    schedule: str | None
    warning_codes: list[str]
    options: StoredOptions
    summary: bytes | None
    has_lanes: bool


@dataclass(frozen=True)
class NewestSummary(Row):
    """The report that the page begins with; without one, most are None.

    is_of_newest_poll: its now was not given. is_running: whether any report is on its way. usual_max_gap,
    usual_lookback: what a new one is made with, as stored options have it.
    """

    report_id: str | None
    as_of: datetime | None
    is_of_newest_poll: bool | None
    summary: bytes | None
    is_running: bool
    usual_max_gap: float | None
    usual_lookback: float


@dataclass(frozen=True)
class EarlierReport(Row):
    """A report to compare another one with, its now, and its summary: encrypted where the server has a key."""

    id: str
    as_of: datetime
    summary: bytes | None


def report_row(report_id: str) -> Statement[ReportRow]:
    """A report in any state."""
    return Statement("report_row", ReportRow, {"id": report_id})


def report_history(
    states: list[ReportState], limit: int, store_id: str | None = None, after: str | None = None
) -> Statement[ReportRow]:
    """Reports in these states, the newest first. after: the id of the last one that is known already."""
    values = {"statuses": [state.value for state in states], "limit": limit, "store_id": store_id, "after": after}
    return Statement("report_history", ReportRow, values)


def newest_report() -> Statement[ReportRow]:
    """The report that the page begins with: of those with the usual options, whatever somebody tried out since."""
    return Statement("newest_report", ReportRow, {"lookback": LOOKBACK.total_seconds()})


def previous_report(report_id: str) -> Statement[ReportId]:
    """The report before, of the same options and the same schedule."""
    # To compare one on schedule with one that somebody triggered in between would hide what changed since yesterday.
    return Statement("previous_report", ReportId, {"id": report_id})


def week_reports(report_id: str, store_id: str) -> Statement[DatedReport]:
    """The reports whose lanes may have the weeks of a store before that of a report, the latest first; itself among
    them."""
    return Statement("week_reports", DatedReport, {"id": report_id, "store_id": store_id})


def day_reports(store_id: str, limit: int) -> Statement[DatedReport]:
    """The newest reports by periods that may have a store day by day."""
    return Statement("day_reports", DatedReport, {"store_id": store_id, "limit": limit})


def newest_figures() -> Statement[StoredFigures]:
    """The figures of the newest report of the three windows of all stores."""
    return Statement("newest_figures", StoredFigures)


def newest_attributes() -> Statement[StoredAttributes]:
    """The stores with their attributes, as the newest report of all stores has them."""
    return Statement("newest_attributes", StoredAttributes)


def count_ahead(requested_at: datetime) -> Statement[Count]:
    """How many reports wait that were triggered before; always one row."""
    return Statement("count_ahead", Count, {"requested_at": requested_at})


def stored_figures(report_id: str) -> Statement[StoredFigures]:
    """What the files of a complete report are made from."""
    return Statement("stored_figures", StoredFigures, {"id": report_id})


def stored_explanation(report_id: str) -> Statement[StoredExplanation]:
    """What a timeline and the page of a store are made from."""
    return Statement("stored_explanation", StoredExplanation, {"id": report_id})


def stored_fleet(report_id: str) -> Statement[StoredFleet]:
    """What the table of the fleet is made from."""
    return Statement("stored_fleet", StoredFleet, {"id": report_id})


def stored_overview(report_id: str) -> Statement[StoredOverview]:
    """What is counted of all stores of a report."""
    return Statement("stored_overview", StoredOverview, {"id": report_id})


def stored_rejects(report_id: str) -> Statement[StoredRejects]:
    """What the files of rejected rows are made from."""
    return Statement("stored_rejects", StoredRejects, {"id": report_id})


def cancel_report(report_id: str, by: Actor, grant: Grant) -> Statement[ReportId]:
    """Cancel an unfinished report; no row where it has finished, or it is not theirs to cancel."""
    return Statement("cancel_report", ReportId, {"id": report_id, "is_admin": grant.allows(Role.ADMIN), **vars(by)})


def remove_report(report_id: str, by: Actor) -> Statement[ReportId]:
    """Remove a finished report; its id stays."""
    return Statement("remove_report", ReportId, {"id": report_id, **vars(by)})


def stored_report_ids() -> Statement[ReportId]:
    """The reports of which something is stored."""
    return Statement("stored_report_ids", ReportId)


def stored_report(report_id: str) -> Statement[StoredReport]:
    """Everything that is stored of a report."""
    return Statement("stored_report", StoredReport, {"id": report_id})


def replace_stored_report(report_id: str, stored: StoredReport) -> Statement[NoRow]:
    """Store a report encrypted to other keys."""
    return Statement("replace_stored_report", NoRow, {"id": report_id, **vars(stored)})


def summaries(limit: int) -> Statement[SummaryRow]:
    """The complete reports of the three windows and all stores, the newest first, with their summaries."""
    return Statement("summaries", SummaryRow, {"limit": limit})


def summaries_of(report_ids: list[str]) -> Statement[SummaryRow]:
    """The same of those of some reports that are complete and of the three windows."""
    return Statement("summaries_of", SummaryRow, {"ids": report_ids})


def save_summary(report_id: str, summary: bytes, as_of: datetime) -> Statement[NoRow]:
    """Keep the summary of a report that was made without one. as_of: its now, which old rows do not have."""
    return Statement("save_summary", NoRow, {"id": report_id, "summary": summary, "as_of": as_of})


def newest_summary() -> Statement[NewestSummary]:
    """The report that the page begins with, and whether another one is on its way; always one row."""
    return Statement("newest_summary", NewestSummary, {"lookback": LOOKBACK.total_seconds()})


def report_before(report_id: str, interval: timedelta, tolerance: timedelta) -> Statement[EarlierReport]:
    """The report of the same options whose now is nearest to an interval before that of a report; no row where none is
    within the tolerance, or the report is not of all stores and of the three windows."""
    return Statement("report_before", EarlierReport, {"id": report_id, "interval": interval, "tolerance": tolerance})
