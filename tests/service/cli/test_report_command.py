"""`store-uptime report`: where its output goes, its formats, its summary, its failures."""

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.commands import HEADER, Command
from tests.support.feeds import HOURS, POLLS, ZONES, lines, store_uptime, written_feed


def test_database_url_is_read_and_named_in_the_summary_without_its_password(
    small: Path, database: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.replace("postgres@", "postgres:secret@"))
    assert command("load", small, "--rejects", small / "rejects").status == 0
    said = command("report")
    assert said.out.startswith(HEADER)
    assert "source  " in said.err
    assert "postgresql://postgres@" in said.err
    assert "secret" not in said.err


@pytest.mark.anywhere
def test_a_report_goes_to_stdout_and_its_summary_to_stderr(small: Path, command: Command) -> None:
    said = command("report", "--source", small)
    assert said.status == 0
    assert said.out.startswith(HEADER)
    assert said.out.count(b"\r\n") == 4
    names = [line.split()[0] for line in said.err.splitlines()]
    assert names[:6] == ["source", "now", "stores", "polls", "hours", "zones"]
    assert "1 accepted, 1 rejected: 1 bad weekday" in said.err
    assert re.search(r"^warning +Only 1 of 3 stores has a poll", said.err, re.MULTILINE)


def test_out_dash_is_stdout_and_out_a_file_leaves_stdout_empty(small: Path, command: Command, tmp_path: Path) -> None:
    to_stdout = command("report", small, "--out", "-")
    to_file = command("report", "--source", small, "--out", tmp_path / "week.csv")
    assert (to_file.status, to_file.out) == (0, b"")
    assert to_file.err.splitlines()[:-1] == to_stdout.err.splitlines()[:-1]
    assert to_stdout.err.splitlines()[-1].split()[1:4] == ["to", "stdout,", "in"]
    assert to_file.err.splitlines()[-1].split()[1:4] == ["to", f"{tmp_path / 'week.csv'},", "in"]
    assert (tmp_path / "week.csv").read_bytes() == to_stdout.out


def test_out_with_a_slash_at_its_end_is_a_folder(small: Path, command: Command, tmp_path: Path) -> None:
    asked = ["report", small, "--columns", "extended", "--csv-safe"]
    said = command(*asked, "--out", f"{tmp_path / 'lake' / 'week'}/", "--rejects", tmp_path / "bad")
    assert (said.status, said.out) == (0, b"")
    assert said.err.splitlines()[-1].split()[1:4] == ["to", f"{tmp_path / 'lake' / 'week'}/,", "in"]
    assert sorted(path.name for path in (tmp_path / "lake" / "week").iterdir()) == ["_report.json", "part-00000.csv"]
    assert (tmp_path / "lake" / "week" / "part-00000.csv").read_bytes() == command(*asked).out
    assert (tmp_path / "bad" / "hours.csv").exists()


FOLDERS_REFUSED = {
    "a source": (["--out", "in/"], "part-00000.csv: it is {in}/part-00000.csv, which is read"),
    "a file": (["--out", "in/part-00000.csv/"], "part-00000.csv is not a folder but a file"),
    "no slash": (["--out", "in"], "cannot write in: it is a folder. Write in/ for a report as several files"),
}


@pytest.mark.parametrize(("arguments", "says"), FOLDERS_REFUSED.values(), ids=FOLDERS_REFUSED)
def test_a_folder_is_refused_before_anything_is_read(
    arguments: list[str], says: str, small: Path, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (small.rename(tmp_path / "in") / "polls.csv").rename(tmp_path / "in" / "part-00000.csv")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    said = command("report", "in", "--now", "1990-01-01", *arguments)
    assert said.status == 1
    assert says.replace("{in}", str(tmp_path / "in")) in said.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("file_format", "magic"),
    [("csv", HEADER), ("json", b'{"provenance": '), ("parquet", b"PAR1"), ("xlsx", b"PK\x03\x04")],
)
def test_each_format_is_written(file_format: str, magic: bytes, small: Path, command: Command) -> None:
    assert command("report", "--source", small, "--format", file_format).out.startswith(magic)


def test_options_reach_the_report(small: Path, command: Command) -> None:
    asked = ["--now", "2024-10-13T00:00:00Z", "--max-gap", "90m", "--lookback", "1d12h", "--store", "b"]
    told = json.loads(command("report", "--source", small, "--format", "json", *asked).out)["provenance"]
    assert (told["now"], told["store"]) == ("2024-10-13T00:00:00Z", "b")
    assert (told["max_gap_seconds"], told["lookback_seconds"]) == (5_400.0, 129_600.0)


def test_variables_reach_the_report(small: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SOURCE": str(small), "COLUMNS": "extended", "STORE": "a", "FORMAT": "json"}.items():
        monkeypatch.setenv(f"STORE_UPTIME_{name}", value)
    (store,) = json.loads(command("report").out)["stores"]
    assert (store["store_id"], store["always_open"]) == ("a", False)


def test_strict_exits_with_3_where_there_are_warnings(small: Path, feed: Path, command: Command) -> None:
    now = ["--now", "2026-03-10T16:00:00Z"]  # one that is given is never old
    warned, fine = (command("report", "--source", *of, "--strict") for of in ([small], [feed, *now]))
    assert (warned.status, "\nwarning " in warned.err) == (3, True)
    assert (fine.status, "\nwarning " in fine.err) == (0, False)
    assert warned.out.startswith(HEADER)


@pytest.mark.anywhere
def test_rejects_go_into_a_folder(small: Path, command: Command, tmp_path: Path) -> None:
    command("report", "--source", small, "--rejects", tmp_path / "bad")
    assert (tmp_path / "bad" / "hours.csv").read_text().splitlines()[1:] == ["hours.csv,3,bad weekday,a,9,09:00,17:00,"]


def test_the_summary_ends_with_what_came_out(command: Command, tmp_path: Path) -> None:
    polls = lines(
        POLLS, "a,2024-10-14 12:00:00,active", "b,2024-10-14 06:00:00,active", "b,2024-10-14 09:00:00,inactive"
    )
    hours = lines(HOURS, "a,0,00:00,12:00", "b,0,06:00,12:00")
    source = written_feed(tmp_path / "f", polls=polls, hours=hours, zones=lines(ZONES, "a,UTC", "b,UTC"))
    given = command("report", source, "--now", "2024-10-14T12:00").err.splitlines()[-2]
    assert given.split(maxsplit=1)[1] == "1 store down now"
    long_after = command("report", source, "--now", "2024-10-15T20:00").err.splitlines()
    assert "(given, newest poll 32 hours before)" in long_after[1]
    assert long_after[-2].endswith(" 0 stores down when last seen")
    assert not any(line.startswith("warning") and "old" in line for line in long_after)
    uptime, down, written = command("report", source, "--out", tmp_path / "w.csv").err.splitlines()[-3:]
    assert uptime.split(maxsplit=1)[1] == "50.00 % in the last day, 50.00 % in the last week, of all stores together"
    assert down.split(maxsplit=1)[1] == "1 store down when last seen"
    assert re.fullmatch(rf"written +to {tmp_path / 'w.csv'}, in [0-9.]+ s", written)


def test_a_fleet_of_which_nothing_is_known_has_no_uptime(command: Command, tmp_path: Path) -> None:
    polls = lines(POLLS, "a,2024-10-14 12:00:00,active")
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS, "a,9,06:00,09:00"), zones=lines(ZONES))
    told = command("report", source).err
    assert re.search(r"^uptime +– in the last day, – in the last week", told, re.MULTILINE)


def test_csv_safe_guards_ids(command: Command, tmp_path: Path) -> None:
    polls = lines(POLLS, "=1+1,2024-10-14 12:00:00,active")
    feed = written_feed(tmp_path / "feed", polls=polls, hours=lines(HOURS), zones=lines(ZONES))
    assert b"\r\n'=1+1,60.00," in command("report", "--source", feed, "--csv-safe").out


FAILURES = {
    "no such folder": (["report", "--source", "nowhere"], "cannot read nowhere: there is no such folder or file"),
    "an unknown store": (["report", "--store", "z"], "no poll in {small} has the store id 'z'"),
    "a timeline of an unknown store": (["timeline", "z"], "has the store id 'z'"),
    "no polls at that time": (["report", "--now", "2020-01-01"], "its oldest is 2024-10-12T12:00:00Z"),
    "a place that is not there": (["report", "--out", "no/week.csv"], "cannot write no/week.csv"),
    "a time before the calendar": (["report", "--now", "0001-01-01"], "not all in the years 1 to 9999"),
}


@pytest.mark.parametrize(("arguments", "says"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_one_line_on_stderr_and_status_1(
    arguments: list[str], says: str, small: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small.parent)
    monkeypatch.setenv("STORE_UPTIME_SOURCE", str(small))
    said = command(*arguments)
    assert (said.status, said.out) == (1, b"")
    assert says.format(small=small) in said.err
    assert said.err.startswith("store-uptime: ")
    assert said.err.count("\n") == 1


def test_debug_shows_the_trace(tmp_path: Path) -> None:
    done = store_uptime("report", "--source", "nowhere", "--debug", cwd=tmp_path)
    assert done.returncode == 1
    assert b"Traceback" in done.stderr
    assert b"SourceMissing" in done.stderr


def test_a_time_that_the_clock_shows_twice_has_its_offset(command: Command, tmp_path: Path) -> None:
    polls = lines(POLLS, "a,2024-11-03 05:30:00,active", "a,2024-11-03 06:30:00,inactive")
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS), zones=lines(ZONES, "a,America/New_York"))
    shown = command("timeline", "a", source).out.decode()
    assert "  The clocks go back by 1 h.\n  00:00:00 – 01:30:00 −05:00  up        2 h 30 min" in shown
    assert max(map(cell_len, shown.split("\n"))) <= 80


@pytest.mark.parametrize(
    ("name", "start"), {"a.XLSX": b"PK", "a.parquet": b"PAR1", "a.json": b"{", "a.txt": b"store_id"}.items()
)
def test_the_name_of_the_file_says_the_format(
    name: str, start: bytes, small: Path, command: Command, tmp_path: Path
) -> None:
    assert command("report", small, "--out", tmp_path / name).status == 0
    assert (tmp_path / name).read_bytes().startswith(start)
    if name == "a.json":
        for arguments in (("outages",), ("timeline", "a")):
            command(*arguments, small, "--out", tmp_path / f"{arguments[0]}.json")
            assert (tmp_path / f"{arguments[0]}.json").read_bytes().startswith(b"{")


def test_an_offset_may_be_of_hours_alone(small: Path, command: Command) -> None:
    said = command("report", small, "--from", "2024-10-14T06:00:00+00", "--to", "2024-10-14T12:00:00+02")
    assert "2024-10-14T06:00:00Z to 2024-10-14T10:00:00Z" in said.err
