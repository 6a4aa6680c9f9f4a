"""`store-uptime report`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

import pipeline
from pipeline import Columns, Format, Options
from service.commands import common
from service.commands.common import counted, reasons, say

if TYPE_CHECKING:
    from pipeline import Purpose, Report, Source, TableCounts

WARNED = 3


def report(
    *,
    source: common.SourceAddress = None,
    schema: common.Schema = None,
    map_file: common.MappingFile = None,
    now: common.Now = None,
    store: Annotated[str | None, Parameter(help="Only this store.")] = None,
    columns: Annotated[Columns, Parameter(help="The seven plain columns, or all.")] = "plain",
    format: Annotated[Format, Parameter(help="How the figures are written.")] = "csv",
    max_gap: common.MaxGap = None,
    lookback: common.Lookback = common.DEFAULT_LOOKBACK,
    out: common.Out = common.STDOUT,
    rejects: Annotated[Path | None, Parameter(help="A folder for the rejected rows, each with its reason.")] = None,
    csv_safe: Annotated[bool, Parameter(negative="", help="Put ' before ids that a spreadsheet would run.")] = False,
    strict: Annotated[bool, Parameter(negative="", help="Exit with 3 if there are warnings.")] = False,
) -> int:
    """Uptime and downtime of every store in the last hour, day and week, in business hours.

    The figures go to stdout or a file, the summary to stderr.

        store-uptime report --source ./feed --out week.csv

        store-uptime report --source postgresql://me@localhost/shop --columns extended --format xlsx --out week.xlsx

        store-uptime report --now 2024-10-14T12:00:00Z --max-gap 2h --store 0a1b
    """
    options = Options(now=now, store=store, max_gap=max_gap, lookback=lookback)
    with common.steps() as progress:
        opened = pipeline.open_source(common.address(source), schema, mapping=common.mapping(map_file))
        pipeline.check_targets(targets(out, rejects), opened.files)
        with rejects_of_no_report(opened, rejects):
            result = pipeline.build_report(opened, options, progress=progress)
        progress("writing")
        content = result.csv_safe(columns) if csv_safe and format == "csv" else result.render(format, columns)
        if rejects is not None:
            pipeline.write_rejects(result, rejects)
        put(content, out)
    summarize(result)
    return WARNED if strict and result.quality.warnings else 0


def targets(out: Path, rejects: Path | None) -> "dict[Path, Purpose]":
    """The files that are going to be written."""
    figures = {} if out == common.STDOUT else {out: pipeline.REPORT}
    return figures if rejects is None else figures | pipeline.rejects_targets(rejects)


@contextmanager
def rejects_of_no_report(source: "Source", folder: Path | None) -> Iterator[None]:
    """Where no poll can be read there is no report, but the rejected rows are written all the same."""
    try:
        yield
    except pipeline.AllPollsRejected:
        if folder is not None:
            pipeline.write_rejects(pipeline.rejected_tables(source), folder)
        raise


def put(content: bytes, out: Path, purpose: "Purpose | None" = None) -> None:
    """Bytes, a report's unless it is said, to stdout or to a file that appears whole."""
    if out == common.STDOUT:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        pipeline.write_file(content, out, purpose or pipeline.REPORT)


def summarize(result: "Report") -> None:
    """Now, stores, polls, rejected rows and warnings, on stderr."""
    lines = list(summary(result))
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        say(f"{name:<{width}}  {text}")


def summary(result: "Report") -> Iterator[tuple[str, str]]:
    """What a reader of the figures should know: a name and a sentence each."""
    told, quality = result.provenance, result.quality
    yield "source", told["source"]
    yield "now", f"{told['now']} ({', '.join(now_words(told))})"
    yield "stores", counted(result.exact.height, "store")
    for name, counts in quality.tables.items():
        yield name, ", ".join(count_words(counts))
    if quality.duplicates or quality.contradictory:
        yield "repeats", f"{quality.duplicates:,} exact repeats, {quality.contradictory:,} contradictory"
    for key, ids in quality.stores.items():
        if ids:
            yield key.replace("_", " "), f"{counted(len(ids), 'store')}: {quality.meaning(key)}"
    yield from (("warning", warning) for warning in quality.warnings)


def now_words(told: dict[str, Any]) -> Iterator[str]:
    """How old now is, where it was not given, and how it was chosen."""
    if told["data_age_seconds"] is not None:
        yield f"{pipeline.age_in_words(told['data_age_seconds'])} ago"
    yield told["now_is"]


def count_words(counts: "TableCounts") -> Iterator[str]:
    """What became of a table's rows."""
    yield f"{counts.accepted:,} accepted"
    if counts.outside:
        yield f"{counts.outside:,} outside the horizon"
    if counts.rejected:
        yield f"{sum(counts.rejected.values()):,} rejected: {reasons(counts.rejected)}"
