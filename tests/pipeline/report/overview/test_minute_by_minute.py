"""Made-up worlds, counted a minute and a store at a time."""

from collections import Counter, defaultdict
from dataclasses import astuple
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from hypothesis import assume, given

from store_uptime.pipeline import Report, group_days, overview, stores_at_now
from tests.pipeline.test_against_reference import answer_of, report_of
from tests.support.lane_counts import Counted, CountedMinute, counted_minutes
from tests.support.profiles import examples
from tests.support.reference import CLOSED, DOWN, DOWN_CARRIED, MINUTE, UNKNOWN, UP, UP_CARRIED, Answer, Window
from tests.support.worlds import World, moment, worlds

if TYPE_CHECKING:
    from datetime import date

MEASURES = ("open", "down", "unknown", "carried")
WORDS = {CLOSED: "closed", UP: "up", DOWN: "down", UNKNOWN: "unknown", UP_CARRIED: "up", DOWN_CARRIED: "down"}
DAY = 24 * 60
WEEK = 7 * DAY


def measures(counts: Counted, number: int = 4) -> tuple[int, ...]:
    return tuple(counts[name] for name in MEASURES[:number])


def percent(up: int, down: int) -> str:
    return Window(up, down, None, None, 0).percent


def text(value: Decimal | float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def check_overview(report: Report, minutes: list[CountedMinute]) -> None:
    found = overview(report)
    hours: defaultdict[int, Counted] = defaultdict(Counter)
    profile: defaultdict[tuple[int, int], Counted] = defaultdict(Counter)
    before: Counted = Counter()
    for minute in minutes:
        hours[minute.number // 60].update(minute.counts)
        profile[minute.date.weekday(), minute.hour].update(minute.counts)
        if WEEK - 2 * DAY <= minute.number < WEEK - DAY:
            before.update(minute.counts)
    assert [astuple(hour)[1:5] for hour in found.hours] == [measures(hours[number]) for number in range(168)]
    assert [astuple(cell)[2:5] for cell in found.profile] == [
        measures(profile[divmod(number, 24)], 3) for number in range(168)
    ]
    up = before["open"] - before["down"] - before["unknown"]
    assert text(found.day.before_percent) == percent(up, before["down"])
    last = [minute.status for minute in minutes if minute.number == WEEK - 1]
    assert found.open == sum(status != CLOSED for status in last)
    assert found.down == sum(status in (DOWN, DOWN_CARRIED) for status in last) == report.exact["down_now"].sum()
    assert found.unknown == last.count(UNKNOWN)


def check_stores(report: Report, minutes: list[CountedMinute], answer: Answer) -> None:
    week_us = (answer.now_us or 0) - WEEK * MINUTE
    rows = stores_at_now(report).rows(named=True)
    by_store = [list(own) for _, own in groupby(minutes, key=lambda minute: minute.store_id)]
    assert [row["store_id"] for row in rows] == [own[0].store_id for own in by_store]
    for row, own, expected in zip(rows, by_store, answer.rows, strict=True):
        day = sum((minute.counts for minute in own[WEEK - 2 * DAY : WEEK - DAY]), Counter[str]())
        up, since_us = day["open"] - day["down"] - day["unknown"], expected.down_since_us
        assert (row["status"], row["is_carried"]) == (WORDS[own[-1].status], own[-1].counts["carried"] == 1)
        assert (row["uptime_day_before"], row["downtime_day_before"]) == (up, day["down"])
        assert text(row["uptime_percent_day_before"]) == percent(up, day["down"])
        assert row["down_since_utc"] == (None if since_us is None else moment(max(since_us, week_us)))
        assert row["down_since_is_cut"] == (since_us is not None and since_us <= week_us)


def check_days(report: Report, minutes: list[CountedMinute]) -> None:
    zones = dict(report.exact.select("store_id", "zone").iter_rows())
    days: defaultdict[tuple[str, date], Counted] = defaultdict(Counter)
    for minute in minutes:
        days[zones[minute.store_id], minute.date].update(minute.counts)
    found = group_days(report, ("zone",))
    columns = ("zone", "date", *(f"{name}_minutes" for name in MEASURES))
    assert found.select(columns).rows() == [(*key, *measures(counts)) for key, counts in sorted(days.items())]


@examples(4)
@given(worlds())
def test_all_is_what_counting_each_minute_of_each_store_gives(world: World) -> None:
    answer = answer_of(world)
    assume(answer.rows)
    report, minutes = report_of(world), list(counted_minutes(answer))
    check_overview(report, minutes)
    check_stores(report, minutes, answer)
    check_days(report, minutes)
