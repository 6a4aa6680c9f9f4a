"""Which files of a folder are read, as what, and what is said of the others: docs/semantics.md, "Reading"."""

import bz2
import datetime as dt
import decimal
import gzip
import io
import os
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, strategies as st

from store_uptime.pipeline import Frames, Report, build_report, build_timeline, load_files, open_source, write_rejects
from store_uptime.pipeline.errors import (
    AddressNotUnderstood,
    NoPolls,
    SourceMismatch,
    SourceMissing,
    StoreUptimeError,
)
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.source.folder.discovery import found_files
from store_uptime.pipeline.source.folder.folder import scan
from store_uptime.pipeline.text import printable
from tests.support.feeds import HOURS, POLLS, ZONES, called, frames, lines, table, written_feed
from tests.support.profiles import examples

POLL = "a,2024-10-14 11:00:00 UTC,active"
MORE = lines(POLLS, "b,2024-10-14 12:00:00 UTC,inactive", "c,2024-10-14 12:30:00 UTC,active")
FEED = {"polls": lines(POLLS, POLL), "hours": lines(HOURS, "a,0,09:00,17:00"), "zones": lines(ZONES, "a,Etc/UTC")}


def feed(folder: Path, **files: str) -> Path:
    return written_feed(folder / "feed", **FEED | files)


def put(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def report(folder: Path) -> Report:
    return build_report(open_source(folder))


def stores(folder: Path) -> list[str]:
    return report(folder).exact["store_id"].to_list()


def warnings(folder: Path) -> list[str]:
    return [str(warning) for warning in open_source(folder).warnings]


# What is read ---------------------------------------------------------------------------------------------------------


def parquet(text: str) -> bytes:
    buffer = io.BytesIO()
    table(text).write_parquet(buffer)
    return buffer.getvalue()


def first_column(name: str, text: str) -> str:
    header, *rows = text.splitlines()
    return lines(f"{name},{header}", *(f"9,{row}" for row in rows))


READ: dict[str, tuple[str, bytes]] = {
    "a suffix in upper case": ("MORE.CSV", MORE.encode()),
    "tabs": ("more.tsv", MORE.replace(",", "\t").encode()),
    "semicolons": ("more.csv", MORE.replace(",", ";").encode()),
    "bars": ("more.txt", MORE.replace(",", "|").encode()),
    "no suffix": ("000", MORE.encode()),
    "a folder in the folder": ("2024/05/part-0000", MORE.encode()),
    "a folder that is called like a file": ("store_status.csv/part-0000-c000", MORE.encode()),
    "a partition of Hive": ("date=2024-05-05/part", MORE.encode()),
    "Parquet without a suffix": ("0000_part_00", parquet(MORE)),
    "gzip without a suffix": ("more_000", gzip.compress(MORE.encode())),
    "gzip that is called CSV": ("more.csv", gzip.compress(MORE.encode())),
    "gzip in two pieces": (
        "more.gz",
        gzip.compress(MORE[:50].encode()) + gzip.compress(MORE[50:].encode()),
    ),
    "zstd": ("more.csv.zst", zstandard.compress(MORE.encode())),
    "CSV that is called gzip": ("more.csv.gz", MORE.encode()),
    "a byte order mark and quotes": ("more.csv", b'\xef\xbb\xbf"store_id"' + MORE.removeprefix("store_id").encode()),
    "Windows's line ends": ("more.csv", MORE.replace("\n", "\r\n").encode()),
    "an old Mac's line ends": ("more.csv", MORE.replace("\n", "\r").encode()),
    "a line break in the header": ("more.csv", first_column('"No\n1"', MORE).encode()),
    "a column that nobody needs, twice": ("more.csv", first_column("x", first_column("x", MORE)).encode()),
    "another column between": ("more.csv", MORE.replace(",2024", ",,2024").replace(",time", ",é,time").encode()),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content"), READ.values(), ids=READ)
def test_a_file_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    folder = feed(tmp_path)
    put(folder / name, content)
    assert stores(folder) == ["a", "b", "c"]
    assert warnings(folder) == []


def test_links_are_followed_and_a_folder_is_read_once(tmp_path: Path) -> None:
    folder = feed(tmp_path)
    put(tmp_path / "elsewhere" / "more.csv", MORE)
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(folder)
    assert report(folder).quality.tables["polls"].accepted == 3


def test_what_a_partition_says_is_text_and_a_column(tmp_path: Path) -> None:
    rows = lines("timestamp_utc,status", "2024-10-14 11:00:00,active")
    folder = written_feed(tmp_path, hours=FEED["hours"], zones=FEED["zones"])
    for value in ("007", "a%2Fb", "__HIVE_DEFAULT_PARTITION__"):
        put(folder / f"polls/store_id={value}/p.csv", rows)
        put(folder / f"polls/store_id=P{value}/p.parquet", parquet(rows))
    put(folder / "polls/store_id=not this/p.csv", lines(POLLS, "its own,2024-10-14 11:00:00,active"))
    found = report(folder)
    ids = ["007", "P007", "P__HIVE_DEFAULT_PARTITION__", "Pa/b", "a/b", "its own"]
    assert found.exact["store_id"].to_list() == ids
    assert found.rejects["polls"]["reason"].to_list() == ["missing store id"]
    assert found.rejects["polls"]["file"].to_list() == ["polls/store_id=__HIVE_DEFAULT_PARTITION__/p.csv"]


def test_lines_are_those_of_each_file_however_many_there_are(tmp_path: Path) -> None:
    folder = feed(tmp_path)
    for number in range(5):
        rows = [POLL] * number + [f"x,never {number},active"]
        put(folder / f"part-{number}", lines(POLLS, *rows))
    rejected = report(folder).rejects["polls"].sort("file")
    assert rejected.select("file", "line", "timestamp_utc").rows() == [
        (f"part-{number}", number + 2, f"never {number}") for number in range(5)
    ]


def test_files_too_large_to_be_kept_are_read_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = feed(tmp_path, second=MORE, third=lines(POLLS, "c,never,active"))
    for limit in ("KEPT_BYTES", "BATCH_BYTES"):
        monkeypatch.setattr(f"store_uptime.pipeline.source.folder.small_files.{limit}", 60)
    found = report(folder)
    assert found.exact["store_id"].to_list() == ["a", "b", "c"]
    assert found.rejects["polls"].select("file", "line").rows() == [("third.csv", 2)]


def test_a_thousand_small_files_are_read_like_one(tmp_path: Path) -> None:
    rows = [f"s{number % 7},2024-10-14 11:{number % 60:02}:00,active" for number in range(300)]
    many, one = (written_feed(tmp_path / name, hours=FEED["hours"], zones=FEED["zones"]) for name in ("many", "one"))
    for number, row in enumerate(rows):
        put(many / f"{number}.csv", lines(POLLS, row))
    put(one / "polls.csv", lines(POLLS, *rows))
    assert report(many).csv() == report(one).csv()
    assert len(scan(found_files(many).tables["store_status"], "store_status")) == 1


# What is passed over --------------------------------------------------------------------------------------------------


def packed(content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("more.csv", content)
    return buffer.getvalue()


PASSED_OVER: dict[str, tuple[str, bytes, str]] = {
    "an unknown header": ("notes.csv", b"a,b\n1,2\n", "its header is a,b"),
    "a header that would be a screen": ("n.csv", b"a" * 300 + b"\x1b\n1\n", "its header is " + "a" * 79 + "…"),
    "a needed column twice": ("n.csv", b"store_id,store_id,timezone_str\n", "needed column more than once: store_id"),
    "nothing": ("n.csv", b"", "it is empty"),
    "what a crash has left": ("n.csv", bytes(4096), "it holds nothing but zero bytes: copy it again"),
    "UTF-16": ("n.csv", MORE.encode("utf-16"), "it is UTF-16: save it as UTF-8"),
    "UTF-16 without its mark": ("n.csv", MORE.encode("utf-16-le"), "it is UTF-16: save it as UTF-8"),
    "bzip2": ("n.csv.bz2", bz2.compress(MORE.encode()), "packed in a way that is not read"),
    "ZIP": ("n.zip", packed(MORE), "ZIP or XLSX"),
    "JSON": ("n.json", b'[{"store_id": 1}]', "JSON"),
    "a pointer of Git LFS": ("n.csv", b"version https://git-lfs.github.com/spec/v1\noid 1\n", "git lfs pull"),
    "gzip that is cut off": ("n.csv.gz", b"\x1f\x8b", "it is cut off"),
    "gzip that is damaged": ("n.csv.gz", b"\x1f\x8bstore_id", "it is damaged"),
    "Parquet that is cut off": ("n.parquet", parquet(MORE)[:-9], "it is cut off"),
    "bytes": ("n.bin", bytes(range(256)), "neither text nor Parquet"),
    "a name that acts on a terminal": ("\x1b[31m\n.csv", b"a,b\n", r"\x1b[31m\n.csv (its header is a,b)"),
    "a name that is no text": (os.fsdecode(b"\xff.csv"), MORE.encode(), r"\xff.csv (its name is not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "reason"), PASSED_OVER.values(), ids=PASSED_OVER)
def test_a_file_that_is_passed_over_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    folder = feed(tmp_path)
    put(folder / name, content)
    (warning,) = warnings(folder)
    assert warning.startswith("1 file was passed over: ")
    assert reason in warning
    assert warning.isprintable()
    with pytest.raises(StoreUptimeError) as alone:
        open_source(folder / name)
    assert str(alone.value).isprintable()


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    folder = feed(tmp_path)
    os.mkfifo(folder / "pipe.csv")
    (folder / "link.csv").symlink_to(folder / "nowhere")
    assert warnings(folder) == [
        "2 files were passed over: link.csv (a link that leads nowhere), pipe.csv (it is no regular file)."
    ]


def test_the_report_says_it(tmp_path: Path) -> None:
    folder = feed(tmp_path, notes="a,b\n")
    assert "1 file was passed over: notes.csv (its header is a,b)." in map(str, report(folder).quality.warnings)


def test_of_many_only_a_few_are_named(tmp_path: Path) -> None:
    (warning,) = warnings(feed(tmp_path, **{f"x{number}": "a\n" for number in range(22)}))
    assert warning.startswith("22 files were passed over: x0.csv (its header is a), ")
    assert warning.count("its header is a") == 20
    assert warning.endswith(", and 2 more.")


def test_where_a_table_is_missing_it_is_said_what_was_passed_over(tmp_path: Path) -> None:
    folder = feed(tmp_path, polls="id;when\n")
    with pytest.raises(SourceMismatch) as told:
        open_source(folder)
    assert "no file has the columns of store_status; one needs the header store_id,timestamp_utc,status" in str(
        told.value
    )
    assert "passed over: polls.csv (its header is id;when)" in str(told.value)


HIDDEN = (
    ".x.csv",
    "._store_status.csv",
    "_SUCCESS",
    "_x/x.csv",
    ".git/x.csv",
    "__MACOSX/x.csv",
    ".polls.csv.crc",
    "polls.crc",
)


def test_what_other_tools_leave_beside_the_data_is_passed_over_silently(tmp_path: Path) -> None:
    folder = feed(tmp_path)
    for name in HIDDEN:
        put(folder / name, MORE)
    assert stores(folder) == ["a"]
    assert warnings(folder) == []


def test_what_this_program_has_written_is_passed_over_silently(tmp_path: Path) -> None:
    folder = feed(tmp_path, odd=lines(POLLS, "x,never,active"))
    first = report(folder)
    week = build_timeline(open_source(folder), "a")
    own = {
        **{f"report.{kind}": first.render(kind) for kind in ("csv", "json", "parquet", "xlsx")},
        **{f"extended.{kind}": first.render(kind, "extended") for kind in ("csv", "json", "parquet", "xlsx")},
        "safe.csv": first.csv_safe(),
        "week.csv": week.csv(),
        "week.json": week.json(),
    }
    for name, content in own.items():
        put(folder / "out" / name, content)
    write_rejects(first, folder / "rejects")
    again = report(folder)
    assert again.csv() == first.csv()
    assert again.quality == first.quality


def test_rejected_rows_are_read_once_they_are_all_there_is(tmp_path: Path) -> None:
    folder = feed(tmp_path, hours=lines(f"file,line,reason,{HOURS}", "old.csv,7,bad time,a,0,09:00,17:00"))
    put(folder / "zones.csv", lines(f"line,reason,{ZONES}", "3,bad store id,a,Asia/Kolkata"))
    assert report(folder).extended.select("timezone", "always_open").rows() == [("Asia/Kolkata", False)]


# What cannot be read --------------------------------------------------------------------------------------------------


def broken(folder: Path, polls: bytes) -> str:
    put(folder / "more", polls)
    with pytest.raises(SourceMismatch) as told:
        report(folder)
    return str(told.value)


def test_only_a_file_that_is_cut_off_is_said_to_be(tmp_path: Path) -> None:
    many = lines(POLLS, *(f"{os.urandom(9).hex()},2024-10-14 11:00:00,active" for _ in range(9_000))).encode()
    for compress in (gzip.compress, zstandard.compress):
        told = broken(feed(tmp_path), compress(many)[:-9_000])
        assert "more: it cannot be read to its end" in told
        assert told.endswith("; it is cut off.")
    told = broken(feed(tmp_path), gzip.compress(many)[:-8] + bytes(8))
    assert "more: it cannot be read to its end" in told
    assert "cut off" not in told


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = feed(tmp_path)
    put(folder / "closed" / "more.csv", MORE)
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)  # root may read everything
    with pytest.raises(SourceMissing, match=r"feed/closed: Permission denied"):
        open_source(folder)


def test_a_folder_whose_name_is_no_text_is_to_be_renamed_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(SourceMismatch, match=r"x\\xff: its name is not UTF-8; rename it\.$"):
        open_source(tmp_path / os.fsdecode(b"x\xff"))


@pytest.mark.parametrize("address", ["", " "])
def test_an_empty_address_is_not_the_folder_that_one_is_in(address: str) -> None:
    with pytest.raises(AddressNotUnderstood, match="its address is empty"):
        open_source(address)


def test_files_without_a_poll_are_to_be_exported_again(tmp_path: Path) -> None:
    with pytest.raises(NoPolls, match=r"has no accepted poll\. Its polls have a header and no rows: export them again"):
        report(feed(tmp_path, polls=lines(POLLS)))


FOLDERS = ["", "may/", "a/b/c/", "store_status.csv/", "date=2024-05-05/", "[x]*/"]
DATA = {
    "commas": MORE.encode(),
    "tabs": MORE.replace(",", "\t").encode(),
    "gzip": gzip.compress(MORE.encode()),
    "zstd": zstandard.compress(MORE.encode()),
    "Parquet": parquet(MORE),
}
SILENT = {".more.csv": MORE.encode(), "_SUCCESS": b"", "more.csv.crc": b"crc", "._more.csv": b"\0"}
NAMED = {
    "another table": b"order,total\n1,2\n",
    "nothing": b"",
    "a ZIP": b"PK\x03\x04",
    "bz2": bz2.compress(MORE.encode()),
    "UTF-16": MORE.encode("utf-16"),
    "JSON": b'{"a": 1}',
}


@given(
    st.lists(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(sorted(DATA))), max_size=6),
    st.lists(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(sorted(SILENT))), max_size=4),
    st.lists(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(sorted(NAMED))), max_size=6),
    st.sampled_from(["", ".csv", ".TXT", ".gz", ".parquet", "000"]),
)
@examples(30)
def test_every_file_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory,
    data: list[tuple[str, str]],
    silent: list[tuple[str, str]],
    named: list[tuple[str, str]],
    suffix: str,
) -> None:
    top = feed(tmp_path_factory.mktemp("any"))
    read, told = {"polls.csv"}, set()
    for number, (folder, kind) in enumerate(data):
        read.add(f"{folder}d{number}{suffix}")
        put(top / folder / f"d{number}{suffix}", DATA[kind])
    for number, (folder, kind) in enumerate(named):
        told.add(f"{folder}n{number}{suffix}")
        put(top / folder / f"n{number}{suffix}", NAMED[kind])
    for folder, name in silent:
        put(top / folder / name, SILENT[name])
    found = found_files(top)
    assert {file.name for file in found.tables["store_status"]} == read
    assert {file.name for file in found.passed_over} == told
    assert sum(frame.collect().height for frame in scan(found.tables["store_status"], "store_status")) == 1 + 2 * len(
        data
    )


# Names ----------------------------------------------------------------------------------------------------------------

HOSTILE = st.text(st.sampled_from("ab[]*?{}~%$:=#&!'\"\\ \n\t;-é€(){}@^,"), min_size=1, max_size=12)


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode())


WRITE = {"csv": str.encode, "gzip": gzipped, "parquet": parquet}


@given(st.lists(HOSTILE, min_size=2, max_size=2, unique=True), st.sampled_from(["csv", "gzip", "parquet"]))
@examples(4)
def test_a_path_is_a_path(tmp_path_factory: pytest.TempPathFactory, names: list[str], kind: str) -> None:
    top = tmp_path_factory.mktemp("hostile")
    folder, other = top / f"x{names[0]}", top / f"x{names[1]}"
    for number, text in enumerate(FEED.values()):
        put(folder / f"y{names[1]}{number}", WRITE[kind](text))
        put(other / f"y{names[0]}{number}", WRITE[kind](text.replace("a,", "other,")))
    assert stores(folder) == ["a"]
    done = called("report", "--source", folder.name, cwd=top)
    assert (done.returncode, done.stdout.splitlines()[1][:2]) == (0, b"a,")


def test_load_takes_a_path_for_a_path_too(tmp_path: Path, database: str) -> None:
    top = tmp_path / "feed [x]*?{1,2}% ~$:=#'\"\n"
    for number, (text, write) in enumerate(zip(FEED.values(), WRITE.values(), strict=True)):
        put(top / f"y\n[{number}]*?.csv", write(text))
    loaded = load_files(top, database, tmp_path / "rejects").files
    assert [file.accepted for file in loaded] == [1, 1, 1]
    assert build_report(open_source(database)).csv() == report(top).csv()


@pytest.mark.parametrize("name", ["a=b", "host=x dbname=y", "s3:/bucket", "file:", "-x", "~", "[ab]"])
def test_a_folder_is_a_folder_even_if_it_looks_like_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    written_feed(tmp_path / name, **FEED)
    monkeypatch.chdir(tmp_path)
    assert build_report(open_source(name)).exact["store_id"].to_list() == ["a"]
    assert build_report(open_source(name.replace(":/", "://"))).exact["store_id"].to_list() == ["a"]


def test_a_name_is_shown_without_what_acts_on_a_terminal() -> None:
    assert printable(os.fsdecode(b"a\x1b[0m\n\xff \xc3\xa9")) == r"a\x1b[0m\n\xff é"


# Columns --------------------------------------------------------------------------------------------------------------

INTERNAL = (
    *("file", "line", "reason", "surplus", "path", "row", "poll_us", "active", "store", "weekday", "start_us"),
    *("end_us", "zone", "0", "1", "len", "literal", "file_", "open_us"),
)


def with_internal(text: str) -> str:
    header, *rows = text.splitlines()
    return lines(",".join([*INTERNAL, header]), *(",".join(["x"] * len(INTERNAL) + [row]) for row in rows))


def test_no_column_of_a_feed_is_taken_for_one_of_ours(tmp_path: Path) -> None:
    rows = {**FEED, "polls": lines(POLLS, POLL, "b,2024-10-14 12:00:00,active", "c,never,active")}
    plain = report(feed(tmp_path / "plain", **rows))
    odd = {name: with_internal(text) for name, text in rows.items()}
    for name, text in odd.items():
        put(tmp_path / "parquet" / name, parquet(text))
    sources = (
        open_source(feed(tmp_path / "csv", **odd)),
        open_source(tmp_path / "parquet"),
        frames(odd["polls"], odd["hours"], odd["zones"]),
    )
    for source in sources:
        found = build_report(source)
        assert found.csv() == plain.csv()
        assert found.quality.tables == plain.quality.tables
        assert found.rejects["polls"].drop("file", "line").equals(plain.rejects["polls"].drop("file", "line"))


def test_frames_are_read_by_a_mapping_and_a_missing_column_is_named() -> None:
    mapping = SourceMapping(columns={"timezones": {"timezone_str": "tz"}})
    polls, hours = table(FEED["polls"]), table(FEED["hours"])
    zones = table(lines("store_id,tz,timezone_str", "a,Etc/UTC,x"))
    assert build_report(Frames(polls, hours, zones, mapping=mapping)).extended["timezone"].to_list() == ["Etc/UTC"]
    with pytest.raises(SourceMismatch, match="the columns of timezones are store_id,tz"):
        Frames(polls, hours, zones.drop("timezone_str"))


# Types ----------------------------------------------------------------------------------------------------------------

ID = uuid.UUID("D84A4552-3668-4075-AD1D-16840294F818")
NOON, NINE, FIVE = dt.datetime(2024, 10, 14, 12), dt.time(9), dt.time(17)
TEXTS = {"store_id": str(ID), "status": "active", "day_of_week": "0", "start_time_local": "09:00"}
TYPED: dict[str, dict[str, pa.Array]] = {
    "UUID": {"store_id": pa.array([ID.bytes], pa.uuid())},
    "bytes": {"store_id": pa.array([str(ID).encode()]), "status": pa.array([b"active"])},
    "dictionaries": {name: pa.array([text]).dictionary_encode() for name, text in TEXTS.items()},
    "large strings": {name: pa.array([text], pa.large_string()) for name, text in TEXTS.items()},
    "views of strings": {name: pa.array([text], pa.string_view()) for name, text in TEXTS.items()},
    "seconds": {"timestamp_utc": pa.array([NOON], pa.timestamp("s"))},
    "hours in seconds": {"end_time_local": pa.array([FIVE], pa.time32("s"))},
    "milliseconds": {"timestamp_utc": pa.array([NOON], pa.timestamp("ms", "Asia/Kolkata"))},
    "nanoseconds": {"timestamp_utc": pa.array([NOON], pa.timestamp("ns"))},
    "hours in nanoseconds": {"end_time_local": pa.array([FIVE], pa.time64("ns"))},
    "decimals": {"day_of_week": pa.array([decimal.Decimal("0.00")])},
    "floats": {"day_of_week": pa.array([0.0])},
}  # fmt: skip
USUAL: dict[str, dict[str, pa.Array]] = {
    "store_status": {
        "store_id": pa.array([str(ID)]),
        "timestamp_utc": pa.array([NOON]),
        "status": pa.array(["active"]),
    },
    "menu_hours": {
        "store_id": pa.array([str(ID)]),
        "day_of_week": pa.array([0]),
        "start_time_local": pa.array([NINE]),
        "end_time_local": pa.array([FIVE]),
    },
    "timezones": {"store_id": pa.array([str(ID)]), "timezone_str": pa.array(["Etc/UTC"])},
}


def typed_feed(folder: Path, columns: dict[str, pa.Array], *, int96: bool = False) -> Path:
    folder.mkdir()
    for name, usual in USUAL.items():
        rows = pa.table({column: columns.get(column, values) for column, values in usual.items()})
        pq.write_table(rows, folder / name, use_deprecated_int96_timestamps=int96)
    return folder


@pytest.mark.parametrize("columns", TYPED.values(), ids=TYPED)
def test_a_type_says_what_its_text_says(tmp_path: Path, columns: dict[str, pa.Array]) -> None:
    folder = typed_feed(tmp_path / "feed", columns)
    typed_feed(folder / "mixed", {})  # the same once more, otherwise typed
    found = report(folder)
    assert found.csv() == report(typed_feed(tmp_path / "usual", {})).csv()
    assert found.quality.duplicates == 1
    assert not any(counts.rejected for counts in found.quality.tables.values())


BYTES: dict[str, Callable[[list[bytes | None]], pa.Array]] = {
    "plain": lambda values: pa.array(values, pa.binary()),
    "a dictionary": lambda values: pa.array(values, pa.binary()).dictionary_encode(),
    "large": lambda values: pa.array(values, pa.large_binary()),
}


@pytest.mark.parametrize("kind", BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_text_are_one_bad_row(tmp_path: Path, kind: Callable[[list[bytes | None]], pa.Array]) -> None:
    ids = kind([b"good", b"\xff", None])
    rows = {"store_id": ids, "timestamp_utc": pa.array([NOON] * 3), "status": pa.array(["active"] * 3)}
    pq.write_table(pa.table(rows), typed_feed(tmp_path / "feed", {}) / "more")
    found = report(tmp_path / "feed")
    assert found.quality.tables["polls"].rejected == {"bad store id": 1, "missing store id": 1}
    assert "\ufffd" in found.rejects["polls"]["store_id"]


def test_old_timestamps_of_96_bits_are_read(tmp_path: Path) -> None:
    folder = typed_feed(tmp_path / "feed", {}, int96=True)
    assert report(folder).csv() == report(typed_feed(tmp_path / "usual", {})).csv()


def test_a_column_that_nobody_needs_is_not_touched(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = typed_feed(tmp_path / "feed", TYPED["UUID"])
    duckdb.sql(
        f"copy (select '{ID}'::uuid as store_id, timestamp '2024-10-14 12:00' as timestamp_utc, 'active' as status, "
        f"interval 1 day as extra, 1 as file from range(3)) to '{folder}/more' (format parquet)"
    )
    found = report(folder)
    assert found.quality.tables["polls"].accepted == 4
    assert found.csv() == report(typed_feed(tmp_path / "usual", {})).csv()
    assert "panicked" not in capfd.readouterr().err


REFUSED = {
    "ids that are floats": {"store_id": pa.array([1.0])},
    "ids in a list": {"store_id": pa.array([["a"]])},
    "times that are lengths": {"start_time_local": pa.array([1], pa.duration("s"))},
}


@pytest.mark.parametrize("columns", REFUSED.values(), ids=REFUSED)
def test_a_type_that_is_refused_names_file_and_column(tmp_path: Path, columns: dict[str, pa.Array]) -> None:
    with pytest.raises(SourceMismatch, match=rf"feed/[a-z_]+, column {next(iter(columns))}: the column is of type"):
        open_source(typed_feed(tmp_path / "feed", columns))


def test_a_weekday_of_a_fraction_or_of_a_truth_is_bad(tmp_path: Path) -> None:
    for values in (pa.array([2.7]), pa.array([True])):
        found = report(typed_feed(tmp_path / str(values.type), {"day_of_week": values}))
        assert found.quality.tables["hours"].rejected == {"bad weekday": 1}


WIDE = "store_id,timestamp_utc,status,timezone_str"


@pytest.mark.parametrize(
    ("folder", "stores"), [("timezones", ["a"]), ("status/timezones", ["a"]), ("elsewhere", ["a", "b"])]
)
def test_a_folder_decides_where_a_header_fits_several_tables(tmp_path: Path, folder: str, stores: list[str]) -> None:
    feed = written_feed(tmp_path, polls=lines(POLLS, "a,2024-10-14 10:00:00 UTC,active"), hours=lines(HOURS))
    written_feed(tmp_path, zones=lines(ZONES))
    written_feed(tmp_path / folder, wide=lines(WIDE, "b,2024-10-14 10:00:00 UTC,active,Etc/UTC"))
    assert build_report(feed).extended["store_id"].to_list() == stores
