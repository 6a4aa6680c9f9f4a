"""Nothing is dropped silently: each rejected row is counted, has a reason, and can be had as it was."""

import csv
import gzip
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest
import zstandard

from store_uptime.pipeline import Options, Report, build_report, load_files, open_source, write_rejects
from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.clean.split import TableCounts
from tests.support.feeds import HOURS, POLLS, ZONES, lines

ROOT = Path(__file__).parents[3]
GOOD = "a,2024-10-14 12:00:00 UTC,active"
Row = dict[str, str]


def feed(folder: Path, polls: bytes = b"", hours: bytes = b"", zones: bytes = b"") -> Path:
    """A folder with one good poll, and what else is given, byte by byte."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "polls.csv").write_bytes(lines(POLLS, GOOD).encode() + polls)
    (folder / "hours.csv").write_bytes(lines(HOURS).encode() + hours)
    (folder / "zones.csv").write_bytes(lines(ZONES).encode() + zones)
    return folder


def report(folder: Path) -> Report:
    return build_report(open_source(folder))


def rejected(found: Report, table: str) -> list[dict[str, object]]:
    """Line, reason and raw values, in the order of the file."""
    return found.rejects[table].drop("file").sort("line").to_dicts()


# Each reason ----------------------------------------------------------------------------------------------------------

STAMP = "2024-10-14 11:00:00 UTC"
POLLS_REJECTED = {
    f",{STAMP},active": "missing store id",
    f'"",{STAMP},active': "missing store id",
    f"a\0,{STAMP},active": "bad store id",
    f"\ufffd,{STAMP},active": "bad store id",
    "a,,active": "missing timestamp",
    "a,2024-02-30 11:00:00,active": "bad timestamp",
    "a,infinity,active": "bad timestamp",
    "a,2024-10-14 11,active": "bad timestamp",
    "a, ,active": "missing timestamp",
    "a,2024-10-14 24:00:00,active": "bad timestamp",
    f"a,{STAMP},up": "bad status",
    f"a,{STAMP},": "bad status",
    f"a,{STAMP}": "bad status",
    "a": "missing timestamp",
    "a,2924-10-14 11:00:00 UTC,active": "ahead of the clock",
    f"a,{STAMP},active,more": "too many fields",
    f'"a,{STAMP},active': "bad quotes",
    f'a,{STAMP},"active" or so': "bad quotes",
    f"a,{STAMP},active,,more": "too many fields",
}
HOURS_REJECTED = {
    ",1,09:00,17:00": "missing store id",
    "a\ufffd,1,09:00,17:00": "bad store id",
    "a,7,09:00,17:00": "bad weekday",
    "a,Monday,09:00,17:00": "bad weekday",
    "a,,09:00,17:00": "bad weekday",
    "a,1.0,09:00,17:00": "bad weekday",
    "a,1,9:0,17:00": "bad time",
    "a,1,09:00,5 PM": "bad time",
    "a,1,24:00,17:00": "bad time",
    "a,1,09:00,24:00:01": "bad time",
    "a,1,09:00": "bad time",
    "a,1,09:00,17:00,x": "too many fields",
}
DATED_REJECTED = {
    "a,1,09:00,17:00,2024-02-30,": "bad date",
    "a,1,09:00,17:00,,soon": "bad date",
    "a,1,09:00,17:00,2024-01-02,2024-01-02": "bad date",
}
STORES_REJECTED = {"a,B": "several rows", ",A": "missing store id"}
ZONES_REJECTED = {
    ",Europe/Dublin": "missing store id",
    "\ufffd,Europe/Dublin": "bad store id",
    "a,Europe/Dublin,x": "too many fields",
}
REJECTED = [
    (table, row, reason)
    for table, rows in (("polls", POLLS_REJECTED), ("hours", HOURS_REJECTED), ("zones", ZONES_REJECTED))
    for row, reason in rows.items()
]


@pytest.mark.parametrize(("table", "row", "reason"), REJECTED)
def test_a_row_is_rejected_for_its_reason(tmp_path: Path, table: str, row: str, reason: str) -> None:
    found = report(feed(tmp_path, **{table: f"{row}\n".encode()}))
    assert [one["reason"] for one in rejected(found, table)] == [reason]
    assert found.quality.tables[table].rejected == {reason: 1}


@pytest.mark.parametrize(("row", "reason"), DATED_REJECTED.items())
def test_hours_with_a_bad_date_are_rejected(tmp_path: Path, row: str, reason: str) -> None:
    folder = feed(tmp_path)
    (folder / "hours.csv").write_text(lines(f"{HOURS},valid_from,valid_to", row))
    (found,) = rejected(report(folder), "hours")
    assert found["reason"] == reason
    assert [found["valid_from"] or "", found["valid_to"] or ""] == row.split(",")[4:]


@pytest.mark.parametrize(("row", "reason"), STORES_REJECTED.items())
def test_a_row_of_stores_is_rejected_for_its_reason(tmp_path: Path, row: str, reason: str) -> None:
    folder = feed(tmp_path)
    (folder / "stores.csv").write_text(lines("store_id,name", "a,A", "a, A ", row))
    found = report(folder)
    assert [one["reason"] for one in rejected(found, "stores")] == [reason]
    assert found.quality.tables["stores"] == TableCounts(2, {reason: 1})


def test_every_reason_has_a_row_here() -> None:
    of_optional = (*DATED_REJECTED.values(), *STORES_REJECTED.values())
    assert {reason for _, _, reason in REJECTED}.union(of_optional) == set(Reason)


def test_a_comma_at_the_end_is_not_a_field_too_many(tmp_path: Path) -> None:
    assert rejected(report(feed(tmp_path, polls=f"b,{STAMP},active,\n".encode())), "polls") == []


def test_rows_read_are_accepted_or_rejected(tmp_path: Path) -> None:
    counts = all_rejected(tmp_path).quality.tables
    assert counts["polls"] == TableCounts(1, tallied(POLLS_REJECTED), 0)
    assert counts["hours"] == TableCounts(0, tallied(HOURS_REJECTED))
    assert counts["zones"] == TableCounts(0, tallied(ZONES_REJECTED))
    assert counts["polls"].read == 1 + len(POLLS_REJECTED)


def all_rejected(folder: Path) -> Report:
    tables = {"polls": POLLS_REJECTED, "hours": HOURS_REJECTED, "zones": ZONES_REJECTED}
    return report(feed(folder, **{name: "".join(f"{row}\n" for row in rows).encode() for name, rows in tables.items()}))


def tallied(rows: Mapping[str, str]) -> dict[str, int]:
    reasons = list(rows.values())
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}


def test_a_given_now_makes_later_polls_not_exist(tmp_path: Path) -> None:
    folder = feed(tmp_path / "this", polls=b"a,2924-10-14 11:00:00 UTC,active\n")
    now = report(feed(tmp_path / "other")).plan.horizon.now_us
    found = build_report(open_source(folder), Options(now=pl.Series([now]).cast(pl.Datetime("us", "UTC"))[0]))
    assert found.quality.tables["polls"] == TableCounts(1, tallied({}), 1)


# Odd text -------------------------------------------------------------------------------------------------------------

ODD: dict[str, tuple[bytes, list[tuple[int, str]]]] = {
    "a quote inside a field": (b'b,%t,active,5" pizza\n\nc,%t,up,x\n', [(5, "bad status")]),
    "two of them": (b'b,%t,active,5" pizza\nc,%t,up,x\nd,%t,active,7" pizza\n', [(4, "bad status")]),
    "one behind a quoted field": (b'b,%t,active,"5" pizza\nc,%t,up,x\n', [(3, "bad quotes"), (4, "bad status")]),
    "one that is open": (b'c,%t,up,x\nb,%t,active,"pie\nd,%t,active,x\n', [(3, "bad status"), (4, "bad quotes")]),
    "one at the end": (b'c,%t,up,x\nb,%t,active,"pizza', [(3, "bad status"), (4, "bad quotes")]),
    "a field over two lines": (b'c,%t,up,"x\ny"\nb,%t,active,5"\nd,%t,up,x', [(3, "bad status"), (5, "bad status")]),
    "a row that it makes too long": (b'b,%t,active,"5" piz,za"\n', [(3, "bad quotes")]),
    "empty lines": (b"b,%t,active,x\n\n\r\nc,%t,up,x\n\n", [(6, "bad status")]),
    "empty lines, and one of delimiters": (b"\nb,%t,active,x\n,,,\n", [(5, "missing store id")]),
    "none but of delimiters": (b",,,\n", [(3, "missing store id")]),
}  # fmt: skip


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize(("rows", "reasons"), ODD.values(), ids=ODD)
def test_odd_text_costs_no_other_row(
    tmp_path: Path, rows: bytes, reasons: list[tuple[int, str]], pack: Callable[[bytes], bytes]
) -> None:
    good = b"%s,dish\n%s,x\n" % (POLLS.encode(), GOOD.encode())
    text = good + rows.replace(b"%t", STAMP.encode())
    folder = feed(tmp_path)
    (folder / "polls.csv").write_bytes(pack(text))
    found = report(folder)
    assert [(row["line"], row["reason"]) for row in rejected(found, "polls")] == reasons
    misquoted = sum(reason == "bad quotes" for _, reason in reasons)
    assert found.quality.tables["polls"].accepted == 1 + rows.count(b",active,") - misquoted


def test_lines_of_several_files_are_right_where_some_have_empty_lines(tmp_path: Path) -> None:
    folder = feed(tmp_path, polls=b"\na,soon,active\n")
    for name in ("x.csv", "y.csv"):
        (folder / name).write_text(f"{POLLS}\n\nb,soon,active\n\n")
    found = report(folder).rejects["polls"].sort("file").select("file", "line").rows()
    assert found == [("polls.csv", 4), ("x.csv", 3), ("y.csv", 3)]


# As it was ------------------------------------------------------------------------------------------------------------


def test_a_rejected_row_is_given_with_its_line_as_it_was(tmp_path: Path) -> None:
    found = report(feed(tmp_path, polls=b'b,2024-10-14 12:00:00 UTC,active\n" c ",nO, Up\n', hours=b"a,x,1,\n"))
    poll = {"line": 4, "reason": "bad timestamp", "store_id": " c ", "timestamp_utc": "nO", "status": " Up"}
    assert rejected(found, "polls") == [poll | {"surplus": None}]
    assert [list(row.values()) for row in rejected(found, "hours")] == [[2, "bad weekday", "a", "x", "1", None, None]]


def test_rejected_rows_are_written_as_csv(tmp_path: Path) -> None:
    write_rejects(all_rejected(tmp_path / "feed"), tmp_path / "rejects")
    for name, rows in (("polls", POLLS_REJECTED), ("hours", HOURS_REJECTED), ("zones", ZONES_REJECTED)):
        written = read_rows(tmp_path / "rejects" / f"{name}.csv")
        start = 3 if name == "polls" else 2
        assert {int(row["line"]): row["reason"] for row in written} == dict(enumerate(rows.values(), start))


def test_what_load_rejects_is_written_the_same(tmp_path: Path, database: str) -> None:
    reported = all_rejected(tmp_path / "feed")
    write_rejects(reported, tmp_path / "reported")
    loaded = {done.file.stem: done for done in load_files(tmp_path / "feed", database, tmp_path / "loaded").files}
    for name, done in loaded.items():
        same = [
            row for row in read_rows(tmp_path / "reported" / f"{name}.csv") if row["reason"] != "ahead of the clock"
        ]
        assert sorted(read_rows(tmp_path / "loaded" / f"{name}.csv.rejects.csv"), key=line) == sorted(same, key=line)
        assert sum(done.rejected.values()) == len(same)


def read_rows(file: Path) -> list[Row]:
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def line(row: Row) -> int:
    return int(row["line"])


# Files as they come ---------------------------------------------------------------------------------------------------


def test_bytes_that_are_not_utf_8_reject_a_row_and_not_the_file(tmp_path: Path) -> None:
    latin = "é,2024-10-14 11:00:00 UTC,active\nb,2024-10-14 11:00:00 UTC,é\nb,2024-10-14 11:00:00 UTC,active\n"
    found = report(feed(tmp_path, polls=latin.encode("latin-1")))
    assert [(row["line"], row["reason"]) for row in rejected(found, "polls")] == [
        (3, "bad store id"),
        (4, "bad status"),
    ]
    assert found.exact["store_id"].to_list() == ["a", "b"]


PLAIN = lines(POLLS, GOOD, "é,2024-10-14 11:00:00 UTC,inactive", "é,soon,active")
ENCODED = {
    "as it is": PLAIN.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "both": b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode(),
    "no end of the last line": PLAIN.rstrip("\n").encode(),
    "all quoted": "".join(
        ",".join(f'"{field}"' for field in row.split(",")) + "\n" for row in PLAIN.splitlines()
    ).encode(),
    "another order": "".join(
        ",".join(reversed(row.split(","))) + "\n" for row in PLAIN.splitlines()
    ).encode(),
    "a column more": "".join(f"{row},x\n" for row in PLAIN.splitlines()).encode(),
}  # fmt: skip


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_a_file_is_read_however_it_was_written(tmp_path: Path, content: bytes, packed: bool) -> None:
    folder = feed(tmp_path)
    (folder / "polls.csv").unlink()
    (folder / ("p.csv.gz" if packed else "p.csv")).write_bytes(gzip.compress(content) if packed else content)
    found = report(folder)
    assert found.exact["store_id"].to_list() == ["a", "é"]
    assert [(row["line"], row["reason"]) for row in rejected(found, "polls")] == [(4, "bad timestamp")]


# Unknown hours --------------------------------------------------------------------------------------------------------

NO_FIGURES = "a,,,,,,"


def check_unknown(found: Report) -> None:
    assert found.csv().decode().splitlines()[1] == NO_FIGURES
    assert found.quality.stores["unknown_hours"] == ["a"]
    assert found.quality.stores["no_hours"] == []
    assert found.quality.stores["partly_rejected_hours"] == []


def test_a_store_with_no_good_hours_has_no_figures(tmp_path: Path) -> None:
    check_unknown(report(feed(tmp_path, hours=b"a,0,9 AM,5 PM\na,8,09:00,17:00\n")))


def test_it_has_none_once_it_is_loaded(tmp_path: Path, database: str) -> None:
    folder = feed(tmp_path / "feed", hours=b"a,0,9 AM,5 PM\na,8,09:00,17:00\n")
    for _ in range(2):
        load_files(folder, database, tmp_path / "rejects")
        check_unknown(build_report(open_source(database)))


def test_it_has_figures_again_when_good_hours_are_loaded(tmp_path: Path, database: str) -> None:
    load_files(feed(tmp_path, hours=b"a,0,9 AM,5 PM\n"), database, tmp_path / "rejects")
    load_files(feed(tmp_path, hours=b"a,0,00:00,24:00\n"), database, tmp_path / "rejects")
    found = build_report(open_source(database))
    assert found.csv().decode().splitlines()[1].startswith("a,60.00,")
    assert found.quality.stores["unknown_hours"] == []


def test_a_store_with_some_good_hours_is_computed_and_listed(tmp_path: Path, database: str) -> None:
    folder = feed(tmp_path / "feed", hours=b"a,0,9 AM,5 PM\na,0,00:00,24:00\n")
    load_files(folder, database, tmp_path / "rejects")
    for found in (report(folder), build_report(open_source(database))):
        assert found.csv().decode().splitlines()[1].startswith("a,60.00,")
        assert found.quality.stores["partly_rejected_hours"] == ["a"]


def test_hours_rows_of_nobody_say_nothing_of_anybody(tmp_path: Path) -> None:
    found = report(feed(tmp_path, hours=b",0,09:00,17:00\n\xff,0,09:00,17:00\n"))
    assert found.quality.stores["no_hours"] == ["a"]
    assert found.quality.stores["not_observed"] == []


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5 takes it for something else: there a file with an odd quote was damaged."""
    files = [path for package in ("pipeline", "service") for path in (ROOT / package).rglob("*.py")]
    assert [path for path in files if re.search(r"\)[*+?]\+", path.read_text(encoding="utf-8"))] == []
