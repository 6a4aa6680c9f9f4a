"""What is written to a user's paths: no file that is read, and no other that is not ours, ever gives way."""

import errno
import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, strategies as st

from store_uptime.pipeline import (
    REPORT,
    TIMELINE,
    Purpose,
    Report,
    Timeline,
    build_report,
    build_timeline,
    open_source,
    write_rejects,
)
from store_uptime.pipeline.errors import CannotWrite, WouldOverwriteSource
from store_uptime.pipeline.files import (
    PREFIX,
    SPOOLED_BYTES,
    check_paths,
    publish,
    unfinished,
    write_file,
    write_new_file,
    write_pieces,
    write_stream,
)
from store_uptime.pipeline.load.reject_files import REJECTS, rejects_path
from tests.support.feeds import HOURS, POLLS, ZONES, called, lines, written_feed
from tests.support.profiles import examples

FEED = {
    "polls": lines(POLLS, "a,2024-10-14 10:00:00 UTC,active", "a,2024-10-14 11:00:00 UTC,inactive", "a,soon,active"),
    "hours": lines(HOURS, "a,0,09:00,17:00", "a,8,09:00,17:00"),
    "zones": lines(ZONES, "a,America/Denver"),
}


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_feed(tmp_path_factory.mktemp("feed"), **FEED)


@pytest.fixture(scope="module")
def report(read_only: Path) -> Report:
    return build_report(open_source(read_only))


@pytest.fixture(scope="module")
def timeline(read_only: Path) -> Timeline:
    return build_timeline(open_source(read_only), "a")


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return written_feed(tmp_path / "feed", **FEED)


def contents(folder: Path) -> dict[str, bytes]:
    """What is in a folder, hidden files included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What is ours ---------------------------------------------------------------------------------------------------------


def workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("report").write(0, 0, "store_id")


THEIRS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("call the plumber"),
    "a feed": lambda path: path.write_text(FEED["polls"]),
    "a CSV file that begins like a report": lambda path: path.write_text("store_id,uptime_last_hour(minutes),note\n"),
    "JSON": lambda path: path.write_text(json.dumps({"store_id": "a"})),
    "Parquet": lambda path: pl.DataFrame({"store_id": ["a"]}).write_parquet(path),
    "a workbook": workbook,
    "a ZIP that is none": lambda path: path.write_bytes(b"PK\x03\x04"),
    "Parquet that is none": lambda path: path.write_bytes(b"PAR1"),
}


@pytest.mark.parametrize("write", THEIRS.values(), ids=THEIRS)
@pytest.mark.parametrize("purpose", [REPORT, TIMELINE, REJECTS], ids=lambda purpose: purpose.noun)
def test_what_is_not_ours_stays(write: Callable[[Path], object], purpose: Purpose, tmp_path: Path) -> None:
    write(tmp_path / "week.csv")
    before = contents(tmp_path)
    with pytest.raises(CannotWrite, match=r"week\.csv: a file is there that is no earlier .* choose another place"):
        write_file(b"new", tmp_path / "week.csv", purpose)
    assert contents(tmp_path) == before


def test_a_report_takes_the_place_of_a_report_in_any_format(report: Report, tmp_path: Path) -> None:
    olds = [
        report.render(name, columns) for name in ("csv", "json", "parquet", "xlsx") for columns in ("plain", "extended")
    ]
    for old in [*olds, report.csv_safe(), b""]:
        (tmp_path / "week").write_bytes(old)
        write_file(b"new", tmp_path / "week", REPORT)
        assert contents(tmp_path) == {"week": b"new"}


def test_a_timeline_takes_the_place_of_a_timeline(timeline: Timeline, tmp_path: Path) -> None:
    for old in (timeline.csv(), timeline.json(), b""):
        (tmp_path / "week").write_bytes(old)
        write_file(b"new", tmp_path / "week", TIMELINE)
        assert contents(tmp_path) == {"week": b"new"}


@pytest.mark.parametrize("own", ["file,line,reason", "line,reason"])
def test_rejects_take_the_place_of_rejects_also_of_earlier_versions(own: str, report: Report, tmp_path: Path) -> None:
    (tmp_path / "polls.csv").write_text(f"{own},{POLLS}\n3,bad timestamp,a,soon,active\n")
    write_rejects(report, tmp_path)
    assert (tmp_path / "polls.csv").read_bytes() == report.rejected_csv("polls")


def test_rejects_are_none_where_one_of_them_cannot_be(report: Report, tmp_path: Path) -> None:
    (tmp_path / "zones.csv").write_text(FEED["zones"])
    with pytest.raises(CannotWrite, match=r"zones\.csv: a file is there that is no earlier rejects file"):
        write_rejects(report, tmp_path)
    assert contents(tmp_path) == {"zones.csv": FEED["zones"].encode()}


# What is read ---------------------------------------------------------------------------------------------------------

OTHER_NAMES: dict[str, Callable[[Path, Path], object]] = {
    "itself": lambda link, file: None,
    "a symbolic link": lambda link, file: link.symlink_to(file),
    "a hard link": lambda link, file: link.hardlink_to(file),
}


@pytest.mark.parametrize("make", OTHER_NAMES.values(), ids=OTHER_NAMES)
def test_a_file_that_is_read_is_known_under_any_name(
    make: Callable[[Path, Path], object], report: Report, tmp_path: Path
) -> None:
    source, link = tmp_path / "polls.csv", tmp_path / "link.csv"
    source.write_bytes(report.csv())  # it could be replaced, were it not read
    make(link, source)
    target = link if link.exists() else tmp_path / "no" / ".." / "polls.csv"
    (tmp_path / "no").mkdir()
    with pytest.raises(WouldOverwriteSource, match=r"cannot write .*: it is .*polls\.csv, which is read\. Nothing was"):
        check_paths({target: REPORT}, [source])


OVER_THE_FEED = {
    "a report": ("report", "--source", "feed", "--out", "feed/polls.csv"),
    "its rejects": ("report", "--source", "feed", "--rejects", "feed"),
    "a timeline": ("timeline", "a", "--source", "feed", "--out", "feed/zones.csv"),
    "a sample": ("sample", "named", "--stores", "1", "--days", "1", "--force"),
    "a key": ("encryption", "key", "feed/polls.csv"),
}


@pytest.mark.parametrize("command", OVER_THE_FEED.values(), ids=OVER_THE_FEED)
def test_no_command_writes_over_a_feed(command: tuple[str, ...], feed: Path, tmp_path: Path) -> None:
    written_feed(tmp_path / "named", store_status=FEED["polls"])
    before = contents(tmp_path)
    done = called(*command, cwd=tmp_path)
    assert (done.returncode, b"cannot " in done.stderr, done.stdout) == (1, True, b"")
    assert contents(tmp_path) == before


@given(
    st.sampled_from(["polls.csv", "hours.csv", "zones.csv", "notes.txt", "week.csv"]),
    st.sampled_from(["feed/{}", "feed/../feed/./{}", "linked/{}", "hard {}", "other/{}"]),
    st.sampled_from([("--out",), ("--out", "{}", "--rejects"), ("--rejects",)]),
    st.sampled_from(["csv", "json", "parquet", "xlsx"]),
)
@examples(12)
def test_whatever_is_written_where_no_byte_of_theirs_changes(
    tmp_path_factory: pytest.TempPathFactory, name: str, place: str, options: tuple[str, ...], file_format: str
) -> None:
    top = tmp_path_factory.mktemp("any")
    feed = written_feed(top / "feed", **FEED)
    (feed / "notes.txt").write_text("call the plumber")
    (top / "linked").symlink_to(feed)
    (top / "other").mkdir()
    for file in feed.iterdir():
        (top / f"hard {file.name}").hardlink_to(file)
    before = contents(top)
    target = place.format(name)
    for _ in range(2):
        called(
            "report", "feed", *(option.format(target) for option in options), target, "--format", file_format, cwd=top
        )
    assert {path: content for path, content in contents(top).items() if path in before} == before


def test_it_is_said_before_anything_is_read(tmp_path: Path) -> None:
    feed = written_feed(tmp_path / "feed", **FEED | {"polls": lines(POLLS, "soon,soon")})
    done = called("report", "--source", feed, "--out", feed / "polls.csv", cwd=tmp_path)
    assert b"which is read" in done.stderr


IN_EACH_OTHERS_WAY = {
    "one is the folder of the other": ("--rejects", "new", "--out", "new"),
    "both are one file": ("--rejects", "new", "--out", "new/polls.csv"),
    "there is no folder": ("--rejects", "new", "--out", "other/week.csv"),
    "the folder is a file": ("--rejects", "new", "--out", "feed/polls.csv/week.csv"),
}


@pytest.mark.parametrize("options", IN_EACH_OTHERS_WAY.values(), ids=IN_EACH_OTHERS_WAY)
def test_what_cannot_all_be_written_is_not_begun(options: tuple[str, ...], feed: Path, tmp_path: Path) -> None:
    before = contents(tmp_path)
    done = called("report", "feed", *options, cwd=tmp_path)
    assert (done.returncode, done.stderr.decode().count("Nothing was changed")) == (1, 1)
    assert contents(tmp_path) == before


# While it is written --------------------------------------------------------------------------------------------------


@pytest.fixture(params=[False, True], ids=["with hard links", "without"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has hard links, and one that has not."""

    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param:
        monkeypatch.setattr("os.link", refused)


@pytest.mark.usefixtures("links")
def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    write_file(b"new", tmp_path / "week.csv", REPORT)
    assert contents(tmp_path) == {"week.csv": b"new"}


class Broken(Exception):
    """What ends the making of pieces."""


def broken_pieces() -> Iterator[bytes]:
    yield b"a beginning"
    raise Broken


def test_pieces_are_one_file_and_an_error_among_them_leaves_the_earlier_one(report: Report, tmp_path: Path) -> None:
    write_pieces(iter([report.csv()[:10], report.csv()[10:]]), tmp_path / "week.csv", REPORT)
    with pytest.raises(Broken):
        write_pieces(broken_pieces(), tmp_path / "week.csv", REPORT)
    assert contents(tmp_path) == {"week.csv": report.csv()}


def test_a_stream_gets_all_pieces_or_nothing(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with pytest.raises(Broken):
        write_stream(broken_pieces(), stream)
    assert stream.getvalue() == b""
    write_stream(iter([b"a", b"b" * (SPOOLED_BYTES // 2), b"c" * (SPOOLED_BYTES // 2)]), stream)
    assert len(stream.getvalue()) == SPOOLED_BYTES + 1
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as beside:
        read = beside.submit((tmp_path / "pipe").read_bytes)
        write_pieces(iter([b"to a ", b"pipe"]), tmp_path / "pipe", REPORT)
        assert read.result() == b"to a pipe"


def test_a_stream_that_cannot_be_kept_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(CannotWrite, match="nowhere: No such file"):
        write_stream([b"x" * (SPOOLED_BYTES + 1)], io.BytesIO())


@pytest.mark.usefixtures("links")
def test_what_somebody_else_puts_there_meanwhile_stays(tmp_path: Path) -> None:
    target = tmp_path / "week.csv"
    with unfinished(target) as part:
        part.write_bytes(b"new")
        target.write_bytes(b"theirs")
        with pytest.raises(CannotWrite, match="no earlier report"):
            publish(part, target, REPORT)
    assert contents(tmp_path) == {"week.csv": b"theirs"}


@pytest.mark.usefixtures("links")
def test_a_new_file_is_never_another_one(tmp_path: Path) -> None:
    write_new_file(b"key", tmp_path / "key.txt", 0o600)
    with pytest.raises(FileExistsError):
        write_new_file(b"other", tmp_path / "key.txt", 0o600)
    assert contents(tmp_path) == {"key.txt": b"key"}
    assert (tmp_path / "key.txt").stat().st_mode & 0o777 == 0o600


def test_what_is_unfinished_is_hidden(tmp_path: Path) -> None:
    with unfinished(tmp_path / ("x" * 255)) as part:
        assert part.name.startswith(PREFIX)
        assert PREFIX.startswith(".")


# Names of rejects -----------------------------------------------------------------------------------------------------


def test_each_input_has_rejects_of_its_own(tmp_path: Path) -> None:
    inputs = [
        "store_status.2024-05-05.csv",
        "store_status.2024-05-06.csv",
        "a/polls.csv",
        "b/polls.csv",
        "polls.csv.gz",
    ]
    names = [str(rejects_path(tmp_path / name, tmp_path)) for name in inputs]
    assert names == [f"{name}.rejects.csv" for name in inputs]
    assert str(rejects_path(tmp_path / "a" / "polls.csv", tmp_path / "a" / "polls.csv")) == "polls.csv.rejects.csv"
