"""`store-uptime timeline`."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Options
from store_uptime.service import parameters
from store_uptime.service.cli import terminal
from store_uptime.service.cli.report import put
from store_uptime.service.cli.tables import printable, show
from store_uptime.service.cli.terminal import echo
from store_uptime.service.cli.week import COLOURS, show_week, why_empty
from store_uptime.service.page.humanize import ago
from store_uptime.service.parameters import FLAG, INPUT, OUTPUT

if TYPE_CHECKING:
    from store_uptime.pipeline import Timeline

WIDE = 160  # where there is no terminal, lines are not broken to fit one
COLUMNS = {"status": 7, "from": 14, "to": 14, "length": 12, "poll (UTC)": 10, "because": None}
"""How wide each is where there is little room: then lines break between date and time."""
ROOM = 130


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
    options = Options(now=now, max_gap=max_gap, lookback=lookback)
    with terminal.steps() as progress:
        opened = pipeline.open_source(parameters.address(source), schema, mapping=parameters.mapping(map))
        if out != parameters.STDOUT:
            pipeline.check_targets({out: pipeline.TIMELINE}, terminal.files_read(opened, map))
        result = pipeline.build_timeline(
            opened,
            store,
            options,
            progress=progress,
        )
    if format == "table" and out == parameters.STDOUT:
        (show_pieces if pieces else show_week)(result)
    elif format == "json":
        put(result.json(), out, pipeline.TIMELINE)
    else:
        put(result.csv(), out, pipeline.TIMELINE)
    for warning in result.warnings:
        echo(f"warning  {warning}")
    return 0


def show_pieces(result: "Timeline") -> None:
    """The pieces as a table, as wide as it needs to be, or as the terminal is."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    stdout = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDE)
    table = Table(box=None, pad_edge=False)
    for name, least in COLUMNS.items():
        width = least if stdout.width < ROOM else None
        table.add_column(name, width=width, justify="right" if name == "length" else "left", overflow="fold")
    for row in result.lines():
        table.add_row(*row, style=COLOURS[row[0]])
    clock = f"local time of {printable(result.timezone)}{ago(result.data_age_seconds)}"
    show(stdout, Text(f"Store {printable(result.store_id)}, {clock}", overflow="fold"), table, *why_empty(result))
