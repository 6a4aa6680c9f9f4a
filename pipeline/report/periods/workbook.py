"""Tables and what is told about a report in, an XLSX workbook out, written row by row in constant memory.

workbook_pieces   the file in pieces
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from store_uptime.pipeline.errors import CellFull, SheetFull
from store_uptime.pipeline.report.periods.period_files import HEADINGS
from store_uptime.pipeline.report.periods.sheets import Sheet
from store_uptime.pipeline.report.xlsx import CHARACTERS, ROWS, check_cells, flat, is_too_long
from store_uptime.pipeline.source.folder.own_files import MARK

NARROWEST, WIDEST = 9, 48
BYTES_OF_A_PIECE = 1 << 20
FIRST_YEAR = 1900
"""Of the calendar of XLSX; earlier times are text."""
REMEDY = "Choose CSV or Parquet, or fewer stores or periods."
NOUNS = {
    "Groups": "rows of groups",
    "Stores": "stores",
    "Periods": "rows of periods",
    "Outages": "outages",
    "Profile": "cells of the profile",
}
"""What the rows of a sheet are; that of the total is called as it is."""
SCALE = {
    "type": "3_color_scale",
    **{f"{end}_type": "num" for end in ("min", "mid", "max")},
    "min_value": 0.9,
    "mid_value": 0.98,
    "max_value": 1,
    "min_color": "#F8B4AB",
    "mid_color": "#FFF3C4",
    "max_color": "#B7E1C1",
}
"""The colours of uptime: red at 90 %, green at 100 %."""
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
PLAIN_HEADINGS = {
    "start_utc": "start (UTC)",
    "end_utc": "end (UTC)",
    "start_local": "start (local)",
    "end_local": "end (local)",
    "first_poll_utc": "first poll (UTC)",
    "last_poll_utc": "last poll (UTC)",
    "uptime_percent": "uptime %",
    "coverage_percent": "coverage %",
    "stores_open": "stores open",
    "stores_unknown": "stores unknown",
    "longest_outage": "longest outage (hours)",
    "downtime_least": "downtime at least (hours)",
    "downtime_most": "downtime at most (hours)",
    "outages_begun": "outages begun",
    "store_median_percent": "median of stores %",
    "worst_store": "worst store",
    "down_percent": "down %",
    "starts_because": "starts because",
    "business_hours": "business (hours)",
    "elapsed_hours": "elapsed (hours)",
    "least_hours": "least (hours)",
    "most_hours": "most (hours)",
    "excused_hours": "excused (hours)",
}
LOCAL = ("start_local", "end_local")
OFFSET_LETTERS = len("+00:00")
COLOURED = ("uptime_percent", "store_median_percent")
LETTERS_OF_A_TIME = len("2024-03-10 12:00:00")
Cell = str | int | float | datetime | None


@dataclass(frozen=True)
class Formats:
    """The formats of the cells of a workbook."""

    head: Format
    hours: Format
    percent: Format
    time: Format

    def of(self, name: str, kind: pl.DataType) -> Format | None:
        """The format of a column; None: there is nothing to format."""
        if name.endswith("percent"):
            return self.percent
        if kind == pl.Float64:
            return self.hours
        return self.time if kind == pl.Datetime else None


@dataclass
class Widths:
    """The longest text of each column of a sheet."""

    longest: list[int] = field(default_factory=list)

    def add(self, lengths: Sequence[int]) -> None:
        """Columns of a further table, or of more of its rows."""
        more = max(0, len(lengths) - len(self.longest))
        before = [*self.longest, *[NARROWEST] * more]
        self.longest = [max(pair) for pair in zip(before, [*lengths, *[0] * (len(before) - len(lengths))], strict=True)]

    def set_columns(self, sheet: Worksheet) -> None:
        for column, length in enumerate(self.longest):
            sheet.set_column(column, column, min(WIDEST, length + 2))


def workbook_pieces(sheets: Sequence[Sheet], about: Mapping[str, object]) -> Iterator[bytes]:
    """The file. No cell is ever a formula or a link. Raises SheetFull, CellFull before the first piece."""
    for sheet in sheets:
        check_rows(sheet.name, sheet.table.rows)
    check_cells(pl.Series("store_id", [], pl.String), about)
    return written_pieces(sheets, about)


def check_rows(name: str, rows: int) -> None:
    """Raises SheetFull where so many rows do not fit into a sheet."""
    if rows >= ROWS:
        raise SheetFull(rows, ROWS, NOUNS.get(name, "periods"), REMEDY)


def written_pieces(sheets: Sequence[Sheet], about: Mapping[str, object]) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="store-uptime-xlsx-") as folder:
        path = Path(folder, "report.xlsx")
        with xlsxwriter.Workbook(str(path), {**OPTIONS, "tmpdir": folder}) as book:
            book.set_custom_property(MARK, "report")  # so that a folder with feeds does not read it as one of them
            formats = Formats(
                head=book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
                hours=book.add_format({"num_format": "0.00"}),
                percent=book.add_format({"num_format": "0.00 %"}),
                time=book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            )
            for sheet in sheets:
                write_sheet(book.add_worksheet(sheet.name), sheet, formats)
            write_about(book.add_worksheet("About"), about)
        with path.open("rb") as written:
            while content := written.read(BYTES_OF_A_PIECE):
                yield content


def write_sheet(worksheet: Worksheet, sheet: Sheet, formats: Formats) -> None:
    widths = Widths()
    last = write_table(worksheet, sheet.table.pieces(), 0, formats, widths)
    worksheet.freeze_panes(1, 1)
    worksheet.autofilter(0, 0, last, len(widths.longest) - 1)
    if sheet.below is not None and not sheet.below.is_empty():
        worksheet.write_string(last + 2, 0, "Worst stores, over all periods", formats.head)
        write_table(worksheet, iter([sheet.below]), last + 3, formats, widths)
    widths.set_columns(worksheet)


def write_table(
    worksheet: Worksheet, pieces: Iterator[pl.DataFrame], first: int, formats: Formats, widths: Widths
) -> int:
    """Write a table with its header from a row on; the number of its last row."""
    row, names = first, list[str]()
    for piece in pieces:
        table = cells_of(piece)
        if not names:
            names = table.columns
            headings = [heading(name) for name in names]
            for column, text in enumerate(headings):
                worksheet.write_string(first, column, text, formats.head)
            widths.add([max(map(len, text.split(" "))) for text in headings])
        check_texts(table)
        widths.add(lengths_of(table))
        kinds = [formats.of(name, kind) for name, kind in zip(names, table.dtypes, strict=True)]
        for cells in table.iter_rows():
            row += 1
            write_row(worksheet, row, cells, kinds)
    for column, name in enumerate(names):
        if name in COLOURED and row > first:
            worksheet.conditional_format(first + 1, column, row, column, SCALE)
    return row


def write_row(worksheet: Worksheet, row: int, cells: Sequence[Cell], formats: Sequence[Format | None]) -> None:
    for column, (value, cell_format) in enumerate(zip(cells, formats, strict=True)):
        if isinstance(value, str):
            # Not `write`: it looks into a text, and would make a number of an id such as 007.
            worksheet.write_string(row, column, value)
        elif isinstance(value, datetime):
            if value.year < FIRST_YEAR:
                worksheet.write_string(row, column, value.isoformat())
            else:
                worksheet.write_datetime(row, column, value, cell_format)
        elif value is not None:
            worksheet.write_number(row, column, value, cell_format)


def write_about(worksheet: Worksheet, about: Mapping[str, object]) -> None:
    worksheet.set_column(0, 1, WIDEST)
    for number, (name, value) in enumerate(flat(about)):
        worksheet.write_string(number, 0, name)
        worksheet.write_string(number, 1, value)


def cells_of(piece: pl.DataFrame) -> pl.DataFrame:
    """Percents as fractions, hours as numbers, times on the clock that the heading names: a cell has no zone."""
    share = pl.selectors.ends_with("percent") & pl.selectors.decimal()
    walls = [name for name in LOCAL if name in piece.columns]
    return piece.with_columns(
        (share * 100).cast(pl.Int64) / 10_000,  # of the whole number: 90.82 / 100 is 0.9081999999999999
        (pl.selectors.decimal() - share).cast(pl.Float64),
        pl.col(pl.Datetime).dt.replace_time_zone(None),
        *(pl.col(name).str.head(-OFFSET_LETTERS).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f") for name in walls),
    )


def heading(name: str) -> str:
    """The heading of a column, for people."""
    if name in PLAIN_HEADINGS:
        return PLAIN_HEADINGS[name]
    return HEADINGS.get(name, name).replace("(hours)", " (hours)")


def lengths_of(table: pl.DataFrame) -> list[int]:
    """About how many letters the longest cell of each column has."""
    return [length_of(column) for column in table]


def length_of(column: pl.Series) -> int:
    if column.dtype == pl.String:
        return column.str.len_chars().to_frame().select(pl.all().max().fill_null(0)).item()
    return LETTERS_OF_A_TIME if column.dtype == pl.Datetime else NARROWEST


def check_texts(table: pl.DataFrame) -> None:
    """Raises CellFull where a text is longer than a cell can hold."""
    # Bytes are quick to count, and no text has more UTF-16 units than bytes in UTF-8.
    for column in table.select(pl.col(pl.String)):
        found = [text for text in column.filter(column.str.len_bytes() > CHARACTERS) if is_too_long(text)]
        if found:
            raise CellFull(len(found), CHARACTERS, "text")
