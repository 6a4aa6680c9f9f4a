"""Rows of reports in two passes, beside the same in one: as whole processes, here and on a Dask cluster.

parts        37 million polls: in one pass; in two, here, by two workers with a folder between the passes, and by two
             workers from and to S3
huge_parts   187 million polls: in one pass, and in two here

Processor time is that of the command and of the cluster, which runs already, without that of the server of S3. Memory
is that of the largest process. What lies between the passes is counted once, in a run that ends there.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import polars as pl

from benches.cluster import bucket, dask_cluster, put_folder
from benches.common import Command, Failed, Outcome, Program, Run, compared, measured
from benches.data import Data
from store_uptime.pipeline import Cluster, Limits, Options, build_report, open_source
from store_uptime.pipeline.parts.size import is_large
from store_uptime.pipeline.steps import Step, step_of

if TYPE_CHECKING:
    from store_uptime.pipeline.source.folder.folder import Folder

ONE_PASS, TWO_PASSES = "one pass", "two passes"
ON_WORKERS, FROM_S3 = "two passes, two workers, a folder", "two passes, two workers, S3"
SPREAD = "run-*/spread/*"


def parts(data: Data) -> Outcome:
    """37 million polls."""
    reports = Reports(data, data.large, data.new_folder("parts"))
    with ExitStack() as stack:
        variables = stack.enter_context(bucket())
        cluster = stack.enter_context(dask_cluster(data.sizes.workers, variables))
        run = partial(cluster.measured, variables=variables)
        exchange = str(reports.folder / "exchange")
        feed = put_folder(data.large, "feed", variables)
        programs = [
            *reports.here(),
            reports.program(ON_WORKERS, run, ("--cluster", cluster.address, "--exchange", exchange)),
            reports.program(FROM_S3, run, ("--cluster", cluster.address, "--exchange", f"{feed}-exchange"), feed),
        ]
        return compared(programs, data.sizes.times_large)


def huge_parts(data: Data) -> Outcome:
    """187 million polls."""
    reports = Reports(data, data.huge, data.new_folder("huge parts"))
    return compared(reports.here(), data.sizes.times_large)


@dataclass(frozen=True)
class Reports:
    """Reports of a feed, and the folder that they are written to."""

    data: Data
    feed: Path
    folder: Path

    def here(self) -> list[Program]:
        """In one pass, and in two. Raises Failed."""
        if is_large(cast("Folder", open_source(self.feed)), Options(), Limits()):
            raise Failed("there is not memory enough for one pass")
        in_two = self.program(TWO_PASSES, measured, ("--cluster", "local"))
        return [self.program(ONE_PASS, measured), replace(in_two, run=partial(with_between, in_two, self.between()))]

    def program(
        self, name: str, run: Callable[[Command], Run], options: Command = (), source: str | None = None
    ) -> Program:
        """A report as a whole process. options: where its passes are made; none: it has one."""
        file = self.folder / f"{name}.csv"
        command = (self.data.ours.command, "report", "--source", source or str(self.feed), "--out", str(file))
        parts = ("--part-polls", str(self.data.sizes.part_polls)) if options else ()
        return Program(name, partial(run, (*command, *options, *parts)), file)

    def between(self) -> float:
        """The bytes of a poll between the passes."""
        polls = pl.scan_parquet(self.feed / "store_status.parquet").select(pl.len()).collect().item()
        return bytes_between(self.feed, self.data.sizes.part_polls, self.folder / "between") / polls


def with_between(program: Program, between: float) -> Run:
    """A run, with the bytes of a poll that lie between its passes."""
    return replace(program.run(), between=between)


class FirstPassDone(Exception):
    """Ends a report."""


def bytes_between(feed: Path, part_polls: int, exchange: Path) -> int:
    """What the first pass leaves for the second: a report ends once it is there."""

    def end(step: str) -> None:
        if step_of(step) is Step.COMPUTING:
            raise FirstPassDone

    with suppress(FirstPassDone):
        build_report(feed, progress=end, cluster=Cluster(exchange=str(exchange), part_polls=part_polls))
    return spread_bytes(exchange)


def spread_bytes(exchange: Path) -> int:
    """The bytes of all objects of a first pass that are there just now."""
    sizes = 0
    for path in exchange.glob(SPREAD):
        with suppress(FileNotFoundError):  # the run is over
            sizes += path.stat().st_size
    return sizes
