"""The outages of a report as a table for a terminal: in 80 columns a line for the store and one for the outage."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from store_uptime import pipeline
from store_uptime.pipeline import printable
from store_uptime.service.cli.period_summary import period_name, to_instant
from store_uptime.service.cli.tables import print_parts
from store_uptime.service.page.humanize import format_duration, format_offset, is_shown_twice

if TYPE_CHECKING:
    from polars import DataFrame
    from rich.console import RenderableType
    from rich.text import Text

    from store_uptime.pipeline import PeriodReport

WIDTH_OF_A_PIPE = 160  # where there is no terminal, lines are not broken to fit one
ROOMY = 130
"""From so many columns on an outage has one line, with its store and its reason."""
FACTS = ("from", "to", "down", "in all", "starts with", "ends with")
TIMES = ("from", "to")
LENGTHS = ("down", "in all")
GAP = "  "
DATE_WIDTH = len("01:30 −05:00")
INDENT = "    "
ONGOING = "ongoing"
SECOND_US = 1_000_000


@dataclass(frozen=True)
class OutageLine:
    """An outage for reading. store: its name and id. facts: by `FACTS`."""

    store: str
    facts: tuple[str, ...]
    reason: str

    @property
    def style(self) -> str:
        """That of its line."""
        return "red" if self.facts[-1] == ONGOING else ""


def show_outages(report: "PeriodReport", *, longest_first: bool) -> None:
    """Print the outages on stdout, as wide as the terminal is."""
    from rich.console import Console

    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDTH_OF_A_PIPE)
    is_roomy = console.width >= ROOMY
    lines = list(outage_lines(report, longest_first=longest_first, with_weekday=is_roomy))
    parts = (
        one_line_each(lines)
        if is_roomy
        else two_lines_each(lines, console.width, of_one_store=report.options.store is not None)
    )
    print_parts(console, *heading_lines(report), "", *(parts if lines else ["No store was down."]))


def heading_lines(report: "PeriodReport") -> Iterator["Text"]:
    from rich.text import Text

    store, zones = report.options.store, report.stores["zone"].unique().to_list()
    which = "Outages" if store is None else f"Outages of store {printable(store)}"
    yield Text(f"{which}, {period_name(report)}", style="bold", overflow="fold")
    yield Text(f"local time of {printable(zones[0]) if len(zones) == 1 else 'each store'}", overflow="fold")


def outage_lines(report: "PeriodReport", *, longest_first: bool, with_weekday: bool) -> Iterator[OutageLine]:
    zones = dict(report.stores.select("store_id", "zone").iter_rows())
    names = dict(report.attributes.select("store_id", "name").iter_rows()) if report.attributes is not None else {}
    found = ordered(report.outages_exact, longest_first=longest_first)
    with_year = is_of_several_years(found)
    for row in found.iter_rows(named=True):
        store_id, zone = row["store_id"], pipeline.zone_rules(zones[row["store_id"]])
        ends = (to_instant(row[key]).astimezone(zone) for key in ("start_us", "end_us"))
        lengths_us = row["business_us"], row["end_us"] - row["start_us"]
        facts = (
            *(format_local(there, with_weekday=with_weekday, with_year=with_year) for there in ends),
            *(format_duration(us / SECOND_US) for us in lengths_us),
            row["starts_because"],
            row["ends"],
        )
        name = names.get(store_id)
        store = store_id if name is None else f"{name} ({store_id})"
        yield OutageLine(printable(store), facts, printable(row["reason"] or ""))


def ordered(outages: "DataFrame", *, longest_first: bool) -> "DataFrame":
    """By start and id, or the longest first."""
    if longest_first:
        return outages.sort("business_us", "start_us", "store_id", descending=[True, False, False])
    return outages.sort("start_us", "store_id")


def is_of_several_years(outages: "DataFrame") -> bool:
    ends = (*outages.select("start_us").min().row(0), *outages.select("end_us").max().row(0))
    return len({to_instant(us).year for us in ends if us is not None}) > 1


def format_local(there: datetime, *, with_weekday: bool, with_year: bool) -> str:
    """Tue 10 Mar 16:00, with the offset where the clock shows it twice."""
    weekday = f"{there:%a} " if with_weekday else ""
    year = f" {there:%Y}" if with_year else ""
    offset = f" {format_offset(there)}" if is_shown_twice(there) else ""
    return f"{weekday}{there.day} {there:%b}{year} {there:%H:%M}{offset}"


def one_line_each(lines: Sequence[OutageLine]) -> Iterator["RenderableType"]:
    from rich.table import Table
    from rich.text import Text

    headings = ("store", *FACTS, *(["reason"] if any(line.reason for line in lines) else []))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in headings:
        table.add_column(name, justify=side(name), overflow="fold", no_wrap=name in FACTS)
    for line in lines:
        cells = (line.store, *line.facts, line.reason)[: len(headings)]
        table.add_row(*map(Text, cells), style=line.style)
    yield table


def two_lines_each(lines: Sequence[OutageLine], width: int, *, of_one_store: bool) -> Iterator["RenderableType"]:
    from rich.text import Text

    widths = column_widths(lines, width)
    yield Text(aligned(FACTS, widths), style="bold")
    for line in lines:
        facts = Text(aligned(line.facts, widths), style=line.style)
        if of_one_store:
            yield facts
            if line.reason:
                yield Text(f"{INDENT}{line.reason}", overflow="fold")
        else:
            yield Text(": ".join(filter(None, (line.store, line.reason))), style="bold", overflow="fold")
            yield facts


def column_widths(lines: Sequence[OutageLine], width: int) -> list[int]:
    """The widths of the columns; those of times are narrow where all together would be too wide."""
    widths = [max(map(len, column)) for column in zip(FACTS, *(line.facts for line in lines), strict=True)]
    if sum(widths) + len(GAP) * (len(widths) - 1) <= width:
        return widths
    return [min(each, DATE_WIDTH) if name in TIMES else each for name, each in zip(FACTS, widths, strict=True)]


def aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells below each other, lengths to the right; what is too wide for its column goes on in a further line."""
    wrapped = (wrap(cell, width) for cell, width in zip(cells, widths, strict=True))
    return "\n".join(
        GAP.join(
            f"{cell:>{width}}" if name in LENGTHS else f"{cell:<{width}}"
            for name, cell, width in zip(FACTS, line, widths, strict=True)
        ).rstrip()
        for line in zip_longest(*wrapped, fillvalue="")
    )


def side(name: str) -> Literal["left", "right"]:
    return "right" if name in LENGTHS else "left"
