"""`store-uptime outages`: a table on a terminal, files for programs."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.commands import COLOUR, Command, on_terminal
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed
from tests.support.kiosk import NOW, kiosk

FEBRUARY = ("--now", NOW, "--period", "2024-02")


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kiosk(tmp_path_factory.mktemp("kiosk"), stores=["kiosk,Kiosk am Park,Berlin"])


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_in_a_pipe_and_in_a_file_outages_are_csv(feed: Path, command: Command, tmp_path: Path) -> None:
    said = command("outages", feed, *FEBRUARY)
    listed = [(row["business_hours"], row["ends"], row["reason"]) for row in rows(said.out)]
    assert listed == [
        ("1.00", "active poll", "broken"),
        ("3.00", "active poll", ""),
        ("1.75", "active poll", ""),
        ("1.00", "closed", "sold out"),
    ]
    assert said.err.splitlines()[-2].split(maxsplit=1)[1].startswith("6 h 45 min in 4 outages; ")
    to_file = command("outages", feed, *FEBRUARY, "--out", tmp_path / "list.csv")
    assert (to_file.status, to_file.out) == (0, b"")
    assert (tmp_path / "list.csv").read_bytes() == said.out


def test_the_longest_come_first_and_closing_time_may_split_them(feed: Path, command: Command) -> None:
    longest = rows(command("outages", feed, *FEBRUARY, "--longest").out)
    assert [row["business_hours"] for row in longest] == ["3.00", "1.75", "1.00", "1.00"]
    split = rows(command("outages", feed, *FEBRUARY, "--split-at-closing").out)
    assert [row["business_hours"] for row in split] == ["1.00", "3.00", "0.50", "1.25", "1.00"]


@pytest.mark.parametrize(
    ("file_format", "magic"), [("json", b'{"provenance": '), ("parquet", b"PAR1"), ("xlsx", b"PK\x03\x04")]
)
def test_each_format_is_written(file_format: str, magic: bytes, feed: Path, command: Command) -> None:
    written = command("outages", feed, *FEBRUARY, "--format", file_format).out
    assert written.startswith(magic)
    if file_format == "json":
        assert [outage["name"] for outage in json.loads(written)["outages"]] == ["Kiosk am Park"] * 4


def test_without_a_period_they_are_those_of_seven_days(feed: Path, command: Command) -> None:
    said = command("outages", feed, "--now", "2024-02-10T12:00Z")
    assert [row["start_local"] for row in rows(said.out)] == ["2024-02-03T19:30:00+01:00", "2024-02-09T18:00:00+01:00"]
    period = next(line for line in said.err.splitlines() if line.startswith("period"))
    assert period.split(maxsplit=1)[1] == "7d: 2024-02-03T12:00:00Z/2024-02-10T12:00:00Z"


def test_a_table_has_names_local_times_and_reasons(feed: Path, command: Command) -> None:
    table = command("outages", feed, *FEBRUARY, "--longest", "--format", "table")
    assert table.out.decode().splitlines() == TABLE.splitlines()


TABLE = """\
Outages, 2024-02
local time of Europe/Berlin

store                  from              to                      down       in all  starts with    ends with    reason
Kiosk am Park (kiosk)  Fri 9 Feb 18:00   Fri 9 Feb 21:00          3 h          3 h  opening        active poll
Kiosk am Park (kiosk)  Fri 16 Feb 21:30  Sat 17 Feb 19:15  1 h 45 min  21 h 45 min  inactive poll  active poll
Kiosk am Park (kiosk)  Sat 3 Feb 19:30   Sat 3 Feb 20:30          1 h          1 h  inactive poll  active poll  broken
Kiosk am Park (kiosk)  Sat 24 Feb 21:00  Sat 24 Feb 22:00         1 h          1 h  inactive poll  closed       sold out
"""


def test_on_a_terminal_each_has_a_line_below_its_store(feed: Path, tmp_path: Path) -> None:
    status, shown, _ = on_terminal("outages", feed, "--now", "2024-02-24T20:30Z", "--period", "2024-02", cwd=tmp_path)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()).split("\r\n")
    assert status == 0
    assert COLOUR.search(shown)  # of the one that goes on
    assert plain[:-1] == SHOWN.splitlines()


SHOWN = """\
Outages, 2024-02
local time of Europe/Berlin

from          to                  down       in all  starts with    ends with
Kiosk am Park (kiosk): broken
3 Feb 19:30   3 Feb 20:30          1 h          1 h  inactive poll  active poll
Kiosk am Park (kiosk)
9 Feb 18:00   9 Feb 21:00          3 h          3 h  opening        active poll
Kiosk am Park (kiosk)
16 Feb 21:30  17 Feb 19:15  1 h 45 min  21 h 45 min  inactive poll  active poll
Kiosk am Park (kiosk): sold out
24 Feb 21:00  24 Feb 21:30      30 min       30 min  inactive poll  ongoing
"""


def test_a_table_of_one_store_has_its_reasons_below_whatever_they_and_the_id_are(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = "a\x1b[31m\u2028b" + "x" * 90
    polls = ["2024-11-03 05:30:00,inactive", "2024-11-03 06:30:00,active", "2025-01-01 04:00:00,inactive"]
    source = written_feed(
        tmp_path / "f",
        polls=lines(f"{POLLS},reason", *(f"{store},{poll},a\x07" for poll in polls)),
        hours=lines(HOURS),
        zones=lines(ZONES, f"{store},America/New_York"),
    )
    monkeypatch.setattr("store_uptime.service.cli.outage_table.WIDTH_OF_A_PIPE", 80)
    said = command("outages", source, "--store", store, "--from", "2024-11-01", "--format", "table")
    shown = said.out.decode().splitlines()
    assert [line for line in shown if cell_len(line) > 80 or not line.isprintable()] == []
    assert shown[shown.index("") + 1 :] == WITH_REASONS.splitlines()


WITH_REASONS = """\
from          to            down  in all  starts with  ends with
2 Nov 2024    3 Nov 2024    25 h    25 h  unknown      active poll
01:30         01:30 −05:00
    a\\x07
30 Dec 2024   31 Dec 2024   24 h    24 h  unknown      ongoing
23:00         23:00
    a\\x07
"""


def test_where_no_store_was_down_the_table_says_so(feed: Path, command: Command) -> None:
    said = command("outages", feed, "--now", NOW, "--period", "2024-02-01", "--format", "table")
    assert said.out.decode().splitlines() == [
        "Outages, 2024-02-01",
        "local time of Europe/Berlin",
        "",
        "No store was down.",
    ]
    assert rows(command("outages", feed, "--now", NOW, "--period", "2024-02-01").out) == []
