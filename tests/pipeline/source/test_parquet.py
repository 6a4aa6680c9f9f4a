"""The ends of Parquet files: what they say of columns and rows, and the newest poll by their statistics."""

import datetime as dt
import io
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from store_uptime.pipeline import Options, Source, TableCounts, build_report, open_source
from store_uptime.pipeline.clean.polls import clean_all_polls
from store_uptime.pipeline.mapping.mapping import AS_NAMED
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import StoreCodes
from store_uptime.pipeline.source.folder.discovery import found_files
from store_uptime.pipeline.source.folder.folder import Folder, scan
from store_uptime.pipeline.source.folder.footer import footer
from store_uptime.pipeline.source.folder.places import LocalFile
from store_uptime.pipeline.source.folder.thrift import Damaged, read_struct
from store_uptime.pipeline.source.frames import poll_rows
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.profiles import examples

NOON_US = 1_728_907_200_000_000  # 2024-10-14 12:00 UTC
NOON = dt.datetime(2024, 10, 14, 12)
FAR_US = NOON_US * 2
PER_S = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def polls(counts: list[int | None], unit: str = "us", zone: str | None = None, status: str = "active") -> pa.Table:
    """Polls of a store, at so many units since 1970."""
    times = pa.array(counts, pa.int64()).cast(pa.timestamp(unit, zone))
    ids = {"store_id": ["a"] * len(counts), "status": [status] * len(counts)}
    texts = {name: pa.array(values, pa.string()) for name, values in ids.items()}
    return pa.table({**texts, "timestamp_utc": times})


def feed(folder: Path, *tables: pa.Table, **options: Any) -> Path:
    """A feed whose polls are these files, in row groups of two."""
    written_feed(folder, menu_hours=lines(HOURS), timezones=lines(ZONES))
    (folder / "store_status.csv").unlink(missing_ok=True)
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"{number}.parquet", **{"row_group_size": 2, **options})
    return folder


def both_ways(folder: Path, ceiling_us: int = FAR_US) -> tuple[int | None, int | None]:
    """The newest poll of a folder as it is found, and that of all its rows."""
    files = found_files(folder).tables["store_status"]
    parts = [poll_rows(raw, StoreCodes(), AS_NAMED) for raw in scan(files, "store_status")]
    newest = [us for us in (part.newest_us(ceiling_us) for part in parts) if us is not None]
    return open_source(folder).newest_poll_us(ceiling_us), max(newest, default=None)


def as_if_damaged(folder: Path, *numbers: int) -> Source:
    """The source of a feed, some of whose files have lost all but their ends since it was opened."""
    source = open_source(folder)
    for number in numbers:
        path = folder / f"{number}.parquet"
        whole = path.read_bytes()
        end = int.from_bytes(whole[-8:-4], "little") + 8
        path.write_bytes(b"PAR1" + bytes(len(whole) - 4 - end) + whole[-end:])
    return source


# The newest poll ------------------------------------------------------------------------------------------------------

NOON_S = NOON_US // 1_000_000
NEWEST: dict[str, list[pa.Table]] = {
    "milliseconds": [polls([NOON_S * 1_000, 0], "ms")],
    "microseconds with a zone": [polls([NOON_US, 0], "us", "Asia/Kolkata")],
    "nanoseconds, cut": [polls([NOON_US * 1_000 + 999, 0], "ns")],
    "the second file": [polls([0]), polls([1, NOON_US, 2])],
    "files of several units": [polls([0], "ns"), polls([NOON_S * 1_000], "ms"), polls([5])],
    "a group of nulls": [polls([None, None, NOON_US, None])],
    "one of two at that instant is rejected": [polls([NOON_US], status="neither"), polls([NOON_US])],
    "a rejected poll is newer": [polls([NOON_US]), polls([NOON_US + 1], status="neither")],
    "a poll ahead of the ceiling": [polls([0, NOON_US, FAR_US + 1])],
}


@pytest.mark.parametrize("tables", NEWEST.values(), ids=NEWEST)
def test_the_newest_poll_is_the_newest_that_is_accepted(tables: list[pa.Table], tmp_path: Path) -> None:
    assert both_ways(feed(tmp_path, *tables)) == (NOON_US, NOON_US)


@pytest.mark.parametrize("tables", [[polls([None])], [polls([])]], ids=["nulls alone", "no row"])
def test_without_a_time_there_is_no_newest_poll(tables: list[pa.Table], tmp_path: Path) -> None:
    assert both_ways(feed(tmp_path, *tables)) == (None, None)


def test_without_statistics_all_rows_are_read(tmp_path: Path) -> None:
    assert both_ways(feed(tmp_path, polls([NOON_US]), write_statistics=False)) == (NOON_US, NOON_US)


def test_one_row_group_without_statistics_is_enough_not_to_trust_the_others(tmp_path: Path) -> None:
    with pq.ParquetWriter(feed(tmp_path) / "polls", polls([]).schema, write_statistics=True) as file:
        file.write_table(polls([0]))
        file.write_table(polls([7]))
    whole = (tmp_path / "polls").read_bytes()
    told = footer(LocalFile(tmp_path / "polls"))
    assert (told.minima["timestamp_utc"].us, told.maxima["timestamp_utc"].us) == (0, 7)
    # The number of its fields tells Thrift what a value is: 5 is the greatest, 9 is nothing that is known.
    end = whole.rindex(b"\x28\x08" + bytes(8) + b"\x18")
    (tmp_path / "polls").write_bytes(whole[:end] + b"\x68" + whole[end + 1 :])
    assert footer(LocalFile(tmp_path / "polls")).maxima == {}


@pytest.mark.parametrize(
    ("tables", "unread"),
    [
        ([polls([0, 1]), polls([NOON_US])], [0]),
        ([polls([0, 1]), polls([NOON_US]), polls([NOON_US + 1], status="neither"), polls([NOON_US - 1])], [0, 3]),
        ([polls([0, 1]), polls([NOON_US, FAR_US + 5]), polls([7, NOON_US - 1])], [0, 2]),
    ],
    ids=["the newest file", "the newest that is accepted", "one ahead of the ceiling"],
)
def test_only_files_that_may_have_the_newest_poll_are_read(
    tables: list[pa.Table], unread: list[int], tmp_path: Path
) -> None:
    assert as_if_damaged(feed(tmp_path, *tables), *unread).newest_poll_us(FAR_US) == NOON_US


UNITS = st.sampled_from(["ms", "us", "ns"])
COUNTS = st.lists(st.none() | st.integers(-3, 3_000), max_size=6)
STATUSES = st.sampled_from(["active", "neither"])
FILES = st.lists(st.tuples(COUNTS, UNITS, STATUSES, st.booleans()), min_size=1, max_size=4)
Files = list[tuple[list[int | None], str, str, bool]]


def feed_of(folder: Path, files: Files) -> Path:
    feed(folder)
    for number, (counts, unit, status, is_told) in enumerate(files):
        table = polls(counts, unit, status=status)
        pq.write_table(table, folder / f"{number}.parquet", row_group_size=2, write_statistics=is_told)
    return folder


@given(FILES, st.integers(-5, 3_000_000))
def test_the_newest_poll_is_the_same_both_ways(
    tmp_path_factory: pytest.TempPathFactory, files: Files, ceiling_us: int
) -> None:
    found, read = both_ways(feed_of(tmp_path_factory.mktemp("feed"), files), ceiling_us)
    assert found == read


# Files outside the horizon --------------------------------------------------------------------------------------------


def cleaned(folder: Path, horizon: Horizon, *, is_pruned: bool) -> tuple[list[int], list[tuple[str, ...]], TableCounts]:
    """The polls of a horizon, its rejected rows, and their counts."""
    files = found_files(folder).tables["store_status"]
    source, codes = open_source(folder), StoreCodes()
    if is_pruned:
        found = clean_all_polls(source.polls(horizon, None), source.codes, horizon)
    else:
        parts = [poll_rows(raw, codes, AS_NAMED) for raw in scan(files, "store_status")]
        found = clean_all_polls(parts, codes, horizon)
    return sorted(found.lines[0][1]["poll"]), found.rejected.rows(), found.counts


@examples(50)
@given(FILES, st.integers(-5, 3_000_000), st.integers(0, 1_000_000), st.none() | st.integers(0, 1_000_000))
def test_a_file_that_is_left_out_changes_no_count(
    tmp_path_factory: pytest.TempPathFactory, files: Files, now_us: int, length_us: int, ahead: int | None
) -> None:
    folder = feed_of(tmp_path_factory.mktemp("feed"), files)
    (folder / "text.csv").write_text(lines(POLLS, "a,1970-01-01 00:00:01 UTC,active", "b,,active"), encoding="utf-8")
    horizon = Horizon(now_us - length_us, now_us, None if ahead is None else now_us + ahead)
    assert cleaned(folder, horizon, is_pruned=True) == cleaned(folder, horizon, is_pruned=False)


def test_files_outside_the_horizon_are_counted_and_not_read(tmp_path: Path) -> None:
    week_us = 7 * 86_400_000_000
    tables = [polls([0, 1, 2]), polls([NOON_US - 2 * week_us]), polls([NOON_US - 1_000, NOON_US]), polls([NOON_US + 9])]
    untouched = build_report(feed(tmp_path / "whole", *tables), Options(now="2024-10-14T12:00"))
    report = build_report(as_if_damaged(feed(tmp_path / "damaged", *tables), 0, 1, 3), Options(now="2024-10-14T12:00"))
    assert report.quality.tables["polls"] == TableCounts(2, {}, outside=5)
    assert report.csv() == untouched.csv()
    assert report.quality == untouched.quality


# Ends of files --------------------------------------------------------------------------------------------------------

COLUMNS: dict[str, pa.Array] = {
    "text": pa.array(["a", None, "c"]),
    "list": pa.array([[1], [], None]),
    "struct": pa.array([{"when": NOON, "x": 1}] * 3),
    "map": pa.array([[("k", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
    "when": pa.array([NOON] * 3, pa.timestamp("ms")),
    "double": pa.array([0.5] * 3),
    "truth": pa.array([True] * 3),
    "bytes": pa.array([b"0" * 16] * 3, pa.binary(16)),
    "uuid": pa.array([b"0" * 16] * 3, pa.uuid()),
}


@given(st.sets(st.sampled_from(list(COLUMNS)), min_size=1), st.integers(1, 3), st.sampled_from(["1.0", "2.6"]))
def test_an_end_says_what_pyarrow_reads_in_it(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], group_rows: int, version: str
) -> None:
    path = tmp_path_factory.mktemp("file") / "x"
    pq.write_table(pa.table({name: COLUMNS[name] for name in names}), path, row_group_size=group_rows, version=version)
    found, known = footer(LocalFile(path)), pq.ParquetFile(path).metadata
    groups = [known.row_group(number) for number in range(known.num_row_groups)]
    assert (found.rows, found.unpacked) == (3, sum(group.total_byte_size for group in groups))
    assert found.uuids == {"uuid"} & names
    assert found.maxima.keys() == {"when"} & names
    assert found.for_polars == ("bytes" not in names)


def test_an_end_in_which_a_byte_is_wrong_is_read_or_damaged(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"store_id": ["a"], "timestamp_utc": [NOON]}).write_parquet(buffer)
    whole, path = buffer.getvalue(), tmp_path / "x"
    length = int.from_bytes(whole[-8:-4], "little")
    for at in range(len(whole) - 8 - length, len(whole) - 4):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with suppress(Damaged):  # and nothing else
            footer(LocalFile(path))


NONSENSE = {
    "nothing": b"",
    "structs without an end": b"\x1c" * 5_000,
    "a list of all numbers": b"\x19\xf5" + b"\xff" * 9 + b"\x01",
    "text longer than the file": b"\x18\xff\xff\x03abc\0",
    "a number without an end": b"\x15" + b"\xff" * 100,
    "an unknown kind": b"\x1f\0",
}


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_damaged(content: bytes) -> None:
    with pytest.raises(Damaged):
        read_struct(content)


def test_every_kind_of_value_is_read() -> None:
    content = (
        b"\x11\x12\x13\x7f\x15\x03\x18\x02hi"  # true, false, a byte, a number, text
        b"\x19\x25\x02\x04\x1a\x11\x01\x1b\x01\x85\x01k\x02"  # a list, a set, a map
        b"\x1c\x15\x02\x00\x17\0\0\0\0\0\0\xe0\x3f"  # a struct, a fraction
        b"\x05\x28\x04\x00"  # a number of field 20
    )
    assert read_struct(content) == {
        1: True, 2: False, 3: 127, 4: -2, 5: b"hi", 6: [1, 2], 7: [1], 8: {"b'k'": 1}, 9: {1: 1}, 10: 0.5, 20: 2,
    }  # fmt: skip


def test_a_uuid_of_an_older_pyarrow_is_one(tmp_path: Path) -> None:
    store = uuid.uuid4()
    extension = {"ARROW:extension:name": "arrow.uuid", "ARROW:extension:metadata": ""}
    ids = pa.field("store_id", pa.binary(16), metadata=extension)
    zones = pa.schema([ids, pa.field("timezone_str", pa.string())])
    folder = feed(tmp_path, polls([NOON_US]))
    pq.write_table(pa.Table.from_arrays([pa.array([store.bytes]), pa.array(["Etc/UTC"])], schema=zones), folder / "z")
    source = open_source(folder)
    assert isinstance(source, Folder)
    assert str(store) in {name for frame in source.zones(None) for name in frame.collect()["store_id"]}
