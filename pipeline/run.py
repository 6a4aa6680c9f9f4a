"""A run, from source to report.

    build_report     the figures of all stores, or of one
    build_timeline   the segments of one store, each with the poll that it rests on
    explain          the same for a store of a report that is there already
    beginning        whether a run could begin, and over which version of the data
    begun            what the first two begin with: read, judge, plan, exchange

Polars and DuckDB are imported here only once the polls are on their way: by then there is nothing else to do.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from store_uptime.pipeline.errors import NoPolls, UnknownStore
from store_uptime.pipeline.options import DEFAULTS, LIMITS, Horizon, Limits, Options
from store_uptime.pipeline.panics import panics_as_errors
from store_uptime.pipeline.plan.horizon import found_horizon
from store_uptime.pipeline.steps import Step
from store_uptime.pipeline.tables import COLUMNS, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from store_uptime.pipeline.plan.prepare import Prepared
    from store_uptime.pipeline.report.report import Report
    from store_uptime.pipeline.report.timeline import Timeline
    from store_uptime.pipeline.source.frames import Source

POLLS: tuple[Table, ...] = ("store_status",)
Progress = Callable[[str], None]
"""Is told what is being done, in a few words."""


def silent(step: str) -> None:
    """The progress that tells nobody."""


def build_report(
    source: "Source",
    options: Options = DEFAULTS,
    limits: Limits = LIMITS,
    progress: Progress = silent,
    *,
    lanes: bool = False,
) -> "Report":
    """The uptime and downtime of every store with a poll in the horizon: docs/semantics.md. `lanes`: with its lanes.

    Raises NoPolls, AllPollsRejected, UnknownStore, HorizonOutOfRange, and what the source raises.
    """
    with panics_as_errors(source.name), begun(source, options, limits, progress) as (ready, db):
        stores, polls = ready.plan.stores.height, ready.counts["polls"].accepted
        progress(Step.COMPUTING.with_counts(stores=stores, polls=polls))
        from store_uptime.pipeline.report.compute import report

        return report(db, ready, lanes=lanes)


def build_timeline(
    source: "Source", store: str, options: Options = DEFAULTS, limits: Limits = LIMITS, progress: Progress = silent
) -> "Timeline":
    """The pieces that the figures of one store are sums of. `options.store` is not looked at.

    Raises what `build_report` raises.
    """
    one = replace(options, store=store)
    with panics_as_errors(source.name), begun(source, one, limits, progress) as (ready, db):
        from store_uptime.pipeline.plan.plausibility import no_poll_in_horizon
        from store_uptime.pipeline.report.timeline import timeline

        found = timeline(db, ready.plan, ready.partitions[0])
        return replace(found, warnings=[str(each) for each in (*ready.warnings, *no_poll_in_horizon(ready.plan))])


def explain(source: "Source", report: "Report", store: str, limits: Limits = LIMITS) -> "Timeline":
    """The pieces of one store of a finished report: by the report's own plan, and the polls that are there now.

    Whether they still add up to its figures stands in `Timeline.agrees`; of the report's warnings it has the one that
    the data is old, for the others are of all stores. Raises UnknownStore where the report has no
    such store, and what the source raises.
    """
    from store_uptime.pipeline.clean.split import clean_polls
    from store_uptime.pipeline.data_warnings import OldData
    from store_uptime.pipeline.plan.partitions import exchange, pack_polls
    from store_uptime.pipeline.plan.plan import of_store
    from store_uptime.pipeline.report.timeline import compared, timeline
    from store_uptime.pipeline.uptime.stage import database

    figures = report.exact.filter(store_id=store)
    if figures.is_empty():
        raise UnknownStore(store, f"the report of {report.plan.source}")
    plan = of_store(report.plan, store)
    source.reads = POLLS
    with panics_as_errors(source.name), ExitStack() as kept:
        with source, ThreadPoolExecutor(1) as aside:
            db = aside.submit(kept.enter_context, database(limits))
            raw = source.polls(plan.horizon, store)
            polls = clean_polls(raw, plan.horizon, source.mapping, gives_all=False)
        (partition,) = exchange(plan, pack_polls(plan, polls.accepted))
        found = compared(timeline(db.result(), plan, partition), figures.row(0, named=True))
    return replace(found, warnings=report.quality.warnings_of(OldData))


def data_version(source: "Source", options: Options = DEFAULTS) -> str | None:
    """What a run would begin with: the version of the data, None where that cannot be told exactly.

    Two runs with the same options over the same version have the same figures, unless the clock has a say: without a
    given now it decides which polls are ahead of it. Raises NoPolls where there is none at all, UnknownStore,
    HorizonOutOfRange, and what the source raises.
    """
    source.reads = POLLS
    with panics_as_errors(source.name), source:
        horizon_of(source, options)
        if options.now is not None and options.store is None:
            horizon_of(source, DEFAULTS)
        return source.version


def polled_stores(source: "Source") -> list[str]:
    """The stores of a report without options, in byte order. Raises NoPolls, AllPollsRejected, and what the source
    raises."""
    source.reads = POLLS
    with panics_as_errors(source.name), source, no_polls_explained(source):
        return source.stores()


def horizon_of(source: "Source", options: Options) -> Horizon:
    """The horizon of a run; where there is no now, the error says why."""
    with no_polls_explained(source):
        return found_horizon(source, options)


@contextmanager
def no_polls_explained(source: "Source") -> Iterator[None]:
    """Where there is no now, the error says why."""
    try:
        yield
    except NoPolls:
        from store_uptime.pipeline.plan.rejected import why_no_polls

        raise why_no_polls(source, None) from None


@contextmanager
def begun(
    source: "Source", options: Options, limits: Limits, progress: Progress
) -> "Iterator[tuple[Prepared, DuckDBPyConnection]]":
    """A run whose source has been read and left, and the database to compute in, made while the polls came."""
    progress(Step.READING.words)
    source.reads = tuple(COLUMNS)  # the same source may have been looked at before
    with ExitStack() as kept:
        with source, ThreadPoolExecutor(1) as aside:
            horizon = horizon_of(source, options)
            background = ThreadPoolExecutor(len(COLUMNS))
            polls = background.submit(source.polls, horizon, options.store)
            hours, zones = (background.submit(read, options.store) for read in (source.hours, source.zones))
            background.shutdown(wait=False)  # Ctrl-C must not wait for a pull that cannot be interrupted
            progress(Step.READING.words)  # again: by now the version is known
            from store_uptime.pipeline.plan.prepare import Coming, prepare
            from store_uptime.pipeline.uptime.stage import database

            db = aside.submit(kept.enter_context, database(limits))
            ready = prepare(source, options, horizon, Coming(polls, hours, zones))
        yield ready, db.result()
