"""`store-uptime outages`."""

import sys
from time import monotonic
from typing import Annotated, Literal

from cyclopts import CycloptsError, Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Options
from store_uptime.service import parameters
from store_uptime.service.cli.outage_table import show_outages
from store_uptime.service.cli.output import agreed_format, input_files, refuse_binary_on_terminal, write_output_pieces
from store_uptime.service.cli.period_options import NO_PERIOD, OnlyStores, PeriodOptions, period_of
from store_uptime.service.cli.period_summary import outage_summary
from store_uptime.service.cli.report_summary import echo_lines, written_line
from store_uptime.service.cli.terminal import ExitStatus, progress_spinner
from store_uptime.service.parameters import FLAG, OUTPUT, PERIODS, STDOUT

USUAL_PERIOD = "7d"
OutageFormat = Literal["table", "csv", "json", "parquet", "xlsx"]


def outages(
    source: parameters.SourceAddress = None,
    *,
    schema: parameters.Schema = None,
    map: parameters.MappingFile = None,
    store: parameters.OneStore = None,
    only: OnlyStores = (),
    now: parameters.Now = None,
    max_gap: parameters.MaxGap = None,
    periods: PeriodOptions = NO_PERIOD,
    split_at_closing: Annotated[
        bool, FLAG, Parameter(group=PERIODS, help="One that lasts over closed time is several.")
    ] = False,
    longest: Annotated[bool, FLAG, Parameter(group=OUTPUT, help="The longest first, not the earliest.")] = False,
    format: Annotated[
        OutageFormat | None,
        Parameter(
            group=OUTPUT,
            help="How they are written. Default: as the name of the file ends; table on a terminal, else csv.",
        ),
    ] = None,
    out: parameters.Out = parameters.STDOUT,
) -> int:
    """When stores were down: each outage with its length, why it starts and ends, and the reason.

    Those of the 7 days before now, or of another period. Times in the table are
    on the clock of each store; a file, csv and json have all columns.

        store-uptime outages ./feed
        store-uptime outages ./feed --period last-month --longest
        store-uptime outages ./feed --period yesterday --only city=Berlin
        store-uptime outages ./feed --store 0a1b --from 2024-03-01 --to 2024-03-15
        store-uptime outages ./feed --period 2024-W10 --out outages.csv
    """
    start_s = monotonic()
    if format == "table" and out != STDOUT:
        raise CycloptsError(msg="--format table is for a terminal: choose another one for a file.")
    shown = agreed_format(format, out) or ("table" if out == STDOUT and sys.stdout.isatty() else "csv")
    if shown != "table":
        refuse_binary_on_terminal(shown, out)
    period = period_of(periods) or pipeline.Period(USUAL_PERIOD, on=periods.zone)
    options = Options(now=now, store=store, max_gap=max_gap, only=pipeline.parse_only(only), period=period)
    with progress_spinner() as progress:
        opened = pipeline.open_source(parameters.address(source), schema, mapping=parameters.mapping(map))
        if out != STDOUT:
            pipeline.check_targets({out: pipeline.REPORT}, input_files(opened, map))
        report = pipeline.build_periods(
            opened,
            period,
            options,
            progress=progress,
            tables=("outages",),
            split_at_closing=split_at_closing,
        )
        progress("writing")
        lines = outage_summary(report)
        if shown != "table":
            view = "longest-outages" if longest else "outages"
            write_output_pieces(report.chunks(view, shown), out)
    if shown == "table":
        show_outages(report, longest_first=longest)
    echo_lines([*lines, written_line(out, monotonic() - start_s)])
    return ExitStatus.DONE
