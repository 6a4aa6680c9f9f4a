"""`store-uptime report`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Format, Options
from store_uptime.service import parameters
from store_uptime.service.cli import terminal
from store_uptime.service.cli.terminal import counted, echo, reasons
from store_uptime.service.errors import NotForTerminals
from store_uptime.service.page.humanize import behind, format_elapsed, when_down
from store_uptime.service.parameters import FLAG, OUTPUT

if TYPE_CHECKING:
    from decimal import Decimal

    from store_uptime.pipeline import Purpose, Report, Source, TableCounts

WARNED = 3
BINARY = ("xlsx", "parquet")


def report(
    source: parameters.SourceAddress = None,
    *,
    schema: parameters.Schema = None,
    map: parameters.MappingFile = None,
    now: parameters.Now = None,
    store: parameters.OneStore = None,
    columns: parameters.ColumnChoice = "plain",
    format: Annotated[Format, Parameter(group=OUTPUT, help="How the figures are written.")] = "csv",
    max_gap: parameters.MaxGap = None,
    lookback: parameters.Lookback = parameters.DEFAULT_LOOKBACK,
    out: parameters.Out = parameters.STDOUT,
    rejects: Annotated[
        Path | None,
        Parameter(group=OUTPUT, metavar="FOLDER", help="A folder for the rejected rows, each with its reason."),
    ] = None,
    csv_safe: Annotated[
        bool, FLAG, Parameter(group=OUTPUT, help="Put ' before ids that a spreadsheet would run.")
    ] = False,
    strict: Annotated[bool, FLAG, Parameter(group=OUTPUT, help="Exit with 3 if there are warnings.")] = False,
) -> int:
    """Uptime and downtime of every store in the last hour, day and week, in business hours.

    The figures go to stdout or a file, the summary to stderr.

        store-uptime report ./feed --out week.csv
        store-uptime report postgresql://me@db/shop --format xlsx --out week.xlsx
        store-uptime report --now 2024-10-14T12:00:00Z --max-gap 2h --store 0a1b
    """
    began = monotonic()
    refuse_terminal(format, out)
    options = Options(now=now, store=store, max_gap=max_gap, lookback=lookback)
    with terminal.steps() as progress:
        opened = pipeline.open_source(parameters.address(source), schema, mapping=parameters.mapping(map))
        pipeline.check_targets(targets(out, rejects), terminal.files_read(opened, map))
        with rejects_of_no_report(opened, rejects):
            result = pipeline.build_report(opened, options, progress=progress)
        progress("writing")
        content = result.csv_safe(columns) if csv_safe and format == "csv" else result.render(format, columns)
        if rejects is not None:
            pipeline.write_rejects(result, rejects)
        put(content, out)
    summarize(result, out, monotonic() - began)
    return WARNED if strict and result.quality.warnings else 0


def targets(out: Path, rejects: Path | None) -> "dict[Path, Purpose]":
    """The files that are going to be written. Raises CannotWrite where they are in each other's way."""
    rejected = {} if rejects is None else pipeline.rejects_targets(rejects)
    if out == parameters.STDOUT:
        return rejected
    if out.absolute() in {path.absolute() for path in rejected}:
        raise pipeline.CannotWrite(str(out), "the rejected rows go there")
    if not out.absolute().parent.is_dir() and (rejects is None or out.absolute().parent != rejects.absolute()):
        raise pipeline.CannotWrite(str(out), f"there is no folder {out.parent}")
    return rejected | {out: pipeline.REPORT}


@contextmanager
def rejects_of_no_report(source: "Source", folder: Path | None) -> Iterator[None]:
    """Where no poll can be read there is no report, but the rejected rows are written all the same."""
    try:
        yield
    except pipeline.AllPollsRejected:
        if folder is not None:
            pipeline.write_rejects(pipeline.rejected_tables(source), folder)
        raise


def refuse_terminal(file_format: Format, out: Path) -> None:
    """Raises NotForTerminals where a terminal would get what is not text."""
    if file_format in BINARY and out == parameters.STDOUT and sys.stdout.isatty():
        raise NotForTerminals(file_format)


def put(content: bytes, out: Path, purpose: "Purpose | None" = None) -> None:
    """Bytes, a report's unless it is said, to stdout or to a file that appears whole."""
    if out == parameters.STDOUT:
        put_out(content)
    else:
        pipeline.write_file(content, out, purpose or pipeline.REPORT)


def put_private(content: bytes, out: Path) -> None:
    """The same of a report that is for some alone: nobody else reads the file of whoever fetches or decrypts it."""
    put(content, out, replace(pipeline.REPORT, is_private=True))


def put_out(content: bytes) -> None:
    """Bytes to stdout. Raises CannotPrint, and BrokenPipeError where nobody reads on."""
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def summarize(result: "Report", out: Path, seconds: float) -> None:
    """What was read, what is odd about it, and what came out, on stderr."""
    lines = [*summary(result), *outcome(result, out, seconds)]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        echo(f"{name:<{width}}  {text}")


def summary(result: "Report") -> Iterator[tuple[str, str]]:
    """What a reader of the figures should know: a name and a sentence each."""
    told, quality = result.provenance, result.quality
    yield "source", told["source"]
    if "mapping" in told:
        yield "mapping", ", ".join(f"{table} ({', '.join(keys)})" for table, keys in told["mapping"].items())
    yield "now", f"{told['now']} ({', '.join(now_words(told))}{behind(newest_poll_age(result))})"
    yield "stores", counted(result.exact.height, "store")
    for name, counts in quality.tables.items():
        yield name, ", ".join(count_words(counts))
    if quality.duplicates or quality.contradictory:
        yield "repeats", f"{counted(quality.duplicates, 'exact repeat')}, {quality.contradictory:,} contradictory"
    for key, ids in quality.stores.items():
        if ids:
            yield key.replace("_", " "), f"{counted(len(ids), 'store')}: {quality.meaning(key)}"
    yield from (("warning", warning) for warning in quality.warnings)


def now_words(told: dict[str, Any]) -> Iterator[str]:
    """How old now is, where it was not given, and how it was chosen."""
    if told["data_age_seconds"] is not None:
        yield f"{pipeline.age_in_words(told['data_age_seconds'])} ago"
    yield told["now_is"]


def newest_poll_age(result: "Report") -> float | None:
    """Seconds from the newest poll of a report to now where that was given, else to the clock; None: there is none."""
    age = result.provenance["data_age_seconds"]
    return result.plan.horizon.seconds_since(result.exact.select("last_poll_us").max().item()) if age is None else age


def outcome(result: "Report", out: Path, seconds: float) -> Iterator[tuple[str, str]]:
    """What came out: uptime of all stores together, which are down, where the figures are, how long it took."""
    day, week = (percent(result.uptime_percent(window)) for window in ("day", "week"))
    yield "uptime", f"{day} in the last day, {week} in the last week, of all stores together"
    down, age = result.exact["down_now"].sum(), newest_poll_age(result)
    yield "down", f"{down:,} of {counted(result.exact.height, 'store')} {when_down(age)}"
    yield "written", f"to {'stdout' if out == parameters.STDOUT else out}, in {format_elapsed(seconds)}"


def percent(share: "Decimal | None") -> str:
    """A share of uptime; a dash where nothing is known."""
    return "–" if share is None else f"{share} %"


def count_words(counts: "TableCounts") -> Iterator[str]:
    """What became of a table's rows."""
    yield f"{counts.accepted:,} accepted"
    if counts.outside:
        yield f"{counts.outside:,} outside the horizon"
    if counts.rejected:
        yield f"{sum(counts.rejected.values()):,} rejected: {reasons(counts.rejected)}"
