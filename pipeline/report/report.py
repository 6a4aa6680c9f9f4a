"""The report: figures, provenance and quality in, a table in four formats out.

Report.csv, .json, .parquet, .xlsx   the same table as bytes
csv_bytes                            any frame as CSV
write_rejects                        the rejected rows as files
REPORT                               how to recognise the file of a report
"""

import csv
import io
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Protocol, get_args

import polars as pl

from store_uptime.pipeline.errors import writing
from store_uptime.pipeline.files import Purpose, first_bytes_of, header_line
from store_uptime.pipeline.instants import instant_us, iso
from store_uptime.pipeline.load.reject_files import REJECTS
from store_uptime.pipeline.options import WINDOWS, Columns, Format, Options, Selection, check_word, stores_in_words
from store_uptime.pipeline.plan.plan import Plan
from store_uptime.pipeline.report.about import About, Provenance, plain_quality
from store_uptime.pipeline.report.figures import EXTENDED, HEADINGS, PLAIN, extended, fleet_percent
from store_uptime.pipeline.report.quality import Quality
from store_uptime.pipeline.report.quality_lists import LISTS
from store_uptime.pipeline.source.folder.own_files import MARK, is_own_workbook, is_period_header
from store_uptime.pipeline.tables import ROWS_OF
from store_uptime.pipeline.targets import Target, check_targets, place_below, write_target

COLUMNS = {"plain": PLAIN, "extended": EXTENDED}
FORMULA = r"^([=+\-@\t\r])"  # the beginnings that OWASP names under "CSV injection"
CSV_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


@dataclass(frozen=True)
class Report:
    """What `build_report` gives.

    exact: one row per store in whole microseconds (see `exact_figures`). rejects: for polls, hours and zones the
    rejected rows: file, line, reason, and the row as it was, as text. lanes: of `build_report_with_lanes`, the changes
    of each store's status in the week: store (uint32, its row in `exact`), minute (uint16, 0 to 10 079, of the week
    before now), status (uint8: 0 closed, 1 up, 2 down, 3 unknown, 4 up carried, 5 down carried: see `LaneStatus`; of
    a report from before there were 4 and 5, they are 1 and 2), by store and minute; a store begins closed.
    selection: how the rows were selected; the quality is that of the whole report. attributes: store_id, name (text;
    null), a column for each attribute, of each store of the table `stores`; None: there is no such table.
    """

    plan: Plan
    exact: pl.DataFrame
    quality: Quality
    rejects: dict[str, pl.DataFrame]
    lanes: pl.DataFrame | None = None
    selection: Selection | None = None
    attributes: pl.DataFrame | None = None

    def __repr__(self) -> str:
        """Three lines: source and stores, now and windows, the uptime."""
        options, warnings = self.plan.options, len(self.quality.warnings)
        now_us = self.plan.horizon.now_us
        percents = {window: self.uptime_percent(window) for window in WINDOWS}
        up = (f"{'unknown' if percent is None else f'{percent} %'} ({window})" for window, percent in percents.items())
        return (
            f"Report of {self.plan.source}, {stores_in_words(options)}\n"
            f"now {iso(now_us)} ({now_is(options, now_us)}), windows {', '.join(WINDOWS)}\n"
            f"stores: {self.exact.height:,}; up: {', '.join(up)}; warnings: {warnings}"
        )

    @staticmethod
    def meaning(name: str) -> str:
        """Why a store is on a list of the quality."""
        return LISTS[name]

    @cached_property
    def extended(self) -> pl.DataFrame:
        """Every column: docs/semantics.md, "Output"; figures are DECIMAL(10,2), polls integers, times in UTC."""
        return extended(self.exact)

    def table(self, columns: Columns = "plain") -> pl.DataFrame:
        """The plain seven columns, or all."""
        if columns not in COLUMNS:
            raise ValueError(f"{columns!r} are no columns of a report: write {' or '.join(COLUMNS)}")
        return self.extended.select(COLUMNS[columns])

    def uptime_percent(self, window: str) -> Decimal | None:
        """The uptime of all its stores in a window (hour, day, week), in percent of known time; None: none is known."""
        if window not in WINDOWS:
            raise ValueError(f"{window!r} is no window: write {', '.join(WINDOWS)}")
        return fleet_percent(self.exact, window)

    @property
    def provenance(self) -> Provenance:
        """The source, options and horizon of the figures: plain values, times in ISO 8601."""
        horizon, options = self.plan.horizon, self.plan.options.to_dict()
        provenance = Provenance(
            now=iso(horizon.now_us),
            now_is=now_is(self.plan.options, horizon.now_us),
            data_age_seconds=horizon.age_seconds,
            horizon=[iso(horizon.start_us), iso(horizon.now_us)],
            store=options["store_id"],
            max_gap_seconds=options["max_gap"],
            lookback_seconds=options["lookback"],
            source=self.plan.source,
            tzdata=self.plan.tzdata,
        )
        if "only" in options:
            provenance["only"] = options["only"]
        if mapping := self.plan.mapping.to_dict():
            provenance["mapping"] = mapping
        if self.selection is not None:
            provenance["selection"] = self.selection.to_dict()
        return provenance

    @property
    def about(self) -> About:
        """Provenance and quality as plain values, for JSON, Parquet and XLSX."""
        return About(provenance=self.provenance, quality=plain_quality(self.quality))

    def render(self, file_format: Format, columns: Columns = "plain") -> bytes:
        """The report in one of the four formats. Raises ValueError for other words."""
        check_word("format", file_format, get_args(Format))
        check_word("columns", columns, get_args(Columns))
        match file_format:
            case "csv":
                return self.csv(columns)
            case "json":
                return self.json(columns)
            case "parquet":
                return self.parquet(columns)
            case "xlsx":
                return self.xlsx(columns)

    def csv(self, columns: Columns = "plain") -> bytes:
        """RFC 4180 in UTF-8, with the units in the header."""
        return csv_bytes(self.table(columns).rename(HEADINGS, strict=False))

    def csv_safe(self, columns: Columns = "plain") -> bytes:
        """The same, with ' before an id that a spreadsheet would run as a formula; this changes the id."""
        rows = self.table(columns).with_columns(guarded(pl.col("store_id")))
        return csv_bytes(rows.rename(HEADINGS, strict=False))

    def rejected_csv(self, table: str) -> bytes:
        """The rejected rows of polls, hours or zones: line, reason, the row as it was, and its surplus."""
        return csv_bytes(self.rejects[table])

    def rejected_csv_safe(self, table: str) -> bytes:
        """The same, with ' before whatever a spreadsheet would run as a formula."""
        return csv_bytes(self.rejects[table].with_columns(guarded(pl.col(pl.String))))

    def json(self, columns: Columns = "plain") -> bytes:
        """One object: provenance, quality, and the rows as `stores`, figures as numbers, with names where known."""
        numbers = self._named(columns).with_columns(pl.col(pl.Decimal).cast(pl.Float64))
        if "last_poll_utc" in numbers.columns:
            numbers = numbers.with_columns(pl.col("last_poll_utc").dt.strftime(CSV_TIME))
        head = json.dumps(self.about, ensure_ascii=False)
        # Polars writes the rows, without a Python object for each of them.
        return f'{head[:-1]}, "stores": {numbers.write_json()}}}\n'.encode()

    def parquet(self, columns: Columns = "plain") -> bytes:
        """DECIMAL(10,2) columns; provenance and quality are in the file's metadata, under `store_uptime`."""
        buffer = io.BytesIO()
        self.table(columns).write_parquet(buffer, metadata={MARK: json.dumps(self.about)})
        return buffer.getvalue()

    def xlsx(self, columns: Columns = "plain") -> bytes:
        """A sheet of figures and one of provenance and quality; ids are text, whatever they begin with."""
        from store_uptime.pipeline.report.xlsx import workbook  # only this format needs XlsxWriter

        return workbook(self._named(columns).rename(HEADINGS, strict=False), self.about)

    def _named(self, columns: Columns) -> pl.DataFrame:
        """The table, with names behind the ids where there is a table of them."""
        table = self.table(columns)
        if self.attributes is None:
            return table
        names = table.select("store_id").join(
            self.attributes.select("store_id", "name"), on="store_id", how="left", maintain_order="left"
        )
        return table.insert_column(1, names["name"])


def ranked_lanes(lanes: pl.DataFrame | None, stores: pl.DataFrame) -> pl.DataFrame | None:
    """`Report.lanes` of those of a run. lanes: code, minute, status; stores: code, store."""
    if lanes is None:
        return None
    return lanes.join(stores, on="code").select("store", "minute", "status").sort("store", "minute")


def now_is(options: Options, now_us: int) -> str:
    """How now was chosen, in words."""
    if options.now is not None:
        return "given"
    if options.until is None:
        return "the newest accepted poll"
    until_us = instant_us(options.until)
    # Where no poll is as old as the due time, now is the newest poll of all, which lies after it.
    beyond = "; none is as old" if now_us > until_us else ""
    return f"the newest accepted poll until {iso(until_us)}{beyond}"


def guarded(text: pl.Expr) -> pl.Expr:
    """A text with ' before it where a spreadsheet would run it as a formula."""
    return text.str.replace(FORMULA, "'${1}")


def csv_bytes(table: pl.DataFrame, *, include_header: bool = True) -> bytes:
    """A frame as RFC 4180, times in UTC with microseconds."""
    text = table.write_csv(include_header=include_header, line_terminator="\r\n", datetime_format=CSV_TIME)
    return text.encode()


def is_report(path: Path) -> bool:
    """Whether a file is a report that this program wrote, in any of the four formats. Raises OSError."""
    head = first_bytes_of(path)
    if head.startswith(b"PAR1"):
        return has_parquet_metadata(path)
    if head.startswith(b"PK"):
        with path.open("rb") as content:
            return is_own_workbook(content)
    header = header_line(path).decode(errors="replace")
    return head.startswith(b'{"provenance": ') or header in HEADERS or is_period_header(next(csv.reader([header]), []))


def has_parquet_metadata(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return MARK in pl.read_parquet_metadata(file)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False


def rejects_targets(folder: Target) -> dict[Target, Purpose]:
    """The files that `write_rejects` writes, each with its purpose; that of `stores` is written where there is one."""
    purposes = dict.fromkeys(ROWS_OF.values(), REJECTS) | {ROWS_OF["stores"]: PERHAPS_REJECTS}
    return {place_below(folder, f"{name}.csv"): purpose for name, purpose in purposes.items()}


class WithRejects(Protocol):
    """A report, by periods too, or what there is in its place where every poll is rejected."""

    @property
    def rejects(self) -> dict[str, pl.DataFrame]:
        """The rejected rows of each table: see `Report`."""
        ...


def write_rejects(report: WithRejects, folder: Target) -> None:
    """The rejected rows as polls.csv, hours.csv and zones.csv: file, line, reason, the row as it was, and its surplus;
    and as stores.csv, where the source has that table.

    Raises CannotWrite, also where one of these files exists and is not a rejects file.
    """
    # All are checked before the first is written.
    check_targets({place_below(folder, f"{name}.csv"): REJECTS for name in report.rejects}, ())
    if isinstance(folder, Path):
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    for name, rows in report.rejects.items():
        write_target(csv_bytes(rows), place_below(folder, f"{name}.csv"), REJECTS)


HEADERS = tuple(",".join(HEADINGS.get(name, name) for name in names) for names in COLUMNS.values())
REPORT = Purpose("report", is_report)
PERHAPS_REJECTS = Purpose("rejects file", lambda _: True, is_private=True)
"""Of a file that may not be written at all: whether an existing one may be replaced is asked once it is."""
