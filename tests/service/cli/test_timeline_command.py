"""`store-uptime timeline` as a table for people."""

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.commands import COLOUR, Command, on_terminal
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed


def test_a_timeline_is_a_table_csv_or_json(small: Path, command: Command, tmp_path: Path) -> None:
    text, whole = (
        command("timeline", "a", "--source", small, "--format", name).out.decode() for name in ("csv", "json")
    )
    table = command("timeline", "a", small, "--pieces").out.decode()
    heading = r"Store a, local time of America/Chicago, [\d,]+ days ago"
    assert re.fullmatch(heading, table.splitlines()[0].strip())
    assert len(text.splitlines()) - 1 == len(json.loads(whole)["pieces"]) == len(table.splitlines()) - 2
    command("timeline", "a", "--source", small, "--out", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == text.encode()


LONG = "America/Argentina/ComodRivadavia"


ODD_IDS = {"a long one": "x" * 300, "a wide one": "寿司" * 50, "one for a terminal": "a\x1b[31m\u2028b"}


@pytest.mark.parametrize("store", ODD_IDS.values(), ids=ODD_IDS)
@pytest.mark.parametrize("options", [[], ["--max-gap", "20m"]], ids=["plain", "max-gap"])
def test_a_timeline_fits_80_columns_whatever_the_id(
    store: str, options: list[str], command: Command, tmp_path: Path
) -> None:
    polls = lines(POLLS, *(f"{store},2024-10-{day} 1{hour}:03:04,inactive" for day in (12, 13) for hour in range(9)))
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS), zones=lines(ZONES, f"{store},{LONG}"))
    said = command("timeline", store, source, *options)
    shown = said.out.decode().split("\n")
    assert [line for line in shown if cell_len(line) > 80 or line != line.rstrip()] == []
    assert said.out.count(b"\x1b") == 0
    assert LONG in said.out.decode()


def test_a_timeline_has_a_heading_and_the_sums_of_each_day(command: Command, tmp_path: Path) -> None:
    polls = ["12 13:30:00,active", "12 14:00:00,inactive", "14 11:00:00,active"]
    source = written_feed(
        tmp_path / "f",
        polls=lines(POLLS, *(f"a,2024-10-{poll}" for poll in polls)),
        hours=lines(HOURS, "a,5,09:00,12:00", "a,5,14:00,01:00", "a,0,06:00,11:00"),
        zones=lines(ZONES, "a,America/New_York"),
    )
    assert command("timeline", "a", source, "--now", "2024-10-14T12:00").out.decode().splitlines() == WEEK.splitlines()


WEEK = """\
Store a
The week before Mon 14 Oct 2024, 12:00 UTC, local time of America/New_York

Mon 7 Oct 2024: up 3 h, down 0 min, unknown 0 min
  08:00:00 – 11:00:00  up               3 h  as polled Sat 12 Oct 09:30:00

Tue 8 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Wed 9 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Thu 10 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Fri 11 Oct 2024: up 0 min, down 0 min, unknown 0 min
  closed

Sat 12 Oct 2024: up 1 h, down 12 h, unknown 0 min
  09:00:00 – 10:00:00  up               1 h  1 poll, 09:30:00
  10:00:00 – 12:00:00  down             2 h  1 poll, 10:00:00
  12:00:00 – 14:00:00  closed           2 h
  14:00:00 – 24:00:00  down            10 h  as polled Sat 12 Oct 10:00:00

Sun 13 Oct 2024: up 0 min, down 1 h, unknown 0 min
  00:00:00 – 01:00:00  down             1 h  as polled Sat 12 Oct 10:00:00

Mon 14 Oct 2024: up 2 h, down 0 min, unknown 0 min
  06:00:00 – 08:00:00  up               2 h  1 poll, 07:00:00

Outages
  Sat 12 Oct 10:00:00 – 12:00:00             down             2 h
  Sat 12 Oct 14:00:00 – Sun 13 Oct 01:00:00  down            11 h

In the report          up   down  unknown
last hour, minutes  60.00   0.00     0.00
last day, hours      2.00   0.00     0.00
last week, hours     6.00  13.00     0.00
"""


EMPTY_WEEKS = {
    "hours that are not known": ("a,9,09:00,17:00", "–", "Its business hours are not known"),
    "hours that a clock change skips": ("a,6,02:30,03:15", "0.00", "It has no business time in this week."),
}


@pytest.mark.parametrize(("hours", "figure", "says"), EMPTY_WEEKS.values(), ids=EMPTY_WEEKS)
def test_a_timeline_without_business_time_says_why(
    hours: str, figure: str, says: str, command: Command, tmp_path: Path
) -> None:
    polls, zones = lines(POLLS, "a,2024-03-11 12:00:00,active"), lines(ZONES, "a,America/New_York")
    source = written_feed(tmp_path / "f", polls=polls, hours=lines(HOURS, hours), zones=zones)
    shown = command("timeline", "a", source, "--lookback", "0h").out.decode().splitlines()
    assert shown[-2].split()[-3:-1] == [figure, figure]
    assert shown[-1].startswith(says)


def test_a_timeline_without_polls_says_so(small: Path, command: Command) -> None:
    shown = command("timeline", "b", small, "--now", "2024-10-25")
    assert "No poll of this store lies in the time that is looked at." in shown.out.decode()
    assert b"closed" not in shown.out
    assert "warning  Store 'b' has polls, but none in the horizon" in shown.err


def test_on_a_terminal_a_timeline_has_colours_and_80_columns(small: Path, tmp_path: Path) -> None:
    status, shown, _ = on_terminal("timeline", "a", small, "--pieces", cwd=tmp_path)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert status == 0
    assert COLOUR.search(shown)
    assert max(map(cell_len, plain.split("\r\n"))) <= 80
