"""What `store-uptime report` does where a period is chosen: docs/semantics.md, "Periods"."""

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from cyclopts import CycloptsError

from store_uptime import pipeline
from store_uptime.pipeline import Columns, Format, ReportFolder, Target
from store_uptime.service.cli.output import write_output_pieces
from store_uptime.service.cli.period_options import RollupOptions
from store_uptime.service.parameters import DEFAULT_LOOKBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from store_uptime.pipeline import PeriodReport, View


def refuse_with_period(columns: Columns, lookback: timedelta) -> None:
    """Raises CycloptsError for an option that is of the last hour, day and week alone."""
    if columns != "plain":
        raise CycloptsError(
            msg="--columns is of the report of the last hour, day and week: leave it out, one by periods has its own."
        )
    if lookback != DEFAULT_LOOKBACK:
        raise CycloptsError(
            msg="--lookback is of the report of the last hour, day and week: leave it out, of periods --max-gap says "
            "how far back polls count."
        )


def view_of(rollup: RollupOptions) -> "View":
    """The table that a file holds."""
    if rollup.profile:
        return "profile"
    return "groups" if rollup.group_by else "stores"


def tables_of(rollup: RollupOptions, file_format: Format) -> "Collection[Literal['profile', 'outages']]":
    """What has to be computed beside the rows."""
    outages: list[Literal["profile", "outages"]] = ["outages"] if file_format == "xlsx" else []  # a workbook has all
    return [*outages, "profile"] if rollup.profile else outages


def refuse_folder(view: "View", out: Target | ReportFolder) -> None:
    """Raises CycloptsError where something else than the rows of stores was to be several files."""
    if isinstance(out, ReportFolder) and view != "stores":
        raise CycloptsError(msg=f"{out} asks for several files, and the {view} are one: name it, with no / at its end.")


def write_period_report(
    report: "PeriodReport",
    render: "Callable[[PeriodReport], Iterable[bytes]]",
    out: Target | ReportFolder,
    file_format: Format,
    rejects: Target | None,
) -> None:
    """Write a table of a report, piece by piece, and the rejected rows."""
    if rejects is not None:
        pipeline.write_rejects(report, rejects)
    if isinstance(out, ReportFolder):
        pipeline.write_period_folder(report, out, file_format, render)
    else:
        write_output_pieces(render(report), out)


def rendered_pieces(report: "PeriodReport", view: "View", file_format: Format, *, csv_safe: bool) -> "Iterable[bytes]":
    """A table in one of the four formats."""
    return report.csv_safe_chunks(view) if csv_safe and file_format == "csv" else report.chunks(view, file_format)
