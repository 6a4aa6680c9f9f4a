"""`store-uptime load`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Target, counted
from store_uptime.service import parameters
from store_uptime.service.cli.terminal import ExitStatus, echo, format_reasons, is_interactive
from store_uptime.service.parameters import FLAG, INPUT, OUTPUT

if TYPE_CHECKING:
    from rich.progress import Progress

    from store_uptime.pipeline import Loaded, LoadedFile, LoadedTable


def load(
    path: Annotated[
        Target,
        parameters.FILES,
        Parameter(group=INPUT, help="A folder of CSV or Parquet files, packed or not, one such file, or s3://…"),
    ],
    *,
    database: parameters.DatabaseAddress = None,
    map: parameters.MappingFile = None,
    full: Annotated[
        bool,
        FLAG,
        Parameter(group=INPUT, help="Hours, zones and stores replace all, not only those of the stores in the files."),
    ] = False,
    rejects: Annotated[
        Path,
        parameters.LOCAL,
        Parameter(
            group=OUTPUT, metavar="FOLDER", help="A folder for the rejected rows, each with line number and reason."
        ),
    ] = Path("rejects"),
    strict: Annotated[bool, FLAG, Parameter(group=OUTPUT, help="Exit with 3 if there are warnings.")] = False,
) -> int:
    """Load polls, business hours, zones and stores into PostgreSQL.

    A file is recognised by its header, whatever its name. Polls are added
    and repeats ignored; all else replaces what the stores in the files had.
    All files go in, or none. The rows of a corrected rejects file
    join those of their stores.

        store-uptime load ./feed --database postgresql://me@localhost/shop
        store-uptime load polls-2024-10-14.csv.gz
    """
    with rows_bar() as bar:
        task = bar.add_task("", total=None)  # how many rows a file has is known at its end
        done = pipeline.load_files(
            path,
            parameters.address(database),
            rejects,
            replaced_stores="all" if full else "listed",
            progress=lambda file, rows: bar.update(task, description=file.name, completed=rows),
            mapping=parameters.mapping(map),
        )
    echo_loaded(done)
    return ExitStatus.WARNED if strict and done.warnings else ExitStatus.DONE


def echo_loaded(done: "Loaded") -> None:
    """Print what became of each file, the sums where several are of one table, and the warnings."""
    for file in done.files:
        echo(file_summary(file))
    for table, sums in done.tables.items():
        if sums.files > 1:
            echo(load_counts(f"{counted(sums.files, 'file')} -> {table}", table, sums))
    for warning in done.warnings:
        echo(f"warning  {warning}")


def rows_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not is_interactive())


def file_summary(done: "LoadedFile") -> str:
    line = load_counts(f"{done.name} -> {done.table}", done.table, done)
    if done.rejects:
        line += f"\n  {sum(done.rejected.values()):,} rejected ({format_reasons(done.rejected)}), see {done.rejects}"
    return line


def load_counts(what: str, table: str, done: "LoadedFile | LoadedTable") -> str:
    # A poll that is there already is the same poll; a row of hours replaces whatever its store had.
    line = f"{what}: {counted(done.accepted, 'row')} accepted, {done.added:,} added"
    if table == "store_status":
        line += f", {counted(done.accepted - done.added, 'repeat')} ignored"
        if done.reasons_added:
            line += f", {counted(done.reasons_added, 'reason')} added"
    elif done.replaced:
        line += f", {done.replaced:,} replaced"
    return line
