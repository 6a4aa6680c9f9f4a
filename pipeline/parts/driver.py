"""A source of files in, its report out, in two passes: one after the other, each in tasks that an executor runs.

report_in_parts   the report that one pass gives, byte for byte
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain
from tempfile import TemporaryDirectory
from typing import TypeVar

from msgspec import json, msgpack

from store_uptime.pipeline.clean.split import CleanedTable
from store_uptime.pipeline.options import Horizon, Limits, Options
from store_uptime.pipeline.panics import panics_as_errors
from store_uptime.pipeline.parts.claim import claimed
from store_uptime.pipeline.parts.cluster import Cluster
from store_uptime.pipeline.parts.described import described_stores, raw_described, spread_described
from store_uptime.pipeline.parts.exchange import Exchange, exchange_at, start_name
from store_uptime.pipeline.parts.executors import opened_executor
from store_uptime.pipeline.parts.groups import groups
from store_uptime.pipeline.parts.index import Part, index_of
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.joined import Unread
from store_uptime.pipeline.parts.kinds import Figures, Kind, RunStart
from store_uptime.pipeline.parts.ranges import bounds, ranges_wanted
from store_uptime.pipeline.parts.run_name import check_unchanged, run_name, versions_of
from store_uptime.pipeline.parts.spread import Spread, spread
from store_uptime.pipeline.parts.tasks import Executor, Task
from store_uptime.pipeline.run import Progress
from store_uptime.pipeline.source.folder.data_file import DataFile
from store_uptime.pipeline.source.folder.folder import POLLS, Folder
from store_uptime.pipeline.steps import DASHBOARD, Step
from store_uptime.pipeline.table_plausibility import unreadable_text
from store_uptime.pipeline.tables import COLUMNS, Table

Result = TypeVar("Result")
Made = TypeVar("Made")
MILLION = 1_000_000
EDGES = 8
"""How exactly parts can be cut: to an eighth of the polls that are wanted in one."""


def report_in_parts(
    source: Folder, options: Options, limits: Limits, progress: Progress, cluster: Cluster, kind: Kind[Figures, Made]
) -> Made:
    """The report of a folder or bucket, as `build_report` and `build_periods` give it.

    A run that was ended in the middle goes on where it was, if its exchange is still there and the files are the same.
    Raises what these raise, and what a cluster raises.
    """
    progress(Step.READING.words)
    files = versions_of(source)
    with (
        panics_as_errors(source.name),
        source.opened() as opened,
        exchange_of(cluster, limits) as address,
        claimed(exchange_at(address), run_name(source, files, options, cluster, kind.facts)) as run,
        executor_of(cluster) as executor,
    ):
        exchange = exchange_at(address)
        start = run_start(exchange, run, opened, options, cluster, kind)
        tables = files_of(opened, options, start.horizon)
        described = described_stores(opened, options.store)
        plain = Job(
            run=run,
            exchange=address,
            source=source.name,
            mapping=source.mapping,
            options=options,
            horizon=start.horizon,
            bounds=start.bounds,
            edges=EDGES * ranges_wanted(tables[POLLS], cluster.part_polls),
            limits=limits,
            described=None if described is None else tuple(raw_described(described).columns),
        )
        job = kind.job(plain, start)
        passes = Passes(job, exchange, executor, progress)
        spreads = passes.results(Step.READING, spread, spread_tasks(job, tables, cluster.part_polls), Spread)
        check_unchanged(chain.from_iterable(tables.values()), files)
        if described is not None:
            spreads.append(spread_described(job, exchange, described))
        kind.check_polls(opened, job, spreads)
        index, parts = index_of(job, spreads, cluster.part_polls)
        exchange.put(job.folder("index"), index)
        figures = passes.results(Step.COMPUTING, kind.part, part_tasks(job, parts), kind.figures)
        return kind.joined(opened, job, exchange, spreads, figures, unread_of(opened, tables, described))


def executor_of(cluster: Cluster) -> AbstractContextManager[Executor]:
    """What runs the tasks."""
    return opened_executor(cluster.address, cluster.tls) if cluster.executor is None else nullcontext(cluster.executor)


@contextmanager
def exchange_of(cluster: Cluster, limits: Limits) -> Iterator[str]:
    """The address of the exchange that was given, or of a folder that is there for the run alone."""
    if cluster.exchange is not None:
        yield cluster.exchange
        return
    with TemporaryDirectory(prefix="store-uptime-", dir=limits.spill) as folder:
        yield folder


def run_start(
    exchange: Exchange, run: str, source: Folder, options: Options, cluster: Cluster, kind: Kind[Figures, Made]
) -> RunStart:
    """With what a run starts: where it is started again, what it had the first time."""
    # The clock decides which polls are ahead of it: it must not go on within a run.
    name = start_name(run)
    if name not in exchange.names(f"{run}/start"):
        start = kind.start(source, options)
        polls = files_of(source, options, start.horizon)[POLLS]
        found = bounds(polls, cluster.part_polls, source.mapping, run) if options.store is None else ()
        exchange.put(name, json.encode(RunStart(start.horizon, start.whole, found)))
    return json.decode(exchange.get(name), type=RunStart)


def files_of(source: Folder, options: Options, horizon: Horizon) -> dict[Table, list[DataFile]]:
    """The files that the first pass reads."""
    needed = source.tables_for(horizon)  # also opens files that had not been opened
    # Of one store the rows outside are counted too, which no file tells.
    return needed if options.store is None else source.tables


def unread_of(source: Folder, tables: Mapping[Table, Sequence[DataFile]], described: CleanedTable | None) -> Unread:
    """What the first pass has not read of a source, and its warnings."""
    read = {file.place for file in tables[POLLS]}
    rows = [file.rows for file in source.tables[POLLS] if file.place not in read and file.rows is not None]
    warnings = [*source.warnings, *unreadable_text(None if described is None else described.unreadable)]
    return Unread(sum(rows), source.files_not_opened, warnings, described)


@dataclass(frozen=True)
class Passes:
    """The two passes of a run."""

    job: Job
    exchange: Exchange
    executor: Executor
    progress: Progress

    def results(
        self, step: Step, function: Callable[..., bytes], tasks: Sequence[Task], kind: type[Result]
    ) -> list[Result]:
        """What all tasks have left, in the order of their numbers; a task that was done by an earlier start is not done
        again."""
        folder = self.job.folder(step)
        done = {int(name.rpartition("/")[2]): self.exchange.get(name) for name in self.exchange.names(folder)}
        left = [task for task in tasks if task.number not in done]
        self._tell(step, len(done), len(tasks))
        for number, result in self.executor.results(function, left):
            self.exchange.put(f"{folder}/{number:06}", result)
            done[number] = result
            self._tell(step, len(done), len(tasks))
        return [msgpack.decode(done[task.number], type=kind) for task in tasks]

    def _tell(self, step: Step, done: int, tasks: int) -> None:
        counts: dict[str, int | str] = {"percent": 100 * done // max(1, tasks), "tasks": tasks}
        if self.executor.dashboard is not None:
            counts[DASHBOARD] = self.executor.dashboard
        self.progress(step.with_counts(**counts))


def spread_tasks(job: Job, tables: Mapping[Table, Sequence[DataFile]], part_polls: int) -> list[Task]:
    """A task for each group of files of each table."""
    found = [group for table in COLUMNS for group in groups(tables[table], table, job.mapping, part_polls)]
    return [
        Task(
            number,
            (job, number, group),
            f"{group.files[0].name} ({in_millions(group.row_count)} rows)",
        )
        for number, group in enumerate(found)
    ]


def part_tasks(job: Job, parts: Sequence[Part]) -> list[Task]:
    """A task for each part."""
    return [
        Task(number, (job, number, job.folder("index"), one), f"part {number} ({in_millions(one.polls)} polls)")
        for number, one in enumerate(parts)
    ]


def in_millions(number: int) -> str:
    return f"{number:,}" if number < MILLION else f"{number / MILLION:,.1f} M"
