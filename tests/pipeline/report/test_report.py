"""What a report looks like once it is written: four formats, and a file that appears whole or not at all."""

import csv
import errno
import io
import json
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from store_uptime.pipeline import (
    REPORT,
    Columns,
    Format,
    Frames,
    Options,
    Purpose,
    Report,
    build_report,
    write_file,
    write_rejects,
)
from store_uptime.pipeline.durations import HOUR_US, WEEK_US
from store_uptime.pipeline.errors import CannotWrite, CellFull, SheetFull
from store_uptime.pipeline.instants import instant_us, iso
from store_uptime.pipeline.report.figures import (
    EXTENDED,
    FIGURE,
    PLAIN,
    figure_of,
    fleet_percent,
    half_even,
    uptime_percent,
)
from store_uptime.pipeline.report.xlsx import workbook
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines
from tests.support.profiles import examples

HEADER = (
    "store_id,uptime_last_hour(minutes),uptime_last_day(hours),uptime_last_week(hours),"
    "downtime_last_hour(minutes),downtime_last_day(hours),downtime_last_week(hours)"
)
OLD_REPORT = f"{HEADER}\r\na,60.00,24.00,168.00,0.00,0.00,0.00\r\n".encode()
NOW = datetime(2024, 10, 14, 12, tzinfo=UTC)
FORMULAS = ["=1+1", "+1", "-1", "@x", "\tx", "\rx"]
ODD_IDS = [
    *FORMULAS,
    "007",
    "8139926242460185114",
    "a,b",
    'a"b',
    "a\nb",
    "a\rb",
    "a\r\nb",
    "a\x01b",
    "é",
    "TRUE",
    "1e5",
]
SORTED_IDS = sorted(ODD_IDS, key=str.encode)
FORMATS: list[Format] = ["csv", "json", "parquet", "xlsx"]


def odd_source() -> Frames:
    """A store for each odd id; `007` has no known status, `+1` is up for a minute and `-1` has unknown hours."""
    minutes = range(len(ODD_IDS))
    polls = pl.DataFrame(
        {
            "store_id": [*ODD_IDS, "+1"],
            "timestamp_utc": [NOW - timedelta(minutes=minute) for minute in minutes] + [NOW - timedelta(hours=1)],
            "status": ["active"] * len(ODD_IDS) + ["inactive"],
        }
    )
    hours = pl.DataFrame(
        {
            "store_id": ["007", "-1"],
            "day_of_week": ["6", "9"],
            "start_time_local": ["09:00", "09:00"],
            "end_time_local": ["17:00", "17:00"],
        }
    )
    return Frames(polls, hours, pl.DataFrame(schema=dict.fromkeys(ZONES.split(","), pl.String)))


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(odd_source())


# Reading back ---------------------------------------------------------------------------------------------------------

Rows = list[dict[str, Any]]
"""Figures as Decimal, instants as ISO text, what is not known as None, names without units."""


def number(text: str) -> Decimal | None:
    return None if text == "" else Decimal(text)


def from_csv(content: bytes) -> Rows:
    rows = csv.DictReader(io.StringIO(content.decode(), newline=""))
    return [normal({name.partition("(")[0]: value or None for name, value in row.items()}) for row in rows]


def from_json(content: bytes) -> Rows:
    return [normal(row) for row in json.loads(content, parse_float=Decimal)["stores"]]


def from_parquet(content: bytes) -> Rows:
    return [normal(row) for row in pq.read_table(io.BytesIO(content)).to_pylist()]


def from_xlsx(content: bytes) -> Rows:
    head, *rows = openpyxl.load_workbook(io.BytesIO(content))["report"].iter_rows(values_only=True)
    names = [str(name).partition("(")[0] for name in head]
    return [normal(dict(zip(names, row, strict=True))) for row in rows]


def normal(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name in TEXTS else same(value) for name, value in row.items()}


def same(value: object) -> object:
    """One form for a value, whatever format it was read from."""
    match value:
        case datetime():
            return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case bool() | "true" | "false":
            return str(value).lower()
        case int() | float():
            return Decimal(str(value))
        case str() if value.replace(".", "").replace("-", "").isdigit():
            return Decimal(value)
    return value


TEXTS = ("store_id", "timezone", "last_status")
READERS: dict[Format, Callable[[bytes], Rows]] = {
    "csv": from_csv,
    "json": from_json,
    "parquet": from_parquet,
    "xlsx": from_xlsx,
}


@pytest.mark.parametrize("columns", ["plain", "extended"])
def test_the_formats_agree(report: Report, columns: Columns) -> None:
    first, *others = (READERS[file_format](report.render(file_format, columns)) for file_format in FORMATS)
    for rows in others:
        ids = [row["store_id"].replace("_x000D_", "\r").replace("_x0001_", "\x01") for row in rows]
        assert ids == SORTED_IDS
        assert [{**row, "store_id": ""} for row in rows] == [{**row, "store_id": ""} for row in first]


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_columns_are_in_their_order(report: Report, file_format: Format) -> None:
    assert list(READERS[file_format](report.render(file_format))[0]) == list(PLAIN)
    assert list(READERS[file_format](report.render(file_format, "extended"))[0]) == list(EXTENDED)


# CSV ------------------------------------------------------------------------------------------------------------------


def test_the_plain_csv_is_this_to_the_byte() -> None:
    polls = lines(
        POLLS, "b,2024-10-14 12:00:00,inactive", "a,2024-10-14 12:00:00,active", "c,2024-10-14 03:00:00,active"
    )
    hours = lines(HOURS, "a,0,05:00,06:59:59.4", "c,6,09:00,17:00")
    zones = lines(ZONES, "a,America/Chicago")
    assert (
        build_report(frames(polls, hours, zones)).csv()
        == (f"{HEADER}\r\na,,,,,,\r\nb,0.00,0.00,0.00,60.00,24.00,168.00\r\nc,0.00,,,0.00,,\r\n").encode()
    )


def test_the_extended_csv_goes_on_with_these_columns_in_these_units(report: Report) -> None:
    head = report.csv("extended").decode().partition("\r\n")[0]
    assert head.removeprefix(HEADER).split(",")[1:] == [
        *("unknown_last_hour(minutes)", "unknown_last_day(hours)", "unknown_last_week(hours)"),
        *("business_last_hour(minutes)", "business_last_day(hours)", "business_last_week(hours)"),
        *("polls_last_hour", "polls_last_day", "polls_last_week"),
        *("last_poll_utc", "last_status", "timezone", "always_open"),
        *("uptime_percent_last_hour", "uptime_percent_last_day", "uptime_percent_last_week"),
    ]


def test_csv_reads_back_whatever_is_in_an_id(report: Report) -> None:
    assert [row["store_id"] for row in from_csv(report.csv())] == SORTED_IDS


def test_csv_lines_end_in_crlf_and_only_odd_fields_are_quoted(report: Report) -> None:
    text = report.csv().decode()
    assert text.startswith(f"{HEADER}\r\n")
    assert text.endswith("\r\n")
    assert text.count("\r\n") == len(ODD_IDS) + 1 + 1  # the header, and one inside an id
    quoted = [part for part in text.split("\r\n") if '"' in part]
    assert sorted(part.count('"') for part in quoted) == [1, 1, 2, 2, 2, 2, 4]


def test_every_figure_in_csv_has_two_decimals_or_is_empty(report: Report) -> None:
    rows = list(csv.reader(io.StringIO(report.csv().decode(), newline="")))[1:]
    figures = [cell for row in rows for cell in row[1:]]
    assert {cell.partition(".")[2] for cell in figures} == {"", *(cell[-2:] for cell in figures if cell)}
    assert "" in figures
    assert all(len(cell.partition(".")[2]) == 2 for cell in figures if cell)


def test_csv_safe_puts_a_mark_before_what_would_run_as_a_formula(report: Report) -> None:
    changed = [row["store_id"] for row in from_csv(report.csv_safe())]
    assert changed == [f"'{name}" if name in FORMULAS else name for name in SORTED_IDS]


def test_csv_safe_changes_nothing_else(report: Report) -> None:
    safe, plain = (from_csv(content) for content in (report.csv_safe("extended"), report.csv("extended")))
    assert [{**row, "store_id": ""} for row in safe] == [{**row, "store_id": ""} for row in plain]


# JSON, Parquet, XLSX --------------------------------------------------------------------------------------------------


def test_json_is_one_object_of_provenance_quality_and_stores(report: Report) -> None:
    whole = json.loads(report.json())
    assert list(whole) == ["provenance", "quality", "stores"]
    assert whole["provenance"] == report.provenance
    assert whole["quality"]["tables"]["hours"] == {
        "read": 2,
        "accepted": 1,
        "rejected": {"bad weekday": 1},
        "outside": None,
    }


def test_json_has_numbers_for_figures_and_null_for_what_is_not_known(report: Report) -> None:
    stores = {row["store_id"]: row for row in json.loads(report.json("extended"))["stores"]}
    assert [stores[name]["uptime_last_hour"] for name in ("=1+1", "007", "-1")] == [60.0, 0.0, None]
    assert [stores[name]["uptime_last_week"] for name in ("+1", "007", "-1")] == [0.02, None, None]
    assert [stores[name]["uptime_percent_last_hour"] for name in ("+1", "007")] == [1.67, None]


def test_parquet_has_decimals_and_says_what_it_is_about(report: Report) -> None:
    file = pq.read_table(io.BytesIO(report.parquet()))
    assert file.column_names == list(PLAIN)
    assert file.schema.types[1:] == [pa.decimal128(10, 2)] * 6
    about = json.loads(pl.read_parquet_metadata(report.parquet())["store_uptime"])
    assert about == json.loads(json.dumps(report.about))


def test_parquet_of_the_extended_report_has_the_types_of_its_values(report: Report) -> None:
    kinds = pl.read_parquet(report.parquet("extended")).schema
    assert [name for name, kind in kinds.items() if kind == FIGURE] == [
        name for name in EXTENDED if "time_" in name or "unknown_" in name or "business_" in name
    ]
    assert kinds["last_poll_utc"] == pl.Datetime("us", "UTC")
    assert (kinds["polls_last_hour"], kinds["always_open"]) == (pl.Int64, pl.Boolean)


def test_no_id_in_a_workbook_is_a_formula_a_number_or_a_link(report: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx("extended")))
    cells = [row[0] for row in book["report"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.hyperlink for cell in cells} == {None}


def test_figures_in_a_workbook_are_numbers_shown_with_two_decimals(report: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx()))
    cells = [cell for row in book["report"].iter_rows(min_row=2, min_col=2) for cell in row if cell.value is not None]
    assert {(cell.data_type, cell.number_format) for cell in cells} == {("n", "0.00")}


def test_a_workbook_says_what_it_is_about_on_a_second_sheet(report: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx()))
    assert book.sheetnames == ["report", "about"]
    notes = [row[:2] for row in book["about"].iter_rows(values_only=True)]
    assert ("provenance.now", "2024-10-14T12:00:00Z") in notes
    assert ("quality.tables.hours.rejected.bad weekday", "1") in notes
    assert ("quality.stores.unknown_hours", "-1") in notes


# Figures --------------------------------------------------------------------------------------------------------------


def value_of(expression: pl.Expr) -> Any:
    return pl.select(expression).item()


UNITS = st.sampled_from([600_000, 36_000_000, 1, 3, 7])
AMOUNTS = st.integers(0, 200 * HOUR_US)


@given(amount=AMOUNTS, unit=UNITS, halves=st.integers(0, 10_000))
@examples(150)
def test_half_even_rounds_like_decimal(amount: int, unit: int, halves: int) -> None:
    for us in (amount, halves * unit // 2):
        expected = (Decimal(us) / unit).quantize(Decimal(1), ROUND_HALF_EVEN)
        assert value_of(half_even(pl.lit(us, pl.Int64), unit)) == expected


@given(
    halves=st.integers(0, 2 * 168 * 100), unit_us=st.sampled_from([HOUR_US // 60, HOUR_US]), nudge=st.integers(-1, 1)
)
@examples(150)
def test_a_figure_is_rounded_like_decimal_at_and_beside_each_half(halves: int, unit_us: int, nudge: int) -> None:
    us = max(0, halves * (unit_us // 200) + nudge)
    expected = (Decimal(us) / unit_us).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert value_of(figure_of(pl.lit(us, pl.Int64), unit_us)) == expected


def test_an_exact_half_goes_to_the_even_hundredth() -> None:
    halves = pl.Series([18_000_000 * n for n in (1, 3, 5, 7)])
    texts = pl.DataFrame({"us": halves}).select(figure_of(pl.col("us"), HOUR_US).cast(pl.String))["us"]
    assert texts.to_list() == ["0.00", "0.02", "0.02", "0.04"]


PERCENTS = {
    "nothing known": (0, 0, None),
    "a microsecond known": (1, 0, "100.00"),
    "all up": (HOUR_US, 0, "100.00"),
    "all down": (0, HOUR_US, "0.00"),
    "half": (1, 1, "50.00"),
    "a microsecond down in a week": (168 * HOUR_US - 1, 1, "99.99"),
    "a microsecond up in a week": (1, 168 * HOUR_US - 1, "0.01"),
    "a half goes to the even one": (1, 31, "3.12"),
    "and up where that is even": (3, 29, "9.38"),
}


@pytest.mark.parametrize(("up", "down", "expected"), PERCENTS.values(), ids=PERCENTS)
def test_percent_is_100_or_0_only_where_that_is_exact(up: int, down: int, expected: str | None) -> None:
    found = value_of(uptime_percent(pl.lit(up, pl.Int64), pl.lit(down, pl.Int64)))
    assert found == (None if expected is None else Decimal(expected))


FLEETS: dict[str, tuple[list[tuple[int | None, int | None]], str | None]] = {
    "the sums count, not the stores": ([(3, 1), (0, 4)], "37.50"),
    "a store of which nothing is known is left out": ([(1, 3), (None, None)], "25.00"),
    "more microseconds than 64 bits hold ten thousand times": ([(WEEK_US, WEEK_US)] * 5000, "50.00"),
    "one store down for a microsecond": ([*[(WEEK_US, 0)] * 500, (WEEK_US - 1, 1)], "99.99"),
    "nothing known": ([(None, None)], None),
    "no store": ([], None),
}


@pytest.mark.parametrize(("stores", "expected"), FLEETS.values(), ids=FLEETS)
def test_the_percent_of_a_fleet_is_of_the_sums(
    stores: list[tuple[int | None, int | None]], expected: str | None
) -> None:
    columns = {"uptime_last_day_us": pl.Int64, "downtime_last_day_us": pl.Int64}
    found = fleet_percent(pl.DataFrame(stores, schema=columns, orient="row"), "day")
    assert found == (None if expected is None else Decimal(expected))


# Provenance and warnings ----------------------------------------------------------------------------------------------


def test_provenance_says_what_the_figures_come_from(report: Report) -> None:
    assert report.provenance == {
        "now": "2024-10-14T12:00:00Z",
        "now_is": "the newest accepted poll",
        "data_age_seconds": report.plan.horizon.age_seconds,
        "horizon": ["2024-10-06T12:00:00Z", "2024-10-14T12:00:00Z"],
        "store": None,
        "max_gap_seconds": None,
        "lookback_seconds": 86_400.0,
        "source": "frames in memory",
        "tzdata": metadata.version("tzdata"),
    }


def test_provenance_has_the_options_that_were_given() -> None:
    options = Options(now=NOW, store="=1+1", max_gap=timedelta(minutes=90), lookback=timedelta(0))
    told = build_report(odd_source(), options).provenance
    assert (told["now_is"], told["store"]) == ("given", "=1+1")
    assert (told["max_gap_seconds"], told["lookback_seconds"]) == (5_400.0, 0.0)


UNTIL = {
    "after the newest poll": (timedelta(hours=1), timedelta(0), ""),
    "at it": (timedelta(0), timedelta(0), ""),
    "a microsecond before it": (timedelta(microseconds=-1), timedelta(minutes=-1), ""),
    "at the oldest": (timedelta(hours=-1), timedelta(hours=-1), ""),
    "before all": (timedelta(hours=-1, microseconds=-1), timedelta(0), "; none is as old"),
}


@pytest.mark.parametrize(("until", "now", "beyond"), UNTIL.values(), ids=UNTIL)
def test_now_is_the_newest_poll_until_a_moment(until: timedelta, now: timedelta, beyond: str) -> None:
    told = build_report(odd_source(), Options(until=NOW + until)).provenance
    assert told["now"] == iso(instant_us(NOW + now))
    assert told["now_is"] == f"the newest accepted poll until {iso(instant_us(NOW + until))}{beyond}"


def test_what_was_polled_after_that_moment_counts_for_nothing() -> None:
    found, expected = (
        build_report(odd_source(), options)
        for options in (Options(until=NOW - timedelta(seconds=90)), Options(now=NOW - timedelta(minutes=2)))
    )
    assert found.csv("extended") == expected.csv("extended")
    assert found.quality == expected.quality


def test_a_now_that_is_given_wins_over_that_moment() -> None:
    options = Options(now=NOW, until=NOW - timedelta(hours=1))
    assert build_report(odd_source(), options).provenance == build_report(odd_source(), Options(now=NOW)).provenance


# Progress -------------------------------------------------------------------------------------------------------------


def test_progress_tells_of_how_much_figures_are_made() -> None:
    told: list[str] = []
    polls = (f"store {number % 40},2024-10-14 12:00:00.{number:06},active" for number in range(1_200))
    build_report(frames(lines(POLLS, *polls, "a,soon,active")), progress=told.append)
    assert told[-1] == "computing uptime and downtime (polls: 1,200)"


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "week.csv"
    path.write_bytes(OLD_REPORT)
    return path


def test_a_file_is_replaced(file: Path) -> None:
    write_file(b"new", file, REPORT)
    assert file.read_bytes() == b"new"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_the_old_file_stays_when_the_new_one_cannot_be_finished(
    raised: BaseException, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise raised

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises((KeyboardInterrupt, CannotWrite)):
        write_file(b"new", file, REPORT)
    assert file.read_bytes() == OLD_REPORT
    assert list(file.parent.iterdir()) == [file]


PLACES = {
    "in a folder that is not there": ("no/week.csv", "No such file or directory"),
    "in a file": ("week.csv/week.csv", "Not a directory"),
    "a folder": (".", "Is a directory"),
}


@pytest.mark.parametrize(("place", "reason"), PLACES.values(), ids=PLACES)
def test_a_place_where_nothing_can_be_written_is_named(place: str, reason: str, file: Path) -> None:
    with pytest.raises(CannotWrite, match=reason):
        write_file(b"new", file.parent / place, REPORT)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_keeps_its_file(file: Path) -> None:
    file.parent.chmod(0o500)
    with pytest.raises(CannotWrite, match="Permission denied"):
        write_file(b"new", file, REPORT)
    file.parent.chmod(0o700)
    assert file.read_bytes() == OLD_REPORT


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(mask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_file(b"new", tmp_path / "week.csv", REPORT)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "week.csv").stat().st_mode) == mode


def test_what_is_private_is_so_whatever_the_umask_and_what_was_there(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "week.csv"
    file.write_bytes(OLD_REPORT)
    file.chmod(0o666)
    before = os.umask(0)
    try:
        write_file(OLD_REPORT, file, replace(REPORT, is_private=True))
        write_rejects(report, tmp_path)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_file_and_its_name_are_on_the_disk_before_it_is_said_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, to_disk = list[Path](), os.fsync

    def watched(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        to_disk(handle)

    monkeypatch.setattr(os, "fsync", watched)
    for content in (b"new", OLD_REPORT, b"newer"):  # under a free name, and in the place of another
        synced.clear()
        write_file(content, tmp_path / "week.csv", Purpose("report", lambda path: True))
        assert [path.parent for path in synced] == [tmp_path, tmp_path.parent]


def test_a_link_stays_and_what_it_leads_to_is_replaced(file: Path) -> None:
    link = file.with_name("latest.csv")
    link.symlink_to(file.name)
    write_file(b"new", link, REPORT)
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_file(b"new", pipe, REPORT)
    reader.join()
    assert got == [b"new"]
    assert pipe.is_fifo()


def test_rejects_are_three_files_with_the_rows_as_they_were(report: Report, tmp_path: Path) -> None:
    write_rejects(report, tmp_path / "some" / "rejects")
    texts = {path.name: path.read_bytes().decode() for path in (tmp_path / "some" / "rejects").iterdir()}
    assert texts == {
        "polls.csv": f"file,line,reason,{POLLS},surplus\r\n",
        "hours.csv": f"file,line,reason,{HOURS},surplus\r\n,,bad weekday,-1,9,09:00,17:00,\r\n",
        "zones.csv": f"file,line,reason,{ZONES},surplus\r\n",
    }


def test_a_rejects_folder_that_cannot_be_made_is_named(report: Report, file: Path) -> None:
    with pytest.raises(CannotWrite, match=r"week\.csv"):
        write_rejects(report, file)


def test_more_stores_than_a_sheet_has_rows_are_refused_in_a_sentence() -> None:
    many = pl.DataFrame({"store_id": pl.repeat("1", 1_048_576, eager=True)})
    with pytest.raises(SheetFull, match=r"1048576 stores.*Choose CSV or Parquet"):
        workbook(many, {})


def test_ids_that_a_cell_does_not_hold_are_refused_and_not_cut() -> None:
    most, longer, turtles = "x" * 32_767, "y" * 32_768, "🐢" * 16_384  # of which each counts twice
    assert workbook(pl.DataFrame({"store_id": [most, "🐢" * 16_383]}), {"none": [most]})
    with pytest.raises(
        CellFull, match=r"2 store ids are longer than the 32767 characters.*Choose CSV, JSON or Parquet"
    ):
        workbook(pl.DataFrame({"store_id": [most, longer, turtles]}), {})
    with pytest.raises(CellFull, match=r"1 store id is longer"):
        workbook(pl.DataFrame({"store_id": [longer]}), {"not_observed": [longer, most]})
