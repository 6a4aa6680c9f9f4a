"""What a run in two passes makes: a report of the three windows, or one by periods."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from msgspec import Struct

from store_uptime.pipeline.calendar.periods import Whole
from store_uptime.pipeline.options import Horizon, Options
from store_uptime.pipeline.parts.exchange import Exchange
from store_uptime.pipeline.parts.job import Job, PeriodJob
from store_uptime.pipeline.parts.joined import Unread, joined
from store_uptime.pipeline.parts.part import PartFigures, part
from store_uptime.pipeline.parts.period_joined import joined_periods
from store_uptime.pipeline.parts.period_part import PeriodPartFigures, period_part
from store_uptime.pipeline.parts.spread import Spread
from store_uptime.pipeline.period_run import PeriodTables, nothing_known, periods_of
from store_uptime.pipeline.periods import Period
from store_uptime.pipeline.plan.periods import PeriodRun
from store_uptime.pipeline.plan.rejected import why_no_polls
from store_uptime.pipeline.report.periods.period_report import PeriodReport
from store_uptime.pipeline.report.report import Report
from store_uptime.pipeline.run import horizon_of
from store_uptime.pipeline.source.folder.folder import POLLS, Folder

Figures = TypeVar("Figures")
Made_co = TypeVar("Made_co", covariant=True)


class RunStart(Struct, frozen=True):
    """With what a run starts. horizon: of all stores; whole: the period, if there is one; bounds: see `Job`."""

    horizon: Horizon
    whole: Whole | None = None
    bounds: tuple[str, ...] = ()


class Kind(Protocol[Figures, Made_co]):
    """A kind of report. figures: what its tasks of pass 2, `part`, leave; facts: what tells its runs from others."""

    figures: type[Figures]
    part: Callable[..., bytes]

    @property
    def facts(self) -> dict[str, object]:
        """For the name of a run."""
        ...

    def start(self, source: Folder, options: Options) -> RunStart:
        """With what a run starts, without its bounds. Raises NoPolls, and what is wrong with the options."""
        ...

    def job(self, job: Job, start: RunStart) -> Job:
        """The job, as its tasks have it."""
        ...

    def check_polls(self, source: Folder, job: Job, groups: Sequence[Spread]) -> None:
        """Raises NoPolls where pass 1 has read nothing to report on."""
        ...

    def joined(
        self,
        source: Folder,
        job: Job,
        exchange: Exchange,
        groups: Sequence[Spread],
        parts: Sequence[Figures],
        unread: Unread,
    ) -> Made_co:
        """The report of what both passes have left."""
        ...


@dataclass(frozen=True)
class ThreeWindows:
    """The report of `build_report`. with_lanes: see `build_report_with_lanes`."""

    with_lanes: bool
    figures = PartFigures
    part = staticmethod(part)

    @property
    def facts(self) -> dict[str, object]:
        """See `Kind`."""
        return {"with_lanes": self.with_lanes}

    def start(self, source: Folder, options: Options) -> RunStart:
        """See `Kind`."""
        return RunStart(horizon_of(source, options))

    def job(self, job: Job, start: RunStart) -> Job:
        """See `Kind`."""
        return replace(job, with_lanes=self.with_lanes)

    def check_polls(self, source: Folder, job: Job, groups: Sequence[Spread]) -> None:
        """See `Kind`. The one store of a run has no row without a poll."""
        if job.options.store is None and not has_polls(groups):
            raise why_no_polls(source, job.horizon)

    def joined(
        self,
        source: Folder,
        job: Job,
        exchange: Exchange,
        groups: Sequence[Spread],
        parts: Sequence[PartFigures],
        unread: Unread,
    ) -> Report:
        """See `Kind`."""
        return joined(job, exchange, groups, parts, unread)


@dataclass(frozen=True)
class ByPeriods:
    """The report of `build_periods`."""

    wanted: PeriodTables
    figures = PeriodPartFigures
    part = staticmethod(period_part)

    @property
    def facts(self) -> dict[str, object]:
        """See `Kind`."""
        return {"tables": sorted(self.wanted.tables), "split_at_closing": self.wanted.split_at_closing}

    def start(self, source: Folder, options: Options) -> RunStart:
        """See `Kind`."""
        found = periods_of(source, options)
        return RunStart(found.horizon, found.whole)

    def job(self, job: Job, start: RunStart) -> Job:
        """See `Kind`."""
        return replace(job, periods=PeriodJob(run_of(job, start), self.wanted))

    def check_polls(self, source: Folder, job: Job, groups: Sequence[Spread]) -> None:
        """See `Kind`. Stores that hours, zones or `stores` know have rows, too."""
        if not any(group.segments for group in groups):
            raise nothing_known(source, job.options, job.horizon)

    def joined(
        self,
        source: Folder,
        job: Job,
        exchange: Exchange,
        groups: Sequence[Spread],
        parts: Sequence[PeriodPartFigures],
        unread: Unread,
    ) -> PeriodReport:
        """See `Kind`."""
        span = None if has_polls(groups) else source.poll_span_us()
        return joined_periods(job, exchange, groups, parts, unread, span)


def run_of(job: Job, start: RunStart) -> PeriodRun:
    """The periods of a run that has started. Raises TypeError where it has none."""
    period, whole = job.options.period, start.whole
    if not isinstance(period, Period) or not isinstance(whole, Whole):
        raise TypeError("the run is of no periods")
    return PeriodRun(period, whole, job.horizon.newest_us, job.horizon)


def has_polls(groups: Sequence[Spread]) -> bool:
    """Whether any poll of the horizon was accepted."""
    return any(group.accepted for group in groups if group.table == POLLS)
