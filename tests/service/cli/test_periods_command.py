"""`store-uptime report` by periods: which table a file holds, and what the summary says of it."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.support.commands import Command
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.kiosk import NOW, kiosk

FEBRUARY = ("--now", NOW, "--period", "2024-02")


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kiosk(tmp_path_factory.mktemp("kiosk"))


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_a_period_is_written_with_its_totals(feed: Path, command: Command) -> None:
    said = command("report", feed, *FEBRUARY)
    [row] = rows(said.out)
    assert (row["period"], row["state"], row["uptime_percent"], row["outages"]) == ("2024-02", "final", "77.50", "4")
    summary = dict(line.split(maxsplit=1) for line in said.err.splitlines())
    assert summary["period"] == "2024-02 (2024-02-01 to 2024-03-01)"
    assert summary["uptime"] == "77.50 % of known time, of all stores together"
    assert summary["known"] == "93.75 % of business time, 2 h unknown"
    assert summary["down"] == "6 h 45 min in 4 outages; 1 h 30 min at least, 28 h at most"
    assert "state" not in summary


PERIODS = {
    "a name": (["--period", "last-month"], "last-month: 2024-02 (2024-02-01 to 2024-03-01)", None),
    "parts": (["--period", "last-month", "--by", "day"], "last-month by day: 29 days (2024-02-01 to 2024-03-01)", None),
    "dates": (["--from", "2024-02-10", "--to", "2024-02-12"], "2024-02-10 to 2024-02-12: 2024-02-10/2024-02-12", None),
    "one that is running": (
        ["--period", "this-month"],
        "this-month: 2024-03 (2024-03-01 to 2024-04-01)",
        "running: final from 2024-04-01T22:00:00Z on",
    ),
    "one that has just ended": (
        ["--period", "yesterday", "--on", "Asia/Tokyo"],
        "yesterday on Asia/Tokyo: 2024-03-09 (2024-03-09 to 2024-03-10)",
        "provisional: final from 2024-03-10T15:00:00Z on",
    ),
    "some of its parts": (
        ["--period", "2024-W10", "--by", "day"],
        "2024-W10 by day: 7 days (2024-03-04 to 2024-03-11)",
        "2 of 7 days may still change, until 2024-03-11T23:00:00Z",
    ),
    "until now": (
        ["--period", "2d", "--by", "day"],
        "2d by day: 3 days (2024-03-08 13:00 to 2024-03-10 13:00)",
        "2 of 3 days may still change, until 2024-03-11T12:00:00Z",
    ),
}


@pytest.mark.parametrize(("options", "period", "state"), PERIODS.values(), ids=PERIODS)
def test_the_summary_says_which_period_it_was(
    options: list[str], period: str, state: str | None, feed: Path, command: Command
) -> None:
    said = command("report", feed, "--now", NOW, *options)
    assert said.status == 0
    summary = dict(line.split(maxsplit=1) for line in said.err.splitlines())
    assert (summary["period"], summary.get("state")) == (period, state)


TABLES: dict[str, tuple[list[str], str]] = {
    "stores": ([], "store_id,period,start_utc"),
    "groups": (["--group-by", "store_id"], "store_id,period,stores,"),
    "a profile": (["--profile"], "weekday,hour,business(hours)"),
    "a profile of groups": (["--profile", "--group-by", "store_id"], "store_id,weekday,hour,"),
}


@pytest.mark.parametrize(("options", "header"), TABLES.values(), ids=TABLES)
def test_a_file_holds_the_table_that_was_chosen(
    options: list[str], header: str, feed: Path, command: Command, tmp_path: Path
) -> None:
    written = command("report", feed, *FEBRUARY, *options).out
    assert written.startswith(header.encode())
    (tmp_path / "rows.csv").write_bytes(written)  # which gives way, since it is one of ours
    to_file = command("report", feed, *FEBRUARY, *options, "--out", tmp_path / "rows.csv")
    assert (to_file.status, to_file.out) == (0, b"")
    assert (tmp_path / "rows.csv").read_bytes() == written


def test_the_worst_groups_and_hours_are_named(feed: Path, command: Command) -> None:
    groups = command("report", feed, *FEBRUARY, "--group-by", "store_id").err.splitlines()
    assert groups[-2].split() == ["worst", "kiosk", "77.50", "%"]
    profile = command("report", feed, *FEBRUARY, "--profile").err.splitlines()
    assert profile[-2] == "worst hours  Fri 18:00 33.33 % down, Sat 21:00 33.33 % down, Fri 19:00 25.00 % down"


def test_a_workbook_has_all_sheets(feed: Path, command: Command) -> None:
    wanted = ["--by", "week", "--group-by", "store_id", "--profile", "--format", "xlsx"]
    with zipfile.ZipFile(io.BytesIO(command("report", feed, *FEBRUARY, *wanted).out)) as book:
        workbook = book.read("xl/workbook.xml").decode()
    sheets = ["Summary", "Groups", "Stores", "Periods", "Outages", "Profile", "About"]
    assert [name for name in sheets if f'name="{name}"' not in workbook] == []


def test_rows_go_into_several_files(feed: Path, command: Command, tmp_path: Path) -> None:
    said = command(
        "report", feed, *FEBRUARY, "--by", "day", "--out", f"{tmp_path}/month/", "--rejects", tmp_path / "bad"
    )
    assert said.status == 0
    content = (tmp_path / "month" / "part-00000.csv").read_bytes()
    assert content == command("report", feed, *FEBRUARY, "--by", "day").out
    [part] = json.loads((tmp_path / "month" / "_report.json").read_text(encoding="utf-8"))["parts"]
    assert (part["rows"], part["bytes"]) == (29, len(content))
    assert (tmp_path / "bad" / "polls.csv").exists()


def test_csv_safe_guards_the_rows_too(command: Command, tmp_path: Path) -> None:
    source = written_feed(
        tmp_path / "f",
        polls=lines(POLLS, "=1+1,2024-10-14 12:00:00,active"),
        hours=lines(HOURS),
        zones=lines(ZONES),
    )
    said = command("report", source, "--period", "7d", "--csv-safe", "--strict")
    assert said.out.splitlines()[1].startswith(b"'=1+1,")
    assert said.status == 3  # the data is old


def test_stores_are_chosen_by_their_attributes(command: Command, tmp_path: Path) -> None:
    source = kiosk(tmp_path, stores=["kiosk,Kiosk am Park,Berlin", "shop,Shop,Bonn", "stand,Stand,"])
    for chosen, ids in {"city=Berlin": ["kiosk"], "name=Shop": ["shop"], "city=": ["stand"]}.items():
        found = rows(command("report", source, *FEBRUARY, "--only", chosen).out)
        assert [row["store_id"] for row in found] == ids
    cities = rows(command("report", source, *FEBRUARY, "--group-by", "city").out)
    assert [row["city"] for row in cities] == ["(none)", "Berlin", "Bonn"]
    for period in ((), FEBRUARY[2:]):
        said = command("report", source, "--now", "2024-02-24T20:00", *period, "--only", "town=Bonn")
        assert (said.status, said.out, "no attribute 'town'" in said.err) == (1, b"", True)
    plain = command("report", source, "--now", "2024-02-24T20:00", "--only", "city=Berlin")
    assert plain.out.count(b"\r\n") == 2


EMPTY = {
    "groups": ["report", "--period", "2024-02", "--group-by", "city", "--by", "week"],
    "a profile": ["report", "--period", "2024-02", "--group-by", "city", "--profile"],
    "a workbook": ["report", "--period", "2024-02", "--group-by", "city", "--profile", "--format", "xlsx"],
    "json": ["report", "--period", "2024-02", "--format", "json"],
    "outages on a terminal": ["outages", "--period", "2024-02", "--format", "table"],
    "three windows": ["report"],
}


@pytest.mark.parametrize("arguments", EMPTY.values(), ids=EMPTY)
def test_a_report_of_no_store_says_why(arguments: list[str], command: Command, tmp_path: Path) -> None:
    source = kiosk(tmp_path, stores=["kiosk,Kiosk am Park,Berlin", "shop,Shop,"])
    name, *options = arguments
    said = command(name, source, "--now", "2024-02-24T20:00", *options, "--only", "city=Berlin", "--only", "name=Shop")
    assert (said.status, said.out != b"") == (0, True)
    assert re.search("^stores +0 stores: none has city 'Berlin' and name 'Shop'$", said.err, re.MULTILINE)


def test_a_date_that_no_store_has_leaves_the_file_as_it_was(command: Command, tmp_path: Path) -> None:
    source = written_feed(
        tmp_path / "f",
        polls=lines(POLLS, "a,2011-12-29 12:00:00,active", "a,2012-01-02 12:00:00,active"),
        hours=lines(HOURS),
        zones=lines(ZONES, "a,Pacific/Apia"),
    )
    out = tmp_path / "out"
    command("report", source, "--period", "2011-12-29", "--out", out)
    before = out.read_bytes()
    for name in ("report", "outages"):
        said = command(name, source, "--period", "2011-12-30", "--out", out)
        assert (said.status, out.read_bytes()) == (1, before)
        assert said.err == (
            "store-uptime: The period cannot be used: 2011-12-30 has no instant on the clock of any store.\n"
        )


def test_names_with_commas_and_groups_of_which_nothing_is_known(command: Command, tmp_path: Path) -> None:
    source = kiosk(tmp_path, stores=["kiosk,Kiosk am Park,Berlin", "shop,Shop,Bonn"])
    (tmp_path / "stores.csv").write_text(
        lines('store_id,"street, town",city', 'kiosk,"Park 1, B",Berlin', "shop,,Bonn"), encoding="utf-8"
    )
    said = command("report", source, *FEBRUARY, "--group-by", '"street, town",city', "--only", " city = Berlin ")
    assert said.out.startswith(b'"street, town",city,period')
    assert said.out.count(b"\r\n") == 2
    both = command("report", source, *FEBRUARY, "--group-by", "city")
    assert re.search("^worst +Berlin 77.50 %$", both.err, re.MULTILINE)
    about = command("report", source, *FEBRUARY, "--group-by", "city", "--format", "xlsx").out
    with zipfile.ZipFile(io.BytesIO(about)) as book:
        written = "".join(book.read(name).decode() for name in book.namelist() if name.startswith("xl/work"))
    assert "group: Berlin, coverage_percent: 93.75" in written
    assert "<v>0.775</v>" in written
