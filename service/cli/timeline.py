"""`store-uptime timeline`."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import CycloptsError, Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Options, printable
from store_uptime.service import parameters
from store_uptime.service.cli.output import BINARY_FORMATS, agreed_format, input_files, write_output
from store_uptime.service.cli.tables import print_parts
from store_uptime.service.cli.terminal import echo, progress_spinner
from store_uptime.service.cli.week import STATUS_COLOURS, empty_week_reason, show_week
from store_uptime.service.page.humanize import format_ago
from store_uptime.service.parameters import FLAG, INPUT, OUTPUT

if TYPE_CHECKING:
    from store_uptime.pipeline import Timeline

WIDTH_OF_A_PIPE = 160  # where there is no terminal, lines are not broken to fit one
COLUMN_WIDTHS = {"status": 7, "from": 14, "to": 14, "length": 12, "poll (UTC)": 10, "because": None}
"""Used below `ROOMY` columns: Rich would shrink all alike there, and break times in the middle, not after the date."""
ROOMY = 130


def timeline(
    store: Annotated[str, Parameter(group=INPUT, metavar="ID", help="The store id, as written in the polls.")],
    source: parameters.SourceAddress = None,
    *,
    schema: parameters.Schema = None,
    map: parameters.MappingFile = None,
    now: parameters.Now = None,
    max_gap: parameters.MaxGap = None,
    lookback: parameters.Lookback = parameters.DEFAULT_LOOKBACK,
    format: Annotated[Literal["table", "csv", "json"], Parameter(group=OUTPUT, help="How it is written.")] = "table",
    pieces: Annotated[
        bool, FLAG, Parameter(group=OUTPUT, help="In the table, a line for each poll, with the reason.")
    ] = False,
    out: parameters.Out = parameters.STDOUT,
) -> int:
    """Why a store has its figures: when it was up and down in the week.

    Each local day has its sums; at the end stand the figures of the report.
    A file, csv and json have the pieces, one for each poll, with reasons.

        store-uptime timeline 0a1b ./feed
        store-uptime timeline 0a1b ./feed --pieces
        store-uptime timeline 0a1b --now 2024-10-14T12:00:00Z --format json
    """
    file_format = agreed_format(None if format == "table" else format, out)
    if file_format in BINARY_FORMATS:
        raise CycloptsError(msg=f"a timeline is no {file_format}: name a file that ends in .csv or .json.")
    options = Options(now=now, max_gap=max_gap, lookback=lookback)
    with progress_spinner() as progress:
        opened = pipeline.open_source(parameters.address(source), schema, mapping=parameters.mapping(map))
        if out != parameters.STDOUT:
            pipeline.check_targets({out: pipeline.TIMELINE}, input_files(opened, map))
        result = pipeline.build_timeline(opened, store, options, progress=progress)
    if format == "table" and out == parameters.STDOUT:
        # A table is for a terminal: a file gets what programs read.
        (show_pieces if pieces else show_week)(result)
    elif file_format == "json":
        write_output(result.json(), out, pipeline.TIMELINE)
    else:
        write_output(result.csv(), out, pipeline.TIMELINE)
    for warning in result.warnings:
        echo(f"warning  {warning}")
    return 0


def show_pieces(result: "Timeline") -> None:
    """Print the pieces as a table, as wide as it needs to be, or as the terminal is."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    stdout = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDTH_OF_A_PIPE)
    table = Table(box=None, pad_edge=False)
    for name, least in COLUMN_WIDTHS.items():
        width = least if stdout.width < ROOMY else None
        table.add_column(name, width=width, justify="right" if name == "length" else "left", overflow="fold")
    for row in result.lines():
        table.add_row(*row, style=STATUS_COLOURS[row[0]])
    clock = f"local time of {printable(result.timezone)}{format_ago(result.data_age_seconds)}"
    heading = Text(f"Store {printable(result.store_id)}, {clock}", overflow="fold")
    print_parts(stdout, heading, table, *empty_week_reason(result))
