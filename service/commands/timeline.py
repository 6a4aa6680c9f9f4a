"""`store-uptime timeline`."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import pipeline
from pipeline import Options
from service.commands import common
from service.commands.common import say
from service.commands.report import put

if TYPE_CHECKING:
    from pipeline import Timeline

WIDE = 160  # where there is no terminal, lines are not broken to fit one
COLOURS = {"up": "green", "down": "red", "unknown": "yellow"}


def timeline(
    store: Annotated[str, Parameter(help="The store id, as written in the polls.")],
    *,
    source: common.SourceAddress = None,
    schema: common.Schema = None,
    map_file: common.MappingFile = None,
    now: common.Now = None,
    max_gap: common.MaxGap = None,
    lookback: common.Lookback = common.DEFAULT_LOOKBACK,
    format: Annotated[Literal["table", "csv", "json"], Parameter(help="How it is written.")] = "table",
    out: common.Out = common.STDOUT,
) -> int:
    """The pieces of one store's week that its figures are sums of, each with the poll that it rests on.

    store-uptime timeline 0a1b --source ./feed

    store-uptime timeline 0a1b --now 2024-10-14T12:00:00Z --format json
    """
    options = Options(now=now, max_gap=max_gap, lookback=lookback)
    with common.steps() as progress:
        opened = pipeline.open_source(common.address(source), schema, mapping=common.mapping(map_file))
        if out != common.STDOUT:
            pipeline.check_targets({out: pipeline.TIMELINE}, opened.files)
        result = pipeline.build_timeline(
            opened,
            store,
            options,
            progress=progress,
        )
    if format == "table" and out == common.STDOUT:
        show(result)
    elif format == "json":
        put(result.json(), out, pipeline.TIMELINE)
    else:
        put(result.csv(), out, pipeline.TIMELINE)
    for warning in result.warnings:
        say(f"warning  {warning}")
    return 0


def heading(result: "Timeline") -> str:
    """Whose pieces they are, on which clock, and as of when."""
    age = result.data_age_seconds
    ago = "" if age is None else f", {pipeline.age_in_words(age)} ago"
    return f"Store {result.store_id}, local time of {result.timezone}, as of {result.now}{ago}"


def show(result: "Timeline") -> None:
    """The pieces as a table, as wide as it needs to be."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=heading(result), title_justify="left", box=None)
    for name, justify in (
        ("status", "left"),
        ("from", "left"),
        ("to", "left"),
        ("length", "right"),
        ("poll (UTC)", "left"),
        ("because", "left"),
    ):
        table.add_column(name, justify=justify, no_wrap=True)
    for row in result.lines():
        table.add_row(*row, style=COLOURS[row[0]])
    stdout = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDE)
    with stdout.capture() as text:  # printed by itself, rich would take `| head` for a failure
        stdout.print(table)
    print(text.get(), end="", flush=True)
    if result.pieces.is_empty():
        print("There is no business time in the week, or no poll in the horizon.", flush=True)
