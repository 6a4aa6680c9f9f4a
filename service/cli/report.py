"""`store-uptime report`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

from cyclopts import CycloptsError, Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Columns, Format, Options, ReportFolder, Target
from store_uptime.service import parameters
from store_uptime.service.cli.output import agreed_format, input_files, refuse_binary_on_terminal, write_output
from store_uptime.service.cli.period_options import (
    NO_ROLLUP,
    OnlyStores,
    RollupOptions,
    attributes,
    period_of,
    refuse_without_period,
)
from store_uptime.service.cli.period_summary import period_summary
from store_uptime.service.cli.report_by_periods import (
    refuse_folder,
    refuse_with_period,
    rendered_pieces,
    tables_of,
    view_of,
    write_period_report,
)
from store_uptime.service.cli.report_summary import echo_lines, summary, written_line
from store_uptime.service.cli.terminal import ExitStatus, progress_spinner
from store_uptime.service.parameters import FLAG, OUTPUT

if TYPE_CHECKING:
    from store_uptime.pipeline import Purpose, Report, Source

FORMATS_OF_SEVERAL_FILES = ("csv", "parquet")


def report(
    source: parameters.SourceAddress = None,
    *,
    schema: parameters.Schema = None,
    map: parameters.MappingFile = None,
    now: parameters.Now = None,
    store: parameters.OneStore = None,
    only: OnlyStores = (),
    columns: parameters.ColumnChoice = "plain",
    format: parameters.FormatChoice = None,
    max_gap: parameters.MaxGap = None,
    lookback: parameters.Lookback = parameters.DEFAULT_LOOKBACK,
    out: parameters.ReportOut = parameters.STDOUT,
    rejects: Annotated[
        Target | None,
        parameters.FILES,
        Parameter(
            group=OUTPUT, metavar="FOLDER", help="A folder, or s3://…, for the rejected rows, each with its reason."
        ),
    ] = None,
    csv_safe: Annotated[
        bool, FLAG, Parameter(group=OUTPUT, help="Put ' before ids that a spreadsheet would run.")
    ] = False,
    strict: Annotated[bool, FLAG, Parameter(group=OUTPUT, help="Exit with 3 if there are warnings.")] = False,
    periods: RollupOptions = NO_ROLLUP,
    on: parameters.ClusterOptions = parameters.ClusterOptions(),  # noqa: B008 - frozen
) -> int:
    """Uptime and downtime of every store in the last hour, day and week, in business hours.

    The figures go to stdout or a file, the summary to stderr. With --period or
    --from they are those of another period, whole or cut, of stores or groups.

        store-uptime report ./feed --out week.csv
        store-uptime report postgresql://me@db/shop --format xlsx --out week.xlsx
        store-uptime report --now 2024-10-14T12:00:00Z --max-gap 2h --store 0a1b
        store-uptime report s3://lake/polls --out s3://reports/week/
        store-uptime report s3://lake/polls --cluster tcp://dask:8786
        store-uptime report ./feed --period last-month --by day --out month.csv
        store-uptime report ./feed --period last-week --group-by brand,city
        store-uptime report ./feed --from 2024-03-01 --only city=Berlin --profile
    """
    start_s = monotonic()
    file_format = agreed_format(format, out) or "csv"
    refuse_format(file_format, out)
    period = period_of(periods, periods.by)
    if period is None:
        refuse_without_period(periods)
    else:
        refuse_with_period(columns, lookback)
        refuse_folder(view_of(periods), out)
    options = Options(
        now=now,
        store=store,
        max_gap=max_gap,
        lookback=lookback,
        only=pipeline.parse_only(only),
        period=period,
        group_by=attributes(periods.group_by),
    )
    with progress_spinner() as progress:
        opened = pipeline.open_source(parameters.address(source), schema, mapping=parameters.mapping(map))
        # Found before the report is made: who mistypes a path does not wait a minute to hear of it.
        pipeline.check_targets(output_files(out, rejects), input_files(opened, map))
        with rejects_kept_without_report(opened, rejects):
            if period is None:
                result = pipeline.build_report(opened, options, progress=progress, cluster=on.chosen)
            else:
                tables = tables_of(periods, file_format)
                result = pipeline.build_periods(
                    opened, period, options, progress=progress, cluster=on.chosen, tables=tables
                )
        progress("writing")
        lines = period_summary(result) if isinstance(result, pipeline.PeriodReport) else summary(result)
        if isinstance(result, pipeline.PeriodReport):
            pieces = partial(rendered_pieces, view=view_of(periods), file_format=file_format, csv_safe=csv_safe)
            write_period_report(result, pieces, out, file_format, rejects)
        else:
            render = partial(rendered, file_format=file_format, columns=columns, csv_safe=csv_safe)
            write_report(result, render, out, file_format, rejects)
    echo_lines([*lines, written_line(out, monotonic() - start_s)])
    return ExitStatus.WARNED if strict and result.quality.warnings else ExitStatus.DONE


def refuse_format(file_format: Format, out: Target | ReportFolder) -> None:
    """Raises NotForTerminals, CycloptsError where the format is none for this output."""
    if not isinstance(out, ReportFolder):
        refuse_binary_on_terminal(file_format, out)
    elif file_format not in FORMATS_OF_SEVERAL_FILES:
        raise CycloptsError(
            msg=f"a report as {file_format} is one file, and {out} asks for several: choose --format csv or parquet, "
            "or name a file, with no / at its end."
        )


def rendered(report: "Report", file_format: Format, columns: Columns, csv_safe: bool) -> bytes:
    return report.csv_safe(columns) if csv_safe and file_format == "csv" else report.render(file_format, columns)


def write_report(
    report: "Report",
    render: "Callable[[Report], bytes]",
    out: Target | ReportFolder,
    file_format: Format,
    rejects: Target | None,
) -> None:
    if isinstance(out, ReportFolder):
        write_rejected(report, rejects)
        pipeline.write_report_folder(report, out, file_format, render)
        return
    # All bytes are made before the first is written: an error leaves no half of a file, and nothing on stdout.
    content = render(report)
    write_rejected(report, rejects)
    write_output(content, out)


def write_rejected(report: "Report", rejects: Target | None) -> None:
    if rejects is not None:
        pipeline.write_rejects(report, rejects)


def output_files(out: Target | ReportFolder, rejects: Target | None) -> "dict[Target, Purpose]":
    """The files that will be written. Raises CannotWrite where the figures and the rejected rows collide."""
    rejected = {} if rejects is None else pipeline.rejects_targets(rejects)
    if isinstance(out, ReportFolder):
        return rejected | pipeline.report_folder_targets(out)
    if out == parameters.STDOUT:
        return rejected
    if whole(out) in map(whole, rejected):
        raise pipeline.CannotWrite(str(out), "the rejected rows go there")
    if isinstance(out, Path):
        with pipeline.writing(out):
            check_place(out, rejects)
    return rejected | {out: pipeline.REPORT}


def check_place(out: Path, rejects: Target | None) -> None:
    """Raises CannotWrite where a file cannot be at a path, and OSError."""
    if out.is_dir():
        raise pipeline.CannotWrite(str(out), f"it is a folder. Write {out}/ for a report as several files")
    if not has_folder(out, rejects):
        raise pipeline.CannotWrite(str(out), f"there is no folder {out.parent}")


def has_folder(out: Path, rejects: Target | None) -> bool:
    """Whether the folder of a file is there, or is made for the rejected rows."""
    folder = out.absolute().parent
    return folder.is_dir() or (rejects is not None and whole(rejects) == folder)


def whole(target: Target) -> Target:
    """A target that can be compared with others."""
    return target.absolute() if isinstance(target, Path) else target


@contextmanager
def rejects_kept_without_report(source: "Source", folder: Target | None) -> Iterator[None]:
    """Write the rejected rows also where every poll is rejected, so that there is no report that has them."""
    try:
        yield
    except pipeline.AllPollsRejected:
        if folder is not None:
            pipeline.write_rejects(pipeline.rejected_tables(source), folder)
        raise
