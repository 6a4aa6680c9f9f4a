"""Files of a report by periods: the same rows in each format, known again as our own."""

import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import openpyxl
import polars as pl
import pytest

from store_uptime.pipeline import (
    REPORT,
    CellFull,
    Options,
    PeriodReport,
    ReportDamaged,
    SheetFull,
    View,
    archive,
    archive_periods,
    build_report,
    holds_periods,
    restore_periods,
    write_sample,
)
from store_uptime.pipeline.clean.split import TableCounts
from store_uptime.pipeline.periods import Period
from store_uptime.pipeline.report.periods import sliced, workbook
from store_uptime.pipeline.report.periods.sheets import Sheet
from store_uptime.pipeline.source import open_source
from store_uptime.pipeline.source.folder.own_files import MARK
from store_uptime.pipeline.tables import COLUMNS, ROWS_OF
from tests.support.feeds import POLLS, frames, lines
from tests.support.period_reports import made, profile

OPTIONS = Options(period=Period("2024-03-10/2024-03-12", by="day"), group_by=["city", "outages"])
VIEWS: tuple[View, ...] = get_args(View)


@pytest.fixture(scope="module")
def report() -> PeriodReport:
    """A report with all that one may have, and an attribute that is called as a figure."""
    grouped = made(OPTIONS)
    attributes = grouped.attributes
    assert attributes is not None
    named = attributes.select("store_id", "name", pl.col("city").replace("Berlin", "=Berlin"), outages=pl.lit("some"))
    cells = profile(("=Berlin", "some"), columns=("city", "outages (attribute)"))
    columns = {ROWS_OF[table]: names for table, names in COLUMNS.items()} | {"stores": ("store_id", "name", "city")}
    rejected = {
        table: pl.DataFrame([rejected_row(*names)], infer_schema_length=None) for table, names in columns.items()
    }
    counts = {table: TableCounts(5, {"bad": 1}) for table in rejected}
    return replace(
        grouped, attributes=named, profile=cells, rejects=rejected, quality=replace(grouped.quality, tables=counts)
    )


def rejected_row(*columns: str) -> dict[str, str | int]:
    return {"file": "a.csv", "line": 2, "reason": "bad"} | dict.fromkeys(columns, "x") | {"surplus": ",more"}


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliced, "ROWS_OF_A_PIECE", 168)


def written(report: PeriodReport, view: View) -> pl.DataFrame:
    """The table of a view."""
    match view:
        case "stores":
            return report.table()
        case "groups":
            return report.rollup_table(report.options.group_by)
        case "profile":
            return report.profile_table()
        case "outages":
            return report.outages_table()
        case "longest-outages":
            return report.outages_table(longest_first=True)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.usefixtures("small_pieces")
def test_a_file_has_the_rows_of_the_table_however_many_pieces_it_is_made_in(view: View, report: PeriodReport) -> None:
    table = written(report, view)
    text = table.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).cast(pl.String)
    from_csv = pl.read_csv(report.render(view, "csv"), infer_schema=False)
    assert from_csv.rows() == text.rows()
    assert [name.removesuffix("(hours)") for name in from_csv.columns] == table.columns
    parquet = report.render(view, "parquet")
    assert pl.read_parquet(parquet).equals(table)
    assert json.loads(pl.read_parquet_metadata(io.BytesIO(parquet))[MARK]) == report.about
    content = json.loads(report.render(view, "json"))
    assert {name: content[name] for name in report.about} == report.about
    assert [row["period"] for row in content["total"]] == report.total["period"].to_list()
    rows = content[view.removeprefix("longest-")]
    assert [[row[name] for name in table.columns] for row in rows] == [
        [as_json(value) for value in row] for row in table.iter_rows()
    ]


def as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value if isinstance(value, str | int | None) else float(value)


def test_a_large_table_is_written_in_pieces(report: PeriodReport, small_pieces: None) -> None:
    assert len(list(report.chunks("profile", "csv"))) == report.profile_table().height / 168 == 3
    starts = [piece.splitlines()[0].split(b",")[:4] for piece in report.chunks("profile", "csv")]
    assert starts[1:] == [[b"(none)", b"some", b"0", b"0"], [b"=Berlin", b"some", b"0", b"0"]]


def test_json_has_names_where_there_are_any(report: PeriodReport) -> None:
    names = [row["name"] for row in json.loads(report.render("stores", "json"))["stores"]]
    assert names == [*["=North"] * 2, *["Harbour Café"] * 2, *[None] * 4]
    assert "name" not in json.loads(made(attributes=None).render("stores", "json"))["stores"][0]


@pytest.mark.parametrize(
    ("view", "start"),
    [
        ("stores", "'=north,2024-03-10,"),
        ("groups", "'=Berlin,some,2024-03-10,"),
        ("profile", "'=Berlin,some,0,0,"),
        ("longest-outages", "'=north,'=North,"),
    ],
)
def test_no_text_of_safe_csv_runs_as_a_formula(view: View, start: str, report: PeriodReport) -> None:
    safe = report.csv_safe(view).decode().splitlines()
    assert any(line.startswith(start) for line in safe)
    assert not any(line.startswith("=") or ",=" in line or ",+" in line for line in safe)


def test_a_report_without_stores_is_a_file_without_rows() -> None:
    none = made().select({"city": "Rome"})
    views: tuple[View, ...] = ("stores", "groups", "outages")
    for view in views:
        assert len(none.render(view, "csv").splitlines()) == 1
        assert pl.read_parquet(none.render(view, "parquet")).is_empty()
        assert json.loads(none.render(view, "json"))[view] == []
    assert none.render("stores", "xlsx")


# Workbooks ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(report: PeriodReport) -> Any:
    """The workbook of the report."""
    return openpyxl.load_workbook(io.BytesIO(report.render("profile", "xlsx")))


def test_a_workbook_has_a_sheet_for_each_question(book: Any) -> None:
    assert book.sheetnames == ["Summary", "Groups", "Stores", "Periods", "Outages", "Profile", "About"]
    plain = openpyxl.load_workbook(io.BytesIO(made(outages=None).render("stores", "xlsx")))
    assert plain.sheetnames == ["Summary", "Stores", "Periods", "About"]


def test_the_summary_has_the_total_and_the_worst_stores(book: Any) -> None:
    rows = list(book["Summary"].iter_rows(values_only=True))
    assert [row[0] for row in rows[:6]] == [
        "period",
        "2024-03-10",
        "2024-03-11",
        None,
        "Worst stores, over all periods",
        "store_id",
    ]
    assert [row[0] for row in rows[6:]] == ["=north", "harbour", "old town", "station"]


def test_cells_are_percents_times_and_texts_and_never_formulas(book: Any) -> None:
    head, first, *_ = book["Outages"].iter_rows()
    cells = {name.value: cell for name, cell in zip(head, first, strict=True)}
    assert cells["start (UTC)"].value == datetime(2024, 3, 10, 9)
    assert cells["start (local)"].value == datetime(2024, 3, 10, 10)
    assert cells["end (local)"].is_date
    head, first, *_ = book["Periods"].iter_rows()
    cells = {name.value: cell for name, cell in zip(head, first, strict=True)}
    assert (cells["uptime %"].value, cells["uptime %"].number_format) == (0.75, "0.00 %")
    assert (cells["uptime (hours)"].value, cells["uptime (hours)"].number_format) == (6, "0.00")
    assert (cells["store_id"].value, cells["store_id"].data_type) == ("=north", "s")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "d"}


def test_sheets_are_made_for_reading(book: Any) -> None:
    for name in book.sheetnames[:-1]:
        sheet = book[name]
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet["A1"].alignment.wrap_text
        assert all(9 <= column.width <= 50 for column in sheet.column_dimensions.values())
    coloured = {name: str(book[name].conditional_formatting) for name in ("Summary", "Groups", "Stores", "Periods")}
    assert all(coloured.values())


def test_more_rows_than_a_sheet_has_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ROWS", 8)
    with pytest.raises(SheetFull, match=r"8 rows of periods, and a sheet of XLSX 8 rows\. Choose CSV or Parquet, or"):
        made().render("stores", "xlsx")


def test_a_text_that_a_cell_does_not_hold_is_refused() -> None:
    table = sliced.sliced(pl.DataFrame({"reason": ["x" * 32_768]}))
    with pytest.raises(CellFull, match="1 text is longer than the 32767 characters"):
        list(workbook.workbook_pieces([Sheet("Outages", table)], {}))
    with pytest.raises(CellFull, match="1 store id is longer"):
        workbook.workbook_pieces([], {"not_observed": ["x" * 32_768]})


# Own files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_files_of_reports_are_known_as_our_own(view: View, report: PeriodReport, tmp_path: Path) -> None:
    file = tmp_path / "report"
    for content in (*(report.render(view, kind) for kind in ("csv", "json", "parquet", "xlsx")), report.csv_safe(view)):
        file.write_bytes(content)
        assert REPORT.is_ours(file)


@pytest.mark.parametrize("header", ["store_id,period,start_utc", "weekday,hour", "city,period,stores,stores_open", ""])
def test_files_of_others_are_not(header: str, tmp_path: Path) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text(f"{header}\n1,2,3\n", encoding="utf-8")
    assert not REPORT.is_ours(file)


def test_files_of_reports_in_a_feed_are_no_data(report: PeriodReport, tmp_path: Path) -> None:
    write_sample(tmp_path, stores=2, days=2)
    before = build_report(tmp_path)
    for view in VIEWS:
        for kind in ("csv", "json", "parquet"):
            (tmp_path / f"{view}.{kind}").write_bytes(report.render(view, kind))
    (tmp_path / "all.xlsx").write_bytes(report.render("stores", "xlsx"))
    (tmp_path / "bare.csv").write_bytes(made(attributes=None).render("outages", "csv"))
    after = build_report(open_source(tmp_path))
    assert after.exact.equals(before.exact)
    assert after.quality.warnings == before.quality.warnings


# Kept reports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_a_kept_report_is_written_alike(view: View, report: PeriodReport) -> None:
    kept = archive_periods(report)
    found = restore_periods(kept.figures, kept.plan, kept.rejects, kept.attributes, kept.outages, kept.profile)
    assert all(found.render(view, kind) == report.render(view, kind) for kind in ("csv", "json", "parquet"))


def test_a_kept_report_is_whole(report: PeriodReport) -> None:
    kept = archive_periods(report)
    found = restore_periods(kept.figures, kept.plan, kept.rejects, kept.attributes, kept.outages, kept.profile)
    assert (found.quality, found.notes, found.options) == (report.quality, report.notes, report.options)
    assert found.plan.intervals.equals(report.plan.intervals)
    assert found.plan.stores.equals(report.plan.stores.select(found.plan.stores.columns))
    assert found.rejects.keys() == report.rejects.keys()
    assert all(found.rejects[table].equals(rows) for table, rows in report.rejects.items())
    assert all(getattr(found, name).equals(getattr(report, name)) for name in ("stores", "periods", "rows"))


def test_figures_alone_are_a_report_and_say_of_which_kind(report: PeriodReport) -> None:
    kept = archive_periods(report)
    assert restore_periods(kept.figures).exact.equals(report.exact)
    assert holds_periods(kept.figures)
    assert not holds_periods(archive(build_report(frames(lines(POLLS, "s,2024-10-14 11:30:00,active")))).figures)
    with pytest.raises(ReportDamaged):
        restore_periods(kept.figures[:-100])
    with pytest.raises(ValueError, match="a selection cannot be archived"):
        archive_periods(report.select(search="o"))
