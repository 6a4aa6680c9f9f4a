"""`store-uptime sample`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import CycloptsError, Parameter
from cyclopts.validators import Number

from store_uptime import pipeline
from store_uptime.pipeline import counted
from store_uptime.service.cli.terminal import echo, is_interactive
from store_uptime.service.parameters import FLAG, INPUT, INSTANT, LOCAL, OUTPUT

AT_LEAST_ONE = Number(gte=1)
EARLIEST_YEAR = 1900


def sample(
    folder: Annotated[Path, LOCAL, Parameter(group=INPUT, help="Where the four files go.")],
    *,
    stores: Annotated[int, Parameter(group=INPUT, validator=AT_LEAST_ONE, help="How many stores are polled.")] = 500,
    days: Annotated[int, Parameter(group=INPUT, validator=AT_LEAST_ONE, help="How many days of polls.")] = 15,
    seed: Annotated[int, Parameter(group=INPUT, help="The same seed gives the same bytes.")] = 1,
    end: Annotated[
        datetime | None,
        INSTANT,
        Parameter(
            group=INPUT,
            metavar="INSTANT",
            help="When the last poll is over, such as 2026-03-09T12:00Z. Default: always the same.",
        ),
    ] = None,
    format: Annotated[Literal["csv", "parquet"], Parameter(group=OUTPUT, help="The files' format.")] = "csv",
    force: Annotated[bool, FLAG, Parameter(group=OUTPUT, help="Let the files of an earlier sample give way.")] = False,
) -> int:
    """Make a feed that looks real: polls, business hours, zones and stores.

    It has outages, gaps and a few bad rows.

        store-uptime sample ./feed
        store-uptime sample ./feed --stores 20000 --days 8 --format parquet
    """
    from rich.console import Console
    from rich.progress import Progress

    if end is not None and not EARLIEST_YEAR <= end.year < datetime.max.year:
        raise CycloptsError(msg=f"--end must lie in the years {EARLIEST_YEAR} to {datetime.max.year - 1}.")
    with Progress(console=Console(stderr=True), transient=True, disable=not is_interactive()) as bar:
        task = bar.add_task("polls", total=stores)
        pipeline.write_sample(
            folder,
            stores,
            days,
            seed,
            format,
            end=end,
            existing="replace" if force else "refuse",
            progress=lambda done, _: bar.update(task, completed=done),
        )
    echo(f"wrote {counted(stores, 'store')}, {counted(days, 'day')} to {folder}")
    return 0
