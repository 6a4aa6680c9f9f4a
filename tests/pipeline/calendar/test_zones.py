"""Offsets, against the zone files themselves and against `zoneinfo`."""

import random
import struct
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from operator import sub
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from store_uptime.pipeline.calendar.offsets import local_days, local_offsets
from store_uptime.pipeline.calendar.tzdata import known_zones
from store_uptime.pipeline.durations import DAY_US, HOUR_US, SECOND_US
from store_uptime.pipeline.instants import EPOCH, instant_us

EVERY = sorted(known_zones())
DAY_S = 86_400
SPANS = {"2023": (datetime(2022, 12, 15, tzinfo=UTC), 400), "1970s": (datetime(1973, 6, 1, tzinfo=UTC), 400)}

DAYS = [
    pytest.param(*SPANS["2023"], id="2023"),
    pytest.param(*SPANS["1970s"], id="1970s", marks=pytest.mark.nightly),
]


def rules(name: str) -> Path:
    """A zone's file in the `tzdata` package."""
    with resources.as_file(resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))) as path:
        return path


@cache
def zone(name: str) -> ZoneInfo:
    with rules(name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


# The one thing that the search for changes takes for granted ----------------------------------------------------------


def offset_changes(content: bytes) -> list[int]:
    """The seconds since 1970 at which the offset from UTC changes, by RFC 8536: version 1, then the same in 64 bits."""
    header = struct.Struct(">4s c 15x 6I")
    magic, version, *counts = header.unpack_from(content)
    assert (magic, version >= b"2") == (b"TZif", True)
    utc, standard, leaps, times, types, letters = counts
    second = header.size + 5 * times + 6 * types + letters + 8 * leaps + standard + utc
    *_, times, types, _ = header.unpack_from(content, second)
    start = second + header.size
    instants = struct.unpack_from(f">{times}q", content, start)
    kinds = struct.unpack_from(f">{times}B", content, start + 8 * times)
    offsets = [struct.unpack_from(">i", content, start + 9 * times + 6 * kind)[0] for kind in range(types)]
    after = [offsets[kind] for kind in kinds]
    before = [offsets[0], *after][:times]
    return [at for at, old, new in zip(instants, before, after, strict=True) if old != new]


@pytest.mark.parametrize("name", ["America/New_York", "Africa/Casablanca", "Pacific/Apia"])
def test_the_changes_read_from_a_file_are_those_of_zoneinfo(name: str) -> None:
    changes = [at for at in offset_changes(rules(name).read_bytes()) if at > 0]
    assert len(changes) > 20
    for at in changes:
        before, after = (datetime.fromtimestamp(second, zone(name)).utcoffset() for second in (at - 1, at))
        assert before != after


def test_no_zone_has_changed_its_offset_twice_within_a_day_since_1970() -> None:
    close = {
        name: (first, second)
        for name in EVERY
        for first, second in pairwise(offset_changes(rules(name).read_bytes()))
        if first >= 0 and second - first <= DAY_S
    }
    assert close == {}


# The table ------------------------------------------------------------------------------------------------------------


def instants(start: datetime, days: int) -> list[datetime]:
    """To the second, so many, anywhere and beside the changes of a zone that has two a year."""
    chance = random.Random(days + start.year)
    anywhere = [start + timedelta(seconds=chance.randrange(days * DAY_S)) for _ in range(24)]
    changes = [datetime.fromtimestamp(at, UTC) for at in offset_changes(rules("Europe/London").read_bytes()) if at > 0]
    beside = [at for at in changes if start < at < start + timedelta(days=days)]
    return anywhere + [at + timedelta(hours=hours, seconds=s) for at in beside for hours in (-1, 0, 1) for s in (-1, 0)]


def looked_up(offsets: pl.DataFrame, moments: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Each moment with every stretch that it lies in."""
    inside = pl.col("at_us").is_between(f"from_{kind}_us", f"until_{kind}_us", closed="left")
    return moments.join(offsets, on="zone").filter(inside).select("zone", "at_us", "offset_us").sort("zone", "at_us")


def expected(moments: dict[tuple[str, int], timedelta | None]) -> list[tuple[str, int, int]]:
    return [(*at, offset // timedelta(microseconds=1)) for at, offset in sorted(moments.items()) if offset is not None]


@pytest.mark.parametrize(("start", "days"), SPANS.values(), ids=SPANS)
def test_offsets_at_instants_are_those_of_zoneinfo(start: datetime, days: int) -> None:
    moments = {
        (name, instant_us(at)): at.astimezone(zone(name)).utcoffset() for name in EVERY for at in instants(start, days)
    }
    assert looked_up(table(start, days), asked(moments), "utc").rows() == expected(moments)


@pytest.mark.parametrize(("start", "days"), SPANS.values(), ids=SPANS)
def test_offsets_of_wall_clock_times_follow_rfc_5545(start: datetime, days: int) -> None:
    """`fold=0` is the first occurrence of what occurs twice, and the offset from before a gap."""
    moments = {
        (name, instant_us(at)): at.replace(tzinfo=zone(name), fold=0).utcoffset()
        for name in EVERY
        for at in instants(start, days) + beside_changes(name, start, days)
    }
    assert looked_up(table(start, days), asked(moments), "wall").rows() == expected(moments)


def beside_changes(name: str, start: datetime, days: int) -> list[datetime]:
    """Wall-clock times around the zone's own changes, a second and half an hour to either side of either clock."""
    first, last = (int(at.timestamp()) for at in (start, start + timedelta(days=days)))
    found: list[datetime] = []
    for at in offset_changes(rules(name).read_bytes()):
        if first + DAY_S < at < last - DAY_S:
            for side in (at - 1, at):
                wall = datetime.fromtimestamp(side, zone(name)).replace(tzinfo=UTC)
                found += [wall + timedelta(seconds=s) for s in (-1_800, -1, 0, 1, 1_800)]
    return found


@cache
def table(start: datetime, days: int) -> pl.DataFrame:
    """All zones, with a day to spare at either end."""
    return local_offsets(EVERY, instant_us(start) - DAY_US, instant_us(start) + (days + 1) * DAY_US)


def asked(moments: dict[tuple[str, int], timedelta | None]) -> pl.DataFrame:
    return pl.DataFrame(list(moments), schema={"zone": pl.String, "at_us": pl.Int64}, orient="row")


def test_stretches_leave_no_gap_and_no_overlap() -> None:
    offsets = table(*SPANS["2023"])
    assert offsets.filter(pl.len().over("zone") > 1).height > 200
    for kind in ("utc", "wall"):
        after = pl.col(f"from_{kind}_us").shift(-1).over("zone")
        assert offsets.filter(after.is_not_null() & (after != pl.col(f"until_{kind}_us"))).is_empty()
        assert offsets.filter(pl.col(f"until_{kind}_us") <= pl.col(f"from_{kind}_us")).is_empty()


def test_a_clock_change_is_found_to_the_second() -> None:
    start = instant_us(datetime(2024, 3, 9, 7, 30, 0, 5, tzinfo=UTC))
    offsets = local_offsets(["America/New_York"], start, start + 3 * DAY_US)
    assert offsets.select("offset_us", "from_utc_us").rows()[1] == (
        -4 * HOUR_US,
        instant_us(datetime(2024, 3, 10, 7, tzinfo=UTC)),
    )
    assert (offsets["until_utc_us"] % SECOND_US)[0] == 0


# Days -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "days"), DAYS)
def test_days_begin_at_the_midnights_of_zoneinfo(start: datetime, days: int) -> None:
    for name in EVERY:
        found = local_days(name, instant_us(start), instant_us(start + timedelta(days=days)))
        midnights = (datetime.combine(day, time(), zone(name)) for day in found["date"])
        assert found["start_us"].to_list() == [instant_us(at) for at in midnights]
        assert found["start_us"][1:].to_list() == found["end_us"][:-1].to_list()


@pytest.mark.parametrize(("start", "days"), DAYS)
def test_days_are_longer_or_shorter_by_the_changes_in_them(start: datetime, days: int) -> None:
    for name in EVERY:
        found = local_days(name, instant_us(start), instant_us(start + timedelta(days=days)))
        length = pl.col("end_us") - pl.col("start_us")
        assert found.filter(length != DAY_US - pl.col("shift_us").fill_null(0)).is_empty()
        changed = found.drop_nulls()
        assert changed.filter(~pl.col("change_us").is_between("start_us", "end_us")).is_empty()
        for change, shift in changed.select("change_us", "shift_us").iter_rows():
            before, after = (EPOCH + timedelta(microseconds=at) for at in (change - 1, change))
            offsets = (at.astimezone(zone(name)).utcoffset() or timedelta(0) for at in (after, before))
            assert sub(*offsets) == timedelta(microseconds=shift)


def test_days_before_1970_are_days_too() -> None:
    """In New York the clocks went from 02:00 to 03:00 on 27 April 1969."""
    start = instant_us(datetime(1969, 4, 26, 5, tzinfo=UTC))
    found = local_days("America/New_York", start, start + 47 * HOUR_US)
    assert found.select("date", "start_us", "shift_us").rows() == [
        (date(1969, 4, 26), start, None),
        (date(1969, 4, 27), start + DAY_US, HOUR_US),
    ]


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["America/Chicago", "US/Central", "UTC", "Etc/GMT+12", "Asia/Kolkata", "Asia/Calcutta"]
)
def test_what_tzdata_lists_is_known(name: str) -> None:
    assert name in known_zones()


@pytest.mark.parametrize("name", ["Factory", "localtime", "us/central", "posixrules", "", "America", "../zones", "EDT"])
def test_what_is_no_place_is_not_known(name: str) -> None:
    assert name not in known_zones()


def test_the_package_is_used_whatever_the_machine_has_in_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "America").mkdir()
    (tmp_path / "America" / "Chicago").write_bytes(rules("Asia/Tokyo").read_bytes())
    script = (
        "from zoneinfo import ZoneInfo; from datetime import datetime\n"
        "from store_uptime.pipeline.calendar.offsets import local_offsets\n"
        "print(ZoneInfo('America/Chicago').utcoffset(datetime(2024, 1, 1)))\n"
        "print(local_offsets(['America/Chicago'], 0, 1)['offset_us'][0] // 3_600_000_000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONTZPATH": str(tmp_path), "TZDIR": str(tmp_path), "TZ": "Asia/Tokyo"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["9:00:00", "-6"]
