"""What the page says and draws: durations, instants, and the days of a week, those with a change of clocks included."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store_uptime.pipeline import (
    Options,
    build_report,
    build_report_with_lanes,
    build_timeline,
    explain,
    open_source,
)
from store_uptime.service.page.drawing import WIDTH, ClockChange, DrawnDay, Tick, drawn_days, evidence_parts
from store_uptime.service.page.humanize import (
    format_duration,
    format_instant,
    format_local_time,
    format_options,
    format_points,
)
from store_uptime.service.page.models.store import rejected_of
from store_uptime.service.registry.rows import StoredOptions
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, written_feed


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "unknown"),
        (0, "0 min"),
        (0.2, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (89, "1 min"),
        (90, "2 min"),
        (3569, "59 min"),
        (3570, "1 h"),
        (8100, "2 h 15 min"),
        (604_800, "168 h"),
        (3_599_999, "1000 h"),
        (4_500_000, "1,250 h"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float | None, said: str) -> None:
    assert format_duration(seconds) == said


@pytest.mark.parametrize(
    ("points", "said"), [(None, ""), (0.0, "0.00"), (-0.004, "0.00"), (0.31, "+0.31"), (-12.5, "−12.50")]
)
def test_changes_say_their_sign(points: float | None, said: str) -> None:
    assert format_points(points) == said


def test_instants_say_their_zone() -> None:
    assert format_instant(datetime(2026, 3, 1, 9, 5, tzinfo=UTC)) == "Sun 1 Mar 2026, 09:05 UTC"
    assert format_instant(None) == "never"
    assert format_local_time("2026-03-01T09:05:07.5-03:30") == "Sun 1 Mar 09:05:07 −03:30"
    assert format_local_time("2026-03-01T09:05:00+00:00") == "Sun 1 Mar 09:05 +00:00"


def test_options_are_said_where_they_are_not_the_usual_ones() -> None:
    usual = StoredOptions(store_id=None, now=None, max_gap=None, lookback=86_400.0, columns="plain")
    assert format_options(usual) == "all stores"
    other = StoredOptions(store_id="7", now="2026-03-01T00:00:00Z", max_gap=5400.0, lookback=0.0, columns="plain")
    scope = "store 7, a poll counts for at most 1h30m, no polls from before the week"
    assert format_options(other) == f"{scope}, as of Sun 1 Mar 2026, 00:00 UTC"


def week(now: str, zone: str = "America/New_York") -> list[DrawnDay]:
    """The days of a store that is open from 00:00 to 10:00, with one poll."""
    polls = lines(POLLS, f"s,{now} UTC,inactive")
    hours = lines(HOURS, *(f"s,{day},00:00,10:00" for day in range(7)))
    return drawn_days(build_timeline(frames(polls, hours, lines(ZONES, f"s,{zone}")), "s"))


def ticks(*places: float) -> list[Tick]:
    return [Tick(round(place * WIDTH, 3), clock) for place, clock in zip(places, ("00", "06", "12", "18"), strict=True)]


def test_a_day_with_25_hours_is_the_longest_and_the_others_keep_their_scale() -> None:
    days = week("2026-11-04 12:00:00")
    (longest,) = [day for day in days if day.change]
    assert longest.date == "Sun 1 Nov"
    assert longest.change == ClockChange(2 / 25 * WIDTH, "Clocks went back by 1 h: this day has 25 h")
    assert {day.length for day in days} == {WIDTH, 24 / 25 * WIDTH}
    assert longest.ticks == ticks(0, 7 / 25, 13 / 25, 19 / 25)
    assert days[1].ticks == ticks(0, 6 / 25, 12 / 25, 18 / 25)
    assert longest.hours == days[1].hours == ["00:00–10:00"]
    assert (longest.lost, days[1].lost) == ("down 11 h", "down 10 h")


def test_a_day_with_23_hours_is_the_shortest() -> None:
    (day,) = [day for day in week("2026-03-10 12:00:00") if day.change]
    assert day.change is not None
    assert day.change.title == "Clocks went forward by 1 h: this day has 23 h"
    assert day.length == pytest.approx(23 / 24 * WIDTH, abs=0.001)
    assert day.ticks == ticks(0, 5 / 24, 11 / 24, 17 / 24)


def test_pieces_lie_within_their_day_and_within_the_week() -> None:
    days = week("2026-11-04 12:00:00")
    unit = timedelta(hours=25) / WIDTH
    assert [day.date for day in days][::7] == ["Wed 4 Nov", "Wed 28 Oct"]
    for day in days:
        assert 0 <= day.inside.x <= day.inside.x + day.inside.width <= day.length
        for piece in day.pieces:
            assert day.inside.x <= piece.x
            assert piece.x + piece.width <= day.inside.x + day.inside.width + 0.001
    drawn = sum(piece.width for day in days for piece in day.pieces) * unit
    # Six whole days of ten hours and one of eleven; of the last day 07:00 in New York is now, of the first 08:00.
    assert drawn / timedelta(hours=1) == pytest.approx(5 * 10 + 11 + 7 + 2, abs=0.01)


def test_a_piece_over_midnight_is_drawn_on_both_days_and_begins_on_one() -> None:
    polls = lines(POLLS, "s,2026-06-10 12:00:00 UTC,inactive")
    hours = lines(HOURS, *(f"s,{day},22:00,02:00" for day in range(7)))
    days = drawn_days(build_timeline(frames(polls, hours, lines(ZONES, "s,UTC")), "s"))
    assert days[1].hours == ["00:00–02:00", "22:00–24:00"]
    last, first = days[1].pieces[-1], days[0].pieces[0]
    assert (last.number, last.starts, last.x + last.width) == (first.number, True, WIDTH)
    assert (first.starts, first.x) == (False, 0)


OPEN_DAILY = lines(HOURS, *(f"s,{day},06:00,18:00" for day in range(7)))
WORLDS = {
    "polls each hour, then none": ("2026-06-10 06:30:00", "2026-06-10 07:30:00", "2026-06-10 08:30:00"),
    "one near the start of the week, before an opening": ("2026-06-04 05:59:30", "2026-06-06 12:00:30"),
    "polls five hours apart": ("2026-06-09 08:00:00", "2026-06-09 13:00:01", "2026-06-09 18:00:01"),
}
LANE_WORDS = ("closed", "up", "down", "unknown", "up carried", "down carried")


@pytest.mark.parametrize("max_gap", [None, timedelta(hours=3)], ids=["no limit", "max_gap 3h"])
@pytest.mark.parametrize("polls", WORLDS.values(), ids=WORLDS)
def test_the_drawing_of_a_store_says_what_its_lane_says_in_each_minute(
    polls: tuple[str, ...], max_gap: timedelta | None
) -> None:
    statuses = (("inactive", "active")[number % 2] for number, _ in enumerate(polls))
    rows = (f"s,{poll},{status}" for poll, status in zip(polls, statuses, strict=True))
    source = frames(lines(POLLS, *rows), OPEN_DAILY, lines(ZONES, "s,UTC"))
    now = datetime(2026, 6, 10, 16, 0, 20, tzinfo=UTC)
    report = build_report_with_lanes(source, Options(now=now, max_gap=max_gap))
    assert report.lanes is not None
    lane, status = dict(report.lanes.select("minute", "status").rows()), 0
    expected = [LANE_WORDS[status := lane.get(minute, status)] for minute in range(7 * 24 * 60)]
    parts = evidence_parts(explain(source, report, "s"))
    ends = [now - timedelta(days=7) + timedelta(minutes=minute + 1, microseconds=-1) for minute in range(7 * 24 * 60)]
    drawn = [
        f"{part.piece.status}{' carried' if part.is_carried else ''}"
        for end in ends
        for part in parts
        if part.start_utc <= end < part.end_utc
    ]
    assert drawn == [word for word in expected if word != "closed"]
    assert {"up carried", "down carried"} & set(drawn)


def test_a_rejected_row_is_shown_as_it_was(tmp_path: Path) -> None:
    polls = lines(POLLS, "a,2026-03-09 12:00:00,active", "a,2026-03-09 12:00:00,open")
    feed = written_feed(tmp_path, polls=polls, hours=lines(HOURS, "a,9,09:00,17:00"), zones=lines(ZONES))
    rejected = rejected_of(build_report(open_source(str(feed))), "a")
    assert [(row.line, row.reason, row.values) for row in rejected] == [
        (3, "bad status", ["a", "2026-03-09 12:00:00", "open"]),
        (2, "bad weekday", ["a", "9", "09:00", "17:00"]),
    ]
