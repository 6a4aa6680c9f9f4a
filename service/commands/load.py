"""`store-uptime load`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import pipeline
from service.commands import common
from service.commands.common import reasons, say, watched
from service.commands.groups import FLAG, INPUT, OUTPUT

if TYPE_CHECKING:
    from rich.progress import Progress

    from pipeline import LoadedFile


def load(
    path: Annotated[
        Path, Parameter(group=INPUT, help="A folder of .csv, .csv.gz or .parquet files, or one such file.")
    ],
    *,
    database: common.DatabaseAddress = None,
    map: common.MappingFile = None,
    full: Annotated[
        bool,
        FLAG,
        Parameter(group=INPUT, help="Hours and zones replace those of all stores, not only of those in the file."),
    ] = False,
    rejects: Annotated[
        Path,
        Parameter(
            group=OUTPUT, metavar="FOLDER", help="A folder for the rejected rows, each with line number and reason."
        ),
    ] = Path("rejects"),
) -> int:
    """Load polls, business hours and zones into PostgreSQL.

    A file is recognised by its header, whatever its name. Polls are added
    and repeats ignored; hours and zones replace those of the stores in the
    file. A file goes in whole or not at all.

        store-uptime load ./feed --database postgresql://me@localhost/shop
        store-uptime load polls-2024-10-14.csv.gz
    """
    with rows_bar() as bar:
        task = bar.add_task("", total=None)
        for done in pipeline.load_files(
            path,
            common.address(database),
            rejects,
            full=full,
            progress=lambda file, rows: bar.update(task, description=file.name, completed=rows),
            mapping=common.mapping(map),
        ):
            bar.reset(task, description="")
            say(told(done))
    return 0


def rows_bar() -> "Progress":
    """File, rows so far and time, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not watched())


def told(done: "LoadedFile") -> str:
    """What became of a file, in a line or two."""
    line = f"{done.file.name} -> {done.table}: {done.accepted:,} rows accepted, {done.added:,} added"
    if done.table == "store_status":
        line += f", {done.accepted - done.added:,} repeats ignored"
    elif done.replaced:
        line += f", {done.replaced:,} replaced"
    if done.rejects:
        line += f"\n  {sum(done.rejected.values()):,} rejected ({reasons(done.rejected)}), see {done.rejects}"
    return line
