"""The summary of a report on stderr: rows read, warnings, and figures."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import ReportFolder, Target, counted
from store_uptime.service.cli.terminal import echo, format_reasons
from store_uptime.service.page.freshness import Freshness, freshness
from store_uptime.service.page.humanize import format_behind, format_elapsed
from store_uptime.service.parameters import STDOUT

if TYPE_CHECKING:
    from decimal import Decimal

    from store_uptime.pipeline import Only, PeriodReport, Report, TableCounts

Line = tuple[str, str]
"""What a line is about, and its sentence."""


def summary(report: "Report") -> list[Line]:
    """The summary of a report. Commands make it before they write: what it raises leaves an older file as it was."""
    # By the clock of this moment, as on the page; the age in `provenance` is of when the report was begun.
    fresh = freshness(report, report.exact.select("last_poll_us").max().item())
    return [*data_lines(report, fresh), *result_lines(report, fresh)]


def echo_lines(lines: list[Line]) -> None:
    """Print lines, their sentences below each other."""
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        echo(f"{name:<{width}}  {text}")


def written_line(out: Target | ReportFolder, seconds: float) -> Line:
    """Where it is, and how long it took."""
    return "written", f"to {'stdout' if out == STDOUT else out}, in {format_elapsed(seconds)}"


def data_lines(report: "Report", fresh: Freshness) -> Iterator[Line]:
    yield from source_lines(report)
    chosen = "" if fresh.age_s is None else f"{pipeline.age_in_words(fresh.age_s)} ago, "
    yield "now", f"{fresh.now} ({chosen}{report.provenance['now_is']}{format_behind(fresh.behind_s)})"
    yield stores_line(report.exact.height, report.plan.options.only)
    yield from quality_lines(report)


def stores_line(number: int, only: "Only") -> Line:
    """How many stores there are, and why there is none."""
    if number or not only:
        return "stores", counted(number, "store")
    return "stores", f"0 stores: none has {pipeline.attributes_in_words(only)}"


def source_lines(report: "Report | PeriodReport") -> Iterator[Line]:
    """Where the tables are, and what they call things."""
    provenance = report.provenance
    yield "source", provenance["source"]
    if "mapping" in provenance:
        yield "mapping", ", ".join(f"{table} ({', '.join(keys)})" for table, keys in provenance["mapping"].items())


def quality_lines(report: "Report | PeriodReport") -> Iterator[Line]:
    """Rows read, and what is odd about them."""
    quality = report.quality
    for name, counts in quality.tables.items():
        # How many stores there are stands above already.
        yield "stores table" if name == "stores" else name, ", ".join(row_counts(counts))
    if quality.duplicates or quality.contradictory:
        yield "repeats", f"{counted(quality.duplicates, 'exact repeat')}, {quality.contradictory:,} contradictory"
    for key, ids in quality.stores.items():
        if ids:
            yield key.replace("_", " "), f"{counted(len(ids), 'store')}: {report.meaning(key)}"
    yield from (("warning", warning) for warning in quality.warnings)


def result_lines(report: "Report", fresh: Freshness) -> Iterator[Line]:
    day, week = (format_share(report.uptime_percent(window)) for window in ("day", "week"))
    yield "uptime", f"{day} in the last day, {week} in the last week, of all stores together"
    down = report.exact["down_now"].sum()
    yield "down", f"{down:,} {'store' if down == 1 else 'stores'} {fresh.down_word}"


def format_share(share: "Decimal | None") -> str:
    """A percent, or a dash where there is none."""
    return "–" if share is None else f"{share} %"


def row_counts(counts: "TableCounts") -> Iterator[str]:
    yield f"{counts.accepted:,} accepted"
    if counts.outside:
        yield f"{counts.outside:,} outside the horizon"
    if counts.files_not_opened:
        yield f"{counted(counts.files_not_opened, 'file')} of earlier days not opened"
    if counts.rejected:
        yield f"{sum(counts.rejected.values()):,} rejected: {format_reasons(counts.rejected)}"
