"""What every task of a run is told."""

from dataclasses import dataclass

from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.options import Horizon, Limits, Options
from store_uptime.pipeline.period_run import PeriodTables
from store_uptime.pipeline.plan.periods import PeriodRun


@dataclass(frozen=True)
class PeriodJob:
    """The periods of a run, and what is wanted beside their figures."""

    run: PeriodRun
    wanted: PeriodTables


@dataclass(frozen=True)
class Job:
    """A run in parts. It holds no credentials: who does a task has its own.

    run: its name in the exchange, of which equal runs have the same. exchange: the address. source: its address for
    people. horizon: that of all stores. bounds: the ids at which ranges of stores begin, but for the first, in byte
    order. edges: how many ids a task of pass 1 tells of its polls, by which a range can be cut; more where a file has
    more rows than it was taken for, since others of its kind will, too. with_lanes: whether the report has lanes.
    described: the columns of the table `stores`, which a part has also where it knows none of its own; None: there is
    no such table. periods: those of a report by periods, and what else it has; None: it is of the three windows.
    """

    run: str
    exchange: str
    source: str
    mapping: SourceMapping
    options: Options
    horizon: Horizon
    bounds: tuple[str, ...]
    edges: int
    limits: Limits
    described: tuple[str, ...] | None
    with_lanes: bool = False
    periods: PeriodJob | None = None

    @property
    def of_periods(self) -> PeriodJob:
        """The periods of a run that has some. Raises TypeError where it is of the three windows."""
        if self.periods is None:
            raise TypeError("the run is of no periods")
        return self.periods

    @property
    def ranges(self) -> int:
        """How many ranges of stores there are."""
        return len(self.bounds) + 1

    def folder(self, name: str) -> str:
        """A folder of the run in the exchange."""
        return f"{self.run}/{name}"
