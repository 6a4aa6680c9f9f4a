"""A table and its provenance in, an XLSX workbook out, written row by row in constant memory."""

import io
from collections.abc import Iterable, Iterator, Mapping

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from store_uptime.pipeline.errors import CellFull, SheetFull
from store_uptime.pipeline.source.folder.own_files import MARK

WIDTH = 24
ROWS = 1_048_576  # of a sheet; the first is the header
CellValue = str | float | bool | None
CHARACTERS = 32_767  # of a cell, as UTF-16 counts them; what is longer would be cut


def workbook(table: pl.DataFrame, about: Mapping[str, object]) -> bytes:
    """Two sheets, `report` and `about`. No cell is ever a formula or a link. Raises SheetFull, CellFull."""
    if table.height >= ROWS:
        raise SheetFull(table.height, ROWS)
    check_cells(table.to_series(0), about)
    if "name" in table.columns:
        check_names(table["name"])
    buffer = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_custom_property(MARK, "report")  # so that a folder with feeds does not read it as one of them
        two_decimals, head = book.add_format({"num_format": "0.00"}), book.add_format({"bold": True})
        sheet = book.add_worksheet("report")
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, table.height, table.width - 1)
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, table.width - 1, WIDTH)
        sheet.write_row(0, 0, table.columns, head)
        formats = [two_decimals if isinstance(kind, pl.Decimal) else None for kind in table.dtypes]
        for number, row in enumerate(plain_rows(table), start=1):
            write_cells(sheet, number, zip(row, formats, strict=True))
        notes = book.add_worksheet("about")
        notes.set_column(0, 1, 40)
        for number, (name, value) in enumerate(flat(about)):
            notes.write_string(number, 0, name)
            notes.write_string(number, 1, value)
    return buffer.getvalue()


def write_cells(sheet: Worksheet, row: int, cells: Iterable[tuple[CellValue, Format | None]]) -> None:
    for column, (value, cell_format) in enumerate(cells):
        if isinstance(value, str):
            # Not `write`: it looks into a text, and would make a number of an id such as 007.
            sheet.write_string(row, column, value)
        elif value is not None:
            sheet.write(row, column, value, cell_format)


def check_cells(ids: pl.Series, about: Mapping[str, object]) -> None:
    """Raises CellFull where an id, on either sheet, is longer than a cell can hold."""
    # Bytes are quick to count, and no text has more UTF-16 units than bytes in UTF-8.
    long_ids = ids.filter(ids.str.len_bytes() > CHARACTERS)
    found = {text for text in (*long_ids, *(text for _, text in flat(about))) if is_too_long(text)}
    if found:
        raise CellFull(len(found), CHARACTERS)


def check_names(names: pl.Series) -> None:
    """Raises CellFull where a name is longer than a cell can hold."""
    found = [text for text in names.filter(names.str.len_bytes() > CHARACTERS).unique() if is_too_long(text)]
    if found:
        raise CellFull(len(found), CHARACTERS, "name")


def is_too_long(text: str) -> bool:
    """Whether a cell does not hold a text."""
    return len(text) > CHARACTERS // 2 and len(text.encode("utf-16-le")) // 2 > CHARACTERS


def plain_rows(table: pl.DataFrame) -> Iterator[tuple[CellValue, ...]]:
    # A cell has no time zone and no microseconds, so times are text.
    times = pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return table.with_columns(pl.col(pl.Decimal).cast(pl.Float64), times).iter_rows()


def flat(about: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as pairs of a dotted name and a text; a list has one line each."""
    for name, value in about.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield from ((f"{prefix}{name}", cell_text(item)) for item in value)
        else:
            yield f"{prefix}{name}", "" if value is None else str(value)


def cell_text(item: object) -> str:
    """What stands in a list, for people: of a group its values, and what is told about it."""
    match item:
        case dict():
            return ", ".join(f"{name}: {cell_text(value)}" for name, value in item.items())
        case list():
            return " / ".join(map(cell_text, item))
        case None:
            return ""
        case _:
            return str(item)
